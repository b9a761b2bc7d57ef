// AVX-512: sixteen lanes a register, 32 registers: a tile of 6 x 64 sums leaves room for a line of b and a factor.
#if defined(__x86_64__)
#define CK_TABLE ck_avx512
#define CK_ATTENTION ck_attention_avx512
#define CK_TRAINING ck_training_avx512
#define CK_TILE_ROWS 6
#define CK_TILE_VECTORS 4
#pragma clang diagnostic ignored "-Wpsabi"  // no vector crosses a call: every helper is inlined
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,f16c"), min_vector_width(512))), apply_to = function)
#include "vector_body.h"
#include "attention_body.h"
#include "panels_body.h"
#include "training_body.h"
#pragma clang attribute pop
#endif
