/*
 * policy_text.c - container names and ps arguments.
 */
#include <ctype.h>

#include "judge.h"

#define NAME_MAX_LEN 255

static bool
looks_like_id(const char *name)
{
	size_t n = strspn(name, "0123456789abcdef");

	return name[n] == '\0' && n >= 12 && n <= 64;
}

bool
volume_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (n < 2 || n > NAME_MAX_LEN || !isalnum((unsigned char)name[0]) ||
	    !isascii((unsigned char)name[0]))
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == n;
}

enum reason
policy_name(const char *name, struct refusal *why)
{
	const char *bare = name[0] == '/' ? name + 1 : name;

	if (!volume_name_ok(bare) || looks_like_id(bare))
		return refuse(why, R_NAME, "%s", name);
	return R_NONE;
}

static const char *const ps_plain[] = {
	"", "-ef", "-f", "-e", "-aux", "aux", "-A"
};

/* Without args-like ones first: docker finds the pid by the column's
 * position, and a word of a stranger's command line that stands in its place
 * comes back in the error text. */
static const char *const ps_columns[] = {
	"pid", "ppid", "pgid", "sid", "tid", "lwp", "user", "uid", "ruser",
	"euser", "group", "gid", "pcpu", "%cpu", "pmem", "%mem", "vsz",
	"rss", "sz", "size", "tty", "tt", "stat", "s", "state", "f", "c",
	"cls", "pri", "ni", "nice", "nlwp", "thcount", "psr", "start",
	"stime", "bsdstart", "lstart", "etime", "etimes", "time", "cputime",
	"bsdtime", "wchan", "comm", "cmd", "args", "command", "ucmd", "ucomm",
};

static bool
known_column(const char *s, size_t len)
{
	for (size_t i = 0; i < sizeof(ps_columns) / sizeof(*ps_columns); i++)
		if (strlen(ps_columns[i]) == len &&
		    memcmp(ps_columns[i], s, len) == 0)
			return true;
	return false;
}

/* "pid,user,cmd"; first: nothing may stand before the pid. */
static bool
columns_ok(const char *s, size_t len, bool first)
{
	const char *end = s + len;

	if (first && !(len >= 3 && memcmp(s, "pid", 3) == 0 &&
	    (len == 3 || s[3] == ',')))
		return false;
	while (s <= end) {
		const char *comma = memchr(s, ',', (size_t)(end - s));

		if (comma == NULL)
			comma = end;
		if (!known_column(s, (size_t)(comma - s)))
			return false;
		s = comma + 1;
	}
	return true;
}

enum reason
policy_ps_args(const char *args, struct refusal *why)
{
	const char *p = args;
	bool first = true;

	for (size_t i = 0; i < sizeof(ps_plain) / sizeof(*ps_plain); i++)
		if (strcmp(args, ps_plain[i]) == 0)
			return R_NONE;
	while (*p != '\0') {
		size_t len;

		p += strspn(p, " ");
		if (strncmp(p, "-eo", 3) == 0)
			p += 3;
		else if (strncmp(p, "-o", 2) == 0)
			p += 2;
		else
			return refuse(why, R_PS_ARGS, "%s", args);
		p += strspn(p, " ");
		len = strcspn(p, " ");
		if (!columns_ok(p, len, first))
			return refuse(why, R_PS_ARGS, "%s", args);
		first = false;
		p += len;
	}
	return R_NONE;
}
