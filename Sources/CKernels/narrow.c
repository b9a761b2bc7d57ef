// From floats to stored elements: what files are written with.
#include "internal.h"

#include <math.h>
#include <string.h>

static uint16_t bfloat_of(float x) {
    const uint32_t bits = ck_bits_of_float(x);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// How many of 16-bit elements have every bit of `exponent`: infinities and NaN.
static int64_t count_infinite(int64_t count, const uint16_t *halves, uint16_t exponent) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) found += (halves[i] & exponent) == exponent;
    return found;
}

static void store_half(unsigned char *p, float x) {
    const uint16_t half = ck_half_of_float(x);
    memcpy(p, &half, 2);
}

/// What a block's numbers are multiplied with; 0 where d is so small that its inverse is no float.
static float inverse_of(float d) {
    const float inverse = 1 / d;
    return isfinite(inverse) ? inverse : 0;
}

/// Whether a block can't be written: a number isn't finite, or d isn't as a half.
static int is_infinite_block(const float *x, float d) {
    int found = (ck_half_of_float(d) & 0x7c00) == 0x7c00;
    for (int j = 0; j < ck_block_length; j++) found |= !isfinite(x[j]);
    return found;
}

static int64_t narrow_block_8(const float *x, unsigned char *block) {
    float largest = 0;
    for (int j = 0; j < ck_block_length; j++) largest = fabsf(x[j]) > largest ? fabsf(x[j]) : largest;
    const float d = largest / 127, inverse = inverse_of(d);
    if (is_infinite_block(x, d)) {
        memset(block, 0, ck_block_bytes_8);
        return ck_block_length;
    }
    store_half(block, d);
    for (int j = 0; j < ck_block_length; j++) block[2 + j] = (unsigned char)(int8_t)roundf(x[j] * inverse);
    return 0;
}

static int64_t narrow_block_4(const float *x, unsigned char *block) {
    float largest = 0, extreme = 0;
    for (int j = 0; j < ck_block_length; j++)
        if (fabsf(x[j]) > largest) {
            largest = fabsf(x[j]);
            extreme = x[j];
        }
    const float d = extreme / -8, inverse = inverse_of(d);
    if (is_infinite_block(x, d)) {
        memset(block, 0, ck_block_bytes_4);
        return ck_block_length;
    }
    store_half(block, d);
    int q[ck_block_length];
    for (int j = 0; j < ck_block_length; j++) {
        const int cut = (int)(x[j] * inverse + 8.5f);
        q[j] = cut > 15 ? 15 : cut;
    }
    for (int j = 0; j < ck_block_length / 2; j++)
        block[2 + j] = (unsigned char)(q[j] | q[j + ck_block_length / 2] << 4);
    return 0;
}

int64_t ck_narrow(int64_t count, const float *x, ck_type type, void *out) {
    int64_t infinite = 0;
    switch (type) {
        case ck_type_f32:
            memcpy(out, x, (size_t)count * 4);
            for (int64_t i = 0; i < count; i++) infinite += !isfinite(x[i]);
            break;
        case ck_type_f16:
            for (int64_t i = 0; i < count; i++) ((uint16_t *)out)[i] = ck_half_of_float(x[i]);
            infinite = count_infinite(count, out, 0x7c00);
            break;
        case ck_type_bf16:
            for (int64_t i = 0; i < count; i++) ((uint16_t *)out)[i] = bfloat_of(x[i]);
            infinite = count_infinite(count, out, 0x7f80);
            break;
        case ck_type_q8_0:
            for (int64_t i = 0; i < count; i += ck_block_length)
                infinite += narrow_block_8(x + i, (unsigned char *)out + ck_stored_bytes(type, i));
            break;
        case ck_type_q4_0:
            for (int64_t i = 0; i < count; i += ck_block_length)
                infinite += narrow_block_4(x + i, (unsigned char *)out + ck_stored_bytes(type, i));
            break;
    }
    return infinite;
}
