/*
 * start.c - finding the caller's gate, or starting one (start.h).
 *
 * Guarantees that a gate is handed over only to the login it was made for:
 * sockets are named after uid, audit login, audit session and mount namespace,
 * made by root, and the control socket can be connected to by root alone.
 * What is waited for is waited for a bounded time, and what a killed launcher
 * leaves is a name that the next one replaces or sweeps away (start_sweep.c).
 */
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "start.h"

#define LINGERING_MS 2000	/* a gate that lives answers at once */
#define FRESH_MS 15000		/* a new one may wait for LDAP */
#define LOCK_MS 3000
#define BACKLOG 128
#define SNDBUF (2 * LEASE_TEXT_MAX)

static void
failed(struct start *s, enum start_error error, int number)
{
	if (s->error == START_OK) {	/* the first reason is the cause */
		s->error = error;
		s->number = number;
	}
}

/* A file of /proc, which has no size: what fits, ended by NUL. */
static ssize_t
read_proc(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	buf[0] = '\0';
	if (fd == -1)
		return -1;
	if ((n = read(fd, buf, cap - 1)) >= 0)
		buf[n] = '\0';
	(void)close(fd);
	return n;
}

/* Does uid 0 here mean uid 0 everywhere?  One line "0 0 4294967295". */
static bool
in_user_namespace(void)
{
	unsigned long first, outer, count;
	char map[128];

	if (read_proc("/proc/self/uid_map", map, sizeof(map)) <= 0)
		return false;	/* a kernel without user namespaces */
	return sscanf(map, "%lu %lu %lu", &first, &outer, &count) != 3 ||
	    first != 0 || outer != 0 || count != UINT_MAX;
}

static bool
is_traced(void)
{
	char status[2048];
	const char *line;

	return read_proc("/proc/self/status", status, sizeof(status)) > 0 &&
	    (line = strstr(status, "\nTracerPid:\t")) != NULL &&
	    strncmp(line + 12, "0\n", 2) != 0;
}

void
start_diagnose(struct start *s)
{
	struct stat st;
	struct statvfs fs;

	s->run_dir = s->lease = -1;
	if (in_user_namespace())
		failed(s, START_USERNS, 0);
	if (geteuid() == 0)
		return;
	/* in the order in which the kernel gives up on a setuid bit */
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		failed(s, START_NO_NEW_PRIVS, 0);
	if (statvfs("/proc/self/exe", &fs) == 0 && (fs.f_flag & ST_NOSUID))
		failed(s, START_NOSUID, 0);
	if (stat("/proc/self/exe", &st) == 0 &&
	    (st.st_uid != 0 || !(st.st_mode & S_ISUID)))
		failed(s, START_NO_SETUID, 0);
	if (is_traced())
		failed(s, START_TRACED, 0);
	failed(s, START_NOT_ROOT, 0);
}

static uint32_t
read_audit_id(const char *path)
{
	char text[32];

	/* a kernel without audit has neither file: as if never logged in */
	if (read_proc(path, text, sizeof(text)) <= 0)
		return UINT32_MAX;
	return (uint32_t)strtoul(text, NULL, 10);
}

/*
 * The controlling terminal, from the kernel; ttyname(3) would go by a
 * descriptor, and those are the caller's choice.
 */
static void
read_tty(char *tty, size_t cap)
{
	char line[1024], *end;
	int nr = 0;
	unsigned int major, minor;

	tty[0] = '\0';
	/* the name in the middle may hold anything, even ") " */
	if (read_proc("/proc/self/stat", line, sizeof(line)) <= 0 ||
	    (end = strrchr(line, ')')) == NULL ||
	    sscanf(end + 1, " %*c %*d %*d %*d %d", &nr) != 1 || nr == 0)
		return;
	major = ((unsigned int)nr >> 8) & 0xfff;
	minor = ((unsigned int)nr & 0xff) | (((unsigned int)nr >> 12) & 0xfff00);
	if (major >= 136 && major <= 143)
		(void)snprintf(tty, cap, "pts/%u",
		    minor + ((major - 136) << 8));
	else if (major == 4 && minor < 64)
		(void)snprintf(tty, cap, "tty%u", minor);
	else if (major == 4)
		(void)snprintf(tty, cap, "ttyS%u", minor - 64);
	else
		(void)snprintf(tty, cap, "%u:%u", major, minor);
}

void
start_identify(struct start *s)
{
	struct lease_hello *h = &s->hello;
	const char *sudo_user;

	*h = (struct lease_hello){
		.magic = LEASE_MAGIC,
		.version = LEASE_VERSION,
		.uid = getuid(),
		.gid = getgid(),
		.loginuid = read_audit_id("/proc/self/loginuid"),
		.session = read_audit_id("/proc/self/sessionid"),
		.pid = getpid(),
	};
	read_tty(h->tty, sizeof(h->tty));
	/* the one variable whose value root's half takes, and only from root;
	 * cut short it would be another name, so too long is none */
	if (h->uid == 0 && (sudo_user = getenv("SUDO_USER")) != NULL &&
	    strlen(sudo_user) < sizeof(h->sudo_user))
		strcpy(h->sudo_user, sudo_user);
}

static bool
is_service_user(struct start *s, uid_t uid)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(DS01_SERVICE_USER);
	if (pw == NULL && errno != 0)
		failed(s, START_RUN_DIR, errno);
	else if (pw == NULL)
		failed(s, START_NO_SERVICE, 0);
	return pw != NULL && pw->pw_uid == uid;
}

void
start_open_run_dir(struct start *s)
{
	struct stat st;

	if (s->error != START_OK)
		return;
	s->run_dir = open(DS01_RUN_DIR,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->run_dir == -1 || fstat(s->run_dir, &st) == -1)
		failed(s, START_RUN_DIR, errno);
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
	    (st.st_uid != 0 && !is_service_user(s, st.st_uid)))
		failed(s, START_RUN_DIR_OWNER, 0);
}

/* Cut short it would be another socket's name: a directory too long for it
 * (RUNDIR is the builder's choice) is a reason to stop. */
static bool
name_socket(struct start *s, char out[LEASE_PATH_MAX], const char *key,
    const char *tail)
{
	/* by hand: the compiler would warn of a cut that is looked for here */
	const char *const part[] = { DS01_RUN_DIR, "/", key, tail };
	size_t len = 0, i;
	const char *p;

	for (i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		for (p = part[i]; *p != '\0' && len < LEASE_PATH_MAX; p++)
			out[len++] = *p;
	if (len < LEASE_PATH_MAX) {
		out[len] = '\0';
		return true;
	}
	out[0] = '\0';
	failed(s, START_PATH, 0);
	return false;
}

static bool
address(struct sockaddr_un *sun, const char *path)
{
	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(sun->sun_path))
		return false;
	strcpy(sun->sun_path, path);
	return true;
}

/*
 * A listening socket of mode 0600.  The name is new: what was there was left
 * by a gate or a launcher that is gone, and nobody else can make one here.
 * owner is set on the socket that was made, not on what its name may mean.
 */
static int
listen_at(const struct start *s, const char *path, int type, uid_t owner)
{
	const char *name = strrchr(path, '/') + 1;
	struct sockaddr_un sun;
	struct stat st;
	mode_t mask;
	int fd, node = -1, made;

	if (!address(&sun, path))
		return -1;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	(void)unlinkat(s->run_dir, name, 0);
	mask = umask(0177);
	made = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	umask(mask);
	if (made == -1)
		goto fail;
	node = openat(s->run_dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (node == -1 || fstat(node, &st) == -1)
		goto fail;
	if (!S_ISSOCK(st.st_mode) || st.st_uid != 0 || st.st_nlink != 1) {
		errno = EBUSY;
		goto fail;
	}
	if (owner != 0 && fchownat(node, "", owner, (gid_t)-1,
	    AT_EMPTY_PATH) == -1)
		goto fail;
	(void)close(node);
	node = -1;
	if (listen(fd, BACKLOG) == 0)
		return fd;
fail:
	made = errno;
	if (node != -1)
		(void)close(node);
	(void)close(fd);
	errno = made;
	return -1;
}

/* One message within ms: its length, 0 at the end, -1. */
static ssize_t
receive(int fd, void *buf, size_t cap, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	/* no signal can interrupt: all are blocked */
	if (poll(&p, 1, ms) != 1) {
		errno = ETIMEDOUT;
		return -1;
	}
	n = recv(fd, buf, cap, MSG_DONTWAIT);
	/* a peer that ended before it read our hello: the kernel reports that
	 * once, before the peer's last words */
	if (n == -1 && errno == ECONNRESET)
		n = recv(fd, buf, cap, MSG_DONTWAIT);
	return n;
}

enum found { FOUND_NONE, FOUND_GATE, FOUND_WEDGED };

/* Is there a gate that lingers for us, and does it take us? */
static enum found
find_gate(struct start *s)
{
	int size = SNDBUF, fd;
	struct sockaddr_un sun;
	char ack[2];
	ssize_t n;

	if (!address(&sun, s->hello.control))
		return FOUND_NONE;
	/* without O_NONBLOCK a gate that accepts nobody would hold us here */
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return FOUND_NONE;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		n = errno == EAGAIN ? -1 : 0;
	} else {
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		n = 0;
		if (send(fd, &s->hello, sizeof(s->hello), MSG_NOSIGNAL) ==
		    (ssize_t)sizeof(s->hello))
			n = receive(fd, ack, sizeof(ack), LINGERING_MS);
		/* one that was just leaving */
		if (n == -1 && (errno == ECONNRESET || errno == EPIPE))
			n = 0;
	}
	if (n != 1) {
		(void)close(fd);
		return n == 0 ? FOUND_NONE : FOUND_WEDGED;
	}
	(void)fcntl(fd, F_SETFL, 0);
	s->lease = fd;
	return FOUND_GATE;
}

static bool
gate_file_ok(struct start *s)
{
	struct stat st;

	if (stat(DS01_GATE, &st) == -1)
		failed(s, START_GATE_FILE, errno);
	else if (!S_ISREG(st.st_mode) || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
	    (st.st_mode & 0111) == 0)
		failed(s, START_GATE_MODE, 0);
	return s->error == START_OK;
}

/* What the end of a gate before its first word means. */
static void
gate_ended(struct start *s, int status)
{
	static const struct {
		int status;
		enum start_error error;
	} known[] = {
		{ GATE_EXIT_ENGINE, START_ENGINE },
		{ GATE_EXIT_AUDIT, START_AUDIT },
		{ GATE_EXIT_ACCOUNT, START_ACCOUNT },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].status == status)
			failed(s, known[i].error, 0);
	failed(s, START_DIED, status);
}

/* The word of a gate just spawned, or of the child that should become it. */
static void
hear_gate(struct start *s, int lease, pid_t helper)
{
	struct start_failure f;
	ssize_t n = receive(lease, &f, sizeof(f), FRESH_MS);
	int number = errno, status;

	status = spawn_end(helper, n == 0 || (n == -1 && number == ECONNRESET));
	if (n == 1) {
		s->lease = lease;
		return;
	}
	if (n == (ssize_t)sizeof(f))
		failed(s, (enum start_error)f.error, f.number);
	else if (n == -1 && number == ETIMEDOUT)
		failed(s, START_SILENT, 0);
	else
		gate_ended(s, status);
	(void)close(lease);
}

/* A new gate on new sockets; the paths are in the hello. */
static void
new_gate(struct start *s)
{
	int size = SNDBUF, session = -1, control = -1, pair[2] = { -1, -1 };
	pid_t helper;

	if (!gate_file_ok(s))
		return;
	session = listen_at(s, s->hello.socket, SOCK_STREAM, s->hello.uid);
	if (session != -1 && s->hello.control[0] != '\0')
		control = listen_at(s, s->hello.control, SOCK_SEQPACKET, 0);
	if (session == -1 || (s->hello.control[0] != '\0' && control == -1) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) {
		failed(s, START_SOCKET, errno);
		goto out;
	}
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	/* waits in the socket for the gate to read it */
	if (send(pair[0], &s->hello, sizeof(s->hello), MSG_NOSIGNAL) == -1 ||
	    (helper = spawn_gate(session, control, pair[1],
	    s->argv)) == -1) {
		failed(s, START_FORK, errno);
		goto out;
	}
	(void)close(pair[1]);
	pair[1] = -1;
	hear_gate(s, pair[0], helper);
	pair[0] = -1;
out:
	if (session != -1)
		(void)close(session);
	if (control != -1)
		(void)close(control);
	if (pair[0] != -1)
		(void)close(pair[0]);
	if (pair[1] != -1)
		(void)close(pair[1]);
}

/* Is the file behind fd still the one of that name? */
static bool
still_named(const struct start *s, int fd, const char *name)
{
	struct stat now, mine;

	return fstat(fd, &mine) == 0 &&
	    fstatat(s->run_dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_dev == mine.st_dev && now.st_ino == mine.st_ino &&
	    S_ISREG(mine.st_mode) && mine.st_uid == 0;
}

/*
 * The lock of this login.  Its holder removes the name before letting go, so
 * that logins leave nothing behind; a lock whose name is gone is no lock.
 * -1: somebody has held it for too long (stopped by his user, perhaps).
 */
static int
lock_login(struct start *s, const char *name)
{
	const struct timespec tick = { .tv_nsec = 5 * 1000 * 1000 };
	int fd, waited;
	mode_t mask;

	for (waited = 0; waited < LOCK_MS; waited += 5) {
		mask = umask(077);
		fd = openat(s->run_dir, name,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		umask(mask);
		if (fd == -1) {
			failed(s, START_LOCK, errno);
			return -1;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			if (still_named(s, fd, name))
				return fd;
		} else {
			/* flock(2) itself has no time limit */
			(void)nanosleep(&tick, NULL);
		}
		(void)close(fd);
	}
	return -1;
}

static void
private_gate(struct start *s, const char *key)
{
	struct lease_hello *h = &s->hello;
	char tail[32];

	start_sweep(s->run_dir, h->uid);
	h->control[0] = '\0';
	(void)snprintf(tail, sizeof(tail), ".p%d.sock", (int)h->pid);
	if (name_socket(s, h->socket, key, tail))
		new_gate(s);
}

static void
shared_gate(struct start *s, const char *key)
{
	struct lease_hello *h = &s->hello;
	enum found found;
	char name[80];
	int lock = -1;

	if (!name_socket(s, h->socket, key, ".sock") ||
	    !name_socket(s, h->control, key, ".ctl"))
		return;
	(void)snprintf(name, sizeof(name), "%s.lock", key);
	/* mostly there is one, and then there is nothing to lock */
	found = find_gate(s);
	if (found == FOUND_NONE) {
		lock = lock_login(s, name);
		/* another launcher may have made one meanwhile */
		if (lock != -1 && (found = find_gate(s)) == FOUND_NONE)
			new_gate(s);
	}
	if (lock != -1) {
		(void)unlinkat(s->run_dir, name, 0);
		(void)close(lock);
	}
	/* a gate or a launcher that hangs keeps its names: its end removes
	 * them, and must not remove ours */
	if (s->lease == -1 && s->error == START_OK)
		private_gate(s, key);
}

/* Who is in a sandbox sees other files than his other commands: a gate that
 * was started there is for there.  0: cannot be told. */
static unsigned long
mount_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/mnt", &st) == 0 ? st.st_ino : 0;
}

void
start_gate(struct start *s, int want_private)
{
	const struct lease_hello *h = &s->hello;
	char key[64];

	if (s->error != START_OK)
		return;
	(void)snprintf(key, sizeof(key), "%u-%u-%u-%lx", h->uid, h->loginuid,
	    h->session, mount_namespace());
	if (want_private || h->sudo_user[0] != '\0')
		private_gate(s, key);
	else
		shared_gate(s, key);
	/* the names in it are for nobody to list */
	(void)close(s->run_dir);
	s->run_dir = -1;
}
