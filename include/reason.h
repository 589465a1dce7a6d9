/*
 * reason.h - every refusal, as one table.
 *
 * A refusal is a value: a row of this table and a detail.  The row carries
 * the stable id (audit "reason=", event, man page), the HTTP status and the
 * text the user sees.  Tests and man pages walk the same rows.
 */
#ifndef REASON_H
#define REASON_H

#include <stddef.h>

enum reason {
	R_NONE = 0,		/* not refused */
	/* the request could not be understood */
	R_BAD_REQUEST, R_HEAD_TOO_LARGE, R_BODY_TOO_LARGE, R_BAD_PATH,
	R_BAD_VERSION, R_BAD_QUERY, R_BAD_JSON, R_BAD_FIELD, R_MISSING,
	R_UNKNOWN_FIELD,
	R_BAD_CONTENT_TYPE, R_HTTP2, R_UNKNOWN_ROUTE, R_TOO_MANY,
	/* not now */
	R_ENGINE_DOWN, R_ENGINE_ERROR, R_NO_RECORD, R_INTERNAL, R_REPLACED,
	/* identity */
	R_WRONG_PEER, R_NO_ACCOUNT,
	/* ownership */
	R_NOT_OWNER, R_PROTECTED, R_UNOWNED, R_UNOWNED_UNSAFE,
	R_NOT_FOUND, R_AMBIGUOUS, R_IMAGE_MOVED, R_NOT_OWNER_VOLUME, R_NOT_OWNER_NETWORK,
	R_NOT_OWNER_IMAGE, R_RESERVED_LABEL, R_LABEL,
	/* routes an ordinary user does not get */
	R_ADMIN_ONLY,
	/* create and friends: plain roads to root */
	R_PRIVILEGED, R_HOST_NAMESPACE, R_BIND, R_CAP_ADD, R_DEVICE,
	R_DEVICE_CGROUP_RULE, R_SECURITY_OPT, R_CGROUP_PARENT, R_RUNTIME,
	R_VOLUME_DRIVER, R_MOUNT, R_LOG_DRIVER, R_SYSCTL, R_ANNOTATION,
	R_MASKED_PATHS, R_GPU, R_ENV, R_USER, R_WORKING_DIR, R_RESOURCE,
	R_PORT, R_RESTART_POLICY, R_NETWORK, R_NAME, R_NEEDS_NEWER_ENGINE,
	R_PS_ARGS, R_BUILD, R_ROOT, R_IMAGE_SOURCE, R_IMAGE_ARCHIVE,
	R_REMOTE_SOURCE, R_ARCHIVE, R_TAG, R_PARAMETER, R_FIELD_DENIED,
	R__COUNT
};

struct reason_row {
	const char *id;		/* stable, [a-z_]+, for records and docs */
	int status;		/* HTTP status of the answer */
	const char *text;	/* printf format with at most one %s: detail */
	const char *advice;	/* what to do next; may name a config key */
};

/* Never NULL. */
const struct reason_row *reason_row(enum reason why);

/* A refusal on its way from the room that decides to the one that answers. */
struct refusal {
	enum reason why;
	char detail[256];	/* fits the row's %s; printable, cut to fit */
};

/* Fills r and returns why, so that a check can end with
 * "return refuse(r, R_X, "%s", name);".  Bytes that are not printable
 * UTF-8 become '?'; no detail is "" or " ". */
enum reason refuse(struct refusal *r, enum reason why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* R_NOT_FOUND in dockerd's words; noun: "container", "volume", … */
enum reason refuse_missing(struct refusal *r, const char *noun,
    const char *name);

#define REFUSAL_TEXT_MAX 1024	/* every text fits */

/* The one text a user sees (without the event id): the row's text with the
 * detail, and on the next line its advice.  Returns out. */
const char *refusal_text(const struct refusal *r, char *out, size_t cap);

#endif
