/*
 * granted.h - what a container is given, for the audit log.
 *
 * One VIRT_RESOURCE record for each thing that a request's body asks of the
 * host, behind the record of its decision.  What could not all be put on
 * record is refused, before anything is.
 */
#ifndef GRANTED_H
#define GRANTED_H

#include <cjson/cJSON.h>

#include "record.h"
#include "route.h"

#define GRANTED_EACH_MAX 256	/* different texts of one row */

struct granted {		/* texts in the order of the table; owned */
	struct given {
		const char *op;	/* of the row */
		char *text;
	} *v;
	size_t n, room;
};
#define cleanup_granted __attribute__((cleanup(granted_free)))

/* One row of the table of what is on record. */
struct granting;
struct grant {
	enum op route;
	const char *key;	/* create: in HostConfig; else at the top */
	const char *op;		/* record.h: RECORD_RESOURCE */
	bool list;		/* tell: for each member */
	void (*tell)(struct granting *g, const cJSON *v);
};

/* NULL behind the last one. */
const struct grant *granted_row(size_t i);

/* Reads a body as it goes up.  trusted: nobody has judged it, so that nothing
 * in it is of our own making.  R_NONE; R_BAD_FIELD: more than
 * GRANTED_EACH_MAX different texts of one row; R_INTERNAL. */
enum reason granted_read(struct granted *g, enum op route, const cJSON *body,
    bool trusted, struct refusal *why);
/* decision: whose object and event the records share.  0; or -1 only when
 * audit is required and a record was not accepted. */
int granted_write(const struct granted *g, const struct caller *c,
    const struct record *decision);
void granted_free(struct granted *g);

#endif
