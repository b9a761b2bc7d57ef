public import Kernels

extension StoredTensor {
    /// Reads every element once: are they finite, and how far do they range? Memory stays at a few tens of MiB.
    ///
    /// - parameter progress: called every few MiB with the elements read so far; what it throws ends the pass.
    /// - returns: `nil` for a type that the engine doesn't compute with.
    public func survey(progress: (_ elementCount: Int) throws -> Void) rethrows -> ValueSurvey? {
        guard let elementType = type.elementType else { return nil }
        return try ValueSurvey(
            region: region, type: elementType, offset: storageOffset, shape: shape, strides: strides,
            progress: progress)
    }
}
