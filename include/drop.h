/*
 * drop.h - giving privileges up, for good.
 *
 * Each call ends as its name says, verified by trying to undo it, or fails;
 * after a failure the process may be half changed and must end at once.
 */
#ifndef DROP_H
#define DROP_H

#include <sys/types.h>

#define DROP_GROUPS_MAX 64

struct service {		/* who the gate is */
	uid_t uid;
	gid_t gid;
	gid_t groups[DROP_GROUPS_MAX];	/* all of them, gid among them */
	int n_groups;
};

/* From NSS: 0, or -1 when there is no such account or it is root's. */
int drop_find_service(struct service *s, const char *name);
/* To the service user with CAP_AUDIT_WRITE (if the process has it) kept
 * across exec, an empty bounding set and no_new_privs.  0 or -1. */
int drop_to_service(const struct service *s);
/* To the caller's real ids with no capability at all; nothing that a plain
 * exec of the CLI would not have is left on or off.  Real uid 0 stays root.
 * 0 or -1. */
int drop_to_caller(void);

#endif
