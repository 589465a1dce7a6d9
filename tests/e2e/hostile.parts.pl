# hostile.parts.pl - what hostile.pl has beside the policy's own table: values
# for HostConfig that are made up anew each time, and the roads that have no
# body or name somebody else's objects.  {NAME}s are filled in later.
use strict;
use warnings;
our (%wild, @roads);

sub str { '"' . $_[0] . '"' }

my @paths = qw(/ /etc /proc /sys /dev /run /var/run/docker.sock /root /home
    /tmp/../etc //etc /./ /var/lib/docker /run/docker.sock {SOCKET} {PLACE}
    {BOB_HOME} {HOME}/.. {HOME}/../{BOB} {HOME}/. {HOME}//);

# Member of HostConfig => how to make a value.
%wild = (
	Binds => sub { '["' . one(@paths) . ':/h' . one('', ':ro', ':rw,z',
	    ':rshared', ':ro:ro') . '"]' },
	Mounts => sub { one(
	    '[{"Type":"bind","Source":"' . one(@paths) . '","Target":"/h"}]',
	    '[{"Target":"/h","Type":"volume","VolumeOptions":{"DriverConfig":'
	    . '{"Name":"local","Options":{"type":"none","o":"bind","device":"'
	    . one(@paths) . '"}}}}]',
	    '[{"Type":"volume","Target":"/h","Source":"{BOB_VOLUME}"}]',
	    '[{"Type":"' . one('BIND', '', 'Bind', 'bind ') .
	    '","Source":"/","Target":"/h"}]',
	    '[{"Type":"volume","Source":"{NAME}-v","Target":"/h","VolumeOptions"'
	    . ':{"Subpath":"../../../..","Labels":{"ds01.bind":"/"}}}]',
	    '[{"Type":"bind","Source":"{HOME}","Target":"' .
	    one('/', '/../', 'x', '/run/nvidia-container-devices/all') . '"}]') },
	PidMode => sub { str(one('host', 'HOST', 'container:{BOB_ID}',
	    'host ', ' host', 'container:', 'container:{BOB_SHORT}')) },
	IpcMode => sub { str(one('host', 'container:{BOB_ID}', 'Host',
	    'container:ds01t-b')) },
	UTSMode => sub { str(one('host', 'HOST', 'host:x')) },
	NetworkMode => sub { str(one('host', 'container:{BOB_ID}',
	    '{BOB_NET}', '{BOB_NET_ID}', 'HOST', 'Host',
	    'container:{PROTECTED_ID}')) },
	CapAdd => sub { one('["ALL"]', '["cap_sys_admin"]', '"ALL"',
	    '["all"]', '["CAP_SYS_PTRACE","NET_ADMIN"]', '["CHOWN","CAP_ALL"]',
	    '["CAP_CAP_SYS_ADMIN"]', '[" SYS_ADMIN"]') },
	Devices => sub { '[{"PathOnHost":"' . one(qw(/dev/vda /dev/mem
	    /dev/kmsg /dev/null /dev/nvidia0 /dev/nvidiactl nvidia.com/gpu=all
	    /dev/../dev/mem /proc/kcore)) . '","PathInContainer":"/dev/x",'
	    . '"CgroupPermissions":"rwm"}]' },
	DeviceCgroupRules => sub { '["' . one('a *:* rwm', 'b 8:* rwm') . '"]' },
	DeviceRequests => sub { '[{"Driver":"' . one('', 'nvidia', 'cdi', 'x')
	    . '","Count":' . one(-1, 0, 1) . ',"DeviceIDs":' .
	    one('null', '["0"]', '["all"]', '["nvidia.com/gpu=all"]') .
	    ',"Capabilities":[["gpu"]]}]' },
	SecurityOpt => sub { '["' . one('seccomp=unconfined',
	    'apparmor=unconfined', 'label=disable', 'systempaths=unconfined',
	    'no-new-privileges=false', 'seccomp:unconfined', 'seccomp={}',
	    'no-new-privileges:false', 'label:type:unconfined_t',
	    'no-new-privileges=0') . '"]' },
	CgroupParent => sub { str(one('/', '/system.slice', 'system.slice',
	    '../..', 'ds01.slice', 'ds01/../..')) },
	Runtime => sub { str(one('runc-evil', '/bin/sh', 'nvidia',
	    'io.containerd.runc.v2', 'io.containerd.kata.v2')) },
	VolumesFrom => sub { '["' . one('{BOB_ID}', 'ds01t-b', '/ds01t-b',
	    '{BOB_SHORT}', '{UNOWNED_ID}') . one('', ':ro', ':rw') . '"]' },
	Links => sub { '["' . one('{BOB_ID}', 'ds01t-b', '/ds01t-b') .
	    one('', ':x') . '"]' },
	MaskedPaths => sub { one('[]', '["/x"]', '[null]') },
	ReadonlyPaths => sub { one('[]', '["/x"]') },
	OomScoreAdj => sub { one(-1000, -1, 1001) },
	LogConfig => sub { '{"Type":"' . one('syslog', 'fluentd', 'gelf',
	    'json-file', 'splunk', 'awslogs') . '","Config":{"syslog-address":'
	    . '"udp://127.0.0.1:1"}}' },
	RestartPolicy => sub { '{"Name":"' . one('always', 'Always', ' always')
	    . '"}' },
	PortBindings => sub { '{"80/tcp":[{"HostPort":"' . one(22, '022',
	    '1-65535', '+22', '22 ', '0022') . '"}]}' },
	PidsLimit => sub { one(-1, 0, 9999999, 4097) },
	Ulimits => sub { '[{"Name":"' . one(qw(rtprio nice nofile RTPRIO)) .
	    '","Soft":99,"Hard":' . one(-1, 99, 2097152) . '}]' },
	GroupAdd => sub { '["' . one('0', '00', ' 0', '0x0', '-1') . '"]' },
	Sysctls => sub { '{"' . one('kernel.msgmax', 'net.ipv4.ip_forward',
	    'kernel/core_pattern') . '":"1"}' },
);

sub other_ref {
	return one('{BOB_ID}', '{BOB_SHORT}', 'ds01t-b', '/ds01t-b',
	    'ds01t-b%00', 'ds01t-%62', './{BOB_ID}', '{UNOWNED_ID}',
	    '{PROTECTED_ID}');
}

# Each gives method, path and body.
@roads = (
	sub { ('POST', '/containers/{ALICE_ID}/start' . one('',
	    '?checkpoint=x', '?checkpoint-dir=/etc'),
	    '{"Privileged":true,"Binds":["/:/h"]}') },
	sub { ('DELETE', '/containers/' . other_ref() . one('', '?force=1'),
	    '') },
	sub { ('POST', '/containers/' . other_ref() . '/' . one(qw(stop kill
	    pause restart rename?name=ds01t-stolen update exec start wait
	    resize?h=1&w=1)), one('', '{}', '{"Cmd":["id"]}',
	    '{"PidsLimit":1}')) },
	sub { ('GET', '/containers/' . other_ref() . '/' . one(qw(json export
	    changes archive?path=/ logs?stdout=1 top stats?stream=0)), '') },
	sub { ('PUT', '/containers/' . other_ref() . '/archive?path=/', 'x') },
	sub { ('POST', '/exec/{BOB_EXEC}/' . one(qw(start resize?h=1&w=1)),
	    '{"Detach":true}') },
	sub { ('GET', '/exec/{BOB_EXEC}/json', '') },
	sub { ('POST', '/networks/' . one('{BOB_NET}', '{BOB_NET_ID}') . '/' .
	    one(qw(connect disconnect)), '{"Container":"{ALICE_ID}"}') },
	sub { ('POST', '/networks/' . one('bridge', '{OWN_NET}') . '/' .
	    one(qw(connect disconnect)),
	    '{"Container":"{BOB_ID}","Force":true}') },
	sub { ('DELETE', '/volumes/{BOB_VOLUME}?force=1', '') },
	sub { ('DELETE', '/networks/' . one('{BOB_NET}', 'bridge',
	    '{BOB_NET_ID}'), '') },
	sub { ('POST', '/' . one(qw(containers networks)) . '/prune' .
	    one('', '?filters=%7B%7D',
	    '?filters=%7B%22label!%22:%5B%22x%22%5D%7D'), one('',
	    'filters=%7B%22label%22:%5B%22ds01.user={BOB}%22%5D%7D')) },
	sub { ('POST', '/volumes/prune?filters=%7B%22label%22:%5B%22ds01.user='
	    . '{BOB}%22%5D%7D', one('', 'filters=%7B%22all%22:%5B%221%22%5D%7D')) },
	sub { ('POST', '/commit?container=' . one('{BOB_ID}', 'ds01t-b',
	    '{UNOWNED_ID}') . '&repo=ds01t-stolen', '{}') },
	sub { ('POST', '/images/' . one('{IMAGE}', 'ds01t-aimg:1', 'ds01t-bimg:1') .
	    '/tag?repo=' . one('ds01t-bimg&tag=1', 'ds01t-img&tag={NAME}',
	    'ds01-test&tag=base', 'docker.io/library/ds01t-bimg&tag=1'),
	    one('', 'repo=ds01t-bimg&tag=1')) },
	sub { ('DELETE', '/images/' . one('{IMAGE}', 'ds01t-bimg:1',
	    'ds01t-bimg%3A1', 'docker.io/library/ds01t-bimg:1') .
	    one('', '?force=1'), '') },
	sub { ('POST', '/commit?container={ALICE_ID}&pause=0&repo=' .
	    one('ds01t-bimg&tag=1', 'ds01-test&tag=base', 'ds01t-bimg:1'),
	    one('{}', '{"Labels":{"ds01.user":"{BOB}"}}')) },
	sub { ('POST', '/containers/create?name={NAME}',
	    '{"Image":"{EVIL_IMAGE}","Labels":{"' . one('ds01.user',
	    'ds01.protected', 'ds01.gate', 'aime.mlc.USER', 'x') . '":"' .
	    one('{BOB}', 'true', '', 'root') . '"}}') },
	sub { ('POST', one('/swarm/init', '/services/create',
	    '/plugins/pull?remote=x', '/session', '/grpc',
	    '/build?remote=http://127.0.0.1:1/', '/build?networkmode=host',
	    '/images/create?fromSrc=http://127.0.0.1:1/'), '{}') },
);

1;
