/*
 * test_labels.c - ours are set, nobody else's count.
 *
 * links: labels json json_check json_walk buf span reason
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "labels.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct caller alice = { .uid = 1000, .name = "alice" };
static const struct caller odd = { .name = "h.baker\"$x\\@uni.example" };
static const struct caller root = { .name = "root", .admin = true };

static const struct { const char *key; bool reserved; } keys[] = {
	{ "ds01.user", true }, { "ds01.user.sanitized", true },
	{ "ds01.managed", true }, { "ds01.managed_by", true },
	{ "ds01.container_type", true }, { "ds01.created_at", true },
	{ "ds01.gpu_slot", true }, { "ds01.gpu_ephemeral", true },
	{ "ds01.gpu.allocated", true }, { "ds01.gpu.uuid", true },
	{ "ds01.protected", true }, { "ds01.monitoring", true },
	{ "ds01.slice", true }, { "ds01.owner", true },
	{ "ds01.gate", true }, { "ds01.confined", true },
	{ "aime.mlc", true }, { "aime.mlc.USER", true },
	{ "ds01.users", false }, { "ds01.interface", false },
	{ "ds01.project", false }, { "ds01.gpus", false },
	{ "com.docker.compose.project", false }, { "", false },
	{ "DS01.USER", false }, { "aime.ml", false },
};

static void
test_reserved(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(keys); i++)
		if (labels_reserved(keys[i].key) != keys[i].reserved)
			fail_msg("%s", keys[i].key);
}

static cJSON *
parse(const char *text)
{
	struct refusal why;
	cJSON *t = json_parse(span_of(text), &why);

	assert_non_null(t);
	return t;
}

static const char *
label(const cJSON *body, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(
	    cJSON_GetObjectItemCaseSensitive(body, "Labels"), key);

	return cJSON_IsString(v) ? v->valuestring : NULL;
}

static void
check_gate(const char *gate)
{
	assert_non_null(gate);
	assert_int_equal(strlen(gate), 32);
	assert_int_equal(strspn(gate, "0123456789abcdef"), 32);
}

static void
test_create(void **state)
{
	cJSON *a = parse("{\"Labels\":null}"), *b = parse("{}");
	struct refusal why;
	const char *at;

	(void)state;
	assert_int_equal(labels_create(&alice, a, (struct span){ 0 }, &why),
	    R_NONE);
	assert_int_equal(labels_create(&alice, b, (struct span){ 0 }, &why),
	    R_NONE);
	assert_string_equal(label(a, "ds01.user"), "alice");
	assert_string_equal(label(a, "ds01.managed"), "true");
	assert_string_equal(label(a, "ds01.container_type"), "docker");
	at = label(a, "ds01.created_at");
	assert_int_equal(strlen(at), strlen("2026-02-16T15:30:00+01:00"));
	assert_true(at[10] == 'T' && at[22] == ':' &&
	    strchr("+-", at[19]) != NULL);
	check_gate(label(a, LABEL_GATE));
	check_gate(label(b, LABEL_GATE));
	assert_string_not_equal(label(a, LABEL_GATE), label(b, LABEL_GATE));
	assert_null(label(a, LABEL_PROTECTED));
	cJSON_Delete(a);
	cJSON_Delete(b);
}

static const struct {
	const char *labels;
	bool user, admin;	/* may say so */
} claims[] = {
	{ "{\"a\":\"b\"}", true, true },
	{ "{\"ds01.user\":\"alice\"}", true, true },
	{ "{\"ds01.user\":\"bob\"}", false, true },
	{ "{\"ds01.user\":\"\"}", false, true },
	{ "{\"ds01.managed\":\"true\"}", true, true },
	{ "{\"ds01.managed\":\"false\"}", false, true },
	{ "{\"ds01.protected\":\"true\"}", false, true },
	{ "{\"ds01.protected\":\"false\"}", true, true },
	{ "{\"ds01.monitoring\":\"true\"}", false, true },
	{ "{\"ds01.container_type\":\"devcontainer\"}", false, true },
	{ "{\"ds01.container_type\":\"docker\"}", true, true },
	{ "{\"ds01.gate\":\"00\"}", false, false },
	{ "{\"ds01.gpu.uuid\":\"x\"}", false, true },
	{ "{\"ds01.confined\":\"false\"}", false, true },
	{ "{\"ds01.interface\":\"atomic\"}", true, true },
	{ "{\"ds01.interface\":\"root\"}", false, true },
	{ "{\"aime.mlc.USER\":\"alice\"}", true, true },
	{ "{\"aime.mlc.USER\":\"bob\"}", false, true },
};

static void
test_claims(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(claims); i++) {
		for (int admin = 0; admin < 2; admin++) {
			char text[256];
			struct refusal why;
			cJSON *b;
			enum reason r;

			snprintf(text, sizeof(text), "{\"Labels\":%s}",
			    claims[i].labels);
			b = parse(text);
			r = labels_create(admin ? &root : &alice, b,
			    (struct span){ 0 }, &why);
			if (r != ((admin ? claims[i].admin : claims[i].user) ?
			    R_NONE : R_RESERVED_LABEL))
				fail_msg("%s admin %d", claims[i].labels,
				    admin);
			cJSON_Delete(b);
		}
	}
}

static void
test_image(void **state)
{
	static const char image[] = "{\"Labels\":{\"ds01.user\":\"mallory\","
	    "\"ds01.gate\":\"00\",\"ds01.protected\":\"true\","
	    "\"ds01.monitoring\":\"true\",\"ds01.gpu.uuid\":\"x\","
	    "\"aime.mlc.USER\":\"mallory\",\"ds01.project\":\"p\"}}";
	cJSON *b = parse("{\"Labels\":{\"ds01.project\":\"mine\"}}");
	struct refusal why;

	(void)state;
	assert_int_equal(labels_create(&alice, b, span_of(image), &why),
	    R_NONE);
	assert_string_equal(label(b, "ds01.user"), "alice");
	assert_string_not_equal(label(b, LABEL_GATE), "00");
	assert_string_equal(label(b, "ds01.protected"), "false");
	assert_string_equal(label(b, "ds01.monitoring"), "false");
	assert_string_equal(label(b, "ds01.gpu.uuid"), "");
	assert_string_equal(label(b, "aime.mlc.USER"), "");
	assert_string_equal(label(b, "ds01.project"), "mine");
	cJSON_Delete(b);
	/* an admin's own word stands, the image's does not */
	b = parse("{\"Labels\":{\"ds01.user\":\"bob\","
	    "\"ds01.protected\":\"true\"}}");
	assert_int_equal(labels_create(&root, b, span_of(image), &why),
	    R_NONE);
	assert_string_equal(label(b, "ds01.user"), "bob");
	assert_string_equal(label(b, "ds01.protected"), "true");
	assert_string_equal(label(b, "ds01.monitoring"), "false");
	cJSON_Delete(b);
}

static const struct { const char *labels, *type; } types[] = {
	{ "{}", "docker" },
	{ "{\"ds01.interface\":\"orchestration\","
	  "\"devcontainer.local_folder\":\"/x\"}", "orchestration" },
	{ "{\"ds01.interface\":\"nonsense\"}", "docker" },
	{ "{\"com.docker.compose.project\":\"p\"}", "compose" },
	{ "{\"com.docker.compose.project\":\"p\","
	  "\"devcontainer.metadata\":\"[]\"}", "devcontainer" },
	{ "{\"x.devcontainer.y\":\"1\"}", "docker" },
};

static void
test_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(types); i++) {
		cJSON *t = parse(types[i].labels);

		assert_string_equal(labels_type(t), types[i].type);
		cJSON_Delete(t);
	}
	assert_string_equal(labels_type(NULL), "docker");
}

static void
test_simple(void **state)
{
	cJSON *b = parse("{\"Labels\":{\"a\":\"b\"}}");
	struct refusal why;

	(void)state;
	assert_int_equal(labels_simple(&alice, b, NULL, &why), R_NONE);
	assert_string_equal(label(b, "ds01.user"), "alice");
	assert_string_equal(label(b, "a"), "b");
	check_gate(label(b, LABEL_GATE));
	cJSON_Delete(b);
	b = parse("{\"Labels\":{\"ds01.protected\":\"true\"}}");
	assert_int_equal(labels_simple(&alice, b, NULL, &why), R_RESERVED_LABEL);
	cJSON_Delete(b);
}

/* A volume's kind is said like its owner: what differs is refused. */
static void
test_volume(void **state)
{
	static const struct {
		const char *body, *confined;
		enum reason want;
	} volumes[] = {
		{ "{}", "true", R_NONE },
		{ "{\"Labels\":{\"ds01.confined\":\"true\"}}", "true", R_NONE },
		{ "{\"Labels\":{\"ds01.confined\":\"true\"}}", "false",
		    R_RESERVED_LABEL },
		{ "{\"Labels\":{\"ds01.confined\":\"\"}}", "false",
		    R_RESERVED_LABEL },
	};
	struct refusal why;

	(void)state;
	for (size_t i = 0; i < N(volumes); i++) {
		cJSON *b = parse(volumes[i].body);

		assert_int_equal(labels_simple(&alice, b, volumes[i].confined,
		    &why), volumes[i].want);
		if (volumes[i].want == R_NONE) {
			assert_string_equal(label(b, LABEL_USER), "alice");
			assert_string_equal(label(b, LABEL_CONFINED),
			    volumes[i].confined);
			check_gate(label(b, LABEL_GATE));
		}
		cJSON_Delete(b);
	}
}

static void
test_changes(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0);
	struct caller bad = { .name = "a\nRUN x" };
	cJSON *labels = parse("{\"ds01.protected\":\"true\",\"k\":\"v\"}");

	(void)state;
	assert_int_equal(labels_changes(&odd, &b), 0);
	assert_int_equal(strncmp(b.data, "LABEL ", 6), 0);
	assert_non_null(strstr(b.data,
	    "ds01.user=\"h.baker\\\"\\$x\\\\@uni.example\""));
	assert_non_null(strstr(b.data, "ds01.protected=\"false\""));
	assert_non_null(strstr(b.data, "ds01.gate=\"\""));
	assert_non_null(strstr(b.data, "aime.mlc.USER=\"\""));
	assert_null(strchr(b.data, '\n'));
	buf_reset(&b);
	assert_int_equal(labels_changes(&bad, &b), -1);
	assert_int_equal(labels_image(&alice, labels), 0);
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(labels,
	    "ds01.protected")->valuestring, "false");
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(labels,
	    "ds01.user")->valuestring, "alice");
	cJSON_Delete(labels);
}

/* What a terminal would obey, in words of the client's and of an image's. */
static const struct {
	const char *labels, *key, *value;	/* value NULL: refused */
	bool clean;		/* nothing to write over */
} controls[] = {
	{ "{\"a\":\"x\\ty\\nz\"}", "a", "x y z", false },
	{ "{\"a\":\"\\u001b]0;t\\u0007\\u007f\"}", "a", " ]0;t  ", false },
	{ "{\"a\":\"\\u009b2J\xc2\x85.\"}", "a", " 2J .", false },
	{ "{\"a\":\"x\\u2028y\\u2029z\"}", "a", "x y z", false },
	{ "{\"a\":\"x\\u202ey\\u2066z\\u2069\"}", "a", "x y z ", false },
	{ "{\"a\":\"\xc3\xbc \\u200d\\u200e \\u00a0 \xf0\x9f\x98\x80\"}", "a",
	  "\xc3\xbc \xe2\x80\x8d\xe2\x80\x8e \xc2\xa0 \xf0\x9f\x98\x80", true },
	{ "{\"a\":\"{\\\"k\\\":\\\"\\\\n\\\"}\"}", "a", "{\"k\":\"\\n\"}", true },
	{ "{\"\xc3\xbc \":\"y\"}", "\xc3\xbc ", "y", true },
	{ "{\"a\\nb\":\"y\"}", NULL, NULL, false },
	{ "{\"\\u001b[2J\":\"\"}", NULL, NULL, false },
	{ "{\"a\\u202e\":\"y\"}", NULL, NULL, false },
};

static void
check_control(const struct caller *c, const char *body, const char *image,
    size_t i, const char *value)
{
	cJSON *b = parse(body);
	struct refusal why;
	enum reason r = labels_create(c, b, span_of(image), &why);

	if (r != (controls[i].value != NULL || c->admin ? R_NONE : R_LABEL))
		fail_msg("%s: %s", controls[i].labels, reason_row(r)->id);
	if (r == R_NONE && value != NULL) {
		const char *got = label(b, controls[i].key);

		/* an image's own that says nothing bad is not said anew */
		if (strcmp(got != NULL ? got : "", value) != 0)
			fail_msg("%s %s: %s", body, image, got);
	}
	cJSON_Delete(b);
}

static void
test_controls(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(controls); i++) {
		const char *value = controls[i].value;
		char text[256];

		snprintf(text, sizeof(text), "{\"Labels\":%s}",
		    controls[i].labels);
		check_control(&alice, text, "", i, value);
		check_control(&root, text, "", i, NULL);
		/* an image's: said anew where it would be obeyed */
		check_control(&alice, "{}", text, i,
		    controls[i].clean ? "" : value);
		check_control(&root, "{}", text, i,
		    controls[i].clean ? "" : value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_type),
		cmocka_unit_test(test_simple),
		cmocka_unit_test(test_volume),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_controls),
	};

	return cmocka_run_group_tests_name("labels", tests, NULL, NULL);
}
