/*
 * lease.h - what launcher and gate say to each other.
 *
 * A lease is a SOCK_SEQPACKET connection from one command to its gate.  The
 * first message (struct lease_hello) is sent by the launcher while it is
 * root: over a socketpair to a gate it starts, or over the control socket
 * (root only, mode 0600; the gate checks SO_PEERCRED too) to one that
 * lingers.  Everything after it comes from the user's half and is only
 * believed as far as the user is.  The CLI inherits the lease; when the last
 * holder is gone the gate sees the end of it.
 */
#ifndef LEASE_H
#define LEASE_H

#include <stdint.h>
#include <sys/types.h>

#define LEASE_MAGIC 0x64733031u		/* "ds01" */
#define LEASE_VERSION 1u
#define LEASE_TEXT_MAX (96 * 1024)	/* bytes of one message */
#define LEASE_PATH_MAX 108		/* of a socket: sun_path, ended by NUL */
#define LEASE_WORDS_MAX 4096	/* words of argv and targets together */

/* gate's descriptors after exec */
#define GATE_FD_SESSION 3	/* listening: the Docker API for the user */
#define GATE_FD_CONTROL 4	/* listening: further leases; absent when private */
#define GATE_FD_LEASE 5		/* the first lease */
#define GATE_FD_PROBE 6		/* opens paths as the user (probe.h) */

struct lease_hello {		/* root's half, launcher -> gate */
	uint32_t magic, version;
	uint32_t uid, gid;	/* real ids of the caller */
	uint32_t loginuid, session;
	int32_t pid;		/* of the command */
	char socket[LEASE_PATH_MAX];	/* session socket's, to be removed at
					 * exit */
	char control[LEASE_PATH_MAX];	/* control socket's path or "" */
	char sudo_user[256];	/* only when uid is 0, else "" */
	char tty[64];
};

/* The gate's answer to a hello it accepts: one message of one byte.  Closing
 * without it makes the launcher start another gate.  A first hello is
 * answered before the gate serves anything, so a gate that cannot start ends
 * with one of the exit codes below instead; the launcher words them. */
#define LEASE_ACK 'K'
#define GATE_EXIT_ENGINE 71	/* no access to the engine's socket */
#define GATE_EXIT_AUDIT 72	/* audit is required and not to be had */
#define GATE_EXIT_ACCOUNT 73	/* the caller has no account */
/* A gate that goes removes first the session socket's name, then the control
 * socket's, and only then closes the control socket: a launcher that sees its
 * lease end without an answer may make new sockets of the same names at once.
 */

/* User's half: one message, a byte and then fields ended by NUL, in this order:
 *   LEASE_ASK  mode  debug  cwd  argc-as-decimal  argv…  target-kind  targets…
 * mode: value of DS01_ISOLATION_MODE, "bypass", or "".
 * debug: "1", "2" or ""; with it comes one SOCK_SEQPACKET descriptor
 * (SCM_RIGHTS) whose messages appear on the caller's stderr.
 * A command line that does not fit is cut: argc counts the words sent, the
 * last of which is then LEASE_CUT.  Targets are sent all or none.
 * target-kind: "container", "volume", "network" or "" (no targets follow).
 * The answer: one byte and text.
 *   LEASE_GO    engine.cli path, NUL, then lines for stderr (may be empty)
 *   LEASE_STOP  text to print on stderr; the command exits 1
 */
#define LEASE_CUT "[...]"
#define LEASE_ASK 'A'
#define LEASE_GO 'G'
#define LEASE_STOP 'S'

#endif
