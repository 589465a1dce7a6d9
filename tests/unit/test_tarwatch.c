/*
 * test_tarwatch.c - a tar read as it passes.
 *
 * links: tarwatch buf span
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tar_make.h"

static const char *const names[] = { "list", "other", NULL };
static char seen[1024];		/* "name=text;" of each member shown */

static int
show(void *arg, const char *name, struct span text)
{
	size_t n = strlen(seen);

	(void)arg;
	snprintf(seen + n, sizeof(seen) - n, "%s=%.*s;", name,
	    (int)(text.len < 40 ? text.len : 40), text.ptr);
	return text.len == 3 && memcmp(text.ptr, "bad", 3) == 0 ? -1 : 0;
}

/* The error, "" for none; step: bytes at a time. */
static const char *
read_all(struct span in, size_t step)
{
	struct tarwatch t;
	int rc = 0;
	const char *error;

	seen[0] = '\0';
	tarwatch_init(&t, names, show, NULL);
	for (size_t at = 0; at < in.len && rc == 0; at += step)
		rc = tarwatch_feed(&t, in.ptr + at, step < in.len - at ?
		    step : in.len - at);
	if (rc == 0)
		rc = tarwatch_end(&t);
	error = rc == 0 ? "" : t.error != NULL ? t.error : "shown";
	assert_int_equal(rc == 0, t.state != TAR_BAD);
	if (rc < 0)	/* it stays so */
		assert_int_equal(tarwatch_feed(&t, "x", 1), -1);
	tarwatch_free(&t);
	return error;
}

/* Read whole, by blocks, and byte by byte: it comes to the same. */
static void
check(const char *what, struct buf *b, const char *error, const char *shown)
{
	static const size_t steps[] = { 1 << 20, TAR_BLOCK, 1, 7 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const char *got = read_all(buf_span(b), steps[i]);

		if (strcmp(got, error) != 0 || (shown != NULL &&
		    strcmp(seen, shown) != 0))
			fail_msg("%s, step %zu: \"%s\", shown \"%s\"", what,
			    steps[i], got, seen);
	}
	buf_reset(b);
}

/* --- one member, by its header --- */

#define NAME "a member's name with empty parts or dots"
#define NONE "a member without a name"
#define LINK "a link or directory in the place of a list of names"
#define BODY "a link or directory with a body"
#define KIND "a member that is neither file, directory nor link"

static const struct {
	const char *name;
	char type;
	const char *body, *error, *shown;
} members[] = {
	{ "list", '0', "x", "", "list=x;" },
	{ "list", '\0', "x", "", "list=x;" },
	{ "other", '0', "", "", "other=;" },
	{ "./list", '0', "x", "", "list=x;" },
	{ "././list", '0', "x", "", "list=x;" },
	{ "d/list", '0', "x", "", "list=x;" },
	{ "list/", '0', "x", "", "list=x;" },
	{ "list", '0', "bad", "shown", "list=bad;" },
	{ "LIST", '0', "x", "", "" },
	{ "alist", '0', "x", "", "" },
	{ "list.d", '0', "x", "", "" },
	{ "list/a", '0', "x", "", "" },
	{ "./", '5', "", "", "" },
	{ ".", '5', "", "", "" },
	{ "d/", '5', "", "", "" },
	{ "d/", '\0', "", "", "" },
	{ "ab/layer.tar", '2', "", "", "" },
	{ "ab/layer.tar", '1', "", "", "" },

	{ "/list", '0', "x", NAME, "" },
	{ "d//list", '0', "x", NAME, "" },
	{ "d/./list", '0', "x", NAME, "" },
	{ "d/../list", '0', "x", NAME, "" },
	{ "../list", '0', "x", NAME, "" },
	{ "list/.", '0', "x", NAME, "" },
	{ "list/x/..", '0', "x", NAME, "" },
	{ "..", '5', "", NAME, "" },
	{ "", '0', "x", NONE, "" },
	{ ".", '0', "x", NONE, "" },
	{ "././", '0', "x", NONE, "" },
	{ "/", '2', "", NONE, "" },
	{ "list", '5', "", LINK, "" },
	{ "list/", '\0', "", LINK, "" },
	{ "list", '1', "", LINK, "" },
	{ "d/list", '2', "", LINK, "" },
	{ "d", '5', "x", BODY, "" },
	{ "d", '2', "x", BODY, "" },
	{ "d/", '\0', "x", BODY, "" },
	{ "f", '3', "", KIND, "" },
	{ "f", '6', "", KIND, "" },
	{ "f", '7', "x", KIND, "" },
	{ "f", 'S', "x", KIND, "" },
	{ "f", 'V', "x", KIND, "" },
	{ "f", 'X', "x", KIND, "" },
};

static void
reads_members(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		tar_add(&b, members[i].name, members[i].type, members[i].body);
		tar_finish(&b);
		check(members[i].name, &b, members[i].error, members[i].shown);
	}
}

/* All of a name are shown, and what lies between them is passed over. */
static void
shows_each(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0);
	char big[2000];

	(void)state;
	memset(big, 'b', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	tar_add(&b, "blob", '0', big);
	tar_add(&b, "list", '0', "one");
	tar_add(&b, "d/", '5', "");
	tar_add(&b, "d/list", '0', "two");
	tar_add(&b, "other", '0', big);
	tar_add(&b, "blob", '0', "");
	tar_add(&b, "list", '0', "");
	tar_finish(&b);
	buf_puts(&b, "what stands behind the end is not read");
	check("each", &b, "", "list=one;list=two;other="
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb;list=;");
	tar_add(&b, "list", '0', "one");
	check("no end", &b, "", "list=one;");
	check("nothing", &b, "", "");
}

/* --- headers --- */

struct change {
	const char *what;
	size_t at;
	const char *bytes;
	size_t n;
	const char *error, *shown;
};

#define PUT(at, s) at, s, sizeof(s) - 1
static const struct change changes[] = {
	{ "GNU magic", PUT(257, "ustar  \0"), "", "list=x;" },
	{ "no magic", PUT(257, "\0\0\0\0\0\0\0\0"), "", "list=x;" },
	{ "prefix", PUT(345, "some/where"), "", "list=x;" },
	{ "size with spaces", PUT(124, "         1 \0"), "", "list=x;" },
	{ "binary size", PUT(124, "\x80\0\0\0\0\0\0\0\0\0\0\1"), "",
	    "list=x;" },
	{ "other magic", PUT(257, "ustar\0" "01"), "not a tar", "" },
	{ "magic of nobody", PUT(257, "USTAR\0" "00"), "not a tar", "" },
	{ "size of nothing", PUT(124, "\0\0\0\0\0\0\0\0\0\0\0\0"), "",
	    "list=;" },
	{ "no octal", PUT(124, "00000000008\0"), "a strange size", "" },
	{ "a sign", PUT(124, "+0000000001\0"), "a strange size", "" },
	{ "two numbers", PUT(124, "1\0" "0000000000"), "a strange size", "" },
	{ "NUL in front", PUT(124, "\0" "0000000001\0"), "a strange size",
	    "" },
	{ "binary, negative", PUT(124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\xff\xff"), "a strange size", "" },
	{ "binary, too long", PUT(124, "\x80\0\0\0\0\1\0\0\0\0\0\0"),
	    "too long a list of names", "" },
	{ "binary, far too long", PUT(124, "\x80\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\xff\xff\1"), "a strange size", "" },
	{ "five megabytes", PUT(124, "00023420000\0"),
	    "too long a list of names", "" },
};

static void
reads_headers(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *c = &changes[i];
		unsigned char h[TAR_BLOCK];

		tar_head(h, "list", '0', 1);
		memcpy(h + c->at, c->bytes, c->n);
		tar_sum(h);
		buf_add(&b, h, sizeof(h));
		if (strcmp(c->shown, "list=;") != 0)
			tar_body(&b, "x", 1);
		tar_finish(&b);
		check(c->what, &b, c->error, c->shown);
	}
	/* what is not what its sum says */
	tar_add(&b, "list", '0', "x");
	b.data[0] = 'm';
	check("sum", &b, "not a tar", "");
	tar_add(&b, "list", '0', "x");
	memset(b.data + 148, '\0', 8);
	check("no sum", &b, "not a tar", "");
	/* a prefix must not become the name */
	for (int i = 0; i < 2; i++) {
		unsigned char h[TAR_BLOCK];

		tar_head(h, i == 0 ? "." : "", '5', 0);
		memcpy(h + 345, "list", 4);
		tar_sum(h);
		buf_add(&b, h, sizeof(h));
		check("prefix alone", &b, NONE, "");
	}
}

/* --- long names and attributes --- */

#define SEVERAL "a member with several names"
#define PLAIN "attributes that are not plain"
#define STRANGE "a name or attributes of a strange size"

static const struct {
	const char *what;
	struct { const char *name; char type; const char *body; } m[4];
	const char *error, *shown;
} series[] = {
	{ "a long name", { { "L", 'L', "a/very/long/list" },
	    { "x", '0', "y" } }, "", "list=y;" },
	{ "a long name is the name", { { "L", 'L', "blob" },
	    { "list", '0', "y" } }, "", "" },
	{ "for one member only", { { "L", 'L', "blob" }, { "x", '0', "y" },
	    { "list", '0', "z" } }, "", "list=z;" },
	{ "a long link", { { "K", 'K', "somewhere" }, { "L", 'L', "x/y" },
	    { "y", '2', "" } }, "", "" },
	{ "a path", { { "P", 'x', "13 path=list\n" }, { "x", '0', "y" } }, "",
	    "list=y;" },
	{ "a time and a path", { { "P", 'x', "20 mtime=1731923.25\n"
	    "13 path=list\n" }, { "x", '0', "y" } }, "", "list=y;" },
	{ "a size", { { "P", 'x', "10 size=3\n" }, { "list", '0', "abc" } },
	    "", "list=abc;" },
	{ "of the whole archive", { { "P", 'g', "13 path=list\n" },
	    { "x", '0', "y" }, { "list", '0', "z" } }, "", "list=z;" },

	{ "two long names", { { "L", 'L', "list" }, { "L", 'L', "x" },
	    { "x", '0', "y" } }, SEVERAL, "" },
	{ "long name and attributes", { { "L", 'L', "x" },
	    { "P", 'x', "13 path=list\n" } }, SEVERAL, "" },
	{ "attributes and long name", { { "P", 'x', "13 path=list\n" },
	    { "L", 'L', "x" } }, SEVERAL, "" },
	{ "attributes twice", { { "P", 'x', "13 path=list\n" },
	    { "P", 'x', "10 size=1\n" } }, SEVERAL, "" },
	{ "attributes, then global ones", { { "P", 'x', "13 path=list\n" },
	    { "P", 'g', "10 size=1\n" } }, SEVERAL, "" },
	{ "long name, then global ones", { { "L", 'L', "x" },
	    { "P", 'g', "10 size=1\n" } }, SEVERAL, "" },
	{ "two paths", { { "P", 'x', "13 path=list\n10 path=x\n" } }, PLAIN,
	    "" },
	{ "two sizes", { { "P", 'x', "10 size=3\n10 size=1\n" } }, PLAIN,
	    "" },
	{ "no path", { { "P", 'x', "8 path=\n" } }, PLAIN, "" },
	{ "no key", { { "P", 'x', "7 =abc\n" } }, PLAIN, "" },
	{ "no value", { { "P", 'x', "7 path\n" } }, PLAIN, "" },
	{ "a leading zero", { { "P", 'x', "013 path=list\n" } }, PLAIN, "" },
	{ "too short", { { "P", 'x', "12 path=list\n" } }, PLAIN, "" },
	{ "too long", { { "P", 'x', "14 path=list\n" } }, PLAIN, "" },
	{ "no number", { { "P", 'x', "path=list\n" } }, PLAIN, "" },
	{ "a negative size", { { "P", 'x', "11 size=-3\n" } }, PLAIN, "" },
	{ "sparse", { { "P", 'x', "24 GNU.sparse.name=list\n" } }, PLAIN,
	    "" },
	{ "empty attributes", { { "P", 'x', "" } }, STRANGE, "" },
	{ "empty long name", { { "L", 'L', "" } }, STRANGE, "" },
	{ "dots in a long name", { { "L", 'L', "a/../list" },
	    { "x", '0', "y" } }, NAME, "" },
	{ "a size for a link", { { "P", 'x', "10 size=3\n" },
	    { "x", '2', "" } }, BODY, "" },
	{ "a link by attributes", { { "P", 'x', "13 path=list\n" },
	    { "x", '2', "" } }, LINK, "" },
};

static void
reads_names_in_front(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	(void)state;
	for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++) {
		for (size_t k = 0; k < 4 && series[i].m[k].name != NULL; k++)
			tar_add(&b, series[i].m[k].name, series[i].m[k].type,
			    series[i].m[k].body);
		tar_finish(&b);
		check(series[i].what, &b, series[i].error, series[i].shown);
	}
}

/* A long name ends at its first NUL, as in Go. */
static void
ends_names_at_nul(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0);
	unsigned char h[TAR_BLOCK];

	(void)state;
	tar_head(h, "L", 'L', 9);
	tar_sum(h);
	buf_add(&b, h, sizeof(h));
	tar_body(&b, "list\0blob", 9);
	tar_add(&b, "x", '0', "y");
	check("NUL in a long name", &b, "", "list=y;");
	tar_head(h, "P", 'x', 15);
	tar_sum(h);
	buf_add(&b, h, sizeof(h));
	tar_body(&b, "15 path=a\0list\n", 15);
	tar_add(&b, "x", '0', "y");
	check("NUL in a path", &b, NAME, "");
	tar_head(h, "L", 'L', TAR_SPECIAL_MAX + 1);
	tar_sum(h);
	buf_add(&b, h, sizeof(h));
	check("a name without end", &b, STRANGE, "");
}

static void
needs_a_whole_end(void **state)
{
	static const char zeros[TAR_BLOCK];
	struct buf b cleanup_buf = BUF_INIT(0);

	(void)state;
	tar_add(&b, "list", '0', "x");
	buf_add(&b, zeros, sizeof(zeros));
	tar_add(&b, "list", '0', "y");
	check("one empty block", &b, "one empty block", "list=x;");
	tar_add(&b, "list", '0', "x");
	buf_add(&b, zeros, sizeof(zeros));
	check("only one", &b, "it broke off", "list=x;");
	tar_add(&b, "list", '0', "x");
	buf_add(&b, zeros, 100);
	check("part of a header", &b, "it broke off", "list=x;");
	tar_add(&b, "list", '0', "xyz");
	b.len = TAR_BLOCK + 2;
	check("part of a body", &b, "it broke off", "");
	tar_add(&b, "L", 'L', "list");
	check("a name and no member", &b, "it broke off", "");
	tar_add(&b, "L", 'L', "list");
	tar_finish(&b);
	check("a name and the end", &b, "a name without a member", "");
}

/* --- links and big files ---------------------------------------------------- */

static char heavy_seen[1024];

static int
show_heavy(void *arg, struct span name)
{
	size_t n = strlen(heavy_seen);

	(void)arg;
	snprintf(heavy_seen + n, sizeof(heavy_seen) - n, "%.*s;",
	    (int)name.len, name.ptr);
	return span_eq(name, "stop") ? -1 : 0;
}

static const char *
read_heavy(struct buf *b)
{
	static char error[100];
	struct tarwatch t;
	int rc;

	heavy_seen[0] = '\0';
	tarwatch_init(&t, names, show, NULL);
	t.heavy = show_heavy;
	rc = tarwatch_feed(&t, b->data, b->len);
	snprintf(error, sizeof(error), "%s", rc == 0 ? "" :
	    t.error != NULL ? t.error : "stopped");
	tarwatch_free(&t);
	buf_reset(b);
	return error;
}

static void
add_sized(struct buf *b, const char *name, size_t size, const char *prefix)
{
	unsigned char h[TAR_BLOCK];

	tar_head(h, name, '0', size);
	memcpy(h + 345, prefix, strlen(prefix));
	tar_sum(h);
	buf_add(b, h, sizeof(h));
}

static void
shows_links_and_big_files(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	(void)state;
	tar_add(&b, "small", '0', "x");
	tar_add(&b, "./a/soft", '2', "");
	tar_add(&b, "hard/", '1', "");
	tar_add(&b, "d", '5', "");
	tar_add(&b, "L", 'L', "a/very/long/link");
	tar_add(&b, "x", '2', "");
	tar_add(&b, "P", 'x', "10 path=p\n16 size=4194305\n");
	add_sized(&b, "x", 0, "");
	assert_string_equal(read_heavy(&b), "");
	assert_string_equal(heavy_seen, "a/soft;hard;a/very/long/link;p;");
	add_sized(&b, "d/big", TAR_HELD_MAX + 1, "");
	assert_string_equal(read_heavy(&b), "");
	assert_string_equal(heavy_seen, "d/big;");
	add_sized(&b, "fits", TAR_HELD_MAX, "");
	assert_string_equal(read_heavy(&b), "");
	assert_string_equal(heavy_seen, "");
	tar_add(&b, "stop", '2', "");
	assert_string_equal(read_heavy(&b), "stopped");
	add_sized(&b, "big", TAR_HELD_MAX + 1, "some");
	assert_string_equal(read_heavy(&b),
	    "a big file or link with a name in two parts");
	add_sized(&b, "small", 0, "some");
	assert_string_equal(read_heavy(&b), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_members), cmocka_unit_test(shows_each),
		cmocka_unit_test(reads_headers),
		cmocka_unit_test(reads_names_in_front),
		cmocka_unit_test(ends_names_at_nul),
		cmocka_unit_test(needs_a_whole_end),
		cmocka_unit_test(shows_links_and_big_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
