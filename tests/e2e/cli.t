#!/bin/sh
# The CLI feels as it always did: terminals, signals, exit codes, pipes.
. "$(dirname "$0")/../lib/e2e.sh"
begin
fresh $ALICE ds01t-a

# --- exit codes
exits 0 $ALICE docker run --rm --pull never $IMAGE true
exits 1 $ALICE docker run --rm --pull never $IMAGE false
exits 42 $ALICE docker run --rm --pull never $IMAGE sh -c 'exit 42'
exits 125 $ALICE docker run --rm --pull never --no-such-flag $IMAGE true
exits 126 $ALICE docker run --rm --pull never $IMAGE /etc/passwd
exits 127 $ALICE docker run --rm --pull never $IMAGE /nosuch
exits 7 $ALICE docker exec ds01t-a sh -c 'exit 7'
exits 1 $ALICE docker nosuchcommand
exits 0 $ALICE docker --version
exits 0 $ALICE docker --help
exits 0 $ALICE docker version
exits 0 $ALICE docker help run
run $ALICE docker run --rm --pull never $IMAGE sh -c 'kill -TERM $$; sleep 1'
[ $RC -eq 143 ] || [ $RC -eq 0 ]; row $? 'a signal inside is an exit status'

# --- output goes where it belongs
run $ALICE docker run --rm --pull never $IMAGE sh -c 'echo out; echo err >&2'
is "$(cat "$OUT")/$(cat "$ERR")" out/err 'stdout and stderr stay apart'
run $ALICE docker exec ds01t-a sh -c 'echo out; echo err >&2'
is "$(cat "$OUT")/$(cat "$ERR")" out/err '… in exec too'
may $ALICE sh -c 'printf "b\na\n" | docker run -i --rm --pull never '$IMAGE' sort'
is "$(tr '\n' ' ' <"$OUT")" 'a b ' 'stdin of run is a pipe, and its end arrives'
may $ALICE sh -c 'printf "b\na\n" | docker exec -i ds01t-a sort'
is "$(tr '\n' ' ' <"$OUT")" 'a b ' 'stdin of exec too'
may $ALICE sh -c 'head -c 5000000 /dev/zero | docker exec -i ds01t-a wc -c'
is "$(tr -d ' \n' <"$OUT")" 5000000 '5 MB through exec -i'
may $ALICE sh -c 'docker exec ds01t-a head -c 5000000 /dev/zero | wc -c'
is "$(tr -d ' \n' <"$OUT")" 5000000 '5 MB out of exec'
may $ALICE sh -c 'docker exec ds01t-a sh -c "yes | head -n 100000" | head -n 1'
is "$(cat "$OUT")" y 'a reader that leaves early'
if command -v bash >/dev/null; then
	may $ALICE bash -c 'docker run --rm --pull never --env-file <(echo X=from-fd) '$IMAGE' env'
	shows X=from-fd '--env-file <(…): inherited descriptors'
	may $ALICE bash -c 'docker exec --env-file <(echo Y=from-fd) ds01t-a env'
	shows Y=from-fd '… in exec too'
fi
may $ALICE sh -c 'rm -f cid && docker run --rm --pull never --cidfile $HOME/cid '$IMAGE' true && cat $HOME/cid'
ok '--cidfile is written as the user' test -O "$PLACE/home/$ALICE/cid" -o \
    "$(stat -c %U "$PLACE/home/$ALICE/cid")" = $ALICE

# --- a terminal
tty() {	# command line: run on a terminal of its own
	as $ALICE timeout -k 5 30 script -qec "$1" /dev/null >"$OUT" 2>"$ERR" \
	    </dev/null
	RC=$?
}
tty "docker run -it --rm --pull never $IMAGE sh -c 'tty; stty size'"
row $RC 'run -it'
shows /dev/pts '… has a terminal inside'
tty "stty rows 33 cols 77; docker exec -it ds01t-a sh -c 'sleep 0.5; stty size'"
shows '33 77' 'exec -it has the size of the terminal'
tty "docker run -it --rm --pull never $IMAGE sh -c 'exit 9'"
is $RC 9 'the exit status comes through a terminal'
printf 'echo he''llo\nexit 5\n' >"$WORK/typed"
chmod 0644 "$WORK/typed"
as $ALICE timeout -k 5 30 script -qec 'docker exec -it ds01t-a sh' /dev/null \
    <"$WORK/typed" >"$OUT" 2>"$ERR"
RC=$?
shows hello 'what is typed arrives'

# --- signals
as $ALICE timeout -s INT 3 docker run --rm --pull never --name ds01t-int $IMAGE \
    sh -c 'trap "echo got-int; exit 3" INT; while :; do sleep 0.1; done' \
    >"$OUT" 2>"$ERR" </dev/null
shows got-int 'SIGINT reaches the process inside'
as $ALICE timeout -s TERM 3 docker run --rm --pull never --name ds01t-term $IMAGE \
    sh -c 'trap "echo got-term; exit 3" TERM; while :; do sleep 0.1; done' \
    >"$OUT" 2>"$ERR" </dev/null
shows got-term 'SIGTERM too'
is "$(direct ps -aq -f name=ds01t-int -f name=ds01t-term)" '' '… and --rm cleaned up'
as $ALICE docker logs -f ds01t-a >/dev/null 2>&1 &
L=$!
as $ALICE timeout -s INT 1 docker logs -f ds01t-a >"$OUT" 2>&1 </dev/null
row 0 'Ctrl-C ends logs -f'
kill $L 2>/dev/null
wait $L 2>/dev/null
as $ALICE sh -c 'docker events >/dev/null 2>&1 & p=$!
    sleep 0.5; kill -STOP $p; sleep 0.2
    grep -q "^State:.T" /proc/$p/status && echo stopped
    kill -CONT $p; sleep 0.2
    grep -q "^State:.[SR]" /proc/$p/status && echo again; kill $p' \
    >"$OUT" 2>"$ERR" </dev/null
shows stopped 'the command can be suspended'
shows again '… and goes on'

# Keys on a terminal with an interactive shell; what it shows is in $WORK/screen.
mkfifo "$WORK/keys"
: >"$WORK/screen"
as $ALICE timeout -k 5 180 script -qec 'sh -i' /dev/null <"$WORK/keys" \
    >"$WORK/screen" 2>&1 &
exec 7>"$WORK/keys"
screen() {	# until it shows TEXT, N times
	_i=0
	until [ "$(grep -c -- "$1" "$WORK/screen")" -ge "${2:-1}" ] ||
	    [ $_i -ge 300 ]; do
		sleep 0.1
		_i=$((_i + 1))
	done
	[ $_i -lt 300 ]
}
may $ALICE docker run -d --pull never --name ds01t-ticks --stop-signal KILL \
    $IMAGE sh -c 'while :; do echo tick; sleep 0.2; done'
printf 'docker logs -f --tail 0 ds01t-ticks\n' >&7
screen tick
row $? 'logs -f on a terminal'
printf '\003' >&7
screen '^^C' && printf 'echo ended""-$?\n' >&7
screen 'ended-1'
row $? 'Ctrl-C ends it, and the shell goes on'
printf 'docker logs -f --tail 0 ds01t-ticks\n' >&7
screen tick $(($(grep -c tick "$WORK/screen") + 2))
printf '\032' >&7
screen Stopped
row $? 'Ctrl-Z stops it'
printf 'echo stop""ped; fg\n' >&7
screen '^stopped'
screen tick $(($(grep -c tick "$WORK/screen") + 2))
row $? 'fg goes on with it'
printf '\003' >&7
screen '^^C' 2 && printf 'echo at""shell\n' >&7
screen '^atshell'		# what is typed now is read by nobody else
cat >"$PLACE/home/$ALICE/ask" <<'END'
docker exec -it ds01t-ticks sh -c 'echo asked; read x; echo $x$x; exit 6'
echo left-$?
END
printf 'sh ask\n' >&7
screen '^asked' && printf 'yes\n' >&7
screen yesyes && screen left-6
row $? 'exec -it: typed into, and left with its status'
printf 'exit\n' >&7
exec 7>&-
wait
cp "$WORK/screen" "$OUT"
hides 'not found' 'nothing else was said'

# --- the CLI's own helpers run as the user (A-8)
D=$PLACE/home/$ALICE/.docker/cli-plugins
mkdir -p "$D"
cat >"$D/docker-whoever" <<'END'
#!/bin/sh
case $1 in
docker-cli-plugin-metadata)
	echo '{"SchemaVersion":"0.1.0","Vendor":"x","Version":"1"}' ;;
*)	id -u
	id -ru
	sed -n 's/^Cap\(Prm\|Eff\|Amb\):[	0]*//p' /proc/self/status ;;
esac
END
chmod 0755 "$D/docker-whoever"
chown -R $ALICE: "$D"
may $ALICE docker whoever
is "$(sed -n 1,2p "$OUT" | tr '\n' ' ')" "$(id -u $ALICE) $(id -u $ALICE) " \
    'a plugin in the home runs as the user'
is "$(sed -n '3,$p' "$OUT" | tr -d '\n')" '' '… without capabilities'
rm -rf "$D"

# --- attach and detach
fresh $ALICE ds01t-at -i -t
as $ALICE timeout 5 docker attach --no-stdin ds01t-at >"$OUT" 2>"$ERR" </dev/null &
W=$!
sleep 1
ok 'attach stays attached' kill -0 $W
kill $W 2>/dev/null
wait $W 2>/dev/null
ok 'and leaves the container running' sh -c \
    '[ "$(curl -s --unix-socket $ENGINE_SOCKET http://d/containers/ds01t-at/json | grep -c "\"Running\":true")" = 1 ]'
printf '\020\021' >"$WORK/typed"
(sleep 1; cat "$WORK/typed"; sleep 1) | as $ALICE timeout -k 5 15 script -qec \
    'docker attach ds01t-at' /dev/null >"$OUT" 2>"$ERR"
is "$(direct inspect -f '{{.State.Running}}' ds01t-at)" true \
    'Ctrl-P Ctrl-Q detaches'
may $ALICE docker run -d --pull never --name ds01t-log $IMAGE sh -c \
    'i=0; while [ $i -lt 20 ]; do echo line $i; i=$((i + 1)); done'
may $ALICE docker wait ds01t-log
may $ALICE docker logs -f ds01t-log
is "$(wc -l <"$OUT")" 20 'logs -f ends when the container has ended'
may $ALICE docker start -a ds01t-log
may $ALICE docker run --rm --pull never -d --name ds01t-rm $IMAGE true

# --- images
may $ALICE docker images
may $ALICE docker image inspect $IMAGE
may $ALICE docker history $IMAGE
may $ALICE docker tag $IMAGE $ALICE/x:1
may $ALICE sh -c "docker save $ALICE/x:1 | docker load"
may $ALICE sh -c "docker save -o x.tar $ALICE/x:1 && docker load -i x.tar"
may $ALICE docker rmi $ALICE/x:1
may $ALICE sh -c 'docker export ds01t-a | docker import - ds01t-alice/imp'
may $ALICE docker rmi ds01t-alice/imp

# --- awkward beginnings
may $ALICE sh -c 'docker ps <&- '
as $ALICE sh -c 'docker ps >&-' 2>"$ERR" </dev/null
as $ALICE sh -c 'docker ps 2>&-' >"$OUT" 2>/dev/null </dev/null
row $? 'docker ps with stderr closed'
may $ALICE sh -c 'ulimit -n 64; docker ps'
may $ALICE sh -c 'ulimit -c 0; ulimit -f 0; docker ps >/dev/null'
may $ALICE sh -c 'umask 777; docker ps'
may $ALICE sh -c 'trap "" INT TERM HUP PIPE CHLD; docker ps'
may $ALICE sh -c 'mkdir -p gone && cd gone && rmdir ../gone && docker ps'
may $ALICE sh -c 'unset HOME; docker ps'
may $ALICE docker run --rm --pull never -e 'X=a "b" $c' $IMAGE sh -c 'echo "$X"'
is "$(cat "$OUT")" 'a "b" $c' 'quotes and dollars arrive as they are'
finish
