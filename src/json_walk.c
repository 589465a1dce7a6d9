/*
 * json_walk.c - finding one's way in raw JSON text.
 *
 * For answers of dockerd, a thousand containers at a time: plain pointers,
 * no allocation, nothing is copied.  Text that is no JSON ends a walk; it
 * never leads out of the span.
 */
#include <stdarg.h>

#include "json_text.h"

static size_t
utf8_put(char out[4], unsigned cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | (cp >> 6));
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | (cp >> 12));
		out[1] = (char)(0x80 | ((cp >> 6) & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | (cp >> 18));
	out[1] = (char)(0x80 | ((cp >> 12) & 0x3f));
	out[2] = (char)(0x80 | ((cp >> 6) & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* Behind the string that begins at p (a quote); NULL when it has no end. */
static const char *
skip_string(const char *p, const char *end)
{
	const char *first = ++p;

	for (;;) {
		const char *q = memchr(p, '"', (size_t)(end - p));
		const char *b = q;

		if (q == NULL)
			return NULL;
		while (b > first && b[-1] == '\\')
			b--;
		if (((q - b) & 1) == 0)
			return q + 1;
		p = q + 1;
	}
}

/* 1: bytes that matter while skipping a container; 2: ends of a word */
static const unsigned char byte_class[256] = {
	['"'] = 1, ['{'] = 1, ['['] = 1, ['}'] = 3, [']'] = 3,
	[','] = 2, [' '] = 2, ['\n'] = 2, ['\t'] = 2, ['\r'] = 2, [':'] = 2,
};

static const char *
skip_container(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		if ((byte_class[(unsigned char)*p] & 1) == 0) {
			p++;
			continue;
		}
		if (*p == '"') {
			p = skip_string(p, end);
			if (p == NULL)
				return NULL;
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (--depth == 0)
			return p + 1;
		p++;
	}
	return NULL;
}

/* Behind the value at p, NULL on nonsense. */
static const char *
skip_value(const char *p, const char *end)
{
	const char *first = p;

	if (p >= end)
		return NULL;
	if (*p == '"')
		return skip_string(p, end);
	if (*p == '{' || *p == '[')
		return skip_container(p, end);
	while (p < end && (byte_class[(unsigned char)*p] & 3) == 0)
		p++;
	return p > first ? p : NULL;
}

static struct span
trim(struct span s)
{
	const char *end;

	if (s.ptr == NULL)
		return s;
	end = s.ptr + s.len;
	s.ptr = json_skip_space(s.ptr, end);
	while (end > s.ptr && json_is_space(end[-1]))
		end--;
	s.len = (size_t)(end - s.ptr);
	return s;
}

struct json_iter
json_iter(struct span container)
{
	return (struct json_iter){ .rest = container };
}

bool
json_next(struct json_iter *it, struct span *key, struct span *value)
{
	const char *p = it->rest.ptr, *end, *q;
	bool object;

	if (p == NULL || it->rest.len == 0)
		return false;
	end = p + it->rest.len;
	if (!it->started) {
		/* The closing byte stays in rest: it tells the kind. */
		it->rest = trim(it->rest);
		p = it->rest.ptr;
		end = p + it->rest.len;
		if (it->rest.len < 2 || !((*p == '{' && end[-1] == '}') ||
		    (*p == '[' && end[-1] == ']')))
			goto over;
		p++;
	}
	object = end[-1] == '}';
	end--;
	p = json_skip_space(p, end);
	if (it->started) {
		if (p == end || *p != ',')
			goto over;
		p = json_skip_space(p + 1, end);
	}
	it->started = true;
	if (object) {
		if (p == end || *p != '"' || (q = skip_string(p, end)) == NULL)
			goto over;
		if (key != NULL)
			*key = (struct span){ p + 1, (size_t)(q - p) - 2 };
		p = json_skip_space(q, end);
		if (p == end || *p != ':')
			goto over;
		p = json_skip_space(p + 1, end);
	}
	q = skip_value(p, end);
	if (q == NULL)
		goto over;
	*value = (struct span){ p, (size_t)(q - p) };
	it->rest = (struct span){ q, (size_t)(end + 1 - q) };
	return true;
over:
	it->rest = (struct span){ 0 };
	return false;
}

struct span
json_get(struct span obj, const char *key)
{
	struct json_iter it;
	struct span k, v;
	size_t len = strlen(key);

	obj = trim(obj);
	if (obj.ptr == NULL || obj.len < 2 || *obj.ptr != '{')
		return (struct span){ 0 };
	it = json_iter(obj);
	while (json_next(&it, &k, &v))
		if (k.len == len && memcmp(k.ptr, key, len) == 0)
			return v;
	return (struct span){ 0 };
}

struct span
json_path(struct span obj, ...)
{
	const char *key;
	va_list ap;

	va_start(ap, obj);
	while ((key = va_arg(ap, const char *)) != NULL)
		obj = json_get(obj, key);
	va_end(ap);
	return obj;
}

bool
json_string(struct span v, char *out, size_t cap)
{
	const char *p, *end;
	size_t n = 0;

	if (cap > 0)
		out[0] = '\0';
	v = trim(v);
	if (cap == 0 || v.ptr == NULL || v.len < 2 || *v.ptr != '"' ||
	    v.ptr[v.len - 1] != '"')
		return false;
	p = v.ptr + 1;
	end = v.ptr + v.len - 1;
	while (p < end) {
		char ch[4] = { *p };
		size_t used = 1, len = 1;
		unsigned cp;

		if (*p == '\\') {
			used = json_escape_len(p, end, &cp);
			if (used == 0)
				goto no;
			len = utf8_put(ch, cp);
		}
		if (*p == '"' || *p == '\0' || len >= cap - n)
			goto no;
		memcpy(out + n, ch, len);
		n += len;
		p += used;
	}
	out[n] = '\0';
	return true;
no:
	out[0] = '\0';
	return false;
}

bool
json_is(struct span v, const char *literal)
{
	v = trim(v);
	return v.ptr != NULL && span_eq(v, literal);
}

bool
json_int(struct span v, int64_t *out)
{
	bool minus = false;
	int64_t n = 0;
	size_t i = 0;

	v = trim(v);
	if (v.ptr != NULL && v.len > 1 && v.ptr[0] == '-') {
		minus = true;
		i = 1;
	}
	if (v.ptr == NULL || i == v.len)
		return false;
	for (; i < v.len; i++) {
		if (!json_is_digit(v.ptr[i]) ||
		    __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_sub_overflow(n, v.ptr[i] - '0', &n))
			return false;
	}
	/* n is kept negative so that INT64_MIN fits. */
	if (!minus && __builtin_sub_overflow(0, n, &n))
		return false;
	*out = n;
	return true;
}

bool
json_empty(struct span v)
{
	static const char *const empties[] = { "null", "\"\"", "0", "false" };

	v = trim(v);
	if (v.ptr == NULL || v.len == 0)
		return true;
	for (size_t i = 0; i < sizeof(empties) / sizeof(empties[0]); i++)
		if (span_eq(v, empties[i]))
			return true;
	if (*v.ptr != '{' && *v.ptr != '[')
		return false;
	return json_skip_space(v.ptr + 1, v.ptr + v.len) == v.ptr + v.len - 1;
}

int
json_replace(struct buf *out, struct span obj, const char *key,
    struct span value)
{
	struct span old = json_get(obj, key);
	bool none;

	obj = trim(obj);
	if (obj.ptr == NULL || obj.len < 2 || *obj.ptr != '{' ||
	    obj.ptr[obj.len - 1] != '}')
		return -1;
	if (old.ptr != NULL) {
		const char *behind = old.ptr + old.len;

		buf_add(out, obj.ptr, (size_t)(old.ptr - obj.ptr));
		buf_putspan(out, value);
		return buf_add(out, behind,
		    (size_t)(obj.ptr + obj.len - behind));
	}
	none = json_empty(obj);
	buf_add(out, obj.ptr, obj.len - 1);
	if (!none)
		buf_puts(out, ",");
	json_quotes(out, key);
	buf_puts(out, ":");
	buf_putspan(out, value);
	return buf_puts(out, "}");
}
