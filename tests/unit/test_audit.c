/*
 * test_audit.c - the text of audit records.  What ausearch makes of them is
 * shown by tests/audit/records.t against a live auditd.
 * links: audit reason span
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct caller alice = { .uid = 1001, .name = "alice" };

static const struct { struct record r; const char *text; } exact[] = {
	{ { .kind = RECORD_CONTROL, .op = "container.stop", .vm = "train",
	    .uuid = ID64, .event = "ab12cd34" },
	  "virt=docker op=stop vm=\"train\" uid=1001 uuid=" ID64 " uid=1001 "
	  "reason=allowed event=\"ab12cd34\" acct=\"alice\"" },
	{ { .kind = RECORD_CONTROL, .op = "exec.start", .vm = "train",
	    .uuid = "not hex", .why = R_NOT_OWNER, .image = "a/b:1",
	    .why_text = "container belongs to bob", .event = "e" },
	  "virt=docker op=exec-start vm=\"train\" uid=1001 uuid=? uid=1001 "
	  "reason=not_owner event=\"e\" acct=\"alice\" name=\"a/b:1\" "
	  "why=\"container_belongs_to_bob\"" },
	{ { .kind = RECORD_CONTROL, .op = "container.kill", .vm = "",
	    .why = R_NOT_OWNER, .would = true },
	  "virt=docker op=kill vm=\"?\" uid=1001 uuid=? uid=1001 "
	  "reason=not_owner monitoring=would-deny acct=\"alice\"" },
	{ { .kind = RECORD_CONTROL, .op = "container.rm", .vm = "x",
	    .unowned = true },
	  "virt=docker op=rm vm=\"x\" uid=1001 uuid=? uid=1001 "
	  "reason=unowned acct=\"alice\"" },
	{ { .kind = RECORD_RESOURCE, .op = "bind", .vm = "train",
	    .uuid = ID64, .detail = "/data/my set" },
	  "virt=docker resrc=disk reason=allowed vm=\"train\" uid=1001 uuid="
	  ID64 " old-disk=\"?\" new-disk=2F646174612F6D7920736574 uid=1001 "
	  "acct=\"alice\"" },
	{ { .kind = RECORD_RESOURCE, .op = "device", .vm = "train",
	    .detail = "/dev/nvidia0" },
	  "virt=docker resrc=cgroup reason=allowed vm=\"train\" uid=1001 "
	  "uuid=? cgroup=\"docker\" class=path path=\"/dev/nvidia0\" acl=rwm "
	  "uid=1001 acct=\"alice\"" },
	{ { .kind = RECORD_RESOURCE, .op = "memory", .vm = "train",
	    .detail = "2097152" },
	  "virt=docker resrc=mem reason=allowed vm=\"train\" uid=1001 uuid=? "
	  "old-mem=0 new-mem=2048 uid=1001 acct=\"alice\"" },
	{ { .kind = RECORD_RESOURCE, .op = "cpus", .vm = "train",
	    .detail = "2000000000" },
	  "virt=docker resrc=vcpu reason=allowed vm=\"train\" uid=1001 "
	  "uuid=? old-vcpu=0 new-vcpu=2 uid=1001 acct=\"alice\"" },
	{ { .kind = RECORD_COMMAND, .op = "docker", .cwd = "/home/alice",
	    .detail = "docker ps", .event = "e" },
	  "op=docker uid=1001 reason=allowed event=\"e\" acct=\"alice\" "
	  "cwd=\"/home/alice\" cmd=646F636B6572207073" },
	{ { .kind = RECORD_IMAGE_MAKE, .op = "image.pull",
	    .image = "alpine:3" },
	  "virt=docker op=image-pull vm=\"?\" uid=1001 uuid=? uid=1001 "
	  "reason=allowed acct=\"alice\" name=\"alpine:3\"" },
};

static void
texts_are_exact(void **state)
{
	char out[AUDIT_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < N(exact); i++) {
		assert_int_equal(audit_format(&alice, &exact[i].r, out,
		    sizeof(out)), strlen(exact[i].text));
		assert_string_equal(out, exact[i].text);
	}
}

static const char *const hostile[] = {
	"x uid=0", "evil/xuid=0", "fakevm=zzz", "x'res=success'", "a\"b",
	"features=success", "a\nb", "\x1d", "uuid=0", "acct=root", "a b",
	"\xff\xfe", "res=success", "type=USER_CMD msg=audit(1.1:1):",
	"exe=\"/bin/sh\"", "\\x41", "$(id)", ",", ";", "(", "a=b", "%n%s",
	" ", "'", "\"", "hostname=x", "terminal=x", "cwd=/", "pid=1",
};

/* Outside of our own names nothing is left that a search could find: each
 * '=' is one of ours, and there is no quote, blank or control byte that is
 * not. */
static void
values_hold_no_fields(void **state)
{
	static const char *const ours[] = {
		"virt", "op", "vm", "uid", "uuid", "reason", "event",
		"monitoring", "acct", "name", "cmd", "why", "cwd", "resrc",
		"old-disk", "new-disk", "cgroup", "class", "path", "acl",
	};
	static const enum record_kind kinds[] = {
		RECORD_CONTROL, RECORD_RESOURCE, RECORD_COMMAND,
		RECORD_IMAGE_MAKE
	};

	(void)state;
	for (size_t i = 0; i < N(hostile) * N(kinds); i++) {
		const char *h = hostile[i / N(kinds)];
		struct caller c = { .uid = 1001 };
		struct record r = { .kind = kinds[i % N(kinds)], .op = h,
		    .vm = h, .uuid = h, .image = h, .detail = h, .cwd = h,
		    .why = R_NOT_OWNER, .why_text = h, .event = "e" };
		char out[AUDIT_TEXT_MAX], *word, *save;

		(void)snprintf(c.name, sizeof(c.name), "%s", h);
		if (i % 2 && r.kind == RECORD_RESOURCE)
			r.op = "bind";
		assert_true(audit_format(&c, &r, out, sizeof(out)) > 0);
		assert_null(strpbrk(out, "'\n\r\x1d\\"));
		for (word = strtok_r(out, " ", &save); word;
		    word = strtok_r(NULL, " ", &save)) {
			char *eq = strchr(word, '=');
			size_t k;

			assert_non_null(eq);
			assert_null(strchr(eq + 1, '='));
			for (*eq = '\0', k = 0; k < N(ours); k++)
				if (strcmp(ours[k], word) == 0)
					break;
			assert_true(k < N(ours));
			assert_true(eq[1] == '"' ?
			    strchr(eq + 2, '"') == strrchr(eq + 1, '"') :
			    !strchr(eq + 1, '"'));
		}
	}
}

/* A user who can lengthen a field cannot lose his record by it. */
static void
length_is_bounded(void **state)
{
	static char big[100001];
	struct caller c = { .uid = 4294967294u };

	(void)state;
	for (int kind = RECORD_CONTROL; kind <= RECORD_IMAGE_DROP; kind++) {
		struct record r = { .kind = (enum record_kind)kind, .op = big,
		    .vm = big, .uuid = big, .image = big, .detail = big,
		    .cwd = big, .why_text = big, .why = R_NOT_OWNER,
		    .event = "12345678" };
		char out[AUDIT_TEXT_MAX];
		int n;

		for (const char *fill = "x "; *fill; fill++) {
			memset(big, *fill, sizeof(big) - 1);
			memset(c.name, *fill, sizeof(c.name) - 1);
			n = audit_format(&c, &r, out, sizeof(out));
			assert_in_range(n, 1, AUDIT_TEXT_MAX - 1);
			assert_non_null(strstr(out, *fill == 'x' ? "..." :
			    "2E2E2E"));
			assert_non_null(strstr(out, "event=\"12345678\""));
		}
	}
	assert_int_equal(audit_format(&alice, &exact[0].r, big, 50), -1);
	assert_int_equal(audit_format(&alice, &exact[0].r, big, 0), -1);
}

static void
nothing_is_sent_without_a_socket(void **state)
{
	(void)state;
	assert_true(audit_write(-1, &alice, &exact[0].r) <= 0);
	assert_true(audit_write(-2, &alice, &exact[0].r) <= 0);
	audit_end(-1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_exact),
		cmocka_unit_test(values_hold_no_fields),
		cmocka_unit_test(length_is_bounded),
		cmocka_unit_test(nothing_is_sent_without_a_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
