#!/bin/sh
# The plain roads to host root, each refused; and what resembles them and is
# harmless, not.  (ds01-wrapper 13 A-7, D, E; peers C0, C3, C4)
. "$(dirname "$0")/../lib/e2e.sh"
begin
fresh $ALICE ds01t-a
A=$ID

no() {	# run options: refused, and nothing was made
	run $ALICE docker run --rm --pull never "$@" $IMAGE true
	[ $RC -ne 0 ] && grep -qiE 'denied|not accepted' "$ERR"
	row $? "$ALICE: docker run $*"
}
yes() {
	run $ALICE docker run --rm --pull never "$@" $IMAGE true
	row $RC "$ALICE: docker run $* works"
}

# --- by the CLI
no --privileged
no --privileged=1
no --pid host
no --ipc host
no --uts host
no --network host
no --net=host
no --userns host
api_at_least 41 && no --cgroupns host
no -v /:/h
no -v /etc:/h:ro
no -v "$ENGINE_SOCKET:/s"
no -v /run:/r
no -v /var/run/docker.sock:/s
no -v /proc:/p
no -v /sys:/p
no -v /dev:/p
no -v "$PLACE/run/ds01-docker:/r"
no -v "${ENGINE_SOCKET%/*}:/r"
ln -sfn "${ENGINE_SOCKET%/*}" "$PLACE/home/$ALICE/way"
chown -h $ALICE: "$PLACE/home/$ALICE/way"
no -v "$PLACE/home/$ALICE/way:/r"
no -v "$PLACE/home/$ALICE/way/docker.sock:/s"
rm -f "$PLACE/home/$ALICE/way"
no -v "$PLACE/home/$BOB:/h"
no -v //etc:/h
no -v /tmp/../etc:/h
no --mount type=bind,src=/,dst=/h
no --mount type=bind,src=/,dst=/h,bind-propagation=rshared
no --mount type=volume,dst=/h,volume-driver=local,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/
no --volume-driver nfs -v x:/v
no --cap-add ALL
no --cap-add SYS_ADMIN
no --cap-add sys_admin
no --cap-add CAP_SYS_PTRACE
no --device /dev/vda
no --device /dev/null:/dev/x
no --device-cgroup-rule 'b 8:* rwm'
no --security-opt seccomp=unconfined
no --security-opt apparmor=unconfined
no --security-opt label=disable
no --security-opt systempaths=unconfined
no --security-opt no-new-privileges=false
no --cgroup-parent /
no --cgroup-parent system.slice
no --privileged=true --name ds01t-privileged
refused 'ermission denied' $ALICE docker container run --rm --pull never --privileged $IMAGE true
refused 'ermission denied' $ALICE docker container create --pull never -v /:/h $IMAGE true
no --runtime nosuch
no --log-driver syslog --log-opt syslog-address=udp://127.0.0.1:1
no --log-opt "tag={{pad .ID 9 9}}"
no --log-opt max-file=3000000
no --log-driver fluentd
no --sysctl kernel.msgmax=1
no -p 80:80
no --workdir /proc/self/fd/8
no --oom-score-adj -1000
refused 'restart policy' $ALICE docker create --pull never --restart always $IMAGE true
yes --security-opt no-new-privileges
yes --security-opt no-new-privileges=true
yes --cap-drop ALL
yes --read-only --tmpfs /tmp
yes --init
yes --user 1000:1000
yes --network none
yes -v ds01t-vol:/v
yes -v /anonymous
yes --mount type=tmpfs,dst=/t
yes -m 64m --cpus 0.5 --pids-limit 50
yes -e A=b -w /tmp --hostname x
yes -p 127.0.0.1::8080

# --- by the API, in other clothes; create must never answer 404 for policy
create() {	# status wanted, body
	answers "$1" $ALICE POST "/containers/create?name=ds01t-try" "$2"
	direct rm -f ds01t-try >/dev/null 2>&1
}
I="\"Image\":\"$IMAGE\""
create 403 "{$I,\"HostConfig\":{\"Privileged\":true}}"
create 403 "{$I,\"HostConfig\":{\"Binds\":[\"/:/h\"]}}"
create 403 "{$I,\"HostConfig\":{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/\",\"Target\":\"/h\"}]}}"
create 403 "{$I,\"HostConfig\":{\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/h\",\"VolumeOptions\":{\"DriverConfig\":{\"Name\":\"local\",\"Options\":{\"type\":\"none\",\"o\":\"bind\",\"device\":\"/\"}}}}]}}"
create 403 "{$I,\"HostConfig\":{\"PidMode\":\"host\"}}"
create 403 "{$I,\"HostConfig\":{\"CapAdd\":\"ALL\"}}"
create 403 "{$I,\"HostConfig\":{\"Devices\":[{\"PathOnHost\":\"/dev/vda\",\"PathInContainer\":\"/dev/x\",\"CgroupPermissions\":\"rwm\"}]}}"
create 403 "{$I,\"HostConfig\":{\"MaskedPaths\":[]}}"
create 403 "{$I,\"HostConfig\":{\"ReadonlyPaths\":[]}}"
create 400 "{$I,\"Privileged\":true,\"Binds\":[\"/:/h\"]}"
create 400 "{$I,\"HostConfig\":null,\"PidMode\":\"host\"}"
create 400 "{$I,\"hostconfig\":{\"Privileged\":true}}"
create 400 "{$I,\"HOSTCONFIG\":{\"Privileged\":true}}"
create 400 "{$I,\"Ho$(printf '\305\277')tConfig\":{\"Privileged\":true}}"
create 400 "{$I,\"HostConfig\":{\"Networ$(printf '\342\204\252')Mode\":\"host\"}}"
create 400 "{$I,\"HostConfig\":{\"Privile\\u0067ed\":true}}"
create 400 "{$I,\"HostConfig\":{\"privileged\":true}}"
create 400 "{$I,\"HostConfig\":{\"Privileged\":true},\"HostConfig\":{\"NetworkMode\":\"none\"}}"
create 400 "{$I,\"HostConfig\":{\"Privileged\":false,\"Privileged\":true}}"
create 400 "{$I,\"HostConfig\":{\"NoSuchField\":1}}"
create 400 "{$I} {\"HostConfig\":{\"Privileged\":true}}"
create 400 "{$I,\"HostConfig\":{\"Memory\":1.5}}"
create 400 "{$I"
create 400 "[]"
create 201 "{$I,\"HostConfig\":{\"Privileged\":false,\"CapAdd\":null,\"Binds\":null,\"Devices\":[],\"PidMode\":\"\",\"CgroupParent\":\"\",\"SecurityOpt\":null,\"Runtime\":null,\"VolumesFrom\":null}}"
create 201 "{$I,\"HostConfig\":null}"
create 201 "{$I,\"Cmd\":\"true\"}"
for ct in 'application/json; charset=utf-16' text/plain \
    application/x-www-form-urlencoded 'multipart/form-data; boundary=x'; do
	api $ALICE POST '/containers/create?name=ds01t-try' '' \
	    -H "Content-Type: $ct" -d "{$I,\"HostConfig\":{\"Privileged\":true}}"
	case $STATUS in 4??) row 0 "create as $ct -> refused" ;;
	*) row 1 "create as $ct -> refused" ;; esac
done
is "$(direct ps -aq -f name=ds01t-try)" '' 'none of them made a container'

# --- old API versions do not bring back old defaults
for v in 1.24 1.39 1.40 1.41; do
	api $ALICE POST "/v$v/containers/create?name=ds01t-old" "{$I}"
	[ "$STATUS" = 201 ]; row $? "create with API $v works"
	is "$(direct inspect -f '{{.HostConfig.IpcMode}} {{.HostConfig.CgroupnsMode}}' ds01t-old)" \
	    'private private' "… with private IPC and cgroup namespaces"
	direct rm -f ds01t-old >/dev/null 2>&1
done
for v in 1.23 1.12 1.999 01.41 1.41.0; do
	api $ALICE GET "/v$v/containers/json"
	case $STATUS in 4??) row 0 "API version $v -> refused" ;;
	*) row 1 "API version $v -> refused" ;; esac
done

# --- start with a body, exec, update, attach
api $ALICE POST '/containers/ds01t-a/stop?t=0'
api $ALICE POST /containers/ds01t-a/start \
    '{"Privileged":true,"Binds":["/:/h"],"PidMode":"host"}'
is "$(direct inspect -f '{{.HostConfig.Privileged}} {{.HostConfig.Binds}}' ds01t-a)" \
    'false []' 'a body on start changes nothing'
direct start ds01t-a >/dev/null
refused 'ermission denied' $ALICE docker exec --privileged ds01t-a id
answers 403 $ALICE POST /containers/ds01t-a/exec '{"Cmd":["id"],"Privileged":true}'
answers 400 $ALICE POST /containers/ds01t-a/exec '{"Cmd":["id"],"privileged":true}'
refused 'ermission denied' $ALICE docker exec -w /proc/self/fd/8 ds01t-a id
answers 201 $ALICE POST /containers/ds01t-a/exec '{"Cmd":["id"],"Privileged":false}'
answers 400 $ALICE POST /containers/ds01t-a/update '{"Privileged":true}'
run $ALICE docker update --restart always ds01t-a
[ "$(direct inspect -f '{{.HostConfig.RestartPolicy.Name}}' ds01t-a)" != always ]
row $? 'update --restart always'

# --- rename and tag: the form body does not win over the query
api $ALICE POST '/containers/ds01t-a/rename?name=ds01t-a2' '' \
    -H 'Content-Type: application/x-www-form-urlencoded' -d name=ds01t-evil
is "$(direct ps -aq -f name=ds01t-evil)" '' 'a form body does not name the container'
direct rename ds01t-a2 ds01t-a >/dev/null 2>&1
form() {	# path, form body (C0.1)
	api $ALICE POST "$1" '' \
	    -H 'Content-Type: application/x-www-form-urlencoded' -d "$2"
	STATUS=
}
form "/images/$IMAGE/tag?repo=ds01t-alice/form" repo=ds01t-evil
is "$(direct images -q ds01t-evil)" '' 'a form body does not choose the tag'
form '/images/create?fromImage=127.0.0.1:1/asked&tag=1' \
    'fromImage=127.0.0.1:9/evil'
hides 127.0.0.1:9 'a form body does not choose the registry'
form "/commit?container=ds01t-a&repo=ds01t-alice/form2" repo=ds01t-evil
is "$(direct images -q ds01t-evil)" '' 'a form body does not name what commit makes'

# --- top shows processes of the container, not of the host
may $ALICE docker top ds01t-a
may $ALICE docker top ds01t-a -ef
for a in 'eo pid,cmd' '-eo pid,cmd,environ' 'axe' 'e' '-p 1 -o pid,args' \
    '--pid=1' '-o pid,cmd -p 1'; do
	run $ALICE docker top ds01t-a $a
	[ $RC -ne 0 ] || ! grep -qE 'dockerd|HOME=|init' "$OUT"
	row $? "docker top … $a shows nothing of the host"
done

# --- routes that are not for users
while read -r cmd; do
	run $ALICE docker $cmd
	[ $RC -ne 0 ] && grep -qiE 'denied|administrators|403|not a request' "$ERR"
	row $? "$ALICE: docker $cmd -> refused"
done <<'END'
swarm init
swarm join --token SWMTKN-1-x 127.0.0.1:1
plugin install --grant-all-permissions x/y
plugin enable x
service create --mount type=bind,src=/,dst=/h busybox
service ls
node ls
secret ls
config ls
END
while read -r m p b; do
	api_refused 403 '' $ALICE "$m" "$p" "$b"
done <<'END'
POST /swarm/init {}
POST /services/create {}
POST /plugins/pull?remote=x []
GET /debug/vars
GET /debug/pprof/
POST /debug/vars
DELETE /debug/vars
PUT /volumes/x?version=1 {}
POST /build/cancel?id=x
GET /swarm
GET /tasks
GET /plugins
POST /containers/ds01t-a/checkpoints {"CheckpointID":"x","CheckpointDir":"/"}
DELETE /containers/ds01t-a/checkpoints/x?dir=/
POST /containers/ds01t-a/start?checkpoint=x&checkpoint-dir=/
GET /containers/ds01t-a/attach/ws?logs=1
GET /metrics
GET /nosuch
PATCH /containers/json
END
for n in --driver=macvlan --driver=ipvlan --driver=host --driver=overlay \
    '-o com.docker.network.bridge.name=docker0' \
    '-o parent=eth0 -d macvlan'; do
	run $ALICE docker network create $n ds01t-net
	[ $RC -ne 0 ]; row $? "network create $n -> refused"
	direct network rm ds01t-net >/dev/null 2>&1
done
for v in '-o type=none -o o=bind -o device=/' '-o type=tmpfs -o device=tmpfs' \
    '-o type=nfs -o o=addr=127.0.0.1 -o device=:/x' '-d nosuch' \
    '-o o=bind -o type= -o device=/etc'; do
	refused 'ermission denied' $ALICE docker volume create $v ds01t-v
done
printf 'FROM %s\nRUN id\n' $IMAGE >"$WORK/Dockerfile"
chmod 0644 "$WORK/Dockerfile"
for b in --network=host --cgroup-parent=/ --security-opt=seccomp=unconfined; do
	run $ALICE sh -c "DOCKER_BUILDKIT=0 docker build $b - <$WORK/Dockerfile"
	[ $RC -ne 0 ]; row $? "docker build $b -> refused"
done
refused 'ermission denied' $ALICE docker import http://127.0.0.1:1/x.tar ds01t-x

# --- a remote shell's road in: dial-stdio is the mediated stream (A-5)
run $ALICE sh -c 'printf "GET /containers/json?all=1 HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n" | docker system dial-stdio'
grep -q '200 OK' "$OUT" && grep -q "$A" "$OUT"
row $? "$ALICE: docker system dial-stdio speaks the API"
fresh $BOB ds01t-b
run $ALICE sh -c 'printf "DELETE /containers/ds01t-b?force=1 HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n" | docker system dial-stdio'
grep -q "$BOB_TEXT" "$OUT"; row $? "… and refuses bob's container"
run $ALICE sh -c 'printf "GET /containers/json HTTP/1.1\r\nHost: d\r\n\r\nDELETE /containers/ds01t-b?force=1 HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n" | docker system dial-stdio'
ok '… also behind another request' direct inspect ds01t-b

# --- a session socket is its user's alone
as $ALICE ds01-docker-session sh -c 'echo "$DOCKER_HOST"; sleep 20' \
    >"$WORK/host" 2>/dev/null &
S=$!
until [ -s "$WORK/host" ] || ! kill -0 $S; do sleep 0.1; done
refused 'ermission denied' $BOB "$ENGINE_CLI" -H "$(cat "$WORK/host")" ps
run $BOB docker -H "$(cat "$WORK/host")" ps
hides ds01t-a 'nor does docker -H (it) show bob what is alice'"'"'s'
run $BOB curl -sS --unix-socket "$(sed 's,unix://,,' "$WORK/host")" \
    http://d/containers/json
[ $RC -ne 0 ]; row $? 'bob cannot connect to it'
curl -sS --unix-socket "$(sed 's,unix://,,' "$WORK/host")" \
    http://d/containers/json >"$OUT" 2>"$ERR"
hides "$A" "root that found its way to the socket (a container) is not alice"
run $ALICE ls "$PLACE/run/ds01-docker"
[ $RC -ne 0 ]; row $? 'the directory of sessions cannot be listed'
kill $S 2>/dev/null
finish
