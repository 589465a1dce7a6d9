/*
 * judge_refs.c - other objects that a body names.
 *
 * Every container and network named anywhere in a body is the caller's own
 * (or one that the policy names), and goes on as its full id: names move,
 * and dockerd looks them up again at each start.  What exists (env->dry)
 * cannot be resolved and is refused.
 */
#include <stdio.h>

#include "judge.h"

#define CONTAINER "container:"

static const char *const predefined[] = { "", "default", "bridge", "none" };

static bool
is_predefined(const char *mode)
{
	for (size_t i = 0; i < sizeof(predefined) / sizeof(*predefined); i++)
		if (strcmp(mode, predefined[i]) == 0)
			return true;
	return false;
}

enum reason
ref_container(struct policy_env *env, const char *ref,
    char id[ID_LEN + 1], struct refusal *why)
{
	struct thing t = { 0 };
	enum reason r;

	id[0] = '\0';
	if (env->gone)
		return R_NONE;
	if (env->dry)
		return refuse(why, R_FIELD_DENIED, "container %s", ref);
	if (*ref == '/')
		ref++;
	if (*ref == '\0')
		return refuse(why, R_BAD_FIELD, "empty container name");
	r = owner_container(env->engine, env->caller, ref, &t, NULL, why);
	if (r == R_NONE)
		r = owner_refuse(env->caller, env->cfg, &t, R_NOT_OWNER, why);
	if (r == R_NONE && strlen(t.id) != ID_LEN)
		r = refuse(why, R_ENGINE_ERROR, "container without id");
	if (r == R_NONE)
		judge_warn_foreign(env, "container", &t);
	if (r == R_NONE)
		memcpy(id, t.id, ID_LEN + 1);
	return r;
}

enum reason
ref_network(struct policy_env *env, const char *ref, char id[ID_LEN + 1],
    struct refusal *why)
{
	struct thing t = { 0 };
	enum reason r;

	id[0] = '\0';
	if (env->gone)
		return R_NONE;
	if (env->dry)
		return refuse(why, R_FIELD_DENIED, "network %s", ref);
	r = owner_network(env->engine, env->caller, ref, &t, NULL, why);
	if (r != R_NONE)
		return r;
	if (t.claim == CLAIM_MISSING)
		return owner_refuse(env->caller, env->cfg, &t,
		    R_NOT_OWNER_NETWORK, why);
	if (judged(env) && t.claim != CLAIM_OWN) {
		/* Also by id or prefix: the engine's own and the site's. */
		if (strcmp(t.name, "host") == 0 &&
		    !judge_listed(&env->caller->policy->networks, "host"))
			return refuse(why, R_HOST_NAMESPACE, "network host");
		if (!t.predefined &&
		    !judge_listed(&env->caller->policy->networks, t.name))
			return refuse(why, R_NOT_OWNER_NETWORK, "%s",
			    t.owner[0] != '\0' ? t.owner : "nobody");
	}
	if (strlen(t.id) == 0 || strlen(t.id) > ID_LEN)
		return refuse(why, R_ENGINE_ERROR, "network without id");
	judge_warn_foreign(env, "network", &t);
	snprintf(id, ID_LEN + 1, "%s", t.id);
	return R_NONE;
}

/* "ref[:rest]": the part before the first colon becomes an id. */
static enum reason
resolve_list(struct policy_env *env, const struct field *f, cJSON *list,
    struct refusal *why)
{
	size_t n = 0;

	for (cJSON *v = list->child; v != NULL; v = v->next) {
		const char *text = v->valuestring;
		struct buf whole cleanup_buf = BUF_INIT(4096);
		char ref[256], id[ID_LEN + 1];
		size_t len = strcspn(text, ":");
		enum reason r;

		if (++n > JUDGE_REFS_MAX || len >= sizeof(ref))
			return refuse(why, R_BAD_FIELD, "%s is too long",
			    f->name);
		memcpy(ref, text, len);
		ref[len] = '\0';
		r = ref_container(env, ref, id, why);
		if (r != R_NONE)
			return r;
		buf_puts(&whole, id);
		/* dockerd's alias for a link without one is the name */
		if (text[len] == '\0' && strcmp(f->name, "Links") == 0)
			buf_printf(&whole, ":%s", ref + (*ref == '/'));
		if (buf_puts(&whole, text + len) < 0 ||
		    tree_replace_text(v, whole.data) < 0)
			return judge_oom(why);
	}
	return R_NONE;
}

static bool
access_mode_ok(const char *mode)
{
	static const char *const modes[] = { "", ":ro", ":rw", ":z", ":Z",
	    ":ro,z", ":rw,z", ":ro,Z", ":rw,Z", ":nocopy" };

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(mode, modes[i]) == 0)
			return true;
	return false;
}

enum reason
judge_volumes_from(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)parent;
	if (judged(env))
		for (const cJSON *v = value->child; v; v = v->next)
			if (!access_mode_ok(v->valuestring +
			    strcspn(v->valuestring, ":")))
				return refuse(why, R_MOUNT, "%s %s", f->name,
				    v->valuestring);
	return resolve_list(env, f, value, why);
}

enum reason
judge_links(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	(void)parent;
	return resolve_list(env, f, value, why);
}

enum reason
judge_container_ref(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	char id[ID_LEN + 1];
	enum reason r = ref_container(env, value->valuestring, id, why);

	(void)f;
	(void)parent;
	if (r == R_NONE && tree_replace_text(value, id) < 0)
		return judge_oom(why);
	return r;
}

/* "container:X" is resolved; *done says that it was one. */
static enum reason
join_container(struct policy_env *env, cJSON *value, bool *done,
    struct refusal *why)
{
	char id[ID_LEN + 1], mode[sizeof(CONTAINER) + ID_LEN];
	enum reason r;

	*done = strncmp(value->valuestring, CONTAINER,
	    strlen(CONTAINER)) == 0;
	if (!*done)
		return R_NONE;
	r = ref_container(env, value->valuestring + strlen(CONTAINER), id,
	    why);
	if (r != R_NONE)
		return r;
	snprintf(mode, sizeof(mode), CONTAINER "%s", id);
	return tree_replace_text(value, mode) == 0 ? R_NONE : judge_oom(why);
}

/* Modes without a name, then "host" where the policy grants it, then
 * container:X. */
static enum reason
judge_mode(struct policy_env *env, const struct field *f, cJSON *value,
    const char *const *plain, bool host, struct refusal *why)
{
	enum reason r;
	bool done;

	for (; *plain != NULL; plain++)
		if (strcmp(value->valuestring, *plain) == 0)
			return R_NONE;
	r = join_container(env, value, &done, why);
	if (done || !judged(env))
		return r;
	if (strcmp(value->valuestring, "host") == 0 && host)
		return R_NONE;
	return judge_deny(f, value, why);
}

enum reason
judge_ipc_mode(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	static const char *const plain[] = { "", "none", "private",
	    "shareable", NULL };

	(void)parent;
	return judge_mode(env, f, value, plain,
	    env->caller->policy->host_ipc, why);
}

enum reason
judge_pid_mode(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	static const char *const plain[] = { "", NULL };

	(void)parent;
	return judge_mode(env, f, value, plain,
	    env->caller->policy->host_pid, why);
}

enum reason
judge_uts_mode(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	(void)parent;
	if (strcmp(value->valuestring, "host") == 0 &&
	    env->caller->policy->host_uts)
		return R_NONE;
	return judge_deny(f, value, why);
}

/* Engines on cgroup v1 made "host" the default, so what exists has it; it
 * shows the host's cgroup names and no more. */
enum reason
judge_cgroupns_mode(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)parent;
	if (strcmp(value->valuestring, "private") == 0 || (env->dry &&
	    strcmp(value->valuestring, "host") == 0))
		return R_NONE;
	return judge_deny(f, value, why);
}

static enum reason
host_network(struct policy_env *env, const char *what, struct refusal *why)
{
	if (!judged(env) ||
	    judge_listed(&env->caller->policy->networks, "host"))
		return R_NONE;
	return refuse(why, R_HOST_NAMESPACE, "%s host", what);
}

enum reason
judge_network_mode(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	char id[ID_LEN + 1];
	enum reason r;
	bool done;

	(void)parent;
	if (is_predefined(value->valuestring))
		return R_NONE;
	if (strcmp(value->valuestring, "host") == 0)
		return host_network(env, f->name, why);
	r = join_container(env, value, &done, why);
	if (done)
		return r;
	r = ref_network(env, value->valuestring, id, why);
	if (r == R_NONE && tree_replace_text(value, id) < 0)
		return judge_oom(why);
	return r;
}

enum reason
judge_endpoints(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	size_t n = 0;
	enum reason r;

	(void)parent;
	for (cJSON *v = value->child; v != NULL; v = v->next) {
		char id[ID_LEN + 1];

		if (++n > JUDGE_REFS_MAX)
			return refuse(why, R_BAD_FIELD, "%s is too long",
			    f->name);
		if (is_predefined(v->string))
			continue;
		if (strcmp(v->string, "host") == 0) {
			r = host_network(env, f->name, why);
			if (r != R_NONE)
				return r;
			continue;
		}
		r = ref_network(env, v->string, id, why);
		if (r != R_NONE)
			return r;
		for (const cJSON *o = value->child; o != v; o = o->next)
			if (strcmp(o->string, id) == 0)
				return refuse(why, R_BAD_FIELD,
				    "%s names a network twice", f->name);
		if (tree_rename(v, id) < 0)
			return judge_oom(why);
	}
	return R_NONE;
}
