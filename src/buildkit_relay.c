/*
 * buildkit_relay.c - an ordinary user's upgraded connection to BuildKit.
 *
 * Guarantees that each refusal and each build is on record before dockerd
 * hears of it, and that no build takes an image tag from somebody else.
 */
#include <stdio.h>

#include "buildkit.h"
#include "request.h"

static const char *
owner_of(struct span labels, char *out, size_t cap)
{
	static const char *const keys[] = { LABEL_USER, LABEL_LEGACY };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_string(json_get(labels, keys[i]), out, cap) &&
		    out[0] != '\0')
			return out;
	return NULL;
}

/* A tag that is there already belongs to whom its image is labelled for, or
 * to the administrators. */
static enum reason
may_tag(struct request *r, const char *ref, struct refusal *why)
{
	struct buf config cleanup_buf = BUF_INIT(0);
	char id[80], label[USER_NAME_MAX];
	const char *owner;
	enum reason got;

	if (r->conn->view->cfg->images == IMAGES_SHARED)
		return R_NONE;
	got = owner_image(&r->conn->engine, ref, id, &config, why);
	if (got == R_NOT_FOUND) {
		why->why = R_NONE;
		return R_NONE;
	}
	if (got != R_NONE)
		return got;
	owner = owner_of(json_get(buf_span(&config), "Labels"), label,
	    sizeof(label));
	if (owner != NULL && identity_is_owner(&r->as, owner))
		return R_NONE;
	return refuse(why, R_NOT_OWNER_IMAGE, "%s: %s",
	    owner != NULL ? owner : "the administrators", ref);
}

static enum reason
judge_image(void *arg, enum buildkit_image kind, const char *ref,
    struct refusal *why)
{
	return kind == BUILDKIT_TAG ? may_tag(arg, ref, why) : R_NONE;
}

static int
record(void *arg, const char *op, const char *image,
    const struct refusal *why, char *event, size_t cap)
{
	struct request *r = arg;
	const struct caller *c = &r->conn->view->caller;
	char text[REFUSAL_TEXT_MAX];
	struct record rec = {
		.kind = RECORD_IMAGE_MAKE, .op = op, .why = why->why,
		.image = image[0] != '\0' ? image : NULL, .changes = true,
	};

	if (why->why != R_NONE)
		rec.why_text = refusal_text(why, text, sizeof(text));
	record_new_id(&rec);
	snprintf(event, cap, "%s", rec.event);
	debugf(r->conn->view, why->why != R_NONE ? 1 : 2,
	    "ds01-docker: %s %s%s%s [ds01:%s]\n", op, image,
	    why->why != R_NONE ? "denied: " : "",
	    why->why != R_NONE ? text : "", rec.event);
	return record_write(c, &rec);
}

static bool
host_network(const struct policy *p)
{
	for (size_t i = 0; i < p->networks.n; i++)
		if (strcmp(p->networks.v[i], "host") == 0)
			return true;
	return false;
}

int
buildkit_relay(struct request *r, int engine, struct buf *in)
{
	struct buildkit_rules rules = {
		.as = &r->as, .host_network = host_network(r->as.policy),
		.image = judge_image, .decided = record, .arg = r,
	};

	return h2_relay(r->conn->fd, engine, &r->conn->in, in,
	    &buildkit_judge, &rules);
}
