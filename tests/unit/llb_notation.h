/*
 * llb_notation.h - protobuf messages as text, for rows of tests.
 *
 *   3=-1       field 3, a number        3'text'   bytes
 *   3{…}       a message                3[a;b;c|d]   a graph: operations a, b
 *   1@0        the digest of the graph's operation 0   and c, then fields d
 */
#ifndef LLB_NOTATION_H
#define LLB_NOTATION_H

#include <stdio.h>
#include <stdlib.h>

#include "protobuf.h"
#include "sha256.h"

struct notation_ops { char digest[64][80]; size_t n; };

static const char *notation(const char *p, struct buf *out,
    struct notation_ops *ops);

static inline void
notation_name(struct notation_ops *ops, struct span op)
{
	unsigned char d[SHA256_BYTES];
	char *at = ops->digest[ops->n++];

	sha256(op, d);
	at += sprintf(at, "sha256:");
	for (int i = 0; i < SHA256_BYTES; i++)
		at += sprintf(at, "%02x", d[i]);
}

static inline const char *
notation_graph(const char *p, struct buf *out)
{
	struct notation_ops ops = { .n = 0 };

	while (*p != ']' && *p != '|') {
		struct buf op cleanup_buf = BUF_INIT(0);

		p = notation(p, &op, &ops);
		if (op.data == NULL)
			buf_puts(&op, "");
		notation_name(&ops, buf_span(&op));
		pb_put_bytes(out, 1, buf_span(&op));
		if (*p == ';')
			p++;
	}
	return *p == '|' ? notation(p + 1, out, &ops) : p;
}

static const char *
notation(const char *p, struct buf *out, struct notation_ops *ops)
{
	while (*p != '\0' && strchr("};|]", *p) == NULL) {
		struct buf in cleanup_buf = BUF_INIT(0);
		char *q, kind;
		uint32_t number = (uint32_t)strtoul(p, &q, 10);

		kind = *q++;
		p = q;
		switch (kind) {
		case '=':
			pb_put_varint(out, number,
			    (uint64_t)strtoll(p, &q, 0));
			p = q;
			break;
		case '\'':
			while (*p != '\'')
				p++;
			pb_put_bytes(out, number, (struct span){ q,
			    (size_t)(p - q) });
			p++;
			break;
		case '@':
			pb_put_bytes(out, number, span_of(
			    ops->digest[strtoul(p, &q, 10)]));
			p = q;
			break;
		default:
			p = kind == '{' ? notation(p, &in, ops) :
			    notation_graph(p, &in);
			pb_put_bytes(out, number, in.len > 0 ?
			    buf_span(&in) : span_of(""));
			p++;
		}
	}
	return p;
}

#endif
