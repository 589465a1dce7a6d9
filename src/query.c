/*
 * query.c - the query string, decoded once and written afresh.
 *
 * Guarantees that what goes on to dockerd are only parameters of the route's
 * own table, each with one value that dockerd reads as it was judged here:
 * form order, repeats, odd booleans and the two encodings of filters are
 * gone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "query.h"

#define DOLLARS_MAX 8

#define FILTER_VALUES_MAX 1024	/* of one filters parameter, all keys */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes %XX once.  lines: new lines and tabs may come out. */
static bool
decode(struct span in, bool plus, bool lines, char *out, size_t cap)
{
	size_t i, n = 0;
	unsigned char c;
	int hi, lo;

	if (cap == 0)
		return false;
	out[0] = '\0';
	for (i = 0; i < in.len; i++) {
		c = (unsigned char)in.ptr[i];
		if (c == '+' && plus) {
			c = ' ';
		} else if (c == '%') {
			if (in.len - i < 3)
				return false;
			hi = hex(in.ptr[i + 1]);
			lo = hex(in.ptr[i + 2]);
			if (hi == -1 || lo == -1)
				return false;
			c = (unsigned char)(hi << 4 | lo);
			i += 2;
		}
		if (c == 0x7f || (c < 0x20 &&
		    !(lines && (c == '\n' || c == '\r' || c == '\t'))))
			return false;
		if (n + 1 >= cap)
			return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return true;
}

bool
query_decode(struct span in, bool plus, char *out, size_t cap)
{
	return decode(in, plus, false, out, cap);
}

bool
query_is_name(const char *s)
{
	static const char alnum[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	static const char more[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	return *s != '\0' && strchr(alnum, *s) != NULL &&
	    s[strspn(s, more)] == '\0';
}

/* Docker's own rule for booleans, here for a value that is not "". */
static bool
truth(const char *s)
{
	static const char *const no[] = { "", "0", "no", "false", "none" };
	size_t len, i;

	s += strspn(s, " \t\r\n");
	len = strlen(s);
	while (len > 0 && strchr(" \t\r\n", s[len - 1]) != NULL)
		len--;
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (strlen(no[i]) == len && strncasecmp(s, no[i], len) == 0)
			return false;
	return true;
}

/* Valid UTF-8 and no C1 control; decode() saw to the ASCII ones. */
static bool
is_text(const char *s)
{
	struct span rest = span_of(s);
	uint32_t c;
	size_t n;

	for (; rest.len > 0; rest.ptr += n, rest.len -= n) {
		n = span_utf8(rest, &c);
		if (n == 0 || (c >= 0x80 && c < 0xa0))
			return false;
	}
	return true;
}

/* dockerd reads all changes as one Dockerfile: a value that goes on in the
 * next line would swallow the one this program adds, and a comment could
 * choose the character that does that. */
static bool
is_change(const char *s)
{
	size_t len = strlen(s);

	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	return is_text(s) && s[strspn(s, " \t")] != '#' && (len == 0 ||
	    (s[len - 1] != '\\' && s[len - 1] != '`'));
}

/* Rewrites a decimal number in place in its shortest form. */
static bool
canon_int(const struct param *row, char *s)
{
	size_t len = strlen(s), sign = s[0] == '-';
	char *end;
	long n;

	if (len == sign || strspn(s + sign, "0123456789") != len - sign)
		return false;
	errno = 0;
	n = strtol(s, &end, 10);
	if (errno != 0 || *end != '\0')
		return false;
	if ((row->min != 0 || row->max != 0) &&
	    (n < row->min || n > row->max))
		return false;
	snprintf(s, len + 1, "%ld", n);
	return true;
}

/* Hands over the text of b as a value of its own. */
static bool
take_buf(struct query_value *v, struct buf *b)
{
	if (b->failed || b->data == NULL)
		return false;
	v->value = b->data;
	v->own = true;
	*b = (struct buf){ .data = NULL };
	return true;
}

/* The value of a filter: an object of booleans or an array of strings; in
 * both dockerd takes what is named and ignores true and false. */
static bool
filter_values(const cJSON *set, struct buf *out, size_t *n)
{
	const cJSON *v, *w;
	const char *name, *other;
	bool map = cJSON_IsObject(set), first = true;

	if (!map && !cJSON_IsArray(set))
		return cJSON_IsNull(set);
	cJSON_ArrayForEach(v, set) {
		name = map ? v->string : v->valuestring;
		if (map ? !cJSON_IsBool(v) : !cJSON_IsString(v))
			return false;
		if (++*n > FILTER_VALUES_MAX)
			return false;
		for (w = set->child; w != v; w = w->next) {
			other = map ? w->string : w->valuestring;
			if (strcmp(other, name) == 0)
				break;
		}
		if (w != v)	/* a repeated value: a set holds it once */
			continue;
		if (!first)
			buf_puts(out, ",");
		first = false;
		json_quotes(out, name);
		buf_puts(out, ":true");
	}
	return true;
}

static bool
canon_filters(struct query_value *v, struct refusal *why)
{
	cleanup_buf struct buf out = BUF_INIT(2 * QUERY_MAX);
	cJSON *tree = json_parse(span_of(v->value), why);
	const cJSON *set;
	bool ok = cJSON_IsObject(tree) || cJSON_IsNull(tree);
	bool map = false, list = false;
	size_t n = 0;

	buf_puts(&out, "{");
	cJSON_ArrayForEach(set, tree) {
		if (!ok)
			break;
		map = map || cJSON_IsObject(set);
		list = list || cJSON_IsArray(set);
		if (out.len > 1)
			buf_puts(&out, ",");
		json_quotes(&out, set->string);
		buf_puts(&out, ":{");
		/* dockerd decodes the whole as the one or as the other */
		ok = filter_values(set, &out, &n) && !(map && list);
		buf_puts(&out, "}");
	}
	buf_puts(&out, "}");
	if (tree != NULL && !ok)
		refuse(why, R_BAD_JSON, "not {\"key\":{\"value\":true}}");
	cJSON_Delete(tree);
	return ok && take_buf(v, &out);
}

static bool
canon_json(struct query_value *v, struct refusal *why)
{
	cleanup_buf struct buf out = BUF_INIT(2 * QUERY_MAX);
	cJSON *tree = json_parse(span_of(v->value), why);
	bool ok = tree != NULL && json_write(&out, tree) == 0;

	cJSON_Delete(tree);
	return ok && take_buf(v, &out);
}

/* An ordinary user's value of a parameter that is for admins: true if it
 * says nothing. */
static bool
denied_is_empty(const char *s)
{
	return !truth(s) || strcmp(s, "[]") == 0 || strcmp(s, "{}") == 0 ||
	    strcmp(s, "null") == 0;
}

/* Brings v into its one form, or says why not. */
static enum reason
canon(struct query_value *v, struct refusal *why)
{
	const struct param *row = v->row;
	struct refusal json = { .why = R_NONE };
	bool ok = true;

	if (v->value[0] == '\0' && row->type != P_CONTAINER)
		return R_NONE;
	switch (row->type) {
	case P_BOOL:
		memcpy(v->value, truth(v->value) ? "1" : "0", 2);
		break;
	case P_INT:
		ok = canon_int(row, v->value);
		break;
	case P_JSON:
		ok = canon_json(v, &json);
		break;
	case P_FILTERS:
		ok = canon_filters(v, &json);
		break;
	case P_CONTAINER:
		ok = query_is_name(v->value);
		break;
	case P_CHANGE:
		ok = is_change(v->value);
		break;
	case P_TEXT:
	case P_LINES:
	case P_PATH:
	case P_DENY:
		ok = is_text(v->value);
		break;
	}
	if (ok)
		return R_NONE;
	return json.detail[0] != '\0' ?
	    refuse(why, R_BAD_QUERY, "%s: %s", row->name, json.detail) :
	    refuse(why, R_BAD_QUERY, "%s", row->name);
}

static const struct param *
find_row(const struct param *rows, const char *name)
{
	for (; rows->name != NULL; rows++)
		if (strcmp(rows->name, name) == 0)
			return rows;
	return NULL;
}

static struct query_value *
find_value(struct query *q, const struct param *row)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		if (q->v[i].row == row)
			return &q->v[i];
	return NULL;
}

static bool
may_have_lines(enum param_type type)
{
	return type == P_LINES || type == P_JSON || type == P_FILTERS;
}

/* One "name=value".  at: where its text goes, moved behind it; there is
 * always room, the decoded value is no longer than the pair. */
static enum reason
parse_pair(struct query *q, struct span pair, const struct param *rows,
    bool admin, char **at, struct refusal *why)
{
	const char *eq = memchr(pair.ptr, '=', pair.len);
	struct span name = pair, value = { pair.ptr + pair.len, 0 };
	struct query_value *v = &q->v[q->n];
	const struct param *row;

	if (eq != NULL) {
		name.len = (size_t)(eq - pair.ptr);
		value = (struct span){ eq + 1, pair.len - name.len - 1 };
	}
	if (!decode(name, true, false, *at, name.len + 1))
		return refuse(why, R_BAD_QUERY, "name of a parameter");
	row = find_row(rows, *at);
	if (!decode(value, true, row == NULL || may_have_lines(row->type),
	    *at, value.len + 1))
		return refuse(why, R_BAD_QUERY, "%s: bad escape or control "
		    "byte", row ? row->name : "unknown parameter");
	if (row == NULL)	/* dockerd does not read it either */
		return R_NONE;
	if (row->type == P_DENY && !admin) {
		if (denied_is_empty(*at))
			return R_NONE;
		if (row->accept == NULL || strcmp(row->accept, *at) != 0)
			return refuse(why, row->why, "%s=%s", row->name, *at);
	}
	if (!row->repeat && find_value(q, row) != NULL)
		return refuse(why, R_BAD_QUERY, "%s: given twice", row->name);
	if (q->n == QUERY_PARAMS_MAX)
		return refuse(why, R_BAD_QUERY, "too many parameters");
	*v = (struct query_value){ .row = row, .value = *at };
	*at += strlen(*at) + 1;
	q->n++;
	return canon(v, why);
}

static enum reason
parse(struct query *q, struct span raw, const struct param *rows, bool admin,
    struct refusal *why)
{
	char *at = q->text;
	struct span pair;
	const char *amp;
	enum reason r;

	while (raw.len > 0) {
		amp = memchr(raw.ptr, '&', raw.len);
		pair.ptr = raw.ptr;
		pair.len = amp ? (size_t)(amp - raw.ptr) : raw.len;
		if (pair.len > 0) {
			r = parse_pair(q, pair, rows, admin, &at, why);
			if (r != R_NONE)
				return r;
		}
		pair.len += amp ? 1 : 0;
		raw.ptr += pair.len;
		raw.len -= pair.len;
	}
	return R_NONE;
}

/* dockerd expands variables while it reads changes: "ENV a=$a$a", twenty times,
 * is a million times what was sent. */
static bool
changes_ok(const struct query *q)
{
	size_t n = 0;

	for (size_t i = 0; i < q->n; i++)
		if (q->v[i].row->type == P_CHANGE)
			for (const char *p = q->v[i].value; *p != '\0'; p++)
				n += *p == '$';
	return n <= DOLLARS_MAX;
}

enum reason
query_parse(struct query *q, struct span raw, const struct param *rows,
    bool admin, struct refusal *why)
{
	enum reason r;

	q->n = 0;
	q->text = NULL;
	if (raw.len == 0)
		return R_NONE;
	if (raw.len > QUERY_MAX)
		return refuse(why, R_BAD_QUERY, "longer than 64 KiB");
	/* Go refuses ';' in some routes and drops the pair in others. */
	if (memchr(raw.ptr, ';', raw.len) != NULL)
		return refuse(why, R_BAD_QUERY, "';' between parameters");
	q->text = malloc(raw.len + 1);
	if (q->text == NULL)
		return refuse(why, R_INTERNAL, "out of memory");
	r = parse(q, raw, rows, admin, why);
	if (r == R_NONE && !changes_ok(q))
		r = refuse(why, R_BAD_QUERY, "more than %d '$' in changes",
		    DOLLARS_MAX);
	if (r != R_NONE)
		query_free(q);
	return r;
}

static void
drop_at(struct query *q, size_t i)
{
	if (q->v[i].own)
		free(q->v[i].value);
	q->n--;
	memmove(&q->v[i], &q->v[i + 1], (q->n - i) * sizeof(q->v[0]));
}

void
query_free(struct query *q)
{
	while (q->n > 0)
		drop_at(q, q->n - 1);
	free(q->text);
	q->text = NULL;
}

const char *
query_get(const struct query *q, const char *name)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		if (strcmp(q->v[i].row->name, name) == 0)
			return q->v[i].value;
	return NULL;
}

bool
query_true(const struct query *q, const char *name)
{
	const char *s = query_get(q, name);

	return s != NULL && truth(s);
}

int
query_set(struct query *q, const struct param *rows, const char *name,
    const char *value)
{
	const struct param *row = find_row(rows, name);
	struct query_value *v;
	char *copy;

	if (row == NULL)
		return -1;
	v = row->repeat ? NULL : find_value(q, row);
	if (v == NULL && q->n == QUERY_PARAMS_MAX)
		return -1;
	copy = strdup(value);
	if (copy == NULL)
		return -1;
	if (v == NULL)
		v = &q->v[q->n++];
	else if (v->own)
		free(v->value);
	*v = (struct query_value){ .row = row, .value = copy, .own = true };
	return 0;
}

void
query_drop(struct query *q, const char *name)
{
	size_t i = 0;

	while (i < q->n) {
		if (strcmp(q->v[i].row->name, name) == 0)
			drop_at(q, i);
		else
			i++;
	}
}

int
query_encode(struct buf *out, const char *s, const char *keep)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	char code[3] = "%";
	size_t n;

	while (*s != '\0') {
		n = strspn(s, plain);
		if (n == 0 && strchr(keep, *s) != NULL)
			n = 1;
		if (n > 0) {
			buf_add(out, s, n);
			s += n;
			continue;
		}
		code[1] = digits[(unsigned char)*s >> 4];
		code[2] = digits[(unsigned char)*s & 15];
		buf_add(out, code, 3);
		s++;
	}
	return out->failed ? -1 : 0;
}

int
query_write(const struct query *q, struct buf *out)
{
	size_t i;

	for (i = 0; i < q->n; i++) {
		buf_puts(out, i == 0 ? "?" : "&");
		query_encode(out, q->v[i].row->name, "");
		buf_puts(out, "=");
		query_encode(out, q->v[i].value, "/:,");
	}
	return out->failed ? -1 : 0;
}
