/* SPDX-License-Identifier: Apache-2.0 */
/* For the import targets: bytes as a file of memory, a builder that lives over many runs, and what must hold after each. */
#ifndef SK_FUZZ_INDICATOR_IMPORT_H
#define SK_FUZZ_INDICATOR_IMPORT_H

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "indicator/indicator_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { FUZZ_ENTRIES_MAX = 4096 };

static inline uint64_t fuzz_entries(const struct sk_indicator_builder *builder)
{
	uint64_t count = 0;
	for (size_t i = 0; i < SK_COLUMN_COUNT; i++)
		count += builder->columns[i].count;
	return count;
}

/* A file of memory with head and then the bytes; returns its path. */
static inline const char *fuzz_file(const char *head, const uint8_t *bytes, size_t length, char path[64])
{
	static int fd = -1; /* one for the process: making one a run would be most of its time */
	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	size_t width = strlen(head);
	SK_INVARIANT(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, head, width, 0) == (ssize_t)width);
	SK_INVARIANT(length == 0 || pwrite(fd, bytes, length, (off_t)width) == (ssize_t)length);
	(void)snprintf(path, 64, "/proc/self/fd/%d", fd);
	return path;
}

static inline void fuzz_note(void *context, const char *file, uint64_t line, const char *value, enum sk_indicator_reason reason, const char *detail)
{
	(void)context;
	SK_INVARIANT(file[0] != '\0' && line > 0 && reason < SK_INDICATOR_REASON_COUNT && detail != NULL);
	for (const char *c = value; *c != '\0'; c++)
		SK_INVARIANT((unsigned char)*c >= 0x20 && *c != 0x7f); /* safe for a terminal */
}

/* What was gathered compiles, and what was compiled opens. */
static inline void fuzz_compile(struct sk_indicator_builder *builder)
{
	char path[64];
	struct sk_fault fault;
	struct sk_indicator_set *set = NULL;
	(void)snprintf(path, sizeof path, "/tmp/sk-fuzz-set-%d", (int)getpid());
	SK_INVARIANT(sk_indicator_compile(builder, path, &fault) == SK_OK && sk_indicator_open(path, &set, &fault) == SK_OK);
	struct sk_indicator_facts facts;
	sk_indicator_facts(set, &facts);
	SK_INVARIANT(facts.entries == fuzz_entries(builder));
	sk_indicator_close(set);
	(void)unlink(path);
}

static inline int fuzz_import(const char *head, const uint8_t *bytes, size_t length)
{
	static struct sk_indicator_builder *builder; /* over many runs: loading the public suffixes takes longer than a run */
	static const struct sk_indicator_options options = {.max_entries = FUZZ_ENTRIES_MAX, .min_prefix_v4 = 8, .min_prefix_v6 = 19};
	struct sk_indicator_counts counts;
	struct sk_fault fault;
	char path[64];
	if (builder == NULL)
		SK_INVARIANT(sk_seal_start() == SK_OK && sk_indicator_builder_new(&options, fuzz_note, NULL, &builder) == SK_OK);
	uint64_t before = fuzz_entries(builder);
	enum sk_err err = sk_indicator_import(builder, fuzz_file(head, bytes, length, path), &counts, &fault);
	uint64_t passed = counts.by_reason[SK_INDICATOR_COMMENT] + counts.by_reason[SK_INDICATOR_EMPTY] + counts.by_reason[SK_INDICATOR_HEADER];
	SK_INVARIANT(fuzz_entries(builder) == before + (err == SK_OK ? counts.taken : 0));
	SK_INVARIANT(err != SK_OK || counts.lines == counts.taken + counts.refused + passed);
	if (fuzz_entries(builder) > FUZZ_ENTRIES_MAX / 2 || err == SK_ETOOBIG) {
		fuzz_compile(builder);
		sk_indicator_builder_free(builder);
		builder = NULL;
	}
	return 0;
}

#endif
