/*
 * answer.c - the way back: dockerd's answers, and answers of our own.
 *
 * Guarantees: only headers that are known go back; an answer that must be
 * cut down is not shown at all when it is not what it should be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "answer.h"
#include "log.h"
#include "made.h"
#include "owner_ask.h"
#include "policy.h"

#define EVENTS_PATIENCE 10	/* seconds */
#define REMOVALS 40		/* attempts at taking a container back */

static const struct { int status; const char *phrase; } phrases[] = {
	{ 200, "OK" }, { 201, "Created" }, { 204, "No Content" },
	{ 304, "Not Modified" }, { 400, "Bad Request" }, { 403, "Forbidden" },
	{ 404, "Not Found" }, { 409, "Conflict" },
	{ 413, "Content Too Large" }, { 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
	{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
};

static const char *
phrase(int status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Unknown";
}

/* --- answers of our own ------------------------------------------------------- */

int
answer_own(struct connection *c, int status, struct span json,
    bool head_only)
{
	struct buf out cleanup_buf = BUF_INIT(0);

	buf_printf(&out, "HTTP/1.1 %d %s\r\nApi-Version: 1.%u\r\n"
	    "Content-Type: application/json\r\nDocker-Experimental: false\r\n"
	    "Ostype: linux\r\nServer: ds01-docker\r\n", status, phrase(status),
	    engine_api(&c->engine));
	if (c->close)
		buf_puts(&out, "Connection: close\r\n");
	buf_printf(&out, "Content-Length: %zu\r\n\r\n", json.len);
	if (!head_only)
		buf_putspan(&out, json);
	return out.failed ? -1 : write_all(c->fd, out.data, out.len);
}

int
answer_refusal(struct request *r)
{
	struct buf json cleanup_buf = BUF_INIT(0);
	char text[2048], message[2112];
	const struct reason_row *row = reason_row(r->why.why);

	refusal_text(&r->why, text, sizeof(text));
	if (r->rec.event[0] != '\0')
		snprintf(message, sizeof(message), "%s [ds01:%s]", text,
		    r->rec.event);
	else
		snprintf(message, sizeof(message), "%s", text);
	buf_puts(&json, "{\"message\":");
	json_quotes(&json, message);
	buf_puts(&json, "}\n");
	if (json.failed)
		return -1;
	return answer_own(r->conn, row->status, buf_span(&json),
	    span_eq(r->head.method, "HEAD"));
}

/* --- the answer's head ----------------------------------------------------------- */

static const char *const shown[] = {
	"Api-Version", "Builder-Version", "Cache-Control", "Content-Type",
	"Date", "Docker-Experimental", "Ostype", "Pragma", "Server", "Swarm",
	"X-Docker-Container-Path-Stat",
};

/* Our clients must not be told of an API that our tables do not cover. */
static void
write_api_version(struct buf *out, struct span v)
{
	unsigned minor = 0;

	if (v.len > 2 && memcmp(v.ptr, "1.", 2) == 0)
		for (size_t i = 2; i < v.len && v.ptr[i] >= '0' &&
		    v.ptr[i] <= '9' && minor < 1000; i++)
			minor = minor * 10 + (unsigned)(v.ptr[i] - '0');
	if (minor == 0 || minor > ROUTE_API_MAX)
		minor = ROUTE_API_MAX;
	buf_printf(out, "Api-Version: 1.%u\r\n", minor);
}

void
answer_headers(struct buf *out, const struct http_head *a)
{
	buf_printf(out, "HTTP/1.1 %d ", a->status);
	buf_putspan(out, a->phrase);
	buf_puts(out, "\r\n");
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		struct span v = http_header(a, shown[i]);
		if (v.ptr == NULL)
			continue;
		if (i == 0) {
			write_api_version(out, v);
			continue;
		}
		buf_printf(out, "%s: ", shown[i]);
		buf_putspan(out, v);
		buf_puts(out, "\r\n");
	}
}

static void
write_framing(struct buf *out, struct connection *c, const struct http_head *a,
    bool head_only)
{
	if (a->framing == HTTP_UNTIL_CLOSE)
		c->close = true;
	if (c->close)
		buf_puts(out, "Connection: close\r\n");
	if (a->framing == HTTP_LENGTH)
		buf_printf(out, "Content-Length: %llu\r\n",
		    (unsigned long long)a->length);
	else if (a->framing == HTTP_CHUNKED)
		buf_puts(out, "Transfer-Encoding: chunked\r\n");
	else if (a->framing == HTTP_NO_BODY && !head_only &&
	    a->status != 204 && a->status != 304)
		buf_puts(out, "Content-Length: 0\r\n");
	buf_puts(out, "\r\n");
}

/* The client, whose end is waited for together with dockerd's words.  But
 * what is held, a name or a place, is dockerd's to make, and a container that
 * is made is looked at, whoever is still there: -1. */
static int
watched(const struct request *r)
{
	return r->hold.open || r->names.open || r->making.open ||
	    r->route->id == OP_CONTAINER_CREATE ? -1 : r->conn->fd;
}

ssize_t
answer_read_head(struct request *r, int fd, struct buf *in,
    struct http_head *a)
{
	bool head_only = span_eq(r->head.method, "HEAD");
	int client = watched(r);

	for (;;) {
		ssize_t n = in->len == 0 ? 0 :
		    http_parse_response(buf_span(in), head_only, a);
		if (n < 0)
			return -1;
		if (n > 0 && a->status != 100) {
			engine_heard(&r->conn->engine, a);
			making_end(&r->making);	/* it is made, or is not */
			return n;
		}
		if (n > 0) {
			buf_consume(in, (size_t)n);
			continue;
		}
		if (buf_reserve(in, RELAY_BUF) < 0)
			return -1;
		n = relay_await(fd, client, in->data + in->len, RELAY_BUF);
		if (n <= 0)
			return n == 0 && in->len == 0 ? 0 : -1;
		in->len += (size_t)n;
	}
}

int
answer_failed(struct request *r, const char *what)
{
	refuse(&r->why, R_ENGINE_ERROR, "%s", what);
	return answer_refusal(r);
}

/* --- whole answers: lists, create ------------------------------------------------- */

/* Reads a body to its end, framing removed. */
static int
read_document(struct request *r, int fd, struct buf *in,
    const struct http_head *a, struct buf *out)
{
	struct chunks c = { 0 };
	uint64_t left = a->length;
	ssize_t n;

	for (;;) {
		while (a->framing == HTTP_CHUNKED && in->len > 0 && !c.done) {
			struct span p = { NULL, 0 };
			n = chunks_next(&c, buf_span(in), &p);
			if (n < 0 || (p.len > 0 && buf_putspan(out, p) < 0))
				return -1;
			if (n == 0)
				break;
			buf_consume(in, (size_t)n);
		}
		if (a->framing == HTTP_LENGTH || a->framing == HTTP_UNTIL_CLOSE) {
			size_t take = in->len;
			if (a->framing == HTTP_LENGTH && take > left)
				take = (size_t)left;
			if (take > 0 && buf_add(out, in->data, take) < 0)
				return -1;
			buf_consume(in, take);
			left -= a->framing == HTTP_LENGTH ? take : 0;
		}
		if (a->framing == HTTP_NO_BODY || c.done ||
		    (a->framing == HTTP_LENGTH && left == 0))
			return 0;
		if (buf_reserve(in, RELAY_BUF) < 0)
			return -1;
		n = relay_read(fd, watched(r), in->data + in->len, RELAY_BUF);
		if (n <= 0)
			return n == 0 && a->framing == HTTP_UNTIL_CLOSE ? 0 : -1;
		in->len += (size_t)n;
	}
}

/* Adds our lines to create's Warnings, which the CLI prints. */
static int
add_warnings(struct request *r, struct span in, struct buf *out)
{
	struct buf list cleanup_buf = BUF_INIT(0);
	struct span old = json_get(in, "Warnings"), value;
	struct json_iter it = json_iter(old);
	bool first = true;
	char *line = r->warnings.data, *end;

	buf_puts(&list, "[");
	while (old.ptr != NULL && json_next(&it, NULL, &value)) {
		buf_puts(&list, first ? "" : ",");
		buf_putspan(&list, value);
		first = false;
	}
	for (; line != NULL && *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		if (end == NULL)
			break;
		buf_puts(&list, first ? "" : ",");
		json_quote(&list, (struct span){ line, (size_t)(end - line) });
		first = false;
	}
	buf_puts(&list, "]");
	return json_replace(out, in, "Warnings", buf_span(&list));
}

/* Was it made of the image that was judged?  Ids of one image may differ in
 * kind: then the other one is asked for its own. */
static bool
of_judged_image(struct request *r, const struct thing *t)
{
	struct buf config cleanup_buf = BUF_INIT(JSON_BODY_MAX);
	struct refusal why;
	char id[80];

	return r->trusted || r->image_id[0] == '\0' ||
	    strcmp(t->image, r->image_id) == 0 ||
	    (owner_image(&r->conn->engine, t->image, id, &config, &why) ==
	    R_NONE && strcmp(id, r->image_id) == 0);
}

/* Takes back what was just made, and has not been started.  Somebody else's
 * removal that is under way can fail: then again. */
static void
withdraw(struct request *r, const char *id)
{
	const struct timespec pause = { 0, 50 * 1000000L };
	struct engine *e = &r->conn->engine;
	struct buf target cleanup_buf = BUF_INIT(0);
	struct refusal why;

	buf_printf(&target, "/v1.%u/containers/%s?force=1&v=1", engine_api(e),
	    id);
	for (int i = 0; i < REMOVALS && !target.failed; i++) {
		struct buf body cleanup_buf = BUF_INIT(JSON_BODY_MAX);
		int status = engine_ask(e, "DELETE", buf_span(&target),
		    span_of(NULL), &body, &why);

		if (status == 204 || status == 404)
			return;
		(void)nanosleep(&pause, NULL);
	}
	warnx("container %s was refused and is still there", id);
}

static enum reason
judge_created(struct request *r, const struct thing *t, struct span inspect)
{
	if (!of_judged_image(r, t))
		return refuse(&r->why, R_IMAGE_MOVED, "%s", r->image);
	return r->trusted ? policy_made_check(inspect, &r->why) :
	    made_judge(&r->conn->engine, &r->as, t, inspect, &r->why);
}

/* Its tag may have been moved between our look at the image and dockerd's:
 * then nothing that depends on the image was judged.  And some things can be
 * told only now (made.c).  The event wants the name dockerd chose; the look-up
 * is not lost, since what follows a create names the container by id and finds
 * it cached. */
static enum reason
created(struct request *r, struct span in)
{
	struct buf raw cleanup_buf = BUF_INIT(OWNER_ANSWER_MAX);
	struct thing t = { 0 };
	char id[ID_LEN + 1] = "";
	enum reason why = R_NONE;

	if (!json_string(json_get(in, "Id"), id, sizeof(id)))
		return R_ENGINE_ERROR;
	why = owner_container(&r->conn->engine, &r->as, id, &t, &raw,
	    &r->why);
	if (why == R_NONE && t.claim != CLAIM_MISSING)
		why = judge_created(r, &t, buf_span(&raw));
	if (why != R_NONE) {
		/* an administrator's, where its start would end dockerd */
		if (!r->trusted || why == R_RESOURCE)
			withdraw(r, id);
		return why;
	}
	record_created(&r->conn->view->caller, t.name, id, r->image, r->type);
	return R_NONE;
}

/* The new text of an answer that is cut down or added to. */
static enum reason
rewrite(struct request *r, const struct http_head *a, struct span in,
    struct buf *out)
{
	struct connection *c = r->conn;

	if (a->status >= 300)
		return buf_putspan(out, in) < 0 ? R_ENGINE_ERROR : R_NONE;
	if (r->route->id == OP_CONTAINER_CREATE) {
		enum reason why = created(r, in);
		if (why != R_NONE)
			return why;
		if (r->warnings.len > 0)
			return add_warnings(r, in, out) < 0 ? R_ENGINE_ERROR :
			    R_NONE;
		return buf_putspan(out, in) < 0 ? R_ENGINE_ERROR : R_NONE;
	}
	return filter_document(r->route->id, &c->engine, &r->as, &r->ask, in,
	    out, &r->why);
}

static int
answer_document(struct request *r, int fd, struct buf *in,
    struct http_head *a)
{
	struct buf whole cleanup_buf = BUF_INIT(ENGINE_REPLY_MAX);
	struct buf out cleanup_buf = BUF_INIT(0);
	struct buf head cleanup_buf = BUF_INIT(0);
	enum reason why;

	if (read_document(r, fd, in, a, &whole) < 0) {
		/* the rest of it may still come: this connection is done */
		r->conn->close = true;
		(void)answer_failed(r, "the answer broke off");
		return -1;
	}
	why = rewrite(r, a, buf_span(&whole), &out);
	/* a container that was made, and taken back again */
	if (why != R_NONE && why == r->why.why &&
	    r->route->id == OP_CONTAINER_CREATE) {
		record_refused(r, &r->why, false);
		return answer_refusal(r);
	}
	if (why != R_NONE)
		return answer_failed(r, "the answer was not understood");
	answer_headers(&head, a);
	a->framing = HTTP_LENGTH;
	a->length = out.len;
	write_framing(&head, r->conn, a, false);
	if (out.len > 0)
		buf_putspan(&head, buf_span(&out));
	return head.failed ? -1 : write_all(r->conn->fd, head.data, head.len);
}

/* --- events ------------------------------------------------------------------------ */

/* Sends the lines of text that the caller may see, as one chunk. */
static int
send_events(struct request *r, struct buf *text, struct engine *ask)
{
	struct buf out cleanup_buf = BUF_INIT(0);
	size_t at = 0;
	char *nl;

	while (at < text->len && (nl = memchr(text->data + at, '\n',
	    text->len - at)) != NULL) {
		struct span line = { text->data + at,
		    (size_t)(nl - text->data) - at };
		if (line.len > 0 && filter_event(ask, &r->as, line)) {
			buf_putspan(&out, line);
			buf_puts(&out, "\n");
		}
		at += line.len + 1;
	}
	buf_consume(text, at);
	if (out.failed)
		return -1;
	if (out.len == 0)
		return 0;
	struct buf chunk cleanup_buf = BUF_INIT(0);
	buf_printf(&chunk, "%zx\r\n", out.len);
	buf_putspan(&chunk, buf_span(&out));
	buf_puts(&chunk, "\r\n");
	return chunk.failed ? -1 :
	    write_all(r->conn->fd, chunk.data, chunk.len);
}

static int
answer_events(struct request *r, int fd, struct buf *in, struct http_head *a)
{
	struct buf head cleanup_buf = BUF_INIT(0);
	struct buf text cleanup_buf = BUF_INIT(1024 * 1024);
	struct chunks c = { 0 };
	const struct timeval patience = { .tv_sec = EVENTS_PATIENCE };

	/* who does not read makes dockerd wait at each event, for everybody */
	(void)setsockopt(r->conn->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience));
	answer_headers(&head, a);
	write_framing(&head, r->conn, a, false);
	if (head.failed || a->framing != HTTP_CHUNKED ||
	    write_all(r->conn->fd, head.data, head.len) < 0)
		return -1;
	for (;;) {
		while (in->len > 0 && !c.done) {
			struct span p = { NULL, 0 };
			ssize_t n = chunks_next(&c, buf_span(in), &p);
			if (n < 0 || (p.len > 0 && buf_putspan(&text, p) < 0))
				return -1;
			if (n == 0)
				break;
			buf_consume(in, (size_t)n);
		}
		if (send_events(r, &text, &r->conn->engine) < 0)
			return -1;
		if (c.done)
			return write_all(r->conn->fd, "0\r\n\r\n", 5);
		if (buf_reserve(in, RELAY_BUF) < 0)
			return -1;
		ssize_t n = relay_read(fd, r->conn->fd, in->data + in->len,
		    RELAY_BUF);
		if (n <= 0)
			return -1;
		in->len += (size_t)n;
	}
}

/* --- the ways an answer goes back ---------------------------------------------------- */

int
answer(struct request *r, int fd, struct buf *in, struct http_head *a,
    size_t head_len)
{
	struct buf head cleanup_buf = BUF_INIT(0);
	bool head_only = span_eq(r->head.method, "HEAD");

	if (filter_wanted(r->route->id, &r->as) ||
	    r->route->id == OP_CONTAINER_CREATE) {
		/* a's spans point into in: copy what is behind the head. */
		struct buf rest cleanup_buf = BUF_INIT(ENGINE_REPLY_MAX);
		if (in->len > head_len && buf_add(&rest, in->data + head_len,
		    in->len - head_len) < 0)
			return -1;
		int rc = r->route->id == OP_SYSTEM_EVENTS && a->status < 300 ?
		    answer_events(r, fd, &rest, a) :
		    answer_document(r, fd, &rest, a);
		buf_reset(in);
		return rc;
	}
	if (r->route->id == OP_CONTAINER_RENAME)
		owner_forget(r->thing.id);	/* the name in our cache */
	answer_headers(&head, a);
	write_framing(&head, r->conn, a, head_only);
	if (head.failed)
		return -1;
	struct http_head framing = { .framing = a->framing,
	    .length = a->length };
	buf_consume(in, head_len);
	if (head_only)
		return write_all(r->conn->fd, head.data, head.len);
	return relay_body(fd, r->conn->fd, in, &framing, buf_span(&head));
}
