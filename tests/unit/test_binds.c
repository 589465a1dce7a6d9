/*
 * test_binds.c - what a path of the host is, and what becomes of it.
 *
 * A tree of real directories with real owners, a real probe at the gate's
 * descriptor, and hostile ones: that say whatever they like, or live in a
 * mount namespace of their own.  The engine and the owners are fakes.
 *
 * links: bind confine judge_binds judge_tree probe labels json json_check json_walk buf span reason
 */
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_world.h"
#include "judge.h"
#include "lease.h"
#include "probe.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define ALICE 64017
#define BOB 64018
#define GROUP 64019
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define D64 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* --- fakes --- */

static const char *volume_there;	/* inspect answer, or NULL */
static const char *volume_made;		/* create's answer; NULL: as asked */
static char volume_asked[4096];
static int volume_status = 201;		/* of a create; -1: the engine goes */
static bool volume_silent;		/* nothing can be told of it */
static char data_root[64] = "/var/lib/docker";	/* "": no answer */

enum reason
judge_oom(struct refusal *why)
{
	return refuse(why, R_INTERNAL, "out of memory");
}

bool
judge_void(const cJSON *v)
{
	return v == NULL || cJSON_GetArraySize(v) == 0;
}

static int
get(const char *fmt, struct buf *body, struct refusal *why)
{
	assert_string_equal(fmt, "/info");
	if (data_root[0] == '\0')
		return refuse(why, R_ENGINE_DOWN, "fake") == R_NONE ? 0 : -1;
	buf_printf(body, "{\"DockerRootDir\":\"%s\"}", data_root);
	return 200;
}

static int
make_volume(const char *method, struct span target, struct span json,
    struct buf *body, struct refusal *why)
{
	assert_string_equal(method, "POST");
	assert_true(span_eq(target, "/v1.45/volumes/create"));
	snprintf(volume_asked, sizeof(volume_asked), "%.*s", (int)json.len,
	    json.ptr);
	if (volume_status == -1)
		return refuse(why, R_ENGINE_DOWN, "fake") == R_NONE ? 0 : -1;
	if (volume_made != NULL)
		buf_puts(body, volume_made);
	else	/* dockerd says Options where it is asked for DriverOpts */
		assert_int_equal(json_replace(body, json, "Options",
		    json_get(json, "DriverOpts")), 0);
	return volume_status;
}

/* Of the containers A64 is confined, B64 is not, of D64 nothing is known. */
static enum reason
find(enum object kind, const char *ref, struct thing *t, struct buf *raw)
{
	if (strcmp(ref, D64) == 0 || (kind == OBJ_VOLUME && volume_silent))
		return R_ENGINE_DOWN;
	if (kind == OBJ_CONTAINER) {
		*t = (struct thing){ .claim = CLAIM_OWN, .name = "other",
		    .confined = strcmp(ref, A64) == 0 };
		assert_int_equal(strlen(ref), ID_LEN);
	} else if (volume_there != NULL) {
		t->claim = CLAIM_FOREIGN;
		buf_puts(raw, volume_there);
	}
	return R_NONE;
}

static enum claim
labelled(const struct caller *c, struct span json, struct thing *t)
{
	char user[64] = "";

	*t = (struct thing){ .gate_made = json_path(json, "Labels",
	    LABEL_GATE, NULL).ptr != NULL };
	json_string(json_path(json, "Labels", LABEL_USER, NULL), user,
	    sizeof(user));
	return strcmp(user, c->name) == 0 ? CLAIM_OWN : CLAIM_FOREIGN;
}

static void
make_world(void)
{
	world.api = 45;
	world.find = find;
	world.labelled = labelled;
	world.ask = make_volume;
	world.get = get;
}

/* --- the tree --- */

static char top[64];
static bool made;

static const char *
in_tree(const char *path)
{
	static char text[4][PATH_MAX];
	static unsigned turn;

	/* "@" is the tree's top */
	turn = (turn + 1) % 4;
	text[turn][0] = '\0';
	for (; *path != '\0'; path++)
		snprintf(text[turn] + strlen(text[turn]), PATH_MAX -
		    strlen(text[turn]), "%s", *path == '@' ? top :
		    (char[]){ *path, '\0' });
	return text[turn];
}

static const struct {
	const char *path;
	char type;		/* d, f, l, p */
	uid_t uid;
	gid_t gid;
	mode_t mode;
	const char *to;
} tree[] = {
	{ "@/home", 'd', 0, 0, 0711, NULL },
	{ "@/home/alice", 'd', ALICE, ALICE, 0700, NULL },
	{ "@/home/alice/sub", 'd', ALICE, ALICE, 0755, NULL },
	{ "@/home/alice/sub/a b", 'd', ALICE, ALICE, 0755, NULL },
	{ "@/home/alice/..data", 'd', ALICE, ALICE, 0755, NULL },
	{ "@/home/alice/file", 'f', ALICE, ALICE, 0600, NULL },
	{ "@/home/alice/pipe", 'p', ALICE, ALICE, 0600, NULL },
	{ "@/home/alice/in", 'l', ALICE, ALICE, 0, "sub" },
	{ "@/home/alice/etc", 'l', ALICE, ALICE, 0, "/etc" },
	{ "@/home/alice/bob", 'l', ALICE, ALICE, 0, "../bob" },
	{ "@/home/bob", 'd', BOB, BOB, 0755, NULL },
	{ "@/home/bob/pub", 'd', BOB, BOB, 0755, NULL },
	{ "@/open", 'd', 0, 0, 01777, NULL },
	{ "@/open/x", 'd', ALICE, ALICE, 0755, NULL },
	{ "@/group", 'd', 0, GROUP, 02775, NULL },
	{ "@/group/x", 'd', 0, GROUP, 0755, NULL },
	{ "@/data", 'd', 0, 0, 0755, NULL },
	{ "@/data/set", 'f', 0, 0, 0644, NULL },
	{ "@/secret", 'd', 0, 0, 0700, NULL },
	{ "@/lib", 'd', 0, 0, 0755, NULL },
	{ "@/lib/docker", 'd', 0, 0, 0711, NULL },
	{ "@/lib/docker/x", 'd', 0, 0, 0755, NULL },
	{ "@/lib/other", 'd', 0, 0, 0755, NULL },
	{ "@/homes", 'l', 0, 0, 0, "home" },
	{ "@/dots", 'l', 0, 0, 0, "home/../data" },
	{ "@/loop", 'l', 0, 0, 0, "loop" },
	{ "@/abs", 'l', 0, 0, 0, "@/home" },
	{ "@/dot", 'l', 0, 0, 0, "./home" },
	{ "@/sly", 'l', 0, 0, 0, "home/alice/../bob" },
	{ "@/far", 'l', 0, 0, 0, "../.." },
	{ "@/engine", 'l', 0, 0, 0, "lib/docker" },
};

static void
make(size_t i)
{
	const char *path = in_tree(tree[i].path);
	int fd;

	switch (tree[i].type) {
	case 'd':
		assert_int_equal(mkdir(path, 0700), 0);
		break;
	case 'f':
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		assert_true(fd != -1);
		(void)close(fd);
		break;
	case 'p':
		assert_int_equal(mkfifo(path, 0600), 0);
		break;
	default:
		assert_int_equal(symlink(in_tree(tree[i].to), path), 0);
	}
	assert_int_equal(lchown(path, tree[i].uid, tree[i].gid), 0);
	if (tree[i].type != 'l')
		assert_int_equal(chmod(path, tree[i].mode), 0);
}

#define PLACES "/opt/test-binds."	/* and the pid whose it is */

static int
take_away(const char *place)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", place);
	return system(command) == 0 ? 0 : -1;
}

/* Those of runs that were killed; one of ours can only be of an earlier
 * process with our number. */
static void
take_back(void)
{
	glob_t found;

	if (glob(PLACES "[1-9]*", 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *number = found.gl_pathv[i] + strlen(PLACES);
		char *end;
		pid_t pid = (pid_t)strtol(number, &end, 10);

		if (*end == '\0' && (pid == getpid() ||
		    (kill(pid, 0) == -1 && errno == ESRCH)))
			(void)take_away(found.gl_pathv[i]);
	}
	globfree(&found);
}

static int
set_up(void **state)
{
	(void)state;
	make_world();
	if (geteuid() != 0)
		return 0;
	take_back();
	/* /tmp is no place that only root can change */
	snprintf(top, sizeof(top), PLACES "%d", (int)getpid());
	if (mkdir(top, 0755) == -1 || chmod(top, 0755) == -1)
		return -1;
	for (size_t i = 0; i < N(tree); i++)
		make(i);
	made = true;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return made ? take_away(top) : 0;
}

/* --- pure parts --- */

static void
test_never(void **state)
{
	static const char *const yes[] = { "/", "/proc", "/proc/1/root",
	    "/sys/fs", "/dev/shm", "/etc", "/etc/ds01/docker.yaml", "/run",
	    "/run/docker.sock", "/var/run", "/var", "/var/lib", "/root/.ssh",
	    "/var/lib/docker/volumes", "/boot", "/srv/engine", "/srv",
	    "/srv/engine/docker.sock", DS01_RUN_DIR, DS01_STATE_DIR "/x",
	    DS01_LOG_DIR };
	static const char *const no[] = { "/home", "/home/alice", "/data",
	    "/etcetera", "/srv/engines", "/opt", "/tmp", "/procs" };

	(void)state;
	for (size_t i = 0; i < N(yes); i++)
		if (!bind_never(yes[i], "/srv/engine/docker.sock"))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < N(no); i++)
		if (bind_never(no[i], "/srv/engine/docker.sock") &&
		    strncmp(DS01_RUN_DIR, "/opt", 4) != 0)
			fail_msg("%s", no[i]);
	assert_true(bind_never("/home", NULL));
	/* a socket in "/" forbids itself alone */
	assert_true(bind_never("/docker.sock", "/docker.sock"));
	assert_false(bind_never("/home", "/docker.sock"));
	assert_true(bind_never("/home", "docker.sock"));
	if (!made)
		return;
	/* by where the name leads to, too */
	const char *socket = in_tree("@/engine/docker.sock");
	assert_true(bind_never(in_tree("@/lib/docker/x"), socket));
	assert_true(bind_never(in_tree("@/lib"), socket));
	assert_false(bind_never(in_tree("@/lib/other"), socket));
}

static void
test_clean(void **state)
{
	static const struct {
		const char *path;
		size_t cap;
		const char *clean;
	} rows[] = {
		{ "/", 2, "/" }, { "/", 1, NULL },
		{ "/abc", 5, "/abc" }, { "/abc", 4, NULL },
		{ "/abc/../de", 5, "/de" }, { "/abc/../de", 4, NULL },
		{ "//a/./b/", 5, "/a/b" }, { "/..", 2, "/" },
		{ "/..data", 8, "/..data" }, { "abc", 8, NULL },
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		bool ok = path_clean(rows[i].path, out, rows[i].cap);

		if (ok != (rows[i].clean != NULL) ||
		    (ok && strcmp(out, rows[i].clean) != 0))
			fail_msg("%s, %zu", rows[i].path, rows[i].cap);
	}
}

static const char mounts[] =
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
    "23 22 0:21 / /proc rw,nosuid,nodev,noexec - proc proc rw\n"
    "30 22 8:1 / /home rw,nosuid,nodev - ext4 /dev/sda1 rw\n"
    "31 22 8:2 / /data rw,nosuid,nodev - ext4 /dev/sda2 rw\n"
    "32 22 8:2 /x /srv/again rw,nodev master:3 - ext4 /dev/sda2 rw\n"
    "33 22 8:3 / /with\\040space rw,nodev,nosuid - ext4 /dev/sda3 rw\n"
    "34 30 8:4 / /home/alice/more rw - ext4 /dev/sda4 rw\n"
    "36 22 8:6 / /nosuid rw,nosuid - ext4 /dev/sda6 rw\n"
    "35 22 8:5 / /nodevice rw,nodev,nosuidx - ext4 /dev/sda5 rw\n";

static void
test_flags(void **state)
{
	static const struct {
		unsigned minor;	/* of major 8 */
		const char *path;
		bool safe, below;
	} rows[] = {
		{ 1, "/home/bob", true, false },
		{ 1, "/home/alice", true, true },
		{ 1, "/home", true, true },
		{ 1, "/home/al", true, false },
		{ 1, "/home/alice/more", true, false },
		{ 2, "/data", false, false },	/* at a second place */
		{ 3, "/with space", true, false },
		{ 3, "/with", true, false },
		{ 5, "/nodevice", false, false },
		{ 6, "/nosuid", false, false },
		{ 9, "/home/bob", false, false },	/* no such mount */
		{ 1, "/", true, true },
	};
	static const char *const bad[] = { "x", "1 2 3 / /\n", "1 2 8:1 / \n",
	    "1 2 8:1x / / rw\n", "1 2 8:1 / home rw\n", "1 2 8:1 / /\\0 rw\n",
	    "1 2 8:1 / /\\089 rw\n", "1 2 8:1 / /\\0/0 rw\n",
	    "\n" };
	struct bind_flags f;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		assert_int_equal(bind_flags(mounts, makedev(8, rows[i].minor),
		    rows[i].path, &f), 0);
		if (f.safe != rows[i].safe || f.below != rows[i].below)
			fail_msg("%u %s: %d %d", rows[i].minor, rows[i].path,
			    f.safe, f.below);
	}
	for (size_t i = 0; i < N(bad); i++)
		assert_int_equal(bind_flags(bad[i], makedev(8, 1), "/", &f),
		    -1);
	/* a name longer than any there is */
	char line[PATH_MAX + 64];
	for (int more = -1; more <= 0; more++) {
		snprintf(line, sizeof(line), "1 2 8:1 / /%0*d rw\n",
		    PATH_MAX - 1 + more, 0);
		assert_int_equal(bind_flags(line, makedev(8, 1), "/", &f),
		    -1 - more);
	}
	/* this very process's */
	bind_flags_now(makedev(0, 0), "/", &f);
	assert_true(f.below);
	assert_false(f.safe);
}

static const char fuses[] =
    "30 22 8:1 / /home rw,nosuid,nodev - ext4 /dev/sda1 rw\n"
    "40 22 0:40 / /a rw - fuse.sshfs far:/ rw,user_id=0,group_id=0,allow_other\n"
    "41 22 0:41 / /b rw,nosuid shared:7 master:2 - fuse x rw,user_id=64017,group_id=0\n"
    "42 22 0:42 / /c rw - fuse x rw,user_id=01,group_id=0\n"
    "43 22 0:43 / /d rw - virtiofs host rw\n"
    "44 22 0:44 / /e rw - fuse user_id=9 rw,user_id=0\n"
    "45 22 0:45 / /f rw - fuse -\\040x rw,user_id=0,group_id=0\n"
    "46 22 0:45 / /f2 rw - fuse x rw,user_id=5,group_id=0\n"
    "47 22 0:47 / /g rw shared:1 fuse x rw,user_id=0\n"
    "48 22 0:48 / /h rw - fuse x\n"
    "49 22 0:49 / /i rw - fuse  rw,user_id=64017\n";

static void
test_roots(void **state)
{
	static const struct {
		unsigned minor;
		bool roots;
	} rows[] = { { 40, true }, { 41, false }, { 42, false }, { 43, true },
	    { 44, true }, { 45, false }, { 47, false }, { 48, false },
	    { 49, false }, { 50, false } };

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		if (bind_roots(fuses, makedev(0, rows[i].minor)) !=
		    rows[i].roots)
			fail_msg("0:%u", rows[i].minor);
	assert_false(bind_roots("x", makedev(0, 40)));
	/* what cannot be read is nobody's */
	bind_host_mounts("/nowhere");
	assert_false(bind_roots_now(makedev(0, 40)));
	bind_host_mounts("/proc/1/mountinfo");
}

static void
test_walk(void **state)
{
	static const struct {
		const char *path;
		bool links;
		const char *anchor, *rest;
		int error;
	} rows[] = {
		{ "@/home/alice", false, "@/home/alice", "", 0 },
		{ "@/home/alice/sub/a b", false, "@/home/alice", "sub/a b", 0 },
		{ "@/home//./alice/sub/", false, "@/home/alice", "sub", 0 },
		/* no link is followed below an anchor, and nothing looked at */
		{ "@/home/alice/etc", false, "@/home/alice", "etc", 0 },
		{ "@/home/alice/not/there", false, "@/home/alice",
		  "not/there", 0 },
		{ "@/home/alice/etc/../../bob", false, "@/home/bob", "", 0 },
		{ "@/data/set", false, "@/data/set", "", 0 },
		{ "@/data", false, "@/data", "", 0 },
		{ "@/open/x", false, "@/open", "x", 0 },
		{ "@/group/x", false, "@/group", "x", 0 },
		{ "/", false, "/", "", 0 },
		{ "@/homes/alice", false, NULL, NULL, ELOOP },
		{ "@/homes/alice", true, "@/home/alice", "", 0 },
		{ "@/homes/alice/bob", true, "@/home/alice", "bob", 0 },
		{ "@/dots/set", true, "@/data/set", "", 0 },
		{ "@/loop", true, NULL, NULL, ELOOP },
		{ "@/abs/alice/sub", true, "@/home/alice", "sub", 0 },
		{ "@/dot/alice", true, "@/home/alice", "", 0 },
		{ "@/sly", true, NULL, NULL, EPERM },
		{ "@/far", true, "/", "", 0 },
		{ "@/data/set/x", false, NULL, NULL, ENOTDIR },
		{ "@/nowhere", false, NULL, NULL, ENOENT },
	};
	struct bind_place p;

	(void)state;
	if (!made)
		skip();
	for (size_t i = 0; i < N(rows); i++) {
		errno = 0;
		if (bind_walk(in_tree(rows[i].path), rows[i].links, &p) !=
		    (rows[i].error == 0 ? 0 : -1) || errno != rows[i].error)
			fail_msg("%s: %s", rows[i].path, strerror(errno));
		if (rows[i].error != 0)
			continue;
		assert_string_equal(p.anchor, in_tree(rows[i].anchor));
		assert_string_equal(p.rest, rows[i].rest);
	}
}

static void
test_real(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{ "plain", true }, { "a b", true }, { "\xc3\xa4", true },
		{ "a\nb", false }, { "\xff", false }, { "\xc3", false },
		{ "\xed\xa0\x80", false }, { "\xf0\x9f\x90\xb3", true },
		{ "x (deleted)", true }, { "\xc2\x80", true },
		{ "\xc1\x80", false }, { "\xe0\xa0\x80", true },
		{ "\xe0\x9f\x80", false }, { "\xf0\x90\x80\x80", true },
		{ "\xf0\x8f\x80\x80", false }, { "a\x7f", false },
	};
	char path[PATH_MAX], out[PATH_MAX];
	int fd;

	(void)state;
	if (!made)
		skip();
	for (size_t i = 0; i < N(rows); i++) {
		snprintf(path, sizeof(path), "%s/%s", in_tree("@/open"),
		    rows[i].name);
		assert_int_equal(mkdir(path, 0755), 0);
		fd = open(path, O_PATH);
		assert_int_equal(bind_real(fd, out, sizeof(out)), rows[i].ok);
		if (rows[i].ok) {
			assert_string_equal(out, path);
			assert_false(bind_real(fd, out, strlen(path)));
			assert_true(bind_real(fd, out, strlen(path) + 1));
		}
		assert_int_equal(rmdir(path), 0);
		assert_false(bind_real(fd, out, sizeof(out)));
		(void)close(fd);
	}
}

static void
test_names(void **state)
{
	char a[64], b[64];

	(void)state;
	bind_volume_name(a, 1000, "/home/alice");
	bind_volume_name(b, 1000, "/home/alicf");
	assert_string_not_equal(a, b);
	bind_volume_name(b, 1001, "/home/alice");
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), strlen("ds01-bind-1000-") + 16);
	assert_true(bind_is_volume(a));
	assert_false(bind_is_volume("ds01-bin"));
	assert_false(bind_is_volume("my-ds01-bind-x"));
}

/* --- judged --- */

static char home[PATH_MAX], root_data[PATH_MAX], root_link[PATH_MAX],
    root_open[PATH_MAX], root_group[PATH_MAX];
static char *only_home[] = { home }, *all_roots[] = { home, root_data,
    root_link, root_open, root_group };
static char tilde[] = "~", all[] = "/";
static char *only_tilde[] = { tilde }, *everything[] = { all };
static struct policy policy = { .container_root = ROOT_YES };
static gid_t groups[] = { ALICE, GROUP };
static struct caller alice = { .uid = ALICE, .gid = ALICE,
    .owner_uid = ALICE, .name = "alice", .policy = &policy,
    .groups = groups, .n_groups = N(groups) };
static struct config config;
static pid_t child = -1;

/* Somebody serves at the gate's descriptor. */
static void
start(void (*serve)(int))
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	child = fork();
	assert_true(child != -1);
	if (child == 0) {
		(void)close(pair[0]);
		serve(pair[1]);
		_exit(0);
	}
	(void)close(pair[1]);
	if (pair[0] != GATE_FD_PROBE) {
		assert_int_equal(dup2(pair[0], GATE_FD_PROBE), GATE_FD_PROBE);
		(void)close(pair[0]);
	}
}

static int
stop(void **state)
{
	(void)state;
	(void)close(GATE_FD_PROBE);
	if (child != -1 && waitpid(child, NULL, 0) != child)
		return -1;
	child = -1;
	return 0;
}

static void
serve_alice(int sock)
{
	if (setgroups(0, NULL) == -1 || setresgid(ALICE, ALICE, ALICE) == -1 ||
	    setresuid(ALICE, ALICE, ALICE) == -1)
		_exit(1);
	probe_serve(sock);
}

static void
prepare(void)
{
	snprintf(home, sizeof(home), "%s/home/alice", top);
	snprintf(root_data, sizeof(root_data), "%s/data", top);
	snprintf(root_link, sizeof(root_link), "%s/homes/bob", top);
	snprintf(root_open, sizeof(root_open), "%s/open", top);
	snprintf(root_group, sizeof(root_group), "%s/group", top);
	memcpy(alice.home, home, sizeof(home));
	config.engine_socket = (char *)(uintptr_t)"/run/docker.sock";
	world.api = 45;
	volume_there = volume_made = NULL;
}

static const struct row {
	const char *source;
	char roots;		/* ~: home alone, h: the same, a: all, /, 0 */
	unsigned api;
	enum reason why;
	const char *in;		/* is in the mount; '!' is not; @ as ever */
} rows[] = {
	{ "@/home/alice", '~', 41, R_NONE, "\"Type\":\"bind\"" },
	{ "@/home/alice", '~', 41, R_NONE,
	  "{\"Target\":\"/t\",\"ReadOnly\":false,\"Type\":\"bind\"" },
	{ "@/home/alice/sub", '~', 45, R_NONE,
	  "{\"Target\":\"/t\",\"ReadOnly\":false,\"Type\":\"volume\"" },
	{ "@/home/alice", 'h', 41, R_NONE, "@/home/alice\"" },
	{ "@/home//bob/../alice/", 'h', 41, R_NONE, "@/home/alice\"" },
	{ "@/home/alice", '0', 45, R_BIND, NULL },
	{ "@/home/alice", '/', 45, R_NONE, "rprivate" },
	{ "@/home/alice/sub", '~', 44, R_NEEDS_NEWER_ENGINE, NULL },
	{ "@/home/alice/sub", '~', 45, R_NONE, "\"Subpath\":\"sub\"" },
	{ "@/home/alice/sub", '~', 45, R_NONE, "\"NoCopy\":true" },
	{ "@/home/alice/sub", '~', 45, R_NONE, "\"device\":\"@/home/alice\"" },
	{ "@/home/alice/sub/a b", '~', 45, R_NONE, "\"Subpath\":\"sub/a b\"" },
	{ "@/home/alice/in", '~', 45, R_NONE, "\"Subpath\":\"sub\"" },
	{ "@/home/alice/in/a b", '~', 45, R_NONE, "\"Subpath\":\"sub/a b\"" },
	{ "@/home/alice/file", '~', 45, R_NONE, "\"Subpath\":\"file\"" },
	{ "@/homes/alice/sub", '~', 45, R_NONE, "\"Subpath\":\"sub\"" },
	{ "@/home/alice/..data", '~', 45, R_NONE, "\"Subpath\":\"..data\"" },
	{ "@/home/alice/pipe", '~', 45, R_BIND, NULL },
	{ "@/home/alice/etc", '~', 45, R_BIND, NULL },
	{ "@/home/alice/etc/ssl", '~', 45, R_BIND, NULL },
	{ "@/home/alice/bob", '~', 45, R_BIND, NULL },
	{ "@/home/alice/../bob", '~', 45, R_BIND, NULL },
	{ "@/home/alice/sub/../../bob", '~', 45, R_BIND, NULL },
	{ "@/home/bob", '~', 45, R_BIND, NULL },
	{ "@/home/alicf", 'a', 45, R_BIND, NULL },
	{ "@/home", '~', 45, R_BIND, NULL },
	{ "/etc", '/', 45, R_BIND, NULL }, { "/", '/', 45, R_BIND, NULL },
	{ "//etc/./", '/', 45, R_BIND, NULL },
	{ "/proc/self/root", '/', 45, R_BIND, NULL },
	{ "/proc/self/root@/home/alice", '/', 45, R_BIND, NULL },
	{ "@/home/alice/etc", '/', 45, R_BIND, NULL },
	{ "@/data", 'a', 41, R_NONE, "@/data\"" },
	{ "@/data/set", 'a', 41, R_NONE, "@/data/set\"" },
	{ "@/data", '~', 45, R_BIND, NULL },
	/* bob's, from a root: as a whole, with alice's rights */
	{ "@/home/bob", 'a', 45, R_NONE, "@/home/bob\"" },
	{ "@/home/bob/pub", 'a', 45, R_BIND, NULL },
	/* others could exchange it */
	{ "@/open", 'a', 45, R_NONE, "@/open\"" },
	{ "@/open/x", 'a', 45, R_BIND, NULL },
	{ "@/group/x", 'a', 45, R_BIND, NULL },
	/* she can name it, but has no more rights in it than before */
	{ "@/secret", '/', 45, R_NONE, "@/secret" },
	{ "@/secret/x", '/', 45, R_BIND, NULL },
};

static void
choose_roots(char which)
{
	switch (which) {
	case '~':
		policy.binds = (struct strings){ only_tilde, 1 };
		break;
	case 'h':
		policy.binds = (struct strings){ only_home, 1 };
		break;
	case 'a':
		policy.binds = (struct strings){ all_roots, N(all_roots) };
		break;
	case '/':
		policy.binds = (struct strings){ everything, 1 };
		break;
	default:
		policy.binds = (struct strings){ NULL, 0 };
	}
}

/* The tree, the roots that are allowed in it, and whoever opens paths. */
static void
begin(char roots, void (*serve)(int))
{
	if (!made)
		skip();
	prepare();
	choose_roots(roots);
	start(serve);
}

static enum reason
judge_one(struct policy_env *env, const char *source, bool missing,
    struct buf *out, struct refusal *why)
{
	const struct bind b = { .source = source, .target = "/t",
	    .make = missing };
	enum reason r = judge_bind(env, &b, why);

	if (r == R_NONE)
		json_write(out, env->binds);
	else
		assert_null(env->binds);
	return r;
}

/* The text with the tree's top in place of '@'. */
static bool
holds(const char *text, const char *wanted)
{
	return strstr(text, in_tree(wanted)) != NULL;
}

static void
test_rows(void **state)
{
	struct refusal why;

	(void)state;
	if (!made)
		skip();
	prepare();
	start(serve_alice);
	for (size_t i = 0; i < N(rows); i++) {
		struct buf out cleanup_buf = BUF_INIT(0);
		struct policy_env env = { .caller = &alice, .cfg = &config,
		    .api = 41 };
		enum reason r;

		choose_roots(rows[i].roots);
		world.api = rows[i].api;
		r = judge_one(&env, in_tree(rows[i].source), false, &out,
		    &why);
		if (r != rows[i].why)
			fail_msg("%s %c: %s (%s)", rows[i].source,
			    rows[i].roots, reason_row(r)->id, why.detail);
		if (r == R_NONE && !holds(out.data, rows[i].in))
			fail_msg("%s: %s", rows[i].source, out.data);
		/* no file system here is nosuid,nodev */
		assert_int_equal(env.confine, r == R_NONE);
		assert_int_equal(env.api, r == R_NONE &&
		    strstr(out.data, "Subpath") != NULL ? 45 : 41);
		cJSON_Delete(env.binds);
	}
}

/* What was asked of the mount itself. */
static void
test_options(void **state)
{
	struct buf out cleanup_buf = BUF_INIT(0);
	struct policy_env env = { .caller = &alice, .cfg = &config };
	cJSON *options = cJSON_Parse("{\"NonRecursive\":true,"
	    "\"ReadOnlyNonRecursive\":false,\"Propagation\":\"rshared\"}");
	struct refusal why;

	(void)state;
	begin('~', serve_alice);
	assert_int_equal(judge_bind(&env, &(struct bind){ .source = home,
	    .target = "/t", .readonly = true, .options = options }, &why),
	    R_NONE);
	json_write(&out, env.binds);
	assert_true(holds(out.data, "\"ReadOnly\":true"));
	assert_true(holds(out.data, "\"BindOptions\":{\"Propagation\":"
	    "\"rprivate\",\"NonRecursive\":true}"));
	cJSON_Delete(env.binds);
	cJSON_Delete(options);
}

/* Other mounts than the host's: the session is in a sandbox, and what it
 * names is not what dockerd would find. */
static void
test_sandbox(void **state)
{
	struct buf out cleanup_buf = BUF_INIT(0);
	struct policy_env env = { .caller = &alice, .cfg = &config };
	struct refusal why;
	FILE *f;

	(void)state;
	begin('~', serve_alice);
	f = fopen(in_tree("@/mountinfo"), "we");
	assert_non_null(f);
	fputs("999999999 1 254:0 / / rw - ext4 /dev/vda rw\n", f);
	assert_int_equal(fclose(f), 0);
	bind_host_mounts(in_tree("@/mountinfo"));
	assert_int_equal(judge_one(&env, home, false, &out, &why), R_BIND);
	assert_true(strstr(why.detail, "leave the sandbox") != NULL);
	bind_host_mounts("/proc/1/mountinfo");
	assert_int_equal(judge_one(&env, home, false, &out, &why), R_NONE);
	cJSON_Delete(env.binds);
}

/* Where the engine keeps its data is the engine's to say. */
static void
test_data_root(void **state)
{
	static const struct {
		const char *root, *source;
		bool ok;
	} steps[] = {
		{ "@/lib/docker", "@/lib/docker", false },
		{ "@/lib/docker", "@/lib/docker/x", false },
		{ "@/lib//docker/", "@/lib", false },
		{ "@/lib/docker", "@/lib/other", true },
		{ "@/lib/docker/165536.165536", "@/lib/docker/x", false },
		{ "@/lib/docker/5.x", "@/lib/docker/x", true },
		{ "relative", "@/lib/other", false },
		{ "", "@/lib/other", false },
		{ "", "@/home/alice", true },
	};
	struct refusal why;

	(void)state;
	begin('/', serve_alice);
	for (size_t i = 0; i < N(steps); i++) {
		struct buf out cleanup_buf = BUF_INIT(0);
		struct policy_env env = { .caller = &alice, .cfg = &config };

		snprintf(data_root, sizeof(data_root), "%s",
		    in_tree(steps[i].root));
		if ((judge_one(&env, in_tree(steps[i].source), false, &out,
		    &why) == R_NONE) != steps[i].ok)
			fail_msg("%s, %s", steps[i].root, steps[i].source);
		cJSON_Delete(env.binds);
	}
	snprintf(data_root, sizeof(data_root), "/var/lib/docker");
}

/* Root stays inside where nothing that it leaves can be used. */
static void
test_safe(void **state)
{
	static const struct {
		const char *at;		/* mounted first, or NULL */
		unsigned long flags;
		const char *from;	/* bound from there, or NULL */
		const char *source;
		bool confine, remaps;
	} steps[] = {
		{ NULL, 0, NULL, "@/safe/alice", true, true },
		{ NULL, 0, NULL, "@/safe/alice", false, false },
		{ NULL, 0, NULL, "@/safe/alice/x", false, false },
		{ NULL, 0, NULL, "@/safe", true, false },
		{ NULL, 0, NULL, "@/safe/bob", true, false },
		{ "@/safe/alice/x", MS_NOSUID | MS_NODEV, NULL,
		  "@/safe/alice", true, false },
		{ NULL, 0, NULL, "@/safe/alice/y", false, false },
		/* the same files, where they can be run */
		{ "@/data", 0, "@/safe", "@/safe/alice/y", true, false },
	};
	const char *dirs[] = { "@/safe/alice", "@/safe/alice/x",
	    "@/safe/alice/y", "@/safe/bob" };
	char *root_all[] = { all };
	struct refusal why;

	(void)state;
	if (!made)
		skip();
	prepare();
	policy.binds = (struct strings){ root_all, 1 };
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	bind_host_mounts("/proc/self/mountinfo");
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mkdir(in_tree("@/safe"), 0755), 0);
	assert_int_equal(mount("none", in_tree("@/safe"), "tmpfs", MS_NOSUID |
	    MS_NODEV, "mode=755"), 0);
	for (size_t i = 0; i < N(dirs); i++) {
		assert_int_equal(mkdir(in_tree(dirs[i]), 0755), 0);
		assert_int_equal(chown(in_tree(dirs[i]), i < 3 ? ALICE : BOB,
		    GROUP), 0);
	}
	start(serve_alice);
	for (size_t i = 0; i < N(steps); i++) {
		struct buf out cleanup_buf = BUF_INIT(0);
		struct policy_env env = { .caller = &alice, .cfg = &config };

		if (steps[i].at != NULL && mount(steps[i].from != NULL ?
		    in_tree(steps[i].from) : "none", in_tree(steps[i].at),
		    steps[i].from != NULL ? NULL : "tmpfs",
		    steps[i].flags | (steps[i].from != NULL ? MS_BIND : 0),
		    NULL) == -1)
			fail_msg("mount %s", strerror(errno));
		if (steps[i].from != NULL)
			assert_int_equal(mount(NULL, in_tree(steps[i].at),
			    NULL, MS_REMOUNT | MS_BIND, NULL), 0);
		world.remaps = steps[i].remaps;
		if (judge_one(&env, in_tree(steps[i].source), false, &out,
		    &why) != R_NONE)
			fail_msg("%s: %s", steps[i].source, why.detail);
		if (env.confine != steps[i].confine)
			fail_msg("%zu %s", i, env.confine_why);
		/* nor does what is mounted below later come in */
		assert_int_equal(strstr(out.data, "NonRecursive\":true") !=
		    NULL, !steps[i].confine &&
		    strstr(out.data, "Subpath") == NULL);
		cJSON_Delete(env.binds);
		/* plain only where the engine says so */
		env = (struct policy_env){ .caller = &alice, .cfg = &config };
		world.silent = R_ENGINE_DOWN;
		assert_int_equal(judge_one(&env, in_tree(steps[i].source),
		    false, &out, &why), steps[i].confine && !steps[i].remaps ?
		    R_NONE : R_ENGINE_DOWN);
		world.silent = R_NONE;
		cJSON_Delete(env.binds);
	}
	(void)umount2(in_tree("@/data"), MNT_DETACH);
	(void)umount2(in_tree("@/safe"), MNT_DETACH);
}

static void
test_not_judged(void **state)
{
	struct caller root = { .admin = true, .policy = &policy };
	const struct bind b = { .source = "/etc", .target = "/t" };
	struct policy_env env = { .caller = &root, .cfg = &config };
	struct refusal why;

	(void)state;
	begin('~', serve_alice);
	assert_int_equal(judge_bind(&env, &b, &why), R_NONE);
	assert_null(env.binds);
	/* and of what exists nothing is harmless */
	env = (struct policy_env){ .caller = &alice, .cfg = &config,
	    .dry = true };
	assert_int_equal(judge_bind(&env, &(struct bind){ .source = home,
	    .target = "/t" }, &why), R_BIND);
}

/* Missing directories: by the caller, below a root, where it was asked. */
static void
test_missing(void **state)
{
	static const struct {
		const char *path;
		bool make;
		enum reason why;
	} miss[] = {
		{ "@/home/alice/new/er", false, R_BIND },
		{ "@/home/alice/new/er", true, R_NONE },
		{ "@/open/new", true, R_BIND },
		{ "@/home/bob/new", true, R_BIND },
	};
	struct refusal why;
	struct stat st;

	(void)state;
	begin('~', serve_alice);
	for (size_t i = 0; i < N(miss); i++) {
		struct buf out cleanup_buf = BUF_INIT(0);
		struct policy_env env = { .caller = &alice, .cfg = &config };

		assert_int_equal(judge_one(&env, in_tree(miss[i].path),
		    miss[i].make, &out, &why), miss[i].why);
		if (!miss[i].make)
			assert_true(strstr(why.detail, "make it first") !=
			    NULL);
		assert_int_equal(stat(in_tree(miss[i].path), &st),
		    miss[i].why == R_NONE ? 0 : -1);
		if (miss[i].why == R_NONE)
			assert_int_equal(st.st_uid, ALICE);
		cJSON_Delete(env.binds);
	}
}

/* --- hostile probes --- */

static void
send_fd(int sock, uint32_t number, int fd)
{
	struct { uint32_t number; int32_t error; } a = { number, 0 };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = { 0 } };
	struct iovec iov = { &a, sizeof(a) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.buf, .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	(void)sendmsg(sock, &m, 0);
}

/* In a mount namespace of its own every path is what it likes it to be. */
static void
serve_lies(int sock)
{
	char buf[PATH_MAX + 8];
	uint32_t number;
	ssize_t n;
	int fd;

	bind_host_mounts("/proc/self/mountinfo");
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", top, "tmpfs", 0, NULL) == -1)
		_exit(1);
	for (size_t i = 0; i < N(tree); i++)
		if (tree[i].type == 'd' || tree[i].type == 'f')
			(void)mkdir(in_tree(tree[i].path), 0777);
	while ((n = recv(sock, buf, sizeof(buf) - 1, 0)) > 8) {
		buf[n] = '\0';
		memcpy(&number, buf, sizeof(number));
		fd = open(buf + 8, O_PATH);
		send_fd(sock, number, fd);
		(void)close(fd);
	}
	_exit(0);
}

static void
test_lies(void **state)
{
	static const struct {
		const char *path;
		char roots;
	} lies[] = {
		{ "@/home/bob", 'a' }, { "@/home/alice", '~' },
		{ "@/data", 'a' }, { "@/secret", '/' }, { "@/open", 'a' },
		{ "@/home/alice/sub", '~' }, { "@/home/bob/pub", 'a' },
	};
	struct refusal why;

	(void)state;
	if (!made)
		skip();
	prepare();
	start(serve_lies);
	for (size_t i = 0; i < N(lies); i++) {
		struct buf out cleanup_buf = BUF_INIT(0);
		struct policy_env env = { .caller = &alice, .cfg = &config };

		choose_roots(lies[i].roots);
		if (judge_one(&env, in_tree(lies[i].path), false, &out,
		    &why) == R_NONE)
			fail_msg("%s: %s", lies[i].path, out.data);
	}
}

/* --- volumes --- */

static enum reason
place(struct refusal *why, char *out, size_t cap)
{
	struct buf text cleanup_buf = BUF_INIT(0);
	struct policy_env env = { .caller = &alice, .cfg = &config };
	cJSON *host = cJSON_CreateObject();
	enum reason r;

	r = judge_bind(&env, &(struct bind){ .source =
	    in_tree("@/home/alice/sub"), .target = "/t" }, why);
	assert_int_equal(r, R_NONE);
	volume_asked[0] = '\0';
	r = binds_place(&env, host, why);
	json_write(&text, host);
	snprintf(out, cap, "%s", text.data);
	cJSON_Delete(host);
	cJSON_Delete(env.binds);
	return r;
}

#define VOLUME(user, gate, bind, options) \
	"{\"Name\":\"x\",\"Driver\":\"local\",\"Labels\":{" user gate bind \
	"\"z\":\"\"},\"Options\":{" options "}}"
#define USER "\"ds01.user\":\"alice\","
#define GATE "\"ds01.gate\":\"00\","
#define BIND "\"ds01.bind\":\"@/home/alice\","
#define OPTIONS "\"type\":\"none\",\"o\":\"bind\",\"device\":\"@/home/alice\""

static void
test_volumes(void **state)
{
	static const struct {
		const char *volume;
		enum reason why;
	} there[] = {
		{ VOLUME(USER, GATE, BIND, OPTIONS), R_NONE },
		{ VOLUME("\"ds01.user\":\"bob\",", GATE, BIND, OPTIONS),
		  R_BIND },
		{ VOLUME("", GATE, BIND, OPTIONS), R_BIND },
		{ VOLUME(USER, "", BIND, OPTIONS), R_BIND },
		{ VOLUME(USER, GATE, "", OPTIONS), R_BIND },
		{ VOLUME(USER, GATE, "\"ds01.bind\":\"@/home\",", OPTIONS),
		  R_BIND },
		{ VOLUME(USER, GATE, BIND, ""), R_BIND },
		{ VOLUME(USER, GATE, BIND, OPTIONS ",\"x\":\"y\""), R_BIND },
		{ VOLUME(USER, GATE, BIND, "\"type\":\"none\",\"o\":\"bind\","
		  "\"device\":\"@/home/bob\""), R_BIND },
		{ VOLUME(USER, GATE, BIND, "\"type\":\"none\",\"o\":\"rbind\","
		  "\"device\":\"@/home/alice\""), R_BIND },
		{ "{\"Name\":\"x\",\"Driver\":\"local\",\"Options\":null,"
		  "\"Labels\":null}", R_BIND },
	};
	char host[8192], volume[8192];
	struct refusal why;

	(void)state;
	begin('~', serve_alice);
	for (size_t i = 0; i < N(there); i++) {
		snprintf(volume, sizeof(volume), "%s",
		    in_tree(there[i].volume));
		/* found, and as the answer of a create that came too late */
		volume_there = volume;
		if (place(&why, host, sizeof(host)) != there[i].why)
			fail_msg("%zu: %s", i, why.detail);
		assert_string_equal(volume_asked, "");
		volume_there = NULL;
		volume_made = volume;
		assert_int_equal(place(&why, host, sizeof(host)),
		    there[i].why);
		assert_true(strstr(volume_asked, "\"o\":\"bind\"") != NULL);
	}
	volume_made = NULL;
	volume_status = 500;
	assert_int_equal(place(&why, host, sizeof(host)), R_ENGINE_ERROR);
	volume_status = -1;
	assert_int_equal(place(&why, host, sizeof(host)), R_ENGINE_DOWN);
	volume_status = 201;
	volume_silent = true;
	assert_int_equal(place(&why, host, sizeof(host)), R_ENGINE_DOWN);
	volume_silent = false;
	assert_int_equal(place(&why, host, sizeof(host)), R_NONE);
	assert_true(holds(host, "\"Type\":\"volume\""));
	assert_true(holds(host, "\"ds01.user\":\"alice\""));
	assert_true(holds(volume_asked, "\"ds01.bind\":\"@/home/alice\""));
}

/* --- confined --- */

static void
test_confine(void **state)
{
	static const struct {
		const char *body;
		bool confine;		/* a directory says so */
		enum reason why;
		const char *in;
	} conf[] = {
		{ "{\"User\":\"root\",\"HostConfig\":{}}", false, R_NONE,
		  "\"User\":\"root\"" },
		{ "{\"HostConfig\":{}}", true, R_NONE,
		  "\"User\":\"64017:65534\"" },
		{ "{\"User\":\"0:0\",\"HostConfig\":{}}", true, R_NONE,
		  "\"User\":\"64017:65534\"" },
		{ "{\"User\":\"64017:64019\",\"HostConfig\":{}}", true, R_NONE,
		  "\"User\":\"64017:65534\"" },
		{ "{\"User\":\"64017:0\",\"HostConfig\":{}}", true, R_NONE,
		  "\"User\":\"64017:65534\"" },
		{ "{\"User\":\"64017:GROUP\",\"HostConfig\":{}}", true, R_NONE,
		  "\"User\":\"64017:65534\"" },
		{ "{\"User\":\"640171\",\"HostConfig\":{}}", true, R_NONE,
		  "\"User\":\"64017:65534\"" },
		{ "{\"User\":\"64017:064019x\",\"HostConfig\":{}}", true,
		  R_NONE, "\"User\":\"64017:65534\"" },
		{ "{\"HostConfig\":{\"CapAdd\":[\"CHOWN\"],\"CapDrop\":"
		  "[\"CHOWN\"]}}", true, R_NONE, "\"CapDrop\":[\"ALL\"]" },
		{ "{\"HostConfig\":{\"CapAdd\":[\"CHOWN\"]}}", true, R_NONE,
		  "!CapAdd" },
		{ "{\"HostConfig\":{\"GroupAdd\":[\"64019\"]}}", true, R_NONE,
		  "!GroupAdd" },
		{ "{\"HostConfig\":{\"SecurityOpt\":[\"no-new-privileges="
		  "false\"]}}", true, R_NONE, "=false\",\"no-new-privileges\"]"
		},
		{ "{\"HostConfig\":{}}", true, R_NONE,
		  "\"ds01.confined\":\"true\"" },
		{ "{\"Labels\":{\"ds01.confined\":\"false\"},\"HostConfig\":{"
		  "}}", true, R_NONE, "\"ds01.confined\":\"true\"" },
		{ "{\"HostConfig\":{\"VolumesFrom\":[\"" A64 ":ro\"]}}", false,
		  R_NONE, "\"ds01.confined\":\"true\"" },
		{ "{\"HostConfig\":{\"VolumesFrom\":[\"" B64 "\"]}}", false,
		  R_NONE, "\"ds01.confined\":\"false\"" },
		{ "{\"HostConfig\":{\"PidMode\":\"container:" A64 "\"}}",
		  false, R_NONE, "\"ds01.confined\":\"true\"" },
		{ "{\"HostConfig\":{\"IpcMode\":\"container:" A64 "\"}}",
		  false, R_NONE, "\"ds01.confined\":\"true\"" },
		{ "{\"HostConfig\":{\"PidMode\":\"container:" B64 "\"}}",
		  false, R_NONE, "\"ds01.confined\":\"false\"" },
		{ "{\"HostConfig\":{\"NetworkMode\":\"container:" A64 "\"}}",
		  false, R_NONE, "\"ds01.confined\":\"true\"" },
		{ "{\"HostConfig\":{\"NetworkMode\":\"container:" B64 "\"}}",
		  true, R_BIND, NULL },
		{ "{\"HostConfig\":{\"NetworkMode\":\"bridge\"}}", true,
		  R_NONE, "\"ds01.confined\":\"true\"" },
		{ "{\"HostConfig\":{\"PidMode\":\"container:" B64 "\"}}",
		  true, R_BIND, NULL },
		{ "{\"HostConfig\":{}}", true, R_NONE, "\"Mounts\":[{\"Type\":"
		  "\"bind\",\"Source\":\"/dev/null\",\"Target\":"
		  "\"/etc/group\",\"ReadOnly\":true}]" },
		{ "{\"HostConfig\":{}}", false, R_NONE, "!/etc/group" },
		{ "{\"HostConfig\":{\"Mounts\":[{\"Target\":\"/etc//.\"}]}}",
		  true, R_MOUNT, NULL },
		{ "{\"HostConfig\":{\"Mounts\":[{\"Target\":\"/etc/gr\"}]}}",
		  true, R_NONE, "/dev/null" },
		{ "{\"HostConfig\":{\"Binds\":[\"v:/etc/group:ro\"]}}", true,
		  R_MOUNT, NULL },
		{ "{\"HostConfig\":{\"Binds\":[\"/etc\"]}}", true, R_MOUNT,
		  NULL },
		{ "{\"HostConfig\":{\"Tmpfs\":{\"/etc/\":\"\"}}}", true,
		  R_MOUNT, NULL },
		{ "{\"Volumes\":{\"/x/../etc\":{}},\"HostConfig\":{}}", true,
		  R_MOUNT, NULL },
		{ "{\"HostConfig\":{\"Binds\":[\"v:/etc\"]}}", false, R_NONE,
		  "v:/etc" },
		{ "{\"HostConfig\":{\"VolumesFrom\":[\"" D64 "\"]}}", false,
		  R_ENGINE_DOWN, NULL },
		{ "{\"HostConfig\":{\"PidMode\":\"container:" D64 "\"}}",
		  false, R_ENGINE_DOWN, NULL },
		{ "{\"HostConfig\":{\"IpcMode\":\"container:" B64 "\","
		  "\"VolumesFrom\":[\"" A64 "\"]}}", false, R_BIND, NULL },
	};
	struct refusal why;

	(void)state;
	for (size_t i = 0; i < N(conf); i++) {
		struct buf out cleanup_buf = BUF_INIT(0);
		struct buf warnings cleanup_buf = BUF_INIT(0);
		struct policy_env env = { .caller = &alice, .cfg = &config,
		    .confine = conf[i].confine, .warnings = &warnings,
		    .confine_why = "/home is open" };
		cJSON *body = cJSON_Parse(conf[i].body);
		bool absent, confined;

		assert_non_null(body);
		if (confine_create(&env, body, tree_get(body, "HostConfig"),
		    &why) != conf[i].why)
			fail_msg("%s: %s", conf[i].body, why.detail);
		json_write(&out, body);
		cJSON_Delete(body);
		if (conf[i].in == NULL)
			continue;
		absent = conf[i].in[0] == '!';
		if ((strstr(out.data, conf[i].in + absent) != NULL) == absent)
			fail_msg("%s: %s", conf[i].body, out.data);
		confined = strstr(out.data, "\"ds01.confined\":\"true\"") !=
		    NULL;
		assert_int_equal(confined, warnings.len > 0);
		assert_int_equal(confined,
		    strstr(out.data, "\"Privileged\":false") != NULL);
	}
}

/* What was asked for and is not there is said; what stayed is not. */
static void
test_left_out(void **state)
{
	static const struct { const char *body; bool said; } words[] = {
		{ "{\"HostConfig\":{}}", false },
		{ "{\"User\":\"64017\",\"HostConfig\":{}}", false },
		{ "{\"User\":\"64017:5\",\"HostConfig\":{}}", false },
		{ "{\"User\":\"640170\",\"HostConfig\":{}}", true },
		{ "{\"User\":\"0\",\"HostConfig\":{}}", true },
		{ "{\"User\":\"99999\",\"HostConfig\":{}}", true },
		{ "{\"HostConfig\":{\"CapAdd\":[\"CHOWN\"]}}", true },
		{ "{\"HostConfig\":{\"GroupAdd\":[\"64019\"]}}", true },
		{ "{\"HostConfig\":{\"CapAdd\":[],\"GroupAdd\":[]}}", false },
	};
	struct refusal why;

	(void)state;
	for (size_t i = 0; i < N(words); i++) {
		struct buf warnings cleanup_buf = BUF_INIT(0);
		struct policy_env env = { .caller = &alice, .cfg = &config,
		    .confine = true, .warnings = &warnings,
		    .confine_why = "/home is open" };
		cJSON *body = cJSON_Parse(words[i].body);

		assert_int_equal(confine_create(&env, body,
		    tree_get(body, "HostConfig"), &why), R_NONE);
		assert_true(strstr(warnings.data, "/home is open") != NULL);
		if ((strstr(warnings.data, "left out") != NULL) !=
		    words[i].said)
			fail_msg("%s: %s", words[i].body, warnings.data);
		cJSON_Delete(body);
	}
}

static void
test_same_mounts(void **state)
{
	static const char host[] = "22 27 0:21 / /proc rw - proc proc rw\n"
	    "23 27 0:22 / /sys rw - sysfs sys rw\n";

	(void)state;
	assert_true(bind_same_mounts(host, host));
	assert_true(bind_same_mounts("23 27 0:22 / /sys", host));
	assert_false(bind_same_mounts("2 27 0:22 / /sys", host));
	assert_false(bind_same_mounts("223 27 0:22 / /sys", host));
	assert_false(bind_same_mounts("", host));
	assert_false(bind_same_mounts(" 1", " 1"));
	bind_host_mounts("/proc/self/mountinfo");
	assert_true(bind_sees_host());
	bind_host_mounts("/dev/null");
	assert_true(bind_sees_host());	/* hidden: nothing is plain */
	bind_host_mounts("/proc/1/mountinfo");
}

/* By policy, and by what the engine does with root. */
static void
test_root(void **state)
{
	static const struct {
		enum root_mode mode;
		bool remaps, dir;	/* dir: a directory of the host */
		bool confined, host_ids;
	} modes[] = {
		{ ROOT_YES, false, false, false, false },
		{ ROOT_YES, true, false, false, false },
		{ ROOT_YES, false, true, true, false },
		{ ROOT_YES, true, true, true, true },
		{ ROOT_REMAPPED, false, false, true, false },
		{ ROOT_REMAPPED, true, false, false, false },
		{ ROOT_REMAPPED, true, true, true, true },
		{ ROOT_NO, false, false, true, false },
		{ ROOT_NO, true, false, true, true },
	};
	struct refusal why;

	(void)state;
	for (size_t i = 0; i < N(modes); i++) {
		struct policy_env env = { .caller = &alice, .cfg = &config,
		    .confine = modes[i].dir, .confine_why = "/home is open" };
		cJSON *body = cJSON_Parse("{\"HostConfig\":{}}");
		cJSON *host = tree_get(body, "HostConfig");

		policy.container_root = modes[i].mode;
		world.remaps = modes[i].remaps;
		assert_int_equal(confine_create(&env, body, host, &why),
		    R_NONE);
		if (env.confine != modes[i].confined)
			fail_msg("%zu", i);
		assert_int_equal(strstr(env.confine_why, "this host wants") !=
		    NULL, modes[i].mode == ROOT_NO && !modes[i].dir);
		assert_int_equal(tree_get(body, "User") != NULL,
		    modes[i].confined);
		assert_string_equal(tree_string(host, "UsernsMode"),
		    modes[i].host_ids ? "host" : "");
		cJSON_Delete(body);
		/* what cannot be told is not taken for one or the other */
		struct policy_env again = { .caller = &alice, .cfg = &config,
		    .confine = modes[i].dir, .confine_why = "/home is open" };
		bool asked = modes[i].confined || modes[i].mode ==
		    ROOT_REMAPPED;
		body = cJSON_Parse("{\"HostConfig\":{}}");
		world.silent = R_ENGINE_DOWN;
		assert_int_equal(confine_create(&again, body, tree_get(body,
		    "HostConfig"), &why), asked ? R_ENGINE_DOWN : R_NONE);
		world.silent = R_NONE;
		cJSON_Delete(body);
	}
	policy.container_root = ROOT_YES;
	world.remaps = false;
}

/* /dev/shm of the host is a directory of the host. */
static void
test_host_ipc(void **state)
{
	static const struct {
		const char *mode;
		bool remaps, confined;
	} modes[] = {
		{ "host", false, false },
		{ "host", true, true },
		{ "private", true, false },
		{ "shareable", true, false },
	};
	struct refusal why;

	(void)state;
	for (size_t i = 0; i < N(modes); i++) {
		struct policy_env env = { .caller = &alice, .cfg = &config };
		cJSON *body = cJSON_Parse("{\"HostConfig\":{}}");
		cJSON *host = tree_get(body, "HostConfig");

		world.remaps = modes[i].remaps;
		assert_int_equal(tree_set_string(host, "IpcMode",
		    modes[i].mode), 0);
		assert_int_equal(confine_create(&env, body, host, &why),
		    R_NONE);
		assert_int_equal(env.confine, modes[i].confined);
		cJSON_Delete(body);
	}
	world.remaps = false;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_names),
		cmocka_unit_test_teardown(test_rows, stop),
		cmocka_unit_test_teardown(test_options, stop),
		cmocka_unit_test_teardown(test_sandbox, stop),
		cmocka_unit_test_teardown(test_data_root, stop),
		cmocka_unit_test_teardown(test_not_judged, stop),
		cmocka_unit_test_teardown(test_missing, stop),
		cmocka_unit_test_teardown(test_lies, stop),
		cmocka_unit_test_teardown(test_volumes, stop),
		cmocka_unit_test_teardown(test_safe, stop),
		cmocka_unit_test(test_confine),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_host_ipc),
		cmocka_unit_test(test_same_mounts),
	};

	return cmocka_run_group_tests_name("binds", tests, set_up, tear_down);
}
