/*
 * ctl_readders.c - what puts users into the engine's group again.
 *
 * Taking the group away is worth nothing when the next login gives it back.
 * Known mechanisms, as one table: a file or files, a word to look for in
 * them, and what it does.  Lines that are comments do not count.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

struct readder {
	const char *files;	/* glob(7) */
	const char *word;	/* NULL: that the file is there is enough;
				 * "%": the group's name as a word */
	const char *what;
};

static const struct readder readders[] = {
	{ "/etc/profile.d/ds01-docker-group.sh", NULL,
	    "puts every user who logs in into the group; remove it" },
	{ "/etc/sudoers.d/ds01-docker-group", NULL,
	    "lets every user put himself into the group; remove it" },
	{ "/etc/sudoers.d/*", "add-user-to-docker",
	    "lets users put themselves into the group; remove that rule" },
	{ "/etc/sudoers.d/*", "%docker",
	    "gives rights to the group; remove that rule" },
	{ "/etc/sudoers", "%docker",
	    "gives rights to the group; remove that rule" },
	{ "/etc/pam.d/*", "add-docker-group",
	    "puts users into the group at login; remove that line" },
	{ "/etc/security/group.conf", "%",
	    "gives the group at login (pam_group); remove that line" },
	{ "/var/spool/cron/crontabs/root", "add-docker-group",
	    "puts users into the group every hour; remove that line" },
	{ "/var/spool/cron/root", "add-docker-group",
	    "puts users into the group every hour; remove that line" },
	{ "/etc/crontab", "add-docker-group",
	    "puts users into the group; remove that line" },
	{ "/etc/cron.*/*", "add-docker-group",
	    "puts users into the group; remove that line" },
	{ "/etc/adduser.conf", "EXTRA_GROUPS=%",
	    "puts new users into the group; take it out of EXTRA_GROUPS" },
	{ "/etc/default/useradd", "GROUPS=%",
	    "puts new users into the group; take it out of GROUPS" },
};

static bool
is_name_byte(char c)
{
	return c == '-' || c == '_' || c == '.' || (c >= '0' && c <= '9') ||
	    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
has_word(const char *s, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = s; (p = strstr(p, word)) != NULL; p++)
		if ((p == s || !is_name_byte(p[-1])) && !is_name_byte(p[n]))
			return true;
	return false;
}

static bool
line_matches(const char *line, const char *word, const char *group)
{
	line += strspn(line, " \t");
	if (*line == '#' || *line == '\0')
		return false;
	if (word[0] == '%' && word[1] != '\0')	/* sudoers: %group */
		return strstr(line, word) != NULL;
	const char *mark = strchr(word, '%');
	if (mark == NULL)
		return strstr(line, word) != NULL;
	if (strncmp(line, word, (size_t)(mark - word)) != 0)
		return false;
	return has_word(line + (mark - word), group);
}

static bool
file_matches(const char *file, const char *word, const char *group)
{
	FILE *in = fopen(file, "re");
	char line[4096];
	bool found = false;

	if (in == NULL)
		return false;
	if (word == NULL)
		found = true;
	while (!found && fgets(line, sizeof(line), in) != NULL)
		found = line_matches(line, word, group);
	fclose(in);
	return found;
}

void
ctl_readders(const char *root, const char *group,
    void (*fn)(const char *file, const char *what, void *arg), void *arg)
{
	for (size_t i = 0; i < sizeof(readders) / sizeof(readders[0]); i++) {
		const struct readder *r = &readders[i];
		char pattern[512];
		glob_t g = { 0 };

		if (snprintf(pattern, sizeof(pattern), "%s%s", root,
		    r->files) >= (int)sizeof(pattern))
			continue;
		if (glob(pattern, GLOB_NOSORT, NULL, &g) == 0)
			for (size_t k = 0; k < g.gl_pathc; k++)
				if (file_matches(g.gl_pathv[k], r->word, group))
					fn(g.gl_pathv[k], r->what, arg);
		globfree(&g);
	}
}
