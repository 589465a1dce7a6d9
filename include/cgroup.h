/*
 * cgroup.h - out of the caller's control groups.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include <sys/types.h>

/*
 * Moves the calling process, which must be root, out of every control group
 * that the caller (uid) might end, stop or squeeze it through, and into one
 * of root's with bounds of its own for each user.  0; -1 with errno: it is
 * still where it was in one of the trees.
 */
int cgroup_leave(uid_t uid);

#endif
