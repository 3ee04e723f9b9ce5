#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No byte of a frame can be logged: the compiler refuses text and bytes where an event has fields. Each snippet has a twin that must compile. rule: JOURNAL-1
# Usage: wall.sh SOURCE_ROOT [CC]
set -eu
root=$1
cc=${2:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

compiles() {
	{ printf '#include "journal/journal.h"\n'; cat; } >"$work/snippet.c"
	$cc -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -I"$root/src/foundation" -fsyntax-only "$work/snippet.c" 2>"$work/log"
}
refused() {
	if compiles; then
		echo "NOT REFUSED: $1"
		failures=$((failures + 1))
	elif grep -q 'incompatible type\|passing .* to parameter of incompatible\|makes integer from pointer\|incompatible pointer\|integer conversion' "$work/log"; then
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

refused 'a text as a name' <<'EOS'
void f(struct sk_journal *journal, const char *payload); void f(struct sk_journal *journal, const char *payload) { sk_journal_link_down(journal, payload); }
EOS
refused 'bytes as a name' <<'EOS'
void f(struct sk_journal *journal, const uint8_t *payload); void f(struct sk_journal *journal, const uint8_t *payload) { sk_journal_link_down(journal, payload); }
EOS
refused 'bytes as a count' <<'EOS'
void f(struct sk_journal *journal, const uint8_t *payload); void f(struct sk_journal *journal, const uint8_t *payload) { sk_journal_shed_over(journal, payload, 0); }
EOS
refused 'a text as a fault' <<'EOS'
void f(struct sk_journal *journal, const char *payload); void f(struct sk_journal *journal, const char *payload) { sk_journal_failed(journal, payload); }
EOS
accepted 'the twin: a registered name' <<'EOS'
void f(struct sk_journal *journal); void f(struct sk_journal *journal) { sk_journal_link_down(journal, sk_journal_name(journal, "border-1")); }
EOS
accepted 'the twin: counts, and a fault' <<'EOS'
void f(struct sk_journal *journal, const struct sk_fault *fault); void f(struct sk_journal *journal, const struct sk_fault *fault) { sk_journal_shed_over(journal, 1, 0); sk_journal_failed(journal, fault); }
EOS
# event.def has no type for text or bytes: the types are these six.
types=$(sed -n 's/^#define SK_JOURNAL_C_\([A-Z]*\) .*/\1/p' "$root/src/foundation/journal/journal.h" | sort | tr '\n' ' ')
[ "$types" = "BYTES COUNT FAULT NAME SHARE TIME " ] || { echo "types of fields are now: $types"; failures=$((failures + 1)); }
echo "$failures failures"
[ "$failures" -eq 0 ]
