/*
 * owner_hold.c - a volume's name, kept for whose it is.
 *
 * Guarantees that a name which is another's is not held for a moment by who
 * may not have it: he is refused by a first look, as often as he asks.  What
 * is decided is decided by the second one, behind the hold: what the first
 * saw may be gone by then, and somebody else's.
 */
#include "hold.h"
#include "owner.h"

/* Could the caller be let have it?  What is nobody's he may, where the
 * configuration says so; then nobody else is kept out who might not. */
static bool
is_for(const struct caller *c, const struct thing *t, bool make)
{
	if (t->claim == CLAIM_MISSING)
		return make;
	return c->admin || t->claim == CLAIM_OWN || t->claim == CLAIM_UNOWNED;
}

enum reason
owner_volume_hold(const struct owner_hold *a, const char *name, bool make,
    struct thing *t, struct refusal *why)
{
	enum reason r = owner_volume(a->engine, a->as, name, t, NULL, why);

	if (r != R_NONE || !is_for(a->as, t, make))
		return r;
	r = hold_volume(a->hold, a->as, name, why);
	return r != R_NONE ? r :
	    owner_volume(a->engine, a->as, name, t, NULL, why);
}
