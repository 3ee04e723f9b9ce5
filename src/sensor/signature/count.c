/* SPDX-License-Identifier: Apache-2.0 */
/* threshold and detection_filter, as Suricata counts them. A bounded table of counters by rule and (keyed hash of) address; each is wanted as long as its rule says, and when the
   table is full the one that is wanted least long is counted anew. */
#include "signature/signature_priv.h"

struct counter {
	uint32_t from_s, count;
	uint32_t unused[2];
};
_Static_assert(sizeof(struct counter) == SK_COUNTER_BYTES, "an entry of the table");

static void add_address(struct sk_sip *sip, const struct sk_addr *addr)
{
	uint64_t words[2];
	memcpy(words, addr->bytes, sizeof words);
	sk_sip_word(sip, words[0]);
	sk_sip_word(sip, words[1]);
}

static uint64_t key_of(const struct sk_signature *s, const struct sk_rule *rule, const struct sk_rule_counting *counting, const struct scene *scene, bool filter)
{
	struct sk_sip sip = sk_sip_start(s->key[0], s->key[1]);
	sk_sip_word(&sip, (uint64_t)rule->gid << 32 | rule->sid);
	if (counting->track == SK_TRACK_SOURCE || counting->track == SK_TRACK_BOTH)
		add_address(&sip, &scene->packet->source);
	if (counting->track == SK_TRACK_DESTINATION || counting->track == SK_TRACK_BOTH)
		add_address(&sip, &scene->packet->destination);
	if (counting->track == SK_TRACK_FLOW)
		sk_sip_word(&sip, scene->glance.place);
	return sk_sip_finish(&sip, filter, counting->track);
}

static bool fits(struct sk_signature *s, const struct sk_rule *rule, const struct sk_rule_counting *counting, const struct scene *scene, bool filter)
{
	bool fresh = false, told = false;
	uint32_t now_s = scene->packet->time_ns <= 0 ? 0 : (uint32_t)(scene->packet->time_ns / 1000000000);
	struct counter *counter = sk_table_take(&s->counters, key_of(s, rule, counting, scene, filter), now_s, now_s + counting->seconds + 1, &fresh);
	if (fresh || now_s > counter->from_s + counting->seconds || now_s + SK_RULES_LIST_VALUES_MAX < counter->from_s) {
		counter->from_s = now_s;
		counter->count = 0;
		sk_table_want(&s->counters, counter, now_s + counting->seconds + 1);
	}
	counter->count += counter->count != UINT32_MAX;
	switch (counting->kind) {
	case SK_COUNT_LIMIT: told = counter->count <= counting->count; break;
	case SK_COUNT_THRESHOLD:
		told = counter->count >= counting->count;
		if (told)
			counter->count = 0;
		break;
	case SK_COUNT_BOTH: told = counter->count == counting->count; break;
	case SK_COUNT_FILTER: told = counter->count > counting->count; break;
	default: told = true; break;
	}
	return told;
}

bool sk_count_fits(struct sk_signature *s, const struct sk_rule *rule, const struct scene *scene)
{
	if (rule->filter.kind != SK_COUNT_NONE && !fits(s, rule, &rule->filter, scene, true))
		return false;
	return rule->limit.kind == SK_COUNT_NONE || fits(s, rule, &rule->limit, scene, false);
}
