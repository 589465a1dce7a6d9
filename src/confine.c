/*
 * confine.c - containers that have no root inside.
 *
 * A container with a directory of the host in it, where root could leave a
 * setuid file, runs as the caller: his own user, nobody's group, no
 * capabilities, no new privileges.  Nobody can take that back: it is written in the
 * container's configuration, and a label says it to exec and docker cp.
 *
 * No supplementary groups: dockerd looks them up, numbers too, in a file of
 * the image ("1001:x:0:").  runc before 1.3 does so with the first group as
 * well, at each start and exec: so that file is covered by an empty one
 * (and made.c sees to it that it stays).
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "made.h"

#define CONTAINER "container:"

/* A group that no user of the host is in, nor can be.  Whoever has the uid
 * and the gid of a process may look into it (ptrace(2), access mode checking):
 * with the caller's own group, /proc/PID/root would lead his shell on the
 * host to files of the image, and a device node among them to the disk. */
#define CONFINED_GID 65534UL

bool
confine_user(const struct caller *c, const char *asked, char out[32])
{
	size_t n;

	snprintf(out, 32, "%lu", (unsigned long)c->uid);
	n = strlen(out);
	bool kept = strncmp(asked, out, n) == 0 &&
	    (asked[n] == '\0' || asked[n] == ':');
	snprintf(out + n, 32 - n, ":%lu", CONFINED_GID);
	return kept;
}

/* --- root -------------------------------------------------------------------------- */

enum reason
policy_root(const struct caller *c, struct engine *e, bool *yes,
    struct refusal *why)
{
	enum root_mode m = c->policy->container_root;

	*yes = c->admin || m == ROOT_YES;
	return !*yes && m == ROOT_REMAPPED ? engine_remaps(e, yes, why) :
	    R_NONE;
}

/* Root in a container of an engine that does not remap is the host's root,
 * and a shell of his owner's on the host can hand him an open directory. */
static enum reason
confine_root(struct policy_env *env, struct refusal *why)
{
	bool may;
	enum reason r = policy_root(env->caller, env->engine, &may, why);

	if (r != R_NONE || may || env->confine)
		return r;
	env->confine = true;
	snprintf(env->confine_why, sizeof(env->confine_why), "%s",
	    env->caller->policy->container_root == ROOT_NO ?
	    "this host wants it so" :
	    "root in it would be root on the host (no userns-remap)");
	return R_NONE;
}

/* /dev/shm of the host, where a socket's other end may be his owner's: no
 * place for a root that is kept from the host's directories. */
static enum reason
confine_ipc(struct policy_env *env, const cJSON *host, struct refusal *why)
{
	bool remaps = false;
	enum reason r = R_NONE;

	if (!env->confine && strcmp(tree_string(host, "IpcMode"), "host") == 0)
		r = engine_remaps(env->engine, &remaps, why);
	if (remaps) {
		env->confine = true;
		snprintf(env->confine_why, sizeof(env->confine_why),
		    "it has the shared memory of the host (userns-remap)");
	}
	return r;
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

/* Who sees the other's processes or sockets can be handed open directories. */
static enum reason
confine_joined(struct policy_env *env, const cJSON *host, bool confined,
    struct refusal *why)
{
	static const char *const keys[] = { "PidMode", "IpcMode",
	    "NetworkMode" };
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

/* --- the file of groups ------------------------------------------------------------ */

static bool
is_over_groups(const char *target)
{
	char path[PATH_MAX];

	return path_clean(target, path, sizeof(path)) &&
	    (path_below(GROUP_FILE, path) || path_below(path, GROUP_FILE));
}

/* "target" or "source:target[:mode]" */
static bool
text_is_over_groups(const char *text)
{
	const char *colon = strchr(text, ':');
	const char *target = colon != NULL ? colon + 1 : text;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s", (int)strcspn(target, ":"),
	    target);
	return is_over_groups(path);
}

static bool
mounts_over_groups(const cJSON *mounts)
{
	const cJSON *m;

	cJSON_ArrayForEach(m, mounts)
		if (is_over_groups(tree_string(m, "Target")))
			return true;
	return false;
}

static bool
keys_over_groups(const cJSON *map)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, map)
		if (is_over_groups(v->string))
			return true;
	return false;
}

static enum reason
cover_groups(struct policy_env *env, const cJSON *body, cJSON *host,
    struct refusal *why)
{
	bool taken = mounts_over_groups(env->binds) ||
	    mounts_over_groups(tree_get(host, "Mounts")) ||
	    keys_over_groups(tree_get(host, "Tmpfs")) ||
	    keys_over_groups(tree_get(body, "Volumes"));
	cJSON *mounts, *m;
	const cJSON *v;

	cJSON_ArrayForEach(v, tree_get(host, "Binds"))
		taken |= text_is_over_groups(v->valuestring);
	if (taken)
		return refuse(why, R_MOUNT, "target " GROUP_FILE " is taken "
		    "in a container without root");
	mounts = tree_array(host, "Mounts");
	m = cJSON_CreateObject();
	if (mounts == NULL || m == NULL) {
		cJSON_Delete(m);
		return judge_oom(why);
	}
	cJSON_AddItemToArray(mounts, m);
	return tree_set_string(m, "Type", "bind") < 0 ||
	    tree_set_string(m, "Source", "/dev/null") < 0 ||
	    tree_set_string(m, "Target", GROUP_FILE) < 0 ||
	    tree_set_bool(m, "ReadOnly", true) < 0 ? judge_oom(why) : R_NONE;
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

/* With userns-remap even the caller's own files would be somebody else's; a
 * container without root does not need it. */
static enum reason
own_ids(struct policy_env *env, cJSON *host, struct refusal *why)
{
	bool remaps;
	enum reason r = engine_remaps(env->engine, &remaps, why);

	if (r == R_NONE && remaps &&
	    tree_set_string(host, "UsernsMode", "host") < 0)
		r = judge_oom(why);
	return r;
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
	r = confine_root(env, why);
	if (r == R_NONE)
		r = confine_ipc(env, host, why);
	if (r == R_NONE)
		r = confine_shared(env, host, why);
	if (r != R_NONE)
		return r;
	/* the image may be another one by the time that dockerd takes it, and
	 * say it of a container that is not */
	if (!env->confine)
		return tree_set_string(tree_object(body, "Labels"),
		    LABEL_CONFINED, "false") == 0 ? R_NONE : judge_oom(why);
	r = own_ids(env, host, why);
	if (r != R_NONE)
		return r;
	dropped = (!confine_user(env->caller, asked, user) &&
	    asked[0] != '\0') || !judge_void(tree_get(host, "CapAdd")) ||
	    !judge_void(tree_get(host, "GroupAdd"));
	if (drop_rights(host) < 0 || tree_set_string(body, "User", user) < 0 ||
	    tree_set_string(tree_object(body, "Labels"), LABEL_CONFINED,
	    "true") < 0)
		return judge_oom(why);
	r = cover_groups(env, body, host, why);
	if (r == R_NONE)
		warn(env, user, dropped);
	return r;
}
