// From stored weights to packed panels. Runs once for a matrix; the panels are the same on every processor.
#include "quantized.h"

#include <string.h>

/// Rounds to the nearest integer, ties to even; |x| < 2^22. Adding 1.5 * 2^23 leaves no bits for a fraction.
static inline int32_t rounded(float x) {
    const float shifted = x + 0x1.8p23f;
    int32_t bits;
    memcpy(&bits, &shifted, 4);
    return bits - 0x4b400000;
}

static inline int32_t clamped(int32_t x, int32_t lowest, int32_t highest) {
    return x < lowest ? lowest : x > highest ? highest : x;
}

/// The bits of the largest magnitude among `count` numbers.
static int32_t largest_bits(const float *w, int64_t count) {
    int32_t largest = 0;
    for (int64_t j = 0; j < count; j++) {
        int32_t bits;
        memcpy(&bits, w + j, 4);
        bits &= 0x7fffffff;
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

/// One column of a group of 8-bit weights; `codes` is its first code.
static float pack_8(const float *w, uint8_t *codes) {
    const ck_scale scale = ck_scale_of(largest_bits(w, ck_group));
    int32_t code[ck_group];
    for (int j = 0; j < ck_group; j++) code[j] = scale.inverse == 0 ? 128 : rounded(w[j] * scale.inverse) + 128;
    for (int j = 0; j < ck_group; j++) codes[j / 4 * ck_panel_columns * 4 + j % 4] = (uint8_t)code[j];
    return scale.scale;
}

/// The sum of squared errors of a subgroup at the step between its nibbles' values. Eight partial sums.
static float error_of(const float *w, float step, float inverse) {
    float sums[8] = {0};
    for (int j = 0; j < ck_subgroup; j += 8)
        for (int i = 0; i < 8; i++) {
            const float error = w[j + i] - step * (float)clamped(rounded(w[j + i] * inverse), -8, 7);
            sums[i] += error * error;
        }
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// One column of a group of 4-bit weights; `multipliers` and `codes` are its first ones.
static float pack_4(const float *w, uint8_t *multipliers, uint8_t *codes) {
    const ck_scale scale = ck_scale_of(largest_bits(w, ck_group));
    const float unit = scale.scale * (127.0f / (7.5f * ck_largest_multiplier));
    int32_t code[ck_group];
    for (int part = 0; part < ck_group / ck_subgroup; part++) {
        const float *own = w + part * ck_subgroup;
        int best = 1;
        if (scale.inverse != 0) {
            float least = 0;
            for (int multiplier = 1; multiplier <= ck_largest_multiplier; multiplier++) {
                const float step = unit * (float)multiplier;
                const float error = error_of(own, step, 1.0f / step);
                if (multiplier == 1 || error < least) {
                    least = error;
                    best = multiplier;
                }
            }
        }
        multipliers[part * ck_panel_columns] = (uint8_t)best;
        const float inverse = scale.inverse == 0 ? 0 : 1.0f / (unit * (float)best);
        for (int j = 0; j < ck_subgroup; j++)
            code[part * ck_subgroup + j] = scale.inverse == 0 ? 8 : clamped(rounded(own[j] * inverse), -8, 7) + 8;
    }
    for (int j = 0; j < ck_group; j++)
        if (j % 8 < 4) codes[j / 8 * ck_panel_columns * 4 + j % 4] = (uint8_t)(code[j] | code[j + 4] << 4);
    return unit;
}

void ck_pack_weights(const ck_kernels *kernels, const void *w, ck_type type, int64_t columns, int64_t inner,
                     int64_t first, int64_t end, int bits, void *panels) {
    const int64_t row = ck_stored_bytes(type, inner), groups = (inner + ck_group - 1) / ck_group;
    for (int64_t panel = first; panel < end; panel++)
        for (int64_t g = 0; g < groups; g++) {
            uint8_t *group = (uint8_t *)panels + (panel * groups + g) * ck_group_bytes(bits);
            const int64_t count = inner - g * ck_group < ck_group ? inner - g * ck_group : ck_group;
            for (int64_t n = 0; n < ck_panel_columns; n++) {
                const int64_t column = panel * ck_panel_columns + n;
                float source[ck_group] = {0};
                if (column < columns)
                    kernels->widen(count, (const char *)w + column * row + ck_stored_bytes(type, g * ck_group), type,
                                   source);
                uint8_t *rest = group + 4 * ck_panel_columns;
                const float scale =
                    bits == 8 ? pack_8(source, rest + n * 4)
                              : pack_4(source, rest + n,
                                       rest + ck_group / ck_subgroup * ck_panel_columns + n * 4);
                memcpy(group + n * 4, &scale, 4);
            }
        }
}

ck_survey_result ck_survey_panels(int64_t columns, int64_t inner, int64_t first, int64_t end, int bits,
                                  const void *panels) {
    ck_survey_result result = {.minimum = __builtin_inff(), .maximum = -__builtin_inff()};
    const int64_t groups = (inner + ck_group - 1) / ck_group;
    for (int64_t panel = first; panel < end; panel++)
        for (int64_t g = 0; g < groups; g++) {
            const uint8_t *group = (const uint8_t *)panels + (panel * groups + g) * ck_group_bytes(bits);
            const uint8_t *multipliers = group + 4 * ck_panel_columns;
            const int64_t count = inner - g * ck_group < ck_group ? inner - g * ck_group : ck_group;
            for (int64_t n = 0; n < ck_panel_columns && panel * ck_panel_columns + n < columns; n++) {
                float scale, x[ck_group];
                memcpy(&scale, group + n * 4, 4);
                for (int64_t j = 0; j < count; j++) {
                    const int32_t code = ck_weight_code(group, bits, n, j);
                    const int is_made = bits == 8 ? code >= -127
                                                  : multipliers[j / ck_subgroup * ck_panel_columns + n]
                                                        <= ck_largest_multiplier;
                    x[j] = is_made ? scale * (float)code : __builtin_nanf("");
                }
                ck_survey_add(count, x, &result);
            }
        }
    return result;
}
