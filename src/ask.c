/*
 * ask.c - announcing a command to the gate (ask.h, lease.h).
 *
 * Guarantees that a command waits a bounded time for its gate, that targets
 * are sent all or none, and that an answer is used only if it is whole.  All
 * of it runs as the user and is believed by the gate as far as he is.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "lease.h"

#define ANSWER_MS 60000		/* the gate asks the engine about targets */
/* What argv may take of a message, so that targets have room. */
#define ARGV_MAX ((size_t)32 * 1024)
#define ARGV_WORDS_MAX (LEASE_WORDS_MAX / 4)

static char message[LEASE_TEXT_MAX];

/* One field; false and nothing written when it would end behind limit. */
static bool
put(size_t *len, size_t limit, const char *text)
{
	size_t n = strlen(text) + 1;

	if (n > limit - *len)
		return false;
	memcpy(message + *len, text, n);
	*len += n;
	return true;
}

static const char *
mode(void)
{
	const char *bypass = getenv("DS01_WRAPPER_BYPASS");
	const char *isolation = getenv("DS01_ISOLATION_MODE");

	if (bypass != NULL && strcmp(bypass, "1") == 0)
		return "bypass";
	return isolation != NULL && strlen(isolation) < 64 ? isolation : "";
}

static const char *
debug_level(void)
{
	const char *level = getenv("DS01_WRAPPER_DEBUG");
	const char *old = getenv("DEBUG_DS01_WRAPPER");

	if (level != NULL && (strcmp(level, "1") == 0 ||
	    strcmp(level, "2") == 0))
		return level;
	return old != NULL && strcmp(old, "1") == 0 ? "1" : "";
}

/* How many words fit, and with which the list ends if they are not all. */
static bool
put_argv(size_t *len, const struct ask *a)
{
	size_t room = ARGV_MAX, n;
	char count[16];
	int i, fit = 0;

	while (fit < a->argc && fit < ARGV_WORDS_MAX &&
	    (n = strlen(a->argv[fit]) + 1) <= room) {
		room -= n;
		fit++;
	}
	(void)snprintf(count, sizeof(count), "%d",
	    fit < a->argc ? fit + 1 : fit);
	if (!put(len, sizeof(message), count))
		return false;
	for (i = 0; i < fit; i++)
		if (!put(len, sizeof(message), a->argv[i]))
			return false;
	return fit == a->argc || put(len, sizeof(message), LEASE_CUT);
}

static bool
put_targets(size_t *len, const struct targets *t)
{
	size_t before = *len, i;

	if (t == NULL || t->n == 0 ||
	    t->n > LEASE_WORDS_MAX - ARGV_WORDS_MAX - 1)
		return put(len, sizeof(message), "");
	if (put(len, sizeof(message), t->kind)) {
		for (i = 0; i < t->n; i++)
			if (!put(len, sizeof(message), t->names[i]))
				break;
		if (i == t->n)
			return true;
	}
	*len = before;		/* all or none */
	return put(len, sizeof(message), "");
}

static size_t
compose(const struct ask *a, const char *level)
{
	char cwd[PATH_MAX];
	size_t len = 1;

	message[0] = LEASE_ASK;
	if (getcwd(cwd, sizeof(cwd)) == NULL)
		cwd[0] = '\0';
	if (put(&len, sizeof(message), mode()) &&
	    put(&len, sizeof(message), level) &&
	    put(&len, sizeof(message), cwd) && put_argv(&len, a) &&
	    put_targets(&len, a->targets))
		return len;
	return 0;
}

static void
write_all(const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(STDERR_FILENO, text, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)	/* nobody reads: nothing to be done about it */
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* Copies the gate's debug lines to stderr until the gate is done. */
static _Noreturn void
copy_debug(int sock)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGTSTP, SIGTTOU,
	    SIGHUP };
	ssize_t n;
	size_t i;

	/* keys at the terminal are for the command; its last lines are ours */
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	while ((n = recv(sock, message, sizeof(message), 0)) > 0 ||
	    (n == -1 && errno == EINTR))
		if (n > 0)
			write_all(message, (size_t)n);
	_exit(0);
}

/* The gate's end of a channel to stderr, or -1: then there is no debugging. */
static int
open_debug(int lease)
{
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return -1;
	/* twice: the command must not find a child it does not know */
	child = fork();
	if (child == 0) {
		if (fork() != 0)
			_exit(0);
		(void)close(pair[0]);
		(void)close(lease);	/* or the gate would wait for us */
		copy_debug(pair[1]);
	}
	(void)close(pair[1]);
	while (child != -1 && waitpid(child, NULL, 0) == -1 && errno == EINTR)
		;
	return pair[0];
}

static bool
send_ask(int lease, size_t len, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = { 0 } };
	struct iovec iov = { message, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fd != -1) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(lease, &msg, MSG_NOSIGNAL) == (ssize_t)len;
}

/* One whole message, ended by NUL; its length or 0. */
static size_t
receive(int lease)
{
	struct pollfd p = { .fd = lease, .events = POLLIN };
	ssize_t n;
	int got;

	do
		got = poll(&p, 1, ANSWER_MS);
	while (got == -1 && errno == EINTR);
	if (got != 1)
		return 0;
	n = recv(lease, message, sizeof(message) - 1, MSG_TRUNC);
	/* the last words of a gate that ended come after this */
	if (n == -1 && errno == ECONNRESET)
		n = recv(lease, message, sizeof(message) - 1,
		    MSG_TRUNC | MSG_DONTWAIT);
	if (n <= 0 || (size_t)n >= sizeof(message))
		return 0;
	message[n] = '\0';
	return (size_t)n;
}

enum answer
ask_gate(int lease, const struct ask *a, const char **cli)
{
	const char *level = debug_level();
	int debug = *level != '\0' ? open_debug(lease) : -1;
	size_t len = compose(a, level), cli_len;
	bool sent = len > 0 && send_ask(lease, len, debug);

	if (debug != -1)
		(void)close(debug);
	if (!sent || (len = receive(lease)) == 0)
		return ANSWER_NONE;
	if (message[0] == LEASE_STOP) {
		write_all(message + 1, len - 1);
		return ANSWER_STOP;
	}
	if (message[0] != LEASE_GO || message[1] != '/')
		return ANSWER_NONE;
	*cli = message + 1;
	cli_len = strlen(message);	/* the byte and the path */
	if (cli_len + 1 < len)
		write_all(message + cli_len + 1, strlen(message + cli_len + 1));
	return ANSWER_GO;
}
