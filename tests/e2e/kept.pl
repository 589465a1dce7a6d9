#!/usr/bin/perl
# kept.pl - in a session: asks what it is told to, line by line.
#   old|new|head METHOD PATH [JSON]
#   body
# old: on one connection that is kept for all; new: on one of its own; head:
# likewise, but the body is sent when told to.  Says for each a line: the
# status and the body, or "0 nothing".
use strict;
use warnings;
use IO::Socket::UNIX;

my $socket = substr $ENV{DOCKER_HOST}, length 'unix://';
my ($kept, $half, $body);

sub dial {
	return IO::Socket::UNIX->new(Peer => $socket) // die "connect: $!";
}

sub answer {
	my ($s) = @_;
	my $status = (readline($s) // '') =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0;
	my ($length, $body) = (0, '');

	while (defined(my $line = readline $s)) {
		last if $line eq "\r\n";
		$length = $1 if $line =~ /^content-length: (\d+)/i;
	}
	read $s, $body, $length if $length > 0;
	$body =~ tr/\r\n/  /;
	return "$status " . ($status == 0 ? 'nothing' : $body);
}

$| = 1;
$SIG{PIPE} = 'IGNORE';
while (my $line = <STDIN>) {
	my ($which, $method, $path, $json) = split ' ', $line, 4;
	my $s = $which eq 'old' ? ($kept //= dial()) :
	    $which eq 'body' ? $half : dial();

	chomp($json //= '');
	print {$s} "$method $path HTTP/1.1\r\nHost: d\r\n" .
	    "Content-Type: application/json\r\nContent-Length: " .
	    length($json) . "\r\n\r\n" if $which ne 'body';
	($half, $body) = ($s, $json) if $which eq 'head';
	print {$s} $which eq 'body' ? $body : $json if $which ne 'head';
	$s->flush;
	print $which eq 'head' ? '0 nothing' : answer($s), "\n";
}
