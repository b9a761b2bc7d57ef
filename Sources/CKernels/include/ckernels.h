// The inner loops of the engine, one table of functions per instruction set.
//
// scalar.c is the definition: plain C, one operation after the other. A vector version performs the same
// operations on each element in the same order, so that all tables give the same bits for the same input, and an
// element's value doesn't depend on how many rows or columns are computed with it.
//
// Nothing here allocates, keeps state or starts threads. Sizes and strides count elements, pointers need no
// alignment beyond that of their type unless said, and no input overlaps an output unless said.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How stored weights are written. Those of q8_0 and q4_0 stand in blocks of ck_block_length elements of a row, whose
/// length is a multiple of it; d is a half:
///
///   q8_0   d; int8_t q[32];    element j is d * q[j]
///   q4_0   d; uint8_t q[16];   element j is d * ((q[j] & 15) - 8), element j + 16 is d * ((q[j] >> 4) - 8)
typedef enum ck_type {
    ck_type_f32 = 0, ck_type_f16 = 1, ck_type_bf16 = 2, ck_type_q8_0 = 3, ck_type_q4_0 = 4
} ck_type;

enum {
    ck_block_length = 32,
    /// Bytes of a block.
    ck_block_bytes_8 = 2 + ck_block_length,
    ck_block_bytes_4 = 2 + ck_block_length / 2,
};

/// Bytes of `count` elements, which are whole blocks where there are blocks.
static inline int64_t ck_stored_bytes(ck_type type, int64_t count) {
    switch (type) {
        case ck_type_f32: return count * 4;
        case ck_type_q8_0: return count / ck_block_length * ck_block_bytes_8;
        case ck_type_q4_0: return count / ck_block_length * ck_block_bytes_4;
        default: return count * 2;
    }
}

enum {
    /// Sums over the inner dimension are chains of fused multiply-adds over blocks of this length from block starts
    /// at its multiples; the blocks' sums are added in order.
    ck_block_k = 256,
    /// Columns that a packed panel holds.
    ck_panel_columns = 64,
    /// Elements of scratch that `linear` wants, as floats aligned to 64 bytes.
    ck_linear_scratch = ck_block_k * ck_panel_columns
};

/// y[i, n] = f(sum over j of x[i, j] * w[n, j] + bias[n]) for the rows i in 0..<rows and the columns n in
/// first..<end. With `accumulate` the old y[i, n] is added in; with `gelu` f is GPT-J's GELU, else the identity.
typedef struct ck_linear_arguments {
    int64_t rows;              ///< rows of x and y
    int64_t inner;             ///< length of the sums: columns of x and w
    int64_t first, end;        ///< the rows of w, columns of y, to compute
    const float *x;            ///< [rows, inner]
    int64_t x_stride;          ///< from row to row of x
    const void *w;             ///< [at least end, inner], row-major without gaps; aligned to one byte
    ck_type w_type;            ///< element type of w
    const float *bias;         ///< [at least end], or null
    float *y;                  ///< [rows, at least end]
    int64_t y_stride;          ///< from row to row of y
    float *scratch;            ///< ck_linear_scratch floats
    int accumulate;            ///< add to y instead of replacing it
    int gelu;                  ///< apply GELU last
} ck_linear_arguments;

typedef struct ck_kernels {
    void (*linear)(const ck_linear_arguments *arguments);

    /// c[i, n] = sum over j of a[i, j] * b[j, n], one chain of fused multiply-adds over all of `inner`; with
    /// `accumulate` the sum is added to the old c[i, n].
    /// a is [rows, inner], b is [inner, columns rounded up to 16] (what stands behind `columns` is read and ignored).
    void (*product)(int64_t rows, int64_t columns, int64_t inner, const float *a, int64_t a_stride, const float *b,
                    int64_t b_stride, float *c, int64_t c_stride, int accumulate);

    /// out[i] = (x[i] - mean) / sqrt(variance + epsilon) * weight[i] + bias[i], the variance being the biased one.
    void (*layer_norm)(int64_t count, const float *x, const float *weight, const float *bias, float epsilon,
                       float *out);

    /// In place: 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), as x / (1 + exp(-2 u)).
    void (*gelu)(int64_t count, float *x);

    /// Stored elements to floats, exactly.
    void (*widen)(int64_t count, const void *source, ck_type type, float *out);

    // For measuring ceilings.

    /// Performs `steps` * 24 * 16 independent fused multiply-adds in registers; returns a sum that depends on them.
    float (*busy)(int64_t steps);

    /// The sum of `count` floats, in no particular order: reads them as fast as memory allows.
    float (*sum)(int64_t count, const float *x);
} ck_kernels;

/// In place, for one head: rotates the pairs (2i, 2i+1) of the first `rotary` elements by the angle whose cosine and
/// sine are given, rotary / 2 of each. The rotation of Su et al. 2021 (RoFormer) in GPT-J's interleaved order.
void ck_rotate_pairs(int64_t rotary, const float *cosine, const float *sine, float *head);

/// y[places[i], n] += x[i, n] for the rows i in 0..<rows and the columns n in first..<end; no place stands twice.
void ck_add_rows(int64_t rows, int64_t first, int64_t end, const float *x, int64_t x_stride, const int64_t *places,
                 float *y, int64_t y_stride);

/// What `ck_survey` found.
typedef struct ck_survey_result {
    int64_t nans, infinities;  ///< how many of them
    float minimum, maximum;    ///< of the finite elements; infinity and -infinity where there are none
} ck_survey_result;

/// Looks at `count` stored elements, `stride` elements from one to the next. `source` needs no alignment. Elements in
/// blocks are whole blocks with a stride of 1.
ck_survey_result ck_survey(int64_t count, const void *source, int64_t stride, ck_type type);

/// Adds what `count` floats are to `result`.
void ck_survey_add(int64_t count, const float *x, ck_survey_result *result);

/// Floats to stored elements, whole blocks where there are blocks; the inverse of `widen`. f16 and bf16 are rounded to
/// the nearest, ties to even. A block of q8_0 has d = max |x| / 127 and q = x * (1 / d), rounded to the nearest, ties away
/// from 0; one of q4_0 has d = m / -8, m being the first x of the largest magnitude, and q = x * (1 / d) + 8.5, cut off
/// and no more than 15. Where 1 / d isn't finite, 0 stands for it. d is rounded to a half after that.
///
/// Returns how many elements aren't finite, or aren't any more as `type` has them.
int64_t ck_narrow(int64_t count, const float *x, ck_type type, void *out);

/// Tells the processor that the thread is waiting in a loop.
static inline void ck_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#ifdef __cplusplus
}
#endif
#endif
