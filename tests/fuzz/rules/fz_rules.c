/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a rule file: each rule is taken or refused, and what was taken says the same when it is read again. */
#include <stdlib.h>

#include "rules/rules_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_rule(const struct sk_rule *rule)
{
	SK_INVARIANT(rule->part_count <= SK_RULE_PARTS_MAX && rule->item_count <= SK_RULE_ITEMS_MAX && rule->source < SK_SOURCE_COUNT);
	unsigned items = 0;
	for (uint8_t part = 0; part < rule->part_count; part++) {
		SK_INVARIANT(rule->parts[part].first == items && rule->parts[part].buffer < SK_BUFFER_COUNT);
		items += rule->parts[part].count;
	}
	SK_INVARIANT(items == rule->item_count);
	SK_INVARIANT(rule->fast_item == SK_RULE_FLOW_BITS_NONE || (rule->fast_item < rule->item_count && rule->items[rule->fast_item].op == SK_OP_CONTENT));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_rules_options options = {.max_rules = 100};
	struct sk_rules_counts counts, again;
	struct sk_rules *rules = NULL, *other = NULL;
	struct sk_fault fault;
	uint8_t digest[2][SK_HASH_BYTES];
	SK_INVARIANT(sk_seal_start() == SK_OK && sk_rules_new(&options, &rules) == SK_OK && sk_rules_new(&options, &other) == SK_OK);
	SK_INVARIANT(sk_rules_default_variables(rules, "[192.0.2.0/24]", &fault) == SK_OK);
	if (sk_rules_text(rules, "fuzz", NULL, bytes, length, &counts, &fault) == SK_OK) {
		SK_INVARIANT(counts.rules == counts.taken + counts.refused && sk_rules_count(rules) <= counts.taken);
		for (uint32_t id = 0; id < sk_rules_count(rules); id++)
			check_rule(sk_rules_at(rules, id));
		SK_INVARIANT(sk_rules_merge(other, rules, &fault) == SK_OK);
		sk_rules_digest(rules, digest[0]);
		sk_rules_digest(other, digest[1]);
		SK_INVARIANT(memcmp(digest[0], digest[1], SK_HASH_BYTES) == 0);
		SK_INVARIANT(sk_rules_text(rules, "fuzz", NULL, bytes, length, &again, &fault) == SK_OK && again.rules == counts.rules);
	}
	sk_rules_free(rules);
	sk_rules_free(other);
	return 0;
}
