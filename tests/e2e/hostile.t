#!/bin/sh
# Whatever alice sends, the engine never ends up with what the policy forbids;
# and what is honest goes through.  SEED repeats a run, COUNT says how long
# it is.
. "$(dirname "$0")/../lib/e2e.sh"
. "$HERE/attack.sh"
begin
here=$(cd "$(dirname "$0")" && pwd)
SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
# userns-remap changes how the ids of a container are judged, not what the
# requests are: the same engine without it has the long run.
! remaps || COUNT=${COUNT:-2000}
COUNT=${COUNT:-10000}
echo "# SEED=$SEED COUNT=$COUNT"
# A batch makes more networks than one user may keep.
place_config 'policy:' '  default:' '    own_networks: none' '    own_containers: none'
attack_objects
# Prunes of alice's own leave what is in use.
fresh $ALICE ds01t-keep --network ds01t-anet -v ds01t-avol:/v
attack_values
remember $BOB

# One gate of alice's, which must be the same one afterwards.
gates() {
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/exe" 2>/dev/null)" != \
		    "$PLACE/usr/libexec/ds01-docker/gate" ] ||
			echo "${p#/proc/}"
	done
}
place_end_gates
mkfifo "$WORK/hold"
as $ALICE ds01-docker-session sh -c 'echo; read x' \
    <"$WORK/hold" >"$WORK/held" 2>/dev/null &
HELD=$!
exec 8>"$WORK/hold"
until [ -s "$WORK/held" ] || ! kill -0 $HELD; do sleep 0.1; done
before=$(gates)
is "$(echo "$before" | wc -w | tr -d ' ')" 1 'alice has one gate'
attack "$here/hostile.pl" "$SEED" "$COUNT" "$WORK/values" \
    "$here/../data/policy.tsv" "$here/hostile.parts.pl"
attack_rows
is "$(gates)" "$before" 'and the same one afterwards'
exec 8>&-
untouched $BOB "bob's container, volume and network are as they were"
ok 'the engine lives' direct version
may $ALICE docker ps
[ $BAD -eq 0 ] || echo "# repeat with SEED=$SEED COUNT=$COUNT"
finish
