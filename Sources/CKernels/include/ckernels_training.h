// The inner loops of training that aren't matrix products: a row, or a stretch of all parameters, at a time.
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
} ck_training_kernels;

/// Undoes ck_rotate_pairs: rotates by the opposite angle.
void ck_rotate_pairs_back(int64_t rotary, const float *cosine, const float *sine, float *head);

#ifdef __cplusplus
}
#endif
#endif
