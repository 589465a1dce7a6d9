/*
 * test_prune.c - prune takes what is one's own and asked for, nothing else.
 *
 * links: prune until hold userlock sha256 owner owner_hold owner_labelled engine cache buf span reason http json json_check json_walk query route
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "fake_engine.h"
#include "hold.h"
#include "policy.h"
#include "prune.h"
#include "until.h"

static struct fake f;
static struct engine e;
static struct refusal why;
static char locks[256];
static const struct config cfg = { .unowned_allow = true };
static const struct caller alice = { .uid = 1001, .owner_uid = 1001,
    .name = "alice", .cfg = &cfg };

bool
identity_is_owner(const struct caller *c, const char *label)
{
	return strcmp(c->name, label) == 0;
}

bool
policy_harmless(const struct config *c, const struct caller *who,
    struct span inspect, bool gone)
{
	(void)gone;
	(void)c;
	(void)who;
	(void)inspect;
	return false;
}

#define ID(d) d d d d d d d d
#define ID_A ID("aaaaaaaa")
#define ID_B ID("bbbbbbbb")
#define ID_R ID("ffffffff")	/* alice's, but it cannot be removed */
#define ID_X ID("cccccccc")
#define ID_I ID("eeeeeeee")	/* root's, of an image with alice's labels */
#define ID_Z ID("77777777")	/* like it, and its image is gone */
#define PLAIN "sha256:" ID("00000000")
#define LYING "sha256:" ID("11111111")
#define LOST "sha256:" ID("22222222")
#define LABELS(u, g, more) "{\"ds01.user\":\"" u "\",\"ds01.gate\":\"" g \
    "\"" more "}"
#define ELEMENT(id, image, labels, created) "{\"Id\":\"" id "\",\"Names\":[" \
    "\"/n\"],\"ImageID\":\"" image "\",\"Labels\":" labels ",\"Created\":" \
    created "}"
#define CONTAINERS "[" \
    ELEMENT(ID_A, PLAIN, LABELS("alice", "1", ",\"k\":\"v\""), "1000") "," \
    ELEMENT(ID_B, PLAIN, LABELS("alice", "2", ",\"k\":\"w\""), "2000") "," \
    ELEMENT(ID_R, PLAIN, LABELS("alice", "4", ""), "1000") "," \
    ELEMENT(ID_X, PLAIN, LABELS("bob", "3", ",\"k\":\"v\""), "1000") "," \
    ELEMENT(ID_I, LYING, LABELS("alice", "9", ",\"k\":\"v\""), "1000") "," \
    ELEMENT(ID_Z, LOST, LABELS("alice", "9", ",\"k\":\"v\""), "1000") "]"

#define VOLUME(name, labels) "{\"Name\":\"" name "\",\"Labels\":" labels \
    ",\"Driver\":\"local\",\"Options\":null}"
#define ANON ",\"com.docker.volume.anonymous\":\"\""
#define VA VOLUME("va", LABELS("alice", "1", ""))
#define VA64 VOLUME(ID_A, LABELS("alice", "1", ""))
#define VANON VOLUME("anon", LABELS("alice", "1", ANON))
#define VB VOLUME("vb", LABELS("bob", "1", ANON))
#define VMOVED VOLUME("moved", LABELS("alice", "1", ANON))
#define NETWORK(name, id, labels) "{\"Name\":\"" name "\",\"Id\":\"" id \
    "\",\"Labels\":" labels ",\"Driver\":\"bridge\",\"Created\":" \
    "\"2020-01-01T00:00:00.5Z\"}"

#define GET(api, target, body) { "GET", "/v1." api target, 200, body, \
    FAKE_LENGTH }
#define DEL(api, target, status) { "DELETE", "/v1." api target, status, \
    status == 204 ? "" : "{\"message\":\"in use\"}", FAKE_LENGTH }
#define STOPPED "/containers/json?all=1&filters=%7B%22status%22%3A%5B%22" \
    "created%22%2C%22exited%22%2C%22dead%22%5D%7D"
#define DANGLING "/volumes?filters=%7B%22dangling%22%3A%5B%22true%22%5D%7D"
#define ROWS(api, df) \
	GET(api, "/images/" PLAIN "/json", "{\"Id\":\"" PLAIN \
	    "\",\"Config\":{}}"), \
	GET(api, "/images/" LYING "/json", "{\"Id\":\"" LYING \
	    "\",\"Config\":{\"Labels\":" LABELS("alice", "9", "") "}}"), \
	GET(api, STOPPED, CONTAINERS), \
	GET(api, "/containers/" ID_Z "/json", "{\"Id\":\"" ID_Z \
	    "\",\"Image\":\"" LOST "\",\"HostConfig\":{},\"Config\":" \
	    "{\"Labels\":" LABELS("alice", "9", "") "}}"), \
	GET(api, "/containers/" ID_A "/json?size=1", "{\"SizeRw\":100}"), \
	GET(api, "/containers/" ID_B "/json?size=1", "{\"SizeRw\":20}"), \
	GET(api, "/containers/" ID_R "/json?size=1", "{\"SizeRw\":3}"), \
	DEL(api, "/containers/" ID_A, 204), \
	DEL(api, "/containers/" ID_B, 204), \
	DEL(api, "/containers/" ID_R, 409), \
	GET(api, DANGLING, "{\"Volumes\":[" VA "," VA64 "," VANON "," VB "," \
	    VMOVED "]}"), \
	GET(api, "/volumes/va", VA), \
	GET(api, "/volumes/" ID_A, VA64), \
	GET(api, "/volumes/anon", VANON), \
	GET(api, "/volumes/moved", VOLUME("moved", LABELS("bob", "1", ""))), \
	GET(api, "/system/df" df, "{\"Volumes\":[{\"Name\":\"anon\"," \
	    "\"UsageData\":{\"Size\":7}},{\"Name\":\"va\",\"UsageData\":" \
	    "{\"Size\":-1}},{\"Name\":\"" ID_A "\",\"UsageData\":{\"Size\":" \
	    "50}}]}"), \
	DEL(api, "/volumes/va", 204), \
	DEL(api, "/volumes/" ID_A, 204), \
	DEL(api, "/volumes/anon", 204), \
	GET(api, "/networks", "[" \
	    NETWORK("bridge", "1", LABELS("alice", "1", "")) "," \
	    NETWORK("na", "2", LABELS("alice", "1", "")) "," \
	    NETWORK("nb", "3", LABELS("bob", "1", "")) "," \
	    NETWORK("used", "4", LABELS("alice", "1", "")) "," \
	    NETWORK("nu", "5", "null") "]"), \
	DEL(api, "/networks/2", 204), \
	DEL(api, "/networks/4", 403)

static const struct fake_row old_rows[] = { ROWS("41", "") };
static const struct fake_row new_rows[] = { ROWS("51", "?type=volume") };
#define N_ROWS (sizeof old_rows / sizeof old_rows[0])

static int
teardown(void **state)
{
	struct engine gone;

	(void)state;
	engine_close(&e);
	for (int uid = 1001; uid <= 1002; uid++) {
		char path[sizeof locks + 16];
		snprintf(path, sizeof path, "%s/%d", locks, uid);
		unlink(path);
	}
	rmdir(locks);
	fake_stop(&f);
	engine_init(&gone, f.path);	/* forget the versions */
	engine_dial(&gone, &why);
	return 0;
}

static void
start(const char *api, const struct fake_row *rows)
{
	fake_start(&f, api);
	fake_rows(&f, rows, N_ROWS);
	engine_init(&e, f.path);
	snprintf(locks, sizeof locks, "%s/names", f.dir);
	hold_dir(locks);
}

static int
setup_old(void **state)
{
	(void)state;
	start("1.41", old_rows);
	return 0;
}

static int
setup_new(void **state)
{
	(void)state;
	start("1.51", new_rows);
	return 0;
}

struct row {
	enum op op;
	unsigned api;
	const char *filters;
	const char *out;	/* NULL: R_BAD_QUERY */
	const char *deleted;	/* last parts of the DELETEs, in order */
};

/* The DELETE requests in the log, as "path path". */
static void
deletes(char *out, size_t cap)
{
	size_t len = 0;

	out[0] = '\0';
	for (const char *p = f.log; *p; p = strchr(p, '\n') + 1)
		if (strncmp(p, "DELETE /v1.xx", 11) == 0)
			len += (size_t)snprintf(out + len, cap - len,
			    "%s%.*s", len ? " " : "",
			    (int)strcspn(p + 13, "\n"), p + 13);
}

static void
run(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		const struct param *params = route_row(r->op)->params;
		cleanup_query struct query q = { .n = 0 };
		cleanup_buf struct buf out = BUF_INIT(0);
		char text[1024], gone[2048];
		enum reason got;

		fake_rows(&f, f.rows, f.n);
		snprintf(text, sizeof text, "filters=%s", r->filters);
		assert_int_equal(query_parse(&q, span_of(r->filters ? text :
		    ""), params, false, &why), R_NONE);
		got = prune(r->op, &e, &alice, &q, r->api, &out, &why);
		if (got != (r->out ? R_NONE : R_BAD_QUERY))
			fail_msg("%s: reason %d", text, got);
		assert_string_equal(out.data ? out.data : "",
		    r->out ? r->out : "");
		deletes(gone, sizeof gone);
		assert_string_equal(gone, r->deleted);
		buf_reset(&out);
	}
}

#define CA "/containers/" ID_A
#define CB "/containers/" ID_B
#define CR "/containers/" ID_R
#define OUT_C(ids, n) "{\"ContainersDeleted\":" ids ",\"SpaceReclaimed\":" n \
    "}\n"

static void
prunes_containers(void **state)
{
	static const struct row rows[] = {
		{ OP_CONTAINER_PRUNE, 41, NULL, OUT_C("[\"" ID_A "\",\"" ID_B
		    "\"]", "120"), CA " " CB " " CR },
		{ OP_CONTAINER_PRUNE, 41, "{}", OUT_C("[\"" ID_A "\",\"" ID_B
		    "\"]", "120"), CA " " CB " " CR },
		{ OP_CONTAINER_PRUNE, 41, "{\"until\":[\"1500\"]}",
		    OUT_C("[\"" ID_A "\"]", "100"), CA " " CR },
		{ OP_CONTAINER_PRUNE, 41, "{\"until\":[\"10m\"]}",
		    OUT_C("[\"" ID_A "\",\"" ID_B "\"]", "120"),
		    CA " " CB " " CR },
		{ OP_CONTAINER_PRUNE, 41, "{\"until\":{\"1000\":true}}",
		    OUT_C("null", "0"), "" },
		{ OP_CONTAINER_PRUNE, 41, "{\"label\":[\"k\"]}",
		    OUT_C("[\"" ID_A "\",\"" ID_B "\"]", "120"), CA " " CB },
		{ OP_CONTAINER_PRUNE, 41, "{\"label\":{\"k=v\":false}}",
		    OUT_C("[\"" ID_A "\"]", "100"), CA },
		{ OP_CONTAINER_PRUNE, 41, "{\"label\":[\"k=\"]}",
		    OUT_C("null", "0"), "" },
		{ OP_CONTAINER_PRUNE, 41, "{\"label\":[\"k=v\",\"k=w\"]}",
		    OUT_C("null", "0"), "" },
		{ OP_CONTAINER_PRUNE, 41, "{\"label!\":[\"k=v\"]}",
		    OUT_C("[\"" ID_B "\"]", "20"), CB " " CR },
		/* label! excludes what has all of them, as dockerd does */
		{ OP_CONTAINER_PRUNE, 41, "{\"label!\":[\"k\",\"k=v\"]}",
		    OUT_C("[\"" ID_B "\"]", "20"), CB " " CR },
		/* nobody's label filter reaches another's */
		{ OP_CONTAINER_PRUNE, 41,
		    "{\"label\":[\"ds01.user=bob\"]}", OUT_C("null", "0"),
		    "" },
		{ OP_CONTAINER_PRUNE, 41, "{\"until\":[\"soon\"]}", NULL, "" },
		{ OP_CONTAINER_PRUNE, 41, "{\"until\":[\"1\",\"2\"]}", NULL,
		    "" },
		{ OP_CONTAINER_PRUNE, 41, "{\"all\":[\"1\"]}", NULL, "" },
		{ OP_CONTAINER_PRUNE, 41, "{\"name\":[\"x\"]}", NULL, "" },
	};

	(void)state;
	run(rows, sizeof rows / sizeof rows[0]);
}

#define OUT_V(names, n) "{\"VolumesDeleted\":" names ",\"SpaceReclaimed\":" \
    n "}\n"

static void
prunes_volumes_of_old_engines(void **state)
{
	static const struct row rows[] = {
		{ OP_VOLUME_PRUNE, 41, NULL, OUT_V("[\"va\",\"" ID_A
		    "\",\"anon\"]", "57"), "/volumes/va /volumes/" ID_A
		    " /volumes/anon" },
		{ OP_VOLUME_PRUNE, 41, "{\"label!\":[\"ds01.user\"]}",
		    OUT_V("null", "0"), "" },
		{ OP_VOLUME_PRUNE, 41, "{\"until\":[\"1\"]}", NULL, "" },
	};

	(void)state;
	run(rows, 3);
}

/* What bob holds may be his when dockerd hears of it. */
static void
leaves_what_is_held(void **state)
{
	static const struct caller bob = { .owner_uid = 1002, .name = "bob" };
	static const struct row rows[] = {
		{ OP_VOLUME_PRUNE, 41, NULL,
		    OUT_V("[\"" ID_A "\",\"anon\"]", "57"),
		    "/volumes/" ID_A " /volumes/anon" },
	};
	struct hold his = { 0 };

	(void)state;
	assert_int_equal(hold_volume(&his, &bob, "va", &why), R_NONE);
	run(rows, 1);
	hold_release(&his);
}

/* What became bob's since the list was made is not even held. */
static void
holds_nothing_of_others(void **state)
{
	static const struct fake_row rows[] = {
		GET("41", DANGLING, "{\"Volumes\":[" VB "," VMOVED "]}"),
		GET("41", "/volumes/moved", VOLUME("moved",
		    LABELS("bob", "1", ""))),
	};
	cleanup_query struct query q = { .n = 0 };
	cleanup_buf struct buf out = BUF_INIT(0);

	(void)state;
	fake_rows(&f, rows, 2);
	assert_int_equal(prune(OP_VOLUME_PRUNE, &e, &alice, &q, 41, &out,
	    &why), R_NONE);
	assert_string_equal(out.data, OUT_V("null", "0"));
	assert_int_equal(access(locks, F_OK), -1);
}

static void
prunes_volumes_of_new_engines(void **state)
{
	static const struct row rows[] = {
		{ OP_VOLUME_PRUNE, 51, NULL, OUT_V("[\"anon\"]", "7"),
		    "/volumes/anon" },
		{ OP_VOLUME_PRUNE, 51, "{\"all\":[\"false\"]}",
		    OUT_V("[\"anon\"]", "7"), "/volumes/anon" },
		{ OP_VOLUME_PRUNE, 51, "{\"all\":[\"1\"]}",
		    OUT_V("[\"va\",\"" ID_A "\",\"anon\"]", "57"),
		    "/volumes/va /volumes/" ID_A " /volumes/anon" },
		/* an old client of a new engine */
		{ OP_VOLUME_PRUNE, 41, NULL,
		    OUT_V("[\"va\",\"" ID_A "\",\"anon\"]", "57"),
		    "/volumes/va /volumes/" ID_A " /volumes/anon" },
		{ OP_VOLUME_PRUNE, 51, "{\"all\":[\"yes\"]}", NULL, "" },
	};

	(void)state;
	run(rows, 5);
}

static void
prunes_networks(void **state)
{
	static const struct row rows[] = {
		{ OP_NETWORK_PRUNE, 41, NULL, "{\"NetworksDeleted\":[\"na\"]}"
		    "\n", "/networks/2 /networks/4" },
		{ OP_NETWORK_PRUNE, 41, "{\"until\":[\"2020-01-01\"]}",
		    "{\"NetworksDeleted\":null}\n", "" },
		{ OP_NETWORK_PRUNE, 41, "{\"until\":[\"2020-01-02T00:00:00Z\"]}",
		    "{\"NetworksDeleted\":[\"na\"]}\n",
		    "/networks/2 /networks/4" },
	};

	(void)state;
	run(rows, 3);
}

static void
says_when_the_engine_is_down(void **state)
{
	cleanup_query struct query q = { .n = 0 };
	cleanup_buf struct buf out = BUF_INIT(0);
	struct engine gone;

	(void)state;
	engine_init(&gone, "/nonexistent/docker.sock");
	assert_int_equal(prune(OP_CONTAINER_PRUNE, &gone, &alice, &q, 41,
	    &out, &why), R_ENGINE_DOWN);
	assert_int_equal(out.len, 0);
	assert_int_equal(prune(OP_IMAGE_PRUNE, &e, &alice, &q, 41, &out,
	    &why), R_INTERNAL);
	engine_close(&gone);
}

static void
prunes_dangling_images_only(void **state)
{
	static const char *const rows[][3] = {
		{ "", "{\"dangling\":{\"true\":true}}" },
		{ "filters={}", "{\"dangling\":{\"true\":true}}" },
		{ "filters={\"dangling\":[\"false\"]}",
		    "{\"dangling\":{\"true\":true}}" },
		{ "filters={\"dangling\":[\"true\",\"false\"]}",
		    "{\"dangling\":{\"true\":true}}" },
		{ "filters={\"until\":{\"24h\":true},\"dangling\":"
		    "{\"0\":true}}", "{\"until\":{\"24h\":true},\"dangling\":"
		    "{\"true\":true}}" },
		{ "", "{\"label\":{\"ds01.user=al\\\"ice\":true},"
		    "\"dangling\":{\"true\":true}}", "al\"ice" },
		{ "filters={\"label\":[\"a=b\",\"c\"],\"until\":[\"1h\"]}",
		    "{\"label\":{\"ds01.user=alice\":true,\"a=b\":true,"
		    "\"c\":true},\"until\":{\"1h\":true},"
		    "\"dangling\":{\"true\":true}}", "alice" },
	};
	const struct param *params = route_row(OP_IMAGE_PRUNE)->params;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cleanup_query struct query q = { .n = 0 };

		assert_int_equal(query_parse(&q, span_of(rows[i][0]), params,
		    false, &why), R_NONE);
		assert_int_equal(prune_images_query(&q, params, rows[i][2]), 0);
		assert_string_equal(query_get(&q, "filters"), rows[i][1]);
	}
}

static void
reads_until(void **state)
{
	static const struct {
		const char *text;
		int64_t want;	/* -1: refused */
	} rows[] = {
		{ "10m", 100000 - 600 },
		{ "24h", 100000 - 86400 },
		{ "1h30m", 100000 - 5400 },
		{ "1.5h", 100000 - 5400 },
		{ ".5m", 100000 - 30 },
		{ "1h1ms", 100000 - 3600 },
		{ "100ms", 100000 },
		{ "-10m", 100000 + 600 },
		{ "+10m", 100000 - 600 },
		{ "1us1\xc2\xb5s1ns", 100000 },
		{ "0", 0 },
		{ "0s", 100000 },
		{ "1136073600", 1136073600 },
		{ "1136073600.000000001", 1136073600 },
		{ "2006-01-02", 1136160000 },
		{ "2006-01-02Z", 1136160000 },
		{ "2006-01-02+01:00", 1136160000 - 3600 },
		{ "2006-01-02T15", 1136160000 + 15 * 3600 },
		{ "2006-01-02T15:04", 1136160000 + 54240 },
		{ "2006-01-02T15:04:05", 1136160000 + 54245 },
		{ "2006-01-02T15:04:05Z", 1136160000 + 54245 },
		{ "2006-01-02T15:04:05.999999999Z", 1136160000 + 54245 },
		{ "2006-01-02T15:04:05-07:00", 1136160000 + 54245 + 25200 },
		{ "2006-01-02T15:04:05.1+00:30", 1136160000 + 54245 - 1800 },
		{ "", -1 }, { "-", -1 }, { "m", -1 }, { "10", 10 },
		{ "10x", -1 }, { "10m ", -1 }, { " 10m", -1 }, { "1d", -1 },
		{ "10m5", -1 }, { ".m", -1 }, { "99999999999999h", -1 },
		{ "999999999999h", -1 }, { "soon", -1 }, { "2006", 2006 },
		{ "2006-13-01", -1 }, { "2006-02-31", -1 },
		{ "2006-01-02T25", -1 }, { "2006-01-02T15:04:05+7", -1 },
		{ "2006-01-02 15:04", -1 }, { "12345678901234567890", -1 },
		{ "-5", -1 }, { "1e3", -1 },
	};
	int64_t got;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!until_parse(rows[i].text, 100000, &got))
			got = -1;
		if (got != rows[i].want)
			fail_msg("%s: %lld", rows[i].text, (long long)got);
	}
}

#define OLD(name) cmocka_unit_test_setup_teardown(name, setup_old, teardown)
#define NEW(name) cmocka_unit_test_setup_teardown(name, setup_new, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OLD(prunes_containers), OLD(prunes_volumes_of_old_engines),
		OLD(leaves_what_is_held), OLD(holds_nothing_of_others),
		NEW(prunes_volumes_of_new_engines), NEW(prunes_containers),
		OLD(prunes_networks), OLD(says_when_the_engine_is_down),
		cmocka_unit_test(prunes_dangling_images_only),
		cmocka_unit_test(reads_until),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
