import Commands
import Testing

@Suite("The memory that may be used")
struct MachineMemoryTests {
    private let meminfo = "MemTotal:       16000 kB\nMemFree:        1000 kB\nMemAvailable:   8000 kB\n"

    @Test("without a limit it is the machine's")
    func machine() {
        let memory = MachineMemory(physical: 16_384_000, meminfo: meminfo, group: "/") { _ in nil }
        #expect(memory.total == 16_384_000 && memory.available == 8_192_000 && !memory.isLimited)
        let unknown = MachineMemory(physical: 7, meminfo: nil, group: "") { _ in "max\n" }
        #expect(unknown.total == 7 && unknown.available == nil && !unknown.isLimited)
    }

    @Test("the smallest limit of a group and its parents holds")
    func groups() {
        let files = [
            "/a.slice/b.service/memory.max": "max\n", "/a.slice/memory.max": "5000000\n",
            "/a.slice/memory.current": "4000000\n", "/memory.max": "9000000\n",
        ]
        let memory = MachineMemory(physical: 16_384_000, meminfo: meminfo, group: "/a.slice/b.service") { files[$0] }
        #expect(memory.total == 5_000_000 && memory.available == 1_000_000 && memory.isLimited)
    }

    @Test("the group is that of the unified hierarchy")
    func group() {
        #expect(MachineMemory.groupFolder(cgroup: "4:memory:/old\n0::/user.slice/x\n") == "/user.slice/x")
        #expect(MachineMemory.groupFolder(cgroup: "4:memory:/old\n") == "")
        #expect(MachineMemory.groupFolder(cgroup: "") == "")
    }
}
