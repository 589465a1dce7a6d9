/*
 * fuzz_query.c - any bytes as the query of any route (the first byte says
 * which, and whether an admin asks): no crash, and what is written is read
 * as it was written.
 * links: query route buf reason span json json_check json_walk
 */
#include <stdint.h>
#include <stdlib.h>

#include "route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check_values(const struct query *q, bool admin)
{
	size_t i;

	for (i = 0; i < q->n; i++) {
		must(q->v[i].value != NULL && q->v[i].row->name != NULL);
		must(admin || q->v[i].row->type != P_DENY ||
		    strcmp(q->v[i].value, q->v[i].row->accept) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_buf struct buf one = BUF_INIT(0), two = BUF_INIT(0);
	const struct route *r;
	struct query q, again;
	struct refusal why;
	struct span in;
	bool admin;

	if (size == 0)
		return 0;
	r = route_row((enum op)((data[0] & 127) % OP__COUNT));
	admin = data[0] & 128;
	in = (struct span){ (const char *)data + 1, size - 1 };
	if (query_parse(&q, in, r->params, admin, &why) != R_NONE) {
		must(q.n == 0 && q.text == NULL && why.why != R_NONE);
		return 0;
	}
	check_values(&q, admin);
	must(query_write(&q, &one) == 0);
	query_free(&q);
	if (one.len == 0 || one.len > QUERY_MAX)
		return 0;
	in = (struct span){ one.data + 1, one.len - 1 };
	must(query_parse(&again, in, r->params, admin, &why) == R_NONE);
	must(query_write(&again, &two) == 0);
	query_free(&again);
	must(span_eq(buf_span(&one), two.data));
	return 0;
}
