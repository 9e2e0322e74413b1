// glibc's own part of <stdlib.h>'s allocator, which Swift's Glibc module leaves out: mallopt and malloc_trim.
#include <malloc.h>
