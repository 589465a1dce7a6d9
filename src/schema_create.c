/*
 * schema_create.c - the body of POST /containers/create, as tables.
 *
 * Source: moby api/types/container/{config,hostconfig}.go, mount/mount.go,
 * of all releases with API 1.24 to 1.51.  Rows marked "SDK" are no fields of
 * the API, but what clients send beside them.
 */
#include "schema_rows.h"

static const struct field driver_config_fields[] = {
	IF("Name", F_STRING, R_VOLUME_DRIVER, judge_volume_driver, NULL,
	    "local"),
	DENY("Options", F_MAP_STRING, R_VOLUME_DRIVER, NULL,
	    "empty: type=none,o=bind mounts any directory"),
	END
};
static const struct schema schema_driver_config = {
	"create.HostConfig.Mounts.VolumeOptions.DriverConfig",
	driver_config_fields
};

static const struct field volume_options_fields[] = {
	ALLOW("NoCopy", F_BOOL, "any"),
	REWRITE("Labels", F_MAP_STRING, R_RESERVED_LABEL, judge_labels, NULL,
	    "any but reserved ones; control characters become spaces"),
	ALLOW_SUB("DriverConfig", F_OBJECT, &schema_driver_config,
	    "the driver local without options"),
	ALLOW("Subpath", F_STRING, "any; dockerd resolves it safely"),
	END
};
static const struct schema schema_volume_options = {
	"create.HostConfig.Mounts.VolumeOptions", volume_options_fields
};

static const struct field bind_options_fields[] = {
	IF("Propagation", F_STRING, R_MOUNT, judge_propagation, NULL,
	    "private or rprivate"),
	ALLOW("NonRecursive", F_BOOL, "any"),
	ALLOW("CreateMountpoint", F_BOOL, "any; what is missing is made as you"),
	ALLOW("ReadOnlyNonRecursive", F_BOOL, "any"),
	ALLOW("ReadOnlyForceRecursive", F_BOOL, "any"),
	END
};
static const struct schema schema_bind_options = {
	"create.HostConfig.Mounts.BindOptions", bind_options_fields
};

static const struct field tmpfs_options_fields[] = {
	ALLOW("SizeBytes", F_INT, "any; counted as the container's memory"),
	ALLOW("Mode", F_INT, "any"),
	ROW("Options", F_MATRIX, V_ALLOW, R_NONE, NULL, NULL, NULL,
	    "any: exec, noexec"),
	END
};
static const struct schema schema_tmpfs_options = {
	"create.HostConfig.Mounts.TmpfsOptions", tmpfs_options_fields
};

static const struct field image_options_fields[] = {
	ALLOW("Subpath", F_STRING, "any; dockerd resolves it safely"),
	END
};
static const struct schema schema_image_options = {
	"create.HostConfig.Mounts.ImageOptions", image_options_fields
};

static const struct field mount_fields[] = {
	ALLOW("Type", F_STRING, "volume, tmpfs, image; bind as in Binds"),
	ALLOW("Source", F_STRING, "judged by Type"),
	ALLOW("Target", F_STRING, "not below /var/run/"
	    "nvidia-container-devices"),
	ALLOW("ReadOnly", F_BOOL, "any"),
	ALLOW("Consistency", F_STRING, "any"),
	ALLOW_SUB("BindOptions", F_OBJECT, &schema_bind_options,
	    "with Type bind"),
	ALLOW_SUB("VolumeOptions", F_OBJECT, &schema_volume_options,
	    "with Type volume"),
	ALLOW_SUB("TmpfsOptions", F_OBJECT, &schema_tmpfs_options,
	    "with Type tmpfs"),
	ALLOW_SUB("ImageOptions", F_OBJECT, &schema_image_options,
	    "with Type image"),
	DENY("ClusterOptions", F_OBJECT, R_MOUNT, NULL, "empty"),
	END
};
static const struct schema schema_mount = {
	"create.HostConfig.Mounts", mount_fields
};

static const struct field log_config_fields[] = {
	ALLOW("Type", F_STRING, "json-file, local, none"),
	ALLOW("Config", F_MAP_STRING, "max-size from 16k, max-file to "
	    "10, compress, mode, max-buffer-size to 16m, labels, "
	    "labels-regex, env, env-regex, tag with plain fields"),
	END
};
static const struct schema schema_log_config = {
	"create.HostConfig.LogConfig", log_config_fields
};

static const struct field port_binding_fields[] = {
	ALLOW("HostIp", F_STRING, "any"),
	ALLOW("HostPort", F_STRING, "1024 or above, or empty"),
	END
};
static const struct schema schema_port_binding = {
	"create.HostConfig.PortBindings", port_binding_fields
};

static const struct field restart_fields[] = {
	ALLOW("Name", F_STRING, "no, on-failure, unless-stopped"),
	ALLOW("MaximumRetryCount", F_INT, "any"),
	END
};
const struct schema schema_restart = {
	"create.HostConfig.RestartPolicy", restart_fields
};

static const struct field blkio_weight_fields[] = {
	ALLOW("Path", F_STRING, "the list must be empty"),
	ALLOW("Weight", F_INT, "the list must be empty"),
	END
};
const struct schema schema_blkio_weight = {
	"create.HostConfig.BlkioWeightDevice", blkio_weight_fields
};

static const struct field blkio_rate_fields[] = {
	ALLOW("Path", F_STRING, "the list must be empty"),
	ALLOW("Rate", F_INT, "the list must be empty"),
	END
};
const struct schema schema_blkio_rate = {
	"create.HostConfig.BlkioDevice", blkio_rate_fields
};

static const struct field device_fields[] = {
	ALLOW("PathOnHost", F_STRING, "a path listed, letter by letter"),
	ALLOW("PathInContainer", F_STRING, "any"),
	ALLOW("CgroupPermissions", F_STRING, "any"),
	END
};
const struct schema schema_device = {
	"create.HostConfig.Devices", device_fields
};

static const struct field device_request_fields[] = {
	ALLOW("Driver", F_STRING, "empty, nvidia, cdi"),
	ALLOW("Count", F_INT, "within policy.gpus; -1: all that are yours"),
	ALLOW("DeviceIDs", F_STRINGS, "within policy.gpus"),
	ALLOW("Capabilities", F_MATRIX, "gpu and what nvidia knows"),
	DENY("Options", F_MAP_STRING, R_GPU, POLICY("gpus"), "empty"),
	END
};
const struct schema schema_device_request = {
	"create.HostConfig.DeviceRequests", device_request_fields
};

static const struct field ulimit_fields[] = {
	ALLOW("Name", F_STRING, "as in setrlimit(2)"),
	ALLOW("Soft", F_INT, "any"),
	ALLOW("Hard", F_INT, "any"),
	END
};
const struct schema schema_ulimit = {
	"create.HostConfig.Ulimits", ulimit_fields
};

static const struct field host_config_fields[] = {
	REWRITE("Binds", F_STRINGS, R_BIND, judge_binds, POLICY("binds"),
	    "own volumes by name; paths below an allowed root, see Host directories"),
	DROP("ContainerIDFile", F_STRING, "the client's own business"),
	REWRITE_SUB("LogConfig", F_OBJECT, R_LOG_DRIVER, judge_log,
	    &schema_log_config, POLICY("log_size"),
	    "json-file, local, none with local options"),
	REWRITE("NetworkMode", F_STRING, R_NETWORK, judge_network_mode,
	    POLICY("networks"), "default, bridge, none, an own network, "
	    "container:OWN"),
	IF_SUB("PortBindings", F_MAP_ARRAY, R_PORT, judge_ports,
	    &schema_port_binding, POLICY("privileged_ports"),
	    "host ports from 1024"),
	ALLOW("AutoRemove", F_BOOL, "any"),
	IF("VolumeDriver", F_STRING, R_VOLUME_DRIVER, judge_volume_driver,
	    NULL, "local"),
	REWRITE("VolumesFrom", F_STRINGS, R_NOT_OWNER, judge_volumes_from,
	    NULL, "own containers"),
	REWRITE_SUB("Mounts", F_ARRAY, R_MOUNT, judge_mounts, &schema_mount,
	    POLICY("binds"), "own volumes, tmpfs, images; bind as in Binds"),
	ALLOW("ConsoleSize", F_INTS, "any"),
	DENY("Annotations", F_MAP_STRING, R_ANNOTATION, NULL,
	    "empty: they steer the runtime"),
	REWRITE("CapAdd", F_WORDS, R_CAP_ADD, judge_cap_add,
	    POLICY("capabilities"), "Docker's default ones"),
	ALLOW("CapDrop", F_WORDS, "any"),
	DROP("Capabilities", F_STRINGS, "of API 1.40, which no engine reads"),
	IF("CgroupnsMode", F_STRING, R_HOST_NAMESPACE, judge_cgroupns_mode,
	    NULL, "private, which is what you get"),
	ALLOW("Dns", F_STRINGS, "any"),
	ALLOW("DnsOptions", F_STRINGS, "any"),
	ALLOW("DnsSearch", F_STRINGS, "any"),
	ALLOW("ExtraHosts", F_STRINGS, "any"),
	IF("GroupAdd", F_STRINGS, R_USER, judge_group_add, NULL,
	    "names in the image; own numeric groups"),
	REWRITE("IpcMode", F_STRING, R_HOST_NAMESPACE, judge_ipc_mode,
	    POLICY("host_ipc"), "private, shareable, none, container:OWN"),
	DENY("Cgroup", F_STRING, R_CGROUP_PARENT, NULL, "empty"),
	REWRITE("Links", F_STRINGS, R_NOT_OWNER, judge_links, NULL,
	    "own containers"),
	IF("OomScoreAdj", F_INT, R_RESOURCE, judge_oom_score, NULL,
	    "0 to 1000"),
	REWRITE("PidMode", F_STRING, R_HOST_NAMESPACE, judge_pid_mode,
	    POLICY("host_pid"), "empty, container:OWN"),
	DENY("Privileged", F_BOOL, R_PRIVILEGED, NULL, "false"),
	ALLOW("PublishAllPorts", F_BOOL, "any"),
	ALLOW("ReadonlyRootfs", F_BOOL, "any"),
	IF("SecurityOpt", F_STRINGS, R_SECURITY_OPT, judge_security_opt,
	    POLICY("security_opts"), "no-new-privileges"),
	DENY("StorageOpt", F_MAP_STRING, R_RESOURCE, NULL, "empty"),
	IF("Tmpfs", F_MAP_STRING, R_MOUNT, judge_tmpfs, NULL,
	    "any; counted as the container's memory"),
	IF("UTSMode", F_STRING, R_HOST_NAMESPACE, judge_uts_mode,
	    POLICY("host_uts"), "empty"),
	DENY("UsernsMode", F_STRING, R_HOST_NAMESPACE, NULL, "empty"),
	REWRITE("ShmSize", F_INT, R_RESOURCE, judge_limit,
	    POLICY("shm_size"), "bytes, up to the bound"),
	IF("Sysctls", F_MAP_STRING, R_SYSCTL, judge_sysctls,
	    POLICY("sysctls"), "the names listed"),
	IF("Runtime", F_STRING, R_RUNTIME, judge_runtime, POLICY("runtimes"),
	    "empty, runc, those listed; nvidia with GPU rights"),
	DENY("Isolation", F_STRING, R_FIELD_DENIED, NULL, "empty (Windows)"),
	ROW("MaskedPaths", F_STRINGS, V_REWRITE, R_MASKED_PATHS,
	    judge_masked_paths, NULL, NULL, "null: the engine's own"),
	ROW("ReadonlyPaths", F_STRINGS, V_REWRITE, R_MASKED_PATHS,
	    judge_masked_paths, NULL, NULL, "null: the engine's own"),
	ALLOW("Init", F_BOOL, "any"),
	DENY("InitPath", F_STRING, R_FIELD_DENIED, NULL,
	    "empty: a program of the host"),
	DENY("LxcConf", F_STRINGS, R_FIELD_DENIED, NULL, "empty (SDK)"),
	DENY("DiskQuota", F_INT, R_RESOURCE, NULL, "0 (SDK)"),
	DENY("Cpuset", F_STRING, R_RESOURCE, NULL, "empty (SDK)"),
	RESOURCE_ROWS,
	END
};
static const struct schema schema_host_config = {
	"create.HostConfig", host_config_fields
};

static const struct field healthcheck_fields[] = {
	IF("Test", F_STRINGS, R_RESOURCE, judge_health_test, NULL,
	    "NONE; CMD or CMD-SHELL with a command"),
	IF("Interval", F_INT, R_RESOURCE, judge_interval, NULL,
	    "1 s or more"),
	ALLOW("Timeout", F_INT, "any"),
	ALLOW("StartPeriod", F_INT, "any"),
	IF("StartInterval", F_INT, R_RESOURCE, judge_interval, NULL,
	    "1 s or more"),
	ALLOW("Retries", F_INT, "any"),
	END
};
static const struct schema schema_healthcheck = {
	"create.Healthcheck", healthcheck_fields
};

static const struct field networking_fields[] = {
	REWRITE_SUB("EndpointsConfig", F_MAP, R_NETWORK, judge_endpoints,
	    &schema_endpoint, POLICY("networks"), "own networks"),
	END
};
static const struct schema schema_networking = {
	"create.NetworkingConfig", networking_fields
};

/* Config: top level of create, and the body of commit. */
#define CONFIG_ROWS \
	ALLOW("Hostname", F_STRING, "any"), \
	ALLOW("Domainname", F_STRING, "any"), \
	ALLOW("User", F_STRING, "any"), \
	ALLOW("AttachStdin", F_BOOL, "any"), \
	ALLOW("AttachStdout", F_BOOL, "any"), \
	ALLOW("AttachStderr", F_BOOL, "any"), \
	ALLOW("ExposedPorts", F_MAP_EMPTY, "any"), \
	DROP("PortSpecs", F_STRINGS, "of old clients (SDK)"), \
	ALLOW("Tty", F_BOOL, "any"), \
	ALLOW("OpenStdin", F_BOOL, "any"), \
	ALLOW("StdinOnce", F_BOOL, "any"), \
	DROP("StdInOnce", F_BOOL, "as docker-java writes it (SDK)"), \
	ALLOW("Env", F_STRINGS, "any; those that ask for GPUs: see GPUS"), \
	ALLOW("Cmd", F_WORDS, "any"), \
	ALLOW("Entrypoint", F_WORDS, "any"), \
	ALLOW("Shell", F_WORDS, "any"), \
	ALLOW_SUB("Healthcheck", F_OBJECT, &schema_healthcheck, \
	    "see below"), \
	ALLOW("ArgsEscaped", F_BOOL, "any (Windows)"), \
	ALLOW("Image", F_STRING, "any"), \
	IF("WorkingDir", F_STRING, R_WORKING_DIR, judge_working_dir, NULL, \
	    "not below /proc"), \
	ALLOW("NetworkDisabled", F_BOOL, "any"), \
	DENY("MacAddress", F_STRING, R_NETWORK, NULL, "empty"), \
	DROP("OnBuild", F_STRINGS, "no meaning for a container"), \
	ALLOW("StopSignal", F_STRING, "any"), \
	IF("StopTimeout", F_INT, R_RESOURCE, judge_stop_timeout, NULL, \
	    "0 to 120 s")

static const struct field create_fields[] = {
	CONFIG_ROWS,
	IF("Volumes", F_MAP_EMPTY, R_MOUNT, judge_volumes, NULL,
	    "any; labelled as yours"),
	ALLOW("Labels", F_MAP_STRING, "any but reserved ones; control "
	    "characters become spaces"),
	ALLOW_SUB("HostConfig", F_OBJECT, &schema_host_config, "see below"),
	ALLOW_SUB("NetworkingConfig", F_OBJECT, &schema_networking,
	    "see below"),
	DENY("VolumesFrom", F_STRINGS, R_FIELD_DENIED, NULL,
	    "empty; it belongs into HostConfig (SDK)"),
	DENY("Runtime", F_STRING, R_RUNTIME, NULL,
	    "empty; it belongs into HostConfig (SDK)"),
	DROP("name", F_STRING, "as in the query (SDK)"),
	DROP("platform", F_STRING, "as in the query (SDK)"),
	END
};
const struct schema schema_create = { "create", create_fields };

static const struct field commit_fields[] = {
	CONFIG_ROWS,
	ALLOW("Volumes", F_MAP_EMPTY, "any"),
	REWRITE("Labels", F_MAP_STRING, R_RESERVED_LABEL, judge_labels, NULL,
	    "any but reserved ones; control characters become spaces"),
	DROP("container", F_STRING, "as in the query (SDK)"),
	DROP("repo", F_STRING, "as in the query (SDK)"),
	DROP("tag", F_STRING, "as in the query (SDK)"),
	DROP("comment", F_STRING, "as in the query (SDK)"),
	DROP("author", F_STRING, "as in the query (SDK)"),
	DROP("pause", F_BOOL, "as in the query (SDK)"),
	DROP("changes", F_WORDS, "as in the query (SDK)"),
	END
};
const struct schema schema_commit = { "commit", commit_fields };
