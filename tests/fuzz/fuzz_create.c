/*
 * fuzz_create.c - any bytes as the body of a create (or, by the first byte,
 * of update, exec, volume, network): what the policy lets through is looked
 * at again, field by field and by other code than the policy's.
 *
 * Names that begin with 'm' are the caller's, with 'b' somebody else's, all
 * others are missing (and volumes then made).
 * links: schema schema_create schema_other policy policy_text judge_tree judge_refs judge_mounts judge_binds bind confine probe judge_volumes owner_hold judge_resources judge_log judge_ports judge_weight judge_security judge_network image_ref judge_gpu judge_made labels json json_check json_walk buf span reason
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/fake_world.h"
#include "labels.h"
#include "policy.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* --- the engine and the owners --- */

static enum reason
find(enum object kind, const char *ref, struct thing *t, struct buf *raw)
{
	(void)kind, (void)raw;
	if (ref[0] == 'm' || strcmp(ref, A64) == 0)
		t->claim = CLAIM_OWN;
	else if (ref[0] == 'b')
		t->claim = CLAIM_FOREIGN;
	snprintf(t->id, sizeof(t->id), A64);
	return R_NONE;
}

static enum reason
image(const char *ref, char id[80], struct buf *config, struct refusal *why)
{
	(void)ref, (void)why;
	snprintf(id, 80, "sha256:" A64);
	buf_puts(config, "{\"Env\":[\"NVIDIA_VISIBLE_DEVICES=all\"],"
	    "\"Volumes\":{\"/data\":{}},\"Labels\":{\"ds01.user\":\"b\"}}");
	return R_NONE;
}

static enum reason
refuse_claim(const struct caller *c, const struct thing *t,
    enum reason foreign, struct refusal *why)
{
	(void)c;
	if (t->claim == CLAIM_OWN)
		return R_NONE;
	return refuse(why, t->claim == CLAIM_MISSING ? R_NOT_FOUND : foreign,
	    "x");
}

static int
ask(const char *method, struct span target, struct span json,
    struct buf *body, struct refusal *why)
{
	(void)method, (void)target;
	must(json_check(json, why) == R_NONE);
	buf_putspan(body, json);
	return 201;
}

static int
no_mounts(const char *fmt, struct buf *body, struct refusal *why)
{
	(void)fmt, (void)why;
	buf_puts(body, "{\"Mounts\":[]}");
	return 200;
}

static void
make_world(void)
{
	world.find = find;
	world.image = image;
	world.refuse = refuse_claim;
	world.ask = ask;
	world.get = no_mounts;
}

/* --- what may come out of a create --- */

static cJSON *
get(const cJSON *o, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(o, key);
}

static bool
is(const cJSON *o, const char *key, const char *const *words)
{
	const cJSON *v = get(o, key);

	if (v == NULL)
		return true;
	for (; *words != NULL; words++)
		if (strcmp(v->valuestring, *words) == 0)
			return true;
	return strncmp(v->valuestring, "container:" A64,
	    strlen("container:" A64) + 1) == 0;
}

/* Fields that no ordinary user ever gets anything into. */
static const char *const absent[] = { "Privileged", "Annotations", "Cgroup",
    "CgroupParent", "DeviceCgroupRules", "MaskedPaths", "ReadonlyPaths",
    "StorageOpt", "UsernsMode", "Isolation", "KernelMemory",
    "OomKillDisable", "BlkioDeviceReadBps", "InitPath", "ContainerIDFile",
    NULL };
static const char *const lists[] = { "Devices", "DeviceRequests", NULL };
static const char *const local[] = { "", "local", NULL };
static const char *const ipc[] = { "private", "none", "shareable", NULL };
static const char *const none[] = { "", NULL };
static const char *const private[] = { "private", NULL };
static const char *const net[] = { "", "default", "bridge", "none", A64,
    NULL };
static const char *const runtime[] = { "", "runc", NULL };
static const char *const logs[] = { "", "json-file", "local", "none", NULL };

static void
check_mounts(const cJSON *host)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, get(host, "Binds"))
		must(strchr("b/.", v->valuestring[0]) == NULL &&
		    strstr(v->valuestring, "nvidia-container-devices") ==
		    NULL);
	cJSON_ArrayForEach(v, get(host, "Mounts")) {
		const char *type = get(v, "Type")->valuestring;
		const cJSON *o = get(v, "VolumeOptions");
		const cJSON *source = get(v, "Source");

		must(strcmp(type, "bind") != 0 && get(v, "BindOptions") ==
		    NULL);
		must(get(o, "DriverConfig") == NULL);
		if (strcmp(type, "volume") != 0)
			continue;
		if (source != NULL && source->valuestring[0] != '\0')
			must(strchr("b/.", source->valuestring[0]) == NULL);
		else
			must(strcmp(get(get(o, "Labels"),
			    "ds01.user")->valuestring, "mallory") == 0);
	}
}

static void
check_host(const cJSON *host)
{
	const cJSON *v;

	for (size_t i = 0; absent[i] != NULL; i++)
		must(get(host, absent[i]) == NULL);
	for (size_t i = 0; lists[i] != NULL; i++)
		must(schema_is_empty(get(host, lists[i])));
	must(is(host, "VolumeDriver", local) && is(host, "IpcMode", ipc) &&
	    get(host, "IpcMode") != NULL && is(host, "PidMode", none) &&
	    is(host, "UTSMode", none) && is(host, "NetworkMode", net) &&
	    is(host, "CgroupnsMode", private) && is(host, "Runtime",
	    runtime) && is(get(host, "LogConfig"), "Type", logs));
	cJSON_ArrayForEach(v, get(host, "VolumesFrom"))
		must(strncmp(v->valuestring, A64, 64) == 0);
	cJSON_ArrayForEach(v, get(host, "Links"))
		must(strncmp(v->valuestring, A64, 64) == 0);
	cJSON_ArrayForEach(v, get(host, "CapAdd"))
		must(strstr(v->valuestring, "ADMIN") == NULL &&
		    strcmp(v->valuestring, "ALL") != 0 &&
		    strncasecmp(v->valuestring, "CAP_", 4) != 0);
	cJSON_ArrayForEach(v, get(host, "SecurityOpt"))
		must(strncmp(v->valuestring, "no-new-privileges", 17) == 0 &&
		    strstr(v->valuestring, "false") == NULL);
	must(get(host, "PidsLimit")->valuedouble > 0);
	check_mounts(host);
}

static void
check_create(const cJSON *body)
{
	size_t visible = 0;
	const cJSON *v;

	must(cJSON_IsObject(get(body, "HostConfig")));
	must(get(body, "Volumes") == NULL && get(body, "MacAddress") == NULL);
	check_host(get(body, "HostConfig"));
	cJSON_ArrayForEach(v, get(body, "Env"))
		visible += strncmp(v->valuestring, "NVIDIA_VISIBLE", 14) == 0;
	must(visible == 1);
	cJSON_ArrayForEach(v, get(get(body, "NetworkingConfig"),
	    "EndpointsConfig"))
		must(strcmp(v->string, "host") != 0 &&
		    (v->string[0] != 'b' ||
		    strcmp(v->string, "bridge") == 0));
	v = get(get(body, "Labels"), "ds01.user");
	must(v != NULL && strcmp(v->valuestring, "mallory") == 0);
}

/* --- one body --- */

static enum reason
exec(struct policy_env *env, cJSON *body, struct refusal *why)
{
	struct thing t = { .confined = true };

	return policy_exec(env, &t, body, why);
}

static const struct {
	const struct schema *schema;
	enum reason (*fn)(struct policy_env *, cJSON *, struct refusal *);
} roads[] = {
	{ &schema_create, policy_create }, { &schema_update, policy_update },
	{ &schema_exec, exec }, { &schema_volume, policy_volume },
	{ &schema_network, policy_network },
	{ &schema_connect, policy_connect },
	{ &schema_commit, policy_commit },
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy policy = { .pids = 4096,
	    .container_root = ROOT_YES };
	static struct config config;
	struct caller c = { .uid = 1000, .gid = 1000, .name = "mallory",
	    .policy = &policy };
	struct engine engine = { .fd = -1 };
	struct policy_env env = { .caller = &c, .cfg = &config,
	    .engine = &engine, .api = 41 };
	struct refusal why = { 0 };
	size_t road = 0;
	cJSON *body;
	enum reason r;

	make_world();
	/* a digit in front says which; a corpus of plain bodies is create's */
	if (size > 0 && data[0] >= '0' && data[0] < '7') {
		road = (size_t)(data[0] - '0');
		data++;
		size--;
	}
	body = json_parse((struct span){ (const char *)data, size }, &why);
	if (body == NULL)
		return 0;
	r = schema_decode(roads[road].schema, body, false, &why);
	if (r == R_NONE)
		r = roads[road].fn(&env, body, &why);
	must(r == R_NONE || why.why == r);
	if (r == R_NONE) {
		must(schema_decode(roads[road].schema, body, false, &why) ==
		    R_NONE);
		if (road == 0)
			check_create(body);
		if (road == 2)
			must(strcmp(get(body, "User")->valuestring,
			    "1000:65534") == 0 &&
			    !cJSON_IsTrue(get(body, "Privileged")));
	}
	cJSON_Delete(body);
	return 0;
}
