/*
 * fuzz_h2.c - a hostile client, and a dockerd that says anything: no crash,
 * and what goes up is well formed, in order, and calls nothing that the table
 * of methods denies.
 * Input: pieces of one byte (bit 7: dockerd's, bits 0-6: length / 4) and as
 * many bytes.
 * links: buildkit buildkit_solve buildkit_export buildkit_llb buildkit_ops buildkit_bridge sha256 protobuf labels json json_check json_walk h2 h2_client h2_engine h2_head relay http buf span reason log
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buildkit.h"
#include "h2_conn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum reason
image(void *arg, enum buildkit_image kind, const char *ref,
    struct refusal *why)
{
	(void)arg;
	(void)kind;
	return strcmp(ref, "bob") == 0 ? refuse(why, R_TAG, "%s", ref) :
	    R_NONE;
}

static int
decided(void *arg, const char *op, const char *names,
    const struct refusal *why, char *event, size_t cap)
{
	(void)arg;
	(void)op;
	(void)names;
	(void)why;
	snprintf(event, cap, "x");
	return 0;
}

static bool
denied(struct span path)
{
	size_t n;
	const struct buildkit_method *m = buildkit_methods(&n);

	for (size_t i = 0; i < n; i++)
		if (span_eq(path, m[i].path))
			return m[i].access == BUILDKIT_DENY;
	return true;
}

/* What dockerd has got so far. */
static void
check(struct buf *up)
{
	struct h2_decoder *d = h2_decoder_new();
	struct h2_fields f = { .text = BUF_INIT(H2_FIELDS_BYTES) };
	uint32_t last = 0;
	size_t at = 24;

	while (at < up->len) {
		struct h2_frame fr;

		if (up->len - at < H2_FRAME_HEAD)
			abort();
		fr = h2_frame_head((const uint8_t *)up->data + at);
		at += H2_FRAME_HEAD;
		if (up->len - at < fr.len)
			abort();
		fr.payload = (struct span){ up->data + at, fr.len };
		at += fr.len;
		if (fr.type != H2_HEADERS && fr.stream > last)
			abort();
		if (fr.type != H2_HEADERS || !(fr.flags & H2_END_HEADERS))
			continue;
		if (fr.stream <= last || fr.stream % 2 == 0 ||
		    h2_decode(d, fr.payload, &f) < 0)
			abort();
		last = fr.stream;
		for (size_t i = 0; i < f.n; i++)
			if (span_eq(h2_name(&f, i), ":path") &&
			    denied(h2_value(&f, i)))
				abort();
	}
	buf_free(&f.text);
	h2_decoder_free(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct caller alice = { .uid = 1000, .name = "alice" };
	struct buildkit_rules r = { .as = &alice, .graphs = true, .image = image,
	    .decided = decided };
	struct h2 *h = h2_new(&buildkit_judge, &r);
	struct buf up = BUF_INIT(0);
	int rc;

	if (h == NULL)
		return 0;
	rc = h2_from_client(h, span_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
	if (rc == 0)
		rc = h2_from_engine(h, (struct span){
		    "\0\0\0\x04\0\0\0\0\0", 9 });
	while (rc == 0 && size > 1) {
		bool engine = data[0] & 0x80;
		size_t n = (size_t)(data[0] & 0x7f) * 4;

		data++;
		size--;
		n = n < size ? n : size;
		rc = (engine ? h2_from_engine : h2_from_client)(h,
		    (struct span){ (const char *)data, n });
		data += n;
		size -= n;
		buf_putspan(&up, buf_span(h2_to_engine(h)));
		buf_reset(h2_to_engine(h));
		buf_reset(h2_to_client(h));
	}
	if (!up.failed && up.len >= 24)
		check(&up);
	buf_free(&up);
	h2_free(h);
	return 0;
}
