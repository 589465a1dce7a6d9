/*
 * http.c - HTTP/1.1 heads and chunked framing, strictly.
 *
 * Guarantees to the rooms behind it that a head has one meaning only: where
 * RFC 9112 or some implementation leaves a choice (bare LF, folded lines,
 * repeated or conflicting lengths, absolute targets, lower-case methods),
 * the head is refused.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "http.h"

#define METHOD_MAX 16		/* bytes */
#define CHUNK_DIGITS_MAX 16	/* hex digits: what fits in uint64_t */
#define LENGTH_DIGITS_MAX 18	/* decimal digits: below INT64_MAX */

/* token of RFC 9110 5.6.2 */
static bool
token_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_token(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!token_char((unsigned char)s.ptr[i]))
			return false;
	return s.len > 0;
}

/* Field content: visible bytes, spaces and tabs, and bytes above ASCII. */
static bool
is_value(struct span s)
{
	size_t i;
	unsigned char c;

	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.ptr[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 &&
	    (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* Length of the head with its empty line, 0 if that is not there yet, -1 if
 * a line ends in anything but CRLF. */
static ssize_t
head_length(struct span in)
{
	const char *p = in.ptr, *end, *lf;

	if (in.len == 0)
		return 0;
	end = in.ptr + in.len;
	while (p < end && (lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (lf == p || lf[-1] != '\r')
			return -1;
		if (lf == p + 1)
			return lf + 1 - in.ptr;
		p = lf + 1;
	}
	return 0;
}

/* Takes one line (without CRLF) off the front of a complete head. */
static struct span
take_line(struct span *head)
{
	const char *lf = memchr(head->ptr, '\n', head->len);
	struct span line = { head->ptr, (size_t)(lf - head->ptr) - 1 };

	head->ptr += line.len + 2;
	head->len -= line.len + 2;
	return line;
}

static bool
parse_length(struct span s, uint64_t *out)
{
	uint64_t n = 0;
	size_t i;

	if (s.len == 0 || s.len > LENGTH_DIGITS_MAX)
		return false;
	for (i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(s.ptr[i] - '0');
	}
	*out = n;
	return true;
}

/* The headers that frame a message or change what it is. */
enum known {
	H_HOST, H_LENGTH, H_CODING, H_EXPECT, H_UPGRADE, H_TYPE, H_CONNECTION,
	H__COUNT
};

static const struct {
	const char *name;
	bool once;
} known_headers[H__COUNT] = {
	[H_HOST] = { "Host", true },
	[H_LENGTH] = { "Content-Length", true },
	[H_CODING] = { "Transfer-Encoding", true },
	[H_EXPECT] = { "Expect", true },
	[H_UPGRADE] = { "Upgrade", true },
	[H_TYPE] = { "Content-Type", true },
	[H_CONNECTION] = { "Connection", false },
};

static void
parse_connection(struct span list, struct http_head *h)
{
	struct span word;
	const char *comma;

	while (list.len > 0) {
		comma = memchr(list.ptr, ',', list.len);
		word.ptr = list.ptr;
		word.len = comma ? (size_t)(comma - list.ptr) : list.len;
		if (span_caseeq(trim(word), "close"))
			h->close = true;
		word.len += comma ? 1 : 0;
		list.ptr += word.len;
		list.len -= word.len;
	}
}

/* NULL, or what is wrong with it. */
static const char *
known_header(enum known k, struct span value, struct http_head *h)
{
	switch (k) {
	case H_LENGTH:
		if (h->framing != HTTP_NO_BODY)
			return "both Content-Length and Transfer-Encoding";
		if (!parse_length(value, &h->length))
			return "Content-Length";
		h->framing = HTTP_LENGTH;
		break;
	case H_CODING:
		if (h->framing != HTTP_NO_BODY)
			return "both Content-Length and Transfer-Encoding";
		if (!span_eq(value, "chunked"))
			return "Transfer-Encoding other than chunked";
		h->framing = HTTP_CHUNKED;
		break;
	case H_EXPECT:
		if (!span_caseeq(value, "100-continue"))
			return "Expect";
		h->expect_continue = true;
		break;
	case H_UPGRADE:
		h->upgrade = value;
		break;
	case H_TYPE:
		h->content_type = value;
		break;
	case H_CONNECTION:
		parse_connection(value, h);
		break;
	default:
		break;
	}
	return NULL;
}

/* One "Name: value" line.  NULL, or what is wrong with it. */
static const char *
parse_header(struct span line, struct http_head *h, unsigned *seen)
{
	const char *colon = memchr(line.ptr, ':', line.len);
	struct http_header *f = &h->headers[h->n_headers];
	unsigned k;

	if (colon == NULL)
		return "header without a colon";
	f->name = (struct span){ line.ptr, (size_t)(colon - line.ptr) };
	f->value = trim((struct span){ colon + 1,
	    line.len - f->name.len - 1 });
	if (!is_token(f->name))	/* a folded line starts with a space */
		return "header name";
	if (!is_value(f->value))
		return "control byte in a header";
	h->n_headers++;
	for (k = 0; k < H__COUNT; k++) {
		if (!span_caseeq(f->name, known_headers[k].name))
			continue;
		if (known_headers[k].once && (*seen & 1U << k))
			return "repeated header";
		*seen |= 1U << k;
		return known_header((enum known)k, f->value, h);
	}
	return NULL;
}

/* All lines up to the empty one.  0, or -1 with why set. */
static int
parse_headers(struct span head, struct http_head *h, unsigned *seen,
    struct refusal *why)
{
	const char *wrong;

	*seen = 0;
	while (head.len > 2) {
		if (h->n_headers == HTTP_HEADERS_MAX) {
			refuse(why, R_HEAD_TOO_LARGE, "too many headers");
			return -1;
		}
		wrong = parse_header(take_line(&head), h, seen);
		if (wrong != NULL) {
			refuse(why, R_BAD_REQUEST, "%s", wrong);
			return -1;
		}
	}
	return 0;
}

/* Next word up to one space, which is skipped; .ptr NULL if there is none. */
static struct span
take_word(struct span *line)
{
	const char *space = memchr(line->ptr, ' ', line->len);
	struct span word = { NULL, 0 };

	if (space == NULL)
		return word;
	word = (struct span){ line->ptr, (size_t)(space - line->ptr) };
	line->ptr += word.len + 1;
	line->len -= word.len + 1;
	return word;
}

static bool
is_method(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.ptr[i] < 'A' || s.ptr[i] > 'Z')
			return false;
	return s.len > 0 && s.len <= METHOD_MAX && !span_eq(s, "CONNECT");
}

/* Origin-form: a slash, then visible ASCII; '#' is no part of a target. */
static bool
is_target(struct span s)
{
	size_t i;

	if (s.len == 0 || s.ptr[0] != '/')
		return false;
	for (i = 0; i < s.len; i++)
		if (s.ptr[i] <= 0x20 || s.ptr[i] >= 0x7f || s.ptr[i] == '#')
			return false;
	return true;
}

static enum reason
parse_request_line(struct span line, struct http_head *h, struct refusal *why)
{
	h->method = take_word(&line);
	h->target = h->method.ptr ? take_word(&line) : h->method;
	if (h->target.ptr == NULL)
		return refuse(why, R_BAD_REQUEST, "request line");
	if (span_eq(h->method, "PRI") ||
	    (line.len >= 6 && memcmp(line.ptr, "HTTP/2", 6) == 0))
		return refuse(why, R_HTTP2, "%s", "");
	if (!is_method(h->method))
		return refuse(why, R_BAD_REQUEST, "method");
	if (!is_target(h->target))
		return refuse(why, R_BAD_REQUEST, "request target");
	if (!span_eq(line, "HTTP/1.1"))
		return refuse(why, R_BAD_REQUEST, "protocol version");
	return R_NONE;
}

ssize_t
http_parse_request(struct span in, struct http_head *out, struct refusal *why)
{
	struct span head, line;
	unsigned seen;
	ssize_t n;

	/* What cannot become a request is not waited for. */
	if (in.len > 0 && (in.ptr[0] < 'A' || in.ptr[0] > 'Z')) {
		refuse(why, R_BAD_REQUEST, "method");
		return -1;
	}
	n = head_length(in);
	if (n == -1) {
		refuse(why, R_BAD_REQUEST, "line that does not end in CRLF");
		return -1;
	}
	if (n > HTTP_HEAD_MAX || (n == 0 && in.len >= HTTP_HEAD_MAX)) {
		refuse(why, R_HEAD_TOO_LARGE, "%s", "");
		return -1;
	}
	if (n == 0)
		return 0;
	memset(out, 0, offsetof(struct http_head, headers));
	head = (struct span){ in.ptr, (size_t)n };
	line = take_line(&head);
	if (parse_request_line(line, out, why) != R_NONE ||
	    parse_headers(head, out, &seen, why) == -1)
		return -1;
	if (!(seen & 1U << H_HOST)) {
		refuse(why, R_BAD_REQUEST, "Host is missing");
		return -1;
	}
	return n;
}

/* "HTTP/1.1 200 OK"; the phrase, and the space before it, may be missing. */
static int
parse_status_line(struct span line, struct http_head *h)
{
	const char *p = line.ptr;
	size_t i;

	if (line.len < 12 || memcmp(p, "HTTP/1.1 ", 9) != 0)
		return -1;
	for (i = 9; i < 12; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		h->status = h->status * 10 + (p[i] - '0');
	}
	if (h->status < 100 || h->status > 599)
		return -1;
	h->phrase = (struct span){ p + line.len, 0 };
	if (line.len > 12) {
		h->phrase = (struct span){ p + 13, line.len - 13 };
		if (p[12] != ' ' || !is_value(h->phrase))
			return -1;
	}
	return 0;
}

ssize_t
http_parse_response(struct span in, bool no_body, struct http_head *out)
{
	struct refusal why;
	struct span head, line;
	unsigned seen;
	ssize_t n;

	n = head_length(in);
	if (n == -1 || n > HTTP_HEAD_MAX ||
	    (n == 0 && in.len >= HTTP_HEAD_MAX))
		return -1;
	if (n == 0)
		return 0;
	memset(out, 0, offsetof(struct http_head, headers));
	head = (struct span){ in.ptr, (size_t)n };
	line = take_line(&head);
	if (parse_status_line(line, out) == -1 ||
	    parse_headers(head, out, &seen, &why) == -1)
		return -1;
	if (no_body || out->status < 200 || out->status == 204 ||
	    out->status == 304)
		out->framing = HTTP_NO_BODY;
	else if (out->framing == HTTP_NO_BODY)
		out->framing = HTTP_UNTIL_CLOSE;
	return n;
}

struct span
http_header(const struct http_head *h, const char *name)
{
	size_t i;

	for (i = 0; i < h->n_headers; i++)
		if (span_caseeq(h->headers[i].name, name))
			return h->headers[i].value;
	return (struct span){ NULL, 0 };
}

/* States of struct chunks; 0 is the start. */
enum {
	C_SIZE,		/* hex digits */
	C_SIZE_LF,	/* behind the CR after them */
	C_DATA,
	C_DATA_CR, C_DATA_LF,	/* behind a chunk's payload */
	C_END_CR, C_END_LF	/* behind the last chunk: no trailers */
};

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* One byte of framing.  -1 if it does not belong there. */
static int
chunk_byte(struct chunks *c, char byte)
{
	int digit;

	switch (c->state) {
	case C_SIZE:
		if (byte == '\r' && c->digits > 0) {
			c->state = C_SIZE_LF;
			return 0;
		}
		digit = hex(byte);
		if (digit == -1 || c->digits == CHUNK_DIGITS_MAX)
			return -1;
		c->left = c->left << 4 | (uint64_t)digit;
		c->digits++;
		return 0;
	case C_SIZE_LF:
		c->state = c->left > 0 ? C_DATA : C_END_CR;
		c->digits = 0;
		return byte == '\n' ? 0 : -1;
	case C_DATA_CR:
		c->state = C_DATA_LF;
		return byte == '\r' ? 0 : -1;
	case C_DATA_LF:
		c->state = C_SIZE;
		return byte == '\n' ? 0 : -1;
	case C_END_CR:
		c->state = C_END_LF;
		return byte == '\r' ? 0 : -1;
	case C_END_LF:
		c->done = true;
		return byte == '\n' ? 0 : -1;
	default:
		return -1;
	}
}

ssize_t
chunks_next(struct chunks *c, struct span in, struct span *payload)
{
	size_t at = 0, n;

	if (payload != NULL)
		*payload = (struct span){ NULL, 0 };
	while (at < in.len && !c->done) {
		if (c->state != C_DATA) {
			if (chunk_byte(c, in.ptr[at++]) == -1) {
				c->done = false;
				c->state = -1;	/* stays malformed */
				return -1;
			}
			continue;
		}
		n = in.len - at;
		if (n > c->left)
			n = (size_t)c->left;
		c->left -= n;
		if (c->left == 0)
			c->state = C_DATA_CR;
		if (payload != NULL)
			*payload = (struct span){ in.ptr + at, n };
		at += n;
		if (payload != NULL)
			break;
	}
	return (ssize_t)at;
}
