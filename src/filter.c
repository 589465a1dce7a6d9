/*
 * filter.c - answers of dockerd, cut down to what is the caller's.
 *
 * Guarantees that an element is shown only when its ownership is proven;
 * whatever cannot be read or asked is left out.  What is shown is passed on
 * byte for byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"

/* What the work on one document needs. */
struct work {
	struct engine *e;
	const struct caller *c;
	struct refusal *why;
	long limit;		/* elements still to be kept, -1: all */
	struct buf own;		/* full ids of own containers, end to end */
	bool own_known;
};

typedef bool keep_fn(struct work *w, struct span element);
typedef int rewrite_fn(struct work *w, struct span in, struct buf *out);

static bool
is_kind(struct span v, char open)
{
	while (v.len > 0 && strchr(" \t\r\n", *v.ptr)) {
		v.ptr++;
		v.len--;
	}
	return v.len > 1 && *v.ptr == open;
}

/* Copies the elements of an array that are to be kept; null stays null. */
static int
keep_elements(struct work *w, struct span array, keep_fn *keep,
    struct buf *out)
{
	struct json_iter it = json_iter(array);
	struct span v;
	bool first = true;

	if (json_is(array, "null"))
		return buf_puts(out, "null");
	if (!is_kind(array, '['))
		return -1;
	buf_puts(out, "[");
	while (json_next(&it, NULL, &v)) {
		if (!keep(w, v))
			continue;
		if (!first)
			buf_puts(out, ",");
		first = false;
		buf_putspan(out, v);
	}
	return buf_puts(out, "]");
}

/* json_replace() of key in what out holds, if the key is there. */
static int
replace(struct buf *doc, const char *key, struct span value)
{
	struct buf next = BUF_INIT(ENGINE_REPLY_MAX);
	int rc;

	if (!json_get(buf_span(doc), key).ptr)
		return 0;
	rc = json_replace(&next, buf_span(doc), key, value);
	if (rc == -1) {
		buf_free(&next);
		return -1;
	}
	buf_free(doc);
	*doc = next;
	return 0;
}

/* Keeps the own elements of the array doc[key]. */
static int
cut_array(struct work *w, struct buf *doc, const char *key, keep_fn *keep)
{
	cleanup_buf struct buf kept = BUF_INIT(ENGINE_REPLY_MAX);
	struct span array = json_get(buf_span(doc), key);

	if (!array.ptr)
		return 0;
	if (keep_elements(w, array, keep, &kept) == -1)
		return -1;
	return replace(doc, key, buf_span(&kept));
}

/* --- what is kept --- */

static bool
own_container(struct work *w, struct span v)
{
	if (w->limit == 0 || !owner_is_own_json(w->e, w->c, v))
		return false;
	if (w->limit > 0)
		w->limit--;
	return true;
}

static bool
own_volume(struct work *w, struct span v)
{
	struct thing t;

	/* directories of the host are no volumes to their user */
	return json_empty(json_path(v, "Labels", LABEL_BIND, NULL)) &&
	    owner_of_labelled_json(w->c, v, &t) == CLAIM_OWN;
}

static bool
own_network(struct work *w, struct span v)
{
	struct thing t;

	return owner_of_labelled_json(w->c, v, &t) == CLAIM_OWN ||
	    t.predefined;
}

/* --- own containers, by one question for all --- */

static int
list_containers(struct work *w, struct buf *list, const char *query)
{
	int status = engine_get(w->e, list, w->why, "containers/json%s",
	    query);

	return status == 200 && is_kind(buf_span(list), '[') ? 0 : -1;
}

/* What is in a network runs, so only what runs is listed; id narrows that
 * to one network, "" does not. */
static int
know_own(struct work *w, const char *id)
{
	cleanup_buf struct buf list = BUF_INIT(ENGINE_REPLY_MAX);
	char query[128] = "", container[ID_LEN + 1];
	struct json_iter it;
	struct span v;

	if (w->own_known)
		return 0;
	if (id[0] != '\0' && strspn(id, "0123456789abcdef") == strlen(id))
		snprintf(query, sizeof query, "?filters=%%7B%%22network%%22"
		    "%%3A%%5B%%22%s%%22%%5D%%7D", id);
	if (list_containers(w, &list, query) == -1)
		return -1;
	it = json_iter(buf_span(&list));
	while (json_next(&it, NULL, &v))
		if (owner_is_own_json(w->e, w->c, v) &&
		    json_string(json_get(v, "Id"), container,
		    sizeof container) && strlen(container) == ID_LEN &&
		    buf_add(&w->own, container, ID_LEN) == -1)
			return -1;
	w->own_known = true;
	return 0;
}

static bool
is_own_id(const struct work *w, struct span id)
{
	if (id.len != ID_LEN)
		return false;
	for (size_t at = 0; at < w->own.len; at += ID_LEN)
		if (memcmp(w->own.data + at, id.ptr, ID_LEN) == 0)
			return true;
	return false;
}

/* --- one function a document --- */

static int
container_list(struct work *w, struct span in, struct buf *out)
{
	if (!is_kind(in, '[') ||
	    keep_elements(w, in, own_container, out) == -1)
		return -1;
	return buf_puts(out, "\n");
}

static int
volume_list(struct work *w, struct span in, struct buf *out)
{
	buf_putspan(out, in);
	return cut_array(w, out, "Volumes", own_volume);
}

/* A network with only one's own containers in it.  of: its id, or "" when
 * there will be more networks to ask about. */
static int
cut_network(struct work *w, struct span in, const char *of, struct buf *out)
{
	cleanup_buf struct buf map = BUF_INIT(ENGINE_REPLY_MAX);
	struct span containers = json_get(in, "Containers"), key, v;
	struct json_iter it = json_iter(containers);

	if (!is_kind(in, '{'))
		return -1;
	if (json_empty(containers))
		return buf_putspan(out, in);
	if (know_own(w, of) == -1)
		return -1;
	buf_puts(&map, "{");
	while (json_next(&it, &key, &v)) {
		if (!is_own_id(w, key))
			continue;
		/* key and value stand side by side in the answer */
		if (map.len > 1)
			buf_puts(&map, ",");
		buf_add(&map, key.ptr - 1, (size_t)(v.ptr + v.len -
		    (key.ptr - 1)));
	}
	if (buf_puts(&map, "}") == -1)
		return -1;
	return json_replace(out, in, "Containers", buf_span(&map));
}

static int
network(struct work *w, struct span in, struct buf *out)
{
	char id[ID_LEN + 1];

	json_string(json_get(in, "Id"), id, sizeof id);
	return cut_network(w, in, id, out);
}

static int
network_list(struct work *w, struct span in, struct buf *out)
{
	struct json_iter it = json_iter(in);
	struct span v;
	bool first = true;

	if (!is_kind(in, '['))
		return -1;
	buf_puts(out, "[");
	while (json_next(&it, NULL, &v)) {
		if (!own_network(w, v))
			continue;
		if (!first)
			buf_puts(out, ",");
		first = false;
		/* Before API 1.28 the list shows containers too. */
		if (cut_network(w, v, "", out) == -1)
			return -1;
	}
	return buf_puts(out, "]\n");
}

/* An image, and how many of the own containers are of it. */
static int
count_image(struct work *w, struct span image, struct span containers,
    struct buf *out)
{
	struct json_iter it = json_iter(containers);
	struct span id = json_get(image, "Id"), count, v;
	char text[16];
	unsigned n = 0;

	count = json_get(image, "Containers");
	/* -1: dockerd did not count */
	if (!count.ptr || !id.ptr || json_is(count, "-1"))
		return buf_putspan(out, image);
	while (json_next(&it, NULL, &v)) {
		struct span of = json_get(v, "ImageID");

		if (of.len == id.len && memcmp(of.ptr, id.ptr, id.len) == 0 &&
		    owner_is_own_json(w->e, w->c, v))
			n++;
	}
	snprintf(text, sizeof text, "%u", n);
	return json_replace(out, image, "Containers", span_of(text));
}

/* Images of which others' containers are not counted. */
static int
count_images(struct work *w, struct span images, struct buf *out)
{
	cleanup_buf struct buf list = BUF_INIT(ENGINE_REPLY_MAX);
	struct json_iter it = json_iter(images);
	struct span v;
	bool first = true;

	if (!is_kind(images, '['))
		return buf_putspan(out, images);
	if (list_containers(w, &list, "?all=1") == -1)
		return -1;
	buf_puts(out, "[");
	while (json_next(&it, NULL, &v)) {
		if (!first)
			buf_puts(out, ",");
		first = false;
		if (count_image(w, v, buf_span(&list), out) == -1)
			return -1;
	}
	return buf_puts(out, "]");
}

static int
disk_usage(struct work *w, struct span in, struct buf *out)
{
	cleanup_buf struct buf images = BUF_INIT(ENGINE_REPLY_MAX);

	buf_putspan(out, in);
	if (!is_kind(in, '{') ||
	    cut_array(w, out, "Containers", own_container) == -1 ||
	    cut_array(w, out, "Volumes", own_volume) == -1)
		return -1;
	if (is_kind(json_get(in, "Images"), '[') &&
	    (count_images(w, json_get(in, "Images"), &images) == -1 ||
	    replace(out, "Images", buf_span(&images)) == -1))
		return -1;
	/* The cache is common, and its records tell others' RUN lines. */
	return replace(out, "BuildCache", span_of("[]"));
}

/* The counts of /info, as dockerd counts: what does not run has stopped. */
static int
info(struct work *w, struct span in, struct buf *out)
{
	enum { ALL, RUNNING, PAUSED, STOPPED };
	static const char *const keys[] = { "Containers", "ContainersRunning",
	    "ContainersPaused", "ContainersStopped" };
	cleanup_buf struct buf list = BUF_INIT(ENGINE_REPLY_MAX);
	unsigned n[4] = { 0 };
	struct json_iter it;
	struct span v;

	if (!is_kind(in, '{') || list_containers(w, &list, "?all=1") == -1)
		return -1;
	it = json_iter(buf_span(&list));
	while (json_next(&it, NULL, &v)) {
		struct span state = json_get(v, "State");

		if (!owner_is_own_json(w->e, w->c, v))
			continue;
		n[ALL]++;
		n[json_is(state, "\"running\"") ? RUNNING :
		    json_is(state, "\"paused\"") ? PAUSED : STOPPED]++;
	}
	buf_putspan(out, in);
	for (size_t i = 0; i < 4; i++) {
		char text[16];

		snprintf(text, sizeof text, "%u", n[i]);
		if (replace(out, keys[i], span_of(text)) == -1)
			return -1;
	}
	return 0;
}

/* Newest version within our tables; the oldest not below them. */
static int
clamp(struct buf *doc)
{
	static const struct {
		const char *key;
		bool upper;
	} rows[] = { { "ApiVersion", true }, { "MinAPIVersion", false } };

	for (size_t i = 0; i < 2; i++) {
		char text[16], fixed[16];
		long minor, bound = rows[i].upper ? ROUTE_API_MAX :
		    ROUTE_API_MIN;

		if (!json_string(json_get(buf_span(doc), rows[i].key), text,
		    sizeof text) || strncmp(text, "1.", 2) != 0)
			continue;
		minor = strtol(text + 2, NULL, 10);
		if (rows[i].upper ? minor <= bound : minor >= bound)
			continue;
		snprintf(fixed, sizeof fixed, "\"1.%ld\"", bound);
		if (replace(doc, rows[i].key, span_of(fixed)) == -1)
			return -1;
	}
	return 0;
}

/* One of /version's components: the engine says its API again. */
static int
component(struct span v, struct buf *out)
{
	cleanup_buf struct buf details = BUF_INIT(ENGINE_REPLY_MAX);
	struct span d = json_get(v, "Details");

	if (!is_kind(d, '{'))
		return buf_putspan(out, v);
	buf_putspan(&details, d);
	if (clamp(&details) == -1)
		return -1;
	return json_replace(out, v, "Details", buf_span(&details));
}

static int
version(struct work *w, struct span in, struct buf *out)
{
	cleanup_buf struct buf list = BUF_INIT(ENGINE_REPLY_MAX);
	struct span all = json_get(in, "Components"), v;
	struct json_iter it = json_iter(all);
	bool first = true;

	(void)w;
	if (!is_kind(in, '{') || buf_putspan(out, in) == -1 ||
	    clamp(out) == -1)
		return -1;
	if (!is_kind(all, '['))
		return 0;
	buf_puts(&list, "[");
	while (json_next(&it, NULL, &v)) {
		if (!first)
			buf_puts(&list, ",");
		first = false;
		if (component(v, &list) == -1)
			return -1;
	}
	buf_puts(&list, "]");
	return list.failed ? -1 :
	    replace(out, "Components", buf_span(&list));
}

static const struct {
	enum op op;
	rewrite_fn *rewrite;	/* NULL: filter_event() */
	bool everyone;		/* admins too */
} documents[] = {
	{ OP_CONTAINER_LIST, container_list, false },
	{ OP_NETWORK_LIST, network_list, false },
	{ OP_NETWORK_LIST_SLASH, network_list, false },
	{ OP_NETWORK_INSPECT, network, false },
	{ OP_VOLUME_LIST, volume_list, false },
	{ OP_SYSTEM_DF, disk_usage, false },
	{ OP_SYSTEM_INFO, info, false },
	{ OP_SYSTEM_VERSION, version, true },
	{ OP_SYSTEM_EVENTS, NULL, false },
};
#define N_DOCUMENTS (sizeof documents / sizeof documents[0])

bool
filter_wanted(enum op op, const struct caller *c)
{
	for (size_t i = 0; i < N_DOCUMENTS; i++)
		if (documents[i].op == op)
			return documents[i].everyone || !c->admin;
	return false;
}

enum reason
filter_document(enum op op, struct engine *e, const struct caller *c,
    const struct filter_ask *ask, struct span in, struct buf *out,
    struct refusal *why)
{
	struct work w = { .e = e, .c = c, .why = why,
	    .limit = ask && ask->limit > 0 ? ask->limit : -1,
	    .own = BUF_INIT(ENGINE_REPLY_MAX) };
	int rc = -1;

	why->why = R_NONE;
	for (size_t i = 0; i < N_DOCUMENTS; i++)
		if (documents[i].op == op && documents[i].rewrite)
			rc = documents[i].rewrite(&w, in, out);
	buf_free(&w.own);
	/* dockerd ends a document with a new line; json_replace() trims. */
	if (rc == 0 && in.len > 0 && in.ptr[in.len - 1] == '\n' &&
	    out->len > 0 && out->data[out->len - 1] != '\n')
		buf_puts(out, "\n");
	if (rc == 0 && !out->failed)
		return R_NONE;
	buf_reset(out);
	if (why->why != R_NONE)		/* a question of ours failed */
		return why->why;
	return refuse(why, R_ENGINE_ERROR, "not a document of %s",
	    route_row(op)->op);
}
