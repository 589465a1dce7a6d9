/*
 * bind.c - paths of the host: what they are, and what they must never be.
 *
 * Guarantees that an anchor is what root made it: from "/" on, every
 * directory above it is owned by root and not writable by others (an access
 * list shows in the group's bits), so that neither it nor a name before it
 * can be exchanged by anybody else.  What cannot be looked at is refused, and
 * so is what a user's own program answers for (FUSE).
 */
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bind.h"
#include "buf.h"

#define LINKS_MAX 40

/* The kernel's and the engine's own, and what root runs by. */
static const char *const never[] = {
	"/proc", "/sys", "/dev", "/etc", "/run", "/var/run", "/boot", "/root",
	"/var/lib/docker", "/var/lib/containerd", "/var/lib/ds01",
	"/var/log/ds01", "/run/ds01-docker", DS01_RUN_DIR, DS01_STATE_DIR,
	DS01_LOG_DIR,
};

bool
path_clean(const char *path, char *out, size_t cap)
{
	size_t n = 0;

	if (cap < 2 || *path != '/')
		return false;
	while (*path != '\0') {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && memcmp(path, "..", 2) == 0) {
			while (n > 0 && out[--n] != '/')
				;
		} else if (len > 0 && !(len == 1 && *path == '.')) {
			if (len + 2 > cap - n)
				return false;
			out[n++] = '/';
			memcpy(out + n, path, len);
			n += len;
		}
		path += len;
	}
	if (n == 0)
		out[n++] = '/';
	out[n] = '\0';
	return true;
}

bool
path_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (strcmp(dir, "/") == 0)
		return *path == '/';
	return strncmp(path, dir, n) == 0 &&
	    (path[n] == '\0' || path[n] == '/');
}

/* At, below or above dir, by its name or by where its name leads to. */
static bool
is_near(const char *path, const char *dir)
{
	char real[PATH_MAX];

	if (path_below(path, dir) || path_below(dir, path))
		return true;
	return realpath(dir, real) != NULL && strcmp(real, "/") != 0 &&
	    (path_below(path, real) || path_below(real, path));
}

bool
bind_never(const char *path, const char *socket)
{
	char dir[PATH_MAX];
	char *slash;

	if (strcmp(path, "/") == 0 || socket == NULL)
		return true;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (is_near(path, never[i]))
			return true;
	if (!path_clean(socket, dir, sizeof(dir)))
		return true;
	slash = strrchr(dir, '/');
	if (slash != dir)	/* a socket in "/" would forbid everything */
		*slash = '\0';
	return is_near(path, dir);
}

/* --- the walk --------------------------------------------------------------- */

static bool
is_roots_alone(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && st->st_uid == 0 &&
	    (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int
fail(int error)
{
	errno = error;
	return -1;
}

/* Of what it is asked, a file system that a user mounted says what he likes,
 * and is gone when he likes.  One descriptor for all questions: it may be gone
 * between two. */
static int
look(const char *path, struct stat *st)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), error = 0;
	struct statfs fs;

	if (fd == -1)
		return -1;
	if (fstat(fd, st) == -1 || fstatfs(fd, &fs) == -1)
		error = errno;
	else if (fs.f_type == FUSE_SUPER_MAGIC && !bind_roots_now(st->st_dev))
		error = EREMOTE;
	(void)close(fd);
	return error == 0 ? 0 : fail(error);
}

struct walk {
	char at[PATH_MAX];	/* walked, "" is "/" */
	char left[PATH_MAX];	/* to be walked: "a/b" */
	int links;
};

/* The symlink at w->at/name gives way to what it says. */
static int
follow(struct walk *w, const char *link)
{
	char target[PATH_MAX], whole[PATH_MAX];
	ssize_t n = readlink(link, target, sizeof(target) - 1);
	int len;

	if (n <= 0)
		return fail(n == 0 ? ENOENT : errno);
	target[n] = '\0';
	if (++w->links > LINKS_MAX)
		return fail(ELOOP);
	len = snprintf(whole, sizeof(whole), "%s/%s", target, w->left);
	if (len < 0 || (size_t)len >= sizeof(whole))
		return fail(ENAMETOOLONG);
	if (target[0] == '/')
		w->at[0] = '\0';
	memcpy(w->left, whole, sizeof(whole));
	return 0;
}

/* Takes the next name off w->left; false at the end. */
static bool
next_name(struct walk *w, char name[NAME_MAX + 1])
{
	size_t skip = strspn(w->left, "/");
	size_t len = strcspn(w->left + skip, "/");
	const char *rest = w->left + skip + len;

	if (len == 0 || len > NAME_MAX)
		return false;
	memcpy(name, w->left + skip, len);
	name[len] = '\0';
	rest += strspn(rest, "/");
	memmove(w->left, rest, strlen(rest) + 1);
	return true;
}

/* One name further.  1: that was the end. */
static int
step(struct walk *w, const char *name, bool links, struct stat *st)
{
	char next[PATH_MAX];
	int len;

	if (strcmp(name, "..") == 0) {	/* in a link of root's */
		char *slash = strrchr(w->at, '/');

		if (slash != NULL)
			*slash = '\0';
		return look(w->at[0] != '\0' ? w->at : "/", st);
	}
	if (strcmp(name, ".") == 0)
		return 0;
	len = snprintf(next, sizeof(next), "%s/%s", w->at, name);
	if (len < 0 || (size_t)len >= sizeof(next))
		return fail(ENAMETOOLONG);
	if (look(next, st) == -1)
		return -1;
	if (S_ISLNK(st->st_mode)) {
		if (!links)
			return fail(ELOOP);
		return follow(w, next);
	}
	memcpy(w->at, next, sizeof(next));
	return is_roots_alone(st) ? 0 : 1;
}

/* Is one of the names ".."?  "..data" is a name like any other. */
static bool
has_parent(const char *path)
{
	for (const char *p = path; (p = strstr(p, "/..")) != NULL; p += 3)
		if (p[3] == '/' || p[3] == '\0')
			return true;
	return false;
}

int
bind_walk(const char *path, bool links, struct bind_place *p)
{
	char name[NAME_MAX + 1], clean[PATH_MAX];
	struct walk w = { .links = 0 };
	int end = 0;

	if (!path_clean(path, clean, sizeof(clean)))
		return fail(ENAMETOOLONG);
	memcpy(w.left, clean + 1, strlen(clean));
	if (look("/", &p->st) == -1)
		return -1;
	if (!is_roots_alone(&p->st))
		return fail(EPERM);
	while (end == 0 && w.left[0] != '\0') {
		if (!next_name(&w, name))
			return fail(ENAMETOOLONG);
		end = step(&w, name, links, &p->st);
	}
	if (end < 0)
		return -1;
	/* the rest is text: a link of root's may have brought dots into it */
	snprintf(clean, sizeof(clean), "%s", w.left);
	if (w.left[0] != '\0') {
		char slashed[PATH_MAX + 1];

		if (!S_ISDIR(p->st.st_mode))
			return fail(ENOTDIR);
		snprintf(slashed, sizeof(slashed), "/%s", w.left);
		if (has_parent(slashed) ||
		    !path_clean(slashed, clean, sizeof(clean)))
			return fail(EPERM);
		memmove(clean, clean + 1, strlen(clean));
	}
	memcpy(p->rest, clean, sizeof(clean));
	snprintf(p->anchor, sizeof(p->anchor), "%s",
	    w.at[0] != '\0' ? w.at : "/");
	return 0;
}

/* --- mounts ------------------------------------------------------------------- */

/* One field of a line, unescaped: "\040" is a space. */
static bool
field(const char **p, char *out, size_t cap)
{
	const char *s = *p;
	size_t n = 0;

	while (*s != ' ' && *s != '\n' && *s != '\0') {
		char ch = *s++;

		if (ch == '\\') {
			unsigned v = 0;

			for (int i = 0; i < 3; i++, s++) {
				if (*s < '0' || *s > '7')
					return false;
				v = v * 8 + (unsigned)(*s - '0');
			}
			ch = (char)v;
		}
		if (n + 1 >= cap)
			return false;
		out[n++] = ch;
	}
	out[n] = '\0';
	if (n == 0)
		return false;
	*p = *s == ' ' ? s + 1 : s;
	return true;
}

static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (*list != '\0') {
		size_t len = strcspn(list, ",");

		if (len == n && memcmp(list, word, n) == 0)
			return true;
		list += len;
		list += *list == ',';
	}
	return false;
}

struct mount {
	dev_t dev;
	char point[PATH_MAX];
	bool nosuid, nodev;
	const char *rest;	/* of the line, behind the options */
};

/* id parent major:minor root mountpoint options … */
static int
read_mount(const char *line, struct mount *m)
{
	char word[PATH_MAX];
	unsigned maj, min;
	int used;

	for (int i = 0; i < 2; i++)
		if (!field(&line, word, sizeof(word)))
			return -1;
	if (!field(&line, word, sizeof(word)) ||
	    sscanf(word, "%u:%u%n", &maj, &min, &used) != 2 ||
	    word[used] != '\0')
		return -1;
	m->dev = makedev(maj, min);
	if (!field(&line, word, sizeof(word)) ||
	    !field(&line, m->point, sizeof(m->point)) ||
	    m->point[0] != '/' || !field(&line, word, sizeof(word)))
		return -1;
	m->nosuid = has_word(word, "nosuid");
	m->nodev = has_word(word, "nodev");
	m->rest = line;
	return 0;
}

/* [optional fields] - type source options.  FUSE names there whoever mounted
 * it; what only root can mount (virtiofs) names nobody. */
static bool
is_roots(const char *rest)
{
	static const char user[] = "user_id=";
	char word[PATH_MAX];

	do {
		if (!field(&rest, word, sizeof(word)))
			return false;
	} while (strcmp(word, "-") != 0);
	for (int i = 0; i < 3; i++)
		if (!field(&rest, word, sizeof(word)))
			return false;
	for (const char *p = word; (p = strstr(p, user)) != NULL;) {
		p += sizeof(user) - 1;
		if (*p != '0' || (p[1] != ',' && p[1] != '\0'))
			return false;
	}
	return true;
}

bool
bind_roots(const char *text, dev_t dev)
{
	struct mount m;
	bool seen = false;

	while (*text != '\0') {
		if (read_mount(text, &m) == -1 ||
		    (m.dev == dev && !is_roots(m.rest)))
			return false;
		seen |= m.dev == dev;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return seen;
}

/* A file system may be mounted at several places; what one of them lets
 * through can be run there. */
int
bind_flags(const char *text, dev_t dev, const char *path,
    struct bind_flags *f)
{
	struct mount m;
	bool seen = false, bad = false;

	*f = (struct bind_flags){ .safe = false };
	while (*text != '\0') {
		if (read_mount(text, &m) == -1)
			return -1;
		if (m.dev == dev) {
			seen = true;
			bad |= !m.nosuid || !m.nodev;
		}
		f->below |= path_below(m.point, path) &&
		    strcmp(m.point, path) != 0;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	f->safe = seen && !bad;
	return 0;
}

static bool
read_mounts(const char *file, struct buf *text)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	char part[8192];
	ssize_t n = -1;

	if (fd != -1) {
		while ((n = read(fd, part, sizeof(part))) > 0)
			buf_add(text, part, (size_t)n);
		(void)close(fd);
	}
	return n == 0 && !text->failed && text->data != NULL;
}

/* A gate is in the mount namespace of whoever called first, and that may be a
 * sandbox of his choice: what counts is init's. */
static const char *host_mounts = "/proc/1/mountinfo";

void
bind_host_mounts(const char *file)
{
	host_mounts = file;
}

void
bind_flags_now(dev_t dev, const char *path, struct bind_flags *f)
{
	struct buf text cleanup_buf = BUF_INIT(BIND_MOUNTINFO_MAX);

	if (!read_mounts(host_mounts, &text) ||
	    bind_flags(text.data, dev, path, f) == -1)
		*f = (struct bind_flags){ .safe = false, .below = true };
}

bool
bind_roots_now(dev_t dev)
{
	struct buf text cleanup_buf = BUF_INIT(BIND_MOUNTINFO_MAX);

	return read_mounts(host_mounts, &text) && bind_roots(text.data, dev);
}

/* No two mounts have the same number, in whatever namespace. */
bool
bind_same_mounts(const char *own, const char *host)
{
	size_t n = strcspn(own, " ");

	while (host != NULL && *host != '\0') {
		if (n > 0 && strncmp(own, host, n + 1) == 0)
			return true;
		host = strchr(host, '\n');
		host += host != NULL;
	}
	return false;
}

bool
bind_sees_host(void)
{
	struct buf own cleanup_buf = BUF_INIT(BIND_MOUNTINFO_MAX);
	struct buf host cleanup_buf = BUF_INIT(BIND_MOUNTINFO_MAX);

	/* hidden (hidepid): nothing is plain then, see above */
	return !read_mounts(host_mounts, &host) ||
	    (read_mounts("/proc/self/mountinfo", &own) &&
	    bind_same_mounts(own.data, host.data));
}

/* --- words ------------------------------------------------------------------------ */

static bool
is_text(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	while (*p != '\0') {
		size_t more = *p < 0x80 ? 0 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 :
		    1;

		if (*p < 0x20 || *p == 0x7f || (*p >= 0x80 && *p < 0xc2) ||
		    *p > 0xf4)
			return false;
		/* overlong forms and surrogates */
		if ((*p == 0xe0 && p[1] < 0xa0) ||
		    (*p == 0xed && p[1] > 0x9f) ||
		    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
			return false;
		for (p++; more > 0; more--, p++)
			if ((*p & 0xc0) != 0x80)
				return false;
	}
	return true;
}

bool
bind_real(int fd, char *out, size_t cap)
{
	char link[64], clean[PATH_MAX];
	struct stat st;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, cap);
	if (n <= 0 || (size_t)n >= cap || fstat(fd, &st) == -1 ||
	    st.st_nlink == 0)
		return false;
	out[n] = '\0';
	return is_text(out) && path_clean(out, clean, sizeof(clean)) &&
	    strcmp(out, clean) == 0;
}

/* FNV-1a.  No secret is kept by it: what has the name is checked. */
void
bind_volume_name(char out[64], uid_t uid, const char *anchor)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (const char *p = anchor; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	snprintf(out, 64, BIND_VOLUME "%lu-%016llx", (unsigned long)uid,
	    (unsigned long long)h);
}

bool
bind_is_volume(const char *name)
{
	return strncmp(name, BIND_VOLUME, strlen(BIND_VOLUME)) == 0;
}
