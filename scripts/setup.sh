#!/usr/bin/env bash
# Installs what is missing of the Debian packages that the named needs stand for; says nothing when nothing is.
#
#   scripts/setup.sh postgresql cc make certificates
#
# Works as root, or as a user who may sudo. On another system it names what is missing and fails.
set -euo pipefail

have() { # NEED: is it here already?
	case $1 in
	postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
	cc) command -v cc >/dev/null && echo '#include <stdlib.h>' | cc -E - >/dev/null 2>&1 ;;
	cjk) compgen -G '/usr/share/fonts/*/*/NotoSansCJK*' >/dev/null ;;
	certificates) [ -s "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" ] || ! command -v apt-get >/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

packages() { # NEED: the Debian packages that bring it
	case $1 in
	cc) echo gcc libc6-dev ;;
	certificates) echo ca-certificates ;;
	promtool) echo prometheus ;;
	amtool) echo prometheus-alertmanager ;;
	cjk) echo fonts-noto-cjk ;;
	*) echo "$1" ;;
	esac
}

missing=()
for need in "$@"; do
	have "$need" || missing+=("$need")
done
[ ${#missing[@]} -gt 0 ] || exit 0

install=()
for need in "${missing[@]}"; do
	read -ra names <<<"$(packages "$need")"
	install+=("${names[@]}")
done
if ! command -v apt-get >/dev/null; then
	echo "setup: missing: ${missing[*]}. This is not a Debian system; install what corresponds to: ${install[*]}" >&2
	exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "setup: missing: ${missing[*]}. Run as root: apt-get install ${install[*]}" >&2
		exit 1
	fi
	as_root=(sudo)
	[ -t 0 ] || as_root=(sudo -n) # nobody is there to type a password
fi
apt() {
	# Runlevel 1: what is installed for tests is not started as a service.
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

echo "setup: installing ${install[*]}"
apt update
apt install --no-install-recommends "${install[@]}"
for need in "${missing[@]}"; do
	have "$need" || { echo "setup: ${need} is still missing after installing $(packages "$need")" >&2; exit 1; }
done
