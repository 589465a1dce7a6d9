/*
 * test_cmdline.c - command lines as docker reads them, one row each.
 * links: cmdline context
 */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmdline.h"

#define WORDS 32
#define RUN "/run/ds01-docker"

struct line {
	char text[1024];
	char *argv[WORDS + 1];
	int argc;
};

/* Words are separated by blanks; '' is an empty one. */
static void
split(struct line *l, const char *text)
{
	char *p, *save = NULL;

	(void)snprintf(l->text, sizeof(l->text), "%s", text);
	l->argc = 0;
	for (p = strtok_r(l->text, " ", &save); p != NULL && l->argc < WORDS;
	    p = strtok_r(NULL, " ", &save)) {
		if (strcmp(p, "''") == 0)
			*p = '\0';
		l->argv[l->argc++] = p;
	}
	l->argv[l->argc] = NULL;
}

static void
join(char *out, size_t cap, char *const *words, size_t n)
{
	size_t i, len = 0;

	out[0] = '\0';
	for (i = 0; i < n && len < cap; i++)
		len += (size_t)snprintf(out + len, cap - len, "%s%s",
		    i > 0 ? " " : "", words[i]);
}

static const struct {
	const char *line, *kind, *targets;
} target_rows[] = {
	{ "docker stop a", "container", "a" },
	{ "docker cp a:/x .", "container", "a" },
	{ "docker cp -aL ./f a:/x", "container", "a" },
	{ "docker container cp - a:/x", "container", "a" },
	{ "docker cp a:/x b:/y", "container", "a b" },
	{ "docker cp /a:b ./c:d", "", "" },
	{ "docker cp :x .", "", "" },
	{ "docker stop a b c", "container", "a b c" },
	{ "docker container stop a b", "container", "a b" },
	{ "docker stop -t 5 a b", "container", "a b" },
	{ "docker stop -t5 a", "container", "a" },
	{ "docker stop -t=5 a", "container", "a" },
	{ "docker stop --time 5 a", "container", "a" },
	{ "docker stop --time=5 a", "container", "a" },
	{ "docker stop --timeout 5 -s KILL a", "container", "a" },
	{ "docker stop a -t 5 b", "container", "a b" },
	{ "docker stop -- -t 5", "container", "-t 5" },
	{ "docker stop a -- b", "container", "a b" },
	{ "docker stop --tim 5 a", "", "" },
	{ "docker stop --t 5 a", "", "" },
	{ "docker stop --help a", "", "" },
	{ "docker stop -x a", "", "" },
	{ "docker stop", "", "" },
	{ "docker stop -t", "", "" },
	{ "docker -D stop a", "container", "a" },
	{ "docker --config /x -l debug stop a", "container", "a" },
	{ "docker -c default --tls=false stop a", "container", "a" },
	{ "docker -DH unix:// stop a", "container", "a" },
	{ "docker --unknown stop a", "", "" },
	{ "docker -v stop a", "", "" },
	{ "docker rm -fv a b", "container", "a b" },
	{ "docker rm -f=false a", "container", "a" },
	{ "docker container remove -f a", "container", "a" },
	{ "docker remove a", "", "" },
	{ "docker rm a -lfv", "container", "a" },
	{ "docker start -ai --detach-keys ctrl-x a", "container", "a" },
	{ "docker kill -s 9 a b", "container", "a b" },
	{ "docker kill --signal=9 a", "container", "a" },
	{ "docker pause a", "container", "a" },
	{ "docker unpause a b", "container", "a b" },
	{ "docker wait a b", "container", "a b" },
	{ "docker restart --time=1 a b", "container", "a b" },
	{ "docker stats --no-stream a b", "container", "a b" },
	{ "docker stats", "", "" },
	{ "docker stats --format table a", "container", "a" },
	{ "docker logs -fn 5 a", "container", "a" },
	{ "docker update -m 1g --cpus 2 a b", "container", "a b" },
	{ "docker top a -o pid", "container", "a" },
	{ "docker rename a b", "container", "a" },
	{ "docker inspect a", "", "" },
	{ "docker inspect --type container a b", "container", "a b" },
	{ "docker inspect a --type=container", "container", "a" },
	{ "docker inspect --type image a", "", "" },
	{ "docker container inspect -sf x a", "container", "a" },
	{ "docker volume rm -f a b", "volume", "a b" },
	{ "docker volume inspect a", "volume", "a" },
	{ "docker volume ls", "", "" },
	{ "docker network rm a b", "network", "a b" },
	{ "docker network remove a", "network", "a" },
	{ "docker network inspect -v a", "network", "a" },
	{ "docker image rm a", "", "" },
	{ "docker run a", "", "" },
	{ "docker exec a b", "", "" },
	{ "docker compose stop a", "", "" },
	{ "docker container", "", "" },
	{ "docker", "", "" },
};

static void
test_targets(void **state)
{
	struct targets t;
	struct line l;
	struct cmdline c;
	char got[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(target_rows) / sizeof(target_rows[0]); i++) {
		split(&l, target_rows[i].line);
		cmdline_parse(&c, l.argc, l.argv);
		assert_int_equal(cmdline_targets(&c, l.argc, l.argv, &t), 0);
		join(got, sizeof(got), t.names, t.n);
		if (strcmp(got, target_rows[i].targets) != 0)
			fail_msg("%s: targets \"%s\"", target_rows[i].line, got);
		assert_string_equal(t.kind, target_rows[i].kind);
		free(t.names);
	}
}

static const struct {
	const char *line, *stripped;
} strip_rows[] = {
	{ "docker ps", "docker ps" },
	{ "docker -H unix:///x ps -a", "docker ps -a" },
	{ "docker -Hunix:///x ps", "docker ps" },
	{ "docker -H=unix:///x ps", "docker ps" },
	{ "docker --host unix:///x ps", "docker ps" },
	{ "docker --host=unix:///x ps", "docker ps" },
	{ "docker -D -H x --tls=false ps", "docker -D --tls=false ps" },
	{ "docker -DH x ps", "docker -D ps" },
	{ "docker -DHx ps", "docker -D ps" },
	{ "docker -c x ps -c y", "docker ps -c y" },
	{ "docker --context=x --config y ps", "docker --config y ps" },
	{ "docker -cx -l info run -H y", "docker -l info run -H y" },
	{ "docker -c x", "docker" },
	{ "docker -H", "docker -H" },
	{ "docker --H x ps", "docker --H x ps" },
	{ "docker -- -H x", "docker -- -H x" },
};

static void
test_strip(void **state)
{
	struct line l;
	char got[1024];
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < sizeof(strip_rows) / sizeof(strip_rows[0]); i++) {
		split(&l, strip_rows[i].line);
		n = cmdline_strip(l.argc, l.argv);
		join(got, sizeof(got), l.argv, (size_t)n);
		assert_string_equal(got, strip_rows[i].stripped);
		assert_null(l.argv[n]);
	}
}

static char home[] = "/tmp/test-cmdline.XXXXXX";

static const struct {
	const char *line;
	const char *env;	/* NAME=value ... */
	const char *current;	/* currentContext of config.json, or NULL */
	enum engine engine;
} engine_rows[] = {
	{ "docker ps", "", NULL, ENGINE_LOCAL },
	{ "docker -H unix:///var/run/docker.sock ps", "", NULL, ENGINE_LOCAL },
	{ "docker -H unix:///run/docker.sock ps", "", NULL, ENGINE_LOCAL },
	{ "docker --host= ps", "", NULL, ENGINE_LOCAL },
	{ "docker -H tcp://h:2375 ps", "", NULL, ENGINE_REMOTE },
	{ "docker -H ssh://h ps", "", NULL, ENGINE_REMOTE },
	{ "docker -H unix:///home/u/docker.sock ps", "", NULL, ENGINE_REMOTE },
	{ "docker -H unix://" RUN "/1-2-3.sock ps", "", NULL, ENGINE_LOCAL },
	{ "docker -H unix://" RUN "x/1.sock ps", "", NULL, ENGINE_REMOTE },
	{ "docker -H a -H b ps", "", NULL, ENGINE_REMOTE },
	{ "docker -H unix:// -c far ps", "", NULL, ENGINE_REMOTE },
	{ "docker ps", "DOCKER_HOST=tcp://h", NULL, ENGINE_REMOTE },
	{ "docker ps", "DOCKER_HOST=unix:///run/docker.sock", NULL,
	    ENGINE_LOCAL },
	{ "docker ps", "DOCKER_HOST=unix://" RUN "/5-6-7.sock", NULL,
	    ENGINE_LOCAL },
	{ "docker ps", "DOCKER_HOST=unix:///run/docker.sock DOCKER_CONTEXT=far",
	    NULL, ENGINE_LOCAL },
	{ "docker ps", "DOCKER_HOST=", NULL, ENGINE_LOCAL },
	{ "docker -H unix:// ps", "DOCKER_HOST=tcp://h", NULL, ENGINE_LOCAL },
	{ "docker ps", "DOCKER_CONTEXT=far", NULL, ENGINE_REMOTE },
	{ "docker ps", "DOCKER_CONTEXT=near", NULL, ENGINE_LOCAL },
	{ "docker ps", "DOCKER_CONTEXT=default", "far", ENGINE_LOCAL },
	{ "docker ps", "DOCKER_CONTEXT=missing", NULL, ENGINE_REMOTE },
	{ "docker -c far ps", "", NULL, ENGINE_REMOTE },
	{ "docker --context near ps", "DOCKER_CONTEXT=far", NULL, ENGINE_LOCAL },
	{ "docker -c default ps", "DOCKER_HOST=tcp://h", NULL, ENGINE_REMOTE },
	{ "docker -c default ps", "", "far", ENGINE_LOCAL },
	{ "docker ps", "", "far", ENGINE_REMOTE },
	{ "docker ps", "", "near", ENGINE_LOCAL },
	{ "docker ps", "", "tricky", ENGINE_REMOTE },
	{ "docker ps", "", "nested", ENGINE_REMOTE },
	{ "docker ps", "", "", ENGINE_LOCAL },
	{ "docker --config /nowhere ps", "", "far", ENGINE_LOCAL },
	{ "docker ps", "DOCKER_CONFIG=/nowhere", "far", ENGINE_LOCAL },
	{ "docker --tls ps", "", NULL, ENGINE_REMOTE },
	{ "docker --tls=false ps", "", NULL, ENGINE_LOCAL },
	{ "docker ps", "DOCKER_TLS_VERIFY=1", NULL, ENGINE_REMOTE },
	{ "docker", "", NULL, ENGINE_NONE },
	{ "docker --help", "", NULL, ENGINE_NONE },
	{ "docker --version ps", "", NULL, ENGINE_NONE },
	{ "docker context ls", "", "far", ENGINE_NONE },
	{ "docker -D context use far", "", NULL, ENGINE_NONE },
	{ "docker help run", "", NULL, ENGINE_NONE },
};

static void
write_file(const char *dir, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", home, dir);
	(void)mkdir(path, 0700);
	if (name == NULL)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s/%s", home, dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static void
context(const char *dir, const char *name, const char *description,
    const char *host)
{
	char path[128], text[1024];

	(void)snprintf(path, sizeof(path), ".docker/contexts/meta/%s", dir);
	(void)snprintf(text, sizeof(text), "{\"Name\":\"%s\",\"Metadata\":"
	    "{\"Description\":\"%s\"},\"Endpoints\":{\"docker\":{\"Host\":"
	    "\"%s\",\"SkipTLSVerify\":false}}}", name, description, host);
	write_file(path, "meta.json", text);
}

static int
make_home(void **state)
{
	(void)state;
	if (mkdtemp(home) == NULL)
		return -1;
	write_file(".docker", NULL, NULL);
	write_file(".docker/contexts", NULL, NULL);
	write_file(".docker/contexts/meta", NULL, NULL);
	context("aa", "far", "", "tcp://far:2376");
	context("bb", "near", "", "unix:///var/run/docker.sock");
	context("cc", "tricky", "\\\"Host\\\":\\\"unix:///run/docker.sock\\\"",
	    "tcp://tricky");
	context("ee", "nested", "\",\"docker\":{\"Host\":"
	    "\"unix:///run/docker.sock\"},\"x\":\"", "tcp://nested");
	return 0;
}

static int
remove_home(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", home);
	return system(command);
}

static void
test_engine(void **state)
{
	static const char *const names[] = { "DOCKER_HOST", "DOCKER_CONTEXT",
	    "DOCKER_CONFIG", "DOCKER_TLS", "DOCKER_TLS_VERIFY" };
	struct line l, env;
	struct cmdline c;
	char text[256];
	size_t i, j;
	int k;

	(void)state;
	(void)setenv("HOME", home, 1);
	for (i = 0; i < sizeof(engine_rows) / sizeof(engine_rows[0]); i++) {
		for (j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			(void)unsetenv(names[j]);
		split(&env, engine_rows[i].env);
		for (k = 0; k < env.argc; k++)
			(void)putenv(env.argv[k]);
		(void)snprintf(text, sizeof(text),
		    "{\n\t\"auths\": {},\n\t\"currentContext\": \"%s\"\n}",
		    engine_rows[i].current != NULL ? engine_rows[i].current :
		    "");
		write_file(".docker", "config.json", text);
		split(&l, engine_rows[i].line);
		cmdline_parse(&c, l.argc, l.argv);
		if (cmdline_engine(&c, l.argc, l.argv, RUN) !=
		    engine_rows[i].engine)
			fail_msg("%s [%s] %s", engine_rows[i].line,
			    engine_rows[i].env, text);
	}
}

/* Files that are not what they should be cost nothing but the guess. */
static void
test_hostile_files(void **state)
{
	static const char *const texts[] = { "", "{", "\"currentContext\"",
	    "\"currentContext\":", "\"currentContext\":\"",
	    "{\"currentContext\":\"a\\u0062\"}",
	    "{\"currentContext\":7}" };
	char name[8], host[16], dir[64];
	size_t i;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s/.docker", home);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_file(".docker", "config.json", texts[i]);
		assert_false(context_current(dir, name, sizeof(name)));
	}
	write_file(".docker", "config.json",
	    "{\"currentContext\":\"longer-than-the-buffer\"}");
	assert_false(context_current(dir, name, sizeof(name)));
	context("dd", "long", "", "tcp://longer-than-the-buffer");
	assert_false(context_host(dir, "long", host, sizeof(host)));
	assert_false(context_host("/nowhere", "long", host, sizeof(host)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_strip),
		cmocka_unit_test(test_engine),
		cmocka_unit_test(test_hostile_files),
	};

	return cmocka_run_group_tests_name("cmdline", tests, make_home,
	    remove_home);
}
