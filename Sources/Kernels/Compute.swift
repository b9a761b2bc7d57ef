internal import CKernels

/// The inner loops of one instruction set, run by one team of threads.
///
/// Every operation of the engine takes it; whoever owns it calls one operation at a time.
@safe public final class Compute: Sendable {
    public let instructionSet: InstructionSet
    public let team: ThreadTeam
    /// Working space of products, one block a thread.
    private let scratch: [MemoryBlock]
    /// The rows that are multiplied by matrices of integers.
    let quantized = QuantizedActivations()

    public init(threads: Int, instructionSet: InstructionSet) {
        self.instructionSet = instructionSet
        team = ThreadTeam(count: threads)
        let byteCount = max(Int(ck_linear_scratch) * MemoryLayout<Float>.stride, Int(ck_quantized_scratch))
        scratch = (0..<threads).map { _ in MemoryBlock(byteCount: byteCount) }
    }

    var kernels: UnsafePointer<ck_kernels> { unsafe instructionSet.kernels }

    var quantizedKernels: UnsafePointer<ck_quantized_kernels> { unsafe instructionSet.quantizedKernels }

    var attentionKernels: UnsafePointer<ck_attention_kernels> { unsafe instructionSet.attentionKernels }

    var trainingKernels: UnsafePointer<ck_training_kernels> { unsafe instructionSet.trainingKernels }

    func scratch(of thread: Int) -> UnsafeMutableRawPointer { unsafe scratch[thread].base }

    /// Multiply-adds below which waking the other threads costs more than they save: some tens of microseconds.
    private static let smallWork = 1 << 20

    /// Divides `0..<count` among the threads, in pieces of `unit`, and runs `body` on each part; small work stays with
    /// the caller.
    ///
    /// - parameter work: multiply-adds of the whole.
    func divide(_ count: Int, unit: Int, work: Int, _ body: (_ part: Range<Int>, _ thread: Int) -> Void) {
        divide(work: work) { thread, threads in
            let part = part(thread, of: threads, count: count, unit: unit)
            if !part.isEmpty { body(part, thread) }
        }
    }

    /// Runs `body` with each thread's index and the number of threads; small work stays with the caller alone.
    ///
    /// - parameter work: multiply-adds of the whole.
    func divide(work: Int, _ body: (_ thread: Int, _ threads: Int) -> Void) {
        if work < Self.smallWork { return body(0, 1) }
        team.run { thread in body(thread, team.count) }
    }

    /// Hands the indices `0..<count` out to the threads; small work stays with the caller.
    func distribute(_ count: Int, work: Int, _ body: (_ item: Int, _ thread: Int) -> Void) {
        if work < Self.smallWork {
            for item in 0..<count { body(item, 0) }
        } else {
            team.run(items: count, body)
        }
    }

    /// One of the parts of `0..<count`, in pieces of `unit`; some may be empty.
    func part(_ index: Int, of parts: Int, count: Int, unit: Int) -> Range<Int> {
        let units = (count + unit - 1) / unit
        let first = units * index / parts * unit
        let end = units * (index + 1) / parts * unit
        return min(first, count)..<min(end, count)
    }
}
