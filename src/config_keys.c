/*
 * config_keys.c - the keys of docker.yaml.
 *
 * One table says what may stand in the file, what holds when it does not,
 * and what the man page says.
 */
#include <string.h>

#include "config.h"
#include "span.h"

#define ITEM_MAX 4096	/* bytes of one string: PATH_MAX */
#define NAME_KEY_MAX 255

static const char *item_bind(const char *);
static const char *item_capability(const char *);
static const char *item_path(const char *);
static const char *item_token(const char *);
static const char *item_account(const char *);

static const char *const isolation_words[] = {
	[ISOLATION_FULL] = "full", [ISOLATION_MONITORING] = "monitoring",
	[ISOLATION_DISABLED] = "disabled", NULL
};
static const char *const allow_words[] = { "deny", "allow", NULL };
static const char *const bool_words[] = { "no", "yes", NULL };
static const char *const audit_words[] = {
	[AUDIT_MODE_OFF] = "off", [AUDIT_MODE_ON] = "on",
	[AUDIT_MODE_REQUIRED] = "required", NULL
};
static const char *const audit_events_words[] = {
	[AUDIT_EVENTS_CHANGES] = "changes", [AUDIT_EVENTS_ALL] = "all",
	[AUDIT_EVENTS_DENIALS] = "denials", NULL
};
static const char *const root_words[] = {
	[ROOT_NO] = "no", [ROOT_REMAPPED] = "remapped", [ROOT_YES] = "yes", NULL
};
static const char *const images_words[] = {
	[IMAGES_PROTECTED] = "protected", [IMAGES_SHARED] = "shared", NULL
};
static const char *const builds_words[] = {
	[BUILDS_ALLOW] = "allow", [BUILDS_GRAPHS] = "graphs",
	[BUILDS_CLASSIC] = "classic", [BUILDS_DENY] = "deny", NULL
};

/* An enumerator is stored as an unsigned int. */
_Static_assert(sizeof(enum isolation) == sizeof(unsigned) &&
    sizeof(enum audit_mode) == sizeof(unsigned) &&
    sizeof(enum audit_events) == sizeof(unsigned) &&
    sizeof(enum images_mode) == sizeof(unsigned) &&
    sizeof(enum root_mode) == sizeof(unsigned) &&
    sizeof(enum builds_mode) == sizeof(unsigned), "enum size");

#define CFG(member) .at = offsetof(struct config, member)
#define POL(member) .at = offsetof(struct policy, member)
#define PATH_KEY(least, member) \
	.kind = CONFIG_PATH, .min = (least), .item = item_path, CFG(member)
#define WORD_KEY(w, member) .kind = CONFIG_WORD, .words = (w), CFG(member)
#define FLAG_KEY(member) .kind = CONFIG_FLAG, .words = allow_words, CFG(member)
#define LIST_KEY(check, where) .kind = CONFIG_LIST, .item = (check), where
#define BOOL_KEY(member) .kind = CONFIG_FLAG, .words = bool_words, POL(member)
#define SIZE_KEY(member) .kind = CONFIG_SIZE, .max = INT64_MAX, POL(member)

static const struct config_key keys[] = {
	{ "engine.socket", "path", "/run/docker.sock",
	  "The Docker engine's unix socket.", PATH_KEY(1, engine_socket) },
	{ "engine.cli", "path", "/usr/bin/docker",
	  "The docker command line program.", PATH_KEY(1, engine_cli) },
	{ "admin.users", "list", "[datasciencelab]",
	  "Users with full access, besides root.",
	  LIST_KEY(item_account, CFG(admin_users)) },
	{ "admin.groups", "list", "[ds01-admin]",
	  "Groups whose exact members have full access.",
	  LIST_KEY(item_account, CFG(admin_groups)) },
	{ "isolation_mode", "full|monitoring|disabled", "full",
	  "Enforce; or let through and record what would be refused; or "
	  "neither.", WORD_KEY(isolation_words, isolation_mode) },
	{ "unowned", "allow|deny", "allow",
	  "May users operate harmless containers that nobody owns?",
	  FLAG_KEY(unowned_allow) },
	{ "unknown_requests", "deny|allow", "deny",
	  "What happens to API requests that are not in the route table.",
	  FLAG_KEY(unknown_allow) },
	{ "audit", "off|on|required", "on",
	  "Kernel audit records: none; if they can be had; or refuse every "
	  "request that cannot be recorded.", WORD_KEY(audit_words, audit) },
	{ "audit_events", "changes|all|denials", "changes",
	  "Which requests are recorded; refusals always are.",
	  WORD_KEY(audit_events_words, audit_events) },
	{ "deny_log_per_hour", "number", "10",
	  "Refusals of one user that syslog gets in an hour; 0 for none.",
	  .kind = CONFIG_LONG, .min = 0, .max = 100000,
	  CFG(deny_log_per_hour) },
	{ "deny_slow_after", "number", "1000",
	  "Refusals that a user may have at full speed, and a quarter of them "
	  "each hour; 0: any number.",
	  .kind = CONFIG_LONG, .min = 0, .max = 1000000,
	  CFG(deny_slow_after) },
	{ "changes_slow_after", "number", "10000",
	  "The same for changes that he makes, and whatever else is on record "
	  "and not refused.",
	  .kind = CONFIG_LONG, .min = 0, .max = 1000000,
	  CFG(changes_slow_after) },
	{ "events_file", "path", DS01_LOG_DIR "/events.jsonl",
	  "File for JSON events; \"\" for none.", PATH_KEY(0, events_file) },
	{ "images", "protected|shared", "protected",
	  "May a user move or remove image tags that are not his?",
	  WORD_KEY(images_words, images) },
	{ "builds", "allow|graphs|classic|deny", "allow",
	  "Builds: of Dockerfiles; also of graphs that clients make; by the "
	  "classic builder only; or none.",
	  WORD_KEY(builds_words, builds) },

	{ "policy.*.binds", "list", "[~]",
	  "Directories of the host that may be mounted, with all below; ~ is "
	  "the user's home.", LIST_KEY(item_bind, POL(binds)) },
	{ "policy.*.capabilities", "list", "[]",
	  "Capabilities that may be added, without CAP_.",
	  LIST_KEY(item_capability, POL(capabilities)) },
	{ "policy.*.devices", "list", "[]",
	  "Device files of the host that may be passed in.",
	  LIST_KEY(item_path, POL(devices)) },
	{ "policy.*.networks", "list", "[]",
	  "Networks that may be joined besides one's own: host, or a name.",
	  LIST_KEY(item_token, POL(networks)) },
	{ "policy.*.runtimes", "list", "[]",
	  "Runtimes that may be chosen besides the engine's default.",
	  LIST_KEY(item_token, POL(runtimes)) },
	{ "policy.*.security_opts", "list", "[]",
	  "Security options that may be given, such as seccomp=unconfined.",
	  LIST_KEY(item_token, POL(security_opts)) },
	{ "policy.*.sysctls", "list", "[]",
	  "Sysctls that may be set in the container's namespaces.",
	  LIST_KEY(item_token, POL(sysctls)) },
	{ "policy.*.registries", "list", "[]",
	  "Registries that may be pulled from and pushed to; [] or \"*\" for "
	  "any.", LIST_KEY(item_token, POL(registries)) },
	{ "policy.*.gpus", "none|all|number|list", "none",
	  "GPUs that may be asked for: none, all, so many, or these.",
	  .kind = CONFIG_GPUS, .item = item_token, .max = 1024, POL(gpus) },
	{ "policy.*.host_ipc", "yes|no", "no",
	  "May containers share the host's IPC namespace?",
	  BOOL_KEY(host_ipc) },
	{ "policy.*.host_pid", "yes|no", "no",
	  "May containers share the host's process namespace?",
	  BOOL_KEY(host_pid) },
	{ "policy.*.host_uts", "yes|no", "no",
	  "May containers share the host's host name?", BOOL_KEY(host_uts) },
	{ "policy.*.container_root", "no|remapped|yes", "yes",
	  "May containers have root inside: no; where the engine's root in "
	  "containers is not the host's (userns-remap); or anyhow.",
	  .kind = CONFIG_WORD, .words = root_words, POL(container_root) },
	{ "policy.*.privileged_ports", "yes|no", "no",
	  "May host ports below 1024 be published?",
	  BOOL_KEY(privileged_ports) },
	{ "policy.*.restart_always", "yes|no", "no",
	  "May containers have the restart policy always?",
	  BOOL_KEY(restart_always) },
	{ "policy.*.memory", "size", "none",
	  "Memory of one container: the most, and what it gets unasked.",
	  SIZE_KEY(memory) },
	{ "policy.*.memory_swap", "size", "none",
	  "Memory and swap of one container together.",
	  SIZE_KEY(memory_swap) },
	{ "policy.*.cpus", "cpus", "none",
	  "CPUs of one container, such as 4 or 1.5.",
	  .kind = CONFIG_CPUS, .max = INT64_MAX, POL(nano_cpus) },
	{ "policy.*.pids", "number", "4096",
	  "Processes and threads of one container.",
	  .kind = CONFIG_COUNT, .max = 4194304, POL(pids) },
	{ "policy.*.published_ports", "number", "64",
	  "Host ports that one container may publish.",
	  .kind = CONFIG_COUNT, .max = 65535, POL(published_ports) },
	{ "policy.*.own_networks", "number", "8",
	  "Networks that one user may have.",
	  .kind = CONFIG_COUNT, .max = 65535, POL(own_networks) },
	{ "policy.*.own_containers", "number", "100",
	  "Containers that one user may have, stopped ones too.",
	  .kind = CONFIG_COUNT, .max = 65535, POL(own_containers) },
	{ "policy.*.shm_size", "size", "none",
	  "Size of /dev/shm of one container.", SIZE_KEY(shm_size) },
	{ "policy.*.log_size", "size", "none",
	  "Size of one log file of a container.", SIZE_KEY(log_size) },
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

const struct config_key *
config_keys(size_t *n)
{
	*n = N_KEYS;
	return keys;
}

/* --- what one string may be ---------------------------------------------- */

static const char *
item_text(const char *s)
{
	if (!*s)
		return "must not be empty";
	if (strlen(s) >= ITEM_MAX)
		return "is too long";
	return span_plain(span_of(s)) ? NULL :
	    "must not hold control characters";
}

/* Absolute and already in its shortest form: what is written is compared
 * with what users ask for, piece by piece. */
static const char *
item_path(const char *s)
{
	const char *why = item_text(s), *p;

	if (why)
		return why;
	if (*s != '/')
		return "must be an absolute path";
	for (p = s; (p = strchr(p, '/')); p++) {
		size_t len = strcspn(p + 1, "/");

		if (len == 0 && p != s)
			return "must not hold // or end in /";
		if ((len == 1 && p[1] == '.') ||
		    (len == 2 && p[1] == '.' && p[2] == '.'))
			return "must not hold . or ..";
	}
	return NULL;
}

static const char *
item_bind(const char *s)
{
	if (*s == '~')
		return s[1] ? item_path(s + 1) : NULL;
	return item_path(s);
}

static const char *
item_token(const char *s)
{
	const char *why = item_text(s);

	if (!why && strpbrk(s, " \""))
		why = "must not hold spaces or quotes";
	return why;
}

static const char *
item_account(const char *s)
{
	const char *why = item_text(s);

	if (!why && (strlen(s) > NAME_KEY_MAX || strpbrk(s, ":,/\n")))
		why = "is not an account name";
	return why;
}

static const char *
item_capability(const char *s)
{
	const char *p = s;

	if (strncmp(s, "CAP_", 4) == 0)
		return "is written without CAP_";
	for (; *p; p++)
		if (!(*p >= 'A' && *p <= 'Z') && *p != '_')
			break;
	return *p || p == s ? "must be a capability such as SYS_PTRACE" : NULL;
}
