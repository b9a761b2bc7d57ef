import Foundation
import ModelFiles
import TestSupport
import Testing

@Suite("Fingerprints of weights")
struct FingerprintTests {
    @Test(
        "The same weights have one fingerprint in every form, and each type another",
        .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
    func formsAgree() throws {
        func fingerprint(_ form: String) throws -> String {
            try Checkpoint.open(folder: SharedFiles.golden("models/a-rot8/checkpoints/\(form)")).fingerprint
        }
        let reference = try fingerprint("st-f32")
        for form in [
            "st-sharded-f32", "bin-f32", "bin-sharded-f32", "bin-statedict-f32", "bin-views-f32", "st-odd-f32",
        ] {
            #expect(try fingerprint(form) == reference, "\(form)")
        }
        #expect(try fingerprint("st-f16") != reference)
        #expect(try fingerprint("bin-bf16") == fingerprint("bin-params-bf16"))
    }

    @Test("A changed number, name or shape changes the fingerprint")
    func changes() throws {
        let folder = try TemporaryFolder()
        func fingerprint(name: String = "x", shape: [Int] = [2, 3], numbers: [Float] = [1, 2, 3, 4, 5, 6]) throws
            -> String
        {
            let header = #"{"\#(name)": {"dtype": "F32", "shape": \#(shape), "data_offsets": [0, 24]}}"#
            return try Checkpoint.open(
                file: folder.write(safetensors(header: header, data: bytes(of: numbers)), to: "x.safetensors")
            ).fingerprint
        }
        let all = try [
            fingerprint(), fingerprint(name: "y"), fingerprint(shape: [3, 2]),
            fingerprint(numbers: [1, 2, 3, 4, 5, 7]),
        ]
        #expect(Set(all).count == 4)
        #expect(try fingerprint() == all[0])
    }
}
