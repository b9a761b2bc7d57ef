// AVX-512 with VNNI: an instruction multiplies 64 bytes and adds them in fours; a tile of 6 x 64 sums takes 24 of the
// 32 registers.
#if defined(__x86_64__)
#include <immintrin.h>

#include "quantized.h"

#define CK_TABLE ck_quantized_avx512_vnni
#define CK_FLOATS ck_avx512
#define CK_TILE_ROWS 6
#define CK_TILE_VECTORS 4
#define CK_NIBBLE_TILES 1
#define CK_SIGNED 0
#pragma clang diagnostic ignored "-Wpsabi"  // no vector crosses a call: every helper is inlined
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma,f16c"), min_vector_width(512))), apply_to = function)
#include "lanes.h"

INLINE ivec dot(ivec sum, ivec codes, int32_t x) {
    return (ivec)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)codes, _mm512_set1_epi32(x));
}

INLINE ivec dot_nibbles(ivec sum, ivec nibbles, int32_t x) { return dot(sum, nibbles, x); }

INLINE ivec sum_of_nibbles(ivec sum) { return sum; }

#include "quantized_body.h"
#pragma clang attribute pop
#endif
