/*
 * test_record.c - who is told what.  The audit room is faked here.
 * links: record events ratelimit log reason span
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "audit.h"
#include "log.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct caller alice = { .uid = 1001, .name = "alice" };
static char dir[] = "/tmp/test_record.XXXXXX";
static char events[64], sock[64];
static int log_fd = -1;
static struct config cfg;

/* --- the fake kernel ------------------------------------------------------ */

static int fake_fd = 7, fake_answer = 1, fake_begun;
static int fake_sent;	/* also counted by threads */
static pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;

int
audit_begin(void)
{
	fake_begun++;
	errno = EPERM;
	return fake_fd;
}

void
audit_end(int fd)
{
	(void)fd;
}

int
audit_write(int fd, const struct caller *c, const struct record *r)
{
	(void)c;
	(void)r;
	(void)pthread_mutex_lock(&fake_lock);
	fake_sent += fd >= 0 && fake_answer > 0;
	(void)pthread_mutex_unlock(&fake_lock);
	errno = ECONNREFUSED;
	return fd >= 0 ? fake_answer : 0;	/* bytes, as the true one */
}

/* --- helpers ---------------------------------------------------------------- */

static int
group_setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(events, sizeof(events), "%s/events.jsonl", dir);
	(void)snprintf(sock, sizeof(sock), "%s/log", dir);
	log_open("gate", true);
	log_socket(sock);
	record_state_dir(dir);
	return 0;
}

static int
group_teardown(void **state)
{
	char cmd[64];

	(void)state;
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static void
syslogd(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", sock);
	(void)unlink(sock);
	log_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(log_fd, (struct sockaddr *)&a, sizeof(a)), 0);
}

static int
setup(void **state)
{
	char state_file[96];

	(void)state;
	fake_fd = 7;
	fake_answer = 1;
	fake_sent = fake_begun = 0;
	cfg = (struct config){ .audit = AUDIT_MODE_ON, .deny_log_per_hour = 3,
	    .audit_events = AUDIT_EVENTS_CHANGES, .events_file = events };
	(void)snprintf(state_file, sizeof(state_file), "%s/deny-alice.state",
	    dir);
	(void)unlink(state_file);
	(void)unlink(events);
	/* Another user's refusal makes the process forget alice's. */
	record_configure(&cfg);
	(void)record_write(&(struct caller){ .name = "x" },
	    &(struct record){ .op = "x", .why = R_BIND });
	record_close();
	(void)unlink(events);
	fake_sent = fake_begun = 0;
	syslogd();
	return record_open(&cfg);
}

static int
teardown(void **state)
{
	(void)state;
	record_close();
	close(log_fd);
	return 0;
}

/* The next line that syslog got, without time and pid; "" for none. */
static const char *
line(void)
{
	static char buf[4096];
	ssize_t n = recv(log_fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);
	char *at, pid[32];

	buf[n > 0 ? n : 0] = '\0';
	if (!*buf)
		return buf;
	at = strchr(buf, '>');
	assert_non_null(at);
	memmove(at + 1, at + 17, strlen(at + 17) + 1);	/* the date */
	(void)snprintf(pid, sizeof(pid), "[%d]: ", (int)getpid());
	at = strstr(buf, pid);
	assert_non_null(at);
	memmove(at, at + strlen(pid) - 2, strlen(at + strlen(pid) - 2) + 1);
	return buf;
}

static void
expect(const char *want)
{
	assert_string_equal(line(), want);
}

/* The nth event, or NULL. */
static cJSON *
event(size_t n)
{
	char text[65536], *s = text, *end;
	int fd = open(events, O_RDONLY);
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[len > 0 ? len : 0] = '\0';
	for (; (end = strchr(s, '\n')); s = end + 1)
		if (n-- == 0)
			return cJSON_ParseWithLength(s, (size_t)(end - s));
	return NULL;
}

static void
has(cJSON *e, const char *key, const char *value)
{
	cJSON *d = cJSON_GetObjectItem(e, "details"),
	    *i = cJSON_GetObjectItem(e, key);

	if (!i)
		i = cJSON_GetObjectItem(d, key);
	assert_true(cJSON_IsString(i));
	assert_string_equal(i->valuestring, value);
}

static const struct record stop = { .kind = RECORD_CONTROL,
    .op = "container.stop", .vm = "train", .changes = true, .event = "e1" };
static const struct record look = { .kind = RECORD_CONTROL,
    .op = "container.inspect", .vm = "train", .event = "e2" };
static const struct record refusal = { .kind = RECORD_CONTROL,
    .op = "container.stop", .vm = "bobs", .why = R_NOT_OWNER,
    .why_text = "container belongs to bob", .event = "e3" };

/* --- tests ------------------------------------------------------------------ */

static void
a_refusal_is_told_to_all(void **state)
{
	cJSON *e;

	(void)state;
	assert_int_equal(record_write(&alice, &refusal), 0);
	assert_int_equal(fake_sent, 1);
	expect("<36>ds01-access: FIRST DENIAL: user=alice command=stop bobs "
	    "reason=container belongs to bob event=e3");
	e = event(0);
	has(e, "event_type", "auth.denied");
	has(e, "user", "alice");
	has(e, "command", "stop bobs");
	has(e, "reason", "container belongs to bob");
	has(e, "reason_id", "not_owner");
	has(e, "event", "e3");
	cJSON_Delete(e);
}

static void
syslog_is_limited_and_says_so(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		(void)record_write(&alice, &refusal);
	expect("<36>ds01-access: FIRST DENIAL: user=alice command=stop bobs "
	    "reason=container belongs to bob event=e3");
	expect("<37>ds01-access: DENIED: user=alice command=stop bobs "
	    "reason=container belongs to bob event=e3 (2/3)");
	expect("<37>ds01-access: DENIED: user=alice command=stop bobs "
	    "reason=container belongs to bob event=e3 (3/3)");
	expect("<37>ds01-access: SUPPRESSED: user=alice further denials "
	    "suppressed, more than 3 in an hour");
	assert_string_equal(line(), "");
	assert_int_equal(fake_sent, 10);	/* audit and events know all */
	cJSON *e = event(9);
	assert_non_null(e);
	cJSON_Delete(e);
}

static void
the_next_hour_tells_the_count(void **state)
{
	char path[96], text[48];
	int fd, n;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/deny-alice.state", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	n = snprintf(text, sizeof(text), "45 %ld\n", (long)time(NULL) - 4000);
	assert_int_equal(write(fd, text, (size_t)n), n);
	close(fd);
	(void)record_write(&alice, &refusal);
	expect("<37>ds01-access: SUPPRESSED: user=alice denials=42 in the "
	    "hour before were not logged here");
	assert_non_null(strstr(line(), "FIRST DENIAL: user=alice"));
}

static void
which_records_are_kept(void **state)
{
	static const struct record unowned = { .op = "container.stop",
	    .vm = "old", .unowned = true, .event = "e" };
	static const struct { enum audit_events events; const struct record *r;
	    int sent; } rows[] = {
		{ AUDIT_EVENTS_CHANGES, &stop, 1 },
		{ AUDIT_EVENTS_CHANGES, &look, 0 },
		{ AUDIT_EVENTS_CHANGES, &refusal, 1 },
		{ AUDIT_EVENTS_CHANGES, &unowned, 1 },
		{ AUDIT_EVENTS_ALL, &look, 1 },
		{ AUDIT_EVENTS_DENIALS, &stop, 0 },
		{ AUDIT_EVENTS_DENIALS, &refusal, 1 },
		{ AUDIT_EVENTS_DENIALS, &unowned, 1 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		cfg.audit_events = rows[i].events;
		record_configure(&cfg);
		fake_sent = 0;
		assert_int_equal(record_write(&alice, rows[i].r), 0);
		assert_int_equal(fake_sent, rows[i].sent);
	}
	cfg.audit = AUDIT_MODE_OFF;
	record_configure(&cfg);
	fake_sent = 0;
	assert_int_equal(record_write(&alice, &refusal), 0);
	assert_int_equal(fake_sent, 0);
}

static void
monitoring_says_would_deny(void **state)
{
	struct record r = refusal;
	cJSON *e;

	(void)state;
	r.would = true;
	assert_int_equal(record_write(&alice, &r), 0);
	expect("<37>ds01-access: MONITORING: would deny user=alice "
	    "command=stop bobs reason=container belongs to bob event=e3");
	e = event(0);
	has(e, "event_type", "auth.would_deny");
	cJSON_Delete(e);
}

static void
unowned_is_an_event_of_its_own(void **state)
{
	struct record r = stop;
	cJSON *e;

	(void)state;
	r.unowned = true;
	assert_int_equal(record_write(&alice, &r), 0);
	assert_int_equal(fake_sent, 1);
	e = event(0);
	has(e, "event_type", "access.unowned_container");
	has(e, "container", "train");
	has(e, "operation", "stop");
	cJSON_Delete(e);
	assert_string_equal(line(), "");
}

static void
created_has_the_true_name(void **state)
{
	cJSON *e;

	(void)state;
	record_created(&alice, "train", "0123abcd", "pytorch:2", "docker");
	e = event(0);
	has(e, "event_type", "container.create");
	has(e, "container", "train");
	has(e, "image", "pytorch:2");
	has(e, "container_type", "docker");
	has(e, "gpu", "none");
	has(e, "container_id", "0123abcd");
	cJSON_Delete(e);
}

static void
a_resource_is_for_audit_only(void **state)
{
	struct record r = refusal;

	(void)state;
	r.kind = RECORD_RESOURCE;
	r.op = "bind";
	assert_true(record_resource(&alice, &r) > 0);
	assert_int_equal(fake_sent, 1);
	assert_string_equal(line(), "");
	assert_null(event(0));
}

/* Kernel without audit, EPERM, ECONNREFUSED: survived with one line. */
static void
broken_audit_is_survived_once_said(void **state)
{
	(void)state;
	fake_answer = 0;
	assert_int_equal(record_write(&alice, &stop), 0);
	expect("<36>gate: the kernel does not take audit records: "
	    "Connection refused");
	assert_int_equal(record_write(&alice, &stop), 0);
	assert_string_equal(line(), "");
	fake_answer = 1;
	assert_int_equal(record_write(&alice, &stop), 0);
	fake_answer = -EPERM;
	assert_int_equal(record_write(&alice, &stop), 0);
	assert_non_null(strstr(line(), "does not take"));
	/* A refusal is still told to the others. */
	assert_int_equal(record_write(&alice, &refusal), 0);
	assert_non_null(strstr(line(), "FIRST DENIAL"));
}

static void
required_means_no_record_no_request(void **state)
{
	(void)state;
	cfg.audit = AUDIT_MODE_REQUIRED;
	record_configure(&cfg);
	assert_int_equal(record_write(&alice, &stop), 0);
	fake_answer = 0;
	assert_int_equal(record_write(&alice, &stop), -1);
	assert_int_equal(record_write(&alice, &look), 0); /* not to be kept */
	fake_answer = -EPERM;
	assert_int_equal(record_write(&alice, &stop), -1);
	record_close();
	fake_fd = -1;
	assert_int_equal(record_open(&cfg), -1);
	assert_int_equal(record_write(&alice, &stop), -1);
	fake_fd = -2;
	assert_int_equal(record_open(&cfg), -1);
	cfg.audit = AUDIT_MODE_ON;
	assert_int_equal(record_open(&cfg), 0);
	assert_int_equal(record_write(&alice, &stop), 0);
}

static void
audit_can_be_turned_on_later(void **state)
{
	(void)state;
	record_close();
	cfg.audit = AUDIT_MODE_OFF;
	fake_begun = 0;
	assert_int_equal(record_open(&cfg), 0);
	assert_int_equal(fake_begun, 0);
	cfg.audit = AUDIT_MODE_ON;
	record_configure(&cfg);
	record_configure(&cfg);
	assert_int_equal(fake_begun, 1);
	assert_int_equal(record_write(&alice, &stop), 0);
	assert_int_equal(fake_sent, 1);
}

/* Nobody forges a line or a field of syslog's. */
static void
names_cannot_bend_a_line(void **state)
{
	static const struct caller c = { .name = "ali\nce command=x" };
	struct record r = refusal;
	const char *l;

	(void)state;
	r.vm = "a\nNov 24 host ds01-access: FIRST DENIAL: user=bob\x1b[2J\xff";
	r.why_text = "belongs to b\xc3\xbc" "b user=root\xc2\x9b";
	(void)record_write(&c, &r);
	l = line();
	assert_non_null(strstr(l, "user=ali\\x0ace command\\x3dx command=stop "
	    "a\\x0aNov 24 host ds01-access: FIRST DENIAL: user\\x3dbob\\x1b[2J"
	    "\\xff reason=belongs to b\xc3\xbc" "b user\\x3droot\\xc2\\x9b "
	    "event=e3"));
	assert_null(strchr(l, '\n'));
}

static void
a_long_command_leaves_the_reason(void **state)
{
	static char big[20001];
	struct record r = refusal;
	const char *l;
	cJSON *e;

	(void)state;
	memset(big, 'A', sizeof(big) - 1);
	r.kind = RECORD_COMMAND;
	r.detail = big;
	(void)record_write(&alice, &r);
	l = line();
	assert_non_null(strstr(l, "reason=container belongs to bob event=e3"));
	e = event(0);
	has(e, "reason", "container belongs to bob");
	cJSON_Delete(e);
}

/* No /dev/log, a full one, no directory for events: nothing is held up. */
static void
missing_keepers_do_not_hold(void **state)
{
	(void)state;
	for (int i = 0; i < 3000; i++)	/* nobody reads: the queue is full */
		log_access(5, "noise %d", i);
	assert_int_equal(record_write(&alice, &refusal), 0);
	close(log_fd);
	(void)unlink(sock);
	cfg.events_file = (char *)(uintptr_t)"/nonexistent/events";
	record_configure(&cfg);
	record_state_dir("/nonexistent");
	assert_int_equal(record_write(&alice, &refusal), 0);
	assert_int_equal(fake_sent, 2);
	record_state_dir(dir);
	syslogd();
}

static void *
writer(void *arg)
{
	(void)arg;
	for (int i = 0; i < 50; i++) {
		(void)record_write(&alice, &refusal);
		record_configure(&cfg);
	}
	return NULL;
}

static void
threads_write_at_once(void **state)
{
	pthread_t t[4];
	cJSON *e;

	(void)state;
	for (size_t i = 0; i < N(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, writer, NULL), 0);
	for (size_t i = 0; i < N(t); i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	assert_int_equal(fake_sent, 200);
	for (int i = 0; i < 4; i++)
		assert_string_not_equal(line(), "");
	assert_string_equal(line(), "");
	e = event(100);
	assert_non_null(e);
	cJSON_Delete(e);
}

static void
ids_are_short_and_differ(void **state)
{
	struct record a, b;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		record_new_id(&a);
		record_new_id(&b);
		assert_int_equal(strlen(a.event), EVENT_ID_LEN);
		assert_int_equal(strspn(a.event,
		    "0123456789abcdefghjkmnpqrstvwxyz"), EVENT_ID_LEN);
		assert_string_not_equal(a.event, b.event);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_refusal_is_told_to_all),
		T(syslog_is_limited_and_says_so),
		T(the_next_hour_tells_the_count),
		T(which_records_are_kept),
		T(monitoring_says_would_deny),
		T(unowned_is_an_event_of_its_own),
		T(created_has_the_true_name),
		T(a_resource_is_for_audit_only),
		T(broken_audit_is_survived_once_said),
		T(required_means_no_record_no_request),
		T(audit_can_be_turned_on_later),
		T(names_cannot_bend_a_line),
		T(a_long_command_leaves_the_reason),
		T(missing_keepers_do_not_hold),
		T(threads_write_at_once),
		T(ids_are_short_and_differ),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
