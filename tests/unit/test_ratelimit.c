/*
 * test_ratelimit.c - syslog hears enough of a user's refusals, never all.
 * links: ratelimit
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ratelimit.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define T0 ((time_t)1800000000)

static char dir[] = "/tmp/test_ratelimit.XXXXXX";

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int
teardown(void **state)
{
	char cmd[64];

	(void)state;
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static char *
path_of(const char *user)
{
	static char path[512];
	char name[RATE_FILE_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir,
	    ratelimit_file("deny", user, name, sizeof(name)));
	return path;
}

static void
put(const char *user, const char *text, size_t len)
{
	int fd = open(path_of(user), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (int)len);
	close(fd);
}

/* Another user in between makes the process forget the first one's count,
 * as a new gate does. */
static void
forget(void)
{
	(void)ratelimit_count("/nonexistent", "nobody-else", 1, T0);
}

static struct rate_verdict
once(const char *user, time_t now)
{
	return ratelimit_count(dir, user, 3, now);
}

static void
an_hour_of_refusals(void **state)
{
	static const struct { time_t at; enum rate what; long count, hid; }
	rows[] = {
		{ 0, RATE_FIRST, 1, 0 }, { 1, RATE_SAY, 2, 0 },
		{ 5, RATE_SAY, 3, 0 }, { 5, RATE_LAST, 4, 0 },
		{ 6, RATE_DROP, 5, 0 }, { 3600, RATE_DROP, 6, 0 },
		{ 3601, RATE_FIRST, 1, 3 }, { 3602, RATE_SAY, 2, 0 },
		{ 9999, RATE_FIRST, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct rate_verdict v = once("hour", T0 + rows[i].at);

		assert_int_equal(v.what, rows[i].what);
		assert_int_equal(v.count, rows[i].count);
		assert_int_equal(v.suppressed, rows[i].hid);
		if (i % 2)
			forget();
	}
}

static void
users_do_not_share(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		(void)once("u1", T0);
	assert_int_equal(once("u2", T0).what, RATE_FIRST);
	assert_int_equal(once("u1", T0).what, RATE_DROP);
}

static void
zero_says_nothing(void **state)
{
	(void)state;
	for (long i = 1; i <= 3; i++) {
		struct rate_verdict v = ratelimit_count(dir, "z", 0, T0);

		assert_int_equal(v.what, RATE_DROP);
		assert_int_equal(v.count, i);	/* the brake wants it */
	}
}

static void
names_stay_in_the_directory(void **state)
{
	static const struct { const char *user, *file; } rows[] = {
		{ "alice", "deny-alice.state" },
		{ "h.baker@x.y", "deny-h.baker@x.y.state" },
		{ "../../etc/x", "deny-%2E.%2F..%2Fetc%2Fx.state" },
		{ "a/b", "deny-a%2Fb.state" },
		{ "a b\n", "deny-a%20b%0A.state" },
		{ "%41", "deny-%2541.state" },
		{ "DOM\\u\xc3\xbc", "deny-DOM%5Cu%C3%BC.state" },
		{ "", "deny-.state" },
	};
	char out[RATE_FILE_MAX], other[RATE_FILE_MAX], name[300];

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(ratelimit_file("deny", rows[i].user,
		    out, sizeof(out)), rows[i].file);
	memset(name, '/', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_in_range(strlen(ratelimit_file("deny", name, out, sizeof(out))),
	    1, 254);
	assert_non_null(strstr(out, ".state"));
	name[sizeof(name) - 2] = 'x';	/* long names differ in the hash */
	assert_string_not_equal(out, ratelimit_file("deny", name, other,
	    sizeof(other)));
}

/* J-1, J-2: what somebody put there neither runs nor silences. */
static void
hostile_contents_do_not_silence(void **state)
{
	static const char *const texts[] = {
		"10 9999999999", "0 a[$(id >/tmp/p)]", "", "\n", "10",
		"99999999999999999999 1800000000", "5 99999999999999999999999",
		"-5 1800000000", "5 -1", " 5 1800000000", "5  1800000000",
		"5 1800000000 x", "x", "5\t1800000000", "2000000000 1800000000",
	};
	char big[10000];

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		put("h", texts[i], strlen(texts[i]));
		forget();
		assert_int_equal(once("h", T0).what, RATE_FIRST);
		assert_int_equal(once("h", T0).what, RATE_SAY);
	}
	memset(big, '7', sizeof(big));
	put("h", big, sizeof(big));
	forget();
	assert_int_equal(once("h", T0).what, RATE_FIRST);
	put("h", "5 18\0 0", 7);
	forget();
	assert_int_equal(once("h", T0).what, RATE_FIRST);
}

/* Losing the file does not give a noisy user a new hour's worth. */
static void
a_lost_file_is_remembered(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		(void)once("lost", T0);
	put("lost", "", 0);
	assert_int_equal(once("lost", T0).what, RATE_DROP);
	assert_int_equal(unlink(path_of("lost")), 0);
	assert_int_equal(once("lost", T0).what, RATE_DROP);
}

static void
counts_by_itself_without_a_file(void **state)
{
	static const enum rate want[] = {
		RATE_FIRST, RATE_SAY, RATE_SAY, RATE_LAST, RATE_DROP
	};

	(void)state;
	for (size_t i = 0; i < N(want); i++)
		assert_int_equal(ratelimit_count("/nonexistent", "n", 3,
		    T0).what, want[i]);
}

/* Links, FIFOs, directories and others' files are not followed, waited for
 * or written. */
static void
what_stands_in_the_way_is_moved(void **state)
{
	char target[64], buf[16];
	struct stat st;
	int fd;

	(void)state;
	(void)snprintf(target, sizeof(target), "%s/target", dir);
	fd = open(target, O_RDWR | O_CREAT, 0600);
	assert_int_equal(write(fd, "precious", 8), 8);

	assert_int_equal(symlink(target, path_of("w1")), 0);
	assert_int_equal(once("w1", T0).what, RATE_FIRST);
	assert_int_equal(link(target, path_of("w2")), 0);
	assert_int_equal(once("w2", T0).what, RATE_FIRST);
	assert_int_equal(mkfifo(path_of("w3"), 0600), 0);
	assert_int_equal(once("w3", T0).what, RATE_FIRST);
	assert_int_equal(mkdir(path_of("w4"), 0700), 0);
	assert_int_equal(once("w4", T0).what, RATE_FIRST);
	put("w5", "2 1800000000\n", 13);
	assert_int_equal(chmod(path_of("w5"), 0666), 0);
	assert_int_equal(once("w5", T0).what, RATE_FIRST);
	put("w6", "2 1800000000\n", 13);
	if (getuid() == 0)
		assert_int_equal(chown(path_of("w6"), 12345, 12345), 0);
	else
		assert_int_equal(chmod(path_of("w6"), 0602), 0);
	assert_int_equal(once("w6", T0).what, RATE_FIRST);

	assert_int_equal(pread(fd, buf, sizeof(buf), 0), 8);
	assert_memory_equal(buf, "precious", 8);
	close(fd);
	for (char user[] = "w1"; user[1] <= '6'; user[1]++) {
		assert_int_equal(lstat(path_of(user), &st), 0);
		assert_true(S_ISREG(st.st_mode));
		assert_int_equal(st.st_mode & 07777, 0600);
		assert_int_equal(st.st_size, 13);
	}
}

static void
a_held_lock_does_not_hold_us(void **state)
{
	int fd;

	(void)state;
	(void)once("lock", T0);
	fd = open(path_of("lock"), O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(once("lock", T0).what, RATE_SAY);
	close(fd);
}

static void
several_gates_count_once(void **state)
{
	char text[32] = "";
	int status, fd;

	(void)state;
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			for (int j = 0; j < 50; j++)
				(void)once("many", T0);
			_exit(0);
		}
	while (wait(&status) > 0)
		assert_int_equal(status, 0);
	fd = open(path_of("many"), O_RDONLY);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	assert_string_equal(text, "200 1800000000\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_hour_of_refusals),
		cmocka_unit_test(users_do_not_share),
		cmocka_unit_test(zero_says_nothing),
		cmocka_unit_test(names_stay_in_the_directory),
		cmocka_unit_test(hostile_contents_do_not_silence),
		cmocka_unit_test(a_lost_file_is_remembered),
		cmocka_unit_test(counts_by_itself_without_a_file),
		cmocka_unit_test(what_stands_in_the_way_is_moved),
		cmocka_unit_test(a_held_lock_does_not_hold_us),
		cmocka_unit_test(several_gates_count_once),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
