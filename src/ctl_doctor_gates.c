/*
 * ctl_doctor_gates.c - doctor's look at the gates that run: whether their
 * users could end or stop one through a control group, and whether one runs
 * an earlier program.
 */
#include <ctype.h>
#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "ctl.h"

bool
ctl_gate_apart(const char *line)
{
	static const char own[] = "/" DS01_SERVICE_USER "/";
	const char *path = strchr(line, ':');

	path = path != NULL ? strchr(path + 1, ':') : NULL;
	if (path == NULL)
		return false;
	path++;
	return strcmp(path, "/") == 0 || strncmp(path, own, strlen(own)) == 0;
}

/* A group that the gate shares with others; false: in none. */
static bool
shares(const char *pid, char *line, size_t cap)
{
	char path[300];
	bool found = false;
	FILE *in;

	(void)snprintf(path, sizeof(path), "/proc/%s/cgroup", pid);
	if ((in = fopen(path, "re")) == NULL)
		return false;	/* it ended meanwhile */
	while (!found && fgets(line, (int)cap, in) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		found = !ctl_gate_apart(line);
	}
	fclose(in);
	return found;
}

void
doctor_gates(struct doctor *d)
{
	const struct passwd *pw = getpwnam(DS01_SERVICE_USER);
	unsigned apart = 0, shared = 0;
	char line[PATH_MAX + 128];
	const struct dirent *e;
	DIR *proc;

	if (pw == NULL || (proc = opendir("/proc")) == NULL)
		return;
	while ((e = readdir(proc)) != NULL) {
		if (!isdigit((unsigned char)e->d_name[0]) ||
		    !ctl_proc_is(e->d_name, "ds01-gate", pw->pw_uid))
			continue;
		if (ctl_proc_deleted(e->d_name))
			ctl_find(d, LEVEL_WARN, "gate %s runs a program that "
			    "was replaced since, and answers no new request; "
			    "what it streams ends with kill %s", e->d_name,
			    e->d_name);
		if (!shares(e->d_name, line, sizeof(line))) {
			apart++;
			continue;
		}
		shared++;
		ctl_find(d, LEVEL_FAIL, "gate %s is in the control group %s, "
		    "through which its user may stop or end it; kill %s, the "
		    "next command starts another", e->d_name,
		    strchr(line, '/') != NULL ? strchr(line, '/') : line,
		    e->d_name);
	}
	closedir(proc);
	if (shared == 0)
		ctl_find(d, LEVEL_OK, "%u gate(s) run, none in a control group "
		    "of its user's", apart);
}
