/*
 * judge_binds.c - directories of the host in a container.
 *
 * Guarantees that what dockerd mounts, at this start and at each later one,
 * lies below an allowed root and could not be exchanged by its user for
 * something that is not his (bind.h).  The path is opened by the caller's
 * own probe, so that what he cannot reach he cannot name; but the probe is
 * the caller's: everything it says is looked at again here, or does not
 * matter, because the place belongs to the caller anyhow.
 *
 * Nothing in this room changes anything in the engine before the whole body
 * has been judged: binds_place() comes last.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge.h"
#include "lease.h"
#include "probe.h"

#define SUBPATH_API 45		/* engines that resolve subpaths safely */
#define NON_RECURSIVE_API 40

/* What was found behind a path. */
struct found {
	char real[PATH_MAX];
	struct stat st;
	struct bind_place place;
	bool plain;	/* nothing to confine for, when it was looked at */
};

static bool
root_text(const struct caller *c, const char *root, char out[PATH_MAX])
{
	int n;

	if (root[0] != '~')
		n = snprintf(out, PATH_MAX, "%s", root);
	else if (c->home[0] == '/')
		n = snprintf(out, PATH_MAX, "%s%s", c->home, root + 1);
	else
		return false;
	return n > 0 && n < PATH_MAX;
}

/* Links on the way to a root are followed as far as they are root's own. */
static bool
is_allowed(const struct caller *c, const char *real)
{
	char text[PATH_MAX], root[PATH_MAX], whole[2 * PATH_MAX];
	struct bind_place p;

	for (size_t i = 0; i < c->policy->binds.n; i++) {
		if (!root_text(c, c->policy->binds.v[i], text) ||
		    bind_walk(text, true, &p) == -1)
			continue;
		snprintf(whole, sizeof(whole), "%s/%s", p.anchor, p.rest);
		if (path_clean(whole, root, sizeof(root)) &&
		    path_below(real, root))
			return true;
	}
	return false;
}

static enum reason
refuse_error(const struct bind *b, int error, struct refusal *why)
{
	const char *text;

	switch (error) {
	case ENOENT:
		text = "there is no such file or directory; make it first";
		break;
	case EPIPE:
	case ETIMEDOUT:
		text = "it could not be looked at in time";
		break;
	default:
		text = strerrordesc_np(error);
		break;
	}
	return refuse(why, R_BIND, "%.120s: %s", b->source,
	    text != NULL ? text : "it cannot be opened");
}

/* Opened by the caller; a directory that is missing is made by him. */
static int
open_source(const struct policy_env *env, const struct bind *b,
    const char *clean)
{
	int fd = probe_open(GATE_FD_PROBE, b->source);

	if (fd == -1 && errno == ENOENT && b->make &&
	    is_allowed(env->caller, clean))
		fd = probe_make(GATE_FD_PROBE, b->source);
	return fd;
}

static enum reason
look(struct policy_env *env, const struct bind *b, struct found *f,
    struct refusal *why)
{
	const char *socket = env->cfg->engine_socket;
	char clean[PATH_MAX];
	bool known;
	int fd;

	if (!path_clean(b->source, clean, sizeof(clean)) ||
	    bind_never(clean, socket))
		return refuse(why, R_BIND, "%s", b->source);
	if (!bind_sees_host())
		return refuse(why, R_BIND, "%.160s: this session sees other "
		    "file systems than the host; leave the sandbox",
		    b->source);
	fd = open_source(env, b, clean);
	if (fd == -1)
		return refuse_error(b, errno, why);
	known = fstat(fd, &f->st) == 0 &&
	    bind_real(fd, f->real, sizeof(f->real));
	(void)close(fd);
	if (!known)
		return refuse(why, R_BIND, "%.160s: it has no name that can "
		    "be passed on", b->source);
	if (!S_ISDIR(f->st.st_mode) && !S_ISREG(f->st.st_mode))
		return refuse(why, R_BIND, "%.160s: neither a file nor a "
		    "directory", b->source);
	if (bind_never(f->real, socket) || !is_allowed(env->caller, f->real))
		return refuse(why, R_BIND, "%s", b->source);
	if (bind_walk(f->real, false, &f->place) == -1)
		return refuse(why, R_BIND, "%.120s: %s", b->source,
		    errno == EACCES ? "the directories above it must be "
		    "open to everybody (mode 0711)" : errno == EREMOTE ?
		    "it is on a file system that a user mounted" :
		    "it changed while it was looked at");
	return R_NONE;
}

/* The engine's data may lie below a listed root.  It is never a user's own,
 * so that homes need no question. */
static bool
is_engines(struct policy_env *env, const char *real)
{
	struct buf info cleanup_buf = BUF_INIT(1 << 20);
	char root[PATH_MAX], clean[PATH_MAX], *last;
	struct refusal no;

	if (engine_get(env->engine, &info, &no, "/info") != 200 ||
	    !json_string(json_get(buf_span(&info), "DockerRootDir"), root,
	    sizeof(root)) || !path_clean(root, clean, sizeof(clean)))
		return true;
	last = strrchr(clean, '/') + 1;
	if (strchr(last, '.') != NULL && last > clean + 1 &&
	    strspn(last, "0123456789.") == strlen(last))
		last[-1] = '\0';	/* userns-remap: …/docker/165536.165536 */
	return path_below(real, clean) || path_below(clean, real);
}

/* May it be mounted, and as what?  *sub: below an anchor of the caller's. */
static enum reason
judge_place(struct policy_env *env, const struct bind *b,
    const struct found *f, bool *sub, struct refusal *why)
{
	const struct stat *st = &f->place.st;

	*sub = f->place.rest[0] != '\0';
	if (!*sub) {
		if (st->st_dev != f->st.st_dev || st->st_ino != f->st.st_ino)
			return refuse(why, R_BIND, "%.160s: it changed while "
			    "it was looked at", b->source);
		return st->st_uid != env->caller->uid &&
		    is_engines(env, f->real) ?
		    refuse(why, R_BIND, "%s", b->source) : R_NONE;
	}
	if (st->st_uid != env->caller->uid)
		return refuse(why, R_BIND, "%.100s: only %.100s as a whole, "
		    "which others can change", b->source, f->place.anchor);
	if (st->st_dev != f->st.st_dev)
		return refuse(why, R_BIND, "%.100s: another file system is "
		    "mounted below %.100s", b->source, f->place.anchor);
	if (engine_api(env->engine) < SUBPATH_API)
		return refuse(why, R_NEEDS_NEWER_ENGINE, "%.100s: only "
		    "%.100s as a whole", b->source, f->place.anchor);
	return R_NONE;
}

/* Root in a container can leave a setuid file or a device node in what is
 * mounted, and read what is there of others.  Where the engine maps root
 * away, it could not so much as read it. */
static enum reason
judge_confinement(struct policy_env *env, struct found *f, bool sub,
    struct refusal *why)
{
	struct bind_flags flags;
	const char *text = NULL;
	bool remaps = false;
	enum reason r;

	bind_flags_now(f->place.st.st_dev, f->real, &flags);
	if (f->place.st.st_uid != env->caller->uid)
		text = "does not belong to you";
	else if (!flags.safe)
		text = "is not mounted nosuid,nodev";
	else if (!sub && flags.below)
		text = "has other file systems mounted below it";
	if (text == NULL) {
		r = engine_remaps(env->engine, &remaps, why);
		if (r != R_NONE)
			return r;
		text = remaps ? "is not root's in it (userns-remap)" : NULL;
	}
	f->plain = text == NULL;
	if (f->plain || env->confine)
		return R_NONE;
	env->confine = true;
	snprintf(env->confine_why, sizeof(env->confine_why), "%.160s %s",
	    f->place.anchor, text);
	return R_NONE;
}

/* --- the mount that goes on ------------------------------------------------------ */

/* Where nothing was mounted below, nothing that is mounted there later comes
 * in at a restart: nobody would have looked at it. */
static int
add_bind_options(struct policy_env *env, cJSON *mount, const struct bind *b,
    const struct found *f)
{
	static const char *const keep[] = { "NonRecursive",
	    "ReadOnlyNonRecursive", "ReadOnlyForceRecursive" };
	cJSON *options = tree_object(mount, "BindOptions");

	if (options == NULL ||
	    tree_set_string(options, "Propagation", "rprivate") < 0)
		return -1;
	for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
		if (cJSON_IsTrue(tree_get(b->options, keep[i])) &&
		    tree_set_bool(options, keep[i], true) < 0)
			return -1;
	if (!f->plain)
		return 0;
	env->api = env->api < NON_RECURSIVE_API ? NON_RECURSIVE_API :
	    env->api;
	tree_drop(options, "ReadOnlyForceRecursive");
	return tree_set_bool(options, "NonRecursive", true);
}

/* type=none,o=bind: the place itself, without what is mounted below it. */
static int
set_device(cJSON *options, const char *anchor)
{
	return options == NULL || tree_set_string(options, "type", "none") < 0 ||
	    tree_set_string(options, "o", "bind") < 0 ||
	    tree_set_string(options, "device", anchor) < 0 ? -1 : 0;
}

static int
set_labels(struct policy_env *env, cJSON *parent, const char *anchor)
{
	struct refusal no;

	return labels_simple(env->caller, parent, NULL, &no) != R_NONE ||
	    tree_set_string(tree_get(parent, "Labels"), LABEL_BIND, anchor) < 0
	    ? -1 : 0;
}

/* Driver and labels too: should the volume be gone by then, dockerd makes
 * this one and not a plain one. */
static int
add_volume_options(struct policy_env *env, cJSON *mount,
    const struct bind_place *p)
{
	cJSON *options = tree_object(mount, "VolumeOptions"), *driver;

	if (options == NULL || tree_set_bool(options, "NoCopy", true) < 0 ||
	    tree_set_string(options, "Subpath", p->rest) < 0 ||
	    set_labels(env, options, p->anchor) < 0)
		return -1;
	driver = tree_object(options, "DriverConfig");
	return driver == NULL || tree_set_string(driver, "Name", "local") < 0 ?
	    -1 : set_device(tree_object(driver, "Options"), p->anchor);
}

static int
fill_mount(struct policy_env *env, cJSON *m, const struct bind *b,
    const struct found *f, bool sub)
{
	char name[64];

	if (tree_set_string(m, "Target", b->target) < 0 ||
	    tree_set_bool(m, "ReadOnly", b->readonly) < 0)
		return -1;
	if (!sub)
		return tree_set_string(m, "Type", "bind") < 0 ||
		    tree_set_string(m, "Source", f->real) < 0 ? -1 :
		    add_bind_options(env, m, b, f);
	bind_volume_name(name, env->caller->uid, f->place.anchor);
	env->api = env->api < SUBPATH_API ? SUBPATH_API : env->api;
	return tree_set_string(m, "Type", "volume") < 0 ||
	    tree_set_string(m, "Source", name) < 0 ? -1 :
	    add_volume_options(env, m, &f->place);
}

static enum reason
add_mount(struct policy_env *env, const struct bind *b,
    const struct found *f, bool sub, struct refusal *why)
{
	cJSON *m = cJSON_CreateObject();

	if (env->binds == NULL)
		env->binds = cJSON_CreateArray();
	if (m == NULL || env->binds == NULL ||
	    fill_mount(env, m, b, f, sub) < 0) {
		cJSON_Delete(m);
		return judge_oom(why);
	}
	cJSON_AddItemToArray(env->binds, m);
	return R_NONE;
}

enum reason
judge_bind(struct policy_env *env, const struct bind *b,
    struct refusal *why)
{
	struct found *f;
	enum reason r;
	bool sub;

	if (!judged(env) || env->gone)
		return R_NONE;
	if (env->dry)		/* whom it would lead where cannot be told */
		return refuse(why, R_BIND, "%s", b->source);
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return judge_oom(why);
	r = look(env, b, f, why);
	if (r == R_NONE)
		r = judge_place(env, b, f, &sub, why);
	if (r == R_NONE)
		r = judge_confinement(env, f, sub, why);
	if (r == R_NONE)
		r = add_mount(env, b, f, sub, why);
	free(f);
	return r;
}

/* --- volumes ----------------------------------------------------------------------- */

static bool
has_text(struct span obj, const char *key, const char *value)
{
	char text[PATH_MAX];

	return json_string(json_get(obj, key), text, sizeof(text)) &&
	    strcmp(text, value) == 0;
}

/* The volume of that name is the caller's, made by the gate, and leads to
 * the anchor and nowhere else. */
static bool
leads_to(struct policy_env *env, struct span volume, const char *anchor)
{
	struct span options = json_get(volume, "Options"), value;
	struct json_iter it = json_iter(options);
	struct thing t;
	size_t n = 0;

	while (json_next(&it, NULL, &value))
		n++;
	return owner_of_labelled_json(env->caller, volume, &t) == CLAIM_OWN &&
	    t.gate_made && has_text(volume, "Driver", "local") && n == 3 &&
	    has_text(json_get(volume, "Labels"), LABEL_BIND, anchor) &&
	    has_text(options, "type", "none") && has_text(options, "o", "bind") &&
	    has_text(options, "device", anchor);
}

static cJSON *
volume_body(struct policy_env *env, const char *name, const char *anchor)
{
	cJSON *body = cJSON_CreateObject();

	if (body != NULL && (tree_set_string(body, "Name", name) < 0 ||
	    tree_set_string(body, "Driver", "local") < 0 ||
	    set_device(tree_object(body, "DriverOpts"), anchor) < 0 ||
	    set_labels(env, body, anchor) < 0)) {
		cJSON_Delete(body);
		body = NULL;
	}
	return body;
}

/* dockerd answers a create with the volume that has the name, whosever it
 * is: the answer is looked at like the one of an inspect. */
static enum reason
make_volume(struct policy_env *env, const char *name, const char *anchor,
    struct buf *answer, struct refusal *why)
{
	struct buf text = BUF_INIT(JSON_BODY_MAX);
	cJSON *body = volume_body(env, name, anchor);
	enum reason r = R_NONE;
	char target[64];
	int status;

	snprintf(target, sizeof(target), "/v1.%u/volumes/create",
	    engine_api(env->engine));
	if (body == NULL || json_write(&text, body) < 0) {
		r = judge_oom(why);
		goto out;
	}
	status = engine_ask(env->engine, "POST", span_of(target),
	    buf_span(&text), answer, why);
	if (status < 0)
		r = why->why;
	else if (status != 201)
		r = refuse(why, R_ENGINE_ERROR, "volume %s: status %d", name,
		    status);
out:
	cJSON_Delete(body);
	buf_free(&text);
	return r;
}

static enum reason
own_volume(struct policy_env *env, const char *name, const char *anchor,
    struct refusal *why)
{
	struct buf answer cleanup_buf = BUF_INIT(1 << 20);
	struct thing t = { 0 };
	enum reason r = owner_volume(env->engine, env->caller, name, &t,
	    &answer, why);

	if (r == R_NONE && t.claim == CLAIM_MISSING) {
		buf_reset(&answer);
		r = make_volume(env, name, anchor, &answer, why);
	}
	if (r != R_NONE)
		return r;
	return leads_to(env, buf_span(&answer), anchor) ? R_NONE :
	    refuse(why, R_BIND, "%.100s: volume %s is not what it should be; "
	    "an administrator must remove it", anchor, name);
}

enum reason
binds_place(struct policy_env *env, cJSON *host, struct refusal *why)
{
	cJSON *mounts, *m;
	enum reason r;

	if (env->binds == NULL)
		return R_NONE;
	mounts = tree_array(host, "Mounts");
	if (mounts == NULL)
		return judge_oom(why);
	while ((m = env->binds->child) != NULL) {
		if (strcmp(tree_string(m, "Type"), "volume") == 0) {
			r = own_volume(env, tree_string(m, "Source"),
			    tree_string(tree_get(tree_get(m, "VolumeOptions"),
			    "Labels"), LABEL_BIND), why);
			if (r != R_NONE)
				return r;
		}
		cJSON_DetachItemViaPointer(env->binds, m);
		cJSON_AddItemToArray(mounts, m);
	}
	return R_NONE;
}
