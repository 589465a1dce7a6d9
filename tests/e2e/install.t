#!/bin/sh
# make install and uninstall, what make offers, and the top level.
. "$(dirname "$0")/../lib/e2e.sh"
begin
DEST=$WORK/dest
before=$(stat -c '%i %Y' "$PLACE/usr/bin/ds01-docker")

ok 'make install with DESTDIR' place_make DESTDIR="$DEST" install
P=$DEST$PLACE/usr
is "$(stat -c '%a %U %G' "$P/bin/ds01-docker")" '4755 root root' 'the launcher is setuid root'
is "$(readlink "$P/bin/ds01-docker-session")" ds01-docker 'a session is its second name'
is "$(stat -c '%a %U' "$P/libexec/ds01-docker/gate")" '750 root' 'the gate is not for everybody'
is "$(stat -c '%a %U' "$P/sbin/ds01-dockerctl")" '755 root' 'ds01-dockerctl is not setuid'
for m in man1/ds01-docker.1 man1/ds01-docker-session.1 \
    man5/ds01-docker.yaml.5 man8/ds01-dockerctl.8; do
	ok "$m" test -s "$P/share/man/$m"
done
ok 'sysusers.d' grep -q ds01-docker "$P/lib/sysusers.d/ds01-docker.conf"
ok 'tmpfiles.d, with the paths that were given' grep -q \
    "$PLACE/run/ds01-docker" "$P/lib/tmpfiles.d/ds01-docker.conf"
R=$DEST$PLACE/etc/logrotate.d/ds01-docker
ok 'logrotate.d, with the path that was given' grep -q \
    "^$PLACE/var/log/ds01/events.jsonl {" "$R"
is "$(stat -c '%a %U' "$R")" '644 root' '… and logrotate takes it: nobody else writes it'

# logrotate itself, with what was installed, on the file that gates write
EVENTS=$PLACE/var/log/ds01/events.jsonl
events() {	# how many refusals at ds01t-lr are in these files
	{ cat "$@" | grep auth.denied | grep -c ds01t-lr; } 2>/dev/null
}
rotate() {
	logrotate -f -s "$WORK/rotate.state" "$R"
}
denied() {	# so many times
	for i in $(seq "$1"); do
		run $ALICE docker stop ds01t-lr
		grep -q "$BOB_TEXT" "$ERR" || return
	done
}
fresh $BOB ds01t-lr
denied 3
logrotate -d -s "$WORK/rotate.state" "$R" >"$OUT" 2>&1
row $? 'logrotate understands it'
hides error: '… without complaint'
ok 'logrotate rotates' rotate
is "$(events "$EVENTS.1")" 3 'what was there has another name'
is "$(stat -c '%a %U %G %s' "$EVENTS")" "640 $SERVICE_USER ds01-admin 0" \
    "and there is an empty file of the gate's"
denied 2
is "$(events "$EVENTS") $(events "$EVENTS.1")" '2 3' \
    'the gate that was running goes on in the new one'
denied 30 &
for i in 1 2 3 4 5 6; do
	# all has to be old before it is moved on; rotating takes longer
	seen=$(events "$EVENTS")
	_i=0
	until [ "$(events "$EVENTS")" -gt "$seen" ] || [ $_i -gt 100 ] ||
	    ! kill -0 $! 2>/dev/null; do
		_i=$((_i + 1))
		sleep 0.05
	done
	rotate
done
wait
zcat "$EVENTS".*.gz >"$WORK/older"
is "$(events "$EVENTS" "$EVENTS.1" "$WORK/older")" 35 \
    'of thirty while it rotates six times none is lost'
rm -f "$EVENTS".*

# Users may write neither there nor where they did before (J-1 … J-4).
is "$(awk '$1 ~ /^[dDfF]/ && substr($3, length($3)) ~ /[2367]/' \
    "$P/lib/tmpfiles.d/ds01-docker.conf")" '' 'nothing in it is writable by everybody'
is "$(awk '$1 ~ /^[dDfF]/ && ($4 == "docker" || $5 == "docker")' \
    "$P/lib/tmpfiles.d/ds01-docker.conf")" '' '… or belongs to the group docker'
is "$(stat -c '%i %Y' "$PLACE/usr/bin/ds01-docker")" "$before" 'nothing was written beside DESTDIR'
ok 'make uninstall' place_make DESTDIR="$DEST" uninstall
is "$(find "$DEST" ! -type d)" '' '… leaves no file'

place_make help >"$OUT" 2>"$ERR"
for t in all install uninstall check check-unit demo bench asan lint; do
	grep -qw -- "$t" "$OUT"
	row $? "make help tells of $t"
done
for c in 'sh tests/demo.sh' 'sh tests/check.sh'; do
	ok "README: $c" grep -qF "$c" "$TOP/README.md"
done
is "$(ls "$TOP" | grep -vx build | sort | tr '\n' ' ')" \
    'LICENSE Makefile README.md include man packaging selinux src tests ' 'the top level'
ok '.ci/run' test -x "$TOP/.ci/run"
finish
