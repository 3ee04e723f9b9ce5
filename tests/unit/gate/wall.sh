#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The type wall: outside gate.c nobody can make, copy or open a struct sk_admitted; the compiler refuses. Each snippet has a twin that differs only in
# what makes it legal and must compile, so that a refusal is the wall and not a typing error. rule: GATE-4
# Usage: wall.sh SOURCE_ROOT [CC]
set -eu
root=$1
cc=${2:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

compiles() {
	{ printf '#include "gate/gate.h"\n'; cat; } >"$work/snippet.c"
	$cc -std=gnu17 -D_GNU_SOURCE -Wall -Werror -I"$root/src/foundation" -I"$root/src/contract" -I"$root/src/sensor" -fsyntax-only "$work/snippet.c" 2>"$work/log"
}
refused() {
	if compiles; then
		echo "NOT REFUSED: $1"
		failures=$((failures + 1))
	elif grep -q 'incomplete\|incompatible\|undefined' "$work/log"; then
		echo "refused: $1"
	else
		echo "refused for another reason: $1"
		cat "$work/log"
		failures=$((failures + 1))
	fi
}
accepted() {
	if compiles; then
		echo "accepted: $1"
	else
		echo "NOT ACCEPTED: $1"
		cat "$work/log"
		failures=$((failures + 1))
	fi
}

refused 'a struct sk_admitted of one'\''s own' <<'EOS'
int f(void); int f(void) { struct sk_admitted mine = {0}; (void)mine; return 0; }
EOS
refused 'a copy of an admitted frame' <<'EOS'
void f(const struct sk_admitted *a, void *to); void f(const struct sk_admitted *a, void *to) { memcpy(to, a, sizeof *a); }
EOS
refused 'a field of an admitted frame' <<'EOS'
unsigned f(const struct sk_admitted *a); unsigned f(const struct sk_admitted *a) { return a->info.layers; }
EOS
refused 'a raw frame in place of an admitted one' <<'EOS'
struct sk_cur f(const struct sk_frame *frame, uint32_t *wire); struct sk_cur f(const struct sk_frame *frame, uint32_t *wire) { return sk_admitted_bytes(frame, wire); }
EOS
accepted 'the twin: with a definition the first would compile' <<'EOS'
struct sk_admitted { int x; };
int f(void); int f(void) { struct sk_admitted mine = {0}; (void)mine; return 0; }
EOS
accepted 'the twin: an admitted frame opens through the gate' <<'EOS'
struct sk_cur f(const struct sk_admitted *a, uint32_t *wire); struct sk_cur f(const struct sk_admitted *a, uint32_t *wire) { return sk_admitted_bytes(a, wire); }
EOS

# Nobody else defines the type, which would breach the wall from behind.
definitions() {
	grep -rlE '^[[:space:]]*struct[[:space:]]+sk_admitted[[:space:]]*(\{|$)' "$1" --include='*.[ch]' | sort | sed "s|^$1/||"
}
[ "$(definitions "$root/src")" = "sensor/gate/gate.c" ] || { echo "struct sk_admitted is defined in: $(definitions "$root/src")"; failures=$((failures + 1)); }
mkdir -p "$work/src/sensor/gate" "$work/src/sensor/decode"
cp "$root/src/sensor/gate/gate.c" "$work/src/sensor/gate/"
printf 'struct sk_admitted\n{\n\tint x;\n};\n' >"$work/src/sensor/decode/breach.c"
[ "$(definitions "$work/src" | wc -l)" -eq 2 ] || { echo "the twin: a planted definition is not seen"; failures=$((failures + 1)); }
echo "$failures failures"
[ "$failures" -eq 0 ]
