/*
 * cache.c - answers that never change, kept for the life of the process.
 *
 * Guarantees a bound on memory whatever keys strangers make up, and that no
 * entry is ever seen half-written: everything happens under the lock, and
 * values go in and out as copies.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cache.h"

struct cache_entry {
	uint64_t hash;
	size_t key_len;
	size_t value_len;
	char bytes[];		/* key, then value */
};

/* FNV-1a from a secret start, so that nobody can aim keys at one bucket. */
static uint64_t
hash(struct cache *c, const char *key, size_t len)
{
	uint64_t h;

	if (c->seed == 0) {
		if (getrandom(&c->seed, sizeof c->seed, GRND_NONBLOCK) !=
		    (ssize_t)sizeof c->seed)
			c->seed = (uint64_t)(uintptr_t)c;
		c->seed |= 1;
	}
	h = 0xcbf29ce484222325u ^ c->seed;
	for (size_t i = 0; i < len; i++) {
		h ^= (unsigned char)key[i];
		h *= 0x100000001b3u;
	}
	return h ^ (h >> 29);
}

/* The place of key, or NULL; the lock is held. */
static struct cache_entry **
find(struct cache *c, const char *key, size_t len, uint64_t h)
{
	struct cache_entry **ways = c->slot[h % CACHE_BUCKETS];

	for (size_t i = 0; i < CACHE_WAYS; i++) {
		struct cache_entry *e = ways[i];

		if (e && e->hash == h && e->key_len == len &&
		    memcmp(e->bytes, key, len) == 0)
			return &ways[i];
	}
	return NULL;
}

bool
cache_get(struct cache *c, const char *key, struct buf *out)
{
	size_t len = strlen(key);
	struct cache_entry **at;
	bool found = false;

	pthread_mutex_lock(&c->lock);
	at = find(c, key, len, hash(c, key, len));
	if (at)
		found = buf_add(out, (*at)->bytes + len,
		    (*at)->value_len) == 0;
	pthread_mutex_unlock(&c->lock);
	return found;
}

bool
cache_read(struct cache *c, const char *key, void *out, size_t out_len)
{
	size_t len = strlen(key);
	struct cache_entry **at;
	bool found = false;

	pthread_mutex_lock(&c->lock);
	at = find(c, key, len, hash(c, key, len));
	if (at && (*at)->value_len == out_len) {
		memcpy(out, (*at)->bytes + len, out_len);
		found = true;
	}
	pthread_mutex_unlock(&c->lock);
	return found;
}

/* Where a new entry goes: its old place, a free one, or somebody's turn. */
static struct cache_entry **
place(struct cache *c, const char *key, size_t len, uint64_t h)
{
	struct cache_entry **ways = c->slot[h % CACHE_BUCKETS];
	struct cache_entry **at = find(c, key, len, h);

	for (size_t i = 0; !at && i < CACHE_WAYS; i++)
		if (!ways[i])
			at = &ways[i];
	return at ? at : &ways[c->turn++ % CACHE_WAYS];
}

void
cache_put(struct cache *c, const char *key, const void *value,
    size_t value_len)
{
	size_t len = strlen(key);
	struct cache_entry *e, **at;

	if (len > CACHE_KEY_MAX || value_len > CACHE_VALUE_MAX)
		return;
	e = malloc(sizeof *e + len + value_len);
	if (!e)
		return;
	e->key_len = len;
	e->value_len = value_len;
	memcpy(e->bytes, key, len);
	if (value_len)
		memcpy(e->bytes + len, value, value_len);
	pthread_mutex_lock(&c->lock);
	e->hash = hash(c, key, len);
	at = place(c, key, len, e->hash);
	free(*at);
	*at = e;
	pthread_mutex_unlock(&c->lock);
}

void
cache_drop(struct cache *c, const char *key)
{
	size_t len = strlen(key);
	struct cache_entry **at;

	pthread_mutex_lock(&c->lock);
	at = find(c, key, len, hash(c, key, len));
	if (at) {
		free(*at);
		*at = NULL;
	}
	pthread_mutex_unlock(&c->lock);
}

void
cache_clear(struct cache *c)
{
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < CACHE_BUCKETS; i++)
		for (size_t j = 0; j < CACHE_WAYS; j++) {
			free(c->slot[i][j]);
			c->slot[i][j] = NULL;
		}
	pthread_mutex_unlock(&c->lock);
}
