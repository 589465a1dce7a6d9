/*
 * ctl_doctor_logs.c - doctor's look at how long records are kept.
 *
 * Everybody's records are in one log, so whoever writes enough of them pushes
 * the others' out if old files are dropped.  Events have no bound of their
 * own: what the gate would not write is lost.  logrotate bounds them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"

#define AUDITD_CONF "/etc/audit/auditd.conf"
#define KEEP_MB 1000	/* weeks of a user who writes all that he can */
#define EVENTS_MB 1000	/* ten times what packaging/logrotate.d rotates at */

/* What auditd takes for a key that is not there. */
struct keeping {
	unsigned long file_mb, files;
	char action[32];
};

/* "key = value", in any case, with any space; "#" begins a comment line. */
static void
setting(char *line, struct keeping *k)
{
	char *save = NULL, *key = strtok_r(line, " \t=\n", &save);
	char *value = key ? strtok_r(NULL, " \t=\n", &save) : NULL;

	if (value == NULL || *key == '#')
		return;
	if (strcasecmp(key, "max_log_file") == 0)
		k->file_mb = strtoul(value, NULL, 10);
	else if (strcasecmp(key, "num_logs") == 0)
		k->files = strtoul(value, NULL, 10);
	else if (strcasecmp(key, "max_log_file_action") == 0)
		(void)snprintf(k->action, sizeof(k->action), "%s", value);
}

void
ctl_logs(struct doctor *d, FILE *conf)
{
	struct keeping k = { 0, 0, "ignore" };
	char line[512];

	while (fgets(line, sizeof(line), conf) != NULL)
		setting(line, &k);
	if (strcasecmp(k.action, "suspend") == 0)
		ctl_find(d, LEVEL_WARN, "auditd stops to write at %lu MB "
		    "(max_log_file_action = suspend), and no record is kept "
		    "then; set keep_logs in %s", k.file_mb, AUDITD_CONF);
	else if (strcasecmp(k.action, "rotate") != 0 || k.files < 2)
		/* fewer than two files are not rotated */
		ctl_find(d, LEVEL_OK, "auditd drops no old records");
	else if (k.file_mb < KEEP_MB / k.files)
		ctl_find(d, LEVEL_WARN, "auditd keeps %lu files of %lu MB and "
		    "drops the oldest, so one user can push others' records "
		    "out; set max_log_file_action = keep_logs in %s, or "
		    "max_log_file = 50 and num_logs = 20", k.files, k.file_mb,
		    AUDITD_CONF);
	else
		ctl_find(d, LEVEL_OK, "auditd keeps %lu files of %lu MB",
		    k.files, k.file_mb);
}

void
ctl_events(struct doctor *d, const char *file, unsigned long mb)
{
	if (mb >= EVENTS_MB)
		ctl_find(d, LEVEL_WARN, "%s has %lu MB, so nothing rotates it; "
		    "install logrotate and its file for ds01-docker", file, mb);
	else
		ctl_find(d, LEVEL_OK, "%s has %lu MB", file, mb);
}

void
doctor_logs(struct doctor *d)
{
	struct stat st;
	FILE *conf;

	if (stat(d->cfg->events_file, &st) == 0)	/* "" is none */
		ctl_events(d, d->cfg->events_file,
		    (unsigned long)st.st_size >> 20);
	if (d->cfg->audit == AUDIT_MODE_OFF)
		return;		/* said by the row "audit" */
	conf = fopen(AUDITD_CONF, "re");
	if (conf != NULL) {
		ctl_logs(d, conf);
		(void)fclose(conf);
	} else if (errno != ENOENT && geteuid() == 0) {
		ctl_find(d, LEVEL_WARN, "%s: %s", AUDITD_CONF,
		    strerror(errno));
	}
}
