/*
 * ctl.c - ds01-dockerctl: checks, diagnoses, explains.
 *
 * Not setuid and no part of the way of a request: what it does is done with
 * its caller's own rights.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ctl.h"
#include "log.h"

int
main(int argc, char **argv)
{
	setlocale(LC_TIME, "");
	umask(022);
	log_open("ds01-dockerctl", false);
	int rc = ctl_dispatch(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		warn("standard output");
		return CTL_PROBLEM;
	}
	return rc;
}
