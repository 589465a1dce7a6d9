/*
 * test_events.c - events.jsonl keeps its schema whatever is put into it.
 * links: events log
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "events.h"
#include "log.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static char dir[] = "/tmp/test_events.XXXXXX";
static char path[64], moved[64];

static int
setup(void **state)
{
	(void)state;
	log_open("test", true);		/* keep stderr clean */
	log_socket("/nonexistent");
	(void)signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/events.jsonl", dir);
	(void)snprintf(moved, sizeof(moved), "%s/events.jsonl-1", dir);
	return 0;
}

static int
clean(void **state)
{
	(void)state;
	events_close();
	(void)unlink(path);
	(void)unlink(moved);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static char *
slurp(const char *name)
{
	static char text[65536];
	int fd = open(name, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static size_t
lines(const char *s)
{
	size_t n = 0;

	for (; (s = strchr(s, '\n')); s++)
		n++;
	return n;
}

static void
schema_is_exact(void **state)
{
	static const struct timespec when = { 1795572247, 157349999 },
	    whole = { 1795572247, 999 };
	const struct event_detail d[] = {
		{ "container", "10" }, { "nothing", NULL }, { "image", "true" }
	};
	char out[EVENT_LINE_MAX];
	int n;

	(void)state;
	n = events_format(out, sizeof(out), &when, "container.create",
	    "alice", d, N(d));
	assert_string_equal(out, "{\"timestamp\":\"2026-11-25T02:04:07."
	    "157349Z\",\"event_type\":\"container.create\",\"schema_version\":"
	    "\"1\",\"user\":\"alice\",\"source\":\"docker-wrapper\",\"details\":"
	    "{\"container\":\"10\",\"image\":\"true\"}}\n");
	assert_int_equal(n, strlen(out));
	(void)events_format(out, sizeof(out), &whole, "x", "", d + 1, 1);
	assert_string_equal(out, "{\"timestamp\":\"2026-11-25T02:04:07Z\","
	    "\"event_type\":\"x\",\"schema_version\":\"1\",\"source\":"
	    "\"docker-wrapper\"}\n");
	assert_int_equal(events_format(out, 40, &whole, "x", "", d, 1), -1);
}

static void
values_cannot_break_out(void **state)
{
	static const struct { const char *in, *json; } rows[] = {
		{ "", "" }, { "a\"b\\c", "a\\\"b\\\\c" },
		{ "a\nb\r\t\b\f\x01\x7f", "a\\nb\\r\\t\\b\\f\\u0001\\u007f" },
		{ "\xc3\xbc", "\\u00fc" }, { "\xe2\x82\xac", "\\u20ac" },
		{ "\xf0\x9f\x90\xb3", "\\ud83d\\udc33" },
		{ "\xc3", "\\ufffd" }, { "\xc3x", "\\ufffdx" },
		{ "\xc0\xaf", "\\ufffd\\ufffd" },
		{ "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd" },
		{ "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd" },
		{ "\xff\xfe", "\\ufffd\\ufffd" },
		{ "{\"event_type\":1}", "{\\\"event_type\\\":1}" },
	};
	static const struct timespec when = { 0, 0 };

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const struct event_detail d = { "k", rows[i].in };
		char out[EVENT_LINE_MAX], want[256];

		(void)events_format(out, sizeof(out), &when, "t", NULL, &d, 1);
		(void)snprintf(want, sizeof(want), "{\"k\":\"%s\"}}\n",
		    rows[i].json);
		assert_non_null(strstr(out, want));
	}
}

/* J-7: a long value is cut; it does not take the others with it. */
static void
long_values_are_cut_one_by_one(void **state)
{
	static const struct timespec when = { 1, 1000 };
	static const char *const fill[] = { "x", "\x01", "\xf0\x9f\x90\xb3" };
	struct event_detail d[EVENT_DETAILS_MAX];
	static char big[20001];

	(void)state;
	for (size_t i = 0; i < N(fill); i++) {
		char out[EVENT_LINE_MAX];
		cJSON *j, *details;
		int n;

		big[0] = '\0';
		for (size_t k = 0, l = strlen(fill[i]); k < 5000; k++)
			memcpy(big + k * l, fill[i], l + 1);
		for (size_t k = 0; k < N(d); k++)
			d[k] = (struct event_detail){ "a_long_key_name", big };
		d[2] = (struct event_detail){ "reason", "is here" };
		n = events_format(out, sizeof(out), &when, "t", big, d, N(d));
		assert_in_range(n, 100, EVENT_LINE_MAX - 1);
		j = cJSON_Parse(out);
		assert_non_null(j);
		details = cJSON_GetObjectItem(j, "details");
		assert_int_equal(cJSON_GetArraySize(details), N(d));
		assert_string_equal(cJSON_GetObjectItem(details,
		    "reason")->valuestring, "is here");
		assert_non_null(strstr(out, "...\""));
		cJSON_Delete(j);
	}
}

static void
one(const char *value)
{
	const struct event_detail d = { "container", value };

	events_write("container.create", "alice", &d, 1);
}

static void
rotation_is_followed(void **state)
{
	(void)state;
	events_open(path);
	one("a");
	one("b");
	assert_int_equal(lines(slurp(path)), 2);
	assert_int_equal(rename(path, moved), 0);	/* logrotate create */
	one("c");
	assert_int_equal(lines(slurp(moved)), 2);
	assert_int_equal(lines(slurp(path)), 1);
	assert_int_equal(truncate(path, 0), 0);		/* copytruncate */
	one("d");
	assert_non_null(strstr(slurp(path), "\"d\""));
	assert_int_equal(slurp(path)[0], '{');
	assert_int_equal(unlink(path), 0);
	one("e");
	assert_int_equal(lines(slurp(path)), 1);
}

/* logrotate renames, and makes the new file a moment later.  That there is
 * none which could be opened is what a directory in its place shows. */
static void
nothing_is_lost_before_the_new_file(void **state)
{
	(void)state;
	events_open(path);
	one("a");
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	one("b");
	one("c");
	assert_int_equal(lines(slurp(moved)), 3);
	assert_int_equal(rmdir(path), 0);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	one("d");
	assert_int_equal(lines(slurp(moved)), 3);
	assert_int_equal(lines(slurp(path)), 1);
}

static void
a_missing_directory_is_survived(void **state)
{
	char sub[80], file[100];

	(void)state;
	(void)snprintf(sub, sizeof(sub), "%s/sub", dir);
	(void)snprintf(file, sizeof(file), "%s/e", sub);
	events_open(file);
	one("lost");
	assert_int_equal(mkdir(sub, 0700), 0);
	one("kept");
	assert_int_equal(lines(slurp(file)), 1);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(sub), 0);
	events_open("");
	one("nowhere");
	events_open(NULL);
	one("nowhere");
}

static void
what_is_not_a_file_is_not_written(void **state)
{
	int reader;
	char c;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	events_open(path);
	one("x");
	assert_int_equal(read(reader, &c, 1), 0);
	close(reader);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(moved, path), 0);
	one("x");
	assert_int_equal(access(moved, F_OK), -1);
	assert_int_equal(unlink(path), 0);
	one("y");
	assert_int_equal(lines(slurp(path)), 1);
}

/* A disk that fills up in the middle of a line tears that line only. */
static void
a_full_disk_tears_one_line(void **state)
{
	struct rlimit old, lim;

	(void)state;
	events_open(path);
	one("first");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	lim = old;
	lim.rlim_cur = strlen(slurp(path)) + 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
	one("torn");
	one("lost");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(lines(slurp(path)), 1);
	one("whole");
	one("whole");
	assert_int_equal(lines(slurp(path)), 4);
	assert_non_null(strstr(slurp(path), "\n{\"timestamp\":"));
	assert_non_null(strstr(slurp(path), "\"whole\"}}\n{"));
}

static void
writers_do_not_mix(void **state)
{
	static char big[600];
	char *s, *next;
	int status;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			events_open(path);
			for (int j = 0; j < 20; j++)
				one(big);
			_exit(0);
		}
	while (wait(&status) > 0)
		assert_int_equal(status, 0);
	s = slurp(path);
	assert_int_equal(lines(s), 80);
	for (; (next = strchr(s, '\n')); s = next + 1) {
		cJSON *j = cJSON_ParseWithLength(s, (size_t)(next - s));

		assert_non_null(j);
		cJSON_Delete(j);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schema_is_exact),
		cmocka_unit_test(values_cannot_break_out),
		cmocka_unit_test(long_values_are_cut_one_by_one),
		cmocka_unit_test_teardown(rotation_is_followed, clean),
		cmocka_unit_test_teardown(nothing_is_lost_before_the_new_file,
		    clean),
		cmocka_unit_test(a_missing_directory_is_survived),
		cmocka_unit_test_teardown(what_is_not_a_file_is_not_written,
		    clean),
		cmocka_unit_test_teardown(a_full_disk_tears_one_line, clean),
		cmocka_unit_test_teardown(writers_do_not_mix, clean),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
