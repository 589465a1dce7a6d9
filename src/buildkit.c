/*
 * buildkit.c - BuildKit's gRPC methods, as one table.  See buildkit.h.
 *
 * Source: moby/buildkit api/services/control, frontend/gateway/pb, and what
 * control.Controller registers on the engine's socket, up to v0.26.
 */
#include <stdio.h>
#include <stdlib.h>

#include "buildkit.h"
#include "protobuf.h"

#define NOTHING "id==ds01-none"	/* a filter that no cache record passes */

/* Fields of a message without much in it, copied but for its ref. */
struct small {
	uint32_t ref;		/* number of the ref's field */
	uint32_t copied[4];	/* numbers of others, 0 ends */
};

/* in without what is not known, its ref with the caller's prefix; ref gets
 * the given one.  Any repeated ref is refused: decoders take the last. */
static enum reason
with_ref(struct buildkit_rules *rules, struct span in, const struct small *m,
    struct buf *out, struct span *ref, struct refusal *why)
{
	struct pb_iter it = pb_iter(in);
	struct buf full cleanup_buf = BUF_INIT(4096);
	struct pb_field f;
	bool seen = false;

	*ref = span_of("");
	while (pb_next(&it, &f)) {
		if (f.number == m->ref && (f.wire != PB_BYTES || seen))
			return refuse(why, R_BUILD, "malformed message");
		if (f.number == m->ref) {
			seen = true;
			*ref = f.bytes;
			continue;
		}
		for (size_t i = 0; i < 4 && m->copied[i] != 0; i++)
			if (m->copied[i] == f.number)
				buf_putspan(out, f.raw);
	}
	if (it.bad)
		return refuse(why, R_BUILD, "malformed message");
	if (buildkit_ref(rules->as, *ref, &full) < 0 ||
	    pb_put_bytes(out, m->ref, buf_span(&full)) < 0)
		return refuse(why, R_BUILD, "ref too long");
	return R_NONE;
}

static enum reason
judge_status(struct buildkit_rules *rules, struct span in, struct buf *out,
    struct refusal *why)
{
	static const struct small status = { .ref = 1 };
	struct span ref;

	return with_ref(rules, in, &status, out, &ref, why);
}

/* Of one's own builds by their refs; a list is answered as an empty one: it
 * would be everybody's. */
static enum reason
judge_history(struct buildkit_rules *rules, struct span in, struct buf *out,
    struct refusal *why)
{
	static const struct small history = { .ref = 2, .copied = { 1, 3 } };
	struct span ref;
	enum reason r = with_ref(rules, in, &history, out, &ref, why);

	if (r == R_NONE && ref.len == 0 && pb_put_varint(out, 3, 1) < 0)
		r = refuse(why, R_INTERNAL, "out of memory");
	return r;
}

static enum reason
judge_history_update(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why)
{
	static const struct small update = { .ref = 1, .copied = { 2, 3 } };
	struct span ref;
	enum reason r = with_ref(rules, in, &update, out, &ref, why);

	if (r == R_NONE && ref.len == 0)
		r = refuse(why, R_BUILD, "history without a ref");
	return r;
}

/* The cache has no owners: for a user it is empty, and clearing it clears
 * nothing. */
static enum reason
judge_cache(struct buildkit_rules *rules, struct span in, struct buf *out,
    struct refusal *why)
{
	(void)rules;
	(void)in;
	return pb_put_bytes(out, 1, span_of(NOTHING)) < 0 ?
	    refuse(why, R_INTERNAL, "out of memory") : R_NONE;
}

#define CONTROL "/moby.buildkit.v1.Control/"
#define BRIDGE "/moby.buildkit.v1.frontend.LLBBridge/"
#define CONTENT "/containerd.services.content.v1.Content/"
#define HEALTH "/grpc.health.v1.Health/"

/* Refs keep what is allowed here to one's own builds. */
static const struct buildkit_method methods[] = {
	{ CONTROL "Solve", BUILDKIT_JUDGE, "image.build", "", buildkit_solve },
	{ CONTROL "Status", BUILDKIT_JUDGE, "build.status", "", judge_status },
	{ CONTROL "ListenBuildHistory", BUILDKIT_JUDGE, "build.history", "",
	    judge_history },
	{ CONTROL "UpdateBuildHistory", BUILDKIT_JUDGE, "build.history", "",
	    judge_history_update },
	{ CONTROL "DiskUsage", BUILDKIT_JUDGE, "build.cache", "",
	    judge_cache },
	{ CONTROL "Prune", BUILDKIT_JUDGE, "build.prune", "", judge_cache },
	{ CONTROL "ListWorkers", BUILDKIT_JUDGE, "build.info", "",
	    buildkit_nothing },
	{ CONTROL "Info", BUILDKIT_JUDGE, "build.info", "", buildkit_nothing },
	/* dockerd is the client inside, as on POST /session */
	{ CONTROL "Session", BUILDKIT_ALLOW, "build.session", "", NULL },

	{ BRIDGE "Solve", BUILDKIT_JUDGE, "build.solve", "",
	    buildkit_bridge_solve },
	{ BRIDGE "ResolveSourceMeta", BUILDKIT_JUDGE, "build.source", "",
	    buildkit_source_meta },
	{ BRIDGE "ResolveImageConfig", BUILDKIT_JUDGE, "build.image", "",
	    buildkit_image_config },
	{ BRIDGE "Ping", BUILDKIT_JUDGE, "build.info", "", buildkit_nothing },
	{ BRIDGE "Inputs", BUILDKIT_JUDGE, "build.info", "",
	    buildkit_nothing },
	{ BRIDGE "ReadFile", BUILDKIT_JUDGE, "build.read", "",
	    buildkit_read_file },
	{ BRIDGE "ReadDir", BUILDKIT_JUDGE, "build.read", "",
	    buildkit_read_dir },
	{ BRIDGE "StatFile", BUILDKIT_JUDGE, "build.read", "",
	    buildkit_read_dir },
	{ BRIDGE "Evaluate", BUILDKIT_JUDGE, "build.solve", "",
	    buildkit_evaluate },
	{ BRIDGE "Return", BUILDKIT_JUDGE, "build.solve", "",
	    buildkit_return },
	{ BRIDGE "Warn", BUILDKIT_JUDGE, "build.solve", "", buildkit_warn },
	/* CVE-2024-23653: older engines check no entitlement here */
	{ BRIDGE "NewContainer", BUILDKIT_DENY, "build.container",
	    "containers of a running build", NULL },
	{ BRIDGE "ReleaseContainer", BUILDKIT_DENY, "build.container",
	    "containers of a running build", NULL },
	{ BRIDGE "ExecProcess", BUILDKIT_DENY, "build.container",
	    "containers of a running build", NULL },

	/* by digest only: buildx reads a build's provenance so */
	{ CONTENT "Info", BUILDKIT_JUDGE, "build.read", "", buildkit_content },
	{ CONTENT "Read", BUILDKIT_JUDGE, "build.read", "", buildkit_content },
	{ CONTENT "List", BUILDKIT_DENY, "build.content",
	    "everybody's content", NULL },

	/* Goes up without its spans: BuildKit reads one that lacks a part
	 * as if it were there, and nobody of ours collects them. */
	{ "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
	    BUILDKIT_JUDGE, "build.trace", "", buildkit_nothing },
	{ HEALTH "Check", BUILDKIT_JUDGE, "build.info", "", buildkit_nothing },
	{ HEALTH "Watch", BUILDKIT_JUDGE, "build.info", "", buildkit_nothing },
};
#define N_METHODS (sizeof(methods) / sizeof(methods[0]))

const struct buildkit_method *
buildkit_methods(size_t *n)
{
	*n = N_METHODS;
	return methods;
}

/* --- headers -------------------------------------------------------------------- */

/* What BuildKit finds again the files of an earlier build by: whoever says
 * the same, or nothing as others do, would be taken for the same. */
#define SHARED_KEY "x-docker-expose-session-sharedkey"

enum pass { PASS_AS_IS, PASS_REF, PASS_KEY };
static const struct header {
	const char *name;
	enum pass pass;
	bool prefix;
} headers[] = {
	{ "buildkit-controlapi-buildid", PASS_REF, false },
	{ SHARED_KEY, PASS_KEY, false },
	{ "x-docker-expose-session-", PASS_AS_IS, true },
	{ "user-agent", PASS_AS_IS, false },
	{ "grpc-timeout", PASS_AS_IS, false },
	{ "grpc-encoding", PASS_AS_IS, false },
	{ "grpc-accept-encoding", PASS_AS_IS, false },
	{ "grpc-trace-bin", PASS_AS_IS, false },
	{ "traceparent", PASS_AS_IS, false },
	{ "tracestate", PASS_AS_IS, false },
	{ "baggage", PASS_AS_IS, false },
	{ "uber-trace-id", PASS_AS_IS, false },
};

static const struct header *
header_row(struct span name)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		size_t n = strlen(headers[i].name);

		if (headers[i].prefix ? name.len > n &&
		    memcmp(name.ptr, headers[i].name, n) == 0 :
		    span_eq(name, headers[i].name))
			return &headers[i];
	}
	return NULL;
}

static bool
pass_header(void *arg, struct span name, struct span value, struct buf *out)
{
	const struct header *h = header_row(name);

	if (h == NULL)
		return false;
	if (h->pass == PASS_AS_IS)
		return buf_putspan(out, value) == 0;
	return buildkit_ref(((const struct buildkit_rules *)arg)->as, value,
	    out) == 0;
}

int
buildkit_ref(const struct caller *as, struct span ref, struct buf *out)
{
	char prefix[32];
	size_t n;

	/* letters and digits only: a ref becomes part of other names */
	n = (size_t)snprintf(prefix, sizeof(prefix), "u%lux",
	    (unsigned long)as->uid);
	/* records of history name it as dockerd knows it */
	if (ref.len < n || memcmp(ref.ptr, prefix, n) != 0)
		buf_puts(out, prefix);
	return buf_putspan(out, ref);
}

void
buildkit_space(const struct buildkit_rules *rules, char out[24])
{
	snprintf(out, 24, "u%lu/", (unsigned long)rules->as->uid);
}

void
buildkit_host(const struct buildkit_rules *rules, char out[32])
{
	snprintf(out, 32, "ds01-u%lu", (unsigned long)rules->as->uid);
}

/* --- the judge ------------------------------------------------------------------ */

/* Tells whoever keeps records, and writes what the user gets to read. */
static enum h2_verdict
refused(struct buildkit_rules *rules, const char *op,
    const struct refusal *why, char text[H2_WHY_MAX])
{
	char event[32] = "", words[REFUSAL_TEXT_MAX];

	(void)rules->decided(rules->arg, op, "", why, event, sizeof(event));
	refusal_text(why, words, sizeof(words));
	if (event[0] != '\0')
		snprintf(text, H2_WHY_MAX, "%s [ds01:%s]", words, event);
	else
		snprintf(text, H2_WHY_MAX, "%s", words);
	return H2_REFUSE;
}

static enum h2_verdict
open_method(void *arg, const char *path, int *row, char text[H2_WHY_MAX])
{
	struct refusal why = { .why = R_NONE };

	for (size_t i = 0; i < N_METHODS; i++) {
		if (strcmp(methods[i].path, path) != 0)
			continue;
		*row = (int)i;
		if (methods[i].access == BUILDKIT_DENY) {
			refuse(&why, R_BUILD, "%s", methods[i].why);
			return refused(arg, methods[i].op, &why, text);
		}
		return methods[i].access == BUILDKIT_ALLOW ? H2_PASS :
		    H2_JUDGE;
	}
	refuse(&why, R_BUILD, "method %s", path);
	return refused(arg, "build.unknown", &why, text);
}

static enum h2_verdict
judge_message(void *arg, int row, struct span body, struct buf *out,
    char text[H2_WHY_MAX])
{
	struct buildkit_rules *rules = arg;
	const struct buildkit_method *m = &methods[row];
	struct buf message cleanup_buf = BUF_INIT(2 * H2_HOLD_MAX);
	struct refusal why = { .why = R_NONE };
	const unsigned char *b = (const unsigned char *)body.ptr;
	unsigned char prefix[5] = { 0 };

	/* exactly one message, not compressed */
	if (body.len < 5 || b[0] != 0 || body.len - 5 !=
	    ((size_t)b[1] << 24 | (size_t)b[2] << 16 | (size_t)b[3] << 8 |
	    b[4]))
		refuse(&why, R_BUILD, "malformed or compressed message");
	else
		(void)m->judge(rules, (struct span){ body.ptr + 5,
		    body.len - 5 }, &message, &why);
	if (why.why == R_NONE && message.failed)
		refuse(&why, R_INTERNAL, "out of memory");
	if (why.why != R_NONE)
		return refused(rules, m->op, &why, text);
	for (int i = 0; i < 4; i++)
		prefix[1 + i] = (unsigned char)(message.len >> (24 - 8 * i));
	buf_add(out, prefix, sizeof(prefix));
	buf_putspan(out, buf_span(&message));
	return H2_PASS;
}

const struct h2_judge buildkit_judge = {
	.open = open_method,
	.header = pass_header,
	.always = SHARED_KEY,
	.message = judge_message,
};
