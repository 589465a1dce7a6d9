#!/bin/sh
# Lists and sweeps show and touch one's own only.  (ds01-wrapper 8, D)
. "$(dirname "$0")/../lib/e2e.sh"
begin

fresh $ALICE ds01t-a
A=$ID
fresh $BOB ds01t-b
B=$ID
may $BOB docker create --pull never --name ds01t-bstopped $IMAGE true
may $ALICE docker create --pull never --name ds01t-astopped \
    --label colour=red $IMAGE true
direct create --pull never --name ds01t-legacy --label aime.mlc.USER=$ALICE \
    $IMAGE true >/dev/null
may $BOB docker volume create ds01t-bvol
may $ALICE docker volume create ds01t-avol
may $BOB docker network create ds01t-bnet
may $ALICE docker network create ds01t-anet

# --- ps in every spelling, with the user's own filters
while read -r cmd; do
	may $ALICE docker $cmd
	shows ds01t-a "docker $cmd shows the own ones"
	hides ds01t-b "docker $cmd hides bob's"
done <<'END'
ps
ps -a
ps --size
ps --no-trunc
ps -a --format {{.Names}}
ps -f status=running
ps -a -f name=ds01t
ps -a --filter label=ds01.managed=true
container ls
container ls -a
container list -a
container ps -a
-D ps
END
may $ALICE docker ps -aq -f name=ds01t-b
is "$(cat "$OUT")" '' 'ps -f name=(bob) finds nothing'
may $ALICE docker ps -aq -f "label=ds01.user=$BOB"
is "$(cat "$OUT")" '' 'ps -f label=ds01.user=(bob) finds nothing'
may $ALICE docker ps -aq -f "id=$B"
is "$(cat "$OUT")" '' 'ps -f id=(bob) finds nothing'
may $ALICE docker ps -a -f label=colour=red --format '{{.Names}}'
is "$(cat "$OUT")" ds01t-astopped "a filter of the user's own still filters"
may $ALICE docker ps -a -f status=exited -f status=created --format '{{.Names}}'
hides ds01t-bstopped 'ps -f status= hides bob'"'"'s'
shows ds01t-astopped 'ps -f status= shows the own one'
may $BOB docker create --pull never --name ds01t-blast $IMAGE true
may $ALICE docker ps -l --format '{{.Names}}'
hides ds01t-b "ps -l is not bob's latest"
may $ALICE docker ps -l --format '{{.Names}}'
is "$(wc -l <"$OUT")" 1 'ps -l gives one'
may $ALICE docker ps -n 2 --format '{{.Names}}'
is "$(wc -l <"$OUT")" 2 "ps -n 2 gives two of one's own though bob's are newer"
may $ALICE docker ps -a
shows ds01t-legacy 'a container labelled aime.mlc.USER shows up for its owner'
may $BOB docker ps -a
hides ds01t-legacy '… and for nobody else'

# --- raw lists; filters in the old and the new form; negations
for q in '' '?all=1' '?all=1&filters={"label":["ds01.managed=true"]}' \
    "?all=1&filters={\"label\":{\"ds01.user=$BOB\":true}}" \
    '?all=1&limit=50' '?all=1&filters={"name":["ds01t-b"]}' \
    '?all=1&size=1' '?all=1&filters={"volume":["ds01t-bvol"]}'; do
	q=$(printf %s "$q" | sed -e 's/{/%7B/g' -e 's/}/%7D/g' -e 's/"/%22/g' \
	    -e 's/\[/%5B/g' -e 's/\]/%5D/g')
	answers 200 $ALICE GET "/containers/json$q"
	hides ds01t-b "GET /containers/json$q hides bob's"
done

# --- stats without names, events, df, info
may $ALICE docker stats --no-stream --format '{{.Name}}'
shows ds01t-a 'stats without names shows the own one'
hides ds01t-b "stats without names hides bob's"
may $ALICE docker container stats --no-stream --format '{{.Name}}'
hides ds01t-b "container stats too (C-8)"
may $ALICE docker stats -a --no-stream --format '{{.Name}}'
hides ds01t-b "stats -a hides bob's"
as $ALICE timeout 90 docker events >"$WORK/events" 2>&1 &
E=$!
as $ALICE timeout 90 docker events -f container=ds01t-b >"$WORK/events.b" 2>&1 &
EB=$!
seen() {	# text in alice's events; a few tries of what makes it
	_t=$1 _i=0
	shift
	until grep -qF "$_t" "$WORK/events" || [ $_i -ge 20 ]; do
		"$@" >/dev/null 2>&1
		sleep 0.2
		_i=$((_i + 1))
	done
}
seen exec_start as $ALICE docker exec ds01t-a true
as $BOB docker exec ds01t-b true
as $BOB docker volume create ds01t-bvol2 >/dev/null
as $BOB docker network create ds01t-bnet2 >/dev/null
seen ds01t-avol2 as $ALICE docker volume create ds01t-avol2
kill $E $EB 2>/dev/null
wait $E $EB 2>/dev/null
cp "$WORK/events" "$OUT"
shows ds01t-a "events shows one's own"
shows ds01t-avol2 "events shows one's own volumes"
hides ds01t-b "events hides bob's containers, volumes and networks"
cp "$WORK/events.b" "$OUT"
hides exec_start 'events with a filter for bob'"'"'s container shows nothing'
may $ALICE docker events --since 1h --until 0s
hides ds01t-b 'events of the past too'
shows ds01t-a "… and shows one's own"
while read -r f; do
	may $ALICE docker events --since 1h --until 0s $f
	shows ds01t-a "events $f shows one's own"
	hides ds01t-b "events $f hides bob's"
done <<END
-f type=container
-f event=create
-f container=ds01t-a
-f container=$A
-f label=ds01.managed=true
-f image=$IMAGE
-f type=volume
-f type=network
-f volume=ds01t-avol
-f network=ds01t-anet
-f scope=local
END
for f in "-f container=$B" -f\ volume=ds01t-bvol -f\ network=ds01t-bnet \
    "-f type=container -f label=ds01.user=$BOB"; do
	may $ALICE docker events --since 1h --until 0s $f
	is "$(cat "$OUT")" '' "events $f is empty"
done
may $ALICE docker events --since 1h --until 59m
is "$(cat "$OUT")" '' 'events --since --until are kept'
may $ALICE docker system df -v
shows ds01t-a "system df -v shows one's own"
hides ds01t-b "system df -v hides bob's containers and volumes"
may $ALICE docker info

# --- networks and volumes
answers 200 $ALICE GET /networks/
shows ds01t-anet 'GET /networks/ is the list of networks (C2)'
hides ds01t-bnet "… without bob's"
may $ALICE docker network ls
shows ds01t-anet 'network ls shows the own one'
shows bridge 'network ls shows bridge'
hides ds01t-bnet "network ls hides bob's"
may $ALICE docker network inspect bridge
shows ds01t-a 'network inspect bridge shows the own container'
hides ds01t-b "network inspect bridge hides bob's"
may $ALICE docker volume ls
shows ds01t-avol 'volume ls shows the own one'
hides ds01t-bvol "volume ls hides bob's"
may $ALICE docker volume ls -f dangling=true
hides ds01t-bvol "volume ls -f dangling=true hides bob's"
may $ALICE docker images
shows ds01-test 'images are shared'
for q in '' '?all=1' '?digests=1' '?shared-size=1' '?manifests=1' \
    '?filters={"reference":["ds01*"]}'; do
	api $ALICE GET "/images/json$q"
	tr '{' '\n' <"$OUT" | grep . | sort >"$WORK/through"
	curl -sg --unix-socket "$ENGINE_SOCKET" \
	    "http://d/v$ENGINE_API/images/json$q" | tr '{' '\n' |
	    sed 's/"Containers":-*[0-9]*/"Containers":-1/g' | grep . | sort |
	    diff "$WORK/through" - >"$ERR" 2>&1 && grep -q sha256: "$OUT"
	row $? "GET /images/json$q is everybody's, without counts"
done

# --- prune: one's own, whatever the filters say
remember $BOB
may $ALICE docker container prune -f
may $ALICE docker container prune -f --filter "label=ds01.user=$BOB"
may $ALICE docker container prune -f --filter label!=nosuch
may $ALICE docker volume prune -f --filter label!=nosuch
may $ALICE docker network prune -f --filter label!=nosuch
untouched $BOB "prune with a negated label left bob's (C3)"
is "$(direct ps -aq -f name=ds01t-astopped)" '' 'container prune removed the own one'
untouched $BOB "container prune left bob's"
may $ALICE docker volume prune -f
if api_at_least 42; then
	may $ALICE docker volume prune -af
fi
is "$(direct volume ls -q -f name=ds01t-avol)" '' 'volume prune removed the own ones'
untouched $BOB "volume prune left bob's"
may $ALICE docker network prune -f
is "$(direct network ls -q -f name=ds01t-anet)" '' 'network prune removed the own one'
untouched $BOB "network prune left bob's"
direct commit -m x ds01t-b ds01t-keep:1 >/dev/null
may $ALICE docker image prune -af
ok 'image prune -a took no tagged image of others' direct image inspect ds01t-keep:1
ok '… nor the base image' direct image inspect $IMAGE
may $ALICE docker builder prune -af
may $ALICE docker system prune -af --volumes
untouched $BOB "system prune --volumes left bob's"
ok '… and the images of others' direct image inspect ds01t-keep:1

# --- a form body must not change what is swept (peers C0.1)
for p in containers volumes networks; do
	api $ALICE POST "/$p/prune?filters=%7B%7D" '' \
	    -H 'Content-Type: application/x-www-form-urlencoded' \
	    -d "filters={\"label\":[\"ds01.user=$BOB\"]}"
	untouched $BOB "a form body on $p/prune left bob's"
done

# --- an image's labels do not make its containers fair game
direct image inspect ds01t-labelled >/dev/null 2>&1 ||
    printf 'FROM %s\nLABEL ds01.user=%s\n' $IMAGE $ALICE |
    DOCKER_BUILDKIT=0 direct build -q -t ds01t-labelled - >/dev/null 2>&1
direct create --pull never --name ds01t-rootmade ds01t-labelled true >/dev/null
may $ALICE docker ps -a
hides ds01t-rootmade "root's container of an image with LABEL ds01.user=alice is not alice's"
may $ALICE docker container prune -f
ok '… and is not pruned' direct inspect ds01t-rootmade

# --- as many as one may have, and no more though they are made at once
at_once() {	# user, n, path, body: how many were made
	as "$1" timeout -k 5 120 ds01-docker-session perl \
	    "$HERE/../e2e/at_once.pl" "$2" "$3" "$4" 2>"$ERR"
}
place_config 'policy:' '  default:' '    own_networks: 5' '    own_containers: 20'
before=$(direct network ls -q -f "label=ds01.user=$ALICE" | wc -l)
is "$(at_once $ALICE 40 /networks/create '{"Name":"ds01t-once%d"}')" \
    $((5 - before)) '40 networks at once: not more than the policy allows'
is "$(direct network ls -q -f "label=ds01.user=$ALICE" | wc -l)" 5 '… are there'
before=$(direct ps -aq -f "label=ds01.user=$ALICE" | wc -l)
BODY='{"Image":"'$IMAGE'","Cmd":["true"],"Labels":{"n":"%d"}}'
is "$(at_once $ALICE 40 /containers/create "$BODY")" $((20 - before)) \
    '40 containers at once: not more than the policy allows'
is "$(direct ps -aq -f "label=ds01.user=$ALICE" | wc -l)" 20 '… are there'
is "$(at_once $ERIN 20 /containers/create "$BODY")" 20 \
    '… and all of 20 for which there is room'
place_config

# --- the admin's lists hold everybody's
may $CAROL docker ps -a
shows ds01t-b "an admin's ps shows bob's"
may $CAROL docker volume ls
shows ds01t-bvol "an admin's volume ls shows bob's"
finish
