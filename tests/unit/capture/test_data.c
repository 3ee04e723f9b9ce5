/* SPDX-License-Identifier: Apache-2.0 */
/* Every capture of the shared data against another program: frames and wire bytes as capinfos counts them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "capture/capture.h"

enum { LINE_MAX_BYTES = 1024, CAPTURES_MIN = 400, REFUSED_MAX = 10 };

/* One line of capinfos -TMrcd: path, frames, wire bytes. Returns whether we read the file; what we refuse we must refuse for its link type. */
static bool compare(char *line)
{
	char *rest = line;
	const char *path = strsep(&rest, "\t"), *frames_text = strsep(&rest, "\t"), *bytes_text = strsep(&rest, "\t\n");
	assert_non_null(bytes_text);
	struct sk_capture *capture;
	struct sk_fault fault = {0};
	enum sk_err err = sk_capture_open(path, &capture, &fault);
	if (err == SK_EUNSUPPORTED && strstr(fault.line, "link type") != NULL)
		return false;
	assert_int_equal(err, SK_OK);
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_capture_stats stats;
	for (size_t count = 1; count != 0;)
		assert_int_equal(sk_capture_next(capture, frames, &count, &fault), SK_OK);
	sk_capture_stats(capture, &stats);
	assert_int_equal(sk_capture_residue(capture), 0);
	sk_capture_close(capture);
	if (stats.frames != strtoull(frames_text, NULL, 10) || stats.wire_bytes != strtoull(bytes_text, NULL, 10))
		fail_msg("%s: %llu frames, %llu bytes; capinfos has %s, %s", path, (unsigned long long)stats.frames, (unsigned long long)stats.wire_bytes, frames_text,
			 bytes_text);
	return true;
}

static void counts_agree_with_capinfos(void **state)
{
	(void)state;
	if (access(SK_SHARED_DATA "/net", R_OK) != 0 || system("capinfos --version >/dev/null 2>&1") != 0) {
		print_message("skipped: needs " SK_SHARED_DATA "/net and the program capinfos (package wireshark-common)\n");
		skip();
	}
	FILE *counts = popen("find " SK_SHARED_DATA "/net " SK_SHARED_DATA "/border -name '*.pcap*' -print0 | xargs -0 capinfos -TMrcd 2>/dev/null", "r");
	assert_non_null(counts);
	char line[LINE_MAX_BYTES];
	size_t read = 0, refused = 0;
	while (fgets(line, sizeof line, counts) != NULL) {
		if (compare(line))
			read++;
		else
			refused++;
	}
	(void)pclose(counts);
	print_message("%zu captures agree, %zu refused for their link type\n", read, refused);
	assert_true(read >= CAPTURES_MIN && refused <= REFUSED_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(counts_agree_with_capinfos)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
