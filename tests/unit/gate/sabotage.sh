#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The gate's tests must be able to fail: break gate.c or peel.c in one place each time and expect at least one of the tests to go red.
# Usage: sabotage.sh SOURCE_ROOT [CC]
set -eu
root=$1
cc=${2:-cc}
gate=$root/src/sensor/gate
tests=$root/tests/unit/gate
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-std=gnu17 -D_GNU_SOURCE -O1 -w -I$root/src/foundation -I$root/src/contract -I$root/src/sensor -I$tests"
mkdir "$work/common"
for source in "$tests/fake_border.c" "$tests/frames.c" "$tests/random.c" "$tests/reference.c" "$root"/src/foundation/base/*.c; do
	$cc $flags -c "$source" -o "$work/common/$(basename "$source" .c).o"
done
for t in test_gate test_gate_encap test_gate_steer test_gate_guard test_gate_model; do
	$cc $flags -c "$tests/$t.c" -o "$work/$t.o"
done

# red NAME: do the tests catch what lies in $work/gate.c and $work/peel.c?
red() {
	$cc $flags -I"$gate" -c "$work/gate.c" -o "$work/gate.o" || return 1
	$cc $flags -I"$gate" -c "$work/peel.c" -o "$work/peel.o" || return 1
	for t in test_gate test_gate_encap test_gate_steer test_gate_guard test_gate_model; do
		$cc "$work/$t.o" "$work/gate.o" "$work/peel.o" "$work"/common/*.o -lcmocka -o "$work/$t"
		if ! timeout 60 "$work/$t" >"$work/log" 2>&1; then
			caught=$t
			return 0
		fi
	done
	return 1
}

failures=0
count=0
# FILE|what is broken|sed expression. An expression that changes nothing is stale, and that is an error too.
while IFS='|' read -r file name expression; do
	[ -n "$file" ] || continue
	cp "$gate/gate.c" "$gate/peel.c" "$work/"
	sed -i "$expression" "$work/$file"
	if cmp -s "$gate/$file" "$work/$file"; then
		echo "stale: $name"
		failures=$((failures + 1))
	elif red; then
		echo "caught by $caught: $name"
	else
		echo "NOT CAUGHT: $name"
		failures=$((failures + 1))
	fi
	count=$((count + 1))
done <<'LIST'
gate.c|an erased frame keeps its bytes|s/sk_wipe(frame->bytes, frame->captured_bytes);/(void)0;/
gate.c|an erased frame keeps its last byte|s/sk_wipe(frame->bytes, frame->captured_bytes);/sk_wipe(frame->bytes, frame->captured_bytes - (frame->captured_bytes > 0));/
gate.c|an erased datagram keeps its bytes|s/sk_wipe(bytes, length);/(void)0;/
gate.c|a basis may cover domestic traffic|s/gate->covered = covered_classes \& .*/gate->covered = covered_classes;/
gate.c|source and destination are swapped|s/sk_class_of(sk_border_side4(table, peel->source), sk_border_side4(table, peel->destination))/sk_class_of(sk_border_side4(table, peel->destination), sk_border_side4(table, peel->source))/
gate.c|source and destination of a plain frame are swapped|s/sk_class_of(sk_border_side4(gate->table, source), sk_border_side4(gate->table, destination))/sk_class_of(sk_border_side4(gate->table, destination), sk_border_side4(gate->table, source))/
gate.c|a tunnel passes as a plain frame|s/if (plain_may_be_tunnel(&plain))/if (false)/
gate.c|a fragment passes as a plain frame|s/ || (sk_view_be16(head, 6) & IPV4_FRAGMENT_BITS) != 0))/))/
gate.c|a sliced packet passes as a plain frame|s/(length <= captured - at)/(length <= captured - at + 4)/
gate.c|any protocol passes as a plain frame|s/other = (out->proto != PROTO_TCP) \& (out->proto != PROTO_UDP);/other = out->proto == 4;/
gate.c|only the outermost pair is judged|s/if ((gate->covered \& SK_CLASS_BIT(class_)) == 0) {/if (!peel->inner \&\& (gate->covered \& SK_CLASS_BIT(class_)) == 0) {/
gate.c|the class is that of the innermost pair|s/if (first)$/if (true)/
gate.c|a quoted pair is taken for a layer|s/if (peel->quoted)/if (false)/
gate.c|one address alone steers IPv4|s/sk_sip_word(&s, ends\[swap\] | (uint64_t)ends\[!swap\] << 32);/sk_sip_word(\&s, ends[0]);/
gate.c|one address alone steers IPv6|s/sk_sip_word(&s, ends\[!swap\]\[[01]\]);/sk_sip_word(\&s, 0);/
gate.c|the two directions of IPv4 part|s/bool swap = ends\[0\] > ends\[1\];/bool swap = false;/
gate.c|the two directions of IPv6 part|s/bool swap = ends\[0\]\[0\] != .*/bool swap = false;/
gate.c|half of an IPv6 address is ignored|s/sk_sip_word(&s, ends\[!*swap\]\[1\]);/sk_sip_word(\&s, 0);/
gate.c|the outermost pair steers|/^static struct judged judge(/,/^}/s/if (SK_UNLIKELY(gate->workers > 1))$/if (gate->workers > 1 \&\& !peel->inner)/
gate.c|plain frames are not steered|s/admitted->info.worker = worker_of(/(void)worker_of(/
gate.c|every crew has the same key|s/gate->steer_key\[[01]\] = sk_le64(&cur);/(void)sk_le64(\&cur);/
gate.c|a returned datagram is not marked|s/info.reassembled = 1;/info.reassembled = 0;/
peel.c|later fragments of tunnels pass|s/return is_tunnel(p->proto) || extension ? SK_PEELED_TUNNEL_FRAGMENT : done(p);/return done(p);/
peel.c|a sliced tunnel head is taken for plain|s/return p->layers != 0 ? SK_PEELED_INNER_UNKNOWN : SK_PEELED_MALFORMED;/return p->layers != 0 ? done(p) : SK_PEELED_MALFORMED;/
peel.c|one layer too many|s/if (p->layers == SK_GATE_LAYERS_MAX)/if (p->layers > SK_GATE_LAYERS_MAX)/
peel.c|ICMP redirects are not errors|s/ || type == 5//
peel.c|ICMPv6 errors end at 4|s/type < 128 :/type <= 4 :/
peel.c|VXLAN without the I flag|s/if ((flags \& 0x08000000) == 0)/if (false)/
peel.c|Geneve options are not skipped|s/size_t options = (head >> 8 \& 0x3f) \* 4u;/size_t options = 0; (void)head;/
peel.c|GTP-U extension headers are not followed|s/if ((flags \& 4) == 0)/if (true)/
peel.c|the tunnel length is not compared|s/if (p->doubt != SK_PEEL_SURE \&\& (total == 0 || total > wire))/if (false)/
peel.c|padding is handed on|s/cut_to(p, total - IPV4_HEADER_BYTES);/(void)0;/;s/p->packet = sk_carve_at_most(&header, total_bytes);/p->packet = header;/
peel.c|the bits of a tunnel that was none stay|s/p->tunnels = p->tunnels_sure;/(void)0;/
peel.c|GRE sequence numbers are not skipped|s/(flags \& 0x2000 ? 4u : 0u) + (flags \& 0x1000 ? 4u : 0u);/(flags \& 0x2000 ? 4u : 0u);/
peel.c|MPLS stops at the first label|s/if ((sk_be32(&p->cur) \& 0x100) == 0)/if (sk_be32(\&p->cur) == 0)/
peel.c|the transport is looked into|s/^	bool extension = p->family == 6 \&\& is_extension(p->proto);/	bool extension = p->family == 6 \&\& is_extension(p->proto); p->exact = sk_peek_u8(\&p->cur, 30) == 77;/
peel.c|a foreign payload in a tunnel passes|s/return p->doubt == SK_PEEL_MAYBE \&\& !p->exact ? done(p) : SK_PEELED_INNER_UNKNOWN;/return done(p);/
LIST

cp "$gate/gate.c" "$gate/peel.c" "$work/"
if red; then
	echo "the unbroken gate fails $caught"
	failures=$((failures + 1))
fi
echo "$count sabotages, $failures failures"
[ "$failures" -eq 0 ]
