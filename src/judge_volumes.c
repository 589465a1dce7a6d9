/*
 * judge_volumes.c - every volume of a new container is its owner's.
 *
 * dockerd makes a named volume that is missing without any label, and mounts
 * an existing one whosever it is.  So a named volume's name is held (hold.c),
 * it is looked at and, when missing, made here with our labels; the answer is
 * checked, because dockerd answers a create of an existing name with that
 * volume.  Anonymous
 * ones (Volumes, one-word Binds, Mounts without Source, the image's VOLUMEs)
 * become Mounts with labels: the only way to label them.
 */
#include <limits.h>
#include <stdio.h>

#include "judge.h"

static enum reason
not_own(const struct thing *t, struct refusal *why)
{
	return refuse(why, R_NOT_OWNER_VOLUME, "%s",
	    t->owner[0] == '\0' ? "nobody" :
	    t->claim == CLAIM_UNOWNED_UNSAFE ? OWNER_UNSAFE : t->owner);
}

/* For which kind of containers it is made: made.c. */
static const char *
kind(const struct policy_env *env)
{
	return env->confine ? "true" : "false";
}

/* {"Name":…,"Labels":{…}}; labels of the client's may be NULL. */
static cJSON *
volume_body(struct policy_env *env, const char *name, const cJSON *labels,
    struct refusal *why)
{
	cJSON *body = cJSON_CreateObject(), *copy;

	if (body == NULL || tree_set_string(body, "Name", name) < 0)
		goto no;
	if (labels != NULL) {
		copy = cJSON_Duplicate(labels, 1);
		if (copy == NULL)
			goto no;
		if (!cJSON_AddItemToObject(body, "Labels", copy)) {
			cJSON_Delete(copy);
			goto no;
		}
		/* of the mount: one of this volume's own follows */
		tree_drop(copy, LABEL_GATE);
	}
	if (labels_simple(env->caller, body, kind(env), why) == R_NONE)
		return body;
no:
	cJSON_Delete(body);
	if (why->why == R_NONE)
		judge_oom(why);
	return NULL;
}

/* The volume in the answer is the one we asked for: it has our gate label. */
static bool
is_ours(struct span answer, const char *gate)
{
	char got[64];

	return json_string(json_path(answer, "Labels", LABEL_GATE, NULL), got,
	    sizeof(got)) && strcmp(got, gate) == 0;
}

static enum reason
volume_make(struct policy_env *env, const char *name, const cJSON *labels,
    struct refusal *why)
{
	struct buf text = BUF_INIT(JSON_BODY_MAX), answer = BUF_INIT(1 << 20);
	cJSON *body;
	char target[64];
	enum reason r;
	int status;

	why->why = R_NONE;
	body = volume_body(env, name, labels, why);
	if (body == NULL)
		return why->why;
	snprintf(target, sizeof(target), "/v1.%u/volumes/create",
	    engine_api(env->engine));
	if (json_write(&text, body) < 0) {
		r = judge_oom(why);
		goto out;
	}
	status = engine_ask(env->engine, "POST", span_of(target),
	    buf_span(&text), &answer, why);
	if (status < 0)
		r = why->why;
	else if (status != 201)
		r = refuse(why, R_ENGINE_ERROR, "volume %s: status %d", name,
		    status);
	else if (!is_ours(buf_span(&answer), tree_string(
	    tree_get(body, "Labels"), LABEL_GATE)))
		r = refuse(why, R_NOT_OWNER_VOLUME, "somebody who was "
		    "faster");
	else
		r = R_NONE;
out:
	cJSON_Delete(body);
	buf_free(&text);
	buf_free(&answer);
	return r;
}

static enum reason
volume_own(struct policy_env *env, const char *name, const cJSON *labels,
    struct refusal *why)
{
	struct thing t = { 0 };
	enum reason r;

	r = owner_volume_hold(&(struct owner_hold){ env->engine, env->caller,
	    env->names }, name, true, &t, why);
	if (r != R_NONE)
		return r;
	if (t.claim == CLAIM_MISSING)
		return volume_make(env, name, labels, why);
	if (t.claim != CLAIM_OWN && judged(env))
		return not_own(&t, why);
	judge_warn_foreign(env, "volume", &t);
	return R_NONE;
}

static enum reason
named_in_binds(struct policy_env *env, const cJSON *binds,
    struct refusal *why)
{
	const cJSON *v;
	enum reason r;

	cJSON_ArrayForEach(v, binds) {
		const char *text = v->valuestring;
		size_t len = strcspn(text, ":");
		char name[256];

		if (text[0] == '/' || text[len] == '\0' || len < 2)
			continue;
		if (len >= sizeof(name))
			return refuse(why, R_BAD_FIELD, "volume name");
		memcpy(name, text, len);
		name[len] = '\0';
		r = volume_own(env, name, NULL, why);
		if (r != R_NONE)
			return r;
	}
	return R_NONE;
}

static bool
is_volume(const cJSON *mount)
{
	return strcmp(tree_string(mount, "Type"), "volume") == 0;
}

static enum reason
label_mount(struct policy_env *env, cJSON *mount, struct refusal *why)
{
	cJSON *options = tree_object(mount, "VolumeOptions");

	return options == NULL ? judge_oom(why) :
	    labels_simple(env->caller, options, kind(env), why);
}

static enum reason
own_mounts(struct policy_env *env, const cJSON *mounts,
    struct refusal *why)
{
	enum reason r;
	cJSON *m;

	cJSON_ArrayForEach(m, mounts) {
		const char *name = tree_string(m, "Source");

		if (!is_volume(m) ||
		    (judged(env) && bind_is_volume(name)))	/* binds_place() */
			continue;
		r = *name != '\0' ? volume_own(env, name, tree_get(
		    tree_get(m, "VolumeOptions"), "Labels"), why) :
		    label_mount(env, m, why);
		if (r != R_NONE)
			return r;
	}
	return R_NONE;
}

static bool
same_path(const char *a, const char *clean_b)
{
	char path[PATH_MAX];

	return path_clean(a, path, sizeof(path)) &&
	    strcmp(path, clean_b) == 0;
}

/* "source:target[:mode]" or "target" mounts on that clean path. */
static bool
bind_is_on(const char *text, const char *clean)
{
	const char *colon = strchr(text, ':');
	const char *target = colon != NULL ? colon + 1 : text;
	char path[PATH_MAX];
	size_t len = strcspn(target, ":");

	if (len >= sizeof(path))
		return false;
	memcpy(path, target, len);
	path[len] = '\0';
	return same_path(path, clean);
}

static bool
is_mounted(const cJSON *host, struct span others, const char *clean)
{
	struct json_iter it = json_iter(others);
	char path[PATH_MAX];
	struct span e;
	const cJSON *v;

	cJSON_ArrayForEach(v, tree_get(host, "Binds"))
		if (bind_is_on(v->valuestring, clean))
			return true;
	cJSON_ArrayForEach(v, tree_get(host, "Mounts"))
		if (same_path(tree_string(v, "Target"), clean))
			return true;
	cJSON_ArrayForEach(v, tree_get(host, "Tmpfs"))
		if (same_path(v->string, clean))
			return true;
	while (json_next(&it, NULL, &e))
		if (json_string(json_get(e, "Destination"), path,
		    sizeof(path)) && same_path(path, clean))
			return true;
	return false;
}

/* Adds an anonymous volume on path unless something is there. */
static enum reason
add_anonymous(struct policy_env *env, cJSON *host, struct span others,
    const char *path, struct refusal *why)
{
	char clean[PATH_MAX];
	cJSON *mounts, *m;
	enum reason r = judge_target(env, path, why);

	if (r != R_NONE)
		return r;
	if (!path_clean(path, clean, sizeof(clean)) ||
	    is_mounted(host, others, clean))
		return R_NONE;
	mounts = tree_array(host, "Mounts");
	m = cJSON_CreateObject();
	if (mounts == NULL || m == NULL) {
		cJSON_Delete(m);
		return judge_oom(why);
	}
	cJSON_AddItemToArray(mounts, m);
	if (tree_set_string(m, "Type", "volume") < 0 ||
	    tree_set_string(m, "Target", clean) < 0)
		return judge_oom(why);
	return R_NONE;
}

/* One-word Binds leave the list and become mounts. */
static enum reason
move_binds(struct policy_env *env, cJSON *host, struct refusal *why)
{
	cJSON *binds = tree_get(host, "Binds"), *next;
	enum reason r = R_NONE;

	if (binds == NULL)
		return R_NONE;
	for (cJSON *v = binds->child; v != NULL && r == R_NONE; v = next) {
		next = v->next;
		if (v->valuestring[0] != '/' ||
		    strchr(v->valuestring, ':') != NULL)
			continue;
		cJSON_DetachItemViaPointer(binds, v);
		r = add_anonymous(env, host, (struct span){ 0 },
		    v->valuestring, why);
		cJSON_Delete(v);
	}
	return r;
}

/* Volumes of the body, then those of the image. */
static enum reason
move_volumes(struct policy_env *env, cJSON *body, cJSON *host,
    struct span image, struct span others, struct refusal *why)
{
	struct json_iter it = json_iter(json_get(image, "Volumes"));
	char quoted[PATH_MAX], path[PATH_MAX];
	enum reason r = R_NONE;
	struct span key, value;
	const cJSON *v;
	size_t n = 0;

	cJSON_ArrayForEach(v, tree_get(body, "Volumes")) {
		r = add_anonymous(env, host, others, v->string, why);
		if (r != R_NONE)
			return r;
	}
	tree_drop(body, "Volumes");
	while (r == R_NONE && json_next(&it, &key, &value)) {
		if (++n > JUDGE_REFS_MAX || key.len >= sizeof(quoted) - 2)
			return refuse(why, R_MOUNT, "too many volumes in the "
			    "image");
		snprintf(quoted, sizeof(quoted), "\"%.*s\"", (int)key.len,
		    key.ptr);
		if (json_string(span_of(quoted), path, sizeof(path)) &&
		    path[0] == '/')
			r = add_anonymous(env, host, others, path, why);
	}
	return r;
}

/* What VolumesFrom brings along: a volume of our own on the same path would
 * hide it. */
static enum reason
mounts_of_others(struct policy_env *env, const cJSON *from,
    struct buf *others, struct refusal *why)
{
	const cJSON *v;

	buf_puts(others, "[");
	cJSON_ArrayForEach(v, from) {
		struct buf raw cleanup_buf = BUF_INIT(0);
		struct json_iter it;
		struct span e;
		int status = engine_get(env->engine, &raw, why,
		    "/containers/%.64s/json", v->valuestring);

		if (status < 0)
			return why->why;
		it = json_iter(json_get(buf_span(&raw), "Mounts"));
		while (json_next(&it, NULL, &e)) {
			if (others->len > 1)
				buf_puts(others, ",");
			buf_putspan(others, e);
		}
	}
	return buf_puts(others, "]") == 0 ? R_NONE : judge_oom(why);
}

enum reason
volumes_own(struct policy_env *env, cJSON *body, struct span image,
    struct refusal *why)
{
	struct buf others cleanup_buf = BUF_INIT(8 << 20);
	cJSON *host = tree_get(body, "HostConfig");
	enum reason r;

	r = mounts_of_others(env, tree_get(host, "VolumesFrom"), &others,
	    why);
	if (r == R_NONE)
		r = move_binds(env, host, why);
	if (r == R_NONE)
		r = move_volumes(env, body, host, image, buf_span(&others),
		    why);
	if (r == R_NONE)
		r = named_in_binds(env, tree_get(host, "Binds"), why);
	if (r == R_NONE)
		r = own_mounts(env, tree_get(host, "Mounts"), why);
	return r;
}
