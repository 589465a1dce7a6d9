#!/usr/bin/perl
# hostile.pl - random requests, honest and hostile, and what came of them.
#
#   perl hostile.pl SEED COUNT VALUES TABLE PARTS -- SESSION-COMMAND…
#
# Bodies are put together from the parts that TABLE (tests/data/policy.tsv)
# says are let through or refused, and from those of PARTS (hostile.parts.pl),
# in honest or hostile encodings; they go through a session of the user's,
# several at a time.  After each batch root asks the engine for every object
# there is, judges it and removes it.  Prints "0<TAB>words" or "1<TAB>words"
# a property and "#…" lines about what broke it.  The seed decides on
# everything that is sent.
use strict;
use warnings;
use FindBin;
require "$FindBin::Bin/../lib/wire.pl";
require "$FindBin::Bin/../lib/judge.pl";

use constant BATCH => 500;	# requests between two looks at the engine
use constant AT_ONCE => 8;	# connections
use constant HONEST => 0.08;	# share of requests that must go through

my ($seed, $count, $values, $table, $parts, undef, @command) = @ARGV;
my %value = %{Wire::values_of($values)};
srand $seed;

sub one { $_[rand @_] }
sub maybe { rand() < $_[0] }

# What was found: property => lines.
my %broken = map { $_ => [] } qw(answer object honest others gone);
my %tally;
sub broken { my ($p, $t) = @_; push @{$broken{$p}}, $t }

# --- parts ------------------------------------------------------------------------

my (%frame, %legal, %hostile);	# schema => [ [ member, text ], … ]
our (%wild, @roads);		# of PARTS

sub read_table {
	open my $f, '<', $table or die "$table: $!\n";
	while (<$f>) {
		chomp;
		next if /^(#|$)/;
		my ($row, $allow, $seen, $refuse, $why, $flags) = split /\t+/;
		$frame{$allow} = [ $seen, $refuse ], next if $row eq 'frame';
		my ($schema, $member) = ($row =~ /^(.*)\.([^.]+)$/);
		$flags //= '';
		push @{$legal{$schema}}, [ $member, $allow ]
		    unless $flags =~ /site/;
		push @{$hostile{$schema}}, [ $member, $refuse ]
		    unless $refuse eq '-' || $flags =~ /bound/;
	}
}

# The schemas whose frames are requests of one kind.
my %kind = (
	create => qr/^(create|endpoint)(\.|$)/, exec => qr/^exec$/,
	update => qr/^update$/, volume => qr/^volume$/,
	network => qr/^network(\.|$)/, connect => qr/^connect$/,
	disconnect => qr/^disconnect$/, commit => qr/^commit$/,
);
my %weight = (create => 60, exec => 10, update => 10, volume => 9,
    network => 6, connect => 2, disconnect => 2, commit => 1);
my @kinds = map { ($_) x $weight{$_} } sort keys %weight;

sub put_in {
	my ($tree, $members) = @_;
	return (grep { put_in($_, $members) } @$tree) ? 1 : 0
	    if ref $tree eq 'ARRAY';
	return 0 unless ref $tree eq 'HASH';
	if (exists $tree->{'@'}) {
		delete $tree->{'@'};
		@$tree{keys %$members} = values %$members;
		return 1;
	}
	return (grep { put_in($_, $members) } map { $tree->{$_} }
	    sort keys %$tree) ? 1 : 0;
}

sub merge {
	my ($to, $from) = @_;
	for (sort keys %$from) {
		if (ref $to->{$_} eq 'HASH' && ref $from->{$_} eq 'HASH') {
			merge($to->{$_}, $from->{$_});
		} else {
			$to->{$_} = $from->{$_};
		}
	}
}

# One part, as the body of a whole request.
sub body_of {
	my ($schema, $part, $name) = @_;
	my ($member, $text) = @$part;
	my ($v, $more) = split / \+ (?=\{)/, Wire::fill($text, $name), 2;
	my $members = $more ? Wire::decode($more) : {};
	$members->{$member} = Wire::decode($v);
	my $tree = Wire::decode(Wire::fill($frame{$schema}[1], $name));
	put_in($tree, $members);
	return $tree;
}

sub pick {
	my ($from, $kind) = @_;
	my $schema = one(grep { $_ =~ $kind{$kind} } sort keys %$from);
	# HostConfig is the largest of them
	$schema = 'create.HostConfig' if $kind eq 'create' && maybe(0.6);
	return ($schema, one(@{$from->{$schema}}));
}

sub compose {
	my ($kind, $name, $legal, $hostile) = @_;
	my $tree = {};
	for (1 .. $legal) {
		my ($schema, $part) = pick(\%legal, $kind);
		merge($tree, body_of($schema, $part, $name));
	}
	for (1 .. $hostile) {
		if ($kind eq 'create' && maybe(0.4)) {
			my $k = one(sort keys %wild);
			$tree->{Image} = $value{IMAGE};
			$tree->{HostConfig} = {}
			    unless ref $tree->{HostConfig};
			$tree->{HostConfig}{$k} = Wire::decode(
			    Wire::fill($wild{$k}->(), $name));
			next;
		}
		next unless grep { $_ =~ $kind{$kind} } keys %hostile;
		my ($schema, $part) = pick(\%hostile, $kind);
		merge($tree, body_of($schema, $part, $name));
	}
	return $tree;
}

# --- hostile encodings of a body -------------------------------------------------------

sub odd_key {
	my ($k) = @_;
	my $r = rand;
	return lc $k if $r < 0.15;
	return uc $k if $r < 0.30;
	if ($r < 0.45) { (my $u = $k) =~ s/s/\xc5\xbf/; return $u }
	if ($r < 0.55) { (my $u = $k) =~ s/[kK]/\xe2\x84\xaa/; return $u }
	if ($r < 0.75) {
		my $i = int rand length $k;
		substr($k, $i, 1) = sprintf '\u%04x', ord substr $k, $i, 1;
		return $k;
	}
	return ucfirst lc $k if $r < 0.85;
	return " $k" if $r < 0.9;
	return "$k\\u0000";
}

sub rekey {
	my ($text) = @_;
	my @at;
	push @at, [ $-[1], $1 ] while $text =~ /"([A-Za-z]+)":/g;
	return $text unless @at;
	my ($at, $k) = @{one(@at)};
	substr $text, $at, length $k, odd_key($k);
	return $text;
}

# An object twice, the harmless one first or last; Go merges them.
sub twice {
	my ($tree) = @_;
	my $k = ref $tree->{HostConfig} ? 'HostConfig' : one(sort keys %$tree);
	my $text = Wire::encode($tree);
	my $other = '"' . (maybe(0.5) ? odd_key($k) : $k) . '":' .
	    one('{"NetworkMode":"none"}', 'null', '{}');
	return maybe(0.5) ? $text =~ s/^\{/{$other,/r :
	    $text =~ s/\}\z/,$other}/r;
}

# Engines up to 26.1 read HostConfig's members there when it is missing.
sub at_top {
	my ($tree) = @_;
	my %all = %$tree;
	my $host = delete $all{HostConfig};
	my $text = Wire::encode({ %all, ref $host ? %$host : () });
	return maybe(0.5) ? $text =~ s/\}\z/,"HostConfig":null}/r : $text;
}

sub odd_body {
	my ($tree) = @_;
	my $r = rand;
	my $text = Wire::encode($tree);
	return $text if $r < 0.45;
	return rekey($text) if $r < 0.65;
	return twice($tree) if $r < 0.78;
	return at_top($tree) if $r < 0.90;
	return $text . one(' ', "\n", '{"HostConfig":{"Privileged":true}}',
	    "\0", '}') if $r < 0.95;
	return one("\xef\xbb\xbf$text", "[$text]", ' ' x 70000 . $text,
	    substr($text, 0, -1));
}

# --- the wire ------------------------------------------------------------------------------

my ($api) = ($ENV{ENGINE_API} =~ /^1\.(\d+)$/);
my @old = map { "/v1.$_" } grep { $_ <= $api } 24, 30, 40, 41, 44, $api;

sub chunked {
	my ($h, $b, $size) = @_;
	my $c = join '', map { sprintf "%x\r\n%s\r\n", length, $_ }
	    grep { length } unpack "(a$size)*", $b;
	return $h . "Transfer-Encoding: chunked\r\n\r\n${c}0\r\n\r\n";
}

sub odd_request {
	my ($m, $p, $b) = @_;
	$p = one('', '', @old) . $p;
	$p =~ s,/,//, if maybe(0.03);
	$p =~ s,containers,%63ontainers, if maybe(0.03);
	my $ct = one(('application/json') x 8,
	    'application/json; charset=utf-16', 'text/plain',
	    'application/x-www-form-urlencoded', 'APPLICATION/JSON');
	my $h = "$m $p HTTP/1.1\r\nHost: d\r\nConnection: " .
	    one('close', 'close', 'close', 'Upgrade') . "\r\n";
	$h .= "Upgrade: " . one(qw(tcp h2c)) . "\r\n" if maybe(0.1);
	$h .= "Expect: 100-continue\r\n" if maybe(0.02);
	$h .= "Content-Type: $ct\r\n" if length $b && maybe(0.97);
	return chunked($h, $b, one(1, 17, 4096)) if maybe(0.2);
	my $n = length $b;
	$n = one(0, $n + 5, "+$n", "0x$n") if maybe(0.03);
	return "${h}Content-Length: $n\r\n\r\n$b" . (maybe(0.05) ?
	    "DELETE /containers/$value{BOB_ID}?force=1 HTTP/1.1\r\n" .
	    "Host: d\r\n\r\n" : '');
}

sub plain_request {
	my ($m, $p, $b) = @_;
	my $h = "$m " . one('', @old) . "$p HTTP/1.1\r\nHost: d\r\n" .
	    "Connection: close\r\nContent-Type: " . one('application/json',
	    'application/json; charset=utf-8') . "\r\n";
	return chunked($h, $b, one(64, 4096)) if maybe(0.2);
	return $h . 'Content-Length: ' . length($b) . "\r\n\r\n$b";
}

# A container with the home in it has no root and may not join one that has:
# each is honest, both are not.
sub at_odds {
	my ($tree) = @_;
	my $text = Wire::encode($tree);
	return $text =~ /\Q$value{HOME}\E/ && $text =~ /"container:/;
}

# Which one is honest, and the bytes that go out.
sub invent {
	my ($turn) = @_;
	my $name = sprintf 'ds01t-x%d', $turn;
	my $honest = maybe(HONEST);
	if (!$honest && maybe(0.3)) {
		my ($m, $p, $b) = map { Wire::fill($_, $name) }
		    one(@roads)->();
		return (0, odd_request($m, $p, maybe(0.3) && $b ?
		    rekey($b) : $b));
	}
	my $kind = one(@kinds);
	my $tree = compose($kind, $name, int(rand 5) + $honest,
	    $honest ? 0 : 1 + int rand 2);
	$tree = compose($kind, $name, 1 + int rand 5, 0)
	    while $honest && at_odds($tree);
	my ($m, $p) = split / /, Wire::fill($frame{$kind}[0], $name);
	return (1, plain_request($m, $p, Wire::encode($tree))) if $honest;
	return (0, odd_request($m, $p, odd_body($tree)));
}

# --- what came of it ---------------------------------------------------------------------

my %sent;		# id => [ honest, bytes ]

sub shown {
	my ($bytes, $a) = @_;
	my ($line) = ($bytes =~ /^([^\r]*)/);
	my $text = "$line: $a->{status} " . substr($a->{message}, 0, 120) .
	    ' ' . substr $bytes, index($bytes, "\r\n\r\n") + 4, 500;
	$text =~ s/[^ -~]/?/g;
	return $text;
}

sub judge_answer {
	my ($id, $bytes) = @_;
	my ($honest, $asked) = @{delete $sent{$id}};
	my $a = Wire::answer($bytes);
	$tally{$a->{status}}++;
	$tally{honest}++ if $honest;
	broken('answer', shown($asked, $a))
	    if !$a->{status} || $a->{status} == 502 ||
	    $a->{gate} && $a->{status} >= 500;
	die "too many requests had no answer\n" if @{$broken{answer}} > 50;
	broken('honest', shown($asked, $a))
	    if $honest && $a->{gate} && $a->{status} >= 400;
}

sub key { my ($k, $o) = @_;
	return $k eq 'volume' ? $o->{Name} : $o->{Id} }
sub things {
	my $v = Wire::get('/volumes')->{Volumes} // [];
	return (container => Wire::get('/containers/json?all=1'),
	    volume => $v, network => Wire::get('/networks'));
}

my %stays;		# what was there before, by kind and key
my %execs;

# Bob's, as far as it can be changed.
sub portrait {
	my $b = Wire::get("/containers/$value{BOB_ID}/json") or return 'gone';
	return Wire::encode([ @{$b->{State}}{qw(Status StartedAt Pid)},
	    $b->{Name}, $b->{HostConfig}, [ sort @{$b->{ExecIDs} // []} ],
	    [ sort keys %{$b->{NetworkSettings}{Networks}} ],
	    map { my $o = Wire::get($_); $o ? $o->{Id} // $o->{Name} : 'gone' }
	    "/volumes/$value{BOB_VOLUME}", "/networks/$value{BOB_NET_ID}",
	    "/images/ds01t-bimg:1/json", "/images/$value{IMAGE}/json" ]);
}
my $bob;

sub judge_execs {
	my ($mine) = @_;
	for (grep { !$execs{$_}++ } @{$mine->{ExecIDs} // []}) {
		my $e = Wire::get("/exec/$_/json") or next;
		broken('object', "exec: $_") for Judge::exec($e);
		$tally{objects}++;
	}
}

sub judge_one {
	my ($k, $key) = @_;
	my $o = Wire::get("/${k}s/$key" . ($k eq 'container' ? '/json' : ''))
	    or return;
	no strict 'refs';
	broken('object', "$k " . ($o->{Name} // '') . ": $_")
	    for &{"Judge::$k"}($o);
	$tally{objects}++;
}

# Every object in the engine is looked at, and what is new is taken away.
sub judge_engine {
	my %now = things();
	my $mine = Wire::get("/containers/$value{ALICE_ID}/json");
	if ($mine) {
		broken('object', "own container: $_")
		    for Judge::container($mine);
		judge_execs($mine);
	} else {
		broken('gone', 'the own container');
	}
	for my $k (qw(container volume network)) {
		judge_one($k, $_) for grep { !$stays{"$k $_"} }
		    map { key($k, $_) } @{$now{$k}};
	}
	broken('others', portrait()) if portrait() ne $bob;
	for my $k (qw(container network volume)) {
		my $query = { container => '?force=1&v=1', network => '',
		    volume => '?force=1' }->{$k};
		Wire::root('DELETE', "/${k}s/$_$query")
		    for grep { !$stays{"$k $_"} }
		    map { key($k, $_) } @{$now{$k}};
	}
	for (@{Wire::get('/images/json')}) {
		for (grep { /^ds01t-(img|stolen)/ } @{$_->{RepoTags} // []}) {
			broken('object', "image $_") if /stolen/;
			Wire::root('DELETE', "/images/$_?force=1");
		}
	}
}

sub say_row {
	my ($property, $words) = @_;
	my @lines = @{$broken{$property}};
	printf "%d\t%s\n", @lines ? 1 : 0, $words;
	my %seen;
	@lines = grep { !$seen{substr $_, 0, 60}++ } @lines;
	print "# $_\n" for @lines > 8 ? @lines[0 .. 7] : @lines;
}

# --- the run ---------------------------------------------------------------------------------

read_table();
require $parts;
$| = 1;
Judge::about(user => $value{ALICE}, home => $value{HOME},
    uid => $value{UID}, gid => $value{GID}, remaps => $value{REMAPS},
    own => [ @value{qw(ALICE_ID OWN_NET_ID)} ],
    foreign => [ @value{qw(BOB_ID BOB_VOLUME BOB_NET BOB_NET_ID UNOWNED_ID
	PROTECTED_ID)} ]);
{
	my %now = things();
	for my $k (keys %now) {
		$stays{"$k " . key($k, $_)} = 1 for @{$now{$k}};
	}
	$bob = portrait();
}
my $session = Wire::session(@command);
for my $turn (1 .. $count) {
	my ($honest, $bytes) = invent($turn);
	$sent{$turn} = [ $honest, $bytes ];
	$session->put($turn, $bytes);
	judge_answer($session->take) while $session->{under_way} >= AT_ONCE;
	next if $turn % BATCH && $turn != $count;
	judge_answer($session->take) while $session->{under_way};
	judge_engine();
}
print '# ', join(', ', map { "$_: $tally{$_}" } sort keys %tally), "\n";
broken('object', 'no object was judged') unless $tally{objects};
broken('honest', 'there was no honest request') unless $tally{honest};
say_row('answer', 'each request has an answer, none of them from a gate that failed');
say_row('object', 'no object in the engine breaks the policy');
say_row('others', "what is bob's or everybody's is as it was");
say_row('honest', 'no honest request is refused by the gate');
say_row('gone', "alice's own container is still there");
