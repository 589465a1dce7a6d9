/*
 * test_load.c - the names and lists in an upload of images.
 *
 * links: load load_list sha256 tarwatch image_ref json json_check json_walk reason buf span
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

#include "load.h"
#include "sha256.h"
#include "tar_make.h"

static bool no_layouts;
static char asked[4096];	/* "docker.io/library/a:1;" … */

/* bob's are bob's. */
enum reason
image_make(const struct image_ask *ask, const struct image_ref *ref,
    struct refusal *why)
{
	char text[IMAGE_TEXT_MAX];
	size_t n = strlen(asked);

	assert_null(ask->engine);
	image_ref_text(ref, text);
	snprintf(asked + n, sizeof(asked) - n, "%s;", text);
	return strstr(text, "bob") != NULL ?
	    refuse(why, R_NOT_OWNER_IMAGE, "%s", text) : R_NONE;
}

/* How many bytes were let through is in *passed. */
static enum reason
see_all(struct span in, size_t step, size_t *passed, struct refusal *why)
{
	struct image_ask ask = { .engine = NULL, .no_layouts = no_layouts };
	struct load *l = load_open(&ask);
	enum reason r = R_NONE;

	asked[0] = '\0';
	*passed = 0;
	assert_non_null(l);
	while (*passed < in.len && r == R_NONE) {
		size_t n = step < in.len - *passed ? step : in.len - *passed;

		r = load_see(l, in.ptr + *passed, n, why);
		if (r == R_NONE)
			*passed += n;
	}
	if (r == R_NONE)
		r = load_see(l, NULL, 0, why);
	load_free(l);
	return r;
}

static void
check(const char *what, const struct buf *b, enum reason want,
    const char *names)
{
	static const size_t steps[] = { 1 << 20, 4096, 1 };
	struct refusal why = { .why = R_NONE };
	size_t passed;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		enum reason r = see_all(buf_span(b), steps[i], &passed, &why);

		if (r != want || (names != NULL && strcmp(asked, names) != 0))
			fail_msg("%s, step %zu: %d %s, asked %s", what,
			    steps[i], r, r != R_NONE ? why.detail : "", asked);
		assert_int_equal(r == R_NONE ? R_NONE : why.why, r);
	}
}

/* --- the lists of names --- */

#define HUB "docker.io/library/"
#define M "manifest.json"
#define I "index.json"
#define DIG "\"digest\":\"sha256:" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""
#define R "repositories"

static const struct {
	const char *file, *text;
	enum reason why;
	const char *asked;
} lists[] = {
	{ M, "[{\"Config\":\"c\",\"RepoTags\":[\"a:1\",\"x.y/b\"],"
	    "\"Layers\":[\"l\"]},{\"Config\":\"d\",\"RepoTags\":null,"
	    "\"Layers\":[],\"LayerSources\":{\"sha256:0\":{\"size\":1}}}]\n",
	    R_NONE, HUB "a:1;x.y/b:latest;" },
	{ M, "[]", R_NONE, "" },
	{ M, "[{\"RepoTags\":[]}]", R_NONE, "" },
	{ M, "[{\"RepoTags\":[\"a:1\",\"bob:1\",\"c:1\"]}]",
	    R_NOT_OWNER_IMAGE, HUB "a:1;" HUB "bob:1;" },
	{ "d/" M, "[{\"RepoTags\":[\"bob:1\"]}]", R_NOT_OWNER_IMAGE, NULL },
	{ M, "[{\"RepoTags\":[\"a:1\"]},{\"RepoTags\":[\"bob:1\"]}]",
	    R_NOT_OWNER_IMAGE, NULL },
	{ M, "[{\"repotags\":[\"bob:1\"]}]", R_IMAGE_ARCHIVE, "" },
	{ M, "[{\"RepoTag\xc5\xbf\":[\"bob:1\"]}]", R_IMAGE_ARCHIVE, "" },
	{ M, "[{\"RepoTag\\u0073\":[\"bob:1\"]}]", R_IMAGE_ARCHIVE, "" },
	{ M, "[{\"RepoTags\":[\"a:1\"],\"RepoTags\":[\"bob:1\"]}]",
	    R_IMAGE_ARCHIVE, "" },
	{ M, "[{\"RepoTags\":\"bob:1\"}]", R_IMAGE_ARCHIVE, "" },
	/* good names behind it do not make up for it */
	{ M, "[{\"Config\":[\"c\"],\"RepoTags\":[\"a:1\"]}]", R_IMAGE_ARCHIVE,
	    "" },
	{ M, "[{\"RepoTags\":[[\"bob:1\"]]}]", R_IMAGE_ARCHIVE, "" },
	{ M, "[[{\"RepoTags\":[\"bob:1\"]}]]", R_IMAGE_ARCHIVE, "" },
	{ M, "[][{\"RepoTags\":[\"bob:1\"]}]", R_IMAGE_ARCHIVE, "" },
	{ M, "{\"RepoTags\":[\"bob:1\"]}", R_IMAGE_ARCHIVE, "" },
	{ M, "null", R_IMAGE_ARCHIVE, "" },
	{ M, "", R_IMAGE_ARCHIVE, "" },
	{ M, "[{\"RepoTags\":[\"Bob:1\"]}]", R_TAG, "" },
	{ M, "[{\"RepoTags\":[\"\"]}]", R_TAG, "" },

	{ R, "{\"a\":{\"1\":\"id\",\"2\":\"id\"},\"h:5/b\":{\"3\":\"x\"}}",
	    R_NONE, HUB "a:1;" HUB "a:2;h:5/b:3;" },
	{ R, "{\"a\":{\"1\":\"id\"},\"bob\":{\"1\":\"id\"}}",
	    R_NOT_OWNER_IMAGE, HUB "a:1;" HUB "bob:1;" },
	{ R, "{\"a\":null}", R_NONE, "" },
	{ R, "[{\"bob\":{\"1\":\"id\"}}]", R_IMAGE_ARCHIVE, "" },
	{ R, "{\"bob\":\"1\"}", R_IMAGE_ARCHIVE, "" },

	{ I, "{\"schemaVersion\":2,\"mediaType\":\"m\",\"manifests\":["
	    "{" DIG ",\"annotations\":{\"io.containerd.image.name\":"
	    "\"docker.io/library/a:1\",\"org.opencontainers.image.ref.name\":"
	    "\"1\"}},{" DIG ",\"annotations\":{\"org.opencontainers.image.ref.name\":"
	    "\"h:5/b:2\"}},{" DIG ",\"annotations\":null}]}", R_NONE,
	    HUB "a:1;h:5/b:2;" },
	{ I, "{\"manifests\":[{}]}", R_IMAGE_ARCHIVE, "" },
	{ I, "{\"manifests\":[{\"digest\":null}]}", R_IMAGE_ARCHIVE, "" },
	{ I, "{\"manifests\":[{\"digest\":\"foo\"}]}", R_IMAGE_ARCHIVE, "" },
	{ I, "{\"manifests\":[{\"digest\":\"sha256:\"}]}", R_IMAGE_ARCHIVE,
	    "" },
	{ I, "{\"manifests\":[{" DIG "},{\"digest\":\"sha256:0123456789ABCDEF"
	    "0123456789abcdef0123456789abcdef0123456789abcdef\"}]}",
	    R_IMAGE_ARCHIVE, "" },
	{ I, "{\"manifests\":[{\"annotations\":{"
	    "\"io.containerd.image.name\":\"bob:1\"}}]}", R_NOT_OWNER_IMAGE,
	    HUB "bob:1;" },
	{ I, "{\"manifests\":[{\"annotations\":{"
	    "\"org.opencontainers.image.ref.name\":\"bob:1\"}}]}",
	    R_NOT_OWNER_IMAGE, HUB "bob:1;" },
	{ I, "{\"Manifests\":[{\"annotations\":{"
	    "\"io.containerd.image.name\":\"bob:1\"}}]}", R_IMAGE_ARCHIVE,
	    "" },
	{ I, "{\"manifests\":[{\"Annotations\":{"
	    "\"io.containerd.image.name\":\"bob:1\"}}]}", R_IMAGE_ARCHIVE,
	    "" },
	{ I, "{\"manifests\":[{\"annotations\":["
	    "\"io.containerd.image.name\"]}]}", R_IMAGE_ARCHIVE, "" },
	{ I, "{\"manifests\":{\"annotations\":{"
	    "\"io.containerd.image.name\":\"bob:1\"}}}", R_IMAGE_ARCHIVE, "" },
	{ I, "{\"manifests\":[{\"annotations\":{"
	    "\"io.containerd.image.name\":\"bob:1\"}},{\"annotations\":{"
	    "\"io.containerd.image.name\":\"a:1\"}}]}", R_NOT_OWNER_IMAGE,
	    HUB "bob:1;" },
	{ I, "{\"manifests\":[{\"annotations\":{"
	    "\"io.containerd.image.name\":3,"
	    "\"org.opencontainers.image.ref.name\":\"a:1\"}}]}",
	    R_IMAGE_ARCHIVE, "" },
	{ I, "{\"schemaVersion\":2,\"manifests\":null}", R_NONE, "" },
	{ I, "{\"schemaVersion\":2}", R_NONE, "" },
	{ I, "[]", R_IMAGE_ARCHIVE, "" },
};

static void
make(struct buf *b, const char *file, const char *text)
{
	buf_reset(b);
	tar_add(b, "./", '5', "");
	tar_add(b, "blobs/sha256/0", '0', "{\"RepoTags\":[\"bob:1\"]}");
	tar_add(b, file, '0', text);
	tar_add(b, "blobs/sha256/1", '0', "behind");
	tar_finish(b);
}

static void
gzip(const struct buf *in, struct buf *out)
{
	z_stream z = { .next_in = (unsigned char *)in->data,
	    .avail_in = (unsigned)in->len };
	static unsigned char bytes[1 << 16];

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8,
	    Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = bytes;
	z.avail_out = sizeof(bytes);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_add(out, bytes, sizeof(bytes) - z.avail_out);
	deflateEnd(&z);
}

static void
reads_lists(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0), z cleanup_buf = BUF_INIT(0);

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		make(&b, lists[i].file, lists[i].text);
		check(lists[i].text, &b, lists[i].why, lists[i].asked);
		buf_reset(&z);
		gzip(&b, &z);
		check("by gzip", &z, lists[i].why, lists[i].asked);
	}
}

/* Where the engine does not look what a layout holds. */
static void
takes_no_layouts(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0);

	(void)state;
	no_layouts = true;
	make(&b, I, "{\"manifests\":[]}");
	check("a layout", &b, R_IMAGE_ARCHIVE, "");
	make(&b, M, "[{\"RepoTags\":[\"a:1\"]}]");
	check("none", &b, R_NONE, HUB "a:1;");
	no_layouts = false;
}

/* The first byte alone is no other compression's: a member may be called so. */
static void
tells_names_from_forms(void **state)
{
	static const struct { const char *first; enum reason why; } rows[] = {
		{ "Pictures", R_NONE }, { "_x", R_NONE }, { "BZ", R_NONE },
		{ "BZh", R_IMAGE_ARCHIVE }, { "\x50\x2a\x4d\x18",
		    R_IMAGE_ARCHIVE }, { "\x5f\x2a\x4d\x18", R_IMAGE_ARCHIVE },
		{ "\x60\x2a\x4d\x18", R_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b cleanup_buf = BUF_INIT(0);

		tar_add(&b, rows[i].first, '0', "");
		tar_add(&b, M, '0', "[{\"RepoTags\":[\"a:1\"]}]");
		tar_finish(&b);
		check(rows[i].first, &b, rows[i].why, rows[i].why == R_NONE ?
		    HUB "a:1;" : "");
	}
}

/* What holds the name never passes whole, so dockerd never reads it. */
static void
holds_back_in_time(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0);
	struct refusal why;
	size_t passed, end;

	(void)state;
	tar_add(&b, M, '0', "[{\"RepoTags\":[\"bob:1\"]}]");
	end = TAR_BLOCK + strlen("[{\"RepoTags\":[\"bob:1\"]}]");
	assert_int_equal(see_all(buf_span(&b), 1, &passed, &why),
	    R_NOT_OWNER_IMAGE);
	assert_int_equal(passed, end - 1);
	/* the last one of a name counts for dockerd, each for us */
	tar_add(&b, M, '0', "[]");
	assert_int_equal(see_all(buf_span(&b), 1 << 20, &passed, &why),
	    R_NOT_OWNER_IMAGE);
	assert_int_equal(passed, 0);
}

static void
bounds_names(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0), m cleanup_buf = BUF_INIT(0);

	(void)state;
	for (int n = 1000; n <= 1001; n++) {
		buf_reset(&m);
		buf_puts(&m, "[{\"RepoTags\":[\"a:1\"");
		for (int i = 2; i <= n; i++)
			buf_printf(&m, ",\"a:%d\"", i);
		buf_puts(&m, "]}]");
		make(&b, M, m.data);
		check("a thousand names", &b, n == 1000 ? R_NONE :
		    R_IMAGE_ARCHIVE, NULL);
	}
}

/* --- what dockerd reads whole --- */

#define BIG (TAR_HELD_MAX + 1)
#define CONFIG(c) { M, '0', "[{\"Config\":\"" c "\",\"Layers\":[\"l\"]}]" }

static const struct {
	const char *what;
	struct { const char *name; char type; const char *body; } m[5];
	enum reason why;
} whole[] = {	/* without a body: big; type '2' is a link */
	{ "a big layer", { { "l", '0', NULL }, { "c", '0', "{}" },
	    CONFIG("c") }, R_NONE },
	{ "as 28.5 has them", { { "blobs/sha256/0", '0', NULL },
	    { "blobs/sha256/1", '0', "{}" }, { "blobs/sha256/2", '0', NULL },
	    CONFIG("blobs/sha256/1") }, R_NONE },
	{ "as 20.10 has them", { { "0/VERSION", '0', "1.0" },
	    { "0/json", '0', "{}" }, { "0/layer.tar", '0', NULL },
	    { "1/layer.tar", '2', "" }, CONFIG("c") }, R_NONE },
	{ "names like it", { { "json/a", '0', NULL }, { "ajson", '0', NULL },
	    { "cc", '0', NULL }, { "c.d", '2', "" }, CONFIG("c") }, R_NONE },
	{ "no config", { { "c", '0', NULL }, { M, '0', "[{\"Config\":null},"
	    "{\"Config\":\"\"}]" } }, R_NONE },

	{ "first", { { "c", '0', NULL }, CONFIG("c") }, R_IMAGE_ARCHIVE },
	{ "last", { CONFIG("c"), { "c", '0', NULL } }, R_IMAGE_ARCHIVE },
	{ "again", { { "c", '0', "{}" }, CONFIG("c"), { "c", '0', NULL } },
	    R_IMAGE_ARCHIVE },
	{ "dot in front", { { "./c", '0', NULL }, CONFIG("c") },
	    R_IMAGE_ARCHIVE },
	{ "dot in the list", { { "d/c", '0', NULL }, CONFIG("./d/c/") },
	    R_IMAGE_ARCHIVE },
	{ "not plain", { CONFIG("d/../c") }, R_IMAGE_ARCHIVE },
	{ "absolute", { CONFIG("/c") }, R_IMAGE_ARCHIVE },
	{ "the top", { CONFIG(".") }, R_IMAGE_ARCHIVE },
	{ "a NUL", { CONFIG("c\\u0000d") }, R_IMAGE_ARCHIVE },
	{ "no text", { { M, '0', "[{\"Config\":[\"c\"]}]" } },
	    R_IMAGE_ARCHIVE },
	{ "of the second", { { "c", '0', NULL }, { M, '0',
	    "[{\"Config\":\"b\"},{\"Config\":\"c\"}]" } },
	    R_IMAGE_ARCHIVE },
	{ "a list elsewhere", { { "c", '0', NULL }, { "d/" M, '0',
	    "[{\"Config\":\"c\"}]" } }, R_IMAGE_ARCHIVE },
	{ "a link", { { "c", '2', "" }, CONFIG("c") }, R_IMAGE_ARCHIVE },
	{ "a hard link", { CONFIG("c"), { "c", '1', "" } }, R_IMAGE_ARCHIVE },
	{ "below a link", { { "d", '2', "" }, CONFIG("d/c") },
	    R_IMAGE_ARCHIVE },
	{ "below a later link", { CONFIG("d/c"), { "d", '2', "" } },
	    R_IMAGE_ARCHIVE },
	{ "led elsewhere", { { "d", '2', "" }, { "d/c", '0', NULL },
	    CONFIG("e/c") }, R_IMAGE_ARCHIVE },
	{ "a link led elsewhere", { { "d", '2', "" }, { "d/c", '2', "" },
	    CONFIG("e/c") }, R_IMAGE_ARCHIVE },
	{ "json", { { "0/json", '0', NULL } }, R_IMAGE_ARCHIVE },
	{ "json as a link", { { "0/json", '1', "" } }, R_IMAGE_ARCHIVE },
	{ "VERSION", { { "0/VERSION", '0', NULL } }, R_IMAGE_ARCHIVE },
	{ "repositories", { { R, '0', NULL } }, R_IMAGE_ARCHIVE },
	{ "index.json as a link", { { I, '2', "" } }, R_IMAGE_ARCHIVE },
};

static void
bounds_what_is_read_whole(void **state)
{
	char *big = calloc(1, BIG + 1);
	struct buf b cleanup_buf = BUF_INIT(0);
	struct refusal why;
	size_t passed;

	(void)state;
	assert_non_null(big);
	memset(big, ' ', BIG);
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		buf_reset(&b);
		for (size_t k = 0; k < 5 && whole[i].m[k].name != NULL; k++)
			tar_add(&b, whole[i].m[k].name, whole[i].m[k].type,
			    whole[i].m[k].body != NULL ? whole[i].m[k].body :
			    big);
		tar_finish(&b);
		enum reason r = see_all(buf_span(&b), 1 << 20, &passed, &why);
		if (r != whole[i].why)
			fail_msg("%s: %d %s", whole[i].what, r,
			    r != R_NONE ? why.detail : "");
	}
	free(big);
}

/* Neither what is kept of links nor of configs grows for ever. */
static void
bounds_what_is_kept(void **state)
{
	struct buf b cleanup_buf = BUF_INIT(0), m cleanup_buf = BUF_INIT(0);
	char name[100];

	(void)state;
	for (int i = 0; i < 4097; i++) {
		snprintf(name, sizeof(name), "%d/layer.tar", i % 2000);
		if (i == 4096) {
			struct refusal why;
			size_t passed;
			assert_int_equal(see_all(buf_span(&b), 1 << 20,
			    &passed, &why), R_NONE);
		}
		tar_add(&b, name, '2', "");
	}
	tar_finish(&b);
	check("4097 links", &b, R_IMAGE_ARCHIVE, "");
	buf_reset(&b);
	memset(name, 'a', sizeof(name));
	name[99] = '\0';
	for (int i = 0; i < 2700; i++)
		tar_add(&b, name, '2', "");
	tar_finish(&b);
	check("long links", &b, R_IMAGE_ARCHIVE, "");
	buf_puts(&m, "[{}");
	for (int i = 0; i < 4097; i++)
		buf_printf(&m, ",{\"Config\":\"%d\"}", i);
	buf_puts(&m, "]");
	make(&b, M, m.data);
	check("4097 configs", &b, R_IMAGE_ARCHIVE, NULL);
}

/* --- what lists of images walk over --- */

#define OCI "application/vnd.oci.image."
#define DOCKER "application/vnd.docker.distribution.manifest."
#define INDEX OCI "index.v1+json"
#define MANIFEST OCI "manifest.v1+json"
/* The digest of what came as number n; of 9, which never comes. */
#define TO(type, n) "{\"mediaType\":\"" type "\",\"digest\":\"#" #n "\"}"
#define LIST(entries) "{\"schemaVersion\":2,\"manifests\":[" entries "]}"
#define IMAGE(config, layer) "{\"schemaVersion\":2,\"config\":" config \
	",\"layers\":[" layer "]}"
#define PLAIN IMAGE(TO(OCI "config.v1+json", 9), TO(OCI "layer.v1.tar", 9))
#define ODD(member) "{\"digest\":\"#9\"," member "}"

static const struct {
	const char *what;
	struct { const char *name, *text; } m[4];
	enum reason why;
} walks[] = {
	{ "one image", { { "b/0", PLAIN }, { I, LIST(TO(MANIFEST, 0)) } },
	    R_NONE },
	{ "for two platforms", { { "b/0", PLAIN }, { "b/1", LIST(
	    TO(MANIFEST, 0) "," TO(DOCKER "v2+json", 9)) }, { I,
	    LIST(TO(INDEX, 1) "," TO(INDEX, 1) "," TO(MANIFEST, 0)) } },
	    R_NONE },
	{ "docker's", { { "b/0", PLAIN }, { "b/1", LIST(TO(DOCKER "v2+json",
	    0)) }, { I, LIST(TO(DOCKER "list.v2+json", 1)) } }, R_NONE },
	{ "an image's own", { { "b/0", "{\"config\":{\"Env\":[\"A=1\"]},"
	    "\"os\":\"linux\",\"rootfs\":{\"diff_ids\":[\"x\"]}}" },
	    { "b/1", "{\"config\":null,\"_type\":\"x\",\"subject\":[{"
	    "\"digest\":{\"sha256\":\"x\"}}]}" } }, R_NONE },
	{ "no JSON", { { "b/0", "{" }, { "b/1", "{\"manifests\":[" },
	    { "b/2", " text " }, { "b/3", "" } }, R_NONE },

	{ "index in index", { { "b/0", LIST(TO(INDEX, 9)) } },
	    R_IMAGE_ARCHIVE },
	{ "docker's in it", { { "b/0", LIST(TO(DOCKER "list.v2+json", 9)) } },
	    R_IMAGE_ARCHIVE },
	{ "blanks first", { { "b/0", "\n\t \r" LIST(TO(INDEX, 9)) } },
	    R_IMAGE_ARCHIVE },
	{ "under a list's name", { { R, LIST(TO(INDEX, 9)) } },
	    R_IMAGE_ARCHIVE },
	{ "index in a manifest", { { "b/0", IMAGE(TO(INDEX, 9), "") } },
	    R_IMAGE_ARCHIVE },
	{ "index as a layer", { { "b/0", IMAGE(TO("c", 9), TO(INDEX, 9)) } },
	    R_IMAGE_ARCHIVE },
	{ "manifest as a layer", { { "b/0", IMAGE(TO("c", 9), TO("l", 9) ","
	    TO(DOCKER "v2+json", 9)) } }, R_IMAGE_ARCHIVE },
	{ "manifest as a configuration", { { "b/0", IMAGE(TO(MANIFEST, 9),
	    "") } }, R_IMAGE_ARCHIVE },
	{ "a key's case", { { "b/0", "{\"MANIFESTS\":[" TO(INDEX, 9) "]}" } },
	    R_IMAGE_ARCHIVE },
	{ "a long s", { { "b/0", "{\"manife\xc5\xbft\xc5\xbf\":["
	    TO(INDEX, 9) "]}" } }, R_IMAGE_ARCHIVE },
	{ "a key's escapes", { { "b/0", "{\"manifest\\u0073\":["
	    TO(INDEX, 9) "]}" } }, R_IMAGE_ARCHIVE },
	{ "a type's escapes", { { "b/0", LIST(ODD("\"mediatype\":"
	    "\"\\u0061pplication\\/vnd.oci.image.index.v1+json\"")) } },
	    R_IMAGE_ARCHIVE },
	{ "the first of two", { { "b/0", "{\"manifests\":[" TO(INDEX, 9)
	    "],\"manifests\":[]}" } }, R_IMAGE_ARCHIVE },
	{ "the second of two", { { "b/0", "{\"manifests\":[],\"manifests\":["
	    TO(INDEX, 9) "]}" } }, R_IMAGE_ARCHIVE },
	{ "held in itself", { { "b/0", LIST(ODD("\"data\":\"e30=\"")) } },
	    R_IMAGE_ARCHIVE },
	{ "held in the top", { { I, LIST(ODD("\"data\":\"e30=\"")) } },
	    R_IMAGE_ARCHIVE },

	{ "not there", { { I, LIST(TO(INDEX, 9)) } }, R_IMAGE_ARCHIVE },
	{ "behind it", { { "b/0", PLAIN }, { I, LIST(TO(INDEX, 9)) },
	    { "b/1", LIST(TO(MANIFEST, 0)) } }, R_IMAGE_ARCHIVE },
	{ "of no index", { { "b/0", PLAIN }, { I, LIST(TO(INDEX, 0)) } },
	    R_IMAGE_ARCHIVE },
	{ "a top of a top", { { "b/0", LIST(TO(MANIFEST, 9)) }, { I, LIST(
	    TO(INDEX, 0)) }, { I, LIST(TO(INDEX, 1)) } }, R_IMAGE_ARCHIVE },
	{ "a top that is none", { { "b/0", LIST(TO(MANIFEST, 9)) }, { "d/" I,
	    LIST(TO(INDEX, 0)) } }, R_IMAGE_ARCHIVE },
	{ "no digest", { { "b/0", LIST("{\"mediaType\":\"x\"}") } },
	    R_IMAGE_ARCHIVE },
	{ "a layer's digest", { { "b/0", IMAGE(TO("c", 9),
	    "{\"digest\":\"foo\"}") } }, R_IMAGE_ARCHIVE },
	{ "a configuration's", { { "b/0", IMAGE("{\"digest\":\"sha256:\"}",
	    TO("l", 9)) } }, R_IMAGE_ARCHIVE },
	{ "no configuration", { { "b/0", IMAGE("{}", TO("l", 9)) } },
	    R_IMAGE_ARCHIVE },
	{ "nothing at all", { { "b/0", "{\"schemaVersion\":2}" } },
	    R_IMAGE_ARCHIVE },
	{ "null for a layer", { { "b/0", IMAGE(TO("c", 9), "null") } },
	    R_IMAGE_ARCHIVE },
};

/* "#0" becomes the digest of the first text that was put. */
static void
put_text(struct buf *tar, const char *name, const char *text, size_t n,
    char digests[][80])
{
	struct buf b cleanup_buf = BUF_INIT(0);
	unsigned char sum[SHA256_BYTES];
	int at;

	for (const char *p = text; *p != '\0'; p++)
		if (*p == '#')
			buf_puts(&b, digests[*++p - '0']);
		else
			buf_add(&b, p, 1);
	sha256(buf_span(&b), sum);
	at = snprintf(digests[n], 80, "sha256:");
	for (size_t i = 0; i < sizeof(sum); i++)
		at += snprintf(digests[n] + at, 80 - (size_t)at, "%02x",
		    sum[i]);
	tar_add(tar, name, '0', b.data != NULL ? b.data : "");
}

static void
bounds_walks(void **state)
{
	char digests[10][80] = { "" };
	struct refusal why;
	size_t passed;

	(void)state;
	snprintf(digests[9], 80, "sha256:%064d", 9);
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		struct buf b cleanup_buf = BUF_INIT(0);

		for (size_t k = 0; k < 4 && walks[i].m[k].name != NULL; k++)
			put_text(&b, walks[i].m[k].name, walks[i].m[k].text,
			    k, digests);
		tar_finish(&b);
		for (size_t step = 1; step < 10000; step += 4099) {
			enum reason r = see_all(buf_span(&b), step, &passed,
			    &why);

			if (r != walks[i].why)
				fail_msg("%s: %d %s", walks[i].what, r,
				    r != R_NONE ? why.detail : "");
		}
	}
}

/* An upload of a text that has n times the same entry; the digest of the
 * index in front of it is number 0. */
static enum reason
see_many(const char *name, const char *key, const char *entry, int n)
{
	struct buf b cleanup_buf = BUF_INIT(0), m cleanup_buf = BUF_INIT(0);
	char digests[10][80] = { "" };
	struct refusal why;
	size_t passed;

	snprintf(digests[9], 80, "sha256:%064d", 9);
	put_text(&b, "b/0", LIST(TO(MANIFEST, 9)), 0, digests);
	buf_puts(&m, strcmp(key, "layers") != 0 ? "{" :
	    "{\"config\":" TO("c", 9) ",");
	buf_printf(&m, "\"%s\":[%s", key, entry);
	while (--n > 0)
		buf_printf(&m, ",%s", entry);
	buf_puts(&m, "]}");
	put_text(&b, name, m.data, 1, digests);
	tar_finish(&b);
	return see_all(buf_span(&b), 1 << 20, &passed, &why);
}

static void
bounds_lists(void **state)
{
	static const struct { const char *name, *key, *entry; int max; } rows[]
	    = {
		{ "b/1", "manifests", TO(MANIFEST, 9), 64 },
		{ "b/1", "manifests", TO("x", 9), 64 },
		{ "b/1", "layers", TO("l", 9), 512 },
		{ I, "manifests", TO(MANIFEST, 9), 1000 },
		{ I, "manifests", TO(INDEX, 0), 64 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int more = 0; more <= 1; more++)
			assert_int_equal(see_many(rows[i].name, rows[i].key,
			    rows[i].entry, rows[i].max + more), more == 0 ?
			    R_NONE : R_IMAGE_ARCHIVE);
}

/* Texts are held whole to be read; layers are not, whatever they begin with. */
static void
bounds_texts(void **state)
{
	static const struct { const char *first; size_t nul; enum reason why; }
	    rows[] = {
		{ "{", BIG, R_IMAGE_ARCHIVE }, { " {", BIG, R_NONE },
		{ "{", 511, R_NONE }, { "{", 512, R_IMAGE_ARCHIVE },
		{ "x{", BIG, R_NONE }, { "   x{", BIG, R_NONE },
		{ "\x1f\x8b{", BIG, R_NONE },
	};
	char *big = calloc(1, BIG + 1);
	size_t passed;

	(void)state;
	assert_non_null(big);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b cleanup_buf = BUF_INIT(0);
		struct refusal why;
		unsigned char h[TAR_BLOCK];

		memset(big, ' ', BIG);
		memcpy(big, rows[i].first, strlen(rows[i].first));
		big[rows[i].nul] = '\0';
		tar_head(h, "b/0", '0', BIG);
		tar_sum(h);
		buf_add(&b, h, sizeof(h));
		tar_body(&b, big, BIG);
		tar_finish(&b);
		for (size_t step = 7; step < 1 << 20; step += 1 << 19)
			assert_int_equal(see_all(buf_span(&b), step, &passed,
			    &why), rows[i].why);
	}
	free(big);
}

/* --- forms --- */

static void
tells_forms(void **state)
{
	static const struct { const char *what, *bytes; size_t n; } forms[] = {
		{ "bzip2", "BZh91AY", 7 },
		{ "xz", "\xfd" "7zXZ\0\0", 7 },
		{ "zstd", "\x28\xb5\x2f\xfd\0\0\0", 7 },
		{ "zstd, skipped frame", "\x5a\x2a\x4d\x18\0\0\0", 7 },
		{ "gzip, other method", "\x1f\x8b\x07\0\0\0\0", 7 },
		{ "gzip, broken", "\x1f\x8b\x08\xff\xff\xff\xff", 7 },
		{ "short", "abc", 3 },
	};
	struct buf b cleanup_buf = BUF_INIT(0), t cleanup_buf = BUF_INIT(0);

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		buf_reset(&b);
		buf_add(&b, forms[i].bytes, forms[i].n);
		check(forms[i].what, &b, R_IMAGE_ARCHIVE, "");
	}
	buf_reset(&b);
	check("nothing", &b, R_NONE, "");
	/* dockerd looks at the first bytes only, even of what is a tar */
	static const char *const like[] = { "BZh", "\x28\xb5\x2f\xfd",
	    "\x50\x2a\x4d\x18" };
	for (size_t i = 0; i < sizeof(like) / sizeof(like[0]); i++) {
		buf_reset(&b);
		tar_add(&b, like[i], '0', "x");
		tar_finish(&b);
		check(like[i], &b, R_IMAGE_ARCHIVE, "");
	}
	buf_reset(&b);
	/* several streams are one; what is none behind one is an error,
	 * unless the tar has ended */
	make(&t, M, "[{\"RepoTags\":[\"a:1\"]}]");
	gzip(&(struct buf){ .data = t.data, .len = 700 }, &b);
	gzip(&(struct buf){ .data = t.data + 700, .len = t.len - 700 }, &b);
	check("two streams", &b, R_NONE, HUB "a:1;");
	buf_puts(&b, "junk");
	check("junk behind the tar", &b, R_NONE, HUB "a:1;");
	buf_reset(&b);
	gzip(&(struct buf){ .data = t.data, .len = 700 }, &b);
	buf_puts(&b, "junk");
	check("junk within", &b, R_IMAGE_ARCHIVE, NULL);
	buf_reset(&b);
	gzip(&t, &b);
	b.len /= 2;
	check("half of it", &b, R_IMAGE_ARCHIVE, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lists),
		cmocka_unit_test(takes_no_layouts),
		cmocka_unit_test(tells_names_from_forms),
		cmocka_unit_test(holds_back_in_time),
		cmocka_unit_test(bounds_names),
		cmocka_unit_test(bounds_what_is_read_whole),
		cmocka_unit_test(bounds_what_is_kept),
		cmocka_unit_test(bounds_walks),
		cmocka_unit_test(bounds_lists),
		cmocka_unit_test(bounds_texts),
		cmocka_unit_test(tells_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
