// Products of quantized rows and weights over sixteen lanes. Included once by each instruction set's file, which opens
// a region compiled for the set and defines:
//
//   CK_TABLE       the table's symbol, CK_FLOATS that of the set's float kernels
//   CK_TILE_ROWS   rows of a register tile (at most 6), CK_TILE_VECTORS its columns in vectors of sixteen (1, 2 or 4)
//   CK_NIBBLE_TILES  tiles of rows up to which 4-bit weights are used as they are; more find them expanded to bytes
//   CK_SIGNED      whether `dot` subtracts 128 from the weights' codes itself
//
// and functions that add to each lane of `sum` the inner product of four weights with the activations that are the
// bytes of x:
//
//   ivec dot(ivec sum, ivec codes, int32_t x)            weights are any bytes
//   ivec dot_nibbles(ivec sum, ivec nibbles, int32_t x)  weights are 0 to 15; `sum` begins with 0 and is what
//   ivec sum_of_nibbles(ivec sum)                        makes lanes of after a subgroup
#include <math.h>

typedef int8_t bytes16 __attribute__((vector_size(16), aligned(1)));
typedef uint8_t ubytes16 __attribute__((vector_size(16), aligned(1)));
typedef uint8_t bytes64 __attribute__((vector_size(64), aligned(1)));
typedef uint16_t halves32 __attribute__((vector_size(64), aligned(1)));

static void quantize(const float *x, int64_t x_stride, int64_t inner, int64_t first, int64_t end, ck_codes out) {
    for (int64_t row = first; row < end; row++)
        for (int64_t group = 0; group < out.groups; group++) {
            const float *source = x + row * x_stride + group * ck_group;
            const int64_t count = inner - group * ck_group;
            vec v[ck_group / 16];
            ivec largest = isplat(0);
            for (int i = 0; i < ck_group / 16; i++) {
                const int64_t left = count - i * 16;
                v[i] = left >= 16 ? load(source + i * 16) : left > 0 ? load_part(source + i * 16, left) : splat(0);
                ivec bits;
                memcpy(&bits, &v[i], sizeof bits);
                largest = __builtin_elementwise_max(largest, bits & 0x7fffffff);
            }
            const ck_scale scale = ck_scale_of(__builtin_reduce_max(largest));
            const int64_t index = group * out.rows + row;
            int8_t *codes = out.codes + index * ck_group;
            int32_t *sums = out.sums + index * (ck_group / ck_subgroup);
            memset(sums, 0, sizeof(int32_t) * (ck_group / ck_subgroup));
            memset(codes, 0, ck_group);
            for (int i = 0; i < ck_group / 16 && scale.inverse != 0; i++) {
                const ivec code =
                    __builtin_convertvector(__builtin_elementwise_rint(v[i] * splat(scale.inverse)), ivec);
                const bytes16 bytes = __builtin_convertvector(code, bytes16);
                memcpy(codes + i * 16, &bytes, sizeof bytes);
                sums[i * 16 / ck_subgroup] += __builtin_reduce_add(code);
            }
            out.scales[index] = scale.scale;
        }
}

/// Groups that weights are fetched ahead of their use.
enum { groups_ahead = 4 };

/// Bring a line into the second or the first cache ahead of its use; an address that isn't there does no harm. Weights
/// go to the second, which has room for more lines under way.
INLINE void fetch(const void *address) { __builtin_prefetch(address, 0, 2); }
INLINE void fetch_near(const void *address) { __builtin_prefetch(address, 0, 3); }

/// Sixteen multipliers.
INLINE ivec multipliers_of(const uint8_t *p) {
    ubytes16 bytes;
    memcpy(&bytes, p, sizeof bytes);
    return __builtin_convertvector(bytes, ivec);
}

enum { subgroups = ck_group / ck_subgroup };

/// What a tile works on: one group of a panel, and the rows' part of it.
typedef struct tile_arguments {
    const int8_t *x;           // [rows, ck_group]
    const float *x_scales;     // [rows]
    const int32_t *x_sums;     // [rows, subgroups]
    const float *scales;       // [ck_panel_columns]
    const uint8_t *multipliers;  // of 4-bit weights: [subgroups, ck_panel_columns]
    const uint8_t *codes;      // as the panel has them, or 4-bit weights as codes of 8-bit ones
    float *sums;               // [rows, ck_panel_columns]; added to
    int64_t distance;          // bytes to the group whose lines are fetched as this one's are read
    const uint8_t *next;       // the first of the lines that the tile fetches of that group's codes
    const int8_t *next_x;      // [rows, ck_group]: fetched, too
} tile_arguments;

/// The integers of a tile become floats and are added to the rows' sums. Loops are unrolled, here and where the tile
/// begins, lest its registers go to memory and back.
INLINE void add_tile(int rows, int vectors, const tile_arguments *p, int first, ivec sum[6][4]) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        const vec scale = load(p->scales + first + v * 16);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            float *out = p->sums + i * ck_panel_columns + first + v * 16;
            store(out, fma_(__builtin_convertvector(sum[i][v], vec), splat(p->x_scales[i]) * scale, load(out)));
        }
    }
}

/// `rows` x (`vectors` * 16) sums of 8-bit weights, from the column `first` on; each of its 32 steps fetches `ahead`
/// lines from `next` on. `rows`, `vectors` and `ahead` are constants where it's called.
INLINE void tile_8(int rows, int vectors, int ahead, const tile_arguments *p, int first) {
    ivec sum[6][4];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        int32_t total = 0;
        for (int part = 0; part < subgroups; part++) total += p->x_sums[i * subgroups + part];
        for (int v = 0; v < vectors; v++) sum[i][v] = isplat(CK_SIGNED ? 0 : -128 * total);
        for (int line = 0; line < ck_group; line += 64) fetch_near(p->next_x + i * ck_group + line);
    }
    // The tiles beside each other share the lines.
    const int64_t tiles = 4 / vectors, own = first / (16 * vectors);
#pragma clang loop unroll_count(4)
    for (int64_t j = 0; j < ck_group / 4; j++) {
        ivec line[4];
        for (int v = 0; v < vectors; v++) line[v] = iload(p->codes + (j * ck_panel_columns + first + v * 16) * 4);
        for (int64_t l = 0; l < ahead; l++)
            if (j % tiles == own) fetch(p->next + (j * ahead + l) * 64);
        for (int i = 0; i < rows; i++) {
            int32_t factor;
            memcpy(&factor, p->x + i * ck_group + j * 4, 4);
            for (int v = 0; v < vectors; v++) sum[i][v] = dot(sum[i][v], line[v], factor);
        }
    }
    add_tile(rows, vectors, p, first, sum);
}

/// `rows` x (`vectors` * 16) sums of 4-bit weights, from the column `first` on: each subgroup's sums are made of the
/// nibbles and multiplied then. A tile over all columns reads the group in order, and fetches nothing itself.
INLINE void tile_4(int rows, int vectors, const tile_arguments *p, int first) {
    ivec sum[6][4];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++) sum[i][v] = isplat(0);
    for (int64_t part = 0; part < subgroups; part++) {
        ivec own[6][4];
        for (int i = 0; i < rows; i++)
            for (int v = 0; v < vectors; v++) own[i][v] = isplat(0);
        for (int64_t j = part * (ck_subgroup / 8); j < (part + 1) * (ck_subgroup / 8); j++) {
            if (vectors < 4) fetch(p->codes + (first + j) * 64 + p->distance);
            for (int v = 0; v < vectors; v++) {
                const ivec both = iload(p->codes + (j * ck_panel_columns + first + v * 16) * 4);
                const ivec low = both & 0x0f0f0f0f, high = both >> 4 & 0x0f0f0f0f;
                for (int i = 0; i < rows; i++) {
                    int32_t factors[2];
                    memcpy(factors, p->x + i * ck_group + j * 8, 8);
                    own[i][v] = dot_nibbles(dot_nibbles(own[i][v], low, factors[0]), high, factors[1]);
                }
            }
        }
        for (int v = 0; v < vectors; v++) {
            const ivec multiplier = multipliers_of(p->multipliers + part * ck_panel_columns + first + v * 16);
            for (int i = 0; i < rows; i++)
                sum[i][v] += (sum_of_nibbles(own[i][v]) - isplat(8 * p->x_sums[i * subgroups + part])) * multiplier;
        }
    }
    add_tile(rows, vectors, p, first, sum);
}

#define TILE_CASE(r)                                                     \
    case r:                                                              \
        for (int n = 0; n < ck_panel_columns; n += CK_TILE_VECTORS * 16) \
            tile_8(r, CK_TILE_VECTORS, ahead, p, n);                     \
        break;
/// As many columns as the registers hold sums of beside the subgroups' own.
#define CK_NIBBLE_VECTORS(r) (CK_TILE_VECTORS == 4 && (r) <= 2 ? 4 : 1)
#define TILE_4_CASE(r)                                                     \
    case r:                                                                \
        for (int n = 0; n < ck_panel_columns; n += CK_NIBBLE_VECTORS(r) * 16) \
            tile_4(r, CK_NIBBLE_VECTORS(r), p, n);                         \
        break;
#if CK_TILE_ROWS >= 6
#define TILE_CASES(CASE) CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#else
#define TILE_CASES(CASE) CASE(1) CASE(2) CASE(3) CASE(4)
#endif

/// Up to CK_TILE_ROWS rows, all columns of the panel.
INLINE void tile_row(int rows, int ahead, const tile_arguments *p) {
    switch (rows) { TILE_CASES(TILE_CASE) }
}
static void tile_row_0(int rows, const tile_arguments *p) { tile_row(rows, 0, p); }
static void tile_row_1(int rows, const tile_arguments *p) { tile_row(rows, 1, p); }
static void tile_row_2(int rows, const tile_arguments *p) { tile_row(rows, 2, p); }
static void tile_row_4(int rows, const tile_arguments *p) { tile_row(rows, 4, p); }
static void tile_row_nibbles(int rows, const tile_arguments *p) {
    switch (rows) { TILE_CASES(TILE_4_CASE) }
}

/// 4-bit weights of a group as codes of 8-bit ones.
static void expand(const uint8_t *multipliers, const uint8_t *codes, uint8_t *out) {
    for (int64_t part = 0; part < subgroups; part++)
        for (int n = 0; n < ck_panel_columns; n += 16) {
            const ivec multiplier = multipliers_of(multipliers + part * ck_panel_columns + n);
            // In each of a column's four bytes: 15 * 16 at most, so that nothing is carried from byte to byte.
            const halves32 factor = (halves32)(multiplier | multiplier << 16);
            const bytes64 base = (bytes64)((128 - 8 * multiplier) * 0x01010101);
            for (int64_t j = part * (ck_subgroup / 8); j < (part + 1) * (ck_subgroup / 8); j++) {
                const int64_t offset = (j * ck_panel_columns + n) * 4;
                const ivec both = iload(codes + offset);
                const bytes64 low = (bytes64)((halves32)(both & 0x0f0f0f0f) * factor) + base;
                const bytes64 high = (bytes64)((halves32)(both >> 4 & 0x0f0f0f0f) * factor) + base;
                memcpy(out + (2 * j * ck_panel_columns + n) * 4, &low, sizeof low);
                memcpy(out + ((2 * j + 1) * ck_panel_columns + n) * 4, &high, sizeof high);
            }
        }
}

/// The rows `row` ..< `row + count`, at most ck_quantized_rows, over one group; their sums are added to `sums`.
static void add_group(const ck_quantized_arguments *p, const uint8_t *group, int64_t g, int64_t row, int64_t count,
                      float *sums) {
    const int64_t distance = groups_ahead * ck_group_bytes(p->bits);
    const int64_t tiles = (count + CK_TILE_ROWS - 1) / CK_TILE_ROWS;
    const uint8_t *codes = group + 4 * ck_panel_columns, *multipliers = codes;
    const int has_nibbles = p->bits == 4, is_expanded = has_nibbles && tiles > CK_NIBBLE_TILES;
    if (has_nibbles) codes += subgroups * ck_panel_columns;
    const uint8_t *next = codes + distance;
    // The processor foresees what is read in order, and loses the thread where the head comes after the codes.
    for (const uint8_t *line = group; line < codes; line += 64) fetch_near(line);
    if (is_expanded) {
        uint8_t *expanded = (uint8_t *)(sums + ck_quantized_rows * ck_panel_columns);
        expand(multipliers, codes, expanded);
        codes = expanded;
    }
    // The tiles divide the lines to be fetched among them, so that memory works all the time.
    const int64_t lines = (p->bits * ck_group / 8 * ck_panel_columns / 64) / (ck_group / 4);
    // For few rows, bytes that are read in order are all there is to do, and the processor's own foresight does it best.
    const int is_stream = count <= 4 && !has_nibbles;
    const int64_t ahead = is_stream ? 0 : tiles == 1 ? 4 : tiles < 4 && !has_nibbles ? 2 : 1;
    for (int64_t i = 0, t = 0; t < tiles; t++) {
        const int height = (int)((count - i + tiles - t - 1) / (tiles - t));
        const int64_t index = g * p->x.rows + row + i;
        const tile_arguments arguments = {
            .x = p->x.codes + index * ck_group,
            .x_scales = p->x.scales + index,
            .x_sums = p->x.sums + index * subgroups,
            .scales = (const float *)(const void *)group,
            .multipliers = multipliers,
            .codes = codes,
            .sums = sums + i * ck_panel_columns,
            .distance = distance,
            .next = next + t * ahead * (ck_group / 4) * 64,
            .next_x = p->x.codes + (index + (is_stream ? 0 : p->x.rows)) * ck_group,
        };
        if (has_nibbles && !is_expanded) tile_row_nibbles(height, &arguments);
        else if (ahead == 4) tile_row_4(height, &arguments);
        else if (ahead == 2 && t < 2) tile_row_2(height, &arguments);
        else if (ahead == 1 && t < lines) tile_row_1(height, &arguments);
        else tile_row_0(height, &arguments);
        i += height;
    }
}

/// Between y and the rows' sums, which lie without gaps: `columns` of them count.
static void read_sums(const ck_quantized_arguments *p, int64_t row, int64_t count, int64_t n, int64_t columns,
                      float *sums) {
    for (int64_t i = 0; i < count; i++)
        memcpy(sums + i * ck_panel_columns, p->y + (row + i) * p->y_stride + n, (size_t)columns * 4);
}

static void write_sums(const ck_quantized_arguments *p, int64_t row, int64_t count, int64_t n, int64_t columns,
                       int is_last, float *sums) {
    for (int64_t i = 0; i < count; i++) {
        float *own = sums + i * ck_panel_columns;
        if (is_last && p->bias)
            for (int64_t c = 0; c < columns; c++) own[c] += p->bias[n + c];
        if (is_last && p->gelu) CK_FLOATS.gelu(columns, own);
        memcpy(p->y + (row + i) * p->y_stride + n, own, (size_t)columns * 4);
    }
}

static void linear(const ck_quantized_arguments *p) {
    const int64_t size = p->x.groups * ck_group_bytes(p->bits);
    float *sums = p->scratch;
    for (int64_t n = p->first; n < p->end; n += ck_panel_columns) {
        const int64_t columns = p->end - n < ck_panel_columns ? p->end - n : ck_panel_columns;
        const uint8_t *panel = (const uint8_t *)p->panels + n / ck_panel_columns * size;
        // A stretch of groups stays in the second cache while all rows pass over it.
        for (int64_t first = 0; first < p->x.groups; first += ck_quantized_groups) {
            const int64_t end = first + ck_quantized_groups < p->x.groups ? first + ck_quantized_groups : p->x.groups;
            for (int64_t row = 0; row < p->x.rows; row += ck_quantized_rows) {
                const int64_t count = p->x.rows - row < ck_quantized_rows ? p->x.rows - row : ck_quantized_rows;
                memset(sums, 0, (size_t)count * ck_panel_columns * 4);
                if (first > 0 || p->accumulate) read_sums(p, row, count, n, columns, sums);
                for (int64_t g = first; g < end; g++)
                    add_group(p, panel + g * ck_group_bytes(p->bits), g, row, count, sums);
                write_sums(p, row, count, n, columns, end == p->x.groups, sums);
            }
        }
    }
}

static int32_t busy(int64_t steps) {
    // The tile's own work, on registers and a few bytes that the compiler must take for new in each step.
    enum { passes = 24 / (CK_TILE_ROWS * CK_TILE_VECTORS) };
    int32_t factors[CK_TILE_ROWS], codes[CK_TILE_VECTORS * 16];
    for (int i = 0; i < CK_TILE_ROWS; i++) factors[i] = 0x01020304 * (i + 1);
    for (int i = 0; i < CK_TILE_VECTORS * 16; i++) codes[i] = 0x01050903 * (i + 7);
    ivec total = isplat(0);
    for (int pass = 0; pass < passes; pass++) {
        ivec sums[CK_TILE_ROWS][CK_TILE_VECTORS];
        for (int i = 0; i < CK_TILE_ROWS; i++)
            for (int v = 0; v < CK_TILE_VECTORS; v++) sums[i][v] = isplat(i + v);
        for (int64_t step = 0; step < steps; step++) {
            __asm__ volatile("" : : "r"(factors), "r"(codes) : "memory");
            ivec line[CK_TILE_VECTORS];
            for (int v = 0; v < CK_TILE_VECTORS; v++) line[v] = iload(codes + v * 16);
            for (int i = 0; i < CK_TILE_ROWS; i++)
                for (int v = 0; v < CK_TILE_VECTORS; v++) sums[i][v] = dot(sums[i][v], line[v], factors[i]);
        }
        for (int i = 0; i < CK_TILE_ROWS; i++)
            for (int v = 0; v < CK_TILE_VECTORS; v++) total ^= sums[i][v];
    }
    return __builtin_reduce_max(total);
}

const ck_quantized_kernels CK_TABLE = {
    .quantize = quantize,
    .linear = linear,
    .busy = busy,
};
