/*
 * h2_head.c - HTTP/2 header blocks: read with HPACK, written without.
 *
 * Reading is libnghttp2's (Huffman codes and the dynamic table are not to be
 * written by hand in a gatekeeper); this is the one file that includes it.
 * Writing needs only literals without indexing, which change nothing in the
 * reader's table: blocks may be left out, added and reordered at will.
 */
#include <stdio.h>
#include <stdlib.h>

#include <nghttp2/nghttp2.h>

#include "h2.h"

#define TABLE_MAX (64 * 1024)	/* bytes; Go's servers announce 4096 */

struct h2_decoder {
	nghttp2_hd_inflater *in;
};

struct h2_decoder *
h2_decoder_new(void)
{
	struct h2_decoder *d = calloc(1, sizeof(*d));

	if (d != NULL && nghttp2_hd_inflate_new(&d->in) != 0) {
		free(d);
		return NULL;
	}
	return d;
}

void
h2_decoder_free(struct h2_decoder *d)
{
	if (d == NULL)
		return;
	nghttp2_hd_inflate_del(d->in);
	free(d);
}

int
h2_decoder_resize(struct h2_decoder *d, uint32_t size)
{
	if (size > TABLE_MAX)
		return -1;
	return nghttp2_hd_inflate_change_table_size(d->in, size) == 0 ? 0 : -1;
}

static int
keep(struct h2_fields *out, const nghttp2_nv *nv)
{
	struct h2_field *f = &out->v[out->n];

	if (out->n == H2_FIELDS_MAX || nv->namelen == 0 ||
	    nv->namelen + nv->valuelen > H2_FIELDS_BYTES - out->text.len)
		return -1;
	f->name = out->text.len;
	f->name_len = nv->namelen;
	f->value = f->name + nv->namelen;
	f->value_len = nv->valuelen;
	if (buf_add(&out->text, nv->name, nv->namelen) < 0 ||
	    (nv->valuelen > 0 && buf_add(&out->text, nv->value,
	    nv->valuelen) < 0))
		return -1;
	out->n++;
	return 0;
}

int
h2_decode(struct h2_decoder *d, struct span block, struct h2_fields *out)
{
	const uint8_t *p = (const uint8_t *)block.ptr;
	size_t left = block.len;

	buf_reset(&out->text);
	out->n = 0;
	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t n = nghttp2_hd_inflate_hd2(d->in, &nv, &flags, p, left,
		    1);

		if (n < 0 || (size_t)n > left)
			return -1;
		p += n;
		left -= (size_t)n;
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) && keep(out, &nv) < 0)
			return -1;
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			break;
		if (n == 0 && !(flags & NGHTTP2_HD_INFLATE_EMIT))
			return -1;
	}
	nghttp2_hd_inflate_end_headers(d->in);
	return left == 0 ? 0 : -1;
}

struct span
h2_name(const struct h2_fields *f, size_t i)
{
	return (struct span){ f->text.data + f->v[i].name, f->v[i].name_len };
}

struct span
h2_value(const struct h2_fields *f, size_t i)
{
	return (struct span){ f->text.data + f->v[i].value,
	    f->v[i].value_len };
}

/* A string without Huffman: its length with a prefix of seven bits. */
static int
put_string(struct buf *out, struct span s)
{
	unsigned char b[12];
	size_t n = 0, v = s.len;

	if (v < 127) {
		b[n++] = (unsigned char)v;
	} else {
		b[n++] = 127;
		for (v -= 127; v >= 128; v >>= 7)
			b[n++] = (unsigned char)((v & 127) | 128);
		b[n++] = (unsigned char)v;
	}
	if (buf_add(out, b, n) < 0)
		return -1;
	return s.len == 0 ? 0 : buf_putspan(out, s);
}

int
h2_put_field(struct buf *block, struct span name, struct span value)
{
	if (buf_add(block, "\0", 1) < 0 || put_string(block, name) < 0)
		return -1;
	return put_string(block, value);
}

/* gRPC's percent-encoding: printable ASCII but '%' stands for itself. */
static int
put_message(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x20 && c < 0x7f && c != '%')
			buf_add(out, s, 1);
		else
			buf_printf(out, "%%%02X", c);
	}
	return out->failed ? -1 : 0;
}

int
h2_put_error(struct buf *block, int status, const char *message)
{
	struct buf text cleanup_buf = BUF_INIT(3 * H2_WHY_MAX);
	char code[16];

	snprintf(code, sizeof(code), "%d", status);
	if (put_message(&text, message) < 0 || buf_puts(&text, "") < 0)
		return -1;
	buf_add(block, "\x88", 1);	/* static table: ":status: 200" */
	h2_put_field(block, span_of("content-type"),
	    span_of("application/grpc"));
	h2_put_field(block, span_of("grpc-status"), span_of(code));
	return h2_put_field(block, span_of("grpc-message"), buf_span(&text));
}
