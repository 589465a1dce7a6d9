/*
 * spawn.c - a gate, started clean.
 *
 * Guarantees the gate an environment that owes nothing to the caller: own
 * session, no terminal, "/" as its directory, default signals and limits, an
 * empty environment, no descriptor but its own four, and the service user's
 * identity, in a control group of root's.  The gate and the probe are left to
 * init: they are not children of the command, which would otherwise see
 * strangers in its wait(2).
 *
 *   launcher ── helper (waits, ends with the gate's status or is killed)
 *                 ├── probe   the caller, for good
 *                 └── gate    the service user, for good
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "drop.h"
#include "lease.h"
#include "probe.h"
#include "start.h"

#define ABOVE_GATE_FDS 16
#define GATE_NOFILE 4096
#define CPUS_MAX 8192
#define TIMER_SLACK 50000	/* ns, the kernel's own */
#define IOPRIO_OF_PROCESS 1	/* linux/ioprio.h, which is not everywhere */
#define IOPRIO_BY_NICE 0

struct parts {
	int session, control, lease;
	int probe;		/* gate's end */
	char **argv;
};

/* Tells the launcher, who still has the other end, and ends. */
static _Noreturn void
fail(int lease, enum start_error error)
{
	struct start_failure f = { .error = (int)error, .number = errno };

	/* nobody else is left to hear about a failure of this */
	(void)send(lease, &f, sizeof(f), MSG_NOSIGNAL | MSG_DONTWAIT);
	_exit(1);
}

/*
 * Limits as a service gets them, whatever the caller set for himself.  Each
 * is best effort: root without CAP_SYS_RESOURCE cannot raise a hard limit.
 */
static void
reset_limits(void)
{
	static const struct {
		__rlimit_resource_t what;
		rlim_t soft;
	} limits[] = {
		{ RLIMIT_CORE, 0 },		/* holds users' requests */
		{ RLIMIT_NOFILE, GATE_NOFILE },
		{ RLIMIT_STACK, 8 << 20 },
		{ RLIMIT_CPU, RLIM_INFINITY },
		{ RLIMIT_FSIZE, RLIM_INFINITY },
		{ RLIMIT_DATA, RLIM_INFINITY },
		{ RLIMIT_AS, RLIM_INFINITY },
		{ RLIMIT_RSS, RLIM_INFINITY },
		{ RLIMIT_NPROC, RLIM_INFINITY },
		{ RLIMIT_LOCKS, RLIM_INFINITY },
		{ RLIMIT_SIGPENDING, GATE_NOFILE },
	};
	struct rlimit now, want;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (getrlimit(limits[i].what, &now) == -1)
			continue;
		want.rlim_cur = want.rlim_max = limits[i].soft;
		if (setrlimit(limits[i].what, &want) == 0)
			continue;
		want.rlim_max = now.rlim_max;
		if (want.rlim_cur > now.rlim_max)
			want.rlim_cur = now.rlim_max;
		(void)setrlimit(limits[i].what, &want);
	}
}

static void
reset_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &sa, NULL);	/* KILL, STOP refuse */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * A gate serves later commands too, and others wait for its decisions: not at
 * this one's priority, on its processors, in its memory, or as late as it
 * likes its timers.  Each is best effort, as limits are.
 */
static void
reset_scheduling(void)
{
	static unsigned char cpus[CPUS_MAX / 8];
	const struct sched_param other = { .sched_priority = 0 };

	(void)sched_setscheduler(0, SCHED_OTHER, &other);
	(void)setpriority(PRIO_PROCESS, 0, 0);
	(void)syscall(SYS_ioprio_set, IOPRIO_OF_PROCESS, 0, IOPRIO_BY_NICE);
	memset(cpus, 0xff, sizeof(cpus));	/* those there are, of all */
	(void)syscall(SYS_sched_setaffinity, 0, sizeof(cpus), cpus);
	(void)syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
	(void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK, 0, 0, 0);
}

/* No earlier in the kernel's choice, when memory ends, than a service. */
static void
reset_oom(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	(void)!write(fd, "0", 1);	/* best effort, as limits are */
	(void)close(fd);
}

/* Away from the caller's terminal, directory, umask and priorities. */
static int
detach(void)
{
	/* a fork is never a group leader, so this cannot fail */
	if (setsid() == -1 || chdir("/") == -1)
		return -1;
	umask(077);
	reset_scheduling();
	return 0;
}

/*
 * Makes fds[i] descriptor number first + i (-1 leaves a hole), puts /dev/null
 * on 0-2 and closes everything else.  By way of high numbers, since any of
 * the sources may sit on another's target.
 */
static int
arrange(int *fds, int n, int first)
{
	int i, null;

	for (i = 0; i < n; i++)
		if (fds[i] != -1 && (fds[i] = fcntl(fds[i], F_DUPFD,
		    ABOVE_GATE_FDS)) == -1)
			return -1;
	null = open("/dev/null", O_RDWR);
	if (null == -1 || dup2(null, 0) == -1 || dup2(null, 1) == -1 ||
	    dup2(null, 2) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		if (fds[i] == -1)
			(void)close(first + i);
		else if (dup2(fds[i], first + i) == -1)
			return -1;
		else
			fds[i] = first + i;
	}
	for (i = 3; i < first; i++)
		(void)close(i);
	return close_range((unsigned int)(first + n), ~0U, 0);
}

static _Noreturn void
become_gate(const struct service *who, struct parts *p)
{
	static char name[] = "ds01-docker-gate";
	char *const argv[] = { name, NULL };
	char *const envp[] = { NULL };
	int fds[] = {
		[GATE_FD_SESSION - 3] = p->session,
		[GATE_FD_CONTROL - 3] = p->control,
		[GATE_FD_LEASE - 3] = p->lease,
		[GATE_FD_PROBE - 3] = p->probe,
	};

	/* before arrange(): a failed one leaves the lease where it was */
	if (detach() == -1 || arrange(fds, 4, 3) == -1)
		fail(p->lease, START_SETUP);
	if (drop_to_service(who) == -1)
		fail(GATE_FD_LEASE, START_DROP);
	reset_signals();
	execve(DS01_GATE, argv, envp);
	fail(GATE_FD_LEASE, START_EXEC);
}

/*
 * Never execs, so never dumpable: the caller can end it but not steer it.
 * It outlives the command, whose words (a password?) ps must not show longer.
 */
static _Noreturn void
become_probe(int sock, char **argv)
{
	int fds[] = { sock };

	if (detach() == -1 || arrange(fds, 1, 3) == -1 ||
	    drop_to_caller() == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		_exit(1);
	for (; *argv != NULL; argv++)
		memset(*argv, 0, strlen(*argv));
	(void)prctl(PR_SET_NAME, "ds01-probe", 0, 0, 0);
	reset_signals();
	probe_serve(3);
}

/*
 * The helper stays until the launcher has the gate's word, so that somebody
 * has the status of a gate that ends before.
 */
static _Noreturn void
run_helper(struct parts *p, pid_t launcher)
{
	uid_t caller = getuid();
	struct service who;
	int pair[2], status;
	pid_t gate, probe;

	/* above the numbers that arrange() is going to use */
	if ((p->lease = fcntl(p->lease, F_DUPFD_CLOEXEC, ABOVE_GATE_FDS)) == -1)
		_exit(1);
	reset_limits();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		fail(p->lease, START_SETUP);
	/* while the real uid is still the caller's, which it goes back to */
	if ((probe = fork()) == -1)
		fail(p->lease, START_FORK);
	if (probe == 0)
		become_probe(pair[1], p->argv);
	/* now out of the reach of his signals, and gone when the launcher is */
	if (setresuid(0, 0, 0) == -1 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1 ||
	    getppid() != launcher)
		fail(p->lease, START_SETUP);
	/* and of his control groups' */
	if (cgroup_leave(caller) == -1)
		fail(p->lease, START_CGROUP);
	reset_oom();
	if (drop_find_service(&who, DS01_SERVICE_USER) == -1)
		fail(p->lease, START_NO_SERVICE);
	p->probe = pair[0];
	if ((gate = fork()) == -1)
		fail(p->lease, START_FORK);
	if (gate == 0)
		become_gate(&who, p);
	/* the end of the lease must be the gate's own doing */
	(void)close_range(0, ~0U, 0);
	while (waitpid(gate, &status, 0) == -1)
		if (errno != EINTR)
			_exit(1);
	/* the same status for who waits for us: an exit code, or a signal */
	if (WIFSIGNALED(status))
		_exit(128 + WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

pid_t
spawn_gate(int session, int control, int lease, char **argv)
{
	struct parts p = { session, control, lease, -1, argv };
	pid_t self = getpid(), helper = fork();

	if (helper == 0)
		run_helper(&p, self);
	return helper;
}

int
spawn_end(pid_t helper, int gate_ended)
{
	const struct timespec patience = { .tv_nsec = 200 * 1000 * 1000 };
	sigset_t child;
	int i, status;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	/* a gate that closed its lease is ending or wedged; the helper tells
	 * which by not ending, and then it is not waited for.  SIGCHLD is
	 * blocked here, and may be another child's */
	for (i = 0; gate_ended && i < 8; i++) {
		pid_t got = waitpid(helper, &status, WNOHANG);

		if (got == helper)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
		if (got == -1 && errno != EINTR)
			return 0;
		(void)sigtimedwait(&child, NULL, &patience);
	}
	(void)kill(helper, SIGKILL);
	while (waitpid(helper, &status, 0) == -1 && errno == EINTR)
		;
	return 0;
}
