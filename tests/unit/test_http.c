/*
 * test_http.c - heads and chunks have one reading or none.
 * links: http buf reason span
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define S(s) { (s), sizeof(s) - 1 }

static void
test_request(void **state)
{
	static const char text[] =
	    "POST /v1.41/containers/x/attach?stdin=1 HTTP/1.1\r\n"
	    "Host: docker\r\nUser-Agent:curl\r\nContent-Length:  12 \r\n"
	    "connection: keep-alive, Upgrade\r\nUPGRADE: tcp\r\n"
	    "Content-Type: text/plain\r\nX-Registry-Auth:\r\n"
	    "X-N: a\r\nX-N: b\r\nExpect: 100-Continue\r\n\r\nrest";
	struct http_head h;
	struct refusal why;

	(void)state;
	assert_int_equal(http_parse_request(span_of(text), &h, &why),
	    sizeof(text) - 1 - 4);
	assert_true(span_eq(h.method, "POST"));
	assert_true(span_eq(h.target,
	    "/v1.41/containers/x/attach?stdin=1"));
	assert_int_equal(h.framing, HTTP_LENGTH);
	assert_int_equal(h.length, 12);
	assert_false(h.close);
	assert_true(h.expect_continue);
	assert_true(span_eq(h.upgrade, "tcp"));
	assert_true(span_eq(h.content_type, "text/plain"));
	assert_int_equal(h.n_headers, 10);
	assert_true(span_eq(http_header(&h, "user-agent"), "curl"));
	assert_true(span_eq(http_header(&h, "X-Registry-Auth"), ""));
	assert_non_null(http_header(&h, "X-Registry-Auth").ptr);
	assert_true(span_eq(http_header(&h, "x-n"), "a"));
	assert_null(http_header(&h, "X-Registry-Aut").ptr);
}

static const struct {
	const char *text;
	enum http_framing framing;
	bool close;
} framings[] = {
	{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_NO_BODY, false },
	{ "POST / HTTP/1.1\r\nHost:\r\n\r\n", HTTP_NO_BODY, false },
	{ "POST / HTTP/1.1\r\nhost: a\r\nContent-Length: 0\r\n\r\n",
	    HTTP_LENGTH, false },
	{ "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n",
	    HTTP_CHUNKED, false },
	{ "PUT / HTTP/1.1\r\nHost: a\r\nConnection: x,\tClose\r\n\r\n",
	    HTTP_NO_BODY, true },
	{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: a\r\n"
	    "Connection: close\r\n\r\n", HTTP_NO_BODY, true },
	{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed, ,\r\n\r\n",
	    HTTP_NO_BODY, false },
	{ "GET /?f={\"a\":[1]} HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n",
	    HTTP_NO_BODY, false },
};

static void
test_framing(void **state)
{
	struct http_head h;
	struct refusal why;
	size_t i, cut, len;

	(void)state;
	for (i = 0; i < N(framings); i++) {
		len = strlen(framings[i].text);
		if (http_parse_request(span_of(framings[i].text), &h,
		    &why) != (ssize_t)len)
			fail_msg("refused: %s", framings[i].text);
		assert_int_equal(h.framing, framings[i].framing);
		assert_int_equal(h.close, framings[i].close);
		/* any part of it asks for more */
		for (cut = 0; cut < len; cut++)
			assert_int_equal(http_parse_request((struct span){
			    framings[i].text, cut }, &h, &why), 0);
	}
}

#define GET "GET / HTTP/1.1\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

/* Each is refused whole, and whatever stands behind it. */
static const struct {
	struct span text;
	enum reason why;
} refused[] = {
	{ S("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), R_HTTP2 },
	{ S("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), R_HTTP2 },
	{ S("GET / HTTP/1.0\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("GET / http/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("GET /\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("GET\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("GET / x HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("get / HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("Get / HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("G-T / HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("AAAAAAAAAAAAAAAAA / HTTP/1.1\r\nHost: a\r\n\r\n"),
	    R_BAD_REQUEST },
	{ S("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("\x16\x03\x01"), R_BAD_REQUEST },
	{ S("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S("GET / HTTP/1.1\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "Host: a\n\n"), R_BAD_REQUEST },
	{ S(GET "Host: ab\nX: y\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "Host: a\r\n\n"), R_BAD_REQUEST },
	{ S(GET "Host: a\rb\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "Host: a\r\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "Host: a\r\n b\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "Host: a\r\n\tb: c\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "Host : a\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "Host\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET ": a\r\nHost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "Host: a\r\nX(: b\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "Host: a\0b\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "Host: a\x01\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "Host: a\x7f\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "\r\n"), R_BAD_REQUEST },
	{ S(GET "X: y\r\n\r\n"), R_BAD_REQUEST },
	{ S(GET "Host: a\r\nhost: a\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"),
	    R_BAD_REQUEST },
	{ S(POST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"),
	    R_BAD_REQUEST },
	{ S(POST "Content-Length: 1, 1\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Content-Length: +1\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Content-Length: -1\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Content-Length: 0x1\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Content-Length:\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Content-Length: 18446744073709551617\r\n\r\n"),
	    R_BAD_REQUEST },
	{ S(POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
	    R_BAD_REQUEST },
	{ S(POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"),
	    R_BAD_REQUEST },
	{ S(POST "Transfer-Encoding: chunked\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Transfer-Encoding: chunked, chunked\r\n\r\n"),
	    R_BAD_REQUEST },
	{ S(POST "Transfer-Encoding: gzip, chunked\r\n\r\n"),
	    R_BAD_REQUEST },
	{ S(POST "Transfer-Encoding: Chunked\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Transfer-Encoding: xchunked\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Transfer-Encoding: identity\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Transfer-Encoding:\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Expect: 200-ok\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Expect:\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Upgrade: tcp\r\nUpgrade: h2c\r\n\r\n"), R_BAD_REQUEST },
	{ S(POST "Content-Type: a\r\nContent-Type: b\r\n\r\n"),
	    R_BAD_REQUEST },
};

static void
test_refused(void **state)
{
	struct http_head h;
	struct refusal why;
	size_t i;

	(void)state;
	for (i = 0; i < N(refused); i++) {
		if (http_parse_request(refused[i].text, &h, &why) != -1)
			fail_msg("accepted (%zu): %s", i,
			    refused[i].text.ptr);
		if (why.why != refused[i].why)
			fail_msg("reason %d (%zu): %s", (int)why.why, i,
			    refused[i].text.ptr);
	}
}

static void
test_too_large(void **state)
{
	cleanup_buf struct buf b = BUF_INIT(0);
	struct http_head h;
	struct refusal why;
	size_t i;

	(void)state;
	buf_puts(&b, GET "Host: a\r\n");
	for (i = 1; i < HTTP_HEADERS_MAX; i++)
		buf_printf(&b, "X-%zu: y\r\n", i);
	buf_puts(&b, "\r\n");
	assert_int_equal(http_parse_request(buf_span(&b), &h, &why), b.len);
	assert_int_equal(h.n_headers, HTTP_HEADERS_MAX);
	b.len -= 2;
	buf_puts(&b, "One: more\r\n\r\n");
	assert_int_equal(http_parse_request(buf_span(&b), &h, &why), -1);
	assert_int_equal(why.why, R_HEAD_TOO_LARGE);

	buf_reset(&b);
	buf_puts(&b, GET "Host: a\r\nX: ");
	while (b.len < HTTP_HEAD_MAX - 4)
		buf_puts(&b, "y");
	assert_int_equal(http_parse_request(buf_span(&b), &h, &why), 0);
	buf_puts(&b, "\r\n\r\n");
	assert_int_equal(http_parse_request(buf_span(&b), &h, &why), b.len);
	b.len -= 4;
	buf_puts(&b, "y\r\n\r\n");
	assert_int_equal(http_parse_request(buf_span(&b), &h, &why), -1);
	assert_int_equal(why.why, R_HEAD_TOO_LARGE);
	b.len = HTTP_HEAD_MAX;	/* without its end, as it arrives */
	assert_int_equal(http_parse_request(buf_span(&b), &h, &why), -1);
	assert_int_equal(why.why, R_HEAD_TOO_LARGE);
}

static const struct {
	const char *text;
	bool no_body;
	int n;			/* 1 all of it, 0 more, -1 malformed */
	int status;
	enum http_framing framing;
} responses[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, 1, 200,
	    HTTP_LENGTH },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, 1, 200,
	    HTTP_NO_BODY },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, 1,
	    200, HTTP_CHUNKED },
	{ "HTTP/1.1 404 Not Found\r\nContent-Type: a\r\n\r\n", false, 1, 404,
	    HTTP_UNTIL_CLOSE },
	{ "HTTP/1.1 200 \r\n\r\n", false, 1, 200, HTTP_UNTIL_CLOSE },
	{ "HTTP/1.1 200\r\n\r\n", false, 1, 200, HTTP_UNTIL_CLOSE },
	{ "HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n", false, 1, 101,
	    HTTP_NO_BODY },
	{ "HTTP/1.1 100 Continue\r\n\r\n", false, 1, 100, HTTP_NO_BODY },
	{ "HTTP/1.1 204 No Content\r\n\r\n", false, 1, 204, HTTP_NO_BODY },
	{ "HTTP/1.1 304 Not Modified\r\n\r\n", false, 1, 304,
	    HTTP_NO_BODY },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", false, 0, 0, 0 },
	{ "HTTP/1.1 200 OK\nContent-Length: 5\n\n", false, -1, 0, 0 },
	{ "HTTP/1.0 200 OK\r\n\r\n", false, -1, 0, 0 },
	{ "HTTP/2 200\r\n\r\n", false, -1, 0, 0 },
	{ "HTTP/1.1 20 OK\r\n\r\n", false, -1, 0, 0 },
	{ "HTTP/1.1 099 OK\r\n\r\n", false, -1, 0, 0 },
	{ "HTTP/1.1 999 OK\r\n\r\n", false, -1, 0, 0 },
	{ "HTTP/1.1 2000\r\n\r\n", false, -1, 0, 0 },
	{ "HTTP/1.1 200 O\x01K\r\n\r\n", false, -1, 0, 0 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n", false, -1, 0, 0 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", false, -1, 0, 0 },
	{ "\r\n\r\n", false, -1, 0, 0 },
};

static void
test_response(void **state)
{
	struct http_head h;
	ssize_t n;
	size_t i;

	(void)state;
	for (i = 0; i < N(responses); i++) {
		n = http_parse_response(span_of(responses[i].text),
		    responses[i].no_body, &h);
		if (n != (responses[i].n == 1 ?
		    (ssize_t)strlen(responses[i].text) : responses[i].n))
			fail_msg("%zd: %s", n, responses[i].text);
		if (responses[i].n != 1)
			continue;
		assert_int_equal(h.status, responses[i].status);
		assert_int_equal(h.framing, responses[i].framing);
	}
	http_parse_response(span_of(responses[3].text), false, &h);
	assert_true(span_eq(h.phrase, "Not Found"));
	http_parse_response(span_of(responses[1].text), true, &h);
	assert_int_equal(h.length, 5);	/* what a GET would have had */
}

/* Feeds text in pieces of step bytes; -1 malformed, else bytes taken. */
static ssize_t
feed(struct span text, size_t step, struct buf *payload, bool *done)
{
	struct chunks c = { 0 };
	struct span in, piece;
	size_t at = 0;
	ssize_t n;

	while (at < text.len && !c.done) {
		in.ptr = text.ptr + at;
		in.len = step < text.len - at ? step : text.len - at;
		n = chunks_next(&c, in, payload ? &piece : NULL);
		if (n == -1)
			return -1;
		assert_true(n > 0);
		if (payload != NULL)
			buf_putspan(payload, piece);
		at += (size_t)n;
	}
	*done = c.done;
	return (ssize_t)at;
}

static const struct {
	struct span text;
	ssize_t n;
	bool done;
	const char *payload;
} chunked[] = {
	{ S("0\r\n\r\n"), 5, true, "" },
	{ S("5\r\nhello\r\n0\r\n\r\nGET /"), 15, true, "hello" },
	{ S("A\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n"), 26, true,
	    "0123456789x" },
	{ S("0000000000000005\r\nhello\r\n00\r\n\r\n"), 31, true, "hello" },
	{ S("5\r\nhel"), 6, false, "hel" },
	{ S("5\r\nhello\r\n0\r\n"), 13, false, "hello" },
	{ S("FFFFFFFFFFFFFFFF\r\nabc"), 21, false, "abc" },
	{ S("10000000000000000\r\n"), -1, false, "" },
	{ S("\r\n"), -1, false, "" },
	{ S("g\r\n"), -1, false, "" },
	{ S("-1\r\n"), -1, false, "" },
	{ S("0x5\r\nhello"), -1, false, "" },
	{ S(" 5\r\nhello"), -1, false, "" },
	{ S("5 \r\nhello"), -1, false, "" },
	{ S("5;a=b\r\nhello"), -1, false, "" },
	{ S("5\nhello"), -1, false, "" },
	{ S("5\r\rhello"), -1, false, "" },
	{ S("5\r\nhello\n0\r\n\r\n"), -1, false, "" },
	{ S("5\r\nhelloX"), -1, false, "" },
	{ S("0\r\nTrailer: x\r\n\r\n"), -1, false, "" },
	{ S("0\r\n\n"), -1, false, "" },
	{ S("0\r\n\rx"), -1, false, "" },
};

static void
test_chunks(void **state)
{
	size_t i, step;
	bool done;

	(void)state;
	for (i = 0; i < N(chunked); i++) {
		for (step = 1; step < 40; step++) {
			cleanup_buf struct buf b = BUF_INIT(0);
			ssize_t n = feed(chunked[i].text, step, &b, &done);

			if (n != chunked[i].n)
				fail_msg("%zd: %s", n, chunked[i].text.ptr);
			assert_int_equal(feed(chunked[i].text, step, NULL,
			    &done), n);
			if (n == -1)
				continue;
			assert_int_equal(done, chunked[i].done);
			assert_true(span_eq(buf_span(&b),
			    chunked[i].payload));
		}
	}
}

static void
test_chunks_end(void **state)
{
	struct chunks c = { 0 };
	struct span p;

	(void)state;
	assert_int_equal(chunks_next(&c, span_of("0\r\n\r\nmore"), &p), 5);
	assert_true(c.done);
	assert_null(p.ptr);
	assert_int_equal(chunks_next(&c, span_of("more"), &p), 0);
	c = (struct chunks){ 0 };
	assert_int_equal(chunks_next(&c, span_of("z"), NULL), -1);
	assert_int_equal(chunks_next(&c, span_of("0\r\n\r\n"), NULL), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_framing),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_chunks_end),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
