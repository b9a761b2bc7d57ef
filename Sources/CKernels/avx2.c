// AVX2 with FMA and F16C: a vector of sixteen lanes takes two of the 16 registers, so that a tile is 6 x 16 sums.
#if defined(__x86_64__)
#define CK_TABLE ck_avx2
#define CK_ATTENTION ck_attention_avx2
#define CK_TRAINING ck_training_avx2
#define CK_TILE_ROWS 6
#define CK_TILE_VECTORS 1
#pragma clang diagnostic ignored "-Wpsabi"  // no vector crosses a call: every helper is inlined
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "vector_body.h"
#include "attention_body.h"
#include "panels_body.h"
#include "training_body.h"
#pragma clang attribute pop
#endif
