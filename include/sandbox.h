/*
 * sandbox.h - the gate's system calls, closed to what it needs.
 *
 * A compromised gate already speaks to dockerd; the filter is there so that
 * it cannot become anything else on the way: no exec, no other sockets than
 * unix and netlink, no mounts, no tracing, no module, no key, no bpf.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

/* After everything is opened, before the first byte of a client.  0, or -1:
 * the kernel has no seccomp (said once in syslog; the gate goes on). */
int sandbox_enter(void);
/* The names that are allowed, for the test; ends with NULL. */
const char *const *sandbox_calls(void);

#endif
