#!/bin/sh
# Directories of the host: what can be mounted, as whom, and what never can.
# (design 5; ds01-wrapper 13 D; peers C0.6, E1)
. "$(dirname "$0")/../lib/e2e.sh"
begin
H=$PLACE/home/$ALICE
U=$(id -u $ALICE)
G=$(id -g $ALICE)
ROOTS="policy: {default: {binds: ['~', '$PLACE/data', '$PLACE/tmp']}}"
NEW=$(api_at_least 45 && echo yes)
WARNING='without root, capabilities and new privileges'

mine() {	# directories in alice's home
	for d in "$@"; do
		install -d -o $ALICE -g "$G" "$H/$d"
	done
}
clear_home() {
	rm -rf "$H/work" "$H/app" "$H/made" "$H/x y" "$H/new" "$H"/to-* \
	    "$H/out" "$H/sock" "$H/fifo" "$H/..data" "$PLACE/data/a" \
	    "$PLACE/data/b" "$PLACE/data/c"
}
clear_home
mine work 'x y' ..data
echo input >"$H/work/in"
echo input >"$H/x y/in"
chown -R $ALICE: "$H/work" "$H/x y"
install -d -m 0700 -o $BOB "$PLACE/home/$BOB/open"
echo secret >"$PLACE/home/$BOB/open/in"

D='docker run --rm --pull never'
# Reads, writes, and says who it is.
S='cat /w/in; id -u; id -g; echo made >/w/out'
does() {	# shell command of alice's: works as herself and says so
	rm -f "$H/work/out" "$H/out"
	run $ALICE sh -c "cd work && $1"
	is "$RC $(tr '\n' ' ' <"$OUT")" "0 input $U 65534 " "$1"
	grep -qF "$WARNING" "$ERR"
	row $? '… with a warning that says what differs'
	is "$(stat -c %u "$H/work/out" "$H/out" 2>/dev/null)" "$U" \
	    '… what it writes is hers'
}

# --- the home as a whole: on every engine
cp "$H/work/in" "$H/in"
# shellcheck disable=SC2016
does "$D -v \"\$HOME:/w\" $IMAGE sh -c '$S'"
does "$D -v $H/:/w $IMAGE sh -c '$S'"
does "$D --mount type=bind,src=$H,dst=/w $IMAGE sh -c '$S'"
rm -f "$H/out"
run $ALICE $D -v "$H:/w:ro" $IMAGE touch /w/out
[ $RC -ne 0 ] && [ ! -e "$H/out" ]; row $? 'read-only is read-only'

# --- what is below it
if [ -n "$NEW" ]; then
	# shellcheck disable=SC2016
	does "$D -v \$PWD:/w $IMAGE sh -c '$S'"
	does "$D -v ~/work:/w:rw,z $IMAGE sh -c '$S'"
	does "$D -v .:/w $IMAGE sh -c '$S'"
	# older clients pass that on as it is
	api_at_least 51 && does "$D -v ../work:/w $IMAGE sh -c '$S'"
	does "$D -v $H/../$ALICE//work/.:/w $IMAGE sh -c '$S'"
	does "$D --mount type=bind,source=\$PWD,target=/w $IMAGE sh -c '$S'"
	does "$D --mount type=bind,src=\$PWD,dst=/w,consistency=cached,bind-propagation=rprivate $IMAGE sh -c '$S'"
	does "$D -v \$PWD:/w -w /w $IMAGE sh -c 'cd /w; $S'"
	does "$D -v \$PWD:/w -v vol:/v -v '$H/x y:/y:ro' $IMAGE sh -c '$S'"
	may $ALICE $D -v "$H/work:/d:ro" $IMAGE \
	    sh -c 'cat /d/in && ! touch /d/out'
	shows input '… :ro is read-only'
	may $ALICE $D --mount "type=bind,src=$H/work,dst=/d,readonly" $IMAGE \
	    sh -c 'cat /d/in && ! touch /d/out'
	may $ALICE $D -v "$H/x y:/d" $IMAGE cat /d/in
	may $ALICE $D -v "$H/..data:/d" $IMAGE ls /d
	may $ALICE $D -v "$H/work/in:/f" $IMAGE \
	    sh -c 'cat /f && echo changed >>/f'
	shows input '… a single file'
	is "$(cat "$H/work/in")" "$(printf 'input\nchanged')" \
	    '… which is written to'
	may $ALICE $D --mount "type=bind,src=$H/work/in,dst=/f,ro" $IMAGE \
	    cat /f
	may $ALICE $D -v "$H/made/by/him:/m" $IMAGE touch /m/x
	is "$(stat -c %u:%g "$H/made" "$H/made/by/him" | sort -u)" "$U:$G" \
	    'a directory that is missing is made as the user'
	refused 'no such file' $ALICE $D \
	    --mount "type=bind,src=$H/no,dst=/m" $IMAGE true
	ln -s work "$H/to-work"
	may $ALICE $D -v "$H/to-work:/d" $IMAGE cat /d/in
else
	for o in "-v $H/work:/w" "-v $H/work/in:/f" \
	    "--mount type=bind,src=$H/work,dst=/w"; do
		refused 'Docker Engine 26 (API 1.45) or newer is needed' \
		    $ALICE $D $o $IMAGE true
		grep -qF 'your home as a whole, or use a volume' "$ERR"
		row $? '… and it says what would be accepted'
	done
fi
rm -f "$H/in" "$H/work/out" "$H/out"

# --- compose
if [ -n "$NEW" ] && as $ALICE docker compose version >/dev/null 2>&1; then
	mine app app/src
	cat >"$H/app/compose.yaml" <<-END
	services:
	  web:
	    image: $IMAGE
	    pull_policy: never
	    stop_signal: SIGKILL
	    command: sh -c 'id -u >/src/out; exec sleep 3600'
	    volumes: ["./src:/src", "cache:/cache"]
	# with userns-remap a volume is for one kind of containers
	volumes: {cache: {labels: {ds01.confined: "true"}}}
	END
	LIMIT=120
	C="docker compose -p ds01t-b -f app/compose.yaml"
	may $ALICE $C up -d --quiet-pull
	may $ALICE $C exec -T web cat /src/out
	shows "$U" '… the service runs as its user'
	is "$(stat -c %u "$H/app/src/out")" "$U" '… and writes as him'
	may $ALICE $C up -d --force-recreate -t 0
	may $ALICE $C down -v -t 0
	LIMIT=60
fi

# --- never, whatever is asked for
perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0);
    bind(S, sockaddr_un($ARGV[0])) or die' "$H/sock"
mkfifo "$H/fifo"
chown $ALICE "$H/sock" "$H/fifo"
ln -s /etc "$H/to-etc"
ln -s / "$H/to-root"
ln -s "$PLACE/home/$BOB" "$H/to-bob"
ln -s "$ENGINE_SOCKET" "$H/to-sock"
ln -s /proc/self/root "$H/to-proc"
never() {
	for p in "$@"; do
		refused 'cannot be mounted' $ALICE $D -v "$p:/h" $IMAGE true
		refused 'cannot be mounted' $ALICE $D \
		    --mount "type=bind,src=$p,dst=/h,readonly" $IMAGE true
	done
}
SYSTEM="/ // /. /.. /etc /etc/passwd /proc /proc/self/root /proc/self/cwd
	/proc/self/root$H /proc/1/root/etc /sys /dev /dev/shm /run /boot /root
	/var /var/run/docker.sock /var/lib /var/lib/docker /run/docker.sock
	/var/run /run/containerd/containerd.sock /../etc //etc
	$ENGINE_SOCKET $ENGINE_DIR $ENGINE_DIR/data $ENGINE_DIR/exec
	$PLACE $PLACE/run $PLACE/run/ds01-docker $PLACE/var/lib/ds01 /opt
	$H/sock $H/fifo $H/to-etc $H/to-root $H/to-etc/passwd $H/to-sock
	$H/to-proc $H/to-root/etc $H/../../../../etc $H/work/../../../../run"
never $SYSTEM
never "$PLACE/home" "$PLACE/home/$BOB" "$PLACE/home/$BOB/open" "$H/to-bob" \
    "$H/to-bob/open" "$H/../$BOB" /usr /tmp /home "$PLACE/usr/bin/ds01-docker"
as $ALICE ds01-docker-session sh -c 'echo "${DOCKER_HOST#unix://}"; sleep 20' \
    >"$WORK/host" 2>/dev/null &
SESSION=$!
until [ -s "$WORK/host" ] || ! kill -0 $SESSION; do sleep 0.1; done
never "$(cat "$WORK/host")"
kill $SESSION 2>/dev/null
place_config "policy: {default: {binds: ['~', /]}}"
run $ALICE docker version
never $SYSTEM
place_config

# --- no options that reach the host
for o in shared rshared slave rslave; do
	refused 'ermission denied' $ALICE $D -v "$H:/h:$o" $IMAGE true
	refused 'ermission denied' $ALICE $D --mount \
	    "type=bind,src=$H,dst=/h,bind-propagation=$o" $IMAGE true
done
I="\"Image\":\"$IMAGE\""
while read -r n b; do
	answers "$n" $ALICE POST "/containers/create?name=ds01t-try" \
	    "{$I,\"HostConfig\":$b}"
	direct rm -f ds01t-try >/dev/null 2>&1
done <<END
403 {"Binds":["work:/h","../x:/h"]}
403 {"Binds":["./work:/h"]}
403 {"Binds":["~/work:/h"]}
403 {"Mounts":[{"Type":"bind","Source":"work","Target":"/h"}]}
403 {"Mounts":[{"Type":"bind","Source":"","Target":"/h"}]}
403 {"Mounts":[{"Type":"Bind","Source":"$H","Target":"/h"}]}
403 {"Mounts":[{"Type":"npipe","Source":"$H","Target":"/h"}]}
403 {"Mounts":[{"Type":"volume","Source":"$H","Target":"/h"}]}
403 {"Mounts":[{"Type":"bind","Source":"$H","Target":"/"}]}
403 {"Mounts":[{"Type":"bind","Source":"$H/no","Target":"/h"}]}
400 {"Mounts":[{"Type":"bind","Source":"$H\u0000/etc","Target":"/h"}]}
400 {"Mounts":[{"type":"bind","Source":"/","Target":"/h"}]}
400 {"Binds":["$H:/h:ro:z"]}
END

# --- further roots of a group; file systems without setuid and devices
install -d -m 0755 -o $ALICE "$PLACE/data/a" "$PLACE/data/a/sub"
install -d -m 0755 -o $BOB "$PLACE/data/b" "$PLACE/data/b/sub"
install -d -m 0700 "$PLACE/data/c"
for d in a b c; do echo "in $d" >"$PLACE/data/$d/in"; done
chmod 0600 "$PLACE/data/b/in"
chown $BOB "$PLACE/data/b/in"
never "$PLACE/data" "$PLACE/data/a"
place_config "policy: {'@$BOB': {binds: ['$PLACE/data']}}"
never "$PLACE/data/a"
place_config "policy: {'@$ALICE': {binds: ['$PLACE/data']}}"
run $ALICE docker version
free() {	# options: root inside, and no warning
	run $ALICE $D "$@" $IMAGE sh -c 'id -u; touch /w/made'
	is "$RC $(cat "$OUT")" '0 0' "$* has root inside"
	grep -qF "$WARNING" "$ERR"
	[ $? -eq 1 ]; row $? '… and no warning'
}
confined() {	# options
	run $ALICE $D "$@" $IMAGE id -u
	is "$RC $(cat "$OUT")" "0 $U" "$* is confined"
}
if remaps; then		# root inside is nobody to these files
	confined -v "$PLACE/data/a:/w"
	confined -v "$PLACE/data/a/sub:/w"
else
	free -v "$PLACE/data/a:/w"
	is "$(stat -c %u "$PLACE/data/a/made")" 0 '… whose files are left behind'
	[ -z "$NEW" ] || free -v "$PLACE/data/a/sub:/w"
fi
confined -v "$PLACE/data/a:/w" -v "$H:/x"
confined -v "$PLACE/data:/w:ro"
confined -v "$PLACE/data/b:/w"
run $ALICE $D -v "$PLACE/data/b:/w" $IMAGE cat /w/in
[ $RC -ne 0 ] && ! grep -q 'in b' "$OUT"; row $? "bob's secret stays his"
run $ALICE $D -v "$PLACE/data/c:/w" $IMAGE cat /w/in
[ $RC -ne 0 ] && ! grep -q 'in c' "$OUT"; row $? "so does root's"
refused 'as a whole' $ALICE $D -v "$PLACE/data/b/sub:/w" $IMAGE true
mount -t tmpfs -o size=1m ds01-test "$PLACE/data/a/sub"
confined -v "$PLACE/data/a:/w"
refused 'another file system' $ALICE $D -v "$PLACE/data/a/sub:/w" $IMAGE true
umount "$PLACE/data/a/sub"
if ! remaps; then
	fresh $ALICE ds01t-free -v "$PLACE/data/a:/w"
	may $ALICE docker exec -u 0 ds01t-free touch /w/by-root
	may $ALICE docker cp ds01t-free:/w/in copied
fi
place_config "policy: {default: {binds: ['~', '$PLACE/data/to-a']}}"
ln -sfn a "$PLACE/data/to-a"
may $ALICE $D -v "$PLACE/data/to-a:/w" $IMAGE cat /w/in
rm -f "$PLACE/data/to-a"
place_config

# --- what was made stays what it is, whatever becomes of its directory
if [ -n "$NEW" ]; then
	fresh $ALICE ds01t-later -v "$H/work:/w"
	may $ALICE docker stop -t 0 ds01t-later
	mv "$H/work" "$H/new"
	for to in /etc "$PLACE/home/$BOB" "../$BOB" "$PLACE" /; do
		ln -sfn "$to" "$H/work"
		run $ALICE docker start ds01t-later
		[ $RC -ne 0 ]; row $? "a link to $to put there later is not followed"
	done
	ln -sfn new "$H/work"
	may $ALICE docker start ds01t-later
	may $ALICE docker exec ds01t-later cat /w/in
	rm "$H/work"
	mv "$H/new" "$H/work"
fi
clear_home
rm -f "$H/copied"
finish
