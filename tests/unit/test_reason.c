/*
 * test_reason.c - every refusal has an id, a status and a text, and no
 * stranger's bytes come through.
 * links: reason span config config_keys config_value config_print
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "reason.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static void
test_rows(void **state)
{
	static const int statuses[] = { 400, 403, 404, 409, 413, 431, 500, 502,
	    503 };
	const struct reason_row *row;
	const char *mark;
	size_t s;
	unsigned i, j;

	(void)state;
	for (i = R_NONE + 1; i < R__COUNT; i++) {
		row = reason_row((enum reason)i);
		if (row->id == NULL || row->text == NULL ||
		    row->advice == NULL)
			fail_msg("reason %u has no row", i);
		assert_int_equal(strspn(row->id, "abcdefghijklmnopqrstuvwxyz"
		    "_0123456789"), strlen(row->id));
		for (j = 0; j < i; j++)
			assert_string_not_equal(row->id,
			    reason_row((enum reason)j)->id);
		for (s = 0; s < N(statuses); s++)
			if (row->status == statuses[s])
				break;
		if (s == N(statuses))
			fail_msg("%s: status %d", row->id, row->status);
		mark = strchr(row->text, '%');
		if (mark != NULL && (mark[1] != 's' ||
		    strchr(mark + 1, '%') != NULL))
			fail_msg("%s: more than one %%s", row->id);
		assert_null(strchr(row->advice, '%'));
	}
	assert_ptr_equal(reason_row(R__COUNT), reason_row(R_INTERNAL));
}

static const struct {
	enum reason why;
	int status;
} by_status[] = {
	{ R_BAD_REQUEST, 400 }, { R_BAD_PATH, 400 }, { R_BAD_QUERY, 400 },
	{ R_BAD_JSON, 400 }, { R_UNKNOWN_FIELD, 400 }, { R_HTTP2, 400 },
	{ R_HEAD_TOO_LARGE, 431 }, { R_BODY_TOO_LARGE, 413 },
	{ R_UNKNOWN_ROUTE, 403 }, { R_TOO_MANY, 503 }, { R_IMAGE_MOVED, 409 }, { R_NO_RECORD, 503 },
	{ R_ENGINE_DOWN, 502 }, { R_ENGINE_ERROR, 502 },
	{ R_NOT_FOUND, 404 }, { R_NOT_OWNER, 403 }, { R_PROTECTED, 403 },
};

static void
test_status(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < N(by_status); i++)
		assert_int_equal(reason_row(by_status[i].why)->status,
		    by_status[i].status);
	/* the CLI would pull and try again on a 404 */
	for (i = R_PRIVILEGED; i < R__COUNT; i++)
		assert_int_equal(reason_row((enum reason)i)->status, 403);
}

static const struct {
	enum reason why;
	const char *detail;
	const char *text;
} texts[] = {
	{ R_NOT_OWNER, "alice",
	    "Permission denied: this container belongs to alice" },
	{ R_NOT_OWNER, "",
	    "Permission denied: this container belongs to ?" },
	{ R_PROTECTED, "ds01-cadvisor",
	    "Error: Container 'ds01-cadvisor' is protected infrastructure.\n"
	    "Admin access required. Contact system administrator." },
	{ R_NOT_FOUND, "No such container: web", "No such container: web" },
	{ R_WRONG_PEER, " ",
	    "This session belongs to somebody else\n"
	    "Start your own session: docker, or ds01-docker-session." },
	{ R_NOT_OWNER, "a\nType=x\x1b[31m\x7f",
	    "Permission denied: this container belongs to a?Type=x?[31m?" },
	{ R_NOT_OWNER, "M\xc3\xbcller \xff\xc3(\xe2\x80\xae",
	    "Permission denied: this container belongs to "
	    "M\xc3\xbcller ?" "?(?" },
	{ R_NOT_OWNER, "\xc2\x9b" "31m %s%n",
	    "Permission denied: this container belongs to ?31m %s%n" },
};

static void
test_text(void **state)
{
	char out[REFUSAL_TEXT_MAX];
	struct refusal r;
	size_t i;

	(void)state;
	for (i = 0; i < N(texts); i++) {
		assert_int_equal(refuse(&r, texts[i].why, "%s",
		    texts[i].detail), texts[i].why);
		assert_int_equal(r.why, texts[i].why);
		assert_ptr_equal(refusal_text(&r, out, sizeof(out)), out);
		assert_string_equal(out, texts[i].text);
	}
	/* also what was put there without refuse() */
	strcpy(r.detail, "\r\n");
	r.why = R_NOT_OWNER;
	assert_string_equal(refusal_text(&r, out, sizeof(out)),
	    "Permission denied: this container belongs to ??");
}

/* The longest detail fits every text; small buffers are never passed. */
static void
test_bounds(void **state)
{
	char out[REFUSAL_TEXT_MAX], small[20], name[1000];
	struct refusal r;
	unsigned i;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (i = 0; i < R__COUNT; i++) {
		refuse(&r, (enum reason)i, "%s", name);
		assert_int_equal(strlen(r.detail), sizeof(r.detail) - 1);
		refusal_text(&r, out, sizeof(out));
		assert_true(strlen(out) < sizeof(out) - 1);
		memset(small, 'z', sizeof(small));
		refusal_text(&r, small, sizeof(small) - 1);
		assert_true(strlen(small) < sizeof(small) - 1);
		assert_int_equal(small[sizeof(small) - 1], 'z');
	}
	/* cut between characters, not inside one */
	for (i = 0; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xbc", 2);
	name[sizeof(name) - 1] = '\0';
	refuse(&r, R_NOT_OWNER, "%s", name);
	assert_int_equal(strlen(r.detail), 254);
	assert_string_equal(refusal_text(&r, small, 0), "");
}

static const struct {
	enum reason why;
	const char *key;
} named_keys[] = {
	{ R_UNKNOWN_ROUTE, "unknown_requests" }, { R_UNOWNED, "unowned" },
	{ R_BIND, "policy.default.binds" },
	{ R_CAP_ADD, "policy.default.capabilities" },
	{ R_DEVICE, "policy.default.devices" },
	{ R_RUNTIME, "policy.default.runtimes" },
	{ R_SECURITY_OPT, "policy.default.security_opts" },
	{ R_SYSCTL, "policy.default.sysctls" },
	{ R_HOST_NAMESPACE, "policy.default.host_pid" },
	{ R_NETWORK, "policy.default.networks" },
	{ R_PORT, "policy.default.privileged_ports" },
	{ R_RESTART_POLICY, "policy.default.restart_always" },
	{ R_RESOURCE, "policy.default.memory" },
	{ R_GPU, "policy.default.gpus" }, { R_BUILD, "builds" },
	{ R_TAG, "images" }, { R_IMAGE_SOURCE, "policy.default.registries" },
};

static void
test_keys(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < N(named_keys); i++)
		if (strstr(reason_row(named_keys[i].why)->advice,
		    named_keys[i].key) == NULL)
			fail_msg("%s: advice does not name %s",
			    reason_row(named_keys[i].why)->id,
			    named_keys[i].key);
}

/* "policy.default.x" of an advice is the row "policy.*.x" of config. */
static bool
key_exists(const char *word, size_t len)
{
	const struct config_key *keys;
	char name[128];
	size_t n, i;

	snprintf(name, sizeof(name), "policy.*.%.*s", (int)len, word);
	keys = config_keys(&n);
	for (i = 0; i < n; i++)
		if (strcmp(keys[i].path, name) == 0)
			return true;
	return false;
}

static void
test_keys_exist(void **state)
{
	static const char prefix[] = "policy.default.";
	const char *p;
	size_t len;
	unsigned i;

	(void)state;
	for (i = 0; i < R__COUNT; i++) {
		p = reason_row((enum reason)i)->advice;
		while ((p = strstr(p, prefix)) != NULL) {
			p += strlen(prefix);
			len = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
			if (!key_exists(p, len))
				fail_msg("%s names %.*s, which is no key",
				    reason_row((enum reason)i)->id, (int)len,
				    p);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_keys_exist),
	};

	return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
