/* Tells the thread sanitizer what happens before what in two of Swift's libraries, which aren't instrumented. It is preloaded in
 * front of them.
 *
 * Mutexes. The uncontended half of a Synchronization.Mutex is inlined and so instrumented. The other waits in the kernel
 * (FUTEX_LOCK_PI), and what the kernel hands from one thread to another the sanitizer doesn't see, so that everything such a
 * mutex guards looks like a race. What was written before a lock is given back is seen by whoever gets it next.
 *
 * Continuations. Where one is resumed before its task has begun to wait, the task goes on without being queued, and the runtime
 * tells nothing. What was written before a continuation is resumed is seen by the task behind its await.
 *
 * The symbols' names, the calling conventions and the beginning of an asynchronous context are part of Swift's ABI. The place of
 * the task within a checked continuation is not; it is so in Swift 6.3. Without the sanitizer in the process it does nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
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

static void released(void *handle) {
    if (__tsan_release) __tsan_release(handle);
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
    released(handle);
    original(handle);
}

#define AWAIT "swift_continuation_await"
#define RESUME_RETURNING "$sScC6resume9returningyxn_tF"
#define RESUME_THROWING "$sScC6resume8throwingyq_n_tF"

SWIFT void *swift_task_getCurrent(void) __attribute__((weak));

typedef SWIFT void (*resume_t)(void *value, void *type, SELF continuation);

/* A checked continuation is an object that has the task behind its header, or nothing when it was resumed. */
static void resume(_Atomic(void *) *found, const char *name, void *value, void *type, void *continuation) {
    void *task = (*(void ***)continuation)[2];
    if (task) released(task);
    ((resume_t)next(found, name))(value, type, continuation);
}

SWIFT void resume_returning(void *value, void *type, SELF continuation) __asm__(RESUME_RETURNING);
SWIFT void resume_returning(void *value, void *type, SELF continuation) {
    static _Atomic(void *) found;
    resume(&found, RESUME_RETURNING, value, type, continuation);
}

SWIFT void resume_throwing(void *error, void *type, SELF continuation) __asm__(RESUME_THROWING);
SWIFT void resume_throwing(void *error, void *type, SELF continuation) {
    static _Atomic(void *) found;
    resume(&found, RESUME_THROWING, error, type, continuation);
}

/* Resuming and awaiting may happen at the same time, so that only behind the await it is known that the resuming was before it:
 * where the task goes on, a function of ours goes first. It finds the one whose place it has taken by the context's address. */
typedef struct context context;
#define ASYNC __attribute__((swiftasynccall))
typedef ASYNC void (*proceed_t)(__attribute__((swift_async_context)) context *);
struct context {
    context *parent;
    proceed_t proceed;
};

typedef struct waiting {
    struct waiting *next;
    context *context;
    proceed_t proceed;
} waiting;

static waiting *table[4096];
/* None of the sanitizer's locks, which would order what isn't ordered. */
static atomic_flag table_lock = ATOMIC_FLAG_INIT;

static waiting **bucket(context *context) { return &table[((uintptr_t)context >> 4) % 4096]; }

static void lock_table(void) {
    while (atomic_flag_test_and_set_explicit(&table_lock, memory_order_acquire)) sched_yield();
}

static void unlock_table(void) { atomic_flag_clear_explicit(&table_lock, memory_order_release); }

ASYNC static void proceed(__attribute__((swift_async_context)) context *context) {
    lock_table();
    waiting **place = bucket(context);
    while ((*place)->context != context) place = &(*place)->next;
    waiting *found = *place;
    *place = found->next;
    unlock_table();
    proceed_t original = context->proceed = found->proceed;
    free(found);
    acquired(swift_task_getCurrent());
    __attribute__((musttail)) return original(context);
}

ASYNC void await_continuation(context *context) __asm__(AWAIT);
ASYNC void await_continuation(context *context) {
    static _Atomic(void *) found;
    ASYNC void (*original)(struct context *) = (ASYNC void (*)(struct context *))next(&found, AWAIT);
    if (__tsan_acquire) {
        waiting *new = malloc(sizeof *new);
        if (!new) abort();
        new->context = context;
        new->proceed = context->proceed;
        context->proceed = proceed;
        lock_table();
        new->next = *bucket(context);
        *bucket(context) = new;
        unlock_table();
    }
    __attribute__((musttail)) return original(context);
}
