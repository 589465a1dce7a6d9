/*
 * gate.h - what gate.c and leases.c share: one gate's state.
 */
#ifndef GATE_H
#define GATE_H

#include <pthread.h>
#include <sys/stat.h>

#include <stdatomic.h>

#include "lease.h"
#include "session.h"

struct gate {
	struct lease_hello hello;	/* of the first lease: who this is for */
	bool private;			/* one command's own: no control socket */
	struct stat self;		/* the program's file at the start */
	bool retired;			/* upgraded: takes no more leases */
	atomic_int leases, connections;
	int wake;			/* eventfd: a thread has ended */
	pthread_mutex_t lock;		/* guards view */
	pthread_mutex_t renewing;	/* who makes the next one has it */
	struct view *view;
};

extern struct gate gate;

/* Not older than some seconds; taken: release it.  NULL as below. */
struct view *gate_view(void);
void gate_set_view(struct view *v);	/* takes it over */
struct view *gate_new_view(void);	/* of the same caller; NULL: no memory,
					 * or no account any more */
/* A whole hello within a few seconds, or -1. */
int gate_read_hello(int fd, struct lease_hello *h);
/* leases.c: serves one lease until its last holder is gone.  Closes fd.
 * first: its hello was read already, only the answer is owed. */
void lease_serve(int fd, bool first);

#endif
