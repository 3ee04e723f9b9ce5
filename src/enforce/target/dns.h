/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a resolver of ours, as a user of it would ask. Public beside target.h for its fuzz target. */
#ifndef SK_TARGET_DNS_H
#define SK_TARGET_DNS_H

#include "base/buf.h"
#include "peer/peer.h"
#include "wire/wire.h"

enum { SK_DNS_NAME_MAX = 254, SK_DNS_ADDRS_MAX = 8, SK_DNS_MESSAGE_MAX = 512, SK_DNS_A = 1, SK_DNS_SOA = 6, SK_DNS_AAAA = 28 };

struct sk_dns_question {
	char name[SK_DNS_NAME_MAX]; /* no final dot */
	uint16_t type;              /* SK_DNS_A or SK_DNS_AAAA */
};
struct sk_dns_answer {
	bool answered;
	uint8_t rcode;              /* 0 no error, 3 no such name */
	uint16_t answers;           /* records in the answer section */
	uint8_t addr_count;
	struct sk_addr addrs[SK_DNS_ADDRS_MAX];
	char soa[SK_DNS_NAME_MAX];  /* the owner of the first SOA behind the answers: whose word it is; "" when there is none */
};

/* Append a query with recursion desired. SK_EUSAGE: no name that fits. */
SK_MUST enum sk_err sk_dns_query(const struct sk_dns_question *question, uint16_t id, struct sk_buf *out);
/* Read a reply. SK_EMALFORMED; SK_ENOENT: it answers another question or none. */
SK_MUST enum sk_err sk_dns_read(struct sk_cur message, const struct sk_dns_question *question, uint16_t id, struct sk_dns_answer *out);
/* Ask count questions of one server over UDP, many at a time, each up to three times. What was not answered has answered false; SK_ETARGET when nothing was.
   named: as sk_peer_connect has it. */
SK_MUST enum sk_err sk_dns_ask(const struct sk_peer *server, sk_peer_named named, void *named_context, const struct sk_dns_question *questions, size_t count,
			       struct sk_dns_answer *answers, struct sk_fault *fault);

#endif
