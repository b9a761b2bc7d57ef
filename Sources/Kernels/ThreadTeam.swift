internal import CKernels
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A fixed set of threads that run one piece of work together, again and again.
///
/// The caller is the team's first thread. Between two runs the others wait in a loop for a moment, since the next
/// matrix product follows within microseconds, and then sleep.
///
/// `@unchecked Sendable`: `work` is written by the caller before `generation` is raised and read by the others after
/// they saw it raised; two callers at once would break that and are a broken promise that `run` checks for.
@safe public final class ThreadTeam: @unchecked Sendable {
    /// Threads in the team, the caller included.
    public let count: Int

    private let state = State()

    /// What the sleeping threads hold on to, so that a team can be released while they sleep.
    private final class State: @unchecked Sendable {
        let generation = Atomic<Int>(0)
        let unfinished = Atomic<Int>(0)
        let isRunning = Atomic<Bool>(false)
        let isClosing = Atomic<Bool>(false)
        let sleepers = Atomic<Int>(0)
        var work: (@Sendable (Int) -> Void)?
        let bell = Bell()
    }

    /// - parameter count: at least 1; more than the processor's cores makes every step slower.
    public init(count: Int) {
        precondition(count >= 1, "a team has at least one thread")
        self.count = count
        for index in 1..<max(count, 1) { Self.start(state, index: index) }
    }

    deinit {
        state.isClosing.store(true, ordering: .releasing)
        state.generation.wrappingAdd(1, ordering: .acquiringAndReleasing)
        state.bell.ring()
    }

    /// Runs `body` once on each thread of the team with its index, 0 for the caller, and returns when all are done.
    ///
    /// - precondition: no other `run` of this team is under way, `body` doesn't call `run`.
    public func run(_ body: (Int) -> Void) {
        if count == 1 { return body(0) }
        let wasRunning = state.isRunning.exchange(true, ordering: .acquiring)
        precondition(!wasRunning, "a team runs one piece of work at a time")
        withoutActuallyEscaping(body) { body in
            // The closure doesn't outlive this call: `unfinished` reaches 0 first. What it captures is the caller's
            // to share between the threads of the team.
            struct Work: @unchecked Sendable { let body: (Int) -> Void }
            let work = Work(body: body)
            state.work = { work.body($0) }
            state.unfinished.store(count - 1, ordering: .relaxed)
            state.generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
            if state.sleepers.load(ordering: .sequentiallyConsistent) > 0 { state.bell.ring() }
            body(0)
            var spins = 0
            while state.unfinished.load(ordering: .acquiring) > 0 {
                spins += 1
                if spins < 4096 { ck_pause() } else { sched_yield() }
            }
            state.work = nil
        }
        state.isRunning.store(false, ordering: .releasing)
    }

    /// Hands the indices `0..<items` out to the threads, each when it's free. `body` gets an item and the thread.
    public func run(items: Int, _ body: (_ item: Int, _ thread: Int) -> Void) {
        if count == 1 || items <= 1 {
            for item in 0..<max(items, 0) { body(item, 0) }
            return
        }
        let next = Atomic<Int>(0)
        run { thread in
            while true {
                let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
                if item >= items { return }
                body(item, thread)
            }
        }
    }

    private static func start(_ state: State, index: Int) {
        startThread {
            var seen = 0
            while true {
                seen = waitForWork(state, after: seen)
                if state.isClosing.load(ordering: .acquiring) { return }
                state.work?(index)
                state.unfinished.wrappingSubtract(1, ordering: .releasing)
            }
        }
    }

    /// Returns the generation that is newer than `seen`.
    private static func waitForWork(_ state: State, after seen: Int) -> Int {
        for _ in 0..<4096 {
            let now = state.generation.load(ordering: .acquiring)
            if now != seen { return now }
            ck_pause()
        }
        state.sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        defer { state.sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
        return state.bell.wait {
            let now = state.generation.load(ordering: .sequentiallyConsistent)
            return now != seen ? now : nil
        }
    }
}

/// A condition that threads sleep on.
@safe private final class Bell: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    func ring() {
        unsafe pthread_mutex_lock(mutex)
        unsafe pthread_cond_broadcast(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Sleeps until `check` gives a value; it's called when the bell has rung, and once before sleeping.
    func wait<Value>(_ check: () -> Value?) -> Value {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let value = check() { return value }
            unsafe pthread_cond_wait(condition, mutex)
        }
    }
}

/// Starts a detached thread; all signals go to the program's other threads.
private func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    var all = sigset_t()
    var old = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &old)
    let failure = unsafe pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument = unsafe argument else { return nil }
            unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
    unsafe pthread_sigmask(SIG_SETMASK, &old, nil)
    unsafe pthread_attr_destroy(&attributes)
    precondition(failure == 0, "the system refuses another thread (error \(failure))")
}
