/*
 * decide_image.c - the routes that give names to images, or take them.
 *
 * Guarantees that a reference goes to dockerd in the form in which it was
 * judged, written out, and that an image that was looked up goes on as its
 * id.  The rule itself is image.c's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "decide.h"
#include "labels.h"
#include "policy.h"
#include "prune.h"

#define API_CHECKED_LAYOUTS 48	/* 1.48: engine 28 */

static enum reason
no_memory(struct request *r)
{
	return refuse(&r->why, R_INTERNAL, "out of memory");
}

static bool
is_open(const struct request *r)
{
	return r->trusted || r->conn->view->cfg->images == IMAGES_SHARED;
}

static struct image_ask
ask_of(struct request *r)
{
	return (struct image_ask){ .engine = &r->conn->engine, .as = &r->as,
	    .hold = &r->hold };
}

static int
set(struct request *r, const char *param, const char *value)
{
	return query_set(&r->query, r->route->params, param, value);
}

/* Every image made through the gate says whose it is and takes nothing
 * reserved over from what it was made of. */
static enum reason
add_label_change(struct request *r)
{
	struct buf line cleanup_buf = BUF_INIT(0);

	if (labels_changes(&r->as, &line) < 0 ||
	    set(r, "changes", line.data) < 0)
		return no_memory(r);
	return R_NONE;
}

/* A free name is anybody's to make, and who runs "python:3.12" may not think
 * of a neighbour's.  A label may hold anything. */
void
decide_warn_image(struct request *r)
{
	struct buf config cleanup_buf = BUF_INIT(0);
	struct refusal unused;
	struct image_ref ref;
	char owner[USER_NAME_MAX], space[IMAGE_NAME_MAX] = "";

	if (r->image_id[0] == '\0' ||
	    owner_image(&r->conn->engine, r->image_id, NULL, &config,
	    &unused) != R_NONE ||
	    !json_string(json_get(json_get(buf_span(&config), "Labels"),
	    LABEL_USER), owner, sizeof(owner)) || owner[0] == '\0' ||
	    identity_is_owner(&r->as, owner))
		return;
	if (image_ref_read(r->image, NULL, &ref))
		image_ref_space(&ref, space);
	if (strcmp(space, owner) == 0)
		return;			/* the name says so */
	buf_puts(&r->warnings, "The image ");
	buf_putvisible(&r->warnings, r->image);
	buf_puts(&r->warnings, " was made on this host by ");
	buf_putvisible(&r->warnings, owner);
	buf_puts(&r->warnings, ", another user.\n");
}

void
decide_name_image(struct request *r, const char *repo, const char *tag)
{
	snprintf(r->image, sizeof(r->image), "%s%s%s", repo,
	    *tag != '\0' ? ":" : "", tag);
	r->rec.kind = RECORD_IMAGE_MAKE;
	r->rec.image = r->image;
}

/* The reference that two parameters are, into ref and written out into the
 * query. */
static enum reason
read_ref(struct request *r, const char *repo, const char *tag,
    struct image_ref *ref)
{
	const char *name = text_of(r, repo);

	if (!image_ref_read(name, text_of(r, tag), ref))
		return refuse(&r->why, R_TAG, "%s: not understood", name);
	return R_NONE;
}

static enum reason
write_ref(struct request *r, const char *repo, const char *tag,
    const struct image_ref *ref)
{
	return set(r, repo, ref->name) < 0 || set(r, tag, ref->tag[0] != '\0' ?
	    ref->tag : ref->digest) < 0 ? no_memory(r) : R_NONE;
}

/* commit and import: repo and tag of an image that will be the caller's. */
static enum reason
make_ref(struct request *r)
{
	struct image_ask ask = ask_of(r);
	struct image_ref ref;
	enum reason why;

	if (is_open(r))
		return R_NONE;
	if (*text_of(r, "repo") == '\0') {
		query_drop(&r->query, "tag");	/* of nothing */
		return R_NONE;
	}
	why = read_ref(r, "repo", "tag", &ref);
	if (why != R_NONE)
		return why;
	image_ref_default(&ref);
	why = image_make(&ask, &ref, &r->why);
	return why != R_NONE ? why : write_ref(r, "repo", "tag", &ref);
}

enum reason
decide_commit(struct request *r)
{
	const char *ref = text_of(r, "container");
	enum reason why;

	decide_name_image(r, text_of(r, "repo"), text_of(r, "tag"));
	r->rec.kind = RECORD_CONTROL;
	if (r->body != NULL) {
		struct policy_env env = {
			.caller = &r->as, .cfg = r->conn->view->cfg,
			.engine = &r->conn->engine, .api = r->api,
			.warnings = &r->warnings,
		};
		if ((why = policy_commit(&env, r->body, &r->why)) != R_NONE)
			return why;
	}
	why = decide_container(r, ref, &r->thing);
	r->rec.vm = r->thing.name[0] != '\0' ? r->thing.name : ref;
	r->rec.uuid = r->thing.id[0] != '\0' ? r->thing.id : NULL;
	if (why == R_NONE && set(r, "container", r->thing.id) < 0)
		why = no_memory(r);
	if (why == R_NONE)
		why = make_ref(r);
	return why != R_NONE ? why : add_label_change(r);
}

static enum reason
judge_import(struct request *r, const char *src)
{
	enum reason why;

	decide_name_image(r, text_of(r, "repo"), text_of(r, "tag"));
	/* dockerd would pull, and look at nothing else */
	if (*text_of(r, "fromImage") != '\0')
		return refuse(&r->why, R_BAD_QUERY, "fromImage and fromSrc");
	if (strcmp(src, "-") != 0 && !r->trusted)
		return refuse(&r->why, R_REMOTE_SOURCE, "%s", src);
	why = make_ref(r);
	return why != R_NONE ? why : add_label_change(r);
}

static enum reason
judge_registry(struct request *r, const struct image_ref *ref)
{
	char text[IMAGE_TEXT_MAX];

	return r->trusted || image_ref_allowed(ref, r->as.policy) ? R_NONE :
	    refuse(&r->why, R_IMAGE_SOURCE, "%s", image_ref_text(ref, text));
}

/* "word", or "registry/word" as a reference would be. */
enum reason
decide_search(struct request *r)
{
	const char *term = text_of(r, "term");
	size_t n = strcspn(term, "/");

	if (strncmp(term, "http", 4) == 0 && strchr(term, ':') != NULL)
		return refuse(&r->why, R_IMAGE_SOURCE, "%.200s", term);
	if (term[n] == '\0' || (strcspn(term, ".:") >= n &&
	    strncmp(term, "localhost", n) != 0)) {
		term = "docker.io";
		n = strlen(term);
	}
	return r->trusted || image_host_allowed(term, n, r->as.policy) ?
	    R_NONE : refuse(&r->why, R_IMAGE_SOURCE, "%.200s", term);
}

enum reason
decide_distribution(struct request *r)
{
	struct image_ref ref;

	if (r->trusted)
		return R_NONE;
	return image_ref_read(r->match.name, NULL, &ref) ?
	    judge_registry(r, &ref) :
	    refuse(&r->why, R_TAG, "%s: not understood", r->match.name);
}

/* Pull, or import when fromSrc is given. */
enum reason
decide_pull(struct request *r)
{
	const char *src = text_of(r, "fromSrc");
	struct image_ask ask = ask_of(r);
	struct image_ref ref;
	enum reason why;

	if (*src != '\0')
		return judge_import(r, src);
	decide_name_image(r, text_of(r, "fromImage"), text_of(r, "tag"));
	if (r->trusted)
		return R_NONE;
	why = read_ref(r, "fromImage", "tag", &ref);
	if (why == R_NONE)
		why = judge_registry(r, &ref);
	if (why == R_NONE && !is_open(r))
		why = image_pull(&ask, &ref, &r->why);
	return why != R_NONE ? why : write_ref(r, "fromImage", "tag", &ref);
}

enum reason
decide_push(struct request *r)
{
	struct image_ask ask = ask_of(r);
	struct image_ref ref;
	enum reason why;

	decide_name_image(r, r->match.name, "");
	if (r->trusted)
		return R_NONE;
	if (!image_ref_read(r->match.name, text_of(r, "tag"), &ref))
		return refuse(&r->why, R_TAG, "%s: not understood",
		    r->match.name);
	why = judge_registry(r, &ref);
	if (why != R_NONE || is_open(r))
		return why;
	why = image_push(&ask, &ref, &r->why);
	if (why != R_NONE)
		return why;
	snprintf(r->name, sizeof(r->name), "%s", ref.name);
	if (ref.tag[0] != '\0' && set(r, "tag", ref.tag) < 0)
		return no_memory(r);
	return R_NONE;
}

/* Its tar is looked at as it passes (load.c).  Engines before 28 take layouts
 * into containerd's store with which they cannot list images any more. */
enum reason
decide_load(struct request *r)
{
	struct engine *e = &r->conn->engine;

	decide_name_image(r, "", "");
	return is_open(r) || e->api_max >= API_CHECKED_LAYOUTS ? R_NONE :
	    engine_containerd_store(e, &r->no_layouts, &r->why);
}

enum reason
decide_tag(struct request *r)
{
	struct image_ask ask = ask_of(r);
	struct image_ref ref;
	char id[IMAGE_ID_MAX];
	enum reason why;

	decide_name_image(r, r->match.name, "");
	r->rec.detail = query_get(&r->query, "repo");
	if (is_open(r))
		return R_NONE;
	why = read_ref(r, "repo", "tag", &ref);
	if (why != R_NONE)
		return why;
	image_ref_default(&ref);
	why = image_name(&ask, r->match.name, &ref, id, &r->why);
	if (why != R_NONE)
		return why;
	snprintf(r->name, sizeof(r->name), "%s", id);
	why = write_ref(r, "repo", "tag", &ref);
	r->rec.detail = query_get(&r->query, "repo");
	return why;
}

enum reason
decide_image_remove(struct request *r)
{
	struct image_ask ask = ask_of(r);
	char what[IMAGE_TEXT_MAX];
	enum reason why;

	decide_name_image(r, r->match.name, "");
	r->rec.kind = RECORD_IMAGE_DROP;
	if (is_open(r))
		return R_NONE;
	why = image_remove(&ask, r->match.name, what, &r->why);
	if (why == R_NONE)
		snprintf(r->name, sizeof(r->name), "%s", what);
	return why;
}

enum reason
decide_prune_images(struct request *r)
{
	r->rec.kind = RECORD_IMAGE_DROP;
	if (!r->trusted &&
	    prune_images_query(&r->query, r->route->params,
	    is_open(r) ? NULL : r->as.name) < 0)
		return refuse(&r->why, R_BAD_QUERY, "filters");
	return R_NONE;
}

/* Each "t" judged, and written out. */
enum reason
decide_build_tags(struct request *r)
{
	struct image_ask ask = ask_of(r);
	struct buf all cleanup_buf = BUF_INIT(2 * QUERY_MAX);
	char text[IMAGE_TEXT_MAX];
	struct image_ref ref;
	enum reason why = R_NONE;

	if (is_open(r))
		return R_NONE;
	/* Each FROM would be pulled over the tag it has here, and the names
	 * stand in the Dockerfile, where nobody looks. */
	if (query_true(&r->query, "pull"))
		return refuse(&r->why, R_PARAMETER, "pull: docker pull the "
		    "images first");
	for (size_t i = 0; i < r->query.n && why == R_NONE; i++) {
		const struct query_value *v = &r->query.v[i];

		if (strcmp(v->row->name, "t") != 0 || v->value[0] == '\0')
			continue;
		if (!image_ref_read(v->value, NULL, &ref))
			return refuse(&r->why, R_TAG, "%s: not understood",
			    v->value);
		image_ref_default(&ref);
		why = image_make(&ask, &ref, &r->why);
		image_ref_text(&ref, text);
		buf_add(&all, text, strlen(text) + 1);
	}
	if (why != R_NONE)
		return why;
	query_drop(&r->query, "t");
	for (size_t at = 0; at < all.len; at += strlen(all.data + at) + 1)
		if (set(r, "t", all.data + at) < 0)
			return no_memory(r);
	return all.failed ? no_memory(r) : R_NONE;
}
