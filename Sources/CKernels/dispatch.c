// Which instruction sets this processor can run.
#include "attention.h"
#include "training.h"

#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

int ck_available(ck_instruction_set *sets, int capacity) {
    ck_instruction_set found[6];
    int count = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int avx2 = __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c");
    const int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    if (avx512 && __builtin_cpu_supports("avx512vnni"))
        found[count++] = (ck_instruction_set){"avx512-vnni", &ck_avx512, &ck_quantized_avx512_vnni, &ck_attention_avx512, &ck_training_avx512};
    if (avx512) found[count++] = (ck_instruction_set){"avx512", &ck_avx512, &ck_quantized_avx2, &ck_attention_avx512, &ck_training_avx512};
    if (avx2 && __builtin_cpu_supports("avxvnni"))
        found[count++] = (ck_instruction_set){"avx2-vnni", &ck_avx2, &ck_quantized_avx2_vnni, &ck_attention_avx2, &ck_training_avx2};
    if (avx2) found[count++] = (ck_instruction_set){"avx2", &ck_avx2, &ck_quantized_avx2, &ck_attention_avx2, &ck_training_avx2};
#elif defined(__aarch64__)
#if defined(__linux__)
    const int has_dot_product = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
    const int has_dot_product = 1;
#endif
    if (has_dot_product) found[count++] = (ck_instruction_set){"neon-dot", &ck_neon, &ck_quantized_neon, &ck_attention_neon, &ck_training_neon};
    found[count++] = (ck_instruction_set){"neon", &ck_neon, &ck_quantized_scalar, &ck_attention_neon, &ck_training_neon};
#endif
    found[count++] = (ck_instruction_set){"scalar", &ck_scalar, &ck_quantized_scalar, &ck_attention_scalar, &ck_training_scalar};
    for (int i = 0; i < count && i < capacity; i++) sets[i] = found[i];
    return count;
}
