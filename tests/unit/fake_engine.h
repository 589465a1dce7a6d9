/*
 * fake_engine.h - a dockerd made of canned answers, for unit tests.
 *
 * One thread serves an AF_UNIX socket from a table of rows; what no row
 * names is 404.  All requests are kept, one "METHOD target" a line.
 */
#ifndef FAKE_ENGINE_H
#define FAKE_ENGINE_H

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum fake_how {
	FAKE_LENGTH, FAKE_CHUNKED, FAKE_CLOSE, FAKE_GARBAGE, FAKE_HALF,
	FAKE_HUGE, FAKE_CONTINUE,
	FAKE_DROP,		/* no answer, ever */
	FAKE_DROP_KEPT		/* no answer on a connection used before */
};

struct fake_row {
	const char *method, *target;
	int status;
	const char *body;
	enum fake_how how;
};

#define FAKE_CONNS 16

struct fake {
	char dir[64], path[96];
	const struct fake_row *rows;
	size_t n;
	const struct fake_row *turned;	/* fake_turn() */
	size_t n_turned;
	int turns;
	const char *api;	/* Api-Version header and /version */
	int listen, wake[2], conn[FAKE_CONNS], used[FAKE_CONNS];
	int connections;	/* accepted so far */
	size_t log_len;
	char log[1 << 16];	/* lines "GET /x" */
	char last[1 << 14];	/* the last request, whole */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t done;
	int command;		/* 1 stop, 2 drop all connections */
};

static const struct fake_row *
fake_find(struct fake *f, const char *method, const char *target)
{
	for (size_t i = 0; f->turns == 0 && i < f->n_turned; i++)
		if (strcmp(f->turned[i].method, method) == 0 &&
		    strcmp(f->turned[i].target, target) == 0)
			return &f->turned[i];
	f->turns -= f->turns > 0 && strcmp(target, "/version") != 0;
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->rows[i].method, method) == 0 &&
		    strcmp(f->rows[i].target, target) == 0)
			return &f->rows[i];
	return NULL;
}

static void
fake_send(int fd, const char *s)
{
	(void)!send(fd, s, strlen(s), MSG_NOSIGNAL);
}

/* Answers; false: the connection ends. */
static int
fake_answer(struct fake *f, int fd, const struct fake_row *r, int used)
{
	char head[512];
	size_t half = strlen(r->body) / 2;

	if (r->how == FAKE_DROP || (r->how == FAKE_DROP_KEPT && used))
		return 0;
	if (r->how == FAKE_GARBAGE) {
		fake_send(fd, "HELO\n\n");
		return 0;
	}
	if (r->how == FAKE_CONTINUE)
		fake_send(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nApi-Version: %s\r\n"
	    "Content-Type: application/json\r\n", r->status, f->api);
	fake_send(fd, head);
	if (r->status == 204 || r->status == 304) {
		fake_send(fd, "\r\n");
		return 1;
	}
	if (r->how == FAKE_CHUNKED) {
		fake_send(fd, "Transfer-Encoding: chunked\r\n\r\n");
		snprintf(head, sizeof head, "%zx\r\n%.*s\r\n", half,
		    (int)half, r->body);
		if (half)
			fake_send(fd, head);
		snprintf(head, sizeof head, "%zx\r\n", strlen(r->body) - half);
		fake_send(fd, head);
		fake_send(fd, r->body + half);
		fake_send(fd, "\r\n0\r\n\r\n");
		return 1;
	}
	if (r->how == FAKE_CLOSE) {
		fake_send(fd, "Connection: close\r\n\r\n");
		fake_send(fd, r->body);
		return 0;
	}
	snprintf(head, sizeof head, "Content-Length: %zu\r\n\r\n",
	    r->how == FAKE_HUGE ? (size_t)1 << 40 : strlen(r->body));
	fake_send(fd, head);
	if (r->how == FAKE_HALF) {
		snprintf(head, sizeof head, "%.*s", (int)half, r->body);
		fake_send(fd, head);
		return 0;
	}
	fake_send(fd, r->body);
	return 1;
}

/* One request; 0: the connection ends. */
static int
fake_serve(struct fake *f, int i)
{
	char in[1 << 14], method[16], target[4096], version[128];
	const struct fake_row *r;
	struct fake_row v = { "GET", "/version", 200, version, FAKE_LENGTH };
	static const struct fake_row none = { "", "", 404,
	    "{\"message\":\"No such thing\"}", FAKE_LENGTH };
	size_t len = 0, want = 0;
	char *end, *cl;

	do {
		ssize_t n = recv(f->conn[i], in + len, sizeof in - 1 - len, 0);

		if (n <= 0)
			return 0;
		len += (size_t)n;
		in[len] = '\0';
		end = strstr(in, "\r\n\r\n");
		cl = strstr(in, "Content-Length: ");
		if (end)
			want = (size_t)(end - in) + 4 +
			    (cl && cl < end ? strtoul(cl + 16, NULL, 10) : 0);
	} while (!end || len < want);
	if (sscanf(in, "%15s %4095s", method, target) != 2)
		return 0;
	pthread_mutex_lock(&f->lock);
	memcpy(f->last, in, len + 1);
	f->log_len += (size_t)snprintf(f->log + f->log_len,
	    sizeof f->log - f->log_len, "%s %s\n", method, target);
	r = fake_find(f, method, target);
	if (!r && strcmp(target, "/version") == 0) {
		snprintf(version, sizeof version, "{\"ApiVersion\":\"%s\","
		    "\"MinAPIVersion\":\"1.12\"}", f->api);
		r = &v;
	}
	pthread_mutex_unlock(&f->lock);
	return fake_answer(f, f->conn[i], r ? r : &none, f->used[i]++);
}

static void
fake_hang_up(struct fake *f, int i)
{
	close(f->conn[i]);
	f->conn[i] = -1;
	f->used[i] = 0;
}

static int
fake_command(struct fake *f)
{
	char c;
	int stop;

	(void)!read(f->wake[0], &c, 1);
	for (int i = 0; i < FAKE_CONNS; i++)
		if (f->conn[i] >= 0)
			fake_hang_up(f, i);
	pthread_mutex_lock(&f->lock);
	stop = f->command == 1;
	f->command = 0;
	pthread_cond_signal(&f->done);
	pthread_mutex_unlock(&f->lock);
	return stop;
}

static void *
fake_main(void *arg)
{
	struct fake *f = arg;

	for (;;) {
		struct pollfd p[FAKE_CONNS + 2];

		for (int i = 0; i < FAKE_CONNS; i++)
			p[i] = (struct pollfd){ f->conn[i], POLLIN, 0 };
		p[FAKE_CONNS] = (struct pollfd){ f->listen, POLLIN, 0 };
		p[FAKE_CONNS + 1] = (struct pollfd){ f->wake[0], POLLIN, 0 };
		if (poll(p, FAKE_CONNS + 2, -1) <= 0)
			continue;
		for (int i = 0; i < FAKE_CONNS; i++)
			if (p[i].revents && !fake_serve(f, i))
				fake_hang_up(f, i);
		if (p[FAKE_CONNS + 1].revents && fake_command(f))
			return NULL;
		if (!p[FAKE_CONNS].revents)
			continue;
		for (int i = 0; i < FAKE_CONNS; i++)
			if (f->conn[i] == -1) {
				f->conn[i] = accept4(f->listen, NULL, NULL,
				    SOCK_CLOEXEC);
				f->connections++;
				break;
			}
	}
}

static inline void
fake_tell(struct fake *f, int command)
{
	pthread_mutex_lock(&f->lock);
	f->command = command;
	(void)!write(f->wake[1], "x", 1);
	while (f->command)
		pthread_cond_wait(&f->done, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

static void
fake_start(struct fake *f, const char *api)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	memset(f, 0, sizeof *f);
	f->api = api;
	strcpy(f->dir, "/tmp/fake-engine-XXXXXX");
	if (!mkdtemp(f->dir))
		abort();
	snprintf(f->path, sizeof f->path, "%s/sock", f->dir);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", f->path);
	f->listen = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(f->listen, (struct sockaddr *)&a, sizeof a) == -1 ||
	    listen(f->listen, 16) == -1 || pipe(f->wake) == -1)
		abort();
	for (int i = 0; i < FAKE_CONNS; i++)
		f->conn[i] = -1;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->done, NULL);
	if (pthread_create(&f->thread, NULL, fake_main, f) != 0)
		abort();
}

static void
fake_stop(struct fake *f)
{
	fake_tell(f, 1);
	pthread_join(f->thread, NULL);
	close(f->listen);
	close(f->wake[0]);
	close(f->wake[1]);
	unlink(f->path);
	rmdir(f->dir);
}

/* From now on these are the answers; the log begins anew. */
static void
fake_rows(struct fake *f, const struct fake_row *rows, size_t n)
{
	pthread_mutex_lock(&f->lock);
	f->rows = rows;
	f->n = n;
	f->n_turned = 0;
	f->log_len = 0;
	f->log[0] = '\0';
	pthread_mutex_unlock(&f->lock);
}

/* Once so many answers are given, these rows go before. */
static inline void
fake_turn(struct fake *f, const struct fake_row *rows, size_t n, int turns)
{
	pthread_mutex_lock(&f->lock);
	f->turned = rows;
	f->n_turned = n;
	f->turns = turns;
	pthread_mutex_unlock(&f->lock);
}

/* How many requests so far had that line. */
static inline size_t
fake_count(struct fake *f, const char *line)
{
	size_t n = 0, len = strlen(line);

	pthread_mutex_lock(&f->lock);
	for (const char *p = f->log; *p; p = strchr(p, '\n') + 1)
		if (strncmp(p, line, len) == 0 && p[len] == '\n')
			n++;
	pthread_mutex_unlock(&f->lock);
	return n;
}

#endif
