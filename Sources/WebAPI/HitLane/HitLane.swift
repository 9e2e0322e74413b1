import Caching
import ContentService
import Metrics
import NIOCore
import Observability
import Synchronization

/// Answers what is in memory as soon as a request's bytes are there, without parser, router and tasks; and what is in the shared
/// tier as soon as that has sent it.
///
/// It knows nothing of routes: when the router has answered an address with content, the lane learns under which key that was. From then
/// on it serves that address while its entry is fresh. Whatever else a request may be or want, it leaves to the router; what it
/// does serve has the same head, written by the same code, and is counted, limited and logged alike.
public final class HitLane: Sendable {
    let content: ContentService
    let caching: HTTPCaching
    let cors: CORSPolicy
    let admission: Admission
    let reporter: RequestReporter
    private let desks = Mutex<[ObjectIdentifier: NIOLoopBound<LaneDesk>]>([:])
    let targets = LaneTargets()
    let answers = Counter(label: "quran_http_lane_answers_total")

    init(_ services: APIServices) {
        content = services.system.service
        caching = services.caching
        cors = services.cors
        admission = services.admission
        reporter = services.reporter
    }

    /// - Parameters:
    ///   - target: as it stood in a request that was answered with content.
    ///   - generation: that of the structure, read before the address was understood: what it asks for may depend on it.
    func learn(_ target: String, _ key: CacheKey, route: String?, generation: UInt64) {
        targets.learn(target, key, route: route, metrics: reporter.metrics, generation: generation)
    }

    /// That of an event loop, on which this is called.
    func desk(on loop: any EventLoop) -> LaneDesk {
        let desk = desks.withLock { desks in
            if let desk = desks[ObjectIdentifier(loop)] { return desk }
            let desk = NIOLoopBound(LaneDesk(loop), eventLoop: loop)
            desks[ObjectIdentifier(loop)] = desk
            return desk
        }
        return desk.value
    }
}
