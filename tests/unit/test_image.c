/*
 * test_image.c - whose is an image tag.
 *
 * links: image image_ref hold userlock sha256 owner owner_labelled engine cache buf span reason http json json_check json_walk query
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "fake_engine.h"
#include "image.h"
#include "owner.h"
#include "policy.h"

static const struct caller alice = { .uid = 1001, .owner_uid = 1001,
    .name = "alice" };
static const struct caller bob = { .uid = 1002, .owner_uid = 1002,
    .name = "bob" };

bool
identity_is_owner(const struct caller *c, const char *label)
{
	return strcmp(c->name, label) == 0 ||
	    (c->owner_uid == 1001 && strcmp(label, "alice.b") == 0);
}

bool
identity_is_person(const char *name)
{
	return strcmp(name, "alice") == 0 || strcmp(name, "bob") == 0;
}

bool
policy_harmless(const struct config *c, const struct caller *who,
    struct span inspect, bool gone)
{
	(void)c, (void)who, (void)inspect, (void)gone;
	return false;
}

/* --- references --- */

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX

static const struct {
	const char *repo, *tag;
	const char *text;	/* NULL: no reference */
	const char *small, *space;
} refs[] = {
	{ "ubuntu", NULL, "docker.io/library/ubuntu:latest",
	    "ubuntu:latest", "" },
	{ "ubuntu:22.04", "", "docker.io/library/ubuntu:22.04",
	    "ubuntu:22.04", "" },
	{ "ubuntu:1", "2", "docker.io/library/ubuntu:2", "ubuntu:2", "" },
	{ "library/ubuntu", "1", "docker.io/library/ubuntu:1", "ubuntu:1",
	    "" },
	{ "docker.io/ubuntu", "1", "docker.io/library/ubuntu:1", "ubuntu:1",
	    "" },
	{ "index.docker.io/ubuntu", "1", "docker.io/library/ubuntu:1",
	    "ubuntu:1", "" },
	{ "index.docker.io/library/ubuntu", "1",
	    "docker.io/library/ubuntu:1", "ubuntu:1", "" },
	{ "alice/app", NULL, "docker.io/alice/app:latest",
	    "alice/app:latest", "alice" },
	{ "docker.io/alice/app/b", "1", "docker.io/alice/app/b:1",
	    "alice/app/b:1", "alice" },
	{ "host:5000/alice/app:1", NULL, "host:5000/alice/app:1",
	    "host:5000/alice/app:1", "alice" },
	{ "localhost/alice", "1", "localhost/alice:1", "localhost/alice:1",
	    "" },
	{ "localhost/alice/x", "1", "localhost/alice/x:1",
	    "localhost/alice/x:1", "alice" },
	{ "reg.example/app", "1", "reg.example/app:1", "reg.example/app:1",
	    "" },
	{ "Reg/app", "1", "Reg/app:1", "Reg/app:1", "" },
	{ "A/app", "1", "A/app:1", "A/app:1", "" },
	{ "abcdefghi/x", "1", "docker.io/abcdefghi/x:1", "abcdefghi/x:1",
	    "abcdefghi" },
	{ HEX "z", "1", "docker.io/library/" HEX "z:1", HEX "z:1", "" },
	{ "a@" DIGEST, NULL, "docker.io/library/a@" DIGEST, "a@" DIGEST, "" },
	{ "a", DIGEST, "docker.io/library/a@" DIGEST, "a@" DIGEST, "" },
	{ "a:1", DIGEST, "docker.io/library/a@" DIGEST, "a@" DIGEST, "" },
	{ "a:1@" DIGEST, NULL, "docker.io/library/a:1@" DIGEST,
	    "a:1@" DIGEST, "" },
	{ "a__b-c.d", "A_b.-", "docker.io/library/a__b-c.d:A_b.-",
	    "a__b-c.d:A_b.-", "" },

	{ "", NULL, NULL, NULL, NULL },
	{ "Ubuntu", NULL, NULL, NULL, NULL },
	{ "a/B", NULL, NULL, NULL, NULL },
	{ "a:", NULL, NULL, NULL, NULL },
	{ "a:1:2", NULL, NULL, NULL, NULL },
	{ "a", "1/2", NULL, NULL, NULL },
	{ "a", ".1", NULL, NULL, NULL },
	{ "a", "-1", NULL, NULL, NULL },
	{ "a@", NULL, NULL, NULL, NULL },
	{ "a@sha256:0", NULL, NULL, NULL, NULL },
	{ "a@sha512:" HEX, NULL, NULL, NULL, NULL },
	{ "/a", NULL, NULL, NULL, NULL },
	{ "a/", NULL, NULL, NULL, NULL },
	{ "a//b", NULL, NULL, NULL, NULL },
	{ "a/../b", NULL, NULL, NULL, NULL },
	{ "h:5/.b", NULL, NULL, NULL, NULL },
	{ "a/.b", NULL, NULL, NULL, NULL },
	{ "a/-b", NULL, NULL, NULL, NULL },
	{ "a/_b", NULL, NULL, NULL, NULL },
	{ ".h/a", NULL, NULL, NULL, NULL },
	{ "-h.x/a", NULL, NULL, NULL, NULL },
	{ "-a", NULL, NULL, NULL, NULL },
	{ "a-", NULL, NULL, NULL, NULL },
	{ "a b", NULL, NULL, NULL, NULL },
	{ "a%2fb", NULL, NULL, NULL, NULL },
	{ "[::1]:5000/a", NULL, NULL, NULL, NULL },
	{ ":5/a", NULL, NULL, NULL, NULL },
	{ HEX, NULL, NULL, NULL, NULL },
};

static void
reads_references(void **state)
{
	struct image_ref ref;
	char text[IMAGE_TEXT_MAX], name[IMAGE_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		bool ok = image_ref_read(refs[i].repo, refs[i].tag, &ref);

		if (ok != (refs[i].text != NULL))
			fail_msg("%s: %s", refs[i].repo, ok ? "read" :
			    "not read");
		if (!ok)
			continue;
		image_ref_default(&ref);
		assert_string_equal(image_ref_text(&ref, text), refs[i].text);
		assert_string_equal(image_ref_short(&ref, text),
		    refs[i].small);
		image_ref_space(&ref, text);
		assert_string_equal(text, refs[i].space);
		/* what was written out reads as itself */
		image_ref_text(&ref, name);
		assert_true(image_ref_read(name, NULL, &ref));
		assert_string_equal(image_ref_text(&ref, text), name);
	}
	memset(name, 'a', sizeof(name));
	for (size_t n = 200; n < sizeof(name); n++) {
		name[n] = '\0';
		if (image_ref_read(name, NULL, &ref))
			assert_true(strlen(ref.name) < IMAGE_NAME_MAX);
		name[n] = 'a';
	}
	char big[2 * IMAGE_TEXT_MAX];
	memset(big, 'a', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	assert_false(image_ref_read(big, NULL, &ref));
	memset(name, 'a', 130);
	name[129] = '\0';
	assert_false(image_ref_read("a", name, &ref));
	name[128] = '\0';
	assert_true(image_ref_read("a", name, &ref));
}

/* --- the rule --- */

static struct fake f;
static struct engine e;
static struct hold hold;
static struct image_ask ask = { .engine = &e, .as = &alice, .hold = &hold };
static struct refusal why;
static char lock_dir[64];

#define AT "/v1.41/images/"
#define LABELS(l) "\"Config\":{\"Labels\":{" l "}}"
#define OWN LABELS("\"ds01.user\":\"alice\"")
#define OTHER LABELS("\"ds01.user\":\"alice.b\"")
#define BOBS LABELS("\"ds01.user\":\"bob\"")
#define OLD LABELS("\"aime.mlc.USER\":\"bob\"")
#define ODD LABELS("\"ds01.user\":7")
#define NO_LABELS "\"Config\":{\"Labels\":null}"
#define HUB "docker.io/library/"
#define ID(c) "sha256:" c c c c c c c c
#define IMAGE(path, id, tags, digests, config) { "GET", AT path "/json", 200, \
    "{\"Id\":\"" id "\",\"RepoTags\":[" tags "],\"RepoDigests\":[" digests \
    "],\"Metadata\":{\"LastTagTime\":\"0001-01-01T00:00:00Z\"}," config "}", \
    FAKE_LENGTH }
/* … with what dockerd says of when it was given a name here */
#define NAMED(path, digests, meta) { "GET", AT path "/json", 200, \
    "{\"Id\":\"" C "\",\"RepoDigests\":[" digests "]," meta NO_LABELS "}", \
    FAKE_LENGTH }
#define LAST(time) "\"Metadata\":{\"LastTagTime\":\"" time "\"},"

#define A ID("aaaaaaaa")
#define B ID("bbbbbbbb")
#define C ID("cccccccc")

static const struct fake_row world[] = {
	IMAGE(HUB "own:1", A, "\"own:1\"", "", OWN),
	IMAGE("own:1", A, "\"own:1\"", "", OWN),
	IMAGE(A, A, "\"own:1\",\"own:2\"", "", OWN),
	IMAGE("aaaa", A, "\"own:1\",\"own:2\"", "", OWN),
	IMAGE(HUB "spelt:1", A, "", "", OTHER),
	IMAGE(HUB "bobs:1", B, "\"bobs:1\"", "", BOBS),
	IMAGE("bobs:1", B, "\"bobs:1\"", "", BOBS),
	IMAGE("bbbb", B, "\"bobs:1\"", "", BOBS),
	IMAGE("docker.io/bob/u:1", C, "", "", NO_LABELS),
	IMAGE("bob/u:1", C, "", "", NO_LABELS),
	IMAGE("docker.io/bob/mine:1", A, "", "", OWN),
	IMAGE("docker.io/alice/u:1", C, "", "", NO_LABELS),
	IMAGE("alice/u:1", C, "", "", NO_LABELS),
	IMAGE("docker.io/alice/bobs:1", B, "", "", BOBS),
	IMAGE(HUB "old:1", B, "", "", OLD),
	IMAGE(HUB "odd:1", B, "", "", ODD),
	IMAGE(HUB "site:1", C, "\"site:1\"", "", NO_LABELS),
	IMAGE("site:1", C, "\"site:1\"", "", NO_LABELS),
	IMAGE(HUB "pulled:1", C, "", "\"pulled@" DIGEST "\"", NO_LABELS),
	IMAGE(HUB "elsewhere:1", C, "", "\"pulled@" DIGEST "\"", NO_LABELS),
	IMAGE(HUB "pushed:1", B, "", "\"pushed@" DIGEST "\"", BOBS),
	IMAGE("docker.io/bob/pulled:1", C, "", "\"bob/pulled@" DIGEST "\"",
	    NO_LABELS),
	/* as containerd's store shows everything */
	IMAGE(HUB "store:1", DIGEST, "", "\"store@" DIGEST "\"", NO_LABELS),
	IMAGE("docker.io/bob/store:1", DIGEST, "", "\"bob/store@" DIGEST
	    "\"", NO_LABELS),
	IMAGE("docker.io/lab/pulled:1", C, "", "\"lab/pulled@" DIGEST "\"",
	    NO_LABELS),
	IMAGE("docker.io/lab/own:1", A, "", "", OWN),
	IMAGE("docker.io/lab/store:1", DIGEST, "", "\"lab/store@" DIGEST "\"",
	    NO_LABELS),
	NAMED("docker.io/lab/built:1", "\"lab/built@" DIGEST "\"",
	    LAST("2024-01-01T00:00:00Z")),
	NAMED("docker.io/lab/odd:1", "\"lab/odd@" DIGEST "\"", ""),
	NAMED(HUB "named:1", "\"named@" DIGEST "\"",
	    LAST("2024-01-01T00:00:00Z")),
	/* by id, with all its names */
	IMAGE("1111", "sha256:1111", "\"own:1\",\"bob/x:1\"", "", OWN),
	IMAGE("2222", "sha256:2222", "\"own:1\",\"<none>:<none>\"",
	    "\"<none>@<none>\",\"own@" DIGEST "\"", OWN),
	IMAGE("3333", "sha256:3333", "\"alice/u:1\"", "", NO_LABELS),
	IMAGE("4444", "sha256:4444", "\"alice/u:1\"", "\"pulled@" DIGEST
	    "\"", NO_LABELS),
	IMAGE("5555", "sha256:5555", "", "", NO_LABELS),
	IMAGE("6666", "sha256:6666", "", "", BOBS),
	IMAGE("7777", "sha256:7777", "", "", OWN),
	IMAGE("8888", "sha256:8888", "\"alice/u:1\",\"[::1]:5/x\"", "",
	    OWN),
	IMAGE("sha256:77", "sha256:7777", "", "", OWN),
	/* a name that could be the beginning of an id */
	IMAGE("abba", "sha256:abba", "\"abba:latest\"", "", NO_LABELS),
	{ "GET", AT HUB "broken:1/json", 500, "{}", FAKE_LENGTH },
};

static int
setup(void **state)
{
	(void)state;
	fake_start(&f, "1.41");
	fake_rows(&f, world, sizeof(world) / sizeof(world[0]));
	engine_init(&e, f.path);
	snprintf(lock_dir, sizeof(lock_dir), "%s/locks", f.dir);
	hold_dir(lock_dir);
	return 0;
}

static void
remove_locks(void)
{
	static const char *const users[] = { "0", "1001", "1002",
	    "4294967294" };
	char path[sizeof(lock_dir) + 16];

	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", lock_dir, users[i]);
		unlink(path);
	}
	rmdir(lock_dir);
}

static int
teardown(void **state)
{
	(void)state;
	hold_release(&hold);
	remove_locks();
	engine_close(&e);
	fake_stop(&f);
	return 0;
}

static struct image_ref
ref_of(const char *text)
{
	struct image_ref r;

	if (!image_ref_read(text, NULL, &r))
		fail_msg("%s", text);
	return r;
}

#define NOT R_NOT_OWNER_IMAGE
#define ADMINS "the administrators"
static const struct {
	const char *ref;
	enum reason make, pull;
	const char *owner;
} tags[] = {
	{ "own:1", R_NONE, R_NONE, "" },
	{ "spelt:1", R_NONE, R_NONE, "" },
	{ "free:1", R_NONE, R_NONE, "" },
	{ "alice/free:1", R_NONE, R_NONE, "" },
	{ "host:5000/alice/free:1", R_NONE, R_NONE, "" },
	{ "alice/u:1", R_NONE, R_NONE, "" },
	{ "alice/bobs:1", R_NONE, R_NONE, "" },
	{ "nobody/free:1", R_NONE, R_NONE, "" },
	{ "bobs:1", NOT, NOT, "bob" },
	{ "old:1", NOT, NOT, "bob" },
	{ "odd:1", NOT, NOT, "somebody else" },
	{ "site:1", NOT, NOT, ADMINS },
	{ "pulled:1", NOT, R_NONE, ADMINS },
	{ "elsewhere:1", NOT, NOT, ADMINS },
	{ "pushed:1", NOT, NOT, "bob" },
	{ "bob/free:1", NOT, R_NONE, "bob" },
	{ "bob/u:1", NOT, NOT, "bob" },
	{ "bob/mine:1", NOT, NOT, "bob" },
	{ "bob/pulled:1", NOT, NOT, "bob" },
	{ "lab/pulled:1", NOT, R_NONE, ADMINS },
	{ "lab/built:1", NOT, NOT, ADMINS },
	{ "lab/odd:1", NOT, NOT, ADMINS },
	{ "lab/store:1", NOT, NOT, ADMINS },
	{ "named:1", NOT, R_NONE, ADMINS },
	{ "docker/dockerfile:1", NOT, R_NONE, "docker itself" },
	{ "index.docker.io/docker/x/y:1", NOT, R_NONE, "docker itself" },
	{ "moby/buildkit:1", NOT, R_NONE, "docker itself" },
	{ "tonistiigi/binfmt:1", NOT, R_NONE, "docker itself" },
	{ "dockers/free:1", R_NONE, R_NONE, "" },
	{ "host:5000/docker/free:1", R_NONE, R_NONE, "" },
	{ "store:1", NOT, R_NONE, ADMINS },
	{ "bob/store:1", NOT, NOT, "bob" },
	{ "broken:1", R_ENGINE_ERROR, R_ENGINE_ERROR, "" },
	{ "bobs", R_TAG, R_TAG, "" },
	/* dockerd would take it for an image's id, whosever that is */
	{ "abba:1", R_TAG, R_TAG, "" },
	{ "sha256:1", R_TAG, R_TAG, "" },
	{ "alice/abba:1", R_NONE, R_NONE, "" },
	{ "bobs@" DIGEST, R_TAG, R_NONE, "" },
	{ "bobs:1@" DIGEST, R_TAG, R_TAG, "" },
};

static void
judges_tags(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct image_ref r = ref_of(tags[i].ref);
		enum reason make = image_make(&ask, &r, &why);

		if (make == NOT && strncmp(why.detail, tags[i].owner,
		    strlen(tags[i].owner)) != 0)
			fail_msg("%s: %s", tags[i].ref, why.detail);
		enum reason pull = image_pull(&ask, &r, &why);

		if (make != tags[i].make || pull != tags[i].pull)
			fail_msg("%s: make %d, pull %d", tags[i].ref, make,
			    pull);
	}
}

static void
judges_pushes(void **state)
{
	static const struct { const char *ref; enum reason why; } rows[] = {
		{ "own:1", R_NONE }, { "alice/u:1", R_NONE },
		{ "alice/u", R_NONE }, { "lab/own:1", R_NONE },
		{ "free:1", R_NONE },		/* dockerd says so */
		{ "lab/pulled:1", R_NONE },	/* it is there already */
		{ "elsewhere:1", NOT }, { "site:1", NOT },
		{ "bobs:1", NOT }, { "bob/u:1", NOT },
		{ "lab/own", R_TAG }, { "alice/u@" DIGEST, R_TAG },
		{ "broken:1", R_ENGINE_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image_ref r = ref_of(rows[i].ref);
		enum reason got = image_push(&ask, &r, &why);

		if (got != rows[i].why)
			fail_msg("%s: %d", rows[i].ref, got);
	}
}

static const struct {
	const char *source, *ref;
	enum reason why;
	const char *id;
} named[] = {
	{ "own:1", "free:1", R_NONE, A },
	{ "aaaa", "own:1", R_NONE, A },
	{ "own:1", "bobs:1", NOT, NULL },
	{ "own:1", "bob/free:1", NOT, NULL },
	{ "site:1", "alice/x:1", R_NONE, C },
	{ "bobs:1", "alice/x:1", R_NONE, B },
	{ "site:1", "free:1", NOT, NULL },
	{ "bobs:1", "free:1", NOT, NULL },
	{ "bobs:1", "own:1", NOT, NULL },
	{ "missing", "free:1", R_NOT_FOUND, NULL },
	/* a name that can be nobody's is said first */
	{ "site:1", "abba:1", R_TAG, NULL },
	{ "missing", "bob/free:1", NOT, NULL },
};

static void
judges_names(void **state)
{
	char id[IMAGE_ID_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		struct image_ref r = ref_of(named[i].ref);
		enum reason got = image_name(&ask, named[i].source, &r, id,
		    &why);

		if (got != named[i].why || (got == R_NONE &&
		    strcmp(id, named[i].id) != 0))
			fail_msg("%s as %s: %d", named[i].source,
			    named[i].ref, got);
	}
}

static const struct {
	const char *what;
	enum reason why;
	const char *out;	/* or whose it is */
} removals[] = {
	{ "own:1", R_NONE, HUB "own:1" },
	{ "aaaa", R_NONE, A },
	{ A, R_NONE, A },
	{ "alice/u:1", R_NONE, "docker.io/alice/u:1" },
	{ "bobs:1", NOT, "bob" },
	{ "bbbb", NOT, "bob" },
	{ "site:1", NOT, ADMINS },
	{ "bob/u:1", NOT, "bob" },
	{ "1111", NOT, "bob: bob/x:1" },
	{ "2222", R_NONE, "sha256:2222" },
	{ "3333", R_NONE, "sha256:3333" },
	{ "4444", NOT, ADMINS },
	{ "5555", NOT, ADMINS },
	{ "6666", NOT, "bob" },
	{ "7777", R_NONE, "sha256:7777" },
	{ "sha256:77", R_NONE, "sha256:7777" },
	{ "8888", R_TAG, "[::1]" },
	{ "abba", NOT, ADMINS },
	{ "missing", R_NOT_FOUND, "" },
	{ "broken:1", R_NOT_FOUND, "" },	/* not under that path */
};

static void
judges_removals(void **state)
{
	char out[IMAGE_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(removals) / sizeof(removals[0]); i++) {
		enum reason r = image_remove(&ask, removals[i].what, out,
		    &why);
		const char *said = r == R_NONE ? out : why.detail;

		if (r != removals[i].why || (r != R_NOT_FOUND &&
		    strncmp(said, removals[i].out, strlen(removals[i].out)) !=
		    0))
			fail_msg("%s: %d %s", removals[i].what, r, said);
	}
}

/* --- holding --- */

static void
holds_for_one_user(void **state)
{
	struct hold mine = { 0 }, again = { 0 }, his = { 0 };
	struct image_ref a = ref_of("a:1"), b = ref_of("b:1");

	(void)state;
	assert_int_equal(image_hold(&mine, &alice, &a, HOLD_MAKE, &why), R_NONE);
	assert_int_equal(image_hold(&again, &alice, &a, HOLD_MAKE, &why), R_NONE);
	assert_int_equal(image_hold(&his, &bob, &a, HOLD_MAKE, &why), NOT);
	assert_non_null(strstr(why.detail, "a:1"));
	assert_int_equal(image_hold(&his, &bob, &a, HOLD_PULL, &why), NOT);
	assert_int_equal(image_hold(&his, &bob, &b, HOLD_MAKE, &why), R_NONE);
	hold_release(&his);
	hold_release(&mine);
	assert_int_equal(image_hold(&his, &bob, &a, HOLD_MAKE, &why), NOT);
	hold_release(&his);
	hold_release(&again);
	assert_int_equal(image_hold(&his, &bob, &a, HOLD_MAKE, &why), R_NONE);
	assert_int_equal(image_hold(&mine, &alice, &a, HOLD_MAKE, &why), NOT);
	hold_release(&mine);
	hold_release(&his);
}

/* Many pull one tag at once, but nobody makes it meanwhile. */
static void
lets_many_pull(void **state)
{
	static const struct caller low = { .owner_uid = 0, .name = "low" };
	static const struct caller high = { .owner_uid = UINT32_MAX - 1,
	    .name = "high" };
	struct hold h[4] = { 0 };
	struct image_ref a = ref_of("a:1");

	(void)state;
	assert_int_equal(image_hold(&h[0], &alice, &a, HOLD_PULL, &why), R_NONE);
	assert_int_equal(image_hold(&h[1], &bob, &a, HOLD_PULL, &why), R_NONE);
	assert_int_equal(image_hold(&h[2], &low, &a, HOLD_PULL, &why), R_NONE);
	assert_int_equal(image_hold(&h[3], &high, &a, HOLD_PULL, &why), R_NONE);
	assert_int_equal(image_hold(&h[0], &alice, &a, HOLD_MAKE, &why), NOT);
	for (size_t i = 0; i < 4; i++)
		hold_release(&h[i]);
	/* the first and the last of all uids see each other */
	assert_int_equal(image_hold(&h[2], &low, &a, HOLD_MAKE, &why), R_NONE);
	assert_int_equal(image_hold(&h[3], &high, &a, HOLD_MAKE, &why), NOT);
	hold_release(&h[2]);
	hold_release(&h[3]);
	assert_int_equal(image_hold(&h[3], &high, &a, HOLD_MAKE, &why), R_NONE);
	assert_int_equal(image_hold(&h[2], &low, &a, HOLD_MAKE, &why), NOT);
	hold_release(&h[2]);
	hold_release(&h[3]);
}

/* Two names that shared their 29 bits of FNV-1a, one of them in alice's own
 * space; and all others likewise. */
static void
holds_no_name_beside(void **state)
{
	static const char *const pairs[][2] = {
		{ "ds01-alice9/x88b22311", "ubuntu:22.04" },
		{ "ds01-alice9/x7b9969c", "ds01-bob9/app:1" },
		{ "ds01-alice9/x315f9d55", "bobtool:2" },
	};
	struct hold mine = { 0 }, his = { 0 };
	char text[32];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (enum hold_use use = HOLD_MAKE; use <= HOLD_PULL; use++) {
			struct image_ref a = ref_of(pairs[i][0]);
			struct image_ref b = ref_of(pairs[i][1]);

			image_ref_default(&a);
			assert_int_equal(image_hold(&mine, &alice, &a, use,
			    &why), R_NONE);
			assert_int_equal(image_hold(&his, &bob, &b,
			    HOLD_MAKE, &why), R_NONE);
			hold_release(&mine);
			hold_release(&his);
		}
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "n%d:1", i);
		struct image_ref r = ref_of(text);
		assert_int_equal(image_hold(i % 2 ? &mine : &his, i % 2 ?
		    &alice : &bob, &r, HOLD_MAKE, &why), R_NONE);
	}
	hold_release(&mine);
	hold_release(&his);
}

/* A name in one's own space is nobody's to keep, but for who pulls it; and
 * who is refused has kept nothing. */
static void
holds_no_name_of_others(void **state)
{
	struct hold hers = { 0 }, his = { 0 };
	struct image_ask a = { .engine = &e, .as = &alice, .hold = &hers };
	struct image_ask b = { .engine = &e, .as = &bob, .hold = &his };
	struct image_ref theirs = ref_of("bob/free:1");
	struct image_ref other = ref_of("nobody/free:1");

	(void)state;
	assert_int_equal(image_make(&a, &theirs, &why), NOT);
	assert_false(hers.open);
	assert_int_equal(image_make(&b, &theirs, &why), R_NONE);
	/* nor does anybody else's hold, as an administrator's, matter there */
	hold_release(&his);
	assert_int_equal(image_hold(&hers, &alice, &theirs, HOLD_MAKE, &why),
	    R_NONE);
	assert_int_equal(image_make(&b, &theirs, &why), R_NONE);
	hold_release(&hers);
	/* a pull would end in the tag that was made meanwhile */
	assert_int_equal(image_pull(&a, &theirs, &why), NOT);
	hold_release(&his);
	hold_release(&hers);
	assert_int_equal(image_pull(&a, &theirs, &why), R_NONE);
	assert_int_equal(image_make(&b, &theirs, &why), NOT);
	assert_non_null(strstr(why.detail, "wait until user 1001 is done"));
	hold_release(&hers);
	hold_release(&his);
	assert_int_equal(image_make(&a, &other, &why), R_NONE);
	assert_int_equal(image_make(&b, &other, &why), NOT);
	hold_release(&hers);
	hold_release(&his);
}

/* What is another's, or may not be done, is refused before it is held: else
 * who asks again and again would keep its owner out. */
static void
holds_nothing_that_is_refused(void **state)
{
	static const char *const foreign[] = { "bobs:1", "site:1", "old:1",
	    "bob/u:1", "broken:1" };
	struct hold h = { 0 };
	struct image_ask hers = { .engine = &e, .as = &alice, .hold = &h };
	struct image_ref free = ref_of("free:1");
	char out[IMAGE_TEXT_MAX], id[IMAGE_ID_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		struct image_ref r = ref_of(foreign[i]);

		if (image_make(&hers, &r, &why) == R_NONE || h.open)
			fail_msg("make %s", foreign[i]);
		if (image_pull(&hers, &r, &why) == R_NONE || h.open)
			fail_msg("pull %s", foreign[i]);
		if (image_remove(&hers, foreign[i], out, &why) == R_NONE ||
		    h.open)
			fail_msg("remove %s", foreign[i]);
	}
	assert_int_equal(image_name(&hers, "site:1", &free, id, &why), NOT);
	assert_false(h.open);
}

/* What was free, or hers, may be another's when she holds it. */
static void
looks_again_behind_the_hold(void **state)
{
	static const struct fake_row turned[] = {
		IMAGE(HUB "own:1", B, "\"own:1\"", "", BOBS),
		IMAGE(HUB "free:1", B, "\"free:1\"", "", BOBS),
	};
	static const char *const names[] = { "own:1", "free:1" };
	struct hold h = { 0 };
	struct image_ask hers = { .engine = &e, .as = &alice, .hold = &h };
	char out[IMAGE_TEXT_MAX];

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct image_ref r = ref_of(names[i % 2]);

		fake_rows(&f, world, sizeof(world) / sizeof(world[0]));
		fake_turn(&f, turned, 2, 1);
		assert_int_equal(i == 4 ? image_remove(&hers, "own:1", out,
		    &why) : i < 2 ? image_make(&hers, &r, &why) :
		    image_pull(&hers, &r, &why), NOT);
		assert_true(h.open);
		hold_release(&h);
	}
}

static void *
release_soon(void *held)
{
	struct timespec t = { 0, 50 * 1000000 };

	(void)nanosleep(&t, NULL);
	hold_release(held);
	return NULL;
}

/* Requests that meet at a name wait for a moment, and hold it not. */
static void
waits_for_a_moment(void **state)
{
	static const struct caller third = { .owner_uid = 0, .name = "third" };
	struct hold hers = { 0 }, his = { 0 }, other = { 0 };
	struct image_ref a = ref_of("a:1");
	pthread_t t;

	(void)state;
	assert_int_equal(image_hold(&hers, &alice, &a, HOLD_MAKE, &why),
	    R_NONE);
	assert_int_equal(image_hold(&his, &bob, &a, HOLD_MAKE, &why), NOT);
	hold_release(&hers);
	assert_int_equal(image_hold(&other, &third, &a, HOLD_MAKE, &why),
	    R_NONE);
	assert_int_equal(pthread_create(&t, NULL, release_soon, &other), 0);
	assert_int_equal(image_hold(&his, &bob, &a, HOLD_MAKE, &why), R_NONE);
	pthread_join(t, NULL);
	hold_release(&his);
}

/* A volume's name is no tag's; administrators hold beside users. */
static void
holds_volumes(void **state)
{
	static const struct caller root = { .owner_uid = 1002, .name = "carol",
	    .admin = true };
	struct hold hers = { 0 }, his = { 0 };
	struct image_ref a = ref_of("data:1");

	(void)state;
	assert_int_equal(hold_volume(&hers, &alice, "data", &why), R_NONE);
	assert_int_equal(hold_volume(&hers, &alice, "more", &why), R_NONE);
	assert_int_equal(image_hold(&his, &bob, &a, HOLD_MAKE, &why), R_NONE);
	assert_int_equal(hold_volume(&his, &bob, "other", &why), R_NONE);
	assert_int_equal(hold_volume(&his, &bob, "more", &why),
	    R_NOT_OWNER_VOLUME);
	assert_non_null(strstr(why.detail, "user 1001"));
	hold_release(&his);
	assert_int_equal(hold_volume(&his, &root, "data", &why), R_NONE);
	hold_release(&hers);
	assert_int_equal(hold_volume(&hers, &alice, "data", &why),
	    R_NOT_OWNER_VOLUME);
	hold_release(&his);
	assert_int_equal(hold_volume(&hers, &alice, "data", &why), R_NONE);
	hold_release(&hers);
}

/* What goes by its tag is still hers when it goes. */
static void
holds_what_is_removed(void **state)
{
	struct hold h = { 0 }, his = { 0 };
	struct image_ask hers = { .engine = &e, .as = &alice, .hold = &h };
	struct image_ref a = ref_of("own:1");
	char out[IMAGE_TEXT_MAX];

	(void)state;
	assert_int_equal(image_hold(&his, &bob, &a, HOLD_MAKE, &why), R_NONE);
	assert_int_equal(image_remove(&hers, "own:1", out, &why), NOT);
	hold_release(&his);
	hold_release(&h);
	assert_int_equal(image_remove(&hers, "own:1", out, &why), R_NONE);
	assert_int_equal(image_hold(&his, &bob, &a, HOLD_MAKE, &why), NOT);
	hold_release(&his);
	hold_release(&h);
}

static void
holds_nothing_without_its_file(void **state)
{
	struct hold h = { 0 };
	struct image_ref a = ref_of("free:1");
	struct image_ask broken = { .engine = &e, .as = &alice, .hold = &h };

	(void)state;
	hold_dir("/nonexistent/locks");
	assert_int_equal(image_make(&broken, &a, &why), R_INTERNAL);
	assert_int_equal(image_pull(&broken, &a, &why), R_INTERNAL);
	assert_false(h.open);
	hold_dir(lock_dir);
	assert_int_equal(image_make(&broken, &a, &why), R_NONE);
	hold_release(&h);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* "docker run 532fa0f64a99" means an id, until there is such a name. */
static void
names_that_look_like_ids(void **state)
{
	static const struct { const char *name; bool like; } rows[] = {
		{ "532fa0f64a99", true }, { "cafe", true }, { "a", true },
		{ "sha256", true }, { "docker.io/library/0", true },
		{ "532fa0f64a99x", false }, { "alice/532fa0f64a99", false },
		{ "h.example/532fa0f64a99", false }, { "busybox", false },
	};
	struct image_ref ref;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(image_ref_read(rows[i].name, NULL, &ref));
		if (image_ref_like_id(&ref) != rows[i].like)
			fail_msg("%s", rows[i].name);
	}
}

/* A registry on this host could be anybody's. */
static void
registries_of_this_host(void **state)
{
	static const struct { const char *host; bool ok; } rows[] = {
		{ "docker.io", true }, { "ghcr.io", true },
		{ "registry.example:5000", true }, { "10.1.2.3:5000", true },
		{ "012345678901.dkr.ecr.example", true },
		{ "nolocalhost", true }, { "0a.example", true },
		{ "localhost", false }, { "localhost:5000", false },
		{ "LOCALHOST", false }, { "a.localhost:1", false },
		{ "localhost.", false }, { "127.0.0.1:5000", false },
		{ "127.1", false }, { "0x7f.1", false }, { "2130706433", false },
		{ "0", false }, { "017700000001:80", false },
		{ "[::1]:5000", false }, { "169.254.169.254", false },
	};
	char listed[] = "127.0.0.1:5000", *v[] = { listed };
	struct policy none = { 0 }, some = { .registries = { v, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (image_host_allowed(rows[i].host, strlen(rows[i].host),
		    &none) != rows[i].ok)
			fail_msg("%s", rows[i].host);
	assert_true(image_host_allowed(listed, strlen(listed), &some));
	assert_false(image_host_allowed("127.0.0.1:5001", 14, &some));
	assert_false(image_host_allowed("docker.io", 9, &some));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_look_like_ids),
		cmocka_unit_test(registries_of_this_host),
		cmocka_unit_test(reads_references),
		T(judges_tags), T(judges_pushes), T(judges_names), T(judges_removals),
		T(holds_for_one_user), T(lets_many_pull),
		T(holds_no_name_beside), T(holds_no_name_of_others),
		T(holds_nothing_that_is_refused),
		T(looks_again_behind_the_hold), T(waits_for_a_moment),
		T(holds_volumes), T(holds_what_is_removed),
		T(holds_nothing_without_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
