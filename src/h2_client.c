/*
 * h2_client.c - the client's frames.
 *
 * Strict: whatever RFC 9113 calls a connection error ends the connection,
 * and so do trailers, which no gRPC client sends.  PRIORITY and unknown
 * frames have no effect and go no further.
 */
#include <stdlib.h>

#include "h2_conn.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define IDLE_MAX 10000		/* frames without effect on one connection */
#define BLOCK_FRAMES_MAX 64
#define SETTINGS_MAX (32 * 6)

/* --- heads of streams ------------------------------------------------------------ */

static int
refuse_stream(struct h2 *h, uint32_t id, int status, const char *why)
{
	struct buf block cleanup_buf = BUF_INIT(H2_FRAME_DATA);

	if (h2_put_error(&block, status, why) < 0 ||
	    h2_put_frame(&h->inject, H2_HEADERS, H2_END_STREAM |
	    H2_END_HEADERS, id, buf_span(&block)) < 0)
		return h2_fail(h, H2_INTERNAL_ERROR);
	return h2_inject(h);
}

struct request_line {		/* pseudo-headers */
	struct span method, path, scheme, type;
};

static bool
clean_value(struct span v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.ptr[i] < 0x20 || v.ptr[i] == 0x7f)
			return false;
	return true;
}

static bool
clean_name(struct span n)
{
	for (size_t i = 0; i < n.len; i++)
		if (!((n.ptr[i] >= 'a' && n.ptr[i] <= 'z') ||
		    (n.ptr[i] >= '0' && n.ptr[i] <= '9') ||
		    strchr("-_.", n.ptr[i]) != NULL))
			return false;
	return n.len > 0;
}

/* False: no request of RFC 9113 8.3.1. */
static bool
read_line(const struct h2_fields *f, struct request_line *l)
{
	struct span authority = { NULL, 0 };
	bool regular = false;

	memset(l, 0, sizeof(*l));
	for (size_t i = 0; i < f->n; i++) {
		struct span n = h2_name(f, i), v = h2_value(f, i), *to = NULL;

		if (!clean_value(v))
			return false;
		if (n.ptr[0] != ':') {
			regular = true;
			if (!clean_name(n))
				return false;
			if (!span_eq(n, "content-type"))
				continue;
			to = &l->type;
		} else if (regular) {
			return false;
		} else if (span_eq(n, ":method"))
			to = &l->method;
		else if (span_eq(n, ":path"))
			to = &l->path;
		else if (span_eq(n, ":scheme"))
			to = &l->scheme;
		else if (span_eq(n, ":authority"))
			to = &authority;
		if (to == NULL || to->ptr != NULL)
			return false;
		*to = v;
	}
	return l->method.ptr != NULL && l->path.ptr != NULL &&
	    l->scheme.ptr != NULL;
}

/* One header, if the judge lets it pass, as he wants it. */
static int
write_header(struct h2 *h, struct span name, struct span v, struct buf *out)
{
	struct buf value cleanup_buf = BUF_INIT(H2_FIELDS_BYTES);

	if (h->judge->header(h->arg, name, v, &value))
		h2_put_field(out, name, buf_span(&value));
	return value.failed ? -1 : 0;
}

/* The block that goes up: nothing in it that the judge did not let pass. */
static int
write_block(struct h2 *h, const char *path, struct buf *out)
{
	const char *always = h->judge->always;

	h2_put_field(out, span_of(":method"), span_of("POST"));
	h2_put_field(out, span_of(":scheme"), span_of("http"));
	h2_put_field(out, span_of(":path"), span_of(path));
	h2_put_field(out, span_of(":authority"), span_of("localhost"));
	h2_put_field(out, span_of("content-type"),
	    span_of("application/grpc"));
	h2_put_field(out, span_of("te"), span_of("trailers"));
	for (size_t i = 0; i < h->fields.n; i++) {
		struct span n = h2_name(&h->fields, i);

		if (n.ptr[0] == ':' || span_eq(n, "content-type") ||
		    span_eq(n, "te"))
			continue;
		if (always != NULL && span_eq(n, always))
			always = NULL;
		if (write_header(h, n, h2_value(&h->fields, i), out) < 0)
			return -1;
	}
	if (always != NULL &&
	    write_header(h, span_of(always), span_of(""), out) < 0)
		return -1;
	return out->failed ? -1 : 0;
}

/* The stream is dockerd's from here on. */
static int
send_head(struct h2 *h, struct h2_stream *s, bool ends)
{
	struct span block = buf_span(&s->head);
	enum h2_type type = H2_HEADERS;
	unsigned flags = ends ? H2_END_STREAM : 0;

	if (h2_number(h, s) < 0)
		return -1;
	do {
		struct span part = block;

		if (part.len > H2_FRAME_DATA)
			part.len = H2_FRAME_DATA;
		block.ptr += part.len;
		block.len -= part.len;
		if (block.len == 0)
			flags |= H2_END_HEADERS;
		if (h2_put_frame(&h->to_engine, type, flags, s->up, part) < 0)
			return h2_fail(h, H2_INTERNAL_ERROR);
		type = H2_CONTINUATION;
		flags = 0;
	} while (block.len > 0);
	buf_free(&s->head);
	return 0;
}

static struct h2_stream *
new_stream(struct h2 *h, uint32_t id)
{
	struct h2_stream *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->id = id;
	s->window = h->window_first;
	s->head = (struct buf)BUF_INIT(2 * H2_FIELDS_BYTES);
	s->body = (struct buf)BUF_INIT(H2_HOLD_MAX);
	h->stream[h->n_streams++] = s;
	return s;
}

/* The held message is whole. */
static int
judge_stream(struct h2 *h, struct h2_stream *s)
{
	struct buf out cleanup_buf = BUF_INIT(2 * H2_HOLD_MAX);
	char why[H2_WHY_MAX] = "";
	size_t at = 0;

	if (h->judge->message(h->arg, s->row, buf_span(&s->body), &out, why)
	    != H2_PASS || out.failed || out.len == 0) {
		uint32_t id = s->id;

		h2_drop(h, s);
		return refuse_stream(h, id, GRPC_PERMISSION_DENIED, why);
	}
	h->held -= s->body.len;
	buf_free(&s->body);
	if (send_head(h, s, false) < 0)
		return -1;
	s->held = false;
	s->client_ended = true;
	while (at < out.len) {
		struct span part = { out.data + at, out.len - at };

		if (part.len > H2_FRAME_DATA)
			part.len = H2_FRAME_DATA;
		at += part.len;
		if (h2_send_data(h, s, at == out.len ? H2_END_STREAM : 0,
		    part, true) < 0)
			return -1;
	}
	return 0;
}

static int
open_stream(struct h2 *h, const char *path)
{
	uint32_t id = h->block_stream;
	char why[H2_WHY_MAX] = "";
	struct h2_stream *s;
	int row = 0;
	enum h2_verdict v = h->judge->open(h->arg, path, &row, why);

	if (v == H2_REFUSE)
		return refuse_stream(h, id, GRPC_PERMISSION_DENIED, why);
	if (h->n_streams == H2_STREAMS_MAX)
		return refuse_stream(h, id, GRPC_RESOURCE_EXHAUSTED,
		    "too many calls at once");
	s = new_stream(h, id);
	if (s == NULL || write_block(h, path, &s->head) < 0)
		return h2_fail(h, H2_INTERNAL_ERROR);
	s->row = row;
	s->held = v == H2_JUDGE;
	s->client_ended = h->block_ends;
	if (s->held)
		return h->block_ends ? judge_stream(h, s) : 0;
	return send_head(h, s, h->block_ends);
}

/* A header block is whole: it must be read even if its stream is refused. */
static int
block_done(struct h2 *h)
{
	struct request_line l;
	char path[H2_PATH_MAX];
	uint32_t id = h->block_stream;
	int rc;

	if (h2_decode(h->decoder, buf_span(&h->block), &h->fields) < 0)
		return h2_fail(h, H2_COMPRESSION_ERROR);
	if (!read_line(&h->fields, &l))
		return h2_fail(h, H2_PROTOCOL_ERROR);
	if (!span_eq(l.method, "POST") || l.type.len < 16 ||
	    memcmp(l.type.ptr, "application/grpc", 16) != 0 ||
	    (l.type.len > 16 && !span_eq(l.type, "application/grpc+proto")) ||
	    !span_copy(l.path, path, sizeof(path)))
		rc = refuse_stream(h, id, GRPC_PERMISSION_DENIED,
		    "not a gRPC call");
	else
		rc = open_stream(h, path);
	h->block_stream = 0;
	buf_reset(&h->block);
	return rc;
}

static int
add_block(struct h2 *h, const struct h2_frame *f, struct span part)
{
	if (++h->block_frames > BLOCK_FRAMES_MAX ||
	    buf_putspan(&h->block, part) < 0)
		return h2_fail(h, H2_ENHANCE_YOUR_CALM);
	return f->flags & H2_END_HEADERS ? block_done(h) : 0;
}

/* Takes padding off.  False: more padding than payload. */
static bool
unpad(const struct h2_frame *f, struct span *p)
{
	size_t pad;

	*p = f->payload;
	if (!(f->flags & H2_PADDED))
		return true;
	if (p->len == 0)
		return false;
	pad = (uint8_t)p->ptr[0];
	if (pad > p->len - 1)
		return false;
	p->ptr++;
	p->len -= 1 + pad;
	return true;
}

/* --- one function a frame type ------------------------------------------------------ */

static int
on_headers(struct h2 *h, const struct h2_frame *f)
{
	struct span part;

	if (f->stream % 2 == 0 || f->stream <= h->last || !unpad(f, &part))
		return h2_fail(h, H2_PROTOCOL_ERROR);
	if (f->flags & H2_HAS_PRIORITY) {
		if (part.len < 5)
			return h2_fail(h, H2_FRAME_SIZE_ERROR);
		part.ptr += 5;
		part.len -= 5;
	}
	h->last = h->block_stream = f->stream;
	h->block_ends = f->flags & H2_END_STREAM;
	h->block_frames = 0;
	return add_block(h, f, part);
}

static int
on_continuation(struct h2 *h, const struct h2_frame *f)
{
	if (h->block_stream == 0)
		return h2_fail(h, H2_PROTOCOL_ERROR);
	return add_block(h, f, f->payload);
}

/* Credit comes from here for held bytes: dockerd sees them only later, as
 * ours. */
static int
hold(struct h2 *h, struct h2_stream *s, const struct h2_frame *f,
    struct span part)
{
	if (part.len > H2_HOLD_MAX - h->held) {
		uint32_t id = s->id;

		h2_drop(h, s);
		if (h2_credit(h, 0, f->len) < 0)
			return -1;
		return refuse_stream(h, id, GRPC_RESOURCE_EXHAUSTED,
		    "message too large");
	}
	if (buf_putspan(&s->body, part) < 0)
		return h2_fail(h, H2_INTERNAL_ERROR);
	h->held += part.len;
	if (h2_credit(h, f->flags & H2_END_STREAM ? 0 : s->id, f->len) < 0)
		return -1;
	return f->flags & H2_END_STREAM ? judge_stream(h, s) : 0;
}

static int
on_data(struct h2 *h, const struct h2_frame *f)
{
	struct h2_stream *s;
	struct span part;

	if (f->stream % 2 == 0 || f->stream > h->last || !unpad(f, &part))
		return h2_fail(h, H2_PROTOCOL_ERROR);
	if (f->len == 0 && !(f->flags & H2_END_STREAM) &&
	    ++h->idle > IDLE_MAX)
		return h2_fail(h, H2_ENHANCE_YOUR_CALM);
	s = h2_find(h, f->stream);
	if (s == NULL)		/* refused, reset or over: goes nowhere */
		return h2_credit(h, 0, f->len);
	if (s->client_ended)
		return h2_fail(h, H2_STREAM_CLOSED);
	if (s->held)
		return hold(h, s, f, part);
	s->client_ended = f->flags & H2_END_STREAM;
	return h2_send_data(h, s, f->flags & (H2_END_STREAM | H2_PADDED),
	    f->payload, false);
}

static int
pass(struct h2 *h, const struct h2_frame *f, uint32_t up)
{
	if (h2_put_frame(&h->to_engine, (enum h2_type)f->type,
	    f->flags & H2_ACK, up, f->payload) < 0)
		return h2_fail(h, H2_INTERNAL_ERROR);
	return 0;
}

static int
on_rst_stream(struct h2 *h, const struct h2_frame *f)
{
	struct h2_stream *s;

	if (f->len != 4)
		return h2_fail(h, H2_FRAME_SIZE_ERROR);
	if (f->stream == 0 || f->stream > h->last)
		return h2_fail(h, H2_PROTOCOL_ERROR);
	s = h2_find(h, f->stream);
	if (s == NULL)
		return 0;
	if (!s->held && pass(h, f, s->up) < 0)
		return -1;
	h2_drop(h, s);
	return h2_pump(h);
}

static int
on_settings(struct h2 *h, const struct h2_frame *f)
{
	if (f->stream != 0)
		return h2_fail(h, H2_PROTOCOL_ERROR);
	if (f->flags & H2_ACK) {
		if (f->len != 0)
			return h2_fail(h, H2_FRAME_SIZE_ERROR);
		if (h->n_tables == 0)
			return h2_fail(h, H2_PROTOCOL_ERROR);
		if (h->tables[0] != UINT32_MAX &&
		    h2_decoder_resize(h->decoder, h->tables[0]) < 0)
			return h2_fail(h, H2_COMPRESSION_ERROR);
		h->n_tables--;
		memmove(h->tables, h->tables + 1,
		    h->n_tables * sizeof(h->tables[0]));
	} else if (f->len % 6 != 0 || f->len > SETTINGS_MAX)
		return h2_fail(h, H2_FRAME_SIZE_ERROR);
	return pass(h, f, 0);
}

static int
on_ping(struct h2 *h, const struct h2_frame *f)
{
	if (f->stream != 0)
		return h2_fail(h, H2_PROTOCOL_ERROR);
	return f->len != 8 ? h2_fail(h, H2_FRAME_SIZE_ERROR) : pass(h, f, 0);
}

static int
on_goaway(struct h2 *h, const struct h2_frame *f)
{
	if (f->stream != 0)
		return h2_fail(h, H2_PROTOCOL_ERROR);
	if (f->len < 8 || f->len > 1024)
		return h2_fail(h, H2_FRAME_SIZE_ERROR);
	return pass(h, f, 0);
}

static int
on_window_update(struct h2 *h, const struct h2_frame *f)
{
	struct h2_stream *s;

	if (f->len != 4)
		return h2_fail(h, H2_FRAME_SIZE_ERROR);
	if (f->stream > h->last ||
	    (h2_u32(f->payload.ptr) & H2_WINDOW_MAX) == 0)
		return h2_fail(h, H2_PROTOCOL_ERROR);
	if (f->stream == 0)
		return pass(h, f, 0);
	s = h2_find(h, f->stream);
	return s == NULL || s->held ? 0 : pass(h, f, s->up);
}

static int
on_nothing(struct h2 *h, const struct h2_frame *f)
{
	if (f->type == H2_PRIORITY && (f->len != 5 || f->stream == 0))
		return h2_fail(h, H2_FRAME_SIZE_ERROR);
	return ++h->idle > IDLE_MAX ? h2_fail(h, H2_ENHANCE_YOUR_CALM) : 0;
}

static int
on_push(struct h2 *h, const struct h2_frame *f)
{
	(void)f;		/* a client does not push */
	return h2_fail(h, H2_PROTOCOL_ERROR);
}

static int (*const on_frame[])(struct h2 *, const struct h2_frame *) = {
	[H2_DATA] = on_data, [H2_HEADERS] = on_headers,
	[H2_PRIORITY] = on_nothing, [H2_RST_STREAM] = on_rst_stream,
	[H2_SETTINGS] = on_settings, [H2_PUSH_PROMISE] = on_push,
	[H2_PING] = on_ping, [H2_GOAWAY] = on_goaway,
	[H2_WINDOW_UPDATE] = on_window_update,
	[H2_CONTINUATION] = on_continuation,
};

/* --- frames off the stream of bytes --------------------------------------------------- */

static int
take_frame(struct h2 *h, const struct h2_frame *f)
{
	/* a header block is not to be interrupted by anything */
	if (h->block_stream != 0 && (f->type != H2_CONTINUATION ||
	    f->stream != h->block_stream))
		return h2_fail(h, H2_PROTOCOL_ERROR);
	if (!h->settings) {
		if (f->type != H2_SETTINGS || (f->flags & H2_ACK))
			return h2_fail(h, H2_PROTOCOL_ERROR);
		h->settings = true;
	}
	if (f->type >= sizeof(on_frame) / sizeof(on_frame[0]))
		return on_nothing(h, f);
	return on_frame[f->type](h, f);
}

static int
take_preface(struct h2 *h, size_t *at)
{
	size_t n = h->in.len < sizeof(PREFACE) - 1 ? h->in.len :
	    sizeof(PREFACE) - 1;

	if (n > 0 && memcmp(h->in.data, PREFACE, n) != 0)
		return h2_fail(h, H2_PROTOCOL_ERROR);
	if (n < sizeof(PREFACE) - 1)
		return 0;
	h->preface = true;
	*at = n;
	return buf_puts(&h->to_engine, PREFACE);
}

static int
take_all(struct h2 *h)
{
	size_t at = 0;

	if (!h->preface && take_preface(h, &at) < 0)
		return -1;
	while (h->preface && h->in.len - at >= H2_FRAME_HEAD) {
		struct h2_frame f = h2_frame_head(
		    (const uint8_t *)h->in.data + at);

		if (f.len > h->frame_max)
			return h2_fail(h, H2_FRAME_SIZE_ERROR);
		if (h->in.len - at < H2_FRAME_HEAD + f.len)
			break;
		f.payload = (struct span){ h->in.data + at + H2_FRAME_HEAD,
		    f.len };
		if (take_frame(h, &f) < 0)
			return -1;
		at += H2_FRAME_HEAD + f.len;
	}
	buf_consume(&h->in, at);
	return 0;
}

int
h2_from_client(struct h2 *h, struct span bytes)
{
	char b[8];

	if (h->error != H2_NO_ERROR)
		return -1;
	if (buf_putspan(&h->in, bytes) == 0 && take_all(h) == 0)
		return 0;
	(void)h2_fail(h, H2_INTERNAL_ERROR);
	for (int i = 0; i < 4; i++) {
		b[i] = (char)(h->last >> (24 - 8 * i));
		b[4 + i] = (char)(h->error >> (24 - 8 * i));
	}
	if (!h->started && h->head_len == 0) {
		/* a server's first frame; dockerd's has not come yet */
		h2_put_frame(&h->inject, H2_SETTINGS, 0, 0, span_of(""));
		h->started = true;
	}
	h2_put_frame(&h->inject, H2_GOAWAY, 0, 0, (struct span){ b, 8 });
	(void)h2_inject(h);
	return -1;
}
