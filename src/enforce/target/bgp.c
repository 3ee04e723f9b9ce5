/* SPDX-License-Identifier: Apache-2.0 */
/* An item as routes, and routes as one canonical text. */
#include "target/bgp_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/text.h"
#include "wire/wire.h"

static const char *const family_names[SK_BGP_FAMILY_COUNT] = {"ipv4-flowspec", "ipv6-flowspec", "ipv4", "ipv6"};
/* RFC 1997, 3765, 7999. ExaBGP writes the names in its own ways. */
static const struct {
	const char *name;
	uint32_t value;
} well_known[] = {
	{"blackhole", SK_BGP_BLACKHOLE}, {"no-export", 0xffffff01}, {"no-advertise", 0xffffff02}, {"no-export-subconfed", 0xffffff03}, {"local-as", 0xffffff03},
	{"no-peer", 0xffffff04}, {"nopeer", 0xffffff04},
};

const char *sk_bgp_family_name(enum sk_bgp_family family)
{
	return family_names[family];
}

/* ---- settings ---- */

bool sk_bgp_community_parse(const char *text, uint32_t *out)
{
	char *end = NULL;
	for (size_t i = 0; i < SK_COUNT(well_known); i++)
		if (strcmp(text, well_known[i].name) == 0) {
			*out = well_known[i].value;
			return true;
		}
	if (text[0] < '0' || text[0] > '9')
		return false;
	unsigned long high = strtoul(text, &end, 10);
	if (*end != ':' || end[1] < '0' || end[1] > '9')
		return false;
	unsigned long low = strtoul(end + 1, &end, 10);
	if (*end != '\0' || high > UINT16_MAX || low > UINT16_MAX)
		return false;
	*out = (uint32_t)(high << 16 | low);
	return true;
}

/* Insert in ascending order, each once. False: no room. */
static bool add_community(uint32_t *communities, size_t *count, uint32_t value)
{
	size_t at = 0;
	while (at < *count && communities[at] < value)
		at++;
	if (at < *count && communities[at] == value)
		return true;
	if (*count == SK_BGP_COMMUNITIES_MAX)
		return false;
	memmove(communities + at + 1, communities + at, (*count - at) * sizeof *communities);
	communities[at] = value;
	(*count)++;
	return true;
}

/* One less than the array holds: blackholes add theirs. */
static enum sk_err read_communities(const struct sk_settings *settings, struct sk_bgp *out, struct sk_fault *fault)
{
	size_t count = sk_settings_count(settings, "communities");
	if (count >= SK_BGP_COMMUNITIES_MAX)
		return sk_settings_fault(settings, "communities", fault, "at most %d are sent", SK_BGP_COMMUNITIES_MAX - 1);
	for (size_t i = 0; i < count; i++) {
		char key[SK_SETTING_KEY_MAX];
		uint32_t value = 0;
		(void)snprintf(key, sizeof key, "communities[%zu]", i);
		if (!sk_bgp_community_parse(sk_settings_text(settings, key, ""), &value))
			return sk_settings_fault(settings, key, fault, "expected A:B, both below 65536, or no-export, no-advertise, no-peer, blackhole");
		(void)add_community(out->communities, &out->community_count, value);
	}
	return SK_OK;
}

static enum sk_err read_own(const struct sk_settings *settings, struct sk_bgp *out, struct sk_fault *fault)
{
	out->own_count = sk_settings_count(settings, "own_prefixes");
	if (out->own_count == 0 || out->own_count > SK_BGP_OWN_MAX)
		return sk_settings_fault(settings, "own_prefixes", fault, "expected a list of 1 to %d prefixes; every rule is about traffic to one of them", SK_BGP_OWN_MAX);
	for (size_t i = 0; i < out->own_count; i++) {
		char key[SK_SETTING_KEY_MAX];
		(void)snprintf(key, sizeof key, "own_prefixes[%zu]", i);
		if (sk_prefix_parse(sk_settings_text(settings, key, ""), &out->own[i]) != SK_OK || out->own[i].bits == 0)
			return sk_settings_fault(settings, key, fault, "expected ADDRESS/BITS without host bits, not a default route");
	}
	return SK_OK;
}

static enum sk_err read_next_hops(const struct sk_settings *settings, struct sk_bgp *out, struct sk_fault *fault)
{
	/* Addresses that routers commonly send nowhere: TEST-NET-1, and the discard prefix of RFC 6666. */
	static const char *const keys[] = {"next_hop4", "next_hop6"}, *const fallbacks[] = {"192.0.2.1", "100::1"};
	for (size_t i = 0; i < SK_COUNT(keys); i++)
		if (sk_addr_parse(sk_settings_text(settings, keys[i], fallbacks[i]), &out->next_hop[i]) != SK_OK || out->next_hop[i].family != (i == 0 ? 4 : 6))
			return sk_settings_fault(settings, keys[i], fault, "expected an IPv%d address that your routers send nowhere", i == 0 ? 4 : 6);
	return SK_OK;
}

static enum sk_err read_observers(const struct sk_settings *settings, struct sk_bgp *out, struct sk_fault *fault)
{
	out->observer_count = sk_settings_count(settings, "observers");
	if (out->observer_count > SK_BGP_PLACES_MAX)
		return sk_settings_fault(settings, "observers", fault, "at most %d are asked", SK_BGP_PLACES_MAX);
	for (size_t i = 0; i < out->observer_count; i++) {
		char key[SK_SETTING_KEY_MAX];
		(void)snprintf(key, sizeof key, "observers[%zu]", i);
		SK_TRY(sk_gobgp_api(settings, key, sk_settings_text(settings, key, ""), &out->observers[i], fault));
	}
	return SK_OK;
}

enum sk_err sk_bgp_open(const struct sk_backend_place *place, struct sk_bgp *out, struct sk_fault *fault)
{
	const struct sk_settings *settings = place->settings;
	uint64_t as = 0;
	*out = (struct sk_bgp){.place = place};
	SK_TRY(read_own(settings, out, fault));
	SK_TRY(sk_settings_number(settings, "as", 1, UINT32_MAX, 0, &as, fault));
	if (as == 0)
		return sk_settings_fault(settings, "as", fault, "expected your AS number; with the tag of a measure it is the mark of what is ours (a large community)");
	out->as = (uint32_t)as;
	SK_TRY(sk_settings_bool(settings, "discard", false, &out->discard, fault));
	SK_TRY(sk_settings_bool(settings, "rtbh", false, &out->rtbh, fault));
	SK_TRY(read_next_hops(settings, out, fault));
	SK_TRY(read_communities(settings, out, fault));
	SK_TRY(read_observers(settings, out, fault));
	return sk_bgp_held_read(out, fault);
}

/* ---- an item as rules ---- */

static bool is_own(const struct sk_bgp *bgp, const struct sk_prefix *prefix)
{
	for (size_t i = 0; i < bgp->own_count; i++)
		if (bgp->own[i].bits <= prefix->bits && sk_prefix_holds(&bgp->own[i], &prefix->addr))
			return true;
	return false;
}

/* A wider prefix than one of our own would be both. */
static bool touches_own(const struct sk_bgp *bgp, const struct sk_prefix *prefix)
{
	for (size_t i = 0; i < bgp->own_count; i++)
		if (sk_prefix_holds(prefix, &bgp->own[i].addr))
			return true;
	return false;
}

static enum sk_err blackhole_rule(const struct sk_bgp *bgp, const struct sk_item *item, const struct sk_prefix *prefix, struct sk_bgp_rule *rule, struct sk_fault *fault)
{
	bool v6 = prefix->addr.family == 6;
	if (prefix->bits != (v6 ? 128 : 32) || !is_own(bgp, prefix))
		return sk_fault_set(fault, SK_EUSAGE, "%s: %s is no single address within own_prefixes; only one's own can be given up", bgp->place->name, item->target);
	*rule = (struct sk_bgp_rule){.family = v6 ? SK_BGP_ROUTE6 : SK_BGP_ROUTE4, .destination = *prefix};
	return SK_OK;
}

/* The destination of every rule is our own: what we may decide about, and what RFC 8955, section 6 lets a peer accept from us. A foreign prefix is the source.
   rule: BGP-1 */
static enum sk_err flow_rules(const struct sk_bgp *bgp, const struct sk_item *item, const struct sk_prefix *prefix, struct sk_bgp_rule *rules, size_t *count, struct sk_fault *fault)
{
	bool v6 = prefix->addr.family == 6;
	enum sk_bgp_family family = v6 ? SK_BGP_FLOW6 : SK_BGP_FLOW4;
	if (prefix->bits < (v6 ? 48 : 24))
		return sk_fault_set(fault, SK_EUSAGE, "%s: %s is wider than /%d", bgp->place->name, item->target, v6 ? 48 : 24);
	if (is_own(bgp, prefix)) {
		rules[(*count)++] = (struct sk_bgp_rule){.family = family, .destination = *prefix};
		return SK_OK;
	}
	if (touches_own(bgp, prefix))
		return sk_fault_set(fault, SK_EUSAGE, "%s: %s holds an own prefix and more", bgp->place->name, item->target);
	for (size_t i = 0; i < bgp->own_count; i++)
		if (bgp->own[i].addr.family == prefix->addr.family)
			rules[(*count)++] = (struct sk_bgp_rule){.family = family, .destination = bgp->own[i], .source = *prefix};
	if (*count == 0)
		return sk_fault_set(fault, SK_EUSAGE, "%s: own_prefixes has none of IPv%d, so no rule about %s is possible", bgp->place->name, v6 ? 6 : 4, item->target);
	return SK_OK;
}

enum sk_err sk_bgp_rules(const struct sk_bgp *bgp, const struct sk_item *item, struct sk_bgp_rule rules[SK_BGP_OWN_MAX], size_t *count, struct sk_fault *fault)
{
	struct sk_prefix prefix;
	*count = 0;
	if (sk_prefix_parse(item->target, &prefix) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "%s: '%s' is no prefix", bgp->place->name, item->target);
	switch (item->action) {
	case SK_ACTION_RTBH_BLACKHOLE:
		*count = 1;
		return blackhole_rule(bgp, item, &prefix, rules, fault);
	case SK_ACTION_FLOWSPEC_RATE_LIMIT:
	case SK_ACTION_FLOWSPEC_DISCARD:
		return flow_rules(bgp, item, &prefix, rules, count, fault);
	default:
		return sk_fault_set(fault, SK_EUSAGE, "%s: a BGP speaker does not carry %s", bgp->place->name, sk_action_name(item->action));
	}
}

/* What is not allowed any more can still be found and taken away. */
enum sk_err sk_bgp_allowed(const struct sk_bgp *bgp, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	for (size_t i = 0; i < count; i++) {
		if (items[i].action == SK_ACTION_FLOWSPEC_DISCARD && !bgp->discard)
			return sk_fault_set(fault, SK_EUSAGE, "%s: carries rate limits alone (LAW 2.2: rate-limit before discard); say discard: true to let it discard", bgp->place->name);
		if (items[i].action == SK_ACTION_RTBH_BLACKHOLE && !bgp->rtbh)
			return sk_fault_set(fault, SK_EUSAGE, "%s: carries no blackholes; say rtbh: true where your upstream takes them", bgp->place->name);
	}
	return SK_OK;
}

void sk_bgp_path_of(const struct sk_bgp *bgp, const struct sk_item *item, const struct sk_bgp_rule *rule, struct sk_bgp_path *out)
{
	uint8_t tag[8] = {0};
	*out = (struct sk_bgp_path){.rule = *rule, .large_count = 1, .community_count = bgp->community_count};
	memcpy(out->communities, bgp->communities, sizeof out->communities);
	if (item->action == SK_ACTION_RTBH_BLACKHOLE) {
		out->next_hop = bgp->next_hop[rule->family == SK_BGP_ROUTE6];
		SK_INVARIANT(add_community(out->communities, &out->community_count, SK_BGP_BLACKHOLE));
	} else {
		out->rated = true;
		out->rate = item->action == SK_ACTION_FLOWSPEC_DISCARD ? 0 : (float)item->rate_bytes_per_s;
	}
	SK_INVARIANT(sk_hex_decode(item->tag, tag, sizeof tag) == SK_OK);
	struct sk_cur cur = sk_cur_of(tag, sizeof tag);
	out->larges[0].value[0] = bgp->as;
	out->larges[0].value[1] = sk_be32(&cur);
	out->larges[0].value[2] = sk_be32(&cur);
}

bool sk_bgp_same_rule(const struct sk_bgp_rule *a, const struct sk_bgp_rule *b)
{
	return a->family == b->family && a->destination.bits == b->destination.bits && sk_addr_equal(&a->destination.addr, &b->destination.addr) &&
	       a->source.bits == b->source.bits && sk_addr_equal(&a->source.addr, &b->source.addr);
}

static bool has_large(const struct sk_bgp_path *path, const struct sk_bgp_large *large)
{
	for (size_t i = 0; i < path->large_count; i++)
		if (memcmp(&path->larges[i], large, sizeof *large) == 0)
			return true;
	return false;
}

static bool has_community(const struct sk_bgp_path *path, uint32_t community)
{
	for (size_t i = 0; i < path->community_count; i++)
		if (path->communities[i] == community)
			return true;
	return false;
}

bool sk_bgp_effective(const struct sk_bgp_path *ours, const struct sk_bgp_path *seen)
{
	if (!sk_bgp_same_rule(&ours->rule, &seen->rule) || !has_large(seen, &ours->larges[0]))
		return false;
	/* Compared as they travel: both are the nearest float to what the order says. */
	return ours->rated ? seen->rated && memcmp(&ours->rate, &seen->rate, sizeof ours->rate) == 0 : has_community(seen, SK_BGP_BLACKHOLE);
}

bool sk_bgp_marked(const struct sk_bgp *bgp, const struct sk_bgp_path *path)
{
	for (size_t i = 0; i < path->large_count; i++)
		if (path->larges[i].value[0] == bgp->as)
			return true;
	return false;
}

/* ---- text ---- */

void sk_bgp_line(const struct sk_bgp_path *path, struct sk_buf *out)
{
	char text[SK_PREFIX_TEXT_MAX];
	bool flow = path->rule.family == SK_BGP_FLOW4 || path->rule.family == SK_BGP_FLOW6;
	sk_buf_addf(out, "%s to %s", flow ? "flow" : "route", sk_prefix_format(&path->rule.destination, text));
	if (path->rule.source.addr.family != 0)
		sk_buf_addf(out, " from %s", sk_prefix_format(&path->rule.source, text));
	if (path->rated)
		sk_buf_addf(out, " rate %.0f", (double)path->rate);
	if (path->next_hop.family != 0)
		sk_buf_addf(out, " via %s", sk_addr_format(&path->next_hop, text));
	for (size_t i = 0; i < path->community_count; i++)
		sk_buf_addf(out, " community %u:%u", path->communities[i] >> 16, path->communities[i] & 0xffff);
	for (size_t i = 0; i < path->large_count; i++)
		sk_buf_addf(out, " mark %u:%u:%u", path->larges[i].value[0], path->larges[i].value[1], path->larges[i].value[2]);
	if (path->more)
		sk_buf_add_text(out, " and more");
	if (path->from[0] != '\0')
		sk_buf_addf(out, " learned from %s", path->from);
	sk_buf_add_u8(out, '\n');
}

enum sk_err sk_bgp_text(const struct sk_bgp *bgp, const struct sk_item *item, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_bgp_rule rules[SK_BGP_OWN_MAX];
	struct sk_bgp_path path;
	size_t count = 0, from = out->length;
	SK_TRY(sk_bgp_rules(bgp, item, rules, &count, fault));
	for (size_t i = 0; i < count; i++) {
		sk_bgp_path_of(bgp, item, &rules[i], &path);
		sk_bgp_line(&path, out);
	}
	return sk_sort_lines(out, from);
}

/* ---- what is seen of some items ---- */

enum sk_err sk_bgp_seen_init(struct sk_bgp_seen *seen, const struct sk_bgp *bgp, const struct sk_item *items, size_t count, struct sk_buf *texts, struct sk_fault *fault)
{
	struct sk_bgp_rule rules[SK_BGP_OWN_MAX];
	size_t rule_count = 0;
	*seen = (struct sk_bgp_seen){.bgp = bgp, .items = items, .count = count, .texts = texts};
	seen->wants = calloc(count * SK_BGP_OWN_MAX, sizeof *seen->wants);
	if (seen->wants == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", bgp->place->name);
	for (size_t i = 0; i < count; i++) {
		enum sk_err err = sk_bgp_rules(bgp, &items[i], rules, &rule_count, fault);
		if (err != SK_OK) {
			sk_bgp_seen_fini(seen);
			return err;
		}
		for (size_t k = 0; k < rule_count; k++) {
			struct sk_bgp_want *want = &seen->wants[seen->want_count++];
			want->item = i;
			sk_bgp_path_of(bgp, &items[i], &rules[k], &want->ours);
			seen->families[rules[k].family] = true;
		}
	}
	return SK_OK;
}

void sk_bgp_seen_fini(struct sk_bgp_seen *seen)
{
	free(seen->wants);
	seen->wants = NULL;
}

enum sk_err sk_bgp_seen_take(void *context, const struct sk_bgp_path *path)
{
	struct sk_bgp_seen *seen = context;
	for (size_t i = 0; i < seen->want_count; i++) {
		struct sk_bgp_want *want = &seen->wants[i];
		if (!sk_bgp_same_rule(&want->ours.rule, &path->rule))
			continue;
		bool good = sk_bgp_effective(&want->ours, path);
		/* Of read: a neighbour's route stands beside ours, not in its place: ours can be made and taken away without it. rule: BGP-2 */
		if (seen->texts != NULL && path->from[0] != '\0') {
			want->others = true;
			continue;
		}
		want->held = true;
		want->stale = want->stale || (good && path->stale);
		want->good = want->good || (good && !path->stale);
		if (seen->texts != NULL)
			sk_bgp_line(path, &seen->texts[want->item]);
	}
	return SK_OK;
}

enum sk_err sk_bgp_take_exact(void *context, const struct sk_bgp_path *path)
{
	struct sk_bgp_seen *seen = context;
	struct sk_buf ours, theirs;
	sk_buf_init(&ours, SK_ITEM_TEXT_MAX);
	sk_buf_init(&theirs, SK_ITEM_TEXT_MAX);
	sk_bgp_line(path, &theirs);
	for (size_t i = 0; path->from[0] == '\0' && i < seen->want_count; i++) {
		sk_buf_reset(&ours);
		sk_bgp_line(&seen->wants[i].ours, &ours);
		seen->wants[i].held = seen->wants[i].held || strcmp(sk_buf_text(&ours), sk_buf_text(&theirs)) == 0;
	}
	enum sk_err err = ours.failed != SK_OK ? ours.failed : theirs.failed;
	sk_buf_fini(&ours);
	sk_buf_fini(&theirs);
	return err;
}

enum sk_err sk_bgp_take_state(void *context, const struct sk_bgp_path *path)
{
	const struct sk_bgp_state *state = context;
	if (path->from[0] == '\0' && sk_bgp_marked(state->bgp, path))
		sk_bgp_line(path, state->out);
	return state->out->failed;
}

void sk_bgp_seen_tell(struct sk_bgp_seen *seen, const char *where, sk_effect_tell tell, void *context)
{
	size_t at = 0;
	for (size_t i = 0; i < seen->count; i++) {
		size_t rules = 0, held = 0, good = 0, stale = 0;
		char saw[128];
		for (; at < seen->want_count && seen->wants[at].item == i; at++, rules++) {
			held += seen->wants[at].held;
			good += seen->wants[at].good;
			stale += seen->wants[at].stale;
			seen->wants[at].held = seen->wants[at].good = seen->wants[at].stale = false;
		}
		if (good == rules)
			(void)snprintf(saw, sizeof saw, "holds %s", rules == 1 ? "it" : "all rules of it");
		else if (stale != 0)
			(void)snprintf(saw, sizeof saw, "holds %zu of %zu rules without a session", stale, rules);
		else
			(void)snprintf(saw, sizeof saw, "%zu of %zu rules%s", good, rules, held > good ? ", and others of somebody else's" : "");
		tell(context, i, where, saw, good == rules);
	}
}
