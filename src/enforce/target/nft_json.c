/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's table out of nft's JSON (libnftables-json(5)), and transactions into it. json-c reads: nft's JSON is not canonical. */
#include "target/nft_priv.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_ELEMENTS = 256, JSON_DEPTH = 32, RULE_MAX = 512 };

/* The three rules of a length: what comes from it (before anything else is done), what goes to it through this host, what goes to it from this host. */
static const struct {
	const char *chain, *hook, *field;
} rules[NFT_RULES] = {{"from", "prerouting", "saddr"}, {"from", "prerouting", "daddr"}, {"to", "output", "daddr"}};
static const char *const chains[][2] = {{"from", "prerouting"}, {"to", "output"}};
enum { PRIORITY_RAW = -300 };

const char *nft_set_name(unsigned length, char name[NFT_NAME_MAX])
{
	(void)snprintf(name, NFT_NAME_MAX, "drop%d_%u", length < 33 ? 4 : 6, length < 33 ? length : length - 33);
	return name;
}

static const char *chain_name(unsigned length, const char *chain, char name[NFT_NAME_MAX])
{
	(void)snprintf(name, NFT_NAME_MAX, "%s%d_%u", chain, length < 33 ? 4 : 6, length < 33 ? length : length - 33);
	return name;
}

/* The network mask as an address. */
static const char *mask_text(unsigned length, char text[SK_ADDR_TEXT_MAX])
{
	struct sk_addr mask = {.family = length < 33 ? 4 : 6};
	unsigned bits = length < 33 ? length : length - 33;
	for (unsigned i = 0; i < bits; i++)
		mask.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return sk_addr_format(&mask, text);
}

/* The expression of a rule; of a counter its presence alone. */
static void rule_text(unsigned length, size_t rule, char out[RULE_MAX])
{
	char payload[128], mask[SK_ADDR_TEXT_MAX], set[NFT_NAME_MAX];
	bool whole = length == 32 || length == 33 + 128;
	(void)snprintf(payload, sizeof payload, "{\"payload\":{\"protocol\":\"%s\",\"field\":\"%s\"}}", length < 33 ? "ip" : "ip6", rules[rule].field);
	if (whole)
		(void)snprintf(out, RULE_MAX, "[{\"match\":{\"op\":\"==\",\"left\":%s,\"right\":\"@%s\"}},{\"counter\":null},{\"drop\":null}]", payload,
			       nft_set_name(length, set));
	else
		(void)snprintf(out, RULE_MAX, "[{\"match\":{\"op\":\"==\",\"left\":{\"&\":[%s,\"%s\"]},\"right\":\"@%s\"}},{\"counter\":null},{\"drop\":null}]", payload,
			       mask_text(length, mask), nft_set_name(length, set));
}

/* ---- reading ---- */

static const char *text_of(const struct json_object *object, const char *key)
{
	struct json_object *value;
	return json_object_object_get_ex(object, key, &value) && json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* Which length does a name "drop4_24" (or a chain's) speak of? NFT_LENGTHS: none. */
static unsigned length_of(const char *name, const char *stem)
{
	char again[NFT_NAME_MAX];
	if (strncmp(name, stem, strlen(stem)) != 0)
		return NFT_LENGTHS;
	for (unsigned length = 0; length < NFT_LENGTHS; length++)
		if (strcmp(chain_name(length, stem, again), name) == 0)
			return length;
	return NFT_LENGTHS;
}

static enum sk_err keep(struct nft_held *held, size_t *places, const struct nft_element *element)
{
	if (held->count == *places) {
		size_t more = *places == 0 ? FIRST_ELEMENTS : 2 * *places;
		struct nft_element *fresh = realloc(held->elements, more * sizeof *fresh);
		if (fresh == NULL)
			return SK_ENOMEM;
		held->elements = fresh;
		*places = more;
	}
	held->elements[held->count++] = *element;
	held->lengths[element->place.length].elements++;
	return SK_OK;
}

/* "ADDR", or {"elem": {"val": "ADDR", "timeout": s, "expires": s, "comment": "..."}}. */
static bool read_element(struct json_object *value, unsigned length, struct nft_element *out)
{
	struct json_object *inner, *expires;
	*out = (struct nft_element){.place.length = (uint8_t)length, .expires_s = -1};
	const char *addr = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
	if (json_object_is_type(value, json_type_object) && json_object_object_get_ex(value, "elem", &inner)) {
		addr = text_of(inner, "val");
		(void)snprintf(out->comment, sizeof out->comment, "%s", text_of(inner, "comment"));
		if (json_object_object_get_ex(inner, "expires", &expires))
			out->expires_s = json_object_get_int64(expires);
	}
	return sk_addr_parse(addr, &out->place.addr) == SK_OK;
}

static enum sk_err read_set(struct json_object *set, struct nft_held *held, size_t *places)
{
	struct json_object *elements;
	unsigned length = length_of(text_of(set, "name"), "drop");
	if (length == NFT_LENGTHS) {
		held->foreign++;
		return SK_OK;
	}
	held->lengths[length].set = true;
	if (!json_object_object_get_ex(set, "elem", &elements) || !json_object_is_type(elements, json_type_array))
		return SK_OK;
	for (size_t i = 0; i < json_object_array_length(elements); i++) {
		struct nft_element element;
		if (!read_element(json_object_array_get_idx(elements, i), length, &element))
			return SK_EMALFORMED;
		SK_TRY(keep(held, places, &element));
	}
	return SK_OK;
}

static void read_chain(const struct json_object *chain, struct nft_held *held)
{
	struct json_object *priority;
	for (size_t i = 0; i < SK_COUNT(chains); i++) {
		unsigned length = length_of(text_of(chain, "name"), chains[i][0]);
		if (length == NFT_LENGTHS)
			continue;
		bool good = strcmp(text_of(chain, "hook"), chains[i][1]) == 0 && strcmp(text_of(chain, "policy"), "accept") == 0 &&
			    strcmp(text_of(chain, "type"), "filter") == 0 && json_object_object_get_ex(chain, "prio", &priority) &&
			    json_object_get_int(priority) == PRIORITY_RAW;
		held->lengths[length].good_chains += good;
		return;
	}
	held->foreign++;
}

/* What a counter has counted is not compared. */
static void forget_counters(struct json_object *expression)
{
	for (size_t i = 0; json_object_is_type(expression, json_type_array) && i < json_object_array_length(expression); i++) {
		struct json_object *statement = json_object_array_get_idx(expression, i), *counter;
		if (json_object_is_type(statement, json_type_object) && json_object_object_get_ex(statement, "counter", &counter))
			(void)json_object_object_add(statement, "counter", NULL);
	}
}

static void read_rule(const struct json_object *rule, struct nft_held *held)
{
	struct json_object *expression;
	const char *chain = text_of(rule, "chain");
	for (size_t i = 0; i < NFT_RULES; i++) {
		char wanted[RULE_MAX];
		unsigned length = length_of(chain, rules[i].chain);
		if (length == NFT_LENGTHS)
			continue;
		if (i == 0 || rules[i].chain != rules[i - 1].chain)
			held->lengths[length].rules++;
		if (!json_object_object_get_ex(rule, "expr", &expression))
			continue;
		rule_text(length, i, wanted);
		forget_counters(expression);
		struct json_object *want = json_tokener_parse(wanted);
		if (want != NULL && json_object_equal(want, expression) == 1)
			held->lengths[length].good_rules |= 1U << i;
		(void)json_object_put(want);
	}
}

static enum sk_err read_object(struct json_object *object, struct nft_held *held, size_t *places)
{
	struct json_object *inner;
	if (json_object_object_get_ex(object, "table", &inner)) {
		struct json_object *flags;
		held->table = true;
		held->dormant = json_object_object_get_ex(inner, "flags", &flags); /* a table that does nothing; the only flag that there is */
	}
	if (json_object_object_get_ex(object, "set", &inner))
		return read_set(inner, held, places);
	else if (json_object_object_get_ex(object, "chain", &inner))
		read_chain(inner, held);
	else if (json_object_object_get_ex(object, "rule", &inner))
		read_rule(inner, held);
	else if (!json_object_object_get_ex(object, "metainfo", &inner) && !json_object_object_get_ex(object, "table", &inner))
		held->foreign++;
	return SK_OK;
}

static int by_place(const void *a, const void *b)
{
	const struct nft_place *x = &((const struct nft_element *)a)->place, *y = &((const struct nft_element *)b)->place;
	return x->length != y->length ? (x->length > y->length) - (x->length < y->length) : sk_addr_compare(&x->addr, &y->addr);
}

static enum sk_err read_top(const struct json_object *top, struct nft_held *held)
{
	struct json_object *list;
	size_t places = 0;
	if (!json_object_object_get_ex(top, "nftables", &list) || !json_object_is_type(list, json_type_array))
		return SK_EMALFORMED;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		SK_TRY(read_object(json_object_array_get_idx(list, i), held, &places));
	for (unsigned i = 0; i < NFT_LENGTHS; i++) {
		struct nft_length *length = &held->lengths[i];
		length->whole = length->set && length->good_chains == SK_COUNT(chains) && length->rules == NFT_RULES && length->good_rules == (1U << NFT_RULES) - 1 &&
				!held->dormant;
	}
	if (held->count > 0)
		qsort(held->elements, held->count, sizeof *held->elements, by_place);
	return SK_OK;
}

enum sk_err nft_held_read(const struct nft *nft, const char *json, size_t length, struct nft_held *out, struct sk_fault *fault)
{
	struct json_tokener *reader = json_tokener_new_ex(JSON_DEPTH);
	*out = (struct nft_held){0};
	if (reader == NULL || length > INT32_MAX) {
		if (reader != NULL)
			json_tokener_free(reader);
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", nft->name);
	}
	struct json_object *top = json_tokener_parse_ex(reader, json, (int)length);
	enum sk_err err = top == NULL ? SK_EMALFORMED : read_top(top, out);
	(void)json_object_put(top);
	json_tokener_free(reader);
	if (err == SK_OK)
		return SK_OK;
	nft_held_free(out);
	return err == SK_ENOMEM ? sk_fault_set(fault, err, "%s: out of memory", nft->name)
				: sk_fault_set(fault, SK_ETARGET, "%s: what nft lists of table inet %s cannot be understood", nft->name, nft->table);
}

void nft_held_free(struct nft_held *held)
{
	free(held->elements);
	*held = (struct nft_held){0};
}

const struct nft_element *nft_held_find(const struct nft_held *held, const struct nft_place *place)
{
	const struct nft_element key = {.place = *place};
	return held->count == 0 ? NULL : bsearch(&key, held->elements, held->count, sizeof *held->elements, by_place);
}

/* ---- writing ---- */

void nft_write_begin(struct sk_buf *out)
{
	sk_buf_add_text(out, "{\"nftables\":[{\"metainfo\":{\"json_schema_version\":1}}");
}

void nft_write_end(struct sk_buf *out)
{
	sk_buf_add_text(out, "]}\n");
}

void nft_write_table(const struct nft *nft, const char *verb, struct sk_buf *out)
{
	sk_buf_addf(out, ",{\"%s\":{\"table\":{\"family\":\"inet\",\"name\":\"%s\"}}}", verb, nft->table);
}

static void write_chain(const struct nft *nft, const char *verb, unsigned length, size_t chain, bool whole, struct sk_buf *out)
{
	char name[NFT_NAME_MAX];
	sk_buf_addf(out, ",{\"%s\":{\"chain\":{\"family\":\"inet\",\"table\":\"%s\",\"name\":\"%s\"", verb, nft->table, chain_name(length, chains[chain][0], name));
	if (whole)
		sk_buf_addf(out, ",\"type\":\"filter\",\"hook\":\"%s\",\"prio\":%d,\"policy\":\"accept\"", chains[chain][1], PRIORITY_RAW);
	sk_buf_add_text(out, "}}}");
}

static void write_set(const struct nft *nft, const char *verb, unsigned length, bool whole, struct sk_buf *out)
{
	char name[NFT_NAME_MAX];
	sk_buf_addf(out, ",{\"%s\":{\"set\":{\"family\":\"inet\",\"table\":\"%s\",\"name\":\"%s\"", verb, nft->table, nft_set_name(length, name));
	if (whole)
		sk_buf_addf(out, ",\"type\":\"ipv%d_addr\",\"flags\":[\"timeout\"]", length < 33 ? 4 : 6);
	sk_buf_add_text(out, "}}}");
}

void nft_write_length(const struct nft *nft, unsigned length, struct sk_buf *out)
{
	write_set(nft, "add", length, true, out);
	for (size_t i = 0; i < SK_COUNT(chains); i++)
		write_chain(nft, "add", length, i, true, out);
	for (size_t i = 0; i < NFT_RULES; i++) {
		char text[RULE_MAX], name[NFT_NAME_MAX];
		rule_text(length, i, text);
		sk_buf_addf(out, ",{\"add\":{\"rule\":{\"family\":\"inet\",\"table\":\"%s\",\"chain\":\"%s\",\"expr\":%s}}}", nft->table,
			    chain_name(length, rules[i].chain, name), text);
	}
}

void nft_write_length_gone(const struct nft *nft, unsigned length, struct sk_buf *out)
{
	for (size_t i = 0; i < SK_COUNT(chains); i++) {
		write_chain(nft, "flush", length, i, false, out);
		write_chain(nft, "delete", length, i, false, out);
	}
	write_set(nft, "delete", length, false, out);
}

void nft_write_element(const struct nft *nft, const char *verb, const struct nft_place *place, const char *comment, int64_t timeout_s, struct sk_buf *out)
{
	char set[NFT_NAME_MAX], addr[SK_ADDR_TEXT_MAX];
	sk_buf_addf(out, ",{\"%s\":{\"element\":{\"family\":\"inet\",\"table\":\"%s\",\"name\":\"%s\",\"elem\":[{\"elem\":{\"val\":\"%s\"", verb, nft->table,
		    nft_set_name(place->length, set), sk_addr_format(&place->addr, addr));
	if (comment != NULL)
		sk_buf_addf(out, ",\"timeout\":%lld,\"comment\":\"%s\"", (long long)timeout_s, comment);
	sk_buf_add_text(out, "}}]}}}");
}
