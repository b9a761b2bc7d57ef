internal import CKernels

extension ValueSurvey {
    /// Looks at every weight of a matrix in blocks or panels that lies in a mapped file; memory stays as small as that of
    /// a pass over elements.
    ///
    /// Weights that no finite numbers could have been packed to count as NaN.
    ///
    /// - parameter progress: called every few MiB with the bytes read so far; what it throws ends the pass.
    /// - precondition: the matrix lies in a mapped file.
    public init(_ matrix: WeightMatrix, progress: (_ byteCount: Int) throws -> Void) rethrows {
        guard let region = matrix.mappedRegion else { preconditionFailure("the matrix isn't mapped") }
        // Rows that are looked at together, and their bytes.
        let rowStep = matrix.quantization == nil ? 1 : PanelLayout.rows
        let stepCount = (matrix.rows + rowStep - 1) / rowStep
        let stepBytes = region.count / stepCount
        let stepsAtOnce = max(1, ReadingWindow.length / stepBytes)
        var window = ReadingWindow(region: region)
        for first in stride(from: 0, to: stepCount, by: stepsAtOnce) {
            let steps = first..<min(first + stepsAtOnce, stepCount)
            let hasMoved = window.move(to: steps.lowerBound * stepBytes..<steps.upperBound * stepBytes)
            formUnion(Self.survey(matrix, region, steps: steps, rowStep: rowStep))
            if hasMoved { try progress(steps.upperBound * stepBytes) }
        }
        window.finish()
    }

    private static func survey(
        _ matrix: WeightMatrix, _ region: MappedRegion, steps: Range<Int>, rowStep: Int
    ) -> ValueSurvey {
        let rows = steps.lowerBound * rowStep..<min(steps.upperBound * rowStep, matrix.rows)
        return unsafe region.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return ValueSurvey() }
            let result: ck_survey_result
            switch matrix.storage {
            case .mappedPanels(_, let quantization):
                result = unsafe ck_survey_panels(
                    Int64(matrix.rows), Int64(matrix.columns), Int64(steps.lowerBound), Int64(steps.upperBound),
                    quantization.bits, base)
            case .mapped(_, let format):
                result = unsafe ck_survey(
                    Int64(rows.count * matrix.columns), base + rows.lowerBound * format.byteCount(of: matrix.columns),
                    1, format.kernelType)
            case .owned, .packed:
                return ValueSurvey()
            }
            return ValueSurvey(result, count: rows.count * matrix.columns)
        }
    }
}
