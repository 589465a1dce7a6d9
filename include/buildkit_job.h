/*
 * buildkit_job.h - what the files that judge a Solve request share.
 */
#ifndef BUILDKIT_JOB_H
#define BUILDKIT_JOB_H

#include "buildkit.h"
#include "json.h"
#include "protobuf.h"

struct job_export {		/* an exporter being read */
	char type[16];
	struct buf names;	/* each with a NUL behind it */
	bool push;
};

struct job {			/* one request on its way through */
	struct buildkit_rules *rules;
	struct refusal *why;
	struct buf *out;
	bool frontend;		/* has one: takes attributes */
	bool cache;		/* has options of the cache */
	cJSON *labels;		/* { "Labels": … }, the reserved ones given */
	struct job_export *export;
	struct buf tags;	/* of all exporters: ",a,b," or "" */
};

struct job_rule {
	uint32_t number;	/* below 64 */
	enum pb_wire wire;
	bool many;		/* repeated, or a map */
	enum reason (*take)(struct job *, const struct pb_field *);
				/* NULL: copied */
};

enum reason job_walk(struct job *j, const struct job_rule *rules, size_t n,
    struct span message);
#define JOB_WALK(j, rules, message) \
	job_walk(j, rules, sizeof(rules) / sizeof((rules)[0]), message)
enum reason job_malformed(struct job *j);
enum reason job_copy(struct job *j, const struct pb_field *f);

static inline bool
job_prefix(struct span s, const char *prefix)
{
	return s.len >= strlen(prefix) &&
	    memcmp(s.ptr, prefix, strlen(prefix)) == 0;
}

/* buildkit_export.c */
enum reason job_exporter(struct job *j, const struct pb_field *f);
/* The older way: one exporter, its type and attributes fields of the request
 * itself; job_export_done() when all were read. */
enum reason job_export_type(struct job *j, const struct pb_field *f);
enum reason job_export_attr(struct job *j, const struct pb_field *f);
enum reason job_export_done(struct job *j);
enum reason job_cache(struct job *j, const struct pb_field *f);

#endif
