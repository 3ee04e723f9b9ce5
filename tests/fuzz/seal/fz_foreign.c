/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what other programs hand over: an SSH key line, an armoured signature, an SSHSIG blob and a WebAuthn assertion under a note. The seeds' keys
   signed another text, so nothing may ever verify; what parses is written back the same. */
#include <stdlib.h>
#include <string.h>

#include "seal/foreign.h"
#include "seal/seal_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char body[] = "nobody ever signed this\n";

static void key_line(const char *text, size_t length)
{
	struct sk_verify_key key, again;
	char line[SK_SSH_TEXT_MAX], vkey[SK_VKEY_TEXT_MAX];
	if (sk_ssh_key_parse(text, length, &key) != SK_OK)
		return;
	(void)sk_ssh_key_format(&key, line);
	SK_INVARIANT(sk_ssh_key_parse(line, strlen(line), &again) == SK_OK && again.id == key.id && strcmp(again.name, key.name) == 0);
	SK_INVARIANT(sk_verify_key_parse(sk_verify_key_format(&key, vkey), &again) == SK_OK && again.id == key.id);
}

static void signature(const uint8_t *bytes, size_t length)
{
	struct sk_verify_key key;
	if (sk_sshsig_key(bytes, length, &key) == SK_OK)
		SK_INVARIANT(sk_sshsig_verify(&key, body, strlen(body), bytes, length) == SK_ESIGNATURE);
	struct sk_verify_key credential = {.type = SK_KEY_UNASSIGNED, .kind = SK_KEY_WEBAUTHN_ED25519, .scope = "sekisho.example"};
	memset(credential.public_key, 0x21, SK_KEY_BYTES);
	SK_INVARIANT(sk_webauthn_verify(&credential, body, strlen(body), bytes, length) == SK_ESIGNATURE);
	credential.kind = SK_KEY_WEBAUTHN_ES256;
	memset(credential.public_key, 0x02, 1);
	SK_INVARIANT(sk_webauthn_verify(&credential, body, strlen(body), bytes, length) == SK_ESIGNATURE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (sk_seal_start() != SK_OK)
		abort();
	key_line((const char *)bytes, length);
	signature(bytes, length);
	struct sk_buf blob, armour, again;
	sk_buf_init(&blob, 8192);
	sk_buf_init(&armour, 8192);
	sk_buf_init(&again, 8192);
	if (sk_sshsig_unarmour((const char *)bytes, length, &blob) == SK_OK) {
		signature(blob.bytes, blob.length);
		sk_sshsig_armour(blob.bytes, blob.length, &armour);
		if (armour.failed == SK_OK)
			SK_INVARIANT(sk_sshsig_unarmour(sk_buf_text(&armour), armour.length, &again) == SK_OK && again.length == blob.length &&
				     memcmp(again.bytes, blob.bytes, blob.length) == 0);
	}
	sk_buf_fini(&blob);
	sk_buf_fini(&armour);
	sk_buf_fini(&again);
	return 0;
}
