/*
 * ctl_doctor_engine.c - doctor's look at the engine: its socket, its
 * versions, what else listens, how its memory is bounded, and holes that are
 * known in a version.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "json.h"
#include "route.h"

#define API_SUBPATH 45	/* 1.45: VolumeOptions.Subpath, engine 26 */

void
doctor_socket(struct doctor *d)
{
	const char *path = d->cfg->engine_socket;
	struct stat st;

	if (stat(path, &st) != 0) {
		ctl_find(d, LEVEL_FAIL, "%s: %s; systemctl start docker, or "
		    "set engine.socket", path, strerror(errno));
		return;
	}
	if (!S_ISSOCK(st.st_mode))
		ctl_find(d, LEVEL_FAIL, "%s is no socket; set engine.socket",
		    path);
	else if ((st.st_mode & 0006) != 0)
		ctl_find(d, LEVEL_FAIL, "%s is open to everybody (%04o), which "
		    "is root for everybody; chmod 0660 %s", path,
		    (unsigned)st.st_mode & 07777, path);
	else if (st.st_uid != 0)
		ctl_find(d, LEVEL_FAIL, "%s belongs to uid %u and not to root; "
		    "is this the engine?", path, st.st_uid);
	else if ((st.st_mode & 0060) != 0060)
		ctl_find(d, LEVEL_FAIL, "%s has mode %04o, so its group (the "
		    "gate) cannot use it; chmod 0660 %s", path,
		    (unsigned)st.st_mode & 07777, path);
	else
		ctl_find(d, LEVEL_OK, "%s is root's, %04o", path,
		    (unsigned)st.st_mode & 07777);
}

/* --- versions --- */

int
ctl_version_cmp(const char *a, const char *b)
{
	for (;;) {
		char *ea, *eb;
		bool na = isdigit((unsigned char)*a), nb =
		    isdigit((unsigned char)*b);
		if (!na && !nb)
			break;
		unsigned long va = na ? strtoul(a, &ea, 10) : 0;
		unsigned long vb = nb ? strtoul(b, &eb, 10) : 0;
		if (va != vb)
			return va < vb ? -1 : 1;
		a = na ? ea : a;
		b = nb ? eb : b;
		a += *a == '.';
		b += *b == '.';
	}
	bool ra = strncmp(a, "-rc", 3) == 0 || strncmp(a, "~rc", 3) == 0;
	bool rb = strncmp(b, "-rc", 3) == 0 || strncmp(b, "~rc", 3) == 0;
	return ra == rb ? 0 : ra ? -1 : 1;
}

/* A version is affected when it is at least from (or from is "") and below
 * fixed.  Distributions repair without a new number, so these are warnings
 * to be looked up, no verdicts. */
static const struct hole {
	const char *component, *from, *fixed, *id, *what;
} holes[] = {
	{ "runc", "", "1.1.12", "CVE-2024-21626",
	    "a working directory below /proc/self/fd leads to the host (the "
	    "gate refuses /proc, /sys and /dev there)" },
	{ "runc", "", "1.2.8", "CVE-2025-31133, CVE-2025-52565, "
	    "CVE-2025-52881", "masked paths and /dev/console can be "
	    "redirected by a race" },
	{ "runc", "1.3.0", "1.3.3", "CVE-2025-31133, CVE-2025-52565, "
	    "CVE-2025-52881", "masked paths and /dev/console can be "
	    "redirected by a race" },
	{ "runc", "", "1.3.0", "opencontainers/runc#3999",
	    "groups are looked up in a file of the image (see Host "
	    "directories in ds01-docker(1))" },
	{ "engine", "", "29.5.1", "CVE-2026-41567, CVE-2026-41568, "
	    "CVE-2026-42306", "docker cp into a container runs or follows "
	    "what the container holds" },
	{ "nvidia-container-toolkit", "", "1.17.8", "CVE-2025-23266",
	    "a container's LD_PRELOAD is used by a hook on the host" },
};

void
ctl_holes(struct doctor *d, const char *component, const char *version)
{
	for (size_t i = 0; i < sizeof(holes) / sizeof(holes[0]); i++) {
		const struct hole *h = &holes[i];
		if (strcmp(h->component, component) != 0 ||
		    (*h->from && ctl_version_cmp(version, h->from) < 0) ||
		    ctl_version_cmp(version, h->fixed) >= 0)
			continue;
		ctl_find(d, LEVEL_WARN, "%s %s may have %s: %s; fixed in %s, "
		    "or by your distribution under the old number", component,
		    version, h->id, h->what, h->fixed);
	}
}

static unsigned
minor_of(const char *api)
{
	return strncmp(api, "1.", 2) == 0 ?
	    (unsigned)strtoul(api + 2, NULL, 10) : 0;
}

static void
api_range(struct doctor *d, struct span doc)
{
	char max[32] = "", min[32] = "";

	json_string(json_get(doc, "ApiVersion"), max, sizeof(max));
	json_string(json_get(doc, "MinAPIVersion"), min, sizeof(min));
	if (minor_of(max) < ROUTE_API_MIN || minor_of(min) > ROUTE_API_MAX)
		ctl_find(d, LEVEL_FAIL, "API %s to %s has nothing in common "
		    "with ours, 1.%d to 1.%d; another version of one of both "
		    "is needed", min, max, ROUTE_API_MIN, ROUTE_API_MAX);
	else if (minor_of(max) > ROUTE_API_MAX)
		ctl_find(d, LEVEL_NOTE, "API %s is newer than ours; clients "
		    "are told 1.%d", max, ROUTE_API_MAX);
	else
		ctl_find(d, LEVEL_OK, "API %s to %s", min, max);
	if (minor_of(max) < API_SUBPATH)
		ctl_find(d, LEVEL_NOTE, "API %s has no volume subpaths, which "
		    "mounting host directories safely needs; engine 26 has",
		    max);
}

/* "Components" of /version: Engine, containerd, runc, docker-init. */
static void
components(struct doctor *d, struct span doc)
{
	struct json_iter it = json_iter(json_get(doc, "Components"));
	struct span part;
	char name[64], version[64];

	while (json_next(&it, NULL, &part)) {
		if (!json_string(json_get(part, "Name"), name, sizeof(name)) ||
		    !json_string(json_get(part, "Version"), version,
		    sizeof(version)))
			continue;
		if (strcmp(name, "Engine") == 0)
			ctl_holes(d, "engine", version);
		else
			ctl_holes(d, name, version);
		ctl_find(d, LEVEL_OK, "%s %s", name, version);
	}
}

static bool
json_sane(struct span doc)
{
	struct refusal why;

	return json_check(doc, &why) == R_NONE;
}

void
doctor_engine(struct doctor *d)
{
	struct buf body = BUF_INIT((size_t)4 << 20);
	char err[256];
	struct stat st;

	if (stat(d->cfg->engine_socket, &st) != 0)
		return;		/* said by the row "socket" */
	if (access(d->cfg->engine_socket, R_OK | W_OK) != 0) {
		ctl_find(d, LEVEL_NOTE, "%s cannot be asked: %s",
		    d->cfg->engine_socket, strerror(errno));
		return;
	}
	int status = ctl_engine_get(d->cfg->engine_socket, "/version", &body,
	    err, sizeof(err));
	if (status < 0)
		ctl_find(d, LEVEL_FAIL, "%s does not answer: %s; systemctl "
		    "status docker", d->cfg->engine_socket, err);
	else if (status != 200 || !json_sane(buf_span(&body)))
		ctl_find(d, LEVEL_FAIL, "%s answers HTTP %d and no version; is "
		    "this the engine?", d->cfg->engine_socket, status);
	else {
		api_range(d, buf_span(&body));
		components(d, buf_span(&body));
	}
	buf_free(&body);
}

/* --- root in containers --- */

/* What the strictest, and the most generous, policy of the file allows. */
static void
root_modes(const struct config *c, enum root_mode *least, enum root_mode *most)
{
	*least = *most = c->policies[0].container_root;
	for (size_t i = 1; i < c->n_policies; i++)
		if (c->policies[i].container_root > *most)
			*most = c->policies[i].container_root;
}

void
doctor_root(struct doctor *d)
{
	struct buf info = BUF_INIT(1 << 20);
	enum root_mode least, most;
	char err[256];

	root_modes(d->cfg, &least, &most);
	if (ctl_engine_get(d->cfg->engine_socket, "/info", &info, err,
	    sizeof(err)) != 200)
		;	/* said already */
	else if (strstr(info.data, "\"name=userns\"") != NULL)
		ctl_find(d, LEVEL_OK, "root in containers is not root on "
		    "this host (userns-remap)");
	else if (most == ROOT_YES)
		ctl_find(d, LEVEL_FAIL, "root in a container is root on this "
		    "host: %s with a shell can get out; set userns-remap in "
		    "the engine, or policy.*.container_root to remapped "
		    "(Limits in ds01-docker(1))", least == ROOT_YES ?
		    "every user" : "users of some groups");
	else
		ctl_find(d, LEVEL_OK, "containers have no root inside");
	buf_free(&info);
}

/* --- images --- */

void
doctor_store(struct doctor *d)
{
	struct buf info = BUF_INIT(1 << 20);
	char err[256];

	if (ctl_engine_get(d->cfg->engine_socket, "/info", &info, err,
	    sizeof(err)) != 200)
		;	/* said already */
	else if (strstr(info.data, "\"io.containerd.snapshotter.v1\"") == NULL)
		ctl_find(d, LEVEL_OK, "images are in the engine's own store");
	else
		ctl_find(d, LEVEL_WARN, "images are in containerd's store, "
		    "where users get no BuildKit and no other platforms, and "
		    "one bad image that is pulled can break everybody's "
		    "lists; set \"features\": {\"containerd-snapshotter\": "
		    "false} in daemon.json (Limits in ds01-docker(1))");
	buf_free(&info);
}

/* --- listeners --- */

bool
ctl_tcp_listens(const char *line, unsigned *port, unsigned long *inode,
    bool *loopback)
{
	char addr[33];
	unsigned state;

	/* sl local rem st tx:rx tr:tm retr uid timeout inode */
	if (sscanf(line, " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s "
	    "%*u %*u %lu", addr, port, &state, inode) != 4 || state != 0x0a)
		return false;
	size_t n = strlen(addr);
	*loopback = (n == 8 && strcmp(addr + 6, "7F") == 0) ||
	    (n == 32 && strcmp(addr, "00000000000000000000000001000000") == 0);
	return true;
}

static bool
owns_inode(const char *pid, unsigned long inode)
{
	char path[300], want[48], got[64];
	struct dirent *e;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	snprintf(want, sizeof(want), "socket:[%lu]", inode);
	DIR *fds = opendir(path);
	if (fds == NULL)
		return false;
	while (!found && (e = readdir(fds)) != NULL) {
		ssize_t n = readlinkat(dirfd(fds), e->d_name, got,
		    sizeof(got) - 1);
		if (n > 0) {
			got[n] = '\0';
			found = strcmp(got, want) == 0;
		}
	}
	closedir(fds);
	return found;
}

static void
listeners_of(struct doctor *d, const char *pid, const char *table)
{
	char path[300], line[512];
	unsigned long inode;
	unsigned port;
	bool loopback;

	snprintf(path, sizeof(path), "/proc/%s/net/%s", pid, table);
	FILE *in = fopen(path, "re");
	while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
		if (!ctl_tcp_listens(line, &port, &inode, &loopback) ||
		    !owns_inode(pid, inode))
			continue;
		if (port == 2377 || port == 7946)
			ctl_find(d, LEVEL_WARN, "dockerd (pid %s) listens on "
			    "the swarm port %u; docker swarm leave, unless it "
			    "is meant", pid, port);
		else
			ctl_find(d, LEVEL_FAIL, "dockerd (pid %s) listens on "
			    "TCP port %u%s, which goes past the gate; remove "
			    "-H tcp:// and \"hosts\", or see to it that it "
			    "demands client certificates", pid, port,
			    loopback ? " (loopback, open to every local user)"
			    : "");
	}
	if (in != NULL)
		fclose(in);
}

/* The pid of the next dockerd that runs, until proc is read again. */
static const char *
next_dockerd(DIR *proc)
{
	struct dirent *e;

	while (proc != NULL && (e = readdir(proc)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) &&
		    ctl_proc_is(e->d_name, "dockerd", 0))
			return e->d_name;
	return NULL;
}

void
doctor_listeners(struct doctor *d)
{
	unsigned before = d->count[LEVEL_FAIL] + d->count[LEVEL_WARN];
	unsigned daemons = 0;
	const char *pid;

	if (geteuid() != 0)
		return;
	DIR *proc = opendir("/proc");
	while ((pid = next_dockerd(proc)) != NULL) {
		daemons++;
		listeners_of(d, pid, "tcp");
		listeners_of(d, pid, "tcp6");
	}
	if (proc != NULL)
		closedir(proc);
	if (daemons == 0)
		ctl_find(d, LEVEL_NOTE, "no dockerd runs");
	else if (d->count[LEVEL_FAIL] + d->count[LEVEL_WARN] == before)
		ctl_find(d, LEVEL_OK, "dockerd listens on no TCP port");
	if (daemons > 1)
		ctl_find(d, LEVEL_WARN, "%u dockerd run; the gate stands "
		    "before %s only", daemons, d->cfg->engine_socket);
}

/* --- other ways to a runtime --- */

static bool
reachable(const char *path, const struct stat *st)
{
	char dir[PATH_MAX];
	struct stat up;

	if ((st->st_mode & 0006) == 0)
		return false;
	snprintf(dir, sizeof(dir), "%s", path);
	for (char *slash; (slash = strrchr(dir, '/')) != NULL && slash != dir;) {
		*slash = '\0';
		if (stat(dir, &up) == 0 && (up.st_mode & 0001) == 0)
			return false;
	}
	return true;
}

static void
side_door(struct doctor *d, const char *path, const char *what)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	struct group *g = getgrgid(st.st_gid);
	if (reachable(path, &st))
		ctl_find(d, LEVEL_FAIL, "%s (%s) is open to everybody, which is "
		    "root for everybody; chmod 0660 %s", path, what, path);
	else if ((st.st_mode & 0060) != 0 && st.st_gid != 0 &&
	    g != NULL && g->gr_mem[0] != NULL)
		ctl_find(d, LEVEL_WARN, "%s (%s) is open to group %s (%s ...), "
		    "which is root; chgrp root %s", path, what, g->gr_name,
		    g->gr_mem[0], path);
	else
		ctl_find(d, LEVEL_OK, "%s (%s) is closed to users", path, what);
}

void
doctor_side_doors(struct doctor *d)
{
	static const struct { const char *path, *what; } doors[] = {
		{ "/run/containerd/containerd.sock", "containerd" },
		{ "/run/docker/containerd/containerd.sock",
		    "dockerd's containerd" },
		{ "/run/docker/metrics.sock", "dockerd's metrics" },
		{ "/run/docker-real.sock", "an earlier place of the engine" },
		{ "/run/buildkit/buildkitd.sock", "BuildKit" },
		{ "/run/podman/podman.sock", "Podman" },
		{ "/run/crio/crio.sock", "CRI-O" },
		{ "/run/cri-dockerd.sock", "cri-dockerd" },
		{ "/var/snap/lxd/common/lxd/unix.socket", "LXD" },
		{ "/var/lib/lxd/unix.socket", "LXD" },
		{ "/var/lib/incus/unix.socket", "Incus" },
		{ "/run/libvirt/libvirt-sock", "libvirt" },
	};
	unsigned n = 0;
	struct stat st;

	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
		n += stat(doors[i].path, &st) == 0;
		side_door(d, doors[i].path, doors[i].what);
	}
	if (n == 0)
		ctl_find(d, LEVEL_OK, "no socket of another runtime");
}

/* --- memory --- */

bool
ctl_memory_bound(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	/* "max", or with cgroup v1 all that fits into pages */
	return end != text && n < 1ULL << 60;
}

bool
ctl_memory_file(const char *line, char dir[PATH_MAX], const char **root,
    const char **name)
{
	char list[256];

	if (strncmp(line, "0::", 3) == 0) {
		*root = "/sys/fs/cgroup";
		*name = "memory.max";
		return sscanf(line, "0::%4095[^\n]", dir) == 1;
	}
	*root = "/sys/fs/cgroup/memory";
	*name = "memory.limit_in_bytes";
	return sscanf(line, "%*u:%255[^:]:%4095[^\n]", list, dir) == 2 &&
	    strcmp(list, "memory") == 0;
}

/* The bound of a slice above is one too. */
static bool
bounded_at(const char *root, char *dir, const char *name)
{
	char file[PATH_MAX + 64], word[32];
	char *slash;

	do {
		snprintf(file, sizeof(file), "%s%s/%s", root, dir, name);
		FILE *in = fopen(file, "re");
		bool bound = in != NULL && fgets(word, sizeof(word), in) !=
		    NULL && ctl_memory_bound(word);
		if (in != NULL)
			fclose(in);
		if (bound)
			return true;
		slash = strrchr(dir, '/');
		if (slash != NULL)
			*slash = '\0';
	} while (slash != NULL);
	return false;
}

static bool
bounded(const char *pid)
{
	char path[300], line[PATH_MAX + 300], dir[PATH_MAX];
	const char *root, *name;
	bool bound = false;

	snprintf(path, sizeof(path), "/proc/%s/cgroup", pid);
	FILE *in = fopen(path, "re");
	while (in != NULL && !bound && fgets(line, sizeof(line), in) != NULL)
		bound = ctl_memory_file(line, dir, &root, &name) &&
		    bounded_at(root, dir, name);
	if (in != NULL)
		fclose(in);
	return bound;
}

void
ctl_memory(struct doctor *d, bool bound, bool live)
{
	if (bound && live) {
		ctl_find(d, LEVEL_OK, "dockerd's memory is bounded, and "
		    "containers outlive it (live-restore)");
		return;
	}
	if (!bound)
		ctl_find(d, live ? LEVEL_WARN : LEVEL_FAIL, "dockerd's memory "
		    "has no bound, and a Dockerfile of a few lines can take "
		    "all that the host has; set MemoryMax= in a drop-in of "
		    "docker.service");
	if (!live)
		ctl_find(d, LEVEL_WARN, "when dockerd ends, all containers "
		    "do; set \"live-restore\": true in daemon.json");
}

void
doctor_memory(struct doctor *d)
{
	struct buf info = BUF_INIT((size_t)4 << 20);
	bool bound = true, any = false, live;
	const char *pid;
	char err[256];

	DIR *proc = opendir("/proc");
	while ((pid = next_dockerd(proc)) != NULL) {
		any = true;
		bound = bound && bounded(pid);
	}
	if (proc != NULL)
		closedir(proc);
	if (any && ctl_engine_get(d->cfg->engine_socket, "/info", &info, err,
	    sizeof(err)) == 200 && json_sane(buf_span(&info))) {
		live = span_eq(json_get(buf_span(&info),
		    "LiveRestoreEnabled"), "true");
		ctl_memory(d, bound, live);
	}	/* else it is said already */
	buf_free(&info);
}
