#!/usr/bin/perl
# policy.pl - every row of the policy lets something through and refuses
# something, and the engine agrees.
#
#   perl policy.pl VALUES ROWS TABLE -- SESSION-COMMAND…
#
# ROWS is what policy.c prints, the gate's own tables; TABLE is
# tests/data/policy.tsv, which says what is expected.  As root; what is sent
# goes through the user's session.  Prints "0<TAB>words" or "1<TAB>words" a
# row, and "#…" lines about what failed.
use strict;
use warnings;
use FindBin;
require "$FindBin::Bin/../lib/wire.pl";

my ($values, $rows, $table, undef, @command) = @ARGV;
Wire::values_of($values);
my ($api) = ($ENV{ENGINE_API} =~ /^1\.(\d+)$/);
my $session = Wire::session(@command);
my ($turn, @failed) = (0);

# --- the tables -----------------------------------------------------------------

my (@fields, @params, @routes, %frame, %line);

sub read_rows {
	open my $f, '<', $rows or die "$rows: $!\n";
	while (<$f>) {
		chomp;
		my ($kind, @c) = split /\t/;
		push @fields, [ @c ] if $kind eq 'field';
		push @params, [ @c ] if $kind eq 'param';
		push @routes, [ @c ] if $kind eq 'route';
	}
	@fields && @params && @routes or die "$rows: no rows\n";
}

sub read_table {
	open my $f, '<', $table or die "$table: $!\n";
	while (<$f>) {
		chomp;
		next if /^(#|$)/;
		my @c = split /\t+/;
		$frame{$c[1]} = [ @c[2, 3] ], next if $c[0] eq 'frame';
		push @{$line{$c[0]}}, [ @c[1 .. $#c] ];
	}
}

# --- requests ---------------------------------------------------------------------

# Where "@" stands in the frame, the members go.
sub put_in {
	my ($tree, $members) = @_;
	if (ref $tree eq 'ARRAY') {
		return (grep { put_in($_, $members) } @$tree) ? 1 : 0;
	}
	return 0 unless ref $tree eq 'HASH';
	if (exists $tree->{'@'}) {
		delete $tree->{'@'};
		@$tree{keys %$members} = values %$members;
		return 1;
	}
	return (grep { put_in($_, $members) } values %$tree) ? 1 : 0;
}

# "VALUE + {…}" for that member, as a whole request.
sub build {
	my ($schema, $member, $text, $name) = @_;
	my $f = $frame{$schema} or die "$schema has no frame\n";
	my ($value, $more) = split / \+ (?=\{)/, Wire::fill($text, $name), 2;
	my $members = $more ? Wire::decode($more) : {};
	my $v = Wire::decode($value);
	die "$schema.$member: $value?\n" unless defined $v || $value eq 'null';
	$members->{$member} = $v;
	my $tree = Wire::decode(Wire::fill($f->[1], $name));
	put_in($tree, $members) or die "$schema: no \@ in the frame\n";
	my ($method, $path) = split / /, Wire::fill($f->[0], $name);
	return Wire::request($method, $path, Wire::encode($tree));
}

# Bodies that act on what is there want it to be there.
sub prepare {
	my ($schema) = @_;
	my ($net, $c) = @Wire::value{qw(OWN_NET ALICE_ID)};
	my $body = { Container => $c, Force => \1 };
	Wire::root('POST', "/networks/$net/disconnect", $body)
	    if $schema eq 'connect';
	Wire::root('POST', "/networks/$net/connect", { Container => $c })
	    if $schema eq 'disconnect';
	$Wire::value{EXEC} = Wire::root('POST', "/containers/$c/exec",
	    { Cmd => ['true'] })->{json}{Id} if $schema eq 'exec_start';
}

sub ask {
	my ($schema, $member, $text) = @_;
	my $name = 'ds01t-x' . ++$turn;
	prepare($schema);
	return ($name, $session->send(build($schema, $member, $text, $name)));
}

# --- what root sees -----------------------------------------------------------------

sub object_of {
	my ($schema, $name, $a) = @_;
	my ($kind) = ($schema =~ /^([a-z]+)/);
	my $c = "/containers/$Wire::value{ALICE_ID}/json";
	my %at = (create => "/containers/$name/json",
	    endpoint => "/containers/$name/json", update => $c,
	    connect => $c, disconnect => $c, volume => "/volumes/$name",
	    network => "/networks/$name",
	    commit => "/images/ds01t-img:$name/json");
	$at{exec} = "/exec/$a->{json}{Id}/json"
	    if $kind eq 'exec' && ref $a->{json} eq 'HASH' && $a->{json}{Id};
	return $at{$kind} ? Wire::get($at{$kind}) : undef;
}

# The value as it was sent, where the table names a path only.
sub wanted {
	my ($seen, $sent, $name) = @_;
	my ($path, $want) = split /=/, Wire::fill($seen, $name), 2;
	($want) = split / \+ (?=\{)/, Wire::fill($sent, $name)
	    unless defined $want;
	return ($path, Wire::decode($want));
}

sub remove {
	my ($name) = @_;
	Wire::root('DELETE', "/containers/$name?force=1&v=1");
	Wire::root('DELETE', "/volumes/$name?force=1");
	Wire::root('DELETE', "/volumes/$name-v?force=1");
	Wire::root('DELETE', "/networks/$name");
	Wire::root('DELETE', "/images/ds01t-img:$name?force=1");
}

# --- verdicts -----------------------------------------------------------------------

sub fail {
	my ($a, $why) = @_;
	my $text = substr $a->{message} || $a->{body}, 0, 160;
	$text =~ s/[^ -~]/?/g;
	push @failed, "$why: $a->{status} $text";
}

sub let_through {
	my ($schema, $member, $text, $seen, $flags) = @_;
	my ($name, $a) = ask($schema, $member, $text);
	my $what = "$member $text";
	if ($a->{gate} && $a->{status} >= 400) {
		fail($a, "$what is refused");
	} elsif ($seen ne '~' && $a->{status} !~ /^2/) {
		fail($a, "$what");
	} elsif ($seen !~ /^[-~]$/ &&
	    !($flags =~ /api>=(\d+)/ && $api < $1)) {
		my ($path, $want) = wanted($seen, $text, $name);
		my $o = object_of($schema, $name, $a);
		my $e = $o ? Wire::see($o, $path, $want) : 'no object';
		fail($a, "$what: $path is $e") if $e;
	}
	remove($name) if $a->{status} =~ /^2/ && $schema !~ /^exec/;
}

sub not_there {
	my ($schema, $name, $a, $what) = @_;
	return if $schema =~ /^(exec|update|connect|disconnect|auth)/;
	fail($a, "$what is there") if object_of($schema, $name, $a);
}

sub is_refused {
	my ($schema, $member, $text, $reason) = @_;
	my ($name, $a) = ask($schema, $member, $text);
	my $what = "$member $text";
	my $got = Wire::reason($a);
	fail($a, "$what is not refused")
	    unless $a->{gate} && $a->{status} >= 400 && $a->{status} < 500;
	fail($a, "$what: reason $got, not $reason")
	    unless $got =~ /^($reason)$/;
	not_there($schema, $name, $a, $what);
}

my %wrong = (bool => '"x"', int => '"1"', string => '1', strings => '"x"',
    words => '1', map => '["x"]', ints => '["x"]', object => '"x"',
    array => '{"a":"x"}', matrix => '["x"]');

sub try_field {
	my ($row, $type, $verdict, $reason) = @_;
	my ($schema, $member) = ($row =~ /^(.*)\.([^.]+)$/);
	my ($n, $denied) = (0, 0);
	@failed = ();
	for (@{$line{$row} // []}) {
		my ($allow, $seen, $refuse, $why, $flags) = @$_;
		let_through($schema, $member, $allow, $seen, $flags // '');
		$n++;
		next if $refuse eq '-';
		is_refused($schema, $member, $refuse, $why);
		$denied++;
	}
	push @failed, 'no line in the table' unless $n;
	push @failed, 'nothing that is refused in the table'
	    if !$denied && $verdict =~ /^(if|deny)$/;
	is_refused($schema, $member, $wrong{$type}, 'bad_field');
	my $other = lc $member eq $member ? uc $member : lc $member;
	is_refused($schema, $other, 'null', 'unknown_field');
	say_row("$row ($verdict" . ($denied ? '' : '; only lets through') . ')');
}

sub say_row {
	printf "%d\t%s\n", @failed ? 1 : 0, $_[0];
	print "# $_\n" for @failed;
}

# --- parameters and routes that ordinary users do not have -------------------------------

sub fill_path {
	my ($path) = @_;
	my $c = $path =~ m,^/containers/, ? $Wire::value{ALICE_ID} : 'x';
	$path =~ s/\{[a-z]+\}/$c/g;
	return $path;
}

sub try_param {
	my ($row, $method, $path, $reason) = @_;
	my ($param) = ($row =~ /([^.]+)$/);
	@failed = ();
	for my $value ('x', '') {
		my $tar = $path eq '/build';
		my $a = $session->send(Wire::request($method,
		    fill_path($path) . "?$param=$value", $tar ? '' : undef,
		    'application/x-tar'));
		my $got = Wire::reason($a);
		fail($a, "$param=$value: reason $got, not $reason")
		    if $value && $got ne $reason;
		fail($a, "an empty $param is refused")
		    if !$value && $got && $got ne 'not_found';
	}
	say_row("$row (parameter)");
}

sub try_route {
	my ($op, $method, $path) = @_;
	@failed = ();
	my $a = $session->send(Wire::request($method eq 'ANY' ? 'PUT' :
	    $method, fill_path($path), $method =~ /^P/ ? '{}' : undef));
	my $got = Wire::reason($a);
	my $want = { 'plugin.inspect' => 'not_found',
	    'debug.anymethod' => 'unknown_route' }->{$op} // 'admin_only';
	fail($a, "reason $got, not $want") unless $got eq $want;
	say_row("$op (only refuses)");
}

$| = 1;
read_rows();
read_table();
try_field(@$_) for @fields;
my %known = map { $_->[0] => 1 } @fields;
@failed = grep { !$known{$_} } sort keys %line;
say_row('the table names no row that the policy does not have');
try_param(@$_) for @params;
try_route(@$_) for @routes;
