/*
 * owner.c - whose is this container, exec, volume, network, image.
 *
 * Guarantees that nobody owns what he did not make.  Labels of a container
 * are those of its create and, below them, those of its image, and anybody
 * can write an image; so a label counts only where it cannot have come from
 * the image (design rule 6):
 *
 *   ds01.gate differs from the image's   made by the gate: ds01.user is true
 *   ds01.gate equals the image's         the labels prove nothing: unowned
 *   no ds01.gate (before the gate)       ds01.user, else aime.mlc.USER, but
 *                                        only if the image's differs
 *   the image is gone                    nobody can tell any more: the name
 *                                        is believed only for a container
 *                                        that he could have made himself
 *
 * ds01.protected counts unless the image says the same; with the image gone
 * it counts.  What was not made by the gate is, besides, only operable if
 * policy_harmless(): it may have been prepared in the days when everybody
 * was in the docker group.  A step of somebody's classic build, which has no
 * labels, is nobody's to touch.  A label that cannot be read belongs to somebody,
 * but to nobody here.
 */
#include <stdio.h>
#include <string.h>

#include "cache.h"
#include "owner_ask.h"
#include "policy.h"
#include "query.h"
#include "route.h"

enum proof { PROOF_NONE, PROOF_GONE, PROOF_LEGACY, PROOF_GATE };

/* What never changes about a container (but its name: owner_forget). */
struct facts {
	char owner[256];
	char name[256];
	char image[80];
	char judged[80];
	enum proof proof;
	bool protected;
	bool confined;
	bool unjudged;		/* made by the gate, but looser (GATE_UNJUDGED) */
	bool unreadable;
};

static struct cache containers = CACHE_INIT;	/* id -> struct facts */
static struct cache execs = CACHE_INIT;		/* exec id -> container id */
static struct cache images = CACHE_INIT;	/* image id -> Config */

enum label
owner_label(struct span labels, const char *key, char *out, size_t cap)
{
	struct span v = json_get(labels, key);

	out[0] = '\0';
	if (!v.ptr || json_empty(v))
		return ABSENT;
	return json_string(v, out, cap) ? PRESENT : UNREADABLE;
}

bool
owner_unjudged(const char *gate)
{
	return strncmp(gate, GATE_UNJUDGED, sizeof(GATE_UNJUDGED) - 1) == 0;
}

/* Could the container have that value from its image? */
static bool
inherited(struct span image_labels, const char *key, const char *value)
{
	char other[256];

	switch (owner_label(image_labels, key, other, sizeof other)) {
	case ABSENT:
		return false;
	case PRESENT:
		return strcmp(other, value) == 0;
	case UNREADABLE:
		break;
	}
	return true;
}

bool
owner_is_full_id(const char *s)
{
	return strlen(s) == ID_LEN && strspn(s, "0123456789abcdef") == ID_LEN;
}

/* --- images --- */

static bool
is_image_id(const char *ref)
{
	return strncmp(ref, "sha256:", 7) == 0 && owner_is_full_id(ref + 7);
}

/* References hold '/', so the path could be led astray: dockerd answers "//"
 * and dots with a redirect, we do not even ask. */
static bool
is_askable(const char *ref)
{
	size_t len = strlen(ref);

	return len > 0 && len < ROUTE_NAME_MAX && ref[0] != '/' &&
	    ref[len - 1] != '/' && !strstr(ref, "//") &&
	    strncmp(ref, "./", 2) != 0 && strncmp(ref, "../", 3) != 0 &&
	    !strstr(ref, "/./") && !strstr(ref, "/../") &&
	    strcmp(ref, ".") != 0 && strcmp(ref, "..") != 0;
}

static enum reason
ask_image(struct engine *e, const char *ref, char id[80],
    struct buf *config, struct refusal *why)
{
	cleanup_buf struct buf enc = BUF_INIT(4 * ROUTE_NAME_MAX);
	cleanup_buf struct buf body = BUF_INIT(OWNER_ANSWER_MAX);
	struct span v;
	int status;

	if (!is_askable(ref) || query_encode(&enc, ref, "/:@") == -1)
		return refuse_missing(why, "image", ref);
	status = engine_get(e, &body, why, "images/%s/json", enc.data);
	if (status == -1)
		return why->why;
	if (status == 404 || status == 400)
		return refuse_missing(why, "image", ref);
	if (status != 200 || !json_string(json_get(buf_span(&body), "Id"),
	    id, 80) || id[0] == '\0')
		return refuse(why, R_ENGINE_ERROR, "image %s: status %d", ref,
		    status);
	v = json_get(buf_span(&body), "Config");
	if (json_empty(v))
		v = span_of("{}");
	if (buf_putspan(config, v) == -1)
		return refuse(why, R_INTERNAL, "image configuration too long");
	cache_put(&images, id, v.ptr, v.len);
	return R_NONE;
}

enum reason
owner_image(struct engine *e, const char *ref, char id[80],
    struct buf *config, struct refusal *why)
{
	char own[80];
	enum reason r = R_NONE;

	buf_reset(config);
	if (is_image_id(ref) && cache_get(&images, ref, config))
		snprintf(own, sizeof own, "%s", ref);
	else
		r = ask_image(e, ref, own, config, why);
	if (r == R_NONE && id)
		snprintf(id, 80, "%s", own);
	return r;
}

/* --- containers: the proof --- */

static void
prove(struct facts *f, struct span labels, struct span image, bool gone)
{
	static const char *const keys[] = { LABEL_USER, LABEL_LEGACY };
	char gate[256], value[256];
	enum label g = owner_label(labels, LABEL_GATE, gate, sizeof gate);
	enum proof good = PROOF_LEGACY;

	if (g == UNREADABLE) {
		f->unreadable = true;
		return;
	}
	if (g == PRESENT && !gone) {
		if (inherited(image, LABEL_GATE, gate))
			return;
		if (owner_label(labels, LABEL_USER, f->owner, sizeof f->owner) ==
		    PRESENT) {
			f->proof = PROOF_GATE;
			f->unjudged = owner_unjudged(gate);
			return;
		}
	}
	if (gone)
		good = PROOF_GONE;
	for (size_t i = 0; i < 2; i++) {
		enum label l = owner_label(labels, keys[i], value, sizeof value);

		if (l == UNREADABLE) {
			f->unreadable = true;
			return;
		}
		if (l == PRESENT && (gone || !inherited(image, keys[i], value))) {
			memcpy(f->owner, value, sizeof f->owner);
			f->proof = good;
			return;
		}
	}
}

/* All that labels and image say.  f->image is filled already. */
static enum reason
establish(struct engine *e, struct span labels, struct facts *f,
    struct refusal *why)
{
	static const char *const telling[] = { LABEL_USER, LABEL_LEGACY,
	    LABEL_GATE, LABEL_PROTECTED };
	cleanup_buf struct buf config = BUF_INIT(OWNER_ANSWER_MAX);
	struct refusal no_image;
	struct span image = { 0 };
	enum reason r;
	bool gone, any = false;

	f->confined = json_is(json_get(labels, LABEL_CONFINED), "\"true\"");
	(void)owner_label(labels, LABEL_IMAGE, f->judged, sizeof f->judged);
	for (size_t i = 0; i < 4; i++)
		any |= !json_empty(json_get(labels, telling[i]));
	if (!any)
		return R_NONE;
	r = owner_image(e, f->image, NULL, &config, &no_image);
	gone = r == R_NOT_FOUND;
	if (r != R_NONE && !gone) {
		*why = no_image;
		return r;
	}
	if (!gone)
		image = json_get(buf_span(&config), "Labels");
	f->protected = json_is(json_get(labels, LABEL_PROTECTED),
	    "\"true\"") && (gone || !inherited(image, LABEL_PROTECTED, "true"));
	prove(f, labels, image, gone);
	return R_NONE;
}

/* dockerd's classic builder makes a container for each step, without our
 * labels, and names the image of the step before by its id. */
static bool
is_builders(struct span inspect)
{
	char image[ROUTE_NAME_MAX];

	return json_string(json_path(inspect, "Config", "Image", NULL), image,
	    sizeof image) && is_image_id(image);
}

/* inspect: the whole answer where there is one, else .ptr NULL.  Without it
 * what cannot be told counts against the caller, but for a label that is
 * proven, of what is only not judged: from before the gate, or looser. */
static enum claim
claim_of(const struct caller *c, const struct facts *f, struct span inspect)
{
	bool mine, harmless;

	if (f->protected)
		return CLAIM_PROTECTED;
	if (f->unreadable)
		return CLAIM_UNOWNED_UNSAFE;
	mine = f->owner[0] != '\0' && identity_is_owner(c, f->owner);
	if (f->owner[0] != '\0' && !mine)
		return CLAIM_FOREIGN;
	if (mine && ((f->proof == PROOF_GATE && !f->unjudged) || c->admin ||
	    (f->proof != PROOF_GONE && !inspect.ptr)))
		return CLAIM_OWN;
	if (!mine && !c->admin && inspect.ptr && is_builders(inspect))
		return CLAIM_UNOWNED_UNSAFE;
	harmless = c->admin || (inspect.ptr && c->cfg &&
	    policy_harmless(c->cfg, c, inspect, f->proof == PROOF_GONE));
	if (!harmless)
		return CLAIM_UNOWNED_UNSAFE;
	return mine ? CLAIM_OWN : CLAIM_UNOWNED;
}

/* Do the facts alone decide, whatever the container may do? */
static bool
is_settled(const struct caller *c, const struct facts *f)
{
	return f->protected || f->unreadable ||
	    (f->proof == PROOF_GATE && (!f->unjudged || c->admin)) ||
	    (f->owner[0] != '\0' && !identity_is_owner(c, f->owner));
}

static void
fill_thing(struct thing *t, const struct facts *f, const char *id)
{
	*t = (struct thing){ .status = 200, .confined = f->confined,
	    .gate_made = f->proof == PROOF_GATE };
	memcpy(t->id, id, ID_LEN);
	memcpy(t->name, f->name, sizeof t->name);
	memcpy(t->owner, f->owner, sizeof t->owner);
	memcpy(t->image, f->image, sizeof t->image);
	memcpy(t->judged, f->judged, sizeof t->judged);
}

/* "/name" of an inspect answer; of a list's Names the one that is no link. */
static void
read_name(struct span json, char *out, size_t cap)
{
	char text[ROUTE_NAME_MAX];
	struct span v = json_get(json, "Name");
	struct json_iter it = json_iter(json_get(json, "Names"));

	out[0] = '\0';
	while (v.ptr || json_next(&it, NULL, &v)) {
		if (json_string(v, text, sizeof text)) {
			const char *s = text + (text[0] == '/');

			if (!strchr(s, '/')) {
				snprintf(out, cap, "%s", s);
				return;
			}
		}
		v = (struct span){ 0 };
	}
}

/* Facts and id out of an inspect answer or a list's element. */
static enum reason
read_container(struct engine *e, struct span json, char id[ID_LEN + 1],
    struct facts *f, struct refusal *why)
{
	struct span config = json_get(json, "Config");
	enum reason r;

	*f = (struct facts){ 0 };
	if (!json_string(json_get(json, "Id"), id, ID_LEN + 1) ||
	    !owner_is_full_id(id))
		return refuse(why, R_ENGINE_ERROR, "container without id");
	read_name(json, f->name, sizeof f->name);
	/* A list's "Image" is what the user typed, an inspect's is the id. */
	json_string(json_get(json, config.ptr ? "Image" : "ImageID"),
	    f->image, sizeof f->image);
	r = establish(e, json_get(config.ptr ? config : json, "Labels"), f,
	    why);
	/* With its image gone it might have been another answer before. */
	if (r == R_NONE && f->proof != PROOF_GONE)
		cache_put(&containers, id, f, sizeof *f);
	return r;
}

void
owner_missing(struct thing *t, const char *ref, int status)
{
	*t = (struct thing){ .claim = CLAIM_MISSING, .status = status };
	snprintf(t->name, sizeof t->name, "%s", ref);
}

int
owner_ask(struct engine *e, const char *kind, const char *ref,
    const char *tail, struct thing *t, struct buf *body, struct refusal *why)
{
	cleanup_buf struct buf enc = BUF_INIT(4 * ROUTE_NAME_MAX);
	size_t len = strlen(ref);
	int status;

	owner_missing(t, ref, 404);
	/* An empty name is the list, or everything's prefix. */
	if (len == 0 || len >= ROUTE_NAME_MAX || strchr(ref, '/') ||
	    strcmp(ref, ".") == 0 || strcmp(ref, "..") == 0 ||
	    query_encode(&enc, ref, "") == -1)
		return 0;
	status = engine_get(e, body, why, "%s/%s%s", kind, enc.data, tail);
	if (status == 200 || status == -1)
		return status;
	/* 20.10 says 500 where later engines say 400. */
	if (status == 500 && body->data &&
	    (strstr(body->data, "ultiple IDs found") ||
	    strstr(body->data, "is ambiguous")))
		status = 400;
	buf_reset(body);
	if (status == 404 || status == 400) {
		t->status = status;
		return 0;
	}
	refuse(why, R_ENGINE_ERROR, "%s %s: status %d", kind, ref, status);
	return -1;
}

static unsigned
count(struct span list)
{
	struct json_iter it = json_iter(list);
	struct span v;
	unsigned n = 0;

	while (json_next(&it, NULL, &v))
		n++;
	return n;
}

enum reason
owner_container(struct engine *e, const struct caller *c, const char *ref,
    struct thing *t, struct buf *raw, struct refusal *why)
{
	cleanup_buf struct buf mine = BUF_INIT(OWNER_ANSWER_MAX);
	struct buf *body = raw ? raw : &mine;
	char id[ID_LEN + 1];
	struct facts f;
	enum reason r;
	int status;

	if (ref[0] == '/')
		ref++;		/* dockerd's own spelling of a name */
	if (!raw && owner_is_full_id(ref) &&
	    cache_read(&containers, ref, &f, sizeof f) && is_settled(c, &f)) {
		fill_thing(t, &f, ref);
		t->claim = claim_of(c, &f, span_of(NULL));
		return R_NONE;
	}
	status = owner_ask(e, "containers", ref, "/json", t, body, why);
	if (status != 200)
		return status == 0 ? R_NONE : why->why;
	r = read_container(e, buf_span(body), id, &f, why);
	if (r != R_NONE)
		return r;
	fill_thing(t, &f, id);
	t->execs = count(json_get(buf_span(body), "ExecIDs"));
	t->claim = claim_of(c, &f, buf_span(body));
	return R_NONE;
}

enum claim
owner_of_container_json(struct engine *e, const struct caller *c,
    struct span json, struct thing *t)
{
	bool inspect = json_get(json, "HostConfig").ptr &&
	    json_get(json, "Config").ptr;
	char id[ID_LEN + 1];
	struct refusal why;
	struct facts f;

	owner_missing(t, "", 0);
	t->claim = CLAIM_UNOWNED_UNSAFE;
	if (read_container(e, json, id, &f, &why) != R_NONE)
		return t->claim;
	fill_thing(t, &f, id);
	if (!inspect && f.proof == PROOF_GONE &&
	    owner_container(e, c, id, t, NULL, &why) != R_NONE)
		t->claim = CLAIM_UNOWNED_UNSAFE;
	else if (inspect || f.proof != PROOF_GONE)
		t->claim = claim_of(c, &f, inspect ? json : span_of(NULL));
	return t->claim;
}

bool
owner_is_named(const struct caller *c, struct span labels)
{
	char value[256];

	return (owner_label(labels, LABEL_USER, value, sizeof value) == PRESENT &&
	    identity_is_owner(c, value)) ||
	    (owner_label(labels, LABEL_LEGACY, value, sizeof value) == PRESENT &&
	    identity_is_owner(c, value));
}

bool
owner_is_own_json(struct engine *e, const struct caller *c, struct span json)
{
	struct span labels = json_get(json, "Labels");
	struct thing t;

	if (!labels.ptr)
		labels = json_path(json, "Config", "Labels", NULL);
	return owner_is_named(c, labels) &&
	    owner_of_container_json(e, c, json, &t) == CLAIM_OWN;
}

void
owner_forget(const char *id)
{
	cache_drop(&containers, id);
}

/* --- execs --- */

enum reason
owner_exec(struct engine *e, const struct caller *c, const char *exec_id,
    struct thing *t, struct refusal *why)
{
	cleanup_buf struct buf body = BUF_INIT(OWNER_ANSWER_MAX);
	char id[ID_LEN + 1];
	int status;

	if (!owner_is_full_id(exec_id)) {
		owner_missing(t, exec_id, 404);
		return R_NONE;
	}
	if (!cache_read(&execs, exec_id, id, sizeof id)) {
		status = owner_ask(e, "exec", exec_id, "/json", t, &body,
		    why);
		if (status != 200)
			return status == 0 ? R_NONE : why->why;
		if (!json_string(json_get(buf_span(&body), "ContainerID"), id,
		    sizeof id) || !owner_is_full_id(id))
			return refuse(why, R_ENGINE_ERROR,
			    "exec without container");
		cache_put(&execs, exec_id, id, sizeof id);
	}
	return owner_container(e, c, id, t, NULL, why);
}

/* --- refusals --- */

/* What dockerd would call it. */
static const char *
noun(const struct thing *t, enum reason foreign)
{
	switch (foreign) {
	case R_NOT_OWNER:
		return "container";
	case R_NOT_OWNER_VOLUME:
		return "volume";
	case R_NOT_OWNER_NETWORK:
		return "network";
	default:
		return t->image[0] ? "container" : "object";
	}
}

enum reason
owner_refuse(const struct caller *c, const struct config *cfg,
    const struct thing *t, enum reason foreign, struct refusal *why)
{
	bool container = foreign == R_NOT_OWNER;

	if (t->claim == CLAIM_MISSING)
		return t->status == 400 ?
		    refuse(why, R_AMBIGUOUS, "%s", t->name) :
		    refuse_missing(why, noun(t, foreign), t->name);
	if (c->admin || t->claim == CLAIM_OWN || (t->claim == CLAIM_UNOWNED &&
	    (t->predefined || cfg->unowned_allow)))
		return R_NONE;
	if (foreign == R_NOT_FOUND)
		return refuse_missing(why, noun(t, foreign), t->name);
	if (t->claim == CLAIM_FOREIGN)
		return refuse(why, foreign, "%s", t->owner);
	if (!container)
		return refuse(why, foreign, "%s",
		    t->claim == CLAIM_PROTECTED ? "the system" :
		    t->claim == CLAIM_UNOWNED_UNSAFE && t->owner[0] != '\0' ?
		    OWNER_UNSAFE : "nobody");
	if (t->claim == CLAIM_PROTECTED)
		return refuse(why, R_PROTECTED, "%s", t->name);
	if (t->claim == CLAIM_UNOWNED)
		return refuse(why, R_UNOWNED, "%s", t->name);
	return refuse(why, R_UNOWNED_UNSAFE, "%s", t->name);
}
