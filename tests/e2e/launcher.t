#!/bin/bash
# launcher.t - the setuid launcher, used and abused by an ordinary user.
#
# DS01_BIN: the installed launcher.  TEST_USER: a user without privileges.
# Within the suite both follow from PLACE (tests/lib/place.sh).
# Everything a row starts it also ends; installed files are changed only
# inside private mount namespaces.
set -u

D=${DS01_BIN:-${PLACE-}/usr/bin/ds01-docker}
S=${D%/*}/ds01-docker-session
RUN=${DS01_RUN_DIR:-${PLACE-}/run/ds01-docker}
CTL=${D%/bin/*}/sbin/ds01-dockerctl
GATE=${DS01_GATE:-${PLACE-}/usr/libexec/ds01-docker/gate}
SERVICE=${SERVICE_USER:-ds01-docker}
CLI=${ENGINE_CLI:-/usr/bin/docker}
U=${TEST_USER:-${ALICE-}}
if [ -z "$U" ] || [ ! -u "$D" ]; then
	echo '1..0 # SKIP run through: sh tests/check.sh FILE'
	exit 0
fi
uid=$(id -u "$U") || exit 1
home=$(getent passwd "$U" | cut -d: -f6)
work=$(mktemp -d) || exit 1
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
export D S RUN GATE CLI SERVICE

n=0
result() {			# ok? name [what was seen]
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		printf '%s\n' "${3-}" | sed 's/^/#   /' | head -n 20
	fi
}
is() {				# name got want
	[ "$2" = "$3" ]
	result $? "$1" "got '$2', want '$3'"
}
like() {			# name got pattern (extended regex)
	printf '%s\n' "$2" | grep -Eq -- "$3"
	result $? "$1" "got '$2', want /$3/"
}
unlike() {
	! printf '%s\n' "$2" | grep -Eq -- "$3"
	result $? "$1" "got '$2', want no /$3/"
}
as() {				# a command, as the user, in a bare environment
	setpriv --reuid "$U" --regid "$(id -g "$U")" --init-groups \
	    env -i -C "$home" HOME="$home" USER="$U" PATH=/usr/bin:/bin \
	    D="$D" S="$S" RUN="$RUN" "$@"
}
sh_as() {			# a script of bash, as the user
	as bash -c "$@" 2>&1
}
outside() {			# in a mount namespace prepared by $1, as the user: $2
	unshare -m bash -c "$1" && unshare -m bash -c "$1
	    exec setpriv --reuid $U --regid $(id -g "$U") --init-groups \
	    env -i HOME=$home PATH=/usr/bin:/bin D=$D S=$S bash -c '$2'" 2>&1
}
wait_for() {			# until the command succeeds, 10 s at most
	local i
	for ((i = 0; i < 200; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}
# Names of this login's sockets begin so, and other logins of the user may
# have gates that linger, or sockets of killed ones.
login=$(sh_as '$S printenv DOCKER_HOST')
login=${login#unix://}
login=${login%-*}-
gates() {			# pids of the gates that serve this login
	local p inode
	for p in $(pgrep -u "$SERVICE"); do
		inode=$(readlink "/proc/$p/fd/3" 2>/dev/null | tr -dc 0-9)
		[ -n "$inode" ] || continue
		awk -v i="$inode" -v p="$login" \
		    '$7 == i && index($8, p) == 1' /proc/net/unix |
		    grep -q . && echo "$p"
	done
}
gates_are() { [ "$(gates | wc -l)" -eq "$1" ]; }
end_gates() {			# as a crash would
	local p
	for p in $(gates); do kill -KILL "$p"; done
	wait_for gates_are 0
}
status_of() {			# pid field
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr '\t' ' ' |
	    sed 's/ *$//'
}

# --- what the CLI finds -----------------------------------------------------

like "docker works" "$(sh_as '$D version --format {{.Server.Version}}')" \
    '^[0-9]+\.'
is "ids are the caller's" "$(sh_as '$S cat /proc/self/status' |
    sed -n 's/^[UG]id:\t//p' | tr '\t\n' '  ')" \
    "$uid $uid $uid $uid $(id -g "$U") $(id -g "$U") $(id -g "$U") $(id -g "$U") "
is "no capability, no no_new_privs" "$(sh_as '$S cat /proc/self/status' |
    sed -n 's/^\(CapInh\|CapPrm\|CapEff\|CapAmb\|NoNewPrivs\):\t//p' |
    tr '\n' ' ')" \
    "0000000000000000 0000000000000000 0000000000000000 0000000000000000 0 "
is "bounding set is the caller's" \
    "$(sh_as '$S grep CapBnd /proc/self/status')" \
    "$(sh_as 'grep CapBnd /proc/self/status')"
is "groups are the caller's" "$(sh_as '$S id')" "$(sh_as id)"
is "limits are the caller's" "$(sh_as 'ulimit -Sn 77; $S cat /proc/self/limits')" \
    "$(sh_as 'ulimit -Sn 77; cat /proc/self/limits')"
is "umask and directory are the caller's" \
    "$(sh_as 'umask 0137; cd /usr; $S sh -c "umask; pwd"' | tr '\n' ' ')" \
    "0137 /usr "
is "environment is the caller's but for DOCKER_HOST" \
    "$(as TMPDIR=/x LD_LIBRARY_PATH=/y GCONV_PATH=/z DOCKER_CONTEXT=default \
    "$S" env | grep -v '^DOCKER_HOST=' | sort)" \
    "$(as TMPDIR=/x LD_LIBRARY_PATH=/y GCONV_PATH=/z env | sort)"
like "DOCKER_HOST is a session socket of one's own" \
    "$(sh_as '$S printenv DOCKER_HOST')" "^unix://$RUN/$uid-.*\.sock$"
is "inherited descriptors keep their numbers" \
    "$(sh_as '$S cat /dev/fd/9 9< <(echo nine)')" nine
is "process substitution" "$(sh_as '$S cat <(echo text)')" text
is "stdin is passed on" "$(sh_as 'echo in | $S cat')" in
is "same process" "$(sh_as 'echo $$; exec $S sh -c "echo \$\$"' | uniq | wc -l)" 1
is "no child that it did not start" \
    "$(sh_as '$S perl -e "print wait"')" -1
is "nor with debugging" \
    "$(sh_as 'DS01_WRAPPER_DEBUG=1 $S perl -e "print wait" 2>/dev/null')" -1

# --- exit status ------------------------------------------------------------

is "exit status" "$(sh_as '$S sh -c "exit 37"; echo $?')" 37
is "death by signal" \
    "$(sh_as '$S sh -c "kill -KILL \$\$"; echo $?' | tail -n 1)" 137
is "docker's own errors" \
    "$(sh_as '$D run --bogus 2>/dev/null; echo $?; $D nosuch 2>/dev/null; echo $?')" \
    "$(sh_as "$CLI"' run --bogus 2>/dev/null; echo $?; '"$CLI"' nosuch 2>/dev/null; echo $?')"
is "no such command" "$(sh_as '$S /no/such; echo $?' | tail -n 1)" 127
is "not executable" "$(sh_as '$S /etc/passwd; echo $?' | tail -n 1)" 126

# --- a hostile start --------------------------------------------------------

out=$(sh_as 'exec -a "" $D ps; echo $?')
like "empty argv[0] is an error" "$out" 'empty argv'
like "closed stdin" "$(sh_as '$S readlink /proc/self/fd/0 0<&-')" \
    '^/dev/(null|full)$'
is "closed 0-2" "$(sh_as '$S sh -c "exit 7" 0<&- 1>&- 2>&-; echo $?')" 7
is "RLIMIT_NOFILE 16" \
    "$(sh_as "ulimit -n 16; exec \$S busybox sh -c 'ulimit -n'")" 16
# the run-time linker needs some before us, and root may be without
# CAP_SYS_RESOURCE
for f in 3 4 5; do
	like "RLIMIT_NOFILE $f: works or says why" \
	    "$(sh_as "ulimit -n $f; exec \$S busybox sh -c 'ulimit -n'")" \
	    "^$f\$|Error 24|Too many open files"
done
is "RLIMIT_FSIZE 0" "$(sh_as 'ulimit -f 0; $S sh -c "exit 7"; echo $?' |
    cat)" 7
is "RLIMIT_CORE, STACK, DATA small" \
    "$(sh_as 'ulimit -c 0; ulimit -s 256; ulimit -d 4096; $S sh -c "exit 7"
    echo $?')" 7
like "RLIMIT_AS small: works or says why" \
    "$(sh_as 'ulimit -v 9000; $S busybox true; echo status $?')" \
    'status 0|ds01-docker: |error while loading'
like "RLIMIT_NPROC 1: works or says why" \
    "$(sh_as 'ulimit -u 1; exec $S busybox echo fine')" \
    'fine|Resource temporarily unavailable'
like "a full process table of his own" \
    "$(sh_as 'ulimit -u 1; exec $D version --format {{.Server.Version}}' |
    head -n 1)" '^[0-9]+\.|Resource temporarily|failed to create new OS thread'
is "blocked signals stay blocked" \
    "$(sh_as 'perl -MPOSIX -e "sigprocmask(SIG_BLOCK,
    POSIX::SigSet->new(SIGTERM, SIGCHLD)); exec @ARGV" \
    $S grep SigBlk /proc/self/status' | tr -d '\t')" SigBlk:0000000000014000
like "ignored SIGCHLD stays ignored" \
    "$(sh_as 'perl -e "\$SIG{CHLD} = q(IGNORE); exec @ARGV" \
    $S grep SigIgn /proc/self/status')" '1[0-9a-f]{4}$'
is "LD_PRELOAD and friends" \
    "$(as LD_PRELOAD= LD_LIBRARY_PATH=/tmp GCONV_PATH=/tmp LOCPATH=/tmp \
    NLSPATH=/tmp/%N MALLOC_CHECK_=3 GLIBC_TUNABLES=glibc.malloc.check=3 \
    RES_OPTIONS=debug "$S" sh -c 'echo fine' 2>&1)" fine
is "LD_PRELOAD gets nothing into root's half" "$(sh_as '
    printf "#include <unistd.h>\n__attribute__((constructor)) static void
	f(void){if(geteuid()==0)write(1,\"root\",4);}" >p.c
    cc -shared -fPIC -o p.so p.c 2>/dev/null || cp /lib/*/libutil.so.1 p.so
    LD_PRELOAD=$PWD/p.so $S sh -c "exit 0"; rm -f p.c p.so')" ""
is "an environment of 1.5 MB" \
    "$(sh_as 'perl -e "\$ENV{qq(X\$_)} = q(a) x 100000 for 1..15; exec @ARGV" \
    $S printenv X15 | wc -c')" 100001
is "a long command line" \
    "$(sh_as '$S sh -c "echo \$#" sh $(seq 30000)')" 30000
like "many targets" \
    "$(sh_as '$D stop $(seq 1000000 1009999) 2>&1 | head -n 1')" \
    'such container|denied|Permission'

# --- the terminal -----------------------------------------------------------

tty() {
	# as a terminal has it, also when the tests run in the background
	printf '%s\nexit\n' "$1" | as TERM=dumb env --default-signal=INT,QUIT \
	    script -qec 'bash --norc --noprofile -i' /dev/null 2>&1 |
	    tr -d '\r'
}
like "controlling terminal" "$(tty '$S sh -c "tty <\$(tty)"')" '^/dev/pts/'
like "stops and continues (Ctrl-Z, fg)" \
    "$(tty '$S sh -c "kill -TSTP \$\$; echo re""sumed"
	jobs
	fg')" '^resumed'
like "interrupt" "$(tty '$S sh -c "kill -INT 0; sleep 9"
	echo status-$?')" '^status-130'

# --- the gate ---------------------------------------------------------------

mkfifo "$work/hold"
chown "$U" "$work/hold"
as bash -c 'exec 9<"$HOME"; exec $S cat' <"$work/hold" >/dev/null &
holder=$!
exec 8>"$work/hold"
wait_for gates_are 1
gate=$(gates)
groups=$(id -G "$SERVICE" | tr ' ' '\n' | sort -n | tr '\n' ' ' | sed 's/ $//')
sid=$(id -u "$SERVICE")
sgid=$(id -g "$SERVICE")
is "one gate" "$(gates | wc -l)" 1
is "gate: uid" "$(status_of "$gate" Uid)" "$sid $sid $sid $sid"
is "gate: gid" "$(status_of "$gate" Gid)" "$sgid $sgid $sgid $sgid"
is "gate: groups" "$(status_of "$gate" Groups)" "$groups"
for set in CapInh CapPrm CapEff CapAmb; do
	is "gate: $set is AUDIT_WRITE" "$(status_of "$gate" $set)" \
	    0000000020000000
done
is "gate: CapBnd is empty" "$(status_of "$gate" CapBnd)" 0000000000000000
is "gate: no_new_privs" "$(status_of "$gate" NoNewPrivs)" 1
is "gate: umask" "$(status_of "$gate" Umask)" 0077
is "gate: no blocked signals" "$(status_of "$gate" SigBlk)" 0000000000000000
is "gate: empty environment" "$(wc -c <"/proc/$gate/environ")" 0
is "gate: directory" "$(readlink "/proc/$gate/cwd")" /
is "gate: own session, no terminal, child of nobody" \
    "$(ps -o sid=,tty=,ppid= -p "$gate" | tr -s ' ' | sed 's/^ //')" \
    "$gate ? 1"
is "gate: its own descriptors" "$(for f in 0 1 2 3 4 5 6; do
    readlink /proc/"$gate"/fd/$f; done | sed 's/:.*//' | tr '\n' ' ')" \
    "/dev/null /dev/null /dev/null socket socket socket socket "
unlike "gate: none of the caller's" "$(ls -l /proc/"$gate"/fd)" \
    "> ($home|$work)"
like "gate: no core dumps" "$(cat /proc/"$gate"/limits)" \
    '^Max core file size +0 +0'
like "user cannot signal it" "$(sh_as "kill -0 $gate")" 'not permitted'
like "user cannot look into it" "$(sh_as "ls /proc/$gate/fd")" 'denied'
like "CLI holds the lease, out of the way" \
    "$(sh_as '$S ls -l /proc/self/fd')" ' 2[3-9][0-9] -> socket'
is "and nothing else of ours" "$(sh_as '$S ls /proc/self/fd' | wc -l)" \
    $(($(sh_as 'ls /proc/self/fd' | wc -l) + 1))

# --- the sockets ------------------------------------------------------------

connect() {			# user path type
	setpriv --reuid "$1" --regid "$(id -g "$1")" --clear-groups perl \
	    -MSocket -e 'socket(S, AF_UNIX, '"$3"', 0);
	    print connect(S, sockaddr_un($ARGV[0])) ? "yes" : "$!"' "$2"
}
sock=$(sh_as '$S printenv DOCKER_HOST')
sock=${sock#unix://}
ctl=${sock%.sock}.ctl
is "session socket" "$(stat -c '%A %U' "$sock")" "srw------- $U"
is "control socket" "$(stat -c '%A %U' "$ctl")" "srw------- root"
is "the user may connect" "$(connect "$U" "$sock" SOCK_STREAM)" yes
is "another may not" "$(connect nobody "$sock" SOCK_STREAM)" \
    "Permission denied"
is "nobody may connect to control" "$(connect "$U" "$ctl" 5)" \
    "Permission denied"
like "the user cannot remove it" "$(sh_as "rm -f $sock")" denied
like "nor make one" "$(sh_as "touch $RUN/x")" denied
like "nor list them" "$(sh_as "ls $RUN")" denied
is "no lock is left" "$(ls "$RUN" | grep -c "^$uid-.*lock")" 0

# --- one gate a login, and what is left behind ------------------------------

exec 8>&-
wait $holder 2>/dev/null
is "a lingering gate serves the next command" \
    "$(sh_as '$S true'; a=$(gates); sh_as '$S true'
    [ "$a" = "$(gates)" ] && echo same)" same
cp -p "$GATE" "$GATE.new" && mv "$GATE.new" "$GATE"
before=$(gates)
is "after an upgrade the next command has the new one" \
    "$(sh_as '$S true' && [ "$(gates)" != "$before" ] && echo new)" new
wait_for sh -c "! kill -0 $before" 2>/dev/null
is "and the old one ends when it has nothing to do" \
    "$(kill -0 "$before" 2>/dev/null && echo alive) $(gates | wc -l)" " 1"
end_gates
like "a killed gate is replaced" \
    "$(sh_as '$D version --format {{.Server.Version}}')" '^[0-9]+\.'
end_gates
sh_as 'for i in 1 2 3 4 5 6 7 8; do $S sh -c "echo \$DOCKER_HOST" & done
    wait' >"$work/race"
is "eight at once: one socket" "$(sort -u "$work/race" | wc -l)" 1
is "eight at once: one gate" "$(gates | wc -l)" 1
is "eight at once: all served" "$(wc -l <"$work/race")" 8
end_gates
cat >"$work/kill.pl" <<'PERL'
my ($signal, @command) = @ARGV;
for my $i (1 .. 40) {
	my $pid = fork // die;
	exec @command if $pid == 0;
	select undef, undef, undef, $i * 0.0006;
	kill $signal, $pid;
	push @pids, $pid;
}
if ($signal eq 'STOP') {	# while they are stopped
	system '$D version --format "{{.Server.Version}}"';
	kill 'KILL', @pids;
}
waitpid $_, 0 for @pids;
PERL
sh_as "perl $work/kill.pl KILL \$S true" >/dev/null
like "after forty killed launchers" \
    "$(sh_as '$D version --format {{.Server.Version}}')" '^[0-9]+\.'
end_gates
is "no lock is held" "$(sh_as '$S true'; ls "$RUN" | grep -c "^$uid-.*lock")" 0
end_gates
like "beside stopped launchers" \
    "$(sh_as "perl $work/kill.pl STOP \$S true")" '^[0-9]+\.'
private() { ls "$RUN" | grep -q "^$uid-.*\.p[0-9]"; }
end_gates
rm -f "$RUN/$uid"-*
sh_as 'DS01_WRAPPER_DEBUG=1 $S true' >/dev/null
none_private() { ! private; }
wait_for none_private
result $? "a private gate ends with its command" "$(ls "$RUN")"
private_names() { ls "$RUN" | grep -c "^$uid-.*\.p[0-9]"; }
for i in 1 2 3; do		# each starts one more, and then it crashes
	as DS01_WRAPPER_DEBUG=1 "$S" cat <"$work/hold" >/dev/null 2>&1 &
	holder=$!
	exec 8>"$work/hold"
	wait_for gates_are 1
	end_gates
	exec 8>&-
	wait $holder
done
is "a killed private gate's name stays until the next" "$(private_names)" 1
other=$RUN/$((uid + 1))-0-0-0.p2147483647.sock
perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0);
    bind(S, sockaddr_un($ARGV[0]))' "$other"
sh_as 'DS01_WRAPPER_DEBUG=1 $S sh -c "exec sleep 60 >/dev/null 2>&1 & true"' \
    >/dev/null
live=$(gates)			# its command is gone, its lease is not
sh_as 'DS01_WRAPPER_DEBUG=1 $S true' >/dev/null
wait_for gates_are 1
is "and no name of a gate that runs goes" "$(private_names) $(gates)" "1 $live"
is "nor another user's" "$(ls "$other")" "$other"
rm -f "$other"
end_gates
rm -f "$RUN/$uid"-*
probes() { pgrep -u "$U" -x ds01-probe >/dev/null; }
end_gates
no_probes() { ! probes; }
wait_for no_probes
result $? "the probe ends with its gate" "$(ps -fu "$U")"

# --- control groups ---------------------------------------------------------

tree=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
version1() {			# where the tree of that controller is
	awk -v c="$1" '$3 == "cgroup" && "," $4 "," ~ "," c "," { print $2; exit }' \
	    /proc/mounts
}
freezer=$(version1 freezer)
pids=$(version1 pids)
G=$tree/ds01-test-$uid		# handed to the user as systemd does
F=$freezer/ds01-test-$uid
grouped() {			# in both: a function and its words
	(
	echo 0 >"$G/a/cgroup.procs"
	[ -z "$freezer" ] || echo 0 >"$F/cgroup.procs"
	"$@")
}
hold() {			# a session with that script before it
	exec 8>&-
	end_gates
	grouped as G="$G" bash -c "$1"' exec $S cat' <"$work/hold" >/dev/null &
	holder=$!
	exec 8>"$work/hold"
	wait_for gates_are 1
	gate=$(gates)
}
if [ -n "$tree" ]; then
	mkdir -p "$G/a"
	chown -R "$U" "$G"
	[ -z "$freezer" ] || mkdir -p "$F"
	hold '
	    echo 1000 >/proc/self/oom_score_adj
	    echo 1000000000 >/proc/self/timerslack_ns
	    set -- chrt -i 0 ionice -c 3 taskset -c 0 nice -n 19 "$S"
	    S=; exec "$@" cat;'
	like "his command is in his group" "$(cat "$G/a/cgroup.procs")" '^[0-9]'
	is "gate: in none of his" "$(grep -v ':/$' "/proc/$gate/cgroup" |
	    sed 's/.*://' | sort -u)" "/$SERVICE/$uid"
	is "gate: group and files are root's" "$(find "$tree/$SERVICE" \
	    ! -user 0 -o -perm /022 | head)" ""
	for d in "$tree" "$pids"; do	# one of them has the controller
		[ ! -e "$d/$SERVICE/$uid/pids.max" ] ||
		    is "gate: bounds" "$(cat "$d/$SERVICE/$uid/pids.max")" 4096
	done
	is "gate: not before services when memory ends" \
	    "$(cat "/proc/$gate/oom_score_adj")" 0
	is "gate: scheduling class, nice value" \
	    "$(ps -o cls=,ni= -p "$gate" | tr -s ' ')" "$(ps -o cls=,ni= -p 1 |
	    tr -s ' ')"
	is "gate: input and output" "$(ionice -p "$gate")" "$(ionice -p $$)"
	is "gate: processors" "$(status_of "$gate" Cpus_allowed_list)" \
	    "$(status_of 1 Cpus_allowed_list)"
	is "gate: timers" "$(cat "/proc/$gate/timerslack_ns")" 50000
	like "the user cannot take it into his group" \
	    "$(sh_as "echo $gate >$G/a/cgroup.procs")" 'denied|not permitted'
	like "nor write to its group" \
	    "$(sh_as "echo 1 >$tree/$SERVICE/$uid/cgroup.freeze")" denied
	like "doctor is content" "$("$CTL" doctor gates)" '^ok .* gate\(s\) run'
	echo "$gate" >"$G/a/cgroup.procs"	# as gates were before
	like "but not with one in his group" "$("$CTL" doctor gates)" \
	    "^FAIL .*gate $gate is in .*/ds01-test-$uid/a"
	echo "$gate" >"$tree/$SERVICE/$uid/cgroup.procs"
	sh_as "echo 1 >$G/a/cgroup.freeze"
	[ -z "$freezer" ] || echo FROZEN >"$F/freezer.state"
	like "it goes on while he freezes his" "$(as timeout 20 "$D" version \
	    --format '{{.Server.Version}}' 2>&1) $(gates)" \
	    "^[0-9]+\\.[^ ]* $gate\$"
	[ -z "$freezer" ] || echo THAWED >"$F/freezer.state"
	sh_as "echo 0 >$G/a/cgroup.freeze"
	if [ -e "$G/a/cgroup.kill" ]; then
		sh_as "echo 1 >$G/a/cgroup.kill"
		wait $holder 2>/dev/null
		is "and when he kills all in his" $? 137
		is "it is there" "$(sh_as '$S true'; gates)" "$gate"
	fi
	exec 8>&-
	end_gates
	like "where it cannot leave there is none" "$(grouped outside \
	    "mount -t tmpfs tmpfs /sys/fs/cgroup" '$D ps')" \
	    'out of your control group'
	rmdir "$G/a" "$G"
	[ -z "$freezer" ] || rmdir "$F"
fi
exec 8>&-

# --- which engine -----------------------------------------------------------

like "a remote engine is left alone" \
    "$(as DOCKER_HOST=tcp://127.0.0.1:1 "$D" version 2>&1)" \
    'tcp://127.0.0.1:1'
like "-H remote" "$(sh_as '$D -H tcp://127.0.0.1:1 ps')" 'tcp://127.0.0.1:1'
like "-H local goes through the gate" \
    "$(sh_as '$D -H unix:///var/run/docker.sock version -f {{.Server.Version}}')" \
    '^[0-9]+\.'
like "--context default" \
    "$(sh_as '$D --context default version -f {{.Server.Version}}')" '^[0-9]+\.'
sh_as '$D context create far --docker host=tcp://127.0.0.1:1' >/dev/null
sh_as '$D context create near --docker host=unix:///var/run/docker.sock' \
    >/dev/null
like "context ls" "$(sh_as '$D context ls')" '^far '
unlike "context ls does not complain" "$(sh_as '$D context ls')" overrid
like "a remote context" "$(sh_as '$D --context far ps')" 'tcp://127.0.0.1:1'
like "a local context" \
    "$(sh_as '$D --context near version -f {{.Server.Version}}')" '^[0-9]+\.'
sh_as '$D context use far; $D ps' >"$work/far"
like "the context in use" "$(cat "$work/far")" 'tcp://127.0.0.1:1'
sh_as '$D context use default; $D context rm far near' >/dev/null
like "inside a session" \
    "$(sh_as '$S $D version -f {{.Server.Version}}')" '^[0-9]+\.'
like "a stale DOCKER_HOST of ours" \
    "$(as DOCKER_HOST="unix://$RUN/1-2-3.sock" "$D" version \
    -f '{{.Server.Version}}' 2>&1)" '^[0-9]+\.'
like "help needs no engine" "$(sh_as '$D --help')" 'Usage'

# --- how it is built ---------------------------------------------------------

is "the launcher links libc and libcap-ng only" "$(readelf -d "$D" |
    sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | sort | tr '\n' ' ')" \
    "libc.so.6 libcap-ng.so.0 "
for f in "$D" "$GATE"; do
	like "${f##*/}: position independent" "$(readelf -h "$f")" \
	    'Type: +DYN'
	like "${f##*/}: bound at start" "$(readelf -d "$f")" 'BIND_NOW|NOW'
	like "${f##*/}: relocations read-only" "$(readelf -lW "$f")" GNU_RELRO
	unlike "${f##*/}: no executable stack" "$(readelf -lW "$f")" \
	    'GNU_STACK.*RWE'
	like "${f##*/}: stack protector" "$(readelf -sW "$f")" __stack_chk_fail
	like "${f##*/}: fortified" "$(readelf -sW "$f")" '__[a-z]*printf_chk'
	if [ "$(uname -m)" = x86_64 ]; then
		# the note of it is the C library's to give
		like "${f##*/}: control-flow enforcement" \
		    "$(objdump -d "$f" | grep -c endbr64)" '^[0-9]{2,}$'
	fi
done

# --- a broken installation says so ------------------------------------------

cp "$D" "$work/plain"
chmod 755 "$work/plain"
like "no setuid bit" "$(sh_as "$work/plain ps; echo \$?")" 'setuid bit'
is "is status 125" "$(sh_as "$work/plain ps >/dev/null 2>&1; echo \$?")" 125
mkdir "$work/nosuid"
like "nosuid mount" "$(outside "mount -t tmpfs -o nosuid tmpfs $work/nosuid &&
    cp -p $D $work/nosuid/docker && chmod 4755 $work/nosuid/docker" \
    "$work/nosuid/docker ps")" 'mounted nosuid'
like "no_new_privs" "$(sh_as 'setpriv --no-new-privs $D ps')" no_new_privs
like "user namespace" "$(sh_as 'unshare -Ur $D ps')" \
    'user namespace|Operation not permitted'
like "but remote works there" \
    "$(sh_as 'setpriv --no-new-privs $D -H tcp://127.0.0.1:1 ps')" \
    'tcp://127.0.0.1:1'
like "no run directory" "$(outside "mount -t tmpfs tmpfs ${RUN%/*}" '$D ps')" \
    'No such file or directory'
like "run directory of everybody" "$(outside \
    "mount -t tmpfs -o mode=1777 tmpfs $RUN" '$D ps')" 'owned by'
like "no service user" "$(outside "grep -v ^$SERVICE: /etc/passwd >$work/p
    mount -t tmpfs -o mode=711 tmpfs $RUN
    mount --bind $work/p /etc/passwd" '$D ps')" "no user $SERVICE"
like "no gate" "$(outside "mount -t tmpfs -o mode=711 tmpfs $RUN
    mount -t tmpfs tmpfs ${GATE%/*}" '$D ps')" 'cannot find'
like "gate of the wrong mode" "$(outside "cp -p $GATE $work/g
    chmod 0777 $work/g; mount -t tmpfs -o mode=711 tmpfs $RUN
    mount --bind $work/g $GATE" '$D ps')" 'not writable by others'
like "gate that cannot be executed" "$(outside "echo x >$work/g
    chmod 0755 $work/g; mount -t tmpfs -o mode=711 tmpfs $RUN
    mount --bind $work/g $GATE" '$D ps')" 'Exec format error'
like "docker CLI that cannot be executed" "$(outside \
    "mount --bind /etc/passwd $CLI" '$D ps')" 'cannot execute the docker CLI'
like "docker CLI that is ourselves" "$(outside "mount --bind $D $CLI" \
    '$D ps')" 'ds01-docker itself'

echo "1..$n"
