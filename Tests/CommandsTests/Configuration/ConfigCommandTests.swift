import Foundation
import JSONText
import TestSupport
import Testing

@Suite("Configuration")
struct ConfigCommandTests {
    private let queue: TestQueue

    init() throws { queue = try TestQueue(isMade: false) }

    private var file: String { ".config/nightshift/config.yaml" }

    private func value(_ setting: String) throws -> (value: String, from: String) {
        let row = try #require(
            try queue.json("config", "show", "--json").array.first { $0["setting"] == .string(setting) })
        guard case .string(let value)? = row["value"], case .string(let from)? = row["from"] else { return ("", "") }
        return (value, from)
    }

    @Test("an option goes before the environment, that before the file, that before the default")
    func precedence() throws {
        #expect(try value("db") == ("queue.db in the data folder", "default"))
        try queue.write("db: from-file.db\npriority: 7\n", to: file)
        let folder = queue.path(".config/nightshift/")
        #expect(try value("db") == (folder + "from-file.db", "\(queue.path(file)), line 1"))
        #expect(try queue.run("paths", "queue").output == folder + "from-file.db\n")
        queue.commandLine.environment["NIGHTSHIFT_DB"] = queue.path("from-environment.db")
        #expect(try value("db") == (queue.path("from-environment.db"), "environment, NIGHTSHIFT_DB"))
        #expect(try queue.run("paths", "queue").output == queue.path("from-environment.db") + "\n")
        #expect(try queue.run("paths", "queue", "--db", queue.path("flag.db")).output == queue.path("flag.db") + "\n")
    }

    @Test("what the file says reaches the commands")
    func effects() throws {
        try queue.write("queue: night\npriority: 7\nmax_attempts: 2\n", to: file)
        try queue.run("init")
        try queue.run("add", "summarize", "--text", "a")
        try queue.run("add", "summarize", "--text", "b", "-q", "day", "-p", "1")
        #expect(
            try queue.sql("SELECT group_concat(queue || priority || max_attempts) FROM jobs") == "night72,day12")
        try queue.write("model: \(Repository.root.path)/Extras/models/reference-small\n", to: file)
        #expect(try queue.run("kinds", "test", "summarize", "-", input: "Text").errors.contains("tokens"))
    }

    @Test("an unknown setting is refused with the nearest one, its line and its column, by every command")
    func unknown() throws {
        try queue.write("# mine\nthreds: 2\n", to: file)
        let outcome = try queue.run("status")
        #expect(outcome.status == 78)
        #expect(
            outcome.errors.hasPrefix(
                "nightshift: \(queue.path(file)), line 2, column 1: there is no setting 'threds'; did you mean 'threads'? (settings: model, "
            ))
        // Whoever is to mend it must be able to.
        #expect(try queue.run("config", "path").output == queue.path(file) + "\n")
        #expect(try queue.run("help").status == 0)
    }

    @Test("check names every problem with its place")
    func check() throws {
        try queue.write("threads: many\nkv-memory: 5\nweights: int16\ncolor: [red]\ngrace: soon\n", to: file)
        let outcome = try queue.run("config", "check")
        #expect(outcome.status == 78)
        let path = queue.path(file)
        #expect(
            outcome.errors == """
                nightshift: \(path), line 1, column 10: 'threads': expected a whole number from 1 to 1024, found 'many'
                nightshift: \(path), line 2, column 1: there is no setting 'kv-memory'; did you mean 'kv_memory'? (settings: \
                model, db, style, threads, weights, kv, kv_memory, batch_rows, prefix_cache, lookahead, queue, priority, \
                max_attempts, grace, stall, color)
                nightshift: \(path), line 3, column 10: 'weights': expected one of f32, int8, int4, found 'int16'
                nightshift: \(path), line 4, column 8: 'color' takes one value
                nightshift: \(path), line 5, column 8: 'grace': expected a time such as 90s, 15m or 8h, found 'soon'
                nightshift: 5 problems in the configuration, see above

                """)
        queue.commandLine.environment["NIGHTSHIFT_THREADS"] = "no"
        try queue.write("threads: 2\n", to: file)
        #expect(
            try queue.run("config", "check").errors.contains(
                "NIGHTSHIFT_THREADS in the environment: expected a whole number"))
    }

    @Test("the first configuration explains everything and changes nothing")
    func makesOne() throws {
        let made = try queue.run("config", "init")
        #expect(made.status == 0 && made.output == queue.path(file) + "\n")
        #expect(try queue.run("config", "check").errors.contains("0 settings, all well"))
        #expect(try queue.run("config", "init").status == 73)
        // Each line without its hash is a setting that is taken.
        let text = try String(contentsOfFile: queue.path(file), encoding: .utf8)
        try queue.write(text.replacing(#/(?m)^#([a-z_]+: )/#) { "\($0.output.1)" }, to: file)
        #expect(try queue.run("config", "check").errors.contains("16 settings, all well"))
    }

    @Test("another file can be named, and must be there then")
    func named() throws {
        try queue.write("priority: 2", to: "tonight.yaml")
        #expect(
            try queue.run("config", "show", "--plain", "--config", "tonight.yaml").output.contains(
                "priority\t2\ttonight.yaml, line 1"))
        #expect(try queue.run("--config=tonight.yaml", "config", "show", "--plain").output.contains("priority\t2"))
        #expect(try queue.run("status", "--config", "nowhere.yaml").status == 66)
        #expect(try queue.run("status", "--config").status == 64)
        queue.commandLine.environment["NIGHTSHIFT_CONFIG"] = queue.path("tonight.yaml")
        #expect(try value("priority").value == "2")
    }

    @Test("hostile files are refused: no YAML, anchors, bytes, a folder, a flood")
    func hostile() throws {
        for text in ["threads: [", "&a threads: 2", "- 1", "threads: {a: 1}", "\u{FF}\u{0}"] {
            try queue.write(text, to: file)
            #expect(try queue.run("status").status == 78, "\(text)")
        }
        try queue.write(String(repeating: "# x\n", count: 20_000), to: file)
        #expect(try queue.run("status").status == 78)
        #expect(try queue.run("config", "check", "--config", queue.path("")).status == 65)
    }

    @Test("colours are as --color says, before the environment and the file")
    func colours() throws {
        try queue.run("init")
        try queue.run("add", "summarize", "--text", "a")
        func isColoured(_ arguments: String...) throws -> Bool {
            try queue.commandLine.run(["show", "1"] + arguments).output.contains("\u{1B}[1m")
        }
        #expect(try !isColoured())
        #expect(try isColoured("--color", "always"))
        queue.commandLine.environment["CLICOLOR_FORCE"] = "1"
        #expect(try isColoured())
        #expect(try !isColoured("--color=never"))
        queue.commandLine.environment["NO_COLOR"] = "1"
        #expect(try !isColoured())
        queue.commandLine.environment = ["TZ": "Europe/Berlin"]
        try queue.write("color: always\n", to: file)
        #expect(try isColoured())
        queue.commandLine.environment["NO_COLOR"] = "1"
        #expect(try !isColoured())
        #expect(try queue.run("show", "1", "--color", "purple").status == 64)
    }

    @Test("the version is printed for programs, too")
    func version() throws {
        let facts = try queue.json("--version", "--json")
        let version = try queue.run("--version").output.trimmingCharacters(in: .newlines)
        #expect(facts["name"] == "nightshift" && facts["version"] == .string(version))
        #expect(facts["schema"] != nil)
    }
}
