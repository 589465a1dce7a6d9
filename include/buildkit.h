/*
 * buildkit.h - what a user may ask of dockerd's BuildKit over POST /grpc.
 *
 * dockerd serves BuildKit's whole control API there: every user's cache,
 * history and running builds.  Each method is a row of one table; Solve and
 * a few others are judged by their message, which is written afresh from the
 * fields that this program knows.  What is rewritten:
 *  - refs (of builds, their logs and history) get a prefix of the uid, so
 *    that nobody reaches another user's by whatever way he learnt it;
 *  - ds01.user is set, reserved labels are neutralised as labels_image()
 *    does;
 *  - cache mounts get a name space of the uid;
 *  - build steps get a host name of the uid, and with it cached results of
 *    their own; caches from elsewhere are not imported, since BuildKit would
 *    keep them, whatever they hold, in the cache that everybody builds from;
 *  - the Dockerfile frontend is the built-in one: "# syntax=" is ignored,
 *    since a custom frontend speaks to BuildKit behind the gate's back;
 *  - dockerd fetches no git repository, and no URL of this host's own;
 *  - build graphs hold only what is there (buildkit_llb.c), and the calls of
 *    a running build have the parts that BuildKit takes for granted: it runs
 *    inside of dockerd, and a nil pointer in it ends everybody's containers.
 * POST /session needs none of this: there the user is the HTTP/2 server and
 * dockerd asks for files of the build that the user started.
 *
 * What is not contained: build steps count against no limit of the user's;
 * what is copied is cached for all (by the content that goes in); a client that
 * returns an image config of its own gives the image what labels it likes,
 * so an image's owner label proves nothing; a host name that resolves to
 * this host is fetched; what a Dockerfile makes BuildKit do is not looked at.
 */
#ifndef BUILDKIT_H
#define BUILDKIT_H

#include "h2.h"
#include "identity.h"
#include "reason.h"

#define BUILDKIT_UNVERIFIED "BuildKit does not verify layers in the engine's " \
	"image store (containerd's): use DOCKER_BUILDKIT=0"

enum buildkit_image {
	BUILDKIT_TAG,		/* the result gets this tag */
	BUILDKIT_PUSH,		/* the result is pushed there */
	BUILDKIT_CACHE		/* build cache is pushed there */
};

struct strings;
struct buildkit_rules {
	const struct caller *as;
	bool host_network;	/* may RUN steps join the host's network? */
	const struct strings *registries;	/* policy.*.registries; none:
				 * any but this host's */
	bool unverified;	/* layers are not: nothing is built, and the
				 * user is told so (BUILDKIT_UNVERIFIED) */
	bool graphs;		/* may clients send graphs, and name images as
				 * contexts?  Some end the engine (file_op of
				 * an image without layers) */
	/* R_NONE, or a refusal.  ref is [A-Za-z0-9._/:-]+ as written. */
	enum reason (*image)(void *arg, enum buildkit_image kind,
	    const char *ref, struct refusal *why);
	/* Told before anything is done: every refusal, and each build that
	 * starts (why->why R_NONE; image: its tags or "").  event gets the
	 * id for the user, or "".  -1: not recorded, so it must not be. */
	int (*decided)(void *arg, const char *op, const char *image,
	    const struct refusal *why, char *event, size_t cap);
	void *arg;
};

/* For h2_relay(); its arg is a struct buildkit_rules. */
extern const struct h2_judge buildkit_judge;

enum buildkit_access { BUILDKIT_ALLOW, BUILDKIT_JUDGE, BUILDKIT_DENY };
struct buildkit_method {
	const char *path;
	enum buildkit_access access;
	const char *op;		/* for records */
	const char *why;	/* denied: what the user is told */
	/* judged: message without gRPC's prefix */
	enum reason (*judge)(struct buildkit_rules *rules, struct span in,
	    struct buf *out, struct refusal *why);
};
const struct buildkit_method *buildkit_methods(size_t *n);

/* A ref as dockerd gets it: with the caller's prefix, if it has it not. */
int buildkit_ref(const struct caller *as, struct span ref, struct buf *out);

/* buildkit_relay.c: the upgraded connection of an ordinary user; in: bytes
 * read ahead from dockerd. */
struct request;
int buildkit_relay(struct request *r, int engine, struct buf *in);

/* --- between the buildkit files ------------------------------------------- */

enum reason buildkit_solve(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why);	/* Control.Solve */
enum reason buildkit_bridge_solve(struct buildkit_rules *rules,
    struct span in, struct buf *out, struct refusal *why);
/* pb.Definition: its operations are judged, not rewritten (they name each
 * other by digest); what is said about them goes to out as well. */
enum reason buildkit_llb(struct buildkit_rules *rules, struct span def,
    struct buf *out, struct refusal *why);
/* pb.SourceOp, pb.Platform: judged, and copied as they are. */
enum reason buildkit_source(struct span source, struct refusal *why);
enum reason buildkit_platform(struct span platform, struct refusal *why);
/* The other calls of a running build, one for each row of the table. */
enum reason buildkit_nothing(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why);
enum reason buildkit_return(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why);
enum reason buildkit_image_config(struct buildkit_rules *rules,
    struct span in, struct buf *out, struct refusal *why);
enum reason buildkit_source_meta(struct buildkit_rules *rules,
    struct span in, struct buf *out, struct refusal *why);
enum reason buildkit_read_file(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why);
enum reason buildkit_read_dir(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why);
enum reason buildkit_evaluate(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why);
enum reason buildkit_warn(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why);
enum reason buildkit_content(struct buildkit_rules *rules, struct span in,
    struct buf *out, struct refusal *why);
/* What a URL in a context or a source means: fetched by dockerd? */
bool buildkit_remote(struct span url);
/* "u1000/", in front of the names of cache mounts. */
void buildkit_space(const struct buildkit_rules *rules, char out[24]);
/* "ds01-u1000", the host name of build steps.  It is part of the key under
 * which BuildKit caches a step; what the step may have read besides (a proxy,
 * a secret, an agent, whatever the network answered) is not. */
void buildkit_host(const struct buildkit_rules *rules, char out[32]);

#endif
