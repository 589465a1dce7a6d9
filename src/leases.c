/*
 * leases.c - the gate's side of a lease: one command of the user.
 *
 * The hello comes from root and is believed; what follows comes from the
 * user's half of the launcher (or whatever inherited the descriptor) and is
 * believed only as far as the user is: it can switch the mode of a private
 * gate of an admin, and ask questions about the user's own rights.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "gate.h"
#include "record.h"

#define ASK_FIELDS_MAX LEASE_WORDS_MAX

struct ask {			/* a LEASE_ASK, taken apart; borrowed strings */
	const char *mode, *debug, *cwd;
	const char **argv;
	size_t argc;
	const char *kind;
	const char **targets;
	size_t n_targets;
	int debug_fd;		/* or -1 */
};

/* --- reading ---------------------------------------------------------------------- */

/* The next field of a message; NULL when there is none. */
static const char *
field(const char **p, const char *end)
{
	const char *s = *p;
	const char *nul = s < end ? memchr(s, '\0', (size_t)(end - s)) : NULL;

	if (nul == NULL)
		return NULL;
	*p = nul + 1;
	return s;
}

/* Fields into words (which has room for ASK_FIELDS_MAX). */
static bool
ask_parse(struct ask *a, const char *msg, size_t len, const char **words)
{
	const char *p = msg + 1, *end = msg + len, *count;
	size_t n = 0;

	if (len < 1 || msg[0] != LEASE_ASK)
		return false;
	a->mode = field(&p, end);
	a->debug = field(&p, end);
	a->cwd = field(&p, end);
	count = field(&p, end);
	if (a->mode == NULL || a->debug == NULL || a->cwd == NULL ||
	    count == NULL)
		return false;
	a->argc = strtoul(count, NULL, 10);
	if (a->argc > ASK_FIELDS_MAX)
		return false;
	for (a->argv = words; n < a->argc; n++)
		if ((words[n] = field(&p, end)) == NULL)
			return false;
	if ((a->kind = field(&p, end)) == NULL)
		return false;
	a->targets = words + n;
	for (; n < ASK_FIELDS_MAX; n++, a->n_targets++)
		if ((words[n] = field(&p, end)) == NULL)
			break;
	return true;
}

/* One message and the descriptor that may come with it. */
static ssize_t
receive(int fd, char *msg, size_t cap, int *passed)
{
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int) * 4)];
	} control;
	struct iovec v = { msg, cap };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);

	*passed = -1;
	for (struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(&m) : NULL; c != NULL;
	    c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < fds; i++) {
			int got;
			memcpy(&got, CMSG_DATA(c) + i * sizeof(int),
			    sizeof(got));
			if (*passed < 0)
				*passed = got;
			else
				close(got);
		}
	}
	return n > 0 && (m.msg_flags & MSG_TRUNC) == 0 ? n : -1;
}

/* --- modes ------------------------------------------------------------------------ */

static const struct mode {
	const char *name;
	enum isolation mode;
} modes[] = {
	{ "bypass", ISOLATION_DISABLED },
	{ "disabled", ISOLATION_DISABLED },
	{ "monitoring", ISOLATION_MONITORING },
	{ "full", ISOLATION_FULL },
};

/* A debug line must not hold the gate up or reach anything but the user: it
 * has to be a socket he made. */
static bool
is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_SEQPACKET;
}

/* Says no to an ordinary user's attempt, on his stderr and on record. */
static void
refuse_mode(const struct view *v, const char *mode, struct buf *notes)
{
	struct record rec = { .kind = RECORD_CONTROL, .op = "session.mode",
	    .detail = mode, .why = R_ADMIN_ONLY,
	    .why_text = "an isolation mode was asked for", .changes = true };

	record_new_id(&rec);
	(void)record_write(&v->caller, &rec);
	buf_printf(notes, "ds01-docker: DS01_ISOLATION_MODE and "
	    "DS01_WRAPPER_BYPASS are for administrators; ignored [ds01:%s]\n",
	    rec.event);
}

/* The environment's wishes: a new view for what comes after. */
static void
apply_wishes(struct ask *a, struct buf *notes)
{
	struct view *v = gate_view();
	bool debug = a->debug_fd >= 0 && is_socket(a->debug_fd);
	enum isolation mode;
	bool admin, chosen;

	if (v == NULL)
		return;
	mode = v->mode;
	admin = v->caller.admin;
	chosen = v->chosen;
	if (a->mode[0] != '\0' && !admin)
		refuse_mode(v, a->mode, notes);
	view_release(v);
	for (size_t i = 0; a->mode[0] != '\0' && admin &&
	    i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].name, a->mode) == 0) {
			mode = modes[i].mode;
			chosen = true;
		}
	if (!gate.private || (!debug && a->mode[0] == '\0'))
		return;
	if ((v = gate_new_view()) == NULL)
		return;
	if (chosen && v->caller.admin) {
		v->mode = mode;
		v->chosen = true;
	}
	if (debug) {
		v->debug = a->debug[0] == '2' ? 2 : 1;
		v->debug_fd = a->debug_fd;
		a->debug_fd = -1;
	}
	gate_set_view(v);
}

/* --- answering ---------------------------------------------------------------------- */

static void
record_command(const struct view *v, const struct ask *a)
{
	struct buf line cleanup_buf = BUF_INIT(LEASE_TEXT_MAX);
	struct record rec = { .kind = RECORD_COMMAND, .op = "command",
	    .changes = true };

	for (size_t i = 0; i < a->argc; i++) {
		buf_puts(&line, i > 0 ? " " : "");
		buf_puts(&line, a->argv[i]);
	}
	rec.detail = line.failed || line.data == NULL ? "?" : line.data;
	record_new_id(&rec);
	(void)record_write(&v->caller, &rec);
}

static void
answer(int fd, const struct view *v, char kind, const struct buf *text)
{
	struct buf out cleanup_buf = BUF_INIT(LEASE_TEXT_MAX);

	buf_add(&out, &kind, 1);
	if (kind == LEASE_GO)
		buf_add(&out, v->cfg->engine_cli,
		    strlen(v->cfg->engine_cli) + 1);
	if (text->len > 0)
		buf_putspan(&out, buf_span(text));
	if (!out.failed)
		(void)send(fd, out.data, out.len, MSG_NOSIGNAL);
}

/* False: the caller has no account any more. */
static bool
handle(int fd, struct ask *a)
{
	struct buf notes cleanup_buf = BUF_INIT(16 * 1024);
	char refusal[4096];
	struct view *v;

	apply_wishes(a, &notes);
	if ((v = gate_view()) == NULL)
		return false;
	record_turn(&v->caller);
	record_command(v, a);
	if (a->n_targets > 0 && mediate_targets(v, a->kind, a->targets,
	    a->n_targets, refusal, sizeof(refusal)) != R_NONE) {
		buf_puts(&notes, refusal);
		answer(fd, v, LEASE_STOP, &notes);
	} else
		answer(fd, v, LEASE_GO, &notes);
	view_release(v);
	return true;
}

/* A lingering gate's next command: the same caller, looked at anew. */
static bool
renew(int fd)
{
	struct lease_hello h;
	struct view *v;

	if (gate_read_hello(fd, &h) < 0 || h.uid != gate.hello.uid ||
	    h.loginuid != gate.hello.loginuid ||
	    h.session != gate.hello.session || gate.private)
		return false;
	if ((v = gate_new_view()) == NULL)
		return false;
	snprintf(v->caller.tty, sizeof(v->caller.tty), "%s", h.tty);
	record_configure(v->cfg);
	gate_set_view(v);
	return true;
}

void
lease_serve(int fd, bool first)
{
	static const char ack = LEASE_ACK;
	char *msg = malloc(LEASE_TEXT_MAX);
	const char **words = calloc(ASK_FIELDS_MAX + 1, sizeof(*words));
	ssize_t n;

	if (msg == NULL || words == NULL || (!first && !renew(fd)) ||
	    send(fd, &ack, 1, MSG_NOSIGNAL) != 1)
		goto out;
	for (;;) {
		struct ask a = { 0 };
		n = receive(fd, msg, LEASE_TEXT_MAX, &a.debug_fd);
		bool ok = n > 0 && ask_parse(&a, msg, (size_t)n, words) &&
		    handle(fd, &a);
		if (a.debug_fd >= 0)
			close(a.debug_fd);
		if (!ok)	/* its end, or nonsense: who waits must know */
			break;
	}
out:
	free(words);
	free(msg);
	close(fd);
}
