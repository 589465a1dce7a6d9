/*
 * filter.h - answers of dockerd, cut down to what is the caller's.
 *
 * Elements that are not the caller's are left out; everything else is passed
 * on byte for byte.  The document variants take a whole JSON answer, the
 * stream variant one event at a time.
 */
#ifndef FILTER_H
#define FILTER_H

#include "owner.h"
#include "route.h"

/* What has to be known of the question to filter its answer. */
struct filter_ask {
	long limit;		/* GET /containers/json: newest n only, 0: all */
};

/* True if the answer of this route is rewritten for that caller (admins:
 * only the API version clamps in /version). */
bool filter_wanted(enum op op, const struct caller *c);

/* Query side, before the request goes on; call it where filter_wanted().
 * Takes out of q what has to be done here (limit: ask), and resolves what
 * names a container in filters (before, since): it must be the caller's,
 * anything else is R_NOT_FOUND as if it were not there.  ask may be NULL. */
enum reason filter_query(enum op op, struct engine *e, const struct caller *c,
    struct query *q, const struct param *rows, struct filter_ask *ask,
    struct refusal *why);

/* out receives the new document.  R_NONE or R_ENGINE_ERROR (the answer was
 * not what it should be: nothing is shown).  For answers with status 200
 * only.  ask: as filter_query() filled it, NULL is no limit. */
enum reason filter_document(enum op op, struct engine *e,
    const struct caller *c, const struct filter_ask *ask, struct span in,
    struct buf *out, struct refusal *why);
/* One JSON event of GET /events: may the caller see it?  e is a second
 * engine connection for look-ups. */
bool filter_event(struct engine *e, const struct caller *c,
    struct span event);

#endif
