/*
 * test_probe.c - an honest probe in a child, hostile ones on a socketpair.
 *
 * links: probe
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe.h"

static int sock = -1;
static pid_t child = -1;

static void
start_probe(uid_t uid)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    pair), 0);
	child = fork();
	assert_true(child != -1);
	if (child == 0) {
		(void)close(pair[0]);
		if (uid != 0 && (setresgid(uid, uid, uid) == -1 ||
		    setresuid(uid, uid, uid) == -1))
			_exit(1);
		probe_serve(pair[1]);
	}
	(void)close(pair[1]);
	sock = pair[0];
}

static int
end_probe(void **state)
{
	int code = 0;

	(void)state;
	if (sock != -1)
		(void)close(sock);
	sock = -1;
	if (child != -1 && waitpid(child, &code, 0) != child)
		return -1;
	child = -1;
	return 0;
}

static int
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static void
test_opens(void **state)
{
	static char longest[PATH_MAX + 10];
	static const struct {
		const char *path;
		int error;
	} rows[] = {
		{ "/", 0 }, { "/etc/passwd", 0 }, { "/proc/self", 0 },
		{ "/nowhere/at/all", ENOENT }, { "/etc/passwd/x", ENOTDIR },
		{ "", ENOENT }, { longest, ENAMETOOLONG },
	};
	struct stat mine, its;
	size_t i;
	int fd;

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	start_probe(0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		errno = 0;
		fd = probe_open(sock, rows[i].path);
		if (rows[i].error != 0) {
			assert_int_equal(fd, -1);
			assert_int_equal(errno, rows[i].error);
			continue;
		}
		assert_true(fd >= 0);
		assert_true(fcntl(fd, F_GETFL) & O_PATH);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_int_equal(fstat(fd, &its), 0);
		if (strcmp(rows[i].path, "/proc/self") != 0) {
			assert_int_equal(stat(rows[i].path, &mine), 0);
			assert_int_equal(mine.st_ino, its.st_ino);
		}
		(void)close(fd);
	}
}

/* What only root can reach the user's probe does not reach. */
static void
test_is_the_user(void **state)
{
	char dir[] = "/tmp/test-probe.XXXXXX", path[64];
	int fd, error;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/x", dir);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	(void)close(fd);
	start_probe(64017);
	fd = probe_open(sock, path);
	error = errno;
	(void)unlink(path);
	(void)rmdir(dir);
	assert_int_equal(fd, -1);
	assert_int_equal(error, EACCES);
}

/* Missing directories are made, as the user, and only when asked for. */
static void
test_makes(void **state)
{
	char dir[] = "/tmp/test-probe.XXXXXX", path[64], deep[80];
	struct stat st;
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chown(dir, 64017, 64017), 0);
	(void)snprintf(path, sizeof(path), "%s/a", dir);
	(void)snprintf(deep, sizeof(deep), "%s/a/b", dir);
	start_probe(64017);
	assert_int_equal(probe_open(sock, deep), -1);
	assert_int_equal(stat(path, &st), -1);
	fd = probe_make(sock, deep);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(stat(deep, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_uid, 64017);
	assert_int_equal(st.st_mode & 07777, 0755);
	/* what is there is left as it is */
	fd = probe_make(sock, "/etc/passwd");
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(probe_make(sock, "/etc/ds01-no/x"), -1);
	assert_int_equal(stat("/etc/ds01-no", &st), -1);
	(void)rmdir(deep);
	(void)rmdir(path);
	(void)rmdir(dir);
}

static void
test_dead(void **state)
{
	(void)state;
	start_probe(0);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	child = -1;
	assert_int_equal(probe_open(sock, "/"), -1);
	assert_int_equal(errno, EPIPE);
}

/* The other end, played by this very process. */
static void
say(int to, uint32_t number, int32_t error, const int *fds, size_t n)
{
	struct { uint32_t number; int32_t error; } a = { number, error };
	union {
		char buf[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = { 0 } };
	struct iovec iov = { &a, sizeof(a) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (n > 0) {
		m.msg_control = control.buf;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	assert_true(sendmsg(to, &m, 0) != -1);
}

struct hostile {
	int sock;
	void (*answer)(int, uint32_t);
};

static void
a_readable_file(int to, uint32_t number)
{
	int fd = open("/etc/passwd", O_RDONLY);

	say(to, number, 0, &fd, 1);
	(void)close(fd);
}

static void
two_files(int to, uint32_t number)
{
	int fds[2] = { open("/", O_PATH), open("/", O_PATH) };

	say(to, number, 0, fds, 2);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void
no_file(int to, uint32_t number)
{
	say(to, number, 0, NULL, 0);
}

static void
an_error_and_a_file(int to, uint32_t number)
{
	int fd = open("/", O_PATH);

	say(to, number, -7, &fd, 1);
	(void)close(fd);
}

static void
a_short_message(int to, uint32_t number)
{
	(void)number;
	assert_int_equal(send(to, "xx", 2, 0), 2);
}

/* A late answer to an older question, then the right one. */
static void
late_then_right(int to, uint32_t number)
{
	int old = open("/etc", O_PATH), right = open("/", O_PATH);

	say(to, number - 1, 0, &old, 1);
	say(to, number, 0, &right, 1);
	(void)close(old);
	(void)close(right);
}

static void *
play(void *arg)
{
	struct hostile *h = arg;
	uint32_t number;
	char buf[8192];

	assert_true(recv(h->sock, buf, sizeof(buf), 0) > 4);
	memcpy(&number, buf, sizeof(number));
	h->answer(h->sock, number);
	return NULL;
}

static void
test_hostile(void **state)
{
	static const struct {
		void (*answer)(int, uint32_t);
		int works;
	} rows[] = {
		{ a_readable_file, 0 }, { two_files, 0 }, { no_file, 0 },
		{ an_error_and_a_file, 0 }, { a_short_message, 0 },
		{ late_then_right, 1 },
	};
	struct stat root, its;
	int pair[2], fd, before;
	struct hostile h;
	pthread_t thread;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		before = count_fds();
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair),
		    0);
		h.sock = pair[1];
		h.answer = rows[i].answer;
		assert_int_equal(pthread_create(&thread, NULL, play, &h), 0);
		fd = probe_open(pair[0], "/");
		assert_int_equal(pthread_join(thread, NULL), 0);
		if (rows[i].works) {
			assert_true(fd >= 0);
			assert_int_equal(stat("/", &root), 0);
			assert_int_equal(fstat(fd, &its), 0);
			assert_int_equal(root.st_ino, its.st_ino);
			(void)close(fd);
		} else
			assert_int_equal(fd, -1);
		(void)close(pair[0]);
		(void)close(pair[1]);
		/* nothing that was sent is left open */
		assert_int_equal(count_fds(), before);
	}
}

/* A probe that does not answer costs seconds, not for ever. */
static void
test_silent(void **state)
{
	struct timespec a, b;

	(void)state;
	start_probe(0);
	(void)kill(child, SIGSTOP);
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	assert_int_equal(probe_open(sock, "/"), -1);
	assert_int_equal(errno, ETIMEDOUT);
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	assert_true(b.tv_sec - a.tv_sec <= 7);
	/* and its late answer is not taken for the next question's */
	(void)kill(child, SIGCONT);
	assert_int_equal(probe_open(sock, "/nowhere"), -1);
	assert_int_equal(errno, ENOENT);
}

static void *
many(void *arg)
{
	const char *path = arg;
	struct stat mine, its;
	int i, fd;

	for (i = 0; i < 200; i++) {
		fd = probe_open(sock, path);
		if (fd == -1 || stat(path, &mine) == -1 ||
		    fstat(fd, &its) == -1 || mine.st_ino != its.st_ino)
			return arg;
		(void)close(fd);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	static char paths[][8] = { "/", "/etc", "/usr", "/tmp" };
	pthread_t threads[4];
	void *bad;
	size_t i;

	(void)state;
	start_probe(0);
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many,
		    paths[i]), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &bad), 0);
		assert_null(bad);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_opens, end_probe),
		cmocka_unit_test_teardown(test_is_the_user, end_probe),
		cmocka_unit_test_teardown(test_makes, end_probe),
		cmocka_unit_test_teardown(test_dead, end_probe),
		cmocka_unit_test_teardown(test_hostile, end_probe),
		cmocka_unit_test_teardown(test_silent, end_probe),
		cmocka_unit_test_teardown(test_threads, end_probe),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
