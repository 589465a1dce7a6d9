/*
 * launcher.c - ds01-docker and ds01-docker-session, setuid root.
 *
 * Guarantees: as root it reads no option, no file and no variable of the
 * caller's (but see wants_private), writes only to its own directory, and
 * prints nothing.  Then it is the caller for good, verified, and becomes the
 * docker CLI: same process, terminal, signals, limits, descriptors and exit
 * status, with DOCKER_HOST pointing at the caller's own gate.  What goes
 * wrong on the way is said in one line, if the command needs the gate at all.
 *
 * Exit status: docker's own; 1 when the gate refuses; 125 when there is no
 * gate; 126 and 127 when the CLI cannot be executed or found, as in a shell.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "cmdline.h"
#include "drop.h"
#include "start.h"

#define EXIT_REFUSED 1
#define EXIT_NO_GATE 125
#define EXIT_NO_EXEC 126
#define EXIT_NOT_FOUND 127
#define LEASE_FD 230		/* or above: out of the way of the CLI's own */
#define NEED_FILES 1024
#define ENVIRON_MAX ((size_t)16 * 1024 * 1024)

/* What root's half changes in the process and the CLI must find as it was. */
struct before {
	sigset_t mask;
	struct sigaction child;
	struct rlimit files;
	bool files_known;
};

__attribute__((format(printf, 2, 3))) static _Noreturn void
quit(int status, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	/* nobody left to tell if this fails */
	if (n > 0 && write(STDERR_FILENO, text, (size_t)n) == -1)
		_exit(status);
	_exit(status);
}

/* 0. A process in which nothing of the caller's making can surprise us. */
static void
take_over(struct before *b)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	struct rlimit files;
	sigset_t all;
	int fd;

	/* an interrupted half start would be a state more; the caller's
	 * Ctrl-C is delivered when his half begins */
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &b->mask);
	/* ignored, it would take the children's status away */
	(void)sigaction(SIGCHLD, &by_default, &b->child);
	/* his limit may be 3 */
	b->files_known = getrlimit(RLIMIT_NOFILE, &b->files) == 0;
	files = b->files;
	if (b->files_known && files.rlim_cur < NEED_FILES) {
		files.rlim_cur = NEED_FILES;
		if (files.rlim_max < NEED_FILES)
			files.rlim_max = NEED_FILES;
		if (setrlimit(RLIMIT_NOFILE, &files) == -1) {
			files.rlim_cur = files.rlim_max = b->files.rlim_max;
			(void)setrlimit(RLIMIT_NOFILE, &files);
		}
	}
	/* a socket must never become somebody's stdout */
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd == -1)
		_exit(EXIT_NO_GATE);
	(void)close(fd);
}

/*
 * An admin may ask for another mode, and anybody for debugging; such a
 * command gets a gate of its own, since a shared one serves others at the
 * same time.  Only root can make one, so root's half looks whether such a
 * name is there (not what it says): the worst that a user gets from it is a
 * gate that does not linger.
 */
static bool
wants_private(char *const *env)
{
	static const char *const names[] = { "DS01_ISOLATION_MODE=",
	    "DS01_WRAPPER_BYPASS=", "DS01_WRAPPER_DEBUG=",
	    "DEBUG_DS01_WRAPPER=" };
	size_t i;

	for (; *env != NULL; env++)
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strncmp(*env, names[i], strlen(names[i])) == 0)
				return true;
	return false;
}

/* ------------------------------------------------ from here on the caller */

static void
give_back_signals(const struct before *b)
{
	(void)sigaction(SIGCHLD, &b->child, NULL);
	(void)sigprocmask(SIG_SETMASK, &b->mask, NULL);
}

/*
 * The C library takes TMPDIR, LD_LIBRARY_PATH and their like out of a setuid
 * program's environment.  They do no harm in the caller's own docker, which
 * misses them, so it gets what the caller passed.  Best effort.
 */
static void
restore_environment(void)
{
	size_t cap = 64 * 1024, len = 0, n = 0, i;
	char *text = malloc(cap), **env, *bigger;
	ssize_t got = -1;
	int fd;

	/* /proc/self is root's until this; the exec would do it anyway */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
	while (fd != -1 && text != NULL &&
	    (got = read(fd, text + len, cap - len - 1)) > 0) {
		len += (size_t)got;
		if (cap - len > 1)
			continue;
		got = -1;
		if (cap >= ENVIRON_MAX ||
		    (bigger = realloc(text, cap *= 2)) == NULL)
			break;
		text = bigger;
	}
	if (fd != -1)
		(void)close(fd);
	if (text == NULL || got != 0)
		goto keep;
	text[len] = '\0';
	for (i = 0; i < len; i++)
		n += text[i] == '\0';
	if ((env = calloc(n + 2, sizeof(*env))) == NULL)
		goto keep;
	for (i = n = 0; i < len; i += strlen(text + i) + 1)
		env[n++] = text + i;
	environ = env;		/* both stay until the exec */
	return;
keep:
	free(text);
}

/* DOCKER_HOST may stand there twice, and programs differ in which counts. */
static void
set_docker_host(const struct start *s)
{
	char host[sizeof(s->hello.socket) + 8];

	(void)snprintf(host, sizeof(host), "unix://%s", s->hello.socket);
	if (unsetenv("DOCKER_HOST") == -1 || unsetenv("DOCKER_CONTEXT") == -1 ||
	    setenv("DOCKER_HOST", host, 1) == -1)
		quit(EXIT_NO_GATE, "ds01-docker: cannot set DOCKER_HOST: %s\n",
		    strerror(errno));
}

/* The lease stays open in the CLI and its children: that is its purpose. */
static void
keep_lease(int lease)
{
	if (fcntl(lease, F_DUPFD, LEASE_FD) == -1 &&
	    fcntl(lease, F_SETFD, 0) == -1)
		quit(EXIT_NO_GATE, "ds01-docker: cannot keep the lease: %s\n",
		    strerror(errno));
}

static void
give_back_limits(const struct before *b)
{
	if (b->files_known)
		(void)setrlimit(RLIMIT_NOFILE, &b->files);
}

static bool
is_myself(const char *path)
{
	struct stat it, me;

	return stat(path, &it) == 0 && stat("/proc/self/exe", &me) == 0 &&
	    it.st_dev == me.st_dev && it.st_ino == me.st_ino;
}

static _Noreturn void
run_cli(const struct before *b, const char *cli, char **argv)
{
	static char name[] = "docker";
	int error;

	if (is_myself(cli))
		quit(EXIT_NO_EXEC, "ds01-docker: %s is ds01-docker itself; set "
		    "engine.cli in %s to Docker's own client\n", cli,
		    DS01_CONFIG);
	/* plugins and help texts go by this name */
	argv[0] = name;
	give_back_limits(b);
	execve(cli, argv, environ);
	error = errno;
	quit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NO_EXEC,
	    "ds01-docker: cannot execute the docker CLI %s (engine.cli in %s): "
	    "%s\n", cli, DS01_CONFIG, strerror(error));
}

static _Noreturn void
no_gate(const struct start *s)
{
	char text[512];

	start_explain(s, text, sizeof(text));
	quit(EXIT_NO_GATE, "%s", text);
}

static _Noreturn void
lost_gate(void)
{
	quit(EXIT_NO_GATE, "ds01-docker: the gate ended or does not answer; "
	    "try again, and see the system log if it stays so\n");
}

static _Noreturn void
run_session(const struct before *b, const struct start *s, int argc,
    char **argv)
{
	struct ask ask = { .argc = argc, .argv = argv };
	char *shell[] = { getenv("SHELL"), NULL };
	static char sh[] = "/bin/sh";
	const char *cli;
	int error;

	if (argc > 1 && strcmp(argv[1], "--") == 0) {
		argv++;
		argc--;
	} else if (argc > 1 && argv[1][0] == '-') {
		quit(EXIT_NO_GATE,
		    "usage: ds01-docker-session [COMMAND [ARG ...]]\n");
	}
	if (s->error != START_OK)
		no_gate(s);
	switch (ask_gate(s->lease, &ask, &cli)) {
	case ANSWER_STOP:
		_exit(EXIT_REFUSED);
	case ANSWER_NONE:
		lost_gate();
	case ANSWER_GO:
		break;
	}
	set_docker_host(s);
	keep_lease(s->lease);
	if (shell[0] == NULL || shell[0][0] == '\0')
		shell[0] = sh;
	argv = argc > 1 ? argv + 1 : shell;
	give_back_limits(b);
	execvp(argv[0], argv);
	error = errno;
	quit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NO_EXEC,
	    "ds01-docker-session: %s: %s\n", argv[0], strerror(error));
}

static _Noreturn void
run_docker(const struct before *b, const struct start *s, int argc,
    char **argv)
{
	struct targets targets;
	struct ask ask = { .argc = argc, .argv = argv, .targets = &targets };
	enum engine engine;
	struct cmdline c;
	const char *cli = DS01_CLI;
	enum answer answer;

	cmdline_parse(&c, argc, argv);
	engine = cmdline_engine(&c, argc, argv, DS01_RUN_DIR);
	/* somebody else's engine is none of the gate's business */
	if (engine == ENGINE_REMOTE ||
	    (engine == ENGINE_NONE && s->error != START_OK)) {
		if (s->lease != -1)
			(void)close(s->lease);
		run_cli(b, cli, argv);
	}
	if (s->error != START_OK)
		no_gate(s);
	if (cmdline_targets(&c, argc, argv, &targets) == -1)
		quit(EXIT_NO_GATE, "ds01-docker: out of memory\n");
	answer = ask_gate(s->lease, &ask, &cli);
	if (engine == ENGINE_LOCAL && answer == ANSWER_STOP)
		_exit(EXIT_REFUSED);
	if (engine == ENGINE_LOCAL && answer == ANSWER_NONE)
		lost_gate();
	/* `docker context` would complain about a DOCKER_HOST */
	if (engine == ENGINE_LOCAL) {
		(void)cmdline_strip(argc, argv);
		set_docker_host(s);
		keep_lease(s->lease);
	}
	run_cli(b, cli, argv);
}

int
main(int argc, char **argv)
{
	struct start start = { .error = START_OK, .argv = argv };
	struct before before;
	const char *name;

	/* Root, for a few lines.  Failures are kept in start.error. */
	take_over(&before);			/* 0: descriptors, signals */
	start_diagnose(&start);			/* 1: are we root at all */
	start_identify(&start);			/* 2: who is calling */
	start_open_run_dir(&start);		/* 3: where sockets are */
	start_gate(&start, wants_private(environ));	/* 4: find or start */

	/* 5: The caller, for good.  Nothing may go on half way. */
	if (drop_to_caller() == -1)
		_exit(EXIT_NO_GATE);

	/* 6: Now his options, his environment and his files. */
	give_back_signals(&before);
	if (argc < 1 || argv[0] == NULL || argv[0][0] == '\0')
		quit(EXIT_NO_GATE, "ds01-docker: started without a name "
		    "(empty argv)\n");
	restore_environment();
	name = strrchr(argv[0], '/');
	name = name == NULL ? argv[0] : name + 1;
	if (strcmp(name, "ds01-docker-session") == 0)
		run_session(&before, &start, argc, argv);
	run_docker(&before, &start, argc, argv);
}
