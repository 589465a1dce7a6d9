/*
 * labels.c - the labels this system sets, and the keys nobody else may.
 *
 * Whose a container is, whether it is protected and how long it may stay
 * idle hangs on labels, and an image hands its own to every container made
 * of it.  So each create carries ours, and every reserved key that an image
 * brings is overridden: a label cannot be taken away, only said anew.
 *
 * docker ps and docker events print labels as they are, to administrators
 * too: a newline is a line of its own there, an escape sequence is obeyed.
 * So control characters of a value become spaces, whoever it comes from
 * (JSON over several lines still says the same), and keys have none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "labels.h"

#define RANDOM_LEN 33	/* 32 hex digits */
#define GATE_LEN (sizeof(GATE_UNJUDGED) + RANDOM_LEN)

/* One row a key; a key that ends with '.' or '*' is a prefix.  neutral: what
 * an inherited one is set to; consumers test for the exact word "true". */
static const struct reserved {
	const char *key;
	const char *neutral;
} reserved[] = {
	{ "ds01.user", "" },
	{ "ds01.user.", "" },
	{ "ds01.gate", "" },
	{ "ds01.managed", "false" },
	{ "ds01.managed_by", "" },
	{ "ds01.container_type", "" },
	{ "ds01.created_at", "" },
	{ "ds01.gpu_slot", "" },
	{ "ds01.gpu_ephemeral", "false" },
	{ "ds01.gpu.", "" },
	{ "ds01.protected", "false" },
	{ "ds01.monitoring", "false" },
	{ "ds01.confined", "false" },
	{ LABEL_IMAGE, "" },
	{ "ds01.bind", "" },
	{ "ds01.slice", "" },
	{ "ds01.owner", "" },
	{ "aime.mlc*", "" },
};
#define N_RESERVED (sizeof(reserved) / sizeof(reserved[0]))

/* Interfaces of the site's own tools (label-schema of DS01). */
static const char *const interfaces[] = { "orchestration", "atomic", "api" };

static bool
is_prefix(const char *key, size_t len)
{
	return key[len - 1] == '.' || key[len - 1] == '*';
}

static const struct reserved *
reserved_row(const char *key)
{
	for (size_t i = 0; i < N_RESERVED; i++) {
		const char *k = reserved[i].key;
		size_t n = strlen(k);

		if (!is_prefix(k, n) ? strcmp(k, key) == 0 :
		    strncmp(k, key, n - (k[n - 1] == '*')) == 0)
			return &reserved[i];
	}
	return NULL;
}

bool
labels_reserved(const char *key)
{
	return reserved_row(key) != NULL;
}

int
labels_random(char out[RANDOM_LEN])
{
	unsigned char bytes[(RANDOM_LEN - 1) / 2];
	size_t have = 0;

	while (have < sizeof(bytes)) {
		ssize_t n = getrandom(bytes + have, sizeof(bytes) - have, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		have += (size_t)n;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/* As date -Iseconds prints it: 2026-02-16T15:30:00+01:00 */
static int
now(char out[32])
{
	struct tm tm;
	time_t t = time(NULL);
	size_t n;

	if (localtime_r(&t, &tm) == NULL)
		return -1;
	n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (n < 5 || n > 28)
		return -1;
	memmove(out + n - 1, out + n - 2, 3);	/* +0100 -> +01:00 */
	out[n - 2] = ':';
	return 0;
}

static bool
is_interface(const char *v)
{
	for (size_t i = 0; i < sizeof(interfaces) / sizeof(*interfaces); i++)
		if (strcmp(interfaces[i], v) == 0)
			return true;
	return false;
}

static const char *
text_of(const cJSON *labels, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(labels, key);

	return cJSON_IsString(v) ? v->valuestring : NULL;
}

const char *
labels_type(const cJSON *labels)
{
	const char *interface = text_of(labels, "ds01.interface");
	const char *type = "docker";
	const cJSON *v;

	if (interface != NULL && is_interface(interface))
		return interface;
	cJSON_ArrayForEach(v, labels) {
		if (strncmp(v->string, "devcontainer.", 13) == 0)
			return "devcontainer";
		if (strncmp(v->string, "com.docker.compose.", 19) == 0)
			type = "compose";
	}
	return type;
}

bool
labels_plain_text(char *s)
{
	struct span in = span_of(s);
	bool changed = false;
	size_t n;
	uint32_t c;

	for (; in.len > 0; in.ptr += n, in.len -= n) {
		n = span_utf8(in, &c);
		if (n > 0 && !span_control(c)) {
			memmove(s, in.ptr, n);
			s += n;
			continue;
		}
		*s++ = ' ';
		changed = true;
		n = n > 0 ? n : 1;
	}
	*s = '\0';
	return changed;
}

enum reason
labels_plain(cJSON *labels, struct refusal *why)
{
	cJSON *v;

	cJSON_ArrayForEach(v, labels) {
		if (!span_plain(span_of(v->string)))
			return refuse(why, R_LABEL, "%s", v->string);
		if (cJSON_IsString(v))
			labels_plain_text(v->valuestring);
	}
	return R_NONE;
}

/* The Labels object of parent, made when absent or null. */
static cJSON *
labels_of(cJSON *parent)
{
	cJSON *v = cJSON_GetObjectItemCaseSensitive(parent, "Labels");

	if (cJSON_IsObject(v))
		return v;
	cJSON_DeleteItemFromObjectCaseSensitive(parent, "Labels");
	return cJSON_AddObjectToObject(parent, "Labels");
}

static int
set(cJSON *labels, const char *key, const char *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(labels, key);
	return cJSON_AddStringToObject(labels, key, value) != NULL ? 0 : -1;
}

/* Says as well whether it was judged what is made: whoever is an
 * administrator now may be none when it is used. */
static int
new_gate(const struct caller *c, char out[GATE_LEN])
{
	char random[RANDOM_LEN];

	if (labels_random(random) < 0)
		return -1;
	snprintf(out, GATE_LEN, "%s%s", c->admin ? GATE_UNJUDGED : "", random);
	return 0;
}

struct own {			/* what a create gets */
	const char *key;
	const char *value;
};

/* A client's reserved label must say what we would; admins may say anything
 * but the gate's. */
static enum reason
check_client(const struct caller *c, cJSON *labels,
    const struct own *own, size_t n, struct refusal *why)
{
	enum reason r = c->admin ? R_NONE : labels_plain(labels, why);
	const cJSON *v;

	if (r != R_NONE)
		return r;
	cJSON_ArrayForEach(v, labels) {
		bool ours = false;

		if (strcmp(v->string, "ds01.interface") == 0 && !c->admin &&
		    cJSON_IsString(v) && !is_interface(v->valuestring))
			return refuse(why, R_RESERVED_LABEL, "%s=%s",
			    v->string, v->valuestring);
		if (!labels_reserved(v->string) || !cJSON_IsString(v))
			continue;
		if (c->admin && strcmp(v->string, LABEL_GATE) != 0)
			continue;
		for (size_t i = 0; i < n; i++)
			ours |= strcmp(own[i].key, v->string) == 0 &&
			    strcmp(own[i].value, v->valuestring) == 0;
		if (!ours)
			return refuse(why, R_RESERVED_LABEL, "%s=%s",
			    v->string, v->valuestring);
	}
	return R_NONE;
}

static int
set_own(const struct caller *c, cJSON *labels, const struct own *own,
    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (c->admin && strcmp(own[i].key, LABEL_GATE) != 0 &&
		    text_of(labels, own[i].key) != NULL)
			continue;
		if (set(labels, own[i].key, own[i].value) < 0)
			return -1;
	}
	return 0;
}

/* The text of a JSON string of any length, NULL if it cannot be told (a NUL
 * in it, no memory). */
static char *
unquoted(struct span v)
{
	char *text = malloc(v.len + 1);

	if (text != NULL && !json_string(v, text, v.len + 1)) {
		free(text);
		text = NULL;
	}
	return text;
}

/* One label of the image that is not said already. */
static enum reason
override(const struct caller *c, cJSON *labels, struct span quoted,
    struct span value, struct refusal *why)
{
	const struct reserved *row;
	char *key = unquoted(quoted), *text = unquoted(value);
	enum reason r = R_NONE;

	if (key == NULL || !span_plain(span_of(key)))
		r = c->admin ? R_NONE : refuse(why, R_LABEL, "%s of the image",
		    key != NULL ? key : "one");
	else if (text_of(labels, key) == NULL) {
		row = reserved_row(key);
		if ((row != NULL || text == NULL || labels_plain_text(text)) &&
		    set(labels, key, row != NULL ? row->neutral :
		    text != NULL ? text : "") < 0)
			r = refuse(why, R_INTERNAL, "out of memory");
	}
	free(key);
	free(text);
	return r;
}

static enum reason
override_image(const struct caller *c, cJSON *labels,
    struct span image_config, struct refusal *why)
{
	struct json_iter it = json_iter(json_get(image_config, "Labels"));
	struct span key, value;
	enum reason r = R_NONE;

	while (r == R_NONE && json_next(&it, &key, &value)) {
		/* the quotes stand around it */
		struct span quoted = { key.ptr - 1, key.len + 2 };

		r = override(c, labels, quoted, value, why);
	}
	return r;
}

enum reason
labels_create(const struct caller *c, cJSON *body, struct span image_config,
    struct refusal *why)
{
	cJSON *labels = labels_of(body);
	const char *type = labels_type(labels);
	char gate[GATE_LEN], created[32];
	const struct own set_now[] = {
		{ LABEL_USER, c->name }, { "ds01.managed", "true" },
		{ "ds01.container_type", type },
		{ "ds01.created_at", created }, { LABEL_GATE, gate },
	};
	const struct own may_say[] = {
		{ LABEL_USER, c->name }, { "ds01.managed", "true" },
		{ "ds01.container_type", type }, { LABEL_LEGACY, c->name },
		{ LABEL_PROTECTED, "false" }, { "ds01.monitoring", "false" },
	};
	enum reason r;

	if (labels == NULL || new_gate(c, gate) < 0 || now(created) < 0)
		return refuse(why, R_INTERNAL, "labels");
	r = check_client(c, labels, may_say,
	    sizeof(may_say) / sizeof(may_say[0]), why);
	if (r != R_NONE)
		return r;
	if (set_own(c, labels, set_now, sizeof(set_now) /
	    sizeof(set_now[0])) < 0)
		return refuse(why, R_INTERNAL, "out of memory");
	return override_image(c, labels, image_config, why);
}

enum reason
labels_made(const struct caller *c, const cJSON *labels, struct refusal *why)
{
	/* each create says them, and what it says goes before the image's */
	static const char *const said[] = { LABEL_USER, "ds01.managed",
	    "ds01.container_type", "ds01.created_at", LABEL_GATE,
	    LABEL_CONFINED, LABEL_IMAGE };
	const struct reserved *row;
	const cJSON *v;

	cJSON_ArrayForEach(v, labels) {
		bool ok = (row = reserved_row(v->string)) == NULL ||
		    (cJSON_IsString(v) && (strcmp(v->valuestring,
		    row->neutral) == 0 || (strcmp(v->string, LABEL_LEGACY) ==
		    0 && strcmp(v->valuestring, c->name) == 0)));

		for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
			ok |= strcmp(said[i], v->string) == 0;
		if (!ok)
			return refuse(why, R_RESERVED_LABEL, "%s of the image",
			    v->string);
	}
	return R_NONE;
}

enum reason
labels_simple(const struct caller *c, cJSON *parent, const char *confined,
    struct refusal *why)
{
	cJSON *labels = labels_of(parent);
	char gate[GATE_LEN];
	struct own own[3] = { { LABEL_USER, c->name } };
	size_t n = 1;
	enum reason r;

	if (labels == NULL || new_gate(c, gate) < 0)
		return refuse(why, R_INTERNAL, "labels");
	if (confined != NULL)
		own[n++] = (struct own){ LABEL_CONFINED, confined };
	r = check_client(c, labels, own, n, why);
	if (r != R_NONE)
		return r;
	own[n++] = (struct own){ LABEL_GATE, gate };
	return set_own(c, labels, own, n) == 0 ? R_NONE :
	    refuse(why, R_INTERNAL, "out of memory");
}

/* Dockerfile words in double quotes: ", \ and $ mean something in them. */
static int
quote_word(struct buf *out, const char *s)
{
	buf_puts(out, "\"");
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return -1;	/* a line of its own */
		if (strchr("\"\\$", *s) != NULL)
			buf_puts(out, "\\");
		buf_add(out, s, 1);
	}
	return buf_puts(out, "\"");
}

int
labels_changes(const struct caller *c, struct buf *out)
{
	buf_puts(out, "LABEL");
	for (size_t i = 0; i < N_RESERVED; i++) {
		const char *key = reserved[i].key;
		const char *value = reserved[i].neutral;

		if (strcmp(key, "aime.mlc*") == 0)
			key = LABEL_LEGACY;
		else if (is_prefix(key, strlen(key)))
			continue;
		if (strcmp(key, LABEL_USER) == 0)
			value = c->name;
		buf_printf(out, " %s=", key);
		if (quote_word(out, value) < 0)
			return -1;
	}
	return out->failed ? -1 : 0;
}

int
labels_image(const struct caller *c, cJSON *labels)
{
	for (size_t i = 0; i < N_RESERVED; i++) {
		const char *key = reserved[i].key;

		if (strcmp(key, "aime.mlc*") == 0)
			key = LABEL_LEGACY;
		else if (is_prefix(key, strlen(key)))
			continue;
		if (set(labels, key, strcmp(key, LABEL_USER) == 0 ? c->name :
		    reserved[i].neutral) < 0)
			return -1;
	}
	return 0;
}
