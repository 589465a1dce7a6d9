#!/bin/sh
# Admins, modes and environment.  (ds01-wrapper 1, 11, 13 B)
. "$(dirname "$0")/../lib/e2e.sh"
begin

label() {
	direct inspect --format '{{index .Config.Labels "ds01.user"}}' "$1"
}
fresh $BOB ds01t-b
fresh $ALICE ds01t-a

# --- a member of ds01-admin sees and manages everything, without sudo
may $CAROL docker ps -a
shows ds01t-b "an admin sees bob's container"
shows ds01t-a "… and alice's"
may $CAROL docker exec ds01t-b true
may $CAROL docker logs ds01t-b
may $CAROL docker cp ds01t-b:/etc/passwd copied
may $CAROL docker stop -t 0 ds01t-b
may $CAROL docker start ds01t-a ds01t-b
may $CAROL docker create --pull never --privileged $IMAGE true
may $CAROL docker run --rm --pull never -v /etc:/h:ro $IMAGE true
may $CAROL docker run --rm --pull never --pid host $IMAGE true
may $CAROL docker create --pull never --name ds01t-c $IMAGE true
is "$(label ds01t-c)" $CAROL 'what an admin makes is labelled with his name'
refused "belongs to $CAROL" $ALICE docker rm ds01t-c
may $CAROL docker create --pull never --name ds01t-for \
    --label "ds01.user=$ALICE" $IMAGE true
may $ALICE docker rm ds01t-for

# --- root, and sudo
asroot() {	# sudo user, command: what sudo leaves of the environment
	_s=$1
	shift
	env -i PATH="$PLACE/bin:$HOST_PATH" HOME=/root USER=root \
	    DOCKER_CONFIG="$PLACE/root.docker" \
	    SUDO_USER="$_s" "$@" >"$OUT" 2>"$ERR" </dev/null
	RC=$?
}
asroot '' docker ps -a
shows ds01t-b 'root sees everything'
asroot $CAROL docker create --pull never --name ds01t-s $IMAGE true
row $RC "sudo docker create by an admin"
is "$(label ds01t-s)" $CAROL '… is his, not root'"'"'s'
asroot nosuchuser docker create --pull never --name ds01t-s2 $IMAGE true
is "$(label ds01t-s2)" root 'a SUDO_USER without account counts for nothing'

# --- an ordinary user's environment changes nothing (B-1 … B-5)
for e in DS01_WRAPPER_BYPASS=1 DS01_ISOLATION_MODE=disabled \
    DS01_ISOLATION_MODE=monitoring SUDO_USER=$CAROL SUDO_UID=0 USER=root \
    LOGNAME=$CAROL LD_PRELOAD=/tmp/x.so DS01_USER=$BOB \
    'BASH_FUNC_whoami%%=() { echo datasciencelab; }' BASH_ENV=/tmp/x \
    DS01_WRAPPER_DEBUG=2; do
	foreign $ALICE env "$e" docker stop -t 0 ds01t-b
	run $ALICE env "$e" docker ps -a
	hides ds01t-b "$e docker ps hides bob's"
done
run $ALICE env DS01_WRAPPER_BYPASS=1 docker ps
grep -qi 'ignored' "$ERR"; row $? '… and says so'
attempts() {
	perl -MJSON::PP -ne 'my $e = decode_json($_); $n++ if $e->{user} eq
	    "'"$ALICE"'" && $e->{details}{command} eq "session mode";
	    END { print $n // 0 }' "$PLACE/var/log/ds01/events.jsonl"
}
before=$(attempts)
run $ALICE env DS01_ISOLATION_MODE=disabled docker ps
is "$(attempts)" $((before + 1)) '… and puts it on record'
for c in 'echo x >>%F' 'rm -f %F' 'mv %F %F.old' 'touch %D/x' 'mv %D %D.old' \
    'ls %S' 'touch %S/x'; do
	run $ALICE sh -c "$(echo "$c" | sed -e "s,%F,$PLACE/var/log/ds01/events.jsonl,g" \
	    -e "s,%D,$PLACE/var/log/ds01,g" -e "s,%S,$PLACE/var/lib/ds01/rate-limits,g")"
	[ $RC -ne 0 ]
	row $? "$ALICE cannot forge or lose records: $c (J-3, J-4)"
done
mkdir "$WORK/evil" && chmod 0755 "$WORK/evil"
for t in whoami id groups python3 gate docker; do
	printf '#!/bin/sh\necho datasciencelab\n' >"$WORK/evil/$t"
	chmod 0755 "$WORK/evil/$t"
done
foreign $ALICE env PATH="$WORK/evil:$HOST_PATH" "$PLACE/bin/docker" stop -t 0 ds01t-b
foreign $ALICE env -i "$PLACE/bin/docker" stop -t 0 ds01t-b

# --- only exact members (B-6)
for g in ds01-admin-readonly x-ds01-admin; do
	place_group $g 2>/dev/null && usermod -aG $g $ALICE
	foreign $ALICE docker stop -t 0 ds01t-b
	gpasswd -d $ALICE $g >/dev/null 2>&1
	groupdel $g 2>/dev/null
done
place_config 'admin:' "  users: [$ERIN]" '  groups: []'
may "$ERIN" docker exec ds01t-b true
foreign $CAROL docker exec ds01t-b true
place_config
may $CAROL docker exec ds01t-b true
foreign "$ERIN" docker exec ds01t-b true
gpasswd -d $CAROL ds01-admin >/dev/null 2>&1
foreign $CAROL docker exec ds01t-b true
usermod -aG ds01-admin $CAROL
may $CAROL docker exec ds01t-b true

# --- a session that is kept open has no older rights than its user
# asks through that session, on one connection for all: ask METHOD PATH [JSON]
kept() {	# user
	mkfifo "$WORK/ask" "$WORK/said"
	chown "$1" "$WORK/ask" "$WORK/said"
	as "$1" ds01-docker-session perl "$HERE/../e2e/kept.pl" \
	    <"$WORK/ask" >"$WORK/said" 2>/dev/null &
	KEPT=$!
	exec 8>"$WORK/ask" 9<"$WORK/said"
}
ask() {
	echo "$*" >&8
	read -r SAID <&9 || SAID=nothing
}
unkept() {
	exec 8>&- 9<&-
	wait $KEPT 2>/dev/null
	rm -f "$WORK/ask" "$WORK/said"
}
until_said() {	# status, ask…
	_w=$1 _i=0
	shift
	ask "$@"
	until [ "${SAID%% *}" = "$_w" ] || [ $_i -ge 60 ]; do
		sleep 0.5
		_i=$((_i + 1))
		ask "$@"
	done
}
HOSTS='{"Image":"'$IMAGE'","Cmd":["true"],"HostConfig":{"Binds":["/etc:/h"]}}'
kept $CAROL
ask old POST /containers/create "$HOSTS"
is "${SAID%% *}" 201 'an administrator in a session mounts what he likes'
ask head POST /containers/create "$HOSTS"
gpasswd -d $CAROL ds01-admin >/dev/null 2>&1
until_said 403 old POST /containers/create "$HOSTS"
is "${SAID%% *}" 403 'without the group not any more, on the same connection'
ask new POST /containers/create "$HOSTS"
is "${SAID%% *}" 403 '… nor on a new one of the same session'
PLAIN=${SAID%% [[]ds01:*}
ask body
is "${SAID%% [[]ds01:*}" "$PLAIN" \
    '… nor for a request whose body came late, which is refused alike'
ask old GET /_ping
is "${SAID%% *}" 200 '… which goes on as an ordinary user'"'"'s'
usermod -aG ds01-admin $CAROL
unkept
kept $ALICE
SMALL='{"Image":"'$IMAGE'","Cmd":["true"],"HostConfig":{"PidsLimit":3000}}'
ask old POST /containers/create "$SMALL"
is "${SAID%% *}" 201 'a policy allows it'
place_config 'policy:' '  default:' '    pids: 100'
until_said 403 old POST /containers/create "$SMALL"
is "${SAID%% *}" 403 'tightened, it does not, in a session that is open'
place_config

# --- a gate whose program was replaced takes no new connection
G=$PLACE/usr/libexec/ds01-docker/gate
cp -p "$G" "$G.new" && mv "$G.new" "$G"
ask new GET /containers/json
is "${SAID%% *}" 503 'an old gate answers 503'
case $SAID in
*'Start the session again'*) row 0 '… and says what to do' ;;
*) row 1 "… and says what to do: $SAID" ;;
esac
until_said 503 old GET /containers/json
is "${SAID%% *}" 503 '… soon on old connections too'
"$PLACE/usr/sbin/ds01-dockerctl" doctor gates >"$OUT" 2>&1
shows 'runs a program that was replaced' 'doctor names it'
unkept
may $ALICE docker ps

# --- modes of the configuration
place_config 'isolation_mode: monitoring'
may $ALICE docker exec ds01t-b true
may $ALICE docker ps -a
shows ds01t-b 'monitoring does not filter'
place_config 'isolation_mode: disabled'
may $ALICE docker exec ds01t-b true
place_config 'isolation_mode: full'
foreign $ALICE docker exec ds01t-b true
place_config

# --- modes of an admin's own environment
may $CAROL env DS01_ISOLATION_MODE=full docker ps -a
may $CAROL env DS01_WRAPPER_BYPASS=1 docker ps -a
shows ds01t-b 'an admin'"'"'s bypass works'
may $ALICE env DS01_WRAPPER_DEBUG=1 docker ps
may $ALICE env DS01_WRAPPER_DEBUG=2 docker ps
[ -s "$ERR" ]; row $? 'DS01_WRAPPER_DEBUG=2 says something on stderr'
may $ALICE env DEBUG_DS01_WRAPPER=1 docker ps

# --- another engine is the user's own business
refused '' $ALICE docker -H tcp://127.0.0.1:1 ps
refused '' $ALICE env DOCKER_HOST=tcp://127.0.0.1:1 docker ps
! grep -q 'Permission denied' "$ERR"; row $? '… with the CLI'"'"'s own message'
finish
