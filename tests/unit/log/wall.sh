#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No byte of a frame can be logged: the compiler refuses text and bytes where an event has fields. Each snippet has a twin that must compile. rule: LOG-1
# Usage: wall.sh SOURCE_ROOT [CC]
set -eu
root=$1
cc=${2:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

compiles() {
	{ printf '#include "log/log.h"\n'; cat; } >"$work/snippet.c"
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
void f(struct sk_log *log, const char *payload); void f(struct sk_log *log, const char *payload) { sk_log_link_down(log, payload); }
EOS
refused 'bytes as a name' <<'EOS'
void f(struct sk_log *log, const uint8_t *payload); void f(struct sk_log *log, const uint8_t *payload) { sk_log_link_down(log, payload); }
EOS
refused 'bytes as a count' <<'EOS'
void f(struct sk_log *log, const uint8_t *payload); void f(struct sk_log *log, const uint8_t *payload) { sk_log_shed_over(log, payload, 0); }
EOS
refused 'a text as a fault' <<'EOS'
void f(struct sk_log *log, const char *payload); void f(struct sk_log *log, const char *payload) { sk_log_failed(log, payload); }
EOS
accepted 'the twin: a registered name' <<'EOS'
void f(struct sk_log *log); void f(struct sk_log *log) { sk_log_link_down(log, sk_log_name(log, "border-1")); }
EOS
accepted 'the twin: counts, and a fault' <<'EOS'
void f(struct sk_log *log, const struct sk_fault *fault); void f(struct sk_log *log, const struct sk_fault *fault) { sk_log_shed_over(log, 1, 0); sk_log_failed(log, fault); }
EOS
# event.def has no type for text or bytes: the types are these six.
types=$(sed -n 's/^#define SK_LOG_C_\([A-Z]*\) .*/\1/p' "$root/src/foundation/log/log.h" | sort | tr '\n' ' ')
[ "$types" = "BYTES COUNT FAULT NAME SHARE TIME " ] || { echo "types of fields are now: $types"; failures=$((failures + 1)); }
echo "$failures failures"
[ "$failures" -eq 0 ]
