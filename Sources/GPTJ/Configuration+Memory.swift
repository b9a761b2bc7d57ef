public import Kernels

extension GPTJConfiguration {
    /// Bytes of the network's weights with the blocks' matrices quantized: what they take in memory of their own. The
    /// embedding, which stays in the mapped file and of which a token reads one row, isn't counted.
    public func weightBytes(quantization: Quantization) -> Int {
        let attention = 4 * quantization.byteCount(rows: width, columns: width)
        let mlp =
            quantization.byteCount(rows: innerWidth, columns: width)
            + quantization.byteCount(rows: width, columns: innerWidth)
        // The vocabulary's matrix has 8 bits in any case.
        let head = Quantization.int8.byteCount(rows: vocabularySize, columns: width)
        let vectors = layerCount * (2 * width + innerWidth + width) + 2 * width + vocabularySize
        return layerCount * (attention + mlp) + head + vectors * MemoryLayout<Float>.stride
    }
}
