/*
 * test_route.c - every route of dockerd has its row, and a request line finds
 * the row that dockerd's router would find, or none.
 * links: route query buf reason span json json_check json_walk
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "route.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define HEX64 "0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef"

/* What the routers of all releases register (moby, New*Route). */
static const struct {
	const char *method, *path;
} endpoints[] = {
	{ "GET", "/containers/json" }, { "POST", "/containers/create" },
	{ "GET", "/containers/{name}/json" },
	{ "GET", "/containers/{name}/top" },
	{ "GET", "/containers/{name}/logs" },
	{ "GET", "/containers/{name}/stats" },
	{ "GET", "/containers/{name}/changes" },
	{ "GET", "/containers/{name}/export" },
	{ "GET", "/containers/{name}/archive" },
	{ "HEAD", "/containers/{name}/archive" },
	{ "PUT", "/containers/{name}/archive" },
	{ "GET", "/containers/{name}/attach/ws" },
	{ "POST", "/containers/{name}/attach" },
	{ "POST", "/containers/{name}/start" },
	{ "POST", "/containers/{name}/stop" },
	{ "POST", "/containers/{name}/restart" },
	{ "POST", "/containers/{name}/kill" },
	{ "POST", "/containers/{name}/pause" },
	{ "POST", "/containers/{name}/unpause" },
	{ "POST", "/containers/{name}/wait" },
	{ "POST", "/containers/{name}/resize" },
	{ "POST", "/containers/{name}/rename" },
	{ "POST", "/containers/{name}/update" },
	{ "POST", "/containers/prune" }, { "DELETE", "/containers/{name}" },
	{ "POST", "/containers/{name}/exec" }, { "POST", "/commit" },
	{ "POST", "/containers/{name}/copy" },
	{ "GET", "/containers/{name}/checkpoints" },
	{ "POST", "/containers/{name}/checkpoints" },
	{ "DELETE", "/containers/{name}/checkpoints/{checkpoint}" },
	{ "GET", "/exec/{id}/json" }, { "POST", "/exec/{name}/start" },
	{ "POST", "/exec/{name}/resize" }, { "GET", "/images/json" },
	{ "GET", "/images/search" }, { "GET", "/images/get" },
	{ "GET", "/images/{name}/get" }, { "GET", "/images/{name}/history" },
	{ "GET", "/images/{name}/json" },
	{ "GET", "/images/{name}/attestations" }, { "POST", "/images/load" },
	{ "POST", "/images/create" }, { "POST", "/images/{name}/push" },
	{ "POST", "/images/{name}/tag" }, { "POST", "/images/prune" },
	{ "DELETE", "/images/{name}" }, { "GET", "/distribution/{name}/json" },
	{ "GET", "/networks" }, { "GET", "/networks/" },
	{ "GET", "/networks/{id}" }, { "POST", "/networks/create" },
	{ "POST", "/networks/{id}/connect" },
	{ "POST", "/networks/{id}/disconnect" }, { "POST", "/networks/prune" },
	{ "DELETE", "/networks/{id}" }, { "GET", "/volumes" },
	{ "GET", "/volumes/{name}" }, { "POST", "/volumes/create" },
	{ "PUT", "/volumes/{name}" }, { "POST", "/volumes/prune" },
	{ "DELETE", "/volumes/{name}" }, { "POST", "/build" },
	{ "POST", "/build/prune" }, { "POST", "/build/cancel" },
	{ "POST", "/session" }, { "POST", "/grpc" }, { "GET", "/_ping" },
	{ "HEAD", "/_ping" }, { "GET", "/version" }, { "GET", "/info" },
	{ "GET", "/events" }, { "GET", "/system/df" }, { "POST", "/auth" },
	{ "OPTIONS", "/{any}" }, { "GET", "/debug/vars" },
	{ "GET", "/debug/pprof/" }, { "GET", "/debug/pprof/cmdline" },
	{ "GET", "/debug/pprof/profile" }, { "GET", "/debug/pprof/symbol" },
	{ "GET", "/debug/pprof/trace" }, { "GET", "/debug/pprof/{name}" },
	{ "ANY", "/debug/{rest}" }, { "GET", "/metrics" },
	{ "GET", "/plugins" }, { "GET", "/plugins/privileges" },
	{ "GET", "/plugins/{name}/json" }, { "GET", "/plugins/{name}" },
	{ "POST", "/plugins/pull" }, { "POST", "/plugins/create" },
	{ "POST", "/plugins/{name}/enable" },
	{ "POST", "/plugins/{name}/disable" },
	{ "POST", "/plugins/{name}/set" }, { "POST", "/plugins/{name}/push" },
	{ "POST", "/plugins/{name}/upgrade" }, { "DELETE", "/plugins/{name}" },
	{ "GET", "/swarm" }, { "GET", "/swarm/unlockkey" },
	{ "POST", "/swarm/init" }, { "POST", "/swarm/join" },
	{ "POST", "/swarm/leave" }, { "POST", "/swarm/update" },
	{ "POST", "/swarm/unlock" }, { "GET", "/services" },
	{ "GET", "/services/{id}" }, { "GET", "/services/{id}/logs" },
	{ "POST", "/services/create" }, { "POST", "/services/{id}/update" },
	{ "DELETE", "/services/{id}" }, { "GET", "/nodes" },
	{ "GET", "/nodes/{id}" }, { "POST", "/nodes/{id}/update" },
	{ "DELETE", "/nodes/{id}" }, { "GET", "/tasks" },
	{ "GET", "/tasks/{id}" }, { "GET", "/tasks/{id}/logs" },
	{ "GET", "/secrets" }, { "POST", "/secrets/create" },
	{ "GET", "/secrets/{id}" }, { "POST", "/secrets/{id}/update" },
	{ "DELETE", "/secrets/{id}" }, { "GET", "/configs" },
	{ "POST", "/configs/create" }, { "GET", "/configs/{id}" },
	{ "POST", "/configs/{id}/update" }, { "DELETE", "/configs/{id}" },
};

static void
test_complete(void **state)
{
	const struct route *r;
	size_t i, j, found;

	(void)state;
	assert_int_equal(route_count(), N(endpoints));
	for (i = 0; i < N(endpoints); i++) {
		for (j = 0, found = 0; j < route_count(); j++) {
			r = route_row((enum op)j);
			if (strcmp(r->method, endpoints[i].method) == 0 &&
			    strcmp(r->path, endpoints[i].path) == 0)
				found++;
		}
		if (found != 1)
			fail_msg("%s %s: %zu rows", endpoints[i].method,
			    endpoints[i].path, found);
	}
}

static void
check_params(const struct route *r)
{
	const struct param *p, *q;

	for (p = r->params; p->name != NULL; p++) {
		for (q = r->params; q != p; q++)
			assert_string_not_equal(p->name, q->name);
		if ((p->type == P_DENY) != (p->why != R_NONE))
			fail_msg("%s %s: reason", r->op, p->name);
		if (p->type == P_CONTAINER && r->id != OP_CONTAINER_COMMIT)
			fail_msg("%s %s names a container", r->op, p->name);
		if ((p->type == P_FILTERS) !=
		    (strcmp(p->name, "filters") == 0))
			fail_msg("%s %s: type", r->op, p->name);
	}
}

static void
test_rows(void **state)
{
	const struct route *r;
	size_t i, j;

	(void)state;
	for (i = 0; i < route_count(); i++) {
		r = route_row((enum op)i);
		assert_int_equal(r->id, i);
		assert_non_null(r->params);
		assert_in_range(r->since, ROUTE_API_MIN, 56);
		assert_int_equal(strspn(r->op, "abcdefghijklmnopqrstuvwxyz."),
		    strlen(r->op));
		for (j = 0; j < i; j++)
			assert_string_not_equal(r->op,
			    route_row((enum op)j)->op);
		check_params(r);
		/* whose object, if no name says it */
		if (r->access == ACCESS_OWN &&
		    (strchr(r->path, '{') == NULL || r->object == OBJ_NONE))
			fail_msg("%s: owned by whom?", r->op);
		if (r->reply == REPLY_HIJACK && r->object != OBJ_CONTAINER &&
		    r->object != OBJ_EXEC && r->object != OBJ_BUILD)
			fail_msg("%s: hijack", r->op);
	}
	assert_null(route_row(OP__COUNT));
}

/* Routes that are as good as root have no row that lets users in. */
static void
test_access(void **state)
{
	const struct route *r;
	size_t i;

	(void)state;
	for (i = 0; i < route_count(); i++) {
		r = route_row((enum op)i);
		if ((r->object == OBJ_PLUGIN || r->object == OBJ_SWARM ||
		    r->object == OBJ_DEBUG) && r->access != ACCESS_DENY)
			fail_msg("%s is open", r->op);
		if ((r->object == OBJ_CONTAINER || r->object == OBJ_EXEC ||
		    r->object == OBJ_VOLUME || r->object == OBJ_NETWORK) &&
		    strchr(r->path, '{') != NULL &&
		    r->access != ACCESS_OWN && r->access != ACCESS_DENY)
			fail_msg("%s is open", r->op);
		if (r->access == ACCESS_ALLOW && r->changes)
			fail_msg("%s changes something", r->op);
	}
	assert_int_equal(route_row(OP_BUILD_PRUNE)->access, ACCESS_LOCAL);
	assert_int_equal(route_row(OP_CONTAINER_ATTACH_WS)->access,
	    ACCESS_DENY);
	assert_int_equal(route_row(OP_CONTAINER_START)->body, BODY_NONE);
}

/* Every row is found by a request line made from it, and written as it was
 * matched: so what dockerd gets is what was judged. */
static void
test_round(void **state)
{
	cleanup_buf struct buf in = BUF_INIT(0), out = BUF_INIT(0);
	const struct route *r;
	struct route_match m;
	struct refusal why;
	const char *name, *p, *open;
	size_t i;

	(void)state;
	for (i = 0; i < route_count(); i++) {
		r = route_row((enum op)i);
		name = r->object == OBJ_EXEC ? HEX64 : "a.B-c_1";
		buf_reset(&in);
		buf_puts(&in, "/v1.41");
		for (p = r->path; (open = strchr(p, '{')) != NULL;
		    p = strchr(open, '}') + 1) {
			buf_add(&in, p, (size_t)(open - p));
			buf_puts(&in, name);
		}
		buf_puts(&in, p);
		if (route_match(span_of(r->method), buf_span(&in), &m,
		    &why) != R_NONE || m.route != r)
			fail_msg("%s: %s", r->op, in.data);
		assert_int_equal(m.api, 41);
		buf_reset(&out);
		if (r->id == OP_SYSTEM_OPTIONS)
			continue;	/* answered here */
		assert_int_equal(route_write(&out, r, 41, m.name, m.name2),
		    0);
		assert_string_equal(out.data, in.data);
	}
}

#define D64 "sha256:" HEX64

static const struct {
	const char *method, *target;
	enum op op;
	unsigned api;
	const char *name, *query;
} matched[] = {
	{ "GET", "/_ping", OP_SYSTEM_PING, 0, "", NULL },
	{ "HEAD", "/_ping", OP_SYSTEM_PING_HEAD, 0, "", NULL },
	{ "GET", "/v1.24/version", OP_SYSTEM_VERSION, 24, "", NULL },
	{ "GET", "/v1.51/version?", OP_SYSTEM_VERSION, 51, "", "" },
	{ "GET", "/containers/json?all=1?/..//", OP_CONTAINER_LIST, 0, "",
	    "all=1?/..//" },
	{ "DELETE", "/containers/json", OP_CONTAINER_REMOVE, 0, "json",
	    NULL },
	{ "GET", "/containers/json/json", OP_CONTAINER_INSPECT, 0, "json",
	    NULL },
	{ "POST", "/v1.41/containers/prune/start", OP_CONTAINER_START, 41,
	    "prune", NULL },
	{ "GET", "/volumes/prune", OP_VOLUME_INSPECT, 0, "prune", NULL },
	{ "GET", "/networks/", OP_NETWORK_LIST_SLASH, 0, "", NULL },
	{ "GET", "/networks", OP_NETWORK_LIST, 0, "", NULL },
	{ "GET", "/images/a/b:1.0/json", OP_IMAGE_INSPECT, 0, "a/b:1.0",
	    NULL },
	{ "GET", "/images/a%2Fb%3a1/json", OP_IMAGE_INSPECT, 0, "a/b:1",
	    NULL },
	{ "GET", "/images/h:5000/a/b@" D64 "/json", OP_IMAGE_INSPECT, 0,
	    "h:5000/a/b@" D64, NULL },
	{ "GET", "/images/a/json/json", OP_IMAGE_INSPECT, 0, "a/json",
	    NULL },
	{ "GET", "/images/a/history/json", OP_IMAGE_INSPECT, 0, "a/history",
	    NULL },
	{ "GET", "/images/a/get/get", OP_IMAGE_SAVE_ONE, 0, "a/get", NULL },
	{ "GET", "/images/get?names=a", OP_IMAGE_SAVE, 0, "", "names=a" },
	{ "POST", "/images/a/tag/tag?repo=x", OP_IMAGE_TAG, 0, "a/tag",
	    "repo=x" },
	{ "DELETE", "/images/a/b", OP_IMAGE_REMOVE, 0, "a/b", NULL },
	{ "GET", "/distribution/docker.io/library/a/json",
	    OP_DISTRIBUTION_INSPECT, 0, "docker.io/library/a", NULL },
	{ "GET", "/plugins/privileges?remote=x", OP_PLUGIN_PRIVILEGES, 0, "",
	    "remote=x" },
	{ "GET", "/plugins/a/b/json", OP_PLUGIN_INSPECT, 0, "a/b", NULL },
	{ "GET", "/plugins/a/b", OP_PLUGIN_INSPECT_OLD, 0, "a/b", NULL },
	{ "POST", "/exec/" HEX64 "/start", OP_EXEC_START, 0, HEX64, NULL },
	{ "OPTIONS", "/v1.41/containers/json", OP_SYSTEM_OPTIONS, 41, "",
	    NULL },
	{ "OPTIONS", "/any", OP_SYSTEM_OPTIONS, 0, "", NULL },
	{ "GET", "/debug/pprof/", OP_DEBUG_PPROF_INDEX, 0, "", NULL },
	{ "GET", "/debug/pprof/heap", OP_DEBUG_PPROF_NAMED, 0, "heap",
	    NULL },
	{ "POST", "/debug/vars", OP_DEBUG_ANYMETHOD, 0, "vars", NULL },
	{ "DELETE", "/v1.48/debug/pprof/heap", OP_DEBUG_ANYMETHOD, 48,
	    "pprof/heap", NULL },
	{ "GET", "/services/a/logs", OP_SERVICE_LOGS, 0, "a", NULL },
	{ "GET", "/tasks/a/logs", OP_TASK_LOGS, 0, "a", NULL },
};

static void
test_matched(void **state)
{
	struct route_match m;
	struct refusal why;
	size_t i;

	(void)state;
	for (i = 0; i < N(matched); i++) {
		if (route_match(span_of(matched[i].method),
		    span_of(matched[i].target), &m, &why) != R_NONE)
			fail_msg("%s: %d", matched[i].target, (int)why.why);
		if (m.route->id != matched[i].op)
			fail_msg("%s: %s", matched[i].target, m.route->op);
		assert_int_equal(m.api, matched[i].api);
		assert_string_equal(m.name, matched[i].name);
		assert_string_equal(m.name2, "");
		assert_int_equal(m.query.ptr == NULL,
		    matched[i].query == NULL);
		if (matched[i].query != NULL)
			assert_true(span_eq(m.query, matched[i].query));
	}
	assert_int_equal(route_match(span_of("DELETE"),
	    span_of("/containers/a/checkpoints/b"), &m, &why), R_NONE);
	assert_string_equal(m.name, "a");
	assert_string_equal(m.name2, "b");
}

static const struct {
	const char *method, *target;
	enum reason why;
} refused[] = {
	/* paths that dockerd cleans or decodes before it routes */
	{ "GET", "//containers/json", R_BAD_PATH },
	{ "GET", "/v1.41//containers/json", R_BAD_PATH },
	{ "GET", "/containers//json", R_BAD_PATH },
	{ "GET", "/./containers/json", R_BAD_PATH },
	{ "GET", "/containers/./json", R_BAD_PATH },
	{ "GET", "/x/../containers/json", R_BAD_PATH },
	{ "GET", "/containers/..", R_BAD_PATH },
	{ "GET", "/containers/.", R_BAD_PATH },
	{ "GET", "/%76ersion", R_BAD_PATH },
	{ "GET", "/v1%2e41/_ping", R_BAD_VERSION },
	{ "GET", "/%761.41/_ping", R_BAD_PATH },
	{ "GET", "/v1.41%2F_ping", R_BAD_VERSION },
	{ "GET", "/containers%2Fjson", R_BAD_PATH },
	{ "GET", "/v1.41/containers%2Fc1%2Fjson", R_BAD_PATH },
	{ "GET", "/containers/a%2fb/json", R_BAD_PATH },
	{ "GET", "/containers/a%2djson/json", R_BAD_PATH },
	{ "GET", "/containers/a%00/json", R_BAD_PATH },
	{ "GET", "/containers/a%0a/json", R_BAD_PATH },
	{ "GET", "/containers/%2e%2e/json", R_BAD_PATH },
	{ "GET", "/containers/a%252Fb/json", R_BAD_PATH },
	{ "POST", "/%63ontainers/create", R_BAD_PATH },
	{ "GET", "/containers/a;b/json", R_BAD_PATH },
	{ "GET", "/containers/a\\b/json", R_BAD_PATH },
	{ "GET", "/containers/a b/json", R_BAD_PATH },
	{ "GET", "/containers/a*/json", R_BAD_PATH },
	{ "GET", "", R_BAD_PATH }, { "GET", "/", R_BAD_PATH },
	{ "GET", "?a", R_BAD_PATH }, { "GET", "*", R_BAD_PATH },
	{ "GET", "containers/json", R_BAD_PATH },
	/* names that dockerd's greedy patterns would take */
	{ "GET", "/containers/x/json/c1/json", R_NOT_FOUND },
	{ "GET", "/containers/mine/alias/json", R_NOT_FOUND },
	{ "POST", "/containers/a/exec/start", R_BAD_PATH },
	{ "DELETE", "/containers/a/b", R_BAD_PATH },
	{ "DELETE", "/containers/", R_BAD_PATH },
	{ "DELETE", "/networks/", R_BAD_PATH },
	{ "GET", "/volumes/", R_BAD_PATH },
	{ "GET", "/volumes/a/b", R_NOT_FOUND },
	{ "DELETE", "/images/", R_BAD_PATH },
	{ "GET", "/_ping/", R_BAD_PATH },
	{ "GET", "/containers/json/", R_BAD_PATH },
	{ "GET", "/networks//", R_BAD_PATH },
	{ "GET", "/containers/-a/json", R_BAD_PATH },
	{ "GET", "/containers/.a/json", R_BAD_PATH },
	/* "docker inspect IMAGE" asks for others of that name first */
	{ "GET", "/containers/a:b/json", R_NOT_FOUND },
	{ "GET", "/containers/lab/img:1/json", R_NOT_FOUND },
	{ "GET", "/networks/lab/img:1", R_NOT_FOUND },
	{ "GET", "/volumes/lab/img@sha256:0f", R_NOT_FOUND },
	{ "GET", "/containers/a:b/logs", R_BAD_PATH },
	{ "DELETE", "/volumes/a:b", R_BAD_PATH },
	{ "GET", "/containers/lab%2fimg/json", R_BAD_PATH },
	{ "GET", "/containers/~a/json", R_BAD_PATH },
	{ "DELETE", "/containers/a/checkpoints/b/c", R_BAD_PATH },
	{ "DELETE", "/containers/a/b/checkpoints/c", R_BAD_PATH },
	{ "GET", "/exec/" HEX64 "0/json", R_BAD_PATH },
	{ "GET", "/exec/0123456789ab/json", R_BAD_PATH },
	{ "POST", "/exec/name/start", R_BAD_PATH },
	{ "GET", "/images/%2e%2e/json", R_BAD_PATH },
	{ "GET", "/images/a%2f%2e%2e%2fb/json", R_BAD_PATH },
	{ "GET", "/images/a%2f%2fb/json", R_BAD_PATH },
	{ "GET", "/images/a%2f/json", R_BAD_PATH },
	{ "GET", "/images/%2fa/json", R_BAD_PATH },
	{ "GET", "/images/a%252fb/json", R_BAD_PATH },
	{ "GET", "/images/a%00/json", R_BAD_PATH },
	{ "GET", "/images/a%20b/json", R_BAD_PATH },
	{ "GET", "/images/a%3fb/json", R_BAD_PATH },
	{ "GET", "/images/a%zz/json", R_BAD_PATH },
	{ "GET", "/images/a%/json", R_BAD_PATH },
	{ "GET", "/images/a%c3%a9/json", R_BAD_PATH },
	{ "GET", "/images/:a/json", R_BAD_PATH },
	/* versions */
	{ "GET", "/v1.23/_ping", R_BAD_VERSION },
	{ "GET", "/v1.52/_ping", R_BAD_VERSION },
	{ "GET", "/v1.99/nosuch", R_BAD_VERSION },
	{ "GET", "/v1.999/_ping", R_BAD_VERSION },
	{ "GET", "/v1.9/_ping", R_BAD_VERSION },
	{ "GET", "/v1/_ping", R_BAD_VERSION },
	{ "GET", "/v1./_ping", R_BAD_VERSION },
	{ "GET", "/v./_ping", R_BAD_VERSION },
	{ "GET", "/v01.41/_ping", R_BAD_VERSION },
	{ "GET", "/v1.041/_ping", R_BAD_VERSION },
	{ "GET", "/v1.41.0/_ping", R_BAD_VERSION },
	{ "GET", "/v1..41/_ping", R_BAD_VERSION },
	{ "GET", "/v2.41/_ping", R_BAD_VERSION },
	{ "GET", "/v1.4a/_ping", R_BAD_VERSION },
	{ "GET", "/V1.41/_ping", R_BAD_VERSION },
	{ "GET", "/v1.41", R_BAD_VERSION },
	/* unknown */
	{ "GET", "/v/_ping", R_UNKNOWN_ROUTE },
	{ "GET", "/v1.41/v1.41/_ping", R_UNKNOWN_ROUTE },
	{ "GET", "/_pin", R_UNKNOWN_ROUTE },
	{ "GET", "/_pingx", R_UNKNOWN_ROUTE },
	{ "GET", "/Containers/json", R_UNKNOWN_ROUTE },
	{ "HEAD", "/info", R_UNKNOWN_ROUTE },
	{ "get", "/info", R_UNKNOWN_ROUTE },
	{ "POST", "/info", R_UNKNOWN_ROUTE },
	{ "PATCH", "/containers/a", R_UNKNOWN_ROUTE },
	{ "GET", "/containers/a/nosuch", R_UNKNOWN_ROUTE },
	{ "GET", "/nosuch", R_UNKNOWN_ROUTE },
	{ "GET", "/debug", R_UNKNOWN_ROUTE },
	{ "TRACE", "/version", R_UNKNOWN_ROUTE },
};

static void
test_refused(void **state)
{
	struct route_match m;
	struct refusal why;
	enum reason r;
	size_t i;

	(void)state;
	for (i = 0; i < N(refused); i++) {
		r = route_match(span_of(refused[i].method),
		    span_of(refused[i].target), &m, &why);
		if (r != refused[i].why || why.why != r)
			fail_msg("%s %s: reason %s", refused[i].method,
			    refused[i].target, reason_row(r)->id);
	}
}

static void
test_long_name(void **state)
{
	static const char *const heads[] = { "/images/", "/volumes/" };
	cleanup_buf struct buf b = BUF_INIT(0);
	struct route_match m;
	struct refusal why;
	size_t i, n;

	(void)state;
	for (i = 0; i < N(heads); i++) {
		buf_reset(&b);
		buf_puts(&b, heads[i]);
		for (n = 0; n < ROUTE_NAME_MAX - 1; n++)
			buf_puts(&b, "a");
		assert_int_equal(route_match(span_of("DELETE"), buf_span(&b),
		    &m, &why), R_NONE);
		assert_int_equal(strlen(m.name), ROUTE_NAME_MAX - 1);
		buf_puts(&b, "a");
		assert_int_equal(route_match(span_of("DELETE"), buf_span(&b),
		    &m, &why), R_BAD_PATH);
	}
}

static void
test_write(void **state)
{
	cleanup_buf struct buf b = BUF_INIT(0);
	const struct route *r = route_row(OP_CONTAINER_INSPECT);

	(void)state;
	assert_int_equal(route_write(&b, r, 41, "a/b?c", ""), 0);
	assert_string_equal(b.data, "/v1.41/containers/a%2Fb%3Fc/json");
	buf_reset(&b);
	assert_int_equal(route_write(&b, route_row(OP_IMAGE_TAG), 51,
	    "h:1/a@b+c ", NULL), 0);
	assert_string_equal(b.data, "/v1.51/images/h:1/a@b+c%20/tag");
	buf_reset(&b);
	/* an empty name is any object, or the list */
	assert_int_equal(route_write(&b, r, 41, "", ""), -1);
	assert_int_equal(route_write(&b, r, 41, NULL, NULL), -1);
	assert_int_equal(route_write(&b, route_row(OP_CHECKPOINT_REMOVE), 41,
	    "a", ""), -1);
	assert_int_equal(route_write(&b, r, 0, "a", ""), -1);
	assert_int_equal(route_write(&b, r, ROUTE_API_MAX + 1, "a", ""), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_matched),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
