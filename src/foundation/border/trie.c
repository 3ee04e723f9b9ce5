/* SPDX-License-Identifier: Apache-2.0 */
/* Spans to trie nodes, level by level: the children of a node stand together, in the order of their slots, after all nodes of the level above. */
#include <endian.h>
#include <stdlib.h>

#include "border/build_priv.h"

/* A node still to be written: the first address it covers and the span that holds it. */
struct waiting {
	sk_u128 first;
	size_t span;
};

struct queue {
	struct waiting *item;
	size_t count, capacity;
	enum sk_err failed;
};

static void queue_add(struct queue *queue, sk_u128 first, size_t span)
{
	if (queue->count == queue->capacity) {
		size_t capacity = queue->capacity != 0 ? queue->capacity * 2 : 4096;
		struct waiting *grown = capacity <= SK_BORDER_NODES_MAX ? realloc(queue->item, capacity * sizeof *grown) : NULL;
		if (grown == NULL) {
			queue->failed = capacity <= SK_BORDER_NODES_MAX ? SK_ENOMEM : SK_ETOOBIG;
			return;
		}
		queue->item = grown;
		queue->capacity = capacity;
	}
	queue->item[queue->count++] = (struct waiting){.first = first, .span = span};
}

enum sk_side sk_says_side(uint8_t says)
{
	unsigned said = says & (SK_SAYS_DOMESTIC | SK_SAYS_FOREIGN | SK_SAYS_UNKNOWN);
	return said == SK_SAYS_DOMESTIC ? SK_SIDE_DOMESTIC : said == SK_SAYS_FOREIGN ? SK_SIDE_FOREIGN : SK_SIDE_UNKNOWN;
}

/* One node: 256 slots of 2^host addresses each. Slots that hold more than one span go to the queue. */
static void node_write(const struct sk_spans *sides, const struct waiting *node, unsigned host, struct queue *queue, struct sk_buf *out)
{
	uint64_t words[SK_BORDER_NODE_WORDS] = {0};
	size_t span = node->span;
	for (unsigned slot = 0; slot < 256; slot++) {
		sk_u128 first = node->first + ((sk_u128)slot << host), last = first | sk_u128_low(host);
		while (sides->item[span].last < first)
			span++;
		uint64_t value = sides->item[span].says;
		if (sides->item[span].last < last) {
			value = SK_BORDER_DEEPER;
			queue_add(queue, first, span);
		}
		words[slot / 32] |= value << slot % 32 * 2;
	}
	for (unsigned i = 0; i < SK_BORDER_NODE_WORDS; i++)
		words[i] = htole64(words[i]);
	sk_buf_add(out, words, sizeof words);
}

/* What is said becomes enum sk_side, so that neighbours that look alike to the trie are one span. */
static void sides_of(const struct sk_spans *spans, struct sk_spans *sides)
{
	for (size_t i = 0; i < spans->count; i++)
		sk_spans_add(sides, spans->item[i].first, spans->item[i].last, (uint8_t)sk_says_side(spans->item[i].says), 0, 0);
}

enum sk_err sk_trie_write(const struct sk_spans *spans, unsigned family, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_spans sides = {0};
	struct queue queue = {0};
	unsigned host = sk_family_bits(family) - 16;
	sides_of(spans, &sides);
	SK_INVARIANT(sides.failed || (sides.item[0].first == 0 && sides.item[sides.count - 1].last == sk_u128_low(sk_family_bits(family))));
	for (size_t i = 0, span = 0; i < SK_BORDER_ROOT_NODES && !sides.failed; i++) {
		sk_u128 first = (sk_u128)i << (host + 8);
		while (sides.item[span].last < first)
			span++;
		queue_add(&queue, first, span);
	}
	/* The queue is the list of nodes: it grows by one level while the level before is written. */
	for (size_t done = 0, level_end = queue.count; done < queue.count && queue.failed == SK_OK; done++) {
		if (done == level_end) {
			host -= 8;
			level_end = queue.count;
		}
		struct waiting node = queue.item[done];
		node_write(&sides, &node, host, &queue, out);
	}
	enum sk_err err = sides.failed ? SK_ENOMEM : queue.failed != SK_OK ? queue.failed : out->failed;
	free(queue.item);
	sk_spans_fini(&sides);
	return err == SK_OK ? SK_OK
			    : sk_fault_set(fault, err, "the IPv%u trie: %s (at most %d nodes); use fewer, shorter prefixes", family, sk_err_text(err),
					   SK_BORDER_NODES_MAX);
}
