#!/usr/bin/perl
# fake_gpu.pl - stands where nvidia's runtime and hook would, and writes down
# what they would be asked for; no GPU is needed.
#
# Installed under two names in one directory (engine.sh), it adds a line to
# the file "log" there for each container that it sees start:
#
#   runtime <visible> <mounts>    nvidia-container-runtime, then becomes runc
#   hook <visible> <mounts>       nvidia-container-runtime-hook prestart
#
# visible: the NVIDIA_VISIBLE_DEVICES that counts, as nvidia's tools find it
# in the container's first process (the last one wins; an image that says
# CUDA_VERSION only means "all"; "-": not set); mounts: what is bound from
# /dev/null below /var/run/nvidia-container-devices, or "-".
use strict;
use warnings;
use Cwd qw(realpath);
use File::Basename;
use JSON::PP;

my ($self, $dir) = fileparse(realpath($0));
my $list = '/var/run/nvidia-container-devices/';

sub slurp {
	open(my $f, '<', shift) or die "$self: $!";
	local $/;
	return <$f>;
}

sub note {
	my ($what, $bundle) = @_;
	my $spec = decode_json(slurp("$bundle/config.json"));
	my %env = map { my ($k, $v) = split(/=/, $_, 2); $k => $v // '' }
	    @{$spec->{process}{env} // []};
	my $visible = $env{NVIDIA_VISIBLE_DEVICES} //
	    (($env{CUDA_VERSION} // '') ne '' ? 'all' : '-');
	my @mounts = map { substr($_->{destination}, length $list) }
	    grep { ($_->{source} // '') eq '/dev/null' &&
	    index($_->{destination}, $list) == 0 } @{$spec->{mounts} // []};

	open(my $log, '>>', "$dir/log") or die "$self: $!";
	print $log join(' ', $what, $visible ne '' ? $visible : '""',
	    @mounts ? join(',', @mounts) : '-'), "\n";
	close($log);
}

if ($self =~ /hook/) {
	local $/;
	note('hook', decode_json(<STDIN>)->{bundle});
	exit 0;
}
for my $i (0 .. $#ARGV) {
	if (grep { $_ eq 'create' } @ARGV and $ARGV[$i] eq '--bundle') {
		note('runtime', $ARGV[$i + 1]);
	}
}
exec('runc', @ARGV) or die "$self: runc: $!";
