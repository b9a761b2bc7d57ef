import Foundation
import JobStore

/// Looks at the queue's file: whether it can be used and is sound.
struct QueueCheckup {
    /// Free pages are nothing to speak of below this, and below a quarter of the file.
    private static let notableFreeBytes = 64 << 20
    private static let largeLogBytes = 256 << 20
    private static let scarceDiskBytes = 256 << 20

    let path: String
    let isThorough: Bool
    let now: Date

    var findings: [Finding] {
        let inspection: QueueInspection
        do {
            inspection = try QueueInspection(path: path, thorough: isThorough, now: now)
        } catch JobStoreError.notFound {
            let advice = "make one with: nightshift init \(ShellText.quoted(path))"
            return [sqlite, .problem("file", "there is no queue at \(path)", advice: advice)]
                + [place, diskSpace].compactMap(\.self)
        } catch let error as JobStoreError {
            return [sqlite, .problem("file", error.description)] + [place, diskSpace].compactMap(\.self)
        } catch {
            return [sqlite, .problem("file", "\(error)")]
        }
        let file = [
            sqlite, .ok("file", "\(inspection.path): \(inspection.file.bytes.byteText)"), permission(inspection),
            place, diskSpace, schema(inspection), soundness(inspection), references(inspection), log(inspection),
            freePages(inspection),
        ].compactMap(\.self)
        return file + (inspection.work.map { WorkCheckup(work: $0, now: now).findings } ?? [])
    }

    private var sqlite: Finding {
        let version = QueueInspection.libraryVersion
        guard QueueInspection.libraryHasLogResetBug else { return .ok("sqlite", version) }
        return .ok(
            "sqlite",
            "\(version); before 3.51.3, two programs that write the log back at once could, very rarely, damage the "
                + "file: nightshift takes turns, so leave that to it")
    }

    // MARK: - Where it lies

    private var folder: String { URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false) }
    private var existing: String { FileManager.default.fileExists(atPath: path) ? path : folder }

    private func permission(_ inspection: QueueInspection) -> Finding? {
        let files = FileManager.default
        guard !files.isWritableFile(atPath: path) || !files.isWritableFile(atPath: folder) else { return nil }
        return .problem(
            "permission", "this user can read the queue but not change it",
            advice: "give write permission on \(path) and on \(folder), or work as the user who owns them")
    }

    private var place: Finding? {
        guard let system = QueueInspection.fileSystem(at: existing) else { return nil }
        guard system.isSuitable else {
            return .problem(
                "file system", "\(system.kind), where locks between processes can't be relied on",
                advice: "put the queue on a local disk")
        }
        return .ok("file system", system.kind)
    }

    private var diskSpace: Finding? {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: existing)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue else { return nil }
        guard free < Self.scarceDiskBytes else { return .ok("disk space", "\(free.byteText) free") }
        return .warning(
            "disk space", "only \(free.byteText) free",
            advice: "make room: a worker keeps results in memory while the disk is full, and tries again")
    }

    // MARK: - What it is

    private func schema(_ inspection: QueueInspection) -> Finding {
        let schema = inspection.schema
        guard !schema.missing.isEmpty else { return .ok("schema", "version \(schema.version)") }
        return .warning(
            "schema",
            "version \(schema.version); this nightshift has \(schema.supported), so the work in it wasn't looked at",
            advice: "nightshift migrate --db \(ShellText.quoted(path))")
    }

    private func soundness(_ inspection: QueueInspection) -> Finding {
        guard let first = inspection.damage.first else {
            return .ok("integrity", isThorough ? "sound, indexes too" : "sound; --full compares the indexes too")
        }
        return .problem(
            "integrity",
            "\(inspection.damage.count >= 20 ? "20 faults or more" : counted(inspection.damage.count, "fault")), first: \(first)",
            advice:
                "stop the workers and restore a backup, or save what can be read: sqlite3 \(ShellText.quoted(path)) .recover"
        )
    }

    private func references(_ inspection: QueueInspection) -> Finding {
        guard !inspection.brokenReferences.isEmpty else { return .ok("references", "none broken") }
        let counts = inspection.brokenReferences.sorted { $0.key < $1.key }.map { "\($1) in \($0)" }
        return .warning(
            "references", "rows refer to rows that aren't there: \(counts.joined(separator: ", "))",
            advice: "sqlite3 \(ShellText.quoted(path)) 'PRAGMA foreign_key_check' names them")
    }

    private func log(_ inspection: QueueInspection) -> Finding {
        let size = inspection.file.logBytes
        guard size > Self.largeLogBytes else { return .ok("log", size.byteText) }
        return .warning(
            "log", "\(size.byteText) wait to be written back, which is much",
            advice: "end sqlite3 prompts and other programs that keep a read open; a worker then shrinks it")
    }

    private func freePages(_ inspection: QueueInspection) -> Finding? {
        let (free, size) = (inspection.file.freeBytes, inspection.file.bytes)
        guard free > Self.notableFreeBytes, free > size / 4 else { return nil }
        return .warning(
            "free pages", "\(free.byteText) of the file's \(size.byteText) hold nothing",
            advice: inspection.file.canShrink
                ? "nightshift prune --vacuum gives them back to the disk"
                : "sqlite3 \(ShellText.quoted(path)) 'VACUUM' while no worker runs")
    }
}
