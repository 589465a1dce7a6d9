/*
 * h2_engine.c - dockerd's frames, and the flow control between the sides.
 *
 * dockerd's bytes are followed frame by frame, so that ours can be put
 * between them, and passed on with the client's stream numbers.  Only what
 * changes the state of the client's direction is looked into: SETTINGS,
 * WINDOW_UPDATE, RST_STREAM, GOAWAY and END_STREAM.
 *
 * Credit: the client is charged by dockerd's windows for what it sends.  What
 * is held or dropped here is credited back at once; what we write ourselves
 * is charged to nobody, so as much of dockerd's later credit for the
 * connection is kept back (owed).  Until it is repaid the client may send
 * more than dockerd takes: such DATA waits in h2->data.
 */
#include "h2_conn.h"

enum { SET_TABLE = 1, SET_WINDOW = 4, SET_FRAME = 5 };

#define QUEUE_HEAD (1 + H2_FRAME_HEAD)

int
h2_inject(struct h2 *h)
{
	if (h->inject.failed || h->to_client.failed)
		return h2_fail(h, H2_ENHANCE_YOUR_CALM);
	if (h->inject.len == 0 || !h->started || h->in_block ||
	    h->head_len > 0)
		return 0;
	if (buf_putspan(&h->to_client, buf_span(&h->inject)) < 0)
		return h2_fail(h, H2_INTERNAL_ERROR);
	buf_reset(&h->inject);
	return 0;
}

int
h2_credit(struct h2 *h, uint32_t stream, size_t n)
{
	if (n == 0)
		return 0;
	h2_put_number(&h->inject, H2_WINDOW_UPDATE, 0, (uint32_t)n);
	if (stream != 0)
		h2_put_number(&h->inject, H2_WINDOW_UPDATE, stream,
		    (uint32_t)n);
	return h2_inject(h);
}

/* --- DATA on its way up -------------------------------------------------------- */

/* The frame at the front of the queue.  1 sent or dropped, 0 must wait. */
static int
pump_one(struct h2 *h)
{
	char *p = h->data.data + h->data_at;
	bool ours = p[0] != 0;
	struct h2_frame f = h2_frame_head((const uint8_t *)p + 1);
	struct h2_stream *s = h2_find(h, f.stream);
	size_t whole = H2_FRAME_HEAD + f.len;

	if (s != NULL && (h->window < (int64_t)f.len ||
	    (ours && s->window < (int64_t)f.len)))
		return 0;
	h->data_at += 1 + whole;
	if (s == NULL)	/* was reset meanwhile */
		return ours || h2_credit(h, 0, f.len) == 0 ? 1 : -1;
	h->window -= f.len;
	s->window -= f.len;
	if (ours)
		h->owed += f.len;
	s->queued--;
	h2_set_stream(p + 1, s->up);
	if (buf_add(&h->to_engine, p + 1, whole) < 0)
		return h2_fail(h, H2_INTERNAL_ERROR);
	h2_settle(h, s);
	return 1;
}

int
h2_pump(struct h2 *h)
{
	int rc = 1;

	while (rc > 0 && h->data_at < h->data.len)
		rc = pump_one(h);
	if (h->data_at > H2_FRAME_MAX || h->data_at == h->data.len) {
		buf_consume(&h->data, h->data_at);
		h->data_at = 0;
	}
	return rc < 0 ? -1 : 0;
}

int
h2_send_data(struct h2 *h, struct h2_stream *s, unsigned flags,
    struct span payload, bool ours)
{
	char who = ours;

	s->queued++;
	if (buf_add(&h->data, &who, 1) < 0 || h2_put_frame(&h->data, H2_DATA,
	    flags, s->id, payload) < 0)
		return h2_fail(h, H2_ENHANCE_YOUR_CALM);
	return h2_pump(h);
}

/* --- dockerd's frames ------------------------------------------------------------ */

static struct h2_stream *
find_up(struct h2 *h, uint32_t up)
{
	uint32_t id = h2_client_id(h, up);

	return id == 0 ? NULL : h2_find(h, id);
}

/* The head of a frame as the client gets it. */
static int
put_head(struct h2 *h, const struct h2_frame *f)
{
	char head[H2_FRAME_HEAD];

	memcpy(head, h->head, sizeof(head));
	if (f->stream != 0)
		h2_set_stream(head, h2_client_id(h, f->stream));
	return buf_add(&h->to_client, head, sizeof(head));
}

/* The last stream that was begun: of those that dockerd means, the highest
 * of the client's numbers. */
static void
engine_goaway(struct h2 *h, char *payload)
{
	uint32_t up = h2_u32(payload) & H2_WINDOW_MAX, id, last = 0;

	if (up == H2_WINDOW_MAX)
		return;		/* only a warning: all may still be begun */
	for (uint32_t n = 1; n <= up && (id = h2_client_id(h, n)) != 0; n += 2)
		last = id > last ? id : last;
	for (int i = 0; i < 4; i++)
		payload[i] = (char)(last >> (24 - 8 * i));
}

static int
engine_settings(struct h2 *h, const struct h2_frame *f)
{
	uint32_t table = UINT32_MAX;

	if (f->flags & H2_ACK)
		return 0;
	if (f->len % 6 != 0 ||
	    h->n_tables == sizeof(h->tables) / sizeof(h->tables[0]))
		return h2_fail(h, H2_INTERNAL_ERROR);
	for (size_t i = 0; i < f->len; i += 6) {
		const char *p = f->payload.ptr + i;
		unsigned id = (unsigned)((uint8_t)p[0] << 8 | (uint8_t)p[1]);
		uint32_t v = h2_u32(p + 2);

		if (id == SET_TABLE)
			table = v;
		else if (id == SET_FRAME)
			h->frame_max = v < H2_FRAME_MAX ? v : H2_FRAME_MAX;
		else if (id == SET_WINDOW && v <= H2_WINDOW_MAX) {
			int64_t more = (int64_t)v - h->window_first;

			h->window_first = v;
			for (size_t k = 0; k < h->n_streams; k++)
				h->stream[k]->window += more;
		}
	}
	h->tables[h->n_tables++] = table;
	return 0;
}

/* True when the frame is to be passed on as it is. */
static bool
engine_window(struct h2 *h, const struct h2_frame *f)
{
	uint32_t n = h2_u32(f->payload.ptr) & H2_WINDOW_MAX, keep;
	struct h2_stream *s;

	if (f->stream != 0) {
		if ((s = find_up(h, f->stream)) != NULL)
			s->window += n;
		return true;
	}
	h->window += n;
	keep = h->owed < n ? (uint32_t)h->owed : n;
	h->owed -= keep;
	if (keep == 0)
		return true;
	if (keep < n)
		h2_put_number(&h->to_client, H2_WINDOW_UPDATE, 0, n - keep);
	return false;
}

/* A whole frame in h->small. */
static int
small_done(struct h2 *h)
{
	struct h2_frame f = h2_frame_head(h->head);
	struct h2_stream *s;
	bool pass = true;

	f.payload = (struct span){ h->small.data, h->small.len };
	if (f.type == H2_SETTINGS && engine_settings(h, &f) < 0)
		return -1;
	if (f.type == H2_WINDOW_UPDATE) {
		if (f.len != 4)
			return h2_fail(h, H2_INTERNAL_ERROR);
		pass = engine_window(h, &f);
	}
	if (f.type == H2_GOAWAY && f.len >= 8)
		engine_goaway(h, h->small.data);
	if (f.type == H2_RST_STREAM && (s = find_up(h, f.stream)) != NULL)
		h2_drop(h, s);
	if (pass) {
		put_head(h, &f);
		buf_putspan(&h->to_client, f.payload);
	}
	buf_reset(&h->small);
	return h->to_client.failed ? h2_fail(h, H2_INTERNAL_ERROR) : 0;
}

static bool
is_small(uint8_t type)
{
	return type == H2_SETTINGS || type == H2_WINDOW_UPDATE ||
	    type == H2_RST_STREAM || type == H2_GOAWAY;
}

/* A frame's last byte has passed. */
static int
engine_frame_done(struct h2 *h)
{
	struct h2_frame f = h2_frame_head(h->head);
	struct h2_stream *s;

	if (is_small(f.type) && small_done(h) < 0)
		return -1;
	h->head_len = 0;
	h->started = true;
	if (f.type == H2_HEADERS || f.type == H2_CONTINUATION)
		h->in_block = !(f.flags & H2_END_HEADERS);
	if ((f.type == H2_HEADERS || f.type == H2_DATA) &&
	    (f.flags & H2_END_STREAM) &&
	    (s = find_up(h, f.stream)) != NULL) {
		s->engine_ended = true;
		h2_settle(h, s);
	}
	return h2_pump(h) < 0 ? -1 : h2_inject(h);
}

/* The head of dockerd's next frame is whole. */
static int
engine_frame_begin(struct h2 *h)
{
	struct h2_frame f = h2_frame_head(h->head);

	h->left = f.len;
	if ((f.stream != 0 && h2_client_id(h, f.stream) == 0) ||
	    f.type == H2_PUSH_PROMISE)
		return h2_fail(h, H2_INTERNAL_ERROR);
	if (is_small(f.type))
		return f.len > H2_FRAME_DATA ?
		    h2_fail(h, H2_INTERNAL_ERROR) : 0;
	return put_head(h, &f);
}

int
h2_from_engine(struct h2 *h, struct span b)
{
	while (b.len > 0) {
		bool fresh = h->head_len < H2_FRAME_HEAD;
		size_t want = fresh ? H2_FRAME_HEAD - h->head_len : h->left;
		size_t n = want < b.len ? want : b.len;

		if (fresh) {
			memcpy(h->head + h->head_len, b.ptr, n);
			h->head_len += n;
			if (n == want && engine_frame_begin(h) < 0)
				return -1;
		} else {
			struct h2_frame f = h2_frame_head(h->head);

			if (buf_add(is_small(f.type) ? &h->small :
			    &h->to_client, b.ptr, n) < 0)
				return h2_fail(h, H2_INTERNAL_ERROR);
			h->left -= (uint32_t)n;
		}
		b.ptr += n;
		b.len -= n;
		if (h->head_len == H2_FRAME_HEAD && h->left == 0 &&
		    engine_frame_done(h) < 0)
			return -1;
	}
	return 0;
}
