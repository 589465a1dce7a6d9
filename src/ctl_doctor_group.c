/*
 * ctl_doctor_group.c - doctor's look at accounts and groups: who can talk to
 * the engine without the gate, and whether the gate can.
 */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define GROUPS_MAX 4096

static bool
has_group(const struct passwd *pw, gid_t gid)
{
	int n = 64;
	gid_t *list = NULL, *grown;
	bool found = false;

	while (n <= GROUPS_MAX) {
		int asked = n;
		grown = realloc(list, (size_t)n * sizeof(*list));
		if (grown == NULL)
			break;
		list = grown;
		if (getgrouplist(pw->pw_name, pw->pw_gid, list, &n) >= 0) {
			for (int i = 0; i < n; i++)
				found |= list[i] == gid;
			break;
		}
		if (n <= asked)
			n = asked * 2;
	}
	free(list);
	return found;
}

void
doctor_service_user(struct doctor *d)
{
	struct passwd *pw = getpwnam(DS01_SERVICE_USER);
	char group[256];
	gid_t gid;

	if (pw == NULL) {
		ctl_find(d, LEVEL_FAIL, "there is no user %s; systemd-sysusers "
		    "ds01-docker.conf", DS01_SERVICE_USER);
		return;
	}
	if (pw->pw_uid == 0)
		ctl_find(d, LEVEL_FAIL, "%s has uid 0; it must be a user "
		    "without rights", DS01_SERVICE_USER);
	if (strstr(pw->pw_shell, "nologin") == NULL &&
	    strstr(pw->pw_shell, "false") == NULL)
		ctl_find(d, LEVEL_WARN, "%s can log in with %s; usermod -s "
		    "/usr/sbin/nologin %s", DS01_SERVICE_USER, pw->pw_shell,
		    DS01_SERVICE_USER);
	if (!ctl_socket_group(d->cfg->engine_socket, group, sizeof(group),
	    &gid)) {
		ctl_find(d, LEVEL_WARN, "cannot tell the group of %s; start "
		    "the engine and look again", d->cfg->engine_socket);
		return;
	}
	if (gid == 0)
		ctl_find(d, LEVEL_FAIL, "%s belongs to group root, which the "
		    "gate is not in; set \"group\" in the engine's daemon.json",
		    d->cfg->engine_socket);
	else if (!has_group(pw, gid))
		ctl_find(d, LEVEL_FAIL, "%s is not in %s, the group of %s; "
		    "gpasswd -a %s %s", DS01_SERVICE_USER, group,
		    d->cfg->engine_socket, DS01_SERVICE_USER, group);
	else
		ctl_find(d, LEVEL_OK, "%s is in %s, the group of %s",
		    DS01_SERVICE_USER, group, d->cfg->engine_socket);
}

struct holders { struct doctor *d; const char *group; unsigned n; };

static void
holder(uid_t uid, unsigned n, void *arg)
{
	struct holders *h = arg;
	struct passwd *pw = getpwuid(uid);

	h->n++;
	ctl_find(h->d, LEVEL_WARN, "%s (uid %u) has %u process(es) that hold "
	    "%s until they end; loginctl terminate-user, or give the socket "
	    "another group", pw != NULL ? pw->pw_name : "?", uid, n, h->group);
}

void
doctor_members(struct doctor *d)
{
	struct holders h = { .d = d };
	char group[256];
	unsigned others = 0;
	struct passwd *pw;
	gid_t gid;

	if (!ctl_socket_group(d->cfg->engine_socket, group, sizeof(group),
	    &gid) || gid == 0)
		return;
	struct group *g = getgrgid(gid);
	for (char **m = g != NULL ? g->gr_mem : NULL; m && *m; m++)
		if (strcmp(*m, DS01_SERVICE_USER) != 0) {
			others++;
			ctl_find(d, LEVEL_FAIL, "%s is in %s, which is root on "
			    "this host; ds01-dockerctl group take", *m, group);
		}
	setpwent();
	while ((pw = getpwent()) != NULL)
		if (pw->pw_gid == gid && pw->pw_uid != 0) {
			others++;
			ctl_find(d, LEVEL_FAIL, "%s has %s as primary group; "
			    "usermod -g", pw->pw_name, group);
		}
	endpwent();
	h.group = group;
	ctl_holders(gid, holder, &h);
	if (others == 0 && h.n == 0)
		ctl_find(d, LEVEL_OK, "nobody but %s is in %s",
		    DS01_SERVICE_USER, group);
}

static void
readder(const char *file, const char *what, void *arg)
{
	struct doctor *d = arg;

	ctl_find(d, LEVEL_WARN, "%s %s", file, what);
}

void
doctor_readders(struct doctor *d)
{
	char group[256] = "docker";
	unsigned before = d->count[LEVEL_WARN];
	gid_t gid;

	(void)ctl_socket_group(d->cfg->engine_socket, group, sizeof(group),
	    &gid);
	ctl_readders("", group, readder, d);
	if (d->count[LEVEL_WARN] == before)
		ctl_find(d, LEVEL_OK, "no known mechanism puts users into %s",
		    group);
}

void
doctor_admins(struct doctor *d)
{
	const struct strings *u = &d->cfg->admin_users;
	const struct strings *g = &d->cfg->admin_groups;
	unsigned n = 0;

	for (size_t i = 0; i < u->n; i++)
		if (getpwnam(u->v[i]) == NULL)
			ctl_find(d, LEVEL_NOTE, "admin.users names %s, who has "
			    "no account", u->v[i]);
		else
			n++;
	for (size_t i = 0; i < g->n; i++) {
		struct group *gr = getgrnam(g->v[i]);
		if (gr == NULL) {
			ctl_find(d, LEVEL_NOTE, "admin.groups names %s, which "
			    "does not exist; groupadd -r %s", g->v[i], g->v[i]);
			continue;
		}
		for (char **m = gr->gr_mem; *m != NULL; m++)
			ctl_find(d, LEVEL_OK, "%s is an administrator by %s",
			    *m, g->v[i]);
		n++;
	}
	if (n == 0)
		ctl_find(d, LEVEL_NOTE, "root is the only administrator");
}
