/*
 * userlock.h - locks on bytes of a user's file, across all of his gates.
 *
 * The kernel drops them with the descriptor, whatever becomes of the gate.
 */
#ifndef USERLOCK_H
#define USERLOCK_H

#include <stdbool.h>
#include <sys/types.h>

#define UID_TEXT 12		/* digits of a uid */

/* The file of that user in dir.  make: where it is missing, and dir with it.
 * A descriptor, or -1 and errno. */
int userlock_open(const char *dir, const char *user, bool make);
/* fcntl(2) with F_OFD_SETLK or F_OFD_GETLK; type: F_RDLCK, F_WRLCK, F_UNLCK.
 * -1 and errno; for F_OFD_GETLK 1 where somebody else's lock is in the way. */
int userlock(int fd, int cmd, short type, off_t start, off_t len);

#endif
