/*
 * log.h - words for people: stderr, syslog, and the debug line.
 *
 * die/diex end the process; used at start-up only.  In the gate nothing is
 * printed after start-up: there is no terminal.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

#define fmt_printf(a, b) __attribute__((format(printf, a, b)))

void log_open(const char *program, bool to_syslog);
__attribute__((noreturn)) void die(const char *fmt, ...) fmt_printf(1, 2);
__attribute__((noreturn)) void diex(const char *fmt, ...) fmt_printf(1, 2);
void warn(const char *fmt, ...) fmt_printf(1, 2);	/* with strerror */
void warnx(const char *fmt, ...) fmt_printf(1, 2);

#endif
