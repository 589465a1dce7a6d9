/*
 * load_list.c - what an upload's lists of images say of each other.
 *
 * containerd's image store keeps each file of an upload under its digest,
 * whatever its name was, and each list of images that dockerd makes walks from
 * index.json over what it finds: an index lists manifests, a manifest layers,
 * and a descriptor's own mediaType says which of them is behind it.  Nobody
 * remembers on the way what was seen, so that five lists, each of twenty times
 * the next one, are three million steps, for everybody.  (containerd images/
 * image.go, Children)
 *
 * Guarantees that index.json leads to indexes and manifests, an index to
 * manifests only, a manifest to neither, and that none is long.  Each text is
 * judged by itself, for the next one may have come with another upload; but
 * index.json is kept under its digest too, so that it leads only to indexes
 * which came before it and are not called so.  Keys are compared as Go does,
 * repeated ones count each; what is no JSON at all is none for Go either.
 */
#include <string.h>
#include <strings.h>

#include "json.h"
#include "load.h"
#include "sha256.h"

#define DIGEST_LEN (sizeof("sha256:") - 1 + 2 * SHA256_BYTES)
#define SEEN_MAX 4096		/* indexes of an upload */
#define ENTRIES_MAX 1000	/* of index.json, as its names */
#define INDEXES_MAX 64		/* of them that are indexes; manifests of one */
#define LAYERS_MAX 512		/* dockerd takes some 125 */
#define KEY_MAX 32		/* bytes of a key that matters */

enum leads_to { TO_NOTHING, TO_MANIFEST, TO_INDEX };

static const struct {
	const char *media_type;
	enum leads_to to;
} walked[] = {
	{ "application/vnd.oci.image.index.v1+json", TO_INDEX },
	{ "application/vnd.docker.distribution.manifest.list.v2+json",
	    TO_INDEX },
	{ "application/vnd.oci.image.manifest.v1+json", TO_MANIFEST },
	{ "application/vnd.docker.distribution.manifest.v2+json",
	    TO_MANIFEST },
};

struct text {
	const struct buf *seen;	/* what index.json may lead to */
	enum leads_to most;	/* what its descriptors may lead to */
	size_t indexes;
	bool manifests, layers, config;	/* it has them; config: with a digest */
	bool schema;
	struct refusal *why;
};

static enum reason
not_so(struct text *t, const char *what)
{
	return refuse(t->why, R_IMAGE_ARCHIVE, "%s", what);
}

/* Go's equal: ASCII letters in any case, and U+017F for s. */
static bool
is_key(struct span raw, const char *name)
{
	char key[KEY_MAX], folded[KEY_MAX];
	size_t n = 0;

	/* a list has none; where there is one, there are its quotes */
	if (raw.ptr == NULL || !json_string((struct span){ raw.ptr - 1, raw.len + 2 }, key,
	    sizeof(key)))
		return false;
	for (const char *p = key; *p != '\0'; p++) {
		bool long_s = strncmp(p, "\xc5\xbf", 2) == 0;

		folded[n++] = long_s ? 's' : *p;
		p += long_s;
	}
	folded[n] = '\0';
	return strcasecmp(folded, name) == 0;
}

static bool
is_seen(const struct buf *seen, const char *digest)
{
	for (size_t at = 0; at < seen->len; at += DIGEST_LEN)
		if (memcmp(seen->data + at, digest, DIGEST_LEN) == 0)
			return true;
	return false;
}

/* What a media type leads to, where it may. */
static enum reason
judge_type(struct text *t, struct span value, enum leads_to *to)
{
	char type[128];

	if (!json_string(value, type, sizeof(type)))
		return R_NONE;
	for (size_t i = 0; i < sizeof(walked) / sizeof(walked[0]); i++) {
		if (strcmp(walked[i].media_type, type) != 0)
			continue;
		*to = walked[i].to;
		if (*to > t->most)
			return not_so(t, *to == TO_INDEX ?
			    "an index within an index or a manifest" :
			    "a manifest within a manifest");
		if (*to == TO_INDEX && ++t->indexes > INDEXES_MAX)
			return not_so(t, "more than 64 indexes: save fewer "
			    "images at once");
	}
	return R_NONE;
}

/* {"mediaType":…,"digest":…,"size":…}; one that has its content in itself
 * would lead past us. */
static enum reason
judge_descriptor(struct text *t, struct span one, bool *has_digest)
{
	struct json_iter it = json_iter(one);
	struct span key = { NULL, 0 }, value;
	char digest[DIGEST_LEN + 1] = "";
	enum leads_to to = TO_NOTHING;
	enum reason r = R_NONE;

	while (r == R_NONE && json_next(&it, &key, &value)) {
		if (is_key(key, "mediaType"))
			r = judge_type(t, value, &to);
		else if (is_key(key, "data") && t->most != TO_NOTHING &&
		    !json_empty(value))
			r = not_so(t, "a descriptor that holds its content");
		else if (is_key(key, "digest") && (!json_string(value, digest,
		    sizeof(digest)) || !image_is_digest(digest)))
			/* lists of everybody fail on it */
			r = not_so(t, "a digest that is none");
	}
	*has_digest = digest[0] != '\0';
	if (r == R_NONE && to == TO_INDEX && !is_seen(t->seen, digest))
		r = not_so(t, "index.json: an index that is not there, or "
		    "behind it");
	return r;
}

static enum reason
judge_list(struct text *t, struct span list, size_t max, const char *too_long)
{
	struct json_iter it = json_iter(list);
	struct span one;
	enum reason r = R_NONE;
	bool has_digest;
	size_t n = 0;

	while (r == R_NONE && json_next(&it, NULL, &one)) {
		r = judge_descriptor(t, one, &has_digest);
		if (r == R_NONE && !has_digest)
			r = not_so(t, "a descriptor without a digest");
		if (r == R_NONE && ++n > max)
			r = not_so(t, too_long);
	}
	return r;
}

static enum reason
judge_member(struct text *t, bool top, struct span key, struct span value)
{
	if (is_key(key, "manifests")) {
		t->manifests = true;
		t->most = top ? TO_INDEX : TO_MANIFEST;
		return top ? judge_list(t, value, ENTRIES_MAX,
		    "index.json of more than 1000 entries") :
		    judge_list(t, value, INDEXES_MAX,
		    "an index of more than 64 images");
	}
	t->most = TO_NOTHING;
	if (is_key(key, "layers")) {
		t->layers = true;
		return judge_list(t, value, LAYERS_MAX,
		    "a manifest of more than 512 layers");
	}
	if (is_key(key, "config"))
		return judge_descriptor(t, value, &t->config);
	t->schema |= is_key(key, "schemaVersion");
	return R_NONE;
}

/* An index that index.json may lead to. */
static enum reason
keep(struct text *t, struct buf *seen, struct span text)
{
	unsigned char sum[SHA256_BYTES];

	if (seen->len / DIGEST_LEN >= SEEN_MAX)
		return not_so(t, "more than 4096 indexes");
	sha256(text, sum);
	buf_puts(seen, "sha256:");
	for (size_t i = 0; i < sizeof(sum); i++)
		buf_printf(seen, "%02x", sum[i]);
	return seen->failed ? refuse(t->why, R_INTERNAL, "out of memory") :
	    R_NONE;
}

enum reason
load_list_judge(struct buf *seen, struct span text, bool top,
    struct refusal *why)
{
	struct text t = { .seen = seen, .why = why };
	struct json_iter it = json_iter(text);
	struct span key = { NULL, 0 }, value;
	enum reason r = R_NONE;

	while (r == R_NONE && json_next(&it, &key, &value))
		r = judge_member(&t, top, key, value);
	if (r != R_NONE || top)
		return r;
	/* images' own configurations have a "config" that is no descriptor */
	if ((t.layers || t.schema) && !t.manifests && !t.config)
		return not_so(&t, "a manifest without a configuration");
	return t.manifests ? keep(&t, seen, text) : R_NONE;
}
