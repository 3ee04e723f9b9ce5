/* SPDX-License-Identifier: Apache-2.0 */
/* Looking back: indicators that came today over what a workspace keeps. What is stored was admitted and selected when it crossed; the gate has spoken. */
#include <stdlib.h>
#include <string.h>

#include "cmd/look.h"
#include "cmd/hunt.h"
#include "store/store.h"
#include "text/text.h"

/* One look-up opens every day of the store: it costs about as much as reading this many records. */
enum { LOOK_UP_COST = 64, VALUE_MAX = 320, INDEXED_V4 = 24, INDEXED_V6 = 48 };

struct look_back {
	struct sk_hunt *hunt;
	struct sk_hunt_stored *stored;
	struct sk_store *store;
	struct sk_store_filter filter;
	struct sk_indicator_hit asked; /* by selector: the one that is asked for */
	bool out_of_memory;
};

static void add_hit(struct look_back *to, const struct sk_indicator_hit *indicator, const uint8_t id[16], const struct sk_observation *o)
{
	struct sk_hunt_hit hit = {.indicator = *indicator, .class_ = o->class_, .field = SK_LOG_NOTHING, .count = 1, .has_time = true, .first_ns = o->first_ns,
				  .last_ns = o->last_ns, .has_evidence = true};
	memcpy(hit.evidence, id, sizeof hit.evidence);
	sk_hunt_hit_sides(&hit, &o->initiator, o->initiator_port, &o->responder, o->responder_port);
	to->out_of_memory |= !sk_hunt_hits_add(&to->hunt->hits, &hit);
}

/* ---- the set for each record ---- */

static void ask_name(struct look_back *to, const char *name, const uint8_t id[16], const struct sk_observation *o)
{
	struct sk_indicator_hit hit;
	if (name[0] != '\0' && sk_indicator_match_domain(to->hunt->set, name, strlen(name), &hit))
		add_hit(to, &hit, id, o);
}

static void ask_hex(struct look_back *to, enum sk_indicator_kind kind, const char *hex, const uint8_t id[16], const struct sk_observation *o)
{
	struct sk_indicator_hit hit;
	if (hex[0] != '\0' && sk_indicator_match_hex(to->hunt->set, kind, hex, &hit))
		add_hit(to, &hit, id, o);
}

static void ask_hash(struct look_back *to, enum sk_indicator_kind kind, const uint8_t *bytes, size_t length, const uint8_t id[16], const struct sk_observation *o)
{
	struct sk_indicator_hit hit;
	if (sk_count_nonzero(bytes, length) != 0 && sk_indicator_match_hash(to->hunt->set, kind, bytes, length, &hit))
		add_hit(to, &hit, id, o);
}

/* A record keeps no URL. That one was asked for is known where a selector for it hit. */
static void ask_page(struct look_back *to, const uint8_t id[16], const struct sk_observation *o)
{
	static const char kind[] = "url:";
	if (strncmp(o->matched, kind, sizeof kind - 1) == 0)
		ask_hex(to, SK_INDICATOR_URL, o->matched + sizeof kind - 1, id, o);
}

static enum sk_err ask_record(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *o)
{
	struct look_back *to = context;
	const struct sk_indicator_set *set = to->hunt->set;
	struct sk_indicator_hit hit;
	(void)interval;
	to->stored->read++;
	if (sk_indicator_match_addr(set, &o->initiator, &hit))
		add_hit(to, &hit, id, o);
	if (sk_indicator_match_addr(set, &o->responder, &hit))
		add_hit(to, &hit, id, o);
	ask_name(to, o->dns_domain, id, o);
	ask_name(to, o->sni_domain, id, o);
	ask_name(to, o->http_host_domain, id, o);
	ask_hex(to, SK_INDICATOR_JA3, o->ja3, id, o);
	ask_hex(to, SK_INDICATOR_JA3S, o->ja3s, id, o);
	ask_hex(to, SK_INDICATOR_HASSH, o->hassh, id, o);
	ask_hex(to, SK_INDICATOR_HASSH_SERVER, o->hassh_server, id, o);
	ask_hash(to, SK_INDICATOR_CERT_SHA1, o->cert_sha1, sizeof o->cert_sha1, id, o);
	ask_hash(to, SK_INDICATOR_CERT_SHA256, o->cert_sha256, sizeof o->cert_sha256, id, o);
	if (o->ja4[0] != '\0' && sk_indicator_match_ja4(set, o->ja4, &hit))
		add_hit(to, &hit, id, o);
	if (o->ja4_second[0] != '\0' && sk_indicator_match_ja4(set, o->ja4_second, &hit))
		add_hit(to, &hit, id, o);
	ask_page(to, id, o);
	return to->out_of_memory ? SK_ENOMEM : SK_OK;
}

/* ---- the store for each selector ---- */

static enum sk_err take_record(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *o)
{
	struct look_back *to = context;
	(void)interval;
	to->stored->read++;
	add_hit(to, &to->asked, id, o);
	return to->out_of_memory ? SK_ENOMEM : SK_OK;
}

/* Walk observations, then flows. What lies under destroyed keys is the same for every look-up: it is counted once. */
static enum sk_err walk(struct look_back *to, sk_store_observation_visit visit, struct sk_fault *fault)
{
	uint64_t observations = 0, flows = 0;
	SK_TRY(sk_store_observations(to->store, &to->filter, visit, to, &observations, fault));
	SK_TRY(sk_store_flows(to->store, &to->filter, visit, to, &flows, fault));
	to->stored->erased = observations + flows;
	return SK_OK;
}

/* The kind of an entry, by asking the set for its own value. False: no blind index answers for it. */
static bool indexed_kind(const struct sk_indicator_set *set, const char *value, uint32_t *kind)
{
	struct sk_indicator_hit hit;
	struct sk_prefix prefix;
	if (sk_prefix_parse(value, &prefix) == SK_OK) {
		bool whole = strchr(value, '/') == NULL;
		*kind = whole ? SK_INDICATOR_ADDRESS : SK_INDICATOR_PREFIX;
		return whole || prefix.bits == (prefix.addr.family == 4 ? INDEXED_V4 : INDEXED_V6);
	}
	bool known = sk_indicator_match_domain(set, value, strlen(value), &hit) || sk_indicator_match_ja3(set, value, &hit) || sk_indicator_match_ja4(set, value, &hit);
	*kind = hit.kind;
	return known;
}

static bool all_indexed(const struct sk_indicator_set *set, uint64_t entries)
{
	char value[VALUE_MAX];
	uint32_t kind;
	for (uint32_t id = 0; id < entries; id++)
		if (!indexed_kind(set, sk_indicator_value(set, id, value, sizeof value), &kind))
			return false;
	return true;
}

static enum sk_err ask_each_selector(struct look_back *to, uint64_t entries, struct sk_fault *fault)
{
	char value[VALUE_MAX];
	for (uint32_t id = 0; id < entries && !sk_hunt_interrupted(); id++) {
		to->filter.value = sk_indicator_value(to->hunt->set, id, value, sizeof value);
		to->asked.id = id;
		(void)indexed_kind(to->hunt->set, value, &to->asked.kind);
		to->stored->asked++;
		SK_TRY(walk(to, take_record, fault));
	}
	return SK_OK;
}

/* What a look back cannot see must not read as "was not there". */
static void tell_pages(const struct sk_hunt *hunt, uint64_t pages)
{
	char number[SK_UNIT_TEXT_MAX];
	if (pages != 0)
		(void)fprintf(hunt->cmd->err, "sekisho: hunt: no page is kept in a record, only its host's domain: %s URL selector%s can be found only where the same one hit before\n",
			      sk_number_format(pages, number), pages == 1 ? "" : "s");
}

static enum sk_err look(struct look_back *to, struct sk_fault *fault)
{
	struct sk_store_totals totals;
	struct sk_indicator_facts facts;
	SK_TRY(sk_store_totals(to->store, &totals, fault));
	sk_indicator_facts(to->hunt->set, &facts);
	tell_pages(to->hunt, facts.entries_by_kind[__builtin_ctz(SK_INDICATOR_URL)]);
	to->stored->observations = totals.observations;
	to->stored->flows = totals.flows;
	to->stored->by_selector = facts.entries < (totals.observations + totals.flows) / LOOK_UP_COST && all_indexed(to->hunt->set, facts.entries);
	return to->stored->by_selector ? ask_each_selector(to, facts.entries, fault) : walk(to, ask_record, fault);
}

enum sk_err sk_hunt_look_back(struct sk_hunt *hunt, struct sk_fault *fault)
{
	struct sk_hunt_stored *stored = hunt->stored;
	struct sk_workspace_store at;
	struct look_back to = {.hunt = hunt, .stored = stored, .filter = {.class_ = -1, .since_ns = stored->since_ns, .until_ns = stored->until_ns}};
	SK_TRY(sk_look(hunt->cmd, stored->workspace, fault));
	enum sk_err err = sk_store_open(sk_workspace_store(stored->workspace, hunt->cmd->clock.unix_ns(hunt->cmd->clock.context), true, &at), &to.store, fault);
	if (err == SK_ENOENT) /* nothing was watched into it yet: an empty store */
		return SK_OK;
	SK_TRY(err);
	err = look(&to, fault);
	sk_store_close(to.store);
	return to.out_of_memory ? sk_fault_set(fault, SK_ENOMEM, "hunt: out of memory for hits") : err;
}
