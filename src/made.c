/*
 * made.c - a container that was made, looked at before it can start.
 *
 * Done twice: when it was made, so that its user is told at once and it goes
 * again, and before each start, which is what guarantees it.
 *
 * These are known only then, and hold for as long as it exists.
 *
 * Its file of groups.  runc before 1.3 looks the group of each process up in
 * /etc/group of the container, a number too (opencontainers/runc#3999); crun
 * never does.  A container without root has an empty file there (confine.c);
 * guarantees that nobody but root exchanges it.  No mount goes over a link,
 * which could lead to /etc, the engine's own ones included; none lies in
 * another one, whose links are the user's to make at any time; and no
 * directory on the way can be exchanged by a process in the container, for
 * the next start.
 *
 * Its volumes.  Where the engine maps root away (userns-remap), all users'
 * containers have the same root, who owns everybody's volumes: what keeps him
 * out of them is that he has no directory of the host.  A container with one
 * could hand it to him by a socket in a volume, which stays there when the
 * container is gone and whose other end can be anywhere by then.  So a volume
 * is made for containers with or for ones without root, for good; guarantees
 * that on such engines no other ones have it.  And on all: that it is nobody
 * else's, which its name may have become since the create was judged.
 */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "bind.h"
#include "made.h"
#include "owner_ask.h"
#include "policy.h"
#include "query.h"
#include "tarwatch.h"

#define PEEK (8 * TAR_BLOCK)	/* attributes, if any, and the entry */
#define LOOKS 8			/* until dockerd's error is believed */
#define SAFE_KEPT 64		/* containers */
#define REMOVALS 20		/* looks at one that is being removed */

/* Whose file of groups was found safe, which it is for as long as it exists
 * (and its runc): the start that follows a create asks nothing again. */
static struct {
	pthread_mutex_t lock;
	char id[SAFE_KEPT][ID_LEN + 1];
	unsigned next;
} safe = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- one entry of the container's files --------------------------------------- */

struct entry {
	bool there;
	char type;		/* of a tar: '5' directory, '2' link */
	mode_t mode;
	uid_t uid;
};

/* Of a tar: the entry, or first attributes with an id that is too large for
 * the entry's own head.  False: not understood.  (POSIX.1-2017, pax) */
static bool
read_entry(const unsigned char got[PEEK], struct entry *f)
{
	const unsigned char *h = got;
	uint64_t size, mode, uid;
	struct span body, key, value, id = { NULL, 0 };

	if (h[156] == 'x') {
		if (!tar_number(h + 124, 12, &size) ||
		    size > PEEK - 2 * TAR_BLOCK)
			return false;
		body = (struct span){ (const char *)h + TAR_BLOCK,
		    (size_t)size };
		while (body.len > 0) {
			if (!tar_record(&body, &key, &value))
				return false;
			if (!span_eq(key, "uid"))
				continue;
			if (value.len == 0 || value.ptr[0] < '0' ||
			    value.ptr[0] > '9')
				return false;
			id = value;
		}
		h += TAR_BLOCK + (size + TAR_BLOCK - 1) / TAR_BLOCK *
		    TAR_BLOCK;
	}
	if (!tar_number(h + 100, 8, &mode) || !tar_number(h + 108, 8, &uid))
		return false;
	*f = (struct entry){ .there = true, .type = (char)h[156],
	    .mode = (mode_t)mode, .uid = id.ptr == NULL ? (uid_t)uid :
	    (uid_t)strtoul(id.ptr, NULL, 10) };	/* a line end follows */
	return true;
}

/* The archive of a path begins with the entry itself: links are not
 * followed.  (moby daemon/archive_unix.go, containerArchivePath) */
static enum reason
look(struct engine *e, const char *id, const char *path, struct entry *f,
    struct refusal *why)
{
	struct buf enc cleanup_buf = BUF_INIT(3 * PATH_MAX + 1);
	struct buf target cleanup_buf = BUF_INIT(4 * PATH_MAX);
	unsigned char got[PEEK] = { 0 };
	int status, tries = 0;

	*f = (struct entry){ 0 };
	query_encode(&enc, path, "/");
	buf_printf(&target, "/v1.%u/containers/%s/archive?path=%s",
	    engine_api(e), id, enc.data);
	if (enc.failed || target.failed)
		return refuse(why, R_MOUNT, "%.100s: too long", path);
	/* dockerd mounts all that the container has for it, which fails while
	 * a directory of the host is being exchanged */
	do
		status = engine_peek(e, buf_span(&target), (char *)got,
		    sizeof(got), why);
	while (status >= 500 && tries++ < LOOKS);
	if (status == 404)
		return R_NONE;	/* runc makes a directory of root's */
	if (status == -1)
		return why->why;
	return status == 200 && read_entry(got, f) ? R_NONE : refuse(why,
	    R_MOUNT, "%.100s: the engine cannot look at it", path);
}

/* Is it gone?  Then nobody starts it any more.  A removal that is under way
 * is waited for, since it can fail. */
static bool
is_gone(struct engine *e, const char *id)
{
	const struct timespec pause = { 0, 50 * 1000000L };
	struct refusal why;
	char state[32];
	int status, tries = 0;

	for (;;) {
		struct buf raw cleanup_buf = BUF_INIT(OWNER_ANSWER_MAX);

		status = engine_get(e, &raw, &why, "containers/%s/json", id);
		if (status != 200 || !json_string(json_path(buf_span(&raw),
		    "State", "Status", NULL), state, sizeof(state)))
			return status == 404;
		if (strcmp(state, "removing") != 0 || tries++ == REMOVALS)
			return strcmp(state, "dead") == 0;
		(void)nanosleep(&pause, NULL);
	}
}

/* --- the file of groups ------------------------------------------------------------ */

static enum reason
not_so(struct refusal *why, const char *target, const char *path,
    const char *what)
{
	return refuse(why, R_MOUNT, "%.80s in a container without root: "
	    "%.80s %s (runc before 1.3, see Host directories in "
	    "ds01-docker(1))", target, path, what);
}

/* Only the host's root could exchange what lies in that directory: not its
 * processes, nor who was handed it open by one, of whatever account.  Where
 * ids are mapped away an image's are nobody's on the host. */
static bool
is_roots(struct engine *e, const struct caller *c, const struct entry *dir)
{
	struct refusal unused;
	bool remaps;

	if ((dir->mode & (S_IWGRP | S_IWOTH)) != 0 || dir->uid == c->uid)
		return false;
	return dir->uid == 0 ||
	    (engine_remaps(e, &remaps, &unused) == R_NONE && remaps);
}

/* Each part of a clean target below the one before, which is dir.  A mount
 * point itself is not moved from inside, but it is from outside: an open
 * directory handed over a socket is enough, and takes the mount off.  /tmp is
 * no better: what lies under the mount may be the user's. */
static enum reason
judge_way(struct engine *e, const struct caller *c, const char *id,
    const char *target, struct refusal *why)
{
	char path[PATH_MAX];
	const char *end = target;
	struct entry dir = { 0 }, f;
	enum reason r = look(e, id, "/", &dir, why);

	while (r == R_NONE && *end != '\0') {
		end += 1 + strcspn(end + 1, "/");
		snprintf(path, sizeof(path), "%.*s", (int)(end - target),
		    target);
		r = look(e, id, path, &f, why);
		if (r != R_NONE)
			return r;
		if (dir.type != '5')
			return not_so(why, target, path,
			    "is in no directory");
		if (!is_roots(e, c, &dir))
			return not_so(why, target, path,
			    "can be exchanged from inside");
		if (!f.there)
			return R_NONE;	/* what is made is root's */
		if (f.type == '2')
			return not_so(why, target, path, "is a link");
		dir = f;
	}
	return r;
}

/* Mounts whose content is the user's.  A tmpfs begins empty and root's. */
static bool
is_nested(struct span mounts, const char *target)
{
	struct json_iter it = json_iter(mounts);
	char outer[PATH_MAX], type[16];
	struct span m;

	if (strcmp(target, "/dev/shm") != 0 && path_below(target, "/dev/shm"))
		return true;
	while (json_next(&it, NULL, &m))
		if (json_string(json_get(m, "Destination"), outer,
		    sizeof(outer)) && json_string(json_get(m, "Type"), type,
		    sizeof(type)) && strcmp(type, "tmpfs") != 0 &&
		    strcmp(outer, target) != 0 && path_below(target, outer))
			return true;
	return false;
}

/* The engine and runc mount here themselves, by themselves, through what is a
 * user's above: a link there leads their mount over the file of groups, or
 * over all of /etc.  (moby oci/defaults.go, daemon/oci_linux.go; runc
 * libcontainer/rootfs_linux.go) */
static bool
is_above_engines(const char *target)
{
	static const char *const engines[] = {
		"/dev/console", "/dev/mqueue", "/dev/pts", "/dev/shm",
		"/proc/sys", "/sbin/docker-init", "/sys/firmware",
		"/sys/fs/cgroup",
	};

	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (strcmp(target, engines[i]) != 0 &&
		    path_below(engines[i], target))
			return true;
	return false;
}

static enum reason
judge_target(struct engine *e, const struct caller *c, const char *id,
    struct span mounts, bool empty, const char *text, struct refusal *why)
{
	char target[PATH_MAX];

	if (!path_clean(text, target, sizeof(target)))
		return refuse(why, R_MOUNT, "%.100s", text);
	if (strcmp(target, GROUP_FILE) == 0)
		return R_NONE;		/* ours, looked at already */
	if (path_below(GROUP_FILE, target))
		return not_so(why, target, target, "holds " GROUP_FILE);
	if (is_nested(mounts, target))
		return not_so(why, target, target, "lies in another mount");
	if (!empty && is_above_engines(target))
		return not_so(why, target, target,
		    "is where the engine mounts itself");
	return judge_way(e, c, id, target, why);
}

static enum reason
judge_targets(struct engine *e, const struct caller *c, const char *id,
    struct span inspect, struct refusal *why)
{
	struct span mounts = json_get(inspect, "Mounts"), key, m;
	struct json_iter it = json_iter(mounts);
	char target[PATH_MAX];
	enum reason r = R_NONE;

	while (r == R_NONE && json_next(&it, NULL, &m))
		r = json_string(json_get(m, "Destination"), target,
		    sizeof(target)) ?
		    judge_target(e, c, id, mounts, json_is(json_get(m, "Type"),
		    "\"tmpfs\""), target, why) :
		    refuse(why, R_MOUNT, "a path that cannot be read");
	it = json_iter(json_path(inspect, "HostConfig", "Tmpfs", NULL));
	while (r == R_NONE && json_next(&it, &key, &m))
		r = key.len < sizeof(target) ? (snprintf(target,
		    sizeof(target), "%.*s", (int)key.len, key.ptr),
		    judge_target(e, c, id, mounts, true, target, why)) :
		    refuse(why, R_MOUNT, "a path that cannot be read");
	return r;
}

/* Does the container's runtime take groups from dockerd only?  /version tells
 * of the engine's default runtime, under its name; of no other one is known
 * which runc is behind it. */
static enum reason
looks_at_no_file(struct engine *e, struct span inspect, bool *yes,
    struct refusal *why)
{
	char runtime[64] = "";

	(void)json_string(json_path(inspect, "HostConfig", "Runtime", NULL),
	    runtime, sizeof(runtime));
	*yes = strcmp(runtime, "crun") == 0;
	return strcmp(runtime, "runc") != 0 ? R_NONE :
	    engine_runs(e, "runc", 1, 3, yes, why);
}

static bool
is_known_safe(const char *id)
{
	bool found = false;

	(void)pthread_mutex_lock(&safe.lock);
	for (size_t i = 0; i < SAFE_KEPT && !found; i++)
		found = strcmp(safe.id[i], id) == 0;
	(void)pthread_mutex_unlock(&safe.lock);
	return found;
}

static void
keep_safe(const char *id)
{
	(void)pthread_mutex_lock(&safe.lock);
	snprintf(safe.id[safe.next++ % SAFE_KEPT], ID_LEN + 1, "%s", id);
	(void)pthread_mutex_unlock(&safe.lock);
}

static enum reason
judge_confined(struct engine *e, const struct caller *c, const char *id,
    struct span inspect, struct refusal *why)
{
	bool fixed;
	enum reason r;

	if (is_known_safe(id))
		return R_NONE;
	r = looks_at_no_file(e, inspect, &fixed, why);
	if (r == R_NONE && !fixed)
		r = judge_way(e, c, id, GROUP_FILE, why);
	if (r == R_NONE && !fixed)
		r = judge_targets(e, c, id, inspect, why);
	if (r == R_NONE)
		keep_safe(id);
	/* a prune beside us leaves nothing to look at */
	return r != R_NONE && is_gone(e, id) ? R_NONE : r;
}

/* --- volumes --------------------------------------------------------------------- */

/* The kind of a volume never changes, and one that says none is of those for
 * containers that may have root. */
static enum reason
judge_kind(struct engine *e, const char *volume, bool its, bool confined,
    struct refusal *why)
{
	bool remaps = false;
	enum reason r = R_NONE;

	if (its != confined)
		r = engine_remaps(e, &remaps, why);
	return r != R_NONE || !remaps ? r : refuse(why, R_MOUNT,
	    confined ? "volume %.64s is not for a container with a directory "
	    "of the host: let the run make a new one, or make it with docker "
	    "volume create --label " LABEL_CONFINED "=true" :
	    "volume %.64s (label " LABEL_CONFINED "=true) is for containers "
	    "without root, and this one may run as root: use another one",
	    volume);
}

/* Whose it is may have changed since the create was judged; now that a
 * container has it, it cannot go. */
static enum reason
judge_mount(struct engine *e, const struct caller *c, struct span mount,
    bool confined, struct refusal *why)
{
	bool volume = json_is(json_get(mount, "Type"), "\"volume\"");
	struct thing t = { 0 };
	char name[256] = "";
	enum reason r;

	if (!json_string(json_get(mount, "Name"), name, sizeof(name)) ||
	    name[0] == '\0')
		return !volume ? R_NONE :
		    refuse(why, R_MOUNT, "volume without a name");
	r = owner_volume(e, c, name, &t, NULL, why);
	if (r != R_NONE)
		return r;
	if (t.claim == CLAIM_FOREIGN)
		return refuse(why, R_NOT_OWNER_VOLUME, "%s",
		    t.owner[0] != '\0' ? t.owner : "nobody");
	return !volume ? R_NONE : judge_kind(e, name,
	    bind_is_volume(name) || t.confined, confined, why);
}

enum reason
made_volumes(struct engine *e, const struct caller *c, const struct thing *t,
    struct span inspect, struct refusal *why)
{
	struct json_iter it = json_iter(json_get(inspect, "Mounts"));
	enum reason r = R_NONE;
	struct span m;

	while (r == R_NONE && json_next(&it, NULL, &m))
		r = judge_mount(e, c, m, t->confined, why);
	return r;
}

/* --- both --------------------------------------------------------------------------- */

enum reason
made_judge(struct engine *e, const struct caller *c, const struct thing *t,
    struct span inspect, struct refusal *why)
{
	enum reason r = policy_made(e, c, t, inspect, why);

	if (r == R_NONE)
		r = made_volumes(e, c, t, inspect, why);
	return r == R_NONE && t->confined ?
	    judge_confined(e, c, t->id, inspect, why) : r;
}
