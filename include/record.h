/*
 * record.h - one decision, told to everybody who keeps records.
 *
 * Kernel audit log (audit.c), syslog with a rate limit (ratelimit.c) and
 * events.jsonl (events.c).  Recorded before the request is forwarded or the
 * refusal answered.  A user cannot suppress, forge or reshape a record.
 */
#ifndef RECORD_H
#define RECORD_H

#include "config.h"
#include "identity.h"
#include "reason.h"

#define EVENT_ID_LEN 8
/* Easy to read out over a telephone: no i l o u. */
#define EVENT_ID_LETTERS "0123456789abcdefghjkmnpqrstvwxyz"

enum record_kind {
	RECORD_CONTROL,		/* container operation: VIRT_CONTROL */
	RECORD_RESOURCE,	/* bind, device, limit: VIRT_RESOURCE; for
				 * record_resource() only */
	RECORD_COMMAND,		/* the command line: USER_CMD */
	RECORD_IMAGE_MAKE,	/* pull, build, load, import, commit, tag */
	RECORD_IMAGE_DROP	/* rmi */
};

struct record {
	enum record_kind kind;
	/* "container.stop": op=stop; "exec.start": op=exec-start, since
	 * auvirt takes a plain start for a container's.  RECORD_RESOURCE:
	 * "bind", "device", "memory" (detail: bytes), "cpus" (detail:
	 * billionths), or another word of granted.c's table. */
	const char *op;
	const char *vm;		/* container name or reference, may be NULL */
	const char *uuid;	/* 64 hex, or NULL */
	const char *image;	/* may be NULL */
	const char *detail;	/* command line, path …; untrusted, capped */
	const char *cwd;	/* RECORD_COMMAND: may be NULL */
	enum reason why;	/* R_NONE: allowed */
	const char *why_text;	/* "container belongs to bob" */
	bool would;		/* monitoring mode: "would deny" */
	bool unowned;		/* access.unowned_container */
	bool changes;		/* changes something (audit_events) */
	char event[EVENT_ID_LEN + 1];	/* filled by record_new_id() */
};

/* Opens audit, syslog, events.  Failures are logged and survived unless
 * audit is required.  Called once, before threads. */
int record_open(const struct config *cfg);
void record_close(void);
/* Takes a changed configuration; thread-safe. */
void record_configure(const struct config *cfg);
void record_new_id(struct record *r);
/* Before a request that changes something is judged: waits if this user's
 * records are very many.  Then, since between a judgement and its deed there
 * must be no time that he can make longer.  Thread-safe. */
void record_turn(const struct caller *c);
/* Waits behind the record of a refusal, or of a look, in the same case.
 * 0; or -1 only when audit is required and the record was not accepted:
 * then the caller must refuse with R_NO_RECORD.  Thread-safe. */
int record_write(const struct caller *c, const struct record *r);
/* A RECORD_RESOURCE, to the audit log only.  Bytes that it has there, which
 * record_owe() wants to know of; or -1 as above.  Thread-safe. */
int record_resource(const struct caller *c, const struct record *r);
/* Counts so many bytes, to be paid for with the next change: never waits for
 * that, since the deed is next.  Thread-safe. */
void record_owe(const struct caller *c, size_t bytes);
/* Another directory than DS01_STATE_DIR "/rate-limits", for tests. */
void record_state_dir(const char *dir);
/* container.create event, with the true name, image and type. */
void record_created(const struct caller *c, const char *name, const char *id,
    const char *image, const char *type);

#endif
