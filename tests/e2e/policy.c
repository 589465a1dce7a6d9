/*
 * policy.c - prints the gate's own tables, for policy.pl and hostile.pl.
 *
 *	field	SCHEMA.NAME	type	verdict	reason
 *	param	OP.NAME	METHOD	PATH	reason
 *	route	OP	METHOD	PATH
 *
 * All fields of all bodies; the parameters and routes that ordinary users
 * are refused.
 * links: route query buf reason span json json_check json_walk
 */
#include <stdio.h>

#include "route.h"
#include "schema.h"

/* The field tables themselves; the judges that they point to are left out:
 * an undefined weak symbol is a null pointer. */
#define judge_fn __attribute__((weak)) judge_fn
#include "../../src/schema_create.c"
#include "../../src/schema_other.c"

#define SCHEMAS_MAX 64

static const struct schema *const bodies[] = {
	&schema_create, &schema_exec, &schema_exec_start, &schema_update,
	&schema_volume, &schema_network, &schema_connect, &schema_disconnect,
	&schema_commit, &schema_auth
};

static const char *const types[] = {
	[F_BOOL] = "bool", [F_INT] = "int", [F_STRING] = "string",
	[F_STRINGS] = "strings", [F_WORDS] = "words",
	[F_MAP_STRING] = "map", [F_MAP_EMPTY] = "map", [F_INTS] = "ints",
	[F_OBJECT] = "object", [F_ARRAY] = "array", [F_MAP] = "map",
	[F_MAP_ARRAY] = "map", [F_MATRIX] = "matrix"
};

static const char *const verdicts[] = {
	[V_ALLOW] = "allow", [V_IF] = "if", [V_REWRITE] = "rewrite",
	[V_DENY] = "deny", [V_DROP] = "drop"
};

static const struct schema *seen[SCHEMAS_MAX];
static size_t n_seen;

static void
print_schema(const struct schema *s)
{
	for (size_t i = 0; i < n_seen; i++)
		if (seen[i] == s)
			return;
	if (n_seen < SCHEMAS_MAX)
		seen[n_seen++] = s;
	for (const struct field *f = s->fields; f->name != NULL; f++) {
		printf("field\t%s.%s\t%s\t%s\t%s\n", s->name, f->name,
		    types[f->type], verdicts[f->verdict],
		    reason_row(f->why)->id);
		if (f->sub != NULL)
			print_schema(f->sub);
	}
}

static void
print_route(const struct route *r)
{
	if (r->access == ACCESS_DENY) {
		printf("route\t%s\t%s\t%s\n", r->op, r->method, r->path);
		return;
	}
	for (const struct param *p = r->params; p->name != NULL; p++)
		if (p->type == P_DENY)
			printf("param\t%s.%s\t%s\t%s\t%s\n", r->op, p->name,
			    r->method, r->path, reason_row(p->why)->id);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		print_schema(bodies[i]);
	for (size_t i = 0; i < route_count(); i++)
		print_route(route_row((enum op)i));
	return 0;
}
