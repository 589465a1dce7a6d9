/*
 * protobuf.c - protobuf's wire format.  See protobuf.h.
 */
#include "protobuf.h"

#define FIELD_MAX ((1u << 29) - 1)

/* One varint off the front: at most ten bytes, 64 bits. */
static bool
take_varint(struct span *s, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s->len && i < 10; i++) {
		unsigned char b = (unsigned char)s->ptr[i];

		if (i == 9 && b > 1)
			return false;
		v |= (uint64_t)(b & 0x7f) << (7 * i);
		if (b < 0x80) {
			s->ptr += i + 1;
			s->len -= i + 1;
			*out = v;
			return true;
		}
	}
	return false;
}

static bool
take_bytes(struct span *s, size_t len, struct span *out)
{
	if (len > s->len)
		return false;
	*out = (struct span){ s->ptr, len };
	s->ptr += len;
	s->len -= len;
	return true;
}

static bool
take_field(struct span *s, struct pb_field *f)
{
	uint64_t tag, len;

	if (!take_varint(s, &tag) || tag >> 3 > FIELD_MAX || tag >> 3 == 0)
		return false;
	f->number = (uint32_t)(tag >> 3);
	switch (tag & 7) {
	case PB_VARINT:
		f->wire = PB_VARINT;
		return take_varint(s, &f->value);
	case PB_FIXED64:
		f->wire = PB_FIXED64;
		return take_bytes(s, 8, &f->bytes);
	case PB_BYTES:
		f->wire = PB_BYTES;
		return take_varint(s, &len) && len <= s->len &&
		    take_bytes(s, (size_t)len, &f->bytes);
	case PB_FIXED32:
		f->wire = PB_FIXED32;
		return take_bytes(s, 4, &f->bytes);
	}
	return false;		/* groups, and what there is not */
}

bool
pb_next(struct pb_iter *it, struct pb_field *f)
{
	struct span start = it->rest;

	if (it->bad || it->rest.len == 0)
		return false;
	memset(f, 0, sizeof(*f));
	if (!take_field(&it->rest, f)) {
		it->bad = true;
		return false;
	}
	f->raw = (struct span){ start.ptr, start.len - it->rest.len };
	return true;
}

bool
pb_entry(struct span entry, struct span *key, struct span *value)
{
	struct pb_iter it = pb_iter(entry);
	struct span got[2] = { { "", 0 }, { "", 0 } };
	bool seen[2] = { false, false };
	struct pb_field f;

	while (pb_next(&it, &f)) {
		if (f.number > 2 || f.wire != PB_BYTES || seen[f.number - 1])
			return false;
		seen[f.number - 1] = true;
		got[f.number - 1] = f.bytes;
	}
	*key = got[0];
	*value = got[1];
	return !it.bad;
}

/* --- writing ----------------------------------------------------------------- */

static int
put_number(struct buf *out, uint64_t v)
{
	unsigned char b[10];
	size_t n = 0;

	do {
		b[n] = (unsigned char)(v & 0x7f);
		v >>= 7;
		if (v != 0)
			b[n] |= 0x80;
		n++;
	} while (v != 0);
	return buf_add(out, b, n);
}

static size_t
number_len(uint64_t v)
{
	size_t n = 1;

	while (v >>= 7)
		n++;
	return n;
}

int
pb_put_varint(struct buf *out, uint32_t number, uint64_t value)
{
	put_number(out, (uint64_t)number << 3 | PB_VARINT);
	return put_number(out, value);
}

int
pb_put_bytes(struct buf *out, uint32_t number, struct span bytes)
{
	put_number(out, (uint64_t)number << 3 | PB_BYTES);
	put_number(out, bytes.len);
	return bytes.len == 0 ? (out->failed ? -1 : 0) :
	    buf_putspan(out, bytes);
}

int
pb_put_entry(struct buf *out, uint32_t number, struct span key,
    struct span value)
{
	size_t len = 2 + number_len(key.len) + key.len +
	    number_len(value.len) + value.len;

	put_number(out, (uint64_t)number << 3 | PB_BYTES);
	put_number(out, len);
	pb_put_bytes(out, 1, key);
	return pb_put_bytes(out, 2, value);
}
