/*
 * start_explain.c - why there is no gate, in words (start.h).
 *
 * Guarantees a line for every reason there is: what is wrong and, where
 * somebody can mend it, where to look.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "start.h"

/* What went wrong, what to do.  %s: strerror or status, where there is one. */
static const struct {
	const char *text;
	bool number;
} explained[START__COUNT] = {
	[START_NO_SETUID] = { "this program must be owned by root and have the "
	    "setuid bit: chown root:root, chmod 4755", false },
	[START_NOSUID] = { "this program is on a file system mounted nosuid",
	    false },
	[START_NO_NEW_PRIVS] = { "no_new_privs is set, so the setuid bit has no "
	    "effect (started in a sandbox or a container?)", false },
	[START_USERNS] = { "started in a user namespace, where root is not "
	    "the host's root", false },
	[START_TRACED] = { "started under a tracer (strace, gdb), so the setuid "
	    "bit has no effect", false },
	[START_NOT_ROOT] = { "did not become root although the setuid bit is "
	    "there", false },
	[START_RUN_DIR] = { "cannot use " DS01_RUN_DIR " (made at boot by "
	    "systemd-tmpfiles)", true },
	[START_RUN_DIR_OWNER] = { DS01_RUN_DIR " must be owned by root or "
	    DS01_SERVICE_USER " and not be writable by others", false },
	[START_PATH] = { DS01_RUN_DIR " is too long a name for a directory of "
	    "sockets", false },
	[START_SOCKET] = { "cannot make a socket in " DS01_RUN_DIR, true },
	[START_LOCK] = { "cannot make a lock file in " DS01_RUN_DIR, true },
	[START_NO_SERVICE] = { "there is no user " DS01_SERVICE_USER
	    " (made by systemd-sysusers)", false },
	[START_GATE_FILE] = { "cannot find " DS01_GATE, true },
	[START_GATE_MODE] = { DS01_GATE " must be owned by root, executable and "
	    "not writable by others", false },
	[START_FORK] = { "cannot start a process for the gate", true },
	[START_SETUP] = { "cannot set the gate up", true },
	[START_CGROUP] = { "cannot move the gate out of your control group "
	    "(/sys/fs/cgroup), where you could stop it", true },
	[START_DROP] = { "cannot give the gate its reduced privileges", true },
	[START_EXEC] = { "cannot execute " DS01_GATE, true },
	[START_SILENT] = { "the gate does not answer", false },
	[START_DIED] = { "the gate ended at once with status", true },
	[START_ENGINE] = { "the gate has no access to the engine's socket",
	    false },
	[START_AUDIT] = { "the kernel audit log is required by " DS01_CONFIG
	    " and cannot be written", false },
	[START_ACCOUNT] = { "your user id has no account on this machine",
	    false },
};

void
start_explain(const struct start *s, char *text, size_t cap)
{
	const char *what = explained[s->error].text;

	if (!explained[s->error].number)
		(void)snprintf(text, cap, "ds01-docker: %s\n", what);
	else if (s->error == START_DIED)
		(void)snprintf(text, cap, "ds01-docker: %s %d\n", what,
		    s->number);
	else
		(void)snprintf(text, cap, "ds01-docker: %s: %s\n", what,
		    strerror(s->number));
}
