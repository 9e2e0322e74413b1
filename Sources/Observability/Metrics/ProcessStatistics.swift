public import Foundation

/// What the system says of this process, from `/proc/self`.
public struct ProcessStatistics: Sendable {
    public let residentBytes: Int
    public let virtualBytes: Int
    /// Of all threads since the start, in user and in system mode.
    public let processorTime: Duration
    public let threads: Int
    public let openDescriptors: Int
    public let maximumDescriptors: Int
    public let startedAt: Date

    /// - Returns: `nil` where there is no `/proc`.
    public static func current() -> ProcessStatistics? { Self() }

    private init?() {
        guard let stat = Self.text("stat"), let memory = Self.text("statm")?.split(separator: " "), memory.count > 1,
            let virtualPages = Int(memory[0]), let residentPages = Int(memory[1]), let bootTime = Self.bootTime
        else { return nil }
        // The name, in parentheses, may hold anything: what counts comes after the last of them. Fields from the third on.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(whereSeparator: \.isWhitespace)
            .dropFirst()
        func field(_ number: Int) -> Int? {
            let index = fields.startIndex + number - 3
            return fields.indices.contains(index) ? Int(fields[index]) : nil
        }
        guard let user = field(14), let system = field(15), let threads = field(20), let start = field(22) else {
            return nil
        }
        let (page, ticks) = (sysconf(Int32(_SC_PAGESIZE)), sysconf(Int32(_SC_CLK_TCK)))
        residentBytes = residentPages * page
        virtualBytes = virtualPages * page
        processorTime = .seconds(1) * (Double(user + system) / Double(ticks))
        self.threads = threads
        startedAt = Date(timeIntervalSince1970: bootTime + Double(start) / Double(ticks))
        do {
            openDescriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        } catch {
            return nil
        }
        var limit = rlimit()
        #if canImport(Glibc)
            guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        #else
            guard getrlimit(RLIMIT_NOFILE, &limit) == 0 else { return nil }
        #endif
        maximumDescriptors = Int(clamping: limit.rlim_cur)
    }

    private static func text(_ file: String) -> String? {
        FileManager.default.contents(atPath: "/proc/self/\(file)").map { String(decoding: $0, as: UTF8.self) }
    }

    /// Seconds since 1970.
    private static let bootTime: Double? = FileManager.default.contents(atPath: "/proc/stat").flatMap { stat in
        String(decoding: stat, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst("btime ".count)) }
    }

    /// Adds them under the names that all clients of Prometheus use.
    public func collect(into families: inout MetricFamilies) {
        families.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", residentBytes)
        families.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", virtualBytes)
        families.counter(
            "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", processorTime / .seconds(1)
        )
        families.gauge("process_threads", "Number of OS threads in the process.", threads)
        families.gauge("process_open_fds", "Number of open file descriptors.", openDescriptors)
        families.gauge("process_max_fds", "Maximum number of open file descriptors.", maximumDescriptors)
        families.gauge(
            "process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
            startedAt.timeIntervalSince1970)
    }
}
