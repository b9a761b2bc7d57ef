// What the definition of attention over pages and its vector versions share.
#ifndef CKERNELS_ATTENTION_INTERNAL_H
#define CKERNELS_ATTENTION_INTERNAL_H

#include "ckernels_attention.h"
#include "quantized.h"

extern const ck_attention_kernels ck_attention_scalar;
#if defined(__x86_64__)
extern const ck_attention_kernels ck_attention_avx2, ck_attention_avx512;
#elif defined(__aarch64__)
extern const ck_attention_kernels ck_attention_neon;
#endif

/// Groups of a head's elements that have a scale of their own.
static inline int64_t ck_page_groups(int64_t length) { return (length + ck_page_group - 1) / ck_page_group; }

/// The codes of a block of int8.
static inline const int8_t *ck_page_codes(const void *page, int64_t length) {
    return (const int8_t *)page + ck_page_groups(length) * ck_page_tokens * 4;
}

#endif
