import CoherenceHarness
import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import WebAPI

@Suite struct `The end of a connection` {
    @Test(arguments: [false, true])
    func `is told to whoever asks for it, also after the client has ended it`(endsFirst: Bool) throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ConnectionGuard(ConnectionLimits(), logger: .silent))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 80)).wait()
        // The server has sent its last answer, and waits for the client to read it.
        channel.close(mode: .output, promise: nil)
        let isTold = Mutex(false)
        func close() {
            channel.close().whenComplete { _ in isTold.withLock { $0 = true } }
        }
        if endsFirst {
            channel.pipeline.fireChannelInactive()
            close()
        } else {
            close()
            channel.pipeline.fireChannelInactive()
        }
        channel.embeddedEventLoop.run()
        #expect(isTold.withLock { $0 })
    }
}
