/*
 * hold.h - a name that a request uses is kept from other users meanwhile.
 *
 * Tags and volumes have no ids that dockerd would take: what was judged by
 * its name is acted on by its name.  So who judges one holds it from before
 * he looks until dockerd has answered, against all others, in whatever gate.
 */
#ifndef HOLD_H
#define HOLD_H

#include "identity.h"
#include "reason.h"
#include "userlock.h"

struct hold {			/* all zero: none yet; takes many names */
	bool open;
	int fd;
};

enum hold_use {
	HOLD_MAKE,		/* or remove, or use: one user at a time */
	HOLD_MAKE_OWN,		/* a name that only pulls of others could take */
	HOLD_PULL		/* many users may pull at once */
};

/* 0; 1: another user holds it, whose uid is in who, and goes on to do so for
 * some 200 ms; then it is held here for an administrator only; -1 and errno. */
int hold_take(struct hold *h, const struct caller *c, const char *name,
    enum hold_use use, char who[UID_TEXT]);
/* A volume's name; an administrator holds it beside another user.  R_NONE,
 * R_NOT_OWNER_VOLUME, R_INTERNAL. */
enum reason hold_volume(struct hold *h, const struct caller *c,
    const char *volume, struct refusal *why);
void hold_release(struct hold *h);

/* Where the locks lie; hold_dir(): somewhere else, for tests. */
const char *hold_path(void);
void hold_dir(const char *path);

#endif
