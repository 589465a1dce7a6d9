#!/bin/sh
# Every row of the policy, as the gate's own tables have it, lets at least one
# request through and refuses at least one; expectations are in
# tests/data/policy.tsv.  With the bounds and grants that the table speaks of.
. "$(dirname "$0")/../lib/e2e.sh"
. "$HERE/attack.sh"
begin
place_config 'policy:' '  default:' '    memory: 512m' '    memory_swap: 1g' \
    '    own_networks: none' '    own_containers: none' '    cpus: 1.5' '    shm_size: 128m' '    log_size: 10m' \
    '    capabilities: [SYS_PTRACE]' '    devices: [/dev/full]' \
    '    security_opts: ["apparmor=unconfined"]' \
    '    sysctls: [net.ipv4.ip_unprivileged_port_start]'
attack_objects
attack_values
top=$(cd "$(dirname "$0")/../.." && pwd)
ok 'the tables can be read' gcc -std=gnu11 -D_GNU_SOURCE -I"$top/include" \
    -o "$WORK/tables" "$top/tests/e2e/policy.c" $(sed -n \
    's/^.*links: *\([a-z0-9_ ]*\).*$/\1/p' "$top/tests/e2e/policy.c" |
    tr ' ' '\n' | sed -n "s,^..*\$,$top/src/&.c,p") -lcjson -lm
"$WORK/tables" >"$WORK/tables.tsv"
attack "$(dirname "$0")/policy.pl" "$WORK/values" "$WORK/tables.tsv" \
    "$top/tests/data/policy.tsv"
attack_rows
finish
