/*
 * ask.h - the user's half of the lease: announcing a command to the gate.
 */
#ifndef ASK_H
#define ASK_H

#include "cmdline.h"

struct ask {
	int argc;
	char *const *argv;		/* as typed */
	const struct targets *targets;	/* or NULL */
};

enum answer {
	ANSWER_GO,			/* cli: what to execute */
	ANSWER_STOP,			/* the refusal is on stderr already */
	ANSWER_NONE			/* the gate is gone or hangs */
};

/* Bounded.  *cli points to a buffer of this room's.  Mode and debug level are
 * taken from the environment; lines for the user go to stderr. */
enum answer ask_gate(int lease, const struct ask *a, const char **cli);

#endif
