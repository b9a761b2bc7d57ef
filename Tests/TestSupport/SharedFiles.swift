public import Foundation

/// The reference values that lie beside the repository on the developers' machines and in CI, not in a clone elsewhere.
public enum SharedFiles {
    /// `shared/` beside the checkout, or where `NIGHTSHIFT_SHARED` points; `nil` where there is none.
    public static let folder: URL? = {
        let repository = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let candidate =
            ProcessInfo.processInfo.environment["NIGHTSHIFT_SHARED"].map { URL(filePath: $0) }
            ?? repository.deletingLastPathComponent().appending(path: "shared")
        return FileManager.default.fileExists(atPath: candidate.appending(path: "golden").path) ? candidate : nil
    }()

    public static var areAvailable: Bool { folder != nil }

    /// A path under `shared/golden`. Call only in tests that are enabled `if: SharedFiles.areAvailable`.
    public static func golden(_ path: String) -> URL {
        guard let folder else { preconditionFailure("the test needs .enabled(if: SharedFiles.areAvailable)") }
        return folder.appending(path: "golden").appending(path: path)
    }
}

/// What lies in the repository itself.
public enum Repository {
    public static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The small trained model that the demo uses.
    public static let referenceModel = root.appending(path: "Extras/models/reference-small")
}
