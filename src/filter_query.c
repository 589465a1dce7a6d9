/*
 * filter_query.c - the question, before its answer is filtered.
 *
 * Guarantees that a limit counts the caller's containers and not everybody's,
 * and that filters which name a container (before, since) tell nothing about
 * others': theirs are as if they were not there.
 */
#include <stdlib.h>

#include "filter.h"

/* One value of before or since: a name; becomes the id of one's own. */
static enum reason
own_id(struct engine *e, const struct caller *c, struct span key,
    struct buf *out, struct refusal *why)
{
	struct span quoted = { key.ptr - 1, key.len + 2 };
	char name[ROUTE_NAME_MAX];
	struct thing t;
	enum reason r;

	if (!json_string(quoted, name, sizeof name))
		return refuse(why, R_BAD_QUERY, "filters: container name");
	r = owner_container(e, c, name, &t, NULL, why);
	if (r == R_NONE && t.claim == CLAIM_MISSING)
		r = refuse_missing(why, "container", name);
	else if (r == R_NONE)
		r = owner_refuse(c, c->cfg, &t, R_NOT_FOUND, why);
	if (r == R_NONE)
		buf_printf(out, "\"%s\":true", t.id);
	return r;
}

/* Writes filters (canonical, see query.c) with own ids in before and since. */
static enum reason
resolve(struct engine *e, const struct caller *c, struct span filters,
    struct buf *out, struct refusal *why)
{
	struct json_iter it = json_iter(filters), values;
	struct span key, set, value, v;
	enum reason r = R_NONE;
	bool first = true;

	buf_puts(out, "{");
	while (r == R_NONE && json_next(&it, &key, &set)) {
		if (!first)
			buf_puts(out, ",");
		buf_puts(out, "\"");
		buf_putspan(out, key);
		buf_puts(out, "\":");
		first = false;
		if (!span_eq(key, "before") && !span_eq(key, "since")) {
			buf_putspan(out, set);
			continue;
		}
		buf_puts(out, "{");
		values = json_iter(set);
		for (bool one = true; r == R_NONE &&
		    json_next(&values, &value, &v); one = false) {
			if (!one)
				buf_puts(out, ",");
			r = own_id(e, c, value, out, why);
		}
		buf_puts(out, "}");
	}
	buf_puts(out, "}");
	return r != R_NONE || !out->failed ? r :
	    refuse(why, R_BAD_QUERY, "filters: too long");
}

static enum reason
container_filters(struct engine *e, const struct caller *c, struct query *q,
    const struct param *rows, struct refusal *why)
{
	cleanup_buf struct buf out = BUF_INIT(2 * QUERY_MAX);
	struct span f = span_of(query_get(q, "filters"));
	enum reason r;

	if (!f.ptr || (!json_get(f, "before").ptr && !json_get(f, "since").ptr))
		return R_NONE;
	r = resolve(e, c, f, &out, why);
	if (r == R_NONE && query_set(q, rows, "filters", out.data) == -1)
		r = refuse(why, R_BAD_QUERY, "filters: too long");
	return r;
}

enum reason
filter_query(enum op op, struct engine *e, const struct caller *c,
    struct query *q, const struct param *rows, struct filter_ask *ask,
    struct refusal *why)
{
	const char *limit;
	long n;

	if (ask)
		*ask = (struct filter_ask){ 0 };
	if (op != OP_CONTAINER_LIST || c->admin)
		return R_NONE;
	limit = query_get(q, "limit");
	n = limit ? strtol(limit, NULL, 10) : 0;
	if (limit)
		query_drop(q, "limit");
	/* With a limit, dockerd lists what has stopped too. */
	if (n > 0 && query_set(q, rows, "all", "1") == -1)
		return refuse(why, R_BAD_QUERY, "limit");
	if (n > 0 && ask)
		ask->limit = n;
	return container_filters(e, c, q, rows, why);
}
