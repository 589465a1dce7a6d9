/*
 * fuzz_http.c - any bytes as a head: no crash, and what is accepted lies
 * within it and reads the same alone; any bytes as chunks: the same however
 * they arrive.
 * links: http reason span
 */
#include <stdint.h>
#include <stdlib.h>

#include "http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
inside(struct span s, struct span in)
{
	if (s.ptr != NULL)
		must(s.ptr >= in.ptr && s.ptr + s.len <= in.ptr + in.len);
}

static void
check_head(const struct http_head *h, struct span head)
{
	size_t i;

	must(h->n_headers <= HTTP_HEADERS_MAX);
	inside(h->method, head);
	inside(h->target, head);
	inside(h->phrase, head);
	inside(h->upgrade, head);
	inside(h->content_type, head);
	for (i = 0; i < h->n_headers; i++) {
		inside(h->headers[i].name, head);
		inside(h->headers[i].value, head);
		must(h->headers[i].name.len > 0);
	}
}

static void
request(struct span in)
{
	struct http_head h, again;
	struct refusal why;
	struct span head = in;
	ssize_t n = http_parse_request(in, &h, &why);

	if (n <= 0)
		return;
	must((size_t)n <= in.len && n <= HTTP_HEAD_MAX);
	head.len = (size_t)n;
	check_head(&h, head);
	must(h.target.ptr[0] == '/' && h.framing != HTTP_UNTIL_CLOSE);
	must(http_parse_request(head, &again, &why) == n);
	must(again.framing == h.framing && again.length == h.length);
	head.len--;
	must(http_parse_request(head, &again, &why) == 0);
}

static void
response(struct span in)
{
	struct http_head h;
	struct span head = in;
	ssize_t n = http_parse_response(in, false, &h);

	if (n <= 0)
		return;
	must((size_t)n <= in.len && h.status >= 100 && h.status <= 599);
	head.len = (size_t)n;
	check_head(&h, head);
}

/* Bytes taken and payload bytes, or -1. */
static ssize_t
feed(struct span in, size_t step, bool want, size_t *payload)
{
	struct chunks c = { 0 };
	struct span part, piece;
	size_t at = 0;
	ssize_t n;

	*payload = 0;
	while (at < in.len && !c.done) {
		part.ptr = in.ptr + at;
		part.len = step < in.len - at ? step : in.len - at;
		n = chunks_next(&c, part, want ? &piece : NULL);
		if (n == -1)
			return -1;
		must(n > 0 && (size_t)n <= part.len);
		if (want) {
			inside(piece, part);
			*payload += piece.len;
		}
		at += (size_t)n;
	}
	return (ssize_t)at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	size_t whole, bytes, none;
	ssize_t n;

	request(in);
	response(in);
	n = feed(in, size, true, &whole);
	must(feed(in, 1, true, &bytes) == n);
	must(n == -1 || bytes == whole);
	must(feed(in, size, false, &none) == n);
	return 0;
}
