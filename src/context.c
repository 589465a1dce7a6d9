/*
 * context.c - docker's own files, as far as they name an engine.
 *
 * Guarantees bounded reading of files that are the user's, in the user's
 * half, and nothing else: whatever a wrong guess leads to is what the docker
 * CLI would have done by itself.  So this is a scan, not a JSON parser; a
 * member's name cannot appear inside a string without backslashes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmdline.h"

#define FILE_MAX ((size_t)256 * 1024)
#define CONTEXTS_MAX 512

/* The whole file ended by NUL, to be freed; NULL if it is too long. */
static char *
read_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	size_t len = 0;
	ssize_t n = -1;

	if (fd == -1)
		return NULL;
	if ((text = malloc(FILE_MAX + 1)) != NULL)
		while (len < FILE_MAX &&
		    (n = read(fd, text + len, FILE_MAX - len)) > 0)
			len += (size_t)n;
	(void)close(fd);
	if (text == NULL || n != 0) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

static const char *
skip_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Just behind the colon of the first member of that name, or NULL. */
static const char *
member(const char *p, const char *name)
{
	size_t len = strlen(name);
	const char *q;

	for (; p != NULL && (p = strstr(p, name)) != NULL; p += len) {
		q = skip_space(p + len);
		if (*q == ':')
			return skip_space(q + 1);
	}
	return NULL;
}

/* A string without escapes; others are too strange to be guessed at. */
static bool
string(const char *p, char *out, size_t cap)
{
	size_t len;

	if (p == NULL || *p != '"')
		return false;
	len = strcspn(++p, "\"\\");
	if (p[len] != '"' || len >= cap)
		return false;
	memcpy(out, p, len);
	out[len] = '\0';
	return true;
}

bool
context_current(const char *config_dir, char *name, size_t cap)
{
	int dir = open(config_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *text = NULL;
	bool found;

	if (dir == -1)
		return false;
	text = read_file(dir, "config.json");
	(void)close(dir);
	found = text != NULL &&
	    string(member(text, "\"currentContext\""), name, cap) &&
	    *name != '\0';
	free(text);
	return found;
}

/* {"Name":"x","Metadata":{...},"Endpoints":{"docker":{"Host":"..."}}} */
static bool
host_in(const char *text, const char *name, char *host, size_t cap)
{
	char this[256];

	return string(member(text, "\"Name\""), this, sizeof(this)) &&
	    strcmp(this, name) == 0 &&
	    string(member(member(member(text, "\"Endpoints\""), "\"docker\""),
	    "\"Host\""), host, cap);
}

/*
 * A context's directory is named after a digest of its name; its file says
 * the name too, and there are never many.
 */
bool
context_host(const char *config_dir, const char *name, char *host, size_t cap)
{
	char path[4096 + 32];
	struct dirent *entry;
	char *text, file[300];
	bool found = false;
	int i;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/contexts/meta", config_dir);
	if ((d = opendir(path)) == NULL)
		return false;
	for (i = 0; i < CONTEXTS_MAX && !found &&
	    (entry = readdir(d)) != NULL; i++) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/meta.json",
		    entry->d_name);
		if ((text = read_file(dirfd(d), file)) == NULL)
			continue;
		found = host_in(text, name, host, cap);
		free(text);
	}
	(void)closedir(d);
	return found;
}
