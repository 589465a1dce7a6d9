#!/bin/sh
# docker.yaml: what is wrong is said with file, line and reason; a file that
# somebody else could have written does not count.
. "$(dirname "$0")/../lib/e2e.sh"
begin
F=$WORK/docker.yaml
CTL=$PLACE/usr/sbin/ds01-dockerctl

good() {	# what, lines
	_w=$1
	shift
	printf '%s\n' "$@" >"$F"
	"$CTL" check "$F" >"$OUT" 2>"$ERR"
	RC=$?
	row $RC "accepted: $_w"
}
bad() {	# line, reason, lines
	_l=$1 _t=$2
	shift 2
	printf '%s\n' "$@" >"$F"
	"$CTL" check "$F" >"$OUT" 2>"$ERR"
	RC=$?
	[ $RC -ne 0 ] && cat "$OUT" "$ERR" | grep -qF -- "$F:$_l: " &&
	    cat "$OUT" "$ERR" | grep -qiF -- "$_t"
	row $? "line $_l, \"$_t\": $*"
}

good 'nothing' ''
good 'a comment' '# only this'
good 'the engine' 'engine:' '  socket: /run/docker.sock' '  cli: /usr/bin/docker'
good 'admins' 'admin:' '  users: [a, b.c@d.e]' '  groups:' '    - ds01-admin'
good 'modes' 'isolation_mode: monitoring' 'unowned: deny' \
    'unknown_requests: deny' 'audit: required' 'audit_events: all' \
    'deny_log_per_hour: 5' 'events_file: /tmp/x.jsonl'
good 'audit: off is a word' 'audit: off'
good 'policies' 'policy:' '  default:' '    memory: 64g' '    pids: 100' \
    '  "@researchers":' '    capabilities: [NET_ADMIN]' '    gpus: all'
bad 1 nosuch 'nosuch: 1'
bad 2 'did you mean' 'engine:' '  sockets: /x'
bad 2 '' 'isolation_mode: full' 'isolation_mode: full'
bad 1 '' 'isolation_mode: sometimes'
bad 1 '' 'unowned: [deny]'
bad 1 '' 'deny_log_per_hour: many'
bad 1 '' 'deny_log_per_hour: -1'
bad 1 '' 'deny_log_per_hour: 99999999999999999999'
bad 2 '' 'engine:' '  socket: relative/path'
bad 1 '' 'engine: /run/docker.sock'
bad 3 '' 'policy:' '  default:' '    memory: 64x'
bad 3 '' 'policy:' '  default:' '    binds: ../x'
bad 2 '' 'policy:' '  researchers:' '    pids: 1'
bad 2 '' 'unowned: deny' '	audit: on'
bad 1 '' 'audit: &x on'
bad 1 '' 'audit: !!python/object x'
printf 'unowned: "a\001b"\n' >"$F"
fails 'control bytes are refused' "$CTL" check "$F"
head -c 3000000 /dev/zero | tr '\0' '[' >"$F"
fails 'three million brackets are refused' "$CTL" check "$F"
head -c 100000 /dev/urandom >"$F"
fails 'random bytes are refused' "$CTL" check "$F"
fails 'a file that is not there' "$CTL" check "$WORK/none"
"$CTL" check >"$OUT" 2>"$ERR"
row $? 'the installed one is checked without a name'
shows "$ENGINE_SOCKET" '… and the values in effect are printed'

# --- whose file it is
C=$PLACE/etc/ds01/docker.yaml
chmod 0666 "$C"
fails 'writable by others: refused' "$CTL" check
chmod 0664 "$C"
fails 'writable by its group: refused' "$CTL" check
chmod 0644 "$C"
chown $ALICE "$C"
fails "owned by alice: refused" "$CTL" check
chown root "$C"
ok 'root'"'"'s, 0644: accepted' "$CTL" check

# --- the strict defaults hold where the file does not count
fresh $BOB ds01t-b
place_config 'isolation_mode: disabled' 'nonsense: 1'
run $ALICE docker exec ds01t-b true
[ $RC -ne 0 ]; row $? 'isolation_mode: disabled in a broken file does not count'
place_config 'isolation_mode: disabled'
chmod 0666 "$C"
run $ALICE docker exec ds01t-b true
[ $RC -ne 0 ]; row $? '… nor in one that anyone could have written'
place_config
may $BOB docker exec ds01t-b true
rm -f "$C"
run $ALICE docker exec ds01t-b true
[ $RC -ne 0 ]; row $? 'no file at all: the defaults'
place_config

# --- a change counts for the next command, also of a gate that lingers
may $ALICE docker ps
place_config 'isolation_mode: disabled'
may $ALICE docker exec ds01t-b true
place_config
foreign $ALICE docker exec ds01t-b true
as $ALICE ds01-docker-session sh -c 'docker ps >/dev/null; touch ready
	while [ -e ready ]; do sleep 0.1; done
	docker exec ds01t-b true' >"$OUT" 2>"$ERR" </dev/null &
S=$!
_i=0
until [ -e "$PLACE/home/$ALICE/ready" ] || [ $_i -gt 100 ]; do
	_i=$((_i + 1))
	sleep 0.1
done
place_config 'isolation_mode: disabled'
rm -f "$PLACE/home/$ALICE/ready"
wait $S
row $? 'a session takes a change too'
place_config

# --- disabled is as if the gate were not there: unjudged and unlabelled
B='{"Image":"'$IMAGE'","HostConfig":{"Privileged":true}}'
api_refused 403 privileged $ALICE POST '/containers/create?name=ds01t-p' "$B"
place_config 'isolation_mode: disabled'
answers 201 $ALICE POST '/containers/create?name=ds01t-p' "$B"
place_config
direct inspect --format '{{.HostConfig.Privileged}} {{.Config.Labels}}' \
    ds01t-p >"$OUT"
grep -q '^true' "$OUT" && ! grep -q ds01.user "$OUT"
row $? '… it is what was asked for, and nobody'"'"'s'
direct rm -f ds01t-p >/dev/null 2>&1

# --- who builds at all, and with what
for m in deny classic; do
	place_config "builds: $m"
	for p in /session /grpc; do
		api_refused 403 'Permission denied: build: BuildKit' $ALICE \
		    POST $p '' -H 'Connection: Upgrade' -H 'Upgrade: h2c'
	done
done
place_config 'builds: deny'
api_refused 403 'Permission denied: build: build' $ALICE POST /build
place_config 'builds: classic'
api $ALICE POST /build
[ -n "$STATUS" ] && [ "$STATUS" != 403 ]
row $? "builds: classic: dockerd is asked, and says $STATUS"
STATUS=
place_config

# --- an engine that is replaced while a gate lives: its versions are asked anew
cat >"$WORK/old.pl" <<'END'
use Socket;
$SIG{CHLD} = "IGNORE";
socket my $l, AF_UNIX, SOCK_STREAM, 0 or die;
bind $l, sockaddr_un($ARGV[0]) or die;
listen $l, 9 or die;
chmod 0666, $ARGV[0];
while (accept(my $c, $l)) {
	next if fork;
	my $in = '';
	while (sysread $c, $in, 4096, length $in) {
		next unless $in =~ /\r\n\r\n/;
		my $b = $in =~ m,/version, ? '{"Version":"1.12","ApiVersion":' .
		    '"1.24","MinAPIVersion":"1.12"}' : '[]';
		syswrite $c, "HTTP/1.1 200 OK\r\nApi-Version: 1.24\r\n" .
		    "Content-Type: application/json\r\nContent-Length: " .
		    length($b) . "\r\n\r\n$b";
		$in = '';
	}
	exit;
}
END
perl "$WORK/old.pl" "$WORK/old.sock" &
P=$!
_i=0
until [ -S "$WORK/old.sock" ] || [ $_i -gt 50 ]; do
	_i=$((_i + 1))
	sleep 0.1
done
(ENGINE_SOCKET=$WORK/old.sock && place_config)
answers 200 $ALICE GET /v1.24/containers/json
answers 400 $ALICE GET /v1.41/containers/json
place_config
answers 200 $ALICE GET /v1.41/containers/json
may $ALICE docker ps
kill $P
finish
