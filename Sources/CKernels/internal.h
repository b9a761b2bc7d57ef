// What the tables share: their names, and the constants of the elementary functions.
#ifndef CKERNELS_INTERNAL_H
#define CKERNELS_INTERNAL_H

#include "ckernels.h"

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
float ck_half_to_float(uint16_t bits);

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

#endif
