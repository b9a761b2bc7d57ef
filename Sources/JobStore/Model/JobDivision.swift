/// The parts that a job is divided into, in their order: its text's, or those of the results of the level below.
///
/// Parts of level 0 are all of the text together, without a gap and without an overlap.
public struct JobDivision: Sendable {
    /// A part to be made a job of its own, with the kind, options and question of the job that it's a part of.
    public struct Part: Sendable, Equatable {
        public var text: String
        /// Characters of the whole's text before it and before its end, each a Unicode scalar: what SQLite's `length` and
        /// `substr` count.
        public var begin: Int
        public var end: Int
        /// A sentence was cut in two at its end, since it alone was too long.
        public var isCut: Bool

        public init(text: String, begin: Int, end: Int, isCut: Bool = false) {
            self.text = text
            self.begin = begin
            self.end = end
            self.isCut = isCut
        }
    }

    /// 0 for parts of the text, 1 for parts of the results of level 0, and so on.
    public var level: Int
    /// Empty where the job only waits for parts that it has already.
    public var parts: [Part]
    public var figures: AttemptFigures

    public init(level: Int = 0, parts: [Part], figures: AttemptFigures = AttemptFigures()) {
        self.level = level
        self.parts = parts
        self.figures = figures
    }
}

extension ClaimedJob {
    /// A part of the job, with what has come of it.
    public struct Part: Sendable, Equatable {
        public var id: Int64
        /// Its position, from 1.
        public var number: Int
        public var level: Int
        /// Characters of the job's text before it and before its end.
        public var begin: Int
        public var end: Int
        public var state: JobState
        /// What it brought; `nil` unless it is completed.
        public var result: String?
        public var isTruncated: Bool
        /// What its result quotes, by characters of the part.
        public var quotations: [Quotation]

        public init(
            id: Int64, number: Int, level: Int, begin: Int, end: Int, state: JobState, result: String? = nil,
            isTruncated: Bool = false, quotations: [Quotation] = []
        ) {
            self.id = id
            self.number = number
            self.level = level
            self.begin = begin
            self.end = end
            self.state = state
            self.result = result
            self.isTruncated = isTruncated
            self.quotations = quotations
        }
    }

    /// Whether it's a part of another job.
    public var isPart: Bool { parentID != nil }
}
