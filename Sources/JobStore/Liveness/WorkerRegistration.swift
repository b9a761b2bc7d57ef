/// A worker as the table `workers` shows it.
public struct WorkerRegistration: Sendable, Hashable {
    /// `host:pid:boot:random`: never the same twice, also when a machine restarts under the same name.
    public var id: String
    public var hostname: String
    public var processID: Int32
    /// nightshift's version.
    public var version: String
    /// Model file, quantisation, threads.
    public var engine: String?
    /// Which start of the machine this is.
    public var bootID: String?
    /// The file the worker holds locked while it lives.
    public var lockPath: String?

    /// - Parameters:
    ///   - random: makes the id unique among workers of one process.
    ///   - lock: the worker's life line; without one its death shows only when its leases expire.
    public init(
        host: HostIdentity, version: String, engine: String? = nil, random: UInt32, lock: WorkerLock? = nil
    ) {
        self.init(
            id: Self.id(host: host, random: random), hostname: host.hostname, processID: host.processID,
            version: version, engine: engine, bootID: host.bootID, lockPath: lock?.path)
    }

    public init(
        id: String, hostname: String, processID: Int32, version: String, engine: String? = nil, bootID: String? = nil,
        lockPath: String? = nil
    ) {
        self.id = id
        self.hostname = hostname
        self.processID = processID
        self.version = version
        self.engine = engine
        self.bootID = bootID
        self.lockPath = lockPath
    }

    /// The id a worker of this process gets: also the name of its lock file, so it is needed before the registration.
    public static func id(host: HostIdentity, random: UInt32) -> String {
        let randomPart = String(random, radix: 16)
        let padding = String(repeating: "0", count: 8 - randomPart.count)
        return "\(host.hostname):\(host.processID):\(host.bootID.prefix(8)):\(padding)\(randomPart)"
    }
}
