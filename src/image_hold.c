/*
 * image_hold.c - a tag that is being made is kept for who makes it.
 *
 * A build finds its tag free and gives it out an hour later.  So that nobody
 * else makes that tag meanwhile, each request holds its tags until it ends:
 * as locks on bytes of one file, which the kernel drops with the request,
 * whatever becomes of the gate.  The byte says which tag, whether it is made
 * or pulled, and who; a user's own requests do not keep each other out, nor
 * do pulls.  Guarantees that of two users at most one passes: each takes his
 * lock first and looks for others' then.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "image.h"

#define HASH_BITS 29		/* with one bit and 32 of uid: an off_t */
#define HASH_START 0xcbf29ce484222325ull	/* FNV-1a */
#define HASH_PRIME 0x100000001b3ull

static const char *path = DS01_RUN_DIR "/image-tags.lock";

void
image_hold_file(const char *p)
{
	path = p;
}

/* First byte of the tag's range for those who make or pull it.  Two tags
 * that share one only keep each other waiting. */
static off_t
range(const struct image_ref *ref, bool pull)
{
	char text[IMAGE_TEXT_MAX];
	const char *s = image_ref_text(ref, text);
	uint64_t h = HASH_START;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * HASH_PRIME;
	h = (h ^ h >> 32) & ((1u << HASH_BITS) - 1);
	return (off_t)(h << 33 | (uint64_t)pull << 32);
}

static int
lock(int fd, int cmd, short type, off_t start, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET,
	    .l_start = start, .l_len = len };

	if (len == 0)
		return 0;	/* to fcntl(2) that is all there is */
	if (fcntl(fd, cmd, &l) < 0)
		return -1;
	return cmd == F_OFD_GETLK && l.l_type != F_UNLCK;
}

/* 1 when anybody but uid holds a byte there, 0, -1. */
static int
held_by_others(int fd, off_t start, uid_t uid)
{
	int below = lock(fd, F_OFD_GETLK, F_WRLCK, start, (off_t)uid);

	return below != 0 ? below : lock(fd, F_OFD_GETLK, F_WRLCK,
	    start + (off_t)uid + 1, (off_t)UINT32_MAX - (off_t)uid);
}

enum reason
image_hold(struct image_hold *h, const struct caller *c,
    const struct image_ref *ref, bool pull, struct refusal *why)
{
	off_t made = range(ref, false), pulled = range(ref, true);
	char text[IMAGE_TEXT_MAX];
	int others;

	if (!h->open) {
		h->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		    0600);
		h->open = h->fd >= 0;
	}
	if (!h->open || lock(h->fd, F_OFD_SETLK, F_RDLCK, (pull ? pulled :
	    made) + (off_t)c->owner_uid, 1) < 0)
		return refuse(why, R_INTERNAL, "%s: %s", path,
		    strerror(errno));
	others = held_by_others(h->fd, made, c->owner_uid);
	if (others == 0 && !pull)
		others = held_by_others(h->fd, pulled, c->owner_uid);
	if (others == 0)
		return R_NONE;
	return others < 0 ?
	    refuse(why, R_INTERNAL, "%s: %s", path, strerror(errno)) :
	    refuse(why, R_NOT_OWNER_IMAGE, "somebody who is making it now: %s",
	    image_ref_short(ref, text));
}

void
image_release(struct image_hold *h)
{
	if (h->open)
		close(h->fd);
	h->open = false;
}
