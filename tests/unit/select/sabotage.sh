#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tests of the way of a plain flow segment must be able to fail: break one place of select, observe or store each time and expect the test that is named to go red.
# Usage: sabotage.sh SOURCE_ROOT BUILD_ROOT [CC]
set -eu
root=$1
build=$2
cc=${3:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$root/tests/unit/sabotage_rows.sh"
flags="-std=gnu17 -D_GNU_SOURCE -O1 -w -I$root/src/foundation -I$root/src/contract -I$root/src/sensor -I$root/src/centre -DSK_SOURCE_ROOT=\"$root\" -DSK_SHARED_DATA=\"/nowhere\""

# test_of NAME: where its source is.
test_of() {
	find "$root/tests/unit/select" "$root/tests/unit/store" -name "$1.c"
}

# red FOLDER TEST: does the test catch what is broken under FOLDER? The rooms are compiled anew, the others are as they were built.
red() {
	rooms=$(find "$build/src" -name 'libsk_*.a' ! -name 'libsk_select.a' ! -name 'libsk_store.a' ! -name 'libsk_observe.a')
	broken="-I$1/contract -I$1/sensor -I$1/centre"
	# shellcheck disable=SC2086
	$cc $broken $flags -I"$(dirname "$(test_of "$2")")" "$(test_of "$2")" "$1"/sensor/select/*.c "$1"/centre/store/*.c "$1"/contract/observe/*.c -o "$1/test" \
		-Wl,--start-group $rooms -Wl,--end-group -lcmocka -lsqlite3 -lcrypto -lsodium -ljson-c -lz -lzstd -lidn2 -lpsl -lloc -lpcre2-8 -lhs -lm 2>"$1/errors" || {
		tail -3 "$1/errors" >&2
		return 1
	}
	! timeout 60 "$1/test" >"$1/log" 2>&1
}

# row FOLDER TEST FILE NAME EXPRESSION: one line about one sabotage.
row() {
	mkdir -p "$1/sensor" "$1/centre" "$1/contract"
	cp -r "$root/src/sensor/select" "$1/sensor/"
	cp -r "$root/src/centre/store" "$1/centre/"
	cp -r "$root/src/contract/observe" "$1/contract/"
	sed -i "$5" "$1/$3"
	verdict "$root/src/$3" "$1/$3" "$2" "$4" red "$1" "$2"
	rm -rf "$1"
}

rows 2 <<'LIST'
test_select|sensor/select/select.c|a host that a token should stand for goes out as it is|s/ \&\& !select->tokens.on \&\& select->cleared_count == 0;/ \&\& select->cleared_count == 0;/
test_select_whitelist|sensor/select/select.c|what the whitelist leaves out goes out|s/ \&\& !select->tokens.on \&\& select->cleared_count == 0;/ \&\& !select->tokens.on;/
test_select|sensor/select/select.c|what hit goes out as a history|s/bool alone = record->facts == NULL \&\& /bool alone = /
test_select|sensor/select/select.c|every history goes out as it is|s/ \&\& sk_history_is_plain(&record->history);/;/
test_select|sensor/select/select.c|a history that was not taken counts as kept|/^static inline bool mint(/,/^}/s/return count_record(select, \(.*\));/(void)count_record(select, \1); return true;/
test_pack|contract/observe/plain.h|a number beyond its enum is plain|s/return (((limit . high) - seen) & ~seen & high) == high;/return true;/
test_pack|contract/observe/plain.h|frames that no side sent are plain|s/(families | flags | frames) == 0/(families | flags) == 0/
test_pack|centre/store/plain_priv.h|a packet that was answered is alone|s/answer = h->packets.1. | h->ip_bytes.1. | /answer = /
test_pack|centre/store/plain_priv.h|flags of the responder are forgotten|s/ | h->tcp_flags.1., lasted/, lasted/
test_pack|centre/store/plain_priv.h|what lasted is alone|s/ | answer | lasted)/ | answer)/
test_pack|centre/store/plain_priv.h|what is larger than a byte tells is alone|s/>> 8) == 0;/>> 9) == 0;/
test_pack|centre/store/plain_priv.h|bits of a flow fall on others|s/(LOW + SK_PACK_STATE - 24)/(LOW + SK_PACK_STATE - 23)/
test_pack|centre/store/pack.c|great counters of no duration are written as one packet alone|s/if (SK_UNLIKELY(widths == SK_PACK_ALONE))/if (false)/
test_pack|centre/store/pack.c|a packet alone is read in the longer form too|s/ \&\& !(kind >= SK_BLOCK_ALONE \&\& sk_is_alone(&out->history))//
test_pack|centre/store/pack.c|earlier blocks are unpacked by the new rule|s/bool alone = kind >= SK_BLOCK_ALONE \&\& /bool alone = /
test_pack|centre/store/pack.c|TCP is read in the form of others|s/return tcp || out->ip_proto != SK_PACK_PROTO_TCP;/return true;/
test_pack|centre/store/pack.c|a time beyond the day is read|s/ \&\& (uint64_t)o->first_ns - (uint64_t)day_ns < (uint64_t)SK_DAY_NS;/;/
test_store|centre/store/segment.c|a time before 1970 is packed as one of the day|s/SK_LIKELY(history->first_ns >= 0) ? /true ? /
test_block|centre/store/filter.c|networks that wait are forgotten|s/hash_nets(filter->low, filter->high, filter->nets, hashes, filter->waiting);/filter->waiting = 0;/
test_block|centre/store/filter.c|earlier blocks are asked by the new rule|s/return kind >= SK_BLOCK_WORDS ? has_bits(bits, hash) : .*/return has_bits(bits, hash);/
test_block|centre/store/segment.c|earlier blocks are opened by the new rule|s/block->kind >= SK_BLOCK_WORDS ? HEAD_BYTES - SK_BLOOM_BYTES : HEAD_BYTES/HEAD_BYTES - SK_BLOOM_BYTES/
test_block|centre/store/segment.c|a block may be moved to another interval|s/sk_put_be64(&o, block->interval);/sk_put_be64(\&o, 0);/
LIST
echo "$count sabotages, $failures failures"
[ "$failures" -eq 0 ]
