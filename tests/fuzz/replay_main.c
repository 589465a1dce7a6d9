/*
 * replay_main.c - runs a fuzz harness over the files named as arguments, with
 * any compiler: the committed corpus is part of "make check".
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_MAX ((size_t)1 << 20)	/* bytes read of one file */

static void
replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(FILE_MAX), *exact;
	size_t size;

	if (f == NULL || data == NULL)
		err(1, "%s", path);
	size = fread(data, 1, FILE_MAX, f);
	if (ferror(f))
		err(1, "%s", path);
	fclose(f);
	exact = realloc(data, size ? size : 1);	/* so that ASan sees the end */
	if (exact == NULL)
		err(1, NULL);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

int
main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%d files replayed\n", argc - 1);
	return 0;
}
