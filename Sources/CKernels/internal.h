// What the tables share: their names, and the constants of the elementary functions.
#ifndef CKERNELS_INTERNAL_H
#define CKERNELS_INTERNAL_H

#include "ckernels.h"

#include <math.h>
#include <string.h>

extern const ck_kernels ck_scalar;
#if defined(__x86_64__)
extern const ck_kernels ck_avx2, ck_avx512;
#elif defined(__aarch64__)
extern const ck_kernels ck_neon;
#endif

// exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln 2 / 2. ln 2 is split in two so that n * high is exact
// (high has 9 significant bits, n at most 8). Over the interval the polynomial's relative error stays under 3e-7
// (Taylor coefficients from the third order on, tested against the C library).
#define CK_LOG2_E 1.44269504088896341f
#define CK_LN2_HIGH 0.693359375f
#define CK_LN2_LOW (-2.12194440054690583e-4f)
#define CK_EXP_C2 0.5f
#define CK_EXP_C3 0.16666666666666666f
#define CK_EXP_C4 0.041666666666666664f
#define CK_EXP_C5 0.008333333333333333f
#define CK_EXP_C6 0.001388888888888889f
// Below, exp is less than the smallest normal float; above, it's more than half the largest.
#define CK_EXP_LOWEST (-87.0f)
#define CK_EXP_HIGHEST 88.0f
#define CK_SQRT_2_OVER_PI 0.7978845608028654f

/// A stored half, exactly; a signalling NaN becomes quiet.

static inline float ck_float_of_bits(uint32_t bits) {
    float value;
    __builtin_memcpy(&value, &bits, 4);
    return value;
}

static inline uint32_t ck_bits_of_float(float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, 4);
    return bits;
}

/// A half as the float that it is.
static inline float ck_float_of_half(uint16_t bits) {
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

/// The nearest half, ties to even; beyond the largest one an infinity. A NaN keeps its upper bits and becomes quiet, as the
/// processor's conversion does.
static inline uint16_t ck_half_of_float(float x) {
    const uint32_t bits = ck_bits_of_float(x), magnitude = bits & 0x7fffffff;
    const uint32_t sign = bits >> 16 & 0x8000;
    if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x1ff));
    if (magnitude >= 0x47800000) return (uint16_t)(sign | 0x7c00);
    // Below 2^-14 halves are 2^-24 apart, as floats are from 0.5 on: adding that rounds.
    if (magnitude < 0x38800000)
        return (uint16_t)(sign | (ck_bits_of_float(ck_float_of_bits(magnitude) + 0.5f) - 0x3f000000));
    const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    return (uint16_t)(sign | (rounded - 0x38000000) >> 13);
}

static inline float ck_exponential(float x) {
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

/// The sum of sixteen partial sums, as a tree: halves are added to halves.
static inline float ck_reduce(const float lanes[16]) {
    float t[16];
    memcpy(t, lanes, sizeof t);
    for (int half = 8; half >= 1; half /= 2)
        for (int i = 0; i < half; i++) t[i] = t[i] + t[i + half];
    return t[0];
}

#endif
