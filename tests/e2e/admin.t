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
