/*
 * test_cache.c - what is put is found, and memory stays bounded.
 *
 * links: cache buf
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "cache.h"

static size_t
used(const struct cache *c)
{
	size_t n = 0;

	for (size_t i = 0; i < CACHE_BUCKETS; i++)
		for (size_t j = 0; j < CACHE_WAYS; j++)
			n += c->slot[i][j] != NULL;
	return n;
}

static void
puts_and_gets(void **state)
{
	static struct cache c = CACHE_INIT;
	cleanup_buf struct buf b = BUF_INIT(0);
	int v = 7, w = 0;
	short s;

	(void)state;
	assert_false(cache_read(&c, "a", &w, sizeof w));
	cache_put(&c, "a", &v, sizeof v);
	assert_true(cache_read(&c, "a", &w, sizeof w));
	assert_int_equal(w, 7);
	assert_false(cache_read(&c, "a", &s, sizeof s));
	assert_false(cache_read(&c, "A", &w, sizeof w));
	assert_false(cache_read(&c, "", &w, sizeof w));
	cache_put(&c, "a", "other", 5);
	assert_true(cache_get(&c, "a", &b));
	assert_string_equal(b.data, "other");
	assert_int_equal(used(&c), 1);
	cache_drop(&c, "a");
	assert_false(cache_get(&c, "a", &b));
	cache_drop(&c, "a");
	cache_put(&c, "", "", 0);
	assert_true(cache_get(&c, "", &b));
	cache_clear(&c);
	assert_int_equal(used(&c), 0);
}

static void
is_bounded(void **state)
{
	static struct cache c = CACHE_INIT;
	static char big[CACHE_VALUE_MAX + 1], key[CACHE_KEY_MAX + 2];
	cleanup_buf struct buf b = BUF_INIT(0);
	int v;

	(void)state;
	for (int i = 0; i < 5 * CACHE_SLOTS; i++) {
		char k[16];

		snprintf(k, sizeof k, "%d", i);
		cache_put(&c, k, &i, sizeof i);
		assert_true(cache_read(&c, k, &v, sizeof v));
		assert_int_equal(v, i);
	}
	assert_true(used(&c) <= CACHE_SLOTS);
	assert_true(used(&c) > CACHE_SLOTS * 9 / 10);
	cache_put(&c, "big", big, sizeof big);
	assert_false(cache_get(&c, "big", &b));
	cache_put(&c, "big", big, CACHE_VALUE_MAX);
	assert_true(cache_get(&c, "big", &b));
	memset(key, 'k', CACHE_KEY_MAX + 1);
	cache_put(&c, key, "v", 1);
	assert_false(cache_get(&c, key, &b));
	cache_clear(&c);
}

/* Threads that write and read the same few keys: only whole values. */
static struct cache shared = CACHE_INIT;

static void *
hammer(void *arg)
{
	char fill = *(char *)arg, value[256], seen[256];

	memset(value, fill, sizeof value);
	for (int i = 0; i < 20000; i++) {
		char k[8];

		snprintf(k, sizeof k, "%d", i % 17);
		cache_put(&shared, k, value, sizeof value);
		if (cache_read(&shared, k, seen, sizeof seen) &&
		    (memcmp(seen, seen + 1, sizeof seen - 1) != 0))
			return arg;
	}
	return NULL;
}

static void
is_locked(void **state)
{
	char names[] = "abcd";
	pthread_t t[4];
	void *bad;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, hammer,
		    &names[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	cache_clear(&shared);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_and_gets),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(is_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
