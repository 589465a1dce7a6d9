/*
 * judge_mounts.c - what is mounted into a container, and where.
 *
 * Binds, Mounts, Volumes and Tmpfs are four spellings of one thing; a host
 * path comes to judge_bind() whichever was used.  Nothing is created here:
 * see judge_volumes.c.
 */
#include <limits.h>
#include <stdio.h>

#include "judge.h"

#define NVIDIA_DIR "nvidia-container-devices"

bool
path_clean(const char *path, char *out, size_t cap)
{
	size_t n = 0;

	if (cap < 2 || *path != '/')
		return false;
	while (*path != '\0') {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && memcmp(path, "..", 2) == 0) {
			while (n > 0 && out[--n] != '/')
				;
		} else if (len > 0 && !(len == 1 && *path == '.')) {
			if (len + 2 > cap - n)
				return false;
			out[n++] = '/';
			memcpy(out + n, path, len);
			n += len;
		}
		path += len;
	}
	if (n == 0)
		out[n++] = '/';
	out[n] = '\0';
	return true;
}

static bool
below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 &&
	    (path[n] == '\0' || path[n] == '/');
}

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
	if (below(path, "/var/run/" NVIDIA_DIR) ||
	    below(path, "/run/" NVIDIA_DIR))
		return refuse(why, R_GPU, "by a mount on %s", target);
	return R_NONE;
}

enum reason
judge_bind(struct policy_env *env, const struct bind *b,
    struct refusal *why)
{
	if (!judged(env))
		return R_NONE;
	return refuse(why, R_BIND, "%s", b->source);
}

/* Words that change how a mount behaves inside the container only. */
static bool
mode_ok(const char *mode)
{
	static const char *const words[] = { "ro", "rw", "z", "Z", "nocopy",
	    "consistent", "cached", "delegated" };

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

/* One entry of Binds: target | source:target[:mode]. */
static enum reason
judge_bind_text(struct policy_env *env, const char *text,
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
	if (part[0][0] == '/') {
		struct bind b = { part[0], part[1], is_readonly(part[2]) };

		r = judge_bind(env, &b, why);
	} else if (!volume_name_ok(part[0]))
		r = refuse(why, R_BIND, "%s: neither an absolute path nor a "
		    "volume's name", part[0]);
	else if (env->dry)	/* whose volume it is cannot be told */
		r = refuse(why, R_NOT_OWNER_VOLUME, "%s", part[0]);
	if (r == R_NONE && judged(env) && !mode_ok(part[2]))
		r = refuse(why, R_MOUNT, "mode %s", part[2]);
	return r;
}

enum reason
judge_binds(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	size_t n = 0;
	enum reason r;

	(void)parent;
	if (!judged(env))
		return R_NONE;
	for (const cJSON *v = value->child; v != NULL; v = v->next) {
		if (++n > JUDGE_REFS_MAX)
			return refuse(why, R_BAD_FIELD, "%s is too long",
			    f->name);
		r = judge_bind_text(env, v->valuestring, why);
		if (r != R_NONE)
			return r;
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
	if (env->dry)
		return refuse(why, R_NOT_OWNER_VOLUME, "%s", source);
	return R_NONE;
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
judge_mount(struct policy_env *env, cJSON *mount, struct refusal *why)
{
	const char *type = tree_string(mount, "Type");
	const char *source = tree_string(mount, "Source");
	const char *target = tree_string(mount, "Target");
	enum reason r = judge_target(env, target, why);
	struct bind b = { source, target,
	    cJSON_IsTrue(tree_get(mount, "ReadOnly")) };

	if (r != R_NONE)
		return r;
	if (strcmp(type, "bind") == 0) {
		drop_foreign_options(mount, "BindOptions");
		return judge_bind(env, &b, why);
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
	size_t n = 0;
	enum reason r;

	(void)parent;
	if (!judged(env))
		return R_NONE;
	for (cJSON *m = value->child; m != NULL; m = m->next) {
		if (++n > JUDGE_REFS_MAX)
			return refuse(why, R_BAD_FIELD, "%s is too long",
			    f->name);
		r = judge_mount(env, m, why);
		if (r != R_NONE)
			return r;
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
enum reason
judge_working_dir(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why)
{
	char whole[PATH_MAX], path[PATH_MAX];
	int n = snprintf(whole, sizeof(whole), "/%s", value->valuestring);

	(void)env;
	(void)f;
	(void)parent;
	/* a relative one is taken from the root; "//" is "/" */
	if (n < 0 || (size_t)n >= sizeof(whole) ||
	    !path_clean(whole, path, sizeof(path)) || below(path, "/proc"))
		return refuse(why, R_WORKING_DIR, "%.160s",
		    value->valuestring);
	return R_NONE;
}
