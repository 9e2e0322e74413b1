internal import CLibpq
internal import Logging

/// Brings a connection's notices to the logger; libpq would print them.
final class NoticeLog {
    private let logger: Logger
    /// The server said that it is ending the connection.
    private(set) var saidFarewell = false

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// This object must outlive `connection`.
    func listen(to connection: OpaquePointer) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe PQsetNoticeReceiver(
            connection,
            { context, notice in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue().receive(notice)
            }, context)
    }

    private func receive(_ notice: OpaquePointer?) {
        let severity = unsafe DiagnosticField.severity.read(from: notice)
        let sqlState = unsafe DiagnosticField.sqlState.read(from: notice)
        if PostgresError.endsConnection(sqlState: sqlState, severity: severity) { saidFarewell = true }
        let message = unsafe DiagnosticField.message.read(from: notice)
        logger.debug(
            "PostgreSQL notice",
            metadata: [
                "severity": "\(severity ?? "")", "sqlState": "\(sqlState ?? "")", "message": "\(message ?? "")",
            ])
    }
}
