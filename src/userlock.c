/*
 * userlock.c - locks on bytes of a user's file, across all of his gates.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userlock.h"

static int
open_file(const char *dir, const char *user, int flags)
{
	char name[4096];
	int n = snprintf(name, sizeof(name), "%s/%s", dir, user);

	if (n < 0 || (size_t)n >= sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
}

int
userlock_open(const char *dir, const char *user, bool make)
{
	int flags = make ? O_CREAT : 0, fd = open_file(dir, user, flags);

	if (fd >= 0 || errno != ENOENT || !make)
		return fd;
	return mkdir(dir, 0700) < 0 && errno != EEXIST ? -1 :
	    open_file(dir, user, flags);
}

int
userlock(int fd, int cmd, short type, off_t start, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET,
	    .l_start = start, .l_len = len };

	if (fcntl(fd, cmd, &l) < 0)
		return -1;
	return cmd == F_OFD_GETLK && l.l_type != F_UNLCK;
}
