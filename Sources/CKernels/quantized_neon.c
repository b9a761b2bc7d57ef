// NEON with the dot product of Armv8.2, which multiplies signed bytes: a vector of sixteen lanes takes four of the 32
// registers.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "quantized.h"

#define CK_TABLE ck_quantized_neon
#define CK_FLOATS ck_neon
#define CK_TILE_ROWS 6
#define CK_TILE_VECTORS 1
#define CK_NIBBLE_TILES 1
#define CK_SIGNED 1
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "lanes.h"

/// Adds the products of signed bytes; `flip` is what makes them signed.
INLINE ivec add_products(ivec sum, ivec weights, int32_t x, int8_t flip) {
    int32x4_t sums[4];
    int8x16_t own[4];
    memcpy(sums, &sum, sizeof sums);
    memcpy(own, &weights, sizeof own);
    const int8x16_t factor = vreinterpretq_s8_s32(vdupq_n_s32(x));
    for (int i = 0; i < 4; i++) sums[i] = vdotq_s32(sums[i], veorq_s8(own[i], vdupq_n_s8(flip)), factor);
    memcpy(&sum, sums, sizeof sum);
    return sum;
}

INLINE ivec dot(ivec sum, ivec codes, int32_t x) { return add_products(sum, codes, x, -128); }
INLINE ivec dot_nibbles(ivec sum, ivec nibbles, int32_t x) { return add_products(sum, nibbles, x, 0); }

INLINE ivec sum_of_nibbles(ivec sum) { return sum; }

#include "quantized_body.h"
#pragma clang attribute pop
#endif
