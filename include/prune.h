/*
 * prune.h - prune, done by the gate for one user.
 *
 * dockerd's own prune matches labels, and labels may be inherited from an
 * image; so the gate lists, proves ownership, and deletes by id, one by one.
 * The answer has dockerd's own form.  User filters (until, label, label!)
 * are honoured.
 */
#ifndef PRUNE_H
#define PRUNE_H

#include "owner.h"
#include "route.h"

/* op: container, volume or network prune.  out: the JSON answer. */
enum reason prune(enum op op, struct engine *e, const struct caller *c,
    const struct query *q, unsigned api, struct buf *out,
    struct refusal *why);
/* Rewrites images/prune's query: dangling images only, and only those with
 * that owner's label, where he is not NULL. */
int prune_images_query(struct query *q, const struct param *rows,
    const char *owner);

#endif
