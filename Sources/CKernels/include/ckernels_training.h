// The inner loops of training: a row, or a stretch of all parameters, at a time; and products of matrices that are too
// small for a library.
//
// training.c is the definition; a vector version gives the same bits. Sums over a row are sixteen partial sums, element
// i in sum i % 16, added up as a tree.
#ifndef CKERNELS_TRAINING_H
#define CKERNELS_TRAINING_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One step of AdamW (Loshchilov and Hutter 2019) over parameters that share their settings, in PyTorch's order.
typedef struct ck_adam_step {
    float gradient_scale;      ///< what gradients are multiplied by first: clipping
    float decay;               ///< 1 - rate * weight decay
    float beta1, beta2;
    float step_size;           ///< rate / (1 - beta1^t)
    float inverse_correction;  ///< 1 / sqrt(1 - beta2^t)
    float epsilon;
} ck_adam_step;

typedef struct ck_training_kernels {
    /// Layer normalization that keeps what its backward pass needs:
    /// out[i] = (x[i] - *mean) * *inverse * weight[i] + bias[i], *inverse = 1 / sqrt(biased variance + epsilon).
    void (*normalize)(int64_t count, const float *x, const float *weight, const float *bias, float epsilon, float *out,
                      float *mean, float *inverse);

    /// Adds to dx what normalize's input gets of dy, and to dweight and dbias what its parameters get. With
    /// n[i] = (x[i] - mean) * inverse and g[i] = dy[i] * weight[i]:
    /// dx[i] += inverse * (g[i] - average of g - n[i] * average of g n). dweight and dbias may both be null.
    void (*normalize_back)(int64_t count, const float *x, float mean, float inverse, const float *weight,
                           const float *dy, float *dx, float *dweight, float *dbias);

    /// out[i] = gelu(x[i]), GPT-J's form.
    void (*gelu)(int64_t count, const float *x, float *out);

    /// In place: dy[i] becomes dy[i] * gelu'(x[i]).
    void (*gelu_back)(int64_t count, const float *x, float *dy);

    /// The largest of `count` floats; -infinity where there are none. NaNs are passed over.
    float (*largest)(int64_t count, const float *x);

    /// In place: x[i] = exp(scale * x[i] - shift); returns their sum.
    float (*exponentials)(int64_t count, float scale, float shift, float *x);

    /// Softmax's backward pass, in place: dp[i] becomes p[i] * (dp[i] - mean) * scale, mean being the sum of p dp.
    void (*softmax_back)(int64_t count, const float *p, float mean, float scale, float *dp);

    /// y[i] += factor * x[i]
    void (*add)(int64_t count, float factor, const float *x, float *y);

    /// x[i] *= factor
    void (*scale)(int64_t count, float factor, float *x);

    /// The sum of x[i] * y[i], in double precision from stretch to stretch of 4,096.
    double (*dot)(int64_t count, const float *x, const float *y);

    /// m and v are the running averages of the gradient and of its square.
    void (*adam)(const ck_adam_step *step, int64_t count, const float *gradient, float *parameter, float *m, float *v);

    /// Packs the right factor of products, b[depth][columns], or stored the other way round, [columns][depth], where
    /// `is_transposed`; `stride` floats lie between its stored rows. out gets panels of ck_panel_columns columns, each
    /// [depth][ck_panel_columns] and behind the other, with zeros beyond the columns.
    void (*pack_panels)(int is_transposed, int64_t columns, int64_t depth, const float *b, int64_t stride, float *out);

    /// c = a b, or c += a b where `adding`: a[rows][depth], or stored as [depth][rows] where `is_transposed`; b as packed,
    /// with `panel` floats from panel to panel. Columns and depth may be less than what was packed.
    /// Each element is the sum, from ck_panel_depth to ck_panel_depth of the depth, of sums made in order.
    void (*panel_product)(int is_transposed, int64_t rows, int64_t columns, int64_t depth, const float *a,
                          int64_t a_stride, const float *panels, int64_t panel, int adding, float *c, int64_t c_stride);
} ck_training_kernels;

enum {
    /// The part of the depth over which a panel, 64 KiB of it, stays in the second cache.
    ck_panel_depth = 256,
};

/// Undoes ck_rotate_pairs: rotates by the opposite angle.
void ck_rotate_pairs_back(int64_t rotary, const float *cosine, const float *sine, float *head);

#ifdef __cplusplus
}
#endif
#endif
