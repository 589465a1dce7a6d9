#!/bin/sh
# The way out of a container that no request shows: root inside and a shell
# outside, of the same user.  Closed by userns-remap, or by having no root.
. "$(dirname "$0")/../lib/e2e.sh"
begin
U=$(id -u $ALICE) G=$(id -g $ALICE)
PRIZE=$PLACE/prize
install -d -m 0755 "$PRIZE"
D=$PLACE/home/$ALICE/dir
as $ALICE sh -c 'mkdir dir && echo mine >dir/f'
ok 'the tool builds' gcc -static -o "$WORK/escape" "$TOP/tests/e2e/escape.c"
chmod 755 "$WORK/escape"
# Root serves, and beside it lives a process with alice's own ids.  Its root
# directory is her road to root's socket.
attempt() {	# what
	as $ALICE docker rm -f ds01t-out >/dev/null 2>&1
	rm -f "$PRIZE/escaped"
	as $ALICE docker run -d --pull never --name ds01t-out \
	    ds01t-armed sh -c \
	    "su me -c 'exec sleep 3599' & exec /escape serve /s" \
	    >"$OUT" 2>"$ERR" </dev/null
	_i=0
	until _p=$(pgrep -u "$U" -f 'sleep 3599' | head -n 1) &&
	    [ -S "/proc/$_p/root/s" ] || [ $_i -gt 30 ]; do
		_i=$((_i + 1))
		sleep 0.1
	done
	as $ALICE "$WORK/escape" give "/proc/${_p:-0}/root/s" "$PRIZE" \
	    >>"$OUT" 2>>"$ERR"
	RC=$?
	[ $RC -eq 0 ] && direct wait ds01t-out >/dev/null
	[ ! -e "$PRIZE/escaped" ]
}

# An image that has what the attempt needs, made by the judge.
mkdir "$WORK/x"
cp -a "$PLACE/base/." "$WORK/x/"
cp "$WORK/escape" "$WORK/x/escape"
echo "me:x:$U:$G::/:/bin/sh" >>"$WORK/x/etc/passwd"
tar -C "$WORK/x" -c . | direct import --change 'ENV PATH=/bin' - ds01t-armed >/dev/null

run $ALICE docker run --rm --pull never $IMAGE id -u
if remaps; then
	is "$(cat "$OUT")" 0 'there is root in containers'
	attempt
	row $? 'userns-remap: root inside with a shell outside stays inside'
else
	# Not a promise, but what README says of such an engine: if this
	# stops being so, it has to be said differently.
	attempt
	[ $? -ne 0 ]
	row $? 'no userns-remap: root inside gets out, as README warns'
fi

# --- container_root: remapped
place_config 'policy:' '  default:' '    container_root: remapped'
run $ALICE docker run --rm --pull never $IMAGE id
if remaps; then
	shows 'uid=0(root)' 'remapped: root where the engine remaps'
	may $ALICE docker create --pull never $IMAGE true
else
	shows "uid=$U gid=65534" 'remapped: no root where the engine does not'
	run $ALICE docker run --rm --pull never -u 0 --cap-add CHOWN $IMAGE id
	shows "uid=$U gid=65534" '… whatever is asked for'
	cp "$ERR" "$OUT"
	shows 'no userns-remap' '… and a warning says so'
	attempt
	row $? '… so it does not get out'
	as $ALICE sh -c 'mkdir ctx; echo "FROM '$IMAGE'
RUN id" >ctx/Dockerfile'
	refused 'root in a container' $ALICE env DOCKER_BUILDKIT=0 docker build ctx
	api_refused 403 'root in a container' $ALICE POST /grpc
	api_refused 403 'root in a container' $ALICE POST /session
fi

# --- container_root: no
place_config 'policy:' '  default:' '    container_root: no'
run $ALICE docker run --rm --pull never $IMAGE id
shows "uid=$U gid=65534" 'no: never root'
attempt
row $? '… and no way out'
place_config

# --- a confined container: its user may not look into it from outside,
# where files of the image are as the image wants them
mknod -m 666 "$WORK/x/null" c 1 3
tar -C "$WORK/x" -c . | direct import --change 'ENV PATH=/bin' - ds01t-armed >/dev/null
run $ALICE docker run -d --pull never -v "$PLACE/home/$ALICE:/home" --name ds01t-in ds01t-armed sleep 3598
row $RC 'a container with the home'
P=$(direct inspect -f '{{.State.Pid}}' ds01t-in)
is "$(awk '/^Uid:/ { print $2 }' "/proc/$P/status")" "$U" 'it has its user'"'"'s uid on the host'
[ -c "/proc/$P/root/null" ]; row $? 'a device node is in its image'
run $ALICE ls "/proc/$P/root/"
[ $RC -ne 0 ]; row $? '… which its user cannot reach from outside'
run $ALICE docker exec ds01t-in sh -c 'cat /home/dir/f; echo new >/home/dir/new; id'
shows mine 'its files are its user'"'"'s inside'
is "$(stat -c %U "$D/new")" $ALICE 'and outside'
as $ALICE docker exec -d -u 0 ds01t-in sleep 3597
P=$(pgrep -u "$U" -f 'sleep 3597' | head -n 1)
[ -n "$P" ]; row $? 'an exec is the user too'
run $ALICE ls "/proc/${P:-1}/root/"
[ $RC -ne 0 ]; row $? '… and is closed as well'
direct rm -f ds01t-in ds01t-out >/dev/null 2>&1
rm -rf "$PRIZE" "$D"
finish
