#!/bin/sh
# The engine goes away and comes back (an upgrade, a crash), with containers
# that outlive it (live-restore): users are told so, nothing hangs, and what
# was whose before is whose after.
. "$(dirname "$0")/../lib/e2e.sh"
begin
H=$PLACE/home/$ALICE
HOLD=$WORK/hold
mkfifo -m 0666 "$HOLD"

# dockerd alone, as it was started; its containerd and the containers stay.
dockerd_pid() {
	cat "$ENGINE_DIR/docker.pid"
}
dockerd_ends() {
	tr '\0' '\n' <"/proc/$(dockerd_pid)/cmdline" >"$WORK/cmdline"
	tr '\0' '\n' <"/proc/$(dockerd_pid)/environ" >"$WORK/environ"
	engine_end "$ENGINE_DIR/docker.pid"
}
dockerd_returns() {
	IFS='
'
	env -i $(cat "$WORK/environ") nsenter -n -m \
	    -t "$(cat "$ENGINE_DIR/containerd.pid")" $(cat "$WORK/cmdline") \
	    </dev/null >>"$ENGINE_DIR/dockerd.log" 2>&1 9>&- &
	unset IFS
	_i=0
	until direct version >/dev/null 2>&1; do
		_i=$((_i + 1))
		[ $_i -lt 300 ] || return 1
		sleep 0.1
	done
}
started() {	# container
	direct inspect -f '{{.State.Running}} {{.State.StartedAt}}' "$1"
}
running() {	# pid, how long it may take to end in 0.1 s
	_i=0
	while kill -0 "$1" 2>/dev/null && [ $_i -lt "$2" ]; do
		_i=$((_i + 1))
		sleep 0.1
	done
	kill -0 "$1" 2>/dev/null
}

sed -i 's/^{/{"live-restore":true,/' "$ENGINE_DIR/daemon.json"
kill -HUP "$(dockerd_pid)"
i=0
until [ "$(direct info -f '{{.LiveRestoreEnabled}}')" = true ] ||
    [ $i -gt 100 ]; do
	i=$((i + 1))
	sleep 0.1
done
[ $i -le 100 ]
row $? 'containers outlive this engine'

# --- before
fresh $ALICE ds01t-hers -v ds01t-v:/v
fresh $BOB ds01t-his
set -- ds01t-hers ds01t-his
if api_at_least 45; then
	mkdir -p "$H/work"
	chown "$(id -u $ALICE)" "$H/work"
	fresh $ALICE ds01t-home -v "$H/work:/work"
	set -- "$@" ds01t-home
fi
for c in "$@"; do
	started $c
done >"$WORK/before"
# one gate all the time, that remembers all this
as $ALICE ds01-docker-session cat "$HOLD" >/dev/null 2>&1 &
SESSION=$!
exec 9>"$HOLD"
may $ALICE docker ps
GATES=$(pgrep -u "$SERVICE_USER")
as $ALICE timeout 120 docker logs -f ds01t-hers >/dev/null 2>&1 </dev/null &
FOLLOWS=$!
as $ALICE timeout 120 docker exec ds01t-hers sleep 100 >/dev/null 2>&1 </dev/null &
EXECS=$!
i=0
until direct top ds01t-hers | grep -q 'sleep 100' || [ $i -gt 100 ]; do
	i=$((i + 1))
	sleep 0.1
done

# --- meanwhile
dockerd_ends
running $FOLLOWS 100
[ $? -ne 0 ]
row $? 'who follows a log is not left hanging'
running $EXECS 100
[ $? -ne 0 ]
row $? 'nor is who waits for a command in a container'
refused 'Cannot connect to the Docker daemon' $ALICE docker ps
refused 'Cannot connect to the Docker daemon' $ALICE docker exec ds01t-hers true
refused 'Cannot connect to the Docker daemon' $CAROL docker ps

# --- after
dockerd_returns
row $? 'it is back'
for c in "$@"; do
	started $c
done >"$WORK/after"
diff "$WORK/before" "$WORK/after" >"$ERR"
row $? 'the containers ran on'
may $ALICE docker ps --format '{{.Names}}'
shows ds01t-hers 'she sees hers'
hides ds01t-his '… and not his'
may $ALICE docker exec ds01t-hers true
foreign $ALICE docker exec ds01t-his true
foreign $ALICE docker rm -f ds01t-his
refused "ermission denied" $BOB docker run --rm --pull never \
    -v ds01t-v:/v $IMAGE true
may $ALICE docker logs ds01t-hers
if api_at_least 45; then
	may $ALICE docker exec ds01t-home touch /work/after
	is "$(stat -c %u "$H/work/after")" "$(id -u $ALICE)" \
	    'her directory is still there, and hers'
	may $ALICE docker exec -u 0 ds01t-home id -u
	is "$(cat "$OUT")" "$(id -u $ALICE)" 'it is still without root'
	may $ALICE docker restart -t 0 ds01t-home
fi
may $ALICE docker run --rm --pull never $IMAGE true
kill -0 $SESSION
row $? 'her session is the one from before'
kill -0 $GATES
row $? '… and so is her gate'
may $ALICE docker rm -f ds01t-hers

exec 9>&-
wait $SESSION
sed -i 's/"live-restore":true,//' "$ENGINE_DIR/daemon.json"
kill -HUP "$(dockerd_pid)"
finish
