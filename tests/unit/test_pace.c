/*
 * test_pace.c - nobody fills the audit log, and nobody is slowed down by
 * accident.  The audit room is faked here.
 * links: record events ratelimit log reason span granted judge_tree bind buf json json_check json_walk
 */
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

#include "audit.h"
#include "granted.h"
#include "json.h"
#include "log.h"
#include "ratelimit.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct caller alice = { .uid = 1001, .name = "alice" };
static char dir[] = "/tmp/test_pace.XXXXXX";
static struct config cfg;

static int taken;	/* bytes that the fake kernel takes */

int
audit_begin(void)
{
	return 7;
}

void
audit_end(int fd)
{
	(void)fd;
}

int
audit_write(int fd, const struct caller *c, const struct record *r)
{
	(void)fd;
	(void)c;
	(void)r;
	return taken;
}

static int
setup(void **state)
{
	(void)state;
	log_open("gate", true);
	log_socket("/nonexistent");
	record_state_dir(dir);
	return mkdtemp(dir) ? 0 : -1;
}

static int
teardown(void **state)
{
	char cmd[64];

	(void)state;
	record_close();
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static void
configure(long refusals, long changes)
{
	cfg.deny_slow_after = refusals;
	cfg.changes_slow_after = changes;
	record_configure(&cfg);
}

static char *
file_of(const char *kind, const char *user)
{
	static char path[512];
	char name[RATE_FILE_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir,
	    ratelimit_file(kind, user, name, sizeof(name)));
	return path;
}

static void
put_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(chmod(path, 0600), 0);
	fclose(f);
}

/* Another user in between makes the process forget the first one's debts, as
 * a new gate does. */
static void
forget(void)
{
	ratelimit_pace("/nonexistent", "nobody-else", PACE_ALLOWED, 1000, 1,
	    true);
}

/* --- how fast -------------------------------------------------------------- */

#define HOUR (3600 * 1000)
#define NOW ((int64_t)1800000000 * 1000)
#define LOG_BYTES (40LL * 1024 * 1024)	/* what Debian's auditd keeps */

/* When each gets slower, for somebody who does not rest. */
static void
slots_double_with_the_debt(void **state)
{
	static const struct { long nth, slot; } rows[] = {
		{ 1, 0 }, { 1000, 0 }, { 1003, 200 }, { 1400, 200 },
		{ 1700, 400 }, { 2200, 800 }, { 2800, 1600 }, { 3500, 2000 },
		{ 9999, 2000 },
	};
	struct pace_state st = { .owed = 0 };
	int64_t now = NOW;
	long nth = 0, slot = 0;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		for (; nth < rows[i].nth; nth++, now += slot)
			slot = pace_step(&st, PACE_REFUSED, 1000, PACE_RECORD,
			    true, now);
		assert_int_equal(slot, rows[i].slot);
	}
	/* a night's rest pays it all */
	assert_int_equal(pace_step(&st, PACE_REFUSED, 1000, PACE_RECORD, true,
	    now + PACE_DEBT_MAX - PACE_FREE + 60000), 0);
	assert_int_equal(pace_step(&st, PACE_ALLOWED, 1000, PACE_RECORD, true,
	    now), 0);
}

/* Bytes that one user writes in so many hours who does nothing else.  Those
 * that wait are waited for, and what is left to the next comes with it. */
static int64_t
bytes_in(int64_t hours, bool refused, bool allowed, size_t bytes)
{
	struct pace_state st = { .owed = 0 };
	int64_t now = NOW, all = 0;

	while (now < NOW + hours * HOUR) {
		if (refused) {
			now += pace_step(&st, PACE_REFUSED, 1000, bytes, true,
			    now);
			all += (int64_t)bytes;
		}
		if (allowed) {
			now += pace_step(&st, PACE_ALLOWED, 10000, PACE_RECORD,
			    true, now);
			if (bytes > PACE_RECORD)
				(void)pace_step(&st, PACE_ALLOWED, 10000,
				    bytes - PACE_RECORD, false, now);
			all += (int64_t)bytes;
		}
		now++;
	}
	return all;
}

static void
one_user_does_not_fill_the_log_in_a_day(void **state)
{
	static const size_t sizes[] = { 512, 800, 1500, 3000, 4250 };

	(void)state;
	for (size_t i = 0; i < N(sizes); i++) {
		assert_true(bytes_in(22, false, true, sizes[i]) < LOG_BYTES);
		assert_true(bytes_in(40, true, false, sizes[i]) < LOG_BYTES);
		assert_true(bytes_in(20, true, true, sizes[i]) < LOG_BYTES);
	}
}

/* How many slots somebody gets who makes so many changes an hour, each hour
 * of a week in so many seconds. */
static long
slots_in_a_week(long per_hour, long seconds)
{
	struct pace_state st = { .owed = 0 };
	long n = 0;

	for (int64_t hour = 0; hour < 7 * 24; hour++)
		for (long i = 0; i < per_hour; i++)
			n += pace_step(&st, PACE_ALLOWED, 10000, PACE_RECORD,
			    true, NOW + hour * HOUR + i * seconds * 1000 /
			    per_hour) > 0;
	return n;
}

static void
a_days_work_is_not_slowed_down(void **state)
{
	struct pace_state st = { .owed = 0 };

	(void)state;
	assert_int_equal(slots_in_a_week(2500, 3600), 0);
	assert_int_equal(slots_in_a_week(2500, 60), 0);
	assert_true(slots_in_a_week(5000, 3600) > 0);
	for (int i = 0; i < 10000; i++)		/* a night's jobs in a moment */
		assert_int_equal(pace_step(&st, PACE_ALLOWED, 10000,
		    PACE_RECORD, true, NOW), 0);
	assert_int_equal(pace_step(&st, PACE_ALLOWED, 10000, PACE_RECORD, true,
	    NOW), 200);
}

static void
a_slot_left_over_is_the_nexts(void **state)
{
	struct pace_state st = { .until = { [PACE_ALLOWED] = NOW +
	    PACE_FREE } };

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(pace_step(&st, PACE_ALLOWED, 10000,
		    2 * PACE_RECORD, false, NOW), 0);
	assert_int_equal(pace_step(&st, PACE_ALLOWED, 10000, PACE_RECORD, true,
	    NOW), 200 * (1 + 8));	/* PACE_PAY_MAX */
	assert_int_equal(pace_step(&st, PACE_ALLOWED, 10000, PACE_RECORD, true,
	    NOW), 200 * (1 + 8));
	assert_int_equal(pace_step(&st, PACE_ALLOWED, 10000, PACE_RECORD, true,
	    NOW), 200 * (1 + 4));
	assert_int_equal(pace_step(&st, PACE_ALLOWED, 10000, PACE_RECORD, true,
	    NOW), 200);
}

static int64_t
wall(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Milliseconds that one record of alice's takes, 1,000 being free. */
static int64_t
takes(const char *where, enum pace kind)
{
	int64_t start = wall();

	ratelimit_pace(where, "alice", kind, 1000, PACE_RECORD, true);
	return wall() - start;
}

static void
put_pace(int64_t refused, int64_t allowed, int64_t owed)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "%lld %lld %lld\n",
	    (long long)refused, (long long)allowed, (long long)owed);

	put_file(file_of("pace", "alice"), text, (size_t)n);
	forget();
}

/* The three numbers of alice's file, the first two as what is owed now. */
static void
get_pace(long long v[3])
{
	FILE *f = fopen(file_of("pace", "alice"), "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lld %lld %lld\n", v, v + 1, v + 2), 3);
	assert_int_equal(fgetc(f), EOF);
	fclose(f);
	v[0] -= wall();
	v[1] -= wall();
}

#define COST (PACE_FREE / 1000)

static void
a_new_gate_goes_on_with_the_debt(void **state)
{
	long long v[3];

	(void)state;
	put_pace(0, wall() + PACE_FREE, 0);
	assert_true(takes(dir, PACE_ALLOWED) >= 200);
	get_pace(v);
	assert_in_range(v[1], PACE_FREE, PACE_FREE + COST);
	(void)takes(dir, PACE_REFUSED);		/* the other kind is free */
	get_pace(v);
	assert_in_range(v[0], COST - 5000, COST);
	put_pace(0, wall() + PACE_FREE, 3 * PACE_RECORD);
	assert_true(takes(dir, PACE_ALLOWED) >= 800);
	get_pace(v);
	assert_int_equal(v[2], 0);
	ratelimit_pace(dir, "alice", PACE_ALLOWED, 1000, 700, false);
	get_pace(v);
	assert_int_equal(v[2], 700);
	put_pace(0, wall() + PACE_FREE, 0);	/* 0 is never, and not counted */
	ratelimit_pace(dir, "alice", PACE_ALLOWED, 0, PACE_RECORD, true);
	get_pace(v);
	assert_in_range(v[1], PACE_FREE - 5000, PACE_FREE);
}

static void
hostile_contents_neither_slow_nor_free(void **state)
{
	static const char *const texts[] = {
		"", "\n", "x", "1 2", "1 2 3 4", "-1 2 3", "1  2 3", " 1 2 3",
		"1 2 3 ", "1 2 3\n\n", "1\t2 3",
		"99999999999999999999 99999999999999999999 0",
		"9223372036854775807 9223372036854775807 9223372036854775807",
	};
	long long v[3];
	char big[10000];

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		put_file(file_of("pace", "alice"), texts[i], strlen(texts[i]));
		forget();
		(void)takes(dir, PACE_ALLOWED);
		get_pace(v);
		assert_in_range(v[1], COST - 5000, COST);
		assert_int_equal(v[2], 0);
	}
	memset(big, '7', sizeof(big));
	put_file(file_of("pace", "alice"), big, sizeof(big));
	(void)takes(dir, PACE_ALLOWED);
	get_pace(v);		/* what this process knew is not forgotten */
	assert_in_range(v[1], 2 * COST - 5000, 2 * COST);
}

/* A little back makes a debt longer, and no slot longer than the longest; a
 * week back forgives it. */
static void
a_clock_that_goes_back_locks_nobody_out(void **state)
{
	long long v[3];
	int64_t took;

	(void)state;
	put_pace(0, wall() + PACE_DEBT_MAX - 1000, 0);
	took = takes(dir, PACE_ALLOWED);
	assert_in_range(took, PACE_SLOT_MAX, 3 * PACE_SLOT_MAX);
	put_pace(wall() + 7LL * 24 * HOUR, wall() + 7LL * 24 * HOUR, 0);
	(void)takes(dir, PACE_ALLOWED);
	get_pace(v);
	assert_in_range(v[1], COST - 5000, COST);
}

static void
a_lost_pace_is_remembered(void **state)
{
	long long v[3];

	(void)state;
	put_pace(0, wall() + PACE_FREE - 10 * COST, 0);
	(void)takes(dir, PACE_ALLOWED);
	assert_int_equal(unlink(file_of("pace", "alice")), 0);
	(void)takes(dir, PACE_ALLOWED);
	get_pace(v);
	assert_in_range(v[1], PACE_FREE - 9 * COST, PACE_FREE);
}

static void
paces_by_itself_without_files(void **state)
{
	int64_t start = wall();

	(void)state;
	forget();
	for (int i = 0; i < 5; i++)	/* four are free */
		ratelimit_pace("/nonexistent", "alice", PACE_ALLOWED, 4,
		    PACE_RECORD, true);
	assert_true(wall() - start >= 200);
}

/* Links and FIFOs in the way of either file are moved, and nothing that they
 * point to is written. */
static void
what_stands_in_the_way_of_the_pace(void **state)
{
	static const char *const kinds[] = { "pace", "slot" };
	char target[64];
	struct stat st;

	(void)state;
	(void)snprintf(target, sizeof(target), "%s/paced", dir);
	put_file(target, "precious", 8);
	put_pace(0, wall() + PACE_FREE, 0);
	(void)takes(dir, PACE_ALLOWED);		/* makes both */
	for (size_t i = 0; i < N(kinds); i++) {
		char *path = file_of(kinds[i], "alice");

		assert_int_equal(unlink(path), 0);
		assert_int_equal(symlink(target, path), 0);
		assert_true(takes(dir, PACE_ALLOWED) >= 200);
		assert_int_equal(lstat(path, &st), 0);
		assert_true(S_ISREG(st.st_mode));
		assert_int_equal(unlink(path), 0);
		assert_int_equal(mkfifo(path, 0600), 0);
		assert_true(takes(dir, PACE_ALLOWED) >= 200);
		assert_int_equal(lstat(path, &st), 0);
		assert_true(S_ISREG(st.st_mode));
	}
	assert_int_equal(stat(target, &st), 0);
	assert_int_equal(st.st_size, 8);
}

/* Slots of several gates do not overlap. */
static void
several_gates_have_one_slot(void **state)
{
	int64_t start;
	long long v[3];
	int status;

	(void)state;
	put_pace(0, wall() + PACE_FREE, 0);
	start = wall();
	for (int i = 0; i < 3; i++)
		if (fork() == 0) {
			for (int j = 0; j < 2; j++)
				(void)takes(dir, PACE_ALLOWED);
			_exit(0);
		}
	while (wait(&status) > 0)
		assert_int_equal(status, 0);
	assert_true(wall() - start >= 6 * 200);
	get_pace(v);
	assert_in_range(v[1], PACE_FREE + 6 * COST - 30000,
	    PACE_FREE + 6 * COST);
}

/* While alice's slot lasts for good, bob's does not. */
static void
another_user_has_his_own_slot(void **state)
{
	int fd = open(file_of("slot", "alice"), O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	for (int i = 0; i < 5; i++)
		ratelimit_pace(dir, "bob", PACE_ALLOWED, 4, PACE_RECORD, true);
	close(fd);
}

/* --- what has a pace ------------------------------------------------------- */

static const struct record stop = { .op = "stop", .changes = true },
    look = { .op = "inspect" }, refusal = { .op = "stop", .why = R_NOT_OWNER },
    unowned = { .op = "inspect", .unowned = true },
    would = { .op = "stop", .changes = true, .why = R_NOT_OWNER, .would = true };

/* What alice's pace knows of refusals and of the rest, in halves of a record;
 * and the bytes that the next slot will pay. */
static void
counted(long *refused, long *allowed, long *owed)
{
	long long v[3];

	get_pace(v);
	*owed = (long)v[2];
	/* a record is an hour here */
	*refused = v[0] > 0 ? (long)(v[0] + HOUR / 4) / (HOUR / 2) : 0;
	*allowed = v[1] > 0 ? (long)(v[1] + HOUR / 4) / (HOUR / 2) : 0;
}

/* Only what is on record counts; nobody waits here, since four are free. */
static void
which_records_have_a_pace(void **state)
{
	static const struct { enum audit_mode audit; enum audit_events events;
	    const struct record *r; int taken; bool admin;
	    long refused, allowed; } rows[] = {
#define ON AUDIT_MODE_ON, AUDIT_EVENTS_CHANGES
#define OFF AUDIT_MODE_OFF, AUDIT_EVENTS_CHANGES
#define DENIALS AUDIT_MODE_ON, AUDIT_EVENTS_DENIALS
#define ALL AUDIT_MODE_ON, AUDIT_EVENTS_ALL
		{ ON, &stop, 200, false, 0, 2 },
		{ ON, &stop, 518, false, 0, 3 },	/* 250 around it */
		{ ON, &look, 200, false, 0, 0 },
		{ ON, &refusal, 200, false, 2, 0 },
		{ ON, &refusal, 518, false, 3, 0 },
		{ ON, &unowned, 200, false, 0, 2 },
		{ ON, &would, 200, false, 0, 4 },
		{ ON, &stop, 200, true, 0, 0 },
		{ ON, &refusal, 200, true, 0, 0 },
		{ ON, &refusal, 0, false, 2, 0 },	/* an event at least */
		{ OFF, &stop, 200, false, 0, 0 },
		{ OFF, &refusal, 200, false, 2, 0 },
		{ OFF, &unowned, 200, false, 0, 2 },
		{ DENIALS, &stop, 200, false, 0, 0 },
		{ DENIALS, &refusal, 200, false, 2, 0 },
		{ ALL, &look, 200, false, 0, 2 },
		{ ALL, &stop, 200, false, 0, 2 },
	};
	long refused, allowed, owed;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct caller c = alice;

		put_pace(0, 0, 0);
		cfg.audit = rows[i].audit;
		cfg.audit_events = rows[i].events;
		configure(4, 4);
		taken = rows[i].taken;
		c.admin = rows[i].admin;
		if (rows[i].r->changes)		/* as mediate.c does */
			record_turn(&c);
		(void)record_write(&c, rows[i].r);
		counted(&refused, &allowed, &owed);
		assert_int_equal(refused, rows[i].refused);
		assert_int_equal(allowed, rows[i].allowed);
		assert_int_equal(owed, 0);
	}
}

/* The rest of a long record, whose turn is over, is left to the next slot. */
static void
a_long_record_owes(void **state)
{
	long refused, allowed, owed;

	(void)state;
	put_pace(0, 0, 0);
	configure(0, 1);
	record_turn(&alice);
	taken = 1000;
	(void)record_write(&alice, &stop);
	counted(&refused, &allowed, &owed);
	assert_int_equal(owed, 1000 + 250 - 512);
}

/* What a create gives is counted at once, not once for each of its records:
 * the file's lock is held by somebody here, which costs a quarter of a second
 * each time. */
static void
what_is_given_is_counted_once(void **state)
{
	struct record r = { .op = "create", .changes = true };
	struct granted given cleanup_granted = { 0 };
	struct refusal why;
	long refused, allowed, owed;
	cJSON *body = json_parse(span_of("{\"HostConfig\":{\"Binds\":[\"/a:/a\","
	    "\"/b:/b\",\"/c:/c\",\"/d:/d\",\"/e:/e\"],\"Memory\":1}}"), &why);
	int64_t start;
	int fd;

	(void)state;
	put_pace(0, 0, 0);
	configure(0, 1);
	taken = 400;
	assert_int_equal(granted_read(&given, OP_CONTAINER_CREATE, body,
	    false, &why), R_NONE);
	assert_int_equal(granted_write(&given, &alice, &r), 0);
	counted(&refused, &allowed, &owed);
	assert_int_equal(owed, 6 * (400 + 250));
	fd = open(file_of("pace", "alice"), O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	start = wall();
	assert_int_equal(granted_write(&given, &alice, &r), 0);
	assert_true(wall() - start < 900);
	close(fd);
	cJSON_Delete(body);
}

/* A refusal waits behind its record, a change before it is judged. */
static void
who_is_too_fast_waits(void **state)
{
	int64_t start;

	(void)state;
	put_pace(0, 0, 0);
	cfg.audit_events = AUDIT_EVENTS_CHANGES;
	configure(4, 4);
	taken = 200;
	for (int i = 0; i < 4; i++) {
		record_turn(&alice);
		(void)record_write(&alice, &refusal);
	}
	start = wall();
	record_turn(&alice);
	assert_true(wall() - start >= 200);
	start = wall();
	(void)record_write(&alice, &refusal);
	assert_true(wall() - start >= 200);
	configure(1, 1);
	start = wall();
	record_turn(&alice);
	assert_true(wall() - start >= 800);
	start = wall();
	(void)record_write(&alice, &stop);	/* a slot would be 2 s */
	(void)record_write(&alice, &look);
	assert_true(wall() - start < 1900);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_double_with_the_debt),
		cmocka_unit_test(one_user_does_not_fill_the_log_in_a_day),
		cmocka_unit_test(a_days_work_is_not_slowed_down),
		cmocka_unit_test(a_slot_left_over_is_the_nexts),
		cmocka_unit_test(a_new_gate_goes_on_with_the_debt),
		cmocka_unit_test(hostile_contents_neither_slow_nor_free),
		cmocka_unit_test(a_clock_that_goes_back_locks_nobody_out),
		cmocka_unit_test(a_lost_pace_is_remembered),
		cmocka_unit_test(paces_by_itself_without_files),
		cmocka_unit_test(what_stands_in_the_way_of_the_pace),
		cmocka_unit_test(several_gates_have_one_slot),
		cmocka_unit_test(another_user_has_his_own_slot),
		cmocka_unit_test(which_records_have_a_pace),
		cmocka_unit_test(a_long_record_owes),
		cmocka_unit_test(what_is_given_is_counted_once),
		cmocka_unit_test(who_is_too_fast_waits),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
