#!/bin/sh
# Malformed and hostile HTTP: an answer in Docker's error form and an end of
# the connection; nothing of it reaches the engine.  (peers C0.8, C2)
. "$(dirname "$0")/../lib/e2e.sh"
begin
fresh $BOB ds01t-b
fresh $ALICE ds01t-a
A=$ID
remember $BOB
cp "$(dirname "$0")/raw.pl" "$WORK/raw.pl"
chmod 0755 "$WORK/raw.pl"
BYTES=$WORK/bytes

# Sends $BYTES; the whole answer in $OUT, its first status in STATUS.
send() {
	as $ALICE ds01-docker-session perl "$WORK/raw.pl" 10 "${1:-}" \
	    <"$BYTES" >"$OUT" 2>"$ERR"
	RC=$?
	STATUS=$(sed -n '1s,^HTTP/1.1 \([0-9]*\).*,\1,p' "$OUT")
}
# Status wanted (400|403 = either), what, bytes as printf %b takes them.
raw() {
	printf '%b' "$3" >"$BYTES"
	send
	[ $RC -eq 0 ] && echo "$STATUS" | grep -qE "^($1)\$"
	row $? "$2 -> $1, and the connection ends"
	STATUS=
}
H='HTTP/1.1\r\nHost: d\r\n'

raw 200 'a plain request' "GET /_ping ${H}Connection: close\r\n\r\n"
raw 400 'bare LF' 'GET /_ping HTTP/1.1\nHost: d\n\n'
raw 400 'a folded header line' "GET /_ping ${H}X: a\r\n b\r\n\r\n"
raw 400 'space before the colon' "GET /_ping ${H}X : a\r\n\r\n"
raw 400 'a header without colon' "GET /_ping ${H}X\r\n\r\n"
raw 400 'NUL in a header' "GET /_ping ${H}X: a\\0000b\r\n\r\n"
raw 400 'control byte in a header' "GET /_ping ${H}X: a\\0001b\r\n\r\n"
raw 400 'bare CR in a header' "GET /_ping ${H}X: a\\rb\r\n\r\n"
raw 400 'no Host' 'GET /_ping HTTP/1.1\r\n\r\n'
raw 400 'two Hosts' "GET /_ping ${H}Host: e\r\n\r\n"
raw 400 'HTTP/1.0' 'GET /_ping HTTP/1.0\r\nHost: d\r\n\r\n'
raw 400 'HTTP/2.0' 'GET /_ping HTTP/2.0\r\nHost: d\r\n\r\n'
raw 400 'HTTP/2 prior knowledge' 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
raw 400 'no version' 'GET /_ping\r\n\r\n'
raw 400 'nonsense' 'hello\r\n\r\n'
raw 400 'TLS' '\0026\0003\0001\0002\0000\0001\r\n\r\n'
raw 400 'two spaces in the request line' "GET  /_ping ${H}\r\n"
raw 400 'tab in the request line' "GET\t/_ping ${H}\r\n"
raw '400|403' 'method in lower case' "get /_ping ${H}\r\n"
raw '400|403' 'absolute target' "GET http://d/_ping ${H}\r\n"
raw '400|403' 'authority target' "CONNECT d:80 ${H}\r\n"
raw '400|403' 'asterisk target' "GET * ${H}\r\n"
raw 400 'UTF-8 in the target' "GET /_p\\0303\\0244 ${H}\r\n"
raw '400|403' 'fragment in the target' "GET /_ping#x ${H}\r\n"

raw 400 'length and chunked' "POST /containers/create ${H}Content-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
raw 400 'two lengths' "POST /containers/create ${H}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"
raw 400 'two equal lengths' "POST /containers/create ${H}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"
raw 400 'length with sign' "POST /containers/create ${H}Content-Length: +2\r\n\r\n{}"
raw 400 'negative length' "POST /containers/create ${H}Content-Length: -2\r\n\r\n{}"
raw 400 'hexadecimal length' "POST /containers/create ${H}Content-Length: 0x2\r\n\r\n{}"
raw '400|413' 'length beyond 64 bits' "POST /containers/create ${H}Content-Length: 99999999999999999999999\r\n\r\n{}"
raw 413 'a body too large by its length' "POST /containers/create ${H}Content-Type: application/json\r\nContent-Length: 999999999\r\n\r\n{}"
raw 400 'unknown transfer encoding' "POST /containers/create ${H}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
raw 400 'two transfer encodings' "POST /containers/create ${H}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
raw 400 'chunk extension' "POST /containers/create ${H}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n"
raw 400 'chunk size that overflows' "POST /containers/create ${H}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n"
raw 400 'chunk without end' "POST /containers/create ${H}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n"
raw 400 'trailer' "POST /containers/create ${H}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\n\r\n"
raw '400|413' 'a body that ends early' "POST /containers/create ${H}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{}"

for p in //containers/json /./containers/json /x/../containers/json \
    /containers/json/ /containers//json /v1.41//containers/json \
    /containers%2fjson /%63ontainers/json /v1%2e41/containers/json \
    /containers/%2e%2e/json '/containers/a%00/json' '/containers/a%0a/json' \
    '/containers/a%252f/json' '/containers/ds01t-b%2fjson' \
    '/containers/json;x' /v1/containers/json /v./containers/json \
    /V1.41/containers/json '/containers/x/json/ds01t-b/json'; do
	raw '400|403|404' "path $p" "GET $p ${H}Connection: close\r\n\r\n"
done
for q in 'all=1&all=0' 'all=%zz' 'all=1;x=2' 'filters={' \
    'filters=%7B%22label%22:%5B%22x%22%5D,%22label%22:%5B%5D%7D' 'limit=x' \
    'limit=99999999999999999999' 'all=%00'; do
	raw '400|403' "query $q" "GET /containers/json?$q ${H}Connection: close\r\n\r\n"
done
for m in TRACE PUT PATCH LINK; do
	raw '400|403' "$m /containers/json" "$m /containers/json ${H}Connection: close\r\n\r\n"
done

perl -e 'print "GET /_ping HTTP/1.1\r\nHost: d\r\nX: ", "a" x 200000, "\r\n\r\n"' >"$BYTES"
send
is "$STATUS" 431 'a header of 200 kB'
perl -e 'print "GET /_ping HTTP/1.1\r\nHost: d\r\n", map("X$_: a\r\n", 1..500), "\r\n"' >"$BYTES"
send
is "$STATUS" 431 '500 headers'
perl -e 'print "GET /", "a" x 200000, " HTTP/1.1\r\nHost: d\r\n\r\n"' >"$BYTES"
send
is "$STATUS" 431 'a target of 200 kB'
perl -e 'print "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"; print "10000\r\n", " " x 65536, "\r\n" for 1..100; print "0\r\n\r\n"' >"$BYTES"
send
is "$STATUS" 413 'a chunked body of 6 MB of spaces'
perl -e '$b = "[" x 100000; print "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: ", length $b, "\r\n\r\n$b"' >"$BYTES"
send
is "$STATUS" 400 'JSON nested 100,000 deep'
printf '%b' "GET /nosuch ${H}Connection: close\r\n\r\n" >"$BYTES"
send
is "$STATUS" 403 'an unknown route is refused'
grep -q '^{"message":"' "$OUT"; row $? '… in the JSON error form'
printf '%b' "GET /nosuch ${H}Connection: close\r\n\r\n" >"$BYTES"
send
shows unknown_requests '… and names the key that governs it'
shows 'Content-Type: application/json' '… as application/json'

# --- one request cannot hide another
D="DELETE /containers/ds01t-b?force=1 ${H}\r\n"
printf '%b' "GET /_ping ${H}\r\nGET /_ping ${H}Connection: close\r\n\r\n" >"$BYTES"
send
is "$(grep -o 'HTTP/1.1 200' "$OUT" | wc -l)" 2 'two requests on one connection are two answers'
printf '%b' "POST /containers/ds01t-a/restart?t=0 ${H}Content-Length: 0\r\n\r\n$D" >"$BYTES"
send
printf '%b' "POST /containers/ds01t-a/start ${H}Content-Length: $(printf "$D" | wc -c)\r\nConnection: close\r\n\r\n$D" >"$BYTES"
send
printf '%b' "GET /_ping ${H}Content-Length: $(printf "$D" | wc -c)\r\nConnection: close\r\n\r\n$D" >"$BYTES"
send
printf '%b' "GET /_ping ${H}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n$D" >"$BYTES"
send
printf '%b' "GET /_ping ${H}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n$D" >"$BYTES"
send
printf '%b' "POST /containers/ds01t-a/attach?stream=1&logs=1 ${H}Connection: Upgrade\r\nUpgrade: foo\r\n\r\n$D" >"$BYTES"
send
printf '%b' "POST /containers/nosuch/attach?stream=1 ${H}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n$D" >"$BYTES"
send
printf '%b' "POST /exec/0000000000000000000000000000000000000000000000000000000000000000/start ${H}Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}$D" >"$BYTES"
send
printf '%b' "POST /containers/ds01t-a/wait ${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n$D" >"$BYTES"
send
untouched $BOB "no request behind another one reached bob's container"

# --- an engine that has its answer before the body is at its end
mkdir "$WORK/d" && echo x >"$WORK/d/f"
tar -C "$WORK/d" -cf "$WORK/d.tar" f
head -c 3000000 /dev/zero >>"$WORK/d.tar"
{
	printf '%b' "PUT /containers/ds01t-a/archive?path=/tmp ${H}Content-Type: application/x-tar\r\nContent-Length: $(wc -c <"$WORK/d.tar")\r\n\r\n"
	cat "$WORK/d.tar"
	printf '%b' "GET /_ping ${H}Connection: close\r\n\r\n"
} >"$BYTES"
send
is "$RC $STATUS" '0 200' 'an upload longer than its archive is taken to its end'

# --- what reaches the engine: a proxy before it writes every request down
cat >"$WORK/tap.pl" <<'END'
use Socket;
my ($path, $engine, $log) = @ARGV;
$SIG{CHLD} = "IGNORE";
socket my $l, AF_UNIX, SOCK_STREAM, 0 or die;
bind $l, sockaddr_un($path) or die;
listen $l, 64 or die;
chmod 0666, $path;
while (accept my $c, $l) {
	next if fork;
	socket my $e, AF_UNIX, SOCK_STREAM, 0 or die;
	connect $e, sockaddr_un($engine) or die;
	open my $out, ">>", $log or die;
	if (my $up = fork) {
		my ($b, $n);
		syswrite $c, $b while $n = sysread $e, $b, 65536;
		shutdown $c, 1;
		waitpid $up, 0;
		exit;
	}
	my $b;
	while (sysread $c, $b, 65536) {
		syswrite $out, $b;
		syswrite $e, $b;
	}
	shutdown $e, 1;
	exit;
}
END
: >"$WORK/tap"
perl "$WORK/tap.pl" "$WORK/tap.sock" "$ENGINE_SOCKET" "$WORK/tap" &
TAP=$!
i=0
until [ -S "$WORK/tap.sock" ] || [ $i -gt 50 ]; do
	i=$((i + 1))
	sleep 0.1
done
(ENGINE_SOCKET=$WORK/tap.sock && place_config)
tapped() {	# the requests that this one became, in $OUT
	: >"$WORK/tap"
	api "$@"
	tr -d '\r' <"$WORK/tap" >"$OUT"
	STATUS=
}
tapped $ALICE POST '/containers/ds01t-a/pause' '' -H 'X-Mine: 1' \
    -H 'User-Agent: mine' -H 'Content-Type: application/x-www-form-urlencoded' \
    -d 'name=mine'
shows "POST /v$ENGINE_API/containers/$A/pause" 'a name goes up as the full id (K)'
for t in X-Mine mine form-urlencoded; do
	hides "$t" "… and nothing of the client's: $t"
done
tapped $ALICE POST '/containers/ds01t-a/attach?logs=1&stdout=1' '' \
    -H 'Connection: Upgrade' -H 'Upgrade: tcp' -m 5
shows 'Connection: close' 'after an upgrade no second request can follow'
tapped $ALICE POST '/containers/ds01t-a/unpause'
tapped $ALICE POST '/commit?container=ds01t-a&repo=ds01t-alice/tap' '{}'
shows "container=$A" "commit's container is its id (K)"
direct rmi ds01t-alice/tap >/dev/null 2>&1
tapped $ALICE POST /containers/create \
    "{ \"Image\":\"$IMAGE\", \"HostConfig\":{\"VolumesFrom\":[\"ds01t-a:ro\"],\"PidMode\":\"container:ds01t-a\",\"NetworkMode\":\"container:ds01t-a\",\"Memory\":67108865}}"
shows "[\"$A:ro\"]" "VolumesFrom is an id (K)"
shows "\"PidMode\":\"container:$A\"" '… PidMode'
shows "\"NetworkMode\":\"container:$A\"" '… NetworkMode'
shows '"Memory":67108865' 'a number keeps its digits (C3)'
as $ALICE docker network create ds01t-tap >/dev/null
tapped $ALICE POST /networks/ds01t-tap/connect '{"Container":"ds01t-a"}'
shows "\"Container\":\"$A\"" 'network connect names an id (K)'
tapped $ALICE POST /containers/ds01t-a/exec '{"Cmd":["true"],"Env":["A=1"]}'
shows "/containers/$A/exec" 'exec too'
is "$(grep -cE '^(GET|HEAD|POST|DELETE|PUT) /(v1\.[0-9]+|version|_ping)' "$OUT")" \
    "$(grep -cE '^(GET|HEAD|POST|DELETE|PUT) ' "$OUT")" 'each has the version of ours'
for p in /containers/ds01t-b/stop /nosuch /swarm/init; do
	tapped $ALICE POST "$p" '{}'
	hides "POST /v" "a refused POST $p is not forwarded"
done
printf '%b' "GET /containers/json HTTP/1.1\r\nHost: d\r\nX : a\r\n\r\n" >"$BYTES"
: >"$WORK/tap"
send
is "$(wc -c <"$WORK/tap")" 0 'of a malformed request, nothing'
place_config
kill $TAP

# --- the engine is away, or not to be had
(ENGINE_SOCKET=$WORK/none.sock && place_config)
refused 'Cannot connect to the Docker daemon' $ALICE docker ps
api $ALICE GET /containers/json
is "$STATUS" 502 'engine down -> 502'
place_config
may $ALICE docker ps
chmod 0600 "$ENGINE_SOCKET"
as $ALICE ds01-docker-session true
refused 'Cannot connect to the Docker daemon' $ALICE docker ps
grep -q 'Permission denied' "$ERR"; row $? '… and why: the service user may not use its socket'
chmod 0660 "$ENGINE_SOCKET"
may $ALICE docker ps
finish
