/*
 * ctl.h - what the files of ds01-dockerctl share.
 *
 * ds01-dockerctl is not setuid: it can do what its caller can do.  Other
 * programs are started by absolute path with an environment of our own, and
 * never through a shell.
 */
#ifndef CTL_H
#define CTL_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "buf.h"
#include "config.h"
#include "reason.h"

enum { CTL_OK = 0, CTL_PROBLEM = 1, CTL_USAGE = 2 };	/* exit status */

/* One row a command: dispatch, help and the man page walk them. */
struct ctl_command {
	const char *name;	/* one or two words: "group take" */
	const char *args;	/* syntax behind the name, or "" */
	const char *help;	/* what it does, one or more sentences */
	int (*run)(int argc, char **argv);	/* argv: behind the name */
};
const struct ctl_command *ctl_commands(size_t *n);
/* Finds the row for argv and runs it; argv[0] is the program's name. */
int ctl_dispatch(int argc, char **argv);
/* Says how the command is used, on stderr.  Returns CTL_USAGE. */
int ctl_usage(const char *name);

/* handlers */
int ctl_check(int argc, char **argv);
int ctl_doctor(int argc, char **argv);
int ctl_group_take(int argc, char **argv);
int ctl_group_give(int argc, char **argv);
int ctl_explain(int argc, char **argv);
int ctl_audit(int argc, char **argv);

/* A value of an option "--name VALUE" or "--name=VALUE" at argv[*i]; moves *i
 * along.  NULL: argv[*i] is not that option, or has no value. */
const char *ctl_option(int argc, char **argv, int *i, const char *name);
/* Prints s with every control byte, and every byte that is no UTF-8, as '?':
 * what is shown on an admin's terminal may have been named by a user. */
void ctl_put(FILE *out, const char *s);

/* --- other programs (ctl_run.c) --- */

/* Starts argv[0] (an absolute path); its standard output comes in *out.
 * quiet: its standard error goes to /dev/null.  -1 if it did not start. */
pid_t ctl_start(const char *const argv[], bool quiet, FILE **out);
/* Exit status 0..255, or -1.  Closes out, which may be NULL. */
int ctl_wait(pid_t pid, FILE *out);
/* Runs it with our own standard output. */
int ctl_run(const char *const argv[]);

/* --- the engine (ctl_engine.c, the one room that includes curl.h) --- */

/* GET path over the unix socket.  HTTP status, or -1 with err set. */
int ctl_engine_get(const char *socket, const char *path, struct buf *body,
    char *err, size_t err_cap);

/* --- the audit trail (ctl_audit.c) --- */

struct ctl_query {
	const char *user;	/* uid in digits, or NULL */
	const char *vm;		/* container, or NULL */
	const char *since;	/* ausearch -ts words, or NULL */
	const char *event;	/* event id, or NULL */
	bool denied;
};
/* Prints matching records, one line each; how many, or -1 if ausearch could
 * not be run. */
long ctl_audit_print(const struct ctl_query *q, FILE *out);
/* One raw record as one line for people.  False if it is not the gate's. */
bool ctl_audit_line(const char *raw, const struct ctl_query *q, FILE *out);
/* "today", "10:00", "2026-11-24", "2026-11-24T10:00", "3h", "2d" as the words
 * of ausearch -ts in the C locale.  False if it is none of these. */
bool ctl_since(const char *when, time_t now, char date[32], char clock[16]);

/* --- the group that may talk to the engine (ctl_group.c) --- */

/* Literal member entries of that group in a group(5) file, in order. */
int ctl_group_entries(const char *file, const char *group,
    struct strings *out);
int ctl_strings_add(struct strings *s, const char *v);	/* no duplicates */
void ctl_strings_free(struct strings *s);
/* The saved list: lines "group:name".  Read: 0, also when there is none. */
int ctl_saved_read(const char *file, struct strings *lines);
/* Written whole or not at all, 0600; an empty list removes the file. */
int ctl_saved_write(const char *file, const struct strings *lines);
/* Name of the group of the engine's socket; false if it cannot be told. */
bool ctl_socket_group(const char *socket, char *name, size_t cap, gid_t *gid);
/* Calls fn for every user (not root, not the service user) with processes
 * that hold gid: their logins keep the right until they end. */
void ctl_holders(gid_t gid, void (*fn)(uid_t uid, unsigned n, void *arg),
    void *arg);
/* Calls fn for every known mechanism on this host that puts users into the
 * group again. */
void ctl_readders(const char *root, const char *group,
    void (*fn)(const char *file, const char *what, void *arg), void *arg);

/* --- doctor --- */

enum level { LEVEL_OK, LEVEL_NOTE, LEVEL_WARN, LEVEL_FAIL, LEVEL__COUNT };

struct doctor {
	struct config *cfg;
	bool quiet;			/* say only what is wrong */
	const char *topic;		/* of the check that is running */
	unsigned count[LEVEL__COUNT];
};
/* One finding, one line: what is, and behind a semicolon what to do. */
void ctl_find(struct doctor *d, enum level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

struct ctl_check_row {
	const char *name;
	const char *help;	/* what is looked at */
	void (*run)(struct doctor *d);
};
const struct ctl_check_row *ctl_checks(size_t *n);

/* ctl_doctor_files.c */
void doctor_launcher(struct doctor *d);
void doctor_gate(struct doctor *d);
void doctor_directories(struct doctor *d);
void doctor_config(struct doctor *d);
void doctor_cli(struct doctor *d);
/* ctl_doctor_group.c */
void doctor_service_user(struct doctor *d);
void doctor_members(struct doctor *d);
void doctor_readders(struct doctor *d);
void doctor_admins(struct doctor *d);
/* ctl_doctor_engine.c */
void doctor_socket(struct doctor *d);
void doctor_engine(struct doctor *d);
void doctor_root(struct doctor *d);
void doctor_store(struct doctor *d);
void doctor_listeners(struct doctor *d);
void doctor_side_doors(struct doctor *d);
void doctor_memory(struct doctor *d);
/* ctl_doctor_bridge.c */
void doctor_bridge(struct doctor *d);
/* ctl_doctor_gates.c */
void doctor_gates(struct doctor *d);
/* ctl_doctor_logs.c */
void doctor_logs(struct doctor *d);
/* ctl_doctor.c */
void doctor_audit(struct doctor *d);
void doctor_process(struct doctor *d);

/* Orders version numbers as "1.1.5+ds1" < "1.1.12" < "1.2.0"; a release
 * candidate comes before its release. */
int ctl_version_cmp(const char *a, const char *b);
/* Prints a finding for every known hole of that component ("engine",
 * "runc", "containerd", "buildkit"). */
void ctl_holes(struct doctor *d, const char *component, const char *version);
/* Is that a process of that name and user, and in no user namespace but our
 * own?  Anybody else's may have the name. */
bool ctl_proc_is(const char *pid, const char *comm, uid_t uid);
/* Was its program removed or replaced since it was started? */
bool ctl_proc_deleted(const char *pid);
/* A line of /proc/net/tcp or tcp6: true, port and inode if it listens. */
bool ctl_tcp_listens(const char *line, unsigned *port, unsigned long *inode,
    bool *loopback);
/* A line of a gate's /proc/PID/cgroup: is that group the gates' or the top? */
bool ctl_gate_apart(const char *line);
/* Does the text of a cgroup's file say a number of bytes? */
bool ctl_memory_bound(const char *text);
/* A line of /proc/PID/cgroup: the group of the memory controller, and in which
 * files below root its bound stands.  False: another controller's. */
bool ctl_memory_file(const char *line, char dir[PATH_MAX], const char **root,
    const char **name);
/* Prints what it means that dockerd's memory is bounded, or that containers
 * outlive it. */
void ctl_memory(struct doctor *d, bool bound, bool live);
/* Prints what it means that containers on the network bridge may reach each
 * other, and whether bridged frames meet the engine's rules. */
void ctl_bridge(struct doctor *d, bool open, bool filtered);
/* Prints what the text of auditd.conf means for records that are kept. */
void ctl_logs(struct doctor *d, FILE *conf);
/* Prints what it means that the file of events has so many megabytes. */
void ctl_events(struct doctor *d, const char *file, unsigned long mb);

#endif
