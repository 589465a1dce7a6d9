/*
 * answer.h - what exchange.c needs of the way back (answer.c).
 *
 * in: bytes read from dockerd; a's spans point into it.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "request.h"

/* Reads until the answer's head is whole.  Its length, 0 if the connection
 * ended before the first byte, -1 failed.  100 Continue is passed over. */
ssize_t answer_read_head(struct request *r, int fd, struct buf *in,
    struct http_head *a);
/* The status line and the headers that a client may see, without the framing
 * and without the empty line. */
void answer_headers(struct buf *out, const struct http_head *a);
/* Carries the answer with that head (head_len bytes of in) to the client, as
 * it is or cut down to what is the caller's.  0, -1: the connection must
 * end. */
int answer(struct request *r, int fd, struct buf *in, struct http_head *a,
    size_t head_len);
/* dockerd did not do its part: 502 with that text. */
int answer_failed(struct request *r, const char *what);

#endif
