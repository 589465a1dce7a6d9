/*
 * test_drop.c - each drop in a child of its own, judged by /proc.
 * links: drop
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "drop.h"

#define WHO 64017		/* no account needs to have it */
#define AUDIT_WRITE "0000000020000000"
#define NONE "0000000000000000"

static const struct service service = {
	.uid = WHO, .gid = WHO, .groups = { WHO, 64100, 64099 }, .n_groups = 3
};

static int
drop_service(void)
{
	return drop_to_service(&service);
}

/* As the launcher is: real ids the caller's, effective uid root. */
static int
drop_caller(void)
{
	if (setresgid(WHO, WHO, WHO) == -1 || setresuid(WHO, 0, 0) == -1)
		return -1;
	return drop_to_caller();
}

static int
drop_caller_root(void)
{
	return drop_to_caller();
}

/* Keeps the caller from getting everything back on setuid (securebits 0). */
static int
drop_caller_sticky(void)
{
	/* SECBIT_NO_SETUID_FIXUP: ids change, capabilities do not */
	if (prctl(PR_SET_SECUREBITS, 4, 0, 0, 0) == -1)
		return -1;
	return drop_caller();
}

static int
drop_service_root(void)
{
	struct service s = service;

	s.uid = 0;
	return drop_to_service(&s);
}

static const struct row {
	const char *name;
	int (*drop)(void);
	int result;
	const char *ids, *groups, *caps, *bounding, *no_new_privs;
} rows[] = {
	{ "service", drop_service, 0, "64017\t64017\t64017\t64017",
	    "64017 64099 64100", AUDIT_WRITE, NONE, "1" },
	{ "caller", drop_caller, 0, "64017\t64017\t64017\t64017", NULL, NONE,
	    NULL, "0" },
	{ "caller, securebits", drop_caller_sticky, 0,
	    "64017\t64017\t64017\t64017", NULL, NONE, NULL, "0" },
	{ "caller is root", drop_caller_root, 0, "0\t0\t0\t0", NULL, NULL,
	    NULL, "0" },
	{ "service is root", drop_service_root, -1, NULL, NULL, NULL, NULL,
	    NULL },
};

static char status[8192];

/* The value of one line of /proc/self/status. */
static int
line_is(const char *name, const char *want)
{
	char key[64];
	const char *p;
	size_t len;

	if (want == NULL)
		return 1;
	(void)snprintf(key, sizeof(key), "\n%s:\t", name);
	if ((p = strstr(status, key)) == NULL)
		return 0;
	p += strlen(key);
	len = strcspn(p, "\n");
	while (len > 0 && p[len - 1] == ' ')
		len--;
	if (len == strlen(want) && memcmp(p, want, len) == 0)
		return 1;
	(void)fprintf(stderr, "%s is %.*s, not %s\n", name, (int)len, p, want);
	return 0;
}

static int
as_wanted(const struct row *r)
{
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, status, sizeof(status) - 1);

	(void)close(fd);
	if (n <= 0)
		return 0;
	status[n] = '\0';
	return line_is("Uid", r->ids) && line_is("Gid", r->ids) &&
	    line_is("Groups", r->groups) &&
	    line_is("CapEff", r->caps) && line_is("CapPrm", r->caps) &&
	    line_is("CapInh", r->caps) && line_is("CapAmb", r->caps) &&
	    line_is("CapBnd", r->bounding) &&
	    line_is("NoNewPrivs", r->no_new_privs);
}

static void
test_drop(void **state)
{
	const struct row *r = *state;
	int code;
	pid_t child;

	if (geteuid() != 0)
		skip();
	child = fork();
	assert_true(child != -1);
	if (child == 0) {
		if (r->drop() != r->result)
			_exit(1);
		if (r->result == -1)
			_exit(0);
		if (!as_wanted(r))
			_exit(2);
		_exit(getuid() != 0 && setresuid(0, 0, 0) == 0 ? 3 : 0);
	}
	assert_int_equal(waitpid(child, &code, 0), child);
	assert_true(WIFEXITED(code));
	assert_int_equal(WEXITSTATUS(code), 0);
}

static void
test_find_service(void **state)
{
	struct service s;

	(void)state;
	assert_int_equal(drop_find_service(&s, "no-such-user-here"), -1);
	assert_int_equal(drop_find_service(&s, "root"), -1);
	assert_int_equal(drop_find_service(&s, "nobody"), 0);
	assert_int_equal(s.uid, 65534);
	assert_int_equal(s.n_groups, 1);
	assert_int_equal(s.groups[0], s.gid);
}

int
main(void)
{
	enum { N = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[N + 1];
	size_t i;

	for (i = 0; i < N; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
		    .test_func = test_drop,
		    .initial_state = (void *)(uintptr_t)&rows[i] };
	tests[N] = (struct CMUnitTest)cmocka_unit_test(test_find_service);
	return cmocka_run_group_tests_name("drop", tests, NULL, NULL);
}
