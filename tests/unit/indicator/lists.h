/* SPDX-License-Identifier: Apache-2.0 */
/* For the indicator tests: lists from text, and what became of each line. */
#ifndef SK_TEST_INDICATOR_LISTS_H
#define SK_TEST_INDICATOR_LISTS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "indicator/indicator.h"

struct lists {
	char folder[64];
	struct sk_indicator_builder *builder;
	struct sk_indicator_counts counts;
	struct sk_fault fault;
	unsigned notes;
	enum sk_indicator_reason last_reason;
	char last_value[256], last_detail[256];
	uint64_t last_line;
};

static inline void lists_note(void *context, const char *file, uint64_t line, const char *value, enum sk_indicator_reason reason, const char *detail)
{
	struct lists *lists = context;
	assert_non_null(file);
	lists->notes++;
	lists->last_reason = reason;
	lists->last_line = line;
	(void)snprintf(lists->last_value, sizeof lists->last_value, "%s", value);
	(void)snprintf(lists->last_detail, sizeof lists->last_detail, "%s", detail);
}

static inline void lists_start(struct lists *lists, const struct sk_indicator_options *options)
{
	*lists = (struct lists){.folder = "/tmp/sk-indicator-XXXXXX"};
	assert_int_equal(sk_seal_start(), SK_OK);
	assert_non_null(mkdtemp(lists->folder));
	assert_int_equal(sk_indicator_builder_new(options, lists_note, lists, &lists->builder), SK_OK);
}

static inline const char *lists_path(const struct lists *lists, const char *name, char path[256])
{
	(void)snprintf(path, 256, "%s/%s", lists->folder, name);
	return path;
}

static inline const char *lists_write(const struct lists *lists, const char *name, const void *bytes, size_t length, char path[256])
{
	FILE *file = fopen(lists_path(lists, name, path), "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	return path;
}

static inline enum sk_err lists_import_bytes(struct lists *lists, const char *name, const void *bytes, size_t length)
{
	char path[256];
	enum sk_err err = sk_indicator_import(lists->builder, lists_write(lists, name, bytes, length, path), &lists->counts, &lists->fault);
	const struct sk_indicator_counts *c = &lists->counts;
	if (err == SK_OK)
		assert_int_equal(c->lines, c->taken + c->refused + c->by_reason[SK_INDICATOR_COMMENT] + c->by_reason[SK_INDICATOR_EMPTY] + c->by_reason[SK_INDICATOR_HEADER]);
	return err;
}

static inline enum sk_err lists_import(struct lists *lists, const char *name, const char *text)
{
	return lists_import_bytes(lists, name, text, strlen(text));
}

static inline struct sk_indicator_set *lists_compile(struct lists *lists)
{
	char path[256];
	struct sk_indicator_set *set = NULL;
	assert_int_equal(sk_indicator_compile(lists->builder, lists_path(lists, "set", path), &lists->fault), SK_OK);
	enum sk_err err = sk_indicator_open(path, &set, &lists->fault);
	if (err != SK_OK)
		print_error("%s\n", lists->fault.line);
	assert_int_equal(err, SK_OK);
	return set;
}

/* The whole set as one line a selector, in the order of ids. Caller frees. */
static inline char *lists_dump(struct lists *lists)
{
	struct sk_indicator_set *set = lists_compile(lists);
	struct sk_indicator_facts facts;
	struct sk_buf text;
	char value[320];
	sk_buf_init(&text, 1 << 24);
	sk_buf_add_text(&text, "");
	sk_indicator_facts(set, &facts);
	for (uint32_t id = 0; id < facts.entries; id++)
		sk_buf_addf(&text, "%s\n", sk_indicator_value(set, id, value, sizeof value));
	char *copy = strdup(sk_buf_text(&text));
	sk_buf_fini(&text);
	sk_indicator_close(set);
	return copy;
}

static inline void lists_expect(struct lists *lists, const char *expected)
{
	char *dump = lists_dump(lists);
	assert_string_equal(dump, expected);
	free(dump);
}

static inline void lists_end(struct lists *lists)
{
	char command[128];
	sk_indicator_builder_free(lists->builder);
	(void)snprintf(command, sizeof command, "rm -rf %s", lists->folder);
	assert_int_equal(system(command), 0);
}

#endif
