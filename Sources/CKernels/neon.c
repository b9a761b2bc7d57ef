// NEON: a vector of sixteen lanes takes four of the 32 registers, so that a tile is 6 x 16 sums.
#if defined(__aarch64__)
#define CK_TABLE ck_neon
#define CK_ATTENTION ck_attention_neon
#define CK_TRAINING ck_training_neon
#define CK_TILE_ROWS 6
#define CK_TILE_VECTORS 1
#include "vector_body.h"
#include "attention_body.h"
#include "panels_body.h"
#include "training_body.h"
#endif
