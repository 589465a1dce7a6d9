/*
 * records.c - writes records through record.c as the gate does: under the
 * service's uid, with CAP_AUDIT_WRITE alone, for callers that argv names.
 * links: record audit events ratelimit log reason span
 *
 *   records [-l LOGINUID] [-s SERVICE_UID] [-m MODE] [-b COUNT]
 *       KIND OP [NAME=VALUE | would | unowned] … [, KIND OP …] …
 *
 * KIND: control resource command make drop.  NAME: uid acct tty vm uuid
 * image detail cwd why text.  Prints "EVENT RESULT" for each; with -b writes
 * each COUNT times and prints the microseconds that one took.
 */
#include <cap-ng.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "record.h"

static const char *const kinds[] = {
	"control", "resource", "command", "make", "drop"
};

static void
set_loginuid(const char *uid)
{
	int fd = open("/proc/self/loginuid", O_WRONLY);

	if (fd < 0 || write(fd, uid, strlen(uid)) != (ssize_t)strlen(uid))
		err(1, "loginuid");
	close(fd);
}

static void
drop_to(int uid)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_update(CAPNG_ADD, (capng_type_t)(CAPNG_EFFECTIVE |
	    CAPNG_PERMITTED), CAP_AUDIT_WRITE) != 0 ||
	    capng_change_id(uid, uid, (capng_flags_t)(CAPNG_DROP_SUPP_GRP |
	    CAPNG_CLEAR_BOUNDING)) != 0)
		errx(1, "cannot drop to uid %d", uid);
}

static enum reason
reason_named(const char *id)
{
	for (int r = 0; r < R__COUNT; r++)
		if (strcmp(reason_row((enum reason)r)->id, id) == 0)
			return (enum reason)r;
	errx(1, "no reason %s", id);
}

static void
set(struct record *r, struct caller *c, const char *arg)
{
	const struct { const char *name; const char **to; } rows[] = {
		{ "vm", &r->vm }, { "uuid", &r->uuid }, { "image", &r->image },
		{ "detail", &r->detail }, { "cwd", &r->cwd },
		{ "text", &r->why_text }
	};
	const char *value = strchr(arg, '=');
	size_t len = value ? (size_t)(value++ - arg) : 0;

	r->would |= strcmp(arg, "would") == 0;
	r->unowned |= strcmp(arg, "unowned") == 0;
	if (!value)
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strlen(rows[i].name) == len &&
		    strncmp(rows[i].name, arg, len) == 0)
			*rows[i].to = value;
	if (strncmp(arg, "uid=", 4) == 0)
		c->uid = (uid_t)strtoul(value, NULL, 10);
	if (strncmp(arg, "why=", 4) == 0)
		r->why = reason_named(value);
	if (strncmp(arg, "acct=", 5) == 0)
		(void)snprintf(c->name, sizeof(c->name), "%s", value);
	if (strncmp(arg, "tty=", 4) == 0)
		(void)snprintf(c->tty, sizeof(c->tty), "%s", value);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
write_one(const struct caller *c, struct record *r, long times)
{
	double start = now();
	int rc = 0;

	record_new_id(r);
	for (long i = 0; i < (times ? times : 1); i++)
		rc = record_write(c, r);
	if (times)
		printf("%.1f us\n", (now() - start) / (double)times);
	else
		printf("%s %d\n", r->event, rc);
}

int
main(int argc, char **argv)
{
	struct config cfg = { .audit = AUDIT_MODE_REQUIRED,
	    .audit_events = AUDIT_EVENTS_ALL, .deny_log_per_hour = 0 };
	struct caller c = { .uid = 0 };
	int opt, service = 65534;
	long times = 0;

	while ((opt = getopt(argc, argv, "+l:s:m:b:")) != -1)
		if (opt == 'l')
			set_loginuid(optarg);
		else if (opt == 's')
			service = atoi(optarg);
		else if (opt == 'm')
			cfg.audit = strcmp(optarg, "off") == 0 ?
			    AUDIT_MODE_OFF : AUDIT_MODE_ON;
		else if (opt == 'b')
			times = atol(optarg);
	if (service)
		drop_to(service);
	log_open("records", false);
	if (record_open(&cfg) < 0)
		errx(1, "audit cannot be opened");
	while (optind + 1 < argc) {
		struct record r = { .changes = true };

		for (size_t i = 0; i < 5; i++)
			if (strcmp(argv[optind], kinds[i]) == 0)
				r.kind = (enum record_kind)i;
		r.op = argv[optind + 1];
		for (optind += 2; optind < argc &&
		    strcmp(argv[optind], ",") != 0; optind++)
			set(&r, &c, argv[optind]);
		optind++;
		write_one(&c, &r, times);
	}
	record_close();
	return 0;
}
