/*
 * schema.c - nothing passes that is no row of a schema.
 *
 * Go matches keys ignoring case and with Unicode folding, and ignores what
 * it does not know; so a name is compared byte for byte here and a member
 * without a row is refused.  The tree that is left holds only what the
 * policy has seen.  Administrators may send members without a row, but none
 * that Go would take for one: it would be on no record.
 */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "schema.h"

const struct schema *const schemas[] = {
	&schema_create, &schema_exec, &schema_exec_start, &schema_update,
	&schema_volume, &schema_network, &schema_connect, &schema_disconnect,
	&schema_commit, &schema_auth, NULL
};

struct path {		/* "HostConfig.Mounts[2].Type", cut to fit */
	char text[160];
	size_t len;
};

struct decode {
	struct path path;
	bool keep_unknown;
	struct refusal *why;
};

static enum reason decode_object(struct decode *d, const struct schema *s,
    cJSON *obj);

/* Appends to the path; returns the length to cut it back to. */
static __attribute__((format(printf, 2, 3))) size_t
path_add(struct path *p, const char *fmt, ...)
{
	size_t before = p->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(p->text + before, sizeof(p->text) - before, fmt, ap);
	va_end(ap);
	if (n > 0)
		p->len += (size_t)n;
	if (p->len >= sizeof(p->text))
		p->len = sizeof(p->text) - 1;
	return before;
}

static void
path_cut(struct path *p, size_t len)
{
	p->len = len;
	p->text[len] = '\0';
}

static enum reason
wrong_type(struct decode *d, const char *want)
{
	return refuse(d->why, R_BAD_FIELD, "%s must be %s",
	    d->path.len ? d->path.text : "the body", want);
}

bool
schema_is_empty(const cJSON *v)
{
	if (v == NULL || cJSON_IsNull(v) || cJSON_IsFalse(v))
		return true;
	if (cJSON_IsString(v))
		return v->valuestring[0] == '\0';
	if (cJSON_IsNumber(v))
		return fpclassify(v->valuedouble) == FP_ZERO;
	return (cJSON_IsArray(v) || cJSON_IsObject(v)) && v->child == NULL;
}

static bool
is_integer(const cJSON *v)
{
	return cJSON_IsNumber(v) && floor(v->valuedouble) == v->valuedouble &&
	    fabs(v->valuedouble) <= (double)JSON_INT_MAX;
}

/* Every element (map: every value) is a string, or an integer. */
static bool
all(const cJSON *container, bool (*ok)(const cJSON *))
{
	for (const cJSON *v = container->child; v != NULL; v = v->next)
		if (!ok(v))
			return false;
	return true;
}

static bool
is_string(const cJSON *v)
{
	return cJSON_IsString(v);
}

static bool
is_empty_object(const cJSON *v)
{
	return cJSON_IsNull(v) || (cJSON_IsObject(v) && v->child == NULL);
}

static bool
is_strings(const cJSON *v)
{
	return cJSON_IsNull(v) || (cJSON_IsArray(v) && all(v, is_string));
}

/* {} or null as a map's value: written as {}. */
static enum reason
decode_map_empty(struct decode *d, cJSON *v)
{
	if (!cJSON_IsObject(v) || !all(v, is_empty_object))
		return wrong_type(d, "an object of {}");
	for (cJSON *m = v->child; m != NULL; m = m->next)
		m->type = cJSON_Object;
	return R_NONE;
}

/* A string is what old clients send for a list of one word. */
static enum reason
decode_words(struct decode *d, cJSON *v)
{
	cJSON *word;

	if (cJSON_IsArray(v) && all(v, is_string))
		return R_NONE;
	if (!cJSON_IsString(v))
		return wrong_type(d, "a string or a list of strings");
	word = cJSON_CreateString(v->valuestring);
	if (word == NULL)
		return refuse(d->why, R_INTERNAL, "out of memory");
	cJSON_free(v->valuestring);
	v->valuestring = NULL;
	v->type = cJSON_Array;
	cJSON_AddItemToArray(v, word);
	return R_NONE;
}

static enum reason
decode_element(struct decode *d, const struct schema *sub, cJSON *v,
    bool array)
{
	if (cJSON_IsNull(v) && !array)
		return R_NONE;
	if (!cJSON_IsObject(v))
		return wrong_type(d, "an object");
	return sub == NULL ? R_NONE : decode_object(d, sub, v);
}

static enum reason
decode_list(struct decode *d, const struct schema *sub, cJSON *list)
{
	size_t i = 0;
	enum reason r;

	if (!cJSON_IsArray(list))
		return wrong_type(d, "a list");
	for (cJSON *v = list->child; v != NULL; v = v->next, i++) {
		size_t cut = path_add(&d->path, "[%zu]", i);

		r = decode_element(d, sub, v, true);
		if (r != R_NONE)
			return r;
		path_cut(&d->path, cut);
	}
	return R_NONE;
}

static enum reason
decode_map(struct decode *d, const struct field *f, cJSON *map)
{
	enum reason r;

	if (!cJSON_IsObject(map))
		return wrong_type(d, "an object");
	for (cJSON *v = map->child; v != NULL; v = v->next) {
		size_t cut = path_add(&d->path, ".%s", v->string);

		if (f->type == F_MAP_ARRAY && !cJSON_IsNull(v))
			r = decode_list(d, f->sub, v);
		else
			r = decode_element(d, f->sub, v, false);
		if (r != R_NONE)
			return r;
		path_cut(&d->path, cut);
	}
	return R_NONE;
}

static enum reason
decode_value(struct decode *d, const struct field *f, cJSON *v)
{
	if (cJSON_IsNull(v))
		return R_NONE;
	switch (f->type) {
	case F_BOOL:
		return cJSON_IsBool(v) ? R_NONE :
		    wrong_type(d, "true or false");
	case F_INT:
		return is_integer(v) ? R_NONE : wrong_type(d, "an integer");
	case F_STRING:
		return is_string(v) ? R_NONE : wrong_type(d, "a string");
	case F_STRINGS:
		return is_strings(v) ? R_NONE :
		    wrong_type(d, "a list of strings");
	case F_WORDS:
		return decode_words(d, v);
	case F_MAP_STRING:
		return cJSON_IsObject(v) && all(v, is_string) ? R_NONE :
		    wrong_type(d, "an object of strings");
	case F_MAP_EMPTY:
		return decode_map_empty(d, v);
	case F_INTS:
		return cJSON_IsArray(v) && all(v, is_integer) ? R_NONE :
		    wrong_type(d, "a list of integers");
	case F_OBJECT:
		return decode_element(d, f->sub, v, false);
	case F_ARRAY:
		return decode_list(d, f->sub, v);
	case F_MAP:
	case F_MAP_ARRAY:
		return decode_map(d, f, v);
	case F_MATRIX:
		return cJSON_IsArray(v) && all(v, is_strings) ? R_NONE :
		    wrong_type(d, "a list of lists of strings");
	default:
		return refuse(d->why, R_INTERNAL, "schema");
	}
}

const struct field *
schema_field(const struct schema *s, const char *name)
{
	for (const struct field *f = s->fields; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

/* As encoding/json compares: without case, and with the long s and the Kelvin
 * sign for s and k.  Field names are ASCII. */
static bool
folds_to(const char *name, const char *field)
{
	for (; *name != '\0' && *field != '\0'; name++, field++) {
		int c = (unsigned char)*name;

		if (strncmp(name, "\xc5\xbf", 2) == 0)
			c = 's', name++;
		else if (strncmp(name, "\xe2\x84\xaa", 3) == 0)
			c = 'k', name += 2;
		if (tolower(c) != tolower((unsigned char)*field))
			return false;
	}
	return *name == *field;
}

/* Is it one that Go takes for a row's? */
static bool
misspelt(const struct schema *s, const char *name)
{
	for (const struct field *f = s->fields; f->name != NULL; f++)
		if (folds_to(name, f->name))
			return true;
	return false;
}

static enum reason
decode_object(struct decode *d, const struct schema *s, cJSON *obj)
{
	enum reason r;

	for (cJSON *v = obj->child; v != NULL; v = v->next) {
		const struct field *f = schema_field(s, v->string);
		size_t cut = path_add(&d->path, "%s%s",
		    d->path.len ? "." : "", v->string);

		if (f == NULL && (!d->keep_unknown || misspelt(s, v->string)))
			return refuse(d->why, R_UNKNOWN_FIELD, "%s",
			    d->path.text);
		if (f != NULL) {
			r = decode_value(d, f, v);
			if (r != R_NONE)
				return r;
		}
		path_cut(&d->path, cut);
	}
	return R_NONE;
}

enum reason
schema_decode(const struct schema *s, cJSON *tree, bool keep_unknown,
    struct refusal *why)
{
	struct decode d = { .keep_unknown = keep_unknown, .why = why };

	if (!cJSON_IsObject(tree))
		return wrong_type(&d, "an object");
	return decode_object(&d, s, tree);
}
