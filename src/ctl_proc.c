/*
 * ctl_proc.c - is that process what it is called?
 *
 * Everybody names his processes as he likes, and is root in a user namespace
 * of his own.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static bool
has_comm(const char *pid, const char *comm)
{
	char path[300], got[32] = "";

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	FILE *in = fopen(path, "re");
	if (in == NULL)
		return false;
	bool ok = fgets(got, sizeof(got), in) != NULL;
	fclose(in);
	got[strcspn(got, "\n")] = '\0';
	return ok && strcmp(got, comm) == 0;
}

/* All four of them: real, effective, saved, of the file system. */
static bool
has_uid(const char *pid, uid_t uid)
{
	char path[300], line[256];
	unsigned u[4];
	bool ok = false;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	FILE *in = fopen(path, "re");
	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		if (sscanf(line, "Uid: %u %u %u %u", &u[0], &u[1], &u[2],
		    &u[3]) == 4)
			ok = u[0] == uid && u[1] == uid && u[2] == uid &&
			    u[3] == uid;
	if (in != NULL)
		fclose(in);
	return ok;
}

static bool
link_of(const char *pid, const char *what, char out[PATH_MAX])
{
	char path[300];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, what);
	n = readlink(path, out, PATH_MAX - 1);
	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

bool
ctl_proc_is(const char *pid, const char *comm, uid_t uid)
{
	char theirs[PATH_MAX], ours[PATH_MAX];

	if (!has_comm(pid, comm) || !has_uid(pid, uid))
		return false;
	/* only root can look; to us the uid of others' root is never 0 */
	return !link_of(pid, "ns/user", theirs) ||
	    (link_of("self", "ns/user", ours) && strcmp(theirs, ours) == 0);
}

bool
ctl_proc_deleted(const char *pid)
{
	static const char end[] = " (deleted)";
	char exe[PATH_MAX];
	size_t n;

	if (!link_of(pid, "exe", exe))
		return false;
	n = strlen(exe);
	return n >= sizeof(end) - 1 &&
	    strcmp(exe + n - (sizeof(end) - 1), end) == 0;
}
