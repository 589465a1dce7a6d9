/*
 * granted.c - what a container is given, for the audit log.
 *
 * The decision says that there was a create; what the container may do with
 * the host stands only in its body, and the command line is the caller's own
 * word.  Guarantees that what goes up is on record: of administrators, whom
 * nothing is refused, above all.  They can make a text long and lists longer:
 * so paths are cleaned, a text is said once, in as many parts as it needs,
 * and what is still too much for the log is refused.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "buf.h"
#include "granted.h"
#include "judge.h"

#define PART 250		/* bytes of a text in one record */

_Static_assert(PART + 6 <= AUDIT_FIELD_MAX, "a part is not cut again");

struct granting {
	struct granted *out;
	const char *op;
	size_t first;		/* this row's first text */
	bool trusted;
	bool many, failed;
};

/* --- telling -------------------------------------------------------------------- */

static bool
is_told(const struct granting *g, const char *text)
{
	for (size_t i = g->first; i < g->out->n; i++)
		if (strcmp(g->out->v[i].text, text) == 0)
			return true;
	return false;
}

static bool
make_room(struct granted *out)
{
	size_t room = out->room > 0 ? 2 * out->room : 16;
	struct given *v;

	if (out->n < out->room)
		return true;
	v = realloc(out->v, room * sizeof(*v));
	if (v == NULL)
		return false;
	out->v = v;
	out->room = room;
	return true;
}

static void
tell_once(struct granting *g, const char *text)
{
	struct granted *out = g->out;

	if (g->many || g->failed || is_told(g, text))
		return;
	if (out->n - g->first == GRANTED_EACH_MAX) {
		g->many = true;
		return;
	}
	if (!make_room(out) || (out->v[out->n].text = strdup(text)) == NULL) {
		g->failed = true;
		return;
	}
	out->v[out->n++].op = g->op;
}

/* The end of a text can be what counts. */
static void
tell(struct granting *g, const struct buf *b)
{
	const char *text = b->data, *before = "";
	char part[PART + 7];

	g->failed |= b->failed;
	if (b->failed || b->len == 0)
		return;
	for (; strlen(text) > PART; text += PART, before = "...") {
		snprintf(part, sizeof(part), "%s%.*s...", before, PART, text);
		tell_once(g, part);
	}
	snprintf(part, sizeof(part), "%s%s", before, text);
	tell_once(g, part);
}

/* --- one thing as text, or as none ------------------------------------------------ */

static void
tell_string(struct granting *g, const cJSON *v)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	if (cJSON_IsString(v)) {
		buf_puts(&b, v->valuestring);
		tell(g, &b);
	}
}

/* The head says what sort of thing it is; a profile has thousands of bytes. */
static void
tell_head(struct granting *g, const cJSON *v)
{
	if (cJSON_IsString(v) && v->valuestring[0] != '\0')
		tell_once(g, v->valuestring);
}

static void
tell_true(struct granting *g, const cJSON *v)
{
	if (cJSON_IsTrue(v))
		tell_once(g, "yes");
}

static void
tell_exec(struct granting *g, const cJSON *v)
{
	if (cJSON_IsTrue(v))
		tell_once(g, "exec");
}

static void
tell_number(struct granting *g, const cJSON *v)
{
	char text[32];

	if (!cJSON_IsNumber(v) || v->valuedouble <= 0)
		return;
	snprintf(text, sizeof(text), "%" PRId64, (int64_t)v->valuedouble);
	tell_once(g, text);
}

/* The host's, or another container's; one's own is nothing to tell. */
static void
tell_shared(struct granting *g, const cJSON *v)
{
	if (cJSON_IsString(v) && (strcmp(v->valuestring, "host") == 0 ||
	    strncmp(v->valuestring, "container:", 10) == 0))
		tell_string(g, v);
}

/* An empty list takes the engine's own away. */
static void
tell_paths(struct granting *g, const cJSON *v)
{
	const cJSON *path;

	if (cJSON_IsArray(v) && v->child == NULL)
		tell_once(g, "none");
	cJSON_ArrayForEach(path, v) {
		tell_string(g, path);
	}
}

/* --- paths ------------------------------------------------------------------------- */

/* As dockerd cleans it; what is no absolute path goes as it is. */
static void
put_path(struct buf *b, struct span path)
{
	char *raw = strndup(path.ptr, path.len), *clean = malloc(path.len + 2);

	if (raw == NULL || clean == NULL)
		b->failed = true;
	else
		buf_puts(b, path_clean(raw, clean, path.len + 2) ? clean : raw);
	free(raw);
	free(clean);
}

/* "/srv/data:/data:ro" */
static void
tell_bind(struct granting *g, const cJSON *v)
{
	struct buf b cleanup_buf = BUF_INIT(0);
	const char *s = cJSON_IsString(v) ? v->valuestring : "";
	size_t n = strcspn(s, ":");

	put_path(&b, (struct span){ s, n });
	buf_puts(&b, s + n);
	tell(g, &b);
}

static void
tell_device(struct granting *g, const cJSON *v)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	put_path(&b, span_of(tree_string(v, "PathOnHost")));
	tell(g, &b);
}

static const cJSON *
driver_config(const cJSON *mount)
{
	return tree_get(tree_get(mount, "VolumeOptions"), "DriverConfig");
}

static void
tell_mounted(struct granting *g, const cJSON *mount, const char *source)
{
	const char *sub = tree_string(tree_get(mount, "VolumeOptions"),
	    "Subpath");
	struct buf b cleanup_buf = BUF_INIT(0);

	if (*source == '\0')
		return;
	put_path(&b, span_of(source));
	buf_printf(&b, "%s%s:%s", *sub != '\0' ? "/" : "", sub,
	    tree_string(mount, "Target"));
	tell(g, &b);
}

/* A volume may be made with the mount, of a device: which of the two it will
 * be is dockerd's to find out.  Those of a user's directories are ours. */
static void
tell_mount(struct granting *g, const cJSON *v)
{
	const char *source = tree_string(v, "Source");
	const char *device = tree_string(tree_get(driver_config(v),
	    "Options"), "device");

	tell_mounted(g, v, device);
	if (g->trusted || *device == '\0')
		tell_mounted(g, v, source);
}

/* --- volumes ------------------------------------------------------------------------ */

static void
tell_volume_device(struct granting *g, const cJSON *v)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	put_path(&b, span_of(tree_string(v, "device")));
	tell(g, &b);
}

static void
tell_driver(struct granting *g, const cJSON *v)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	if (!cJSON_IsString(v) || v->valuestring[0] == '\0' ||
	    strcmp(v->valuestring, "local") == 0)
		return;
	buf_printf(&b, "driver=%s", v->valuestring);
	tell(g, &b);
}

/* A log is no place for what opens a share. */
static void
hide_secret(struct buf *b, size_t skip)
{
	static const char *const words[] = { "pass=", "password=",
	    "password2=" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);

		if (b->failed || strncmp(b->data + skip, words[i], n) != 0)
			continue;
		b->len = skip + n;
		buf_puts(b, "...");
		return;
	}
}

static void
tell_value(struct granting *g, const char *key, struct span value, bool word)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	buf_printf(&b, "%s=", key);
	buf_putspan(&b, value);
	hide_secret(&b, word ? strlen(key) + 1 : 0);
	tell(g, &b);
}

/* "type=nfs"; the words of "o" each by itself, so that none hides one. */
static void
tell_option(struct granting *g, const cJSON *v)
{
	const char *s = cJSON_IsString(v) ? v->valuestring : "";
	size_t n;

	if (strcmp(v->string, "device") == 0)	/* a bind's row tells it */
		return;
	if (strcmp(v->string, "o") != 0) {
		tell_value(g, v->string, span_of(s), false);
		return;
	}
	for (; *s != '\0'; s += n + (s[n] == ',')) {
		n = strcspn(s, ",");
		if (n > 0)
			tell_value(g, "o", (struct span){ s, n }, true);
	}
}

static void
tell_mount_options(struct granting *g, const cJSON *v)
{
	const cJSON *option;

	if (!g->trusted)
		return;
	tell_driver(g, tree_get(driver_config(v), "Name"));
	cJSON_ArrayForEach(option, tree_get(driver_config(v), "Options")) {
		tell_option(g, option);
	}
}

/* --- others ------------------------------------------------------------------------- */

/* {"net.ipv4.ip_forward":"1"} */
static void
tell_pair(struct granting *g, const cJSON *v)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	buf_printf(&b, "%s=%s", v->string, cJSON_IsString(v) ?
	    v->valuestring : "");
	tell(g, &b);
}

/* {"Driver":"nvidia","Count":-1,"DeviceIDs":["0","1"]} */
static void
tell_request(struct granting *g, const cJSON *v)
{
	const cJSON *id;
	struct buf b cleanup_buf = BUF_INIT(0);

	buf_puts(&b, tree_string(v, "Driver"));
	if (tree_int(v, "Count") != 0)
		buf_printf(&b, ":%" PRId64, tree_int(v, "Count"));
	cJSON_ArrayForEach(id, tree_get(v, "DeviceIDs"))
		if (cJSON_IsString(id))
			buf_printf(&b, ":%s", id->valuestring);
	tell(g, &b);
}

/* --- the table ------------------------------------------------------------------- */

#define EACH(route, key, op, tell) { OP_ ## route, key, op, true, tell }
#define ONE(route, key, op, tell) { OP_ ## route, key, op, false, tell }
/* What an update has too. */
#define RESOURCES(route) \
	EACH(route, "Devices", "device", tell_device), \
	EACH(route, "DeviceRequests", "device", tell_request), \
	EACH(route, "DeviceCgroupRules", "device-rule", tell_string), \
	ONE(route, "CgroupParent", "cgroup-parent", tell_string), \
	ONE(route, "Memory", "memory", tell_number), \
	ONE(route, "NanoCpus", "cpus", tell_number)

static const struct grant grants[] = {
	ONE(CONTAINER_CREATE, "Privileged", "privileged", tell_true),
	EACH(CONTAINER_CREATE, "Binds", "bind", tell_bind),
	EACH(CONTAINER_CREATE, "Mounts", "bind", tell_mount),
	EACH(CONTAINER_CREATE, "Mounts", "volume-option", tell_mount_options),
	ONE(CONTAINER_CREATE, "VolumeDriver", "volume-option", tell_driver),
	EACH(CONTAINER_CREATE, "VolumesFrom", "volumes-from", tell_string),
	EACH(CONTAINER_CREATE, "CapAdd", "capability", tell_string),
	EACH(CONTAINER_CREATE, "SecurityOpt", "security", tell_head),
	ONE(CONTAINER_CREATE, "MaskedPaths", "masked-paths", tell_paths),
	ONE(CONTAINER_CREATE, "ReadonlyPaths", "readonly-paths", tell_paths),
	EACH(CONTAINER_CREATE, "GroupAdd", "group", tell_string),
	EACH(CONTAINER_CREATE, "Sysctls", "sysctl", tell_pair),
	EACH(CONTAINER_CREATE, "Annotations", "annotation", tell_pair),
	ONE(CONTAINER_CREATE, "NetworkMode", "network", tell_shared),
	ONE(CONTAINER_CREATE, "PidMode", "pid", tell_shared),
	ONE(CONTAINER_CREATE, "IpcMode", "ipc", tell_shared),
	ONE(CONTAINER_CREATE, "UTSMode", "uts", tell_shared),
	ONE(CONTAINER_CREATE, "UsernsMode", "userns", tell_shared),
	ONE(CONTAINER_CREATE, "CgroupnsMode", "cgroupns", tell_shared),
	ONE(CONTAINER_CREATE, "Runtime", "runtime", tell_string),
	RESOURCES(CONTAINER_CREATE),
	RESOURCES(CONTAINER_UPDATE),
	ONE(CONTAINER_EXEC, "Privileged", "privileged", tell_exec),
	ONE(VOLUME_CREATE, "DriverOpts", "bind", tell_volume_device),
	ONE(VOLUME_CREATE, "Driver", "volume-option", tell_driver),
	EACH(VOLUME_CREATE, "DriverOpts", "volume-option", tell_option),
};

const struct grant *
granted_row(size_t i)
{
	return i < sizeof(grants) / sizeof(grants[0]) ? &grants[i] : NULL;
}

/* --- reading and writing ------------------------------------------------------------ */

static void
read_row(struct granting *g, const struct grant *row, const cJSON *v)
{
	const cJSON *member;

	g->op = row->op;
	g->first = g->out->n;
	if (!row->list && v != NULL)
		row->tell(g, v);
	else if (row->list)
		cJSON_ArrayForEach(member, v) {
			if (g->many || g->failed)
				break;
			row->tell(g, member);
		}
}

enum reason
granted_read(struct granted *out, enum op route, const cJSON *body,
    bool trusted, struct refusal *why)
{
	struct granting g = { .out = out, .trusted = trusted };
	const cJSON *host = route == OP_CONTAINER_CREATE ?
	    tree_get(body, "HostConfig") : NULL;
	const struct grant *row;

	/* Without one, engines up to 26.1 take its fields from the top. */
	if (!cJSON_IsObject(host))
		host = body;
	for (size_t i = 0; (row = granted_row(i)) != NULL; i++) {
		if (row->route != route)
			continue;
		read_row(&g, row, tree_get(host, row->key));
		if (g.failed)
			return refuse(why, R_INTERNAL, "out of memory");
		if (g.many)
			return refuse(why, R_BAD_FIELD, "%s: more than %d "
			    "different ones: they could not all be put on "
			    "record", row->key, GRANTED_EACH_MAX);
	}
	return R_NONE;
}

int
granted_write(const struct granted *g, const struct caller *c,
    const struct record *decision)
{
	struct record rec = *decision;
	size_t bytes = 0;
	int rc = 0;

	rec.kind = RECORD_RESOURCE;
	rec.unowned = false;
	for (size_t i = 0; i < g->n; i++) {
		rec.op = g->v[i].op;
		rec.detail = g->v[i].text;
		int n = record_resource(c, &rec);
		if (n < 0)
			rc = -1;
		else
			bytes += (size_t)n;
	}
	record_owe(c, bytes);
	return rc;
}

void
granted_free(struct granted *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->v[i].text);
	free(g->v);
	*g = (struct granted){ NULL, 0, 0 };
}
