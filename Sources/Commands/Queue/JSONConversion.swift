import Foundation

/// The same JSON as another type: the queue and the catalog have one of their own each.
///
/// - throws: where the value has no place in the other type.
func converted<Target: Decodable>(_ value: some Encodable) throws -> Target {
    try JSONDecoder().decode(Target.self, from: JSONEncoder().encode(value))
}
