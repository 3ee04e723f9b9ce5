#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tests of counting, of batches, of the porch and of look-alikes must be able to fail: break one place of the source each time and expect the test that is named to go red.
# Usage: sabotage.sh SOURCE_ROOT BUILD_ROOT [CC]
set -eu
root=$1
build=$2
cc=${3:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-std=gnu17 -D_GNU_SOURCE -O1 -w -pthread -I$root/src/foundation -I$root/src/contract -I$root/src/sensor -I$root/tests/unit/detect"
rooms=$(find "$build/src" -name 'libsk_*.a' ! -name 'libsk_store.a')
libraries="-Wl,--start-group $rooms -Wl,--end-group -lcmocka -lcrypto -lsodium -ljson-c -lz -lzstd -lidn2 -lpsl -lloc -lpcre2-8 -lhs -lm"
$cc $flags -c "$root/tests/unit/detect/detectors/test_count_only.c" -o "$work/test_count_only.o"
$cc $flags -c "$root/tests/unit/detect/play.c" -o "$work/play.o"
$cc $flags -c "$root/tests/unit/basis/test_count.c" -o "$work/test_count.o"
$cc $flags -c "$root/tests/unit/detect/test_porch.c" -o "$work/test_porch.o"
for name in beacon scan_horizontal scan_icmp amplification flood_tcp bruteforce bruteforce_spread; do
	$cc $flags -c "$root/tests/unit/detect/detectors/test_$name.c" -o "$work/test_$name.o"
done
$cc $flags -c "$root/tests/unit/detect/test_kit.c" -o "$work/test_kit.o"
count=0
failures=0

# try TEST FILE: the test with that file in front of what was built; 0 when it passes.
try() {
	$cc $flags -I"$root/src/sensor/detect" -I"$root/src/contract/basis" -c "$2" -o "$work/broken.o"
	helper=
	[ "$1" = test_count ] || helper=$work/play.o
	# An object on the line goes before the same one in a library.
	# shellcheck disable=SC2086
	$cc -pthread "$work/$1.o" $helper "$work/broken.o" $libraries -o "$work/test"
	timeout 60 "$work/test" >"$work/log" 2>&1
}

# row TEST FILE NAME EXPRESSION
row() {
	count=$((count + 1))
	sed "$4" "$2" >"$work/changed.c"
	if cmp -s "$2" "$work/changed.c"; then
		echo "stale: $3"
		failures=$((failures + 1))
	elif try "$1" "$work/changed.c"; then
		echo "NOT CAUGHT by $1: $3"
		failures=$((failures + 1))
	else
		echo "caught by $1: $3"
	fi
}

only=$root/src/sensor/detect/count_only.c
request=$root/src/contract/basis/count.c
porch=$root/src/sensor/detect/porch.c
batch=$root/src/sensor/detect/batch.c
try test_porch "$porch" && try test_kit "$batch" && try test_count_only "$only" && try test_count "$request" || { echo "red before anything is broken"; cat "$work/log"; exit 1; }
row test_porch "$porch" "notes are read again under the clock of now" 's/run->now_s = sk_porch_note_at(&at->porch, chain\[count\])->now_s;//'
row test_porch "$porch" "the last note is read first" 's/while (count-- != 0) {/for (unsigned all = count; count-- != 0;) { uint32_t first = chain[0]; if (all > 1) { chain[0] = chain[count]; chain[count] = first; }/'
row test_porch "$porch" "who came long ago is still waited for" 's/return note->tag != 0 \&\& now_s < note->now_s + porch->wait_s;/return note->tag != 0;/'
row test_porch "$porch" "another's note is taken for one's own" 's/ \&\& sk_porch_note_at(porch, line->until\[way\])->tag == tag//'
row test_porch "$porch" "answers do not wait" 's/SK_EVENT_BIT(SK_EVENT_OPEN) | SK_EVENT_BIT(SK_EVENT_ANSWER)/SK_EVENT_BIT(SK_EVENT_OPEN)/'
row test_porch "$porch" "the first contact is left out" 's/fresh->before = latest;//'
row test_porch "$porch" "who came again goes before those who did not" 's/put_first(line, way, tag, here);/line->until[way] = here;/'
row test_porch "$porch" "the newest goes" 's/memcpy(&line->tag\[1\], tags\[0\], sizeof tags\[0\]);//'
row test_porch "$porch" "the count of notes comes to none" 's/porch->next == UINT32_MAX ? 2 : 1/1/'
row test_kit "$batch" "an address of IPv6 is hashed by its first half" 's/SK_LIKELY(event->initiator.family != 6)/true/'
row test_kit "$batch" "the last end of a batch is left out" 's/2 \* kit->batch_count);/2 * kit->batch_count - 1);/'
row test_count_only "$only" "a sketch outlives its end" 's/^\tsk_wipe(slot, sizeof \*slot);/\tslot->used = false;/'
row test_count_only "$only" "a sketch outlives its time" 's/^\tsk_wipe(slot->registers, sizeof slot->registers);\n\tslot->low//; /^static void close_slot/,/^}/s/sk_wipe(slot->registers, sizeof slot->registers);//'
row test_count_only "$only" "the last events stay in the batch" 's/^\tsk_kit_wipe_batch(kit);//'
row test_count_only "$only" "hosts are not keyed" 's/sk_sip_start(slot->low, slot->high)/sk_sip_start(1, 2)/'
row test_count_only "$only" "names stay as they are" 's/memcpy(event->head.text, &parts\[1\], sizeof parts - sizeof parts\[0\]);/memcpy(event->head.text, \&parts[1], sizeof parts - sizeof parts[0]); memcpy((char *)memory->slots[SK_COUNTER_MAX - 1].registers, name, strlen(name));/'
row test_count_only "$only" "transit counts" 's/bool own = event->class_ == SK_CLASS_DF || event->class_ == SK_CLASS_FD;/bool own = true;/'
row test_count_only "$only" "what is in tunnels counts" 's/own \&\& (event->bits & SK_EVENT_TUNNELLED) == 0/own/'
row test_count_only "$only" "whatever ends alike is the name" "s/(at == 0 || name\[at - 1\] == '.') \&\& ++labels >= 2/++labels >= 2/"
row test_count_only "$only" "a small number is told" 's/out->small = hosts < least;/out->small = false;/'
row test_count_only "$only" "events are made although nobody asks" 's/\.on_request = true, //'
row test_count_only "$only" "what waits in a batch is left out" 's/^\t\tsk_kit_run(kits\[i\]);.*//'
row test_count_only "$only" "an older input adds to what was" '/^static void anew/,/^}/s/sk_wipe(slot->registers, sizeof slot->registers);//'
detect=$root/src/sensor/detect
row test_beacon "$detect/beacon.c" "a crowd is known no longer than one host" 's/CROWD_HOST_S \* (hosts < CROWD_MOST ? hosts : CROWD_MOST)/CROWD_HOST_S/'
row test_beacon "$detect/beacon.c" "nobody waits for a crowd" 's/run->threshold\[LASTING\] \* crowd \/ 2/0/'
row test_scan_horizontal "$detect/scan.c" "who goes on has heard nothing" 's/^\t\treturn sk_bits_add(walk->heard, SK_WALK_WORDS, contact);/\t\treturn half \&\& sk_bits_add(walk->heard, SK_WALK_WORDS, contact);/'
row test_scan_horizontal "$detect/scan_horizontal.c" "those who share are scanners" 's/event->class_ == SK_CLASS_DF && sk_policy_shared(event->responder_port)/false/'
row test_scan_horizontal "$detect/scan.c" "who tries all doors is a guest" 's/ \&\& !(sk_login_by_hand(login) \&\& sk_login_size_of(event, login) == SK_LOGIN_TRY)//'
row test_scan_icmp "$detect/scan_icmp.c" "a monitor sweeps" 's/? KNOWN_FACTOR : 1/? 1 : 1/'
row test_amplification "$detect/amplification.c" "who answers is a victim" 's/ \&\& event->kind != SK_EVENT_ANSWER;/;/'
row test_amplification "$detect/amplification.c" "half a view knows who serves" 's/(event->bits \& SK_EVENT_HALF) != 0 \&\& (/false \&\& (/'
row test_flood_tcp "$detect/flood_tcp.c" "one sender is none" 's/second->opens >= SK_FLOOD_FEW \* threshold\[RATE\]/false/'
row test_bruteforce "$detect/bruteforce.c" "slow guessing is none" 's/entry->tries >= SLOW \* limit/false/'
row test_bruteforce_spread "$detect/bruteforce_spread.c" "who fetches mail guesses" 's/sk_login_by_hand(login) ?/login != SK_LOGIN_NONE \&\& login != SK_LOGIN_DATABASE ?/'
row test_count "$request" "anybody signs" 's/sk_note_verify(note, key) != SK_OK/false/'
row test_count "$request" "a week" 's/SK_COUNT_LIFE_MAX_S \* second_ns/7 * SK_COUNT_LIFE_MAX_S * second_ns/'
row test_count "$request" "any prefix" 's/return out->prefix.bits >= .*;/return true;/'
row test_count "$request" "any spelling" 's/again.length != note->body_length/false/; s/memcmp(again.bytes, note->body, again.length) != 0/false/'
row test_count "$request" "any basis" 's/if (strcmp(request->basis, basis->id) != 0)/if (false)/'
row test_count "$request" "a basis that does not name it" 's/^\tif (!named)/\tif (false)/'
echo "$count sabotages, $failures failures"
[ "$failures" = 0 ]
