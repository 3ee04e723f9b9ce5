/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/find_finding.h"

#include <string.h>

#include "store/page.h"
#include "text/text.h"

enum { ID_DIGITS = 32 };

bool sk_is_finding_prefix(const char *text)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");
	return text[digits] == '\0' && digits >= SK_FINDING_PREFIX_MIN && digits <= ID_DIGITS;
}

struct search {
	const char *prefix, *value;
	uint64_t found;
	struct sk_finding *out;
	char first[ID_DIGITS + 1], second[ID_DIGITS + 1];
};

static enum sk_err look_at_id(void *context, const struct sk_finding *finding)
{
	struct search *search = context;
	char id[ID_DIGITS + 1];
	sk_hex_encode(finding->id, sizeof finding->id, id);
	if (strncasecmp(id, search->prefix, strlen(search->prefix)) != 0)
		return SK_OK;
	memcpy(search->found == 0 ? search->first : search->second, id, sizeof id);
	if (search->found++ == 0)
		*search->out = *finding;
	return SK_OK;
}

enum sk_err sk_find_finding(struct sk_store *store, const char *prefix, struct sk_finding *out, struct sk_fault *fault)
{
	struct search search = {.prefix = prefix, .out = out};
	const struct sk_store_filter all = {.class_ = -1};
	uint8_t id[16];
	/* A whole id is in the index, but of findings that an older version stored. */
	if (store != NULL && strlen(prefix) == ID_DIGITS && sk_hex_decode(prefix, id, sizeof id) == SK_OK) {
		enum sk_err err = sk_store_finding(store, id, out, fault);
		if (err != SK_ENOENT)
			return err;
	}
	if (!sk_is_finding_prefix(prefix))
		return sk_fault_set(fault, SK_EUSAGE, "'%s' is no finding's id: %d to %d hexadecimal digits were expected (sekisho findings --json shows ids)", prefix,
				    SK_FINDING_PREFIX_MIN, ID_DIGITS);
	if (store != NULL)
		SK_TRY(sk_store_findings(store, &all, look_at_id, &search, fault));
	if (search.found == 0)
		return sk_fault_set(fault, SK_ENOENT, "no finding's id begins with '%s' (sekisho findings --json shows ids)", prefix);
	if (search.found > 1)
		return sk_fault_set(fault, SK_EUSAGE, "'%s' begins several findings, such as %s and %s; give more digits", prefix, search.first, search.second);
	return SK_OK;
}

static enum sk_err look_at_value(void *context, const struct sk_finding *finding)
{
	struct search *search = context;
	search->found += strcmp(finding->matched, search->value) == 0;
	return SK_OK;
}

enum sk_err sk_finding_matched(struct sk_store *store, const char *value, bool *any, struct sk_fault *fault)
{
	struct search search = {.value = value};
	const struct sk_store_filter all = {.class_ = -1};
	if (store != NULL)
		SK_TRY(sk_store_findings(store, &all, look_at_value, &search, fault));
	*any = search.found != 0;
	return SK_OK;
}
