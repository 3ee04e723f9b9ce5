/* SPDX-License-Identifier: Apache-2.0 */
/* What a record can be found by: both addresses, their /24 or /48, the matched value, names with their parents, fingerprints. */
#include <stdio.h>
#include <string.h>

#include "store/store_priv.h"
#include "text/text.h"

enum { MD5_BYTES = 16, SHA1_BYTES = 20 };

static void add(struct sk_values *out, enum sk_value_kind kind, const void *bytes, size_t length)
{
	struct sk_value value = {.kind = (uint8_t)kind, .length = (uint8_t)length, .bytes = bytes};
	SK_INVARIANT(length <= UINT8_MAX);
	if (sk_values_hold(out, &value))
		return;
	SK_INVARIANT(out->count < SK_VALUES_MAX);
	out->values[out->count++] = value;
}

/* struct sk_addr is 16 bytes and the family, without a gap, unused bytes zero: its memory is its canonical form. */
_Static_assert(sizeof(struct sk_addr) == 17, "an address is hashed as it lies in memory");

static void add_address(struct sk_values *out, enum sk_value_kind kind, const struct sk_addr *addr)
{
	SK_INVARIANT(out->address_count < SK_COUNT(out->addresses));
	struct sk_addr *kept = &out->addresses[out->address_count++];
	*kept = *addr;
	add(out, kind, kept, sizeof *kept);
}

static void add_address_and_net(struct sk_values *out, const struct sk_addr *addr)
{
	if (addr->family == 0)
		return;
	add_address(out, SK_VALUE_ADDRESS, addr);
	struct sk_addr net = *addr;
	size_t kept_bytes = addr->family == 4 ? 3 : 6;
	memset(net.bytes + kept_bytes, 0, sizeof net.bytes - kept_bytes);
	add_address(out, SK_VALUE_NET, &net);
}

/* Lower case, without a last dot; NULL when empty. */
static const char *keep_text(struct sk_values *out, const char *text, size_t *length)
{
	SK_INVARIANT(out->text_count < SK_COUNT(out->texts));
	char *kept = out->texts[out->text_count];
	*length = strnlen(text, SK_OBSERVATION_DOMAIN_MAX - 1);
	if (*length > 1 && text[*length - 1] == '.')
		(*length)--;
	if (*length == 0)
		return NULL;
	for (size_t i = 0; i < *length; i++)
		kept[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
	out->text_count++;
	return kept;
}

static void add_text(struct sk_values *out, const char *text)
{
	size_t length;
	const char *kept = keep_text(out, text, &length);
	if (kept != NULL)
		add(out, SK_VALUE_TEXT, kept, length);
}

static void add_rule(struct sk_values *out, uint32_t gid, uint32_t sid)
{
	char text[24];
	(void)snprintf(text, sizeof text, "%u:%u", gid, sid);
	add_text(out, text);
}

/* Bytes as they are printed. */
static void add_hex(struct sk_values *out, const uint8_t *bytes, size_t length)
{
	char text[2 * SK_HASH_BYTES + 1];
	SK_INVARIANT(length <= SK_HASH_BYTES);
	sk_hex_encode(bytes, length, text);
	add_text(out, text);
}

/* A name and its parents, so that "bad.example" finds "www.bad.example" too. The last label alone is no search. */
static void add_name(struct sk_values *out, const char *name)
{
	size_t length;
	const char *kept = keep_text(out, name, &length);
	if (kept == NULL)
		return;
	const char *end = kept + length;
	add(out, SK_VALUE_TEXT, kept, length);
	for (unsigned parents = 0; parents < SK_NAME_PARENTS_MAX; parents++) {
		const char *dot = memchr(kept, '.', (size_t)(end - kept));
		if (dot == NULL || memchr(dot + 1, '.', (size_t)(end - dot - 1)) == NULL)
			return;
		kept = dot + 1;
		add(out, SK_VALUE_TEXT, kept, (size_t)(end - kept));
	}
}

/* An address, or a prefix: of an indexed length as such, of any other as its text. False when it is neither. */
static bool add_if_prefix(struct sk_values *out, const char *text)
{
	struct sk_prefix prefix;
	char canonical[SK_PREFIX_TEXT_MAX];
	if (sk_prefix_parse(text, &prefix) != SK_OK)
		return false;
	bool whole = prefix.bits == (prefix.addr.family == 4 ? 32 : 128), net = prefix.bits == (prefix.addr.family == 4 ? 24 : 48);
	if (whole || net)
		add_address(out, whole ? SK_VALUE_ADDRESS : SK_VALUE_NET, &prefix.addr);
	else
		add_text(out, sk_prefix_format(&prefix, canonical));
	return true;
}

/* A selector that is a hash is printed with its kind, "ja3s:HEX". What a record holds are the digits alone, and so they are what it is found by. */
static const char *digits_of(const char *text)
{
	const char *colon = strchr(text, ':');
	size_t length = colon != NULL ? strlen(colon + 1) : 0;
	if (length != 2 * MD5_BYTES && length != 2 * SHA1_BYTES && length != 2 * SK_HASH_BYTES)
		return text;
	return strspn(colon + 1, "0123456789abcdefABCDEF") == length ? colon + 1 : text;
}

static void add_matched(struct sk_values *out, const char *matched)
{
	if (matched[0] != '\0' && !add_if_prefix(out, matched))
		add_name(out, digits_of(matched));
}

static void start(struct sk_values *out)
{
	out->count = 0;
	out->address_count = 0;
	out->text_count = 0;
}

void sk_values_of_observation(const struct sk_observation *observation, struct sk_values *out)
{
	start(out);
	add_address_and_net(out, &observation->initiator);
	add_address_and_net(out, &observation->responder);
	add_matched(out, observation->matched);
	for (uint32_t i = 1; i < observation->hit_count && i < SK_OBSERVATION_HITS_MAX; i++)
		if (observation->rule_sid[i] != 0)
			add_rule(out, observation->rule_gid[i], observation->rule_sid[i]);
	if (observation->dns_domain[0] != '\0')
		add_name(out, observation->dns_domain);
	if (observation->sni_domain[0] != '\0')
		add_name(out, observation->sni_domain);
	if (observation->ja3[0] != '\0')
		add_text(out, observation->ja3);
	if (observation->ja4[0] != '\0')
		add_text(out, observation->ja4);
	if (observation->ja4_second[0] != '\0')
		add_text(out, observation->ja4_second);
	if (observation->http_host_domain[0] != '\0')
		add_name(out, observation->http_host_domain);
	if (observation->ja3s[0] != '\0')
		add_text(out, observation->ja3s);
	if (observation->hassh[0] != '\0')
		add_text(out, observation->hassh);
	if (observation->hassh_server[0] != '\0')
		add_text(out, observation->hassh_server);
	if (observation->detector[0] != '\0')
		add_text(out, observation->detector);
	if ((observation->sections & SK_SECTION_CERTIFICATE) != 0) {
		add_hex(out, observation->cert_sha1, sizeof observation->cert_sha1);
		add_hex(out, observation->cert_sha256, sizeof observation->cert_sha256);
	}
}

void sk_values_of_finding(const struct sk_finding *finding, struct sk_values *out)
{
	start(out);
	add_address_and_net(out, &finding->subject);
	add_address_and_net(out, &finding->counterpart);
	add_matched(out, finding->matched);
}

void sk_values_of_finding_id(const uint8_t id[16], struct sk_values *out)
{
	start(out);
	add(out, SK_VALUE_FINDING_ID, id, 16);
}

/* A certificate's hash as most tools print it, "ab:cd:..", without the colons. False when it is not one. */
static bool add_if_colons(struct sk_values *out, const char *text)
{
	char digits[2 * SK_HASH_BYTES + 1];
	size_t pairs = (strlen(text) + 1) / 3;
	if (pairs * 3 != strlen(text) + 1 || (pairs != SHA1_BYTES && pairs != SK_HASH_BYTES))
		return false;
	for (size_t i = 0; i < pairs; i++) {
		if (i + 1 < pairs && text[3 * i + 2] != ':')
			return false;
		memcpy(digits + 2 * i, text + 3 * i, 2);
	}
	digits[2 * pairs] = '\0';
	add_text(out, digits);
	return true;
}

bool sk_value_parse(const char *text, struct sk_values *out)
{
	start(out);
	if (strlen(text) >= SK_OBSERVATION_DOMAIN_MAX)
		return false;
	if (!add_if_prefix(out, text) && !add_if_colons(out, text))
		add_text(out, digits_of(text));
	return out->count == 1;
}

bool sk_values_hold(const struct sk_values *values, const struct sk_value *wanted)
{
	for (size_t i = 0; i < values->count; i++) {
		const struct sk_value *value = &values->values[i];
		if (value->kind == wanted->kind && value->length == wanted->length && memcmp(value->bytes, wanted->bytes, wanted->length) == 0)
			return true;
	}
	return false;
}

/* The kind stands in front, so that an address never meets a text of the same bytes. */
static size_t tagged(const struct sk_value *value, uint8_t bytes[1 + UINT8_MAX])
{
	bytes[0] = value->kind;
	memcpy(bytes + 1, value->bytes, value->length);
	return 1u + value->length;
}

void sk_blind_hash(const struct sk_day_key *key, const struct sk_value *value, uint8_t hash[SK_BLIND_BYTES])
{
	uint8_t bytes[1 + UINT8_MAX];
	size_t length = tagged(value, bytes);
	sk_keyed_hash(key->index_key, bytes, length, hash, SK_BLIND_BYTES);
}
