/*
 * judge_weight.c - how much room an object takes in everybody's lists.
 *
 * dockerd answers a list with all there is, and it is cut down to the
 * caller's here: so what one user puts into it costs all the others, and too
 * much of it would leave them without any list.
 */
#include <string.h>

#include "judge.h"

#define WEIGHT_MAX ((size_t)128 << 10)	/* bytes as dockerd writes them */
#define WEIGHT_SMALL ((size_t)16 << 10)	/* of a volume or network */

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

enum reason
weight_judge(struct policy_env *env, const cJSON *body, struct span image,
    struct refusal *why)
{
	static const char *const from_image[] = { "Labels", "Cmd",
	    "Entrypoint", "Volumes" };
	size_t max = image.ptr != NULL ? WEIGHT_MAX : WEIGHT_SMALL;
	size_t n = tree_weight(body);
	const cJSON *listed_not = tree_get(body, "Env");

	if (!judged(env))
		return R_NONE;
	if (listed_not != NULL)
		n -= tree_weight(listed_not);
	for (size_t i = 0; i < sizeof(from_image) / sizeof(*from_image); i++)
		n += json_get(image, from_image[i]).len;
	return n <= max ? R_NONE :
	    refuse(why, R_RESOURCE, "labels, command and mounts of more than "
	    "%zu KiB", max >> 10);
}
