# node.sh - the clients that come from npm, at fixed versions.  Sourced.
#
#   node_fetch       fills the cache folder, once; 1 if it cannot be done
#   NODE_CACHE       node_modules is in there, readable for all
#   node_run USER …  node as a user, with these modules (in e2e rows)
#
# They need node and npm (packages.sh); no script of any package is run.

NODE_CLIENTS='dockerode@4.0.12 @devcontainers/cli@0.80.3'
NODE_CACHE=${NODE_CACHE:-${XDG_CACHE_HOME:-/var/cache}/ds01-docker-node}
export NODE_CACHE

node_fetch() (
	[ "$(cat "$NODE_CACHE/complete" 2>/dev/null)" != "$NODE_CLIENTS" ] ||
	    exit 0
	echo "# fetching $NODE_CLIENTS"
	rm -rf "$NODE_CACHE"
	mkdir -p "$NODE_CACHE" && cd "$NODE_CACHE" || exit 1
	echo '{"private":true}' >package.json
	npm install --no-audit --no-fund --ignore-scripts --omit=optional \
	    --save-exact --cache "$NODE_CACHE/npm" $NODE_CLIENTS >log 2>&1 ||
	    { tail -n 5 log >&2; exit 1; }
	rm -rf npm
	chmod 0755 .
	chmod -R go+rX node_modules
	echo "$NODE_CLIENTS" >complete
)
