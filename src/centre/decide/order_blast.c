/* SPDX-License-Identifier: Apache-2.0 */
/* The reach of an order. Hosts go into a HyperLogLog under a random key that is forgotten with it: what is left is one number. */
#include "decide/blast.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal/siphash.h"
#include "sketch/sketch.h"
#include "text/json.h"
#include "text/text.h"

enum { SKETCH_BITS = 12, SKETCH_REGISTERS = 1 << SKETCH_BITS, V4_BLOCK = 24, V6_BLOCK = 48, LINE_MAX_BYTES = 300 };

struct count {
	uint8_t key[SK_SIP_KEY_BYTES];
	uint8_t registers[SKETCH_REGISTERS], organisations[SKETCH_REGISTERS];
	const struct sk_blast_owners *owners;
	bool others;
	const char *target;
	struct sk_prefix prefix;      /* of the target; family 0: it is a domain */
	uint64_t hits, flows, records;
	bool counting_flows;
};

/* ---- targets ---- */

static bool is_below(const char *name, const char *base)
{
	size_t length = strlen(name), end = strlen(base);
	return length > end && strcmp(name + length - end, base) == 0 && *(name + length - end - 1) == '.';
}

/* "*.NAME" is every name below NAME. */
static bool domains_touch(const char *a, const char *b)
{
	bool wide_a = strncmp(a, "*.", 2) == 0, wide_b = strncmp(b, "*.", 2) == 0;
	const char *base_a = wide_a ? a + 2 : a, *base_b = wide_b ? b + 2 : b;
	return strcmp(a, b) == 0 || (wide_a && is_below(base_b, base_a)) || (wide_b && is_below(base_a, base_b));
}

bool sk_targets_touch(const char *a, const char *b)
{
	struct sk_prefix first, second;
	if (sk_prefix_parse(a, &first) != SK_OK || sk_prefix_parse(b, &second) != SK_OK)
		return domains_touch(a, b);
	return sk_prefix_holds(&first, &second.addr) || sk_prefix_holds(&second, &first.addr);
}

/* ---- the store ---- */

/* The end that the measure would be felt at: of a name whoever asked, of a prefix the other side. */
static const struct sk_addr *host_of(const struct count *c, const struct sk_observation *o)
{
	if (c->prefix.addr.family == 0)
		return &o->initiator;
	if (sk_prefix_holds(&c->prefix, &o->responder))
		return &o->initiator;
	return sk_prefix_holds(&c->prefix, &o->initiator) ? &o->responder : NULL;
}

static enum sk_err take(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *o)
{
	struct count *c = context;
	(void)id;
	(void)interval;
	c->records++;
	const struct sk_addr *host = host_of(c, o);
	if (host == NULL)
		return SK_OK; /* the block of the index is wider than the target */
	sk_hll_add(c->registers, SKETCH_BITS, sk_siphash13(c->key, host, sizeof *host));
	uint32_t owner = c->owners != NULL ? c->owners->find(c->owners->context, host) : UINT32_MAX;
	if (owner != UINT32_MAX)
		sk_hll_add(c->organisations, SKETCH_BITS, sk_siphash13(c->key, &owner, sizeof owner));
	else
		c->others = true;
	if (c->counting_flows)
		c->flows++;
	else
		c->hits++;
	return SK_OK;
}

/* The value of the blind index that holds everything about the target: a name, an address, or its /24 or /48. */
static void value_for(struct count *c, char value[SK_ORDER_TARGET_MAX])
{
	c->prefix = (struct sk_prefix){0};
	if (sk_prefix_parse(c->target, &c->prefix) != SK_OK) {
		c->prefix = (struct sk_prefix){0};
		(void)snprintf(value, SK_ORDER_TARGET_MAX, "%s", strncmp(c->target, "*.", 2) == 0 ? c->target + 2 : c->target);
		return;
	}
	struct sk_prefix block = c->prefix;
	bool four = block.addr.family == 4;
	if (block.bits == (four ? 32 : 128)) {
		(void)sk_addr_format(&block.addr, value);
		return;
	}
	unsigned bits = four ? V4_BLOCK : V6_BLOCK;
	memset(block.addr.bytes + bits / 8, 0, sizeof block.addr.bytes - bits / 8);
	block.bits = (uint8_t)bits;
	(void)sk_prefix_format(&block, value);
}

static enum sk_err count_target(struct sk_store *store, struct count *c, int64_t since_ns, int64_t until_ns, struct sk_fault *fault)
{
	char value[SK_ORDER_TARGET_MAX];
	uint64_t erased = 0;
	value_for(c, value);
	const struct sk_store_filter filter = {.since_ns = since_ns, .until_ns = until_ns, .class_ = -1, .value = value};
	c->counting_flows = false;
	SK_TRY(sk_store_observations(store, &filter, take, c, &erased, fault));
	c->counting_flows = true;
	return sk_store_flows(store, &filter, take, c, &erased, fault);
}

//= rule: ORDER-9
enum sk_err sk_blast_store(struct sk_store *store, const struct sk_order *order, const struct sk_blast_owners *owners, int64_t since_ns, int64_t until_ns, struct sk_blast_counts *counts,
			   struct sk_fault *fault)
{
	struct sk_store_totals totals;
	struct count *c = calloc(1, sizeof *c);
	if (c == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_random(c->key, sizeof c->key);
	c->owners = owners;
	enum sk_err err = sk_store_totals(store, &totals, fault);
	for (size_t i = 0; i < order->target_count && err == SK_OK; i++) {
		c->target = order->targets[i];
		err = count_target(store, c, since_ns, until_ns, fault);
	}
	if (err == SK_OK) {
		uint64_t flows = c->flows > c->hits ? c->flows : c->hits;
		counts->records += c->records;
		/* Where only what a selector hit is kept, that nothing was kept says nothing. */
		counts->known = counts->known || flows != 0 || totals.flows != 0;
		counts->flows += flows;
		counts->hosts += (uint64_t)(sk_hll_estimate(c->registers, SKETCH_BITS) + 0.5);
		uint64_t organisations = (uint64_t)(sk_hll_estimate(c->organisations, SKETCH_BITS) + 0.5);
		counts->organisations += organisations;
		counts->others = counts->others || c->others;
		/* Hosts of which not one belongs to anybody known tell nothing. */
		counts->organisations_known = owners != NULL && counts->known && (organisations != 0 || !c->others);
	}
	sk_wipe(c, sizeof *c);
	free(c);
	return err;
}

/* ---- what enforcement points tell ---- */

static enum sk_err take_counter(const struct sk_json_value *v, size_t number, const struct sk_order *order, int64_t since_ns, int64_t until_ns,
				struct sk_blast_counts *counts, struct sk_fault *fault)
{
	const char *target = sk_json_get_text(v, "target"), *point = sk_json_get_text(v, "point"), *from = sk_json_get_text(v, "from"), *until = sk_json_get_text(v, "until");
	uint64_t count;
	int64_t from_ns, to_ns;
	if (target == NULL || point == NULL || from == NULL || until == NULL || sk_json_get_u64(v, "count", &count) != SK_OK || sk_time_parse(from, &from_ns) != SK_OK ||
	    sk_time_parse(until, &to_ns) != SK_OK)
		return sk_fault_set(fault, SK_EINPUT, "counters: element %zu: expected count, from, point, target and until", number);
	if (to_ns < since_ns || from_ns > until_ns)
		return SK_OK;
	for (size_t i = 0; i < order->target_count; i++) {
		if (!sk_targets_touch(order->targets[i], target))
			continue;
		counts->counters_known = true;
		counts->counters = counts->counters > UINT64_MAX - count ? UINT64_MAX : counts->counters + count;
		break;
	}
	return SK_OK;
}

enum sk_err sk_blast_volunteered(const char *text, size_t length, const struct sk_order *order, int64_t since_ns, int64_t until_ns, struct sk_blast_counts *counts,
				 struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	while (length != 0 && *(text + length - 1) == '\n')
		length--;
	if (sk_json_parse(text, length, &doc, fault) != SK_OK)
		return SK_EINPUT;
	const struct sk_json_value *top = sk_json_top(doc), *list = sk_json_get(top, "counters");
	const char *format = sk_json_get_text(top, "format");
	enum sk_err err = SK_OK;
	if (format == NULL || strcmp(format, "sekisho-counters/1") != 0 || list == NULL || list->kind != SK_JSON_ARRAY)
		err = sk_fault_set(fault, SK_EINPUT, "counters: expected an object with counters and format sekisho-counters/1");
	size_t number = 0;
	for (const struct sk_json_value *v = err == SK_OK ? list->child : NULL; v != NULL && err == SK_OK; v = v->next)
		err = take_counter(v, number++, order, since_ns, until_ns, counts, fault);
	sk_json_free(doc);
	return err;
}

/* ---- who is never touched ---- */

/* A line of an allow-list protects the name and everything below it. */
static bool protects(const char *line, const char *target)
{
	char below[LINE_MAX_BYTES + 3];
	struct sk_prefix prefix;
	(void)snprintf(below, sizeof below, "*.%s", line);
	return sk_targets_touch(line, target) || (sk_prefix_parse(line, &prefix) != SK_OK && sk_targets_touch(below, target));
}

enum sk_err sk_blast_allowed(const char *text, size_t length, const char *name, const struct sk_order *order, struct sk_fault *fault)
{
	char line[LINE_MAX_BYTES + 1];
	size_t number = 0;
	for (const char *at = text, *end = text + length; at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((stop != NULL ? stop : end) - at);
		number++;
		if (n > LINE_MAX_BYTES)
			return sk_fault_set(fault, SK_EINPUT, "%s:%zu: longer than %d bytes; expected a domain or a prefix", name, number, LINE_MAX_BYTES);
		memcpy(line, at, n);
		line[n] = '\0';
		line[strcspn(line, "# \t\r")] = '\0';
		for (size_t i = 0; i < order->target_count && line[0] != '\0'; i++)
			if (protects(line, order->targets[i]))
				return sk_fault_set(fault, SK_ECOLLATERAL, "%s:%zu: %s is on the allow-list, which always wins; %s would touch it", name, number, line,
						    order->targets[i]);
		at += n + 1;
	}
	return SK_OK;
}

//= rule: ORDER-9
void sk_blast_tell(const struct sk_blast_counts *counts, int64_t since_ns, int64_t until_ns, struct sk_order_blast *out)
{
	*out = (struct sk_order_blast){.since_ns = since_ns, .until_ns = until_ns, .hosts = SK_BAND_UNKNOWN, .flows = SK_BAND_UNKNOWN, .organisations = SK_BAND_UNKNOWN,
				       .counters = SK_BAND_UNKNOWN};
	if (counts->known) {
		(void)sk_band_of(counts->hosts, out->hosts);
		(void)sk_band_of(counts->flows, out->flows);
	}
	if (counts->organisations_known) {
		char band[SK_BAND_MAX];
		(void)snprintf(out->organisations, sizeof out->organisations, "%.24s%s", sk_band_of(counts->organisations, band), counts->others ? " and others" : "");
	}
	if (counts->counters_known)
		(void)sk_band_of(counts->counters, out->counters);
}
