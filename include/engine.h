/*
 * engine.h - the connection to dockerd.
 *
 * Only bytes that this program wrote go up.  A struct engine belongs to one
 * thread.  Requests that are entirely our own (head and body) may share one
 * kept-alive connection; streams and upgrades get their own, with
 * "Connection: close".
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "http.h"
#include "json.h"

#define ENGINE_REPLY_MAX ((size_t)256 << 20)	/* bytes of a buffered answer */

struct engine {
	const char *socket;	/* path, borrowed */
	unsigned api_max;	/* engine's own newest minor, 0: not known yet */
	unsigned api_min;
	int fd;			/* kept-alive connection or -1 */
	struct buf in;		/* bytes read ahead on fd */
};

void engine_init(struct engine *e, const char *socket);
void engine_close(struct engine *e);

/* Connects.  fd (CLOEXEC), or -1 with why = R_ENGINE_DOWN. */
int engine_dial(const struct engine *e, struct refusal *why);

/* Learns api_min/api_max from GET /version, once for a socket. */
enum reason engine_versions(struct engine *e, struct refusal *why);

/* One small request of our own; the whole body comes back in body (bounded).
 * Returns the HTTP status, or -1 with why set.  A stale kept-alive
 * connection is replaced once for GET/HEAD/DELETE of ours. */
int engine_ask(struct engine *e, const char *method, struct span target,
    struct span json, struct buf *body, struct refusal *why);
/* engine_ask("GET", "/v1.<api>/<fmt…>"), after engine_versions().  What goes
 * into fmt must be encoded already (query_encode). */
int engine_get(struct engine *e, struct buf *body, struct refusal *why,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The API minor to use for our own questions: min(ROUTE_API_MAX, api_max);
 * after engine_versions(). */
unsigned engine_api(const struct engine *e);
/* dockerd never speaks first: a kept connection that is readable has ended
 * (or worse), and is not to be used again. */
bool engine_is_quiet(const struct engine *e);
/* Does the engine map root in containers to other ids than the host's
 * (userns-remap)?  Asked each time: it may be started without tomorrow.
 * R_NONE with *yes, or why. */
enum reason engine_remaps(struct engine *e, bool *yes, struct refusal *why);
/* Does the engine keep images in containerd's store, where one id can be an
 * index of several images?  Asked each time.  R_NONE with *yes, or why. */
enum reason engine_containerd_store(struct engine *e, bool *yes,
    struct refusal *why);
/* Is what /version calls component of that version, or newer?  False also
 * where it has none of that name.  R_NONE with *yes, or why. */
enum reason engine_runs(struct engine *e, const char *component,
    unsigned major, unsigned minor, bool *yes, struct refusal *why);
/* GET target, of which only the first n bytes of the body are wanted (what is
 * missing is left as it is).  Returns the status or -1 as engine_ask(). */
int engine_peek(const struct engine *e, struct span target, char *out,
    size_t n, struct refusal *why);
/* An answer's head: its Api-Version tells whether it is still the engine that
 * the versions were learned from. */
void engine_heard(struct engine *e, const struct http_head *h);

#endif
