/*
 * tarwatch.c - a tar as it passes by: what its named members say.
 *
 * Behind us stands Go's archive/tar (docker load, containerd import), which
 * cleans names ("./a", "a//b"), lets later members replace earlier ones, and
 * follows links that earlier members made.  So a member counts by the last
 * part of its name, wherever it seems to be: no way through directories or
 * links brings a file of another name to the top.  All members of such a
 * name are shown, and all must be good.  Refused, because readers differ or
 * the name could be hidden:
 *
 *   headers whose sum, magic or numbers are not plain; members that are
 *   neither file, directory nor link; links and directories of a watched
 *   name, or with a body; ".." and "." within names; empty names; a long
 *   name together with attributes, or two of a kind; attributes about sparse
 *   files, or unreadable ones; one empty block without the second.
 *
 * Behind the two empty blocks at its end nobody reads on.
 */
#include "tarwatch.h"

/* Fields of a header: offset and length (POSIX.1-1988). */
#define F_NAME 0, 100
#define F_SIZE 124, 12
#define F_SUM 148, 8
#define F_LINK 157, 100
#define F_MAGIC 257, 8
#define F_PREFIX 345, 155
#define AT_TYPE 156

static int
bad(struct tarwatch *t, const char *error)
{
	t->state = TAR_BAD;
	t->error = error;
	return -1;
}

/* --- fields ------------------------------------------------------------------ */

/* Octal digits with spaces or NULs around them; nothing at all is 0. */
static bool
octal(const unsigned char *p, size_t n, uint64_t *out)
{
	size_t i = 0;

	*out = 0;
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		*out = *out << 3 | (uint64_t)(p[i] - '0');
	for (; i < n; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return false;
	return true;
}

/* The same, or GNU's binary form for what is longer. */
bool
tar_number(const unsigned char *p, size_t n, uint64_t *out)
{
	if (p[0] != 0x80)
		return octal(p, n, out);
	*out = 0;
	for (size_t i = 1; i < n; i++) {
		if (*out >> 48 != 0)
			return false;
		*out = *out << 8 | p[i];
	}
	return true;
}

static bool
sum_is_right(const unsigned char b[TAR_BLOCK])
{
	static const struct { size_t at, n; } f = { F_SUM };
	uint64_t said, sum = 0;

	if (!octal(b + f.at, f.n, &said))
		return false;
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= f.at && i < f.at + f.n ? ' ' : b[i];
	return sum == said;
}

static bool
is_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static bool
magic_is_known(const unsigned char b[TAR_BLOCK])
{
	static const struct { size_t at, n; } f = { F_MAGIC };

	return is_zero(b + f.at, f.n) ||
	    memcmp(b + f.at, "ustar\0" "00", f.n) == 0 ||
	    memcmp(b + f.at, "ustar  \0", f.n) == 0;
}

/* --- names ------------------------------------------------------------------- */

bool
tarwatch_plain_name(struct span *s)
{
	size_t from = 0;

	while (s->len > 1 && s->ptr[0] == '.' && s->ptr[1] == '/') {
		s->ptr += 2;
		s->len -= 2;
	}
	while (s->len > 0 && s->ptr[s->len - 1] == '/')
		s->len--;
	if (s->len == 1 && s->ptr[0] == '.')
		s->len = 0;
	for (size_t i = 0; s->len > 0 && i <= s->len; i++) {
		if (i < s->len && s->ptr[i] == '\0')
			return false;
		if (i < s->len && s->ptr[i] != '/')
			continue;
		struct span part = { s->ptr + from, i - from };
		if (part.len == 0 || span_eq(part, ".") || span_eq(part, ".."))
			return false;
		from = i + 1;
	}
	return true;
}

/* The watched name that s ends in, or NULL. */
static const char *
watched(const struct tarwatch *t, struct span s)
{
	for (size_t i = 0; t->names[i] != NULL; i++) {
		size_t n = strlen(t->names[i]);

		if (s.len >= n && memcmp(s.ptr + s.len - n, t->names[i], n)
		    == 0 && (s.len == n || s.ptr[s.len - n - 1] == '/'))
			return t->names[i];
	}
	return NULL;
}

/* The member's name as the header has it.  A prefix only ever stands in
 * front of it. */
static struct span
header_name(const struct tarwatch *t)
{
	static const struct { size_t at, n; } f = { F_NAME };
	const char *p = (const char *)t->block + f.at;

	return (struct span){ p, strnlen(p, f.n) };
}

static bool
has_prefix(const struct tarwatch *t)
{
	static const struct { size_t at, n; } f = { F_PREFIX };

	return !is_zero(t->block + f.at, f.n);
}

/* --- attributes: "27 path=manifest.json\n" -------------------------------------- */

static bool
attribute(struct tarwatch *t, struct span key, struct span value)
{
	if (span_eq(key, "path"))
		return value.len > 0 && t->name.len == 0 &&
		    buf_putspan(&t->name, value) == 0;
	if (span_eq(key, "size")) {
		if (t->size_set || value.len == 0 || value.len > 18)
			return false;
		for (size_t i = 0; i < value.len; i++) {
			if (value.ptr[i] < '0' || value.ptr[i] > '9')
				return false;
			t->size = t->size * 10 + (uint64_t)(value.ptr[i] - '0');
		}
		t->size_set = true;
	}
	return key.len < 10 || memcmp(key.ptr, "GNU.sparse", 10) != 0;
}

bool
tar_record(struct span *body, struct span *key, struct span *value)
{
	size_t n = 0, digits = 0;
	struct span s = *body;
	const char *eq;

	while (digits < s.len && digits < 8 && s.ptr[digits] >= '0' &&
	    s.ptr[digits] <= '9')
		n = n * 10 + (size_t)(s.ptr[digits++] - '0');
	if (digits == 0 || n > s.len || n < digits + 4 || s.ptr[0] == '0' ||
	    s.ptr[digits] != ' ' || s.ptr[n - 1] != '\n')
		return false;
	struct span pair = { s.ptr + digits + 1, n - digits - 2 };
	eq = memchr(pair.ptr, '=', pair.len);
	if (eq == NULL || eq == pair.ptr)
		return false;
	*key = (struct span){ pair.ptr, (size_t)(eq - pair.ptr) };
	*value = (struct span){ eq + 1, pair.len - key->len - 1 };
	*body = (struct span){ s.ptr + n, s.len - n };
	return memchr(key->ptr, '\0', key->len) == NULL;
}

static bool
attributes(struct tarwatch *t, struct span s)
{
	struct span key, value;

	while (s.len > 0)
		if (!tar_record(&s, &key, &value) ||
		    !attribute(t, key, value))
			return false;
	return true;
}

/* --- members ------------------------------------------------------------------- */

static void
forget(struct tarwatch *t)
{
	buf_reset(&t->name);
	buf_reset(&t->link);
	t->attributes = t->size_set = false;
	t->size = 0;
}

/* A long name, a long link or attributes: about the member behind them. */
static int
begin_special(struct tarwatch *t, uint64_t size)
{
	bool any = t->name.len > 0 || t->link.len > 0 || t->attributes;
	bool again = t->type == 'L' ? t->name.len > 0 || t->attributes :
	    t->type == 'K' ? t->link.len > 0 || t->attributes : any;

	if (again)
		return bad(t, "a member with several names");
	if (size > TAR_SPECIAL_MAX || (size == 0 && t->type != 'g'))
		return bad(t, "a name or attributes of a strange size");
	t->hold = t->type != 'g';	/* Go passes those over */
	return 0;
}

/* Readers differ on where a prefix counts: of these members the whole name
 * matters, and those that docker save writes are short. */
static int
show_heavy(struct tarwatch *t, struct span name)
{
	if (t->heavy == NULL)
		return 0;
	if (t->name.len == 0 && has_prefix(t))
		return bad(t, "a big file or link with a name in two parts");
	return t->heavy(t->arg, name) == 0 ? 0 : bad(t, NULL);
}

static int
begin_member(struct tarwatch *t, uint64_t size)
{
	struct span name = t->name.len > 0 ? buf_span(&t->name) :
	    header_name(t);
	bool file = t->type == '0' || t->type == '\0';

	if (t->type == '\0' && name.len > 0 && name.ptr[name.len - 1] == '/')
		file = false;		/* a directory's old form */
	if (!tarwatch_plain_name(&name))
		return bad(t, "a member's name with empty parts or dots");
	/* the top itself, as "tar -c ." writes it */
	if (name.len == 0 && (t->type != '5' || t->name.len > 0 ||
	    has_prefix(t)))
		return bad(t, "a member without a name");
	t->base = watched(t, name);
	t->top = t->base != NULL && span_eq(name, t->base) && !has_prefix(t);
	if (!file && (t->base != NULL || size != 0))
		return bad(t, t->base != NULL ?
		    "a link or directory in the place of a list of names" :
		    "a link or directory with a body");
	t->hold = file && t->base != NULL;
	t->text = file && !t->hold && t->texts ? TAR_TEXT_BLANK : TAR_TEXT_NO;
	if (t->hold && size > TAR_HELD_MAX)
		return bad(t, "too long a list of names");
	if ((file ? size > TAR_HELD_MAX : t->type == '1' || t->type == '2') &&
	    show_heavy(t, name) < 0)
		return -1;
	forget(t);
	return 0;
}

static int
header(struct tarwatch *t)
{
	static const struct { size_t at, n; } f = { F_SIZE };
	uint64_t size;
	int rc;

	if (is_zero(t->block, TAR_BLOCK)) {
		if (t->name.len > 0 || t->link.len > 0 || t->attributes)
			return bad(t, "a name without a member");
		t->state = TAR_ONE_ZERO;
		return 0;
	}
	if (!sum_is_right(t->block) || !magic_is_known(t->block))
		return bad(t, "not a tar");
	if (!tar_number(t->block + f.at, f.n, &size))
		return bad(t, "a strange size");
	t->type = (char)t->block[AT_TYPE];
	t->text = TAR_TEXT_NO;
	switch (t->type) {
	case 'L': case 'K': case 'x': case 'g':
		rc = begin_special(t, size);
		break;
	case '0': case '\0': case '1': case '2': case '5':
		if (t->size_set)
			size = t->size;
		rc = begin_member(t, size);
		break;
	default:
		return bad(t, "a member that is neither file, directory nor "
		    "link");
	}
	if (rc < 0)
		return rc;
	buf_reset(&t->held);
	t->left = size;
	t->pad = (size_t)(-size % TAR_BLOCK);
	t->state = TAR_BODY;
	return 0;
}

/* A body that was kept is whole. */
static int
end_member(struct tarwatch *t)
{
	struct span s = buf_span(&t->held);
	struct buf *to = t->type == 'L' ? &t->name : &t->link;

	switch (t->type) {
	case 'L': case 'K':
		s.len = strnlen(s.ptr, s.len);
		return s.len > 0 && buf_putspan(to, s) == 0 ? 0 :
		    bad(t, "an empty name");
	case 'x':
		t->attributes = true;
		return attributes(t, s) ? 0 :
		    bad(t, "attributes that are not plain");
	default:
		if (t->member(t->arg, t->hold ? t->base : NULL, s) == 0)
			return 0;
		return bad(t, NULL);
	}
}

/* --- bytes ------------------------------------------------------------------------ */

static int
take_block(struct tarwatch *t, const char **p, size_t *n)
{
	size_t take = TAR_BLOCK - t->have;

	if (take > *n)
		take = *n;
	memcpy(t->block + t->have, *p, take);
	t->have += take;
	*p += take;
	*n -= take;
	if (t->have < TAR_BLOCK)
		return 0;
	t->have = 0;
	if (t->state == TAR_HEAD)
		return header(t);
	if (!is_zero(t->block, TAR_BLOCK))
		return bad(t, "one empty block");
	t->state = TAR_DONE;
	return 0;
}

/* Not a layer: one has another first byte, or is a tar, whose first block has
 * NULs in it. */
static int
take_text(struct tarwatch *t, const char *p, size_t n)
{
	size_t head;

	while (t->text == TAR_TEXT_BLANK && n > 0 && (*p == ' ' || *p == '\t' ||
	    *p == '\r' || *p == '\n'))
		p++, n--;
	if (t->text == TAR_TEXT_BLANK && n > 0)
		t->text = *p == '{' ? TAR_TEXT_OPEN : TAR_TEXT_NO;
	if (t->text != TAR_TEXT_OPEN || n == 0)
		return 0;
	head = t->held.len < TAR_BLOCK ? TAR_BLOCK - t->held.len : 0;
	if (memchr(p, '\0', n < head ? n : head) != NULL) {
		t->text = TAR_TEXT_NO;
		buf_reset(&t->held);
		return 0;
	}
	return t->held.len + n <= TAR_HELD_MAX && buf_add(&t->held, p, n) == 0
	    ? 0 : bad(t, "JSON of more than 4 MiB");
}

static int
take_body(struct tarwatch *t, const char **p, size_t *n)
{
	size_t take = t->left < *n ? (size_t)t->left : *n;

	if (t->hold && take > 0 && buf_add(&t->held, *p, take) < 0)
		return bad(t, "out of memory");
	if (take_text(t, *p, take) < 0)
		return -1;
	*p += take;
	*n -= take;
	t->left -= take;
	if (t->left > 0)
		return 0;
	t->state = TAR_PAD;
	return t->hold || t->text == TAR_TEXT_OPEN ? end_member(t) : 0;
}

int
tarwatch_feed(struct tarwatch *t, const char *data, size_t len)
{
	int rc = t->state == TAR_BAD ? -1 : 0;

	/* an empty body is at its end without a further byte */
	while (rc == 0 && t->state != TAR_DONE && (len > 0 ||
	    (t->state == TAR_BODY && t->left == 0))) {
		if (t->state == TAR_BODY)
			rc = take_body(t, &data, &len);
		else if (t->state == TAR_PAD) {
			size_t take = t->pad < len ? t->pad : len;
			data += take;
			len -= take;
			t->pad -= take;
			if (t->pad == 0)
				t->state = TAR_HEAD;
		} else
			rc = take_block(t, &data, &len);
	}
	return rc;
}

int
tarwatch_end(struct tarwatch *t)
{
	if (t->state == TAR_DONE)
		return 0;
	if (t->state == TAR_BAD)
		return -1;
	/* Go takes the end of the text for the end of the archive, but only
	 * where a member could begin. */
	return (t->state == TAR_HEAD || (t->state == TAR_PAD && t->pad == 0))
	    && t->have == 0 && t->name.len == 0 && !t->attributes ? 0 :
	    bad(t, "it broke off");
}

void
tarwatch_init(struct tarwatch *t, const char *const *names,
    int (*member)(void *arg, const char *name, struct span text), void *arg)
{
	*t = (struct tarwatch){ .state = TAR_HEAD, .names = names,
	    .member = member, .arg = arg, .held = BUF_INIT(TAR_HELD_MAX + 1),
	    .name = BUF_INIT(TAR_SPECIAL_MAX + 1),
	    .link = BUF_INIT(TAR_SPECIAL_MAX + 1) };
}

void
tarwatch_free(struct tarwatch *t)
{
	buf_free(&t->held);
	buf_free(&t->name);
	buf_free(&t->link);
}
