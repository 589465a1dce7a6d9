/*
 * test_json.c - one reading of every text, and unchanged bytes.
 *
 * links: json json_check json_walk buf span reason
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "json.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const char *const good[] = {
	"{}", "[]", "null", "true", "0", "-0", "\"\"", " {\"a\" : [1, 2]}\r\n",
	"{\"a\":{\"b\":1},\"c\":{\"b\":1}}", "[0.5,1e3,1E-2,-1.25e+10]",
	"9007199254740992", "-9007199254740992", "\"\\ud83d\\ude00 \xc3\xa9\"",
	"{\"a\":1,\"A\":2}", "\"\\n\\t\\/\\\\\\\"\"", "{\"\\u003cx\":1}", "\"\x7f\"",
	"\"\xf4\x8f\xbf\xbf\"", "{\"\xc5\xbf\":1}",
};

static const char *const wrong[] = {
	"", " ", "{", "}", "[", "]", "{]", "[}", "{\"a\"}", "{\"a\":}",
	"{\"a\":1,}", "[1,]", "[,1]", "{,}", "1 2", "{} x", "{}{}", "01", "1.",
	".5", "+1", "-", "1e", "1e+", "0x1", "NaN", "Infinity", "1e400", "-15e+15", "1e17", "90071992547409930e0",
	"9007199254740993", "-9007199254740993", "99999999999999999999999",
	"tru", "nul", "True", "'a'", "\"a", "\"\\x\"", "\"\\u00g0\"",
	"\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\\udc00\"",
	"\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"", "\"\t\"", "\"\n\"",
	"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
	"\"\xf4\x90\x80\x80\"", "\"\xc3\"", "\xef\xbb\xbf{}", "{1:2}",
	"{\"a\":1,\"a\":1}", "{\"<\":1,\"\\u003c\":1}",
	"{\"x\":[{\"a\":1,\"b\":2,\"a\":3}]}", "{\"\":1,\"\":2}",
	"{\"\xc3\xa9\":1,\"\\u00e9\":2}", "{\"a\":{\"q\":1},\"b\":1,\"a\":2}",
	"/* */ {}", "{\"a\":1 \"b\":2}", "[1 2]", ":", ",", "\v1", "1\f",
	"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":1}",
	"0.1234567890123456789012345678901234567890123456789012345678901",
};

static void
test_check(void **state)
{
	struct refusal why;

	(void)state;
	for (size_t i = 0; i < N(good); i++) {
		if (json_check(span_of(good[i]), &why) != R_NONE)
			fail_msg("refused: %s (%s)", good[i], why.detail);
	}
	for (size_t i = 0; i < N(wrong); i++) {
		if (json_check(span_of(wrong[i]), &why) != R_BAD_JSON)
			fail_msg("accepted: %s", wrong[i]);
		assert_int_equal(why.why, R_BAD_JSON);
		assert_null(json_parse(span_of(wrong[i]), &why));
	}
	assert_int_equal(json_check(span_of("{\"Net\\u0077orkMode\":1}"), &why),
	    R_UNKNOWN_FIELD);
	assert_int_equal(json_check((struct span){ "1\0", 2 }, &why),
	    R_BAD_JSON);
	assert_int_equal(json_check((struct span){ NULL, 0 }, &why),
	    R_BAD_JSON);
}

static void
test_depth(void **state)
{
	char text[2 * (JSON_DEPTH_MAX + 1) + 1];
	struct refusal why;

	(void)state;
	for (int d = JSON_DEPTH_MAX; d <= JSON_DEPTH_MAX + 1; d++) {
		memset(text, '[', (size_t)d);
		memset(text + d, ']', (size_t)d);
		assert_int_equal(json_check((struct span){ text,
		    (size_t)d * 2 }, &why),
		    d > JSON_DEPTH_MAX ? R_BAD_JSON : R_NONE);
	}
}

/* What is small as text is not small as a tree. */
static void
test_many_values(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(8 << 20);
	struct refusal why;

	(void)state;
	for (size_t n = JSON_VALUES_MAX - 1; n <= JSON_VALUES_MAX; n++) {
		buf_reset(&b);
		buf_puts(&b, "[0");
		for (size_t i = 1; i < n; i++)
			buf_puts(&b, ",0");
		buf_puts(&b, "]");
		assert_int_equal(json_check(buf_span(&b), &why),
		    n == JSON_VALUES_MAX ? R_BODY_TOO_LARGE : R_NONE);
	}
}

/* As many keys as there may be: must end at once, and find the one repetition. */
static void
test_many_keys(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(8 << 20);
	struct refusal why;
	size_t n = JSON_VALUES_MAX - 2;	/* the object, and one more */

	(void)state;
	buf_puts(&b, "{");
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s\"%zx\":1", i ? "," : "", i * 2654435761u);
	buf_puts(&b, "}");
	assert_true(b.len < JSON_BODY_MAX * 2);
	if (b.len <= JSON_BODY_MAX)
		assert_int_equal(json_check(buf_span(&b), &why), R_NONE);
	buf_reset(&b);
	buf_puts(&b, "{\"1\":0");
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, ",\"%zu\":1", i);
	buf_puts(&b, "}");
	assert_int_equal(json_check(buf_span(&b), &why), R_BAD_JSON);
	buf_reset(&b);
	buf_reserve(&b, JSON_BODY_MAX + 2);
	for (size_t i = 0; i < JSON_BODY_MAX + 1; i++)
		buf_add(&b, " ", 1);
	assert_int_equal(json_check(buf_span(&b), &why), R_BODY_TOO_LARGE);
}

static const struct { const char *in, *out; } rewritten[] = {
	{ " { \"a\" : 1000000000000000 } ", "{\"a\":1000000000000000}" },
	{ "[9007199254740991,-9007199254740992]",
	  "[9007199254740991,-9007199254740992]" },
	{ "[4294967296,1e3,0.5,-0]", "[4294967296,1000,0.5,0]" },
	{ "[true,false,null,\"\",{},[]]", "[true,false,null,\"\",{},[]]" },
	{ "\"\\u00e9\\n\\\"\\\\\\/\"", "\"\xc3\xa9\\u000a\\\"\\\\/\"" },
	{ "{\"A\\n\":{\"b\":[{}]}}", "{\"A\\u000a\":{\"b\":[{}]}}" },
};

static void
test_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(rewritten); i++) {
		struct buf b = BUF_INIT(0);
		struct refusal why;
		cJSON *t = json_parse(span_of(rewritten[i].in), &why);

		assert_non_null(t);
		assert_int_equal(json_write(&b, t), 0);
		assert_string_equal(b.data, rewritten[i].out);
		cJSON_Delete(t);
		buf_free(&b);
	}
}

static const char doc[] =
    " { \"Id\" : \"a\\\\\" , \"x\":\"}\\\"]\", \"L\": {\"k\" : \"v\",\"d\":{}},"
    "\"N\":-12,\"E\":[ ],\"A\":[1, \"two,\" ,{\"b\":[3]}],\"z\":null}\n";

static const struct { const char *key, *value; } lookups[] = {
	{ "Id", "\"a\\\\\"" }, { "x", "\"}\\\"]\"" },
	{ "L", "{\"k\" : \"v\",\"d\":{}}" }, { "N", "-12" }, { "E", "[ ]" },
	{ "A", "[1, \"two,\" ,{\"b\":[3]}]" }, { "z", "null" },
	{ "k", NULL }, { "id", NULL }, { "", NULL },
};

static void
test_get(void **state)
{
	struct span v;

	(void)state;
	for (size_t i = 0; i < N(lookups); i++) {
		v = json_get(span_of(doc), lookups[i].key);
		if (lookups[i].value == NULL) {
			assert_null(v.ptr);
			continue;
		}
		assert_non_null(v.ptr);
		assert_true(span_eq(v, lookups[i].value));
	}
	v = json_path(span_of(doc), "L", "k", NULL);
	assert_true(span_eq(v, "\"v\""));
	assert_null(json_path(span_of(doc), "L", "q", "r", NULL).ptr);
	assert_null(json_get(span_of("[1]"), "a").ptr);
	assert_null(json_get(span_of("\"a\""), "a").ptr);
	assert_null(json_get((struct span){ 0 }, "a").ptr);
}

static void
test_next(void **state)
{
	struct json_iter it = json_iter(json_get(span_of(doc), "A"));
	struct span k = { 0 }, v;
	size_t n = 0;

	(void)state;
	assert_true(json_next(&it, NULL, &v) && span_eq(v, "1"));
	assert_true(json_next(&it, NULL, &v) && span_eq(v, "\"two,\""));
	assert_true(json_next(&it, NULL, &v) && span_eq(v, "{\"b\":[3]}"));
	assert_false(json_next(&it, NULL, &v));
	assert_false(json_next(&it, NULL, &v));
	it = json_iter(span_of(doc));
	while (json_next(&it, &k, &v))
		n++;
	assert_int_equal(n, 7);
	assert_true(span_eq(k, "z"));
	it = json_iter(span_of("[ ]"));
	assert_false(json_next(&it, NULL, &v));
}

/* Broken text ends a walk, and nothing outside the span is read: each prefix
 * lives in memory of its own size, so that ASan sees one byte too many. */
static void
test_walk_broken(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(doc); n++) {
		char *p = malloc(n ? n : 1);
		struct json_iter it;
		struct span k, v;
		char out[64];

		assert_non_null(p);
		memcpy(p, doc, n);
		it = json_iter((struct span){ p, n });
		while (json_next(&it, &k, &v))
			json_string(v, out, sizeof(out));
		json_get((struct span){ p, n }, "z");
		free(p);
	}
}

static void
test_scalars(void **state)
{
	char out[16];
	int64_t i;

	(void)state;
	assert_true(json_string(span_of("\"a\\u00e9\\ud83d\\ude00\\n\""), out,
	    sizeof(out)));
	assert_string_equal(out, "a\xc3\xa9\xf0\x9f\x98\x80\n");
	assert_false(json_string(span_of("\"a\\u0000\""), out, sizeof(out)));
	assert_false(json_string(span_of("\"0123456789abcdef\""), out,
	    sizeof(out)));
	assert_true(json_string(span_of("\"0123456789abcde\""), out,
	    sizeof(out)));
	assert_false(json_string(span_of("12"), out, sizeof(out)));
	assert_false(json_string(span_of("\"a\"b\""), out, sizeof(out)));
	assert_string_equal(out, "");
	assert_true(json_int(span_of("-9223372036854775808"), &i));
	assert_true(i == INT64_MIN);
	assert_false(json_int(span_of("9223372036854775808"), &i));
	assert_false(json_int(span_of("1.5"), &i));
	assert_false(json_int(span_of("-"), &i));
	assert_false(json_int(span_of(""), &i));
	assert_true(json_is(span_of(" true "), "true"));
	assert_false(json_is((struct span){ 0 }, "true"));
}

static void
test_empty(void **state)
{
	static const char *const empty[] = { "null", "\"\"", "0", "false",
	    "[]", "{}", "[ ]", "{\n}", "" };
	static const char *const full[] = { "true", "1", "\" \"", "[0]",
	    "{\"a\":null}" };

	(void)state;
	assert_true(json_empty((struct span){ 0 }));
	for (size_t i = 0; i < N(empty); i++)
		assert_true(json_empty(span_of(empty[i])));
	for (size_t i = 0; i < N(full); i++)
		assert_false(json_empty(span_of(full[i])));
}

static const struct { const char *obj, *out; } replaced[] = {
	{ "{\"a\":1,\"k\":[2],\"b\" : 3}", "{\"a\":1,\"k\":9,\"b\" : 3}" },
	{ "{\"a\":1}", "{\"a\":1,\"k\":9}" },
	{ " {} ", "{\"k\":9}" },
	{ "[]", NULL },
};

static void
test_replace(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(replaced); i++) {
		struct buf b = BUF_INIT(0);
		int r = json_replace(&b, span_of(replaced[i].obj), "k",
		    span_of("9"));

		assert_int_equal(r, replaced[i].out ? 0 : -1);
		if (replaced[i].out != NULL)
			assert_string_equal(b.data, replaced[i].out);
		buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_many_values),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_walk_broken),
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_replace),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
