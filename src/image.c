/*
 * image.c - whose is an image tag, and who may make, move or remove it.
 *
 * Images are everybody's to see, to run and to build on.  What is kept is
 * what a tag points to.  A tag belongs to
 *
 *   1. the account that its path begins with (alice/app:1 and
 *      host:5000/alice/app:1 are alice's), whatever it points to;
 *   2. else the user whom the image that it points to is labelled for: the
 *      gate labels what is built, committed and imported through it;
 *   3. else the administrators.
 *
 * Only its owner moves and removes it.  A tag that is not there yet is
 * anybody's to make outside of others' names, but for an image of his own
 * only: "docker tag ubuntu mine" would make a tag of the administrators',
 * and of bob's image one that bob may move.  A pull may besides bring what
 * is not there under any name, and refresh what no user made and what came
 * from that registry: the registry says what the name means, not he who
 * pulls.  An id is removed with all its tags, so they must all be the
 * caller's; without any, the image must.
 *
 * Not refreshed is what an administrator built, tagged or imported here:
 * anybody could register the same name in a public registry.  What came from
 * a registry has a RepoDigest of it; but dockerd writes one at a push, too,
 * and when a pull or the FROM of a classic build brings what turns out to be
 * the same image.  So an image that was ever given a name here, which dockerd
 * keeps the time of, is none that came from there.  (It keeps none for docker
 * load.  Nobody but him whose it is pushes such an image.)
 *
 * What a label is worth: who makes an image outside of the gate writes into
 * it what he likes, and loads or pulls it.  He cannot take with it, only
 * give: an owner label decides who may move the tags that point to its image,
 * and nobody puts an image under a tag that is not his already.  Who loads
 * or pulls alice's image, or is an administrator and tags it, under a name
 * outside of his own, has a tag that alice may move; a name of one's own is
 * safe from that.
 *
 * Nothing is remembered, but for as long as a request lasts: a build of an
 * hour that found its tag free must not move what somebody else made there
 * meanwhile (hold.c).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "image.h"
#include "owner_ask.h"
#include "query.h"

#define OFFICIAL "docker.io/library/"

enum reason
image_hold(struct hold *h, const struct caller *c,
    const struct image_ref *ref, enum hold_use use, struct refusal *why)
{
	char who[UID_TEXT] = "", text[IMAGE_TEXT_MAX];
	int others = hold_take(h, c, image_ref_text(ref, text), use, who);

	if (others == 0)
		return R_NONE;
	return others < 0 ?
	    refuse(why, R_INTERNAL, "%s: %s", hold_path(), strerror(errno)) :
	    refuse(why, R_NOT_OWNER_IMAGE, "somebody who is making it now: %s "
	    "(wait until user %s is done, or ask an administrator)",
	    image_ref_short(ref, text), who);
}

/* What dockerd says of a reference.  200, 404, or -1 with why set. */
static int
look(const struct image_ask *ask, const char *text, struct buf *raw,
    struct refusal *why)
{
	struct buf enc cleanup_buf = BUF_INIT(4 * IMAGE_TEXT_MAX);
	int status;

	if (query_encode(&enc, text, "/:@") < 0) {
		refuse(why, R_TAG, "%s", text);
		return -1;
	}
	status = engine_get(ask->engine, raw, why, "images/%s/json", enc.data);
	if (status == 400 || status == 404)
		return 404;
	if (status == 200 || status == -1)
		return status;
	refuse(why, R_ENGINE_ERROR, "image %s: status %d", text, status);
	return -1;
}

/* Whom the image is labelled for; "" nobody, "?" somebody. */
static void
labelled(struct span image, char out[USER_NAME_MAX])
{
	static const char *const keys[] = { LABEL_USER, LABEL_LEGACY };
	struct span labels = json_get(json_get(image, "Config"), "Labels");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		enum label l = owner_label(labels, keys[i], out,
		    USER_NAME_MAX);

		if (l == UNREADABLE)
			strcpy(out, "?");
		if (l != ABSENT)
			return;
	}
}

/* Has the image a digest of that repository?  It goes to r. */
static bool
has_digest(struct span image, const struct image_ref *ref, struct image_ref *r)
{
	struct json_iter it = json_iter(json_get(image, "RepoDigests"));
	char text[IMAGE_TEXT_MAX];
	struct span v;

	while (json_next(&it, NULL, &v))
		if (json_string(v, text, sizeof(text)) &&
		    image_ref_read(text, NULL, r) &&
		    strcmp(r->name, ref->name) == 0)
			return true;
	return false;
}

/* By a build, a commit, an import or docker tag.  Go's zero time is none. */
static bool
named_here(struct span image)
{
	struct span meta = json_get(image, "Metadata");
	char time[64];

	return !json_string(json_get(meta, "LastTagTime"), time,
	    sizeof(time)) || strncmp(time, "0001-01-01T", 11) != 0;
}

/* Did the image come from the registry under that name?  With containerd's
 * store every image looks so: there its digest is its id.  In OFFICIAL nobody
 * registers a name. */
static bool
from_registry(struct span image, const struct image_ref *ref)
{
	char id[IMAGE_ID_MAX] = "";
	struct image_ref r;

	(void)json_string(json_get(image, "Id"), id, sizeof(id));
	return has_digest(image, ref, &r) && (strncmp(ref->name, OFFICIAL,
	    sizeof(OFFICIAL) - 1) == 0 ||
	    (strcmp(r.digest, id) != 0 && !named_here(image)));
}

static enum reason
not_yours(const char *owner, const char *what, struct refusal *why)
{
	return refuse(why, R_NOT_OWNER_IMAGE, "%s: %s", owner[0] == '\0' ?
	    "the administrators" : owner[0] == '?' ? "somebody else" : owner,
	    what);
}

enum whose { HIS, SOMEBODYS, NOBODYS };

/* Whose name is it, by the first part of its path? */
static enum whose
space_of(const struct image_ask *ask, const struct image_ref *ref,
    char space[IMAGE_NAME_MAX])
{
	image_ref_space(ref, space);
	if (space[0] == '\0')
		return NOBODYS;
	if (identity_is_owner(ask->as, space))
		return HIS;
	return identity_is_person(space) ? SOMEBODYS : NOBODYS;
}

/* Is ref, which points to that image, the caller's? */
static enum reason
is_his(const struct image_ask *ask, const struct image_ref *ref,
    struct span image, struct refusal *why)
{
	char owner[USER_NAME_MAX], space[IMAGE_NAME_MAX];
	char text[IMAGE_TEXT_MAX];

	switch (space_of(ask, ref, space)) {
	case HIS:
		return R_NONE;
	case SOMEBODYS:
		return not_yours(space, image_ref_short(ref, text), why);
	case NOBODYS:
		break;
	}
	labelled(image, owner);
	return identity_is_owner(ask->as, owner) ? R_NONE :
	    not_yours(owner, image_ref_short(ref, text), why);
}

/* Images that docker's own tools run by themselves, or for the first line of a
 * Dockerfile, which everybody writes: whoever made one here would be in
 * everybody's builds, since dockerd takes what is here first. */
static const char *const tools[] = {
	/* dockerfile: "# syntax=docker/dockerfile:1", Dockerfile reference;
	 * buildkit-syft-scanner: build --sbom, moby/buildkit
	 * frontend/attestations */
	"docker.io/docker/",
	/* buildkit:buildx-stable-1: docker/buildx driver */
	"docker.io/moby/",
	/* binfmt, by run --privileged: docker/buildx README */
	"docker.io/tonistiigi/",
};

static enum reason
judge_tools(const struct image_ref *ref, struct refusal *why)
{
	char text[IMAGE_TEXT_MAX];

	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		if (strncmp(ref->name, tools[i], strlen(tools[i])) == 0)
			return not_yours("docker itself, and is only pulled",
			    image_ref_short(ref, text), why);
	return R_NONE;
}

/* By what the tag points to now; what is not there is anybody's. */
static enum reason
judge_made(const struct image_ask *ask, const struct image_ref *ref,
    struct refusal *why)
{
	struct buf raw cleanup_buf = BUF_INIT(OWNER_ANSWER_MAX);
	char text[IMAGE_TEXT_MAX];
	int status = look(ask, image_ref_text(ref, text), &raw, why);

	if (status != 200)
		return status == 404 ? R_NONE : why->why;
	return is_his(ask, ref, buf_span(&raw), why);
}

static enum reason
judge_pulled(const struct image_ask *ask, const struct image_ref *ref,
    struct refusal *why)
{
	struct buf raw cleanup_buf = BUF_INIT(OWNER_ANSWER_MAX);
	char text[IMAGE_TEXT_MAX], owner[USER_NAME_MAX], space[IMAGE_NAME_MAX];
	int status = look(ask, image_ref_text(ref, text), &raw, why);

	if (status != 200)
		return status == 404 ? R_NONE : why->why;
	labelled(buf_span(&raw), owner);
	if (owner[0] == '\0' && space_of(ask, ref, space) == NOBODYS &&
	    from_registry(buf_span(&raw), ref))
		return R_NONE;
	return is_his(ask, ref, buf_span(&raw), why);
}

/* What is another's keeps nobody waiting: refused before it is held.  Behind
 * the hold it is decided, for it may have become another's. */
static enum reason
hold_judged(const struct image_ask *ask, const struct image_ref *ref,
    enum hold_use use, enum reason (*judge)(const struct image_ask *ask,
    const struct image_ref *ref, struct refusal *why), struct refusal *why)
{
	enum reason r = judge(ask, ref, why);

	if (r == R_NONE)
		r = image_hold(ask->hold, ask->as, ref, use, why);
	return r == R_NONE ? judge(ask, ref, why) : r;
}

/* What no look at what is there could change. */
static enum reason
judge_new(const struct image_ask *ask, const struct image_ref *ref,
    struct refusal *why)
{
	char text[IMAGE_TEXT_MAX], space[IMAGE_NAME_MAX];
	enum reason r;

	if (ref->tag[0] == '\0' || ref->digest[0] != '\0')
		return refuse(why, R_TAG, "%s", image_ref_short(ref, text));
	if (image_ref_like_id(ref))
		return refuse(why, R_TAG, "%s: it could be meant for an id",
		    image_ref_short(ref, text));
	if ((r = judge_tools(ref, why)) != R_NONE)
		return r;
	return space_of(ask, ref, space) != SOMEBODYS ? R_NONE :
	    not_yours(space, image_ref_short(ref, text), why);
}

enum reason
image_make(const struct image_ask *ask, const struct image_ref *ref,
    struct refusal *why)
{
	char space[IMAGE_NAME_MAX];
	enum reason r = judge_new(ask, ref, why);

	if (r != R_NONE)
		return r;
	return space_of(ask, ref, space) == HIS ?
	    image_hold(ask->hold, ask->as, ref, HOLD_MAKE_OWN, why) :
	    hold_judged(ask, ref, HOLD_MAKE, judge_made, why);
}

/* May that image get that name, as far as it is his to give?  Its id. */
static enum reason
judge_source(const struct image_ask *ask, const char *source,
    const struct image_ref *ref, char id[IMAGE_ID_MAX], struct refusal *why)
{
	struct buf raw cleanup_buf = BUF_INIT(OWNER_ANSWER_MAX);
	char owner[USER_NAME_MAX], space[IMAGE_NAME_MAX];
	int status = look(ask, source, &raw, why);

	if (status == 404)
		return refuse_missing(why, "image", source);
	if (status != 200)
		return why->why;
	if (!json_string(json_get(buf_span(&raw), "Id"), id, IMAGE_ID_MAX) ||
	    id[0] == '\0')
		return refuse(why, R_ENGINE_ERROR, "image without id");
	labelled(buf_span(&raw), owner);
	if (identity_is_owner(ask->as, owner) ||
	    space_of(ask, ref, space) == HIS)
		return R_NONE;
	return not_yours(owner, source, why);
}

/* An image stays whose it is: only the name is looked at behind the hold. */
enum reason
image_name(const struct image_ask *ask, const char *source,
    const struct image_ref *ref, char id[IMAGE_ID_MAX], struct refusal *why)
{
	enum reason r = judge_new(ask, ref, why);

	if (r == R_NONE)
		r = judge_source(ask, source, ref, id, why);
	return r != R_NONE ? r : image_make(ask, ref, why);
}

enum reason
image_pull(const struct image_ask *ask, const struct image_ref *ref,
    struct refusal *why)
{
	char text[IMAGE_TEXT_MAX];

	if (ref->tag[0] == '\0' && ref->digest[0] != '\0')
		return R_NONE;	/* a digest means one thing only */
	if (ref->tag[0] == '\0' || ref->digest[0] != '\0')
		return refuse(why, R_TAG, "%s: pull one tag at a time",
		    image_ref_short(ref, text));
	if (image_ref_like_id(ref))
		return refuse(why, R_TAG, "%s: it could be meant for an id",
		    image_ref_short(ref, text));
	return hold_judged(ask, ref, HOLD_PULL, judge_pulled, why);
}

enum reason
image_push(const struct image_ask *ask, const struct image_ref *ref,
    struct refusal *why)
{
	struct buf raw cleanup_buf = BUF_INIT(OWNER_ANSWER_MAX);
	char text[IMAGE_TEXT_MAX], space[IMAGE_NAME_MAX];
	struct image_ref r;
	int status;

	if (ref->digest[0] != '\0')
		return refuse(why, R_TAG, "%s: push a tag",
		    image_ref_short(ref, text));
	if (space_of(ask, ref, space) == HIS)
		return R_NONE;
	if (ref->tag[0] == '\0')
		return refuse(why, R_TAG, "%s: push one tag at a time",
		    image_ref_short(ref, text));
	status = look(ask, image_ref_text(ref, text), &raw, why);
	if (status != 200)
		return status == 404 ? R_NONE : why->why;
	return has_digest(buf_span(&raw), ref, &r) ? R_NONE :
	    is_his(ask, ref, buf_span(&raw), why);
}

/* --- removing ----------------------------------------------------------------- */

/* dockerd's isImageIDPrefix: then it removes the image, not a name. */
static bool
is_id_prefix(const char *id, const char *what)
{
	const char *hex = strchr(id, ':');

	return strncmp(id, what, strlen(what)) == 0 || (hex != NULL &&
	    strncmp(hex + 1, what, strlen(what)) == 0);
}

/* All references of one kind; n counts them. */
static enum reason
all_his(const struct image_ask *ask, struct span image, const char *kind,
    size_t *n, struct refusal *why)
{
	struct json_iter it = json_iter(json_get(image, kind));
	char text[IMAGE_TEXT_MAX];
	struct image_ref ref;
	enum reason r = R_NONE;
	struct span v;

	while (r == R_NONE && json_next(&it, NULL, &v)) {
		if (!json_string(v, text, sizeof(text)))
			return refuse(why, R_TAG, "not readable");
		if (strncmp(text, "<none>", 6) == 0)
			continue;
		++*n;
		r = image_ref_read(text, NULL, &ref) ?
		    is_his(ask, &ref, image, why) :
		    refuse(why, R_TAG, "%s", text);
	}
	return r;
}

static enum reason
remove_id(const struct image_ask *ask, struct span image, const char *id,
    struct refusal *why)
{
	char owner[USER_NAME_MAX];
	size_t n = 0;
	enum reason r = all_his(ask, image, "RepoTags", &n, why);

	if (r == R_NONE)
		r = all_his(ask, image, "RepoDigests", &n, why);
	if (r != R_NONE || n > 0)
		return r;
	labelled(image, owner);
	return identity_is_owner(ask->as, owner) ? R_NONE :
	    not_yours(owner, id, why);
}

enum reason
image_remove(const struct image_ask *ask, const char *what,
    char out[IMAGE_TEXT_MAX], struct refusal *why)
{
	struct buf raw cleanup_buf = BUF_INIT(OWNER_ANSWER_MAX);
	struct image_ref ref;
	int status = look(ask, what, &raw, why);
	char id[IMAGE_ID_MAX];
	enum reason r;

	if (status == 200 && (!json_string(json_get(buf_span(&raw), "Id"), id,
	    sizeof(id)) || id[0] == '\0'))
		return refuse(why, R_ENGINE_ERROR, "image without id");
	if (status == 200 && is_id_prefix(id, what)) {
		snprintf(out, IMAGE_TEXT_MAX, "%s", id);
		return remove_id(ask, buf_span(&raw), id, why);
	}
	if (status == 200) {
		if (!image_ref_read(what, NULL, &ref) ||
		    (ref.tag[0] != '\0' && ref.digest[0] != '\0'))
			return refuse(why, R_TAG, "%s", what);
		image_ref_default(&ref);
		/* his until it is gone: nobody's new one goes instead */
		if ((r = is_his(ask, &ref, buf_span(&raw), why)) != R_NONE ||
		    (r = image_hold(ask->hold, ask->as, &ref, HOLD_MAKE,
		    why)) != R_NONE)
			return r;
		status = look(ask, image_ref_text(&ref, out), &raw, why);
	}
	if (status == 404)
		return refuse_missing(why, "image", what);
	return status != 200 ? why->why :
	    is_his(ask, &ref, buf_span(&raw), why);
}
