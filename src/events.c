/*
 * events.c - /var/log/ds01/events.jsonl, in DS01's own schema.
 *
 * Guarantees its readers one whole JSON object a line, with keys in the
 * order of the schema and details that are always strings, whatever names
 * and commands hold; and record.c that nothing here fails or waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "events.h"
#include "log.h"

#define SCHEMA_VERSION "1"
#define SOURCE "docker-wrapper"	/* what its readers know this source as */
/* Six details, user and frame stay below EVENT_LINE_MAX. */
#define VALUE_MAX 520
#define USER_MAX 300
_Static_assert(EVENT_DETAILS_MAX * (VALUE_MAX + 40) + USER_MAX + 200 <
    EVENT_LINE_MAX, "an event must fit");

static struct {
	pthread_mutex_t lock;
	char *path;
	int fd;
	dev_t dev;
	ino_t ino;
	bool warned;
	bool torn;	/* the last line has no end: a full disk */
} file = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

/* --- the line ------------------------------------------------------------ */

struct line {
	char *p, *end;
	bool full;
};

static void
put(struct line *l, const char *s, size_t len)
{
	if (l->full || (size_t)(l->end - l->p) < len) {
		l->full = true;
		return;
	}
	memcpy(l->p, s, len);
	l->p += len;
}

static void
puts_raw(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

/* Decodes one UTF-8 character; what is none is U+FFFD, one byte long. */
static uint32_t
character(const unsigned char **sp)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = *sp;
	int more = *s < 0x80 ? 0 : *s < 0xc2 ? -1 : *s < 0xe0 ? 1 :
	    *s < 0xf0 ? 2 : *s < 0xf5 ? 3 : -1;
	uint32_t c = more <= 0 ? *s : *s & (0x3fu >> more);

	++*sp;
	if (more < 0)
		return 0xfffd;
	for (int i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0xfffd;
		c = c << 6 | (s[i] & 0x3fu);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0xfffd;
	*sp = s + more + 1;
	return c;
}

static size_t
escape(char *out, size_t cap, uint32_t c)
{
	static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
	const char *at;
	int n;

	if (c < 0x80 && (at = strchr(from, (int)c)) && *at)
		n = snprintf(out, cap, "\\%c", to[at - from]);
	else if (c >= 0x20 && c < 0x7f)
		n = snprintf(out, cap, "%c", (char)c);
	else if (c < 0x10000)
		n = snprintf(out, cap, "\\u%04x", c);
	else
		n = snprintf(out, cap, "\\u%04x\\u%04x",
		    0xd800 + ((c - 0x10000) >> 10),
		    0xdc00 + ((c - 0x10000) & 0x3ff));
	return (size_t)n;
}

/* A JSON string of at most max bytes between its quotes, cut with "...". */
static void
put_string(struct line *l, const char *value, size_t max)
{
	const unsigned char *s = (const unsigned char *)value;
	char out[VALUE_MAX + 16], one[16];
	size_t n = 0, fits = 0;

	while (*s) {
		size_t len = escape(one, sizeof(one), character(&s));

		if (n + len > max) {
			n = fits;
			memcpy(out + n, "...", 3);
			n += 3;
			break;
		}
		memcpy(out + n, one, len);
		n += len;
		if (n <= max - 3)
			fits = n;
	}
	puts_raw(l, "\"");
	put(l, out, n);
	puts_raw(l, "\"");
}

static void
put_time(struct line *l, const struct timespec *when)
{
	char date[32], text[64];
	long us = when->tv_nsec / 1000;
	struct tm tm;

	if (!gmtime_r(&when->tv_sec, &tm) ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		(void)snprintf(date, sizeof(date), "1970-01-01T00:00:00");
	/* As Python's isoformat() does: no ".000000". */
	if (us)
		(void)snprintf(text, sizeof(text), "\"%s.%06ldZ\"", date, us);
	else
		(void)snprintf(text, sizeof(text), "\"%sZ\"", date);
	puts_raw(l, text);
}

static void
put_details(struct line *l, const struct event_detail *d, size_t n)
{
	const char *before = ",\"details\":{\"";

	for (size_t i = 0; i < n && i < EVENT_DETAILS_MAX; i++) {
		if (!d[i].value)
			continue;
		puts_raw(l, before);
		puts_raw(l, d[i].key);
		puts_raw(l, "\":");
		put_string(l, d[i].value, VALUE_MAX);
		before = ",\"";
	}
	if (before[1] == '"' && before[2] == '\0')
		puts_raw(l, "}");
}

int
events_format(char *out, size_t cap, const struct timespec *when,
    const char *type, const char *user, const struct event_detail *d,
    size_t n)
{
	struct line l = { out, out + (cap ? cap - 1 : 0), cap == 0 };

	puts_raw(&l, "{\"timestamp\":");
	put_time(&l, when);
	puts_raw(&l, ",\"event_type\":");
	put_string(&l, type, 100);
	puts_raw(&l, ",\"schema_version\":\"" SCHEMA_VERSION "\"");
	if (user && *user) {
		puts_raw(&l, ",\"user\":");
		put_string(&l, user, USER_MAX);
	}
	puts_raw(&l, ",\"source\":\"" SOURCE "\"");
	put_details(&l, d, n);
	puts_raw(&l, "}\n");
	if (l.full)
		return -1;
	*l.p = '\0';
	return (int)(l.p - out);
}

/* --- the file ------------------------------------------------------------ */

/* Once until it works again: the reason is on record, the log is not full of
 * it. */
static void
complain(const char *what)
{
	if (!file.warned)
		warn("%s: %s", file.path, what);
	file.warned = true;
}

static void
shut(void)
{
	if (file.fd >= 0)
		(void)close(file.fd);
	file.fd = -1;
	file.torn = false;
}

/* The file of that name, or -1. */
static int
open_named(struct stat *st)
{
	/* O_NONBLOCK: a FIFO must not hold us. */
	int fd = open(file.path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
	    O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0640);

	if (fd < 0 || (fstat(fd, st) == 0 && S_ISREG(st->st_mode)))
		return fd;
	(void)close(fd);
	errno = EINVAL;
	return -1;
}

/* Between logrotate's rename and its create there is no file, and the gate may
 * not make one there: what is open is kept until the new one is. */
static bool
follow(void)
{
	struct stat st;
	int fd = open_named(&st);

	if (fd < 0) {
		complain(file.fd < 0 ? "cannot be opened, events are not kept" :
		    "cannot be opened, events go on in the file of before");
		return false;
	}
	shut();
	file.fd = fd;
	file.dev = st.st_dev;
	file.ino = st.st_ino;
	return true;
}

/* Is the open file still the one of that name?  logrotate renames. */
static bool
still_there(void)
{
	struct stat st;

	return file.fd >= 0 && lstat(file.path, &st) == 0 &&
	    st.st_dev == file.dev && st.st_ino == file.ino;
}

static void
append(const char *line, size_t len)
{
	char buf[EVENT_LINE_MAX + 2];
	bool current = still_there() || follow();
	size_t at = 0;
	ssize_t n;

	if (file.fd < 0)
		return;
	if (file.torn)
		buf[at++] = '\n';
	memcpy(buf + at, line, len);
	n = write(file.fd, buf, at + len);
	if (n == (ssize_t)(at + len)) {
		file.torn = false;
		if (current)
			file.warned = false;
		return;
	}
	if (n >= 0) {
		if (n > 0)
			file.torn = n > (ssize_t)at || !at;
		errno = ENOSPC;
	}
	complain("cannot be written, events are lost");
}

void
events_open(const char *path)
{
	char *copy = path && *path ? strdup(path) : NULL;

	(void)pthread_mutex_lock(&file.lock);
	if (copy && file.path && strcmp(copy, file.path) == 0) {
		free(copy);
	} else {
		shut();
		free(file.path);
		file.path = copy;
		file.warned = false;
		if (copy)
			(void)follow();
	}
	(void)pthread_mutex_unlock(&file.lock);
}

void
events_close(void)
{
	events_open(NULL);
}

void
events_write(const char *type, const char *user,
    const struct event_detail *d, size_t n)
{
	char line[EVENT_LINE_MAX];
	struct timespec now;
	int len;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	len = events_format(line, sizeof(line), &now, type, user, d, n);
	(void)pthread_mutex_lock(&file.lock);
	if (file.path && len > 0)
		append(line, (size_t)len);
	(void)pthread_mutex_unlock(&file.lock);
}
