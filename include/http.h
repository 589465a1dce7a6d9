/*
 * http.h - HTTP/1.1 heads and chunked framing, strictly.
 *
 * No policy and no I/O.  Anything two parsers could read differently is
 * refused: bare LF, folded lines, space before a colon, two lengths, length
 * with chunked, HTTP/1.0, absolute targets, bytes outside visible ASCII in
 * the target, control bytes in values.  (RFC 9112; Go net/http accepts much
 * of this, ../shared design rule 1.)
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "reason.h"

#define HTTP_HEAD_MAX (64 * 1024)	/* bytes; X-Registry-Auth is long */
#define HTTP_HEADERS_MAX 64

enum http_framing {
	HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED,
	HTTP_UNTIL_CLOSE	/* responses only */
};

struct http_header {
	struct span name;
	struct span value;	/* without white space around it */
};

/* All spans point into the caller's buffer. */
struct http_head {
	struct span method;	/* requests */
	struct span target;	/* requests, origin-form: path[?query] */
	int status;		/* responses */
	struct span phrase;	/* responses: reason phrase */
	enum http_framing framing;
	uint64_t length;	/* HTTP_LENGTH: bytes */
	bool close;		/* Connection: close was said */
	bool expect_continue;
	struct span upgrade;	/* value of Upgrade, or .ptr NULL */
	struct span content_type; /* or .ptr NULL */
	size_t n_headers;
	struct http_header headers[HTTP_HEADERS_MAX];
};

/* Both: >0 the head's length in bytes, 0 more bytes are needed, -1 refused
 * (why is set: R_BAD_REQUEST, R_HEAD_TOO_LARGE or R_HTTP2).
 * no_body: the request was HEAD, or the like. */
ssize_t http_parse_request(struct span in, struct http_head *out,
    struct refusal *why);
ssize_t http_parse_response(struct span in, bool no_body,
    struct http_head *out);

/* The first header of that name (ASCII case ignored), else .ptr NULL. */
struct span http_header(const struct http_head *h, const char *name);

/* Chunked framing, one piece at a time (RFC 9112 7.1; no extensions, no
 * trailers in requests; dockerd's answers have neither). */
struct chunks {
	int state;
	uint64_t left;		/* payload bytes left in this chunk */
	unsigned digits;
	bool done;		/* the last chunk and its end were seen */
};

/* Reads framing in in.  Returns how many bytes of in belong to the body
 * (all, unless .done), -1 if malformed.  With payload, the next contiguous
 * piece of payload is returned there and reading stops behind it, so call
 * again with the rest; without, framing is only followed. */
ssize_t chunks_next(struct chunks *c, struct span in, struct span *payload);

#endif
