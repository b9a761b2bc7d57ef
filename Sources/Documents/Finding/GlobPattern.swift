/// A shell pattern over one component of a path: `*`, `?` and `[…]` (with ranges, and `!` or `^` for "none of").
struct GlobPattern: Sendable, Equatable {
    private enum Element: Sendable, Equatable {
        case literal(Unicode.Scalar)
        case any
        case run
        case oneOf([ClosedRange<Unicode.Scalar>], isNegated: Bool)
    }

    private let elements: [Element]
    /// `*` and `?` don't match the point that hides a file; a pattern that begins with it does.
    private let beginsWithPoint: Bool

    init(_ text: String) {
        var elements: [Element] = []
        let scalars = Array(text.unicodeScalars)
        var index = 0
        while index < scalars.count {
            switch scalars[index] {
            case "*":
                if elements.last != .run { elements.append(.run) }
            case "?": elements.append(.any)
            case "[":
                if let (element, next) = Self.set(scalars, from: index + 1) {
                    elements.append(element)
                    index = next
                    continue
                }
                elements.append(.literal("["))
            case let scalar: elements.append(.literal(scalar))
            }
            index += 1
        }
        self.elements = elements
        beginsWithPoint = text.hasPrefix(".")
    }

    /// Whether `text` has anything in it that isn't itself.
    static func isPattern(_ text: String) -> Bool { text.contains { "*?[".contains($0) } }

    /// Whether the whole of `name` matches. At most the product of both lengths in steps.
    func matches(_ name: String) -> Bool {
        guard beginsWithPoint || !name.hasPrefix(".") else { return false }
        let scalars = Array(name.unicodeScalars)
        var position = 0
        var element = 0
        // The last `*` and how much it has swallowed: going back to earlier ones can't help.
        var run: (element: Int, position: Int)?
        while position < scalars.count {
            if element < elements.count, elements[element] == .run {
                run = (element, position)
                element += 1
            } else if element < elements.count, Self.matches(elements[element], scalars[position]) {
                element += 1
                position += 1
            } else if let last = run {
                run = (last.element, last.position + 1)
                element = last.element + 1
                position = last.position + 1
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { $0 == .run }
    }

    private static func matches(_ element: Element, _ scalar: Unicode.Scalar) -> Bool {
        switch element {
        case .literal(let literal): literal == scalar
        case .any, .run: true
        case .oneOf(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
        }
    }

    /// Reads a set from after its bracket; `nil` where it is never closed, so that the bracket is a bracket.
    private static func set(_ scalars: [Unicode.Scalar], from start: Int) -> (element: Element, next: Int)? {
        var index = start
        let isNegated = index < scalars.count && (scalars[index] == "!" || scalars[index] == "^")
        if isNegated { index += 1 }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        let first = index
        while index < scalars.count {
            let scalar = scalars[index]
            // A closing bracket that comes first is one of the set.
            if scalar == "]", index > first { return (.oneOf(ranges, isNegated: isNegated), index + 1) }
            if index + 2 < scalars.count, scalars[index + 1] == "-", scalars[index + 2] != "]" {
                let end = scalars[index + 2]
                if scalar <= end { ranges.append(scalar...end) }
                index += 3
            } else {
                ranges.append(scalar...scalar)
                index += 1
            }
        }
        return nil
    }
}
