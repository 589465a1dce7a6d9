/*
 * policy.h - may this user have that?  One function for every road.
 *
 * Walks a decoded body with its schema's verdicts and rewrites it in place:
 * names become ids, what dockerd would default by API version is written
 * out, own labels are set.  Values are judged, not presence: what the CLI
 * and SDKs always send empty is accepted.
 */
#ifndef POLICY_H
#define POLICY_H

#include "hold.h"
#include "making.h"
#include "schema.h"

struct policy_env {
	const struct caller *caller;
	const struct config *cfg;
	struct engine *engine;
	unsigned api;		/* minor the request goes on with; a create
				 * may raise it */
	bool dry;		/* judging what exists: no side effects, no lookups
				 * that create volumes */
	bool gone;		/* dry, and the caller's name came with an image
				 * that is not there any more: what his code has
				 * already is his to reach */
	struct making *making;	/* holds a place for what is counted; NULL: dry */
	struct hold *names;	/* of volumes, until the request ends; dry: NULL */
	struct buf *warnings;	/* one line each; goes into create's Warnings */
	/* create: filled by policy_create() for the record and the event */
	char image[256];
	char image_id[80];
	/* create: host directories found on the way, as Mounts; and why the
	 * container must be confined */
	cJSON *binds;
	bool confine;
	char confine_why[256];
};

/* Each: the body is decoded (schema_decode) already.  R_NONE: forward the
 * rewritten body.  Admins are not judged, but labelled (labels.h) and their
 * references are resolved all the same. */
enum reason policy_create(struct policy_env *env, cJSON *body,
    struct refusal *why);
/* … in a container: EXECS_MAX commands at once, which run or wait to be
 * started (dockerd keeps them until the container ends). */
#define EXECS_MAX 100
enum reason policy_exec(struct policy_env *env, const struct thing *container,
    cJSON *body, struct refusal *why);
/* Could the caller have made it?  process: ProcessConfig of its inspect. */
enum reason policy_exec_made(const struct caller *c,
    const struct thing *container, struct span process, struct refusal *why);
enum reason policy_update(struct policy_env *env, cJSON *body,
    struct refusal *why);
/* Is a container of the caller's, made of what its label ds01.image says, what
 * a create may make?  inspect: dockerd's answer for it (judge_made.c). */
enum reason policy_made(struct engine *e, const struct caller *c,
    const struct thing *t, struct span inspect, struct refusal *why);
/* Anybody's: is its health check one that dockerd outlives? */
enum reason policy_made_check(struct span inspect, struct refusal *why);
/* A classic build, whose steps the engine runs with its default runtime and
 * what variables image and Dockerfile set (judge_gpu.c). */
enum reason policy_build(struct policy_env *env, struct refusal *why);
/* A login at a registry, which dockerd asks. */
enum reason policy_auth(struct policy_env *env, cJSON *body,
    struct refusal *why);
/* The config of a commit: its labels and working directory. */
enum reason policy_commit(struct policy_env *env, cJSON *body,
    struct refusal *why);
enum reason policy_volume(struct policy_env *env, cJSON *body,
    struct refusal *why);
enum reason policy_network(struct policy_env *env, cJSON *body,
    struct refusal *why);
/* Container in the body is resolved and must be the caller's. */
enum reason policy_connect(struct policy_env *env, cJSON *body,
    struct refusal *why);
enum reason policy_disconnect(struct policy_env *env, cJSON *body,
    struct refusal *why);

/* May the caller have root in a container, by policy and engine?  R_NONE with
 * *yes, or why it cannot be told. */
enum reason policy_root(const struct caller *c, struct engine *e, bool *yes,
    struct refusal *why);

/* Container names: [a-zA-Z0-9][a-zA-Z0-9_.-]+, an optional leading '/', and
 * nothing that looks like an id (^[0-9a-f]{12,64}$: a name beats an id
 * prefix in dockerd). */
enum reason policy_name(const char *name, struct refusal *why);
/* top's ps_args: "", -ef, aux, or -o with harmless columns. */
enum reason policy_ps_args(const char *args, struct refusal *why);

/* Could a user have made the container of this inspect answer?  Judges its
 * Config and HostConfig like a create, without side effects.  gone: see
 * struct policy_env.  False also when it cannot be told. */
bool policy_harmless(const struct config *cfg, const struct caller *c,
    struct span inspect, bool gone);

#endif
