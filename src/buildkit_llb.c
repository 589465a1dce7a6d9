/*
 * buildkit_llb.c - build graphs that a client wrote itself.
 *
 * Guarantees that no operation in one asks for more than a Dockerfile of the
 * user's could: no host network or privileges, no other cgroup, no cache
 * mount outside the user's own name space, nothing fetched by dockerd but
 * images.  Closed: a field that is not known is refused, since operations
 * are named by their digests and cannot be rewritten.
 * Source: moby/buildkit solver/pb/ops.proto.
 */
#include <stdlib.h>

#include "buildkit.h"
#include "protobuf.h"

/* No host: a context that comes out of the client's session. */
#define UPLOAD "http://buildkit-session/"

enum { NET_HOST = 1, NET_NONE = 2, MOUNT_CACHE = 3 };

struct llb {
	struct buildkit_rules *rules;
	struct refusal *why;
	char space[24];
};

struct llb_field {
	uint32_t number;
	enum pb_wire wire;
	enum reason (*judge)(struct llb *l, const struct pb_field *f);
};

/* Every field must be a row and pass its judge (NULL: any value). */
static enum reason
walk(struct llb *l, const char *what, const struct llb_field *rows, size_t n,
    struct span message)
{
	struct pb_iter it = pb_iter(message);
	struct pb_field f;
	enum reason r;

	while (pb_next(&it, &f)) {
		const struct llb_field *row = NULL;

		for (size_t i = 0; i < n && row == NULL; i++)
			if (rows[i].number == f.number &&
			    rows[i].wire == f.wire)
				row = &rows[i];
		if (row == NULL)
			return refuse(l->why, R_BUILD, "field %u of %s",
			    f.number, what);
		if (row->judge != NULL && (r = row->judge(l, &f)) != R_NONE)
			return r;
	}
	return it.bad ? refuse(l->why, R_BUILD, "malformed %s", what) :
	    R_NONE;
}

#define WALK(l, what, rows, message) \
	walk(l, what, rows, sizeof(rows) / sizeof((rows)[0]), message)

/* --- execution ------------------------------------------------------------------- */

static enum reason
on_cgroup(struct llb *l, const struct pb_field *f)
{
	return f->bytes.len == 0 ? R_NONE :
	    refuse(l->why, R_CGROUP_PARENT, "cgroup-parent");
}

static const struct llb_field meta_fields[] = {
	{ 1, PB_BYTES, NULL }, { 2, PB_BYTES, NULL }, { 3, PB_BYTES, NULL },
	{ 4, PB_BYTES, NULL }, { 5, PB_BYTES, NULL }, { 6, PB_BYTES, NULL },
	{ 7, PB_BYTES, NULL }, { 9, PB_BYTES, NULL },
	{ 10, PB_BYTES, on_cgroup }, { 11, PB_VARINT, NULL },
	/* repeated int32: either wire type may stand for it */
	{ 12, PB_VARINT, NULL }, { 12, PB_BYTES, NULL },
};

static enum reason
on_meta(struct llb *l, const struct pb_field *f)
{
	return WALK(l, "exec meta", meta_fields, f->bytes);
}

static enum reason
on_cache_id(struct llb *l, const struct pb_field *f)
{
	size_t n = strlen(l->space);

	if (f->bytes.len > n && memcmp(f->bytes.ptr, l->space, n) == 0)
		return R_NONE;
	return refuse(l->why, R_BUILD, "cache mount outside of %s", l->space);
}

static const struct llb_field cache_fields[] = {
	{ 1, PB_BYTES, on_cache_id }, { 2, PB_VARINT, NULL },
};

static enum reason
on_cache(struct llb *l, const struct pb_field *f)
{
	return WALK(l, "cache mount", cache_fields, f->bytes);
}

static const struct llb_field mount_fields[] = {
	{ 1, PB_VARINT, NULL }, { 2, PB_BYTES, NULL }, { 3, PB_BYTES, NULL },
	{ 4, PB_VARINT, NULL }, { 5, PB_VARINT, NULL },
	{ 6, PB_VARINT, NULL }, { 19, PB_BYTES, NULL },
	{ 20, PB_BYTES, on_cache }, { 21, PB_BYTES, NULL },
	{ 22, PB_BYTES, NULL }, { 23, PB_BYTES, NULL },
	{ 24, PB_VARINT, NULL },
};

/* A cache mount must say its name: without one it would be another's.
 * Enums are 32 bits in Go, whatever stands on the wire. */
static enum reason
on_mount(struct llb *l, const struct pb_field *f)
{
	struct pb_iter it = pb_iter(f->bytes), in;
	struct pb_field g, id;
	bool cache = false, named = false;

	while (pb_next(&it, &g)) {
		if (g.number == 6 && g.wire == PB_VARINT)
			cache |= (uint32_t)g.value == MOUNT_CACHE;
		if (g.number != 20 || g.wire != PB_BYTES)
			continue;
		in = pb_iter(g.bytes);
		while (pb_next(&in, &id))
			named |= id.number == 1;
	}
	if (cache && !named)
		return refuse(l->why, R_BUILD, "cache mount outside of %s",
		    l->space);
	return WALK(l, "mount", mount_fields, f->bytes);
}

static enum reason
on_network(struct llb *l, const struct pb_field *f)
{
	if (f->value == NET_HOST && !l->rules->host_network)
		return refuse(l->why, R_HOST_NAMESPACE, "network host");
	return f->value > NET_NONE ?
	    refuse(l->why, R_BUILD, "unknown network mode") : R_NONE;
}

static enum reason
on_security(struct llb *l, const struct pb_field *f)
{
	return f->value == 0 ? R_NONE :
	    refuse(l->why, R_PRIVILEGED, "security.insecure");
}

static enum reason
on_device(struct llb *l, const struct pb_field *f)
{
	(void)f;
	return refuse(l->why, R_DEVICE, "device of a build step");
}

static const struct llb_field exec_fields[] = {
	{ 1, PB_BYTES, on_meta }, { 2, PB_BYTES, on_mount },
	{ 3, PB_VARINT, on_network }, { 4, PB_VARINT, on_security },
	{ 5, PB_BYTES, NULL }, { 6, PB_BYTES, on_device },
};

static enum reason
on_exec(struct llb *l, const struct pb_field *f)
{
	return WALK(l, "exec", exec_fields, f->bytes);
}

/* --- sources ---------------------------------------------------------------------- */

static bool
starts(struct span s, const char *word)
{
	size_t n = strlen(word);

	return s.len >= n && strncasecmp(s.ptr, word, n) == 0;
}

bool
buildkit_remote(struct span url)
{
	/* what is no remote source; a bare word is no URL at all */
	static const char *const local[] = { "docker-image:", "local:",
	    "oci-layout:", "input:", "target:", UPLOAD };

	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (starts(url, local[i]))
			return false;
	return memchr(url.ptr, ':', url.len) != NULL ||
	    starts(url, "github.com/") || starts(url, "git@");
}

static enum reason
on_identifier(struct llb *l, const struct pb_field *f)
{
	static const char *const kinds[] = { "docker-image://", "local://",
	    "oci-layout://", UPLOAD };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (starts(f->bytes, kinds[i]))
			return R_NONE;
	return refuse(l->why, R_REMOTE_SOURCE, "%.*s",
	    (int)(f->bytes.len < 200 ? f->bytes.len : 200), f->bytes.ptr);
}

static const struct llb_field source_fields[] = {
	{ 1, PB_BYTES, on_identifier }, { 2, PB_BYTES, NULL },
};

static enum reason
on_source(struct llb *l, const struct pb_field *f)
{
	return WALK(l, "source", source_fields, f->bytes);
}

enum reason
buildkit_source(struct span source, struct refusal *why)
{
	struct llb l = { .why = why };

	return WALK(&l, "source", source_fields, source);
}

/* --- operations ------------------------------------------------------------------- */

static enum reason
on_nested(struct llb *l, const struct pb_field *f)
{
	(void)f;	/* its graph is made while the build runs */
	return refuse(l->why, R_BUILD, "nested build");
}

static const struct llb_field op_fields[] = {
	{ 1, PB_BYTES, NULL }, { 2, PB_BYTES, on_exec },
	{ 3, PB_BYTES, on_source }, { 4, PB_BYTES, NULL },
	{ 5, PB_BYTES, on_nested }, { 6, PB_BYTES, NULL },
	{ 7, PB_BYTES, NULL }, { 10, PB_BYTES, NULL }, { 11, PB_BYTES, NULL },
};

static enum reason
on_op(struct llb *l, const struct pb_field *f)
{
	return WALK(l, "operation", op_fields, f->bytes);
}

static const struct llb_field definition_fields[] = {
	{ 1, PB_BYTES, on_op }, { 2, PB_BYTES, NULL }, { 3, PB_BYTES, NULL },
};

enum reason
buildkit_llb(struct buildkit_rules *rules, struct span def,
    struct refusal *why)
{
	struct llb l = { .rules = rules, .why = why };

	buildkit_space(rules, l.space);
	return WALK(&l, "definition", definition_fields, def);
}
