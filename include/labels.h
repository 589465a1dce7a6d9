/*
 * labels.h - the labels this system sets, and the keys nobody else may.
 */
#ifndef LABELS_H
#define LABELS_H

#include "owner.h"

/* Reserved: exact keys and prefixes ("ds01.gpu."), as one table. */
bool labels_reserved(const char *key);

/* For a create: refuses a client's reserved value that differs from ours,
 * sets ds01.user, ds01.managed, ds01.container_type, ds01.created_at, a
 * fresh ds01.gate, and overrides every reserved key that the image carries
 * and every value with control characters (image_config: the image's Config
 * object, may be empty).  Admins' creates
 * too; an admin's own reserved values pass, except ds01.gate. */
enum reason labels_create(const struct caller *c, cJSON *body,
    struct span image_config, struct refusal *why);
/* The labels of a container that was made: are reserved ones a create's? */
enum reason labels_made(const struct caller *c, const cJSON *labels,
    struct refusal *why);
/* For what is no container: ds01.user and ds01.gate, and for volumes which
 * kind they are of (LABEL_CONFINED; "true" or "false" for good, since labels
 * of a volume never change).  confined: NULL for what has no kind. */
enum reason labels_simple(const struct caller *c, cJSON *parent,
    const char *confined, struct refusal *why);
/* Control characters (span.h) of values become spaces; R_LABEL for a key with
 * one.  The above do so with what an ordinary user says. */
enum reason labels_plain(cJSON *labels, struct refusal *why);
/* One value; whether there were any. */
bool labels_plain_text(char *s);
/* docker|compose|devcontainer|… from the client's labels. */
const char *labels_type(const cJSON *labels);
/* "LABEL k=v …" that neutralises inherited ds01.* keys and names the owner,
 * for commit's and import's changes and the build's labels parameter. */
int labels_changes(const struct caller *c, struct buf *out);
/* The same as members of a labels object, for the build's labels parameter. */
int labels_image(const struct caller *c, cJSON *labels);
/* 32 hex digits from getrandom(2).  Dies never: -1 on failure. */
int labels_random(char out[33]);

#endif
