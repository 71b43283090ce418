#!/usr/bin/env bash
# Runs make targets one after the other, all of them even if one fails, and ends with a table of their times and results.
#
#   scripts/suites.sh make vet tests fuzz
set -uo pipefail

make=$1
shift
passed=0 failed=0 table=""
for suite in "$@"; do
	printf '\n==> %s\n' "$suite"
	SECONDS=0
	if "$make" --no-print-directory "$suite"; then
		result=ok
		passed=$((passed + 1))
	else
		result=FAILED
		failed=$((failed + 1))
	fi
	printf '==> %s: %s, %d s\n' "$suite" "$result" "$SECONDS"
	table+=$(printf '%-12s %6d s  %s' "$suite" "$SECONDS" "$result")$'\n'
done
printf '\n%s\nsuites: %d passed, %d failed\n' "$table" "$passed" "$failed"
[ "$failed" -eq 0 ]
