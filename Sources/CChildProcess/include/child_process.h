/// What starting a program takes of the C library beyond POSIX, which Swift's imports of it leave out.

#ifndef NIGHTSHIFT_CHILD_PROCESS_H
#define NIGHTSHIFT_CHILD_PROCESS_H

#include <sys/types.h>

/// In the place of a descriptor: the stream is this process's own.
#define NIGHTSHIFT_STREAM_INHERITED -1
/// In the place of a descriptor: the stream is /dev/null.
#define NIGHTSHIFT_STREAM_NULL -2

/// Starts a program with the signals as they are by default and with no descriptors but the three standard ones.
///
/// - streams: what its standard input, output and error are.
/// - folder: where it runs; NULL for here.
/// - own_group: whether it is the first of a process group of its own.
/// - returns: 0, or an error number.
int nightshift_spawn(
    pid_t *id, const char *path, char *const arguments[], char *const environment[], const char *folder,
    const int streams[3], int own_group);

/// A pipe, for reading and for writing, that no program inherits but by being given it.
///
/// - returns: 0, or an error number.
int nightshift_pipe(int ends[2]);

#endif
