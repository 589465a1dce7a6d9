/*
 * making.h - what a user is making now counts as if it were made.
 *
 * How many containers or networks somebody has is counted before dockerd
 * makes one more.  Many requests at once would all find room for one: so each
 * takes a place before it counts, which says to all gates of its user that
 * one is being made, and keeps it until dockerd has answered.
 */
#ifndef MAKING_H
#define MAKING_H

#include "owner.h"

struct making {			/* all zero: nothing is being made */
	bool open;
	int fd;
	off_t place;
};

struct making_ask {
	struct engine *engine;
	const struct caller *as;
	enum object kind;	/* OBJ_CONTAINER or OBJ_NETWORK */
	int64_t bound;
};

/* R_NONE: there is room for one more, and the place is taken.  Waits for
 * what is under way where the bound is near, for some seconds. */
enum reason making_begin(struct making *m, const struct making_ask *a,
    struct refusal *why);
/* Dockerd has answered, or was not asked. */
void making_end(struct making *m);
/* Another directory than DS01_RUN_DIR "/making", for tests. */
void making_dir(const char *path);

#endif
