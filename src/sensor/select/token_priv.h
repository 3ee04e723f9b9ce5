/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens instead of what could reveal a person: addresses of domestic hosts, and full names. One-way, and another each day; the key lives in this process alone, so nobody can try all
   addresses against a token. Inside select only. rule: CUSTODY-4 */
#ifndef SK_SELECT_TOKEN_PRIV_H
#define SK_SELECT_TOKEN_PRIV_H

#include "observe/observe.h"

enum { SK_TOKENS_TOLD = 1024, SK_TOKENS_PENDING = 5 };

struct sk_token_maker {
	bool on;
	uint8_t key[SK_KEY_BYTES], told_key[SK_SIP_KEY_BYTES];
	uint64_t told[SK_TOKENS_TOLD];          /* keyed hashes of originals that were handed on: most come again and again */
	size_t pending_count;                   /* of the observation in hand */
	struct sk_original pending[SK_TOKENS_PENDING];
};

/* Put the token of an address in its place; its original waits until the observation was taken. */
void sk_token_address(struct sk_token_maker *maker, struct sk_addr *addr, int64_t first_ns);
/* Write the token of a name under what may be kept of it ("" nothing) into out. */
void sk_token_name(struct sk_token_maker *maker, const char *name, const char *kept, int64_t first_ns, char out[SK_OBSERVATION_DOMAIN_MAX]);
/* The observation was taken, or shed: hand its originals on, or forget them. */
void sk_token_settle(struct sk_token_maker *maker, const struct sk_observe_sink *sink, bool taken);

#endif
