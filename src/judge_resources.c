/*
 * judge_resources.c - how much of the machine one container may take.
 *
 * A bound is also the default: 0, -1 and absent mean the bound, and an update
 * cannot lift what a create was given.  Bounds of 0 are none.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "judge.h"

#define SECOND INT64_C(1000000000)	/* Docker counts in nanoseconds */
#define INTERVAL_MIN SECOND
#define STOP_TIMEOUT_MAX 120
#define NOFILE_MAX 1048576
#define CPU_PERIOD_DEFAULT 100000	/* microseconds */
#define CPU_SHARES_MAX 1024
#define SHM_DEFAULT (INT64_C(64) << 20)	/* dockerd's own */

static const struct bound {
	const char *name;
	size_t offset;		/* in struct policy */
} bounds[] = {
	{ "Memory", offsetof(struct policy, memory) },
	{ "MemorySwap", offsetof(struct policy, memory_swap) },
	{ "NanoCpus", offsetof(struct policy, nano_cpus) },
	{ "PidsLimit", offsetof(struct policy, pids) },
	{ "ShmSize", offsetof(struct policy, shm_size) },
};

static int64_t
bound_of(const struct policy_env *env, const char *name)
{
	const char *p = (const char *)env->caller->policy;

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (strcmp(bounds[i].name, name) == 0)
			return *(const int64_t *)(const void *)
			    (p + bounds[i].offset);
	return 0;
}

/* A limit that is there.  In an update 0 leaves the limit as it is, but a
 * PidsLimit of 0 lifts it. */
enum reason
judge_limit(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	int64_t bound = bound_of(env, f->name);
	double v = value->valuedouble;

	(void)parent;
	if (!judged(env) || env->dry || bound <= 0)
		return R_NONE;
	if (v > (double)bound)
		return refuse(why, f->why, "%s %.0f is above the bound of "
		    "%lld", f->name, v, (long long)bound);
	if (v < 0 || (v < 1 && strcmp(f->name, "PidsLimit") == 0))
		cJSON_SetNumberValue(value, (double)bound);
	return R_NONE;
}

/* Quota and period together are cpus; one alone would combine with what the
 * container has already. */
enum reason
judge_cpu(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	int64_t bound = env->caller->policy->nano_cpus;
	int64_t quota = tree_int(parent, "CpuQuota");
	int64_t period = tree_int(parent, "CpuPeriod");

	if (!judged(env) || env->dry || bound <= 0 ||
	    schema_is_empty(value))
		return R_NONE;
	if (quota <= 0 || period <= 0)
		return refuse(why, f->why, "%s: CpuQuota and CpuPeriod are "
		    "needed together, or --cpus", f->name);
	if ((double)quota / (double)period * (double)SECOND > (double)bound)
		return refuse(why, f->why, "CpuQuota %lld of CpuPeriod %lld "
		    "is above the bound", (long long)quota,
		    (long long)period);
	return R_NONE;
}

static int
bound_swap(struct policy_env *env, cJSON *host)
{
	int64_t bound = env->caller->policy->memory_swap;
	int64_t memory = tree_int(host, "Memory");

	/* dockerd takes no swap limit without a memory limit */
	if (bound <= 0 || memory <= 0 || tree_int(host, "MemorySwap") > 0)
		return 0;
	if (memory <= bound / 2)
		bound = 2 * memory;	/* what dockerd would take */
	else if (bound < memory)
		bound = memory;
	return tree_set_int(host, "MemorySwap", bound);
}

enum reason
limits_create(struct policy_env *env, cJSON *body, struct refusal *why)
{
	static const char *const simple[] = { "Memory", "PidsLimit" };
	cJSON *host = tree_get(body, "HostConfig");
	const struct policy *p = env->caller->policy;
	bool failed = false;

	if (!judged(env))
		return R_NONE;
	for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
		int64_t bound = bound_of(env, simple[i]);

		if (bound > 0 && tree_int(host, simple[i]) <= 0)
			failed |= tree_set_int(host, simple[i], bound) < 0;
	}
	if (p->nano_cpus > 0 && tree_int(host, "NanoCpus") <= 0 &&
	    tree_int(host, "CpuQuota") <= 0)
		failed |= tree_set_int(host, "NanoCpus", p->nano_cpus) < 0;
	if (p->shm_size > 0 && p->shm_size < SHM_DEFAULT &&
	    tree_int(host, "ShmSize") <= 0)
		failed |= tree_set_int(host, "ShmSize", p->shm_size) < 0;
	failed |= bound_swap(env, host) < 0;
	if (!failed && p->log_size > 0 && tree_get(host, "LogConfig") == NULL)
		failed = tree_object(host, "LogConfig") == NULL;
	if (failed)
		return judge_oom(why);
	if (p->log_size > 0)
		return judge_log(env, NULL, host,
		    tree_get(host, "LogConfig"), why);
	return R_NONE;
}

enum reason
judge_ulimits(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	static const char *const known[] = { "core", "cpu", "data", "fsize",
	    "locks", "memlock", "msgqueue", "nofile", "nproc", "rss",
	    "rttime", "sigpending", "stack" };
	const cJSON *v;

	(void)env;
	(void)f;
	(void)parent;
	cJSON_ArrayForEach(v, value) {
		const char *name = tree_string(v, "Name");
		int64_t hard = tree_int(v, "Hard"), soft = tree_int(v, "Soft");
		bool ok = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			ok |= strcmp(known[i], name) == 0;
		if (strcmp(name, "nofile") == 0 && (hard < 0 || soft < 0 ||
		    hard > NOFILE_MAX || soft > NOFILE_MAX))
			ok = false;
		/* real-time priority and nice: none is what one has */
		if ((strcmp(name, "rtprio") == 0 ||
		    strcmp(name, "nice") == 0) && hard == 0 && soft == 0)
			ok = true;
		if (!ok)
			return refuse(why, R_RESOURCE, "ulimit %s=%lld:%lld",
			    name, (long long)soft, (long long)hard);
	}
	return R_NONE;
}

static enum reason
within(const struct field *f, const cJSON *v, int64_t min, int64_t max,
    struct refusal *why)
{
	return v->valuedouble >= (double)min &&
	    v->valuedouble <= (double)max ? R_NONE : judge_deny(f, v, why);
}

enum reason
judge_oom_score(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)env;
	(void)parent;
	return within(f, value, 0, 1000, why);
}

enum reason
judge_cpu_shares(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)env;
	(void)parent;
	return within(f, value, 0, CPU_SHARES_MAX, why);
}

enum reason
judge_swappiness(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)env;
	(void)parent;
	return within(f, value, -1, 100, why);
}

/* A negative one makes dockerd's own shutdown wait for ever. */
enum reason
judge_stop_timeout(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)env;
	(void)parent;
	return within(f, value, 0, STOP_TIMEOUT_MAX, why);
}

enum reason
judge_interval(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	(void)env;
	(void)parent;
	return within(f, value, INTERVAL_MIN, JSON_INT_MAX, why);
}

/* "CMD" without a command is dockerd's own end: it takes the first word off
 * what is not there. */
static bool
health_test_ok(int words, const char *first)
{
	return words == 0 || (words == 1 && strcmp(first, "NONE") == 0) ||
	    (words > 1 && (strcmp(first, "CMD") == 0 ||
	    strcmp(first, "CMD-SHELL") == 0));
}

enum reason
judge_health_test(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	const cJSON *first = cJSON_GetArrayItem(value, 0);

	(void)env;
	(void)f;
	(void)parent;
	return health_test_ok(cJSON_GetArraySize(value), first == NULL ? "" :
	    first->valuestring) ? R_NONE :
	    refuse(why, R_RESOURCE, "health check without a command");
}

static bool
health_text_ok(struct span check)
{
	struct json_iter it = json_iter(json_get(check, "Test"));
	char first[16] = "";
	struct span v;
	int n = 0;

	while (json_next(&it, NULL, &v))
		if (n++ == 0 && !json_string(v, first, sizeof(first)))
			first[0] = '\0';
	return health_test_ok(n, first);
}

/* An image's test that would be refused is not run. */
static int
health_test_create(cJSON *body, struct span inherited)
{
	const cJSON *own = tree_get(tree_get(body, "Healthcheck"), "Test");

	if (cJSON_GetArraySize(own) > 0 || health_text_ok(inherited))
		return 0;
	cJSON *test = tree_array(tree_object(body, "Healthcheck"), "Test");
	return test == NULL ? -1 : tree_add_string(test, "NONE");
}

/* dockerd takes what the body leaves open from the image. */
enum reason
healthcheck_create(struct policy_env *env, cJSON *body, struct span image,
    struct refusal *why)
{
	static const char *const keys[] = { "Interval", "StartInterval" };
	struct span inherited = json_get(image, "Healthcheck");
	cJSON *check;
	int64_t v;

	/* for administrators too: it would be dockerd's end */
	if (health_test_create(body, inherited) < 0)
		return judge_oom(why);
	if (!judged(env))
		return R_NONE;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!json_int(json_get(inherited, keys[i]), &v) || v == 0 ||
		    v >= INTERVAL_MIN)
			continue;
		check = tree_object(body, "Healthcheck");
		if (check == NULL)
			return judge_oom(why);
		if (tree_int(check, keys[i]) == 0 &&
		    tree_set_int(check, keys[i], INTERVAL_MIN) < 0)
			return judge_oom(why);
	}
	return R_NONE;
}

enum reason
policy_made_check(struct span inspect, struct refusal *why)
{
	return health_text_ok(json_path(inspect, "Config", "Healthcheck",
	    NULL)) ? R_NONE :
	    refuse(why, R_RESOURCE, "health check without a command");
}

enum reason
healthcheck_made(struct policy_env *env, cJSON *check, struct refusal *why)
{
	static const char *const keys[] = { "Interval", "StartInterval" };
	int64_t v;

	if (!judged(env))
		return R_NONE;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if ((v = tree_int(check, keys[i])) != 0 && v < INTERVAL_MIN)
			return refuse(why, R_RESOURCE, "health check: %s %lld",
			    keys[i], (long long)v);
	return R_NONE;
}

enum reason
judge_restart(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	static const char *const plain[] = { "", "no", "on-failure",
	    "unless-stopped" };
	const char *name = tree_string(value, "Name");

	(void)f;
	(void)parent;
	if (!judged(env))
		return R_NONE;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(plain[i], name) == 0)
			return R_NONE;
	if (strcmp(name, "always") == 0 &&
	    env->caller->policy->restart_always)
		return R_NONE;
	return refuse(why, R_RESTART_POLICY, "%s", name);
}
