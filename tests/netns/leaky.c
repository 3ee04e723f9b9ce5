/* SPDX-License-Identifier: Apache-2.0 */
/* The saboteur of the namespace tests, linked in front of parts of the program (tests/netns/meson.build): a sekisho that breaks its promises on purpose, so that the tests are
   seen to find it out. SEKISHO_SABOTAGE names what is broken:
     table  the kernel's table calls every address foreign, so the kernel lets everything pass; the self-test must refuse it
     leak   the same, the self-test is silenced, and nothing is overwritten any more: neither by the gate in user space nor by the rings */
#include <stdlib.h>

#include "live/live_priv.h"

void __real_live_table_write(const struct sk_border *border, unsigned covered, struct live_node *nodes, size_t first, struct live_table_head *head);
void __wrap_live_table_write(const struct sk_border *border, unsigned covered, struct live_node *nodes, size_t first, struct live_table_head *head);
enum sk_err __real_live_selftest(const struct live_program *program, const struct sk_border *border, unsigned covered, unsigned *frames, struct sk_fault *fault);
enum sk_err __wrap_live_selftest(const struct live_program *program, const struct sk_border *border, unsigned covered, unsigned *frames, struct sk_fault *fault);
void __real_sk_wipe(void *bytes, size_t length);
void __wrap_sk_wipe(void *bytes, size_t length);

static bool sabotage(const char *what)
{
	const char *wanted = getenv("SEKISHO_SABOTAGE");
	return wanted != NULL && strcmp(wanted, what) == 0;
}

void __wrap_live_table_write(const struct sk_border *border, unsigned covered, struct live_node *nodes, size_t first, struct live_table_head *head)
{
	__real_live_table_write(border, covered, nodes, first, head);
	if (!sabotage("table") && !sabotage("leak"))
		return;
	head->covered = 7;
	for (size_t i = 0; i < (size_t)head->nodes4 + head->nodes6; i++)
		memset(nodes[first + i].words, 0xaa, sizeof nodes[first + i].words);
}

enum sk_err __wrap_live_selftest(const struct live_program *program, const struct sk_border *border, unsigned covered, unsigned *frames, struct sk_fault *fault)
{
	return sabotage("leak") ? SK_OK : __real_live_selftest(program, border, covered, frames, fault);
}

void __wrap_sk_wipe(void *bytes, size_t length)
{
	if (!sabotage("leak"))
		__real_sk_wipe(bytes, length);
}
