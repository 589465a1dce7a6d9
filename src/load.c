/*
 * load.c - an upload of images, looked at as it passes.
 *
 * dockerd unpacks the whole tar and then gives out the names that stand in
 * its manifest.json (of older ones: repositories; with containerd's store:
 * index.json).  Guarantees that none of these files has passed whole while it
 * holds a name that the caller may not make: the upload ends before.
 *
 * It also reads some files whole into its memory, whatever their size, and a
 * gigabyte of blanks is a megabyte by gzip: these lists, what manifest.json
 * calls Config and, of older archives, each json.  Guarantees that none of
 * them is above TAR_HELD_MAX, nor a link or behind one, which could be so.
 * And what lists of images say of each other, see load_list.c.
 * The one room that includes zlib.h.
 */
#include <stdlib.h>
#include <zlib.h>

#include "json.h"
#include "load.h"

#define OUT_SIZE (64 * 1024)	/* bytes unpacked at a time */
#define MAGIC_MAX 6		/* bytes that tell the form */
#define TAGS_MAX 1000		/* names of one upload */
#define PATHS_MAX 4096		/* big files and links, or Configs */
#define PATHS_BYTES ((size_t)256 << 10)
#define GZIP_BITS (16 + MAX_WBITS)

struct paths {			/* each with a NUL behind it */
	struct buf text;
	size_t n;
};

struct load {
	struct image_ask ask;
	enum load_form form;
	char magic[MAGIC_MAX];	/* first bytes, until they tell the form */
	size_t have;
	z_stream z;
	bool z_open, z_end;	/* between two gzip members */
	unsigned char *out;
	struct tarwatch tar;
	size_t tags;
	struct paths heavy;	/* members above TAR_HELD_MAX, and links */
	struct paths configs;	/* what dockerd will read whole */
	struct buf indexes;	/* see load_list_judge() */
	struct refusal why;	/* set by the judges below */
};

static enum reason
not_understood(struct load *l, const char *file, const char *what)
{
	return refuse(&l->why, R_IMAGE_ARCHIVE, "%s: %s", file, what);
}

/* --- what dockerd reads whole ------------------------------------------------------ */

static bool
add_path(struct paths *to, struct span path)
{
	return ++to->n <= PATHS_MAX && buf_putspan(&to->text, path) == 0 &&
	    buf_add(&to->text, "", 1) == 0;
}

static bool
is_or_is_below(struct span path, struct span top)
{
	return path.len >= top.len && memcmp(path.ptr, top.ptr, top.len) == 0
	    && (path.len == top.len || path.ptr[top.len] == '/');
}

static enum reason
too_big(struct load *l, struct span path)
{
	return refuse(&l->why, R_IMAGE_ARCHIVE, "%.*s: a link, or too big to "
	    "be read at once", path.len < 128 ? (int)path.len : 128, path.ptr);
}

/* What reads "d/c" through a link d reads what nobody knows. */
static enum reason
judge_config(struct load *l, const cJSON *config)
{
	struct span path, top;

	if (config == NULL || cJSON_IsNull(config))
		return R_NONE;
	if (!cJSON_IsString(config))
		return not_understood(l, "manifest.json", "Config");
	path = span_of(config->valuestring);
	if (path.len > 0 && (!tarwatch_plain_name(&path) || path.len == 0))
		return not_understood(l, "manifest.json", "Config");
	for (size_t at = 0; at < l->heavy.text.len; at += top.len + 1) {
		top = span_of(l->heavy.text.data + at);
		if (is_or_is_below(path, top))
			return too_big(l, path);
	}
	return add_path(&l->configs, path) ? R_NONE :
	    not_understood(l, "manifest.json", "too many images");
}

static bool
is_last_part(struct span path, const char *name)
{
	size_t n = strlen(name);

	return path.len >= n && memcmp(path.ptr + path.len - n, name, n) == 0
	    && (path.len == n || path.ptr[path.len - n - 1] == '/');
}

/* A big file, or a link. */
static int
judge_heavy(void *arg, struct span path)
{
	struct load *l = arg;
	struct span other;

	if (is_last_part(path, "json") || is_last_part(path, "VERSION")) {
		too_big(l, path);
		return -1;
	}
	for (size_t at = 0; at < l->configs.text.len; at += other.len + 1) {
		other = span_of(l->configs.text.data + at);
		if (is_or_is_below(other, path)) {
			too_big(l, path);
			return -1;
		}
	}
	/* a link above it leads it to another path */
	for (size_t at = 0; at < l->heavy.text.len; at += other.len + 1) {
		other = span_of(l->heavy.text.data + at);
		if (path.len > other.len && is_or_is_below(path, other)) {
			too_big(l, path);
			return -1;
		}
	}
	if (add_path(&l->heavy, path))
		return 0;
	refuse(&l->why, R_IMAGE_ARCHIVE, "too many big files and links");
	return -1;
}

/* --- names ----------------------------------------------------------------------- */

static enum reason
judge_tag(struct load *l, const char *repo, const char *tag)
{
	struct image_ref ref;

	if (++l->tags > TAGS_MAX)
		return refuse(&l->why, R_IMAGE_ARCHIVE, "too many names");
	if (!image_ref_read(repo, tag, &ref))
		return refuse(&l->why, R_TAG, "%s: not understood", repo);
	image_ref_default(&ref);
	return image_make(&l->ask, &ref, &l->why);
}

/* Members that Go would take for a known one in another case are not. */
static bool
only(const cJSON *obj, const char *const *keys)
{
	const cJSON *m;

	if (!cJSON_IsObject(obj))
		return false;
	cJSON_ArrayForEach(m, obj) {
		size_t i = 0;

		while (keys[i] != NULL && strcmp(keys[i], m->string) != 0)
			i++;
		if (keys[i] == NULL)
			return false;
	}
	return true;
}

/* [{"Config":…,"RepoTags":["a:1"],"Layers":[…]}] */
static enum reason
judge_manifest(struct load *l, const cJSON *json)
{
	static const char *const keys[] = { "Config", "RepoTags", "Layers",
	    "LayerSources", "Parent", NULL };
	enum reason r = R_NONE;
	const cJSON *image, *tag;

	if (!cJSON_IsArray(json))
		return not_understood(l, "manifest.json", "not a list");
	cJSON_ArrayForEach(image, json) {
		const cJSON *tags = cJSON_GetObjectItemCaseSensitive(image,
		    "RepoTags");

		if (!only(image, keys) || (tags != NULL &&
		    !cJSON_IsArray(tags) && !cJSON_IsNull(tags)))
			return not_understood(l, "manifest.json",
			    "an unknown member");
		r = judge_config(l, cJSON_GetObjectItemCaseSensitive(image,
		    "Config"));
		if (r != R_NONE)
			return r;
		cJSON_ArrayForEach(tag, tags) {
			r = cJSON_IsString(tag) ?
			    judge_tag(l, tag->valuestring, NULL) :
			    not_understood(l, "manifest.json", "RepoTags");
			if (r != R_NONE)
				return r;
		}
	}
	return r;
}

/* {"a":{"1":"id"}} */
static enum reason
judge_repositories(struct load *l, const cJSON *json)
{
	const cJSON *repo, *tag;
	enum reason r = R_NONE;

	if (!cJSON_IsObject(json))
		return not_understood(l, "repositories", "not a map");
	cJSON_ArrayForEach(repo, json) {
		if (!cJSON_IsObject(repo) && !cJSON_IsNull(repo))
			return not_understood(l, "repositories", repo->string);
		cJSON_ArrayForEach(tag, repo)
			if ((r = judge_tag(l, repo->string, tag->string)) !=
			    R_NONE)
				return r;
	}
	return r;
}

static enum reason
judge_annotations(struct load *l, const cJSON *notes)
{
	static const char *const names[] = { "io.containerd.image.name",
	    "org.opencontainers.image.ref.name" };
	const cJSON *v;

	if (notes == NULL || cJSON_IsNull(notes))
		return R_NONE;
	if (!cJSON_IsObject(notes))
		return not_understood(l, "index.json", "annotations");
	/* the second is the tag alone where the first is there */
	for (size_t i = 0; i < 2; i++) {
		v = cJSON_GetObjectItemCaseSensitive(notes, names[i]);
		if (v != NULL && !cJSON_IsString(v))
			return not_understood(l, "index.json", names[i]);
		if (v != NULL && v->valuestring[0] != '\0')
			return judge_tag(l, v->valuestring, NULL);
	}
	return R_NONE;
}

/* {"manifests":[{"digest":…,"annotations":{…}}]} */
static enum reason
judge_index(struct load *l, const cJSON *json)
{
	static const char *const top[] = { "schemaVersion", "mediaType",
	    "artifactType", "manifests", "subject", "annotations", NULL };
	static const char *const keys[] = { "mediaType", "digest", "size",
	    "urls", "annotations", "data", "platform", "artifactType", NULL };
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(json,
	    "manifests"), *one;
	enum reason r = R_NONE;

	if (l->ask.no_layouts)
		return refuse(&l->why, R_IMAGE_ARCHIVE, "index.json: before "
		    "28, engines with containerd's image store do not look "
		    "what an OCI layout holds");
	if (!only(json, top) || (list != NULL && !cJSON_IsArray(list) &&
	    !cJSON_IsNull(list)))
		return not_understood(l, "index.json", "an unknown member");
	cJSON_ArrayForEach(one, list) {
		if (!only(one, keys))
			return not_understood(l, "index.json",
			    "an unknown member");
		r = judge_annotations(l, cJSON_GetObjectItemCaseSensitive(one,
		    "annotations"));
		if (r != R_NONE)
			return r;
	}
	return r;
}

static const struct {
	const char *name;
	enum reason (*judge)(struct load *l, const cJSON *json);
} lists[] = {
	{ "manifest.json", judge_manifest },
	{ "repositories", judge_repositories },
	{ "index.json", judge_index },
};

static const char *const names[] = { "manifest.json", "repositories",
    "index.json", NULL };

static int
judge_member(void *arg, const char *name, struct span text)
{
	struct load *l = arg;
	cJSON *json;
	enum reason r = R_BAD_JSON;

	if (name == NULL)
		return load_list_judge(&l->indexes, text, false, &l->why) ==
		    R_NONE ? 0 : -1;
	json = json_parse(text, &l->why);
	if (json == NULL) {
		char detail[sizeof(l->why.detail)];
		memcpy(detail, l->why.detail, sizeof(detail));
		not_understood(l, name, detail);
		return -1;
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strcmp(lists[i].name, name) == 0)
			r = lists[i].judge(l, json);
	cJSON_Delete(json);
	if (r == R_NONE)
		r = load_list_judge(&l->indexes, text, l->tar.top &&
		    strcmp(name, "index.json") == 0, &l->why);
	return r == R_NONE ? 0 : -1;
}

/* --- bytes ------------------------------------------------------------------------ */

static enum reason
feed(struct load *l, const char *data, size_t len)
{
	if (tarwatch_feed(&l->tar, data, len) == 0)
		return R_NONE;
	return l->tar.error == NULL ? l->why.why :
	    refuse(&l->why, R_IMAGE_ARCHIVE, "%s", l->tar.error);
}

/* What dockerd's DecompressStream looks for. */
static enum reason
tell_form(struct load *l)
{
	static const struct { const char *magic; size_t n; } others[] = {
		{ "BZh", 3 }, { "\xfd" "7zXZ\0", 6 }, { "\x28\xb5\x2f\xfd", 4 },
	};
	const unsigned char *m = (const unsigned char *)l->magic;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (memcmp(m, others[i].magic, others[i].n) == 0)
			return refuse(&l->why, R_IMAGE_ARCHIVE, "compressed "
			    "otherwise than by gzip");
	if ((m[0] & 0xf0) == 0x50 && memcmp(m + 1, "\x2a\x4d\x18", 3) == 0)
		return refuse(&l->why, R_IMAGE_ARCHIVE, "compressed by zstd");
	if (m[0] == 0x1f && m[1] == 0x8b) {
		l->form = LOAD_GZIP;
		l->out = malloc(OUT_SIZE);
		l->z_open = l->out != NULL &&
		    inflateInit2(&l->z, GZIP_BITS) == Z_OK;
		return l->z_open ? R_NONE :
		    refuse(&l->why, R_INTERNAL, "out of memory");
	}
	l->form = LOAD_PLAIN;
	return R_NONE;
}

static enum reason
unpack(struct load *l, const char *data, size_t len)
{
	enum reason r = R_NONE;

	l->z.next_in = (unsigned char *)(uintptr_t)data;
	l->z.avail_in = (unsigned)len;
	while (r == R_NONE && l->tar.state != TAR_DONE &&
	    (l->z.avail_in > 0 || l->z.avail_out == 0)) {
		int rc;

		if (l->z_end && (l->z.avail_in == 0 ||
		    inflateReset(&l->z) != Z_OK))
			break;
		l->z_end = false;
		l->z.next_out = l->out;
		l->z.avail_out = OUT_SIZE;
		rc = inflate(&l->z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return refuse(&l->why, R_IMAGE_ARCHIVE,
			    "not a gzip stream");
		l->z_end = rc == Z_STREAM_END;
		r = feed(l, (const char *)l->out, OUT_SIZE - l->z.avail_out);
		if (rc == Z_BUF_ERROR)
			break;
	}
	return r;
}

static enum reason
pass(struct load *l, const char *data, size_t len)
{
	return l->form == LOAD_GZIP ? unpack(l, data, len) :
	    feed(l, data, len);
}

static enum reason
see_end(struct load *l)
{
	if (l->have == 0)
		return R_NONE;		/* nothing at all */
	if (l->form == LOAD_UNKNOWN || tarwatch_end(&l->tar) < 0)
		return refuse(&l->why, R_IMAGE_ARCHIVE, "it broke off");
	return R_NONE;
}

static enum reason
see(struct load *l, const char *data, size_t len)
{
	enum reason r = R_NONE;
	size_t take;

	if (len == 0)
		return see_end(l);
	if (l->form != LOAD_UNKNOWN)
		return pass(l, data, len);
	take = MAGIC_MAX - l->have < len ? MAGIC_MAX - l->have : len;
	memcpy(l->magic + l->have, data, take);
	l->have += take;
	if (l->have < MAGIC_MAX)
		return R_NONE;
	r = tell_form(l);
	if (r == R_NONE)
		r = pass(l, l->magic, MAGIC_MAX);
	return r == R_NONE && len > take ? pass(l, data + take, len - take) :
	    r;
}

enum reason
load_see(struct load *l, const char *data, size_t len, struct refusal *why)
{
	enum reason r = see(l, data, len);

	if (r != R_NONE)
		*why = l->why;
	return r;
}

struct load *
load_open(const struct image_ask *ask)
{
	struct load *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->ask = *ask;
	l->heavy.text.max = l->configs.text.max = PATHS_BYTES;
	tarwatch_init(&l->tar, names, judge_member, l);
	l->tar.heavy = judge_heavy;
	l->tar.texts = true;
	return l;
}

void
load_free(struct load *l)
{
	if (l == NULL)
		return;
	if (l->z_open)
		inflateEnd(&l->z);
	free(l->out);
	tarwatch_free(&l->tar);
	buf_free(&l->heavy.text);
	buf_free(&l->configs.text);
	buf_free(&l->indexes);
	free(l);
}
