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

    /// One part of `0..<count` for each thread, in pieces of `unit`; some may be empty.
    func part(_ thread: Int, of count: Int, unit: Int) -> Range<Int> {
        let units = (count + unit - 1) / unit
        let first = units * thread / team.count * unit
        let end = units * (thread + 1) / team.count * unit
        return min(first, count)..<min(end, count)
    }
}
