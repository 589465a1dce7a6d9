/*
 * session.h - one gate's shared state, and one connection's.
 */
#ifndef SESSION_H
#define SESSION_H

#include <pthread.h>
#include <stdatomic.h>

#include "config.h"
#include "identity.h"
#include "reason.h"

/* What a connection works with: taken at accept, looked at again by each
 * request, released at its end.  Const but for the number of its holders. */
struct view {
	struct config *cfg;
	struct caller caller;
	enum isolation mode;	/* config's, or an admin's own choice */
	bool chosen;		/* the latter */
	time_t made;		/* seconds of the monotonic clock */
	int debug;		/* DS01_WRAPPER_DEBUG: 0, 1, 2 */
	int debug_fd;		/* a socket to the user's stderr, or -1 */
	atomic_int refs;
};

struct view *view_take(struct view *v);
void view_release(struct view *v);

/* gate.c: for the next request of a connection, whose first it may be: *v,
 * or a new one in its place when it is some seconds old.  R_NONE, or why this
 * session is over. */
enum reason view_renew(struct view **v, bool first, struct refusal *why);

/* Serves one accepted session connection until it ends.  Closes fd and
 * releases v. */
void mediate_connection(struct view *v, int fd);
/* May the caller touch all of these targets?  R_NONE or the first refusal;
 * recorded.  kind: "container", "volume", "network".  event: id shown. */
enum reason mediate_targets(struct view *v, const char *kind,
    const char *const *targets, size_t n, char *text, size_t cap);
/* Debug line for level, when the session asked for it. */
void debugf(const struct view *v, int level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
