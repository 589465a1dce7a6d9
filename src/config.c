/*
 * config.c - reads /etc/ds01/docker.yaml.
 *
 * Guarantees the gate that it gets either a wholly understood configuration
 * or an error with file and line, never a part of one; and that the file was
 * root's alone to write when it was read.
 *
 * libyaml's event parser is used directly and not libcyaml: an error has to
 * name the line, a repeated key and an anchor have to be errors (libcyaml
 * lets both pass), and "~", "no" and "64g" have to arrive as they are
 * written.  Schema and struct meet in the table of config_keys.c instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "config.h"
#include "span.h"

#define FILE_MAX_BYTES ((size_t)256 << 10)
#define ITEMS_MAX 1024		/* of one list */
#define GROUPS_MAX 256
#define GROUP_NAME_MAX 255
#define KEYS_MAX 64		/* rows of the table: bits of a set */

struct reader {
	yaml_parser_t yaml;
	yaml_event_t ev;	/* the current one */
	bool have;
	struct config *cfg;
	const char *name;
	char *err;
	size_t err_cap;
	bool failed;
};

/* Text of the first error stays.  Always false. */
static bool __attribute__((format(printf, 3, 4)))
fail(struct reader *r, size_t line, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (r->failed)
		return false;
	r->failed = true;
	n = snprintf(r->err, r->err_cap, "%s:%zu: ", r->name, line);
	if (n < 0 || (size_t)n >= r->err_cap)
		return false;
	va_start(ap, fmt);
	(void)vsnprintf(r->err + n, r->err_cap - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

static size_t
line_of(const struct reader *r)
{
	return r->ev.start_mark.line + 1;
}

/* What YAML can do and a configuration has no use for. */
static bool
check_event(struct reader *r)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (r->ev.type) {
	case YAML_ALIAS_EVENT:
		return fail(r, line_of(r), "aliases (*) are not supported");
	case YAML_SCALAR_EVENT:
		anchor = r->ev.data.scalar.anchor;
		tag = r->ev.data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = r->ev.data.sequence_start.anchor;
		tag = r->ev.data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = r->ev.data.mapping_start.anchor;
		tag = r->ev.data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor)
		return fail(r, line_of(r), "anchors (&) are not supported");
	if (tag)
		return fail(r, line_of(r), "tags (!) are not supported");
	return true;
}

static bool
next(struct reader *r)
{
	if (r->have)
		yaml_event_delete(&r->ev);
	r->have = false;
	if (!yaml_parser_parse(&r->yaml, &r->ev)) {
		/* The reader's errors have an offset only. */
		return fail(r, r->yaml.problem_mark.line + 1, "%s",
		    r->yaml.problem ? r->yaml.problem : "cannot be read");
	}
	r->have = true;
	return check_event(r);
}

/* The current scalar as a C string; NULL: it is not one. */
static const char *
scalar(struct reader *r)
{
	const char *s = (const char *)r->ev.data.scalar.value;
	size_t len = r->ev.data.scalar.length;

	if (r->ev.type != YAML_SCALAR_EVENT) {
		(void)fail(r, line_of(r), "expected a single value");
		return NULL;
	}
	if (!span_plain((struct span){ s, len })) {
		(void)fail(r, line_of(r), "control characters are not allowed");
		return NULL;
	}
	return s;
}

/* --- keys ---------------------------------------------------------------- */

static size_t
min3(size_t a, size_t b, size_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* Edit distance of two short words; large for long ones. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[33], la = strlen(a), lb = strlen(b);

	if (la > 32 || lb > 32)
		return 99;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j];

			row[j] = min3(row[j] + 1, row[j - 1] + 1,
			    diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[lb];
}

/* Is this row the prefix's, and which word names it there?  "engine" and
 * "policy" themselves are words of the prefix "". */
static bool
word_at(const struct config_key *k, const char *prefix, char *word,
    size_t cap)
{
	size_t len = strlen(prefix);

	if (strncmp(k->path, prefix, len) != 0)
		return false;
	(void)snprintf(word, cap, "%.*s", (int)strcspn(k->path + len, "."),
	    k->path + len);
	return true;
}

/* Row whose path is prefix and word; a section's first row for its name
 * (*section is set).  NULL after fail(). */
static const struct config_key *
find_key(struct reader *r, const char *prefix, const char *word,
    bool *section)
{
	char here[64], best[64] = "";
	size_t n, least = 3;
	const struct config_key *k = config_keys(&n);

	*section = false;
	for (size_t i = 0; i < n; i++) {
		size_t d;

		if (!word_at(&k[i], prefix, here, sizeof(here)))
			continue;
		if (strcmp(here, word) == 0) {
			*section = k[i].path[strlen(prefix) + strlen(here)]
			    == '.';
			return &k[i];
		}
		if ((d = distance(here, word)) < least) {
			least = d;
			memcpy(best, here, sizeof(best));
		}
	}
	(void)fail(r, line_of(r), "unknown key \"%.60s\"%s%s%s", word,
	    best[0] ? ", did you mean \"" : "", best, best[0] ? "\"?" : "");
	return NULL;
}

/* Reads the next key of a mapping and its row.  1; 0 at the end; -1 after
 * fail().  seen holds a bit for each row met before. */
static int
next_key(struct reader *r, const char *prefix, uint64_t *seen,
    const struct config_key **k, bool *section)
{
	const char *word;
	size_t n;
	uint64_t bit;

	if (!next(r))
		return -1;
	if (r->ev.type == YAML_MAPPING_END_EVENT)
		return 0;
	if (!(word = scalar(r)) ||
	    !(*k = find_key(r, prefix, word, section)))
		return -1;
	bit = (uint64_t)1 << (*k - config_keys(&n));
	if (*seen & bit) {
		(void)fail(r, line_of(r), "\"%s\" stands here twice", word);
		return -1;
	}
	*seen |= bit;
	return 1;
}

/* --- values -------------------------------------------------------------- */

static bool
store(struct reader *r, size_t line, void *base, const struct config_key *k,
    char *const *v, size_t n, bool list)
{
	char why[256];

	if (config_set(base, k, (const char *const *)v, n, list, why,
	    sizeof(why)))
		return true;
	return fail(r, line, "%s", why);
}

static bool
read_list(struct reader *r, void *base, const struct config_key *k)
{
	size_t n = 0, line = line_of(r);
	char **v = calloc(ITEMS_MAX, sizeof(*v));
	bool ok = false;

	if (!v)
		return fail(r, line, "out of memory");
	for (;;) {
		const char *s, *why;

		if (!next(r))
			break;
		if (r->ev.type == YAML_SEQUENCE_END_EVENT) {
			ok = store(r, line, base, k, v, n, true);
			break;
		}
		if (!(s = scalar(r)))
			break;
		/* Here, where the line of the one item is known. */
		if (k->item && (why = k->item(s))) {
			(void)fail(r, line_of(r), "%s: \"%.80s\" %s", k->path,
			    s, why);
			break;
		}
		if (n == ITEMS_MAX || !(v[n] = strdup(s))) {
			(void)fail(r, line_of(r), n == ITEMS_MAX ?
			    "the list is too long" : "out of memory");
			break;
		}
		n++;
	}
	for (size_t i = 0; i < n; i++)
		free(v[i]);
	free(v);
	return ok;
}

static bool
read_value(struct reader *r, void *base, const struct config_key *k)
{
	const char *s;
	char *one;
	bool ok;

	if (!next(r))
		return false;
	if (r->ev.type == YAML_SEQUENCE_START_EVENT)
		return read_list(r, base, k);
	if (!(s = scalar(r)))
		return false;
	if (!*s && r->ev.data.scalar.plain_implicit)
		return fail(r, line_of(r), "%s has no value", k->path);
	if (!(one = strdup(s)))
		return fail(r, line_of(r), "out of memory");
	ok = store(r, line_of(r), base, k, &one, 1, false);
	free(one);
	return ok;
}

/* A mapping of known keys with plain values. */
static bool
read_keys(struct reader *r, void *base, const char *prefix)
{
	const struct config_key *k;
	uint64_t seen = 0;
	bool section;
	int rc;

	while ((rc = next_key(r, prefix, &seen, &k, &section)) == 1)
		if (!read_value(r, base, k))
			return false;
	return rc == 0;
}

static bool
enter_mapping(struct reader *r, const char *what)
{
	if (!next(r))
		return false;
	if (r->ev.type == YAML_MAPPING_START_EVENT)
		return true;
	return fail(r, line_of(r), "%s: expected keys and values", what);
}

/* The policy that a key under "policy:" names: "default", or "@group". */
static struct policy *
named_policy(struct reader *r, const char *s, bool *seen_default)
{
	struct policy *p = NULL;
	size_t n = r->cfg->n_policies;

	if (strcmp(s, "default") == 0) {
		if (*seen_default)
			(void)fail(r, line_of(r), "\"default\" stands here "
			    "twice");
		else
			p = &r->cfg->policies[0];
		*seen_default = true;
		return p;
	}
	if (*s != '@' || !s[1] || strlen(s + 1) > GROUP_NAME_MAX ||
	    strpbrk(s, ":,/")) {
		(void)fail(r, line_of(r), "\"%.60s\": expected default or "
		    "\"@group\"", s);
		return NULL;
	}
	for (size_t i = 1; i < n; i++)
		if (strcmp(r->cfg->policies[i].group, s + 1) == 0) {
			(void)fail(r, line_of(r), "\"%.60s\" stands here "
			    "twice", s);
			return NULL;
		}
	if (n > GROUPS_MAX)
		(void)fail(r, line_of(r), "more than %d groups", GROUPS_MAX);
	else if (!(p = config_add_policy(r->cfg, s + 1)))
		(void)fail(r, line_of(r), "out of memory");
	return p;
}

static bool
read_policies(struct reader *r)
{
	bool seen_default = false;
	struct policy *p;
	const char *s;

	if (!enter_mapping(r, "policy"))
		return false;
	for (;;) {
		if (!next(r))
			return false;
		if (r->ev.type == YAML_MAPPING_END_EVENT)
			return true;
		if (!(s = scalar(r)) ||
		    !(p = named_policy(r, s, &seen_default)) ||
		    !enter_mapping(r, "policy") ||
		    !read_keys(r, p, "policy.*."))
			return false;
	}
}

static bool
read_section(struct reader *r, const struct config_key *k)
{
	char name[32], prefix[33];

	(void)snprintf(name, sizeof(name), "%.*s",
	    (int)strcspn(k->path, "."), k->path);
	(void)snprintf(prefix, sizeof(prefix), "%s.", name);
	if (strcmp(name, "policy") == 0)
		return read_policies(r);
	return enter_mapping(r, name) && read_keys(r, r->cfg, prefix);
}

static bool
read_root(struct reader *r)
{
	const struct config_key *k;
	uint64_t seen = 0;
	bool section;
	int rc;

	while ((rc = next_key(r, "", &seen, &k, &section)) == 1)
		if (!(section ? read_section(r, k) :
		    read_value(r, r->cfg, k)))
			return false;
	return rc == 0;
}

/* One document or none; its root is a mapping, or nothing at all. */
static bool
read_stream(struct reader *r)
{
	if (!next(r) || !next(r))	/* stream start */
		return false;
	if (r->ev.type == YAML_STREAM_END_EVENT)
		return true;
	if (!next(r))			/* document start */
		return false;
	if (r->ev.type == YAML_MAPPING_START_EVENT) {
		if (!read_root(r))
			return false;
	} else if (r->ev.type != YAML_SCALAR_EVENT ||
	    r->ev.data.scalar.length > 0) {
		return fail(r, line_of(r), "expected keys and values");
	}
	if (!next(r) || !next(r))	/* document end */
		return false;
	if (r->ev.type != YAML_STREAM_END_EVENT)
		return fail(r, line_of(r), "a second document");
	return true;
}

struct config *
config_parse(const char *name, const char *text, size_t len, char *err,
    size_t err_cap)
{
	struct reader r = { .name = name, .err = err, .err_cap = err_cap };
	bool ok = false;
	size_t n;

	if (config_keys(&n) && n > KEYS_MAX) {
		(void)fail(&r, 0, "too many rows in the table of keys");
		return NULL;
	}
	if (len > FILE_MAX_BYTES) {
		(void)fail(&r, 1, "larger than %zu KiB", FILE_MAX_BYTES >> 10);
		return NULL;
	}
	if (!(r.cfg = config_default()) || !yaml_parser_initialize(&r.yaml)) {
		(void)fail(&r, 1, "out of memory");
		config_free(r.cfg);
		return NULL;
	}
	yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text,
	    len);
	yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
	ok = read_stream(&r);
	if (r.have)
		yaml_event_delete(&r.ev);
	yaml_parser_delete(&r.yaml);
	if (!ok) {
		config_free(r.cfg);
		return NULL;
	}
	return r.cfg;
}

/* --- the file ------------------------------------------------------------ */

/* What is wrong with the open file, or NULL.  The descriptor is asked, not
 * the path: what is checked is what is read. */
static const char *
untrusted(int fd, bool trust)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if (st.st_size > (off_t)FILE_MAX_BYTES)
		return "larger than 256 KiB";
	if (!trust)
		return NULL;
	if (st.st_uid != 0)
		return "not owned by root";
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return "writable by group or others";
	return NULL;
}

/* The whole file, or NULL with errno. */
static char *
slurp(int fd, size_t *len)
{
	char *text = malloc(FILE_MAX_BYTES + 1);
	ssize_t n;

	*len = 0;
	while (text && *len <= FILE_MAX_BYTES) {
		n = read(fd, text + *len, FILE_MAX_BYTES + 1 - *len);
		if (n == 0)
			return text;
		if (n > 0)
			*len += (size_t)n;
		else if (errno != EINTR)
			break;
	}
	if (text && *len > FILE_MAX_BYTES)
		errno = EFBIG;
	free(text);
	return NULL;
}

struct config *
config_load(const char *path, bool trust, char *err, size_t err_cap)
{
	/* O_NONBLOCK: a FIFO must not hold us; O_NOFOLLOW: nor a link lead
	 * us to a file that only happens to be root's.  The directories on
	 * the way are the administrator's: /etc is root's alone. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY |
	    (trust ? O_NOFOLLOW : 0));
	struct config *c = NULL;
	const char *why;
	char *text;
	size_t len;

	if (fd < 0 && errno == ENOENT) {
		if (!(c = config_default()))
			(void)snprintf(err, err_cap, "%s:0: out of memory",
			    path);
		return c;
	}
	if (fd < 0) {
		(void)snprintf(err, err_cap, "%s:0: %s", path, errno == ELOOP ?
		    "is a symbolic link" : strerror(errno));
		return NULL;
	}
	if ((why = untrusted(fd, trust))) {
		(void)snprintf(err, err_cap, "%s:0: %s", path, why);
	} else if (!(text = slurp(fd, &len))) {
		(void)snprintf(err, err_cap, "%s:0: %s", path,
		    strerror(errno));
	} else {
		c = config_parse(path, text, len, err, err_cap);
		free(text);
	}
	(void)close(fd);
	return c;
}
