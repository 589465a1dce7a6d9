# attack.sh - what corpus.t, policy.t and hostile.t have in common.  Sourced
# after e2e.sh.
#
#   attack_objects    alice's and bob's things, and what is nobody's
#   attack_values     writes $WORK/values, the {NAME}s of cases and tables
#   attack PROGRAM ARGS…  runs a perl program as root with a session of
#                     alice's behind "--"; its lines go to $WORK/rows
#   attack_rows       makes rows of them

attack_objects() {
	fresh $ALICE ds01t-a
	A=$ID
	fresh $BOB ds01t-b
	B=$ID
	may $BOB docker volume create ds01t-bvol
	may $BOB docker network create ds01t-bnet
	may $ALICE docker volume create ds01t-avol
	may $ALICE docker network create ds01t-anet
	api $BOB POST /containers/ds01t-b/exec '{"Cmd":["id"]}'
	E=$(sed -n 's/^{"Id":"\([0-9a-f]*\)".*/\1/p' "$OUT")
	is ${#E} 64 'bob has an exec'
	may $BOB docker commit -p=0 ds01t-b ds01t-bimg:1
	may $ALICE docker commit -p=0 ds01t-a ds01t-aimg:1
	direct create --privileged --userns host --name ds01t-u $IMAGE sleep 3600 >/dev/null
	direct create --label ds01.protected=true --name ds01t-p $IMAGE \
	    sleep 3600 >/dev/null
	# An image that hands out what it should not.
	direct commit --change "LABEL ds01.user=$BOB ds01.protected=true aime.mlc.USER=$BOB ds01.monitoring=true" \
	    --change 'ENV NVIDIA_VISIBLE_DEVICES=all' \
	    --change 'HEALTHCHECK --interval=1s CMD true' \
	    --change 'VOLUME /data' ds01t-u ds01t-evil:1 >/dev/null
}

id_of() { direct inspect -f '{{.Id}}' "$@"; }

attack_values() {
	cat >"$WORK/values" <<-END
	ALICE $ALICE
	BOB $BOB
	ALICE_ID $A
	BOB_ID $B
	BOB_SHORT $(echo "$B" | cut -c 1-12)
	BOB_EXEC $E
	BOB_VOLUME ds01t-bvol
	BOB_NET ds01t-bnet
	BOB_NET_ID $(id_of ds01t-bnet)
	OWN_VOLUME ds01t-avol
	OWN_NET ds01t-anet
	OWN_NET_ID $(id_of ds01t-anet)
	UNOWNED_ID $(id_of ds01t-u)
	PROTECTED_ID $(id_of ds01t-p)
	HOME $PLACE/home/$ALICE
	BOB_HOME $PLACE/home/$BOB
	PLACE $PLACE
	SOCKET $ENGINE_SOCKET
	UID $(id -u $ALICE)
	GID $(id -g $ALICE)
	REMAPS $(remaps && echo 1 || echo 0)
	IMAGE $IMAGE
	EVIL_IMAGE ds01t-evil:1
	END
}

attack() {
	_p=$1
	shift
	cp "$HERE/sender.pl" "$WORK/sender.pl"
	chmod 0755 "$WORK/sender.pl"
	# The words of as(), as programs, for perl to start.
	PLACE=$PLACE ENGINE_SOCKET=$ENGINE_SOCKET ENGINE=$ENGINE \
	    ENGINE_API=$ENGINE_API perl "$_p" "$@" -- \
	    setpriv --reuid "$(id -u $ALICE)" --regid "$(id -g $ALICE)" \
	    --init-groups -- env -i -C "$PLACE/home/$ALICE" \
	    HOME="$PLACE/home/$ALICE" USER=$ALICE LOGNAME=$ALICE \
	    PATH="$PLACE/bin:$PLACE/usr/bin:$HOST_PATH" \
	    ds01-docker-session perl "$WORK/sender.pl" \
	    >"$WORK/rows" 2>"$ERR"
	RC=$?
	: >"$OUT"
	row $RC 'all requests were sent and judged'
}

attack_rows() {
	_tab=$(printf '\t')
	while IFS=$_tab read -r RC _words; do
		case $RC in
		'#'*)	printf '%s %s\n' "$RC" "$_words" | cut -c 1-240 ;;
		*)	: >"$ERR"
			row "$RC" "$_words" ;;
		esac
	done <"$WORK/rows"
}
