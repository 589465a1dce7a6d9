/*
 * owner_ask.h - one question to dockerd about one object.
 *
 * Internal to owner*.c.
 */
#ifndef OWNER_ASK_H
#define OWNER_ASK_H

#include "owner.h"

#define OWNER_ANSWER_MAX ((size_t)8 << 20)	/* bytes of one inspect answer */

enum label { ABSENT, PRESENT, UNREADABLE };

/* An empty label is no label. */
enum label owner_label(struct span labels, const char *key, char *out,
    size_t cap);
bool owner_is_full_id(const char *s);
/* t is not there; status as dockerd would answer. */
void owner_missing(struct thing *t, const char *ref, int status);
/* GET /<kind>/<ref><tail>.  200, or 0 when t is missing, or -1. */
int owner_ask(struct engine *e, const char *kind, const char *ref,
    const char *tail, struct thing *t, struct buf *body,
    struct refusal *why);

/* Was what has that LABEL_GATE made with more rights than a user has? */
bool owner_unjudged(const char *gate);

#endif
