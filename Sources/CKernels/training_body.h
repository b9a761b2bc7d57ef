// The training kernels, sixteen lanes at a time. Included by each instruction set's file after vector_body.h, whose
// helpers it uses, and panels_body.h; that file also defines CK_TRAINING, the table's symbol.
//
// Each lane does what training.c does for one element. The last elements of a row go through the same lines as whole
// vectors, with zeros behind them.
#include "training.h"

/// How many of a vector's lanes are there, at `i` of `count`.
INLINE int64_t lanes_at(int64_t i, int64_t count) { return count - i < 16 ? count - i : 16; }

INLINE vec load_some(const float *p, int64_t lanes) { return lanes == 16 ? load(p) : load_part(p, lanes); }

INLINE void store_some(float *p, vec v, int64_t lanes) {
    if (lanes == 16) store(p, v);
    else store_part(p, v, lanes);
}

/// The first `lanes` of v, and zeros.
INLINE vec only(vec v, int64_t lanes) {
    for (int64_t i = lanes; i < 16; i++) v[i] = 0;
    return v;
}

#define EACH_VECTOR(i, count) for (int64_t i = 0, lanes; i < (count) && ((lanes = lanes_at(i, count)), 1); i += 16)

static void train_normalize(int64_t count, const float *x, const float *weight, const float *bias, float epsilon,
                            float *out, float *mean, float *inverse) {
    vec sums = splat(0), squares = splat(0);
    EACH_VECTOR(i, count) sums += load_some(x + i, lanes);
    const float average = reduce(sums) / (float)count;
    EACH_VECTOR(i, count) {
        vec d = load_some(x + i, lanes) - splat(average);
        if (lanes < 16) d = only(d, lanes);
        squares = fma_(d, d, squares);
    }
    const float factor = 1.0f / sqrtf(reduce(squares) / (float)count + epsilon);
    EACH_VECTOR(i, count)
        store_some(out + i,
                   fma_((load_some(x + i, lanes) - splat(average)) * splat(factor), load_some(weight + i, lanes),
                        load_some(bias + i, lanes)),
                   lanes);
    *mean = average;
    *inverse = factor;
}

static void train_normalize_back(int64_t count, const float *x, float mean, float inverse, const float *weight,
                                 const float *dy, float *dx, float *dweight, float *dbias) {
    vec sums = splat(0), products = splat(0);
    EACH_VECTOR(i, count) {
        // Behind the row's end dy and weight are zeros, and so is what they are multiplied into.
        const vec g = load_some(dy + i, lanes) * load_some(weight + i, lanes);
        sums += g;
        products = fma_(g, (load_some(x + i, lanes) - splat(mean)) * splat(inverse), products);
    }
    const float average = reduce(sums) / (float)count, product = reduce(products) / (float)count;
    EACH_VECTOR(i, count) {
        const vec y = load_some(dy + i, lanes), g = y * load_some(weight + i, lanes);
        const vec n = (load_some(x + i, lanes) - splat(mean)) * splat(inverse);
        const vec d = fma_(-n, splat(product), g - splat(average));
        store_some(dx + i, fma_(splat(inverse), d, load_some(dx + i, lanes)), lanes);
        if (!dweight) continue;
        store_some(dweight + i, fma_(y, n, load_some(dweight + i, lanes)), lanes);
        store_some(dbias + i, load_some(dbias + i, lanes) + y, lanes);
    }
}

INLINE vec gate(vec x) {
    const vec cubic = fma_(x * x, splat(0.044715f) * x, x);
    return splat(1) / (splat(1) + exponential(splat(-2.0f * CK_SQRT_2_OVER_PI) * cubic));
}

static void train_gelu(int64_t count, const float *x, float *out) {
    EACH_VECTOR(i, count) {
        const vec v = load_some(x + i, lanes);
        store_some(out + i, v * gate(v), lanes);
    }
}

static void train_gelu_back(int64_t count, const float *x, float *dy) {
    EACH_VECTOR(i, count) {
        const vec v = load_some(x + i, lanes), s = gate(v);
        const vec slope = fma_(v * v, splat(6.0f * 0.044715f * CK_SQRT_2_OVER_PI), splat(2.0f * CK_SQRT_2_OVER_PI));
        store_some(dy + i, load_some(dy + i, lanes) * fma_(v * slope, fma_(-s, s, s), s), lanes);
    }
}

static float train_largest(int64_t count, const float *x) {
    float most = -INFINITY;
    vec lines = splat(-INFINITY);
    const int64_t whole = count / 16 * 16;
    for (int64_t i = 0; i < whole; i += 16) lines = __builtin_elementwise_max(load(x + i), lines);
    for (int i = 0; i < 16; i++) most = lines[i] > most ? lines[i] : most;
    for (int64_t i = whole; i < count; i++) most = x[i] > most ? x[i] : most;
    return most;
}

static float train_exponentials(int64_t count, float scale, float shift, float *x) {
    vec sums = splat(0);
    EACH_VECTOR(i, count) {
        vec e = exponential(fma_(splat(scale), load_some(x + i, lanes), splat(-shift)));
        if (lanes < 16) e = only(e, lanes);
        sums += e;
        store_some(x + i, e, lanes);
    }
    return reduce(sums);
}

static void train_softmax_back(int64_t count, const float *p, float mean, float scale, float *dp) {
    EACH_VECTOR(i, count)
        store_some(dp + i, load_some(p + i, lanes) * (load_some(dp + i, lanes) - splat(mean)) * splat(scale), lanes);
}

static void train_add(int64_t count, float factor, const float *x, float *y) {
    EACH_VECTOR(i, count) store_some(y + i, fma_(splat(factor), load_some(x + i, lanes), load_some(y + i, lanes)), lanes);
}

static void train_scale(int64_t count, float factor, float *x) {
    EACH_VECTOR(i, count) store_some(x + i, load_some(x + i, lanes) * splat(factor), lanes);
}

static double train_dot(int64_t count, const float *x, const float *y) {
    double total = 0;
    for (int64_t start = 0; start < count; start += ck_dot_stretch) {
        const int64_t length = count - start < ck_dot_stretch ? count - start : ck_dot_stretch;
        vec sums = splat(0);
        EACH_VECTOR(i, length) sums = fma_(load_some(x + start + i, lanes), load_some(y + start + i, lanes), sums);
        total += reduce(sums);
    }
    return total;
}

static void train_adam(const ck_adam_step *s, int64_t count, const float *gradient, float *parameter, float *m,
                       float *v) {
    EACH_VECTOR(i, count) {
        const vec g = load_some(gradient + i, lanes) * splat(s->gradient_scale);
        const vec first = fma_(splat(s->beta1), load_some(m + i, lanes), splat(1.0f - s->beta1) * g);
        const vec second = fma_(splat(s->beta2), load_some(v + i, lanes), splat(1.0f - s->beta2) * g * g);
        const vec size = fma_(__builtin_elementwise_sqrt(second), splat(s->inverse_correction), splat(s->epsilon));
        store_some(m + i, first, lanes);
        store_some(v + i, second, lanes);
        store_some(parameter + i,
                   fma_(load_some(parameter + i, lanes), splat(s->decay), splat(-s->step_size) * (first / size)), lanes);
    }
}

const ck_training_kernels CK_TRAINING = {
    .normalize = train_normalize,
    .normalize_back = train_normalize_back,
    .gelu = train_gelu,
    .gelu_back = train_gelu_back,
    .largest = train_largest,
    .exponentials = train_exponentials,
    .softmax_back = train_softmax_back,
    .add = train_add,
    .scale = train_scale,
    .dot = train_dot,
    .adam = train_adam,
    .pack_panels = train_pack_panels,
    .panel_product = train_panel_product,
};
