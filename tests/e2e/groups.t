#!/bin/sh
# A confined container's file of groups is nobody's to exchange: runc before
# 1.3 reads it at each start and exec (opencontainers/runc#3999); where the
# engine has a newer one nothing is refused for it, and no group comes of it.
. "$(dirname "$0")/../lib/e2e.sh"
begin
H=$PLACE/home/$ALICE
G=65534			# nobody's
rm -rf "$H/w"
as $ALICE mkdir -p "$H/w/sub"
REMAP=$(direct info -f '{{.SecurityOptions}}' | grep userns)
SRC=$H			# what can be mounted on this engine
[ -z "$(api_at_least 45 && echo yes)" ] || SRC=$H/w
D="docker run -d --pull never --name ds01t-g"

image() {	# tag; of what $WORK/root holds
	tar -C "$WORK/root" -c . | direct import --change 'ENV PATH=/bin' \
	    - "$1" >/dev/null
}
groups_are() {	# wanted, what
	run $ALICE docker exec ds01t-g cat /proc/self/status
	is "$(sed -n 's/^Groups:[[:space:]]*//p' "$OUT" | tr -d ' ')" "$1" "$2"
}
# Does the engine's runc look?
VERSION=$(direct version --format \
    '{{range .Server.Components}}{{if eq .Name "runc"}}{{.Version}}{{end}}{{end}}')
case $VERSION in
0.*|1.[012].*) LOOKS=yes ;;
*) LOOKS= ;;
esac
echo "# runc $VERSION"
works() {	# options and image: and nothing comes of it
	run $ALICE $D "$@" sleep 3600
	row $RC "$*"
	groups_are "$G" '… and no other group'
	may $ALICE docker restart -t 0 ds01t-g
	groups_are "$G" '… nor at the next start'
	direct rm -f ds01t-g >/dev/null 2>&1
}
moves() {	# text, options and image: refused, and nothing is left
	_t=$1
	shift
	if [ -z "$LOOKS" ]; then
		works "$@"
		return
	fi
	refuses "$_t" "$@"
}
refuses() {
	_t=$1
	shift
	refused "$_t" $ALICE $D "$@" sleep 3600
	is "$(direct ps -aq --filter name=ds01t-g)" '' '… and it is not there'
	direct rm -f ds01t-g >/dev/null 2>&1
}
cp -a "$PLACE/base" "$WORK/root"

# --- what others use goes on working
ln -s etc "$WORK/root/foo"
mkdir -p "$WORK/root/home/u/a" "$WORK/root/open" "$WORK/root/d/e"
chown -R "$(id -u $ALICE)" "$WORK/root/home/u"
chmod 0777 "$WORK/root/open"
mkdir -p "$WORK/root/tmp"
chmod 1777 "$WORK/root/tmp"
image ds01t-groups
for t in /w /new/deep/er /home/u /open /d/e/f /d/../w /etc/x; do
	run $ALICE $D -v "$SRC:$t" ds01t-groups sleep 3600
	row $RC "a directory at $t"
	groups_are "$G" '… and no other group'
	direct rm -f ds01t-g >/dev/null 2>&1
done
run $ALICE $D -v "$SRC:/w" --tmpfs /run -v /run/lock -v data:/data \
    ds01t-groups sleep 3600
row $RC 'a directory, a tmpfs with a volume in it, and a volume'
direct rm -f ds01t-g >/dev/null 2>&1

# --- a mount that comes out at /etc, or could at the next start
printf '%s:x:6:\n%s:x:7:%s\n' "$G" "$(id -u $ALICE)" "$(id -u $ALICE)" \
    >"$SRC/group"
# what is mounted there is looked at in its place, and is hers
moves '/etc/group' -v "$SRC:/foo" ds01t-groups
moves 'a link' -v "$SRC:/foo/x" ds01t-groups
moves 'a link' -v "$SRC:/w" -v vol:/foo ds01t-groups
moves 'a link' -v "$SRC:/w" --tmpfs /foo ds01t-groups
moves 'another mount' -v "$SRC:/w" -v vol:/w/sub ds01t-groups
moves 'another mount' -v "$SRC:/w" -v /w/sub ds01t-groups
moves 'another mount' -v "$SRC:/w" -v /dev/shm/x ds01t-groups
moves 'can be exchanged' -v "$SRC:/open/a/b" ds01t-groups
# the engine mounts /dev/shm by itself, through a link to /etc, and which of
# many comes first is chance
as $ALICE ln -s ../etc "$SRC/shm"
for d in $(seq 20); do
	set -- "$@" --tmpfs "/t$d/x"
done
if [ -n "$LOOKS" ]; then	# a newer one does not start without /dev/null
	refuses 'mounts itself' "$@" --ipc shareable -v "$SRC:/dev" \
	    ds01t-groups
	refuses 'mounts itself' -v "$SRC:/w" -v dev:/dev ds01t-groups
fi
as $ALICE rm "$SRC/shm"
# with userns-remap nobody of the image is alice
for t in /home/u/a/b /home/u/w; do
	[ -n "$REMAP" ] || moves 'can be exchanged' -v "$SRC:$t" ds01t-groups
done
moves 'can be exchanged' -v "$SRC:/open/a" ds01t-groups
moves 'can be exchanged' -v "$SRC:/tmp/x" ds01t-groups
# a mount is taken off by who has its directory open elsewhere: a volume, or
# a directory handed over a socket
for u in $ALICE $BOB; do	# bob may help her
	chown "$(id -u $u)" "$WORK/root/etc"
	image ds01t-groups-etc
	[ -n "$REMAP" ] ||
	    moves 'can be exchanged' -v "$SRC:/w" ds01t-groups-etc
done
chown 0 "$WORK/root/etc"
tar -C "$WORK/root" -c . | direct import --change 'ENV PATH=/bin' \
    --change 'VOLUME /etc' - ds01t-groups-vol >/dev/null
moves '/etc' -v "$SRC:/w" ds01t-groups-vol
# --- other runtimes: only of crun and of the engine's default is it known
place_config 'policy:' '  default:' '    runtimes: [crun, runc-old]'
works --runtime crun -v "$SRC:/w" -v /w/sub ds01t-groups
works --runtime crun -v "$SRC:/foo" ds01t-groups
refuses 'another mount' --runtime runc-old -v "$SRC:/w" -v /w/sub ds01t-groups
refuses '/etc/group' --runtime runc-old -v "$SRC:/foo" ds01t-groups
run $ALICE $D --runtime runc-old -v "$SRC:/w" ds01t-groups sleep 3600
groups_are "$G" 'an older runc beside it, and a directory'
direct rm -f ds01t-g >/dev/null 2>&1
place_config
rm -rf "$WORK/root/home/u"
mv "$WORK/root/etc" "$WORK/root/etc.d"
ln -s etc.d "$WORK/root/etc"
chmod 0777 "$WORK/root" "$WORK/root/etc.d"
image ds01t-groups-top
# dockerd makes both anew, or the gate refuses
run $ALICE $D -v "$SRC:/w" ds01t-groups-top sleep 3600
if [ $RC -eq 0 ]; then
	run $ALICE docker exec ds01t-g sh -c "mv /etc /e; mkdir /etc
	    mv /etc.d/group /etc.d/g; echo $G:x:6: >/etc/group"
	groups_are "$G" 'an image whose / and /etc are everybodys'
else
	grep -qE 'a link|can be exchanged' "$ERR"
	row $? 'an image whose / and /etc are everybodys: refused'
fi
direct rm -f ds01t-g >/dev/null 2>&1
chmod 0755 "$WORK/root"
rm "$WORK/root/etc"
mv "$WORK/root/etc.d" "$WORK/root/etc"
chmod 0755 "$WORK/root/etc"
rm "$WORK/root/etc/group"
ln -s ../d/group "$WORK/root/etc/group"
image ds01t-groups-file
moves 'a link' -v "$SRC:/w" ds01t-groups-file

# --- started from another connection while it is still being looked at, which
# takes longer the more mounts there are; by a runtime that has to be
place_config 'policy:' '  default:' '    runtimes: [runc-old]'
ln -sfn d "$WORK/root/foo"
rm "$WORK/root/etc/group"
image ds01t-groups
binds="\"$SRC:/foo\""
for i in $(seq 20); do
	binds="$binds,\"ds01t-g$i:/m$i/a/b/c/d/e\""
done
hasty() {	# 403: the start was judged by itself; 404: nothing was there yet
	( api $ALICE POST '/containers/create?name=ds01t-g' \
	    "{\"Image\":\"ds01t-groups\",\"Cmd\":[\"sleep\",\"99\"],\"HostConfig\":{\"Runtime\":\"runc-old\",\"Binds\":[$binds]}}"
	echo "$STATUS" >"$WORK/created" ) &
	maker=$!
	until direct inspect ds01t-g >/dev/null 2>&1 ||
	    ! kill -0 $maker 2>/dev/null; do
		:
	done
	OUT=$WORK/out2 ERR=$WORK/err2 api $ALICE POST /containers/ds01t-g/start
	echo "$STATUS" >>"$WORK/hasty"
	wait $maker
	direct rm -fv ds01t-g >/dev/null 2>&1
}
: >"$WORK/hasty"
for i in 1 2 3 4 5 6 7 8; do
	! grep -q 403 "$WORK/hasty" || break
	hasty
done
is "$(cat "$WORK/created")" 403 'a mount over a link among many others'
grep -q 403 "$WORK/hasty" && ! grep -q 204 "$WORK/hasty"
row $? 'who starts it meanwhile is refused as well'
api_refused 403 parameter $ALICE DELETE '/containers/ds01t-g?link=1'

place_config

# --- what has no directory of the host, and so may have root, is left alone
may $ALICE docker run --rm --pull never -v /foo ds01t-groups true

# --- the attack that this is about, by hand
if [ -z "$REMAP" ]; then
	ln -sfn etc "$WORK/root/foo"
	image ds01t-groups
	as $ALICE sh -c "rm -f $H/w/group; echo x:x:1: >$H/w/group"
	direct run -d --name ds01t-g --user "$(id -u $ALICE):$G" \
	    -v "$H/w:/foo" -v /dev/null:/etc/group:ro ds01t-groups sleep 3600 \
	    >/dev/null
	as $ALICE sh -c "cd $H/w && mv group g2 && echo $G:x:6: >group"
	groups=$(direct exec ds01t-g sed -n 's/^Groups:[[:space:]]*//p' \
	    /proc/self/status)
	is "$(echo $groups)" "$([ -n "$LOOKS" ] && echo 6 || echo $G)" \
	    "runc $VERSION ${LOOKS:+still falls for it }without the gate"
	direct rm -f ds01t-g >/dev/null
fi
rm -rf "$H/w" "$H/group"
finish
