# judge.pl - does an object in the engine keep the default policy?
#
# Looks only at what the engine says (inspect, as root) and shares no code
# with the gate: what is written here is what the manual promises.
package Judge;
use strict;
use warnings;

my ($user, $home, $uid, $gid, $remaps, %own, %foreign) = ('') x 5;

# user => whose objects are judged; home; uid; gid; remaps => does the engine
# map root away; own, foreign => lists of ids and names of containers, volumes
# and networks.
sub about {
	my (%a) = @_;
	($user, $home, $uid, $gid, $remaps) = @a{qw(user home uid gid remaps)};
	%own = map { $_ => 1 } @{$a{own} // []};
	%foreign = map { $_ => 1 } @{$a{foreign} // []};
}

# What must be empty in HostConfig, whatever was asked for.
my @empty = qw(Privileged Annotations DeviceCgroupRules DeviceRequests
    CgroupParent Cgroup UTSMode Sysctls StorageOpt Isolation
    InitPath BlkioWeight BlkioWeightDevice BlkioDeviceReadBps
    BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps
    CpuRealtimePeriod CpuRealtimeRuntime OomKillDisable KernelMemory
    KernelMemoryTCP Devices);
my %one_of = (		# what is set must be one of these
	IpcMode => qr/^(|private|shareable|none|container:[0-9a-f]{64})$/,
	PidMode => qr/^(|container:[0-9a-f]{64})$/,
	CgroupnsMode => qr/^private$/,
	Runtime => qr/^(|runc|io\.containerd\.runc\.v2)$/,
	VolumeDriver => qr/^(|local)$/,
	NetworkMode => qr/^(|default|bridge|none|container:[0-9a-f]{64}|[0-9a-f]{64})$/,
);
my %default_cap = map { $_ => 1 } qw(CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD
    NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL
    AUDIT_WRITE);

# Outside of the engine's range of ids there is no root, and no right.
sub no_root {
	my ($c) = @_;
	my $h = $c->{HostConfig};
	return $c->{Config}{User} =~ /^\Q$uid\E:/ && !void($h->{CapDrop}) &&
	    (grep { /^(CAP_)?ALL$/i } @{$h->{CapDrop}}) && void($h->{CapAdd}) &&
	    (grep { /^no-new-privileges([:=]true)?$/ }
	    @{$h->{SecurityOpt} // []});
}

sub userns {
	my ($c) = @_;
	my $mode = $c->{HostConfig}{UsernsMode} // '';
	return () if $mode eq '';
	return () if $mode eq 'host' && $remaps && no_root($c);
	return "UsernsMode $mode";
}

sub void {
	my ($v) = @_;
	return 1 unless defined $v;
	return !@$v if ref $v eq 'ARRAY';
	return !%$v if ref $v eq 'HASH';
	return !$v || $v eq '';
}

sub security {
	my ($h) = @_;
	my @bad;
	void($h->{$_}) or push @bad, $_ for @empty;
	for (sort keys %one_of) {
		my $v = $h->{$_} // '';
		push @bad, "$_ $v" unless $v =~ $one_of{$_};
		push @bad, "$_ of another" if $v =~ /([0-9a-f]{64})/ &&
		    !$own{$1};
	}
	for (@{$h->{CapAdd} // []}) {
		(my $c = $_) =~ s/^CAP_//;
		push @bad, "CapAdd $_" unless $default_cap{$c};
	}
	for (@{$h->{SecurityOpt} // []}) {
		push @bad, "SecurityOpt $_"
		    unless /^no-new-privileges([:=]true)?$/;
	}
	push @bad, 'MaskedPaths'
	    unless grep { $_ eq '/proc/kcore' } @{$h->{MaskedPaths} // []};
	push @bad, 'ReadonlyPaths'
	    unless grep { $_ eq '/proc/sys' } @{$h->{ReadonlyPaths} // []};
	for (@{$h->{GroupAdd} // []}) {
		push @bad, "GroupAdd $_" unless /^[a-z_]/i || $_ eq $gid;
	}
	for (@{$h->{VolumesFrom} // []}, @{$h->{Links} // []}) {
		push @bad, "another's container $_"
		    if grep { $foreign{$_} } m,[^:/]+,g;
	}
	return @bad;
}

sub resources {
	my ($h) = @_;
	my @bad;
	my $pids = $h->{PidsLimit} // 0;
	push @bad, "PidsLimit $pids" if $pids <= 0 || $pids > 4096;
	push @bad, 'OomScoreAdj' if ($h->{OomScoreAdj} // 0) < 0;
	push @bad, 'CpuShares' if ($h->{CpuShares} // 0) > 1024;
	push @bad, 'restart always'
	    if ($h->{RestartPolicy}{Name} // '') eq 'always';
	for my $u (@{$h->{Ulimits} // []}) {
		push @bad, "ulimit $u->{Name}" if $u->{Name} =~ /^(rtprio|nice)$/
		    && $u->{Hard} || $u->{Name} eq 'nofile' &&
		    ($u->{Hard} > 1048576 || $u->{Hard} < 0);
	}
	my $log = $h->{LogConfig} // {};
	push @bad, "log driver $log->{Type}"
	    unless ($log->{Type} // '') =~ /^(json-file|local|none|)$/;
	push @bad, "log option $_" for grep { /address|path|url|format/ }
	    keys %{$log->{Config} // {}};
	for my $p (values %{$h->{PortBindings} // {}}) {
		for (map { $_->{HostPort} // '' } @{$p // []}) {
			push @bad, "host port $_"
			    if /^(\d+)/ && $1 && $1 < 1024;
		}
	}
	return @bad;
}

# A source of the host's is the home or lies below it.
sub below_home {
	return ($_[0] // '') =~ m,^\Q$home\E(/|$), && $_[0] !~ m,/\.\.(/|$),;
}

# A container without root has no groups of the image's: nothing, read only,
# stands in for their file.
sub no_groups {
	my ($source, $target, $readonly) = @_;
	return $source eq '/dev/null' && $target eq '/etc/group' && $readonly;
}

sub mounts {
	my ($c) = @_;
	my $h = $c->{HostConfig};
	my @bad;
	for my $m (@{$c->{Mounts} // []}) {
		my $type = $m->{Type} // '';
		push @bad, "bind $m->{Source}" if $type eq 'bind' &&
		    !below_home($m->{Source}) && !no_groups($m->{Source},
		    $m->{Destination}, !$m->{RW});
		push @bad, "another's volume $m->{Name}"
		    if $foreign{$m->{Name} // ''};
		push @bad, "propagation $m->{Propagation}"
		    if ($m->{Propagation} // '') =~ /shared|slave/;
		push @bad, "mount on $m->{Destination}"
		    if $m->{Destination} =~ m,nvidia-container-devices,;
	}
	for (@{$h->{Binds} // []}) {
		push @bad, "bind $_" if m,^/[^:]*:, && !below_home($_);
	}
	for my $m (@{$h->{Mounts} // []}) {
		my $o = $m->{VolumeOptions}{DriverConfig}{Options} // {};
		push @bad, "mount of type $m->{Type}"
		    unless $m->{Type} =~ /^(bind|volume|tmpfs|image)$/;
		push @bad, "mount of $m->{Source}" if $m->{Type} eq 'bind' &&
		    !below_home($m->{Source}) && !no_groups($m->{Source},
		    $m->{Target}, $m->{ReadOnly});
		push @bad, "driver option $o->{device}" if defined $o->{device}
		    && !below_home($o->{device});
	}
	return @bad;
}

sub labels {
	my ($l) = @_;
	my @bad;
	push @bad, "owner $l->{'ds01.user'}"
	    unless ($l->{'ds01.user'} // '') eq $user;
	push @bad, 'no proof of the owner'
	    unless ($l->{'ds01.gate'} // '') =~ /^[0-9a-f]{32}$/;
	for (qw(ds01.protected ds01.monitoring)) {
		push @bad, $_ if ($l->{$_} // '') eq 'true';
	}
	push @bad, 'aime.mlc.USER' if ($l->{'aime.mlc.USER'} // '') !~
	    /^(\Q$user\E)?$/;
	return @bad;
}

# The inspect answer of one container: what is wrong with it, as words.
sub container {
	my ($c) = @_;
	my $h = $c->{HostConfig};
	my @bad = (security($h), userns($c), resources($h), mounts($c),
	    labels($c->{Config}{Labels} // {}));
	my ($gpu) = grep { /^NVIDIA_VISIBLE_DEVICES=/ }
	    @{$c->{Config}{Env} // []};
	push @bad, 'GPUs: ' . ($gpu // 'not said')
	    unless ($gpu // '') eq 'NVIDIA_VISIBLE_DEVICES=void';
	push @bad, "WorkingDir $c->{Config}{WorkingDir}"
	    if ($c->{Config}{WorkingDir} // '') =~ m,^/*proc(/|$),;
	for (sort keys %{$c->{NetworkSettings}{Networks} // {}}) {
		my $id = $c->{NetworkSettings}{Networks}{$_}{NetworkID} // '';
		push @bad, "network $_" if $_ eq 'host' || $foreign{$_} ||
		    $foreign{$id};
	}
	return @bad;
}

# A volume's options lead to the home or are none.
sub volume {
	my ($v) = @_;
	my $o = $v->{Options} // {};
	my @bad = labels($v->{Labels} // {});
	push @bad, "driver $v->{Driver}" unless $v->{Driver} eq 'local';
	push @bad, 'options ' . join ' ', map { "$_=$o->{$_}" } sort keys %$o
	    if %$o && !(($o->{device} // '') eq $home &&
	    ($v->{Labels}{'ds01.bind'} // '') eq $home);
	return @bad;
}

sub network {
	my ($n) = @_;
	my @bad = labels($n->{Labels} // {});
	push @bad, "driver $n->{Driver}" unless $n->{Driver} eq 'bridge';
	push @bad, "scope $n->{Scope}" unless $n->{Scope} eq 'local';
	for (qw(Attachable Ingress ConfigOnly)) {
		push @bad, $_ if $n->{$_};
	}
	push @bad, "option $_" for grep { !/^com\.docker\.network\.(bridge\.enable_icc|driver\.mtu|enable_ipv[46])$/ }
	    sort keys %{$n->{Options} // {}};
	return @bad;
}

sub exec {
	my ($e) = @_;
	my @bad;
	push @bad, 'privileged exec' if $e->{ProcessConfig}{privileged};
	push @bad, 'exec in another\'s container'
	    if $foreign{$e->{ContainerID} // ''};
	return @bad;
}

1;
