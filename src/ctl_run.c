/*
 * ctl_run.c - small things that every command of ds01-dockerctl needs, and
 * the one place that starts other programs.
 *
 * A program is started by its absolute path with an environment of our own:
 * nothing of the admin's shell can change what ausearch or gpasswd do.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"

const char *
ctl_option(int argc, char **argv, int *i, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(argv[*i], name, len) != 0)
		return NULL;
	if (argv[*i][len] == '=')
		return argv[*i] + len + 1;
	if (argv[*i][len] != '\0' || *i + 1 >= argc)
		return NULL;
	return argv[++*i];
}

/* Length of the well-formed UTF-8 sequence at p, 0 if there is none. */
static size_t
utf8(const unsigned char *p)
{
	size_t n = *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 :
	    *p < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* C1 bytes are controls in some terminals; marks that change the
	 * direction of writing make a text read as another */
	if (n == 2 && p[0] == 0xc2 && p[1] < 0xa0)
		return 0;
	if (n == 3 && p[0] == 0xe2 && ((p[1] == 0x80 && p[2] > 0x8a &&
	    (p[2] < 0x90 || p[2] > 0xa7) && p[2] < 0xaf) ||
	    (p[1] == 0x81 && p[2] >= 0xa0 && p[2] <= 0xaf)))
		return 0;
	return n;
}

void
ctl_put(FILE *out, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	while (*p != '\0') {
		size_t n = *p < 0x80 ? (*p >= 0x20 && *p != 0x7f) : utf8(p);
		if (n == 0) {
			putc('?', out);
			p++;
			continue;
		}
		fwrite(p, 1, n, out);
		p += n;
	}
}

__attribute__((noreturn)) static void
child(const char *const argv[], int out, bool quiet)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char locale[] = "LC_ALL=C";
	char tz[128] = "TZ=";
	char *env[] = { path, locale, NULL, NULL };
	const char *zone = getenv("TZ");
	int null = open("/dev/null", O_RDWR);

	if (zone != NULL && strlen(zone) < sizeof(tz) - 4) {
		memcpy(tz + 3, zone, strlen(zone) + 1);
		env[2] = tz;
	}
	if (null < 0 || dup2(null, 0) < 0 || (out >= 0 && dup2(out, 1) < 0) ||
	    (quiet && dup2(null, 2) < 0))
		_exit(127);
	/* execve takes char *const[] for old programs' sake only */
	union { const char *const *from; char *const *to; } u = { argv };
	execve(argv[0], u.to, env);
	_exit(127);
}

pid_t
ctl_start(const char *const argv[], bool quiet, FILE **out)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) != 0)
		return -1;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		child(argv, fd[1], quiet);
	close(fd[1]);
	if (pid < 0 || (*out = fdopen(fd[0], "r")) == NULL) {
		close(fd[0]);
		if (pid > 0)
			waitpid(pid, NULL, 0);
		return -1;
	}
	return pid;
}

int
ctl_wait(pid_t pid, FILE *out)
{
	int status;

	if (out != NULL)
		fclose(out);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
ctl_run(const char *const argv[])
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		child(argv, -1, false);
	return pid < 0 ? -1 : ctl_wait(pid, NULL);
}

int
ctl_check(int argc, char **argv)
{
	char err[1024] = "";
	const char *file = argc > 0 ? argv[0] : DS01_CONFIG;

	if (argc > 1 || (argc == 1 && argv[0][0] == '-'))
		return ctl_usage("check");
	bool there = access(file, R_OK) == 0;
	if (!there && (argc > 0 || errno != ENOENT)) {
		warn("%s", file);
		return CTL_PROBLEM;
	}
	struct config *c = config_load(file, argc == 0, err, sizeof(err));
	if (c == NULL) {
		ctl_put(stderr, err);
		fputs("\n", stderr);
		if (argc == 0)
			warnx("until this is put right the built-in defaults "
			    "hold");
		return CTL_PROBLEM;
	}
	printf("# %s: %s\n", file, there ? "good; the values in effect" :
	    "not there; the built-in defaults");
	config_print(c, stdout);
	config_free(c);
	return CTL_OK;
}
