import Foundation
import JSONText
import JobCatalog
import TestSupport
import Testing

@Suite("Docs/your-own-kind.md")
struct YourOwnKindTests {
    @Test("its kinds are read and make prompts for every style they have, with every value of their options")
    func kinds() throws {
        let page = try String(contentsOf: Repository.root.appending(path: "Docs/your-own-kind.md"), encoding: .utf8)
        let folder = try TemporaryFolder()
        var names: [String] = []
        for part in page.components(separatedBy: "<!-- kind: ").dropFirst() {
            let name = String(part.prefix { $0 != " " })
            let yaml = try #require(part.components(separatedBy: "```yaml\n").dropFirst().first)
            try folder.write(yaml.components(separatedBy: "\n```")[0], to: "\(name).yaml")
            names.append(name)
        }
        #expect(names == ["ticket", "leaflet", "abstract"])
        let catalog = JobCatalog(userFolder: folder.url)
        #expect(catalog.problems.map(\.description) == [])
        for name in names {
            let definition = try catalog.definition(named: name)
            for style in definition.styles {
                let plain = try definition.prompt(style: style, inputs: JobInputs(document: "A text of some words."))
                #expect(plain.text.contains("A text of some words."))
                for option in definition.options {
                    for value in option.allowedValues {
                        _ = try definition.prompt(
                            style: style, inputs: JobInputs(document: "A text.", options: [option.name: value]))
                    }
                }
            }
        }
        #expect(
            try catalog.definition(named: "abstract").prompt(style: .base, inputs: JobInputs(document: "d")).check
                != nil)
    }
}
