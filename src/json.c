/*
 * json.c - JSON trees: read strictly, written exactly.
 *
 * The validator is json_check.c, the walker over raw text json_walk.c.
 */
#include <math.h>
#include <stdio.h>

#include "json.h"

cJSON *
json_parse(struct span text, struct refusal *why)
{
	cJSON *tree;

	if (json_check(text, why) != R_NONE)
		return NULL;
	tree = cJSON_ParseWithLength(text.ptr, text.len);
	if (tree == NULL)
		refuse(why, R_BAD_JSON, "cannot be read");
	return tree;
}

int
json_quote(struct buf *out, struct span s)
{
	static const char hex[] = "0123456789abcdef";
	size_t from = 0;

	if (buf_add(out, "\"", 1) != 0)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char ch = (unsigned char)s.ptr[i];
		char esc[6] = { '\\', 'u', '0', '0',
		    hex[ch >> 4], hex[ch & 15] };
		size_t n = 6;

		if (ch >= 0x20 && ch != '"' && ch != '\\' && ch != 0x7f)
			continue;
		if (ch == '"' || ch == '\\') {
			esc[1] = (char)ch;
			n = 2;
		}
		buf_add(out, s.ptr + from, i - from);
		if (buf_add(out, esc, n) != 0)
			return -1;
		from = i + 1;
	}
	if (from < s.len)
		buf_add(out, s.ptr + from, s.len - from);
	return buf_add(out, "\"", 1);
}

int
json_quotes(struct buf *out, const char *s)
{
	return json_quote(out, span_of(s ? s : ""));
}

static int
write_number(struct buf *out, double d)
{
	char text[32];

	if (isfinite(d) && fabs(d) <= (double)JSON_INT_MAX && floor(d) == d)
		snprintf(text, sizeof(text), "%lld", (long long)d);
	else if (isfinite(d))
		snprintf(text, sizeof(text), "%.17g", d);
	else
		return -1;
	return buf_puts(out, text);
}

/* Recursion is bounded: trees come from json_parse(), plus what we add. */
static int
write_tree(struct buf *out, const cJSON *t, unsigned depth)
{
	bool object = cJSON_IsObject(t);

	if (depth > JSON_DEPTH_MAX + 8)
		return -1;
	if (cJSON_IsNull(t))
		return buf_puts(out, "null");
	if (cJSON_IsBool(t))
		return buf_puts(out, cJSON_IsTrue(t) ? "true" : "false");
	if (cJSON_IsNumber(t))
		return write_number(out, t->valuedouble);
	if (cJSON_IsString(t))
		return json_quotes(out, t->valuestring);
	if (cJSON_IsRaw(t))
		return buf_puts(out, t->valuestring);
	if (!object && !cJSON_IsArray(t))
		return -1;
	buf_puts(out, object ? "{" : "[");
	for (const cJSON *v = t->child; v != NULL; v = v->next) {
		if (v != t->child)
			buf_puts(out, ",");
		if (object && (json_quotes(out, v->string) != 0 ||
		    buf_puts(out, ":") != 0))
			return -1;
		if (write_tree(out, v, depth + 1) != 0)
			return -1;
	}
	return buf_puts(out, object ? "}" : "]");
}

int
json_write(struct buf *out, const cJSON *tree)
{
	return tree == NULL ? -1 : write_tree(out, tree, 0);
}
