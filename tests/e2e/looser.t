#!/bin/sh
# What was made while it was allowed (a mode that only watches, an
# administrator's rights, a looser policy) does not run on when it is not.
. "$(dirname "$0")/../lib/e2e.sh"
begin
UNSAFE='more rights than you may ask for'
D='docker create --pull never'

# --- isolation_mode: monitoring, and then full
place_config 'isolation_mode: monitoring'
may $ALICE $D --name ds01t-mon --privileged -v /:/h $IMAGE head -n 1 /h/etc/shadow
may $ALICE $D --name ds01t-good $IMAGE sleep 3600
may $ALICE docker volume create -o type=none -o o=bind -o device=/ ds01t-root
may $ALICE docker volume create ds01t-plain
may $ALICE $D --name ds01t-vol -v ds01t-root:/h $IMAGE head -n 1 /h/etc/shadow
may $ALICE $D --name ds01t-says --label ds01.image=1 --label ds01.managed=no \
    --privileged $IMAGE true
place_config
refused "$UNSAFE" $ALICE docker start ds01t-mon
refused "$UNSAFE" $ALICE docker restart ds01t-mon
refused "$UNSAFE" $ALICE docker cp ds01t-mon:/etc/hostname -
refused "$UNSAFE" $ALICE docker commit ds01t-mon
refused "$UNSAFE" $ALICE docker rename ds01t-mon ds01t-m
refused "$UNSAFE" $ALICE docker update -m 64m ds01t-mon
refused "$UNSAFE" $ALICE docker run --rm --pull never --volumes-from ds01t-mon \
    $IMAGE head -n 1 /h/etc/shadow
refused "$UNSAFE" $ALICE docker start ds01t-says
refused "$UNSAFE" $ALICE docker start ds01t-vol
T="options that are administrators' only"
refused "$T" $ALICE docker run --rm --pull never -v ds01t-root:/h $IMAGE true
refused "$T" $ALICE docker run --rm --pull never \
    --mount type=volume,src=ds01t-root,dst=/h $IMAGE true
may $ALICE docker run --rm --pull never -v ds01t-plain:/v $IMAGE true
may $ALICE docker start ds01t-good
may $ALICE docker exec ds01t-good true
may $ALICE docker ps -a --format '{{.Names}}'
shows ds01t-mon 'she sees what is hers'
may $ALICE docker inspect ds01t-mon
may $ALICE docker logs ds01t-mon
for c in mon vol says good; do
	may $ALICE docker rm -f ds01t-$c
done
may $ALICE docker volume rm ds01t-root ds01t-plain

# --- while it runs
place_config 'isolation_mode: monitoring'
fresh $ALICE ds01t-mon --pid host -v /:/h
place_config
refused "$UNSAFE" $ALICE docker exec ds01t-mon true
exits 1 $ALICE docker attach --no-stdin ds01t-mon
may $ALICE docker stop -t 0 ds01t-mon
may $ALICE docker rm ds01t-mon

# --- a command that was made then, in a container of her own
if api_at_least 45; then
	as $ALICE mkdir -p "$PLACE/home/$ALICE/w"
	fresh $ALICE ds01t-home -v "$PLACE/home/$ALICE/w:/w"
else
	fresh $ALICE ds01t-home
fi
command_of() {	# body: its id
	api $ALICE POST /containers/ds01t-home/exec "$1"
	sed -n 's/^{"Id":"\([0-9a-f]*\)".*/\1/p' "$OUT"
}
place_config 'isolation_mode: monitoring'
E=$(command_of '{"User":"0","Privileged":true,"Cmd":["id"]}')
place_config
api_refused 403 privileged $ALICE POST "/exec/$E/start" '{}'
may $ALICE docker exec ds01t-home true
may $ALICE docker rm -f ds01t-home

# --- an administrator who is none any more
may $CAROL $D --name ds01t-adm --pid host -v /:/h $IMAGE head -n 1 /h/etc/shadow
may $CAROL $D --name ds01t-admgood $IMAGE true
may $CAROL docker start -a ds01t-adm
gpasswd -d $CAROL ds01-admin >/dev/null
refused "$UNSAFE" $CAROL docker start ds01t-adm
may $CAROL docker start -a ds01t-admgood
may $CAROL docker rm ds01t-adm ds01t-admgood
gpasswd -a $CAROL ds01-admin >/dev/null

# --- root in containers, and then none
fresh $ALICE ds01t-old
may $ALICE $D --name ds01t-new $IMAGE true
place_config 'policy:' '  default:' '    container_root: no'
T='when that was allowed'
refused "$T" $ALICE docker exec ds01t-old id -u
refused "$T" $ALICE docker restart -t 0 ds01t-old
exits 1 $ALICE docker attach --no-stdin ds01t-old
refused "$T" $ALICE docker cp ds01t-old:/etc/hostname -
refused "$T" $ALICE docker start ds01t-new
may $CAROL docker exec ds01t-old true
may $ALICE docker run -d --pull never --name ds01t-self $IMAGE sleep 3600
may $ALICE docker exec ds01t-self id -u
is "$(cat "$OUT")" "$(id -u $ALICE)" 'a new one runs as she'
may $ALICE docker logs ds01t-old
may $ALICE docker rm -f ds01t-old ds01t-new ds01t-self
finish
