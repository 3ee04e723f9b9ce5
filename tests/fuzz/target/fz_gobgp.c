/* SPDX-License-Identifier: Apache-2.0 */
/* Any answer of gobgp, as each of its tables and as its neighbours. What is read has a line, its arrays are within their bounds, and the answer is bounded. */
#include <stdlib.h>

#include "target/bgp_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static enum sk_err take(void *context, const struct sk_bgp_path *path)
{
	struct sk_buf *line = context;
	SK_INVARIANT(path->community_count <= SK_BGP_COMMUNITIES_MAX && path->large_count <= SK_BGP_COMMUNITIES_MAX && path->rule.destination.addr.family != 0);
	SK_INVARIANT(!path->rated || (path->rate >= 0 && path->rate <= 1e20f));
	for (size_t i = 1; i < path->community_count; i++)
		SK_INVARIANT(path->communities[i - 1] <= path->communities[i]);
	sk_buf_reset(line);
	sk_bgp_line(path, line);
	SK_INVARIANT(line->failed == SK_OK && line->length > 0 && memchr(line->bytes, '\n', line->length) == line->bytes + line->length - 1);
	return SK_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_gobgp_neighbor list[8];
	struct sk_fault fault;
	struct sk_buf line;
	size_t count = 0;
	sk_buf_init(&line, 1 << 16);
	for (unsigned family = 0; family < SK_BGP_FAMILY_COUNT; family++)
		if (sk_gobgp_rib((enum sk_bgp_family)family, bytes, length, take, &line, &fault) != SK_OK)
			SK_INVARIANT(fault.line[0] != '\0');
	if (sk_gobgp_neighbors(bytes, length, list, SK_COUNT(list), &count, &fault) == SK_OK)
		SK_INVARIANT(count <= SK_COUNT(list));
	sk_buf_fini(&line);
	return 0;
}
