/*
 * buildkit_llb.h - what the files that judge a build graph share.
 *
 * A message is walked by a table of its fields.  The tables are closed: what
 * is no row is refused, what a row needs must be there, what is not a list
 * stands there once, and a number or a length is within the row's bounds.
 * dockerd's BuildKit looks at none of this, and one index out of range in a
 * graph ends dockerd with everybody's containers.
 */
#ifndef BUILDKIT_LLB_H
#define BUILDKIT_LLB_H

#include "buildkit.h"
#include "protobuf.h"
#include "sha256.h"

struct llb_node {		/* an operation that was judged */
	unsigned char digest[SHA256_BYTES];
	uint32_t outputs;
	uint64_t name;		/* bytes of the name BuildKit makes for it */
	uint64_t paths;		/* ways down to a source */
};

struct llb {
	struct buildkit_rules *rules;
	struct refusal *why;
	char space[24];		/* of cache mounts */
	char host[32];		/* name of each step's */
	struct llb_node *node;
	size_t n_nodes;
	struct llb_node *now;	/* the operation that is being judged */
	size_t n_inputs;	/* of it, so far */
	size_t total_inputs;	/* of all of them */
	const struct llb_node *input_node;
	size_t n_items;		/* its mounts, actions or inputs of a merge */
	uint64_t input_names, input_paths;
};

enum llb_many { ONE, NEED, MANY };
struct llb_field {
	uint32_t number;
	enum pb_wire wire;
	enum llb_many many;
	int64_t low, high;	/* PB_VARINT: its value; PB_BYTES: its length */
	enum reason (*judge)(struct llb *l, const struct pb_field *f);
				/* NULL: any within the bounds */
};

enum reason llb_walk(struct llb *l, const char *what,
    const struct llb_field *rows, size_t n, struct span message);
#define LLB_WALK(l, what, rows, message) \
	llb_walk(l, what, rows, sizeof(rows) / sizeof((rows)[0]), message)
/* Same, and at least this many of the rows' fields are there. */
enum reason llb_walk_some(struct llb *l, const char *what,
    const struct llb_field *rows, size_t n, struct span message, size_t some);

/* Rows of usual kinds. */
#define LLB_LONG	((int64_t)H2_HOLD_MAX)
#define LLB_STRING(n)	{ n, PB_BYTES, ONE, 0, 4096, NULL }
#define LLB_STRINGS(n)	{ n, PB_BYTES, MANY, 0, LLB_LONG, NULL }
#define LLB_BOOL(n)	{ n, PB_VARINT, ONE, 0, 1, NULL }
#define LLB_INT(n, low, high)	{ n, PB_VARINT, ONE, low, high, NULL }

/* The value of a number's field, or what stands for it when it is absent. */
int64_t llb_number(struct span message, uint32_t number);
bool llb_has(struct span message, uint32_t number);
enum reason llb_bad(struct llb *l, const char *what);

/* buildkit_ops.c: an Op's parts; inputs were read before. */
enum reason llb_exec(struct llb *l, const struct pb_field *f);
enum reason llb_source(struct llb *l, const struct pb_field *f);
enum reason llb_file(struct llb *l, const struct pb_field *f);
enum reason llb_merge(struct llb *l, const struct pb_field *f);
enum reason llb_refused(struct llb *l, const struct pb_field *f);
enum reason llb_platform(struct llb *l, const struct pb_field *f);

#endif
