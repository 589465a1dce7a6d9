/*
 * buf.h - a growing byte buffer with a hard upper bound.
 *
 * Any failure (bound passed, out of memory) is remembered in .failed and
 * makes every later add fail, so a writer may check once, at the end.
 * The owner frees with buf_free(); .data is borrowed until the next add.
 * .data is always NUL-terminated once anything was added.
 */
#ifndef BUF_H
#define BUF_H

#include "span.h"

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max;	/* bytes; 0 means BUF_MAX */
	bool failed;
};

#define BUF_MAX ((size_t)64 << 20)
#define BUF_INIT(limit) { .max = (limit) }
#define cleanup_buf __attribute__((cleanup(buf_free)))

void buf_free(struct buf *b);
void buf_reset(struct buf *b);		/* empties, keeps the memory */
int buf_reserve(struct buf *b, size_t extra); /* room for extra more bytes */
int buf_add(struct buf *b, const void *data, size_t len); /* 0 or -1 */
int buf_puts(struct buf *b, const char *s);
int buf_putspan(struct buf *b, struct span s);
int buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* s for somebody's terminal: what is no visible ASCII becomes '?'. */
int buf_putvisible(struct buf *b, const char *s);
void buf_consume(struct buf *b, size_t n);	/* drops n bytes in front */
static inline struct span
buf_span(const struct buf *b)
{
	return (struct span){ b->data, b->len };
}

#endif
