/*
 * test_granted.c - every row of what is on record, and what an administrator
 * can do to hide a thing.  The record room is faked here.
 * links: granted judge_tree bind buf json json_check json_walk span reason
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "granted.h"
#include "json.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct caller carol = { .uid = 1003, .name = "carol" };
static const struct record decision = { .kind = RECORD_CONTROL,
    .op = "container.create", .vm = "c", .unowned = true, .event = "12345678" };

/* --- rooms that are faked -------------------------------------------------- */

static char written[1 << 17];	/* "op detail|op detail" */
static size_t owed;
static int answer = 10;

int
record_resource(const struct caller *c, const struct record *r)
{
	size_t n = strlen(written);

	assert_ptr_equal(c, &carol);
	assert_int_equal(r->kind, RECORD_RESOURCE);
	assert_false(r->unowned);
	assert_string_equal(r->vm, "c");
	assert_string_equal(r->event, "12345678");
	snprintf(written + n, sizeof(written) - n, "%s%s %s",
	    n > 0 ? "|" : "", r->op, r->detail);
	return answer;
}

void
record_owe(const struct caller *c, size_t bytes)
{
	assert_ptr_equal(c, &carol);
	owed = bytes;
}

/* --- helpers ---------------------------------------------------------------- */

static struct refusal why;

static enum reason
put(enum op route, const char *text, bool trusted)
{
	struct granted given cleanup_granted = { 0 };
	cJSON *body = json_parse(span_of(text), &why);
	enum reason r;

	assert_non_null(body);
	written[0] = '\0';
	r = granted_read(&given, route, body, trusted, &why);
	if (r == R_NONE)
		assert_int_equal(granted_write(&given, &carol, &decision), 0);
	cJSON_Delete(body);
	return r;
}

/* A member in its place: {"HostConfig":{KEY:VALUE}}, or {KEY:VALUE}. */
static void
member(enum op route, const char *key, const char *value, char *out,
    size_t cap)
{
	bool create = route == OP_CONTAINER_CREATE;

	snprintf(out, cap, "%s{\"%s\":%s}%s", create ? "{\"HostConfig\":" : "",
	    key, value, create ? "}" : "");
}

static const char *
said_of(enum op route, const char *key, const char *value)
{
	static char text[8192];

	member(route, key, value, text, sizeof(text));
	assert_int_equal(put(route, text, true), R_NONE);
	return written;
}

/* --- the table ----------------------------------------------------------------- */

#define CREATE OP_CONTAINER_CREATE
#define UPDATE OP_CONTAINER_UPDATE
#define EXEC OP_CONTAINER_EXEC
#define VOLUME OP_VOLUME_CREATE
#define OPTIONS(name, opts) "[{\"Type\":\"volume\",\"Target\":\"/h\"," \
    "\"VolumeOptions\":{\"DriverConfig\":{\"Name\":\"" name "\"," \
    "\"Options\":{" opts "}}}}]"
#define RESOURCES(route) \
	{ route, "Devices", "device", "[{\"PathOnHost\":\"/dev/./sda\"}]", \
	  "device /dev/sda", "[{\"PathInContainer\":\"/dev/sda\"}]" }, \
	{ route, "DeviceRequests", "device", "[{\"Driver\":\"nvidia\"," \
	  "\"Count\":-1,\"DeviceIDs\":[\"0\",\"1\"]}]", \
	  "device nvidia:-1:0:1", "[{}]" }, \
	{ route, "DeviceCgroupRules", "device-rule", "[\"b *:* rwm\"]", \
	  "device-rule b *:* rwm", "[]" }, \
	{ route, "CgroupParent", "cgroup-parent", "\"/system.slice\"", \
	  "cgroup-parent /system.slice", "\"\"" }, \
	{ route, "Memory", "memory", "67108864", "memory 67108864", "0" }, \
	{ route, "NanoCpus", "cpus", "500000000", "cpus 500000000", "-1" }
#define SHARED(key, word) \
	{ CREATE, key, word, "\"host\"", word " host", "\"private\"" }, \
	{ CREATE, key, word, "\"container:c\"", word " container:c", "\"\"" }

static const struct {
	enum op route;
	const char *key, *op;	/* of the row */
	const char *value, *said, *nothing;
} cases[] = {
	{ CREATE, "Privileged", "privileged", "true", "privileged yes",
	  "false" },
	{ CREATE, "Binds", "bind", "[\"/:/h\",\"v:/v:ro\",\"/a//b/:/b\"]",
	  "bind /:/h|bind v:/v:ro|bind /a/b:/b", "[]" },
	{ CREATE, "Mounts", "bind", "[{\"Type\":\"bind\",\"Source\":\"/a/..\","
	  "\"Target\":\"/h\"},{\"Type\":\"volume\",\"Source\":\"v\","
	  "\"Target\":\"/v\",\"VolumeOptions\":{\"Subpath\":\"s\"}}]",
	  "bind /:/h|bind v/s:/v", "[{\"Type\":\"tmpfs\",\"Target\":\"/t\"}]" },
	{ CREATE, "Mounts", "volume-option", OPTIONS("local", "\"type\":"
	  "\"none\",\"o\":\"bind\",\"device\":\"/\""), "bind /:/h|"
	  "volume-option type=none|volume-option o=bind",
	  "[{\"Type\":\"volume\",\"Target\":\"/v\"}]" },
	{ CREATE, "VolumeDriver", "volume-option", "\"sshfs\"",
	  "volume-option driver=sshfs", "\"local\"" },
	{ CREATE, "VolumesFrom", "volumes-from", "[\"c:ro\"]",
	  "volumes-from c:ro", "[]" },
	{ CREATE, "CapAdd", "capability", "[\"SYS_ADMIN\"]",
	  "capability SYS_ADMIN", "[\"\"]" },
	{ CREATE, "SecurityOpt", "security", "[\"seccomp=unconfined\"]",
	  "security seccomp=unconfined", "[]" },
	{ CREATE, "MaskedPaths", "masked-paths", "[]", "masked-paths none",
	  "null" },
	{ CREATE, "MaskedPaths", "masked-paths", "[\"/proc/acpi\"]",
	  "masked-paths /proc/acpi", "null" },
	{ CREATE, "ReadonlyPaths", "readonly-paths", "[]",
	  "readonly-paths none", "null" },
	{ CREATE, "GroupAdd", "group", "[\"0\",\"docker\"]",
	  "group 0|group docker", "[]" },
	{ CREATE, "Sysctls", "sysctl", "{\"net.core.somaxconn\":\"1\"}",
	  "sysctl net.core.somaxconn=1", "{}" },
	{ CREATE, "Annotations", "annotation", "{\"a\":\"b\"}",
	  "annotation a=b", "{}" },
	SHARED("NetworkMode", "network"),
	SHARED("PidMode", "pid"),
	SHARED("IpcMode", "ipc"),
	SHARED("UTSMode", "uts"),
	SHARED("UsernsMode", "userns"),
	SHARED("CgroupnsMode", "cgroupns"),
	{ CREATE, "Runtime", "runtime", "\"crun\"", "runtime crun", "\"\"" },
	RESOURCES(CREATE),
	RESOURCES(UPDATE),
	{ EXEC, "Privileged", "privileged", "true", "privileged exec",
	  "false" },
	{ VOLUME, "DriverOpts", "bind", "{\"device\":\"/srv/../\"}", "bind /",
	  "{}" },
	{ VOLUME, "Driver", "volume-option", "\"sshfs\"",
	  "volume-option driver=sshfs", "\"local\"" },
	{ VOLUME, "DriverOpts", "volume-option", "{\"type\":\"overlay\",\"o\":"
	  "\"ro,,lowerdir=/\",\"device\":\"x\",\"sudo\":\"\"}", "bind x|"
	  "volume-option type=overlay|volume-option o=ro|"
	  "volume-option o=lowerdir=/|volume-option sudo=", "{}" },
};

static void
each_row_says_what_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		assert_string_equal(said_of(cases[i].route, cases[i].key,
		    cases[i].value), cases[i].said);
		assert_string_equal(said_of(cases[i].route, cases[i].key,
		    cases[i].nothing), "");
		assert_string_equal(said_of(cases[i].route, cases[i].key,
		    "null"), "");
		/* what another request has under that name is not meant */
		assert_string_equal(said_of(OP_NETWORK_CREATE, cases[i].key,
		    cases[i].value), "");
	}
}

static bool
has_case(const struct grant *row)
{
	for (size_t i = 0; i < N(cases); i++)
		if (cases[i].route == row->route &&
		    strcmp(cases[i].key, row->key) == 0 &&
		    strcmp(cases[i].op, row->op) == 0 &&
		    strstr(cases[i].said, row->op) != NULL)
			return true;
	return false;
}

static void
each_row_has_a_case(void **state)
{
	const struct grant *row;
	size_t n = 0;

	(void)state;
	for (; (row = granted_row(n)) != NULL; n++)
		if (!has_case(row))
			fail_msg("no case of %s, %s", row->key, row->op);
	assert_true(n > 30);
}

static void
the_manual_has_each_word(void **state)
{
	static char page[1 << 17];
	FILE *f = fopen("man/ds01-dockerctl.8", "re");
	const char *part, *end;

	(void)state;
	assert_non_null(f);
	page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
	fclose(f);
	part = strstr(page, ".Ss What is given");
	assert_non_null(part);
	end = strstr(part + 1, "\n.Ss ");
	assert_non_null(end);
	page[end - page] = '\0';
	for (size_t i = 0; granted_row(i) != NULL; i++) {
		const char *op = granted_row(i)->op;
		const char *at = strstr(part, op);

		while (at != NULL && (at[-1] != ' ' ||
		    strchr(" \n", at[strlen(op)]) == NULL))
			at = strstr(at + 1, op);
		if (at == NULL)
			fail_msg("%s is not in the manual", op);
	}
}

/* --- places --------------------------------------------------------------------- */

static void
a_host_config_is_where_it_counts(void **state)
{
	(void)state;
	/* as engines up to 26.1 read it */
	assert_int_equal(put(CREATE, "{\"Privileged\":true}", true), R_NONE);
	assert_string_equal(written, "privileged yes");
	assert_int_equal(put(CREATE, "{\"HostConfig\":null,"
	    "\"Privileged\":true}", true), R_NONE);
	assert_string_equal(written, "privileged yes");
	assert_int_equal(put(CREATE, "{\"HostConfig\":{},\"Privileged\":true}",
	    true), R_NONE);
	assert_string_equal(written, "");
	/* an update has none: it hides nothing */
	assert_int_equal(put(UPDATE, "{\"HostConfig\":{},\"Memory\":1}", true),
	    R_NONE);
	assert_string_equal(written, "memory 1");
}

/* A user's directories are mounted as volumes that the gate names. */
static void
one_record_for_a_users_directory(void **state)
{
	static const char body[] = "{\"HostConfig\":{\"Mounts\":[{\"Type\":"
	    "\"volume\",\"Source\":\"ds01-bind-1003-0123456789abcdef\","
	    "\"Target\":\"/w\",\"VolumeOptions\":{\"Subpath\":\"a/b\","
	    "\"DriverConfig\":{\"Name\":\"local\",\"Options\":{\"type\":"
	    "\"none\",\"o\":\"bind\",\"device\":\"/home/carol\"}}}}]}}";

	(void)state;
	assert_int_equal(put(CREATE, body, false), R_NONE);
	assert_string_equal(written, "bind /home/carol/a/b:/w");
	/* of one that nobody has judged, dockerd may mount either */
	assert_int_equal(put(CREATE, body, true), R_NONE);
	assert_string_equal(written, "bind /home/carol/a/b:/w|bind "
	    "ds01-bind-1003-0123456789abcdef/a/b:/w|"
	    "volume-option type=none|volume-option o=bind");
}

static void
a_required_record_that_is_missing_tells(void **state)
{
	struct granted given cleanup_granted = { 0 };
	cJSON *body = json_parse(span_of("{\"Memory\":1,\"NanoCpus\":2}"),
	    &why);

	(void)state;
	assert_int_equal(granted_read(&given, UPDATE, body, true, &why),
	    R_NONE);
	written[0] = '\0';
	assert_int_equal(granted_write(&given, &carol, &decision), 0);
	assert_int_equal(owed, 20);
	answer = -1;
	assert_int_equal(granted_write(&given, &carol, &decision), -1);
	assert_int_equal(owed, 0);
	answer = 10;
	cJSON_Delete(body);
}

/* --- hiding ----------------------------------------------------------------------- */

/* [ELEMENT,ELEMENT,…], with a number each where there is a %d. */
static char *
many_of(const char *element, int n, const char *last)
{
	struct buf b = BUF_INIT(0);

	buf_puts(&b, "[");
	for (int i = 0; i < n; i++) {
		const char *at = strstr(element, "%d");

		if (at == NULL)
			buf_puts(&b, element);
		else
			buf_printf(&b, "%.*s%d%s", (int)(at - element),
			    element, i, at + 2);
		buf_puts(&b, ",");
	}
	buf_printf(&b, "%s]", last);
	assert_false(b.failed);
	return b.data;
}

static enum reason
put_many(const char *key, const char *element, int n, const char *last)
{
	struct buf b cleanup_buf = BUF_INIT(0);
	char *list = many_of(element, n, last);

	buf_printf(&b, "{\"HostConfig\":{\"%s\":%s}}", key, list);
	free(list);
	assert_false(b.failed);
	return put(CREATE, b.data, true);
}

static void
what_is_repeated_is_said_once(void **state)
{
	(void)state;
	assert_int_equal(put_many("SecurityOpt",
	    "\"no-new-privileges=false\"", 90000, "\"seccomp=unconfined\""),
	    R_NONE);
	assert_string_equal(written, "security no-new-privileges=false|"
	    "security seccomp=unconfined");
	assert_int_equal(put_many("Binds", "\"/srv/./x:/x\"", 300,
	    "\"/:/h\""), R_NONE);
	assert_string_equal(written, "bind /srv/x:/x|bind /:/h");
	/* a row's texts are compared with its own */
	assert_int_equal(put(CREATE, "{\"HostConfig\":{\"Binds\":[\"/:/h\"],"
	    "\"Mounts\":[{\"Source\":\"/\",\"Target\":\"/h\"}]}}", true),
	    R_NONE);
	assert_string_equal(written, "bind /:/h|bind /:/h");
}

static void
what_cannot_all_be_said_is_refused(void **state)
{
	static const struct { const char *key, *element, *last; } lists[] = {
		{ "CapAdd", "\"c%d\"", "\"SYS_ADMIN\"" },
		{ "Binds", "\"v%d:/a\"", "\"/:/h\"" },
		{ "Mounts", "{\"Source\":\"v%d\",\"Target\":\"/a\"}",
		  "{\"Source\":\"/\",\"Target\":\"/h\"}" },
		{ "MaskedPaths", "\"/p%d\"", "\"/q\"" },
		{ "SecurityOpt", "\"x%d\"", "\"seccomp=unconfined\"" },
		{ "Devices", "{\"PathOnHost\":\"/dev/%d\"}",
		  "{\"PathOnHost\":\"/dev/sda\"}" },
	};

	(void)state;
	for (size_t i = 0; i < N(lists); i++) {
		assert_int_equal(put_many(lists[i].key, lists[i].element,
		    GRANTED_EACH_MAX - 1, lists[i].last), R_NONE);
		assert_int_equal(put_many(lists[i].key, lists[i].element,
		    GRANTED_EACH_MAX, lists[i].last), R_BAD_FIELD);
		assert_string_equal(written, "");
		assert_non_null(strstr(why.detail, lists[i].key));
		assert_non_null(strstr(why.detail, "more than 256 different"));
	}
}

/* Cut at 256 bytes, none of these would say what it is. */
static void
what_is_long_is_said_to_its_end(void **state)
{
	char path[3000] = "", parts[400], text[8192];

	(void)state;
	for (size_t i = 0; i < 500; i++)
		strcat(path, "./");
	snprintf(text, sizeof(text), "[\"/srv/%s../:/h\"]", path);
	assert_string_equal(said_of(CREATE, "Binds", text), "bind /:/h");
	snprintf(text, sizeof(text), "[{\"PathOnHost\":\"/dev/%ssda\"}]", path);
	assert_string_equal(said_of(CREATE, "Devices", text),
	    "device /dev/sda");
	snprintf(text, sizeof(text), "{\"device\":\"/%s\"}", path);
	assert_string_equal(said_of(VOLUME, "DriverOpts", text), "bind /");
	/* longer than any path, before it is cleaned */
	memset(path, 'a', 2999);
	snprintf(text, sizeof(text), "[\"/%s/%s/../..:/h\"]", path, path);
	assert_string_equal(said_of(CREATE, "Binds", text), "bind /:/h");
	/* relative: to dockerd's own directory */
	path[300] = '\0';
	snprintf(text, sizeof(text), "{\"device\":\"%s/../../.\"}", path);
	snprintf(parts, sizeof(parts), "bind %.250s...|bind ...%.50s/../../.",
	    path, path);
	assert_string_equal(said_of(VOLUME, "DriverOpts", text), parts);
	/* a profile's head is enough */
	memset(path, 'x', 2999);
	snprintf(text, sizeof(text), "[\"seccomp={%s\"]", path);
	assert_null(strchr(said_of(CREATE, "SecurityOpt", text), '|'));
}

static void
a_share_keeps_its_secret(void **state)
{
	(void)state;
	assert_string_equal(said_of(VOLUME, "DriverOpts", "{\"type\":\"cifs\","
	    "\"device\":\"//nas/d\",\"o\":\"username=u,password=hush\"}"),
	    "bind /nas/d|volume-option type=cifs|volume-option o=username=u|"
	    "volume-option o=password=...");
	assert_string_equal(said_of(VOLUME, "DriverOpts",
	    "{\"password\":\"hush\"}"), "volume-option password=...");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_says_what_it_should),
		cmocka_unit_test(each_row_has_a_case),
		cmocka_unit_test(the_manual_has_each_word),
		cmocka_unit_test(a_host_config_is_where_it_counts),
		cmocka_unit_test(one_record_for_a_users_directory),
		cmocka_unit_test(a_required_record_that_is_missing_tells),
		cmocka_unit_test(what_is_repeated_is_said_once),
		cmocka_unit_test(what_cannot_all_be_said_is_refused),
		cmocka_unit_test(what_is_long_is_said_to_its_end),
		cmocka_unit_test(a_share_keeps_its_secret),
	};

	return cmocka_run_group_tests_name("granted", tests, NULL, NULL);
}
