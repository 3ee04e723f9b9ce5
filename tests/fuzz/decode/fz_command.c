/* SPDX-License-Identifier: Apache-2.0 */
/* One payload between two ports: bit 0 of the first byte UDP, bit 1 from the initiator; two ports; the payload. Every parser sees it, at its port
   and at none. Twice the same; what fails leaves nothing; a stream that waits waited before. */
#include <stdlib.h>

#include "decode/command.h"

enum { HEADER_BYTES = 5, TCP = 6, UDP = 17 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(enum sk_err err, const struct sk_command *command, uint8_t ip_proto)
{
	static const struct sk_command nothing;
	SK_INVARIANT(err == SK_OK || err == SK_EMORE || err == SK_EUNSUPPORTED || err == SK_EMALFORMED);
	SK_INVARIANT(err == SK_OK ? command->app != SK_APP_NONE : memcmp(command, &nothing, sizeof nothing) == 0);
	SK_INVARIANT(err != SK_EMORE || ip_proto == TCP);
	SK_INVARIANT(!command->write || !command->response);
	SK_INVARIANT(sk_command_code_name(command->app, command->code) != NULL);
}

static void see_by_all(struct sk_cur payload, struct sk_command_context context)
{
	struct sk_command command;
	for (unsigned app = 0; app < SK_APP_COUNT; app++) {
		enum sk_err err = sk_command_head((enum sk_app)app, payload, context, &command);
		check(err, &command, context.ip_proto);
		SK_INVARIANT(err != SK_OK || command.app == app);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length <= HEADER_BYTES)
		return 0;
	struct sk_cur c = sk_cur_of(bytes, length);
	uint8_t first = sk_u8(&c), ip_proto = first & 1 ? UDP : TCP;
	bool from_initiator = first & 2;
	uint16_t source = sk_be16(&c), destination = sk_be16(&c);
	struct sk_cur payload = sk_rest(&c);
	struct sk_command command, again;
	enum sk_err err = sk_command_recognise(payload, ip_proto, source, destination, from_initiator, &command);
	check(err, &command, ip_proto);
	SK_INVARIANT(sk_command_recognise(payload, ip_proto, source, destination, from_initiator, &again) == err);
	SK_INVARIANT(memcmp(&command, &again, sizeof command) == 0);
	for (unsigned i = 0; i < 4; i++)
		see_by_all(payload, (struct sk_command_context){.ip_proto = ip_proto, .to_server = i & 1, .hinted = i & 2});
	size_t cut = bytes[length - 1] * (size_t)7 % (length - HEADER_BYTES);
	uint8_t *exact = malloc(cut != 0 ? cut : 1);
	if (exact == NULL)
		return 0;
	memcpy(exact, bytes + HEADER_BYTES, cut);
	check(sk_command_recognise(sk_cur_of(exact, cut), ip_proto, source, destination, from_initiator, &again), &again, ip_proto);
	free(exact);
	return 0;
}
