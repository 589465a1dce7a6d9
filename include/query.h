/*
 * query.h - the query string, decoded once and written afresh.
 *
 * Docker's own rules for values: a boolean is false only for "", 0, no,
 * false, none (moby httputils.BoolValue).  A parameter that is no row of
 * the route is dropped, as dockerd would; a repeated one that is not
 * repeatable is refused.
 */
#ifndef QUERY_H
#define QUERY_H

#include "buf.h"
#include "reason.h"

#define QUERY_PARAMS_MAX 128
#define QUERY_MAX (64 * 1024)	/* bytes of the decoded query */

enum param_type {
	P_BOOL,		/* rewritten as 1 or 0; "" stays "" (dockerd takes that
			 * for "not given" in build's rm, commit's pause) */
	P_INT,		/* decimal, may be negative; within .min .max; or "" */
	P_TEXT,		/* printable UTF-8, no control bytes */
	P_LINES,	/* the same, with new lines and tabs: messages */
	P_CHANGE,	/* one whole Dockerfile instruction, not a comment and
			 * not continued: dockerd joins them with new lines */
	P_PATH,		/* absolute or relative path inside a container */
	P_JSON,		/* strict JSON (json_check), passed on compactly */
	P_FILTERS,	/* Docker's filters, both encodings, out comes
			 * {"key":{"value":true}}; see api.md c.6 */
	P_CONTAINER,	/* names a container: replaced by its full id */
	P_DENY		/* an ordinary user may only leave it empty/false (it is
			 * dropped then) or at .accept */
};

struct param {
	const char *name;
	enum param_type type;
	bool repeat;
	long min, max;		/* P_INT; both 0: no bound */
	enum reason why;	/* P_DENY: the reason given */
	const char *accept;	/* P_DENY: one value that passes, or NULL */
};				/* rows end with .name NULL */

struct query_value {
	const struct param *row;
	char *value;		/* decoded, NUL-terminated, owned by query */
	bool own;		/* allocated by itself, not part of .text */
};

struct query {
	struct query_value v[QUERY_PARAMS_MAX];
	size_t n;
	char *text;		/* owned: values as they came live here */
};

#define cleanup_query __attribute__((cleanup(query_free)))

/* q is overwritten.  admin: P_DENY rows pass.  R_NONE, or R_BAD_QUERY / the
 * row's reason with nothing to free. */
enum reason query_parse(struct query *q, struct span raw,
    const struct param *rows, bool admin, struct refusal *why);
void query_free(struct query *q);
const char *query_get(const struct query *q, const char *name); /* or NULL */
bool query_true(const struct query *q, const char *name);
/* Sets a value (copied); a repeatable parameter gets one more.  name must be
 * a row of rows.  -1: no such row, no room. */
int query_set(struct query *q, const struct param *rows, const char *name,
    const char *value);
void query_drop(struct query *q, const char *name);
/* Appends "?a=b&c=d" (percent-encoded) or nothing. */
int query_write(const struct query *q, struct buf *out);
/* Percent-encodes one path segment or value; keep: extra bytes left as is. */
int query_encode(struct buf *out, const char *s, const char *keep);
/* Decodes %XX once ('+' only in queries).  False: bad escape, NUL, control. */
bool query_decode(struct span in, bool plus, char *out, size_t cap);
/* [a-zA-Z0-9][a-zA-Z0-9_.-]*: container, network, volume, exec. */
bool query_is_name(const char *s);

#endif
