/*
 * h2: what is refused never reaches dockerd, what passes keeps its order and
 * its credit, and what is malformed ends the connection.
 * links: h2 h2_client h2_engine h2_head relay http buf span reason log
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <pthread.h>

#include <cmocka.h>
#include <nghttp2/nghttp2.h>

#include "h2_conn.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

/* --- a judge ------------------------------------------------------------------ */

static enum h2_verdict
test_open(void *arg, const char *path, int *row, char why[H2_WHY_MAX])
{
	(void)arg;
	*row = 7;
	if (strcmp(path, "/s/Pass") == 0)
		return H2_PASS;
	if (strcmp(path, "/s/Judge") == 0)
		return H2_JUDGE;
	snprintf(why, H2_WHY_MAX, "no: 100%%\n%s", path);
	return H2_REFUSE;
}

static bool
test_header(void *arg, struct span name, struct span value, struct buf *out)
{
	(void)arg;
	if (span_eq(name, "x-drop"))
		return false;
	if (span_eq(name, "x-ref") || span_eq(name, "x-own"))
		buf_puts(out, "mine-");
	return buf_putspan(out, value) == 0;
}

/* "bad…" is refused, anything else gets an end; "big" a long one. */
static enum h2_verdict
test_message(void *arg, int row, struct span body, struct buf *out,
    char why[H2_WHY_MAX])
{
	(void)arg;
	assert_int_equal(row, 7);
	if (body.len >= 3 && memcmp(body.ptr, "bad", 3) == 0) {
		snprintf(why, H2_WHY_MAX, "bad message");
		return H2_REFUSE;
	}
	buf_putspan(out, body);
	buf_puts(out, "+ours");
	if (body.len >= 3 && memcmp(body.ptr, "big", 3) == 0)
		while (out->len < 100000)
			buf_puts(out, "0123456789");
	return H2_PASS;
}

static const struct h2_judge judge = {
	.open = test_open, .header = test_header, .message = test_message,
	.always = "x-own",
};

/* --- a client and a dockerd around it ------------------------------------------ */

struct t {
	struct h2 *h;
	nghttp2_hd_deflater *client;	/* with a dynamic table */
	struct h2_decoder *engine;	/* dockerd's: must never lose step */
	struct h2_decoder *reader;	/* the client's */
	struct buf up, down;		/* all that came out */
	size_t up_at, down_at;
};

static void
collect(struct t *t)
{
	buf_putspan(&t->up, buf_span(h2_to_engine(t->h)));
	buf_reset(h2_to_engine(t->h));
	buf_putspan(&t->down, buf_span(h2_to_client(t->h)));
	buf_reset(h2_to_client(t->h));
}

static int
client_bytes(struct t *t, const void *p, size_t n)
{
	int rc = h2_from_client(t->h, (struct span){ p, n });

	collect(t);
	return rc;
}

static int
client_frame(struct t *t, unsigned type, unsigned flags, uint32_t stream,
    const void *p, size_t n)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	h2_put_frame(&b, (enum h2_type)type, flags, stream,
	    (struct span){ p, n });
	return client_bytes(t, b.data, b.len);
}

static int
engine_frame(struct t *t, unsigned type, unsigned flags, uint32_t stream,
    const void *p, size_t n)
{
	struct buf b cleanup_buf = BUF_INIT(0);
	int rc;

	h2_put_frame(&b, (enum h2_type)type, flags, stream,
	    (struct span){ p, n });
	rc = h2_from_engine(t->h, buf_span(&b));
	collect(t);
	return rc;
}

static int
client_window(struct t *t, unsigned who, uint32_t stream, uint32_t n)
{
	struct buf b cleanup_buf = BUF_INIT(0);
	int rc;

	h2_put_number(&b, H2_WINDOW_UPDATE, stream, n);
	rc = who ? h2_from_engine(t->h, buf_span(&b)) :
	    h2_from_client(t->h, buf_span(&b));
	collect(t);
	return rc;
}

/* A block as grpc-go writes it: indexed into its dynamic table. */
static struct buf
block_of(struct t *t, const char *path)
{
	static uint8_t out[4096];
#define NV(n, v) { (uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), \
	    strlen(n), strlen(v), NGHTTP2_NV_FLAG_NONE }
	nghttp2_nv nv[] = {
		NV(":method", "POST"), NV(":scheme", "http"),
		NV(":path", path), NV(":authority", "localhost"),
		NV("content-type", "application/grpc"), NV("te", "trailers"),
		NV("x-ref", "abc"), NV("x-drop", "secret"),
		NV("user-agent", "test/1"),
	};
	ssize_t n = nghttp2_hd_deflate_hd(t->client, out, sizeof(out), nv,
	    sizeof(nv) / sizeof(nv[0]));
	struct buf b = BUF_INIT(0);

	assert_true(n > 0);
	buf_add(&b, out, (size_t)n);
	return b;
}

static int
call(struct t *t, uint32_t stream, const char *path, bool ends)
{
	struct buf b cleanup_buf = block_of(t, path);

	return client_frame(t, H2_HEADERS, H2_END_HEADERS |
	    (ends ? H2_END_STREAM : 0), stream, b.data, b.len);
}

static void
start(struct t *t)
{
	static const char settings[] = { 0, 4, 0, 1, 0, 0 };

	memset(t, 0, sizeof(*t));
	t->h = h2_new(&judge, NULL);
	assert_int_equal(nghttp2_hd_deflate_new(&t->client, 4096), 0);
	t->engine = h2_decoder_new();
	t->reader = h2_decoder_new();
	assert_int_equal(client_bytes(t, PREFACE, strlen(PREFACE)), 0);
	assert_int_equal(client_frame(t, H2_SETTINGS, 0, 0, "", 0), 0);
	/* INITIAL_WINDOW_SIZE 65536 */
	assert_int_equal(engine_frame(t, H2_SETTINGS, 0, 0, settings, 6), 0);
	assert_int_equal(client_frame(t, H2_SETTINGS, H2_ACK, 0, "", 0), 0);
	assert_memory_equal(t->up.data, PREFACE, strlen(PREFACE));
	t->up_at = t->up.len;
	t->down_at = t->down.len;
}

static void
end(struct t *t)
{
	nghttp2_hd_deflate_del(t->client);
	h2_decoder_free(t->engine);
	h2_decoder_free(t->reader);
	h2_free(t->h);
	buf_free(&t->up);
	buf_free(&t->down);
}

/* The next frame that came out on a side; type 255 when there is none. */
static struct h2_frame
next(struct buf *b, size_t *at)
{
	struct h2_frame f = { .type = 255 };

	if (b->len - *at < H2_FRAME_HEAD)
		return f;
	f = h2_frame_head((const uint8_t *)b->data + *at);
	assert_true(b->len - *at >= H2_FRAME_HEAD + f.len);
	f.payload = (struct span){ b->data + *at + H2_FRAME_HEAD, f.len };
	*at += H2_FRAME_HEAD + f.len;
	return f;
}

static struct h2_frame
up(struct t *t)
{
	return next(&t->up, &t->up_at);
}

static struct h2_frame
down(struct t *t)
{
	return next(&t->down, &t->down_at);
}

static const char *
field(const struct h2_fields *f, const char *name)
{
	static char text[2048];

	for (size_t i = 0; i < f->n; i++)
		if (span_eq(h2_name(f, i), name)) {
			assert_true(span_copy(h2_value(f, i), text,
			    sizeof(text)));
			return text;
		}
	return NULL;
}

static void
expect_up_head(struct t *t, uint32_t stream, const char *path)
{
	struct h2_fields f = { .text = BUF_INIT(H2_FIELDS_BYTES) };
	struct h2_frame fr = up(t);

	assert_int_equal(fr.type, H2_HEADERS);
	assert_int_equal(fr.stream, stream);
	assert_int_equal(h2_decode(t->engine, fr.payload, &f), 0);
	assert_string_equal(field(&f, ":path"), path);
	assert_string_equal(field(&f, ":method"), "POST");
	assert_string_equal(field(&f, "x-ref"), "mine-abc");
	assert_string_equal(field(&f, "x-own"), "mine-");	/* never sent */
	assert_string_equal(field(&f, "user-agent"), "test/1");
	assert_null(field(&f, "x-drop"));
	buf_free(&f.text);
}

static void
expect_up_data(struct t *t, uint32_t stream, const char *text, bool ends)
{
	struct h2_frame f = up(t);

	assert_int_equal(f.type, H2_DATA);
	assert_int_equal(f.stream, stream);
	assert_int_equal(f.len, strlen(text));
	assert_memory_equal(f.payload.ptr, text, f.len);
	assert_int_equal(f.flags & H2_END_STREAM, ends);
}

static void
expect_nothing_up(struct t *t)
{
	assert_int_equal(up(t).type, 255);
}

/* Credit frames in front are stepped over. */
static void
expect_refusal(struct t *t, uint32_t stream, const char *status,
    const char *message)
{
	struct h2_fields f = { .text = BUF_INIT(H2_FIELDS_BYTES) };
	struct h2_frame fr;

	do
		fr = down(t);
	while (fr.type == H2_WINDOW_UPDATE);
	assert_int_equal(fr.type, H2_HEADERS);
	assert_int_equal(fr.stream, stream);
	assert_int_equal(fr.flags, H2_END_STREAM | H2_END_HEADERS);
	assert_int_equal(h2_decode(t->reader, fr.payload, &f), 0);
	assert_string_equal(field(&f, ":status"), "200");
	assert_string_equal(field(&f, "content-type"), "application/grpc");
	assert_string_equal(field(&f, "grpc-status"), status);
	assert_string_equal(field(&f, "grpc-message"), message);
	buf_free(&f.text);
}

static uint64_t
credit(struct t *t, uint32_t stream)
{
	uint64_t sum = 0;
	struct h2_frame f;

	while ((f = down(t)).type != 255)
		if (f.type == H2_WINDOW_UPDATE && f.stream == stream)
			sum += h2_u32(f.payload.ptr);
	return sum;
}

/* --- streams ---------------------------------------------------------------------- */

static void
a_call_that_passes_passes(void **state)
{
	struct t t;

	(void)state;
	start(&t);
	assert_int_equal(call(&t, 1, "/s/Pass", false), 0);
	expect_up_head(&t, 1, "/s/Pass");
	client_frame(&t, H2_DATA, 0, 1, "one", 3);
	client_frame(&t, H2_DATA, H2_END_STREAM, 1, "two", 3);
	expect_up_data(&t, 1, "one", false);
	expect_up_data(&t, 1, "two", true);
	engine_frame(&t, H2_HEADERS, H2_END_HEADERS | H2_END_STREAM, 1,
	    "\x88", 1);
	assert_int_equal(down(&t).type, H2_HEADERS);
	assert_int_equal(h2_n_streams(t.h), 0);
	end(&t);
}

static void
a_refused_call_never_reaches_the_engine(void **state)
{
	struct t t;

	(void)state;
	start(&t);
	assert_int_equal(call(&t, 1, "/s/Refuse", false), 0);
	expect_refusal(&t, 1, "7", "no: 100%25%0A/s/Refuse");
	assert_int_equal(client_frame(&t, H2_DATA, 0, 1, "secret", 6), 0);
	assert_int_equal(client_frame(&t, H2_DATA, H2_END_STREAM, 1, "x", 1),
	    0);
	assert_int_equal(client_window(&t, 0, 1, 100), 0);
	assert_int_equal(client_frame(&t, H2_RST_STREAM, 0, 1, "\0\0\0\x08",
	    4), 0);
	expect_nothing_up(&t);
	assert_null(t.up.len == 0 ? NULL : memmem(t.up.data, t.up.len,
	    "secret", 6));
	/* the client was charged for what nobody will credit */
	assert_int_equal(credit(&t, 0), 7);
	assert_int_equal(h2_n_streams(t.h), 0);
	end(&t);
}

static void
heads_stay_in_step_after_refusals(void **state)
{
	struct t t;

	(void)state;
	start(&t);
	for (uint32_t i = 0; i < 40; i++) {
		char path[32];

		/* a new path each: the client's table moves on */
		snprintf(path, sizeof(path), "/s/No%u", i);
		assert_int_equal(call(&t, 4 * i + 1, path, true), 0);
		assert_int_equal(call(&t, 4 * i + 3, "/s/Pass", true), 0);
		expect_up_head(&t, 2 * i + 1, "/s/Pass");
		expect_nothing_up(&t);
		engine_frame(&t, H2_HEADERS, H2_END_HEADERS | H2_END_STREAM,
		    2 * i + 1, "\x88", 1);
	}
	assert_int_equal(h2_n_streams(t.h), 0);
	end(&t);
}

static void
a_judged_message_is_held_until_it_is_whole(void **state)
{
	struct t t;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Judge", false);
	for (int i = 0; i < 10; i++)
		assert_int_equal(client_frame(&t, H2_DATA, 0, 1, "abc", 3),
		    0);
	expect_nothing_up(&t);
	assert_int_equal(client_frame(&t, H2_DATA, H2_END_STREAM, 1, "", 0),
	    0);
	expect_up_head(&t, 1, "/s/Judge");
	expect_up_data(&t, 1, "abcabcabcabcabcabcabcabcabcabc+ours", true);
	end(&t);
}

static void
a_refused_message_never_reaches_the_engine(void **state)
{
	struct t t;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Judge", false);
	client_frame(&t, H2_DATA, 0, 1, "ba", 2);
	client_frame(&t, H2_DATA, H2_END_STREAM, 1, "d!", 2);
	expect_nothing_up(&t);
	expect_refusal(&t, 1, "7", "bad message");
	assert_int_equal(h2_n_streams(t.h), 0);
	end(&t);
}

/* Streams must be opened in order: a held one comes late. */
static void
interleaved_calls_keep_order_and_numbers(void **state)
{
	struct t t;
	struct h2_frame f;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Judge", false);
	call(&t, 3, "/s/Judge", false);
	call(&t, 5, "/s/Pass", false);
	client_frame(&t, H2_DATA, 0, 1, "a", 1);
	client_frame(&t, H2_DATA, 0, 3, "b", 1);
	client_frame(&t, H2_DATA, 0, 5, "c", 1);
	client_frame(&t, H2_DATA, H2_END_STREAM, 3, "b", 1);
	client_frame(&t, H2_DATA, H2_END_STREAM, 1, "a", 1);
	client_frame(&t, H2_DATA, H2_END_STREAM, 5, "c", 1);
	expect_up_head(&t, 1, "/s/Pass");
	expect_up_data(&t, 1, "c", false);
	expect_up_head(&t, 3, "/s/Judge");
	expect_up_data(&t, 3, "bb+ours", true);
	expect_up_head(&t, 5, "/s/Judge");
	expect_up_data(&t, 5, "aa+ours", true);
	expect_up_data(&t, 1, "c", true);
	t.down_at = t.down.len;
	engine_frame(&t, H2_HEADERS, H2_END_HEADERS, 5, "\x88", 1);
	engine_frame(&t, H2_DATA, H2_END_STREAM, 5, "for1", 4);
	engine_frame(&t, H2_RST_STREAM, 0, 3, "\0\0\0\x08", 4);
	engine_frame(&t, H2_GOAWAY, 0, 0, "\0\0\0\x01\0\0\0\0", 8);
	f = down(&t);
	assert_true(f.type == H2_HEADERS && f.stream == 1);
	f = down(&t);
	assert_true(f.type == H2_DATA && f.stream == 1);
	f = down(&t);
	assert_true(f.type == H2_RST_STREAM && f.stream == 3);
	f = down(&t);
	assert_true(f.type == H2_GOAWAY && h2_u32(f.payload.ptr) == 5);
	end(&t);
}

static void
padding_is_no_part_of_the_message(void **state)
{
	struct t t;
	struct h2_frame f;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Judge", false);
	call(&t, 3, "/s/Pass", false);
	client_frame(&t, H2_DATA, H2_PADDED, 1, "\x03" "abc\0\0\0", 7);
	client_frame(&t, H2_DATA, H2_PADDED | H2_END_STREAM, 1,
	    "\x00" "def", 4);
	client_frame(&t, H2_DATA, H2_PADDED, 3, "\x02" "x\0\0", 4);
	expect_up_head(&t, 1, "/s/Pass");
	expect_up_head(&t, 3, "/s/Judge");
	expect_up_data(&t, 3, "abcdef+ours", true);
	f = up(&t);		/* as it stands: dockerd charges for it */
	assert_true(f.flags == H2_PADDED && f.len == 4);
	assert_int_equal(credit(&t, 0), 11);
	end(&t);
}

static void
heads_may_be_padded_and_in_pieces(void **state)
{
	struct t t;
	struct buf b = BUF_INIT(0), p = BUF_INIT(0);

	(void)state;
	start(&t);
	b = block_of(&t, "/s/Pass");
	buf_add(&p, "\x02\0\0\0\0\x10", 6);	/* padding, priority */
	buf_add(&p, b.data, 3);
	buf_add(&p, "\0\0", 2);
	assert_int_equal(client_frame(&t, H2_HEADERS, H2_PADDED |
	    H2_HAS_PRIORITY, 1, p.data, p.len), 0);
	assert_int_equal(client_frame(&t, H2_CONTINUATION, 0, 1, b.data + 3,
	    1), 0);
	expect_nothing_up(&t);
	assert_int_equal(client_frame(&t, H2_CONTINUATION, H2_END_HEADERS, 1,
	    b.data + 4, b.len - 4), 0);
	expect_up_head(&t, 1, "/s/Pass");
	buf_free(&b);
	buf_free(&p);
	end(&t);
}

static void
any_cut_of_the_bytes_is_the_same(void **state)
{
	struct buf all cleanup_buf = BUF_INIT(0);
	struct t t, u;

	(void)state;
	start(&t);
	{
		struct buf a cleanup_buf = block_of(&t, "/s/Judge");
		struct buf b cleanup_buf = block_of(&t, "/s/Refuse");
		struct buf c cleanup_buf = block_of(&t, "/s/Pass");

		h2_put_frame(&all, H2_HEADERS, H2_END_HEADERS, 1,
		    buf_span(&a));
		h2_put_frame(&all, H2_HEADERS, H2_END_HEADERS, 3,
		    buf_span(&b));
		h2_put_frame(&all, H2_DATA, H2_END_STREAM, 1, span_of("m"));
		h2_put_frame(&all, H2_HEADERS, H2_END_HEADERS, 5,
		    buf_span(&c));
		h2_put_frame(&all, H2_DATA, H2_END_STREAM, 5, span_of("n"));
	}
	start(&u);
	assert_int_equal(client_bytes(&t, all.data, all.len), 0);
	for (size_t i = 0; i < all.len; i++)
		assert_int_equal(client_bytes(&u, all.data + i, 1), 0);
	assert_int_equal(t.up.len, u.up.len);
	assert_memory_equal(t.up.data, u.up.data, t.up.len);
	assert_int_equal(t.down.len, u.down.len);
	assert_memory_equal(t.down.data, u.down.data, t.down.len);
	end(&t);
	end(&u);
}

/* --- flow control ------------------------------------------------------------------- */

static void
held_bytes_are_credited_at_once(void **state)
{
	static char block[16384];
	struct t t;
	uint64_t conn = 0;
	struct h2_frame f;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Judge", false);
	/* 2 MB: far beyond any window that dockerd gave */
	for (int i = 0; i < 128; i++) {
		uint64_t stream = 0;

		assert_int_equal(client_frame(&t, H2_DATA, 0, 1, block,
		    sizeof(block)), 0);
		while ((f = down(&t)).type != 255) {
			assert_int_equal(f.type, H2_WINDOW_UPDATE);
			*(f.stream == 0 ? &conn : &stream) +=
			    h2_u32(f.payload.ptr);
		}
		assert_int_equal(stream, sizeof(block));
	}
	assert_int_equal(conn, 128 * sizeof(block));
	expect_nothing_up(&t);
	end(&t);
}

static void
too_large_a_message_is_refused(void **state)
{
	static char block[16384];
	struct t t;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Judge", false);
	for (size_t i = 0; i <= H2_HOLD_MAX / sizeof(block); i++)
		assert_int_equal(client_frame(&t, H2_DATA, 0, 1, block,
		    sizeof(block)), 0);
	expect_refusal(&t, 1, "8", "message too large");
	expect_nothing_up(&t);
	end(&t);
}

/* Ours may be longer than the window, and the client is not to be given the
 * credit that dockerd gives for it. */
static void
our_bytes_wait_for_the_window_and_are_repaid(void **state)
{
	struct t t;
	struct h2_frame f;
	size_t sent = 0;
	uint64_t given;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Judge", false);
	client_frame(&t, H2_DATA, H2_END_STREAM, 1, "big", 3);
	call(&t, 3, "/s/Pass", false);
	client_frame(&t, H2_DATA, H2_END_STREAM, 3, "later", 5);
	expect_up_head(&t, 1, "/s/Judge");
	while ((f = up(&t)).type == H2_DATA)
		sent += f.len;
	assert_true(sent <= 65535 && sent > 65535 - 16384);
	/* a head does not wait for DATA of other streams */
	assert_int_equal(f.type, H2_HEADERS);
	assert_int_equal(f.stream, 3);
	expect_nothing_up(&t);
	t.down_at = t.down.len;
	client_window(&t, 1, 1, 60000);
	expect_nothing_up(&t);	/* the stream's alone does not do */
	assert_int_equal(credit(&t, 0), 0);
	client_window(&t, 1, 0, 60000);
	/* what was sent by then is kept back, the rest is the client's */
	given = credit(&t, 0);
	assert_int_equal(given, 60000 - sent);
	while ((f = up(&t)).type == H2_DATA && f.stream == 1)
		sent += f.len;
	assert_int_equal(sent, 100008);
	assert_true(f.stream == 3 && f.len == 5);
	client_window(&t, 1, 0, 30000);
	assert_int_equal(credit(&t, 0), 0);
	client_window(&t, 1, 0, 30000);
	given += credit(&t, 0);
	assert_int_equal(given, 60000 + 30000 + 30000 - sent);
	client_window(&t, 1, 0, 123);
	assert_int_equal(credit(&t, 0), 123);
	end(&t);
}

static void
data_of_a_reset_stream_is_dropped_and_credited(void **state)
{
	struct t t;
	struct h2_frame f;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Judge", false);
	client_frame(&t, H2_DATA, H2_END_STREAM, 1, "big", 3);
	call(&t, 3, "/s/Pass", false);
	client_frame(&t, H2_DATA, 0, 3, "waits", 5);
	t.up_at = t.up.len;
	t.down_at = t.down.len;
	client_frame(&t, H2_RST_STREAM, 0, 3, "\0\0\0\x08", 4);
	client_frame(&t, H2_RST_STREAM, 0, 1, "\0\0\0\x08", 4);
	f = up(&t);
	assert_true(f.type == H2_RST_STREAM && f.stream == 3);
	f = up(&t);
	assert_true(f.type == H2_RST_STREAM && f.stream == 1);
	expect_nothing_up(&t);
	assert_int_equal(credit(&t, 0), 5);
	assert_int_equal(h2_n_streams(t.h), 0);
	end(&t);
}

static void
ours_goes_between_whole_frames_only(void **state)
{
	static const char half[] = "\0\0\x04\0\0\0\0\0\x01" "ab";
	struct t t;
	struct h2_frame f;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Pass", true);
	/* dockerd: a head whose end has not come */
	engine_frame(&t, H2_HEADERS, 0, 1, "\x88", 1);
	assert_int_equal(down(&t).type, H2_HEADERS);
	call(&t, 3, "/s/Refuse", true);
	assert_int_equal(down(&t).type, 255);
	engine_frame(&t, H2_CONTINUATION, H2_END_HEADERS, 1, "", 0);
	assert_int_equal(down(&t).type, H2_CONTINUATION);
	expect_refusal(&t, 3, "7", "no: 100%25%0A/s/Refuse");
	/* half a DATA frame */
	assert_int_equal(h2_from_engine(t.h, (struct span){ half,
	    sizeof(half) - 1 }), 0);
	call(&t, 5, "/s/Refuse", true);
	assert_int_equal(h2_from_engine(t.h, span_of("cd")), 0);
	collect(&t);
	f = down(&t);
	assert_true(f.type == H2_DATA && f.len == 4);
	assert_memory_equal(f.payload.ptr, "abcd", 4);
	expect_refusal(&t, 5, "7", "no: 100%25%0A/s/Refuse");
	end(&t);
}

/* --- what ends the connection --------------------------------------------------------- */

#define FRAME(type, flags, stream, payload) \
	{ #type " " #flags " on " #stream, type, flags, stream, payload, \
	  sizeof(payload) - 1 }
static const struct {
	const char *what;
	unsigned type, flags;
	uint32_t stream;
	const char *p;
	size_t n;
} hostile[] = {
	FRAME(H2_DATA, 0, 0, "x"), FRAME(H2_DATA, 0, 2, "x"),
	FRAME(H2_DATA, 0, 99, "x"), FRAME(H2_DATA, H2_PADDED, 1, ""),
	FRAME(H2_DATA, H2_PADDED, 1, "\x02x"),
	FRAME(H2_HEADERS, H2_END_HEADERS, 0, "\x83"),
	FRAME(H2_HEADERS, H2_END_HEADERS, 2, "\x83"),
	FRAME(H2_HEADERS, H2_END_HEADERS, 1, "\x83"),	/* trailers */
	FRAME(H2_HEADERS, H2_END_HEADERS, 3, ""),	/* no path */
	FRAME(H2_HEADERS, H2_END_HEADERS, 3, "\x83\x83\x86\x84"),
	FRAME(H2_HEADERS, H2_END_HEADERS, 3, "\xff\xff\xff\xff\xff\xff"),
	FRAME(H2_HEADERS, H2_END_HEADERS, 3, "\x83\x86\x84\x80"),
	FRAME(H2_HEADERS, H2_END_HEADERS | H2_HAS_PRIORITY, 3, "\0\0\0"),
	FRAME(H2_HEADERS, H2_END_HEADERS | H2_PADDED, 3, "\x09\x83"),
	/* X-Upper: y, a line break in a value, a pseudo-header behind */
	FRAME(H2_HEADERS, H2_END_HEADERS, 3, "\x83\x86\x84\x00\x01X\x01y"),
	FRAME(H2_HEADERS, H2_END_HEADERS, 3, "\x83\x86\x84\x00\x01x\x01\n"),
	FRAME(H2_HEADERS, H2_END_HEADERS, 3, "\x83\x86\x00\x01x\x01y\x84"),
	FRAME(H2_HEADERS, H2_END_HEADERS, 3, "\x83\x86\x84\x00\x02:x\x01y"),
	FRAME(H2_CONTINUATION, H2_END_HEADERS, 1, ""),
	FRAME(H2_PRIORITY, 0, 1, "\0\0\0\0"),
	FRAME(H2_PRIORITY, 0, 0, "\0\0\0\0\x10"),
	FRAME(H2_RST_STREAM, 0, 0, "\0\0\0\x08"),
	FRAME(H2_RST_STREAM, 0, 99, "\0\0\0\x08"),
	FRAME(H2_RST_STREAM, 0, 1, "\0\0\0"),
	FRAME(H2_SETTINGS, 0, 1, ""), FRAME(H2_SETTINGS, 0, 0, "12345"),
	FRAME(H2_SETTINGS, H2_ACK, 0, ""),	/* of nothing */
	FRAME(H2_SETTINGS, H2_ACK, 0, "123456"),
	FRAME(H2_PUSH_PROMISE, H2_END_HEADERS, 1, "\0\0\0\x02\x83"),
	FRAME(H2_PING, 0, 1, "12345678"), FRAME(H2_PING, 0, 0, "1234567"),
	FRAME(H2_GOAWAY, 0, 1, "12345678"), FRAME(H2_GOAWAY, 0, 0, "1234567"),
	FRAME(H2_WINDOW_UPDATE, 0, 0, "\0\0\0\0"),
	FRAME(H2_WINDOW_UPDATE, 0, 0, "\0\0\0"),
	FRAME(H2_WINDOW_UPDATE, 0, 1, "\x80\0\0\0"),
	FRAME(H2_WINDOW_UPDATE, 0, 99, "\0\0\0\1"),
};

static void
hostile_frames_end_the_connection(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct h2_frame f, last = { 0 };
		struct t t;

		start(&t);
		call(&t, 1, "/s/Pass", false);
		expect_up_head(&t, 1, "/s/Pass");
		if (client_frame(&t, hostile[i].type, hostile[i].flags,
		    hostile[i].stream, hostile[i].p, hostile[i].n) == 0)
			fail_msg("%s (%zu) was taken", hostile[i].what, i);
		while ((f = down(&t)).type != 255)
			last = f;
		if (last.type != H2_GOAWAY || h2_u32(last.payload.ptr + 4) ==
		    0 || up(&t).type != 255)
			fail_msg("%s (%zu): no GOAWAY, or it went up",
			    hostile[i].what, i);
		/* and nothing is taken any more */
		assert_int_equal(call(&t, 5, "/s/Pass", true), -1);
		expect_nothing_up(&t);
		end(&t);
	}
}

/* The server's numbers, and those that are over. */
static void
numbers_of_streams_are_odd_and_rise(void **state)
{
	static const uint32_t bad[] = { 0, 2, 6, 5, 3, 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct t t;

		start(&t);
		assert_int_equal(call(&t, 5, "/s/Pass", true), 0);
		assert_int_equal(call(&t, bad[i], "/s/Pass", true), -1);
		end(&t);
	}
}

static void
a_stream_that_ended_takes_no_data(void **state)
{
	struct t t;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Pass", true);
	assert_int_equal(client_frame(&t, H2_DATA, 0, 1, "x", 1), -1);
	end(&t);
}

static void
a_block_is_not_interrupted(void **state)
{
	static const unsigned types[] = { H2_DATA, H2_HEADERS, H2_PING,
	    H2_SETTINGS, H2_WINDOW_UPDATE, H2_CONTINUATION, 99 };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct t t;

		start(&t);
		call(&t, 1, "/s/Pass", false);
		client_frame(&t, H2_HEADERS, 0, 3, "\x83", 1);
		assert_int_equal(client_frame(&t, types[i], 0, 1, "1234", 4),
		    -1);
		end(&t);
	}
}

static void
oversized_heads_end_the_connection(void **state)
{
	static char big[16384];
	struct buf one cleanup_buf = BUF_INIT(0);
	struct t t;
	int rc = 0;

	(void)state;
	/* more bytes than a block may have */
	start(&t);
	rc = client_frame(&t, H2_HEADERS, 0, 1, big, sizeof(big));
	for (int i = 0; i < 4 && rc == 0; i++)
		rc = client_frame(&t, H2_CONTINUATION, 0, 1, big,
		    sizeof(big));
	assert_int_equal(rc, -1);
	end(&t);
	/* CONTINUATION without end */
	start(&t);
	rc = client_frame(&t, H2_HEADERS, 0, 1, "", 0);
	for (int i = 0; i < 100 && rc == 0; i++)
		rc = client_frame(&t, H2_CONTINUATION, 0, 1, "", 0);
	assert_int_equal(rc, -1);
	end(&t);
	/* few bytes that stand for many: an entry of the table, repeated */
	start(&t);
	memset(big, 'v', 3900);
	buf_add(&one, "\x83\x86\x84\x40\x01x", 6);
	buf_add(&one, "\x7f\xbd\x1d", 3);	/* 3900 with 7 bits */
	buf_add(&one, big, 3900);
	for (int i = 0; i < 20; i++)
		buf_add(&one, "\xbe", 1);
	assert_int_equal(client_frame(&t, H2_HEADERS, H2_END_HEADERS, 1,
	    one.data, one.len), -1);
	end(&t);
	/* more fields than there is room for, in a head that is good */
	start(&t);
	buf_reset(&one);
	buf_add(&one, "\x83\x86\x84", 3);
	for (int i = 0; i < H2_FIELDS_MAX - 3; i++)
		buf_add(&one, "\x00\x01x\x01y", 5);
	assert_int_equal(client_frame(&t, H2_HEADERS, H2_END_HEADERS, 1,
	    one.data, one.len), 0);
	buf_add(&one, "\x00\x01x\x01y", 5);
	assert_int_equal(client_frame(&t, H2_HEADERS, H2_END_HEADERS, 3,
	    one.data, one.len), -1);
	end(&t);
}

static void
a_frame_beyond_what_the_engine_takes_ends_it(void **state)
{
	static char big[20000];
	struct t t;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Pass", false);
	assert_int_equal(client_frame(&t, H2_DATA, 0, 1, big, 16385), -1);
	end(&t);
	/* dockerd may take more: SETTINGS_MAX_FRAME_SIZE 32768 */
	start(&t);
	engine_frame(&t, H2_SETTINGS, 0, 0, "\0\5\0\0\x80\0", 6);
	call(&t, 1, "/s/Pass", false);
	assert_int_equal(client_frame(&t, H2_DATA, 0, 1, big, 20000), 0);
	end(&t);
}

static void
frames_without_effect_are_not_passed_on(void **state)
{
	struct t t;
	int rc = 0, n;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Pass", false);
	expect_up_head(&t, 1, "/s/Pass");
	assert_int_equal(client_frame(&t, 0x10, 0, 0, "whatever", 8), 0);
	for (n = 0; n < 20000 && rc == 0; n++)
		rc = client_frame(&t, H2_PRIORITY, 0, 1, "\0\0\0\0\x10", 5);
	assert_int_equal(rc, -1);
	assert_true(n >= 5000);
	expect_nothing_up(&t);
	end(&t);
}

static void
the_preface_is_exact(void **state)
{
	static const char *const bad[] = { "GET / HTTP/1.1\r\n\r\n",
	    "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX" };
	struct buf b cleanup_buf = BUF_INIT(0);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct h2 *h = h2_new(&judge, NULL);

		assert_int_equal(h2_from_client(h, span_of(bad[i])), -1);
		assert_int_equal(h2_to_engine(h)->len, 0);
		/* a SETTINGS of ours, then GOAWAY */
		assert_int_equal(h2_to_client(h)->len, 9 + 17);
		assert_int_equal(h2_to_client(h)->data[3], H2_SETTINGS);
		assert_int_equal(h2_to_client(h)->data[9 + 3], H2_GOAWAY);
		h2_free(h);
	}
	/* SETTINGS come first */
	h2_put_frame(&b, H2_PING, 0, 0, span_of("12345678"));
	{
		struct h2 *h = h2_new(&judge, NULL);

		assert_int_equal(h2_from_client(h, span_of(PREFACE)), 0);
		assert_int_equal(h2_from_client(h, buf_span(&b)), -1);
		assert_int_equal(h2_to_engine(h)->len, strlen(PREFACE));
		h2_free(h);
	}
}

static void
too_many_calls_at_once_are_refused(void **state)
{
	struct t t;

	(void)state;
	start(&t);
	for (uint32_t i = 0; i < H2_STREAMS_MAX; i++)
		assert_int_equal(call(&t, 2 * i + 1, "/s/Judge", false), 0);
	assert_int_equal(call(&t, 2 * H2_STREAMS_MAX + 1, "/s/Judge", false),
	    0);
	expect_refusal(&t, 2 * H2_STREAMS_MAX + 1, "8",
	    "too many calls at once");
	expect_nothing_up(&t);
	end(&t);
}

static void
what_is_no_grpc_is_refused(void **state)
{
	/* indexed: GET, http, /; then content-type: text/plain */
	static const char get[] = "\x82\x86\x84";
	static const char text[] = "\x83\x86\x84\x0f\x10\x0atext/plain";
	static const char longer[] = "\x83\x86\x84\x0f\x10\x13"
	    "application/grpcweb";
	struct t t;

	(void)state;
	start(&t);
	client_frame(&t, H2_HEADERS, H2_END_HEADERS, 1, get, 3);
	expect_refusal(&t, 1, "7", "not a gRPC call");
	client_frame(&t, H2_HEADERS, H2_END_HEADERS, 3, text,
	    sizeof(text) - 1);
	expect_refusal(&t, 3, "7", "not a gRPC call");
	client_frame(&t, H2_HEADERS, H2_END_HEADERS, 5, longer,
	    sizeof(longer) - 1);
	expect_refusal(&t, 5, "7", "not a gRPC call");
	expect_nothing_up(&t);
	end(&t);
}

static void
the_header_table_follows_the_engine(void **state)
{
	struct t t;

	(void)state;
	start(&t);
	call(&t, 1, "/s/Pass", true);
	expect_up_head(&t, 1, "/s/Pass");
	/* SETTINGS_HEADER_TABLE_SIZE 0: from the acknowledgement on */
	engine_frame(&t, H2_SETTINGS, 0, 0, "\0\1\0\0\0\0", 6);
	call(&t, 3, "/s/Pass", true);
	expect_up_head(&t, 3, "/s/Pass");
	assert_int_equal(client_frame(&t, H2_SETTINGS, H2_ACK, 0, "", 0), 0);
	assert_int_equal(up(&t).type, H2_SETTINGS);
	nghttp2_hd_deflate_change_table_size(t.client, 0);
	assert_int_equal(call(&t, 5, "/s/Pass", true), 0);
	expect_up_head(&t, 5, "/s/Pass");
	end(&t);
}

/* --- with sockets ------------------------------------------------------------------------ */

struct loop {
	int client, engine, rc;
	struct buf ahead_client, ahead_engine;
};

static void *
loop_thread(void *arg)
{
	struct loop *l = arg;

	l->rc = h2_relay(l->client, l->engine, &l->ahead_client,
	    &l->ahead_engine, &judge, NULL);
	close(l->client);
	close(l->engine);
	return NULL;
}

static void
drain(int fd, struct buf *to)
{
	char b[4096];
	ssize_t n;

	while ((n = read(fd, b, sizeof(b))) > 0)
		buf_add(to, b, (size_t)n);
}

static void
run_loop(const char *bytes, size_t n, bool good)
{
	struct loop l = { .rc = 1 };
	struct buf up_all cleanup_buf = BUF_INIT(0);
	struct buf down_all cleanup_buf = BUF_INIT(0);
	int a[2], b[2];
	pthread_t th;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	l.client = a[1];
	l.engine = b[1];
	buf_puts(&l.ahead_client, PREFACE);
	h2_put_frame(&l.ahead_engine, H2_SETTINGS, 0, 0, span_of(""));
	pthread_create(&th, NULL, loop_thread, &l);
	assert_int_equal(write(a[0], bytes, n), (ssize_t)n);
	shutdown(a[0], SHUT_WR);
	if (good) {
		drain(b[0], &up_all);	/* until half-close arrives */
		assert_int_equal(write(b[0], "\0\0\0\x04\x01\0\0\0\0", 9), 9);
	}
	close(b[0]);
	drain(a[0], &down_all);
	pthread_join(th, NULL);
	assert_int_equal(l.rc, good ? 0 : -1);
	if (good)
		assert_int_equal(up_all.len, strlen(PREFACE) + n);
	assert_int_equal(down_all.data[3], H2_SETTINGS);
	assert_int_equal(down_all.len, good ? 18 : 9 + 17);
	close(a[0]);
	buf_free(&l.ahead_client);
	buf_free(&l.ahead_engine);
}

static void
the_loop_ends_with_both_sides(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	(void)state;
	h2_put_frame(&b, H2_SETTINGS, 0, 0, span_of(""));
	h2_put_frame(&b, H2_PING, 0, 0, span_of("12345678"));
	run_loop(b.data, b.len, true);
	h2_put_frame(&b, H2_PING, 0, 1, span_of("12345678"));
	run_loop(b.data, b.len, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_that_passes_passes),
		cmocka_unit_test(a_refused_call_never_reaches_the_engine),
		cmocka_unit_test(heads_stay_in_step_after_refusals),
		cmocka_unit_test(a_judged_message_is_held_until_it_is_whole),
		cmocka_unit_test(a_refused_message_never_reaches_the_engine),
		cmocka_unit_test(interleaved_calls_keep_order_and_numbers),
		cmocka_unit_test(padding_is_no_part_of_the_message),
		cmocka_unit_test(heads_may_be_padded_and_in_pieces),
		cmocka_unit_test(any_cut_of_the_bytes_is_the_same),
		cmocka_unit_test(held_bytes_are_credited_at_once),
		cmocka_unit_test(too_large_a_message_is_refused),
		cmocka_unit_test(our_bytes_wait_for_the_window_and_are_repaid),
		cmocka_unit_test(
		    data_of_a_reset_stream_is_dropped_and_credited),
		cmocka_unit_test(ours_goes_between_whole_frames_only),
		cmocka_unit_test(hostile_frames_end_the_connection),
		cmocka_unit_test(numbers_of_streams_are_odd_and_rise),
		cmocka_unit_test(a_stream_that_ended_takes_no_data),
		cmocka_unit_test(a_block_is_not_interrupted),
		cmocka_unit_test(oversized_heads_end_the_connection),
		cmocka_unit_test(a_frame_beyond_what_the_engine_takes_ends_it),
		cmocka_unit_test(frames_without_effect_are_not_passed_on),
		cmocka_unit_test(the_preface_is_exact),
		cmocka_unit_test(too_many_calls_at_once_are_refused),
		cmocka_unit_test(what_is_no_grpc_is_refused),
		cmocka_unit_test(the_header_table_follows_the_engine),
		cmocka_unit_test(the_loop_ends_with_both_sides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
