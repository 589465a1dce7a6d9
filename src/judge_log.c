/*
 * judge_log.c - where a container's log goes, and how much of it stays.
 *
 * Guarantees that no option makes dockerd itself work without bound: it
 * rotates, buffers and writes logs in its own process, which is everybody's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "judge.h"

#define LOG_FILES_MAX 10
#define LOG_OPTION_MAX 256	/* bytes of one value */

static const char *const log_types[] = { "", "json-file", "local", "none" };

static bool
among(const char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], s) == 0)
			return true;
	return false;
}

/* "10m", as docker/go-units reads it (powers of 1024).  -1: no size. */
static int64_t
size_of(const char *text)
{
	static const char units[] = "bkmgtp";
	char *end;
	long long n;
	int64_t v;
	const char *unit;

	if (*text < '0' || *text > '9')
		return -1;
	n = strtoll(text, &end, 10);
	v = n;
	if (*end == '\0')
		return v;
	unit = strchr(units, *end | 0x20);
	if (unit == NULL || (end[1] != '\0' && strcasecmp(end + 1, "b") != 0))
		return -1;
	for (const char *u = units; u < unit; u++)
		if (__builtin_mul_overflow(v, 1024, &v))
			return -1;
	return v;
}

/* A number of digits only: Go's and C's idea of others differ. */
static int64_t
count_of(const char *text)
{
	return *text != '\0' && strlen(text) < 10 &&
	    strspn(text, "0123456789") == strlen(text) ? atol(text) : -1;
}

/* dockerd expands it as a Go template inside of itself, where {{pad .ID
 * 99999999999 1}} is its end. */
static bool
tag_ok(const char *text)
{
	static const char *const words[] = { "{{.ID}}", "{{.FullID}}",
	    "{{.Name}}", "{{.FullName}}", "{{.ImageID}}", "{{.ImageFullID}}",
	    "{{.ImageName}}", "{{.DaemonName}}" };

	for (const char *p = text; (p = strstr(p, "{{")) != NULL;) {
		size_t n = 0;

		for (size_t i = 0; n == 0 &&
		    i < sizeof(words) / sizeof(*words); i++)
			if (strncmp(p, words[i], strlen(words[i])) == 0)
				n = strlen(words[i]);
		if (n == 0)
			return false;
		p += n;
	}
	return true;
}

/* Rotation and buffers are dockerd's own work, in no user's cgroup. */
static const struct log_option {
	const char *name;
	enum { LOG_SIZE, LOG_COUNT, LOG_WORD, LOG_TEXT, LOG_TAG } kind;
	bool open;		/* "-1" is a value: no bound */
	int64_t min, max;
	const char *words[2];
} log_options[] = {
	{ "max-size", LOG_SIZE, true, 16 << 10, INT64_MAX, { NULL } },
	{ "max-file", LOG_COUNT, false, 1, LOG_FILES_MAX, { NULL } },
	{ "max-buffer-size", LOG_SIZE, false, 1, 16 << 20, { NULL } },
	{ "compress", LOG_WORD, false, 0, 0, { "true", "false" } },
	{ "mode", LOG_WORD, false, 0, 0, { "blocking", "non-blocking" } },
	{ "labels", LOG_TEXT, false, 0, 0, { NULL } },
	{ "labels-regex", LOG_TEXT, false, 0, 0, { NULL } },
	{ "env", LOG_TEXT, false, 0, 0, { NULL } },
	{ "env-regex", LOG_TEXT, false, 0, 0, { NULL } },
	{ "tag", LOG_TAG, false, 0, 0, { NULL } },
};

static bool
log_value_ok(const struct log_option *o, const char *v)
{
	int64_t n;

	switch (o->kind) {
	case LOG_SIZE:
		if (o->open && strcmp(v, "-1") == 0)
			return true;
		n = size_of(v);
		return n >= o->min && n <= o->max;
	case LOG_COUNT:
		n = count_of(v);
		return n >= o->min && n <= o->max;
	case LOG_WORD:
		return among(o->words, 2, v);
	case LOG_TAG:
		return tag_ok(v);
	case LOG_TEXT:
		break;
	}
	return true;
}

static enum reason
judge_log_option(const cJSON *v, struct refusal *why)
{
	const size_t n = sizeof(log_options) / sizeof(*log_options);

	for (size_t i = 0; i < n; i++)
		if (strcmp(log_options[i].name, v->string) == 0 &&
		    cJSON_IsString(v) &&
		    strlen(v->valuestring) <= LOG_OPTION_MAX &&
		    log_value_ok(&log_options[i], v->valuestring))
			return R_NONE;
	return refuse(why, R_LOG_DRIVER, "%.64s=%.128s", v->string,
	    cJSON_IsString(v) ? v->valuestring : "");
}

/* A bound on the log makes json-file explicit: other drivers have no size. */
static enum reason
bound_log(struct policy_env *env, cJSON *value, struct refusal *why)
{
	int64_t bound = env->caller->policy->log_size, size;
	const char *type = tree_string(value, "Type");
	cJSON *config;
	char text[24];

	if (bound <= 0 || strcmp(type, "none") == 0)
		return R_NONE;
	if (*type == '\0' && tree_set_string(value, "Type", "json-file") < 0)
		return judge_oom(why);
	config = tree_object(value, "Config");
	if (config == NULL)
		return judge_oom(why);
	size = size_of(tree_string(config, "max-size"));
	if (size > bound)
		return refuse(why, R_LOG_DRIVER, "max-size is above the "
		    "bound of %lld", (long long)bound);
	if (size > 0)
		return R_NONE;
	snprintf(text, sizeof(text), "%lld", (long long)bound);
	return tree_set_string(config, "max-size", text) == 0 ? R_NONE :
	    judge_oom(why);
}

enum reason
judge_log(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	const char *type = tree_string(value, "Type");
	const cJSON *v;

	(void)f;
	(void)parent;
	if (!judged(env))
		return R_NONE;
	/* What exists may have the engine's default, without options. */
	if (env->dry && judge_void(tree_get(value, "Config")) &&
	    (strcmp(type, "journald") == 0 || strcmp(type, "syslog") == 0))
		return R_NONE;
	if (!among(log_types, sizeof(log_types) / sizeof(*log_types), type))
		return refuse(why, R_LOG_DRIVER, "%s", type);
	cJSON_ArrayForEach(v, tree_get(value, "Config"))
		if (judge_log_option(v, why) != R_NONE)
			return why->why;
	return env->dry ? R_NONE : bound_log(env, value, why);
}
