#!/bin/sh
# Images are shared, their tags are not: nobody moves, overwrites or removes
# one that somebody else made or an administrator provided.  (issue 3.6)
. "$(dirname "$0")/../lib/e2e.sh"
begin
LIMIT=120
H=$PLACE/home

id_of() {
	_i=$(direct image inspect -f '{{.Id}}' "$1" 2>/dev/null)
	echo "${_i:-none}"
}
remember_tags() {
	for _g in $TAGS; do
		echo "$_g $(id_of "$_g")"
	done >"$WORK/tags"
}
# After each refusal the engine is asked.
stand() {
	for _g in $TAGS; do
		echo "$_g $(id_of "$_g")"
	done >"$WORK/tags.now"
	if ! diff "$WORK/tags" "$WORK/tags.now" >"$ERR" 2>&1; then
		row 1 "the tags stand after: $*"
		remember_tags
	fi
}
keeps() {	# text, user, command: refused, and all tags are as before
	refused "$@"
	stand "$*"
}
api_keeps() {	# text, user, method, path
	_t=$1
	shift
	api_refused 403 "$_t" "$@"
	stand "$*"
}
build() {	# user, tag, content; further words are options
	_u=$1 _n=$2 _c=$3
	shift 3
	printf 'FROM %s\nLABEL c=%s\n' $IMAGE "$_c" >"$H/$_u/Dockerfile.$_c"
	chmod 0644 "$H/$_u/Dockerfile.$_c"
	run "$_u" env DOCKER_BUILDKIT=0 docker build -q -t "$_n" "$@" \
	    -f "Dockerfile.$_c" empty
}
for u in $ALICE $BOB; do
	install -d -o "$u" "$H/$u/empty"
done
# containerd's store does not tell what was pulled
STORE=$(direct info -f '{{.DriverStatus}}' | grep -o containerd.snapshotter)
BKIT=
! as $ALICE docker buildx version >/dev/null 2>&1 || BKIT=yes
[ -z "$STORE" ] || BKIT=	# users get none there: store.t

# --- honest use: one's own, again and again
build $ALICE ds01i-a:1 one; row $RC "$ALICE builds ds01i-a:1"
build $ALICE ds01i-a:1 two; row $RC '… and again, with other content'
may $ALICE docker tag ds01i-a:1 ds01i-a:2
may $ALICE docker tag ds01i-a:2 ds01i-a:1
may $ALICE docker tag "$(id_of ds01i-a:1)" ds01i-a:3
may $ALICE docker rmi ds01i-a:3
is "$(id_of ds01i-a:3)" none '… is removed'
is "$(direct image inspect -f '{{index .Config.Labels "ds01.user"}}' ds01i-a:1)" \
    $ALICE 'what is built is labelled for its builder'
may $ALICE docker tag $IMAGE $ALICE/mine
may $ALICE docker tag $IMAGE localhost:5000/$ALICE/mine:1
may $ALICE docker tag ds01i-a:1 $ALICE/mine
may $ALICE docker rmi $ALICE/mine localhost:5000/$ALICE/mine:1
is "$(id_of $ALICE/mine),$(id_of localhost:5000/$ALICE/mine:1)" none,none \
    'a name of one'"'"'s own is given to any image, and taken back'
may $ALICE docker create --pull never --name ds01i-ca $IMAGE true
may $ALICE docker commit ds01i-ca ds01i-commit
may $ALICE docker commit ds01i-ca ds01i-commit
may $ALICE sh -c 'docker export ds01i-ca | docker import - ds01i-import:1'
may $ALICE sh -c 'docker export ds01i-ca | docker import - ds01i-import:1'
is "$(direct image inspect -f '{{index .Config.Labels "ds01.user"}}' ds01i-import:1)" \
    $ALICE 'what is imported is labelled too'
may $ALICE sh -c 'docker save ds01i-a:1 ds01i-commit | docker load'
may $ALICE sh -c 'docker save ds01i-a:1 | gzip | docker load'
one=$(id_of ds01i-commit)
may $ALICE sh -c 'docker save ds01i-commit >c.tar; docker rmi ds01i-commit;
	docker load -i c.tar'
is "$(id_of ds01i-commit)" "$one" '… and the image is there again'
may $ALICE sh -c "docker save ds01i-a:1 -o a.tar &&
	docker rmi ds01i-a:1 ds01i-a:2 && docker load -q -i a.tar"
may $ALICE docker rmi "$(id_of ds01i-import:1)"
build $ALICE ds01i-gone gone
dangling=$(id_of ds01i-gone)
build $ALICE ds01i-gone gone2
may $ALICE docker rmi "$dangling"
is "$(id_of "$dangling")" none "one's own image without a tag is removed by id"
build $ALICE ds01i-two both -t ds01i-two:b
may $ALICE docker rmi -f "$(id_of ds01i-two)"
is "$(id_of ds01i-two),$(id_of ds01i-two:b)" none,none \
    "one's own image goes by id with all its tags"
if as $ALICE docker compose version >/dev/null 2>&1; then
	printf 'FROM %s\nLABEL k=v\n' $IMAGE >"$H/$ALICE/empty/Dockerfile"
	printf 'services:\n  w:\n    build: empty\n    command: "true"\n' \
	    >"$H/$ALICE/c.yaml"
	for b in 0 ${BKIT:+1}; do
		C="env DOCKER_BUILDKIT=$b docker compose -p ds01tc -f c.yaml"
		may $ALICE $C build
		may $ALICE $C build
	done
	may $ALICE $C down --rmi all
fi

# --- nobody else's
build $BOB ds01i-b:1 bob; row $RC "$BOB builds ds01i-b:1"
may $BOB docker tag $IMAGE $BOB/own
may $BOB docker tag ds01i-b:1 ds01i-b:2
direct tag $IMAGE ds01i-free:1
B1=$(id_of ds01i-b:1)
BASE=$(id_of $IMAGE)
TAGS="ds01i-b:1 ds01i-b:2 $BOB/own $BOB/new ds01i-free:1 $IMAGE"
remember_tags
BT="this image tag belongs to $BOB"
AT='this image tag belongs to the administrators'

for t in ds01i-b:1 docker.io/library/ds01i-b:1 index.docker.io/ds01i-b:1 \
    library/ds01i-b:1 docker.io/ds01i-b:1; do
	keeps "$BT" $ALICE docker tag ds01i-a:1 $t
	keeps "$BT" $ALICE docker rmi $t
	keeps "$BT" $ALICE docker rmi -f $t
	keeps "$BT" $ALICE docker commit ds01i-ca $t
	keeps "$BT" $ALICE sh -c "docker export ds01i-ca | docker import - $t"
	build $ALICE $t bad
	[ $RC -ne 0 ] && grep -qF "$BT" "$ERR"
	row $? "$ALICE docker build -t $t -> refused"
	stand "build -t $t"
done
for t in $IMAGE ds01i-free:1; do
	keeps "$AT" $ALICE docker tag ds01i-a:1 $t
	keeps "$AT" $ALICE docker rmi $t
	keeps "$AT" $ALICE docker image rm -f $t
	keeps "$AT" $ALICE docker commit ds01i-ca $t
	keeps "$AT" $ALICE sh -c "docker export ds01i-ca | docker import - $t"
	[ -n "$STORE" ] || keeps "$AT" $ALICE docker pull $t
done
for t in $BOB/own $BOB/new localhost:5000/$BOB/x docker.io/$BOB/new:latest; do
	keeps "$BT" $ALICE docker tag ds01i-a:1 $t
	keeps "$BT" $ALICE docker commit ds01i-ca $t
	build $ALICE $t bad
	[ $RC -ne 0 ] && grep -qF "$BT" "$ERR"
	row $? "$ALICE docker build -t $t -> refused"
	stand "build -t $t"
done
keeps "$BT" $ALICE docker rmi $BOB/own
keeps "$BT" $ALICE docker pull ds01i-b:1
keeps "$BT" $ALICE docker pull $BOB/own
keeps 'pull one tag at a time' $ALICE docker pull -a ds01i-b
build $ALICE ds01i-fine bad -t ds01i-b:1
[ $RC -ne 0 ] && grep -qF "$BT" "$ERR"
row $? 'a build with a tag of its own and one of others -> refused'
stand 'build -t own -t other'
# a classic build would pull over the names in its Dockerfile
printf 'FROM ds01i-b:1\n' >"$H/$ALICE/Dockerfile.pull"
chmod 0644 "$H/$ALICE/Dockerfile.pull"
keeps 'parameter pull' $ALICE env DOCKER_BUILDKIT=0 docker build --pull \
    -f Dockerfile.pull empty
may $ALICE env DOCKER_BUILDKIT=0 docker build -f Dockerfile.pull empty
# who runs an image of somebody else is told
may $ALICE docker run --rm --pull never ds01i-b:1 true
grep -qF "The image ds01i-b:1 was made on this host by $BOB" "$ERR"
row $? '… and is told whose image that is'
may $ALICE docker tag ds01i-b:1 $ALICE/of-bob
for t in $ALICE/of-bob ds01i-a:1 $IMAGE; do
	may $ALICE docker create --pull never $t true
	cp "$ERR" "$WORK/said.$(printf %s "$t" | tr -c a-z0-9 _)"
done
may $ALICE docker rmi -f $ALICE/of-bob
[ "$(cat "$WORK"/said.* | grep -c 'made on this host')" = 1 ]
row $? 'of one'"'"'s own and of the site'"'"'s nothing is said'
# by id: the image, with all its tags
for i in "$B1" "${B1#sha256:}" "$(echo "${B1#sha256:}" | cut -c 1-12)" \
    "$(echo "$B1" | cut -c 1-19)"; do
	keeps "$BT" $ALICE docker rmi "$i"
	keeps "$BT" $ALICE docker rmi -f "$i"
done
keeps 'this image tag belongs to' $ALICE docker rmi -f "$BASE"
# an image that is not one's own gets no name outside of one's own
keeps "$BT" $ALICE docker tag ds01i-b:1 ds01i-stolen
keeps "$AT" $ALICE docker tag $IMAGE ds01i-stolen
is "$(id_of ds01i-stolen)" none '… and none was given'
may $ALICE docker tag ds01i-b:1 $ALICE/of-bob
may $ALICE docker rmi $ALICE/of-bob
stand 'rmi of an own name for another image'
# others' images without a tag
build $BOB ds01i-d d1
d=$(id_of ds01i-d)
build $BOB ds01i-d d2
keeps "$BT" $ALICE docker rmi "$d"
keeps "$BT" $ALICE docker rmi -f "$d"
[ "$(id_of "$d")" = "$d" ]; row $? '… and it is there'

# the API, in other spellings
A1=$(id_of ds01i-a:1)
for q in 'repo=ds01i-b&tag=1' 'repo=ds01i-b:1' 'repo=ds01i-b:9&tag=1' \
    'repo=docker.io/library/ds01i-b&tag=1' 'repo=%64s01i-b&tag=%31' \
    'tag=1&repo=ds01i-b&force=1'; do
	api_keeps "$BT" $ALICE POST "/images/$A1/tag?$q"
	api_keeps "$BT" $ALICE POST "/commit?container=ds01i-ca&$q"
	api_keeps "$BT" $ALICE POST "/images/create?fromSrc=-&$q"
done
api_keeps "$BT" $ALICE POST '/images/create?fromImage=ds01i-b&tag=1'
api_keeps "$BT" $ALICE POST '/images/create?fromImage=ds01i-b:1'
api_keeps 'pull one tag' $ALICE POST '/images/create?fromImage=ds01i-b'
api_keeps 'image tag' $ALICE POST '/images/create?fromImage=ds01i-b:'
api_refused 400 'fromImage and fromSrc' $ALICE POST \
    '/images/create?fromImage=ds01i-b:1&fromSrc=-&repo=ds01i-x'
api_keeps "$BT" $ALICE DELETE '/images/ds01i-b:1?force=1&noprune=1'
api_keeps "$BT" $ALICE DELETE '/images/docker.io%2flibrary%2Fds01i-b%3A1'
api $ALICE DELETE "/images/ds01i-b:1@$B1"
[ "$STATUS" = 404 ] || [ "$STATUS" = 403 ]
row $? 'DELETE tag@digest'
stand 'DELETE tag@digest'
api_keeps "$BT" $ALICE POST '/build?t=ds01i-b:1&remote='
api_keeps "$BT" $ALICE POST '/build?t=ds01i-y&t=ds01i-b:1'
api_keeps 'not understood' $ALICE POST "/images/$A1/tag?repo=Ds01t-B&tag=1"
api_keeps 'not understood' $ALICE POST "/images/$A1/tag?repo=[::1]:5/x&tag=1"

if [ -n "$BKIT" ]; then
	for t in ds01i-b:1 docker.io/library/ds01i-b:1 $BOB/new; do
		keeps "$BT" $ALICE docker buildx build -q --load -t $t \
		    -f Dockerfile.one empty
		keeps "$BT" $ALICE docker buildx build -q --load \
		    -t ds01i-fine -t $t -f Dockerfile.one empty
		keeps "$BT" $ALICE docker buildx build -q \
		    -o type=image,name=$t -f Dockerfile.one empty
	done
	keeps "$AT" $ALICE docker buildx build -q --load -t $IMAGE \
	    -f Dockerfile.one empty
fi

# --- docker load: the names in the tar
tar_of() {	# name of the file, tag …: an image of alice's under these names
	_f=$H/$ALICE/$1
	shift
	for t; do
		direct tag ds01i-a:1 "$t.evil"
	done
	# shellcheck disable=SC2046
	direct save -o "$_f.raw" $(printf '%s.evil ' "$@")
	for t; do
		direct rmi "$t.evil" >/dev/null
	done
	rm -rf "$WORK/t"
	mkdir "$WORK/t"
	tar -C "$WORK/t" -xf "$_f.raw"
	rm -f "$_f.raw"
	for j in manifest.json repositories index.json; do
		[ ! -f "$WORK/t/$j" ] || sed -i 's/\.evil//g' "$WORK/t/$j"
	done
	tar -C "$WORK/t" -cf "$_f" .
	chmod 0644 "$_f"
}
loads() {	# text, file: refused, and nothing of it is there
	keeps "$1" $ALICE docker load -i "$2"
}
tar_of b.tar ds01i-b:1
loads "$BT" b.tar
keeps "$BT" $ALICE sh -c 'docker load <b.tar'
keeps "$BT" $ALICE sh -c 'gzip -k b.tar; docker load -q -i b.tar.gz'
tar_of mixed.tar ds01i-c:1 ds01i-b:1
loads "$BT" mixed.tar
is "$(id_of ds01i-c:1)" none 'of a refused load nothing is there'
tar_of base.tar $IMAGE
loads "$AT" base.tar
tar_of space.tar $BOB/new:1
loads "$BT" space.tar
tar_of own.tar $ALICE/own:1 ds01i-c:1
may $ALICE docker load -i own.tar
is "$(id_of ds01i-c:1),$(id_of $ALICE/own:1)" "$A1,$A1" \
    'names of one'"'"'s own, and free ones, are loaded'
may $ALICE docker rmi ds01i-c:1 $ALICE/own:1
# what comes in other forms
tar_of b.tar ds01i-b:1
T=$WORK/t
rm -f "$T/repositories" "$T/index.json"
rest=$(cd "$T" && ls -A | grep -vx manifest.json)
hostile() {	# text, file, tar's words
	_t=$1 _f=$H/$ALICE/$2
	shift 2
	(cd "$T" && tar -cf "$_f" "$@") || row 1 "tar $* (set-up)"
	chmod 0644 "$_f"
	loads "$_t" "${_f##*/}"
}
cp "$T/manifest.json" "$T/real"
ln -s real "$T/soft"
printf '[]' >"$T/none"
deep=$(printf 'x/%.0s' $(seq 90))
# shellcheck disable=SC2086
{
	hostile "$BT" last.tar $rest manifest.json
	hostile "$BT" first.tar manifest.json $rest
	hostile "$BT" long.tar --format=gnu $rest \
	    --transform "s,^real,${deep}manifest.json," real
	hostile "$BT" pax.tar --format=pax $rest \
	    --transform "s,^real,${deep}manifest.json," real
	hostile "$BT" sub.tar $rest --transform 's,^real,d/manifest.json,' real
	hostile 'a link' soft.tar $rest real \
	    --transform 's,^soft,manifest.json,' soft
	ln "$T/real" "$T/hard"
	hostile 'a link' hard.tar $rest real \
	    --transform 's,^hard,manifest.json,H' hard
	hostile "$BT" twice.tar $rest manifest.json \
	    --transform 's,^none,./manifest.json,' none
	hostile "$BT" twice2.tar --transform 's,^none,manifest.json,' none \
	    $rest manifest.json
}
for k in repotags REPOTAGS 'RepoTag\xc5\xbf' 'RepoTags\\u0000'; do
	sed "s/RepoTags/$k/" "$T/manifest.json" >"$T/real"
	# shellcheck disable=SC2086
	hostile 'manifest.json' key.tar $rest \
	    --transform 's,^real,manifest.json,' real
done
sed 's/"RepoTags"/"RepoTags":null,&/' "$T/manifest.json" >"$T/real"
# shellcheck disable=SC2086
hostile 'manifest.json' dup.tar $rest --transform 's,^real,manifest.json,' real
printf '[]' | cat - "$T/manifest.json" >"$T/real"
# shellcheck disable=SC2086
hostile 'manifest.json' two.tar $rest --transform 's,^real,manifest.json,' real
printf '{"schemaVersion":2,"manifests":[{"digest":"sha256:0","annotations":{"io.containerd.image.name":"docker.io/library/ds01i-b:1"}}]}' \
    >"$T/index.json"
hostile "$BT" index.tar index.json
rm -f "$T/index.json"
printf '{"ds01i-b":{"1":"0"}}' >"$T/repositories"
hostile "$BT" old.tar repositories
rm -f "$T/repositories"
if command -v xz >/dev/null; then
	run $ALICE sh -c 'xz -k b.tar'
	loads 'compressed' b.tar.xz
fi
if command -v bzip2 >/dev/null; then
	run $ALICE sh -c 'bzip2 -k b.tar'
	loads 'compressed' b.tar.bz2
fi
run $ALICE sh -c '{ gzip -c last.tar; echo; } >tail.gz; : | gzip -c >empty.gz
	cat empty.gz empty.gz >joined.gz; gzip -c last.tar >>joined.gz'
keeps "$BT" $ALICE docker load -i tail.gz
keeps "$BT" $ALICE docker load -i joined.gz
printf 'no tar at all, but long enough to look like something%0600d' 0 \
    >"$H/$ALICE/junk"
chmod 0644 "$H/$ALICE/junk"
loads 'not a tar' junk
# a big body behind the refusal is read away, and the text is shown
head -c 64000000 /dev/zero >"$T/zzz"
(cd "$T" && tar -cf "$H/$ALICE/big.tar" manifest.json zzz)
chmod 0644 "$H/$ALICE/big.tar"
loads "$BT" big.tar
rm -f "$H/$ALICE"/*.tar* "$H/$ALICE"/*.gz "$T/zzz"
# what dockerd would read whole is not big, and big layers are
mkdir "$T/bomb" "$T/bomb/0"
head -c 67108864 /dev/zero | tr '\0' ' ' >"$T/bomb/c.json"
ln -s c.json "$T/bomb/soft"
ln "$T/bomb/c.json" "$T/bomb/0/json"
bomb() {	# Config, members in their order: 64 MiB in 64 KiB
	printf '[{"Config":"%s","RepoTags":null,"Layers":[]}]' "$1" \
	    >"$T/bomb/manifest.json"
	shift
	(cd "$T/bomb" && tar -czf "$H/$ALICE/bomb.tgz" "$@") ||
	    row 1 "tar $* (set-up)"
	chmod 0644 "$H/$ALICE/bomb.tgz"
	loads 'too big to be read at once' bomb.tgz
}
bomb c.json c.json manifest.json
bomb c.json manifest.json c.json
bomb soft c.json soft manifest.json
bomb 0/x 0/json manifest.json
head -c 30000000 /dev/urandom >"$H/$ALICE/empty/big"
printf 'FROM %s\nCOPY big /big\nCOPY big /big2\n' $IMAGE \
    >"$H/$ALICE/Dockerfile.big"
chmod 0644 "$H/$ALICE/Dockerfile.big" "$H/$ALICE/empty/big"
may $ALICE env DOCKER_BUILDKIT=0 docker build -q -t ds01i-big \
    -f Dockerfile.big empty
one=$(id_of ds01i-big)
may $ALICE sh -c 'docker save ds01i-big ds01i-a:1 >big.tar &&
	docker rmi ds01i-big && docker load -q -i big.tar'
is "$(id_of ds01i-big)" "$one" 'big layers are saved and loaded'
may $ALICE sh -c 'docker rmi ds01i-big && gzip -1 <big.tar | docker load -q'
is "$(id_of ds01i-big)" "$one" '… by gzip, too'
rm -rf "$T/bomb" "$H/$ALICE/bomb.tgz" "$H/$ALICE/big.tar" \
    "$H/$ALICE/empty/big"

# --- a tag that is being made is kept until it is made
mkfifo "$WORK/f"
chmod 0666 "$WORK/f"
as $ALICE docker import - ds01i-race <"$WORK/f" >"$WORK/race" 2>&1 &
job=$!
exec 8>"$WORK/f"
i=0
while [ $i -lt 100 ]; do
	run $BOB docker commit nothing-here ds01i-race
	run $BOB docker tag ds01i-b:1 ds01i-race
	[ $RC -eq 0 ] || break
	direct rmi ds01i-race >/dev/null 2>&1
	i=$((i + 1))
done
grep -q 'somebody who is making it now' "$ERR"
row $? 'a tag that somebody is making is not made by another meanwhile'
tar -C "$T" -c none >&8
exec 8>&-
wait $job
row $? '… and he who makes it gets it'
refused "belongs to $ALICE" $BOB docker tag ds01i-b:1 ds01i-race
# one's own names are kept by nobody else
for n in ds01i-free2:1 $ALICE/app:1 $ALICE/x; do
	as $ALICE docker import - $n <"$WORK/f" >"$WORK/race" 2>&1 &
	job="$job $!"
done
exec 8>"$WORK/f"
i=0
while [ $i -lt 100 ]; do
	run $BOB docker commit nothing-here ds01i-free2:1
	run $BOB docker tag ds01i-b:1 ds01i-free2:1
	[ $RC -eq 0 ] || break
	direct rmi ds01i-free2:1 >/dev/null 2>&1
	i=$((i + 1))
done
grep -q 'making it now: ds01i-free2:1 (wait until user [0-9]* is done' "$ERR"
row $? 'a request that never ends keeps its own free name'
may $BOB docker tag ds01i-b:1 $BOB/app:1
may $BOB docker tag ds01i-b:1 ds01i-b:2
refused "belongs to $BOB" $ALICE docker commit ds01i-ca $BOB/app:2
may $BOB docker tag ds01i-b:1 $BOB/app:2
# … nor does who is refused keep a name, however often she asks
flood POST "/images/create?fromImage=$BOB/app&tag=1" 100
for n in 1 2 3 4 5; do
	may $BOB docker tag ds01i-b:1 $BOB/app:1
done
quiet 200
flood POST "/images/$IMAGE/tag?repo=ds01i-bobs&tag=2" 100
for n in 1 2 3 4 5; do
	may $BOB docker tag ds01i-b:1 ds01i-bobs:2
	may $BOB docker rmi ds01i-bobs:2
done
quiet 200
may $BOB docker rmi $BOB/app:1 $BOB/app:2
exec 8>&-
# shellcheck disable=SC2086
wait $job

# --- reserved labels of what an image is made of
printf 'FROM %s\nLABEL ds01.protected=true ds01.gate=00 aime.mlc.USER=%s\n' \
    $IMAGE $BOB | DOCKER_BUILDKIT=0 direct build -q -t ds01i-evil - >/dev/null 2>&1
printf 'FROM ds01i-evil\n' >"$H/$ALICE/Dockerfile.evil"
chmod 0644 "$H/$ALICE/Dockerfile.evil"
may $ALICE env DOCKER_BUILDKIT=0 docker build -q -t ds01i-inherit \
    -f Dockerfile.evil empty
is "$(direct image inspect -f '{{index .Config.Labels "ds01.user"}},{{index .Config.Labels "ds01.protected"}},{{index .Config.Labels "ds01.gate"}},{{index .Config.Labels "aime.mlc.USER"}}' ds01i-inherit)" \
    "$ALICE,false,," 'a classic build inherits no reserved label'

# --- what an administrator made under a name that others may have registered
cat >"$WORK/registry.pl" <<'END'
# a registry on loopback: manifests/NAME/REF and blobs of a directory
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use IO::Socket::INET;
my ($dir, $port) = @ARGV;
my $listen = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port", Listen => 9,
    ReuseAddr => 1) or die;
while (my $c = $listen->accept) {
	my ($verb, $path) = (<$c> // '') =~ m,^(\w+) /v2/(\S*), or next;
	1 while (<$c> // '') =~ /\S/;
	my ($type, $file) = ('application/octet-stream', '');
	$file = $1 if $path =~ m,/blobs/sha256:(\w+)$,;
	if ($path =~ m,^(.*)/manifests/(?:sha256:)?(\S+)$,) {
		$type = 'application/vnd.docker.distribution.manifest.v2+json';
		($file = "$1_$2") =~ s,/,_,g;
	}
	my $body = $path eq '' ? '{}' : -f "$dir/$file" ?
	    do { local (@ARGV, $/) = "$dir/$file"; <> } : undef;
	printf $c "HTTP/1.1 %s\r\nContent-Type: $type\r\nConnection: close\r\n" .
	    "Docker-Content-Digest: sha256:%s\r\nContent-Length: %d\r\n\r\n%s",
	    defined $body ? '200 OK' : '404 Not Found',
	    sha256_hex($body // ''), length($body // ''),
	    $verb eq 'HEAD' ? '' : $body // '';
	close $c;
}
END
REG=127.0.0.1:$((5990 + ${RUN:-5}))
mkdir "$WORK/reg"
nsenter -t "$(cat "$ENGINE_DIR/docker.pid")" -n perl "$WORK/registry.pl" \
    "$WORK/reg" ${REG#*:} >/dev/null 2>&1 &
registry=$!
serve() {	# tag, image: the registry has the image under it
	rm -rf "$WORK/t"
	mkdir "$WORK/t"
	direct save "$2" | tar -C "$WORK/t" -x
	python3 - "$WORK/t" "$WORK/reg" "$1" <<-'END'
	import hashlib, json, os, sys
	top, to, ref = sys.argv[1:]
	m = json.load(open(top + '/manifest.json'))[0]
	def put(name):
	    data = open(os.path.join(top, name), 'rb').read()
	    d = hashlib.sha256(data).hexdigest()
	    open(to + '/' + d, 'wb').write(data)
	    return {'size': len(data), 'digest': 'sha256:' + d}
	kind = 'application/vnd.docker.'
	text = json.dumps({'schemaVersion': 2,
	    'mediaType': kind + 'distribution.manifest.v2+json',
	    'config': dict(put(m['Config']), mediaType=kind + 'container.image.v1+json'),
	    'layers': [dict(put(l), mediaType=kind + 'image.rootfs.diff.tar')
	        for l in m['Layers']]}).encode()
	name, tag = ref.replace('/', '_').split(':')
	d = hashlib.sha256(text).hexdigest()
	for r in tag, d:
	    open('%s/%s_%s' % (to, name, r), 'wb').write(text)
	print(d)
	END
}
admins() {	# tag, content: built on the engine's own socket
	printf 'FROM %s\nLABEL c=%s\n' $IMAGE "$2" |
	    DOCKER_BUILDKIT=0 direct build -q -t "$1" - >/dev/null 2>&1
}
place_config 'policy:' '  default:' "    registries: ['$REG', docker.io]"
admins $REG/lab/tool:1 honest
admins $REG/lab/other:1 other
d=$(serve lab/tool:2 $REG/lab/tool:1)
serve lab/tool:1 $REG/lab/other:1 >"$WORK/d2"
serve lab/pulled:1 $REG/lab/other:1 >"$WORK/d2"
may $BOB docker tag $IMAGE $REG/$BOB/u:1
serve $BOB/u:1 $REG/lab/other:1 >"$WORK/d2"
before=$TAGS
TAGS="$REG/lab/tool:1 $REG/$BOB/u:1"
remember_tags
keeps "$AT" $ALICE docker pull $REG/lab/tool:1
# containerd wants TLS here; and no image in its store counts as a registry's,
# so that nothing but one's own is refreshed there
if [ -z "$STORE" ]; then
	keeps "$AT" $ALICE docker push $REG/lab/tool:1
	keeps "$BT" $ALICE docker push $REG/$BOB/u:1
	keeps 'push one tag' $ALICE docker push -a $REG/lab/tool
	# a digest of it is written to the image by whoever pulls the same from there
	may $ALICE docker pull $REG/lab/tool@sha256:"$d"
	direct image inspect -f '{{.RepoDigests}}' $REG/lab/tool:1 |
	    grep -qF "$REG/lab/tool@sha256:$d"
	row $? '… and the image has it'
	keeps "$AT" $ALICE docker pull $REG/lab/tool:1
	direct push $REG/$BOB/u:1 >/dev/null 2>&1
	keeps "$BT" $ALICE docker pull $REG/$BOB/u:1
	# what was loaded counts so as soon as it was named once more
	direct save -o "$WORK/l.tar" $REG/lab/tool:1
	direct rmi -f "$(id_of $REG/lab/tool:1)" >/dev/null
	direct load -q -i "$WORK/l.tar" >/dev/null
	direct tag $REG/lab/tool:1 $REG/lab/tool:1
	may $ALICE docker pull $REG/lab/tool@sha256:"$d"
	keeps "$AT" $ALICE docker pull $REG/lab/tool:1
	# what was pulled is refreshed, as long as it has no further name
	may $ALICE docker pull $REG/lab/pulled:1
	is "$(id_of $REG/lab/pulled:1)" "$(id_of $REG/lab/other:1)" 'it is there'
	direct rmi $REG/lab/pulled:1 $REG/lab/other:1 >/dev/null
	may $ALICE docker pull $REG/lab/pulled:1
	admins ds01i-third third
	serve lab/pulled:1 ds01i-third >"$WORK/d2"
	may $BOB docker pull $REG/lab/pulled:1
	is "$(id_of $REG/lab/pulled:1)" "$(id_of ds01i-third)" 'a pull refreshes it'
fi
kill $registry
place_config
TAGS=$before
remember_tags

# --- names that docker's tools run by themselves are pulled only
DT='this image tag belongs to docker itself, and is only pulled'
for t in docker/dockerfile:1 docker.io/docker/buildkit-syft-scanner:stable-1 \
    moby/buildkit:buildx-stable-1 index.docker.io/tonistiigi/binfmt; do
	keeps "$DT" $ALICE docker tag ds01i-a:1 $t
	keeps "$DT" $ALICE docker commit ds01i-ca $t
	build $ALICE $t bad
	[ $RC -ne 0 ] && grep -qF "$DT" "$ERR"
	row $? "$ALICE docker build -t $t -> refused"
done
tar_of tool.tar docker/dockerfile:1
loads "$DT" tool.tar
if [ -n "$BKIT" ]; then
	keeps "$DT" $ALICE docker buildx build -q --load \
	    -t docker/dockerfile:1 -f Dockerfile.one empty
fi
for t in team/app:1 lab.example/docker/app:1; do
	may $ALICE docker tag ds01i-a:1 $t
	may $ALICE docker rmi $t
done

# --- prune, administrators, and the key
his=$(as $BOB docker commit "$(as $BOB docker create --pull never $IMAGE true)")
hers=$(as $ALICE docker commit "$(as $ALICE docker create --pull never $IMAGE true)")
may $ALICE docker image prune -f --filter label=nosuch
ok 'prune keeps to its filter' direct image inspect "$hers"
may $ALICE docker image prune -f
fails 'prune takes hers without a tag' direct image inspect "$hers"
may $ALICE docker image prune -af
ok '… and not his' direct image inspect "$his"
stand 'image prune -af'
place_config 'isolation_mode: monitoring'
may $ALICE docker tag ds01i-a:1 ds01i-free:1
tar_of m.tar ds01i-free:1
may $ALICE docker load -i m.tar
place_config
direct tag $IMAGE ds01i-free:1
may $CAROL docker tag ds01i-a:1 ds01i-b:2
may $CAROL docker rmi ds01i-b:2
place_config 'images: shared'
may $ALICE docker tag ds01i-a:1 ds01i-b:1
may $ALICE docker tag $IMAGE ds01i-anything
may $ALICE docker rmi ds01i-b:1 ds01i-anything
tar_of b.tar ds01i-b:1
may $ALICE docker load -i b.tar
is "$(id_of ds01i-b:1)" "$A1" '"images: shared" lets everybody do everything'
place_config

# --- registries that may be pulled from and pushed to
place_config 'policy:' '  default:' "    registries: ['127.0.0.1:1']"
T='registry or image'
refused "$T" $ALICE docker pull busybox
refused "$T" $ALICE docker pull 127.0.0.1:2/x
refused "$T" $ALICE docker pull registry.example/x
as $ALICE docker tag $IMAGE $ALICE/up
refused "$T" $ALICE docker push $ALICE/up
for c in pull push; do
	as $ALICE docker tag $IMAGE 127.0.0.1:1/$ALICE/up
	run $ALICE docker $c 127.0.0.1:1/$ALICE/up
	[ $RC -ne 0 ] && ! grep -qF "$T" "$ERR"
	row $? "$c is tried where it may be"
done
place_config

# --- a container says of which image it was judged; of another it stays shut,
# whoever made it so and however long ago
own() {	# name, the image it says
	direct create --name "$1" --label "ds01.user=$ALICE" --label ds01.gate=1 \
	    --label "ds01.image=$2" $IMAGE true >/dev/null
}
own ds01i-true "$(id_of $IMAGE)"
own ds01i-swapped "sha256:$(printf '%064d' 0)"
may $ALICE docker start ds01i-true
may $ALICE docker cp ds01i-true:/etc/passwd copied
T='of ds01i-swapped became another one'
for p in POST:start POST:restart; do
	api_refused 409 "$T" $ALICE ${p%:*} "/containers/ds01i-swapped/${p#*:}"
done
refused "$T" $ALICE docker cp ds01i-swapped:/etc/passwd copied
may $CAROL docker start ds01i-swapped
finish
