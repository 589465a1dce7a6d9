/*
 * reason.c - every refusal, as one table.
 *
 * Guarantees that each reason has a stable id, a status, a text and, where
 * there is something to be done, an advice; and that whatever a stranger put
 * into a detail comes out as one line of printable UTF-8 that fits.
 *
 * The detail goes where the text has %s: it is what the room that refuses
 * knows, a name, an owner, a value, "field: what is wrong"; for R_NOT_FOUND
 * all of it, "No such container: NAME", as dockerd says it.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "reason.h"
#include "span.h"

#define ASK_ADMIN "An administrator can change this in ds01-docker.yaml: "

static const struct reason_row rows[R__COUNT] = {
	[R_NONE] = { "none", 200, "Not refused", "" },

	/* the request could not be understood */
	[R_BAD_REQUEST] = { "bad_request", 400,
	    "Malformed HTTP request: %s",
	    "Use a Docker client that speaks HTTP/1.1." },
	[R_HEAD_TOO_LARGE] = { "head_too_large", 431,
	    "Request head too large: %s",
	    "At most 64 KiB and 64 header fields are accepted." },
	[R_BODY_TOO_LARGE] = { "body_too_large", 413,
	    "Request body too large: %s",
	    "At most 4 MiB of JSON are accepted." },
	[R_BAD_PATH] = { "bad_path", 400,
	    "Malformed request path or object name: %s",
	    "Names are [a-zA-Z0-9][a-zA-Z0-9_.-]*; a path has no \"//\", "
	    "\".\", \"..\" or encoded bytes." },
	[R_BAD_VERSION] = { "bad_version", 400,
	    "API version not supported: %s",
	    "Versions 1.24 to 1.51 are; unset DOCKER_API_VERSION to let the "
	    "client negotiate." },
	[R_BAD_QUERY] = { "bad_query", 400,
	    "Bad query parameter: %s",
	    "Send each parameter once, percent-encoded, with a value of its "
	    "type." },
	[R_BAD_JSON] = { "bad_json", 400,
	    "Request body is not valid JSON: %s",
	    "Send one UTF-8 JSON object without repeated keys." },
	[R_BAD_FIELD] = { "bad_field", 400,
	    "Bad value in the request body: %s", "" },
	[R_MISSING] = { "missing", 400, "%s", "" },
	[R_UNKNOWN_FIELD] = { "unknown_field", 400,
	    "Unknown field in the request body: %s",
	    "Field names are those of the Docker Engine API up to 1.51, "
	    "letter by letter." },
	[R_BAD_CONTENT_TYPE] = { "bad_content_type", 400,
	    "Content-Type not accepted: %s",
	    "Send application/json for JSON and application/x-tar for "
	    "archives." },
	[R_HTTP2] = { "http2", 400,
	    "HTTP/2 is not spoken on this socket",
	    "Use HTTP/1.1 with an upgrade, as docker build does." },
	[R_UNKNOWN_ROUTE] = { "unknown_route", 403,
	    "Not a request of the Docker Engine API 1.24 to 1.51: %s",
	    ASK_ADMIN "unknown_requests." },
	[R_TOO_MANY] = { "too_many", 503,
	    "Too many connections at once",
	    "Close some docker commands and try again." },

	/* not now */
	[R_ENGINE_DOWN] = { "engine_down", 502,
	    "Cannot connect to the Docker daemon: %s",
	    "Is it running? An administrator can look with: systemctl status "
	    "docker; ds01-dockerctl doctor." },
	[R_ENGINE_ERROR] = { "engine_error", 502,
	    "Unexpected answer of the Docker daemon: %s",
	    "Try again; if it stays, tell your administrator." },
	[R_NO_RECORD] = { "no_record", 503,
	    "Refused because it could not be written to the audit log: %s",
	    "Tell your administrator: auditd is down, or "
	    "audit: required is too strict for this host." },
	[R_INTERNAL] = { "internal", 500,
	    "Internal error: %s",
	    "Try again; if it stays, tell your administrator." },

	[R_REPLACED] = { "replaced", 503,
	    "ds01-docker was upgraded since this session began",
	    "Start the session again: the next docker command does, and "
	    "ds01-docker-session." },

	/* identity */
	[R_WRONG_PEER] = { "wrong_peer", 403,
	    "This session belongs to somebody else: %s",
	    "Start your own session: docker, or ds01-docker-session." },
	[R_NO_ACCOUNT] = { "no_account", 403,
	    "No user account for uid %s",
	    "Ask your administrator for an account on this host." },

	/* ownership; texts that other tools look for carry no advice */
	[R_NOT_OWNER] = { "not_owner", 403,
	    "Permission denied: this container belongs to %s", "" },
	[R_PROTECTED] = { "protected", 403,
	    "Error: Container '%s' is protected infrastructure.",
	    "Admin access required. Contact system administrator." },
	[R_UNOWNED] = { "unowned", 403,
	    "Permission denied: container %s has no owner",
	    ASK_ADMIN "unowned." },
	[R_UNOWNED_UNSAFE] = { "unowned_unsafe", 403,
	    "Permission denied: container %s has more rights than you may ask "
	    "for",
	    "Make it anew; as it is only administrators may use it." },
	[R_NOT_FOUND] = { "not_found", 404, "%s", "" },
	[R_AMBIGUOUS] = { "ambiguous", 400,
	    "More than one object fits: %s",
	    "Give the whole name or more of the id." },
	[R_NOT_OWNER_VOLUME] = { "not_owner_volume", 403,
	    "Permission denied: this volume belongs to %s",
	    "Use a volume of your own: docker volume create NAME." },
	[R_NOT_OWNER_NETWORK] = { "not_owner_network", 403,
	    "Permission denied: this network belongs to %s",
	    "Use a network of your own: docker network create NAME. "
	    ASK_ADMIN "policy.default.networks." },
	[R_NOT_OWNER_IMAGE] = { "not_owner_image", 403,
	    "Permission denied: this image tag belongs to %s",
	    "Use a name of your own, such as USER/NAME:TAG; only its owner "
	    "moves or removes a tag. "
	    ASK_ADMIN "images." },
	[R_RESERVED_LABEL] = { "reserved_label", 403,
	    "Label reserved for the system: %s",
	    "Leave the label out; ds01.* labels are set for you." },
	[R_LABEL] = { "label", 403,
	    "Key of a label with control characters: %s",
	    "Lists of everybody show labels. In a value, control characters "
	    "become spaces." },

	/* routes an ordinary user does not get */
	[R_ADMIN_ONLY] = { "admin_only", 403,
	    "Permission denied: %s is for administrators",
	    "Members of the groups in admin.groups may do this." },

	/* create and friends */
	[R_PRIVILEGED] = { "privileged", 403,
	    "Permission denied: privileged is root on this host: %s",
	    "Leave --privileged out; single capabilities and devices can be "
	    "allowed. "
	    ASK_ADMIN "policy.default.capabilities, policy.default.devices." },
	[R_HOST_NAMESPACE] = { "host_namespace", 403,
	    "Permission denied: namespace of the host: %s",
	    "Leave it out, or join a container of your own "
	    "(container:NAME). "
	    ASK_ADMIN "policy.default.host_ipc, policy.default.host_pid, "
	    "policy.default.host_uts, policy.default.networks." },
	[R_BIND] = { "bind", 403,
	    "Permission denied: this path cannot be mounted: %s",
	    "Your home, what is below it, and what policy.default.binds "
	    "lists can be; else use a volume (-v NAME:/path)." },
	[R_CAP_ADD] = { "cap_add", 403,
	    "Permission denied: capability %s",
	    "Docker's default capabilities need no --cap-add. "
	    ASK_ADMIN "policy.default.capabilities." },
	[R_DEVICE] = { "device", 403,
	    "Permission denied: device %s",
	    "GPUs are asked for with --gpus. "
	    ASK_ADMIN "policy.default.devices." },
	[R_DEVICE_CGROUP_RULE] = { "device_cgroup_rule", 403,
	    "Permission denied: device cgroup rule %s",
	    "Ask for a single device with --device. "
	    ASK_ADMIN "policy.default.devices." },
	[R_SECURITY_OPT] = { "security_opt", 403,
	    "Permission denied: security option %s",
	    "no-new-privileges is accepted. "
	    ASK_ADMIN "policy.default.security_opts." },
	[R_CGROUP_PARENT] = { "cgroup_parent", 403,
	    "Permission denied: invalid cgroup-parent '%s'",
	    "Leave --cgroup-parent out; it is set for you." },
	[R_RUNTIME] = { "runtime", 403,
	    "Permission denied: runtime %s",
	    "Leave --runtime out for the engine's default. "
	    ASK_ADMIN "policy.default.runtimes." },
	[R_VOLUME_DRIVER] = { "volume_driver", 403,
	    "Permission denied: volume driver or option %s",
	    "The driver \"local\" without options is accepted." },
	[R_MOUNT] = { "mount", 403,
	    "Permission denied: mount %s",
	    "Mounts of type volume, tmpfs, image and, below an allowed root, "
	    "bind are accepted. "
	    ASK_ADMIN "policy.default.binds." },
	[R_LOG_DRIVER] = { "log_driver", 403,
	    "Permission denied: log driver or option %s",
	    "json-file, local and none are accepted, with max-size (from 16k), "
	    "max-file (to 10), compress, mode, max-buffer-size (to 16m), "
	    "labels, env, and tag with fields such as {{.Name}}. "
	    ASK_ADMIN "policy.default.log_size." },
	[R_SYSCTL] = { "sysctl", 403,
	    "Permission denied: sysctl %s",
	    ASK_ADMIN "policy.default.sysctls." },
	[R_ANNOTATION] = { "annotation", 403,
	    "Permission denied: annotation %s",
	    "Leave --annotation out; use --label." },
	[R_MASKED_PATHS] = { "masked_paths", 403,
	    "Permission denied: masked and read-only paths are fixed: %s",
	    "Leave MaskedPaths, ReadonlyPaths and systempaths out." },
	[R_GPU] = { "gpu", 403,
	    "Permission denied: GPU request %s",
	    "Ask for GPUs with --gpus, within what is yours. "
	    ASK_ADMIN "policy.default.gpus." },
	[R_ENV] = { "env", 403,
	    "Permission denied: environment variable %s",
	    "GPUs are asked for with --gpus, not by variables. "
	    ASK_ADMIN "policy.default.gpus." },
	[R_USER] = { "user", 403,
	    "Permission denied: user or group %s",
	    "Leave --user and --group-add out, or name your own ids." },
	[R_WORKING_DIR] = { "working_dir", 403,
	    "Permission denied: working directory %s",
	    "Use a path that is not below /proc, /sys or /dev." },
	[R_RESOURCE] = { "resource", 403,
	    "Permission denied: resource limit %s",
	    "Ask for less, or leave it out for the default. "
	    ASK_ADMIN "policy.default.memory, policy.default.pids and the "
	    "other limits there." },
	[R_PORT] = { "port", 403,
	    "Permission denied: host port %s",
	    "Use host ports of 1024 or above, and fewer. "
	    ASK_ADMIN "policy.default.privileged_ports and "
	    "policy.default.published_ports." },
	[R_RESTART_POLICY] = { "restart_policy", 403,
	    "Permission denied: restart policy %s",
	    "no, on-failure and unless-stopped are accepted. "
	    ASK_ADMIN "policy.default.restart_always." },
	[R_NETWORK] = { "network", 403,
	    "Permission denied: network setting %s",
	    "Networks of your own with the driver \"bridge\", bridge and none "
	    "are accepted. "
	    ASK_ADMIN "policy.default.networks." },
	[R_NAME] = { "name", 403,
	    "Name not accepted: %s",
	    "Names are [a-zA-Z0-9][a-zA-Z0-9_.-]+ and do not look like an id "
	    "(12 to 64 hex digits)." },
	[R_NEEDS_NEWER_ENGINE] = { "needs_newer_engine", 403,
	    "Permission denied: not safe on this Docker Engine: %s",
	    "Docker Engine 26 (API 1.45) or newer is needed; until then mount "
	    "your home as a whole, or use a volume and docker cp." },
	[R_PS_ARGS] = { "ps_args", 403,
	    "Permission denied: ps arguments %s",
	    "None, -ef, aux and -o with plain columns are accepted." },
	[R_BUILD] = { "build", 403,
	    "Permission denied: build: %s",
	    "A build from a local context with the default network is "
	    "accepted. "
	    ASK_ADMIN "builds." },
	[R_ROOT] = { "root", 403,
	    "Permission denied: root in a container is root on this host: %s",
	    "A container without root, that runs as you, is accepted. "
	    ASK_ADMIN "policy.default.container_root." },
	[R_IMAGE_MOVED] = { "image_moved", 409,
	    "The image %s became another one while the container was made",
	    "Try again." },
	[R_IMAGE_SOURCE] = { "image_source", 403,
	    "Permission denied: registry or image %s",
	    "Images of the allowed registries are accepted. "
	    ASK_ADMIN "policy.default.registries." },
	[R_IMAGE_ARCHIVE] = { "image_archive", 403,
	    "Permission denied: docker load: %s",
	    "Send a tar as docker save writes it, plain or with gzip; unpack "
	    "others first (xz -d, zstd -d, bunzip2). "
	    ASK_ADMIN "images." },
	[R_REMOTE_SOURCE] = { "remote_source", 403,
	    "Permission denied: the daemon does not fetch for you: %s",
	    "Download it yourself and send it: docker import -, "
	    "docker build ." },
	[R_ARCHIVE] = { "archive", 403,
	    "Permission denied: docker cp: %s",
	    "Copy to or from the directory on the host itself, or through "
	    "docker exec (tar)." },
	[R_TAG] = { "tag", 403,
	    "Permission denied: image tag %s",
	    "Use a tag that nobody else uses, such as USER/NAME:TAG. "
	    ASK_ADMIN "images." },
	[R_PARAMETER] = { "parameter", 403,
	    "Permission denied: parameter %s",
	    "Leave it out or empty; only administrators may set it." },
	[R_FIELD_DENIED] = { "field_denied", 403,
	    "Permission denied: %s",
	    "Leave it out or empty; only administrators may set it." },
};

const struct reason_row *
reason_row(enum reason why)
{
	if ((unsigned)why >= R__COUNT)
		why = R_INTERNAL;
	return &rows[why];
}

/* Not for a terminal: C0, DEL, C1, line separators and what changes the
 * direction of writing, which can make a text read as another. */
static bool
hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad ||
	    c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	    c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
	    (c >= 0xe0000 && c <= 0xe0fff);
}

/* Copies in, byte sequences that are not printable as '?', whole characters
 * only. */
static void
printable(const char *in, char *out, size_t cap)
{
	struct span s = span_of(in);
	size_t n, used = 0;
	uint32_t c;

	for (; s.len > 0; s.ptr += n, s.len -= n) {
		n = span_utf8(s, &c);
		if (n == 0 || hidden(c)) {
			if (used + 1 >= cap)
				break;
			out[used++] = '?';
			n = n ? n : 1;
			continue;
		}
		if (used + n >= cap)
			break;
		memcpy(out + used, s.ptr, n);
		used += n;
	}
	out[used] = '\0';
}

enum reason
refuse(struct refusal *r, enum reason why, const char *fmt, ...)
{
	char raw[sizeof(r->detail) * 2];
	va_list ap;

	r->why = why;
	r->detail[0] = '\0';
	va_start(ap, fmt);
	if (vsnprintf(raw, sizeof(raw), fmt, ap) >= 0)
		printable(raw + strspn(raw, " "), r->detail,
		    sizeof(r->detail));
	va_end(ap);
	return why;
}

/* Without a tag or a digest, dockerd looks for the tag "latest". */
static bool
has_tag(const char *image)
{
	const char *last = strrchr(image, '/');

	return strpbrk(last != NULL ? last : image, ":@") != NULL;
}

enum reason
refuse_missing(struct refusal *r, const char *noun, const char *name)
{
	if (strcmp(noun, "volume") == 0)
		return refuse(r, R_NOT_FOUND, "get %s: no such volume", name);
	if (strcmp(noun, "network") == 0)
		return refuse(r, R_NOT_FOUND, "network %s not found", name);
	if (strcmp(noun, "plugin") == 0)
		return refuse(r, R_NOT_FOUND, "plugin \"%s\" not found", name);
	if (strcmp(noun, "image") == 0)
		return refuse(r, R_NOT_FOUND, "No such image: %s%s", name,
		    has_tag(name) ? "" : ":latest");
	return refuse(r, R_NOT_FOUND, "No such %s: %s", noun, name);
}

static size_t
append(char *out, size_t cap, size_t at, const char *s, size_t len)
{
	if (len > cap - 1 - at)
		len = cap - 1 - at;
	memcpy(out + at, s, len);
	out[at + len] = '\0';
	return at + len;
}

const char *
refusal_text(const struct refusal *r, char *out, size_t cap)
{
	const struct reason_row *row = reason_row(r->why);
	const char *mark = strstr(row->text, "%s");
	char detail[sizeof(r->detail)];
	size_t at, len;

	if (cap == 0)
		return "";
	printable(r->detail[0] ? r->detail : "?", detail, sizeof(detail));
	len = mark ? (size_t)(mark - row->text) : strlen(row->text);
	if (mark != NULL && r->detail[0] == '\0' && mark[2] == '\0' &&
	    len > 2 && memcmp(mark - 2, ": ", 2) == 0) {
		len -= 2;	/* "Bad thing: %s" is said as "Bad thing" */
		mark = NULL;
	}
	at = append(out, cap, 0, row->text, len);
	if (mark != NULL) {
		at = append(out, cap, at, detail, strlen(detail));
		at = append(out, cap, at, mark + 2, strlen(mark + 2));
	}
	if (row->advice[0] != '\0') {
		at = append(out, cap, at, "\n", 1);
		append(out, cap, at, row->advice, strlen(row->advice));
	}
	return out;
}
