/*
 * making.c - what a user is making now counts as if it were made.
 *
 * A place is a locked byte of the user's file.  Guarantees that what exists
 * and what is being made are never more than the bound together: each takes
 * its place first, counts the places taken then, and what exists last.  Of
 * all that pass, the one that counted places last saw every other: its place
 * was taken, or what it made was there already.
 *
 * What ends between the two counts is counted twice.  Far from the bound
 * that is no matter, and nobody waits.  Near it they count again, one after
 * the other, until what is under way is done; who waits for his turn has no
 * place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "making.h"
#include "userlock.h"

#define PLACES 1024		/* of a kind; the next byte is whose turn it is */
#define WAIT_SECONDS 20
#define PAUSE_NS 10000000
#define UNDER_WAY ", with those that are being made now"

static const char *path = DS01_RUN_DIR "/making";

void
making_dir(const char *p)
{
	path = p;
}

static off_t
first_place(enum object kind)
{
	return kind == OBJ_NETWORK ? PLACES + 1 : 0;
}

/* Places of others among the n from at on. */
static int64_t
taken(int fd, off_t at, off_t n)
{
	if (userlock(fd, F_OFD_GETLK, F_WRLCK, at, n) != 1)
		return 0;
	return n == 1 ? 1 : taken(fd, at, n / 2) +
	    taken(fd, at + n / 2, n - n / 2);
}

static bool
take_place(struct making *m, off_t first)
{
	for (m->place = first; m->place < first + PLACES; m->place++)
		if (userlock(m->fd, F_OFD_SETLK, F_WRLCK, m->place, 1) == 0)
			return true;
	return false;
}

static enum reason
full(const struct making_ask *a, const char *with, struct refusal *why)
{
	return refuse(why, R_RESOURCE, "more than %lld %s%s",
	    (long long)a->bound, a->kind == OBJ_NETWORK ? "networks" :
	    "containers, stopped ones too", with);
}

/* Is there room, as far as can be told?  Refuses when there is none. */
static enum reason
look(const struct making *m, const struct making_ask *a, bool *room,
    struct refusal *why)
{
	int64_t under_way = 1 + taken(m->fd, first_place(a->kind), PLACES);
	int64_t n = 0;
	enum reason r = owner_count(a->engine, a->as, a->kind, &n, why);

	*room = n + under_way <= a->bound;
	return r != R_NONE || n < a->bound ? r : full(a, "", why);
}

/* A pause, unless it is too late for one. */
static bool
wait_more(time_t until)
{
	const struct timespec pause = { 0, PAUSE_NS };
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec >= until)
		return false;
	(void)nanosleep(&pause, NULL);
	return true;
}

static enum reason
in_turn(struct making *m, const struct making_ask *a, struct refusal *why)
{
	off_t first = first_place(a->kind), turn = first + PLACES;
	bool mine, room = false;
	enum reason r = R_NONE;
	struct timespec now;
	time_t until;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	until = now.tv_sec + WAIT_SECONDS;
	(void)userlock(m->fd, F_OFD_SETLK, F_UNLCK, m->place, 1);
	do
		mine = userlock(m->fd, F_OFD_SETLK, F_WRLCK, turn, 1) == 0;
	while (!mine && wait_more(until));
	if (!mine || !take_place(m, first))
		return full(a, UNDER_WAY, why);
	do
		r = look(m, a, &room, why);
	while (r == R_NONE && !room && wait_more(until));
	(void)userlock(m->fd, F_OFD_SETLK, F_UNLCK, turn, 1);
	return r != R_NONE || room ? r : full(a, UNDER_WAY, why);
}

enum reason
making_begin(struct making *m, const struct making_ask *a,
    struct refusal *why)
{
	char user[UID_TEXT];
	bool room = false;
	enum reason r;

	making_end(m);
	snprintf(user, sizeof(user), "%u", (unsigned)a->as->owner_uid);
	m->fd = userlock_open(path, user, true);
	if (m->fd < 0)
		return refuse(why, R_INTERNAL, "%s: %s", path,
		    strerror(errno));
	m->open = true;
	r = take_place(m, first_place(a->kind)) ? look(m, a, &room, why) :
	    full(a, UNDER_WAY, why);
	if (r == R_NONE && !room)
		r = in_turn(m, a, why);
	if (r != R_NONE)
		making_end(m);
	return r;
}

void
making_end(struct making *m)
{
	if (m->open)
		close(m->fd);	/* and the locks with it */
	m->open = false;
}
