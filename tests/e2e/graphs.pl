#!/usr/bin/perl
# graphs.pl - build graphs as a hostile client makes them, called one by one.
#
#   graphs.pl IMAGE SEED COUNT [FILE…]   mutations of graphs: of two of ours,
#                                        and of the results in recorded builds
#   graphs.pl IMAGE NAME                 one known to have ended an engine
#   graphs.pl names                      their names
#
# A message is a list of fields: [number, 'v', value], [number, 's', bytes],
# [number, 'm', message] or [number, 'g', graph]; a graph's operations name
# each other by '@N', which becomes a digest when all is written.  Prints one
# line for each call: what was tried, then what came ("refused", "judged" by
# the engine, "broken" connection).
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Socket;

my $image = $ARGV[0] // '';
my $control = '/moby.buildkit.v1.Control/';
my $bridge = '/moby.buildkit.v1.frontend.LLBBridge/';
my $run = $$ . 'x' . time;
my $calls = 0;

# --- messages ------------------------------------------------------------------
sub num { return [$_[0], 'v', $_[1]] }
sub str { return [$_[0], 's', $_[1]] }
sub msg { my $n = shift; return [$n, 'm', [@_]] }

sub number {
	my $n = shift;
	my $out = '';
	my @bytes;
	use integer;
	do {
		push @bytes, $n & 127;
		$n = ($n >> 7) & ~(127 << 57);
	} while ($n != 0);
	$out .= chr($_ | 128) for @bytes[0 .. $#bytes - 1];
	return $out . chr $bytes[-1];
}
sub pack_message {
	my ($m, $names) = @_;
	my $out = '';
	for my $f (@$m) {
		my ($n, $kind, $x) = @$f;
		if ($kind eq 'v') {
			$out .= number($n << 3) . number($x);
			next;
		}
		if ($kind eq 'm') {
			$x = pack_message($x, $names);
		} elsif ($kind eq 'g') {
			$x = pack_graph($x);
		} elsif ($names && $x =~ /\A\@(\d+)\z/) {
			$x = $names->[$1] // "\@$1";
		}
		$out .= number($n << 3 | 2) . number(length $x) . $x;
	}
	return $out;
}
sub pack_graph {
	my ($ops, @more) = @{$_[0]};
	my (@names, $out);
	$out = '';
	for my $op (@$ops) {
		my $b = pack_message($op, \@names);
		push @names, 'sha256:' . sha256_hex($b);
		$out .= number(10) . number(length $b) . $b;
	}
	return $out . pack_message(\@more, \@names);
}

# Bytes of a recorded graph into the same form; known shapes only.
my %inner = (op => { 1 => 'input', 2 => 'exec', 3 => 'source', 4 => 'file',
	    6 => 'merge', 7 => 'diff', 10 => 'platform', 11 => 'none' },
	exec => { 1 => 'meta', 2 => 'mount' }, mount => { 19 => 'none',
	    20 => 'none', 21 => 'none', 22 => 'none' },
	source => { 2 => 'none' }, file => { 2 => 'action' },
	action => { 4 => 'copy', 5 => 'mkfile', 6 => 'mkdir', 7 => 'none' },
	copy => { 3 => 'owner' }, mkfile => { 4 => 'owner' },
	mkdir => { 4 => 'owner' }, owner => { 1 => 'user', 2 => 'user' },
	user => { 1 => 'none' }, merge => { 1 => 'none' });
sub take_number {
	my $b = shift;
	my ($n, $shift) = (0, 0);
	while (length $$b) {
		my $c = ord substr $$b, 0, 1, '';
		$n |= ($c & 127) << $shift;
		$shift += 7;
		return $n if $c < 128;
	}
	die "bad number\n";
}
sub unpack_message {
	my ($b, $shape) = @_;
	my @m;
	while (length $b) {
		my $tag = take_number(\$b);
		my $n = $tag >> 3;
		if (($tag & 7) == 0) {
			push @m, num($n, take_number(\$b));
			next;
		}
		die "wire type\n" unless ($tag & 7) == 2;
		my $x = substr $b, 0, take_number(\$b), '';
		$x =~ s,\Au1000/,u$</,;	# a cache mount of whoever recorded it
		my $in = $inner{$shape}{$n};
		push @m, defined $in ? [$n, 'm', unpack_message($x, $in)] :
		    [$n, 's', $x];
	}
	# what was recorded before steps had their user's host name
	push @m, str(7, "ds01-u$<") if $shape eq 'meta';
	return \@m;
}

# A recorded connection: the graph in its Return.
sub recorded {
	my $file = shift;
	my (%body, @graphs);
	open my $f, '<:raw', $file or die "$file: $!\n";
	local $/;
	my $b = <$f>;
	substr $b, 0, 24, '';
	while (length $b >= 9) {
		my ($hi, $lo, $type, undef, $stream) = unpack 'CnCCN',
		    substr $b, 0, 9, '';
		my $p = substr $b, 0, $hi << 16 | $lo, '';
		$body{$stream} .= $p if $type == 0;
	}
	for my $x (values %body) {
		my $m = substr $x, 5;
		for my $n (1, 3, 2) {
			my $fields = eval { unpack_message($m, 'none') } or last;
			($m) = map { $_->[2] } grep { $_->[0] == $n &&
			    $_->[1] eq 's' } @$fields;
			last unless defined $m;
		}
		next unless defined $m && $m =~ /docker-image:/;
		my (@ops, %index);
		for my $o (grep { $_->[0] == 1 } @{unpack_message($m, 'none')}) {
			my $name = 'sha256:' . sha256_hex($o->[2]);
			my $op = unpack_message($o->[2], 'op');
			for my $in (grep { $_->[0] == 1 } @$op) {
				$_->[2] = '@' . $index{$_->[2]}
				    for grep { $_->[1] eq 's' } @{$in->[2]};
			}
			$index{$name} = @ops;
			push @ops, $op;
		}
		push @graphs, [\@ops];
	}
	die "$file: no graph\n" unless @graphs;
	return @graphs;
}

# --- graphs of ours ----------------------------------------------------------------
# A step has the host name of its user.
my $host = str(7, "ds01-u$<");
sub input { return msg(1, str(1, '@' . $_[0]), @_ > 1 ? num(2, $_[1]) : ()) }
my $base = [msg(3, str(1, "docker-image://docker.io/library/$image"))];
my $meta = msg(1, str(1, '/bin/true'), str(3, '/'), $host);
my $root = msg(2, str(3, '/'));
sub shell { return [[$base, [input(0), msg(2, $meta, $root, @_)], [input(1)]]] }
sub false {
	return [[$base, [input(0), msg(2, msg(1, str(1, '/bin/false'), str(3, '/'), $host),
	    $root, @_)], [input(1)]]];
}
sub action { return msg(2, @_) }
my @mkdir = (msg(6, str(1, '/a'), num(2, 493)));
my @copy = (msg(4, str(1, '/bin'), str(2, '/b'), num(4, -1), num(11, -1)));
sub files { return [[$base, [input(0), msg(4, @_)], [input(1)]]] }
sub mount { return msg(2, str(3, '/m'), @_) }
sub owner { return msg(4, msg(1, msg(1, str(1, 'root'), num(2, $_[0])))) }
sub merge { return msg(6, map { msg(1, num(1, $_)) } @_) }

my @seeds = (
	[[$base, [input(0), msg(4, action(num(2, -1), num(3, -1),
	    msg(6, str(1, '/a'), num(2, 493), owner(0))), action(num(1, 1), num(2, 0),
	    @copy))], [input(0), input(1), merge(0, 1)],
	    [input(2), msg(2, $meta, $root, mount(num(1, -1), num(4, -1), num(6, 4),
	    msg(19, num(1, 65536))), mount(num(1, -1), num(4, 1)))], [input(3)]]],
	[[$base, [input(0), msg(2, msg(1, str(1, '/bin/true'), str(2, 'A=b'),
	    str(3, '/'), str(4, 'root'), $host, msg(6, str(1, 'h'), str(2, '1.2.3.4')),
	    msg(9, str(1, 'nofile'), num(2, 9), num(3, 9))), $root,
	    mount(num(1, 0), num(4, -1), num(5, 1), str(2, '/bin')),
	    mount(num(1, -1), num(4, -1), num(6, 1), msg(21, str(1, 'id'), num(5, 1))),
	    mount(num(1, -1), num(4, -1), num(6, 2), msg(22, str(1, 'id'), num(5, 1))))],
	    [input(1), msg(4, action(num(2, -1), msg(5, str(1, '/f'), num(2, 420),
	    str(3, 'x'))))], [input(2)]]],
);

# --- known ones ------------------------------------------------------------------------
my $result = msg(1, str(3, '')); # a result without a name
my %known = (
	'last-index' => [[$base, [input(0, -1)]]],
	'input-index' => [[$base, [input(0, -3), msg(2, $meta, $root)],
	    [input(1)]]],
	'diff-none' => [[$base, [input(0), msg(7)], [input(1)]]],
	'diff-lower' => [[$base, [input(0), msg(7, msg(1, num(1, 5)), msg(2))],
	    [input(1)]]],
	'diff-upper' => [[$base, [input(0), msg(7, msg(1, num(1, -7)),
	    msg(2, num(1, -9)))], [input(1)]]],
	'diff-one' => [[$base, [input(0), msg(7, msg(1), msg(2))], [input(1)],
	    ]],
	'diff-same' => [[$base, [input(0), input(0), msg(7, msg(1), msg(2, num(1, 1)))],
	    [input(1), msg(4, action(num(2, -1), msg(7, str(1, '/no'))))],
	    [input(2)]]],
	'diff-nothing' => [[[msg(7, msg(1, num(1, -1)), msg(2, num(1, -1)))],
	    [input(0), msg(4, action(num(2, -1), msg(7, str(1, '/no'))))],
	    [input(1)]]],
	'merge-none' => [[$base, [input(0), msg(6)], [input(1)]]],
	'file-second' => files(action(num(2, -6), @copy)),
	'file-owner' => files(action(num(2, -1), msg(6, str(1, '/a'), num(2, 493),
	    owner(40)))),
	'mount-input' => shell(mount(num(1, -9), num(4, -1))),
	'mount-tmpfs' => shell(mount(num(1, -3), num(4, -1), num(6, 4))),
	'mount-failed' => false(mount(num(1, 9), num(4, -1), num(6, 4))),
);
# As an input of the frontend: its digests, its last entry, its maps.
my %inputs = (
	'no-last' => [[$base]],
	'no-such' => [[$base, [msg(1, str(1, 'sha256:' . '0' x 64))]],
	    [2, 'm', [str(1, 'sha256:' . '0' x 64), msg(2)]]],
	'no-locations' => [[$base, [input(0)]], [3, 'm', [msg(1, str(1, '@0'))]]],
	'source-graph' => [[$base, [input(0)]], [3, 'm', [msg(2, [3, 'g',
	    [[$base]]])]]],
);
# Calls of a running build, behind a Solve that keeps it open.
my @policy = (msg(8, num(1, 1), msg(2)));
my $frames = '{"frames":[null]}';
my %bridge = (
	'return-nothing' => ['Return', []],
	'return-no-ref' => ['Return', [msg(1, msg(4, msg(1, str(1, 'p'))))]],
	'return-no-attestation' => ['Return', [msg(1, msg(12, str(1, 'p')))]],
	'return-stack' => ['Return', [msg(2, num(1, 1), str(2, 'x'), msg(3, str(1,
	    'github.com/moby/buildkit/stack.Stack+json'), str(2, $frames)))]],
	'policy-config' => ['ResolveImageConfig', [str(1, $image), @policy]],
	'policy-meta' => ['ResolveSourceMeta', [msg(1, str(1,
	    "docker-image://docker.io/library/$image")), @policy]],
);
my $trace = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
my %traces = (
	'trace-resource' => [msg(1, msg(1, msg(1)), msg(2, msg(2, str(1, 'x' x 16))))],
	'trace-attribute' => [msg(1, msg(2, msg(2, str(1, 'x' x 16), str(2, 'y' x 8),
	    msg(9))))],
);

# --- calls ----------------------------------------------------------------------------------
sub frame {
	my ($type, $flags, $stream, $p) = @_;
	return substr(pack('N', length $p), 1) . pack('CCN', $type, $flags,
	    $stream) . $p;
}
sub literal {
	return "\0" . join '', map { chr(length $_) . $_ } @_;
}
sub take {
	my ($c, $n) = @_;
	my $b = '';
	while (length $b < $n) {
		sysread($c, $b, $n - length $b, length $b) or die "broken\n";
	}
	return $b;
}
sub dial {
	my $path = ($ENV{DOCKER_HOST} // '') =~ s,^unix://,,r;
	socket(my $c, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
	connect($c, sockaddr_un($path)) or die "broken\n";
	syswrite $c, "POST /grpc HTTP/1.1\r\nHost: d\r\n" .
	    "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
	my $head = '';
	$head .= take($c, 1) until $head =~ /\r\n\r\n\z/;
	die "broken\n" unless $head =~ / 101 /;
	syswrite $c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(4, 0, 0, '');
	return $c;
}
sub call {
	my ($c, $stream, $path, $message, $build) = @_;
	my $head = "\x83\x86" . literal(':path', $path) .
	    literal('content-type', 'application/grpc') .
	    ($build ? literal('buildkit-controlapi-buildid', $build) : '');
	syswrite $c, frame(1, 4, $stream, $head) . frame(0, 1, $stream,
	    "\0" . pack('N', length $message) . $message);
}
# What came: a build that waits for its client is ended by leaving.
sub answer {
	my ($c, $stream, $seconds) = @_;
	my $got = eval {
		local $SIG{ALRM} = sub { die "waits\n" };
		alarm $seconds;
		while (1) {
			my ($hi, $lo, $type, $flags, $id) = unpack 'CnCCN',
			    take($c, 9);
			my $p = take($c, $hi << 16 | $lo);
			die "broken\n" if $type == 7;
			next unless $id == $stream && $type == 1 && $flags & 1;
			return $p =~ /Permission denied/ ? 'refused' : 'judged';
		}
	};
	my $why = $@;
	alarm 0;
	return $got // ($why =~ /^(\w+)\n/ ? $1 : "broken: $why");
}
sub attempt {
	my ($what, $path, $message) = @_;
	my $got = eval {
		my $c = dial();
		call($c, 1, $path, $message);
		answer($c, 1, 2);
	} // 'broken';
	print "$got $what\n";
	$calls++;
}
sub ref_of { return str(1, "t$run" . ++$calls) }
sub solve {
	my ($what, $graph) = @_;
	attempt($what, $control . 'Solve', pack_message([ref_of(),
	    [2, 'g', $graph], msg(8)]));
}
sub solve_input {
	my ($what, $graph) = @_;
	attempt($what, $control . 'Solve', pack_message([ref_of(),
	    str(6, 'dockerfile.v0'), msg(8), msg(10, str(1, 'dockerfile'),
	    [2, 'g', $graph])]));
}
sub in_build {
	my ($what, $method, $message) = @_;
	my $ref = "b$run" . ++$calls;
	my $got = eval {
		my ($build, $c) = (dial(), dial());
		call($build, 1, $control . 'Solve', pack_message([str(1, $ref),
		    msg(8)]));
		for my $try (1 .. 20) {	# until the engine knows it
			call($c, 2 * $try - 1, $bridge . 'Ping', '', $ref);
			last if answer($c, 2 * $try - 1, 5) ne 'broken';
		}
		call($c, 99, $bridge . $method, pack_message($message), $ref);
		my $first = answer($c, 99, 5);
		# its end may be what the message does
		answer($build, 1, 1);
		$first;
	} // 'broken';
	print "$got $what\n";
}

# --- mutations -------------------------------------------------------------------------------
sub copy {
	my $x = shift;
	return ref $x ? [map { copy($_) } @$x] : $x;
}
my @odd = (-1, -2, -9, 0, 1, 2, 5, 40, 255, 1024, 65536, 2147483647,
    2147483648, 4294967295, -2147483648, 9223372036854775807);
sub pick { return $_[int rand @_] }
sub mutate {
	my $message = shift;
	my @all;
	my @todo = ($message);
	while (my $m = shift @todo) {
		for my $i (0 .. $#$m) {
			push @all, [$m, $i];
			push @todo, $m->[$i][2] if $m->[$i][1] eq 'm';
		}
	}
	push @all, [$message, 0] unless @all;
	# half of them only by words, which the engine gets to judge
	if (rand() < 0.5) {
		my @words = grep { my $f = $_->[0][$_->[1]];
		    $f && $f->[1] eq 's' && $f->[2] !~ /\A\@/ } @all;
		if (@words) {
			my ($m, $i) = @{pick(@words)};
			$m->[$i][2] = pick('', '/', '..', "\xff", '[', '*',
			    '-1', '/bin/../..', 'x' x 300, '/nothing/there',
			    '%s', $m->[$i][2] . '/x');
			return;
		}
	}
	my ($m, $i) = @{pick(@all)};
	my $f = $m->[$i];
	my $how = int rand 8;
	if (!defined $f || $how == 0) {
		push @$m, pick(num(1 + int rand 12, pick(@odd)),
		    msg(1 + int rand 12));
	} elsif ($how == 1) {
		splice @$m, $i, 1;
	} elsif ($how == 2) {
		splice @$m, $i, 0, copy($f);
	} elsif ($how == 3) {
		$f->[0] = 1 + int rand 12;
	} elsif ($how == 4 && $f->[1] eq 'm') {
		@{$f->[2]} = ();
	} elsif ($f->[1] eq 'v') {
		$f->[2] = pick(@odd);
	} elsif ($f->[1] eq 's') {
		$f->[2] = pick('', '/', '..', "\xff", '[', '*', '-1',
		    'x' x 300, '@0', '@1', '@2', $f->[2]);
	} else {
		push @{$f->[2]}, num(1 + int rand 4, pick(@odd));
	}
}
sub mutant {
	my $graph = copy(pick(@_));
	my $ops = $graph->[0];
	mutate(pick(@$ops)) for 0 .. int rand 3;
	push @$graph, [2 + int rand 2, 'm', [str(1, '@0'), msg(2)]]
	    if rand() < 0.1;
	splice @$ops, int rand @$ops, 1 if rand() < 0.05;
	return $graph;
}

$| = 1;
$SIG{PIPE} = 'IGNORE';
if ($image eq 'names') {
	print "$_\n" for sort(keys %known, keys %inputs, keys %bridge,
	    keys %traces);
} elsif (@ARGV == 2) {
	my $name = $ARGV[1];
	if (exists $known{$name}) {
		solve($name, $known{$name});
	} elsif (exists $inputs{$name}) {
		solve_input($name, $inputs{$name});
	} elsif (exists $bridge{$name}) {
		in_build($name, @{$bridge{$name}});
	} else {
		attempt($name, $trace, pack_message($traces{$name}));
	}
} else {
	my (undef, $seed, $count, @files) = @ARGV;
	my @graphs = (@seeds, map { recorded($_) } @files);
	srand $seed;
	solve("graph $_", $graphs[$_]) for 0 .. $#graphs;
	for my $i (1 .. $count) {
		my $graph = mutant(@graphs);
		rand() < 0.2 ? solve_input("mutant $i", $graph) :
		    solve("mutant $i", $graph);
	}
}
