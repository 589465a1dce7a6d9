/*
 * judge_gpu.c - every road to a GPU is one request.
 *
 * DeviceRequests (nvidia and CDI), device files and the NVIDIA_* variables,
 * the image's included, become one list of what is wanted; the policy judges
 * that list, and NVIDIA_VISIBLE_DEVICES is always written out: where the
 * nvidia runtime is the engine's default, a variable that an image brings
 * along would be a request of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "judge.h"

#define GPU_IDS_MAX 64
#define GPU_ID_LEN 80
#define VISIBLE "NVIDIA_VISIBLE_DEVICES"
#define CDI_PREFIX "nvidia.com/gpu="
#define DEV_PREFIX "/dev/nvidia"

struct want {
	bool all;
	bool helper;		/* needs some right, names no GPU */
	int64_t count;		/* so many, whichever */
	size_t n;
	char ids[GPU_IDS_MAX][GPU_ID_LEN];
	bool runtime;		/* asked for by DeviceRequests or variable */
};

/* Variables that open more than a GPU; off: what makes them say nothing. */
static const struct {
	const char *name, *off;
} special[] = {
	{ "NVIDIA_MIG_CONFIG_DEVICES", "" },
	{ "NVIDIA_MIG_MONITOR_DEVICES", "" },
	{ "NVIDIA_IMEX_CHANNELS", "" },
	{ "NVIDIA_GDS", "" }, { "NVIDIA_MOFED", "" },
	{ "NVIDIA_GDRCOPY", "" }, { "NVIDIA_NVSWITCH", "" },
	{ "DOCKER_RESOURCE_GPU", "void" },
};
#define N_SPECIAL (sizeof(special) / sizeof(special[0]))

bool
gpu_device(const char *path)
{
	return strncmp(path, DEV_PREFIX, strlen(DEV_PREFIX)) == 0;
}

static bool
asks_nothing(const char *v)
{
	return *v == '\0' || strcmp(v, "void") == 0 || strcmp(v, "none") == 0;
}

static bool
add_id(struct want *w, const char *id, size_t len)
{
	/* The nvidia tools take "All" for "all". */
	if (len == 3 && strncasecmp(id, "all", 3) == 0) {
		w->all = true;
		return true;
	}
	if (len == 0 || len >= GPU_ID_LEN || w->n == GPU_IDS_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_/.-", id[i]) ==
		    NULL || id[i] == '\0')
			return false;
	for (size_t i = 0; i < w->n; i++)
		if (strlen(w->ids[i]) == len &&
		    memcmp(w->ids[i], id, len) == 0)
			return true;
	memcpy(w->ids[w->n], id, len);
	w->ids[w->n++][len] = '\0';
	return true;
}

static bool
add_list(struct want *w, const char *list)
{
	if (asks_nothing(list))
		return true;
	for (;;) {
		size_t len = strcspn(list, ",");

		if (!add_id(w, list, len))
			return false;
		if (list[len] == '\0')
			return true;
		list += len + 1;
	}
}

/* --- what is asked for --- */

static bool
caps_ok(const cJSON *matrix)
{
	static const char *const known[] = { "gpu", "nvidia", "compute",
	    "utility", "graphics", "video", "display", "ngx", "compat32" };
	const cJSON *row, *v;

	cJSON_ArrayForEach(row, matrix) {
		cJSON_ArrayForEach(v, row) {
			bool ok = false;

			for (size_t i = 0; i < sizeof(known) /
			    sizeof(known[0]); i++)
				ok |= strcmp(known[i], v->valuestring) == 0;
			if (!ok)
				return false;
		}
	}
	return true;
}

static enum reason
want_request(struct want *w, const cJSON *req, struct refusal *why)
{
	const char *driver = tree_string(req, "Driver");
	bool cdi = strcmp(driver, "cdi") == 0;
	int64_t count = tree_int(req, "Count");
	const cJSON *v;

	if ((!cdi && *driver != '\0' && strcmp(driver, "nvidia") != 0) ||
	    !caps_ok(tree_get(req, "Capabilities")))
		return refuse(why, R_GPU, "of driver or capability %s",
		    driver);
	if (count < -1 || count > GPU_IDS_MAX || (cdi && count != 0))
		return refuse(why, R_GPU, "for %lld", (long long)count);
	if (count < 0)
		w->all = true;
	else
		w->count += count;
	cJSON_ArrayForEach(v, tree_get(req, "DeviceIDs")) {
		const char *id = v->valuestring;

		if (cdi) {
			if (strncmp(id, CDI_PREFIX, strlen(CDI_PREFIX)) != 0)
				return refuse(why, R_GPU, "device %s", id);
			id += strlen(CDI_PREFIX);
		}
		if (!add_id(w, id, strlen(id)))
			return refuse(why, R_GPU, "device %s", id);
	}
	w->runtime |= !cdi;
	return R_NONE;
}

/* --gpus 0 asks for nothing. */
static bool
is_idle_request(const cJSON *req)
{
	return tree_int(req, "Count") == 0 &&
	    judge_void(tree_get(req, "DeviceIDs"));
}

static enum reason
want_requests(struct want *w, cJSON *requests, struct refusal *why)
{
	cJSON *next;

	for (cJSON *v = requests ? requests->child : NULL; v != NULL;
	    v = next) {
		enum reason r;

		next = v->next;
		if (is_idle_request(v)) {
			cJSON_Delete(cJSON_DetachItemViaPointer(requests, v));
			continue;
		}
		r = want_request(w, v, why);
		if (r != R_NONE)
			return r;
	}
	return R_NONE;
}

static enum reason
want_devices(const struct policy_env *env, struct want *w,
    const cJSON *devices, struct refusal *why)
{
	static const char *const helpers[] = { "/dev/nvidiactl",
	    "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools",
	    "/dev/nvidia-modeset" };
	const cJSON *v;

	cJSON_ArrayForEach(v, devices) {
		const char *path = tree_string(v, "PathOnHost");
		const char *id = path + strlen(DEV_PREFIX);
		bool helper = false;

		if (!gpu_device(path) ||
		    judge_listed(&env->caller->policy->devices, path))
			continue;
		for (size_t i = 0; i < sizeof(helpers) / sizeof(*helpers);
		    i++)
			helper |= strcmp(helpers[i], path) == 0;
		if (helper)
			w->helper = true;
		else if (strspn(id, "0123456789") != strlen(id) ||
		    !add_id(w, id, strlen(id)))
			return refuse(why, R_GPU, "device %s", path);
	}
	return R_NONE;
}

/* Value of "KEY=value" if text is that key's; "" for "KEY" alone. */
static const char *
value_of(const char *text, const char *key)
{
	size_t n = strlen(key);

	if (strncmp(text, key, n) != 0)
		return NULL;
	if (text[n] == '=')
		return text + n + 1;
	return text[n] == '\0' ? text + n : NULL;
}

static bool
has_variable(const cJSON *list, const char *key)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, list)
		if (value_of(v->valuestring, key) != NULL)
			return true;
	return false;
}

enum reason
gpu_made(const struct policy_env *env, const cJSON *list, struct refusal *why)
{
	const cJSON *v;

	if (env->caller->policy->gpus == GPUS_ALL)
		return R_NONE;
	cJSON_ArrayForEach(v, list) {
		for (size_t i = 0; i < N_SPECIAL; i++) {
			const char *value = value_of(v->valuestring,
			    special[i].name);

			if (value != NULL && !asks_nothing(value))
				return refuse(why, R_GPU, "%s",
				    v->valuestring);
		}
	}
	return R_NONE;
}

static enum reason
want_env(const struct policy_env *env, struct want *w, const cJSON *list,
    struct refusal *why)
{
	size_t ids = w->n;
	bool all = w->all;
	const cJSON *v;

	cJSON_ArrayForEach(v, list) {
		const char *value = value_of(v->valuestring, VISIBLE);

		if (value != NULL && !add_list(w, value))
			return refuse(why, R_GPU, "%s", v->valuestring);
	}
	if (gpu_made(env, list, why) != R_NONE)
		return why->why;
	/* In what exists: images of nvidia's first days ask for all by saying
	 * which CUDA they have. */
	if (env->dry && !has_variable(list, VISIBLE) &&
	    has_variable(list, "CUDA_VERSION"))
		w->all = true;
	w->runtime |= w->n > ids || w->all != all;
	return R_NONE;
}

/* Who says --runtime nvidia and no more means what the image asks for. */
static enum reason
want_image(struct want *w, const cJSON *host, const cJSON *list,
    struct span image, struct refusal *why)
{
	struct json_iter it = json_iter(json_get(image, "Env"));
	char text[4096];
	struct span v;

	if (strcmp(tree_string(host, "Runtime"), "nvidia") != 0 ||
	    !judge_void(tree_get(host, "DeviceRequests")) ||
	    has_variable(list, VISIBLE))
		return R_NONE;
	while (json_next(&it, NULL, &v)) {
		const char *value = json_string(v, text, sizeof(text)) ?
		    value_of(text, VISIBLE) : NULL;

		if (value != NULL && !add_list(w, value))
			return refuse(why, R_GPU, "%s of the image", text);
	}
	w->runtime |= w->all || w->n > 0;
	return R_NONE;
}

/* --- the verdict --- */

static enum reason
want_allowed(const struct policy *p, struct want *w, struct refusal *why)
{
	bool any = w->all || w->helper || w->count > 0 || w->n > 0;

	if (!any || p->gpus == GPUS_ALL)
		return R_NONE;
	if (p->gpus == GPUS_NONE)
		return refuse(why, R_GPU, "but you have none");
	if (p->gpus == GPUS_COUNT) {
		if (w->count + (int64_t)w->n > p->gpu_count)
			return refuse(why, R_GPU, "for more than %lld",
			    (long long)p->gpu_count);
		return R_NONE;
	}
	for (size_t i = 0; i < w->n; i++)
		if (!judge_listed(&p->gpu_list, w->ids[i]))
			return refuse(why, R_GPU, "device %s", w->ids[i]);
	if (w->count > (int64_t)p->gpu_list.n)
		return refuse(why, R_GPU, "for more than %zu",
		    p->gpu_list.n);
	return R_NONE;
}

/* The one list that is meant: "all" is all that are the caller's, and N are
 * the first N of them. */
static int
write_ids(const struct policy *p, const struct want *w, struct buf *out)
{
	int64_t n = w->count;

	if (w->all && p->gpus == GPUS_ALL)
		return buf_puts(out, "all");
	for (size_t i = 0; i < w->n; i++)
		buf_printf(out, "%s%s", out->len ? "," : "", w->ids[i]);
	if (p->gpus == GPUS_LIST) {
		if (w->all)
			n = (int64_t)p->gpu_list.n;
		for (int64_t i = 0; i < n; i++)
			buf_printf(out, "%s%s", out->len ? "," : "",
			    p->gpu_list.v[i]);
	} else {
		if (w->all)
			n = p->gpu_count;
		/* as moby's countToDevices does */
		for (int64_t i = 0; i < n; i++)
			buf_printf(out, "%s%lld", out->len ? "," : "",
			    (long long)i);
	}
	return out->len > 0 ? 0 : buf_puts(out, "void");
}

/* Requests that say "all" or "two" name what that means; lists stay. */
static int
write_requests(const struct policy *p, cJSON *requests)
{
	cJSON *v, *ids;

	if (p->gpus == GPUS_ALL)
		return 0;
	cJSON_ArrayForEach(v, requests) {
		bool cdi = strcmp(tree_string(v, "Driver"), "cdi") == 0;
		int64_t n = tree_int(v, "Count");
		const cJSON *id;
		bool all = n < 0;

		cJSON_ArrayForEach(id, tree_get(v, "DeviceIDs"))
			all |= strcasecmp(id->valuestring,
			    cdi ? CDI_PREFIX "all" : "all") == 0;
		if (!all && n == 0)
			continue;
		if (all)
			n = p->gpus == GPUS_LIST ? (int64_t)p->gpu_list.n :
			    p->gpu_count;
		tree_drop(v, "DeviceIDs");
		ids = tree_array(v, "DeviceIDs");
		if (ids == NULL || tree_set_int(v, "Count", 0) < 0)
			return -1;
		for (int64_t i = 0; i < n; i++) {
			char text[sizeof(CDI_PREFIX) + GPU_ID_LEN];

			if (p->gpus == GPUS_LIST)
				snprintf(text, sizeof(text), "%s%s",
				    cdi ? CDI_PREFIX : "", p->gpu_list.v[i]);
			else
				snprintf(text, sizeof(text), "%s%lld",
				    cdi ? CDI_PREFIX : "", (long long)i);
			if (tree_add_string(ids, text) < 0)
				return -1;
		}
	}
	return 0;
}

static void
drop_variable(cJSON *list, const char *key)
{
	cJSON *next;

	for (cJSON *v = list->child; v != NULL; v = next) {
		next = v->next;
		if (value_of(v->valuestring, key) != NULL)
			cJSON_Delete(cJSON_DetachItemViaPointer(list, v));
	}
}

static bool
image_has(struct span image, const char *key)
{
	struct json_iter it = json_iter(json_get(image, "Env"));
	size_t n = strlen(key);
	struct span v;

	while (json_next(&it, NULL, &v))
		if (v.len > n + 2 && memcmp(v.ptr + 1, key, n) == 0 &&
		    v.ptr[1 + n] == '=')
			return true;
	return false;
}

static int
set_variable(cJSON *list, const char *key, const char *value)
{
	struct buf text cleanup_buf = BUF_INIT(16384);

	drop_variable(list, key);
	return buf_printf(&text, "%s=%s", key, value) < 0 ? -1 :
	    tree_add_string(list, text.data);
}

/* Variables are the last word of the runtime, so they are written out. */
static int
write_env(const struct policy *p, const struct want *w, cJSON *body,
    struct span image)
{
	struct buf ids cleanup_buf = BUF_INIT(16384);
	cJSON *list = tree_array(body, "Env");

	if (list == NULL)
		return -1;
	if ((w->runtime ? write_ids(p, w, &ids) : buf_puts(&ids, "void")) < 0)
		return -1;
	if (set_variable(list, VISIBLE, ids.data) < 0)
		return -1;
	if (p->gpus == GPUS_ALL)
		return 0;
	for (size_t i = 0; i < N_SPECIAL; i++)
		if ((image_has(image, special[i].name) ||
		    has_variable(list, special[i].name)) &&
		    set_variable(list, special[i].name, special[i].off) < 0)
			return -1;
	return 0;
}

enum reason
gpu_create(struct policy_env *env, cJSON *body, struct span image,
    struct refusal *why)
{
	const struct policy *p = env->caller->policy;
	cJSON *host = tree_get(body, "HostConfig");
	cJSON *requests = tree_get(host, "DeviceRequests");
	struct want w = { 0 };
	enum reason r;

	if (!judged(env))
		return R_NONE;
	r = want_requests(&w, requests, why);
	if (r == R_NONE)
		r = want_devices(env, &w, tree_get(host, "Devices"), why);
	/* In what exists, variables are nothing to another runtime. */
	if (r == R_NONE && (!env->dry ||
	    strcmp(tree_string(host, "Runtime"), "nvidia") == 0))
		r = want_env(env, &w, tree_get(body, "Env"), why);
	if (r == R_NONE && !env->dry)
		r = want_image(&w, host, tree_get(body, "Env"), image, why);
	if (r == R_NONE)
		r = want_allowed(p, &w, why);
	if (r != R_NONE || env->dry)
		return r;
	if (write_requests(p, requests) < 0 ||
	    write_env(p, &w, body, image) < 0)
		return judge_oom(why);
	return R_NONE;
}

enum reason
gpu_update(struct policy_env *env, const cJSON *body, struct refusal *why)
{
	const cJSON *v;

	if (!judged(env))
		return R_NONE;
	if (!judge_void(tree_get(body, "DeviceRequests")))
		return refuse(why, R_GPU, "in an update");
	cJSON_ArrayForEach(v, tree_get(body, "Devices"))
		if (gpu_device(tree_string(v, "PathOnHost")))
			return refuse(why, R_GPU, "in an update");
	return R_NONE;
}

/* Is it by its name or its program the runtime that adds GPUs? */
static bool
nvidia_runtime(struct span info, const char *name)
{
	cJSON *all = NULL;
	struct refusal unused;
	bool found = strncmp(name, "nvidia", 6) == 0;

	if (!found && (all = json_parse(json_get(info, "Runtimes"),
	    &unused)) != NULL)
		found = strstr(tree_string(tree_get(all, name), "path"),
		    "nvidia") != NULL;
	cJSON_Delete(all);
	return found;
}

enum reason
policy_build(struct policy_env *env, struct refusal *why)
{
	struct buf info cleanup_buf = BUF_INIT(JSON_BODY_MAX);
	cJSON *name = NULL;
	enum reason r = R_NONE;
	int status;

	if (!judged(env) || env->caller->policy->gpus == GPUS_ALL)
		return R_NONE;
	status = engine_get(env->engine, &info, why, "/info");
	if (status < 0)
		return why->why;
	if (status == 200)
		name = json_parse(json_get(buf_span(&info), "DefaultRuntime"),
		    why);
	if (!cJSON_IsString(name))
		r = refuse(why, R_INTERNAL, "the engine's default runtime "
		    "cannot be told");
	else if (nvidia_runtime(buf_span(&info), name->valuestring))
		r = refuse(why, R_GPU, "by a build step, which the classic "
		    "builder runs with runtime %s: use docker buildx",
		    name->valuestring);
	cJSON_Delete(name);
	return r;
}
