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

size_t
span_utf8(struct span s, uint32_t *c)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char b;
	size_t n, i;

	if (s.len == 0)
		return 0;
	b = (unsigned char)s.ptr[0];
	*c = b;
	if (b < 0x80)
		return 1;
	n = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
	if (b < 0xc2 || b > 0xf4 || n > s.len)
		return 0;
	*c = b & (0x7fU >> n);
	for (i = 1; i < n; i++) {
		b = (unsigned char)s.ptr[i];
		if ((b & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (b & 0x3fU);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return n;
}

bool
span_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

bool
span_plain(struct span s)
{
	size_t n;
	uint32_t c;

	for (; s.len > 0; s.ptr += n, s.len -= n) {
		n = span_utf8(s, &c);
		if (n == 0 || span_control(c))
			return false;
	}
	return true;
}
