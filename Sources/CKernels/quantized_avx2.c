// AVX2 without VNNI. vpmaddubsw adds two products of unsigned and signed bytes in 16 bits and saturates: weights are
// made signed, and their sign moved to the activations, so that 2 * 128 * 127 still fits.
#if defined(__x86_64__)
#include <immintrin.h>

#include "quantized.h"

#define CK_TABLE ck_quantized_avx2
#define CK_FLOATS ck_avx2
#define CK_TILE_ROWS 4
#define CK_TILE_VECTORS 1
#define CK_NIBBLE_TILES 48
#define CK_SIGNED 1
#pragma clang diagnostic ignored "-Wpsabi"  // no vector crosses a call: every helper is inlined
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "lanes.h"

/// `a` are unsigned bytes, `b` signed ones.
INLINE __m256i add_products(__m256i sum, __m256i a, __m256i b) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1)));
}

INLINE ivec dot(ivec sum, ivec codes, int32_t x) {
    __m256i sums[2], own[2];
    memcpy(sums, &sum, sizeof sums);
    memcpy(own, &codes, sizeof own);
    for (int i = 0; i < 2; i++) {
        const __m256i weights = _mm256_xor_si256(own[i], _mm256_set1_epi8((char)0x80));
        sums[i] = add_products(sums[i], _mm256_abs_epi8(weights), _mm256_sign_epi8(_mm256_set1_epi32(x), weights));
    }
    memcpy(&sum, sums, sizeof sum);
    return sum;
}

/// In 16 bits: a subgroup has 32 products of at most 15 * 127, sixteen of them to a lane's half.
INLINE ivec dot_nibbles(ivec sum, ivec nibbles, int32_t x) {
    __m256i sums[2], own[2];
    memcpy(sums, &sum, sizeof sums);
    memcpy(own, &nibbles, sizeof own);
    for (int i = 0; i < 2; i++)
        sums[i] = _mm256_add_epi16(sums[i], _mm256_maddubs_epi16(own[i], _mm256_set1_epi32(x)));
    memcpy(&sum, sums, sizeof sum);
    return sum;
}

INLINE ivec sum_of_nibbles(ivec sum) {
    __m256i sums[2];
    memcpy(sums, &sum, sizeof sums);
    for (int i = 0; i < 2; i++) sums[i] = _mm256_madd_epi16(sums[i], _mm256_set1_epi16(1));
    memcpy(&sum, sums, sizeof sum);
    return sum;
}

#include "quantized_body.h"
#pragma clang attribute pop
#endif
