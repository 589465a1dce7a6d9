#!/bin/sh
# A day's work with the default policy: a compose project, a dev container, a
# notebook, builds, root inside a container.  Nothing here is hostile, so
# nothing may be refused but what says why.  (ds01-wrapper 2.4; peers B)
. "$(dirname "$0")/../lib/e2e.sh"
. "$HERE/node.sh"
begin
LIMIT=180
H=$PLACE/home/$ALICE
R='docker run --rm --pull never'
uid=$(id -u $ALICE) gid=65534	# of what confined containers write
# Paths below the home: from Docker Engine 26 on.
below_home() {
	api_at_least 45
}
# The engine's ports are in its own network namespace.
fetch() {	# port, path
	nsenter -t "$(cat "$ENGINE_DIR/containerd.pid")" -n \
	    curl -s --retry 20 --retry-delay 1 --retry-all-errors \
	    --max-time 10 "http://127.0.0.1:$1$2" >"$OUT" 2>"$ERR"
	RC=$?
}
# A user's own file, made from standard input.
file() {
	mkdir -p "$(dirname "$H/$1")"
	cat >"$H/$1"
}
# A home keeps what another engine's run left there.
for f in app b dev1 dev2 dev3 out out.d tmp; do
	rm -rf "${H:?}/$f"
done
hers() {
	chown -R $ALICE: "$H"
}

# --- a compose project: database, web server, build, health, volumes
file app/web/Dockerfile <<END
FROM $IMAGE AS build
ARG GREETING=none
WORKDIR /src
COPY . .
RUN mkdir -p /out && echo "\$GREETING \$(cat page)" >/out/index.html
FROM $IMAGE
LABEL org.example.app=web
ENV PORT=8080
RUN mkdir /srv && chown 1000:1000 /srv
COPY --from=build --chown=1000:1000 /out /srv
USER user
EXPOSE 8080
HEALTHCHECK --interval=1s CMD wget -q -O /dev/null http://127.0.0.1:8080/
ENTRYPOINT ["httpd", "-f", "-p", "8080", "-h", "/srv"]
END
echo 'from a build' | file app/web/page
echo 'secret' | file app/web/not-this
echo 'not-*' | file app/web/.dockerignore
echo 'LEVEL=debug' | file app/web.env
echo 'GREETING=hello' | file app/.env
file app/compose.yaml <<END
name: ds01t-app
x-common: &common
  pull_policy: never
  restart: unless-stopped
  init: true
  logging:
    driver: json-file
    options: {max-size: 1m, max-file: "2"}
services:
  db:
    <<: *common
    image: $IMAGE
    command: sh -c 'echo ready >/data/ready; exec sleep 3600'
    stop_signal: SIGKILL
    hostname: database
    volumes: ["data:/data"]
    tmpfs: [/scratch]
    networks: {back: {aliases: [sql]}}
    environment: {PASSWORD: x, EMPTY: ""}
    shm_size: 128m
    mem_limit: 256m
    cpus: 0.5
    pids_limit: 100
    ulimits: {nofile: {soft: 1024, hard: 4096}}
    healthcheck:
      test: [CMD, test, -e, /data/ready]
      interval: 1s
      timeout: 2s
      retries: 5
      start_period: 1s
  web:
    <<: *common
    pull_policy: build
    build:
      context: web
      args: {GREETING: "\${GREETING}"}
      labels: {stage: test}
    image: ds01t-app/web
    depends_on: {db: {condition: service_healthy}}
    ports: ["127.0.0.1:18080:8080", "8080"]
    networks: [front, back]
    env_file: web.env
    cap_drop: [ALL]
    read_only: true
    security_opt: ["no-new-privileges:true"]
    extra_hosts: ["elsewhere:192.0.2.1"]
    stop_grace_period: 1s
    labels: {org.example.role: web}
  job:
    <<: *common
    image: $IMAGE
    restart: "no"
    profiles: [jobs]
    command: cat /data/ready
    volumes: ["data:/data:ro"]
    networks: [back]
    depends_on: [db]
volumes: {data: {labels: {org.example: x}}}
networks: {front: {}, back: {internal: true}}
END
hers
C='docker compose -f app/compose.yaml'
for round in first second; do
	may $ALICE $C up -d --quiet-pull --build
	may $ALICE $C ps
	shows db "$round up: ps shows the database"
	shows healthy '… which is healthy'
	shows web '… and the web server'
	fetch 18080 /
	shows 'hello from a build' '… which answers on its published port'
	may $ALICE $C exec -T web wget -q -O - http://127.0.0.1:8080/
	shows 'hello from a build' '… and inside'
	may $ALICE $C exec -T db ping -c 1 -w 5 web
	may $ALICE $C exec -T web sh -c 'echo $LEVEL; id -u; cat /etc/hosts'
	shows debug 'its env_file was read'
	shows elsewhere 'its extra_hosts are there'
	may $ALICE $C run --rm -T job
	shows ready 'a one-off job reads the volume'
	may $ALICE $C logs --no-color
	may $ALICE $C port web 8080
	may $ALICE $C images
	may $ALICE $C top db
	may $ALICE $C restart -t 0 web
	may $ALICE $C up -d
	may $ALICE $C up -d --force-recreate --no-deps web
	may $ALICE $C up -d --scale db=1 --wait --wait-timeout 60
	may $ALICE $C pause db
	may $ALICE $C unpause db
	may $ALICE $C stop -t 0
	may $ALICE $C start
	may $ALICE $C config -q
	may $BOB docker ps -aq
	is "$(cat "$OUT")" '' 'bob sees nothing of it'
	may $ALICE $C down -v -t 0
	is "$(direct ps -aq)$(direct volume ls -q)$(direct network ls -f type=custom --format '{{.Name}}')" \
	    '' "$round down -v leaves nothing"
done
may $ALICE docker rmi ds01t-app/web
# Binds, secrets and configs are paths of the project's own folder.
echo 'a page' | file app/html/index.html
echo 's3cret' | file app/secret
file app/binds.yaml <<END
name: ds01t-binds
services:
  web:
    image: $IMAGE
    pull_policy: never
    command: httpd -f -p 8080 -h /srv
    stop_signal: SIGKILL
    volumes: ["./html:/srv:ro", "./made/here:/made"]
    secrets: [key]
    configs: [{source: conf, target: /etc/app.conf}]
secrets: {key: {file: ./secret}}
configs: {conf: {file: ./web.env}}
END
hers
C='docker compose -f app/binds.yaml'
if below_home; then
	may $ALICE $C up -d
	may $ALICE $C exec -T web wget -q -O - http://127.0.0.1:8080/
	shows 'a page' 'compose: a relative bind is served'
	may $ALICE $C exec -T web cat /run/secrets/key /etc/app.conf
	shows s3cret '… a secret is there'
	shows LEVEL=debug '… and a config'
	may $ALICE $C exec -T web sh -c 'echo made >/made/x'
	is "$(stat -c %u:%g "$H/app/made/here/x" 2>&1)" $uid:$gid \
	    'what is written in a bind is the user'"'"'s own'
	may $ALICE $C up -d
	may $ALICE $C restart -t 0
	may $ALICE $C down -v -t 0
else
	refused 'Docker Engine 26' $ALICE $C up -d
	may $ALICE $C down -v -t 0
fi

# --- a notebook: the home, a port, a GPU
place_config 'policy:' '  default:' '    gpus: 1'
echo 'my data' | file data.csv
hers
may $ALICE docker run -d --pull never --name ds01t-nb --gpus all \
    -v "$H:$H" -w "$H" -e HOME="$H" -p 18888:8888 --shm-size 1g --ipc private \
    --init --stop-signal KILL --restart unless-stopped --label app=notebook \
    -e JUPYTER_TOKEN=x $IMAGE httpd -f -p 8888 -h "$H"
fetch 18888 /data.csv
shows 'my data' 'a notebook serves what is in the home'
may $ALICE docker exec ds01t-nb sh -c 'echo $NVIDIA_VISIBLE_DEVICES; echo result >>out; id -u'
shows "$uid" '… as its user'
[ "$(sed -n 1p "$OUT")" = 0 ]
row $? '… with the one GPU that is his'
is "$(cat "$H/out" 2>&1) $(stat -c %u:%g "$H/out")" "result $uid:$gid" \
    '… and what it writes is his'
may $ALICE docker logs ds01t-nb
may $ALICE docker port ds01t-nb 8888
may $ALICE docker stats --no-stream ds01t-nb
may $ALICE docker restart -t 0 ds01t-nb
fetch 18888 /out
shows result '… and is there after a restart'
may $ALICE docker rm -f ds01t-nb
place_config
refused 'Permission denied: GPU request' $ALICE $R --gpus 1 $IMAGE true

# --- builds: several stages, arguments, ignored files, secrets, caches
file b/Dockerfile <<END
ARG BASE=$IMAGE
FROM \$BASE AS tools
ARG VERSION=0
ENV VERSION=\$VERSION
RUN echo "#!/bin/sh" >/bin/tool && echo "echo tool \$VERSION" >>/bin/tool \\
    && chmod 755 /bin/tool
FROM tools AS test
RUN tool | grep -q 'tool 7'
FROM \$BASE AS final
SHELL ["/bin/sh", "-ec"]
RUN echo 'app:x:500:500::/app:/bin/sh' >>/etc/passwd && mkdir -p /app && \\
    chown 500 /app
COPY --from=tools /bin/tool /bin/tool
WORKDIR /app
COPY --chown=500 . .
ADD more.tar /app/more/
VOLUME /app/cache
USER app
STOPSIGNAL SIGTERM
CMD ["sh", "-c", "tool; id -u; find . -type f | sort"]
END
{ sed '/^WORKDIR/q' "$H/b/Dockerfile"
cat <<'END'
COPY --chown=500 . .
RUN --mount=type=cache,target=/var/cache/x date >>/var/cache/x/f; wc -l </var/cache/x/f >n
RUN --mount=type=secret,id=tok test "$(cat /run/secrets/tok)" = t0ken
RUN --mount=type=bind,from=tools,source=/bin,target=/t /t/tool
RUN --mount=type=tmpfs,target=/t touch /t/x
RUN <<EOT
echo here-document >doc
EOT
USER app
CMD ["sh", "-c", "tool; cat doc n"]
END
} | file b/Kit
# Engines before 23 read Dockerfiles of an older kind.
api_at_least 42 || sed -i -e 's/^RUN <<EOT/RUN echo here-document >doc/' \
    -e '/^echo here/d' -e '/^EOT/d' "$H/b/Kit"
echo x | file b/kept
echo x | file b/secret.txt
printf '*.txt\n!kept\nKit\nDockerfile\n.dockerignore\n' | file b/.dockerignore
echo t0ken | file tok
mkdir -p "$WORK/more" && echo m >"$WORK/more/m"
tar -C "$WORK/more" -c m | file b/more.tar
hers
# The default is the classic builder before Docker 23, and BuildKit since.
for b in 'env DOCKER_BUILDKIT=0 docker build' 'docker build' \
    'docker buildx build --load'; do
	may $ALICE $b --build-arg VERSION=7 --label l=1 --target test \
	    -t ds01t-b/test b
	may $ALICE $b --build-arg VERSION=7 -t ds01t-b/app:1 -t ds01t-b/app b
	may $ALICE $R ds01t-b/app:1
	is "$(paste -sd ' ' "$OUT")" 'tool 7 500 ./kept ./more.tar ./more/m' \
	    'the right files, for the right user'
	may $ALICE $b --no-cache --network none --build-arg VERSION=7 -q b
	may $ALICE docker rmi -f ds01t-b/app:1 ds01t-b/app ds01t-b/test
done
api_at_least 42 || refused 'use docker buildx' $ALICE \
    env DOCKER_BUILDKIT=1 docker build b
B='docker buildx build --load --secret id=tok,src=tok --build-arg VERSION=7'
may $ALICE $B -f b/Kit -t ds01t-b/kit b
may $ALICE $R ds01t-b/kit
shows here-document 'BuildKit: here-documents, caches, secrets, binds'
may $ALICE env TOK=t0ken docker buildx build --load --secret id=tok,env=TOK \
    --build-arg VERSION=8 -f b/Kit -t ds01t-b/kit b
may $ALICE $R ds01t-b/kit
shows 2 '… and the cache mount is found again'
may $ALICE docker buildx build --build-arg VERSION=7 \
    --output type=local,dest=out.d --target tools b
is "$(cat "$H/out.d/bin/tool" 2>&1 | tail -n 1)" 'echo tool 7' \
    '… and leaves files in the home'
may $ALICE sh -c "tar -C b -c . | docker build --build-arg VERSION=7 -q -"
may $ALICE docker history ds01t-b/kit
may $ALICE sh -c 'docker save ds01t-b/kit | docker load'
may $ALICE docker rmi -f ds01t-b/kit

# --- root inside: what installing software needs
mkdir -p "$WORK/deb/DEBIAN" "$WORK/deb/usr/share/t"
printf 'Package: t\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: t\n' \
    >"$WORK/deb/DEBIAN/control"
printf '#!/bin/sh\nchown user /usr/share/t/f\necho set up\n' \
    >"$WORK/deb/DEBIAN/postinst"
chmod 755 "$WORK/deb/DEBIAN/postinst"
echo f >"$WORK/deb/usr/share/t/f"
dpkg-deb -b "$WORK/deb" "$H/t.deb" >/dev/null 2>&1
hers
may $ALICE docker run -d --pull never --name ds01t-root --stop-signal KILL \
    $IMAGE sleep 3600
may $ALICE docker cp t.deb ds01t-root:/tmp/
X='docker exec ds01t-root'
may $ALICE $X sh -c 'mkdir -p /var/lib/dpkg/info && : >/var/lib/dpkg/status && dpkg -i /tmp/t.deb'
may $ALICE $X sh -c 'stat -c %u /usr/share/t/f'
is "$(cat "$OUT")" 1000 'a package is unpacked and its script runs as root'
may $ALICE $X sh -c 'echo "u2:x:2000:2000::/home/u2:/bin/sh" >>/etc/passwd; mkdir /home/u2; chown 2000:2000 /home/u2; chmod 2770 /home/u2'
may $ALICE $X su u2 -c 'touch ~/x; id -u'
shows 2000 'su to a new user'
may $ALICE docker exec -u u2 -w /home/u2 ds01t-root sh -c 'pwd; touch y'
may $ALICE $X sh -c 'sed -i s/^root:x:/root::/ /etc/passwd; mkdir /suid; cp /bin/busybox /suid/su; chmod 4755 /suid/su'
may $ALICE docker exec -u 2000 ds01t-root /suid/su root -c 'id -u'
shows 0 'a setuid program works'
may $ALICE $X chroot / true
may $ALICE $X sh -c 'mknod /tmp/p p; mkfifo /tmp/q'
remaps || may $ALICE $X mknod /tmp/null c 1 3
may $ALICE $X ping -c 1 -w 5 127.0.0.1
may $ALICE $X sh -c 'httpd -p 80 -h /etc && wget -q -O - http://127.0.0.1/passwd'
shows u2: 'a port below 1024 inside'
may $ALICE $X sh -c 'kill -0 1; renice -n 5 1'
may $ALICE $X sh -c 'ulimit -n 1024; nice -n 5 true; ln -s a /b; chmod 1777 /tmp'
may $ALICE $X sh -c 'hostname; cat /etc/resolv.conf /etc/hosts; df /; free; nproc; ps'
# … and what never is
for no in 'mount -t tmpfs none /mnt' 'mount -o remount,rw /sys' 'hostname x' \
    'date -s 2001-01-01; date | grep 2001 | grep -v :00:00' 'ip link add d type dummy' 'mknod /tmp/sda b 8 0 && cat /tmp/sda' \
    'echo 1 >/proc/sys/kernel/sysrq' 'dmesg -n 1' 'unshare -m true'; do
	run $ALICE $X sh -c "mkdir -p /mnt; $no"
	[ $RC -ne 0 ]; row $? "root inside may not: $no"
done
may $ALICE docker commit -m 'with my tools' ds01t-root ds01t-mine
may $ALICE $R ds01t-mine cat /usr/share/t/f
may $ALICE docker diff ds01t-root
may $ALICE docker rm -f ds01t-root
may $ALICE docker rmi ds01t-mine
as $ALICE timeout -k 5 30 script -qec \
    "$R -it $IMAGE sh" /dev/null >"$OUT" 2>"$ERR" <<'END'
tty
touch /etc/new && ls -l /etc/new
echo $((6 * 7))
exit 3
END
RC=$?
is $RC 3 'run -it: a shell, and its exit code'
shows /dev/pts/ '… with a terminal'
shows 42 '… that does as it is told'

# --- a dev container, as the Dev Containers CLI makes it
D="env TMPDIR=$H/tmp PATH=$PLACE/bin:$PLACE/usr/bin:$HOST_PATH \
    node $NODE_CACHE/node_modules/@devcontainers/cli/devcontainer.js"
mkdir -p "$H/tmp"
file dev1/.devcontainer/devcontainer.json <<END
{"name": "image", "image": "$IMAGE", "remoteUser": "user",
 "remoteEnv": {"A": "b"}, "forwardPorts": [8080],
 "postCreateCommand": "echo created >made; id -u"}
END
file dev2/.devcontainer/devcontainer.json <<END
{"name": "build", "build": {"dockerfile": "Dockerfile", "args": {"X": "y"}},
 "containerEnv": {"HOME": "/tmp"}, "runArgs": ["--init", "--shm-size=256m"],
 "mounts": ["source=ds01t-dev,target=/cache,type=volume"],
 "postCreateCommand": "cat /x >made", "capAdd": [], "privileged": false}
END
printf 'FROM %s\nARG X\nRUN echo $X >/x\n' $IMAGE |
    file dev2/.devcontainer/Dockerfile
file dev3/.devcontainer/devcontainer.json <<END
{"name": "compose", "dockerComposeFile": "compose.yaml", "service": "app",
 "workspaceFolder": "/w", "postCreateCommand": "echo ok >/w/made"}
END
file dev3/.devcontainer/compose.yaml <<END
services:
  app:
    image: $IMAGE
    pull_policy: never
    command: sleep 3600
    environment: {HOME: /tmp}
    volumes: ["..:/w"]
  db:
    image: $IMAGE
    pull_policy: never
    command: sleep 3600
END
hers
made() {	# workspace, text, where it is inside, a variable's value
	is "$(cat "$H/$1/made" 2>&1) $(stat -c %u:%g "$H/$1/made" 2>&1)" \
	    "$2 $uid:$gid" 'its postCreateCommand wrote into the workspace'
	may $ALICE $D exec --workspace-folder "$1" sh -c 'pwd; ls; echo A=$A'
	shows "$3" 'the workspace is where it should be'
	shows "A=$4" 'remoteEnv is what it should be'
	may $ALICE $D up --workspace-folder "$1"
	may $ALICE $D up --remove-existing-container --workspace-folder "$1"
	run $BOB docker ps -aq --filter label=devcontainer.local_folder
	is "$(cat "$OUT")" '' 'bob sees nothing of it'
}
if [ ! -d "$NODE_CACHE/node_modules/@devcontainers" ]; then
	skip 'dev containers' 'no @devcontainers/cli here'
elif below_home; then
	may $ALICE $D up --workspace-folder dev1
	shows '"outcome":"success"' 'a dev container from an image is up'
	# with userns-remap the home in the image is not its user's, and what
	# is to run there is left out by the client
	remaps || made dev1 created /workspaces/dev1 b
	may $ALICE $D up --workspace-folder dev2
	shows '"outcome":"success"' 'one from a Dockerfile'
	made dev2 y /workspaces/dev2
	may $ALICE $D up --workspace-folder dev3
	shows '"outcome":"success"' 'one from a compose file'
	made dev3 ok /w
	may $ALICE $D build --workspace-folder dev2 --image-name ds01t-dev2
	may $ALICE $D read-configuration --workspace-folder dev1
else
	run $ALICE $D up --workspace-folder dev1
	[ $RC -ne 0 ] && grep -q 'Docker Engine 26' "$ERR"
	row $? 'a dev container needs Docker Engine 26, and says so'
fi
finish
