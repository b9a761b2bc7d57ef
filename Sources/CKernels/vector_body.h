// The kernels over sixteen lanes, in the compiler's vector types. Included once by each instruction set's file, which
// defines the name of its table and the size of the register tile and opens a region compiled for the set:
//
//   CK_TABLE       the table's symbol
//   CK_TILE_ROWS   rows of a register tile (at most 6), CK_TILE_VECTORS its columns in vectors of sixteen (1 to 4)
//
// Each lane does what scalar.c does for one element.
#include "internal.h"
#include "lanes.h"

#include <math.h>
#include <string.h>

typedef uint16_t u16vec __attribute__((vector_size(32), aligned(1)));
typedef _Float16 f16vec __attribute__((vector_size(32), aligned(1)));

typedef int8_t i8vec __attribute__((vector_size(16), aligned(1)));
typedef uint8_t u8vec __attribute__((vector_size(16), aligned(1)));

INLINE vec half_to_vec(const char *p) {
    _Float16 half;
    memcpy(&half, p, 2);
    return splat((float)half);
}

/// The sixteen elements of a row from `index` on, which is a multiple of sixteen, out of its blocks.
INLINE vec load_block(const char *row, ck_type type, int64_t index) {
    if (type == ck_type_q8_0) {
        const char *block = row + index / ck_block_length * ck_block_bytes_8;
        i8vec q;
        memcpy(&q, block + 2 + index % ck_block_length, 16);
        return half_to_vec(block) * __builtin_convertvector(q, vec);
    }
    const char *block = row + index / ck_block_length * ck_block_bytes_4;
    u8vec both;
    memcpy(&both, block + 2, 16);
    const u8vec q = index % ck_block_length ? both >> 4 : both & 15;
    return half_to_vec(block) * __builtin_convertvector(__builtin_convertvector(q, ivec) - 8, vec);
}

/// Sixteen stored elements of `row` from `index` on, or `count` of them and zeros.
INLINE vec load_stored(const char *row, ck_type type, int64_t index, int64_t count) {
    if (type == ck_type_q8_0 || type == ck_type_q4_0) return load_block(row, type, index);
    const char *p = row + index * (type == ck_type_f32 ? 4 : 2);
    if (type == ck_type_f32) {
        if (count >= 16) return load((const float *)(const void *)p);
        vec v = splat(0);
        memcpy(&v, p, (size_t)count * 4);
        return v;
    }
    u16vec bits = {0};
    if (count >= 16) memcpy(&bits, p, 32);
    else memcpy(&bits, p, (size_t)count * 2);
    if (type == ck_type_f16) {
        f16vec halves;
        memcpy(&halves, &bits, sizeof halves);
        return __builtin_convertvector(halves, vec);
    }
    const uvec wide = __builtin_convertvector(bits, uvec) << 16;
    vec v;
    memcpy(&v, &wide, sizeof v);
    return v;
}

INLINE float reduce(vec v) {
    float t[16];
    store(t, v);
    for (int half = 8; half >= 1; half /= 2)
        for (int i = 0; i < half; i++) t[i] = t[i] + t[i + half];
    return t[0];
}

INLINE vec exponential(vec x) {
    const vec clamped = __builtin_elementwise_min(__builtin_elementwise_max(x, splat(CK_EXP_LOWEST)),
                                                  splat(CK_EXP_HIGHEST));
    const vec n = __builtin_elementwise_rint(clamped * splat(CK_LOG2_E));
    const vec r = fma_(n, splat(-CK_LN2_LOW), fma_(n, splat(-CK_LN2_HIGH), clamped));
    vec p = splat(CK_EXP_C6);
    p = fma_(p, r, splat(CK_EXP_C5));
    p = fma_(p, r, splat(CK_EXP_C4));
    p = fma_(p, r, splat(CK_EXP_C3));
    p = fma_(p, r, splat(CK_EXP_C2));
    p = fma_(p, r, splat(1));
    p = fma_(p, r, splat(1));
    const ivec scale = (__builtin_convertvector(n, ivec) + 127) << 23;
    vec power;
    memcpy(&power, &scale, sizeof power);
    return p * power;
}

INLINE vec gelu_of(vec x) {
    const vec cubic = fma_(x * x, splat(0.044715f) * x, x);
    return x / (splat(1) + exponential(splat(-2.0f * CK_SQRT_2_OVER_PI) * cubic));
}

static void gelu(int64_t count, float *x) {
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) store(x + i, gelu_of(load(x + i)));
    if (i < count) store_part(x + i, gelu_of(load_part(x + i, count - i)), count - i);
}

static void widen(int64_t count, const void *source, ck_type type, float *out) {
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) store(out + i, load_stored(source, type, i, 16));
    if (i < count) store_part(out + i, load_stored(source, type, i, count - i), count - i);
}

static void layer_norm(int64_t count, const float *x, const float *weight, const float *bias, float epsilon,
                       float *out) {
    const int64_t whole = count / 16 * 16, rest = count - whole;
    vec sums = splat(0), squares = splat(0);
    for (int64_t i = 0; i < whole; i += 16) sums += load(x + i);
    if (rest) sums += load_part(x + whole, rest);
    const float mean = reduce(sums) / (float)count;
    for (int64_t i = 0; i < whole; i += 16) {
        const vec d = load(x + i) - splat(mean);
        squares = fma_(d, d, squares);
    }
    if (rest) {
        vec d = load_part(x + whole, rest) - splat(mean);
        for (int64_t i = rest; i < 16; i++) d[i] = 0;
        squares = fma_(d, d, squares);
    }
    const float inverse = 1.0f / sqrtf(reduce(squares) / (float)count + epsilon);
    for (int64_t i = 0; i < whole; i += 16)
        store(out + i, fma_((load(x + i) - splat(mean)) * splat(inverse), load(weight + i), load(bias + i)));
    if (rest)
        store_part(out + whole,
                   fma_((load_part(x + whole, rest) - splat(mean)) * splat(inverse), load_part(weight + whole, rest),
                        load_part(bias + whole, rest)),
                   rest);
}

/// A register tile: `rows` x (`vectors` * 16) sums over `inner`. Both are constants where it's called, and so is the step
/// from row to row of a, or that within a row.
INLINE void tile(int rows, int vectors, int64_t inner, const float *a, int64_t a_stride, int64_t a_step, const float *b,
                 int64_t b_stride, float *c, int64_t c_stride, int64_t columns, int accumulate) {
    vec sum[6][4];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++) sum[i][v] = splat(0);
    for (int64_t j = 0; j < inner; j++) {
        vec line[4];
        for (int v = 0; v < vectors; v++) line[v] = load(b + j * b_stride + v * 16);
        for (int i = 0; i < rows; i++) {
            const vec factor = splat(a[i * a_stride + j * a_step]);
            for (int v = 0; v < vectors; v++) sum[i][v] = fma_(factor, line[v], sum[i][v]);
        }
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++) {
            float *out = c + i * c_stride + v * 16;
            const int64_t left = columns - v * 16;
            if (left >= 16) store(out, accumulate ? load(out) + sum[i][v] : sum[i][v]);
            else store_part(out, accumulate ? load_part(out, left) + sum[i][v] : sum[i][v], left);
        }
}

#define TILE_CASE(r, v)                                                                                 \
    case (r) * 8 + (v):                                                                                 \
        tile(r, v, inner, a, a_stride, a_step, b, b_stride, c, c_stride, columns, accumulate);          \
        break;
#define TILE_ROW_CASES(v) TILE_CASE(1, v) TILE_CASE(2, v) TILE_CASE(3, v) TILE_CASE(4, v) TILE_CASE(5, v) TILE_CASE(6, v)

/// Up to CK_TILE_ROWS rows and CK_TILE_VECTORS * 16 columns.
INLINE void any_tile(int rows, int vectors, int64_t inner, const float *a, int64_t a_stride, int64_t a_step,
                     const float *b, int64_t b_stride, float *c, int64_t c_stride, int64_t columns, int accumulate) {
    switch (rows * 8 + vectors) {
        TILE_ROW_CASES(1)
#if CK_TILE_VECTORS >= 2
        TILE_ROW_CASES(2)
#endif
#if CK_TILE_VECTORS >= 4
        TILE_ROW_CASES(3)
        TILE_ROW_CASES(4)
#endif
    }
}

static void product(int64_t rows, int64_t columns, int64_t inner, const float *a, int64_t a_stride, const float *b,
                    int64_t b_stride, float *c, int64_t c_stride, int accumulate) {
    for (int64_t n = 0; n < columns; n += CK_TILE_VECTORS * 16) {
        const int64_t left = columns - n < CK_TILE_VECTORS * 16 ? columns - n : CK_TILE_VECTORS * 16;
        const int vectors = (int)((left + 15) / 16);
        for (int64_t i = 0; i < rows; i += CK_TILE_ROWS) {
            const int height = (int)(rows - i < CK_TILE_ROWS ? rows - i : CK_TILE_ROWS);
            any_tile(height, vectors, inner, a + i * a_stride, a_stride, 1, b + n, b_stride, c + i * c_stride + n, c_stride,
                     left, accumulate);
        }
    }
}

INLINE vec zip_low(vec a, vec b) {
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
INLINE vec zip_high(vec a, vec b) {
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/// Rows become columns: four perfect shuffles of sixteen vectors.
INLINE void transpose(vec v[16]) {
    for (int stage = 0; stage < 4; stage++) {
        vec t[16];
        for (int i = 0; i < 8; i++) {
            t[2 * i] = zip_low(v[i], v[i + 8]);
            t[2 * i + 1] = zip_high(v[i], v[i + 8]);
        }
        for (int i = 0; i < 16; i++) v[i] = t[i];
    }
}

/// Writes elements `start ..< start + length` of sixteen rows, or of fewer and zeros, transposed and as floats to
/// out[j * ck_panel_columns ..< + 16]. The rows lie `stride` bytes apart; `type` is a constant where it's called.
INLINE void pack_strip(const char *base, int64_t stride, ck_type type, int64_t rows, int64_t start, int64_t length,
                       float *out) {
    for (int64_t j = 0; j < length; j += 16) {
        const int64_t count = length - j < 16 ? length - j : 16;
        vec v[16];
        if (rows == 16 && count == 16) {
            for (int i = 0; i < 16; i++) v[i] = load_stored(base + i * stride, type, start + j, 16);
        } else {
            for (int i = 0; i < 16; i++)
                v[i] = i < rows ? load_stored(base + i * stride, type, start + j, count) : splat(0);
        }
        transpose(v);
        for (int i = 0; i < 16; i++)
            if (i < count) store(out + (j + i) * ck_panel_columns, v[i]);
    }
}

static void linear(const ck_linear_arguments *p) {
    for (int64_t first = p->first; first < p->end; first += ck_panel_columns) {
        const int64_t end = first + ck_panel_columns < p->end ? first + ck_panel_columns : p->end;
        for (int64_t start = 0; start < p->inner; start += ck_block_k) {
            const int64_t length = p->inner - start < ck_block_k ? p->inner - start : ck_block_k;
            for (int64_t row = first; row < end; row += 16) {
                const int64_t stride = ck_stored_bytes(p->w_type, p->inner), rows = end - row < 16 ? end - row : 16;
                const char *base = (const char *)p->w + row * stride;
                float *out = p->scratch + (row - first);
                switch (p->w_type) {
                    case ck_type_f32: pack_strip(base, stride, ck_type_f32, rows, start, length, out); break;
                    case ck_type_f16: pack_strip(base, stride, ck_type_f16, rows, start, length, out); break;
                    case ck_type_bf16: pack_strip(base, stride, ck_type_bf16, rows, start, length, out); break;
                    case ck_type_q8_0: pack_strip(base, stride, ck_type_q8_0, rows, start, length, out); break;
                    case ck_type_q4_0: pack_strip(base, stride, ck_type_q4_0, rows, start, length, out); break;
                }
            }
            product(p->rows, end - first, length, p->x + start, p->x_stride, p->scratch, ck_panel_columns, p->y + first,
                    p->y_stride, p->accumulate || start > 0);
        }
        if (!p->bias && !p->gelu) continue;
        for (int64_t i = 0; i < p->rows; i++) {
            float *y = p->y + i * p->y_stride;
            if (p->bias)
                for (int64_t n = first; n < end; n++) y[n] += p->bias[n];
            if (p->gelu) gelu(end - first, y + first);
        }
    }
}

static float busy(int64_t steps) {
    // As many chains as the register tile has, in passes where 24 don't fit into the registers.
    enum { chains = CK_TILE_ROWS * CK_TILE_VECTORS, passes = 24 / chains };
    vec total = splat(0);
    for (int pass = 0; pass < passes; pass++) {
        vec sums[chains];
        for (int i = 0; i < chains; i++) sums[i] = splat((float)i);
        for (int64_t step = 0; step < steps; step++)
            for (int i = 0; i < chains; i++) sums[i] = fma_(sums[i], splat(0.5f), splat(1));
        for (int i = 0; i < chains; i++) total += sums[i];
    }
    return reduce(total);
}

static float sum(int64_t count, const float *x) {
    vec sums[8];
    for (int i = 0; i < 8; i++) sums[i] = splat(0);
    int64_t i = 0;
    for (; i + 128 <= count; i += 128)
        for (int j = 0; j < 8; j++) sums[j] += load(x + i + j * 16);
    for (; i + 16 <= count; i += 16) sums[0] += load(x + i);
    if (i < count) sums[0] += load_part(x + i, count - i);
    for (int j = 1; j < 8; j++) sums[0] += sums[j];
    return reduce(sums[0]);
}

const ck_kernels CK_TABLE = {
    .linear = linear,
    .product = product,
    .layer_norm = layer_norm,
    .gelu = gelu,
    .widen = widen,
    .busy = busy,
    .sum = sum,
};
