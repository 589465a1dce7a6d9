/*
 * granted.h - what a container is given, for the audit log.
 */
#ifndef GRANTED_H
#define GRANTED_H

#include <cjson/cJSON.h>

#include "record.h"

/* One VIRT_RESOURCE record for each thing that the body of a create or an
 * update asks of the host, behind the record of its decision (whose object and
 * event it shares).  body: as it goes up.  0; or -1 only when audit is
 * required and a record was not accepted. */
int granted_write(const struct caller *c, const struct record *decision,
    const cJSON *body);

#endif
