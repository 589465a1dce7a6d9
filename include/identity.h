/*
 * identity.h - who is calling.
 *
 * From the kernel (launcher's real uid, handed over by the launcher while it
 * was root) and NSS.  Filled once a session; const after that.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"

#define USER_NAME_MAX 256

struct caller {
	uid_t uid;		/* real uid: the session socket's peer */
	gid_t gid;
	uid_t owner_uid;	/* uid, or SUDO_USER's when uid is 0 */
	char name[USER_NAME_MAX];	/* canonical name of owner_uid */
	char home[4096];	/* of owner_uid, "" if unknown */
	bool admin;
	uint32_t loginuid;	/* audit login uid, (uint32_t)-1 unset */
	uint32_t session;	/* audit session */
	char tty[64];		/* "pts/3", or "" */
	gid_t *groups;		/* owned */
	size_t n_groups;
	struct policy *policy;	/* owned */
	const struct config *cfg;	/* borrowed: what it was filled from */
};

/* Everything but loginuid, session and tty, which are set to "not known".
 * cfg must live as long as c.
 * sudo_user: looked at only when uid is 0; may be NULL.  0, or -1 when the
 * uid has no account (fill then holds "uid <n>" as name).  */
int identity_fill(struct caller *c, uid_t uid, gid_t gid,
    const char *sudo_user, const struct config *cfg);
void identity_free(struct caller *c);

/* Is that owner label this caller's?  Equal as strings, or both resolve to
 * the same uid (user@domain spellings).  Answers are cached; thread-safe. */
bool identity_is_owner(const struct caller *c, const char *label);
/* Is it the name of an account that is a person's and not the system's?  True
 * also when that cannot be found out. */
bool identity_is_person(const char *name);
/* Exact membership of a group by gid, by NSS, not by the process's groups. */
bool identity_in_group(const struct caller *c, const char *group);

#endif
