/*
 * test_buf.c - the bounded buffer and strings made of spans.
 * links: buf span
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "buf.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static void
test_grows(void **state)
{
	cleanup_buf struct buf b = BUF_INIT(0);
	size_t i;

	(void)state;
	for (i = 0; i < 10000; i++)
		assert_int_equal(buf_add(&b, "0123456789", 10), 0);
	assert_int_equal(b.len, 100000);
	assert_int_equal(strlen(b.data), 100000);
	assert_memory_equal(b.data + 99990, "0123456789", 11);
	assert_int_equal(buf_add(&b, "", 0), 0);
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
}

static void
test_bound(void **state)
{
	cleanup_buf struct buf b = BUF_INIT(10);

	(void)state;
	assert_int_equal(buf_puts(&b, "0123456789"), 0);
	assert_int_equal(buf_puts(&b, ""), 0);
	assert_int_equal(buf_puts(&b, "x"), -1);
	assert_true(b.failed);
	assert_string_equal(b.data, "0123456789");
	/* a failure sticks, also when there is room again */
	buf_consume(&b, 5);
	assert_int_equal(buf_puts(&b, "x"), -1);
	assert_int_equal(buf_printf(&b, "x"), -1);
	assert_int_equal(buf_reserve(&b, 0), -1);
	buf_reset(&b);
	assert_int_equal(buf_puts(&b, "x"), 0);
}

static void
test_visible(void **state)
{
	cleanup_buf struct buf b = BUF_INIT(0), small = BUF_INIT(2);

	(void)state;
	assert_int_equal(buf_putvisible(&b, "a b\n\033[2J\177~!\303\251"), 0);
	assert_string_equal(b.data, "a?b??[2J?~!??");
	assert_int_equal(buf_putvisible(&small, "abc"), -1);
}

static void
test_overflow(void **state)
{
	cleanup_buf struct buf b = BUF_INIT(SIZE_MAX);
	cleanup_buf struct buf dflt = BUF_INIT(0);

	(void)state;
	assert_int_equal(buf_puts(&b, "x"), 0);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), -1);
	assert_int_equal(buf_reserve(&dflt, BUF_MAX + 1), -1);
	buf_reset(&dflt);
	assert_int_equal(buf_reserve(&dflt, BUF_MAX), 0);
	assert_string_equal(dflt.data, "");
}

static void
test_printf(void **state)
{
	cleanup_buf struct buf b = BUF_INIT(600);
	char long_text[512];

	(void)state;
	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_equal(buf_printf(&b, "%d-%s", 42, "x"), 0);
	assert_string_equal(b.data, "42-x");
	assert_int_equal(buf_printf(&b, "%s", long_text), 0);
	assert_int_equal(b.len, 515);
	assert_int_equal(buf_printf(&b, "%s", long_text), -1);
	assert_true(b.failed);
	assert_int_equal(strlen(b.data), 515);
}

static void
test_consume(void **state)
{
	cleanup_buf struct buf b = BUF_INIT(0);

	(void)state;
	buf_consume(&b, 3);
	buf_puts(&b, "abcdef");
	buf_consume(&b, 0);
	buf_consume(&b, 2);
	assert_string_equal(b.data, "cdef");
	assert_int_equal(b.len, 4);
	buf_consume(&b, 99);
	assert_string_equal(b.data, "");
	assert_int_equal(b.len, 0);
}

static void
test_span_copy(void **state)
{
	static const struct {
		struct span in;
		size_t cap;
		bool ok;
		const char *out;
	} rows[] = {
		{ { "abc", 3 }, 4, true, "abc" },
		{ { "abc", 3 }, 3, false, "" },
		{ { "a\0c", 3 }, 8, false, "" },
		{ { "abc\0", 4 }, 8, false, "" },
		{ { "", 0 }, 1, true, "" },
		{ { NULL, 0 }, 1, true, "" },
	};
	char out[8];
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		memset(out, 'z', sizeof(out));
		assert_int_equal(span_copy(rows[i].in, out, rows[i].cap),
		    rows[i].ok);
		assert_string_equal(out, rows[i].out);
	}
	assert_false(span_copy(rows[4].in, out, 0));
}

static void
test_span_utf8(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		uint32_t c;
	} rows[] = {
		{ "a", 1, 'a' }, { "", 0, 0 }, { "\x7f", 1, 0x7f },
		{ "\xc3\xa9", 2, 0xe9 }, { "\xe2\x82\xac", 3, 0x20ac },
		{ "\xf0\x9f\x98\x80", 4, 0x1f600 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		/* short, stray, overlong, surrogate, beyond the last */
		{ "\xc3", 0, 0 }, { "\x80", 0, 0 }, { "\xc0\x80", 0, 0 },
		{ "\xc1\xbf", 0, 0 }, { "\xe0\x9f\xbf", 0, 0 },
		{ "\xed\xa0\x80", 0, 0 }, { "\xf0\x8f\xbf\xbf", 0, 0 },
		{ "\xf4\x90\x80\x80", 0, 0 }, { "\xff", 0, 0 },
		{ "\xe2\x82", 0, 0 }, { "\xe2(\xac", 0, 0 },
	};
	uint32_t c;
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		c = 0;
		if (span_utf8(span_of(rows[i].in), &c) != rows[i].len)
			fail_msg("row %zu", i);
		if (rows[i].len > 0)
			assert_int_equal(c, rows[i].c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_visible),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_consume),
		cmocka_unit_test(test_span_copy),
		cmocka_unit_test(test_span_utf8),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
