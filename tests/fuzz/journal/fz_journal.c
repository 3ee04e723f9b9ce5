/* SPDX-License-Identifier: Apache-2.0 */
/* Names and faults of any bytes: what comes out is one line an event, well-formed UTF-8 without a control byte, and in JSON an object that another library reads. */
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal/journal.h"
#include "text/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_lines(char *lines, size_t length, bool json, int expected)
{
	int count = 0;
	SK_INVARIANT(sk_utf8_valid(lines, length) && strlen(lines) == length);
	for (size_t i = 0; i < length; i++)
		SK_INVARIANT(((unsigned char)lines[i] >= 0x20 && lines[i] != 0x7f) || lines[i] == '\n');
	for (char *end; (end = strchr(lines, '\n')) != NULL; lines = end + 1, count++) {
		*end = '\0';
		if (!json)
			continue;
		struct json_object *object = json_tokener_parse(lines);
		SK_INVARIANT(object != NULL && json_object_is_type(object, json_type_object));
		(void)json_object_put(object);
	}
	SK_INVARIANT(count == expected && *lines == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static char text[8192], lines[1 << 16]; /* too large for a stack that a fuzzer shares */
	struct sk_clock_fake time = {0};
	struct sk_fault fault = {0};
	struct sk_journal *journal;
	int ends[2];
	if (length < 1 || length > sizeof text || pipe2(ends, O_NONBLOCK) != 0)
		return 0;
	bool json = (bytes[0] & 1) != 0;
	memcpy(text, bytes + 1, length - 1);
	text[length - 1] = '\0';
	const struct sk_journal_options options = {.target = (bytes[0] & 2) != 0 && !json ? SK_JOURNAL_TO_MANAGER : SK_JOURNAL_TO_STDERR, .json = json, .clock = sk_clock_of_fake(&time), .fd = ends[1]};
	SK_INVARIANT(sk_journal_open(&options, &journal, &fault) == SK_OK);
	struct sk_journal_name name = sk_journal_name(journal, text);
	(void)sk_fault_set(&fault, (bytes[0] & 4) != 0 ? SK_EINPUT : SK_EMALFORMED, "%s", text);
	if ((bytes[0] & 8) != 0) /* a fault that was not made by sk_fault_set */
		memcpy(fault.line, text, sizeof fault.line - 1);
	sk_journal_loss(journal, name, UINT64_MAX, UINT32_MAX, name);
	sk_journal_reload_refused(journal, &fault);
	sk_journal_link_up(journal, name, INT64_MIN);
	ssize_t got = read(ends[0], lines, sizeof lines - 1);
	SK_INVARIANT(got > 0 && sk_journal_lost(journal) == 0);
	lines[got] = '\0';
	check_lines(lines, (size_t)got, json, 3);
	SK_INVARIANT(sk_journal_close(journal, &fault) == SK_OK);
	(void)close(ends[0]);
	(void)close(ends[1]);
	return 0;
}
