/*
 * test_docs.c - the papers say what the tables say.
 *
 * The lists in the man pages are made from the rows that the code itself
 * walks, between marks in the pages; this test makes them again and compares.
 * "test_docs --write" (from the project's root) puts them right.
 *
 * links: reason config config_keys config_value config_print schema
 * links: ctl_command ctl_doctor ctl_run span buf log
 */
#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl.h"
#include "route.h"
#include "schema.h"

/* The field tables themselves; the judges that they point to are left out:
 * an undefined weak symbol is a null pointer. */
#define judge_fn __attribute__((weak)) judge_fn
#include "../../src/schema_create.c"
#include "../../src/schema_other.c"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* what the command table points to and is not linked here */
#define FAKE(name) int name(int argc, char **argv) \
	{ (void)argc; (void)argv; return 0; }
FAKE(ctl_group_take)
FAKE(ctl_group_give)
FAKE(ctl_explain)
FAKE(ctl_audit)
#undef FAKE
#define FAKE(name) void name(struct doctor *d) { (void)d; }
FAKE(doctor_launcher)
FAKE(doctor_root)
FAKE(doctor_store)
FAKE(doctor_bridge)
FAKE(doctor_gate)
FAKE(doctor_directories)
FAKE(doctor_config)
FAKE(doctor_cli)
FAKE(doctor_service_user)
FAKE(doctor_members)
FAKE(doctor_readders)
FAKE(doctor_admins)
FAKE(doctor_socket)
FAKE(doctor_engine)
FAKE(doctor_listeners)
FAKE(doctor_side_doors)
FAKE(doctor_memory)
FAKE(doctor_logs)
FAKE(doctor_gates)
#undef FAKE

static const struct {
	const char *method, *path;
	unsigned since;
	enum access access;
} routes[] = {
#define ROUTE(op, method, path, since, object, name, access, ...) \
	{ method, path, since, access },
#include "routes.def"
#undef ROUTE
};

/* --- mdoc --- */

/* One line of text, a sentence a line, with nothing that mdoc would read. */
static void
put_text(FILE *out, const char *s)
{
	bool start = true;

	for (; *s != '\0'; s++) {
		if (start && (*s == '.' || *s == '\''))
			fputs("\\&", out);
		start = false;
		if (*s == '\\') {
			fputs("\\e", out);
		} else if (*s == '\n' || (*s == ' ' && s[-1] == '.' &&
		    isupper((unsigned char)s[1]))) {
			putc('\n', out);
			start = true;
		} else {
			putc(*s, out);
		}
	}
}

/* As a sentence: with a full stop. */
static void
put_sentence(FILE *out, const char *s)
{
	size_t n = strlen(s);

	put_text(out, s);
	fputs(n > 0 && strchr(".?!", s[n - 1]) ? "\n" : ".\n", out);
}

static void
make_reasons(FILE *out)
{
	fputs(".Bl -tag -width Ds\n", out);
	for (int r = R_NONE + 1; r < R__COUNT; r++) {
		const struct reason_row *row = reason_row((enum reason)r);
		const char *mark = strstr(row->text, "%s");
		char text[512];

		fprintf(out, ".It Ic %s Pq %d\n", row->id, row->status);
		snprintf(text, sizeof(text), "%.*s%s%s",
		    (int)(mark ? mark - row->text : (long)strlen(row->text)),
		    row->text, mark ? "..." : "", mark ? mark + 2 : "");
		put_sentence(out, text);
		if (*row->advice)
			put_sentence(out, row->advice);
	}
	fputs(".El\n", out);
}

static void
make_keys(FILE *out)
{
	size_t n;
	const struct config_key *k = config_keys(&n);

	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, ".It Ic %s : Ar %s\n", k[i].path, k[i].type);
		put_sentence(out, k[i].help);
		fputs("Default: ", out);
		put_sentence(out, k[i].dflt);
	}
	fputs(".El\n", out);
}

static void
make_routes(FILE *out)
{
	static const char *const words[] = { [ACCESS_ALLOW] = "allow",
	    [ACCESS_OWN] = "own", [ACCESS_FILTER] = "filter",
	    [ACCESS_POLICY] = "policy", [ACCESS_LOCAL] = "local",
	    [ACCESS_DENY] = "deny" };

	fputs(".Bl -column -compact \"policy\" \"DELETE\" \"1.24\" "
	    "\"/containers/{name}/checkpoints/{checkpoint}\"\n", out);
	for (size_t i = 0; i < N(routes); i++)
		fprintf(out, ".It %s Ta %s Ta 1.%u Ta %s\n",
		    words[routes[i].access], routes[i].method,
		    routes[i].since, routes[i].path);
	fputs(".El\n", out);
}

static void
make_field(FILE *out, const struct field *f)
{
	static const char *const words[] = { [V_ALLOW] = "allow",
	    [V_IF] = "if", [V_REWRITE] = "rewrite", [V_DENY] = "deny",
	    [V_DROP] = "drop" };

	fprintf(out, ".It Va %s Pq %s\n", f->name, words[f->verdict]);
	put_sentence(out, f->doc && *f->doc ? f->doc : "any");
	if (f->why != R_NONE)
		fprintf(out, "Else\n.Ic %s .\n", reason_row(f->why)->id);
	if (f->config_key != NULL)
		fprintf(out, "Key:\n.Ic %s .\n", f->config_key);
}

static void
make_schema(FILE *out, const struct schema *s, const struct schema **seen,
    size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (seen[i] == s)
			return;
	assert_true(*n < 128);
	seen[(*n)++] = s;
	fprintf(out, ".Ss %s\n.Bl -tag -width Ds -compact\n", s->name);
	for (const struct field *f = s->fields; f->name != NULL; f++)
		make_field(out, f);
	fputs(".El\n", out);
	for (const struct field *f = s->fields; f->name != NULL; f++)
		if (f->sub != NULL)
			make_schema(out, f->sub, seen, n);
}

static void
make_fields(FILE *out)
{
	const struct schema *seen[128];
	size_t n = 0;

	for (size_t i = 0; schemas[i] != NULL; i++)
		make_schema(out, schemas[i], seen, &n);
}

static void
make_commands(FILE *out)
{
	size_t n;
	const struct ctl_command *c = ctl_commands(&n);

	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, ".It Ic %s", c[i].name);
		if (*c[i].args)
			fprintf(out, " No %s", c[i].args);
		putc('\n', out);
		put_sentence(out, c[i].help);
	}
	fputs(".El\n", out);
}

static void
make_checks(FILE *out)
{
	size_t n;
	const struct ctl_check_row *c = ctl_checks(&n);

	fputs(".Bl -tag -width directories -compact\n", out);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, ".It Ic %s\n", c[i].name);
		put_sentence(out, c[i].help);
	}
	fputs(".El\n", out);
}

static const struct section {
	const char *page, *name;
	void (*make)(FILE *);
} sections[] = {
	{ "man/ds01-docker.1", "reasons", make_reasons },
	{ "man/ds01-docker.1", "fields", make_fields },
	{ "man/ds01-docker.1", "routes", make_routes },
	{ "man/ds01-docker.yaml.5", "keys", make_keys },
	{ "man/ds01-dockerctl.8", "commands", make_commands },
	{ "man/ds01-dockerctl.8", "checks", make_checks },
};

/* --- pages --- */

static char *
slurp(const char *file)
{
	char *text = calloc(1, 1 << 20);
	FILE *f = fopen(file, "re");

	if (f == NULL || text == NULL) {
		fail_msg("%s cannot be read: run this from the project's root",
		    file);
		abort();
	}
	size_t n = fread(text, 1, (1 << 20) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static char *
made(const struct section *s)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	s->make(f);
	fclose(f);
	return text;
}

/* Where the section stands in the page: behind one mark, before the other. */
static char *
place(char *page, const struct section *s, size_t *len)
{
	char mark[128];

	snprintf(mark, sizeof(mark), ".\\\" begin %s (made by test_docs "
	    "--write)\n", s->name);
	char *p = strstr(page, mark);
	if (p == NULL)
		fail_msg("%s has no mark for %s", s->page, s->name);
	p += strlen(mark);
	snprintf(mark, sizeof(mark), ".\\\" end %s\n", s->name);
	char *end = strstr(p, mark);
	if (end == NULL)
		fail_msg("%s has no end mark for %s", s->page, s->name);
	*len = (size_t)(end - p);
	return p;
}

static void
pages_say_what_the_tables_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(sections); i++) {
		char *page = slurp(sections[i].page);
		char *text = made(&sections[i]);
		size_t len;
		char *p = place(page, &sections[i], &len);
		p[len] = '\0';
		if (strcmp(p, text) != 0)
			fail_msg("%s: %s is out of date: run test_docs --write "
			    "and look at the difference", sections[i].page,
			    sections[i].name);
		free(text);
		free(page);
	}
}

static int
write_section(const struct section *s)
{
	char *page = slurp(s->page), *text = made(s);
	size_t len;
	char *p = place(page, s, &len);
	FILE *f = fopen(s->page, "we");

	if (f == NULL)
		return -1;
	fwrite(page, 1, (size_t)(p - page), f);
	fputs(text, f);
	fputs(p + len, f);
	free(text);
	free(page);
	return fclose(f);
}

/* --- keys that are named exist --- */

static bool
key_exists(const char *key, size_t len)
{
	size_t n;
	const struct config_key *k = config_keys(&n);

	for (size_t i = 0; i < n; i++)
		if (strlen(k[i].path) == len &&
		    strncmp(k[i].path, key, len) == 0)
			return true;
	return false;
}

/* "policy.default.binds" and "policy.*.binds" in a text are rows. */
static void
keys_in(const char *where, const char *text)
{
	for (const char *p = text; (p = strstr(p, "policy.")) != NULL;) {
		char key[128] = "policy.*.";
		const char *last = p + 7 + strcspn(p + 7, ".") + 1;
		size_t n = strspn(last, "abcdefghijklmnopqrstuvwxyz_");

		if (strncmp(p, "policy.default.", 15) != 0 &&
		    strncmp(p, "policy.*.", 9) != 0) {
			p += 7;
			continue;
		}
		snprintf(key + 9, sizeof(key) - 9, "%.*s", (int)n, last);
		if (!key_exists(key, strlen(key)))
			fail_msg("%s names %s, which is no key", where, key);
		p = last + n;
	}
}

static void
fields_name_keys(const struct schema *s, unsigned depth)
{
	for (const struct field *f = s->fields; f->name != NULL; f++) {
		if (f->config_key != NULL &&
		    strncmp(f->config_key, "policy.", 7) != 0 &&
		    !key_exists(f->config_key, strlen(f->config_key)))
			fail_msg("%s.%s names %s, which is no key", s->name,
			    f->name, f->config_key);
		if (f->config_key != NULL)
			keys_in(s->name, f->config_key);
		if (f->sub != NULL && depth < 8)
			fields_name_keys(f->sub, depth + 1);
	}
}

static void
keys_that_are_named_exist(void **state)
{
	static const char *const pages[] = { "README.md", "man/ds01-docker.1",
	    "man/ds01-docker-session.1", "man/ds01-docker.yaml.5",
	    "man/ds01-dockerctl.8" };

	(void)state;
	for (int r = R_NONE + 1; r < R__COUNT; r++) {
		const struct reason_row *row = reason_row((enum reason)r);
		keys_in(row->id, row->advice);
	}
	for (size_t i = 0; schemas[i] != NULL; i++)
		fields_name_keys(schemas[i], 0);
	for (size_t i = 0; i < N(pages); i++) {
		char *text = slurp(pages[i]);
		keys_in(pages[i], text);
		free(text);
	}
}

/* Commands that are named exist: "ds01-dockerctl WORD". */
static void
commands_that_are_named_exist(void **state)
{
	static const char *const pages[] = { "README.md", "man/ds01-docker.1",
	    "man/ds01-docker-session.1", "man/ds01-docker.yaml.5",
	    "man/ds01-dockerctl.8", "packaging/docker.yaml",
	    "src/reason.c", "src/start_explain.c", "selinux/README.md" };
	size_t n;
	const struct ctl_command *c = ctl_commands(&n);

	(void)state;
	for (size_t i = 0; i < N(pages); i++) {
		char *text = slurp(pages[i]);
		for (char *p = text; (p = strstr(p, "ds01-dockerctl "));) {
			p += strlen("ds01-dockerctl ");
			size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyz");
			bool found = len == 0;
			for (size_t k = 0; k < n; k++)
				found |= strncmp(c[k].name, p, len) == 0 &&
				    (c[k].name[len] == '\0' ||
				    c[k].name[len] == ' ');
			if (!found)
				fail_msg("%s names ds01-dockerctl %.*s",
				    pages[i], (int)len, p);
		}
		free(text);
	}
}

/* --- the example configuration --- */

/* "#key: value" is an example, "# word" is a comment. */
static char *
uncommented(const char *text)
{
	char *out = calloc(1, strlen(text) + 1), *q = out;

	assert_non_null(out);
	for (const char *p = text; *p != '\0';) {
		size_t len = strcspn(p, "\n") + 1;
		if (p[0] == '#' && (islower((unsigned char)p[1]) ||
		    (p[1] == ' ' && p[2] == ' '))) {
			memcpy(q, p + 1, len - 1);
			q += len - 1;
		}
		p += len;
	}
	return out;
}

static void
example_has_all_keys_and_their_defaults(void **state)
{
	char *text = slurp("packaging/docker.yaml"), *yaml, err[512] = "";
	char *printed[2] = { NULL, NULL };
	struct config *c[2];
	size_t n, len;
	const struct config_key *k = config_keys(&n);

	(void)state;
	c[0] = config_parse("example", text, strlen(text), err, sizeof(err));
	if (c[0] == NULL)
		fail_msg("%s", err);
	config_free(c[0]);
	yaml = uncommented(text);
	c[0] = config_parse("example", yaml, strlen(yaml), err, sizeof(err));
	if (c[0] == NULL)
		fail_msg("%s", err);
	c[1] = config_default();
	for (int i = 0; i < 2; i++) {
		FILE *f = open_memstream(&printed[i], &len);
		config_print(c[i], f);
		fclose(f);
		config_free(c[i]);
	}
	assert_string_equal(printed[0], printed[1]);
	for (size_t i = 0; i < n; i++) {
		char line[128];
		const char *last = strrchr(k[i].path, '.');
		snprintf(line, sizeof(line), "%s:", last ? last + 1 :
		    k[i].path);
		if (strstr(yaml, line) == NULL)
			fail_msg("packaging/docker.yaml lacks %s", k[i].path);
	}
	free(printed[0]);
	free(printed[1]);
	free(yaml);
	free(text);
}

/* --- the tour --- */

static void
tour_knows_every_room(void **state)
{
	char *text = slurp("README.md");
	glob_t g;

	(void)state;
	assert_int_equal(glob("src/*.c", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char whole[128], family[128];
		const char *name = g.gl_pathv[i] + 4;
		snprintf(whole, sizeof(whole), "`%s`", name);
		snprintf(family, sizeof(family), "`%.*s_*.c`",
		    (int)strcspn(name, "_."), name);
		if (strstr(text, whole) == NULL &&
		    strstr(text, family) == NULL)
			fail_msg("README.md does not know %s", name);
	}
	globfree(&g);
	free(text);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_say_what_the_tables_say),
		cmocka_unit_test(keys_that_are_named_exist),
		cmocka_unit_test(commands_that_are_named_exist),
		cmocka_unit_test(example_has_all_keys_and_their_defaults),
		cmocka_unit_test(tour_knows_every_room),
	};

	if (argc > 1 && strcmp(argv[1], "--write") == 0) {
		for (size_t i = 0; i < N(sections); i++)
			if (write_section(&sections[i]) != 0)
				return 1;
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
