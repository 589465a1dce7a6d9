/*
 * decide.h - what the decide_*.c share.
 */
#ifndef DECIDE_H
#define DECIDE_H

#include "request.h"

/* A query parameter, or "". */
static inline const char *
text_of(const struct request *r, const char *param)
{
	const char *v = query_get(&r->query, param);

	return v != NULL ? v : "";
}

/* A container named in a query or body: resolved, and the caller's. */
enum reason decide_container(struct request *r, const char *ref,
    struct thing *t);

/* decide_image.c: the routes that give names to images, or take them. */
enum reason decide_commit(struct request *r);
enum reason decide_pull(struct request *r);	/* or import */
enum reason decide_push(struct request *r);
enum reason decide_search(struct request *r);
enum reason decide_distribution(struct request *r);
enum reason decide_tag(struct request *r);
enum reason decide_load(struct request *r);
enum reason decide_image_remove(struct request *r);
enum reason decide_prune_images(struct request *r);
/* All of build's "t". */
enum reason decide_build_tags(struct request *r);
/* create: of whom the image is, where its name does not say so. */
void decide_warn_image(struct request *r);
/* For the record. */
void decide_name_image(struct request *r, const char *repo, const char *tag);

#endif
