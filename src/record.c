/*
 * record.c - one decision, told to everybody who keeps records.
 *
 * Guarantees that a refusal reaches the audit log, syslog (as far as its
 * limit allows) and events.jsonl, each by itself: one that fails does not
 * silence the others, and stops nothing unless audit is required.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "events.h"
#include "log.h"
#include "ratelimit.h"
#include "record.h"

#ifndef DS01_STATE_DIR
#define DS01_STATE_DIR "/var/lib/ds01"
#endif

#define FIELD 384	/* bytes of one field in syslog, escaped */
#define BEND "="	/* what would make a value look like another field */
#define AROUND 250	/* bytes that libaudit, kernel and auditd put around */

struct settings {
	enum audit_mode audit;
	enum audit_events audit_events;
	long deny_log_per_hour;
	long deny_slow_after;
	long changes_slow_after;
	int fd;			/* audit, or -1, -2 */
};

static struct {
	pthread_mutex_t lock;
	struct settings s;
	bool opened;		/* audit was tried */
} g = { .lock = PTHREAD_MUTEX_INITIALIZER, .s.fd = -1 };

static const char *state_dir = DS01_STATE_DIR "/rate-limits";
static atomic_bool audit_warned;

void
record_state_dir(const char *dir)
{
	state_dir = dir;
}

/* --- opening ------------------------------------------------------------- */

/* Lock held. */
static void
open_audit(void)
{
	if (g.s.audit == AUDIT_MODE_OFF || g.opened)
		return;
	g.s.fd = audit_begin();
	g.opened = g.s.fd >= 0;
	if (g.s.fd == -1)
		warnx("this kernel keeps no audit records");
	else if (g.s.fd < 0)
		warn("the kernel's audit socket cannot be opened");
}

void
record_configure(const struct config *cfg)
{
	(void)pthread_mutex_lock(&g.lock);
	g.s.audit = cfg->audit;
	g.s.audit_events = cfg->audit_events;
	g.s.deny_log_per_hour = cfg->deny_log_per_hour;
	g.s.deny_slow_after = cfg->deny_slow_after;
	g.s.changes_slow_after = cfg->changes_slow_after;
	open_audit();
	(void)pthread_mutex_unlock(&g.lock);
	events_open(cfg->events_file);
}

int
record_open(const struct config *cfg)
{
	record_configure(cfg);
	return g.s.audit == AUDIT_MODE_REQUIRED && g.s.fd < 0 ? -1 : 0;
}

void
record_close(void)
{
	(void)pthread_mutex_lock(&g.lock);
	audit_end(g.s.fd);
	g.s = (struct settings){ .fd = -1 };
	g.opened = false;
	(void)pthread_mutex_unlock(&g.lock);
	events_close();
	atomic_store(&audit_warned, false);
}

void
record_new_id(struct record *r)
{
	static const char letters[] = EVENT_ID_LETTERS;

	_Static_assert(sizeof(letters) == 32 + 1, "five bits a letter");
	static atomic_uint turn;
	unsigned char b[EVENT_ID_LEN];
	struct timespec t;

	if (getrandom(b, sizeof(b), GRND_NONBLOCK) != sizeof(b)) {
		/* Only has to differ from its neighbours. */
		(void)clock_gettime(CLOCK_MONOTONIC, &t);
		uint64_t x = ((uint64_t)t.tv_nsec ^ (uint64_t)t.tv_sec << 32 ^
		    (uint64_t)getpid() << 16) +
		    atomic_fetch_add(&turn, 1) * 0x9e3779b97f4a7c15u;

		memcpy(b, &x, sizeof(b));
	}
	for (size_t i = 0; i < EVENT_ID_LEN; i++)
		r->event[i] = letters[b[i] & 31];
	r->event[EVENT_ID_LEN] = '\0';
}

/* --- audit --------------------------------------------------------------- */

static bool
denied(const struct record *r)
{
	return r->why != R_NONE;
}

static bool
wanted(const struct record *r, enum audit_events events)
{
	if (denied(r) || r->unowned || events == AUDIT_EVENTS_ALL)
		return true;
	return events == AUDIT_EVENTS_CHANGES && r->changes;
}

/* Bytes that were taken; or -1 when it is required and was not. */
static int
to_audit(const struct settings *s, const struct caller *c,
    const struct record *r)
{
	int n;

	if (s->audit == AUDIT_MODE_OFF || !wanted(r, s->audit_events))
		return 0;
	if ((n = audit_write(s->fd, c, r)) > 0) {
		atomic_store(&audit_warned, false);
		return n;
	}
	/* One line for each time that it breaks. */
	if (!atomic_exchange(&audit_warned, true))
		warn("the kernel does not take audit records");
	return s->audit == AUDIT_MODE_REQUIRED ? -1 : 0;
}

/* --- words --------------------------------------------------------------- */

/* "stop train", "volume remove data", or the command line. */
static void
command_of(const struct record *r, char *out, size_t cap)
{
	const char *op = r->op ? r->op : "", *vm = r->vm ? r->vm : "";
	size_t n = 0;

	if (r->kind == RECORD_COMMAND && r->detail) {
		(void)snprintf(out, cap, "%s", r->detail);
		return;
	}
	if (strncmp(op, "container.", 10) == 0)
		op += 10;
	for (; *op && n + 1 < cap; op++)
		out[n++] = *op == '.' ? ' ' : *op;
	(void)snprintf(out + n, cap - n, "%s%s", *vm ? " " : "", vm);
}

/* The text of a row may want a detail; its id never does. */
static const char *
reason_text(const struct record *r)
{
	return r->why_text && *r->why_text ? r->why_text :
	    reason_row(r->why)->id;
}

/* --- syslog -------------------------------------------------------------- */

static void
to_syslog(long per_hour, const struct rate_verdict *v, const struct caller *c,
    const struct record *r, const char *command)
{
	char user[FIELD], what[FIELD], why[FIELD], count[48] = "";
	const char *head = r->would ? "MONITORING: would deny" :
	    v->what == RATE_FIRST ? "FIRST DENIAL:" : "DENIED:";

	if (v->what == RATE_DROP)
		return;
	(void)log_escape(user, sizeof(user), c->name, BEND);
	if (v->suppressed > 0)
		log_access(LOG_NOTICE, "SUPPRESSED: user=%s denials=%ld in the "
		    "hour before were not logged here", user, v->suppressed);
	if (v->what == RATE_LAST) {
		log_access(LOG_NOTICE, "SUPPRESSED: user=%s further denials "
		    "suppressed, more than %ld in an hour", user, per_hour);
		return;
	}
	(void)log_escape(what, sizeof(what), command, BEND);
	(void)log_escape(why, sizeof(why), reason_text(r), BEND);
	if (v->what == RATE_SAY)
		(void)snprintf(count, sizeof(count), " (%ld/%ld)", v->count,
		    per_hour);
	log_access(v->what == RATE_FIRST && !r->would ? LOG_WARNING :
	    LOG_NOTICE, "%s user=%s command=%s reason=%s event=%s%s", head,
	    user, what, why, r->event, count);
}

/* --- events -------------------------------------------------------------- */

static void
denial_event(const struct caller *c, const struct record *r,
    const char *command)
{
	const struct event_detail d[] = {
		{ "command", command },
		{ "reason", reason_text(r) },
		{ "reason_id", reason_row(r->why)->id },
		{ "event", r->event }
	};

	events_write(r->would ? "auth.would_deny" : "auth.denied", c->name, d,
	    sizeof(d) / sizeof(d[0]));
}

static void
unowned_event(const struct caller *c, const struct record *r)
{
	const char *op = r->op ? r->op : "";
	const struct event_detail d[] = {
		{ "container", r->vm },
		{ "operation", strncmp(op, "container.", 10) == 0 ? op + 10 :
		    op },
		{ "event", r->event }
	};

	events_write("access.unowned_container", c->name, d,
	    sizeof(d) / sizeof(d[0]));
}

void
record_created(const struct caller *c, const char *name, const char *id,
    const char *image, const char *type)
{
	const struct event_detail d[] = {
		{ "container", name },
		{ "image", image },
		{ "container_type", type },
		{ "gpu", "none" },	/* none is allocated yet */
		{ "container_id", id }
	};

	events_write("container.create", c->name, d,
	    sizeof(d) / sizeof(d[0]));
}

/* --- pace ------------------------------------------------------------------ */

static struct settings
settings(void)
{
	struct settings s;

	(void)pthread_mutex_lock(&g.lock);
	s = g.s;
	(void)pthread_mutex_unlock(&g.lock);
	return s;
}

/* Are changes kept?  Then each has its turn before it is judged. */
static bool
changes_have_turns(const struct settings *s)
{
	return s->audit != AUDIT_MODE_OFF && s->fd >= 0 &&
	    s->audit_events != AUDIT_EVENTS_DENIALS;
}

void
record_turn(const struct caller *c)
{
	struct settings s = settings();

	if (!c->admin && changes_have_turns(&s))
		ratelimit_pace(state_dir, c->name, PACE_ALLOWED,
		    s.changes_slow_after, PACE_RECORD, true);
}

/* Behind the record, and before what was asked is answered or done. */
static void
slow_down(const struct settings *s, const struct caller *c,
    const struct record *r, int taken)
{
	bool refused = denied(r) && !r->would;
	bool turned = r->changes && changes_have_turns(s);
	size_t bytes = taken > 0 ? (size_t)taken + AROUND : 0;

	if (c->admin || (taken <= 0 && !denied(r) && !r->unowned))
		return;
	if (bytes < PACE_RECORD)
		bytes = PACE_RECORD;
	if (refused)
		ratelimit_pace(state_dir, c->name, PACE_REFUSED,
		    s->deny_slow_after, bytes, true);
	else if (!turned || r->would)
		ratelimit_pace(state_dir, c->name, PACE_ALLOWED,
		    s->changes_slow_after, bytes, true);
	else if (bytes > PACE_RECORD)
		ratelimit_pace(state_dir, c->name, PACE_ALLOWED,
		    s->changes_slow_after, bytes - PACE_RECORD, false);
}

void
record_owe(const struct caller *c, size_t bytes)
{
	if (!c->admin && bytes > 0)
		ratelimit_pace(state_dir, c->name, PACE_ALLOWED,
		    settings().changes_slow_after, bytes, false);
}

/* --- one decision ---------------------------------------------------------- */

int
record_resource(const struct caller *c, const struct record *r)
{
	struct settings s = settings();
	int taken = to_audit(&s, c, r);

	return taken > 0 ? taken + AROUND : taken;
}

int
record_write(const struct caller *c, const struct record *r)
{
	struct settings s = settings();
	int taken = to_audit(&s, c, r);
	struct rate_verdict v;
	char command[1024];

	if (denied(r)) {
		command_of(r, command, sizeof(command));
		v = ratelimit_count(state_dir, c->name, s.deny_log_per_hour,
		    time(NULL));
		to_syslog(s.deny_log_per_hour, &v, c, r, command);
		denial_event(c, r, command);
	} else if (r->unowned) {
		unowned_event(c, r);
	}
	slow_down(&s, c, r, taken);
	return taken < 0 ? -1 : 0;
}
