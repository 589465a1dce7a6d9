/*
 * request.h - one request on its way through the gate.
 *
 * Filled in order by mediate.c: head, route, query, object in the path,
 * body.  decide.c judges and rewrites it, exchange.c carries it to dockerd,
 * answer.c what comes back.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "engine.h"
#include "filter.h"
#include "image.h"
#include "making.h"
#include "owner.h"
#include "record.h"
#include "relay.h"
#include "route.h"
#include "session.h"

struct connection {		/* one accepted client */
	struct view *view;	/* taken */
	bool met;		/* has had a request */
	int fd;
	struct buf in;		/* bytes read ahead from the client */
	struct engine engine;	/* ours alone: questions and plain requests */
	bool close;		/* after this answer */
	bool linger;		/* … but read away what the client writes */
};

struct request {
	struct connection *conn;
	struct caller as;	/* the caller as judged; not owned: borrows */
	bool trusted;		/* admin, or a mode that only watches */
	struct http_head head;	/* spans into conn->in until the head is cut */
	struct route_match match;
	const struct route *route;
	unsigned api;		/* minor the request goes on with */
	struct query query;
	bool upgrade;		/* the client asked for it */
	struct buf head_text;	/* owns what head points to */
	struct buf text;	/* the client's JSON body */
	cJSON *body;		/* decoded, judged, rewritten; owned */
	struct thing thing;	/* object in the path */
	struct buf raw;		/* dockerd's inspect answer of it, if asked */
	struct filter_ask ask;	/* what the filter must do for the query */
	struct hold hold;	/* tags that are being made */
	struct hold names;	/* volumes that are looked at or made */
	struct making making;	/* a container or network that is */
	bool unverified;	/* what BuildKit unpacks (judge_buildkit) */
	bool no_layouts;	/* an upload of images must hold no index.json */
	struct buf warnings;	/* lines for create's Warnings */
	struct buf local;	/* an answer the gate gives itself (JSON) */
	int local_status;	/* its status, 0: none */
	char name[ROUTE_NAME_MAX];	/* what is forwarded for {name} */
	char image[1024], image_id[80], made[256]; /* for record and event */
	char type[64];
	struct record rec;
	struct refusal why;
};

/* decide.c: resolves, judges and rewrites.  R_NONE: forward (or answer
 * .local).  Runs again with .trusted set when monitoring forgives. */
enum reason decide(struct request *r);
/* decide.c: the same ownership question for a list of targets (preflight). */
enum reason decide_target(struct request *r, enum object kind,
    const char *target);
/* decide_body.c: the routes that are judged by their body or query. */
enum reason decide_body(struct request *r);

/* mediate.c: puts a refusal on record.  What it held is let go before, unless
 * it would be a refusal only. */
void record_refused(struct request *r, const struct refusal *why, bool would);

/* exchange.c: forwards and answers.  0, -1: the connection must end. */
int exchange(struct request *r);
/* The same for a request that is no row of the route table, where the
 * configuration (or an administrator) wants it passed on. */
int exchange_unknown(struct request *r);
/* answer.c: answers with a status and a JSON body of our own. */
int answer_own(struct connection *c, int status, struct span json,
    bool head_only);
/* Answers a refusal in Docker's own form, with the event id. */
int answer_refusal(struct request *r);

#endif
