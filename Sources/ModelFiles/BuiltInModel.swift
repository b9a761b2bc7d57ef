private import CPocketModel
import Foundation
import Kernels

/// The small model that the executable carries, so that the first command on a fresh machine does the real job.
enum BuiltInModel {
    static let name = "pocket"
    /// Stands for a path in what people read; no file can be there.
    static let url = URL(filePath: "/(inside nightshift)/\(name).gguf")

    /// The model's GGUF file, as it lies in the executable.
    static var file: MappedFile {
        // Sound: the array is constant and has this many bytes.
        unsafe MappedFile(
            constant: UnsafeRawBufferPointer(start: pocket_model_bytes, count: pocket_model_byte_count),
            name: url.path)
    }
}
