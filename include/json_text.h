/*
 * json_text.h - the bytes of JSON text: space, escapes, UTF-8.
 *
 * Internal to json*.c: what the validator and the walker must read alike.
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include "json.h"

static inline bool
json_is_space(char ch)
{
	return ch == ' ' || ch == '\n' || ch == '\t' || ch == '\r';
}

static inline bool
json_is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static inline const char *
json_skip_space(const char *p, const char *end)
{
	while (p < end && json_is_space(*p))
		p++;
	return p;
}

static inline int
json_hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char ch = p[i];

		if (json_is_digit(ch))
			v = v * 16 + (ch - '0');
		else if (ch >= 'a' && ch <= 'f')
			v = v * 16 + (ch - 'a' + 10);
		else if (ch >= 'A' && ch <= 'F')
			v = v * 16 + (ch - 'A' + 10);
		else
			return -1;
	}
	return v;
}

/* Length of the well-formed UTF-8 sequence at p (RFC 3629), 0 if none. */
static inline size_t
json_utf8_len(const char *s, const char *end)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t left = (size_t)(end - s);
	size_t n;
	unsigned char lo = 0x80, hi = 0xbf;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (left < n || p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* One escape at p (at the backslash).  Sets *cp; its length, or 0. */
static inline size_t
json_escape_len(const char *p, const char *end, unsigned *cp)
{
	int hi, lo;

	if (end - p < 2)
		return 0;
	switch (p[1]) {
	case '"': case '\\': case '/':
		*cp = (unsigned char)p[1];
		return 2;
	case 'b': *cp = '\b'; return 2;
	case 'f': *cp = '\f'; return 2;
	case 'n': *cp = '\n'; return 2;
	case 'r': *cp = '\r'; return 2;
	case 't': *cp = '\t'; return 2;
	case 'u': break;
	default: return 0;
	}
	hi = json_hex4(p + 2, end);
	if (hi <= 0 || (hi >= 0xdc00 && hi <= 0xdfff))
		return 0;
	*cp = (unsigned)hi;
	if (hi < 0xd800 || hi > 0xdbff)
		return 6;
	if (end - p < 12 || p[6] != '\\' || p[7] != 'u')
		return 0;
	lo = json_hex4(p + 8, end);
	if (lo < 0xdc00 || lo > 0xdfff)
		return 0;
	*cp = 0x10000u + (((unsigned)hi - 0xd800u) << 10) +
	    ((unsigned)lo - 0xdc00u);
	return 12;
}

#endif
