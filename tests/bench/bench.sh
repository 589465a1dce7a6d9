#!/bin/sh
# bench.sh - what the gate costs: ratios, measured side by side in one run.
#
#   sh tests/bench/bench.sh       as root
#
# ENGINE=20.10   ROUNDS=30 (commands)   SECONDS_EACH=2 (requests, a round)
#
# Commands through the gate against the bare CLI, and requests through a
# session socket against the engine's own, in turns, on the same engine and
# as ordinary users; only the ratios mean something elsewhere.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
export TOP
PLACE=${PLACE:-/opt/ds01-docker-bench}
. "$TOP/tests/lib/packages.sh"
. "$TOP/tests/lib/place.sh"
. "$TOP/tests/lib/engine.sh"
. "$TOP/tests/lib/daemons.sh"

[ "$(id -u)" = 0 ] || { echo 'bench.sh: must be run as root' >&2; exit 2; }
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
ROUNDS=${ROUNDS:-30}
SECONDS_EACH=${SECONDS_EACH:-2}
VERSION=${ENGINE:-20.10}

leave() {
	status=$?
	trap - EXIT INT TERM HUP
	daemons_stop
	place_clear
	exit $status
}
give_up() {
	echo "bench.sh: $1" >&2
	exit 1
}
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b / a }'
}
# The same way into both: alice through the gate, bob with the engine's group.
envs() {
	echo "env -i -C / HOME=$PLACE/home/$1 USER=$1 PATH=$PLACE/bin:$PLACE/usr/bin:/usr/bin:/bin"
}
with_gate="exec setpriv --reuid $ALICE --regid $ALICE --groups $ALICE -- $(envs $ALICE)"
bare() {
	echo "exec setpriv --reuid $BOB --regid $BOB --groups docker -- $(envs $BOB) DOCKER_HOST=unix://$ENGINE_SOCKET"
}

command_row() {	# rounds, what, arguments of docker, further shell words
	set -- "$1" "$2" "$3" "${4:-}"
	r=$("$PLACE/build/pair" "$1" "$(bare) $ENGINE_CLI $3 $4" \
	    "$with_gate docker $3 $4") || { FAILED=1; return; }
	a=${r% *} b=${r#* }
	printf '%-34s %9s ms %9s ms   x%s\n' "$2" "$a" "$b" "$(ratio "$a" "$b")"
}

load_as() {	# user, groups, socket, path, concurrency
	setpriv --reuid "$1" --regid "$1" --groups "$2" -- \
	    "$PLACE/build/load" "$3" "$4" "$5" "$SECONDS_EACH"
}
median() {	# column
	sort -n -k "$1,$1" | awk -v c="$1" '{ v[NR] = $c }
	    END { print v[int((NR + 1) / 2)] }'
}
requests() {	# way in: its medians, rate p50 p99
	f=$PLACE/tmp/$1
	echo "$(median 1 <"$f") $(median 2 <"$f") $(median 3 <"$f")"
}
load_line() {	# what, its rate p50 p99, the direct ones
	printf '  %-14s p50 %6s us x%-5s  p99 %6s us x%-5s  rate %6s /s x%s\n' \
	    "$1" "$3" "$(ratio "$6" "$3")" "$4" "$(ratio "$7" "$4")" \
	    "$2" "$(ratio "$5" "$2")"
}
# Besides, through a process that only passes bytes on: below it is no way.
request_row() {	# path, concurrency
	rm -f "$PLACE/tmp/direct" "$PLACE/tmp/forward" "$PLACE/tmp/gate"
	for i in 1 2 3 4 5; do
		load_as $BOB docker "$ENGINE_SOCKET" "$1" "$2" \
		    >>"$PLACE/tmp/direct"
		load_as 0 0 "$PLACE/tmp/forward.sock" "$1" "$2" \
		    >>"$PLACE/tmp/forward"
		load_as $ALICE $ALICE "$SOCKET" "$1" "$2" >>"$PLACE/tmp/gate"
	done
	set -- "$1" "$2" $(requests direct) $(requests forward) $(requests gate)
	if [ $# -ne 11 ]; then
		FAILED=1
		return
	fi
	echo "$1, $2 at once: p50 $4 us, p99 $5 us, $3 /s"
	load_line 'bare forwarder' "$6" "$7" "$8" "$3" "$4" "$5"
	load_line gate "$9" "${10}" "${11}" "$3" "$4" "$5"
}
gate_pids() {
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/exe" 2>/dev/null)" != \
		    "$PLACE/usr/libexec/ds01-docker/gate" ] || echo "${p#/proc/}"
	done
}

install_packages || give_up 'packages cannot be installed'
place_lock
trap leave EXIT
trap 'exit 129' INT TERM HUP
place_clear
place_build >/dev/null 2>&1 || give_up 'it does not build'
for p in load pair forward; do
	gcc -O2 -D_GNU_SOURCE -pthread -o "$PLACE/build/$p" \
	    "$TOP/tests/bench/$p.c" || give_up "$p.c does not build"
done
place_install || give_up 'it does not install'
daemons_start
engine_fetch "$VERSION" && engine_start "$VERSION" || give_up 'no engine'
base_image
place_plugins
place_config

as_alice() {
	sh -c "$with_gate $*" </dev/null >/dev/null
}
for i in 1 2 3 4 5 6 7 8; do
	as_alice docker run -d --pull never --name ds01t-c$i ds01-test:base sleep 100000
done || give_up 'containers do not start'
mkdir -p "$PLACE/big/bin"
cp /bin/busybox "$PLACE/big/bin/sh"
head -c 400000000 /dev/urandom >"$PLACE/big/data"
tar -C "$PLACE/big" -c . | direct import - ds01-test:big >/dev/null
head -c 200000000 "$PLACE/big/data" >"$PLACE/big/up"
tar -C "$PLACE/big" -cf "$PLACE/tmp/up.tar" up
chmod 0644 "$PLACE/tmp/up.tar"
rm -rf "$PLACE/big"
as_alice docker run --name ds01t-log --pull never ds01-test:base seq 400000

echo "engine $VERSION, $(nproc) cores; bare first, then through the gate"
FAILED=
command_row "$ROUNDS" 'docker ps' ps
command_row "$ROUNDS" 'docker inspect' 'inspect ds01t-c1'
command_row "$ROUNDS" 'docker exec c true' 'exec ds01t-c1 true'
command_row $((ROUNDS / 3 + 1)) 'docker run --rm' \
    'run --rm --pull never ds01-test:base true'
command_row 5 'docker save, 400 MB' 'save ds01-test:big'
command_row 5 'docker cp, 200 MB to a container' 'cp - ds01t-c1:/tmp' \
    "<$PLACE/tmp/up.tar"
command_row 5 'docker logs, 400,000 lines' 'logs ds01t-log'

with_session="setpriv --reuid $ALICE --regid $ALICE --groups $ALICE -- $(envs $ALICE) ds01-docker-session sh -c"
set -- $with_session
"$@" 'echo $DOCKER_HOST; exec sleep 1000' >"$PLACE/tmp/host" 2>/dev/null &
SESSION=$!
i=0
until [ -s "$PLACE/tmp/host" ] || [ $i -gt 50 ]; do
	sleep 0.1
	i=$((i + 1))
done
SOCKET=$(sed 's,^unix://,,' "$PLACE/tmp/host")
[ -n "$SOCKET" ] || give_up 'no session'
"$PLACE/build/forward" "$PLACE/tmp/forward.sock" "$ENGINE_SOCKET" &
FORWARD=$!
for path in /_ping /v1.41/containers/json; do
	request_row $path 1
	request_row $path 16
done
for p in $(gate_pids); do
	printf 'gate %s: PSS %s kB, of it its own %s kB\n' "$p" \
	    "$(sed -n 's/^Pss: *\([0-9]*\).*/\1/p' /proc/$p/smaps_rollup)" \
	    "$(awk '/^Private/ { s += $2 } END { print s }' /proc/$p/smaps_rollup)"
done
kill $SESSION $FORWARD

# Start-up: the same command with no gate to find, and without any gate.
for i in 1 2 3 4 5 6 7 8 9; do
	for p in $(gate_pids); do
		kill -KILL "$p"
	done
	s=$(date +%s%N)
	"$@" true </dev/null
	e=$(date +%s%N)
	echo $(((e - s) / 1000))
done | sort -n | awk '{ v[NR] = $1 } END { printf "a session with a new gate, sh -c true in it: %.1f ms\n", v[int((NR + 1) / 2)] / 1000 }'
[ -z "$FAILED" ] || give_up 'something could not be measured'
