/*
 * sandbox.c - the one room that includes seccomp.h.
 */
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "sandbox.h"

/* By what they are needed for.  Names the running kernel or libseccomp does
 * not know are passed over. */
static const char *const calls[] = {
	/* bytes */
	"read", "write", "readv", "writev", "pread64", "pwrite64", "lseek",
	"recvfrom", "recvmsg", "sendto", "sendmsg", "shutdown", "close",
	"accept", "accept4", "connect", "bind", "getsockopt", "setsockopt",
	"getsockname", "getpeername", "poll", "ppoll", "select", "pselect6",
	"epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "dup",
	"fcntl", "eventfd2", "pipe2", "sendmmsg", "recvmmsg",
	/* memory */
	"mmap", "munmap", "mprotect", "mremap", "madvise", "brk",
	/* threads */
	"clone", "clone3", "futex", "set_robust_list", "rseq", "exit",
	"exit_group", "sched_yield", "sched_getaffinity", "membarrier",
	"gettid", "getpid", "tgkill", "set_tid_address", "restart_syscall",
	/* signals */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack",
	/* time, random, limits */
	"clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday",
	"time", "getrandom", "getrlimit", "prlimit64", "sysinfo", "uname",
	/* files: config, NSS, events, rate limits, the sockets' names */
	"open", "openat", "stat", "lstat", "fstat", "newfstatat", "statx",
	"statfs", "fstatfs", "access", "faccessat", "faccessat2", "readlink",
	"readlinkat", "getdents64", "getcwd", "unlink", "unlinkat",
	"rename", "renameat", "renameat2", "flock", "ftruncate", "fsync",
	"fdatasync", "mkdir", "mkdirat", "fchmod",
	/* who am I */
	"getuid", "geteuid", "getgid", "getegid", "getgroups", "getresuid",
	"getresgid", "getppid",
	NULL
};

const char *const *
sandbox_calls(void)
{
	return calls;
}

static int
allow_all(scmp_filter_ctx f)
{
	for (size_t i = 0; calls[i] != NULL; i++) {
		int nr = seccomp_syscall_resolve_name(calls[i]);
		if (nr == __NR_SCMP_ERROR)
			continue;
		int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 0);
		if (rc < 0 && rc != -EDOM)
			return -1;
	}
	/* dockerd, syslog and NSS daemons are unix sockets; audit is netlink */
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
	    SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0)) < 0 ||
	    seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
	    SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0)) < 0 ? -1 : 0;
}

int
sandbox_enter(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc = -1;

	if (f == NULL)
		return -1;
	/* all threads, though there is only one yet */
	if (seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
	    allow_all(f) == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	return rc == 0 ? 0 : -1;
}
