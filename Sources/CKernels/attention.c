// The definition of attention over pages: what the vector versions must equal, bit for bit.
#include "attention.h"

#include <math.h>
#include <string.h>

/// Where a block has element `j` of token `t`, counted in elements.
static int64_t place(int is_values, int64_t length, int64_t t, int64_t j) {
    return is_values ? t * length + j : j * ck_page_tokens + t;
}

static void store_tokens(const ck_page_store *p, int is_values) {
    for (int64_t i = 0; i < p->count; i++) {
        const int64_t t = p->first + i;
        const float *row = p->x + i * p->x_stride;
        if (p->type != ck_page_int8) {
            for (int64_t j = 0; j < p->length; j++) {
                const float x = j < p->given ? row[j] : 0;
                const int64_t index = place(is_values, p->length, t, j);
                if (p->type == ck_page_f32) ((float *)p->page)[index] = x;
                else ((uint16_t *)p->page)[index] = ck_half_of_float(x);
            }
            continue;
        }
        float *scales = p->page;
        int8_t *codes = (int8_t *)p->page + ck_page_groups(p->length) * ck_page_tokens * 4;
        for (int64_t start = 0; start < p->length; start += ck_page_group) {
            const int64_t end = start + ck_page_group < p->length ? start + ck_page_group : p->length;
            int32_t largest = 0;
            for (int64_t j = start; j < end && j < p->given; j++) {
                int32_t bits;
                memcpy(&bits, row + j, 4);
                bits &= 0x7fffffff;
                largest = bits > largest ? bits : largest;
            }
            const ck_scale scale = ck_scale_of(largest);
            scales[start / ck_page_group * ck_page_tokens + t] = scale.scale;
            for (int64_t j = start; j < end; j++) {
                const float x = j < p->given && scale.inverse != 0 ? row[j] : 0;
                codes[place(is_values, p->length, t, j)] = (int8_t)rintf(x * scale.inverse);
            }
        }
    }
}

static void store_keys(const ck_page_store *p) { store_tokens(p, 0); }
static void store_values(const ck_page_store *p) { store_tokens(p, 1); }

/// An element of a block, of int8 its code.
static float element(const ck_page_product *p, int64_t index) {
    if (p->type == ck_page_f32) return ((const float *)p->page)[index];
    if (p->type == ck_page_int8) return ck_page_codes(p->page, p->length)[index];
    return ck_float_of_half(((const uint16_t *)p->page)[index]);
}

static void scores(const ck_page_product *p) {
    const float *scales = p->page;
    const int64_t chain = p->type == ck_page_int8 ? ck_page_group : p->length;
    for (int64_t i = 0; i < p->rows; i++)
        for (int64_t t = 0; t < p->tokens; t++) {
            float total = 0;
            for (int64_t start = 0; start < p->length; start += chain) {
                const int64_t end = start + chain < p->length ? start + chain : p->length;
                float sum = 0;
                for (int64_t j = start; j < end; j++)
                    sum = fmaf(p->x[i * p->x_stride + j], element(p, place(0, p->length, t, j)), sum);
                total = p->type == ck_page_int8
                            ? fmaf(sum, scales[start / ck_page_group * ck_page_tokens + t], total)
                            : sum;
            }
            p->y[i * p->y_stride + t] = total;
        }
}

static void mix(const ck_page_product *p) {
    const float *scales = p->page;
    for (int64_t i = 0; i < p->rows; i++)
        for (int64_t j = 0; j < p->length; j++) {
            float sum = 0;
            for (int64_t t = 0; t < p->tokens; t++) {
                float weight = p->x[i * p->x_stride + t];
                if (p->type == ck_page_int8) weight *= scales[j / ck_page_group * ck_page_tokens + t];
                sum = fmaf(weight, element(p, place(1, p->length, t, j)), sum);
            }
            p->y[i * p->y_stride + j] += sum;
        }
}

static float weigh(int64_t count, float factor, float *x, float *largest, float *sum) {
    float most = *largest;
    for (int64_t i = 0; i < count; i++) most = x[i] > most ? x[i] : most;
    float sums[16] = {0};
    for (int64_t i = 0; i < count; i++) {
        x[i] = ck_exponential((x[i] - most) * factor);
        sums[i % 16] += x[i];
    }
    const float earlier = ck_exponential((*largest - most) * factor);
    *largest = most;
    *sum = fmaf(*sum, earlier, ck_reduce(sums));
    return earlier;
}

static void scale(int64_t count, float factor, float *x) {
    for (int64_t i = 0; i < count; i++) x[i] *= factor;
}

const ck_attention_kernels ck_attention_scalar = {
    .store_keys = store_keys,
    .store_values = store_values,
    .scores = scores,
    .mix = mix,
    .weigh = weigh,
    .scale = scale,
};
