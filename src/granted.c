/*
 * granted.c - what a container is given, for the audit log.
 *
 * The decision says that there was a create; what the container may do with
 * the host stands only in its body, and the command line is the caller's own
 * word.  Guarantees that what goes up is on record: of administrators, whom
 * nothing is refused, above all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "granted.h"
#include "judge.h"

#define TEXT 1024		/* bytes of one thing; audit.c cuts at 256 */
#define EACH_MAX 256		/* of one list, then how many more there are */

struct granting {
	const struct caller *caller;
	struct record rec;
	size_t bytes;		/* that are on record */
	int rc;
};

static void
say(struct granting *g, const char *op, const char *detail)
{
	int n;

	g->rec.op = op;
	g->rec.detail = detail;
	n = record_resource(g->caller, &g->rec);
	if (n < 0)
		g->rc = -1;
	else
		g->bytes += (size_t)n;
}

/* --- one thing as text; false: nothing that is worth a record ------------------ */

static bool
as_string(const cJSON *v, char out[TEXT])
{
	return cJSON_IsString(v) && v->valuestring[0] != '\0' &&
	    snprintf(out, TEXT, "%s", v->valuestring) > 0;
}

static bool
as_true(const cJSON *v, char out[TEXT])
{
	return cJSON_IsTrue(v) && snprintf(out, TEXT, "yes") > 0;
}

static bool
as_number(const cJSON *v, char out[TEXT])
{
	return cJSON_IsNumber(v) && v->valuedouble > 0 &&
	    snprintf(out, TEXT, "%" PRId64, (int64_t)v->valuedouble) > 0;
}

/* The host's, or another container's; one's own is nothing to tell. */
static bool
as_shared(const cJSON *v, char out[TEXT])
{
	return as_string(v, out) && (strcmp(out, "host") == 0 ||
	    strncmp(out, "container:", 10) == 0);
}

static bool
as_mount(const cJSON *v, char out[TEXT])
{
	const char *sub = tree_string(tree_get(v, "VolumeOptions"), "Subpath");
	const char *source = tree_string(v, "Source");

	return *source != '\0' && snprintf(out, TEXT, "%s%s%s:%s", source,
	    *sub != '\0' ? "/" : "", sub, tree_string(v, "Target")) > 0;
}

static bool
as_device(const cJSON *v, char out[TEXT])
{
	const char *path = tree_string(v, "PathOnHost");

	return *path != '\0' && snprintf(out, TEXT, "%s", path) > 0;
}

/* {"Driver":"nvidia","Count":-1,"DeviceIDs":["0","1"]} */
static bool
as_request(const cJSON *v, char out[TEXT])
{
	const cJSON *id;
	struct buf b cleanup_buf = BUF_INIT(TEXT);

	buf_printf(&b, "%s", tree_string(v, "Driver"));
	if (tree_int(v, "Count") != 0)
		buf_printf(&b, ":%" PRId64, tree_int(v, "Count"));
	cJSON_ArrayForEach(id, tree_get(v, "DeviceIDs"))
		if (cJSON_IsString(id))
			buf_printf(&b, ":%s", id->valuestring);
	return b.len > 0 && snprintf(out, TEXT, "%s", b.data) > 0;
}

/* --- the table ------------------------------------------------------------------- */

static const struct grant {
	const char *key;	/* in HostConfig; in an update at the top */
	const char *op;		/* record.h: RECORD_RESOURCE */
	bool list;
	bool (*text)(const cJSON *v, char out[TEXT]);
} grants[] = {
	{ "Privileged", "privileged", false, as_true },
	{ "Binds", "bind", true, as_string },
	{ "Mounts", "bind", true, as_mount },
	{ "VolumesFrom", "volumes-from", true, as_string },
	{ "Devices", "device", true, as_device },
	{ "DeviceRequests", "device", true, as_request },
	{ "DeviceCgroupRules", "device-rule", true, as_string },
	{ "CapAdd", "capability", true, as_string },
	{ "SecurityOpt", "security", true, as_string },
	{ "NetworkMode", "network", false, as_shared },
	{ "PidMode", "pid", false, as_shared },
	{ "IpcMode", "ipc", false, as_shared },
	{ "UTSMode", "uts", false, as_shared },
	{ "UsernsMode", "userns", false, as_shared },
	{ "CgroupnsMode", "cgroupns", false, as_shared },
	{ "Runtime", "runtime", false, as_string },
	{ "Memory", "memory", false, as_number },
	{ "NanoCpus", "cpus", false, as_number },
};

static void
say_list(struct granting *g, const struct grant *row, const cJSON *list)
{
	char text[TEXT];
	const cJSON *v;
	int n = 0;

	cJSON_ArrayForEach(v, list) {
		if (!row->text(v, text))
			continue;
		if (n++ < EACH_MAX)
			say(g, row->op, text);
	}
	if (n <= EACH_MAX)
		return;
	snprintf(text, sizeof(text), "and %d more", n - EACH_MAX);
	say(g, row->op, text);
}

int
granted_write(const struct caller *c, const struct record *decision,
    const cJSON *body)
{
	struct granting g = { .caller = c, .rec = *decision };
	const cJSON *host = tree_get(body, "HostConfig");
	char text[TEXT];

	g.rec.kind = RECORD_RESOURCE;
	g.rec.unowned = false;
	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
		const cJSON *v = tree_get(host != NULL ? host : body,
		    grants[i].key);

		if (grants[i].list)
			say_list(&g, &grants[i], v);
		else if (v != NULL && grants[i].text(v, text))
			say(&g, grants[i].op, text);
	}
	record_owe(c, g.bytes);
	return g.rc;
}
