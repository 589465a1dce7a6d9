/*
 * test_policy.c - what each field lets through, refuses and becomes.
 *
 * The engine and the owners are fakes: "mine" and "bobs" are containers,
 * "myvol", "bobvol", "oldvol" (no label) and "newvol" (missing) volumes,
 * "mynet", "bobnet" and "sitenet" networks, "img" an image.  "noid" has no
 * id, and of "down" nothing can be told.
 *
 * links: schema schema_create schema_other policy policy_text judge_tree judge_refs judge_mounts judge_binds bind confine probe judge_volumes owner_hold judge_resources judge_log judge_ports judge_weight judge_security judge_network image_ref judge_gpu judge_made labels json json_check json_walk buf span reason
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_world.h"
#include "labels.h"
#include "policy.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define E64 "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
#define C64 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

/* --- fakes --- */

static char asked[4096];	/* bodies of volume creates */
static char warned[1024];	/* of the last request */
static const char *image_config = "{}";

static const struct fake {
	const char *ref, *id;
	enum claim claim;
	const char *owner;
	bool predefined;
	const char *name;	/* NULL: ref */
} containers[] = {
	{ "mine", A64, CLAIM_OWN, "alice", false, NULL },
	{ A64, A64, CLAIM_OWN, "alice", false, NULL },
	{ "bobs", B64, CLAIM_FOREIGN, "bob", false, NULL },
	{ "noid", "", CLAIM_OWN, "alice", false, NULL },
}, volumes[] = {
	{ "myvol", "", CLAIM_OWN, "alice", false, NULL },
	{ "bobvol", "", CLAIM_FOREIGN, "bob", false, NULL },
	{ "oldvol", "", CLAIM_UNOWNED, "", false, NULL },
	{ "turnvol", "", CLAIM_OWN, "alice", false, NULL },
}, networks[] = {
	{ "mynet", A64, CLAIM_OWN, "alice", false, NULL },
	{ A64, A64, CLAIM_OWN, "alice", false, NULL },
	{ "bobnet", B64, CLAIM_FOREIGN, "bob", false, NULL },
	{ "sitenet", C64, CLAIM_UNOWNED, "", false, NULL },
	{ "host", B64, CLAIM_UNOWNED, "", true, NULL },
	{ E64, B64, CLAIM_UNOWNED, "", true, "host" },
	{ "noid", "", CLAIM_OWN, "alice", false, NULL },
	{ "bridge", C64, CLAIM_UNOWNED, "", true, NULL },
};

static enum reason
find(enum object kind, const char *ref, struct thing *t, struct buf *raw)
{
	const struct fake *f = kind == OBJ_CONTAINER ? containers :
	    kind == OBJ_VOLUME ? volumes : networks;
	size_t n = kind == OBJ_CONTAINER ? N(containers) :
	    kind == OBJ_VOLUME ? N(volumes) : N(networks);

	(void)raw;
	if (strcmp(ref, "down") == 0)
		return R_ENGINE_DOWN;
	/* as many networks of one's own as one likes */
	if (kind == OBJ_NETWORK && strncmp(ref, "many", 4) == 0) {
		t->claim = CLAIM_OWN;
		snprintf(t->id, sizeof(t->id), "%064d", atoi(ref + 4));
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(f[i].ref, ref) != 0)
			continue;
		t->claim = f[i].claim;
		t->predefined = f[i].predefined;
		snprintf(t->id, sizeof(t->id), "%s", f[i].id);
		snprintf(t->owner, sizeof(t->owner), "%s", f[i].owner);
		/* as if bob were faster */
		if (kind == OBJ_VOLUME && strcmp(ref, world.looked) == 0 &&
		    strcmp(ref, "turnvol") == 0) {
			t->claim = CLAIM_FOREIGN;
			snprintf(t->owner, sizeof(t->owner), "bob");
		}
		if (f[i].name != NULL)
			snprintf(t->name, sizeof(t->name), "%s", f[i].name);
	}
	return R_NONE;
}

static enum reason
image(const char *ref, char id[80], struct buf *config, struct refusal *why)
{
	if (strcmp(ref, "img") != 0)
		return refuse(why, R_NOT_FOUND, "image: %s", ref);
	if (id != NULL)
		snprintf(id, 80, "sha256:%s", A64);
	buf_puts(config, image_config);
	return R_NONE;
}

static enum reason
refuse_claim(const struct caller *c, const struct thing *t,
    enum reason foreign, struct refusal *why)
{
	if (t->claim == CLAIM_MISSING)
		return refuse(why, R_NOT_FOUND, "thing: %s", t->name);
	if (c->admin || t->claim != CLAIM_FOREIGN)
		return R_NONE;
	return refuse(why, foreign, "%s", t->owner);
}

/* "racevol" is somebody else's by the time it is made, "sickvol" cannot be,
 * and the engine goes at "deafvol". */
static int
make_volume(const char *method, struct span target, struct span json,
    struct buf *body, struct refusal *why)
{
	assert_string_equal(method, "POST");
	assert_true(span_eq(target, "/v1.41/volumes/create"));
	snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%.*s",
	    (int)json.len, json.ptr);
	if (json_is(json_get(json, "Name"), "\"sickvol\""))
		return 500;
	if (json_is(json_get(json, "Name"), "\"deafvol\""))
		return refuse(why, R_ENGINE_DOWN, "fake") == R_NONE ? 0 : -1;
	if (json_is(json_get(json, "Name"), "\"racevol\""))
		buf_puts(body, "{\"Labels\":{\"ds01.user\":\"bob\","
		    "\"ds01.gate\":\"00\"}}");
	else
		buf_putspan(body, json);
	return 201;
}

#define MOUNT(name, at) "{\"Type\":\"volume\",\"Name\":\"" name \
	"\",\"Destination\":\"" at "\"}"
#define MOUNTED MOUNT("myvol", "/first") "," MOUNT("myvol", "/fromother")

static const char *engine_info;
static const char *mounted = MOUNTED;	/* NULL: the engine is gone */

static int
get(const char *fmt, struct buf *body, struct refusal *why)
{
	bool info = strcmp(fmt, "/info") == 0;

	if ((info ? engine_info : mounted) == NULL)
		return refuse(why, R_ENGINE_DOWN, "fake") == R_NONE ? 0 : -1;
	if (info) {
		buf_puts(body, engine_info);
		return 200;
	}
	assert_string_equal(fmt, "/containers/%.64s/json");
	buf_printf(body, "{\"Mounts\":[%s]}", mounted);
	return 200;
}

static void
make_world(void)
{
	world.containers = 99;
	world.find = find;
	world.image = image;
	world.refuse = refuse_claim;
	world.ask = make_volume;
	world.get = get;
}

/* --- people --- */

static struct policy strict = { .pids = 4096, .container_root = ROOT_YES,
	.published_ports = 64, .own_networks = 8, .own_containers = 100 };
static struct policy loose;
static gid_t groups[] = { 45, 44 };
static struct caller alice = {
	.uid = 1000, .gid = 1000, .name = "alice", .groups = groups,
	.n_groups = N(groups), .policy = &strict,
};
static struct caller root = { .name = "root", .admin = true,
    .policy = &strict };
static struct config config;

static struct strings
list_of(const char *s)
{
	struct strings l = { calloc(1, sizeof(char *)), 1 };

	assert_non_null(l.v);
	l.v[0] = strdup(s);
	return l;
}

static int
setup(void **state)
{
	(void)state;
	make_world();
	loose = (struct policy){
		.capabilities = list_of("SYS_PTRACE"),
		.devices = list_of("/dev/snd"), .networks = list_of("host"),
		.runtimes = list_of("kata"),
		.security_opts = list_of("seccomp=unconfined"),
		.sysctls = list_of("net.core.somaxconn"),
		.gpus = GPUS_LIST, .gpu_list = list_of("GPU-1"),
		.host_ipc = true, .host_pid = true, .host_uts = true,
		.privileged_ports = true, .restart_always = true,
		.container_root = ROOT_YES,
		.memory = 1 << 30, .memory_swap = INT64_C(3) << 29,
		.nano_cpus = 2000000000, .pids = 100, .shm_size = 1 << 20,
		.log_size = 1 << 20,
	};
	return 0;
}

static int
teardown(void **state)
{
	struct strings *all[] = { &loose.capabilities, &loose.devices,
	    &loose.networks, &loose.runtimes, &loose.security_opts,
	    &loose.sysctls, &loose.gpu_list };

	(void)state;
	for (size_t i = 0; i < N(all); i++) {
		free(all[i]->v[0]);
		free(all[i]->v);
	}
	return 0;
}

/* --- one request --- */

typedef enum reason policy_fn(struct policy_env *env, cJSON *body,
    struct refusal *why);

static enum reason
judge(const struct schema *s, policy_fn *fn, struct caller *who,
    const char *text, struct buf *out, struct refusal *why)
{
	struct engine engine = { .fd = -1 };
	struct buf warnings cleanup_buf = BUF_INIT(0);
	struct policy_env env = { .caller = who, .cfg = &config,
	    .engine = &engine, .api = 41, .warnings = &warnings };
	cJSON *body = json_parse(span_of(text), why);
	enum reason r;

	asked[0] = '\0';
	if (body == NULL)
		fail_msg("%s: %s", text, why->detail);
	r = schema_decode(s, body, who->admin, why);
	if (r == R_NONE)
		r = fn(&env, body, why);
	if (r == R_NONE && out != NULL)
		assert_int_equal(json_write(out, body), 0);
	snprintf(warned, sizeof(warned), "%s",
	    warnings.data != NULL ? warnings.data : "");
	cJSON_Delete(body);
	return r;
}

static enum reason
create(struct caller *who, const char *text, struct buf *out,
    struct refusal *why)
{
	return judge(&schema_create, policy_create, who, text, out, why);
}

static unsigned container_execs;

static enum reason
exec_mine(struct policy_env *env, cJSON *body, struct refusal *why)
{
	struct thing mine = { .claim = CLAIM_OWN, .execs = container_execs };

	return policy_exec(env, &mine, body, why);
}

static enum reason
exec_start(struct policy_env *env, cJSON *body, struct refusal *why)
{
	(void)env;
	(void)body;
	(void)why;
	return R_NONE;
}

static const struct {
	const struct schema *schema;
	policy_fn *fn;
	const char *dir;	/* below tests/data/bodies */
} recorded[] = {
	{ &schema_create, policy_create, "create" },
	{ &schema_exec, exec_mine, "exec" },
	{ &schema_exec_start, exec_start, "exec_start" },
	{ &schema_update, policy_update, "update" },
	{ &schema_volume, policy_volume, "volume" },
	{ &schema_network, policy_network, "network" },
	{ &schema_connect, policy_connect, "connect" },
	{ &schema_disconnect, policy_disconnect, "disconnect" },
};

/* --- rows that a verdict alone decides --- */

static const char *const nonempty[] = {
	[F_BOOL] = "true", [F_INT] = "1", [F_STRING] = "\"x\"",
	[F_STRINGS] = "[\"x\"]", [F_WORDS] = "[\"x\"]",
	[F_MAP_STRING] = "{\"x\":\"y\"}", [F_MAP_EMPTY] = "{\"x\":{}}",
	[F_INTS] = "[1]", [F_OBJECT] = "{\"x\":1}", [F_ARRAY] = "[{\"x\":1}]",
	[F_MAP] = "{\"x\":{}}", [F_MAP_ARRAY] = "{\"x\":[{}]}",
	[F_MATRIX] = "[[\"x\"]]",
};

static const char *const empty[] = {
	[F_BOOL] = "false", [F_INT] = "0", [F_STRING] = "\"\"",
	[F_STRINGS] = "[]", [F_WORDS] = "[]", [F_MAP_STRING] = "{}",
	[F_MAP_EMPTY] = "{}", [F_INTS] = "[]", [F_OBJECT] = "{}",
	[F_ARRAY] = "[]", [F_MAP] = "{}", [F_MAP_ARRAY] = "{}",
	[F_MATRIX] = "[]",
};

static const struct {
	const struct schema *schema;
	policy_fn *fn;
	const char *others;	/* what else the body needs */
} roads[] = {
	{ &schema_create, policy_create, "\"Image\":\"img\"" },
	{ &schema_update, policy_update, "\"CpusetCpus\":\"\"" },
	{ &schema_volume, policy_volume, "\"Name\":\"v1\"" },
	{ &schema_network, policy_network, "\"Name\":\"n1\"" },
	{ &schema_connect, policy_connect, "\"Container\":\"mine\"" },
	{ &schema_disconnect, policy_disconnect, "\"Container\":\"mine\"" },
	{ &schema_commit, policy_commit, "\"Tty\":true" },
};

/* A value nested as the path of rows says; for elements of unknown schemas
 * one that is full. */
static void
nest(struct buf *b, const struct field *const *path, size_t n,
    const char *value)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_puts(b, path[i - 1]->type == F_ARRAY ? "[{" :
			    path[i - 1]->type == F_MAP ? "{\"x\":{" :
			    path[i - 1]->type == F_MAP_ARRAY ?
			    "{\"x\":[{" : "{");
		buf_printf(b, "\"%s\":", path[i]->name);
	}
	if (path[n - 1]->sub != NULL && value == nonempty[path[n - 1]->type])
		buf_printf(b, path[n - 1]->type == F_ARRAY ? "[{\"%s\":%s}]" :
		    "{\"%s\":%s}", path[n - 1]->sub->fields[0].name,
		    nonempty[path[n - 1]->sub->fields[0].type]);
	else
		buf_puts(b, value);
	for (size_t i = n - 1; i > 0; i--)
		buf_puts(b, path[i - 1]->type == F_ARRAY ? "}]" :
		    path[i - 1]->type == F_MAP ? "}}" :
		    path[i - 1]->type == F_MAP_ARRAY ? "}]}" : "}");
}

static enum reason
send_row(size_t road, const struct field *const *path, size_t n,
    const char *value, struct caller *who, struct refusal *why)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	buf_printf(&b, "{%s,", roads[road].others);
	nest(&b, path, n, value);
	buf_puts(&b, "}");
	return judge(roads[road].schema, roads[road].fn, who, b.data, NULL,
	    why);
}

static size_t rows_seen;

static void
check_rows(size_t road, const struct schema *s,
    const struct field **path, size_t depth)
{
	for (const struct field *f = s->fields; f->name != NULL; f++) {
		struct refusal why = { 0 };

		path[depth] = f;
		if (f->sub != NULL && depth < 7)
			check_rows(road, f->sub, path, depth + 1);
		path[depth] = f;
		if (f->verdict != V_DENY)
			continue;
		rows_seen++;
		if (send_row(road, path, depth + 1, nonempty[f->type],
		    &alice, &why) != f->why)
			fail_msg("%s.%s passed or wrong reason %s", s->name,
			    f->name, why.detail);
		if (depth < 2 && send_row(road, path, depth + 1,
		    empty[f->type], &alice, &why) != R_NONE)
			fail_msg("%s.%s: empty refused: %s", s->name,
			    f->name, why.detail);
	}
}

static void
test_deny_rows(void **state)
{
	const struct field *path[9];

	(void)state;
	for (size_t i = 0; i < N(roads); i++)
		check_rows(i, roads[i].schema, path, 0);
	assert_true(rows_seen > 60);
}

/* --- rows with a judge: at least one of each kind --- */

struct row {
	const char *host;	/* member of HostConfig */
	enum reason why;
	const char *in;		/* is in what goes on; '!' is not */
};

#define PORTS4 "{\"HostPort\":\"9001\"},{},{},{}"
#define PORTS16 PORTS4 "," PORTS4 "," PORTS4 "," PORTS4
#define PORTS64 PORTS16 "," PORTS16 "," PORTS16 "," PORTS16
#define ULIMIT(name, soft, hard) "\"Ulimits\":[{\"Name\":\"" name \
	"\",\"Soft\":" soft ",\"Hard\":" hard "}]"
#define PORT(p) "\"PortBindings\":{\"80/tcp\":[{\"HostIp\":null," \
	"\"HostPort\":\"" p "\"}]}"
#define LOG_OPT(key, value) "\"LogConfig\":{\"Type\":\"json-file\",\"Config\":" \
	"{\"" key "\":\"" value "\"}}"

static const struct row host_rows[] = {
	/* host paths, four spellings */
	{ "\"Binds\":[\"/:/h\"]", R_BIND, NULL },
	{ "\"Binds\":[\"/home/alice:/h:ro\"]", R_BIND, NULL },
	{ "\"Binds\":[\"./x:/h\"]", R_BIND, NULL },
	{ "\"Binds\":[\"myvol:/v:rslave\"]", R_MOUNT, NULL },
	{ "\"Binds\":[\"a:b:c:d\"]", R_BAD_FIELD, NULL },
	{ "\"Binds\":[\"myvol:/\"]", R_MOUNT, NULL },
	{ "\"Binds\":[\"myvol:/../..\"]", R_MOUNT, NULL },
	{ "\"Binds\":[\"myvol:/v:ro,nocopy\"]", R_NONE, "myvol:/v:ro,nocopy" },
	{ "\"Binds\":[\"bobvol:/v\"]", R_NOT_OWNER_VOLUME, NULL },
	{ "\"Binds\":[\"oldvol:/v\"]", R_NOT_OWNER_VOLUME, NULL },
	{ "\"Binds\":[\"racevol:/v\"]", R_NOT_OWNER_VOLUME, NULL },
	{ "\"Binds\":[\"newvol:/v\"]", R_NONE, "newvol:/v" },
	{ "\"Binds\":[\"down:/v\"]", R_ENGINE_DOWN, NULL },
	{ "\"Binds\":[\"deafvol:/v\"]", R_ENGINE_DOWN, NULL },
	{ "\"Binds\":[\"sickvol:/v\"]", R_ENGINE_ERROR, NULL },
	{ "\"Binds\":[\"" A64 A64 A64 A64 ":/v\"]", R_BIND, NULL },
	/* a directory of the host, made by the gate for somebody */
	{ "\"Binds\":[\"ds01-bind-1000-0123456789abcdef:/v\"]", R_MOUNT,
	  NULL },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/v\",\"Source\":"
	  "\"ds01-bind-1000-0123456789abcdef\"}]", R_MOUNT, NULL },
	{ "\"Binds\":[\"myvol:/a\\nb\"]", R_MOUNT, NULL },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"myvol\",\"Target\":"
	  "\"/a\\u001b[2J\"}]", R_MOUNT, NULL },
	{ "\"Binds\":[\"/anon\"]", R_NONE, "\"Type\":\"volume\",\"Target\":"
	  "\"/anon\",\"VolumeOptions\":{\"Labels\":{\"ds01.user\":\"alice\","
	  "\"ds01.confined\":\"false\",\"ds01.gate\"" },
	/* of which kind it is, its container says */
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/h\","
	  "\"VolumeOptions\":{\"Labels\":{\"ds01.confined\":\"true\"}}}]",
	  R_RESERVED_LABEL, NULL },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"newvol\",\"Target\":"
	  "\"/h\",\"VolumeOptions\":{\"Labels\":{\"ds01.confined\":\"true\""
	  "}}}]", R_RESERVED_LABEL, NULL },
	{ "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/\",\"Target\":\"/h\"}]",
	  R_BIND, NULL },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"bobvol\",\"Target\":"
	  "\"/h\"}]", R_NOT_OWNER_VOLUME, NULL },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"/etc\",\"Target\":"
	  "\"/h\"}]", R_MOUNT, NULL },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"myvol\",\"Target\":"
	  "\"/h\",\"VolumeOptions\":{\"DriverConfig\":{\"Name\":\"local\","
	  "\"Options\":{\"o\":\"bind\",\"device\":\"/\"}}}}]",
	  R_VOLUME_DRIVER, NULL },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"myvol\",\"Target\":"
	  "\"/h\",\"VolumeOptions\":{\"DriverConfig\":{\"Name\":\"../x\"}}}]",
	  R_VOLUME_DRIVER, NULL },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"myvol\",\"Target\":"
	  "\"/h\",\"VolumeOptions\":{\"DriverConfig\":{\"Name\":\"local\","
	  "\"Options\":{}}},\"BindOptions\":{}}]", R_NONE, "!DriverConfig" },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/h\","
	  "\"VolumeOptions\":{\"Labels\":{\"ds01.user\":\"bob\"}}}]",
	  R_RESERVED_LABEL, NULL },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/h\","
	  "\"VolumeOptions\":{\"NoCopy\":true,\"Labels\":{\"a\":\"b\"}}}]",
	  R_NONE, "\"NoCopy\":true,\"Labels\":{\"a\":\"b\",\"ds01.user\"" },
	{ "\"Mounts\":[{\"Type\":\"tmpfs\",\"Target\":\"/t\","
	  "\"TmpfsOptions\":{\"SizeBytes\":1}}]", R_NONE, "SizeBytes" },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"myvol\",\"Target\":"
	  "\"/run/nvidia-container-devices/0\"}]", R_GPU, NULL },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"myvol\",\"Target\":"
	  "\"h\"}]", R_MOUNT, NULL },
	{ "\"Mounts\":[{\"Type\":\"tmpfs\",\"Target\":\"/\"}]", R_MOUNT, NULL },
	{ "\"Mounts\":[{\"Type\":\"image\",\"Source\":\"img\",\"Target\":"
	  "\"/i\"}]", R_NONE, NULL },
	{ "\"Mounts\":[{\"Type\":\"npipe\",\"Target\":\"/i\"}]", R_MOUNT,
	  NULL },
	{ "\"Mounts\":[{\"Type\":\"cluster\",\"Target\":\"/i\"}]", R_MOUNT,
	  NULL },
	{ "\"Mounts\":[{\"Type\":\"Bind\",\"Source\":\"/\",\"Target\":\"/i\"}]",
	  R_MOUNT, NULL },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/i\","
	  "\"BindOptions\":{\"Propagation\":\"rshared\"}}]", R_MOUNT, NULL },
	{ "\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/i\","
	  "\"BindOptions\":{\"Propagation\":\"rprivate\"}}]", R_NONE,
	  "!Propagation" },
	{ "\"VolumeDriver\":\"../../tmp/x\"", R_VOLUME_DRIVER, NULL },
	{ "\"VolumeDriver\":\"local\"", R_NONE, NULL },
	{ "\"Tmpfs\":{\"/t\":\"size=1m\"}", R_NONE, "size=1m" },
	{ "\"Tmpfs\":{\"/run/nvidia-container-devices/0\":\"\"}", R_GPU,
	  NULL },
	{ "\"Tmpfs\":{\"t\":\"\"}", R_MOUNT, NULL },
	/* other containers */
	{ "\"VolumesFrom\":[\"mine:ro\"]", R_NONE, "[\"" A64 ":ro\"]" },
	{ "\"VolumesFrom\":[\"/mine\"]", R_NONE, "[\"" A64 "\"]" },
	{ "\"VolumesFrom\":[\"mine:rshared\"]", R_MOUNT, NULL },
	{ "\"VolumesFrom\":[\"bobs\"]", R_NOT_OWNER, NULL },
	{ "\"VolumesFrom\":[\"gone\"]", R_MISSING, NULL },
	{ "\"VolumesFrom\":[\"\"]", R_BAD_FIELD, NULL },
	{ "\"VolumesFrom\":[\"down\"]", R_ENGINE_DOWN, NULL },
	{ "\"Links\":[\"noid:x\"]", R_ENGINE_ERROR, NULL },
	{ "\"NetworkMode\":\"noid\"", R_ENGINE_ERROR, NULL },
	{ "\"NetworkMode\":\"down\"", R_ENGINE_DOWN, NULL },
	{ "\"NetworkMode\":\"" E64 "\"", R_HOST_NAMESPACE, NULL },
	{ "\"Links\":[\"mine:db\"]", R_NONE, "[\"" A64 ":db\"]" },
	{ "\"Links\":[\"mine\"]", R_NONE, "[\"" A64 ":mine\"]" },
	{ "\"Links\":[\"bobs:db\"]", R_NOT_OWNER, NULL },
	{ "\"NetworkMode\":\"container:mine\"", R_NONE, "container:" A64 },
	{ "\"NetworkMode\":\"container:bobs\"", R_NOT_OWNER, NULL },
	{ "\"NetworkMode\":\"container:\"", R_BAD_FIELD, NULL },
	{ "\"NetworkMode\":\"host\"", R_HOST_NAMESPACE, NULL },
	{ "\"NetworkMode\":\"mynet\"", R_NONE, "\"NetworkMode\":\"" A64 },
	{ "\"NetworkMode\":\"bobnet\"", R_NOT_OWNER_NETWORK, NULL },
	{ "\"NetworkMode\":\"sitenet\"", R_NOT_OWNER_NETWORK, NULL },
	{ "\"NetworkMode\":\"gonenet\"", R_MISSING, NULL },
	{ "\"NetworkMode\":\"default\"", R_NONE, "\"default\"" },
	{ "\"NetworkMode\":\"none\"", R_NONE, "\"none\"" },
	{ "\"IpcMode\":\"container:mine\"", R_NONE, "container:" A64 },
	{ "\"IpcMode\":\"container:bobs\"", R_NOT_OWNER, NULL },
	{ "\"IpcMode\":\"host\"", R_HOST_NAMESPACE, NULL },
	{ "\"IpcMode\":\"Host\"", R_HOST_NAMESPACE, NULL },
	{ "\"IpcMode\":\"\"", R_NONE, "\"IpcMode\":\"private\"" },
	{ "\"IpcMode\":\"shareable\"", R_NONE, "\"shareable\"" },
	{ "\"PidMode\":\"host\"", R_HOST_NAMESPACE, NULL },
	{ "\"PidMode\":\"container:mine\"", R_NONE, "container:" A64 },
	{ "\"PidMode\":\"container:bobs\"", R_NOT_OWNER, NULL },
	{ "\"UTSMode\":\"host\"", R_HOST_NAMESPACE, NULL },
	{ "\"UTSMode\":\"\"", R_NONE, NULL },
	{ "\"CgroupnsMode\":\"host\"", R_HOST_NAMESPACE, NULL },
	{ "\"CgroupnsMode\":\"private\"", R_NONE,
	  "\"CgroupnsMode\":\"private\"" },
	{ "\"UsernsMode\":\"\"", R_NONE, "\"CgroupnsMode\":\"private\"" },
	/* rights */
	{ "\"CapAdd\":[\"SYS_ADMIN\"]", R_CAP_ADD, NULL },
	{ "\"CapAdd\":\"cap_sys_admin\"", R_CAP_ADD, NULL },
	{ "\"CapAdd\":[\"ALL\"]", R_CAP_ADD, NULL },
	{ "\"CapAdd\":[\"CAP_CAP_CHOWN\"]", R_CAP_ADD, NULL },
	{ "\"CapAdd\":[\"" A64 "\"]", R_CAP_ADD, NULL },
	{ "\"CapAdd\":[\"cap_net_bind_service\"]", R_NONE,
	  "[\"NET_BIND_SERVICE\"]" },
	{ "\"Devices\":[{\"PathOnHost\":\"/dev/sda\"}]", R_DEVICE, NULL },
	{ "\"Devices\":[{\"PathOnHost\":\"/dev/nvidia0\"}]", R_GPU, NULL },
	{ "\"Devices\":[{\"PathOnHost\":\"/dev/nvidiactl\"}]", R_GPU, NULL },
	{ "\"Devices\":[{\"PathOnHost\":\"/dev/nvidia0/../sda\"}]", R_GPU,
	  NULL },
	{ "\"Devices\":[{\"PathOnHost\":\"/dev/./nvidia0\"}]", R_DEVICE,
	  NULL },
	{ "\"Devices\":[{\"PathOnHost\":\"nvidia.com/gpu=all\"}]", R_DEVICE,
	  NULL },
	{ "\"Devices\":[]", R_NONE, NULL },
	{ "\"SecurityOpt\":[\"seccomp=unconfined\"]", R_SECURITY_OPT, NULL },
	{ "\"SecurityOpt\":[\"no-new-privileges=false\"]", R_SECURITY_OPT,
	  NULL },
	{ "\"SecurityOpt\":[\"no-new-privileges\",\"label:disable\"]",
	  R_SECURITY_OPT, NULL },
	{ "\"SecurityOpt\":[\"no-new-privileges:true\"]", R_NONE,
	  "no-new-privileges:true" },
	{ "\"CgroupParent\":\"ds01-student-bob.slice\"", R_NONE,
	  "!CgroupParent" },
	{ "\"CgroupParent\":\"/system.slice\"", R_CGROUP_PARENT, NULL },
	{ "\"Runtime\":\"runc\"", R_NONE, NULL },
	{ "\"Runtime\":\"kata\"", R_RUNTIME, NULL },
	{ "\"Runtime\":\"io.containerd.runc.v2\"", R_RUNTIME, NULL },
	{ "\"Runtime\":\"nvidia\"", R_GPU, NULL },
	{ "\"Sysctls\":{\"net.core.somaxconn\":\"1\"}", R_SYSCTL, NULL },
	{ "\"Sysctls\":{}", R_NONE, NULL },
	{ "\"GroupAdd\":[\"video\",\"44\"]", R_NONE, "44" },
	{ "\"GroupAdd\":[\"1000\"]", R_NONE, "1000" },
	{ "\"GroupAdd\":[\"999\"]", R_USER, NULL },
	{ "\"GroupAdd\":[\"+44\"]", R_USER, NULL },
	{ "\"GroupAdd\":[\"-1\"]", R_USER, NULL },
	{ "\"GroupAdd\":[\" 999\"]", R_USER, NULL },
	{ "\"GroupAdd\":[\"4294967340\"]", R_USER, NULL },
	{ "\"MaskedPaths\":[]", R_MASKED_PATHS, NULL },
	{ "\"MaskedPaths\":null", R_NONE, "!MaskedPaths" },
	{ "\"ReadonlyPaths\":[]", R_MASKED_PATHS, NULL },
	{ "\"ReadonlyPaths\":null", R_NONE, "!ReadonlyPaths" },
	/* resources under a policy without bounds but pids */
	{ "\"PidsLimit\":0", R_NONE, "\"PidsLimit\":4096" },
	{ "\"PidsLimit\":-1", R_NONE, "\"PidsLimit\":4096" },
	{ "\"PidsLimit\":null", R_NONE, "\"PidsLimit\":4096" },
	{ "\"PidsLimit\":10", R_NONE, "\"PidsLimit\":10" },
	{ "\"PidsLimit\":1", R_NONE, "\"PidsLimit\":1," },
	{ "\"PidsLimit\":4096", R_NONE, "\"PidsLimit\":4096" },
	{ "\"PidsLimit\":5000", R_RESOURCE, NULL },
	{ "\"CpuQuota\":100000", R_NONE, "\"CpuQuota\":100000" },
	{ "\"Init\":true", R_NONE, "!LogConfig" },
	{ "\"Init\":true", R_NONE, "!NanoCpus" },
	{ "\"Init\":true", R_NONE, "!ShmSize" },
	{ "\"Memory\":1000000000000000", R_NONE, ":1000000000000000" },
	{ "\"OomScoreAdj\":-1", R_RESOURCE, NULL },
	{ "\"OomScoreAdj\":0", R_NONE, NULL },
	{ "\"OomScoreAdj\":1000", R_NONE, NULL },
	{ "\"OomScoreAdj\":1001", R_RESOURCE, NULL },
	{ "\"CpuShares\":1024", R_NONE, "1024" },
	{ "\"CpuShares\":1025", R_RESOURCE, NULL },
	{ "\"MemorySwappiness\":100", R_NONE, NULL },
	{ "\"CpuShares\":2048", R_RESOURCE, NULL },
	{ "\"CpuShares\":512", R_NONE, "512" },
	{ "\"MemorySwappiness\":-1", R_NONE, NULL },
	{ "\"MemorySwappiness\":101", R_RESOURCE, NULL },
	{ "\"Ulimits\":[{\"Name\":\"memlock\",\"Soft\":-1,\"Hard\":-1},"
	  "{\"Name\":\"stack\",\"Soft\":67108864,\"Hard\":67108864}]",
	  R_NONE, NULL },
	{ "\"Ulimits\":[{\"Name\":\"nofile\",\"Soft\":1,\"Hard\":-1}]",
	  R_RESOURCE, NULL },
	{ ULIMIT("nofile", "0", "0"), R_NONE, NULL },
	{ ULIMIT("nofile", "1048576", "1048576"), R_NONE, NULL },
	{ ULIMIT("nofile", "1", "1048577"), R_RESOURCE, NULL },
	{ ULIMIT("nofile", "1048577", "1"), R_RESOURCE, NULL },
	{ ULIMIT("rtprio", "1", "99"), R_RESOURCE, NULL },
	{ ULIMIT("rtprio", "0", "0"), R_NONE, NULL },
	{ ULIMIT("rtprio", "1", "0"), R_RESOURCE, NULL },
	{ ULIMIT("nice", "0", "0"), R_NONE, NULL },
	{ ULIMIT("nice", "0", "1"), R_RESOURCE, NULL },
	{ "\"Ulimits\":[{\"Name\":\"x\",\"Soft\":1,\"Hard\":1}]", R_RESOURCE,
	  NULL },
	{ "\"LogConfig\":{\"Type\":\"../../../tmp/x\"}", R_LOG_DRIVER, NULL },
	{ "\"LogConfig\":{\"Type\":\"syslog\"}", R_LOG_DRIVER, NULL },
	{ "\"LogConfig\":{\"Type\":\"json-file\",\"Config\":"
	  "{\"max-size\":\"1m\",\"tag\":\"x\"}}", R_NONE, "max-size" },
	{ "\"PortBindings\":{\"1/tcp\":[" PORTS64 "]}", R_NONE, "9001" },
	{ "\"PortBindings\":{\"1/tcp\":[" PORTS64 "],\"2/tcp\":[{}]}", R_PORT,
	  NULL },
	{ LOG_OPT("tag", "{{.Name}}/{{.ID}}"), R_NONE, "tag" },
	{ LOG_OPT("tag", "{{pad .ID 9 9}}"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("tag", "{{.Name}}{{ .ID}}"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("tag", "{{.NameX}}"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("max-file", "10"), R_NONE, "max-file" },
	{ LOG_OPT("max-file", "11"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("max-file", "0"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("max-file", "1"), R_NONE, "max-file" },
	{ LOG_OPT("max-file", "0000000003"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("max-file", "+3"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("max-file", "4294967297"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("max-size", "10m"), R_NONE, "max-size" },
	{ LOG_OPT("max-size", "-1"), R_NONE, "max-size" },
	{ LOG_OPT("max-size", "1k"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("max-size", "16k"), R_NONE, "16k" },
	{ LOG_OPT("max-size", "90MB"), R_NONE, "90MB" },
	{ LOG_OPT("max-size", " 20k"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("max-size", "+20k"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("max-size", "20mx"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("max-size", "20x"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("max-buffer-size", "4m"), R_NONE, "4m" },
	{ LOG_OPT("max-buffer-size", "1g"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("mode", "non-blocking"), R_NONE, "mode" },
	{ LOG_OPT("mode", "x"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("compress", "true"), R_NONE, "compress" },
	{ LOG_OPT("max-buffer-size", "16m"), R_NONE, "16m" },
	{ LOG_OPT("env", A64 A64 A64 A64), R_NONE, A64 },
	{ LOG_OPT("env", A64 A64 A64 A64 "a"), R_LOG_DRIVER, NULL },
	{ LOG_OPT("labels", "a,b"), R_NONE, "labels" },
	{ "\"LogConfig\":{\"Type\":\"\",\"Config\":"
	  "{\"syslog-address\":\"unix:///x\"}}", R_LOG_DRIVER, NULL },
	{ "\"RestartPolicy\":{\"Name\":\"always\"}", R_RESTART_POLICY, NULL },
	{ "\"RestartPolicy\":{\"Name\":\"on-failure\","
	  "\"MaximumRetryCount\":3}", R_NONE, "on-failure" },
	{ "\"RestartPolicy\":{\"Name\":\"Always\"}", R_RESTART_POLICY, NULL },
	{ "\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":"
	  "\"8080\"}]}", R_NONE, "8080" },
	{ "\"PortBindings\":{\"80/tcp\":null,\"81/tcp\":[{\"HostPort\":"
	  "\"\"}]}", R_NONE, NULL },
	{ "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"80\"}]}", R_PORT,
	  NULL },
	{ "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"1000-2000\"}]}",
	  R_PORT, NULL },
	{ "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"+80\"}]}", R_PORT,
	  NULL },
	{ "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"0-80\"}]}", R_PORT,
	  NULL },
	{ "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"65616\"}]}", R_PORT,
	  NULL },
	{ PORT("0"), R_NONE, NULL },
	{ PORT("0-0"), R_NONE, NULL },
	{ PORT("1023"), R_PORT, NULL },
	{ PORT("65535"), R_NONE, "65535" },
	{ PORT("65536"), R_PORT, NULL },
	{ PORT("1024"), R_NONE, "!HostIp" },
	{ PORT("8080-8090"), R_NONE, "8080-8090" },
	{ PORT("8090-8080"), R_PORT, NULL },
	{ PORT("8080-8081-1"), R_PORT, NULL },
	{ PORT("8080-"), R_PORT, NULL },
	{ PORT("8080x"), R_PORT, NULL },
	{ PORT("00000008080"), R_NONE, NULL },
	{ PORT("000000008080"), R_PORT, NULL },
	/* GPUs */
	{ "\"DeviceRequests\":[{\"Driver\":\"\",\"Count\":-1,\"DeviceIDs\":"
	  "null,\"Capabilities\":[[\"gpu\"]],\"Options\":{}}]", R_GPU, NULL },
	{ "\"DeviceRequests\":[{\"Driver\":\"cdi\",\"DeviceIDs\":"
	  "[\"nvidia.com/gpu=all\"]}]", R_GPU, NULL },
	{ "\"DeviceRequests\":[{\"Driver\":\"cdi\",\"DeviceIDs\":"
	  "[\"vendor.com/disk=all\"]}]", R_GPU, NULL },
	{ "\"DeviceRequests\":[{\"Driver\":\"\",\"Count\":0,"
	  "\"Capabilities\":[[\"gpu\"]]}]", R_NONE,
	  "NVIDIA_VISIBLE_DEVICES=void" },
	{ "\"DeviceRequests\":[{\"Driver\":\"\",\"Count\":0,"
	  "\"Capabilities\":[[\"gpu\"]]}]", R_NONE, "\"DeviceRequests\":[]" },
	{ "\"Binds\":[\"myvol:/var/run//nvidia-container-devices/all\"]",
	  R_GPU, NULL },
};

static void
check_in(const char *out, const char *in, const char *what)
{
	if (in == NULL)
		return;
	if (in[0] == '!' ? strstr(out, in + 1) != NULL :
	    strstr(out, in) == NULL)
		fail_msg("%s became %s", what, out);
}

static void
run_host_rows(struct caller *who, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct buf in = BUF_INIT(0), out = BUF_INIT(0);
		struct refusal why = { 0 };
		enum reason r;

		buf_printf(&in, "{\"Image\":\"img\",\"HostConfig\":{%s}}",
		    rows[i].host);
		r = create(who, in.data, &out, &why);
		if (r != rows[i].why)
			fail_msg("%s: %s %s", rows[i].host,
			    reason_row(r)->id, r ? why.detail : "");
		if (r == R_NONE)
			check_in(out.data, rows[i].in, rows[i].host);
		buf_free(&in);
		buf_free(&out);
	}
}

static void
test_host_rows(void **state)
{
	(void)state;
	image_config = "{}";
	run_host_rows(&alice, host_rows, N(host_rows));
}

/* Every row with a judge is named by an allow and by a deny case above. */
static void
test_host_rows_complete(void **state)
{
	const struct field *host = schema_field(&schema_create,
	    "HostConfig");
	/* judged only with bounds, or as something else */
	static const char *const elsewhere[] = { "Memory", "NanoCpus",
	    "CpuPeriod", "CpuQuota", "MemorySwap", "ShmSize" };

	(void)state;
	for (const struct field *f = host->sub->fields; f->name; f++) {
		char key[64];
		bool yes = false, no = false, skip = false;

		for (size_t i = 0; i < N(elsewhere); i++)
			skip |= strcmp(elsewhere[i], f->name) == 0;
		if (f->judge == NULL || skip)
			continue;
		snprintf(key, sizeof(key), "\"%s\":", f->name);
		for (size_t i = 0; i < N(host_rows); i++)
			if (strstr(host_rows[i].host, key) != NULL)
				*(host_rows[i].why == R_NONE ? &yes : &no) =
				    true;
		if (!yes || !no)
			fail_msg("%s: allow %d deny %d", f->name, yes, no);
	}
}

/* What a group may be given. */
static const struct row loose_rows[] = {
	{ "\"CapAdd\":[\"CAP_SYS_PTRACE\"]", R_NONE, "[\"SYS_PTRACE\"]" },
	{ "\"CapAdd\":[\"SYS_ADMIN\"]", R_CAP_ADD, NULL },
	{ "\"Devices\":[{\"PathOnHost\":\"/dev/snd\"}]", R_NONE, "/dev/snd" },
	{ "\"Devices\":[{\"PathOnHost\":\"/dev/snd/\"}]", R_DEVICE, NULL },
	{ "\"NetworkMode\":\"host\"", R_NONE, "\"host\"" },
	{ "\"Runtime\":\"kata\"", R_NONE, "kata" },
	{ "\"Runtime\":\"nvidia\"", R_NONE, "NVIDIA_VISIBLE_DEVICES=void" },
	{ "\"SecurityOpt\":[\"seccomp=unconfined\"]", R_NONE, "seccomp" },
	{ "\"Sysctls\":{\"net.core.somaxconn\":\"1\"}", R_NONE, "somaxconn" },
	{ "\"IpcMode\":\"host\"", R_NONE, "\"IpcMode\":\"host\"" },
	{ "\"PidMode\":\"host\"", R_NONE, NULL },
	{ "\"UTSMode\":\"host\"", R_NONE, NULL },
	{ "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"80\"}]}", R_NONE,
	  NULL },
	{ "\"RestartPolicy\":{\"Name\":\"always\"}", R_NONE, NULL },
	/* bounds: absent, zero, below, above */
	{ "\"Init\":true", R_NONE, "\"Memory\":1073741824" },
	{ "\"Init\":true", R_NONE, "\"MemorySwap\":1610612736" },
	{ "\"Init\":true", R_NONE, "\"NanoCpus\":2000000000" },
	{ "\"Init\":true", R_NONE, "\"PidsLimit\":100" },
	{ "\"Init\":true", R_NONE, "\"ShmSize\":1048576" },
	{ "\"Init\":true", R_NONE, "\"LogConfig\":{\"Type\":\"json-file\","
	  "\"Config\":{\"max-size\":\"1048576\"}}" },
	{ "\"Memory\":0", R_NONE, "\"Memory\":1073741824" },
	{ "\"Memory\":1024", R_NONE, "\"MemorySwap\":2048" },
	{ "\"Memory\":2147483648", R_RESOURCE, NULL },
	{ "\"Memory\":1073741824", R_NONE, "\"Memory\":1073741824" },
	{ "\"ShmSize\":1024", R_NONE, "\"ShmSize\":1024" },
	{ "\"CpuQuota\":200000,\"CpuPeriod\":100000", R_NONE, NULL },
	{ LOG_OPT("max-size", "20k"), R_NONE, "\"max-size\":\"20k\"" },
	{ "\"NetworkMode\":\"" E64 "\"", R_NONE, "\"NetworkMode\":\"" B64 },
	{ "\"Memory\":1024,\"MemorySwap\":-1", R_NONE,
	  "\"MemorySwap\":1610612736" },
	{ "\"MemorySwap\":4294967296", R_RESOURCE, NULL },
	{ "\"NanoCpus\":4000000000", R_RESOURCE, NULL },
	{ "\"CpuQuota\":100000,\"CpuPeriod\":100000", R_NONE, "!NanoCpus" },
	{ "\"CpuQuota\":300000,\"CpuPeriod\":100000", R_RESOURCE, NULL },
	{ "\"CpuQuota\":-1,\"CpuPeriod\":100000", R_RESOURCE, NULL },
	{ "\"CpuQuota\":100000", R_RESOURCE, NULL },
	{ "\"CpuPeriod\":1000", R_RESOURCE, NULL },
	{ "\"ShmSize\":2097152", R_RESOURCE, NULL },
	{ "\"LogConfig\":{\"Type\":\"json-file\",\"Config\":{\"max-size\":"
	  "\"1g\"}}", R_LOG_DRIVER, NULL },
	{ "\"LogConfig\":{\"Type\":\"none\"}", R_NONE, "!max-size" },
	{ "\"LogConfig\":{\"Type\":\"local\",\"Config\":{\"max-size\":"
	  "\"-1\"}}", R_NONE, "\"max-size\":\"1048576\"" },
	/* GPUs of a list */
	{ "\"DeviceRequests\":[{\"Count\":-1,\"Capabilities\":[[\"gpu\"]]}]",
	  R_NONE, "\"DeviceIDs\":[\"GPU-1\"]" },
	{ "\"DeviceRequests\":[{\"Count\":-1,\"Capabilities\":[[\"gpu\"]]}]",
	  R_NONE, "NVIDIA_VISIBLE_DEVICES=GPU-1\"" },
	{ "\"DeviceRequests\":[{\"DeviceIDs\":[\"GPU-1\"]}]", R_NONE,
	  "\"DeviceIDs\":[\"GPU-1\"]" },
	{ "\"DeviceRequests\":[{\"DeviceIDs\":[\"GPU-2\"]}]", R_GPU, NULL },
	{ "\"DeviceRequests\":[{\"DeviceIDs\":[\"alloy\"]}]", R_GPU, NULL },
	{ "\"DeviceRequests\":[{\"Count\":1}]", R_NONE,
	  "\"DeviceIDs\":[\"GPU-1\"]" },
	{ "\"DeviceRequests\":[{\"Count\":2}]", R_GPU, NULL },
	{ "\"DeviceRequests\":[{\"Driver\":\"cdi\",\"DeviceIDs\":"
	  "[\"nvidia.com/gpu=all\"]}]", R_NONE, "[\"nvidia.com/gpu=GPU-1\"]" },
	{ "\"DeviceRequests\":[{\"Driver\":\"fpga\",\"Count\":1}]", R_GPU,
	  NULL },
	{ "\"DeviceRequests\":[{\"Count\":1,\"Capabilities\":[[\"gpu\","
	  "\"tpu\"]]}]", R_GPU, NULL },
	{ "\"Devices\":[{\"PathOnHost\":\"/dev/nvidia0\"}]", R_GPU, NULL },
	{ "\"Devices\":[{\"PathOnHost\":\"/dev/nvidiactl\"}]", R_NONE, NULL },
	/* "All" is "all" to the nvidia tools */
	{ "\"DeviceRequests\":[{\"DeviceIDs\":[\"All\"]}]", R_NONE,
	  "\"DeviceIDs\":[\"GPU-1\"]" },
};

/* The same user, and an image that asks for all GPUs. */
static const struct row image_rows[] = {
	{ "\"Runtime\":\"nvidia\"", R_NONE, "NVIDIA_VISIBLE_DEVICES=GPU-1\"" },
	{ "\"DeviceRequests\":[{\"DeviceIDs\":[\"GPU-1\"]}]", R_NONE,
	  "NVIDIA_VISIBLE_DEVICES=GPU-1\"" },
	{ "\"Runtime\":\"\"", R_NONE, "NVIDIA_VISIBLE_DEVICES=void\"" },
};

static char *file[] = { (char *)(uintptr_t)"/dev/nvidia0" };
static struct policy
    counted = { .pids = 100, .container_root = ROOT_YES, .gpus = GPUS_COUNT,
	.gpu_count = 2 },
    every = { .pids = 100, .container_root = ROOT_YES, .gpus = GPUS_ALL },
    by_file = { .pids = 100, .container_root = ROOT_YES,
	.devices = { file, 1 } },
    swap = { .pids = 100, .container_root = ROOT_YES, .memory_swap = 4096,
	.shm_size = 1 << 30 },
    rootless = { .pids = 100, .container_root = ROOT_NO };

#define IDS(ids) "\"DeviceRequests\":[{\"DeviceIDs\":[" ids "]}]"
#define ID16 "aaaaaaaaaaaaaaaa"
#define COUNT(n) "\"DeviceRequests\":[{\"Count\":" n "}]"
#define CDI(ids) "\"DeviceRequests\":[{\"Driver\":\"cdi\",\"DeviceIDs\":[" \
	ids "]}]"

/* Other policies: what a number of GPUs is, and what all of them are. */
static const struct {
	struct policy *policy;
	const char *host, *env, *image;	/* the image's variables */
	enum reason why;
	const char *in;
} group_rows[] = {
	{ &counted, COUNT("2"), "", "", R_NONE, "\"DeviceIDs\":[\"0\",\"1\"]" },
	{ &counted, COUNT("2"), "", "", R_NONE, "DEVICES=0,1\"" },
	{ &counted, COUNT("3"), "", "", R_GPU, NULL },
	{ &counted, COUNT("-1"), "", "", R_NONE, "[\"0\",\"1\"]" },
	{ &counted, COUNT("-1"), "", "", R_NONE, "DEVICES=0,1\"" },
	{ &counted, COUNT("-2"), "", "", R_GPU, NULL },
	{ &counted, IDS("\"0\",\"1\""), "", "", R_NONE, "DEVICES=0,1\"" },
	{ &counted, IDS("\"0\",\"1\",\"0\""), "", "", R_NONE, "DEVICES=0,1\"" },
	{ &counted, IDS("\"0\",\"1\",\"2\""), "", "", R_GPU, NULL },
	{ &counted, IDS("\"abc\""), "", "", R_NONE, "DEVICES=abc\"" },
	{ &counted, IDS("\"0\",\"\""), "", "", R_GPU, NULL },
	{ &counted, IDS("\"0,1\""), "", "", R_GPU, NULL },
	{ &counted, IDS("\"" ID16 ID16 ID16 ID16 "aaaaaaaaaaaaaaa\""), "", "",
	  R_NONE, ID16 },
	{ &counted, IDS("\"" ID16 ID16 ID16 ID16 ID16 "\""), "", "", R_GPU,
	  NULL },
	{ &counted, CDI("\"nvidia.com/gpu=1\""), "", "", R_NONE,
	  "[\"nvidia.com/gpu=1\"]" },
	{ &counted, CDI("\"nvidia.com/gpu=all\""), "", "", R_NONE,
	  "[\"nvidia.com/gpu=0\",\"nvidia.com/gpu=1\"]" },
	{ &counted, "\"Devices\":[{\"PathOnHost\":\"/dev/nvidia1\"}]", "", "",
	  R_NONE, "/dev/nvidia1" },
	/* device files are no request to the runtime */
	{ &counted, "\"Devices\":[{\"PathOnHost\":\"/dev/nvidia1\"}]", "", "",
	  R_NONE, "DEVICES=void\"" },
	{ &counted, "\"Devices\":[{\"PathOnHost\":\"/dev/nvidiax\"}]", "", "",
	  R_GPU, NULL },
	{ &counted, "", "\"NVIDIA_VISIBLE_DEVICES=0,1\"", "", R_NONE,
	  "DEVICES=0,1\"" },
	{ &counted, "", "\"NVIDIA_VISIBLE_DEVICES=0,1,2\"", "", R_GPU, NULL },
	{ &counted, "\"Runtime\":\"nvidia\"", "\"NVIDIA_VISIBLE_DEVICES=void\"",
	  "\"NVIDIA_VISIBLE_DEVICES=all\"", R_NONE, "DEVICES=void\"" },
	{ &counted, "\"Runtime\":\"nvidia\"", "",
	  "\"NVIDIA_VISIBLE_DEVICES=0,1,2\"", R_GPU, NULL },
	{ &every, COUNT("-1"), "", "", R_NONE, "\"Count\":-1" },
	{ &every, COUNT("-1"), "", "", R_NONE, "DEVICES=all\"" },
	{ &every, COUNT("64"), "", "", R_NONE, "\"Count\":64" },
	{ &every, COUNT("65"), "", "", R_GPU, NULL },
	{ &every, CDI("\"vendors.io/dsk=all\""), "", "", R_GPU, NULL },
	{ &every, "\"DeviceRequests\":[{\"Driver\":\"cdi\",\"Count\":1}]", "",
	  "", R_GPU, NULL },
	{ &every, "", "\"NVIDIA_MIG_CONFIG_DEVICES=all\"", "", R_NONE,
	  "NVIDIA_MIG_CONFIG_DEVICES=all" },
	{ &by_file, "\"Devices\":[{\"PathOnHost\":\"/dev/nvidia0\"}]", "", "",
	  R_NONE, "/dev/nvidia0" },
	{ &by_file, "\"Devices\":[{\"PathOnHost\":\"/dev/nvidia1\"}]", "", "",
	  R_GPU, NULL },
	/* memory has no bound of its own here */
	{ &swap, "\"Memory\":8192", "", "", R_NONE, "\"MemorySwap\":8192" },
	{ &swap, "\"Memory\":3072", "", "", R_NONE, "\"MemorySwap\":4096" },
	{ &swap, "\"Memory\":1024", "", "", R_NONE, "\"MemorySwap\":2048" },
	{ &swap, "\"Init\":true", "", "", R_NONE, "!MemorySwap" },
	/* a bound above dockerd's own default says nothing */
	{ &swap, "\"Init\":true", "", "", R_NONE, "!ShmSize" },
	{ &rootless, "", "", "", R_NONE, "\"User\":\"1000:65534\"" },
};

static void
test_groups(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(group_rows); i++) {
		struct buf body = BUF_INIT(0), image = BUF_INIT(0);
		struct buf out = BUF_INIT(0);
		struct caller who = alice;
		struct refusal why = { 0 };
		enum reason r;

		who.policy = group_rows[i].policy;
		buf_printf(&body, "{\"Image\":\"img\",\"Env\":[%s],"
		    "\"HostConfig\":{%s}}", group_rows[i].env,
		    group_rows[i].host);
		buf_printf(&image, "{\"Env\":[%s]}", group_rows[i].image);
		image_config = image.data;
		r = create(&who, body.data, &out, &why);
		if (r != group_rows[i].why)
			fail_msg("row %zu, %s: %s %s", i, body.data,
			    reason_row(r)->id, r ? why.detail : "");
		if (r == R_NONE)
			check_in(out.data, group_rows[i].in, body.data);
		buf_free(&body);
		buf_free(&image);
		buf_free(&out);
	}
	image_config = "{}";
}

/* A classic build: what its user may have, what the engine says, verdict. */
static const struct {
	enum gpu_mode gpus;
	const char *info;
	enum reason why;
} build_rows[] = {
	{ GPUS_NONE, "{\"DefaultRuntime\":\"runc\"}", R_NONE },
	{ GPUS_NONE, "{\"DefaultRuntime\":\"crun\",\"Runtimes\":{\"crun\":"
	  "{\"path\":\"/usr/bin/crun\"}}}", R_NONE },
	{ GPUS_NONE, "{\"DefaultRuntime\":\"nvidia\"}", R_GPU },
	{ GPUS_LIST, "{\"DefaultRuntime\":\"nvidia-cdi\"}", R_GPU },
	{ GPUS_NONE, "{\"DefaultRuntime\":\"gpu\",\"Runtimes\":{\"gpu\":"
	  "{\"path\":\"/usr/bin/nvidia-container-runtime\"}}}", R_GPU },
	{ GPUS_ALL, "{\"DefaultRuntime\":\"nvidia\"}", R_NONE },
	{ GPUS_NONE, NULL, R_ENGINE_DOWN },
	{ GPUS_NONE, "{}", R_INTERNAL },
	{ GPUS_NONE, "{\"DefaultRuntime\":1}", R_INTERNAL },
};

static void
test_classic_builds(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(build_rows); i++) {
		struct policy p = { .gpus = build_rows[i].gpus };
		struct caller who = alice;
		struct engine engine = { .fd = -1 };
		struct policy_env env = { .caller = &who, .cfg = &config,
		    .engine = &engine };
		struct refusal why;

		who.policy = &p;
		engine_info = build_rows[i].info;
		if (policy_build(&env, &why) != build_rows[i].why)
			fail_msg("row %zu", i);
		env.caller = &root;
		assert_int_equal(policy_build(&env, &why), R_NONE);
	}
}

static void
test_loose_rows(void **state)
{
	struct caller carol = alice;

	(void)state;
	carol.policy = &loose;
	image_config = "{}";
	run_host_rows(&carol, loose_rows, N(loose_rows));
	image_config = "{\"Env\":[\"A=b\",\"NVIDIA_VISIBLE_DEVICES=all\"]}";
	run_host_rows(&carol, image_rows, N(image_rows));
	/* the host's network keeps its name, which is what dockerd knows */
	struct buf out cleanup_buf = BUF_INIT(0);
	struct refusal why;
	assert_int_equal(create(&carol, "{\"Image\":\"img\",\"NetworkingConfig"
	    "\":{\"EndpointsConfig\":{\"host\":{}}}}", &out, &why), R_NONE);
	check_in(out.data, "\"EndpointsConfig\":{\"host\":{}}", "host");
	/* what exists was made under other bounds */
	assert_true(policy_harmless(&config, &carol, span_of("{\"Config\":{},"
	    "\"HostConfig\":{\"CpuPeriod\":1000,\"Memory\":2147483648}}"),
	    false));
}

/* --- whole bodies --- */

#define EXPOSED64 \
	"\"8000/tcp\":{},\"8001/tcp\":{},\"8002/tcp\":{}," \
	"\"8003/tcp\":{},\"8004/tcp\":{},\"8005/tcp\":{}," \
	"\"8006/tcp\":{},\"8007/tcp\":{},\"8008/tcp\":{}," \
	"\"8009/tcp\":{},\"8010/tcp\":{},\"8011/tcp\":{}," \
	"\"8012/tcp\":{},\"8013/tcp\":{},\"8014/tcp\":{}," \
	"\"8015/tcp\":{},\"8016/tcp\":{},\"8017/tcp\":{}," \
	"\"8018/tcp\":{},\"8019/tcp\":{},\"8020/tcp\":{}," \
	"\"8021/tcp\":{},\"8022/tcp\":{},\"8023/tcp\":{}," \
	"\"8024/tcp\":{},\"8025/tcp\":{},\"8026/tcp\":{}," \
	"\"8027/tcp\":{},\"8028/tcp\":{},\"8029/tcp\":{}," \
	"\"8030/tcp\":{},\"8031/tcp\":{},\"8032/tcp\":{}," \
	"\"8033/tcp\":{},\"8034/tcp\":{},\"8035/tcp\":{}," \
	"\"8036/tcp\":{},\"8037/tcp\":{},\"8038/tcp\":{}," \
	"\"8039/tcp\":{},\"8040/tcp\":{},\"8041/tcp\":{}," \
	"\"8042/tcp\":{},\"8043/tcp\":{},\"8044/tcp\":{}," \
	"\"8045/tcp\":{},\"8046/tcp\":{},\"8047/tcp\":{}," \
	"\"8048/tcp\":{},\"8049/tcp\":{},\"8050/tcp\":{}," \
	"\"8051/tcp\":{},\"8052/tcp\":{},\"8053/tcp\":{}," \
	"\"8054/tcp\":{},\"8055/tcp\":{},\"8056/tcp\":{}," \
	"\"8057/tcp\":{},\"8058/tcp\":{},\"8059/tcp\":{}," \
	"\"8060/tcp\":{},\"8061/tcp\":{},\"8062/tcp\":{}," \
	"\"8063/tcp\":{}"

static const struct {
	const char *body, *image;
	enum reason why;
	const char *in;
} body_rows[] = {
	{ "{\"Image\":\"img\"}", "{}", R_NONE, "\"HostConfig\":{" },
	{ "{\"Image\":\"img\",\"HostConfig\":null}", "{}", R_NONE,
	  "\"IpcMode\":\"private\"" },
	{ "{\"Image\":\"img\"}", "{}", R_NONE,
	  "\"ds01.image\":\"sha256:" A64 "\"" },
	{ "{\"Image\":\"\"}", "{}", R_NONE, "!ds01.image" },
	{ "{\"Image\":\"gone\"}", "{}", R_NOT_FOUND, NULL },
	{ "{\"Image\":\"gone\",\"HostConfig\":{\"Privileged\":true}}", "{}",
	  R_PRIVILEGED, NULL },
	{ "{\"Image\":\"img\",\"WorkingDir\":\"/proc/self/fd/8\"}", "{}",
	  R_WORKING_DIR, NULL },
	{ "{\"Image\":\"img\",\"WorkingDir\":\"/a/..//proc\"}", "{}",
	  R_WORKING_DIR, NULL },
	{ "{\"Image\":\"img\",\"WorkingDir\":\"proc/self\"}", "{}",
	  R_WORKING_DIR, NULL },
	{ "{\"Image\":\"img\",\"WorkingDir\":\"/process\"}", "{}", R_NONE,
	  "/process" },
	{ "{\"Image\":\"img\",\"StopTimeout\":-1}", "{}", R_RESOURCE, NULL },
	{ "{\"Image\":\"img\",\"StopTimeout\":121}", "{}", R_RESOURCE, NULL },
	{ "{\"Image\":\"img\",\"StopTimeout\":120}", "{}", R_NONE, ":120" },
	{ "{\"Image\":\"img\",\"StopTimeout\":0}", "{}", R_NONE, ":0" },
	{ "{\"Image\":\"img\",\"StopTimeout\":10}", "{}", R_NONE, ":10" },
	{ "{\"Image\":\"img\",\"MacAddress\":\"02:00:00:00:00:01\"}", "{}",
	  R_NETWORK, NULL },
	{ "{\"Image\":\"img\",\"Healthcheck\":{\"Interval\":1000000}}", "{}",
	  R_RESOURCE, NULL },
	{ "{\"Image\":\"img\",\"Healthcheck\":{\"Test\":[\"CMD\"]}}", "{}",
	  R_RESOURCE, NULL },
	{ "{\"Image\":\"img\",\"Healthcheck\":{\"Test\":[\"CMD-SHELL\"]}}",
	  "{}", R_RESOURCE, NULL },
	{ "{\"Image\":\"img\",\"Healthcheck\":{\"Test\":[\"\",\"x\"]}}", "{}",
	  R_RESOURCE, NULL },
	{ "{\"Image\":\"img\",\"Healthcheck\":{\"Test\":[\"CMD\",\"x\"]}}",
	  "{}", R_NONE, "\"CMD\",\"x\"" },
	{ "{\"Image\":\"img\",\"Healthcheck\":{\"Test\":[]}}", "{}", R_NONE,
	  NULL },
	{ "{\"Image\":\"img\"}", "{\"Healthcheck\":{\"Test\":[\"CMD\"]}}",
	  R_NONE, "\"Healthcheck\":{\"Test\":[\"NONE\"]}" },
	{ "{\"Image\":\"img\"}", "{\"Healthcheck\":{\"Test\":[3]}}", R_NONE,
	  "\"Healthcheck\":{\"Test\":[\"NONE\"]}" },
	{ "{\"Image\":\"img\"}", "{\"Healthcheck\":{\"Test\":[\"CMD\",\"y\"]}}",
	  R_NONE, "!NONE" },
	{ "{\"Image\":\"img\"}", "{\"WorkingDir\":\"/proc/self/fd/8\"}",
	  R_WORKING_DIR, NULL },
	{ "{\"Image\":\"img\",\"WorkingDir\":\"/w\"}",
	  "{\"WorkingDir\":\"/proc/self/fd/8\"}", R_NONE, "\"/w\"" },
	{ "{\"Image\":\"img\",\"HostConfig\":{\"PublishAllPorts\":true}}",
	  "{\"ExposedPorts\":{" EXPOSED64 "}}", R_NONE, NULL },
	{ "{\"Image\":\"img\",\"ExposedPorts\":{\"1/tcp\":{}},\"HostConfig\":{"
	  "\"PublishAllPorts\":true}}", "{\"ExposedPorts\":{" EXPOSED64 "}}",
	  R_PORT, NULL },
	{ "{\"Image\":\"img\",\"ExposedPorts\":{\"1/tcp\":{}}}",
	  "{\"ExposedPorts\":{" EXPOSED64 "}}", R_NONE, NULL },
	{ "{\"Image\":\"img\",\"Healthcheck\":{\"Test\":[\"NONE\"]}}", "{}",
	  R_NONE, "NONE" },
	{ "{\"Image\":\"img\"}", "{\"Healthcheck\":{\"Interval\":1000000}}",
	  R_NONE, "\"Interval\":1000000000" },
	{ "{\"Image\":\"img\"}", "{\"Healthcheck\":{\"Interval\":0}}", R_NONE,
	  "!Interval" },
	{ "{\"Image\":\"img\"}", "{\"Healthcheck\":{\"Interval\":1000000000}}",
	  R_NONE, "!Interval" },
	{ "{\"Image\":\"img\"}", "{\"Healthcheck\":{\"Interval\":5000000000}}",
	  R_NONE, "!Interval" },
	{ "{\"Image\":\"img\",\"name\":\"x\",\"OnBuild\":[\"x\"]}", "{}",
	  R_NONE, "!OnBuild" },
	/* anonymous volumes: the body's, the image's, once each */
	{ "{\"Image\":\"img\",\"Volumes\":{\"/a/\":{}}}", "{}", R_NONE,
	  "\"Target\":\"/a\",\"VolumeOptions\":{\"Labels\":{\"ds01.user\"" },
	{ "{\"Image\":\"img\",\"Volumes\":{\"/a/\":{}}}", "{}", R_NONE,
	  "!\"Volumes\"" },
	{ "{\"Image\":\"img\"}", "{\"Volumes\":{\"/data\":{}}}", R_NONE,
	  "\"Target\":\"/data\"" },
	{ "{\"Image\":\"img\",\"HostConfig\":{\"Binds\":[\"myvol:/data/\"]}}",
	  "{\"Volumes\":{\"/data\":{}}}", R_NONE, "!\"Target\"" },
	{ "{\"Image\":\"img\",\"HostConfig\":{\"Tmpfs\":{\"/data\":\"\"}}}",
	  "{\"Volumes\":{\"/data\":{}}}", R_NONE, "!\"Target\"" },
	{ "{\"Image\":\"img\",\"HostConfig\":{\"VolumesFrom\":[\"mine\"]}}",
	  "{\"Volumes\":{\"/fromother\":{}}}", R_NONE, "!\"Target\"" },
	{ "{\"Image\":\"img\",\"HostConfig\":{\"VolumesFrom\":[\"mine\"]}}",
	  "{\"Volumes\":{\"/data\":{}}}", R_NONE, "\"Target\":\"/data\"" },
	{ "{\"Image\":\"img\",\"HostConfig\":{\"Mounts\":[{\"Type\":\"volume\","
	  "\"Source\":\"myvol\",\"Target\":\"/data/\"}]}}",
	  "{\"Volumes\":{\"/data\":{}}}", R_NONE, "!\"Target\":\"/data\"" },
	{ "{\"Image\":\"img\"}", "{\"Volumes\":{\"data\":{}}}", R_NONE,
	  "!\"Target\"" },
	{ "{\"Image\":\"img\"}",
	  "{\"Volumes\":{\"/var/run/nvidia-container-devices\":{}}}", R_GPU,
	  NULL },
	/* variables */
	{ "{\"Image\":\"img\",\"Env\":[\"NVIDIA_VISIBLE_DEVICES=all\"]}",
	  "{}", R_GPU, NULL },
	{ "{\"Image\":\"img\",\"Env\":[\"NVIDIA_VISIBLE_DEVICES=void\","
	  "\"NVIDIA_VISIBLE_DEVICES=0\"]}", "{}", R_GPU, NULL },
	{ "{\"Image\":\"img\",\"Env\":[\"NVIDIA_VISIBLE_DEVICES\",\"A=b\"]}",
	  "{}", R_NONE, "[\"A=b\",\"NVIDIA_VISIBLE_DEVICES=void\"]" },
	{ "{\"Image\":\"img\",\"Env\":[\"NVIDIA_MIG_CONFIG_DEVICES=all\"]}",
	  "{}", R_GPU, NULL },
	{ "{\"Image\":\"img\",\"Env\":[\"NVIDIA_IMEX_CHANNELS=0\"]}", "{}",
	  R_GPU, NULL },
	{ "{\"Image\":\"img\",\"Env\":[\"CUDA_VISIBLE_DEVICES=0\","
	  "\"NVIDIA_DRIVER_CAPABILITIES=all\"]}", "{}", R_NONE, "CUDA_" },
	{ "{\"Image\":\"img\"}",
	  "{\"Env\":[\"NVIDIA_VISIBLE_DEVICES=all\","
	  "\"NVIDIA_MIG_CONFIG_DEVICES=all\"]}", R_NONE,
	  "[\"NVIDIA_VISIBLE_DEVICES=void\",\"NVIDIA_MIG_CONFIG_DEVICES=\"]" },
	{ "{\"Image\":\"img\"}", "{\"Env\":[\"NVIDIA_MIG_CONFIG_DEVICEZ=1\"]}",
	  R_NONE, "!NVIDIA_MIG" },
	/* networks */
	{ "{\"Image\":\"img\",\"NetworkingConfig\":{\"EndpointsConfig\":"
	  "{\"mynet\":{\"Aliases\":[\"db\"],\"NetworkID\":\"x\"},"
	  "\"default\":{}}}}", "{}", R_NONE,
	  "{\"" A64 "\":{\"Aliases\":[\"db\"]},\"default\":{}}" },
	{ "{\"Image\":\"img\",\"NetworkingConfig\":{\"EndpointsConfig\":"
	  "{\"bobnet\":null}}}", "{}", R_NOT_OWNER_NETWORK, NULL },
	{ "{\"Image\":\"img\",\"NetworkingConfig\":{\"EndpointsConfig\":"
	  "{\"host\":{}}}}", "{}", R_HOST_NAMESPACE, NULL },
	{ "{\"Image\":\"img\",\"NetworkingConfig\":{\"EndpointsConfig\":"
	  "{\"mynet\":{},\"" A64 "\":{}}}}", "{}", R_BAD_FIELD, NULL },
	{ "{\"Image\":\"img\",\"NetworkingConfig\":{\"EndpointsConfig\":"
	  "{\"mynet\":{\"Links\":[\"bobs:x\"]}}}}", "{}", R_NOT_OWNER, NULL },
	{ "{\"Image\":\"img\",\"NetworkingConfig\":{\"EndpointsConfig\":"
	  "{\"mynet\":{\"Links\":[\"mine:x\"]}}}}", "{}", R_NONE,
	  "[\"" A64 ":x\"]" },
	/* labels */
	{ "{\"Image\":\"img\",\"Labels\":{\"ds01.user\":\"bob\"}}", "{}",
	  R_RESERVED_LABEL, NULL },
	{ "{\"Image\":\"img\",\"Labels\":{\"a\":\"b\"}}",
	  "{\"Labels\":{\"ds01.protected\":\"true\"}}", R_NONE,
	  "\"ds01.protected\":\"false\"" },
};

static void
test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(body_rows); i++) {
		struct buf out = BUF_INIT(0);
		struct refusal why = { 0 };
		enum reason r;

		image_config = body_rows[i].image;
		r = create(&alice, body_rows[i].body, &out, &why);
		if (r != body_rows[i].why)
			fail_msg("%s: %s %s", body_rows[i].body,
			    reason_row(r)->id, r ? why.detail : "");
		if (r == R_NONE)
			check_in(out.data, body_rows[i].in,
			    body_rows[i].body);
		buf_free(&out);
	}
	image_config = "{}";
}

/* A missing volume is made first, with the labels of the mount and ours. */
static void
test_volume_first(void **state)
{
	struct refusal why;

	(void)state;
	assert_int_equal(create(&alice, "{\"Image\":\"img\",\"HostConfig\":"
	    "{\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"newvol\","
	    "\"Target\":\"/v\",\"VolumeOptions\":{\"Labels\":{\"a\":\"b\"}}}],"
	    "\"Binds\":[\"newer:/w\"]}}", NULL, &why), R_NONE);
	assert_non_null(strstr(asked, "{\"Name\":\"newvol\",\"Labels\":"
	    "{\"a\":\"b\",\"ds01.user\":\"alice\",\"ds01.confined\":\"false\","
	    "\"ds01.gate\":\""));
	assert_non_null(strstr(asked, "{\"Name\":\"newer\",\"Labels\":"
	    "{\"ds01.user\":\"alice\""));
	/* nothing is made for a request that is refused, or whose image is
	 * to be pulled first */
	assert_int_equal(create(&alice, "{\"Image\":\"gone\",\"HostConfig\":"
	    "{\"Binds\":[\"newer:/w\"]}}", NULL, &why), R_NOT_FOUND);
	assert_string_equal(asked, "");
	assert_int_equal(create(&alice, "{\"Image\":\"img\",\"HostConfig\":"
	    "{\"Binds\":[\"newer:/w\"],\"Privileged\":true}}", NULL, &why),
	    R_PRIVILEGED);
	assert_string_equal(asked, "");
	/* nor for a mount whose source is no volume */
	assert_int_equal(create(&alice, "{\"Image\":\"img\",\"HostConfig\":"
	    "{\"Mounts\":[{\"Type\":\"image\",\"Source\":\"newvol\","
	    "\"Target\":\"/i\"}]}}", NULL, &why), R_NONE);
	assert_string_equal(asked, "");
}

/* What another user holds now is not made, nor is hers to use. */
static void
test_volume_held(void **state)
{
	static const char *const bodies[] = {
		"{\"Image\":\"img\",\"HostConfig\":{\"Binds\":[\"myvol:/v\"]}}",
		"{\"Image\":\"img\",\"HostConfig\":{\"Mounts\":[{\"Type\":"
		"\"volume\",\"Source\":\"myvol\",\"Target\":\"/v\"}]}}",
	};
	struct refusal why;

	(void)state;
	for (size_t i = 0; i < N(bodies); i++) {
		world.looked[0] = '\0';
		assert_int_equal(create(&alice, bodies[i], NULL, &why), R_NONE);
		assert_string_equal(world.looked, "myvol");
		world.held = "myvol";
		assert_int_equal(create(&alice, bodies[i], NULL, &why),
		    R_NOT_OWNER_VOLUME);
		assert_non_null(strstr(why.detail, "holds it"));
		world.held = NULL;
	}
}

/* Another's is refused before it is held; what was hers at the first look may
 * be another's when she holds it. */
static void
test_volume_not_held(void **state)
{
	struct refusal why;

	(void)state;
	world.looked[0] = '\0';
	assert_int_equal(create(&alice, "{\"Image\":\"img\",\"HostConfig\":"
	    "{\"Binds\":[\"bobvol:/v\"]}}", NULL, &why), R_NOT_OWNER_VOLUME);
	assert_string_equal(world.looked, "");
	assert_int_equal(create(&alice, "{\"Image\":\"img\",\"HostConfig\":"
	    "{\"Binds\":[\"turnvol:/v\"]}}", NULL, &why),
	    R_NOT_OWNER_VOLUME);
	assert_string_equal(world.looked, "turnvol");
	assert_string_equal(why.detail, "bob");
}

/* For good: of which kind a volume is, without root or with it (made.c). */
static void
test_volume_kind(void **state)
{
	static const struct {
		enum root_mode root;
		bool remaps;
		const char *labels, *kind;
	} kinds[] = {
		{ ROOT_YES, true, "", "false" },
		{ ROOT_YES, true, "\"ds01.confined\":\"true\"", "true" },
		{ ROOT_REMAPPED, true, "", "false" },
		{ ROOT_REMAPPED, false, "", "true" },
		{ ROOT_NO, true, "", "true" },
		{ ROOT_NO, true, "\"ds01.confined\":\"false\"", "false" },
	};
	struct policy p = strict;
	struct caller who = alice;
	struct refusal why;

	(void)state;
	who.policy = &p;
	for (size_t i = 0; i < N(kinds); i++) {
		struct buf out cleanup_buf = BUF_INIT(0);
		char body[128], want[64];

		p.container_root = kinds[i].root;
		world.remaps = kinds[i].remaps;
		snprintf(body, sizeof(body), "{\"Labels\":{%s}}",
		    kinds[i].labels);
		snprintf(want, sizeof(want), "\"ds01.confined\":\"%s\"",
		    kinds[i].kind);
		assert_int_equal(judge(&schema_volume, policy_volume, &who,
		    body, &out, &why), R_NONE);
		check_in(out.data, want, body);
	}
	world.silent = R_ENGINE_DOWN;
	p.container_root = ROOT_REMAPPED;
	assert_int_equal(judge(&schema_volume, policy_volume, &who, "{}",
	    NULL, &why), R_ENGINE_DOWN);
	world.silent = R_NONE;
	world.remaps = false;
	/* and one that a container without root asks for */
	p.container_root = ROOT_NO;
	assert_int_equal(create(&who, "{\"Image\":\"img\",\"HostConfig\":"
	    "{\"Binds\":[\"newer:/w\"]}}", NULL, &why), R_NONE);
	check_in(asked, "\"ds01.confined\":\"true\"", "without root");
}

/* An administrator is told whose things he takes; others are refused. */
static void
test_warnings(void **state)
{
	static const char body[] = "{\"Image\":\"img\",\"HostConfig\":{"
	    "\"Binds\":[\"bobvol:/b\",\"oldvol:/o\",\"newvol:/n\"],"
	    "\"VolumesFrom\":[\"bobs\"],\"NetworkMode\":\"bobnet\"},"
	    "\"NetworkingConfig\":{\"EndpointsConfig\":{\"bobnet\":{}}}}";
	struct refusal why;

	(void)state;
	assert_int_equal(create(&root, body, NULL, &why), R_NONE);
	check_in(warned, "The volume bobvol belongs to bob, another user.\n",
	    body);
	check_in(warned, "The container bobs belongs to bob, another user.\n",
	    body);
	check_in(warned, "The network bobnet belongs to bob, another user.\n",
	    body);
	assert_null(strstr(strstr(warned, "bobnet") + 1, "bobnet"));
	assert_null(strstr(warned, "oldvol"));
	assert_null(strstr(warned, "newvol"));
	assert_int_equal(create(&root, "{\"Image\":\"img\",\"HostConfig\":{"
	    "\"Binds\":[\"newvol:/n\"]}}", NULL, &why), R_NONE);
	assert_string_equal(warned, "");
}

/* Not judged, but labelled and resolved. */
static void
test_admin(void **state)
{
	struct buf out cleanup_buf = BUF_INIT(0);
	struct refusal why = { 0 };

	(void)state;
	if (create(&root, "{\"Image\":\"img\",\"HostConfig\":{\"Privileged\":"
	    "true,\"Binds\":[\"/:/h\",\"bobvol:/b\"],\"PidMode\":\"host\","
	    "\"VolumesFrom\":[\"bobs\"],\"NetworkMode\":\"bobnet\","
	    "\"PidsLimit\":-1,\"CapAdd\":[\"ALL\"]},\"NewField\":1}", &out,
	    &why) != R_NONE)
		fail_msg("%s", why.detail);
	assert_non_null(strstr(out.data, "\"Privileged\":true"));
	assert_non_null(strstr(out.data, "\"/:/h\""));
	assert_non_null(strstr(out.data, "[\"" B64 "\"]"));
	assert_non_null(strstr(out.data, "\"NetworkMode\":\"" B64));
	assert_non_null(strstr(out.data, "\"PidsLimit\":-1"));
	assert_non_null(strstr(out.data, "\"ds01.user\":\"root\""));
	assert_non_null(strstr(out.data, "\"NewField\":1"));
	assert_string_equal(asked, "");	/* a path is no volume to make */
	assert_null(strstr(out.data, "NVIDIA_VISIBLE_DEVICES"));
}

/* What a user is refused, or gets otherwise, an admin has as he wrote it. */
static const struct row admin_rows[] = {
	{ "\"LogConfig\":{\"Type\":\"syslog\",\"Config\":{\"a\":\"b\"}}", R_NONE,
	  "\"a\":\"b\"" },
	{ "\"CgroupParent\":\"/system.slice\"", R_NONE, "/system.slice" },
	{ "\"CgroupParent\":\"ds01-x.slice\"", R_NONE, "ds01-x.slice" },
	{ "\"MaskedPaths\":[]", R_NONE, "\"MaskedPaths\":[]" },
	{ "\"RestartPolicy\":{\"Name\":\"always\"}", R_NONE, "always" },
	{ "\"PortBindings\":{\"1/tcp\":[" PORTS64 "],\"2/tcp\":[{}]}", R_NONE,
	  "9001" },
	{ "\"Binds\":[\"ds01-bind-1000-0123456789abcdef:/v:rslave\"]", R_NONE,
	  ":/v:rslave" },
	{ "\"Mounts\":[{\"Type\":\"npipe\",\"Source\":\"s\",\"Target\":\"t\"}]",
	  R_NONE, "npipe" },
	{ "\"Tmpfs\":{\"/run/nvidia-container-devices/0\":\"\"}", R_NONE,
	  "devices/0" },
	{ "\"DeviceRequests\":[{\"Driver\":\"fpga\",\"Count\":1}]", R_NONE,
	  "fpga" },
	{ "\"Init\":true", R_NONE, "!PidsLimit" },
	{ "\"Init\":true", R_NONE, "!IpcMode" },
	{ "\"Init\":true", R_NONE, "!ds01.image" },
	{ "\"Init\":true", R_NONE, "!\"User\"" },
	{ "\"Init\":true", R_NONE, "!ds01.confined" },
	{ "\"Init\":true", R_NONE, "!Healthcheck" },
	/* his names go through the same hands */
	{ "\"Binds\":[\"" A64 A64 A64 A64 ":/v\"]", R_BAD_FIELD, NULL },
};

static void
test_admin_rows(void **state)
{
	struct policy p = rootless;
	struct caller who = root;

	(void)state;
	p.published_ports = 1;
	p.restart_always = false;
	who.policy = &p;
	image_config = "{\"Healthcheck\":{\"Test\":[\"CMD\",\"x\"],"
	    "\"Interval\":1},\"WorkingDir\":\"/proc/self/fd/8\"}";
	run_host_rows(&who, admin_rows, N(admin_rows));
	/* but nobody's container is dockerd's end */
	struct buf out cleanup_buf = BUF_INIT(0);
	struct refusal why;
	image_config = "{\"Healthcheck\":{\"Test\":[\"CMD\"]}}";
	assert_int_equal(create(&who, "{\"Image\":\"img\"}", &out, &why),
	    R_NONE);
	check_in(out.data, "\"Test\":[\"NONE\"]", "an empty health check");
	image_config = "{}";
}

/* Bodies that take no road of a create's. */
static void
test_admin_others(void **state)
{
	struct buf out cleanup_buf = BUF_INIT(0);
	struct refusal why;

	(void)state;
	assert_int_equal(judge(&schema_update, policy_update, &root,
	    "{\"DeviceRequests\":[{\"Count\":1}]}", NULL, &why), R_NONE);
	assert_int_equal(judge(&schema_volume, policy_volume, &root,
	    "{\"Labels\":{\"ds01.x\":\"y\"}}", &out, &why), R_NONE);
	check_in(out.data, "\"ds01.x\":\"y\"", "label");
	assert_int_equal(create(&root, "{\"Image\":\"img\",\"Volumes\":{"
	    "\"/run/nvidia-container-devices/0\":{}}}", NULL, &why), R_NONE);
}

/* Fields with a list of names may not keep dockerd busy: 128 are fine. */
static const struct {
	const char *before, *each, *after;	/* each: %d */
	enum reason why;
} bounded[] = {
	{ "\"HostConfig\":{\"Links\":[", "\"mine:a%d\"", "]}", R_BAD_FIELD },
	{ "\"HostConfig\":{\"VolumesFrom\":[", "\"mine\"", "]}", R_BAD_FIELD },
	{ "\"HostConfig\":{\"Binds\":[", "\"myvol:/a%d\"", "]}", R_BAD_FIELD },
	{ "\"HostConfig\":{\"Tmpfs\":{", "\"/a%d\":\"\"", "}}", R_BAD_FIELD },
	{ "\"Volumes\":{", "\"/a%d\":{}", "}", R_BAD_FIELD },
	{ "\"HostConfig\":{\"Mounts\":[", "{\"Type\":\"tmpfs\",\"Target\":"
	  "\"/a%d\"}", "]}", R_BAD_FIELD },
	{ "\"NetworkingConfig\":{\"EndpointsConfig\":{", "\"many%d\":{}", "}}",
	  R_BAD_FIELD },
	/* of the image */
	{ NULL, "\"/a%d\":{}", NULL, R_MOUNT },
};

static void
put_many(struct buf *b, const char *before, const char *each,
    const char *after, int n)
{
	buf_puts(b, before);
	for (int i = 0; i < n; i++) {
		const char *at = strstr(each, "%d");

		buf_puts(b, i == 0 ? "" : ",");
		if (at == NULL)
			buf_puts(b, each);
		else
			buf_printf(b, "%.*s%d%s", (int)(at - each), each, i,
			    at + 2);
	}
	buf_puts(b, after);
}

static void
test_bounded(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * N(bounded); i++) {
		struct buf in = BUF_INIT(0), image = BUF_INIT(0);
		bool much = i % 2, of_image = bounded[i / 2].before == NULL;
		int n = 128 + much;
		struct refusal why = { 0 };

		if (of_image) {
			put_many(&image, "{\"Volumes\":{",
			    bounded[i / 2].each, "}}", n);
			image_config = image.data;
			buf_puts(&in, "{\"Image\":\"img\"}");
		} else {
			put_many(&in, "{\"Image\":\"img\",", "", "", 0);
			put_many(&in, bounded[i / 2].before,
			    bounded[i / 2].each, bounded[i / 2].after, n);
			buf_puts(&in, "}");
		}
		if (create(&alice, in.data, NULL, &why) !=
		    (much ? bounded[i / 2].why : R_NONE))
			fail_msg("row %zu, %d: %s", i / 2, n, why.detail);
		image_config = "{}";
		buf_free(&in);
		buf_free(&image);
	}
}

/* A name longer than any; it never came to a buffer of ours. */
static void
test_long_reference(void **state)
{
	struct refusal why;

	(void)state;
	assert_int_equal(create(&alice, "{\"Image\":\"img\",\"HostConfig\":{"
	    "\"Links\":[\"" A64 A64 A64 A64 ":x\"]}}", NULL, &why),
	    R_BAD_FIELD);
}

/* Who is refused reads the value as he wrote it. */
static void
test_detail(void **state)
{
	struct refusal why;

	(void)state;
	assert_int_equal(create(&alice, "{\"Image\":\"img\",\"HostConfig\":{"
	    "\"PidMode\":\"host\"}}", NULL, &why), R_HOST_NAMESPACE);
	assert_string_equal(why.detail, "PidMode host");
	assert_int_equal(create(&alice, "{\"Image\":\"img\",\"HostConfig\":{"
	    "\"OomScoreAdj\":-1}}", NULL, &why), R_RESOURCE);
	assert_string_equal(why.detail, "OomScoreAdj -1");
	assert_int_equal(create(&alice, "{\"Image\":\"img\",\"HostConfig\":{"
	    "\"Binds\":[\"bobvol:/v\"]}}", NULL, &why), R_NOT_OWNER_VOLUME);
	assert_string_equal(why.detail, "bob");
	assert_int_equal(create(&alice, "{\"Image\":\"img\",\"HostConfig\":{"
	    "\"Binds\":[\"oldvol:/v\"]}}", NULL, &why), R_NOT_OWNER_VOLUME);
	assert_string_equal(why.detail, "nobody");
}

/* What a container would take from another, and cannot be told. */
static void
test_volumes_of_another(void **state)
{
	(void)state;
	mounted = NULL;
	struct refusal why = { 0 };
	assert_int_equal(create(&alice, "{\"Image\":\"img\",\"HostConfig\":{"
	    "\"VolumesFrom\":[\"mine\"]}}", NULL, &why), R_ENGINE_DOWN);
	mounted = MOUNTED;
}

static const struct {
	const struct schema *schema;
	policy_fn *fn;
	const char *body;
	enum reason why;
	const char *in;
} other_rows[] = {
	{ &schema_update, policy_update, "{\"PidsLimit\":-1}", R_NONE,
	  "{\"PidsLimit\":4096}" },
	{ &schema_update, policy_update, "{\"PidsLimit\":0}", R_NONE,
	  "{\"PidsLimit\":4096}" },
	{ &schema_update, policy_update, "{\"PidsLimit\":5000}", R_RESOURCE,
	  NULL },
	{ &schema_update, policy_update, "{\"PidsLimit\":null,\"Memory\":0}",
	  R_NONE, "!PidsLimit" },
	{ &schema_update, policy_update,
	  "{\"RestartPolicy\":{\"Name\":\"always\"}}", R_RESTART_POLICY,
	  NULL },
	{ &schema_update, policy_update, "{\"Devices\":[{\"PathOnHost\":"
	  "\"/dev/nvidia0\"}]}", R_GPU, NULL },
	{ &schema_update, policy_update, "{\"DeviceRequests\":[{\"Count\":1}]"
	  "}", R_GPU, NULL },
	{ &schema_update, policy_update, "{\"Devices\":[{\"PathOnHost\":"
	  "\"/dev/sda\"}]}", R_DEVICE, NULL },
	{ &schema_volume, policy_volume, "{\"Name\":\"v1\",\"Driver\":"
	  "\"local\",\"DriverOpts\":{},\"Labels\":{\"a\":\"b\"}}", R_NONE,
	  "\"Labels\":{\"a\":\"b\",\"ds01.user\":\"alice\","
	  "\"ds01.confined\":\"false\",\"ds01.gate\"" },
	{ &schema_volume, policy_volume, "{\"Labels\":{\"ds01.confined\":"
	  "\"true\"}}", R_NONE, "\"ds01.confined\":\"true\"" },
	{ &schema_volume, policy_volume, "{\"Labels\":{\"ds01.confined\":"
	  "\"false\"}}", R_NONE, "\"ds01.confined\":\"false\"" },
	{ &schema_volume, policy_volume, "{\"Labels\":{\"ds01.confined\":"
	  "\"x\"}}", R_RESERVED_LABEL, NULL },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Labels\":{"
	  "\"ds01.confined\":\"true\"}}", R_RESERVED_LABEL, NULL },
	{ &schema_volume, policy_volume, "{\"Driver\":\"../../tmp/x\"}",
	  R_VOLUME_DRIVER, NULL },
	{ &schema_volume, policy_volume, "{\"Name\":\"a/b\"}", R_NAME, NULL },
	{ &schema_volume, policy_volume,
	  "{\"Name\":\"ds01-bind-1000-0123456789abcdef\"}", R_NAME, NULL },
	{ &schema_volume, policy_volume, "{\"Labels\":{\"ds01.user\":"
	  "\"bob\"}}", R_RESERVED_LABEL, NULL },
	{ &schema_volume, policy_volume, "{\"Labels\":{\"ds01.user\":"
	  "\"alice\"}}", R_NONE,
	  "\"ds01.user\":\"alice\"" },
	{ &schema_volume, policy_volume, "{\"Labels\":{\"ds01.user\":"
	  "\"\"}}", R_RESERVED_LABEL, NULL },
	{ &schema_volume, policy_volume, "{\"Labels\":{\"ds01.gate\":"
	  "\"alice\"}}", R_RESERVED_LABEL, NULL },
	{ &schema_volume, policy_volume, "{\"Labels\":null}", R_NONE,
	  "\"ds01.user\":\"alice\"" },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Driver\":"
	  "\"bridge\",\"IPAM\":{\"Driver\":\"default\",\"Options\":{},"
	  "\"Config\":[]},\"Options\":{},\"CheckDuplicate\":false}", R_NONE,
	  "\"CheckDuplicate\":true" },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Driver\":"
	  "\"macvlan\"}", R_NETWORK, NULL },
	{ &schema_network, policy_network, "{\"Name\":\"host\"}", R_NAME,
	  NULL },
	{ &schema_network, policy_network, "{\"Name\":\"0123456789ab\"}",
	  R_NAME, NULL },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"IPAM\":"
	  "{\"Config\":[{\"Subnet\":\"10.0.0.0/8\"}]}}", R_NETWORK, NULL },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"IPAM\":"
	  "{\"Driver\":\"x\"}}", R_NETWORK, NULL },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Options\":"
	  "{\"com.docker.network.bridge.name\":\"docker0\"}}", R_NETWORK,
	  NULL },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Options\":"
	  "{\"com.docker.network.driver.mtu\":\"67\"}}", R_NETWORK, NULL },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Options\":"
	  "{\"com.docker.network.bridge.enable_icc\":\"x\"}}", R_NETWORK,
	  NULL },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Options\":"
	  "{\"com.docker.network.bridge.enable_icc\":\"false\","
	  "\"com.docker.network.driver.mtu\":\"1400\"}}", R_NONE, "1400" },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Options\":"
	  "{\"com.docker.network.driver.mtu\":\"68\"}}", R_NONE, "68" },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Options\":"
	  "{\"com.docker.network.driver.mtu\":\"65535\"}}", R_NONE, "65535" },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Options\":"
	  "{\"com.docker.network.driver.mtu\":\"65536\"}}", R_NETWORK, NULL },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Labels\":"
	  "{\"ds01.user\":\"bob\"}}", R_RESERVED_LABEL, NULL },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Labels\":"
	  "{\"a\\nb\":\"\"}}", R_LABEL, NULL },
	{ &schema_network, policy_network, "{\"Name\":\"n1\",\"Labels\":"
	  "{\"a\":\"x\\u001b\\ny\"}}", R_NONE, "\"x  y\"" },
	{ &schema_volume, policy_volume, "{\"Name\":\"v1\",\"Labels\":"
	  "{\"a\\nb\":\"\"}}", R_LABEL, NULL },
	{ &schema_volume, policy_volume, "{\"Name\":\"v1\",\"Labels\":"
	  "{\"a\":\"x\\u001b\\ny\"}}", R_NONE, "\"x  y\"" },
	{ &schema_commit, policy_commit, "{\"Labels\":{\"a\\nb\":\"\"}}",
	  R_LABEL, NULL },
	{ &schema_commit, policy_commit, "{\"Labels\":{\"a\":\"x\\u001b"
	  "\\ny\"}}", R_NONE, "\"x  y\"" },
	{ &schema_connect, policy_connect, "{\"Container\":\"mine\","
	  "\"EndpointConfig\":{\"Aliases\":[\"a\"],\"DriverOpts\":{}}}",
	  R_NONE, "{\"Container\":\"" A64 "\",\"EndpointConfig\":"
	  "{\"Aliases\":[\"a\"]}}" },
	{ &schema_connect, policy_connect, "{\"Container\":\"bobs\"}",
	  R_NOT_OWNER, NULL },
	{ &schema_connect, policy_connect, "{}", R_BAD_FIELD, NULL },
	{ &schema_connect, policy_connect, "{\"Container\":\"mine\","
	  "\"EndpointConfig\":{\"Links\":[\"bobs:x\"]}}", R_NOT_OWNER, NULL },
	{ &schema_disconnect, policy_disconnect, "{\"Container\":\"mine\","
	  "\"Force\":true}", R_NONE, A64 },
	{ &schema_disconnect, policy_disconnect, "{\"Force\":true}",
	  R_BAD_FIELD, NULL },
	{ &schema_disconnect, policy_disconnect, "{\"Container\":\"bobs\","
	  "\"Force\":true}", R_NOT_OWNER, NULL },
	{ &schema_auth, policy_auth, "{\"serveraddress\":"
	  "\"https://index.docker.io/v1/\"}", R_NONE, "index.docker.io" },
	{ &schema_auth, policy_auth, "{\"serveraddress\":"
	  "\"https://127.0.0.1/v1/\"}", R_IMAGE_SOURCE, NULL },
	{ &schema_auth, policy_auth, "{\"serveraddress\":\"127.0.0.1:5000\"}",
	  R_IMAGE_SOURCE, NULL },
	{ &schema_auth, policy_auth, "{\"serveraddress\":"
	  "\"https://index.docker.io@127.0.0.1/\"}", R_IMAGE_SOURCE, NULL },
	{ &schema_commit, policy_commit, "{\"Labels\":{\"ds01.protected\":"
	  "\"true\"}}", R_RESERVED_LABEL, NULL },
	{ &schema_commit, policy_commit, "{\"Cmd\":\"x\",\"Labels\":{\"a\":"
	  "\"b\"}}", R_NONE, "{\"Cmd\":[\"x\"],\"Labels\":{\"a\":\"b\"}}" },
};

static void
test_other_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(other_rows); i++) {
		struct buf out = BUF_INIT(0);
		struct refusal why = { 0 };
		enum reason r = judge(other_rows[i].schema, other_rows[i].fn,
		    &alice, other_rows[i].body, &out, &why);

		if (r != other_rows[i].why)
			fail_msg("%s: %s %s", other_rows[i].body,
			    reason_row(r)->id, r ? why.detail : "");
		if (r == R_NONE)
			check_in(out.data, other_rows[i].in,
			    other_rows[i].body);
		buf_free(&out);
	}
}

/* What clients really send goes through; "-asks-gpu" for want of GPUs. */
static void
run_recorded(size_t road, const char *dir)
{
	struct dirent *d;
	DIR *dp = opendir(dir);
	size_t n = 0;

	if (dp == NULL)
		fail_msg("%s: run from the top of the tree", dir);
	while ((d = readdir(dp)) != NULL) {
		char path[512], text[16384];
		struct refusal why = { 0 };
		size_t len;
		FILE *f;
		enum reason r;

		if (strstr(d->d_name, ".json") == NULL)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		f = fopen(path, "re");
		assert_non_null(f);
		len = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
		text[len] = '\0';
		r = judge(recorded[road].schema, recorded[road].fn, &alice,
		    text, NULL, &why);
		if (r != (strstr(path, "-asks-gpu") ? R_GPU : R_NONE))
			fail_msg("%s: %s %s", path, reason_row(r)->id,
			    why.detail);
		n++;
	}
	closedir(dp);
	assert_true(n > 0);
}

static void
test_recorded(void **state)
{
	const char *base = getenv("TEST_DATA");
	char dir[256];

	(void)state;
	image_config = "{}";
	for (size_t i = 0; i < N(recorded); i++) {
		snprintf(dir, sizeof(dir), "%s/bodies/%s",
		    base != NULL ? base : "tests/data", recorded[i].dir);
		run_recorded(i, dir);
	}
}

static const struct {
	const char *body;
	bool confined;
	enum reason why;
	const char *in;
} exec_rows[] = {
	{ "{\"Cmd\":[\"id\"],\"User\":\"0\"}", false, R_NONE, "\"0\"" },
	{ "{\"Cmd\":[\"id\"],\"User\":\"0\"}", true, R_NONE,
	  "\"User\":\"1000:65534\"" },
	{ "{\"Cmd\":[\"id\"]}", true, R_NONE, "\"User\":\"1000:65534\"" },
	{ "{\"Cmd\":[\"id\"],\"Privileged\":true}", false, R_PRIVILEGED,
	  NULL },
	{ "{\"Cmd\":[\"id\"],\"WorkingDir\":\"/proc/self/fd/7\"}", false,
	  R_WORKING_DIR, NULL },
	{ "{\"Cmd\":[\"id\"],\"Container\":\"x\",\"detachKeys\":\"a\"}",
	  false, R_NONE, "!Container" },
};

static void
test_exec(void **state)
{
	struct policy_env env = { .caller = &alice, .cfg = &config };

	(void)state;
	for (size_t i = 0; i < N(exec_rows); i++) {
		struct thing t = { .confined = exec_rows[i].confined };
		struct buf out = BUF_INIT(0);
		struct refusal why;
		cJSON *body = json_parse(span_of(exec_rows[i].body), &why);

		assert_int_equal(schema_decode(&schema_exec, body, false,
		    &why), R_NONE);
		assert_int_equal(policy_exec(&env, &t, body, &why),
		    exec_rows[i].why);
		json_write(&out, body);
		if (exec_rows[i].why == R_NONE)
			check_in(out.data, exec_rows[i].in,
			    exec_rows[i].body);
		cJSON_Delete(body);
		buf_free(&out);
	}
}

static const struct { const char *name; bool ok; } names[] = {
	{ "web", true }, { "/web", true }, { "a_b.c-d", true },
	{ "deadbeef", true }, { "0123456789abz", true },
	{ "a", false }, { "", false }, { "/", false }, { "-a", false },
	{ "a b", false }, { "a/b", false }, { "//ab", false },
	{ "0123456789ab", false }, { "/0123456789ab", false },
	{ A64, false }, { "\xc3\xa9" "ab", false }, { "ab\n", false },
};

static void
test_name(void **state)
{
	struct refusal why;

	(void)state;
	for (size_t i = 0; i < N(names); i++)
		if ((policy_name(names[i].name, &why) == R_NONE) !=
		    names[i].ok)
			fail_msg("%s", names[i].name);
	/* of 255 bytes, not of 256 */
	char text[257];
	memset(text, 'z', sizeof(text));
	text[255] = '\0';
	assert_int_equal(policy_name(text, &why), R_NONE);
	text[255] = 'z';
	text[256] = '\0';
	assert_int_equal(policy_name(text, &why), R_NAME);
}

static const struct { const char *args; bool ok; } ps[] = {
	{ "", true }, { "-ef", true }, { "aux", true }, { "-o pid", true },
	{ "-o pid,user,cmd", true }, { "-eo pid,comm", true },
	{ "-o pid -o args", true }, { "-opid,stat", true },
	{ "-o cmd,pid", false }, { "-o user,pid", false },
	{ "eww -o args,args,pid -p 1", false }, { "-ef e", false },
	{ "-o pid -p 1", false }, { "-o pid,", false }, { "-o", false },
	{ "-o pid=args", false }, { "--ppid 1", false }, { "-C x", false },
	{ "-o pid,environ", false }, { "-o args -o pid", false },
	{ "-o pid\taux", false },
};

static void
test_ps_args(void **state)
{
	struct refusal why;

	(void)state;
	for (size_t i = 0; i < N(ps); i++)
		if ((policy_ps_args(ps[i].args, &why) == R_NONE) != ps[i].ok)
			fail_msg("%s", ps[i].args);
}

#define MASKED "\"MaskedPaths\":[\"/proc/kcore\",\"/sys/firmware\"]," \
	"\"ReadonlyPaths\":[\"/proc/sys\",\"/proc/sysrq-trigger\"]"
static const struct { const char *config, *host; bool ok; } inspects[] = {
	{ "{\"Image\":\"x\",\"Env\":[\"NVIDIA_VISIBLE_DEVICES=all\"]}",
	  "{\"Runtime\":\"runc\",\"CgroupnsMode\":\"host\",\"LogConfig\":"
	  "{\"Type\":\"journald\",\"Config\":{}}," MASKED "}", true },
	{ "{}", "{\"Privileged\":true}", false },
	{ "{}", "{\"Binds\":[\"/a:/b\"]}", false },
	{ "{}", "{\"Binds\":[\"vol:/b\"]}", false },
	{ "{}", "{\"VolumesFrom\":[\"mine\"]}", false },
	{ "{}", "{\"NetworkMode\":\"mynet\"}", false },
	{ "{}", "{\"PidMode\":\"host\"}", false },
	{ "{}", "{\"MaskedPaths\":[]}", false },
	{ "{}", "{\"MaskedPaths\":[\"/x\"]}", false },
	{ "{}", "{\"CapAdd\":[\"SYS_ADMIN\"]}", false },
	{ "{}", "{\"Future\":1}", false },
	{ "{\"Env\":[\"NVIDIA_VISIBLE_DEVICES=all\"]}",
	  "{\"Runtime\":\"nvidia\"}", false },
	{ "{\"Labels\":{\"ds01.user\":\"\"}}", "{\"PidsLimit\":-1,"
	  "\"CgroupParent\":\"ds01-x.slice\"}", true },
	{ "{}", "{\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/v\","
	  "\"VolumeOptions\":{\"Labels\":{\"ds01.user\":\"bob\"}}}]}", true },
	{ "{}", "{\"ReadonlyPaths\":[\"/proc/sys\"]}", false },
	{ "{}", "{\"ReadonlyPaths\":[\"/proc/sysrq-trigger\"]}", false },
	{ "{}", "{\"Runtime\":\"io.containerd.runc.v2\"}", true },
	{ "{}", "{\"LogConfig\":{\"Type\":\"syslog\",\"Config\":{}}}", true },
	{ "{}", "{\"LogConfig\":{\"Type\":\"syslog\",\"Config\":{\"a\":\"b\"}}}",
	  false },
	{ "{}", "{\"LogConfig\":{\"Type\":\"gelf\",\"Config\":{}}}", false },
	/* images of nvidia's first days */
	{ "{\"Env\":[\"CUDA_VERSION=8\"]}", "{\"Runtime\":\"nvidia\"}", false },
	{ "{\"Env\":[\"CUDA_VERSION=8\",\"NVIDIA_VISIBLE_DEVICES=void\"]}",
	  "{\"Runtime\":\"nvidia\"}", true },
	{ "{\"Env\":[\"A=b\"]}", "{\"Runtime\":\"nvidia\"}", true },
	{ "null", "{}", false }, { "{}", "null", false },
	{ "{}", "[]", false },
};

static void
test_harmless(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(inspects); i++) {
		struct buf b = BUF_INIT(0);

		buf_printf(&b, "{\"Id\":\"x\",\"Config\":%s,\"HostConfig\":%s}",
		    inspects[i].config, inspects[i].host);
		asked[0] = '\0';
		if (policy_harmless(&config, &alice, buf_span(&b), false) !=
		    inspects[i].ok)
			fail_msg("%s %s", inspects[i].config,
			    inspects[i].host);
		assert_string_equal(asked, "");
		/* an admin looking on changes nothing */
		assert_int_equal(policy_harmless(&config, &root,
		    buf_span(&b), false), inspects[i].ok);
		buf_free(&b);
	}
	assert_false(policy_harmless(&config, &alice, (struct span){ 0 },
	    false));
	/* where users have no root, what nobody confined is not harmless */
	struct caller who = alice;
	who.policy = &rootless;
	assert_true(policy_harmless(&config, &alice, span_of(
	    "{\"Config\":{},\"HostConfig\":{}}"), false));
	assert_false(policy_harmless(&config, &who, span_of(
	    "{\"Config\":{},\"HostConfig\":{}}"), false));
}

/* 64 of the image's and as many again of the body's are fine, 257 are not. */
static void
test_exposed(void **state)
{
	struct buf out = BUF_INIT(0);
	struct refusal why;

	(void)state;
	image_config = "{\"ExposedPorts\":{" EXPOSED64 "}}";
	for (int n = 192; n <= 193; n++) {
		struct buf text = BUF_INIT(0);

		buf_puts(&text, "{\"Image\":\"img\",\"ExposedPorts\":{");
		for (int i = 0; i < n; i++)
			buf_printf(&text, "%s\"%d/udp\":{}", i == 0 ? "" : ",",
			    i + 1);
		buf_puts(&text, "}}");
		assert_int_equal(judge(&schema_create, policy_create, &alice,
		    text.data, &out, &why), n == 192 ? R_NONE : R_PORT);
		buf_free(&text);
	}
	image_config = "{}";
	buf_free(&out);
}

static void
test_own_containers(void **state)
{
	static const char *const body = "{\"Image\":\"img\"}";
	struct buf out = BUF_INIT(0);
	struct refusal why;

	(void)state;
	assert_int_equal(judge(&schema_create, policy_create, &alice, body,
	    &out, &why), R_NONE);
	world.containers = 100;
	assert_int_equal(judge(&schema_create, policy_create, &alice, body,
	    &out, &why), R_RESOURCE);
	assert_int_equal(judge(&schema_create, policy_create, &root, body,
	    &out, &why), R_NONE);
	world.containers = 99;
	buf_free(&out);
}

/* One more is the eighth; then it is enough. */
static void
test_own_networks(void **state)
{
	struct buf out = BUF_INIT(0);
	struct refusal why;

	(void)state;
	assert_int_equal(judge(&schema_network, policy_network, &alice,
	    "{\"Name\":\"net\"}", &out, &why), R_NONE);
	world.networks = 8;
	assert_int_equal(judge(&schema_network, policy_network, &alice,
	    "{\"Name\":\"net\"}", &out, &why), R_RESOURCE);
	assert_int_equal(judge(&schema_network, policy_network, &root,
	    "{\"Name\":\"net\"}", &out, &why), R_NONE);
	world.networks = 7;
	buf_free(&out);
}

/* Lists are everybody's.  Go writes '<' in six bytes. */
static void
test_weight(void **state)
{
	static const struct {
		size_t n;
		const char *what, *key;
		enum reason why;
	} loads[] = {
		{ 100000, "a", "Labels", R_NONE },
		{ 100000, " ", "Labels", R_NONE },
		{ 70000, "\\\"", "Labels", R_RESOURCE },
		{ 70000, "\\\\", "Labels", R_RESOURCE },
		{ 140000, "a", "Labels", R_RESOURCE },
		{ 30000, "<", "Labels", R_RESOURCE },
		{ 30000, "\xe2\x80\xa8", "Labels", R_RESOURCE },
		{ 20000, "\xe2\x80\xa8", "Labels", R_NONE },
		{ 140000, "a", "Env", R_NONE },
		{ 260000, "a", "Env", R_NONE },
		{ 270000, "a", "Env", R_RESOURCE },
		{ 140000, "a", "Cmd", R_RESOURCE },
	};

	(void)state;
	for (size_t i = 0; i < N(loads); i++) {
		struct buf text = BUF_INIT(0), out = BUF_INIT(0);
		bool map = strcmp(loads[i].key, "Labels") == 0;
		struct refusal why;

		buf_printf(&text, "{\"Image\":\"img\",\"%s\":%s\"",
		    loads[i].key, map ? "{\"a\":" : "[");
		for (size_t j = 0; j < loads[i].n; j++)
			buf_puts(&text, loads[i].what);
		buf_puts(&text, map ? "\"}}" : "\"]}");
		if (judge(&schema_create, policy_create, &alice, text.data,
		    &out, &why) != loads[i].why)
			fail_msg("row %zu", i);
		assert_int_equal(judge(&schema_create, policy_create, &root,
		    text.data, NULL, &why), R_NONE);
		buf_free(&text);
		buf_free(&out);
	}
}

/* Kept by dockerd: each command, until its container ends. */
static void
test_exec_weight(void **state)
{
	struct refusal why;

	(void)state;
	for (int much = 0; much < 2; much++) {
		struct buf text cleanup_buf = BUF_INIT(0);

		buf_printf(&text, "{\"Cmd\":[\"true\"],\"Env\":[\"a=%0*d\"]}",
		    much ? 66000 : 65000, 0);
		assert_int_equal(judge(&schema_exec, exec_mine, &alice,
		    text.data, NULL, &why), much ? R_RESOURCE : R_NONE);
		assert_int_equal(judge(&schema_exec, exec_mine, &root,
		    text.data, NULL, &why), R_NONE);
	}
	for (unsigned n = EXECS_MAX - 1; n <= EXECS_MAX; n++) {
		container_execs = n;
		assert_int_equal(judge(&schema_exec, exec_mine, &alice,
		    "{\"Cmd\":[\"true\"]}", NULL, &why), n < EXECS_MAX ?
		    R_NONE : R_RESOURCE);
		assert_int_equal(judge(&schema_exec, exec_mine, &root,
		    "{\"Cmd\":[\"true\"]}", NULL, &why), R_NONE);
	}
	container_execs = 0;
}

/* Made when more was allowed, started now. */
static void
test_exec_made(void **state)
{
	static const struct {
		const char *process;
		enum reason plain, confined;
	} rows[] = {
		{ "{\"privileged\":false}", R_NONE, R_USER },
		{ "{\"privileged\":false,\"user\":\"0\"}", R_NONE, R_USER },
		{ "{\"privileged\":false,\"user\":\"1000:0\"}", R_NONE,
		    R_USER },
		{ "{\"privileged\":false,\"user\":\"1000:65534\"}", R_NONE,
		    R_NONE },
		{ "{\"privileged\":true,\"user\":\"1000:65534\"}",
		    R_PRIVILEGED, R_PRIVILEGED },
		{ "{}", R_PRIVILEGED, R_PRIVILEGED },
	};
	struct thing t = { .claim = CLAIM_OWN };
	struct refusal why;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		t.confined = false;
		assert_int_equal(policy_exec_made(&alice, &t,
		    span_of(rows[i].process), &why), rows[i].plain);
		t.confined = true;
		assert_int_equal(policy_exec_made(&alice, &t,
		    span_of(rows[i].process), &why), rows[i].confined);
	}
}

/* An image's labels are in a list as well, and a name on a network. */
static void
test_other_weight(void **state)
{
	struct refusal why;

	(void)state;
	for (int much = 0; much < 2; much++) {
		struct buf label cleanup_buf = BUF_INIT(0);
		struct buf alias cleanup_buf = BUF_INIT(0);

		buf_printf(&label, "{\"Labels\":{\"a\":\"%0*d\"}}",
		    much ? 132000 : 130000, 0);
		assert_int_equal(judge(&schema_commit, policy_commit, &alice,
		    label.data, NULL, &why), much ? R_RESOURCE : R_NONE);
		buf_printf(&alias, "{\"Container\":\"mine\","
		    "\"EndpointConfig\":{\"Aliases\":[\"%0*d\"]}}",
		    much ? 17000 : 15000, 0);
		assert_int_equal(judge(&schema_connect, policy_connect, &alice,
		    alias.data, NULL, &why), much ? R_RESOURCE : R_NONE);
	}
}

/* Volumes and networks are listed too, and are many. */
static void
test_small_weight(void **state)
{
	(void)state;
	for (int much = 0; much < 2; much++) {
		struct buf text cleanup_buf = BUF_INIT(0);
		enum reason want = much ? R_RESOURCE : R_NONE;
		struct refusal why;

		buf_printf(&text, "{\"Name\":\"n1\",\"Labels\":{\"a\":\"%0*d\"}}",
		    much ? 17000 : 15000, 0);
		assert_int_equal(judge(&schema_volume, policy_volume, &alice,
		    text.data, NULL, &why), want);
		assert_int_equal(judge(&schema_network, policy_network,
		    &alice, text.data, NULL, &why), want);
		assert_int_equal(judge(&schema_volume, policy_volume, &root,
		    text.data, NULL, &why), R_NONE);
	}
}

/* Whose code it runs can reach what it has; rights stay rights. */
static void
test_gone(void **state)
{
	static const struct { const char *host; bool ok; } rows[] = {
		{ "{\"Binds\":[\"vol:/v\",\"/home/alice:/h\"]}", true },
		{ "{\"NetworkMode\":\"alices\"}", true },
		{ "{\"PidMode\":\"container:x\"}", true },
		{ "{\"VolumesFrom\":[\"x\"]}", true },
		{ "{\"Privileged\":true}", false },
		{ "{\"NetworkMode\":\"host\"}", false },
		{ "{\"CapAdd\":[\"SYS_ADMIN\"]}", false },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct buf b = BUF_INIT(0);

		buf_printf(&b, "{\"Id\":\"x\",\"Config\":{},"
		    "\"HostConfig\":%s}", rows[i].host);
		assert_int_equal(policy_harmless(&config, &alice, buf_span(&b),
		    true), rows[i].ok);
		if (i < 4)
			assert_false(policy_harmless(&config, &alice,
			    buf_span(&b), false));
		buf_free(&b);
	}
}

/* A container that was made: Config, HostConfig, and its image's Config. */
static void
test_made_rows(void **state)
{
	static const struct {
		const char *config, *host, *image;
		enum reason want;
	} rows[] = {
		{ "{}", "{}", "{}", R_NONE },
		{ "{\"WorkingDir\":\"/w\",\"Env\":[\"A=1\","
		    "\"NVIDIA_GDS=\",\"DOCKER_RESOURCE_GPU=void\"],"
		    "\"Healthcheck\":{\"Test\":[\"CMD\",\"t\"],\"Interval\":"
		    "1000000000},\"Volumes\":{\"/v\":{}},\"Labels\":{"
		    "\"ds01.user\":\"alice\",\"ds01.confined\":\"true\","
		    "\"ds01.image\":\"img\",\"ds01.gate\":\"0\",\"x\":\"y\","
		    "\"ds01.protected\":\"false\",\"aime.mlc.USER\":\"alice\"}}",
		    "{}", "{\"Volumes\":{\"/v\":{}}}", R_NONE },
		{ "{\"WorkingDir\":\"/proc/self/fd/7\"}", "{}", "{}",
		    R_WORKING_DIR },
		{ "{\"Env\":[\"DOCKER_RESOURCE_GPU=all\"]}", "{}", "{}",
		    R_GPU },
		{ "{\"Env\":[\"A=1\",\"NVIDIA_IMEX_CHANNELS=1\"]}", "{}",
		    "{}", R_GPU },
		{ "{\"Healthcheck\":{\"Test\":[\"CMD\"]}}", "{}", "{}",
		    R_RESOURCE },
		{ "{\"Healthcheck\":{\"Test\":[\"CMD-SHELL\"]}}", "{}", "{}",
		    R_RESOURCE },
		{ "{\"Healthcheck\":{\"Test\":[\"NONE\"]}}", "{}", "{}",
		    R_NONE },
		{ "{\"Healthcheck\":{\"Test\":[[\"CMD\"]]}}", "{}", "{}",
		    R_RESOURCE },
		{ "{\"Healthcheck\":{\"Interval\":999999999}}", "{}", "{}",
		    R_RESOURCE },
		{ "{\"Healthcheck\":{\"StartInterval\":1}}", "{}", "{}",
		    R_RESOURCE },
		{ "{\"Volumes\":{\"/v\":{}}}", "{}", "{}", R_MOUNT },
		{ "{\"Volumes\":{\"/v\":{}}}", "{}", NULL, R_NONE },
		{ "{\"Volumes\":{\"/run/nvidia-container-devices/0\":{}}}",
		    "{}", NULL, R_GPU },
		{ "{\"Labels\":{\"ds01.protected\":\"true\"}}", "{}", "{}",
		    R_RESERVED_LABEL },
		{ "{\"Labels\":{\"aime.mlc.USER\":\"bob\"}}", "{}", "{}",
		    R_RESERVED_LABEL },
		{ "{\"Labels\":{\"ds01.gpu.0\":\"x\"}}", "{}", "{}",
		    R_RESERVED_LABEL },
		{ "nope", "{}", "{}", R_BAD_JSON },
		{ "{}", "nope", "{}", R_BAD_JSON },
		{ "{}", "{}", "nope", R_BAD_JSON },
	};
	struct thing t = { .judged = "img" };
	struct refusal why;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct buf b cleanup_buf = BUF_INIT(0);
		enum reason r;

		snprintf(t.judged, sizeof(t.judged), "%s",
		    rows[i].image == NULL ? "gone" : "img");
		image_config = rows[i].image;
		buf_printf(&b, "{\"Config\":%s,\"HostConfig\":%s}",
		    rows[i].config, rows[i].host);
		r = policy_made(NULL, &alice, &t, buf_span(&b), &why);
		if (r != rows[i].want)
			fail_msg("row %zu: %d %s", i, r, r != R_NONE ?
			    why.detail : "");
		t.judged[0] = '\0';	/* nobody's image was judged */
		assert_int_equal(policy_made(NULL, &alice, &t, buf_span(&b),
		    &why), R_NONE);
	}
	image_config = "{}";
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deny_rows),
		cmocka_unit_test(test_host_rows),
		cmocka_unit_test(test_host_rows_complete),
		cmocka_unit_test(test_loose_rows),
		cmocka_unit_test(test_classic_builds),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_volume_first),
		cmocka_unit_test(test_volume_held),
		cmocka_unit_test(test_volume_not_held),
		cmocka_unit_test(test_volume_kind),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_admin),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_admin_rows),
		cmocka_unit_test(test_admin_others),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_long_reference),
		cmocka_unit_test(test_detail),
		cmocka_unit_test(test_volumes_of_another),
		cmocka_unit_test(test_other_bodies),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_ps_args),
		cmocka_unit_test(test_harmless),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_weight),
		cmocka_unit_test(test_exec_weight),
		cmocka_unit_test(test_exec_made),
		cmocka_unit_test(test_other_weight),
		cmocka_unit_test(test_small_weight),
		cmocka_unit_test(test_own_networks),
		cmocka_unit_test(test_exposed),
		cmocka_unit_test(test_own_containers),
		cmocka_unit_test(test_made_rows),
	};

	return cmocka_run_group_tests_name("policy", tests, setup, teardown);
}
