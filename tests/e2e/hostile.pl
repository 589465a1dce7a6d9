#!/usr/bin/perl
# hostile.pl - random hostile requests through a session socket.
#
#   ds01-docker-session perl hostile.pl SEED COUNT IMAGE MINE OTHER
#
# Builds create, exec, update, volume, network and container requests out of
# legal and hostile parts in honest and hostile encodings, and sends them.
# What came of it is judged by the caller, who asks the engine.  Prints
# "STATUS METHOD PATH BODY" a line; exits 1 if an answer did not come or was
# not HTTP, or if one of the honest requests in between was refused.
use strict;
use warnings;
use Socket;

my ($seed, $count, $image, $mine, $other) = @ARGV;
(my $path = $ENV{DOCKER_HOST}) =~ s,^unix://,,;
srand $seed;
$SIG{PIPE} = 'IGNORE';

sub one { $_[rand @_] }
sub maybe { rand() < $_[0] }

# --- values -------------------------------------------------------------------

my @paths = qw(/ /etc /proc /sys /dev /run /var/run/docker.sock /root /home
    /tmp/../etc //etc /./ /var/lib/docker /run/docker.sock);
sub str { '"' . $_[0] . '"' }

# Member of HostConfig => how to make a hostile value.
my %host = (
	Privileged => sub { one('true', 'true', '1', '"true"') },
	Binds => sub { '["' . one(@paths) . ':/h' . one('', ':ro', ':rw,z',
	    ':rshared') . '"]' },
	Mounts => sub { one(
	    '[{"Type":"bind","Source":"' . one(@paths) . '","Target":"/h"}]',
	    '[{"Target":"/h","Type":"volume","VolumeOptions":{"DriverConfig":'
	    . '{"Name":"local","Options":{"type":"none","o":"bind","device":"/"}}}}]',
	    '[{"Type":"volume","Target":"/h","Source":"ds01t-bvol"}]',
	    '[{"Type":"npipe","Source":"/","Target":"/h"}]',
	    '[{"Type":"cluster","Source":"x","Target":"/h"}]',
	    '[{"Type":"BIND","Source":"/","Target":"/h"}]',
	    '[{"Type":"","Source":"/","Target":"/h"}]') },
	PidMode => sub { str(one('host', 'HOST', "container:$other",
	    'host ', ' host')) },
	IpcMode => sub { str(one('host', "container:$other", 'shareable')) },
	UTSMode => sub { str('host') },
	UsernsMode => sub { str('host') },
	CgroupnsMode => sub { str('host') },
	NetworkMode => sub { str(one('host', "container:$other", 'ds01t-bnet',
	    'HOST')) },
	CapAdd => sub { one('["ALL"]', '["SYS_ADMIN"]', '["cap_sys_admin"]',
	    '"ALL"', '["all"]', '["CAP_SYS_PTRACE","NET_ADMIN"]') },
	Devices => sub { '[{"PathOnHost":"' . one(qw(/dev/vda /dev/mem
	    /dev/kmsg /dev/null)) . '","PathInContainer":"/dev/x",'
	    . '"CgroupPermissions":"rwm"}]' },
	DeviceCgroupRules => sub { '["' . one('a *:* rwm', 'b 8:* rwm') . '"]' },
	DeviceRequests => sub { '[{"Driver":"' . one('', 'nvidia', 'cdi')
	    . '","Count":-1,"Capabilities":[["gpu"]]}]' },
	SecurityOpt => sub { '["' . one('seccomp=unconfined',
	    'apparmor=unconfined', 'label=disable', 'systempaths=unconfined',
	    'no-new-privileges=false', 'seccomp:unconfined', 'seccomp={}') . '"]' },
	CgroupParent => sub { str(one('/', '/system.slice', 'system.slice',
	    '../..', 'ds01.slice')) },
	Cgroup => sub { str("container:$other") },
	Runtime => sub { str(one('runc-evil', '/bin/sh', 'nvidia')) },
	VolumesFrom => sub { '["' . $other . one('', ':ro', ':rw') . '"]' },
	VolumeDriver => sub { str(one('nfs', 'x')) },
	Links => sub { '["' . $other . ':x"]' },
	MaskedPaths => sub { one('[]', '["/x"]') },
	ReadonlyPaths => sub { '[]' },
	Sysctls => sub { '{"kernel.msgmax":"1"}' },
	OomScoreAdj => sub { one(-1000, -1) },
	LogConfig => sub { '{"Type":"' . one('syslog', 'fluentd', 'gelf')
	    . '","Config":{"syslog-address":"udp://127.0.0.1:1"}}' },
	RestartPolicy => sub { '{"Name":"always"}' },
	PortBindings => sub { '{"80/tcp":[{"HostPort":"22"}]}' },
	Annotations => sub { '{"run.oci.handler":"x"}' },
	StorageOpt => sub { '{"size":"1T"}' },
	PidsLimit => sub { one(-1, 0, 9999999) },
	GroupAdd => sub { '["' . one('docker', '0', 'disk') . '"]' },
);
my %honest = (
	Memory => sub { 64 << 20 },
	AutoRemove => sub { 'false' },
	CapDrop => sub { '["ALL"]' },
	ReadonlyRootfs => sub { 'true' },
	Init => sub { one('true', 'false', 'null') },
	ShmSize => sub { 1 << 20 },
	Privileged => sub { 'false' },
	Binds => sub { one('null', '[]', '["ds01t-mine:/v"]') },
	CapAdd => sub { 'null' },
);
my %config = (
	User => sub { str(one('0', 'root', '4294967296', '0:0')) },
	WorkingDir => sub { str(one('/proc/self/fd/8', '/proc/1/root', '/')) },
	Env => sub { '["' . one('A=b', 'NVIDIA_VISIBLE_DEVICES=all',
	    'LD_PRELOAD=/x') . '"]' },
	Labels => sub { '{"' . one('ds01.user', 'ds01.protected', 'ds01.gate',
	    'aime.mlc.USER', 'x') . '":"' . one('ds01-bob', 'true', '', 'root') . '"}' },
	Volumes => sub { '{"/v":{}}' },
	Cmd => sub { one('["true"]', '"true"') },
	Tty => sub { 'true' },
	Hostname => sub { str(one('x', 'a b')) },
);

# --- encodings ------------------------------------------------------------------

sub key {
	my ($k) = @_;
	my $r = rand;
	return $k if $r < 0.55;
	return lc $k if $r < 0.62;
	return uc $k if $r < 0.68;
	if ($r < 0.76) { (my $u = $k) =~ s/s/\xc5\xbf/; return $u }
	if ($r < 0.82) { (my $u = $k) =~ s/[kK]/\xe2\x84\xaa/; return $u }
	if ($r < 0.90) {
		my $i = int rand length $k;
		substr($k, $i, 1) = sprintf '\u%04x', ord substr $k, $i, 1;
		return $k;
	}
	return ucfirst lc $k if $r < 0.95;
	return " $k" if $r < 0.97;
	return "$k\\u0000";
}
sub member { my ($k, $v) = @_; '"' . key($k) . '":' . $v }
sub object { '{' . join(',', @_) . '}' }

sub hostconfig {
	my @m;
	push @m, member($_, $host{$_}->())
	    for map { one(sort keys %host) } 1 .. 1 + rand 2;
	push @m, "\"$_\":" . $honest{$_}->()
	    for map { one(sort keys %honest) } 0 .. rand 3;
	@m = sort { rand() <=> 0.5 } @m;
	return @m;
}

sub create {
	my @h = hostconfig();
	my @top = ("\"Image\":\"$image\"");
	push @top, member($_, $config{$_}->())
	    for map { one(sort keys %config) } 0 .. rand 2;
	my $r = rand;
	if ($r < 0.55) {
		push @top, member('HostConfig', object(@h));
	} elsif ($r < 0.70) {		# read at top level by old engines
		push @top, @h;
		push @top, '"HostConfig":null' if maybe(0.5);
	} elsif ($r < 0.85) {		# merged by encoding/json
		push @top, '"HostConfig":' . object(@h),
		    '"' . key('HostConfig') . '":{"NetworkMode":"none"}';
	} else {
		push @top, '"HostConfig":' . object('"Memory":67108864'),
		    '"' . key('HostConfig') . '":' . object(@h);
	}
	push @top, '"NetworkingConfig":{"EndpointsConfig":{"' .
	    one('host', 'ds01t-bnet', 'bridge') . '":{}}}' if maybe(0.2);
	my $b = object(@top);
	$b .= one(' ', '{"HostConfig":{"Privileged":true}}', "\n") if maybe(0.1);
	return ('POST', '/containers/create?name=ds01t-x' . int(rand 1e9), $b);
}

sub other_ref {
	return one($other, substr($other, 0, 12), substr($other, 0, 7),
	    'ds01t-b', '/ds01t-b', 'ds01t-b%00', 'ds01t-%62', "./$other");
}

my @others = (
	sub { ('POST', '/containers/' . $mine . '/exec', object(
	    '"Cmd":["id"]', member('Privileged', 'true'),
	    maybe(0.3) ? member('User', '"0"') : ())) },
	sub { ('POST', "/containers/$mine/update", object(
	    map { member($_, $host{$_} ? $host{$_}->() : 0) }
	    one(qw(PidsLimit RestartPolicy Privileged Devices)))) },
	sub { ('POST', "/containers/$mine/start" . one('', '?checkpoint=x',
	    '?checkpoint-dir=/etc'), object(hostconfig())) },
	sub { ('POST', '/volumes/create', object('"Name":"ds01t-xv' .
	    int(rand 1e9) . '"', member('Driver', '"local"'),
	    member('DriverOpts', one(
	    '{"type":"none","o":"bind","device":"/"}', '{"o":"bind","device":"/etc"}',
	    '{"type":"nfs","device":":/","o":"addr=127.0.0.1"}')))) },
	sub { ('POST', '/networks/create', object('"Name":"ds01t-xn' .
	    int(rand 1e9) . '"', member('Driver', '"' . one(qw(macvlan ipvlan
	    host overlay bridge)) . '"'), member('Options', '{"parent":"eth0",' .
	    '"com.docker.network.bridge.name":"docker0"}'))) },
	sub { ('DELETE', '/containers/' . other_ref() . one('', '?force=1'), '') },
	sub { ('POST', '/containers/' . other_ref() . '/' . one(qw(stop kill
	    pause restart rename?name=ds01t-stolen update exec start)), one('', '{}',
	    '{"Cmd":["id"]}')) },
	sub { ('GET', '/containers/' . other_ref() . '/' . one(qw(json export
	    changes archive?path=/ logs?stdout=1)), '') },
	sub { ('POST', "/networks/ds01t-bnet/" . one(qw(connect disconnect)),
	    object(member('Container', "\"$mine\""))) },
	sub { ('POST', "/networks/bridge/disconnect",
	    object(member('Container', "\"$other\""), '"Force":true')) },
	sub { ('DELETE', '/volumes/ds01t-bvol?force=1', '') },
	sub { ('DELETE', '/networks/ds01t-bnet', '') },
	sub { ('POST', '/' . one(qw(containers volumes networks)) . '/prune' .
	    one('', '?filters=%7B%7D', '?filters=%7B%22label!%22:%5B%22x%22%5D%7D'),
	    '') },
	sub { ('POST', "/commit?container=$other&repo=ds01t-stolen", '{}') },
	sub { ('POST', one('/swarm/init', '/services/create', '/plugins/pull?remote=x',
	    '/session', '/grpc', '/build?remote=http://127.0.0.1:1/',
	    '/build?networkmode=host', '/images/create?fromSrc=http://127.0.0.1:1/'),
	    '{}') },
);

# --- the wire --------------------------------------------------------------------

sub request {
	my ($m, $p, $b) = @_;
	$p = one('', '', '/v1.41', '/v1.24', '/v1.30', '/v1.40') . $p;
	$p =~ s,/,//, if maybe(0.03);
	$p =~ s,containers,%63ontainers, if maybe(0.03);
	my $ct = one(('application/json') x 8, 'application/json; charset=utf-16',
	    'text/plain', 'application/x-www-form-urlencoded', 'APPLICATION/JSON');
	my $h = "$m $p HTTP/1.1\r\nHost: d\r\nConnection: " .
	    one('close', 'close', 'close', 'Upgrade') . "\r\n";
	$h .= "Upgrade: " . one(qw(tcp h2c)) . "\r\n" if maybe(0.1);
	$h .= "Expect: 100-continue\r\n" if maybe(0.02);
	$h .= "Content-Type: $ct\r\n" if length $b && maybe(0.97);
	if (maybe(0.2)) {
		my $c = '';
		$c .= sprintf "%x\r\n%s\r\n", length, $_
		    for grep { length } unpack '(a17)*', $b;
		return $h . "Transfer-Encoding: chunked\r\n\r\n${c}0\r\n\r\n";
	}
	my $n = length $b;
	$n = one(0, $n + 5, "+$n", "0x$n") if maybe(0.03);
	return $h . "Content-Length: $n\r\n\r\n$b" .
	    (maybe(0.05) ? "DELETE /containers/$other?force=1 HTTP/1.1\r\n" .
	    "Host: d\r\n\r\n" : '');
}

sub honest {
	my @h = map { "\"$_\":" . $honest{$_}->() } grep { maybe(0.4) }
	    sort keys %honest;
	return "POST /v1.41/containers/create?name=ds01t-h" . int(rand 1e9) .
	    " HTTP/1.1\r\nHost: d\r\nConnection: close\r\n" .
	    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
	    "{\"Image\":\"$image\",\"HostConfig\":" . object(@h) . '}';
}

my $bad = 0;
for my $i (1 .. $count) {
	my $honest = maybe(0.05);
	my ($m, $p, $b) = maybe(0.6) ? create() : one(@others)->();
	my $bytes = request($m, $p, $b);
	if ($honest) {
		my $form;
		($form, $b) = honest();
		$bytes = sprintf $form, length $b, $b;
		($m, $p) = ('POST', 'honest');
	}
	my $answer = '';
	eval {
		local $SIG{ALRM} = sub { die "no answer\n" };
		alarm 30;
		socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
		connect($s, sockaddr_un($path)) or die "connect: $!\n";
		syswrite $s, $bytes;
		shutdown $s, 1;
		while (sysread $s, my $part, 65536) {
			$answer .= $part if length $answer < 65536;
		}
		alarm 0;
	};
	alarm 0;
	my ($status) = $answer =~ m,^HTTP/1\.1 (\d{3}) ,;
	if (!$status || $@ || $honest && $status ne '201') {
		$bad++;
		$status = '---' unless $honest && $status;
	}
	$b =~ s/[^ -~]/?/g;
	chomp(my $why = $@ || '');
	print "$status $m $p $b $why\n";
}
exit($bad ? 1 : 0);
