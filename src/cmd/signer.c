/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/signer.h"

enum sk_err sk_signer_sign(const char *key_path, const char *statement, size_t length, struct sk_buf *note, struct sk_fault *fault)
{
	struct sk_sign_key *key = NULL;
	SK_TRY(sk_sign_key_load(key_path, &key, fault));
	sk_note_sign(note, statement, length, key);
	sk_sign_key_free(key);
	return note->failed == SK_OK ? SK_OK : sk_fault_set(fault, note->failed, "the signed note does not fit");
}

enum sk_err sk_signer_public(const char *key_path, struct sk_verify_key *out, struct sk_fault *fault)
{
	struct sk_sign_key *key = NULL;
	SK_TRY(sk_sign_key_load(key_path, &key, fault));
	*out = *sk_sign_key_public(key);
	sk_sign_key_free(key);
	return SK_OK;
}

enum sk_err sk_signer_take(const char *statement, size_t length, const char *signature, size_t signature_length, const struct sk_verify_key *by, struct sk_buf *note,
			   struct sk_fault *fault)
{
	struct sk_note parsed;
	sk_buf_add(note, statement, length);
	sk_buf_add_text(note, "\n");
	sk_buf_add(note, signature, signature_length);
	if (note->failed != SK_OK)
		return sk_fault_set(fault, note->failed, "the signed note does not fit");
	SK_TRY(sk_note_parse(sk_buf_text(note), note->length, &parsed, fault));
	if (sk_note_verify(&parsed, by) != SK_OK)
		return sk_fault_set(fault, SK_ESIGNATURE, "no good signature by %s over this statement", by->name);
	return SK_OK;
}
