/*
 * confine.c - containers that have no root inside.
 *
 * A container with a directory of the host in it, where root could leave a
 * setuid file, runs as the caller: his own user and group, no capabilities,
 * no new privileges.  Nobody can take that back: it is written in the
 * container's configuration, and a label says it to exec and docker cp.
 *
 * No supplementary groups: dockerd looks them up, numbers too, in a file of
 * the image ("1001:x:0:").
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

#define CONTAINER "container:"

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

/* "uid:gid" with the caller's uid and one of his groups; numbers only, as
 * dockerd never looks for a number as a name there. */
static bool
is_own_user(const struct caller *c, const char *asked, unsigned long *gid)
{
	char own[32];
	const char *p;
	size_t n;

	snprintf(own, sizeof(own), "%lu", (unsigned long)c->uid);
	n = strlen(own);
	if (strncmp(asked, own, n) != 0)
		return false;
	*gid = c->gid;
	if (asked[n] == '\0')
		return true;
	p = asked + n + 1;
	if (asked[n] != ':' || *p == '\0' || strlen(p) > 10 ||
	    strspn(p, "0123456789") != strlen(p))
		return false;
	*gid = strtoul(p, NULL, 10);
	return own_gid(c, *gid);
}

bool
confine_user(const struct caller *c, const char *asked, char out[32])
{
	unsigned long gid = c->gid;
	bool kept = is_own_user(c, asked, &gid);

	if (!kept)
		gid = c->gid;
	snprintf(out, 32, "%lu:%lu", (unsigned long)c->uid, gid);
	return kept;
}

/* --- what it shares with others ------------------------------------------------- */

static enum reason
other(struct policy_env *env, const char *id, struct thing *t,
    struct refusal *why)
{
	char full[ID_LEN + 1];

	*t = (struct thing){ 0 };
	snprintf(full, sizeof(full), "%.64s", id);
	return owner_container(env->engine, env->caller, full, t, NULL, why);
}

static void
confine_by(struct policy_env *env, const struct thing *t)
{
	if (env->confine || !t->confined)
		return;
	env->confine = true;
	snprintf(env->confine_why, sizeof(env->confine_why),
	    "it shares what the container %.100s has", t->name);
}

/* Processes that see one another can hand over open directories. */
static enum reason
confine_joined(struct policy_env *env, const cJSON *host, bool confined,
    struct refusal *why)
{
	static const char *const keys[] = { "PidMode", "IpcMode" };
	struct thing t;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *mode = tree_string(host, keys[i]);
		enum reason r;

		if (strncmp(mode, CONTAINER, strlen(CONTAINER)) != 0)
			continue;
		r = other(env, mode + strlen(CONTAINER), &t, why);
		if (r != R_NONE)
			return r;
		if (!confined)
			confine_by(env, &t);
		else if (!t.confined)
			return refuse(why, R_BIND, "%.120s, and %s joins a "
			    "container that may run as root",
			    env->confine_why, keys[i]);
	}
	return R_NONE;
}

static enum reason
confine_shared(struct policy_env *env, const cJSON *host,
    struct refusal *why)
{
	const cJSON *v;
	struct thing t;
	enum reason r;

	cJSON_ArrayForEach(v, tree_get(host, "VolumesFrom")) {
		r = other(env, v->valuestring, &t, why);
		if (r != R_NONE)
			return r;
		confine_by(env, &t);
	}
	r = confine_joined(env, host, false, why);
	return r == R_NONE && env->confine ?
	    confine_joined(env, host, true, why) : r;
}

/* --- the container itself --------------------------------------------------------- */

static void
warn(struct policy_env *env, const char *user, bool dropped)
{
	if (env->warnings == NULL)
		return;
	buf_printf(env->warnings, "This container runs as %s (%s), without "
	    "root, capabilities and new privileges: %s. See Host directories "
	    "in ds01-docker(1).\n", env->caller->name, user, env->confine_why);
	if (dropped)
		buf_puts(env->warnings, "User, CapAdd and GroupAdd that "
		    "were asked for are left out.\n");
}

static int
drop_rights(cJSON *host)
{
	cJSON *drop, *opts;

	tree_drop(host, "CapAdd");
	tree_drop(host, "CapDrop");
	tree_drop(host, "GroupAdd");
	drop = tree_array(host, "CapDrop");
	opts = tree_array(host, "SecurityOpt");
	/* the last one holds */
	return drop == NULL || opts == NULL ||
	    tree_add_string(drop, "ALL") < 0 ||
	    tree_add_string(opts, "no-new-privileges") < 0 ||
	    tree_set_bool(host, "Privileged", false) < 0 ? -1 : 0;
}

enum reason
confine_create(struct policy_env *env, cJSON *body, cJSON *host,
    struct refusal *why)
{
	const char *asked = tree_string(body, "User");
	enum reason r;
	char user[32];
	bool dropped;

	if (!judged(env))
		return R_NONE;
	r = confine_shared(env, host, why);
	if (r != R_NONE || !env->confine)
		return r;
	dropped = (!confine_user(env->caller, asked, user) &&
	    asked[0] != '\0') || !judge_void(tree_get(host, "CapAdd")) ||
	    !judge_void(tree_get(host, "GroupAdd"));
	if (drop_rights(host) < 0 || tree_set_string(body, "User", user) < 0 ||
	    tree_set_string(tree_object(body, "Labels"), LABEL_CONFINED,
	    "true") < 0)
		return judge_oom(why);
	warn(env, user, dropped);
	return R_NONE;
}
