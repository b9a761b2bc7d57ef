// Which tables this processor can run.
#include "internal.h"

int ck_available(const ck_kernels **tables, int capacity) {
    const ck_kernels *found[4];
    int count = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int fma = __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c");
    if (fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        found[count++] = &ck_avx512;
    if (fma) found[count++] = &ck_avx2;
#elif defined(__aarch64__)
    found[count++] = &ck_neon;
#endif
    found[count++] = &ck_scalar;
    for (int i = 0; i < count && i < capacity; i++) tables[i] = found[i];
    return count;
}
