#!/usr/bin/perl
# hold.pl - names that requests of two users meet at.
#
#   hold.pl late SOCKET ENGINE WORD FILE
#       a proxy before the engine: a request with WORD in its first line stays
#       in it until there is FILE; FILE.seen says that one does
#   hold.pl flood N METHOD PATH FILE
#       in a session: that request on N connections, again and again, until
#       there is FILE; prints a line with each status
use strict;
use warnings;
use Socket;
use Time::HiRes qw(usleep);

sub dial {
	my ($path) = @_;
	socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
	connect($s, sockaddr_un($path)) or die "$path: $!\n";
	return $s;
}

sub touch {
	open my $f, '>', $_[0] or die "$_[0]: $!\n";
}

sub await {
	usleep(20_000) until -e $_[0];
}

sub pump {
	my ($from, $to, $seen) = @_;
	my $b;
	while (sysread $from, $b, 65536) {
		$seen->($b) if $seen;
		syswrite $to, $b;
	}
	shutdown $to, 1;
}

sub late {
	my ($path, $engine, $word, $file) = @_;
	socket(my $l, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
	bind $l, sockaddr_un($path) or die "$path: $!\n";
	listen $l, 64;
	chmod 0666, $path;
	$SIG{CHLD} = 'IGNORE';
	while (accept my $c, $l) {
		next if fork;
		my $e = dial($engine);
		my $up = fork // die "fork: $!\n";
		if ($up == 0) {
			pump($c, $e, sub {
				return if $_[0] !~ /^[^\r\n]*\Q$word\E/;
				touch("$file.seen");
				await($file);
			});
			exit;
		}
		pump($e, $c);
		exit;
	}
}

sub whole {
	my ($head, $body) = split /\r\n\r\n/, $_[0], 2;
	return defined $body && ($head !~ /^content-length: (\d+)/im ||
	    length $body >= $1);
}

sub one {
	my ($request, $file) = @_;
	my $s;
	until (-e $file) {
		$s //= dial(substr $ENV{DOCKER_HOST}, length 'unix://');
		syswrite $s, $request;
		my ($answer, $part) = ('');
		$answer .= $part while !whole($answer) &&
		    sysread $s, $part, 65536;
		syswrite STDOUT, ($answer =~ m,^HTTP/1\.1 (\d+), ? $1 : 0) .
		    "\n";
		undef $s if $answer eq '' || $answer =~ /^connection: close/im;
	}
}

sub flood {
	my ($n, $method, $path, $file) = @_;
	my @pid;
	$SIG{PIPE} = 'IGNORE';
	for (1 .. $n) {
		my $pid = fork // die "fork: $!\n";
		if ($pid == 0) {
			one("$method $path HTTP/1.1\r\nHost: d\r\n\r\n", $file);
			exit;
		}
		push @pid, $pid;
	}
	await($file);
	usleep(500_000);
	kill 'TERM', @pid;	# who waits for his turn yet
	1 while wait > 0;
}

my $what = shift // '';
$what eq 'late' ? late(@ARGV) : flood(@ARGV);
