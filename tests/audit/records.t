#!/bin/sh
# records.t - what auditors' tools find of our records, on a live auditd.
#
#   prove tests/audit/records.t        as root; starts auditd if none runs
#
# Guarantees each promise of ds01-dockerctl(8), AUDIT RECORDS: a record is
# found by who, what, which and how it ended, in every combination, and no
# name that a user chooses hides or bends it.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/tests/lib/daemons.sh"
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

[ "$(id -u)" = 0 ] || { echo '1..0 # skip must be root'; exit 0; }
audit_start
[ "$AUDIT" = live ] || { echo '1..0 # skip no kernel audit here'; exit 0; }

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
ok() {	# description, status
	n=$((n + 1))
	if [ "$2" = 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		[ -z "${3:-}" ] || echo "# $3" | cut -c1-600
	fi
}

links=$(sed -n 's/^.*links: *//p' "$TOP/tests/audit/records.c")
src=
for l in $links; do
	src="$src $TOP/src/$l.c"
done
# shellcheck disable=SC2086
${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O2 -pthread -I"$TOP/include" \
    -o "$tmp/records" "$TOP/tests/audit/records.c" $src -laudit -lcap-ng ||
    { echo 'Bail out! records.c does not compile'; exit 1; }
cp "$tmp/records" /run/ds01-records-$$ && chmod 0755 /run/ds01-records-$$
trap 'rm -rf "$tmp" /run/ds01-records-$$' EXIT
RECORDS=/run/ds01-records-$$

# Uids without accounts: nobody else's records are among ours.  The day's
# first second of this run narrows every search.
ALICE=4001001 BOB=4001002 SERVICE=4001009
T=t$$
DAY=$(date +%x) CLOCK=$(date +%H:%M:%S)

id_for() {	# a container id
	printf '%s' "$T$1" | sha256sum | cut -c1-64
}
# Most searches read a copy of what auditd wrote since this run began.
LOG=/var/log/audit/audit.log
FROM=$(($(wc -c <"$LOG") + 1))
copy_log() {	# event to wait for
	i=0
	until grep -aq "event=\"$1\"" "$LOG" || [ $i -gt 100 ]; do
		sleep 0.05
		i=$((i + 1))
	done
	tail -c +$FROM "$LOG" >"$tmp/log"
	[ -s "$tmp/log" ] || cp "$LOG" "$tmp/log"	# it was rotated
}
search() {
	ausearch -if "$tmp/log" "$@" 2>/dev/null </dev/null
}
search_live() {
	ausearch --input-logs -ts "$DAY" "$CLOCK" "$@" 2>/dev/null </dev/null
}
# Is the record with this event id among what these options find?
finds() {
	event=$1
	shift
	search --raw "$@" | grep -aq "event=\"$event\""
}
must_not() {
	want=$1 what=$2
	shift 2
	! finds "$want" "$@"
	ok "$what: not ausearch $*" $?
}
event_of() {	# nth line of records' output
	sed -n "$2s/ .*//p" "$1"
}
# --- ordinary records ---------------------------------------------------------

ID1=$(id_for 1) ID2=$(id_for 2) ID3=$(id_for 3)
"$RECORDS" -l $ALICE -s $SERVICE \
    control container.start uid=$ALICE acct=alice tty=pts/9 vm="$T-train" uuid="$ID1" \
    , resource bind vm="$T-train" uuid="$ID1" detail="/data/$T my set" \
    , resource device vm="$T-train" uuid="$ID1" detail="/dev/$T-nvidia0" \
    , resource memory vm="$T-train" uuid="$ID1" detail=2147483648 \
    , resource cpus vm="$T-train" uuid="$ID1" detail=2000000000 \
    , control container.stop vm="$T-train" uuid="$ID1" \
    , control container.kill vm="$T-bobs" uuid="$ID2" why=not_owner \
	text="container belongs to bob" \
    , command docker cwd="/home/$T" detail="docker kill $T-bobs" \
    , make image.pull image="$T/img:1" \
    , drop image.remove image="$T/img:1" \
    , resource bind vm="$T-train" uuid="$ID3" detail="/etc" why=bind \
    , control container.stop vm="$T-old" uuid="$ID3" unowned \
    , control container.stop vm="$T-mon" uuid="$ID3" why=not_owner would \
    >"$tmp/out" 2>"$tmp/err"
ok "every record is taken by the kernel" \
    "$(grep -vc ' 0$' "$tmp/out")" "$(cat "$tmp/err")"
for v in START BIND DEVICE MEMORY CPUS STOP KILL COMMAND PULL RMI NOBIND OLD MON
do
	i=$((${i:-0} + 1))
	eval "$v=$(event_of "$tmp/out" $i)"
done
copy_log "$MON"
PID=$(search --raw -ul $ALICE -m VIRT_CONTROL -vm "$T-train" |
    sed -n 's/.* pid=\([0-9]*\) .*/\1/p' | head -n 1)

SES=$(search --raw -ul $ALICE -m VIRT_CONTROL -vm "$T-train" |
    sed -n 's/.* ses=\([0-9]*\) .*/\1/p' | head -n 1)

# Every single option, every two, and all of them together.
all_ways() {	# event, description, options as words "-x value"
	want=$1 what=$2 failed= count=1
	shift 2
	# shellcheck disable=SC2048,SC2086
	finds "$want" $* || failed=' [all]'
	while [ $# -gt 0 ]; do
		a=$1
		shift
		for b in '' "$@"; do
			# shellcheck disable=SC2086
			finds "$want" $a $b || failed="$failed [$a $b]"
			count=$((count + 1))
		done
	done
	[ -z "$failed" ]
	ok "$what: found in each of $count ways" $? "not by$failed"
}

WHO="-ul $ALICE:-ui $ALICE"
KERNEL=":--session $SES:-p $PID:-x $RECORDS:-tm pts/9"
ways() {	# event, description, further options parted by ':'
	options=$WHO:$3
	event=$1 what=$2 IFS=:
	# shellcheck disable=SC2086
	set -- $options
	unset IFS
	all_ways "$event" "$what" "$@"
}
ways "$START" 'an allowed start' \
    "-m VIRT_CONTROL:-vm $T-train:-uu $ID1:-sv yes$KERNEL"
ways "$KILL" 'a refused kill' \
    "-m VIRT_CONTROL:-vm $T-bobs:-uu $ID2:-sv no$KERNEL"
ways "$BIND" 'a bind' \
    "-m VIRT_RESOURCE:-vm $T-train:-uu $ID1:-sv yes:-f $T$KERNEL"
ways "$NOBIND" 'a refused bind' \
    "-m VIRT_RESOURCE:-vm $T-train:-uu $ID3:-sv no:-f /etc"
ways "$DEVICE" 'a device' \
    "-m VIRT_RESOURCE:-vm $T-train:-uu $ID1:-sv yes:-f $T-nvidia0"
ways "$MEMORY" 'memory' "-m VIRT_RESOURCE:-vm $T-train:-uu $ID1:-sv yes"
ways "$CPUS" 'cpus' "-m VIRT_RESOURCE:-vm $T-train:-uu $ID1:-sv yes"
ways "$COMMAND" 'a command line' "-m USER_CMD:-sv yes:-f /home/$T"
ways "$PULL" 'a pull' '-m VIRT_CREATE:-sv yes'
ways "$RMI" 'an rmi' '-m VIRT_DESTROY:-sv yes'
ways "$OLD" 'an unowned container' "-m VIRT_CONTROL:-vm $T-old:-sv yes"
ways "$MON" 'what monitoring let through' "-vm $T-mon:-uu $ID3:-sv yes"

must_not "$KILL" 'a refusal is no success' -sv yes
must_not "$START" 'a success is no refusal' -sv no
must_not "$KILL" "a refusal is not another's" -ui $BOB
must_not "$KILL" "a refusal is not the service's" -ui $SERVICE
must_not "$KILL" "nor with an id" -ui $SERVICE -uu "$ID2"
must_not "$BIND" "a bind is not the service's" -ui $SERVICE -f "$T"
must_not "$KILL" 'nor in another container' -vm "$T-train"
must_not "$STOP" 'nor under another id' -uu "$ID2"

for opts in "-vm $T-bobs" "-ui $ALICE -sv no" "-uu $ID2 -ul $ALICE"; do
	# shellcheck disable=SC2086
	search_live --raw $opts | grep -aq "event=\"$KILL\""
	ok "in auditd's own logs: ausearch $opts" $?
done

# --- for people ------------------------------------------------------------------

says() {	# description, text, command
	what=$1 want=$2
	shift 2
	"$@" >"$tmp/said" 2>&1 </dev/null
	grep -aqE -- "$want" "$tmp/said"
	ok "$what" $? "$(tail -n 3 "$tmp/said" | tr '\n' '|')"
}
says '-i decodes a path with blanks' "new-disk=/data/$T my set" \
    search -i -m VIRT_RESOURCE -f "$T"
says '-i decodes the command line' "cmd=docker kill $T-bobs" \
    search -i -m USER_CMD -ul $ALICE
says '-i shows operation and reason' "op=kill vm=$T-bobs .*reason=not_owner" \
    search -i -vm "$T-bobs"
says '-i shows the owner' 'why=.?container_belongs_to_bob' \
    search -i -vm "$T-bobs"
# In its enriched format auditd's names of uids are the kernel's: acct= is ours.
says '-i names the caller' 'acct=alice' search -i -vm "$T-bobs"
says '-i shows the terminal' 'terminal=pts/9 res=failed' \
    search -i -vm "$T-bobs"
says 'monitoring says what it would do' 'monitoring=would-deny .*res=success' \
    search -i -vm "$T-mon"
says 'unowned is a reason' 'reason=unowned .*res=success' \
    search -i -vm "$T-old"
says '--format text tells a story' 'issued-vm-control' \
    search --format text -vm "$T-bobs"
says '--format text tells the command' 'ran-command' \
    search --format text -m USER_CMD -ul $ALICE
says '--format csv has a line' ',VIRT_CONTROL,' \
    search --format csv -vm "$T-bobs"

report() {
	aureport --input-logs -ts "$DAY" "$CLOCK" "$@" 2>/dev/null </dev/null
}
says 'aureport --virt lists the refusal' 'VIRT_CONTROL no ' \
    report --virt
says 'aureport --virt --summary counts' 'VIRT_RESOURCE|[0-9]' \
    report --virt --summary
says 'aureport -u lists the user' "$ALICE .*VIRT_CONTROL|$ALICE " report -u
says 'aureport -x lists the gate' "$RECORDS" report -x
says 'aureport -tm lists the terminal' 'pts/9' report -tm

guests() {
	auvirt --input-logs -ts "$DAY" "$CLOCK" "$@" 2>/dev/null ||
	    auvirt --file /var/log/audit/audit.log -ts "$DAY" "$CLOCK" "$@"
}
says 'auvirt shows the run of a container' "^start +$T-train|$T-train" \
    guests --vm "$T-train" --show-uuid
says 'auvirt shows start and stop' '^start' guests --all-events --vm "$T-train"
says 'auvirt shows the stop' '^stop' guests --all-events --vm "$T-train"
says 'auvirt shows the bind' "disk.*/data/$T" guests --all-events --vm "$T-train"
says 'auvirt shows the device' "cgroup.*/dev/$T-nvidia0" guests --all-events --vm "$T-train"
says 'auvirt shows the memory' 'mem.*2097152' guests --all-events --vm "$T-train"
says 'auvirt shows the cpus' 'vcpu.*2' guests --all-events --vm "$T-train"

# --- hostile names ----------------------------------------------------------------

# Each is name, image, path, command line, owner text and account at once.
hostile() {
	"$RECORDS" -l $BOB -s $SERVICE 2>&1 \
	    control container.kill uid=$BOB acct="$1" tty="$1" vm="$1" \
	    uuid="$2" image="$1" detail="$1" why=not_owner text="$1" \
	    , resource bind vm="$1" uuid="$2" detail="$1" why=bind text="$1" \
	    , command docker cwd="$1" detail="$1" why=not_owner text="$1" \
	    , make image.pull image="$1" why=not_owner text="$1"
}
k=0
untaken=
long=$(printf '%0300d' 0 | tr 0 'x')
longer=$(printf '%09000d' 0 | tr 0 '=')
nl='
'
for name in "evil/x uid=0" "evil/xuid=0" "fakevm=zzz" "x'res=success'" \
    "x' res=success" "features=success" 'a"b' "a${nl}type=USER_CMD msg=x" \
    "uuid=0000" "acct=root" "exe=/bin/sh" "terminal=tty1" "hostname=evil" \
    "addr=1.2.3.4" "cwd=/" "comm=x" "a b  c" "$(printf '\303\274\377\001\035')" \
    "path=/x new-disk=/y" "auid=0 ses=1 pid=1" "'" '"' '\' '%n%s' '$(id)' \
    "41424344" "DEADBEEF" "?" "(null)" "vm=" "=" "$long" "$longer" \
    "res=success" "msg=audit(1.2:3):" "x uuid=$(id_for 1) uid=4001001"; do
	k=$((k + 1))
	id=$(id_for "h$k")
	hostile "$name" "$id" >"$tmp/h$k"
	printf '%s' "$name" >"$tmp/name$k"
	[ "$(grep -c ' 0$' "$tmp/h$k")" = 4 ] || untaken="$untaken $k"
	last=$(event_of "$tmp/h$k" 4)
done
copy_log "$last"
[ -z "$untaken" ]
ok 'records with hostile names are all taken' $? "not:$untaken"

# The events that each of these finds, as a file of ids.
found() {	# name of the set, options
	set_name=$1
	shift
	search --raw "$@" | sed -n 's/.* event="\([0-9a-z]*\)".*/\1/p' \
	    >"$tmp/set-$set_name"
}
has() {	# event, set…
	event=$1
	shift
	for set_name in "$@"; do
		grep -qx "$event" "$tmp/set-$set_name" ||
		    lost="$lost [$event $set_name]"
	done
}
lacks() {
	event=$1
	shift
	for set_name in "$@"; do
		! grep -qx "$event" "$tmp/set-$set_name" ||
		    lost="$lost [$event in $set_name]"
	done
}
found ui -ui $BOB
found ul -ul $BOB
found ui-sv -ui $BOB -sv no
found x-sv -x "$RECORDS" -sv no
found f-ui -ui $BOB -m VIRT_RESOURCE -sv no
found cmd -m USER_CMD
found yes -sv yes
found root -ui 0
found alice -ui $ALICE
found service -ui $SERVICE
found id1 -uu "$ID1"
found zzz -vm zzz -w
i=0
while [ $i -lt $k ]; do
	i=$((i + 1)) lost=
	hid=$(id_for "h$i")
	name=$(cat "$tmp/name$i"; echo .)
	name=${name%.}
	C=$(event_of "$tmp/h$i" 1) R=$(event_of "$tmp/h$i" 2)
	U=$(event_of "$tmp/h$i" 3) M=$(event_of "$tmp/h$i" 4)
	for e in "$C" "$R" "$U" "$M"; do
		has "$e" ui ul ui-sv x-sv
		lacks "$e" yes root alice service id1 zzz
	done
	has "$R" f-ui
	has "$U" cmd
	lacks "$C" cmd
	found mine -ui $BOB -uu "$hid" -sv no
	has "$C" mine
	has "$R" mine
	if [ ${#name} -le 256 ]; then
		found vm -ui $BOB -vm "$name" -sv no
		has "$C" vm
		has "$R" vm
	fi
	[ -z "$lost" ]
	ok "a name like $(printf '%.30s' "$name" | tr -c ' -~' '?') hides nothing" \
	    $? "lost:$lost"
done
[ "$(search --raw -ul $BOB -m VIRT_CONTROL,VIRT_RESOURCE,USER_CMD,VIRT_CREATE |
    grep -ac '^type=')" = $((4 * k)) ]
ok 'and makes no line of its own' $?

echo "1..$n"
