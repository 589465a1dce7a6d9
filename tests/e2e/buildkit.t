#!/bin/sh
# BuildKit over POST /grpc: what docker build does for its user, and nothing
# of anybody else's.  (api a.5, b.10; peers C3, E12)
. "$(dirname "$0")/../lib/e2e.sh"
begin
LIMIT=120
H=$PLACE/home/$ALICE
if ! as $ALICE docker buildx version >/dev/null 2>&1; then
	skip 'BuildKit' 'no buildx here'
	finish
fi
# Engines before 23 know no source policy, no named contexts and no RUN
# --network, and keep no history.
new() {
	api_at_least 43
}
for u in $ALICE $BOB; do
	d=$PLACE/home/$u/kit
	mkdir -p "$d"
	cat >"$d/Dockerfile" <<-END
	FROM $IMAGE AS a
	RUN echo built >/made
	FROM $IMAGE
	COPY --from=a /made /made
	COPY here /here
	RUN --mount=type=cache,target=/c,id=shared echo $u >>/c/who; cat /c/who >/who
	LABEL x=y
	CMD ["cat","/made","/who"]
	END
	echo context >"$d/here"
	printf 'FROM %s\nRUN echo %s\n' $IMAGE "$u" >"$d/plain"
	chown -R "$u": "$d"
done
B='docker buildx build --load'
dockerfile() {	# user, text: builds it
	_u=$1
	shift
	as "$_u" sh -c "printf '$1' | timeout -k 5 $LIMIT $B -q -" \
	    >"$OUT" 2>"$ERR" </dev/null
	RC=$?
}
denied() {	# text, user, Dockerfile
	dockerfile "$2" "$3"
	[ $RC -ne 0 ] && grep -qF -- "$1" "$ERR"
	row $? "$2 builds $3 -> refused: $1"
}

# --- it works, again and again
may $ALICE $B -t ds01t-kit/a kit
may $ALICE docker run --rm --pull never ds01t-kit/a
shows built 'what was built runs'
is "$(direct image inspect -f '{{index .Config.Labels "ds01.user"}} {{index .Config.Labels "ds01.protected"}} {{.Config.Labels.x}}' ds01t-kit/a)" \
    "$ALICE false y" 'it is labelled for its owner, reserved labels neutral'
one=$(direct image inspect -f '{{.Id}}' ds01t-kit/a)
may $ALICE $B -q -t ds01t-kit/a kit
is "$(direct image inspect -f '{{.Id}}' ds01t-kit/a)" "$one" \
    'a build that changes nothing gives the same image'
bad=0
for i in 1 2 3 4 5 6 7 8; do
	run $ALICE $B -q --no-cache -f kit/plain kit
	[ $RC -eq 0 ] || bad=$((bad + 1))
done
is $bad 0 'eight builds in a row'
may $ALICE sh -c "tar -C kit -c . | $B -q -t ds01t-kit/tar -"
may $ALICE sh -c "$B -q -t ds01t-kit/stdin - <kit/plain"
may $ALICE docker buildx build -o type=local,dest=out kit
ok 'an exported build is the user'"'"'s own file' test -O "$H/out/../kit" -o -f "$H/out/made"
may $ALICE docker buildx build -o type=tar,dest=out.tar kit
may $ALICE $B --build-arg X=1 --target a kit
! new || may $ALICE $B --build-context other=kit kit
may $ALICE docker buildx ls
may $ALICE docker buildx inspect
cat >"$H/docker-bake.hcl" <<'END'
group "default" { targets = ["a", "b"] }
target "a" {
  context = "kit"
  tags = ["ds01t-kit/bake-a"]
}
target "b" {
  context = "kit"
  args = { X = "1" }
  tags = ["ds01t-kit/bake-b"]
}
END
may $ALICE docker buildx bake --load
# One target's result is the other's context: a graph that the client hands
# over, with all that a Dockerfile makes of one.
if new; then
	cat >"$H/kit/linked" <<-END
	FROM $IMAGE AS low
	RUN --mount=type=cache,target=/c echo low >/low
	COPY --link here /linked
	COPY --link --chown=1000:1000 --chmod=0644 here plain /many/
	COPY --chown=root here /owned
	ADD here /added
	COPY <<-EOF /heredoc
	a heredoc
	EOF
	RUN --mount=type=secret,id=s --mount=type=tmpfs,target=/t \\
	    --mount=type=bind,source=here,target=/in cat /run/secrets/s /in >/out
	FROM scratch AS few
	COPY --link --from=low /linked /out /
	END
	printf 'FROM low\nRUN cat /linked /heredoc /added >/all\nCOPY --from=few /out /few\nCOPY --link --from=low /low /low2\n' \
	    >"$H/kit/upper"
	cat >"$H/linked.hcl" <<-'END'
	target "low" {
	  context = "kit"
	  dockerfile = "linked"
	  target = "low"
	  secret = ["id=s,src=kit/here"]
	}
	target "few" {
	  context = "kit"
	  dockerfile = "linked"
	  secret = ["id=s,src=kit/here"]
	}
	target "upper" {
	  context = "kit"
	  dockerfile = "upper"
	  contexts = { low = "target:low", few = "target:few" }
	  tags = ["ds01t-kit/upper"]
	}
	END
	refused 'a graph that is not from a Dockerfile' $ALICE \
	    docker buildx bake --load -f linked.hcl upper
	place_config 'builds: graphs'
	may $ALICE docker buildx bake --load -f linked.hcl upper
	place_config
	may $ALICE docker run --rm --pull never ds01t-kit/upper cat /all /few
	shows 'a heredoc' 'what linked targets made is there'
	shows context '… with what was copied, added and mounted in the first'
	if as $ALICE docker buildx build --help | grep -q -- --check; then
		may $ALICE docker buildx build --check kit
	fi
	dockerfile $ALICE "FROM $IMAGE\nRUN false\n"
	grep -q '>>> RUN false' "$ERR"
	row $? 'a failed step is shown where it stands in the Dockerfile'
fi
if as $ALICE docker compose version >/dev/null 2>&1; then
	printf 'services:\n  w:\n    build: kit\n    image: ds01t-kit/w\n    pull_policy: build\n    command: sleep 600\n    stop_signal: SIGKILL\n' \
	    >"$H/kit.yaml"
	may $ALICE docker compose -p ds01t-kit -f kit.yaml up -d
	c=$(direct ps -q --filter name=ds01t-kit)
	may $ALICE docker compose -p ds01t-kit -f kit.yaml up -d --build
	is "$(direct ps -q --filter name=ds01t-kit)" "$c" \
	    'compose up --build keeps a container whose image is the same'
	may $ALICE docker compose -p ds01t-kit -f kit.yaml down -t 0
fi

# --- nobody else's: tags, cache, history
refused "this image tag belongs to $ALICE" $BOB $B -t ds01t-kit/a kit
refused 'belongs to the administrators' $BOB $B -t $IMAGE kit
refused 'belongs to the administrators' $BOB $B -t ds01t-kit/c -t $IMAGE kit
is "$(direct image inspect -f '{{.Id}}' ds01t-kit/a)" "$one" 'the tag stands'
may $BOB $B -t ds01t-kit/b kit
may $BOB docker run --rm --pull never ds01t-kit/b
shows $BOB 'a cache mount holds what its user put there'
hides $ALICE '… and nothing of another user'
cached=$(direct buildx du 2>/dev/null | grep -c .)
may $BOB docker buildx du
may $BOB docker buildx prune -af
may $BOB docker builder prune -af
may $BOB docker system prune -f
is "$(direct buildx du 2>/dev/null | grep -c .)" "$cached" \
    "a user's prune leaves the cache as it is"
[ "$cached" -gt 3 ]; row $? '… and there is one'
if as $ALICE env BUILDX_EXPERIMENTAL=1 docker buildx history --help 2>/dev/null |
    grep -q logs; then
	run $ALICE $B -q --metadata-file m.json --no-cache -f kit/plain kit
	ref=$(sed -n 's,.*"buildx.build.ref": *"[^"]*/\([^"/]*\)".*,\1,p' \
	    "$H/m.json")
	K='env BUILDX_EXPERIMENTAL=1 docker buildx history'
	may $ALICE $K logs "$ref"
	grep -qF "$ALICE" "$OUT" "$ERR"
	row $? 'the log of a build of one'"'"'s own'
	run $BOB $K logs "$ref"
	! grep -qF "echo $ALICE" "$OUT" "$ERR"
	row $? "another's is not shown, not even to who knows its ref"
	run $BOB $K ls
	hides "$ref" 'nor is it in the list'
	run $BOB $K rm "$ref"
	run $ALICE $K logs "$ref"
	grep -qF "$ALICE" "$OUT" "$ERR"
	row $? 'nor can it be removed'
	may $ALICE $K ls
fi

# --- one cache, and nobody's steps from another's
# BuildKit knows a RUN by its text and what is below it; which proxy it asked
# and which secret it read is not looked at.  So its host name is the user's.
key() {	# user, options: builds; $cached: which of its steps were not run
	_u=$1
	shift
	run "$_u" $B --progress plain -t "ds01t-key/$_u" --secret id=k,src=key/k \
	    -f key/Dockerfile "$@" key
	row $RC "$_u builds a step that asks a proxy and reads a secret: $*"
	steps
}
steps() {
	# "#6 [2/4] COPY …" or "#6 [stage-0 2/4] COPY …", then "#6 CACHED"
	cached=$(awk '$2 ~ /^\[/ { n = $1; sub(/^[^]]*\] /, ""); name[n] = $1 }
	    $2 == "CACHED" && name[$1] ~ /^(COPY|RUN)$/ { print name[$1] }' \
	    "$ERR" | sort | tr '\n' ' ')
}
for u in $ALICE $BOB $CAROL; do
	d=$PLACE/home/$u/key
	mkdir -p "$d"
	cat >"$d/Dockerfile" <<-END
	FROM $IMAGE
	COPY here /here
	RUN echo "proxy \$http_proxy" >/asked; hostname >/host
	RUN --mount=type=secret,id=k cat /run/secrets/k >/k
	END
	echo same >"$d/here"
	chmod 0644 "$d/here"
	touch -d 2024-01-01 "$d/here"
	echo "of $u" >"$d/k"
	chown -R "$u": "$d"
done
key $ALICE --build-arg http_proxy=http://192.0.2.1:1 \
    --build-arg BUILDKIT_SANDBOX_HOSTNAME="ds01-u$(id -u $BOB)"
may $ALICE docker run --rm --pull never ds01t-key/$ALICE cat /asked /k /host
shows http://192.0.2.1:1 'her step asked her proxy'
shows "ds01-u$(id -u $ALICE)" '… and has her host name, whatever she wrote'
key $BOB
is "$cached" 'COPY ' 'what is copied comes from the cache, and no step of hers'
may $BOB docker run --rm --pull never ds01t-key/$BOB cat /asked /k
hides http://192.0.2.1:1 'nothing that her proxy answered is in his image'
shows "of $BOB" '… but his own secret'
key $BOB
is "$cached" 'COPY RUN RUN ' 'his own steps are in the cache'
direct buildx build --progress plain --secret id=k,src="$H/key/k" "$H/key" \
    >"$OUT" 2>"$ERR" </dev/null
row $? 'root builds it on the socket of the engine'
steps
is "$cached" 'COPY ' "… and takes no user's steps"
direct builder prune -af >/dev/null
key $BOB
key $CAROL
is "$cached" 'COPY ' 'nor does an administrator'
# An import would be put into the cache of everybody, whatever its maker wrote
# into it; root's own of the same image shows that there is one to follow.
may $ALICE $B -q -t ds01t-key/inline --build-arg BUILDKIT_INLINE_CACHE=1 \
    --secret id=k,src=key/k key
direct builder prune -af >/dev/null
key $ALICE --cache-from ds01t-key/inline
is "$cached" '' 'a build with --cache-from works, and follows none'
! grep -q 'importing cache' "$ERR"
row $? '… nor does it ask for one'
direct builder prune -af >/dev/null
direct buildx build --progress plain --secret id=k,src="$H/key/k" \
    --cache-from ds01t-key/inline "$H/key" >"$OUT" 2>"$ERR" </dev/null
steps
is "$cached" 'COPY ' "… which root's own does"

# --- no road to the host
refused 'namespace of the host' $ALICE $B --network host kit
refused 'namespace of the host' $ALICE $B --allow network.host kit
refused 'root on this host' $ALICE $B --allow security.insecure kit
refused cgroup-parent $ALICE $B --cgroup-parent /x kit
refused 'does not fetch for you' $ALICE $B https://127.0.0.1:1/x.git
refused 'does not fetch for you' $ALICE $B --build-context x=https://127.0.0.1:1/x kit
refused ds01.user $ALICE $B --label ds01.user=$BOB kit
refused ds01.protected $ALICE $B --label ds01.protected=true kit
! new || denied 'network.host is not allowed' $ALICE "FROM $IMAGE\nRUN --network=host true\n"
dockerfile $ALICE "# syntax=ds01t/no-such-frontend:1\nFROM $IMAGE\nRUN true\n"
row $RC 'a custom frontend is not run: the built-in one is'
if new; then
	for u in http://127.0.0.1:1/x http://localhost:1/x \
	    http://LOCALHOST:1/x http://u:p@127.1:1/x http://0x7f.1:1/x \
	    http://2130706433:1/x http://0:1/x http://169.254.169.254/x \
	    'http://[::1]:1/x' 'http://[::ffff:127.0.0.1]:1/x' \
	    'http://[fe80::1]/x' https://127.0.0.1:1/x \
	    https://127.0.0.1:1/x.git; do
		denied 'denied by policy' $ALICE "FROM $IMAGE\nADD $u /x\n"
	done
	# what is not this host's is tried: no route here, but no policy either
	dockerfile $ALICE "FROM $IMAGE\nADD http://198.51.100.1.invalid/x /x\n"
	! grep -q 'denied by policy' "$ERR"
	row $? 'another host is none of the policy'"'"'s'
fi

# --- with registries listed, images of others are none of a build's
if new; then
	place_config 'policy:' '  default:' \
	    "    registries: ['127.0.0.1:1', 'lab.invalid']"
	for i in team/x docker.io/team/x:1 registry.invalid/x 127.0.0.1:2/x \
	    localhost/x lab.invalid.example/x labxinvalid.example/x; do
		denied 'denied by policy' $ALICE "FROM $i\nRUN true\n"
		denied 'denied by policy' $ALICE \
		    "FROM $IMAGE\nCOPY --from=$i / /x\n"
	done
	for i in 127.0.0.1:1/x lab.invalid/team/x LAB.invalid/x \
	    ds01t-not-here; do
		dockerfile $ALICE "FROM $i\nRUN true\n"
		[ $RC -ne 0 ] && ! grep -q 'denied by policy' "$ERR"
		row $? "FROM $i is tried"
	done
	may $ALICE docker tag $IMAGE lab.invalid/$ALICE/base:1
	for i in $IMAGE lab.invalid/$ALICE/base:1; do
		dockerfile $ALICE "FROM $i\nRUN true\n"
		row $RC "$i, which is here, is built from"
	done
	place_config
fi

# --- calls that no honest client makes, where graphs are allowed
place_config 'builds: graphs'
cp "$(dirname "$0")/grpc.pl" "$WORK/grpc.pl"
chmod 0644 "$WORK/grpc.pl"
call() {	# text, user, PATH [HEX]
	_t=$1 _u=$2
	shift 2
	run "$_u" ds01-docker-session perl "$WORK/grpc.pl" "$@"
	grep -qF -- "$_t" "$OUT"
	row $? "$_u calls $* -> $_t"
}
C=/moby.buildkit.v1.Control F=/moby.buildkit.v1.frontend.LLBBridge
call 'frame 1' $ALICE $C/Info
call 'grpc-status 7' $ALICE $F/NewContainer
call 'grpc-status 7' $ALICE $F/ExecProcess
call 'grpc-status 7' $ALICE /containerd.services.content.v1.Content/List
call 'grpc-status 7' $ALICE /containerd.services.content.v1.Content/Delete
call 'grpc-status 7' $ALICE $C/solve
call 'grpc-status 7' $ALICE /no.such/Method
call 'grpc-status 7' $ALICE $C/UpdateBuildHistory
# Entitlements: network.host; Frontend: gateway.v0; a group
call 'network.host' $ALICE $C/Solve 4a0c6e6574776f726b2e686f7374
call 'gateway.v0' $ALICE $C/Solve 320a676174657761792e7630
call 'malformed' $ALICE $C/Solve 0b
# an ExecOp on the host's network, insecure, in another cgroup
call 'namespace of the host' $ALICE $F/Solve 0a080a06120418010a00
call 'root on this host' $ALICE $F/Solve 0a080a06120420010a00
call 'cgroup-parent' $ALICE $F/Solve 0a0a0a0812060a0452022f78
# a PING on stream 1, PUSH_PROMISE, CONTINUATION out of nowhere, an even
# stream, a frame beyond the limit
call 'goaway 1' $ALICE frame 0000080600000000010000000000000000
call 'goaway 1' $ALICE frame 000004050400000001000000022
call 'goaway 1' $ALICE frame 000000090400000001
call 'goaway 1' $ALICE frame 000001010500000002ff
call 'goaway 6' $ALICE frame ffffff000000000001
call 'frame 1' $CAROL $C/Info

# --- graphs and calls that would end an engine, if it got them
# An image without layers, named as a context, and a step in it that fails: the
# engine's end, which only refusing such contexts keeps away.
place_config
if new; then
	printf 'FROM foo\nCOPY --chown=nouser here /x\n' >"$H/kit/fatal"
	run $ALICE sh -c 'printf "FROM scratch\nLABEL a=b\n" | DOCKER_BUILDKIT=0 docker build -q -t ds01t-none -'
	row $RC 'an image without layers'
	refused 'an image as a named context' $ALICE $B -f kit/fatal \
	    --build-context foo=docker-image://ds01t-none kit
	ok 'the engine lives' direct ps
fi
place_config 'builds: graphs'
SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
COUNT=${COUNT:-300}
cp "$(dirname "$0")/graphs.pl" "$(dirname "$0")"/../data/grpc/* "$WORK"
chmod 0644 "$WORK"/graphs.pl "$WORK"/buildx-*
G="ds01-docker-session perl $WORK/graphs.pl $IMAGE"
pid=$(cat "$ENGINE_DIR/docker.pid")
lives() {
	direct version >/dev/null 2>&1 &&
	    [ "$(cat "$ENGINE_DIR/docker.pid")" = "$pid" ]
}
for n in $(perl "$WORK/graphs.pl" names); do
	run $ALICE $G "$n"
	lives && ! grep -q '^broken' "$OUT"
	row $? "$n: $(cut -d ' ' -f 1 "$OUT"), and the engine lives"
done
echo "# SEED=$SEED COUNT=$COUNT"
LIMIT=1200
may $ALICE $G "$SEED" "$COUNT" "$WORK/buildx-0.13" "$WORK/buildx-0.29"
LIMIT=120
echo "# $(cut -d ' ' -f 1 "$OUT" | sort | uniq -c | tr -s ' \n' ' ')"
lives
row $? 'the engine lives through that many mutations of build graphs'
hides 'refused graph' 'graphs as clients make them are none of it'
hides broken 'and each call has its answer'
may $ALICE $B -q kit
ok 'the engine goes on' direct ps
finish
