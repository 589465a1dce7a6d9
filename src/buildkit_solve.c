/*
 * buildkit_solve.c - the messages that start a build.
 *
 * Guarantees that dockerd gets a Solve request made of fields that are known
 * here and of nothing else: no entitlement that the user does not have, no
 * exporter that would name an image that is not his to name, no frontend but
 * the built-in Dockerfile one, no cache to import, and with our own labels,
 * refs, source policy, cache name space and host name of steps behind whatever
 * the client wrote (in a map the last entry of a key counts).
 * Source: moby/buildkit api/services/control/control.proto and
 * frontend/gateway/pb/gateway.proto.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "buildkit_job.h"
#include "config.h"
#include "labels.h"

#define FRONTEND "dockerfile.v0"
#define CACHE_NS "build-arg:BUILDKIT_CACHE_MOUNT_NS"
#define HOST "hostname"		/* of build steps; the other one counts */
#define HOST_ARG "build-arg:BUILDKIT_SANDBOX_HOSTNAME"

enum reason
job_malformed(struct job *j)
{
	return refuse(j->why, R_BUILD, "malformed message");
}

/* Known fields go through their rules, unknown ones are left out: a newer
 * client's wishes are not heard, and its builds work all the same. */
enum reason
job_walk(struct job *j, const struct job_rule *rules, size_t n, struct span message)
{
	struct pb_iter it = pb_iter(message);
	uint64_t seen = 0;
	struct pb_field f;
	enum reason r;

	while (pb_next(&it, &f)) {
		const struct job_rule *rule = NULL;

		for (size_t i = 0; i < n && rule == NULL; i++)
			if (rules[i].number == f.number)
				rule = &rules[i];
		if (rule == NULL)
			continue;
		if (rule->wire != f.wire || (!rule->many &&
		    (seen & (uint64_t)1 << f.number)))
			return job_malformed(j);
		seen |= (uint64_t)1 << f.number;
		if (rule->take == NULL)
			buf_putspan(j->out, f.raw);
		else if ((r = rule->take(j, &f)) != R_NONE)
			return r;
	}
	return it.bad ? job_malformed(j) : R_NONE;
}

/* Reads what walk() then copies; used where fields are looked at together. */
enum reason
job_copy(struct job *j, const struct pb_field *f)
{
	return buf_putspan(j->out, f->raw) < 0 ?
	    refuse(j->why, R_INTERNAL, "out of memory") : R_NONE;
}

/* --- entitlements, frontend, refs ---------------------------------------------------- */

static enum reason
take_entitlement(struct job *j, const struct pb_field *f)
{
	if (span_eq(f->bytes, "network.host"))
		return j->rules->host_network ? job_copy(j, f) :
		    refuse(j->why, R_HOST_NAMESPACE, "network.host");
	if (span_eq(f->bytes, "security.insecure"))
		return refuse(j->why, R_PRIVILEGED, "security.insecure");
	return refuse(j->why, job_prefix(f->bytes, "device") ? R_DEVICE :
	    R_BUILD, "entitlement %.*s", (int)(f->bytes.len < 64 ?
	    f->bytes.len : 64), f->bytes.ptr);
}

static enum reason
take_frontend(struct job *j, const struct pb_field *f)
{
	if (f->bytes.len == 0)
		return R_NONE;
	if (!span_eq(f->bytes, FRONTEND))
		return refuse(j->why, R_BUILD, "frontend %.*s",
		    (int)(f->bytes.len < 64 ? f->bytes.len : 64),
		    f->bytes.ptr);
	j->frontend = true;
	return job_copy(j, f);
}

static enum reason
take_ref(struct job *j, const struct pb_field *f)
{
	struct buf full cleanup_buf = BUF_INIT(4096);

	if (buildkit_ref(j->rules->as, f->bytes, &full) < 0)
		return job_malformed(j);
	pb_put_bytes(j->out, f->number, buf_span(&full));
	return R_NONE;
}

/* A graph that the client made; a Dockerfile becomes one in the engine. */
static enum reason
may_have_graph(struct job *j)
{
	return j->rules->graphs ? R_NONE :
	    refuse(j->why, R_BUILD, "a graph that is not from a Dockerfile "
	    "(bake's linked targets)");
}

static enum reason
take_definition(struct job *j, const struct pb_field *f)
{
	struct buf def cleanup_buf = BUF_INIT(H2_HOLD_MAX);
	enum reason r = may_have_graph(j);

	if (r == R_NONE)
		r = buildkit_llb(j->rules, f->bytes, &def, j->why);
	if (r == R_NONE && pb_put_bytes(j->out, f->number, buf_span(&def)) < 0)
		r = refuse(j->why, R_INTERNAL, "out of memory");
	return r;
}

/* An entry without its graph would be nothing in Go, and not looked for. */
static enum reason
take_input(struct job *j, const struct pb_field *f)
{
	struct buf def cleanup_buf = BUF_INIT(H2_HOLD_MAX);
	struct span name, value;
	enum reason r;

	if (!pb_entry(f->bytes, &name, &value))
		return job_malformed(j);
	r = may_have_graph(j);
	if (r == R_NONE)
		r = buildkit_llb(j->rules, value, &def, j->why);
	if (r == R_NONE && pb_put_entry(j->out, f->number, name,
	    buf_span(&def)) < 0)
		r = refuse(j->why, R_INTERNAL, "out of memory");
	return r;
}

/* A policy without a selector has crashed engines (CVE-2024-23650), and to
 * leave out what a client takes for its protection would be worse. */
static enum reason
take_policy(struct job *j, const struct pb_field *f)
{
	return f->bytes.len == 0 ? R_NONE :
	    refuse(j->why, R_BUILD, "a source policy of one's own");
}

/* --- attributes of the frontend -------------------------------------------------------- */

static enum reason
on_network(struct job *j, struct span v)
{
	if (span_eq(v, "host") && !j->rules->host_network)
		return refuse(j->why, R_HOST_NAMESPACE, "network host");
	return R_NONE;
}

static enum reason
on_cgroup(struct job *j, struct span v)
{
	return v.len == 0 ? R_NONE :
	    refuse(j->why, R_CGROUP_PARENT, "%.*s",
	    (int)(v.len < 64 ? v.len : 64), v.ptr);
}

static enum reason
on_context(struct job *j, struct span v)
{
	if (!j->rules->graphs && (job_prefix(v, "docker-image:") ||
	    job_prefix(v, "oci-layout:")))
		return refuse(j->why, R_BUILD, "an image as a named context: "
		    "name it in a FROM of the Dockerfile");
	return !buildkit_remote(v) ? R_NONE :
	    refuse(j->why, R_REMOTE_SOURCE, "%.*s",
	    (int)(v.len < 200 ? v.len : 200), v.ptr);
}

/* It says which attribute is the context: any could be. */
static enum reason
on_context_key(struct job *j, struct span v)
{
	return span_eq(v, "context") ? R_NONE :
	    refuse(j->why, R_BUILD, "contextkey");
}

static enum reason
on_own(struct job *j, struct span v)
{
	(void)j;
	(void)v;
	return R_NONE;
}

static const struct attr {
	const char *key;
	bool prefix;
	bool ours;		/* the client's is left out */
	enum reason (*judge)(struct job *, struct span value);
} attrs[] = {
	{ "force-network-mode", false, false, on_network },
	{ "cgroup-parent", false, false, on_cgroup },
	{ "contextkey", false, false, on_context_key },
	{ "context", false, false, on_context },
	{ "context:", true, false, on_context },
	/* A cache that was made elsewhere holds what its maker says, and
	 * BuildKit adds it to everybody's.  Without, a build is only slower. */
	{ "cache-imports", false, true, on_own },
	{ "cache-from", false, true, on_own },
	{ HOST, false, true, on_own },
	{ HOST_ARG, false, true, on_own },
	{ CACHE_NS, false, true, on_own },
	{ "cmdline", false, true, on_own },
};

/* The client's, without control characters; a key that has some is no key. */
static enum reason
put_label(struct job *j, const struct pb_field *f, struct span key,
    struct span value)
{
	struct buf name cleanup_buf = BUF_INIT(0), text cleanup_buf = BUF_INIT(0);

	if (!span_plain(key))
		return refuse(j->why, R_LABEL, "%.*s",
		    (int)(key.len < 64 ? key.len : 64), key.ptr);
	if (span_plain(value))
		return job_copy(j, f);
	buf_puts(&name, "label:");
	buf_putspan(&name, key);
	if (buf_putspan(&text, value) < 0 || name.failed)
		return refuse(j->why, R_INTERNAL, "out of memory");
	labels_plain_text(text.data);
	pb_put_entry(j->out, f->number, buf_span(&name), span_of(text.data));
	return R_NONE;
}

/* A reserved label waits for labels_simple(); others pass. */
static enum reason
take_label(struct job *j, const struct pb_field *f, struct span key,
    struct span value)
{
	char k[256], v[1024];
	cJSON *labels = cJSON_GetObjectItemCaseSensitive(j->labels, "Labels");

	if (!job_prefix(key, "ds01.") && !job_prefix(key, "aime."))
		return put_label(j, f, key, value);
	if (!span_copy(key, k, sizeof(k)) || !span_copy(value, v, sizeof(v)))
		return refuse(j->why, R_RESERVED_LABEL, "%.*s",
		    (int)(key.len < 64 ? key.len : 64), key.ptr);
	cJSON_DeleteItemFromObjectCaseSensitive(labels, k);
	if (cJSON_AddStringToObject(labels, k, v) == NULL)
		return refuse(j->why, R_INTERNAL, "out of memory");
	return R_NONE;
}

static enum reason
take_attr(struct job *j, const struct pb_field *f)
{
	static const char label[] = "label:";
	struct span key, value;

	if (!pb_entry(f->bytes, &key, &value))
		return job_malformed(j);
	if (job_prefix(key, label)) {
		key.ptr += sizeof(label) - 1;
		key.len -= sizeof(label) - 1;
		return take_label(j, f, key, value);
	}
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		const struct attr *a = &attrs[i];

		if (a->prefix ? job_prefix(key, a->key) :
		    span_eq(key, a->key)) {
			enum reason r = a->judge(j, value);

			return r != R_NONE || a->ours ? r : job_copy(j, f);
		}
	}
	return job_copy(j, f);
}

/* Ours, behind the client's.  The labels are the same for every build of
 * the user, so that a build that changed nothing gives the same image. */
static enum reason
put_attrs(struct job *j, uint32_t number)
{
	cJSON *labels, *l;
	char space[24], host[32], key[300];
	enum reason r;

	r = labels_simple(j->rules->as, j->labels, NULL, j->why);
	if (r != R_NONE || !j->frontend)
		return r;
	labels = cJSON_GetObjectItemCaseSensitive(j->labels, "Labels");
	if (labels_image(j->rules->as, labels) < 0)
		return refuse(j->why, R_INTERNAL, "out of memory");
	cJSON_ArrayForEach(l, labels) {
		snprintf(key, sizeof(key), "label:%s", l->string);
		pb_put_entry(j->out, number, span_of(key),
		    span_of(l->valuestring));
	}
	buildkit_space(j->rules, space);
	space[strlen(space) - 1] = '\0';	/* the frontend adds the '/' */
	pb_put_entry(j->out, number, span_of(CACHE_NS), span_of(space));
	buildkit_host(j->rules, host);
	pb_put_entry(j->out, number, span_of(HOST), span_of(host));
	pb_put_entry(j->out, number, span_of(HOST_ARG), span_of(host));
	/* its presence keeps the frontend from following "# syntax=" */
	pb_put_entry(j->out, number, span_of("cmdline"), span_of(FRONTEND));
	return R_NONE;
}

/* --- the two requests --------------------------------------------------------------------- */

/* Git runs as root on the host, outside of any container, and a URL of the
 * host's own is asked for from inside it.  BuildKit evaluates this for every
 * source of the build, the Dockerfile's ADD included (since 0.11; older ones
 * know no such field).  The last rule that matches counts: ours. */
enum { ALLOW, DENY };
#define REGEX 2

static const char *const denied_sources[] = {
	"^git:",
	"(?i)^https?://([^/]*@)?(localhost|[^/:]*\\.localhost|0[0-9a-fx.]*|"
	    "127\\.[0-9.]*|[0-9]+|169\\.254\\.[0-9.]*|\\[[0:]*1?\\]|"
	    "\\[fe[89ab][0-9a-f:.%]*\\]|\\[[0:]*ffff:[^\\]]*\\])\\.?"
	    "(:[0-9]*)?([/?#].*)?$",
};

/* Where no registry is listed, any but this host's. */
#define THIS_HOST "^docker-image://(localhost|[^/]*\\.localhost|" \
    "127\\.[0-9.]*|169\\.254\\.[0-9.]*|0[0-9a-fx.]*|\\[[^/]*)(:[0-9]*)?/"
/* Else the listed ones, and what has no slash: so are images called that were
 * made here, and nobody registers such a name. */
#define IMAGES "^(docker-image|oci-layout)://"
#define OFFICIAL "^docker-image://docker\\.io/library/"

static void
put_rule(struct buf *policy, unsigned action, const char *regex)
{
	struct buf rule cleanup_buf = BUF_INIT(2048);
	struct buf selector cleanup_buf = BUF_INIT(1024);

	pb_put_bytes(&selector, 1, span_of(regex));
	pb_put_varint(&selector, 2, REGEX);
	pb_put_varint(&rule, 1, action);
	if (pb_put_bytes(&rule, 2, buf_span(&selector)) < 0 ||
	    pb_put_bytes(policy, 2, buf_span(&rule)) < 0)
		policy->failed = true;
}

/* Images of one registry, whose name is no regular expression. */
static void
allow_registry(struct buf *policy, const char *host)
{
	struct buf regex cleanup_buf = BUF_INIT(1000);

	buf_puts(&regex, "(?i)^docker-image://");
	for (; *host != '\0'; host++) {
		if (!isalnum((unsigned char)*host))
			buf_puts(&regex, "\\");
		buf_add(&regex, host, 1);
	}
	if (buf_puts(&regex, "/") < 0)
		policy->failed = true;
	else
		put_rule(policy, ALLOW, regex.data);
}

static enum reason
put_source_policy(struct job *j)
{
	const struct strings *listed = j->rules->registries;
	struct buf policy cleanup_buf = BUF_INIT(256 * 1024);

	pb_put_varint(&policy, 1, 1);
	for (size_t i = 0; i < sizeof(denied_sources) /
	    sizeof(denied_sources[0]); i++)
		put_rule(&policy, DENY, denied_sources[i]);
	if (listed == NULL || listed->n == 0) {
		put_rule(&policy, DENY, THIS_HOST);
	} else {
		put_rule(&policy, DENY, IMAGES);
		put_rule(&policy, ALLOW, OFFICIAL);
		for (size_t i = 0; i < listed->n; i++)
			allow_registry(&policy, listed->v[i]);
	}
	if (policy.failed ||
	    pb_put_bytes(j->out, 12, buf_span(&policy)) < 0)
		return refuse(j->why, R_INTERNAL, "out of memory");
	return R_NONE;
}

/* A build is on record with its tags before it starts. */
static enum reason
record(struct job *j)
{
	char *tags = j->tags.data, event[32];

	if (j->tags.failed)
		return refuse(j->why, R_TAG, "too many");
	if (j->tags.len > 0) {
		j->tags.data[j->tags.len - 1] = '\0';
		tags++;
	}
	return j->rules->decided(j->rules->arg, "image.build", j->tags.len > 0 ?
	    tags : "", j->why, event, sizeof(event)) == 0 ? R_NONE :
	    refuse(j->why, R_NO_RECORD, " ");
}

static int
job_begin(struct job *j, struct job_export *x, struct buildkit_rules *rules,
    struct buf *out, struct refusal *why)
{
	*x = (struct job_export){ .names = BUF_INIT(64 * 1024) };
	*j = (struct job){ .rules = rules, .out = out, .why = why,
	    .export = x, .tags = BUF_INIT(64 * 1024),
	    .labels = cJSON_CreateObject() };
	if (j->labels == NULL ||
	    cJSON_AddObjectToObject(j->labels, "Labels") == NULL) {
		refuse(why, R_INTERNAL, "out of memory");
		return -1;
	}
	return 0;
}

static void
job_end(struct job *j)
{
	cJSON_Delete(j->labels);
	buf_free(&j->export->names);
	buf_free(&j->tags);
}

enum reason
buildkit_solve(struct buildkit_rules *rules, struct span in, struct buf *out,
    struct refusal *why)
{
	static const struct job_rule fields[] = {
		{ 1, PB_BYTES, false, take_ref },
		{ 2, PB_BYTES, false, take_definition },
		{ 3, PB_BYTES, false, job_export_type },
		{ 4, PB_BYTES, true, job_export_attr },
		{ 5, PB_BYTES, false, NULL },	/* Session */
		{ 6, PB_BYTES, false, take_frontend },
		{ 7, PB_BYTES, true, take_attr },
		{ 8, PB_BYTES, false, job_cache },
		{ 9, PB_BYTES, true, take_entitlement },
		{ 10, PB_BYTES, true, take_input },
		{ 11, PB_VARINT, false, NULL },	/* Internal */
		{ 12, PB_BYTES, true, take_policy },
		{ 13, PB_BYTES, true, job_exporter },
	};
	struct job j;
	struct job_export x;
	enum reason r;

	if (rules->unverified)
		return refuse(why, R_BUILD, BUILDKIT_UNVERIFIED);
	if (job_begin(&j, &x, rules, out, why) < 0) {
		job_end(&j);
		return R_INTERNAL;
	}
	r = JOB_WALK(&j, fields, in);
	if (r == R_NONE)
		r = job_export_done(&j);
	/* some engines do not expect a request without (moby/buildkit 5922) */
	if (r == R_NONE && !j.cache && pb_put_bytes(out, 8, span_of("")) < 0)
		r = refuse(why, R_INTERNAL, "out of memory");
	if (r == R_NONE)
		r = put_attrs(&j, 7);
	if (r == R_NONE)
		r = put_source_policy(&j);
	if (r == R_NONE)
		r = record(&j);
	job_end(&j);
	return r;
}

enum reason
buildkit_bridge_solve(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why)
{
	static const struct job_rule fields[] = {
		/* Final and ExporterAttr, older than Return, are left out,
		 * and caches to import (4, 12) as in Solve */
		{ 1, PB_BYTES, false, take_definition },
		{ 2, PB_BYTES, false, take_frontend },
		{ 3, PB_BYTES, true, take_attr },
		{ 5, PB_VARINT, false, NULL },	/* allowResultReturn */
		{ 6, PB_VARINT, false, NULL },	/* allowResultArrayRef */
		{ 13, PB_BYTES, true, take_input },
		{ 14, PB_VARINT, false, NULL },	/* Evaluate */
		{ 15, PB_BYTES, true, take_policy },
	};
	struct job j;
	struct job_export x;
	enum reason r;

	if (job_begin(&j, &x, rules, out, why) < 0) {
		job_end(&j);
		return R_INTERNAL;
	}
	r = JOB_WALK(&j, fields, in);
	if (r == R_NONE)
		r = put_attrs(&j, 3);
	job_end(&j);
	return r;
}
