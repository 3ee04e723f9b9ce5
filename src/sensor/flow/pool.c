/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: everything is mapped and touched before the first packet, asked to be huge pages, and left out of core files. */
#include <stdlib.h>
#include <sys/mman.h>

#include "flow/flow_priv.h"

#define NS_PER_S INT64_C(1000000000)

enum { AREA_SETS, AREA_NOTED, AREA_FACTS, AREA_PLACES, AREA_STREAMS, AREA_BYTES };

struct sk_flow_limits sk_flow_default_limits(void)
{
	return (struct sk_flow_limits){
		.flows = 1 << 20,
		.facts = 1 << 16,
		.streams = 1024,
		.idle_ns = 120 * NS_PER_S,
		.idle_syn_ns = 60 * NS_PER_S,
		.idle_closed_ns = 10 * NS_PER_S,
		.active_ns = 1800 * NS_PER_S,
	};
}

static int64_t clamp_ns(int64_t ns, int64_t most_s)
{
	if (ns < NS_PER_S)
		return NS_PER_S;
	return ns < most_s * NS_PER_S ? ns : most_s * NS_PER_S;
}

/* What the packed entries can hold (flow_priv.h); README.md names the bounds. */
static struct sk_flow_limits clamped(const struct sk_flow_limits *limits)
{
	struct sk_flow_limits out = *limits;
	if (out.flows < SK_SET_WAYS)
		out.flows = SK_SET_WAYS;
	if (out.facts > SK_FACTS_MAX)
		out.facts = SK_FACTS_MAX;
	if (out.streams > SK_STREAMS_MAX)
		out.streams = SK_STREAMS_MAX;
	out.idle_ns = clamp_ns(out.idle_ns, SK_IDLE_MAX_S);
	out.idle_syn_ns = clamp_ns(out.idle_syn_ns, SK_IDLE_MAX_S);
	out.idle_closed_ns = clamp_ns(out.idle_closed_ns, SK_IDLE_MAX_S);
	out.active_ns = clamp_ns(out.active_ns, SK_ACTIVE_MAX_S);
	return out;
}

static void *map(struct area *area, size_t count, size_t size)
{
	size_t bytes = count * size;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	*area = (struct area){.memory = memory, .bytes = bytes};
	/* Both are advice: an old kernel without them changes speed, or the core file's size, nothing else. */
	(void)madvise(memory, bytes, MADV_HUGEPAGE);
	(void)madvise(memory, bytes, MADV_DONTDUMP);
	sk_wipe(memory, bytes);
	return memory;
}

enum sk_err sk_flow_table_new(const struct sk_flow_limits *limits, const uint8_t key[16], sk_flow_closed closed, void *context,
			      struct sk_flow_table **out)
{
	struct sk_flow_table *table = calloc(1, sizeof *table);
	if (table == NULL)
		return SK_ENOMEM;
	struct sk_cur c = sk_cur_of(key, 16);
	table->key[0] = sk_le64(&c);
	table->key[1] = sk_le64(&c);
	table->limits = clamped(limits);
	table->closed = closed;
	table->context = context;
	table->set_count = table->limits.flows / SK_SET_WAYS;
	table->generation = 1;
	table->clean = true;
	table->credit.left = SK_CREDIT_MAX;
	sk_flow_set_states(table);
	sk_flow_set_timers(table);
	table->sets = map(&table->areas[AREA_SETS], table->set_count, sizeof *table->sets);
	table->noted = map(&table->areas[AREA_NOTED], (table->set_count + 63u) / 64, sizeof *table->noted);
	table->facts = map(&table->areas[AREA_FACTS], table->limits.facts + 1u, sizeof *table->facts);
	table->facts_places = map(&table->areas[AREA_PLACES], table->limits.facts + 1u, sizeof *table->facts_places);
	table->streams = map(&table->areas[AREA_STREAMS], table->limits.streams + 1u, sizeof *table->streams);
	table->stream_bytes = map(&table->areas[AREA_BYTES], table->limits.streams + 1u, SK_CLIENT_HELLO_MAX_BYTES);
	for (size_t i = 0; i < SK_COUNT(table->prepared); i++)
		table->prepared[i].guess = table->sets;
	table->ahead = table->prepared;
	if (table->sets == NULL || table->noted == NULL || table->facts == NULL || table->facts_places == NULL || table->streams == NULL || table->stream_bytes == NULL) {
		sk_flow_table_free(table);
		return SK_ENOMEM;
	}
	for (uint32_t i = 1; i <= table->limits.facts; i++)
		table->facts_places[i].next_free = i < table->limits.facts ? i + 1 : 0;
	table->facts_free = table->limits.facts != 0 ? 1 : 0;
	for (uint32_t i = 1; i <= table->limits.streams; i++)
		table->streams[i].next = i < table->limits.streams ? (uint16_t)(i + 1) : 0;
	table->stream_free = table->limits.streams != 0 ? 1 : 0;
	/* Without AES-128-GCM no QUIC can be opened; that takes a library without it, and the other heads are read all the same. */
	if (table->limits.heads == SK_FLOW_HEADS_ALL && sk_quic_new(&table->quic) == SK_ENOMEM) {
		sk_flow_table_free(table);
		return SK_ENOMEM;
	}
	*out = table;
	return SK_OK;
}

void sk_flow_set_times(struct sk_flow_table *table, const struct sk_flow_limits *limits)
{
	struct sk_flow_limits times = clamped(limits);
	table->limits.idle_ns = times.idle_ns;
	table->limits.idle_syn_ns = times.idle_syn_ns;
	table->limits.idle_closed_ns = times.idle_closed_ns;
	table->limits.active_ns = times.active_ns;
	sk_flow_set_timers(table);
}

void sk_flow_table_free(struct sk_flow_table *table)
{
	if (table == NULL)
		return;
	sk_quic_free(table->quic);
	for (size_t i = 0; i < SK_COUNT(table->areas); i++) {
		if (table->areas[i].memory == NULL)
			continue;
		if (!table->clean)
			sk_wipe(table->areas[i].memory, table->areas[i].bytes);
		(void)munmap(table->areas[i].memory, table->areas[i].bytes);
	}
	sk_wipe(table, sizeof *table);
	free(table);
}

size_t sk_flow_residue(const struct sk_flow_table *table)
{
	return sk_count_nonzero(table->stream_bytes, table->areas[AREA_BYTES].bytes) + sk_count_nonzero(table->facts, table->areas[AREA_FACTS].bytes) +
	       sk_count_nonzero(&table->head, sizeof table->head) + (table->quic != NULL ? sk_quic_residue(table->quic) : 0);
}
