// Sixteen lanes in the compiler's vector types, and what can be done with them: for the files that are compiled once
// for each instruction set.
#ifndef CKERNELS_LANES_H
#define CKERNELS_LANES_H

#include <stdint.h>
#include <string.h>

typedef float vec __attribute__((vector_size(64), aligned(4)));
typedef int32_t ivec __attribute__((vector_size(64), aligned(4)));
typedef uint32_t uvec __attribute__((vector_size(64), aligned(4)));

#define INLINE static inline __attribute__((always_inline))

INLINE vec splat(float x) { return (vec){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
INLINE ivec isplat(int32_t x) { return (ivec){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
INLINE vec fma_(vec a, vec b, vec c) { return __builtin_elementwise_fma(a, b, c); }

INLINE vec load(const float *p) {
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}
INLINE void store(float *p, vec v) { memcpy(p, &v, sizeof v); }
INLINE ivec iload(const void *p) {
    ivec v;
    memcpy(&v, p, sizeof v);
    return v;
}

/// `count` floats (under sixteen), the other lanes 0.
INLINE vec load_part(const float *p, int64_t count) {
    vec v = splat(0);
    memcpy(&v, p, (size_t)count * 4);
    return v;
}
INLINE void store_part(float *p, vec v, int64_t count) { memcpy(p, &v, (size_t)count * 4); }

#endif
