// Products of floats by packed panels, in the compiler's vector types. Included by each instruction set's file after
// vector_body.h, whose helpers and whose register tile it uses.
#include "training.h"

static void train_pack_panels(int is_transposed, int64_t columns, int64_t depth, const float *b, int64_t stride,
                              float *out) {
    for (int64_t first = 0; first < columns; first += ck_panel_columns, out += depth * ck_panel_columns) {
        for (int64_t n = 0; n < ck_panel_columns; n += 16) {
            const int64_t left = columns - first - n, count = left < 0 ? 0 : left < 16 ? left : 16;
            const int64_t column = count ? first + n : 0;  // nothing is read where nothing is left
            if (is_transposed) {
                pack_strip((const char *)(b + column * stride), 4 * stride, ck_type_f32, count, 0, depth, out + n);
                continue;
            }
            for (int64_t k = 0; k < depth; k++) {
                const float *row = b + k * stride + column;
                store(out + k * ck_panel_columns + n, count == 16 ? load(row) : load_part(row, count));
            }
        }
    }
}

/// `is_transposed` is a constant where it's called.
INLINE void panel_rows(int is_transposed, int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_stride,
                       const float *panels, int64_t panel, int adding, float *c, int64_t c_stride) {
    const int64_t a_row = is_transposed ? 1 : a_stride, a_step = is_transposed ? a_stride : 1;
    for (int64_t k = 0; k < depth; k += ck_panel_depth) {
        const int64_t inner = depth - k < ck_panel_depth ? depth - k : ck_panel_depth;
        for (int64_t n = 0; n < columns; n += CK_TILE_VECTORS * 16) {
            const int64_t width = columns - n < CK_TILE_VECTORS * 16 ? columns - n : CK_TILE_VECTORS * 16;
            const float *b = panels + n / ck_panel_columns * panel + k * ck_panel_columns + n % ck_panel_columns;
            for (int64_t i = 0; i < rows; i += CK_TILE_ROWS) {
                const int height = (int)(rows - i < CK_TILE_ROWS ? rows - i : CK_TILE_ROWS);
                any_tile(height, (int)((width + 15) / 16), inner, a + i * a_row + k * a_step, a_row, a_step, b,
                         ck_panel_columns, c + i * c_stride + n, c_stride, width, adding || k > 0);
            }
        }
    }
}

static void train_panel_product(int is_transposed, int64_t rows, int64_t columns, int64_t depth, const float *a,
                                int64_t a_stride, const float *panels, int64_t panel, int adding, float *c,
                                int64_t c_stride) {
    if (is_transposed) panel_rows(1, rows, columns, depth, a, a_stride, panels, panel, adding, c, c_stride);
    else panel_rows(0, rows, columns, depth, a, a_stride, panels, panel, adding, c, c_stride);
}
