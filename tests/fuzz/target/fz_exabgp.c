/* SPDX-License-Identifier: Apache-2.0 */
/* Any answer of ExaBGP. A path that is read, and that has nothing that we never set, is said again and read as the same. */
#include <stdlib.h>

#include "target/exabgp_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static enum sk_err take(void *context, const struct sk_bgp_path *path)
{
	struct sk_buf *command = context;
	SK_INVARIANT(path->community_count <= SK_BGP_COMMUNITIES_MAX && path->large_count <= SK_BGP_COMMUNITIES_MAX && path->rule.destination.addr.family != 0);
	sk_buf_reset(command);
	if (path->next_hop.family != 0 || path->rule.family <= SK_BGP_FLOW6)
		sk_exabgp_command(path, true, command);
	else
		sk_bgp_line(path, command);
	SK_INVARIANT(command->failed == SK_OK && memchr(command->bytes, '\n', command->length) == command->bytes + command->length - 1);
	return SK_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_fault fault;
	struct sk_buf command, answer;
	sk_buf_init(&command, 1 << 16);
	sk_buf_init(&answer, 1 << 20);
	(void)!sk_exabgp_rib(bytes, length, take, &command, &fault);
	sk_buf_add(&answer, bytes, length);
	size_t before = answer.length;
	enum sk_exabgp_end end = sk_exabgp_ended(&answer);
	SK_INVARIANT(answer.length == before - (end == SK_EXABGP_DONE ? 5 : end == SK_EXABGP_ERROR ? 6 : 0));
	sk_buf_fini(&answer);
	sk_buf_fini(&command);
	return 0;
}
