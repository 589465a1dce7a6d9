#!/usr/bin/perl
# corpus.pl - sends the cases of tests/data/requests and judges the engine.
#
#   perl corpus.pl VALUES FILE… -- SESSION-COMMAND…
#
# As root; what is sent goes through the user's session.  VALUES is a file of
# lines "NAME value" for the {NAME}s of the cases.  Prints "0<TAB>words" or
# "1<TAB>words" a case, and "#…" lines about what failed.
#
# A case: lines "# key: value", then a request with LF line ends; the length
# of the body is counted here.  Keys:
#   what, from     one line each, for the reader
#   reason         deny: the id of the reason (several with |)
#   key            the member that the encodings disguise
#   encodings      ways to say the same, each of which must be refused too;
#                  or, in allow, must be accepted too
#   engines        >=26, <28: which releases it is about
#   see            allow: PATH=JSON of the object's inspect answer
#   never          nothing in the engine may be called so afterwards
#   raw            the head goes out as it stands
use strict;
use warnings;
use FindBin;
require "$FindBin::Bin/../lib/wire.pl";
require "$FindBin::Bin/../lib/judge.pl";

my ($values, @args) = @ARGV;
my (@files, @command);
while (@args) {
	my $a = shift @args;
	@command = @args, last if $a eq '--';
	push @files, $a;
}
my %value = %{Wire::values_of($values)};
my ($release) = ($ENV{ENGINE} =~ /^(\d+)/);
my ($api) = ($ENV{ENGINE_API} =~ /^1\.(\d+)$/);
my $session = Wire::session(@command);
my $turn = 0;

# --- cases ----------------------------------------------------------------------

sub read_case {
	my ($file) = @_;
	my %c = (file => $file, see => [], never => [], encodings => '');
	open my $f, '<', $file or die "$file: $!\n";
	while (<$f>) {
		last unless /^# (\w+): *(.*?)\s*$/;
		ref $c{$1} ? push @{$c{$1}}, $2 : ($c{$1} = $2);
	}
	my $text = $_ // '';
	{ local $/; $text .= <$f> // ''; }
	($c{head}, $c{body}) = split /\n\n/, $text, 2;
	$c{body} //= '';
	$c{body} =~ s/\n\z// unless $c{raw};
	$c{what} && $c{from} && $c{head} =~ /^\S+ \S/
	    or die "$file: what, from and a request are needed\n";
	return \%c;
}

sub applies {
	my ($c) = @_;
	for (split ' ', $c->{engines} // '') {
		/^>=(\d+)$/ and $release < $1 and return 0;
		/^<(\d+)$/ and $release >= $1 and return 0;
	}
	return 1;
}

# --- encodings ---------------------------------------------------------------------

# Each takes a case and returns variants: [ words, head, body, reasons, how ].
# reasons: what is expected beside the case's own; how: framing.
sub variant { my ($w, $c, %o) = @_;
	return { words => $w, head => $o{head} // $c->{head},
	    body => $o{body} // $c->{body}, reason => $o{reason} // '',
	    frame => $o{frame} // 'length' } }

my $no_key = 'unknown_field|bad_json|bad_field';

# The keys that say it: the one named, and HostConfig where it stands.
sub keys_of {
	my ($c) = @_;
	my @k = $c->{key} // ();
	push @k, 'HostConfig' if $c->{body} =~ /"HostConfig"/ &&
	    ($c->{key} // '') ne 'HostConfig';
	return @k;
}

sub rekey {
	my ($c, $words, $how) = @_;
	my @v;
	for my $k (keys_of($c)) {
		my %seen = ($k => 1);
		for my $new (grep { !$seen{$_}++ } $how->($k)) {
			my $body = $c->{body};
			$body =~ s/"\Q$k\E"(\s*:)/"$new"$1/ or
			    die "$c->{file}: no key $k\n";
			push @v, variant("$words $new", $c, body => $body,
			    reason => $no_key);
		}
	}
	return @v;
}

sub typed {
	my ($c, $type, %o) = @_;
	my $head = $c->{head};
	$head =~ s/^Content-Type:.*$/Content-Type: $type/mi or
	    $head .= "\nContent-Type: $type";
	return variant("as $type", $c, head => $head,
	    reason => 'bad_content_type', %o);
}

sub old_version {
	my ($c, $n) = @_;
	my $head = $c->{head};
	$head =~ s,^(\S+) /(v1\.\d\d/)?,$1 /v1.$n/,;
	return variant("API 1.$n", $c, head => $head);
}

# Engines up to 26.1 read HostConfig's members at the top level.
sub to_top {
	my ($c) = @_;
	my $tree = Wire::decode(Wire::fill($c->{body}, '{NAME}'))
	    or die "$c->{file}: no JSON\n";
	my $host = delete $tree->{HostConfig};
	my $text = Wire::encode({ %$tree, %$host });
	my @v = ($text);
	for my $add ('null', '{}') {
		(my $t = $text) =~ s/\}\z/,"HostConfig":$add}/;
		push @v, $t;
	}
	return map { variant('top level', $c, body => $_, reason =>
	    "$no_key|runtime|field_denied") } @v;
}

sub repeated {
	my ($c) = @_;
	my @v;
	my $body = $c->{body};
	if ($body =~ /"HostConfig"\s*:\s*(\{.*\})\s*\}\z/s) {
		my $host = $1;
		for my $two ("{\"NetworkMode\":\"none\"},\"HostConfig\":$host",
		    "$host,\"HostConfig\":{\"NetworkMode\":\"none\"}") {
			(my $b = $body) =~ s/\Q$host\E\s*\}\z/$two}/;
			push @v, $b;
		}
	}
	for my $k ($c->{key} // ()) {
		(my $b = $body) =~ s/"\Q$k\E"(\s*:)/"$k":null,"$k"$1/;
		push @v, $b;
	}
	return map { variant('twice', $c, body => $_, reason => 'bad_json') }
	    @v;
}

my %encoding = (
	case => sub { rekey($_[0], 'key', sub { (lc $_[0], uc $_[0],
	    lcfirst $_[0], ucfirst lc $_[0]) }) },
	fold => sub { rekey($_[0], 'key', sub {
	    (my $s = $_[0]) =~ s/[sS]/\xc5\xbf/;
	    (my $k = $_[0]) =~ s/[kK]/\xe2\x84\xaa/;
	    ($s, $k) }) },
	escape => sub { rekey($_[0], 'key', sub { my $k = $_[0];
	    map { my $t = $k; substr($t, $_, 1) = sprintf '\u%04x',
		ord substr $t, $_, 1; $t } 0, length($k) - 1 }) },
	nul => sub { rekey($_[0], 'key', sub { ("$_[0]\\u0000", "$_[0] ",
	    " $_[0]", "\\ufeff$_[0]") }) },
	dup => \&repeated,
	top => \&to_top,
	old => sub { my $c = shift; map { old_version($c, $_) }
	    grep { $_ <= $api } 24, 30, 39, 40, 41, 44, $api },
	form => sub { typed($_[0], 'application/x-www-form-urlencoded') },
	charset => sub { map { typed($_[0], $_) }
	    'application/json; charset=utf-16', 'text/plain',
	    'application/json, text/plain', 'application/jsonx' },
	multipart => sub { my $c = shift;
	    my $pad = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"
		. ('A' x 70000) . "\r\n--x\r\nContent-Disposition: form-data; "
		. "name=\"b\"\r\n\r\n$c->{body}\r\n--x--\r\n";
	    typed($c, 'multipart/form-data; boundary=x', body => $pad) },
	chunked => sub { variant('in chunks', $_[0], frame => 'chunked') },
	trailing => sub { my $c = shift; map { variant('and more', $c,
	    body => $_, reason => 'bad_json') }
	    $c->{body} . '{"HostConfig":{"Privileged":true}}',
	    "$c->{body}\n null", "\xef\xbb\xbf$c->{body}", "$c->{body}\0" },
	pad => sub { my $c = shift; (my $b = $c->{body}) =~
	    s/^\{/'{' . ' ' x 1_100_000/e; variant('1 MiB of spaces', $c,
	    body => $b) },
	big => sub { my $c = shift; (my $b = $c->{body}) =~
	    s/^\{/'{' . ' ' x 5_000_000/e; variant('5 MB of spaces', $c,
	    body => $b, reason => 'body_too_large') },
	framing => sub { map { variant("framed $_", $_[0], frame => $_,
	    reason => 'bad_request|bad_json|bad_field') }
	    qw(both zero plus twice short extension trailer) },
	pipeline => sub { variant('behind another request', $_[0],
	    frame => 'behind') },
);
my @json = qw(case fold escape nul dup old form charset multipart chunked
    trailing pad framing pipeline);
my %group = (json => \@json, create => [ @json, 'top' ],
    path => [ qw(old pipeline) ]);

sub variants {
	my ($c) = @_;
	my @v = variant('plain', $c);
	for my $e (map { $group{$_} ? @{$group{$_}} : $_ }
	    split ' ', $c->{encodings}) {
		my $f = $encoding{$e} or die "$c->{file}: encoding $e?\n";
		push @v, $f->($c);
	}
	return @v;
}

# --- the wire -----------------------------------------------------------------------

sub in_chunks {
	my ($body, $how) = @_;
	my $ext = $how eq 'extension' ? ';a=b' : '';
	my $text = join '', map { sprintf "%x%s\r\n%s\r\n", length, $ext, $_ }
	    grep { length } unpack '(a17)*', $body;
	return $text . "0\r\n" . ($how eq 'trailer' ?
	    "Content-Length: 1\r\n" : '') . "\r\n";
}

sub bytes_of {
	my ($c, $v) = @_;
	my $name = 'ds01t-x' . ++$turn;
	my ($head, $body) = map { Wire::fill($_, $name) } $v->{head}, $v->{body};
	my ($frame, $n) = ($v->{frame}, length $body);
	my $te = 'Transfer-Encoding: chunked';
	$head =~ s/\n/\r\n/g;
	return ($name, "$head\r\n\r\n$body") if $c->{raw};
	$head .= "\r\nHost: d" unless $head =~ /^Host:/mi;
	$head .= "\r\nConnection: close" unless $head =~ /^Connection:/mi;
	my %lines = (length => [ "Content-Length: $n" ],
	    both => [ "Content-Length: $n", $te ],
	    zero => [ 'Content-Length: 0' ], plus => [ "Content-Length: +$n" ],
	    twice => [ "Content-Length: $n", 'Content-Length: 0' ],
	    short => [ 'Content-Length: ' . ($n > 5 ? $n - 5 : 0) ],
	    behind => [ "Content-Length: $n" ]);
	my @more = $lines{$frame} ? @{$lines{$frame}} : $te;
	@more = () if $n == 0 && ($frame eq 'length' || $frame eq 'behind');
	$body = in_chunks($body, $frame) unless $lines{$frame};
	my $text = join("\r\n", $head, @more) . "\r\n\r\n$body";
	$text = "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n$text"
	    if $frame eq 'behind';
	return ($name, $text);
}

# The last answer of the connection is that of the case.
sub last_answer {
	my ($bytes) = @_;
	my $at = 0;
	$at = $-[0] while $bytes =~ m,HTTP/1\.1 \d{3} [^\r]*\r\n,g;
	return Wire::answer(substr $bytes, $at);
}

sub exchange {
	my ($c, $v) = @_;
	my ($name, $text) = bytes_of($c, $v);
	$session->put('x', $text);
	my $a = last_answer(($session->take)[1]);
	return ($name, $a);
}

# --- the engine ---------------------------------------------------------------------

# All that a request could make, change or take away, as text a line.
sub whole {
	my @out;
	for (@{Wire::get('/containers/json?all=1')}) {
		my $i = Wire::get("/containers/$_->{Id}/json") or next;
		my $s = $i->{State};
		push @out, join ' ', 'container', $i->{Id}, $i->{Name},
		    $s->{Status}, $s->{StartedAt}, $s->{Pid},
		    Wire::encode([ $i->{HostConfig}, $i->{Config},
		    [ sort @{$i->{ExecIDs} // []} ], $i->{RestartCount},
		    [ sort map { Wire::encode($_) } @{$i->{Mounts}} ],
		    [ sort keys %{$i->{NetworkSettings}{Networks}} ] ]);
	}
	push @out, join ' ', 'volume', $_->{Name}, Wire::encode([
	    @{$_}{qw(Driver Labels Options CreatedAt)} ])
	    for @{Wire::get('/volumes')->{Volumes} // []};
	push @out, join ' ', 'network', @{$_}{qw(Id Name)},
	    Wire::encode([ @{$_}{qw(Driver Labels Options)} ])
	    for @{Wire::get('/networks')};
	for my $i (@{Wire::get('/images/json?all=1')}) {
		push @out, "image $_ $i->{Id}" for @{$i->{RepoTags} // []};
		push @out, "image $i->{Id}";
	}
	return map { $_ => 1 } @out;
}

my %before;
sub changes {
	my %now = whole();
	my @diff = ((map { "+ $_" } grep { !$before{$_} } sort keys %now),
	    map { "- $_" } grep { !$now{$_} } sort keys %before);
	return @diff;
}

# Takes away what a case made: whatever was not there before.
sub sweep {
	my %name = map { /^(\w+) (\S+)/; ("$1 $2" => 1) } keys %before;
	my %now = whole();
	my @gone = grep { !$name{$_} } map { /^(\w+ \S+)/ } keys %now;
	for my $kind (qw(container volume network image)) {
		my $query = { container => '?force=1&v=1',
		    network => '' }->{$kind} // '?force=1';
		for (map { /^\Q$kind\E (\S+)/ ? $1 : () } @gone) {
			Wire::root('DELETE', "/${kind}s/$_$query");
		}
	}
	%before = whole();
}

# --- verdicts -----------------------------------------------------------------------

my @failed;
sub fail {
	my ($v, $a, $why) = @_;
	my $text = substr $a->{message} || $a->{body}, 0, 160;
	$text =~ s/[^ -~]/?/g;
	push @failed, "$v->{words}: $why: $a->{status} $text";
}

sub judge_denied {
	my ($c, $v, $a) = @_;
	my $want = join '|', grep { length } $c->{reason}, $v->{reason};
	my $got = Wire::reason($a);
	return fail($v, $a, 'not refused')
	    unless $a->{status} >= 400 && $a->{status} < 500;
	return fail($v, $a, "reason $got, not $want")
	    unless $got =~ /^($want)$/;
	# What the user is told is what is on record.
	return unless $a->{status} == 403;
	my $rec = Wire::recorded($a);
	fail($v, $a, "recorded as $rec") unless $rec eq $got;
}

sub judge_allowed {
	my ($c, $v, $a, $name) = @_;
	return fail($v, $a, 'refused: ' . Wire::reason($a))
	    unless $a->{status} =~ /^(2..|304)$/;
	for my $kind (qw(container volume network)) {
		my $o = Wire::get({ container => "/containers/$name/json",
		    volume => "/volumes/$name",
		    network => "/networks/$name" }->{$kind}) or next;
		no strict 'refs';
		fail($v, $a, $_) for &{"Judge::$kind"}($o);
		for (@{$c->{see}}) {
			my ($path, $want) = split /=/, Wire::fill($_, $name), 2;
			my $e = Wire::see($o, $path, Wire::decode($want));
			fail($v, $a, "$path: $e") if $e;
		}
	}
	if ($c->{head} =~ m,/exec HTTP, && ref $a->{json} eq 'HASH') {
		my $e = Wire::get("/exec/$a->{json}{Id}/json");
		fail($v, $a, $_) for Judge::exec($e);
	}
}

sub is_mine {	# what an allowed request may have changed
	my ($line) = @_;
	return 1 if $line =~ /^\+/ || $line =~ /\Q"$value{ALICE}"\E/;
	return $line =~ /^- (container|volume|network)/ &&
	    $line =~ /"ds01.user":"\Q$value{ALICE}\E"/;
}

sub try_case {
	my ($c) = @_;
	my $deny = $c->{file} =~ m,/deny/,;
	my @v = variants($c);
	@failed = ();
	for my $v (@v) {
		my ($name, $a) = exchange($c, $v);
		$deny ? judge_denied($c, $v, $a) :
		    judge_allowed($c, $v, $a, $name);
	}
	my @diff = changes();
	push @failed, map { 'changed: ' . substr $_, 0, 200 }
	    grep { $deny || !is_mine($_) } @diff;
	for my $never (map { Wire::fill($_, '') } @{$c->{never}}) {
		push @failed, "there is a $never"
		    if grep { /(?:^| |\/)\Q$never\E(?:$| |:)/ }
		    map { /^\+ (\S+ \S+ \S+)/ } @diff;
	}
	sweep() if @diff;
	my ($short) = $c->{file} =~ m,([^/]+/[^/]+)$,;
	printf "%d\t%s: %s%s (%d requests)\n", @failed ? 1 : 0, $short,
	    $c->{what}, $deny ? " -> $c->{reason}" : '', scalar @v;
	print "# $_\n" for @failed > 6 ? @failed[0 .. 5] : @failed;
}

Judge::about(user => $value{ALICE}, home => $value{HOME},
    uid => $value{UID}, gid => $value{GID}, remaps => $value{REMAPS},
    own => [ grep { defined } @value{qw(ALICE_ID OWN_NET_ID)} ],
    foreign => [ grep { defined } @value{qw(BOB_ID BOB_VOLUME BOB_NET
	BOB_NET_ID UNOWNED_ID PROTECTED_ID)} ]);
$| = 1;
%before = whole();
try_case($_) for grep { applies($_) } map { read_case($_) } @files;
