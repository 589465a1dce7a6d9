/*
 * fuzz_config.c - any text as docker.yaml: no crash, and what was understood
 * is printed so that it is understood the same.
 * links: config config_keys config_value config_print span
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
printed(const struct config *c, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		abort();
	config_print(c, f);
	if (fclose(f) != 0)
		abort();
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[256] = "", *one, *two;
	struct config *c, *again;
	size_t len, len2;

	c = config_parse("f", (const char *)data, size, err, sizeof(err));
	if (!c) {
		if (strncmp(err, "f:", 2) != 0)
			abort();
		return 0;
	}
	one = printed(c, &len);
	/* Text may grow past the cap on files; that one may be refused. */
	again = config_parse("f", one, len, err, sizeof(err));
	if (again) {
		two = printed(again, &len2);
		if (len != len2 || memcmp(one, two, len) != 0)
			abort();
		free(two);
	} else if (len <= (size_t)256 << 10) {
		abort();
	}
	free(one);
	config_free(again);
	config_free(c);
	return 0;
}
