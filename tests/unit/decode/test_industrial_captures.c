/* SPDX-License-Identifier: Apache-2.0 */
/* The function code of every frame of net/ics, as tshark wrote it in functions.tsv, against ours. Every address counts as foreign here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "capture/capture.h"
#include "decode/command.h"
#include "decode/decode.h"

enum sk_side sk_border_side(const struct sk_border *table, const struct sk_addr *addr)
{
	(void)table;
	(void)addr;
	return SK_SIDE_FOREIGN;
}

enum sk_side sk_border_side4(const struct sk_border *table, const uint8_t bytes[4])
{
	(void)table;
	(void)bytes;
	return SK_SIDE_FOREIGN;
}

enum sk_side sk_border_side6(const struct sk_border *table, const uint8_t bytes[16])
{
	(void)table;
	(void)bytes;
	return SK_SIDE_FOREIGN;
}

void sk_border_prefetch(const struct sk_border *table, const uint8_t *bytes, unsigned family)
{
	(void)table;
	(void)bytes;
	(void)family;
}

enum { FRAMES_MAX = 512, FUNCTIONS_MAX = 8, PORT_MODBUS = 502, PORT_DNP3 = 20000 };

/* The functions that one frame holds. */
struct functions {
	unsigned count;
	uint16_t codes[FUNCTIONS_MAX];
};

static struct functions of_frame[FRAMES_MAX];

static void read_packet(const struct sk_packet *packet, struct functions *functions)
{
	bool modbus = packet->source_port == PORT_MODBUS || packet->destination_port == PORT_MODBUS;
	bool dnp3 = packet->source_port == PORT_DNP3 || packet->destination_port == PORT_DNP3;
	struct sk_command_context context = {.ip_proto = packet->ip_proto, .hinted = true, .known = true,
					     .to_server = packet->destination_port == PORT_MODBUS || packet->destination_port == PORT_DNP3};
	struct sk_cur rest = packet->payload;
	struct sk_command command;
	while (sk_more(&rest) && (modbus || dnp3) && functions->count < FUNCTIONS_MAX) {
		if (sk_command_head(modbus ? SK_APP_MODBUS : SK_APP_DNP3, rest, context, &command) != SK_OK)
			return;
		if (command.code != SK_COMMAND_NO_CODE)
			functions->codes[functions->count++] = command.code;
		sk_skip(&rest, command.bytes);
	}
}

static bool read_capture(const char *name)
{
	static const uint8_t key[16] = "industrial test";
	static int no_table;
	char path[1024];
	(void)snprintf(path, sizeof path, SK_SHARED_DATA "/net/ics/%s", name);
	memset(of_frame, 0, sizeof of_frame);
	struct sk_fault fault;
	struct sk_capture *source = NULL;
	struct sk_gate *gate = NULL;
	struct sk_decoder *decoder = NULL;
	struct sk_decoder_limits limits = sk_decoder_default_limits();
	if (sk_capture_open(path, &source, &fault) != SK_OK)
		return false;
	assert_int_equal(sk_gate_new((const struct sk_border *)(const void *)&no_table, SK_CLASS_BIT(SK_CLASS_FF), &gate), SK_OK);
	assert_int_equal(sk_decoder_new(&limits, key, &decoder), SK_OK);
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_verdict verdicts[SK_BATCH_MAX];
	size_t count = 1, number = 0;
	while (count != 0) {
		if (sk_capture_next(source, frames, &count, &fault) != SK_OK)
			print_message("%s\n", fault.line);
		sk_gate_judge_batch(gate, frames, count, verdicts);
		for (size_t i = 0; i < count; i++) {
			struct sk_packet packet;
			struct sk_datagram datagram;
			number++;
			assert_true(number < FRAMES_MAX);
			if (verdicts[i].admitted != NULL && sk_decode(decoder, verdicts[i].admitted, &packet, &datagram) == SK_DECODED)
				read_packet(&packet, &of_frame[number]);
		}
	}
	sk_decoder_free(decoder);
	sk_gate_free(gate);
	sk_capture_close(source);
	return true;
}

/* Lines of functions.tsv that disagree; *compared counts all. `twist` is added to what they say. */
static unsigned disagreements(unsigned twist, unsigned *compared)
{
	FILE *truth = fopen(SK_SHARED_DATA "/net/ics/functions.tsv", "r");
	char line[256], current[128] = "";
	unsigned wrong = 0;
	*compared = 0;
	if (truth == NULL) {
		print_message("skipped: ../shared/data/net/ics/functions.tsv is not there\n");
		return twist;
	}
	while (fgets(line, sizeof line, truth) != NULL) {
		char file[128], source[64], destination[64];
		unsigned frame, code;
		if (sscanf(line, "%127s %u %63s %63s %u", file, &frame, source, destination, &code) != 5)
			continue;
		if (strcmp(file, current) != 0) {
			(void)snprintf(current, sizeof current, "%s", file);
			if (!read_capture(file))
				break;
		}
		assert_true(frame < FRAMES_MAX);
		const struct functions *ours = &of_frame[frame];
		(*compared)++;
		if (ours->count == 1 && ours->codes[0] == code + twist)
			continue;
		wrong++;
		if (twist == 0)
			print_message("%s frame %u: theirs %u, ours %u of %u\n", file, frame, code, ours->codes[0], ours->count);
	}
	(void)fclose(truth);
	return wrong;
}

static void test_functions_of_every_frame(void **state)
{
	(void)state;
	unsigned compared;
	assert_int_equal(disagreements(0, &compared), 0);
	print_message("%u function codes agree\n", compared);
}

/* Sabotage: a table that is one off disagrees in every line. */
static void test_functions_see_sabotage(void **state)
{
	(void)state;
	unsigned compared;
	unsigned wrong = disagreements(1, &compared);
	assert_true(wrong == compared || compared == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions_of_every_frame),
		cmocka_unit_test(test_functions_see_sabotage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
