// The definition of the training kernels: what the vector versions must equal, bit for bit.
#include "training.h"

static void normalize(int64_t count, const float *x, const float *weight, const float *bias, float epsilon, float *out,
                      float *mean, float *inverse) {
    float sums[16] = {0}, squares[16] = {0};
    for (int64_t i = 0; i < count; i++) sums[i % 16] += x[i];
    *mean = ck_reduce(sums) / (float)count;
    for (int64_t i = 0; i < count; i++) squares[i % 16] = fmaf(x[i] - *mean, x[i] - *mean, squares[i % 16]);
    *inverse = 1.0f / sqrtf(ck_reduce(squares) / (float)count + epsilon);
    for (int64_t i = 0; i < count; i++) out[i] = fmaf((x[i] - *mean) * *inverse, weight[i], bias[i]);
}

static void normalize_back(int64_t count, const float *x, float mean, float inverse, const float *weight,
                           const float *dy, float *dx, float *dweight, float *dbias) {
    float sums[16] = {0}, products[16] = {0};
    for (int64_t i = 0; i < count; i++) {
        const float g = dy[i] * weight[i], n = (x[i] - mean) * inverse;
        sums[i % 16] += g;
        products[i % 16] = fmaf(g, n, products[i % 16]);
    }
    const float average = ck_reduce(sums) / (float)count, product = ck_reduce(products) / (float)count;
    for (int64_t i = 0; i < count; i++) {
        const float g = dy[i] * weight[i], n = (x[i] - mean) * inverse;
        dx[i] = fmaf(inverse, fmaf(-n, product, g - average), dx[i]);
        if (!dweight) continue;
        dweight[i] = fmaf(dy[i], n, dweight[i]);
        dbias[i] += dy[i];
    }
}

/// 1 / (1 + exp(-2 u)), which gelu multiplies x by.
static float gate(float x) {
    const float cubic = fmaf(x * x, 0.044715f * x, x);
    return 1.0f / (1.0f + ck_exponential(-2.0f * CK_SQRT_2_OVER_PI * cubic));
}

static void gelu(int64_t count, const float *x, float *out) {
    for (int64_t i = 0; i < count; i++) out[i] = x[i] * gate(x[i]);
}

static void gelu_back(int64_t count, const float *x, float *dy) {
    for (int64_t i = 0; i < count; i++) {
        // gelu' = s + x s (1 - s) 2 u', where s is the gate and u' = sqrt(2 / pi) (1 + 3 * 0.044715 x^2).
        const float s = gate(x[i]);
        const float slope = fmaf(x[i] * x[i], 6.0f * 0.044715f * CK_SQRT_2_OVER_PI, 2.0f * CK_SQRT_2_OVER_PI);
        dy[i] *= fmaf(x[i] * slope, fmaf(-s, s, s), s);
    }
}

static float largest(int64_t count, const float *x) {
    float most = -INFINITY;
    for (int64_t i = 0; i < count; i++) most = x[i] > most ? x[i] : most;
    return most;
}

static float exponentials(int64_t count, float scale, float shift, float *x) {
    float sums[16] = {0};
    for (int64_t i = 0; i < count; i++) {
        x[i] = ck_exponential(fmaf(scale, x[i], -shift));
        sums[i % 16] += x[i];
    }
    return ck_reduce(sums);
}

static void softmax_back(int64_t count, const float *p, float mean, float scale, float *dp) {
    for (int64_t i = 0; i < count; i++) dp[i] = p[i] * (dp[i] - mean) * scale;
}

static void add(int64_t count, float factor, const float *x, float *y) {
    for (int64_t i = 0; i < count; i++) y[i] = fmaf(factor, x[i], y[i]);
}

static void scale(int64_t count, float factor, float *x) {
    for (int64_t i = 0; i < count; i++) x[i] *= factor;
}

static double dot(int64_t count, const float *x, const float *y) {
    double total = 0;
    for (int64_t start = 0; start < count; start += ck_dot_stretch) {
        const int64_t end = start + ck_dot_stretch < count ? start + ck_dot_stretch : count;
        float sums[16] = {0};
        for (int64_t i = start; i < end; i++) sums[(i - start) % 16] = fmaf(x[i], y[i], sums[(i - start) % 16]);
        total += ck_reduce(sums);
    }
    return total;
}

static void adam(const ck_adam_step *s, int64_t count, const float *gradient, float *parameter, float *m, float *v) {
    for (int64_t i = 0; i < count; i++) {
        const float g = gradient[i] * s->gradient_scale;
        m[i] = fmaf(s->beta1, m[i], (1.0f - s->beta1) * g);
        v[i] = fmaf(s->beta2, v[i], (1.0f - s->beta2) * g * g);
        const float size = fmaf(sqrtf(v[i]), s->inverse_correction, s->epsilon);
        parameter[i] = fmaf(parameter[i], s->decay, -s->step_size * (m[i] / size));
    }
}

static void pack_panels(int is_transposed, int64_t columns, int64_t depth, const float *b, int64_t stride, float *out) {
    for (int64_t first = 0; first < columns; first += ck_panel_columns)
        for (int64_t k = 0; k < depth; k++)
            for (int64_t n = first; n < first + ck_panel_columns; n++)
                *out++ = n >= columns ? 0 : is_transposed ? b[n * stride + k] : b[k * stride + n];
}

static void panel_product(int is_transposed, int64_t rows, int64_t columns, int64_t depth, const float *a,
                          int64_t a_stride, const float *panels, int64_t panel, int adding, float *c,
                          int64_t c_stride) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t n = 0; n < columns; n++) {
            const float *b = panels + n / ck_panel_columns * panel + n % ck_panel_columns;
            float *out = c + i * c_stride + n;
            for (int64_t start = 0; start < depth; start += ck_panel_depth) {
                float sum = 0;
                for (int64_t k = start; k < depth && k < start + ck_panel_depth; k++)
                    sum = fmaf(is_transposed ? a[k * a_stride + i] : a[i * a_stride + k], b[k * ck_panel_columns], sum);
                *out = adding || start > 0 ? *out + sum : sum;
            }
        }
}

const ck_training_kernels ck_training_scalar = {
    .normalize = normalize,
    .normalize_back = normalize_back,
    .gelu = gelu,
    .gelu_back = gelu_back,
    .largest = largest,
    .exponentials = exponentials,
    .softmax_back = softmax_back,
    .add = add,
    .scale = scale,
    .dot = dot,
    .adam = adam,
    .pack_panels = pack_panels,
    .panel_product = panel_product,
};

void ck_rotate_pairs_back(int64_t rotary, const float *cosine, const float *sine, float *head) {
    for (int64_t i = 0; i < rotary / 2; i++) {
        const float even = head[2 * i], odd = head[2 * i + 1];
        head[2 * i] = even * cosine[i] + odd * sine[i];
        head[2 * i + 1] = odd * cosine[i] - even * sine[i];
    }
}
