import Cluster
import Foundation
import TestSupport
import Testing

@Suite("The script of a Slurm task")
struct SlurmScriptTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "cluster-\(UUID().uuidString)")
        for name in ["tasks", "bin", "logs"] {
            try FileManager.default.createDirectory(
                at: folder.appending(path: name), withIntermediateDirectories: true)
        }
    }

    private func write(_ text: String, to name: String) throws {
        let url = folder.appending(path: name)
        try Data(("#!/bin/bash\n" + text + "\n").utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: url.path)
    }

    private var script: SlurmScript {
        SlurmScript(
            name: "nightshift-test", folder: folder.path, shards: 8, nodes: 2,
            program: folder.appending(path: "bin/nightshift").path)
    }

    /// Runs the script as Slurm would, with a program that ends with `code`.
    private func run(_ script: SlurmScript, code: Int, restarts: Int = 0, nodes: String = "n1\nn2") throws -> Int32 {
        try write("printf '%s\\n' \"$*\" >> '\(folder.path)/calls'; exit \(code)", to: "bin/nightshift")
        try write("printf '%s\\n' \"$*\" >> '\(folder.path)/scontrol'", to: "bin/scontrol")
        try write("printf '\(nodes)\\n'", to: "bin/sinfo")
        let file = folder.appending(path: SlurmScript.fileName)
        try Data(script.text.utf8).write(to: file)
        let environment = [
            "PATH": "\(folder.appending(path: "bin").path):/usr/bin:/bin", "SLURM_ARRAY_TASK_ID": "3",
            "SLURM_ARRAY_JOB_ID": "17", "SLURMD_NODENAME": "n1", "SLURM_RESTART_COUNT": "\(restarts)",
        ]
        return try TestProgram("/bin/bash", [file.path], environment: environment).run().status
    }

    private func lines(_ name: String) -> [String] {
        let text = try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
        return text?.split(separator: "\n").map(String.init) ?? []
    }

    private var events: [String] {
        TaskLine.parse(lines("tasks/shard-3.tsv").map { $0 + "\n" }.joined())
            .map { $0.status == nil ? $0.event : "\($0.event) \($0.status ?? 0)" }
    }

    @Test("an end that no other try would mend is one", arguments: [0, 1, 64, 65, 78])
    func ends(code: Int) throws {
        #expect(try run(script, code: code) == Int32(code))
        #expect(events == ["began", "ended \(code)"])
        #expect(lines("scontrol").isEmpty)
    }

    @Test("every other end requeues the task", arguments: [70, 75, 137, 139, 2])
    func requeues(code: Int) throws {
        _ = try run(script, code: code)
        #expect(events == ["began", "requeued \(code)"])
        #expect(lines("scontrol") == ["requeue 17_3"])
    }

    @Test("what the node lacks is looked for on another one", arguments: [66, 69, 73, 74, 77])
    func elsewhere(code: Int) throws {
        var script = script
        script.exclude = "n7"
        _ = try run(script, code: code)
        #expect(events == ["began", "tries elsewhere \(code)", "requeued elsewhere \(code)"])
        #expect(lines("scontrol") == ["requeue 17_3", "update JobId=17_3 ExcNodeList=n7,n1"])
    }

    @Test("where no node is left, and after too many restarts, the task is given up")
    func givesUp() throws {
        _ = try run(script, code: 69, nodes: "n1")
        #expect(events.last == "gave up 69")
        _ = try run(script, code: 137, restarts: 20)
        #expect(events.last == "gave up 137")
        #expect(lines("scontrol").isEmpty)
    }

    @Test("a cancelled task doesn't come back")
    func cancelled() throws {
        #expect(FileManager.default.createFile(atPath: folder.path + "/cancelled", contents: nil))
        _ = try run(script, code: 0)
        #expect(events == ["began", "told to stop 75"])
        #expect(lines("calls").isEmpty && lines("scontrol").isEmpty)
    }

    @Test("the worker is called with what was asked for, however it's spelt")
    func call() throws {
        var script = script
        script.model = "/models/it's $HOME"
        script.scratch = "/tmp/$SLURMD_NODENAME"
        script.arguments = ["--threads", "16", "-o", "a b"]
        script.setup = ["true", "export X='1'"]
        #expect(try run(script, code: 0) == 0)
        #expect(
            lines("calls") == [
                "work --db \(folder.path)/shard-3.db --scratch /tmp/n1 --bring-back 60s --drain --grace 45s --model /models/it's "
                    + "$HOME --threads 16 -o a b"
            ])
    }

    @Test("a model that can't be staged, and a setup that fails, are the node's fault")
    func setup() throws {
        var script = script
        script.setup = ["false"]
        _ = try run(script, code: 0)
        #expect(events.last == "requeued elsewhere 69")
        script.setup = []
        (script.model, script.stage) = ("m", "/local")
        _ = try run(script, code: 74)
        #expect(lines("calls") == ["model stage m --to /local"])
    }

    @Test("directives come first, options of the user's replace ours, and values can't break out")
    func directives() throws {
        var script = script
        script.options = [("partition", "cpu"), ("job-name", "mine"), ("comment", "two words"), ("exclusive", "")]
        let lines = script.text.split(separator: "\n").prefix { $0.hasPrefix("#") }.map(String.init)
        #expect(
            lines == [
                "#!/usr/bin/env bash", "#SBATCH --array=0-7%2", "#SBATCH --nodes=1", "#SBATCH --ntasks=1",
                "#SBATCH --output=\(folder.path)/logs/shard-%a.log", "#SBATCH --open-mode=append", "#SBATCH --requeue",
                "#SBATCH --signal=B:USR1@60", "#SBATCH --partition=cpu", "#SBATCH --job-name=mine",
                "#SBATCH --comment=\"two words\"", "#SBATCH --exclusive",
            ])
        #expect(SlurmScript.problem(withOption: "qos", "a\n#SBATCH --x") != nil)
        #expect(SlurmScript.problem(withOption: "Q os", "a") != nil)
        #expect(SlurmScript.problem(withOption: "cpus-per-task", "4") == nil)
    }
}
