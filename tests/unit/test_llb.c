/*
 * llb: every index, part and field of a build graph that BuildKit would use
 * unseen is looked at first, and so are the other calls of a build.
 * links: buildkit buildkit_solve buildkit_export buildkit_llb buildkit_ops buildkit_bridge sha256 protobuf labels json json_check json_walk h2 h2_client h2_engine h2_head relay http buf span reason log
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "buildkit.h"
#include "llb_notation.h"

#define CONTROL "/moby.buildkit.v1.Control/"
#define BRIDGE "/moby.buildkit.v1.frontend.LLBBridge/"
#define CONTENT "/containerd.services.content.v1.Content/"

static enum reason
image(void *arg, enum buildkit_image kind, const char *ref,
    struct refusal *why)
{
	(void)arg, (void)kind, (void)ref, (void)why;
	return R_NONE;
}

static int
decided(void *arg, const char *op, const char *names,
    const struct refusal *why, char *event, size_t cap)
{
	(void)op, (void)names, (void)cap;
	snprintf(arg, 64, "%s", why->why == R_NONE ? "" :
	    reason_row(why->why)->id);
	event[0] = '\0';
	return 0;
}

static const struct caller alice = { .uid = 1000, .name = "alice" };

static enum h2_verdict
ask(const char *path, const char *text, struct buf *out, char id[64])
{
	struct buildkit_rules r = { .as = &alice, .graphs = true, .image = image,
	    .decided = decided, .arg = id };
	struct buf m cleanup_buf = BUF_INIT(0), body cleanup_buf = BUF_INIT(0);
	char why[H2_WHY_MAX] = "";
	unsigned char prefix[5] = { 0 };
	int row = -1;

	assert_int_equal(*notation(text, &m, NULL), '\0');
	for (int i = 0; i < 4; i++)
		prefix[1 + i] = (unsigned char)(m.len >> (24 - 8 * i));
	buf_add(&body, prefix, 5);
	if (m.len > 0)
		buf_putspan(&body, buf_span(&m));
	assert_int_equal(buildkit_judge.open(&r, path, &row, why), H2_JUDGE);
	return buildkit_judge.message(&r, row, buf_span(&body), out, why);
}

/* --- graphs: one change each to a good one ------------------------------------------ */

#define SRC "3{1'docker-image://docker.io/library/x'}"
#define SRC2 "3{1'local://context'2{1'local.session'2's'}}"
#define HOST "7'ds01-u1000'"	/* alice's */
#define META "1{1'sh'3'/'" HOST "}"
#define ROOT "2{3'/'}"
#define SHELL(x) SRC ";1{1@0}2{" META ROOT x "};1{1@1}"
#define FILES(x) SRC ";" SRC2 ";1{1@0}1{1@1}4{" x "};1{1@2}"
#define MKDIR "6{1'/a'2=493}"
#define COPY "4{1'/a'2'/b'4=-1 11=-1}"
#define DIR(x) FILES("2{2=-1 6{1'/a'" x "}}")
#define NAME "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static const struct row {
	const char *graph, *id;
} rows[] = {
	{ "", "" },			/* nothing: FROM scratch */
	{ SRC ";1{1@0}", "" },
	{ SRC ";1{1@0}|2{1@0 2{1=1 2{1'a'2'b'}4{1=1}5{1'c'2=1}6{1'i'}}}", "" },
	/* the last one names the result, by an output that is there */
	{ SRC, "build" }, { "1=0;", "build" }, { SRC ";" SRC2, "build" },
	{ SRC ";1{1@0 2=-1}", "build" }, { SRC ";1{1@0 2=1}", "build" },
	{ SRC ";1{1@0 2=4294967295}", "build" },
	{ SRC ";1{1@0}1{1@0}", "build" }, { SRC ";", "build" },
	{ SRC ";1{1@0};1{1@0}10{}", "build" },
	{ SRC ";1{1@0};" SRC2 ";1{1@2}", "build" },
	/* an input that is none, in no order, or twice */
	{ SRC ";1{1'" NAME "'}", "build" }, { SRC ";1{1'x'}", "build" },
	{ SRC ";1{2=0}", "build" }, { SRC ";1{1@0 1@0}", "build" },
	{ SRC ";" SRC ";1{1@0}", "build" },
	{ "1'x'", "build" }, { SRC ";1=1", "build" },
	/* kinds of operations */
	{ SRC ";1{1@0}5{};1{1@1}", "build" },
	{ SRC ";1{1@0}8{};1{1@1}", "build" },
	{ "3{1'local://x'}4{2{6{1'/a'}}};1{1@0}", "build" },
	{ "3{1'local://x'}3{2{1'local.x'}};1{1@0}", "build" },
	{ "3{1'local://x'}10{1'amd64'2'linux'}11{};1{1@0}", "" },
	{ "3{1'local://x'}10{9'x'};1{1@0}", "build" },
	{ "3{1'local://x'}11{1'x'};1{1@0}", "build" },
	{ "3{};1{1@0}", "build" },
	{ "3{1'local://x'2{1'image.layerlimit'2'-1'}};1{1@0}", "build" },
	{ SRC ";1{1@0}3{1'local://x'};1{1@1}", "build" },	/* with input */
	/* what is said about them: an entry without value is nothing in Go */
	{ SRC ";1{1@0}|2{1@0}", "build" }, { SRC ";1{1@0}|2{2{}}", "build" },
	{ SRC ";1{1@0}|2{1'x'2{}}", "build" },
	{ SRC ";1{1@0}|2{1@0 2{9=1}}", "build" },
	{ SRC ";1{1@0}|9{}", "build" },
	{ SRC ";1{1@0}|3{1{1@0}2{}}", "" },	/* left out */

	/* execution */
	{ SHELL(""), "" }, { SHELL("3=2"), "" }, { SHELL("3=3"), "build" },
	{ SHELL("3=1"), "host_namespace" }, { SHELL("4=1"), "privileged" },
	{ SHELL("6{1'x'}"), "device" }, { SHELL("7{}"), "build" },
	{ SHELL("1{}"), "build" },		/* twice: Go would merge them */
	{ SHELL("5{1'id'2'NAME'}"), "" }, { SHELL("5{}"), "build" },
	{ SRC ";1{1@0}2{};1{1@1}", "build" },
	{ SRC ";1{1@0}2{" ROOT "};1{1@1}", "build" },
	{ SRC ";1{1@0}2{" META "};1{1@1}", "build" },
	{ SRC ";1{1@0}2{" META ROOT ROOT "};1{1@1}", "build" },
	{ SRC ";1{1@0}2{" META "2{3'/x'}};1{1@1}", "build" },
	{ SRC ";1{1@0}2{" META "2{1=-1 3'/'4=-1 6=4}};1{1@1}", "build" },
	{ SRC ";1{1@0}2{1{}" ROOT "};1{1@1}", "build" },
	{ SRC ";1{1@0}2{1{3'/'" HOST "}" ROOT "};1{1@1}", "build" },
	{ SRC ";1{1@0}2{1{1'sh'" HOST "}" ROOT "};1{1@1}", "build" },
	{ SRC ";1{1@0}2{1{1'sh'3'/'" HOST "10'/x'}" ROOT "};1{1@1}", "cgroup_parent" },
	{ SRC ";1{1@0}2{1{1'sh'3'/'" HOST "13'/x'}" ROOT "};1{1@1}", "build" },
	{ SRC ";1{1@0}2{1{1'sh'3'/'" HOST "5{1'p'}6{1'h'2'::1'}9{1'nofile'2=1 3=2}"
	    "11=1 12=1 12'a'}" ROOT "};1{1@1}", "" },
	{ SRC ";1{1@0}2{1{1'sh'3'/'" HOST "6{1'h'}}" ROOT "};1{1@1}", "build" },
	{ SRC ";1{1@0}2{1{1'sh'3'/'" HOST "9{}}" ROOT "};1{1@1}", "build" },
	/* a host name is whose the cached result is */
	{ SRC ";1{1@0}2{1{1'sh'3'/'}" ROOT "};1{1@1}", "build" },
	{ SRC ";1{1@0}2{1{1'sh'3'/'7''}" ROOT "};1{1@1}", "build" },
	{ SRC ";1{1@0}2{1{1'sh'3'/'7'ds01-u1001'}" ROOT "};1{1@1}", "build" },
	{ SRC ";1{1@0}2{1{1'sh'3'/'7'ds01-u10001'}" ROOT "};1{1@1}", "build" },
	{ SRC ";1{1@0}2{1{1'sh'3'/'7'ds01-u1001'" HOST "}" ROOT "};1{1@1}",
	    "build" },
	/* the second output where there is one */
	{ SRC ";1{1@0}2{" META ROOT "2{1=-1 3'/o'4=1}};1{1@1 2=1}", "" },
	{ SRC ";1{1@0}2{" META ROOT "2{1=-1 3'/o'4=1}};1{1@1 2=2}", "build" },
	{ SHELL("2{1=-1 3'/o'4=2}"), "build" },
	{ SHELL("2{1=-1 3'/o'4=0}"), "build" },
	{ SHELL("2{1=-1 3'/o'4=-2}"), "build" },
	/* mounts */
	{ SHELL("2{3'/x'4=-1}"), "" }, { SHELL("2{1=1 3'/x'4=-1}"), "build" },
	{ SHELL("2{1=-9 3'/x'4=-1}"), "build" },
	{ SHELL("2{1=4294967295 3'/x'4=-1}"), "build" },
	{ SHELL("2{4=-1}"), "build" }, { SHELL("2{3''4=-1}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=5}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=4294967299}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=1 6=0}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 9{}}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=4}"), "" },
	{ SHELL("2{1=9 3'/x'4=-1 6=4}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=4 19{1=-5}}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=1}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=1 21{1'id'4=256}}"), "" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=1 21{1'id'4=-1}}"), "build" },
	/* as clients write them, and not as an output */
	{ SHELL("2{3'/x'6=1 21{1'id'}}"), "" },
	{ SHELL("2{3'/x'6=1 21{}}2{3'/y'6=2 22{}}2{1=-1 3'/o'4=1}"), "" },
	{ SHELL("2{3'/x'4=1 6=1 21{1'id'}}"), "build" },
	{ SHELL("2{1=1 3'/x'6=1 21{1'id'}}"), "build" },
	{ SHELL("2{3'/x'6=4}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=2}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=2 22{1'id'}}"), "" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=3}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=3 20{}}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=3 20{1''}}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=3 20{1'u1000/c'2=2}}"), "" },
	{ SHELL("2{1=-1 3'/x'4=-1 6=3 20{1'u1001/c'}}"), "build" },
	{ SHELL("2{1=-1 3'/x'4=1 6=3 20{1'u1000/c'}}"), "build" },

	/* sources */
	{ "3{1'http://buildkit-session/x'};1{1@0}", "" },
	{ "3{1'https://h/x'};1{1@0}", "remote_source" },
	{ "3{1'git://h/x'};1{1@0}", "remote_source" },

	/* files */
	{ FILES("2{2=1 " COPY "}"), "" }, { DIR(""), "" },
	{ FILES("2{2=-1 3=-1 " MKDIR "}2{1=2 2=-1 5{1'/f'3'x'}}"), "" },
	{ FILES("2{2=-1 3=-1 " MKDIR "}2{1=2 2=-1 7{1'/f'}}"), "" },
	{ FILES("2{2=-1 8{1'/f'2'/g'}}"), "" },
	{ FILES(""), "build" }, { FILES("2{}"), "build" },
	{ FILES("2{2=-1}"), "build" },
	{ FILES("2{2=-1 " MKDIR COPY "}"), "build" },
	{ FILES("2{2=-1 9{}}"), "build" }, { FILES("3{}"), "build" },
	{ FILES("2{1=-2 2=-1 " MKDIR "}"), "build" },
	{ FILES("2{1=2 2=-1 " MKDIR "}"), "build" },	/* itself */
	{ FILES("2{1=3 2=-1 3=-1 " MKDIR "}2{2=-1 " MKDIR "}"), "build" },
	{ FILES("2{2=2 " COPY "}"), "build" },
	{ FILES("2{2=-6 " COPY "}"), "build" },
	{ FILES("2{2=-1 3=-1 " MKDIR "}"), "build" },	/* no output */
	{ FILES("2{2=-1 3=1 " MKDIR "}"), "build" },
	{ FILES(""), "build" },			/* nothing done */
	{ FILES("2{2=-1 3=-9 " MKDIR "}"), "build" },
	{ FILES("2{2=-1 " MKDIR "}2{2=-1 " MKDIR "}"), "build" },
	{ FILES("2{2=-1 7{}}"), "build" }, { FILES("2{2=-1 5{}}"), "build" },
	{ DIR("2=-1"), "" }, { DIR("2=-2"), "build" },
	{ DIR("2=4096"), "build" }, { DIR("5=-2"), "build" },
	{ DIR("9=1"), "build" }, { DIR("4{}"), "" },
	{ DIR("4{1{2=1000}2{1{1'root'2=1}}}"), "" },
	{ DIR("4{1{1{1'root'2=-1}}}"), "" },	/* BuildKit says so itself */
	{ DIR("4{1{1{1'root'2=2}}}"), "build" },
	{ DIR("4{1{1{1'root'2=40}}}"), "build" },
	{ DIR("4{1{1{1'root'2=-2}}}"), "build" },
	{ DIR("4{1{}}"), "build" }, { DIR("4{1{1{1'a'}2=1}}"), "build" },

	/* merges; differences */
	{ SRC ";" SRC2 ";1{1@0}1{1@1}6{1{}1{1=1}};1{1@2}", "" },
	{ SRC ";" SRC2 ";1{1@0}1{1@1}6{1{}};1{1@2}", "build" },
	{ SRC ";" SRC2 ";1{1@0}1{1@1}6{};1{1@2}", "build" },
	{ SRC ";1{1@0}6{1{}1{}};1{1@1}", "build" },
	{ SRC ";" SRC2 ";1{1@0}1{1@1}6{1{1=1}1{1=2}};1{1@2}", "build" },
	{ SRC ";" SRC2 ";1{1@0}1{1@1}6{1{}1{1=-1}};1{1@2}", "build" },
	{ SRC ";" SRC2 ";1{1@0}1{1@1}7{1{}2{1=1}};1{1@2}", "build" },
	{ "7{};1{1@0}", "build" },
};

static void
each_graph_has_its_answer(void **state)
{
	static const struct { const char *path, *before, *after; } ways[] = {
		{ CONTROL "Solve", "1'ref'2[", "]" },
		{ CONTROL "Solve", "1'ref'10{1'x'2[", "]}" },
		{ BRIDGE "Solve", "1[", "]" }, { BRIDGE "Solve", "13{1'x'2[", "]}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) * 4; i++) {
		const struct row *row = &rows[i / 4];
		struct buf text cleanup_buf = BUF_INIT(0);
		struct buf out cleanup_buf = BUF_INIT(0);
		char id[64] = "";
		enum h2_verdict v;

		buf_printf(&text, "%s%s%s", ways[i % 4].before, row->graph,
		    ways[i % 4].after);
		v = ask(ways[i % 4].path, text.data, &out, id);
		if ((v == H2_PASS) != (row->id[0] == '\0') ||
		    strcmp(id, row->id) != 0)
			fail_msg("%s: verdict %d, %s", text.data, v, id);
	}
}

/* Merges of the same two things double a name; so do the ways to a source by
 * any operation that has an input twice. */
static void
a_graph_does_not_grow_by_itself(void **state)
{
	static const char merge[] = "6{1{}1{1=1}}";
	static const char shell[] = "2{" META ROOT "}";
	static const struct {
		int name, times;
		const char *op;
		enum h2_verdict v;
	} way[] = {
		{ 1, 4, merge, H2_PASS }, { 4000, 3, merge, H2_PASS },
		{ 4000, 5, merge, H2_REFUSE }, { 1, 22, merge, H2_REFUSE },
		{ 1, 19, shell, H2_PASS }, { 1, 22, shell, H2_REFUSE },
	};

	(void)state;
	for (size_t w = 0; w < sizeof(way) / sizeof(way[0]); w++) {
		struct buf text cleanup_buf = BUF_INIT(0);
		struct buf out cleanup_buf = BUF_INIT(0);
		char id[64] = "";

		buf_printf(&text, "2[3{1'local://%0*d'}", way[w].name, 0);
		for (int i = 0; i < way[w].times; i++)
			buf_printf(&text, ";1{1@%d}1{1@%d}%s", i, i, way[w].op);
		buf_printf(&text, ";1{1@%d}]", way[w].times);
		assert_int_equal(ask(CONTROL "Solve", text.data, &out, id),
		    way[w].v);
	}
}

/* Where an operation comes from is a graph of its own. */
static void
places_in_a_dockerfile_are_left_out(void **state)
{
	struct buf a cleanup_buf = BUF_INIT(0), b cleanup_buf = BUF_INIT(0);
	char id[64] = "";

	(void)state;
	assert_int_equal(ask(BRIDGE "Solve", "1[" SRC ";1{1@0}|2{1@0 2{}}"
	    "3{1{1@0}2{3[" SRC "]}}]", &a, id), H2_PASS);
	assert_int_equal(ask(BRIDGE "Solve", "1[" SRC ";1{1@0}|2{1@0 2{}}]",
	    &b, id), H2_PASS);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, b.len);
	/* and the rest is there */
	assert_non_null(memmem(a.data, a.len, "docker-image://", 15));
}

static void
a_graph_has_an_end(void **state)
{
	struct buf text cleanup_buf = BUF_INIT(0);
	struct buf out cleanup_buf = BUF_INIT(0);
	struct buf m cleanup_buf = BUF_INIT(0);
	struct buf def cleanup_buf = BUF_INIT(0);
	struct buildkit_rules r = { .as = &alice, .graphs = true };
	struct refusal why = { .why = R_NONE };

	(void)state;
	for (int i = 0; i < 3000; i++) {
		char op[64];

		buf_reset(&m);
		snprintf(op, sizeof(op), "3{1'local://%d'}", i);
		notation(op, &m, NULL);
		pb_put_bytes(&def, 1, buf_span(&m));
	}
	assert_int_equal(buildkit_llb(&r, buf_span(&def), &out, &why),
	    R_BUILD);
	assert_non_null(strstr(why.detail, "operations"));
}

/* The digest is the operation's, by the one algorithm there is. */
static void
an_input_is_named_by_sha256(void **state)
{
	static const struct { const char *algorithm; enum h2_verdict v; } named[] = {
		{ "sha256", H2_PASS }, { "sha257", H2_REFUSE },
		{ "SHA256", H2_REFUSE },
	};
	struct buf op cleanup_buf = BUF_INIT(0);
	struct notation_ops ops = { .n = 0 };

	(void)state;
	notation(SRC, &op, NULL);
	notation_name(&ops, buf_span(&op));
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		struct buf text cleanup_buf = BUF_INIT(0);
		struct buf out cleanup_buf = BUF_INIT(0);
		char id[64] = "";

		buf_printf(&text, "1'ref'2[" SRC ";1{1'%s%s'}]",
		    named[i].algorithm, ops.digest[0] + 6);
		assert_int_equal(ask(CONTROL "Solve", text.data, &out, id),
		    named[i].v);
	}
}

/* Few operations can have many inputs: all of them together are counted. */
static void
inputs_have_an_end(void **state)
{
	struct buf def cleanup_buf = BUF_INIT(0), out cleanup_buf = BUF_INIT(0);
	struct buf op cleanup_buf = BUF_INIT(0), in cleanup_buf = BUF_INIT(0);
	struct notation_ops ops = { .n = 0 };
	struct buildkit_rules r = { .as = &alice, .graphs = true };
	struct refusal why = { .why = R_NONE };

	(void)state;
	notation(SRC, &op, NULL);
	notation_name(&ops, buf_span(&op));
	pb_put_bytes(&def, 1, buf_span(&op));
	pb_put_bytes(&in, 1, span_of(ops.digest[0]));
	for (int i = 0; i < 1700; i++) {
		char text[64];

		buf_reset(&op);
		for (int k = 0; k < 10; k++)
			pb_put_bytes(&op, 1, buf_span(&in));
		snprintf(text, sizeof(text), "2{1{1'sh%d'3'/'" HOST "}" ROOT
		    "}", i);
		notation(text, &op, NULL);
		pb_put_bytes(&def, 1, buf_span(&op));
	}
	assert_int_equal(buildkit_llb(&r, buf_span(&def), &out, &why),
	    R_BUILD);
	assert_non_null(strstr(why.detail, "16384 inputs"));
}

/* --- the other calls ------------------------------------------------------------------ */

#define R3 "1{3{1'r'}"
static const struct call_row {
	const char *path, *in, *out;	/* out NULL: refused */
} calls[] = {
	{ BRIDGE "Return", "1{}", "1{}" },
	{ BRIDGE "Return", "2{1=2 2'x'}", "2{1=2 2'x'}" },
	{ BRIDGE "Return", "", NULL }, { BRIDGE "Return", "3'x'", NULL },
	{ BRIDGE "Return", "1{}2{1=1}", NULL }, { BRIDGE "Return", "1=1", NULL },
	{ BRIDGE "Return", "1{}1{}", NULL },
	{ BRIDGE "Return", "2{}", NULL }, { BRIDGE "Return", "2{1=0}", NULL },
	{ BRIDGE "Return", "1{3{1'r'2{1'graph'}9'x'}11{}}", R3 "}" },
	{ BRIDGE "Return", "1{1'r'3{1'r'}}", NULL },
	/* an entry of a map has its value */
	{ BRIDGE "Return", "1{4{1{1'p'}}}", "1{4{1{1'p'2{}}}}" },
	{ BRIDGE "Return", "1{4{1{1'p'2{1'r'2{}}}}}", "1{4{1{1'p'2{1'r'}}}}" },
	{ BRIDGE "Return", R3 "12{1'p'}}", R3 "12{1'p'2{}}}" },
	{ BRIDGE "Return", R3 "12{1'p'2{1{1=1 3{1'r'2{}}6{1=1 2'd'}}}}}",
	    R3 "12{1'p'2{1{1=1 3{1'r'}6{1=1 2'd'}}}}}" },
	{ BRIDGE "Return", R3 "12{1'p'2{1{1=9}}}}", NULL },
	{ BRIDGE "Return", R3 "10{1'a'}}", R3 "10{1'a'2''}}" },
	{ BRIDGE "Return", R3 "10{1'containerimage.config'2'{}'}}",
	    R3 "10{1'containerimage.config'2'{}'}}" },
	{ BRIDGE "Return", R3 "10{1'containerimage.config'2'null'}}", NULL },
	{ BRIDGE "Return", R3 "10{1'containerimage.config/p'2'{\"a\":[null]}'}}",
	    NULL },
	{ BRIDGE "Return", R3 "10{1'refs.platforms'2'{\"P\":[null]}'}}", NULL },
	{ BRIDGE "Return", R3 "10{1'containerimage.base.config'2'x'}}", R3 "}" },
	/* a stack's frames would be taken apart */
	{ BRIDGE "Return", "2{1=1 3{1'github.com/moby/buildkit/stack.Stack+json'"
	    "2'{\"frames\":[null]}'}}", "2{1=1}" },
	{ BRIDGE "Return", "2{1=1 3{1'github.com/moby/buildkit/errdefs.Source"
	    "+json'2'{\"ranges\":[null]}'}}", "2{1=1}" },
	{ BRIDGE "Return", "2{1=1 3{1'github.com/moby/buildkit/errdefs.Source"
	    "+json'2'{\"ranges\":[{}]}'}}", "2{1=1 3{1'github.com/moby/buildkit/"
	    "errdefs.Source+json'2'{\"ranges\":[{}]}'}}" },

	{ BRIDGE "ResolveImageConfig", "1'x'2{1'a'}8{1=1 2{}}99=1",
	    "1'x'2{1'a'}" },
	{ BRIDGE "ResolveImageConfig", "1'x'2{9'a'}", NULL },
	{ BRIDGE "ResolveImageConfig", "1'x'5=2", NULL },
	{ BRIDGE "ResolveSourceMeta", "1{1'local://x'}8{1=1 2{}}",
	    "1{1'local://x'}" },
	{ BRIDGE "ResolveSourceMeta", "", NULL },
	{ BRIDGE "ResolveSourceMeta", "1{}", NULL },
	{ BRIDGE "ResolveSourceMeta", "1{1'git://h/x'}", NULL },
	{ BRIDGE "ReadFile", "1'r'2'f'3{1=1 2=2}4=9", "1'r'2'f'3{1=1 2=2}" },
	{ BRIDGE "ReadFile", "1'r'2'f'3{1=-1}", NULL },
	{ BRIDGE "ReadFile", "1'r'2'f'3{2=-1}", NULL },
	{ BRIDGE "ReadDir", "1'r'2'd'3'*'", "1'r'2'd'3'*'" },
	{ BRIDGE "StatFile", "1'r'2'f'", "1'r'2'f'" },
	{ BRIDGE "Evaluate", "1'r'", "1'r'" },
	{ BRIDGE "Warn", "1'd'2=1 3's'4'x'4'y'6{3{1{}}}7{}", "1'd'2=1 3's'4'x'4'y'" },
	{ BRIDGE "Ping", "1'x'", "" }, { BRIDGE "Inputs", "1'x'", "" },
	{ BRIDGE "Solve", "10=1 11'null'4'x'5=1", "5=1" },
	{ BRIDGE "Solve", "5=1 4'x'12{1'registry'2{1'ref'2'x'}}12{1'gha'}", "5=1" },
	{ BRIDGE "Solve", "15{1=1}", NULL },
	{ CONTROL "ListWorkers", "1'x'", "" }, { CONTROL "Info", "1'x'", "" },
	{ CONTENT "Read", "1'd'2=1 3=2", "1'd'2=1 3=2" },
	{ CONTENT "Read", "1'd'2=-1", NULL }, { CONTENT "Read", "1'd'3=-1", NULL },
	{ "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
	    "1{2{2{1'x'9{}}}}", "" },
};

static void
each_call_is_written_afresh(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct buf out cleanup_buf = BUF_INIT(0);
		struct buf want cleanup_buf = BUF_INIT(0);
		char id[64] = "";
		enum h2_verdict v = ask(calls[i].path, calls[i].in, &out, id);

		if ((v == H2_PASS) != (calls[i].out != NULL))
			fail_msg("%s %s: %d", calls[i].path, calls[i].in, v);
		if (calls[i].out == NULL)
			continue;
		notation(calls[i].out, &want, NULL);
		if (out.len != 5 + want.len || (want.len > 0 &&
		    memcmp(out.data + 5, want.data, want.len) != 0))
			fail_msg("%s %s: written otherwise", calls[i].path,
			    calls[i].in);
	}
}

/* Some engines end when a request says nothing of the cache. */
static void
the_cache_has_its_options(void **state)
{
	struct buf out cleanup_buf = BUF_INIT(0);
	char id[64] = "";

	(void)state;
	assert_int_equal(ask(CONTROL "Solve", "1'r'", &out, id), H2_PASS);
	assert_non_null(memmem(out.data, out.len, "r\x42\0", 3));
	buf_reset(&out);
	assert_int_equal(ask(CONTROL "Solve", "1'r'8{}", &out, id), H2_PASS);
	assert_non_null(memmem(out.data, out.len, "r\x42\0", 3));
	assert_null(memmem(out.data, out.len, "\x42\0\x42\0", 4));
}

/* FIPS 180-4's own examples, and both sides of a block's end. */
static void
digests_are_sha256(void **state)
{
	static const struct { const char *in; size_t times; const char *hex; }
	known[] = {
		{ "", 1, "e3b0c44298fc1c149afbf4c8996fb924"
		    "27ae41e4649b934ca495991b7852b855" },
		{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		    "248d6a61d20638b8e5c026930c3e6039"
		    "a33ce45964ff2167f6ecedd419db06c1" },
		{ "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67"
		    "f1809a48a497200e046d39ccc7112cd0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct buf in cleanup_buf = BUF_INIT(0);
		struct notation_ops ops = { .n = 0 };

		buf_puts(&in, "");
		for (size_t n = 0; n < known[i].times; n++)
			buf_puts(&in, known[i].in);
		notation_name(&ops, buf_span(&in));
		assert_string_equal(ops.digest[0] + 7, known[i].hex);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_sha256),
		cmocka_unit_test(each_graph_has_its_answer),
		cmocka_unit_test(a_graph_does_not_grow_by_itself),
		cmocka_unit_test(places_in_a_dockerfile_are_left_out),
		cmocka_unit_test(a_graph_has_an_end),
		cmocka_unit_test(an_input_is_named_by_sha256),
		cmocka_unit_test(inputs_have_an_end),
		cmocka_unit_test(each_call_is_written_afresh),
		cmocka_unit_test(the_cache_has_its_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
