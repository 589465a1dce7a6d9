/*
 * relay: framing is followed, half-close passes each way, a client that is
 * gone ends the engine's stream.
 * links: relay http buf span reason log
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "relay.h"

struct ends {			/* client | relay | engine */
	int client, client_in;	/* the test's end, the relay's end */
	int engine, engine_in;
	struct buf ahead_client, ahead_engine;
	struct http_head head;
	const char *first;
	int rc;
	pthread_t t;
};

static void
ends_open(struct ends *e)
{
	int a[2], b[2];

	memset(e, 0, sizeof(*e));
	e->first = "";
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	e->client = a[0], e->client_in = a[1];
	e->engine = b[0], e->engine_in = b[1];
}

static void
ends_close(struct ends *e)
{
	int fds[] = { e->client, e->client_in, e->engine, e->engine_in };

	for (size_t i = 0; i < 4; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	buf_free(&e->ahead_client);
	buf_free(&e->ahead_engine);
}

static void
expect(int fd, const char *text)
{
	char got[4096];
	size_t len = 0, want = strlen(text);

	while (len < want) {
		ssize_t n = read(fd, got + len, want - len);
		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_memory_equal(got, text, want);
}

static void
expect_end(int fd)
{
	char b;

	assert_int_equal(read(fd, &b, 1), 0);
}

static void *
body_thread(void *arg)
{
	struct ends *e = arg;

	e->rc = relay_body(e->engine_in, e->client_in, &e->ahead_engine,
	    &e->head, span_of(e->first));
	return NULL;
}

static void *
upload_thread(void *arg)
{
	struct ends *e = arg;

	e->rc = relay_upload(e->client_in, e->engine_in, &e->ahead_client,
	    &e->head, NULL);
	return NULL;
}

static void *
hijack_thread(void *arg)
{
	struct ends *e = arg;

	relay_hijack(e->client_in, e->engine_in, &e->ahead_client,
	    &e->ahead_engine);
	close(e->client_in);
	close(e->engine_in);
	e->client_in = e->engine_in = -1;
	return NULL;
}

static void
start(struct ends *e, void *(*fn)(void *))
{
	assert_int_equal(pthread_create(&e->t, NULL, fn, e), 0);
}

static void
put(int fd, const char *s)
{
	assert_int_equal(write_all(fd, s, strlen(s)), 0);
}

/* Exactly the body is taken; what stands behind it stays for the next. */
static void
body_of_known_length(void **state)
{
	struct ends e;

	(void)state;
	ends_open(&e);
	e.head.framing = HTTP_LENGTH;
	e.head.length = 10;
	e.first = "HEAD ";
	buf_add(&e.ahead_engine, "abc", 3);
	start(&e, body_thread);
	put(e.engine, "defghijNEXT");
	pthread_join(e.t, NULL);
	assert_int_equal(e.rc, 0);
	expect(e.client, "HEAD abcdefghij");
	assert_true(span_eq(buf_span(&e.ahead_engine), "NEXT"));
	ends_close(&e);
}

static void
body_in_chunks(void **state)
{
	static const char body[] = "3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n";
	struct ends e;

	(void)state;
	for (size_t cut = 0; cut < sizeof(body) - 1; cut++) {
		char front[64] = "";
		ends_open(&e);
		e.head.framing = HTTP_CHUNKED;
		memcpy(front, body, cut);
		start(&e, body_thread);
		put(e.engine, front);
		put(e.engine, body + cut);
		pthread_join(e.t, NULL);
		assert_int_equal(e.rc, 0);
		expect(e.client, body);
		ends_close(&e);
	}
}

/* An answer that breaks off is no whole answer. */
static void
body_cut_short(void **state)
{
	struct ends e;

	(void)state;
	ends_open(&e);
	e.head.framing = HTTP_LENGTH;
	e.head.length = 10;
	start(&e, body_thread);
	put(e.engine, "abc");
	close(e.engine);
	e.engine = -1;
	pthread_join(e.t, NULL);
	assert_int_equal(e.rc, -1);
	ends_close(&e);
}

/* logs -f of a client that is gone must not run for ever. */
static void
client_gone_ends_an_idle_stream(void **state)
{
	struct ends e;

	(void)state;
	ends_open(&e);
	e.head.framing = HTTP_UNTIL_CLOSE;
	start(&e, body_thread);
	close(e.client);
	e.client = -1;
	pthread_join(e.t, NULL);	/* a hang here is the failure */
	assert_int_equal(e.rc, -1);
	ends_close(&e);
}

/* One that only closed its sending side still listens. */
static void
half_closed_client_still_reads(void **state)
{
	struct ends e;

	(void)state;
	ends_open(&e);
	e.head.framing = HTTP_UNTIL_CLOSE;
	start(&e, body_thread);
	shutdown(e.client, SHUT_WR);
	put(e.engine, "late");
	expect(e.client, "late");
	close(e.engine);
	e.engine = -1;
	pthread_join(e.t, NULL);
	assert_int_equal(e.rc, 0);
	ends_close(&e);
}

/* The client's chunks never reach dockerd: its payload does, in ours. */
static void
upload_is_framed_anew(void **state)
{
	struct ends e;

	(void)state;
	ends_open(&e);
	e.head.framing = HTTP_CHUNKED;
	buf_add(&e.ahead_client, "2\r\nab\r\n", 7);
	start(&e, upload_thread);
	put(e.client, "00003\r\ncde\r\n0\r\n\r\nGET /next");
	pthread_join(e.t, NULL);
	assert_int_equal(e.rc, 0);
	expect(e.engine, "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n");
	ends_close(&e);
}

static void
upload_of_known_length(void **state)
{
	struct ends e;

	(void)state;
	ends_open(&e);
	e.head.framing = HTTP_LENGTH;
	e.head.length = 4;
	start(&e, upload_thread);
	put(e.client, "abcdEVIL");
	pthread_join(e.t, NULL);
	assert_int_equal(e.rc, 0);
	expect(e.engine, "4\r\nabcd\r\n0\r\n\r\n");
	ends_close(&e);
}

/* A client's small chunks go up together, but not without bound. */
static void
upload_joins_small_chunks(void **state)
{
	struct ends e;

	(void)state;
	ends_open(&e);
	e.head.framing = HTTP_CHUNKED;
	for (int i = 0; i < 40; i++)
		buf_puts(&e.ahead_client, i % 2 ? "1\r\nb\r\n" : "1\r\na\r\n");
	buf_puts(&e.ahead_client, "0\r\n\r\n");
	start(&e, upload_thread);
	pthread_join(e.t, NULL);
	assert_int_equal(e.rc, 0);
	expect(e.engine, "10\r\nabababababababab\r\n"
	    "10\r\nabababababababab\r\n8\r\nabababab\r\n0\r\n\r\n");
	ends_close(&e);
}

static void
nothing(int sig)
{
	(void)sig;
}

static void *
feed_thread(void *arg)
{
	struct ends *e = arg;
	char b[20000];

	for (unsigned at = 0; at < e->head.length; at += sizeof(b)) {
		for (unsigned i = 0; i < sizeof(b); i++)
			b[i] = (char)((at + i) * 2654435761u >> 24);
		put(e->client, "4e20\r\n");
		assert_int_equal(write_all(e->client, b, sizeof(b)), 0);
		put(e->client, "\r\n");
	}
	put(e->client, "0\r\n\r\n");
	return NULL;
}

/* A signal makes the relay's writes short ones, in the midst of a piece. */
static void
upload_goes_on_after_short_writes(void **state)
{
	struct sigaction act = { .sa_handler = nothing }, old;
	struct chunks c = { 0 };
	struct ends e;
	pthread_t feeder;
	int room = 4096;	/* so that a write waits, many times */
	unsigned at = 0;
	char b[5000];

	(void)state;
	ends_open(&e);
	e.head.framing = HTTP_CHUNKED;
	assert_int_equal(setsockopt(e.engine_in, SOL_SOCKET, SO_SNDBUF, &room,
	    sizeof(room)), 0);
	e.head.length = 2000000;	/* what feed_thread sends */
	assert_int_equal(sigaction(SIGUSR1, &act, &old), 0);
	start(&e, upload_thread);
	assert_int_equal(pthread_create(&feeder, NULL, feed_thread, &e), 0);
	while (!c.done) {
		ssize_t n = recv(e.engine, b, sizeof(b), 0);
		struct span in = { b, (size_t)n }, p;

		assert_true(n > 0);
		while (in.len > 0) {
			n = chunks_next(&c, in, &p);
			assert_true(n > 0);
			for (size_t i = 0; i < p.len; i++, at++)
				if (p.ptr[i] != (char)(at * 2654435761u >> 24))
					fail_msg("byte %u", at);
			in.ptr += n;
			in.len -= (size_t)n;
		}
		if (!c.done)
			pthread_kill(e.t, SIGUSR1);
	}
	pthread_join(feeder, NULL);
	pthread_join(e.t, NULL);
	sigaction(SIGUSR1, &old, NULL);
	assert_int_equal(e.rc, 0);
	assert_int_equal(at, e.head.length);
	ends_close(&e);
}

/* dockerd has its answer already: the client may still finish. */
static void
upload_that_nobody_reads_is_taken(void **state)
{
	static char bytes[RELAY_BUF];
	struct ends e;

	(void)state;
	ends_open(&e);
	e.head.framing = HTTP_LENGTH;
	e.head.length = 64 * sizeof(bytes);
	shutdown(e.engine, SHUT_RDWR);
	start(&e, upload_thread);
	for (int i = 0; i < 64; i++)
		assert_int_equal(write_all(e.client, bytes, sizeof(bytes)), 0);
	pthread_join(e.t, NULL);
	assert_int_equal(e.rc, 1);
	ends_close(&e);
}

struct watcher {
	char seen[64];
	const char *stop;	/* bytes that must not pass, "" the end */
};

static int
see(void *arg, const char *data, size_t len)
{
	struct watcher *w = arg;

	if (len == 0)
		strcat(w->seen, "$");
	else
		strncat(w->seen, data, len);
	return w->stop != NULL && strlen(w->stop) == len &&
	    memcmp(w->stop, len > 0 ? data : "", len) == 0 ? -1 : 0;
}

static struct relay_watch watching;

static void *
watched_thread(void *arg)
{
	struct ends *e = arg;

	e->rc = relay_upload(e->client_in, e->engine_in, &e->ahead_client,
	    &e->head, &watching);
	return NULL;
}

/* Each piece is seen before it goes up, and what is not to go up does not,
 * nor anything behind it, nor the end; the client finishes all the same. */
static void
watched_upload_is_cut_off(void **state)
{
	static const struct {
		const char *stop, *up, *seen;
		int rc;
	} rows[] = {
		{ NULL, "2\r\nab\r\n4\r\ncdef\r\n0\r\n\r\n",
		    "abcdef$", 0 },
		{ "cde", "2\r\nab\r\n", "abcde", 1 },
		{ "ab", "", "ab", 1 },
		{ "", "2\r\nab\r\n4\r\ncdef\r\n", "abcdef$", 1 },
	};
	struct ends e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct watcher w = { .stop = rows[i].stop };

		watching = (struct relay_watch){ see, &w };
		ends_open(&e);
		e.head.framing = HTTP_CHUNKED;
		buf_add(&e.ahead_client, "2\r\nab\r\n", 7);
		start(&e, watched_thread);
		put(e.client, "3\r\ncde\r\n1\r\nf\r\n0\r\n\r\n");
		pthread_join(e.t, NULL);
		assert_int_equal(e.rc, rows[i].rc);
		assert_string_equal(w.seen, rows[i].seen);
		expect(e.engine, rows[i].up);
		if (e.rc != 0)
			expect_end(e.engine);
		ends_close(&e);
	}
}

static void
malformed_upload_fails(void **state)
{
	static const char *const bad[] = { "x\r\n", "-1\r\n", "3;e=1\r\nabc",
	    "3\nabc\n", "11111111111111111\r\n" };
	struct ends e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ends_open(&e);
		e.head.framing = HTTP_CHUNKED;
		start(&e, upload_thread);
		put(e.client, bad[i]);
		shutdown(e.client, SHUT_WR);
		pthread_join(e.t, NULL);
		assert_int_equal(e.rc, -1);
		ends_close(&e);
	}
}

/* stdin ends, output goes on: "echo x | docker exec -i". */
static void
hijack_half_close_from_client(void **state)
{
	struct ends e;

	(void)state;
	ends_open(&e);
	buf_add(&e.ahead_client, "early ", 6);
	start(&e, hijack_thread);
	put(e.client, "input");
	shutdown(e.client, SHUT_WR);
	expect(e.engine, "early input");
	expect_end(e.engine);
	put(e.engine, "output after the end of input");
	expect(e.client, "output after the end of input");
	close(e.engine);
	e.engine = -1;
	expect_end(e.client);
	pthread_join(e.t, NULL);
	ends_close(&e);
}

/* dockerd only closes its sending side; the client sees that end. */
static void
hijack_half_close_from_engine(void **state)
{
	struct ends e;

	(void)state;
	ends_open(&e);
	start(&e, hijack_thread);
	put(e.engine, "bye");
	shutdown(e.engine, SHUT_WR);
	expect(e.client, "bye");
	expect_end(e.client);
	put(e.client, "still typing");
	expect(e.engine, "still typing");
	close(e.client);
	e.client = -1;
	pthread_join(e.t, NULL);
	ends_close(&e);
}

/* A client that is gone altogether ends the attach at once. */
static void
hijack_client_gone(void **state)
{
	struct ends e;

	(void)state;
	ends_open(&e);
	start(&e, hijack_thread);
	close(e.client);
	e.client = -1;
	expect_end(e.engine);
	pthread_join(e.t, NULL);
	ends_close(&e);
}

#define FLOOD (4 * 1024 * 1024)

static void *
flood_thread(void *arg)
{
	int fd = *(int *)arg;
	char *b = calloc(1, FLOOD);

	assert_non_null(b);
	assert_int_equal(write_all(fd, b, FLOOD), 0);
	shutdown(fd, SHUT_WR);
	free(b);
	return NULL;
}

static size_t
count(int fd)
{
	char b[65536];
	size_t all = 0;
	ssize_t n;

	while ((n = read(fd, b, sizeof(b))) > 0)
		all += (size_t)n;
	return all;
}

/* Both sides write more than any buffer holds: no deadlock, nothing lost. */
static void
hijack_floods_both_ways(void **state)
{
	struct ends e;
	pthread_t a, b;

	(void)state;
	ends_open(&e);
	start(&e, hijack_thread);
	pthread_create(&a, NULL, flood_thread, &e.client);
	pthread_create(&b, NULL, flood_thread, &e.engine);
	assert_int_equal(count(e.client), FLOOD);
	assert_int_equal(count(e.engine), FLOOD);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	pthread_join(e.t, NULL);
	ends_close(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(body_of_known_length),
		cmocka_unit_test(body_in_chunks),
		cmocka_unit_test(body_cut_short),
		cmocka_unit_test(client_gone_ends_an_idle_stream),
		cmocka_unit_test(half_closed_client_still_reads),
		cmocka_unit_test(upload_is_framed_anew),
		cmocka_unit_test(upload_of_known_length),
		cmocka_unit_test(upload_joins_small_chunks),
		cmocka_unit_test(upload_goes_on_after_short_writes),
		cmocka_unit_test(upload_that_nobody_reads_is_taken),
		cmocka_unit_test(watched_upload_is_cut_off),
		cmocka_unit_test(malformed_upload_fails),
		cmocka_unit_test(hijack_half_close_from_client),
		cmocka_unit_test(hijack_half_close_from_engine),
		cmocka_unit_test(hijack_client_gone),
		cmocka_unit_test(hijack_floods_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
