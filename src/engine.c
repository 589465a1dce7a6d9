/*
 * engine.c - the connection to dockerd.
 *
 * Guarantees that what goes up is written here, byte for byte, and that what
 * comes back is bounded and read by the strict parser of http.c.  A kept
 * connection on which anything was unusual (bytes left over, "close", a
 * failure half-way) is never used again.
 *
 * The engine's API versions are learned once for each socket (the
 * configuration may name another one while we run).  Every answer of dockerd
 * carries Api-Version: when it differs from what was learned, or the engine
 * was gone for a while, they are learned afresh, so an upgraded engine is
 * noticed.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine.h"
#include "route.h"

#define HEAD_MAX (16 * 1024)	/* bytes of a request head of ours */
#define READ_SIZE (64 * 1024)

/* outcome of one try on one connection */
enum outcome {
	DONE,
	STALE,		/* ended before the first byte of an answer */
	BROKEN		/* why is set */
};

static pthread_mutex_t versions_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned known_max, known_min;	/* 0: not known */
static struct sockaddr_un known_at;	/* whose they are */

static void
learn(const struct engine *e, unsigned min, unsigned max)
{
	pthread_mutex_lock(&versions_lock);
	known_min = min;
	known_max = max;
	snprintf(known_at.sun_path, sizeof known_at.sun_path, "%s",
	    e->socket);
	pthread_mutex_unlock(&versions_lock);
}

static void
recall(struct engine *e)
{
	pthread_mutex_lock(&versions_lock);
	if (strcmp(known_at.sun_path, e->socket) == 0) {
		e->api_min = known_min;
		e->api_max = known_max;
	}
	pthread_mutex_unlock(&versions_lock);
}

void
engine_init(struct engine *e, const char *socket)
{
	*e = (struct engine){ .socket = socket, .fd = -1,
	    .in = BUF_INIT(ENGINE_REPLY_MAX + HTTP_HEAD_MAX) };
	recall(e);
}

static void
hang_up(struct engine *e)
{
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
	buf_reset(&e->in);
}

void
engine_close(struct engine *e)
{
	hang_up(e);
	buf_free(&e->in);
}

/* connect(2) that a signal cut short goes on by itself: wait for its end. */
static int
connect_whole(int fd, const struct sockaddr_un *a)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int e;

	if (connect(fd, (const struct sockaddr *)a, sizeof *a) == 0)
		return 0;
	if (errno != EINTR)
		return -1;
	while (poll(&p, 1, -1) == -1)
		if (errno != EINTR)
			return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) == -1)
		return -1;
	errno = e;
	return e ? -1 : 0;
}

int
engine_dial(const struct engine *e, struct refusal *why)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char text[128];
	int fd, saved;

	if (!span_copy(span_of(e->socket), a.sun_path, sizeof a.sun_path)) {
		refuse(why, R_ENGINE_DOWN, "%s: path too long", e->socket);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect_whole(fd, &a) == 0)
		return fd;
	saved = errno;
	if (fd >= 0)
		close(fd);
	learn(e, 0, 0);
	refuse(why, R_ENGINE_DOWN, "%s: %s", e->socket,
	    strerror_r(saved, text, sizeof text));
	return -1;
}

bool
engine_is_quiet(const struct engine *e)
{
	struct pollfd p = { .fd = e->fd, .events = POLLIN };

	return e->in.len == 0 && poll(&p, 1, 0) == 0;
}

static bool
send_whole(int fd, struct span s)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s.ptr += n;
		s.len -= (size_t)n;
	}
	return true;
}

/* More bytes into e->in: >0, 0 at the end, -1 on failure. */
static ssize_t
fill(struct engine *e)
{
	ssize_t n;

	if (buf_reserve(&e->in, READ_SIZE) == -1) {
		errno = EMSGSIZE;
		return -1;
	}
	do
		n = recv(e->fd, e->in.data + e->in.len, READ_SIZE, 0);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		e->in.len += (size_t)n;
	return n;
}

static enum outcome
broken(struct refusal *why, const char *text)
{
	refuse(why, R_ENGINE_ERROR, "%s", text);
	return BROKEN;
}

/* "1.41" -> 41, 0 if it is no version of API 1. */
static unsigned
minor_of(struct span s)
{
	unsigned n = 0;

	if (s.len < 3 || s.len > 5 || s.ptr[0] != '1' || s.ptr[1] != '.')
		return 0;
	for (size_t i = 2; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return 0;
		n = n * 10 + (unsigned)(s.ptr[i] - '0');
	}
	return n;
}

/* Everybody else learns again; this connection goes on with what it just
 * heard. */
void
engine_heard(struct engine *e, const struct http_head *h)
{
	struct span v = http_header(h, "Api-Version");
	unsigned max = v.ptr ? minor_of(v) : 0;

	if (max && e->api_max && max != e->api_max) {
		learn(e, 0, 0);
		e->api_max = max;
	}
}

/* The answer's head, cut off e->in; h's spans are dead after this. */
static enum outcome
read_head(struct engine *e, bool no_body, struct http_head *h,
    struct refusal *why)
{
	bool begun = false;

	for (;;) {
		ssize_t n = http_parse_response(buf_span(&e->in), no_body, h);

		if (n < 0 || (n == 0 && e->in.len > HTTP_HEAD_MAX))
			return broken(why, "malformed response head");
		if (n > 0) {
			begun = true;
			engine_heard(e, h);
			buf_consume(&e->in, (size_t)n);
			if (h->status >= 200)
				return DONE;
			if (h->status == 101)
				return broken(why, "upgrade not asked for");
			continue;	/* 100, 103: the real one follows */
		}
		n = fill(e);
		if (n > 0)
			begun = true;
		else if (!begun)
			return STALE;
		else
			return broken(why, "connection lost in the head");
	}
}

/* Takes all payload that is in e->in already.  1 more is needed, 0 that was
 * all, -1 malformed or too long. */
static int
take(struct engine *e, struct http_head *h, struct chunks *c,
    struct buf *body)
{
	struct span in = buf_span(&e->in), piece;

	if (h->framing != HTTP_CHUNKED) {
		if (h->framing == HTTP_LENGTH && in.len > h->length)
			in.len = (size_t)h->length;
		if (h->framing == HTTP_LENGTH)
			h->length -= in.len;
		if (in.len > 0 && buf_putspan(body, in) == -1)
			return -1;
		buf_consume(&e->in, in.len);
		return h->framing == HTTP_UNTIL_CLOSE || h->length > 0;
	}
	while (in.len > 0 && !c->done) {
		ssize_t n;

		piece = (struct span){ NULL, 0 };
		n = chunks_next(c, in, &piece);
		if (n < 0 || (n == 0 && !c->done))
			return -1;
		if (piece.len > 0 && buf_putspan(body, piece) == -1)
			return -1;
		in.ptr += n;
		in.len -= (size_t)n;
	}
	buf_consume(&e->in, e->in.len - in.len);
	return !c->done;
}

static enum outcome
read_body(struct engine *e, struct http_head *h, struct buf *body,
    struct refusal *why)
{
	struct chunks c = { 0 };

	if (h->framing == HTTP_NO_BODY)
		return DONE;
	if (h->framing == HTTP_LENGTH && h->length > ENGINE_REPLY_MAX)
		return broken(why, "answer too long");
	for (;;) {
		int more = take(e, h, &c, body);
		ssize_t n;

		if (more == 0)
			return DONE;
		if (more < 0 || body->len > ENGINE_REPLY_MAX)
			return broken(why, "answer malformed or too long");
		n = fill(e);
		if (n == 0 && h->framing == HTTP_UNTIL_CLOSE)
			return DONE;
		if (n <= 0)
			return broken(why, "connection lost in the answer");
	}
}

static enum outcome
try_once(struct engine *e, struct span request, bool no_body, int *status,
    struct buf *body, struct refusal *why)
{
	struct http_head h;
	enum outcome o;

	/* A failed write may still have an answer waiting (an early 400). */
	bool sent = send_whole(e->fd, request);

	buf_reset(body);
	o = read_head(e, no_body, &h, why);
	if (o == DONE)
		o = read_body(e, &h, body, why);
	if (o != DONE || !sent || h.close ||
	    h.framing == HTTP_UNTIL_CLOSE || e->in.len > 0)
		hang_up(e);
	if (o == DONE)
		*status = h.status;
	return o;
}

/* Our whole request; false if target is not what we may write in a head. */
static bool
compose(struct buf *out, const char *method, struct span target,
    struct span json)
{
	if (target.len == 0 || target.ptr[0] != '/')
		return false;
	for (size_t i = 0; i < target.len; i++)
		if (target.ptr[i] <= ' ' || target.ptr[i] > '~')
			return false;
	buf_puts(out, method);
	buf_puts(out, " ");
	buf_putspan(out, target);
	buf_puts(out, " HTTP/1.1\r\nHost: docker\r\n"
	    "User-Agent: ds01-docker\r\n");
	if (json.ptr)
		buf_printf(out, "Content-Type: application/json\r\n"
		    "Content-Length: %zu\r\n", json.len);
	else if (strcmp(method, "POST") == 0)
		buf_puts(out, "Content-Length: 0\r\n");
	buf_puts(out, "\r\n");
	if (json.ptr)
		buf_putspan(out, json);
	return !out->failed;
}

int
engine_ask(struct engine *e, const char *method, struct span target,
    struct span json, struct buf *body, struct refusal *why)
{
	cleanup_buf struct buf req = BUF_INIT(HEAD_MAX + JSON_BODY_MAX);
	bool again = strcmp(method, "POST") != 0;
	int status = -1;

	if (!compose(&req, method, target, json)) {
		refuse(why, R_INTERNAL, "request to the engine not sent");
		return -1;
	}
	if (e->fd >= 0 && !engine_is_quiet(e))
		hang_up(e);
	for (int tries = 0;; tries++) {
		bool kept = e->fd >= 0;
		enum outcome o;

		if (!kept && (e->fd = engine_dial(e, why)) == -1)
			return -1;
		o = try_once(e, buf_span(&req), strcmp(method, "HEAD") == 0,
		    &status, body, why);
		if (o == DONE)
			return status;
		if (o == BROKEN)
			return -1;
		if (!kept || !again || tries > 0) {
			broken(why, "connection lost before the answer");
			return -1;
		}
	}
}

enum reason
engine_versions(struct engine *e, struct refusal *why)
{
	cleanup_buf struct buf body = BUF_INIT(1 << 20);
	char max[16], min[16];
	unsigned a, b;
	int status;

	if (e->api_max == 0)
		recall(e);
	if (e->api_max != 0)
		return R_NONE;
	status = engine_ask(e, "GET", span_of("/version"), span_of(NULL),
	    &body, why);
	if (status == -1)
		return why->why;
	if (status != 200 ||
	    !json_string(json_get(buf_span(&body), "ApiVersion"), max,
	    sizeof max) || (a = minor_of(span_of(max))) == 0)
		return refuse(why, R_ENGINE_ERROR, "no API version");
	/* Engines before MinAPIVersion was invented do not say. */
	b = json_string(json_get(buf_span(&body), "MinAPIVersion"), min,
	    sizeof min) ? minor_of(span_of(min)) : 0;
	if (a < ROUTE_API_MIN || b > ROUTE_API_MAX)
		return refuse(why, R_ENGINE_ERROR,
		    "it speaks API 1.%u to 1.%u, this program 1.%d to 1.%d",
		    b, a, ROUTE_API_MIN, ROUTE_API_MAX);
	e->api_max = a;
	e->api_min = b;
	learn(e, b, a);
	return R_NONE;
}

unsigned
engine_api(const struct engine *e)
{
	return e->api_max == 0 || e->api_max > ROUTE_API_MAX ?
	    ROUTE_API_MAX : e->api_max;
}

int
engine_get(struct engine *e, struct buf *body, struct refusal *why,
    const char *fmt, ...)
{
	cleanup_buf struct buf target = BUF_INIT(HEAD_MAX);
	char *path;
	va_list ap;
	int n;

	if (engine_versions(e, why) != R_NONE)
		return -1;
	va_start(ap, fmt);
	n = vasprintf(&path, fmt, ap);
	va_end(ap);
	if (n == -1) {
		refuse(why, R_INTERNAL, "out of memory");
		return -1;
	}
	buf_printf(&target, "/v1.%u%s%s", engine_api(e),
	    path[0] == '/' ? "" : "/", path);
	free(path);
	if (target.failed) {
		refuse(why, R_INTERNAL, "request to the engine too long");
		return -1;
	}
	return engine_ask(e, "GET", buf_span(&target), span_of(NULL), body,
	    why);
}

/* "SecurityOptions":["name=seccomp,profile=builtin","name=userns"] */
static bool
says_userns(struct span info)
{
	struct json_iter it = json_iter(json_get(info, "SecurityOptions"));
	struct span v;
	char text[128];

	while (json_next(&it, NULL, &v))
		if (json_string(v, text, sizeof(text)) &&
		    strcmp(text, "name=userns") == 0)
			return true;
	return false;
}

/* "DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]] */
static bool
says_containerd(struct span info)
{
	struct json_iter rows = json_iter(json_get(info, "DriverStatus"));
	struct span row, v;
	char text[128];

	while (json_next(&rows, NULL, &row)) {
		struct json_iter it = json_iter(row);

		while (json_next(&it, NULL, &v))
			if (json_string(v, text, sizeof(text)) && strcmp(text,
			    "io.containerd.snapshotter.v1") == 0)
				return true;
	}
	return false;
}

static enum reason
ask_info(struct engine *e, bool (*says)(struct span info), bool *yes,
    struct refusal *why)
{
	cleanup_buf struct buf info = BUF_INIT(1 << 20);
	int status = engine_get(e, &info, why, "/info");

	*yes = false;
	if (status == -1)
		return why->why;
	if (status != 200)
		return refuse(why, R_ENGINE_ERROR, "no /info");
	*yes = says(buf_span(&info));
	return R_NONE;
}

enum reason
engine_remaps(struct engine *e, bool *yes, struct refusal *why)
{
	return ask_info(e, says_userns, yes, why);
}

enum reason
engine_containerd_store(struct engine *e, bool *yes, struct refusal *why)
{
	return ask_info(e, says_containerd, yes, why);
}

/* "Components":[{"Name":"runc","Version":"1.1.5+ds1"}] */
enum reason
engine_runs(struct engine *e, const char *component, unsigned major,
    unsigned minor, bool *yes, struct refusal *why)
{
	cleanup_buf struct buf body = BUF_INIT(1 << 20);
	int status = engine_get(e, &body, why, "/version");
	struct json_iter it = json_iter(json_get(buf_span(&body),
	    "Components"));
	char name[64], version[64];
	unsigned a, b;
	struct span v;

	*yes = false;
	if (status == -1)
		return why->why;
	if (status != 200)
		return refuse(why, R_ENGINE_ERROR, "no /version");
	while (json_next(&it, NULL, &v))
		if (json_string(json_get(v, "Name"), name, sizeof(name)) &&
		    strcmp(name, component) == 0 &&
		    json_string(json_get(v, "Version"), version,
		    sizeof(version)) &&
		    sscanf(version, "%u.%u", &a, &b) == 2)
			*yes = a > major || (a == major && b >= minor);
	return R_NONE;
}

/* On a connection of its own, which is not read to the end. */
int
engine_peek(const struct engine *e, struct span target, char *out, size_t n,
    struct refusal *why)
{
	cleanup_buf struct buf req = BUF_INIT(HEAD_MAX);
	cleanup_buf struct buf body = BUF_INIT(0);
	struct engine one;
	struct http_head h;
	struct chunks c = { 0 };
	int more = 1, status = -1;

	engine_init(&one, e->socket);
	if (!compose(&req, "GET", target, span_of(NULL))) {
		refuse(why, R_INTERNAL, "request to the engine not sent");
		return -1;
	}
	if ((one.fd = engine_dial(e, why)) == -1)
		return -1;
	(void)send_whole(one.fd, buf_span(&req));
	if (read_head(&one, false, &h, why) == DONE) {
		status = h.status;
		while (h.framing != HTTP_NO_BODY && body.len < n &&
		    (more = take(&one, &h, &c, &body)) > 0 && body.len < n &&
		    fill(&one) > 0)
			;
		if (more < 0)
			status = -1;
	}
	engine_close(&one);
	if (status == -1)
		broken(why, "no answer");
	else if (body.len > 0)
		memcpy(out, body.data, body.len < n ? body.len : n);
	return status;
}
