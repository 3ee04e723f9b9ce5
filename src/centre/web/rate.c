/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets by a keyed hash of who asks, in memory of a fixed size: four places a set; the one that was used longest ago makes room, so a flood of addresses costs
   the flood its own buckets first. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "seal/seal.h"
#include "web/web_priv.h"

enum { SETS = 1024, WAYS = 4 };

static const int64_t second_ns = 1000000000;

struct bucket {
	uint64_t who;       /* 0: free */
	int64_t seen_ns;    /* when `left` was true */
	uint64_t left_ns;   /* tokens, in ns of refill */
};

struct sk_web_rate {
	pthread_mutex_t lock;
	uint8_t key[SK_SIP_KEY_BYTES];
	struct bucket buckets[SETS][WAYS];
};

struct sk_web_rate *sk_web_rate_new(void)
{
	struct sk_web_rate *rate = calloc(1, sizeof *rate);
	if (rate == NULL)
		return NULL;
	(void)pthread_mutex_init(&rate->lock, NULL);
	sk_random(rate->key, sizeof rate->key);
	return rate;
}

void sk_web_rate_free(struct sk_web_rate *rate)
{
	if (rate != NULL)
		(void)pthread_mutex_destroy(&rate->lock);
	free(rate);
}

static struct bucket *place(struct sk_web_rate *rate, uint64_t who, uint64_t full_ns, int64_t now_ns)
{
	struct bucket *set = rate->buckets[who % SETS], *oldest = set;
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].who == who)
			return &set[i];
		if (set[i].who == 0 || set[i].seen_ns < oldest->seen_ns)
			oldest = set[i].who == 0 && oldest->who == 0 ? oldest : &set[i];
	}
	*oldest = (struct bucket){.who = who, .seen_ns = now_ns, .left_ns = full_ns};
	return oldest;
}

bool sk_web_rate_take(struct sk_web_rate *rate, const char *kind, const char *who, uint64_t per_hour, uint64_t burst, int64_t monotonic_ns)
{
	char text[192];
	if (per_hour == 0)
		return true;
	int length = snprintf(text, sizeof text, "%s\n%s", kind, who);
	uint64_t cost_ns = (uint64_t)(3600 * second_ns) / per_hour, full_ns = cost_ns * burst;
	uint64_t hash = sk_siphash13(rate->key, text, length < (int)sizeof text ? (size_t)length : sizeof text - 1) | 1;
	(void)pthread_mutex_lock(&rate->lock);
	struct bucket *bucket = place(rate, hash, full_ns, monotonic_ns);
	uint64_t passed_ns = monotonic_ns > bucket->seen_ns ? (uint64_t)(monotonic_ns - bucket->seen_ns) : 0;
	bucket->left_ns = full_ns - bucket->left_ns < passed_ns ? full_ns : bucket->left_ns + passed_ns;
	bucket->seen_ns = passed_ns != 0 ? monotonic_ns : bucket->seen_ns;
	bool may = bucket->left_ns >= cost_ns;
	if (may)
		bucket->left_ns -= cost_ns;
	(void)pthread_mutex_unlock(&rate->lock);
	return may;
}
