// A pass over stored numbers: are they finite, and how far do they range?
//
// Everything is done on the bits, as whole numbers of the stored width, in vectors that the compiler maps to whatever
// the processor has; no NaN can disturb a comparison. A float's magnitude is its bits without the sign; it's an
// infinity when that equals the infinity's bits and a NaN when it's greater. With the magnitude of negative numbers
// turned over, the bits as a signed number order as the floats do, and a second turn gives the float back.
#include "internal.h"

// Elements of a block, a multiple of every vector's; few enough that a lane's counter can't overflow.
enum { block_length = 4096 };

// INTEGER: the signed type of the stored width, GREATEST: its greatest value, which is also the bits of a NaN and the
// mask of a magnitude.
#define DEFINE_SURVEY(NAME, INTEGER, GREATEST)                                                                         \
    typedef INTEGER NAME##_vector __attribute__((vector_size(32), may_alias));                                         \
                                                                                                                       \
    static void NAME(int64_t count, const unsigned char *source, int64_t stride, INTEGER infinity, ck_type type,       \
                     ck_survey_result *result) {                                                                       \
        enum { lanes = 32 / sizeof(INTEGER), last_bit = 8 * sizeof(INTEGER) - 1 };                                     \
        NAME##_vector block[block_length / lanes];                                                                     \
        INTEGER *elements = (INTEGER *)block;                                                                          \
        INTEGER least = GREATEST, greatest = -GREATEST - 1;                                                            \
        for (int64_t start = 0; start < count; start += block_length) {                                                \
            const int64_t length = count - start < block_length ? count - start : block_length;                        \
            const unsigned char *first = source + start * stride * (int64_t)sizeof(INTEGER);                           \
            if (stride == 1)                                                                                           \
                __builtin_memcpy(elements, first, length * sizeof(INTEGER));                                           \
            else                                                                                                       \
                for (int64_t i = 0; i < length; i++)                                                                   \
                    __builtin_memcpy(elements + i, first + i * stride * (int64_t)sizeof(INTEGER), sizeof(INTEGER));    \
            /* The last vector is filled up with NaN, which are taken off again. */                                    \
            const int64_t vectors = (length + lanes - 1) / lanes;                                                      \
            for (int64_t i = length; i < vectors * lanes; i++) elements[i] = GREATEST;                                 \
            result->nans -= vectors * lanes - length;                                                                  \
                                                                                                                       \
            NAME##_vector nans = {0}, infinities = {0}, low = {0}, high = {0};                                         \
            low |= (INTEGER)GREATEST;                                                                                  \
            high |= (INTEGER)(-GREATEST - 1);                                                                          \
            for (int64_t v = 0; v < vectors; v++) {                                                                    \
                const NAME##_vector bits = block[v], magnitude = bits & (INTEGER)GREATEST;                             \
                /* A comparison gives -1 where it holds. */                                                            \
                nans -= magnitude > infinity;                                                                          \
                infinities -= magnitude == infinity;                                                                   \
                const NAME##_vector finite = magnitude < infinity;                                                     \
                const NAME##_vector key = (bits ^ ((bits >> last_bit) & (INTEGER)GREATEST)) & finite;                  \
                low = __builtin_elementwise_min(low, key | (~finite & (INTEGER)GREATEST));                             \
                high = __builtin_elementwise_max(high, key | (~finite & (INTEGER)(-GREATEST - 1)));                    \
            }                                                                                                          \
            for (int lane = 0; lane < lanes; lane++) {                                                                 \
                result->nans += nans[lane];                                                                            \
                result->infinities += infinities[lane];                                                                \
                least = low[lane] < least ? low[lane] : least;                                                         \
                greatest = high[lane] > greatest ? high[lane] : greatest;                                              \
            }                                                                                                          \
        }                                                                                                              \
        if (least > greatest) return;                                                                                  \
        least ^= least < 0 ? GREATEST : 0;                                                                             \
        greatest ^= greatest < 0 ? GREATEST : 0;                                                                       \
        ck_scalar.widen(1, &least, type, &result->minimum);                                                            \
        ck_scalar.widen(1, &greatest, type, &result->maximum);                                                         \
    }

DEFINE_SURVEY(survey_32_bits, int32_t, INT32_MAX)
DEFINE_SURVEY(survey_16_bits, int16_t, INT16_MAX)

/// Elements in blocks are looked at as the floats that they are.
static void survey_blocks(int64_t count, const char *source, ck_type type, ck_survey_result *result) {
    float block[block_length];
    for (int64_t start = 0; start < count; start += block_length) {
        const int64_t length = count - start < block_length ? count - start : block_length;
        ck_scalar.widen(length, source + ck_stored_bytes(type, start), type, block);
        ck_survey_add(length, block, result);
    }
}

void ck_survey_add(int64_t count, const float *x, ck_survey_result *result) {
    const ck_survey_result part = ck_survey(count, x, 1, ck_type_f32);
    result->nans += part.nans;
    result->infinities += part.infinities;
    if (part.minimum < result->minimum) result->minimum = part.minimum;
    if (part.maximum > result->maximum) result->maximum = part.maximum;
}

ck_survey_result ck_survey(int64_t count, const void *source, int64_t stride, ck_type type) {
    ck_survey_result result = {.minimum = __builtin_inff(), .maximum = -__builtin_inff()};
    switch (type) {
        case ck_type_f32: survey_32_bits(count, source, stride, 0x7F800000, type, &result); break;
        case ck_type_f16: survey_16_bits(count, source, stride, 0x7C00, type, &result); break;
        case ck_type_bf16: survey_16_bits(count, source, stride, 0x7F80, type, &result); break;
        case ck_type_q8_0:
        case ck_type_q4_0: survey_blocks(count, source, type, &result); break;
    }
    return result;
}
