/*
 * config_print.c - docker.yaml as it is in effect.
 *
 * Guarantees that config_parse() of what is written here gives the same
 * configuration again.
 */
#include <inttypes.h>
#include <string.h>

#include "config.h"

static bool
is_policy(const struct config_key *k)
{
	return strncmp(k->path, "policy.", 7) == 0;
}

/* Always quoted: "no", "~", "1e3" and "a: b" are strings here. */
static void
print_string(FILE *out, const char *prefix, const char *s)
{
	(void)fprintf(out, "\"%s", prefix);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			(void)putc('\\', out);
		(void)putc(*s, out);
	}
	(void)putc('"', out);
}

static void
print_list(FILE *out, const struct strings *l)
{
	(void)putc('[', out);
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			(void)fputs(", ", out);
		print_string(out, "", l->v[i]);
	}
	(void)putc(']', out);
}

static void
print_limit(FILE *out, const struct config_key *k, int64_t n)
{
	static const char units[] = "kmgt";
	int u = -1;

	if (n == 0) {
		(void)fputs("none", out);
		return;
	}
	if (k->kind == CONFIG_CPUS) {
		(void)fprintf(out, "%" PRId64 ".%09" PRId64,
		    n / 1000000000, n % 1000000000);
		return;
	}
	while (k->kind == CONFIG_SIZE && u < 3 && n % 1024 == 0) {
		n /= 1024;
		u++;
	}
	(void)fprintf(out, "%" PRId64, n);
	if (u >= 0)
		(void)putc(units[u], out);
}

static void
print_gpus(FILE *out, const struct policy *p)
{
	if (p->gpus == GPUS_LIST)
		print_list(out, &p->gpu_list);
	else if (p->gpus == GPUS_COUNT)
		(void)fprintf(out, "%" PRId64, p->gpu_count);
	else
		(void)fputs(p->gpus == GPUS_ALL ? "all" : "none", out);
}

static void
print_value(FILE *out, void *base, const struct config_key *k)
{
	void *at = (char *)base + k->at;

	switch (k->kind) {
	case CONFIG_PATH:
		print_string(out, "", *(char **)at);
		break;
	case CONFIG_WORD:
		(void)fputs(k->words[*(unsigned *)at], out);
		break;
	case CONFIG_FLAG:
		(void)fputs(k->words[*(bool *)at], out);
		break;
	case CONFIG_LONG:
		(void)fprintf(out, "%ld", *(long *)at);
		break;
	case CONFIG_LIST:
		print_list(out, at);
		break;
	case CONFIG_GPUS:
		print_gpus(out, base);
		break;
	case CONFIG_COUNT:
	case CONFIG_SIZE:
	case CONFIG_CPUS:
		print_limit(out, k, *(int64_t *)at);
		break;
	}
}

/* A group's policy says only what it adds. */
static bool
adds_nothing(struct policy *p, const struct config_key *k)
{
	void *at = (char *)p + k->at;

	if (k->kind == CONFIG_SIZE || k->kind == CONFIG_CPUS ||
	    k->kind == CONFIG_COUNT)
		return *(int64_t *)at == CONFIG_UNSET;
	if (k->kind == CONFIG_LIST)
		return ((struct strings *)at)->n == 0;
	if (k->kind == CONFIG_GPUS)
		return p->gpus == GPUS_NONE;
	if (k->kind == CONFIG_WORD)
		return *(unsigned *)at == 0;
	return !*(bool *)at;
}

static void
print_policy(FILE *out, struct policy *p, bool is_default)
{
	size_t n;
	const struct config_key *k = config_keys(&n), *end = k + n;
	bool any = false;

	(void)fputs(is_default ? "  default:" : "  ", out);
	if (!is_default) {
		print_string(out, "@", p->group);
		(void)putc(':', out);
	}
	for (; k < end; k++) {
		if (!is_policy(k) || (!is_default && adds_nothing(p, k)))
			continue;
		(void)fprintf(out, "\n    %s: ", k->path + strlen("policy.*."));
		print_value(out, p, k);
		any = true;
	}
	(void)fputs(any ? "\n" : " {}\n", out);
}

void
config_print(const struct config *c, FILE *out)
{
	struct config copy = *c;	/* print_value() wants it writable */
	size_t n, section_len = 0;
	const struct config_key *k = config_keys(&n), *end = k + n;
	const char *section = "";

	for (; k < end; k++) {
		const char *dot = strchr(k->path, '.');
		size_t len = dot ? (size_t)(dot - k->path) : 0;

		if (is_policy(k))
			continue;
		if (dot && (len != section_len ||
		    strncmp(k->path, section, len) != 0))
			(void)fprintf(out, "%.*s:\n", (int)len, k->path);
		section = k->path;
		section_len = len;
		(void)fprintf(out, "%s%s: ", dot ? "  " : "",
		    dot ? dot + 1 : k->path);
		print_value(out, &copy, k);
		(void)putc('\n', out);
	}
	(void)fputs("policy:\n", out);
	for (size_t i = 0; i < c->n_policies; i++)
		print_policy(out, &c->policies[i], i == 0);
}
