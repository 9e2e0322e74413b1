private import CLibpq

/// The fields of an error or notice that this driver reads: the `PG_DIAG_…` macros of postgres_ext.h, which are C
/// character constants and not imported into Swift.
enum DiagnosticField: UInt8 {
    case severity = 0x56  // V, never localised
    case sqlState = 0x43  // C
    case message = 0x4D  // M
    case detail = 0x44  // D
    case hint = 0x48  // H
    case schema = 0x73  // s
    case table = 0x74  // t
    case column = 0x63  // c
    case constraint = 0x6E  // n

    func read(from result: OpaquePointer?) -> String? {
        guard let field = unsafe PQresultErrorField(result, Int32(rawValue)) else { return nil }
        return unsafe String(cString: field)
    }
}

extension PostgresError {
    /// The error that `result`, of status `PGRES_FATAL_ERROR`, reports. It isn't cleared here.
    init(result: OpaquePointer?, connectionIsBad: Bool, at site: CallSite) {
        let sqlState = unsafe DiagnosticField.sqlState.read(from: result)
        let severity = unsafe DiagnosticField.severity.read(from: result)
        var message = unsafe DiagnosticField.message.read(from: result)
        if message == nil, let whole = unsafe PQresultErrorMessage(result) {
            message = unsafe String(cString: whole).trimmingTrailingNewlines
        }
        let code: Code
        if connectionIsBad || Self.endsConnection(sqlState: sqlState, severity: severity) {
            code = .connectionLost
        } else if let sqlState {
            code = .server(sqlState: sqlState)
        } else {
            code = .protocolViolation
        }
        self.init(code, message ?? "no message", sqlState: sqlState, at: site)
        detail = unsafe DiagnosticField.detail.read(from: result)
        hint = unsafe DiagnosticField.hint.read(from: result)
        schema = unsafe DiagnosticField.schema.read(from: result)
        table = unsafe DiagnosticField.table.read(from: result)
        column = unsafe DiagnosticField.column.read(from: result)
        constraint = unsafe DiagnosticField.constraint.read(from: result)
    }

    /// `admin_shutdown`, `crash_shutdown` and `cannot_connect_now` always end the connection. Class 08 doesn't: a wrong
    /// number of parameters is an ordinary error 08P01, so for that class and all others the severity decides.
    static func endsConnection(sqlState: String?, severity: String?) -> Bool {
        if severity == "FATAL" || severity == "PANIC" { return true }
        return sqlState == "57P01" || sqlState == "57P02" || sqlState == "57P03"
    }
}

extension String {
    var trimmingTrailingNewlines: String {
        var bytes = utf8[...]
        while bytes.last == 0x0A { bytes.removeLast() }
        return String(Substring(bytes))
    }
}
