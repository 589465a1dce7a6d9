#!/bin/sh
# Two users side by side: each command of the CLI says to one of them what the
# bare CLI says on an engine where there is nothing of the other's.  Then the
# CLI's own list of commands is walked: each has a line here.
# (ds01-wrapper 13 D, L)
. "$(dirname "$0")/../lib/e2e.sh"
begin
LIMIT=40
H=$PLACE/home/$ALICE

# What may differ from one second to the next, or was always ours; the engine
# hears of a container by its id, whatever its user called it; and how many
# containers an image has is not said.
norm() {
	sed -E -e "s/$A/ds01t-1/g" -e "s/$C/ds01t-3/g" \
	    -e '/error waiting for container/d' -e 's/(About )?(an?|[0-9]+|Less than a) (second|minute|hour)s?( ago)?/T/g' \
	    -e 's/ +/ /g' -e 's/ \[ds01:[0-9a-z]*\]//' \
	    -e '/"Repository"/s/"Containers":"[^"]*",//' \
	    -e 's/(minimum version )1\.[0-9]+/\1/' "$@"
}
# One line of shell; "docker" is the bare CLI on the engine's own socket.
bare() {
	env -i -C "$H" PATH="${ENGINE_CLI%/*}:$HOST_PATH" HOME="$H" TERM=xterm \
	    LANG=C.UTF-8 DOCKER_CONFIG="$PLACE/root.docker" \
	    DOCKER_HOST="unix://$ENGINE_SOCKET" timeout -k 5 "$LIMIT" \
	    sh -c "$1" >"$OUT" 2>"$ERR" </dev/null
	RC=$?
}
say() {	# what the last command said, for comparison
	echo "status $RC"
	norm "$OUT"
	norm "$ERR"
}
alike() {	# file with what the bare CLI said, line
	run $ALICE sh -c "$2"
	say >"$WORK/now"
	diff "$1" "$WORK/now" >"$WORK/diff"
	s=$?
	cp "$WORK/diff" "$ERR"
	: >"$OUT"
	row $s "$2: as with the bare CLI"
}

may $ALICE docker network create ds01t-net
may $ALICE docker volume create ds01t-vol
fresh $ALICE ds01t-1 --network ds01t-net -v ds01t-vol:/v -p 127.0.0.1::80
A=$ID
fresh $ALICE ds01t-2
may $ALICE docker create --pull never --name ds01t-3 --label colour=red $IMAGE true
C=$(cat "$OUT")

# --- looking: lists, details, and what is said of what is not there
cat >"$WORK/lines" <<END
docker ps
docker ps -a
docker ps -aq
docker ps -a --no-trunc
docker ps -as
docker ps -l
docker ps -n 1
docker ps -n 2 -q
docker ps -n 9
docker ps -a --format '{{.Names}} {{.Label "colour"}} {{.Networks}} {{.Mounts}} {{.Ports}} {{.State}}'
docker ps -a -f name=ds01t-1
docker ps -a -f id=zzz
docker ps -a -f status=created
docker ps -a -f status=nonsense
docker ps -a -f exited=0
docker ps -a -f health=none
docker ps -a -f ancestor=$IMAGE
docker ps -a -f before=ds01t-3
docker ps -a -f since=ds01t-1
docker ps -a -f volume=ds01t-vol
docker ps -a -f volume=nosuch
docker ps -a -f network=ds01t-net
docker ps -a -f network=nosuch
docker ps -a -f publish=80
docker ps -a -f expose=80
docker ps -a -f is-task=false
docker ps -a -f label=colour
docker ps -a -f label=colour=red
docker ps -a -f nosuch=1
docker inspect ds01t-1
docker inspect -s ds01t-1
docker inspect ds01t-1 ds01t-vol ds01t-net
docker inspect $IMAGE
docker inspect lab/nosuch:1
docker inspect nosuch
docker inspect ds01t-1 nosuch
docker inspect --type container nosuch
docker inspect --type image nosuch
docker inspect --type network nosuch
docker inspect --type volume nosuch
docker inspect --type image ds01t-1
docker container inspect nosuch
docker image inspect $IMAGE
docker image inspect nosuch
docker network inspect ds01t-net bridge none host
docker network inspect -v ds01t-net
docker network inspect nosuch
docker volume inspect ds01t-vol
docker volume inspect nosuch
docker network ls --no-trunc
docker network ls -f type=custom
docker network ls -f type=builtin
docker network ls -f driver=bridge -f scope=local
docker network ls -f name=net
docker network ls -f dangling=true
docker network ls -f nosuch=1
docker volume ls
docker volume ls -q -f dangling=true
docker volume ls -f driver=local -f name=vol
docker volume ls -f nosuch=1
docker images
docker images -a --digests --no-trunc
docker images -f dangling=true
docker images -f reference='ds01*'
docker images -f nosuch=1
docker image ls --format '{{json .}}'
docker image ls --tree | sed 's, U *\$, ,'
docker history $IMAGE
docker history nosuch
docker top ds01t-1 -o pid,args
docker top ds01t-3
docker logs ds01t-1
docker logs ds01t-3
docker port ds01t-1
docker port ds01t-1 80
docker port ds01t-1 81
docker diff ds01t-1
docker cp ds01t-1:/nosuch .
docker stats --no-stream --format '{{.Name}} {{.ID}} {{.PIDs}}' | sort
docker stats -a --no-stream --format '{{.Name}}' | sort
docker info | grep -v Runtimes:
docker version
docker system df | grep -v Build
docker system df -v | sed '/^Build cache/,\$d'
docker exec ds01t-3 true
docker exec ds01t-1 nosuchprog
docker attach ds01t-3
docker kill ds01t-3
docker kill -s NOSUCH ds01t-1
docker pause ds01t-3
docker unpause ds01t-1
docker rm ds01t-1
docker rename ds01t-1 ds01t-2
docker update -m 1 ds01t-1
docker create --name ds01t-1 $IMAGE
docker run --rm --name ds01t-1 $IMAGE
docker run --rm --pull never nosuch:1
docker run --rm --volumes-from nosuch $IMAGE
docker run --rm --pid container:nosuch $IMAGE
docker run --rm --ipc container:ds01t-1 $IMAGE true
docker run --rm --network container:ds01t-3 $IMAGE true
docker run --rm -m 1 $IMAGE
docker run --rm --cpus 900 $IMAGE
docker run --rm -w relative $IMAGE
docker run --rm -u nosuch $IMAGE true
docker run --rm -e '' $IMAGE
docker run --rm --entrypoint nosuch $IMAGE
docker volume create ds01t-vol
docker volume rm ds01t-vol
docker network create ds01t-net
docker network rm ds01t-net
docker network connect ds01t-net ds01t-1
docker network connect host ds01t-1
docker network connect ds01t-net nosuch
docker network connect nosuch ds01t-1
docker network disconnect ds01t-net ds01t-2
docker network disconnect nosuch ds01t-1
docker tag nosuch x
docker tag $IMAGE UPPER
docker rmi nosuch
docker save nosuch -o x.tar
docker search --limit 1 nosuch
docker image prune -f --filter nosuch=1
docker system df --format '{{.Type}} {{.TotalCount}}' | grep -v Build
docker nosuchcommand
docker ps --nosuch
docker container
END
for verb in exec start stop restart pause unpause rm 'rm -f' update wait \
    attach commit top logs port diff 'stats --no-stream' 'update -m 64m' \
    'rename x' 'cp x' 'export -o x.tar'; do
	case $verb in
	exec) echo 'docker exec nosuch true' ;;
	rename*) echo 'docker rename nosuch x' ;;
	cp*) echo 'docker cp nosuch:/x .' ;;
	update) echo 'docker update -m 64m nosuch' ;;
	*) echo "docker $verb nosuch" ;;
	esac
done >>"$WORK/lines"
for kind in image network volume; do
	echo "docker $kind rm nosuch nosuch2" >>"$WORK/lines"
done
n=0
while IFS= read -r line; do
	n=$((n + 1))
	bare "$line"
	say >"$WORK/bare.$n"
done <"$WORK/lines"
may $BOB docker network create ds01t-bnet
may $BOB docker volume create ds01t-bvol
fresh $BOB ds01t-b1 --network ds01t-bnet -v ds01t-bvol:/v -p 127.0.0.1::80
fresh $BOB ds01t-b2
may $BOB docker create --pull never --name ds01t-b3 --label colour=red $IMAGE true
n=0
while IFS= read -r line; do
	n=$((n + 1))
	alike "$WORK/bare.$n" "$line"
done <"$WORK/lines"

refused 'No such container: nosuch' $ALICE docker kill nosuch

# --- the walk.  what must come of it, command line:
#     ok      it works
#     same    what the bare CLI says (it does not come to the engine, or fails)
#     admin   it is for administrators
#     none    there is nothing of that (BuildKit's history is nobody's)
head -c 3000000 /dev/urandom >"$H/large"
printf 'FROM %s\nCOPY large /large\n' $IMAGE >"$H/Dockerfile"
printf 'services: {x: {image: %s}}\n' $IMAGE >"$H/stack.yaml"
printf 'target "x" { }\ngroup "default" { targets = ["x"] }\n' \
    >"$H/docker-bake.hcl"
chown $ALICE: "$H"/*
cat >"$WORK/walk" <<END
ok docker run -d --pull never --name ds01t-4 --stop-signal KILL $IMAGE sh -c 'echo hello; sleep 3000'
ok docker container run --rm --pull never $IMAGE true
ok docker create -i --pull never --name ds01t-5 $IMAGE cat
ok docker container create -i --pull never --name ds01t-6 $IMAGE cat
ok docker start ds01t-5
ok echo x | docker attach ds01t-5
ok docker container start ds01t-6
ok echo x | docker container attach ds01t-6
ok echo x | docker start -ai ds01t-5
ok docker exec ds01t-4 true
ok docker container exec ds01t-4 true
ok docker logs ds01t-4
ok docker container logs ds01t-4
ok docker top ds01t-4
ok docker container top ds01t-4
ok docker port ds01t-4
ok docker container port ds01t-4
ok docker diff ds01t-4
ok docker container diff ds01t-4
ok docker stats --no-stream ds01t-4
ok docker container stats --no-stream
ok docker inspect ds01t-4
ok docker container inspect ds01t-4
ok docker ps
ok docker container ls
ok docker cp large ds01t-4:/large
ok docker cp ds01t-4:/large copied && cmp large copied
ok docker container cp ds01t-4:/large - | tar -t
ok docker pause ds01t-4
ok docker unpause ds01t-4
ok docker container pause ds01t-4
ok docker container unpause ds01t-4
ok docker update -m 64m --memory-swap 64m ds01t-4
ok docker container update --cpus 0.5 ds01t-4
ok docker rename ds01t-4 ds01t-44
ok docker container rename ds01t-44 ds01t-4
ok docker commit ds01t-4 ds01t-alice/commit
ok docker container commit ds01t-4 ds01t-alice/commit:2
ok docker export ds01t-4 | docker import - ds01t-alice/import
ok docker container export -o x.tar ds01t-4
ok docker image import x.tar ds01t-alice/import:2
ok docker restart -t 0 ds01t-4
ok docker container restart -t 0 ds01t-4
ok docker kill ds01t-4
ok docker wait ds01t-4
ok docker container wait ds01t-4
ok docker start ds01t-4
ok docker container kill ds01t-4
ok docker start ds01t-4
ok docker stop -t 0 ds01t-4
ok docker container stop -t 0 ds01t-4
ok docker rm ds01t-4
ok docker container rm ds01t-5 ds01t-6
ok docker container prune -f --filter until=24h
ok DOCKER_BUILDKIT=0 docker build -t ds01t-alice/build .
ok DOCKER_BUILDKIT=0 docker image build -q -t ds01t-alice/build:2 .
ok DOCKER_BUILDKIT=0 docker builder build -q -t ds01t-alice/build:3 .
ok docker images
ok docker image ls
ok docker image inspect ds01t-alice/build
ok docker history ds01t-alice/build
ok docker image history ds01t-alice/build
ok docker tag ds01t-alice/build ds01t-alice/tag
ok docker image tag ds01t-alice/build ds01t-alice/tag:2
ok docker save ds01t-alice/tag | docker load
ok docker image save -o x.tar ds01t-alice/tag:2 && docker image load -i x.tar
ok docker rmi ds01t-alice/tag
ok docker image rm ds01t-alice/tag:2
ok docker image prune -f
ok docker builder prune -f
ok docker buildx build -q --load -t ds01t-alice/build:4 .
ok docker buildx bake --load --set x.tags=ds01t-alice/build:5
ok docker buildx create --name ds01t-far --driver remote unix:///nosuch
ok docker buildx inspect ds01t-far
ok docker buildx ls
ok docker buildx use ds01t-far
ok docker buildx stop ds01t-far
ok docker buildx use default
ok docker buildx rm ds01t-far
ok docker buildx inspect
ok docker buildx du
ok docker buildx prune -f
ok docker buildx history ls
ok docker buildx history rm --all
ok docker buildx version
ok printf '' | docker buildx dial-stdio
none docker buildx history inspect
none docker buildx history inspect attachment --type x
none docker buildx history logs
none docker buildx history open
none docker buildx history export -o x
none docker buildx history import -f nosuch
same docker buildx imagetools create -t 192.0.2.1:1/y 192.0.2.1:1/x
same docker buildx imagetools inspect 192.0.2.1:1/x
same docker pull 192.0.2.1:1/x
same docker image pull 192.0.2.1:1/x
same docker push 192.0.2.1:1/x
same docker image push 192.0.2.1:1/x
same docker search nosuch
same docker login -u a -p b 192.0.2.1:1
same docker logout 192.0.2.1:1
ok docker volume create ds01t-w
ok docker volume ls
ok docker volume inspect ds01t-w
ok docker volume rm ds01t-w
ok docker volume prune -f
same docker volume update nosuch
ok docker network create ds01t-w
ok docker network ls
ok docker network inspect ds01t-w
ok docker network connect --alias x ds01t-w ds01t-2
ok docker network disconnect ds01t-w ds01t-2
ok docker network rm ds01t-w
ok docker network prune -f
ok docker events --since 1h --until 0s
ok docker info
ok docker version
ok docker system df -v
ok docker system events --since 1h --until 0s
ok docker system info
ok docker system prune -f
ok rm -f far.dockercontext; docker context create far --docker host=tcp://192.0.2.1:1
ok docker context ls
ok docker context inspect far
ok docker context export far
ok docker context import far2 far.dockercontext
ok docker context update --description x far
ok docker context use far
ok docker context use default
ok docker context show
ok docker context rm far far2
ok docker completion bash
ok docker completion fish
ok docker completion powershell
ok docker completion zsh
admin docker swarm init
admin docker swarm join --token x 192.0.2.1:1
admin docker swarm ca
admin docker swarm join-token worker
admin docker swarm leave
admin docker swarm unlock-key
admin docker swarm update --autolock=true
same echo key | docker swarm unlock
admin docker node ls
admin docker node inspect x
admin docker node ps x
admin docker node update --label-add a=b x
admin docker node promote x
admin docker node demote x
admin docker node rm x
admin docker service create $IMAGE
admin docker service inspect x
admin docker service logs x
admin docker service ls
admin docker service ps x
admin docker service rm x
admin docker service rollback x
admin docker service scale x=2
admin docker service update x
same docker stack deploy -c stack.yaml x
same docker stack config -c stack.yaml
admin docker stack ls
admin docker stack ps x
admin docker stack rm x
admin docker stack services x
admin echo x | docker secret create x -
admin docker secret inspect x
admin docker secret ls
admin docker secret rm x
admin echo x | docker config create x -
admin docker config inspect x
admin docker config ls
admin docker config rm x
admin docker plugin ls
admin docker plugin install --grant-all-permissions x/y
admin docker plugin enable x
admin docker plugin disable x
admin docker plugin set x a=b
same docker plugin upgrade x
admin docker plugin rm x
admin docker plugin push x
same docker plugin create x nosuchdir
same docker plugin inspect x
same docker checkpoint create ds01t-1 x
same docker checkpoint ls ds01t-1
same docker checkpoint rm ds01t-1 x
same docker manifest create 192.0.2.1:1/x 192.0.2.1:1/y
same docker manifest annotate 192.0.2.1:1/x 192.0.2.1:1/y
same docker manifest inspect 192.0.2.1:1/x
same docker manifest push 192.0.2.1:1/x
same docker manifest rm 192.0.2.1:1/x
same docker trust inspect 192.0.2.1:1/x
same docker trust revoke -y 192.0.2.1:1/x
same docker trust sign 192.0.2.1:1/x
same docker trust key generate UPPER
same docker trust key load nosuch
same docker trust signer add --key nosuch x 192.0.2.1:1/x
same docker trust signer remove x 192.0.2.1:1/x
END
# "group NAME" or "leaf NAME" for what the CLI lists below these words
listed() {
	as $ALICE "$ENGINE_CLI" "$@" --help 2>&1 |
	    awk '/Commands:$/ { kind = /^(Management|Swarm)/ ? "group" : "leaf" }
		/^[A-Z]/ && !/Commands:$/ { kind = "" }
		kind && /^  [a-z]/ { sub(/\*$/, "", $1); print kind, $1 }'
}
tree() {
	listed "$@" | while read -r kind c; do
		if [ "$c" = compose ]; then	# clients.t
			continue
		elif [ "$kind" = group ]; then
			tree "$@" "$c" </dev/null
		else
			echo "$*${1:+ }$c"
		fi
	done
}
tree | sort -u >"$WORK/commands"
while read -r c; do
	# "builder" is "buildx" where there is one
	grep -qE "docker $c( |\$)" "$WORK/walk" ||
	    grep -qE "docker buildx ${c#builder }( |\$)" "$WORK/walk" ||
	    echo "$c"
done <"$WORK/commands" >"$ERR"
[ ! -s "$ERR" ] && [ "$(wc -l <"$WORK/commands")" -gt 150 ]
row $? "each of the $(wc -l <"$WORK/commands") commands that the CLI lists has a line here"
in_this_cli() {
	grep -qxE "$1|$1 $2|$1 $2 $3" "$WORK/commands"
}
while read -r want line; do
	in_this_cli ${line#*docker } || continue
	case $want in
	ok)
		run $ALICE sh -c "$line"
		row $RC "$ALICE: $line" ;;
	admin)
		run $ALICE sh -c "$line"
		[ $RC -ne 0 ] && grep -q 'is for administrators' "$ERR"
		row $? "$ALICE: $line: for administrators" ;;
	none)
		run $ALICE sh -c "$line"
		[ $RC -ne 0 ] && grep -qE 'no records found|no such file' "$ERR"
		row $? "$ALICE: $line: there is none" ;;
	same)
		bare "$line"
		say >"$WORK/want"
		alike "$WORK/want" "$line" ;;
	esac
done <"$WORK/walk"
is "$(as $BOB docker ps -q | wc -l) $(as $BOB docker volume ls -q) $(as $BOB docker network ls -q -f type=custom | wc -l)" \
    '2 ds01t-bvol 1' "all that time bob's were there, for him"
finish
