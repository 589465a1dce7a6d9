/*
 * protobuf: what is well formed is walked, nothing else is.
 * links: protobuf buf span
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "protobuf.h"

#define BYTES(s) ((struct span){ s, sizeof(s) - 1 })

static const struct {
	const char *what;
	struct span in;
	int fields;		/* -1: bad */
} messages[] = {
	{ "nothing", { "", 0 }, 0 },
	{ "a number", BYTES("\x08\x01"), 1 },
	{ "a string", BYTES("\x12\x03" "abc"), 1 },
	{ "an empty string", BYTES("\x12\x00"), 1 },
	{ "all kinds", BYTES("\x08\x01\x11" "12345678" "\x1a\x01x\x25"
	    "1234"), 4 },
	{ "the highest field", BYTES("\xf8\xff\xff\xff\x0f\x01"), 1 },
	{ "a 64-bit number", BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\x01"), 1 },
	{ "field 0", BYTES("\x00\x01"), -1 },
	{ "a field beyond 29 bits", BYTES("\x88\x80\x80\x80\x10\x01"), -1 },
	{ "a field that 32 bits cut to 1", BYTES("\x88\x80\x80\x80\x80\x01"
	    "\x01"), -1 },
	{ "a number of 65 bits", BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\x02"), -1 },
	{ "a number without end", BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\xff\x01"), -1 },
	{ "a number cut off", BYTES("\x08\xff"), -1 },
	{ "a tag alone", BYTES("\x08"), -1 },
	{ "a length beyond the end", BYTES("\x12\x04" "abc"), -1 },
	{ "a length of 2^64-1", BYTES("\x12\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\x01" "abc"), -1 },
	{ "half of 64 bits", BYTES("\x11" "1234"), -1 },
	{ "half of 32 bits", BYTES("\x25" "12"), -1 },
	{ "a group", BYTES("\x0b\x0c"), -1 },
	{ "wire type 6", BYTES("\x0e\x01"), -1 },
	{ "wire type 7", BYTES("\x0f\x01"), -1 },
	{ "good, then bad", BYTES("\x08\x01\x0b"), -1 },
};

static void
walks_what_is_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct pb_iter it = pb_iter(messages[i].in);
		struct pb_field f;
		size_t raw = 0;
		int n = 0;

		while (pb_next(&it, &f)) {
			raw += f.raw.len;
			n++;
		}
		if (it.bad != (messages[i].fields < 0) ||
		    (!it.bad && (n != messages[i].fields ||
		    raw != messages[i].in.len)))
			fail_msg("%s: %d fields, bad %d", messages[i].what, n,
			    it.bad);
		assert_false(pb_next(&it, &f));
	}
}

static const struct {
	const char *what;
	struct span in;
	const char *key, *value;	/* NULL: no entry */
} entries[] = {
	{ "both", BYTES("\x0a\x01k\x12\x01v"), "k", "v" },
	{ "the other way round", BYTES("\x12\x01v\x0a\x01k"), "k", "v" },
	{ "no value", BYTES("\x0a\x01k"), "k", "" },
	{ "nothing", { "", 0 }, "", "" },
	{ "two keys", BYTES("\x0a\x01k\x0a\x01j"), NULL, NULL },
	{ "two values", BYTES("\x0a\x01k\x12\x01v\x12\x01w"), NULL, NULL },
	{ "a third field", BYTES("\x0a\x01k\x1a\x01v"), NULL, NULL },
	{ "a number for a value", BYTES("\x0a\x01k\x10\x01"), NULL, NULL },
	{ "cut off", BYTES("\x0a\x02k"), NULL, NULL },
};

static void
an_entry_is_one_key_and_one_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		struct span k, v;
		bool ok = pb_entry(entries[i].in, &k, &v);

		if (ok != (entries[i].key != NULL) || (ok &&
		    (!span_eq(k, entries[i].key) ||
		    !span_eq(v, entries[i].value))))
			fail_msg("%s", entries[i].what);
	}
}

static void
reads_what_it_writes(void **state)
{
	static char big[70000];
	struct buf b = BUF_INIT(0);
	struct pb_iter it;
	struct pb_field f;
	struct span k, v;

	(void)state;
	pb_put_varint(&b, 3, UINT64_MAX);
	pb_put_varint(&b, 536870911, 0);
	pb_put_bytes(&b, 2, (struct span){ big, sizeof(big) });
	pb_put_bytes(&b, 2, span_of(""));
	pb_put_entry(&b, 7, span_of("key"),
	    (struct span){ big, sizeof(big) });
	assert_false(b.failed);
	it = pb_iter(buf_span(&b));
	assert_true(pb_next(&it, &f));
	assert_true(f.number == 3 && f.value == UINT64_MAX);
	assert_true(pb_next(&it, &f));
	assert_true(f.number == 536870911 && f.value == 0);
	assert_true(pb_next(&it, &f));
	assert_int_equal(f.bytes.len, sizeof(big));
	assert_true(pb_next(&it, &f));
	assert_int_equal(f.bytes.len, 0);
	assert_true(pb_next(&it, &f));
	assert_true(pb_entry(f.bytes, &k, &v));
	assert_true(span_eq(k, "key"));
	assert_int_equal(v.len, sizeof(big));
	assert_false(pb_next(&it, &f));
	assert_false(it.bad);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_what_is_well_formed),
		cmocka_unit_test(an_entry_is_one_key_and_one_value),
		cmocka_unit_test(reads_what_it_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
