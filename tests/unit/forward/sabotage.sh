#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tests of this room must be able to fail: break one place of forward.c, hold.c or writer.c each time and expect a test to go red.
# Usage: sabotage.sh SOURCE_ROOT BUILD_ROOT CC...   (the build holds the libraries of the rooms below)
set -eu
root=$1 build=$2
shift 2
cc="$*"
room=$root/src/sensor/forward tests=$root/tests/unit/forward
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-std=gnu17 -D_GNU_SOURCE -O1 -w -I$root/src/foundation -I$root/src/contract -I$root/src/sensor -I$root/tests/unit/gate"
libraries="$build/src/sensor/decode/libsk_decode.a $build/src/sensor/gate/libsk_gate.a $build/src/sensor/capture/libsk_capture.a $build/src/contract/basis/libsk_basis.a
$build/src/foundation/ledger/libsk_ledger.a $build/src/foundation/text/libsk_text.a $build/src/foundation/seal/libsk_seal.a $build/src/foundation/base/libsk_base.a"
extra=$(grep -q 'b_sanitize.*address' "$build/meson-info/intro-buildoptions.json" 2>/dev/null && grep -o '"name": "b_sanitize", "value": "[^"]*"' "$build/meson-info/intro-buildoptions.json" | sed 's/.*"value": "//; s/"//; s/^none$//; s/^\(..*\)$/-fsanitize=\1/' || true)
for t in test_forward test_hold test_writer; do $cc $flags $extra -c "$tests/$t.c" -o "$work/$t.o"; done
$cc $flags $extra -c "$root/tests/unit/gate/fake_border.c" -o "$work/fake_border.o"

# red: do the tests catch what lies in $work?
red() {
	for f in forward hold writer; do $cc $flags $extra -c "$work/$f.c" -o "$work/$f.o" || return 1; done
	for t in test_forward test_hold test_writer; do
		$cc $extra "$work/$t.o" "$work/fake_border.o" "$work/forward.o" "$work/hold.o" "$work/writer.o" -Wl,--start-group $libraries -Wl,--end-group -lcrypto -lsodium -lz -lzstd -lm -lcmocka -o "$work/$t" || { echo "does not link"; exit 1; }
		if ! timeout 120 "$work/$t" >"$work/log" 2>&1; then caught=$t; return 0; fi
	done
	return 1
}

failures=0 count=0
cp "$room"/*.c "$work/"
if red; then echo "red without sabotage: $caught"; tail -5 "$work/log"; exit 1; fi
# FILE|what is broken|sed expression. An expression that changes nothing is stale, and that is an error too.
while IFS='|' read -r file name expression; do
	[ -n "$file" ] || continue
	cp "$room"/*.c "$work/"
	sed -i "$expression" "$work/$file"
	if cmp -s "$room/$file" "$work/$file"; then
		echo "stale: $name"; failures=$((failures + 1))
	elif red; then
		echo "caught by $caught: $name"
	else
		echo "NOT CAUGHT: $name"; failures=$((failures + 1))
	fi
	count=$((count + 1))
done <<'LIST'
forward.c|an erased frame is handed on|s/^\t\t\tcount(&forward->gate_erased\[verdict->reason\], frames\[i\].wire_bytes);/\t\t\thand_on(forward, \&frames[i]);/
forward.c|no datagram may hide a tunnel|s/return fragment->family == 6 || fragment->proto == PROTO_UDP;/return false;/
forward.c|every port is plain|s/return fragment->has_port \&\& !sk_gate_is_tunnel_port(fragment->destination_port);/return fragment->has_port;/
forward.c|what the gate says of the whole is not heard|s/forward->gate_reason = (enum sk_gate_reason)verdict.reason;/(void)0;/
forward.c|a plain datagram stays plain for ever|s/^\t\tif (complete)$/\t\tif (false)/
forward.c|what waits is not pending|s/hold_pending(forward->hold, &account->pending_after.frames, &account->pending_after.bytes);/(void)0;/
forward.c|what still waits at the end is handed on|s/^\thold_expire(forward->hold, now_ns, reason);/\thold_expire(forward->hold, now_ns, PASSED);/
forward.c|overlaps are handed on|s/hold_decide(forward->hold, datagram, HOLD_REFUSED, SK_FORWARD_UNDECODABLE);/hold_decide(forward->hold, datagram, HOLD_PLAIN, PASSED);/
forward.c|a fragment that waited is counted twice|s/^\tforward->totals.held_frames++;/\tforward->totals.held_frames += 2;/
hold.c|what leaves is not overwritten|s/sk_wipe(held->frame.bytes, held->frame.captured_bytes);/(void)0;/
hold.c|frames may overwrite each other|s/return hold->used + \*skipped + length <= hold->limits.bytes/return true/
hold.c|a copy counts as a new fragment|s/if (!d->any_seen || d->last_offset != fragment->offset)/if (true)/
hold.c|frames leave in the wrong order|s/\*(d->last != NONE ? &hold->frames\[d->last\].next : &d->first) = index;/held->next = d->first, d->first = index;/
writer.c|the buffer is not overwritten|s/sk_wipe(writer->buffer, writer->used);/(void)0;/
writer.c|original lengths are lost|s/sk_put_le32(&o, frame->wire_bytes);/sk_put_le32(\&o, frame->captured_bytes);/
writer.c|times are rounded|s/? fraction : fraction \/ 1000/? fraction \/ 1000 * 1000 : fraction \/ 1000/
writer.c|a second link type is let in|s/} else if (frame->link != writer->link) {/} else if (false) {/
writer.c|a failed file keeps its name|s/(void)unlink(writer->temporary);/(void)rename(writer->temporary, writer->path);/
LIST
echo "$count sabotages, $failures not caught or stale"
[ $failures = 0 ]
