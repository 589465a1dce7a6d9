/*
 * identity.c - who is calling, and whose name is that.
 *
 * Guarantees that an admin is one by uid, by account or by exact group
 * membership as NSS knows it now, never by what a process happens to carry
 * or by a name that only looks like another; and that an owner label is the
 * caller's only if it is his name or a name of the same uid.
 *
 * Labels and configured names are names, whatever they look like: "1001" is
 * the account called 1001, not uid 1001.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "identity.h"

#define NSS_BUF_MAX ((size_t)1 << 20)	/* bytes of one account or group */
#define GROUPS_MAX 65536
#define PERSON_MIN 1000		/* below are the system's own accounts */
#define NOBODY 65534

enum found { FOUND, FOUND_NONE, FOUND_UNKNOWN /* NSS failed: ask again */ };

static struct cache label_uids = CACHE_INIT;	/* name -> struct resolved */

struct resolved {
	uid_t uid;
	bool exists;
};

/* One question to NSS; ask returns 0 or an errno, *hit says if it exists. */
struct nss_ask {
	int (*ask)(struct nss_ask *q, char *buf, size_t cap);
	const char *name;
	uid_t uid;
	gid_t gid;
	struct passwd pw;
	bool hit;
};

static int
ask_uid(struct nss_ask *q, char *buf, size_t cap)
{
	struct passwd *res = NULL;
	int e = getpwuid_r(q->uid, &q->pw, buf, cap, &res);

	q->hit = res != NULL;
	return e;
}

static int
ask_user(struct nss_ask *q, char *buf, size_t cap)
{
	struct passwd *res = NULL;
	int e = getpwnam_r(q->name, &q->pw, buf, cap, &res);

	q->hit = res != NULL;
	if (res)
		q->uid = q->pw.pw_uid;
	return e;
}

static int
ask_group(struct nss_ask *q, char *buf, size_t cap)
{
	struct group gr, *res = NULL;
	int e = getgrnam_r(q->name, &gr, buf, cap, &res);

	/* A number that some service takes for a gid is no name. */
	q->hit = res && (strspn(q->name, "0123456789") != strlen(q->name) ||
	    strcmp(gr.gr_name, q->name) == 0);
	if (q->hit)
		q->gid = gr.gr_gid;
	return e;
}

/* *buf holds the strings of q->pw and is the caller's to free. */
static enum found
nss(struct nss_ask *q, char **buf)
{
	size_t cap = 1024;
	int e;

	for (*buf = NULL; cap <= NSS_BUF_MAX; cap *= 2) {
		char *bigger = realloc(*buf, cap);

		if (!bigger)
			return FOUND_UNKNOWN;
		*buf = bigger;
		do
			e = q->ask(q, *buf, cap);
		while (e == EINTR);
		if (q->hit)
			return FOUND;
		if (e != ERANGE)
			break;
	}
	/* getpwnam(3): these all mean "no such entry" somewhere. */
	return e == 0 || e == ENOENT || e == ESRCH ? FOUND_NONE :
	    FOUND_UNKNOWN;
}

static enum found
uid_of_name(const char *name, uid_t *uid)
{
	struct nss_ask q = { .ask = ask_user, .name = name };
	char *buf;
	enum found f;

	if (name[0] == '\0')
		return FOUND_NONE;
	f = nss(&q, &buf);
	if (f == FOUND && strspn(name, "0123456789") == strlen(name) &&
	    strcmp(q.pw.pw_name, name) != 0)
		f = FOUND_NONE;
	if (f == FOUND)
		*uid = q.uid;
	free(buf);
	return f;
}

/* The account of that name, cached.  False: NSS failed. */
static bool
resolve(const char *name, struct resolved *r)
{
	*r = (struct resolved){ 0 };
	if (cache_read(&label_uids, name, r, sizeof *r))
		return true;
	switch (uid_of_name(name, &r->uid)) {
	case FOUND:
		r->exists = true;
		break;
	case FOUND_NONE:
		break;
	case FOUND_UNKNOWN:
		return false;
	}
	cache_put(&label_uids, name, r, sizeof *r);
	return true;
}

bool
identity_is_owner(const struct caller *c, const char *label)
{
	struct resolved r;

	if (!label || label[0] == '\0')
		return false;
	if (strcmp(label, c->name) == 0)
		return true;
	return resolve(label, &r) && r.exists && r.uid == c->owner_uid;
}

bool
identity_is_person(const char *name)
{
	struct resolved r;

	return !resolve(name, &r) || (r.exists && r.uid >= PERSON_MIN &&
	    r.uid != NOBODY);
}

bool
identity_in_group(const struct caller *c, const char *group)
{
	struct nss_ask q = { .ask = ask_group, .name = group };
	char *buf;
	enum found f;

	if (group[0] == '\0')
		return false;
	f = nss(&q, &buf);
	free(buf);
	if (f != FOUND)
		return false;
	for (size_t i = 0; i < c->n_groups; i++)
		if (c->groups[i] == q.gid)
			return true;
	return false;
}

/* Groups of the account, primary one included.  On any failure: none. */
static void
fill_groups(struct caller *c, const char *name, gid_t primary)
{
	int n = 32;

	for (int tries = 0; tries < 8 && n <= GROUPS_MAX; tries++) {
		int room = n;
		gid_t *g = calloc((size_t)room, sizeof *g);

		if (!g)
			return;
		if (getgrouplist(name, primary, g, &n) >= 0) {
			c->groups = g;
			c->n_groups = (size_t)n;
			return;
		}
		free(g);
		if (n <= room)
			n = room * 2;
	}
}

static bool
is_admin(const struct caller *c, const struct config *cfg)
{
	if (c->uid == 0)
		return true;
	for (size_t i = 0; i < cfg->admin_users.n; i++)
		if (identity_is_owner(c, cfg->admin_users.v[i]))
			return true;
	for (size_t i = 0; i < cfg->admin_groups.n; i++)
		if (identity_in_group(c, cfg->admin_groups.v[i]))
			return true;
	return false;
}

static bool
in_group(const char *group, void *arg)
{
	return identity_in_group(arg, group);
}

/* Name, home and groups of c->owner_uid.  -1: no account. */
static int
fill_account(struct caller *c)
{
	struct nss_ask q = { .ask = ask_uid, .uid = c->owner_uid };
	char *buf;
	int rc = -1;

	if (nss(&q, &buf) == FOUND && q.pw.pw_name[0] != '\0' &&
	    strlen(q.pw.pw_name) < sizeof c->name) {
		strcpy(c->name, q.pw.pw_name);
		if (q.pw.pw_dir && q.pw.pw_dir[0] == '/' &&
		    strlen(q.pw.pw_dir) < sizeof c->home)
			strcpy(c->home, q.pw.pw_dir);
		fill_groups(c, q.pw.pw_name, q.pw.pw_gid);
		rc = 0;
	}
	free(buf);
	return rc;
}

int
identity_fill(struct caller *c, uid_t uid, gid_t gid, const char *sudo_user,
    const struct config *cfg)
{
	uid_t owner;
	int rc;

	*c = (struct caller){ .uid = uid, .gid = gid, .owner_uid = uid,
	    .loginuid = (uint32_t)-1, .session = (uint32_t)-1, .cfg = cfg };
	if (uid == 0 && sudo_user &&
	    uid_of_name(sudo_user, &owner) == FOUND)
		c->owner_uid = owner;
	rc = fill_account(c);
	if (rc == -1)
		snprintf(c->name, sizeof c->name, "uid %lu",
		    (unsigned long)c->owner_uid);
	c->admin = is_admin(c, cfg);
	c->policy = config_policy(cfg, in_group, c);
	return rc;
}

void
identity_free(struct caller *c)
{
	free(c->groups);
	if (c->policy)
		policy_free(c->policy);
	c->groups = NULL;
	c->n_groups = 0;
	c->policy = NULL;
}
