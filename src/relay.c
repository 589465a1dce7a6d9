/*
 * relay.c - bytes both ways.  See relay.h.
 *
 * Reads first and polls only when nothing is there, so that a busy stream
 * costs one read and one write a buffer; while it is idle the other side is
 * watched as well, so that a client that goes away ends the engine's stream.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "relay.h"

/* One read of a body takes all that a socket holds by default (208 KiB): its
 * writer is woken once for it, not three times. */
#define BULK ((size_t)256 * 1024)
#define PIECES_MAX 16		/* of one read, sent in one chunk */

int
write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Waits until fd has something to read, or other is gone.  0, or -1 when
 * other is gone: nobody is left to read for. */
static int
wait_readable(int fd, int other)
{
	struct pollfd p[2] = {
		{ .fd = fd, .events = POLLIN },
		/* nothing asked: a client that closed only its sending side
		 * still listens; one that is gone altogether hangs up */
		{ .fd = other, .events = 0 },
	};

	for (;;) {
		int n = poll(p, 2, -1);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n <= 0)
			continue;
		if (p[0].revents != 0)
			return 0;
		if (p[1].revents & (POLLHUP | POLLERR | POLLNVAL))
			return -1;
	}
}

ssize_t
relay_await(int fd, int other, char *to, size_t cap)
{
	ssize_t n;

	if (other >= 0 && wait_readable(fd, other) < 0)
		return -1;
	do
		n = recv(fd, to, cap, 0);
	while (n < 0 && errno == EINTR);
	return n;
}

ssize_t
relay_read(int fd, int other, char *to, size_t cap)
{
	for (;;) {
		ssize_t n = recv(fd, to, cap, MSG_DONTWAIT);
		if (n >= 0)
			return n;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return -1;
		if (wait_readable(fd, other) < 0)
			return -1;
	}
}

/* How many of len bytes at data still belong to the body; *left and c keep
 * the state.  -1: malformed. */
static ssize_t
body_share(const struct http_head *h, struct chunks *c, uint64_t *left,
    const char *data, size_t len)
{
	switch (h->framing) {
	case HTTP_CHUNKED:
		return chunks_next(c, (struct span){ data, len }, NULL);
	case HTTP_LENGTH:
		if (len > *left)
			len = (size_t)*left;
		*left -= len;
		return (ssize_t)len;
	case HTTP_UNTIL_CLOSE:
		return (ssize_t)len;
	case HTTP_NO_BODY:
		break;
	}
	return 0;
}

static bool
body_done(const struct http_head *h, const struct chunks *c, uint64_t left)
{
	switch (h->framing) {
	case HTTP_CHUNKED:
		return c->done;
	case HTTP_LENGTH:
		return left == 0;
	case HTTP_UNTIL_CLOSE:
		return false;
	case HTTP_NO_BODY:
		break;
	}
	return true;
}

/* All pieces, in one call where it can be: a short answer is one packet. */
static int
write_pieces(int fd, struct iovec *v, size_t n)
{
	while (n > 0) {
		struct msghdr m = { .msg_iov = v, .msg_iovlen = n };
		ssize_t sent = sendmsg(fd, &m, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -1;
		for (; n > 0 && (size_t)sent >= v->iov_len; v++, n--)
			sent -= (ssize_t)v->iov_len;
		if (n > 0) {
			v->iov_base = (char *)v->iov_base + sent;
			v->iov_len -= (size_t)sent;
		}
	}
	return 0;
}

static struct iovec
piece(const char *data, size_t len)
{
	return (struct iovec){ (void *)(uintptr_t)data, len };
}

int
relay_body(int src, int dst, struct buf *ahead, const struct http_head *head,
    struct span first)
{
	struct chunks c = { 0 };
	uint64_t left = head->length;
	ssize_t n, own = 0;

	if (ahead->len > 0)
		own = body_share(head, &c, &left, ahead->data, ahead->len);
	if (own < 0)
		return -1;
	struct iovec v[2] = { piece(first.ptr, first.len),
	    piece(ahead->data, (size_t)own) };
	if (write_pieces(dst, v, 2) < 0)
		return -1;
	buf_consume(ahead, (size_t)own);
	if (body_done(head, &c, left))
		return 0;
	char *b = malloc(BULK);
	if (b == NULL)
		return -1;
	n = -1;
	while (!body_done(head, &c, left)) {
		n = relay_read(src, dst, b, BULK);
		if (n <= 0)
			break;
		own = body_share(head, &c, &left, b, (size_t)n);
		if (own < 0 || write_all(dst, b, (size_t)own) < 0) {
			n = -1;
			break;
		}
		if (own < n && buf_add(ahead, b + own, (size_t)(n - own)) < 0) {
			n = -1;
			break;
		}
	}
	free(b);
	if (head->framing == HTTP_UNTIL_CLOSE)
		return n == 0 ? 0 : -1;
	return body_done(head, &c, left) ? 0 : -1;
}

/* --- uploads ---------------------------------------------------------------- */

struct upload {
	int engine;		/* -1: it has stopped listening */
	const struct relay_watch *watch;
	struct iovec v[PIECES_MAX + 2];	/* a chunk: size, pieces, its end */
	size_t n, len;		/* pieces in v, bytes in them */
};

/* False: the engine must not have it, nor anything more. */
static bool
watched(struct upload *u, const char *data, size_t len)
{
	if (u->watch == NULL || u->watch->see(u->watch->arg, data, len) == 0)
		return true;
	(void)shutdown(u->engine, SHUT_RDWR);
	u->engine = -1;
	return false;
}

/* What was gathered goes up as one chunk; an empty one would be the last. */
static void
send_chunk(struct upload *u)
{
	char size[24];

	if (u->engine >= 0 && u->n > 0) {
		int n = snprintf(size, sizeof(size), "%zx\r\n", u->len);

		u->v[0] = piece(size, (size_t)n);
		u->v[u->n + 1] = piece("\r\n", 2);
		if (write_pieces(u->engine, u->v, u->n + 2) < 0)
			u->engine = -1;
	}
	u->n = u->len = 0;
}

static void
pass_on(struct upload *u, const char *data, size_t len)
{
	if (u->engine < 0 || len == 0 || !watched(u, data, len))
		return;
	u->v[++u->n] = piece(data, len);
	u->len += len;
	if (u->n == PIECES_MAX)
		send_chunk(u);
}

/* Sends the payload among len bytes at data.  Bytes taken, -1: malformed. */
static ssize_t
upload_piece(struct upload *u, const struct http_head *h, struct chunks *c,
    uint64_t *left, const char *data, size_t len)
{
	size_t at = 0;

	if (h->framing == HTTP_LENGTH) {
		if (len > *left)
			len = (size_t)*left;
		*left -= len;
		pass_on(u, data, len);
		send_chunk(u);
		return (ssize_t)len;
	}
	while (at < len && !c->done) {
		struct span payload = { NULL, 0 };
		ssize_t n = chunks_next(c, (struct span){ data + at, len - at },
		    &payload);
		if (n < 0)
			return -1;
		pass_on(u, payload.ptr, payload.len);
		at += (size_t)n;
		if (n == 0)
			break;
	}
	send_chunk(u);
	return (ssize_t)at;
}

/* Waits for more of the body; an engine that goes away meanwhile is not
 * waited for any longer. */
static ssize_t
upload_read(int client, struct upload *u, char *b)
{
	ssize_t n = relay_read(client, u->engine, b, BULK);

	if (n < 0 && u->engine >= 0) {
		u->engine = -1;
		n = relay_read(client, -1, b, BULK);
	}
	return n;
}

int
relay_upload(int client, int engine, struct buf *ahead,
    const struct http_head *head, const struct relay_watch *watch)
{
	struct upload u = { .engine = engine, .watch = watch };
	struct chunks c = { 0 };
	uint64_t left = head->length;
	char *b = NULL;
	int rc = -1;
	ssize_t n;

	if (ahead->len > 0) {
		n = upload_piece(&u, head, &c, &left, ahead->data,
		    ahead->len);
		if (n < 0)
			return -1;
		buf_consume(ahead, (size_t)n);
	}
	if (!body_done(head, &c, left) && (b = malloc(BULK)) == NULL)
		return -1;
	while (!body_done(head, &c, left)) {
		n = upload_read(client, &u, b);
		if (n <= 0)
			goto out;
		ssize_t own = upload_piece(&u, head, &c, &left, b,
		    (size_t)n);
		if (own < 0)
			goto out;
		if (own < n && buf_add(ahead, b + own, (size_t)(n - own)) < 0)
			goto out;
	}
	rc = u.engine < 0 || !watched(&u, NULL, 0) ||
	    write_all(u.engine, "0\r\n\r\n", 5) < 0 ? 1 : 0;
out:
	free(b);
	return rc;
}

/* --- hijacked streams --------------------------------------------------------- */

struct flow {			/* one direction */
	int from, to;
	char *b;
	size_t off, len;	/* bytes waiting in b */
	bool ended;		/* from has ended and all was passed on */
};

/* Moves what can be moved without blocking.  -1: the receiver is gone. */
static int
flow_move(struct flow *f, bool readable)
{
	if (f->len == 0 && readable && !f->ended) {
		ssize_t n = recv(f->from, f->b, RELAY_BUF, MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			return 0;
		if (n <= 0) {
			f->ended = true;
			(void)shutdown(f->to, SHUT_WR); /* gone: seen below */
			return 0;
		}
		f->off = 0;
		f->len = (size_t)n;
	}
	while (f->len > 0) {
		ssize_t n = send(f->to, f->b + f->off, f->len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		f->off += (size_t)n;
		f->len -= (size_t)n;
	}
	return 0;
}

/* What to wait for on fd: its own input, and room for the other's. */
static short
flow_events(const struct flow *in, const struct flow *out)
{
	short ev = 0;

	if (in->len == 0 && !in->ended)
		ev = (short)(ev | POLLIN);
	if (out->len > 0)
		ev = (short)(ev | POLLOUT);
	return ev;
}

static void
hijack_loop(struct flow *up, struct flow *down)
{
	/* up: client -> engine, down: engine -> client */
	while (!(up->ended && down->ended)) {
		struct pollfd p[2] = {
			{ .fd = up->from, .events = flow_events(up, down) },
			{ .fd = down->from, .events = flow_events(down, up) },
		};
		/* poll(2) reports a hang-up even when nothing is asked, again
		 * and again: leave a side out while it has nothing to do, but
		 * for a client that only listens. */
		if (p[1].events == 0)
			p[1].fd = -1;
		if (p[0].events == 0 && up->len > 0)
			p[0].fd = -1;
		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (flow_move(up, p[0].revents != 0) < 0) {
			/* The engine takes no more input; its output goes on. */
			up->ended = true;
			up->len = 0;
		}
		if (flow_move(down, p[1].revents != 0) < 0)
			return;		/* the client is gone */
		/* The client closed altogether, not only its sending side:
		 * nobody reads any more, so the attach ends. */
		if ((p[0].revents & (POLLHUP | POLLERR)) && up->ended)
			return;
	}
}

void
relay_hijack(int client, int engine, struct buf *ahead_client,
    struct buf *ahead_engine)
{
	char *b = malloc(2 * RELAY_BUF);
	struct flow up = { .from = client, .to = engine, .b = b };
	struct flow down = { .from = engine, .to = client };

	if (b == NULL)
		return;
	down.b = b + RELAY_BUF;
	if ((ahead_engine->len == 0 || write_all(client, ahead_engine->data,
	    ahead_engine->len) == 0) &&
	    (ahead_client->len == 0 || write_all(engine, ahead_client->data,
	    ahead_client->len) == 0)) {
		buf_reset(ahead_client);
		buf_reset(ahead_engine);
		hijack_loop(&up, &down);
	}
	free(b);
}
