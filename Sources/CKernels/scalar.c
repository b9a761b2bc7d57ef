// The definition of every kernel: what the vector versions must equal, bit for bit.
#include "internal.h"

#include <math.h>
#include <string.h>

float ck_half_to_float(uint16_t bits) {
    const uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    const uint32_t exponent = (bits >> 10) & 0x1f;
    const uint32_t fraction = bits & 0x3ff;
    if (exponent == 0) {  // zero or subnormal: fraction * 2^-24, exact in a float
        const float magnitude = (float)fraction * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    const uint32_t wide = exponent == 31 ? 0xff : exponent + (127 - 15);
    // A signalling NaN becomes quiet, as the processor's conversion does.
    const uint32_t quiet = exponent == 31 && fraction ? 0x400000 : 0;
    return ck_float_of_bits(sign | wide << 23 | fraction << 13 | quiet);
}

/// An element of a block.
static float block_element(const unsigned char *block, ck_type type, int64_t index) {
    uint16_t bits;
    memcpy(&bits, block, 2);
    const unsigned char byte = block[2 + (type == ck_type_q8_0 ? index : index % (ck_block_length / 2))];
    const int q = type == ck_type_q8_0                ? (int8_t)byte
                  : index < ck_block_length / 2       ? (byte & 15) - 8
                                                      : (byte >> 4) - 8;
    return ck_half_to_float(bits) * (float)q;
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
    return type == ck_type_f16 ? ck_half_to_float(bits) : ck_float_of_bits((uint32_t)bits << 16);
}

static void widen(int64_t count, const void *source, ck_type type, float *out) {
    for (int64_t i = 0; i < count; i++) out[i] = element(source, type, i);
}

static float exponential(float x) {
    const float clamped = fminf(fmaxf(x, CK_EXP_LOWEST), CK_EXP_HIGHEST);
    const float n = rintf(clamped * CK_LOG2_E);
    const float r = fmaf(n, -CK_LN2_LOW, fmaf(n, -CK_LN2_HIGH, clamped));
    float p = CK_EXP_C6;
    p = fmaf(p, r, CK_EXP_C5);
    p = fmaf(p, r, CK_EXP_C4);
    p = fmaf(p, r, CK_EXP_C3);
    p = fmaf(p, r, CK_EXP_C2);
    p = fmaf(p, r, 1.0f);
    p = fmaf(p, r, 1.0f);
    return p * ck_float_of_bits((uint32_t)((int32_t)n + 127) << 23);
}

static float gelu_of(float x) {
    const float cubic = fmaf(x * x, 0.044715f * x, x);
    return x / (1.0f + exponential(-2.0f * CK_SQRT_2_OVER_PI * cubic));
}

static void gelu(int64_t count, float *x) {
    for (int64_t i = 0; i < count; i++) x[i] = gelu_of(x[i]);
}

/// The sum of sixteen partial sums, as a tree: halves are added to halves.
static float reduce(const float lanes[16]) {
    float t[16];
    memcpy(t, lanes, sizeof t);
    for (int half = 8; half >= 1; half /= 2)
        for (int i = 0; i < half; i++) t[i] = t[i] + t[i + half];
    return t[0];
}

static void layer_norm(int64_t count, const float *x, const float *weight, const float *bias, float epsilon,
                       float *out) {
    float sums[16] = {0}, squares[16] = {0};
    for (int64_t i = 0; i < count; i++) sums[i % 16] += x[i];
    const float mean = reduce(sums) / (float)count;
    for (int64_t i = 0; i < count; i++) squares[i % 16] = fmaf(x[i] - mean, x[i] - mean, squares[i % 16]);
    const float inverse = 1.0f / sqrtf(reduce(squares) / (float)count + epsilon);
    for (int64_t i = 0; i < count; i++) out[i] = fmaf((x[i] - mean) * inverse, weight[i], bias[i]);
}

static void softmax(int64_t count, float scale, float *x) {
    float largest = -INFINITY;
    for (int64_t i = 0; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    float sums[16] = {0};
    for (int64_t i = 0; i < count; i++) {
        x[i] = exponential((x[i] - largest) * scale);
        sums[i % 16] += x[i];
    }
    const float inverse = 1.0f / reduce(sums);
    for (int64_t i = 0; i < count; i++) x[i] *= inverse;
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
    return reduce(sums);
}

const ck_kernels ck_scalar = {
    .linear = linear,
    .product = product,
    .layer_norm = layer_norm,
    .softmax = softmax,
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
