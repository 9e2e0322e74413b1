import Dispatch

/// Keeps a connection's own thread, and so its transaction, for a time.
func hold(_ time: Duration) {
    let semaphore = DispatchSemaphore(value: 0)
    _ = semaphore.wait(timeout: .now() + .nanoseconds(Int(time / .nanoseconds(1))))
}
