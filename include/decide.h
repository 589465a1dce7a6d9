/*
 * decide.h - what decide.c and decide_body.c share.
 */
#ifndef DECIDE_H
#define DECIDE_H

#include "request.h"

/* A container named in a query or body: resolved, and the caller's. */
enum reason decide_container(struct request *r, const char *ref,
    struct thing *t);

#endif
