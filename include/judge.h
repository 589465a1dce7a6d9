/*
 * judge.h - inside of the policy: the judges, and what they share.
 *
 * Internal to policy.c, judge_*.c and schema_*.c.  A judge sees one value of
 * one row that is neither null nor, for V_IF, empty.  V_IF judges are called
 * for those who are judged; V_REWRITE judges for admins too, because they
 * also resolve names: they ask judged() themselves.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include "bind.h"
#include "labels.h"
#include "policy.h"

#define JUDGE_REFS_MAX 128	/* engine look-ups one list may cause */

static inline bool
judged(const struct policy_env *env)
{
	return env->dry || !env->caller->admin;
}

/* --- policy.c --- */
enum reason policy_walk(struct policy_env *env, const struct schema *s,
    cJSON *obj, struct refusal *why);
/* "HostConfig.CapAdd": refuses with the row's reason, naming the value. */
enum reason judge_deny(const struct field *f, const cJSON *value,
    struct refusal *why);
enum reason judge_oom(struct refusal *why);
/* A line in create's warnings when t, of the sort what, is somebody else's:
 * who is not judged may not think of that. */
void judge_warn_foreign(struct policy_env *env, const char *what,
    const struct thing *t);
bool judge_listed(const struct strings *list, const char *s);
enum reason image_dir(struct policy_env *env, const cJSON *body,
    struct span image, struct refusal *why);
/* Nothing in it: empty, or made of empty members only. */
bool judge_void(const cJSON *v);

/* --- judge_tree.c: small steps on a cJSON tree --- */
cJSON *tree_get(const cJSON *obj, const char *key);
const char *tree_string(const cJSON *obj, const char *key);  /* or "" */
int64_t tree_int(const cJSON *obj, const char *key);		/* or 0 */
/* Existing, or made.  NULL: out of memory. */
cJSON *tree_object(cJSON *obj, const char *key);
cJSON *tree_array(cJSON *obj, const char *key);
int tree_set_string(cJSON *obj, const char *key, const char *value);
int tree_set_int(cJSON *obj, const char *key, int64_t value);
int tree_set_bool(cJSON *obj, const char *key, bool value);
void tree_drop(cJSON *obj, const char *key);
int tree_rename(cJSON *member, const char *key);
int tree_replace_text(cJSON *string, const char *text);
int tree_add_string(cJSON *array, const char *text);

/* --- judge_refs.c: names of other objects --- */
/* The caller's own container; full id in id.  R_NOT_FOUND if none. */
enum reason ref_container(struct policy_env *env, const char *ref,
    char id[ID_LEN + 1], struct refusal *why);
/* The caller's own network, or one that the policy names. */
enum reason ref_network(struct policy_env *env, const char *ref,
    char id[ID_LEN + 1], struct refusal *why);
judge_fn judge_volumes_from, judge_links, judge_network_mode,
    judge_ipc_mode, judge_pid_mode, judge_uts_mode, judge_cgroupns_mode,
    judge_endpoints, judge_container_ref;

/* --- judge_mounts.c --- */
struct bind {			/* host path asked for, as written */
	const char *source;
	const char *target;
	bool readonly;
	bool make;		/* make the directory where it is missing */
	const cJSON *options;	/* BindOptions, or NULL */
};
/* The one place that decides on host paths (judge_binds.c).  What is allowed
 * is kept in env->binds; the caller takes it out of where it stood. */
enum reason judge_bind(struct policy_env *env, const struct bind *b,
    struct refusal *why);
/* A path inside the container at which something is mounted. */
enum reason judge_target(struct policy_env *env, const char *target,
    struct refusal *why);
judge_fn judge_binds, judge_mounts, judge_tmpfs, judge_volumes,
    judge_volume_driver, judge_working_dir, judge_propagation;
bool working_dir_ok(const char *dir);
/* Puts env->binds into Mounts; volumes that they need are made. */
enum reason binds_place(struct policy_env *env, cJSON *host,
    struct refusal *why);

/* --- confine.c --- */
/* Takes root out of a container that must not have it: env->confine, or what
 * it shares with confined ones says so. */
enum reason confine_create(struct policy_env *env, cJSON *body, cJSON *host,
    struct refusal *why);
/* The user that a confined container gets, "uid:gid"; true: the uid is the
 * one asked for. */
bool confine_user(const struct caller *c, const char *asked, char out[32]);

/* --- judge_volumes.c --- */
/* Makes or checks named volumes, and labels anonymous ones; image: the
 * image's Config. */
enum reason volumes_own(struct policy_env *env, cJSON *body,
    struct span image, struct refusal *why);
bool volume_name_ok(const char *name);

/* --- judge_resources.c --- */
judge_fn judge_limit, judge_cpu, judge_ulimits,
    judge_oom_score, judge_cpu_shares, judge_stop_timeout, judge_interval,
    judge_restart, judge_swappiness;
/* Writes the bounds out where a create left a limit open. */
enum reason limits_create(struct policy_env *env, cJSON *body,
    struct refusal *why);
judge_fn judge_health_test;
/* An image may ask for a health check every millisecond, or for one that is
 * dockerd's end. */
enum reason healthcheck_create(struct policy_env *env, cJSON *body,
    struct span image, struct refusal *why);

/* The same of a container that was made: is its check one that may run? */
enum reason healthcheck_made(struct policy_env *env, cJSON *check,
    struct refusal *why);

/* --- judge_ports.c --- */
judge_fn judge_ports;
/* Counts what a create publishes; image: its Config. */
enum reason ports_create(struct policy_env *env, const cJSON *body,
    const cJSON *host, struct span image, struct refusal *why);

/* --- judge_weight.c --- */
enum weight { WEIGHT_LISTED, WEIGHT_SMALL, WEIGHT_EXEC, WEIGHT_ENV };
/* Refuses a body that is too much for everybody's lists or dockerd. */
enum reason weight_judge(struct policy_env *env, const cJSON *body,
    enum weight w, struct refusal *why);
/* A container or what is committed of one; image: its Config, or .ptr NULL.
 * Env is not in lists and weighs by itself. */
enum reason weight_listed(struct policy_env *env, const cJSON *body,
    struct span image, struct refusal *why);

/* --- judge_log.c --- */
judge_fn judge_log;

/* --- judge_security.c --- */
judge_fn judge_cap_add, judge_devices, judge_security_opt,
    judge_cgroup_parent, judge_runtime, judge_sysctls, judge_group_add,
    judge_masked_paths;

/* --- judge_network.c --- */
judge_fn judge_network_name, judge_volume_name, judge_bridge,
    judge_ipam_driver, judge_network_options, judge_labels,
    judge_volume_labels, judge_server;

/* --- judge_gpu.c --- */
/* All roads to a GPU as one request; judges it, writes the variables out. */
enum reason gpu_create(struct policy_env *env, cJSON *body,
    struct span image, struct refusal *why);
/* The variables of a container that was made, its image's included. */
enum reason gpu_made(const struct policy_env *env, const cJSON *list,
    struct refusal *why);
/* GPUs come with a create or not at all. */
enum reason gpu_update(struct policy_env *env, const cJSON *body,
    struct refusal *why);
/* /dev/nvidia0: a GPU by another name. */
bool gpu_device(const char *path);

#endif
