import Foundation
import TestSupport

/// A network between a device and the instances of a server, which loses requests and answers, and delivers requests
/// twice, late and in another order.
actor LossyNetwork {
    /// What came back.
    struct Answer<Value: Sendable>: Sendable {
        let value: Value
    }

    private enum Fate: CaseIterable {
        case fine, delivered, requestLost, answerLost, delayed, doubled
    }

    private let instances: [UserClient]
    private let story: Story
    private var random: SplitMix
    private var isReliable = false
    /// Requests that are still on their way, or will arrive once more.
    private var underway: [(path: String, body: Data, ids: [String])] = []

    init(instances: [UserClient], story: Story, seed: UInt64) {
        self.instances = instances
        self.story = story
        random = SplitMix(seed: seed)
    }

    /// From now on nothing is lost.
    func mend() { isReliable = true }

    private func fate() -> Fate { isReliable ? .fine : Fate.allCases.randomElement(using: &random) ?? .fine }

    private func instance() throws -> UserClient {
        guard let client = instances.randomElement(using: &random) else { throw TestFailure("no instances") }
        return client
    }

    /// - Returns: `nil` if nothing came back, whatever became of the request.
    func mutate(_ mutations: [ClientMutation], by device: String) async throws -> [UserClient.Result]? {
        let isOfBookmarks = mutations.allSatisfy { $0.key.kind == .bookmark }
        let path = isOfBookmarks && Bool.random(using: &random) ? "me/bookmarks/batch" : "me/sync"
        let body = try ClientMutation.body(mutations)
        let ids = mutations.map(\.id)
        let fate = fate()
        story.tell(nil, "\(device) sends \(ids): \(fate)")
        switch fate {
        case .requestLost: return nil
        case .delayed:
            underway.append((path, body, ids))
            return nil
        case .doubled: underway.append((path, body, ids))
        case .fine, .delivered, .answerLost: break
        }
        let results = try await instance().mutate(body: body, at: path)
        return fate == .answerLost ? nil : results
    }

    func changes(
        since cursor: String?, limit: Int, by device: String
    ) async throws -> Answer<UserClient.Changes?>? {
        let fate = fate()
        if fate == .requestLost { return nil }
        let changes = try await instance().changes(since: cursor, limit: limit)
        return fate == .answerLost ? nil : Answer(value: changes)
    }

    /// Lets some of what is underway arrive, in any order.
    ///
    /// - Parameter all: everything, as a network does in the end.
    func deliver(all: Bool = false) async throws {
        let arriving = underway.shuffled(using: &random).prefix(all ? underway.count : 2)
        underway.removeAll { request in arriving.contains { $0.ids == request.ids } }
        for request in arriving {
            story.tell(nil, "late: \(request.ids)")
            _ = try await instance().mutate(body: request.body, at: request.path)
        }
    }
}
