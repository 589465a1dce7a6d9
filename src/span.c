/*
 * span.c - borrowed bytes.
 *
 * Guarantees that a C string made of a span means the same bytes: what does
 * not fit or holds a NUL is no string at all.
 */
#include "span.h"

bool
span_copy(struct span s, char *out, size_t cap)
{
	if (cap == 0)
		return false;
	out[0] = '\0';
	if (s.len >= cap || (s.len > 0 && memchr(s.ptr, '\0', s.len) != NULL))
		return false;
	if (s.len > 0)
		memcpy(out, s.ptr, s.len);
	out[s.len] = '\0';
	return true;
}
