#!/bin/sh
# Engines that keep images in containerd's store: an id can be an index of
# several images, content is shared by digest, and what unpacks a layer may
# not look whether it is the one that a config lists.  (fourth review, B1-B4, B13)
. "$(dirname "$0")/../lib/e2e.sh"
case $(direct info -f '{{json .DriverStatus}}') in
*io.containerd.snapshotter.v1*) ;;
*)	echo '1..0 # SKIP this engine keeps images in a store of its own'
	exit 0 ;;
esac
begin
ARCH=$(direct version -f '{{.Server.Os}}/{{.Server.Arch}}')
OTHER=linux/386
H=$PLACE/home/$ALICE
EVIL='{"Cmd":["sh"],"Env":["DOCKER_RESOURCE_GPU=all"],"Healthcheck":{"Test":["CMD"],"Interval":1000000000},"WorkingDir":"/proc/self/fd/7"}'
GOOD='{"Cmd":["sleep","60"],"Env":["PATH=/bin"],"WorkingDir":"/tmp","Volumes":{"/data":{}},"ExposedPorts":{"80/tcp":{}},"Healthcheck":{"Test":["CMD","true"]}}'
tar -C "$PLACE/base" -cf "$WORK/layer.tar" .
layout() {	# name, entries…: an upload in alice's home
	_n=$1
	shift
	perl "$TOP/tests/e2e/layout.pl" "${LAYER:-$WORK/layer.tar}" \
	    "docker.io/$ALICE/$_n:1" "$H/$_n.tar" "$@"
	chown "$ALICE:" "$H/$_n.tar"
}
# Layouts come by a registry as well: where loads of them are refused, root's.
brought() {	# name, entries…
	layout "$@"
	if api_at_least 48; then
		may $ALICE docker load -qi "$1.tar"
	else
		refused 'index.json' $ALICE docker load -qi "$1.tar"
		direct load -qi "$H/$1.tar" >/dev/null
	fi
}

# --- B1: names are one's own, content is everybody's
may $ALICE docker tag $IMAGE $ALICE/x:1
if api_at_least 50; then
	answers 403 $ALICE DELETE \
	    "/images/$ALICE/x:1?force=1&platforms=%7B%22os%22%3A%22linux%22%2C%22architecture%22%3A%22${ARCH#*/}%22%7D"
	refused 'parameter platforms' $ALICE docker rmi -f $ALICE/x:1 \
	    --platform "$ARCH"
fi
may $BOB docker run --rm --pull never $IMAGE true
may $ALICE docker rmi -f $ALICE/x:1
may $BOB docker run --rm --pull never $IMAGE true

# --- B2: the image that dockerd takes is the one that was judged
brought idx "$ARCH;$GOOD" "$OTHER;$EVIL"
refused 'parameter platform' $ALICE docker create --pull never \
    --platform $OTHER $ALICE/idx:1
may $ALICE docker create --pull never --name ds01t-own --platform "$ARCH" \
    $ALICE/idx:1
may $ALICE docker start ds01t-own
is "$(direct inspect -f '{{.State.Running}} {{.Config.WorkingDir}}' ds01t-own)" \
    'true /tmp' 'the honest one of the index runs'
may $ALICE docker rm -fv ds01t-own
n=0
for config in "$EVIL" \
    '{"Env":["PATH=/bin","NVIDIA_IMEX_CHANNELS=all"]}' \
    '{"Healthcheck":{"Test":["CMD"]}}' \
    '{"Healthcheck":{"Test":["CMD","true"],"Interval":1000000}}' \
    '{"WorkingDir":"/proc/self/fd/7"}' \
    '{"Volumes":{"/var/run/nvidia-container-devices/all":{}}}' \
    '{"Volumes":{"/plain":{}}}' \
    '{"Labels":{"ds01.protected":"true"}}'; do
	n=$((n + 1))
	brought "att$n" "$ARCH;$config;proof" "$ARCH;$GOOD"
	run $ALICE docker create --pull never --name "ds01t-att$n" \
	    "$ALICE/att$n:1" sleep 60
	came=$(direct inspect -f '{{json .Config}}' "ds01t-att$n" 2>&1)
	case $RC/$came in
	*'=all"'*|*'["CMD"]'*|*/proc/*|*'l":1000000,'*|*'protected":"true'*|*/nvidia*)
		false ;;
	# engines before 28 show what they take: judged, and written over
	0/*) ! api_at_least 48 ;;
	*"o such object"*) true ;;
	*) false ;;
	esac
	row $? "what came of $config is refused, or harmless"
done
# an administrator may have all of it but dockerd's end
run $CAROL docker run -d --pull never --name ds01t-att0 $ALICE/att3:1 sleep 60
case $RC/$(direct inspect -f '{{json .Config.Healthcheck}}' ds01t-att0 2>&1) in
0/*'["NONE"]'*|[1-9]*"o such object"*) true ;;
*) false ;;
esac
row $? "an administrator's ends nothing either"
direct rm -f ds01t-att0 >/dev/null 2>&1
ok 'dockerd lives' direct version
hides 'ds01t-att' 'nothing is left'

# --- B4: BuildKit would unpack a user's layer under an honest one's name
mkdir -p "$WORK/honest" && echo honest >"$WORK/honest/who"
tar -C "$WORK/honest" -cf "$WORK/honest.tar" .
layout lie "$ARCH;{\"Env\":[\"PATH=/bin\"]};DIFF=$WORK/honest.tar"
run $ALICE docker load -qi lie.tar
direct load -qi "$H/lie.tar" >/dev/null 2>&1
printf 'FROM %s/lie:1\nRUN true\n' $ALICE >"$H/Dockerfile"
chown -R "$ALICE:" "$H/Dockerfile"
for b in 'docker build' 'docker buildx build' \
    'docker buildx --builder default build'; do
	refused 'use DOCKER_BUILDKIT=0' $ALICE $b -q -f Dockerfile .
done
may $ALICE docker buildx ls
printf 'FROM %s\nRUN echo built >/made\nCMD ["cat","/made"]\n' $IMAGE \
    >"$H/Dockerfile"
may $ALICE env DOCKER_BUILDKIT=0 docker build -q -t $ALICE/built:1 \
    -f Dockerfile .
may $ALICE docker run --rm --pull never $ALICE/built:1
shows built 'the classic builder serves'
printf 'services:\n  w:\n    build: .\n' >"$H/c.yaml"
compose='docker compose -p ds01tc -f c.yaml build'
refused 'use DOCKER_BUILDKIT=0' $ALICE $compose
may $ALICE env DOCKER_BUILDKIT=0 $compose
printf 'FROM %s/lie:1\nRUN true\n' $ALICE >"$H/Dockerfile"
run $ALICE env DOCKER_BUILDKIT=0 docker build -q -f Dockerfile .
[ $RC -ne 0 ]
row $? 'the classic builder does not unpack what is not what it says'

# --- B3, B13: lists of everybody
no_load() {	# text, name, entries…: refused, before 28 as all layouts
	_t=$1
	shift
	layout "$@"
	api_at_least 48 || _t='index.json'
	refused "$_t" $ALICE docker load -qi "$1.tar"
}
no_load 'a digest that is none' bad "$ARCH;$GOOD;CONFIG=foo"
no_load 'a digest that is none' bad "$ARCH;$GOOD;LAYER=sha256:" "$OTHER;$GOOD"
NEST='65 1' no_load 'more than 64 images' wide "$ARCH;$GOOD"
NEST='20 2' no_load 'an index within an index' deep "$ARCH;$GOOD"
NEST='20 6' no_load 'an index within an index' deep "$ARCH;$GOOD"
FIRST=1 no_load 'not there, or behind it' late "$ARCH;$GOOD" "$OTHER;$GOOD"
is "$(direct images -q $ALICE/bad; direct images -q $ALICE/wide;
    direct images -q $ALICE/deep)" '' 'none of them is there'
LIMIT=10
may $BOB docker images
may $BOB docker system df
LIMIT=60
# what is honest passes: of one platform, of several, and what save writes
if api_at_least 48; then
	layout multi "$ARCH;$GOOD" "$OTHER;$GOOD" "$ARCH;$GOOD;proof"
	may $ALICE docker load -qi multi.tar
	NEST='64 1' layout many "$ARCH;$GOOD"
	may $ALICE docker load -qi many.tar
	may $ALICE sh -c "docker save $ALICE/multi:1 $ALICE/built:1 >saved.tar"
	may $ALICE docker rmi -f $ALICE/multi:1 $ALICE/built:1
	may $ALICE sh -c 'docker load <saved.tar'
	may $ALICE docker run --rm --pull never $ALICE/built:1
	shows built 'what was saved runs again'
	may $ALICE docker create --pull never $ALICE/multi:1
fi

finish
