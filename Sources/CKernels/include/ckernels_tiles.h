// Products of matrices by the processor's tile unit (Intel AMX): numbers are rounded to bf16, their products summed in
// floats. Some ten times as fast as multiplying floats.
//
// Both factors are packed first, into panels of sixteen rows of the left one, or columns of the right one. A panel is a
// row of tiles of 1,024 bytes, one for every 32 of the depth; what lies beyond the matrix is zero.
#ifndef CKERNELS_TILES_H
#define CKERNELS_TILES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    ck_tile_rows = 16,
    ck_tile_depth = 32,
    /// bf16 numbers of a tile
    ck_tile_count = 512,
};

/// Whether this processor has the unit and the system lets this process use it, which is asked for at the first call.
int ck_tiles_are_available(void);

/// Packs panels of a factor: `count` rows of the left one or columns of the right one, starting at a multiple of sixteen
/// that x points at, each `depth` long.
///
/// `is_left`: for the left factor, else for the right one. `is_along`: the depth runs along x's rows, which `stride` floats
/// lie between; else it runs down its columns. out takes ceil(count / 16) panels, each beginning `panel` numbers behind
/// the one before, of which ceil(depth / 32) tiles are written.
void ck_tiles_pack(int is_left, int is_along, int64_t count, int64_t depth, const float *x, int64_t stride,
                   uint16_t *out, int64_t panel);

/// c = scale a b, or c += scale a b where `adding`; rows and columns of c. `a` and `b` begin with the panels of these rows and
/// columns, each `a_panel` and `b_panel` numbers behind the one before. `depth` may be less than what was packed of b.
void ck_tiles_multiply(int64_t rows, int64_t columns, int64_t depth, const uint16_t *a, int64_t a_panel,
                       const uint16_t *b, int64_t b_panel, float scale, int adding, float *c, int64_t stride);

#ifdef __cplusplus
}
#endif
#endif
