/*
 * log.h - words for people: stderr, syslog, and the debug line.
 *
 * die/diex end the process; used at start-up only.  In the gate nothing is
 * printed after start-up: there is no terminal.  No call here blocks, and
 * none fails because /dev/log is missing or nobody reads it.  A message is
 * one line of printable UTF-8 whatever the arguments hold.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>

#define fmt_printf(a, b) __attribute__((format(printf, a, b)))

void log_open(const char *program, bool to_syslog);
__attribute__((noreturn)) void die(const char *fmt, ...) fmt_printf(1, 2);
__attribute__((noreturn)) void diex(const char *fmt, ...) fmt_printf(1, 2);
void warn(const char *fmt, ...) fmt_printf(1, 2);	/* with strerror */
void warnx(const char *fmt, ...) fmt_printf(1, 2);

/* One line to syslog's auth facility under the tag ds01-access, whatever
 * log_open() chose.  priority: LOG_WARNING, LOG_NOTICE ... */
void log_access(int priority, const char *fmt, ...) fmt_printf(2, 3);

/* Writes in as printable UTF-8 without line breaks: other bytes, and those
 * in also (may be NULL), become \xNN.  Cut to fit, never inside a character
 * or an escape; returns the length. */
size_t log_escape(char *out, size_t cap, const char *in, const char *also);

/* Another socket than /dev/log, for tests. */
void log_socket(const char *path);

#endif
