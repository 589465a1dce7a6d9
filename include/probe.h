/*
 * probe.h - looking at a path as the user.
 *
 * The gate cannot see what the caller can see (service uid, no capability),
 * and must never look with more rights than he has.  So the launcher leaves
 * a small process of the caller's own: it opens a path O_PATH and passes the
 * descriptor back.  What the user can hand over is only what he can reach;
 * the gate judges the descriptor (fstat, /proc/self/fd), not the word.
 */
#ifndef PROBE_H
#define PROBE_H

/* User's side (launcher, after the drop): serves until the socket ends. */
__attribute__((noreturn)) void probe_serve(int sock);
/* Gate's side: an O_PATH descriptor (CLOEXEC, owned by the caller of this),
 * or -1 with errno as the user's open(2) set it; ETIMEDOUT/EPIPE when the
 * probe does not answer.  Thread-safe. */
int probe_open(int sock, const char *path);
/* The same, but directories of the path that are missing are made first, by
 * the user and as his (mode 0755). */
int probe_make(int sock, const char *path);

#endif
