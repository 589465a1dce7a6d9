/*
 * test_made.c - what can be told of a container only when it has been made.
 * The rest, with a real engine: e2e/groups.t, e2e/confined.t.
 *
 * links: made bind engine buf span reason http json json_check json_walk query
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_engine.h"
#include "made.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define RUNC(v) { "GET", "/v1.47/version", 200, "{\"ApiVersion\":\"1.47\"," \
	"\"Components\":[{\"Name\":\"Engine\",\"Version\":\"9.9\"}," \
	"{\"Name\":\"runc\",\"Version\":\"" v "\"}]}", FAKE_LENGTH }
#define USERS(yes) { "GET", "/v1.47/containers/json?all=1&filters=%7B%22" \
	"volume%22%3A%5B%22v%22%5D%7D", 200, "[{\"Id\":\"" ID "\"," \
	"\"Labels\":{\"ds01.confined\":\"" yes "\"}}]", FAKE_LENGTH }
#define INFO(opts) { "GET", "/v1.47/info", 200, \
	"{\"SecurityOptions\":[" opts "]}", FAKE_LENGTH }
#define MADE(yes, mounts) "{\"Id\":\"" ID "\",\"Config\":{\"Labels\":{" \
	"\"ds01.confined\":\"" yes "\"}},\"Mounts\":[" mounts "]}"
#define STATE(s) { "GET", "/v1.47/containers/" ID "/json", 200, \
	"{\"State\":{\"Status\":\"" s "\"}}", FAKE_LENGTH }
#define V "{\"Type\":\"volume\",\"Name\":\"v\",\"Destination\":\"/v\"}"

static const struct row {
	const char *what;
	struct fake_row answers[3];
	const char *inspect;
	enum reason want;
} rows[] = {
	{ "runc 1.3 does not look", { RUNC("1.3.0") }, MADE("true", ""),
	    R_NONE },
	{ "runc 2 neither", { RUNC("2.0.1") }, MADE("true", ""), R_NONE },
	{ "runc 1.2: what cannot be looked at is refused", { RUNC("1.2.9"),
	    STATE("created") }, MADE("true", ""), R_MOUNT },
	{ "another runtime is not known", { RUNC("x"), STATE("created") },
	    MADE("true", ""), R_MOUNT },
	{ "what is being removed starts no more", { RUNC("1.2.9"),
	    STATE("removing") }, MADE("true", ""), R_NONE },
	{ "nor what is gone", { RUNC("1.2.9") }, MADE("true", ""), R_NONE },
	{ "with root inside nobody needs groups", { RUNC("1.1.5") },
	    MADE("false", ""), R_NONE },
	{ "one kind of containers on a volume", { USERS("false") },
	    MADE("false", V), R_NONE },
	{ "two kinds, and root is the host's anyway", { USERS("true"),
	    INFO("\"name=seccomp\"") }, MADE("false", V), R_NONE },
	{ "two kinds, and root is mapped away", { USERS("true"),
	    INFO("\"name=userns\"") }, MADE("false", V), R_MOUNT },
	{ "the other way round", { USERS("false"), INFO("\"name=userns\"") },
	    MADE("true", V), R_MOUNT },
	{ "who uses a volume cannot be told", { RUNC("1.3.0") },
	    MADE("false", V), R_ENGINE_ERROR },
};

static void
test_rows(void **state)
{
	static const struct caller alice = { .uid = 1001, .name = "alice" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct fake f;
		struct refusal why;
		struct engine e;

		size_t n = 0;

		while (n < 3 && rows[i].answers[n].method != NULL)
			n++;
		f = (struct fake){ 0 };
		fake_start(&f, "1.47");
		fake_rows(&f, rows[i].answers, n);
		engine_init(&e, f.path);
		assert_int_equal(engine_versions(&e, &why), R_NONE);
		if (made_judge(&e, &alice, span_of(rows[i].inspect), &why) !=
		    rows[i].want)
			fail_msg("%s: %s", rows[i].what,
			    reason_row(why.why)->id);
		engine_close(&e);
		fake_stop(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
