#!/bin/sh
# demo.sh - two users, an admin and one Docker Engine: a transcript.
#
#   sh tests/demo.sh      as root on a fresh Debian 12
#
# Installs what is missing, builds, installs into a private place, starts an
# engine of its own, and removes everything but the packages at the end.
TOP=$(cd "$(dirname "$0")/.." && pwd)
export TOP
PLACE=${PLACE:-/opt/ds01-docker-demo}
. "$TOP/tests/lib/packages.sh"
. "$TOP/tests/lib/place.sh"
. "$TOP/tests/lib/engine.sh"
. "$TOP/tests/lib/daemons.sh"

[ "$(id -u)" = 0 ] || { echo 'demo.sh: must be run as root' >&2; exit 2; }
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
BAD=0

leave() {
	status=$?
	trap - EXIT INT TERM HUP
	daemons_stop
	place_clear
	exit $status
}
give_up() {
	echo "demo.sh: $1" >&2
	exit 1
}
say() {
	printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else
		sed 's/\x1b\[[0-9]*m//g'; fi
}
# Shows a command as its user would type it, and runs it.  The first word
# says how it must end: ok or refused.
types() {
	want=$1 u=$2
	shift 2
	printf '%s$ %s\n' "${u#ds01-}" "$*"
	setpriv --reuid "$(id -u "$u")" --regid "$(id -g "$u")" --init-groups \
	    -- env -i -C "$PLACE/home/$u" HOME="$PLACE/home/$u" USER="$u" \
	    PATH="$PLACE/bin:$PLACE/usr/bin:/usr/bin:/bin" LANG=C.UTF-8 \
	    timeout 60 sh -c "$*" </dev/null >"$PLACE/tmp/out" 2>&1
	rc=$?
	sed 's/^/    /' "$PLACE/tmp/out"
	case $want/$rc in
	ok/0 | refused/[1-9]*) ;;
	*)	echo "    (unexpected: exit status $rc)"
		BAD=1
		;;
	esac
}

echo '# packages, build, a private installation, an engine, three users'
install_packages || give_up 'packages cannot be installed'
place_lock
trap leave EXIT
trap 'exit 129' INT TERM HUP
place_clear
place_build >"${TMPDIR:-/tmp}/ds01-demo-build.$$" 2>&1 || {
	tail -n 20 "${TMPDIR:-/tmp}/ds01-demo-build.$$" >&2
	give_up 'it does not build'
}
rm -f "${TMPDIR:-/tmp}/ds01-demo-build.$$"
place_install || give_up 'it does not install'
daemons_start
engine_start 20.10 || give_up 'the engine does not start'
base_image lab:1 || give_up 'the image cannot be made'
place_plugins
place_config

say 'Nobody here is in the docker group, and docker works:'
types ok $ALICE id -Gn
types refused $ALICE "$ENGINE_CLI -H unix://$ENGINE_SOCKET ps"
types ok $ALICE docker run -d --name train lab:1 sleep 1000
types ok $BOB docker run -d --name notebook lab:1 sleep 1000

say 'Each of them sees what is theirs:'
F="--format 'table {{.Names}}\t{{.Image}}\t{{.Status}}'"
types ok $ALICE docker ps "$F"
types ok $BOB docker ps "$F"

say "Alice works in her container, and cannot touch bob's:"
types ok $ALICE 'docker exec train sh -c "echo hello from \$(hostname -s | cut -c 1-4)…"'
types refused $ALICE docker exec notebook cat /etc/passwd
types refused $ALICE docker stop train notebook
types ok $ALICE docker ps "$F"

say 'Nor does docker make her root:'
types refused $ALICE docker run --rm --privileged lab:1 id
types refused $ALICE docker run --rm -v /:/host lab:1 cat /host/etc/shadow

say 'Tools that speak to the API by themselves are mediated as well:'
types ok $ALICE "ds01-docker-session sh -c 'curl -s --unix-socket \${DOCKER_HOST#unix://} -X DELETE http://d/containers/notebook?force=1'; echo"

say 'Carol is in the group ds01-admin. She sees everything, without sudo:'
types ok $CAROL docker ps "$F"
types ok $CAROL docker stop -t 0 notebook

say 'Every decision is on record:'
sleep 1
if [ "$AUDIT" = live ]; then
	show() {
		echo "root# $*"
		"$@" </dev/null 2>/dev/null | grep -v '^----' | tail -n 3 |
		    sed 's/^/    /'
	}
	show ausearch --input-logs -i -m VIRT_CONTROL -vm notebook -sv no \
	    -ui "$(id -u $ALICE)" -ts recent
	ausearch --input-logs -m VIRT_CONTROL -vm notebook -sv no -ts recent \
	    </dev/null 2>/dev/null | grep -q reason=not_owner || BAD=1
	show ausearch --input-logs -i -m VIRT_CONTROL -vm notebook -sv yes \
	    -ui "$(id -u $CAROL)" -ts recent
else
	echo '    (this kernel has no audit log)'
fi
echo "root# tail -n 2 events.jsonl"
tail -n 2 "$PLACE/var/log/ds01/events.jsonl" | sed 's/^/    /'

if [ $BAD -eq 0 ]; then
	say 'demo.sh: all as it should be; removing what was made'
else
	say 'demo.sh: something was not as it should be'
	exit 1
fi
