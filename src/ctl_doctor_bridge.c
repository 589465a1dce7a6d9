/*
 * ctl_doctor_bridge.c - doctor's look at the network where all users'
 * containers and builds are.
 */
#include <stdio.h>

#include "ctl.h"
#include "json.h"

void
ctl_bridge(struct doctor *d, bool open, bool filtered)
{
	if (open)
		ctl_find(d, LEVEL_WARN, "all containers and builds on the "
		    "network bridge reach each other, and one user's can read "
		    "and change what another's send; set \"icc\": false in "
		    "daemon.json");
	else if (!filtered)
		ctl_find(d, LEVEL_WARN, "\"icc\": false does nothing while "
		    "net.bridge.bridge-nf-call-iptables is not 1; sysctl -w "
		    "net.bridge.bridge-nf-call-iptables=1");
	else
		ctl_find(d, LEVEL_OK, "containers on the network bridge do not "
		    "reach each other");
}

/* Frames from one port of a bridge to another meet the engine's rules only
 * where the kernel is told so. */
static bool
bridges_filtered(void)
{
	FILE *in = fopen("/proc/sys/net/bridge/bridge-nf-call-iptables", "re");
	bool on = in != NULL && fgetc(in) == '1';

	if (in != NULL)
		fclose(in);
	return on;
}

void
doctor_bridge(struct doctor *d)
{
	struct buf net = BUF_INIT((size_t)4 << 20);
	struct refusal why;
	char err[256];
	int status = ctl_engine_get(d->cfg->engine_socket, "/networks/bridge",
	    &net, err, sizeof(err));

	if (status == 404)
		ctl_find(d, LEVEL_OK, "there is no network bridge");
	else if (status == 200 &&
	    json_check(buf_span(&net), &why) == R_NONE)
		ctl_bridge(d, !json_is(json_path(buf_span(&net), "Options",
		    "com.docker.network.bridge.enable_icc", NULL),
		    "\"false\""), bridges_filtered());
	/* else it is said already */
	buf_free(&net);
}
