/*
 * exchange.c - one decided request goes to dockerd, its answer comes back.
 *
 * Guarantees: every byte of the head and of a JSON body that goes up was
 * written here; an upgrade passes client bytes only after dockerd's whole
 * head has arrived; an answer that must be cut down is not shown at all when
 * it is not what it should be.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buildkit.h"
#include "request.h"

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
exchange_reply(struct connection *c, int status, struct span json,
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
exchange_refuse(struct request *r)
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
	return exchange_reply(r->conn, row->status, buf_span(&json),
	    span_eq(r->head.method, "HEAD"));
}

/* --- the head that goes up ------------------------------------------------------ */

/* Headers of the client that dockerd has a use for; the value is checked to
 * be of the alphabet it should have.  Order and repetition are kept. */
static const struct passed {
	const char *name;
	const char *extra;	/* bytes allowed beside letters and digits */
	bool prefix;
} passed[] = {
	{ "X-Registry-Auth", "+/=_-.", false },
	{ "X-Registry-Config", "+/=_-.", false },
	{ "X-Docker-Expose-Session-", "+/=_-.: @,()", true },
};

static bool
value_is_of(struct span v, const char *extra)
{
	for (size_t i = 0; i < v.len; i++) {
		char ch = v.ptr[i];
		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
		    (ch >= '0' && ch <= '9') ||
		    (ch != '\0' && strchr(extra, ch) != NULL)))
			return false;
	}
	return true;
}

static const struct passed *
passed_row(struct span name)
{
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		size_t n = strlen(passed[i].name);
		if (name.len >= n && strncasecmp(name.ptr, passed[i].name, n)
		    == 0 && (passed[i].prefix || name.len == n))
			return &passed[i];
	}
	return NULL;
}

static bool
name_is_token(struct span name)
{
	return value_is_of(name, "-");
}

static void
write_passed(struct buf *out, const struct http_head *h)
{
	for (size_t i = 0; i < h->n_headers; i++) {
		const struct http_header *hd = &h->headers[i];
		const struct passed *p = passed_row(hd->name);
		if (p == NULL || !name_is_token(hd->name) ||
		    !value_is_of(hd->value, p->extra))
			continue;
		buf_putspan(out, hd->name);
		buf_puts(out, ": ");
		buf_putspan(out, hd->value);
		buf_puts(out, "\r\n");
	}
}

enum up { UP_PLAIN, UP_CLOSE, UP_CHUNKED, UP_UPGRADE };

static const char *
upgrade_protocol(const struct request *r)
{
	return r->route->object == OBJ_BUILD ? "h2c" : "tcp";
}

/* A route that our table does not have; its request line is the client's
 * (http.c has seen that it is one line of visible ASCII). */
static const struct route unknown_route = {
	.id = OP__COUNT, .method = "", .path = "", .object = OBJ_NONE,
	.op = "unknown", .body = BODY_RAW, .reply = REPLY_RAW, .changes = true,
};

static int
write_request_line(struct request *r, struct buf *out)
{
	if (r->route == &unknown_route) {
		buf_putspan(out, r->head.method);
		buf_puts(out, " ");
		buf_putspan(out, r->head.target);
	} else {
		buf_puts(out, r->route->method);
		buf_puts(out, " ");
		if (route_write(out, r->route, r->api, r->name,
		    r->match.name2) < 0 || query_write(&r->query, out) < 0)
			return -1;
	}
	return buf_puts(out, " HTTP/1.1\r\nHost: docker\r\n"
	    "User-Agent: ds01-docker\r\n");
}

static const char *
stream_type(const struct request *r)
{
	return r->route == &unknown_route && span_caseeq(r->head.content_type,
	    "application/json") ? "application/json" : "application/x-tar";
}

/* The whole request head, and the JSON body where there is one. */
static int
write_request(struct request *r, enum up up, struct buf *out)
{
	struct buf body cleanup_buf = BUF_INIT(0);

	if (write_request_line(r, out) < 0)
		return -1;
	write_passed(out, &r->head);
	if (up == UP_UPGRADE)
		buf_printf(out, "Upgrade: %s\r\n", upgrade_protocol(r));
	if (up != UP_PLAIN)
		buf_puts(out, "Connection: close\r\n");
	if (r->body != NULL) {
		if (json_write(&body, r->body) < 0)
			return -1;
		buf_printf(out, "Content-Type: application/json\r\n"
		    "Content-Length: %zu\r\n\r\n", body.len);
		buf_putspan(out, buf_span(&body));
	} else if (up == UP_CHUNKED)
		buf_printf(out, "Content-Type: %s\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n", stream_type(r));
	else if (span_eq(r->head.method, "POST") ||
	    span_eq(r->head.method, "PUT"))
		buf_puts(out, "Content-Length: 0\r\n\r\n");
	else
		buf_puts(out, "\r\n");
	return out->failed ? -1 : 0;
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

static void
write_answer_headers(struct buf *out, const struct http_head *a)
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

/* Reads until the answer's head is whole.  Its length, 0 if the connection
 * ended before the first byte, -1 failed.  100 Continue is passed over. */
static ssize_t
read_answer_head(struct request *r, int fd, struct buf *in,
    struct http_head *a)
{
	bool head_only = span_eq(r->head.method, "HEAD");

	for (;;) {
		ssize_t n = in->len == 0 ? 0 :
		    http_parse_response(buf_span(in), head_only, a);
		if (n < 0)
			return -1;
		if (n > 0 && a->status != 100)
			return n;
		if (n > 0) {
			buf_consume(in, (size_t)n);
			continue;
		}
		if (buf_reserve(in, RELAY_BUF) < 0)
			return -1;
		n = relay_await(fd, r->conn->fd, in->data + in->len, RELAY_BUF);
		if (n <= 0)
			return n == 0 && in->len == 0 ? 0 : -1;
		in->len += (size_t)n;
	}
}

static int
engine_failed(struct request *r, const char *what)
{
	refuse(&r->why, R_ENGINE_ERROR, "%s", what);
	return exchange_refuse(r);
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
		n = relay_read(fd, r->conn->fd, in->data + in->len, RELAY_BUF);
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

/* The event wants the name dockerd chose; the look-up is not lost, since
 * what follows a create names the container by id and finds it cached. */
static void
created(struct request *r, struct span in)
{
	struct thing t;
	struct refusal why;
	char id[ID_LEN + 1] = "";

	if (!json_string(json_get(in, "Id"), id, sizeof(id)) ||
	    owner_container(&r->conn->engine, &r->as, id, &t, NULL, &why) !=
	    R_NONE)
		return;
	record_created(&r->conn->view->caller, t.name, id, r->image, r->type);
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
		created(r, in);
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

	if (read_document(r, fd, in, a, &whole) < 0)
		return engine_failed(r, "the answer broke off");
	if (rewrite(r, a, buf_span(&whole), &out) != R_NONE)
		return engine_failed(r, "the answer was not understood");
	write_answer_headers(&head, a);
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

	write_answer_headers(&head, a);
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

static int
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
	write_answer_headers(&head, a);
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

/* A connection for one request: uploads and upgrades. */
static int
fresh(struct request *r, enum up up)
{
	struct buf out cleanup_buf = BUF_INIT(0);
	int fd;

	if (write_request(r, up, &out) < 0) {
		refuse(&r->why, R_INTERNAL, "out of memory");
		return -1;
	}
	fd = engine_dial(&r->conn->engine, &r->why);
	if (fd < 0)
		return -1;
	if (write_all(fd, out.data, out.len) < 0) {
		close(fd);
		refuse(&r->why, R_ENGINE_DOWN, "%s", strerror(errno));
		return -1;
	}
	return fd;
}

/* The kept-alive connection, made anew when dockerd has closed it. */
static int
kept(struct request *r)
{
	struct engine *e = &r->conn->engine;
	char b;

	if (e->fd >= 0 && recv(e->fd, &b, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		engine_close(e);
	if (e->fd < 0) {
		buf_reset(&e->in);
		e->fd = engine_dial(e, &r->why);
	}
	return e->fd;
}

static int
exchange_plain(struct request *r)
{
	struct engine *e = &r->conn->engine;
	struct buf out cleanup_buf = BUF_INIT(0);
	struct http_head a;
	ssize_t n = -1;

	if (write_request(r, UP_PLAIN, &out) < 0)
		return engine_failed(r, "out of memory");
	if (kept(r) < 0)
		return exchange_refuse(r);
	if (write_all(e->fd, out.data, out.len) == 0)
		n = read_answer_head(r, e->fd, &e->in, &a);
	if (n <= 0) {
		engine_close(e);
		return engine_failed(r, "no answer");
	}
	/* The filters ask dockerd themselves; the answer is whole by then,
	 * but the connection must look free to them. */
	int fd = e->fd;
	struct buf in = e->in;
	e->fd = -1;
	e->in = (struct buf)BUF_INIT(in.max);
	bool last = a.close || a.framing == HTTP_UNTIL_CLOSE;
	int rc = answer(r, fd, &in, &a, (size_t)n);
	if (rc == 0 && !last && e->fd < 0 && in.len == 0) {
		buf_free(&e->in);
		e->fd = fd;
		e->in = in;
	} else {
		close(fd);
		buf_free(&in);
	}
	return rc;
}

/* dockerd took the connection over: 101, or 200 with a raw stream. */
static bool
hijacked(const struct request *r, const struct http_head *a)
{
	if (a->status == 101)
		return true;
	return a->status == 200 && a->framing == HTTP_UNTIL_CLOSE &&
	    r->route->object != OBJ_BUILD && a->content_type.len > 24 &&
	    strncasecmp(a->content_type.ptr, "application/vnd.docker.", 23) == 0;
}

static int
answer_hijack(struct request *r, int fd, struct buf *in, struct http_head *a,
    size_t head_len)
{
	struct buf head cleanup_buf = BUF_INIT(0);

	write_answer_headers(&head, a);
	if (a->status == 101)
		buf_printf(&head, "Connection: Upgrade\r\nUpgrade: %s\r\n",
		    upgrade_protocol(r));
	buf_puts(&head, "\r\n");
	r->conn->close = true;
	if (head.failed || write_all(r->conn->fd, head.data, head.len) < 0)
		return -1;
	buf_consume(in, head_len);
	/* BuildKit's whole control API: a user's calls are judged one by one.
	 * On /session dockerd is the client and asks the user for files of
	 * his own build: nothing there is for us to judge. */
	if (r->route->id == OP_BUILD_GRPC && !r->trusted)
		(void)buildkit_relay(r, fd, in);
	else
		relay_hijack(r->conn->fd, fd, &r->conn->in, in);
	return -1;		/* the connection's last request */
}

static int
exchange_hijack(struct request *r)
{
	struct buf in cleanup_buf = BUF_INIT(0);
	struct http_head a;
	int rc, fd = fresh(r, r->upgrade ? UP_UPGRADE : UP_CLOSE);

	if (fd < 0)
		return exchange_refuse(r);
	ssize_t n = read_answer_head(r, fd, &in, &a);
	if (n <= 0)
		rc = engine_failed(r, "no answer");
	else if (hijacked(r, &a))
		rc = answer_hijack(r, fd, &in, &a, (size_t)n);
	else {
		/* an error answer: what the client sends next is not passed
		 * on, and not read as a request either */
		r->conn->close = true;
		rc = answer(r, fd, &in, &a, (size_t)n);
	}
	close(fd);
	return rc;
}

/* --- uploads -------------------------------------------------------------------------- */

struct uploader {
	struct request *r;
	int fd;
	int rc;
};

static void *
upload_thread(void *arg)
{
	struct uploader *u = arg;
	struct connection *c = u->r->conn;

	u->rc = relay_upload(c->fd, u->fd, &c->in, &u->r->head);
	if (u->rc < 0)
		(void)shutdown(u->fd, SHUT_WR);
	return NULL;
}

/* dockerd answers while it still reads (load, build): so the body goes up in
 * a thread of its own.  If the answer ends first, reading is cut off and the
 * client's connection ends with it. */
static int
exchange_upload(struct request *r)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct buf in cleanup_buf = BUF_INIT(0);
	struct http_head a;
	struct uploader u = { .r = r, .rc = -1 };
	pthread_t t;
	int rc;

	u.fd = fresh(r, UP_CHUNKED);
	if (u.fd < 0) {
		r->conn->close = true;
		return exchange_refuse(r);
	}
	if (r->head.expect_continue)
		(void)write_all(r->conn->fd, go_on, sizeof(go_on) - 1);
	if (pthread_create(&t, NULL, upload_thread, &u) != 0) {
		close(u.fd);
		r->conn->close = true;
		return engine_failed(r, "no thread");
	}
	ssize_t n = read_answer_head(r, u.fd, &in, &a);
	if (n > 0) {
		rc = answer(r, u.fd, &in, &a, (size_t)n);
	} else {
		r->conn->close = true;
		rc = engine_failed(r, "no answer");
	}
	if (pthread_tryjoin_np(t, NULL) != 0) {
		r->conn->close = true;
		(void)shutdown(r->conn->fd, SHUT_RD);
		(void)shutdown(u.fd, SHUT_RDWR);
		pthread_join(t, NULL);
	}
	close(u.fd);
	return u.rc < 0 ? -1 : rc;
}

int
exchange_unknown(struct request *r)
{
	r->route = &unknown_route;
	return exchange(r);
}

int
exchange(struct request *r)
{
	if (r->local_status != 0)
		return exchange_reply(r->conn, r->local_status,
		    buf_span(&r->local), span_eq(r->head.method, "HEAD"));
	if (r->route->reply == REPLY_HIJACK)
		return exchange_hijack(r);
	if ((r->route->body == BODY_TAR || r->route->body == BODY_RAW) &&
	    r->head.framing != HTTP_NO_BODY &&
	    !(r->head.framing == HTTP_LENGTH && r->head.length == 0))
		return exchange_upload(r);
	return exchange_plain(r);
}
