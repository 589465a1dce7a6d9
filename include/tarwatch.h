/*
 * tarwatch.h - a tar as it passes by: what its named members say.
 *
 * Reads on the fly, in bounded memory, and more strictly than those who
 * unpack it behind us: what two readers could take differently is an error.
 * See tarwatch.c for what that is.
 */
#ifndef TARWATCH_H
#define TARWATCH_H

#include "buf.h"

#define TAR_BLOCK 512
#define TAR_HELD_MAX ((size_t)4 << 20)	/* bytes of a member that is kept */
#define TAR_SPECIAL_MAX ((size_t)64 << 10)	/* of a long name or attributes */

enum tar_state {
	TAR_HEAD,		/* a header block comes next */
	TAR_BODY,		/* .left bytes of the member, then .pad */
	TAR_PAD,
	TAR_ONE_ZERO,		/* one empty block: the next must be one too */
	TAR_DONE,		/* the archive has ended: the rest is not read */
	TAR_BAD
};

enum tar_text {			/* could the member be a JSON object? */
	TAR_TEXT_NO, TAR_TEXT_BLANK, TAR_TEXT_OPEN
};

struct tarwatch {
	enum tar_state state;
	unsigned char block[TAR_BLOCK];
	size_t have;		/* bytes of block */
	uint64_t left;
	size_t pad;
	char type;		/* of the member being read */
	bool hold;		/* its body is kept in held */
	enum tar_text text;	/* … too, as long as it could be */
	struct buf held;
	struct buf name;	/* of the next member: said by a long name */
	struct buf link;	/* … where a long link leads to */
	bool attributes;	/* … by extended attributes */
	uint64_t size;		/* its size, said by them */
	bool size_set;
	const char *base;	/* the member's name: one of .names */
	bool top;		/* … and nothing else */
	const char *error;	/* TAR_BAD: what is wrong */
	/* Members whose last part of the name is one of these (NULL ends) are
	 * shown whole.  -1: stop, the text is bad. */
	const char *const *names;
	int (*member)(void *arg, const char *name, struct span text);
	void *arg;
	/* Set: so is each other file that begins as a JSON object does, with
	 * NULL for its name.  Above TAR_HELD_MAX it ends the archive. */
	bool texts;
	/* Called, if set, for each link and each file above TAR_HELD_MAX: its
	 * whole path, as tarwatch_plain_name() leaves it.  -1: stop. */
	int (*heavy)(void *arg, struct span name);
};

/* A number in a field of a header: octal, or GNU's binary form.  False: not
 * plain. */
bool tar_number(const unsigned char *field, size_t len, uint64_t *out);
/* Cuts the next record, "27 path=manifest.json\n", off the body of an extended
 * header.  Its length is what it says: a value may hold anything.  False: it
 * is none. */
bool tar_record(struct span *body, struct span *key, struct span *value);

/* Without "./" in front and slashes behind; false for what has other parts
 * that are empty, "." or "..": nobody needs them. */
bool tarwatch_plain_name(struct span *s);

/* The fields above the functions' arguments are set by this. */
void tarwatch_init(struct tarwatch *t, const char *const *names,
    int (*member)(void *arg, const char *name, struct span text), void *arg);
/* The next bytes, to be passed on only afterwards.  0; -1: not these, and
 * nothing more (.error, or NULL when member said so). */
int tarwatch_feed(struct tarwatch *t, const char *data, size_t len);
/* There are no more bytes.  0 or -1. */
int tarwatch_end(struct tarwatch *t);
void tarwatch_free(struct tarwatch *t);

#endif
