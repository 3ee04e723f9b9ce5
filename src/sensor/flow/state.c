/* SPDX-License-Identifier: Apache-2.0 */
/* The states of a flow and how long it may be idle in each, as tables that every packet's way needs one step in. */
#include "flow/segment_priv.h"
#include "flow/table_priv.h"

/* The rule. Flags say nothing of protocols other than TCP, where they are 0. */
static enum sk_flow_state state_after(enum sk_flow_state state, unsigned flags, unsigned both)
{
	if (state == SK_FLOW_RESET || (flags & SK_TCP_RST) != 0)
		return SK_FLOW_RESET;
	if (state == SK_FLOW_CLOSED || (both & SK_BOTH_FIN) != 0)
		return SK_FLOW_CLOSED;
	if (state == SK_FLOW_CLOSING || (flags & SK_TCP_FIN) != 0)
		return SK_FLOW_CLOSING;
	if (state == SK_FLOW_NEW && flags == SK_TCP_SYN)
		return SK_FLOW_SYN;
	if (state <= SK_FLOW_SYN && flags == (SK_TCP_SYN | SK_TCP_ACK))
		return SK_FLOW_SYN_ACK;
	if ((flags & SK_TCP_SYN) != 0)
		return state;
	if (state == SK_FLOW_SYN_ACK && (both & SK_INITIATORS) != 0)
		return SK_FLOW_ESTABLISHED;
	/* The handshake was not seen (whole), or there is none: both sides talk. */
	return (both & SK_BOTH_SENT) != 0 && state < SK_FLOW_SYN_ACK ? SK_FLOW_ESTABLISHED : state;
}

void sk_flow_set_states(struct sk_flow_table *table)
{
	static const unsigned flags[] = {SK_TCP_FIN, SK_TCP_SYN, SK_TCP_RST, SK_TCP_ACK};
	for (unsigned state = SK_FLOW_NEW; state <= SK_FLOW_RESET; state++) {
		for (unsigned set = 0; set < 1u << SK_COUNT(flags); set++) {
			unsigned tcp_flags = 0;
			for (size_t i = 0; i < SK_COUNT(flags); i++)
				tcp_flags |= (set >> i & 1) != 0 ? flags[i] : 0;
			for (unsigned both = 0; both < 8; both++)
				table->next_state[sk_state_index(state, tcp_flags, both)] = (uint8_t)state_after((enum sk_flow_state)state, tcp_flags, both);
		}
	}
}

void sk_flow_set_timers(struct sk_flow_table *table)
{
	const struct sk_flow_limits *limits = &table->limits;
	for (unsigned state = 0; state < SK_COUNT(table->idle_ticks); state++) {
		int64_t idle_ns = state == SK_FLOW_SYN ? limits->idle_syn_ns : state == SK_FLOW_CLOSED || state == SK_FLOW_RESET ? limits->idle_closed_ns : limits->idle_ns;
		table->idle_ticks[state] = (uint16_t)((idle_ns + NS_PER_TICK - 1) / NS_PER_TICK + 1);
	}
}
