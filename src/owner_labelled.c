/*
 * owner_labelled.c - whose is this volume, this network.
 *
 * Guarantees that what carries a label is its maker's (no image stands behind
 * these), and that what carries none is nobody's only if it is plain: a
 * volume whose options bind a host path, a network that is no bridge, is for
 * administrators.  So is what its maker had when he was one, or while nothing
 * was refused (isolation_mode: monitoring).
 */
#include <stdio.h>
#include <string.h>

#include "owner_ask.h"
#include "query.h"
#include "route.h"

static bool
is_predefined(const char *name)
{
	static const char *const names[] = { "bridge", "host", "none" };

	for (size_t i = 0; i < 3; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Nothing that leads to the host: a local volume without
 * options (they can bind any path), a bridge. */
static bool
is_plain(struct span json, bool network)
{
	if (network)
		return json_is(json_get(json, "Driver"), "\"bridge\"");
	return json_is(json_get(json, "Driver"), "\"local\"") &&
	    json_empty(json_get(json, "Options"));
}

/* No image stands behind these: their labels are their maker's. */
enum claim
owner_of_labelled_json(const struct caller *c, struct span json,
    struct thing *t)
{
	struct span labels = json_get(json, "Labels"), id;
	char gate[256];
	bool network, judged;
	enum label l;

	*t = (struct thing){ .claim = CLAIM_UNOWNED_UNSAFE, .status = 200 };
	id = json_get(json, "Id");
	network = id.ptr != NULL;
	if (!json_string(json_get(json, "Name"), t->name, sizeof t->name) ||
	    (network && !json_string(id, t->id, sizeof t->id)))
		return t->claim;
	t->predefined = network && is_predefined(t->name);
	if (t->predefined)
		return t->claim = CLAIM_UNOWNED;
	l = owner_label(labels, LABEL_USER, t->owner, sizeof t->owner);
	if (l == ABSENT)
		l = owner_label(labels, LABEL_LEGACY, t->owner, sizeof t->owner);
	t->gate_made = l == PRESENT &&
	    owner_label(labels, LABEL_GATE, gate, sizeof gate) == PRESENT;
	judged = t->gate_made && !owner_unjudged(gate);
	t->confined = json_is(json_get(labels, LABEL_CONFINED), "\"true\"");
	if (json_is(json_get(labels, LABEL_PROTECTED), "\"true\""))
		t->claim = CLAIM_PROTECTED;
	else if (l == PRESENT && !identity_is_owner(c, t->owner))
		t->claim = CLAIM_FOREIGN;
	else if (l == PRESENT && (judged || c->admin || is_plain(json, network)))
		t->claim = CLAIM_OWN;
	else if (l == ABSENT && is_plain(json, network))
		t->claim = CLAIM_UNOWNED;
	return t->claim;
}

/* A list of dockerd's, of what passes its filter key. */
static enum reason
ask_list(struct engine *e, const char *list, const char *key,
    const char *value, struct buf *body, struct refusal *why)
{
	cleanup_buf struct buf filter = BUF_INIT(16 * ROUTE_NAME_MAX);
	cleanup_buf struct buf enc = BUF_INIT(64 * ROUTE_NAME_MAX);
	int status;

	buf_printf(&filter, "{\"%s\":[", key);
	json_quotes(&filter, value);
	buf_puts(&filter, "]}");
	if (filter.failed || query_encode(&enc, filter.data, "") == -1)
		return refuse(why, R_INTERNAL, "%s name too long", key);
	status = engine_get(e, body, why, "%sfilters=%s", list, enc.data);
	if (status == -1)
		return why->why;
	return status == 200 ? R_NONE : refuse(why, R_ENGINE_ERROR,
	    "%s: status %d", list, status);
}

/* A volume without a label (anonymous, or from before the gate) is theirs
 * whose containers use it; one that is not the caller's decides. */
static enum reason
volume_by_users(struct engine *e, const struct caller *c, struct thing *t,
    struct refusal *why)
{
	cleanup_buf struct buf body = BUF_INIT(ENGINE_REPLY_MAX);
	struct thing user;
	struct json_iter it;
	struct span v;
	enum reason r = ask_list(e, "containers/json?all=1&", "volume",
	    t->name, &body, why);

	if (r != R_NONE)
		return r;
	it = json_iter(buf_span(&body));
	while (json_next(&it, NULL, &v))
		switch (owner_of_container_json(e, c, v, &user)) {
		case CLAIM_OWN:
			t->claim = CLAIM_OWN;
			memcpy(t->owner, user.owner, sizeof t->owner);
			break;
		case CLAIM_FOREIGN:
		case CLAIM_PROTECTED:
			t->claim = user.claim;
			memcpy(t->owner, user.owner, sizeof t->owner);
			return R_NONE;
		default:
			break;
		}
	return R_NONE;
}

enum reason
owner_count(struct engine *e, const struct caller *c, enum object kind,
    int64_t *n, struct refusal *why)
{
	cleanup_buf struct buf body = BUF_INIT(ENGINE_REPLY_MAX);
	char label[512];
	struct json_iter it;
	struct span v;
	enum reason r;

	snprintf(label, sizeof(label), LABEL_USER "=%s", c->name);
	*n = 0;
	r = ask_list(e, kind == OBJ_NETWORK ? "networks?" :
	    "containers/json?all=1&", "label", label, &body, why);
	if (r != R_NONE)
		return r;
	it = json_iter(buf_span(&body));
	while (json_next(&it, NULL, &v))
		(*n)++;
	return R_NONE;
}

enum reason
owner_volume(struct engine *e, const struct caller *c, const char *name,
    struct thing *t, struct buf *raw, struct refusal *why)
{
	cleanup_buf struct buf mine = BUF_INIT(OWNER_ANSWER_MAX);
	struct buf *body = raw ? raw : &mine;
	int status = owner_ask(e, "volumes", name, "", t, body, why);

	if (status != 200)
		return status == 0 ? R_NONE : why->why;
	owner_of_labelled_json(c, buf_span(body), t);
	if (strcmp(t->name, name) != 0)
		return refuse(why, R_ENGINE_ERROR, "volume of another name");
	if (t->claim == CLAIM_UNOWNED)
		return volume_by_users(e, c, t, why);
	return R_NONE;
}

enum reason
owner_network(struct engine *e, const struct caller *c, const char *ref,
    struct thing *t, struct buf *raw, struct refusal *why)
{
	cleanup_buf struct buf mine = BUF_INIT(OWNER_ANSWER_MAX);
	struct buf *body = raw ? raw : &mine;
	int status = owner_ask(e, "networks", ref, "", t, body, why);

	if (status != 200)
		return status == 0 ? R_NONE : why->why;
	owner_of_labelled_json(c, buf_span(body), t);
	if (t->id[0] == '\0' || strspn(t->id,
	    "0123456789abcdefghijklmnopqrstuvwxyz") != strlen(t->id))
		return refuse(why, R_ENGINE_ERROR, "network without id");
	return R_NONE;
}
