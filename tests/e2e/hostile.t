#!/bin/sh
# Whatever alice sends, the engine never ends up with what the policy forbids.
# SEED repeats a run, COUNT makes it longer.
. "$(dirname "$0")/../lib/e2e.sh"
begin
LIMIT=1200
SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
COUNT=${COUNT:-300}
echo "# SEED=$SEED COUNT=$COUNT"
cp "$(dirname "$0")/hostile.pl" "$WORK/hostile.pl"
chmod 0755 "$WORK/hostile.pl"
fresh $ALICE ds01t-a
A=$ID
fresh $BOB ds01t-b
B=$ID
may $BOB docker volume create ds01t-bvol
may $BOB docker network create ds01t-bnet
remember $BOB

may $ALICE ds01-docker-session perl "$WORK/hostile.pl" "$SEED" "$COUNT" \
    $IMAGE "$A" "$B"
cp "$OUT" "$WORK/hostile.log"
echo "# $(cut -c 1-3 "$WORK/hostile.log" | sort | uniq -c | sort -rn | tr -s ' \n' ' ')"

# --- the judge asks the engine, and looks at every container that is not bob's
found() {	# go template that prints only what is forbidden, what
	for c in $(direct ps -aq --no-trunc); do
		[ "$c" = "$B" ] && continue
		direct inspect -f "$1" "$c"
	done 2>&1 | grep -v '^ *$' | sort -u | head -n 5 >"$OUT"
	[ ! -s "$OUT" ]
	row $? "no container has $2"
	cp "$OUT" "$ERR"
}
found '{{if .HostConfig.Privileged}}{{.Name}} privileged{{end}}' '--privileged'
found '{{range .HostConfig.Binds}}{{if eq (printf "%.1s" .) "/"}}{{.}} {{end}}{{end}}' \
    'a bind of the host'
found '{{range .Mounts}}{{if eq (print .Type) "bind"}}{{.Source}} {{end}}{{end}}' \
    'a mount of type bind'
found '{{range .Mounts}}{{if .Name}}{{if eq .Name "ds01t-bvol"}}{{.Name}} {{end}}{{end}}{{end}}' \
    "bob's volume"
for k in PidMode IpcMode UTSMode UsernsMode CgroupnsMode NetworkMode; do
	found "{{if eq (print .HostConfig.$k) \"host\" \"container:$B\" \"ds01t-bnet\"}}{{.Name}} {{.HostConfig.$k}}{{end}}" \
	    "$k of the host or bob's"
done
for k in CapAdd Devices DeviceCgroupRules DeviceRequests VolumesFrom Links \
    Sysctls GroupAdd CgroupParent; do
	found "{{with .HostConfig.$k}}{{.}}{{end}}" "$k"
done
found '{{range .HostConfig.SecurityOpt}}{{if not (eq . "no-new-privileges" "no-new-privileges=true" "no-new-privileges:true")}}{{.}}{{end}}{{end}}' \
    'a loosened SecurityOpt'
found '{{if not (eq .HostConfig.Runtime "" "runc" "io.containerd.runc.v2")}}{{.HostConfig.Runtime}}{{end}}' \
    'another runtime'
found '{{if not .HostConfig.MaskedPaths}}{{.Name}} unmasked{{end}}' \
    'unmasked paths'
found '{{if not (eq .HostConfig.LogConfig.Type "json-file" "local" "none" "")}}{{.HostConfig.LogConfig.Type}}{{end}}' \
    'a log driver that reaches out'
found '{{if eq .HostConfig.RestartPolicy.Name "always"}}always{{end}}' \
    '--restart always'
found '{{if lt .HostConfig.OomScoreAdj 0}}oom{{end}}' 'a lowered OOM score'
found "{{if ne (index .Config.Labels \"ds01.user\") \"$ALICE\"}}{{.Name}}{{end}}" \
    "an owner other than alice"
found '{{if eq (index .Config.Labels "ds01.protected") "true"}}{{.Name}}{{end}}' \
    'ds01.protected'
direct volume ls -q | while read -r v; do
	direct volume inspect -f '{{if .Options}}{{.Name}} {{.Options}}{{end}}' "$v"
done | grep . >"$ERR"
[ ! -s "$ERR" ]; row $? 'no volume has options'
direct network ls -q --filter type=custom | while read -r n; do
	direct network inspect -f '{{if ne .Driver "bridge"}}{{.Name}} {{.Driver}}{{end}}{{with .Options}}{{.}}{{end}}' "$n"
done | grep . >"$ERR"
[ ! -s "$ERR" ]; row $? 'no network has a driver or options that reach the host'
is "$(direct images -q ds01t-stolen)" '' "no image was made of bob's container"
untouched $BOB "bob's container, volume and network are as they were"
ok 'the engine lives' direct version
may $ALICE docker ps
[ $BAD -eq 0 ] || {
	mkdir -p "$PLACE/failed"
	cp "$WORK/hostile.log" "$PLACE/failed/hostile-$ENGINE-$SEED.log"
	echo "# repeat with SEED=$SEED COUNT=$COUNT"
}
finish
