/*
 * ctl_audit.c - the audit trail and refusals, for people.
 *
 * ausearch selects, this file only shows: records of the gate, one line
 * each, with hexadecimal fields decoded and nothing that could drive a
 * terminal.
 */
#include <ctype.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "json.h"
#include "log.h"
#include "record.h"

#define AUSEARCH "/usr/sbin/ausearch"
#define VALUE_MAX 1024
#define TYPES "VIRT_CONTROL,VIRT_RESOURCE,VIRT_CREATE,VIRT_DESTROY,USER_CMD"

/* Start of the value of a field behind a space or the opening quote, which
 * is where this program's records have their fields. */
static const char *
field_at(const char *s, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = s; (p = strstr(p, name)) != NULL; p++)
		if (p > s && (p[-1] == ' ' || p[-1] == '\'') && p[len] == '=')
			return p + len + 1;
	return NULL;
}

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes what libaudit's encoding made: upper-case hex, an even number of
 * digits, no quotes. */
static bool
unhex(char *v)
{
	size_t n = strlen(v);

	if (n < 2 || n % 2 != 0 || v[strspn(v, "0123456789ABCDEF")] != '\0')
		return false;
	for (size_t i = 0; i < n; i += 2)
		v[i / 2] = (char)(hex(v[i]) << 4 | hex(v[i + 1]));
	v[n / 2] = '\0';
	return true;
}

/* Value of a field into out; encoded: the field is one that libaudit's
 * readers decode when it stands there without quotes. */
static bool
field(const char *s, const char *name, bool encoded, char *out, size_t cap)
{
	const char *p = field_at(s, name);

	out[0] = '\0';
	if (p == NULL)
		return false;
	bool quoted = *p == '"';
	p += quoted;
	size_t n = strcspn(p, quoted ? "\"" : " '\x1d\n");
	if (n >= cap)
		n = cap - 1;
	memcpy(out, p, n);
	out[n] = '\0';
	if (encoded && !quoted)
		unhex(out);
	return true;
}

static void
put_user(FILE *out, const char *s)
{
	char v[VALUE_MAX];
	const char *inner = strstr(s, "msg='");

	if (inner == NULL || !field(inner, "uid", false, v, sizeof(v)))
		field(s, "uid", false, v, sizeof(v));
	struct passwd *pw = *v ? getpwuid((uid_t)strtoul(v, NULL, 10)) : NULL;
	ctl_put(out, pw != NULL ? pw->pw_name : *v ? v : "?");
}

static void
put_time(FILE *out, const char *s)
{
	const char *p = strstr(s, "audit(");
	time_t t = p != NULL ? (time_t)strtoll(p + 6, NULL, 10) : 0;
	struct tm tm;
	char when[32] = "?";

	if (p != NULL && localtime_r(&t, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	fputs(when, out);
}

/* ausearch wants a number: asked for a name it compares the first UID="..." of
 * an enriched record, which is the gate's. */
static bool
number_of(const char *user, char out[16])
{
	struct passwd *pw = getpwnam(user);
	char *end;
	unsigned long n = pw != NULL ? pw->pw_uid : strtoul(user, &end, 10);

	if (pw == NULL && (!isdigit((unsigned char)*user) || *end != '\0' ||
	    n >= UINT32_MAX))
		return false;
	snprintf(out, 16, "%lu", n);
	return true;
}

/* Is that token in the line as a whole word? */
static bool
has_event(const char *s, const char *event)
{
	size_t len = strlen(event);

	for (const char *p = s; (p = strstr(p, event)) != NULL; p++)
		if (p > s && !isxdigit((unsigned char)p[-1]) &&
		    !isxdigit((unsigned char)p[len]))
			return true;
	return false;
}

/* A gate from before an upgrade says that its program was deleted. */
static bool
is_ours(const char *s)
{
	char v[VALUE_MAX];

	if (field(s, "virt", false, v, sizeof(v)) && strcmp(v, "docker") == 0)
		return true;
	return field(s, "exe", true, v, sizeof(v)) &&
	    (strcmp(v, DS01_GATE) == 0 ||
	    strcmp(v, DS01_GATE " (deleted)") == 0);
}

bool
ctl_audit_line(const char *raw, const struct ctl_query *q, FILE *out)
{
	/* what is worth a look, in the order of the line; "": bare value */
	static const struct { const char *name, *label; bool encoded; } show[] = {
		{ "op", "", false }, { "resrc", "", false }, { "vm", "", true },
		{ "cmd", "", true }, { "name", "image ", true },
		{ "image", "image ", true }, { "new-disk", "", true },
		{ "new-mem", "KiB ", false }, { "new-vcpu", "", false },
		{ "path", "", true },
	};
	char v[VALUE_MAX];
	const char *inner = strstr(raw, "msg='");

	if (inner == NULL || !is_ours(inner) ||
	    (q->event != NULL && !has_event(inner, q->event)))
		return false;
	put_time(out, raw);
	putc(' ', out);
	put_user(out, raw);
	bool failed = field(inner, "res", false, v, sizeof(v)) &&
	    strncmp(v, "failed", 6) == 0;
	bool would = field(inner, "monitoring", false, v, sizeof(v));
	bool given = field(inner, "resrc", false, v, sizeof(v));
	fputs(would ? " would-deny" : failed ? " denied" : " allowed", out);
	for (size_t i = 0; i < sizeof(show) / sizeof(show[0]); i++)
		if (field(inner, show[i].name, show[i].encoded, v,
		    sizeof(v)) && *v && strcmp(v, "?") != 0) {
			/* what is given has a name too, and is no image */
			fprintf(out, " %s", given && strcmp(show[i].name,
			    "name") == 0 ? "" : show[i].label);
			ctl_put(out, v);
		}
	if (field(inner, "reason", false, v, sizeof(v)) && *v != '?' &&
	    strcmp(v, "allowed") != 0) {
		fputs(" reason=", out);
		ctl_put(out, v);
	}
	if (field(inner, "event", false, v, sizeof(v)) && *v != '?') {
		fputs(" event=", out);
		ctl_put(out, v);
	}
	putc('\n', out);
	return true;
}

long
ctl_audit_print(const struct ctl_query *q, FILE *out)
{
	char date[32] = "today", clock[16] = "";
	const char *argv[20] = { AUSEARCH, "--input-logs", "--raw", "-m",
	    TYPES, "-ts" };
	size_t n = 6;
	char *line = NULL;
	size_t cap = 0;
	long found = 0;
	FILE *in;

	if (q->since != NULL && !ctl_since(q->since, time(NULL), date, clock))
		return -2;
	argv[n++] = date;
	if (*clock)
		argv[n++] = clock;
	if (q->user != NULL) {
		argv[n++] = "-ui";
		argv[n++] = q->user;
	}
	if (q->vm != NULL) {
		argv[n++] = "-vm";
		argv[n++] = q->vm;
	}
	if (q->denied) {
		argv[n++] = "-sv";
		argv[n++] = "no";
	}
	pid_t pid = ctl_start(argv, true, &in);
	if (pid < 0)
		return -1;
	while (getline(&line, &cap, in) > 0)
		found += ctl_audit_line(line, q, out);
	free(line);
	int rc = ctl_wait(pid, in);
	/* 1: no matches, or no right to read the log */
	return rc == 127 || rc < 0 ? -1 : rc != 0 && geteuid() != 0 ? -1 : found;
}

static bool
keyword(const char *w)
{
	static const char *const words[] = { "now", "recent", "boot", "today",
	    "yesterday", "this-hour", "this-week", "week-ago", "this-month",
	    "this-year" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(w, words[i]) == 0)
			return true;
	return false;
}

bool
ctl_since(const char *when, time_t now, char date[32], char clock[16])
{
	static const struct { char unit; long seconds; } units[] = {
	    { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
	    { 'w', 604800 } };
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M",
	    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S",
	    "%H:%M", "%H:%M:%S" };
	struct tm tm;
	char *end;

	date[0] = clock[0] = '\0';
	if (keyword(when)) {
		snprintf(date, 32, "%s", when);
		return true;
	}
	long age = isdigit((unsigned char)*when) ? strtol(when, &end, 10) : -1;
	for (size_t i = 0; age >= 0 && age < 100000 &&
	    i < sizeof(units) / sizeof(units[0]); i++)
		if (end[0] == units[i].unit && end[1] == '\0') {
			now -= age * units[i].seconds;
			if (localtime_r(&now, &tm) == NULL)
				return false;
			goto write;
		}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (localtime_r(&now, &tm) == NULL)
			return false;
		if (forms[i][1] == 'Y')
			tm.tm_hour = tm.tm_min = 0;
		tm.tm_sec = 0;
		end = strptime(when, forms[i], &tm);
		if (end != NULL && *end == '\0')
			goto write;
	}
	return false;
write:
	/* ausearch reads dates with %x; in the C locale, which ctl_start()
	 * sets, that has two digits for the year */
	snprintf(date, 32, "%02d/%02d/%02d", tm.tm_mon + 1, tm.tm_mday,
	    tm.tm_year % 100);
	strftime(clock, 16, "%H:%M:%S", &tm);
	return true;
}

int
ctl_audit(int argc, char **argv)
{
	struct ctl_query q = { 0 };
	char uid[16];
	const char *v;

	for (int i = 0; i < argc; i++) {
		if ((v = ctl_option(argc, argv, &i, "--user")) != NULL)
			q.user = v;
		else if ((v = ctl_option(argc, argv, &i, "--vm")) != NULL)
			q.vm = v;
		else if ((v = ctl_option(argc, argv, &i, "--since")) != NULL)
			q.since = v;
		else if (strcmp(argv[i], "--denied") == 0)
			q.denied = true;
		else
			return ctl_usage("audit");
	}
	if (q.user != NULL && !number_of(q.user, uid)) {
		warnx("no such user");
		return CTL_PROBLEM;
	}
	q.user = q.user != NULL ? uid : NULL;
	if (q.vm != NULL && (*q.vm == '-' || *q.vm == '\0'))
		return ctl_usage("audit");
	long n = ctl_audit_print(&q, stdout);
	if (n == -2)
		return ctl_usage("audit");
	if (n < 0) {
		warnx("%s cannot be run or may not read the audit log: run "
		    "this as root, with auditd installed", AUSEARCH);
		return CTL_PROBLEM;
	}
	if (n == 0)
		fputs("no records\n", stderr);
	return CTL_OK;
}

/* --- explain --- */

static void
put_reason(const struct reason_row *row)
{
	const char *mark = strstr(row->text, "%s");
	size_t head = mark ? (size_t)(mark - row->text) : strlen(row->text);

	printf("%s (HTTP status %d)\n  %.*s%s%s\n", row->id, row->status,
	    (int)head, row->text, mark ? "..." : "", mark ? mark + 2 : "");
	if (*row->advice)
		printf("  %s\n", row->advice);
}

static const struct reason_row *
reason_find(const char *id)
{
	for (int r = R_NONE + 1; r < R__COUNT; r++)
		if (strcmp(reason_row((enum reason)r)->id, id) == 0)
			return reason_row((enum reason)r);
	return NULL;
}

static int
list_reasons(void)
{
	for (int r = R_NONE + 1; r < R__COUNT; r++)
		put_reason(reason_row((enum reason)r));
	return CTL_OK;
}

static char *
events_file(void)
{
	char err[512];
	struct config *c = config_load(DS01_CONFIG, true, err, sizeof(err));

	if (c == NULL)
		c = config_default();
	char *file = c != NULL && *c->events_file ? strdup(c->events_file) :
	    NULL;
	config_free(c);
	return file;
}

/* The reason of that event goes to reason, if the line tells it. */
static long
search_events(const char *event, char *reason, size_t cap)
{
	char *file = events_file();
	FILE *in = file != NULL ? fopen(file, "re") : NULL;
	char *line = NULL;
	size_t len = 0;
	long found = 0;

	if (in == NULL && file != NULL)
		warn("%s", file);
	while (in != NULL && getline(&line, &len, in) > 0) {
		if (!has_event(line, event))
			continue;
		found++;
		line[strcspn(line, "\n")] = '\0';
		ctl_put(stdout, line);
		putchar('\n');
		struct span id = json_get(json_get(span_of(line), "details"),
		    "reason_id");
		if (id.ptr != NULL)
			json_string(id, reason, cap);
	}
	free(line);
	if (in != NULL)
		fclose(in);
	free(file);
	return found;
}

/* Prints the audit records of that event and takes their reason. */
static long
search_audit(const char *event, char *reason, size_t cap)
{
	struct ctl_query q = { .event = event, .since = "this-year" };
	char *text = NULL;
	size_t len = 0;
	FILE *mem = open_memstream(&text, &len);

	if (mem == NULL)
		return -1;
	long n = ctl_audit_print(&q, mem);
	if (fclose(mem) == 0 && text != NULL) {
		char v[64];
		fputs(text, stdout);
		if (field(text, "reason", false, v, sizeof(v)))
			snprintf(reason, cap, "%s", v);
	}
	free(text);
	return n;
}

static int
explain_event(const char *event)
{
	char reason[64] = "";
	long events = search_events(event, reason, sizeof(reason));
	long records = search_audit(event, reason, sizeof(reason));

	if (records < 0)
		warnx("the audit log was not searched: run this as root, with "
		    "auditd installed");
	if (events <= 0 && records <= 0) {
		fprintf(stderr, "no event %s found\n", event);
		return CTL_PROBLEM;
	}
	const struct reason_row *row = reason_find(reason);
	if (row != NULL)
		put_reason(row);
	return CTL_OK;
}

int
ctl_explain(int argc, char **argv)
{
	if (argc == 0)
		return list_reasons();
	if (argc != 1 || argv[0][0] == '-')
		return ctl_usage("explain");
	const struct reason_row *row = reason_find(argv[0]);
	if (row != NULL) {
		put_reason(row);
		return CTL_OK;
	}
	/* as it is printed: [ds01:1a2b3c4d] */
	const char *at = argv[0] + (argv[0][0] == '[');
	at += strncmp(at, "ds01:", 5) == 0 ? 5 : 0;
	size_t n = strspn(at, EVENT_ID_LETTERS);
	if (n == EVENT_ID_LEN && (at[n] == '\0' || strcmp(at + n, "]") == 0)) {
		char event[EVENT_ID_LEN + 1];
		memcpy(event, at, EVENT_ID_LEN);
		event[EVENT_ID_LEN] = '\0';
		return explain_event(event);
	}
	fputs("no such reason, and no event id: ", stderr);
	ctl_put(stderr, argv[0]);
	fputs(" (ds01-dockerctl explain lists the reasons)\n", stderr);
	return CTL_PROBLEM;
}
