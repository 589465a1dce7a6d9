/*
 * judge_tree.c - small steps on a cJSON tree.
 *
 * Lookups are exact.  Whatever cannot be had for lack of memory says so; a
 * step that fails leaves a tree that is still whole.
 */
#include <stdlib.h>

#include "judge.h"

cJSON *
tree_get(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

const char *
tree_string(const cJSON *obj, const char *key)
{
	const cJSON *v = tree_get(obj, key);

	return cJSON_IsString(v) ? v->valuestring : "";
}

int64_t
tree_int(const cJSON *obj, const char *key)
{
	const cJSON *v = tree_get(obj, key);

	/* schema_decode() has kept it within JSON_INT_MAX */
	return cJSON_IsNumber(v) ? (int64_t)v->valuedouble : 0;
}

void
tree_drop(cJSON *obj, const char *key)
{
	cJSON_DeleteItemFromObjectCaseSensitive(obj, key);
}

/* item is consumed, also on failure. */
static int
put(cJSON *obj, const char *key, cJSON *item)
{
	if (item == NULL)
		return -1;
	tree_drop(obj, key);
	if (cJSON_AddItemToObject(obj, key, item))
		return 0;
	cJSON_Delete(item);
	return -1;
}

cJSON *
tree_object(cJSON *obj, const char *key)
{
	cJSON *v = tree_get(obj, key);

	if (cJSON_IsObject(v))
		return v;
	return put(obj, key, cJSON_CreateObject()) == 0 ?
	    tree_get(obj, key) : NULL;
}

cJSON *
tree_array(cJSON *obj, const char *key)
{
	cJSON *v = tree_get(obj, key);

	if (cJSON_IsArray(v))
		return v;
	return put(obj, key, cJSON_CreateArray()) == 0 ?
	    tree_get(obj, key) : NULL;
}

int
tree_set_string(cJSON *obj, const char *key, const char *value)
{
	return put(obj, key, cJSON_CreateString(value));
}

int
tree_set_int(cJSON *obj, const char *key, int64_t value)
{
	return put(obj, key, cJSON_CreateNumber((double)value));
}

int
tree_set_bool(cJSON *obj, const char *key, bool value)
{
	return put(obj, key, cJSON_CreateBool(value));
}

static int
set_text(char **at, const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = cJSON_malloc(n);

	if (copy == NULL)
		return -1;
	memcpy(copy, text, n);
	cJSON_free(*at);
	*at = copy;
	return 0;
}

int
tree_rename(cJSON *member, const char *key)
{
	return set_text(&member->string, key);
}

int
tree_replace_text(cJSON *string, const char *text)
{
	return cJSON_IsString(string) ? set_text(&string->valuestring, text) :
	    -1;
}

int
tree_add_string(cJSON *array, const char *text)
{
	cJSON *v = cJSON_CreateString(text);

	if (v == NULL)
		return -1;
	cJSON_AddItemToArray(array, v);
	return 0;
}
