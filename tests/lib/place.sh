# place.sh - a private installation with users of its own.  Sourced.
#
# Everything lives below PLACE: programs, configuration, run and state
# directories, homes, engines.  place_clear removes it all again, and the
# accounts.  One suite at a time: place_lock waits for another one, unless
# RUN, a digit, gives this one a place and names of its own.
#
#   place_build       make, into PLACE/build
#   place_install     make install with private paths; accounts, directories
#   place_config [LINES]   docker.yaml for the running engine
#   place_clear       ends and removes everything

RUN=${RUN:-}
PLACE=${PLACE:-/opt/ds01-docker-check$RUN}
SERVICE_USER=ds01-check$RUN
ALICE=ds01-alice$RUN BOB=ds01-bob$RUN CAROL=ds01-carol$RUN
ERIN=ds01-erin$RUN@lab.example	# as a directory service would spell it
NUMBER=99022870$RUN	# a name of digits only
export PLACE SERVICE_USER ALICE BOB CAROL ERIN NUMBER

place_make() {
	make -s -C "$TOP" BUILD="$PLACE/build" PREFIX="$PLACE/usr" \
	    SYSCONFDIR="$PLACE/etc" RUNDIR="$PLACE/run/ds01-docker" \
	    STATEDIR="$PLACE/var/lib/ds01" LOGDIR="$PLACE/var/log/ds01" \
	    SERVICE_USER="$SERVICE_USER" "$@"
}

place_lock() {
	exec 9>/run/ds01-docker-tests$RUN.lock
	flock -n 9 || { echo '# waiting for another run to end'; flock 9; }
}

place_build() {
	mkdir -p "$PLACE"
	chmod 0755 "$PLACE"
	place_make -j2 all
}

# The accounts themselves tell: a list of them is lost with a run that is cut
# off, and what is left then would stop the next one.
place_users() {
	awk -F : -v home="$PLACE/home/" -v service="$SERVICE_USER" \
	    '$1 == service || index($6, home) == 1 { print $1 }' /etc/passwd
}

# userdel refuses a user of whom a process still ends.
place_end_user() {
	uid=$(id -u "$1") || return 0
	tries=100
	while pids=$(ps -o pid= -U "$uid" -u "$uid") && [ "$tries" -gt 0 ]; do
		kill -KILL $pids 2>/dev/null
		tries=$((tries - 1))
		sleep 0.05
	done
	userdel "$1" 2>/dev/null || echo "# the account $1 is left" >&2
}

place_user() {	# name, further useradd options
	name=$1
	shift
	if id "$name" >/dev/null 2>&1; then
		echo "$name exists already, and is not of these tests" >&2
		return 1
	fi
	useradd --badname -M -d "$PLACE/home/$name" -s /bin/sh "$@" "$name" \
	    2>/dev/null || return 1
	install -d -m 0700 -o "$name" -g "$(id -g "$name")" \
	    "$PLACE/home/$name" "$PLACE/home/$name/.docker"
}

place_group() {
	getent group "$1" >/dev/null && return 0
	groupadd "$1" && echo "$1" >>"$PLACE/groups"
}

place_install() {
	mkdir -p "$PLACE/bin" "$PLACE/home" "$PLACE/root.docker" \
	    "$PLACE/tmp" "$PLACE/data"
	# Engines start later and see it too; place_clear unmounts it.
	mount -t tmpfs -o nosuid,nodev,size=16m,mode=0755 ds01-test \
	    "$PLACE/data" || return 1
	chmod 0711 "$PLACE/tmp"
	place_group docker && place_group ds01-admin || return 1
	useradd --system -M -d / -s /usr/sbin/nologin -U -G docker \
	    "$SERVICE_USER" 2>/dev/null || return 1
	# for engines with userns-remap; userdel takes it back
	usermod --add-subuids 1879048192-1879113727 \
	    --add-subgids 1879048192-1879113727 "$SERVICE_USER" || return 1
	for u in "$ALICE" "$BOB" "$ERIN" "$NUMBER"; do
		place_user "$u" || return 1
	done
	place_user "$CAROL" -G ds01-admin || return 1
	place_make install >/dev/null || return 1
	ln -sfn ../usr/bin/ds01-docker "$PLACE/bin/docker"
	# What tmpfiles.d does on an installed host.
	s=$SERVICE_USER
	install -d -m 0711 -o "$s" -g "$s" "$PLACE/run/ds01-docker"
	install -d -m 0700 -o "$s" -g "$s" "$PLACE/var/lib/ds01/rate-limits"
	install -d -m 0755 "$PLACE/var/log/ds01"
	install -m 0640 -o "$s" -g ds01-admin /dev/null \
	    "$PLACE/var/log/ds01/events.jsonl"
}

place_config() {
	f=$PLACE/etc/ds01/docker.yaml
	mkdir -p "${f%/*}"
	{
		echo "engine:"
		echo "  socket: $ENGINE_SOCKET"
		echo "  cli: $ENGINE_CLI"
		# thousands of refusals are what the tests are for
		[ "${SLOW_AFTER-0}" = default ] || {
			echo "deny_slow_after: ${SLOW_AFTER-0}"
			echo "changes_slow_after: ${SLOW_AFTER-0}"
		}
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$f.new"
	chmod 0644 "$f.new"
	mv "$f.new" "$f"
}

# The users' CLIs find the plugins of the engine's own release.
place_plugins() {
	place_users | while read -r u; do
		d=$PLACE/home/$u/.docker
		[ -d "$d" ] || continue
		echo "{\"cliPluginsExtraDirs\":[\"$ENGINE_PLUGINS\"]}" \
		    >"$d/config.json"
		chown "$u:$(id -g "$u")" "$d/config.json"
	done
	cp "$PLACE/home/$ALICE/.docker/config.json" "$PLACE/root.docker/"
}

# Gates linger; the next engine gets new ones.
place_end_gates() {
	for p in /proc/[0-9]*; do
		case $(readlink "$p/exe" 2>/dev/null) in
		"$PLACE/usr/libexec/ds01-docker/gate"*)	# also a deleted one
			kill -KILL "${p#/proc/}" 2>/dev/null ;;
		esac
	done
}

# Ends what still runs as the suite's users, and removes what it made.
place_clear() {
	if [ -d "$PLACE" ]; then
		for v in 20.10 26.1 28.5; do
			engine_stop "$v"
		done
	fi
	place_users | while read -r u; do
		place_end_user "$u" </dev/null
	done
	# the gates' control groups
	awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/self/mounts |
	    while read -r m; do
		[ -d "$m/$SERVICE_USER" ] || continue
		find "$m/$SERVICE_USER" -depth -type d -exec rmdir {} + 2>/dev/null
	done
	if [ -s "$PLACE/groups" ]; then
		while read -r g; do	# another run may have joined it
			[ -n "$(getent group "$g" | cut -d : -f 4)" ] ||
			    groupdel "$g" 2>/dev/null
		done <"$PLACE/groups"
	fi
	# A run that was cut off may have left a mount behind.
	awk -v place="$PLACE/" 'index($2, place) == 1 { print $2 }' \
	    /proc/self/mounts | sort -r | while read -r m; do
		umount "$m"
	done
	rm -rf "$PLACE"
}
