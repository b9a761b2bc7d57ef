// What the definition of quantized products and their vector versions share.
#ifndef CKERNELS_QUANTIZED_INTERNAL_H
#define CKERNELS_QUANTIZED_INTERNAL_H

#include "ckernels_quantized.h"
#include "internal.h"

extern const ck_quantized_kernels ck_quantized_scalar;
#if defined(__x86_64__)
extern const ck_quantized_kernels ck_quantized_avx2, ck_quantized_avx2_vnni, ck_quantized_avx512_vnni;
#elif defined(__aarch64__)
extern const ck_quantized_kernels ck_quantized_neon;
#endif

/// How a group's numbers become codes.
typedef struct ck_scale {
    float scale;               ///< of the codes
    float inverse;             ///< what the numbers are multiplied by; 0 where all codes are 0
} ck_scale;

/// The scale of a group whose largest magnitude has these bits.
static inline ck_scale ck_scale_of(int32_t largest_bits) {
    const float largest = ck_float_of_bits((uint32_t)largest_bits);
    if (largest_bits >= 0x7f800000) return (ck_scale){ck_float_of_bits(0x7fc00000), 0};
    if (largest < 0x1p-100f) return (ck_scale){0, 0};
    return (ck_scale){largest / 127.0f, 127.0f / largest};
}

static inline int64_t ck_group_bytes(int bits) { return bits == 8 ? ck_panel_group_bytes_8 : ck_panel_group_bytes_4; }

/// Element j of a column of a group: the integer that its scale is multiplied with.
static inline int32_t ck_weight_code(const uint8_t *group, int bits, int64_t column, int64_t j) {
    if (bits == 8) return (int32_t)group[4 * ck_panel_columns + (j / 4 * ck_panel_columns + column) * 4 + j % 4] - 128;
    const uint8_t *multipliers = group + 4 * ck_panel_columns;
    const uint8_t *codes = multipliers + ck_group / ck_subgroup * ck_panel_columns;
    const uint8_t both = codes[(j / 8 * ck_panel_columns + column) * 4 + j % 4];
    const int32_t nibble = j % 8 < 4 ? both & 15 : both >> 4;
    return (int32_t)multipliers[j / ck_subgroup * ck_panel_columns + column] * (nibble - 8);
}

#endif
