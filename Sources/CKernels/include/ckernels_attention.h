// Keys and values in pages, and attention over one page, one table of functions per instruction set.
//
// attention.c is the definition; the vector versions give its bits. What is computed for one row doesn't depend on the
// rows beside it, nor on how many tokens of the page come after those that it sees.
//
// A page holds ck_page_tokens consecutive tokens of one layer and head, its keys in one block and its values in another.
// `length` is that of a head, a multiple of 16:
//
//   f32, f16   keys   element keys[length][ck_page_tokens]
//              values element values[ck_page_tokens][length]
//   int8       keys   float scales[groups][ck_page_tokens]; int8_t codes[length][ck_page_tokens]
//              values float scales[groups][ck_page_tokens]; int8_t codes[ck_page_tokens][length]
//
// Of int8, ck_page_group elements of a token share a scale; the last group may be shorter. The rule is that of
// activations (ckernels_quantized.h): scale = max |x| / 127, rounded to the nearest, ties to even.
#ifndef CKERNELS_ATTENTION_H
#define CKERNELS_ATTENTION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How keys and values are written.
typedef enum ck_page_type { ck_page_f32 = 0, ck_page_f16 = 1, ck_page_int8 = 2 } ck_page_type;

enum {
    /// Tokens to a page.
    ck_page_tokens = 32,
    /// Elements of a token's key or value that share a scale.
    ck_page_group = 64
};

/// Bytes of the keys, or of the values, of one page, a multiple of 64.
static inline int64_t ck_page_bytes(ck_page_type type, int64_t length) {
    if (type == ck_page_f32) return length * ck_page_tokens * 4;
    if (type == ck_page_f16) return length * ck_page_tokens * 2;
    return length * ck_page_tokens + (length + ck_page_group - 1) / ck_page_group * ck_page_tokens * 4;
}

/// Writes consecutive tokens of one page.
typedef struct ck_page_store {
    ck_page_type type;
    int64_t length;            ///< of a head
    int64_t first, count;      ///< the slots of the page to write
    const float *x;            ///< [count, length]: one row a token; elements from `given` on count as 0
    int64_t x_stride;          ///< from row to row of x
    int64_t given;             ///< elements of a row that are there, at most `length`
    void *page;                ///< aligned to 64 bytes
} ck_page_store;

/// Rows times a page.
typedef struct ck_page_product {
    ck_page_type type;
    int64_t length;            ///< of a head
    int64_t rows;
    int64_t tokens;            ///< the first so many of the page take part
    const float *x;            ///< queries [rows, length], or weights [rows, tokens]
    int64_t x_stride;          ///< from row to row of x
    const void *page;          ///< aligned to 64 bytes
    const void *next;          ///< a block of the same size that will be wanted soon, or null
    float *y;                  ///< scores [rows, tokens rounded up to 16], or sums [rows, length]
    int64_t y_stride;          ///< from row to row of y
    float *scratch;            ///< length * ck_page_tokens floats, aligned to 64 bytes
} ck_page_product;

typedef struct ck_attention_kernels {
    void (*store_keys)(const ck_page_store *arguments);
    void (*store_values)(const ck_page_store *arguments);

    /// y[i, t] = sum over j of x[i, j] * key[t, j]: one chain of fused multiply-adds; of int8 a chain of codes for each
    /// group, and fma(chain, scale, sum) from group to group. What stands behind `tokens` in a row of y has no meaning.
    void (*scores)(const ck_page_product *arguments);

    /// y[i, j] += sum over t of w * value[t, j], one chain of fused multiply-adds, where w is x[i, t], and of int8
    /// x[i, t] * the scale of t's group.
    void (*mix)(const ck_page_product *arguments);

    /// A softmax that goes on from block to block (Milakov and Gimelshein 2018). In place: x[i] becomes
    /// exp(scale * (x[i] - m)), where m is the largest of x and *largest, which becomes m. *sum becomes
    /// fma(*sum, f, sum of x); returns f = exp(scale * (old *largest - m)), what earlier results are multiplied by.
    float (*weigh)(int64_t count, float scale, float *x, float *largest, float *sum);

    /// In place: x[i] *= factor.
    void (*scale)(int64_t count, float factor, float *x);
} ck_attention_kernels;

#ifdef __cplusplus
}
#endif
#endif
