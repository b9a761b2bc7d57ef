internal import CKernels

/// The inner loops of one instruction set, run by one team of threads.
///
/// Every operation of the engine takes it; whoever owns it calls one operation at a time.
@safe public final class Compute: Sendable {
    public let instructionSet: InstructionSet
    public let team: ThreadTeam
    /// Working space of `linear`, one buffer a thread.
    private let scratch: [FloatBuffer]

    public init(threads: Int, instructionSet: InstructionSet) {
        self.instructionSet = instructionSet
        team = ThreadTeam(count: threads)
        scratch = (0..<threads).map { _ in FloatBuffer(count: ck_linear_scratch) }
    }

    var kernels: UnsafePointer<ck_kernels> { unsafe instructionSet.kernels }

    func scratch(of thread: Int) -> UnsafeMutablePointer<Float> { unsafe scratch[thread].base }

    /// Multiply-adds below which waking the other threads costs more than they save: some tens of microseconds.
    private static let smallWork = 1 << 20

    /// Divides `0..<count` among the threads, in pieces of `unit`, and runs `body` on each part; small work stays with
    /// the caller.
    ///
    /// - parameter work: multiply-adds of the whole.
    func divide(_ count: Int, unit: Int, work: Int, _ body: (_ part: Range<Int>, _ thread: Int) -> Void) {
        if work < Self.smallWork { return body(0..<count, 0) }
        team.run { thread in
            let part = part(thread, of: count, unit: unit)
            if !part.isEmpty { body(part, thread) }
        }
    }

    /// Hands the indices `0..<count` out to the threads; small work stays with the caller.
    func distribute(_ count: Int, work: Int, _ body: (_ item: Int, _ thread: Int) -> Void) {
        if work < Self.smallWork {
            for item in 0..<count { body(item, 0) }
        } else {
            team.run(items: count, body)
        }
    }

    /// One part of `0..<count` for each thread, in pieces of `unit`; some may be empty.
    func part(_ thread: Int, of count: Int, unit: Int) -> Range<Int> {
        let units = (count + unit - 1) / unit
        let first = units * thread / team.count * unit
        let end = units * (thread + 1) / team.count * unit
        return min(first, count)..<min(end, count)
    }
}
