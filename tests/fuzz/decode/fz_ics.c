/* SPDX-License-Identifier: Apache-2.0 */
/* One message of an industrial protocol. The first byte picks the protocol (bits 0-2) and the context: 8 UDP, 16 to the server, 32 hinted, 64 known.
   Twice the same; what fails leaves nothing; a message that is cut says nothing or all, and then the same. */
#include <stdlib.h>
#include <string.h>

#include "decode/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const enum sk_app apps[8] = {SK_APP_MODBUS, SK_APP_DNP3, SK_APP_IEC104, SK_APP_S7, SK_APP_ENIP, SK_APP_BACNET, SK_APP_ENIP, SK_APP_S7};

static void check(enum sk_err err, const struct sk_command *command)
{
	static const struct sk_command nothing;
	SK_INVARIANT(err == SK_OK || err == SK_EMORE || err == SK_EUNSUPPORTED || err == SK_EMALFORMED);
	SK_INVARIANT(err == SK_OK || memcmp(command, &nothing, sizeof nothing) == 0);
	SK_INVARIANT(!command->write || (!command->response && command->code != SK_COMMAND_NO_CODE));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length < 2)
		return 0;
	enum sk_app app = apps[bytes[0] & 7];
	struct sk_command_context context = {.ip_proto = bytes[0] & 8 || app == SK_APP_BACNET ? 17 : 6,
					     .to_server = bytes[0] & 16, .hinted = bytes[0] & 32, .known = bytes[0] & 64};
	struct sk_command command, again;
	enum sk_err err = sk_command_head(app, sk_cur_of(bytes + 1, length - 1), context, &command);
	check(err, &command);
	SK_INVARIANT(sk_command_head(app, sk_cur_of(bytes + 1, length - 1), context, &again) == err && memcmp(&command, &again, sizeof command) == 0);
	SK_INVARIANT(err != SK_EMORE || context.ip_proto == 6);
	SK_INVARIANT(err != SK_OK || context.ip_proto == 17 || command.bytes != 0);
	size_t cut = bytes[length - 1] % length;
	uint8_t *exact = malloc(cut != 0 ? cut : 1);
	if (exact == NULL)
		return 0;
	memcpy(exact, bytes + 1, cut);
	enum sk_err short_err = sk_command_head(app, sk_cur_of(exact, cut), context, &again);
	check(short_err, &again);
	/* A datagram that is longer than its own length is refused; cut to that length it is not. */
	bool refused = context.ip_proto == 17 && err == SK_EUNSUPPORTED;
	if (short_err == SK_OK && (context.hinted || context.known) && !refused)
		SK_INVARIANT(err == SK_OK && memcmp(&command, &again, sizeof command) == 0);
	free(exact);
	return 0;
}
