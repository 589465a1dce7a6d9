/*
 * filter_event.c - one event of dockerd: may the caller see it?
 *
 * Guarantees that an event is shown only when it is about something proven
 * to be the caller's (images are everybody's); events carry command lines.
 * A container that is gone already is believed only with a gate's label that
 * is not its image's.
 */
#include <stdio.h>
#include <string.h>

#include "cache.h"
#include "filter.h"

/* Volumes and networks whose events were shown: nobody can be asked about
 * them any more when they are destroyed.  "kind/id" -> uid of the owner. */
static struct cache shown = CACHE_INIT;

/* Labels of a container that is gone, as its event carries them. */
static bool
was_own(struct engine *e, const struct caller *c, struct span attributes)
{
	cleanup_buf struct buf config = BUF_INIT(1 << 20);
	char gate[256], other[256], image[256];
	struct refusal why;

	if (!json_string(json_get(attributes, LABEL_GATE), gate,
	    sizeof gate) || gate[0] == '\0' ||
	    !json_string(json_get(attributes, LABEL_USER), other,
	    sizeof other) || !identity_is_owner(c, other) ||
	    !json_string(json_get(attributes, "image"), image, sizeof image) ||
	    owner_image(e, image, NULL, &config, &why) != R_NONE)
		return false;
	return !json_string(json_path(buf_span(&config), "Labels", LABEL_GATE,
	    NULL), other, sizeof other) || strcmp(gate, other) != 0;
}

/* attributes: the container's labels among others, or .ptr NULL. */
static bool
container_event(struct engine *e, const struct caller *c, const char *id,
    struct span attributes)
{
	struct refusal why;
	struct thing t;

	/* Most events are others': they need no question. */
	if (attributes.ptr && !owner_is_named(c, attributes))
		return false;
	if (owner_container(e, c, id, &t, NULL, &why) != R_NONE)
		return false;
	if (t.claim == CLAIM_MISSING)
		return attributes.ptr && was_own(e, c, attributes);
	return t.claim == CLAIM_OWN;
}

/* Events of a volume or network, where no container is named. */
static bool
labelled_event(struct engine *e, const struct caller *c, const char *kind,
    const char *id)
{
	bool volume = strcmp(kind, "volume") == 0;
	char key[CACHE_KEY_MAX];
	struct refusal why;
	struct thing t;
	enum reason r;
	uid_t uid;

	snprintf(key, sizeof key, "%s/%s", kind, id);
	r = volume ? owner_volume(e, c, id, &t, NULL, &why) :
	    owner_network(e, c, id, &t, NULL, &why);
	if (r != R_NONE)
		return false;
	if (t.claim == CLAIM_OWN) {
		cache_put(&shown, key, &c->owner_uid, sizeof c->owner_uid);
		return true;
	}
	if (t.claim != CLAIM_MISSING ||
	    !cache_read(&shown, key, &uid, sizeof uid))
		return false;
	cache_drop(&shown, key);	/* a volume's name may come again */
	return uid == c->owner_uid;
}

bool
filter_event(struct engine *e, const struct caller *c, struct span event)
{
	struct span actor = json_get(event, "Actor");
	struct span attributes = json_get(actor, "Attributes");
	char type[32], id[256], container[ID_LEN + 1];

	if (!json_string(json_get(event, "Type"), type, sizeof type))
		return false;
	if (strcmp(type, "image") == 0)
		return true;
	if (!json_string(json_get(actor, "ID"), id, sizeof id))
		return false;
	if (strcmp(type, "container") == 0) {
		if (json_is(json_get(event, "Action"), "\"rename\""))
			owner_forget(id);
		return attributes.ptr &&
		    container_event(e, c, id, attributes);
	}
	if (strcmp(type, "volume") != 0 && strcmp(type, "network") != 0)
		return false;
	/* Mounted, connected: it is about the container. */
	if (json_get(attributes, "container").ptr)
		return json_string(json_get(attributes, "container"),
		    container, sizeof container) &&
		    container_event(e, c, container, span_of(NULL));
	return labelled_event(e, c, type, id);
}
