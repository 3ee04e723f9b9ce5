/* SPDX-License-Identifier: Apache-2.0 */
/* decide/document.h: what an order says (LAW.md 2.3 I5): one canonical JSON object that approvals are bound to by its digest in the order's line. docs/orders.md */
#ifndef SK_DECIDE_DOCUMENT_H
#define SK_DECIDE_DOCUMENT_H

#include "ledger/act.h"
#include "warrant/warrant.h"

enum { SK_DOCUMENT_TEXT_MAX = 4096, SK_DOCUMENT_NAME_MAX = 128, SK_DOCUMENT_LIST_MAX = 32, SK_BAND_MAX = 40 };

struct sk_order_addressee {
	char name[SK_DOCUMENT_NAME_MAX], jurisdiction[3]; /* two capitals; "" our own */
};
struct sk_order_asset {
	char name[SK_DOCUMENT_NAME_MAX];
	bool important;                       /* an important computer (I3) */
};
struct sk_order_proof {
	char finding[33];                     /* id of a finding in a workspace */
	char origin[SK_KEY_NAME_MAX];         /* of that workspace's ledger */
	uint64_t leaf;                        /* of the interval whose store holds its evidence, plus one; 0: not in a ledger */
	char record[65];                      /* SHA-256 of that leaf; "" when there is none */
};
/* How far it reaches, in bands: "unknown", "< 10", "10-99", ... Never an address. */
struct sk_order_blast {
	char hosts[SK_BAND_MAX], flows[SK_BAND_MAX], organisations[SK_BAND_MAX], counters[SK_BAND_MAX];
	char source[SK_DOCUMENT_NAME_MAX];    /* where the hosts come from, when a sensor counted them (basis/count.h); "": out of records */
	int64_t since_ns, until_ns;
	char warnings[SK_DOCUMENT_TEXT_MAX];  /* popularity lists that speak of a target; "" none */
};

/* What a notice says (docs/notices.md): for notice alone, grade G3. Languages: English, Japanese. about_count 0: no notice. */
enum { SK_NOTICE_TITLE_BYTES = 201, SK_NOTICE_TEXT_BYTES = 16385, SK_NOTICE_ABOUT_BYTES = 256 };
struct sk_order_notice {
	size_t about_count;
	char about[SK_DOCUMENT_LIST_MAX][SK_NOTICE_ABOUT_BYTES], title[2][SK_NOTICE_TITLE_BYTES], text[2][SK_NOTICE_TEXT_BYTES];
};

/* Filled by whoever proposes. Texts are the struct's own. */
struct sk_order_document {
	struct sk_order order;                /* measure, targets, period; proposer, document and quorum are filled by sk_order_text_make */
	char target_act[SK_DOCUMENT_TEXT_MAX], plan[SK_DOCUMENT_TEXT_MAX], other[SK_DOCUMENT_TEXT_MAX];
	char narrower[SK_DOCUMENT_TEXT_MAX], refused_because[SK_DOCUMENT_TEXT_MAX];
	char commander[SK_MATTER_ID_MAX];     /* the one organisation that commands (I8) */
	char extends[SK_MATTER_ID_MAX];       /* the order that it goes on after; "" none */
	char home[3];                         /* our jurisdiction: "JP" */
	bool foreign_effect;
	char foreign_why[SK_DOCUMENT_TEXT_MAX]; /* how that is known, or why an effect stays at home */
	char urgent_why[SK_DOCUMENT_TEXT_MAX];
	uint64_t check_hours;                 /* need is looked at again every so many hours (I6) */
	size_t org_count, addressee_count, asset_count, proof_count;
	char orgs[SK_DOCUMENT_LIST_MAX][SK_MATTER_ID_MAX]; /* that execute */
	struct sk_order_addressee addressees[SK_DOCUMENT_LIST_MAX];
	struct sk_order_asset assets[SK_DOCUMENT_LIST_MAX];
	struct sk_order_proof proofs[SK_DOCUMENT_LIST_MAX];
	struct sk_order_blast blast;
	struct sk_order_notice notice;        /* of a measure that sends or publishes */
};

/* A document with what was made of it; the body of propose and edit. */
struct sk_order_text {
	struct sk_order_document *document;   /* owned; NULL: empty */
	char *line, *quorum, *ratify;         /* owned; ratify "" unless the order is urgent, and where nobody could ratify */
	uint8_t ratify_digest[SK_HASH_BYTES]; /* stands in the document, so that approvals are bound to it too */
};

/* Is everything there that an order must say? SK_EMALFORMED names the field and its invariant. rule: ORDER-4 */
SK_MUST enum sk_err sk_order_document_check(const struct sk_order_document *document, struct sk_fault *fault);
/* Does it reach abroad: an effect, or an addressee of another jurisdiction (I4)? */
bool sk_order_is_foreign(const struct sk_order_document *document);
/* Append the body of propose or edit: the document is checked, order->proposer, document, quorum and digest are set. ratify "" unless urgent, and where the register has too few who could. */
SK_MUST enum sk_err sk_order_text_make(struct sk_order_document *document, const struct sk_verify_key *proposer, const char *quorum, const char *ratify, struct sk_buf *out,
				       struct sk_fault *fault);
/* Append the document alone, byte for byte what its digest in the order is of: what the enforcer's notices are made of. */
void sk_order_document_write(const struct sk_order_text *text, struct sk_buf *out);
/* Read such a body: document, line and digests must belong together. Caller frees. SK_EMALFORMED, SK_ENOMEM. */
SK_MUST enum sk_err sk_order_text_read(const char *body, size_t length, struct sk_order_text *out, struct sk_fault *fault);
/* Free; it is empty then. */
void sk_order_text_fini(struct sk_order_text *text);

/* The band of a number that is known: "< 10" below the smallest cell, then decades. */
const char *sk_band_of(uint64_t number, char text[SK_BAND_MAX]);
/* What is said of a number that nobody knows. */
#define SK_BAND_UNKNOWN "unknown"

#endif
