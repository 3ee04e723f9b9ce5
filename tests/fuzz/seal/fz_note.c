/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a note: the parser stays inside, and what it splits is where the input says. */
#include <stdlib.h>
#include <string.h>

#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_verify_key key, witness;
	if (key.type == 0) {
		if (sk_seal_start() != SK_OK || sk_verify_key_parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &key) != SK_OK)
			abort();
		sk_verify_key_as_witness(&key, &witness);
	}
	struct sk_note note;
	struct sk_fault fault;
	const char *text = (const char *)bytes;
	if (sk_note_parse(text, length, &note, &fault) != SK_OK)
		return 0;
	SK_INVARIANT(note.body == text && note.body_length > 0 && note.body_length < length);
	SK_INVARIANT(text[note.body_length - 1] == '\n' && text[note.body_length] == '\n');
	SK_INVARIANT(note.signature_count > 0 && note.signature_count <= SK_NOTE_SIGNATURES_MAX);
	for (size_t i = 0; i < note.signature_count; i++)
		SK_INVARIANT(note.signatures[i].length <= sizeof note.signatures[i].bytes && strlen(note.signatures[i].name) < SK_KEY_NAME_MAX);
	uint64_t seconds;
	(void)!sk_note_verify(&note, &key);
	(void)!sk_note_verify_cosignature(&note, &witness, &seconds);
	return 0;
}
