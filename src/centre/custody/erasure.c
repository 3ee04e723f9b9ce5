/* SPDX-License-Identifier: Apache-2.0 */
/* What an erasure says of itself: the body of its acts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "custody/custody.h"
#include "policy/policy.h"
#include "text/json.h"
#include "text/text.h"

enum { ID_HASH_BYTES = 8 };
static const int64_t day_ns = 86400000000000;

void sk_retention_id(const char *basis, const char *day, char id[SK_MATTER_ID_MAX])
{
	uint8_t digest[SK_HASH_BYTES];
	char hex[2 * ID_HASH_BYTES + 1];
	sk_sha256(basis, strlen(basis), digest);
	sk_hex_encode(digest, ID_HASH_BYTES, hex);
	(void)snprintf(id, SK_MATTER_ID_MAX, "%.10s.%s", day, hex);
}

enum sk_err sk_erasure_of(struct sk_store *store, const struct sk_store_day *day, struct sk_erasure *out, struct sk_fault *fault)
{
	*out = (struct sk_erasure){.day = *day};
	(void)snprintf(out->policy, sizeof out->policy, "%s", sk_policy_version());
	SK_TRY(sk_store_day_keys(store, day->basis, day->day, &out->keys, &out->key_count, fault));
	if (out->key_count <= SK_ERASURE_KEYS_MAX)
		return SK_OK;
	sk_erasure_fini(out);
	return sk_fault_set(fault, SK_ETOOBIG, "%s of basis %s: more than %d keys", day->day, day->basis, SK_ERASURE_KEYS_MAX);
}

void sk_erasure_fini(struct sk_erasure *erasure)
{
	free(erasure->keys);
	erasure->keys = NULL;
	erasure->key_count = 0;
}

void sk_erasure_write(const struct sk_erasure *erasure, struct sk_buf *out)
{
	struct sk_json_writer w;
	const struct sk_store_day *day = &erasure->day;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "basis", day->basis);
	sk_json_text(&w, "day", day->day);
	sk_json_u64(&w, "findings", day->findings);
	sk_json_u64(&w, "flows", day->flows);
	sk_json_array(&w, "holders");
	for (size_t i = 0; i < erasure->holder_count; i++)
		sk_json_text(&w, NULL, erasure->holders[i]);
	sk_json_end(&w);
	sk_json_u64(&w, "intervals", day->intervals);
	sk_json_u64(&w, "keep_days", erasure->keep_days);
	sk_json_array(&w, "keys");
	for (size_t i = 0; i < erasure->key_count; i++)
		sk_json_hex(&w, NULL, erasure->keys[i], SK_KEY_ID_BYTES);
	sk_json_end(&w);
	sk_json_u64(&w, "observations", day->observations);
	sk_json_u64(&w, "originals", day->originals);
	sk_json_text(&w, "policy", erasure->policy);
	sk_json_bool(&w, "scheduled", erasure->scheduled);
	sk_json_hex(&w, "store", day->digest, sizeof day->digest);
	sk_json_text(&w, "why", erasure->why);
	sk_json_end(&w);
}

static bool take_text(const struct sk_json_value *top, const char *key, char *out, size_t size)
{
	const char *text = sk_json_get_text(top, key);
	if (text == NULL || strlen(text) >= size)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool take_keys(const struct sk_json_value *list, struct sk_erasure *out)
{
	if (list == NULL || list->kind != SK_JSON_ARRAY || list->length > SK_ERASURE_KEYS_MAX)
		return false;
	out->keys = calloc(list->length + 1, sizeof *out->keys);
	for (const struct sk_json_value *one = list->child; out->keys != NULL && one != NULL; one = one->next)
		if (one->kind != SK_JSON_TEXT || sk_hex_decode(one->text, out->keys[out->key_count++], SK_KEY_ID_BYTES) != SK_OK)
			return false;
	return out->keys != NULL;
}

static bool take_holders(const struct sk_json_value *list, struct sk_erasure *out)
{
	if (list == NULL || list->kind != SK_JSON_ARRAY || list->length > SK_HOLDERS_MAX)
		return false;
	for (const struct sk_json_value *one = list->child; one != NULL; one = one->next) {
		if (one->kind != SK_JSON_TEXT || strlen(one->text) >= SK_MATTER_ID_MAX)
			return false;
		memcpy(out->holders[out->holder_count++], one->text, strlen(one->text) + 1);
	}
	return true;
}

static bool take_all(const struct sk_json_value *top, struct sk_erasure *out)
{
	struct sk_store_day *day = &out->day;
	uint64_t keep = 0;
	int64_t ns;
	const struct sk_json_value *scheduled = sk_json_get(top, "scheduled");
	bool good = take_text(top, "basis", day->basis, sizeof day->basis) && take_text(top, "day", day->day, sizeof day->day) && sk_time_parse(day->day, &ns) == SK_OK &&
		    take_text(top, "policy", out->policy, sizeof out->policy) && take_text(top, "why", out->why, sizeof out->why) &&
		    sk_json_get_u64(top, "findings", &day->findings) == SK_OK && sk_json_get_u64(top, "flows", &day->flows) == SK_OK &&
		    sk_json_get_u64(top, "intervals", &day->intervals) == SK_OK && sk_json_get_u64(top, "keep_days", &keep) == SK_OK && keep <= 36500 &&
		    sk_json_get_u64(top, "observations", &day->observations) == SK_OK && sk_json_get_u64(top, "originals", &day->originals) == SK_OK &&
		    sk_json_get_hex(top, "store", day->digest, sizeof day->digest) == SK_OK && scheduled != NULL && scheduled->kind == SK_JSON_BOOL &&
		    take_keys(sk_json_get(top, "keys"), out) && take_holders(sk_json_get(top, "holders"), out);
	out->keep_days = (unsigned)keep;
	out->scheduled = scheduled != NULL && scheduled->integer != 0;
	return good;
}

/* One form each: what reads the same is written the same (digits of keys in lower case, no further member). */
static bool is_its_form(const struct sk_erasure *erasure, const char *body, size_t length)
{
	struct sk_buf again;
	sk_buf_init(&again, SK_ACT_BODY_MAX);
	sk_erasure_write(erasure, &again);
	bool same = again.failed == SK_OK && again.length == length && memcmp(again.bytes, body, length) == 0;
	sk_buf_fini(&again);
	return same;
}

enum sk_err sk_erasure_read(const char *body, size_t length, struct sk_erasure *out, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	*out = (struct sk_erasure){.key_count = 0};
	SK_TRY(sk_json_parse(body, length, &doc, fault));
	bool good = take_all(sk_json_top(doc), out) && is_its_form(out, body, length);
	sk_json_free(doc);
	if (good)
		return SK_OK;
	sk_erasure_fini(out);
	return sk_fault_set(fault, SK_EMALFORMED, "the body of an erasure: a field is missing or wrong");
}

/* In ascending order of names; what is 0 is left out. */
void sk_erasure_cells(const struct sk_erasure *erasure, struct sk_act_facts *facts)
{
	const struct {
		const char *name;
		uint64_t count;
	} cells[] = {{"findings", erasure->day.findings}, {"flows", erasure->day.flows}, {"keys", erasure->key_count},
		     {"observations", erasure->day.observations}, {"originals", erasure->day.originals}};
	for (size_t i = 0; i < SK_COUNT(cells); i++) {
		if (cells[i].count == 0)
			continue;
		struct sk_cell *cell = &facts->counts[facts->count_count++];
		*cell = (struct sk_cell){.frames = cells[i].count};
		(void)snprintf(cell->name, sizeof cell->name, "%s", cells[i].name);
	}
}

enum sk_err sk_retention_due(const char *day, unsigned keep_days, int64_t *due_ns, struct sk_fault *fault)
{
	if (sk_time_parse(day, due_ns) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: expected a day as YYYY-MM-DD", day);
	*due_ns += (1 + (int64_t)keep_days) * day_ns;
	return SK_OK;
}
