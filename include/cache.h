/*
 * cache.h - answers that never change, kept for the life of the process.
 *
 * A locked hash table of string keys and small values with a fixed number of
 * places: a new entry takes the place of an old one, memory never grows
 * beyond CACHE_SLOTS values.  For ids and labels only: what a key means must
 * not change while it is in here.
 */
#ifndef CACHE_H
#define CACHE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#define CACHE_BUCKETS 256
#define CACHE_WAYS 4
#define CACHE_SLOTS (CACHE_BUCKETS * CACHE_WAYS)
#define CACHE_KEY_MAX 512	/* bytes; longer keys are not kept */
#define CACHE_VALUE_MAX (16 * 1024)

struct cache_entry;
struct cache {
	pthread_mutex_t lock;
	uint64_t seed;		/* of the hash: keys come from strangers */
	unsigned turn;		/* which way of a full bucket goes next */
	struct cache_entry *slot[CACHE_BUCKETS][CACHE_WAYS];
};

#define CACHE_INIT { .lock = PTHREAD_MUTEX_INITIALIZER }

/* True with the value appended to out. */
bool cache_get(struct cache *c, const char *key, struct buf *out);
/* The same for a value of exactly len bytes. */
bool cache_read(struct cache *c, const char *key, void *out, size_t len);
/* Keeps a copy; does nothing when it is too long or memory is short. */
void cache_put(struct cache *c, const char *key, const void *value,
    size_t len);
void cache_drop(struct cache *c, const char *key);
void cache_clear(struct cache *c);

#endif
