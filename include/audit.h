/*
 * audit.h - the one room that includes libaudit.h.
 *
 * Formats and sends kernel audit records.  Every foreign string is written
 * as name=hex unless all its bytes are in [A-Za-z0-9_./:@+-], is capped at
 * AUDIT_FIELD_MAX bytes (a command line at AUDIT_COMMAND_MAX), and stands
 * behind the fields that ausearch reads (virt op vm uid uuid reason), so that
 * no value can hide or bend a record (libaudit 3.0.9 parse_user, substring
 * matches).
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "record.h"

#define AUDIT_FIELD_MAX 256
#define AUDIT_COMMAND_MAX 1024
#define AUDIT_TEXT_MAX 4000	/* bytes; the kernel cuts at 8,560 */

/* fd >= 0; -1: this kernel has no audit; -2: it has, but cannot be opened. */
int audit_begin(void);
void audit_end(int fd);
/* The message without what libaudit appends.  Pure: for tests and fuzzing.
 * Returns the length, or -1 when it does not fit. */
int audit_format(const struct caller *c, const struct record *r, char *out,
    size_t cap);
/* Bytes of the message when it was accepted, 0 or less when it was not
 * recorded (errno says why).  Thread-safe.  Not audit_send: libaudit calls a
 * function of that name, and would call ours. */
int audit_write(int fd, const struct caller *c, const struct record *r);

#endif
