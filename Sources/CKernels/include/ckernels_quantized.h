// Products of int8 activations with int8 or int4 weights, one table of functions per instruction set.
//
// quantized.c is the definition; the vector versions give its bits. Integer sums are exact, so that their order is
// free; the floats made of them are added in one order.
//
// Activations. A row is cut into groups of ck_group elements, the last one filled up with zeros. A group becomes
// scale * code, where scale = max |x| / 127 and code = x * (127 / max |x|), rounded to the nearest, ties to even:
// an outlier spoils the 127 elements beside it and nothing else. A group of zeros, or of numbers under 2^-100, has
// scale and codes 0. A group with an infinity or a NaN has scale NaN and codes 0: what is computed of it is NaN.
//
// Weights. Panels of ck_panel_columns columns (rows of the stored matrix), one after the other. A panel is its groups
// of ck_group elements of the inner dimension, one after the other, each read from its first byte to its last:
//
//   8 bits   float scales[ck_panel_columns];
//            uint8_t codes[ck_group / 4][ck_panel_columns][4];
//            weight = scale * (code - 128)
//   4 bits   float scales[ck_panel_columns];
//            uint8_t multipliers[ck_group / ck_subgroup][ck_panel_columns];
//            uint8_t codes[ck_group / 8][ck_panel_columns][4];
//            weight = scale * multiplier * (nibble - 8); the low nibbles are four elements, the high ones the next four
//
// multiplier * (nibble - 8) fits into a byte, so that 4-bit weights are multiplied as 8-bit ones. Columns that the
// matrix doesn't have are zeros.
#ifndef CKERNELS_QUANTIZED_H
#define CKERNELS_QUANTIZED_H

#include <stdint.h>

#include "ckernels.h"
#include "ckernels_attention.h"
#include "ckernels_training.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /// Elements of the inner dimension that share a scale.
    ck_group = 128,
    /// Elements that share a multiplier among 4-bit weights.
    ck_subgroup = 32,
    /// The largest multiplier: 16 * -8 is a byte's least value.
    ck_largest_multiplier = 16,
    /// Bytes of a group of a panel.
    ck_panel_group_bytes_8 = ck_panel_columns * (4 + ck_group),
    ck_panel_group_bytes_4 = ck_panel_columns * (4 + ck_group / ck_subgroup + ck_group / 2),
    /// Rows that go over a group of a panel together, and groups that they go over before the next rows do.
    ck_quantized_rows = 48,
    ck_quantized_groups = 32,
    /// Bytes of scratch that `linear` wants, aligned to 64: the sums of those rows, and a group of 4-bit weights as bytes.
    ck_quantized_scratch = 4 * ck_quantized_rows * ck_panel_columns + ck_panel_columns * ck_group
};

/// Rows of activations as integers: for each group the rows' codes one after the other.
typedef struct ck_codes {
    int64_t rows;
    int64_t groups;            ///< of a row
    int8_t *codes;             ///< [groups, rows, ck_group]
    float *scales;             ///< [groups, rows]
    int32_t *sums;             ///< [groups, rows, ck_group / ck_subgroup]: the sums of the subgroups' codes
} ck_codes;

/// y[i, n] = f(s + bias[n]), where s starts with 0, or with the old y[i, n] to accumulate, and becomes
/// fma(sum over j of the group's codes, x scale * w scale, s) for each group in order; f is GELU or the identity.
typedef struct ck_quantized_arguments {
    ck_codes x;
    const void *panels;        ///< the first panel of the matrix; aligned to 64 bytes
    int bits;                  ///< of the weights: 8 or 4
    int64_t first, end;        ///< the columns to compute; `first` is a multiple of ck_panel_columns
    const float *bias;         ///< [at least end], or null
    float *y;                  ///< [rows, at least end]
    int64_t y_stride;          ///< from row to row of y
    void *scratch;             ///< ck_quantized_scratch bytes
    int accumulate;            ///< start from y instead of 0
    int gelu;                  ///< apply GELU last
} ck_quantized_arguments;

typedef struct ck_quantized_kernels {
    /// Quantizes the rows first..<end of x, [out.rows, inner], into those of `out`; out.groups * ck_group >= inner.
    void (*quantize)(const float *x, int64_t x_stride, int64_t inner, int64_t first, int64_t end, ck_codes out);

    void (*linear)(const ck_quantized_arguments *arguments);

    /// For measuring the ceiling: performs `steps` * 24 * 64 multiply-adds of bytes in registers; returns a sum that
    /// depends on them.
    int32_t (*busy)(int64_t steps);
} ck_quantized_kernels;

/// Instructions that go together.
typedef struct ck_instruction_set {
    const char *name;          ///< "avx512-vnni", "avx512", "avx2-vnni", "avx2", "neon-dot", "neon" or "scalar"
    const ck_kernels *floats;
    const ck_quantized_kernels *quantized;
    const ck_attention_kernels *attention;
    const ck_training_kernels *training;
} ck_instruction_set;

/// The sets that this program has and this processor can run, the best first, the scalar one last.
/// Writes up to `capacity` of them and returns how many there are.
int ck_available(ck_instruction_set *sets, int capacity);

/// Quantizes columns of w, [columns, inner] stored as `type` without gaps, into the panels first..<end; those begin at
/// the columns that are multiples of ck_panel_columns. Weights that aren't finite make their column NaN.
///
/// 8 bits: scale = max |w| / 127. 4 bits: scale = max |w| / (7.5 * ck_largest_multiplier), so that the largest weight is
/// in reach on either side of zero, and each subgroup has the multiplier with the least sum of squared errors.
///
/// - `kernels` widens the stored weights; every table gives the same panels.
void ck_pack_weights(const ck_kernels *kernels, const void *w, ck_type type, int64_t columns, int64_t inner,
                     int64_t first, int64_t end, int bits, void *panels);

/// Looks at the weights of the panels first..<end of a matrix [columns, inner]. What ck_pack_weights makes of no finite
/// weight counts as NaN: a scale that isn't finite, a code of 0 (8 bits), a multiplier above the largest (4 bits).
ck_survey_result ck_survey_panels(int64_t columns, int64_t inner, int64_t first, int64_t end, int bits,
                                  const void *panels);

#ifdef __cplusplus
}
#endif
#endif
