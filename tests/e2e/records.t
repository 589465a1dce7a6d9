#!/bin/sh
# Records: every decision is found by the ausearch lines of the manual, in
# syslog and in events.jsonl; and no value bends or hides one.
. "$(dirname "$0")/../lib/e2e.sh"
begin

T=$(date +%s)			# names of this run only
VB=ds01t-b$T VA=ds01t-a$T
EVENTS=$PLACE/var/log/ds01/events.jsonl
UID_A=$(id -u $ALICE)

# With an audit login uid, as pam_loginuid gives one at login.
login() {
	_u=$1
	shift
	(echo "$(id -u "$_u")" >/proc/self/loginuid) 2>/dev/null
	sh -c 'echo "$1" >/proc/self/loginuid 2>/dev/null; shift; exec "$@"' sh \
	    "$(id -u "$_u")" setpriv --reuid "$(id -u "$_u")" \
	    --regid "$(id -g "$_u")" --init-groups -- env -i \
	    -C "$PLACE/home/$_u" HOME="$PLACE/home/$_u" USER="$_u" \
	    PATH="$PLACE/bin:$PLACE/usr/bin:$HOST_PATH" LANG=C.UTF-8 \
	    timeout -k 5 "$LIMIT" "$@" >"$OUT" 2>"$ERR" </dev/null
	RC=$?
}

# The record is written by another process: wait for it a little.
finds() {	# text, what, ausearch options
	_t=$1 _w=$2
	shift 2
	_i=0
	until ausearch --input-logs "$@" >"$OUT" 2>"$ERR" </dev/null &&
	    grep -qF -- "$_t" "$OUT"; do
		_i=$((_i + 1))
		if [ $_i -ge 15 ]; then
			row 1 "ausearch $* finds $_w"
			return
		fi
		sleep 0.2
	done
	row 0 "ausearch $* finds $_w"
}
finds_not() {
	_t=$1 _w=$2
	shift 2
	ausearch --input-logs "$@" >"$OUT" 2>"$ERR" </dev/null
	! grep -qF -- "$_t" "$OUT"
	row $? "ausearch $* finds no $_w"
}
event() {	# perl condition on $e, what
	perl -MJSON::PP -e '
		open F, "<", $ARGV[0] or die; my $n = 0;
		while (<F>) { my $e = decode_json($_); $n++ if eval $ARGV[1] }
		exit !$n' "$EVENTS" "$1" 2>"$ERR"
	row $? "events.jsonl: $2"
}

fresh $BOB $VB
B=$ID
fresh $ALICE $VA
A=$ID

# --- kernel audit log
if [ "${AUDIT:-none}" = live ]; then
	finds op=create 'the create' -m VIRT_CONTROL -vm $VA
	finds $A 'the container by its id' -m VIRT_CONTROL -uu $A
	run $ALICE docker stop -t 0 $VA
	run $ALICE docker start $VA
	finds op=stop 'the stop' -m VIRT_CONTROL -vm $VA
	finds op=start 'the start' -m VIRT_CONTROL -vm $VA
	run $ALICE docker exec $VA true
	finds op=exec 'the exec' -m VIRT_CONTROL -vm $VA -sv yes
	run $ALICE docker stop -t 0 $VB
	finds reason=not_owner 'the refusal' -m VIRT_CONTROL -vm $VB -sv no
	finds_not op=create 'success among the refusals' -m VIRT_CONTROL \
	    -vm $VB -sv no
	finds $VB "the caller's requests by uid and name" -ui $UID_A -vm $VB
	finds reason=not_owner "… and by uid" -ui $UID_A -m VIRT_CONTROL
	run $ALICE docker run --rm --pull never --privileged --name ds01t-p$T $IMAGE true
	finds reason=privileged 'a refused --privileged' -m VIRT_CONTROL -sv no -ui $UID_A
	finds docker 'the command line' -m USER_CMD -ui $UID_A
	login $ALICE docker exec $VB true
	if [ "$(cat /proc/self/loginuid)" = 4294967295 ]; then
		finds $VB 'by the login uid' -m VIRT_CONTROL -ul $UID_A
	fi
	run $CAROL docker exec $VB true
	finds op=exec "an admin's use of a foreign container" \
	    -ui "$(id -u $CAROL)" -vm $VB -sv yes
	run $ALICE docker rm -f $VA
	run $CAROL docker create --pull never --privileged --pid host \
	    --name ds01t-big$T -v /:/h --device /dev/null $IMAGE true
	finds 'new-disk="/:/h"' 'what an administrator mounts' \
	    -m VIRT_RESOURCE -vm ds01t-big$T
	finds op=privileged 'that it is privileged' \
	    -m VIRT_RESOURCE -vm ds01t-big$T
	finds "op=pid name=\"host\"" 'whose processes it sees' \
	    -m VIRT_RESOURCE -vm ds01t-big$T
	finds 'path="/dev/null"' 'its device' -m VIRT_RESOURCE -vm ds01t-big$T
	run $ALICE docker create --pull never --name ds01t-own$T -m 64m $IMAGE true
	finds new-mem=65536 'its memory' -m VIRT_RESOURCE -vm ds01t-own$T
	run $ALICE docker update -m 128m --memory-swap 128m ds01t-own$T
	finds new-mem=131072 '… also when it is changed' \
	    -m VIRT_RESOURCE -vm ds01t-own$T
	# … by the API too, however it is written (the host's / on each road)
	given() {	# name, HostConfig, text of a record, what
		answers 201 $CAROL POST "/containers/create?name=ds01t-$1$T" \
		    "{\"Image\":\"$IMAGE\",\"Cmd\":[\"true\"],\"HostConfig\":$2}"
		finds "$3" "$4" -m VIRT_RESOURCE -vm "ds01t-$1$T"
	}
	DOTS=$(printf '%0150d' 0 | sed 's,0,./,g')
	NNP=$(printf '%0256d' 0 | sed 's/0/"no-new-privileges=false",/g')
	VOLUME='"Type":"volume","Target":"/h","VolumeOptions":{"DriverConfig"'
	NONE='{"type":"none","o":"bind","device":"/"}'
	given opt "{\"Mounts\":[{$VOLUME:{\"Name\":\"local\",\"Options\":$NONE}}}]}" \
	    'new-disk="/:/h"' 'the device of a volume without a name'
	given dot "{\"Binds\":[\"/srv/$DOTS../:/h\"]}" \
	    'new-disk="/:/h"' 'a path in 300 bytes of dots'
	given nnp "{\"SecurityOpt\":[$NNP\"seccomp=unconfined\"]}" \
	    "$(printf 'name=%s' "$(printf seccomp=unconfined | od -An -tx1 | tr -d ' \n' | tr a-f A-F)")" \
	    'an option behind 256 others'
	is "$(ausearch --input-logs -m VIRT_RESOURCE -vm ds01t-nnp$T \
	    2>/dev/null </dev/null | grep -c op=security)" 2 '… and those are one record'
	given msk '{"MaskedPaths":[],"Sysctls":{"net.core.somaxconn":"9"}}' \
	    'op=masked-paths name="none"' 'paths that are not masked'
	n=0 CAPS=
	while [ $n -le 256 ]; do
		CAPS=$CAPS'"c'$n'",' n=$((n + 1))
	done
	answers 400 $CAROL POST "/containers/create?name=ds01t-cap$T" \
	    "{\"Image\":\"$IMAGE\",\"HostConfig\":{\"CapAdd\":[$CAPS\"SYS_ADMIN\"]}}"
	shows 'more than 256 different ones' 'what is too much for the record is refused'
	fails '… and not made' direct inspect ds01t-cap$T
	run $CAROL docker volume create -o type=none -o o=bind -o device=/ ds01t-root$T
	finds 'new-disk="/"' 'what a volume is made of' \
	    -m VIRT_RESOURCE -vm ds01t-root$T
	fresh $CAROL ds01t-priv$T
	run $CAROL docker exec --privileged ds01t-priv$T true
	finds 'op=privileged name="exec"' 'docker exec --privileged' \
	    -m VIRT_RESOURCE -vm ds01t-priv$T
	run $ALICE docker create --pull never --name ds01t-mine$T -v "$PLACE/home/$ALICE:/w" $IMAGE true
	finds "new-disk=\"$PLACE/home/$ALICE:/w\"" "a user's directory by its own name" \
	    -m VIRT_RESOURCE -vm ds01t-mine$T
	finds_not op=volume-option 'record of how it is mounted' \
	    -m VIRT_RESOURCE -vm ds01t-mine$T
	finds op=remove 'the removal' -m VIRT_CONTROL -vm $VA
	run $ALICE docker tag $IMAGE $ALICE/img:$T
	run $ALICE docker rmi $ALICE/img:$T
	finds $ALICE/img 'an image removed' -m VIRT_DESTROY -i
	finds $ALICE/img 'an image made' -m VIRT_CREATE -i

	# --- values that tried to hide or bend a record (style 6.2)
	n=0
	for v in "x'res=success'" "fakevm=zzz$T" 'evil/xuid=0' "uuid=0 vm=zzz$T" \
	    "$(printf 'a\ntype=VIRT_CONTROL msg=audit(1:1): vm=zzz$T res=success')" \
	    "$(printf '\303\244\342\200\256')" features=1 \
	    "$(head -c 9000 /dev/zero | tr '\0' x)"; do
		n=$((n + 1))
		c=ds01t-h$n$T
		fresh $BOB $c
		run $ALICE docker exec -e "X=$v" $c echo "$v"
		finds reason=not_owner "the refusal in spite of $(words "$v" | cut -c 1-30)" \
		    -m VIRT_CONTROL -vm $c -sv no -ui $UID_A
		api $ALICE POST "/containers/$c/exec" "{\"Cmd\":[\"x\"],\"Env\":[\"x'res=success'\"]}"
		finds $c "it by the uid" -m VIRT_CONTROL -ui $UID_A -vm $c
		direct rm -f $c >/dev/null 2>&1
	done
	finds_not "zzz$T" 'forged name' -m VIRT_CONTROL -vm "zzz$T"
	run $ALICE env "$(printf 'X=1')" docker "$(printf 'a\nvm=zzz')"
	finds $UID_A 'a strange command line' -m USER_CMD -ui $UID_A
	aureport --input-logs --virt >"$OUT" 2>"$ERR" </dev/null
	shows VIRT_CONTROL 'aureport --virt lists them'

	# --- what the gate answers by itself, and nothing is changed by
	records_of() { ausearch --input-logs -m VIRT_CONTROL -ui $UID_A \
	    2>/dev/null </dev/null | grep -c 'op=build-prune'; }
	n=$(records_of)
	answers 200 $ALICE POST /build/prune
	run $ALICE docker volume create ds01t-late$T
	finds op=volume-create 'a later change' -m VIRT_CONTROL -vm ds01t-late$T
	is "$(records_of)" "$n" "no record of an ordinary user's POST /build/prune"

	# --- audit: off, and an audit daemon that is dead
	fresh $BOB ds01t-off$T
	place_config 'audit: off'
	foreign $ALICE docker exec ds01t-off$T true
	place_config
	sleep 1
	finds_not reason=not_owner 'record with audit: off' -vm ds01t-off$T
	place_config 'audit_events: denials'
	fresh $ALICE ds01t-den$T
	foreign $ALICE docker exec ds01t-off$T true
	finds reason=not_owner 'a refusal with audit_events: denials' -vm ds01t-off$T -sv no
	finds_not op=create 'success with audit_events: denials' -vm ds01t-den$T
	place_config
	if [ -n "${AUDITD:-}" ]; then
		pid=$(auditctl -s | sed -n 's/^pid //p')
		kill "$pid"
		while [ -e "/proc/$pid" ]; do sleep 0.1; done
		fresh $ALICE ds01t-dead$T
		may $ALICE docker exec ds01t-dead$T true
		foreign $ALICE docker exec $VB true
		auditd
		_i=0
		until [ "$(auditctl -s | sed -n 's/^pid //p')" != 0 ] ||
		    [ $_i -gt 50 ]; do
			_i=$((_i + 1))
			sleep 0.1
		done
		auditctl -e 1 >/dev/null
		run $ALICE docker exec $VB true
		finds reason=not_owner 'records again' -m VIRT_CONTROL -vm $VB -sv no
	fi
else
	skip 'audit records' 'no kernel audit log here'
fi

# --- a kernel that keeps no audit records, and a login that may write none
without_records() {	# through which program users come; how they are refused
	place_end_gates
	THROUGH=$1
	place_config 'audit: required'
	_text=$2
	set -- docker create --pull never --name ds01t-no$T $IMAGE true
	refused "$_text" $ALICE "$@"
	fails '… and nothing was made' direct inspect ds01t-no$T
	refused "$_text" $ALICE ds01-docker-session "$@"
	refused "$_text" $CAROL "$@"
	fails '… nor by an admin' direct inspect ds01t-no$T
	place_config
	may $ALICE "$@"
	foreign $ALICE docker exec $VB true
	THROUGH=
	place_end_gates
	direct rm ds01t-no$T >/dev/null 2>&1
}
ok 'the tool builds' gcc -o "$WORK/noaudit" "$TOP/tests/e2e/noaudit.c" -lseccomp
chmod 0755 "$WORK/noaudit"
without_records "$WORK/noaudit" 'audit log is required'
without_records 'setpriv --bounding-set -audit_write' \
    'could not be written to the audit log'
if [ "${AUDIT:-none}" = live ]; then
	place_config 'audit: required'
	may $ALICE docker create --pull never --name ds01t-req$T $IMAGE true
	finds op=create 'the create with audit: required' -vm ds01t-req$T
	place_config
fi

# --- the short id that a refusal ends with is in all records
run $ALICE docker exec $VB true
E=$(sed -n 's/.*\[ds01:\([0-9a-z]*\)\].*/\1/p' "$ERR" | tail -n 1)
[ -n "$E" ] && grep -qF "$E" "$EVENTS"
row $? 'the id that the user sees is in events.jsonl'
if [ "${AUDIT:-none}" = live ]; then
	finds "$E" 'it too' -m VIRT_CONTROL -vm $VB
fi

# --- events.jsonl
ok 'events.jsonl is not for users' sh -c "! setpriv --reuid $UID_A --clear-groups cat $EVENTS"
event '1' 'each line is a JSON object'
fresh $ALICE ds01t-ev$T
event '$e->{event_type} eq "container.create" && $e->{user} eq "'$ALICE'" &&
    $e->{schema_version} eq "1" && $e->{source} &&
    $e->{timestamp} =~ /^20\d\d-\d\d-\d\dT[\d:.]+Z$/ &&
    $e->{details}{container} eq "ds01t-ev'$T'" &&
    $e->{details}{image} eq "'$IMAGE'" &&
    $e->{details}{container_type} eq "docker"' \
    'container.create with the true name and image'
run $ALICE docker run -d --pull never $IMAGE true --gpus 4 --name not-this
C=$(direct inspect -f '{{.Name}}' "$(cat "$OUT")" | tr -d /)
event '$e->{event_type} eq "container.create" && $e->{details}{container} eq "'"$C"'"' \
    'a generated name is in it too'
event '$e->{event_type} eq "auth.denied" && $e->{user} eq "'$ALICE'" &&
    $e->{details}{reason} =~ /belongs to '$BOB'/' 'auth.denied'
direct create --pull never --name ds01t-un$T $IMAGE true >/dev/null
run $ALICE docker inspect ds01t-un$T
event '$e->{event_type} eq "access.unowned_container" &&
    $e->{details}{container} =~ /ds01t-un'$T'/' 'access.unowned_container'
mkdir -p "$PLACE/full"
if mount -t tmpfs -o size=4k none "$PLACE/full" 2>/dev/null; then
	head -c 8192 /dev/zero >"$PLACE/full/x" 2>/dev/null
	: >"$PLACE/full/events.jsonl"
	chown $SERVICE_USER "$PLACE/full/events.jsonl" "$PLACE/full"
	place_config "events_file: $PLACE/full/events.jsonl"
	may $ALICE docker create --pull never --name ds01t-full $IMAGE true
	foreign $ALICE docker exec $VB true
	place_config
	umount -l "$PLACE/full"
else
	skip 'a full disk' 'no tmpfs here'
fi

# --- syslog and its limit; a user who was refused nothing yet
STATE=$PLACE/var/lib/ds01/rate-limits
lines() {
	if [ "$SYSLOG_FILE" = journal ]; then
		journalctl -q -o short -t ds01-access --since "@$T"
	else
		grep ds01-access "$SYSLOG_FILE"
	fi | grep -F "$NUMBER" | grep -F "$VA-x"
}
if [ -n "${SYSLOG_FILE:-}" ]; then
	rm -f "$STATE"/deny-$NUMBER.state
	fresh $ALICE $VA-x
	n=0
	while [ $n -lt 15 ]; do
		run $NUMBER docker stop $VA-x
		n=$((n + 1))
	done
	sleep 1
	lines >"$OUT"
	n=$(wc -l <"$OUT")
	[ "$n" -ge 2 ] && [ "$n" -le 12 ]
	row $? "15 refusals are at most 10 syslog lines and one that counts ($n)"
	shows FIRST 'the first one says so'
	ls -l "$STATE" >"$OUT" 2>&1
	shows "deny-$NUMBER.state" 'the count is kept in a state file'
	run $NUMBER sh -c "echo '0 9999999999' >$STATE/deny-$NUMBER.state"
	[ $RC -ne 0 ]; row $? '… which its user cannot write (J-1, J-2)'
	n=$(perl -ne '$n++ if /auth.denied/ && /'"$VA-x"'/; END { print $n // 0 }' "$EVENTS")
	[ "$n" -ge 15 ]; row $? "events are not limited ($n)"
	printf 'x a[$(id)] \n\000\n' >"$STATE/deny-$NUMBER.state"
	chown $SERVICE_USER "$STATE/deny-$NUMBER.state"
	refused "belongs to $ALICE" $NUMBER docker stop $VA-x
	chown root "$STATE/deny-$NUMBER.state"
	chmod 0 "$STATE/deny-$NUMBER.state"
	refused "belongs to $ALICE" $NUMBER docker stop $VA-x
	rm -f "$STATE/deny-$NUMBER.state"
else
	skip 'syslog' 'no syslog to look into'
fi
finish
