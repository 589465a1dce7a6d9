#!/bin/sh
# Every command that names a container: allowed on one's own, refused on
# others', in every spelling.  (ds01-wrapper 13 A-6, C, D, K)
. "$(dirname "$0")/../lib/e2e.sh"
begin

fresh $BOB ds01t-b
B=$ID
fresh $ALICE ds01t-a
A=$ID
fresh $BOB ds01t-b2
as $BOB docker exec -d ds01t-b sleep 3000
echo x >"$WORK/file"
chmod 0644 "$WORK/file"
tar -C "$WORK" -cf "$WORK/file.tar" file
chmod 0644 "$WORK/file.tar"
remember $BOB

short=$(echo "$B" | cut -c 1-12)
prefix=$(echo "$B" | cut -c 1-9)

# --- the other's, by every command and by name, short id, id, prefix
while read -r cmd; do
	[ -n "$cmd" ] || continue
	for c in ds01t-b "$short" "$B" "$prefix"; do
		set -- $(echo "$cmd" | sed -e "s,%C,$c,g" -e "s,%W,$WORK,g")
		foreign $ALICE docker "$@"
	done
done <<'END'
exec %C true
attach --no-stdin %C
logs %C
logs -f %C
logs --tail 10 %C
inspect %C
inspect --type container %C
stats --no-stream %C
top %C
port %C
diff %C
wait %C
export -o x.tar %C
cp %C:/etc/passwd copied
cp %W/file %C:/tmp/x
commit %C ds01t-image
rename %C ds01t-new
update --memory 64m %C
start %C
stop -t 0 %C
restart -t 0 %C
kill %C
pause %C
unpause %C
rm -f %C
END

# --- the flags that misled a wrapper which read the command line
foreign $ALICE docker logs -n 5 ds01t-b
foreign $ALICE docker logs --since 1h --until 0s ds01t-b
foreign $ALICE docker exec --detach-keys ctrl-x ds01t-b true
foreign $ALICE docker exec --env-file /dev/null ds01t-b true
foreign $ALICE docker exec -iu root ds01t-b true
foreign $ALICE docker exec -itu root ds01t-b true
foreign $ALICE docker exec -d ds01t-b true
foreign $ALICE docker kill -s KILL ds01t-b
foreign $ALICE docker rm -fv ds01t-b
foreign $ALICE docker inspect -s -f x ds01t-b

# --- "docker container X"
while read -r cmd; do
	set -- $(echo "$cmd" | sed -e "s,%C,ds01t-b,g" -e "s,%W,$WORK,g")
	foreign $ALICE docker container "$@"
done <<'END'
exec %C true
attach --no-stdin %C
logs %C
inspect %C
stats --no-stream %C
top %C
port %C
diff %C
wait %C
export -o x.tar %C
cp %C:/etc/passwd copied
commit %C ds01t-image
rename %C ds01t-new
update --memory 64m %C
start %C
stop -t 0 %C
restart -t 0 %C
kill %C
pause %C
unpause %C
rm -f %C
END

# --- global flags before the command
foreign $ALICE docker -D stop -t 0 ds01t-b
foreign $ALICE docker --log-level error rm -f ds01t-b
foreign $ALICE docker --log-level=error container kill ds01t-b
foreign $ALICE docker -l error exec ds01t-b true
foreign $ALICE docker --context default exec ds01t-b true
mkdir "$WORK/empty" && chmod 0755 "$WORK/empty"
foreign $ALICE docker --config "$WORK/empty" stop -t 0 ds01t-b
foreign $ALICE env DOCKER_CONTEXT=default docker stop -t 0 ds01t-b

# --- not through the gate at all
run $ALICE docker -H "unix://$ENGINE_SOCKET" stop -t 0 ds01t-b
[ $RC -ne 0 ]; row $? "$ALICE: docker -H unix://(the engine's socket) stop"
run $ALICE env DOCKER_HOST="unix://$ENGINE_SOCKET" docker rm -f ds01t-b
[ $RC -ne 0 ]; row $? "$ALICE: DOCKER_HOST=(the engine's socket) docker rm"
refused 'ermission denied' $ALICE "$ENGINE_CLI" -H "unix://$ENGINE_SOCKET" \
    rm -f ds01t-b
run $ALICE curl -sS --unix-socket "$ENGINE_SOCKET" -X DELETE \
    'http://d/containers/ds01t-b?force=1'
[ $RC -ne 0 ]; row $? "$ALICE: curl at the engine's socket"

# --- several targets: one foreign one, and nothing happens
started=$(direct inspect -f '{{.State.StartedAt}}' ds01t-a)
for verb in 'stop -t 0' 'restart -t 0' kill pause 'rm -f' 'inspect' \
    'stats --no-stream' wait 'update --memory 64m'; do
	foreign $ALICE docker $verb ds01t-a ds01t-b
	foreign $ALICE docker container $verb ds01t-a "$B"
done
is "$(direct inspect -f '{{.State.Status}} {{.State.StartedAt}} {{.HostConfig.Memory}}' ds01t-a)" \
    "running $started 0" 'none of them touched the own one before'

# --- joining the other's namespaces, volumes, networks
foreign $ALICE docker run --rm --volumes-from ds01t-b $IMAGE true
foreign $ALICE docker run --rm --volumes-from "$prefix":ro $IMAGE true
foreign $ALICE docker run --rm --network container:ds01t-b $IMAGE true
foreign $ALICE docker run --rm --network "container:$short" $IMAGE true
foreign $ALICE docker run --rm --pid container:ds01t-b $IMAGE true
foreign $ALICE docker run --rm --ipc "container:$B" $IMAGE true
foreign $ALICE docker run --rm --link ds01t-b:db $IMAGE true
foreign $ALICE docker create --link "$short" $IMAGE true
may $ALICE docker network create ds01t-anet
foreign $ALICE docker network connect ds01t-anet ds01t-b
foreign $ALICE docker network connect ds01t-anet "$prefix"
foreign $ALICE docker network disconnect -f bridge ds01t-b
foreign $ALICE docker network disconnect ds01t-anet "$short"
may $BOB docker network create ds01t-bnet
may $BOB docker volume create ds01t-bvol
remember $BOB
refused "this network belongs to $BOB" $ALICE docker network inspect ds01t-bnet
refused "this network belongs to $BOB" $ALICE docker network rm ds01t-bnet
refused "this network belongs to $BOB" $ALICE \
    docker network connect ds01t-bnet ds01t-a
refused "this network belongs to $BOB" $ALICE \
    docker run --rm --network ds01t-bnet $IMAGE true
refused "this volume belongs to $BOB" $ALICE docker volume inspect ds01t-bvol
refused "this volume belongs to $BOB" $ALICE docker volume rm ds01t-bvol
refused "this volume belongs to $BOB" $ALICE \
    docker run --rm -v ds01t-bvol:/v $IMAGE true
refused "this volume belongs to $BOB" $ALICE \
    docker run --rm --mount src=ds01t-bvol,dst=/v $IMAGE true

# --- exec ids
X=$(curl -s --unix-socket "$ENGINE_SOCKET" -H 'Content-Type: application/json' \
    -d '{"Cmd":["id"]}' "http://d/containers/$B/exec" |
    sed -n 's/.*"Id":"\([0-9a-f]*\)".*/\1/p')
remember $BOB
api_refused 403 "$BOB_TEXT" $ALICE GET "/exec/$X/json"
api_refused 403 "$BOB_TEXT" $ALICE POST "/exec/$X/start" '{"Detach":true}'
api_refused 403 "$BOB_TEXT" $ALICE POST "/exec/$X/start" '{"Detach":false}' \
    -H 'Connection: Upgrade' -H 'Upgrade: tcp'
api_refused 403 "$BOB_TEXT" $ALICE POST "/exec/$X/resize?h=10&w=10"

# --- the same without a CLI: every route that names a container
while read -r method path body; do
	[ -n "$method" ] || continue
	p=$(echo "$path" | sed "s,%C,$B,g")
	api_refused 403 "$BOB_TEXT" $ALICE "$method" "$p" "$body"
done <<'END'
GET /containers/%C/json
GET /containers/%C/top
GET /containers/%C/logs?stdout=1
GET /containers/%C/logs?stdout=1&follow=1
GET /containers/%C/stats?stream=0
GET /containers/%C/changes
GET /containers/%C/export
GET /containers/%C/archive?path=/etc/passwd
HEAD /containers/%C/archive?path=/etc/passwd
PUT /containers/%C/archive?path=/tmp
POST /containers/%C/attach?logs=1&stdout=1
POST /containers/%C/start
POST /containers/%C/stop?t=0
POST /containers/%C/restart?t=0
POST /containers/%C/kill?signal=KILL
POST /containers/%C/pause
POST /containers/%C/unpause
POST /containers/%C/wait
POST /containers/%C/resize?h=1&w=1
POST /containers/%C/rename?name=ds01t-new
POST /containers/%C/update {"Memory":67108864}
POST /containers/%C/exec {"Cmd":["id"]}
POST /commit?container=%C&repo=ds01t-stolen {}
DELETE /containers/%C?force=1
END
for p in /v1.24 /v1.30 /v1.41 ''; do
	api_refused 403 "$BOB_TEXT" $ALICE POST "$p/containers/$short/stop?t=0"
done
api_refused 403 '' $ALICE GET "/containers/$B/attach/ws?logs=1"
for p in "/containers/$B/checkpoints" "/containers/$B/checkpoints/x"; do
	api $ALICE GET "$p"
	case $STATUS in 40?) row 0 "$ALICE: GET $p -> refused" ;;
	*) row 1 "$ALICE: GET $p -> refused" ;; esac
done
untouched $BOB "after all this bob's containers, volumes and networks are as they were"

# --- a name that looks like the beginning of the other's id (K)
run $ALICE docker create --pull never --name "$short" $IMAGE true
row $((RC == 0)) "$ALICE: a container named like the other's short id is refused"
run $ALICE docker rename ds01t-a "$short"
row $((RC == 0)) "$ALICE: … also by rename"

# --- one's own: the same commands do what they always did
cat >"$WORK/own" <<'END'
exec %C true
exec -u root -e X=1 -w /tmp %C true
logs %C
logs --tail 10 %C
inspect %C
inspect --type container %C
stats --no-stream %C
top %C
port %C
diff %C
export -o x.tar %C
cp %W/file %C:/tmp/x
cp %C:/tmp/x copied
commit %C ds01t-alice/image
update --memory 64m --memory-swap 64m %C
restart -t 0 %C
pause %C
unpause %C
stop -t 0 %C
wait %C
start %C
kill %C
start %C
END
for c in ds01t-a "$(echo "$A" | cut -c 1-12)" "$A"; do
	while read -r cmd; do
		set -- $(echo "$cmd" | sed -e "s,%C,$c,g" -e "s,%W,$WORK,g")
		may $ALICE docker "$@"
	done <"$WORK/own"
done
may $ALICE docker container ls
shows ds01t-a 'container ls shows the own one'
may $ALICE docker container inspect ds01t-a
may $ALICE docker rename ds01t-a ds01t-a2
may $ALICE docker rename ds01t-a2 ds01t-a
may $ALICE docker network connect ds01t-anet ds01t-a
may $ALICE docker network disconnect ds01t-anet ds01t-a
may $ALICE docker run --rm --volumes-from ds01t-a $IMAGE true
may $ALICE docker run --rm --network container:ds01t-a $IMAGE true
may $ALICE docker run --rm --pid container:ds01t-a $IMAGE true
may $ALICE docker run --rm --ipc private $IMAGE true
may $ALICE docker run --rm --link ds01t-a:db $IMAGE true
may $ALICE sh -c "docker cp ds01t-a:/etc/passwd - | tar -t"
shows passwd 'docker cp CONTAINER:… - gives a tar'
may $ALICE sh -c "docker cp - ds01t-a:/tmp <$WORK/file.tar"
may $ALICE docker exec ds01t-a cat /tmp/file
shows x 'docker cp - CONTAINER: took a tar'
answers 200 $ALICE POST '/containers/ds01t-a/resize?h=10&w=10'
answers 201 $ALICE POST /containers/ds01t-a/exec '{"Cmd":["sleep","9"],"Tty":true}'
X=$(sed -n 's/.*"Id":"\([0-9a-f]*\)".*/\1/p' "$OUT")
answers 200 $ALICE POST "/exec/$X/start" '{"Detach":true,"Tty":true}'
answers 200 $ALICE GET "/exec/$X/json"
api $ALICE POST "/exec/$X/resize?h=10&w=10"
case $STATUS in 20?) row 0 "$ALICE: resize of an own exec" ;;
*) row 1 "$ALICE: resize of an own exec" ;; esac
STATUS=

# --- the value of a flag is not a target (C-2, C-10), bob's of that name or not
for c in 64m KILL 10 newname; do
	fresh $BOB $c
done
may $ALICE docker update --memory 64m --memory-swap 64m ds01t-a
may $ALICE docker logs --tail 10 ds01t-a
may $ALICE docker kill -s KILL ds01t-a
may $ALICE docker start ds01t-a
run $ALICE docker rename ds01t-a newname
[ $RC -ne 0 ] && ! grep -q denied "$ERR"
row $? 'rename to a name that bob has: taken, as it would be by oneself'
direct rm -f 64m KILL 10 newname >/dev/null 2>&1
fresh $ALICE ds01t-a3
may $ALICE docker stop -t 0 ds01t-a ds01t-a3
may $ALICE docker rm -f ds01t-a ds01t-a3
may $BOB docker exec ds01t-b true
exits 1 $ALICE docker inspect ds01t-nowhere
exits 1 $ALICE docker stop ds01t-nowhere
finish
