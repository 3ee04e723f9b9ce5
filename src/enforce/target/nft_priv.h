/* SPDX-License-Identifier: Apache-2.0 */
/* What nft_json.c gives nft.c: the kernel's table as read, and the pieces of a transaction. */
#ifndef SK_NFT_PRIV_H
#define SK_NFT_PRIV_H

#include "base/addr.h"
#include "target/target_priv.h"

enum { NFT_NAME_MAX = 32, NFT_COMMENT_MAX = 128, NFT_LENGTHS = 33 + 129, NFT_RULES = 3 };

struct nft {
	char name[64], table[32];
	struct sk_clock clock;
};

/* An element's place: which length of prefix, which address. */
struct nft_place {
	uint8_t length; /* nft_length() */
	struct sk_addr addr;
};
struct nft_element {
	struct nft_place place;
	int64_t expires_s;       /* -1: never */
	char comment[NFT_COMMENT_MAX];
};
struct nft_length {
	bool set, whole;         /* whole: chains and rules are exactly those that we make */
	size_t elements, rules, good_chains;
	unsigned good_rules;     /* bits */
};
struct nft_held {
	bool table, dormant;
	struct nft_length lengths[NFT_LENGTHS];
	size_t count, foreign;   /* foreign: sets, chains and rules in our table that we never make */
	struct nft_element *elements; /* ascending */
};

/* IPv4 lengths first, then those of IPv6. */
static inline unsigned nft_length(uint8_t family, uint8_t bits)
{
	return family == 4 ? bits : 33U + bits;
}
/* "drop4_24". */
const char *nft_set_name(unsigned length, char name[NFT_NAME_MAX]);

/* Read `nft -j list table`. SK_ETARGET when it cannot be understood, SK_ENOMEM. */
SK_MUST enum sk_err nft_held_read(const struct nft *nft, const char *json, size_t length, struct nft_held *out, struct sk_fault *fault);
/* Free what it holds. */
void nft_held_free(struct nft_held *held);
/* NULL: nothing stands there. */
const struct nft_element *nft_held_find(const struct nft_held *held, const struct nft_place *place);

/* A transaction: begin, pieces, end. */
void nft_write_begin(struct sk_buf *out);
void nft_write_end(struct sk_buf *out);
/* verb: add, delete. */
void nft_write_table(const struct nft *nft, const char *verb, struct sk_buf *out);
/* Set, chains and rules of a length; and away with them. */
void nft_write_length(const struct nft *nft, unsigned length, struct sk_buf *out);
void nft_write_length_gone(const struct nft *nft, unsigned length, struct sk_buf *out);
/* add: with comment and time-out in seconds. */
void nft_write_element(const struct nft *nft, const char *verb, const struct nft_place *place, const char *comment, int64_t timeout_s, struct sk_buf *out);

#endif
