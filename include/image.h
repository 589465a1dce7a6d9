/*
 * image.h - whose is an image tag, and who may make, move or remove it.
 *
 * The rule is at the top of image.c; what is asked here is asked only for
 * ordinary users, and only with "images: protected".
 */
#ifndef IMAGE_H
#define IMAGE_H

#include "engine.h"
#include "hold.h"

#define IMAGE_NAME_MAX 250	/* bytes of registry and path */
#define IMAGE_TAG_MAX 129
#define IMAGE_ID_MAX 80		/* "sha256:" and 64 hex */
#define IMAGE_TEXT_MAX (IMAGE_NAME_MAX + 2 * IMAGE_TAG_MAX)

/* A reference as dockerd reads it, written out: "ubuntu" is
 * docker.io/library/ubuntu. */
struct image_ref {
	char name[IMAGE_NAME_MAX];
	char tag[IMAGE_TAG_MAX];	/* or "" */
	char digest[IMAGE_TAG_MAX];	/* "sha256:…", or "" */
};

/* repo, and a tag that dockerd takes by itself (NULL or "": none), which
 * stands in for one in repo and may be a digest.  False: not a reference, or
 * one that readers could split differently. */
bool image_ref_read(const char *repo, const char *tag, struct image_ref *out);
bool image_is_digest(const char *s);	/* sha256:… */
/* "latest", where neither tag nor digest is given. */
void image_ref_default(struct image_ref *ref);
/* "docker.io/library/ubuntu:22.04". */
const char *image_ref_text(const struct image_ref *ref,
    char out[IMAGE_TEXT_MAX]);
/* "ubuntu:22.04", for people. */
const char *image_ref_short(const struct image_ref *ref,
    char out[IMAGE_TEXT_MAX]);
/* The first part of the path where it has two: "alice" of alice/app and of
 * host:5000/alice/app; "" otherwise. */
void image_ref_space(const struct image_ref *ref, char out[IMAGE_NAME_MAX]);

/* A name that is read where an id is meant: "532fa0f64a99". */
bool image_ref_like_id(const struct image_ref *ref);
/* May dockerd ask that registry for who has this policy?  By default any but
 * this host. */
bool image_host_allowed(const char *host, size_t n, const struct policy *p);
bool image_ref_allowed(const struct image_ref *ref, const struct policy *p);

/* Until the request ends nobody else makes that tag.  R_NONE, or why not. */
enum reason image_hold(struct hold *h, const struct caller *c,
    const struct image_ref *ref, enum hold_use use, struct refusal *why);

struct image_ask {
	struct engine *engine;
	const struct caller *as;
	struct hold *hold;
	bool no_layouts;	/* load: no index.json (decide_load) */
};

/* May the caller give that tag to an image of his own? */
enum reason image_make(const struct image_ask *ask,
    const struct image_ref *ref, struct refusal *why);
/* … to the image source (name or id), whose id comes back? */
enum reason image_name(const struct image_ask *ask, const char *source,
    const struct image_ref *ref, char id[IMAGE_ID_MAX], struct refusal *why);
/* … to what the registry has under that name? */
enum reason image_pull(const struct image_ask *ask,
    const struct image_ref *ref, struct refusal *why);
/* … may he push what is here under it?  Without a tag: all of the name. */
enum reason image_push(const struct image_ask *ask,
    const struct image_ref *ref, struct refusal *why);
/* May he remove what, a name or an id?  out: what to ask dockerd to remove.
 * R_NOT_FOUND: there is no such thing. */
enum reason image_remove(const struct image_ask *ask, const char *what,
    char out[IMAGE_TEXT_MAX], struct refusal *why);

#endif
