/*
 * config_value.c - the values behind the keys of docker.yaml.
 *
 * Guarantees that a value is stored only when it is wholly valid, and that
 * joining a group's policy to the default only ever adds.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define LIST_MAX 1024

/* NULL behind the last one. */
static const struct config_key *
key(size_t i)
{
	size_t n;
	const struct config_key *k = config_keys(&n);

	return i < n ? &k[i] : NULL;
}

static bool
is_policy(const struct config_key *k)
{
	return strncmp(k->path, "policy.", 7) == 0;
}

static void *
slot(void *base, const struct config_key *k)
{
	return (char *)base + k->at;
}

/* --- lists --------------------------------------------------------------- */

static void
strings_free(struct strings *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strings){ NULL, 0 };
}

static bool
strings_has(const struct strings *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

/* Adds what is not there yet. */
static bool
strings_add(struct strings *l, const char *const *v, size_t n)
{
	char **more;

	if (n == 0)
		return true;
	more = reallocarray(l->v, l->n + n, sizeof(*more));
	if (!more)
		return false;
	l->v = more;
	for (size_t i = 0; i < n; i++) {
		if (strings_has(l, v[i]))
			continue;
		if (!(l->v[l->n] = strdup(v[i])))
			return false;
		l->n++;
	}
	return true;
}

static bool
strings_join(struct strings *l, const struct strings *from)
{
	return strings_add(l, (const char *const *)from->v, from->n);
}

/* --- storing ------------------------------------------------------------- */

/* Digits, at most one point with nine digits behind it, times unit: in whole
 * units, rounded down.  -1: not of that form, or too large. */
static int64_t
scaled(const char *s, int64_t unit)
{
	int64_t whole = 0, part = 0, by = 1;
	bool digits = false;

	for (; isdigit((unsigned char)*s); s++, digits = true)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, *s - '0', &whole))
			return -1;
	if (__builtin_mul_overflow(whole, unit, &whole))
		return -1;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s) && by < 1000000000; s++) {
			by *= 10;
			part = part * 10 + (*s - '0');
			digits = true;
		}
	/* In two steps: unit * part may not fit. */
	part = unit / by * part + unit % by * part / by;
	if (*s || !digits || __builtin_add_overflow(whole, part, &whole))
		return -1;
	return whole;
}

/* 512m, 64g, 64GiB, 1.5t: powers of 1024, as Docker's own sizes are. */
static int64_t
size_value(const char *s)
{
	static const char units[] = "kmgtp";
	char number[32];
	size_t len = strspn(s, "0123456789.");
	const char *unit = s + len, *at;
	int64_t by = 1;

	if (len == 0 || len >= sizeof(number))
		return -1;
	memcpy(number, s, len);
	number[len] = '\0';
	if (*unit && (at = strchr(units, tolower((unsigned char)*unit)))) {
		by = (int64_t)1 << (10 * (at - units + 1));
		unit++;
		if (*unit == 'i')
			unit++;
	}
	if (*unit == 'b' || *unit == 'B')
		unit++;
	return *unit ? -1 : scaled(number, by);
}

/* The number a scalar means for this key, or -1. */
static int64_t
number_value(const struct config_key *k, const char *s)
{
	int64_t n;

	if (k->kind != CONFIG_LONG && strcmp(s, "none") == 0)
		return 0;
	if (k->kind == CONFIG_SIZE)
		n = size_value(s);
	else if (strlen(s) > 20)
		return -1;
	else if (k->kind == CONFIG_CPUS)
		n = scaled(s, 1000000000);
	else
		n = strchr(s, '.') ? -1 : scaled(s, 1);
	return n < k->min || n > k->max ? -1 : n;
}

static int
word_value(const struct config_key *k, const char *s)
{
	static const struct { const char *word; int value; } others[] = {
		{ "false", 0 }, { "true", 1 }, { "off", 0 }, { "on", 1 }
	};

	for (int i = 0; k->words[i]; i++)
		if (strcmp(k->words[i], s) == 0)
			return i;
	if (strcmp(k->words[1], "yes") == 0)
		for (size_t i = 0; i < 4; i++)
			if (strcmp(others[i].word, s) == 0)
				return others[i].value;
	return -1;
}

static bool
set_list(struct strings *to, const struct config_key *k,
    const char *const *v, size_t n, char *err, size_t cap)
{
	struct strings l = { NULL, 0 };

	if (n > LIST_MAX) {
		(void)snprintf(err, cap, "%s has more than %d items", k->path,
		    LIST_MAX);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const char *why = k->item(v[i]);

		if (why) {
			(void)snprintf(err, cap, "%s: \"%.80s\" %s", k->path,
			    v[i], why);
			return false;
		}
	}
	if (!strings_add(&l, v, n)) {
		strings_free(&l);
		(void)snprintf(err, cap, "out of memory");
		return false;
	}
	strings_free(to);
	*to = l;
	return true;
}

static bool
bad_value(const struct config_key *k, const char *v, char *err, size_t cap)
{
	(void)snprintf(err, cap, "%s: \"%.80s\" is not %s%s", k->path, v,
	    strchr(k->type, '|') ? "one of " : "a valid ", k->type);
	return false;
}

static bool
set_gpus(struct policy *p, const struct config_key *k,
    const char *const *v, size_t n, bool list, char *err, size_t cap)
{
	int64_t count;

	if (list) {
		if (!set_list(&p->gpu_list, k, v, n, err, cap))
			return false;
		p->gpus = n ? GPUS_LIST : GPUS_NONE;
		p->gpu_count = 0;
		return true;
	}
	count = number_value(k, v[0]);
	if (count < 0 && strcmp(v[0], "all") != 0)
		return bad_value(k, v[0], err, cap);
	strings_free(&p->gpu_list);
	p->gpus = count < 0 ? GPUS_ALL : count ? GPUS_COUNT : GPUS_NONE;
	p->gpu_count = count < 0 ? 0 : count;
	return true;
}

static bool
set_path(char **to, const struct config_key *k, const char *v, char *err,
    size_t cap)
{
	const char *why = !*v && k->min == 0 ? NULL : k->item(v);
	char *copy;

	if (why) {
		(void)snprintf(err, cap, "%s: \"%.80s\" %s", k->path, v, why);
		return false;
	}
	if (!(copy = strdup(v))) {
		(void)snprintf(err, cap, "out of memory");
		return false;
	}
	free(*to);
	*to = copy;
	return true;
}

static bool
set_scalar(void *to, const struct config_key *k, const char *v, char *err,
    size_t cap)
{
	int64_t n;
	int word;

	if (k->kind == CONFIG_PATH)
		return set_path(to, k, v, err, cap);
	if (k->kind == CONFIG_WORD || k->kind == CONFIG_FLAG) {
		if ((word = word_value(k, v)) < 0)
			return bad_value(k, v, err, cap);
		if (k->kind == CONFIG_FLAG)
			*(bool *)to = word == 1;
		else
			*(unsigned *)to = (unsigned)word;
		return true;
	}
	if ((n = number_value(k, v)) < 0)
		return bad_value(k, v, err, cap);
	if (k->kind == CONFIG_LONG)
		*(long *)to = (long)n;
	else
		*(int64_t *)to = n;
	return true;
}

bool
config_set(void *base, const struct config_key *k, const char *const *v,
    size_t n, bool list, char *err, size_t cap)
{
	if (k->kind == CONFIG_GPUS)
		return set_gpus(base, k, v, n, list, err, cap);
	if (list != (k->kind == CONFIG_LIST)) {
		(void)snprintf(err, cap, list ? "%s takes one value, not a "
		    "list" : "%s takes a list: [a, b]", k->path);
		return false;
	}
	if (list)
		return set_list(slot(base, k), k, v, n, err, cap);
	return set_scalar(slot(base, k), k, v[0], err, cap);
}

/* --- defaults, life and death --------------------------------------------- */

static bool
is_limit(const struct config_key *k)
{
	return k->kind == CONFIG_SIZE || k->kind == CONFIG_CPUS ||
	    k->kind == CONFIG_COUNT;
}

/* dflt is a scalar, or "[]", or "[one]": the table has no longer list. */
static bool
set_default(void *base, const struct config_key *k)
{
	char item[64], err[128];
	const char *v = item;
	size_t len = strlen(k->dflt);

	if (k->dflt[0] != '[') {
		v = k->dflt;
		return config_set(base, k, &v, 1, false, err, sizeof(err));
	}
	if (len - 2 >= sizeof(item))
		return false;
	memcpy(item, k->dflt + 1, len - 2);
	item[len - 2] = '\0';
	return config_set(base, k, &v, len > 2, true, err, sizeof(err));
}

struct policy *
config_add_policy(struct config *c, const char *group)
{
	struct policy *more, *p;

	more = reallocarray(c->policies, c->n_policies + 1, sizeof(*more));
	if (!more)
		return NULL;
	c->policies = more;
	p = &more[c->n_policies];
	memset(p, 0, sizeof(*p));
	if (!(p->group = strdup(group)))
		return NULL;
	c->n_policies++;
	for (size_t i = 0; key(i); i++)
		if (is_limit(key(i)))
			*(int64_t *)slot(p, key(i)) = CONFIG_UNSET;
	return p;
}

struct config *
config_default(void)
{
	struct config *c = calloc(1, sizeof(*c));
	struct policy *p;

	if (!c || !(p = config_add_policy(c, "default")))
		goto fail;
	for (size_t i = 0; key(i); i++)
		if (!set_default(is_policy(key(i)) ? (void *)p : c, key(i)))
			goto fail;
	return c;
fail:
	config_free(c);
	return NULL;
}

static void
clear(void *base, bool policy)
{
	for (size_t i = 0; key(i); i++) {
		if (is_policy(key(i)) != policy)
			continue;
		if (key(i)->kind == CONFIG_LIST)
			strings_free(slot(base, key(i)));
		else if (key(i)->kind == CONFIG_PATH)
			free(*(char **)slot(base, key(i)));
	}
}

static void
policy_clear(struct policy *p)
{
	clear(p, true);
	strings_free(&p->gpu_list);
	free(p->group);
}

void
config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_policies; i++)
		policy_clear(&c->policies[i]);
	free(c->policies);
	clear(c, false);
	free(c);
}

void
policy_free(struct policy *p)
{
	if (!p)
		return;
	policy_clear(p);
	free(p);
}

/* --- joining ------------------------------------------------------------- */

/* How much a choice of GPUs gives, to find the larger of two that cannot be
 * joined. */
static int64_t
gpu_weight(const struct policy *p)
{
	switch (p->gpus) {
	case GPUS_ALL:
		return INT64_MAX;
	case GPUS_LIST:
		return (int64_t)p->gpu_list.n;
	case GPUS_COUNT:
		return p->gpu_count;
	case GPUS_NONE:
	default:
		return 0;
	}
}

static bool
join_gpus(struct policy *p, const struct policy *g)
{
	if (p->gpus == GPUS_LIST && g->gpus == GPUS_LIST)
		return strings_join(&p->gpu_list, &g->gpu_list);
	if (gpu_weight(g) <= gpu_weight(p))
		return true;
	strings_free(&p->gpu_list);
	p->gpus = g->gpus;
	p->gpu_count = g->gpu_count;
	return strings_join(&p->gpu_list, &g->gpu_list);
}

static void
join_limit(int64_t *p, int64_t g)
{
	if (g == CONFIG_UNSET)
		return;
	if (*p == CONFIG_UNSET || g == 0 || (*p != 0 && g > *p))
		*p = g;
}

/* The later a word stands in its list, the more it allows. */
static void
join_word(unsigned *p, unsigned g)
{
	if (g > *p)
		*p = g;
}

/* An empty list of registries means any: nothing can be added to that. */
static bool
join_list(struct strings *p, const struct strings *g, bool any_if_empty,
    bool first)
{
	if (any_if_empty && p->n == 0 && !first)
		return true;
	if (!strings_join(p, g))
		return false;
	if (any_if_empty && strings_has(p, "*"))
		strings_free(p);
	return true;
}

static bool
join(struct policy *p, struct policy *g, bool first)
{
	for (size_t i = 0; key(i); i++) {
		const struct config_key *k = key(i);
		bool ok = true;

		if (!is_policy(k))
			continue;
		if (k->kind == CONFIG_LIST)
			ok = join_list(slot(p, k), slot(g, k),
			    k->at == offsetof(struct policy, registries),
			    first);
		else if (k->kind == CONFIG_FLAG)
			*(bool *)slot(p, k) |= *(bool *)slot(g, k);
		else if (k->kind == CONFIG_WORD)
			join_word(slot(p, k), *(unsigned *)slot(g, k));
		else if (k->kind == CONFIG_GPUS)
			ok = join_gpus(p, g);
		else
			join_limit(slot(p, k), *(int64_t *)slot(g, k));
		if (!ok)
			return false;
	}
	return true;
}

struct policy *
config_policy(const struct config *c,
    bool (*in_group)(const char *group, void *arg), void *arg)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (!p || !(p->group = strdup("default")))
		goto fail;
	for (size_t i = 0; key(i); i++)
		if (is_limit(key(i)))
			*(int64_t *)slot(p, key(i)) = CONFIG_UNSET;
	for (size_t i = 0; i < c->n_policies; i++)
		if (i == 0 || in_group(c->policies[i].group, arg))
			if (!join(p, &c->policies[i], i == 0))
				goto fail;
	return p;
fail:
	policy_free(p);
	return NULL;
}
