#!/bin/sh
# Every road to a GPU, judged by what nvidia's runtime and hook are asked for
# (lib/fake_gpu.pl) and by the engine.  (api b.1, b.3; ds01-wrapper 5.1)
. "$(dirname "$0")/../lib/e2e.sh"
begin
LIMIT=120
LOG=$ENGINE_DIR/gpu/log
R='docker run --rm --pull never'
NO='Permission denied: GPU request'
V=NVIDIA_VISIBLE_DEVICES
DIR=/var/run/nvidia-container-devices
cdi() {
	api_at_least 45
}
gpus() {	# policy.default.gpus
	place_config 'policy:' '  default:' "    gpus: $1" '    binds: [/dev]'
}
image() {	# name, changes…
	name=$1
	shift
	for c in "$@"; do
		printf '%s\n' --change "$c"
	done | xargs -d '\n' sh -c 'tar -C "$0" -c . | "$@"' "$PLACE/base" \
	    env DOCKER_HOST=unix://$ENGINE_SOCKET "$ENGINE_CLI" import \
	    --change 'CMD ["sh"]' --change 'ENV PATH=/bin' - "$name" \
	    >/dev/null 2>&1 || row 1 "image $name (set-up)"
}
# What nvidia's runtime and hook saw of a container that alice made.
asked() {	# lines of the log, user, command…
	_want=$1
	shift
	: >"$LOG"
	run "$@"
	printf 'got:  %s\nwant: %s\n' "$(paste -sd ';' "$LOG")" "$_want" >>"$ERR"
	[ $RC -eq 0 ] && [ "$(paste -sd ';' "$LOG")" = "$_want" ]
	row $? "$* -> ${_want:-nobody is asked}"
}
# No container came of it.
refused_gpu() {
	: >"$LOG"
	refused "$NO" "$@"
	[ -z "$(direct ps -aq)$(cat "$LOG")" ] || row 1 "… but something was made"
}
image ds01t-cuda "ENV $V=all" 'ENV NVIDIA_DRIVER_CAPABILITIES=all' \
    'ENV CUDA_VERSION=12.4'
image ds01t-old 'ENV CUDA_VERSION=8.0'
image ds01t-mig "ENV $V=all" 'ENV NVIDIA_MIG_CONFIG_DEVICES=all' \
    'ENV NVIDIA_IMEX_CHANNELS=0' 'ENV NVIDIA_GDS=enabled'
image ds01t-mount "VOLUME $DIR/all"

# --- the judge is awake: what the engine does when nobody stands before it
: >"$LOG"
direct run --rm --gpus all $IMAGE true
is "$(cat "$LOG")" 'hook all -' 'the engine asks the hook for --gpus'
: >"$LOG"
direct run --rm --runtime nvidia -v /dev/null:$DIR/1 ds01t-cuda true
is "$(cat "$LOG")" 'runtime all 1' \
    'the runtime sees variables of the image, and mounts'
: >"$LOG"
direct run --rm --runtime nvidia ds01t-old true
is "$(cat "$LOG")" 'runtime all -' 'an old image asks for all by its version'
if cdi; then
	direct run --rm --device nvidia.com/gpu=1 $IMAGE ls /dev >"$OUT" 2>&1
	shows gpu-1 'the engine has CDI devices'
fi

# --- gpus: none, the default
for g in all 1 device=0 '"device=0,1"' '"device=0","capabilities=compute"' \
    '"device=GPU-8f6d"' driver=nvidia,count=1; do
	refused_gpu $ALICE $R --gpus "$g" $IMAGE true
done
refused_gpu $ALICE $R --runtime nvidia $IMAGE true
refused_gpu $ALICE $R --runtime nvidia ds01t-cuda true
refused 'Permission denied: runtime' $ALICE $R --runtime nvidia-cdi $IMAGE true
for v in all All ALL 0 0,1 all,0 GPU-8f6d MIG-1 0:0 nvidia.com/gpu=0 ,all; do
	refused_gpu $ALICE $R -e $V=$v $IMAGE true
done
refused_gpu $ALICE $R -e $V=void -e $V=all $IMAGE true
for v in NVIDIA_MIG_CONFIG_DEVICES NVIDIA_MIG_MONITOR_DEVICES \
    NVIDIA_IMEX_CHANNELS DOCKER_RESOURCE_GPU; do
	refused_gpu $ALICE $R -e $v=all $IMAGE true
done
for d in nvidia0 nvidiactl nvidia-uvm nvidia-caps/nvidia-cap1; do
	refused_gpu $ALICE $R --device /dev/$d $IMAGE true
	refused_gpu $ALICE $R --device /dev/$d:/dev/fb0:rw $IMAGE true
	refused 'Permission denied' $ALICE $R -v /dev/$d:/dev/$d $IMAGE true
	refused 'Permission denied' $ALICE $R \
	    --mount type=bind,source=/dev/$d,target=/x $IMAGE true
done
refused 'Permission denied: device' $ALICE $R --device /dev $IMAGE true
refused 'Permission denied' $ALICE $R --device /dev/../dev/nvidia0 $IMAGE true
refused 'Permission denied' $ALICE $R --device /dev/./nvidia0 $IMAGE true
refused 'Permission denied' $ALICE $R --device //dev/nvidia0 $IMAGE true
refused 'Permission denied: device cgroup rule' $ALICE $R \
    --device-cgroup-rule 'c 195:* rmw' $IMAGE true
if cdi; then			# older clients have no words for it
	refused_gpu $ALICE $R --device nvidia.com/gpu=all $IMAGE true
	refused_gpu $ALICE $R --device nvidia.com/gpu=0 $IMAGE true
	refused_gpu $ALICE $R --device nvidia.com/gds=all $IMAGE true
	refused_gpu $ALICE $R --device vendor.com/net=all $IMAGE true
fi
# Mounts that nvidia's tools read as a list of GPUs, however they are spelt.
for t in $DIR/all $DIR/0 /run/nvidia-container-devices/all \
    /var/../var/run//nvidia-container-devices/all $DIR; do
	refused_gpu $ALICE $R -v ds01t-v:$t $IMAGE true
	refused_gpu $ALICE $R --tmpfs $t $IMAGE true
	refused_gpu $ALICE $R --mount type=volume,target=$t $IMAGE true
	refused 'Permission denied' $ALICE $R -v /dev/null:$t $IMAGE true
done
refused_gpu $ALICE $R ds01t-mount true
# Raw requests that no CLI sends.
for j in '"DeviceRequests":[{"Driver":"cdi","DeviceIDs":["nvidia.com/gpu=all"]}]' \
    '"DeviceRequests":[{"Driver":"cdi","DeviceIDs":["nvidia.com/gds=all"]}]' \
    '"DeviceRequests":[{"Driver":"nvidia","DeviceIDs":["all"]}]' \
    '"DeviceRequests":[{"Driver":"amd","Count":-1}]' \
    '"DeviceRequests":[{"Count":-1,"Capabilities":[["tpu"]]}]' \
    '"DeviceRequests":[{"Count":0,"DeviceIDs":["0"],"Capabilities":[["gpu"]]}]' \
    '"DeviceRequests":[{"Options":{"a":"b"},"Capabilities":[["gpu"]]}]' \
    '"Devices":[{"PathOnHost":"/dev/nvidia0","PathInContainer":"/dev/null","CgroupPermissions":"rwm"}]'; do
	api_refused 403 'GPU request' $ALICE POST /containers/create \
	    "{\"Image\":\"$IMAGE\",\"HostConfig\":{$j}}"
done
api_refused 403 'Permission denied' $ALICE POST /containers/create \
    "{\"Image\":\"$IMAGE\",\"HostConfig\":{\"Annotations\":{\"cdi.k8s.io/x\":\"nvidia.com/gpu=all\"}}}"
api_refused 403 'Permission denied' $ALICE POST /containers/create \
    "{\"Image\":\"$IMAGE\",\"Runtime\":\"nvidia\"}"
for j in 'Devices":[{"PathOnHost":"//dev/nvidia0"}]' \
    'Devices":[{"PathOnHost":"/dev/../dev/nvidia0"}]'; do
	api_refused 403 'Permission denied' $ALICE POST /containers/create \
	    "{\"Image\":\"$IMAGE\",\"HostConfig\":{\"$j}}"
done
is "$(direct ps -aq)" '' 'no container came of any of that'

# What asks for nothing goes through, and says void.
for o in '' "-e $V" "-e $V=" "-e $V=void" "-e $V=none" '--gpus 0' \
    '-e CUDA_VISIBLE_DEVICES=0,1' '-e NVIDIA_DRIVER_CAPABILITIES=all'; do
	may $ALICE $R $o ds01t-cuda env
	is "$(grep $V= "$OUT")" $V=void "… with $V=void"
done
may $ALICE $R -e CUDA_VISIBLE_DEVICES=0,1 $IMAGE env
shows CUDA_VISIBLE_DEVICES=0,1 'CUDA_VISIBLE_DEVICES is left alone'
may $ALICE $R ds01t-mig env
shows "NVIDIA_MIG_CONFIG_DEVICES=" 'an image with MIG rights runs'
[ "$(grep -cE '^NVIDIA_(MIG|IMEX|GDS)[A-Z_]*=$' "$OUT")" = 3 ]
row $? '… without them'

# --- the engine's default runtime is nvidia's, as a GPU site has it
ok 'the engine has a new default runtime' engine_default_runtime nvidia
: >"$LOG"
direct run --rm ds01t-cuda true
is "$(cat "$LOG")" 'runtime all -' 'now the image alone gets all GPUs'
for i in $IMAGE ds01t-cuda ds01t-old ds01t-mig; do
	asked 'runtime void -' $ALICE $R $i true
	asked 'runtime void -' $ALICE $R -e $V $i true
done
refused_gpu $ALICE $R -e $V=all ds01t-cuda true
# exec, update, restart and commit change nothing of that
: >"$LOG"
fresh $ALICE ds01t-a
may $ALICE docker exec -e $V=all ds01t-a env
shows $V=all 'exec: a variable is the process'"'"'s own'
api_refused 403 'GPU request' $ALICE POST /containers/ds01t-a/update \
    '{"DeviceRequests":[{"Count":-1,"Capabilities":[["gpu"]]}]}'
api_refused 403 'GPU request' $ALICE POST /containers/ds01t-a/update \
    '{"Devices":[{"PathOnHost":"/dev/nvidia0"}]}'
may $ALICE docker restart -t 0 ds01t-a
is "$(sort -u "$LOG")" 'runtime void -' 'after all that void, at each start'
may $ALICE docker commit -c "ENV $V=all" ds01t-a ds01t-made
asked 'runtime void -' $ALICE $R ds01t-made true
is "$(direct inspect -f '{{.HostConfig.DeviceRequests}} {{.HostConfig.Devices}}' ds01t-a)" \
    '[] []' 'it has no device'
direct rm -f ds01t-a >/dev/null
# The steps of a classic build get what image and Dockerfile say.
for u in $ALICE $CAROL; do
	mkdir -p "$PLACE/home/$u/gpu"
	printf 'FROM %s\nENV %s=all\nRUN true\n' $IMAGE $V \
	    >"$PLACE/home/$u/gpu/Dockerfile"
	chown -R "$u": "$PLACE/home/$u/gpu"
done
classic='env DOCKER_BUILDKIT=0 docker build --no-cache -q gpu'
: >"$LOG"
DOCKER_BUILDKIT=0 direct build --no-cache -q "$PLACE/home/$ALICE/gpu" \
    >/dev/null 2>&1
is "$(cat "$LOG")" 'runtime all -' "root's classic build gets all GPUs"
refused_gpu $ALICE $classic
refused_gpu $ALICE env DOCKER_BUILDKIT=0 docker build \
    --build-arg $V=void -q gpu
asked '' $ALICE docker buildx build --no-cache -q gpu
for o in '' '--allow device' '--allow device=nvidia.com/gpu'; do
	run $ALICE sh -c "printf 'FROM $IMAGE\nRUN --device=nvidia.com/gpu=all ls /dev\n' |
	    docker buildx build --no-cache --progress plain $o -"
	[ $RC -ne 0 ] && ! grep -q gpu-0 "$OUT" "$ERR"
	row $? "a BuildKit step gets no device: $o"
done
asked 'runtime all -' $CAROL $classic
gpus all
asked 'runtime all -' $ALICE $classic
ok 'the engine has its old default runtime' engine_default_runtime runc
place_config
asked '' $ALICE $classic
may $ALICE docker rmi -f ds01t-made

# --- gpus: ["1", "GPU-8f6d"]
gpus '["1", "GPU-8f6d"]'
asked 'hook 1,GPU-8f6d -' $ALICE $R --gpus all $IMAGE true
asked 'hook 1 -' $ALICE $R --gpus 1 $IMAGE true
asked 'hook 1 -' $ALICE $R --gpus device=1 ds01t-cuda true
asked 'hook 1,GPU-8f6d -' $ALICE $R --gpus '"device=1,GPU-8f6d"' $IMAGE true
asked 'hook 1,GPU-8f6d -' $ALICE $R --gpus device=All $IMAGE true
asked 'runtime 1 -' $ALICE $R --runtime nvidia -e $V=1 $IMAGE true
asked 'runtime 1,GPU-8f6d -' $ALICE $R --runtime nvidia -e $V=all $IMAGE true
asked 'runtime 1,GPU-8f6d -' $ALICE $R --runtime nvidia ds01t-cuda true
asked 'runtime void -' $ALICE $R --runtime nvidia $IMAGE true
asked 'runtime void -' $ALICE $R --runtime nvidia ds01t-old true
asked 'runtime 1 -;hook 1 -' $ALICE $R --runtime nvidia --gpus 1 ds01t-cuda true
for g in 3 device=0 device=2 '"device=1,0"' device=GPU-8f6 '"device=01"' \
    '"device=1:0"'; do
	refused_gpu $ALICE $R --gpus "$g" $IMAGE true
done
refused_gpu $ALICE $R --runtime nvidia -e $V=1,0 $IMAGE true
refused_gpu $ALICE $R --runtime nvidia -e $V=1,,0 $IMAGE true
refused_gpu $ALICE $R --gpus all -e NVIDIA_IMEX_CHANNELS=0 $IMAGE true
refused_gpu $ALICE $R --device /dev/nvidia0 $IMAGE true
refused_gpu $ALICE $R -v ds01t-v:$DIR/0 $IMAGE true
may $ALICE docker create --pull never --name ds01t-a --device /dev/nvidia1 \
    --device /dev/nvidiactl $IMAGE true
is "$(direct inspect -f '{{range .HostConfig.Devices}}{{.PathOnHost}} {{end}}' ds01t-a)" \
    '/dev/nvidia1 /dev/nvidiactl ' 'a device file that is listed by number'
direct rm -f ds01t-a >/dev/null
if cdi; then
	may $ALICE $R --device nvidia.com/gpu=1 $IMAGE ls /dev
	is "$(grep gpu- "$OUT" | paste -sd ' ')" gpu-1 'CDI: the one'
	refused_gpu $ALICE $R --device nvidia.com/gpu=0 $IMAGE true
	gpus '["1", "2"]'
	may $ALICE $R --device nvidia.com/gpu=all $IMAGE ls /dev
	is "$(grep gpu- "$OUT" | paste -sd ' ')" 'gpu-1 gpu-2' \
	    'CDI: all that are hers'
	may $ALICE $R --device nvidia.com/gpu=1 ds01t-cuda env
	shows $V=void '… and nothing by variable'
fi

# --- gpus: 2
gpus 2
asked 'hook 0,1 -' $ALICE $R --gpus all $IMAGE true
asked 'hook 0,1 -' $ALICE $R --gpus 2 $IMAGE true
asked 'hook 0 -' $ALICE $R --gpus 1 ds01t-cuda true
asked 'hook 2 -' $ALICE $R --gpus device=2 $IMAGE true
asked 'hook 2,1 -' $ALICE $R --gpus '"device=2,1"' $IMAGE true
asked 'runtime 0,1 -' $ALICE $R --runtime nvidia -e $V=All $IMAGE true
asked 'runtime 0,1 -' $ALICE $R --runtime nvidia ds01t-cuda true
asked '' $ALICE $R ds01t-cuda true
refused_gpu $ALICE $R --gpus 3 $IMAGE true
refused_gpu $ALICE $R --gpus '"device=0,1,2"' $IMAGE true
refused_gpu $ALICE $R --gpus '"device=0,1"' --device /dev/nvidia2 $IMAGE true
refused_gpu $ALICE $R --gpus 2 -e $V=2 $IMAGE true
refused_gpu $ALICE $R --runtime nvidia -e $V=0,1,2 $IMAGE true
if cdi; then
	may $ALICE $R --device nvidia.com/gpu=all $IMAGE ls /dev
	is "$(grep gpu- "$OUT" | paste -sd ' ')" 'gpu-0 gpu-1' 'CDI: two of three'
	refused_gpu $ALICE $R --device nvidia.com/gpu=0 \
	    --device nvidia.com/gpu=1 --device nvidia.com/gpu=2 $IMAGE true
fi

# --- gpus: all
gpus all
asked 'hook all -' $ALICE $R --gpus all $IMAGE true
asked 'hook 0,1 -' $ALICE $R --gpus 2 $IMAGE true
asked 'hook 2 -' $ALICE $R --gpus device=2 $IMAGE true
asked 'runtime all -' $ALICE $R --runtime nvidia ds01t-cuda true
asked 'runtime void -' $ALICE $R --runtime nvidia -e $V=void ds01t-cuda true
refused_gpu $ALICE $R -v ds01t-v:$DIR/0 $IMAGE true
refused 'Permission denied' $ALICE $R -v /dev/nvidia0:/dev/nvidia0 $IMAGE true
refused 'Permission denied' $ALICE $R -v /dev/null:$DIR/0 $IMAGE true
refused 'Permission denied' $ALICE $R -v /dev/null:/x $IMAGE true
refused 'Permission denied' $ALICE $R --device-cgroup-rule 'c 195:* rmw' \
    $IMAGE true
refused_gpu $ALICE $R --device /dev/nvidia-caps/nvidia-cap1 $IMAGE true
if cdi; then
	may $ALICE $R --device nvidia.com/gpu=all $IMAGE ls /dev
	is "$(grep gpu- "$OUT" | paste -sd ' ')" 'gpu-0 gpu-1 gpu-2' 'CDI: all'
fi

# --- what exists: a container with GPUs that nobody owns is not everybody's
place_config
direct run -d --name ds01t-gpu --gpus all $IMAGE sleep 3600 >/dev/null
direct create --name ds01t-rt --runtime nvidia ds01t-cuda true >/dev/null
direct create --name ds01t-rt8 --runtime nvidia ds01t-old true >/dev/null
refused 'Permission denied' $ALICE docker exec ds01t-gpu true
refused 'Permission denied' $ALICE docker start ds01t-rt8
refused 'Permission denied' $ALICE docker start ds01t-rt
finish
