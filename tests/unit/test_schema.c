/*
 * test_schema.c - every row of every schema, by its own description.
 *
 * links: schema schema_create schema_other policy policy_text judge_tree judge_refs judge_mounts judge_binds bind confine probe judge_volumes owner_hold judge_resources judge_log judge_ports judge_weight judge_security judge_network image_ref judge_gpu judge_made labels json json_check json_walk buf span reason
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <ctype.h>

#include <cmocka.h>

/* the judges' questions, which no schema asks: nothing can be told */
#include "fake_world.h"
#include "schema.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* Values of each type, and one that is of none of it. */
static const struct { const char *right[4], *wrong[4]; } samples[] = {
	[F_BOOL] = { { "true", "false", "null" }, { "1", "\"true\"", "{}" } },
	[F_INT] = { { "1", "-1", "9007199254740992", "null" },
	    { "1.5", "\"1\"", "[1]" } },
	[F_STRING] = { { "\"a\"", "\"\"", "null" }, { "1", "[\"a\"]" } },
	[F_STRINGS] = { { "[\"a\",\"b\"]", "[]", "null" },
	    { "\"a\"", "[1]", "[null]" } },
	[F_WORDS] = { { "[\"a\"]", "\"a\"", "[]", "null" },
	    { "1", "{}", "[[\"a\"]]" } },
	[F_MAP_STRING] = { { "{\"a\":\"b\"}", "{}", "null" },
	    { "[]", "{\"a\":1}", "{\"a\":null}" } },
	[F_MAP_EMPTY] = { { "{\"a\":{}}", "{\"a\":null}", "{}", "null" },
	    { "[]", "{\"a\":1}", "{\"a\":{\"b\":1}}" } },
	[F_INTS] = { { "[1,2]", "[]", "null" }, { "1", "[\"1\"]" } },
	[F_OBJECT] = { { "{}", "null" }, { "[]", "\"a\"", "1" } },
	[F_ARRAY] = { { "[]", "[{}]", "null" }, { "{}", "[1]", "[null]" } },
	[F_MAP] = { { "{}", "{\"a\":{}}", "null" }, { "[]", "{\"a\":1}" } },
	[F_MAP_ARRAY] = { { "{}", "{\"a\":[{}]}", "{\"a\":null}", "null" },
	    { "[]", "{\"a\":{}}", "{\"a\":[1]}" } },
	[F_MATRIX] = { { "[]", "[[\"a\"]]", "null" }, { "[\"a\"]", "{}" } },
};

static enum reason
decode(const struct schema *s, const char *key, const char *value,
    struct refusal *why)
{
	char text[512];
	cJSON *tree;
	enum reason r;

	snprintf(text, sizeof(text), "{\"%s\":%s}", key, value);
	tree = json_parse(span_of(text), why);
	assert_non_null(tree);
	r = schema_decode(s, tree, false, why);
	cJSON_Delete(tree);
	return r;
}

/* ſ and K (U+212A) are s and k to Go. */
static void
unicode_variant(const char *name, char out[128])
{
	size_t n = 0;

	for (; *name != '\0' && n < 120; name++) {
		const char *fold = strchr("sS", *name) ? "\xc5\xbf" :
		    strchr("kK", *name) ? "\xe2\x84\xaa" : NULL;

		if (fold == NULL)
			out[n++] = *name;
		else
			n += (size_t)snprintf(out + n, 8, "%s", fold);
	}
	out[n] = '\0';
}

static void
check_variants(const struct schema *s, const struct field *f)
{
	char name[128];
	struct refusal why;

	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s", f->name);
		if (i == 0)
			name[0] = (char)(name[0] ^ 0x20);
		else if (i == 1)
			for (char *p = name; *p; p++)
				*p = (char)tolower((unsigned char)*p);
		else
			unicode_variant(f->name, name);
		if (schema_field(s, name) != NULL)
			continue;
		if (decode(s, name, "null", &why) != R_UNKNOWN_FIELD)
			fail_msg("%s: %s", s->name, name);
	}
}

static void
check_row(const struct schema *s, const struct field *f)
{
	struct refusal why;

	for (size_t i = 0; i < 4 && samples[f->type].right[i]; i++)
		if (decode(s, f->name, samples[f->type].right[i], &why) !=
		    R_NONE)
			fail_msg("%s.%s: %s refused: %s", s->name, f->name,
			    samples[f->type].right[i], why.detail);
	for (size_t i = 0; i < 4 && samples[f->type].wrong[i]; i++) {
		if (decode(s, f->name, samples[f->type].wrong[i], &why) !=
		    R_BAD_FIELD)
			fail_msg("%s.%s: %s accepted", s->name, f->name,
			    samples[f->type].wrong[i]);
		assert_non_null(strstr(why.detail, f->name));
	}
	assert_true(f->doc != NULL && f->doc[0] != '\0');
	assert_int_equal(f->judge != NULL, f->verdict == V_IF ||
	    f->verdict == V_REWRITE);
	if (f->verdict == V_DENY || f->verdict == V_IF)
		assert_int_not_equal(f->why, R_NONE);
	check_variants(s, f);
}

static void
check_schema(const struct schema *s, unsigned depth)
{
	assert_true(depth < 8);
	for (const struct field *f = s->fields; f->name != NULL; f++) {
		for (const struct field *o = s->fields; o != f; o++)
			assert_string_not_equal(o->name, f->name);
		check_row(s, f);
		if (f->sub != NULL)
			check_schema(f->sub, depth + 1);
	}
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; schemas[i] != NULL; i++)
		check_schema(schemas[i], 0);
}

/* misspelt: Go takes it for a field; nor may administrators send it. */
static const struct { const char *body, *path; bool misspelt; } unknown[] = {
	{ "{\"Nope\":1}", "Nope", false },
	{ "{\"HostConfig\":{\"nope\":null}}", "HostConfig.nope", false },
	{ "{\"HostConfig\":{\"Mounts\":[{},{\"type\":\"x\"}]}}",
	  "HostConfig.Mounts[1].type", true },
	{ "{\"hostconfig\":{\"privileged\":true}}", "hostconfig", true },
	{ "{\"Ho\xc5\xbftConfig\":{}}", "Ho\xc5\xbftConfig", true },
	{ "{\"HostConfig\":{\"OomSCOREadj\":1}}", "HostConfig.OomSCOREadj",
	  true },
	{ "{\"HostConfig\":{\"Networ\xe2\x84\xaaMode\":\"host\"}}",
	  "HostConfig.Networ\xe2\x84\xaaMode", true },
	{ "{\"HostConfigs\":{}}", "HostConfigs", false },
	{ "{\"HostConfi\":{}}", "HostConfi", false },
	{ "{\"NetworkingConfig\":{\"EndpointsConfig\":{\"a\":{\"b\":1}}}}",
	  "NetworkingConfig.EndpointsConfig.a.b", false },
	{ "{\"HostConfig\":{\"PortBindings\":{\"1\":[{\"Host\":1}]}}}",
	  "HostConfig.PortBindings.1[0].Host", false },
	/* read from the top level by engines up to 26.1 */
	{ "{\"Privileged\":true}", "Privileged", false },
	{ "{\"Binds\":[\"/:/h\"]}", "Binds", false },
	{ "{\"Memory\":0}", "Memory", false },
	{ "{\"VolumeDriver\":\"x\"}", "VolumeDriver", false },
};

static void
test_unknown(void **state)
{
	struct refusal why;

	(void)state;
	for (size_t i = 0; i < N(unknown); i++) {
		cJSON *t = json_parse(span_of(unknown[i].body), &why);

		assert_non_null(t);
		assert_int_equal(schema_decode(&schema_create, t, false,
		    &why), R_UNKNOWN_FIELD);
		assert_string_equal(why.detail, unknown[i].path);
		assert_int_equal(schema_decode(&schema_create, t, true,
		    &why), unknown[i].misspelt ? R_UNKNOWN_FIELD : R_NONE);
		cJSON_Delete(t);
	}
	assert_null(json_parse(span_of("{\"HostC\\u006fnfig\":{}}"), &why));
	assert_int_equal(why.why, R_UNKNOWN_FIELD);
}

static void
test_normal_form(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0);
	struct refusal why;
	cJSON *t = json_parse(span_of("{\"Cmd\":\"a b\",\"Volumes\":"
	    "{\"/v\":null}}"), &why);

	(void)state;
	assert_int_equal(schema_decode(&schema_create, t, false, &why),
	    R_NONE);
	json_write(&b, t);
	assert_string_equal(b.data,
	    "{\"Cmd\":[\"a b\"],\"Volumes\":{\"/v\":{}}}");
	cJSON_Delete(t);
	t = json_parse(span_of("[]"), &why);
	assert_int_equal(schema_decode(&schema_create, t, true, &why),
	    R_BAD_FIELD);
	cJSON_Delete(t);
}

/* A path longer than any buffer of ours. */
static void
test_long_names(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0);
	struct refusal why;
	cJSON *t;

	(void)state;
	buf_puts(&b, "{\"NetworkingConfig\":{\"EndpointsConfig\":{\"");
	for (int i = 0; i < 5000; i++)
		buf_puts(&b, "x");
	buf_puts(&b, "\":{\"nope\":1}}}}");
	t = json_parse(buf_span(&b), &why);
	assert_int_equal(schema_decode(&schema_create, t, false, &why),
	    R_UNKNOWN_FIELD);
	cJSON_Delete(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_normal_form),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
