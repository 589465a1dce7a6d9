/*
 * exchange.c - one decided request goes to dockerd.
 *
 * Guarantees: every byte of the head and of a JSON body that goes up was
 * written here; an upgrade passes client bytes only after dockerd's whole
 * head has arrived.  The way back is answer.c.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"
#include "buildkit.h"
#include "load.h"

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

/* By this BuildKit finds again the files of an earlier build: whoever says the
 * same, or nothing as others do, would be taken for the same. */
static const char shared_key[] = "X-Docker-Expose-Session-Sharedkey";

static bool
write_shared_key(struct buf *out, const struct request *r, struct span v)
{
	buf_printf(out, "%s: ", shared_key);
	buildkit_ref(&r->as, v, out);
	return buf_puts(out, "\r\n") == 0;
}

static void
write_passed(struct buf *out, const struct request *r)
{
	bool own_key = !r->trusted && r->route->id == OP_BUILD_SESSION;
	bool keyed = !own_key;

	for (size_t i = 0; i < r->head.n_headers; i++) {
		const struct http_header *hd = &r->head.headers[i];
		const struct passed *p = passed_row(hd->name);
		if (p == NULL || !name_is_token(hd->name) ||
		    !value_is_of(hd->value, p->extra))
			continue;
		if (own_key && span_caseeq(hd->name, shared_key)) {
			keyed = write_shared_key(out, r, hd->value);
			continue;
		}
		buf_putspan(out, hd->name);
		buf_puts(out, ": ");
		buf_putspan(out, hd->value);
		buf_puts(out, "\r\n");
	}
	if (!keyed)
		write_shared_key(out, r, span_of(""));
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
	write_passed(out, r);
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

/* --- a connection to dockerd ------------------------------------------------- */

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

	if (e->fd >= 0 && !engine_is_quiet(e))
		engine_close(e);
	if (e->fd < 0) {
		buf_reset(&e->in);
		e->fd = engine_dial(e, &r->why);
	}
	return e->fd;
}

/* A tag that is being made is held until dockerd is done, and it goes on when
 * nobody listens any more: so listen. */
static void
outlast(struct request *r, int fd)
{
	char b[4096];
	ssize_t n;

	if (!r->hold.open)
		return;
	do
		n = recv(fd, b, sizeof(b), 0);
	while (n > 0 || (n < 0 && errno == EINTR));
}

/* The same on a connection of its own, whose end is dockerd's. */
static int
exchange_held(struct request *r)
{
	struct buf in cleanup_buf = BUF_INIT(0);
	struct http_head a;
	int rc, fd = fresh(r, UP_CLOSE);

	if (fd < 0)
		return answer_refusal(r);
	ssize_t n = answer_read_head(r, fd, &in, &a);
	rc = n > 0 ? answer(r, fd, &in, &a, (size_t)n) :
	    answer_failed(r, "no answer");
	outlast(r, fd);
	close(fd);
	return rc;
}

static int
exchange_plain(struct request *r)
{
	struct engine *e = &r->conn->engine;
	struct buf out cleanup_buf = BUF_INIT(0);
	struct http_head a;
	ssize_t n = -1;

	if (write_request(r, UP_PLAIN, &out) < 0)
		return answer_failed(r, "out of memory");
	if (kept(r) < 0)
		return answer_refusal(r);
	if (write_all(e->fd, out.data, out.len) == 0)
		n = answer_read_head(r, e->fd, &e->in, &a);
	if (n <= 0) {
		engine_close(e);
		return answer_failed(r, "no answer");
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

	answer_headers(&head, a);
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
		return answer_refusal(r);
	ssize_t n = answer_read_head(r, fd, &in, &a);
	if (n <= 0)
		rc = answer_failed(r, "no answer");
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
	struct load *load;	/* names in it are looked at, or NULL */
	struct engine ask;	/* for that: the request's own is in use */
	struct refusal why;
	atomic_bool refused;
};

/* The names that an upload of images would give out.  In monitoring mode
 * the first bad one goes on record, and that is all. */
static int
see_upload(void *arg, const char *data, size_t len)
{
	struct uploader *u = arg;

	if (u->load == NULL || load_see(u->load, data, len, &u->why) == R_NONE)
		return 0;
	load_free(u->load);
	u->load = NULL;
	if (u->r->conn->view->mode == ISOLATION_MONITORING) {
		record_refused(u->r, &u->why, true);
		return 0;
	}
	atomic_store(&u->refused, true);
	return -1;
}

static int
begin_watch(struct uploader *u)
{
	struct request *r = u->r;
	struct image_ask ask = { .engine = &u->ask, .as = &r->as,
	    .hold = &r->hold, .no_layouts = r->no_layouts };

	if (r->route->id != OP_IMAGE_LOAD || r->trusted ||
	    r->conn->view->cfg->images == IMAGES_SHARED)
		return 0;
	engine_init(&u->ask, r->conn->engine.socket);
	u->load = load_open(&ask);
	return u->load != NULL ? 0 : -1;
}

static void
end_watch(struct uploader *u)
{
	load_free(u->load);
	if (u->ask.socket != NULL)
		engine_close(&u->ask);
}

/* What is not to go up: on record first, like every refusal. */
static int
refuse_upload(struct uploader *u, bool answered)
{
	struct request *r = u->r;

	r->conn->close = true;
	r->why = u->why;
	outlast(r, u->fd);		/* then its names are let go */
	record_refused(r, &u->why, false);
	return answered ? -1 : answer_refusal(r);
}

static void *
upload_thread(void *arg)
{
	struct uploader *u = arg;
	struct connection *c = u->r->conn;

	u->rc = relay_upload(c->fd, u->fd, &c->in, &u->r->head,
	    &(struct relay_watch){ see_upload, u });
	if (u->rc < 0)
		(void)shutdown(u->fd, SHUT_WR);
	return NULL;
}

/* dockerd answers while it still reads (load, build): so the body goes up in
 * a thread of its own.  If the answer ends first, dockerd gets no more of it,
 * and the client may finish: many read no answer before they have. */
static int
exchange_upload(struct request *r)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct buf in cleanup_buf = BUF_INIT(0);
	struct http_head a;
	struct uploader u = { .r = r, .rc = -1 };
	pthread_t t;
	int rc;

	if (begin_watch(&u) < 0) {
		r->conn->close = true;
		return answer_failed(r, "out of memory");
	}
	u.fd = fresh(r, UP_CHUNKED);
	if (u.fd < 0) {
		end_watch(&u);
		r->conn->close = true;
		return answer_refusal(r);
	}
	if (r->head.expect_continue)
		(void)write_all(r->conn->fd, go_on, sizeof(go_on) - 1);
	if (pthread_create(&t, NULL, upload_thread, &u) != 0) {
		close(u.fd);
		end_watch(&u);
		r->conn->close = true;
		return answer_failed(r, "no thread");
	}
	ssize_t n = answer_read_head(r, u.fd, &in, &a);
	if (n > 0) {
		rc = answer(r, u.fd, &in, &a, (size_t)n);
	} else if (atomic_load(&u.refused)) {
		rc = refuse_upload(&u, false);
	} else {
		r->conn->close = true;
		rc = answer_failed(r, "no answer");
	}
	if (pthread_tryjoin_np(t, NULL) != 0) {
		if ((n <= 0 || rc < 0) && !atomic_load(&u.refused)) {
			r->conn->close = true;
			(void)shutdown(r->conn->fd, SHUT_RD);
		}
		(void)shutdown(u.fd, r->hold.open ? SHUT_WR : SHUT_RDWR);
		pthread_join(t, NULL);
	}
	if (n > 0 && atomic_load(&u.refused))
		rc = refuse_upload(&u, true);
	end_watch(&u);
	outlast(r, u.fd);
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
		return answer_own(r->conn, r->local_status,
		    buf_span(&r->local), span_eq(r->head.method, "HEAD"));
	if (r->route->reply == REPLY_HIJACK)
		return exchange_hijack(r);
	if ((r->route->body == BODY_TAR || r->route->body == BODY_RAW) &&
	    r->head.framing != HTTP_NO_BODY &&
	    !(r->head.framing == HTTP_LENGTH && r->head.length == 0))
		return exchange_upload(r);
	return r->hold.open ? exchange_held(r) : exchange_plain(r);
}
