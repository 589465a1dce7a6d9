/*
 * span.h - borrowed bytes.
 *
 * A span points into memory that somebody else owns; it is not terminated
 * and may hold any byte.  It is valid as long as that memory is unchanged.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct span {
	const char *ptr;
	size_t len;
};

static inline struct span
span_of(const char *s)
{
	return (struct span){ s, s ? strlen(s) : 0 };
}

static inline bool
span_eq(struct span a, const char *b)
{
	return a.len == strlen(b) && memcmp(a.ptr, b, a.len) == 0;
}

/* ASCII case is ignored: for header names and media types only. */
static inline bool
span_caseeq(struct span a, const char *b)
{
	return a.len == strlen(b) && strncasecmp(a.ptr, b, a.len) == 0;
}

/* Copies into a NUL-terminated array.  False (and "") when it does not fit
 * or holds a NUL byte, so that a C string never means less than the bytes. */
bool span_copy(struct span s, char *out, size_t cap);

/* Bytes of the UTF-8 sequence at the front (shortest form, no surrogate),
 * with its code point in c; 0 if there is none. */
size_t span_utf8(struct span s, uint32_t *c);

/* What a terminal obeys instead of showing it: C0 and DEL; C1, which some
 * take for escape sequences; U+2028 and U+2029, lines to some readers; marks
 * that turn what follows round (U+202A-E, U+2066-9).  Joiners are letters to
 * Persian and to emoji, and are none. */
bool span_control(uint32_t c);
/* UTF-8 without such. */
bool span_plain(struct span s);

#endif
