// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is held to the same rules: Swift 6 mode, explicit existentials, imports stated where they are used.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// The inner loops are useless at -O0, so that a debug build of the package compiles them optimized too.
let optimizedC: [CSetting] = [.unsafeFlags(["-O3", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra"])]

func module(
    _ name: String, path: String? = nil, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = []
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict + settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: strict)
}

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

let package = Package(
    name: "nightshift",
    products: [
        .executable(name: "nightshift", targets: ["nightshift"]),
        .library(name: "GPTJ", targets: ["GPTJ"]),
        .library(name: "Generation", targets: ["Generation"]),
        .library(name: "Tokenization", targets: ["Tokenization"]),
        .library(name: "JobStore", targets: ["JobStore"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
    ],
    targets: [
        module("JSONText"),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        module("Archives", ["CZlib"], settings: [.strictMemorySafety()]),
        module("Records", ["JSONText"]),
        .target(name: "CChildProcess", cSettings: [.unsafeFlags(["-Wall", "-Wextra"])]),
        module("ChildProcesses", ["CChildProcess"]),
        // The engine.
        .target(name: "CKernels", cSettings: optimizedC),
        .target(name: "COpenBLAS", linkerSettings: [.linkedLibrary("dl")]),
        module("Kernels", ["CKernels", "COpenBLAS"], settings: [.strictMemorySafety()]),
        .target(name: "CPocketModel"),
        module("ModelFiles", ["Archives", "CPocketModel", "JSONText", "Kernels", crypto]),
        module("Tokenization", ["JSONText", heap]),
        module("Passages"),
        module("Generation", ["JSONText", "Passages", "Tokenization", heap]),
        module("GPTJ", ["JSONText", "Kernels", "ModelFiles", "Tokenization", "Generation"]),
        module("Training", ["Archives", "GPTJ", "JSONText", "Kernels", "ModelFiles", "Tokenization"]),
        // The queue.
        .target(
            name: "Migrations", path: "migrations",
            resources: [
                .embedInCode("0001_initial.sql"), .embedInCode("0002_worker.sql"), .embedInCode("0003_queue.sql"),
                .embedInCode("0004_audit.sql"), .embedInCode("0005_guards.sql"), .embedInCode("0006_quotations.sql"),
                .embedInCode("0007_cluster.sql"), .embedInCode("0008_conversations.sql"),
                .embedInCode("0009_parts.sql"),
                .embedInCode("0010_reviews.sql"),
            ],
            swiftSettings: strict),
        module("JobStore", ["JSONText", "Migrations", grdb, logging, crypto]),
        .target(
            name: "BuiltInJobs", path: "jobs",
            resources: [
                .embedInCode("answer.yaml"), .embedInCode("answer-quote.yaml"), .embedInCode("code.yaml"),
                .embedInCode("dialogue.yaml"), .embedInCode("generate.yaml"), .embedInCode("keywords.yaml"),
                .embedInCode("mlperf-summarize.yaml"), .embedInCode("outline.yaml"), .embedInCode("paraphrase.yaml"),
                .embedInCode("quiz.yaml"), .embedInCode("summarize.yaml"), .embedInCode("summarize-quote.yaml"),
            ], swiftSettings: strict),
        module("JobCatalog", ["JSONText", "BuiltInJobs", "Generation", "Tokenization", yams]),
        module("Documents", ["Archives", "ChildProcesses", "JSONText", "Records", crypto]),
        module("Bulk", ["JSONText", "JobCatalog", "JobStore", "Records", crypto]),
        .target(
            name: "Cluster", resources: [.embedInCode("shard_task.sh.txt")], swiftSettings: strict),
        module("Worker", ["JobStore", "JobCatalog", "Generation", "Passages", "Tokenization", logging]),
        module("Evaluation", ["Archives", "JSONText", "JobCatalog", "Tokenization"]),
        module("Reports", ["JSONText", "JobStore", crypto]),
        module("Benchmarking", ["GPTJ", "Generation", "Kernels", "Tokenization", "Training"]),
        // The command line.
        module(
            "Commands",
            [
                "Benchmarking", "Bulk", "ChildProcesses", "Cluster", "Documents", "Evaluation", "GPTJ", "Generation",
                "JSONText",
                "JobCatalog",
                "JobStore", "Kernels", "Migrations", "ModelFiles", "Records", "Reports", "Tokenization", "Training",
                "Worker", argumentParser, logging, signals,
            ]),
        .target(name: "CNiceness", cSettings: [.unsafeFlags(["-Wall", "-Wextra"])]),
        .executableTarget(name: "nightshift", dependencies: ["CNiceness", "Commands"], swiftSettings: strict),
        // What proves that the queue keeps its promises: Docs/proofs.md.
        .target(
            name: "Proofs",
            dependencies: [
                "Bulk", "ChildProcesses", "JSONText", "Commands", "Generation", "JobCatalog", "JobStore", "Records",
                "Tokenization",
                "Worker",
                "TestSupport", argumentParser,
            ],
            resources: [.embedInCode("Faults/system_faults.c.txt")], swiftSettings: strict),
        .executableTarget(
            name: "nightshift-proof", dependencies: ["CNiceness", "Commands", "Proofs"], swiftSettings: strict),
        // Measurements.
        .executableTarget(name: "TokenizerBenchmark", dependencies: ["Tokenization"], swiftSettings: strict),
        .executableTarget(
            name: "ConstraintBenchmark", dependencies: ["Generation", "JSONText", "Tokenization"], swiftSettings: strict
        ),
        // Tests.
        .target(
            name: "TestSupport", dependencies: ["ChildProcesses"], path: "Tests/TestSupport", swiftSettings: strict),
        tests("JSONTextTests", ["JSONText"]),
        tests("PassagesTests", ["Passages"]),
        tests("KernelsTests", ["Kernels"]),
        tests("ModelFilesTests", ["ModelFiles", "JSONText", "Kernels"]),
        tests("GPTJTests", ["GPTJ", "ModelFiles", "Generation", "Kernels", "Tokenization"]),
        tests("TrainingTests", ["Training", "GPTJ", "JSONText", "Kernels", "ModelFiles", "Tokenization"]),
        tests("GenerationTests", ["Generation", "JSONText", "Passages", "Tokenization"]),
        tests(
            "CommandsTests",
            ["nightshift", "ChildProcesses", "Commands", "JSONText", "JobStore", "Migrations", argumentParser]),
        tests("TokenizationTests", ["Tokenization"]),
        tests("WorkerTests", ["JSONText", "Worker", "JobStore", "JobCatalog", "Generation", "Tokenization", logging]),
        tests("JobCatalogTests", ["Generation", "JSONText", "JobCatalog", "Tokenization"]),
        tests("ArchivesTests", ["Archives"]),
        tests("DocumentsTests", ["Documents", "JSONText"]),
        tests("ProofsTests", ["nightshift", "nightshift-proof", "Proofs", "JobStore"]),
        tests("JobStoreTests", ["ChildProcesses", "JSONText", "JobStore", "Migrations", "Proofs", grdb]),
        tests("BulkTests", ["Bulk", "JSONText", "JobCatalog", "JobStore", "Records"]),
        tests("ReportsTests", ["JSONText", "JobStore", "Reports"]),
        tests("ClusterTests", ["Cluster"]),
        tests("EvaluationTests", ["Evaluation", "JSONText", "Tokenization"]),
    ]
)
