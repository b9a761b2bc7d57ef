// Attention over pages, sixteen lanes at a time. Included by each instruction set's file after vector_body.h, whose
// helpers and tile size it uses; that file also defines CK_ATTENTION, the table's symbol.
#include "attention.h"

typedef int8_t codes16 __attribute__((vector_size(16), aligned(1)));

INLINE int64_t element_bytes(ck_page_type type) { return type == ck_page_f32 ? 4 : type == ck_page_f16 ? 2 : 1; }

/// Sixteen elements of a block, of int8 their codes.
INLINE vec load_elements(const char *p, ck_page_type type) {
    if (type == ck_page_f32) return load((const float *)(const void *)p);
    if (type == ck_page_f16) return load_stored(p, ck_type_f16, 0, 16);
    codes16 codes;
    memcpy(&codes, p, sizeof codes);
    return __builtin_convertvector(__builtin_convertvector(codes, ivec), vec);
}

INLINE f16vec halves_of(vec v) { return __builtin_convertvector(v, f16vec); }

/// Elements `j` ..< `j + 16` of a row of which `given` are there.
INLINE vec load_given(const float *row, int64_t j, int64_t given) {
    return given - j >= 16 ? load(row + j) : given > j ? load_part(row + j, given - j) : splat(0);
}

/// One token's sixteen elements from `j` on: along a line of the values, or down a column of the keys.
INLINE void store_elements(const ck_page_store *p, int is_values, int64_t t, int64_t j, vec v) {
    if (p->type == ck_page_f32) {
        float *page = p->page;
        if (is_values) return store(page + t * p->length + j, v);
        for (int i = 0; i < 16; i++) page[(j + i) * ck_page_tokens + t] = v[i];
        return;
    }
    uint16_t *page = p->page;
    const f16vec halves = halves_of(v);
    uint16_t bits[16];
    memcpy(bits, &halves, sizeof bits);
    if (is_values) memcpy(page + t * p->length + j, bits, sizeof bits);
    else
        for (int i = 0; i < 16; i++) page[(j + i) * ck_page_tokens + t] = bits[i];
}

INLINE void store_group(const ck_page_store *p, int is_values, int64_t t, const float *row, int64_t start) {
    const int64_t end = start + ck_page_group < p->length ? start + ck_page_group : p->length;
    vec v[ck_page_group / 16];
    ivec most = isplat(0);
    for (int64_t j = start; j < end; j += 16) {
        v[(j - start) / 16] = load_given(row, j, p->given);
        ivec bits;
        memcpy(&bits, &v[(j - start) / 16], sizeof bits);
        most = __builtin_elementwise_max(most, bits & 0x7fffffff);
    }
    const ck_scale scale = ck_scale_of(__builtin_reduce_max(most));
    ((float *)p->page)[start / ck_page_group * ck_page_tokens + t] = scale.scale;
    int8_t *codes = (int8_t *)p->page + ck_page_groups(p->length) * ck_page_tokens * 4;
    for (int64_t j = start; j < end; j += 16) {
        const vec x = scale.inverse != 0 ? v[(j - start) / 16] : splat(0);
        const codes16 own = __builtin_convertvector(
            __builtin_convertvector(__builtin_elementwise_rint(x * splat(scale.inverse)), ivec), codes16);
        if (is_values) memcpy(codes + t * p->length + j, &own, sizeof own);
        else
            for (int i = 0; i < 16; i++) codes[(j + i) * ck_page_tokens + t] = own[i];
    }
}

INLINE void store_tokens(const ck_page_store *p, int is_values) {
    for (int64_t i = 0; i < p->count; i++) {
        const float *row = p->x + i * p->x_stride;
        const int64_t t = p->first + i;
        if (p->type == ck_page_int8)
            for (int64_t start = 0; start < p->length; start += ck_page_group) store_group(p, is_values, t, row, start);
        else
            for (int64_t j = 0; j < p->length; j += 16)
                store_elements(p, is_values, t, j, load_given(row, j, p->given));
    }
}

static void store_keys(const ck_page_store *p) { store_tokens(p, 0); }
static void store_values(const ck_page_store *p) { store_tokens(p, 1); }

/// `rows` x (`vectors` * 16) sums over `inner` lines of b, `b_stride` elements from one to the next. `rows`,
/// `vectors` and `type` are constants where it's called. What lies `ahead` bytes further is fetched on the way.
INLINE void page_tile(int rows, int vectors, ck_page_type type, int64_t inner, const float *a, int64_t a_stride,
                      const char *b, int64_t b_stride, int64_t ahead, vec sum[6][4]) {
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++) sum[i][v] = splat(0);
    for (int64_t j = 0; j < inner; j++) {
        vec line[4];
        for (int v = 0; v < vectors; v++) {
            const char *p = b + (j * b_stride + v * 16) * element_bytes(type);
            line[v] = load_elements(p, type);
            if (v * 16 * element_bytes(type) % 64 == 0) __builtin_prefetch(p + ahead, 0, 2);
        }
        for (int i = 0; i < rows; i++) {
            const vec factor = splat(a[i * a_stride + j]);
            for (int v = 0; v < vectors; v++) sum[i][v] = fma_(factor, line[v], sum[i][v]);
        }
    }
}

/// The scores of `rows` rows over `vectors` * 16 tokens from `first` on; `codes` are the block's elements, of `type`.
INLINE void score_tile(int rows, int vectors, ck_page_type type, const ck_page_product *p, const char *codes,
                       int64_t ahead, int64_t row, int64_t first) {
    const char *b = codes + first * element_bytes(type);
    const float *a = p->x + row * p->x_stride;
    float *y = p->y + row * p->y_stride + first;
    vec sum[6][4];
    if (p->type != ck_page_int8) {
        page_tile(rows, vectors, type, p->length, a, p->x_stride, b, ck_page_tokens, ahead, sum);
        for (int i = 0; i < rows; i++)
            for (int v = 0; v < vectors; v++) store(y + i * p->y_stride + v * 16, sum[i][v]);
        return;
    }
    const float *scales = (const float *)p->page + first;
    vec total[6][4];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++) total[i][v] = splat(0);
    for (int64_t start = 0; start < p->length; start += ck_page_group) {
        const int64_t count = p->length - start < ck_page_group ? p->length - start : ck_page_group;
        page_tile(rows, vectors, type, count, a + start, p->x_stride,
                  b + start * ck_page_tokens * element_bytes(type), ck_page_tokens, ahead, sum);
        for (int v = 0; v < vectors; v++) {
            const vec scale = load(scales + start / ck_page_group * ck_page_tokens + v * 16);
            for (int i = 0; i < rows; i++) total[i][v] = fma_(sum[i][v], scale, total[i][v]);
        }
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++) store(y + i * p->y_stride + v * 16, total[i][v]);
}

/// Adds the values of `rows` rows to the elements from `first` on, `vectors` * 16 of them, which share a group.
INLINE void mix_tile(int rows, int vectors, ck_page_type type, const ck_page_product *p, const char *codes,
                     int64_t ahead, int64_t row, int64_t first) {
    const char *b = codes + first * element_bytes(type);
    const float *a = p->x + row * p->x_stride;
    float *y = p->y + row * p->y_stride + first;
    vec sum[6][4];
    if (p->type != ck_page_int8) {
        page_tile(rows, vectors, type, p->tokens, a, p->x_stride, b, p->length, ahead, sum);
    } else {
        const float *scales = (const float *)p->page + first / ck_page_group * ck_page_tokens;
        float weights[6 * ck_page_tokens];
        for (int i = 0; i < rows; i++)
            for (int64_t t = 0; t < p->tokens; t++) weights[i * ck_page_tokens + t] = a[i * p->x_stride + t] * scales[t];
        page_tile(rows, vectors, type, p->tokens, weights, ck_page_tokens, b, p->length, ahead, sum);
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++) {
            float *out = y + i * p->y_stride + v * 16;
            store(out, load(out) + sum[i][v]);
        }
}

#define ATTENTION_CASE(tile, r, v, t)                      \
    case ((r) * 8 + (v)) * 4 + (t):                        \
        tile(r, v, (ck_page_type)(t), p, codes, ahead, row, first); \
        break;
#define ATTENTION_ROWS(tile, v, t)                                                            \
    ATTENTION_CASE(tile, 1, v, t) ATTENTION_CASE(tile, 2, v, t) ATTENTION_CASE(tile, 3, v, t) \
    ATTENTION_CASE(tile, 4, v, t) ATTENTION_CASE(tile, 5, v, t) ATTENTION_CASE(tile, 6, v, t)
#define ATTENTION_TYPES(tile, v) \
    ATTENTION_ROWS(tile, v, ck_page_f32) ATTENTION_ROWS(tile, v, ck_page_f16) ATTENTION_ROWS(tile, v, ck_page_int8)

/// `type` is that of `codes`: the block's own, or f32 where it was widened.
static void any_score_tile(int rows, int vectors, ck_page_type type, const ck_page_product *p, const char *codes,
                           int64_t ahead, int64_t row, int64_t first) {
    switch ((rows * 8 + vectors) * 4 + (int)type) {
        ATTENTION_TYPES(score_tile, 1)
#if CK_TILE_VECTORS >= 2
        ATTENTION_TYPES(score_tile, 2)
#endif
    }
}

static void any_mix_tile(int rows, int vectors, ck_page_type type, const ck_page_product *p, const char *codes,
                         int64_t ahead, int64_t row, int64_t first) {
    switch ((rows * 8 + vectors) * 4 + (int)type) {
        ATTENTION_TYPES(mix_tile, 1)
#if CK_TILE_VECTORS >= 4
        ATTENTION_TYPES(mix_tile, 4)
#endif
    }
}

/// The block's elements. Many rows find them widened once, what changes no bit. `ahead` becomes the distance from them
/// to those that will be wanted soon, for the first rows that pass over them.
INLINE const char *elements_of(const ck_page_product *p, ck_page_type *type, int64_t *ahead) {
    const char *codes = p->type == ck_page_int8 ? (const char *)ck_page_codes(p->page, p->length) : p->page;
    *ahead = p->next ? (const char *)p->next - (const char *)p->page : 0;
    if (p->type == ck_page_f32 || p->rows <= CK_TILE_ROWS) {
        *type = p->type;
        return codes;
    }
    const int64_t count = p->length * ck_page_tokens, bytes = element_bytes(p->type);
    for (int64_t i = 0; i < count; i += 16) {
        __builtin_prefetch(codes + i * bytes + *ahead, 0, 2);
        store(p->scratch + i, p->type == ck_page_f16 ? load_elements(codes + i * 2, ck_page_f16)
                                                     : load_elements(codes + i, ck_page_int8));
    }
    *type = ck_page_f32;
    *ahead = 0;
    return (const char *)p->scratch;
}

static void scores(const ck_page_product *p) {
    ck_page_type type;
    int64_t ahead;
    const char *codes = elements_of(p, &type, &ahead);
    const int64_t width = (CK_TILE_VECTORS < 2 ? 1 : 2) * 16;
    for (int64_t row = 0; row < p->rows; row += CK_TILE_ROWS, ahead = 0) {
        const int height = (int)(p->rows - row < CK_TILE_ROWS ? p->rows - row : CK_TILE_ROWS);
        for (int64_t first = 0; first < p->tokens; first += width)
            any_score_tile(height, p->tokens - first > 16 ? (int)(width / 16) : 1, type, p, codes, ahead, row, first);
    }
}

static void mix(const ck_page_product *p) {
    ck_page_type type;
    int64_t ahead;
    const char *codes = elements_of(p, &type, &ahead);
    const int64_t width = (CK_TILE_VECTORS < 4 ? 1 : 4) * 16;
    for (int64_t row = 0; row < p->rows; row += CK_TILE_ROWS, ahead = 0) {
        const int height = (int)(p->rows - row < CK_TILE_ROWS ? p->rows - row : CK_TILE_ROWS);
        int64_t first = 0;
        for (; first + width <= p->length; first += width)
            any_mix_tile(height, (int)(width / 16), type, p, codes, ahead, row, first);
        for (; first < p->length; first += 16) any_mix_tile(height, 1, type, p, codes, ahead, row, first);
    }
}

static float weigh(int64_t count, float factor, float *x, float *largest, float *sum) {
    const int64_t whole = count / 16 * 16, rest = count - whole;
    vec most = splat(*largest);
    for (int64_t i = 0; i < whole; i += 16) most = __builtin_elementwise_max(load(x + i), most);
    float most_of_all = *largest;
    for (int i = 0; i < 16; i++) most_of_all = most[i] > most_of_all ? most[i] : most_of_all;
    for (int64_t i = whole; i < count; i++) most_of_all = x[i] > most_of_all ? x[i] : most_of_all;
    vec sums = splat(0);
    for (int64_t i = 0; i < whole; i += 16) {
        const vec e = exponential((load(x + i) - splat(most_of_all)) * splat(factor));
        store(x + i, e);
        sums += e;
    }
    if (rest) {
        vec e = exponential((load_part(x + whole, rest) - splat(most_of_all)) * splat(factor));
        for (int64_t i = rest; i < 16; i++) e[i] = 0;
        store_part(x + whole, e, rest);
        sums += e;
    }
    const float earlier = ck_exponential((*largest - most_of_all) * factor);
    *largest = most_of_all;
    *sum = fmaf(*sum, earlier, reduce(sums));
    return earlier;
}

static void scale(int64_t count, float factor, float *x) {
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) store(x + i, load(x + i) * splat(factor));
    for (; i < count; i++) x[i] *= factor;
}

const ck_attention_kernels CK_ATTENTION = {
    .store_keys = store_keys,
    .store_values = store_values,
    .scores = scores,
    .mix = mix,
    .weigh = weigh,
    .scale = scale,
};
