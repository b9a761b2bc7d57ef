#pragma once

/// Keeps the process as nice as it was started, from the calling thread on: to be called before there is another thread.
///
/// libdispatch gives each of its threads the niceness of the thread's quality of service. Where the process may lower its own
/// (root may), a worker that was started by `nice`, or by systemd with `Nice=`, runs at 0 all the same, and below that for what
/// counts as urgent. Without the capability to do so (CAP_SYS_NICE, see capabilities(7)) these calls fail, as they do for
/// everybody but root, and all threads have the niceness of the process. Programs that are started from it have the capability
/// again.
void nightshift_keep_niceness(void);
