import Foundation
import GPTJ
import Generation
import ModelFiles
import Worker

/// The adapters that are named on the command line, by kinds and by jobs: found, read once, kept within a bound.
struct AdapterLibrary: AdapterFinder {
    let shelf: AdapterShelf
    let locator: AdapterLocator

    func adapters(named names: String) throws(AdapterProblem) -> JobAdapters {
        do {
            return try adapters(AdapterReference.list(names))
        } catch let error as AdapterShelfError {
            throw AdapterProblem(error.description, isPassing: error.isPassing)
        } catch {
            throw AdapterProblem(String(describing: error), isPassing: false)
        }
    }

    /// - throws: `ModelFileError`, `AdapterShelfError`.
    func adapters(_ references: [AdapterReference]) throws -> JobAdapters {
        var entries: [AdapterMix.Entry] = []
        var (names, fingerprints): ([String], String) = ([], "")
        for reference in references {
            let folder = try locator.locate(reference.name)
            let name = folder.standardizedFileURL.lastPathComponent
            let adapter = try shelf.adapter(in: folder, name: name)
            let scale = reference.scale == 1 ? "" : "=\(reference.scale)"
            entries.append(AdapterMix.Entry(adapter, scale: Float(reference.scale)))
            names.append(name + scale)
            fingerprints += "+\(adapter.fingerprint)\(scale)"
        }
        return JobAdapters(
            mix: AdapterMix(entries), names: names.joined(separator: ","), fingerprints: fingerprints)
    }
}
