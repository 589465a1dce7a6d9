/*
 * h2.c - HTTP/2 with one direction inspected: streams and the loop.
 *
 * See h2.h.  h2_client.c takes the client's frames, h2_engine.c dockerd's
 * and the flow control between the two.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "h2_conn.h"
#include "relay.h"

#define BACKLOG (256 * 1024)	/* bytes unwritten that stop reading */
#define GOODBYE_MS 1000		/* for a GOAWAY to be taken */

/* --- state -------------------------------------------------------------------- */

struct h2 *
h2_new(const struct h2_judge *j, void *arg)
{
	struct h2 *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->judge = j;
	h->arg = arg;
	h->frame_max = H2_FRAME_DATA;
	h->window = h->window_first = 65535;
	h->in = (struct buf)BUF_INIT(H2_FRAME_MAX + RELAY_BUF +
	    H2_FRAME_HEAD);
	h->block = (struct buf)BUF_INIT(H2_BLOCK_MAX);
	h->data = (struct buf)BUF_INIT(4 * H2_HOLD_MAX);
	h->inject = (struct buf)BUF_INIT(1024 * 1024);
	h->ids = (struct buf)BUF_INIT(H2_OPENED_MAX * sizeof(uint32_t));
	h->fields.text = (struct buf)BUF_INIT(H2_FIELDS_BYTES);
	h->decoder = h2_decoder_new();
	if (h->decoder == NULL) {
		h2_free(h);
		return NULL;
	}
	return h;
}

void
h2_free(struct h2 *h)
{
	if (h == NULL)
		return;
	while (h->n_streams > 0)
		h2_drop(h, h->stream[0]);
	h2_decoder_free(h->decoder);
	buf_free(&h->fields.text);
	buf_free(&h->to_client);
	buf_free(&h->to_engine);
	buf_free(&h->in);
	buf_free(&h->block);
	buf_free(&h->data);
	buf_free(&h->small);
	buf_free(&h->inject);
	buf_free(&h->ids);
	free(h);
}

struct buf *
h2_to_client(struct h2 *h)
{
	return &h->to_client;
}

struct buf *
h2_to_engine(struct h2 *h)
{
	return &h->to_engine;
}

size_t
h2_n_streams(const struct h2 *h)
{
	return h->n_streams;
}

int
h2_fail(struct h2 *h, uint32_t error)
{
	if (h->error == H2_NO_ERROR)
		h->error = error;
	return -1;
}

struct h2_stream *
h2_find(struct h2 *h, uint32_t id)
{
	for (size_t i = 0; i < h->n_streams; i++)
		if (h->stream[i]->id == id)
			return h->stream[i];
	return NULL;
}

int
h2_number(struct h2 *h, struct h2_stream *s)
{
	s->up = (uint32_t)(h->ids.len / sizeof(s->id)) * 2 + 1;
	return buf_add(&h->ids, &s->id, sizeof(s->id)) < 0 ?
	    h2_fail(h, H2_ENHANCE_YOUR_CALM) : 0;
}

uint32_t
h2_client_id(const struct h2 *h, uint32_t up)
{
	size_t at = (size_t)(up / 2) * sizeof(uint32_t);
	uint32_t id = 0;

	if (up % 2 == 1 && at < h->ids.len)
		memcpy(&id, h->ids.data + at, sizeof(id));
	return id;
}

void
h2_drop(struct h2 *h, struct h2_stream *s)
{
	for (size_t i = 0; i < h->n_streams; i++)
		if (h->stream[i] == s)
			h->stream[i] = h->stream[--h->n_streams];
	h->held -= s->body.len;
	buf_free(&s->head);
	buf_free(&s->body);
	free(s);
}

void
h2_settle(struct h2 *h, struct h2_stream *s)
{
	if (s->client_ended && s->engine_ended && s->queued == 0)
		h2_drop(h, s);
}

/* --- frames -------------------------------------------------------------------- */

uint32_t
h2_u32(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

struct h2_frame
h2_frame_head(const uint8_t b[H2_FRAME_HEAD])
{
	return (struct h2_frame){
		.len = (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2],
		.type = b[3], .flags = b[4],
		.stream = h2_u32(b + 5) & 0x7fffffff,
	};
}

void
h2_set_stream(char head[H2_FRAME_HEAD], uint32_t stream)
{
	for (int i = 0; i < 4; i++)
		head[5 + i] = (char)(stream >> (24 - 8 * i));
}

int
h2_put_frame(struct buf *out, enum h2_type type, unsigned flags,
    uint32_t stream, struct span payload)
{
	uint8_t b[H2_FRAME_HEAD] = {
		(uint8_t)(payload.len >> 16), (uint8_t)(payload.len >> 8),
		(uint8_t)payload.len, (uint8_t)type, (uint8_t)flags,
		(uint8_t)(stream >> 24), (uint8_t)(stream >> 16),
		(uint8_t)(stream >> 8), (uint8_t)stream,
	};

	if (buf_add(out, b, sizeof(b)) < 0)
		return -1;
	return buf_putspan(out, payload);
}

int
h2_put_number(struct buf *out, enum h2_type type, uint32_t stream,
    uint32_t value)
{
	char b[4] = { (char)(value >> 24), (char)(value >> 16),
	    (char)(value >> 8), (char)value };

	return h2_put_frame(out, type, 0, stream, (struct span){ b, 4 });
}

/* --- the loop ------------------------------------------------------------------- */

struct side {
	int fd;
	struct buf *out;	/* to be written to fd */
	bool ended;		/* fd has nothing more to read */
};

/* Writes what can be written without blocking.  -1: the reader is gone. */
static int
side_write(struct side *s)
{
	size_t done = 0;

	while (done < s->out->len) {
		ssize_t n = send(s->fd, s->out->data + done,
		    s->out->len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return -1;
		if (n < 0)
			break;
		done += (size_t)n;
	}
	buf_consume(s->out, done);
	return 0;
}

/* Reads what is there into h.  0, or -1: the connection must end. */
static int
side_read(struct side *s, struct h2 *h, char *b,
    int (*take)(struct h2 *, struct span))
{
	ssize_t n = recv(s->fd, b, RELAY_BUF, MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {
		s->ended = true;
		return 0;
	}
	return take(h, (struct span){ b, (size_t)n });
}

static void
side_poll(const struct side *s, const struct side *other, struct pollfd *p)
{
	*p = (struct pollfd){ .fd = s->fd };
	if (!s->ended && other->out->len < BACKLOG)
		p->events = POLLIN;
	if (s->out->len > 0)
		p->events = (short)(p->events | POLLOUT);
}

static int
run(struct h2 *h, struct side *client, struct side *engine, char *b)
{
	bool closed = false;

	while (!engine->ended || client->out->len > 0) {
		struct pollfd p[2];

		if (client->ended && engine->out->len == 0 && !closed) {
			closed = true;
			(void)shutdown(engine->fd, SHUT_WR);
		}
		side_poll(client, engine, &p[0]);
		side_poll(engine, client, &p[1]);
		if (p[1].events == 0)
			p[1].fd = -1;	/* would report a hang-up for ever */
		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return 0;
		}
		if ((p[0].revents & POLLIN) && side_read(client, h, b,
		    h2_from_client) < 0)
			return -1;
		if ((p[1].revents & (POLLIN | POLLHUP | POLLERR)) &&
		    !engine->ended && client->out->len < BACKLOG &&
		    side_read(engine, h, b, h2_from_engine) < 0)
			return -1;
		if (side_write(engine) < 0)
			engine->out->len = 0;	/* its answers still go on */
		if (side_write(client) < 0)
			return 0;
		if ((p[0].revents & (POLLHUP | POLLERR)) &&
		    (client->ended || !(p[0].revents & POLLIN)))
			return 0;	/* nobody reads any more */
	}
	return 0;
}

/* Lets the client read why; a reader that is stuck is not waited for. */
static void
goodbye(struct side *client)
{
	struct pollfd p = { .fd = client->fd, .events = POLLOUT };

	while (side_write(client) == 0 && client->out->len > 0)
		if (poll(&p, 1, GOODBYE_MS) <= 0)
			break;
}

int
h2_relay(int client, int engine, struct buf *ahead_client,
    struct buf *ahead_engine, const struct h2_judge *j, void *arg)
{
	struct h2 *h = h2_new(j, arg);
	char *b = malloc(RELAY_BUF);
	struct side c = { .fd = client }, e = { .fd = engine };
	int rc = -1;

	if (h == NULL || b == NULL)
		goto out;
	c.out = &h->to_client;
	e.out = &h->to_engine;
	if (h2_from_engine(h, buf_span(ahead_engine)) == 0 &&
	    h2_from_client(h, buf_span(ahead_client)) == 0)
		rc = run(h, &c, &e, b);
	buf_reset(ahead_client);
	buf_reset(ahead_engine);
	if (rc < 0)
		goodbye(&c);
out:
	free(b);
	h2_free(h);
	return rc;
}
