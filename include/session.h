/*
 * session.h - one gate's shared state, and one connection's.
 */
#ifndef SESSION_H
#define SESSION_H

#include <pthread.h>
#include <stdatomic.h>

#include "config.h"
#include "identity.h"

/* What a connection works with; taken at accept, released at its end. */
struct view {
	struct config *cfg;
	struct caller caller;
	enum isolation mode;	/* config's, or an admin's own choice */
	int debug;		/* DS01_WRAPPER_DEBUG: 0, 1, 2 */
	int debug_fd;		/* a socket to the user's stderr, or -1 */
	atomic_int refs;
};

struct view *view_take(struct view *v);
void view_release(struct view *v);

/* Serves one accepted session connection until it ends.  Closes fd. */
void mediate_connection(struct view *v, int fd);
/* May the caller touch all of these targets?  R_NONE or the first refusal;
 * recorded.  kind: "container", "volume", "network".  event: id shown. */
enum reason mediate_targets(struct view *v, const char *kind,
    const char *const *targets, size_t n, char *text, size_t cap);
/* Debug line for level, when the session asked for it. */
void debugf(const struct view *v, int level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
