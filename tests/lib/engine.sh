# engine.sh - real Docker Engines, side by side, each in its own place.
# Sourced.
#
# An engine here is a dockerd of its own with its own containerd, data,
# socket, mount namespace and network namespace, so that neither the host's
# engine nor another one of these notices it.  "20.10" is whatever docker.io
# is installed; "26.1" and "28.5" are unpacked from newer releases of the
# distribution into a cache folder and never installed.  28.5 has the runc of
# its release too, the others the installed one (all: as "runc-old"); all have
# crun as a further runtime.
#
#   engine_fetch VERSION      fill the cache; 1 if it cannot be had, or its
#                             runtimes cannot
#   engine_start VERSION      sets ENGINE_SOCKET, ENGINE_CLI, ENGINE_API,
#                             ENGINE_PLUGINS
#   engine_stop VERSION       and everything that it ran
#   engine_default_runtime NAME   of the engine that runs: runc, crun, nvidia
#
# Each looks like an engine on a machine with GPUs: nvidia's runtime and hook
# (fake_gpu.pl, which writes down what it is asked for), and from 26.1 on
# CDI devices nvidia.com/gpu=0, 1, 2 and all (/dev/gpu-0 …, all of them null).
#
# Needs PLACE (the suite's own directory).

ENGINE_CACHE=${ENGINE_CACHE:-${XDG_CACHE_HOME:-/var/cache}/ds01-docker-engines}

engine_suite() {
	case $1 in
	26.1) echo trixie ;;
	28.5) echo sid ;;
	esac
}

# The machine's own package sources, with another suite name.
engine_sources() {
	cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
	    awk -v suite="$1" 'BEGIN { RS = ""; ORS = "\n\n" }
		!/security/ && /[Dd]ebian/ && !/\nEnabled: *no/ {
			if (gsub(/Suites:[^\n]*/, "Suites: " suite) && !n++)
				print
		}' >"$2.sources"
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
	    awk -v suite="$1" '/^deb / && /debian/ && !/security/ && !n++ {
		for (i = 2; i <= NF; i++)
			if ($i ~ /:\/\//) {
				$(i + 1) = suite
				break
			}
		print
	    }' >"$2.list"
	if [ -s "$2.sources" ]; then
		echo "$2.sources"
	else
		echo "$2.list"
	fi
}

# Unpacked below folder/root; nothing is installed.  "whole": with all that
# they need, the C library too.
engine_unpack() (	# suite, folder, whole or alone, packages…
	suite=$1 dir=$2 how=$3
	shift 3
	packages=$*
	rm -rf "$dir"
	mkdir -p "$dir/apt/lists/partial" "$dir/apt/archives/partial" \
	    "$dir/debs" "$dir/root"
	src=$(engine_sources "$suite" "$dir/apt/source")
	set -- -q -o Dir::Etc::sourcelist="$src" \
	    -o Dir::Etc::sourceparts=/dev/null \
	    -o Dir::State::lists="$dir/apt/lists" -o Dir::Cache="$dir/apt" \
	    -o Dir::State::status=/dev/null -o Acquire::Languages=none \
	    -o Acquire::Retries=3 -o APT::Sandbox::User=root
	cd "$dir/debs" || exit 1
	{
		apt-get "$@" update
		[ "$how" = alone ] || packages=$(apt-get "$@" -y \
		    -o Debug::NoLocking=1 --no-install-recommends --print-uris \
		    install $packages | sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p")
		apt-get "$@" download $packages
	} >"$dir/log" 2>&1 || { tail -n 5 "$dir/log" >&2; exit 1; }
	for deb in *.deb; do
		dpkg -x "$deb" "$dir/root" || exit 1
	done
	rm -rf "$dir/debs" "$dir/apt"
	chmod -R go+rX "$dir/root"
	chmod 0755 "$ENGINE_CACHE" "$dir"
)

# What comes with it in place of what is installed.  runc from 1.3 on behaves
# differently where src/made.c says so; the installed crun is too old for all
# but the installed engine.
engine_runtimes() {
	case $1 in
	26.1) echo crun ;;
	28.5) echo runc crun ;;
	esac
}

# Its runtimes, set to run with the libraries that came with them; made anew
# when they do not run.
engine_fetch_runtimes() (	# version
	dir=$ENGINE_CACHE/$1-runtimes
	names=$(engine_runtimes "$1")
	! programs_run "$dir/bin" $names || exit 0
	echo "# fetching the runtimes of $(engine_suite "$1")"
	engine_unpack "$(engine_suite "$1")" "$dir" whole $names || exit 1
	usr=$dir/root/usr
	lib=$(dirname "$(ls "$usr"/lib/*/libc.so.6)")
	loader=$(ls "$lib"/ld-linux*.so.* | head -n 1)
	mkdir "$dir/bin"
	for name in $names; do
		program=$(ls "$usr/sbin/$name" "$usr/bin/$name" 2>/dev/null |
		    head -n 1)
		patchelf --set-interpreter "$loader" --set-rpath "$lib" \
		    --force-rpath --output "$dir/bin/$name" "$program" ||
		    exit 1
	done
	chmod -R go+rX "$dir/bin"
	programs_run "$dir/bin" $names
)

programs_run() {	# folder, names…
	_dir=$1
	shift
	for _name in "$@"; do
		"$_dir/$_name" --version >/dev/null 2>&1 || return 1
	done
}

engine_fetch() (
	suite=$(engine_suite "$1")
	[ -n "$suite" ] || exit 0
	dir=$ENGINE_CACHE/$1
	if [ ! -e "$dir/complete" ]; then
		echo "# fetching the engine of $suite"
		engine_unpack "$suite" "$dir" alone docker.io docker-cli \
		    docker-buildx docker-compose containerd || exit 1
		# It needs a newer libc; see engine_fetch_runtimes.
		rm -f "$dir/root/usr/sbin/runc" "$dir/root/usr/bin/runc"
		[ -x "$dir/root/usr/sbin/dockerd" ] || exit 1
		: >"$dir/complete"
	fi
	engine_fetch_runtimes "$1"
)

# Where the programs of that version are: "" for the installed one.
engine_root() {
	case $1 in
	20.10) ;;
	*) echo "$ENGINE_CACHE/$1/root" ;;
	esac
}

engine_plugins() {
	for v in "$1" 26.1 28.5; do
		d=$(engine_root "$v")/usr/libexec/docker/cli-plugins
		if [ -x "$d/docker-compose" ]; then
			echo "$d"
			return
		fi
	done
}

engine_vars() {
	ENGINE=$1
	ENGINE_DIR=$PLACE/engine/$1
	ENGINE_SOCKET=$ENGINE_DIR/docker.sock
	ENGINE_CLI=$(engine_root "$1")/usr/bin/docker
	ENGINE_PLUGINS=$(engine_plugins "$1")
	export ENGINE ENGINE_DIR ENGINE_SOCKET ENGINE_CLI ENGINE_PLUGINS
}

# A machine without an init may have no cgroups mounted.
engine_cgroups() {
	mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup
}

engine_gpus() {
	d=$ENGINE_DIR/gpu
	mkdir -p "$d/cdi"
	for name in nvidia-container-runtime nvidia-container-runtime-hook; do
		install -m 0755 "$TOP/tests/lib/fake_gpu.pl" "$d/$name"
	done
	for i in 0 1 2; do
		printf '{"path":"/dev/gpu-%d","hostPath":"/dev/null"}\n' $i
	done >"$d/nodes"
	{
		echo '{"cdiVersion":"0.5.0","kind":"nvidia.com/gpu","devices":['
		for i in 0 1 2; do
			echo "{\"name\":\"$i\",\"containerEdits\":{\"deviceNodes\":"
			echo "[$(sed -n $((i + 1))p "$d/nodes")]}},"
		done
		echo '{"name":"all","containerEdits":{"deviceNodes":['
		echo "$(paste -sd , "$d/nodes")]}}]}"
	} >"$d/cdi/nvidia.json"
}

# What ds01-docker(1) tells a site to set, and the GPUs.  ENGINE_REMAP: root
# in containers gets ids of the service user's range (place_install).
engine_config() {	# default runtime
	cdi='' remap='' store=false
	[ -z "${ENGINE_REMAP:-}" ] || remap="\"userns-remap\":\"$SERVICE_USER\","
	[ "${ENGINE_STORE:-}" != containerd ] || store=true
	[ "$ENGINE" = 20.10 ] ||
	    cdi="\"features\":{\"cdi\":true,\"containerd-snapshotter\":$store},
	    \"cdi-spec-dirs\":[\"$ENGINE_DIR/gpu/cdi\"],"
	cat >"$ENGINE_DIR/daemon.json" <<-END
	{"icc":false, "builder":{"Entitlements":{"network-host":false,
	    "security-insecure":false}}, $cdi $remap
	 "default-runtime":"$1",
	 "runtimes":{"crun":{"path":"crun"},
	    "runc-old":{"path":"/usr/sbin/runc"}, "nvidia":
	    {"path":"$ENGINE_DIR/gpu/nvidia-container-runtime"}}}
	END
}

engine_default_runtime() {
	engine_config "$1"
	kill -HUP "$(cat "$ENGINE_DIR/docker.pid")" || return 1
	i=0
	until [ "$(direct info -f '{{.DefaultRuntime}}')" = "$1" ]; do
		i=$((i + 1))
		[ $i -lt 100 ] || return 1
		sleep 0.1
	done
}

engine_start() {
	engine_vars "$1"
	root=$(engine_root "$1")
	mkdir -p "$ENGINE_DIR"
	chmod 0711 "$PLACE/engine" "$ENGINE_DIR"
	engine_cgroups
	cat >"$ENGINE_DIR/containerd.toml" <<-END
	version = 2
	root = "$ENGINE_DIR/containerd"
	state = "$ENGINE_DIR/containerd.run"
	disabled_plugins = ["io.containerd.grpc.v1.cri"]
	[grpc]
	  address = "$ENGINE_DIR/containerd.sock"
	END
	cat >"$ENGINE_DIR/run.sh" <<-END
	ip link set lo up
	# crun refuses a half new machine; then this engine sees the old half
	! mountpoint -q /sys/fs/cgroup/unified ||
	    umount /sys/fs/cgroup/unified
	PATH=$ENGINE_DIR/gpu:$ENGINE_CACHE/$1-runtimes/bin:$root/usr/sbin:$root/usr/bin:$root/usr/libexec/docker:\$PATH
	containerd --config $ENGINE_DIR/containerd.toml \
	    >$ENGINE_DIR/containerd.log 2>&1 &
	echo \$! >$ENGINE_DIR/containerd.pid
	until [ -S $ENGINE_DIR/containerd.sock ]; do
		kill -0 \$! || exit 1
		sleep 0.1
	done
	exec dockerd --host unix://$ENGINE_SOCKET --group docker \
	    --containerd $ENGINE_DIR/containerd.sock \
	    --config-file $ENGINE_DIR/daemon.json \
	    --data-root $ENGINE_DIR/data --exec-root $ENGINE_DIR/exec \
	    --pidfile $ENGINE_DIR/docker.pid \
	    --exec-opt native.cgroupdriver=cgroupfs \
	    >$ENGINE_DIR/dockerd.log 2>&1
	END
	engine_gpus
	engine_config runc
	# The suite's own environment (proxies too) is not the engine's.
	env -i PATH="$PATH" HOME=/root setsid unshare --net --mount \
	    --propagation private \
	    sh "$ENGINE_DIR/run.sh" </dev/null >/dev/null 2>&1 &
	echo $! >"$ENGINE_DIR/run.pid"
	i=0
	until ENGINE_API=$(curl -sf --unix-socket "$ENGINE_SOCKET" \
	    http://d/version | sed -n 's/.*"ApiVersion":"\([0-9.]*\)".*/\1/p') &&
	    [ -n "$ENGINE_API" ]; do
		i=$((i + 1))
		if [ $i -gt 300 ]; then
			tail -n 5 "$ENGINE_DIR"/*.log >&2
			return 1
		fi
		sleep 0.1
	done
	export ENGINE_API
}

# Ends the processes that were started for this engine, by their ids: the
# two daemons, and the shims, which name this containerd's socket.
engine_stop() {
	engine_vars "$1"
	[ -d "$ENGINE_DIR" ] || return 0
	if [ -S "$ENGINE_SOCKET" ]; then
		ids=$(direct ps -aq 2>/dev/null)
		[ -z "$ids" ] || direct rm -f $ids >/dev/null 2>&1
	fi
	for f in docker.pid run.pid containerd.pid; do
		engine_end "$ENGINE_DIR/$f"
	done
	for p in /proc/[0-9]*; do
		if grep -qzxFs "$ENGINE_DIR/containerd.sock" "$p/cmdline"; then
			kill -KILL "${p#/proc/}" 2>/dev/null
		fi
	done
	rm -rf "$ENGINE_DIR"
}

engine_end() {
	pid=$(cat "$1" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null || return 0
	i=0
	while [ -e "/proc/$pid" ] && [ $i -lt 150 ]; do
		! grep -q '^State:.*Z' "/proc/$pid/status" 2>/dev/null || break
		sleep 0.1
		i=$((i + 1))
	done
	kill -KILL "$pid" 2>/dev/null || :
}

# root's own client on the engine's own socket: the judge.
direct() {
	DOCKER_HOST=unix://$ENGINE_SOCKET DOCKER_CONFIG=$PLACE/root.docker \
	    "$ENGINE_CLI" "$@"
}

# busybox and what a shell session looks for.
base_image() {
	d=$PLACE/base
	if [ ! -d "$d" ]; then
		mkdir -p "$d/bin" "$d/etc" "$d/root" "$d/tmp" "$d/proc" \
		    "$d/sys" "$d/dev" "$d/home/user"
		chmod 1777 "$d/tmp"
		cp /bin/busybox "$d/bin/busybox"
		for a in $("$d/bin/busybox" --list); do
			[ "$a" = busybox ] || ln -s busybox "$d/bin/$a"
		done
		echo 'root:x:0:0:root:/root:/bin/sh
user:x:1000:1000::/home/user:/bin/sh' >"$d/etc/passwd"
		echo 'root:x:0:
user:x:1000:' >"$d/etc/group"
	fi
	tar -C "$d" -c . | direct import --change 'CMD ["sh"]' \
	    --change 'ENV PATH=/bin' - "${1:-ds01-test:base}" >/dev/null
}
