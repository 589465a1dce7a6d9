/*
 * log.c - words for people.
 *
 * Guarantees every caller that a message is one line of printable UTF-8, and
 * that logging neither blocks nor fails.  syslog(3) is not used: its socket
 * is a blocking one, so that a stopped syslogd would stop every gate, and it
 * holds a lock across the send, which a fork may inherit.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LINE_MAX_BYTES 2048	/* rsyslog's and journald's usual limits */
#define TAG_ACCESS "ds01-access"

static const char *program = "ds01-docker";
static bool to_syslog;
static const char *socket_path = "/dev/log";

void
log_open(const char *name, bool use_syslog)
{
	program = name;
	to_syslog = use_syslog;
}

void
log_socket(const char *path)
{
	socket_path = path;
}

/* Length of the well-formed UTF-8 character at s, or 0.  C1 controls are
 * refused: terminals obey them as they obey escape sequences. */
static size_t
utf8_len(const unsigned char *s)
{
	if (s[0] >= 0xc2 && s[0] <= 0xdf && (s[1] & 0xc0) == 0x80)
		return s[0] == 0xc2 && s[1] < 0xa0 ? 0 : 2;
	if ((s[0] & 0xf0) == 0xe0 && (s[1] & 0xc0) == 0x80 &&
	    (s[2] & 0xc0) == 0x80) {
		if ((s[0] == 0xe0 && s[1] < 0xa0) ||
		    (s[0] == 0xed && s[1] > 0x9f))
			return 0;
		/* U+2028, U+2029 break lines; U+202A-E, U+2066-9 turn text
		 * round, so that what is read is not what is there. */
		if (s[0] == 0xe2 && ((s[1] == 0x80 && s[2] >= 0xa8 &&
		    s[2] <= 0xae) || (s[1] == 0x81 && s[2] >= 0xa6 &&
		    s[2] <= 0xa9)))
			return 0;
		return 3;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4 && (s[1] & 0xc0) == 0x80 &&
	    (s[2] & 0xc0) == 0x80 && (s[3] & 0xc0) == 0x80) {
		if ((s[0] == 0xf0 && s[1] < 0x90) ||
		    (s[0] == 0xf4 && s[1] > 0x8f))
			return 0;
		return 4;
	}
	return 0;
}

size_t
log_escape(char *out, size_t cap, const char *in, const char *also)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)in;
	size_t n = 0;

	if (cap == 0)
		return 0;
	while (*s) {
		size_t len = 0;

		if (*s < 0x80)
			len = *s >= 0x20 && *s != 0x7f &&
			    !(also && strchr(also, *s));
		else
			len = utf8_len(s);
		if (n + (len ? len : 4) >= cap)
			break;
		if (len) {
			memcpy(out + n, s, len);
			n += len;
			s += len;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = digits[*s >> 4];
		out[n++] = digits[*s & 15];
		s++;
	}
	out[n] = '\0';
	return n;
}

/* A socket for each line: no state, no lock, a restarted syslogd is found at
 * once, and lines are rare by the rate limit. */
static void
send_syslog(int priority, const char *tag, const char *text)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char line[LINE_MAX_BYTES + 128], when[32];
	time_t now = time(NULL);
	struct tm tm;
	int fd, n;

	if (strlen(socket_path) >= sizeof(to.sun_path))
		return;
	strcpy(to.sun_path, socket_path);
	if (!localtime_r(&now, &tm) ||
	    strftime(when, sizeof(when), "%b %e %H:%M:%S", &tm) == 0)
		return;
	n = snprintf(line, sizeof(line), "<%d>%s %s[%d]: %s",
	    LOG_AUTH | priority, when, tag, (int)getpid(), text);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(line))
		n = (int)sizeof(line) - 1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	/* The result is of no use: there is nobody left to tell. */
	(void)!sendto(fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT,
	    (struct sockaddr *)&to, sizeof(to));
	(void)close(fd);
}

static void fmt_printf(2, 0)
vlog(int error, const char *fmt, va_list ap)
{
	char raw[LINE_MAX_BYTES], text[LINE_MAX_BYTES], buf[128];
	int n;

	n = vsnprintf(raw, sizeof(raw), fmt, ap);
	if (n < 0)
		return;
	if (error && (size_t)n < sizeof(raw))
		(void)snprintf(raw + n, sizeof(raw) - (size_t)n, ": %s",
		    strerror_r(error, buf, sizeof(buf)));
	(void)log_escape(text, sizeof(text), raw, NULL);
	if (to_syslog)
		send_syslog(LOG_WARNING, program, text);
	else
		(void)dprintf(STDERR_FILENO, "%s: %s\n", program, text);
}

void
die(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	vlog(error, fmt, ap);
	va_end(ap);
	_exit(EXIT_FAILURE);
}

void
diex(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(0, fmt, ap);
	va_end(ap);
	_exit(EXIT_FAILURE);
}

void
warn(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	vlog(error, fmt, ap);
	va_end(ap);
	errno = error;
}

void
warnx(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	vlog(0, fmt, ap);
	va_end(ap);
	errno = error;
}

void
log_access(int priority, const char *fmt, ...)
{
	char raw[LINE_MAX_BYTES], text[LINE_MAX_BYTES];
	int n, error = errno;
	va_list ap;

	va_start(ap, fmt);
	n = vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	if (n >= 0) {
		(void)log_escape(text, sizeof(text), raw, NULL);
		send_syslog(priority, TAG_ACCESS, text);
	}
	errno = error;
}
