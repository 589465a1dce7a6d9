#!/bin/sh
# A container with directories of the host has no root inside, by any road.
# (design 5; ds01-wrapper 13 D; peers E1, E2)
. "$(dirname "$0")/../lib/e2e.sh"
begin
H=$PLACE/home/$ALICE
U=$(id -u $ALICE)
G=65534			# nobody's
NEW=$(api_at_least 45 && echo yes)
rm -rf "$H/w"
install -d -o $ALICE "$H/w"
install -o $ALICE /dev/null "$H/w/in"
SRC=$H			# what can be mounted on this engine
[ -z "$NEW" ] || SRC=$H/w
D="docker run --rm --pull never -v $SRC:/w"
# ids without groups, no capabilities, no new privileges
NOTHING="Uid: $U $U $U $U Gid: $G $G $G $G CapInh: 0 CapPrm: 0 CapEff: 0 CapBnd: 0 CapAmb: 0 NoNewPrivs: 1"
status() {
	grep -E '^(Uid|Gid|Cap|NoNew)' "$OUT" | tr -s '\t\n' '  ' |
	    sed 's/0000000000000000/0/g; s/ $//'
}
has_nothing() {	# what; of the status in the last command's output
	is "$(status)" "$NOTHING" "$1"
	grep -qE "^Groups:[[:space:]]*($G )?$" "$OUT"
	row $? '… and no further group'
}
tries() {	# run options [-- command]
	run $ALICE $D "$@" cat /proc/self/status
	has_nothing "run $*"
}
nothing_left() {	# what root could have left on the host
	find "$H" \( -type b -o -type c -o -perm /6000 ! -user $ALICE -o \
	    -user 0 ! -path "$H/.docker*" \) >"$OUT" 2>&1
	getfattr -Rhd -m security.capability "$H" >>"$OUT" 2>/dev/null
	is "$(cat "$OUT")" '' "$1"
}

# --- at the start, whatever is asked for
tries $IMAGE
for u in 0 root 0:0 user 1000:1000 "$(id -u $BOB)" "$U:0" ":0" "$U:root" \
    "$U:$(id -g $ALICE)" "0$U" "+$U" " $U"; do
	tries -u "$u" $IMAGE
done
tries --cap-add CHOWN --cap-add CAP_SETUID --group-add root $IMAGE
tries --cap-drop CHOWN $IMAGE
tries --security-opt no-new-privileges=true --init $IMAGE
tries --read-only --tmpfs /t:exec,suid,dev $IMAGE
run $ALICE $D -u 0 $IMAGE true
grep -qF 'are left out' "$ERR"; row $? '… and it says what is left out'
for o in --privileged '--cap-add SYS_ADMIN' '--security-opt seccomp=unconfined' \
    '--security-opt no-new-privileges=false' '--pid host' '--userns host' \
    '--device /dev/null'; do
	refused 'ermission denied' $ALICE $D $o $IMAGE true
done
for l in ds01.confined=false ds01.bind=/; do
	refused 'reserved' $ALICE $D --label $l $IMAGE true
done
for o in "-v vol:/etc" "-v vol:/etc/group:ro" "--tmpfs /etc/group" "-v /etc" \
    "--mount type=volume,dst=/usr/../etc"; do
	refused '/etc/group is taken' $ALICE $D $o $IMAGE true
done
for v in 1.24 1.30 1.40 1.41; do
	api $ALICE POST "/v$v/containers/create?name=ds01t-old" \
	    "{\"Image\":\"$IMAGE\",\"User\":\"0\",\"Cmd\":[\"cat\",\"/proc/self/status\"],\"HostConfig\":{\"Binds\":[\"$SRC:/w\"]}}"
	grep -q 'without root' "$OUT"; row $? "API $v: the answer warns"
	run $ALICE docker start -a ds01t-old
	has_nothing "API $v: no rights either"
	direct rm -f ds01t-old >/dev/null 2>&1
done

# --- images that try to be cleverer
evil() {	# tag, import changes…; setuid root, and ids with other meanings
	_t=$1
	shift
	tar -C "$WORK/evil" -c . | direct import "$@" - "$_t" >/dev/null
}
cp -a "$PLACE/base" "$WORK/evil"
cp /bin/busybox "$WORK/evil/bin/busybox.s"
chmod 6755 "$WORK/evil/bin/busybox.s"
printf '%s:x:0:0::/:/bin/sh\nroot:x:0:0::/:/bin/sh\na:x:%s:0::/:/bin/sh\n' \
    "$U" "$U" >"$WORK/evil/etc/passwd"
printf '%s:x:0:\nroot:x:0:a,%s\nb:x:7:a,%s\n' "$G" "$U" "$U" \
    >"$WORK/evil/etc/group"
evil ds01t-evil --change 'ENV PATH=/bin' --change 'USER root' \
    --change 'LABEL ds01.confined=false ds01.bind='
tries ds01t-evil
tries -u 0 ds01t-evil
may $ALICE $D ds01t-evil busybox.s id -u
is "$(cat "$OUT")" "$U" 'a setuid program of the image has no effect'
evil ds01t-said --change 'ENV PATH=/bin' --change 'LABEL ds01.confined=true'
fresh $ALICE ds01t-root
direct run -d --name ds01t-said -l ds01.user=$ALICE ds01t-said \
    sleep 3600 >/dev/null
may $ALICE docker create --pull never --name ds01t-said2 ds01t-said true
is "$(direct inspect -f '{{index .Config.Labels "ds01.confined"}}' ds01t-said2)" \
    false 'an image cannot say that a container is confined'

# --- nothing of root's is left on the host
for c in 'cp /bin/busybox /w/su && chmod 4755 /w/su' 'chown 0:0 /w/su' \
    'mknod /w/dev b 254 0' 'mknod /w/null c 1 3' 'chmod 2777 /w' \
    'chown 0 /w' 'mount -t tmpfs none /w' 'setcap cap_setuid+ep /w/su' \
    'busybox.s chown 0 /w/su' 'busybox.s mknod /w/dev b 254 0' \
    'cp -a /bin/busybox.s /w/su2' 'tar -C /bin -c busybox.s | tar -C /w -xp' \
    'unshare -Ur true' 'ln /bin/busybox.s /w/hard'; do
	run $ALICE $D ds01t-evil sh -c "$c"
	nothing_left "$c leaves nothing of root's"
done

# --- one that runs
fresh $ALICE ds01t-c -v "$SRC:/w"
C=$ID
inside() {	# what
	run $ALICE docker exec ds01t-c cat /proc/1/status /w/../proc/self/status
	sed -n '/^NoNew/q; p' "$OUT" >"$WORK/one"
	run $ALICE docker exec ds01t-c cat /proc/1/status
	has_nothing "$1"
	run $ALICE docker exec -u 0 ds01t-c cat /proc/self/status
	has_nothing '… exec too'
}
for u in 0 root 0:0 user "$(id -u $BOB)" "$U:0"; do
	run $ALICE docker exec -u "$u" ds01t-c cat /proc/self/status
	has_nothing "exec -u $u"
done
refused 'ermission denied' $ALICE docker exec --privileged ds01t-c id
refused 'ermission denied' $ALICE docker exec --privileged -u 0 ds01t-c id
for j in '{"Cmd":["id"],"User":"0"}' '{"Cmd":["id"]}' \
    '{"Cmd":["id"],"User":"root"}' '{"Cmd":["id"],"User":""}'; do
	api $ALICE POST "/containers/$C/exec" "$j"
	E=$(sed -n 's/.*"Id":"\([0-9a-f]*\)".*/\1/p' "$OUT")
	is "$(curl -s --unix-socket "$ENGINE_SOCKET" "http://d/exec/$E/json" |
	    sed -n 's/.*"user":"\([^"]*\)".*/\1/p')" "$U:$G" "exec by API: $j"
done
as $ALICE docker run -d --pull never --stop-signal KILL --name ds01t-e \
    -v "$SRC:/w" ds01t-evil sleep 3600 >/dev/null 2>&1
for u in '' '-u 0' "-u $U" "-u $U:$G" '-u root'; do
	run $ALICE docker exec $u ds01t-e cat /proc/self/status
	has_nothing "exec $u, with ids that the image has made up"
done
for c in 'rm /etc/group' 'mv /etc/group /w/group' \
    'umount /etc/group' 'mv /etc /etc2'; do
	run $ALICE docker exec ds01t-e sh -c "$c"
	[ $RC -ne 0 ]; row $? "$c fails in it"
done
run $ALICE docker exec ds01t-e cat /proc/self/status
has_nothing 'exec after that'
may $CAROL docker exec -u 0 ds01t-c id -u
is "$(cat "$OUT")" 0 'an administrator has root in it'
inside 'process 1 has no rights'
may $ALICE docker restart -t 0 ds01t-c
inside '… after a restart'
may $ALICE docker update -m 64m --memory-swap 64m ds01t-c
may $ALICE docker stop -t 0 ds01t-c
may $ALICE docker start ds01t-c
inside '… after update, stop and start'
may $ALICE docker rename ds01t-c ds01t-c2
may $ALICE docker exec -u 0 ds01t-c2 id -u
is "$(cat "$OUT")" "$U" '… under another name'
may $ALICE docker rename ds01t-c2 ds01t-c
may $ALICE docker kill ds01t-c
api $ALICE POST "/containers/$C/start" '{"User":"0","Privileged":true}'
inside '… after a start with a body'

# --- archives are written as root
refused 'docker cp' $ALICE docker cp ds01t-c:/etc/passwd "$H/w/passwd"
refused 'docker cp' $ALICE docker cp ds01t-c:/w "$H/w/all"
refused 'docker cp' $ALICE docker cp w/in ds01t-c:/w/su
refused 'docker cp' $ALICE docker cp w/in ds01t-c:/tmp/su
run $ALICE docker cp /bin/busybox ds01t-c:/tmp/su
[ $RC -ne 0 ] && ! direct diff ds01t-c | grep -q /tmp/su
row $? 'docker cp of a large file is refused too'
answers 403 $ALICE HEAD "/containers/$C/archive?path=/w"
answers 403 $ALICE PUT "/containers/$C/archive?path=/w" ''
may $ALICE docker create --pull never --name ds01t-new -v "$SRC:/w" $IMAGE true
refused 'docker cp' $ALICE docker cp w/in ds01t-new:/w/su
may $ALICE docker diff ds01t-c
may $ALICE sh -c 'docker export ds01t-c | tar -t >/dev/null'
nothing_left 'docker cp has left nothing'

# --- what is made from it, or shares what it has
may $ALICE docker commit --change 'USER root' ds01t-c ds01t-made
may $ALICE docker run --rm --pull never ds01t-made id -u
is "$(cat "$OUT")" 0 'its image is like any other without the directory'
tries ds01t-made
shared() {	# what, options: confined with it
	_w=$1
	shift
	run $ALICE docker run --rm --pull never -u 0 --cap-add CHOWN "$@" \
	    ds01t-evil cat /proc/self/status
	has_nothing "$_w: confined too"
	grep -qF 'it shares what the container ds01t' "$ERR"
	row $? '… and it says why'
}
fresh $ALICE ds01t-s --ipc shareable -v "$SRC:/w"
shared --volumes-from --volumes-from ds01t-c
shared '--volumes-from :ro' --volumes-from ds01t-c:ro
shared '--volumes-from an id' --volumes-from "$C"
shared '--volumes-from two' --volumes-from ds01t-root --volumes-from ds01t-s
shared --pid --pid container:ds01t-c
shared --ipc --ipc container:ds01t-s
shared --network --network container:ds01t-c
fresh $ALICE ds01t-j --pid container:ds01t-c
shared 'at two removes' --pid container:ds01t-j
refused 'docker cp' $ALICE docker cp w/in ds01t-j:/su
may $ALICE docker create --pull never --name ds01t-v --volumes-from ds01t-c \
    $IMAGE true
refused 'docker cp' $ALICE docker cp w/in ds01t-v:/w/su
fresh $ALICE ds01t-rs --ipc shareable
for o in '--pid container:ds01t-root' '--ipc container:ds01t-rs' \
    '--network container:ds01t-root' '--pid container:ds01t-said2' \
    '--pid container:ds01t-root --volumes-from ds01t-c'; do
	refused 'may run as root' $ALICE $D $o $IMAGE true
done
# who maps root away keeps him from everything of the host: also from what a
# container with a directory of it could leave for him, a socket in a volume
# whose other end is elsewhere by now.  So a volume is of one kind for good.
kinds() {	# text; row of a container that may not have its volume there
	_k=$1
	shift
	if remaps; then
		refused "$_k" $ALICE "$@"
	else
		may $ALICE "$@"
	fi
}
without() {	# a container without root, on a volume for those with it
	kinds '--label ds01.confined=true' "$@"
}
with() {
	kinds 'is for containers without root' "$@"
}
kind() {	# volume
	direct volume inspect -f '{{index .Labels "ds01.confined"}}' "$1"
}
anonymous() {	# container: of its volume at /a
	kind "$(direct inspect -f '{{range .Mounts}}{{if eq .Destination "/a"}}{{.Name}}{{end}}{{end}}' "$1")"
}
R="docker run --rm --pull never"
may $ALICE $R -v ds01t-sh:/v $IMAGE chmod 0777 /v
is "$(kind ds01t-sh)" false 'a volume that a container with root asks for'
without $D -v ds01t-sh:/v $IMAGE true
without $D --mount type=volume,src=ds01t-sh,dst=/x,ro $IMAGE true
may $ALICE docker create --pull never --name ds01t-vr -v ds01t-sh:/v $IMAGE true
without $D --volumes-from ds01t-vr $IMAGE true
may $ALICE docker start -a ds01t-vr
may $ALICE $D -v ds01t-other:/v $IMAGE true
is "$(kind ds01t-other)" true 'one that a container without root asks for'
with $R -v ds01t-other:/v $IMAGE true
with $R --mount type=volume,src=ds01t-other,dst=/x,ro $IMAGE true
may $ALICE $D -v ds01t-other:/v $IMAGE true
may $ALICE docker create --pull never --name ds01t-ar -v /a $IMAGE true
may $ALICE docker create --pull never --name ds01t-ac -v /a -v "$SRC:/w" \
    $IMAGE true
is "$(anonymous ds01t-ar) $(anonymous ds01t-ac)" 'false true' \
    'and what has no name'
may $ALICE docker volume create ds01t-plain
without $D -v ds01t-plain:/v $IMAGE true
may $ALICE $R -v ds01t-plain:/v $IMAGE true
may $ALICE docker volume create --label ds01.confined=true ds01t-said
may $ALICE $D -v ds01t-said:/v $IMAGE true
with $R -v ds01t-said:/v $IMAGE true
may $ALICE docker volume create --label ds01.confined=true ds01t-open
may $ALICE $D -v ds01t-open:/tmp $IMAGE true
may $ALICE $D -v ds01t-open:/v $IMAGE touch /v/f
direct volume create -d local --label ds01.user=$ALICE ds01t-before >/dev/null
without $D -v ds01t-before:/v $IMAGE true
may $ALICE $R -v ds01t-before:/v $IMAGE true
for l in confined=x confined= bind=/ protected=true; do
	refused reserved $ALICE docker volume create --label "ds01.$l" ds01t-no
done
refused reserved $ALICE $R --mount \
    type=volume,src=ds01t-no,dst=/v,volume-label=ds01.confined=true $IMAGE true
# the shared memory of the host, where policy grants it
place_config 'policy:' '  default:' '    host_ipc: yes'
if remaps; then
	run $ALICE $R --ipc host ds01t-evil cat /proc/self/status
	has_nothing 'shared memory of the host: no root, who is mapped away'
	grep -qF 'the shared memory of the host' "$ERR"
	row $? '… and it says why'
fi
place_config
printf 'FROM %s\nRUN id\n' $IMAGE >"$WORK/Dockerfile"
chmod 0644 "$WORK/Dockerfile"
refused 'directories of the host' $ALICE sh -c "DOCKER_BUILDKIT=0 \
    docker build --network container:ds01t-c - <$WORK/Dockerfile"
run $ALICE sh -c "DOCKER_BUILDKIT=0 \
    docker build --network container:ds01t-root - <$WORK/Dockerfile"
row $RC "… of a container that may have root it can"
nothing_left 'none of them has left anything'
chmod 0700 "$H"			# a container of hers had it as /w

# --- the volume behind a path is no volume to its user
if [ -n "$NEW" ]; then
	V=$(direct volume ls -q | grep "^ds01-bind-$U-")
	is "$(echo "$V" | wc -w)" 1 'one volume for the whole home'
	run $ALICE docker volume ls -q
	hides ds01-bind 'it is not in volume ls'
	run $ALICE docker system df -v
	hides ds01-bind 'nor in system df'
	for u in $ALICE $BOB; do
		refused 'ermission denied' $u docker run --rm --pull never \
		    -v "$V:/x" $IMAGE true
		refused 'ermission denied' $u docker run --rm --pull never \
		    --mount "type=volume,src=$V,dst=/x" $IMAGE true
		run $u docker volume create "$V"
		[ $RC -ne 0 ]; row $? "$u cannot create that volume"
		refused 'Name not accepted' $u docker volume create \
		    "ds01-bind-$U-0123456789abcdef"
	done
	answers 403 $ALICE POST /containers/create "{\"Image\":\"$IMAGE\",\"HostConfig\":{\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"$V\",\"Target\":\"/x\",\"VolumeOptions\":{\"Subpath\":\"w\"}}]}}"
	answers 403 $ALICE POST /containers/create "{\"Image\":\"$IMAGE\",\"HostConfig\":{\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"$V\",\"Target\":\"/x\",\"VolumeOptions\":{\"DriverConfig\":{\"Name\":\"local\",\"Options\":{\"type\":\"none\",\"o\":\"bind\",\"device\":\"$H\"}}}}]}}"
	refused "this volume belongs to $ALICE" $BOB docker volume inspect "$V"
	refused "this volume belongs to $ALICE" $BOB docker volume rm "$V"
	run $ALICE docker volume rm "$V"
	[ $RC -ne 0 ]; row $? 'it cannot be removed while it is used'
	direct ps -aq --filter label=ds01.user=$ALICE | xargs \
	    "$ENGINE_CLI" -H "unix://$ENGINE_SOCKET" rm -f >/dev/null
	may $ALICE docker volume prune -f
	may $ALICE docker system prune -f --volumes
	ok '… nor does prune remove it' direct volume inspect "$V"
	may $ALICE docker volume rm "$V"
	may $ALICE $D $IMAGE true
	ok '… and it comes back when it is needed' direct volume inspect "$V"
	direct volume rm "$V" >/dev/null
	for l in x=y ds01.user=$ALICE ds01.user=$BOB; do
		direct volume create --label "$l" --opt type=none \
		    --opt o=bind --opt device=/etc "$V" >/dev/null
		refused 'an administrator must remove it' $ALICE $D $IMAGE true
		direct volume rm "$V" >/dev/null
	done
	as $BOB mkdir -p "$PLACE/home/$BOB/w"
	run $BOB docker run --rm --pull never -v "$PLACE/home/$BOB/w:/w" \
	    $IMAGE sh -c 'id -u >/w/out'
	is "$(cat "$PLACE/home/$BOB/w/out")" "$(id -u $BOB)" \
	    "bob's is another one"
fi
rm -rf "$H/w"
finish
