/* SPDX-License-Identifier: Apache-2.0 */
/* detect/counter.h: the count-only selector (count_only.c, in policy/detectors.def "count.only"): how many different hosts of our own talk to a target. Nothing but that
   number comes out, and a small one not even that; it mints no detection. What is remembered: keyed hashes of targets, and a HyperLogLog a request, whose key the caller made
   and keeps in memory alone. Where several links are watched each has a kit, and one request runs in all of them under one key, so that a host is counted once.
   Promises: no allocation; a request is over after its life in packet time at the latest, and its sketch is overwritten then (rule: COUNT-2). Thread rule: the kit's owner. */
#ifndef SK_DETECT_COUNTER_H
#define SK_DETECT_COUNTER_H

#include "basis/count.h"
#include "detect/kit.h"

enum { SK_COUNTER_MAX = 64, SK_COUNTER_KEY_BYTES = 16 };

struct sk_counter_answer {
	bool small;           /* fewer than the smallest cell: hosts is 0 and means nothing */
	bool over;            /* its life is over; the sketch is gone, the number stays until sk_counter_end */
	uint64_t hosts;       /* about 1.6 % off */
	uint32_t seconds;     /* of packet time that it counted, begun ones too; 0: no second was seen, so the number means nothing */
	unsigned begun;       /* how often it began: more than once when the clock of the packets went back */
};

/* Does the basis of this kit name count.only? NULL: no. */
bool sk_counter_can(const struct sk_kit *kit);
/* Count for life_s seconds from now on. SK_EPERMIT (the basis does not name it), SK_EEXIST (it runs), SK_ETOOBIG (SK_COUNTER_MAX run). The kit copies hashes alone. */
SK_MUST enum sk_err sk_counter_begin(struct sk_kit *kit, const struct sk_count_request *request, uint32_t life_s, const uint8_t key[SK_COUNTER_KEY_BYTES], struct sk_fault *fault);
/* Does it run here, or is it over and not ended? By the request's digest. */
bool sk_counter_runs(const struct sk_kit *kit, const uint8_t digest[SK_HASH_BYTES]);
/* Overwrite what is remembered of it. Nothing happens when it does not run. */
void sk_counter_end(struct sk_kit *kit, const uint8_t digest[SK_HASH_BYTES]);
/* How many hosts, in all kits in which it runs together. False: it runs in none. least: the smallest number that is told. */
bool sk_counter_read(struct sk_kit *const *kits, size_t count, const uint8_t digest[SK_HASH_BYTES], uint64_t least, struct sk_counter_answer *out);

#endif
