/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

const char *sk_class_name(enum sk_class class_)
{
	static const char *const names[SK_CLASS_COUNT] = {"FF", "FD", "DF", "DD", "UNKNOWN"};
	SK_INVARIANT((unsigned)class_ < SK_CLASS_COUNT);
	return names[class_];
}

const char *sk_side_name(enum sk_side side)
{
	static const char *const names[] = {"unknown", "domestic", "foreign"};
	SK_INVARIANT((unsigned)side < SK_COUNT(names));
	return names[side];
}

enum sk_err sk_addr_parse(const char *text, struct sk_addr *out)
{
	struct sk_addr addr = {.family = 0};
	if (inet_pton(AF_INET, text, addr.bytes) == 1)
		addr.family = 4;
	else if (memset(addr.bytes, 0, sizeof addr.bytes), inet_pton(AF_INET6, text, addr.bytes) == 1)
		addr.family = 6;
	else
		return SK_EMALFORMED;
	*out = addr;
	return SK_OK;
}

/* Clear every bit after the first `bits`. */
static void mask_bytes(uint8_t bytes[16], unsigned bits)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned before = i * 8;
		if (before >= bits)
			bytes[i] = 0;
		else if (bits - before < 8)
			bytes[i] &= (uint8_t)(0xff00u >> (bits - before));
	}
}

enum sk_err sk_prefix_parse(const char *text, struct sk_prefix *out)
{
	char head[SK_ADDR_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	if (length >= sizeof head)
		return SK_EMALFORMED;
	memcpy(head, text, length);
	head[length] = '\0';
	struct sk_prefix prefix;
	SK_TRY(sk_addr_parse(head, &prefix.addr));
	unsigned limit = prefix.addr.family == 4 ? 32 : 128;
	unsigned bits = limit;
	if (slash != NULL) {
		const char *digit = slash + 1;
		size_t digits = strlen(digit);
		if (digits == 0 || digits > 3 || (digits > 1 && digit[0] == '0'))
			return SK_EMALFORMED;
		bits = 0;
		for (; *digit != '\0'; digit++) {
			if (*digit < '0' || *digit > '9')
				return SK_EMALFORMED;
			bits = bits * 10 + (unsigned)(*digit - '0');
		}
		if (bits > limit)
			return SK_EMALFORMED;
	}
	prefix.bits = (uint8_t)bits;
	struct sk_addr masked = prefix.addr;
	mask_bytes(masked.bytes, bits);
	if (!sk_addr_equal(&masked, &prefix.addr))
		return SK_EMALFORMED;
	*out = prefix;
	return SK_OK;
}

const char *sk_addr_format(const struct sk_addr *addr, char text[SK_ADDR_TEXT_MAX])
{
	const char *done = NULL;
	if (addr->family == 4)
		done = inet_ntop(AF_INET, addr->bytes, text, SK_ADDR_TEXT_MAX);
	else if (addr->family == 6)
		done = inet_ntop(AF_INET6, addr->bytes, text, SK_ADDR_TEXT_MAX);
	if (done == NULL)
		(void)snprintf(text, SK_ADDR_TEXT_MAX, "-");
	return text;
}

const char *sk_prefix_format(const struct sk_prefix *prefix, char text[SK_PREFIX_TEXT_MAX])
{
	char addr[SK_ADDR_TEXT_MAX];
	(void)snprintf(text, SK_PREFIX_TEXT_MAX, "%s/%u", sk_addr_format(&prefix->addr, addr), (unsigned)prefix->bits);
	return text;
}

bool sk_prefix_holds(const struct sk_prefix *prefix, const struct sk_addr *addr)
{
	if (prefix->addr.family != addr->family)
		return false;
	struct sk_addr masked = *addr;
	mask_bytes(masked.bytes, prefix->bits);
	return sk_addr_equal(&masked, &prefix->addr);
}

int sk_addr_compare(const struct sk_addr *a, const struct sk_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}
