/*
 * start_sweep.c - names that killed gates left behind (start.h).
 *
 * Guarantees that a user's private gates leave no more names than run, however
 * they end: what is shared has a name that the next one replaces, a private
 * gate's has its command's pid in it.  Only names of the caller's own uid are
 * looked at, and one is removed only when neither that command nor a gate
 * behind the name is there.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "start.h"

/* The pid in "UID-….pPID.sock"; 0: another's name, or of another kind. */
static pid_t
private_name(const char *name, uid_t uid)
{
	char own[16];
	const char *p;
	char *end;
	long pid;

	(void)snprintf(own, sizeof(own), "%u-", (unsigned int)uid);
	if (strncmp(name, own, strlen(own)) != 0 ||
	    (p = strstr(name, ".p")) == NULL || p[2] < '1' || p[2] > '9')
		return 0;
	pid = strtol(p + 2, &end, 10);
	return strcmp(end, ".sock") == 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* Does nobody listen behind a name for good? */
static bool
is_dead(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, rc;

	/* a name of ours was bound, so it fits */
	if (snprintf(sun.sun_path, sizeof(sun.sun_path), DS01_RUN_DIR "/%s",
	    name) >= (int)sizeof(sun.sun_path))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return false;
	rc = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	rc = rc == -1 ? errno : 0;
	(void)close(fd);
	return rc == ECONNREFUSED;
}

/*
 * The command first: while it lives it may be about to listen there.  When it
 * is gone only a new one of the same pid, born in this moment, could be hit:
 * one more of the caller's own.
 */
static bool
is_left_over(const char *name, uid_t uid)
{
	pid_t pid = private_name(name, uid);

	return pid != 0 && kill(pid, 0) == -1 && errno == ESRCH &&
	    is_dead(name);
}

void
start_sweep(int run_dir, uid_t uid)
{
	int fd = openat(run_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *e;
	DIR *d;

	if (fd == -1)
		return;
	if ((d = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (is_left_over(e->d_name, uid))
			(void)unlinkat(run_dir, e->d_name, 0);
	(void)closedir(d);
}
