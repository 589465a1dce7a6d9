/*
 * owner.h - whose is this container, exec, volume, network, image.
 *
 * Labels of a container, a volume and a network never change after create,
 * and an image id is the hash of its config, so an answer found once holds
 * for as long as the id exists: container id -> owner and image id -> labels
 * are cached for the life of the gate.  A name is resolved anew each time
 * (names move).  A label that only repeats the image's proves nothing
 * (design rule 6).  Caches are locked; everything else is per call.
 */
#ifndef OWNER_H
#define OWNER_H

#include "engine.h"
#include "hold.h"
#include "identity.h"
#include "route.h"

#define LABEL_USER "ds01.user"
#define LABEL_GATE "ds01.gate"		/* fresh random at each create */
/* Begins LABEL_GATE of what nobody judged: it was made with administrators'
 * rights, or in a mode that only watches. */
#define GATE_UNJUDGED "unjudged-"
#define LABEL_PROTECTED "ds01.protected"
#define LABEL_LEGACY "aime.mlc.USER"
#define LABEL_CONFINED "ds01.confined"	/* no root inside: confine.c */
#define LABEL_IMAGE "ds01.image"	/* id of the image that was judged */
#define LABEL_BIND "ds01.bind"		/* volume: the directory it leads to */

#define ID_LEN 64

/* What is one's own, but was made with rights that one has not. */
#define OWNER_UNSAFE "you, with options that are administrators' only"

enum claim {
	CLAIM_OWN,
	CLAIM_FOREIGN,		/* owner is filled */
	CLAIM_PROTECTED,	/* admins only, every verb */
	CLAIM_UNOWNED,		/* no owner, and harmless */
	CLAIM_UNOWNED_UNSAFE,	/* no owner, and not what a user could make */
	CLAIM_MISSING		/* dockerd answered 404 (or 400: ambiguous) */
};

struct thing {			/* a resolved object */
	char id[ID_LEN + 1];	/* 64 hex; volumes: "" */
	char name[256];		/* as dockerd calls it, without '/' */
	char owner[256];	/* proven owner label, or "" */
	char image[80];		/* containers: image id */
	char judged[80];	/* label ds01.image, or "" */
	enum claim claim;	/* of the caller on it */
	bool gate_made;		/* carries a proven ds01.gate */
	bool confined;		/* containers, volumes: ds01.confined=true */
	unsigned execs;		/* containers, where raw was asked for: how
				 * many run in it or wait to be started */
	bool predefined;	/* networks: bridge, host, none */
	int status;		/* of dockerd's answer, for CLAIM_MISSING */
};

/* All: R_NONE with t filled (t->claim says what it is to the caller), or a
 * reason when the question could not be answered.  raw, where given,
 * receives dockerd's whole inspect answer, to be used and not asked twice
 * (empty when there is no such thing).  Give it only where it is needed:
 * with raw, dockerd is always asked; without, a full container id is
 * answered by the cache. */
enum reason owner_container(struct engine *e, const struct caller *c,
    const char *ref, struct thing *t, struct buf *raw, struct refusal *why);
enum reason owner_exec(struct engine *e, const struct caller *c,
    const char *exec_id, struct thing *container, struct refusal *why);
enum reason owner_volume(struct engine *e, const struct caller *c,
    const char *name, struct thing *t, struct buf *raw, struct refusal *why);
/* The same, and its name is held (hold.h) from before the look that decided,
 * where the caller may have it; make: also where there is none. */
struct owner_hold {
	struct engine *engine;
	const struct caller *as;
	struct hold *hold;
};
enum reason owner_volume_hold(const struct owner_hold *a, const char *name,
    bool make, struct thing *t, struct refusal *why);
/* How many networks, or containers, are the caller's, by their label. */
enum reason owner_count(struct engine *e, const struct caller *c,
    enum object kind, int64_t *n, struct refusal *why);
enum reason owner_network(struct engine *e, const struct caller *c,
    const char *ref, struct thing *t, struct buf *raw, struct refusal *why);

/* The same judgement over JSON already at hand (lists, df, inspect):
 * element of /containers/json or an inspect answer, of /volumes, /networks.
 * Predefined networks (bridge, host, none) count as CLAIM_UNOWNED. */
enum claim owner_of_container_json(struct engine *e, const struct caller *c,
    struct span json, struct thing *t);
enum claim owner_of_labelled_json(const struct caller *c, struct span json,
    struct thing *t);

/* The image's Config object (raw JSON: Labels, Env, Volumes, User …) in
 * config, "{}" if it has none; by id or reference (ids are cached).  id
 * receives the image id when not NULL.  R_NOT_FOUND when there is no such
 * image. */
enum reason owner_image(struct engine *e, const char *ref, char id[80],
    struct buf *config, struct refusal *why);

/* owner_of_container_json() == CLAIM_OWN, but asks dockerd nothing about a
 * container whose labels do not even name the caller: for long lists. */
bool owner_is_own_json(struct engine *e, const struct caller *c,
    struct span json);
/* Do labels so much as claim that it is the caller's?  Proves nothing. */
bool owner_is_named(const struct caller *c, struct span labels);
/* Forgets what the cache says of a container: after its rename. */
void owner_forget(const char *id);

/* The refusal that belongs to a claim; R_NONE for CLAIM_OWN, for admins,
 * and for CLAIM_UNOWNED when the configuration lets it pass, or the network
 * is predefined.  What is missing is missing for admins too.
 * foreign: R_NOT_OWNER, R_NOT_OWNER_VOLUME or R_NOT_OWNER_NETWORK; or
 * R_NOT_FOUND, where others' things are not even to be known. */
enum reason owner_refuse(const struct caller *c, const struct config *cfg,
    const struct thing *t, enum reason foreign, struct refusal *why);

#endif
