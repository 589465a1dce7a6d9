/*
 * test_engine.c - what goes up to dockerd and what comes back.
 *
 * links: engine buf span reason http json json_check json_walk
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <fcntl.h>
#include <sys/time.h>

#include <cmocka.h>

#include "engine.h"
#include "fake_engine.h"
#include "route.h"

static struct fake f;
static struct engine e;
static struct refusal why;
static struct buf body = BUF_INIT(0);

static int
setup(void **state)
{
	(void)state;
	fake_start(&f, "1.41");
	engine_init(&e, f.path);
	f.connections = 0;
	why.why = R_NONE;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	engine_close(&e);
	buf_free(&body);
	fake_stop(&f);
	/* nothing listens any more: what was learned is forgotten */
	engine_init(&e, f.path);
	assert_int_equal(engine_dial(&e, &why), -1);
	return 0;
}

static int
ask(const char *method, const char *target, const char *json)
{
	return engine_ask(&e, method, span_of(target), span_of(json), &body,
	    &why);
}

static void
sends_our_head(void **state)
{
	static const struct fake_row rows[] = {
		{ "GET", "/a", 200, "{}", FAKE_LENGTH },
		{ "POST", "/b", 201, "{}", FAKE_LENGTH },
		{ "DELETE", "/c", 204, "", FAKE_LENGTH },
	};

	(void)state;
	fake_rows(&f, rows, 3);
	assert_int_equal(ask("GET", "/a", NULL), 200);
	assert_string_equal(f.last, "GET /a HTTP/1.1\r\nHost: docker\r\n"
	    "User-Agent: ds01-docker\r\n\r\n");
	assert_int_equal(ask("POST", "/b", "{\"x\":1}"), 201);
	assert_string_equal(f.last, "POST /b HTTP/1.1\r\nHost: docker\r\n"
	    "User-Agent: ds01-docker\r\nContent-Type: application/json\r\n"
	    "Content-Length: 7\r\n\r\n{\"x\":1}");
	assert_int_equal(ask("POST", "/b", NULL), 201);
	assert_string_equal(f.last, "POST /b HTTP/1.1\r\nHost: docker\r\n"
	    "User-Agent: ds01-docker\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(ask("DELETE", "/c", NULL), 204);
	assert_int_equal(body.len, 0);
	assert_int_equal(f.connections, 1);	/* kept alive */
}

static void
refuses_targets(void **state)
{
	static const char *const bad[] = { "", "a", "/a b", "/a\r\nX: y",
	    "/\x7f", "/\xc3\xa4", "/a\t" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(ask("GET", bad[i], NULL), -1);
		assert_int_equal(why.why, R_INTERNAL);
	}
	assert_int_equal(f.log_len, 0);
}

static void
reads_every_framing(void **state)
{
	static const struct fake_row rows[] = {
		{ "GET", "/length", 200, "0123456789", FAKE_LENGTH },
		{ "GET", "/chunked", 200, "0123456789", FAKE_CHUNKED },
		{ "GET", "/empty", 200, "", FAKE_CHUNKED },
		{ "GET", "/close", 200, "0123456789", FAKE_CLOSE },
		{ "GET", "/continue", 200, "0123456789", FAKE_CONTINUE },
		{ "GET", "/error", 409, "0123456789", FAKE_LENGTH },
	};

	(void)state;
	fake_rows(&f, rows, 6);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < 6; i++) {
			assert_int_equal(ask("GET", rows[i].target, NULL),
			    rows[i].status);
			assert_string_equal(body.data ? body.data : "",
			    rows[i].body);
		}
}

static void
survives_broken_answers(void **state)
{
	static const struct fake_row rows[] = {
		{ "GET", "/garbage", 200, "0123456789", FAKE_GARBAGE },
		{ "GET", "/half", 200, "0123456789", FAKE_HALF },
		{ "GET", "/huge", 200, "0123456789", FAKE_HUGE },
		{ "GET", "/drop", 200, "", FAKE_DROP },
		{ "GET", "/good", 200, "{}", FAKE_LENGTH },
	};

	(void)state;
	fake_rows(&f, rows, 5);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(ask("GET", rows[i].target, NULL), -1);
		assert_int_equal(why.why, R_ENGINE_ERROR);
		assert_int_equal(e.fd, -1);	/* never used again */
		assert_int_equal(ask("GET", "/good", NULL), 200);
	}
	assert_int_equal(fake_count(&f, "GET /half"), 1);
}

/* The bound, without 64 MiB: a body buffer that is smaller. */
static void
answer_is_bounded(void **state)
{
	static const struct fake_row rows[] = {
		{ "GET", "/length", 200, "0123456789", FAKE_LENGTH },
		{ "GET", "/chunked", 200, "0123456789", FAKE_CHUNKED },
		{ "GET", "/close", 200, "0123456789", FAKE_CLOSE },
	};
	struct buf small = BUF_INIT(9);

	(void)state;
	fake_rows(&f, rows, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(engine_ask(&e, "GET",
		    span_of(rows[i].target), span_of(NULL), &small, &why), -1);
		assert_int_equal(why.why, R_ENGINE_ERROR);
	}
	buf_free(&small);
}

static void
replaces_a_stale_connection(void **state)
{
	static const struct fake_row rows[] = {
		{ "GET", "/ok", 200, "{}", FAKE_LENGTH },
		{ "GET", "/stale", 200, "{}", FAKE_DROP_KEPT },
		{ "DELETE", "/stale", 200, "{}", FAKE_DROP_KEPT },
		{ "POST", "/stale", 200, "{}", FAKE_DROP_KEPT },
		{ "POST", "/ok", 200, "{}", FAKE_LENGTH },
	};

	(void)state;
	fake_rows(&f, rows, 5);
	/* found dead before anything was sent: any method */
	assert_int_equal(ask("GET", "/ok", NULL), 200);
	fake_tell(&f, 2);
	assert_int_equal(ask("POST", "/ok", "{}"), 200);
	assert_int_equal(fake_count(&f, "POST /ok"), 1);
	/* dies with the request: once more, but not what may not be repeated */
	assert_int_equal(ask("GET", "/stale", NULL), 200);
	assert_int_equal(fake_count(&f, "GET /stale"), 2);
	assert_int_equal(ask("DELETE", "/stale", NULL), 200);
	assert_int_equal(fake_count(&f, "DELETE /stale"), 2);
	assert_int_equal(ask("POST", "/stale", NULL), -1);
	assert_int_equal(why.why, R_ENGINE_ERROR);
	assert_int_equal(fake_count(&f, "POST /stale"), 1);
}

static void
says_why_it_is_down(void **state)
{
	struct engine gone;

	(void)state;
	engine_init(&gone, "/nonexistent/docker.sock");
	assert_int_equal(engine_dial(&gone, &why), -1);
	assert_int_equal(why.why, R_ENGINE_DOWN);
	assert_non_null(strstr(why.detail, "/nonexistent/docker.sock"));
	assert_non_null(strstr(why.detail, "No such file"));
	assert_int_equal(engine_ask(&gone, "GET", span_of("/x"),
	    span_of(NULL), &body, &why), -1);
	assert_int_equal(why.why, R_ENGINE_DOWN);
	assert_int_equal(engine_versions(&gone, &why), R_ENGINE_DOWN);
	engine_close(&gone);
}

static void
dials_close_on_exec(void **state)
{
	int fd = engine_dial(&e, &why);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(fd);
}

static void
learns_versions_once(void **state)
{
	static const struct fake_row rows[] = {
		{ "GET", "/v1.41/x/7", 200, "{}", FAKE_LENGTH },
		{ "GET", "/v1.51/x/7", 200, "{}", FAKE_LENGTH },
	};
	struct engine other;

	(void)state;
	fake_rows(&f, rows, 2);
	assert_int_equal(engine_get(&e, &body, &why, "x/%d", 7), 200);
	assert_int_equal(e.api_max, 41);
	assert_int_equal(e.api_min, 12);
	engine_init(&other, f.path);
	assert_int_equal(engine_get(&other, &body, &why, "/x/%d", 7), 200);
	assert_int_equal(fake_count(&f, "GET /version"), 1);

	/* an upgrade is heard of in any answer, by everybody */
	f.api = "1.54";
	assert_int_equal(engine_get(&e, &body, &why, "x/%d", 7), 200);
	assert_int_equal(e.api_max, 54);
	assert_int_equal(engine_api(&e), ROUTE_API_MAX);
	engine_close(&other);
	engine_init(&other, f.path);
	assert_int_equal(other.api_max, 0);
	assert_int_equal(engine_get(&other, &body, &why, "x/%d", 7), 200);
	assert_int_equal(fake_count(&f, "GET /version"), 2);
	engine_close(&other);
}

static void
forgets_versions_when_down(void **state)
{
	struct engine later;

	(void)state;
	assert_int_equal(engine_versions(&e, &why), R_NONE);
	engine_init(&later, f.path);
	assert_int_equal(later.api_max, 41);
	assert_int_equal(unlink(f.path), 0);
	assert_int_equal(engine_dial(&later, &why), -1);
	engine_init(&later, f.path);
	assert_int_equal(later.api_max, 0);
	engine_close(&later);
}

/* What one engine speaks says nothing about another one. */
static void
keeps_versions_apart(void **state)
{
	struct engine other;

	(void)state;
	assert_int_equal(engine_versions(&e, &why), R_NONE);
	engine_init(&other, "/nonexistent/docker.sock");
	assert_int_equal(other.api_max, 0);
	engine_close(&other);
}

static void
refuses_foreign_versions(void **state)
{
	static const struct fake_row bad[] = {
		{ "GET", "/version", 200, "{}", FAKE_LENGTH },
		{ "GET", "/version", 200, "nonsense", FAKE_LENGTH },
		{ "GET", "/version", 200, "{\"ApiVersion\":\"2.1\"}",
		    FAKE_LENGTH },
		{ "GET", "/version", 200, "{\"ApiVersion\":\"1.99\","
		    "\"MinAPIVersion\":\"1.90\"}", FAKE_LENGTH },
		{ "GET", "/version", 500, "{\"ApiVersion\":\"1.41\"}",
		    FAKE_LENGTH },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		fake_rows(&f, &bad[i], 1);
		assert_int_equal(engine_versions(&e, &why), R_ENGINE_ERROR);
	}
}

static void
tick(int sig)
{
	(void)sig;
}

static void
survives_signals(void **state)
{
	static const struct fake_row rows[] = {
		{ "GET", "/x", 200, "0123456789", FAKE_CHUNKED },
	};
	struct sigaction sa = { .sa_handler = tick };
	struct itimerval every = { { 0, 200 }, { 0, 200 } }, off = { 0 };

	(void)state;
	fake_rows(&f, rows, 1);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	for (int i = 0; i < 500; i++) {
		assert_int_equal(ask("GET", "/x", NULL), 200);
		if (i % 10 == 0)
			engine_close(&e);
	}
	setitimer(ITIMER_REAL, &off, NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(sends_our_head), T(refuses_targets),
		T(reads_every_framing), T(survives_broken_answers),
		T(answer_is_bounded), T(replaces_a_stale_connection),
		T(says_why_it_is_down), T(dials_close_on_exec),
		T(learns_versions_once), T(keeps_versions_apart),
		T(forgets_versions_when_down),
		T(refuses_foreign_versions), T(survives_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
