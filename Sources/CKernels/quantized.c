// The definition of products of quantized rows and weights: what the vector versions must equal, bit for bit.
#include "quantized.h"

#include <math.h>
#include <string.h>

static void quantize(const float *x, int64_t x_stride, int64_t inner, int64_t first, int64_t end, ck_codes out) {
    for (int64_t row = first; row < end; row++)
        for (int64_t group = 0; group < out.groups; group++) {
            const float *source = x + row * x_stride + group * ck_group;
            int64_t count = inner - group * ck_group;
            if (count > ck_group) count = ck_group;
            int32_t largest = 0;
            for (int64_t j = 0; j < count; j++) {
                int32_t bits;
                memcpy(&bits, source + j, 4);
                bits &= 0x7fffffff;
                if (bits > largest) largest = bits;
            }
            const ck_scale scale = ck_scale_of(largest);
            const int64_t index = group * out.rows + row;
            int32_t *sums = out.sums + index * (ck_group / ck_subgroup);
            memset(sums, 0, sizeof(int32_t) * (ck_group / ck_subgroup));
            for (int64_t j = 0; j < ck_group; j++) {
                const int32_t code =
                    j < count && scale.inverse != 0 ? (int32_t)rintf(source[j] * scale.inverse) : 0;
                out.codes[index * ck_group + j] = (int8_t)code;
                sums[j / ck_subgroup] += code;
            }
            out.scales[index] = scale.scale;
        }
}

static void linear(const ck_quantized_arguments *p) {
    for (int64_t n = p->first; n < p->end; n++) {
        const uint8_t *panel =
            (const uint8_t *)p->panels + n / ck_panel_columns * p->x.groups * ck_group_bytes(p->bits);
        const int64_t column = n % ck_panel_columns;
        for (int64_t i = 0; i < p->x.rows; i++) {
            float *y = p->y + i * p->y_stride + n;
            float total = p->accumulate ? *y : 0;
            for (int64_t g = 0; g < p->x.groups; g++) {
                const uint8_t *group = panel + g * ck_group_bytes(p->bits);
                const int64_t index = g * p->x.rows + i;
                int32_t sum = 0;
                for (int64_t j = 0; j < ck_group; j++)
                    sum += (int32_t)p->x.codes[index * ck_group + j] * ck_weight_code(group, p->bits, column, j);
                float scale;
                memcpy(&scale, group + column * 4, 4);
                total = fmaf((float)sum, p->x.scales[index] * scale, total);
            }
            if (p->bias) total += p->bias[n];
            if (p->gelu) ck_scalar.gelu(1, &total);
            *y = total;
        }
    }
}

static int32_t busy(int64_t steps) {
    int32_t sums[24 * 16];
    for (int i = 0; i < 24 * 16; i++) sums[i] = i;
    for (int64_t step = 0; step < steps; step++)
        for (int i = 0; i < 24 * 16; i++)
            for (int j = 0; j < 4; j++) sums[i] += (int8_t)(sums[i] >> 8 * j) * 3;
    int32_t total = 0;
    for (int i = 0; i < 24 * 16; i++) total ^= sums[i];
    return total;
}

const ck_quantized_kernels ck_quantized_scalar = {
    .quantize = quantize,
    .linear = linear,
    .busy = busy,
};
