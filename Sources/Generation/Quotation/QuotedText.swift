/// What of a text stands in the document, and where.
package struct QuotedText: Sendable, Equatable {
    /// The quotations; where there are several, each begins on a line of its own.
    package var text: String
    /// Of each quotation, in UTF-8 bytes of the document.
    package var places: [Range<Int>]
}
