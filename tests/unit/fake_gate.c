/*
 * fake_gate.c - a stand-in for the gate, for trying the launcher alone.
 *
 * Speaks lease.h and passes session connections on to the engine unread: it
 * protects nothing.  Lets every command go but one with a target "foreign".
 * FAKE_EXIT: ends with that status at once.  FAKE_HANG: never answers.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lease.h"
#include "probe.h"

#ifndef FAKE_CLI
#define FAKE_CLI "/usr/bin/docker"
#endif
#ifndef FAKE_LINGER_MS
#define FAKE_LINGER_MS 2000
#endif

static atomic_int leases;
static int wake[2];

static void *
copy(void *arg)
{
	int *fds = arg;
	char buf[65536];
	ssize_t n, done, w;

	while ((n = read(fds[0], buf, sizeof(buf))) > 0)
		for (done = 0; done < n; done += w)
			if ((w = write(fds[1], buf + done,
			    (size_t)(n - done))) <= 0)
				goto out;
out:
	(void)shutdown(fds[1], SHUT_WR);
	return NULL;
}

static void *
serve_session(void *arg)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX,
	    .sun_path = "/run/docker.sock" };
	int client = (int)(intptr_t)arg, engine;
	int there[2], back[2];
	pthread_t thread;

	engine = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(engine, (struct sockaddr *)&sun, sizeof(sun)) == 0) {
		there[0] = back[1] = client;
		there[1] = back[0] = engine;
		if (pthread_create(&thread, NULL, copy, there) == 0) {
			(void)copy(back);
			(void)pthread_join(thread, NULL);
		}
	}
	(void)close(engine);
	(void)close(client);
	return NULL;
}

static void
answer(int lease, const char *msg, size_t len, int debug)
{
	char text[4096];
	int n;

	if (debug != -1) {
		n = snprintf(text, sizeof(text), "debug: ask of %zu bytes\n",
		    len);
		(void)send(debug, text, (size_t)n, MSG_NOSIGNAL);
	}
	if (memmem(msg, len, "\0foreign", 9) != NULL)
		n = snprintf(text, sizeof(text), "%cPermission denied: this "
		    "container belongs to somebody\n", LEASE_STOP);
	else
		n = snprintf(text, sizeof(text), "%c%s", LEASE_GO,
		    FAKE_CLI) + 1;
	(void)send(lease, text, (size_t)n, MSG_NOSIGNAL);
}

static void *
serve_lease(void *arg)
{
	static _Thread_local char msg[LEASE_TEXT_MAX];
	int lease = (int)(intptr_t)arg, debug = -1;
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { msg, sizeof(msg) };
	struct msghdr m;
	ssize_t n;

	for (;;) {
		m = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1,
		    .msg_control = &control,
		    .msg_controllen = sizeof(control) };
		if ((n = recvmsg(lease, &m, 0)) <= 0)
			break;
		if (CMSG_FIRSTHDR(&m) != NULL)
			memcpy(&debug, CMSG_DATA(CMSG_FIRSTHDR(&m)),
			    sizeof(int));
		answer(lease, msg, (size_t)n, debug);
	}
	if (debug != -1)
		(void)close(debug);
	(void)close(lease);
	atomic_fetch_sub(&leases, 1);
	(void)!write(wake[1], "", 1);
	return NULL;
}

static void
run(void *(*f)(void *), int fd)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, f, (void *)(intptr_t)fd) == 0)
		(void)pthread_detach(thread);
}

/* Takes the hello, in a control connection or the first lease. */
static int
greet(int lease, struct lease_hello *h)
{
	if (recv(lease, h, sizeof(*h), 0) != (ssize_t)sizeof(*h) ||
	    h->magic != LEASE_MAGIC)
		return -1;
	atomic_fetch_add(&leases, 1);
	(void)send(lease, &(char){ LEASE_ACK }, 1, MSG_NOSIGNAL);
	run(serve_lease, lease);
	return 0;
}

int
main(void)
{
	struct lease_hello h, more;
	struct pollfd p[3];
	char drain[64];
	int fd;

#ifdef FAKE_EXIT
	return FAKE_EXIT;
#endif
#ifdef FAKE_HANG
	for (;;)
		(void)pause();
#endif
	if (pipe(wake) == -1 || greet(GATE_FD_LEASE, &h) == -1)
		return 1;
	for (;;) {
		p[0] = (struct pollfd){ GATE_FD_SESSION, POLLIN, 0 };
		p[1] = (struct pollfd){ h.control[0] != '\0' ?
		    GATE_FD_CONTROL : -1, POLLIN, 0 };
		p[2] = (struct pollfd){ wake[0], POLLIN, 0 };
		if (poll(p, 3, atomic_load(&leases) > 0 ? -1 :
		    h.control[0] != '\0' ? FAKE_LINGER_MS : 0) == 0)
			break;
		if (p[0].revents != 0 &&
		    (fd = accept(GATE_FD_SESSION, NULL, NULL)) != -1)
			run(serve_session, fd);
		if (p[1].revents != 0 &&
		    (fd = accept(GATE_FD_CONTROL, NULL, NULL)) != -1 &&
		    greet(fd, &more) == -1)
			(void)close(fd);
		if (p[2].revents != 0)
			(void)!read(wake[0], drain, sizeof(drain));
	}
	(void)unlink(h.socket);
	if (h.control[0] != '\0')
		(void)unlink(h.control);
	return 0;
}
