#!/usr/bin/perl
# at_once.pl - the same request many times at once, in a session.
#   at_once.pl N PATH BODY     BODY with %d for the number of each
# Prints how many were answered with 201.
use strict;
use warnings;
use IO::Socket::UNIX;

my ($n, $path, $text) = @ARGV;
my $socket = substr $ENV{DOCKER_HOST}, length 'unix://';
my (@open, $made);

for my $i (1 .. $n) {
	my $s = IO::Socket::UNIX->new(Peer => $socket) or die "connect: $!";
	my $body = $text =~ s/%d/$i/r;

	push @open, [$s, "POST $path HTTP/1.1\r\nHost: d\r\n" .
	    "Connection: close\r\nContent-Type: application/json\r\n" .
	    'Content-Length: ' . length($body) . "\r\n\r\n$body"];
}
$_->[0]->syswrite($_->[1]) for @open;
for my $one (@open) {
	my $head = readline $one->[0] // '';

	$made++ if $head =~ m{^HTTP/1\.1 201 };
}
print $made // 0, "\n";
