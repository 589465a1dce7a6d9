/*
 * tar_make.h - tars, made member by member, for tests.
 */
#ifndef TAR_MAKE_H
#define TAR_MAKE_H

#include <stdio.h>

#include "buf.h"
#include "tarwatch.h"

/* The header of a member as GNU tar would write it: the name that stands in
 * it, its type and size. */
static inline void
tar_head(unsigned char h[TAR_BLOCK], const char *name, char type, size_t size)
{
	char octal[32];
	size_t n = strlen(name);

	memset(h, 0, TAR_BLOCK);
	memcpy(h, name, n < 100 ? n : 100);
	memcpy(h + 100, "0000644", 8);
	memcpy(h + 108, "0000000", 8);
	memcpy(h + 116, "0000000", 8);
	snprintf(octal, sizeof(octal), "%011zo", size);
	memcpy(h + 124, octal, 12);
	memcpy(h + 136, "00000000000", 12);
	h[156] = (unsigned char)type;
	memcpy(h + 257, "ustar\0" "00", 8);
}

static inline void
tar_sum(unsigned char h[TAR_BLOCK])
{
	unsigned sum = 0;

	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
}

/* A body with zeros behind it to the end of a block. */
static inline void
tar_body(struct buf *b, const void *body, size_t len)
{
	static const char zeros[TAR_BLOCK];

	buf_add(b, body, len);
	buf_add(b, zeros, (TAR_BLOCK - len % TAR_BLOCK) % TAR_BLOCK);
}

static inline void
tar_add(struct buf *b, const char *name, char type, const char *body)
{
	unsigned char h[TAR_BLOCK];
	size_t len = strlen(body);

	tar_head(h, name, type, len);
	tar_sum(h);
	buf_add(b, h, sizeof(h));
	tar_body(b, body, len);
}

static inline void
tar_finish(struct buf *b)
{
	static const char zeros[2 * TAR_BLOCK];

	buf_add(b, zeros, sizeof(zeros));
}

#endif
