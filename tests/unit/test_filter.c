/*
 * test_filter.c - what is not mine is not there.
 *
 * links: filter filter_query filter_event owner owner_labelled engine cache buf span reason http json json_check json_walk query route
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_engine.h"
#include "filter.h"
#include "policy.h"

static struct fake f;
static struct engine e;
static struct refusal why;
static const struct config cfg = { .unowned_allow = true };
static const struct caller alice = { .uid = 1001, .owner_uid = 1001,
    .name = "alice", .cfg = &cfg };
static const struct caller admin = { .uid = 1800, .owner_uid = 1800,
    .name = "datasciencelab", .admin = true, .cfg = &cfg };

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
	return true;
}

/* Containers: A and B are alice's, X is bob's, U nobody's, I is root's from
 * an image that says it is alice's. */
#define ID(d) d d d d d d d d
#define ID_A ID("aaaaaaaa")
#define ID_B ID("bbbbbbbb")
#define ID_X ID("cccccccc")
#define ID_U ID("dddddddd")
#define ID_I ID("eeeeeeee")
#define ID_G ID("99999999")	/* alice's, long gone */
#define PLAIN "sha256:" ID("00000000")
#define LYING "sha256:" ID("11111111")
#define LABELS(u, g) "{\"ds01.user\":\"" u "\",\"ds01.gate\":\"" g "\"}"
#define ELEMENT(id, name, image, labels, state) "{\"Id\":\"" id \
    "\",\"Names\":[\"/" name "\"],\"Image\":\"i\",\"ImageID\":\"" image \
    "\", \"Labels\": " labels ",\"State\":\"" state "\"}"
#define EL_A ELEMENT(ID_A, "a", PLAIN, LABELS("alice", "1"), "running")
#define EL_B ELEMENT(ID_B, "b", PLAIN, LABELS("alice", "2"), "exited")
#define EL_X ELEMENT(ID_X, "x", PLAIN, LABELS("bob", "3"), "paused")
#define EL_U ELEMENT(ID_U, "u", PLAIN, "{}", "running")
#define EL_I ELEMENT(ID_I, "i", LYING, LABELS("alice", "9"), "running")
#define ALL EL_X "," EL_A "," EL_I "," EL_U "," EL_B

#define INSPECT(id, name, image, labels) "{\"Id\":\"" id "\",\"Name\":\"/" \
    name "\",\"Image\":\"" image "\",\"HostConfig\":{},\"Config\":{" \
    "\"Labels\":" labels "}}"
#define VOL(name, labels) "{\"Name\":\"" name "\",\"Labels\":" labels \
    ",\"Driver\":\"local\",\"Options\":null}"
#define NET(name, labels, containers) "{\"Name\":\"" name "\",\"Id\":\"1" \
    name "\",\"Labels\":" labels ",\"Driver\":\"bridge\",\"Containers\":" \
    containers ",\"Peers\":[1]}"
#define GET(target, body) { "GET", target, 200, body, FAKE_LENGTH }

static const struct fake_row answers[] = {
	GET("/v1.41/images/" PLAIN "/json", "{\"Id\":\"" PLAIN "\",\"Config\":"
	    "{\"Labels\":null}}"),
	GET("/v1.41/images/" LYING "/json", "{\"Id\":\"" LYING "\",\"Config\":"
	    "{\"Labels\":" LABELS("alice", "9") "}}"),
	GET("/v1.41/images/plain/json", "{\"Id\":\"" PLAIN "\",\"Config\":"
	    "{\"Labels\":null}}"),
	GET("/v1.41/images/lying/json", "{\"Id\":\"" LYING "\",\"Config\":"
	    "{\"Labels\":" LABELS("alice", "9") "}}"),
	GET("/v1.41/containers/json?all=1", "[" ALL "]"),
	GET("/v1.41/containers/json", "[" ALL "]"),
	GET("/v1.41/containers/json?filters=%7B%22network%22%3A%5B%22"
	    "1adaf%22%5D%7D", "[" EL_X "," EL_A "," EL_I "]"),
	GET("/v1.41/containers/" ID_A "/json", INSPECT(ID_A, "a", PLAIN,
	    LABELS("alice", "1"))),
	GET("/v1.41/containers/a/json", INSPECT(ID_A, "a", PLAIN,
	    LABELS("alice", "1"))),
	GET("/v1.41/containers/" ID_X "/json", INSPECT(ID_X, "x", PLAIN,
	    LABELS("bob", "3"))),
	GET("/v1.41/containers/x/json", INSPECT(ID_X, "x", PLAIN,
	    LABELS("bob", "3"))),
	GET("/v1.41/containers/" ID_I "/json", INSPECT(ID_I, "i", LYING,
	    LABELS("alice", "9"))),
	GET("/v1.41/volumes/va", VOL("va", LABELS("alice", "1"))),
	GET("/v1.41/volumes/vb", VOL("vb", LABELS("bob", "1"))),
	GET("/v1.41/networks/na", NET("na", LABELS("alice", "1"), "{}")),
	GET("/v1.41/networks/nb", NET("nb", LABELS("bob", "1"), "{}")),
};
#define N_ANSWERS (sizeof answers / sizeof answers[0])

static int
setup(void **state)
{
	(void)state;
	fake_start(&f, "1.41");
	fake_rows(&f, answers, N_ANSWERS);
	engine_init(&e, f.path);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	engine_close(&e);
	fake_stop(&f);
	return 0;
}

static void
cuts_documents(void **state)
{
	static const struct {
		enum op op;
		long limit;
		const char *in, *out;	/* NULL: R_ENGINE_ERROR */
	} rows[] = {
		{ OP_CONTAINER_LIST, 0, "[" ALL "]\n",
		    "[" EL_A "," EL_B "]\n" },
		{ OP_CONTAINER_LIST, 1, "[" ALL "]\n", "[" EL_A "]\n" },
		{ OP_CONTAINER_LIST, 2, "[" ALL "]\n",
		    "[" EL_A "," EL_B "]\n" },
		{ OP_CONTAINER_LIST, 9, "[" ALL "]\n",
		    "[" EL_A "," EL_B "]\n" },
		{ OP_CONTAINER_LIST, 0, "[]\n", "[]\n" },
		{ OP_CONTAINER_LIST, 0, "[" EL_X "]", "[]\n" },
		{ OP_CONTAINER_LIST, 0, "{}", NULL },
		{ OP_CONTAINER_LIST, 0, "", NULL },
		{ OP_CONTAINER_LIST, 0, "{\"message\":\"" ID_X "\"}", NULL },
		{ OP_VOLUME_LIST, 0, "{\"Volumes\":[" VOL("va",
		    LABELS("alice", "1")) "," VOL("vb", LABELS("bob", "1"))
		    "," VOL("vu", "null") "],\"Warnings\":[\"w\"]}\n",
		    "{\"Volumes\":[" VOL("va", LABELS("alice", "1"))
		    "],\"Warnings\":[\"w\"]}\n" },
		{ OP_VOLUME_LIST, 0, "{\"Volumes\":null,\"Warnings\":null}\n",
		    "{\"Volumes\":null,\"Warnings\":null}\n" },
		{ OP_VOLUME_LIST, 0, "{\"Volumes\":{}}", NULL },
		{ OP_NETWORK_LIST, 0, "[" NET("na", LABELS("alice", "1"),
		    "{}") "," NET("nb", LABELS("bob", "1"), "{}") ","
		    NET("bridge", "{}", "{\"" ID_X "\":{\"x\":1},\"" ID_A
		    "\" : {\"a\":1}}") "," NET("nu", "null", "{}") "]\n",
		    "[" NET("na", LABELS("alice", "1"), "{}") ","
		    NET("bridge", "{}", "{\"" ID_A "\" : {\"a\":1}}")
		    "]\n" },
		{ OP_NETWORK_LIST_SLASH, 0, "[" NET("nb", LABELS("bob", "1"),
		    "{}") "]", "[]\n" },
		{ OP_NETWORK_INSPECT, 0, NET("bridge", "{}", "{\"" ID_X
		    "\":{\"x\":1},\"" ID_A "\":{\"a\":1},\"" ID_I "\":{},"
		    "\"" ID_B "\":{},\"lb-endpoint\":{}}"),
		    NET("bridge", "{}", "{\"" ID_A "\":{\"a\":1},\"" ID_B
		    "\":{}}") },
		{ OP_NETWORK_INSPECT, 0, NET("na", "{}", "{\"" ID_X
		    "\":{}}"), NET("na", "{}", "{}") },
		/* one network is asked for by its id */
		{ OP_NETWORK_INSPECT, 0, NET("adaf", "{}", "{\"" ID_X
		    "\":{},\"" ID_A "\":{},\"" ID_I "\":{},\"" ID_B
		    "\":{}}"), NET("adaf", "{}", "{\"" ID_A "\":{}}") },
		/* longer than an id is none, however it begins */
		{ OP_NETWORK_INSPECT, 0, NET("na", "{}", "{\"" ID_A
		    "ff\":{}}"), NET("na", "{}", "{}") },
		{ OP_NETWORK_INSPECT, 0, "[]", NULL },
		{ OP_NETWORK_LIST, 0, "{}", NULL },
		{ OP_NETWORK_LIST, 0, "{\"a\":" NET("na", LABELS("alice",
		    "1"), "{}") "}", NULL },
		{ OP_SYSTEM_DF, 0, "{\"LayersSize\":5,\"Images\":[{\"a\":1}],"
		    "\"Containers\":[" ALL "],\"Volumes\":[" VOL("vb",
		    LABELS("bob", "1")) "," VOL("va", LABELS("alice", "1"))
		    "],\"BuildCache\":[{\"Description\":\"RUN secret\"}],"
		    "\"BuilderSize\":7}\n",
		    "{\"LayersSize\":5,\"Images\":[{\"a\":1}],\"Containers\":["
		    EL_A "," EL_B "],\"Volumes\":[" VOL("va",
		    LABELS("alice", "1")) "],\"BuildCache\":[],"
		    "\"BuilderSize\":7}\n" },
		{ OP_SYSTEM_DF, 0, "{\"LayersSize\":5,\"BuildCache\":null,"
		    "\"Volumes\":null}", "{\"LayersSize\":5,\"BuildCache\":[],"
		    "\"Volumes\":null}" },
		/* of an image, only one's own containers are counted */
		{ OP_SYSTEM_DF, 0, "{\"Images\":[{\"Id\":\"" PLAIN "\","
		    "\"Containers\":4},{\"Id\":\"" LYING "\","
		    "\"Containers\":1}],\"Containers\":null}",
		    "{\"Images\":[{\"Id\":\"" PLAIN "\",\"Containers\":2},"
		    "{\"Id\":\"" LYING "\",\"Containers\":0}],"
		    "\"Containers\":null}" },
		{ OP_SYSTEM_DF, 0, "[]", NULL },
		{ OP_SYSTEM_DF, 0, "{\"Containers\":{\"" ID_X "\":1}}", NULL },
		{ OP_SYSTEM_INFO, 0, "{\"ID\":\"i\",\"Containers\":5,"
		    "\"ContainersRunning\":3,\"ContainersPaused\":1,"
		    "\"ContainersStopped\":1,\"Images\":4,\"Swarm\":{\"a\":"
		    "1}}\n", "{\"ID\":\"i\",\"Containers\":2,"
		    "\"ContainersRunning\":1,\"ContainersPaused\":0,"
		    "\"ContainersStopped\":1,\"Images\":4,\"Swarm\":{\"a\":"
		    "1}}\n" },
		{ OP_SYSTEM_VERSION, 0, "{\"ApiVersion\":\"1.54\","
		    "\"MinAPIVersion\":\"1.12\",\"Components\":[{\"Name\":"
		    "\"Engine\",\"Details\":{\"ApiVersion\":\"1.54\","
		    "\"MinAPIVersion\":\"1.12\"}},{\"Name\":\"runc\","
		    "\"Details\":{\"GitCommit\":\"\"}},{\"Name\":\"x\"}]}\n",
		    "{\"ApiVersion\":\"1.51\","
		    "\"MinAPIVersion\":\"1.24\",\"Components\":[{\"Name\":"
		    "\"Engine\",\"Details\":{\"ApiVersion\":\"1.51\","
		    "\"MinAPIVersion\":\"1.24\"}},{\"Name\":\"runc\","
		    "\"Details\":{\"GitCommit\":\"\"}},{\"Name\":\"x\"}]}\n" },
		{ OP_SYSTEM_VERSION, 0, "{\"ApiVersion\":\"1.41\","
		    "\"MinAPIVersion\":\"1.40\",\"Components\":null}",
		    "{\"ApiVersion\":\"1.41\","
		    "\"MinAPIVersion\":\"1.40\",\"Components\":null}" },
		{ OP_SYSTEM_VERSION, 0, "{\"ApiVersion\":\"2.99\"}",
		    "{\"ApiVersion\":\"2.99\"}" },
		{ OP_SYSTEM_VERSION, 0, "nonsense", NULL },
		{ OP_SYSTEM_PING, 0, "OK", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cleanup_buf struct buf out = BUF_INIT(0);
		struct filter_ask ask = { .limit = rows[i].limit };
		enum reason r = filter_document(rows[i].op, &e, &alice, &ask,
		    span_of(rows[i].in), &out, &why);

		if (r != (rows[i].out ? R_NONE : R_ENGINE_ERROR))
			fail_msg("%s: reason %d", rows[i].in, r);
		assert_string_equal(out.data ? out.data : "",
		    rows[i].out ? rows[i].out : "");
	}
}

static void
shows_nothing_when_it_cannot_ask(void **state)
{
	static const char bridge[] = NET("bridge", "{}", "{\"" ID_A "\":{}}");
	cleanup_buf struct buf out = BUF_INIT(0);
	struct engine gone;

	(void)state;
	engine_init(&gone, "/nonexistent/docker.sock");
	assert_int_equal(filter_document(OP_NETWORK_INSPECT, &gone, &alice,
	    NULL, span_of(bridge), &out, &why), R_ENGINE_DOWN);
	assert_int_equal(out.len, 0);
	assert_int_equal(filter_document(OP_SYSTEM_INFO, &gone, &alice,
	    NULL, span_of("{}"), &out, &why), R_ENGINE_DOWN);
	/* and asks only where there is something to be told */
	assert_int_equal(filter_document(OP_NETWORK_INSPECT, &gone, &alice,
	    NULL, span_of(NET("na", "{}", "{}")), &out, &why), R_NONE);
	engine_close(&gone);
}

/* One's own containers are listed once, however many networks there are. */
static void
asks_once_for_all_networks(void **state)
{
	static const char list[] = "[" NET("na", LABELS("alice", "1"), "{\""
	    ID_A "\":{}}") "," NET("bridge", "{}", "{\"" ID_X "\":{}}") "]";
	cleanup_buf struct buf out = BUF_INIT(0);

	(void)state;
	assert_int_equal(filter_document(OP_NETWORK_LIST, &e, &alice, NULL,
	    span_of(list), &out, &why), R_NONE);
	assert_int_equal(fake_count(&f, "GET /v1.41/containers/json"), 1);
}

static void
is_wanted_where_needed(void **state)
{
	(void)state;
	assert_true(filter_wanted(OP_CONTAINER_LIST, &alice));
	assert_true(filter_wanted(OP_SYSTEM_EVENTS, &alice));
	assert_true(filter_wanted(OP_SYSTEM_DF, &alice));
	assert_false(filter_wanted(OP_CONTAINER_LIST, &admin));
	assert_false(filter_wanted(OP_SYSTEM_EVENTS, &admin));
	assert_true(filter_wanted(OP_SYSTEM_VERSION, &admin));
	/* its length has no bound */
	assert_false(filter_wanted(OP_IMAGE_LIST, &alice));
	/* every ACCESS_FILTER route that reads is somebody's work */
	for (int op = 0; op < OP__COUNT; op++) {
		const struct route *r = route_row((enum op)op);

		if (r->access == ACCESS_FILTER && !r->changes)
			assert_true(filter_wanted((enum op)op, &alice));
	}
}

static void
asks_the_right_question(void **state)
{
	static const struct {
		const char *query;
		const struct caller *c;
		enum reason reason;
		long limit;
		const char *out;
	} rows[] = {
		{ "", &alice, R_NONE, 0, "" },
		{ "limit=3", &alice, R_NONE, 3, "?all=1" },
		{ "limit=3&all=0&size=1", &alice, R_NONE, 3,
		    "?all=1&size=1" },
		{ "limit=0", &alice, R_NONE, 0, "" },
		{ "limit=-1&all=0", &alice, R_NONE, 0, "?all=0" },
		{ "limit=3", &admin, R_NONE, 0, "?limit=3" },
		{ "filters={\"status\":[\"exited\"]}", &alice, R_NONE, 0,
		    "?filters={\"status\":{\"exited\":true}}" },
		{ "filters={\"status\":[\"exited\"],\"since\":[\"a\"],"
		    "\"name\":[\"x\"]}", &alice, R_NONE, 0,
		    "?filters={\"status\":{\"exited\":true},\"since\":{\""
		    ID_A "\":true},\"name\":{\"x\":true}}" },
		{ "filters={\"before\":{\"" ID_A "\":false}}", &alice, R_NONE,
		    0, "?filters={\"before\":{\"" ID_A "\":true}}" },
		{ "filters={\"since\":[\"a\",\"" ID_A "\"]}", &alice, R_NONE, 0,
		    "?filters={\"since\":{\"" ID_A "\":true,\"" ID_A
		    "\":true}}" },
		/* another's is as if it were not there */
		{ "filters={\"before\":[\"x\"]}", &alice, R_NOT_FOUND, 0,
		    NULL },
		{ "filters={\"since\":[\"nosuch\"]}", &alice, R_NOT_FOUND, 0,
		    NULL },
		{ "filters={\"before\":[\"a\",\"x\"]}", &alice, R_NOT_FOUND,
		    0, NULL },
		{ "filters={\"before\":[\"x\"]}", &admin, R_NONE, 0,
		    "?filters={\"before\":{\"x\":true}}" },
	};
	const struct param *params = route_row(OP_CONTAINER_LIST)->params;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cleanup_buf struct buf text = BUF_INIT(0);
		cleanup_query struct query q = { .n = 0 };
		struct filter_ask ask = { .limit = 77 };
		char plain[4096];

		assert_int_equal(query_parse(&q, span_of(rows[i].query),
		    params, rows[i].c->admin, &why), R_NONE);
		assert_int_equal(filter_query(OP_CONTAINER_LIST, &e,
		    rows[i].c, &q, params, &ask, &why), rows[i].reason);
		if (rows[i].reason != R_NONE)
			continue;
		assert_int_equal(ask.limit, rows[i].limit);
		assert_int_equal(query_write(&q, &text), 0);
		assert_true(query_decode(buf_span(&text), true, plain,
		    sizeof plain));
		/* the order of parameters does not matter */
		if (strcmp(plain, "?size=1&all=1") == 0)
			strcpy(plain, "?all=1&size=1");
		assert_string_equal(plain, rows[i].out);
	}
}

/* The texts of a refusal do not tell a foreign name from none at all. */
static void
leaks_no_names(void **state)
{
	static const char *const names[] = { "x", "q" };
	const struct param *params = route_row(OP_CONTAINER_LIST)->params;
	char text[2][512];

	(void)state;
	for (int i = 0; i < 2; i++) {
		cleanup_query struct query q = { .n = 0 };
		char query[64], *at;

		snprintf(query, sizeof query, "filters={\"since\":[\"%s\"]}",
		    names[i]);
		assert_int_equal(query_parse(&q, span_of(query), params,
		    false, &why), R_NONE);
		filter_query(OP_CONTAINER_LIST, &e, &alice, &q, params, NULL,
		    &why);
		refusal_text(&why, text[i], sizeof text[i]);
		at = strrchr(text[i], names[i][0]);
		assert_non_null(at);
		*at = '?';
	}
	assert_string_equal(text[0], text[1]);
}

#define EVENT(type, action, id, attributes) "{\"status\":\"" action \
    "\",\"Type\":\"" type "\",\"Action\":\"" action "\",\"Actor\":{\"ID\":\"" \
    id "\",\"Attributes\":{" attributes "}},\"time\":1}"
#define BY(u, g, image) "\"ds01.user\":\"" u "\",\"ds01.gate\":\"" g \
    "\",\"image\":\"" image "\",\"name\":\"n\""

static void
cuts_events(void **state)
{
	static const struct {
		const char *event;
		bool shown;
	} rows[] = {
		{ EVENT("container", "start", ID_A, BY("alice", "1",
		    "plain")), true },
		{ EVENT("container", "exec_create: sh -c x", ID_A, BY("alice",
		    "1", "plain")), true },
		{ EVENT("container", "start", ID_X, BY("bob", "3", "plain")),
		    false },
		{ EVENT("container", "start", ID_U, "\"image\":\"plain\""),
		    false },
		{ EVENT("container", "start", ID_I, BY("alice", "9",
		    "lying")), false },
		/* labels in an event prove nothing about another's */
		{ EVENT("container", "start", ID_X, BY("alice", "1",
		    "plain")), false },
		/* gone, never seen: gate and image tell */
		{ EVENT("container", "destroy", ID_G, BY("alice", "1",
		    "plain")), true },
		{ EVENT("container", "destroy", ID_G, BY("alice", "9",
		    "lying")), false },
		{ EVENT("container", "destroy", ID_G, BY("alice", "1",
		    "nosuch")), false },
		{ EVENT("container", "destroy", ID_G, BY("alice", "",
		    "plain")), false },
		{ EVENT("container", "destroy", ID_G, BY("bob", "1",
		    "plain")), false },
		{ EVENT("container", "destroy", ID_G, "\"ds01.user\":"
		    "\"alice\",\"image\":\"plain\""), false },
		{ EVENT("container", "destroy", ID_G, "\"aime.mlc.USER\":"
		    "\"alice\",\"ds01.gate\":\"1\",\"image\":\"plain\""), false },
		{ EVENT("image", "tag", "sha256:1", ""), true },
		{ EVENT("volume", "create", "va", "\"driver\":\"local\""),
		    true },
		{ EVENT("volume", "create", "vb", "\"driver\":\"local\""),
		    false },
		{ EVENT("volume", "destroy", "vb", "\"driver\":\"local\""),
		    false },
		{ EVENT("volume", "mount", "vb", "\"container\":\"" ID_A
		    "\""), true },
		{ EVENT("volume", "mount", "va", "\"container\":\"" ID_X
		    "\""), false },
		{ EVENT("network", "create", "na", "\"name\":\"na\""), true },
		{ EVENT("network", "create", "nb", "\"name\":\"nb\""),
		    false },
		{ EVENT("network", "connect", "nb", "\"container\":\"" ID_A
		    "\""), true },
		{ EVENT("network", "connect", "na", "\"container\":\"" ID_X
		    "\""), false },
		{ EVENT("network", "connect", "na", "\"container\":\"short\""),
		    false },
		{ EVENT("daemon", "reload", "d", "\"name\":\"d\""), false },
		/* an id that is a network's as well */
		{ EVENT("daemon", "reload", "na", "\"name\":\"na\""), false },
		{ EVENT("plugin", "enable", "d", "\"name\":\"d\""), false },
		{ EVENT("builder", "prune", "d", ""), false },
		{ EVENT("secret", "create", "d", ""), false },
		{ "{\"Type\":\"container\"}", false },
		{ "{\"Type\":\"container\",\"Actor\":{\"ID\":\"" ID_A "\"}}",
		    false },
		{ "{}", false },
		{ "", false },
		{ "nonsense", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (filter_event(&e, &alice, span_of(rows[i].event)) !=
		    rows[i].shown)
			fail_msg("%s", rows[i].event);
}

/* What was shown when it was there is shown when it goes. */
static void
shows_the_end(void **state)
{
	static const char made[] = EVENT("volume", "create", "va", ""),
	    gone[] = EVENT("volume", "destroy", "va", ""),
	    died[] = EVENT("container", "destroy", ID_A, BY("alice", "1",
	    "nosuch"));
	struct caller mallory = alice;

	(void)state;
	assert_true(filter_event(&e, &alice, span_of(made)));
	fake_rows(&f, NULL, 0);
	mallory.owner_uid = 6666;
	assert_false(filter_event(&e, &mallory, span_of(gone)));
	fake_rows(&f, answers, N_ANSWERS);
	assert_true(filter_event(&e, &alice, span_of(made)));
	/* whether it is gone cannot be told */
	static const struct fake_row sick = { "GET", "/v1.41/volumes/va", 500,
	    "{\"message\":\"x\"}", FAKE_LENGTH };
	fake_rows(&f, &sick, 1);
	assert_false(filter_event(&e, &alice, span_of(gone)));
	fake_rows(&f, NULL, 0);
	assert_true(filter_event(&e, &alice, span_of(gone)));
	assert_false(filter_event(&e, &alice, span_of(gone)));
	/* the cache still knows the container */
	assert_true(filter_event(&e, &alice, span_of(died)));
}

/* What is kept of a container holds its name too. */
static void
asks_again_after_a_rename(void **state)
{
	static const char line[] = "GET /v1.41/containers/" ID_A "/json";
	static const char start[] = EVENT("container", "start", ID_A,
	    BY("alice", "1", "plain")), renamed[] = EVENT("container",
	    "rename", ID_A, BY("alice", "1", "plain"));
	size_t before;

	(void)state;
	assert_true(filter_event(&e, &alice, span_of(start)));
	before = fake_count(&f, line);
	assert_true(filter_event(&e, &alice, span_of(start)));
	assert_int_equal(fake_count(&f, line), before);
	assert_true(filter_event(&e, &alice, span_of(renamed)));
	assert_int_equal(fake_count(&f, line), before + 1);
}

static void
asks_nothing_for_others_events(void **state)
{
	static const char other[] = EVENT("container", "start", ID("12345678"),
	    BY("bob", "3", "plain"));

	(void)state;
	assert_false(filter_event(&e, &alice, span_of(other)));
	assert_int_equal(f.log_len, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(cuts_documents), T(shows_nothing_when_it_cannot_ask),
		T(asks_once_for_all_networks), T(is_wanted_where_needed), T(asks_the_right_question),
		T(leaks_no_names), T(cuts_events), T(shows_the_end),
		T(asks_again_after_a_rename),
		T(asks_nothing_for_others_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
