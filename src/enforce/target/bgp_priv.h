/* SPDX-License-Identifier: Apache-2.0 */
/* What the two BGP backends (gobgp.c, exabgp.c) share: an item as routes, routes as one canonical text, and the reading of what a speaker says it holds. */
#ifndef SK_BGP_PRIV_H
#define SK_BGP_PRIV_H

#include "peer/peer.h"
#include "target/sort_priv.h"
#include "target/target.h"

enum {
	SK_BGP_OWN_MAX = 16,          /* own prefixes: each is one rule of a flowspec item */
	SK_BGP_COMMUNITIES_MAX = 16,
	SK_BGP_PLACES_MAX = 16,       /* peers, and observers */
	SK_BGP_ANSWER_MAX = 64 << 20, /* what a speaker may say at once, bytes */
	SK_BGP_JSON_DEPTH = 24,
	SK_BGP_PATHS_MAX = 1 << 20,
	SK_BGP_PLACE_TEXT_MAX = 80
};
#define SK_BGP_BLACKHOLE 0xffff029au /* 65535:666, RFC 7999 */

/* A table of a speaker. */
enum sk_bgp_family { SK_BGP_FLOW4, SK_BGP_FLOW6, SK_BGP_ROUTE4, SK_BGP_ROUTE6, SK_BGP_FAMILY_COUNT };

/* One piece of reachability that we may announce. Of flow specifications only those that have a destination, which is our own (LAW.md 2.2). */
struct sk_bgp_rule {
	enum sk_bgp_family family;
	struct sk_prefix destination;
	struct sk_prefix source; /* family 0: none */
};

struct sk_bgp_large {
	uint32_t value[3];
};

/* What a speaker holds for one rule: one of possibly several paths. */
struct sk_bgp_path {
	struct sk_bgp_rule rule;
	bool rated;              /* flowspec: a traffic rate in bytes per second; 0 is discard */
	float rate;              /* RFC 8955, 7.1: as it travels */
	struct sk_addr next_hop; /* routes; family 0: none */
	uint32_t communities[SK_BGP_COMMUNITIES_MAX];
	size_t community_count;
	struct sk_bgp_large larges[SK_BGP_COMMUNITIES_MAX];
	size_t large_count;
	bool more;               /* it has what we never set */
	bool stale;              /* kept without its session */
	char from[SK_ADDR_TEXT_MAX]; /* the neighbour it was learned from; "" when the speaker itself originates it */
};
typedef enum sk_err (*sk_bgp_take)(void *context, const struct sk_bgp_path *path);

/* Whom to ask for an effect. */
struct sk_bgp_place {
	char text[SK_BGP_PLACE_TEXT_MAX]; /* as configured: a neighbour's address, or the API of another GoBGP */
	struct sk_peer peer;              /* of an API by TCP; of a neighbour its address alone */
	bool unix_socket;
};

/* What was announced, and until when. */
struct sk_bgp_holding {
	int64_t until_ns;
	enum sk_action action;
	uint64_t rate_bytes_per_s;
	char tag[SK_TAG_MAX];
	char target[SK_PREFIX_TEXT_MAX];
};
struct sk_bgp_held {
	struct sk_bgp_holding *holdings; /* owned */
	size_t count, places;
};

/* The settings that both have. */
struct sk_bgp {
	const struct sk_backend_place *place;
	struct sk_prefix own[SK_BGP_OWN_MAX];
	size_t own_count;
	uint32_t as;             /* first part of the mark, a large community (RFC 8092): AS, then the item's tag */
	bool discard, rtbh;      /* what this target carries beside rate limits */
	struct sk_addr next_hop[2]; /* of blackholes: IPv4, IPv6 */
	uint32_t communities[SK_BGP_COMMUNITIES_MAX]; /* of ours, besides; ascending */
	size_t community_count;
	struct sk_bgp_place observers[SK_BGP_PLACES_MAX];
	size_t observer_count;
	struct sk_bgp_held held;
};

/* Read them, and what was held. SK_EINPUT. End with sk_bgp_fini, also after an error. */
SK_MUST enum sk_err sk_bgp_open(const struct sk_backend_place *place, struct sk_bgp *out, struct sk_fault *fault);
/* "ipv4-flowspec", ... as GoBGP names it. Static storage. */
const char *sk_bgp_family_name(enum sk_bgp_family family);
/* The rules of an item. A target of our own is the destination; any other is the source, towards each own prefix of its family. SK_EUSAGE. */
SK_MUST enum sk_err sk_bgp_rules(const struct sk_bgp *bgp, const struct sk_item *item, struct sk_bgp_rule rules[SK_BGP_OWN_MAX], size_t *count, struct sk_fault *fault);
/* May this target announce them? SK_EUSAGE: discard or blackholes, which its settings do not allow. */
SK_MUST enum sk_err sk_bgp_allowed(const struct sk_bgp *bgp, const struct sk_item *items, size_t count, struct sk_fault *fault);
/* The path that we announce for rule number i of an item. */
void sk_bgp_path_of(const struct sk_bgp *bgp, const struct sk_item *item, const struct sk_bgp_rule *rule, struct sk_bgp_path *out);
/* Append the canonical line of a path. */
void sk_bgp_line(const struct sk_bgp_path *path, struct sk_buf *out);
/* Append the lines of an item, sorted. SK_EUSAGE. */
SK_MUST enum sk_err sk_bgp_text(const struct sk_bgp *bgp, const struct sk_item *item, struct sk_buf *out, struct sk_fault *fault);
/* Are they the same piece of reachability? */
bool sk_bgp_same_rule(const struct sk_bgp_rule *a, const struct sk_bgp_rule *b);
/* Does the path have the effect that ours asks for, wherever it went: same rule, rate or blackhole, and our mark? */
bool sk_bgp_effective(const struct sk_bgp_path *ours, const struct sk_bgp_path *seen);
/* Does it carry a mark of ours, whatever its tag? */
bool sk_bgp_marked(const struct sk_bgp *bgp, const struct sk_bgp_path *path);
/* "A:B" or a well-known name. */
bool sk_bgp_community_parse(const char *text, uint32_t *out);

/* Read `gobgp -j ... rib` or `adj-out`: each path that has a rule of ours to be is told. SK_EMALFORMED. */
SK_MUST enum sk_err sk_gobgp_rib(enum sk_bgp_family family, const void *json, size_t length, sk_bgp_take take, void *context, struct sk_fault *fault);

/* A neighbour, from `gobgp -j neighbor`. */
struct sk_gobgp_neighbor {
	char address[SK_ADDR_TEXT_MAX];
	bool established;
	bool restarts;                    /* graceful restart is on: routes would outlive the session */
	bool family[SK_BGP_FAMILY_COUNT]; /* enabled */
};
/* Read that, at most `most`. SK_EMALFORMED, SK_ETOOBIG. */
SK_MUST enum sk_err sk_gobgp_neighbors(const void *json, size_t length, struct sk_gobgp_neighbor *out, size_t most, size_t *count, struct sk_fault *fault);
/* Run gobgp against an API with some words, NULL behind the last; out, which is empty, gets its answer. SK_ETARGET, SK_EPERMIT, SK_ENOMEM. */
SK_MUST enum sk_err sk_gobgp_ask(const struct sk_backend_place *place, const struct sk_bgp_place *api, const char *const *words, struct sk_buf *out, struct sk_fault *fault);
/* Tell each item's effect at one API that is not our speaker. */
SK_MUST enum sk_err sk_gobgp_observe(const struct sk_bgp *bgp, const struct sk_bgp_place *api, const struct sk_item *items, size_t count, sk_effect_tell tell, void *context,
				     struct sk_fault *fault);
/* Parse "unix:/PATH" or "tcp:ADDRESS:PORT". SK_EINPUT names the key. */
SK_MUST enum sk_err sk_gobgp_api(const struct sk_settings *settings, const char *key, const char *value, struct sk_bgp_place *out, struct sk_fault *fault);

/* A collection of paths by item, for read and effect: which rules of which items are held, and how. */
struct sk_bgp_seen {
	const struct sk_bgp *bgp;
	const struct sk_item *items;
	size_t count;
	struct sk_bgp_want { /* one a rule of an item */
		size_t item;
		struct sk_bgp_path ours;
		bool held, good, stale, others; /* ours or another's stands there; ours; ours without a session; a neighbour's */
	} *wants;
	size_t want_count;
	struct sk_buf *texts; /* of read; NULL for effect */
	bool families[SK_BGP_FAMILY_COUNT]; /* those that the items touch */
};
/* Make the rules of the items. SK_EUSAGE, SK_ENOMEM. End with sk_bgp_seen_fini. */
SK_MUST enum sk_err sk_bgp_seen_init(struct sk_bgp_seen *seen, const struct sk_bgp *bgp, const struct sk_item *items, size_t count, struct sk_buf *texts, struct sk_fault *fault);
/* Free. */
void sk_bgp_seen_fini(struct sk_bgp_seen *seen);
/* A sk_bgp_take: appends to the texts of the items concerned, notes which rules are held. */
enum sk_err sk_bgp_seen_take(void *context, const struct sk_bgp_path *path);
/* The same, but notes only which rules stand there exactly as we made them. SK_ENOMEM. */
enum sk_err sk_bgp_take_exact(void *context, const struct sk_bgp_path *path);
/* Tell the effect at a place, and forget what was seen. */
void sk_bgp_seen_tell(struct sk_bgp_seen *seen, const char *where, sk_effect_tell tell, void *context);

/* Read what was held. SK_EINPUT, SK_ENOMEM. */
SK_MUST enum sk_err sk_bgp_held_read(struct sk_bgp *bgp, struct sk_fault *fault);
/* Note items before they are announced. SK_ETARGET: the note cannot be written, and nothing may be announced. SK_ENOMEM. */
SK_MUST enum sk_err sk_bgp_held_add(struct sk_bgp *bgp, const struct sk_item *items, size_t count, struct sk_fault *fault);
/* Forget items that were cleared. SK_ETARGET, SK_ENOMEM. */
SK_MUST enum sk_err sk_bgp_held_drop(struct sk_bgp *bgp, const struct sk_item *items, size_t count, struct sk_fault *fault);
/* Clear what is past its end by more than a moment. What clear says. rule: BGP-3 */
SK_MUST enum sk_err sk_bgp_turn(struct sk_bgp *bgp, void *self, enum sk_err (*clear)(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault),
				struct sk_fault *fault);
/* Free. */
void sk_bgp_fini(struct sk_bgp *bgp);

/* For state: the lines of what the speaker itself originates and bears a mark of ours. */
struct sk_bgp_state {
	const struct sk_bgp *bgp;
	struct sk_buf *out;
};
/* A sk_bgp_take over that. SK_ENOMEM, SK_ETOOBIG. */
enum sk_err sk_bgp_take_state(void *context, const struct sk_bgp_path *path);

#endif
