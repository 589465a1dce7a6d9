/*
 * schema_other.c - the bodies beside create's, as tables.
 *
 * Source: moby api/types/{container/exec,volume,network,registry}, of all
 * releases with API 1.24 to 1.51.
 */
#include "schema_rows.h"

static const struct field exec_fields[] = {
	ALLOW("User", F_STRING, "any; your own uid in a confined container"),
	DENY("Privileged", F_BOOL, R_PRIVILEGED, NULL, "false"),
	ALLOW("Tty", F_BOOL, "any"),
	ALLOW("ConsoleSize", F_INTS, "any"),
	ALLOW("AttachStdin", F_BOOL, "any"),
	ALLOW("AttachStdout", F_BOOL, "any"),
	ALLOW("AttachStderr", F_BOOL, "any"),
	ALLOW("Detach", F_BOOL, "any"),
	ALLOW("DetachKeys", F_STRING, "any"),
	DROP("detachKeys", F_STRING, "as docker-py writes it (SDK)"),
	ALLOW("Env", F_STRINGS, "any"),
	IF("WorkingDir", F_STRING, R_WORKING_DIR, judge_working_dir, NULL,
	    "not below /proc"),
	ALLOW("Cmd", F_WORDS, "any"),
	DROP("Container", F_STRING, "as in the path (SDK)"),
	DROP("ExecIDs", F_STRINGS, "of old clients (SDK)"),
	END
};
const struct schema schema_exec = { "exec", exec_fields };

static const struct field exec_start_fields[] = {
	ALLOW("Detach", F_BOOL, "any"),
	ALLOW("Tty", F_BOOL, "any"),
	ALLOW("ConsoleSize", F_INTS, "any"),
	DROP("hijack", F_BOOL, "as dockerode writes it (SDK)"),
	DROP("stdin", F_BOOL, "as dockerode writes it (SDK)"),
	END
};
const struct schema schema_exec_start = { "exec_start", exec_start_fields };

static const struct field update_fields[] = {
	RESOURCE_ROWS,
	END
};
const struct schema schema_update = { "update", update_fields };

static const struct field volume_fields[] = {
	IF("Name", F_STRING, R_NAME, judge_volume_name, NULL,
	    "[a-zA-Z0-9][a-zA-Z0-9_.-]+"),
	IF("Driver", F_STRING, R_VOLUME_DRIVER, judge_volume_driver, NULL,
	    "local"),
	DENY("DriverOpts", F_MAP_STRING, R_VOLUME_DRIVER, NULL,
	    "empty: type=none,o=bind mounts any directory"),
	REWRITE("Labels", F_MAP_STRING, R_RESERVED_LABEL, judge_volume_labels,
	    NULL, "any but reserved ones; control characters become "
	    "spaces; ds01.confined=true or false, see Volumes"),
	DENY("ClusterVolumeSpec", F_OBJECT, R_VOLUME_DRIVER, NULL, "empty"),
	END
};
const struct schema schema_volume = { "volume", volume_fields };

static const struct field pool_fields[] = {
	ALLOW("Subnet", F_STRING, "empty"),
	ALLOW("IPRange", F_STRING, "empty"),
	ALLOW("Gateway", F_STRING, "empty"),
	ALLOW("AuxiliaryAddresses", F_MAP_STRING, "empty"),
	ALLOW("AuxAddress", F_MAP_STRING, "empty"),
	END
};
static const struct schema schema_pool = {
	"network.IPAM.Config", pool_fields
};

static const struct field ipam_fields[] = {
	IF("Driver", F_STRING, R_NETWORK, judge_ipam_driver, NULL,
	    "default"),
	DENY("Options", F_MAP_STRING, R_NETWORK, NULL, "empty"),
	ROW("Config", F_ARRAY, V_DENY, R_NETWORK, NULL, &schema_pool, NULL,
	    "empty: a subnet of one's choice takes over addresses of others"),
	END
};
static const struct schema schema_ipam = { "network.IPAM", ipam_fields };

static const struct field config_from_fields[] = {
	ALLOW("Network", F_STRING, "empty"),
	END
};
static const struct schema schema_config_from = {
	"network.ConfigFrom", config_from_fields
};

static const struct field network_fields[] = {
	IF("Name", F_STRING, R_NAME, judge_network_name, NULL,
	    "[a-zA-Z0-9][a-zA-Z0-9_.-]+, not one of the engine's"),
	DROP("CheckDuplicate", F_BOOL, "always true"),
	IF("Driver", F_STRING, R_NETWORK, judge_bridge, NULL, "bridge"),
	DENY("Scope", F_STRING, R_NETWORK, NULL, "empty"),
	ALLOW("EnableIPv4", F_BOOL, "any"),
	ALLOW("EnableIPv6", F_BOOL, "any"),
	ALLOW_SUB("IPAM", F_OBJECT, &schema_ipam, "the engine's own pools"),
	ALLOW("Internal", F_BOOL, "any"),
	DENY("Attachable", F_BOOL, R_NETWORK, NULL, "false"),
	DENY("Ingress", F_BOOL, R_NETWORK, NULL, "false"),
	DENY("ConfigOnly", F_BOOL, R_NETWORK, NULL, "false"),
	ROW("ConfigFrom", F_OBJECT, V_DENY, R_NETWORK, NULL,
	    &schema_config_from, NULL, "empty"),
	IF("Options", F_MAP_STRING, R_NETWORK, judge_network_options, NULL,
	    "com.docker.network.bridge.enable_icc, "
	    "com.docker.network.driver.mtu"),
	REWRITE("Labels", F_MAP_STRING, R_RESERVED_LABEL, judge_labels, NULL,
	    "any but reserved ones; control characters become spaces"),
	END
};
const struct schema schema_network = { "network", network_fields };

static const struct field endpoint_ipam_fields[] = {
	ALLOW("IPv4Address", F_STRING, "any of the network's"),
	ALLOW("IPv6Address", F_STRING, "any of the network's"),
	DENY("LinkLocalIPs", F_STRINGS, R_NETWORK, NULL, "empty"),
	END
};
static const struct schema schema_endpoint_ipam = {
	"endpoint.IPAMConfig", endpoint_ipam_fields
};

static const struct field endpoint_fields[] = {
	ALLOW_SUB("IPAMConfig", F_OBJECT, &schema_endpoint_ipam,
	    "see below"),
	REWRITE("Links", F_STRINGS, R_NOT_OWNER, judge_links, NULL,
	    "own containers"),
	ALLOW("Aliases", F_STRINGS, "any"),
	DENY("MacAddress", F_STRING, R_NETWORK, NULL, "empty"),
	DENY("DriverOpts", F_MAP_STRING, R_NETWORK, NULL, "empty"),
	ALLOW("GwPriority", F_INT, "any"),
	DROP("NetworkID", F_STRING, "the engine's to say"),
	DROP("EndpointID", F_STRING, "the engine's to say"),
	DROP("Gateway", F_STRING, "the engine's to say"),
	DROP("IPAddress", F_STRING, "the engine's to say"),
	DROP("IPPrefixLen", F_INT, "the engine's to say"),
	DROP("IPv6Gateway", F_STRING, "the engine's to say"),
	DROP("GlobalIPv6Address", F_STRING, "the engine's to say"),
	DROP("GlobalIPv6PrefixLen", F_INT, "the engine's to say"),
	DROP("DNSNames", F_STRINGS, "the engine's to say"),
	END
};
const struct schema schema_endpoint = { "endpoint", endpoint_fields };

static const struct field connect_fields[] = {
	REWRITE("Container", F_STRING, R_NOT_OWNER, judge_container_ref,
	    NULL, "an own container"),
	ALLOW_SUB("EndpointConfig", F_OBJECT, &schema_endpoint,
	    "see below"),
	END
};
const struct schema schema_connect = { "connect", connect_fields };

static const struct field disconnect_fields[] = {
	REWRITE("Container", F_STRING, R_NOT_OWNER, judge_container_ref,
	    NULL, "an own container"),
	ALLOW("Force", F_BOOL, "any"),
	END
};
const struct schema schema_disconnect = { "disconnect", disconnect_fields };

static const struct field auth_fields[] = {
	ALLOW("username", F_STRING, "any"),
	ALLOW("password", F_STRING, "any"),
	ALLOW("auth", F_STRING, "any"),
	ALLOW("email", F_STRING, "any"),
	IF("serveraddress", F_STRING, R_IMAGE_SOURCE, judge_server,
	    POLICY("registries"), "not this host; or one that is listed"),
	ALLOW("identitytoken", F_STRING, "any"),
	ALLOW("registrytoken", F_STRING, "any"),
	END
};
const struct schema schema_auth = { "auth", auth_fields };
