/*
 * test_config.c - what docker.yaml may say and what it may not.
 * links: config config_keys config_value config_print span
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static struct config *
parse(const char *text, char *err)
{
	err[0] = '\0';
	return config_parse("f", text, strlen(text), err, 512);
}

static char *
printed(const struct config *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	config_print(c, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void
defaults_are_the_documented_ones(void **state)
{
	struct config *c = config_default();

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->engine_socket, "/run/docker.sock");
	assert_string_equal(c->engine_cli, "/usr/bin/docker");
	assert_int_equal(c->admin_users.n, 1);
	assert_string_equal(c->admin_users.v[0], "datasciencelab");
	assert_string_equal(c->admin_groups.v[0], "ds01-admin");
	assert_int_equal(c->isolation_mode, ISOLATION_FULL);
	assert_true(c->unowned_allow);
	assert_false(c->unknown_allow);
	assert_int_equal(c->audit, AUDIT_MODE_ON);
	assert_int_equal(c->audit_events, AUDIT_EVENTS_CHANGES);
	assert_int_equal(c->deny_log_per_hour, 10);
	assert_string_equal(c->events_file, DS01_LOG_DIR "/events.jsonl");
	assert_int_equal(c->images, IMAGES_PROTECTED);
	assert_int_equal(c->builds, BUILDS_ALLOW);
	assert_int_equal(c->n_policies, 1);
	assert_string_equal(c->policies[0].group, "default");
	assert_int_equal(c->policies[0].pids, 4096);
	assert_int_equal(c->policies[0].memory, 0);
	assert_int_equal(c->policies[0].gpus, GPUS_NONE);
	assert_int_equal(c->policies[0].binds.n, 1);
	assert_string_equal(c->policies[0].binds.v[0], "~");
	assert_false(c->policies[0].host_pid);
	config_free(c);
}

/* Each row of the table is complete, and its default is what holds. */
static void
table_is_whole(void **state)
{
	struct config *c = config_default();
	char *text = printed(c);
	size_t n;
	const struct config_key *k = config_keys(&n);

	(void)state;
	assert_in_range(n, 30, 64);
	for (size_t i = 0; i < n; i++) {
		const char *word = strrchr(k[i].path, '.');
		char line[256];

		assert_true(strlen(k[i].type) && strlen(k[i].dflt));
		assert_in_range(strlen(k[i].help), 10, 120);
		word = word ? word + 1 : k[i].path;
		(void)snprintf(line, sizeof(line), "%s: ", word);
		assert_non_null(strstr(text, line));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(k[i].path, k[j].path);
	}
	free(text);
	config_free(c);
}

static const char whole[] =
    "# all of it\n"
    "engine: {socket: /run/other.sock, cli: /opt/docker}\n"
    "admin:\n"
    "  users: [root, 'h.baker@x']   # flow\n"
    "  groups:\n"
    "    - wheel\n"
    "    - \"domain admins\"\n"
    "isolation_mode: monitoring\n"
    "unowned: deny\n"
    "unknown_requests: allow\n"
    "audit: required\n"
    "audit_events: denials\n"
    "deny_log_per_hour: 3\n"
    "events_file: \"\"\n"
    "images: shared\n"
    "builds: classic\n"
    "policy:\n"
    "  default:\n"
    "    binds: [~, /data, ~/x]\n"
    "    memory: 64g\n"
    "    memory_swap: 1.5t\n"
    "    cpus: 2.5\n"
    "    pids: none\n"
    "    log_size: 100MiB\n"
    "  \"@researchers\":\n"
    "    gpus: 2\n"
    "    memory: 128g\n"
    "    networks: [host]\n"
    "    host_ipc: yes\n"
    "    capabilities: [SYS_PTRACE]\n"
    "  \"@gpu\": {gpus: [GPU-1, \"0\"], pids: 100, registries: ['*']}\n";

static void
every_key_is_read(void **state)
{
	char err[512];
	struct config *c = parse(whole, err);
	const struct policy *p;

	(void)state;
	assert_string_equal(err, "");
	assert_non_null(c);
	assert_string_equal(c->engine_socket, "/run/other.sock");
	assert_string_equal(c->engine_cli, "/opt/docker");
	assert_int_equal(c->admin_users.n, 2);
	assert_string_equal(c->admin_users.v[1], "h.baker@x");
	assert_string_equal(c->admin_groups.v[1], "domain admins");
	assert_int_equal(c->isolation_mode, ISOLATION_MONITORING);
	assert_false(c->unowned_allow);
	assert_true(c->unknown_allow);
	assert_int_equal(c->audit, AUDIT_MODE_REQUIRED);
	assert_int_equal(c->audit_events, AUDIT_EVENTS_DENIALS);
	assert_int_equal(c->deny_log_per_hour, 3);
	assert_string_equal(c->events_file, "");
	assert_int_equal(c->images, IMAGES_SHARED);
	assert_int_equal(c->builds, BUILDS_CLASSIC);
	assert_int_equal(c->n_policies, 3);
	p = &c->policies[0];
	assert_int_equal(p->binds.n, 3);
	assert_string_equal(p->binds.v[0], "~");
	assert_int_equal(p->memory, 64LL << 30);
	assert_int_equal(p->memory_swap, 3LL << 39);
	assert_int_equal(p->nano_cpus, 2500000000LL);
	assert_int_equal(p->pids, 0);
	assert_int_equal(p->log_size, 100LL << 20);
	p = &c->policies[1];
	assert_string_equal(p->group, "researchers");
	assert_int_equal(p->gpus, GPUS_COUNT);
	assert_int_equal(p->gpu_count, 2);
	assert_true(p->host_ipc);
	assert_int_equal(p->pids, CONFIG_UNSET);
	p = &c->policies[2];
	assert_int_equal(p->gpus, GPUS_LIST);
	assert_string_equal(p->gpu_list.v[1], "0");
	config_free(c);
}

static void
print_reads_back(void **state)
{
	static const char *const texts[] = {
		"", whole, "policy: {\"@a\\\"b\": {}}",
		"policy: {default: {gpus: all, shm_size: 1023, cpus: 0.000000001,"
		" memory: 9223372036854775807}}"
	};
	char err[512];

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		struct config *c = parse(texts[i], err), *again;
		char *one, *two;

		assert_string_equal(err, "");
		one = printed(c);
		again = parse(one, err);
		assert_string_equal(err, "");
		two = printed(again);
		assert_string_equal(one, two);
		free(one);
		free(two);
		config_free(c);
		config_free(again);
	}
}

static const struct { const char *text, *err; } bad[] = {
	{ "audit: maybe", "f:1: audit: \"maybe\" is not one of off|on|required" },
	{ "\n\nisolation: full\n", "f:3: unknown key \"isolation\"" },
	{ "audits: on", "f:1: unknown key \"audits\", did you mean \"audit\"?" },
	{ "engine: {sockett: /x}", "f:1: unknown key \"sockett\", did you mean "
	  "\"socket\"?" },
	{ "audit: on\naudit: off\n", "f:2: \"audit\" stands here twice" },
	{ "engine: {cli: /a}\nengine: {cli: /b}", "f:2: \"engine\" stands" },
	{ "policy:\n default: {}\n default: {}", "f:3: \"default\" stands" },
	{ "policy:\n '@a': {}\n '@a': {}", "f:3: \"@a\" stands here twice" },
	{ "policy:\n '@a': {pids: 1, pids: 2}", "f:2: \"pids\" stands" },
	{ "policy: {users: {}}", "f:1: \"users\": expected default or" },
	{ "policy: {'@': {}}", "f:1: \"@\": expected default or" },
	{ "policy: []", "f:1: policy: expected keys and values" },
	{ "policy:", "f:1: policy: expected keys and values" },
	{ "policy: {default: }", "f:1: policy: expected keys and values" },
	{ "audit: &a on", "f:1: anchors (&) are not supported" },
	{ "audit: *a", "f:1: aliases (*) are not supported" },
	{ "admin: &x {users: []}", "f:1: anchors (&)" },
	{ "audit: !!str on", "f:1: tags (!) are not supported" },
	{ "<<: {audit: on}", "f:1: unknown key \"<<\"" },
	{ "audit:", "f:1: audit has no value" },
	{ "audit: [on]", "f:1: audit takes one value, not a list" },
	{ "audit: {on: 1}", "f:1: expected a single value" },
	{ "? [a]\n: b", "f:1: expected a single value" },
	{ "admin: {users: root}", "f:1: admin.users takes a list: [a, b]" },
	{ "admin: {users: [[root]]}", "f:1: expected a single value" },
	{ "admin:\n  users:\n  - a\n  - 'b:c'", "f:4: admin.users: \"b:c\" is "
	  "not an account name" },
	{ "engine: {socket: docker.sock}", "f:1: engine.socket: \"docker.sock\" "
	  "must be an absolute path" },
	{ "engine: {socket: ''}", "f:1: engine.socket: \"\" must not be" },
	{ "engine: {socket: /a/../b}", "f:1: engine.socket: \"/a/../b\" must "
	  "not hold . or .." },
	{ "policy: {default: {binds: [/a//b]}}", "f:1: policy.*.binds:" },
	{ "policy: {default: {binds: [/a/]}}", "f:1: policy.*.binds:" },
	{ "policy: {default: {binds: ['~bob']}}", "f:1: policy.*.binds:" },
	{ "policy: {default: {capabilities: [CAP_NET_RAW]}}",
	  "f:1: policy.*.capabilities: \"CAP_NET_RAW\" is written without" },
	{ "policy: {default: {capabilities: [net raw]}}", "f:1: policy" },
	{ "deny_log_per_hour: -1", "f:1: deny_log_per_hour: \"-1\" is not a" },
	{ "deny_log_per_hour: 99999999999999999999", "f:1: deny" },
	{ "deny_log_per_hour: 1.5", "f:1: deny" },
	{ "deny_log_per_hour: none", "f:1: deny" },
	{ "policy: {default: {memory: 64q}}", "f:1: policy.*.memory: \"64q\" is "
	  "not a valid size" },
	{ "policy: {default: {memory: g}}", "f:1: policy" },
	{ "policy: {default: {memory: .}}", "f:1: policy" },
	{ "policy: {default: {memory: 9223372036854775808}}", "f:1: policy" },
	{ "policy: {default: {memory: 9000000p}}", "f:1: policy" },
	{ "policy: {default: {memory: 1e9}}", "f:1: policy" },
	{ "policy: {default: {memory: -1}}", "f:1: policy" },
	{ "policy: {default: {cpus: 1.2.3}}", "f:1: policy" },
	{ "policy: {default: {gpus: some}}", "f:1: policy.*.gpus" },
	{ "policy: {default: {host_pid: maybe}}", "f:1: policy.*.host_pid" },
	{ "audit: on: c", "f:1: mapping values are not allowed" },
	{ "audit: \"on", "f:1: found unexpected end of stream" },
	{ "audit: on\n---\naudit: off\n", "f:2: a second document" },
	{ "- a\n", "f:1: expected keys and values" },
	{ "hello", "f:1: expected keys and values" },
	{ "admin: {users: [\"a\\0b\"]}", "f:1: control characters" },
	{ "admin: {users: [\"a\\nb\"]}", "f:1: control characters" },
	/* YAML takes these for ends of lines, also where they are written raw */
	{ "admin: {users: [\"a\\Nb\"]}", "f:1: control characters" },
	{ "admin: {users: [\"a\\Lb\"]}", "f:1: control characters" },
	{ "admin: {users: [\"a\\Pb\"]}", "f:1: control characters" },
	{ "admin: {users: [\"a\\u009bb\"]}", "f:1: control characters" },
	{ "admin: {users: [\"a\\u202eb\"]}", "f:1: control characters" },
	{ "\xff\xfe", "f:1: " },
};

static void
what_is_wrong_is_said_with_its_line(void **state)
{
	char err[512];

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		struct config *c = parse(bad[i].text, err);

		if (c || strncmp(err, bad[i].err, strlen(bad[i].err)) != 0)
			fail_msg("%s: got \"%s\"", bad[i].text, err);
	}
}

static void
empty_files_are_the_defaults(void **state)
{
	static const char *const texts[] = {
		"", "\n", "# nothing\n", "---\n", "{}", "policy: {}",
		"---\n...\n", "policy: {default: {}, '@a': {}}"
	};
	char err[512];

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		struct config *c = parse(texts[i], err);

		assert_string_equal(err, "");
		assert_int_equal(c->policies[0].pids, 4096);
		config_free(c);
	}
}

static void
large_input_is_refused(void **state)
{
	size_t len = (256 << 10) + 1;
	char err[512], *text = malloc(len);

	(void)state;
	memset(text, '#', len);
	assert_null(config_parse("f", text, len, err, sizeof(err)));
	assert_non_null(strstr(err, "larger than 256 KiB"));
	memset(text, '[', len - 1);	/* deep nesting ends early */
	assert_null(config_parse("f", text, len - 1, err, sizeof(err)));
	memcpy(text, "audit: ", 7);
	assert_null(config_parse("f", text, len - 1, err, sizeof(err)));
	free(text);
}

/* --- groups -------------------------------------------------------------- */

static bool
member(const char *group, void *arg)
{
	const char *const *groups = arg;

	for (; *groups; groups++)
		if (strcmp(*groups, group) == 0)
			return true;
	return false;
}

static void
groups_add_to_the_default(void **state)
{
	const char *const none[] = { NULL }, *const both[] = { "a", "b", NULL };
	char err[512];
	struct config *c = parse(
	    "policy:\n"
	    "  default: {binds: [/data], memory: 8g, pids: 100, gpus: 1,\n"
	    "    registries: [r1], shm_size: 1g, container_root: no}\n"
	    "  '@a': {binds: [/data, /a], memory: 4g, host_ipc: yes,\n"
	    "    container_root: remapped,\n"
	    "    gpus: [x], pids: none}\n"
	    "  '@b': {memory: 16g, gpus: [y, z], registries: [r2]}\n"
	    "  '@c': {host_pid: yes, gpus: all, registries: ['*']}\n", err);
	const char *const only_c[] = { "c", NULL };
	struct policy *p;

	(void)state;
	assert_string_equal(err, "");
	p = config_policy(c, member, (void *)(uintptr_t)none);
	assert_int_equal(p->binds.n, 1);
	assert_int_equal(p->memory, 8LL << 30);
	assert_int_equal(p->pids, 100);
	assert_int_equal(p->gpus, GPUS_COUNT);
	assert_int_equal(p->registries.n, 1);
	assert_int_equal(p->nano_cpus, 0);
	assert_false(p->host_ipc);
	assert_int_equal(p->container_root, ROOT_NO);
	policy_free(p);

	p = config_policy(c, member, (void *)(uintptr_t)both);
	assert_int_equal(p->container_root, ROOT_REMAPPED);
	assert_int_equal(p->binds.n, 2);
	assert_string_equal(p->binds.v[1], "/a");
	assert_int_equal(p->memory, 16LL << 30);
	assert_int_equal(p->shm_size, 1LL << 30);	/* nobody added */
	assert_int_equal(p->pids, 0);			/* none is most */
	assert_true(p->host_ipc);
	assert_false(p->host_pid);
	assert_int_equal(p->gpus, GPUS_LIST);
	assert_int_equal(p->registries.n, 2);
	policy_free(p);

	p = config_policy(c, member, (void *)(uintptr_t)only_c);
	assert_true(p->host_pid);
	assert_int_equal(p->gpus, GPUS_ALL);
	assert_int_equal(p->gpu_list.n, 0);
	assert_int_equal(p->registries.n, 0);		/* any */
	policy_free(p);
	config_free(c);
}

/* Any registry may be used by default: no group can take that away. */
static void
a_group_never_takes(void **state)
{
	const char *const a[] = { "a", NULL };
	char err[512];
	struct config *c = parse("policy: {'@a': {registries: [r], pids: 5}}",
	    err);
	struct policy *p = config_policy(c, member, (void *)(uintptr_t)a);

	(void)state;
	assert_int_equal(p->registries.n, 0);
	assert_int_equal(p->pids, 4096);
	policy_free(p);
	config_free(c);
}

/* --- the file ------------------------------------------------------------ */

static char dir[] = "/tmp/test_config.XXXXXX";
static char file[64], lnk[64], fifo[64];

static int
setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(file, sizeof(file), "%s/docker.yaml", dir);
	(void)snprintf(lnk, sizeof(lnk), "%s/link", dir);
	(void)snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	return symlink(file, lnk) || mkfifo(fifo, 0600);
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(file);
	(void)unlink(lnk);
	(void)unlink(fifo);
	return rmdir(dir);
}

static void
write_file(const char *text, mode_t mode)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
refused(const char *path, bool trust, const char *why)
{
	char err[512] = "";

	assert_null(config_load(path, trust, err, sizeof(err)));
	if (!strstr(err, why) || strncmp(err, path, strlen(path)) != 0)
		fail_msg("%s: \"%s\" does not say \"%s\"", path, err, why);
}

static void
only_roots_own_file_is_believed(void **state)
{
	char err[512] = "";
	struct config *c;

	(void)state;
	c = config_load(file, true, err, sizeof(err));	/* not there */
	assert_non_null(c);
	config_free(c);
	refused(dir, true, "not a regular file");
	refused(fifo, true, "not a regular file");
	write_file("audit: off\n", 0644);
	refused(lnk, true, "symbolic link");
	if (getuid() == 0) {
		c = config_load(file, true, err, sizeof(err));
		assert_non_null(c);
		assert_int_equal(c->audit, AUDIT_MODE_OFF);
		config_free(c);
		write_file("", 0664);
		refused(file, true, "writable by group or others");
		write_file("", 0646);
		refused(file, true, "writable by group or others");
		write_file("audit: off\n", 0644);
		assert_int_equal(chown(file, 12345, 0), 0);
	}
	refused(file, true, "not owned by root");
	c = config_load(file, false, err, sizeof(err));
	assert_non_null(c);
	config_free(c);
	write_file("audit: off\naudit: off\n", 0666);
	refused(file, false, "/docker.yaml:2: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_documented_ones),
		cmocka_unit_test(table_is_whole),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(print_reads_back),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(empty_files_are_the_defaults),
		cmocka_unit_test(large_input_is_refused),
		cmocka_unit_test(groups_add_to_the_default),
		cmocka_unit_test(a_group_never_takes),
		cmocka_unit_test(only_roots_own_file_is_believed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
