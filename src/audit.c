/*
 * audit.c - kernel audit records.
 *
 * Guarantees auditors that ausearch, aureport and auvirt find each record by
 * user, container, id and result, whatever names and commands hold; and
 * record.c that it knows whether the kernel took a record.
 *
 * ausearch looks for fields with strstr(), each from where the one before
 * ended, in the order vm uuid path uid acct cwd res.  It stops looking for
 * " uid=" at "uuid=".  The kernel writes the gate's uid, so the caller's is
 * written by us, once before uuid= (for -ui alone and with -vm) and once
 * after the last field that moves the search (for -ui with -uu or -f).
 */
#include <errno.h>
#include <stdint.h>
#include <libaudit.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"

#define ID_MAX 64

struct text {
	char *out;
	size_t cap, len;
	int full;
};

/* libaudit keeps a sequence number and a path in static variables. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const int types[] = {
	[RECORD_CONTROL] = AUDIT_VIRT_CONTROL,
	[RECORD_RESOURCE] = AUDIT_VIRT_RESOURCE,
	[RECORD_COMMAND] = AUDIT_USER_CMD,
	[RECORD_IMAGE_MAKE] = AUDIT_VIRT_CREATE,
	[RECORD_IMAGE_DROP] = AUDIT_VIRT_DESTROY
};

/* --- text ---------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3)))
put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->out + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->cap - t->len)
		t->full = 1;
	else
		t->len += (size_t)n;
}

static int
safe(const char *s)
{
	return s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789_./:@+-")] == '\0';
}

/* name="value", or name=HEX, as auparse decodes it.  The one escaper: what
 * libaudit's own leaves quoted ('=' and apostrophes) bends searches. */
static void
put_value(struct text *t, const char *name, const char *value, size_t max)
{
	char cut[AUDIT_COMMAND_MAX + 1];
	size_t len = strnlen(value, max + 1);

	if (len > max) {
		memcpy(cut, value, max - 3);
		memcpy(cut + max - 3, "...", 4);
		value = cut;
	}
	if (*value == '\0' || safe(value)) {
		put(t, " %s=\"%s\"", name, value);
		return;
	}
	put(t, " %s=", name);
	for (const char *s = value; *s; s++)
		put(t, "%02X", (unsigned char)*s);
}

static void
put_field(struct text *t, const char *name, const char *value)
{
	if (value && *value)
		put_value(t, name, value, AUDIT_FIELD_MAX);
}

/* Words are easier to read than hex: blanks become '_'. */
static void
put_words(struct text *t, const char *name, const char *value)
{
	char words[AUDIT_FIELD_MAX + 2];
	size_t n = 0;

	if (!value)
		return;
	for (; *value && n < sizeof(words) - 1; value++)
		words[n++] = *value;
	words[n] = '\0';
	for (n = 0; words[n]; n++)
		if (words[n] == ' ')
			words[n] = '_';
	put_field(t, name, words);
}

/* A container's id, or "?": an empty one ends ausearch's look at a record. */
static const char *
id_of(const struct record *r)
{
	size_t n = r->uuid ? strspn(r->uuid, "0123456789abcdef") : 0;

	return n > 0 && n <= ID_MAX && r->uuid[n] == '\0' ? r->uuid : "?";
}

static void
put_op(struct text *t, const char *op)
{
	if (strncmp(op, "container.", 10) == 0)
		op += 10;
	put(t, " op=");
	for (size_t i = 0; i < 64 && op[i]; i++)
		put(t, "%c", (op[i] >= 'a' && op[i] <= 'z') ||
		    (op[i] >= '0' && op[i] <= '9') ? op[i] : '-');
}

static const char *
reason_of(const struct record *r)
{
	if (r->why != R_NONE)
		return reason_row(r->why)->id;
	return r->unowned ? "unowned" : "allowed";
}

/* --- records ------------------------------------------------------------- */

static void
put_uid(struct text *t, const struct caller *c)
{
	put(t, " uid=%ju", (uintmax_t)c->uid);
}

/* vm= in front of uid= in front of uuid=: see the top of this file. */
static void
put_object(struct text *t, const struct caller *c, const struct record *r)
{
	if (r->vm && *r->vm)
		put_field(t, "vm", r->vm);
	else
		put(t, " vm=\"?\"");
	put_uid(t, c);
	put(t, " uuid=%s", id_of(r));
}

/* What is ours, or the caller's name, behind what is searched. */
static void
put_tail(struct text *t, const struct caller *c, const struct record *r)
{
	put_field(t, "event", r->event);
	if (r->would)
		put(t, " monitoring=would-deny");
	put_field(t, "acct", c->name);
}

static void
put_number(struct text *t, const char *name, const char *detail,
    long long unit)
{
	put(t, " old-%s=0 new-%s=%lld", name, name,
	    detail ? strtoll(detail, NULL, 10) / unit : 0);
}

/* The forms that auvirt --all-events knows: disk, cgroup, mem, vcpu. */
static void
format_resource(struct text *t, const struct caller *c,
    const struct record *r)
{
	static const struct { const char *op, *resrc; } kinds[] = {
		{ "bind", "disk" }, { "device", "cgroup" }, { "memory", "mem" },
		{ "cpus", "vcpu" }
	};
	const char *resrc = "other", *detail = r->detail;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].op, r->op) == 0)
			resrc = kinds[i].resrc;
	put(t, "virt=docker resrc=%s reason=%s", resrc, reason_of(r));
	put_object(t, c, r);
	if (strcmp(resrc, "disk") == 0) {
		put(t, " old-disk=\"?\"");
		put_field(t, "new-disk", detail);
	} else if (strcmp(resrc, "cgroup") == 0) {
		put(t, " cgroup=\"docker\" class=path");
		put_field(t, "path", detail);
		put(t, " acl=rwm");
	} else if (strcmp(resrc, "mem") == 0) {
		put_number(t, "mem", detail, 1024);
	} else if (strcmp(resrc, "vcpu") == 0) {
		put_number(t, "vcpu", detail, 1000000000);
	} else {
		put_op(t, r->op);
		put_field(t, "name", detail);
	}
	put_uid(t, c);
	put_tail(t, c, r);
	put_words(t, "why", r->why_text);
}

static void
format_command(struct text *t, const struct caller *c,
    const struct record *r)
{
	put(t, "op=docker");
	put_uid(t, c);
	put(t, " reason=%s", reason_of(r));
	put_tail(t, c, r);
	put_field(t, "cwd", r->cwd);
	put_value(t, "cmd", r->detail ? r->detail : "", AUDIT_COMMAND_MAX);
	put_words(t, "why", r->why_text);
}

static void
format_control(struct text *t, const struct caller *c,
    const struct record *r)
{
	put(t, "virt=docker");
	put_op(t, r->op);
	put_object(t, c, r);
	put_uid(t, c);
	put(t, " reason=%s", reason_of(r));
	put_tail(t, c, r);
	put_field(t, "name", r->image);
	put_field(t, "cmd", r->detail);
	put_words(t, "why", r->why_text);
}

int
audit_format(const struct caller *c, const struct record *r, char *out,
    size_t cap)
{
	struct text t = { out, cap, 0, cap == 0 };

	if (t.full)
		return -1;
	if (r->kind == RECORD_RESOURCE)
		format_resource(&t, c, r);
	else if (r->kind == RECORD_COMMAND)
		format_command(&t, c, r);
	else
		format_control(&t, c, r);
	return t.full ? -1 : (int)t.len;
}

/* --- sending ------------------------------------------------------------- */

int
audit_begin(void)
{
	int fd;

	/* Its own words would go to a descriptor that is not ours. */
	set_aumessage_mode(MSG_QUIET, DBG_NO);
	fd = audit_open();
	if (fd >= 0)
		return fd;
	return errno == EINVAL || errno == EPROTONOSUPPORT ||
	    errno == EAFNOSUPPORT ? -1 : -2;
}

void
audit_end(int fd)
{
	if (fd >= 0)
		audit_close(fd);
}

int
audit_write(int fd, const struct caller *c, const struct record *r)
{
	char text[AUDIT_TEXT_MAX];
	const char *tty = safe(c->tty) ? c->tty : "";
	int ok = r->why == R_NONE || r->would, len, rc;

	if (fd < 0) {
		errno = EPROTONOSUPPORT;
		return 0;
	}
	if ((len = audit_format(c, r, text, sizeof(text))) < 0) {
		errno = EMSGSIZE;
		return -1;
	}
	(void)pthread_mutex_lock(&lock);
	errno = 0;
	/* hostname and addr NULL: a name would be looked up in DNS. */
	rc = audit_log_user_message(fd, types[r->kind], text, NULL, NULL, tty,
	    ok);
	(void)pthread_mutex_unlock(&lock);
	return rc > 0 ? len : rc;
}
