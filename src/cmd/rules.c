/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/rules.h"

#include <string.h>

enum { PREFIX_V4_NONE = 32, PREFIX_V6_NONE = 128, COMMAND_BIT = __builtin_ctz(SK_SELECTOR_COMMAND) };

struct sk_set_facts sk_rules_set_facts(const struct sk_set_facts *indicators, const struct sk_rules *rules)
{
	static const char tag[] = "sekisho-sets/1\n";
	struct sk_set_facts facts = {.shortest_v4 = PREFIX_V4_NONE, .shortest_v6 = PREFIX_V6_NONE};
	uint8_t both[sizeof tag - 1 + 2 * SK_HASH_BYTES];
	if (indicators != NULL)
		facts = *indicators;
	if (rules == NULL)
		return facts;
	memcpy(both, tag, sizeof tag - 1);
	memcpy(both + sizeof tag - 1, facts.digest, SK_HASH_BYTES);
	sk_rules_digest(rules, both + sizeof tag - 1 + SK_HASH_BYTES);
	sk_sha256(both, sizeof both, facts.digest);
	facts.kinds |= SK_SELECTOR_COMMAND;
	facts.entries += sk_rules_count(rules);
	facts.entries_by_kind[COMMAND_BIT] = sk_rules_count(rules);
	return facts;
}
