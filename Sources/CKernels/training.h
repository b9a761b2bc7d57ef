// What the definition of the training kernels and their vector versions share.
#ifndef CKERNELS_TRAINING_INTERNAL_H
#define CKERNELS_TRAINING_INTERNAL_H

#include "ckernels_training.h"
#include "internal.h"

extern const ck_training_kernels ck_training_scalar;
#if defined(__x86_64__)
extern const ck_training_kernels ck_training_avx2, ck_training_avx512;
#elif defined(__aarch64__)
extern const ck_training_kernels ck_training_neon;
#endif

/// Elements whose products are summed in floats before they go into a double.
enum { ck_dot_stretch = 4096 };

#endif
