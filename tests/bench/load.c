/*
 * load.c - a load generator for one request over a unix socket.
 *
 *	load SOCKET PATH CONCURRENCY SECONDS
 *
 * Every thread keeps one connection and sends the next request when the
 * answer to the last has arrived whole.  Prints "RATE P50 P99": requests a
 * second, and the latencies in microseconds.  Any answer but 200 ends it.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)4 << 20)	/* bytes */
#define SAMPLES_MAX ((size_t)1 << 20)	/* a thread */
#define THREADS_MAX 256

struct worker {
	pthread_t thread;
	int fd;
	char *buf;		/* ANSWER_MAX bytes */
	size_t n;		/* requests done */
	uint32_t *us;		/* latency of each */
};

static const char *socket_path;
static char request[1024];
static double until;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
dial(struct worker *w)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	if (strlen(socket_path) >= sizeof(sa.sun_path))
		errx(1, "%s: path too long", socket_path);
	strcpy(sa.sun_path, socket_path);
	w->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (w->fd < 0 ||
	    connect(w->fd, (struct sockaddr *)&sa, sizeof(sa)) != 0)
		err(1, "%s", socket_path);
}

/* Is the answer whole?  Both servers use a length or chunks. */
static bool
whole(const char *buf, size_t len)
{
	const char *body = memmem(buf, len, "\r\n\r\n", 4);
	const char *p;

	if (body == NULL)
		return false;
	body += 4;
	p = memmem(buf, (size_t)(body - buf), "Content-Length: ", 16);
	if (p != NULL)
		return (size_t)(buf + len - body) >= strtoul(p + 16, NULL, 10);
	return buf + len - body >= 5 &&
	    memcmp(buf + len - 5, "0\r\n\r\n", 5) == 0;
}

static void
ask(struct worker *w)
{
	size_t len = 0, want = strlen(request);

	if (send(w->fd, request, want, MSG_NOSIGNAL) != (ssize_t)want)
		err(1, "send");
	do {
		ssize_t n = read(w->fd, w->buf + len, ANSWER_MAX - len);
		if (n <= 0)
			errx(1, "the connection ended early");
		len += (size_t)n;
		if (len == ANSWER_MAX)
			errx(1, "answer too long");
	} while (!whole(w->buf, len));
	if (memcmp(w->buf, "HTTP/1.1 200 ", 13) != 0)
		errx(1, "not 200: %.40s", w->buf);
	/* An honest end of keep-alive costs a new connection. */
	if (memmem(w->buf, len, "\r\nConnection: close\r\n", 21) != NULL) {
		close(w->fd);
		dial(w);
	}
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	double before, after = now();

	while (after < until && w->n < SAMPLES_MAX) {
		before = now();
		ask(w);
		after = now();
		w->us[w->n++] = (uint32_t)((after - before) * 1e6);
	}
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void
report(const struct worker *w, size_t threads, double took)
{
	size_t n = 0, at = 0, i;
	uint32_t *all;

	for (i = 0; i < threads; i++)
		n += w[i].n;
	if (n == 0 || (all = calloc(n, sizeof(*all))) == NULL)
		errx(1, "no requests");
	for (i = 0; i < threads; i++) {
		memcpy(all + at, w[i].us, w[i].n * sizeof(*all));
		at += w[i].n;
	}
	qsort(all, n, sizeof(*all), compare);
	printf("%.0f %u %u\n", (double)n / took, all[n / 2],
	    all[n - 1 - n / 100]);
	free(all);
}

int
main(int argc, char **argv)
{
	static struct worker w[THREADS_MAX];
	size_t threads, i;
	double start;

	if (argc != 5)
		errx(2, "usage: load SOCKET PATH CONCURRENCY SECONDS");
	socket_path = argv[1];
	snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: d\r\n\r\n", argv[2]);
	threads = strtoul(argv[3], NULL, 10);
	if (threads == 0 || threads > THREADS_MAX)
		errx(2, "concurrency: 1 to %d", THREADS_MAX);
	for (i = 0; i < threads; i++) {
		w[i].buf = malloc(ANSWER_MAX);
		w[i].us = malloc(SAMPLES_MAX * sizeof(uint32_t));
		if (w[i].buf == NULL || w[i].us == NULL)
			err(1, "malloc");
		dial(&w[i]);
		ask(&w[i]);
	}
	start = now();
	until = start + strtod(argv[4], NULL);
	for (i = 0; i < threads; i++)
		if (pthread_create(&w[i].thread, NULL, work, &w[i]) != 0)
			errx(1, "pthread_create");
	for (i = 0; i < threads; i++)
		pthread_join(w[i].thread, NULL);
	report(w, threads, now() - start);
	return 0;
}
