/* SPDX-License-Identifier: Apache-2.0 */
#include "select/token_priv.h"

#include <stdio.h>
#include <string.h>

#include "text/text.h"

enum { TOKEN_BYTES = 16, NAME_DIGITS = 12 };
static const int64_t day_ns = 86400000000000;

/* Keyed hash over kind, day and value. */
static void hash(const struct sk_token_maker *maker, char kind, int64_t first_ns, const void *value, size_t length, uint8_t out[TOKEN_BYTES])
{
	uint8_t bytes[1 + sizeof(int64_t) + SK_OBSERVATION_DOMAIN_MAX];
	int64_t day = first_ns > 0 ? first_ns / day_ns : 0;
	bytes[0] = (uint8_t)kind;
	memcpy(bytes + 1, &day, sizeof day);
	memcpy(bytes + 1 + sizeof day, value, length);
	sk_keyed_hash(maker->key, bytes, 1 + sizeof day + length, out, TOKEN_BYTES);
	sk_wipe(bytes, sizeof bytes);
}

static uint64_t told_hash(const struct sk_token_maker *maker, const struct sk_original *original)
{
	return sk_siphash13(maker->told_key, original, sizeof *original) | 1;
}

static struct sk_original *add(struct sk_token_maker *maker, int64_t first_ns, const void *value, size_t length)
{
	uint8_t wide[TOKEN_BYTES];
	SK_INVARIANT(maker->pending_count < SK_TOKENS_PENDING);
	struct sk_original *original = &maker->pending[maker->pending_count++];
	memset(original, 0, sizeof *original);
	hash(maker, 't', first_ns, value, length, wide);
	memcpy(original->tag, wide, sizeof original->tag);
	original->time_ns = first_ns > 0 ? first_ns / day_ns * day_ns : 0;
	return original;
}

//= rule: CUSTODY-4
void sk_token_address(struct sk_token_maker *maker, struct sk_addr *addr, int64_t first_ns)
{
	static const uint8_t discard[8] = {0x01}; /* 100::/64, RFC 6666 */
	struct sk_addr own = *addr;
	uint8_t token[TOKEN_BYTES];
	char text[SK_ADDR_TEXT_MAX];
	if (own.family == 0)
		return;
	hash(maker, own.family == 4 ? '4' : '6', first_ns, own.bytes, sizeof own.bytes, token);
	memset(addr->bytes, 0, sizeof addr->bytes);
	if (own.family == 4) {
		/* 240.0.0.0/4 is nobody's (RFC 1112): the gate never admits it, and no reader takes it for a host. */
		memcpy(addr->bytes, token, 4);
		addr->bytes[0] |= 0xf0;
		addr->bytes[3] ^= (uint8_t)(addr->bytes[0] == 0xff && addr->bytes[1] == 0xff && addr->bytes[2] == 0xff && addr->bytes[3] == 0xff);
	} else {
		memcpy(addr->bytes, discard, sizeof discard);
		memcpy(addr->bytes + sizeof discard, token, 8);
	}
	struct sk_original *original = add(maker, first_ns, own.bytes, sizeof own.bytes);
	(void)snprintf(original->token, sizeof original->token, "%s", sk_addr_format(addr, text));
	(void)snprintf(original->value, sizeof original->value, "%s", sk_addr_format(&own, text));
	sk_wipe(&own, sizeof own);
}

void sk_token_name(struct sk_token_maker *maker, const char *name, const char *kept, int64_t first_ns, char out[SK_OBSERVATION_DOMAIN_MAX])
{
	uint8_t token[TOKEN_BYTES];
	char hex[2 * TOKEN_BYTES + 1];
	size_t length = strnlen(name, SK_OBSERVATION_DOMAIN_MAX - 1);
	if (strlen(kept) + NAME_DIGITS + 4 >= SK_OBSERVATION_DOMAIN_MAX)
		return;
	hash(maker, 'n', first_ns, name, length, token);
	sk_hex_encode(token, sizeof token, hex);
	hex[NAME_DIGITS] = '\0';
	(void)snprintf(out, SK_OBSERVATION_DOMAIN_MAX, "t-%s%s%.200s", hex, kept[0] != '\0' ? "." : "", kept);
	struct sk_original *original = add(maker, first_ns, name, length);
	memcpy(original->token, out, strlen(out) + 1);
	memcpy(original->value, name, length);
}

void sk_token_settle(struct sk_token_maker *maker, const struct sk_observe_sink *sink, bool taken)
{
	for (size_t i = 0; i < maker->pending_count; i++) {
		uint64_t known = told_hash(maker, &maker->pending[i]), *place = &maker->told[known / 2 % SK_TOKENS_TOLD];
		if (taken && sink->original != NULL && *place != known && sink->original(sink->context, &maker->pending[i]))
			*place = known;
	}
	sk_wipe(maker->pending, maker->pending_count * sizeof maker->pending[0]);
	maker->pending_count = 0;
}
