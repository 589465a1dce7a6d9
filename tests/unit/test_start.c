/*
 * test_start.c - a directory of sockets whose name leaves them no room.
 *
 * The directory is compiled in, so the rooms are compiled here once more,
 * with one that is too long.  All else of it is tried by tests/e2e/launcher.t.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEN "/0123456789"
#undef DS01_RUN_DIR
#define DS01_RUN_DIR TEN TEN TEN TEN TEN TEN TEN TEN TEN

#include "../../src/start.c"
#include "../../src/start_explain.c"
#include "../../src/start_sweep.c"

/* No gate may be started in these. */
pid_t
spawn_gate(int session, int control, int lease, char **argv)
{
	(void)session, (void)control, (void)lease, (void)argv;
	fail_msg("a gate was started");
	return -1;
}

int
spawn_end(pid_t helper, int gate_ended)
{
	(void)helper, (void)gate_ended;
	fail_msg("a gate was waited for");
	return 0;
}

static void
assert_empty(const char *dir)
{
	const struct dirent *e;
	DIR *d = opendir(dir);

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			fail_msg("%s was made", e->d_name);
	(void)closedir(d);
}

/* Neither a gate of its own nor one to share, no file, and the reason. */
static void
too_long_is_refused(void **state)
{
	char dir[] = "/tmp/start-XXXXXX", text[512];

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (int private = 0; private < 2; private++) {
		struct start s = { .lease = -1, .run_dir = open(dir,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC) };

		start_identify(&s);
		start_gate(&s, private);
		assert_int_equal(s.error, START_PATH);
		assert_int_equal(s.lease, -1);
		assert_string_equal(s.hello.socket, "");
		assert_string_equal(s.hello.control, "");
		assert_empty(dir);
		start_explain(&s, text, sizeof(text));
		assert_string_equal(text, "ds01-docker: " DS01_RUN_DIR
		    " is too long a name for a directory of sockets\n");
	}
	assert_int_equal(rmdir(dir), 0);
}

/* What fits to the last byte is the kernel's name whole. */
static void
fits_or_not(void **state)
{
	struct start s = { .lease = -1 };
	char path[LEASE_PATH_MAX];
	struct sockaddr_un sun;
	char key[LEASE_PATH_MAX];
	size_t room = sizeof(sun.sun_path) - sizeof(DS01_RUN_DIR "/.s");

	(void)state;
	assert_int_equal(sizeof(sun.sun_path), LEASE_PATH_MAX);
	memset(key, 'k', sizeof(key));
	key[room] = '\0';
	assert_true(name_socket(&s, path, key, ".s"));
	assert_int_equal(strlen(path), LEASE_PATH_MAX - 1);
	assert_true(address(&sun, path));
	assert_string_equal(sun.sun_path, path);
	assert_int_equal(s.error, START_OK);
	key[room] = 'k';
	key[room + 1] = '\0';
	assert_false(name_socket(&s, path, key, ".s"));
	assert_string_equal(path, "");
	assert_int_equal(s.error, START_PATH);
}

static const struct {
	const char *name;
	pid_t pid;
} names[] = {
	{ "1001-1001-5-f0000001.p4321.sock", 4321 },
	{ "1001-4294967295-4294967295-0.p1.sock", 1 },
	{ "1001-1001-5-f0000001.sock", 0 },	/* shared */
	{ "1001-1001-5-f0000001.ctl", 0 },
	{ "1001-1001-5-f0000001.lock", 0 },
	{ "1002-1001-5-f0000001.p4321.sock", 0 },	/* another's */
	{ "10010-1001-5-f0000001.p4321.sock", 0 },
	{ "1001-1001-5-f0000001.p.sock", 0 },
	{ "1001-1001-5-f0000001.p-1.sock", 0 },
	{ "1001-1001-5-f0000001.p4321.sock.p1", 0 },
	{ "1001-1001-5-f0000001.p99999999999.sock", 0 },
};

/* Only private gates' names of one's own may be swept away. */
static void
names_to_sweep(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (private_name(names[i].name, 1001) != names[i].pid)
			fail_msg("%s", names[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_long_is_refused),
		cmocka_unit_test(fits_or_not),
		cmocka_unit_test(names_to_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
