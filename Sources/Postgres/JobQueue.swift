/// First in, first out, with removal from the middle for jobs that are cancelled while they wait.
struct JobQueue {
    private var jobs: [Job?] = []
    private var head = 0

    var count: Int { jobs.count - head }

    mutating func append(_ job: Job) {
        jobs.append(job)
    }

    mutating func popFirst() -> Job? {
        guard head < jobs.count else { return nil }
        defer { compact() }
        let job = jobs[head]
        jobs[head] = nil
        head += 1
        return job
    }

    /// Linear in the number of waiting jobs, which the pool bounds.
    mutating func remove(_ job: Job) {
        guard let index = jobs[head...].firstIndex(where: { $0 === job }) else { return }
        jobs.remove(at: index)
    }

    mutating func removeAll() -> [Job] {
        defer {
            jobs = []
            head = 0
        }
        return jobs[head...].compactMap { $0 }
    }

    private mutating func compact() {
        if head == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head * 2 >= jobs.count {
            jobs.removeFirst(head)
            head = 0
        }
    }
}
