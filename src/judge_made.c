/*
 * judge_made.c - what came of a create, by the rules that it was judged by.
 *
 * What an image adds to a container is judged before dockerd adds it, as the
 * engine tells it of the image.  With containerd's store an id can be an index
 * of several images, and which of them dockerd takes is its own choice.  So
 * the container's own Config is judged again, as if it were its image's and
 * the body had asked for nothing; what a body may ask for passes as well.
 */
#include "judge.h"

/* A create turns what the image shows into labelled mounts (judge_volumes.c).
 * Of an image that is gone the targets alone can be told. */
static enum reason
image_volumes(struct policy_env *env, const cJSON *config, const cJSON *image,
    struct refusal *why)
{
	const cJSON *v;
	enum reason r;

	cJSON_ArrayForEach(v, tree_get(config, "Volumes")) {
		r = judge_target(env, v->string, why);
		if (r != R_NONE)
			return r;
		if (image != NULL && tree_get(tree_get(image, "Volumes"),
		    v->string) == NULL)
			return refuse(why, R_MOUNT, "%.100s: a volume of "
			    "another image than was judged", v->string);
	}
	return R_NONE;
}

static enum reason
judge_config(struct policy_env *env, struct span text, const cJSON *config,
    const cJSON *host, const cJSON *image, struct refusal *why)
{
	enum reason r = image_dir(env, NULL, text, why);

	if (r == R_NONE)
		r = weight_listed(env, NULL, text, why);
	if (r == R_NONE)
		r = ports_create(env, config, host, (struct span){ 0 }, why);
	if (r == R_NONE)
		r = gpu_made(env, tree_get(config, "Env"), why);
	if (r == R_NONE)
		r = healthcheck_made(env, tree_get(config, "Healthcheck"),
		    why);
	if (r == R_NONE)
		r = labels_made(env->caller, tree_get(config, "Labels"), why);
	return r == R_NONE ? image_volumes(env, config, image, why) : r;
}

enum reason
policy_made(struct engine *e, const struct caller *c, const struct thing *t,
    struct span inspect, struct refusal *why)
{
	struct policy_env env = { .caller = c, .engine = e };
	struct buf known cleanup_buf = BUF_INIT(JSON_BODY_MAX);
	struct span text = json_get(inspect, "Config");
	cJSON *config, *host, *image = NULL;
	enum reason r;

	if (t->judged[0] == '\0' || c->admin)
		return R_NONE;		/* nobody judged its image */
	r = policy_made_check(inspect, why);
	if (r != R_NONE)
		return r;
	r = owner_image(e, t->judged, NULL, &known, why);
	if (r != R_NONE && r != R_NOT_FOUND)
		return r;
	if (r == R_NONE && (image = json_parse(buf_span(&known), why)) == NULL)
		return why->why;
	config = json_parse(text, why);
	host = json_parse(json_get(inspect, "HostConfig"), why);
	r = config == NULL || host == NULL ? why->why :
	    judge_config(&env, text, config, host, image, why);
	cJSON_Delete(config);
	cJSON_Delete(host);
	cJSON_Delete(image);
	return r;
}
