/*
 * cgroup.c - out of the caller's control groups (cgroup.h).
 *
 * Guarantees that a gate is not among the processes that its user, or the end
 * of his session, can kill, freeze or starve: the kernel obeys whoever may
 * write a control group's files, whosever the processes in it are.  A gate's
 * group lies at the top of its tree and is made by root; its name is the
 * installation's and the user's id.  Only the kernel says which trees there
 * are, and a tree counts as one only if it is of that kind of file system.
 */
#include <sys/stat.h>
#include <sys/vfs.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"

#ifndef DS01_SERVICE_USER
#define DS01_SERVICE_USER "ds01-docker"
#endif
/* Where the trees are mounted; a test has its own. */
#ifndef CGROUP_MOUNTS
#define CGROUP_MOUNTS "/sys/fs/cgroup"
#endif
#ifndef CGROUP_SELF
#define CGROUP_SELF "/proc/self/cgroup"
#endif

#define WORD_MAX 64

/*
 * What all gates of one user may use, where the kernel has the means.  None
 * of these ends a process: a gate that is over its memory becomes slow, and
 * one that may have no more threads refuses.
 */
static const struct {
	const char *file, *value;
} bounds[] = {
	{ "pids.max", "4096" },
	{ "memory.high", "1G" },
};

/* For these to be there, group by group; cpu: users share it evenly. */
static const char *const wanted[] = { "+pids", "+memory", "+cpu" };

static int
write_at(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;
	int error;

	if (fd == -1)
		return -1;
	n = write(fd, text, strlen(text));
	error = errno;
	(void)close(fd);
	errno = error;
	return n == -1 ? -1 : 0;
}

/* A mounted tree of that kind, at its top. */
static int
open_mount(const char *path, long magic)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd == -1)
		return -1;
	if (fstatfs(fd, &fs) == 0 && (long)fs.f_type == magic)
		return fd;
	(void)close(fd);
	errno = ENOENT;
	return -1;
}

/*
 * The tree of a line of /proc/self/cgroup.  list: "" for the unified one;
 * else "name=systemd", or controllers, the first of which is a directory or a
 * link to it.
 */
static int
open_tree(const char *list)
{
	char word[WORD_MAX], path[sizeof(CGROUP_MOUNTS) + WORD_MAX];
	int fd;

	if (list[0] == '\0') {
		fd = open_mount(CGROUP_MOUNTS, CGROUP2_SUPER_MAGIC);
		return fd != -1 ? fd : open_mount(CGROUP_MOUNTS "/unified",
		    CGROUP2_SUPER_MAGIC);
	}
	if (strncmp(list, "name=", 5) == 0)
		list += 5;
	if (sscanf(list, "%63[^,/]", word) != 1 || word[0] == '.') {
		errno = EINVAL;
		return -1;
	}
	(void)snprintf(path, sizeof(path), "%s/%s", CGROUP_MOUNTS, word);
	return open_mount(path, CGROUP_SUPER_MAGIC);
}

/* A directory of root's that nobody else may write to; made if need be. */
static int
open_own(int parent, const char *name)
{
	struct stat st;
	int fd;

	if (mkdirat(parent, name, 0755) == -1 && errno != EEXIST)
		return -1;
	fd = openat(parent, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_uid == 0 &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return fd;
	(void)close(fd);
	errno = EPERM;
	return -1;
}

/* Into the user's own group.  A group between holds no process, so that it
 * may pass controllers on. */
static int
enter_own(int tree, uid_t uid)
{
	char name[16];
	int all, own = -1, rc = -1, error;
	size_t i;

	(void)snprintf(name, sizeof(name), "%u", (unsigned int)uid);
	/* 1. the groups */
	if ((all = open_own(tree, DS01_SERVICE_USER)) == -1)
		return -1;
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		(void)write_at(all, "cgroup.subtree_control", wanted[i]);
	/* 2. in, and out of his reach: only then can the rest not be cut off */
	if ((own = open_own(all, name)) != -1)
		rc = write_at(own, "cgroup.procs", "0");
	error = errno;
	/* 3. bounds, where there are such files */
	for (i = 0; rc == 0 && i < sizeof(bounds) / sizeof(bounds[0]); i++)
		(void)write_at(own, bounds[i].file, bounds[i].value);
	if (own != -1)
		(void)close(own);
	(void)close(all);
	errno = error;
	return rc;
}

/*
 * At the top of a tree nobody is stopped or bounded; version 1's trees are
 * left for there, but for that of pids.  path is where we are.
 */
static int
leave_tree(const char *list, const char *path, uid_t uid)
{
	bool own = list[0] == '\0' || strcmp(list, "pids") == 0;
	bool top = strcmp(path, "/") == 0;
	int tree, rc, error;

	if (top && !own)
		return 0;
	if ((tree = open_tree(list)) == -1)
		return top ? 0 : -1;
	rc = own ? enter_own(tree, uid) : write_at(tree, "cgroup.procs", "0");
	error = errno;
	(void)close(tree);
	errno = error;
	/* read-only, in a container perhaps: the top will do */
	return top ? 0 : rc;
}

/* "4:freezer:/a/b": list and path in place.  A line without is no line. */
static bool
split(char *line, char **list, char **path)
{
	line[strcspn(line, "\n")] = '\0';
	if ((*list = strchr(line, ':')) == NULL ||
	    (*path = strchr(++*list, ':')) == NULL)
		return false;
	*(*path)++ = '\0';
	return true;
}

int
cgroup_leave(uid_t uid)
{
	char line[PATH_MAX + 2 * WORD_MAX], *list, *path;
	FILE *in = fopen(CGROUP_SELF, "re");
	int rc = 0, error = 0;

	if (in == NULL)		/* a kernel without control groups */
		return errno == ENOENT ? 0 : -1;
	/* the kernel has written all of it before the first line is read */
	while (rc == 0 && fgets(line, sizeof(line), in) != NULL) {
		if (!split(line, &list, &path)) {
			errno = EINVAL;
			rc = -1;
		} else {
			rc = leave_tree(list, path, uid);
		}
		error = errno;
	}
	if (rc == 0 && ferror(in)) {
		error = EIO;
		rc = -1;
	}
	(void)fclose(in);
	errno = error;
	return rc;
}
