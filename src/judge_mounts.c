/*
 * judge_mounts.c - what is mounted into a container, and where.
 *
 * Binds, Mounts, Volumes and Tmpfs are four spellings of one thing; a host
 * path comes to judge_bind() whichever was used.  Nothing is created here: see
 * judge_binds.c, judge_volumes.c.
 */
#include <limits.h>
#include <stdio.h>

#include "judge.h"

#define NVIDIA_DIR "nvidia-container-devices"

/* The nvidia runtime reads the GPUs that are wanted from mounts there. */
enum reason
judge_target(struct policy_env *env, const char *target,
    struct refusal *why)
{
	char path[PATH_MAX];

	if (!judged(env))
		return R_NONE;
	if (!path_clean(target, path, sizeof(path)))
		return refuse(why, R_MOUNT, "target %s must be an absolute "
		    "path", target);
	if (strcmp(path, "/") == 0)
		return refuse(why, R_MOUNT, "target /");
	if (!span_plain(span_of(target)))	/* docker events print it */
		return refuse(why, R_MOUNT, "target %s has control characters",
		    target);
	if (path_below(path, "/var/run/" NVIDIA_DIR) ||
	    path_below(path, "/run/" NVIDIA_DIR))
		return refuse(why, R_GPU, "by a mount on %s", target);
	return R_NONE;
}

/* Words that change how a mount behaves inside the container only. */
static bool
mode_ok(const char *mode)
{
	static const char *const words[] = { "ro", "rw", "z", "Z", "nocopy",
	    "consistent", "cached", "delegated", "private", "rprivate" };

	while (*mode != '\0') {
		size_t len = strcspn(mode, ",");
		bool known = false;

		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			known |= strlen(words[i]) == len &&
			    memcmp(words[i], mode, len) == 0;
		if (!known)
			return false;
		mode += len;
		mode += *mode == ',';
	}
	return true;
}

static bool
is_readonly(const char *mode)
{
	while (*mode != '\0') {
		size_t len = strcspn(mode, ",");

		if (len == 2 && memcmp(mode, "ro", 2) == 0)
			return true;
		mode += len;
		mode += *mode == ',';
	}
	return false;
}

/* Ours are directories of the host; and whose another one is cannot be told
 * of what exists. */
static enum reason
judge_volume_source(struct policy_env *env, const char *name,
    struct refusal *why)
{
	if (!judged(env) || env->gone)
		return R_NONE;
	if (bind_is_volume(name))
		return refuse(why, R_MOUNT, "volume name %s", name);
	return env->dry ? refuse(why, R_NOT_OWNER_VOLUME, "%s", name) : R_NONE;
}

/* One entry of Binds: target | source:target[:mode].  *host: a directory of
 * the host's, which judge_bind() has taken over.  Modes that relabel it (z)
 * or copy to it have no meaning there. */
static enum reason
judge_bind_text(struct policy_env *env, const char *text, bool *host,
    struct refusal *why)
{
	char part[3][PATH_MAX] = { "", "", "" };
	const char *p = text;
	size_t n = 0;
	enum reason r;

	for (;;) {
		size_t len = strcspn(p, ":");

		if (n == 3 || len >= PATH_MAX)
			return refuse(why, R_BAD_FIELD, "Binds %.100s", text);
		memcpy(part[n], p, len);
		part[n++][len] = '\0';
		if (p[len] == '\0')
			break;
		p += len + 1;
	}
	if (n == 1)		/* an anonymous volume */
		return judge_target(env, part[0], why);
	r = judge_target(env, part[1], why);
	if (r != R_NONE)
		return r;
	if (judged(env) && !mode_ok(part[2]))
		return refuse(why, R_MOUNT, "mode %s", part[2]);
	if (part[0][0] == '/') {
		*host = true;
		return judge_bind(env, &(struct bind){ .source = part[0],
		    .target = part[1], .readonly = is_readonly(part[2]),
		    .make = true }, why);
	}
	if (!volume_name_ok(part[0]))
		return refuse(why, R_BIND, "%s: neither an absolute path nor a "
		    "volume's name", part[0]);
	return judge_volume_source(env, part[0], why);
}

enum reason
judge_binds(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	cJSON *next;
	size_t n = 0;
	enum reason r;

	(void)parent;
	if (!judged(env))
		return R_NONE;
	for (cJSON *v = value->child; v != NULL; v = next) {
		bool host = false;

		next = v->next;
		if (++n > JUDGE_REFS_MAX)
			return refuse(why, R_BAD_FIELD, "%s is too long",
			    f->name);
		r = judge_bind_text(env, v->valuestring, &host, why);
		if (r != R_NONE)
			return r;
		if (host)
			cJSON_Delete(cJSON_DetachItemViaPointer(value, v));
	}
	return R_NONE;
}

static enum reason
judge_mount_volume(struct policy_env *env, cJSON *mount, const char *source,
    struct refusal *why)
{
	cJSON *options = tree_get(mount, "VolumeOptions");

	/* What was judged as empty or local goes on as neither. */
	if (options != NULL)
		tree_drop(options, "DriverConfig");
	if (*source == '\0')
		return R_NONE;
	if (!volume_name_ok(source))
		return refuse(why, R_MOUNT, "volume name %s", source);
	return judge_volume_source(env, source, why);
}

/* Options of another type than the mount's own: dockerd drops or refuses
 * them by API version, so they are dropped here. */
static void
drop_foreign_options(cJSON *mount, const char *keep)
{
	static const char *const all[] = { "BindOptions", "VolumeOptions",
	    "TmpfsOptions", "ImageOptions" };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i], keep) != 0)
			tree_drop(mount, all[i]);
}

static enum reason
judge_mount(struct policy_env *env, cJSON *mount, bool *host,
    struct refusal *why)
{
	const char *type = tree_string(mount, "Type");
	const char *source = tree_string(mount, "Source");
	const char *target = tree_string(mount, "Target");
	enum reason r = judge_target(env, target, why);

	if (r != R_NONE)
		return r;
	if (strcmp(type, "bind") == 0) {
		const cJSON *options = tree_get(mount, "BindOptions");

		*host = true;
		return judge_bind(env, &(struct bind){ .source = source,
		    .target = target, .options = options, .readonly =
		    cJSON_IsTrue(tree_get(mount, "ReadOnly")), .make =
		    cJSON_IsTrue(tree_get(options, "CreateMountpoint")) }, why);
	}
	if (strcmp(type, "volume") == 0) {
		drop_foreign_options(mount, "VolumeOptions");
		return judge_mount_volume(env, mount, source, why);
	}
	if (strcmp(type, "tmpfs") == 0) {
		drop_foreign_options(mount, "TmpfsOptions");
		return R_NONE;
	}
	if (strcmp(type, "image") == 0) {
		drop_foreign_options(mount, "ImageOptions");
		return R_NONE;
	}
	return refuse(why, R_MOUNT, "of type %s", type);
}

enum reason
judge_mounts(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	cJSON *next;
	size_t n = 0;
	enum reason r;

	(void)parent;
	if (!judged(env))
		return R_NONE;
	for (cJSON *m = value->child; m != NULL; m = next) {
		bool host = false;

		next = m->next;
		if (++n > JUDGE_REFS_MAX)
			return refuse(why, R_BAD_FIELD, "%s is too long",
			    f->name);
		r = judge_mount(env, m, &host, why);
		if (r != R_NONE)
			return r;
		if (host)
			cJSON_Delete(cJSON_DetachItemViaPointer(value, m));
	}
	return R_NONE;
}

static enum reason
judge_targets(struct policy_env *env, const struct field *f,
    const cJSON *map, struct refusal *why)
{
	size_t n = 0;
	enum reason r;

	for (const cJSON *v = map->child; v != NULL; v = v->next) {
		if (++n > JUDGE_REFS_MAX)
			return refuse(why, R_BAD_FIELD, "%s is too long",
			    f->name);
		r = judge_target(env, v->string, why);
		if (r != R_NONE)
			return r;
	}
	return R_NONE;
}

enum reason
judge_tmpfs(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	(void)parent;
	return judge_targets(env, f, value, why);
}

enum reason
judge_volumes(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	(void)parent;
	return judge_targets(env, f, value, why);
}

enum reason
judge_propagation(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)env;
	(void)parent;
	if (strcmp(value->valuestring, "private") == 0 ||
	    strcmp(value->valuestring, "rprivate") == 0)
		return R_NONE;
	return judge_deny(f, value, why);
}

/* A driver's name is a file name to dockerd, "../../tmp/x" included. */
enum reason
judge_volume_driver(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)env;
	(void)parent;
	return strcmp(value->valuestring, "local") == 0 ? R_NONE :
	    judge_deny(f, value, why);
}

/* runc before 1.1.12 enters /proc/self/fd/N, a directory of the host
 * (CVE-2024-21626). */
bool
working_dir_ok(const char *dir)
{
	char whole[PATH_MAX], path[PATH_MAX];
	int n = snprintf(whole, sizeof(whole), "/%s", dir);

	/* a relative one is taken from the root; "//" is "/" */
	return n > 0 && (size_t)n < sizeof(whole) &&
	    path_clean(whole, path, sizeof(path)) && !path_below(path, "/proc");
}

enum reason
judge_working_dir(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	(void)env;
	(void)f;
	(void)parent;
	return working_dir_ok(value->valuestring) ? R_NONE :
	    refuse(why, R_WORKING_DIR, "%.160s", value->valuestring);
}
