import Configuration
import ContentService
import Quran

/// When the cache is warmed, and with what.
struct WarmUpSettings: Sendable {
    let policy: WarmUp.Policy

    /// - Parameter reader: its keys are
    ///   - `warm.up.at.start`, `warm.up.after.changes` (default true)
    ///   - `warm.up.schedule`: a cron expression in UTC (default `0 1 * * *`), or `off`
    ///   - `warm.up.scope`: `popular` or `all` (the default)
    ///   - `warm.up.translations`: sets of translations, separated by spaces, their ids by commas; by default each that is
    ///     loaded
    ///   - `warm.up.rate`: the most loads a second (default 200), 0 for as many as go
    /// - Throws: ``Failure`` that names the variable.
    init(reader: ConfigReader) throws {
        var policy = WarmUp.Policy()
        func flag(_ key: ConfigKey, _ name: String) throws -> Bool {
            switch reader.string(forKey: key, default: "true") {
            case "true": return true
            case "false": return false
            default: throw Failure(.badConfiguration, "\(name) must be true or false")
            }
        }
        policy.atStart = try flag("warm.up.at.start", "WARM_UP_AT_START")
        policy.afterChanges = try flag("warm.up.after.changes", "WARM_UP_AFTER_CHANGES")
        let schedule = reader.string(forKey: "warm.up.schedule", default: "0 1 * * *")
        if schedule != "off" {
            guard let parsed = CronSchedule(schedule) else {
                throw Failure(
                    .badConfiguration,
                    "WARM_UP_SCHEDULE must be off or a cron expression that comes: minute hour day month weekday, in UTC"
                )
            }
            policy.schedule = parsed
        }
        let scope = reader.string(forKey: "warm.up.scope", default: policy.scope.rawValue)
        guard let known = WarmUpPlan.Scope(rawValue: scope) else {
            throw Failure(.badConfiguration, "WARM_UP_SCOPE must be popular or all")
        }
        policy.scope = known
        if let sets = reader.string(forKey: "warm.up.translations") {
            policy.translations = try sets.split(separator: " ").map { set in
                try set.split(separator: ",").map { name in
                    guard let id = EditionID(String(name)) else {
                        throw Failure(.badConfiguration, "WARM_UP_TRANSLATIONS: “\(name)” is no id of a translation")
                    }
                    return id
                }
            }
        }
        let rate = reader.string(forKey: "warm.up.rate", default: "200")
        guard let loads = Int(rate), (0...1_000_000).contains(loads) else {
            throw Failure(.badConfiguration, "WARM_UP_RATE must be a number from 0 to 1000000")
        }
        policy.loadsPerSecond = loads == 0 ? nil : loads
        self.policy = policy
    }
}
