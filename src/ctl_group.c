/*
 * ctl_group.c - takes the engine's group away from users, and gives it back.
 *
 * Whoever is in the group of the engine's socket is root on the host.  The
 * list of those it was taken from is saved before anything is changed, and
 * never loses a name that was not given back.  Entries are taken as they are
 * written in group(5): with a directory service one person can stand there
 * under several spellings, and each is an entry of its own.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"

#define GPASSWD "/usr/bin/gpasswd"
#define SAVED DS01_STATE_DIR "/docker-group.saved"
#define GROUP_FILE "/etc/group"

struct plan {
	char group[256];
	gid_t gid;
	bool yes;
	struct strings local;	/* entries of /etc/group */
	struct strings saved;	/* "group:name" */
};

int
ctl_strings_add(struct strings *s, const char *v)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], v) == 0)
			return 0;
	char **grown = realloc(s->v, (s->n + 1) * sizeof(*grown));
	if (grown == NULL)
		return -1;
	s->v = grown;
	if ((s->v[s->n] = strdup(v)) == NULL)
		return -1;
	s->n++;
	return 0;
}

void
ctl_strings_free(struct strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strings){ 0 };
}

static bool
holds(const struct strings *s, const char *v)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], v) == 0)
			return true;
	return false;
}

int
ctl_group_entries(const char *file, const char *group, struct strings *out)
{
	FILE *in = fopen(file, "re");
	struct group *g;
	int rc = 0;

	if (in == NULL)
		return -1;
	/* an /etc/group can name a group twice; both lines count */
	while (rc == 0 && (g = fgetgrent(in)) != NULL)
		if (strcmp(g->gr_name, group) == 0)
			for (char **m = g->gr_mem; rc == 0 && *m; m++)
				rc = ctl_strings_add(out, *m);
	fclose(in);
	return rc;
}

int
ctl_saved_read(const char *file, struct strings *lines)
{
	FILE *in = fopen(file, "re");
	char *line = NULL;
	size_t cap = 0;
	int rc = 0;

	if (in == NULL)
		return errno == ENOENT ? 0 : -1;
	while (rc == 0 && getline(&line, &cap, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line != '#' && strchr(line, ':') != NULL)
			rc = ctl_strings_add(lines, line);
	}
	if (ferror(in))
		rc = -1;
	free(line);
	fclose(in);
	return rc;
}

int
ctl_saved_write(const char *file, const struct strings *lines)
{
	char tmp[512];
	bool ok = true;

	if (lines->n == 0)
		return unlink(file) == 0 || errno == ENOENT ? 0 : -1;
	if (snprintf(tmp, sizeof(tmp), "%s.new", file) >= (int)sizeof(tmp))
		return -1;
	if (unlink(tmp) != 0 && errno != ENOENT)
		return -1;
	int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (out == NULL) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	ok = fputs("# ds01-dockerctl group take: who had the group\n", out) >= 0;
	for (size_t i = 0; ok && i < lines->n; i++)
		ok = fprintf(out, "%s\n", lines->v[i]) >= 0;
	ok = ok && fflush(out) == 0 && fsync(fd) == 0;
	ok = fclose(out) == 0 && ok;
	return ok && rename(tmp, file) == 0 ? 0 : -1;
}

bool
ctl_socket_group(const char *socket, char *name, size_t cap, gid_t *gid)
{
	struct stat st;

	if (stat(socket, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	struct group *g = getgrgid(st.st_gid);
	if (g == NULL || strlen(g->gr_name) >= cap)
		return false;
	memcpy(name, g->gr_name, strlen(g->gr_name) + 1);
	*gid = st.st_gid;
	return true;
}

/* Does a /proc/PID/status hold that gid, and whose is it? */
static bool
status_holds(FILE *in, gid_t gid, uid_t *uid)
{
	char line[8192];
	bool found = false;

	*uid = 0;
	while (fgets(line, sizeof(line), in) != NULL) {
		if (strncmp(line, "Uid:", 4) == 0)
			*uid = (uid_t)strtoul(line + 4, NULL, 10);
		if (strncmp(line, "Gid:", 4) != 0 &&
		    strncmp(line, "Groups:", 7) != 0)
			continue;
		char *p = strchr(line, ':') + 1, *end;
		for (;; p = end) {
			unsigned long v = strtoul(p, &end, 10);
			if (end == p)
				break;
			found |= v == gid;
		}
	}
	return found;
}

struct holder { uid_t uid; unsigned n; };

static int
count_holder(struct holder **list, size_t *n, uid_t uid)
{
	for (size_t i = 0; i < *n; i++)
		if ((*list)[i].uid == uid) {
			(*list)[i].n++;
			return 0;
		}
	struct holder *grown = realloc(*list, (*n + 1) * sizeof(*grown));
	if (grown == NULL)
		return -1;
	*list = grown;
	grown[(*n)++] = (struct holder){ uid, 1 };
	return 0;
}

void
ctl_holders(gid_t gid, void (*fn)(uid_t uid, unsigned n, void *arg), void *arg)
{
	struct passwd *service = getpwnam(DS01_SERVICE_USER);
	uid_t skip = service != NULL ? service->pw_uid : 0, uid;
	struct holder *list = NULL;
	size_t n = 0;
	DIR *proc = opendir("/proc");
	struct dirent *e;

	while (proc != NULL && (e = readdir(proc)) != NULL) {
		char path[300];
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/status", e->d_name);
		FILE *in = fopen(path, "re");
		if (in == NULL)
			continue;
		if (status_holds(in, gid, &uid) && uid != 0 && uid != skip)
			count_holder(&list, &n, uid);
		fclose(in);
	}
	if (proc != NULL)
		closedir(proc);
	for (size_t i = 0; i < n; i++)
		fn(list[i].uid, list[i].n, arg);
	free(list);
}

static int
gpasswd(const char *verb, const char *user, const char *group)
{
	const char *argv[] = { GPASSWD, verb, user, group, NULL };
	char line[256];
	FILE *out;
	pid_t pid = ctl_start(argv, false, &out);

	if (pid < 0)
		return -1;
	/* read to the end: a closed pipe would kill it before it is done */
	while (fgets(line, sizeof(line), out) != NULL)
		;
	return ctl_wait(pid, out);
}

/* --- what is said --- */

static void
say_holder(uid_t uid, unsigned n, void *arg)
{
	const struct plan *p = arg;
	struct passwd *pw = getpwuid(uid);
	char number[16];

	snprintf(number, sizeof(number), "%u", uid);
	fputs("warning: ", stdout);
	ctl_put(stdout, pw != NULL ? pw->pw_name : number);
	printf(" has %u process%s that keep%s %s until they end (loginctl "
	    "terminate-user, or give the socket another group)\n", n,
	    n == 1 ? "" : "es", n == 1 ? "s" : "", p->group);
}

static void
say_readder(const char *file, const char *what, void *arg)
{
	(void)arg;
	fputs("warning: ", stdout);
	ctl_put(stdout, file);
	printf(" %s\n", what);
}

/* Members that gpasswd cannot take: from a directory, or by primary group. */
static void
say_others(const struct plan *p)
{
	struct group *g = getgrgid(p->gid);
	struct passwd *pw;

	for (char **m = g != NULL ? g->gr_mem : NULL; m && *m; m++)
		if (!holds(&p->local, *m)) {
			fputs("warning: ", stdout);
			ctl_put(stdout, *m);
			printf(" is in %s by a directory service; take it "
			    "away there\n", p->group);
		}
	setpwent();
	while ((pw = getpwent()) != NULL)
		if (pw->pw_gid == p->gid && pw->pw_uid != 0) {
			fputs("warning: ", stdout);
			ctl_put(stdout, pw->pw_name);
			printf(" has %s as primary group; give it another "
			    "one (usermod -g)\n", p->group);
		}
	endpwent();
}

static void
say_step(const char *verb, const char *name, const char *way,
    const struct plan *p, const char *rest)
{
	printf("%s ", verb);
	ctl_put(stdout, name);
	printf(" %s %s%s\n", way, p->group, rest);
}

/* --- take and give --- */

static int
options(int argc, char **argv, const char *command, struct plan *p)
{
	char err[512];
	const char *v, *group = NULL;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--yes") == 0)
			p->yes = true;
		else if ((v = ctl_option(argc, argv, &i, "--group")) != NULL)
			group = v;
		else
			return ctl_usage(command);
	}
	if (group != NULL) {
		struct group *g = *group != '-' ? getgrnam(group) : NULL;
		if (g == NULL || strlen(group) >= sizeof(p->group)) {
			warnx("no such group");
			return CTL_PROBLEM;
		}
		memcpy(p->group, group, strlen(group) + 1);
		p->gid = g->gr_gid;
	} else {
		struct config *c = config_load(DS01_CONFIG, true, err,
		    sizeof(err));
		if (c == NULL)
			c = config_default();
		bool ok = c != NULL && ctl_socket_group(c->engine_socket,
		    p->group, sizeof(p->group), &p->gid);
		config_free(c);
		if (!ok) {
			warnx("cannot tell the group of the engine's socket: "
			    "start the engine, or name it with --group");
			return CTL_PROBLEM;
		}
	}
	if (p->gid == 0) {
		printf("the engine's socket belongs to group %s, which users "
		    "are not in: nothing to do\n", p->group);
		return CTL_PROBLEM;
	}
	if (ctl_group_entries(GROUP_FILE, p->group, &p->local) != 0 ||
	    (ctl_saved_read(SAVED, &p->saved) != 0 && errno != EACCES)) {
		warn("%s or %s", GROUP_FILE, SAVED);
		return CTL_PROBLEM;
	}
	if (p->yes && geteuid() != 0) {
		warnx("only root can change the group");
		return CTL_PROBLEM;
	}
	return CTL_OK;
}

static void
plan_free(struct plan *p)
{
	ctl_strings_free(&p->local);
	ctl_strings_free(&p->saved);
}

static int
save(struct plan *p, const char *name)
{
	char line[1024];

	if (snprintf(line, sizeof(line), "%s:%s", p->group, name) >=
	    (int)sizeof(line) || ctl_strings_add(&p->saved, line) != 0)
		return -1;
	return 0;
}

/* All names are on disk before the first one is taken. */
static int
take(struct plan *p)
{
	int bad = 0;

	for (size_t i = 0; i < p->local.n; i++)
		if (strcmp(p->local.v[i], DS01_SERVICE_USER) != 0 &&
		    save(p, p->local.v[i]) != 0)
			return CTL_PROBLEM;
	if (ctl_saved_write(SAVED, &p->saved) != 0) {
		warn("%s: nothing was changed", SAVED);
		return CTL_PROBLEM;
	}
	for (size_t i = 0; i < p->local.n; i++) {
		const char *name = p->local.v[i];
		if (strcmp(name, DS01_SERVICE_USER) == 0)
			continue;
		bool ok = gpasswd("-d", name, p->group) == 0;
		say_step(ok ? "took" : "FAILED to take", name, "out of", p, "");
		bad += !ok;
	}
	return bad ? CTL_PROBLEM : CTL_OK;
}

int
ctl_group_take(int argc, char **argv)
{
	struct plan p = { 0 };
	int rc = options(argc, argv, "group take", &p);

	if (rc == CTL_OK && !holds(&p.local, DS01_SERVICE_USER)) {
		printf("%s: %s is not in %s: after this nobody could use "
		    "Docker (gpasswd -a %s %s)\n", p.yes ? "refused" :
		    "warning", DS01_SERVICE_USER, p.group, DS01_SERVICE_USER,
		    p.group);
		rc = p.yes ? CTL_PROBLEM : CTL_OK;
	}
	if (rc == CTL_OK) {
		if (p.yes)
			rc = take(&p);
		for (size_t i = 0; !p.yes && i < p.local.n; i++)
			if (strcmp(p.local.v[i], DS01_SERVICE_USER) != 0)
				say_step("would take", p.local.v[i], "out of",
				    &p, "");
		say_others(&p);
		ctl_holders(p.gid, say_holder, &p);
		ctl_readders("", p.group, say_readder, NULL);
		if (p.local.n == holds(&p.local, DS01_SERVICE_USER))
			printf("%s has no members to take out\n", p.group);
		else
			puts(p.yes ? "saved in " SAVED "; ds01-dockerctl group "
			    "give undoes this" :
			    "nothing was changed; --yes does it");
	}
	plan_free(&p);
	return rc;
}

/* A name stays in the list until it was given back. */
static int
give(struct plan *p)
{
	struct strings left = { 0 };
	size_t n = strlen(p->group);
	int bad = 0;

	for (size_t i = 0; i < p->saved.n; i++) {
		const char *line = p->saved.v[i];
		bool mine = strncmp(line, p->group, n) == 0 && line[n] == ':';
		bool ok = mine && gpasswd("-a", line + n + 1, p->group) == 0;
		if (mine)
			say_step(ok ? "gave" : "FAILED to give", line + n + 1,
			    "back to", p, "");
		if (!ok && ctl_strings_add(&left, line) != 0)
			bad++;
		bad += mine && !ok;
	}
	if (ctl_saved_write(SAVED, &left) != 0) {
		warn("%s", SAVED);
		bad++;
	}
	ctl_strings_free(&left);
	return bad ? CTL_PROBLEM : CTL_OK;
}

int
ctl_group_give(int argc, char **argv)
{
	struct plan p = { 0 };
	int rc = options(argc, argv, "group give", &p);
	size_t n = strlen(p.group);

	if (rc == CTL_OK && p.saved.n == 0)
		puts("nothing is saved in " SAVED);
	else if (rc == CTL_OK && p.yes)
		rc = give(&p);
	else if (rc == CTL_OK) {
		for (size_t i = 0; i < p.saved.n; i++)
			if (strncmp(p.saved.v[i], p.group, n) == 0 &&
			    p.saved.v[i][n] == ':')
				say_step("would give", p.saved.v[i] + n + 1,
				    "back to", &p, ": root on this host");
		puts("nothing was changed; --yes does it");
	}
	plan_free(&p);
	return rc;
}
