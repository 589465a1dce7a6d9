/*
 * image_hold.c - a tag that is being made is kept for who makes it.
 *
 * A build finds its tag free and gives it out an hour later.  So that nobody
 * else makes that tag meanwhile, each request holds its tags until it ends:
 * as locks on bytes of its user's file, which the kernel drops with the
 * request, whatever becomes of the gate.  The byte says which tag, and
 * whether it is made or pulled; a user's own requests do not keep each other
 * out, nor do pulls.  Guarantees that of two users at most one passes: each
 * takes his lock first and looks into all others' files then.
 *
 * Which byte is of 61 bits of SHA-256: nobody finds a name that keeps another
 * one busy.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "image.h"
#include "sha256.h"
#include "userlock.h"

static const char *path = DS01_RUN_DIR "/image-tags";

void
image_hold_dir(const char *p)
{
	path = p;
}

/* The tag's byte for those who make it; those who pull have the next. */
static off_t
byte_of(const struct image_ref *ref)
{
	unsigned char sum[SHA256_BYTES];
	char text[IMAGE_TEXT_MAX];
	uint64_t h = 0;

	sha256(span_of(image_ref_text(ref, text)), sum);
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

enum reason
image_hold(struct image_hold *h, const struct caller *c,
    const struct image_ref *ref, enum image_use use, struct refusal *why)
{
	static const struct { off_t own, others, n; } bytes[] = {
		[IMAGE_MAKE] = { 0, 0, 2 },
		[IMAGE_MAKE_OWN] = { 0, 1, 1 },
		[IMAGE_PULL] = { 1, 0, 1 },
	};
	char user[UID_TEXT], who[UID_TEXT] = "", text[IMAGE_TEXT_MAX];
	off_t at = byte_of(ref);
	int others = -1;

	snprintf(user, sizeof(user), "%u", (unsigned)c->owner_uid);
	if (!h->open) {
		h->fd = userlock_open(path, user, true);
		h->open = h->fd >= 0;
	}
	if (h->open && userlock(h->fd, F_OFD_SETLK, F_RDLCK,
	    at + bytes[use].own, 1) == 0)
		others = held_by_others(user, at + bytes[use].others,
		    bytes[use].n, who);
	if (others == 0)
		return R_NONE;
	return others < 0 ?
	    refuse(why, R_INTERNAL, "%s: %s", path, strerror(errno)) :
	    refuse(why, R_NOT_OWNER_IMAGE, "somebody who is making it now: %s "
	    "(wait until user %s is done, or ask an administrator)",
	    image_ref_short(ref, text), who);
}

void
image_release(struct image_hold *h)
{
	if (h->open)
		close(h->fd);
	h->open = false;
}
