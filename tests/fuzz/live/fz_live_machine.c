/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an Ethernet frame: the kernel's machine (in user space) and the gate must not disagree. Byte 0: classes covered, bytes from 1: the frame. rule: LIVE-1 */
#include <stdio.h>
#include <stdlib.h>

#include "../../unit/live/machine.h"
#include "border/border_build.h"
#include "gate/gate.h"
#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { FRAME_MAX_BYTES = 2048 };

/* The lists of the unit tests, and some inside prefixes that embed IPv4. */
static struct sk_border *make_table(void)
{
	static const char *const domestic[] = {"203.0.113.4", "198.51.100.7", "2001:db8::4", "2001:db8::7", "2002:cb00:7104::/48", "::ffff:198.51.100.0/124", "2001:0:cb00:7104::/64"};
	static const char *const foreign[] = {"203.0.113.5", "198.51.100.8", "2001:db8::5", "2001:db8::8", "2002:cb00:7105::/48", "::ffff:198.51.100.8"};
	struct sk_border_build *build;
	struct sk_border *table;
	char path[] = "/tmp/sekisho-fuzz-table-XXXXXX";
	SK_INVARIANT(sk_seal_start() == SK_OK && sk_border_build_new(NULL, &build, NULL) == SK_OK);
	for (size_t i = 0; i < SK_COUNT(domestic); i++)
		SK_INVARIANT(sk_border_build_literal(build, SK_SIDE_DOMESTIC, domestic[i], NULL) == SK_OK);
	for (size_t i = 0; i < SK_COUNT(foreign); i++)
		SK_INVARIANT(sk_border_build_literal(build, SK_SIDE_FOREIGN, foreign[i], NULL) == SK_OK);
	SK_INVARIANT(mkstemp(path) >= 0 && sk_border_build_write(build, path, NULL) == SK_OK && sk_border_open(path, &table, NULL) == SK_OK);
	(void)remove(path);
	sk_border_build_free(build);
	return table;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_border *border;
	static struct sk_gate *gates[8];
	if (length < 1 || length > FRAME_MAX_BYTES)
		return 0;
	unsigned covered = bytes[0] % 8;
	if (border == NULL)
		machine_table(border = make_table(), covered);
	if (gates[covered] == NULL)
		SK_INVARIANT(sk_gate_new(border, covered, &gates[covered]) == SK_OK);
	machine_cover(covered);
	bytes++;
	length--;
	uint32_t verdict = machine_judge(bytes, length);
	uint8_t *copy = malloc(length != 0 ? length : 1);
	SK_INVARIANT(copy != NULL);
	memcpy(copy, bytes, length);
	struct sk_frame frame = {.bytes = copy, .captured_bytes = (uint32_t)length, .wire_bytes = (uint32_t)length, .link = SK_LINK_ETHERNET};
	struct sk_verdict want;
	sk_gate_judge_batch(gates[covered], &frame, 1, &want);
	SK_INVARIANT((verdict & LIVE_VERDICT_UNFINISHED) != 0 || ((verdict & 0xff) == want.reason && (verdict >> 8 & 0xff) == want.class_));
	free(copy);
	return 0;
}
