/*
 * route.h - every method and route of the Docker Engine API, as one table.
 *
 * From API 1.24 to ROUTE_API_MAX; source: moby daemon/server/router,
 * all releases.  What is not in the table is refused.  One row carries all
 * that is known about a route: what it names, what an ordinary user may do,
 * the body and the answer it has, its query parameters, its JSON schema.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include "http.h"
#include "query.h"

#define ROUTE_API_MIN 24	/* 1.24 */
#define ROUTE_API_MAX 51	/* 1.51, the newest our tables cover */
#define ROUTE_NAME_MAX 512	/* bytes of an object name */

enum object {
	OBJ_NONE, OBJ_CONTAINER, OBJ_EXEC, OBJ_IMAGE, OBJ_NETWORK, OBJ_VOLUME,
	OBJ_BUILD, OBJ_SYSTEM, OBJ_PLUGIN, OBJ_SWARM, OBJ_DEBUG
};

enum access {
	ACCESS_ALLOW,	/* anyone */
	ACCESS_OWN,	/* the object in the path must be the caller's */
	ACCESS_FILTER,	/* answer (or effect) limited to the caller's own */
	ACCESS_POLICY,	/* judged by its query or body */
	ACCESS_LOCAL,	/* answered by the gate itself, never forwarded */
	ACCESS_DENY	/* admins only */
};

enum body_kind { BODY_NONE, BODY_JSON, BODY_TAR, BODY_RAW };
enum reply_kind {
	REPLY_JSON,	/* one JSON document */
	REPLY_RAW,	/* any bytes, ends by itself */
	REPLY_STREAM,	/* may go on for ever */
	REPLY_HIJACK	/* 101/200 and then raw bytes both ways */
};

/* One enumerator a route; mediate.c and filter.c switch on it. */
enum op {
#define ROUTE(op, ...) op,
#include "routes.def"
#undef ROUTE
	OP__COUNT
};

struct schema;
struct route {
	enum op id;
	const char *method;
	const char *path;	/* "/containers/{name}/json" */
	unsigned since;		/* API minor: 24 = 1.24 */
	enum object object;
	const char *op;		/* "container.inspect", for records */
	enum access access;
	enum body_kind body;
	enum reply_kind reply;
	const struct param *params;	/* never NULL */
	bool changes;		/* recorded with audit_events = changes */
};

const struct route *route_row(enum op id);
size_t route_count(void);

/* A matched request line. */
struct route_match {
	const struct route *route;
	unsigned api;			/* minor asked for; 0: no prefix */
	char name[ROUTE_NAME_MAX];	/* {name} or {id}, decoded */
	char name2[ROUTE_NAME_MAX];	/* second one, or "" */
	struct span query;		/* raw, without '?' */
};

/* R_NONE, R_BAD_PATH, R_BAD_VERSION, R_NOT_FOUND or R_UNKNOWN_ROUTE.
 * {name} of images and of plugins and distribution may hold '/' (matched
 * greedily, as mux does, longest literal suffix wins); all others may not.
 * Container, network, volume and exec names are [a-zA-Z0-9][a-zA-Z0-9_.-]*;
 * to look at what only an image can be called is R_NOT_FOUND.
 * Path bytes: unreserved, ':', '@', '/'; '%' only where an image needs it. */
enum reason route_match(struct span method, struct span target,
    struct route_match *out, struct refusal *why);

/* Writes "/v1.<api>" and the path with name and name2 put in (encoded). */
int route_write(struct buf *out, const struct route *r, unsigned api,
    const char *name, const char *name2);

#endif
