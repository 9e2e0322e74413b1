/// What is said on a connection before it may be used: AUTH, SELECT, CLIENT SETNAME, PING, all in one write.
struct Handshake: ~Copyable {
    enum Action {
        case wait
        case done
        case fail(RedisError)
    }

    private enum Step {
        case authenticate
        case select
        case setName
        /// Asks whether the server is one, and neither loading its data nor cut off from its master.
        case ping
    }

    let commands: [RedisCommand]
    private var steps: ArraySlice<Step>
    private let configuration: RedisConfiguration

    init(_ configuration: RedisConfiguration) {
        var commands: [RedisCommand] = []
        var steps: [Step] = []
        if let password = configuration.password {
            let user = configuration.user.map { [RedisArgument.string($0)] } ?? []
            commands.append(RedisCommand("AUTH", user + [.string(password)]))
            steps.append(.authenticate)
        }
        if configuration.database != 0 {
            commands.append(RedisCommand("SELECT", [.integer(Int64(configuration.database))]))
            steps.append(.select)
        }
        if let name = configuration.clientName {
            commands.append(RedisCommand("CLIENT", ["SETNAME", .string(name)]))
            steps.append(.setName)
        }
        commands.append(RedisCommand("PING"))
        steps.append(.ping)
        self.commands = commands
        self.steps = steps[...]
        self.configuration = configuration
    }

    mutating func receive(_ reply: RedisValue) -> Action {
        guard let step = steps.popFirst() else {
            return .fail(RedisError(.protocolViolation, "the server sent a reply without a command"))
        }
        if case .error(let error) = reply {
            if let error = failure(error, at: step) { return .fail(error) }
        } else {
            let expected = step == .ping ? "PONG" : "OK"
            guard reply == .simple(expected) else {
                return .fail(RedisError(.protocolViolation, "the server didn't answer \(expected) while connecting"))
            }
        }
        return steps.isEmpty ? .done : .wait
    }

    private func failure(_ error: RedisServerError, at step: Step) -> RedisError? {
        let message = configuration.redact(error.message)
        if step == .authenticate || error.prefix == "NOAUTH" { return RedisError(.authenticationFailed, message) }
        // An ACL user that may do neither can still be of use, and a proxy needn't know CLIENT.
        if step == .setName || step == .ping && error.prefix == "NOPERM" { return nil }
        return RedisError(.server(prefix: error.prefix), message)
    }
}
