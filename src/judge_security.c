/*
 * judge_security.c - rights of the processes in a container.
 *
 * What Docker grants by default may be named; more only where the policy
 * lists it.
 */
#include <ctype.h>
#include <stdlib.h>

#include "judge.h"

/* moby daemon/pkg/oci/caps/defaults.go */
static const char *const default_caps[] = {
	"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW",
	"SETGID", "SETUID", "SETFCAP", "SETPCAP", "NET_BIND_SERVICE",
	"SYS_CHROOT", "KILL", "AUDIT_WRITE",
};

/* "cap_sys_admin" becomes "SYS_ADMIN", as dockerd reads it. */
static void
canonical_cap(const char *name, char out[32])
{
	size_t n = 0;

	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (; *name != '\0' && n < 31; name++)
		out[n++] = (char)toupper((unsigned char)*name);
	/* cut names are in no list */
	out[n] = '\0';
}

static bool
cap_granted(const struct policy_env *env, const char *cap)
{
	for (size_t i = 0; i < sizeof(default_caps) / sizeof(*default_caps);
	    i++)
		if (strcmp(default_caps[i], cap) == 0)
			return true;
	return judge_listed(&env->caller->policy->capabilities, cap);
}

enum reason
judge_cap_add(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	char cap[32];
	cJSON *v;

	(void)f;
	(void)parent;
	if (!judged(env))
		return R_NONE;
	cJSON_ArrayForEach(v, value) {
		canonical_cap(v->valuestring, cap);
		if (!cap_granted(env, cap))
			return refuse(why, R_CAP_ADD, "%s", v->valuestring);
		if (tree_replace_text(v, cap) < 0)
			return judge_oom(why);
	}
	return R_NONE;
}

enum reason
judge_devices(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	const cJSON *v;

	(void)f;
	(void)parent;
	cJSON_ArrayForEach(v, value) {
		const char *path = tree_string(v, "PathOnHost");

		/* a GPU is judged with all other roads to one */
		if (gpu_device(path))
			continue;
		if (!judge_listed(&env->caller->policy->devices, path))
			return refuse(why, R_DEVICE, "%s", path);
	}
	return R_NONE;
}

enum reason
judge_security_opt(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	static const char *const tighter[] = { "no-new-privileges",
	    "no-new-privileges=true", "no-new-privileges:true" };
	const cJSON *v;

	(void)f;
	(void)parent;
	cJSON_ArrayForEach(v, value) {
		bool ok = judge_listed(&env->caller->policy->security_opts,
		    v->valuestring);

		for (size_t i = 0; i < sizeof(tighter) / sizeof(*tighter);
		    i++)
			ok |= strcmp(tighter[i], v->valuestring) == 0;
		if (!ok)
			return refuse(why, R_SECURITY_OPT, "%.160s",
			    v->valuestring);
	}
	return R_NONE;
}

/* The site's own tools pass the slice that would be set anyway. */
enum reason
judge_cgroup_parent(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	if (!judged(env))
		return R_NONE;
	if (value->valuestring[0] != '\0' &&
	    strncmp(value->valuestring, "ds01", 4) != 0)
		return refuse(why, f->why, "%s", value->valuestring);
	cJSON_Delete(cJSON_DetachItemViaPointer(parent, value));
	return R_NONE;
}

enum reason
judge_runtime(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	const char *name = value->valuestring;

	(void)parent;
	if (strcmp(name, "runc") == 0 ||
	    judge_listed(&env->caller->policy->runtimes, name))
		return R_NONE;
	if (env->dry && strcmp(name, "io.containerd.runc.v2") == 0)
		return R_NONE;
	/* With it comes no more than the variables that are written out; in
	 * what exists it may be the engine's default. */
	if (strcmp(name, "nvidia") == 0 &&
	    (env->dry || env->caller->policy->gpus != GPUS_NONE))
		return R_NONE;
	return strcmp(name, "nvidia") == 0 ?
	    refuse(why, R_GPU, "by runtime nvidia") :
	    judge_deny(f, value, why);
}

enum reason
judge_sysctls(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	const cJSON *v;

	(void)f;
	(void)parent;
	cJSON_ArrayForEach(v, value)
		if (!judge_listed(&env->caller->policy->sysctls, v->string))
			return refuse(why, R_SYSCTL, "%s", v->string);
	return R_NONE;
}

static bool
own_gid(const struct caller *c, unsigned long gid)
{
	if (gid == c->gid)
		return true;
	for (size_t i = 0; i < c->n_groups; i++)
		if (c->groups[i] == gid)
			return true;
	return false;
}

/* A number is a group of the host's on whatever is mounted; a name is looked
 * up in the image. */
enum reason
judge_group_add(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	const cJSON *v;

	(void)f;
	(void)parent;
	cJSON_ArrayForEach(v, value) {
		const char *s = v->valuestring;
		char *end;
		unsigned long gid;

		if (isalpha((unsigned char)*s) || *s == '_')
			continue;
		gid = strtoul(s, &end, 10);
		if (!isdigit((unsigned char)*s) || *end != '\0' ||
		    !own_gid(env->caller, gid))
			return refuse(why, R_USER, "group %s", s);
	}
	return R_NONE;
}

static bool
has(const cJSON *list, const char *s)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, list)
		if (strcmp(v->valuestring, s) == 0)
			return true;
	return false;
}

/* null is the engine's own list and does not come here.  What exists has it
 * written out. */
enum reason
judge_masked_paths(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)parent;
	if (!judged(env))
		return R_NONE;
	if (env->dry && strcmp(f->name, "MaskedPaths") == 0 &&
	    has(value, "/proc/kcore") && has(value, "/sys/firmware"))
		return R_NONE;
	if (env->dry && strcmp(f->name, "ReadonlyPaths") == 0 &&
	    has(value, "/proc/sys") && has(value, "/proc/sysrq-trigger"))
		return R_NONE;
	return refuse(why, R_MASKED_PATHS, "%s", f->name);
}
