#!/usr/bin/env bash
# Makes the secrets that docker-compose.yml mounts, each in a file of its own that only you can read. What is there already stays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 077
mkdir -p secrets

new() { # FILE: 32 random bytes in hex, without a newline
	[ -s "secrets/$1" ] || head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"secrets/$1"
}
for name in postgres_password influx_password influx_token mqtt_password grafana_password; do new "$name"; done
[ -s secrets/pgpass ] || printf 'postgres:5432:nuanju:nuanju:%s\n' "$(cat secrets/postgres_password)" >secrets/pgpass
for name in nuanju_token pager_token; do # yours to fill: see docs/operations.md
	[ -e "secrets/$name" ] || : >"secrets/$name"
done
# The images run as users of their own and read the files through Docker: the folder keeps others out.
chmod 0700 secrets
chmod 0444 secrets/*
echo "secrets/ is ready; nuanju_token and pager_token are yours to fill"
