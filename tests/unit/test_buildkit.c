/*
 * buildkit: each method has its access, what starts a build is written
 * afresh, and a build of a real client's goes through.
 * links: buildkit buildkit_solve buildkit_export buildkit_llb buildkit_ops buildkit_bridge sha256 protobuf labels json json_check json_walk h2 h2_client h2_engine h2_head relay http buf span reason log
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "buildkit.h"
#include "h2_conn.h"
#include "llb_notation.h"

#define CONTROL "/moby.buildkit.v1.Control/"
#define BRIDGE "/moby.buildkit.v1.frontend.LLBBridge/"

/* --- whoever is told ------------------------------------------------------------ */

struct told {
	char op[64], image[256], asked[512], id[64];
	int n;
	bool deaf;		/* records fail */
};

static enum reason
image(void *arg, enum buildkit_image kind, const char *ref,
    struct refusal *why)
{
	static const char *const kinds[] = { "tag", "push", "cache" };
	struct told *t = arg;
	size_t at = strlen(t->asked);

	snprintf(t->asked + at, sizeof(t->asked) - at, "%s %s;", kinds[kind],
	    ref);
	return strstr(ref, "bob") != NULL ? refuse(why, R_TAG, "%s", ref) :
	    R_NONE;
}

static int
decided(void *arg, const char *op, const char *names,
    const struct refusal *why, char *event, size_t cap)
{
	struct told *t = arg;

	snprintf(t->op, sizeof(t->op), "%s", op);
	snprintf(t->image, sizeof(t->image), "%s", names);
	snprintf(t->id, sizeof(t->id), "%s", why->why == R_NONE ? "" :
	    reason_row(why->why)->id);
	snprintf(event, cap, "ev12345");
	t->n++;
	return t->deaf ? -1 : 0;
}

static const struct caller alice = { .uid = 1000, .name = "alice" };

static struct buildkit_rules
rules(struct told *t)
{
	memset(t, 0, sizeof(*t));
	return (struct buildkit_rules){ .as = &alice, .graphs = true, .image = image,
	    .decided = decided, .arg = t };
}

/* --- messages -------------------------------------------------------------------- */

/* The judge of a method on one message, as h2_relay() would ask it. */
static enum h2_verdict
ask(struct buildkit_rules *r, const char *path, const struct buf *message,
    struct buf *out, char why[H2_WHY_MAX])
{
	struct buf body cleanup_buf = BUF_INIT(0);
	unsigned char prefix[5] = { 0, 0, (unsigned char)(message->len >> 16),
	    (unsigned char)(message->len >> 8), (unsigned char)message->len };
	int row = -1;

	assert_int_equal(buildkit_judge.open(r, path, &row, why), H2_JUDGE);
	buf_add(&body, prefix, 5);
	if (message->len > 0)
		buf_putspan(&body, buf_span(message));
	return buildkit_judge.message(r, row, buf_span(&body), out, why);
}

/* One call: what goes in, what comes out, and who was told. */
struct talk {
	struct buf in, out;
	struct told t;
	struct buildkit_rules r;
	char why[H2_WHY_MAX];
};

static void
talk_end(struct talk *k)
{
	buf_free(&k->in);
	buf_free(&k->out);
}

#define TALK(k) struct talk k __attribute__((cleanup(talk_end))) = { \
	.in = BUF_INIT(0), .out = BUF_INIT(0), .r = rules(&k.t) }

static enum h2_verdict
say(struct talk *k, const char *path)
{
	return ask(&k->r, path, &k->in, &k->out, k->why);
}

/* Last value of a string field or of a map's key, as Go would see it. */
static bool
value_of(const struct buf *out, uint32_t number, const char *key,
    struct span *v)
{
	struct pb_iter it = pb_iter((struct span){ out->data + 5,
	    out->len - 5 });
	struct span k, value;
	struct pb_field f;
	bool found = false;

	while (pb_next(&it, &f)) {
		if (f.number != number)
			continue;
		if (key == NULL) {
			*v = f.bytes;
			found = true;
		} else if (pb_entry(f.bytes, &k, &value) && span_eq(k, key)) {
			*v = value;
			found = true;
		}
	}
	assert_false(it.bad);
	return found;
}

static void
expect(const struct buf *out, uint32_t number, const char *key,
    const char *value)
{
	struct span v = { NULL, 0 };

	if (!value_of(out, number, key, &v) || !span_eq(v, value))
		fail_msg("field %u %s: got %.*s, want %s", number,
		    key != NULL ? key : "", (int)v.len, v.ptr, value);
}

/* --- the table -------------------------------------------------------------------- */

static const struct {
	const char *path;
	enum h2_verdict verdict;
} access_rows[] = {
	{ CONTROL "Solve", H2_JUDGE }, { CONTROL "Status", H2_JUDGE },
	{ CONTROL "DiskUsage", H2_JUDGE }, { CONTROL "Prune", H2_JUDGE },
	{ CONTROL "ListenBuildHistory", H2_JUDGE },
	{ CONTROL "UpdateBuildHistory", H2_JUDGE },
	{ CONTROL "ListWorkers", H2_JUDGE }, { CONTROL "Info", H2_JUDGE },
	{ CONTROL "Session", H2_PASS },
	{ BRIDGE "Solve", H2_JUDGE }, { BRIDGE "ResolveSourceMeta", H2_JUDGE },
	{ BRIDGE "Return", H2_JUDGE }, { BRIDGE "ReadFile", H2_JUDGE },
	{ BRIDGE "NewContainer", H2_REFUSE },
	{ BRIDGE "ExecProcess", H2_REFUSE },
	{ BRIDGE "ReleaseContainer", H2_REFUSE },
	{ "/containerd.services.content.v1.Content/Read", H2_JUDGE },
	{ "/containerd.services.content.v1.Content/List", H2_REFUSE },
	{ "/containerd.services.content.v1.Content/Delete", H2_REFUSE },
	{ "/containerd.services.leases.v1.Leases/List", H2_REFUSE },
	{ "/grpc.health.v1.Health/Check", H2_JUDGE },
	{ "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	    H2_REFUSE },
	{ CONTROL "solve", H2_REFUSE }, { CONTROL "Solve/", H2_REFUSE },
	{ "/" CONTROL "Solve", H2_REFUSE }, { CONTROL, H2_REFUSE },
	{ "", H2_REFUSE }, { "/", H2_REFUSE },
};

static void
each_method_has_its_access(void **state)
{
	size_t n;
	const struct buildkit_method *m = buildkit_methods(&n);

	(void)state;
	for (size_t i = 0; i < sizeof(access_rows) / sizeof(access_rows[0]);
	    i++) {
		TALK(k);
		int row = -1;
		enum h2_verdict v = buildkit_judge.open(&k.r,
		    access_rows[i].path, &row, k.why);

		if (v != access_rows[i].verdict)
			fail_msg("%s: %d", access_rows[i].path, v);
		assert_int_equal(k.t.n, v == H2_REFUSE);
		if (v == H2_REFUSE) {
			assert_string_equal(k.t.id, "build");
			assert_non_null(strstr(k.why, "Permission denied"));
			assert_non_null(strstr(k.why, "[ds01:ev12345]"));
		}
	}
	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(m[i].path) < H2_PATH_MAX);
		assert_int_equal(m[i].access == BUILDKIT_JUDGE,
		    m[i].judge != NULL);
		assert_int_equal(m[i].access == BUILDKIT_DENY,
		    m[i].why[0] != '\0');
	}
}

static const struct {
	const char *name, *value, *out;	/* out NULL: left out */
} header_rows[] = {
	{ "user-agent", "x/1", "x/1" }, { "grpc-timeout", "1S", "1S" },
	{ "buildkit-controlapi-buildid", "abc", "u1000xabc" },
	{ "x-docker-expose-session-uuid", "id", "id" },
	{ "x-docker-expose-session-sharedkey", "k", "u1000xk" },
	{ "x-docker-expose-session-sharedkey", "", "u1000x" },
	{ "x-docker-expose-session-", "k", NULL },
	{ "containerd-namespace", "moby", NULL },
	{ "authorization", "x", NULL }, { "cookie", "x", NULL },
};

static void
only_known_headers_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(header_rows) / sizeof(header_rows[0]);
	    i++) {
		TALK(k);
		bool ok = buildkit_judge.header(&k.r,
		    span_of(header_rows[i].name),
		    span_of(header_rows[i].value), &k.out);

		if (ok != (header_rows[i].out != NULL) ||
		    (ok && strcmp(k.out.data, header_rows[i].out) != 0))
			fail_msg("%s", header_rows[i].name);
	}
}

/* --- refs, history, cache --------------------------------------------------------- */

/* Files of an earlier build are found by it: no key is everybody's key. */
static void
the_shared_key_goes_up_always(void **state)
{
	(void)state;
	assert_string_equal(buildkit_judge.always,
	    "x-docker-expose-session-sharedkey");
}

static void
refs_are_ones_own(void **state)
{
	static const struct { const char *path; uint32_t ref; } with[] = {
		{ CONTROL "Solve", 1 }, { CONTROL "Status", 1 },
		{ CONTROL "ListenBuildHistory", 2 },
		{ CONTROL "UpdateBuildHistory", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
		TALK(k);

		pb_put_bytes(&k.in, with[i].ref, span_of("u1001xref"));
		assert_int_equal(say(&k, with[i].path), H2_PASS);
		expect(&k.out, with[i].ref, NULL, "u1000xu1001xref");
		buf_reset(&k.in);
		buf_reset(&k.out);
		pb_put_bytes(&k.in, with[i].ref, span_of("u1000xref"));
		assert_int_equal(say(&k, with[i].path), H2_PASS);
		expect(&k.out, with[i].ref, NULL, "u1000xref");
		/* a second one would be the one that counts */
		pb_put_bytes(&k.in, with[i].ref, span_of("u1001xref"));
		assert_int_equal(say(&k, with[i].path), H2_REFUSE);
	}
}

static void
a_list_of_builds_is_empty(void **state)
{
	TALK(k);
	struct buf none cleanup_buf = BUF_INIT(0);
	struct pb_iter it;
	struct pb_field f;
	uint64_t early = 0;

	(void)state;
	pb_put_varint(&k.in, 1, 1);
	assert_int_equal(say(&k, CONTROL "ListenBuildHistory"), H2_PASS);
	expect(&k.out, 2, NULL, "u1000x");
	it = pb_iter((struct span){ k.out.data + 5, k.out.len - 5 });
	while (pb_next(&it, &f))
		if (f.number == 3)
			early = f.value;
	assert_int_equal(early, 1);	/* ends, and does not wait */
	/* what else is known goes on, what is not does not */
	it = pb_iter((struct span){ k.out.data + 5, k.out.len - 5 });
	assert_true(pb_next(&it, &f));
	assert_int_equal(f.number, 1);
	assert_int_equal(f.value, 1);
	buf_reset(&k.out);
	pb_put_varint(&k.in, 9, 1);
	assert_int_equal(say(&k, CONTROL "ListenBuildHistory"), H2_PASS);
	it = pb_iter((struct span){ k.out.data + 5, k.out.len - 5 });
	while (pb_next(&it, &f))
		assert_int_not_equal(f.number, 9);
	/* a message that breaks off */
	buf_add(&k.in, "\x0a\x05" "ab", 4);
	assert_int_equal(say(&k, CONTROL "ListenBuildHistory"), H2_REFUSE);
	buf_reset(&k.out);
	assert_int_equal(ask(&k.r, CONTROL "UpdateBuildHistory", &none, &k.out,
	    k.why), H2_REFUSE);
}

static void
the_cache_is_nobodys(void **state)
{
	static const char *const paths[] = { CONTROL "DiskUsage",
	    CONTROL "Prune" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		TALK(k);
		struct span v;

		pb_put_bytes(&k.in, 1, span_of("type==regular"));
		pb_put_varint(&k.in, 2, 1);	/* all */
		assert_int_equal(say(&k, paths[i]), H2_PASS);
		expect(&k.out, 1, NULL, "id==ds01-none");
		assert_false(value_of(&k.out, 2, NULL, &v));
	}
}

static void
a_message_is_one_and_not_compressed(void **state)
{
	static const struct { const char *p; size_t n; } bad[] = {
		{ "", 0 }, { "\0\0\0\0", 4 }, { "\1\0\0\0\0", 5 },
		{ "\0\0\0\0\1", 5 }, { "\0\0\0\0\0\0", 6 },
		{ "\0\xff\xff\xff\xff" "x", 6 },
		{ "\0\0\0\0\0\0\0\0\0\0", 10 },	/* two of them */
	};
	TALK(k);
	int row;

	(void)state;
	buildkit_judge.open(&k.r, CONTROL "Status", &row, k.why);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(buildkit_judge.message(&k.r, row,
		    (struct span){ bad[i].p, bad[i].n }, &k.out, k.why),
		    H2_REFUSE);
}

/* --- what starts a build: one change to a good request each ------------------------- */

static void
put_exporter(struct buf *out, const char *type, const char *key,
    const char *value)
{
	struct buf x cleanup_buf = BUF_INIT(0);

	if (key != NULL)
		pb_put_entry(&x, 2, span_of(key), span_of(value));
	if (type != NULL)
		pb_put_bytes(&x, 1, span_of(type));
	pb_put_bytes(out, 13, buf_span(&x));
}

static void
put_cache(struct buf *out, uint32_t which, const char *type)
{
	struct buf c cleanup_buf = BUF_INIT(0), e cleanup_buf = BUF_INIT(0);

	pb_put_bytes(&e, 1, span_of(type));
	pb_put_entry(&e, 2, span_of("ref"), span_of("r/x"));
	pb_put_bytes(&c, which, buf_span(&e));
	pb_put_bytes(out, 8, buf_span(&c));
}

enum kind { K_STRING, K_ATTR, K_NUMBER, K_EXPORT, K_OLD, K_CACHE, K_RAW };
#define LEN(s) s, sizeof(s) - 1
static const struct solve_row {
	enum kind kind;
	uint32_t number;
	const char *a, *b;
	size_t b_len;
	const char *id;		/* reason; "" passes */
} solve_rows[] = {
	{ K_STRING, 6, "dockerfile.v0", NULL, 0, "" },
	{ K_STRING, 6, "", NULL, 0, "" },
	{ K_STRING, 6, "gateway.v0", NULL, 0, "build" },
	{ K_STRING, 6, "Dockerfile.v0", NULL, 0, "build" },
	{ K_STRING, 9, "network.host", NULL, 0, "host_namespace" },
	{ K_STRING, 9, "security.insecure", NULL, 0, "privileged" },
	{ K_STRING, 9, "device", NULL, 0, "device" },
	{ K_STRING, 9, "device=/dev/x", NULL, 0, "device" },
	{ K_STRING, 9, "anything", NULL, 0, "build" },
	{ K_STRING, 12, "x", NULL, 0, "build" },	/* source policy */
	{ K_STRING, 99, "unknown", NULL, 0, "" },
	{ K_NUMBER, 14, NULL, NULL, 1, "" },	/* session exporter */
	{ K_NUMBER, 6, NULL, NULL, 1, "build" },	/* wrong kind */
	{ K_RAW, 0, NULL, LEN("\x0b"), "build" },
	{ K_RAW, 0, NULL, LEN("\x3a\x01\xff"), "build" },

	{ K_ATTR, 7, "filename", LEN("Dockerfile"), "" },
	{ K_ATTR, 7, "force-network-mode", LEN("none"), "" },
	{ K_ATTR, 7, "force-network-mode", LEN("host"), "host_namespace" },
	{ K_ATTR, 7, "cgroup-parent", LEN(""), "" },
	{ K_ATTR, 7, "cgroup-parent", LEN("/x"), "cgroup_parent" },
	{ K_ATTR, 7, "context", LEN("https://h/x"), "remote_source" },
	{ K_ATTR, 7, "context", LEN("git://h/x"), "remote_source" },
	{ K_ATTR, 7, "context", LEN("git@h:x"), "remote_source" },
	{ K_ATTR, 7, "context", LEN("github.com/x/y"), "remote_source" },
	{ K_ATTR, 7, "context", LEN("HTTP://h/x"), "remote_source" },
	{ K_ATTR, 7, "context", LEN("http://buildkit-session/x"), "" },
	{ K_ATTR, 7, "context", LEN("http://buildkit-session@h/x"),
	    "remote_source" },
	{ K_ATTR, 7, "context:x", LEN("local:x"), "" },
	{ K_ATTR, 7, "context:x", LEN("docker-image://alpine"), "" },
	{ K_ATTR, 7, "context:x", LEN("https://h/x"), "remote_source" },
	{ K_ATTR, 7, "contextkey", LEN("other"), "build" },
	{ K_ATTR, 7, "label:x", LEN("y"), "" },
	{ K_ATTR, 7, "label:x", LEN("y\n\x1b"), "" },
	{ K_ATTR, 7, "label:x\ny", LEN("z"), "label" },
	{ K_ATTR, 7, "label:ds01.user", LEN("alice"), "" },
	{ K_ATTR, 7, "label:ds01.user", LEN("bob"), "reserved_label" },
	{ K_ATTR, 7, "label:ds01.gate", LEN("1"), "reserved_label" },
	{ K_ATTR, 7, "label:ds01.protected", LEN("true"), "reserved_label" },
	{ K_ATTR, 7, "label:aime.mlc.USER", LEN("bob"), "reserved_label" },
	/* not followed, so not looked at */
	{ K_ATTR, 7, "cache-imports", LEN("[{\"Type\":\"gha\"}]"), "" },
	{ K_ATTR, 7, "cache-from", LEN("x"), "" },

	{ K_EXPORT, 0, "moby", "name=x/y", 0, "" },
	{ K_EXPORT, 0, "moby", "name=x/y,bob/z", 0, "tag" },
	{ K_EXPORT, 0, "image", "name=bob/z", 0, "tag" },
	{ K_EXPORT, 0, "image", "name=*", 0, "tag" },
	{ K_EXPORT, 0, "image", "name=a b", 0, "tag" },
	{ K_EXPORT, 0, "image", "name=x@sha256:1", 0, "tag" },
	{ K_EXPORT, 0, "docker", "name=bob/z", 0, "" },	/* to the client */
	{ K_EXPORT, 0, "local", NULL, 0, "" },
	{ K_EXPORT, 0, "tar", NULL, 0, "" },
	{ K_EXPORT, 0, "oci", NULL, 0, "" },
	{ K_EXPORT, 0, "other", NULL, 0, "build" },
	{ K_EXPORT, 0, "moby", "containerimage.config={}", 0, "build" },
	{ K_EXPORT, 0, "moby", "dangling-name-prefix=bob/x", 0, "build" },
	{ K_EXPORT, 0, "moby", "load=true", 0, "" },
	{ K_OLD, 0, "moby", "name=x/y", 0, "" },
	{ K_OLD, 0, "moby", "name=bob/y", 0, "tag" },
	{ K_OLD, 0, "docker", "name=bob/y", 0, "" },
	{ K_OLD, 0, "moby", "containerimage.config={}", 0, "build" },

	{ K_CACHE, 4, "inline", NULL, 0, "" },
	{ K_CACHE, 4, "registry", NULL, 0, "" },
	{ K_CACHE, 4, "gha", NULL, 0, "remote_source" },
	{ K_CACHE, 5, "registry", NULL, 0, "" },	/* not followed */
	{ K_CACHE, 5, "s3", NULL, 0, "" },
	/* which of two types counts is the decoder's to say */
	{ K_RAW, 0, NULL, LEN("\x42\x14\x22\x12\x0a\x06" "inline\x0a\x08registry"),
	    "build" },
	{ K_RAW, 0, NULL, LEN("\x42\x0d\x22\x0b\x0a\x06" "inline\x1a\x01x"),
	    "build" },
	{ K_RAW, 0, NULL, LEN("\x42\x0c\x22\x0a\x08\x01\x0a\x06" "inline"),
	    "build" },
	{ K_RAW, 0, NULL, LEN("\x42\x0c\x22\x0a\x0a\x06" "inline\x0a\x05"),
	    "build" },
	{ K_EXPORT, 0, "image", "annotation.a=b", 0, "" },
	{ K_EXPORT, 0, "image", "annotation-index.a=b", 0, "" },
};

static void
put_row(struct buf *in, const struct solve_row *row)
{
	char key[64] = "";
	const char *value = "";

	if ((row->kind == K_EXPORT || row->kind == K_OLD) && row->b != NULL) {
		value = strchr(row->b, '=') + 1;
		snprintf(key, sizeof(key), "%.*s", (int)(value - row->b - 1),
		    row->b);
	}
	switch (row->kind) {
	case K_STRING:
		pb_put_bytes(in, row->number, span_of(row->a));
		break;
	case K_ATTR:
		pb_put_entry(in, row->number, span_of(row->a),
		    (struct span){ row->b, row->b_len });
		break;
	case K_NUMBER:
		pb_put_varint(in, row->number, row->b_len);
		break;
	case K_EXPORT:
		put_exporter(in, row->a, key[0] ? key : NULL, value);
		break;
	case K_OLD:
		pb_put_entry(in, 4, span_of(key), span_of(value));
		pb_put_bytes(in, 3, span_of(row->a));
		break;
	case K_CACHE:
		put_cache(in, row->number, row->a);
		break;
	case K_RAW:
		buf_add(in, row->b, row->b_len);
		break;
	}
}

static void
each_wish_has_its_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(solve_rows) / sizeof(solve_rows[0]);
	    i++) {
		const struct solve_row *row = &solve_rows[i];
		TALK(k);
		enum h2_verdict v;

		pb_put_bytes(&k.in, 1, span_of("ref"));
		put_row(&k.in, row);
		v = say(&k, CONTROL "Solve");
		if ((v == H2_PASS) != (row->id[0] == '\0') ||
		    strcmp(k.t.id, row->id) != 0)
			fail_msg("row %zu (%s %.40s): verdict %d, %s", i,
			    row->a != NULL ? row->a : "",
			    row->b != NULL ? row->b : "", v, k.t.id);
		assert_int_equal(k.t.n, 1);
		if (v == H2_REFUSE)
			assert_non_null(strstr(k.why, "[ds01:ev12345]"));
	}
}

/* Some graphs are the end of an engine (an image without layers). */
static void
graphs_are_for_sites_that_say_so(void **state)
{
	static const struct solve_row rows[] = {
		{ K_ATTR, 7, "context:x", LEN("docker-image://alpine"), "build" },
		{ K_ATTR, 7, "context:x", LEN("oci-layout://x"), "build" },
		{ K_ATTR, 7, "context:x", LEN("local:x"), "" },
		{ K_STRING, 2, "", NULL, 0, "build" },
		{ K_ATTR, 10, "x", LEN(""), "build" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TALK(k);

		k.r.graphs = false;
		put_row(&k.in, &rows[i]);
		assert_int_equal(say(&k, CONTROL "Solve") == H2_PASS,
		    rows[i].id[0] == '\0');
	}
}

static void
the_host_network_is_for_who_may_have_it(void **state)
{
	TALK(k);

	(void)state;
	k.r.host_network = true;
	pb_put_bytes(&k.in, 9, span_of("network.host"));
	pb_put_entry(&k.in, 7, span_of("force-network-mode"), span_of("host"));
	notation("2[3{1'local://x'};1{1@0}2{1{1'sh'3'/'7'ds01-u1000'}2{3'/'}3=1};1{1@1}]",
	    &k.in, NULL);
	assert_int_equal(say(&k, CONTROL "Solve"), H2_PASS);
	expect(&k.out, 9, NULL, "network.host");
	pb_put_bytes(&k.in, 9, span_of("security.insecure"));
	assert_int_equal(say(&k, CONTROL "Solve"), H2_REFUSE);
}

/* A graph that is allowed is there to be built. */
static void
graphs_go_on(void **state)
{
	static const char *const ways[] = { "2[%s]", "10{1'x'2[%s]}" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		TALK(k);
		struct buf text cleanup_buf = BUF_INIT(0);
		const char *at = strstr(ways[i], "%s");

		buf_printf(&text, "%.*s3{1'local://here'};1{1@0}%s",
		    (int)(at - ways[i]), ways[i], at + 2);
		notation(text.data, &k.in, NULL);
		assert_int_equal(say(&k, CONTROL "Solve"), H2_PASS);
		assert_non_null(memmem(k.out.data, k.out.len, "local://here",
		    12));
	}
}

/* --- what is written behind the client's -------------------------------------------- */

static void
ours_counts(void **state)
{
	static const struct { const char *path; uint32_t front, attrs; }
	way[] = {
		{ CONTROL "Solve", 6, 7 }, { BRIDGE "Solve", 2, 3 },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		TALK(k);
		uint32_t a = way[i].attrs;

		pb_put_bytes(&k.in, way[i].front, span_of("dockerfile.v0"));
		pb_put_entry(&k.in, a, span_of("label:ds01.user"),
		    span_of("alice"));
		pb_put_entry(&k.in, a, span_of("label:mine"), span_of("1"));
		pb_put_entry(&k.in, a, span_of("label:two"),
		    span_of("a\n\x1b[2J"));
		pb_put_entry(&k.in, a, span_of(
		    "build-arg:BUILDKIT_CACHE_MOUNT_NS"), span_of("u1001"));
		pb_put_entry(&k.in, a, span_of("cmdline"), span_of("x"));
		pb_put_entry(&k.in, a, span_of(
		    "build-arg:BUILDKIT_SANDBOX_HOSTNAME"), span_of("ds01-u1001"));
		pb_put_entry(&k.in, a, span_of("hostname"), span_of("ds01-u1001"));
		assert_int_equal(say(&k, way[i].path), H2_PASS);
		expect(&k.out, a, "label:ds01.user", "alice");
		expect(&k.out, a, "label:ds01.gate", "");
		expect(&k.out, a, "label:ds01.protected", "false");
		expect(&k.out, a, "label:aime.mlc.USER", "");
		expect(&k.out, a, "label:mine", "1");
		expect(&k.out, a, "label:two", "a  [2J");
		expect(&k.out, a, "build-arg:BUILDKIT_CACHE_MOUNT_NS", "u1000");
		expect(&k.out, a, "cmdline", "dockerfile.v0");
		expect(&k.out, a, "build-arg:BUILDKIT_SANDBOX_HOSTNAME",
		    "ds01-u1000");
		expect(&k.out, a, "hostname", "ds01-u1000");
		assert_null(memmem(k.out.data, k.out.len, "ds01-u1001", 10));
	}
}

/* BuildKit would add what they hold to everybody's cache. */
static void
no_cache_is_imported(void **state)
{
	TALK(k);
	struct buf refs cleanup_buf = BUF_INIT(0);

	(void)state;
	pb_put_bytes(&k.in, 6, span_of("dockerfile.v0"));
	pb_put_entry(&k.in, 7, span_of("cache-imports"), span_of("[evil]"));
	pb_put_entry(&k.in, 7, span_of("cache-from"), span_of("evil"));
	put_cache(&k.in, 5, "evil");
	assert_int_equal(say(&k, CONTROL "Solve"), H2_PASS);
	assert_null(memmem(k.out.data, k.out.len, "evil", 4));
	assert_null(memmem(k.out.data, k.out.len, "cache-", 6));
	buf_reset(&k.in);
	buf_reset(&k.out);
	pb_put_bytes(&refs, 2, span_of("evil"));	/* older: names only */
	pb_put_bytes(&k.in, 8, buf_span(&refs));
	assert_int_equal(say(&k, CONTROL "Solve"), H2_PASS);
	assert_null(memmem(k.out.data, k.out.len, "evil", 4));
	buf_reset(&k.in);
	buf_reset(&k.out);
	pb_put_bytes(&k.in, 2, span_of("dockerfile.v0"));
	pb_put_entry(&k.in, 3, span_of("cache-imports"), span_of("[evil]"));
	pb_put_bytes(&k.in, 4, span_of("evil"));
	pb_put_bytes(&k.in, 12, span_of("\x0a\x04evil"));
	assert_int_equal(say(&k, BRIDGE "Solve"), H2_PASS);
	assert_null(memmem(k.out.data, k.out.len, "evil", 4));
}

/* A build that changed nothing gives the same image. */
static void
the_same_build_is_written_the_same(void **state)
{
	TALK(k);
	struct buf a cleanup_buf = BUF_INIT(0), b cleanup_buf = BUF_INIT(0);

	(void)state;
	pb_put_bytes(&k.in, 2, span_of("dockerfile.v0"));
	ask(&k.r, BRIDGE "Solve", &k.in, &a, k.why);
	ask(&k.r, BRIDGE "Solve", &k.in, &b, k.why);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
}

static void
what_is_not_known_is_left_out(void **state)
{
	TALK(k);
	struct span v;

	(void)state;
	pb_put_bytes(&k.in, 6, span_of("dockerfile.v0"));
	pb_put_varint(&k.in, 14, 1);	/* EnableSessionExporter */
	pb_put_bytes(&k.in, 63, span_of("x"));
	pb_put_bytes(&k.in, 64, span_of("x"));
	pb_put_bytes(&k.in, 1000, span_of("x"));
	pb_put_bytes(&k.in, 13, span_of("\x0a\x04moby\x7a\x01x"));
	assert_int_equal(say(&k, CONTROL "Solve"), H2_PASS);
	assert_false(value_of(&k.out, 14, NULL, &v));
	assert_false(value_of(&k.out, 63, NULL, &v));
	assert_false(value_of(&k.out, 64, NULL, &v));
	assert_false(value_of(&k.out, 1000, NULL, &v));
	expect(&k.out, 13, NULL, "\x0a\x04moby");
}

/* Names in the old place and the new, in any order: all are asked about. */
static void
every_name_is_asked_about(void **state)
{
	TALK(k);

	(void)state;
	pb_put_entry(&k.in, 4, span_of("name"), span_of("one,two"));
	put_exporter(&k.in, "docker", "name", "elsewhere");
	put_exporter(&k.in, "image", "name", "evil/two");
	put_exporter(&k.in, "image", "name", "two");
	pb_put_bytes(&k.in, 3, span_of("moby"));
	assert_int_equal(say(&k, CONTROL "Solve"), H2_PASS);
	assert_string_equal(k.t.asked, "tag evil/two;tag two;tag one;tag two;");
	assert_string_equal(k.t.op, "image.build");
	assert_string_equal(k.t.image, "evil/two,two,one");
	/* pushed by dockerd */
	k.r = rules(&k.t);
	buf_reset(&k.in);
	buf_reset(&k.out);
	pb_put_bytes(&k.in, 3, span_of("image"));
	pb_put_entry(&k.in, 4, span_of("name"), span_of("r/x"));
	pb_put_entry(&k.in, 4, span_of("push"), span_of(""));
	put_cache(&k.in, 4, "registry");
	assert_int_equal(say(&k, CONTROL "Solve"), H2_PASS);
	assert_string_equal(k.t.asked, "cache r/x;tag r/x;push r/x;");
}

static void
what_is_not_on_record_does_not_start(void **state)
{
	TALK(k);

	(void)state;
	k.t.deaf = true;
	pb_put_bytes(&k.in, 6, span_of("dockerfile.v0"));
	assert_int_equal(say(&k, CONTROL "Solve"), H2_REFUSE);
	assert_int_equal(k.out.len, 0);
}

/* Where BuildKit does not verify layers; what builds nothing goes on. */
static void
nothing_is_built_unverified(void **state)
{
	TALK(k);

	(void)state;
	k.r.unverified = true;
	pb_put_bytes(&k.in, 6, span_of("dockerfile.v0"));
	assert_int_equal(say(&k, CONTROL "Solve"), H2_REFUSE);
	assert_non_null(strstr(k.why, "DOCKER_BUILDKIT=0"));
	assert_string_equal(k.t.id, "build");
	assert_int_equal(k.out.len, 0);
	buf_reset(&k.in);
	assert_int_equal(say(&k, CONTROL "ListWorkers"), H2_PASS);
}

/* The source policy is ours, and dockerd's regular expressions are tried by
 * tests/e2e/buildkit.t. */
static void
git_and_this_host_are_denied(void **state)
{
	TALK(k);
	struct pb_iter it, rule, sel;
	struct pb_field f, g, s;
	struct span policy;
	static const char *const rules[] = {
		"\n\x1d^(docker-image|oci-layout)://\x10\x02",
		"^docker-image://docker\\.io/library/",
		"(?i)^docker-image://r\\.example\\:5000/",
	};
	char host[] = "r.example:5000", *hosts[] = { host };
	const struct strings listed = { hosts, 1 };
	int n = 0;

	(void)state;
	assert_int_equal(say(&k, CONTROL "Solve"), H2_PASS);
	assert_true(value_of(&k.out, 12, NULL, &policy));
	it = pb_iter(policy);
	while (pb_next(&it, &f)) {
		if (f.number != 2)
			continue;
		rule = pb_iter(f.bytes);
		while (pb_next(&rule, &g)) {
			if (g.number == 1)
				assert_int_equal(g.value, 1);	/* DENY */
			if (g.number != 2)
				continue;
			sel = pb_iter(g.bytes);
			assert_true(pb_next(&sel, &s));
			assert_int_equal(s.bytes.ptr[0], n == 1 ? '(' : '^');
			assert_true(pb_next(&sel, &s));
			assert_int_equal(s.value, 2);	/* REGEX */
			n++;
		}
	}
	assert_int_equal(n, 3);
	/* of a site that names registries these alone, and plain names */
	buf_reset(&k.out);
	k.r.registries = &listed;
	assert_int_equal(say(&k, CONTROL "Solve"), H2_PASS);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (memmem(k.out.data, k.out.len, rules[i],
		    strlen(rules[i])) == NULL)
			fail_msg("%s", rules[i]);
	assert_null(memmem(k.out.data, k.out.len, "(localhost|[^/]*\\.", 18));
}

static void
sources_are_looked_at_before_they_are_resolved(void **state)
{
	static const struct { const char *url; enum h2_verdict v; } rows[] = {
		{ "docker-image://docker.io/library/x", H2_PASS },
		{ "https://169.254.169.254/x", H2_REFUSE },
		{ "git://h/x", H2_REFUSE },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		TALK(k);
		struct buf s cleanup_buf = BUF_INIT(0);

		pb_put_bytes(&s, 1, span_of(rows[i].url));
		pb_put_bytes(&k.in, 1, buf_span(&s));
		assert_int_equal(ask(&k.r, BRIDGE "ResolveSourceMeta", &k.in,
		    &k.out, k.why), rows[i].v);
	}
}

/* --- a real client ---------------------------------------------------------------------- */

struct seen { char paths[1024]; int heads; };

static void
look_up(struct seen *s, struct h2_decoder *d, struct buf *b)
{
	struct h2_fields f = { .text = BUF_INIT(H2_FIELDS_BYTES) };
	size_t at = 24;

	while (b->len - at >= H2_FRAME_HEAD) {
		struct h2_frame fr = h2_frame_head((const uint8_t *)b->data +
		    at);

		fr.payload = (struct span){ b->data + at + H2_FRAME_HEAD,
		    fr.len };
		at += H2_FRAME_HEAD + fr.len;
		if (fr.type != H2_HEADERS)
			continue;
		assert_int_equal(h2_decode(d, fr.payload, &f), 0);
		assert_int_equal(fr.stream, 2 * s->heads + 1);
		s->heads++;
		for (size_t i = 0; i < f.n; i++)
			if (span_eq(h2_name(&f, i), ":path"))
				snprintf(s->paths + strlen(s->paths),
				    sizeof(s->paths) - strlen(s->paths),
				    "%.*s\n", (int)h2_value(&f, i).len,
				    h2_value(&f, i).ptr);
	}
	assert_int_equal(at, b->len);
	buf_free(&f.text);
}

static void
replay(const char *file)
{
	TALK(k);
	struct h2 *h = h2_new(&buildkit_judge, &k.r);
	struct h2_decoder *d = h2_decoder_new();
	struct buf settings cleanup_buf = BUF_INIT(0);
	struct seen seen = { .heads = 0 };
	static char bytes[64 * 1024];
	FILE *f = fopen(file, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	h2_put_frame(&settings, H2_SETTINGS, 0, 0, span_of(""));
	assert_int_equal(h2_from_engine(h, buf_span(&settings)), 0);
	for (size_t i = 0; i < n; i += 100)
		assert_int_equal(h2_from_client(h, (struct span){ bytes + i,
		    n - i < 100 ? n - i : 100 }), 0);
	look_up(&seen, d, h2_to_engine(h));
	assert_non_null(strstr(seen.paths, CONTROL "Solve\n"));
	assert_non_null(strstr(seen.paths, BRIDGE "Solve\n"));
	assert_non_null(strstr(seen.paths, BRIDGE "Return\n"));
	assert_non_null(strstr(seen.paths, CONTROL "Status\n"));
	assert_string_equal(k.t.id, "");
	assert_string_equal(k.t.image, "example/app");
	assert_non_null(memmem(h2_to_engine(h)->data, h2_to_engine(h)->len,
	    LEN("label:ds01.user\x12\x05" "alice")));
	h2_decoder_free(d);
	h2_free(h);
}

static void
a_build_of_buildx_goes_through(void **state)
{
	(void)state;
	replay("tests/data/grpc/buildx-0.13");
	replay("tests/data/grpc/buildx-0.29");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_method_has_its_access),
		cmocka_unit_test(only_known_headers_pass),
		cmocka_unit_test(the_shared_key_goes_up_always),
		cmocka_unit_test(refs_are_ones_own),
		cmocka_unit_test(a_list_of_builds_is_empty),
		cmocka_unit_test(the_cache_is_nobodys),
		cmocka_unit_test(a_message_is_one_and_not_compressed),
		cmocka_unit_test(each_wish_has_its_answer),
		cmocka_unit_test(graphs_are_for_sites_that_say_so),
		cmocka_unit_test(the_host_network_is_for_who_may_have_it),
		cmocka_unit_test(graphs_go_on),
		cmocka_unit_test(ours_counts),
		cmocka_unit_test(no_cache_is_imported),
		cmocka_unit_test(the_same_build_is_written_the_same),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(every_name_is_asked_about),
		cmocka_unit_test(what_is_not_on_record_does_not_start),
		cmocka_unit_test(nothing_is_built_unverified),
		cmocka_unit_test(git_and_this_host_are_denied),
		cmocka_unit_test(
		    sources_are_looked_at_before_they_are_resolved),
		cmocka_unit_test(a_build_of_buildx_goes_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
