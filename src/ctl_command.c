/*
 * ctl_command.c - the commands of ds01-dockerctl, as one table.
 *
 * Help text, usage errors and the list in ds01-dockerctl(8) come from the
 * same rows, so that none of them can name a command that is not there.
 */
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "route.h"

#ifndef DS01_VERSION
#define DS01_VERSION "0.1"
#endif

static int ctl_help(int, char **);
static int ctl_version(int, char **);

static const struct ctl_command commands[] = {
	{ "check", "[FILE]",
	    "Reads the configuration (FILE, without looking at its owner and "
	    "mode; else the installed one) and prints the values in effect, "
	    "or the first error as file:line: reason. Needs no root.",
	    ctl_check },
	{ "doctor", "[--quiet] [CHECK ...]",
	    "Examines the installation and prints one line a finding with "
	    "what to do about it. Run it as root to see everything.",
	    ctl_doctor },
	{ "group take", "[--yes] [--group NAME]",
	    "Takes the group of the engine's socket away from everybody but "
	    "the service user, and remembers who had it. Without --yes it "
	    "only says what it would do.", ctl_group_take },
	{ "group give", "[--yes] [--group NAME]",
	    "Gives the group back to those it was taken from. Without --yes "
	    "it only says what it would do.", ctl_group_give },
	{ "explain", "[REASON | EVENT]",
	    "Explains a refusal: a reason by its name, or the event whose id "
	    "of eight hexadecimal digits was printed at the end of the "
	    "message, looked up in the event log and the audit log. Without "
	    "an argument it lists all reasons.", ctl_explain },
	{ "audit", "[--user NAME] [--vm CONTAINER] [--denied] [--since WHEN]",
	    "Reviews the audit trail, one line a record. WHEN is a word of "
	    "ausearch (today, recent, this-week, boot), a time (10:00), a "
	    "date (2026-11-24), both (2026-11-24T10:00), or an age (2h, 3d); "
	    "today if not given. Needs root.", ctl_audit },
	{ "version", "", "Prints the version and the API versions known.",
	    ctl_version },
	{ "help", "[COMMAND]", "Prints this list, or one entry of it.",
	    ctl_help },
};

const struct ctl_command *
ctl_commands(size_t *n)
{
	*n = sizeof(commands) / sizeof(commands[0]);
	return commands;
}

/* Number of argv words that the row's name takes, 0 if it is another one. */
static int
match(const struct ctl_command *c, int argc, char **argv)
{
	const char *p = c->name;
	int n = 0;

	while (*p != '\0') {
		size_t len = strcspn(p, " ");
		if (n >= argc || strlen(argv[n]) != len ||
		    strncmp(argv[n], p, len) != 0)
			return 0;
		n++;
		p += len;
		p += *p == ' ';
	}
	return n;
}

static const struct ctl_command *
find(int argc, char **argv, int *words)
{
	size_t n;
	const struct ctl_command *c = ctl_commands(&n);

	for (size_t i = 0; i < n; i++)
		if ((*words = match(&c[i], argc, argv)) > 0)
			return &c[i];
	return NULL;
}

static void
put_syntax(FILE *out, const struct ctl_command *c)
{
	fprintf(out, "ds01-dockerctl %s%s%s\n", c->name,
	    *c->args ? " " : "", c->args);
}

int
ctl_usage(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0) {
			fputs("usage: ", stderr);
			put_syntax(stderr, &commands[i]);
		}
	return CTL_USAGE;
}

/* Folds a help text at 72 columns, four spaces in. */
static void
put_folded(FILE *out, const char *s)
{
	while (*s != '\0') {
		size_t len = strlen(s);
		if (len > 72) {
			len = 72;
			while (len > 0 && s[len] != ' ')
				len--;
			if (len == 0)
				len = 72;
		}
		fprintf(out, "    %.*s\n", (int)len, s);
		s += len;
		s += strspn(s, " ");
	}
}

static int
ctl_help(int argc, char **argv)
{
	int words;
	const struct ctl_command *one = NULL;

	if (argc > 0 && (one = find(argc, argv, &words)) == NULL)
		return ctl_usage("help");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (one != NULL && one != &commands[i])
			continue;
		put_syntax(stdout, &commands[i]);
		put_folded(stdout, commands[i].help);
	}
	return CTL_OK;
}

static int
ctl_version(int argc, char **argv)
{
	(void)argv;
	if (argc > 0)
		return ctl_usage("version");
	printf("ds01-dockerctl %s (Docker API 1.%d to 1.%d)\n", DS01_VERSION,
	    ROUTE_API_MIN, ROUTE_API_MAX);
	return CTL_OK;
}

int
ctl_dispatch(int argc, char **argv)
{
	static char help[] = "help", version[] = "version";
	int words = 0;

	if (argc < 2) {
		ctl_help(0, NULL);
		return CTL_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		argv[1] = help;
	if (strcmp(argv[1], "--version") == 0)
		argv[1] = version;
	const struct ctl_command *c = find(argc - 1, argv + 1, &words);
	if (c == NULL) {
		fputs("ds01-dockerctl: no such command: ", stderr);
		ctl_put(stderr, argv[1]);
		fputs(" (ds01-dockerctl help lists them)\n", stderr);
		return CTL_USAGE;
	}
	return c->run(argc - 1 - words, argv + 1 + words);
}
