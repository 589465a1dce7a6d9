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
 * (image_config: the image's Config object, may be empty).  Admins' creates
 * too; an admin's own reserved values pass, except ds01.gate. */
enum reason labels_create(const struct caller *c, cJSON *body,
    struct span image_config, struct refusal *why);
/* For volumes, networks and mounts' VolumeOptions: ds01.user and ds01.gate. */
enum reason labels_simple(const struct caller *c, cJSON *parent,
    struct refusal *why);
/* The same for volumes, which get LABEL_CONFINED too: "true" or "false" for
 * good, since labels of a volume never change. */
enum reason labels_volume(const struct caller *c, cJSON *parent,
    const char *confined, struct refusal *why);
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
