/*
 * start.h - finding the caller's gate, or starting one.
 *
 * The launcher's half that is root.  It reads no option and no file of the
 * caller's, prints nothing and never ends the process: whatever goes wrong
 * is kept as a reason, since a command for another engine needs no gate.
 */
#ifndef START_H
#define START_H

#include <sys/types.h>

#include "lease.h"

/* The Makefile's to set; these are where an installation has them. */
#ifndef DS01_GATE
#define DS01_GATE "/usr/libexec/ds01-docker/gate"
#endif
#ifndef DS01_RUN_DIR
#define DS01_RUN_DIR "/run/ds01-docker"
#endif
#ifndef DS01_CONFIG
#define DS01_CONFIG "/etc/ds01/docker.yaml"
#endif
#ifndef DS01_SERVICE_USER
#define DS01_SERVICE_USER "ds01-docker"
#endif
#ifndef DS01_CLI
#define DS01_CLI "/usr/bin/docker"
#endif

enum start_error {
	START_OK = 0,
	START_NO_SETUID, START_NOSUID, START_NO_NEW_PRIVS, START_USERNS,
	START_TRACED, START_NOT_ROOT,
	START_RUN_DIR, START_RUN_DIR_OWNER, START_PATH, START_SOCKET, START_LOCK,
	START_NO_SERVICE, START_GATE_FILE, START_GATE_MODE,
	START_FORK, START_SETUP, START_CGROUP, START_DROP, START_EXEC,
	START_SILENT, START_DIED, START_ENGINE, START_AUDIT, START_ACCOUNT,
	START__COUNT
};

/* What a child of the launcher sends over the lease when it cannot become
 * the gate; told from the gate's own one byte by its length. */
struct start_failure {
	int error;		/* enum start_error */
	int number;		/* errno, or 0 */
};

struct start {
	struct lease_hello hello;	/* socket: the session socket's path */
	char **argv;		/* borrowed: for the probe to wipe */
	int run_dir;		/* RUN_DIR, or -1 */
	int lease;		/* connected and acknowledged, or -1 */
	enum start_error error;	/* START_OK exactly when lease is there */
	int number;		/* errno, exit status, or 0 */
};

/* 1. Does the launcher have what it needs, and if not, why? */
void start_diagnose(struct start *s);
/* 2. Who is calling, by the kernel's word. */
void start_identify(struct start *s);
/* 3. The directory of the sockets, if it is what it should be. */
void start_open_run_dir(struct start *s);
/* 4. The gate that lingers for this login, or a new one.  want_private: one
 * that serves this command only. */
void start_gate(struct start *s, int want_private);

/* One line for people: why there is no gate.  Not for the root half. */
void start_explain(const struct start *s, char *text, size_t cap);

/* Before a private gate's name is made (start_sweep.c): the names of private
 * gates of uid that were killed are removed. */
void start_sweep(int run_dir, uid_t uid);
/* The tail of start_gate (spawn.c): turns sockets into a running gate.
 * session and control listen; control is -1 for a private gate; lease is the
 * gate's end; argv the launcher's.  Returns a child to be given to spawn_end(), or -1. */
pid_t spawn_gate(int session, int control, int lease, char **argv);
/* Lets the gate go (it is nobody's child then); the gate's wait status if it
 * ended already, else 0. */
int spawn_end(pid_t helper, int gate_ended);

#endif
