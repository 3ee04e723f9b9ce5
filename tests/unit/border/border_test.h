/* SPDX-License-Identifier: Apache-2.0 */
/* What the border tests share: tables made in memory. */
#ifndef BORDER_TEST_H
#define BORDER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "border/build_priv.h"
#include "seal/seal.h"

typedef enum sk_err (*parse_text)(struct sk_border_build *build, unsigned source, const char *label, const void *bytes, size_t length, struct sk_fault *fault);

static inline struct sk_border_build *build_new(const char *home)
{
	struct sk_border_build *build;
	struct sk_fault fault;
	assert_int_equal(sk_border_build_new(home, &build, &fault), SK_OK);
	return build;
}

static inline enum sk_err add_text(struct sk_border_build *build, enum sk_border_kind kind, enum sk_side side, const char *label, const char *text, struct sk_fault *fault)
{
	static const parse_text parsers[] = {[SK_BORDER_LIST] = sk_source_list_parse, [SK_BORDER_GEOIPDB] = sk_source_geoipdb_parse, [SK_BORDER_RIR] = sk_source_rir_parse,
					     [SK_BORDER_CSV] = sk_source_csv_parse};
	unsigned source;
	assert_int_equal(sk_source_new(build, kind, side, label, &source, fault), SK_OK);
	return parsers[kind](build, source, label, text, strlen(text), fault);
}

static inline void add_list(struct sk_border_build *build, enum sk_side side, const char *label, const char *text)
{
	struct sk_fault fault = {0};
	if (add_text(build, SK_BORDER_LIST, side, label, text, &fault) != SK_OK)
		fail_msg("%s", fault.line);
}

static inline void add_csv(struct sk_border_build *build, const char *label, const char *text)
{
	struct sk_fault fault = {0};
	if (add_text(build, SK_BORDER_CSV, SK_SIDE_UNKNOWN, label, text, &fault) != SK_OK)
		fail_msg("%s", fault.line);
}

/* Finish, open, free the builder. */
static inline struct sk_border *table_of(struct sk_border_build *build)
{
	struct sk_buf bytes;
	struct sk_fault fault = {0};
	struct sk_border *table = NULL;
	sk_buf_init(&bytes, SK_BORDER_FILE_MAX);
	if (sk_border_build_finish(build, &bytes, &fault) != SK_OK || sk_border_of_bytes("memory", bytes.bytes, bytes.length, &table, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	sk_buf_fini(&bytes);
	sk_border_build_free(build);
	return table;
}

static inline enum sk_err finish_error(struct sk_border_build *build, struct sk_fault *fault)
{
	struct sk_buf bytes;
	sk_buf_init(&bytes, SK_BORDER_FILE_MAX);
	enum sk_err err = sk_border_build_finish(build, &bytes, fault);
	sk_buf_fini(&bytes);
	sk_border_build_free(build);
	return err;
}

static inline struct sk_addr addr_of(const char *text)
{
	struct sk_addr addr;
	if (sk_addr_parse(text, &addr) != SK_OK)
		fail_msg("%s", text);
	return addr;
}

/* The table and the explanation must both say so. */
static inline void expect_side(const struct sk_border *table, const char *text, enum sk_side side)
{
	struct sk_addr addr = addr_of(text);
	struct sk_border_verdict verdict;
	if (sk_border_side(table, &addr) != side)
		fail_msg("%s is %s, expected %s", text, sk_side_name(sk_border_side(table, &addr)), sk_side_name(side));
	sk_border_decide(table, &addr, &verdict);
	if (verdict.side != side)
		fail_msg("%s is explained as %s, expected %s", text, sk_side_name(verdict.side), sk_side_name(side));
}

/* xorshift64*: tests must be the same everywhere. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

#endif
