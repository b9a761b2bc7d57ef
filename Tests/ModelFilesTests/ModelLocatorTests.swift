import Foundation
import ModelFiles
import Testing

@Suite("Where a model is looked for")
struct ModelLocatorTests {
    @Test("A path of a folder or of a file names the model there")
    func paths() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write([], to: "model.safetensors")
        let locator = ModelLocator(environment: [:])
        let byFolder = try locator.locate(folder.url.path)
        #expect(byFolder.folder.path == folder.url.path)
        #expect(byFolder.weights == nil)
        let byFile = try locator.locate(file.path)
        #expect(URL(filePath: byFile.folder.path).path == folder.url.path)
        #expect(byFile.weights?.path == file.path)
        let fromHome = try ModelLocator(environment: ["HOME": folder.url.path]).locate("~/model.safetensors")
        #expect(fromHome.weights?.path == file.path)
    }

    @Test("A name is a folder among the user's models")
    func names() throws {
        let data = try TemporaryFolder()
        let locator = ModelLocator(environment: ["XDG_DATA_HOME": data.url.path, "HOME": "/nowhere"])
        let models = try #require(locator.modelsFolder)
        #expect(models.path == data.url.path + "/nightshift/models")
        #expect(locator.names == [])
        for name in ["small-model", "another"] {
            let folder = models.appending(path: name)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data("{}".utf8).write(to: folder.appending(path: "config.json"))
        }
        try FileManager.default.createDirectory(
            at: models.appending(path: "no-model"), withIntermediateDirectories: true)
        #expect(try locator.locate("small-model").folder.path == models.path + "/small-model")
        #expect(locator.names == ["another", "small-model"])
    }

    @Test("The model inside the executable has a name, which a model of the user's may take")
    func builtIn() throws {
        let data = try TemporaryFolder()
        let locator = ModelLocator(environment: ["XDG_DATA_HOME": data.url.path])
        let model = try locator.locate("pocket")
        #expect(model.isBuiltIn && model.name == "pocket" && model.gguf != nil)
        #expect(try model.checkpoint().form == .gguf)
        let own = try #require(locator.modelsFolder).appending(path: "pocket")
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
        #expect(try locator.locate("pocket").folder.path == own.path)
    }

    @Test("A model that isn't there is told with the places where it was looked for", arguments: ["absent", "a/b", ""])
    func absent(name: String) throws {
        let locator = ModelLocator(environment: ["XDG_DATA_HOME": "relative", "HOME": "/nowhere"])
        let error = #expect(throws: ModelFileError.self) { try locator.locate(name) }
        #expect(error?.isAboutAbsence == true)
        let kept = "/nowhere/.local/share/nightshift/models/absent"
        #expect(error?.description.contains(kept) == (name == "absent"))
    }
}
