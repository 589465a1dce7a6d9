/*
 * test_cgroup.c - which trees must be left, and what is no tree.
 *
 * What the kernel says and where trees are mounted is compiled in, so the room
 * is compiled here once more, with a directory of the test's for both.  That
 * gates do leave is tried by tests/e2e/launcher.t.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define CGROUP_MOUNTS "mounts"
#define CGROUP_SELF "self"

#include "../../src/cgroup.c"

static const struct {
	const char *what, *self;
	int error;		/* 0: may go on where it is */
} rows[] = {
	{ "a kernel without groups", NULL, 0 },
	{ "none mounted", "0::/\n", 0 },
	{ "at the top of all", "4:freezer:/\n1:name=systemd:/\n0::/\n", 0 },
	{ "not at the top", "0::/user.slice/user-1001.slice\n", ENOENT },
	{ "one of them not", "4:freezer:/\n1:name=systemd:/u\n0::/\n", ENOENT },
	{ "the last not", "1:name=systemd:/\n0::/u\n", ENOENT },
	{ "outside of a namespace", "0::/../u\n", ENOENT },
	{ "what is no tree", "0::/a\n", ENOENT },
	{ "a word that is no name", "3:name=..:/a\n", EINVAL },
	{ "a word of slashes", "3:/etc:/a\n", EINVAL },
	{ "no line", "nonsense\n", EINVAL },
	{ "half a line", "0:", EINVAL },
};

static void
put(const char *text)
{
	FILE *out;

	(void)remove(CGROUP_SELF);
	if (text == NULL)
		return;
	out = fopen(CGROUP_SELF, "we");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void
trees(void **state)
{
	char dir[] = "/tmp/cgroup-XXXXXX", here[PATH_MAX];
	size_t i;

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	/* directories that look like trees, on an ordinary file system */
	assert_int_equal(mkdir("mounts", 0755), 0);
	assert_int_equal(mkdir("mounts/unified", 0755), 0);
	assert_int_equal(mkdir("mounts/systemd", 0755), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc;

		put(rows[i].self);
		rc = cgroup_leave(1001);
		if (rc != (rows[i].error == 0 ? 0 : -1) ||
		    (rc == -1 && errno != rows[i].error))
			fail_msg("%s: %d, %s", rows[i].what, rc,
			    strerror(errno));
	}
	put(NULL);
	/* nothing was written to what is no tree */
	assert_int_equal(rmdir("mounts/unified"), 0);
	assert_int_equal(rmdir("mounts/systemd"), 0);
	assert_int_equal(rmdir("mounts"), 0);
	assert_int_equal(chdir(here), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* Lines are told apart at their first two colons; the path may have more. */
static void
lines(void **state)
{
	char line[] = "4:cpu,cpuacct:/a:b::c\n", *list, *path;

	(void)state;
	assert_true(split(line, &list, &path));
	assert_string_equal(list, "cpu,cpuacct");
	assert_string_equal(path, "/a:b::c");
}

/* Only root's own directory will do, and no link to one. */
static void
own_directories(void **state)
{
	char dir[] = "/tmp/cgroup-XXXXXX";
	int top, fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(dir));
	top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_not_equal(top, -1);
	assert_int_not_equal(fd = open_own(top, "a"), -1);
	assert_int_equal(close(fd), 0);
	assert_int_not_equal(fd = open_own(top, "a"), -1);
	assert_int_equal(fchmod(fd, 0775), 0);
	assert_int_equal(open_own(top, "a"), -1);
	assert_int_equal(fchmod(fd, 0755), 0);
	assert_int_equal(fchown(fd, 1, 0), 0);
	assert_int_equal(open_own(top, "a"), -1);
	assert_int_equal(close(fd), 0);
	assert_int_equal(symlinkat("/", top, "b"), 0);
	assert_int_equal(open_own(top, "b"), -1);
	assert_int_equal(unlinkat(top, "b", 0), 0);
	assert_int_equal(unlinkat(top, "a", AT_REMOVEDIR), 0);
	assert_int_equal(close(top), 0);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees),
		cmocka_unit_test(lines),
		cmocka_unit_test(own_directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
