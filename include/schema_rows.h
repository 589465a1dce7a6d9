/*
 * schema_rows.h - how a row of a schema is written.
 *
 * Internal to schema_*.c.  SUB variants take the schema of what is inside.
 */
#ifndef SCHEMA_ROWS_H
#define SCHEMA_ROWS_H

#include "judge.h"

#define ROW(n, t, v, w, j, s, k, d) { .name = (n), .type = (t), \
	.verdict = (v), .why = (w), .judge = (j), .sub = (s), \
	.config_key = (k), .doc = (d) }
#define ALLOW(n, t, d) ROW(n, t, V_ALLOW, R_NONE, NULL, NULL, NULL, d)
#define ALLOW_SUB(n, t, s, d) ROW(n, t, V_ALLOW, R_NONE, NULL, s, NULL, d)
#define DENY(n, t, w, k, d) ROW(n, t, V_DENY, w, NULL, NULL, k, d)
#define DROP(n, t, d) ROW(n, t, V_DROP, R_NONE, NULL, NULL, NULL, d)
#define IF(n, t, w, j, k, d) ROW(n, t, V_IF, w, j, NULL, k, d)
#define IF_SUB(n, t, w, j, s, k, d) ROW(n, t, V_IF, w, j, s, k, d)
#define REWRITE(n, t, w, j, k, d) ROW(n, t, V_REWRITE, w, j, NULL, k, d)
#define REWRITE_SUB(n, t, w, j, s, k, d) ROW(n, t, V_REWRITE, w, j, s, k, d)
#define END { .name = NULL }

#define POLICY(key) "policy.default." key

extern const struct schema schema_endpoint, schema_restart,
    schema_blkio_weight, schema_blkio_rate, schema_device,
    schema_device_request, schema_ulimit;

/* Resources: the same rows in create's HostConfig and in update. */
#define RESOURCE_ROWS \
	IF("CpuShares", F_INT, R_RESOURCE, judge_cpu_shares, NULL, \
	    "0 to 1024, the default weight"), \
	REWRITE("Memory", F_INT, R_RESOURCE, judge_limit, POLICY("memory"), \
	    "bytes, up to the bound"), \
	REWRITE("NanoCpus", F_INT, R_RESOURCE, judge_limit, \
	    POLICY("cpus"), "up to the bound"), \
	REWRITE("CgroupParent", F_STRING, R_CGROUP_PARENT, \
	    judge_cgroup_parent, NULL, \
	    "set for you; names that begin with ds01 are left out"), \
	DENY("BlkioWeight", F_INT, R_RESOURCE, NULL, "0"), \
	ROW("BlkioWeightDevice", F_ARRAY, V_DENY, R_RESOURCE, NULL, \
	    &schema_blkio_weight, NULL, "empty: the path is looked up as " \
	    "root"), \
	ROW("BlkioDeviceReadBps", F_ARRAY, V_DENY, R_RESOURCE, NULL, \
	    &schema_blkio_rate, NULL, "empty"), \
	ROW("BlkioDeviceWriteBps", F_ARRAY, V_DENY, R_RESOURCE, NULL, \
	    &schema_blkio_rate, NULL, "empty"), \
	ROW("BlkioDeviceReadIOps", F_ARRAY, V_DENY, R_RESOURCE, NULL, \
	    &schema_blkio_rate, NULL, "empty"), \
	ROW("BlkioDeviceWriteIOps", F_ARRAY, V_DENY, R_RESOURCE, NULL, \
	    &schema_blkio_rate, NULL, "empty"), \
	REWRITE("CpuPeriod", F_INT, R_RESOURCE, judge_cpu, \
	    POLICY("cpus"), "with CpuQuota, up to the bound"), \
	REWRITE("CpuQuota", F_INT, R_RESOURCE, judge_cpu, \
	    POLICY("cpus"), "with CpuPeriod, up to the bound"), \
	DENY("CpuRealtimePeriod", F_INT, R_RESOURCE, NULL, "0"), \
	DENY("CpuRealtimeRuntime", F_INT, R_RESOURCE, NULL, "0"), \
	ALLOW("CpusetCpus", F_STRING, "any"), \
	ALLOW("CpusetMems", F_STRING, "any"), \
	IF_SUB("Devices", F_ARRAY, R_DEVICE, judge_devices, &schema_device, \
	    POLICY("devices"), "the paths listed, letter by letter; " \
	    "/dev/nvidiaN as a GPU request"), \
	DENY("DeviceCgroupRules", F_STRINGS, R_DEVICE_CGROUP_RULE, NULL, \
	    "empty: with CAP_MKNOD a rule is any disk"), \
	ALLOW_SUB("DeviceRequests", F_ARRAY, &schema_device_request, \
	    "GPUs within policy.gpus, see GPUS"), \
	DENY("KernelMemory", F_INT, R_RESOURCE, NULL, "0"), \
	DENY("KernelMemoryTCP", F_INT, R_RESOURCE, NULL, "0"), \
	ALLOW("MemoryReservation", F_INT, "any; a soft limit"), \
	REWRITE("MemorySwap", F_INT, R_RESOURCE, judge_limit, \
	    POLICY("memory_swap"), "memory plus swap, up to the bound"), \
	IF("MemorySwappiness", F_INT, R_RESOURCE, judge_swappiness, NULL, \
	    "-1 to 100"), \
	DENY("OomKillDisable", F_BOOL, R_RESOURCE, NULL, "false"), \
	REWRITE("PidsLimit", F_INT, R_RESOURCE, judge_limit, \
	    POLICY("pids"), "up to the bound; 0, -1: the bound"), \
	IF_SUB("Ulimits", F_ARRAY, R_RESOURCE, judge_ulimits, \
	    &schema_ulimit, NULL, "known names; nofile up to 1048576, " \
	    "no real-time priority"), \
	DENY("CpuCount", F_INT, R_FIELD_DENIED, NULL, "0 (Windows)"), \
	DENY("CpuPercent", F_INT, R_FIELD_DENIED, NULL, "0 (Windows)"), \
	DENY("IOMaximumIOps", F_INT, R_FIELD_DENIED, NULL, "0 (Windows)"), \
	DENY("IOMaximumBandwidth", F_INT, R_FIELD_DENIED, NULL, \
	    "0 (Windows)"), \
	REWRITE_SUB("RestartPolicy", F_OBJECT, R_RESTART_POLICY, \
	    judge_restart, &schema_restart, POLICY("restart_always"), \
	    "no, on-failure, unless-stopped")

#endif
