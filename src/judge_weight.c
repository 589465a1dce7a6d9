/*
 * judge_weight.c - how much room an object takes in dockerd and in lists.
 *
 * dockerd answers a list with all there is, and it is cut down to the
 * caller's here: so what one user puts into it costs all the others, and too
 * much of it would leave them without any list.  Some of it dockerd keeps in
 * its memory besides, for each command in a container and each network that
 * one is on.
 */
#include <string.h>

#include "judge.h"

#define K ((size_t)1 << 10)
/* Bytes, as dockerd writes them. */
static const struct { size_t max; const char *what; } weights[] = {
	[WEIGHT_LISTED] = { 128 * K, "labels, command and mounts" },
	[WEIGHT_SMALL] = { 16 * K, "labels and options" },
	[WEIGHT_EXEC] = { 64 * K, "command and variables" },
	[WEIGHT_ENV] = { 256 * K, "variables" },
};

/* As encoding/json writes a string (HTML escaping is on in dockerd). */
static size_t
string_weight(const char *s)
{
	size_t n = 2;

	for (; *s != '\0'; s++) {
		if (strchr("<>&", *s) != NULL || (unsigned char)*s < 0x20)
			n += 6;
		else if (strncmp(s, "\xe2\x80\xa8", 3) == 0 ||
		    strncmp(s, "\xe2\x80\xa9", 3) == 0)
			n += 4;		/* six, two of them further on */
		else
			n += *s == '"' || *s == '\\' ? 2 : 1;
	}
	return n;
}

static size_t
tree_weight(const cJSON *v)
{
	const cJSON *child;
	size_t n = 24;		/* a number, and what stands around a value */

	if (cJSON_IsString(v))
		n += string_weight(v->valuestring);
	cJSON_ArrayForEach(child, v)
		n += tree_weight(child) +
		    (child->string != NULL ? string_weight(child->string) : 0);
	return n;
}

static enum reason
within(size_t n, enum weight w, struct refusal *why)
{
	return n <= weights[w].max ? R_NONE :
	    refuse(why, R_RESOURCE, "%s of more than %zu KiB",
	    weights[w].what, weights[w].max / K);
}

enum reason
weight_judge(struct policy_env *env, const cJSON *body, enum weight w,
    struct refusal *why)
{
	return judged(env) ? within(tree_weight(body), w, why) : R_NONE;
}

enum reason
weight_listed(struct policy_env *env, const cJSON *body, struct span image,
    struct refusal *why)
{
	static const char *const from_image[] = { "Labels", "Cmd",
	    "Entrypoint", "Volumes" };
	const cJSON *variables = tree_get(body, "Env");
	size_t unlisted = variables == NULL ? 0 : tree_weight(variables);
	size_t n = tree_weight(body) - unlisted;
	enum reason r;

	if (!judged(env))
		return R_NONE;
	for (size_t i = 0; i < sizeof(from_image) / sizeof(*from_image); i++)
		n += json_get(image, from_image[i]).len;
	r = within(n, WEIGHT_LISTED, why);
	return r != R_NONE ? r : within(unlisted, WEIGHT_ENV, why);
}
