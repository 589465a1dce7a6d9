#!/usr/bin/perl
# races.pl - the hostile half of races.t.
#
#   races.pl swap A B END      exchanges two names until there is a file END
#   races.pl loop SECONDS "METHOD PATH [JSON]" …
#       sends these in turn to the session's socket; prints how often each
#       status was answered, and how often the word "foreign" was in it
use strict;
use warnings;
use POSIX ();
use Socket;
use Time::HiRes qw(time usleep);

# renameat2(2) with RENAME_EXCHANGE: no moment without either name
sub swap {
	my ($a, $b, $end) = @_;
	my %number = (x86_64 => 316, aarch64 => 276);
	my $n = $number{ (POSIX::uname())[4] } or die "no number here\n";
	my $cwd = -100;		# AT_FDCWD
	until (-e $end) {
		syscall($n, $cwd, $a, $cwd, $b, 2) == 0 or die "swap: $!\n";
		usleep(20 + rand 400);
	}
}

sub ask {
	my ($path, $method, $target, $json) = @_;
	socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
	connect($s, sockaddr_un($path)) or return 0;
	my $head = "$method $target HTTP/1.1\r\nHost: d\r\n" .
	    "Connection: close\r\n";
	$head .= "Content-Type: application/json\r\nContent-Length: " .
	    length($json) . "\r\n" if defined $json;
	syswrite $s, "$head\r\n" . ($json // '');
	my $answer = '';
	while (sysread $s, my $part, 65536) {
		$answer .= $part;
	}
	return 'foreign' if $answer =~ /^foreign|\nforeign|\0foreign/;
	return $answer =~ m,^HTTP/1\.1 (\d+), ? $1 : 0;
}

sub loop {
	my ($seconds, @requests) = @_;
	my $path = $ENV{DOCKER_HOST} // '';
	my ($end, $i, %seen) = (time + $seconds, 0);
	$path =~ s,^unix://,,;
	while (time < $end) {
		my ($method, $target, $json) = split ' ', $requests[$i++ %
		    @requests], 3;
		$seen{ ask($path, $method, $target, $json) }++;
	}
	print join(' ', map { "$_:$seen{$_}" } sort keys %seen), "\n";
}

my $what = shift // '';
$what eq 'swap' ? swap(@ARGV) : loop(@ARGV);
