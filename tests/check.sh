#!/bin/sh
# check.sh - builds, installs privately, and tries everything on real engines.
#
#   sh tests/check.sh              all of it, as root on a fresh Debian 12
#   sh tests/check.sh FILE…        only these (tests/e2e/lists.t)
#
# ENGINES="20.10 26.1 28.5-store"  which ones  STRICT=1  a skipped row is a failure
# VERBOSE=1  show rows that passed
# COUNT=10000  random requests an engine      KEEP=1    leave the place behind
#              (2000 where not said and with userns-remap)
#
# Everything it makes is its own (tests/README.md) and is removed at the end.
TOP=$(cd "$(dirname "$0")/.." && pwd)
export TOP
. "$TOP/tests/lib/packages.sh"
. "$TOP/tests/lib/place.sh"
. "$TOP/tests/lib/engine.sh"
. "$TOP/tests/lib/daemons.sh"
. "$TOP/tests/lib/node.sh"

[ "$(id -u)" = 0 ] || { echo 'check.sh: must be run as root' >&2; exit 2; }
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
START=$(date +%s)
FAILED=
STORE=${ENGINE_STORE:-}
ENGINES=${ENGINES:-20.10 26.1 26.1-remap 28.5 28.5-store}
# What must be there when every skip counts; the newest where it can be had.
NEEDED='20.10 26.1 26.1-remap'

stage() {
	printf '# --- %s (%d s)\n' "$1" $(($(date +%s) - START))
}
give_up() {
	echo "check.sh: $1" >&2
	exit 1
}
leave() {
	status=$?
	trap - EXIT INT TERM HUP
	daemons_stop
	if [ -n "${KEEP:-}" ]; then
		echo "# kept: $PLACE"
	else
		place_clear
	fi
	exit $status
}

# A skipped row is said so by prove's verbose output only: read it.
prove_files() {	# label, files…
	label=$1
	shift
	log=$PLACE/tmp/prove.log
	quiet='^ok |^prove: '
	[ -z "${VERBOSE:-}" ] || quiet='^prove: '
	{
		prove --verbose --comments --failures --merge "$@" 2>&1
		echo "prove: $?"
	} | tee "$log" | grep -vE "$quiet" || :
	[ "$(tail -n 1 "$log")" = 'prove: 0' ] || FAILED="$FAILED $label"
	skipped=$(grep -ciE '^(ok|not ok)[^#]*# skip|\.\. skipped:' "$log")
	[ "$skipped" -eq 0 ] || echo "# $label: $skipped skipped"
	if [ "${STRICT:-0}" = 1 ] && [ "$skipped" -gt 0 ]; then
		grep -iE '# skip|skipped:' "$log"
		FAILED="$FAILED $label(skipped)"
	fi
}

engine_files() {	# which rows this engine has to pass
	case $1 in
	20.10) ls "$TOP"/tests/e2e/*.t | grep -v '/store\.t$' ;;
	# where ids inside and outside differ
	*-remap)
		ls "$TOP"/tests/e2e/*.t | grep -E \
		    -e '/(escape|binds|confined|groups|volumes)\.t$' \
		    -e '/(honest|clients|ownership|corpus|policy|hostile)\.t$' ;;
	# where an image's id is not the hash of its config
	*-store)
		ls "$TOP"/tests/e2e/*.t | grep -E \
		    '/(store|images|volumes)\.t$' ;;
	*)	# these do not look at the engine
		ls "$TOP"/tests/e2e/*.t |
		    grep -vE '/(records|launcher|install|store)\.t$' ;;
	esac
}

# VERSION, VERSION-remap (started with userns-remap) or VERSION-store (images in
# containerd's store)
check_engine() {
	stage "engine $1"
	version=${1%-*}
	ENGINE_REMAP=
	ENGINE_STORE=$STORE
	case $1 in
	*-remap) ENGINE_REMAP=yes ;;
	*-store) ENGINE_STORE=containerd ;;
	esac
	# The installed engine's clients get the plugins of a newer one.
	[ "$version" != 20.10 ] || engine_fetch 26.1 || :
	if ! engine_fetch "$version"; then
		echo "# engine $version cannot be had here"
		if [ "${STRICT:-0}" = 1 ] && echo " $NEEDED " | grep -q " $1 "
		then
			FAILED="$FAILED engine-$1"
		fi
		return
	fi
	if ! engine_start "$version" || ! base_image; then
		FAILED="$FAILED engine-$1"
		engine_stop "$version"
		return
	fi
	place_plugins
	place_config
	files=${FILES:-$(engine_files "$1")}
	prove_files "engine-$1" $files
	place_end_gates
	engine_stop "$version"
}

FILES=
for f in "$@"; do
	FILES="$FILES $(cd "$(dirname "$f")" && pwd)/$(basename "$f")"
done

install_packages || give_up 'packages cannot be installed'
place_lock
trap leave EXIT
trap 'exit 129' INT TERM HUP
place_clear
stage build
place_build || give_up 'it does not build'
place_install || give_up 'it does not install'
if [ -z "$FILES" ]; then
	stage 'unit tests'
	# With the paths of an installed host: man pages name them.
	make -s -j2 -C "$TOP" BUILD="$PLACE/unit" check-unit ||
	    FAILED="$FAILED unit"
	stage 'fuzz corpora'
	place_make fuzz-replay || FAILED="$FAILED fuzz-replay"
fi
# Only one run of several side by side may hold the machine's records.
case ${FILES:-records.t} in
*records.t*) daemons_start ;;
esac
if [ -z "$FILES" ]; then
	stage 'audit records'
	prove_files audit "$TOP"/tests/audit/*.t
fi
case ${FILES:-honest.t} in
*honest.t*|*clients.t*)
	node_fetch || echo '# clients from npm cannot be had here' ;;
esac
for v in $ENGINES; do
	check_engine "$v"
done
stage end
if [ -n "$FAILED" ]; then
	echo "check.sh: FAILED:$FAILED"
	exit 1
fi
echo 'check.sh: all passed'
