/*
 * json_check.c - is this text JSON that can be read in one way only?
 *
 * A validator of its own because cJSON takes much that is no JSON (raw tabs,
 * bad UTF-8, "01", trailing bytes, keys cut at \u0000) and Go merges objects
 * with repeated keys.  It does not recurse; repeated keys are found by
 * sorting, so a hostile object costs n log n.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "json_text.h"

#define NUMBER_MAX 60	/* bytes; cJSON cuts numbers at 63 */

struct key {		/* points into the text */
	const char *ptr;
	size_t len;
	bool escaped;
	bool odd;	/* escapes what nobody needs to escape */
};

enum want {
	WANT_VALUE, WANT_VALUE_OR_END, WANT_KEY, WANT_KEY_OR_END,
	WANT_COMMA_OR_END
};

struct check {
	const char *start, *p, *end;
	struct refusal *why;
	unsigned depth;
	struct {
		bool object;
		size_t first_key;	/* its keys begin there */
	} open[JSON_DEPTH_MAX];
	struct key *keys;	/* of all open objects, innermost last */
	size_t n_keys, cap_keys;
	size_t values;
};

static enum reason
bad(const struct check *c, const char *what)
{
	return refuse(c->why, R_BAD_JSON, "%s at byte %zu", what,
	    (size_t)(c->p - c->start));
}

static enum reason
check_string(struct check *c, struct key *k)
{
	*k = (struct key){ .ptr = ++c->p };
	while (c->p < c->end && *c->p != '"') {
		unsigned char ch = (unsigned char)*c->p;
		unsigned cp;
		size_t n;

		if (ch < 0x20)
			return bad(c, "control byte in a string");
		if (ch == '\\') {
			k->escaped = true;
			n = json_escape_len(c->p, c->end, &cp);
			if (n == 0)
				return bad(c, "bad escape");
			k->odd |= cp < 0x80 && isalnum((int)cp);
		} else {
			n = json_utf8_len(c->p, c->end);
			if (n == 0)
				return bad(c, "bad UTF-8");
		}
		c->p += n;
	}
	if (c->p == c->end)
		return bad(c, "string without end");
	k->len = (size_t)(c->p - k->ptr);
	c->p++;
	return R_NONE;
}

static bool
eat_digits(struct check *c)
{
	const char *first = c->p;

	while (c->p < c->end && json_is_digit(*c->p))
		c->p++;
	return c->p > first;
}

/* Go's (RFC 8259's) form.  Integers must be exact in a double. */
static enum reason
check_number(struct check *c)
{
	const char *first = c->p;
	char text[NUMBER_MAX + 1];
	bool integer = true;
	int64_t v;
	double d;
	size_t n;

	if (*c->p == '-')
		c->p++;
	if (c->p < c->end && *c->p == '0')
		c->p++;
	else if (!eat_digits(c))
		return bad(c, "bad number");
	if (c->p < c->end && *c->p == '.') {
		integer = false;
		c->p++;
		if (!eat_digits(c))
			return bad(c, "bad number");
	}
	if (c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
		integer = false;
		c->p++;
		if (c->p < c->end && (*c->p == '+' || *c->p == '-'))
			c->p++;
		if (!eat_digits(c))
			return bad(c, "bad number");
	}
	n = (size_t)(c->p - first);
	if (n > NUMBER_MAX)
		return bad(c, "number too long");
	memcpy(text, first, n);
	text[n] = '\0';
	if (integer && (!json_int((struct span){ text, n }, &v) ||
	    v > JSON_INT_MAX || v < -JSON_INT_MAX))
		return bad(c, "integer too large");
	d = strtod(text, NULL);
	if (!integer && !isfinite(d))
		return bad(c, "number too large");
	/* 1e17 is one too, and json_write() writes it as one */
	if (!integer && floor(d) == d && fabs(d) > (double)JSON_INT_MAX)
		return bad(c, "integer too large");
	return R_NONE;
}

static enum reason
check_word(struct check *c, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n) != 0)
		return bad(c, "unexpected byte");
	c->p += n;
	return R_NONE;
}

/* The next code point of a checked key. */
static unsigned
key_next(const struct key *k, size_t *at)
{
	const char *p = k->ptr + *at, *end = k->ptr + k->len;
	const unsigned char *u = (const unsigned char *)p;
	unsigned cp = 0;
	size_t n;

	if (*p == '\\') {
		*at += json_escape_len(p, end, &cp);
		return cp;
	}
	n = json_utf8_len(p, end);
	*at += n;
	if (n == 1)
		return u[0];
	cp = u[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++)
		cp = (cp << 6) | (u[i] & 0x3fu);
	return cp;
}

/* Order of unescaped keys; bytes of UTF-8 sort as code points do. */
static int
key_compare(const void *va, const void *vb)
{
	const struct key *a = va, *b = vb;
	size_t i = 0, j = 0;

	if (!a->escaped && !b->escaped) {
		size_t n = a->len < b->len ? a->len : b->len;
		int d = memcmp(a->ptr, b->ptr, n);

		return d ? d : (a->len > b->len) - (a->len < b->len);
	}
	while (i < a->len && j < b->len) {
		unsigned x = key_next(a, &i), y = key_next(b, &j);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (i < a->len) - (j < b->len);
}

static enum reason
check_key(struct check *c)
{
	enum reason r;

	if (*c->p != '"')
		return bad(c, "a key was expected");
	if (c->n_keys == c->cap_keys) {
		size_t cap = c->cap_keys ? c->cap_keys * 2 : 64;
		struct key *k = reallocarray(c->keys, cap, sizeof(*k));

		if (k == NULL)
			return refuse(c->why, R_INTERNAL, "out of memory");
		c->keys = k;
		c->cap_keys = cap;
	}
	r = check_string(c, &c->keys[c->n_keys]);
	if (r != R_NONE)
		return r;
	if (c->keys[c->n_keys].odd)
		return refuse(c->why, R_UNKNOWN_FIELD,
		    "key with escaped letters at byte %zu",
		    (size_t)(c->keys[c->n_keys].ptr - c->start));
	c->n_keys++;
	c->p = json_skip_space(c->p, c->end);
	if (c->p == c->end || *c->p != ':')
		return bad(c, "':' was expected");
	c->p++;
	return R_NONE;
}

static enum reason
check_open(struct check *c, enum want *want)
{
	bool object = *c->p == '{';

	if (c->depth == JSON_DEPTH_MAX)
		return bad(c, "nested too deeply");
	c->open[c->depth].object = object;
	c->open[c->depth].first_key = c->n_keys;
	c->depth++;
	c->p++;
	*want = object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
	return R_NONE;
}

static enum reason
check_close(struct check *c)
{
	size_t first;
	struct key *k;
	size_t n;

	if (c->depth == 0 ||
	    *c->p != (c->open[c->depth - 1].object ? '}' : ']'))
		return bad(c, "unexpected byte");
	c->depth--;
	c->p++;
	if (!c->open[c->depth].object)
		return R_NONE;
	first = c->open[c->depth].first_key;
	n = c->n_keys - first;
	c->n_keys = first;
	if (n < 2)
		return R_NONE;
	k = c->keys + first;
	qsort(k, n, sizeof(*k), key_compare);
	for (size_t i = 1; i < n; i++)
		if (key_compare(&k[i - 1], &k[i]) == 0)
			return refuse(c->why, R_BAD_JSON,
			    "key \"%.*s\" is there twice",
			    (int)(k[i].len < 80 ? k[i].len : 80), k[i].ptr);
	return R_NONE;
}

static enum reason
check_value(struct check *c, enum want *want)
{
	struct key k;

	if (++c->values > JSON_VALUES_MAX)
		return refuse(c->why, R_BODY_TOO_LARGE, "%d values",
		    JSON_VALUES_MAX);
	*want = WANT_COMMA_OR_END;
	switch (*c->p) {
	case '{': case '[':
		return check_open(c, want);
	case '"':
		return check_string(c, &k);
	case 't':
		return check_word(c, "true");
	case 'f':
		return check_word(c, "false");
	case 'n':
		return check_word(c, "null");
	case '-': case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return check_number(c);
	default:
		return bad(c, "unexpected byte");
	}
}

/* One token of the grammar at c->p, which is no space. */
static enum reason
check_step(struct check *c, enum want *want)
{
	switch (*want) {
	case WANT_VALUE_OR_END:
	case WANT_KEY_OR_END:
		if (*c->p == ']' || *c->p == '}') {
			*want = WANT_COMMA_OR_END;
			return check_close(c);
		}
		if (*want == WANT_VALUE_OR_END)
			return check_value(c, want);
		__attribute__((fallthrough));
	case WANT_KEY:
		*want = WANT_VALUE;
		return check_key(c);
	case WANT_COMMA_OR_END:
		if (*c->p != ',' || c->depth == 0)
			return check_close(c);
		c->p++;
		*want = c->open[c->depth - 1].object ? WANT_KEY : WANT_VALUE;
		return R_NONE;
	case WANT_VALUE:
	default:
		return check_value(c, want);
	}
}

enum reason
json_check(struct span text, struct refusal *why)
{
	struct check c = { .why = why };
	enum want want = WANT_VALUE;
	enum reason r = R_NONE;

	if (text.ptr == NULL || text.len == 0)
		return refuse(why, R_BAD_JSON, "empty body");
	if (text.len > JSON_BODY_MAX)
		return refuse(why, R_BODY_TOO_LARGE, "%zu bytes", text.len);
	c.start = c.p = text.ptr;
	c.end = text.ptr + text.len;
	while (r == R_NONE) {
		c.p = json_skip_space(c.p, c.end);
		if (c.p == c.end) {
			if (want != WANT_COMMA_OR_END || c.depth != 0)
				r = bad(&c, "unexpected end");
			break;
		}
		r = check_step(&c, &want);
	}
	free(c.keys);
	return r;
}
