#!/bin/sh
# Labels: set by the gate, not by clients, images or environment.
# (ds01-wrapper 3, 13 F; peers C0.2, C0.5, C0.6)
. "$(dirname "$0")/../lib/e2e.sh"
begin

label() {	# container, key
	direct inspect --format "{{index .Config.Labels \"$2\"}}" "$1"
}

may $ALICE docker create --pull never --name ds01t-a $IMAGE true
is "$(label ds01t-a ds01.user)" $ALICE 'ds01.user is the caller'
is "$(label ds01t-a ds01.managed)" true 'ds01.managed is true'
is "$(label ds01t-a ds01.container_type)" docker 'ds01.container_type is docker'
label ds01t-a ds01.created_at |
    grep -qE '^20[0-9-]{8}T[0-9:]{8}[+-][0-9]{2}:[0-9]{2}$'
row $? 'ds01.created_at is a date'
G=$(label ds01t-a ds01.gate)
is "$(printf %s "$G" | tr -d 0-9a-f | wc -c),$(printf %s "$G" | wc -c)" 0,32 \
    'ds01.gate is 32 hex digits'
may $ALICE docker create --pull never --name ds01t-a2 $IMAGE true
[ "$(label ds01t-a2 ds01.gate)" != "$G" ]; row $? '… fresh each time'

# --- F-1 … F-8: a reserved label that is not ours
for l in "ds01.user=$BOB" ds01.user= ds01.protected=true ds01.monitoring=true \
    ds01.container_type=infrastructure ds01.managed=false \
    ds01.gpu.allocated=0 ds01.gpu_slot=0 ds01.owner=system \
    ds01.container_type=devcontainer ds01.interface=nonsense \
    "aime.mlc.USER=$BOB" ds01.gate=0123456789abcdef0123456789abcdef; do
	refused "$(echo "$l" | cut -d = -f 1)" $ALICE \
	    docker create --pull never --label "$l" $IMAGE true
	refused "$(echo "$l" | cut -d = -f 1)" $ALICE \
	    docker run --rm --pull never -l "$l" $IMAGE true
done
echo "ds01.user=$BOB" >"$WORK/labels"
chmod 0644 "$WORK/labels"
refused ds01.user $ALICE docker create --pull never \
    --label-file "$WORK/labels" $IMAGE true
may $ALICE docker create --pull never --name ds01t-same \
    --label "ds01.user=$ALICE" --label x=y $IMAGE true
is "$(label ds01t-same ds01.user),$(label ds01t-same x)" "$ALICE,y" \
    'the own name and other labels pass'
refused ds01.user $ALICE docker volume create --label "ds01.user=$BOB" ds01t-v
refused ds01.user $ALICE docker network create --label "ds01.user=$BOB" ds01t-n
refused ds01.user $ALICE docker run --rm --mount \
    "type=volume,src=ds01t-v,dst=/v,volume-label=ds01.user=$BOB" $IMAGE true
answers 403 $ALICE POST /containers/create \
    "{\"Image\":\"$IMAGE\",\"Labels\":{\"ds01.user\":\"$BOB\"}}"
answers 400 $ALICE POST /containers/create \
    "{\"Image\":\"$IMAGE\",\"Labels\":{\"ds01.user\":\"$ALICE\\u0000x\"}}"
answers 400 $ALICE POST /containers/create \
    "{\"Image\":\"$IMAGE\",\"Labels\":{\"ds01.user\":\"$ALICE\"},\"Labels\":{\"ds01.user\":\"$BOB\"}}"
answers 201 $ALICE POST '/containers/create?name=ds01t-api' \
    "{\"Image\":\"$IMAGE\",\"Labels\":null}"
is "$(label ds01t-api ds01.user)" $ALICE 'Labels: null is labelled all the same'
may $ALICE docker create --pull never --name ds01t-dev \
    -l devcontainer.local_folder=/home/$BOB/p $IMAGE true
is "$(label ds01t-dev ds01.user)" $ALICE \
    "devcontainer.local_folder=/home/bob does not make it bob's"

# A name that looks like another user's (F-9); words of the program (C-9).
may $ALICE docker create --pull never --name "foo._.$(id -u $BOB)" $IMAGE true
is "$(label "foo._.$(id -u $BOB)" ds01.user)" $ALICE "a name ending in ._.(bob's uid) is alice's"
refused "belongs to $ALICE" $BOB docker rm "foo._.$(id -u $BOB)"
may $ALICE docker run --name ds01t-words --pull never $IMAGE echo --gpus 4 \
    --name foo --label ds01.user=z --cgroup-parent=x --privileged
is "$(cat "$OUT")" '--gpus 4 --name foo --label ds01.user=z --cgroup-parent=x --privileged' \
    "the program's own words are left alone"
is "$(label ds01t-words ds01.user) $(direct inspect -f '{{.HostConfig.CgroupParent}}{{.HostConfig.Privileged}}' ds01t-words)" \
    "$ALICE false" '… and change nothing'
may $ALICE docker create --pull never --name ds01t-slice \
    --cgroup-parent ds01-student-bob.slice $IMAGE true
is "$(direct inspect -f '{{.HostConfig.CgroupParent}}' ds01t-slice)" '' \
    "bob's slice is not taken (F-10)"
# Values that are awkward to show and to log.
odd=$(printf 'a "b" = c\nd\047e\303\274,x=y')
may $ALICE docker create --pull never --name ds01t-odd --label "my.key=$odd" $IMAGE true
# docker ps prints a newline as one, so it is a space (below)
odd=$(printf %s "$odd" | tr '\n' ' ')
is "$(label ds01t-odd 'my.key')" "$odd" 'a label with quotes, newline, UTF-8 and = is kept, on one line'
may $ALICE docker ps -a --filter "label=my.key=$odd" --format '{{.Names}}'
is "$(cat "$OUT")" ds01t-odd '… and found by it'
may $ALICE docker rm ds01t-odd

# --- what administrators' terminals would obey, or read as lines of their own
esc=$(printf 'x)\n2026-01-01T00:00:00.000000000Z container ds01t-forged (a=\033]0;t\007\033[2J\177\302\233\342\200\256.')
plain='x) 2026-01-01T00:00:00.000000000Z container ds01t-forged (a= ]0;t  [2J   .'
controls() {	# of stdin, in numbers: forged lines, control bytes but newlines
	tee "$WORK/shown" | LC_ALL=C tr -d '\n' | LC_ALL=C tr -d ' -~' | LC_ALL=C wc -c
	grep -c '^2026-01-01T' "$WORK/shown"
}
quiet() {	# label value of $esc in the output of an administrator's command
	is "$(controls | tr '\n' ' ')" '0 0 ' "$1"
	grep -qF "$plain" "$WORK/shown"; row $? '… and the value is there, on one line'
}
SINCE=$(date +%s)
may $ALICE docker create --pull never --name ds01t-esc --label "a=$esc" \
    --label com.docker.compose.project="$esc" $IMAGE true
run $CAROL docker ps -a --filter name=ds01t-esc --format '{{.Labels}}'
quiet "an administrator's docker ps of it" <"$OUT"
direct ps -a --filter name=ds01t-esc --format '{{.Labels}}' >"$OUT"
quiet "… and root's" <"$OUT"
direct events --since $SINCE --until "$(date +%s.%N)" \
    --filter type=container --filter container=ds01t-esc >"$OUT"
quiet "… and root's docker events" <"$OUT"
may $ALICE docker volume create --label "a=$esc" ds01t-escv
direct volume ls --filter name=ds01t-escv --format '{{.Labels}}' >"$OUT"
quiet 'docker volume ls' <"$OUT"
may $ALICE docker network create --label "a=$esc" ds01t-escn
direct network ls --filter name=ds01t-escn --format '{{.Labels}}' >"$OUT"
quiet 'docker network ls' <"$OUT"
may $ALICE docker create --pull never --name ds01t-escm --mount \
    "type=volume,dst=/v,\"volume-label=a=$esc\"" $IMAGE true
direct volume ls --format '{{.Labels}}' >"$OUT"
quiet "the label of a mount's volume" <"$OUT"
for l in "$(printf 'a\nb=c')" "$(printf '\033[2J=c')"; do
	refused 'control characters' $ALICE docker create --pull never \
	    --label "$l" $IMAGE true
	refused 'control characters' $ALICE docker volume create --label "$l" ds01t-no
	refused 'control characters' $ALICE docker network create --label "$l" ds01t-no
done
refused 'control characters' $ALICE docker create --pull never \
    -v "$(printf ds01t-escv:'/a\nb')" $IMAGE true
# what an image says: built with one, committed with one, and a key
printf 'FROM %s\nARG X\nLABEL a=$X\n' $IMAGE | DOCKER_BUILDKIT=0 direct build \
    -q --build-arg "X=$esc" -t ds01t-escimg - >"$OUT" 2>&1
SINCE=$(date +%s)
may $ALICE docker create --pull never --name ds01t-esci ds01t-escimg true
direct ps -a --filter name=ds01t-esci --format '{{.Labels}}' >"$OUT"
quiet 'a label that an image brings' <"$OUT"
direct events --since $SINCE --until "$(date +%s.%N)" --filter type=container \
    --filter container=ds01t-esci >"$OUT"
quiet '… and in docker events' <"$OUT"
may $CAROL docker create --pull never --name ds01t-escc ds01t-escimg true
direct ps -a --filter name=ds01t-escc --format '{{.Labels}}' >"$OUT"
quiet "… an administrator's container of it too" <"$OUT"
printf 'FROM %s\nLABEL "a\033b"=c\n' $IMAGE | DOCKER_BUILDKIT=0 direct build \
    -q -t ds01t-esckey - >"$OUT" 2>&1
refused 'control characters' $ALICE docker create --pull never ds01t-esckey true
# a parameter may not have DEL, whatever it is
esc=$(printf %s "$esc" | tr -d '\177')
plain=$(printf %s "$plain" | sed 's/2J   /2J  /')
for b in 0 1; do
	[ $b = 0 ] || { api_at_least 42 &&
	    as $ALICE docker buildx version >/dev/null 2>&1; } || continue
	may $ALICE sh -c "printf 'FROM $IMAGE\\n' | DOCKER_BUILDKIT=$b \
	    docker build -q --label \"\$1\" -t ds01t-alice/esc$b -" sh "b=$esc"
	is "$(direct image inspect -f '{{.Config.Labels.b}}' ds01t-alice/esc$b)" \
	    "$plain" "a build's --label, DOCKER_BUILDKIT=$b"
done

# --- what the image says does not count (F-8, C0.2)
printf 'FROM %s\nLABEL ds01.user=%s ds01.protected=true ds01.monitoring=true ds01.gate=0123456789abcdef0123456789abcdef aime.mlc.USER=%s\n' \
    $IMAGE $BOB $BOB | DOCKER_BUILDKIT=0 direct build -q -t ds01t-evil - >"$OUT" 2>&1
may $ALICE docker create --pull never --name ds01t-e ds01t-evil true
is "$(label ds01t-e ds01.user)" $ALICE 'an inherited ds01.user is overridden'
[ "$(label ds01t-e ds01.protected)" != true ]; row $? '… ds01.protected too'
[ "$(label ds01t-e ds01.monitoring)" != true ]; row $? '… ds01.monitoring too'
may $ALICE docker rm ds01t-e
may $CAROL docker create --pull never --name ds01t-c ds01t-evil true
is "$(label ds01t-c ds01.user)" $CAROL "an admin's create is labelled too"
refused "belongs to $CAROL" $BOB docker rm ds01t-c
direct create --pull never --name ds01t-root ds01t-evil sleep 9 >/dev/null
place_config 'unowned: deny'
refused 'ermission denied' $BOB docker rm -f ds01t-root
place_config
run $BOB docker ps -a
hides ds01t-root "root's container of that image is not bob's"
may $ALICE docker create --pull never --name ds01t-x $IMAGE true
run $ALICE docker commit --change "LABEL ds01.user=$BOB" ds01t-x ds01t-alice/c
[ $RC -ne 0 ] || ! direct image inspect ds01t-alice/c |
    grep -q "\"ds01.user\": \"$BOB\""
row $? "commit --change 'LABEL ds01.user=bob' does not give an image to bob"

# --- owners of all sorts
for u in "$ERIN" "$NUMBER"; do
	may "$u" docker create --pull never --name ds01t-odd $IMAGE true
	is "$(label ds01t-odd ds01.user)" "$u" "a user named $u owns what he made"
	may "$u" docker ps -a
	shows ds01t-odd '… and sees it'
	refused "this container belongs to $u" $ALICE docker rm ds01t-odd
	may "$u" docker rm ds01t-odd
done
direct create --pull never --name ds01t-legacy --label aime.mlc.USER=$ALICE \
    $IMAGE true >/dev/null
refused "belongs to $ALICE" $BOB docker inspect ds01t-legacy
may $ALICE docker inspect ds01t-legacy
may $ALICE docker rm ds01t-legacy

# --- no owner: open with a warning, but never a way to root (I)
direct create --pull never --name ds01t-free $IMAGE true >/dev/null
may $ALICE docker inspect ds01t-free
direct create --pull never --name ds01t-priv --privileged $IMAGE true >/dev/null
direct create --pull never --name ds01t-bind -v /:/h $IMAGE true >/dev/null
direct create --pull never --name ds01t-pid --pid host $IMAGE true >/dev/null
direct create --pull never --name ds01t-cap --cap-add SYS_ADMIN $IMAGE true >/dev/null
for c in ds01t-priv ds01t-bind ds01t-pid ds01t-cap; do
	refused 'ermission denied' $ALICE docker start $c
	refused 'ermission denied' $ALICE docker exec $c id
	refused 'ermission denied' $ALICE docker cp $c:/etc/passwd copied
	refused 'ermission denied' $ALICE docker rm $c
done
direct create --pull never --name ds01t-prot --label ds01.protected=true \
    --label "ds01.user=$ALICE" $IMAGE true >/dev/null
for v in start inspect logs rm 'stop -t 0' 'update -m 64m' kill restart \
    'exec %C id' 'cp %C:/etc/passwd copied' top diff 'export -o x.tar' \
    commit 'rename %C x' 'attach --no-stdin' wait; do
	refused "Container 'ds01t-prot' is protected infrastructure." \
	    $ALICE docker $(echo "$v %C" | sed -e '/%C.*%C/s/ %C$//' -e 's/%C/ds01t-prot/')
done
may $CAROL docker inspect ds01t-prot
place_config 'unowned: deny'
refused 'ermission denied' $ALICE docker inspect ds01t-free
place_config
may $ALICE docker rm ds01t-free

# --- volumes and networks carry their owner
may $ALICE docker volume create ds01t-v
is "$(direct volume inspect -f '{{index .Labels "ds01.user"}}' ds01t-v)" $ALICE \
    'a volume is labelled'
may $ALICE docker network create ds01t-n
is "$(direct network inspect -f '{{index .Labels "ds01.user"}}' ds01t-n)" $ALICE \
    'a network is labelled'
may $ALICE docker run --rm --pull never -v ds01t-implicit:/v $IMAGE true
is "$(direct volume inspect -f '{{index .Labels "ds01.user"}}' ds01t-implicit)" \
    $ALICE 'a volume that a create makes is labelled'
refused "this volume belongs to $ALICE" $BOB \
    docker run --rm --pull never -v ds01t-implicit:/v $IMAGE true
may $ALICE docker volume rm ds01t-v ds01t-implicit
may $ALICE docker network rm ds01t-n
finish
