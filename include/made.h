/*
 * made.h - a container that was made, looked at before it can start.
 */
#ifndef MADE_H
#define MADE_H

#include "owner.h"

/* In a container without root an empty file of ours is mounted on it. */
#define GROUP_FILE "/etc/group"

/* What could not be told before dockerd has put image, volumes and defaults
 * together.  t, a container of the caller's; inspect: dockerd's answer for it.
 * R_NONE, or why it must not start (and goes again, if it was just made). */
enum reason made_judge(struct engine *e, const struct caller *c,
    const struct thing *t, struct span inspect, struct refusal *why);
/* Its volumes only, for what reads it and does not start it. */
enum reason made_volumes(struct engine *e, const struct caller *c,
    const struct thing *t, struct span inspect, struct refusal *why);

#endif
