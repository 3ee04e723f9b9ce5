/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled set that only its places vouch for is safe to ask anything; one that is verified as well finds every entry by its own value. (The checksum is
   left out: no fuzzer would guess it.) */
#include <stdlib.h>

#include "indicator/indicator_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { ASKED_MAX = 1000 };

static bool ask_print(const struct sk_indicator_set *set, const struct sk_value *value, struct sk_indicator_hit *hit)
{
	char text[SK_INDICATOR_PRINT_MAX + 1] = "";
	memcpy(text, value->print, value->length);
	return value->kind == SK_INDICATOR_JA4 ? sk_indicator_match_ja4(set, text, hit)
					       : sk_indicator_match_hash(set, value->kind, value->print, value->length, hit);
}

static void ask_entry(const struct sk_indicator_set *set, uint32_t id, bool verified)
{
	struct sk_indicator_hit hit = {.id = 0};
	struct sk_value value;
	(void)sk_set_entry(set, id, &value);
	bool found = true;
	switch (value.kind) {
	case SK_INDICATOR_ADDRESS: found = sk_indicator_match_addr(set, &value.prefix.addr, &hit); break;
	case SK_INDICATOR_PREFIX: (void)sk_indicator_match_addr(set, &value.prefix.addr, &hit); break;
	case SK_INDICATOR_DOMAIN: found = sk_indicator_match_domain(set, value.name, value.length, &hit); break;
	case SK_INDICATOR_FLOW_ALL: break;
	default: found = ask_print(set, &value, &hit); break;
	}
	if (found)
		SK_INVARIANT(hit.id < set->facts.entries);
	if (verified && value.kind != SK_INDICATOR_PREFIX && value.kind != SK_INDICATOR_FLOW_ALL)
		SK_INVARIANT(found && hit.id == id);
}

static void ask(const struct sk_indicator_set *set, bool verified)
{
	char text[320];
	struct sk_indicator_hit hit;
	for (uint32_t id = 0; id < set->facts.entries && id < ASKED_MAX; id++) {
		ask_entry(set, id, verified);
		for (const char *c = sk_indicator_value(set, id, text, sizeof text); *c != '\0'; c++)
			SK_INVARIANT(*c > 0x20 && *c < 0x7f);
		(void)sk_indicator_origin(set, id, text, sizeof text);
	}
	(void)sk_indicator_value(set, UINT32_MAX, text, sizeof text);
	struct sk_addr addr = {.family = 4};
	for (unsigned i = 0; i < 256; i++) {
		addr.family = i % 2 != 0 ? 4 : 6;
		memset(addr.bytes, addr.family == 4 ? 0 : (int)i, sizeof addr.bytes);
		memset(addr.bytes, (int)i, 4);
		sk_indicator_prefetch_addr(set, &addr);
		if (sk_indicator_match_addr(set, &addr, &hit))
			SK_INVARIANT(hit.id < set->facts.entries);
	}
	if (sk_indicator_match_domain(set, "a.b.evil.example", 16, &hit))
		SK_INVARIANT(hit.id < set->facts.entries);
	uint8_t digest[SK_HASH_BYTES];
	SK_INVARIANT(sk_set_digest(set, digest) == SK_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_indicator_set set;
	struct sk_fault fault;
	SK_INVARIANT(sk_seal_start() == SK_OK);
	/* As a mapping is: aligned, and not one byte longer. */
	uint8_t *copy = malloc(length != 0 ? length : 1);
	SK_INVARIANT(copy != NULL);
	if (length != 0)
		memcpy(copy, bytes, length);
	if (sk_set_view("fuzz", copy, length, &set, &fault) == SK_OK)
		ask(&set, sk_indicator_verify(&set, "fuzz", &fault) == SK_OK);
	free(copy);
	return 0;
}
