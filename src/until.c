/*
 * until.c - points in time, as Docker's filters write them.
 *
 * Guarantees that a text is read as dockerd reads it (moby's
 * timetypes.GetTimestamp) or not at all: a prune must not take more than
 * its user asked for.
 */
#include <string.h>
#include <time.h>

#include "until.h"

#define SECONDS_MAX ((int64_t)1 << 40)

static bool
number(const char **p, size_t min, size_t max, int64_t *out)
{
	size_t n = 0;

	for (*out = 0; n < max && **p >= '0' && **p <= '9'; n++, (*p)++)
		*out = *out * 10 + (**p - '0');
	return n >= min;
}

/* ".5" behind a number: added to *out. */
static void
fraction(const char **p, double *out)
{
	double unit = 0.1;

	if (**p != '.')
		return;
	for ((*p)++; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
		*out += (**p - '0') * unit;
}

/* Go's time.ParseDuration, but that a bare "0" is none. */
static bool
duration(const char *s, double *seconds)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {	/* longer names first */
		{ "ns", 1e-9 }, { "us", 1e-6 }, { "\xc2\xb5s", 1e-6 },
		{ "\xce\xbcs", 1e-6 }, { "ms", 1e-3 }, { "s", 1 },
		{ "m", 60 }, { "h", 3600 },
	};
	bool minus = *s == '-';
	double sum = 0;

	if (*s == '-' || *s == '+')
		s++;
	if (*s == '\0')
		return false;
	while (*s) {
		const char *begin = s;
		int64_t whole;
		double n;
		size_t i;

		if (!number(&s, 0, 12, &whole))
			return false;
		n = (double)whole;
		fraction(&s, &n);
		if (s == begin || (s == begin + 1 && *begin == '.'))
			return false;
		for (i = 0; i < sizeof units / sizeof units[0]; i++)
			if (strncmp(s, units[i].name,
			    strlen(units[i].name)) == 0)
				break;
		if (i == sizeof units / sizeof units[0])
			return false;
		s += strlen(units[i].name);
		sum += n * units[i].seconds;
	}
	*seconds = minus ? -sum : sum;
	return sum < (double)SECONDS_MAX;
}

/* "Z", "+01:00" or nothing.  zone: seconds east of UTC. */
static bool
read_zone(const char *s, bool *local, int64_t *zone)
{
	int64_t h, m;
	bool west = *s == '-';

	*local = *s == '\0';
	*zone = 0;
	if (*local || strcmp(s, "Z") == 0)
		return true;
	if (*s != '+' && *s != '-')
		return false;
	s++;
	if (!number(&s, 2, 2, &h) || *s++ != ':' || !number(&s, 2, 2, &m) ||
	    *s != '\0' || h > 23 || m > 59)
		return false;
	*zone = (h * 3600 + m * 60) * (west ? -1 : 1);
	return true;
}

static bool
calendar(const char *s, int64_t *out)
{
	int64_t y, mon, d, h = 0, min = 0, sec = 0, zone;
	double ignored = 0;
	struct tm tm, back;
	bool local;

	if (!number(&s, 4, 4, &y) || *s++ != '-' || !number(&s, 2, 2, &mon) ||
	    *s++ != '-' || !number(&s, 2, 2, &d))
		return false;
	if (*s == 'T') {
		s++;
		if (!number(&s, 2, 2, &h))
			return false;
		if (*s == ':' && (s++, !number(&s, 2, 2, &min)))
			return false;
		if (*s == ':' && (s++, !number(&s, 2, 2, &sec)))
			return false;
		fraction(&s, &ignored);
	}
	if (!read_zone(s, &local, &zone) || y < 1900 || mon < 1 || mon > 12 ||
	    d < 1 || d > 31 || h > 23 || min > 59 || sec > 59)
		return false;
	tm = (struct tm){ .tm_year = (int)y - 1900, .tm_mon = (int)mon - 1,
	    .tm_mday = (int)d, .tm_hour = (int)h, .tm_min = (int)min,
	    .tm_sec = (int)sec, .tm_isdst = -1 };
	back = tm;
	*out = (int64_t)(local ? mktime(&tm) : timegm(&tm)) - zone;
	return tm.tm_mday == back.tm_mday;	/* no 31st of February */
}

bool
until_parse(const char *text, int64_t now, int64_t *out)
{
	double seconds, ignored = 0;

	if (strcmp(text, "0") != 0 && duration(text, &seconds)) {
		*out = now - (int64_t)seconds;
		return true;
	}
	if (calendar(text, out))
		return true;
	if (!number(&text, 1, 12, out))
		return false;
	fraction(&text, &ignored);
	return *text == '\0';
}
