/*
 * mediate.c - one connection of a client, one request after the other.
 *
 * Runs the rooms in a fixed order and does nothing itself: head, route,
 * version, query, object and owner, policy, record, forward.  The first
 * refusal ends the order; it is recorded before it is answered.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "granted.h"
#include "request.h"

#define LINGER_MS 2000		/* of silence, in a body that is thrown away */
#define DRAIN_MAX (1024 * 1024)	/* bytes of an unwanted body read away */

struct view *
view_take(struct view *v)
{
	atomic_fetch_add(&v->refs, 1);
	return v;
}

void
view_release(struct view *v)
{
	if (v == NULL || atomic_fetch_sub(&v->refs, 1) != 1)
		return;
	identity_free(&v->caller);
	config_free(v->cfg);
	if (v->debug_fd >= 0)
		close(v->debug_fd);
	free(v);
}

void
debugf(const struct view *v, int level, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (v->debug < level || v->debug_fd < 0)
		return;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0)	/* a reader that is slow or gone loses lines, no more */
		(void)send(v->debug_fd, line,
		    (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* --- reading ------------------------------------------------------------------- */

/* Takes one request head off the connection.  1, 0 at the end of the
 * connection, -1 refused (r->why). */
static int
read_head(struct request *r)
{
	struct connection *c = r->conn;
	ssize_t n;

	for (;;) {
		n = c->in.len == 0 ? 0 :
		    http_parse_request(buf_span(&c->in), &r->head, &r->why);
		if (n != 0)
			break;
		if (buf_reserve(&c->in, 16 * 1024) < 0)
			return 0;
		n = relay_await(c->fd, -1, c->in.data + c->in.len, 16 * 1024);
		if (n <= 0)
			return 0;
		c->in.len += (size_t)n;
	}
	if (n < 0)
		return -1;
	/* The head's spans point into this memory: the request keeps it, and
	 * the connection goes on with what stands behind the head. */
	r->head_text = c->in;
	c->in = (struct buf)BUF_INIT(0);
	if (r->head_text.len > (size_t)n &&
	    buf_add(&c->in, r->head_text.data + n, r->head_text.len -
	    (size_t)n) < 0)
		return 0;
	return 1;
}

/* The client's body as one text, framing removed, at most max bytes.
 * R_NONE, R_BODY_TOO_LARGE or R_BAD_REQUEST. */
static enum reason
read_body(struct request *r, struct buf *out, size_t max)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct connection *c = r->conn;
	struct chunks ch = { 0 };
	uint64_t left = r->head.framing == HTTP_LENGTH ? r->head.length : 0;

	if (r->head.framing == HTTP_NO_BODY)
		return R_NONE;
	if (left > max)
		return refuse(&r->why, R_BODY_TOO_LARGE, "%zu", max);
	if (r->head.expect_continue && c->in.len == 0)
		(void)write_all(c->fd, go_on, sizeof(go_on) - 1);
	while (r->head.framing == HTTP_CHUNKED ? !ch.done : left > 0) {
		ssize_t n = 0;
		struct span p = { NULL, 0 };
		if (r->head.framing == HTTP_CHUNKED && c->in.len > 0) {
			n = chunks_next(&ch, buf_span(&c->in), &p);
			if (n < 0)
				return refuse(&r->why, R_BAD_REQUEST,
				    "malformed chunk");
		} else if (c->in.len > 0) {
			p = buf_span(&c->in);
			p.len = p.len > left ? (size_t)left : p.len;
			left -= p.len;
			n = (ssize_t)p.len;
		}
		if (p.len > max - out->len)
			return refuse(&r->why, R_BODY_TOO_LARGE, "%zu", max);
		if (p.len > 0 && buf_putspan(out, p) < 0)
			return refuse(&r->why, R_INTERNAL, "out of memory");
		buf_consume(&c->in, (size_t)n);
		if (n > 0)
			continue;
		if (buf_reserve(&c->in, RELAY_BUF) < 0)
			return refuse(&r->why, R_INTERNAL, "out of memory");
		n = relay_await(c->fd, -1, c->in.data + c->in.len, RELAY_BUF);
		if (n <= 0)
			return refuse(&r->why, R_BAD_REQUEST,
			    "the body broke off");
		c->in.len += (size_t)n;
	}
	return R_NONE;
}

/* A route without a body may be sent one all the same (CLI 20.10, curl): it
 * is read away and never forwarded. */
static void
drain(struct request *r)
{
	struct buf away cleanup_buf = BUF_INIT(DRAIN_MAX);
	struct refusal unused = r->why;

	if (read_body(r, &away, DRAIN_MAX) != R_NONE)
		r->conn->close = true;
	r->why = unused;
}

static bool
is_json(struct span type)
{
	return span_caseeq(type, "application/json") ||
	    span_caseeq(type, "application/json; charset=utf-8") ||
	    span_caseeq(type, "application/json;charset=utf-8");
}

/* The body the route wants, in r->text.  Uploads are left on the wire. */
static enum reason
take_body(struct request *r)
{
	enum reason why;

	if (r->route->body == BODY_TAR || r->route->body == BODY_RAW)
		return R_NONE;
	if (r->route->body == BODY_NONE) {
		drain(r);
		return R_NONE;
	}
	why = read_body(r, &r->text, JSON_BODY_MAX);
	if (why != R_NONE) {
		r->conn->close = true;
		return why;
	}
	if (r->text.len > 0 && !is_json(r->head.content_type))
		return refuse(&r->why, R_BAD_CONTENT_TYPE, " ");
	return R_NONE;
}

/* --- one request ------------------------------------------------------------------ */

static enum reason
check_version(struct request *r)
{
	struct engine *e = &r->conn->engine;
	enum reason why = engine_versions(e, &r->why);
	unsigned max;

	if (why != R_NONE)
		return why;
	max = engine_api(e);
	r->api = r->match.api != 0 ? r->match.api : max;
	if (r->api > max)
		return refuse(&r->why, R_BAD_VERSION, "client version 1.%u is "
		    "too new. Maximum supported API version is 1.%u", r->api,
		    max);
	if (r->api < e->api_min)
		return refuse(&r->why, R_BAD_VERSION, "client version 1.%u is "
		    "too old. Minimum supported API version is 1.%u", r->api,
		    e->api_min);
	return R_NONE;
}

static void
set_trusted(struct request *r, bool trusted)
{
	r->trusted = trusted;
	r->as = r->conn->view->caller;
	r->as.admin = trusted;
}

/* Who the caller is and what holds for him, as it is now. */
static enum reason
look_again(struct connection *c, struct refusal *why)
{
	struct view *before = c->view;
	enum reason r = view_renew(&c->view, !c->met, why);

	c->met = true;
	if (c->view != before) {	/* the socket's name was its */
		engine_close(&c->engine);
		engine_init(&c->engine, c->view->cfg->engine_socket);
	}
	return r;
}

/* A body comes when the client likes, and a turn may be long in coming: what
 * counts is what its user may when it is there. */
static enum reason
renew(struct request *r)
{
	const struct view *v;
	enum reason why = look_again(r->conn, &r->why);

	if (why != R_NONE) {
		r->conn->close = true;
		return why;
	}
	v = r->conn->view;
	set_trusted(r, v->caller.admin || v->mode == ISOLATION_DISABLED);
	return R_NONE;
}

/* Route, version, query and body: what the client asks, in our own types. */
static enum reason
understand(struct request *r)
{
	enum reason why = route_match(r->head.method, r->head.target,
	    &r->match, &r->why);

	if (why != R_NONE)
		return why;
	r->route = r->match.route;
	r->rec.op = r->route->op;
	/* what the gate answers by itself changes nothing */
	r->rec.changes = r->route->changes &&
	    (r->trusted || r->route->access != ACCESS_LOCAL);
	r->rec.vm = r->match.name[0] != '\0' ? r->match.name : NULL;
	if (r->rec.changes)
		record_turn(&r->conn->view->caller);
	if ((why = take_body(r)) != R_NONE || (why = renew(r)) != R_NONE ||
	    (why = check_version(r)) != R_NONE)
		return why;
	r->upgrade = r->route->reply == REPLY_HIJACK &&
	    r->head.upgrade.ptr != NULL;
	return query_parse(&r->query, r->match.query, r->route->params,
	    r->trusted, &r->why);
}

/* Refusals that "monitoring" looks away from: policy, never nonsense. */
static bool
forgivable(enum reason why)
{
	return reason_row(why)->status == 403 && why != R_WRONG_PEER;
}

/* What is not carried out keeps nothing from others: not while its record and
 * its answer wait for their turn. */
static void
let_go(struct request *r)
{
	hold_release(&r->hold);
	hold_release(&r->names);
	making_end(&r->making);
}

void
record_refused(struct request *r, const struct refusal *why, bool would)
{
	char text[1024];

	if (!would)
		let_go(r);
	r->rec.why = why->why;
	r->rec.would = would;
	r->rec.why_text = refusal_text(why, text, sizeof(text));
	record_new_id(&r->rec);
	(void)record_write(&r->conn->view->caller, &r->rec);
	r->rec.why_text = NULL;
	debugf(r->conn->view, 1, "ds01-docker: %s %s: %s%s [ds01:%s]\n",
	    r->rec.op, r->rec.vm != NULL ? r->rec.vm : "",
	    would ? "would deny: " : "denied: ", text, r->rec.event);
}

/* Understands and judges; in monitoring mode a forgivable refusal is put on
 * record and the same is judged again as if an admin had asked. */
static enum reason
judge(struct request *r)
{
	enum reason why = understand(r);

	/* Monitoring shows and sweeps everything, as it was without us. */
	if (why == R_NONE && r->route->access == ACCESS_FILTER &&
	    r->conn->view->mode == ISOLATION_MONITORING)
		set_trusted(r, true);
	if (why == R_NONE)
		why = decide(r);
	if (why == R_NONE || r->trusted || !forgivable(why) ||
	    r->conn->view->mode != ISOLATION_MONITORING || r->route == NULL)
		return why;
	let_go(r);		/* it is all judged again */
	record_refused(r, &r->why, true);
	query_free(&r->query);
	cJSON_Delete(r->body);
	r->body = NULL;
	r->local_status = 0;
	buf_reset(&r->warnings);
	set_trusted(r, true);
	r->rec.why = R_NONE;
	why = query_parse(&r->query, r->match.query, r->route->params, true,
	    &r->why);
	return why != R_NONE ? why : decide(r);
}

static int
refuse_request(struct request *r)
{
	let_go(r);
	if (r->rec.op == NULL)
		r->rec.op = "request";
	/* What was not a request of Docker's is not worth a record each: it
	 * changes nothing and a broken client could fill the log. */
	if (reason_row(r->why.why)->status == 403)
		record_refused(r, &r->why, false);
	if (r->route == NULL || r->route->body == BODY_TAR ||
	    r->route->body == BODY_RAW)
		r->conn->close = r->conn->linger = true; /* a body follows */
	return answer_refusal(r);
}

/* Before it is carried out. */
static enum reason
put_on_record(struct request *r)
{
	const struct caller *c = &r->conn->view->caller;
	struct granted given cleanup_granted = { 0 };
	enum reason why = r->route == NULL || r->body == NULL ? R_NONE :
	    granted_read(&given, r->route->id, r->body, r->trusted, &r->why);

	if (why != R_NONE)
		return why;
	record_new_id(&r->rec);
	return record_write(c, &r->rec) < 0 ||
	    granted_write(&given, c, &r->rec) < 0 ?
	    refuse(&r->why, R_NO_RECORD, " ") : R_NONE;
}

static int
serve(struct request *r)
{
	enum reason why = renew(r);
	bool unknown;

	if (why != R_NONE)
		return refuse_request(r);
	why = judge(r);
	unknown = why == R_UNKNOWN_ROUTE && r->route == NULL &&
	    (r->trusted || r->conn->view->cfg->unknown_allow);

	if (why != R_NONE && !unknown)
		return refuse_request(r);
	if (unknown) {
		r->rec.op = "request.unknown", r->rec.changes = true;
		record_turn(&r->conn->view->caller);
	}
	if (put_on_record(r) != R_NONE)
		return refuse_request(r);
	debugf(r->conn->view, 2, "ds01-docker: %s %s\n", r->rec.op,
	    r->rec.vm != NULL ? r->rec.vm : "");
	return unknown ? exchange_unknown(r) : exchange(r);
}

static void
request_free(struct request *r)
{
	let_go(r);
	query_free(&r->query);
	cJSON_Delete(r->body);
	buf_free(&r->head_text);
	buf_free(&r->text);
	buf_free(&r->raw);
	buf_free(&r->warnings);
	buf_free(&r->local);
}

/* One request.  False when the connection must end. */
static bool
serve_one(struct connection *c)
{
	struct request *r = calloc(1, sizeof(*r));
	bool more;

	if (r == NULL)
		return false;
	r->conn = c;
	r->text = (struct buf)BUF_INIT(JSON_BODY_MAX + 1);
	int got = read_head(r);
	if (got < 0) {
		c->close = true;
		(void)answer_refusal(r);
	} else if (got > 0) {
		if (r->head.close)
			c->close = true;
		if (serve(r) < 0)
			c->close = true;
	}
	more = got > 0 && !c->close;
	request_free(r);
	free(r);
	return more;
}

/* The peer of the session socket must be the caller himself.  Root in a
 * container that mounted the socket is not (design rule 7). */
static bool
peer_is_caller(const struct connection *c)
{
	struct ucred u;
	socklen_t len = sizeof(u);

	return getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &u, &len) == 0 &&
	    u.uid == c->view->caller.uid;
}

/* A client that still writes the body of what was refused gets to read the
 * answer: closing with unread bytes would break the connection under it, and
 * some come to read only when they have written all. */
static void
linger(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char away[16 * 1024];
	ssize_t n;

	do {
		if (poll(&p, 1, LINGER_MS) <= 0)
			return;
		n = recv(fd, away, sizeof(away), MSG_DONTWAIT);
	} while (n > 0 || (n < 0 && errno == EINTR));
}

void
mediate_connection(struct view *v, int fd)
{
	struct connection c = { .view = v, .fd = fd };

	engine_init(&c.engine, v->cfg->engine_socket);
	if (peer_is_caller(&c))
		while (serve_one(&c))
			;
	else {
		struct request r = { .conn = &c, .rec = { .op = "connect" } };
		c.close = true;
		refuse(&r.why, R_WRONG_PEER, " ");
		(void)refuse_request(&r);
	}
	(void)shutdown(fd, SHUT_WR);
	if (c.linger)
		linger(fd);
	engine_close(&c.engine);
	buf_free(&c.in);
	view_release(c.view);
	close(fd);
}

/* --- preflight: several targets of one command --------------------------------------- */

static enum object
target_kind(const char *kind)
{
	if (strcmp(kind, "container") == 0)
		return OBJ_CONTAINER;
	if (strcmp(kind, "volume") == 0)
		return OBJ_VOLUME;
	return strcmp(kind, "network") == 0 ? OBJ_NETWORK : OBJ_NONE;
}

enum reason
mediate_targets(struct view *v, const char *kind, const char *const *targets,
    size_t n, char *text, size_t cap)
{
	struct connection c = { .view = v, .fd = -1 };
	struct request *r = calloc(1, sizeof(*r));
	enum reason why = R_NONE;
	char words[1024];

	if (r == NULL)
		return R_NONE;	/* comfort only: the API checks protect */
	r->conn = &c;
	set_trusted(r, v->caller.admin || v->mode != ISOLATION_FULL);
	engine_init(&c.engine, v->cfg->engine_socket);
	for (size_t i = 0; i < n && why == R_NONE; i++)
		why = decide_target(r, target_kind(kind), targets[i]);
	if (why != R_NONE) {
		r->rec.op = strcmp(kind, "container") == 0 ?
		    "container.command" : "command";
		record_refused(r, &r->why, false);
		refusal_text(&r->why, words, sizeof(words));
		snprintf(text, cap, "Error response from daemon: %s "
		    "[ds01:%s]\n", words, r->rec.event);
	}
	engine_close(&c.engine);
	request_free(r);
	free(r);
	return why;
}
