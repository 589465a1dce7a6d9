/*
 * made.h - a container that was just made, looked at before it can start.
 */
#ifndef MADE_H
#define MADE_H

#include "owner.h"

/* What could not be told before dockerd has put image, volumes and defaults
 * together.  inspect: its answer for a container of the caller's.  R_NONE, or
 * why it has to go again. */
enum reason made_judge(struct engine *e, const struct caller *c,
    struct span inspect, struct refusal *why);

#endif
