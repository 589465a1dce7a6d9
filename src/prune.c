/*
 * prune.c - prune, done by the gate for one user.
 *
 * Guarantees that only what is proven to be the caller's is removed, one by
 * one and by id, with dockerd's own refusals (in use, running) for the last
 * word; never with force.  Volumes have no ids: the name is held, and whose
 * one is, is asked again right before it goes.
 */
#include <stdio.h>
#include <time.h>

#include "hold.h"
#include "prune.h"
#include "until.h"

#define FILTER_TEXT_MAX 4096	/* bytes of one filter value */

/* {"status":["created","exited","dead"]} and {"dangling":["true"]} */
#define STOPPED "%7B%22status%22%3A%5B%22created%22%2C%22exited%22%2C" \
    "%22dead%22%5D%7D"
#define DANGLING "%7B%22dangling%22%3A%5B%22true%22%5D%7D"

struct work {
	struct engine *e;
	const struct caller *c;
	struct refusal *why;
	struct span filters;	/* canonical (query.h), or empty */
	bool bounded;		/* there is an until */
	int64_t until;		/* seconds since 1970 */
	bool all;		/* volumes: named ones too */
	int64_t reclaimed;	/* bytes */
	struct buf usage;	/* volumes: /system/df, once it was asked */
	struct hold names;	/* volumes that go, until all are gone */
	struct buf list;
};

/* One kind of prune. */
struct kind {
	enum op op;
	const char *list;	/* our question */
	const char *array;	/* key of the list in its answer, or NULL */
	const char *path;	/* "containers" */
	const char *id;		/* key in an element: what DELETE takes */
	const char *told;	/* key in an element: what the answer names */
	const char *answer;	/* key of the answer */
	bool until;		/* accepts until; else all */
	bool sizes;		/* the answer has SpaceReclaimed */
	bool (*own)(struct work *w, struct span element);
	int64_t (*size)(struct work *w, struct span element);
};

/* --- the user's filters --- */

/* The text of a key as json_next() gives it. */
static bool
key_text(struct span key, char *out, size_t cap)
{
	return json_string((struct span){ key.ptr - 1, key.len + 2 }, out,
	    cap);
}

/* "key" or "key=value" among labels. */
static bool
has_label(struct span labels, const char *want)
{
	char key[FILTER_TEXT_MAX], value[FILTER_TEXT_MAX];
	struct json_iter it = json_iter(labels);
	struct span k, v;
	size_t len = strcspn(want, "=");

	while (json_next(&it, &k, &v))
		if (key_text(k, key, sizeof key) && strlen(key) == len &&
		    memcmp(key, want, len) == 0)
			return want[len] == '\0' ||
			    (json_string(v, value, sizeof value) &&
			    strcmp(value, want + len + 1) == 0);
	return false;
}

/* All of them, as moby's MatchKVList; none at all matches. */
static bool
has_labels(struct span labels, struct span wanted)
{
	char want[FILTER_TEXT_MAX];
	struct json_iter it = json_iter(wanted);
	struct span k, v;

	while (json_next(&it, &k, &v))
		if (!key_text(k, want, sizeof want) ||
		    !has_label(labels, want))
			return false;
	return true;
}

static bool
created(struct span element, int64_t *out)
{
	struct span v = json_get(element, "Created");
	char text[64];

	return json_int(v, out) || (json_string(v, text, sizeof text) &&
	    until_parse(text, 0, out));
}

static bool
is_wanted(const struct work *w, struct span element)
{
	struct span labels = json_get(element, "Labels");
	struct span not = json_get(w->filters, "label!");
	int64_t at;

	if (w->bounded && (!created(element, &at) || at >= w->until))
		return false;
	return has_labels(labels, json_get(w->filters, "label")) &&
	    (json_empty(not) || !has_labels(labels, not));
}

static enum reason
read_filter(struct work *w, const char *name, struct span set)
{
	char text[FILTER_TEXT_MAX];
	struct json_iter it = json_iter(set);
	struct span k, v;
	size_t n = 0;

	while (json_next(&it, &k, &v)) {
		if (!key_text(k, text, sizeof text))
			return refuse(w->why, R_BAD_QUERY, "filters: %s: too "
			    "long", name);
		n++;
	}
	if (strncmp(name, "label", 5) == 0 || n == 0)
		return R_NONE;
	if (n > 1)
		return refuse(w->why, R_BAD_QUERY, "filters: %s: given twice",
		    name);
	if (strcmp(name, "until") == 0) {
		w->bounded = true;
		if (until_parse(text, (int64_t)time(NULL), &w->until))
			return R_NONE;
	} else {
		w->all = strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
		if (w->all || strcmp(text, "0") == 0 ||
		    strcmp(text, "false") == 0)
			return R_NONE;
	}
	return refuse(w->why, R_BAD_QUERY, "filters: %s=%s", name, text);
}

static enum reason
read_filters(struct work *w, const struct kind *kind)
{
	struct json_iter it = json_iter(w->filters);
	struct span key, set;
	char name[64];

	while (json_next(&it, &key, &set)) {
		enum reason r;

		if (!key_text(key, name, sizeof name) ||
		    (strcmp(name, "label") != 0 &&
		    strcmp(name, "label!") != 0 &&
		    strcmp(name, kind->until ? "until" : "all") != 0))
			return refuse(w->why, R_BAD_QUERY,
			    "filters: invalid filter '%.*s'", (int)key.len,
			    key.ptr);
		r = read_filter(w, name, set);
		if (r != R_NONE)
			return r;
	}
	return R_NONE;
}

/* --- kinds --- */

static bool
own_container(struct work *w, struct span v)
{
	return owner_is_own_json(w->e, w->c, v);
}

static int64_t
container_size(struct work *w, struct span v)
{
	cleanup_buf struct buf body = BUF_INIT((size_t)8 << 20);
	char id[ID_LEN + 1];
	int64_t n = 0;

	if (json_string(json_get(v, "Id"), id, sizeof id) &&
	    engine_get(w->e, &body, w->why, "containers/%s/json?size=1", id) ==
	    200 && !json_int(json_get(buf_span(&body), "SizeRw"), &n))
		n = 0;
	return n;
}

/* Engines from 23.0 mark anonymous volumes; before, their name tells. */
static bool
is_anonymous(const struct work *w, struct span v)
{
	char name[256];

	if (json_path(v, "Labels", "com.docker.volume.anonymous", NULL).ptr)
		return true;
	return w->e->api_max < 42 &&
	    json_string(json_get(v, "Name"), name, sizeof name) &&
	    strlen(name) == ID_LEN &&
	    strspn(name, "0123456789abcdef") == ID_LEN;
}

static bool
own_volume(struct work *w, struct span v)
{
	struct thing t;
	struct refusal why;
	char name[256];

	if (owner_of_labelled_json(w->c, v, &t) != CLAIM_OWN ||
	    !json_empty(json_path(v, "Labels", LABEL_BIND, NULL)) ||
	    (!w->all && !is_anonymous(w, v)))
		return false;
	memcpy(name, t.name, sizeof name);
	return owner_volume_hold(&(struct owner_hold){ w->e, w->c, &w->names },
	    name, false, &t, &why) == R_NONE && t.claim == CLAIM_OWN;
}

static int64_t
volume_size(struct work *w, struct span v)
{
	char name[256], other[256];
	struct json_iter it;
	struct span u;
	int64_t n;

	if (!json_string(json_get(v, "Name"), name, sizeof name))
		return 0;
	/* dockerd measures all volumes at once: ask once, and only now. */
	if (!w->usage.data && engine_get(w->e, &w->usage, w->why, "%s",
	    engine_api(w->e) >= 42 ? "system/df?type=volume" : "system/df") !=
	    200)
		buf_reset(&w->usage);
	it = json_iter(json_get(buf_span(&w->usage), "Volumes"));
	while (json_next(&it, NULL, &u))
		if (json_string(json_get(u, "Name"), other, sizeof other) &&
		    strcmp(name, other) == 0)
			return json_int(json_path(u, "UsageData", "Size",
			    NULL), &n) ? n : 0;
	return 0;
}

static bool
own_network(struct work *w, struct span v)
{
	struct thing t;

	/* bridge, host and none are nobody's, whatever labels they have */
	return owner_of_labelled_json(w->c, v, &t) == CLAIM_OWN;
}

static const struct kind kinds[] = {
	{ OP_CONTAINER_PRUNE, "containers/json?all=1&filters=" STOPPED, NULL,
	    "containers", "Id", "Id", "ContainersDeleted", true, true,
	    own_container, container_size },
	{ OP_VOLUME_PRUNE, "volumes?filters=" DANGLING, "Volumes",
	    "volumes", "Name", "Name", "VolumesDeleted", false, true,
	    own_volume, volume_size },
	{ OP_NETWORK_PRUNE, "networks", NULL,
	    "networks", "Id", "Name", "NetworksDeleted", true, false,
	    own_network, NULL },
};

/* --- the work --- */

/* 1 gone, 0 still there (in use, or gone by itself), -1 no engine. */
static int
delete(struct work *w, const struct kind *kind, struct span element)
{
	cleanup_buf struct buf target = BUF_INIT(4096);
	cleanup_buf struct buf body = BUF_INIT(1 << 20);
	char id[256];
	int status;

	if (!json_string(json_get(element, kind->id), id, sizeof id) ||
	    id[0] == '\0' || strchr(id, '/'))
		return 0;
	buf_printf(&target, "/v1.%u/%s/", engine_api(w->e), kind->path);
	if (query_encode(&target, id, "") == -1)
		return 0;
	status = engine_ask(w->e, "DELETE", buf_span(&target), span_of(NULL),
	    &body, w->why);
	if (status == -1)
		return -1;
	return status == 200 || status == 204;
}

static enum reason
delete_all(struct work *w, const struct kind *kind, struct buf *out)
{
	struct span array = buf_span(&w->list), v;
	struct json_iter it;
	bool first = true;

	if (kind->array)
		array = json_get(array, kind->array);
	it = json_iter(array);
	buf_printf(out, "{\"%s\":", kind->answer);
	while (json_next(&it, NULL, &v)) {
		int64_t size = 0;
		int done;

		if (!is_wanted(w, v) || !kind->own(w, v))
			continue;
		if (kind->size)
			size = kind->size(w, v);
		done = delete(w, kind, v);
		if (done == -1)
			return w->why->why;
		if (done == 0)
			continue;
		if (size > 0 && size < JSON_INT_MAX - w->reclaimed)
			w->reclaimed += size;
		buf_puts(out, first ? "[" : ",");
		buf_putspan(out, json_get(v, kind->told));
		first = false;
	}
	buf_puts(out, first ? "null" : "]");
	if (kind->sizes)
		buf_printf(out, ",\"SpaceReclaimed\":%lld",
		    (long long)w->reclaimed);
	return buf_puts(out, "}\n") == 0 ? R_NONE :
	    refuse(w->why, R_INTERNAL, "out of memory");
}

static enum reason
run(struct work *w, const struct kind *kind, unsigned api, struct buf *out)
{
	enum reason r = engine_versions(w->e, w->why);
	int status;

	if (r == R_NONE)
		r = read_filters(w, kind);
	if (r != R_NONE)
		return r;
	if (!kind->until && (api ? api : engine_api(w->e)) < 42)
		w->all = true;	/* named volumes too, in those versions */
	status = engine_get(w->e, &w->list, w->why, "%s", kind->list);
	if (status == -1)
		return w->why->why;
	if (status != 200)
		return refuse(w->why, R_ENGINE_ERROR, "%s: status %d",
		    kind->path, status);
	return delete_all(w, kind, out);
}

enum reason
prune(enum op op, struct engine *e, const struct caller *c,
    const struct query *q, unsigned api, struct buf *out,
    struct refusal *why)
{
	struct work w = { .e = e, .c = c, .why = why,
	    .filters = span_of(query_get(q, "filters")),
	    .list = BUF_INIT(ENGINE_REPLY_MAX),
	    .usage = BUF_INIT(ENGINE_REPLY_MAX) };
	enum reason r = R_INTERNAL;
	bool known = false;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].op == op) {
			known = true;
			r = run(&w, &kinds[i], api, out);
		}
	hold_release(&w.names);
	buf_free(&w.list);
	buf_free(&w.usage);
	if (r != R_NONE)
		buf_reset(out);
	return known ? r : refuse(why, R_INTERNAL, "no prune");
}

/* "label":{"ds01.user=alice":true, and what was asked for} */
static int
own_label(struct buf *out, struct span filters, const char *owner)
{
	cleanup_buf struct buf set = BUF_INIT(2 * QUERY_MAX);
	cleanup_buf struct buf mine = BUF_INIT(2 * QUERY_MAX);
	struct json_iter it = json_iter(json_get(filters, "label"));
	struct span k, v;

	buf_printf(&mine, LABEL_USER "=%s", owner);
	if (mine.failed || json_quote(&set, buf_span(&mine)) == -1)
		return -1;
	while (json_next(&it, &k, &v)) {
		buf_puts(&set, ":true,");
		buf_putspan(&set, (struct span){ k.ptr - 1, k.len + 2 });
	}
	buf_reset(&mine);
	buf_puts(&mine, "{");
	buf_putspan(&mine, buf_span(&set));
	return buf_puts(&mine, ":true}") == -1 ? -1 :
	    json_replace(out, filters, "label", buf_span(&mine));
}

int
prune_images_query(struct query *q, const struct param *rows,
    const char *owner)
{
	cleanup_buf struct buf out = BUF_INIT(2 * QUERY_MAX);
	cleanup_buf struct buf own = BUF_INIT(2 * QUERY_MAX);
	struct span f = span_of(query_get(q, "filters"));

	if (!f.ptr || f.len == 0 || json_is(f, "null"))
		f = span_of("{}");
	if (owner && own_label(&own, f, owner) == -1)
		return -1;
	if (json_replace(&out, owner ? buf_span(&own) : f, "dangling",
	    span_of("{\"true\":true}")) == -1)
		return -1;
	return query_set(q, rows, "filters", out.data);
}
