/*
 * ratelimit.c - how many refusals of one user syslog hears of, and how fast
 * they come when they are many.
 *
 * Guarantees record.c that it gets an answer whatever the state file is: a
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
ratelimit_file(const char *user, char *out, size_t cap)
{
	size_t n = (size_t)snprintf(out, cap, "deny-"), end;
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
open_file(const char *dir, const char *user, const char *suffix)
{
	char path[4096], name[RATE_FILE_MAX];
	int fd, n;

	n = snprintf(path, sizeof(path), "%s/%s%s", dir,
	    ratelimit_file(user, name, sizeof(name)), suffix);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -1;
	fd = open_own(path);
	if (fd < 0 && (unlink(path) == 0 || rmdir(path) == 0))
		fd = open_own(path);
	return fd;
}

/* Locked; -1: it cannot be had. */
static int
open_state(const char *dir, const char *user)
{
	const struct timespec pause = { 0, 1000000 };
	int fd = open_file(dir, user, "");

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

/* "<count> <epoch>", nothing else; else an empty state. */
static struct state
parse(const char *s)
{
	struct state st = { 0, 0 };
	char *end;

	if (*s < '0' || *s > '9')
		return st;
	errno = 0;
	st.count = strtol(s, &end, 10);
	if (*end != ' ' || end[1] < '0' || end[1] > '9')
		return (struct state){ 0, 0 };
	st.start = strtoll(end + 1, &end, 10);
	if (errno || (*end && strcmp(end, "\n") != 0) ||
	    st.count > COUNT_MAX)
		return (struct state){ 0, 0 };
	return st;
}

static struct state
read_state(int fd)
{
	char text[64];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return (struct state){ 0, 0 };
	text[n] = '\0';
	if (memchr(text, '\0', (size_t)n))
		return (struct state){ 0, 0 };
	return parse(text);
}

static void
write_state(int fd, const struct state *st)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%ld %" PRId64 "\n", st->count,
	    st->start);

	/* A disk that is full loses the count, and mine.st still has it. */
	if (n > 0 && ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, text, (size_t)n, 0);
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
	if (strncmp(mine.user, user, sizeof(mine.user) - 1) != 0) {
		(void)snprintf(mine.user, sizeof(mine.user), "%s", user);
		mine.st = (struct state){ 0, 0 };
	}
	fd = open_state(dir, user);
	st = fd < 0 ? mine.st : read_state(fd);
	/* A file that lost its count does not give a new hour's worth. */
	if (!current(&st, now) && current(&mine.st, now))
		st = mine.st;
	v = step(&st, per_hour, now);
	if (per_hour <= 0)
		v.what = RATE_DROP;
	mine.st = st;
	if (fd >= 0) {
		write_state(fd, &st);
		(void)close(fd);	/* and the lock with it */
	}
	(void)pthread_mutex_unlock(&mine.lock);
	return v;
}

void
ratelimit_brake(const char *dir, const char *user)
{
	static pthread_mutex_t alone = PTHREAD_MUTEX_INITIALIZER;
	const struct timespec slot = { 0, RATE_SLOT * 1000000L };
	int fd;

	(void)pthread_mutex_lock(&alone);
	fd = open_file(dir, user, ".slot");
	/* Without the file this gate's requests wait for each other. */
	while (fd >= 0 && flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
	(void)nanosleep(&slot, NULL);
	if (fd >= 0)
		(void)close(fd);	/* and the lock with it */
	(void)pthread_mutex_unlock(&alone);
}
