/* Tells the thread sanitizer of the locks that Synchronization.Mutex takes and gives back where somebody waits.
 *
 * The uncontended half of a Mutex is inlined and so instrumented. The rest lies in libswiftSynchronization, which isn't:
 * it waits in the kernel (FUTEX_LOCK_PI), and what the kernel hands from one thread to another the sanitizer doesn't
 * see, so that everything such a mutex guards looks like a race. This library is preloaded in front of it and adds what
 * is missing: what was written before a lock is given back is seen by whoever gets it next.
 *
 * The symbols' names are part of Swift's stable ABI. Without the sanitizer in the process it does nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

static void *next(_Atomic(void *) *found, const char *name) {
    void *function = atomic_load(found);
    if (!function) {
        function = dlsym(RTLD_NEXT, name);
        if (!function) abort();
        atomic_store(found, function);
    }
    return function;
}

static void acquired(void *handle) {
    if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT void lock_slow(uint32_t thread, SELF handle) __asm__(LOCK);
SWIFT void lock_slow(uint32_t thread, SELF handle) {
    static _Atomic(void *) found;
    SWIFT void (*original)(uint32_t, SELF) = (SWIFT void (*)(uint32_t, SELF))next(&found, LOCK);
    original(thread, handle);
    acquired(handle);
}

SWIFT bool try_lock_slow(SELF handle) __asm__(TRY_LOCK);
SWIFT bool try_lock_slow(SELF handle) {
    static _Atomic(void *) found;
    SWIFT bool (*original)(SELF) = (SWIFT bool (*)(SELF))next(&found, TRY_LOCK);
    bool taken = original(handle);
    if (taken) acquired(handle);
    return taken;
}

SWIFT void unlock_slow(SELF handle) __asm__(UNLOCK);
SWIFT void unlock_slow(SELF handle) {
    static _Atomic(void *) found;
    SWIFT void (*original)(SELF) = (SWIFT void (*)(SELF))next(&found, UNLOCK);
    if (__tsan_release) __tsan_release(handle);
    original(handle);
}
