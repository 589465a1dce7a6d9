/*
 * cmdline.c - reading a docker command line (cmdline.h).
 *
 * Guarantees to read flags as docker's own parser does (pflag: bundled short
 * flags, "--", "--flag=value", no abbreviations), over the commands of 20.10
 * to 28.  What a table here does not know is doubt, and doubt means: leave
 * the command line alone.
 */
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"

/*
 * Flags of a command as words: one letter is a short flag, ':' takes a value.
 */
static const char global_flags[] =
    "config: c: context: D debug H: host: l: log-level: tls tlscacert: "
    "tlscert: tlskey: tlsverify v version h help";

#define STOP_FLAGS "s: signal: t: time: timeout:"
#define START_FLAGS "a attach i interactive detach-keys: checkpoint: " \
    "checkpoint-dir:"
#define RM_FLAGS "f force l link v volumes"
#define STATS_FLAGS "a all format: no-stream no-trunc"
#define LOGS_FLAGS "details f follow since: n: tail: t timestamps until:"
#define UPDATE_FLAGS "blkio-weight: cpu-period: cpu-quota: cpu-rt-period: " \
    "cpu-rt-runtime: c: cpu-shares: cpus: cpuset-cpus: cpuset-mems: " \
    "kernel-memory: m: memory: memory-reservation: memory-swap: pids-limit: " \
    "restart:"

/* Which commands name several things, or one that ends the command. */
static const struct command {
	const char *management;	/* "container" rows are also top-level ones */
	const char *name;
	const char *flags;
	const char *kind;
	bool first;		/* only the first word is a target */
	bool needs_type;	/* only with --type container */
	bool managed_only;	/* no top-level form */
} commands[] = {
	{ "container", "stop", STOP_FLAGS, "container", false, false, false },
	{ "container", "restart", STOP_FLAGS, "container", false, false, false },
	{ "container", "start", START_FLAGS, "container", false, false, false },
	{ "container", "kill", "s: signal:", "container", false, false, false },
	{ "container", "rm", RM_FLAGS, "container", false, false, false },
	{ "container", "remove", RM_FLAGS, "container", false, false, true },
	{ "container", "pause", "", "container", false, false, false },
	{ "container", "unpause", "", "container", false, false, false },
	{ "container", "wait", "", "container", false, false, false },
	{ "container", "stats", STATS_FLAGS, "container", false, false, false },
	{ "container", "update", UPDATE_FLAGS, "container", false, false, false },
	{ "container", "logs", LOGS_FLAGS, "container", false, false, false },
	{ "container", "top", "", "container", true, false, false },
	{ "container", "rename", "", "container", true, false, false },
	{ "container", "cp", "a archive L follow-link q quiet", "container",
	    false, false, false },
	{ "container", "inspect", "f: format: s size", "container", false,
	    false, true },
	{ "", "inspect", "f: format: s size type:", "container", false, true,
	    false },
	{ "volume", "rm", "f force", "volume", false, false, true },
	{ "volume", "remove", "f force", "volume", false, false, true },
	{ "volume", "inspect", "f: format:", "volume", false, false, true },
	{ "network", "rm", "f force", "network", false, false, true },
	{ "network", "remove", "f force", "network", false, false, true },
	{ "network", "inspect", "f: format: v verbose", "network", false, false,
	    true },
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Commands that reach no engine; all others may. */
static const char *const no_engine[] = { "help", "context", "completion",
    "__complete", "__completeNoDesc", "docker-cli-plugin-metadata" };

/* Spellings of the one engine that the gate stands in front of. */
static const char *const local_hosts[] = { "unix:///var/run/docker.sock",
    "unix:///run/docker.sock", "unix://", "" };

/*
 * One step over a command line.  next() takes a flag at a time; within a
 * bundle of short flags `rest` points at the next letter.
 */
struct cursor {
	const char *spec;
	char *const *argv;
	int argc, i;		/* i: the word looked at */
	const char *rest;
	/* of the flag found */
	const char *name;
	size_t name_len;
	const char *value;	/* NULL: none */
	int words;		/* taken up so far by the word and its value */
};

enum step { STEP_FLAG, STEP_WORD, STEP_DASHES, STEP_UNKNOWN, STEP_END };

/* 0: no such flag; 1: a switch; 2: takes a value. */
static int
flag_kind(const char *spec, const char *name, size_t len)
{
	const char *p = spec;
	size_t n;

	while (*p != '\0') {
		n = strcspn(p, " ");
		if (n == len && memcmp(p, name, len) == 0)
			return 1;
		if (n == len + 1 && p[len] == ':' && memcmp(p, name, len) == 0)
			return 2;
		p += n + strspn(p + n, " ");
	}
	return 0;
}

/* The value in the next word, as pflag takes it whatever it looks like. */
static enum step
value_follows(struct cursor *c)
{
	if (c->i + 1 >= c->argc)
		return STEP_UNKNOWN;
	c->value = c->argv[c->i + 1];
	c->words = 2;
	return STEP_FLAG;
}

static enum step
next_short(struct cursor *c)
{
	int kind;

	c->name = c->rest;
	c->name_len = 1;
	kind = flag_kind(c->spec, c->name, 1);
	c->rest++;
	if (kind == 0)
		return STEP_UNKNOWN;
	if (*c->rest == '=') {		/* -t=5 and -f=false alike */
		c->value = c->rest + 1;
		c->rest = NULL;
	} else if (kind == 2 && *c->rest != '\0') {
		c->value = c->rest;
		c->rest = NULL;
	} else if (kind == 2) {
		c->rest = NULL;
		return value_follows(c);
	} else if (*c->rest == '\0') {
		c->rest = NULL;
	}
	return STEP_FLAG;
}

static enum step
next_long(struct cursor *c)
{
	const char *equals;
	int kind;

	c->name = c->argv[c->i] + 2;
	c->name_len = strcspn(c->name, "=");
	equals = c->name + c->name_len;
	kind = flag_kind(c->spec, c->name, c->name_len);
	/* a single letter is never a long flag */
	if (kind == 0 || c->name_len < 2)
		return STEP_UNKNOWN;
	if (*equals == '=')
		c->value = equals + 1;
	else if (kind == 2)
		return value_follows(c);
	return STEP_FLAG;
}

static enum step
next(struct cursor *c)
{
	const char *word;

	c->value = NULL;
	if (c->rest != NULL)
		return next_short(c);
	c->i += c->words;
	c->words = 1;
	if (c->i >= c->argc)
		return STEP_END;
	word = c->argv[c->i];
	if (word[0] != '-' || word[1] == '\0')
		return STEP_WORD;
	if (word[1] != '-') {
		c->rest = word + 1;
		return next_short(c);
	}
	return word[2] == '\0' ? STEP_DASHES : next_long(c);
}

static bool
is(const struct cursor *c, const char *a, const char *b)
{
	return (strlen(a) == c->name_len &&
	    memcmp(a, c->name, c->name_len) == 0) ||
	    (b != NULL && strlen(b) == c->name_len &&
	    memcmp(b, c->name, c->name_len) == 0);
}

/* A switch as pflag reads it: "--tls=false" is off. */
static bool
is_on(const char *value)
{
	return value == NULL || strcmp(value, "1") == 0 ||
	    strcmp(value, "t") == 0 || strcmp(value, "T") == 0 ||
	    strcmp(value, "true") == 0 || strcmp(value, "TRUE") == 0 ||
	    strcmp(value, "True") == 0;
}

void
cmdline_parse(struct cmdline *c, int argc, char *const *argv)
{
	struct cursor cur = { .spec = global_flags, .argc = argc,
	    .argv = argv, .words = 1 };
	enum step step;

	*c = (struct cmdline){ .understood = true };
	while ((step = next(&cur)) == STEP_FLAG) {
		if (is(&cur, "config", NULL))
			c->config = cur.value;
		else if (is(&cur, "c", "context"))
			c->context = cur.value;
		else if (is(&cur, "H", "host")) {
			c->host = cur.value;
			c->n_hosts++;
		} else if (is(&cur, "tls", "tlsverify"))
			c->tls = c->tls || is_on(cur.value);
		else if ((is(&cur, "v", "version") || is(&cur, "h", "help")) &&
		    is_on(cur.value)) {
			/* docker prints and stops, whatever follows */
			c->command = argc;
			return;
		}
	}
	c->understood = step != STEP_UNKNOWN;
	c->command = step == STEP_DASHES ? cur.i + 1 : cur.i;
	if (step == STEP_UNKNOWN || c->command > argc)
		c->command = argc;
}

static bool
is_local(const char *host, const char *run_dir)
{
	size_t i, len = strlen(run_dir);

	for (i = 0; i < sizeof(local_hosts) / sizeof(local_hosts[0]); i++)
		if (strcmp(host, local_hosts[i]) == 0)
			return true;
	/* set by a ds01-docker-session around us, perhaps one that ended */
	return strncmp(host, "unix://", 7) == 0 &&
	    strncmp(host + 7, run_dir, len) == 0 && host[7 + len] == '/';
}

/* Docker's order: the directory holds config.json and the contexts. */
static bool
config_dir(const struct cmdline *c, char *dir, size_t cap)
{
	const char *from = c->config, *tail = "";
	size_t len, tail_len;

	if (from == NULL || *from == '\0')
		from = getenv("DOCKER_CONFIG");
	if (from == NULL || *from == '\0') {
		from = getenv("HOME");
		tail = "/.docker";
	}
	if (from == NULL)
		return false;
	len = strlen(from);
	tail_len = strlen(tail);
	if (len + tail_len >= cap)
		return false;
	memcpy(dir, from, len);
	memcpy(dir + len, tail, tail_len + 1);
	return true;
}

static bool
set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0';
}

static enum engine
by_host(const char *host, bool tls, const char *run_dir)
{
	/* with TLS and no host docker takes tcp://localhost:2376 */
	if (*host == '\0' && tls)
		return ENGINE_REMOTE;
	return is_local(host, run_dir) ? ENGINE_LOCAL : ENGINE_REMOTE;
}

enum engine
cmdline_engine(const struct cmdline *c, int argc, char *const *argv,
    const char *run_dir)
{
	char dir[4096], name[256], host[4096];
	const char *context = c->context;
	bool tls = c->tls || set("DOCKER_TLS_VERIFY") || set("DOCKER_TLS");
	size_t i;

	if (c->command >= argc)
		return ENGINE_NONE;
	for (i = 0; i < sizeof(no_engine) / sizeof(no_engine[0]); i++)
		if (strcmp(argv[c->command], no_engine[i]) == 0)
			return ENGINE_NONE;
	/* docker refuses these itself, before it connects anywhere */
	if (c->n_hosts > 1 || (c->n_hosts > 0 && context != NULL))
		return ENGINE_REMOTE;
	if (c->n_hosts == 1)
		return by_host(c->host, tls, run_dir);
	if (context == NULL || *context == '\0') {
		if (set("DOCKER_HOST"))
			return by_host(getenv("DOCKER_HOST"), tls, run_dir);
		context = set("DOCKER_CONTEXT") ? getenv("DOCKER_CONTEXT") :
		    NULL;
	}
	if (!config_dir(c, dir, sizeof(dir)))
		dir[0] = '\0';
	if (context == NULL)
		context = context_current(dir, name, sizeof(name)) ? name :
		    "default";
	if (strcmp(context, "default") == 0)
		return by_host(set("DOCKER_HOST") ? getenv("DOCKER_HOST") : "",
		    tls, run_dir);
	if (!context_host(dir, context, host, sizeof(host)))
		return ENGINE_REMOTE;	/* docker says what is wrong with it */
	return is_local(host, run_dir) && host[0] != '\0' ? ENGINE_LOCAL :
	    ENGINE_REMOTE;
}

/*
 * Drops the flag found from the word it stands in.  In a bundle ("-DHunix:")
 * the letters before it stay, and the value ended the bundle anyway.
 */
static int
cut(struct cursor *c, char **argv, int argc)
{
	char *word = argv[c->i];
	int from = c->i, gone = c->words;

	if (word[1] != '-' && c->name > word + 1) {
		word[c->name - word] = '\0';
		from++;
		gone--;
	}
	memmove(argv + from, argv + from + gone,
	    (size_t)(argc - from - gone + 1) * sizeof(*argv));
	c->argc = argc - gone;
	c->i = from;
	c->words = 0;
	return c->argc;
}

int
cmdline_strip(int argc, char **argv)
{
	struct cursor cur = { .spec = global_flags, .argc = argc,
	    .argv = argv, .words = 1 };

	while (next(&cur) == STEP_FLAG)
		if (is(&cur, "H", "host") || is(&cur, "c", "context"))
			argc = cut(&cur, argv, argc);
	return argc;
}

/* The row for argv[*at], which is left at the last word of its name. */
static const struct command *
find_command(int argc, char *const *argv, int *at)
{
	const char *first = argv[*at], *second = NULL;
	size_t i;

	if (*at + 1 < argc)
		second = argv[*at + 1];
	for (i = 0; i < N_COMMANDS; i++) {
		const struct command *row = &commands[i];

		if (!row->managed_only && strcmp(first, row->name) == 0)
			return row;
		if (second != NULL && strcmp(first, row->management) == 0 &&
		    strcmp(second, row->name) == 0) {
			++*at;
			return row;
		}
	}
	return NULL;
}

/* cp names CONTAINER:PATH and local paths; "./a:b" and "/a:b" are local.
 * The API cannot word a refusal here: the CLI shows no body of a HEAD.  The
 * names without their paths stand behind the list, in the same memory. */
static int
keep_containers(struct targets *t)
{
	size_t kept = 0, text = 0;
	char **names, *end;

	for (size_t i = 0; i < t->n; i++)
		text += strlen(t->names[i]) + 1;
	names = realloc(t->names, t->n * sizeof(*names) + text + 1);
	if (names == NULL)
		return -1;
	t->names = names;
	end = (char *)(names + t->n);
	for (size_t i = 0; i < t->n; i++) {
		const char *name = names[i], *colon = strchr(name, ':');
		size_t len = colon == NULL ? 0 : (size_t)(colon - name);

		if (len == 0 || name[0] == '/' || name[0] == '.')
			continue;
		memcpy(end, name, len);
		end[len] = '\0';
		names[kept++] = end;
		end += len + 1;
	}
	t->n = kept;
	return 0;
}

/* The words that are not flags; false on doubt. */
static bool
collect(const struct command *row, int argc, char **argv, int at,
    struct targets *t)
{
	struct cursor cur = { .spec = row->flags, .argc = argc, .argv = argv,
	    .i = at, .words = 1 };
	bool typed = !row->needs_type;
	enum step step;

	while ((step = next(&cur)) != STEP_END && step != STEP_DASHES) {
		if (step == STEP_UNKNOWN)
			return false;
		if (step == STEP_WORD)
			t->names[t->n++] = argv[cur.i];
		else if (is(&cur, "type", NULL))
			typed = strcmp(cur.value, "container") == 0;
		if (t->n == 1 && row->first)
			return true;
	}
	if (step == STEP_DASHES)
		for (cur.i++; cur.i < argc && !(row->first && t->n == 1);
		    cur.i++)
			t->names[t->n++] = argv[cur.i];
	return typed;
}

int
cmdline_targets(const struct cmdline *c, int argc, char **argv,
    struct targets *t)
{
	const struct command *row;
	int at = c->command;

	*t = (struct targets){ .kind = "" };
	if (!c->understood || at >= argc ||
	    (row = find_command(argc, argv, &at)) == NULL)
		return 0;
	t->names = calloc((size_t)argc, sizeof(*t->names));
	if (t->names == NULL)
		return -1;
	if (!collect(row, argc, argv, at, t))
		t->n = 0;
	if (strcmp(row->name, "cp") == 0 && keep_containers(t) < 0)
		return -1;
	if (t->n > 0)
		t->kind = row->kind;
	return 0;
}
