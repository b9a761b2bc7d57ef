#include "copenblas.h"

#include <dlfcn.h>
#include <stdlib.h>

int copenblas_load(const char *core_type, copenblas *library, const char **problem) {
    if (core_type) setenv("OPENBLAS_CORETYPE", core_type, 0);
    void *handle = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (handle) {
        library->sgemm = (__typeof__(library->sgemm))dlsym(handle, "cblas_sgemm");
        library->core_name = (__typeof__(library->core_name))dlsym(handle, "openblas_get_corename");
        library->set_thread_count = (__typeof__(library->set_thread_count))dlsym(handle, "openblas_set_num_threads");
        if (library->sgemm && library->core_name && library->set_thread_count) return 0;
    }
    *problem = dlerror();
    return -1;
}
