// The tile unit. Where there is none, nothing is available and nothing is called.
#include "ckernels_tiles.h"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma clang diagnostic ignored "-Wpsabi"  // no vector crosses a call: every helper is inlined
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,amx-tile,amx-bf16,fma"), min_vector_width(512))), apply_to = function)
#define INLINE static inline __attribute__((always_inline))

/// The part of the right factor that stays in the second cache while all rows of the left one pass by: so many columns,
/// so much of the depth.
enum { column_block = 512, depth_block = 1024 };

int ck_tiles_are_available(void) {
    static int known = -1;
    if (known >= 0) return known;
    __builtin_cpu_init();
    unsigned a, b, c, d;
    __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
    const int has_tiles = (d >> 24 & 1) && (d >> 22 & 1);
    __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(1));
    const int has_bf16 = a >> 5 & 1;
    // arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA): Linux gives the unit's state to whom asks for it.
    enum { request_permission = 0x1023, tile_data = 18 };
    known = has_tiles && has_bf16 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
            syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
    return known;
}

/// The first `count` of sixteen.
INLINE __mmask16 first(int64_t count) { return count >= 16 ? 0xFFFF : count <= 0 ? 0 : (__mmask16)((1u << count) - 1); }

/// Swaps rows and columns of 16 x 16 numbers of 32 bits.
INLINE void transpose(__m512i r[16]) {
    __m512i t[16];
    for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 4; i++) {
        r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
        r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xDD);
        t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xDD);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xDD);
        r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xDD);
    }
}

/// Sixteen rows of 32 numbers, each as sixteen pairs of neighbours.
INLINE void load_along(int64_t count, int64_t depth, const float *x, int64_t stride, __m512i r[16]) {
    const __mmask16 low = first(depth), high = first(depth - 16);
    for (int i = 0; i < 16; i++) {
        if (i >= count) {
            r[i] = _mm512_setzero_si512();
            continue;
        }
        const float *p = x + i * stride;
        r[i] = (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(high, p + 16), _mm512_maskz_loadu_ps(low, p));
    }
}

/// Of 32 rows of sixteen numbers, pairs of those below each other.
INLINE void load_across(int64_t count, int64_t depth, const float *x, int64_t stride, __m512i r[16]) {
    const __m512i interleave = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                                21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const __mmask16 mask = first(count);
    for (int i = 0; i < 16; i++) {
        const float *p = x + 2 * i * stride;
        const __m512 upper = 2 * i < depth ? _mm512_maskz_loadu_ps(mask, p) : _mm512_setzero_ps();
        const __m512 lower = 2 * i + 1 < depth ? _mm512_maskz_loadu_ps(mask, p + stride) : _mm512_setzero_ps();
        r[i] = _mm512_permutexvar_epi16(interleave, (__m512i)_mm512_cvtne2ps_pbh(lower, upper));
    }
}

void ck_tiles_pack(int is_left, int is_along, int64_t count, int64_t depth, const float *x, int64_t stride,
                   uint16_t *out, int64_t panel) {
    for (int64_t i = 0; i < count; i += ck_tile_rows, out += panel) {
        uint16_t *tile = out;
        for (int64_t k = 0; k < depth; k += ck_tile_depth, tile += ck_tile_count) {
            __m512i r[16];
            if (is_along) load_along(count - i, depth - k, x + i * stride + k, stride, r);
            else load_across(count - i, depth - k, x + k * stride + i, stride, r);
            // A left tile's rows are the matrix's, a right one's are pairs of the depth.
            if (is_left != is_along) transpose(r);
            for (int j = 0; j < 16; j++) _mm512_store_si512(tile + 32 * j, r[j]);
        }
    }
}

/// Palette 1: eight tiles of sixteen rows of 64 bytes.
static void configure(void) {
    struct __attribute__((packed)) {
        uint8_t palette, start, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } tiles;
    memset(&tiles, 0, sizeof tiles);
    tiles.palette = 1;
    for (int i = 0; i < 8; i++) {
        tiles.row_bytes[i] = 64;
        tiles.rows[i] = 16;
    }
    _tile_loadconfig(&tiles);
}

/// Puts sums that aren't a whole tile of c, or are scaled, where they belong.
INLINE void put(const float *sums, int64_t rows, int64_t columns, float scale, int adding, float *c, int64_t stride) {
    const __mmask16 mask = first(columns);
    for (int64_t i = 0; i < rows && i < 16; i++, c += stride) {
        __m512 v = _mm512_mul_ps(_mm512_load_ps(sums + 16 * i), _mm512_set1_ps(scale));
        if (adding) v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(mask, c));
        _mm512_mask_storeu_ps(c, mask, v);
    }
}

// The first four tiles hold sums of 2 x 2 tiles of c, then come two of the left and two of the right factor. Tile numbers
// must be literals.
#define BEGIN(tile, i, j)                                            \
    if (whole && adding) _tile_loadd(tile, c + (i) * stride + (j), 4 * stride); \
    else _tile_zero(tile)
#define END(tile, i, j)                                                                        \
    if (whole) _tile_stored(tile, c + (i) * stride + (j), 4 * stride);                         \
    else {                                                                                     \
        _tile_stored(tile, sums, 64);                                                          \
        put(sums, rows - (i), columns - (j), scale, adding, c + (i) * stride + (j), stride);   \
    }

/// 32 x 32 of c, or less at its ends; `tiles` of the depth.
static void multiply_32(int64_t rows, int64_t columns, int64_t tiles, const uint16_t *a, int64_t a_panel,
                        const uint16_t *b, int64_t b_panel, float scale, int adding, float *c, int64_t stride) {
    _Alignas(64) float sums[256];
    const int two_rows = rows > 16, two_columns = columns > 16;
    const int whole = scale == 1 && (rows == 16 || rows >= 32) && (columns == 16 || columns >= 32);
    BEGIN(0, 0, 0);
    if (two_columns) { BEGIN(1, 0, 16); }
    if (two_rows) { BEGIN(2, 16, 0); }
    if (two_rows && two_columns) { BEGIN(3, 16, 16); }
    if (two_rows && two_columns) {
        for (int64_t k = 0; k < tiles; k++) {
            _tile_loadd(4, a + k * ck_tile_count, 64);
            _tile_loadd(6, b + k * ck_tile_count, 64);
            _tile_dpbf16ps(0, 4, 6);
            _tile_loadd(7, b + b_panel + k * ck_tile_count, 64);
            _tile_dpbf16ps(1, 4, 7);
            _tile_loadd(5, a + a_panel + k * ck_tile_count, 64);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
    } else {
        for (int64_t k = 0; k < tiles; k++) {
            _tile_loadd(4, a + k * ck_tile_count, 64);
            _tile_loadd(6, b + k * ck_tile_count, 64);
            _tile_dpbf16ps(0, 4, 6);
            if (two_columns) {
                _tile_loadd(7, b + b_panel + k * ck_tile_count, 64);
                _tile_dpbf16ps(1, 4, 7);
            }
            if (two_rows) {
                _tile_loadd(5, a + a_panel + k * ck_tile_count, 64);
                _tile_dpbf16ps(2, 5, 6);
            }
        }
    }
    END(0, 0, 0);
    if (two_columns) { END(1, 0, 16); }
    if (two_rows) { END(2, 16, 0); }
    if (two_rows && two_columns) { END(3, 16, 16); }
}

void ck_tiles_multiply(int64_t rows, int64_t columns, int64_t depth, const uint16_t *a, int64_t a_panel,
                       const uint16_t *b, int64_t b_panel, float scale, int adding, float *c, int64_t stride) {
    const int64_t tiles = (depth + ck_tile_depth - 1) / ck_tile_depth;
    configure();
    for (int64_t start = 0; start < tiles; start += depth_block / ck_tile_depth) {
        const int64_t left = tiles - start, block = depth_block / ck_tile_depth;
        for (int64_t first = 0; first < columns; first += column_block)
            for (int64_t i = 0; i < rows; i += 32)
                for (int64_t j = first; j < columns && j < first + column_block; j += 32)
                    multiply_32(rows - i, columns - j, left < block ? left : block,
                                a + i / 16 * a_panel + start * ck_tile_count, a_panel,
                                b + j / 16 * b_panel + start * ck_tile_count, b_panel, scale, adding || start > 0,
                                c + i * stride + j, stride);
    }
    _tile_release();
}
#pragma clang attribute pop

#else

int ck_tiles_are_available(void) { return 0; }

void ck_tiles_pack(int is_left, int is_along, int64_t count, int64_t depth, const float *x, int64_t stride,
                   uint16_t *out, int64_t panel) {
    (void)panel, (void)is_left, (void)is_along, (void)count, (void)depth, (void)x, (void)stride, (void)out;
}

void ck_tiles_multiply(int64_t rows, int64_t columns, int64_t depth, const uint16_t *a, int64_t a_panel,
                       const uint16_t *b, int64_t b_panel, float scale, int adding, float *c, int64_t stride) {
    (void)rows, (void)columns, (void)depth, (void)a, (void)a_panel, (void)b, (void)b_panel, (void)scale, (void)adding;
    (void)c, (void)stride;
}

#endif
