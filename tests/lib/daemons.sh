# daemons.sh - auditd and a syslog to look into.  Sourced.
#
# daemons_start starts what is not running and says where records go:
#   AUDIT=live|none       SYSLOG_FILE=the lines that reached /dev/log
# daemons_stop ends what daemons_start started, and gives back the rest.

AUDIT=none
SYSLOG_FILE=

audit_pid() {
	auditctl -s 2>/dev/null | sed -n 's/^pid //p'
}

audit_start() {
	auditctl -s >/dev/null 2>&1 || return 0
	AUDIT_WAS=$(auditctl -s | sed -n 's/^enabled //p')
	if [ "$(audit_pid)" = 0 ]; then
		mkdir -p /var/log/audit
		auditd >/dev/null 2>&1 || return 0
		i=0
		until [ "$(audit_pid)" != 0 ] || [ $i -gt 50 ]; do
			sleep 0.1
			i=$((i + 1))
		done
		AUDITD=$(audit_pid)
	fi
	auditctl -e 1 >/dev/null 2>&1
	[ "$(audit_pid)" = 0 ] || AUDIT=live
}

# Where no syslog daemon listens, a few lines of perl do.
syslog_start() {
	if [ -S /dev/log ] && perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM,
	    0); exit !connect(S, sockaddr_un("/dev/log"))' 2>/dev/null; then
		command -v journalctl >/dev/null &&
		    journalctl -n 1 >/dev/null 2>&1 && SYSLOG_FILE=journal
		[ -n "$SYSLOG_FILE" ] || [ ! -f /var/log/auth.log ] ||
		    SYSLOG_FILE=/var/log/auth.log
		return 0
	fi
	SYSLOG_FILE=$PLACE/tmp/syslog
	: >"$SYSLOG_FILE"
	perl -MSocket -MIO::Handle -e '
		unlink "/dev/log";
		socket(S, AF_UNIX, SOCK_DGRAM, 0) or die;
		bind(S, sockaddr_un("/dev/log")) or die;
		chmod 0666, "/dev/log";
		open(F, ">>", $ARGV[0]) or die;
		F->autoflush(1);
		while (defined recv(S, $m, 65536, 0)) {
			$m =~ s/\n/\\n/g;
			print F "$m\n";
		}' "$SYSLOG_FILE" 9>&- </dev/null >/dev/null 2>&1 &
	SYSLOGD=$!
}

daemons_start() {
	audit_start
	syslog_start
	export AUDIT AUDITD SYSLOG_FILE
}

daemons_stop() {
	if [ -n "${SYSLOGD:-}" ]; then
		kill "$SYSLOGD" 2>/dev/null
		rm -f /dev/log
	fi
	# records.t may have restarted it.
	if [ -n "${AUDITD:-}" ]; then
		pid=$(audit_pid)
		[ "${pid:-0}" = 0 ] || kill "$pid" 2>/dev/null
	fi
	[ -z "${AUDIT_WAS:-}" ] || auditctl -e "$AUDIT_WAS" >/dev/null 2>&1
	SYSLOGD='' AUDITD='' AUDIT_WAS=''
}
