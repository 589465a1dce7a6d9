/*
 * judge_network.c - networks (and volumes) that a user makes.
 *
 * Bridges from the engine's own pools, with options that stay inside.
 */
#include <stdlib.h>

#include "image.h"
#include "judge.h"

static const char *const taken[] = { "host", "none", "bridge", "default",
    "container", "ingress", "nat" };

enum reason
judge_volume_name(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)env;
	(void)f;
	(void)parent;
	if (bind_is_volume(value->valuestring))
		return refuse(why, R_NAME, "%s", value->valuestring);
	return policy_name(value->valuestring, why);
}

enum reason
judge_network_name(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	const char *name = value->valuestring;

	(void)env;
	(void)f;
	(void)parent;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcmp(taken[i], name) == 0)
			return refuse(why, R_NAME, "%s", name);
	return policy_name(name, why);
}

enum reason
judge_bridge(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	(void)env;
	(void)parent;
	return strcmp(value->valuestring, "bridge") == 0 ? R_NONE :
	    judge_deny(f, value, why);
}

enum reason
judge_ipam_driver(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)env;
	(void)parent;
	return strcmp(value->valuestring, "default") == 0 ? R_NONE :
	    refuse(why, f->why, "IPAM driver %s", value->valuestring);
}

static bool
is_flag(const char *v)
{
	return strcmp(v, "true") == 0 || strcmp(v, "false") == 0;
}

static bool
is_mtu(const char *v)
{
	return strlen(v) <= 5 && strspn(v, "0123456789") == strlen(v) &&
	    atoi(v) >= 68 && atoi(v) <= 65535;
}

static const struct {
	const char *name;
	bool (*ok)(const char *value);
} network_options[] = {
	{ "com.docker.network.bridge.enable_icc", is_flag },
	{ "com.docker.network.driver.mtu", is_mtu },
};

enum reason
judge_network_options(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	const cJSON *v;

	(void)env;
	(void)parent;
	cJSON_ArrayForEach(v, value) {
		bool ok = false;

		for (size_t i = 0; i < sizeof(network_options) /
		    sizeof(network_options[0]); i++)
			ok |= strcmp(network_options[i].name, v->string) ==
			    0 && network_options[i].ok(v->valuestring);
		if (!ok)
			return refuse(why, f->why, "option %s=%s", v->string,
			    v->valuestring);
	}
	return R_NONE;
}

static enum reason
check_labels(struct policy_env *env, const struct field *f,
    cJSON *value, bool volume, struct refusal *why)
{
	enum reason r;
	const cJSON *v;

	if (!judged(env) || env->dry)
		return R_NONE;
	r = labels_plain(value, why);
	if (r != R_NONE)
		return r;
	cJSON_ArrayForEach(v, value)
		if (labels_reserved(v->string) && strcmp(v->valuestring,
		    strcmp(v->string, LABEL_USER) == 0 ?
		    env->caller->name : "") != 0 && !(volume &&
		    strcmp(v->string, LABEL_CONFINED) == 0 &&
		    is_flag(v->valuestring)))
			return refuse(why, f->why, "%s=%s", v->string,
			    v->valuestring);
	return R_NONE;
}

/* Labels of networks, mounts and commits: ours are set later. */
enum reason
judge_labels(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	(void)parent;
	return check_labels(env, f, value, false, why);
}

/* A volume's maker may say for which containers it is (policy.c). */
enum reason
judge_volume_labels(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)parent;
	return check_labels(env, f, value, true, why);
}

/* "https://host:port/v1/", or without scheme or path. */
enum reason
judge_server(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	const char *host = value->valuestring, *at = strstr(host, "://");

	(void)parent;
	if (at != NULL)
		host = at + 3;
	return strchr(host, '@') == NULL && image_host_allowed(host,
	    strcspn(host, "/?#"), env->caller->policy) ? R_NONE :
	    judge_deny(f, value, why);
}
