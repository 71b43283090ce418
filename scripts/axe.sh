#!/usr/bin/env bash
# Fetches axe-core, with which the browser tests ask whether everybody can use the pages; says nothing when it is there.
#
#   scripts/axe.sh [DIRECTORY]     the user's cache by default, where the tests look
set -euo pipefail

version=4.14.1
package=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
directory=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/nuanju}
file=$directory/axe-core-$version.min.js
[ ! -s "$file" ] || exit 0

mkdir -p "$directory"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "setup: fetching axe-core $version"
registry=${npm_config_registry:-https://registry.npmjs.org}
curl -sSfL --retry 3 --retry-all-errors --max-time 120 -o "$work/axe.tgz" "${registry%/}/axe-core/-/axe-core-$version.tgz" || {
	# A registry that wants a name and password is npm's affair.
	command -v npm >/dev/null && (cd "$work" && npm pack --silent "axe-core@$version" && mv axe-core-*.tgz axe.tgz)
}
echo "$package  $work/axe.tgz" | sha256sum --quiet --check
tar -xzf "$work/axe.tgz" -C "$work" package/axe.min.js
mv "$work/package/axe.min.js" "$file"
