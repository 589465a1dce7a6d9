/*
 * buildkit_ops.c - operations in build graphs that a client wrote itself.
 *
 * Guarantees that none asks for more than a Dockerfile of the user's could:
 * no host network or privileges, no other cgroup, no cache mount outside the
 * user's own name space, no result cached under another user's key, nothing
 * fetched by dockerd but images; and that every index in it is one of
 * something that is there, since BuildKit uses them unseen.  Nested builds
 * and differences are refused: the graph of one is made while the build runs,
 * and a difference may be of nothing, which other operations do not expect.
 * No Dockerfile gives either.
 * Source: moby/buildkit solver/pb/ops.proto and solver/llbsolver/ops.
 */
#include "buildkit_llb.h"

/* No host: a context that comes out of the client's session. */
#define UPLOAD "http://buildkit-session/"

enum { NET_HOST = 1, NET_NONE = 2 };
enum { MOUNT_BIND, MOUNT_SECRET, MOUNT_SSH, MOUNT_CACHE, MOUNT_TMPFS };
#define UINT32_ROW(n) LLB_INT(n, 0, UINT32_MAX)
#define MODE_ROW(n) LLB_INT(n, -1, 07777)
#define TIME_ROW(n) LLB_INT(n, -1, INT64_MAX)

/* -1 is "none" for BuildKit, in int64 as in int32 fields. */
static bool
index_ok(struct span message, uint32_t number, size_t n)
{
	int64_t v = llb_number(message, number);

	return v >= -1 && v < (int64_t)n;
}

/* Outputs are numbered in the order in which they stand. */
static bool
output_ok(struct llb *l, struct span message, uint32_t number)
{
	int64_t v = llb_number(message, number);

	if (v >= 0)
		return v == l->now->outputs++;
	return v == -1;
}

enum reason
llb_platform(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, ONE, 0, 64, NULL },
		{ 2, PB_BYTES, ONE, 0, 64, NULL },
		{ 3, PB_BYTES, ONE, 0, 64, NULL },
		{ 4, PB_BYTES, ONE, 0, 64, NULL },
		{ 5, PB_BYTES, MANY, 0, 64, NULL },
	};

	return LLB_WALK(l, "platform", rows, f->bytes);
}

enum reason
buildkit_platform(struct span platform, struct refusal *why)
{
	struct llb l = { .why = why };
	struct pb_field f = { .bytes = platform };

	return llb_platform(&l, &f);
}

enum reason
llb_refused(struct llb *l, const struct pb_field *f)
{
	return refuse(l->why, R_BUILD, "%s", f->number == 5 ? "nested build" :
	    "difference of two results");
}

/* --- execution ------------------------------------------------------------------- */

static enum reason
on_cgroup(struct llb *l, const struct pb_field *f)
{
	return f->bytes.len == 0 ? R_NONE :
	    refuse(l->why, R_CGROUP_PARENT, "cgroup-parent");
}

static enum reason
on_proxy(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		LLB_STRING(1), LLB_STRING(2), LLB_STRING(3), LLB_STRING(4),
		LLB_STRING(5),
	};

	return LLB_WALK(l, "proxy", rows, f->bytes);
}

static enum reason
on_host(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, NEED, 1, 255, NULL },
		{ 2, PB_BYTES, NEED, 1, 64, NULL },
	};

	return LLB_WALK(l, "extra host", rows, f->bytes);
}

static enum reason
on_ulimit(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, NEED, 1, 64, NULL },
		LLB_INT(2, -1, INT64_MAX), LLB_INT(3, -1, INT64_MAX),
	};

	return LLB_WALK(l, "ulimit", rows, f->bytes);
}

/* The same that a Dockerfile's steps get: no other user's results are under
 * it, and none of this user's are under another's. */
static enum reason
on_host_name(struct llb *l, const struct pb_field *f)
{
	return span_eq(f->bytes, l->host) ? R_NONE :
	    refuse(l->why, R_BUILD, "a step whose host name is not %s",
	    l->host);
}

static enum reason
on_meta(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		LLB_STRINGS(1), LLB_STRINGS(2),
		{ 3, PB_BYTES, NEED, 1, 4096, NULL }, LLB_STRING(4),
		{ 5, PB_BYTES, ONE, 0, LLB_LONG, on_proxy },
		{ 6, PB_BYTES, MANY, 0, 4096, on_host },
		{ 7, PB_BYTES, ONE, 0, 255, on_host_name },
		{ 9, PB_BYTES, MANY, 0, 256, on_ulimit },
		{ 10, PB_BYTES, ONE, 0, 4096, on_cgroup }, LLB_BOOL(11),
		/* repeated int32: either wire type may stand for it */
		{ 12, PB_VARINT, MANY, INT32_MIN, INT32_MAX, NULL },
		{ 12, PB_BYTES, MANY, 0, 4096, NULL },
	};
	struct pb_field none = { .bytes = span_of("") };
	enum reason r = LLB_WALK(l, "exec meta", rows, f->bytes);

	if (r == R_NONE && !llb_has(f->bytes, 7))
		r = on_host_name(l, &none);
	/* no arguments: nothing to run */
	return r != R_NONE || llb_has(f->bytes, 1) ? r :
	    llb_bad(l, "exec meta");
}

static enum reason
on_cache_id(struct llb *l, const struct pb_field *f)
{
	size_t n = strlen(l->space);

	if (f->bytes.len > n && memcmp(f->bytes.ptr, l->space, n) == 0)
		return R_NONE;
	return refuse(l->why, R_BUILD, "cache mount outside of %s", l->space);
}

static enum reason
on_cache(struct llb *l, const struct pb_field *f)
{
	/* it must say its name: without one it would be another's */
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, NEED, 0, 4096, on_cache_id }, LLB_INT(2, 0, 2),
	};

	return LLB_WALK(l, "cache mount", rows, f->bytes);
}

static enum reason
on_tmpfs(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = { LLB_INT(1, 0, INT64_MAX) };

	return LLB_WALK(l, "tmpfs mount", rows, f->bytes);
}

static enum reason
on_secret(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		LLB_STRING(1), UINT32_ROW(2), UINT32_ROW(3),
		LLB_INT(4, 0, 07777), LLB_BOOL(5),
	};

	return LLB_WALK(l, "secret mount", rows, f->bytes);
}

static const struct llb_field mount_fields[] = {
	LLB_INT(1, -1, INT32_MAX), LLB_STRING(2),
	{ 3, PB_BYTES, NEED, 1, 4096, NULL },
	LLB_INT(4, -1, INT32_MAX), LLB_BOOL(5),
	LLB_INT(6, MOUNT_BIND, MOUNT_TMPFS),
	{ 19, PB_BYTES, ONE, 0, 64, on_tmpfs },
	{ 20, PB_BYTES, ONE, 0, 8192, on_cache },
	{ 21, PB_BYTES, ONE, 0, 8192, on_secret },
	{ 22, PB_BYTES, ONE, 0, 8192, on_secret },	/* ssh: the same */
	LLB_STRING(23), LLB_INT(24, 0, 2),
};

/* Which options a kind of mount must have. */
static const uint32_t mount_needs[] = {
	[MOUNT_SECRET] = 21, [MOUNT_SSH] = 22, [MOUNT_CACHE] = 20,
	[MOUNT_TMPFS] = 0,
};

/* Only a bind has an output; clients write none at all for secrets and agents
 * of ssh, which reads as 0. */
static bool
mount_output_ok(struct llb *l, struct span mount, int64_t kind)
{
	int64_t v = llb_number(mount, 4);

	if (kind == MOUNT_BIND)
		return output_ok(l, mount, 4);
	return v == -1 || (v == 0 && kind != MOUNT_CACHE &&
	    kind != MOUNT_TMPFS);
}

static enum reason
on_mount(struct llb *l, const struct pb_field *f)
{
	enum reason r = LLB_WALK(l, "mount", mount_fields, f->bytes);
	int64_t kind = llb_number(f->bytes, 6);

	if (r != R_NONE)
		return r;
	if (kind != MOUNT_BIND && mount_needs[kind] != 0 &&
	    !llb_has(f->bytes, mount_needs[kind]))
		return kind == MOUNT_CACHE ? refuse(l->why, R_BUILD,
		    "cache mount outside of %s", l->space) :
		    llb_bad(l, "mount");
	return index_ok(f->bytes, 1, l->n_inputs) &&
	    mount_output_ok(l, f->bytes, kind) ? R_NONE : llb_bad(l, "mount");
}

/* The one mount on "/" is the root file system. */
static size_t
root_mounts(struct span exec)
{
	struct pb_iter it = pb_iter(exec), in;
	struct pb_field f, g;
	size_t n = 0;

	while (pb_next(&it, &f)) {
		if (f.number != 2 || f.wire != PB_BYTES ||
		    llb_number(f.bytes, 6) != MOUNT_BIND)
			continue;
		in = pb_iter(f.bytes);
		while (pb_next(&in, &g))
			n += g.number == 3 && g.wire == PB_BYTES &&
			    span_eq(g.bytes, "/");
	}
	return n;
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
on_secret_env(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, NEED, 1, 4096, NULL },
		{ 2, PB_BYTES, NEED, 1, 4096, NULL }, LLB_BOOL(3),
	};

	return LLB_WALK(l, "secret", rows, f->bytes);
}

static enum reason
on_device(struct llb *l, const struct pb_field *f)
{
	(void)f;
	return refuse(l->why, R_DEVICE, "device of a build step");
}

enum reason
llb_exec(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, NEED, 0, LLB_LONG, on_meta },
		{ 2, PB_BYTES, MANY, 0, LLB_LONG, on_mount },
		{ 3, PB_VARINT, ONE, INT64_MIN, INT64_MAX, on_network },
		{ 4, PB_VARINT, ONE, INT64_MIN, INT64_MAX, on_security },
		{ 5, PB_BYTES, MANY, 0, 16384, on_secret_env },
		{ 6, PB_BYTES, MANY, 0, LLB_LONG, on_device },
	};
	enum reason r = LLB_WALK(l, "exec", rows, f->bytes);

	return r != R_NONE || root_mounts(f->bytes) == 1 ? r :
	    llb_bad(l, "exec");
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

static enum reason
on_source_attr(struct llb *l, const struct pb_field *f)
{
	static const char *const known[] = { "image.resolvemode",
	    "image.recordtype", "local.", "oci.", "http." };
	struct span key, value;

	if (!pb_entry(f->bytes, &key, &value))
		return llb_bad(l, "source");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (starts(key, known[i]))
			return R_NONE;
	return refuse(l->why, R_BUILD, "attribute %.*s of a source",
	    (int)(key.len < 64 ? key.len : 64), key.ptr);
}

static const struct llb_field source_fields[] = {
	{ 1, PB_BYTES, NEED, 1, 4096, on_identifier },
	{ 2, PB_BYTES, MANY, 0, LLB_LONG, on_source_attr },
};

enum reason
llb_source(struct llb *l, const struct pb_field *f)
{
	l->now->outputs = 1;
	return l->n_inputs == 0 ? LLB_WALK(l, "source", source_fields,
	    f->bytes) : llb_bad(l, "source");
}

enum reason
buildkit_source(struct span source, struct refusal *why)
{
	struct llb l = { .why = why };

	return LLB_WALK(&l, "source", source_fields, source);
}

/* --- files ------------------------------------------------------------------------- */

static enum reason
on_user_name(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		LLB_STRING(1), LLB_INT(2, -1, INT32_MAX),
	};
	enum reason r = LLB_WALK(l, "owner", rows, f->bytes);

	/* looked up in an input, never in what an action made */
	return r != R_NONE || index_ok(f->bytes, 2, l->n_inputs) ? r :
	    llb_bad(l, "owner");
}

static enum reason
on_user(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, ONE, 0, 8192, on_user_name }, UINT32_ROW(2),
	};

	if (llb_has(f->bytes, 1) && llb_has(f->bytes, 2))
		return llb_bad(l, "owner");
	return llb_walk_some(l, "owner", rows, 2, f->bytes, 1);
}

static enum reason
on_owner(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, ONE, 0, 8192, on_user },
		{ 2, PB_BYTES, ONE, 0, 8192, on_user },
	};

	return LLB_WALK(l, "owner", rows, f->bytes);
}

#define OWNER_ROW(n) { n, PB_BYTES, ONE, 0, 32768, on_owner }

static enum reason
on_copy(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		LLB_STRING(1), LLB_STRING(2), OWNER_ROW(3), MODE_ROW(4),
		LLB_BOOL(5), LLB_BOOL(6), LLB_BOOL(7), LLB_BOOL(8),
		LLB_BOOL(9), LLB_BOOL(10), TIME_ROW(11), LLB_STRINGS(12),
		LLB_STRINGS(13), LLB_BOOL(14), LLB_STRING(15),
		LLB_STRINGS(16),
	};

	return LLB_WALK(l, "copy", rows, f->bytes);
}

static enum reason
on_mkfile(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, NEED, 1, 4096, NULL }, MODE_ROW(2),
		{ 3, PB_BYTES, ONE, 0, LLB_LONG, NULL }, OWNER_ROW(4),
		TIME_ROW(5),
	};

	return LLB_WALK(l, "mkfile", rows, f->bytes);
}

static enum reason
on_mkdir(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, NEED, 1, 4096, NULL }, MODE_ROW(2),
		LLB_BOOL(3), OWNER_ROW(4), TIME_ROW(5),
	};

	return LLB_WALK(l, "mkdir", rows, f->bytes);
}

static enum reason
on_rm(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, NEED, 1, 4096, NULL }, LLB_BOOL(2),
		LLB_BOOL(3),
	};

	return LLB_WALK(l, "rm", rows, f->bytes);
}

static enum reason
on_symlink(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, NEED, 1, 4096, NULL },
		{ 2, PB_BYTES, NEED, 1, 4096, NULL }, OWNER_ROW(3),
		TIME_ROW(4),
	};

	return LLB_WALK(l, "symlink", rows, f->bytes);
}

#define FIRST_ACTION 4
#define LAST_ACTION 8
static const struct llb_field action_fields[] = {
	LLB_INT(1, -1, INT32_MAX), LLB_INT(2, -1, INT32_MAX),
	LLB_INT(3, -1, INT32_MAX),
	{ 4, PB_BYTES, ONE, 0, LLB_LONG, on_copy },
	{ 5, PB_BYTES, ONE, 0, LLB_LONG, on_mkfile },
	{ 6, PB_BYTES, ONE, 0, LLB_LONG, on_mkdir },
	{ 7, PB_BYTES, ONE, 0, LLB_LONG, on_rm },
	{ 8, PB_BYTES, ONE, 0, LLB_LONG, on_symlink },
};

/* An action works on an input, or on what an action before it made. */
static enum reason
on_action(struct llb *l, const struct pb_field *f)
{
	enum reason r = LLB_WALK(l, "file action", action_fields, f->bytes);
	size_t n = l->n_inputs + l->n_items++, kinds = 0;

	if (r != R_NONE)
		return r;
	for (uint32_t k = FIRST_ACTION; k <= LAST_ACTION; k++)
		kinds += llb_has(f->bytes, k);
	if (kinds != 1 || !index_ok(f->bytes, 1, n) ||
	    !index_ok(f->bytes, 2, n) || !output_ok(l, f->bytes, 3))
		return llb_bad(l, "file action");
	return R_NONE;
}

enum reason
llb_file(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 2, PB_BYTES, MANY, 0, LLB_LONG, on_action },
	};
	enum reason r;

	l->n_items = 0;
	r = LLB_WALK(l, "file operation", rows, f->bytes);
	return r != R_NONE || l->now->outputs > 0 ? r :
	    llb_bad(l, "file operation");
}

/* --- merges ------------------------------------------------------------------------ */

static enum reason
on_merge_input(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = { LLB_INT(1, 0, INT32_MAX) };
	enum reason r = LLB_WALK(l, "merge", rows, f->bytes);

	return r != R_NONE || llb_number(f->bytes, 1) ==
	    (int64_t)l->n_items++ ? r : llb_bad(l, "merge");
}

/* Each input once, in order: BuildKit counts them in two ways. */
enum reason
llb_merge(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, MANY, 0, 16, on_merge_input },
	};
	enum reason r;

	l->n_items = 0;
	l->now->outputs = 1;
	r = LLB_WALK(l, "merge", rows, f->bytes);
	return r != R_NONE || (l->n_items == l->n_inputs && l->n_items > 1) ?
	    r : llb_bad(l, "merge");
}
