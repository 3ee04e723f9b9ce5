/* SPDX-License-Identifier: Apache-2.0 */
/* The drill's frames against the real gate, and its search: whole marks, parts of them, in hexadecimal, across the edges of pieces, in this very process; and not what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "border/border_build.h"
#include "cmd/drill.h"
#include "text/text.h"

enum { PIECE = 1 << 20 };

/* Rows are searched in tests/netns/drill.py: there is no workspace here. */
const char *sk_workspace_path(const struct sk_workspace *workspace, const char *name, char path[SK_PATH_MAX])
{
	enum sk_err err = sk_file_join(path, SK_PATH_MAX, workspace->folder, name);
	SK_INVARIANT(err == SK_OK);
	return path;
}

const struct sk_store_options *sk_workspace_store(const struct sk_workspace *workspace, int64_t now_ns, bool read_only, struct sk_workspace_store *out)
{
	(void)workspace, (void)now_ns, (void)read_only, (void)out;
	fail_msg("a workspace's store is asked for");
	return NULL;
}

static struct sk_border *border_of_test(void)
{
	char path[] = "/tmp/sk_drill_XXXXXX";
	struct sk_border_build *build = NULL;
	struct sk_border *border = NULL;
	struct sk_fault fault;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(sk_border_build_new(NULL, &build, &fault), SK_OK);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_DOMESTIC, "198.51.100.0/24", &fault), SK_OK);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_FOREIGN, "203.0.113.0/24", &fault), SK_OK);
	sk_border_build_rest(build, SK_SIDE_UNKNOWN);
	assert_int_equal(sk_border_build_write(build, path, &fault), SK_OK);
	assert_int_equal(sk_border_open(path, &border, &fault), SK_OK);
	sk_border_build_free(build);
	(void)unlink(path);
	return border;
}

/* What the drill expects is what the gate does, for every kind and every coverage. */
static void frames_have_the_fate_that_is_expected(void **state)
{
	(void)state;
	struct sk_border *border = border_of_test();
	const struct sk_drill_options options = {.kinds = (1u << SK_DRILL_KINDS) - 1};
	struct sk_drill_addresses addresses;
	struct sk_drill_marks marks;
	struct sk_fault fault;
	assert_int_equal(sk_drill_addresses(&options, border, &addresses, &fault), SK_OK);
	sk_drill_marks(&marks);
	for (unsigned covered = 0; covered < 8; covered++) {
		struct sk_gate *gate = NULL;
		assert_int_equal(sk_gate_new(border, covered, &gate), SK_OK);
		for (int kind = 0; kind < SK_DRILL_KINDS; kind++) {
			uint8_t bytes[SK_DRILL_FRAME_BYTES];
			enum sk_class class_;
			size_t length = sk_drill_frame(&addresses, &marks, 77, (enum sk_drill_kind)kind, bytes);
			struct sk_frame frame = {.bytes = bytes, .captured_bytes = (uint32_t)length, .wire_bytes = (uint32_t)length, .link = SK_LINK_ETHERNET};
			struct sk_verdict verdict;
			enum sk_gate_reason reason = sk_drill_fate(&addresses, border, covered, (enum sk_drill_kind)kind, &class_);
			sk_gate_judge_batch(gate, &frame, 1, &verdict);
			assert_int_equal(verdict.reason, reason);
			assert_int_equal(verdict.class_, class_);
		}
		sk_gate_free(gate);
	}
	sk_border_close(border);
}

static void a_side_that_has_no_harmless_address_must_be_named(void **state)
{
	(void)state;
	struct sk_border *border = border_of_test();
	struct sk_drill_options options = {.kinds = 1u << SK_DRILL_DD, .has_home = true};
	struct sk_drill_addresses addresses;
	struct sk_fault fault;
	assert_int_equal(sk_prefix_parse("203.0.113.0/29", &options.home), SK_OK);
	assert_int_equal(sk_drill_addresses(&options, border, &addresses, &fault), SK_EUSAGE);
	assert_non_null(strstr(fault.line, "does not call this prefix domestic"));
	assert_int_equal(sk_prefix_parse("198.51.100.16/29", &options.home), SK_OK);
	assert_int_equal(sk_drill_addresses(&options, border, &addresses, &fault), SK_OK);
	assert_int_equal(addresses.of[SK_SIDE_DOMESTIC].bytes[3], 22);
	assert_int_equal(addresses.second[SK_SIDE_DOMESTIC].bytes[3], 21);
	sk_border_close(border);
}

/* ---- the search ---- */

struct kept {
	char path[64];
	uint8_t *bytes;
	size_t length;
};

static struct kept keep(size_t length)
{
	struct kept kept = {.path = "/tmp/sk_drill_XXXXXX", .bytes = calloc(1, length), .length = length};
	int fd = mkstemp(kept.path);
	assert_true(fd >= 0 && kept.bytes != NULL);
	(void)close(fd);
	return kept;
}

static void search_kept(struct kept *kept, const struct sk_drill_marks *marks, unsigned strict, struct sk_drill_search *search)
{
	struct sk_fault fault;
	FILE *file = fopen(kept->path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(kept->bytes, 1, kept->length, file), kept->length);
	assert_int_equal(fclose(file), 0);
	memset(search, 0, sizeof *search);
	search->marks = marks;
	search->strict = strict;
	assert_int_equal(sk_drill_search_path(search, kept->path, &fault), SK_OK);
	assert_int_equal(search->files, 1);
	assert_int_equal(search->file_bytes, kept->length);
	memset(kept->bytes, 0, kept->length);
}

static void let_go(struct kept *kept)
{
	(void)unlink(kept->path);
	free(kept->bytes);
}

static void marks_are_found_wherever_they_lie(void **state)
{
	(void)state;
	struct kept kept = keep(3 * PIECE + 100);
	struct sk_drill_marks marks;
	struct sk_drill_search search;
	uint8_t mark[SK_DRILL_MARK_BYTES];
	sk_drill_marks(&marks);
	sk_drill_mark(&marks, 5, SK_DRILL_DD, mark);
	/* At the beginning, the end, and at every place around the edges of pieces: once each. */
	for (int at = -40; at <= 40; at++) {
		memcpy(kept.bytes + PIECE + at, mark, sizeof mark);
		search_kept(&kept, &marks, UINT32_MAX, &search);
		assert_int_equal(search.found_files, 1);
		assert_int_equal(search.places[0].kind, SK_DRILL_DD);
	}
	memcpy(kept.bytes, mark, sizeof mark);
	memcpy(kept.bytes + kept.length - sizeof mark, mark, sizeof mark);
	search_kept(&kept, &marks, UINT32_MAX, &search);
	assert_int_equal(search.found_files, 2);
	search_kept(&kept, &marks, UINT32_MAX, &search); /* and where none lies, none is found */
	assert_int_equal(search.found_files, 0);
	let_go(&kept);
}

static void parts_and_other_forms_are_found(void **state)
{
	(void)state;
	struct kept kept = keep(4096);
	struct sk_drill_marks marks, others;
	struct sk_drill_search search;
	uint8_t mark[SK_DRILL_MARK_BYTES];
	sk_drill_marks(&marks);
	sk_drill_marks(&others);
	sk_drill_mark(&marks, 5, SK_DRILL_FD, mark);
	memcpy(kept.bytes + 100, mark, SK_DRILL_TAG_BYTES); /* the rest was overwritten */
	sk_hex_encode(mark, sizeof mark, (char *)kept.bytes + 1000);
	search_kept(&kept, &marks, 0, &search);
	assert_int_equal(search.found_files, 2);
	assert_int_equal(search.places[0].kind, -1);
	assert_non_null(strstr(search.places[1].where, "in hexadecimal"));
	/* A kind that may be there now does not count; another drill's marks never do. */
	memcpy(kept.bytes + 200, mark, sizeof mark);
	search_kept(&kept, &marks, 1u << SK_DRILL_DD, &search);
	assert_int_equal(search.found_files, 0);
	memcpy(kept.bytes + 200, mark, sizeof mark);
	search_kept(&kept, &marks, 1u << SK_DRILL_FD, &search);
	assert_int_equal(search.found_files, 1);
	sk_drill_mark(&others, 5, SK_DRILL_FD, mark);
	memcpy(kept.bytes + 200, mark, sizeof mark);
	search_kept(&kept, &marks, UINT32_MAX, &search);
	assert_int_equal(search.found_files, 0);
	let_go(&kept);
}

/* This process holds a mark; the search finds it in itself. A process that is not there is said so. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHADOWED true
#else
#define SHADOWED false
#endif

static void memory_is_searched(void **state)
{
	if (SHADOWED) {
		print_message("skipped: this build's memory has a shadow of terabytes\n");
		skip();
	}
	(void)state;
	struct sk_drill_marks marks;
	struct sk_fault fault;
	static struct sk_drill_search search;
	uint8_t *mark = malloc(SK_DRILL_MARK_BYTES);
	assert_non_null(mark);
	sk_drill_marks(&marks);
	sk_drill_mark(&marks, 9, SK_DRILL_INNER, mark);
	search = (struct sk_drill_search){.marks = &marks, .strict = 1u << SK_DRILL_INNER};
	assert_int_equal(sk_drill_search_memory(&search, (long)getpid(), &fault), SK_OK);
	bool found = false;
	for (size_t i = 0; i < search.place_count; i++)
		found |= search.places[i].kind == SK_DRILL_INNER;
	assert_true(found && search.memory_bytes > PIECE);
	assert_int_equal(sk_drill_search_memory(&search, INT32_MAX, &fault), SK_ENOENT);
	free(mark);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_have_the_fate_that_is_expected), cmocka_unit_test(a_side_that_has_no_harmless_address_must_be_named), cmocka_unit_test(marks_are_found_wherever_they_lie),
		cmocka_unit_test(parts_and_other_forms_are_found), cmocka_unit_test(memory_is_searched),
	};
	if (sk_seal_start() != SK_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
