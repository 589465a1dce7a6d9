#!/bin/sh
# Volumes: each its owner's, however it came to be, and nobody else's by any
# road.  (design 4, 5; peers C0.4, C0.6; ds01-wrapper 13 D)
. "$(dirname "$0")/../lib/e2e.sh"
begin
H=$PLACE/home/$ALICE
R='docker run --rm --pull never'
owner() {	# volume
	direct volume inspect -f '{{index .Labels "ds01.user"}}' "$1" 2>/dev/null
}
gate() {
	direct volume inspect -f '{{index .Labels "ds01.gate"}}' "$1" 2>/dev/null
}
anonymous() {	# container: its volume at /a
	direct inspect -f '{{range .Mounts}}{{if eq .Destination "/a"}}{{.Name}}{{end}}{{end}}' "$1"
}
gone() {
	! direct volume inspect "$1" >/dev/null 2>&1
}
tar -C "$PLACE/base" -c . | direct import --change 'ENV PATH=/bin' \
    --change 'VOLUME /a' --change 'VOLUME /tmp' - ds01t-image >/dev/null

# --- named ones, made on the way
may $ALICE $R -v ds01t-v1:/v $IMAGE sh -c 'echo one >/v/f'
may $ALICE $R --mount type=volume,src=ds01t-v2,dst=/v,volume-label=x=y \
    $IMAGE touch /v/f
answers 201 $ALICE POST '/containers/create?name=ds01t-api' \
    "{\"Image\":\"$IMAGE\",\"HostConfig\":{\"Binds\":[\"ds01t-v3:/v\"],\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"ds01t-v4\",\"Target\":\"/w\"}]}}"
for v in 1 2 3 4; do
	is "$(owner ds01t-v$v)" $ALICE "ds01t-v$v is labelled with its owner"
	is "$(gate ds01t-v$v | tr -d '0-9a-f\n' | wc -c),$(gate ds01t-v$v | wc -c)" \
	    0,33 '… and with a random value'
done
is "$(direct volume inspect -f '{{index .Labels "x"}}' ds01t-v2)" y \
    'a label of her own stays'
may $ALICE $R -v ds01t-v1:/v:ro $IMAGE cat /v/f
shows one '… and is there the next time'
run $ALICE $R -v ds01t-v1:/v:ro $IMAGE touch /v/g
[ $RC -ne 0 ]; row $? 'read-only is read-only'
may $ALICE $R -v ds01t-v1:/v:nocopy $IMAGE cat /v/f
may $ALICE $R -v ds01t-copied:/bin2 -v ds01t-copy:/etc $IMAGE cat /etc/passwd
shows root: 'a new volume gets what the image has there'
if api_at_least 45; then
	may $ALICE $R -v ds01t-v1:/v $IMAGE mkdir -p /v/sub
	may $ALICE $R --mount \
	    type=volume,src=ds01t-v1,dst=/s,volume-subpath=sub $IMAGE touch /s/x
	for s in .. ../.. /etc sub/../../..; do
		run $ALICE $R --mount \
		    "type=volume,src=ds01t-v1,dst=/s,volume-subpath=$s" \
		    $IMAGE ls /s
		[ $RC -ne 0 ]; row $? "volume-subpath=$s -> refused"
	done
	may $ALICE $R -v ds01t-v1:/v $IMAGE ln -sfn / /v/link
	run $ALICE $R --mount \
	    type=volume,src=ds01t-v1,dst=/s,volume-subpath=link $IMAGE ls /s
	[ $RC -ne 0 ]; row $? 'nor does a link in it lead out'
fi

# --- drivers and options
for o in --volume-driver=nosuch --volume-driver=../../x; do
	refused 'ermission denied' $ALICE $R $o -v ds01t-d:/v $IMAGE true
done
for o in volume-driver=nosuch volume-opt=type=none \
    volume-opt=device=/,volume-opt=o=bind,volume-opt=type=none \
    volume-opt=type=tmpfs,volume-opt=device=tmpfs \
    volume-opt=type=nfs,volume-opt=o=addr=127.0.0.1,volume-opt=device=:/; do
	for s in src=ds01t-d,dst=/v dst=/v; do
		refused 'ermission denied' $ALICE $R --mount \
		    "type=volume,$s,$o" $IMAGE true
	done
done
may $ALICE $R --volume-driver=local -v ds01t-d:/v $IMAGE true
may $ALICE $R --mount type=volume,src=ds01t-d,dst=/v,volume-driver=local \
    $IMAGE true
is "$(direct volume inspect -f '{{.Driver}} {{.Options}}' ds01t-d)" \
    'local map[]' 'what comes of it is local and plain'

# --- somebody else's
may $BOB docker volume create ds01t-bobs
may $BOB $R -v ds01t-bobs:/v $IMAGE sh -c 'echo secret >/v/f'
fresh $BOB ds01t-b -v ds01t-bobs:/v -v /a
BA=$(anonymous ds01t-b)
TEXT="this volume belongs to $BOB"
for v in ds01t-bobs "$BA"; do
	refused "$TEXT" $ALICE $R -v $v:/v $IMAGE cat /v/f
	refused "$TEXT" $ALICE $R -v $v:/v:ro,nocopy $IMAGE cat /v/f
	refused "$TEXT" $ALICE $R --mount type=volume,src=$v,dst=/v $IMAGE ls
	refused "$TEXT" $ALICE docker volume rm $v
	refused "$TEXT" $ALICE docker volume rm -f $v
	refused "$TEXT" $ALICE docker volume inspect $v
	api_refused 403 "$TEXT" $ALICE POST /containers/create \
	    "{\"Image\":\"$IMAGE\",\"HostConfig\":{\"Binds\":[\"$v:/v\"]}}"
	api_refused 403 "$TEXT" $ALICE POST /containers/create \
	    "{\"Image\":\"$IMAGE\",\"HostConfig\":{\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"$v\",\"Target\":\"/v\"}]}}"
	api_refused 403 "$TEXT" $ALICE POST /v1.24/containers/create \
	    "{\"Image\":\"$IMAGE\",\"HostConfig\":{\"Binds\":[\"ds01t-v1:/w\",\"$v:/v\"]}}"
done
refused "$TEXT" $ALICE docker volume create ds01t-bobs
refused "$BOB_TEXT" $ALICE $R --volumes-from ds01t-b $IMAGE cat /v/f
run $ALICE docker volume ls -q
hides ds01t-bobs 'nor does she see it'
hides "$BA" '… or one without a name'
may $ALICE docker volume prune -f
api_at_least 42 && may $ALICE docker volume prune -af
is "$(owner ds01t-bobs) $(owner "$BA")" "$BOB $BOB" 'prune has left them alone'

# --- an administrator can have them all, and is told whose they are
said() {	# text
	grep -qxF "WARNING: $1, another user." "$ERR"
	row $? "… with a warning: $1"
}
may $CAROL docker run --rm --pull never -v ds01t-bobs:/v $IMAGE cat /v/f
said "The volume ds01t-bobs belongs to $BOB"
may $CAROL docker run --rm --pull never --volumes-from ds01t-b $IMAGE true
said "The container ds01t-b belongs to $BOB"
may $BOB docker network create ds01t-bnet
may $CAROL docker run --rm --pull never --network ds01t-bnet $IMAGE true
said "The network ds01t-bnet belongs to $BOB"
is "$(grep -c WARNING "$ERR")" 1 '… once'
may $CAROL docker run --rm --pull never -v ds01t-carols:/v $IMAGE true
! grep -q WARNING "$ERR"; row $? 'of her own it does not'

# --- one that became somebody else's behind the gate's back
direct create --name ds01t-late -l ds01.user=$ALICE \
    -l ds01.gate=00112233445566778899aabbccddeeff -v ds01t-bobs:/v $IMAGE cat /v/f >/dev/null
refused "$TEXT" $ALICE docker start -a ds01t-late
refused "$TEXT" $ALICE docker restart ds01t-late
refused "$TEXT" $ALICE docker cp ds01t-late:/v/f copied
answers 403 $ALICE HEAD '/containers/ds01t-late/archive?path=/v'
refused "$TEXT" $ALICE docker create --pull never --name ds01t-from \
    --volumes-from ds01t-late $IMAGE cat /v/f
may $CAROL docker start -a ds01t-late
may $ALICE docker rm ds01t-late

# --- those without a name
fresh $ALICE ds01t-an1 -v /a
fresh $ALICE ds01t-an2 --mount type=volume,dst=/a
answers 201 $ALICE POST '/containers/create?name=ds01t-an3' \
    "{\"Image\":\"$IMAGE\",\"Volumes\":{\"/a\":{}}}"
may $ALICE docker create --pull never --name ds01t-an4 ds01t-image true
may $ALICE docker create --pull never --name ds01t-an5 -v /a ds01t-image true
for c in 1 2 3 4 5; do
	A=$(anonymous ds01t-an$c)
	is "$(owner "$A")" $ALICE "ds01t-an$c has one that is labelled"
	run $ALICE docker volume ls -q
	shows "$A" '… that she sees'
	may $ALICE docker volume inspect "$A"
	refused "this volume belongs to $ALICE" $BOB $R -v "$A:/v" $IMAGE true
	case $c in
	5)	may $ALICE docker rm ds01t-an$c
		ok '… rm leaves it' direct volume inspect "$A"
		may $ALICE docker volume rm "$A" ;;
	*)	may $ALICE docker rm -fv ds01t-an$c
		gone "$A"; row $? '… rm -v takes it along' ;;
	esac
done
is "$(direct inspect -f '{{len .Mounts}}' ds01t-an4 2>/dev/null)" '' 'an4 is gone'
may $ALICE docker create --pull never --name ds01t-two ds01t-image true
is "$(direct inspect -f '{{len .Mounts}}' ds01t-two)" 2 \
    "all of the image's VOLUMEs are there"
may $ALICE docker rm -v ds01t-two
may $ALICE docker create --pull never --name ds01t-own -v ds01t-v1:/a \
    ds01t-image true
is "$(anonymous ds01t-own)" ds01t-v1 'a volume by name goes before the image'
fresh $ALICE ds01t-rm -v /a -v ds01t-v1:/v
A=$(anonymous ds01t-rm)
may $ALICE docker rm -fv ds01t-rm
gone "$A"; row $? 'rm -v removes what has no name'
ok '… and not what has one' direct volume inspect ds01t-v1
B=$(direct volume ls -q | wc -l)
may $ALICE $R -v /a ds01t-image touch /a/x
is "$(direct volume ls -q | wc -l)" "$B" '--rm leaves none behind'

# --- compose
if as $ALICE docker compose version >/dev/null 2>&1; then
	LIMIT=120
	install -d -o $ALICE "$H/vol"
	cat >"$H/vol/compose.yaml" <<-END
	services:
	  db:
	    image: ds01t-image
	    pull_policy: never
	    stop_signal: SIGKILL
	    command: sleep 3600
	    volumes: ["data:/data", "/a2"]
	volumes: {data: {}}
	END
	cat >"$H/vol/evil.yaml" <<-END
	services:
	  db:
	    image: $IMAGE
	    pull_policy: never
	    command: cat /data/f
	    volumes: ["data:/data"]
	volumes: {data: {external: true, name: ds01t-bobs}}
	END
	C="docker compose -p ds01t-vol -f vol/compose.yaml"
	may $ALICE $C up -d --quiet-pull
	may $ALICE $C exec -T db sh -c 'echo kept | tee /data/f /a/f >/a2/f'
	is "$(owner ds01t-vol_data)" $ALICE "compose's volume is hers"
	may $ALICE $C up -d --force-recreate -t 0
	may $ALICE $C exec -T db cat /data/f /a/f /a2/f
	is "$(grep -c kept "$OUT")" 3 \
	    'what has no name is attached again when compose makes it anew'
	may $ALICE $C up -d --force-recreate -V -t 0
	run $ALICE $C exec -T db cat /data/f /a/f /a2/f
	is "$(grep -c kept "$OUT")" 1 '… unless it is asked not to'
	refused "$TEXT" $ALICE docker compose -p ds01t-evil -f vol/evil.yaml up
	B=$(direct volume ls -q --filter label=ds01.user=$BOB | wc -l)
	may $ALICE $C down -v -t 0
	gone ds01t-vol_data; row $? 'down -v removes it'
	is "$(direct volume ls -q --filter label=ds01.user=$BOB | wc -l)" "$B" \
	    "… and nothing of bob's"
	rm -rf "$H/vol"
	LIMIT=60
fi

# --- what is judged by its name is nobody else's until dockerd has done it.
# Her removal is on its way to dockerd, and stays there.
HOLD=$HERE/../e2e/hold.pl
perl "$HOLD" late "$WORK/late.sock" "$ENGINE_SOCKET" DELETE "$WORK/go" &
LATE=$!
i=0
until [ -S "$WORK/late.sock" ] || [ $i -gt 100 ]; do
	i=$((i + 1))
	sleep 0.1
done
may $ALICE docker volume create ds01t-held
(ENGINE_SOCKET=$WORK/late.sock && place_config)
( OUT=$WORK/removal; api $ALICE DELETE /volumes/ds01t-held
  echo "$STATUS" >"$WORK/removed" ) &
REMOVAL=$!
i=0
until [ -e "$WORK/go.seen" ] || [ $i -gt 100 ]; do
	i=$((i + 1))
	sleep 0.1
done
direct volume rm ds01t-held >/dev/null
api_refused 403 'uses its name now' $BOB POST /volumes/create \
    '{"Name":"ds01t-held"}'
gone ds01t-held; row $? '… and nothing is made'
: >"$WORK/go"
wait $REMOVAL
is "$(cat "$WORK/removed")" 404 'hers is gone already'
place_config
kill $LATE
answers 201 $BOB POST /volumes/create '{"Name":"ds01t-held"}'
is "$(owner ds01t-held)" $BOB '… and then the name is free for him'

# --- who is refused keeps nobody out, however often she asks, nor while her
# refusals wait for their turn
flood DELETE /volumes/ds01t-bobs 200
for n in 1 2 3 4 5; do
	may $BOB $R -v ds01t-bobs:/v $IMAGE cat /v/f
done
quiet 300
SLOW_AFTER=default place_config 'deny_slow_after: 40' 'changes_slow_after: 0'
flood DELETE /volumes/ds01t-bobs 45
for n in 1 2 3; do
	may $BOB $R -v ds01t-bobs:/v $IMAGE cat /v/f
done
quiet 45
place_config
rm -f "$PLACE/var/lib/ds01/rate-limits/pace-$ALICE".*

rm -rf "$H/copied"
finish
