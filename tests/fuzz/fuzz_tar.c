/*
 * fuzz_tar.c - any bytes as a tar: the same however they arrive, and each
 * member that Go's archive/tar and dockerd's unpacking would put under a
 * watched name was shown, and so was the path of each link.  For the latter
 * a second reader, as lenient as theirs, reads all that the first one let
 * through.
 * links: tarwatch buf span
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tarwatch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SHOWN_MAX 64

static const char *const names[] = { "manifest.json", NULL };

struct shown {
	size_t n;
	size_t len[SHOWN_MAX];
	uint64_t sum[SHOWN_MAX];
	size_t links;
	uint64_t link[SHOWN_MAX];	/* sums of their paths */
};

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static uint64_t
sum_of(const char *p, size_t n)
{
	uint64_t h = 1469598103934665603u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 1099511628211u;
	return h;
}

static int
show(void *arg, const char *name, struct span text)
{
	struct shown *s = arg;

	must(strcmp(name, names[0]) == 0);
	must(text.len <= TAR_HELD_MAX);
	if (s->n == SHOWN_MAX)
		return -1;
	s->len[s->n] = text.len;
	s->sum[s->n++] = sum_of(text.ptr, text.len);
	return 0;
}

static int
show_heavy(void *arg, struct span path)
{
	struct shown *s = arg;

	if (s->links == SHOWN_MAX)
		return -1;
	s->link[s->links++] = sum_of(path.ptr, path.len);
	return 0;
}

/* Bytes that were let through; *whole: to the end. */
static size_t
watch(const uint8_t *data, size_t size, size_t step, struct shown *s,
    bool *whole)
{
	struct tarwatch t;
	size_t at = 0;
	int rc = 0;

	s->n = s->links = 0;
	tarwatch_init(&t, names, show, s);
	t.heavy = show_heavy;
	while (at < size && rc == 0) {
		size_t n = step < size - at ? step : size - at;

		rc = tarwatch_feed(&t, (const char *)data + at, n);
		if (rc == 0)
			at += n;
	}
	*whole = rc == 0 && tarwatch_end(&t) == 0;
	tarwatch_free(&t);
	return at;
}

/* --- the other reader -------------------------------------------------------------- */

static uint64_t
numeric(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	if (p[0] & 0x80) {
		for (size_t i = 0; i < n; i++)
			v = v << 8 | (i == 0 ? p[0] & 0x7f : p[i]);
		return v;
	}
	while (n > 0 && (*p == ' ' || *p == '\0'))
		p++, n--;
	while (n > 0 && *p >= '0' && *p <= '7')
		v = v << 3 | (uint64_t)(*p++ - '0'), n--;
	return v;
}

/* path.Clean(), without a slash in front; false: too deep for us. */
static bool
clean(const char *name, char out[8192])
{
	char parts[64][128];
	size_t n = 0;
	const char *p = name;

	while (*p != '\0') {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.')
			n -= n > 0;
		else if (len > 0 && !(len == 1 && p[0] == '.')) {
			if (n == 64)
				return false;
			snprintf(parts[n++], sizeof(parts[0]), "%.*s",
			    (int)len, p);
		}
		p += len + (p[len] == '/');
	}
	out[0] = '\0';
	for (size_t i = 0, at = 0; i < n; i++)
		at += (size_t)snprintf(out + at, 8192 - at, "%s%s", i > 0 ?
		    "/" : "", parts[i]);
	return true;
}

/* … ends in a watched name? */
static bool
lands(const char *name)
{
	char path[8192];
	const char *slash;

	if (!clean(name, path))
		return false;
	slash = strrchr(path, '/');
	return strcmp(slash != NULL ? slash + 1 : path, names[0]) == 0;
}

/* A link that would land there was shown as the next one. */
static void
must_be_shown(const char *name, const struct shown *s, size_t k)
{
	char path[8192];

	if (clean(name, path) && strlen(name) < 100)
		must(k < s->links && s->link[k] == sum_of(path, strlen(path)));
}

/* The value of key in attributes; the last one counts. */
static bool
pax(const char *p, size_t n, const char *key, char *out, size_t cap)
{
	bool found = false;

	while (n > 0) {
		size_t len = 0, digits = 0, k = strlen(key);

		while (digits < n && p[digits] >= '0' && p[digits] <= '9' &&
		    digits < 9)
			len = len * 10 + (size_t)(p[digits++] - '0');
		if (len < digits + 3 || len > n)
			return found;
		if (len > digits + 2 + k && memcmp(p + digits + 1, key, k) ==
		    0 && p[digits + 1 + k] == '=') {
			snprintf(out, cap, "%.*s", (int)(len - digits - k - 3),
			    p + digits + k + 2);
			found = true;
		}
		p += len;
		n -= len;
	}
	return found;
}

struct reader {
	char name[8192];
	bool named;
	uint64_t size;
	bool sized;
};

/* The name of a header, its prefix in front. */
static void
header_name(const uint8_t *h, struct reader *r)
{
	char prefix[156] = "";

	if (r->named)
		return;
	if (memcmp(h + 257, "ustar\0", 6) == 0)
		snprintf(prefix, sizeof(prefix), "%.155s",
		    (const char *)h + 345);
	snprintf(r->name, sizeof(r->name), "%s%s%.100s", prefix,
	    *prefix != '\0' ? "/" : "", (const char *)h);
}

static bool
special(char type, const char *body, size_t n, struct reader *r)
{
	char size[32];

	if (type == 'L') {
		snprintf(r->name, sizeof(r->name), "%.*s", (int)n, body);
		r->named = r->name[0] != '\0';
	} else if (type == 'x') {
		r->named |= pax(body, n, "path", r->name, sizeof(r->name));
		r->sized = pax(body, n, "size", size, sizeof(size));
		if (r->sized)
			r->size = strtoull(size, NULL, 10);
	} else if (type == 'g')
		r->named = r->sized = false;
	else
		return type == 'K';
	return true;
}

/* Each file that would land under the name, in order, is one of s. */
static void
read_again(const uint8_t *data, size_t size, const struct shown *s)
{
	static const uint8_t zero[TAR_BLOCK];
	struct reader r = { .named = false };
	size_t at = 0, k = 0, links = 0;

	while (size - at >= TAR_BLOCK && memcmp(data + at, zero, TAR_BLOCK)) {
		const uint8_t *h = data + at;
		char type = (char)h[156];
		uint64_t n = numeric(h + 124, 12);

		at += TAR_BLOCK;
		if (n > size - at && strchr("LKxg", type) != NULL)
			return;
		if (type != '\0' && special(type, (const char *)data + at,
		    (size_t)n, &r)) {
			at += (size_t)n;
		} else {
			header_name(h, &r);
			n = r.sized ? r.size : n;
			size_t len = strlen(r.name);
			if (type == '\0' && len > 0 && r.name[len - 1] == '/')
				type = '5';
			if (strchr("123456", type) != NULL && type != '\0')
				n = 0;
			if (n > size - at)
				return;
			if (type == '1' || type == '2')
				must_be_shown(r.name, s, links++);
			if ((type == '0' || type == '\0') && lands(r.name)) {
				must(k < s->n && s->len[k] == n &&
				    s->sum[k] == sum_of((const char *)data +
				    at, (size_t)n));
				k++;
			} else
				must(!lands(r.name));
			at += (size_t)n;
			r = (struct reader){ .named = false };
		}
		at += (TAR_BLOCK - at % TAR_BLOCK) % TAR_BLOCK;
		if (at > size)
			return;
	}
}

/* Sums are hard to guess: they are put right, as far as headers are where
 * one would look for them, so that what is behind them is tried too. */
static void
mend(uint8_t *data, size_t size)
{
	for (size_t at = 0; size - at >= TAR_BLOCK; ) {
		unsigned sum = 0;
		char text[8];
		uint64_t n = numeric(data + at + 124, 12);

		for (size_t i = 0; i < TAR_BLOCK; i++)
			sum += i >= 148 && i < 156 ? ' ' : data[at + i];
		if (sum != 256) {
			snprintf(text, sizeof(text), "%06o", sum);
			memcpy(data + at + 148, text, 8);
		}
		at += TAR_BLOCK;
		if (n > size - at)
			return;
		at += (size_t)((n + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK);
		if (at > size)
			return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	struct shown whole, bytes;
	bool a, b;

	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	for (int round = 0; round < 2; round++) {
		watch(copy, size, size > 0 ? size : 1, &whole, &a);
		size_t through = watch(copy, size, 1, &bytes, &b);
		must(a == b && whole.n == bytes.n &&
		    whole.links == bytes.links);
		read_again(copy, through, &bytes);
		mend(copy, size);
	}
	free(copy);
	return 0;
}
