#!/bin/sh
# Things that change between the look and the use: directories that become
# links, and names that become somebody else's.  (design 3.4, 5; peers E1)
#
# RACES=200 starts of a container while its directory is exchanged.
. "$(dirname "$0")/../lib/e2e.sh"
begin
RACES=${RACES:-200}
H=$PLACE/home/$ALICE
P="perl $TOP/tests/e2e/races.pl"
rm -rf "$H/race"

# What must never be seen, in reach of everybody, so that only the mount
# itself keeps it away: a neighbour's, root's.
FOREIGN=$WORK/foreign
install -d -m 0755 "$FOREIGN" "$FOREIGN/x"
install -d -m 0711 "$PLACE/home/$BOB"
install -d -m 0755 -o $BOB "$PLACE/home/$BOB/race" "$PLACE/home/$BOB/race/x"
for d in "$FOREIGN" "$PLACE/home/$BOB/race"; do
	echo foreign | tee "$d/f" >"$d/x/f"
done
as $ALICE mkdir -p race/dir race/up/x
as $ALICE sh -c 'echo own | tee race/dir/f >race/up/x/f'

# The same loop for a user and for root on the bare engine: $1 is the socket.
# Each container is started four times; its logs say what it saw.
STARTS='
	s=$1 n=$2 body=$3 most=$4 i=0 id=
	ask() {
		curl -s --max-time 30 --unix-socket "$s" "$@"
	}
	drop() {
		[ -n "$id" ] || return 0
		ask "http://d/containers/$id/logs?stdout=1&stderr=1"
		ask -X DELETE "http://d/containers/$id?force=1"
		id=
	}
	# where hardly one gets through, on until one does
	while [ $i -lt $n ] || [ $i -lt "$most" ]; do
		if [ $((i % 4)) -eq 0 ]; then
			drop
			id=$(ask -H "Content-Type: application/json" \
			    -d "$body" http://d/containers/create |
			    sed -n "s/.*\"Id\":\"\([0-9a-f]*\)\".*/\1/p")
		fi
		i=$((i + 1))
		[ -n "$id" ] && [ "$(ask -o /dev/null -w "%{http_code}" \
		    -X POST "http://d/containers/$id/start")" = 204 ] || {
			echo refused
			continue
		}
		most=0
		ask -o /dev/null -X POST "http://d/containers/$id/wait"
	done
	drop
'
# saw USER COUNT PATH A B: what containers with PATH see while A and B are
# exchanged; USER "-" is root on the engine itself
saw() {
	_b="{\"Image\":\"$IMAGE\",\"Tty\":true,\"Cmd\":[\"sh\",\"-c\",\"cat /x/f; grep ' /x ' /proc/self/mountinfo | cut -d ' ' -f 4\"],\"HostConfig\":{\"Binds\":[\"$3:/x\"]}}"
	rm -f "$WORK/enough"
	as $ALICE $P swap "$4" "$5" "$WORK/enough" &
	_s=$!
	if [ "$1" = - ]; then
		sh -c "$STARTS" sh "$ENGINE_SOCKET" "$2" "$_b" "$MOST"
	else
		as "$1" ds01-docker-session sh -c \
		    "s=\${DOCKER_HOST#unix://}; set -- \"\$s\" \"\$@\"; $STARTS" \
		    sh "$2" "$_b" "$MOST"
	fi | tr -d '\r' >"$WORK/saw" 2>"$ERR"
	: >"$WORK/enough"
	wait $_s
	sort "$WORK/saw" | uniq -c | sed "s,$PLACE,PLACE,; s/^ */# /"
}
count() {
	grep -cE "$1" "$WORK/saw"
}
swapped() {	# what, PATH, A, B
	saw $ALICE "$RACES" "$2" "$3" "$4"
	is "$(count '^foreign')" 0 "$1: never what is not hers"
	is "$(grep / "$WORK/saw" | grep -cv "/home/$ALICE/race")" 0 \
	    '… and no other directory is mounted'
	if api_at_least 45; then
		[ "$(count '^own')" -gt 0 ]; row $? '… though it does start'
		[ "$(count '^refused')" -gt 0 ]; row $? '… and is refused'
	else
		is "$(count '^own')" 0 '… nor anything'
	fi
}
as $ALICE ln -s "$FOREIGN" race/link
as $ALICE ln -s "$PLACE/home/$BOB/race" race/bob
as $ALICE ln -s "$FOREIGN/f" race/flink
as $ALICE sh -c 'echo own >race/file'
MOST=4000
api_at_least 45 || RACES=20 MOST=0
D=$H/race
saw - 60 "$D/dir" "$D/dir" "$D/link"
[ "$(count '^foreign')" -gt 0 ]
row $? 'the bare engine, for comparison, mounts the wrong one'
swapped 'a directory and a link' "$D/dir" "$D/dir" "$D/link"
RACES=$((RACES / 4))
swapped "a directory above it and a link to bob's" "$D/up/x" "$D/up" "$D/bob"
rm -rf "$H/race" "$PLACE/home/$BOB/race"
chmod 0700 "$PLACE/home/$BOB"

# --- names that go to and fro
SECONDS_OF=${RACE_SECONDS:-8}
loop() {	# user, requests…
	_u=$1
	shift
	as "$_u" ds01-docker-session $P loop "$SECONDS_OF" "$@" \
	    >>"$WORK/loops" 2>&1 </dev/null &
	LOOPS="$LOOPS $!"
}
settled() {
	for p in $LOOPS; do wait "$p"; done
	sed 's/^/# answers: /' "$WORK/loops"
	cat "$WORK/loops" >>"$WORK/loops.all"
	LOOPS=
	: >"$WORK/loops"
}
LOOPS=
: >"$WORK/loops"
fresh $BOB ds01t-b
B=$ID
fresh $ALICE ds01t-a
A=$ID
SLEEP="{\"Image\":\"$IMAGE\",\"Cmd\":[\"sleep\",\"99\"],\"StopSignal\":\"KILL\"}"
facts() {
	direct inspect --format '{{.State.Running}} {{.State.Paused}} {{.State.StartedAt}} {{.RestartCount}} {{.HostConfig.Memory}} {{.ExecIDs}}' "$B"
}
BEFORE=$(facts)
SINCE=$(date +%s.%N)
N_=containers/ds01t-n
loop $BOB "POST /containers/$B/rename?name=ds01t-n" \
    "POST /containers/$B/rename?name=ds01t-b"
loop $ALICE "POST /containers/$A/rename?name=ds01t-n" \
    "GET /containers/$A/json" "POST /containers/$A/rename?name=ds01t-a"
loop $ALICE "POST /containers/create?name=ds01t-n $SLEEP" \
    "POST /$N_/start" "DELETE /$N_?force=1"
loop $ALICE "POST /$N_/kill" "POST /$N_/exec {\"Cmd\":[\"touch\",\"/alice\"]}" \
    "POST /$N_/pause" "POST /$N_/update {\"Memory\":67108864,\"MemorySwap\":67108864}" \
    "GET /$N_/archive?path=/etc/passwd" "POST /$N_/stop?t=0" \
    "POST /$N_/unpause" "POST /$N_/restart?t=0" "DELETE /$N_?force=1"
loop $ALICE "POST /containers/create?name=ds01t-f1 {\"Image\":\"$IMAGE\",\"HostConfig\":{\"VolumesFrom\":[\"ds01t-n\"]}}" \
    "DELETE /containers/ds01t-f1" \
    "POST /containers/create {\"Image\":\"$IMAGE\",\"HostConfig\":{\"PidMode\":\"container:ds01t-n\"}}" \
    "POST /commit?container=ds01t-n&repo=ds01t-taken {}"
settled
is "$(facts)" "$BEFORE" "bob's container is what it was"
direct events --since "$SINCE" --until "$(date +%s)" \
    --filter "container=$B" --format '{{.Action}}' | sort -u >"$OUT"
is "$(grep -v '^rename$' "$OUT")" '' 'nothing but his own renaming happened to it'
shows rename '… and that did'
direct ps -aq --filter "label=ds01.user=$ALICE" | xargs \
    "$ENGINE_CLI" -H "unix://$ENGINE_SOCKET" inspect >"$OUT" 2>"$ERR"
hides "$B" "no container of alice's names it"

# --- volumes: one name, two users
# bob's has his word in it; alice starts, and copies out of, what has the name
loop $BOB 'POST /volumes/create {"Name":"ds01t-vol"}' \
    "POST /containers/create?name=ds01t-w {\"Image\":\"$IMAGE\",\"Cmd\":[\"sh\",\"-c\",\"echo foreign >/v/word; sleep 0.2\"],\"HostConfig\":{\"Binds\":[\"ds01t-vol:/v\"]}}" \
    'POST /containers/ds01t-w/start' 'POST /containers/ds01t-w/wait' \
    'DELETE /containers/ds01t-w?force=1' 'DELETE /volumes/ds01t-vol'
V_="{\"Image\":\"$IMAGE\",\"Tty\":true,\"Cmd\":[\"cat\",\"/v/word\"],\"HostConfig\":{\"Binds\":[\"ds01t-vol:/v\"]}}"
loop $ALICE "POST /containers/create?name=ds01t-v $V_" \
    'POST /containers/ds01t-v/start' 'GET /containers/ds01t-v/archive?path=/v' \
    'POST /containers/ds01t-v/wait' 'GET /containers/ds01t-v/logs?stdout=1' \
    'DELETE /containers/ds01t-v?force=1' 'DELETE /volumes/ds01t-vol'
loop $ALICE 'POST /volumes/create {"Name":"ds01t-vol"}' \
    'DELETE /volumes/ds01t-vol'
loop $ALICE "POST /containers/create?name=ds01t-v $V_" \
    'DELETE /containers/ds01t-v?force=1' 'DELETE /volumes/ds01t-vol'
settled
is "$(grep -c 'foreign:' "$WORK/loops.all")" 0 \
    "what is in bob's volume never comes to alice"
finish
