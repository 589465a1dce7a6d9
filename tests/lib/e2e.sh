# e2e.sh - words for end-to-end rows.  Sourced by tests/e2e/*.t.
#
# One row is one line of TAP: who does what, and what must come of it.  The
# suite (check.sh) has made the place, the users and a running engine, and
# says so in the environment.
#
#   may USER CMD…             it works (exit status 0)
#   refused TEXT USER CMD…    it fails, and stderr says TEXT
#   foreign USER CMD…         refused: this container belongs to bob
#   exits N USER CMD…         exactly that exit status
#   shows TEXT WHAT           the last command's output holds TEXT
#   hides TEXT WHAT           … does not
#   is GOT WANT WHAT          equal strings
#   ok WHAT CMD…              a judge's own command succeeds
#   api USER METHOD PATH [JSON [HEADER…]]   raw request; sets STATUS and OUT
#   answers N USER METHOD PATH [JSON]       … and its status must be N
#   flood METHOD PATH N … quiet N           alice, again and again; refused
#   skip WHAT WHY             counted as skipped; a failure under STRICT
#   direct …                  root's own CLI on the engine itself

HERE=${HERE:-$(cd "$(dirname "$0")/../lib" && pwd)}
if [ ! -d "${PLACE:-/nowhere}/run" ] || [ ! -S "${ENGINE_SOCKET:-}" ]; then
	echo '1..0 # SKIP run through: sh tests/check.sh FILE'
	exit 0
fi
. "$HERE/engine.sh"
. "$HERE/place.sh"

N=0
BAD=0
LIMIT=${LIMIT:-60}
IMAGE=ds01-test:base
WORK=$(mktemp -d "$PLACE/tmp/XXXXXX")
chmod 0711 "$WORK"
OUT=$WORK/out ERR=$WORK/err
BOB_TEXT="this container belongs to $BOB"
HOST_PATH=/usr/local/bin:/usr/bin:/bin
export PATH=$PATH:/usr/sbin:/sbin

# THROUGH: a program of root's that starts what the user starts.
as() {
	_u=$1
	shift
	${THROUGH:-} setpriv --reuid "$(id -u "$_u")" --regid "$(id -g "$_u")" \
	    --init-groups -- env -i -C "$PLACE/home/$_u" \
	    HOME="$PLACE/home/$_u" USER="$_u" LOGNAME="$_u" SHELL=/bin/sh \
	    PATH="$PLACE/bin:$PLACE/usr/bin:$HOST_PATH" TERM=xterm \
	    LANG=C.UTF-8 "$@"
}

# A command as a user; output in $OUT and $ERR, status in RC.
run() {
	_u=$1
	shift
	as "$_u" timeout -k 5 "$LIMIT" "$@" >"$OUT" 2>"$ERR" </dev/null
	RC=$?
}

# --- rows --------------------------------------------------------------------

words() {
	printf '%s' "$*" | tr '\n\t#' '   ' |
	    sed -e 's/\([0-9a-f]\{12\}\)[0-9a-f]\{52\}/\1(id)/g' \
	    -e "s,$PLACE,PLACE,g" | cut -c 1-150
}

row() {	# status, description
	N=$((N + 1))
	if [ "$1" -eq 0 ]; then
		printf 'ok %d - %s\n' $N "$(words "$2")"
		return 0
	fi
	BAD=$((BAD + 1))
	printf 'not ok %d - %s\n' $N "$(words "$2")"
	{
		echo "exit status: ${RC:-?} ${STATUS:+http status: $STATUS}"
		head -c 500 "$ERR" 2>/dev/null
		echo
		head -c 300 "$OUT" 2>/dev/null | tr -c '[:print:]\n' '?'
		echo
	} | sed -n 's/^\(..*\)$/#   \1/p'
	return 0
}

may() {
	run "$@"
	row $RC "$*"
}
exits() {
	_n=$1
	shift
	run "$@"
	[ $RC -eq "$_n" ]
	row $? "$* -> exit status $_n"
}
refused() {
	_t=$1
	shift
	run "$@"
	[ $RC -ne 0 ] && [ $RC -ne 124 ] && grep -qF -- "$_t" "$ERR"
	row $? "$* -> refused: $_t"
}
foreign() {
	refused "$BOB_TEXT" "$@"
}
shows() {
	grep -qF -- "$1" "$OUT"
	row $? "$2"
}
hides() {
	! grep -qF -- "$1" "$OUT"
	row $? "$2"
}
is() {
	if [ "$1" = "$2" ]; then
		row 0 "$3"
	else
		printf 'got:  %s\nwant: %s\n' "$1" "$2" >"$ERR"
		row 1 "$3"
	fi
}
ok() {
	_w=$1
	shift
	"$@" >"$WORK/judge" 2>"$ERR" </dev/null
	RC=$?
	row $RC "$_w"
}
fails() {
	_w=$1
	shift
	"$@" >"$WORK/judge" 2>"$ERR" </dev/null
	RC=$?
	[ $RC -ne 0 ]
	row $? "$_w"
}
skip() {
	N=$((N + 1))
	printf 'ok %d - %s # SKIP %s\n' $N "$1" "$2"
}

# --- raw requests --------------------------------------------------------------

# The path may be without version; a JSON body of "" is no body.
api() {
	_u=$1 _m=$2 _p=$3 _j=${4:-}
	shift 3
	[ $# -eq 0 ] || shift
	_h=
	if [ "$_m" = HEAD ]; then
		set -- "$@" --head
	else
		set -- "$@" -X "$_m"
	fi
	if [ -n "$_j" ]; then
		set -- "$@" -H 'Content-Type: application/json' \
		    --data-binary "$_j"
	fi
	as "$_u" timeout -k 5 "$LIMIT" ds01-docker-session sh -c '
		p=$1
		shift
		exec curl -sS -g --path-as-is -o - -w "\n%{http_code}" \
		    --unix-socket "${DOCKER_HOST#unix://}" "$@" "http://d$p"
		' sh "$_p" "$@" >"$OUT.raw" 2>"$ERR" </dev/null
	RC=$?
	STATUS=$(tail -n 1 "$OUT.raw" | tr -cd 0-9)
	sed '$d' "$OUT.raw" >"$OUT"
}
answers() {
	_n=$1
	shift
	api "$@"
	[ "$STATUS" = "$_n" ]
	row $? "$1 $2 $3 ${4:-} -> $_n"
	STATUS=
}
# Refused with that text, in Docker's own JSON error form.
api_refused() {
	_n=$1 _t=$2
	shift 2
	api "$@"
	[ "$STATUS" = "$_n" ] && { [ "$2" = HEAD ] ||
	    { grep -q '^{"message":"' "$OUT" && grep -qF -- "$_t" "$OUT"; }; }
	row $? "$1 $2 $3 ${4:-} -> $_n $_t"
	STATUS=
}

# Alice asks for that on twelve connections, again and again, until quiet; so
# many times before it goes on.  Each must be refused.
flood() {	# METHOD PATH N
	rm -f "$WORK/enough"
	: >"$WORK/flood"
	as "$ALICE" ds01-docker-session perl "$HERE/../e2e/hold.pl" flood 12 \
	    "$1" "$2" "$WORK/enough" >"$WORK/flood" 2>/dev/null &
	FLOOD=$!
	_i=0
	until [ "$(wc -l <"$WORK/flood")" -ge "$3" ] || [ $_i -gt 100 ]; do
		_i=$((_i + 1))
		sleep 0.1
	done
}
quiet() {	# at least how many
	: >"$WORK/enough"
	wait $FLOOD
	is "$(sort -u "$WORK/flood")" 403 'each of hers is refused'
	[ "$(wc -l <"$WORK/flood")" -ge "$1" ]
	row $? "… of $1 and more"
}

# --- objects -------------------------------------------------------------------

# A running container that ends at once when stopped; its id in ID.
fresh() {	# user, name, further options
	_u=$1 _c=$2
	shift 2
	as "$_u" docker run -d --pull never --stop-signal KILL --name "$_c" \
	    "$@" $IMAGE sleep 3600 >"$OUT" 2>"$ERR" </dev/null
	RC=$?
	[ $RC -eq 0 ] || row 1 "$_u: docker run --name $_c (set-up)"
	ID=$(direct inspect --type container --format '{{.Id}}' "$_c" \
	    2>/dev/null)
}

# All that could be done to a user's objects shows here.
portrait() {	# user
	for c in $(direct ps -aq --no-trunc --filter "label=ds01.user=$1" |
	    sort); do
		direct inspect --format '{{.Id}} {{.Name}} {{.State.Status}} {{.State.StartedAt}} {{.RestartCount}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{json .NetworkSettings.Networks}}' "$c"
		direct diff "$c" | sort
		direct top "$c" -o pid,args 2>/dev/null | sort
	done
	direct volume ls -q --filter "label=ds01.user=$1" | sort
	direct network ls -q --no-trunc --filter "label=ds01.user=$1" | sort
}
untouched() {	# user, what
	portrait "$1" >"$WORK/portrait.now" 2>&1
	diff "$WORK/portrait.$1" "$WORK/portrait.now" >"$ERR" 2>&1
	row $? "$2"
}
remember() {
	portrait "$1" >"$WORK/portrait.$1" 2>&1
}

clean_engine() {
	_ids=$(direct ps -aq)
	[ -z "$_ids" ] || direct rm -fv $_ids
	_ids=$(direct volume ls -q)
	[ -z "$_ids" ] || direct volume rm -f $_ids
	_ids=$(direct network ls -q --filter type=custom)
	[ -z "$_ids" ] || direct network rm $_ids
	_ids=$(direct images --format '{{.Repository}}:{{.Tag}}' |
	    grep -v "^$IMAGE\$" | grep -v '<none>')
	[ -z "$_ids" ] || direct rmi -f $_ids
	_ids=$(direct images -q --filter dangling=true)
	[ -z "$_ids" ] || direct rmi -f $_ids
}

# What other files of rows left in the users' homes.
clean_homes() {
	find "$PLACE/home" -xdev -mindepth 2 -maxdepth 2 ! -name .docker \
	    -exec rm -rf {} +
}
begin() {
	clean_engine >/dev/null 2>&1
	clean_homes
	place_config
	echo "# engine $ENGINE, API $ENGINE_API"
}
finish() {
	clean_engine >/dev/null 2>&1
	place_config
	rm -rf "$WORK"
	echo "1..$N"
	[ $BAD -eq 0 ]
	exit
}
# Is root in containers another one than the host's?
remaps() {
	direct info --format '{{.SecurityOptions}}' | grep -q name=userns
}
api_at_least() {
	[ "${ENGINE_API#1.}" -ge "$1" ]
}
