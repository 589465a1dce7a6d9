/*
 * judge_ports.c - ports of the host that a container publishes.
 *
 * Each one is a process of root's beside dockerd, and taken for all others.
 */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

/* "8080" or "8000-8010"; "" and 0: the engine picks one. */
static bool
port_ok(const char *text, bool low)
{
	long first, last;
	char *end;

	if (*text == '\0')
		return true;
	if (strspn(text, "0123456789-") != strlen(text) || strlen(text) > 11)
		return false;
	first = last = strtol(text, &end, 10);
	if (*end == '-')
		last = strtol(end + 1, &end, 10);
	if (*end != '\0' || first < 0 || last < first || last > 65535)
		return false;
	return low || first >= 1024 || (first == 0 && last == 0);
}

enum reason
judge_ports(struct policy_env *env, const struct field *f, cJSON *parent,
    cJSON *value, struct refusal *why)
{
	const cJSON *port, *b;

	(void)f;
	(void)parent;
	cJSON_ArrayForEach(port, value) {
		cJSON_ArrayForEach(b, port) {
			const char *host = tree_string(b, "HostPort");

			if (!port_ok(host,
			    env->caller->policy->privileged_ports))
				return refuse(why, R_PORT, "%s for %s", host,
				    port->string);
		}
	}
	return R_NONE;
}

static int64_t
members(struct span object)
{
	struct json_iter it = json_iter(object);
	struct span key, value;
	int64_t n = 0;

	while (json_next(&it, &key, &value))
		n++;
	return n;
}

/* Every list names each exposed port, twice where it is published. */
#define EXPOSED_MAX 256

enum reason
ports_create(struct policy_env *env, const cJSON *body, const cJSON *host,
    struct span image, struct refusal *why)
{
	int64_t bound = env->caller->policy->published_ports, n = 0;
	const cJSON *port;
	int64_t exposed = cJSON_GetArraySize(tree_get(body, "ExposedPorts")) +
	    members(json_get(image, "ExposedPorts"));

	if (!judged(env))
		return R_NONE;
	if (exposed > EXPOSED_MAX)
		return refuse(why, R_PORT, "%lld exposed, more than %d",
		    (long long)exposed, EXPOSED_MAX);
	if (bound <= 0)
		return R_NONE;
	cJSON_ArrayForEach(port, tree_get(host, "PortBindings"))
		n += cJSON_GetArraySize(port);
	if (cJSON_IsTrue(tree_get(host, "PublishAllPorts")))
		n += exposed;
	return n <= bound ? R_NONE : refuse(why, R_PORT,
	    "%lld of them, more than %lld", (long long)n, (long long)bound);
}
