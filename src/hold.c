/*
 * hold.c - a name that a request uses is kept from other users meanwhile.
 *
 * A build finds its tag free and gives it out an hour later; a volume is
 * hers when she asks for its removal, and may be his when dockerd removes it.
 * So each request holds its names until it ends: as locks on bytes of its
 * user's file, which the kernel drops with the request, whatever becomes of
 * the gate.  The byte says which name, and whether it is made or pulled; a
 * user's own requests do not keep each other out, nor do pulls.  Guarantees
 * that of two users at most one passes: each takes his lock first and looks
 * into all others' files then.
 *
 * Which byte is of 61 bits of SHA-256: nobody finds a name that keeps another
 * one busy.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hold.h"
#include "sha256.h"

#define TRIES 6			/* some 200 ms */

static const char *path = DS01_RUN_DIR "/names";

void
hold_dir(const char *p)
{
	path = p;
}

const char *
hold_path(void)
{
	return path;
}

/* The name's byte for those who make it; those who pull have the next. */
static off_t
byte_of(const char *name)
{
	unsigned char sum[SHA256_BYTES];
	uint64_t h = 0;

	sha256(span_of(name), sum);
	for (size_t i = 0; i < sizeof(h); i++)
		h = h << 8 | sum[i];
	return (off_t)(h >> 3 << 1);
}

/* 1 when that user holds any of the bytes, 0, -1. */
static int
holds(const char *user, off_t start, off_t len)
{
	int fd = userlock_open(path, user, false), held, error;

	if (fd < 0)
		return -1;
	held = userlock(fd, F_OFD_GETLK, F_WRLCK, start, len);
	error = errno;
	close(fd);
	errno = error;
	return held;
}

/* The same for anybody but user; who: the first of them. */
static int
held_by_others(const char *user, off_t start, off_t len, char who[UID_TEXT])
{
	DIR *d = opendir(path);
	struct dirent *e;
	int held = 0;

	if (d == NULL)
		return -1;
	while (held == 0 && (errno = 0, e = readdir(d)) != NULL) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9' ||
		    strcmp(e->d_name, user) == 0)
			continue;
		held = holds(e->d_name, start, len);
		snprintf(who, UID_TEXT, "%.*s", UID_TEXT - 1, e->d_name);
	}
	if (held == 0 && errno != 0)
		held = -1;
	int error = errno;
	closedir(d);
	errno = error;
	return held;
}

/* Not all at once again who were refused at once. */
static void
pause_a_little(int fd, int try)
{
	long ms = 20 + (fd * 7 + try * 13 + (int)getpid()) % 40;
	struct timespec t = { 0, ms * 1000000 };

	(void)nanosleep(&t, NULL);
}

/* Of requests that meet at a name for a moment one would be refused, or each:
 * so they try again.  Who waits for it holds it not. */
int
hold_take(struct hold *h, const struct caller *c, const char *name,
    enum hold_use use, char who[UID_TEXT])
{
	static const struct { off_t own, others, n; } bytes[] = {
		[HOLD_MAKE] = { 0, 0, 2 },
		[HOLD_MAKE_OWN] = { 0, 1, 1 },
		[HOLD_PULL] = { 1, 0, 1 },
	};
	char user[UID_TEXT];
	off_t at = byte_of(name), own = at + bytes[use].own;
	int held;

	snprintf(user, sizeof(user), "%u", (unsigned)c->owner_uid);
	if (!h->open) {
		h->fd = userlock_open(path, user, true);
		h->open = h->fd >= 0;
	}
	for (int try = 1;; try++) {
		if (!h->open ||
		    userlock(h->fd, F_OFD_SETLK, F_RDLCK, own, 1) < 0)
			return -1;
		held = held_by_others(user, at + bytes[use].others,
		    bytes[use].n, who);
		if (held != 1 || c->admin)
			return held;
		if (userlock(h->fd, F_OFD_SETLK, F_UNLCK, own, 1) < 0)
			return -1;
		if (try == TRIES)
			return 1;
		pause_a_little(h->fd, try);
	}
}

enum reason
hold_volume(struct hold *h, const struct caller *c, const char *volume,
    struct refusal *why)
{
	char name[512], who[UID_TEXT] = "";
	int n = snprintf(name, sizeof(name), "volume %s", volume);

	if (n < 0 || (size_t)n >= sizeof(name))
		return refuse(why, R_BAD_FIELD, "volume name");
	switch (hold_take(h, c, name, HOLD_MAKE, who)) {
	case 0:
		return R_NONE;
	case 1:
		if (c->admin)	/* who may remove it under its user anyway */
			return R_NONE;
		return refuse(why, R_NOT_OWNER_VOLUME, "somebody whose request "
		    "uses its name now (wait until user %s is done)", who);
	default:
		return refuse(why, R_INTERNAL, "%s: %s", path, strerror(errno));
	}
}

void
hold_release(struct hold *h)
{
	if (h->open)
		close(h->fd);
	h->open = false;
}
