/*
 * forward.c - what any second process on the way costs.
 *
 *	forward SOCKET TO-SOCKET
 *
 * Passes bytes both ways, a thread a connection, and looks at nothing: what
 * the gate costs beyond this is its own doing.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sockaddr_un to = { .sun_family = AF_UNIX };

static bool
pass(int from, int into)
{
	char b[64 * 1024];
	ssize_t n = recv(from, b, sizeof(b), 0);

	return n > 0 && send(into, b, (size_t)n, MSG_NOSIGNAL) == n;
}

static void *
serve(void *arg)
{
	int client = (int)(intptr_t)arg;
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd p[2] = {
		{ .fd = client, .events = POLLIN },
		{ .fd = server, .events = POLLIN },
	};
	bool more = connect(server, (struct sockaddr *)&to, sizeof(to)) == 0;

	while (more && poll(p, 2, -1) > 0)
		more = (!p[0].revents || pass(client, server)) &&
		    (!p[1].revents || pass(server, client));
	close(client);
	close(server);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	pthread_t t;

	if (argc != 3 || strlen(argv[1]) >= sizeof(sa.sun_path) ||
	    strlen(argv[2]) >= sizeof(to.sun_path))
		errx(2, "usage: forward SOCKET TO-SOCKET");
	strcpy(sa.sun_path, argv[1]);
	strcpy(to.sun_path, argv[2]);
	if (bind(s, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    listen(s, 64) != 0)
		err(1, "%s", argv[1]);
	while ((fd = accept(s, NULL, NULL)) >= 0)
		if (pthread_create(&t, NULL, serve, (void *)(intptr_t)fd) != 0
		    || pthread_detach(t) != 0)
			err(1, "thread");
	err(1, "accept");
}
