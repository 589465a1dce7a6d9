#!/usr/bin/perl
# grpc.pl - calls on POST /grpc as no honest client makes them.
#
#   grpc.pl PATH [HEX]    one call; its message as hex digits
#   grpc.pl frame HEX     bytes behind the client's SETTINGS
#
# Prints the status line of the upgrade, then "grpc-status N text" for an
# answer in plain literals (the gate's; the engine's are compressed), and
# "goaway N" when the connection is ended so; otherwise what frames came.
use strict;
use warnings;
use Socket;

my ($path, $hex) = (@ARGV, '', '');
my $socket = $ENV{DOCKER_HOST} // '';
$socket =~ s,^unix://,,;
socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
connect($s, sockaddr_un($socket)) or die "$socket: $!\n";
$SIG{ALRM} = sub { print "nothing\n"; exit 3 };
$SIG{PIPE} = 'IGNORE';
alarm 10;

sub take {
	my $n = shift;
	my $b = '';
	while (length $b < $n) {
		sysread($s, $b, $n - length $b, length $b) or return;
	}
	return $b;
}
sub frame {
	my ($type, $flags, $stream, $p) = @_;
	return substr(pack('N', length $p), 1) . pack('CCN', $type, $flags,
	    $stream) . $p;
}
sub literal {
	return "\0" . join '', map { chr(length $_) . $_ } @_;
}

syswrite $s, "POST /grpc HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\n" .
    "Upgrade: h2c\r\n\r\n";
my $head = '';
while ($head !~ /\r\n\r\n\z/) {
	sysread($s, $head, 1, length $head) or last;
}
print +($head =~ /^(\S+ \d+)/)[0] // 'no answer', "\n";
exit 1 unless $head =~ / 101 /;

my $bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(4, 0, 0, '');
if ($path eq 'frame') {
	$bytes .= pack 'H*', $hex;
} else {
	my $m = pack 'H*', $hex;
	$bytes .= frame(1, 4, 1, "\x83\x86" . literal(':path', $path) .
	    literal('content-type', 'application/grpc')) .
	    frame(0, 1, 1, "\0" . pack('N', length $m) . $m);
}
syswrite $s, $bytes;
while (defined(my $b = take(9))) {
	my ($hi, $lo, $type, $flags, $stream) = unpack 'CnCCN', $b;
	my $p = take($hi << 16 | $lo) // last;
	if ($type == 7) {
		print 'goaway ', unpack('x4N', $p), "\n";
	} elsif ($p =~ /grpc-status(.)(.*?)\0\x0cgrpc-message(.*)/s) {
		my ($status, $text) = ($2, $3);
		$text =~ s/%([0-9A-F]{2})/chr hex $1/ge;
		$text =~ s/[^ -~]+/ /g;
		print "grpc-status $status $text\n";
		last;
	} elsif ($stream == 1) {
		print "frame $type\n";
		last if $flags & 1 && $type < 2;
	}
}
