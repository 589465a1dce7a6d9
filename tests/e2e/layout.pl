# layout.pl - an upload of one image as an OCI layout, as no client makes it.
#
#   perl layout.pl LAYER NAME OUT ENTRY…
#
# LAYER is a tar.  An ENTRY is a manifest of the index: words separated by ';'
# PLATFORM ("linux/386"), JSON of its config's "config", and perhaps "proof"
# (it calls itself an attestation), "DIFF=FILE" (the config says that FILE is
# the layer), "CONFIG=DIGEST" or "LAYER=DIGEST" (the manifest names that as its
# config, its layer).  In the environment, "NEST=20 2": two further indexes
# around it, each of 20 times the next one; "FIRST=1": index.json comes first.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use JSON::PP;

my ($layer_file, $name, $out, @entries) = @ARGV;
my $json = JSON::PP->new->canonical;
my $oci = 'application/vnd.oci.image.';
my %blobs;

sub slurp {
	open my $f, '<:raw', $_[0] or die "$_[0]: $!\n";
	local $/;
	return scalar <$f>;
}
sub blob {	# what refers to it
	my ($type, $bytes) = @_;
	my $digest = sha256_hex($bytes);
	$blobs{$digest} = $bytes;
	return { mediaType => "$oci$type", digest => "sha256:$digest",
	    size => length $bytes };
}
sub manifest {
	my ($platform, $config, @how) = split /;/, $_[0];
	my ($os, $arch) = split m{/}, $platform;
	my %how = map { /^(\w+)(?:=(.*))?$/ ? ($1 => $2 // 1) : () } @how;
	my $layer = slurp($layer_file);
	my $diff = defined $how{DIFF} ? slurp($how{DIFF}) : $layer;
	my $made = blob('config.v1+json', $json->encode({
	    os => $os, architecture => $arch, config => $json->decode($config),
	    rootfs => { type => 'layers',
	    diff_ids => ['sha256:' . sha256_hex($diff)] },
	    history => [{ created_by => 'layout.pl' }] }));
	$made->{digest} = $how{CONFIG} if defined $how{CONFIG};
	my $below = blob('layer.v1.tar', $layer);
	$below->{digest} = $how{LAYER} if defined $how{LAYER};
	my $m = blob('manifest.v1+json', $json->encode({ schemaVersion => 2,
	    mediaType => "${oci}manifest.v1+json", config => $made,
	    layers => [$below] }));
	$m->{platform} = { os => $os, architecture => $arch };
	$m->{annotations} = { 'vnd.docker.reference.type' =>
	    'attestation-manifest' } if $how{proof};
	return $m;
}
sub member {
	my ($path, $bytes) = @_;
	my $head = pack 'a100a8a8a8a12a12a8a1a100a6a2a32a32a8a8a155x12', $path,
	    '0000644', '0000000', '0000000', sprintf('%011o', length $bytes),
	    '00000000000', ' ' x 8, '0', '', "ustar\0", '00', '', '', '', '', '';
	substr $head, 148, 8, sprintf("%06o\0 ", unpack '%32C*', $head);
	return $head . $bytes . "\0" x (-length($bytes) % 512);
}

sub list {
	return { schemaVersion => 2, mediaType => "${oci}index.v1+json",
	    manifests => [@_] };
}

my @list = map { manifest($_) } @entries;
my $top = @list == 1 ? $list[0] :
    blob('index.v1+json', $json->encode(list(@list)));
my ($fan, $depth) = split / /, $ENV{NEST} // '0 0';
$top = blob('index.v1+json', $json->encode(list(($top) x $fan)))
    for 1 .. $depth;
$top->{annotations}{'io.containerd.image.name'} = $name;
my @members = (map({ member("blobs/sha256/$_", $blobs{$_}) } sort keys %blobs),
    member('index.json', $json->encode({ schemaVersion => 2,
    manifests => [$top] })));
unshift @members, pop @members if $ENV{FIRST};
open my $tar, '>:raw', $out or die "$out: $!\n";
print $tar member('oci-layout', '{"imageLayoutVersion":"1.0.0"}'), @members,
    "\0" x 1024;
close $tar or die "$out: $!\n";
