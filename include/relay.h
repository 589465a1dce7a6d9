/*
 * relay.h - bytes both ways.  Knows framing, nothing else of HTTP.
 *
 * No time limits.  Half-close is passed on each way by itself.
 */
#ifndef RELAY_H
#define RELAY_H

#include "http.h"

#define RELAY_BUF (64 * 1024)

/* One read: >0 bytes, 0 at the end, -1 failed, or other went away while
 * nothing was there to read. */
ssize_t relay_read(int fd, int other, char *to, size_t cap);
/* The same where nothing can be there yet: waits first.  other may be -1. */
ssize_t relay_await(int fd, int other, char *to, size_t cap);
/* Copies a body of that framing from src to dst, behind first (the head we
 * wrote).  ahead: bytes already read (body bytes are consumed from it).
 * With HTTP_CHUNKED the framing is followed and passed on as it came.
 * 0, -1 if either side failed. */
int relay_body(int src, int dst, struct buf *ahead,
    const struct http_head *head, struct span first);
/* Sees each piece of an upload before it is passed on, and its end (len 0).
 * -1: neither this nor what follows goes up, and the engine is hung up on. */
struct relay_watch {
	int (*see)(void *arg, const char *data, size_t len);
	void *arg;
};
/* A request body from a client: decoded, and framed by us as chunks.  0: all
 * of it went up; 1: the engine stopped listening, the rest was read and
 * thrown away, so that the client comes to read the answer; -1: the client
 * failed, or wrote what is no body.  watch may be NULL. */
int relay_upload(int client, int engine, struct buf *ahead,
    const struct http_head *head, const struct relay_watch *watch);
/* Raw both ways until both have ended; ahead_*: bytes read ahead from that
 * side, sent first. */
void relay_hijack(int client, int engine, struct buf *ahead_client,
    struct buf *ahead_engine);
/* All of it, or -1.  Survives short writes and EINTR; never SIGPIPE. */
int write_all(int fd, const void *data, size_t len);

#endif
