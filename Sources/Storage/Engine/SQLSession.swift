/// One row of a result, valid only while it is being visited. Columns count from 0.
public protocol SQLRow {
    func isNull(_ column: Int) -> Bool
    /// - Throws: ``StorageError`` (`unexpectedResult`) if the column is null or not an integer.
    func integer(_ column: Int) throws -> Int64
    /// - Throws: ``StorageError`` (`unexpectedResult`) if the column is null or not text.
    func text(_ column: Int) throws -> String
}

extension SQLRow {
    public func int(_ column: Int) throws -> Int { Int(try integer(column)) }

    public func bool(_ column: Int) throws -> Bool { try integer(column) != 0 }

    public func optionalInt(_ column: Int) throws -> Int? { isNull(column) ? nil : try int(column) }

    public func optionalText(_ column: Int) throws -> String? { isNull(column) ? nil : try text(column) }
}

/// What a read may do: run queries that all see one snapshot of the store.
///
/// A session lives on its connection's own thread, in the closure that it was handed to, and is synchronous there: a
/// transaction never waits for a suspended task, and no thread of Swift's pool is ever blocked.
public protocol SQLReader {
    /// Runs a query and visits its rows in order.
    ///
    /// - Throws: ``StorageError``, or what `body` throws.
    func forEach(_ sql: SQL, _ body: (any SQLRow) throws -> Void) throws
}

extension SQLReader {
    public func all<Value>(_ sql: SQL, _ map: (any SQLRow) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        try forEach(sql) { values.append(try map($0)) }
        return values
    }

    /// The first row, if there is one.
    public func first<Value>(_ sql: SQL, _ map: (any SQLRow) throws -> Value) throws -> Value? {
        var value: Value?
        try forEach(sql) { row in
            if value == nil { value = try map(row) }
        }
        return value
    }
}

/// What a write may do, all of it in one transaction.
public protocol SQLWriter: SQLReader {
    /// Runs a statement that changes rows.
    ///
    /// - Returns: how many rows it changed.
    @discardableResult
    func execute(_ sql: SQL) throws -> Int

    /// Runs several statements, separated by semicolons and without values: a migration.
    func execute(script: String) throws
}
