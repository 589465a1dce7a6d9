/*
 * buildkit_relay.c - an ordinary user's upgraded connection to BuildKit.
 *
 * Guarantees that each refusal and each build is on record before dockerd
 * hears of it, and that no build takes an image tag from somebody else.
 */
#include <stdio.h>

#include "buildkit.h"
#include "request.h"

static enum reason
may_tag(struct request *r, const char *name, struct refusal *why)
{
	struct image_ask ask = { .engine = &r->conn->engine, .as = &r->as,
	    .hold = &r->hold };
	struct image_ref ref;

	if (r->conn->view->cfg->images == IMAGES_SHARED)
		return R_NONE;
	if (!image_ref_read(name, NULL, &ref))
		return refuse(why, R_TAG, "%s: not understood", name);
	image_ref_default(&ref);
	return image_make(&ask, &ref, why);
}

static enum reason
judge_image(void *arg, enum buildkit_image kind, const char *ref,
    struct refusal *why)
{
	struct request *r = arg;
	struct image_ref to;

	if (kind == BUILDKIT_TAG)
		return may_tag(arg, ref, why);
	if (!image_ref_read(ref, NULL, &to))
		return refuse(why, R_TAG, "%.200s: not understood", ref);
	return image_ref_allowed(&to, r->as.policy) ? R_NONE :
	    refuse(why, R_IMAGE_SOURCE, "%.200s", ref);
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
	else
		record_turn(c);
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
		.registries = &r->as.policy->registries,
		.unverified = r->unverified,
		.graphs = r->conn->view->cfg->builds == BUILDS_GRAPHS,
		.image = judge_image, .decided = record, .arg = r,
	};

	return h2_relay(r->conn->fd, engine, &r->conn->in, in,
	    &buildkit_judge, &rules);
}
