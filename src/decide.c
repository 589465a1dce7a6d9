/*
 * decide.c - may the caller do this to that object?
 *
 * Resolves the object in the path once, proves whose it is, and puts its
 * full id where the name was, so that what was judged is what dockerd acts
 * on (design rule 4).  An object that is not there is answered here: passing
 * the name on would let it be made by somebody else in between.
 */
#include <stdio.h>

#include "decide.h"
#include "owner_ask.h"
#include "policy.h"

/* The last version in which a list of images counts nobody's containers.
 * Their labels have no bound, so that nothing in it can be rewritten here. */
#define API_UNCOUNTED 50

/* The answer of the ownership question can be the answer to the client when
 * he asked for just that, in the API version in which it was asked. */
static bool
inspect_is_answer(const struct request *r)
{
	return r->route->id == OP_CONTAINER_INSPECT &&
	    r->api == engine_api(&r->conn->engine) &&
	    !query_true(&r->query, "size");
}

static enum reason
missing(struct request *r, const char *what, const char *ref)
{
	if (r->thing.status != 404 && r->thing.status != 0)
		return refuse(&r->why, R_AMBIGUOUS, "%s %s", what, ref);
	return refuse_missing(&r->why, what, ref);
}

/* bridge, host and none belong to nobody; they may be looked at and joined
 * with one's own container (the body's policy says which). */
static enum reason
judge_network(struct request *r, const struct thing *t)
{
	if (t->claim != CLAIM_UNOWNED)
		return owner_refuse(&r->as, r->conn->view->cfg, t,
		    R_NOT_OWNER_NETWORK, &r->why);
	if (r->as.admin || r->route == NULL ||
	    r->route->id != OP_NETWORK_REMOVE)
		return R_NONE;
	return refuse(&r->why, R_NOT_OWNER_NETWORK, "nobody");
}

#define AMONG(op, list) is_among(op, list, sizeof(list) / sizeof((list)[0]))

static bool
is_among(enum op op, const enum op *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == op)
			return true;
	return false;
}

/* With what is one's own, and has more rights than one could ask for (made in
 * a mode that only watches, or by who was an administrator): look, and end. */
static bool
only_ends(enum op op)
{
	static const enum op ends[] = {
		OP_CONTAINER_INSPECT, OP_CONTAINER_LOGS, OP_CONTAINER_TOP,
		OP_CONTAINER_WAIT, OP_CONTAINER_STOP, OP_CONTAINER_KILL,
		OP_CONTAINER_REMOVE, OP_NETWORK_INSPECT, OP_NETWORK_REMOVE,
		OP_VOLUME_INSPECT, OP_VOLUME_REMOVE,
	};

	return AMONG(op, ends);
}

static bool
is_own_to_end(const struct request *r, const struct thing *t)
{
	/* no route: asked before docker runs, which asks again for each */
	return t->claim == CLAIM_UNOWNED_UNSAFE && t->gate_made &&
	    (r->route == NULL || only_ends(r->route->id)) &&
	    identity_is_owner(&r->as, t->owner);
}

/* Does it run something as root, in a container that is one's own? */
static bool
runs_root(const struct request *r, const struct thing *t)
{
	static const enum op runs[] = {
		OP_CONTAINER_START, OP_CONTAINER_RESTART, OP_CONTAINER_UNPAUSE,
		OP_CONTAINER_ATTACH, OP_CONTAINER_ATTACH_WS, OP_CONTAINER_EXEC,
		OP_EXEC_START, OP_CONTAINER_ARCHIVE_GET,
		OP_CONTAINER_ARCHIVE_STAT, OP_CONTAINER_ARCHIVE_PUT,
		OP_CONTAINER_COPY_OLD,
	};

	return !t->confined && !r->as.admin && r->route != NULL &&
	    AMONG(r->route->id, runs);
}

/* Root may have been allowed when it was made. */
static enum reason
still_root(struct request *r, const struct thing *t)
{
	bool yes;
	enum reason why = policy_root(&r->as, &r->conn->engine, &yes, &r->why);

	return why != R_NONE || yes ? why : refuse(&r->why, R_ROOT,
	    "%s was made when that was allowed, make it anew", t->name);
}

/* Whose is ref?  Fills t; the refusal, if it is not the caller's. */
static enum reason
claim(struct request *r, enum object kind, const char *ref, struct thing *t,
    struct buf *raw)
{
	struct engine *e = &r->conn->engine;
	const struct config *cfg = r->conn->view->cfg;
	const char *what = "container";
	enum reason why;

	switch (kind) {
	case OBJ_CONTAINER:
		why = owner_container(e, &r->as, ref, t, raw, &r->why);
		break;
	case OBJ_EXEC:
		what = "exec instance";
		why = owner_exec(e, &r->as, ref, t, &r->why);
		break;
	case OBJ_NETWORK:
		what = "network";
		why = owner_network(e, &r->as, ref, t, NULL, &r->why);
		break;
	case OBJ_VOLUME:
		what = "volume";
		/* what is removed by its name is still the one judged */
		why = r->route == NULL || r->route->id != OP_VOLUME_REMOVE ?
		    owner_volume(e, &r->as, ref, t, NULL, &r->why) :
		    owner_volume_hold(&(struct owner_hold){ e, &r->as,
		    &r->names }, ref, false, t, &r->why);
		break;
	default:
		return R_NONE;
	}
	if (why != R_NONE)
		return why;
	if (t->claim == CLAIM_MISSING)
		return missing(r, what, ref);
	if (kind == OBJ_NETWORK)
		return is_own_to_end(r, t) ? R_NONE : judge_network(r, t);
	if (is_own_to_end(r, t))
		return R_NONE;
	if ((kind == OBJ_CONTAINER || kind == OBJ_EXEC) &&
	    t->claim == CLAIM_OWN && runs_root(r, t))
		return still_root(r, t);
	why = owner_refuse(&r->as, cfg, t, kind == OBJ_VOLUME ?
	    R_NOT_OWNER_VOLUME : R_NOT_OWNER, &r->why);
	if (why == R_NONE && t->claim == CLAIM_UNOWNED && !r->as.admin)
		r->rec.unowned = true;
	return why;
}

/* The object named in the path.  Afterwards r->name is what goes on. */
static enum reason
decide_object(struct request *r)
{
	enum object kind = r->route->object;
	struct buf fresh cleanup_buf = BUF_INIT(OWNER_ANSWER_MAX);
	struct thing *t = &r->thing;
	enum reason why;

	snprintf(r->name, sizeof(r->name), "%s", r->match.name);
	if (r->match.name[0] == '\0' || (kind != OBJ_CONTAINER &&
	    kind != OBJ_EXEC && kind != OBJ_NETWORK && kind != OBJ_VOLUME))
		return R_NONE;
	why = claim(r, kind, r->match.name, t,
	    inspect_is_answer(r) ? &r->raw :
	    r->route->id == OP_CONTAINER_EXEC ? &fresh : NULL);
	if (t->id[0] != '\0')
		r->rec.uuid = t->id;
	if (t->name[0] != '\0')
		r->rec.vm = t->name;
	if (why != R_NONE)
		return why;
	if (kind == OBJ_CONTAINER || kind == OBJ_NETWORK)
		snprintf(r->name, sizeof(r->name), "%s", t->id);
	return R_NONE;
}

enum reason
decide_container(struct request *r, const char *ref, struct thing *t)
{
	return claim(r, OBJ_CONTAINER, ref, t, NULL);
}

enum reason
decide_target(struct request *r, enum object kind, const char *target)
{
	enum reason why;

	memset(&r->thing, 0, sizeof(r->thing));
	why = claim(r, kind, target, &r->thing, NULL);
	r->rec.vm = r->thing.name[0] != '\0' ? r->thing.name : target;
	r->rec.uuid = r->thing.id[0] != '\0' ? r->thing.id : NULL;
	/* What is not there is for dockerd to say, in its own words. */
	return why == R_NOT_FOUND || why == R_AMBIGUOUS ? R_NONE : why;
}

enum reason
decide(struct request *r)
{
	enum reason why;

	if (r->route->id == OP_DEBUG_ANYMETHOD)
		return refuse(&r->why, R_UNKNOWN_ROUTE, "/debug");
	if (r->route->access == ACCESS_DENY && !r->trusted) {
		/* "docker inspect x" asks for a plugin last; only a 404 lets
		 * it say that there is no such object. */
		if (r->route->id == OP_PLUGIN_INSPECT)
			return refuse_missing(&r->why, "plugin",
			    r->match.name);
		return refuse(&r->why, R_ADMIN_ONLY, "%s", r->route->op);
	}
	if (r->route->id == OP_IMAGE_LIST && !r->as.admin &&
	    r->api > API_UNCOUNTED)
		r->api = API_UNCOUNTED;
	why = decide_object(r);
	if (why == R_NONE && filter_wanted(r->route->id, &r->as))
		why = filter_query(r->route->id, &r->conn->engine, &r->as,
		    &r->query, r->route->params, &r->ask, &r->why);
	if (why == R_NONE)
		why = decide_body(r);
	if (why == R_NONE && r->raw.len > 0) {
		r->local = r->raw;
		r->raw = (struct buf)BUF_INIT(0);
		r->local_status = 200;
	}
	return why;
}
