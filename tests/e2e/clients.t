#!/bin/sh
# Clients beyond the docker CLI: compose, both builders, curl, SDKs.
# (ds01-wrapper 2.4, 13 A-3, A-4; peers B1)
. "$(dirname "$0")/../lib/e2e.sh"
. "$HERE/node.sh"
begin
LIMIT=120
H=$PLACE/home/$ALICE
fresh $BOB ds01t-b
remember $BOB
mkdir -p "$H/app"
cat >"$H/app/compose.yaml" <<END
services:
  db:
    image: $IMAGE
    pull_policy: never
    command: sleep 3600
    stop_signal: SIGKILL
    volumes: [data:/data]
    networks: [back]
  web:
    image: $IMAGE
    pull_policy: never
    command: sh -c 'echo web is up; exec sleep 3600'
    stop_signal: SIGKILL
    depends_on: [db]
    environment: {A: b}
    networks: [back, front]
volumes: {data: {}}
networks: {back: {}, front: {}}
END
cat >"$H/app/evil.yaml" <<END
services:
  x:
    image: $IMAGE
    pull_policy: never
    privileged: true
    volumes: ["/:/h"]
END
mkdir -p "$H/build"
printf 'FROM %s AS a\nRUN echo built >/made\nFROM %s\nCOPY --from=a /made /made\nCOPY here /here\nLABEL x=y\nCMD ["cat","/made"]\n' \
    $IMAGE $IMAGE >"$H/build/Dockerfile"
echo context >"$H/build/here"
chown -R $ALICE: "$H/app" "$H/build"

# --- compose v2
if as $ALICE docker compose version >/dev/null 2>&1; then
	C="docker compose -p ds01t-app -f app/compose.yaml"
	may $ALICE $C up -d --quiet-pull
	may $ALICE $C ps
	shows db 'compose ps shows the services'
	may $ALICE $C logs web
	shows 'web is up' 'compose logs'
	may $ALICE $C exec -T web true
	may $ALICE $C exec -T web ping -c 1 -w 5 db
	may $ALICE $C run --rm -T web echo once
	may $ALICE $C up -d
	may $ALICE $C restart -t 0
	may $ALICE $C top
	may $ALICE $C stop -t 0
	may $ALICE $C start
	may $ALICE $C cp web:/etc/passwd copied
	may $ALICE docker compose ls
	shows ds01t-app 'compose ls shows the project'
	may $BOB docker compose ls -a
	hides ds01t-app "… and bob's does not"
	may $BOB docker compose -p ds01t-app ps -a
	hides web "bob's compose ps finds nothing of it"
	id=$(direct ps -q -f name=web | head -n 1)
	is "$(direct inspect -f '{{index .Config.Labels "ds01.user"}} {{index .Config.Labels "ds01.container_type"}}' "$id")" \
	    "$ALICE compose" 'what compose makes is labelled'
	refused "this container belongs to $ALICE" $BOB docker rm -f "$id"
	may $ALICE $C down -v -t 0
	is "$(direct ps -aq -f label=com.docker.compose.project=ds01t-app)$(direct volume ls -q -f name=ds01t-app)" \
	    '' 'compose down -v leaves nothing'
	run $ALICE docker compose -p ds01t-evil -f app/evil.yaml up -d
	[ $RC -ne 0 ]; row $? 'compose with privileged and /:/h is refused'
	as $ALICE docker compose -p ds01t-evil -f app/evil.yaml down >/dev/null 2>&1
else
	skip 'compose' 'no compose plugin here'
fi

# --- builds
may $ALICE env DOCKER_BUILDKIT=0 docker build -t ds01t-alice/classic build
may $ALICE docker run --rm --pull never ds01t-alice/classic
shows built 'what the classic builder made runs'
may $ALICE sh -c 'tar -C build -c . | DOCKER_BUILDKIT=0 docker build -t ds01t-alice/tar -'
may $ALICE env DOCKER_BUILDKIT=0 docker build -q --build-arg X=1 --label l=1 \
    --no-cache -t ds01t-alice/q build
if as $ALICE docker buildx version >/dev/null 2>&1; then
	may $ALICE docker buildx build --load -t ds01t-alice/kit build
	may $ALICE docker run --rm --pull never ds01t-alice/kit
	shows built 'what BuildKit made runs'
	if api_at_least 42; then
		may $ALICE env DOCKER_BUILDKIT=1 docker build \
		    -t ds01t-alice/kit2 build
	else		# its client has a BuildKit road of its own
		refused 'use docker buildx' $ALICE env DOCKER_BUILDKIT=1 \
		    docker build build
	fi
	may $ALICE docker buildx ls
	may $ALICE docker buildx du
	run $ALICE docker buildx build --allow security.insecure \
	    --allow network.host -t ds01t-alice/kit3 build
	run $ALICE docker buildx build --network host -t ds01t-alice/kit4 build
	[ $RC -ne 0 ]; row $? 'a BuildKit build on the host network is refused'
else
	refused 'use docker buildx' $ALICE env DOCKER_BUILDKIT=1 docker build build
fi
api_refused 403 'use docker buildx' $ALICE POST '/build?version=2&remote=client-session'
may $ALICE docker rmi -f ds01t-alice/classic ds01t-alice/tar ds01t-alice/kit

# --- curl
answers 200 $ALICE GET /version
answers 200 $ALICE GET /_ping
answers 200 $ALICE HEAD /_ping
answers 200 $ALICE GET /info
answers 201 $ALICE POST '/containers/create?name=ds01t-curl' \
    "{\"Image\":\"$IMAGE\",\"Cmd\":[\"sleep\",\"600\"],\"Tty\":true}"
answers 204 $ALICE POST /containers/ds01t-curl/start
answers 304 $ALICE POST /containers/ds01t-curl/start
answers 200 $ALICE GET /containers/ds01t-curl/json
answers 200 $ALICE GET '/containers/ds01t-curl/stats?stream=0&one-shot=1'
answers 204 $ALICE POST '/containers/ds01t-curl/kill'
answers 204 $ALICE DELETE '/containers/ds01t-curl?force=1'
answers 404 $ALICE GET /containers/ds01t-curl/json
api $ALICE GET /version
[ "$(grep -o '"ApiVersion":"1\.[0-9]*"' "$OUT" | head -n 1 | tr -cd 0-9)" -le 151 ]
row $? 'the newest API version said is one that the tables cover'

# --- an SDK that knows nothing of this
cat >"$WORK/sdk.py" <<'END'
import docker, sys
image, other = sys.argv[1:]
c = docker.from_env()
c.ping()
box = c.containers.run(image, "sleep 600", detach=True, name="ds01t-sdk",
                       stop_signal="SIGKILL", mem_limit="64m")
code, out = box.exec_run("echo from-exec")
print(code, out.decode().strip())
code, (o, e) = box.exec_run("sh -c 'echo o; echo e >&2'", demux=True)
print(o.decode().strip(), e.decode().strip())
print([x.name for x in c.containers.list(all=True)])
print(c.containers.run(image, "echo from-run", remove=True).decode().strip())
box.put_archive("/tmp", open("/dev/null", "rb").read() or b"\0" * 1024)
s = box.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
s.close()
print(box.stats(stream=False)["name"])
box.reload()
print(box.logs())
box.stop(timeout=0)
box.remove()
for name, call in (("get", lambda: c.containers.get(other)),
                   ("api", lambda: c.api.exec_create(other, "id"))):
    try:
        call()
        print("NOT REFUSED", name)
    except docker.errors.APIError as e:
        print("refused", e.response.status_code, e.explanation)
END
chmod 0644 "$WORK/sdk.py"
if /usr/bin/python3 -c 'import docker' 2>/dev/null; then
	may $ALICE ds01-docker-session /usr/bin/python3 "$WORK/sdk.py" $IMAGE ds01t-b
	shows '0 from-exec' 'SDK: exec_run'
	shows 'o e' 'SDK: stdout and stderr of an exec'
	shows "['ds01t-sdk']" 'SDK: list holds the own one only'
	shows from-run 'SDK: run with output'
	shows "refused 403 $(printf 'Permission denied: this container belongs to %s' $BOB)" \
	    "SDK: bob's is refused"
	hides 'NOT REFUSED' '… by every call'
else
	skip 'Python SDK' 'no docker module for python3'
fi
if [ -d "$NODE_CACHE/node_modules/dockerode" ]; then
	cp "$TOP/tests/e2e/dockerode.js" "$WORK"
	may $ALICE env NODE_PATH="$NODE_CACHE/node_modules" \
	    ds01-docker-session node "$WORK/dockerode.js" $IMAGE ds01t-b
	while read -r line; do
		grep -qxF -- "$line" "$OUT"
		row $? "dockerode: $line"
	done <<-END
	list ds01t-node
	exec from-exec
	exec streams out err
	exec exit 3
	attach got typed
	logs 1 2
	logs of a terminal tty
	events create start die destroy
	stats ds01t-node
	stats stream 2
	top sleep
	archive hello
	archive stat text.txt
	wait 5
	run 0 from-run
	volume ds01t-nodevol
	network ds01t-nodenet
	build built
	commit cat
	resize ok
	pause paused
	rename ds01t-node2
	update 67108864
	images own
	df own
	refused get 403
	refused exec 403
	refused remove 403
	refused privileged 403
	missing 404
	done
	END
	shows "this container belongs to $BOB" "dockerode: bob's is refused"
	hides 'NOT REFUSED' '… by every call'
else
	skip 'Node SDK' 'no dockerode here'
fi
may $ALICE ds01-docker-session sh -c 'echo "$DOCKER_HOST"'
shows unix:// 'a session has DOCKER_HOST'
exits 6 $ALICE ds01-docker-session sh -c 'exit 6'
may $ALICE ds01-docker-session "$ENGINE_CLI" ps
refused "$BOB_TEXT" $ALICE ds01-docker-session "$ENGINE_CLI" rm -f ds01t-b
untouched $BOB "bob's container is as it was"
finish
