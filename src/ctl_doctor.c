/*
 * ctl_doctor.c - is this installation sound?
 *
 * Checks are rows of a table; each prints findings, one line each: what is,
 * and behind a semicolon what to do.  Nothing is changed.  The exit status is
 * 1 if a finding says FAIL: something does not work, or is open.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"

#define AUDITCTL "/usr/sbin/auditctl"

static const struct ctl_check_row checks[] = {
	{ "process", "whether setuid programs can work from here at all",
	    doctor_process },
	{ "launcher", "owner, mode and file system of the setuid launcher, "
	    "and who could replace it", doctor_launcher },
	{ "gate", "owner, group and mode of the gate", doctor_gate },
	{ "gates", "whether users could stop or end gates that run through a "
	    "control group, and gates that run an earlier program",
	    doctor_gates },
	{ "config", "the configuration file", doctor_config },
	{ "directories", "run, state and log directories", doctor_directories },
	{ "service", "the service user, and its membership of the group of "
	    "the engine's socket", doctor_service_user },
	{ "socket", "type, owner and mode of the engine's socket",
	    doctor_socket },
	{ "engine", "whether the engine answers, its API versions, and known "
	    "holes of its version, of runc, containerd and BuildKit",
	    doctor_engine },
	{ "cli", "the docker command that is run, and what users get when "
	    "they type docker", doctor_cli },
	{ "members", "who else can talk to the engine directly",
	    doctor_members },
	{ "readders", "what would put users into the group again",
	    doctor_readders },
	{ "root", "what root in containers is on the host", doctor_root },
	{ "store", "where the engine keeps images", doctor_store },
	{ "bridge", "whether containers of different users reach each other on "
	    "the network bridge", doctor_bridge },
	{ "memory", "whether the engine's memory is bounded, and whether "
	    "containers outlive the engine", doctor_memory },
	{ "listeners", "TCP ports on which dockerd listens",
	    doctor_listeners },
	{ "sockets", "sockets of other runtimes, which are as good as root",
	    doctor_side_doors },
	{ "admins", "the administrators that the configuration names",
	    doctor_admins },
	{ "audit", "whether records reach the audit log", doctor_audit },
	{ "logs", "whether auditd keeps records long enough, and whether events "
	  "are rotated", doctor_logs },
};

const struct ctl_check_row *
ctl_checks(size_t *n)
{
	*n = sizeof(checks) / sizeof(checks[0]);
	return checks;
}

void
ctl_find(struct doctor *d, enum level level, const char *fmt, ...)
{
	static const char *const words[LEVEL__COUNT] = {
	    [LEVEL_OK] = "ok", [LEVEL_NOTE] = "note", [LEVEL_WARN] = "warn",
	    [LEVEL_FAIL] = "FAIL" };
	char text[2048];
	va_list ap;

	d->count[level]++;
	if (d->quiet && level < LEVEL_WARN)
		return;
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	printf("%-4s  %s: ", words[level], d->topic);
	ctl_put(stdout, text);
	putchar('\n');
}

/* A number from a line "key: value" or "key value" of a file or program. */
static bool
number_after(FILE *in, const char *key, unsigned long *out)
{
	char line[512];
	size_t n = strlen(key);
	bool found = false;

	while (fgets(line, sizeof(line), in) != NULL)
		if (!found && strncmp(line, key, n) == 0) {
			*out = strtoul(line + n, NULL, 10);
			found = true;
		}
	return found;
}

void
doctor_process(struct doctor *d)
{
	FILE *in = fopen("/proc/self/status", "re");
	unsigned long nnp = 0;

	if (in != NULL && number_after(in, "NoNewPrivs:", &nnp) && nnp != 0)
		ctl_find(d, LEVEL_WARN, "this session has no_new_privs set, so "
		    "setuid programs do not work in it; look at the unit or "
		    "container it runs in");
	if (in != NULL)
		fclose(in);
	if (geteuid() != 0)
		ctl_find(d, LEVEL_NOTE, "not run as root; what only root can "
		    "see is left out");
	else
		ctl_find(d, LEVEL_OK, "run as root");
}

void
doctor_audit(struct doctor *d)
{
	const char *argv[] = { AUDITCTL, "-s", NULL };
	unsigned long enabled = 0, pid = 0;
	char line[256];
	FILE *out;

	if (d->cfg->audit == AUDIT_MODE_OFF) {
		ctl_find(d, LEVEL_WARN, "audit: off in the configuration; "
		    "nothing is recorded in the audit log");
		return;
	}
	if (geteuid() != 0)
		return;
	pid_t child = ctl_start(argv, true, &out);
	while (child > 0 && fgets(line, sizeof(line), out) != NULL) {
		sscanf(line, "enabled %lu", &enabled);
		sscanf(line, "pid %lu", &pid);
	}
	if (child < 0 || ctl_wait(child, out) != 0)
		ctl_find(d, LEVEL_WARN, "%s cannot be run; install auditd, "
		    "without it there is no audit log to search", AUDITCTL);
	else if (enabled == 0)
		ctl_find(d, d->cfg->audit == AUDIT_MODE_REQUIRED ? LEVEL_FAIL :
		    LEVEL_WARN, "kernel auditing is off, so records are "
		    "dropped; auditctl -e 1, and audit=1 on the kernel's "
		    "command line");
	else if (pid == 0)
		ctl_find(d, LEVEL_WARN, "kernel auditing is on but auditd does "
		    "not run; systemctl enable --now auditd");
	else
		ctl_find(d, LEVEL_OK, "kernel auditing is on, auditd runs");
}

static const struct ctl_check_row *
row(const char *name)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (strcmp(checks[i].name, name) == 0)
			return &checks[i];
	return NULL;
}

static void
run_row(struct doctor *d, const struct ctl_check_row *r)
{
	d->topic = r->name;
	r->run(d);
	fflush(stdout);
}

static bool
load(struct doctor *d)
{
	char err[512];

	d->cfg = config_load(DS01_CONFIG, true, err, sizeof(err));
	if (d->cfg == NULL)	/* said by the row "config" */
		d->cfg = config_default();
	return d->cfg != NULL;
}

int
ctl_doctor(int argc, char **argv)
{
	struct doctor d = { 0 };
	int chosen = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--quiet") == 0 ||
		    strcmp(argv[i], "-q") == 0)
			d.quiet = true;
		else if (row(argv[i]) == NULL)
			return ctl_usage("doctor");
		else
			chosen++;
	}
	if (!load(&d)) {
		warn("doctor");
		return CTL_PROBLEM;
	}
	for (size_t i = 0; chosen == 0 &&
	    i < sizeof(checks) / sizeof(checks[0]); i++)
		run_row(&d, &checks[i]);
	for (int i = 0; chosen > 0 && i < argc; i++)
		if (argv[i][0] != '-')
			run_row(&d, row(argv[i]));
	if (chosen == 0)
		printf("%u failed, %u warnings, %u notes, %u good\n",
		    d.count[LEVEL_FAIL], d.count[LEVEL_WARN],
		    d.count[LEVEL_NOTE], d.count[LEVEL_OK]);
	config_free(d.cfg);
	return d.count[LEVEL_FAIL] > 0 ? CTL_PROBLEM : CTL_OK;
}
