/*
 * image_ref.c - references of images, read as dockerd reads them.
 *
 * Source: distribution/reference, ParseNormalizedNamed and WithTag.  Guarantees
 * that two spellings that dockerd takes for one tag come out as one text, and
 * that what its versions split differently is no reference here.
 */
#include <stdio.h>

#include "image.h"

#define HUB "docker.io"
#define HUB_OLD "index.docker.io"
#define OFFICIAL "library/"
#define PATH_BYTES "abcdefghijklmnopqrstuvwxyz0123456789._-/"
#define HOST_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
    "0123456789.-:"
#define WORD_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
    "0123456789_"

static bool
is_of(const char *s, size_t n, const char *bytes)
{
	return n > 0 && strspn(s, bytes) >= n;
}

static bool
is_tag(const char *s)
{
	size_t n = strlen(s);

	return n < IMAGE_TAG_MAX && is_of(s, n, WORD_BYTES ".-") &&
	    s[0] != '.' && s[0] != '-';
}

bool
image_is_digest(const char *s)
{
	return strncmp(s, "sha256:", 7) == 0 && strlen(s) == 7 + 64 &&
	    strspn(s + 7, "0123456789abcdef") == 64;
}

/* Each part begins and ends with a letter or digit. */
static bool
is_path(const char *s)
{
	size_t n = strlen(s);

	if (!is_of(s, n, PATH_BYTES))
		return false;
	for (size_t i = 0; i <= n; i++)
		if ((s[i] == '/' || s[i] == '\0') && (i == 0 ||
		    strchr("._-/", s[i - 1]) != NULL))
			return false;
	for (size_t i = 1; i < n; i++)
		if (s[i - 1] == '/' && strchr("._-/", s[i]) != NULL)
			return false;
	return strchr("._-", s[0]) == NULL;
}

/* Is what stands before the first slash a host? */
static bool
is_host(const char *s, size_t n)
{
	bool upper = false;

	for (size_t i = 0; i < n; i++)
		upper |= s[i] >= 'A' && s[i] <= 'Z';
	return memchr(s, '.', n) != NULL || memchr(s, ':', n) != NULL ||
	    upper || (n == 9 && memcmp(s, "localhost", 9) == 0);
}

/* "host/path" into its written out form. */
static bool
read_name(const char *s, char out[IMAGE_NAME_MAX])
{
	const char *slash = strchr(s, '/'), *path = s;
	char host[IMAGE_NAME_MAX] = HUB;
	int n;

	if (slash != NULL && is_host(s, (size_t)(slash - s))) {
		if (!is_of(s, (size_t)(slash - s), HOST_BYTES) ||
		    s[0] == ':' || s[0] == '.' || s[0] == '-')
			return false;
		snprintf(host, sizeof(host), "%.*s", (int)(slash - s), s);
		path = slash + 1;
		if (strcmp(host, HUB_OLD) == 0)
			strcpy(host, HUB);
	}
	if (!is_path(path) || (strlen(s) == 64 &&
	    strspn(s, "0123456789abcdef") == 64))
		return false;	/* dockerd takes the latter for an id */
	n = snprintf(out, IMAGE_NAME_MAX, "%s/%s%s", host, strcmp(host, HUB)
	    == 0 && strchr(path, '/') == NULL ? OFFICIAL : "", path);
	return n > 0 && n < IMAGE_NAME_MAX;
}

static bool
read_tag(const char *tag, struct image_ref *out)
{
	if (image_is_digest(tag)) {
		out->tag[0] = '\0';
		strcpy(out->digest, tag);
		return true;
	}
	if (!is_tag(tag))
		return false;
	strcpy(out->tag, tag);
	return true;
}

bool
image_ref_read(const char *repo, const char *tag, struct image_ref *out)
{
	char name[IMAGE_TEXT_MAX], *at, *colon, *slash;

	*out = (struct image_ref){ .tag = "" };
	if (strlen(repo) >= sizeof(name))
		return false;
	strcpy(name, repo);
	if ((at = strchr(name, '@')) != NULL) {
		*at = '\0';
		if (!image_is_digest(at + 1))
			return false;
		strcpy(out->digest, at + 1);
	}
	slash = strrchr(name, '/');
	colon = strrchr(name, ':');
	if (colon != NULL && (slash == NULL || colon > slash)) {
		*colon = '\0';
		if (!is_tag(colon + 1))
			return false;
		strcpy(out->tag, colon + 1);
	}
	if (!read_name(name, out->name))
		return false;
	return tag == NULL || *tag == '\0' || read_tag(tag, out);
}

void
image_ref_default(struct image_ref *ref)
{
	if (ref->tag[0] == '\0' && ref->digest[0] == '\0')
		strcpy(ref->tag, "latest");
}

static const char *
text(const struct image_ref *ref, size_t skip, char out[IMAGE_TEXT_MAX])
{
	snprintf(out, IMAGE_TEXT_MAX, "%s%s%s%s%s", ref->name + skip,
	    ref->tag[0] != '\0' ? ":" : "", ref->tag,
	    ref->digest[0] != '\0' ? "@" : "", ref->digest);
	return out;
}

const char *
image_ref_text(const struct image_ref *ref, char out[IMAGE_TEXT_MAX])
{
	return text(ref, 0, out);
}

const char *
image_ref_short(const struct image_ref *ref, char out[IMAGE_TEXT_MAX])
{
	static const char *const heads[] = { HUB "/" OFFICIAL, HUB "/" };

	for (size_t i = 0; i < 2; i++)
		if (strncmp(ref->name, heads[i], strlen(heads[i])) == 0)
			return text(ref, strlen(heads[i]), out);
	return text(ref, 0, out);
}

void
image_ref_space(const struct image_ref *ref, char out[IMAGE_NAME_MAX])
{
	const char *path = strchr(ref->name, '/'), *end;

	out[0] = '\0';
	if (path == NULL || strncmp(ref->name, HUB "/" OFFICIAL,
	    strlen(HUB "/" OFFICIAL)) == 0)
		return;
	end = strchr(++path, '/');
	if (end != NULL)
		snprintf(out, IMAGE_NAME_MAX, "%.*s", (int)(end - path), path);
}

/* dockerd takes a word for a name before it takes it for the beginning of an
 * id; and ids stand in everybody's lists. */
bool
image_ref_like_id(const struct image_ref *ref)
{
	static const char library[] = "docker.io/library/";
	const char *word = ref->name + sizeof(library) - 1;

	return strncmp(ref->name, library, sizeof(library) - 1) == 0 &&
	    (strspn(word, "0123456789abcdef") == strlen(word) ||
	    strcmp(word, "sha256") == 0);
}

/* This host, which dockerd asks without TLS: whoever has a shell can be a
 * registry there, and dockerd keeps in memory whatever one says. */
static bool
is_this_host(const char *host, size_t n)
{
	static const char *const begins[] = { "127.", "169.254.", "[" };
	size_t name = 0;

	while (name < n && host[name] != ':')
		name++;
	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (n >= strlen(begins[i]) &&
		    strncmp(host, begins[i], strlen(begins[i])) == 0)
			return true;
	if (name > 0 && host[name - 1] == '.')
		name--;
	/* a number in any of inet_aton(3)'s spellings, a short one too */
	return strspn(host, "0123456789") >= name || (host[0] == '0' &&
	    strspn(host, "0123456789abcdefABCDEFxX.") >= name) ||
	    (name >= 9 && strncasecmp(host + name - 9, "localhost", 9) == 0 &&
	    (name == 9 || host[name - 10] == '.'));
}

bool
image_host_allowed(const char *host, size_t n, const struct policy *p)
{
	for (size_t i = 0; i < p->registries.n; i++)
		if (strlen(p->registries.v[i]) == n &&
		    strncasecmp(p->registries.v[i], host, n) == 0)
			return true;
	return p->registries.n == 0 && !is_this_host(host, n);
}

bool
image_ref_allowed(const struct image_ref *ref, const struct policy *p)
{
	return image_host_allowed(ref->name, strcspn(ref->name, "/"), p);
}
