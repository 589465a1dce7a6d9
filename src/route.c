/*
 * route.c - every method and route of the Docker Engine API, as one table.
 *
 * Guarantees that a request line has one reading, and that dockerd's router
 * (greedy patterns, decoding, path cleaning) comes to the same one: what it
 * would find under another name, or another route, is refused here.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "route.h"

/* --- query parameters, API 1.24 to 1.51 (moby daemon/server/router) --- */

#define BOOL(n) { .name = (n), .type = P_BOOL }
#define INT(n) { .name = (n), .type = P_INT }
#define TEXT(n) { .name = (n), .type = P_TEXT }
#define TEXTS(n) { .name = (n), .type = P_TEXT, .repeat = true }
#define LINES(n) { .name = (n), .type = P_LINES }
#define CHANGES(n) { .name = (n), .type = P_CHANGE, .repeat = true }
#define PATH(n) { .name = (n), .type = P_PATH }
#define JSON(n) { .name = (n), .type = P_JSON }
#define JSONS(n) { .name = (n), .type = P_JSON, .repeat = true }
#define FILTERS(n) { .name = (n), .type = P_FILTERS }
#define DENY(n, r) { .name = (n), .type = P_DENY, .why = (r) }
#define END { .name = NULL }

static const struct param
no_params[] = { END },
filters_params[] = { FILTERS("filters"), END },
force_params[] = { BOOL("force"), END },
version_params[] = { INT("version"), END },
resize_params[] = {
	{ .name = "h", .type = P_INT, .max = 65535 },
	{ .name = "w", .type = P_INT, .max = 65535 },
	END
},
logs_params[] = {
	BOOL("follow"), BOOL("stdout"), BOOL("stderr"), TEXT("since"),
	TEXT("until"), BOOL("timestamps"), TEXT("tail"), BOOL("details"), END
},

/* since and before tell whether a container of somebody else exists */
container_list_params[] = {
	BOOL("all"), INT("limit"), BOOL("size"), FILTERS("filters"),
	DENY("since", R_PARAMETER), DENY("before", R_PARAMETER), END
},
container_create_params[] = { TEXT("name"), TEXT("platform"), END },
container_inspect_params[] = { BOOL("size"), END },
container_top_params[] = { TEXT("ps_args"), END },
container_stats_params[] = { BOOL("stream"), BOOL("one-shot"), END },
archive_params[] = { PATH("path"), END },
archive_put_params[] = {
	PATH("path"), BOOL("noOverwriteDirNonDir"), BOOL("copyUIDGID"), END
},
attach_params[] = {
	TEXT("detachKeys"), BOOL("logs"), BOOL("stream"), BOOL("stdin"),
	BOOL("stdout"), BOOL("stderr"), END
},
/* checkpoints are read from the host's file system, by root */
container_start_params[] = {
	TEXT("detachKeys"), DENY("checkpoint", R_PARAMETER),
	DENY("checkpoint-dir", R_PARAMETER), END
},
stop_params[] = { INT("t"), TEXT("signal"), END },
kill_params[] = { TEXT("signal"), END },
wait_params[] = { TEXT("condition"), END },
rename_params[] = { TEXT("name"), END },
/* link: fails and still holds a removal up (links are not made here) */
container_remove_params[] = {
	BOOL("v"), BOOL("force"), DENY("link", R_PARAMETER), END
},
checkpoint_params[] = { PATH("dir"), END },
commit_params[] = {
	{ .name = "container", .type = P_CONTAINER }, TEXT("repo"),
	TEXT("tag"), LINES("comment"), TEXT("author"), BOOL("pause"),
	CHANGES("changes"), END
},

image_list_params[] = {
	FILTERS("filters"), TEXT("filter"), BOOL("all"), BOOL("digests"),
	BOOL("shared-size"), BOOL("manifests"), END
},
image_search_params[] = {
	TEXT("term"), INT("limit"), FILTERS("filters"), END
},
image_save_params[] = { TEXTS("names"), JSONS("platform"), END },
platform_json_params[] = { JSONS("platform"), END },
image_inspect_params[] = { BOOL("manifests"), JSON("platform"), END },
attestations_params[] = { TEXTS("type"), JSON("platform"), END },
image_load_params[] = { BOOL("quiet"), JSONS("platform"), END },
/* fromSrc is an import: its URL is judged by its room */
image_pull_params[] = {
	TEXT("fromImage"), TEXT("fromSrc"), TEXT("repo"), TEXT("tag"),
	LINES("message"), TEXT("platform"), CHANGES("changes"), END
},
image_push_params[] = { TEXT("tag"), JSON("platform"), END },
image_tag_params[] = { TEXT("repo"), TEXT("tag"), BOOL("force"), END },
/* platforms: takes away content that other names, everybody's, lead to */
image_remove_params[] = {
	BOOL("force"), BOOL("noprune"), DENY("platforms", R_PARAMETER), END
},

network_inspect_params[] = { BOOL("verbose"), TEXT("scope"), END },

/* "client-session" is BuildKit's word for the context in its session */
build_params[] = {
	{ .name = "version", .type = P_INT, .min = 1, .max = 2 },
	TEXTS("t"), TEXT("dockerfile"), TEXT("target"), TEXT("platform"),
	BOOL("q"), BOOL("nocache"), BOOL("pull"), BOOL("rm"),
	BOOL("forcerm"), JSON("buildargs"), JSON("labels"),
	JSON("cachefrom"), TEXTS("extrahosts"), TEXT("networkmode"),
	INT("memory"), INT("memswap"), INT("cpushares"), INT("cpuperiod"),
	INT("cpuquota"), TEXT("cpusetcpus"), TEXT("cpusetmems"),
	INT("shmsize"), JSON("ulimits"), TEXT("session"), TEXT("buildid"),
	{ .name = "remote", .type = P_DENY, .why = R_REMOTE_SOURCE,
	    .accept = "client-session" },
	{ .name = "isolation", .type = P_DENY, .why = R_BUILD,
	    .accept = "default" },
	{ .name = "securityopt", .type = P_DENY, .why = R_SECURITY_OPT,
	    .repeat = true },
	DENY("cgroupparent", R_CGROUP_PARENT), DENY("outputs", R_BUILD),
	DENY("squash", R_BUILD), END
},
build_prune_params[] = {
	BOOL("all"), FILTERS("filters"), INT("keep-storage"),
	INT("reserved-space"), INT("max-used-space"), INT("min-free-space"),
	END
},
build_cancel_params[] = { TEXT("id"), END },

events_params[] = {
	TEXT("since"), TEXT("until"), FILTERS("filters"), END
},
system_df_params[] = { TEXTS("type"), END },
pprof_params[] = { INT("seconds"), INT("debug"), INT("gc"), END },

plugin_remote_params[] = { TEXT("remote"), END },
plugin_pull_params[] = { TEXT("remote"), TEXT("name"), END },
plugin_create_params[] = { TEXT("name"), END },
plugin_enable_params[] = { INT("timeout"), END },
swarm_update_params[] = {
	INT("version"), BOOL("rotateWorkerToken"),
	BOOL("rotateManagerToken"), BOOL("rotateManagerUnlockKey"), END
},
service_list_params[] = { FILTERS("filters"), BOOL("status"), END },
service_inspect_params[] = { BOOL("insertDefaults"), END },
service_update_params[] = {
	INT("version"), TEXT("registryAuthFrom"), TEXT("rollback"), END
};

/* --- the table --- */

static const struct route routes[OP__COUNT] = {
#define ROUTE(o, m, p, s, ob, n, a, b, rp, ps, c) \
	[o] = { .id = (o), .method = (m), .path = (p), .since = (s), \
	    .object = (ob), .op = (n), .access = (a), .body = (b), \
	    .reply = (rp), .params = (ps), .changes = (c) },
#include "routes.def"
#undef ROUTE
};

/* Rows of one first segment stand together; the test holds them to it. */
static const struct group {
	const char *word;
	enum op first, last;
} groups[] = {
	{ "containers", OP_CONTAINER_LIST, OP_CONTAINER_REMOVE },
	{ "_ping", OP_SYSTEM_PING, OP_SYSTEM_PING_HEAD },
	{ "exec", OP_EXEC_INSPECT, OP_EXEC_RESIZE },
	{ "images", OP_IMAGE_LIST, OP_IMAGE_REMOVE },
	{ "networks", OP_NETWORK_LIST, OP_NETWORK_REMOVE },
	{ "volumes", OP_VOLUME_LIST, OP_VOLUME_REMOVE },
	{ "events", OP_SYSTEM_EVENTS, OP_SYSTEM_EVENTS },
	{ "version", OP_SYSTEM_VERSION, OP_SYSTEM_VERSION },
	{ "info", OP_SYSTEM_INFO, OP_SYSTEM_INFO },
	{ "system", OP_SYSTEM_DF, OP_SYSTEM_DF },
	{ "auth", OP_SYSTEM_AUTH, OP_SYSTEM_AUTH },
	{ "commit", OP_CONTAINER_COMMIT, OP_CONTAINER_COMMIT },
	{ "build", OP_IMAGE_BUILD, OP_BUILD_CANCEL },
	{ "session", OP_BUILD_SESSION, OP_BUILD_SESSION },
	{ "grpc", OP_BUILD_GRPC, OP_BUILD_GRPC },
	{ "distribution", OP_DISTRIBUTION_INSPECT, OP_DISTRIBUTION_INSPECT },
	{ "plugins", OP_PLUGIN_LIST, OP_PLUGIN_REMOVE },
	{ "swarm", OP_SWARM_INSPECT, OP_SWARM_UNLOCK },
	{ "services", OP_SERVICE_LIST, OP_SERVICE_REMOVE },
	{ "nodes", OP_NODE_LIST, OP_NODE_REMOVE },
	{ "tasks", OP_TASK_LIST, OP_TASK_INSPECT },
	{ "secrets", OP_SECRET_LIST, OP_SECRET_REMOVE },
	{ "configs", OP_CONFIG_LIST, OP_CONFIG_REMOVE },
	{ "debug", OP_DEBUG_VARS, OP_DEBUG_ANYMETHOD },
	{ "metrics", OP_DEBUG_METRICS, OP_DEBUG_METRICS },
};

const struct route *
route_row(enum op id)
{
	return (unsigned)id < OP__COUNT ? &routes[id] : NULL;
}

size_t
route_count(void)
{
	return OP__COUNT;
}

/* --- paths --- */

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || digit(c);
}

/* A slash, then segments that are neither empty, "." nor ".."; the last one
 * may be empty (a few routes end in a slash).  pct: '%' may be there. */
static bool
is_path(struct span s, bool pct)
{
	const char *p = s.ptr, *end = s.ptr + s.len, *seg;

	if (s.len == 0 || *p != '/')
		return false;
	while (p < end) {
		seg = ++p;
		for (; p < end && *p != '/'; p++)
			if (!alnum(*p) && !(pct && *p == '%') && (*p == '\0' ||
			    strchr("-._~:@+", *p) == NULL))
				return false;
		if (p == seg ? p < end : seg[0] == '.' && (p - seg == 1 ||
		    (p - seg == 2 && seg[1] == '.')))
			return false;
	}
	return true;
}

/* "/v1.NN" in front: taken off, and NN goes to api (0 if there is none). */
static enum reason
take_version(struct span *path, unsigned *api, struct refusal *why)
{
	const char *p = path->ptr, *slash;
	size_t len;

	*api = 0;
	if (path->len < 3)
		return R_NONE;
	slash = memchr(p + 1, '/', path->len - 1);
	len = slash ? (size_t)(slash - p) : path->len;
	if (len < 3 || (p[1] != 'v' && p[1] != 'V') ||
	    (!digit(p[2]) && p[2] != '.'))
		return R_NONE;
	if (slash == NULL || len != 6 || memcmp(p, "/v1.", 4) != 0 ||
	    !digit(p[4]) || !digit(p[5]))
		return refuse(why, R_BAD_VERSION, "%.*s", (int)len - 1, p + 1);
	*api = (unsigned)(p[4] - '0') * 10 + (unsigned)(p[5] - '0');
	if (*api < ROUTE_API_MIN || *api > ROUTE_API_MAX)
		return refuse(why, R_BAD_VERSION, "1.%u", *api);
	*path = (struct span){ slash, path->len - len };
	return R_NONE;
}

/* --- names --- */

/* Names that are paths themselves: references of images and plugins. */
static bool
has_slashes(enum object o)
{
	return o == OBJ_IMAGE || o == OBJ_PLUGIN || o == OBJ_DEBUG;
}

/* Decoded once; a byte that was encoded is one of a reference's own, so
 * that decoding twice finds nothing more. */
static bool
is_reference(const char *s)
{
	char path[ROUTE_NAME_MAX + 1];
	size_t len = strlen(s);

	if (len == 0 || !alnum(s[0]) || s[len - 1] == '/' ||
	    strchr(s, '~') != NULL)
		return false;
	path[0] = '/';
	memcpy(path + 1, s, len);
	return is_path((struct span){ path, len + 1 }, false);
}

static bool
is_exec_id(const char *s)
{
	return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static bool
take_name(enum object o, struct span raw, char out[ROUTE_NAME_MAX])
{
	if (has_slashes(o))
		return query_decode(raw, false, out, ROUTE_NAME_MAX) &&
		    is_reference(out);
	if (!span_copy(raw, out, ROUTE_NAME_MAX))
		return false;
	return o == OBJ_EXEC ? is_exec_id(out) : query_is_name(out);
}

/* "docker inspect lab/img:1" asks for a container of that name first and goes
 * on only when told that there is none; none can be called so. */
static bool
may_be_image(const struct route *r, struct span raw, char out[ROUTE_NAME_MAX])
{
	return (r->id == OP_CONTAINER_INSPECT || r->id == OP_NETWORK_INSPECT ||
	    r->id == OP_VOLUME_INSPECT) && span_copy(raw, out, ROUTE_NAME_MAX) &&
	    is_reference(out);
}

static const char *
noun(const struct route *r)
{
	return r->object == OBJ_NETWORK ? "network" :
	    r->object == OBJ_VOLUME ? "volume" : "container";
}

/* --- matching --- */

static bool
ends_with(struct span *s, const char *tail, size_t len)
{
	if (s->len < len || memcmp(s->ptr + s->len - len, tail, len) != 0)
		return false;
	s->len -= len;
	return true;
}

/* Does path have the form of pattern?  {name} is greedy and may hold
 * slashes, as in dockerd; the second one of a pattern is one segment.  What
 * they hold is judged afterwards: a name that dockerd would take and we do
 * not is a bad path, not an unknown route. */
static bool
has_form(const char *pattern, struct span path, struct span name[2])
{
	const char *open = strchr(pattern, '{'), *close, *second, *slash;
	size_t head;

	name[0] = name[1] = (struct span){ NULL, 0 };
	if (open == NULL)
		return span_eq(path, pattern);
	head = (size_t)(open - pattern);
	if (path.len < head || memcmp(path.ptr, pattern, head) != 0)
		return false;
	path.ptr += head;
	path.len -= head;
	close = strchr(open, '}') + 1;
	second = strchr(close, '{');
	if (second != NULL) {
		slash = memrchr(path.ptr, '/', path.len);
		if (slash == NULL)
			return false;
		name[1].ptr = slash + 1;
		name[1].len = path.len - (size_t)(slash + 1 - path.ptr);
		path.len -= name[1].len;
	}
	if (!ends_with(&path, close, second ? (size_t)(second - close) :
	    strlen(close)))
		return false;
	name[0] = path;
	return true;
}

static const struct group *
find_group(struct span path)
{
	const char *slash = memchr(path.ptr + 1, '/', path.len - 1);
	struct span word = { path.ptr + 1,
	    (slash ? (size_t)(slash - path.ptr) : path.len) - 1 };
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (span_eq(word, groups[i].word))
			return &groups[i];
	return NULL;
}

/* The row for that request line, or NULL. */
static const struct route *
find_route(struct span method, struct span path, struct span name[2])
{
	const struct group *g = find_group(path);
	const struct route *r;
	bool any;

	if (span_eq(method, "OPTIONS")) {	/* any path, as in dockerd */
		name[0] = name[1] = (struct span){ NULL, 0 };
		return &routes[OP_SYSTEM_OPTIONS];
	}
	if (g == NULL)
		return NULL;
	for (r = &routes[g->first]; r <= &routes[g->last]; r++) {
		any = r->id == OP_DEBUG_ANYMETHOD;
		if ((any || span_eq(method, r->method)) &&
		    has_form(r->path, path, name))
			return r;
	}
	return NULL;
}

enum reason
route_match(struct span method, struct span target, struct route_match *out,
    struct refusal *why)
{
	const char *mark = target.len > 0 ?
	    memchr(target.ptr, '?', target.len) : NULL;
	struct span path = target, name[2];
	const struct route *r;
	enum reason bad;

	*out->name = *out->name2 = '\0';
	out->query = (struct span){ NULL, 0 };
	if (mark != NULL) {
		path.len = (size_t)(mark - target.ptr);
		out->query = (struct span){ mark + 1,
		    target.len - path.len - 1 };
	}
	if (!is_path(path, true))
		return refuse(why, R_BAD_PATH, "%.*s", (int)path.len,
		    path.len > 0 ? path.ptr : "");
	bad = take_version(&path, &out->api, why);
	if (bad != R_NONE)
		return bad;
	r = find_route(method, path, name);
	if (r == NULL && (path.ptr[path.len - 1] == '/' ||
	    memchr(path.ptr, '%', path.len) != NULL))
		return refuse(why, R_BAD_PATH, "%.*s", (int)path.len,
		    path.ptr);
	if (r == NULL)
		return refuse(why, R_UNKNOWN_ROUTE, "%.*s %.*s",
		    (int)method.len, method.ptr, (int)path.len, path.ptr);
	if (name[0].ptr != NULL && !take_name(r->object, name[0],
	    out->name) && may_be_image(r, name[0], out->name))
		return refuse_missing(why, noun(r), out->name);
	if ((name[0].ptr != NULL && !take_name(r->object, name[0],
	    out->name)) || (name[1].ptr != NULL &&
	    !take_name(r->object, name[1], out->name2)))
		return refuse(why, R_BAD_PATH, "%.*s", (int)path.len,
		    path.ptr);
	out->route = r;
	return R_NONE;
}

int
route_write(struct buf *out, const struct route *r, unsigned api,
    const char *name, const char *name2)
{
	const char *names[2] = { name, name2 }, *p = r->path, *open;
	size_t i = 0;

	if (api < ROUTE_API_MIN || api > ROUTE_API_MAX)
		return -1;
	buf_printf(out, "/v1.%u", api);
	while ((open = strchr(p, '{')) != NULL) {
		/* An empty name means every object in some of dockerd's
		 * routes, and the list in others. */
		if (i == 2 || names[i] == NULL || *names[i] == '\0')
			return -1;
		buf_add(out, p, (size_t)(open - p));
		query_encode(out, names[i++],
		    has_slashes(r->object) ? "/:@+" : "");
		p = strchr(open, '}') + 1;
	}
	buf_puts(out, p);
	return out->failed ? -1 : 0;
}
