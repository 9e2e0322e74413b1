#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#elseif canImport(Darwin)
    private import Darwin
#endif

/// A thread of the operating system, for calls that may block.
struct WorkerThread: Sendable {
    private let thread: pthread_t

    /// Starts a thread that runs `body`. Nil if the system refuses another thread.
    init?(_ body: @escaping @Sendable () -> Void) {
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let context = unsafe Unmanaged.passRetained(Start(body)).toOpaque()
        let status = unsafe pthread_create(
            &thread, nil,
            { context in
                #if canImport(Darwin)
                    let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                #else
                    guard let context = unsafe context else { return nil }
                    let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                #endif
                start.body()
                return nil
            }, context)
        guard status == 0 else {
            unsafe Unmanaged<Start>.fromOpaque(context).release()
            return nil
        }
        #if canImport(Darwin)
            guard let thread else { return nil }
        #endif
        self.thread = thread
    }

    /// Waits until the thread has ended. Once, and not after ``detach()``.
    func join() {
        _ = pthread_join(thread, nil)
    }

    /// Lets the thread end by itself. Once, and not after ``join()``.
    func detach() {
        _ = pthread_detach(thread)
    }

    private final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }
}
