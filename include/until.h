/*
 * until.h - points in time, as Docker's filters write them.
 */
#ifndef UNTIL_H
#define UNTIL_H

#include <stdbool.h>
#include <stdint.h>

/* A Go duration before now ("10m", "1h30m"), a date or time in the forms of
 * RFC 3339 (local time without a zone), or seconds since 1970 with or
 * without a fraction.  Seconds since 1970 in out. */
bool until_parse(const char *text, int64_t now, int64_t *out);

#endif
