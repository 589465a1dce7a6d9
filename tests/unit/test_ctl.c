/*
 * test_ctl.c - the parts of ds01-dockerctl that can be told wrong quietly:
 * versions, dates, audit lines, the saved list, what puts users back.
 * links: ctl_audit ctl_doctor_bridge ctl_doctor_engine ctl_doctor_gates ctl_doctor_logs
 * links: ctl_group ctl_proc ctl_readders ctl_run
 * links: buf span log reason json json_check json_walk
 * links: config config_keys config_value config_print
 */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* what is not linked here */
int
ctl_usage(const char *name)
{
	(void)name;
	return CTL_USAGE;
}

static char found[8192];

void
ctl_find(struct doctor *d, enum level level, const char *fmt, ...)
{
	size_t n = strlen(found);
	va_list ap;

	d->count[level]++;
	va_start(ap, fmt);
	vsnprintf(found + n, sizeof(found) - n, fmt, ap);
	va_end(ap);
}

int
ctl_engine_get(const char *socket, const char *path, struct buf *body,
    char *err, size_t err_cap)
{
	(void)socket, (void)path, (void)body, (void)err, (void)err_cap;
	return -1;
}

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test_ctl.XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
remove_dir(void **state)
{
	const char *argv[] = { "/bin/rm", "-rf", dir, NULL };

	(void)state;
	return ctl_run(argv);
}

static const char *
path(const char *name)
{
	static char p[512];

	snprintf(p, sizeof(p), "%s%s", dir, name);
	return p;
}

static void
put(const char *name, const char *text)
{
	char p[512], *slash;

	snprintf(p, sizeof(p), "%s", path(name));
	for (slash = p + strlen(dir) + 1; (slash = strchr(slash, '/'));
	    slash++) {
		*slash = '\0';
		mkdir(p, 0755);
		*slash = '/';
	}
	FILE *f = fopen(p, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
versions_are_ordered(void **state)
{
	static const struct { const char *a, *b; int order; } rows[] = {
		{ "1.1.5+ds1", "1.1.12", -1 }, { "1.1.12", "1.1.12", 0 },
		{ "1.2.0", "1.1.12", 1 }, { "20.10.24+dfsg1", "26.1.5", -1 },
		{ "29.5.1", "29.5.1-rc1", 1 }, { "1.4.0-rc.2", "1.4.0", -1 },
		{ "v", "1", -1 }, { "", "", 0 }, { "28.2", "28.2.0", 0 },
		{ "1.1.12-0ubuntu2", "1.1.12", 0 }, { "2", "10", -1 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		assert_int_equal(ctl_version_cmp(rows[i].a, rows[i].b),
		    rows[i].order);
		assert_int_equal(ctl_version_cmp(rows[i].b, rows[i].a),
		    -rows[i].order);
	}
}

static void
holes_are_those_of_the_version(void **state)
{
	static const struct { const char *component, *version, *id;
	    bool has; } rows[] = {
		{ "runc", "1.1.5+ds1", "CVE-2024-21626", true },
		{ "runc", "1.1.12", "CVE-2024-21626", false },
		{ "runc", "1.2.7", "CVE-2025-31133", true },
		{ "runc", "1.2.8", "CVE-2025-31133", false },
		{ "runc", "1.3.2", "CVE-2025-31133", true },
		{ "runc", "1.3.3", "CVE-2025-31133", false },
		{ "engine", "28.5.2", "CVE-2026-41567", true },
		{ "engine", "29.5.1", "CVE-2026-41567", false },
		{ "containerd", "1.0", "CVE", false },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct doctor d = { 0 };
		found[0] = '\0';
		ctl_holes(&d, rows[i].component, rows[i].version);
		assert_int_equal(strstr(found, rows[i].id) != NULL,
		    rows[i].has);
	}
}

static void
gates_are_apart(void **state)
{
	static const struct { const char *line; bool apart; } rows[] = {
		{ "0::/", true }, { "4:freezer:/", true },
		{ "0::/" DS01_SERVICE_USER "/1001", true },
		{ "0::/user.slice/user-1001.slice/session-2.scope", false },
		{ "0::/user.slice/" DS01_SERVICE_USER "/1001", false },
		{ "0::/" DS01_SERVICE_USER "x/1001", false },
		{ "0::/../" DS01_SERVICE_USER "/1001", false },
		{ "1:name=systemd:/user.slice", false }, { "", false },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_int_equal(ctl_gate_apart(rows[i].line), rows[i].apart);
}

static void
memory_has_a_bound(void **state)
{
	static const struct { const char *text; bool bound; } rows[] = {
		{ "max\n", false }, { "9223372036854771712\n", false },
		{ "8589934592\n", true }, { "", false },
	};
	static const struct { const char *line, *dir, *name; } lines[] = {
		{ "0::/system.slice/docker.service\n",
		  "/system.slice/docker.service", "memory.max" },
		{ "7:memory:/system.slice\n", "/system.slice",
		  "memory.limit_in_bytes" },
		{ "3:cpu,cpuacct:/x\n", NULL, NULL },
		{ "1:name=systemd:/x\n", NULL, NULL }, { "", NULL, NULL },
	};
	static const enum level want[2][2] = {	/* [bound][live] */
		{ LEVEL_FAIL, LEVEL_WARN }, { LEVEL_WARN, LEVEL_OK } };
	const char *root, *name;
	char group[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_int_equal(ctl_memory_bound(rows[i].text),
		    rows[i].bound);
	for (size_t i = 0; i < N(lines); i++) {
		bool is = ctl_memory_file(lines[i].line, group, &root, &name);
		assert_int_equal(is, lines[i].dir != NULL);
		if (!is)
			continue;
		assert_string_equal(group, lines[i].dir);
		assert_string_equal(name, lines[i].name);
	}
	for (int bound = 0; bound < 2; bound++)
		for (int live = 0; live < 2; live++) {
			struct doctor d = { 0 };
			found[0] = '\0';
			ctl_memory(&d, bound, live);
			for (int l = LEVEL_FAIL; l > (int)want[bound][live];
			    l--)
				assert_int_equal(d.count[l], 0);
			assert_int_equal(d.count[want[bound][live]], 1);
		}
}

static void
bridge_is_no_common_wire(void **state)
{
	static const struct { bool open, filtered; enum level want; } rows[] = {
		{ true, true, LEVEL_WARN }, { true, false, LEVEL_WARN },
		{ false, false, LEVEL_WARN }, { false, true, LEVEL_OK },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct doctor d = { 0 };

		found[0] = '\0';
		ctl_bridge(&d, rows[i].open, rows[i].filtered);
		assert_int_equal(d.count[rows[i].want], 1);
		assert_int_equal(strstr(found, "icc\": false in daemon.json")
		    != NULL, rows[i].open);
	}
}

static void
auditd_keeps_enough(void **state)
{
	static const struct { const char *conf; enum level want; } rows[] = {
		{ "max_log_file = 8\nnum_logs = 5\n"
		  "max_log_file_action = ROTATE\n", LEVEL_WARN },
		{ "MAX_LOG_FILE=50\nnum_logs\t= 20\n"
		  "max_log_file_action=rotate\n", LEVEL_OK },
		{ "max_log_file = 49\nnum_logs = 20\n"
		  "max_log_file_action = rotate\n", LEVEL_WARN },
		{ "max_log_file = 8\nnum_logs = 5\n"
		  "max_log_file_action = keep_logs\n", LEVEL_OK },
		{ "max_log_file = 8\nnum_logs = 0\n"
		  "max_log_file_action = rotate\n", LEVEL_OK },
		{ "max_log_file = 8\nnum_logs = 5\n"
		  "#max_log_file_action = rotate\n", LEVEL_OK },
		{ "max_log_file = 9999\n"
		  "max_log_file_action = SUSPEND\n", LEVEL_WARN },
		{ "=\nnum_logs\n\n# nothing\n", LEVEL_OK },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		FILE *conf = fmemopen((void *)(uintptr_t)rows[i].conf,
		    strlen(rows[i].conf), "r");
		struct doctor d = { 0 };

		assert_non_null(conf);
		found[0] = '\0';
		ctl_logs(&d, conf);
		fclose(conf);
		assert_int_equal(d.count[rows[i].want], 1);
		assert_int_equal(d.count[LEVEL_OK] + d.count[LEVEL_WARN], 1);
	}
}

static void
events_are_rotated(void **state)
{
	static const struct { unsigned long mb; enum level want; } rows[] = {
		{ 0, LEVEL_OK }, { 999, LEVEL_OK }, { 1000, LEVEL_WARN },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct doctor d = { 0 };

		ctl_events(&d, "/var/log/ds01/events.jsonl", rows[i].mb);
		assert_int_equal(d.count[rows[i].want], 1);
	}
}

static void
tcp_lines(void **state)
{
	static const struct { const char *line; bool listens; unsigned port;
	    unsigned long inode; bool loopback; } rows[] = {
		{ "  sl  local_address rem_address   st tx_queue rx_queue",
		  false, 0, 0, false },
		{ "   0: 00000000:0947 00000000:0000 0A 00000000:00000000 "
		  "00:00000000 00000000     0        0 12345 1 0", true, 2375,
		  12345, false },
		{ "   1: 0100007F:0947 00000000:0000 0A 00000000:00000000 "
		  "00:00000000 00000000     0        0 777 1 0", true, 2375,
		  777, true },
		{ "   2: 0100007F:0947 0100007F:9999 01 00000000:00000000 "
		  "00:00000000 00000000     0        0 777 1 0", false, 0, 0,
		  false },
		{ "   3: 00000000000000000000000001000000:0948 "
		  "00000000000000000000000000000000:0000 0A 00000000:00000000 "
		  "00:00000000 00000000     0        0 9 1 0", true, 2376, 9,
		  true },
	};
	unsigned port;
	unsigned long inode;
	bool loopback;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		bool got = ctl_tcp_listens(rows[i].line, &port, &inode,
		    &loopback);
		assert_int_equal(got, rows[i].listens);
		if (!got)
			continue;
		assert_int_equal(port, rows[i].port);
		assert_int_equal(inode, rows[i].inode);
		assert_int_equal(loopback, rows[i].loopback);
	}
}

/* Is a process that calls itself dockerd one, when it is who? */
static bool
taken_for_dockerd(const char *name, uid_t uid, bool own_namespace)
{
	int ready[2];
	char pid[16], ok = 0;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	if ((child = fork()) == 0) {
		ok = prctl(PR_SET_NAME, name) == 0 &&
		    (uid == getuid() || setresuid(uid, uid, uid) == 0) &&
		    (!own_namespace || unshare(CLONE_NEWUSER) == 0);
		(void)!write(ready[1], &ok, 1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &ok, 1), 1);
	snprintf(pid, sizeof(pid), "%d", (int)child);
	bool got = ctl_proc_is(pid, "dockerd", 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	if (!ok)
		skip();
	return got;
}

static void
dockerd_is_roots(void **state)
{
	(void)state;
	if (getuid() != 0)
		skip();
	assert_true(taken_for_dockerd("dockerd", 0, false));
	assert_false(taken_for_dockerd("dockerd2", 0, false));
	assert_false(taken_for_dockerd("dockerd", 4242, false));
	assert_false(taken_for_dockerd("dockerd", 0, true));
}

/* Who is not root may not look at its namespaces, and sees it all the same. */
static void
roots_are_seen_by_others(void **state)
{
	const char *comm = "ctl_seen";
	int status = -1;
	pid_t child;

	(void)state;
	if (getuid() != 0)
		skip();
	assert_int_equal(prctl(PR_SET_NAME, comm), 0);
	if ((child = fork()) == 0) {
		char pid[16];

		snprintf(pid, sizeof(pid), "%d", (int)getppid());
		if (setresuid(4242, 4242, 4242) != 0)
			_exit(2);
		_exit(ctl_proc_is(pid, comm, 0) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
a_replaced_program_is_seen(void **state)
{
	const char *copy[] = { "/bin/cp", "/bin/sleep", path("/old"), NULL };
	char file[512], pid[16];
	pid_t child;

	(void)state;
	snprintf(file, sizeof(file), "%s", path("/old"));
	assert_int_equal(ctl_run(copy), 0);
	if ((child = vfork()) == 0) {
		execl(file, "old", "60", (char *)NULL);
		_exit(127);
	}
	snprintf(pid, sizeof(pid), "%d", (int)child);
	assert_false(ctl_proc_deleted(pid));
	assert_int_equal(unlink(file), 0);
	assert_true(ctl_proc_deleted(pid));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void
dates_become_ausearch_words(void **state)
{
	static const struct { const char *when, *date, *clock; } rows[] = {
		{ "today", "today", "" }, { "this-week", "this-week", "" },
		{ "2026-11-24", "11/24/26", "00:00:00" },
		{ "2026-11-24T10:30", "11/24/26", "10:30:00" },
		{ "2026-11-24 10:30:05", "11/24/26", "10:30:05" },
		{ "10:00", "07/09/25", "10:00:00" },
		{ "2h", "07/09/25", "10:00:00" },
		{ "1d", "07/08/25", "12:00:00" },
		{ "90m", "07/09/25", "10:30:00" },
	};
	static const char *const bad[] = { "", "-ts", "--raw", "2x", "h",
	    "2026-13-40", "today ", "2h2h", "1 1", "-1h", "tomorrow",
	    "99999999999999999999h" };
	struct tm noon = { .tm_year = 125, .tm_mon = 6, .tm_mday = 9,
	    .tm_hour = 12 };
	char date[32], clock[16];

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < N(rows); i++) {
		assert_true(ctl_since(rows[i].when, mktime(&noon), date,
		    clock));
		assert_string_equal(date, rows[i].date);
		assert_string_equal(clock, rows[i].clock);
	}
	for (size_t i = 0; i < N(bad); i++)
		assert_false(ctl_since(bad[i], mktime(&noon), date, clock));
}

#define HEAD "type=VIRT_CONTROL msg=audit(1752062400.123:45): pid=7 uid=997 " \
    "auid=1000 ses=3 subj=unconfined msg='virt=docker op=stop vm="
#define TAIL " exe=\"" DS01_GATE "\" hostname=? addr=? terminal=? res="

static void
audit_lines(void **state)
{
	static const struct { const char *raw, *event, *shown; } rows[] = {
		{ HEAD "bob-c uid=0 uuid=? reason=not_owner event=1a2b3c4d"
		  TAIL "failed'", NULL, "2025-07-09 12:00:00 root denied stop "
		  "bob-c reason=not_owner event=1a2b3c4d\n" },
		{ HEAD "\"c\" uid=0 uuid=? reason=allowed event=\"1a2b3c4d\""
		  " acct=\"root\"" TAIL "success'", "1a2b3c4d",
		  "2025-07-09 12:00:00 root allowed stop c event=1a2b3c4d\n" },
		{ HEAD "\"c\" uid=0 uuid=? reason=not_owner "
		  "monitoring=would-deny" TAIL "success'", NULL,
		  "2025-07-09 12:00:00 root would-deny stop c "
		  "reason=not_owner\n" },
		/* quoted and hexadecimal names, nothing for a terminal */
		{ HEAD "\"a\" uid=0 uuid=?" TAIL "success'", NULL,
		  "2025-07-09 12:00:00 root allowed stop a\n" },
		{ HEAD "1B5B316D uid=0 uuid=?" TAIL "success'", NULL,
		  "2025-07-09 12:00:00 root allowed stop ?[1m\n" },
		/* of another event, and the id inside another word */
		{ HEAD "c uid=0 uuid=? event=1a2b3c4d" TAIL "success'",
		  "1a2b3c4e", "" },
		{ HEAD "c uid=0 uuid=01a2b3c4d9 event=aaaaaaaa"
		  TAIL "success'", "1a2b3c4d", "" },
		/* other programs' records, and no record at all */
		{ "type=VIRT_CONTROL msg=audit(1.2:3): pid=1 uid=0 "
		  "msg='virt=kvm op=start vm=\"x\" exe=\"/usr/sbin/libvirtd\" "
		  "res=success'", NULL, "" },
		{ "type=SYSCALL msg=audit(1.2:3): arch=c000003e", NULL, "" },
		{ "", NULL, "" },
		/* a field is its whole name */
		{ "type=VIRT_CONTROL msg=audit(1752062400.123:45): pid=7 uid=0 "
		  "msg='virt=docker opened=1 op=stop vmx=evil vm=\"c\" uid=0 "
		  "resx=failed" TAIL "success'", NULL,
		  "2025-07-09 12:00:00 root allowed stop c\n" },
		/* what a user named after a field is no field */
		{ HEAD "c uid=0 uuid=? reason=not_owner name=xreason=ok"
		  TAIL "failed'", NULL, "2025-07-09 12:00:00 root denied stop "
		  "c image xreason=ok reason=not_owner\n" },
		/* what is given has a name, and is no image */
		{ "type=VIRT_RESOURCE msg=audit(1752062400.123:45): pid=7 "
		  "uid=0 msg='virt=docker resrc=other reason=allowed vm=\"c\" "
		  "uid=0 uuid=? op=capability name=\"SYS_ADMIN\"" TAIL
		  "success'", NULL, "2025-07-09 12:00:00 root allowed "
		  "capability other c SYS_ADMIN\n" },
	};

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < N(rows); i++) {
		struct ctl_query q = { .event = rows[i].event };
		char *text = NULL;
		size_t len = 0;
		FILE *f = open_memstream(&text, &len);
		bool got = ctl_audit_line(rows[i].raw, &q, f);
		fclose(f);
		assert_int_equal(got, *rows[i].shown != '\0');
		assert_string_equal(text, rows[i].shown);
		free(text);
	}
}

/* What that program did, as libaudit writes it: with a space it is encoded. */
static bool
is_shown_of(const char *exe)
{
	static const struct ctl_query q;
	struct buf line cleanup_buf = BUF_INIT(4096);
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	buf_puts(&line, "type=USER_CMD msg=audit(1752062400.123:45): pid=7 "
	    "uid=997 msg='uid=0 cwd=\"/\" cmd=646F636B6572207073 exe=");
	if (strchr(exe, ' ') == NULL)
		buf_printf(&line, "\"%s\"", exe);
	else
		while (*exe != '\0')
			buf_printf(&line, "%02X", (unsigned char)*exe++);
	assert_int_equal(buf_puts(&line, " hostname=? res=success'"), 0);
	bool got = ctl_audit_line(line.data, &q, f);
	fclose(f);
	assert_string_equal(text, got ? "2025-07-09 12:00:00 root allowed "
	    "docker ps\n" : "");
	free(text);
	return got;
}

static void
gates_before_an_upgrade_are_shown(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	assert_true(is_shown_of(DS01_GATE));
	assert_true(is_shown_of(DS01_GATE " (deleted)"));
	assert_false(is_shown_of(DS01_GATE "2"));
	assert_false(is_shown_of(DS01_GATE " (deleted) too"));
	assert_false(is_shown_of("/home/alice/gate (deleted)"));
	assert_false(is_shown_of("/usr/bin/sudo"));
}

static void
group_entries_as_they_are_written(void **state)
{
	struct strings s = { 0 };

	(void)state;
	put("/group", "root:x:0:\ndocker:x:999:alice,bob@corp.example,Alice\n"
	    "dockers:x:998:mallory\ndocker:x:999:carol,alice\n");
	assert_int_equal(ctl_group_entries(path("/group"), "docker", &s), 0);
	assert_int_equal(s.n, 4);
	assert_string_equal(s.v[0], "alice");
	assert_string_equal(s.v[1], "bob@corp.example");
	assert_string_equal(s.v[2], "Alice");
	assert_string_equal(s.v[3], "carol");
	ctl_strings_free(&s);
	assert_int_equal(ctl_group_entries(path("/none"), "docker", &s), -1);
}

static void
saved_list_survives(void **state)
{
	struct strings s = { 0 }, t = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(ctl_saved_read(path("/saved"), &s), 0);
	assert_int_equal(s.n, 0);
	ctl_strings_add(&s, "docker:alice");
	ctl_strings_add(&s, "docker:bob@corp.example");
	ctl_strings_add(&s, "docker:alice");
	umask(0);
	assert_int_equal(ctl_saved_write(path("/saved"), &s), 0);
	assert_int_equal(stat(path("/saved"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(ctl_saved_read(path("/saved"), &t), 0);
	assert_int_equal(t.n, 2);
	assert_string_equal(t.v[1], "docker:bob@corp.example");
	ctl_strings_free(&s);
	ctl_strings_free(&t);
	assert_int_equal(ctl_saved_write(path("/saved"), &s), 0);
	assert_int_equal(access(path("/saved"), F_OK), -1);
	/* a failed write leaves what was there */
	put("/saved", "docker:alice\n");
	put("/saved.new/in-the-way", "");
	ctl_strings_add(&s, "docker:carol");
	assert_int_equal(ctl_saved_write(path("/saved"), &s), -1);
	ctl_strings_free(&s);
	assert_int_equal(ctl_saved_read(path("/saved"), &t), 0);
	assert_string_equal(t.v[0], "docker:alice");
	ctl_strings_free(&t);
}

static void
count(const char *file, const char *what, void *arg)
{
	(void)what;
	strcat(arg, file + strlen(dir));
	strcat(arg, "\n");
}

static void
readders_are_found(void **state)
{
	char got[4096] = "";

	(void)state;
	ctl_readders(dir, "docker", count, got);
	assert_string_equal(got, "");
	/* what must not be taken for one */
	put("/etc/adduser.conf", "#EXTRA_GROUPS=\"docker\"\n"
	    "EXTRA_GROUPS=\"users dockers\"\n");
	put("/etc/security/group.conf", "# *;*;*;Al0000-2400;docker\n");
	put("/etc/pam.d/common-session", "session optional pam_umask.so\n");
	put("/etc/sudoers.d/x", "# %docker ALL=(ALL) ALL\n");
	ctl_readders(dir, "docker", count, got);
	assert_string_equal(got, "");
	/* what is one */
	put("/etc/profile.d/ds01-docker-group.sh", "");
	put("/etc/sudoers.d/x", "%docker ALL=(root) NOPASSWD: /x\n");
	put("/etc/pam.d/common-session",
	    "session optional pam_exec.so /x/pam-add-docker-group.sh\n");
	put("/var/spool/cron/crontabs/root",
	    "0 * * * * /x/auto-add-docker-group.sh --scan\n");
	put("/etc/adduser.conf", "EXTRA_GROUPS=\"users docker\"\n");
	put("/etc/security/group.conf", "*;*;*;Al0000-2400;docker\n");
	ctl_readders(dir, "docker", count, got);
	assert_non_null(strstr(got, "/etc/profile.d/ds01-docker-group.sh\n"));
	assert_non_null(strstr(got, "/etc/sudoers.d/x\n"));
	assert_non_null(strstr(got, "/etc/pam.d/common-session\n"));
	assert_non_null(strstr(got, "/var/spool/cron/crontabs/root\n"));
	assert_non_null(strstr(got, "/etc/adduser.conf\n"));
	assert_non_null(strstr(got, "/etc/security/group.conf\n"));
}

static void
nothing_drives_the_terminal(void **state)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "plain", "plain" }, { "a\x1b[31mb", "a?[31mb" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" }, { "\xc2\x9b" "1m", "??1m" },
		{ "\xff\xfe", "??" }, { "a\nb\r", "a?b?" },
		{ "x\xe2\x80\xaey", "x???y" }, { "\xc3", "?" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" }, { "\x7f", "?" },
		{ "\xe2\x80\x99", "\xe2\x80\x99" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *f = open_memstream(&text, &len);
		ctl_put(f, rows[i].in);
		fclose(f);
		assert_string_equal(text, rows[i].out);
		free(text);
	}
}

/* No shell, and an environment of our own. */
static void
programs_run_alone(void **state)
{
	const char *argv[] = { "/usr/bin/env", "$(id)", NULL };
	const char *env[] = { "/usr/bin/env", NULL };
	const char *gone[] = { "/nonexistent", NULL };
	char line[256], all[1024] = "";
	FILE *out;

	(void)state;
	setenv("LD_PRELOAD_X", "1", 1);
	setenv("TZ", "UTC", 1);
	pid_t pid = ctl_start(env, true, &out);
	assert_true(pid > 0);
	while (fgets(line, sizeof(line), out) != NULL)
		strcat(all, line);
	assert_int_equal(ctl_wait(pid, out), 0);
	assert_string_equal(all, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
	    "LC_ALL=C\nTZ=UTC\n");
	pid = ctl_start(argv, true, &out);
	assert_int_equal(ctl_wait(pid, out), 127);
	pid = ctl_start(gone, true, &out);
	assert_int_equal(ctl_wait(pid, out), 127);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_ordered),
		cmocka_unit_test(holes_are_those_of_the_version),
		cmocka_unit_test(gates_are_apart),
		cmocka_unit_test(memory_has_a_bound),
		cmocka_unit_test(bridge_is_no_common_wire),
		cmocka_unit_test(auditd_keeps_enough),
		cmocka_unit_test(events_are_rotated),
		cmocka_unit_test(tcp_lines),
		cmocka_unit_test(dates_become_ausearch_words),
		cmocka_unit_test(audit_lines),
		cmocka_unit_test(gates_before_an_upgrade_are_shown),
		cmocka_unit_test_setup_teardown(
		    group_entries_as_they_are_written, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(saved_list_survives, make_dir,
		    remove_dir),
		cmocka_unit_test_setup_teardown(readders_are_found, make_dir,
		    remove_dir),
		cmocka_unit_test(dockerd_is_roots),
		cmocka_unit_test(roots_are_seen_by_others),
		cmocka_unit_test_setup_teardown(a_replaced_program_is_seen,
		    make_dir, remove_dir),
		cmocka_unit_test(nothing_drives_the_terminal),
		cmocka_unit_test(programs_run_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
