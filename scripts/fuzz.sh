#!/usr/bin/env bash
# Fuzzes every target of the module, one after the other.
#
#   scripts/fuzz.sh [TIME [BUDGET [NAME]]]
#
# TIME is how long each target runs (default 2s; 20s, 10m, 1h). BUDGET is how long all of them may run together: when they
# would take longer, each gets an equal share and a warning says so (default 0: no limit). NAME is a regular expression
# that chooses targets by name. What fuzzing learns is kept in Go's build cache; a failing input lands in the package's
# testdata/fuzz, to be committed with the fix.
set -euo pipefail

seconds() { # 90, 90s, 5m, 1h
	case $1 in
	*h) echo $((${1%h} * 3600)) ;;
	*m) echo $((${1%m} * 60)) ;;
	*) echo $((${1%s})) ;;
	esac
}

each=$(seconds "${1:-2s}")
budget=$(seconds "${2:-0}")
choose=${3:-.}

# One line a target: package, tab, name.
targets=$(
	go list -f '{{$p := .}}{{range .TestGoFiles}}{{$p.ImportPath}}{{"\t"}}{{$p.Dir}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$p.ImportPath}}{{"\t"}}{{$p.Dir}}/{{.}}{{"\n"}}{{end}}' ./... |
		while IFS=$'\t' read -r package file; do
			[ -n "$package" ] || continue
			sed -nE "s|^func (Fuzz[A-Za-z0-9_]*)\(.*|$package\t\1|p" "$file"
		done | awk -F'\t' -v choose="$choose" '$2 ~ choose' | sort -u
)
if [ -z "$targets" ]; then
	echo "fuzz: no target${3:+ is named like $3}"
	[ -z "${3:-}" ] # none at all is no failure; a name that fits none is
	exit
fi

count=$(wc -l <<<"$targets")
if [ "$budget" -gt 0 ] && [ $((count * each)) -gt "$budget" ]; then
	share=$((budget / count > 0 ? budget / count : 1))
	echo "fuzz: WARNING: $count targets of ${each}s would take $((count * each))s, more than ${budget}s; each runs ${share}s instead"
	each=$share
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Go before 1.27 now and then reports the end of -fuzztime itself as a failure (golang/go#75804). It is one only if an
# input failed, and then Go says where it wrote that input.
only_time_ran_out() {
	grep -q '^ *context deadline exceeded$' "$log" && ! grep -qE 'Failing input written|panic|fuzzing process hung' "$log"
}

fuzz() { # PACKAGE NAME
	timeout -k 10 $((each + 300)) \
		go test -run '^$' -fuzz "^$2\$" -fuzztime "${each}s" -fuzzminimizetime 10s "$1" >"$log" 2>&1 </dev/null
}

failed=0
while IFS=$'\t' read -r package name; do
	SECONDS=0
	result=FAIL
	for _ in 1 2 3; do
		if fuzz "$package" "$name"; then
			result=ok
			break
		fi
		only_time_ran_out || break
	done
	# Inputs kept from earlier runs are replayed first; a short run may get no further.
	reached=$(sed -nE 's/^fuzz: elapsed: .*execs: ([0-9]+).*/\1 executions/p
		s/^fuzz: elapsed: .*gathering baseline coverage: ([0-9]+\/[0-9]+) completed$/\1 kept inputs replayed/p' "$log" | tail -n 1)
	printf '%-4s  %s  %s  %ds  %s\n' "$result" "$package" "$name" "$SECONDS" "${reached:-no executions}"
	if [ "$result" = FAIL ]; then
		failed=$((failed + 1))
		sed 's/^/      /' "$log"
	fi
done <<<"$targets"
echo "fuzz: $count targets, ${each}s each, $failed failed"
[ "$failed" -eq 0 ]
