/*
 * test_owner.c - whose is it, by what can be proven.
 *
 * links: owner owner_labelled engine cache buf span reason http json json_check json_walk query
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_engine.h"
#include "owner.h"
#include "policy.h"

static struct fake f;
static struct engine e;
static struct refusal why;
static const struct config cfg = { .unowned_allow = true };
static const struct caller alice = { .uid = 1001, .owner_uid = 1001,
    .name = "alice", .cfg = &cfg };
static const struct caller admin = { .uid = 1800, .owner_uid = 1800,
    .name = "datasciencelab", .admin = true, .cfg = &cfg };

/* An other spelling of alice is alice's too. */
bool
identity_is_owner(const struct caller *c, const char *label)
{
	return strcmp(c->name, label) == 0 ||
	    (c->owner_uid == 1001 && strcmp(label, "alice@lan") == 0);
}

bool
policy_harmless(const struct config *c, const struct caller *who,
    struct span inspect, bool gone)
{
	(void)gone;
	assert_ptr_equal(c, &cfg);
	assert_non_null(who);
	return json_is(json_path(inspect, "HostConfig", "Privileged", NULL),
	    "false");
}

#define U "\"ds01.user\":"
#define G "\"ds01.gate\":"
#define L "\"aime.mlc.USER\":"
#define P "\"ds01.protected\":"
#define C(claim) CLAIM_##claim

/* list: what can be said without HostConfig */
static const struct row {
	const char *what;
	const char *labels, *image;	/* image NULL: it is gone */
	bool harmless;
	enum claim claim, list;
	const char *owner;
	bool gate_made;
} rows[] = {
	/* made by the gate */
	{ "own", U "\"alice\"," G "\"1\"", "", false, C(OWN), C(OWN),
	    "alice", true },
	{ "own, other spelling", U "\"alice@lan\"," G "\"1\"", "", false,
	    C(OWN), C(OWN), "alice@lan", true },
	{ "foreign", U "\"bob\"," G "\"1\"", "", true, C(FOREIGN), C(FOREIGN),
	    "bob", true },
	{ "own, of own image", U "\"alice\"," G "\"2\"",
	    U "\"alice\"," G "\"1\"", false, C(OWN), C(OWN), "alice", true },
	{ "foreign, of my image", U "\"bob\"," G "\"2\"",
	    U "\"alice\"," G "\"1\"", true, C(FOREIGN), C(FOREIGN), "bob",
	    true },
	{ "legacy label does not count besides", U "\"bob\"," G "\"1\","
	    L "\"alice\"", "", true, C(FOREIGN), C(FOREIGN), "bob", true },
	/* inherited: an image with my name on it */
	{ "inherited both", U "\"alice\"," G "\"1\"",
	    U "\"alice\"," G "\"1\"", false, C(UNOWNED_UNSAFE),
	    C(UNOWNED_UNSAFE), "", false },
	{ "inherited both, harmless", U "\"alice\"," G "\"1\"",
	    U "\"alice\"," G "\"1\"", true, C(UNOWNED), C(UNOWNED_UNSAFE),
	    "", false },
	/* made with more rights than she has: as if there were no gate label */
	{ "unjudged, harmless", U "\"alice\"," G "\"unjudged-1\"", "", true,
	    C(OWN), C(OWN), "alice", true },
	{ "unjudged, privileged", U "\"alice\"," G "\"unjudged-1\"", "",
	    false, C(UNOWNED_UNSAFE), C(OWN), "alice", true },
	{ "unjudged, foreign", U "\"bob\"," G "\"unjudged-1\"", "", true,
	    C(FOREIGN), C(FOREIGN), "bob", true },
	{ "inherited gate", U "\"alice\"," G "\"1\"", G "\"1\"", false,
	    C(UNOWNED_UNSAFE), C(UNOWNED_UNSAFE), "", false },
	{ "inherited user", U "\"alice\"", U "\"alice\"", false,
	    C(UNOWNED_UNSAFE), C(UNOWNED_UNSAFE), "", false },
	{ "inherited legacy", L "\"alice\"", L "\"alice\"", false,
	    C(UNOWNED_UNSAFE), C(UNOWNED_UNSAFE), "", false },
	{ "inherited user, empty gate", U "\"alice\"," G "\"\"",
	    U "\"alice\"," G "\"\"", false, C(UNOWNED_UNSAFE),
	    C(UNOWNED_UNSAFE), "", false },
	{ "inherited user, own legacy", U "\"alice\"," L "\"bob\"",
	    U "\"alice\"", true, C(FOREIGN), C(FOREIGN), "bob", false },
	/* from before the gate */
	{ "legacy", L "\"alice\"", "", true, C(OWN), C(OWN), "alice",
	    false },
	{ "legacy ds01.user", U "\"alice\"", "", true, C(OWN), C(OWN),
	    "alice", false },
	{ "legacy over another image's", U "\"alice\"", U "\"bob\"", true,
	    C(OWN), C(OWN), "alice", false },
	{ "legacy, privileged", L "\"alice\"", "", false,
	    C(UNOWNED_UNSAFE), C(OWN), "alice", false },
	{ "foreign legacy", L "\"bob\"", "", true, C(FOREIGN), C(FOREIGN),
	    "bob", false },
	{ "ds01.user first", U "\"bob\"," L "\"alice\"", "", true,
	    C(FOREIGN), C(FOREIGN), "bob", false },
	{ "empty ds01.user", U "\"\"," L "\"alice\"", "", true, C(OWN),
	    C(OWN), "alice", false },
	/* the image is gone: only what I could have made */
	{ "image gone", U "\"alice\"," G "\"1\"", NULL, true, C(OWN), C(OWN),
	    "alice", false },
	{ "image gone, privileged", U "\"alice\"," G "\"1\"", NULL, false,
	    C(UNOWNED_UNSAFE), C(UNOWNED_UNSAFE), "alice", false },
	{ "image gone, legacy, privileged", L "\"alice\"", NULL, false,
	    C(UNOWNED_UNSAFE), C(UNOWNED_UNSAFE), "alice", false },
	{ "image gone, foreign", U "\"bob\"," G "\"1\"", NULL, true,
	    C(FOREIGN), C(FOREIGN), "bob", false },
	/* nobody's */
	{ "unowned", "", "", true, C(UNOWNED), C(UNOWNED_UNSAFE), "", false },
	{ "unowned, privileged", "", "", false, C(UNOWNED_UNSAFE),
	    C(UNOWNED_UNSAFE), "", false },
	{ "unowned, image gone", "", NULL, true, C(UNOWNED),
	    C(UNOWNED_UNSAFE), "", false },
	/* protected */
	{ "protected", P "\"true\"", "", true, C(PROTECTED), C(PROTECTED),
	    "", false },
	{ "protected, own", U "\"alice\"," G "\"1\"," P "\"true\"", "", true,
	    C(PROTECTED), C(PROTECTED), "alice", true },
	{ "protected by image, own", U "\"alice\"," G "\"1\"," P "\"true\"",
	    P "\"true\"", true, C(OWN), C(OWN), "alice", true },
	{ "protected by image, unowned", P "\"true\"", P "\"true\"", true,
	    C(UNOWNED), C(UNOWNED_UNSAFE), "", false },
	{ "protected, image gone", P "\"true\"", NULL, true, C(PROTECTED),
	    C(PROTECTED), "", false },
	{ "protected over false", P "\"true\"", P "\"false\"", true,
	    C(PROTECTED), C(PROTECTED), "", false },
	{ "not quite protected", U "\"alice\"," G "\"1\"," P "\"TRUE\"", "",
	    true, C(OWN), C(OWN), "alice", true },
	/* what cannot be read belongs to somebody else */
	{ "NUL in the owner", U "\"alice\\u0000\"", "", true,
	    C(UNOWNED_UNSAFE), C(UNOWNED_UNSAFE), "", false },
	{ "NUL in the gate", U "\"alice\"," G "\"\\u0000\"", "", true,
	    C(UNOWNED_UNSAFE), C(UNOWNED_UNSAFE), "", false },
	{ "unreadable gate of the image", U "\"alice\"," G "\"1\"",
	    G "\"\\u0000\"", true, C(UNOWNED), C(UNOWNED_UNSAFE), "", false },
	{ "escaped, but the same", U "\"\\u0061lice\"," G "\"\\u0031\"",
	    U "\"alice\"," G "\"1\"", false, C(UNOWNED_UNSAFE),
	    C(UNOWNED_UNSAFE), "", false },
};
#define N_ROWS (sizeof rows / sizeof rows[0])

/* Texts of one container: id, inspect and list element, its image. */
struct made {
	char id[ID_LEN + 1], image[80];
	char get[128], get_name[64], get_image[128];
	char inspect[4096], element[4096], image_inspect[1024];
	struct fake_row answers[3];
};

static void
make(struct made *m, unsigned n, const struct row *r)
{
	memset(m, 0, sizeof *m);
	snprintf(m->id, sizeof m->id, "%064x", n);
	snprintf(m->image, sizeof m->image, "sha256:%064x", n);
	snprintf(m->get, sizeof m->get, "/v1.41/containers/%s/json", m->id);
	snprintf(m->get_name, sizeof m->get_name,
	    "/v1.41/containers/c%u/json", n);
	snprintf(m->get_image, sizeof m->get_image, "/v1.41/images/%s/json",
	    m->image);
	snprintf(m->inspect, sizeof m->inspect, "{\"Id\":\"%s\",\"Name\":"
	    "\"/c%u\",\"Image\":\"%s\",\"HostConfig\":{\"Privileged\":%s},"
	    "\"Config\":{\"Image\":\"sha256:typed\",\"Labels\":{%s}}}",
	    m->id, n, m->image, r->harmless ? "false" : "true", r->labels);
	snprintf(m->element, sizeof m->element, "{\"Id\":\"%s\",\"Names\":["
	    "\"/other/alias\",\"/c%u\"],\"Image\":\"typed\",\"ImageID\":"
	    "\"%s\",\"Labels\":{%s},\"HostConfig\":{\"NetworkMode\":"
	    "\"default\"}}", m->id, n, m->image, r->labels);
	snprintf(m->image_inspect, sizeof m->image_inspect,
	    "{\"Id\":\"%s\",\"Config\":{\"Labels\":{%s}}}", m->image,
	    r->image ? r->image : "");
	m->answers[0] = (struct fake_row){ "GET", m->get, 200, m->inspect,
	    FAKE_LENGTH };
	m->answers[1] = (struct fake_row){ "GET", m->get_name, 200,
	    m->inspect, FAKE_LENGTH };
	m->answers[2] = (struct fake_row){ "GET", m->get_image,
	    r->image ? 200 : 404, m->image_inspect, FAKE_LENGTH };
	fake_rows(&f, m->answers, 3);
}

static int
setup(void **state)
{
	(void)state;
	fake_start(&f, "1.41");
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
check(const struct row *r, const struct made *m, const struct thing *t,
    enum claim claim, unsigned n)
{
	char name[16];

	snprintf(name, sizeof name, "c%u", n);
	if (t->claim != claim || strcmp(t->owner, r->owner) != 0 ||
	    t->gate_made != r->gate_made)
		fail_msg("%s: claim %d owner %s made %d", r->what, t->claim,
		    t->owner, t->gate_made);
	assert_string_equal(t->id, m->id);
	assert_string_equal(t->name, name);
	assert_string_equal(t->image, m->image);
}

static void
proves_containers(void **state)
{
	static struct made m;
	struct thing t;
	char short_name[16];

	(void)state;
	for (unsigned i = 0; i < N_ROWS; i++) {
		const struct row *r = &rows[i];

		make(&m, i + 1, r);
		snprintf(short_name, sizeof short_name, "c%u", i + 1);
		/* an inspect answer, by name; twice: from the caches too */
		for (int round = 0; round < 2; round++) {
			assert_int_equal(owner_container(&e, &alice,
			    short_name, &t, NULL, &why), R_NONE);
			check(r, &m, &t, r->claim, i + 1);
			assert_int_equal(owner_container(&e, &alice, m.id, &t,
			    NULL, &why), R_NONE);
			check(r, &m, &t, r->claim, i + 1);
		}
		/* an inspect answer at hand; a list's element */
		assert_int_equal(owner_of_container_json(&e, &alice,
		    span_of(m.inspect), &t), r->claim);
		check(r, &m, &t, r->claim, i + 1);
		if (owner_is_own_json(&e, &alice, span_of(m.inspect)) !=
		    (r->claim == CLAIM_OWN))
			fail_msg("%s: own, inspected", r->what);
		make(&m, 1000 + i, r);
		owner_of_container_json(&e, &alice, span_of(m.element), &t);
		check(r, &m, &t, r->list, 1000 + i);
		make(&m, 2000 + i, r);
		if (owner_is_own_json(&e, &alice, span_of(m.element)) !=
		    (r->list == CLAIM_OWN))
			fail_msg("%s: own in a list", r->what);
	}
}

/* A step of a classic build names its image by its id, and is nobody's to
 * touch while it runs; what says whose it is is his all the same. */
static void
knows_a_builders_step(void **state)
{
	static const struct row steps[] = {
		{ "a step", "", "", true, C(UNOWNED_UNSAFE), 0, "", false },
		{ "legacy, by id", L "\"alice\"", "", true, C(OWN), 0, "alice",
		    false },
		{ "own, by id", U "\"alice\"," G "\"1\"", "", true, C(OWN), 0,
		    "alice", true },
	};
	static struct made m;
	char rest[1024], *at;
	struct thing t;

	(void)state;
	for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		make(&m, 6000 + i, &steps[i]);
		at = strstr(m.inspect, "sha256:typed");
		assert_non_null(at);
		snprintf(rest, sizeof rest, "%s", at + strlen("sha256:typed"));
		snprintf(at, 2048, "%s%s", m.image, rest);
		assert_int_equal(owner_container(&e, &alice, m.id, &t, NULL,
		    &why), R_NONE);
		check(&steps[i], &m, &t, steps[i].claim, 6000 + i);
		assert_int_equal(owner_container(&e, &admin, m.id, &t, NULL,
		    &why), R_NONE);
		if (i == 0)
			assert_int_equal(t.claim, CLAIM_UNOWNED);
	}
}

/* An image that is gone may come back, and say that the name was its own. */
static void
forgets_what_no_image_said(void **state)
{
	static const struct row gone = { "image gone", U "\"alice\"," G "\"1\"",
	    NULL, true, CLAIM_OWN, CLAIM_OWN, "alice", false };
	static struct made m;
	struct thing t;

	(void)state;
	make(&m, 7000, &gone);
	owner_container(&e, &alice, m.id, &t, NULL, &why);
	assert_int_equal(t.claim, CLAIM_OWN);
	snprintf(m.image_inspect, sizeof m.image_inspect, "{\"Id\":\"%s\","
	    "\"Config\":{\"Labels\":{" U "\"alice\"," G "\"1\"}}}", m.image);
	m.answers[2].status = 200;
	owner_container(&e, &alice, m.id, &t, NULL, &why);
	assert_int_equal(t.claim, CLAIM_UNOWNED);
}

/* A foreign name costs no question, a full id only the first time. */
static void
asks_no_more_than_needed(void **state)
{
	static const struct row own = { "own", U "\"alice\"," G "\"1\"", "",
	    true, CLAIM_OWN, CLAIM_OWN, "alice", true };
	static const struct row foreign = { "foreign", U "\"bob\"," G "\"1\"",
	    "", true, CLAIM_FOREIGN, CLAIM_FOREIGN, "bob", true };
	static const struct row legacy = { "legacy", L "\"alice\"", "", true,
	    CLAIM_OWN, CLAIM_OWN, "alice", false };
	static const struct row others = { "foreign", L "\"bob\"", "", true,
	    CLAIM_FOREIGN, CLAIM_FOREIGN, "bob", false };
	static const struct row nobodys = { "unowned", "", "", true,
	    CLAIM_UNOWNED, CLAIM_UNOWNED, "", false };
	static struct made m;
	cleanup_buf struct buf raw = BUF_INIT(0);
	struct thing t;

	(void)state;
	assert_int_equal(engine_versions(&e, &why), R_NONE);
	f.log_len = 0;
	make(&m, 3000, &foreign);
	assert_false(owner_is_own_json(&e, &alice, span_of(m.element)));
	make(&m, 3003, &others);
	assert_false(owner_is_own_json(&e, &alice, span_of(m.element)));
	assert_int_equal(f.log_len, 0);
	/* where no label tells, the image is not asked for */
	make(&m, 3004, &nobodys);
	owner_container(&e, &alice, m.id, &t, NULL, &why);
	assert_int_equal(f.log_len, strlen("GET \n") + strlen(m.get));

	make(&m, 3001, &own);
	for (int i = 0; i < 3; i++) {
		owner_container(&e, &alice, m.id, &t, NULL, &why);
		check(&own, &m, &t, CLAIM_OWN, 3001);
	}
	assert_int_equal(f.log_len, strlen("GET GET \n\n") + strlen(m.get) +
	    strlen(m.get_image));
	/* raw is wanted: asked; a name moves: asked; forgotten: asked */
	owner_container(&e, &alice, m.id, &t, &raw, &why);
	assert_string_equal(raw.data, m.inspect);
	owner_container(&e, &alice, "c3001", &t, NULL, &why);
	owner_forget(m.id);
	owner_container(&e, &alice, m.id, &t, NULL, &why);
	assert_int_equal(f.log_len, strlen("GET GET GET GET GET \n\n\n\n\n") +
	    3 * strlen(m.get) + strlen(m.get_name) + strlen(m.get_image));

	/* what may have changed is judged afresh */
	make(&m, 3002, &legacy);
	owner_container(&e, &alice, m.id, &t, NULL, &why);
	assert_int_equal(t.claim, CLAIM_OWN);
	memcpy(strstr(m.inspect, "false"), "true ", 5);
	owner_container(&e, &alice, m.id, &t, NULL, &why);
	assert_int_equal(t.claim, CLAIM_UNOWNED_UNSAFE);
}

static void
cannot_be_led_astray(void **state)
{
	static const char *const refs[] = { "", "/", "a/b", "..", ".",
	    "/..", "../images/x", "a/../b", "x/json" };
	struct thing t;

	(void)state;
	fake_rows(&f, NULL, 0);
	engine_versions(&e, &why);
	fake_rows(&f, NULL, 0);
	for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++) {
		assert_int_equal(owner_container(&e, &alice, refs[i], &t,
		    NULL, &why), R_NONE);
		assert_int_equal(t.claim, CLAIM_MISSING);
		assert_int_equal(t.status, 404);
		assert_int_equal(owner_volume(&e, &alice, refs[i], &t, NULL,
		    &why), R_NONE);
		assert_int_equal(t.claim, CLAIM_MISSING);
		assert_int_equal(owner_exec(&e, &alice, refs[i], &t, &why),
		    R_NONE);
		assert_int_equal(t.claim, CLAIM_MISSING);
	}
	assert_int_equal(f.log_len, 0);
	owner_container(&e, &alice, "a?x=1#\r\n %2f", &t, NULL, &why);
	assert_int_equal(t.claim, CLAIM_MISSING);
	assert_string_equal(f.log,
	    "GET /v1.41/containers/a%3Fx%3D1%23%0D%0A%20%252f/json\n");
	fake_rows(&f, NULL, 0);
	owner_container(&e, &alice, "/c9", &t, NULL, &why);
	assert_string_equal(f.log, "GET /v1.41/containers/c9/json\n");
}

static void
knows_missing_and_ambiguous(void **state)
{
	static const struct fake_row answers[] = {
		{ "GET", "/v1.41/containers/a/json", 400,
		    "{\"message\":\"multiple IDs found\"}", FAKE_LENGTH },
		{ "GET", "/v1.41/containers/b/json", 500,
		    "{\"message\":\"Multiple IDs found with provided prefix: "
		    "b\"}", FAKE_LENGTH },
		{ "GET", "/v1.41/containers/c/json", 500,
		    "{\"message\":\"database is locked\"}", FAKE_LENGTH },
		{ "GET", "/v1.41/containers/d/json", 200, "{\"Id\":\"d\"}",
		    FAKE_LENGTH },
		{ "GET", "/v1.41/containers/e/json", 200, "[", FAKE_LENGTH },
	};
	cleanup_buf struct buf raw = BUF_INIT(0);
	struct thing t;

	(void)state;
	fake_rows(&f, answers, 5);
	owner_container(&e, &alice, "a", &t, &raw, &why);
	assert_int_equal(t.claim, CLAIM_MISSING);
	assert_int_equal(t.status, 400);
	assert_string_equal(t.name, "a");
	assert_int_equal(raw.len, 0);
	owner_container(&e, &alice, "b", &t, NULL, &why);
	assert_int_equal(t.status, 400);
	assert_int_equal(owner_container(&e, &alice, "c", &t, NULL, &why),
	    R_ENGINE_ERROR);
	assert_int_equal(owner_container(&e, &alice, "d", &t, NULL, &why),
	    R_ENGINE_ERROR);
	assert_int_equal(owner_container(&e, &alice, "e", &t, NULL, &why),
	    R_ENGINE_ERROR);
}

/* An image that cannot be asked for is not an image that is gone. */
static void
needs_the_image_to_judge(void **state)
{
	static const struct row own = { "own", U "\"alice\"," G "\"1\"", "",
	    true, CLAIM_OWN, CLAIM_OWN, "alice", true };
	static struct made m;
	struct thing t;

	(void)state;
	make(&m, 4000, &own);
	m.answers[2].status = 500;
	assert_int_equal(owner_container(&e, &alice, m.id, &t, NULL, &why),
	    R_ENGINE_ERROR);
	assert_int_equal(owner_of_container_json(&e, &alice,
	    span_of(m.element), &t), CLAIM_UNOWNED_UNSAFE);
	assert_false(owner_is_own_json(&e, &alice, span_of(m.element)));
	m.answers[2].status = 200;
	assert_int_equal(owner_container(&e, &alice, m.id, &t, NULL, &why),
	    R_NONE);
	assert_int_equal(t.claim, CLAIM_OWN);
}

static void
finds_execs(void **state)
{
	static const struct row own = { "own", U "\"alice\"," G "\"1\"", "",
	    true, CLAIM_OWN, CLAIM_OWN, "alice", true };
	static struct made m;
	static char body[256], get[128], exec[ID_LEN + 1];
	struct fake_row answers[4];
	struct thing t;

	(void)state;
	make(&m, 5000, &own);
	snprintf(exec, sizeof exec, "%064x", 0xe0);
	snprintf(get, sizeof get, "/v1.41/exec/%s/json", exec);
	snprintf(body, sizeof body, "{\"ID\":\"%s\",\"ContainerID\":\"%s\"}",
	    exec, m.id);
	memcpy(answers, m.answers, sizeof m.answers);
	answers[3] = (struct fake_row){ "GET", get, 200, body, FAKE_LENGTH };
	fake_rows(&f, answers, 4);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(owner_exec(&e, &alice, exec, &t, &why),
		    R_NONE);
		check(&own, &m, &t, CLAIM_OWN, 5000);
	}
	assert_int_equal(fake_count(&f, "GET /v1.41/exec/00000000000000000000"
	    "000000000000000000000000000000000000000000e0/json"), 1);
	/* no prefixes, and what is gone is missing */
	exec[ID_LEN - 1] = '\0';
	size_t before = f.log_len;
	owner_exec(&e, &alice, exec, &t, &why);
	assert_int_equal(t.claim, CLAIM_MISSING);
	assert_int_equal(f.log_len, before);
	snprintf(exec, sizeof exec, "%064x", 0xe1);
	owner_exec(&e, &alice, exec, &t, &why);
	assert_int_equal(t.claim, CLAIM_MISSING);
	assert_int_equal(t.status, 404);
}

/* An exec of which no container can be told is nobody's to start. */
static void
needs_the_container_of_an_exec(void **state)
{
	static const struct { int status; const char *body; } said[] = {
		{ 200, "{\"ID\":\"x\"}" }, { 200, "{\"ContainerID\":\"\"}" },
		{ 200, "{\"ContainerID\":\"5000\"}" }, { 500, "{}" },
		{ 200, "[]" },
	};
	char get[128], exec[ID_LEN + 1];
	struct thing t;

	(void)state;
	for (unsigned i = 0; i < sizeof said / sizeof said[0]; i++) {
		snprintf(exec, sizeof exec, "%064x", 0xe10 + i);
		snprintf(get, sizeof get, "/v1.41/exec/%s/json", exec);
		struct fake_row answer = { "GET", get, said[i].status,
		    said[i].body, FAKE_LENGTH };
		fake_rows(&f, &answer, 1);
		if (owner_exec(&e, &alice, exec, &t, &why) != R_ENGINE_ERROR)
			fail_msg("exec %u: claim %d", i, t.claim);
		fake_rows(&f, NULL, 0);
	}
}

static void
judges_labelled(void **state)
{
	static const struct {
		const char *json;
		enum claim claim;
		const char *owner;
		bool predefined;
	} v[] = {
#define VOLUME(labels, driver, options) "{\"Name\":\"v\",\"Labels\":" \
    labels ",\"Driver\":\"" driver "\",\"Options\":" options "}"
#define NETWORK(name, labels, driver) "{\"Name\":\"" name "\",\"Id\":" \
    "\"0a\",\"Labels\":" labels ",\"Driver\":\"" driver "\"}"
		{ VOLUME("{" U "\"alice\"}", "local", "null"), CLAIM_OWN,
		    "alice", false },
		{ VOLUME("{" U "\"alice\"," G "\"1\"}", "local",
		    "{\"device\":\"/\"}"), CLAIM_OWN, "alice", false },
		{ VOLUME("{" U "\"alice\"," G "\"unjudged-1\"}", "local",
		    "null"), CLAIM_OWN, "alice", false },
		{ VOLUME("{" U "\"alice\"," G "\"unjudged-1\"}", "local",
		    "{\"device\":\"/\"}"), CLAIM_UNOWNED_UNSAFE, "alice", false },
		{ VOLUME("{" U "\"alice\"}", "nfs", "{}"),
		    CLAIM_UNOWNED_UNSAFE, "alice", false },
		{ NETWORK("n", "{" U "\"alice\"," G "\"unjudged-1\"}",
		    "macvlan"), CLAIM_UNOWNED_UNSAFE, "alice", false },
		{ VOLUME("{" L "\"alice\"}", "local", "null"), CLAIM_OWN,
		    "alice", false },
		{ VOLUME("{" U "\"bob\"," L "\"alice\"}", "local", "{}"),
		    CLAIM_FOREIGN, "bob", false },
		{ VOLUME("{" U "\"alice\"," P "\"true\"}", "local", "null"),
		    CLAIM_PROTECTED, "alice", false },
		{ VOLUME("null", "local", "null"), CLAIM_UNOWNED, "", false },
		{ VOLUME("{}", "local", "{}"), CLAIM_UNOWNED, "", false },
		{ VOLUME("{}", "local", "{\"device\":\"/\"}"),
		    CLAIM_UNOWNED_UNSAFE, "", false },
		{ VOLUME("{}", "nfs", "{}"), CLAIM_UNOWNED_UNSAFE, "",
		    false },
		{ VOLUME("{" U "\"\\u0000\"}", "local", "{}"),
		    CLAIM_UNOWNED_UNSAFE, "", false },
		{ "{}", CLAIM_UNOWNED_UNSAFE, "", false },
		{ "nonsense", CLAIM_UNOWNED_UNSAFE, "", false },
		{ NETWORK("n", "{" U "\"alice\"}", "bridge"), CLAIM_OWN,
		    "alice", false },
		{ NETWORK("n", "{" U "\"bob\"}", "bridge"), CLAIM_FOREIGN,
		    "bob", false },
		{ NETWORK("n", "{}", "bridge"), CLAIM_UNOWNED, "", false },
		{ NETWORK("n", "{}", "macvlan"), CLAIM_UNOWNED_UNSAFE, "",
		    false },
		{ NETWORK("bridge", "{}", "bridge"), CLAIM_UNOWNED, "", true },
		{ NETWORK("host", "{}", "host"), CLAIM_UNOWNED, "", true },
		{ NETWORK("none", "{}", "null"), CLAIM_UNOWNED, "", true },
		{ NETWORK("bridge2", "{}", "macvlan"), CLAIM_UNOWNED_UNSAFE,
		    "", false },
		/* a volume may be called as it likes */
		{ "{\"Name\":\"host\",\"Labels\":{},\"Driver\":\"nfs\"}",
		    CLAIM_UNOWNED_UNSAFE, "", false },
	};
	struct thing t;

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
		owner_of_labelled_json(&alice, span_of(v[i].json), &t);
		if (t.claim != v[i].claim || strcmp(t.owner, v[i].owner) ||
		    t.predefined != v[i].predefined)
			fail_msg("%s: %d %s", v[i].json, t.claim, t.owner);
	}
	/* made by the gate: both labels say so */
	owner_of_labelled_json(&alice, span_of(VOLUME("{" U "\"alice\"," G
	    "\"1\"}", "local", "null")), &t);
	assert_true(t.gate_made);
	owner_of_labelled_json(&alice, span_of(VOLUME("{" U "\"alice\"}",
	    "local", "null")), &t);
	assert_false(t.gate_made);
	owner_of_labelled_json(&alice, span_of(VOLUME("{" G "\"1\"}", "local",
	    "null")), &t);
	assert_false(t.gate_made);
}

/* Without a label, a volume is theirs whose containers use it. */
static void
finds_volumes_by_use(void **state)
{
	static const char *const users[] = { "", "alice", "bob",
	    "alice,bob", "bob,alice" };
	static const enum claim want[] = { CLAIM_UNOWNED, CLAIM_OWN,
	    CLAIM_FOREIGN, CLAIM_FOREIGN, CLAIM_FOREIGN };
	static char list[4096];
	static const struct fake_row answers[] = {
		{ "GET", "/v1.41/volumes/anon", 200, VOLUME("null", "local",
		    "null"), FAKE_LENGTH },
		{ "GET", "/v1.41/volumes/v", 200, VOLUME("null", "local",
		    "null"), FAKE_LENGTH },
		{ "GET", "/v1.41/containers/json?all=1&filters="
		    "%7B%22volume%22%3A%5B%22v%22%5D%7D", 200, list,
		    FAKE_LENGTH },
		{ "GET", "/v1.41/images/sha256:0/json", 200, "{\"Id\":"
		    "\"sha256:0\",\"Config\":{}}", FAKE_LENGTH },
	};
	struct thing t;

	(void)state;
	fake_rows(&f, answers, 4);
	for (size_t i = 0; i < 5; i++) {
		const char *u = users[i];
		size_t n = 0;

		strcpy(list, "[");
		for (; *u; n++) {
			size_t len = strcspn(u, ",");

			snprintf(list + strlen(list), 512, "%s{\"Id\":"
			    "\"%064zx\",\"Names\":[\"/u\"],\"ImageID\":"
			    "\"sha256:0\",\"Labels\":{" U "\"%.*s\"," G
			    "\"1\"},\"HostConfig\":{}}", n ? "," : "",
			    0x600 + 10 * i + n, (int)len, u);
			u += len + (u[len] == ',');
		}
		strcat(list, "]");
		assert_int_equal(owner_volume(&e, &alice, "v", &t, NULL,
		    &why), R_NONE);
		assert_int_equal(t.claim, want[i]);
	}
	/* who uses it cannot be told: then it is not nobody's */
	fake_rows(&f, answers, 2);
	assert_int_equal(owner_volume(&e, &alice, "v", &t, NULL, &why),
	    R_ENGINE_ERROR);
	fake_rows(&f, answers, 4);
	/* an answer about something else */
	assert_int_equal(owner_volume(&e, &alice, "anon", &t, NULL, &why),
	    R_ENGINE_ERROR);
}

static void
counts_ones_own(void **state)
{
#define BY_LABEL "filters=%7B%22label%22%3A%5B%22ds01.user%3Dalice%22%5D%7D"
	static const struct fake_row answers[] = {
		{ "GET", "/v1.41/containers/json?all=1&" BY_LABEL, 200,
		    "[{\"Id\":\"a\"},{\"Id\":\"b\"}]", FAKE_LENGTH },
		{ "GET", "/v1.41/networks?" BY_LABEL, 200, "[{\"Id\":\"n\"}]",
		    FAKE_LENGTH },
	};
	int64_t n = 7;

	(void)state;
	fake_rows(&f, answers, 2);
	assert_int_equal(owner_count(&e, &alice, OBJ_CONTAINER, &n, &why),
	    R_NONE);
	assert_int_equal(n, 2);
	assert_int_equal(owner_count(&e, &alice, OBJ_NETWORK, &n, &why),
	    R_NONE);
	assert_int_equal(n, 1);
	fake_rows(&f, NULL, 0);
	assert_int_equal(owner_count(&e, &alice, OBJ_NETWORK, &n, &why),
	    R_ENGINE_ERROR);
}

static void
finds_networks(void **state)
{
	static const struct fake_row answers[] = {
		{ "GET", "/v1.41/networks/n", 200, NETWORK("n", "{" U
		    "\"bob\"}", "bridge"), FAKE_LENGTH },
		{ "GET", "/v1.41/networks/bad", 200, "{\"Name\":\"bad\","
		    "\"Id\":\"../x\",\"Driver\":\"bridge\"}", FAKE_LENGTH },
		{ "GET", "/v1.41/networks/a", 400, "{\"message\":\"network a "
		    "is ambiguous\"}", FAKE_LENGTH },
	};
	struct thing t;

	(void)state;
	fake_rows(&f, answers, 3);
	assert_int_equal(owner_network(&e, &alice, "n", &t, NULL, &why),
	    R_NONE);
	assert_int_equal(t.claim, CLAIM_FOREIGN);
	assert_string_equal(t.id, "0a");
	assert_int_equal(owner_network(&e, &alice, "bad", &t, NULL, &why),
	    R_ENGINE_ERROR);
	assert_int_equal(owner_network(&e, &alice, "a", &t, NULL, &why),
	    R_NONE);
	assert_int_equal(t.status, 400);
}

static void
finds_images(void **state)
{
	static const char id[] = "sha256:00000000000000000000000000000000"
	    "000000000000000000000000000000f1";
	static const struct fake_row answers[] = {
		{ "GET", "/v1.41/images/reg:5000/a/b:t/json", 200, "{\"Id\":"
		    "\"sha256:000000000000000000000000000000000000000000000000"
		    "00000000000000f1\",\"Config\":{\"Labels\":{\"a\":\"b\"},"
		    "\"User\":\"7\"}}", FAKE_LENGTH },
		{ "GET", "/v1.41/images/bare/json", 200, "{\"Id\":\"x\","
		    "\"Config\":null}", FAKE_LENGTH },
		{ "GET", "/v1.41/images/UP/json", 400, "{}", FAKE_LENGTH },
		{ "GET", "/v1.41/images/anon/json", 200, "{\"Config\":{}}",
		    FAKE_LENGTH },
		{ "GET", "/v1.41/images/empty/json", 200, "{\"Id\":\"\","
		    "\"Config\":{}}", FAKE_LENGTH },
	};
	static const char *const bad[] = { "", "/x", "x/", "a//b", "../x",
	    "a/../b", "a/./b", ".", "..", "nosuch", "UP" };
	cleanup_buf struct buf config = BUF_INIT(0);
	char got[80];

	(void)state;
	fake_rows(&f, answers, 3);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(owner_image(&e, "reg:5000/a/b:t", got,
		    &config, &why), R_NONE);
		assert_string_equal(got, id);
		assert_string_equal(config.data,
		    "{\"Labels\":{\"a\":\"b\"},\"User\":\"7\"}");
	}
	assert_int_equal(fake_count(&f,
	    "GET /v1.41/images/reg:5000/a/b:t/json"), 2);	/* tags move */
	fake_rows(&f, NULL, 0);
	assert_int_equal(owner_image(&e, id, got, &config, &why), R_NONE);
	assert_string_equal(config.data,
	    "{\"Labels\":{\"a\":\"b\"},\"User\":\"7\"}");
	assert_int_equal(f.log_len, 0);				/* ids do not */
	fake_rows(&f, answers, 3);
	assert_int_equal(owner_image(&e, "bare", NULL, &config, &why),
	    R_NONE);
	assert_string_equal(config.data, "{}");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(owner_image(&e, bad[i], NULL, &config, &why),
		    R_NOT_FOUND);
	fake_rows(&f, answers, 5);
	assert_int_equal(owner_image(&e, "anon", got, &config, &why),
	    R_ENGINE_ERROR);
	assert_int_equal(owner_image(&e, "empty", got, &config, &why),
	    R_ENGINE_ERROR);
	fake_rows(&f, answers, 3);
	(void)owner_image(&e, "bare", NULL, &config, &why);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		(void)owner_image(&e, bad[i], NULL, &config, &why);
	/* two of them were worth a question */
	assert_int_equal(f.log_len, strlen("GET /v1.41/images/bare/json\n"
	    "GET /v1.41/images/nosuch/json\nGET /v1.41/images/UP/json\n"));
}

static void
refuses(void **state)
{
	static const struct config closed = { .unowned_allow = false };
	static const struct {
		enum claim claim;
		enum reason foreign;
		bool predefined, closed;
		enum reason user, boss;
		const char *detail;
	} v[] = {
		{ CLAIM_OWN, R_NOT_OWNER, false, true, R_NONE, R_NONE, "" },
		{ CLAIM_FOREIGN, R_NOT_OWNER, false, false, R_NOT_OWNER,
		    R_NONE, "bob" },
		{ CLAIM_FOREIGN, R_NOT_OWNER_VOLUME, false, false,
		    R_NOT_OWNER_VOLUME, R_NONE, "bob" },
		{ CLAIM_FOREIGN, R_NOT_FOUND, false, false, R_NOT_FOUND,
		    R_NONE, "No such container: x" },
		{ CLAIM_PROTECTED, R_NOT_OWNER, false, false, R_PROTECTED,
		    R_NONE, "x" },
		{ CLAIM_PROTECTED, R_NOT_OWNER_VOLUME, false, false,
		    R_NOT_OWNER_VOLUME, R_NONE, "the system" },
		{ CLAIM_UNOWNED, R_NOT_OWNER, false, false, R_NONE, R_NONE,
		    "" },
		{ CLAIM_UNOWNED, R_NOT_OWNER, false, true, R_UNOWNED, R_NONE,
		    "x" },
		{ CLAIM_UNOWNED, R_NOT_OWNER_NETWORK, true, true, R_NONE,
		    R_NONE, "" },
		{ CLAIM_UNOWNED, R_NOT_OWNER_NETWORK, false, true,
		    R_NOT_OWNER_NETWORK, R_NONE, "nobody" },
		{ CLAIM_UNOWNED_UNSAFE, R_NOT_OWNER, false, false,
		    R_UNOWNED_UNSAFE, R_NONE, "x" },
		{ CLAIM_UNOWNED_UNSAFE, R_NOT_OWNER_VOLUME, false, false,
		    R_NOT_OWNER_VOLUME, R_NONE, OWNER_UNSAFE },
		{ CLAIM_MISSING, R_NOT_OWNER, false, false, R_NOT_FOUND,
		    R_NOT_FOUND, "No such container: x" },
		{ CLAIM_MISSING, R_NOT_OWNER_VOLUME, false, false,
		    R_NOT_FOUND, R_NOT_FOUND, "get x: no such volume" },
	};
	struct thing t = { .name = "x", .owner = "bob", .image = "i" };

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
		const struct config *c = v[i].closed ? &closed : &cfg;

		t.claim = v[i].claim;
		t.predefined = v[i].predefined;
		t.status = 404;
		assert_int_equal(owner_refuse(&alice, c, &t, v[i].foreign,
		    &why), v[i].user);
		if (v[i].user != R_NONE)
			assert_string_equal(why.detail, v[i].detail);
		assert_int_equal(owner_refuse(&admin, c, &t, v[i].foreign,
		    &why), v[i].boss);
	}
	t.claim = CLAIM_MISSING;
	t.status = 400;
	assert_int_equal(owner_refuse(&alice, &cfg, &t, R_NOT_OWNER, &why),
	    R_AMBIGUOUS);
}

static void
passes_failures_on(void **state)
{
	struct engine gone;
	struct thing t;
	cleanup_buf struct buf config = BUF_INIT(0);

	(void)state;
	engine_init(&gone, "/nonexistent/docker.sock");
	assert_int_equal(owner_container(&gone, &alice, "x", &t, NULL, &why),
	    R_ENGINE_DOWN);
	assert_int_equal(owner_volume(&gone, &alice, "x", &t, NULL, &why),
	    R_ENGINE_DOWN);
	assert_int_equal(owner_network(&gone, &alice, "x", &t, NULL, &why),
	    R_ENGINE_DOWN);
	assert_int_equal(owner_image(&gone, "x", NULL, &config, &why),
	    R_ENGINE_DOWN);
	assert_int_equal(owner_exec(&gone, &alice, "00000000000000000000000000"
	    "000000000000000000000000000000000000ff", &t, &why),
	    R_ENGINE_DOWN);
	engine_close(&gone);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(proves_containers), T(asks_no_more_than_needed),
		T(cannot_be_led_astray), T(knows_missing_and_ambiguous),
		T(needs_the_image_to_judge), T(finds_execs),
		T(knows_a_builders_step), T(forgets_what_no_image_said),
		T(needs_the_container_of_an_exec), T(counts_ones_own),
		T(judges_labelled), T(finds_volumes_by_use),
		T(finds_networks), T(finds_images), T(refuses),
		T(passes_failures_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
