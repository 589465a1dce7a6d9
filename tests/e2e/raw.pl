#!/usr/bin/perl
# raw.pl - sends stdin to the session socket as it is, prints what comes back.
#
# Exit status: 0 the other side closed, 3 it did not within the time given,
# 4 it did not take all that was sent.
# Options: seconds to wait (10), and "open" not to half-close after sending.
use strict;
use warnings;
use Socket;

my ($limit, $open) = (@ARGV, 10);
my $path = $ENV{DOCKER_HOST} // '';
$path =~ s,^unix://,,;
socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
connect($s, sockaddr_un($path)) or die "$path: $!\n";
binmode STDIN;
binmode STDOUT;
my $bytes = do { local $/; <STDIN> };
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { exit 3 };
alarm $limit;
$| = 1;
my ($at, $cut) = (0, 0);
while ($at < length $bytes) {
	my $n = syswrite $s, $bytes, 65536, $at;
	if (!defined $n) {
		$cut = 1;
		last;
	}
	$at += $n;
}
shutdown $s, 1 unless ($open // '') eq 'open';
while (1) {
	my $n = sysread $s, my $buf, 65536;
	last unless $n;
	syswrite STDOUT, $buf;
}
exit($cut ? 4 : 0);
