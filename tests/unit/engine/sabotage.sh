#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The crew's tests must be able to fail: break one place of engine or gate each time and expect the test that is named to go red.
# Usage: sabotage.sh SOURCE_ROOT BUILD_ROOT [CC]
set -eu
root=$1
build=$2
cc=${3:-cc}
engine=$root/src/sensor/engine
tests=$root/tests/unit/engine
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$root/tests/unit/sabotage_rows.sh"
flags="-std=gnu17 -D_GNU_SOURCE -O1 -w -pthread -I$root/src/foundation -I$root/src/contract -I$root/src/sensor -I$tests -DSK_SOURCE_ROOT=\"$root\" -DSK_SHARED_DATA=\"/nowhere\""
# Every other room as it was built.
rooms=$(find "$build/src" -name 'libsk_*.a' ! -name 'libsk_engine.a' ! -name 'libsk_gate.a' ! -name 'libsk_store.a')
libraries="-Wl,--start-group $rooms -Wl,--end-group -lcmocka -lcrypto -lsodium -ljson-c -lz -lzstd -lidn2 -lpsl -lloc -lpcre2-8 -lhs -lm"
mkdir "$work/tests" "$work/good"
for t in test_crew test_crew_law test_crew_live test_crew_health test_ring crew_test; do
	$cc $flags -c "$tests/$t.c" -o "$work/tests/$t.o"
done
for source in "$engine"/*.c "$root"/src/sensor/gate/*.c; do
	$cc $flags -c "$source" -o "$work/good/$(basename "$source" .c).o"
done

# link PROGRAM TEST OBJECTS...: that test as a program.
link() {
	program=$1
	test=$2
	shift 2
	helper=$work/tests/crew_test.o
	[ "$test" = test_ring ] && helper=
	# shellcheck disable=SC2086
	$cc -pthread "$work/tests/$test.o" $helper "$@" $libraries -o "$program"
}

# red FOLDER TEST FILE: does the test catch what lies in FOLDER/FILE?
red() {
	object=$(basename "$3" .c).o
	$cc $flags -I"$(dirname "$(find "$engine" "$root/src/sensor/gate" -name "$3")")" -c "$1/$3" -o "$1/broken.o" || return 1
	cp -r "$work/good" "$1/objects"
	mv "$1/broken.o" "$1/objects/$object"
	link "$1/test" "$2" "$1"/objects/*.o
	! timeout 60 "$1/test" >"$1/log" 2>&1
}

# row FOLDER TEST FILE NAME EXPRESSION: one line about one sabotage.
row() {
	mkdir "$1"
	cp "$(find "$engine" "$root/src/sensor/gate" -name "$3")" "$1/$3"
	cp "$1/$3" "$1/before"
	sed -i "$5" "$1/$3"
	verdict "$1/before" "$1/$3" "$2" "$4" red "$1" "$2" "$3"
	rm -rf "$1"
}

# The tests wait more than they work: four at a time.
rows 4 <<'LIST'
test_ring|ring.c|what was taken is not overwritten|s/sk_wipe(head_at(ring, given), first);/(void)first;/
test_ring|ring.c|anyone may use what is kept|s/(urgent ? 0 : ring->kept)/0/
test_ring|ring.c|a record may wrap|s/return wanted <= end ? wanted : end + wanted;/return wanted;/
test_ring|ring.c|a full ring is overrun|s/<= ring->bytes - (ring->written - ring->given_seen)/<= ring->bytes/
test_ring|ring.c|records are told of before they are whole|s/ring->written += whole(length);/ring->written += whole(length); atomic_store(\&ring->published, ring->written);/
test_crew|gate.c|one address alone says whose a frame is|s/sk_sip_word(&s, ends\[swap\] | (uint64_t)ends\[!swap\] << 32);/sk_sip_word(\&s, ends[0]);/
test_crew|gate.c|the two directions part|s/bool swap = ends\[0\] > ends\[1\];/bool swap = false;/
test_crew|exchange.c|what came behind a mark is taken before it|s/!worker->marked\[from\] \&\& sk_ring_take/sk_ring_take/
test_crew|engine.c|a frame is counted twice|s/sk_engine_count(&engine->taken, frame_count, bytes);/sk_engine_count(\&engine->taken, frame_count + 1, bytes);/
test_crew|engine.c|a frame that was handed on is followed here too|/^static bool pass_on(/,/^}/s/return true;/return false;/
test_crew|engine.c|what is handed on stays where it was|/^static bool pass_on(/,/^}/s/sk_wipe(frame->bytes, frame->captured_bytes);/(void)0;/
test_crew|engine.c|fragments go by their pair|s/return info->plain != 0 || !engine->peers->keep_fragments ||.*/return true;/
test_crew|engine.c|a datagram is followed where it was put together|s/} else if (!pass || !pass_datagram_on(engine, datagram, verdict.admitted)) {/} else {/
test_crew|exchange.c|flows are timed by their own frames|s/worker->clocks_ns\[at\] = head.clock_ns;/worker->clocks_ns[at] = head.time_ns;/
test_crew|exchange.c|a mark brings no time|s/sk_engine_take_clock(worker->engine, mark.clock_ns);/(void)0;/
test_crew|engine.c|a clock that goes back is told to nobody|s/engine->peers->clock_back(engine->peers->context.*/(void)0;/
test_crew|engine.c|an interval is measured unsettled|s/sk_flow_settle(engine->flows, engine->clock.now_ns);/(void)0;/
test_crew|spool.c|countries of other workers stay there|s/^\tspool_abroad(worker);/\t(void)0;/
test_crew|abroad.c|hosts of two workers are not put together|s/if (more->hosts\[i\] > country->hosts\[i\])/if (false)/
test_crew|crew.c|each worker hashes hosts under its own key|s/sk_engine_key_abroad(worker->engine, key\[2\]);/(void)0;/
test_crew_live|worker.c|nobody waits for marks|s/while (!all_marked(worker) \&\& !is_aborted(worker)) {/while (false) {/
test_crew_live|worker.c|a mark is sent too early|/^static enum sk_step receive(/,/^}/s/follow_batch(worker, count);/if (worker->receives \&\& atomic_load(\&worker->crew->ordered) != worker->obeyed) { struct sk_plan early = worker->crew->plan; sk_exchange_mark(worker, \&early); } follow_batch(worker, count);/
test_crew_law|collect.c|rings are read behind a part|s/return crew->parted\[worker\] ||/return/;s/if (record.kind == SK_SPOOL_PART ||/if (/
test_crew|collect.c|rings are read behind a second|s/return crew->parted\[worker\] ||.*/return crew->parted[worker];/;s/SK_INVARIANT(crew->second_count == 0.*//
test_crew|watch.c|seconds are told to no other worker|s/if (!config->live)/if (false)/
test_crew|watch.c|the last words of detectors are not waited for|s/if (crew->kit != NULL \&\& (changes || plan->last))/if (false)/
test_crew_law|reload.c|hits of the old set go on|s/sk_flow_end_hits(engine->flows);/(void)0;/
test_crew_law|reload.c|open segments are not asked by the new set|s/sk_flow_ask_again(engine->flows);/(void)0;/
test_crew_law|reload.c|what is covered no longer goes on|s/sk_flow_review(engine->flows.*/(void)review;/
test_crew_law|reload.c|the gate keeps the old coverage|s/sk_gate_switch(engine->gate.*/(void)0;/
test_crew_law|worker.c|the basis is not asked|s/SK_UNLIKELY(sk_basis_in_force(worker->snapshot->basis.*SK_OK)/false/
test_crew_law|worker.c|a suspension is not seen|s/atomic_load_explicit(&crew->suspended, memory_order_relaxed)/false/
test_crew_law|worker.c|what was handed over is looked at after the end|s/worker->stopped = true;/worker->stopped = worker->receives;/
test_crew_health|collect.c|what is said of a link is in no account|s/account->findings += crew->health_findings;/(void)0;/
test_crew_health|worker.c|what the kernel erased is no sign of life|/^static void tell_beat(/,/^}/s/sk_engine_count_source(engine, worker->source, \&worker->counted);/(void)0;/
test_crew_health|collect.c|seconds are forgotten on their way|s/memcpy(&beat, record->bytes, record->length);/(void)record;/
test_crew_health|engine.c|seconds of a capture never end|/^static void feel(/,/^}/s/sk_engine_tell_beat(engine, false);/(void)0;/
test_crew_live|load.c|levels swing|s/SHORT_NS = 1000000000/SHORT_NS = 0/
test_crew_live|load.c|all is given up at once|s/present + 1 : present - 1/SK_SHED_FLOWS : present - 1/
test_crew_live|engine.c|what was shed is never asked|s/sk_flow_ask_again(engine->flows);/(void)0;/
test_crew_live|engine.c|a flow that was given up is not counted|/^static bool leave_flow(/,/^}/s/sk_select_erase(.*/(void)0;/
test_crew_live|spool.c|a hit is let in without its findings|s/? HIT_BYTES : SK_OBSERVATION_MAX_BYTES/? 64 : 64/
test_crew_live|account.c|what the kernel lost is no frame|s/sk_engine_count(&engine->classes\[SK_CLASS_UNKNOWN\], more.frames, more.bytes);/(void)0;/
test_crew_live|stats.c|figures are read torn|s/while ((version & 1) != 0 || atomic_load(&told->version) != version);/while (false);/
LIST

for test in test_ring test_crew test_crew_law test_crew_live; do
	link "$work/$test" "$test" "$work"/good/*.o
	if ! timeout 120 "$work/$test" >"$work/log" 2>&1; then
		echo "the unbroken crew fails $test"
		tail -5 "$work/log"
		failures=$((failures + 1))
	fi
done
echo "$count sabotages, $failures failures"
[ "$failures" -eq 0 ]
