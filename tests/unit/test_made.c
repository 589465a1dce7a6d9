/*
 * test_made.c - what can be told of a container only when it has been made.
 * The rest, with a real engine: e2e/groups.t, e2e/confined.t.
 *
 * links: made bind owner owner_labelled engine cache buf span reason http json
 * links: json_check json_walk query tarwatch
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_engine.h"
#include "made.h"
#include "policy.h"
#include "tarwatch.h"

static const struct caller alice = { .uid = 1001, .name = "alice" };

bool
identity_is_owner(const struct caller *c, const char *label)
{
	return strcmp(c->name, label) == 0;
}

bool
policy_harmless(const struct config *c, const struct caller *who,
    struct span inspect, bool gone)
{
	(void)c, (void)who, (void)inspect, (void)gone;
	return false;
}

/* judge_made.c, which has rows in test_policy.c: is it asked, and heard? */
static enum reason verdict;

enum reason
policy_made(struct engine *e, const struct caller *c, const struct thing *t,
    struct span inspect, struct refusal *why)
{
	(void)e, (void)c, (void)t, (void)inspect;
	return verdict == R_NONE ? R_NONE : refuse(why, verdict, "fake");
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define RUNC(v) { "GET", "/v1.47/version", 200, "{\"ApiVersion\":\"1.47\"," \
	"\"Components\":[{\"Name\":\"Engine\",\"Version\":\"9.9\"}," \
	"{\"Name\":\"runc\",\"Version\":\"" v "\"}]}", FAKE_LENGTH }
#define VOLUME(labels) { "GET", "/v1.47/volumes/v", 200, \
	"{\"Name\":\"v\",\"Driver\":\"local\",\"Labels\":{" labels "}}", \
	FAKE_LENGTH }
#define HERS "\"ds01.user\":\"alice\",\"ds01.gate\":\"0\""
#define KIND(yes) VOLUME(HERS ",\"ds01.confined\":\"" yes "\"")
#define ROOT_IS_HOSTS INFO("\"name=seccomp\"")
#define ROOT_IS_MAPPED INFO("\"name=userns\"")
#define INFO(opts) { "GET", "/v1.47/info", 200, \
	"{\"SecurityOptions\":[" opts "]}", FAKE_LENGTH }
#define RUN_BY(runtime, yes, mounts) "{\"Id\":\"" ID "\",\"HostConfig\":{" \
	"\"Runtime\":\"" runtime "\"},\"Config\":{\"Labels\":{" \
	"\"ds01.confined\":\"" yes "\"}},\"Mounts\":[" mounts "]}"
#define MADE(yes, mounts) RUN_BY("runc", yes, mounts)
#define STATE(s) { "GET", "/v1.47/containers/" ID "/json", 200, \
	"{\"State\":{\"Status\":\"" s "\"}}", FAKE_LENGTH }
#define V "{\"Type\":\"volume\",\"Name\":\"v\",\"Destination\":\"/v\"}"
#define W "{\"Type\":\"volume\",\"Name\":\"w\",\"Destination\":\"/w\"}"
#define BOBS { "GET", "/v1.47/volumes/w", 200, "{\"Name\":\"w\"," \
	"\"Driver\":\"local\",\"Labels\":{\"ds01.user\":\"bob\"," \
	"\"ds01.gate\":\"0\"}}", FAKE_LENGTH }
#define NO_VOLUME "{\"Type\":\"bind\",\"Source\":\"/a\"}"
#define BIND "{\"Type\":\"volume\",\"Name\":\"ds01-bind-1-2\"," \
	"\"Destination\":\"/v\"}"

static const struct row {
	const char *what;
	struct fake_row answers[3];
	const char *inspect;
	enum reason want;
} rows[] = {
	{ "runc 1.3 does not look", { RUNC("1.3.0"), STATE("created") },
	    MADE("true", ""), R_NONE },
	{ "runc 2 neither", { RUNC("2.0.1") }, MADE("true", ""), R_NONE },
	{ "runc 1.2: what cannot be looked at is refused", { RUNC("1.2.9"),
	    STATE("created") }, MADE("true", ""), R_MOUNT },
	{ "the engine goes while it is asked", { RUNC("1.2.9"), { "GET",
	    "/v1.47/containers/" ID "/archive?path=/", 200, "",
	    FAKE_DROP }, STATE("created") }, MADE("true", ""),
	    R_ENGINE_ERROR },
	{ "a directory of the host is no volume", { RUNC("1.1.5") },
	    MADE("false", "{\"Type\":\"bind\",\"Destination\":\"/v\"}"), R_NONE },
	{ "what is dead starts no more", { RUNC("1.2.9"),
	    STATE("dead") }, MADE("true", ""), R_NONE },
	{ "what is being removed may stay", { RUNC("1.2.9"),
	    STATE("removing") }, MADE("true", ""), R_MOUNT },
	{ "a version that is none", { RUNC("x"), STATE("created") },
	    MADE("true", ""), R_MOUNT },
	{ "another runtime is not known", { STATE("created"), RUNC("1.3.0") },
	    RUN_BY("old", "true", ""), R_MOUNT },
	{ "nor is one that is not said", { STATE("created"), RUNC("1.3.0") },
	    RUN_BY("", "true", ""), R_MOUNT },
	{ "nvidia's may be before any runc", { STATE("created"),
	    RUNC("1.3.0") }, RUN_BY("nvidia", "true", ""), R_MOUNT },
	{ "crun never looks", { RUNC("1.1.5") }, RUN_BY("crun", "true", ""),
	    R_NONE },
	{ "nor what is gone", { RUNC("1.2.9") }, MADE("true", ""), R_NONE },
	{ "with root inside nobody needs groups", { RUNC("1.1.5") },
	    MADE("false", ""), R_NONE },
	{ "a volume for those with root", { KIND("false") },
	    MADE("false", V), R_NONE },
	{ "one for those without", { KIND("true"), RUNC("1.3.0") },
	    MADE("true", V), R_NONE },
	{ "two kinds, and root is the host's anyway", { KIND("true"),
	    ROOT_IS_HOSTS }, MADE("false", V), R_NONE },
	{ "the other way round", { KIND("false"), ROOT_IS_HOSTS,
	    RUNC("1.3.0") }, MADE("true", V), R_NONE },
	{ "two kinds, and root is mapped away", { KIND("true"),
	    ROOT_IS_MAPPED }, MADE("false", V), R_MOUNT },
	{ "also the other way round", { KIND("false"), ROOT_IS_MAPPED },
	    MADE("true", V), R_MOUNT },
	{ "a volume from before is for those with root", { VOLUME(HERS) },
	    MADE("false", V), R_NONE },
	{ "and not for those without", { VOLUME(HERS), ROOT_IS_MAPPED },
	    MADE("true", V), R_MOUNT },
	{ "another word is no word", { KIND("True"), ROOT_IS_MAPPED },
	    MADE("true", V), R_MOUNT },
	{ "a directory of the host as a volume", { RUNC("1.3.0") },
	    MADE("true", BIND), R_NONE },
	{ "and with root", { ROOT_IS_MAPPED }, MADE("false", BIND), R_MOUNT },
	{ "a volume that became bob's", { VOLUME(HERS), BOBS },
	    MADE("false", V "," W), R_NOT_OWNER_VOLUME },
	{ "behind what is no volume", { BOBS }, MADE("false", NO_VOLUME "," W),
	    R_NOT_OWNER_VOLUME },
	{ "without root, too", { BOBS, RUNC("1.3.0") }, MADE("true", W),
	    R_NOT_OWNER_VOLUME },
	{ "a volume that is gone", { RUNC("1.3.0") }, MADE("false", V),
	    R_NONE },
	{ "the engine goes while a volume is asked for", { { "GET",
	    "/v1.47/volumes/v", 200, "", FAKE_DROP } }, MADE("false", V),
	    R_ENGINE_ERROR },
	{ "a name of nothing, where no volume is", { RUNC("1.3.0") },
	    MADE("false", "{\"Type\":\"bind\",\"Name\":\"\"}"), R_NONE },
	{ "and where one is", { RUNC("1.3.0") }, MADE("false",
	    "{\"Type\":\"volume\",\"Name\":\"\"}"), R_MOUNT },
	{ "what the engine does with root cannot be told", { KIND("true") },
	    MADE("false", V), R_ENGINE_ERROR },
	{ "of which kind a volume is cannot be told", { { "GET",
	    "/v1.47/volumes/v", 200, "{}", FAKE_LENGTH } },
	    MADE("false", V), R_ENGINE_ERROR },
};

/* made_judge() of what dockerd says of ID. */
static enum reason
judge(struct engine *e, const char *inspect, struct refusal *why)
{
	struct thing t = { .id = ID };

	t.confined = strstr(inspect, "confined\":\"true") != NULL;
	return made_judge(e, &alice, &t, span_of(inspect), why);
}

/* What was found safe is not asked about again; here it is. */
static void
forget(struct engine *e)
{
	struct thing t = { .confined = true };
	struct refusal why;

	for (int i = 0; i < 64; i++) {
		snprintf(t.id, sizeof(t.id), "%064d", i);
		assert_int_equal(made_judge(e, &alice, &t, span_of(
		    "{\"HostConfig\":{\"Runtime\":\"crun\"}}"), &why),
		    R_NONE);
	}
}

static void
forget_safe(void)
{
	const struct fake_row answers[] = { RUNC("1.3.0") };
	static struct fake f;
	struct refusal why;
	struct engine e;

	f = (struct fake){ 0 };
	fake_start(&f, "1.47");
	fake_rows(&f, answers, 1);
	engine_init(&e, f.path);
	assert_int_equal(engine_versions(&e, &why), R_NONE);
	forget(&e);
	engine_close(&e);
	fake_stop(&f);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct fake f;
		struct refusal why;
		struct engine e;

		size_t n = 0;

		forget_safe();
		while (n < 3 && rows[i].answers[n].method != NULL)
			n++;
		f = (struct fake){ 0 };
		fake_start(&f, "1.47");
		fake_rows(&f, rows[i].answers, n);
		engine_init(&e, f.path);
		assert_int_equal(engine_versions(&e, &why), R_NONE);
		if (judge(&e, rows[i].inspect, &why) != rows[i].want)
			fail_msg("%s: %s", rows[i].what,
			    reason_row(why.why)->id);
		engine_close(&e);
		fake_stop(&f);
	}
}

/* --- who owns the top directory, by the beginning of its archive --------------- */

/* A head as text: fields of a tar may be filled up with spaces. */
static void
put_head(char *at, char type, const char *uid, size_t size)
{
	char text[32];

	memset(at, ' ', TAR_BLOCK);
	memcpy(at + 100, "0000755", 7);
	memcpy(at + 108, uid, strlen(uid));
	snprintf(text, sizeof(text), "%011zo", size);
	memcpy(at + 124, text, 11);
	at[156] = type;
}

static const struct top_row {
	const char *what;
	const char *records;	/* before the entry, or NULL */
	const char *uid;	/* in its head, octal */
	char type;
	enum reason want, mapped;	/* with userns-remap */
} tops[] = {
	{ "root's", NULL, "0000000", '5', R_NONE, R_NONE },
	{ "alice's", NULL, "0001751", '5', R_MOUNT, R_MOUNT },
	{ "bob's, who may help her", NULL, "0001752", '5', R_MOUNT, R_NONE },
	{ "not a directory", NULL, "0000000", '0', R_MOUNT, R_MOUNT },
	{ "an id that is no number", NULL, "00x0000", '5', R_MOUNT, R_MOUNT },
	{ "a large id", "15 uid=1000000\n", "0000000", '5', R_MOUNT, R_NONE },
	{ "alice's, said before", "12 uid=1001\n", "0000000", '5', R_MOUNT, R_MOUNT },
	/* an image chooses what stands in its extended attributes */
	{ "a value with a line that looks like a record",
	    "47 SCHILY.xattr.security.capability=a\n9 uid=0\n\n", "0001751",
	    '5', R_MOUNT, R_MOUNT },
	{ "root's, said before", "8 uid=0\n", "0001751", '5', R_NONE, R_NONE },
	{ "the ninth's", "8 uid=9\n", "0001751", '5', R_MOUNT, R_NONE },
	{ "another number is no id", "18 mtime=12345678\n", "0001751", '5',
	    R_MOUNT, R_MOUNT },
	{ "an id with a sign", "9 uid=-1\n", "0000000", '5', R_MOUNT, R_MOUNT },
	{ "an id with a letter", "9 uid=x1\n", "0000000", '5', R_MOUNT, R_MOUNT },
	{ "records that are none", "9 uid=0", "0000000", '5', R_MOUNT, R_MOUNT },
	{ "an empty id", "7 uid=\n", "0000000", '5', R_MOUNT, R_MOUNT },
};

/* mapped: nobody's of the image is bob, on the host. */
static void
try_tops(bool mapped)
{
	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
		const struct top_row *t = &tops[i];
		enum reason want = mapped ? t->mapped : t->want;
		char tar[3 * TAR_BLOCK + 1], *at = tar;
		struct fake_row answers[] = {
			RUNC("1.1.5"), STATE("created"),
			{ "GET", "/v1.47/containers/" ID "/archive?path=/",
			    200, tar, FAKE_LENGTH }, ROOT_IS_HOSTS,
		};
		static struct fake f;
		struct refusal why;
		struct engine e;

		if (t->records != NULL) {
			put_head(at, 'x', "0000000", strlen(t->records));
			memset(at + TAR_BLOCK, ' ', TAR_BLOCK);
			memcpy(at + TAR_BLOCK, t->records,
			    strlen(t->records));
			at += 2 * TAR_BLOCK;
		}
		put_head(at, t->type, t->uid, 0);
		at[TAR_BLOCK] = '\0';
		forget_safe();
		f = (struct fake){ 0 };
		fake_start(&f, "1.47");
		if (mapped)
			answers[3] = (struct fake_row)ROOT_IS_MAPPED;
		fake_rows(&f, answers, 4);
		engine_init(&e, f.path);
		assert_int_equal(engine_versions(&e, &why), R_NONE);
		if (judge(&e, MADE("true", ""), &why) != want)
			fail_msg("%s", t->what);
		engine_close(&e);
		fake_stop(&f);
	}
}

static void
test_tops(void **state)
{
	(void)state;
	try_tops(false);
	try_tops(true);
}

/* --- the way to each mount ------------------------------------------------------- */

/* a volume of the gate's own: its kind is not asked */
#define AT(type, at) "{\"Type\":\"" type "\",\"Name\":\"ds01-bind-1\"," \
	"\"Destination\":\"" at "\"}"
#define WAYS 5

/* Of the image: "/" and "/etc" are root's, what is not named is not there. */
static const struct way {
	const char *what;
	const char *mounts, *tmpfs;
	struct { const char *path; char type; const char *mode, *uid; }
	    files[WAYS];
	enum reason want;
} ways[] = {
	{ "nothing there", AT("bind", "/a/b"), "", { { NULL, 0, NULL, NULL } },
	    R_NONE },
	{ "directories of root's", AT("bind", "/a/b"), "",
	    { { "/a", '5', "0000755", "0000000" },
	    { "/a/b", '5', "0000755", "0000000" } }, R_NONE },
	{ "a file under a file", AT("bind", "/a/b"), "",
	    { { "/a", '5', "0000755", "0000000" },
	    { "/a/b", '0', "0000644", "0001751" } }, R_NONE },
	{ "over a link", AT("bind", "/a"), "",
	    { { "/a", '2', "0000777", "0000000" } }, R_MOUNT },
	{ "below a link", AT("bind", "/a/b"), "",
	    { { "/a", '2', "0000777", "0000000" } }, R_MOUNT },
	{ "below a file", AT("bind", "/a/b"), "",
	    { { "/a", '0', "0000755", "0000000" } }, R_MOUNT },
	{ "its own parent is the user's", AT("bind", "/a/bcd"), "",
	    { { "/a", '5', "0000755", "0001751" } }, R_MOUNT },
	{ "or everybody's", AT("bind", "/a/bcd"), "",
	    { { "/a", '5', "0000777", "0000000" } }, R_MOUNT },
	{ "sticky or not", AT("bind", "/a/bcd"), "",
	    { { "/a", '5', "0001777", "0000000" } }, R_MOUNT },
	{ "a directory above it is the user's", AT("bind", "/a/b/c"), "",
	    { { "/a", '5', "0000755", "0001751" },
	    { "/a/b", '5', "0000755", "0000000" } }, R_MOUNT },
	{ "or everybody's", AT("bind", "/a/b/c"), "",
	    { { "/a", '5', "0000757", "0000000" } }, R_MOUNT },
	{ "or its group's", AT("bind", "/a/b/c"), "",
	    { { "/a", '5', "0000775", "0000000" } }, R_MOUNT },
	{ "or bob's", AT("bind", "/a/b/c"), "",
	    { { "/a", '5', "0000755", "0001752" },
	    { "/a/b", '5', "0000755", "0000000" } }, R_MOUNT },
	{ "in a volume", AT("volume", "/a") "," AT("bind", "/a/b"), "",
	    { { NULL, 0, NULL, NULL } }, R_MOUNT },
	{ "in an empty tmpfs", AT("tmpfs", "/a") "," AT("bind", "/a/b"), "",
	    { { NULL, 0, NULL, NULL } }, R_NONE },
	{ "beside a volume", AT("volume", "/a") "," AT("bind", "/ab"), "",
	    { { NULL, 0, NULL, NULL } }, R_NONE },
	{ "shared memory", AT("tmpfs", "/dev/shm"), "",
	    { { NULL, 0, NULL, NULL } }, R_NONE },
	{ "a directory where the engine mounts itself", AT("bind", "/dev"), "",
	    { { NULL, 0, NULL, NULL } }, R_MOUNT },
	{ "a volume there", AT("volume", "/sys/fs"), "",
	    { { NULL, 0, NULL, NULL } }, R_MOUNT },
	{ "which is empty", AT("tmpfs", "/dev"), "\"/sys\":\"\"",
	    { { NULL, 0, NULL, NULL } }, R_NONE },
	{ "or its own mount", AT("bind", "/dev/mqueue"), "",
	    { { NULL, 0, NULL, NULL } }, R_NONE },
	{ "in shared memory", AT("bind", "/dev/shm/x"), "",
	    { { NULL, 0, NULL, NULL } }, R_MOUNT },
	{ "no path", AT("bind", "a"), "", { { NULL, 0, NULL, NULL } },
	    R_MOUNT },
	{ "no destination", "{\"Type\":\"bind\"}", "",
	    { { NULL, 0, NULL, NULL } }, R_MOUNT },
	{ "the file of groups, which is ours", AT("bind", "/etc/group"), "",
	    { { NULL, 0, NULL, NULL } }, R_NONE },
	{ "in a volume", AT("volume", "/etc") "," AT("bind", "/etc/group"),
	    "", { { NULL, 0, NULL, NULL } }, R_MOUNT },
	{ "in an empty one", "", "\"/etc\":\"\"",
	    { { NULL, 0, NULL, NULL } }, R_MOUNT },
	{ "a link to it", "", "", { { "/etc/group", '2', "0000777",
	    "0000000" } }, R_MOUNT },
	{ "a tmpfs over a link", "", "\"/a\":\"\"",
	    { { "/a", '2', "0000777", "0000000" } }, R_MOUNT },
	{ "the second of two", "", "\"/b\":\"\",\"/a\":\"\"",
	    { { "/a", '2', "0000777", "0000000" } }, R_MOUNT },
	{ "a tmpfs on a directory", "", "\"/a\":\"\"",
	    { { "/a", '5', "0000755", "0000000" } }, R_NONE },
};

static void
put_file(struct fake_row *row, char target[128], char head[TAR_BLOCK + 1],
    const char *path, char type, const char *mode, const char *uid)
{
	put_head(head, type, uid, 0);
	memcpy(head + 100, mode, 7);
	head[TAR_BLOCK] = '\0';
	snprintf(target, 128, "/v1.47/containers/" ID "/archive?path=%s", path);
	*row = (struct fake_row){ "GET", target, 200, head, FAKE_LENGTH };
}

static void
test_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct way *w = &ways[i];
		char head[WAYS + 2][TAR_BLOCK + 1], target[WAYS + 2][128];
		struct fake_row answers[WAYS + 4] = { RUNC("1.1.5"),
		    STATE("created") };
		char inspect[1024];
		static struct fake f;
		struct refusal why;
		struct engine e;
		size_t n = 2;

		put_file(&answers[n], target[0], head[0], "/", '5', "0000755",
		    "0000000");
		n++;
		put_file(&answers[n], target[1], head[1], "/etc", '5',
		    "0000755", "0000000");
		n++;
		for (size_t k = 0; k < WAYS && w->files[k].path != NULL; k++)
			put_file(&answers[n], target[n - 2], head[n - 2],
			    w->files[k].path, w->files[k].type,
			    w->files[k].mode, w->files[k].uid), n++;
		snprintf(inspect, sizeof(inspect), "{\"Id\":\"" ID "\","
		    "\"Config\":{\"Labels\":{\"ds01.confined\":\"true\"}},"
		    "\"Mounts\":[%s],\"HostConfig\":{\"Tmpfs\":{%s}}}",
		    w->mounts, w->tmpfs);
		forget_safe();
		f = (struct fake){ 0 };
		fake_start(&f, "1.47");
		fake_rows(&f, answers, n);
		engine_init(&e, f.path);
		assert_int_equal(engine_versions(&e, &why), R_NONE);
		if (judge(&e, inspect, &why) != w->want)
			fail_msg("%s", w->what);
		engine_close(&e);
		fake_stop(&f);
	}
}

static void
test_asks_the_policy(void **state)
{
	struct refusal why;

	(void)state;
	verdict = R_WORKING_DIR;
	assert_int_equal(judge(NULL, MADE("false", ""), &why), R_WORKING_DIR);
	verdict = R_NONE;
	assert_int_equal(judge(NULL, MADE("false", ""), &why), R_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asks_the_policy),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_tops),
		cmocka_unit_test(test_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
