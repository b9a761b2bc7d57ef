import Foundation
import JSONText
import Kernels
import Migrations

enum Version {
    static let current = "0.1.0"
    /// Of this version, as manual pages write it.
    static let date = "November 26, 2026"

    /// What `--version --json` prints: this program's version, and those of what it reads and runs on.
    static func printFacts() throws -> Never {
        let facts: JSONObject = [
            "name": "nightshift", "version": .string(current), "schema": .integer(Migrations.all.count),
            "instructions": .array(InstructionSet.available.map { .string($0.name) }),
        ]
        try Console.print(JSONValue.object(facts).text)
        Foundation.exit(0)
    }
}
