/*
 * sha256.h - the digest that names a build operation (FIPS 180-4).
 *
 * Nothing secret goes through here: it need not be of constant time.
 */
#ifndef SHA256_H
#define SHA256_H

#include "span.h"

#define SHA256_BYTES 32

void sha256(struct span in, unsigned char out[SHA256_BYTES]);

#endif
