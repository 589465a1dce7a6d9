/*
 * ctl_doctor_files.c - doctor's look at what is installed: files,
 * directories, owners and modes.
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "ctl.h"

static gid_t
group_id(const char *name)
{
	struct group *g = getgrnam(name);

	return g != NULL ? g->gr_gid : (gid_t)-1;
}

static uid_t
user_id(const char *name)
{
	struct passwd *pw = getpwnam(name);

	return pw != NULL ? pw->pw_uid : (uid_t)-1;
}

/* Could somebody who is not root put another file in that place?  Every
 * directory on the way must be root's and writable by nobody else. */
static bool
replaceable(const char *path, char *who, size_t cap)
{
	char dir[PATH_MAX];
	struct stat st;

	snprintf(dir, sizeof(dir), "%s", path);
	for (char *slash; (slash = strrchr(dir, '/')) != NULL;) {
		*slash = '\0';
		const char *d = *dir ? dir : "/";
		if (stat(d, &st) == 0 &&
		    (st.st_uid != 0 || (st.st_mode & 022) != 0)) {
			snprintf(who, cap, "%s", d);
			return true;
		}
	}
	return false;
}

static void
parents(struct doctor *d, const char *path)
{
	char who[PATH_MAX];

	if (replaceable(path, who, sizeof(who)))
		ctl_find(d, LEVEL_FAIL, "%s can be replaced by others than "
		    "root through %s; chown root and chmod go-w it", path, who);
}

void
doctor_launcher(struct doctor *d)
{
	struct statvfs fs;
	struct stat st;

	if (stat(DS01_BIN, &st) != 0) {
		ctl_find(d, LEVEL_FAIL, "%s: %s; make install", DS01_BIN,
		    strerror(errno));
		return;
	}
	parents(d, DS01_BIN);
	if (st.st_uid != 0 || st.st_gid != 0 || !S_ISREG(st.st_mode))
		ctl_find(d, LEVEL_FAIL, "%s is not a file of root:root; chown "
		    "root:root %s && chmod 4755 %s", DS01_BIN, DS01_BIN,
		    DS01_BIN);
	else if ((st.st_mode & 04000) == 0)
		ctl_find(d, LEVEL_FAIL, "%s has lost its setuid bit; chmod "
		    "4755 %s", DS01_BIN, DS01_BIN);
	else if ((st.st_mode & 07777) != 04755)
		ctl_find(d, LEVEL_WARN, "%s has mode %04o; chmod 4755 %s",
		    DS01_BIN, (unsigned)st.st_mode & 07777, DS01_BIN);
	else
		ctl_find(d, LEVEL_OK, "%s is root:root 4755", DS01_BIN);
	if (statvfs(DS01_BIN, &fs) == 0 && (fs.f_flag & ST_NOSUID) != 0)
		ctl_find(d, LEVEL_FAIL, "%s is on a file system mounted nosuid, "
		    "where the setuid bit has no effect; remount it suid or "
		    "install elsewhere", DS01_BIN);
	if (stat(DS01_BIN "-session", &st) != 0)
		ctl_find(d, LEVEL_WARN, "%s-session is not there; ln -s "
		    "ds01-docker %s-session", DS01_BIN, DS01_BIN);
}

void
doctor_gate(struct doctor *d)
{
	struct stat st;

	if (stat(DS01_GATE, &st) != 0) {
		ctl_find(d, errno == EACCES ? LEVEL_NOTE : LEVEL_FAIL,
		    "%s: %s; make install, or look as root", DS01_GATE,
		    strerror(errno));
		return;
	}
	parents(d, DS01_GATE);
	if (st.st_uid != 0 || (st.st_mode & 06022) != 0)
		ctl_find(d, LEVEL_FAIL, "%s can be changed by others than root "
		    "or is set-id; chown root:%s %s && chmod 0750 %s", DS01_GATE,
		    DS01_SERVICE_USER, DS01_GATE, DS01_GATE);
	else if (st.st_gid != group_id(DS01_SERVICE_USER) ||
	    (st.st_mode & 07777) != 0750)
		ctl_find(d, LEVEL_WARN, "%s is not root:%s 0750; chown root:%s "
		    "%s && chmod 0750 %s", DS01_GATE, DS01_SERVICE_USER,
		    DS01_SERVICE_USER, DS01_GATE, DS01_GATE);
	else
		ctl_find(d, LEVEL_OK, "%s is root:%s 0750", DS01_GATE,
		    DS01_SERVICE_USER);
}

void
doctor_config(struct doctor *d)
{
	char err[1024];
	struct config *c = config_load(DS01_CONFIG, true, err, sizeof(err));

	if (c == NULL)
		ctl_find(d, LEVEL_FAIL, "%s; the built-in defaults hold until "
		    "it is put right", err);
	else if (access(DS01_CONFIG, F_OK) != 0)
		ctl_find(d, LEVEL_OK, "%s is not there; the built-in defaults "
		    "hold", DS01_CONFIG);
	else
		ctl_find(d, LEVEL_OK, "%s is good", DS01_CONFIG);
	if (c != NULL && c->isolation_mode != ISOLATION_FULL)
		ctl_find(d, LEVEL_WARN, "isolation_mode is %s: users are not "
		    "kept apart; set it to full", c->isolation_mode ==
		    ISOLATION_MONITORING ? "monitoring" : "disabled");
	if (c != NULL && c->unknown_allow)
		ctl_find(d, LEVEL_WARN, "unknown_requests is allow: requests "
		    "nobody has judged reach the engine; set it to deny");
	parents(d, DS01_CONFIG);
	config_free(c);
}

struct directory {
	const char *path;
	bool service;		/* owner: the service user, else root */
	mode_t mode;
	const char *what;
};

static void
directory(struct doctor *d, const struct directory *dir)
{
	struct stat st;
	uid_t owner = dir->service ? user_id(DS01_SERVICE_USER) : 0;
	const char *name = dir->service ? DS01_SERVICE_USER : "root";

	if (lstat(dir->path, &st) != 0) {
		ctl_find(d, errno == EACCES ? LEVEL_NOTE : LEVEL_FAIL,
		    "%s (%s): %s; systemd-tmpfiles --create ds01-docker.conf",
		    dir->path, dir->what, strerror(errno));
		return;
	}
	mode_t more = st.st_mode & 07777 & ~dir->mode;
	if (!S_ISDIR(st.st_mode) || st.st_uid != owner || (more & 022) != 0)
		ctl_find(d, LEVEL_FAIL, "%s (%s) must be a directory of %s with "
		    "mode %04o; chown %s %s && chmod %04o %s", dir->path,
		    dir->what, name, (unsigned)dir->mode, name, dir->path,
		    (unsigned)dir->mode, dir->path);
	else if ((st.st_mode & 07777) != dir->mode)
		ctl_find(d, LEVEL_WARN, "%s (%s) has mode %04o; chmod %04o %s",
		    dir->path, dir->what, (unsigned)st.st_mode & 07777,
		    (unsigned)dir->mode, dir->path);
	else
		ctl_find(d, LEVEL_OK, "%s is %s's, %04o", dir->path, name,
		    (unsigned)dir->mode);
}

static void
events(struct doctor *d)
{
	const char *file = d->cfg->events_file;
	struct stat st;

	if (*file == '\0')
		return;
	if (stat(file, &st) != 0)
		ctl_find(d, errno == EACCES ? LEVEL_NOTE : LEVEL_WARN,
		    "%s (events): %s; systemd-tmpfiles --create "
		    "ds01-docker.conf", file, strerror(errno));
	else if (st.st_uid != user_id(DS01_SERVICE_USER) &&
	    (st.st_mode & 0002) == 0 && (st.st_mode & 0020) == 0)
		ctl_find(d, LEVEL_WARN, "%s (events) cannot be written by the "
		    "gate; chown %s %s", file, DS01_SERVICE_USER, file);
	else if ((st.st_mode & 022) != 0)
		ctl_find(d, LEVEL_WARN, "%s (events) can be written by others; "
		    "chmod 0640 %s", file, file);
	else
		ctl_find(d, LEVEL_OK, "%s can be written by the gate alone",
		    file);
}

void
doctor_directories(struct doctor *d)
{
	static const struct directory dirs[] = {
		{ DS01_RUN_DIR, true, 0711, "session sockets" },
		{ DS01_STATE_DIR, false, 0755, "state" },
		{ DS01_STATE_DIR "/rate-limits", true, 0700,
		    "denial counters" },
		{ DS01_LOG_DIR, false, 0755, "logs" },
	};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		directory(d, &dirs[i]);
	events(d);
}

void
doctor_cli(struct doctor *d)
{
	/* what a login shell finds first */
	static const char *const typed[] = { "/usr/local/bin/docker",
	    "/usr/bin/docker" };
	const char *cli = d->cfg->engine_cli;
	char real[PATH_MAX], bin[PATH_MAX];
	struct stat st;

	if (stat(cli, &st) != 0 || access(cli, X_OK) != 0)
		ctl_find(d, LEVEL_FAIL, "%s cannot be run: %s; install the "
		    "docker CLI or set engine.cli", cli, strerror(errno));
	else if ((st.st_mode & 06000) != 0)
		ctl_find(d, LEVEL_FAIL, "%s is set-id and would run with rights "
		    "of its own; chmod ug-s %s", cli, cli);
	else
		ctl_find(d, LEVEL_OK, "%s is there", cli);
	if (realpath(DS01_BIN, bin) == NULL)
		return;
	for (size_t i = 0; i < 2; i++) {
		if (realpath(typed[i], real) == NULL)
			continue;
		if (strcmp(real, bin) == 0)
			ctl_find(d, LEVEL_OK, "%s is %s", typed[i], DS01_BIN);
		else
			ctl_find(d, LEVEL_NOTE, "docker is %s, not %s; give "
			    "users an alias, or a link before it in PATH",
			    typed[i], DS01_BIN);
		return;
	}
}
