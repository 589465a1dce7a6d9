/*
 * load.h - an upload of images, looked at as it passes.
 */
#ifndef LOAD_H
#define LOAD_H

#include "image.h"
#include "tarwatch.h"

/* What compressed the stream, by its first bytes as dockerd tells it. */
enum load_form { LOAD_UNKNOWN, LOAD_PLAIN, LOAD_GZIP };

struct load;

/* For one upload; NULL: out of memory.  ask is copied, its engine must be
 * nobody else's meanwhile. */
struct load *load_open(const struct image_ask *ask);
/* The next bytes, to be passed on only if this is R_NONE; len 0: the end. */
enum reason load_see(struct load *l, const char *data, size_t len,
    struct refusal *why);
void load_free(struct load *l);

/* A text of an upload (top: it is its index.json): may lists of images walk
 * over it?  seen has the upload's indexes, empty in the beginning.  R_NONE,
 * R_IMAGE_ARCHIVE or R_INTERNAL.  (load_list.c) */
enum reason load_list_judge(struct buf *seen, struct span text, bool top,
    struct refusal *why);

#endif
