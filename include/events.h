/*
 * events.h - /var/log/ds01/events.jsonl, in DS01's own schema.
 *
 * One line an event, ASCII, in one write of less than EVENT_LINE_MAX bytes,
 * so that lines of several writers do not mix.  Values are cut one by one to
 * fit: a long value never empties the others.  A file that cannot be written
 * is warned of once and costs nothing else.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <stddef.h>
#include <time.h>

#define EVENT_LINE_MAX 4000
#define EVENT_DETAILS_MAX 6

struct event_detail {
	const char *key;	/* ours: plain ASCII */
	const char *value;	/* anybody's; NULL: the detail is left out */
};

/* The line with its newline.  Pure.  Returns its length, or -1. */
int events_format(char *out, size_t cap, const struct timespec *when,
    const char *type, const char *user, const struct event_detail *d,
    size_t n);

/* path "" or NULL: no events.  Thread-safe, as the next is; may be called
 * again with another path. */
void events_open(const char *path);
void events_close(void);
/* Follows the file when it was renamed or truncated by logrotate; until a new
 * one can be opened it goes on in the old one. */
void events_write(const char *type, const char *user,
    const struct event_detail *d, size_t n);

#endif
