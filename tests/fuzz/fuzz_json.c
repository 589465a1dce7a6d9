/*
 * fuzz_json.c - any bytes as JSON: what is accepted is written and read again
 * to the same text, and the walker never leaves the span, JSON or not.
 * links: json json_check json_walk buf span reason
 */
#include <stdint.h>
#include <stdlib.h>

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Every value, as deep as a text may be; broken text ends sooner. */
static void
walk(struct span s, unsigned depth)
{
	struct json_iter it = json_iter(s);
	struct span k = { 0 }, v;
	char text[64];
	int64_t n;

	while (depth < JSON_DEPTH_MAX && json_next(&it, &k, &v)) {
		must(v.ptr >= s.ptr && v.ptr + v.len <= s.ptr + s.len);
		must(k.ptr == NULL || (k.ptr >= s.ptr && k.ptr + k.len <=
		    s.ptr + s.len));
		json_string(v, text, sizeof(text));
		json_int(v, &n);
		json_empty(v);
		walk(v, depth + 1);
	}
}

static void
replace(struct span s)
{
	struct buf out cleanup_buf = BUF_INIT(0);
	struct refusal why;

	if (json_replace(&out, s, "a", span_of("[1]")) < 0)
		return;
	must(json_check(buf_span(&out), &why) == R_NONE);
	must(json_is(json_get(buf_span(&out), "a"), "[1]"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	struct buf one cleanup_buf = BUF_INIT(0);
	struct buf two cleanup_buf = BUF_INIT(0);
	struct refusal why = { 0 };
	cJSON *tree;

	walk(in, 0);
	json_path(in, "a", "b", NULL);
	tree = json_parse(in, &why);
	if (tree == NULL) {
		must(why.why != R_NONE);
		return 0;
	}
	must(json_write(&one, tree) == 0);
	cJSON_Delete(tree);
	tree = json_parse(buf_span(&one), &why);
	must(tree != NULL);
	must(json_write(&two, tree) == 0);
	cJSON_Delete(tree);
	must(span_eq(buf_span(&one), two.data));
	replace(in);
	return 0;
}
