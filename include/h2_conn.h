/*
 * h2_conn.h - what the h2 files share: one connection's state.
 */
#ifndef H2_CONN_H
#define H2_CONN_H

#include "h2.h"

enum h2_type {
	H2_DATA, H2_HEADERS, H2_PRIORITY, H2_RST_STREAM, H2_SETTINGS,
	H2_PUSH_PROMISE, H2_PING, H2_GOAWAY, H2_WINDOW_UPDATE, H2_CONTINUATION
};
enum { H2_END_STREAM = 0x1, H2_ACK = 0x1, H2_END_HEADERS = 0x4,
    H2_PADDED = 0x8, H2_HAS_PRIORITY = 0x20 };
enum { H2_NO_ERROR, H2_PROTOCOL_ERROR, H2_INTERNAL_ERROR,
    H2_FLOW_CONTROL_ERROR, H2_SETTINGS_TIMEOUT, H2_STREAM_CLOSED,
    H2_FRAME_SIZE_ERROR, H2_REFUSED_STREAM, H2_CANCEL, H2_COMPRESSION_ERROR,
    H2_CONNECT_ERROR, H2_ENHANCE_YOUR_CALM };
enum { GRPC_PERMISSION_DENIED = 7, GRPC_RESOURCE_EXHAUSTED = 8 };

#define H2_FRAME_HEAD 9
#define H2_FRAME_DATA 16384	/* payload that every receiver takes */
#define H2_FRAME_MAX (1 << 20)	/* of the client's, whatever dockerd takes */
#define H2_WINDOW_MAX 0x7fffffff
#define H2_OPENED_MAX (1 << 20)	/* streams in a connection's life */

struct h2_frame {
	uint32_t len, stream;
	uint8_t type, flags;
	struct span payload;
};

struct h2_stream {		/* open, and not refused */
	uint32_t id;		/* the client's */
	uint32_t up;		/* dockerd's; 0 while held */
	bool held;		/* dockerd knows nothing of it yet */
	bool client_ended, engine_ended;
	int row;
	size_t queued;		/* frames of it in h2->data */
	int64_t window;		/* what dockerd takes on it */
	struct buf head, body;	/* held: block to be sent, body so far */
};

struct h2 {
	const struct h2_judge *judge;
	void *arg;
	struct buf to_client, to_engine;
	uint32_t error;

	/* client -> dockerd */
	struct buf in;		/* a frame not yet whole */
	bool preface, settings;	/* were seen */
	uint32_t last;		/* highest stream id */
	uint32_t frame_max;	/* dockerd's SETTINGS_MAX_FRAME_SIZE */
	unsigned idle;		/* frames without effect so far */
	struct buf block;	/* header block being collected */
	uint32_t block_stream;	/* 0: none is */
	bool block_ends;	/* its END_STREAM */
	unsigned block_frames;
	struct h2_decoder *decoder;
	struct h2_fields fields;
	struct h2_stream *stream[H2_STREAMS_MAX];
	size_t n_streams, held;	/* held: bytes in all bodies */
	/* Streams must be opened in the order of their numbers, and a held
	 * one comes late: dockerd's side has numbers of its own.  The
	 * client's, by dockerd's: for as long as the connection lasts, since
	 * either side may still speak of a stream that is over. */
	struct buf ids;

	/* DATA on its way up, while dockerd's windows are too small for it:
	 * one byte (ours or the client's), then the frame */
	struct buf data;
	size_t data_at;
	int64_t window;		/* what dockerd takes on the connection */
	int64_t window_first;	/* of a new stream: SETTINGS */
	uint64_t owed;		/* credit that dockerd will give for bytes
				 * which the client never was charged for */

	/* dockerd -> client */
	uint8_t head[H2_FRAME_HEAD];
	size_t head_len;
	uint32_t left;		/* payload bytes still to pass */
	bool started;		/* its SETTINGS have passed */
	bool in_block;		/* between HEADERS and END_HEADERS */
	struct buf small;	/* a frame that is looked into */
	struct buf inject;	/* our frames, for the next boundary */
	uint32_t tables[16];	/* header table sizes the client has yet to
				 * acknowledge; UINT32_MAX: not said */
	size_t n_tables;
};

/* h2.c */
int h2_fail(struct h2 *h, uint32_t error);	/* -1 */
struct h2_stream *h2_find(struct h2 *h, uint32_t id);
/* Gives the stream dockerd's next number. */
int h2_number(struct h2 *h, struct h2_stream *s);
/* The client's number for one of dockerd's; 0: there is none. */
uint32_t h2_client_id(const struct h2 *h, uint32_t up);
void h2_drop(struct h2 *h, struct h2_stream *s);
void h2_settle(struct h2 *h, struct h2_stream *s); /* drops what has ended */
int h2_put_frame(struct buf *out, enum h2_type type, unsigned flags,
    uint32_t stream, struct span payload);
void h2_set_stream(char head[H2_FRAME_HEAD], uint32_t stream);
int h2_put_number(struct buf *out, enum h2_type type, uint32_t stream,
    uint32_t value);
struct h2_frame h2_frame_head(const uint8_t b[H2_FRAME_HEAD]);
uint32_t h2_u32(const void *p);
/* h2_client.c, h2_engine.c */
/* Queues a DATA frame and sends what the windows allow.  ours: not charged
 * to the client. */
int h2_send_data(struct h2 *h, struct h2_stream *s, unsigned flags,
    struct span payload, bool ours);
int h2_pump(struct h2 *h);
/* Puts what waits for it between two of dockerd's frames. */
int h2_inject(struct h2 *h);
/* Gives the client back the credit of bytes that dockerd will not see. */
int h2_credit(struct h2 *h, uint32_t stream, size_t n);

#endif
