# SPDX-License-Identifier: Apache-2.0
# For sabotage.sh of a room, which sources it: a table of sabotages, each tried in a folder of its own, several at once. The script brings `work`, a folder, and row.

# verdict BEFORE AFTER TEST NAME COMMAND...: a line about one sabotage, that made AFTER out of BEFORE. COMMAND says whether TEST catches it.
# One that changes nothing is stale, and that is an error too.
verdict() {
	before=$1 after=$2 test=$3 name=$4
	shift 4
	if cmp -s "$before" "$after"; then
		echo "stale: $name"
	elif "$@"; then
		echo "caught by $test: $name"
	else
		echo "NOT CAUGHT by $test: $name"
	fi
}

# rows MOST <TABLE: TEST|FILE|what is broken|sed expression, so many at once. Calls row FOLDER TEST FILE NAME EXPRESSION, which says its verdict; sets count and failures.
rows() {
	count=0
	while IFS='|' read -r test file name expression; do
		[ -n "$test" ] || continue
		count=$((count + 1))
		row "$work/row.$count" "$test" "$file" "$name" "$expression" >"$work/row.$count.said" </dev/null &
		[ $((count % $1)) -ne 0 ] || wait
	done
	wait
	cat "$work"/row.*.said
	failures=$((count - $(cat "$work"/row.*.said | grep -c '^caught by')))
}
