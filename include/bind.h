/*
 * bind.h - paths of the host: what they are, and what they must never be.
 *
 * dockerd follows the source of a bind as root, anew at each start.  So what
 * is mounted is a place that nobody but root can exchange: a path all of
 * whose parents are root's alone, or, below such a path that belongs to the
 * caller himself, what dockerd finds there without leaving it
 * (VolumeOptions.Subpath).  No word of the caller's decides here: all of it
 * is looked at by the gate.
 */
#ifndef BIND_H
#define BIND_H

#include <sys/stat.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define BIND_VOLUME "ds01-bind-"	/* name prefix of our volumes */
#define BIND_MOUNTINFO_MAX ((size_t)4 << 20)	/* bytes that are read */

/* A path, cut where others than root could exchange what it means. */
struct bind_place {
	char anchor[PATH_MAX];	/* no symlink; all parents are root's alone */
	char rest[PATH_MAX];	/* below anchor, without '/' in front; or "" */
	struct stat st;		/* of anchor itself */
};

/* What lies at or around a file system, by /proc/self/mountinfo. */
struct bind_flags {
	bool safe;	/* every mount of it is nosuid,nodev; there is one */
	bool below;	/* something is mounted below the path */
};

/* Removes "//", "/./" and "/../" as dockerd's filepath.Clean does.  False:
 * not absolute, or does not fit. */
bool path_clean(const char *path, char *out, size_t cap);
/* Is path dir, or below it?  Both are clean. */
bool path_below(const char *path, const char *dir);

/* Is the clean path at, below or above what no container may have?  socket:
 * the engine's, whose directory counts. */
bool bind_never(const char *path, const char *socket);

/* Walks a clean path.  links: symlinks that root made in the part that only
 * root can change are followed; else they are an error (ELOOP).  0, or -1
 * with errno. */
int bind_walk(const char *path, bool links, struct bind_place *p);

/* Reads a mountinfo text: what of the file system dev and of path (clean)?
 * -1: not such a text. */
int bind_flags(const char *text, dev_t dev, const char *path,
    struct bind_flags *f);
/* The same of init's mountinfo; what cannot be read is not safe. */
void bind_flags_now(dev_t dev, const char *path, struct bind_flags *f);

/* Was the file system dev, one of FUSE, mounted by root?  Not, if the text does
 * not have it: then it is one of a sandbox. */
bool bind_roots(const char *text, dev_t dev);
bool bind_roots_now(dev_t dev);

/* Is the gate among the mounts of the host, and not in a sandbox that its
 * caller chose?  The other one compares two mountinfo texts. */
bool bind_sees_host(void);
/* Another file than init's mountinfo, for tests. */
void bind_host_mounts(const char *file);
bool bind_same_mounts(const char *own, const char *host);

/* The path behind an O_PATH descriptor, as the kernel knows it now.  False:
 * deleted, not below the root directory, or no text that JSON can carry. */
bool bind_real(int fd, char *out, size_t cap);

/* "ds01-bind-<uid>-<16 hex>" */
void bind_volume_name(char out[64], uid_t uid, const char *anchor);
bool bind_is_volume(const char *name);

#endif
