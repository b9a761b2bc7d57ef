import Foundation
import JSONText
import Testing

@Suite("Templates of the queue")
struct TemplateCommandTests {
    @Test("a template is kept version by version, shown, listed and tested")
    func versions() throws {
        let queue = try TestQueue()
        try queue.write("Short: {{document}}\nTL;DR:\n", to: "brief.txt")
        let first = try queue.run(
            "template", "add", "brief", "brief.txt", "--kind", "summarize", "-o", "max_new_tokens=20")
        #expect(first.output == "brief@1\n" && first.status == 0)
        #expect(first.errors == "kept as version 1; use it with: nightshift add summarize -t brief FILE\n")
        let same = try queue.run(
            "template", "add", "brief", "brief.txt", "--kind", "summarize", "-o", "max_new_tokens=20")
        #expect(same.output == "brief@1\n" && same.errors.contains("says the same already"))
        queue.commandLine.environment["EDITOR"] = "sed -i s/Short/Shorter/"
        #expect(try queue.run("template", "edit", "brief").output == "brief@2\n")
        #expect(try queue.run("template", "show", "brief").output == "Shorter: {{document}}\nTL;DR:\n")
        #expect(try queue.run("template", "show", "brief@1").output == "Short: {{document}}\nTL;DR:\n")
        let list = try queue.json("template", "list", "--json").array
        #expect(list.count == 1 && list[0]["version"] == 2 && list[0]["kind"] == "summarize")
        #expect(try queue.json("template", "list", "brief", "--json").array.count == 2)
        try queue.write("Bees make honey.\n", to: "bees.txt")
        #expect(try queue.run("template", "test", "brief", "bees.txt").output == "Shorter: Bees make honey.\nTL;DR:\n")
    }

    @Test("jobs name a template, at the command line and at the prompt, and keep its version")
    func jobs() throws {
        let queue = try TestQueue()
        try queue.write("Short: {{document}}\nTL;DR:", to: "brief.txt")
        try queue.run("template", "add", "brief", "brief.txt", "--kind", "summarize")
        try queue.write("Bees make honey.", to: "bees.txt")
        #expect(try queue.run("add", "summarize", "-t", "brief", "bees.txt").output == "1\n")
        #expect(
            try queue.sql("SELECT t.name || t.version FROM jobs j JOIN templates t ON t.id = j.template_id") == "brief1"
        )
        let dry = try queue.run("add", "summarize", "-t", "brief", "bees.txt", "--dry-run")
        #expect(dry.output == "Short: Bees make honey.\nTL;DR:\n")
        try queue.sql("INSERT INTO jobs (kind, input, template_id) VALUES ('summarize', 'By hand.', 1)")
        #expect(try queue.json("template", "show", "brief", "--json")["jobs"] == 2)
    }

    @Test("what can't be a template is refused with the place, and a name that isn't there with the nearest")
    func refusals() throws {
        let queue = try TestQueue()
        try queue.write("{{documnet}}", to: "wrong.txt")
        let wrong = try queue.run("template", "add", "brief", "wrong.txt", "--kind", "summarize")
        #expect(wrong.status == 78 && wrong.errors.contains("there is no 'documnet'; did you mean 'document'?"))
        try queue.write("{{document}}", to: "right.txt")
        try queue.run("template", "add", "brief", "right.txt", "--kind", "summarize")
        let missing = try queue.run("template", "show", "breif")
        #expect(missing.status == 66)
        #expect(
            missing.errors
                == "nightshift: there is no template 'breif' in the queue; did you mean 'brief'? (templates: brief)\n")
        #expect(try queue.run("template", "show", "brief@7").errors.contains("has no version 7 (versions: 1)"))
        #expect(try queue.run("template", "add", "a b", "right.txt", "--kind", "summarize").status == 64)
        try queue.write("\u{0}", to: "nul.txt")
        #expect(try queue.run("template", "add", "nul", "nul.txt", "--kind", "summarize").status == 65)
        #expect(try queue.run("template", "add", "none", "nowhere.txt", "--kind", "summarize").status == 66)
        queue.commandLine.environment["EDITOR"] = "false"
        #expect(try queue.run("template", "edit", "brief").status == 1)
        queue.commandLine.environment["EDITOR"] = "no-such-editor"
        #expect(try queue.run("template", "edit", "brief").status == 69)
    }
}
