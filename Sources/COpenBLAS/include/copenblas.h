// The system's OpenBLAS, loaded when it is first wanted.
//
// It isn't linked, because it picks its kernels when it is loaded: by a table of processors that Debian 12's version
// (0.3.21) no longer keeps up with, so that on a newer one it may fall back to those of 2004 and be eight times
// slower. OPENBLAS_CORETYPE cures that, but only if it's set before the library is there.
#ifndef COPENBLAS_H
#define COPENBLAS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct copenblas {
    /// cblas_sgemm; orders and transpositions are CBLAS's numbers: row-major 101, as it is 111, transposed 112.
    void (*sgemm)(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
                  int lda, const float *b, int ldb, float beta, float *c, int ldc);
    /// The name of the kernels that were picked, such as "SkylakeX".
    const char *(*core_name)(void);
    void (*set_thread_count)(int threads);
} copenblas;

/// Loads the library. Call it once, before the program's environment is read by other threads.
///
/// `core_type` becomes OPENBLAS_CORETYPE unless the user has set that; null leaves the choice to the library.
/// Returns 0, or -1 with the loader's message in `problem`, which lives as long as the program.
int copenblas_load(const char *core_type, copenblas *library, const char **problem);

#ifdef __cplusplus
}
#endif
#endif
