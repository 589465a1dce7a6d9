/*
 * noaudit.c - runs a program as on a kernel that keeps no audit records:
 * a netlink socket for them is not supported.
 *
 *   noaudit PROGRAM [ARGUMENT…]
 */
#include <err.h>
#include <errno.h>
#include <linux/netlink.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);

	if (argc < 2 || f == NULL)
		errx(2, "usage: noaudit PROGRAM [ARGUMENT…]");
	/* without no_new_privs, which would take the launcher's setuid bit */
	if (seccomp_attr_set(f, SCMP_FLTATR_CTL_NNP, 0) != 0 ||
	    seccomp_rule_add(f, SCMP_ACT_ERRNO(EPROTONOSUPPORT),
	    SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, AF_NETLINK),
	    SCMP_A2(SCMP_CMP_EQ, NETLINK_AUDIT)) != 0 || seccomp_load(f) != 0)
		errx(2, "seccomp");
	execvp(argv[1], argv + 1);
	err(2, "%s", argv[1]);
}
