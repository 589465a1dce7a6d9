/*
 * decide_body.c - the routes that are judged by their body or query.
 *
 * One row a route: its schema, and the function that judges and rewrites.
 */
#include <stdio.h>
#include <stdlib.h>

#include "buildkit.h"
#include "decide.h"
#include "labels.h"
#include "made.h"
#include "owner_ask.h"
#include "policy.h"
#include "prune.h"

static struct policy_env
env_of(struct request *r)
{
	return (struct policy_env){
		.caller = &r->as, .cfg = r->conn->view->cfg,
		.engine = &r->conn->engine, .api = r->api,
		.names = &r->names,
		.warnings = &r->warnings, .making = &r->making,
	};
}

/* With containerd's store an image's id can name an index of several images,
 * and only the engine's own platform's is looked at: it alone may be asked
 * for.  (What came of it is looked at as well: judge_made.c.) */
static enum reason
judge_platform(struct request *r)
{
	struct buf body cleanup_buf = BUF_INIT(1 << 20);
	const char *asked = text_of(r, "platform");
	struct engine *e = &r->conn->engine;
	char os[32], arch[32], own[65] = "";
	bool indexes;
	enum reason why;

	if (*asked == '\0' || r->trusted)
		return R_NONE;
	why = engine_containerd_store(e, &indexes, &r->why);
	if (why != R_NONE || !indexes)
		return why;
	if (engine_get(e, &body, &r->why, "/version") == 200 &&
	    json_string(json_get(buf_span(&body), "Os"), os, sizeof(os)) &&
	    json_string(json_get(buf_span(&body), "Arch"), arch, sizeof(arch)))
		snprintf(own, sizeof(own), "%s/%s", os, arch);
	return strcmp(asked, own) == 0 ? R_NONE : refuse(&r->why, R_PARAMETER,
	    "platform %.100s: with containerd's image store only the "
	    "engine's own (%s)", asked, own);
}

/* --- containers ------------------------------------------------------------------ */

static enum reason
judge_create(struct request *r)
{
	struct policy_env env = env_of(r);
	const char *name = query_get(&r->query, "name");
	enum reason why = R_NONE;

	if (name != NULL && *name != '\0') {
		r->rec.vm = name;
		if (!r->trusted)
			why = policy_name(name, &r->why);
	}
	if (why == R_NONE)
		why = judge_platform(r);
	if (why == R_NONE)
		why = policy_create(&env, r->body, &r->why);
	r->api = env.api;	/* raised for what older versions leave out */
	snprintf(r->image, sizeof(r->image), "%s", env.image);
	snprintf(r->image_id, sizeof(r->image_id), "%s", env.image_id);
	snprintf(r->type, sizeof(r->type), "%s",
	    labels_type(cJSON_GetObjectItemCaseSensitive(r->body, "Labels")));
	r->rec.image = r->image;
	if (why == R_NONE)
		decide_warn_image(r);
	return why;
}

static enum reason
judge_exec(struct request *r)
{
	struct policy_env env = env_of(r);

	return policy_exec(&env, &r->thing, r->body, &r->why);
}

/* It may have been made when more was allowed: by the same user as an
 * administrator, or in a mode that only watches. */
static enum reason
judge_exec_start(struct request *r)
{
	struct buf raw cleanup_buf = BUF_INIT(OWNER_ANSWER_MAX);
	int status;

	if (r->trusted)
		return R_NONE;
	status = engine_get(&r->conn->engine, &raw, &r->why,
	    "/exec/%.64s/json", r->match.name);
	if (status < 0)
		return r->why.why;
	if (status != 200)
		return R_NONE;		/* gone: dockerd says so */
	return policy_exec_made(&r->as, &r->thing, json_get(buf_span(&raw),
	    "ProcessConfig"), &r->why);
}

static enum reason
judge_update(struct request *r)
{
	struct policy_env env = env_of(r);

	return policy_update(&env, r->body, &r->why);
}

static enum reason
judge_rename(struct request *r)
{
	r->rec.detail = query_get(&r->query, "name");
	return r->trusted ? R_NONE :
	    policy_name(text_of(r, "name"), &r->why);
}

static enum reason
judge_top(struct request *r)
{
	return r->trusted ? R_NONE :
	    policy_ps_args(text_of(r, "ps_args"), &r->why);
}

/* A tag may have been moved between our look at the image and dockerd's, and
 * nobody been there to take the container back (answer.c). */
static enum reason
judge_image_still(struct request *r)
{
	struct buf config cleanup_buf = BUF_INIT(JSON_BODY_MAX);
	struct refusal gone;
	char id[80];

	if (r->thing.judged[0] == '\0' ||
	    strcmp(r->thing.judged, r->thing.image) == 0 ||
	    (owner_image(&r->conn->engine, r->thing.image, id, &config,
	    &gone) == R_NONE && strcmp(id, r->thing.judged) == 0))
		return R_NONE;
	return refuse(&r->why, R_IMAGE_MOVED, "of %s", r->thing.name);
}

/* What answer.c does when a container is made is done again here: between the
 * two the container can be started from another connection, and a gate can
 * have ended. */
static enum reason
judge_again(struct request *r, enum reason (*judge)(struct engine *e,
    const struct caller *c, const struct thing *t, struct span inspect,
    struct refusal *why))
{
	struct buf raw cleanup_buf = BUF_INIT(OWNER_ANSWER_MAX);
	struct engine *e = &r->conn->engine;
	enum reason why = r->trusted ? R_NONE : judge_image_still(r);
	int status;

	if (why != R_NONE || r->trusted)
		return why;
	status = engine_get(e, &raw, &r->why, "/containers/%.64s/json",
	    r->thing.id);
	if (status < 0)
		return r->why.why;
	if (status == 404)
		return R_NONE;		/* gone meanwhile: dockerd says so */
	if (status != 200)
		return refuse(&r->why, R_ENGINE_ERROR, "container %s: "
		    "status %d", r->thing.name, status);
	return judge(e, &r->as, &r->thing, buf_span(&raw), &r->why);
}

static enum reason
judge_start(struct request *r)
{
	return judge_again(r, made_judge);
}

/* Archives are read and written as root, through whatever is mounted.  HEAD
 * says what is there and is no different. */
static enum reason
judge_archive(struct request *r)
{
	if (!r->trusted && !r->thing.confined)
		return judge_again(r, made_volumes);
	if (r->trusted)
		return R_NONE;
	return refuse(&r->why, R_ARCHIVE, "%s has directories of the host, and "
	    "no root inside", r->thing.name);
}

/* --- volumes and networks ----------------------------------------------------------- */

/* dockerd answers a create of an existing name with that volume, whosever it
 * is: so ask first; the answer is checked too (exchange.c), for the race.  All
 * else before it: what is refused held no name. */
static enum reason
judge_volume_create(struct request *r)
{
	struct policy_env env = env_of(r);
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(r->body, "Name");
	enum reason why = R_NONE;

	if (cJSON_IsString(name) && name->valuestring[0] != '\0') {
		snprintf(r->made, sizeof(r->made), "%s", name->valuestring);
		r->rec.vm = r->made;
		if (!r->trusted)
			why = policy_name(r->made, &r->why);
	}
	if (why == R_NONE)
		why = policy_volume(&env, r->body, &r->why);
	if (why != R_NONE || r->made[0] == '\0')
		return why;
	why = owner_volume_hold(&(struct owner_hold){ &r->conn->engine,
	    &r->as, &r->names }, r->made, true, &r->thing, &r->why);
	if (why == R_NONE && r->thing.claim != CLAIM_MISSING)
		why = owner_refuse(&r->as, r->conn->view->cfg, &r->thing,
		    R_NOT_OWNER_VOLUME, &r->why);
	return why;
}

static enum reason
judge_network_create(struct request *r)
{
	struct policy_env env = env_of(r);
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(r->body, "Name");

	if (cJSON_IsString(name)) {
		snprintf(r->made, sizeof(r->made), "%s", name->valuestring);
		r->rec.vm = r->made;
	}
	return policy_network(&env, r->body, &r->why);
}

static enum reason
judge_connect(struct request *r)
{
	struct policy_env env = env_of(r);

	return policy_connect(&env, r->body, &r->why);
}

static enum reason
judge_disconnect(struct request *r)
{
	struct policy_env env = env_of(r);

	return policy_disconnect(&env, r->body, &r->why);
}

/* --- builds ------------------------------------------------------------------------- */

/* What the client gave, ours, and every other reserved key as what it means
 * when it means nothing: the image inherits none from what it is made of. */
static enum reason
all_labels(struct request *r, cJSON *holder)
{
	cJSON *ours = cJSON_CreateObject(), *labels, *l, *next;
	enum reason why = labels_simple(&r->as, holder, NULL, &r->why);

	labels = cJSON_GetObjectItemCaseSensitive(holder, "Labels");
	/* one of its own for each build would make each a new image */
	cJSON_DeleteItemFromObjectCaseSensitive(labels, LABEL_GATE);
	if (why == R_NONE && (ours == NULL || labels_image(&r->as, ours) < 0))
		why = refuse(&r->why, R_INTERNAL, "out of memory");
	for (l = ours != NULL ? ours->child : NULL; why == R_NONE && l != NULL;
	    l = next) {
		next = l->next;
		if (cJSON_GetObjectItemCaseSensitive(labels, l->string) ==
		    NULL && cJSON_AddStringToObject(labels, l->string,
		    l->valuestring) == NULL)
			why = refuse(&r->why, R_INTERNAL, "out of memory");
	}
	cJSON_Delete(ours);
	return why;
}

static enum reason
build_labels(struct request *r)
{
	struct buf json cleanup_buf = BUF_INIT(0);
	const char *given = text_of(r, "labels");
	cJSON *labels = *given != '\0' ? json_parse(span_of(given), &r->why) :
	    cJSON_CreateObject();
	cJSON *holder = cJSON_CreateObject();
	enum reason why = R_NONE;

	if (labels == NULL || holder == NULL ||
	    !cJSON_AddItemToObject(holder, "Labels", labels)) {
		cJSON_Delete(labels);
		why = r->why.why != R_NONE ? r->why.why :
		    refuse(&r->why, R_INTERNAL, "out of memory");
	} else if (!cJSON_IsObject(labels))
		why = refuse(&r->why, R_BAD_QUERY, "labels");
	else
		why = all_labels(r, holder);
	if (why == R_NONE && (json_write(&json,
	    cJSON_GetObjectItemCaseSensitive(holder, "Labels")) < 0 ||
	    query_set(&r->query, r->route->params, "labels", json.data) < 0))
		why = refuse(&r->why, R_INTERNAL, "out of memory");
	cJSON_Delete(holder);
	return why;
}

/* RUN steps join this network: none of the host's, none of a neighbour's. */
static enum reason
build_network(struct request *r)
{
	static const char prefix[] = "container:";
	const char *mode = text_of(r, "networkmode");
	char full[sizeof(prefix) + ID_LEN];
	struct thing t = { 0 };
	enum reason why;

	if (*mode == '\0' || strcmp(mode, "default") == 0 ||
	    strcmp(mode, "none") == 0 || strcmp(mode, "bridge") == 0)
		return R_NONE;
	if (strcmp(mode, "host") == 0) {
		for (size_t i = 0; i < r->as.policy->networks.n; i++)
			if (strcmp(r->as.policy->networks.v[i], "host") == 0)
				return R_NONE;
		return refuse(&r->why, R_HOST_NAMESPACE, "networkmode");
	}
	if (strncmp(mode, prefix, sizeof(prefix) - 1) == 0) {
		why = decide_container(r, mode + sizeof(prefix) - 1, &t);
		/* a RUN step is root: confine.c */
		if (why == R_NONE && t.confined)
			why = refuse(&r->why, R_BIND, "networkmode joins %s, "
			    "which has directories of the host", t.name);
		snprintf(full, sizeof(full), "%s%s", prefix, t.id);
	} else {
		why = owner_network(&r->conn->engine, &r->as, mode, &t, NULL,
		    &r->why);
		if (why == R_NONE && t.claim == CLAIM_MISSING)
			why = refuse_missing(&r->why, "network", mode);
		if (why == R_NONE)
			why = owner_refuse(&r->as, r->conn->view->cfg, &t,
			    R_NOT_OWNER_NETWORK, &r->why);
		snprintf(full, sizeof(full), "%s", t.id);
	}
	if (why == R_NONE && query_set(&r->query, r->route->params,
	    "networkmode", full) < 0)
		why = refuse(&r->why, R_INTERNAL, "out of memory");
	return why;
}

/* BuildKit unpacks a layer into containerd's store under the name that its
 * image's config gives it, and does not look whether it is that: a user's own
 * would be found there by everybody's honest images, on the way to be pulled.
 * (moby/buildkit cache/refs.go; the classic builder lets containerd unpack,
 * which compares.)  Over /grpc it is the build that is refused: where the
 * connection is, buildx goes looking for a builder of its own, and says nothing
 * of why. */
static enum reason
buildkit_store(struct request *r)
{
	bool shared;
	enum reason why = engine_containerd_store(&r->conn->engine, &shared,
	    &r->why);

	if (why != R_NONE || !shared || r->route->id == OP_BUILD_SESSION)
		return why;
	r->unverified = r->route->id == OP_BUILD_GRPC &&
	    r->conn->view->mode != ISOLATION_MONITORING;
	return r->unverified ? R_NONE :
	    refuse(&r->why, R_BUILD, BUILDKIT_UNVERIFIED);
}

static enum reason
builds_allowed(struct request *r, bool buildkit)
{
	enum builds_mode m = r->conn->view->cfg->builds;

	if (r->trusted)
		return R_NONE;
	if (m == BUILDS_DENY || (m == BUILDS_CLASSIC && buildkit))
		return refuse(&r->why, R_BUILD, "%s",
		    buildkit ? "BuildKit" : "build");
	return buildkit ? buildkit_store(r) : R_NONE;
}

/* The classic builder takes any image for a step's result that says so of
 * itself: whoever loads one says what it likes, and what a step found at a
 * name, a proxy or on a network of its user's choice is no part of the key.
 * Nothing tells these from honest ones, so each build starts from nothing. */
static enum reason
build_afresh(struct request *r)
{
	query_drop(&r->query, "cachefrom");
	return query_set(&r->query, r->route->params, "nocache", "1") == 0 ?
	    R_NONE : refuse(&r->why, R_INTERNAL, "out of memory");
}

/* What a Dockerfile runs, it runs as root. */
static enum reason
build_root(struct request *r)
{
	bool may;
	enum reason why = r->trusted ? R_NONE : policy_root(&r->as,
	    &r->conn->engine, &may, &r->why);

	return why != R_NONE || r->trusted || may ? why :
	    refuse(&r->why, R_ROOT, "a build runs as root");
}

static enum reason
judge_build(struct request *r)
{
	struct policy_env env = env_of(r);
	const char *remote = text_of(r, "remote");
	bool buildkit = strcmp(text_of(r, "version"), "2") == 0;
	enum reason why = builds_allowed(r, buildkit);

	decide_name_image(r, text_of(r, "t"), "");
	if (why != R_NONE || (why = build_root(r)) != R_NONE)
		return why;
	/* Its Dockerfile may name a frontend of its own, which asks BuildKit
	 * for what it likes; over /grpc each call is judged. */
	if (!r->trusted && buildkit)
		return refuse(&r->why, R_BUILD, "BuildKit through POST "
		    "/build: use docker buildx, or DOCKER_BUILDKIT=0");
	/* dockerd would fetch any URL itself, as root */
	if (!r->trusted && *remote != '\0')
		return refuse(&r->why, R_REMOTE_SOURCE, "%s", remote);
	if ((why = decide_build_tags(r)) != R_NONE)
		return why;
	if (!r->trusted && (why = build_network(r)) != R_NONE)
		return why;
	if (!r->trusted && !buildkit &&
	    (why = policy_build(&env, &r->why)) != R_NONE)
		return why;
	if (!buildkit && (why = build_afresh(r)) != R_NONE)
		return why;
	return build_labels(r);
}

static enum reason
judge_buildkit(struct request *r)
{
	enum reason why = builds_allowed(r, true);

	r->rec.kind = RECORD_IMAGE_MAKE;
	return why != R_NONE ? why : build_root(r);
}

static enum reason
judge_auth(struct request *r)
{
	struct policy_env env = env_of(r);

	return policy_auth(&env, r->body, &r->why);
}

/* --- what the gate does or says itself ------------------------------------------------- */

static enum reason
judge_prune(struct request *r)
{
	if (r->trusted)
		return R_NONE;
	r->local_status = 200;
	return prune(r->route->id, &r->conn->engine, &r->as, &r->query,
	    r->api, &r->local, &r->why);
}

/* The cache is everybody's: an ordinary prune must end well ("docker system
 * prune" stops at the first error) and touch nothing. */
static enum reason
judge_prune_build(struct request *r)
{
	if (r->trusted)
		return R_NONE;
	r->local_status = 200;
	return buf_puts(&r->local, "{\"CachesDeleted\":null,"
	    "\"SpaceReclaimed\":0}\n") == 0 ? R_NONE :
	    refuse(&r->why, R_INTERNAL, "out of memory");
}

static enum reason
judge_options(struct request *r)
{
	r->local_status = 200;
	return R_NONE;
}

/* --- the table ---------------------------------------------------------------------- */

static const struct judged {
	enum op op;
	const struct schema *schema;	/* NULL: no JSON body is read */
	bool must;			/* an empty body is an error */
	enum reason (*judge)(struct request *r);
} judged[] = {
	{ OP_CONTAINER_CREATE, &schema_create, true, judge_create },
	{ OP_CONTAINER_START, NULL, false, judge_start },
	{ OP_CONTAINER_RESTART, NULL, false, judge_start },
	{ OP_CONTAINER_EXEC, &schema_exec, true, judge_exec },
	{ OP_EXEC_START, &schema_exec_start, false, judge_exec_start },
	{ OP_CONTAINER_UPDATE, &schema_update, true, judge_update },
	{ OP_CONTAINER_RENAME, NULL, false, judge_rename },
	{ OP_CONTAINER_TOP, NULL, false, judge_top },
	{ OP_CONTAINER_COMMIT, &schema_commit, false, decide_commit },
	{ OP_CONTAINER_ARCHIVE_GET, NULL, false, judge_archive },
	{ OP_CONTAINER_ARCHIVE_STAT, NULL, false, judge_archive },
	{ OP_CONTAINER_ARCHIVE_PUT, NULL, false, judge_archive },
	{ OP_CONTAINER_PRUNE, NULL, false, judge_prune },
	{ OP_VOLUME_CREATE, &schema_volume, true, judge_volume_create },
	{ OP_VOLUME_PRUNE, NULL, false, judge_prune },
	{ OP_NETWORK_CREATE, &schema_network, true, judge_network_create },
	{ OP_NETWORK_CONNECT, &schema_connect, true, judge_connect },
	{ OP_NETWORK_DISCONNECT, &schema_disconnect, true, judge_disconnect },
	{ OP_NETWORK_PRUNE, NULL, false, judge_prune },
	{ OP_IMAGE_PULL, NULL, false, decide_pull },
	{ OP_IMAGE_PUSH, NULL, false, decide_push },
	{ OP_IMAGE_TAG, NULL, false, decide_tag },
	{ OP_IMAGE_REMOVE, NULL, false, decide_image_remove },
	{ OP_IMAGE_LOAD, NULL, false, decide_load },
	{ OP_IMAGE_PRUNE, NULL, false, decide_prune_images },
	{ OP_IMAGE_BUILD, NULL, false, judge_build },
	{ OP_BUILD_SESSION, NULL, false, judge_buildkit },
	{ OP_BUILD_GRPC, NULL, false, judge_buildkit },
	{ OP_BUILD_PRUNE, NULL, false, judge_prune_build },
	{ OP_SYSTEM_AUTH, &schema_auth, false, judge_auth },
	{ OP_IMAGE_SEARCH, NULL, false, decide_search },
	{ OP_DISTRIBUTION_INSPECT, NULL, false, decide_distribution },
	{ OP_SYSTEM_OPTIONS, NULL, false, judge_options },
};

static const struct judged *
judged_row(enum op op)
{
	for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++)
		if (judged[i].op == op)
			return &judged[i];
	return NULL;
}

/* The client's JSON, decoded once.  Admins' routes without a schema (swarm,
 * plugins) get the same strict reading, and any member. */
static enum reason
read_json(struct request *r, const struct judged *row)
{
	if (r->route->body != BODY_JSON)
		return R_NONE;
	if (r->text.len == 0)
		return row != NULL && row->must ?
		    refuse(&r->why, R_BAD_JSON, "the body is empty") : R_NONE;
	r->body = json_parse(buf_span(&r->text), &r->why);
	if (r->body == NULL)
		return r->why.why;
	if (cJSON_IsNull(r->body)) {	/* the CLI's commit says that */
		cJSON_Delete(r->body);
		r->body = NULL;
		return row != NULL && row->must ?
		    refuse(&r->why, R_BAD_JSON, "the body is null") : R_NONE;
	}
	if (row == NULL || row->schema == NULL)
		return r->trusted ? R_NONE :
		    refuse(&r->why, R_ADMIN_ONLY, "%s", r->route->op);
	return schema_decode(row->schema, r->body, r->trusted, &r->why);
}

enum reason
decide_body(struct request *r)
{
	const struct judged *row = judged_row(r->route->id);
	enum reason why = read_json(r, row);

	if (why != R_NONE || row == NULL || row->judge == NULL)
		return why;
	/* "disabled" forwards what was asked, unlabelled and unjudged, as if
	 * the gate were not there; the record stays. */
	if (r->conn->view->mode == ISOLATION_DISABLED &&
	    r->route->id != OP_SYSTEM_OPTIONS)
		return R_NONE;
	return row->judge(r);
}
