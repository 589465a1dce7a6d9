/*
 * test_identity.c - who is calling, with an NSS of our own.
 *
 * links: identity cache buf
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "identity.h"

/* name asked for -> account; several spellings may lead to one */
static const struct account {
	const char *asked, *name;
	uid_t uid;
	gid_t gid;
	const char *home;
} accounts[] = {
	{ "root", "root", 0, 0, "/root" },
	{ "alice", "alice", 1001, 1001, "/home/alice" },
	{ "bob", "bob", 1002, 2000, "/home/bob" },
	{ "h.baker@lan", "h.baker@lan", 1003, 1003, "/home/h.baker@lan" },
	{ "h.baker@students.example.org", "h.baker@lan", 1003, 1003,
	    "/home/h.baker@lan" },
	{ "1001", "1001", 1500, 1500, "/home/1001" },
	{ "1002", "bob", 1002, 2000, "/home/bob" },	/* NSS reads a uid */
	{ "Jo Doe", "Jo Doe", 1600, 1600, "relative" },
	{ "ds01-admin", "ds01-admin", 1700, 1700, "/home/ds01-admin" },
	{ "datasciencelab", "datasciencelab", 1800, 1800, "/home/dsl" },
	{ "primary", "primary", 1900, 3000, "/home/primary" },
	{ "member", "member", 1901, 1901, "/home/member" },
	{ "almost", "almost", 1902, 1902, "/home/almost" },
	{ "many", "many", 1903, 1903, "/home/many" },
	{ "nginx", "nginx", 999, 999, "/" },
	{ "newcomer", "newcomer", 1000, 1000, "/" },
	{ "nobody", "nobody", 65534, 65534, "/" },
};
#define N_ACCOUNTS (sizeof accounts / sizeof accounts[0])

static int nss_error, nss_asked;

static int
give(const struct account *a, struct passwd *pw, char *buf, size_t cap,
    struct passwd **res)
{
	int n;

	*res = NULL;
	nss_asked++;
	if (nss_error)
		return nss_error;
	if (!a)
		return 0;
	/* a big record: the first buffers are too small */
	n = snprintf(buf, cap, "%s%c%s", a->name, 0, a->home);
	if (cap < 4096 || n < 0)
		return ERANGE;
	*pw = (struct passwd){ .pw_name = buf, .pw_uid = a->uid,
	    .pw_gid = a->gid, .pw_dir = buf + strlen(a->name) + 1 };
	*res = pw;
	return 0;
}

int
getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t cap,
    struct passwd **res)
{
	for (size_t i = 0; i < N_ACCOUNTS; i++)
		if (accounts[i].uid == uid)
			return give(&accounts[i], pw, buf, cap, res);
	return give(NULL, pw, buf, cap, res);
}

int
getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t cap,
    struct passwd **res)
{
	for (size_t i = 0; i < N_ACCOUNTS; i++)
		if (strcmp(accounts[i].asked, name) == 0)
			return give(&accounts[i], pw, buf, cap, res);
	return give(NULL, pw, buf, cap, res);
}

int
getgrnam_r(const char *name, struct group *gr, char *buf, size_t cap,
    struct group **res)
{
	static const struct {
		const char *asked, *name;
		gid_t gid;
	} groups[] = { { "ds01-admin", "ds01-admin", 3000 },
	    { "ds01-admin-readonly", "ds01-admin-readonly", 3001 },
	    { "3000", "ds01-admin", 3000 }, { "alice", "alice", 1001 },
	    { "last", "last", 9999 } };

	*res = NULL;
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
		if (strcmp(groups[i].asked, name) == 0) {
			snprintf(buf, cap, "%s", groups[i].name);
			*gr = (struct group){ .gr_name = buf,
			    .gr_gid = groups[i].gid };
			*res = gr;
		}
	return 0;
}

int
getgrouplist(const char *user, gid_t primary, gid_t *out, int *n)
{
	int want = strcmp(user, "many") == 0 ? 1000 : 2, room = *n;
	bool fits = room >= want;

	*n = want;
	for (int i = 0; i < want && i < room; i++)
		out[i] = i == 0 ? primary : (gid_t)(9000 + i);
	if (room >= 2 && strcmp(user, "member") == 0)
		out[1] = 3000;
	if (room >= 2 && strcmp(user, "almost") == 0)
		out[1] = 3001;
	return fits ? want : -1;
}

static struct policy made;

struct policy *
config_policy(const struct config *c, bool (*in_group)(const char *, void *),
    void *arg)
{
	(void)c;
	made.host_ipc = in_group("ds01-admin", arg);
	return &made;
}

void
policy_free(struct policy *p)
{
	assert_ptr_equal(p, &made);
}

static char dsl[] = "datasciencelab", adm[] = "ds01-admin", num[] = "3000",
    empty[] = "";
static char *users[] = { dsl, empty }, *groups[] = { adm, num, empty };
static const struct config cfg = { .admin_users = { users, 2 },
    .admin_groups = { groups, 3 } };

static void
fills(void **state)
{
	static const struct {
		uid_t uid;
		const char *sudo;
		int rc;
		const char *name, *home;
		uid_t owner;
		bool admin;
	} rows[] = {
		{ 1001, NULL, 0, "alice", "/home/alice", 1001, false },
		/* SUDO_USER is root's to say */
		{ 1001, "bob", 0, "alice", "/home/alice", 1001, false },
		{ 1001, "root", 0, "alice", "/home/alice", 1001, false },
		{ 0, NULL, 0, "root", "/root", 0, true },
		{ 0, "", 0, "root", "/root", 0, true },
		{ 0, "alice", 0, "alice", "/home/alice", 1001, true },
		{ 0, "nobody-here", 0, "root", "/root", 0, true },
		{ 0, "1002", 0, "root", "/root", 0, true },
		{ 1003, NULL, 0, "h.baker@lan", "/home/h.baker@lan", 1003,
		    false },
		{ 1500, NULL, 0, "1001", "/home/1001", 1500, false },
		{ 1600, NULL, 0, "Jo Doe", "", 1600, false },
		/* a name like the group's, a group with a longer name */
		{ 1700, NULL, 0, "ds01-admin", "/home/ds01-admin", 1700,
		    false },
		{ 1902, NULL, 0, "almost", "/home/almost", 1902, false },
		{ 1800, NULL, 0, "datasciencelab", "/home/dsl", 1800, true },
		{ 1900, NULL, 0, "primary", "/home/primary", 1900, true },
		{ 1901, NULL, 0, "member", "/home/member", 1901, true },
		{ 4711, NULL, -1, "uid 4711", "", 4711, false },
	};
	struct caller c;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		memset(&c, 0xff, sizeof c);
		assert_int_equal(identity_fill(&c, rows[i].uid, 77,
		    rows[i].sudo, &cfg), rows[i].rc);
		assert_string_equal(c.name, rows[i].name);
		assert_string_equal(c.home, rows[i].home);
		assert_int_equal(c.uid, rows[i].uid);
		assert_int_equal(c.gid, 77);
		assert_int_equal(c.owner_uid, rows[i].owner);
		if (c.admin != rows[i].admin)
			fail_msg("admin of %s", rows[i].name);
		assert_int_equal(c.loginuid, (uint32_t)-1);
		assert_int_equal(c.session, (uint32_t)-1);
		assert_string_equal(c.tty, "");
		assert_ptr_equal(c.policy, &made);
		assert_ptr_equal(c.cfg, &cfg);
		identity_free(&c);
		assert_null(c.groups);
	}
}

static void
owns(void **state)
{
	static const struct {
		uid_t uid;
		const char *label;
		bool own;
	} rows[] = {
		{ 1001, "alice", true },
		{ 1001, "bob", false },
		{ 1001, "Alice", false },
		{ 1001, "alice ", false },
		{ 1001, "", false },
		{ 1001, NULL, false },
		{ 1001, "1001", false },	/* somebody's name */
		{ 1500, "1001", true },
		{ 1002, "1002", false },	/* nobody's name */
		{ 1003, "h.baker@lan", true },
		{ 1003, "h.baker@students.example.org", true },
		{ 1001, "h.baker@students.example.org", false },
		{ 1600, "Jo Doe", true },
		{ 1001, "nobody-here", false },
		{ 0, "nobody-here", false },
		{ 0, "root", true },
		{ 0, "alice", false },
	};
	struct caller c;

	(void)state;
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			identity_fill(&c, rows[i].uid, 77, NULL, &cfg);
			if (identity_is_owner(&c, rows[i].label) !=
			    rows[i].own)
				fail_msg("%u owns %s", (unsigned)rows[i].uid,
				    rows[i].label ? rows[i].label : "NULL");
			identity_free(&c);
		}
}

static void
remembers_answers_not_failures(void **state)
{
	struct caller c = { .owner_uid = 1002, .name = "other" };
	int before;

	(void)state;
	nss_error = EIO;
	assert_false(identity_is_owner(&c, "member"));
	nss_error = 0;
	c.owner_uid = 1901;
	assert_true(identity_is_owner(&c, "member"));
	before = nss_asked;
	assert_true(identity_is_owner(&c, "member"));
	c.owner_uid = 1002;
	assert_false(identity_is_owner(&c, "member"));
	assert_int_equal(nss_asked, before);
	/* these mean "no such name", and that is remembered too */
	nss_error = ENOENT;
	assert_false(identity_is_owner(&c, "ghost"));
	nss_error = 0;
	before = nss_asked;
	assert_false(identity_is_owner(&c, "ghost"));
	assert_int_equal(nss_asked, before);
}

static void
knows_persons(void **state)
{
	static const struct { const char *name; bool person; } rows[] = {
		{ "alice", true }, { "h.baker@students.example.org", true },
		{ "root", false }, { "nginx", false }, { "nobody", false },
		{ "newcomer", true }, { "no such name", false },
		{ "1001", true }, { "1002", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (identity_is_person(rows[i].name) != rows[i].person)
			fail_msg("%s", rows[i].name);
	/* when nobody can tell, it may be one */
	nss_error = EIO;
	assert_true(identity_is_person("not asked before"));
	nss_error = 0;
	assert_false(identity_is_person("not asked before"));
}

static void
fails_to_nobody(void **state)
{
	struct caller c;

	(void)state;
	nss_error = EIO;
	assert_int_equal(identity_fill(&c, 1901, 77, NULL, &cfg), -1);
	assert_string_equal(c.name, "uid 1901");
	assert_false(c.admin);
	identity_free(&c);
	nss_error = 0;
}

static void
knows_groups_exactly(void **state)
{
	struct caller c;

	(void)state;
	identity_fill(&c, 1001, 3000, NULL, &cfg);	/* process gid */
	assert_true(identity_in_group(&c, "alice"));
	assert_false(identity_in_group(&c, "ds01-admin"));
	assert_false(identity_in_group(&c, "nosuch"));
	assert_false(identity_in_group(&c, ""));
	assert_false(made.host_ipc);
	identity_free(&c);
	identity_fill(&c, 1901, 77, NULL, &cfg);
	assert_true(identity_in_group(&c, "ds01-admin"));
	assert_false(identity_in_group(&c, "3000"));	/* a name, no gid */
	assert_false(identity_in_group(&c, "ds01-admin-readonly"));
	assert_true(made.host_ipc);
	identity_free(&c);
	identity_fill(&c, 1903, 77, NULL, &cfg);
	assert_int_equal(c.n_groups, 1000);
	assert_true(identity_in_group(&c, "last"));
	identity_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills),
		cmocka_unit_test(owns),
		cmocka_unit_test(remembers_answers_not_failures),
		cmocka_unit_test(knows_persons),
		cmocka_unit_test(fails_to_nobody),
		cmocka_unit_test(knows_groups_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
