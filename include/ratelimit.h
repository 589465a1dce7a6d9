/*
 * ratelimit.h - how many refusals of one user syslog hears of, and how fast
 * his records come when they are many.
 *
 * Counts in files of the service user's, so that all gates of a user share
 * one count and a new gate does not start afresh.  What the files hold is
 * never trusted: nothing in them can silence a user's first refusal of an
 * hour for longer than that hour, and without them the process counts by
 * itself.
 */
#ifndef RATELIMIT_H
#define RATELIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

/* --- pace --------------------------------------------------------------------
 *
 * Records of all users are in one audit log, and Debian's auditd keeps the
 * last 40 MB of it: 80,000 records.  They must not be one user's in less
 * than about a day.
 *
 * A record is a debt that time pays: PACE_FREE divided by how many may come
 * at full speed.  So that many may come at once, and a quarter of them each
 * hour from then on.  Who owes more gets slots, one at a time over all his
 * gates and threads; they begin with a fifth of a second and double with each
 * PACE_STEP of debt until they are PACE_SLOT_MAX.
 *
 *   allowed, 10,000 at once: 25,000 in the first four hours, then 2,500 an
 *   hour, which is a slot between 0.8 and 1.6 s: 80,000 in 22 hours
 *   refused, 1,000 at once: 3,000 in the first half hour, then 1,800 an hour,
 *   which is the longest slot: 80,000 in 43 hours
 *   both together: slots of one user do not overlap, so as the faster one
 *
 * Debt and slots are in proportion to the bytes, and a record counts as
 * PACE_RECORD at least: most have 350 to 500, with what the kernel and auditd
 * put around them, and the longest 3,000.  Equal records are not put together:
 * each has an event's id that somebody was told. */
enum pace { PACE_REFUSED, PACE_ALLOWED, PACE__COUNT };

#define PACE_RECORD 512			/* bytes */
#define PACE_FREE (4 * 3600 * 1000)	/* milliseconds, as all that follow */
#define PACE_STEP (2 * 3600 * 1000)
#define PACE_DEBT_MAX (12 * 3600 * 1000)	/* a night's rest pays it */
#define PACE_SLOT 200
#define PACE_SLOT_MAX 2000
#define PACE_PAY_MAX (8 * PACE_RECORD)	/* bytes that one slot pays late */

struct pace_state {
	int64_t until[PACE__COUNT];	/* when the debt will be paid */
	int64_t owed;			/* bytes that had no slot yet */
};

/* Counts a record of so many bytes and returns for how long its slot lasts,
 * 0 when it needs none.  wait false: the slot is left to the next.  Pure. */
long pace_step(struct pace_state *st, enum pace kind, long after,
    size_t bytes, bool wait, int64_t now);

/* The same for that user, and waits for the slot's end.  Nothing is lost;
 * whoever has hung up keeps his slot.  after 0: does nothing. */
void ratelimit_pace(const char *dir, const char *user, enum pace kind,
    long after, size_t bytes, bool wait);

/* "<kind>-<user>.state" with every byte that is not a letter, digit, '_', '-',
 * '@' or an inner '.' as %XX; a very long name ends in its hash.  kind is
 * "deny", "pace" or "slot".  Returns out; cap must be at least
 * RATE_FILE_MAX. */
#define RATE_FILE_MAX 256
const char *ratelimit_file(const char *kind, const char *user, char *out,
    size_t cap);

#endif
