/* SPDX-License-Identifier: Apache-2.0 */
/* For the targets of logs: the room's gate is this one (the last byte of an address says its side), a set that lives over many runs, lines without a file. */
#ifndef FZ_LOG_H
#define FZ_LOG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logs/logs_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { FUZZ_CLASSES = SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF), FUZZ_LENGTH_MAX = 1 << 16 };

static inline enum sk_side fuzz_side(const struct sk_addr *addr)
{
	return (enum sk_side)(*(addr->bytes + (addr->family == 4 ? 3 : 15)) % 3);
}

/* In place of gate/pair.c, which the linker then leaves out. */
enum sk_gate_reason sk_gate_judge_pair(const struct sk_border *table, unsigned covered, const struct sk_addr *source, const struct sk_addr *destination, enum sk_class *class_)
{
	(void)table;
	*class_ = sk_class_of(fuzz_side(source), fuzz_side(destination));
	return (covered & SK_CLASS_BIT(*class_)) != 0 ? SK_GATE_ADMITTED : SK_GATE_NOT_COVERED;
}

static inline const struct sk_indicator_set *fuzz_set(void)
{
	static struct sk_indicator_set *set;
	static const char list[] = "198.51.100.1\nbad.example\nhttp://bad.example/x\nja3s:ec74a5c51106f0419184d0dd08fb05bc\n";
	if (set != NULL)
		return set;
	char path[] = "/tmp/sk-fuzz-log-XXXXXX";
	int fd = mkstemp(path);
	struct sk_indicator_options options = {.max_entries = 100, .special_ranges_allowed = true};
	struct sk_indicator_builder *builder;
	struct sk_indicator_counts counts;
	struct sk_fault fault;
	SK_INVARIANT(fd >= 0 && write(fd, list, sizeof list - 1) == (ssize_t)sizeof list - 1 && sk_seal_start() == SK_OK);
	SK_INVARIANT(sk_indicator_builder_new(&options, NULL, NULL, &builder) == SK_OK && sk_indicator_import(builder, path, &counts, &fault) == SK_OK);
	SK_INVARIANT(sk_indicator_build(builder, &set, &fault) == SK_OK);
	sk_indicator_builder_free(builder);
	(void)unlink(path);
	(void)close(fd);
	return set;
}

static inline void fuzz_admitted(const struct sk_log_admitted *admitted, const struct sk_log_chunk *chunk)
{
	struct sk_log_hit hits[SK_LOG_HITS_MAX];
	struct sk_log_details details;
	enum sk_class class_;
	SK_INVARIANT(sk_gate_judge_pair(NULL, FUZZ_CLASSES, &admitted->source, &admitted->destination, &class_) == SK_GATE_ADMITTED);
	for (const struct span *span = admitted->found.span; span < admitted->found.span + admitted->found.count; span++)
		SK_INVARIANT(span->field != SK_LOG_NOTHING && span->at >= chunk->bytes && span->at + span->length <= chunk->bytes + chunk->length);
	sk_log_details(admitted, &details);
	SK_INVARIANT(sk_addr_equal(&details.source, &admitted->source));
	SK_INVARIANT(sk_log_match(admitted, fuzz_set(), hits) <= SK_LOG_HITS_MAX);
}

/* Judge every line of a chunk; each line has one outcome, and line numbers go on by one. */
static inline void fuzz_chunk(struct sk_log_chunk *chunk)
{
	static struct sk_log_reader *reader;
	struct sk_log_verdict verdict;
	const struct sk_log_admitted *admitted;
	if (reader == NULL)
		SK_INVARIANT(sk_log_reader_new(NULL, FUZZ_CLASSES, &reader) == SK_OK);
	for (uint64_t line = chunk->next_line; sk_log_judge(reader, chunk, &verdict, &admitted);) {
		SK_INVARIANT(verdict.outcome < SK_LOG_OUTCOME_COUNT && (verdict.outcome == SK_LOG_ADMITTED) == (admitted != NULL));
		SK_INVARIANT((verdict.outcome == SK_LOG_MALFORMED) == (verdict.what != NULL));
		SK_INVARIANT(verdict.line == line || verdict.line + 1 == line);
		line = chunk->next_line;
		if (admitted != NULL)
			fuzz_admitted(admitted, chunk);
	}
	SK_INVARIANT(chunk->at == chunk->length);
}

/* The same bytes under one schema, without a file around them. */
static inline int fuzz_lines(const uint8_t *bytes, size_t length, const struct sk_log_schema *schema)
{
	struct sk_log_chunk chunk = {.bytes = calloc(1, length + SLACK_BYTES), .length = length, .used = length, .next_line = 1, .schema = schema};
	SK_INVARIANT(chunk.bytes != NULL);
	if (length != 0)
		memcpy(chunk.bytes, bytes, length);
	fuzz_chunk(&chunk);
	sk_log_chunk_fini(&chunk);
	return 0;
}

#endif
