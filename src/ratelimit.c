/*
 * ratelimit.c - how many refusals of one user syslog hears of, and how fast
 * his records come when they are many.
 *
 * Guarantees record.c that it gets an answer whatever the state files are: a
 * link, a FIFO, a directory, somebody else's, garbage, from the future, or
 * not writable.  Time is an argument.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ratelimit.h"

#define COUNT_MAX 1000000000L
#define LOCK_TRIES 250		/* of a millisecond each */
#define NAME_PART_MAX 180	/* bytes of the name that stay readable */

struct state {
	long count;
	int64_t start;
};

/* What this process saw.  One user is enough: a gate serves one. */
static struct {
	pthread_mutex_t lock;
	char user[RATE_FILE_MAX];
	struct state st;
	struct pace_state pace;
} mine = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t
hash(const char *s)
{
	uint64_t h = 14695981039346656037u;	/* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h;
}

static bool
plain(const char *s, const char *user)
{
	return (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
	    (*s >= '0' && *s <= '9') || (*s && strchr("_-@", *s)) ||
	    (*s == '.' && s != user);
}

const char *
ratelimit_file(const char *kind, const char *user, char *out, size_t cap)
{
	size_t n = (size_t)snprintf(out, cap, "%s-", kind), end;
	const char *s = user;

	end = n + NAME_PART_MAX;
	for (; *s && n < end; s++)
		n += (size_t)snprintf(out + n, cap - n, plain(s, user) ?
		    "%c" : "%%%02X", (unsigned char)*s);
	if (*s)
		n += (size_t)snprintf(out + n, cap - n, "%%%016" PRIX64,
		    hash(user));
	(void)snprintf(out + n, cap - n, ".state");
	return out;
}

static int
open_own(const char *path)
{
	struct stat st;
	/* O_NONBLOCK: a FIFO must not hold us. */
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return fd;
	(void)close(fd);
	return -1;
}

/* -1: cannot be had.  What stands in the way is moved out of it once, which
 * works where the directory is ours, as it should be. */
static int
open_file(const char *dir, const char *kind, const char *user)
{
	char path[4096], name[RATE_FILE_MAX];
	int fd, n;

	n = snprintf(path, sizeof(path), "%s/%s", dir,
	    ratelimit_file(kind, user, name, sizeof(name)));
	if (n < 0 || (size_t)n >= sizeof(path))
		return -1;
	fd = open_own(path);
	if (fd < 0 && (unlink(path) == 0 || rmdir(path) == 0))
		fd = open_own(path);
	return fd;
}

/* Locked; -1: it cannot be had. */
static int
open_state(const char *dir, const char *kind, const char *user)
{
	const struct timespec pause = { 0, 1000000 };
	int fd = open_file(dir, kind, user);

	if (fd < 0)
		return -1;
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		(void)nanosleep(&pause, NULL);
	}
	(void)close(fd);
	return -1;
}

/* n numbers without a sign and one blank between them, nothing else; false:
 * it is something else. */
static bool
parse(const char *s, int64_t *v, size_t n)
{
	char *end;

	errno = 0;
	for (size_t i = 0; i < n; i++, s = end + 1) {
		if (*s < '0' || *s > '9')
			return false;
		v[i] = strtoll(s, &end, 10);
		if (errno || (i + 1 < n && *end != ' '))
			return false;
	}
	s--;	/* where the last number ended */
	return *s == '\0' || strcmp(s, "\n") == 0;
}

static bool
read_numbers(int fd, int64_t *v, size_t n)
{
	char text[128];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

	if (len <= 0)
		return false;
	text[len] = '\0';
	return memchr(text, '\0', (size_t)len) == NULL && parse(text, v, n);
}

/* A disk that is full loses them, and "mine" still has them. */
static void
write_numbers(int fd, const int64_t *v, size_t n)
{
	char text[128];
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%" PRId64 "%c", v[i], i + 1 < n ? ' ' : '\n');
	if (ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, text, len, 0);
}

/* mine.lock held. */
static void
remember(const char *user)
{
	if (strncmp(mine.user, user, sizeof(mine.user) - 1) == 0)
		return;
	(void)snprintf(mine.user, sizeof(mine.user), "%s", user);
	mine.st = (struct state){ 0, 0 };
	mine.pace = (struct pace_state){ .owed = 0 };
}

/* --- refusals in syslog -------------------------------------------------- */

static struct state
read_state(int fd)
{
	int64_t v[2];

	if (fd < 0 || !read_numbers(fd, v, 2) || v[0] > COUNT_MAX)
		return (struct state){ 0, 0 };
	return (struct state){ (long)v[0], v[1] };
}

static bool
current(const struct state *st, time_t now)
{
	return st->count > 0 && st->start <= now &&
	    now - st->start <= RATE_WINDOW;
}

static struct rate_verdict
step(struct state *st, long per_hour, time_t now)
{
	struct rate_verdict v = { RATE_FIRST, 1, 0 };

	if (!current(st, now)) {
		/* A count from the future is nobody's: do not report it. */
		if (st->count > per_hour && st->start <= now)
			v.suppressed = st->count - per_hour;
		*st = (struct state){ 1, now };
		return v;
	}
	if (st->count < COUNT_MAX)
		st->count++;
	v.count = st->count;
	v.what = v.count <= per_hour ? RATE_SAY :
	    v.count == per_hour + 1 ? RATE_LAST : RATE_DROP;
	return v;
}

struct rate_verdict
ratelimit_count(const char *dir, const char *user, long per_hour, time_t now)
{
	struct rate_verdict v;
	struct state st;
	int fd;

	(void)pthread_mutex_lock(&mine.lock);
	remember(user);
	fd = open_state(dir, "deny", user);
	st = fd < 0 ? mine.st : read_state(fd);
	/* A file that lost its count does not give a new hour's worth. */
	if (!current(&st, now) && current(&mine.st, now))
		st = mine.st;
	v = step(&st, per_hour, now);
	if (per_hour <= 0)
		v.what = RATE_DROP;
	mine.st = st;
	if (fd >= 0) {
		write_numbers(fd, (const int64_t[]){ st.count, st.start }, 2);
		(void)close(fd);	/* and the lock with it */
	}
	(void)pthread_mutex_unlock(&mine.lock);
	return v;
}

/* --- pace ------------------------------------------------------------------ */

static long
slot_of(int64_t over)
{
	long slot = PACE_SLOT;

	for (; over >= PACE_STEP && slot < PACE_SLOT_MAX; over -= PACE_STEP)
		slot *= 2;
	return slot < PACE_SLOT_MAX ? slot : PACE_SLOT_MAX;
}

long
pace_step(struct pace_state *st, enum pace kind, long after, size_t bytes,
    bool wait, int64_t now)
{
	int64_t *until = &st->until[kind], paid;

	if (*until < now)
		*until = now;
	*until += (int64_t)bytes * PACE_FREE / PACE_RECORD / after;
	if (*until > now + PACE_DEBT_MAX)
		*until = now + PACE_DEBT_MAX;
	if (*until <= now + PACE_FREE)
		return 0;
	if (!wait) {
		st->owed += (int64_t)bytes;
		return 0;
	}
	paid = st->owed < PACE_PAY_MAX ? st->owed : PACE_PAY_MAX;
	st->owed -= paid;
	return (long)(slot_of(*until - now - PACE_FREE) *
	    ((int64_t)bytes + paid) / PACE_RECORD);
}

/* What file and process know, the worse of both: a file that was lost gives
 * nothing back.  What lies further ahead than a debt can is from before the
 * clock was set, and not believed. */
static struct pace_state
read_pace(int fd, int64_t now)
{
	int64_t v[PACE__COUNT + 1];
	struct pace_state st = mine.pace;
	bool good = fd >= 0 && read_numbers(fd, v, PACE__COUNT + 1);

	for (size_t i = 0; i < PACE__COUNT; i++) {
		if (good && v[i] > st.until[i])
			st.until[i] = v[i];
		if (st.until[i] > now + PACE_DEBT_MAX)
			st.until[i] = 0;
	}
	if (good && v[PACE__COUNT] < COUNT_MAX)
		st.owed = v[PACE__COUNT];
	return st;
}

static long
take_slot(const char *dir, const char *user, enum pace kind, long after,
    size_t bytes, bool wait)
{
	struct pace_state st;
	struct timespec t;
	int64_t now;
	long slot;
	int fd;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	(void)pthread_mutex_lock(&mine.lock);
	remember(user);
	fd = open_state(dir, "pace", user);
	st = read_pace(fd, now);
	slot = pace_step(&st, kind, after, bytes, wait, now);
	mine.pace = st;
	if (fd >= 0) {
		write_numbers(fd, (const int64_t[]){ st.until[PACE_REFUSED],
		    st.until[PACE_ALLOWED], st.owed }, PACE__COUNT + 1);
		(void)close(fd);	/* and the lock with it */
	}
	(void)pthread_mutex_unlock(&mine.lock);
	return slot;
}

void
ratelimit_pace(const char *dir, const char *user, enum pace kind, long after,
    size_t bytes, bool wait)
{
	static pthread_mutex_t alone = PTHREAD_MUTEX_INITIALIZER;
	struct timespec t;
	long slot;
	int fd;

	if (after <= 0 || (slot = take_slot(dir, user, kind, after, bytes,
	    wait)) == 0)
		return;
	(void)pthread_mutex_lock(&alone);
	fd = open_file(dir, "slot", user);
	/* Without the file this gate's requests wait for each other. */
	while (fd >= 0 && flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
	t = (struct timespec){ slot / 1000, slot % 1000 * 1000000 };
	(void)nanosleep(&t, NULL);
	if (fd >= 0)
		(void)close(fd);	/* and the lock with it */
	(void)pthread_mutex_unlock(&alone);
}
