#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whether standard error is a terminal that a person watches.
let standardErrorIsTerminal = isatty(STDERR_FILENO) == 1

/// Writes a line to standard error.
func printError(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

/// Writes all of a text, at once if the kernel takes it at once.
func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { bytes in
            #if canImport(Glibc)
                Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            #elseif canImport(Musl)
                Musl.write(descriptor, bytes.baseAddress, bytes.count)
            #else
                Darwin.write(descriptor, bytes.baseAddress, bytes.count)
            #endif
        }
        guard written > 0 else {
            if written < 0, errno == EINTR { continue }
            return
        }
        rest = rest.dropFirst(written)
    }
}
