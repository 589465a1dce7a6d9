#!/usr/bin/perl
# sender.pl - sends whole requests through a session socket, many at a time.
#
#   ds01-docker-session perl sender.pl
#
# The user's half of wire.pl: reads "ID LENGTH\n" and that many bytes from
# stdin, sends them over a connection of their own, and writes the answer in
# the same form to stdout.  An answer that does not end in time is cut there.
use strict;
use warnings;
use Socket;
use Fcntl;
use IO::Select;
use Time::HiRes qw(time);

use constant LIMIT => 20;	# seconds an answer may take
use constant CUT => 1 << 20;	# bytes of an answer that are kept

(my $path = $ENV{DOCKER_HOST} // '') =~ s,^unix://,,;
$SIG{PIPE} = 'IGNORE';
binmode STDIN;
binmode STDOUT;
$| = 1;

my %job;			# file number => what is under way
my $in = '';
my $readers = IO::Select->new(\*STDIN);
my $writers = IO::Select->new;

sub finish {
	my ($j) = @_;
	my $fd = fileno $j->{s};
	$readers->remove($j->{s});
	$writers->remove($j->{s});
	close $j->{s};
	delete $job{$fd};
	print "$j->{id} ", length $j->{answer}, "\n", $j->{answer};
}

sub begin {
	my ($id, $bytes) = @_;
	socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
	my $j = { s => $s, id => $id, out => $bytes, answer => '',
	    end => time + LIMIT };
	$job{fileno $s} = $j;
	return finish($j) unless connect $s, sockaddr_un($path);
	fcntl $s, F_SETFL, O_NONBLOCK;
	$readers->add($s);
	$writers->add($s);
}

sub take_jobs {
	my $n = sysread STDIN, $in, 1 << 20, length $in;
	exit unless $n;
	while ($in =~ /^(\S+) (\d+)\n/ && length $in >= $+[0] + $2) {
		my ($id, $at, $len) = ($1, $+[0], $2);
		begin($id, substr $in, $at, $len);
		substr $in, 0, $at + $len, '';
	}
}

# What cannot be sent is not the end: the answer may stand there already.
sub pump_out {
	my ($j) = @_;
	my $n = syswrite $j->{s}, $j->{out}, 65536;
	return if !defined $n && $!{EAGAIN};
	substr $j->{out}, 0, $n, '' if $n;
	return if $n && length $j->{out};
	$writers->remove($j->{s});
	shutdown $j->{s}, 1;
}

sub pump_in {
	my ($j) = @_;
	my $n = sysread $j->{s}, my $part, 65536;
	return if !defined $n && $!{EAGAIN};
	return finish($j) unless $n;
	$j->{answer} .= $part if length $j->{answer} < CUT;
}

while (1) {
	my ($r, $w) = IO::Select->select($readers, $writers, undef, 1);
	for my $s (@{$w // []}) {
		pump_out($job{fileno $s}) if $job{fileno $s};
	}
	for my $s (@{$r // []}) {
		if ($s == \*STDIN) {
			take_jobs();
		} elsif (defined fileno $s && $job{fileno $s}) {
			pump_in($job{fileno $s});
		}
	}
	my $now = time;
	finish($_) for grep { $_->{end} < $now } values %job;
}
