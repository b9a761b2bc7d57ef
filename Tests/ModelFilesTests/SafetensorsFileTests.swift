import Foundation
import Kernels
import ModelFiles
import Testing

@Suite("safetensors files")
struct SafetensorsFileTests {
    @Test("Tensors, scalars, empty tensors and metadata are read, in the order of their bytes")
    func reading() throws {
        let folder = try TemporaryFolder()
        let header = #"""
            {"b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]}, "__metadata__":{"format":"pt"},
             "none":{"dtype":"F16","shape":[0,3],"data_offsets":[12,12]},
             "a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}
            """#
        let file = try folder.write(safetensors(header: header, data: bytes(of: [1, 2, 3])), to: "x.safetensors")
        let checkpoint = try Checkpoint.open(file: file)
        #expect(checkpoint.names == ["a", "b", "none"])
        #expect(checkpoint.metadata == ["format": "pt"])
        #expect(try checkpoint.tensor(named: "a").floats() == [1])
        #expect(try checkpoint.tensor(named: "b").floats() == [2, 3])
        #expect(try checkpoint.tensor(named: "b").contiguousRegion?.bytes == bytes(of: [2, 3]))
        #expect(try checkpoint.tensor(named: "none").floats() == [])
        #expect(try checkpoint.tensor(named: "none").isContiguous)
    }

    @Test(
        "A declaration that doesn't fit the data is refused by the tensor's name",
        arguments: [
            // The data has 8 bytes.
            #"{"dtype":"F32","shape":[2],"data_offsets":[0,4]}"#,
            #"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#,
            #"{"dtype":"F32","shape":[2],"data_offsets":[4,12]}"#,
            #"{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#,
            #"{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}"#,
            #"{"dtype":"F32","shape":[2],"data_offsets":[0]}"#,
            #"{"dtype":"F32","shape":[2],"data_offsets":[0,8.0]}"#,
            #"{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}"#,
            #"{"dtype":"F32","shape":[4611686018427387905,2],"data_offsets":[0,8]}"#,
            #"{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}"#,
            #"{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}"#,
            #"{"dtype":"F32","shape":2,"data_offsets":[0,8]}"#,
            #"{"dtype":"F31","shape":[2],"data_offsets":[0,8]}"#,
            #"{"dtype":7,"shape":[2],"data_offsets":[0,8]}"#,
            #"{"shape":[2],"data_offsets":[0,8]}"#,
            #"{"dtype":"F32","data_offsets":[0,8]}"#,
            #"{"dtype":"F32","shape":[2]}"#,
            "[]", "null", "8",
        ])
    func declarations(declaration: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            safetensors(header: #"{"weights":\#(declaration)}"#, data: bytes(of: [1, 2])), to: "x.safetensors")
        let error = refusal(of: file)
        #expect(error?.description.contains("weights") == true, "\(error.debugDescription)")
    }

    @Test(
        "Overlaps, holes, left-over bytes and repeated names are refused",
        arguments: [
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            #"{"__metadata__":{"format":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[8,8]}}"#,
            "{}", "[]", "", "7",
        ])
    func coverage(header: String) throws {
        let folder = try TemporaryFolder()
        refusal(of: try folder.write(safetensors(header: header, data: bytes(of: [1, 2])), to: "x.safetensors"))
    }

    @Test("A file cut off anywhere is refused")
    func truncation() throws {
        let folder = try TemporaryFolder()
        let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
        let whole = safetensors(header: header, data: bytes(of: [1, 2]))
        for count in 0..<whole.count {
            refusal(of: try folder.write(Array(whole.prefix(count)), to: "x.safetensors"))
        }
    }

    @Test("Folders and absent files are told apart from broken ones")
    func otherThanFiles() throws {
        let folder = try TemporaryFolder()
        #expect(refusal(of: folder.url.appending(path: "x.safetensors"))?.isAboutAbsence == true)
        let inner = folder.url.appending(path: "y.safetensors")
        try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
        #expect(
            refusal(of: URL(filePath: inner.path))
                == .unreadable(path: inner.path, reason: "it is no regular file"))
    }
}
