/*
 * protobuf.h - protobuf's wire format from strangers.
 *
 * Walks one level of a message; nothing is copied, spans point into it.
 * Strict where Go's decoders differ among themselves: groups, field numbers
 * above 2^29-1 (cut to 32 bits by some), overlong numbers and lengths beyond
 * the end make the whole message bad.
 */
#ifndef PROTOBUF_H
#define PROTOBUF_H

#include "buf.h"

enum pb_wire { PB_VARINT = 0, PB_FIXED64 = 1, PB_BYTES = 2, PB_FIXED32 = 5 };

struct pb_field {
	uint32_t number;
	enum pb_wire wire;
	uint64_t value;		/* PB_VARINT */
	struct span bytes;	/* PB_BYTES: strings, messages, maps' entries */
	struct span raw;	/* the whole field with its tag */
};

struct pb_iter {
	struct span rest;
	bool bad;
};

static inline struct pb_iter
pb_iter(struct span message)
{
	return (struct pb_iter){ .rest = message };
}

/* False at the end, or at what is no field: then it->bad is set. */
bool pb_next(struct pb_iter *it, struct pb_field *f);

/* An entry of map<string, X>: key 1, value 2, each at most once, nothing
 * else; what is absent is "".  False: not such an entry. */
bool pb_entry(struct span entry, struct span *key, struct span *value);

int pb_put_varint(struct buf *out, uint32_t number, uint64_t value);
int pb_put_bytes(struct buf *out, uint32_t number, struct span bytes);
/* An entry of map<string, string>. */
int pb_put_entry(struct buf *out, uint32_t number, struct span key,
    struct span value);

#endif
