public import Kernels

extension StoredTensor {
    /// Reads every element once: are they finite, and how far do they range? Memory stays at a few tens of MiB.
    ///
    /// - parameter progress: called every few MiB with the bytes read so far; what it throws ends the pass.
    /// - returns: `nil` for a type that the engine doesn't compute with.
    public func survey(progress: (_ byteCount: Int) throws -> Void) rethrows -> ValueSurvey? {
        if let elementType = type.elementType {
            return try ValueSurvey(
                region: region, type: elementType, offset: storageOffset, shape: shape, strides: strides,
                progress: { try progress($0 * type.byteCount) })
        }
        return try matrix.map { try ValueSurvey($0, progress: progress) }
    }
}
