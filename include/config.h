/*
 * config.h - /etc/ds01/docker.yaml.
 *
 * Read with libyaml's event parser; every key is a row of one table that
 * holds its type, default and help text.  The file must be root's and not
 * writable by others.  The first error stops reading: "file:line: reason",
 * and the built-in defaults (the strict ones) hold.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum isolation { ISOLATION_FULL, ISOLATION_MONITORING, ISOLATION_DISABLED };
enum audit_mode { AUDIT_MODE_OFF, AUDIT_MODE_ON, AUDIT_MODE_REQUIRED };
enum audit_events { AUDIT_EVENTS_CHANGES, AUDIT_EVENTS_ALL,
    AUDIT_EVENTS_DENIALS };
enum images_mode { IMAGES_PROTECTED, IMAGES_SHARED };
enum builds_mode { BUILDS_ALLOW, BUILDS_GRAPHS, BUILDS_CLASSIC, BUILDS_DENY };
enum gpu_mode { GPUS_NONE, GPUS_ALL, GPUS_LIST, GPUS_COUNT };

struct strings {	/* owned list of owned strings */
	char **v;
	size_t n;
};

/* May containers have root inside?  REMAPPED: where the engine gives them
 * other ids than the host's (userns-remap).  A group's later word wins. */
enum root_mode { ROOT_NO, ROOT_REMAPPED, ROOT_YES };

/* What one Unix group (or "default") may ask of dockerd.  Limits: 0 means
 * that there is none; CONFIG_UNSET (in a group's only) that the group does
 * not speak of it.  config_policy() never returns CONFIG_UNSET. */
#define CONFIG_UNSET (-1)
struct policy {
	char *group;			/* "default", or the group's name */
	struct strings binds;		/* allowed roots; "~" is one's home */
	struct strings capabilities;	/* CAP_ADD names without CAP_ */
	struct strings devices;		/* exact host paths */
	struct strings networks;	/* extra: "host", or names */
	struct strings runtimes;	/* beyond the engine's default */
	struct strings security_opts;	/* exact strings, e.g. seccomp=unconfined */
	struct strings sysctls;		/* exact names */
	struct strings registries;	/* pull/push from; empty: any ("*"
					 * in the file, of any group) */
	enum gpu_mode gpus;
	struct strings gpu_list;	/* GPUS_LIST: ids */
	int64_t gpu_count;		/* GPUS_COUNT */
	bool host_ipc, host_pid, host_uts;
	enum root_mode container_root;
	bool privileged_ports;		/* host ports below 1024 */
	bool restart_always;		/* RestartPolicy always */
	int64_t memory;			/* bytes, upper bound and default */
	int64_t memory_swap;		/* bytes: memory plus swap */
	int64_t nano_cpus;		/* 10^-9 cpus */
	int64_t pids;			/* default 4096 */
	int64_t published_ports;	/* of one container; 64 */
	int64_t own_networks;		/* of one user; 8 */
	int64_t own_containers;		/* of one user; 100 */
	int64_t shm_size;		/* bytes */
	int64_t log_size;		/* bytes of json-file per file */
};

struct config {
	char *engine_socket;		/* /run/docker.sock */
	char *engine_cli;		/* /usr/bin/docker */
	struct strings admin_users;	/* datasciencelab */
	struct strings admin_groups;	/* ds01-admin */
	enum isolation isolation_mode;
	bool unowned_allow;		/* unowned: allow | deny */
	bool unknown_allow;		/* unknown_requests: deny | allow */
	enum audit_mode audit;
	enum audit_events audit_events;
	long deny_log_per_hour;		/* 10 */
	long deny_slow_after;		/* 1000, 0: never */
	long changes_slow_after;	/* 10000, 0: never */
	char *events_file;		/* "" means none */
	enum images_mode images;
	enum builds_mode builds;
	struct policy *policies;	/* [0] is "default", always there */
	size_t n_policies;
};

/* What a value looks like and where it goes. */
enum config_kind {
	CONFIG_PATH,	/* char *: absolute, or "" where min is 0 */
	CONFIG_WORD,	/* enum: index in words */
	CONFIG_FLAG,	/* bool: index in words */
	CONFIG_LONG,	/* long, min..max */
	CONFIG_COUNT,	/* int64_t, or "none" */
	CONFIG_SIZE,	/* int64_t bytes, or "none" */
	CONFIG_CPUS,	/* int64_t billionths, or "none" */
	CONFIG_LIST,	/* struct strings */
	CONFIG_GPUS	/* gpus, gpu_list, gpu_count of struct policy */
};

/* One row a key: the parser, the man page test and dockerctl walk them. */
struct config_key {
	const char *path;	/* "engine.socket", "policy.*.binds" */
	const char *type;	/* "path", "on|off|required", "list", "size" … */
	const char *dflt;	/* as it would be written */
	const char *help;	/* one sentence */
	/* for config.c and config_keys.c */
	enum config_kind kind;
	size_t at;		/* offset in struct config or struct policy */
	const char *const *words;	/* NULL-terminated */
	int64_t min, max;
	const char *(*item)(const char *);	/* NULL, or what is wrong */
};
const struct config_key *config_keys(size_t *n);

/* The built-in defaults.  NULL: out of memory.  Free with config_free(). */
struct config *config_default(void);
/* NULL with err ("file:line: reason") set.  A missing file is not an error:
 * the defaults.  trust: check owner and mode of the file (root, not writable
 * by group or others), as everyone but "dockerctl check FILE" must. */
struct config *config_load(const char *path, bool trust, char *err,
    size_t err_cap);
/* From memory, for tests, fuzzing and config_load() itself. */
struct config *config_parse(const char *name, const char *text, size_t len,
    char *err, size_t err_cap);
void config_free(struct config *c);
/* Writes the effective values as YAML, for "dockerctl check". */
void config_print(const struct config *c, FILE *out);
/* The policy for somebody in those groups: every @group that he is an exact
 * member of adds to the default (lists joined, limits the larger, booleans
 * or'ed).  in_group answers for one name.  Result is owned by the caller;
 * NULL: out of memory. */
struct policy *config_policy(const struct config *c,
    bool (*in_group)(const char *group, void *arg), void *arg);
void policy_free(struct policy *p);

/* --- between config.c and config_keys.c --------------------------------- */

/* Stores a value: one scalar (list false, n 1) or a list.  base is a struct
 * config, or for "policy.*" rows a struct policy.  False: err is filled and
 * nothing was stored. */
bool config_set(void *base, const struct config_key *k,
    const char *const *v, size_t n, bool list, char *err, size_t err_cap);
/* A new policy at the end of c->policies, all unset.  NULL: no memory. */
struct policy *config_add_policy(struct config *c, const char *group);

#endif
