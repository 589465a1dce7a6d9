# wire.pl - requests of a user, and root's own look at the engine.
#
# For corpus.pl, policy.pl and hostile.pl, which run as root: what is sent
# goes through a real session of the user's (sender.pl), and the judge asks
# the engine on its own socket.
package Wire;
use strict;
use warnings;
use IO::Socket::UNIX;
use IPC::Open2;
use JSON::PP;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
sub encode { $json->encode($_[0]) }
sub decode { my $v = eval { $json->decode($_[0]) }; $v }

# --- {NAME}s of cases and tables ---------------------------------------------------

our %value;

# A file of lines "NAME value".
sub values_of {
	open my $f, '<', $_[0] or die "$_[0]: $!\n";
	while (<$f>) {
		$value{$1} = $2 if /^(\S+) (.*)$/;
	}
	return \%value;
}

# {NAME} itself is new for each request.
sub fill {
	my ($text, $name) = @_;
	local $value{NAME} = $name;
	$text =~ s/\{([A-Z][A-Z0-9_]*)\}/$value{$1} \/\/ die "{$1}?\n"/ge;
	return $text;
}

# --- the user's requests ------------------------------------------------------

# The command of the session, as a list.
sub session {
	my $pid = open2(my $from, my $to, @_);
	binmode $_ for $from, $to;
	return bless { pid => $pid, from => $from, to => $to, in => '',
	    under_way => 0 }, 'Wire';
}

sub put {
	my ($w, $id, $bytes) = @_;
	my $text = "$id " . length($bytes) . "\n$bytes";
	while (length $text) {
		my $n = syswrite $w->{to}, $text;
		die "the session ended\n" unless $n;
		substr $text, 0, $n, '';
	}
	$w->{under_way}++;
}

# The next answer that comes: (id, bytes).
sub take {
	my ($w) = @_;
	while (1) {
		if ($w->{in} =~ /^(\S+) (\d+)\n/ &&
		    length $w->{in} >= $+[0] + $2) {
			my ($id, $at, $len) = ($1, $+[0], $2);
			my $answer = substr $w->{in}, $at, $len;
			substr $w->{in}, 0, $at + $len, '';
			$w->{under_way}--;
			return ($id, $answer);
		}
		sysread $w->{from}, $w->{in}, 1 << 20, length $w->{in}
		    or die "the session ended\n";
	}
}

sub send {
	my ($w, $bytes) = @_;
	$w->put('x', $bytes);
	return answer(($w->take)[1]);
}

# Taken apart: status, whether the gate itself said so, the JSON.
sub answer {
	my ($bytes) = @_;
	$bytes =~ s,^HTTP/1\.1 100 [^\r]*\r\n\r\n,,;
	my ($head, $body) = split /\r\n\r\n/, $bytes, 2;
	my %a = (bytes => $bytes, body => $body // '', status => 0);
	$a{status} = $1 if ($head // '') =~ m,^HTTP/1\.1 (\d{3})\b,;
	$a{gate} = ($head // '') =~ /^Server: ds01-docker\r?$/m ? 1 : 0;
	if (($head // '') =~ /^Transfer-Encoding: chunked\r?$/mi) {
		my ($whole, $rest) = ('', $a{body});
		while ($rest =~ /^([0-9a-f]+)\r\n/i) {
			$whole .= substr $rest, $+[0], hex $1;
			substr $rest, 0, $+[0] + 2 + hex $1, '';
		}
		$a{body} = $whole;
	}
	$a{json} = decode($a{body});
	$a{message} = ref $a{json} eq 'HASH' ? $a{json}{message} // '' : '';
	return \%a;
}

sub request {
	my ($method, $target, $body, $type) = @_;
	my $head = "$method $target HTTP/1.1\r\nHost: d\r\n" .
	    "Connection: close\r\n";
	return "$head\r\n" unless defined $body;
	return $head . 'Content-Type: ' . ($type // 'application/json') .
	    "\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
}

# --- the engine, as root ---------------------------------------------------------

my $engine;

sub read_answer {
	my ($in, $need) = ('', -1);
	while (1) {
		my $n = sysread $engine, $in, 1 << 20, length $in;
		return unless $n;
		next unless $in =~ /\r\n\r\n/;
		my ($head, $rest) = (substr($in, 0, $-[0]), substr $in, $+[0]);
		return $in if $head =~ m,^HTTP/1\.1 (204|304),;
		return $in if $head =~ /^Content-Length: (\d+)/mi &&
		    length $rest >= $1;
		return $in if $head =~ /^Transfer-Encoding: chunked/mi &&
		    $rest =~ /(^|\r\n)0\r\n\r\n\z/;
	}
}

# Over one connection that is kept.
sub root {
	my ($method, $target, $body) = @_;
	for (1, 2) {
		$engine //= IO::Socket::UNIX->new($ENV{ENGINE_SOCKET})
		    or die "engine: $!\n";
		my $text = request($method, $target,
		    defined $body ? encode($body) : undef);
		$text =~ s/Connection: close\r\n//;
		local $SIG{PIPE} = 'IGNORE';
		my $in = syswrite($engine, $text) ? read_answer() : undef;
		return answer($in) if defined $in;
		undef $engine;
	}
	die "the engine does not answer $method $target\n";
}

sub get {
	my $a = root('GET', $_[0]);
	return $a->{status} == 200 ? $a->{json} : undef;
}

# --- answers of an inspect --------------------------------------------------------

# "HostConfig.Mounts[0].Type": the value there, or undef.
sub at {
	my ($v, $path) = @_;
	for (split /(?=\[\d+\])|\./, $path) {
		if (/^\[(\d+)\]$/) {
			return unless ref $v eq 'ARRAY';
			$v = $v->[$1];
		} else {
			return unless ref $v eq 'HASH';
			$v = $v->{$_};
		}
	}
	return $v;
}

# All that want says, got says too; got may say more in an object.
sub holds {
	my ($got, $want) = @_;
	if (ref $want eq 'HASH') {
		return !%$want && !defined $got || ref $got eq 'HASH' &&
		    !grep { !holds($got->{$_}, $want->{$_}) } keys %$want;
	}
	if (ref $want eq 'ARRAY') {
		return !@$want && !defined $got || ref $got eq 'ARRAY' &&
		    @$got == @$want &&
		    !grep { !holds($got->[$_], $want->[$_]) } 0 .. $#$want;
	}
	return (defined $got ? "$got" : '') eq (defined $want ? "$want" : '');
}

# '' or what is there instead.  "[*]": some element of a list.
sub see {
	my ($o, $path, $want) = @_;
	if ($path =~ /^(.*)\[\*\]\.(.*)$/) {
		my ($list, $rest) = (at($o, $1) // [], $2);
		return '' if grep { holds(at($_, $rest), $want) } @$list;
		return encode($list) . ", none with $rest " . encode($want);
	}
	my $got = at($o, $path);
	return holds($got, $want) ? '' : encode($got) . ', not ' . encode($want);
}

# --- reasons -----------------------------------------------------------------------

# As "ds01-dockerctl explain" lists them.
my @reasons;

sub reasons {
	return @reasons if @reasons;
	my $id;
	for (qx($ENV{PLACE}/usr/sbin/ds01-dockerctl explain)) {
		chomp;
		$id = $1, next if /^([a-z_0-9]+) \(HTTP status/;
		next unless defined $id && /^  (.+)$/;
		my $text = quotemeta $1;
		# without a detail, its colon is left out too
		$text =~ s/((?:\\:\\ )?)\\\.\\\.\\\./(?:$1.*)?/;
		push @reasons, [ $id, qr/^$text/s ] unless $text =~ /^\(/;
		undef $id;
	}
	# the longest text says it best
	@reasons = sort { length $b->[1] <=> length $a->[1] } @reasons;
	return @reasons;
}

# The reason's id: by the text the user sees, and not_found for dockerd's own
# words.
sub reason {
	my ($a) = @_;
	return '' unless $a->{gate} && $a->{status} >= 400;
	for (reasons()) {
		return $_->[0] if $a->{message} =~ $_->[1];
	}
	return $a->{message} =~ /^No such | not found$/ ? 'not_found' : '?';
}

# … and by the event that the text names.
sub recorded {
	my ($a) = @_;
	my ($event) = $a->{message} =~ /\[ds01:([0-9a-z]+)\]$/ or return '';
	open my $f, '<', "$ENV{PLACE}/var/log/ds01/events.jsonl" or return '';
	seek $f, -65536, 2;
	my $found = '';
	while (<$f>) {
		next unless /\Q$event\E/;
		my $e = decode($_);
		$found = $e->{details}{reason_id} // '' if ref $e eq 'HASH';
	}
	return $found;
}

1;
