/// A usable connection, as ``ConnectionKeeper`` sees it.
protocol KeptConnection: Sendable {
    /// Returns when it is closed.
    func closed() async
    /// Closes it when nobody waits any more.
    func drain()
    /// Closes it at once.
    func close()
}
