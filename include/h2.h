/*
 * h2.h - HTTP/2 between a gRPC client and dockerd, one direction inspected.
 *
 * Every frame of the client is parsed before dockerd sees it.  Each stream's
 * head is decoded, put to a judge, and written afresh without HPACK's
 * dynamic table, so that what is held back cannot bring the two sides out of
 * step.  A stream is passed on, refused (dockerd sees nothing of it, the
 * client gets a gRPC error), or held until its one message is there and
 * judged; what the judge writes goes up in its place.  dockerd's frames pass
 * with their stream numbers changed to the client's, without the credit
 * (WINDOW_UPDATE of the connection) that belongs to what we wrote ourselves.
 * Malformed, oversized or out of order: the connection ends with GOAWAY.
 */
#ifndef H2_H
#define H2_H

#include "buf.h"

#define H2_PATH_MAX 256		/* bytes of a gRPC method's path, with NUL */
#define H2_WHY_MAX 1280		/* bytes of a refusal's text, with NUL */
#define H2_HOLD_MAX ((size_t)16 << 20)	/* bytes held on one connection */
#define H2_STREAMS_MAX 256	/* open at once; dockerd allows 250 */

enum h2_verdict { H2_PASS, H2_JUDGE, H2_REFUSE };

struct h2_judge {
	/* A new stream; row is kept for message().  H2_REFUSE: why is filled */
	enum h2_verdict (*open)(void *arg, const char *path, int *row,
	    char why[H2_WHY_MAX]);
	/* A header as it goes up: its value in out.  False: left out.
	 * Pseudo-headers, content-type and te are not asked about. */
	bool (*header)(void *arg, struct span name, struct span value,
	    struct buf *out);
	/* The whole body of an H2_JUDGE stream, with gRPC's prefix; out gets
	 * what is sent instead.  H2_PASS or H2_REFUSE with why filled. */
	enum h2_verdict (*message)(void *arg, int row, struct span body,
	    struct buf *out, char why[H2_WHY_MAX]);
	/* The name of a header that goes up even where the client sent none:
	 * header() is asked about it with "".  NULL: no such header. */
	const char *always;
};

/* Runs the connection until both sides have ended.  0, or -1 when it was
 * ended here because of what the client sent. */
int h2_relay(int client, int engine, struct buf *ahead_client,
    struct buf *ahead_engine, const struct h2_judge *j, void *arg);

/* --- the same without sockets: h2_relay() itself, tests, fuzzing ---------- */

struct h2;
struct h2 *h2_new(const struct h2_judge *j, void *arg);	/* NULL: no memory */
void h2_free(struct h2 *h);
/* Takes bytes of one side.  0, or -1: the connection must end; what is in
 * h2_to_client() then ends with GOAWAY. */
int h2_from_client(struct h2 *h, struct span bytes);
int h2_from_engine(struct h2 *h, struct span bytes);
/* What is to be written; consume what was. */
struct buf *h2_to_client(struct h2 *h);
struct buf *h2_to_engine(struct h2 *h);
size_t h2_n_streams(const struct h2 *h);

/* --- h2_head.c: header blocks --------------------------------------------- */

#define H2_BLOCK_MAX (32 * 1024)	/* bytes of a compressed block */
#define H2_FIELDS_MAX 64
#define H2_FIELDS_BYTES (32 * 1024)	/* bytes of names and values */

struct h2_field { size_t name, name_len, value, value_len; };
struct h2_fields {		/* offsets into text */
	struct buf text;
	struct h2_field v[H2_FIELDS_MAX];
	size_t n;
};

struct h2_decoder;		/* HPACK state of one direction */
struct h2_decoder *h2_decoder_new(void);
void h2_decoder_free(struct h2_decoder *d);
/* The peer has accepted this SETTINGS_HEADER_TABLE_SIZE. */
int h2_decoder_resize(struct h2_decoder *d, uint32_t size);
/* One whole block.  -1: malformed or more than the bounds. */
int h2_decode(struct h2_decoder *d, struct span block, struct h2_fields *out);
struct span h2_name(const struct h2_fields *f, size_t i);
struct span h2_value(const struct h2_fields *f, size_t i);
/* A literal that leaves the reader's dynamic table alone. */
int h2_put_field(struct buf *block, struct span name, struct span value);
/* The block of a gRPC answer that is nothing but an error. */
int h2_put_error(struct buf *block, int status, const char *message);

#endif
