/*
 * buildkit_llb.c - build graphs that a client wrote itself.
 *
 * Guarantees that a graph is one: operations that are named by their digests,
 * each with inputs that stand before it and with outputs that are there, and
 * one last entry that points at the result.  What an operation may hold is
 * in buildkit_ops.c.  Operations go up as they are, since their digests name
 * them; of what is said about them only what is known here does.
 * Source: moby/buildkit solver/pb/ops.proto.
 */
#include <stdlib.h>

#include "buildkit_llb.h"

#define NODES_MAX 2048		/* operations in a graph */
#define INPUTS_MAX 16384	/* of all of them */
#define NAME_MAX_BYTES 65536	/* merges are named by what they merge: */
#define PATHS_MAX (1u << 20)	/* both may double with every operation */

/* --- walking ------------------------------------------------------------------------- */

enum reason
llb_bad(struct llb *l, const char *what)
{
	return refuse(l->why, R_BUILD, "malformed %s", what);
}

static bool
within(const struct llb_field *row, const struct pb_field *f)
{
	int64_t v = f->wire == PB_BYTES ? (int64_t)f->bytes.len :
	    (int64_t)f->value;

	return v >= row->low && v <= row->high;
}

static const struct llb_field *
find_row(const struct llb_field *rows, size_t n, const struct pb_field *f)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].number == f->number && rows[i].wire == f->wire)
			return &rows[i];
	return NULL;
}

enum reason
llb_walk_some(struct llb *l, const char *what, const struct llb_field *rows,
    size_t n, struct span message, size_t some)
{
	struct pb_iter it = pb_iter(message);
	uint32_t seen = 0;
	size_t fields = 0;
	struct pb_field f;
	enum reason r;

	while (pb_next(&it, &f)) {
		const struct llb_field *row = find_row(rows, n, &f);
		uint32_t bit = row != NULL ? (uint32_t)1 << (row - rows) : 0;

		if (row == NULL)
			return refuse(l->why, R_BUILD, "field %u of %s",
			    f.number, what);
		if ((row->many != MANY && (seen & bit)) || !within(row, &f))
			return llb_bad(l, what);
		seen |= bit;
		fields++;
		if (row->judge != NULL && (r = row->judge(l, &f)) != R_NONE)
			return r;
	}
	for (size_t i = 0; i < n; i++)
		if (rows[i].many == NEED && !(seen >> i & 1))
			return llb_bad(l, what);
	return it.bad || fields < some ? llb_bad(l, what) : R_NONE;
}

enum reason
llb_walk(struct llb *l, const char *what, const struct llb_field *rows,
    size_t n, struct span message)
{
	return llb_walk_some(l, what, rows, n, message, 0);
}

int64_t
llb_number(struct span message, uint32_t number)
{
	struct pb_iter it = pb_iter(message);
	int64_t v = 0;
	struct pb_field f;

	while (pb_next(&it, &f))
		if (f.number == number && f.wire == PB_VARINT)
			v = (int64_t)f.value;
	return v;
}

bool
llb_has(struct span message, uint32_t number)
{
	struct pb_iter it = pb_iter(message);
	struct pb_field f;

	while (pb_next(&it, &f))
		if (f.number == number)
			return true;
	return false;
}

/* --- inputs ---------------------------------------------------------------------------- */

#define DIGEST "sha256:"
#define DIGEST_LEN (sizeof(DIGEST) - 1 + 2 * SHA256_BYTES)

static bool
read_digest(struct span s, unsigned char out[SHA256_BYTES])
{
	static const char hex[] = "0123456789abcdef";

	if (s.len != DIGEST_LEN || memcmp(s.ptr, DIGEST, sizeof(DIGEST) - 1))
		return false;
	s.ptr += sizeof(DIGEST) - 1;
	for (int i = 0; i < SHA256_BYTES; i++) {
		const char *a = memchr(hex, s.ptr[2 * i], 16);
		const char *b = memchr(hex, s.ptr[2 * i + 1], 16);

		if (a == NULL || b == NULL)
			return false;
		out[i] = (unsigned char)((a - hex) << 4 | (b - hex));
	}
	return true;
}

static const struct llb_node *
find_node(const struct llb *l, const unsigned char digest[SHA256_BYTES])
{
	for (size_t i = l->n_nodes; i > 0; i--)
		if (memcmp(l->node[i - 1].digest, digest, SHA256_BYTES) == 0)
			return &l->node[i - 1];
	return NULL;
}

static enum reason
on_input_digest(struct llb *l, const struct pb_field *f)
{
	unsigned char digest[SHA256_BYTES];

	if (!read_digest(f->bytes, digest))
		return llb_bad(l, "input");
	l->input_node = find_node(l, digest);
	return l->input_node != NULL ? R_NONE :
	    refuse(l->why, R_BUILD, "input %.*s is no operation before it",
	    (int)f->bytes.len, f->bytes.ptr);
}

static enum reason
on_input(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, NEED, DIGEST_LEN, DIGEST_LEN, on_input_digest },
		LLB_INT(2, 0, UINT32_MAX),
	};
	enum reason r = LLB_WALK(l, "input", rows, f->bytes);

	if (r != R_NONE)
		return r;
	if (llb_number(f->bytes, 2) >= l->input_node->outputs)
		return llb_bad(l, "input");
	if (++l->total_inputs > INPUTS_MAX)
		return refuse(l->why, R_BUILD, "more than %d inputs",
		    INPUTS_MAX);
	l->n_inputs++;
	l->input_names += l->input_node->name;
	l->input_paths += l->input_node->paths;
	return R_NONE;
}

/* --- operations ------------------------------------------------------------------------- */

static const struct llb_field op_fields[] = {
	{ 1, PB_BYTES, MANY, 0, 256, NULL },	/* read before the others */
	{ 2, PB_BYTES, ONE, 0, LLB_LONG, llb_exec },
	{ 3, PB_BYTES, ONE, 0, LLB_LONG, llb_source },
	{ 4, PB_BYTES, ONE, 0, LLB_LONG, llb_file },
	{ 5, PB_BYTES, ONE, 0, LLB_LONG, llb_refused },
	{ 6, PB_BYTES, ONE, 0, LLB_LONG, llb_merge },
	{ 7, PB_BYTES, ONE, 0, LLB_LONG, llb_refused },
	{ 10, PB_BYTES, ONE, 0, 4096, llb_platform },
	{ 11, PB_BYTES, ONE, 0, 0, NULL },	/* constraints: of workers */
};

/* How many of the fields that say what an operation is. */
static size_t
kinds(struct span op)
{
	struct pb_iter it = pb_iter(op);
	struct pb_field f;
	size_t n = 0;

	while (pb_next(&it, &f))
		n += f.number >= 2 && f.number <= 9;
	return n;
}

static enum reason
read_inputs(struct llb *l, struct span op)
{
	struct pb_iter it = pb_iter(op);
	struct pb_field f;
	enum reason r;

	l->n_inputs = 0;
	l->input_names = l->input_paths = 0;
	while (pb_next(&it, &f))
		if (f.number == 1 && f.wire == PB_BYTES &&
		    (r = on_input(l, &f)) != R_NONE)
			return r;
	return R_NONE;
}

static enum reason
on_op(struct llb *l, const struct pb_field *f)
{
	size_t kind = kinds(f->bytes);
	struct llb_node *now = &l->node[l->n_nodes];
	enum reason r;

	if (l->n_nodes == NODES_MAX)
		return refuse(l->why, R_BUILD, "more than %d operations",
		    NODES_MAX);
	*now = (struct llb_node){ .name = f->bytes.len };
	sha256(f->bytes, now->digest);
	/* what has no kind is the last one, which names the result */
	if (kind > 1 || find_node(l, now->digest) != NULL ||
	    (l->n_nodes > 0 && now[-1].outputs == 0))
		return llb_bad(l, "operation");
	l->now = now;
	if ((r = read_inputs(l, f->bytes)) != R_NONE ||
	    (r = LLB_WALK(l, "operation", op_fields, f->bytes)) != R_NONE)
		return r;
	if (kind == 0 && l->n_inputs != 1)
		return llb_bad(l, "operation");
	if (llb_has(f->bytes, 6))
		now->name = l->input_names;
	now->paths = l->input_paths > 0 ? l->input_paths : 1;
	if (now->name > NAME_MAX_BYTES || now->paths > PATHS_MAX)
		return refuse(l->why, R_BUILD, "a graph that is too wide");
	l->n_nodes++;
	return R_NONE;
}

/* --- what is said about operations -------------------------------------------------------- */

static enum reason
on_entry(struct llb *l, const struct pb_field *f)
{
	struct span key, value;

	return pb_entry(f->bytes, &key, &value) ? R_NONE :
	    llb_bad(l, "metadata");
}

static enum reason
on_cap(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		LLB_STRING(1), LLB_BOOL(2),
	};

	return LLB_WALK(l, "capability", rows, f->bytes);
}

static enum reason
on_export_cache(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = { LLB_BOOL(1) };

	return LLB_WALK(l, "metadata", rows, f->bytes);
}

static enum reason
on_group(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		LLB_STRING(1), LLB_STRING(2), LLB_BOOL(3),
	};

	return LLB_WALK(l, "metadata", rows, f->bytes);
}

static enum reason
on_said(struct llb *l, const struct pb_field *f)
{
	static const struct llb_field rows[] = {
		LLB_BOOL(1),
		{ 2, PB_BYTES, MANY, 0, NAME_MAX_BYTES, on_entry },
		{ 4, PB_BYTES, ONE, 0, 16, on_export_cache },
		{ 5, PB_BYTES, MANY, 0, 4096, on_cap },
		{ 6, PB_BYTES, ONE, 0, 16384, on_group },
	};

	return LLB_WALK(l, "metadata", rows, f->bytes);
}

static enum reason
on_metadata(struct llb *l, const struct pb_field *f)
{
	/* a map's entry without a value is nothing in Go, and not looked for */
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, NEED, DIGEST_LEN, DIGEST_LEN, NULL },
		{ 2, PB_BYTES, NEED, 0, LLB_LONG, on_said },
	};

	return LLB_WALK(l, "metadata", rows, f->bytes);
}

/* --- the graph ---------------------------------------------------------------------------- */

/* Field 3, where in a Dockerfile operations come from, serves messages only
 * and is a graph of its own: it is left out. */
static enum reason
write_definition(struct llb *l, struct span def, struct buf *out)
{
	struct pb_iter it = pb_iter(def);
	struct pb_field f;

	while (pb_next(&it, &f))
		if (f.number != 3)
			buf_putspan(out, f.raw);
	return out->failed ? refuse(l->why, R_INTERNAL, "out of memory") :
	    R_NONE;
}

enum reason
buildkit_llb(struct buildkit_rules *rules, struct span def, struct buf *out,
    struct refusal *why)
{
	static const struct llb_field rows[] = {
		{ 1, PB_BYTES, MANY, 0, LLB_LONG, on_op },
		{ 2, PB_BYTES, MANY, 0, LLB_LONG, on_metadata },
		{ 3, PB_BYTES, MANY, 0, LLB_LONG, NULL },
	};
	struct llb l = { .rules = rules, .why = why };
	enum reason r;

	buildkit_space(rules, l.space);
	buildkit_host(rules, l.host);
	l.node = calloc(NODES_MAX, sizeof(*l.node));
	if (l.node == NULL)
		return refuse(why, R_INTERNAL, "out of memory");
	r = LLB_WALK(&l, "definition", rows, def);
	/* nothing at all is a result too: that of FROM scratch */
	if (r == R_NONE && l.n_nodes > 0 &&
	    (l.n_nodes == 1 || l.node[l.n_nodes - 1].outputs != 0))
		r = llb_bad(&l, "definition");
	if (r == R_NONE)
		r = write_definition(&l, def, out);
	free(l.node);
	return r;
}
