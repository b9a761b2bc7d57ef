// AVX2 with AVX-VNNI: a vector of sixteen lanes takes two of the 16 registers.
#if defined(__x86_64__)
#include <immintrin.h>

#include "quantized.h"

#define CK_TABLE ck_quantized_avx2_vnni
#define CK_FLOATS ck_avx2
#define CK_TILE_ROWS 6
#define CK_TILE_VECTORS 1
#define CK_NIBBLE_TILES 1
#define CK_SIGNED 0
#pragma clang diagnostic ignored "-Wpsabi"  // no vector crosses a call: every helper is inlined
#pragma clang attribute push(__attribute__((target("avx2,avxvnni,fma,f16c"))), apply_to = function)
#include "lanes.h"

INLINE ivec dot(ivec sum, ivec codes, int32_t x) {
    __m256i sums[2], own[2];
    memcpy(sums, &sum, sizeof sums);
    memcpy(own, &codes, sizeof own);
    for (int i = 0; i < 2; i++) sums[i] = _mm256_dpbusd_avx_epi32(sums[i], own[i], _mm256_set1_epi32(x));
    memcpy(&sum, sums, sizeof sum);
    return sum;
}

INLINE ivec dot_nibbles(ivec sum, ivec nibbles, int32_t x) { return dot(sum, nibbles, x); }

INLINE ivec sum_of_nibbles(ivec sum) { return sum; }

#include "quantized_body.h"
#pragma clang attribute pop
#endif
