/* SPDX-License-Identifier: Apache-2.0 */
/* measure: a warrant as exact text for one target, and its exact undo. Here are the words that the enforcer and its backends share, the limits that no
   configuration moves, and the list of what is never done.
   Promises: what a backend can be asked for is an item: one of measure.def's actions on one target of a warrant. No function takes an address to connect to,
   a command, a credential or a payload. Never: I/O, a clock. Thread rule: reentrant. rule: MEASURE-1 */
#ifndef SK_MEASURE_H
#define SK_MEASURE_H

#include "base/buf.h"
#include "base/clock.h"
#include "measure/settings.h"
#include "seal/seal.h"
#include "warrant/warrant.h"

enum { SK_TAG_MAX = 17, SK_ITEM_TEXT_MAX = 4096, SK_BACKEND_NAME_MAX = 32, SK_WHERE_MAX = 96 };

/* One thing that a target shall hold: an element of a set, a record of a zone, a route, a line of a list, a message. */
struct sk_item {
	const char *target;         /* as in the order: domain, prefix or party. Borrowed */
	enum sk_action action;
	uint64_t rate_bytes_per_s;  /* rate_limit; else 0 */
	int64_t until_ns;           /* unix; the target itself must forget it then where it can. A later set of the same item may move it */
	char tag[SK_TAG_MAX];       /* 16 hexadecimal digits: whose it is. Stands in the text where the target has room for it, so that an equal thing of somebody
	                               else's is not taken for ours. The same in every set of an item, until it is cleared */
	char order[SK_ORDER_ID_MAX];    /* the order's id, for messages to people */
	uint8_t document[SK_HASH_BYTES]; /* the order's document, likewise */
};

/* What a backend is given at its start. All borrowed; valid until its close. */
struct sk_backend_place {
	const char *name;               /* of the target in the configuration: "border-1" */
	const char *folder;             /* this target's own folder, 0700, made: spools, what must outlive the process */
	const struct sk_settings *settings; /* the target's keys. A key that no getter asks for is an error of the configuration */
	struct sk_clock clock;
	const struct sk_sign_key *key;  /* the enforcer's: signs lists and notices */
	/* rule: PEER-1. Does a measure in force name this address? To be handed to sk_peer_connect, and to be asked before a child is given an address. */
	bool (*named)(void *context, const struct sk_addr *addr);
	void *named_context;
};

/* How far is an effect asked for? CANARY: at the first place (resolver, peer) alone. ALL: at every place. */
enum sk_reach { SK_REACH_CANARY, SK_REACH_ALL };
/* Told once for each item and place that was asked: number of the item, where ("resolver udp:127.0.0.1:53"), what was seen ("NXDOMAIN"), is it the effect wanted? */
typedef void (*sk_effect_tell)(void *context, size_t item, const char *where, const char *seen, bool good);

/* A kind of target. Calls are made one at a time, from one thread, and return within some ten seconds (children and peers have time-outs).
   Errors of all but open, text and close: SK_ETARGET (it cannot be reached or answers nothing: tried again later), SK_EUSAGE (it can never carry this item:
   the warrant is refused there), SK_ENOMEM. The fault's line says which target, what it said, what to do. items are count of one target's; count >= 1, any number. */
struct sk_backend {
	const char *name;          /* as in the configuration: backend: nft */
	uint32_t measures;         /* 1 << enum sk_measure that it carries */
	bool forgets;              /* the target forgets by itself when the enforcer is gone */
	bool tagged;               /* the text holds the item's tag */
	bool each_order;           /* each order's item is a thing of its own, also of the same target: a message */
	const char *sentence;      /* what it does, for `sekisho measures list` */

	/* Read the settings, reach nothing. SK_EINPUT with FILE:LINE. *self is the backend's own. */
	enum sk_err (*open)(const struct sk_backend_place *place, void **self, struct sk_fault *fault);
	/* Free it, close sessions. What was set stays set; a target that forgets will. */
	void (*close)(void *self);
	/* The exact text that read gives for the item while it is set as we set it: lines, each with LF. Nothing that runs (counters, what is left of a
	   time-out) stands in it. Pure. SK_EUSAGE. */
	enum sk_err (*text)(void *self, const struct sk_item *item, struct sk_buf *out, struct sk_fault *fault);
	/* Dry run: would the target take these? Changes nothing. */
	enum sk_err (*check)(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault);
	/* What the target holds now at the place of each item, whoever put it there, as canonical text appended to texts[i] ("" for nothing). Items' tags, rates and
	   times do not matter. */
	enum sk_err (*read)(void *self, const struct sk_item *items, size_t count, struct sk_buf *texts, struct sk_fault *fault);
	/* Set them, all or nothing where the target has transactions. An item that it holds already as text() says is set again with its new until_ns. The caller has
	   just read that nothing of others' stands there. After an error nobody knows which are set: the caller reads. */
	enum sk_err (*set)(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault);
	/* Take away exactly what text() says, and nothing else that stands at the same place. An item that is not there is no error. */
	enum sk_err (*clear)(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault);
	/* Ask as a user would: the resolver, the peer, the kernel. Tells each item at each place that answered. An answer that is not there yet is told as not good; the
	   caller asks again. SK_ETARGET when a place is silent, after all others were told. NULL where nobody can be asked: then read is the effect. */
	enum sk_err (*effect)(void *self, const struct sk_item *items, size_t count, enum sk_reach reach, sk_effect_tell tell, void *context, struct sk_fault *fault);
	/* Everything of ours on the target as canonical text, byte for byte the same before and after a measure (serials, counters and clocks left out). */
	enum sk_err (*state)(void *self, struct sk_buf *out, struct sk_fault *fault);
	/* Called about once a second, NULL where nothing must be held up (a session, a list's expiry). An error is told and the target counts as unreachable. */
	enum sk_err (*turn)(void *self, struct sk_fault *fault);
};

/* ---- what is never done (forbidden.def), and what is never touched (critical.def) ---- */

/* Does a word of a configuration or of a backend (its name, a key, a measure) speak of a forbidden act: exploit, use of credentials, remote command,
   counter-flood, wipe? SK_EFORBIDDEN; the fault names the act. Compared word by word, lower case, in parts between anything but letters. rule: MEASURE-1 */
SK_MUST enum sk_err sk_forbidden_check(const char *words, struct sk_fault *fault);
/* Number i of the list: its name and what it means; false behind the last. */
bool sk_forbidden_act(size_t i, const char **name, const char **means);

struct sk_guard; /* opaque: own prefixes and the allow-list, which always win */
/* SK_ENOMEM. Holds nothing but what is compiled in. */
SK_MUST enum sk_err sk_guard_new(struct sk_guard **out);
/* NULL is fine. */
void sk_guard_free(struct sk_guard *guard);
/* Protect a prefix or a domain (with every name below and above it), why: "own_prefixes", "allow". SK_EUSAGE: it is neither. SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err sk_guard_add(struct sk_guard *guard, const char *target, const char *why, struct sk_fault *fault);
/* A target of a flowspec, nftables, rpz or sinkhole order: may it be touched? SK_EALLOWED names what protects it: a prefix that touches a protected one either
   way, a domain that is one, lies below one or, of "*.NAME", above one, a public suffix, a name or an address that the DNS stands on. Parties are not compared. rule: MEASURE-2 */
SK_MUST enum sk_err sk_guard_check(struct sk_guard *guard, enum sk_measure measure, const char *target, struct sk_fault *fault);

#endif
