/*
 * policy.c - may this user have that?
 *
 * Walks a decoded body along its schema and applies each row's verdict; then
 * writes out what must not be left to dockerd's defaults.  What an ordinary
 * user gets is decided in the rows and their judges, never by the road the
 * body came along: create, exec, update and the judging of what exists share
 * them.
 */
#include <stdio.h>

#include "judge.h"

#define VOID_DEPTH 8

enum reason
judge_oom(struct refusal *why)
{
	return refuse(why, R_INTERNAL, "out of memory");
}

bool
judge_listed(const struct strings *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], s) == 0)
			return true;
	return false;
}

void
judge_warn_foreign(struct policy_env *env, const char *what,
    const struct thing *t)
{
	struct buf line cleanup_buf = BUF_INIT(1024);

	if (env->warnings == NULL || judged(env) || t->claim != CLAIM_FOREIGN)
		return;
	buf_printf(&line, "The %s ", what);
	buf_putvisible(&line, t->name);
	buf_puts(&line, " belongs to ");
	buf_putvisible(&line, t->owner);
	/* a network stands in two fields */
	if (buf_puts(&line, ", another user.\n") == 0 &&
	    (env->warnings->data == NULL ||
	    strstr(env->warnings->data, line.data) == NULL))
		buf_putspan(env->warnings, buf_span(&line));
}

static bool
is_void(const cJSON *v, unsigned depth)
{
	if (schema_is_empty(v))
		return true;
	if (depth == VOID_DEPTH || !(cJSON_IsArray(v) || cJSON_IsObject(v)))
		return false;
	for (const cJSON *m = v->child; m != NULL; m = m->next)
		if (!is_void(m, depth + 1))
			return false;
	return true;
}

bool
judge_void(const cJSON *v)
{
	return is_void(v, 0);
}

enum reason
judge_deny(const struct field *f, const cJSON *value, struct refusal *why)
{
	struct buf text cleanup_buf = BUF_INIT(512);

	if (cJSON_IsString(value))
		buf_puts(&text, value->valuestring);
	else
		json_write(&text, value);
	return refuse(why, f->why, "%s %.160s", f->name,
	    text.data != NULL ? text.data : "");
}

/* What is inside a value, element by element. */
static enum reason
walk_inside(struct policy_env *env, const struct field *f, cJSON *v,
    struct refusal *why)
{
	enum reason r = R_NONE;

	if (f->sub == NULL)
		return R_NONE;
	if (f->type == F_OBJECT)
		return policy_walk(env, f->sub, v, why);
	for (cJSON *m = v->child; m != NULL && r == R_NONE; m = m->next) {
		if (f->type == F_MAP_ARRAY)
			for (cJSON *e = m->child; e != NULL && r == R_NONE;
			    e = e->next)
				r = policy_walk(env, f->sub, e, why);
		else if (cJSON_IsObject(m))
			r = policy_walk(env, f->sub, m, why);
	}
	return r;
}

static enum reason
walk_field(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *v, struct refusal *why)
{
	enum reason r;

	if (f->verdict == V_DENY && judged(env)) {
		if (!judge_void(v))
			return judge_deny(f, v, why);
		/* An empty value that is there can mean more than none. */
		cJSON_Delete(cJSON_DetachItemViaPointer(parent, v));
		return R_NONE;
	}
	if (f->verdict == V_DROP) {
		cJSON_Delete(cJSON_DetachItemViaPointer(parent, v));
		return R_NONE;
	}
	r = walk_inside(env, f, v, why);
	if (r != R_NONE)
		return r;
	if ((f->verdict == V_IF && judged(env) && !schema_is_empty(v)) ||
	    f->verdict == V_REWRITE)
		return f->judge(env, f, parent, v, why);
	return R_NONE;
}

enum reason
policy_walk(struct policy_env *env, const struct schema *s, cJSON *obj,
    struct refusal *why)
{
	cJSON *next;
	enum reason r;

	for (cJSON *v = obj->child; v != NULL; v = next) {
		const struct field *f = schema_field(s, v->string);

		next = v->next;
		if (cJSON_IsNull(v)) {
			cJSON_Delete(cJSON_DetachItemViaPointer(obj, v));
			continue;
		}
		if (f == NULL)		/* an admin's */
			continue;
		r = walk_field(env, f, obj, v, why);
		if (r != R_NONE)
			return r;
	}
	return R_NONE;
}

/* Old API versions change these silently: shareable below 1.40, the host's
 * cgroup namespace below 1.41 (and by default on cgroup v1). */
static int
write_out_namespaces(cJSON *host)
{
	if (tree_string(host, "IpcMode")[0] == '\0' &&
	    tree_set_string(host, "IpcMode", "private") < 0)
		return -1;
	if (tree_string(host, "CgroupnsMode")[0] == '\0')
		return tree_set_string(host, "CgroupnsMode", "private");
	return 0;
}

static enum reason
look_at_image(struct policy_env *env, const cJSON *body, struct buf *config,
    struct refusal *why)
{
	const char *ref = tree_string(body, "Image");

	snprintf(env->image, sizeof(env->image), "%s", ref);
	if (*ref == '\0')	/* dockerd has its own words for it */
		return R_NONE;
	return owner_image(env->engine, ref, env->image_id, config, why);
}

/* The engine has some thirty address pools, and lists that name every
 * container, for everybody. */
static enum reason
count_judge(struct policy_env *env, enum object kind, struct refusal *why)
{
	bool net = kind == OBJ_NETWORK;
	int64_t bound = net ? env->caller->policy->own_networks :
	    env->caller->policy->own_containers;

	if (!judged(env) || bound <= 0)
		return R_NONE;
	return making_begin(env->making, &(struct making_ask){
	    .engine = env->engine, .as = env->caller, .kind = kind,
	    .bound = bound }, why);
}

/* The image's working directory, where the body names none. */
enum reason
image_dir(struct policy_env *env, const cJSON *body, struct span image,
    struct refusal *why)
{
	char text[PATH_MAX];
	struct span dir = json_get(image, "WorkingDir");

	if (!judged(env) || tree_string(body, "WorkingDir")[0] != '\0' ||
	    json_empty(dir))
		return R_NONE;
	return json_string(dir, text, sizeof(text)) && working_dir_ok(text) ?
	    R_NONE : refuse(why, R_WORKING_DIR, "%s", "of the image");
}

/* What depends on the image, or changes something in the engine: last. */
static enum reason
finish_create(struct policy_env *env, cJSON *body, cJSON *host,
    struct refusal *why)
{
	struct buf config cleanup_buf = BUF_INIT(JSON_BODY_MAX);
	struct span image;
	enum reason r = look_at_image(env, body, &config, why);

	image = buf_span(&config);
	if (r == R_NONE)
		r = count_judge(env, OBJ_CONTAINER, why);
	if (r == R_NONE)
		r = image_dir(env, body, image, why);
	if (r == R_NONE)
		r = weight_listed(env, body, image, why);
	if (r == R_NONE)
		r = ports_create(env, body, host, image, why);
	if (r == R_NONE)
		r = gpu_create(env, body, image, why);
	if (r == R_NONE)
		r = limits_create(env, body, why);
	if (r == R_NONE)
		r = healthcheck_create(env, body, image, why);
	if (r == R_NONE && judged(env) && write_out_namespaces(host) < 0)
		r = judge_oom(why);
	if (r == R_NONE)
		r = labels_create(env->caller, body, image, why);
	/* what may be started is what was judged (decide_body.c) */
	if (r == R_NONE && judged(env) && env->image_id[0] != '\0' &&
	    tree_set_string(tree_object(body, "Labels"), LABEL_IMAGE,
	    env->image_id) < 0)
		r = judge_oom(why);
	if (r == R_NONE)
		r = confine_create(env, body, host, why);
	if (r == R_NONE)
		r = binds_place(env, host, why);
	if (r == R_NONE)
		r = volumes_own(env, body, image, why);
	return r;
}

/* To a create's 404 the CLI answers by pulling the image; so a container or
 * network that is missing is a bad value, as it is to dockerd. */
static enum reason
not_the_image(enum reason r, struct refusal *why)
{
	struct refusal missing = *why;

	return r != R_NOT_FOUND ? r :
	    refuse(why, R_MISSING, "%s", missing.detail);
}

enum reason
policy_create(struct policy_env *env, cJSON *body, struct refusal *why)
{
	cJSON *host = tree_object(body, "HostConfig");
	enum reason r;

	/* Without a HostConfig, engines up to 26.1 take its fields from the
	 * top level of the body. */
	if (host == NULL)
		return judge_oom(why);
	r = not_the_image(policy_walk(env, &schema_create, body, why), why);
	if (r == R_NONE && env->dry)
		return gpu_create(env, body, (struct span){ 0 }, why);
	if (r == R_NONE)
		r = finish_create(env, body, host, why);
	cJSON_Delete(env->binds);
	env->binds = NULL;
	return r;
}

enum reason
policy_exec(struct policy_env *env, const struct thing *container,
    cJSON *body, struct refusal *why)
{
	char user[32];
	enum reason r = policy_walk(env, &schema_exec, body, why);

	if (r == R_NONE)
		r = weight_judge(env, body, WEIGHT_EXEC, why);
	if (r == R_NONE && judged(env) && container->execs >= EXECS_MAX)
		r = refuse(why, R_RESOURCE, "more than %d commands that run "
		    "in one container, or are yet to be started", EXECS_MAX);
	if (r != R_NONE || !container->confined || !judged(env))
		return r;
	(void)confine_user(env->caller, tree_string(body, "User"), user);
	return tree_set_string(body, "User", user) == 0 ? R_NONE :
	    judge_oom(why);
}

enum reason
policy_exec_made(const struct caller *c, const struct thing *container,
    struct span process, struct refusal *why)
{
	char user[256], own[32];

	if (!json_is(json_get(process, "privileged"), "false"))
		return refuse(why, R_PRIVILEGED, "Privileged");
	if (!container->confined)
		return R_NONE;
	if (!json_string(json_get(process, "user"), user, sizeof(user)))
		user[0] = '\0';
	(void)confine_user(c, user, own);
	return strcmp(user, own) == 0 ? R_NONE :
	    refuse(why, R_USER, "%s in a container without root", user);
}

enum reason
policy_update(struct policy_env *env, cJSON *body, struct refusal *why)
{
	enum reason r = gpu_update(env, body, why);

	return r != R_NONE ? r :
	    policy_walk(env, &schema_update, body, why);
}

enum reason
policy_commit(struct policy_env *env, cJSON *body, struct refusal *why)
{
	enum reason r = policy_walk(env, &schema_commit, body, why);

	return r != R_NONE ? r : weight_listed(env, body, span_of(NULL), why);
}

/* Of which kind (made.c) is a volume that no container has asked for?  Its
 * maker can say it; else it is for what most of his containers are. */
static enum reason
volume_kind(struct policy_env *env, const cJSON *body, const char **confined,
    struct refusal *why)
{
	const char *said = tree_string(tree_get(body, "Labels"),
	    LABEL_CONFINED);
	bool root;
	enum reason r;

	*confined = "true";
	if (strcmp(said, "true") == 0)
		return R_NONE;
	r = policy_root(env->caller, env->engine, &root, why);
	if (root || said[0] != '\0')
		*confined = "false";
	return r;
}

enum reason
policy_volume(struct policy_env *env, cJSON *body, struct refusal *why)
{
	const char *confined;
	enum reason r = policy_walk(env, &schema_volume, body, why);

	if (r == R_NONE)
		r = weight_judge(env, body, WEIGHT_SMALL, why);
	if (r == R_NONE)
		r = volume_kind(env, body, &confined, why);
	return r == R_NONE ?
	    labels_simple(env->caller, body, confined, why) : r;
}

enum reason
policy_network(struct policy_env *env, cJSON *body, struct refusal *why)
{
	enum reason r = policy_walk(env, &schema_network, body, why);

	if (r == R_NONE)
		r = weight_judge(env, body, WEIGHT_SMALL, why);
	if (r == R_NONE)
		r = count_judge(env, OBJ_NETWORK, why);
	if (r != R_NONE)
		return r;
	/* Two networks of one name would make a name mean either. */
	if (tree_set_bool(body, "CheckDuplicate", true) < 0)
		return judge_oom(why);
	return labels_simple(env->caller, body, NULL, why);
}

enum reason
policy_connect(struct policy_env *env, cJSON *body, struct refusal *why)
{
	enum reason r;

	if (tree_string(body, "Container")[0] == '\0')
		return refuse(why, R_BAD_FIELD, "Container must be given");
	r = policy_walk(env, &schema_connect, body, why);
	return r != R_NONE ? r : weight_judge(env, body, WEIGHT_SMALL, why);
}

enum reason
policy_disconnect(struct policy_env *env, cJSON *body, struct refusal *why)
{
	if (tree_string(body, "Container")[0] == '\0')
		return refuse(why, R_BAD_FIELD, "Container must be given");
	return policy_walk(env, &schema_disconnect, body, why);
}

enum reason
policy_auth(struct policy_env *env, cJSON *body, struct refusal *why)
{
	return body == NULL ? R_NONE :
	    policy_walk(env, &schema_auth, body, why);
}

static bool
harmless_tree(const struct config *cfg, const struct caller *c,
    cJSON *body, struct span host_text, bool gone)
{
	struct policy_env env = {
		.caller = c, .cfg = cfg, .api = 51, .dry = true, .gone = gone
	};
	struct refusal why;
	cJSON *host = json_parse(host_text, &why);

	if (host == NULL)
		return false;
	if (!cJSON_IsObject(body) || !cJSON_IsObject(host) ||
	    !cJSON_AddItemToObject(body, "HostConfig", host)) {
		cJSON_Delete(host);
		return false;
	}
	return schema_decode(&schema_create, body, false, &why) == R_NONE &&
	    policy_create(&env, body, &why) == R_NONE;
}

bool
policy_harmless(const struct config *cfg, const struct caller *c,
    struct span inspect, bool gone)
{
	struct refusal why;
	cJSON *body;
	bool ok;

	if (c->policy->container_root != ROOT_YES)	/* nobody confined it */
		return false;
	body = json_parse(json_get(inspect, "Config"), &why);
	if (body == NULL)
		return false;
	ok = harmless_tree(cfg, c, body, json_get(inspect, "HostConfig"), gone);
	cJSON_Delete(body);
	return ok;
}
