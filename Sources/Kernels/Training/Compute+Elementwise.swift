internal import CKernels

/// What training does to matrices element by element, or row by row.
extension Compute {
    /// Runs `body` on the threads' parts of the rows. `cost` is that of an element, in multiply-adds.
    private func eachRow(of matrix: FloatMatrix, cost: Int, _ body: (_ row: Int) -> Void) {
        divide(matrix.rows, unit: 1, work: cost * matrix.rows * matrix.columns) { part, _ in
            for row in part { body(row) }
        }
    }

    public func fill(_ matrix: FloatMatrix, with value: Float = 0) {
        eachRow(of: matrix, cost: 1) { row in
            unsafe matrix.row(row).update(repeating: value, count: matrix.columns)
        }
    }

    public func copy(_ source: FloatMatrix, into target: FloatMatrix) {
        precondition(source.rows == target.rows && source.columns == target.columns)
        eachRow(of: source, cost: 1) { row in
            unsafe target.row(row).update(from: source.row(row), count: source.columns)
        }
    }

    /// `target += factor * source`
    public func add(_ source: FloatMatrix, times factor: Float = 1, to target: FloatMatrix) {
        precondition(source.rows == target.rows && source.columns == target.columns)
        eachRow(of: source, cost: 1) { row in
            unsafe trainingKernels.pointee.add(Int64(source.columns), factor, source.row(row), target.row(row))
        }
    }

    /// `matrix *= factor`
    public func scale(_ matrix: FloatMatrix, by factor: Float) {
        eachRow(of: matrix, cost: 1) { row in
            unsafe trainingKernels.pointee.scale(Int64(matrix.columns), factor, matrix.row(row))
        }
    }

    /// Adds `bias`, `[1, columns]`, to every row.
    public func addBias(_ bias: FloatMatrix, to matrix: FloatMatrix) {
        precondition(bias.columns == matrix.columns)
        eachRow(of: matrix, cost: 1) { row in
            unsafe trainingKernels.pointee.add(Int64(matrix.columns), 1, bias.base, matrix.row(row))
        }
    }

    /// Adds the sum of the rows to `target`, `[1, columns]`: a bias's gradient.
    public func addColumnSums(of matrix: FloatMatrix, to target: FloatMatrix) {
        precondition(target.columns == matrix.columns)
        divide(matrix.columns, unit: 16, work: matrix.rows * matrix.columns) { part, _ in
            for row in 0..<matrix.rows {
                unsafe trainingKernels.pointee.add(
                    Int64(part.count), 1, matrix.row(row) + part.lowerBound, target.base + part.lowerBound)
            }
        }
    }

    /// `target = source / (1 - share)`, but for a share of the elements, which is zero: those that `key` determines.
    public func dropOut(_ source: FloatMatrix, into target: FloatMatrix, share: Double, key: UInt64) {
        precondition(source.rows == target.rows && source.columns == target.columns && share >= 0 && share < 1)
        let limit = UInt32(share * 0x1p32)
        let factor = Float(1 / (1 - share))
        eachRow(of: source, cost: 16) { row in
            let (x, y) = unsafe (source.row(row), target.row(row))
            let first = UInt64(row) << 32
            for column in 0..<source.columns {
                // Splitmix64's mixture of the place.
                var z = key &+ (first | UInt64(column)) &* 0x9E37_79B9_7F4A_7C15
                z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
                z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
                unsafe y[column] = UInt32(truncatingIfNeeded: z >> 32) < limit ? 0 : x[column] * factor
            }
        }
    }

    /// `output = gelu(input)`
    public func gelu(_ input: FloatMatrix, into output: FloatMatrix) {
        precondition(input.rows == output.rows && input.columns == output.columns)
        eachRow(of: input, cost: 16) { row in
            unsafe trainingKernels.pointee.gelu(Int64(input.columns), input.row(row), output.row(row))
        }
    }

    /// `gradient *= gelu'(input)`
    public func geluBackward(_ input: FloatMatrix, _ gradient: FloatMatrix) {
        precondition(input.rows == gradient.rows && input.columns == gradient.columns)
        eachRow(of: input, cost: 24) { row in
            unsafe trainingKernels.pointee.gelu_back(Int64(input.columns), input.row(row), gradient.row(row))
        }
    }

    /// Rotates queries or keys by their positions, in place; with `isBackward` by the opposite angles, which is what
    /// their gradients need.
    public func rotate(
        _ matrix: FloatMatrix, by table: RotaryTable, positions: [Int], headLength: Int, isBackward: Bool
    ) {
        precondition(positions.count == matrix.rows && matrix.columns.isMultiple(of: headLength))
        precondition(positions.allSatisfy { $0 >= 0 && $0 < table.positionCount })
        let half = table.rotaryLength / 2
        let turn = isBackward ? unsafe ck_rotate_pairs_back : unsafe ck_rotate_pairs
        eachRow(of: matrix, cost: 4) { row in
            let angle = positions[row] * half
            for head in stride(from: 0, to: matrix.columns, by: headLength) {
                unsafe turn(
                    Int64(table.rotaryLength), table.cosines.base + angle, table.sines.base + angle,
                    matrix.row(row) + head)
            }
        }
    }

    /// Rows of `table` at `indices`.
    public func gather(_ indices: [Int], of table: FloatMatrix, into output: FloatMatrix) {
        precondition(indices.count == output.rows && table.columns == output.columns)
        precondition(indices.allSatisfy { $0 >= 0 && $0 < table.rows })
        eachRow(of: output, cost: 1) { row in
            unsafe output.row(row).update(from: table.row(indices[row]), count: table.columns)
        }
    }

    /// Adds each row to the row of `table` at its index: the gradient of ``gather(_:of:into:)``.
    public func scatter(_ rows: FloatMatrix, addingTo indices: [Int], of table: FloatMatrix) {
        precondition(indices.count == rows.rows && table.columns == rows.columns)
        precondition(indices.allSatisfy { $0 >= 0 && $0 < table.rows })
        // An index may come twice, so that the threads share the columns.
        divide(table.columns, unit: 16, work: rows.rows * rows.columns) { part, _ in
            for (row, index) in indices.enumerated() {
                unsafe trainingKernels.pointee.add(
                    Int64(part.count), 1, rows.row(row) + part.lowerBound, table.row(index) + part.lowerBound)
            }
        }
    }
}
