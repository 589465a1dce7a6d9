# packages.sh - what has to be installed, in one list.  Sourced.
#
# install_packages asks apt only for what is missing, so a second run needs
# no network.  Services of the packages are not started while they are being
# installed: the suite runs engines of its own.

PACKAGES_BUILD='make gcc libc6-dev pkg-config libcap-ng-dev libaudit-dev libnghttp2-dev
	libcjson-dev libyaml-dev libseccomp-dev libcurl4-openssl-dev
	libcmocka-dev zlib1g-dev'
PACKAGES_RUN='docker.io auditd busybox-static iproute2 iptables procps perl
	curl crun patchelf'
PACKAGES_TEST='python3-docker bsdutils logrotate'

missing_packages() {
	for p in $PACKAGES_BUILD $PACKAGES_RUN $PACKAGES_TEST; do
		dpkg-query -W -f '${Status}\n' "$p" 2>/dev/null |
		    grep -q ' installed$' || echo "$p"
	done
	# From wherever they are: some releases of node bring npm along and
	# conflict with the package.
	command -v node >/dev/null || echo nodejs
	command -v npm >/dev/null || echo npm
	# With AppArmor in the kernel an engine cannot start a container
	# without its parser.
	if grep -qs Y /sys/module/apparmor/parameters/enabled &&
	    ! command -v apparmor_parser >/dev/null; then
		echo apparmor
	fi
}

install_packages() {
	need=$(missing_packages)
	[ -n "$need" ] || return 0
	echo "# installing:" $need
	policy=/usr/sbin/policy-rc.d ours=
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 0755 $policy
		ours=yes
	fi
	status=0
	log=$(mktemp)
	{
		apt-get -q -o Acquire::Retries=3 update &&
		DEBIAN_FRONTEND=noninteractive apt-get -qy \
		    -o Acquire::Retries=3 -o Dpkg::Options::=--force-confold \
		    install --no-install-recommends $need
	} >"$log" 2>&1 || { status=1; tail -n 30 "$log" >&2; }
	rm -f "$log"
	[ -z "$ours" ] || rm -f $policy
	return $status
}
