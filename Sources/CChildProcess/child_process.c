#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

/// The stream `target` of the program to be.
static int add_stream(posix_spawn_file_actions_t *actions, int source, int target) {
    switch (source) {
    case NIGHTSHIFT_STREAM_NULL:
        return posix_spawn_file_actions_addopen(actions, target, "/dev/null", target == 0 ? O_RDONLY : O_WRONLY, 0);
    case NIGHTSHIFT_STREAM_INHERITED: source = target; break;
    }
    // Also where both are one: it is then not closed by what follows.
    return posix_spawn_file_actions_adddup2(actions, source, target);
}

static int add_actions(posix_spawn_file_actions_t *actions, const char *folder, const int streams[3]) {
    int code = 0;
    for (int target = 0; target < 3 && code == 0; target++) {
        // A stream that is closed here is closed there.
        if (streams[target] == NIGHTSHIFT_STREAM_INHERITED && fcntl(target, F_GETFD) < 0) continue;
        code = add_stream(actions, streams[target], target);
    }
#ifndef __APPLE__
    // Not left to close-on-exec: what other threads have just opened may not be marked yet.
    if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(actions, 3);
#endif
    if (code == 0 && folder) code = posix_spawn_file_actions_addchdir_np(actions, folder);
    return code;
}

static int set_attributes(posix_spawnattr_t *attributes, int own_group) {
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
#ifdef __APPLE__
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#endif
    if (own_group) flags |= POSIX_SPAWN_SETPGROUP;
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int code = posix_spawnattr_setsigdefault(attributes, &all);
    if (code == 0) code = posix_spawnattr_setsigmask(attributes, &none);
    if (code == 0) code = posix_spawnattr_setpgroup(attributes, 0);
    if (code == 0) code = posix_spawnattr_setflags(attributes, flags);
    return code;
}

int nightshift_spawn(
    pid_t *id, const char *path, char *const arguments[], char *const environment[], const char *folder,
    const int streams[3], int own_group) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0) return code;
    code = posix_spawnattr_init(&attributes);
    if (code == 0) {
        code = add_actions(&actions, folder, streams);
        if (code == 0) code = set_attributes(&attributes, own_group);
        if (code == 0) code = posix_spawn(id, path, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

/// The same above the standard streams, which those of the program would replace.
static int moved_up(int descriptor) {
    if (descriptor > 2) return descriptor;
    int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    close(descriptor);
    return moved;
}

int nightshift_pipe(int ends[2]) {
#ifdef __APPLE__
    if (pipe(ends) != 0) return errno;
    for (int index = 0; index < 2; index++) fcntl(ends[index], F_SETFD, FD_CLOEXEC);
#else
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
#endif
    for (int index = 0; index < 2; index++) {
        ends[index] = moved_up(ends[index]);
        if (ends[index] < 0) {
            int code = errno;
            close(ends[1 - index]);
            return code;
        }
    }
    return 0;
}
