/*
 * cmdline.h - what a docker command line says, as docker itself reads it.
 *
 * For the user's comfort only and in the user's half only: which engine is
 * meant, and which containers, volumes or networks a command is about to
 * touch.  On doubt there are no targets; the gate judges requests anyway.
 */
#ifndef CMDLINE_H
#define CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

struct cmdline {
	const char *config, *context;	/* values of the flags, or NULL */
	const char *host;		/* of the last -H, or NULL */
	int n_hosts;
	bool tls;			/* --tls, --tlsverify */
	bool understood;		/* every global flag is one we know */
	int command;			/* index of the command, argc if none */
};

enum engine {
	ENGINE_NONE,			/* the command asks no engine */
	ENGINE_LOCAL,			/* through the gate */
	ENGINE_REMOTE			/* the user's own choice */
};

struct targets {
	const char *kind;		/* "container", ..., or "" */
	char **names;			/* into argv, or itself; owned */
	size_t n;
};

/* argv[1..] up to the command. */
void cmdline_parse(struct cmdline *c, int argc, char *const *argv);
/* Which engine, by the flags, the environment and docker's own files.
 * run_dir: where our session sockets are. */
enum engine cmdline_engine(const struct cmdline *c, int argc,
    char *const *argv, const char *run_dir);
/* Takes -H and --context out of argv, in place; the new argc. */
int cmdline_strip(int argc, char **argv);
/* The targets of a command that names any.  0, or -1: no memory. */
int cmdline_targets(const struct cmdline *c, int argc, char **argv,
    struct targets *t);

/* context.c: the host of a context, or the name of the one in use.  Best
 * effort, bounded; false when not found. */
bool context_current(const char *config_dir, char *name, size_t cap);
bool context_host(const char *config_dir, const char *name, char *host,
    size_t cap);

#endif
