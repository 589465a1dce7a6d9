/*
 * json.h - JSON from strangers, and JSON to be passed on unchanged.
 *
 * Two uses.  Requests: json_check() proves that a text can be read in one
 * way only, json_parse() then gives a cJSON tree; json_write() prints it
 * with exact integers.  Answers of the engine: json_get()/json_next() walk
 * the raw text, so that elements can be dropped and the rest is passed on
 * byte for byte.
 * The one room that includes cJSON.h for parsing; others see trees only.
 */
#ifndef JSON_H
#define JSON_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "buf.h"
#include "reason.h"

#define JSON_BODY_MAX (4 * 1024 * 1024)	/* bytes of a request body */
#define JSON_DEPTH_MAX 32
#define JSON_VALUES_MAX 100000	/* a tree has some 80 bytes for each */
#define JSON_INT_MAX ((int64_t)1 << 53)	/* exact in cJSON's doubles */

/* One value and nothing behind it; valid UTF-8; no control bytes; no
 * \u0000 and no lone surrogate; no depth above JSON_DEPTH_MAX; no more than
 * JSON_VALUES_MAX values; no object with two equal keys (compared after
 * unescaping); numbers in Go's form, integers within +-JSON_INT_MAX.  Escaped
 * or non-ASCII keys pass here: map keys may have them, a closed schema refuses
 * the non-ASCII ones; but a key with an escaped letter or digit, which no
 * encoder writes, is refused here (R_UNKNOWN_FIELD): field names have nothing
 * else, and the tree would not show it.  R_NONE, R_BAD_JSON, R_UNKNOWN_FIELD
 * or R_BODY_TOO_LARGE. */
enum reason json_check(struct span text, struct refusal *why);

/* json_check() and cJSON_ParseWithLength.  NULL with why set on refusal.
 * The caller owns the tree: cJSON_Delete(). */
cJSON *json_parse(struct span text, struct refusal *why);

/* Prints a tree: compact, integers as integers, other numbers as %.17g. */
int json_write(struct buf *out, const cJSON *tree);
/* A quoted, escaped string. */
int json_quote(struct buf *out, struct span s);
int json_quotes(struct buf *out, const char *s);

/* --- raw walking of text that json_check() would pass, or dockerd wrote --- */

/* Span of the value of key in object (exact key bytes), .ptr NULL if absent
 * or obj is no object. */
struct span json_get(struct span obj, const char *key);
/* json_get() along "A.B.C" is json_path(obj, "A", "B", "C", NULL). */
struct span json_path(struct span obj, ...) __attribute__((sentinel));

/* Iterates an array or object: start with *it = the container's span.
 * False at the end (or on nonsense).  key may be NULL; for objects it gets
 * the raw key without quotes. */
struct json_iter { struct span rest; bool started; };
bool json_next(struct json_iter *it, struct span *key, struct span *value);
struct json_iter json_iter(struct span container);

/* Unescapes a JSON string value.  False if v is no string, does not fit,
 * or holds \u0000. */
bool json_string(struct span v, char *out, size_t cap);
bool json_is(struct span v, const char *literal);	/* true, null, 0 … */
bool json_int(struct span v, int64_t *out);
bool json_empty(struct span v);	/* absent, null, "", 0, false, [], {} */

/* Copies obj to out with the value of key replaced (raw JSON); the key is
 * appended when absent. */
int json_replace(struct buf *out, struct span obj, const char *key,
    struct span value);

#endif
