/* SPDX-License-Identifier: Apache-2.0 */
#include "logs_test.h"

enum { ALL_CROSSING = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF), TEXT_MAX = 1 << 16 };

static const char list[] =
	"203.0.113.66\n2001:db8:2::66\n203.0.113.128/25\nbad.example\nhttp://files.example/a/b.exe\n"
	"ja3:e7d705a3286e19ea42f587b344ee6865\nja3s:ec74a5c51106f0419184d0dd08fb05bc\nt13d1516h2_8daaf6152771_02713d6af862\n"
	"hassh:ec7378c1a92f5a8dde7e8b7a1ddf33d1\nhassh_server:b12d2871a1189eff20364cf5333619ee\n"
	"cert_sha1:3c84f5e8a1d0b2c49e77f05d1b6c2a9180e4d7f3\ncert_sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0\n";

static void note(void *context, const char *file, uint64_t line, const char *value, enum sk_indicator_reason reason, const char *detail)
{
	(void)context, (void)detail;
	fail_msg("%s:%llu: %s: %s", file, (unsigned long long)line, value, sk_indicator_reason_name(reason));
}

const char *logs_test_file(const struct logs_test *test, const void *content, size_t length)
{
	static char path[128];
	(void)snprintf(path, sizeof path, "%s/log", test->folder);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	return path;
}

int logs_test_start(void **state)
{
	static struct logs_test test;
	struct sk_border_build *build;
	struct sk_fault fault = {.line = ""};
	char path[128];
	assert_int_equal(sk_seal_start(), SK_OK);
	(void)snprintf(test.folder, sizeof test.folder, "/tmp/sekisho-logs-XXXXXX");
	assert_non_null(mkdtemp(test.folder));
	(void)snprintf(path, sizeof path, "%s/border.skb", test.folder);
	assert_int_equal(sk_border_build_new(NULL, &build, &fault), SK_OK);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_DOMESTIC, "192.0.2.0/24", &fault), SK_OK);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_DOMESTIC, "2001:db8:1::/48", &fault), SK_OK);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_FOREIGN, "203.0.113.0/24", &fault), SK_OK);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_FOREIGN, "198.51.100.0/24", &fault), SK_OK);
	assert_int_equal(sk_border_build_literal(build, SK_SIDE_FOREIGN, "2001:db8:2::/48", &fault), SK_OK);
	assert_int_equal(sk_border_build_write(build, path, &fault), SK_OK);
	sk_border_build_free(build);
	assert_int_equal(sk_border_open(path, &test.table, &fault), SK_OK);
	struct sk_indicator_options options = {.max_entries = 1000, .min_prefix_v4 = 8, .min_prefix_v6 = 19, .special_ranges_allowed = true};
	struct sk_indicator_builder *builder;
	struct sk_indicator_counts counts;
	assert_int_equal(sk_indicator_builder_new(&options, note, NULL, &builder), SK_OK);
	assert_int_equal(sk_indicator_import(builder, logs_test_file(&test, list, sizeof list - 1), &counts, &fault), SK_OK);
	assert_int_equal(counts.refused, 0);
	assert_int_equal(sk_indicator_build(builder, &test.set, &fault), SK_OK);
	sk_indicator_builder_free(builder);
	*state = &test;
	return 0;
}

int logs_test_end(void **state)
{
	struct logs_test *test = *state;
	char path[128];
	(void)snprintf(path, sizeof path, "%s/border.skb", test->folder);
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/log", test->folder);
	(void)unlink(path);
	(void)rmdir(test->folder);
	sk_indicator_close(test->set);
	sk_border_close(test->table);
	return 0;
}

static void add_hits(const struct logs_test *test, const struct sk_log_admitted *admitted, uint64_t line, struct sk_buf *hits)
{
	struct sk_log_hit found[SK_LOG_HITS_MAX];
	char value[320];
	size_t count = sk_log_match(admitted, test->set, found);
	for (size_t i = 0; i < count; i++)
		sk_buf_addf(hits, " %s/%s:%llu", sk_indicator_value(test->set, found[i].indicator.id, value, sizeof value),
			    sk_log_field_name((enum sk_log_field)found[i].field), (unsigned long long)line);
}

const char *logs_test_read(const struct logs_test *test, const char *path, unsigned classes)
{
	static char text[TEXT_MAX];
	struct sk_log_file *file;
	struct sk_log_reader *reader;
	struct sk_log_chunk chunk;
	struct sk_fault fault;
	struct sk_buf out, hits;
	bool more = true;
	enum sk_err err = sk_log_open(path, &file, &fault);
	if (err != SK_OK) {
		(void)snprintf(text, sizeof text, "! %s", fault.line);
		return text;
	}
	assert_int_equal(sk_log_reader_new(test->table, classes, &reader), SK_OK);
	assert_int_equal(sk_log_chunk_init(&chunk), SK_OK);
	sk_buf_init(&out, TEXT_MAX);
	sk_buf_init(&hits, TEXT_MAX);
	while ((err = sk_log_next(file, &chunk, &more, &fault)) == SK_OK && more) {
		struct sk_log_verdict verdict;
		const struct sk_log_admitted *admitted;
		while (sk_log_judge(reader, &chunk, &verdict, &admitted)) {
			assert_true((admitted != NULL) == (verdict.outcome == SK_LOG_ADMITTED));
			if (verdict.outcome != SK_LOG_PASSED)
				sk_buf_add_u8(&out, (uint8_t) "AENMP"[verdict.outcome]);
			if (admitted != NULL)
				add_hits(test, admitted, verdict.line, &hits);
		}
		sk_log_chunk_wipe(&chunk);
		assert_int_equal(sk_count_nonzero(chunk.bytes, SK_LOG_CHUNK_BYTES), 0);
	}
	sk_log_chunk_fini(&chunk);
	sk_log_reader_free(reader);
	sk_log_close(file);
	(void)snprintf(text, sizeof text, "%s%s%s%s", sk_buf_text(&out), sk_buf_text(&hits), err != SK_OK ? " ! " : "", err != SK_OK ? fault.line : "");
	sk_buf_fini(&out);
	sk_buf_fini(&hits);
	return text;
}

const char *logs_test_text(const struct logs_test *test, const char *content)
{
	return logs_test_read(test, logs_test_file(test, content, strlen(content)), ALL_CROSSING);
}
