/*
 * fuzz_route.c - any bytes as "METHOD target": no crash, and what is matched
 * is written so that it is matched the same, without encoded bytes.
 * links: route query buf reason span json json_check json_walk
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_buf struct buf b = BUF_INIT(0);
	struct span method = { (const char *)data, size }, target;
	const char *space = size ? memchr(data, ' ', size) : NULL;
	struct route_match m, again;
	struct refusal why;

	if (space == NULL)
		return 0;
	method.len = (size_t)(space - method.ptr);
	target = (struct span){ space + 1, size - method.len - 1 };
	if (route_match(method, target, &m, &why) != R_NONE ||
	    m.route->id == OP_SYSTEM_OPTIONS)
		return 0;
	must(strlen(m.name) < ROUTE_NAME_MAX);
	must(route_write(&b, m.route, ROUTE_API_MAX, m.name, m.name2) == 0);
	must(strpbrk(b.data, "%?#; ") == NULL && strstr(b.data, "//") == NULL);
	must(strstr(b.data, "/../") == NULL && strstr(b.data, "/./") == NULL);
	must(route_match(method, buf_span(&b), &again, &why) == R_NONE);
	must(again.api == ROUTE_API_MAX && again.query.ptr == NULL);
	/* "privileg%65s" is a plugin's name and not the route of that name */
	if (again.route != m.route)
		must(m.route->access == ACCESS_DENY);
	else
		must(strcmp(again.name, m.name) == 0 &&
		    strcmp(again.name2, m.name2) == 0);
	return 0;
}
