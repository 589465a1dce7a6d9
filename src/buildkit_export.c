/*
 * buildkit_export.c - where the result of a build goes, and its cache.
 *
 * Guarantees that every name an image would get on this host was put to the
 * rules, whatever field of the request carries it and in whatever order.
 */
#include <stdlib.h>

#include "buildkit_job.h"

/* --- exporters ------------------------------------------------------------------------- */

/* images: stay on this host or go to a registry; the others are sent to the
 * client. */
static const struct exporter {
	const char *type;
	bool image;
} exporters[] = {
	{ "", false }, { "moby", true }, { "image", true },
	{ "docker", false }, { "oci", false }, { "local", false },
	{ "tar", false }, { "cacheonly", false },
};

/* What else an exporter may be told; any other word would become part of
 * the image's metadata, its whole config included. */
static const char *const export_attrs[] = {
	"name", "push", "push-by-digest", "registry.insecure", "oci-mediatypes",
	"compression", "compression-level", "force-compression", "buildinfo",
	"buildinfo-attrs", "unpack", "store", "name-canonical",
	"prefer-nondist-layers", "rewrite-timestamp", "source-date-epoch",
	"attestation-prefix", "attestation-inline", "oci-artifact", "tar",
	"dest", "platform-split", "mode", "output", "load",
};

static bool
known_export_attr(struct span key)
{
	if (job_prefix(key, "annotation"))
		return true;
	for (size_t i = 0; i < sizeof(export_attrs) /
	    sizeof(export_attrs[0]); i++)
		if (span_eq(key, export_attrs[i]))
			return true;
	return false;
}

static enum reason
take_name(struct job *j, struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || (i > 0 && c != '\0' &&
		    strchr("._/:-", c) != NULL)))
			return refuse(j->why, R_TAG, "%.*s", (int)(name.len <
			    128 ? name.len : 128), name.ptr);
	}
	buf_putspan(&j->export->names, name);
	return buf_add(&j->export->names, "", 1) < 0 ? job_malformed(j) : R_NONE;
}

static enum reason
take_names(struct job *j, struct span v)
{
	while (v.len > 0) {
		const char *comma = memchr(v.ptr, ',', v.len);
		struct span name = v;
		enum reason r;

		if (comma != NULL)
			name.len = (size_t)(comma - v.ptr);
		if (name.len > 0 && (r = take_name(j, name)) != R_NONE)
			return r;
		v.ptr += name.len + (comma != NULL);
		v.len -= name.len + (comma != NULL);
	}
	return R_NONE;
}

static enum reason
read_attr(struct job *j, const struct pb_field *f)
{
	struct span key, value;

	if (!pb_entry(f->bytes, &key, &value))
		return job_malformed(j);
	if (!known_export_attr(key))
		return refuse(j->why, R_BUILD, "output %.*s",
		    (int)(key.len < 64 ? key.len : 64), key.ptr);
	if (span_eq(key, "push") && !span_eq(value, "false"))
		j->export->push = true;
	return span_eq(key, "name") ? take_names(j, value) : R_NONE;
}

enum reason
job_export_attr(struct job *j, const struct pb_field *f)
{
	enum reason r = read_attr(j, f);

	return r == R_NONE ? job_copy(j, f) : r;
}

enum reason
job_export_type(struct job *j, const struct pb_field *f)
{
	if (!span_copy(f->bytes, j->export->type, sizeof(j->export->type)))
		return refuse(j->why, R_BUILD, "output");
	return job_copy(j, f);
}

/* For the record; clients say a name twice, in the old way and the new. */
static void
note_tag(struct job *j, const char *ref)
{
	struct buf t cleanup_buf = BUF_INIT(64 * 1024);

	buf_printf(&t, ",%s,", ref);
	if (t.failed)
		j->tags.failed = true;
	else if (j->tags.len == 0 || strstr(j->tags.data, t.data) == NULL)
		buf_puts(&j->tags, t.data + (j->tags.len > 0));
}

/* All of one exporter was read: may it have these names? */
enum reason
job_export_done(struct job *j)
{
	const struct job_export *x = j->export;
	const struct exporter *e = NULL;
	enum reason r = R_NONE;

	for (size_t i = 0; i < sizeof(exporters) / sizeof(exporters[0]); i++)
		if (strcmp(exporters[i].type, x->type) == 0)
			e = &exporters[i];
	if (e == NULL)
		return refuse(j->why, R_BUILD, "output type=%s", x->type);
	for (size_t at = 0; e->image && at < x->names.len && r == R_NONE;
	    at += strlen(x->names.data + at) + 1) {
		const char *ref = x->names.data + at;

		r = j->rules->image(j->rules->arg, BUILDKIT_TAG, ref, j->why);
		if (r == R_NONE && x->push)
			r = j->rules->image(j->rules->arg, BUILDKIT_PUSH, ref,
			    j->why);
		note_tag(j, ref);
	}
	return r;
}

enum reason
job_exporter(struct job *j, const struct pb_field *f)
{
	static const struct job_rule rules[] = {
		{ 1, PB_BYTES, false, job_export_type },
		{ 2, PB_BYTES, true, job_export_attr },
	};
	struct job_export one = { .names = BUF_INIT(64 * 1024) };
	struct job_export *older = j->export;
	struct buf known = BUF_INIT(256 * 1024), *out = j->out;
	enum reason r;

	j->export = &one;
	j->out = &known;
	r = JOB_WALK(j, rules, f->bytes);
	if (r == R_NONE)
		r = job_export_done(j);
	j->export = older;
	j->out = out;
	if (r == R_NONE && (known.failed ||
	    pb_put_bytes(out, f->number, buf_span(&known)) < 0))
		r = refuse(j->why, R_BUILD, "output too long");
	buf_free(&one.names);
	buf_free(&known);
	return r;
}

/* --- caches ------------------------------------------------------------------------------ */

static bool
cache_type(struct span t)
{
	static const char *const types[] = { "registry", "local", "inline" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (span_eq(t, types[i]))
			return true;
	return false;
}

/* Other kinds of cache are URLs that dockerd would fetch. */
static enum reason
bad_cache(struct job *j, struct span type)
{
	return refuse(j->why, R_REMOTE_SOURCE, "cache of type %.*s",
	    (int)(type.len < 32 ? type.len : 32), type.ptr);
}

static enum reason
check_cache(struct job *j, struct span entry)
{
	struct pb_iter it = pb_iter(entry);
	struct span key, value, type = span_of("");
	struct pb_field f;
	char ref[256] = "";

	while (pb_next(&it, &f)) {
		if (f.wire != PB_BYTES || f.number > 2 ||
		    (f.number == 1 && type.len > 0))
			return job_malformed(j);
		if (f.number == 1)
			type = f.bytes;
		else if (!pb_entry(f.bytes, &key, &value))
			return job_malformed(j);
		else if (span_eq(key, "ref") &&
		    !span_copy(value, ref, sizeof(ref)))
			return job_malformed(j);
	}
	if (it.bad)
		return job_malformed(j);
	if (!cache_type(type))
		return bad_cache(j, type);
	if (span_eq(type, "registry"))
		return j->rules->image(j->rules->arg, BUILDKIT_CACHE, ref,
		    j->why);
	return R_NONE;
}

static enum reason
take_cache_export(struct job *j, const struct pb_field *f)
{
	enum reason r = check_cache(j, f->bytes);

	return r == R_NONE ? job_copy(j, f) : r;
}

enum reason
job_cache(struct job *j, const struct pb_field *f)
{
	/* Left out: the older way to push a cache (1, 3), and all imports
	 * (2, 5), which would end up in the cache of everybody's builds. */
	static const struct job_rule rules[] = {
		{ 4, PB_BYTES, true, take_cache_export },
	};
	struct buf cache cleanup_buf = BUF_INIT(H2_HOLD_MAX), *out = j->out;
	enum reason r;

	j->out = &cache;
	j->cache = true;
	r = JOB_WALK(j, rules, f->bytes);
	j->out = out;
	if (r == R_NONE && pb_put_bytes(out, f->number, buf_span(&cache)) < 0)
		r = refuse(j->why, R_INTERNAL, "out of memory");
	return r;
}

