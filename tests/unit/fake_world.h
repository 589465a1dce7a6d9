/*
 * fake_world.h - the engine and the owners, as the judges ask them.
 *
 * For what links the judges without engine.c and owner.c: unit tests and a
 * fuzzer.  What a question answers stands in "world"; a part that is left
 * NULL answers as if it could not be told.
 */
#ifndef FAKE_WORLD_H
#define FAKE_WORLD_H

#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "hold.h"
#include "making.h"
#include "owner.h"

static struct {
	unsigned api;
	bool remaps;			/* userns-remap */
	enum reason silent;		/* why that cannot be told */
	int64_t networks, containers;	/* how many are the caller's */
	/* t: claim MISSING and the name already */
	enum reason (*find)(enum object kind, const char *ref,
	    struct thing *t, struct buf *raw);
	enum claim (*labelled)(const struct caller *c, struct span json,
	    struct thing *t);
	enum reason (*image)(const char *ref, char id[80],
	    struct buf *config, struct refusal *why);
	enum reason (*refuse)(const struct caller *c, const struct thing *t,
	    enum reason foreign, struct refusal *why);
	const char *held;		/* a volume that another user holds */
	char looked[64];		/* the last volume that was held here */
	int (*ask)(const char *method, struct span target, struct span json,
	    struct buf *body, struct refusal *why);
	int (*get)(const char *fmt, struct buf *body, struct refusal *why);
} world = { .api = 41, .networks = 7, .containers = 7 };

static enum reason
world_find(enum object kind, const char *ref, struct thing *t,
    struct buf *raw)
{
	if (world.find == NULL)
		return R_INTERNAL;
	*t = (struct thing){ .claim = CLAIM_MISSING, .status = 404 };
	(void)snprintf(t->name, sizeof(t->name), "%s", ref);
	return world.find(kind, ref, t, raw);
}

enum reason
owner_container(struct engine *e, const struct caller *c, const char *ref,
    struct thing *t, struct buf *raw, struct refusal *why)
{
	(void)e, (void)c, (void)why;
	return world_find(OBJ_CONTAINER, ref, t, raw);
}

enum reason
owner_volume(struct engine *e, const struct caller *c, const char *name,
    struct thing *t, struct buf *raw, struct refusal *why)
{
	(void)e, (void)c, (void)why;
	return world_find(OBJ_VOLUME, name, t, raw);
}

enum reason
owner_network(struct engine *e, const struct caller *c, const char *ref,
    struct thing *t, struct buf *raw, struct refusal *why)
{
	(void)e, (void)c, (void)why;
	return world_find(OBJ_NETWORK, ref, t, raw);
}

/* The judges ask it about volumes of host directories only. */
enum claim
owner_of_labelled_json(const struct caller *c, struct span json,
    struct thing *t)
{
	*t = (struct thing){ .claim = CLAIM_FOREIGN };
	return world.labelled == NULL ? t->claim : world.labelled(c, json, t);
}

enum reason
owner_image(struct engine *e, const char *ref, char id[80],
    struct buf *config, struct refusal *why)
{
	(void)e;
	return world.image == NULL ? R_INTERNAL :
	    world.image(ref, id, config, why);
}

enum reason
owner_refuse(const struct caller *c, const struct config *cfg,
    const struct thing *t, enum reason foreign, struct refusal *why)
{
	(void)cfg;
	return world.refuse == NULL ? R_INTERNAL :
	    world.refuse(c, t, foreign, why);
}

enum reason
owner_count(struct engine *e, const struct caller *c, enum object kind,
    int64_t *n, struct refusal *why)
{
	(void)e, (void)c, (void)why;
	*n = kind == OBJ_NETWORK ? world.networks : world.containers;
	return R_NONE;
}

enum reason
hold_volume(struct hold *h, const struct caller *c, const char *volume,
    struct refusal *why)
{
	(void)h, (void)c;
	(void)snprintf(world.looked, sizeof(world.looked), "%s", volume);
	return world.held == NULL || strcmp(world.held, volume) != 0 ?
	    R_NONE : refuse(why, R_NOT_OWNER_VOLUME, "who holds it");
}

/* Nothing else is made meanwhile. */
enum reason
making_begin(struct making *m, const struct making_ask *a,
    struct refusal *why)
{
	int64_t n = 0;

	(void)m;
	(void)owner_count(a->engine, a->as, a->kind, &n, why);
	return n < a->bound ? R_NONE : refuse(why, R_RESOURCE, "%lld",
	    (long long)a->bound);
}

int
engine_ask(struct engine *e, const char *method, struct span target,
    struct span json, struct buf *body, struct refusal *why)
{
	(void)e;
	return world.ask == NULL ? -1 :
	    world.ask(method, target, json, body, why);
}

int
engine_get(struct engine *e, struct buf *body, struct refusal *why,
    const char *fmt, ...)
{
	(void)e;
	return world.get == NULL ? -1 : world.get(fmt, body, why);
}

enum reason
engine_remaps(struct engine *e, bool *yes, struct refusal *why)
{
	(void)e;
	*yes = world.remaps;
	return world.silent == R_NONE ? R_NONE :
	    refuse(why, world.silent, "fake");
}

unsigned
engine_api(const struct engine *e)
{
	(void)e;
	return world.api;
}

#endif
