/*
 * ratelimit.h - how many refusals of one user syslog hears of.
 *
 * Counts in a file of the service user's, so that all gates of a user share
 * one count and a new gate does not start afresh.  What the file holds is
 * never trusted: nothing in it can silence a user's first refusal of an hour
 * for longer than that hour, and without it the process counts by itself.
 */
#ifndef RATELIMIT_H
#define RATELIMIT_H

#include <stddef.h>
#include <time.h>

#define RATE_WINDOW 3600	/* seconds from the first refusal on */

enum rate {
	RATE_FIRST,	/* the first of this window: say it loud */
	RATE_SAY,	/* one of those that are said */
	RATE_LAST,	/* the first that is not: say that it ends here */
	RATE_DROP	/* say nothing */
};

struct rate_verdict {
	enum rate what;
	long count;		/* of this window, this one included */
	long suppressed;	/* RATE_FIRST: how many the last window hid */
};

/* Counts one refusal of user at the time now.  dir holds the state files.
 * per_hour 0: always RATE_DROP, but counted.  Thread-safe; never waits for long. */
struct rate_verdict ratelimit_count(const char *dir, const char *user,
    long per_hour, time_t now);

/* Waits for one slot of RATE_SLOT, of which a user has one at a time over all
 * his gates and threads: what he can write into everybody's logs is bounded,
 * and nothing is lost.  Whoever has hung up keeps his slot. */
#define RATE_SLOT 200	/* milliseconds */
void ratelimit_brake(const char *dir, const char *user);

/* "deny-<user>.state" with every byte that is not a letter, digit, '_', '-',
 * '@' or an inner '.' as %XX; a very long name ends in its hash.  Returns
 * out; cap must be at least RATE_FILE_MAX. */
#define RATE_FILE_MAX 256
const char *ratelimit_file(const char *user, char *out, size_t cap);

#endif
