// The definition of every kernel: what the vector versions must equal, bit for bit.
#include "internal.h"

#include <math.h>
#include <string.h>

/// An element of a block.
static float block_element(const unsigned char *block, ck_type type, int64_t index) {
    uint16_t bits;
    memcpy(&bits, block, 2);
    const unsigned char byte = block[2 + (type == ck_type_q8_0 ? index : index % (ck_block_length / 2))];
    const int q = type == ck_type_q8_0                ? (int8_t)byte
                  : index < ck_block_length / 2       ? (byte & 15) - 8
                                                      : (byte >> 4) - 8;
    return ck_float_of_half(bits) * (float)q;
}

static float element(const void *source, ck_type type, int64_t index) {
    if (type == ck_type_f32) {
        float value;
        memcpy(&value, (const char *)source + index * 4, 4);
        return value;
    }
    if (type == ck_type_q8_0 || type == ck_type_q4_0) {
        const int64_t offset = ck_stored_bytes(type, index / ck_block_length * ck_block_length);
        return block_element((const unsigned char *)source + offset, type, index % ck_block_length);
    }
    uint16_t bits;
    memcpy(&bits, (const char *)source + index * 2, 2);
    return type == ck_type_f16 ? ck_float_of_half(bits) : ck_float_of_bits((uint32_t)bits << 16);
}

static void widen(int64_t count, const void *source, ck_type type, float *out) {
    for (int64_t i = 0; i < count; i++) out[i] = element(source, type, i);
}

static float gelu_of(float x) {
    const float cubic = fmaf(x * x, 0.044715f * x, x);
    return x / (1.0f + ck_exponential(-2.0f * CK_SQRT_2_OVER_PI * cubic));
}

static void gelu(int64_t count, float *x) {
    for (int64_t i = 0; i < count; i++) x[i] = gelu_of(x[i]);
}

static void layer_norm(int64_t count, const float *x, const float *weight, const float *bias, float epsilon,
                       float *out) {
    float sums[16] = {0}, squares[16] = {0};
    for (int64_t i = 0; i < count; i++) sums[i % 16] += x[i];
    const float mean = ck_reduce(sums) / (float)count;
    for (int64_t i = 0; i < count; i++) squares[i % 16] = fmaf(x[i] - mean, x[i] - mean, squares[i % 16]);
    const float inverse = 1.0f / sqrtf(ck_reduce(squares) / (float)count + epsilon);
    for (int64_t i = 0; i < count; i++) out[i] = fmaf((x[i] - mean) * inverse, weight[i], bias[i]);
}

static void product(int64_t rows, int64_t columns, int64_t inner, const float *a, int64_t a_stride, const float *b,
                    int64_t b_stride, float *c, int64_t c_stride, int accumulate) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t n = 0; n < columns; n++) {
            float sum = 0;
            for (int64_t j = 0; j < inner; j++) sum = fmaf(a[i * a_stride + j], b[j * b_stride + n], sum);
            c[i * c_stride + n] = accumulate ? c[i * c_stride + n] + sum : sum;
        }
}

static void linear(const ck_linear_arguments *p) {
    for (int64_t i = 0; i < p->rows; i++) {
        const float *x = p->x + i * p->x_stride;
        for (int64_t n = p->first; n < p->end; n++) {
            float *y = p->y + i * p->y_stride + n;
            float total = p->accumulate ? *y : 0;
            for (int64_t start = 0; start < p->inner; start += ck_block_k) {
                const int64_t stop = start + ck_block_k < p->inner ? start + ck_block_k : p->inner;
                float sum = 0;
                for (int64_t j = start; j < stop; j++)
                    sum = fmaf(x[j], element(p->w, p->w_type, n * p->inner + j), sum);
                total = start == 0 && !p->accumulate ? sum : total + sum;
            }
            if (p->bias) total += p->bias[n];
            *y = p->gelu ? gelu_of(total) : total;
        }
    }
}

static float busy(int64_t steps) {
    float sums[24 * 16] = {0};
    for (int64_t step = 0; step < steps; step++)
        for (int i = 0; i < 24 * 16; i++) sums[i] = fmaf(sums[i], 0.5f, 1.0f);
    return sums[0] + sums[24 * 16 - 1];
}

static float sum(int64_t count, const float *x) {
    float sums[16] = {0};
    for (int64_t i = 0; i < count; i++) sums[i % 16] += x[i];
    return ck_reduce(sums);
}

const ck_kernels ck_scalar = {
    .linear = linear,
    .product = product,
    .layer_norm = layer_norm,
    .gelu = gelu,
    .widen = widen,
    .busy = busy,
    .sum = sum,
};

void ck_rotate_pairs(int64_t rotary, const float *cosine, const float *sine, float *head) {
    for (int64_t i = 0; i < rotary / 2; i++) {
        const float even = head[2 * i], odd = head[2 * i + 1];
        head[2 * i] = even * cosine[i] - odd * sine[i];
        head[2 * i + 1] = odd * cosine[i] + even * sine[i];
    }
}

void ck_add_rows(int64_t rows, int64_t first, int64_t end, const float *x, int64_t x_stride, const int64_t *places,
                 float *y, int64_t y_stride) {
    for (int64_t i = 0; i < rows; i++) {
        const float *restrict from = x + i * x_stride;
        float *restrict to = y + places[i] * y_stride;
        for (int64_t n = first; n < end; n++) to[n] += from[n];
    }
}
