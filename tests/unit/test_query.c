/*
 * test_query.c - parameters are read as dockerd reads them, or refused.
 * links: query buf reason span json json_check json_walk
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "query.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct param rows[] = {
	{ .name = "all", .type = P_BOOL },
	{ .name = "n", .type = P_INT },
	{ .name = "w", .type = P_INT, .min = 1, .max = 100 },
	{ .name = "name", .type = P_TEXT },
	{ .name = "t", .type = P_TEXT, .repeat = true },
	{ .name = "comment", .type = P_LINES },
	{ .name = "changes", .type = P_CHANGE, .repeat = true },
	{ .name = "path", .type = P_PATH },
	{ .name = "labels", .type = P_JSON },
	{ .name = "filters", .type = P_FILTERS },
	{ .name = "container", .type = P_CONTAINER },
	{ .name = "remote", .type = P_DENY, .why = R_REMOTE_SOURCE,
	    .accept = "client-session" },
	{ .name = "checkpoint", .type = P_DENY, .why = R_PARAMETER },
	{ .name = NULL },
};

/* What an ordinary user sends, and what goes on. */
static const struct {
	const char *in, *out;
} rewritten[] = {
	{ "", "" }, { "&&", "" }, { "all=1", "?all=1" },
	{ "all=true", "?all=1" }, { "all=f", "?all=1" },
	{ "all=off", "?all=1" }, { "all=2", "?all=1" },
	{ "all=0", "?all=0" }, { "all=no", "?all=0" },
	{ "all=FALSE", "?all=0" }, { "all=None", "?all=0" },
	{ "all=+no+", "?all=0" }, { "all=%20", "?all=0" },
	{ "all", "?all=" }, { "all=", "?all=" },
	{ "%61ll=%31", "?all=1" }, { "ALL=1", "" }, { "unknown=x", "" },
	{ "unknown=a%0ab&all=1", "?all=1" },
	{ "n=-007", "?n=-7" }, { "n=0", "?n=0" }, { "n=-0", "?n=0" },
	{ "n=9223372036854775807", "?n=9223372036854775807" },
	{ "n=", "?n=" }, { "w=1", "?w=1" }, { "w=100", "?w=100" },
	{ "name=a+b%2Bc%25", "?name=a%20b%2Bc%25" },
	{ "name=a=b", "?name=a%3Db" },
	{ "name=%C3%A9", "?name=%C3%A9" },
	{ "name=x%26all%3D1", "?name=x%26all%3D1" },
	{ "name=a%3Bb", "?name=a%3Bb" },
	{ "t=a:1&t=b:2", "?t=a:1&t=b:2" },
	{ "comment=a%0Ab%09c", "?comment=a%0Ab%09c" },
	{ "changes=ENV+A=1&changes=CMD+%5B%22a%22%5D",
	    "?changes=ENV%20A%3D1&changes=CMD%20%5B%22a%22%5D" },
	{ "changes=", "?changes=" },
	{ "changes=ENV+P=%24P:/x", "?changes=ENV%20P%3D%24P:/x" },
	{ "path=/a/..%2fb", "?path=/a/../b" },
	{ "labels={\"a\":%20\"b\"}", "?labels=%7B%22a%22:%22b%22%7D" },
	{ "labels=", "?labels=" },
	{ "container=web-1", "?container=web-1" },
	{ "remote=client-session", "?remote=client-session" },
	{ "remote=", "" }, { "remote=0", "" }, { "remote=%5B%5D", "" },
	{ "checkpoint=none&checkpoint=", "" }, { "checkpoint", "" },
};

static void
test_rewritten(void **state)
{
	struct refusal why;
	size_t i;

	(void)state;
	for (i = 0; i < N(rewritten); i++) {
		cleanup_query struct query q = { .n = 0 };
		cleanup_buf struct buf b = BUF_INIT(0);

		if (query_parse(&q, span_of(rewritten[i].in), rows, false,
		    &why) != R_NONE)
			fail_msg("refused: %s (%s)", rewritten[i].in,
			    why.detail);
		assert_int_equal(query_write(&q, &b), 0);
		assert_string_equal(b.data ? b.data : "", rewritten[i].out);
	}
}

static const struct {
	const char *in;
	enum reason why;
} refused[] = {
	{ "all=1;name=x", R_BAD_QUERY }, { ";", R_BAD_QUERY },
	{ "name=%", R_BAD_QUERY }, { "name=%1", R_BAD_QUERY },
	{ "name=%zz", R_BAD_QUERY }, { "name=%-1", R_BAD_QUERY },
	{ "unknown=%zz", R_BAD_QUERY }, { "%zz=1", R_BAD_QUERY },
	{ "name=a%00b", R_BAD_QUERY }, { "unknown=%00", R_BAD_QUERY },
	{ "na%00me=a", R_BAD_QUERY }, { "name=a%0Ab", R_BAD_QUERY },
	{ "name=a%1B", R_BAD_QUERY }, { "name=%7F", R_BAD_QUERY },
	{ "name=%C2%85", R_BAD_QUERY }, { "name=%FF", R_BAD_QUERY },
	{ "name=%C0%80", R_BAD_QUERY }, { "name=%ED%A0%80", R_BAD_QUERY },
	{ "comment=%1B", R_BAD_QUERY }, { "path=a%0A", R_BAD_QUERY },
	{ "all=1&all=1", R_BAD_QUERY }, { "all=1&%61ll=0", R_BAD_QUERY },
	{ "name=a&t=x&name=b", R_BAD_QUERY },
	{ "n=+1", R_BAD_QUERY }, { "n=%2B1", R_BAD_QUERY },
	{ "n=1.5", R_BAD_QUERY }, { "n=1e3", R_BAD_QUERY },
	{ "n=0x1", R_BAD_QUERY }, { "n=-", R_BAD_QUERY },
	{ "n=%201", R_BAD_QUERY }, { "n=9223372036854775808", R_BAD_QUERY },
	{ "w=0", R_BAD_QUERY }, { "w=101", R_BAD_QUERY },
	{ "w=-1", R_BAD_QUERY },
	{ "changes=ENV+A=1+%5C", R_BAD_QUERY },
	{ "changes=ENV+A=1+%5C+%09", R_BAD_QUERY },
	{ "changes=ENV+A=1%60", R_BAD_QUERY },
	{ "changes=%23+escape%3D%60", R_BAD_QUERY },
	{ "changes=+%23x", R_BAD_QUERY },
	{ "changes=ENV+a=$a$a$a$a&changes=ENV+a=$a$a$a$a$a", R_BAD_QUERY },
	{ "changes=ENV+A=1%0ALABEL+ds01.user=x", R_BAD_QUERY },
	{ "labels={", R_BAD_QUERY },
	{ "labels={\"a\":1,\"a\":2}", R_BAD_QUERY },
	{ "labels={\"a\":\"%5Cu0000\"}", R_BAD_QUERY },
	{ "container=", R_BAD_QUERY }, { "container=/a", R_BAD_QUERY },
	{ "container=a/b", R_BAD_QUERY }, { "container=-a", R_BAD_QUERY },
	{ "container=a%20b", R_BAD_QUERY },
	{ "remote=http://a/", R_REMOTE_SOURCE }, { "remote=1",
	    R_REMOTE_SOURCE },
	{ "remote=Client-session", R_REMOTE_SOURCE },
	{ "checkpoint=x", R_PARAMETER },
	{ "checkpoint=&checkpoint=x", R_PARAMETER },
};

static void
test_refused(void **state)
{
	struct refusal why;
	enum reason r;
	size_t i;

	(void)state;
	for (i = 0; i < N(refused); i++) {
		struct query q;

		r = query_parse(&q, span_of(refused[i].in), rows, false,
		    &why);
		if (r != refused[i].why || why.why != r)
			fail_msg("%s: reason %d", refused[i].in, (int)r);
		assert_int_equal(q.n, 0);	/* nothing to free */
		assert_null(q.text);
	}
}

/* As api.md c.6: two encodings, a flag without meaning. */
static const struct {
	const char *in, *out;	/* NULL: refused */
} filters[] = {
	{ "{\"label\":{\"a=b\":true}}", "{\"label\":{\"a=b\":true}}" },
	{ "{\"label\":{\"a=b\":false}}", "{\"label\":{\"a=b\":true}}" },
	{ "{\"label\":[\"a=b\",\"c\",\"a=b\"]}",
	    "{\"label\":{\"a=b\":true,\"c\":true}}" },
	{ "{\"a\":{\"1\":true},\"b\":{\"2\":true,\"3\":true}}",
	    "{\"a\":{\"1\":true},\"b\":{\"2\":true,\"3\":true}}" },
	{ "{\"a\":[\"1\"],\"b\":[]}", "{\"a\":{\"1\":true},\"b\":{}}" },
	{ "{\"a\":null}", "{\"a\":{}}" }, { "null", "{}" }, { "{}", "{}" },
	{ "{\"label\":[\"a=\\u003cb\"]}", "{\"label\":{\"a=<b\":true}}" },
	{ "{\"label\":[\"a=\\\"\"]}", "{\"label\":{\"a=\\\"\":true}}" },
	{ "[]", NULL }, { "[\"a\"]", NULL }, { "\"a\"", NULL },
	{ "1", NULL }, { "{\"a\":\"b\"}", NULL }, { "{\"a\":true}", NULL },
	{ "{\"a\":{\"b\":1}}", NULL }, { "{\"a\":{\"b\":null}}", NULL },
	{ "{\"a\":{\"b\":\"true\"}}", NULL }, { "{\"a\":[1]}", NULL },
	{ "{\"a\":[[\"b\"]]}", NULL }, { "{\"a\":[null]}", NULL },
	{ "{\"a\":{\"b\":true},\"c\":[\"d\"]}", NULL },
	{ "{\"a\":{\"b\":true},\"a\":{\"c\":true}}", NULL },
	{ "{\"a\":{\"b\":true,\"b\":false}}", NULL },
	{ "{\"a\":{\"b\\u0000\":true}}", NULL }, { "{\"a\":{}} x", NULL },
	{ "{\"a\":{}", NULL },
};

static void
test_filters(void **state)
{
	struct refusal why;
	enum reason r;
	size_t i;

	(void)state;
	for (i = 0; i < N(filters); i++) {
		cleanup_query struct query q = { .n = 0 };
		cleanup_buf struct buf b = BUF_INIT(0);

		buf_puts(&b, "filters=");
		query_encode(&b, filters[i].in, "");
		r = query_parse(&q, buf_span(&b), rows, false, &why);
		if (r != (filters[i].out ? R_NONE : R_BAD_QUERY))
			fail_msg("%s: reason %d", filters[i].in, (int)r);
		if (filters[i].out != NULL)
			assert_string_equal(query_get(&q, "filters"),
			    filters[i].out);
	}
}

static void
test_filters_bound(void **state)
{
	cleanup_buf struct buf b = BUF_INIT(0);
	struct refusal why;
	struct query q;
	int i, n;

	(void)state;
	for (n = 1024; n <= 1025; n++) {
		buf_reset(&b);
		buf_puts(&b, "filters={\"id\":[\"0\"");
		for (i = 1; i < n; i++)
			buf_printf(&b, ",\"%d\"", i);
		buf_puts(&b, "]}");
		assert_int_equal(query_parse(&q, buf_span(&b), rows, false,
		    &why), n == 1024 ? R_NONE : R_BAD_QUERY);
		query_free(&q);
	}
}

static void
test_admin(void **state)
{
	struct refusal why;
	struct query q;

	(void)state;
	assert_int_equal(query_parse(&q, span_of("remote=http://a/&"
	    "checkpoint=x"), rows, true, &why), R_NONE);
	assert_string_equal(query_get(&q, "remote"), "http://a/");
	assert_string_equal(query_get(&q, "checkpoint"), "x");
	query_free(&q);
	assert_int_equal(query_parse(&q, span_of("remote=%00"), rows, true,
	    &why), R_BAD_QUERY);
	assert_int_equal(query_parse(&q, span_of("remote=a&remote=b"), rows,
	    true, &why), R_BAD_QUERY);
}

static void
test_many(void **state)
{
	cleanup_buf struct buf b = BUF_INIT(0);
	struct refusal why;
	struct query q;
	int i;

	(void)state;
	for (i = 0; i < QUERY_PARAMS_MAX; i++)
		buf_puts(&b, "t=x&");
	assert_int_equal(query_parse(&q, buf_span(&b), rows, false, &why),
	    R_NONE);
	assert_int_equal(q.n, QUERY_PARAMS_MAX);
	assert_int_equal(query_set(&q, rows, "t", "y"), -1);
	assert_int_equal(query_set(&q, rows, "all", "1"), -1);
	query_free(&q);
	buf_puts(&b, "all=1");
	assert_int_equal(query_parse(&q, buf_span(&b), rows, false, &why),
	    R_BAD_QUERY);
	buf_reset(&b);
	buf_puts(&b, "u=");
	while (b.len <= QUERY_MAX)
		buf_puts(&b, "x");
	assert_int_equal(query_parse(&q, buf_span(&b), rows, false, &why),
	    R_BAD_QUERY);
}

static void
test_set(void **state)
{
	cleanup_query struct query q = { .n = 0 };
	cleanup_buf struct buf b = BUF_INIT(0);
	struct refusal why;

	(void)state;
	query_parse(&q, span_of("container=web&t=a&all=no"), rows, false,
	    &why);
	assert_false(query_true(&q, "all"));
	assert_false(query_true(&q, "absent"));
	assert_int_equal(query_set(&q, rows, "container", "0123"), 0);
	assert_int_equal(query_set(&q, rows, "container", "4567"), 0);
	assert_int_equal(query_set(&q, rows, "t", "b"), 0);
	assert_int_equal(query_set(&q, rows, "name", "x y"), 0);
	assert_int_equal(query_set(&q, rows, "all", "1"), 0);
	assert_int_equal(query_set(&q, rows, "absent", "1"), -1);
	assert_true(query_true(&q, "all"));
	query_write(&q, &b);
	assert_string_equal(b.data,
	    "?container=4567&t=a&all=1&t=b&name=x%20y");
	query_drop(&q, "t");
	query_drop(&q, "name");
	assert_null(query_get(&q, "t"));
	buf_reset(&b);
	query_write(&q, &b);
	assert_string_equal(b.data, "?container=4567&all=1");
	query_drop(&q, "container");
	query_drop(&q, "all");
	buf_reset(&b);
	query_write(&q, &b);
	assert_string_equal(b.data, "");
}

static void
test_codes(void **state)
{
	cleanup_buf struct buf b = BUF_INIT(0);
	char out[8];

	(void)state;
	query_encode(&b, "aZ9-._~ /%&=\xc3\xa9", "/");
	assert_string_equal(b.data, "aZ9-._~%20/%25%26%3D%C3%A9");
	assert_true(query_decode(span_of("a%2fb+"), false, out, sizeof(out)));
	assert_string_equal(out, "a/b+");
	assert_true(query_decode(span_of("a+%2b"), true, out, sizeof(out)));
	assert_string_equal(out, "a +");
	assert_true(query_decode(span_of("%252F"), true, out, sizeof(out)));
	assert_string_equal(out, "%2F");
	assert_true(query_decode(span_of("1234567"), true, out, 8));
	assert_false(query_decode(span_of("12345678"), true, out, 8));
	assert_false(query_decode(span_of("%0a"), true, out, 8));
	assert_false(query_decode(span_of("%00"), true, out, 8));
	assert_false(query_decode(span_of("%2"), true, out, 8));
	assert_false(query_decode(span_of(""), true, out, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rewritten),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_filters_bound),
		cmocka_unit_test(test_admin),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_codes),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
