#!/bin/sh
# What hostile reviewers found, and tried again: each once open.
. "$(dirname "$0")/../lib/e2e.sh"
begin

# --- a log tag is a template that dockerd expands in its own process
refused 'log driver or option tag' $ALICE docker create --pull never \
    --log-opt 'tag={{pad .ID 100000000000000 1}}' $IMAGE true
may $ALICE docker create --pull never --log-opt 'tag={{.Name}}/{{.ID}}' \
    --log-opt max-size=10m --log-opt max-file=3 $IMAGE true
refused 'max-file' $ALICE docker create --pull never --log-opt max-size=16k \
    --log-opt max-file=3000000 $IMAGE true

# --- a step of somebody's classic build has no labels
mkdir "$WORK/ctx"
cat >"$WORK/ctx/Dockerfile" <<END
FROM $IMAGE
RUN echo private >/secret && sleep 20
END
chmod -R a+rX "$WORK/ctx"
as $BOB env DOCKER_BUILDKIT=0 timeout 60 docker build -t ds01t-bobs "$WORK/ctx" \
    >"$WORK/build" 2>&1 </dev/null &
BUILD=$!
_i=0
STEP=
until [ -n "$STEP" ] || [ $_i -gt 100 ]; do
	STEP=$(direct ps -q --no-trunc | head -n 1)
	_i=$((_i + 1))
	sleep 0.1
done
[ -n "$STEP" ]; row $? "bob's build has a running step"
T="has more rights than you may ask for"
refused "$T" $ALICE docker exec "$STEP" cat /secret
refused "$T" $ALICE docker cp "$STEP:/secret" -
refused "$T" $ALICE docker commit "$STEP"
refused "$T" $ALICE docker kill "$STEP"
run $ALICE docker ps -q
hides "$(echo "$STEP" | cut -c 1-12)" 'nor is it listed'
direct kill "$STEP" >/dev/null 2>&1
wait $BUILD

# --- one's own container stays one's own when its image goes
cat >"$WORK/ctx/Dockerfile" <<END
FROM $IMAGE
LABEL a=b
END
as $BOB env DOCKER_BUILDKIT=0 docker build -q -t ds01t-bobonly "$WORK/ctx" >/dev/null 2>&1 </dev/null
as $BOB docker network create ds01t-net >/dev/null
as $BOB docker create --name ds01t-job --pull never -v ds01t-vol:/data \
    --network ds01t-net ds01t-bobonly sleep 1000 >/dev/null
direct rmi -f ds01t-bobonly >/dev/null 2>&1
place_end_gates			# no cache to hide it
may $BOB docker inspect ds01t-job
run $BOB docker ps -a --format '{{.Names}}'
shows ds01t-job 'it is still listed'
foreign $ALICE docker rm ds01t-job
may $BOB docker rm -f ds01t-job
may $BOB docker volume rm ds01t-vol
may $BOB docker network rm ds01t-net

# --- what one user puts into lists must not break those of the others
perl -e 'print "{\"Image\":\"'$IMAGE'\",\"Labels\":{\"a\":\"", "\xe2\x80\xa8" x 1350000, "\"}}"' >"$WORK/body"
api $ALICE POST /containers/create "@$WORK/body"
is "$STATUS" 403 'four megabytes of labels'
STATUS=
for o in volumes networks; do
	perl -e 'print "{\"Name\":\"ds01t-x\",\"Labels\":{\"a\":\"", "<" x 30000, "\"}}"' >"$WORK/body"
	api_refused 403 'labels and options' $ALICE POST /$o/create "@$WORK/body"
done
# … nor what dockerd keeps of a command, a name on a network, an image
fresh $ALICE ds01t-heavy
may $ALICE docker network create ds01t-heavy
perl -e 'print "{\"Cmd\":[\"true\"],\"Env\":[\"A=", "x" x 70000, "\"]}"' >"$WORK/body"
api_refused 403 'command and variables' $ALICE POST /containers/$ID/exec "@$WORK/body"
perl -e 'print "{\"Container\":\"ds01t-heavy\",\"EndpointConfig\":{\"Aliases\":[\"", "x" x 20000, "\"]}}"' >"$WORK/body"
api_refused 403 'labels and options' $ALICE POST /networks/ds01t-heavy/connect "@$WORK/body"
perl -e 'print "{\"Labels\":{\"a\":\"", "<" x 30000, "\"}}"' >"$WORK/body"
api_refused 403 'labels, command and mounts' $ALICE POST '/commit?container=ds01t-heavy&repo=ds01t-heavy' "@$WORK/body"
as $ALICE ds01-docker-session sh -c '
	for i in $(seq 102); do
		curl -s -o /dev/null -w "%{http_code}\n" \
		    --unix-socket "${DOCKER_HOST#unix://}" \
		    -H Content-Type:application/json -d "{\"Cmd\":[\"true\"]}" \
		    "http://d/containers/$1/exec"
	done' sh $ID >"$OUT"
is "$(grep -c 201 "$OUT") $(grep -c 403 "$OUT")" '100 2' 'a hundred commands may wait to be started'
is "$(direct inspect -f '{{len .ExecIDs}}' $ID)" 100 '… and no more'
refused 'more than 100 commands' $ALICE docker exec ds01t-heavy true
may $ALICE docker restart -t 0 ds01t-heavy
may $ALICE docker exec ds01t-heavy true
may $ALICE docker rm -f ds01t-heavy
may $ALICE docker network rm ds01t-heavy

# --- a health check without a command was dockerd's end, five seconds later
T='health check without a command'
api_refused 403 "$T" $ALICE POST /containers/create '{"Image":"'$IMAGE'","Healthcheck":{"Test":["CMD"]}}'
printf '{"Image":"ds01t-h","Healthcheck":{"Test":[]}}' >"$WORK/body"
as $ALICE docker create --pull never --name ds01t-hc $IMAGE sleep 9 >/dev/null
api $ALICE POST '/commit?container=ds01t-hc&repo=ds01t-h' '{"Healthcheck":{"Test":["CMD"],"Interval":5000000000}}'
is "$STATUS" 403 'nor by way of a commit'
STATUS=
# … of an image that somebody brought, for whoever runs it
cat >"$WORK/health.pl" <<'END'
use Archive::Tar;
use Digest::SHA 'sha256_hex';
my $layer = Archive::Tar->new;
$layer->add_data('x', 'x');
$layer->write("$ARGV[0].layer");
my $data = do { local (@ARGV, $/) = "$ARGV[0].layer"; <> };
my $config = '{"architecture":"amd64","os":"linux","config":{"Cmd":["x"],' .
    '"Healthcheck":{"Test":["CMD"],"Interval":1000000000}},"rootfs":' .
    '{"type":"layers","diff_ids":["sha256:' . sha256_hex($data) . '"]}}';
my $out = Archive::Tar->new;
$out->add_data('l.tar', $data);
$out->add_data('c.json', $config);
$out->add_data('manifest.json', qq([{"Config":"c.json","RepoTags":["$ARGV[1]"],"Layers":["l.tar"]}]));
$out->write($ARGV[0]);
END
perl "$WORK/health.pl" "$WORK/health.tar" ds01t-health:1
direct load -i "$WORK/health.tar" >/dev/null
for u in $ALICE $CAROL; do
	may $u docker create --pull never --name ds01t-hi ds01t-health:1
	is "$(direct inspect -f '{{json .Config.Healthcheck.Test}}' ds01t-hi)" \
	    '["NONE"]' "… and $u's container does not run it"
	direct rm -f ds01t-hi >/dev/null 2>&1
done

# --- each published port is a process of root's, each network a pool
refused 'more than 64' $ALICE docker create --pull never -p 20000-20099:20000-20099 $IMAGE true
for n in 1 2 3 4 5 6 7 8; do
	as $ALICE docker network create ds01t-n$n
done >/dev/null
refused 'more than 8 networks' $ALICE docker network create ds01t-n9
may $BOB docker network create ds01t-bobs
may $ALICE docker network rm ds01t-n1 ds01t-n2 ds01t-n3 ds01t-n4 ds01t-n5 ds01t-n6 ds01t-n7 ds01t-n8

# --- a registry of alice's own, which dockerd would believe without TLS
T='registry or image'
refused "$T" $ALICE docker pull 127.0.0.1:5999/x/y:1
refused "$T" $ALICE docker pull localhost/x
as $ALICE docker tag $IMAGE 127.0.0.1:5999/$ALICE/x
refused "$T" $ALICE docker push 127.0.0.1:5999/$ALICE/x
refused "$T" $ALICE docker search 127.0.0.1:5999/x
api_refused 403 "$T" $ALICE POST /auth '{"username":"a","password":"b","serveraddress":"http://127.0.0.1:5999/v1/"}'
api_refused 403 "$T" $ALICE GET /distribution/127.0.0.1:5999/x/json

# --- a word is a name before it is the beginning of an id
ID=$(direct image inspect -f '{{.Id}}' $IMAGE | cut -d : -f 2)
T='could be meant for an id'
for n in $(echo "$ID" | cut -c 1-12) $(echo "$ID" | cut -c 1-4) sha256; do
	refused "$T" $ALICE docker tag $IMAGE $n
done
as $ALICE docker create --pull never --name ds01t-id $IMAGE true >/dev/null
refused "$T" $ALICE docker commit ds01t-id $(echo "$ID" | cut -c 1-12)
refused "$T" $ALICE sh -c "tar -c -C /etc hostname | docker import - $(echo "$ID" | cut -c 1-12)"
refused "$T" $ALICE sh -c "echo FROM $IMAGE | DOCKER_BUILDKIT=0 docker build -t $(echo "$ID" | cut -c 1-12) -"

# --- a tag is held until dockerd has made it, whoever hangs up before
mkdir "$WORK/zeros"
head -c 400000000 /dev/zero >"$WORK/zeros/z"
tar -C "$WORK/zeros" -c z | bzip2 -1 >"$WORK/z.tbz"
rm -rf "$WORK/zeros"
cat >"$WORK/hangup.pl" <<'END'
use Socket;
my ($path) = $ENV{DOCKER_HOST} =~ m,unix://(.*),;
socket my $s, AF_UNIX, SOCK_STREAM, 0 or die;
connect $s, sockaddr_un($path) or die;
open my $f, '<', $ARGV[0] or die;
my $b = do { local $/; <$f> };
syswrite $s, "POST /images/create?fromSrc=-&repo=ds01t-slow&tag=1 HTTP/1.1\r\n" .
    "Host: d\r\nContent-Type: application/x-tar\r\nContent-Length: " .
    length($b) . "\r\n\r\n$b";
select undef, undef, undef, 0.5;
END
chmod a+r "$WORK/hangup.pl" "$WORK/z.tbz"
as $BOB docker create --pull never --name ds01t-bj $IMAGE true >/dev/null
run $ALICE ds01-docker-session perl "$WORK/hangup.pl" "$WORK/z.tbz"
run $BOB docker commit ds01t-bj ds01t-slow:1
bobs=$RC
_i=0
until [ "$(direct image inspect -f '{{index .Config.Labels "ds01.user"}}' ds01t-slow:1 2>/dev/null)" = $ALICE ] ||
    [ $_i -gt 100 ]; do
	_i=$((_i + 1))
	sleep 0.1
done
[ $_i -le 100 ]; row $? 'what was hung up on is made all the same'
[ $bobs -ne 0 ]; row $? 'bob could not make the tag meanwhile, to lose it then'

# --- each container, and each port that it exposes, is in everybody's lists
refused 'exposed' $ALICE docker create --pull never --expose 1000-1300 $IMAGE true
may $ALICE docker create --pull never --expose 1000-1100 $IMAGE true
place_config 'policy:' '  default:' '    own_containers: 3'
for n in 1 2 3; do
	as $ALICE docker create --pull never $IMAGE true
done >/dev/null 2>&1
refused 'more than 3 containers' $ALICE docker run --rm --pull never $IMAGE true
may $BOB docker run --rm --pull never $IMAGE true
place_config

# --- "ENV a=$a$a", twenty times, is a million times what was sent
refused "'\$' in changes" $ALICE docker commit -c 'ENV a=$a$a$a$a' -c 'ENV a=$a$a$a$a$a' ds01t-hc
may $ALICE docker commit -c 'ENV PATH=$PATH:/x' ds01t-hc

# --- a sandbox of the caller's choice shows other mounts than there are
if api_at_least 45; then
	cat >"$WORK/ns" <<-END
	mount --bind $PLACE/home/$ALICE $PLACE/home/$ALICE &&
	mount -o remount,bind,nosuid,nodev $PLACE/home/$ALICE &&
	exec setpriv --reuid $(id -u $ALICE) --regid $(id -g $ALICE) --init-groups env -i \
	    HOME=$PLACE/home/$ALICE PATH=$PLACE/bin:/usr/bin:/bin \
	    docker run --rm --pull never -v $PLACE/home/$ALICE:/h $IMAGE id -u
	END
	unshare -m sh "$WORK/ns" >"$OUT" 2>"$ERR" </dev/null
	RC=$?
	grep -q 'leave the sandbox' "$ERR"
	row $? 'a home that only looks nosuid,nodev is refused'
	may $ALICE docker run --rm --pull never -v $PLACE/home/$ALICE:/h $IMAGE true
fi

# --- an image tag that is moved between our look and dockerd's
mkdir "$WORK/b"
printf 'FROM %s\nHEALTHCHECK --interval=10ms CMD true\n' $IMAGE >"$WORK/b/Dockerfile"
printf 'FROM %s\nENV WHO=a\n' $IMAGE >"$WORK/b/a"
chmod -R a+rX "$WORK/b"
as $ALICE env DOCKER_BUILDKIT=0 docker build -q -t ds01t-ib "$WORK/b" >/dev/null 2>&1 </dev/null
as $ALICE env DOCKER_BUILDKIT=0 docker build -q -t ds01t-ia -f "$WORK/b/a" "$WORK/b" >/dev/null 2>&1 </dev/null
cat >"$WORK/race" <<'END'
S=${DOCKER_HOST#unix://}
ask() { curl -s --unix-socket "$S" -X POST "http://d$1" "${@:2}"; }
binds=
for i in $(seq 40); do binds="$binds,\"ds01t-v$1-$i:/v$i\""; done
ask '/images/ds01t-ia/tag?repo=ds01t-race&tag=1' >/dev/null
ask "/containers/create?name=ds01t-r$1" -H 'Content-Type: application/json' \
    -d "{\"Image\":\"ds01t-race:1\",\"HostConfig\":{\"Binds\":[${binds#,}]}}" >"$2" &
sleep "$3"
ask '/images/ds01t-ib/tag?repo=ds01t-race&tag=1' >/dev/null
wait
END
chmod a+r "$WORK/race"
moved=0 bad=0
for t in 0.01 0.02 0.03 0.05 0.08 0.1 0.15 0.2; do
	n=$((${n:-0} + 1))
	: >"$WORK/answer"
	chmod 666 "$WORK/answer"
	run $ALICE ds01-docker-session bash "$WORK/race" $n "$WORK/answer" $t
	! grep -q 'became another one' "$WORK/answer" || moved=$((moved + 1))
	# judged, its interval would have been made longer
	case $(direct inspect -f '{{json .Config.Healthcheck}}' ds01t-r$n 2>/dev/null) in
	*'"Interval":10000000,'*|*'"Interval":10000000}'*) bad=$((bad + 1)) ;;
	esac
	direct rm -fv ds01t-r$n >/dev/null 2>&1
	direct volume ls -q | grep "^ds01t-v$n-" | xargs -r docker -H "unix://$ENGINE_SOCKET" volume rm >/dev/null 2>&1
done
# … also when nobody is there any more to hear of it
cat >"$WORK/gone" <<'END'
S=${DOCKER_HOST#unix://}
ask() { curl -s --unix-socket "$S" -X POST "http://d$1" "${@:2}"; }
binds=
for i in $(seq 40); do binds="$binds,\"ds01t-w$1-$i:/v$i\""; done
ask '/images/ds01t-ia/tag?repo=ds01t-race&tag=1' >/dev/null
ask "/containers/create?name=ds01t-g$1" -H 'Content-Type: application/json' \
    -d "{\"Image\":\"ds01t-race:1\",\"HostConfig\":{\"Binds\":[${binds#,}]}}" >/dev/null &
sleep "$2"
ask '/images/ds01t-ib/tag?repo=ds01t-race&tag=1' >/dev/null
kill $!
for i in $(seq 20); do
	ask "/containers/ds01t-g$1/start"
	sleep 0.05
done
END
chmod a+r "$WORK/gone"
ran=0
for t in 0.02 0.05 0.1 0.15 0.2; do
	n=$((n + 1))
	run $ALICE ds01-docker-session bash "$WORK/gone" $n $t
	case $(direct inspect -f '{{.State.StartedAt}} {{json .Config.Healthcheck}}' ds01t-g$n 2>/dev/null) in
	0001*) ;;
	*'"Interval":10000000,'*|*'"Interval":10000000}'*) ran=$((ran + 1)) ;;
	esac
	direct rm -fv ds01t-g$n >/dev/null 2>&1
	direct volume ls -q | grep "^ds01t-w$n-" | xargs -r docker -H "unix://$ENGINE_SOCKET" volume rm >/dev/null 2>&1
done
is $ran 0 'none of it ever ran, when its client hung up'
grep -q ds01t-g "$PLACE/var/log/ds01/events.jsonl"
row $? 'and containers are on record whoever hung up'
is $bad 0 "no container of an image that was not judged ($moved caught)"

# --- the classic builder's cache is filled by everybody: with a layer that says
# of itself that it is a step's result (engines up to 25.0.1 believe it) …
cat >"$WORK/child.pl" <<'END'
use Archive::Tar;
use JSON::PP;
use Digest::SHA 'sha256_hex';
my ($from, $to, $step, $tag) = @ARGV;
my $j = JSON::PP->new->canonical;
my $in = Archive::Tar->new($from) or die;
my ($m) = @{$j->decode($in->get_content('manifest.json'))};
my $raw = $in->get_content($m->{Config});
my $layer = Archive::Tar->new;
$layer->add_data('planted', "by alice\n");
$layer->write("$to.layer");
my $data = do { local (@ARGV, $/) = "$to.layer"; <> };
my $c = $j->decode($raw);
push @{$c->{rootfs}{diff_ids}}, 'sha256:' . sha256_hex($data);
push @{$c->{history}}, {created => '2024-01-01T00:00:00Z', created_by => $step};
$c->{container_config} = {%{$c->{config}}, Cmd => ['/bin/sh', '-c', $step]};
my $text = $j->encode($c);
my $name = sha256_hex($text) . '.json';
my $out = Archive::Tar->new;
my %seen;
$out->add_data($_, $in->get_content($_))
    for grep { !$seen{$_}++ } @{$m->{Layers}}, $m->{Config};
$out->add_data('more/layer.tar', $data);
$out->add_data($name, $text);
$out->add_data('manifest.json', $j->encode([
    {Config => $m->{Config}, RepoTags => undef, Layers => $m->{Layers}},
    {Config => $name, RepoTags => [$tag], Parent => 'sha256:' . sha256_hex($raw),
	Layers => [@{$m->{Layers}}, 'more/layer.tar']}]));
$out->write($to);
END
chmod a+r "$WORK/child.pl"
direct save -o "$WORK/base.tar" $IMAGE
chmod a+r "$WORK/base.tar"
printf 'FROM %s\nRUN echo by bob >/planted\n' $IMAGE >"$WORK/b/Dockerfile"
as $ALICE perl "$WORK/child.pl" "$WORK/base.tar" "$PLACE/home/$ALICE/child.tar" \
    'echo by bob >/planted' $ALICE/child:1
run $ALICE docker load -i "$PLACE/home/$ALICE/child.tar"
loaded=$RC
if [ $loaded -eq 0 ]; then
	run $ALICE docker run --rm --pull never $ALICE/child:1 cat /planted
	shows 'by alice' 'alice has loaded a child of the common image'
fi
builds() {	# who, what then stands in the image
	as $1 env DOCKER_BUILDKIT=0 docker build -t "$1/step:1" "$WORK/b" >"$OUT" 2>"$ERR" </dev/null
	RC=$?
	[ $RC -eq 0 ] && ! grep -q 'Using cache' "$OUT"
	row $? "$1 runs each step by himself"
	run $1 docker run --rm --pull never "$1/step:1" cat /planted
	is "$(cat "$OUT")" "$2" '… and has what it wrote'
}
builds $BOB 'by bob'
builds $CAROL 'by bob'

# … and with what a step found at a name, which is no part of its key
printf 'FROM %s\nRUN (grep planted /etc/hosts || echo nothing) >/planted\n' $IMAGE >"$WORK/b/Dockerfile"
may $ALICE env DOCKER_BUILDKIT=0 docker build -q --add-host planted:192.0.2.7 -t $ALICE/step:1 "$WORK/b"
run $ALICE docker run --rm --pull never $ALICE/step:1 cat /planted
shows 192.0.2.7 'what alice built holds an address of her choice'
builds $BOB nothing
builds $CAROL nothing
# … nor by name
run $BOB env DOCKER_BUILDKIT=0 docker build --cache-from $ALICE/step:1 -t $BOB/step:2 "$WORK/b"
hides 'Using cache' '--cache-from is no way to it'

# --- a file system that alice mounted says of its files what she likes, and is
# gone before dockerd looks: hers is believed in nothing, root's is
cat >"$WORK/fuse.pl" <<'END'
# serves /dev/fuse: a directory with directories in it, all of one owner
use strict;
use warnings;
use Fcntl;
my ($at, $owner, $mounter) = @ARGV;
$^F = 9;			# mount(8) passes the descriptor to the kernel
sysopen my $dev, '/dev/fuse', O_RDWR or exit 2;
system('mount', '-i', '-t', 'fuse', '-o', 'nosuid,nodev,allow_other,fd=' .
    fileno($dev) . ",rootmode=40000,user_id=$mounter,group_id=0", 'rows', $at) == 0
    or exit 2;
my %reply = (
    3 => sub { pack('QLL', 0, 0, 0) . attr($_[0]) },		# GETATTR
    14 => sub { pack 'QLL', 0, 0, 0 },				# OPEN
    17 => sub { pack('Q5L4', (0) x 5, 0, 255, 4096, 0) . "\0" x 24 },	# STATFS
    26 => sub { pack 'L4S2L2S2L8', 7, 26, 0, 0, 9, 9, 4096, 1, (0) x 10 },	# INIT
    27 => sub { pack 'QLL', 0, 0, 0 },				# OPENDIR
    28 => sub { '' }, 18 => sub { '' }, 29 => sub { '' }, 25 => sub { '' },
);
sub attr { pack 'Q6L10', $_[0], 0, 0, 0, 0, 0, 0, 0, 0, 040755, 2, $owner, 0, 0, 4096, 0 }
while (sysread $dev, my $ask, 1 << 20) {
	my ($len, $op, $id, $node) = unpack 'LLQQ', $ask;
	my ($name) = unpack 'Z*', substr $ask, 40;
	next if $op == 2 || $op == 42;				# FORGET: no answer
	my $body = $op == 1 && $name eq 'x' ? pack('Q4LL', 2, (0) x 5) . attr(2) :
	    $op != 1 && $reply{$op} ? $reply{$op}->($node) : undef;
	my $error = defined $body ? 0 : $op == 1 ? -2 : -38;	# ENOENT, ENOSYS
	$body //= '';
	syswrite $dev, pack('LlQ', 16 + length $body, $error, $id) . $body;
}
END
answered_by() {	# owner that it tells, uid that mounted it, where
	perl "$WORK/fuse.pl" "$3" "$1" "$2" >"$WORK/fuse.log" 2>&1 &
	FUSE=$!
	_i=0
	until mountpoint -q "$3" || ! kill -0 $FUSE 2>/dev/null || [ $_i -gt 100 ]; do
		_i=$((_i + 1))
		sleep 0.05
	done
	mountpoint -q "$3"
}
answers_no_more() {
	umount -l "$1"
	kill $FUSE 2>/dev/null
	wait $FUSE 2>/dev/null
}
T='file system that a user mounted'
H=$PLACE/home/$ALICE
install -d -o $ALICE "$H/x"
install -d "$PLACE/fuse/x"
place_config 'policy:' '  default:' "    binds: ['~', '$PLACE']"
if answered_by 0 "$(id -u $ALICE)" "$H"; then
	is "$(stat -c %u "$H/x")" 0 "alice's home says that it is root's"
	refused "$T" $ALICE docker create --pull never -v "$H/x:/x" $IMAGE true
	refused "$T" $ALICE docker create --pull never -v "$H:/x" $IMAGE true
	answers_no_more "$H"
	answered_by "$(id -u $ALICE)" "$(id -u $ALICE)" "$H"
	refused "$T" $ALICE docker create --pull never -v "$H:/x" $IMAGE true
	answers_no_more "$H"
	answered_by 0 0 "$PLACE/fuse"
	may $ALICE docker create --pull never -v "$PLACE/fuse/x:/x" $IMAGE true
	answers_no_more "$PLACE/fuse"
else
	answers_no_more "$H" 2>/dev/null
	skip 'a file system of a user' 'no FUSE here'
fi
may $ALICE docker create --pull never -v "$H:/x" $IMAGE true
rm -r "$PLACE/fuse"

# --- a Dockerfile's variables take all memory: doctor says what bounds it
"$PLACE/usr/sbin/ds01-dockerctl" doctor memory >"$OUT" 2>"$ERR"
shows 'memory: when dockerd ends, all containers do' \
    'doctor says that this engine has no live-restore'

# --- everybody's containers on one wire: doctor says whether they are apart
"$PLACE/usr/sbin/ds01-dockerctl" doctor bridge >"$OUT" 2>"$ERR"
hides 'one user' 'doctor sees that this engine has no icc'
fresh $BOB ds01t-wire
as $BOB docker exec -d ds01t-wire httpd -p 80 -h /etc
may $BOB docker exec ds01t-wire timeout 9 sh -c \
    'until wget -qO /dev/null http://127.0.0.1/group; do sleep 0.1; done'
run $ALICE docker run --rm --pull never $IMAGE timeout 3 \
    wget -qO - "http://$(direct inspect -f '{{.NetworkSettings.IPAddress}}' \
    ds01t-wire)/group"
hides root: 'another user is not reached on the network bridge'

# --- thousands of records, to push everybody's out of the audit log
EVENTS=$PLACE/var/log/ds01/events.jsonl
PACE=$PLACE/var/lib/ds01/rate-limits/pace
denials() {
	grep auth.denied "$EVENTS" | grep -c "$ALICE"
}
many() {	# how many, user, method, path with %d: their statuses
	as "$2" ds01-docker-session sh -c '
		for i in $(seq "$1"); do
			printf "next\nrequest = %s\nurl = http://d/v1.40$3\n" \
			    "$2" "$i"
			echo "unix-socket = ${DOCKER_HOST#unix://}"
			printf "%s\n" "write-out = %{http_code}\\n"
			echo "output = /dev/null"
		done | sed 1d | curl -sK -' sh "$1" "$3" "$4"
}
renames() {	# how many, user, container
	many "$1" "$2" POST "/containers/$3/rename?name=ds01t-r%d"
}
slowed() {	# what: twenty slots of a fifth of a second
	[ $(($(date +%s) - began)) -ge 4 ]
	row $? "$1 ($(($(date +%s) - began)) s)"
}
fresh $BOB ds01t-flood
FLOODED=$ID
SLOW_AFTER=default place_config 'deny_slow_after: 40' 'changes_slow_after: 0'
before=$(denials)
began=$(date +%s)
{
	renames 20 $ALICE $FLOODED & renames 20 $ALICE $FLOODED &
	renames 20 $ALICE $FLOODED & wait
} >"$OUT"
is "$(grep -c 403 "$OUT")" 60 'each of sixty refusals at three clients is answered'
slowed '… at a bounded pace, one after another'
is "$(($(denials) - before))" 60 '… and recorded'
run $BOB docker ps -q
row $RC '… and bob is not kept waiting'

# --- the same with what is allowed
if auditctl -s >/dev/null 2>&1; then
	rm -f "$PACE"-*
	SLOW_AFTER=default place_config 'deny_slow_after: 0' 'changes_slow_after: 40'
	fresh $ALICE ds01t-pace
	began=$(date +%s)
	is "$(renames 60 $ALICE $ID | grep -c 204)" 60 'each of sixty renames is done'
	slowed '… at a bounded pace'
	is "$(direct inspect -f '{{.Name}}' $ID)" /ds01t-r60 '… the last one last'
	if [ "${AUDIT:-none}" = live ]; then
		is "$(ausearch --input-logs -m VIRT_CONTROL -uu $ID 2>/dev/null |
		    grep -c op=rename)" 60 '… and recorded'
	fi
	before=$(cut -d ' ' -f 2 "$PACE-$ALICE.state")
	is "$(many 60 $ALICE GET '/containers/json?limit=%d' | grep -c 200)" 60 \
	    'she looks sixty times'
	# a record costs six minutes here, and her session is one
	[ $(($(cut -d ' ' -f 2 "$PACE-$ALICE.state") - before)) -lt 1200000 ]
	row $? '… which is not counted'
	is "$(renames 60 $CAROL $ID | grep -c 204)" 60 'an admin renames sixty times'
	fails '… and is not counted' test -e "$PACE-$CAROL.state"
	run $BOB docker ps -q
	ok 'each user has a count of his own' test -s "$PACE-$BOB.state"
	rm -f "$PACE"-*
else
	skip 'sixty changes' 'no kernel audit log here'
fi
place_config
finish
