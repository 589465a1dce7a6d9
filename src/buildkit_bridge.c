/*
 * buildkit_bridge.c - calls into a running build, and reads by digest.
 *
 * Guarantees that dockerd gets a message made of the fields that are known
 * here, each of its kind, once, within bounds and with the parts that
 * BuildKit takes for granted: a result or an error in Return, a value in
 * every entry of a map.  What is not known is left out, source policies
 * with it (CVE-2024-23650).
 * Source: moby/buildkit frontend/gateway/pb/gateway.proto, and containerd's
 * api/services/content/v1/content.proto.
 */
#include "buildkit.h"
#include "json.h"
#include "protobuf.h"

#define PATH_BYTES 4096
#define ANY_BYTES ((int64_t)H2_HOLD_MAX)

struct call {
	struct refusal *why;
	struct buf *out;
};

struct part {
	uint32_t number;
	enum pb_wire wire;
	bool many;
	int64_t low, high;	/* of the value, or of its length */
	/* writes it; NULL: copied */
	enum reason (*take)(struct call *c, const struct pb_field *f);
};

static enum reason
malformed(struct call *c)
{
	return refuse(c->why, R_BUILD, "malformed message");
}

static enum reason
walk(struct call *c, const struct part *parts, size_t n, struct span in)
{
	struct pb_iter it = pb_iter(in);
	uint32_t seen = 0;
	struct pb_field f;
	enum reason r;

	while (pb_next(&it, &f)) {
		size_t i = 0;
		int64_t v = f.wire == PB_BYTES ? (int64_t)f.bytes.len :
		    (int64_t)f.value;

		while (i < n && parts[i].number != f.number)
			i++;
		if (i == n)
			continue;
		if (parts[i].wire != f.wire || v < parts[i].low ||
		    v > parts[i].high || (!parts[i].many && (seen >> i & 1)))
			return malformed(c);
		seen |= (uint32_t)1 << i;
		if (parts[i].take == NULL)
			buf_putspan(c->out, f.raw);
		else if ((r = parts[i].take(c, &f)) != R_NONE)
			return r;
	}
	return it.bad ? malformed(c) : R_NONE;
}
#define WALK(c, parts, in) walk(c, parts, sizeof(parts) / sizeof((parts)[0]), \
    in)

/* A message inside, written by its own parts. */
static enum reason
inner(struct call *c, const struct part *parts, size_t n,
    const struct pb_field *f)
{
	struct buf part cleanup_buf = BUF_INIT(H2_HOLD_MAX), *out = c->out;
	enum reason r;

	c->out = &part;
	r = walk(c, parts, n, f->bytes);
	c->out = out;
	if (r == R_NONE && pb_put_bytes(out, f->number, buf_span(&part)) < 0)
		r = refuse(c->why, R_INTERNAL, "out of memory");
	return r;
}
#define INNER(c, parts, f) inner(c, parts, sizeof(parts) / \
    sizeof((parts)[0]), f)

/* An entry of a map, with its value: absent it is nothing in Go, which
 * BuildKit does not look for. */
static enum reason
put_entry(struct call *c, uint32_t number, struct span key, struct span value)
{
	return pb_put_entry(c->out, number, key, value) < 0 ?
	    refuse(c->why, R_INTERNAL, "out of memory") : R_NONE;
}

/* --- sources and files -------------------------------------------------------------- */

static enum reason
take_source(struct call *c, const struct pb_field *f)
{
	enum reason r = buildkit_source(f->bytes, c->why);

	if (r == R_NONE)
		buf_putspan(c->out, f->raw);
	return r;
}

static enum reason
take_platform(struct call *c, const struct pb_field *f)
{
	enum reason r = buildkit_platform(f->bytes, c->why);

	if (r == R_NONE)
		buf_putspan(c->out, f->raw);
	return r;
}

enum reason
buildkit_source_meta(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why)
{
	static const struct part parts[] = {
		{ 1, PB_BYTES, false, 1, ANY_BYTES, take_source },
		{ 2, PB_BYTES, false, 0, PATH_BYTES, take_platform },
		{ 3, PB_BYTES, false, 0, PATH_BYTES, NULL },
		{ 4, PB_BYTES, false, 0, 64, NULL },
	};
	struct call c = { why, out };
	enum reason r = WALK(&c, parts, in);

	(void)rules;
	/* what was read begins with the source, or has none */
	return r == R_NONE && out->len == 0 ? malformed(&c) : r;
}

enum reason
buildkit_image_config(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why)
{
	static const struct part parts[] = {
		{ 1, PB_BYTES, false, 1, PATH_BYTES, NULL },
		{ 2, PB_BYTES, false, 0, PATH_BYTES, take_platform },
		{ 3, PB_BYTES, false, 0, 64, NULL },
		{ 4, PB_BYTES, false, 0, PATH_BYTES, NULL },
		{ 5, PB_VARINT, false, 0, 1, NULL },
		{ 6, PB_BYTES, false, 0, 256, NULL },
		{ 7, PB_BYTES, false, 0, 256, NULL },
	};
	struct call c = { why, out };

	(void)rules;
	return WALK(&c, parts, in);
}

static enum reason
take_range(struct call *c, const struct pb_field *f)
{
	static const struct part parts[] = {
		{ 1, PB_VARINT, false, 0, INT32_MAX, NULL },
		{ 2, PB_VARINT, false, 0, INT32_MAX, NULL },
	};

	return INNER(c, parts, f);
}

enum reason
buildkit_read_file(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why)
{
	static const struct part parts[] = {
		{ 1, PB_BYTES, false, 0, 256, NULL },
		{ 2, PB_BYTES, false, 0, PATH_BYTES, NULL },
		{ 3, PB_BYTES, false, 0, 64, take_range },
	};
	struct call c = { why, out };

	(void)rules;
	return WALK(&c, parts, in);
}

/* StatFile's fields are the first two of them. */
enum reason
buildkit_read_dir(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why)
{
	static const struct part parts[] = {
		{ 1, PB_BYTES, false, 0, 256, NULL },
		{ 2, PB_BYTES, false, 0, PATH_BYTES, NULL },
		{ 3, PB_BYTES, false, 0, PATH_BYTES, NULL },
	};
	struct call c = { why, out };

	(void)rules;
	return WALK(&c, parts, in);
}

enum reason
buildkit_evaluate(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why)
{
	static const struct part parts[] = {
		{ 1, PB_BYTES, false, 0, 256, NULL },
	};
	struct call c = { why, out };

	(void)rules;
	return WALK(&c, parts, in);
}

/* Without the place in a file: that is a graph and indexes again. */
enum reason
buildkit_warn(struct buildkit_rules *rules, struct span in, struct buf *out,
    struct refusal *why)
{
	static const struct part parts[] = {
		{ 1, PB_BYTES, false, 0, 128, NULL },
		{ 2, PB_VARINT, false, 0, INT32_MAX, NULL },
		{ 3, PB_BYTES, false, 0, PATH_BYTES, NULL },
		{ 4, PB_BYTES, true, 0, PATH_BYTES, NULL },
		{ 5, PB_BYTES, false, 0, PATH_BYTES, NULL },
	};
	struct call c = { why, out };

	(void)rules;
	return WALK(&c, parts, in);
}

/* Content's Info and Read. */
enum reason
buildkit_content(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why)
{
	static const struct part parts[] = {
		{ 1, PB_BYTES, false, 1, 256, NULL },
		{ 2, PB_VARINT, false, 0, INT64_MAX / 4, NULL },
		{ 3, PB_VARINT, false, 0, INT64_MAX / 4, NULL },
	};
	struct call c = { why, out };

	(void)rules;
	return WALK(&c, parts, in);
}

/* Methods without a field that anybody needs. */
enum reason
buildkit_nothing(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why)
{
	(void)rules;
	(void)in;
	(void)out;
	(void)why;
	return R_NONE;
}

/* --- Return --------------------------------------------------------------------------- */

/* Its graph is not looked at there. */
static const struct part ref_parts[] = {
	{ 1, PB_BYTES, false, 0, 256, NULL },
};

static enum reason
take_ref(struct call *c, const struct pb_field *f)
{
	return INNER(c, ref_parts, f);
}

static enum reason
take_ref_entry(struct call *c, const struct pb_field *f)
{
	struct buf ref cleanup_buf = BUF_INIT(1024), *out = c->out;
	struct span key, value;
	enum reason r;

	if (!pb_entry(f->bytes, &key, &value))
		return malformed(c);
	c->out = &ref;
	r = WALK(c, ref_parts, value);
	c->out = out;
	return r != R_NONE ? r : put_entry(c, f->number, key, buf_span(&ref));
}

static enum reason
take_refs(struct call *c, const struct pb_field *f)
{
	static const struct part parts[] = {
		{ 1, PB_BYTES, true, 0, ANY_BYTES, take_ref_entry },
	};

	return INNER(c, parts, f);
}

static enum reason
take_old_entry(struct call *c, const struct pb_field *f)
{
	struct span key, value;

	return pb_entry(f->bytes, &key, &value) ?
	    put_entry(c, f->number, key, value) : malformed(c);
}

static enum reason
take_old_refs(struct call *c, const struct pb_field *f)
{
	static const struct part parts[] = {
		{ 1, PB_BYTES, true, 0, PATH_BYTES, take_old_entry },
	};

	return INNER(c, parts, f);
}

/* Every list in it holds something: Go's null in one is a nil pointer. */
static bool
json_whole(const cJSON *j)
{
	const cJSON *e;

	cJSON_ArrayForEach(e, j)
		if ((cJSON_IsArray(j) && cJSON_IsNull(e)) || !json_whole(e))
			return false;
	return true;
}

static bool
json_object(struct span text)
{
	struct refusal why = { .why = R_NONE };
	cJSON *j = json_parse(text, &why);
	bool ok = j != NULL && cJSON_IsObject(j) && json_whole(j);

	cJSON_Delete(j);
	return ok;
}

/* What exporters parse.  The base's config is somebody else's work: one that
 * is not understood is left out, and only costs its history. */
static const struct { const char *key; bool ours; } parsed[] = {
	{ "containerimage.config", true }, { "refs.platforms", true },
	{ "containerimage.base.config", false },
};

static enum reason
take_metadata(struct call *c, const struct pb_field *f)
{
	struct span key, value;

	if (!pb_entry(f->bytes, &key, &value))
		return malformed(c);
	for (size_t i = 0; i < sizeof(parsed) / sizeof(parsed[0]); i++) {
		size_t n = strlen(parsed[i].key);

		if (key.len >= n && memcmp(key.ptr, parsed[i].key, n) == 0 &&
		    value.len > 0 && !json_object(value))
			return parsed[i].ours ? malformed(c) : R_NONE;
	}
	return put_entry(c, f->number, key, value);
}

static enum reason
take_subject(struct call *c, const struct pb_field *f)
{
	static const struct part parts[] = {
		{ 1, PB_VARINT, false, 0, 1, NULL },
		{ 2, PB_BYTES, true, 1, 256, NULL },
		{ 3, PB_BYTES, false, 0, PATH_BYTES, NULL },
	};

	return INNER(c, parts, f);
}

static enum reason
take_attestation(struct call *c, const struct pb_field *f)
{
	static const struct part parts[] = {
		{ 1, PB_VARINT, false, 0, 1, NULL },
		{ 2, PB_BYTES, true, 0, ANY_BYTES, take_old_entry },
		{ 3, PB_BYTES, false, 0, ANY_BYTES, take_ref },
		{ 4, PB_BYTES, false, 0, PATH_BYTES, NULL },
		{ 5, PB_BYTES, false, 0, PATH_BYTES, NULL },
		{ 6, PB_BYTES, true, 0, ANY_BYTES, take_subject },
	};

	return INNER(c, parts, f);
}

static enum reason
take_attestations(struct call *c, const struct pb_field *f)
{
	static const struct part parts[] = {
		{ 1, PB_BYTES, true, 0, ANY_BYTES, take_attestation },
	};
	struct buf list cleanup_buf = BUF_INIT(H2_HOLD_MAX), *out = c->out;
	struct span key, value;
	enum reason r;

	if (!pb_entry(f->bytes, &key, &value))
		return malformed(c);
	c->out = &list;
	r = WALK(c, parts, value);
	c->out = out;
	return r != R_NONE ? r : put_entry(c, f->number, key,
	    buf_span(&list));
}

static size_t
count(struct span message, uint32_t first, uint32_t last)
{
	struct pb_iter it = pb_iter(message);
	struct pb_field f;
	size_t n = 0;

	while (pb_next(&it, &f))
		n += f.number >= first && f.number <= last;
	return n;
}

static enum reason
take_result(struct call *c, const struct pb_field *f)
{
	static const struct part parts[] = {
		{ 1, PB_BYTES, false, 0, 256, NULL },
		{ 2, PB_BYTES, false, 0, ANY_BYTES, take_old_refs },
		{ 3, PB_BYTES, false, 0, ANY_BYTES, take_ref },
		{ 4, PB_BYTES, false, 0, ANY_BYTES, take_refs },
		{ 10, PB_BYTES, true, 0, ANY_BYTES, take_metadata },
		{ 12, PB_BYTES, true, 0, ANY_BYTES, take_attestations },
	};

	return count(f->bytes, 1, 4) > 1 ? malformed(c) : INNER(c, parts, f);
}

/* Details of an error go to whoever reads it: those that say where in a
 * Dockerfile, or what was not understood.  Others are left out; dockerd
 * itself would take a stack's frames apart. */
static enum reason
take_detail(struct call *c, const struct pb_field *f)
{
	static const char *const known[] = { "Source", "Vertex", "Solve",
	    "Subrequest", "FrontendCap" };
	static const char front[] = "github.com/moby/buildkit/errdefs.";
	struct span type, value;
	size_t n = sizeof(front) - 1;

	if (!pb_entry(f->bytes, &type, &value))
		return malformed(c);
	if (type.len < n || memcmp(type.ptr, front, n) != 0 ||
	    !json_object(value))
		return R_NONE;
	type.ptr += n;
	type.len -= n;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t k = strlen(known[i]);

		if (type.len == k + 5 && memcmp(type.ptr, known[i], k) == 0 &&
		    memcmp(type.ptr + k, "+json", 5) == 0)
			buf_putspan(c->out, f->raw);
	}
	return R_NONE;
}

static enum reason
take_error(struct call *c, const struct pb_field *f)
{
	static const struct part parts[] = {
		{ 1, PB_VARINT, false, 1, 16, NULL },	/* 0: no error */
		{ 2, PB_BYTES, false, 0, ANY_BYTES, NULL },
		{ 3, PB_BYTES, true, 0, ANY_BYTES, take_detail },
	};

	return count(f->bytes, 1, 1) == 1 ? INNER(c, parts, f) : malformed(c);
}

/* The end of a build: its result, or why there is none. */
enum reason
buildkit_return(struct buildkit_rules *rules, struct span in, struct buf *out,
    struct refusal *why)
{
	static const struct part parts[] = {
		{ 1, PB_BYTES, false, 0, ANY_BYTES, take_result },
		{ 2, PB_BYTES, false, 0, ANY_BYTES, take_error },
	};
	struct call c = { why, out };

	(void)rules;
	return count(in, 1, 2) == 1 ? WALK(&c, parts, in) : malformed(&c);
}
