# daemons.sh - auditd and a syslog to look into.  Sourced.
#
# daemons_start starts what is not running and says where records go:
#   AUDIT=live|none       SYSLOG_FILE=journal, or the lines of /dev/log
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

# With systemd the journal is asked; else a few lines of perl listen, and what
# listened before is put back afterwards.
syslog_start() {
	if [ -d /run/systemd/system ]; then
		SYSLOG_FILE=journal
		return 0
	fi
	[ ! -e /dev/log ] || mv /dev/log /dev/log.before-ds01-tests
	SYSLOG_FILE=$PLACE/tmp/syslog
	: >"$SYSLOG_FILE"
	perl -MSocket -MIO::Handle -e '
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
		[ ! -e /dev/log.before-ds01-tests ] ||
		    mv /dev/log.before-ds01-tests /dev/log
	fi
	# records.t may have restarted it.
	if [ -n "${AUDITD:-}" ]; then
		pid=$(audit_pid)
		[ "${pid:-0}" = 0 ] || kill "$pid" 2>/dev/null
	fi
	[ -z "${AUDIT_WAS:-}" ] || auditctl -e "$AUDIT_WAS" >/dev/null 2>&1
	SYSLOGD='' AUDITD='' AUDIT_WAS=''
}
