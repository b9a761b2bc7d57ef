import Foundation
import GRDB

/// Runs `body` and turns what SQLite says into this module's errors.
func translatingErrors<T>(path: String, _ body: () throws -> T) throws -> T {
    do {
        return try body()
    } catch let error as DatabaseError {
        throw JobStoreError(error, path: path)
    } catch let error as RowDecodingError {
        throw JobStoreError.corrupt(path: path, detail: error.description)
    }
}

extension Row {
    /// The column's value, or an error where it isn't a `Value`: a row is outside input.
    func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ column: String) throws -> Value {
        try decode(Value.self, forColumn: column)
    }

    /// The column's value, `nil` where it is NULL.
    func optional<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ column: String) throws -> Value? {
        try decode(Value?.self, forColumn: column)
    }

    /// The case that the column names.
    func named<Value: RawRepresentable<String>>(_ column: String) throws -> Value {
        let text: String = try value(column)
        guard let value = Value(rawValue: text) else {
            throw JobStoreError.constraint(message: "unknown value '\(text)' in the column \(column)")
        }
        return value
    }
}

extension JobStoreError {
    init(_ error: DatabaseError, path: String) {
        let message = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
        case .SQLITE_FULL: self = .diskFull(path: path)
        case .SQLITE_CORRUPT: self = .corrupt(path: path, detail: message)
        case .SQLITE_NOTADB: self = .notADatabase(path: path)
        case .SQLITE_READONLY, .SQLITE_PERM: self = .notWritable(path: path)
        case .SQLITE_CANTOPEN: self = .cannotOpen(path: path, reason: message)
        case .SQLITE_IOERR: self = .inputOutput(path: path, detail: message)
        case .SQLITE_CONSTRAINT: self = .constraint(message: Self.rule(in: message))
        default: self = .sqlite(path: path, code: Int(error.resultCode.rawValue), message: message)
        }
    }

    /// The schema's constraints are named by what they demand; SQLite puts its own words before the name.
    static func rule(in message: String) -> String {
        let prefix = "CHECK constraint failed: "
        return message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message
    }
}

/// Waiting where SQLite doesn't wait by itself: `busy_timeout` covers neither a switch of the journal mode nor a read
/// transaction that can't become a writing one.
enum Patience {
    /// Repeats `body` while it says the database is busy, for ten seconds at most.
    static func whileBusy<T>(_ body: () throws -> T) throws -> T {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            do {
                return try body()
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < end {
                Thread.sleep(forTimeInterval: .random(in: 0.002...0.02))
            }
        }
    }
}
