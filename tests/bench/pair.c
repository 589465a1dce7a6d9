/*
 * pair.c - two commands, run in turns, timed.
 *
 *	pair ROUNDS COMMAND-A COMMAND-B
 *
 * Both go through "sh -c".  Prints "MS-A MS-B": the medians of the wall
 * time in milliseconds.  A command that fails ends it, so that nothing is
 * ever measured that did not work.
 */
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 1000

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Milliseconds that it took. */
static double
run(const char *command)
{
	double start = now();
	int status, null;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		if ((null = open("/dev/null", O_RDWR)) < 0 ||
		    dup2(null, 0) < 0 || dup2(null, 1) < 0)
			err(126, "/dev/null");
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		err(127, "sh");
	}
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		errx(1, "failed: %s", command);
	return now() - start;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	static double ms[2][ROUNDS_MAX];
	int rounds, i;

	if (argc != 4 || (rounds = atoi(argv[1])) < 1 || rounds > ROUNDS_MAX)
		errx(2, "usage: pair ROUNDS COMMAND-A COMMAND-B");
	/* Once each to warm up; then in turns, each first as often. */
	(void)run(argv[2]);
	(void)run(argv[3]);
	for (i = 0; i < rounds; i++) {
		int first = i & 1;
		ms[first][i] = run(argv[2 + first]);
		ms[!first][i] = run(argv[2 + !first]);
	}
	for (i = 0; i < 2; i++)
		qsort(ms[i], (size_t)rounds, sizeof(ms[i][0]), compare);
	printf("%.2f %.2f\n", ms[0][rounds / 2], ms[1][rounds / 2]);
	return 0;
}
