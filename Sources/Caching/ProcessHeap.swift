#if canImport(Glibc)
    import CMalloc
#endif

/// The process's heap, made to give memory back. A cache frees bodies of all sizes for ever, and what glibc keeps of that
/// for later comes on top of the budget: measured, up to as much again (`quran-bench memory`).
enum ProcessHeap {
    /// From this size on, in bytes, every allocation is a mapping of its own, which goes back to the system when it is
    /// freed. It is where glibc starts too; but glibc raises it, up to 32 MB, each time one is freed (mallopt(3)).
    private static let mappingThreshold: Int32 = 128 << 10

    /// Fixes the threshold, once. Holds for the whole process.
    static let prepared: Void = {
        #if canImport(Glibc)
            mallopt(M_MMAP_THRESHOLD, mappingThreshold)
        #endif
    }()

    /// Gives the free pages of all arenas back to the system. Takes about a millisecond, up to some where much is free.
    static func trim() {
        #if canImport(Glibc)
            malloc_trim(0)
        #endif
    }
}
