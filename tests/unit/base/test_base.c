/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

static void every_code_has_kind_and_exit(void **state)
{
	(void)state;
	static const enum sk_err codes[] = {
#define SK_ERR(code, value, kind, exit_code, text) code,
#include "base/err.def"
#undef SK_ERR
	};
	for (size_t i = 0; i < SK_COUNT(codes); i++) {
		assert_true(strlen(sk_err_text(codes[i])) > 0);
		assert_int_equal(sk_err_exit(codes[i]) == 0, codes[i] == SK_OK);
		assert_int_equal(sk_err_kind(codes[i]) == SK_KIND_OK, codes[i] == SK_OK);
	}
	/* Each refusal by law has an exit code of its own: scripts tell them apart. */
	for (size_t i = 0; i < SK_COUNT(codes); i++)
		for (size_t j = 0; j < i; j++)
			if (sk_err_kind(codes[i]) == SK_KIND_LAW)
				assert_int_not_equal(sk_err_exit(codes[i]), sk_err_exit(codes[j]));
}

static void fault_is_one_printable_line(void **state)
{
	(void)state;
	struct sk_fault fault;
	assert_int_equal(sk_fault_set(&fault, SK_EINPUT, "file\x1b[2J\nname: %s", "x\ty"), SK_EINPUT);
	assert_string_equal(fault.line, "file?[2J?name: x?y");
	char longer[2000];
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	(void)sk_fault_set(&fault, SK_EINPUT, "%s", longer);
	assert_int_equal(strlen(fault.line), SK_FAULT_LINE_MAX - 1);
	assert_int_equal(sk_fault_set(NULL, SK_EIO, "nobody listens"), SK_EIO);
}

static void classes_are_the_product_of_sides(void **state)
{
	(void)state;
	assert_int_equal(sk_class_of(SK_SIDE_FOREIGN, SK_SIDE_FOREIGN), SK_CLASS_FF);
	assert_int_equal(sk_class_of(SK_SIDE_FOREIGN, SK_SIDE_DOMESTIC), SK_CLASS_FD);
	assert_int_equal(sk_class_of(SK_SIDE_DOMESTIC, SK_SIDE_FOREIGN), SK_CLASS_DF);
	assert_int_equal(sk_class_of(SK_SIDE_DOMESTIC, SK_SIDE_DOMESTIC), SK_CLASS_DD);
	for (int side = 0; side <= 2; side++) {
		assert_int_equal(sk_class_of(SK_SIDE_UNKNOWN, (enum sk_side)side), SK_CLASS_UNKNOWN);
		assert_int_equal(sk_class_of((enum sk_side)side, SK_SIDE_UNKNOWN), SK_CLASS_UNKNOWN);
	}
}

static void addresses_and_prefixes(void **state)
{
	(void)state;
	struct sk_addr addr;
	struct sk_prefix prefix;
	char text[SK_PREFIX_TEXT_MAX];
	static const char *const bad[] = {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", " 1.2.3.4", "1.2.3.4 ", "fe80::1%eth0", ":::", "1::2::3", "g::"};
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_int_equal(sk_addr_parse(bad[i], &addr), SK_EMALFORMED);
	assert_int_equal(sk_addr_parse("2001:DB8::0:1", &addr), SK_OK);
	assert_string_equal(sk_addr_format(&addr, text), "2001:db8::1");
	static const char *const bad_prefix[] = {"1.2.3.4/", "1.2.3.4/33", "1.2.3.0/024", "1.2.3.4/24", "::/129", "1.2.3.0/-1", "1.2.3.0/2x", "1.2.3.0/0x8"};
	for (size_t i = 0; i < SK_COUNT(bad_prefix); i++)
		assert_int_equal(sk_prefix_parse(bad_prefix[i], &prefix), SK_EMALFORMED);
	/* Every length of both families holds its own first and last address and nothing beside. */
	for (unsigned bits = 1; bits <= 128; bits++) {
		struct sk_addr inside = {.family = 6}, outside = {.family = 6};
		prefix = (struct sk_prefix){.addr = {.family = 6}, .bits = (uint8_t)bits};
		for (unsigned bit = bits; bit < 128; bit++)
			inside.bytes[bit / 8] |= (uint8_t)(0x80u >> (bit % 8));
		outside.bytes[(bits - 1) / 8] = (uint8_t)(0x80u >> ((bits - 1) % 8));
		assert_true(sk_prefix_holds(&prefix, &inside));
		assert_false(sk_prefix_holds(&prefix, &outside));
		inside.family = 4;
		assert_false(sk_prefix_holds(&prefix, &inside));
	}
	assert_int_equal(sk_prefix_parse("198.51.100.0/24", &prefix), SK_OK);
	assert_string_equal(sk_prefix_format(&prefix, text), "198.51.100.0/24");
	assert_int_equal(sk_prefix_parse("198.51.100.7", &prefix), SK_OK);
	assert_int_equal(prefix.bits, 32);
}

static void buffer_keeps_its_limit(void **state)
{
	(void)state;
	struct sk_buf buf;
	sk_buf_init(&buf, 10);
	sk_buf_add_text(&buf, "12345");
	sk_buf_addf(&buf, "%05d", 67890);
	assert_int_equal(buf.failed, SK_OK);
	assert_string_equal(sk_buf_text(&buf), "1234567890");
	sk_buf_add_u8(&buf, 'x');
	assert_int_equal(buf.failed, SK_ETOOBIG);
	assert_string_equal(sk_buf_text(&buf), "");
	assert_int_equal(buf.length, 10);
	sk_buf_reset(&buf);
	assert_int_equal(buf.failed, SK_OK);
	sk_buf_add_text(&buf, "again");
	assert_string_equal(sk_buf_text(&buf), "again");
	sk_buf_fini(&buf);
}

static void replace_is_all_or_nothing(void **state)
{
	(void)state;
	char folder[] = "/tmp/sk-base-XXXXXX", path[SK_PATH_MAX], sub[SK_PATH_MAX];
	struct sk_fault fault;
	struct sk_buf buf;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(sk_file_join(path, sizeof path, folder, "secret"), SK_OK);
	assert_int_equal(sk_file_replace(path, "one", 3, 0600, &fault), SK_OK);
	assert_int_equal(sk_file_check_private(path, &fault), SK_OK);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(sk_file_check_private(path, &fault), SK_EPERMS);
	assert_int_equal(sk_file_replace(path, "two", 3, 0600, &fault), SK_OK);
	sk_buf_init(&buf, 100);
	assert_int_equal(sk_file_read(path, &buf, &fault), SK_OK);
	assert_string_equal(sk_buf_text(&buf), "two");
	sk_buf_fini(&buf);
	/* A folder stands where the file should go: the replace fails and leaves nothing beside it. */
	assert_int_equal(sk_file_join(sub, sizeof sub, folder, "taken"), SK_OK);
	assert_int_equal(sk_file_make_folder(sub, 0700, &fault), SK_OK);
	assert_int_not_equal(sk_file_replace(sub, "x", 1, 0600, &fault), SK_OK);
	sk_buf_init(&buf, 2);
	assert_int_equal(sk_file_read(path, &buf, &fault), SK_ETOOBIG);
	sk_buf_fini(&buf);
	sk_buf_init(&buf, 100);
	assert_int_equal(sk_file_read(folder, &buf, &fault), SK_ENOTCAPTURE);
	assert_int_equal(sk_file_read("/nonexistent/x", &buf, &fault), SK_ENOENT);
	sk_buf_fini(&buf);
	assert_int_equal(rmdir(sub), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0); /* empty: no temporary file was left */
}

static void fake_clock_stands_still(void **state)
{
	(void)state;
	struct sk_clock_fake fake = {.now_unix_ns = 5, .now_monotonic_ns = 7};
	struct sk_clock clock = sk_clock_of_fake(&fake);
	assert_int_equal(clock.unix_ns(clock.context), 5);
	fake.now_unix_ns = 9;
	assert_int_equal(clock.unix_ns(clock.context), 9);
	assert_int_equal(clock.monotonic_ns(clock.context), 7);
	struct sk_clock real = sk_clock_system();
	int64_t first = real.monotonic_ns(real.context);
	assert_true(real.monotonic_ns(real.context) >= first && real.unix_ns(real.context) > 0 && real.cpu_ns(real.context) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_kind_and_exit), cmocka_unit_test(fault_is_one_printable_line), cmocka_unit_test(classes_are_the_product_of_sides),
		cmocka_unit_test(addresses_and_prefixes), cmocka_unit_test(buffer_keeps_its_limit), cmocka_unit_test(replace_is_all_or_nothing),
		cmocka_unit_test(fake_clock_stands_still),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
