/* SPDX-License-Identifier: Apache-2.0 */
/* The start of an SSH stream; bit 0 of the first byte: the server's. Twice the same; texts are what the header says; a cut stream says nothing
   else. */
#include <stdlib.h>

#include "decode/ssh.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(enum sk_err err, const struct sk_ssh *ssh)
{
	SK_INVARIANT(err == SK_OK || err == SK_EMORE || err == SK_EUNSUPPORTED || err == SK_EMALFORMED);
	SK_INVARIANT(err != SK_OK || ssh->has_banner);
	SK_INVARIANT(err != SK_EUNSUPPORTED || (!ssh->has_banner && !ssh->has_kexinit));
	SK_INVARIANT(!ssh->has_kexinit || err == SK_OK);
	SK_INVARIANT(ssh->has_kexinit ? strlen(ssh->hassh) == 32 : ssh->hassh[0] == '\0');
	SK_INVARIANT(memchr(ssh->software, '\0', sizeof ssh->software) != NULL && memchr(ssh->software, ' ', sizeof ssh->software) == NULL);
	for (const char *at = ssh->software; *at != '\0'; at++)
		SK_INVARIANT(*at > 0x20 && *at < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length < 2)
		return 0;
	bool server = bytes[0] & 1;
	struct sk_ssh ssh, again;
	enum sk_err err = sk_ssh_head(sk_cur_of(bytes + 1, length - 1), server, &ssh);
	check(err, &ssh);
	SK_INVARIANT(sk_ssh_head(sk_cur_of(bytes + 1, length - 1), server, &again) == err && memcmp(&ssh, &again, sizeof ssh) == 0);
	size_t cut = bytes[length - 1] * (size_t)7 % length;
	uint8_t *exact = malloc(cut != 0 ? cut : 1);
	if (exact == NULL)
		return 0;
	memcpy(exact, bytes + 1, cut);
	enum sk_err short_err = sk_ssh_head(sk_cur_of(exact, cut), server, &again);
	check(short_err, &again);
	SK_INVARIANT(short_err != SK_OK || (err == SK_OK && memcmp(&ssh, &again, sizeof ssh) == 0));
	SK_INVARIANT(err != SK_EMORE || short_err == SK_EMORE);
	free(exact);
	return 0;
}
