/* SPDX-License-Identifier: Apache-2.0 */
/* campaign's own. Layers, each using only what stands above it: link (what a record can be tied by), facts (what came in), graph (links), tie (who belongs together),
   campaign (what is told). */
#ifndef SK_CAMPAIGN_PRIV_H
#define SK_CAMPAIGN_PRIV_H

#include "campaign/campaign.h"
#include "campaign/place.h"

#define SK_NO_CAMPAIGN UINT32_MAX
enum { SK_NO_SECTOR = 0xff, SK_WEAK_MAX = 12, SK_WEAK_LEAST = 3, SK_COMPOSITES_MAX = 1 << 24 };

/* ---- link.c ---- */

/* Correlation groups of link.def. */
enum sk_link_group { SK_GROUP_PLACE, SK_GROUP_NAME, SK_GROUP_KEY, SK_GROUP_CLIENT, SK_GROUP_SERVER, SK_GROUP_MOMENT };
enum sk_link_group sk_link_group_of(enum sk_link_kind kind);
/* In nanoseconds. */
int64_t sk_link_hold_ns(enum sk_link_kind kind);
/* A keyless hash of a text; the kind goes into it. */
uint64_t sk_link_hash(unsigned kind, const void *bytes, size_t length);
/* What observations and findings find each other by: the matched value at an address. */
uint64_t sk_link_join(const char *matched, const struct sk_addr *addr);
/* The own host of a finding; family 0 where it has none. */
void sk_link_own(const struct sk_campaign_options *options, const struct sk_finding *finding, struct sk_addr *own);

/* ---- facts.c ---- */

/* A finding, as far as ties need it. */
struct sk_fact {
	uint8_t id[16];
	uint64_t join;
	uint64_t reason;        /* the bad thing that it is about; 0: a behaviour alone */
	uint64_t what;          /* kind and value */
	uint64_t own;           /* hash of the own host; 0: none */
	uint64_t net;           /* one of its outside networks; 0: none */
	uint64_t count;
	int64_t first_ns, last_ns;
	uint32_t campaign;
	uint8_t severity, percent, kind, sector;
};

/* A value that belongs to whatever has this join. */
struct sk_share {
	uint64_t join, value;
	uint32_t kind;
};

/* A value at a finding. */
struct sk_edge {
	uint64_t value;
	uint32_t fact, link;
	uint32_t kind;
};

struct sk_link {
	uint64_t value, unrelated;
	uint32_t from, to;      /* of the edges */
	uint16_t weight;
	uint8_t kind;
	bool listed;
};

/* A place in an array by a key. */
struct sk_place_at {
	uint64_t key;
	uint32_t fact;
};

struct sk_campaigns {
	struct sk_campaign_options options;
	struct sk_fact *facts;
	size_t fact_count, fact_room;
	struct sk_share *shares;
	size_t share_count, share_room;
	uint64_t *listed;       /* values that a warning list names */
	size_t listed_count, listed_room;
	char kinds[SK_CAMPAIGN_KINDS_MAX][32];
	unsigned kind_count;
	/* after build */
	struct sk_place_at *joins; /* facts by their join */
	struct sk_edge *edges;  /* link by link, each in order of time */
	size_t edge_count;
	struct sk_link *links;
	size_t link_count;
	struct sk_campaign *campaigns;
	size_t campaign_count;
	uint64_t alone;
	bool built;
};

/* Fold facts, give kinds their order, sort shares. */
void sk_facts_settle(struct sk_campaigns *c);

/* ---- graph.c ---- */

/* Edges and links, with their weights. */
SK_MUST enum sk_err sk_graph_make(struct sk_campaigns *c, struct sk_fault *fault);

/* ---- tie.c ---- */

/* roots[fact] gets the smallest fact of its set, held[root] the weakest tie that was needed. SK_ENOMEM. */
SK_MUST enum sk_err sk_tie(const struct sk_campaigns *c, uint32_t *roots, uint32_t *held);

#endif
