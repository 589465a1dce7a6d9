#!/bin/sh
# The attack corpus: each case of tests/data/requests in all its encodings,
# sent by alice, judged by what the engine says to root.  CASE=file: only it.
. "$(dirname "$0")/../lib/e2e.sh"
. "$HERE/attack.sh"
begin
CASES=$(cd "$(dirname "$0")/../data/requests" && pwd)
# A case's encodings make more networks than one user may keep.
place_config 'policy:' '  default:' '    own_networks: none' '    own_containers: none'
attack_objects
attack_values
attack "$(dirname "$0")/corpus.pl" "$WORK/values" \
    ${CASE:-"$CASES"/allow/* "$CASES"/deny/*}
attack_rows

# What a user is told of, root finds.
refused 'ermission denied' $ALICE docker run --pull never --privileged $IMAGE id
event=$(sed -n 's/.*\[ds01:\([0-9a-z]*\)\].*/\1/p' "$ERR")
"$PLACE/usr/sbin/ds01-dockerctl" explain "[ds01:$event]" >"$OUT" 2>"$ERR"
shows '"reason_id":"privileged"' 'dockerctl explain finds the refusal by its id'
finish
