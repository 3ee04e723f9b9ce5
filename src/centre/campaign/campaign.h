/* SPDX-License-Identifier: Apache-2.0 */
/* campaign/campaign.h: findings tied together by what they share (link.def) into campaigns, each with its graph. Facts go in, in any order; sk_campaigns_build ties
   them; then they are read. Promises: the answer is a function of the facts, the options and the day alone, whatever the order they came in; memory is bounded by
   the limits below; time grows as n log n, no pair of findings is ever compared. docs/campaigns.md has the rules. Never: reads a clock, a store or a file; decides
   who is behind anything. Thread rule: one thread each. */
#ifndef SK_CAMPAIGN_H
#define SK_CAMPAIGN_H

#include "border/border.h"
#include "observe/observe.h"

enum {
	SK_CAMPAIGN_FINDINGS_MAX = 1 << 21, SK_CAMPAIGN_TRAITS_MAX = 1 << 24, SK_CAMPAIGN_KINDS_MAX = 64, SK_CAMPAIGN_ID_MAX = 16,
	SK_LINK_JOINS = 100,            /* weight that joins two findings */
	SK_LINK_TEXT_MAX = SK_OBSERVATION_DOMAIN_MAX + 8,
	SK_CAMPAIGN_FADES_DAYS = 14,    /* silent for longer: fading */
	SK_CAMPAIGN_EXPIRES_DAYS = 90,  /* silent for longer: expired */
	SK_CAMPAIGN_HALF_LIFE_DAYS = 14 /* of a finding's part in the heat */
};

enum sk_link_kind {
#define SK_LINK(symbol, name, group, weight, crowd, hold, sentence) SK_LINK_##symbol,
#include "campaign/link.def"
	SK_LINK_KINDS
};
/* "address"; and what it says in one sentence. Static storage. */
const char *sk_link_name(enum sk_link_kind kind);
/* As sk_link_name, the sentence. */
const char *sk_link_sentence(enum sk_link_kind kind);
/* The weight that a link of a kind has when it leads to so many unrelated things, in hundredths. */
unsigned sk_link_weight(enum sk_link_kind kind, uint64_t unrelated);

/* ---- tables of the operator's: prefix or range to a word (campaign/place.h reads them) ---- */

struct sk_places; /* opaque */

struct sk_campaign_options {
	const struct sk_border *border;   /* which side an address is on; NULL: of a finding the subject is taken for our own */
	const struct sk_places *as;       /* address -> "AS64500"; NULL: no links by AS */
	const struct sk_places *sectors;  /* own address -> sector; NULL: none known */
	/* Is the value known to be popular (a warning list)? Then it ties nothing. May be NULL. */
	bool (*popular)(void *context, enum sk_link_kind kind, const char *text);
	void *popular_context;
	int64_t day_ns;                   /* the day of the answer */
};

struct sk_campaigns; /* opaque */

/* Start; options are borrowed for the whole life. SK_ENOMEM. */
SK_MUST enum sk_err sk_campaigns_new(const struct sk_campaign_options *options, struct sk_campaigns **out, struct sk_fault *fault);
/* Free (NULL is fine). */
void sk_campaigns_free(struct sk_campaigns *campaigns);
/* Put a finding in; the same one again is folded. SK_ETOOBIG, SK_ENOMEM. */
SK_MUST enum sk_err sk_campaigns_add_finding(struct sk_campaigns *campaigns, const struct sk_finding *finding, struct sk_fault *fault);
/* Put an observation in: what it shares belongs to the findings with its matched value at one of its ends. SK_ETOOBIG, SK_ENOMEM. */
SK_MUST enum sk_err sk_campaigns_add_observation(struct sk_campaigns *campaigns, const struct sk_observation *observation, struct sk_fault *fault);
/* Tie them. Nothing is added afterwards. SK_ENOMEM. */
SK_MUST enum sk_err sk_campaigns_build(struct sk_campaigns *campaigns, struct sk_fault *fault);

/* ---- reading, after sk_campaigns_build ---- */

enum sk_campaign_state { SK_CAMPAIGN_ACTIVE, SK_CAMPAIGN_FADING, SK_CAMPAIGN_EXPIRED };
/* "active", "fading", "expired". Static storage. */
const char *sk_campaign_state_name(enum sk_campaign_state state);

struct sk_campaign {
	char id[SK_CAMPAIGN_ID_MAX];      /* of its earliest finding: it stays while the campaign grows */
	enum sk_campaign_state state;
	double heat;                      /* severity (1 to 3) x confidence of its findings, each halved every 14 days since it was last seen */
	int64_t first_ns, last_ns;
	size_t findings;
	uint64_t segments;                /* folded into the findings */
	uint8_t severity;                 /* the greatest */
	size_t own_hosts;                 /* of ours that it touched */
	size_t links[SK_LINK_KINDS];      /* different values of each kind, tying or not */
	unsigned held;                    /* the weakest link without which it would fall apart, in hundredths */
	uint64_t kinds;                   /* a bit for each sk_campaigns_kind_name */
	uint64_t sectors;                 /* a bit for each word of options.sectors */
	uint64_t best_link;               /* the heaviest, most shared one: sk_campaigns_link_value */
	enum sk_link_kind best_kind;
};
/* How many there are (two findings at least each), and findings that are tied to nothing. Campaigns are in order of heat. */
size_t sk_campaigns_count(const struct sk_campaigns *campaigns, uint64_t *alone);
/* One of them. */
const struct sk_campaign *sk_campaigns_at(const struct sk_campaigns *campaigns, size_t index);
/* Kinds of findings that there are, by bit; NULL beyond the last. */
const char *sk_campaigns_kind_name(const struct sk_campaigns *campaigns, unsigned bit);

/* The campaign that a finding is in; SIZE_MAX when it is in none. */
size_t sk_campaigns_of_finding(const struct sk_campaigns *campaigns, const uint8_t id[16]);
/* Visit the findings that are in campaigns, in order of their ids. */
typedef void (*sk_campaign_member_visit)(void *context, const uint8_t finding[16], size_t campaign);
/* As above. */
void sk_campaigns_members(const struct sk_campaigns *campaigns, sk_campaign_member_visit visit, void *context);
/* Is the observation one of the campaign's? */
bool sk_campaigns_holds(const struct sk_campaigns *campaigns, size_t index, const struct sk_observation *observation);

/* A link of a campaign: a value that two of its findings or more share. */
struct sk_campaign_link {
	enum sk_link_kind kind;
	uint64_t value;                   /* a hash: sk_campaigns_values tells the text */
	unsigned weight;                  /* in hundredths; 0: popular, it ties nothing */
	uint64_t unrelated;               /* to how many unrelated things it leads */
	bool listed;                      /* a warning list names it */
	size_t count;                     /* findings of the campaign that share it */
	const uint8_t (*findings)[16];    /* their ids, in their order; borrowed until the next call */
};
typedef enum sk_err (*sk_campaign_link_visit)(void *context, const struct sk_campaign_link *link);
/* Visit a campaign's links, the heaviest first. SK_ENOMEM, or what visit returns. */
SK_MUST enum sk_err sk_campaigns_links(const struct sk_campaigns *campaigns, size_t index, sk_campaign_link_visit visit, void *context, struct sk_fault *fault);

/* Values are kept as hashes; these tell the hashes and texts of a record again, for a second walk over the store. */
typedef void (*sk_link_visit)(void *context, enum sk_link_kind kind, uint64_t value, const char *text);
/* Of a finding by itself. */
void sk_links_of_finding(const struct sk_campaign_options *options, const struct sk_finding *finding, sk_link_visit visit, void *context);
/* Of an observation. */
void sk_links_of_observation(const struct sk_campaign_options *options, const struct sk_observation *observation, sk_link_visit visit, void *context);

#endif
