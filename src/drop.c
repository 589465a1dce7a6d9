/*
 * drop.c - the one place that changes ids and capabilities.
 *
 * Guarantees that what runs after it is exactly who it should be: the gate
 * as the service user with nothing but CAP_AUDIT_WRITE, the command as the
 * caller with nothing.  Every change is read back from the kernel and undoing
 * it is tried; the only files read are those of NSS.
 */
#include <sys/prctl.h>

#include <cap-ng.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "drop.h"

/*
 * The capability the gate keeps, and the call that needs it: the kernel
 * checks it whenever a user-space audit record is sent (audit.c).
 */
#define KEPT CAP_AUDIT_WRITE

/* Ids are ints to libcap-ng, and -1 means "leave as is" to everybody. */
static bool
id_ok(unsigned int id)
{
	return id <= INT_MAX;
}

int
drop_find_service(struct service *s, const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL || pw->pw_uid == 0 || pw->pw_gid == 0 ||
	    !id_ok(pw->pw_uid) || !id_ok(pw->pw_gid))
		return -1;
	s->uid = pw->pw_uid;
	s->gid = pw->pw_gid;
	s->n_groups = DROP_GROUPS_MAX;
	if (getgrouplist(name, s->gid, s->groups, &s->n_groups) == -1)
		return -1;
	return 0;
}

static bool
ids_are(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) == -1 || getresgid(&rg, &eg, &sg) == -1)
		return false;
	return r == uid && e == uid && s == uid &&
	    rg == gid && eg == gid && sg == gid;
}

/* No way back: root's ids must be out of reach. */
static bool
stays_dropped(gid_t gid)
{
	if (setresuid(0, 0, 0) == 0 || setuid(0) == 0 || seteuid(0) == 0)
		return false;
	return gid == 0 || (setresgid(0, 0, 0) == -1 && setegid(0) == -1);
}

static bool
groups_are(const struct service *s)
{
	gid_t now[DROP_GROUPS_MAX];
	int i, j, n = getgroups(DROP_GROUPS_MAX, now);

	/* the kernel sorts them */
	for (i = 0; i < n; i++) {
		for (j = 0; j < s->n_groups && s->groups[j] != now[i]; j++)
			;
		if (j == s->n_groups)
			return false;
	}
	return n == s->n_groups;
}

/* Every set, bit by bit, as the kernel has it now. */
static bool
caps_are(bool kept)
{
	static const capng_type_t sets[] = { CAPNG_EFFECTIVE, CAPNG_PERMITTED,
	    CAPNG_INHERITABLE, CAPNG_AMBIENT };
	unsigned int cap, last = CAP_LAST_CAP;
	size_t i;

	if (capng_get_caps_process() != 0)
		return false;
	for (cap = 0; cap <= last; cap++)
		for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
			if ((capng_have_capability(sets[i], cap) == 1) !=
			    (kept && cap == KEPT))
				return false;
	return true;
}

static bool
bounding_is_empty(void)
{
	int cap, have;

	/* the kernel may know more of them than our headers: ask until the
	 * first it does not know */
	for (cap = 0; (have = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) != -1; cap++)
		if (have == 1)
			return false;
	return cap > 0;
}

int
drop_to_service(const struct service *s)
{
	bool kept;

	/* 1. what we start with: a caller's container may lack AUDIT_WRITE;
	 * the gate then does without and says so as its config wants */
	if (capng_get_caps_process() != 0)
		return -1;
	kept = capng_have_capability(CAPNG_PERMITTED, KEPT) == 1;
	/* 2. nothing, then the one; inheritable and ambient carry it across
	 * the exec of the gate */
	capng_clear(CAPNG_SELECT_ALL);
	if (kept && capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED |
	    CAPNG_INHERITABLE | CAPNG_AMBIENT, KEPT) != 0)
		return -1;
	/* 3. groups were resolved before: no NSS while root here */
	if (setgroups((size_t)s->n_groups, s->groups) == -1)
		return -1;
	/* 4. ids, capabilities and the bounding set in libcap-ng's order */
	if (capng_change_id((int)s->uid, (int)s->gid, CAPNG_CLEAR_BOUNDING) != 0)
		return -1;
	/* 5. an exec can add nothing any more */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	/* 6. believe none of the above */
	if (!ids_are(s->uid, s->gid) || !groups_are(s) || !caps_are(kept) ||
	    !bounding_is_empty() || !stays_dropped(s->gid) ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return -1;
	return 0;
}

int
drop_to_caller(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	/* 1. groups first: they need what the uid change takes away */
	if (setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1)
		return -1;
	if (uid == 0)		/* root called: there is nothing to drop */
		return ids_are(uid, gid) ? 0 : -1;
	/* 2. securebits set by whoever started us may have kept some; the
	 * bounding set stays, as it is the caller's own, and so does the
	 * absence of no_new_privs: credential helpers need it */
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return -1;
	/* 3. believe none of it */
	if (!ids_are(uid, gid) || !stays_dropped(gid) || !caps_are(false))
		return -1;
	/* 4. nor that a capability could be taken back */
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
	    CAP_SETUID) != 0 || capng_apply(CAPNG_SELECT_CAPS) == 0)
		return -1;
	return caps_are(false) ? 0 : -1;
}
