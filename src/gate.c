/*
 * gate.c - main of the gate: one user's session with dockerd.
 *
 * Started by the launcher as the service user with CAP_AUDIT_WRITE and
 * nothing else.  Answers leases (commands) and connections (the Docker API
 * of the session socket), a thread each, and goes when nobody needs it.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"
#include "log.h"
#include "record.h"
#include "relay.h"
#include "sandbox.h"

#define LINGER_MS (60 * 1000)	/* an idle shared gate waits for more work */
#define CONNECTIONS_MAX 512
#define LEASES_MAX 1024
#define THREAD_STACK (512 * 1024)	/* bytes */
#define HELLO_MS 5000		/* the launcher sends it at once */
#define VIEW_SECONDS 15		/* then who is calling is asked anew */

struct gate gate = { .wake = -1, .lock = PTHREAD_MUTEX_INITIALIZER,
    .renewing = PTHREAD_MUTEX_INITIALIZER };

/* --- the view --------------------------------------------------------------------- */

static struct config *
read_config(void)
{
	char err[512];
	struct config *cfg = config_load(DS01_CONFIG, true, err, sizeof(err));

	if (cfg != NULL)
		return cfg;
	warnx("%s; the built-in defaults hold", err);
	return config_default();
}

static time_t
uptime(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec;
}

/* Configuration and identity are taken anew for each command, so that a
 * changed file or a revoked group counts at once; and for a request when they
 * are some seconds old, since a session may be kept open for ever.  The caller
 * may have no account: *known says so. */
static struct view *
view_make(const struct lease_hello *h, bool *known)
{
	struct view *v = calloc(1, sizeof(*v));

	if (v == NULL || (v->cfg = read_config()) == NULL) {
		free(v);
		return NULL;
	}
	v->debug_fd = -1;
	v->made = uptime();
	atomic_init(&v->refs, 1);
	v->mode = v->cfg->isolation_mode;
	*known = identity_fill(&v->caller, h->uid, h->gid,
	    h->uid == 0 && h->sudo_user[0] != '\0' ? h->sudo_user : NULL,
	    v->cfg) == 0;
	v->caller.loginuid = h->loginuid;
	v->caller.session = h->session;
	snprintf(v->caller.tty, sizeof(v->caller.tty), "%s", h->tty);
	return v;
}

static bool
is_old(const struct view *v)
{
	return uptime() - v->made >= VIEW_SECONDS;
}

static struct view *
view_at_hand(void)
{
	pthread_mutex_lock(&gate.lock);
	struct view *v = view_take(gate.view);
	pthread_mutex_unlock(&gate.lock);
	return v;
}

void
gate_set_view(struct view *v)
{
	pthread_mutex_lock(&gate.lock);
	struct view *old = gate.view;
	gate.view = v;
	pthread_mutex_unlock(&gate.lock);
	view_release(old);
}

struct view *
gate_new_view(void)
{
	bool known = false;
	struct view *v = view_make(&gate.hello, &known);

	if (v != NULL && !known) {	/* the account is gone meanwhile */
		view_release(v);
		return NULL;
	}
	return v;
}

/* What old was, as it is now.  Who may not choose a mode any more, has the
 * configuration's. */
static struct view *
view_again(const struct view *old)
{
	struct view *v = gate_new_view();

	if (v == NULL)
		return NULL;
	memcpy(v->caller.tty, old->caller.tty, sizeof(v->caller.tty));
	if (old->chosen && v->caller.admin) {
		v->mode = old->mode;
		v->chosen = true;
	}
	if (old->debug_fd >= 0) {
		v->debug = old->debug;
		v->debug_fd = fcntl(old->debug_fd, F_DUPFD_CLOEXEC, 0);
	}
	return v;
}

struct view *
gate_view(void)
{
	struct view *v = view_at_hand(), *now;

	if (!is_old(v))
		return v;
	view_release(v);
	/* one asks and the others wait: the answer may take its time */
	pthread_mutex_lock(&gate.renewing);
	v = view_at_hand();
	if (is_old(v)) {
		now = view_again(v);
		view_release(v);
		if ((v = now) != NULL) {
			record_configure(v->cfg);
			gate_set_view(view_take(v));
		}
	}
	pthread_mutex_unlock(&gate.renewing);
	return v;
}

/* An upgrade put another program where this one came from. */
static bool
is_replaced(void)
{
	struct stat now;

	return stat(DS01_GATE, &now) != 0 || now.st_dev != gate.self.st_dev ||
	    now.st_ino != gate.self.st_ino ||
	    now.st_mtim.tv_sec != gate.self.st_mtim.tv_sec;
}

/* In the usual case this is one look at the clock. */
enum reason
view_renew(struct view **v, bool first, struct refusal *why)
{
	bool old = is_old(*v);
	struct view *now;

	if (!first && !old)
		return R_NONE;
	if (is_replaced())
		return refuse(why, R_REPLACED, " ");
	if (!old)
		return R_NONE;
	if ((now = gate_view()) == NULL)
		return refuse(why, R_NO_ACCOUNT, "%u",
		    (unsigned)(*v)->caller.uid);
	view_release(*v);
	*v = now;
	return R_NONE;
}

/* --- starting ------------------------------------------------------------------------ */

static bool
hello_ok(const struct lease_hello *h, ssize_t n)
{
	return n == (ssize_t)sizeof(*h) && h->magic == LEASE_MAGIC &&
	    h->version == LEASE_VERSION &&
	    memchr(h->socket, '\0', sizeof(h->socket)) != NULL &&
	    memchr(h->control, '\0', sizeof(h->control)) != NULL &&
	    memchr(h->sudo_user, '\0', sizeof(h->sudo_user)) != NULL &&
	    memchr(h->tty, '\0', sizeof(h->tty)) != NULL;
}

int
gate_read_hello(int fd, struct lease_hello *h)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, HELLO_MS) != 1)
		return -1;
	return hello_ok(h, recv(fd, h, sizeof(*h), 0)) ? 0 : -1;
}

/* The launcher has done all this; a gate that somebody started by hand, or
 * that a broken install started with more, must not go on. */
static void
check_privileges(void)
{
	uid_t r, e, s;

	/* exec as an ordinary uid made the process traceable again */
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		die("PR_SET_DUMPABLE");
	if (getresuid(&r, &e, &s) != 0 || r == 0 || e == 0 || s == 0)
		diex("the gate must not run as root");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		diex("started without no_new_privs: only ds01-docker starts a gate");
}

static void
ignore_signals(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGHUP, &ignore, NULL);
	(void)umask(077);
}

static void
start(void)
{
	bool known = false;
	struct view *v;

	log_open("ds01-docker", true);
	check_privileges();
	ignore_signals();
	(void)prctl(PR_SET_NAME, "ds01-gate");
	/* a thread each and little to do in it: two heaps are enough */
	(void)mallopt(M_ARENA_MAX, 2);
	if (gate_read_hello(GATE_FD_LEASE, &gate.hello) < 0)
		diex("no hello from the launcher");
	gate.private = gate.hello.control[0] == '\0';
	if (stat(DS01_GATE, &gate.self) != 0)
		die("%s", DS01_GATE);
	v = view_make(&gate.hello, &known);
	if (v == NULL)
		diex("out of memory");
	if (!known)
		_exit(GATE_EXIT_ACCOUNT);
	gate.view = v;
	if (record_open(v->cfg) < 0)
		_exit(GATE_EXIT_AUDIT);
	gate.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (gate.wake < 0)
		die("eventfd");
	if (sandbox_enter() < 0)
		warnx("no seccomp filter: the gate runs without it");
}

/* --- threads -------------------------------------------------------------------------- */

struct job {
	int fd;
	struct view *view;
	struct lease_hello hello;
	bool first;
};

static void
job_done(atomic_int *count)
{
	uint64_t one = 1;

	atomic_fetch_sub(count, 1);
	(void)!write(gate.wake, &one, sizeof(one)); /* full: main wakes anyway */
}

static void *
connection_thread(void *arg)
{
	struct job *j = arg;

	mediate_connection(j->view, j->fd);
	free(j);
	job_done(&gate.connections);
	return NULL;
}

static void *
lease_thread(void *arg)
{
	struct job *j = arg;

	lease_serve(j->fd, j->first);
	free(j);
	job_done(&gate.leases);
	return NULL;
}

static void
run(struct job *j, void *(*fn)(void *), atomic_int *count)
{
	pthread_attr_t a;
	pthread_t t;

	atomic_fetch_add(count, 1);
	if (pthread_attr_init(&a) != 0 ||
	    pthread_attr_setstacksize(&a, THREAD_STACK) != 0 ||
	    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED) != 0 ||
	    pthread_create(&t, &a, fn, j) != 0) {
		close(j->fd);
		view_release(j->view);
		free(j);
		atomic_fetch_sub(count, 1);
	}
}

/* Over the bound: said in Docker's form, so that the CLI prints it. */
static void
turn_away(int fd)
{
	static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\n"
	    "Content-Type: application/json\r\nConnection: close\r\n"
	    "Content-Length: 67\r\n\r\n"
	    "{\"message\":\"too many connections at once: close some and try "
	    "again\"}";

	(void)write_all(fd, busy, sizeof(busy) - 1);
	close(fd);
}

static void
accept_connection(void)
{
	int fd = accept4(GATE_FD_SESSION, NULL, NULL, SOCK_CLOEXEC);
	struct job *j;

	if (fd < 0)
		return;
	if (atomic_load(&gate.connections) >= CONNECTIONS_MAX ||
	    (j = calloc(1, sizeof(*j))) == NULL) {
		turn_away(fd);
		return;
	}
	j->fd = fd;
	j->view = view_at_hand();	/* its thread looks how old it is */
	run(j, connection_thread, &gate.connections);
}

static void
add_lease(int fd, bool first)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL || atomic_load(&gate.leases) >= LEASES_MAX) {
		free(j);
		close(fd);
		return;
	}
	j->fd = fd;
	j->first = first;
	run(j, lease_thread, &gate.leases);
}

/* Serves the streams that it serves already; the names are its successor's,
 * whom the launcher starts when nobody answers. */
static void
retire(void)
{
	(void)unlink(gate.hello.socket);
	(void)unlink(gate.hello.control);
	(void)close(GATE_FD_CONTROL);
	gate.retired = true;
}

/* Only a launcher that is still root may ask for a lease. */
static void
accept_lease(void)
{
	int fd = accept4(GATE_FD_CONTROL, NULL, NULL, SOCK_CLOEXEC);
	struct ucred u;
	socklen_t len = sizeof(u);

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &len) != 0 ||
	    u.uid != 0) {
		close(fd);
		return;
	}
	if (is_replaced()) {
		retire();
		close(fd);
		return;
	}
	add_lease(fd, false);
}

/* --- serving -------------------------------------------------------------------------- */

static bool
idle(void)
{
	return atomic_load(&gate.leases) == 0 &&
	    atomic_load(&gate.connections) == 0;
}

static void
serve(void)
{
	struct pollfd p[3] = {
		{ .fd = GATE_FD_SESSION, .events = POLLIN },
		{ .fd = gate.wake, .events = POLLIN },
		{ .fd = gate.private ? -1 : GATE_FD_CONTROL, .events = POLLIN },
	};
	uint64_t n;

	for (;;) {
		bool was_idle = idle();
		int rc = poll(p, 3, !was_idle ? -1 :
		    gate.private || gate.retired ? 0 : LINGER_MS);
		if (rc < 0 && errno != EINTR)
			die("poll");
		if (rc == 0 && was_idle && idle())
			return;
		if (rc <= 0)
			continue;
		if (p[1].revents)
			(void)!read(gate.wake, &n, sizeof(n)); /* only a bell */
		if (p[0].revents)
			accept_connection();
		if (p[2].revents)
			accept_lease();
		if (gate.retired)
			p[2].fd = -1;
	}
}

int
main(void)
{
	start();
	add_lease(GATE_FD_LEASE, true);
	serve();
	/* The names go first: a launcher that finds no gate behind a name may
	 * put its own there at once (lease.h). */
	if (!gate.retired)
		(void)unlink(gate.hello.socket);
	if (!gate.private && !gate.retired)
		(void)unlink(gate.hello.control);
	record_close();
	return 0;
}
