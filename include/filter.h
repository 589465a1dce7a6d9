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

/* True if the answer of this route is rewritten for that caller (admins:
 * only the API version clamps in /version). */
bool filter_wanted(enum op op, const struct caller *c);
/* out receives the new document.  R_NONE or R_ENGINE_ERROR (the answer was
 * not what it should be: nothing is shown). */
enum reason filter_document(enum op op, struct engine *e,
    const struct caller *c, const struct config *cfg, struct span in,
    struct buf *out, struct refusal *why);
/* One JSON event of GET /events: may the caller see it?  e is a second
 * engine connection for look-ups. */
bool filter_event(struct engine *e, const struct caller *c,
    const struct config *cfg, struct span event);

/* Query side: narrows GET /containers/json, /volumes … with the owner label
 * where that is only an optimisation and hides nothing of the caller's. */
int filter_narrow(enum op op, const struct caller *c, struct query *q,
    const struct param *rows);

#endif
