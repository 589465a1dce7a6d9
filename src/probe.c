/*
 * probe.c - both ends of the probe (probe.h).
 *
 * Guarantees the gate that a descriptor it gets is O_PATH, close-on-exec and
 * one; that a probe that is gone, slow or hostile costs a bounded time and
 * yields no descriptor; and that a late answer is never taken for another
 * question's.  Everything the probe sends is the user's word.
 *
 * question: number, whether to make it, path without NUL.
 * answer: number, errno (0: descriptor).
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define PATIENCE_MS 5000	/* a path may lie on a dead NFS server */

struct question {
	uint32_t number;
	uint32_t make;		/* 1: missing directories are made first */
	char path[PATH_MAX];
};

struct answer {
	uint32_t number;
	int32_t error;
};

union control {			/* aligned as CMSG_FIRSTHDR wants it */
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void
put_answer(int sock, const struct answer *a, int fd)
{
	struct iovec iov = { (void *)(uintptr_t)a, sizeof(*a) };
	union control control = { .buf = { 0 } };
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
	/* a gate that is gone shows at the next recv */
	(void)sendmsg(sock, &msg, MSG_NOSIGNAL);
}

/* mkdir -p.  What is in the way shows when it is opened. */
static void
make_dirs(char *path)
{
	for (char *p = path + (*path == '/'); *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(path, 0755);
		*p = '/';
	}
	(void)mkdir(path, 0755);
}

void
probe_serve(int sock)
{
	struct question q;
	struct answer a;
	ssize_t n;
	int fd;

	(void)umask(022);
	for (;;) {
		n = recv(sock, &q, sizeof(q), 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= (ssize_t)offsetof(struct question, path) ||
		    n >= (ssize_t)sizeof(q))
			_exit(0);
		((char *)&q)[n] = '\0';
		if (q.make == 1)
			make_dirs(q.path);
		/* links are followed: the gate judges where they lead */
		fd = open(q.path, O_PATH | O_CLOEXEC);
		a.number = q.number;
		a.error = fd == -1 ? errno : 0;
		put_answer(sock, &a, fd);
		if (fd != -1)
			(void)close(fd);
	}
}

/* Milliseconds left until end, 0 when past. */
static int
left(const struct timespec *end)
{
	struct timespec now;
	long ms;

	if (clock_gettime(CLOCK_MONOTONIC, &now) == -1)
		return 0;
	ms = (end->tv_sec - now.tv_sec) * 1000 +
	    (end->tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? (int)ms : 0;
}

/* The one descriptor of a message, -1 if none; more than one are closed. */
static int
take_fd(struct msghdr *msg)
{
	struct cmsghdr *c;
	int fd, kept = -1, count = 0;
	size_t i, n;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (count++ == 0)
				kept = fd;
			else
				(void)close(fd);
		}
	}
	if (count > 1 && kept != -1) {
		(void)close(kept);
		kept = -1;
	}
	return kept;
}

/* One answer of the probe: 0, or -1 with errno. */
static int
get_answer(int sock, struct answer *a, int *fd, const struct timespec *end)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	struct iovec iov = { a, sizeof(*a) };
	union control control;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.buf, .msg_controllen = sizeof(control.buf) };
	ssize_t n;
	int got;

	do
		got = poll(&p, 1, left(end));
	while (got == -1 && errno == EINTR && left(end) > 0);
	if (got != 1) {
		errno = ETIMEDOUT;
		return -1;
	}
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n <= 0) {
		errno = EPIPE;
		return -1;
	}
	*fd = take_fd(&msg);
	if (n == (ssize_t)sizeof(*a) && (msg.msg_flags & MSG_TRUNC) == 0)
		return 0;
	if (*fd != -1)
		(void)close(*fd);
	errno = EPIPE;
	return -1;
}

/* Is the answer what open(2) could have given? */
static int
judge(const struct answer *a, int fd)
{
	int flags;

	if (a->error > 0 && a->error < 4096) {
		if (fd != -1)
			(void)close(fd);
		errno = a->error;
		return -1;
	}
	if (fd == -1) {
		errno = EPIPE;
		return -1;
	}
	/* reading from a descriptor of the user's may block or have effects */
	flags = fcntl(fd, F_GETFL);
	if (a->error != 0 || flags == -1 || (flags & O_PATH) == 0) {
		(void)close(fd);
		errno = EPIPE;
		return -1;
	}
	return fd;
}

static int
ask(int sock, struct question *q, const char *path, size_t len)
{
	struct timespec end;
	struct answer a;
	int fd = -1;

	memcpy(q->path, path, len);
	/* never blocks: a probe that reads nothing must not hold us */
	if (send(sock, q, offsetof(struct question, path) + len,
	    MSG_NOSIGNAL | MSG_DONTWAIT) == -1) {
		errno = errno == EAGAIN ? ETIMEDOUT : EPIPE;
		return -1;
	}
	if (clock_gettime(CLOCK_MONOTONIC, &end) == -1)
		return -1;
	end.tv_sec += PATIENCE_MS / 1000;
	for (;;) {
		if (get_answer(sock, &a, &fd, &end) == -1)
			return -1;
		if (a.number == q->number)
			return judge(&a, fd);
		/* the answer to a question given up earlier */
		if (fd != -1)
			(void)close(fd);
	}
}

static int
question(int sock, const char *path, bool make)
{
	struct question q = { .make = make };
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint32_t number;
	size_t len = strlen(path);
	int fd, error;

	if (len == 0 || len >= PATH_MAX) {
		errno = len == 0 ? ENOENT : ENAMETOOLONG;
		return -1;
	}
	(void)pthread_mutex_lock(&lock);
	q.number = ++number;
	fd = ask(sock, &q, path, len);
	error = errno;
	(void)pthread_mutex_unlock(&lock);
	errno = error;
	return fd;
}

int
probe_open(int sock, const char *path)
{
	return question(sock, path, false);
}

int
probe_make(int sock, const char *path)
{
	return question(sock, path, true);
}
