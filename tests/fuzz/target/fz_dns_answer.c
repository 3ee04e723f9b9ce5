/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a resolver's answer; and a question of any name, which answered by itself is no answer. */
#include <stdlib.h>

#include "target/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_dns_question question = {.name = "bad.example", .type = SK_DNS_A};
	struct sk_dns_answer answer;
	struct sk_cur id = sk_cur_of(bytes, length);
	struct sk_buf query;
	if (sk_dns_read(sk_cur_of(bytes, length), &question, sk_be16(&id), &answer) == SK_OK)
		SK_INVARIANT(answer.answered && answer.addr_count <= SK_DNS_ADDRS_MAX && answer.rcode < 16);
	if (length >= sizeof question.name)
		return 0;
	memcpy(question.name, bytes, length);
	question.name[length] = '\0';
	sk_buf_init(&query, SK_DNS_MESSAGE_MAX);
	if (sk_dns_query(&question, 7, &query) == SK_OK && sk_dns_read(sk_cur_of(query.bytes, query.length), &question, 7, &answer) == SK_OK)
		abort();
	sk_buf_fini(&query);
	return 0;
}
