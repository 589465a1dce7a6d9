/*
 * schema.h - closed JSON schemas of the request bodies, as tables.
 *
 * Each field of each body is one row: name (byte for byte), type, verdict
 * for an ordinary user, the reason it is refused with, the limit that
 * applies and one line for the man page.  Code, tests and man page walk the
 * same rows (moby api/types/..., reference api.md section b).
 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include "json.h"

enum ftype {
	F_BOOL, F_INT, F_STRING,
	F_STRINGS,		/* array of strings (or null) */
	F_WORDS,		/* a string or an array; made an array */
	F_MAP_STRING,		/* object of strings */
	F_MAP_EMPTY,		/* object of {} */
	F_INTS,			/* array of integers */
	F_OBJECT, F_ARRAY, F_MAP, F_MAP_ARRAY,	/* of .sub */
	F_MATRIX		/* array of arrays of strings */
};

enum verdict {
	V_ALLOW,
	V_IF,		/* .judge decides */
	V_REWRITE,	/* .judge decides and replaces the value */
	V_DENY,		/* only its empty value; else .why */
	V_DROP		/* accepted and left out */
};

struct policy_env;
struct field;
/* Judges one value in place (may replace or detach it in parent). */
typedef enum reason judge_fn(struct policy_env *env, const struct field *f,
    cJSON *parent, cJSON *value, struct refusal *why);

struct field {
	const char *name;
	enum ftype type;
	enum verdict verdict;
	enum reason why;
	judge_fn *judge;
	const struct schema *sub;
	const char *config_key;	/* what an admin may change, or NULL */
	const char *doc;	/* what is accepted, one line */
};

struct schema {
	const char *name;	/* "create.HostConfig" */
	const struct field *fields;	/* ends with .name NULL */
};

extern const struct schema schema_create, schema_exec, schema_exec_start,
    schema_update, schema_volume, schema_network, schema_connect,
    schema_disconnect, schema_commit, schema_auth;
/* All of them, for tests and the man page; ends with NULL. */
extern const struct schema *const schemas[];

/* Every member must be a row with the right type; others are refused
 * (R_UNKNOWN_FIELD with the path), or kept as they are with keep_unknown, but
 * for names that Go would read as a row's ("privileged").
 * null is accepted for every type.  Top-level HostConfig fields (read by
 * engines <= 26.1) are no rows of create, hence refused.  What SDKs add
 * beside the API's own fields (dockerode's "name", docker-py's "Container")
 * is a row that is dropped.  Not changed but: F_WORDS strings become lists,
 * null in F_MAP_EMPTY becomes {}. */
enum reason schema_decode(const struct schema *s, cJSON *tree,
    bool keep_unknown, struct refusal *why);

/* The row of that name, byte for byte, or NULL. */
const struct field *schema_field(const struct schema *s, const char *name);

/* An empty value: null, false, 0, "", [], {}. */
bool schema_is_empty(const cJSON *v);

#endif
