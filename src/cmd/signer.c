/* SPDX-License-Identifier: Apache-2.0 */
/* A person's signature at the command line. What was signed is verified before it is handed on, whoever signed it. */
#include "cmd/signer.h"

#include <string.h>

#include "access/factor.h"
#include "base/file.h"
#include "cmd/signer_ssh.h"

enum { BLOB_MAX = 1024 };
static const char armour_mark[] = "-----BEGIN SSH SIGNATURE-----";

/* Body, empty line, one line by that key; and does it hold? */
static enum sk_err put_together(const char *statement, size_t length, const struct sk_verify_key *key, const struct sk_buf *blob, struct sk_buf *note,
				struct sk_fault *fault)
{
	struct sk_note parsed;
	size_t before = note->length;
	sk_buf_add(note, statement, length);
	sk_buf_add_text(note, "\n");
	sk_note_add_foreign(note, key, blob->bytes, blob->length);
	if (note->failed != SK_OK)
		return sk_fault_set(fault, note->failed, "the signed note does not fit");
	SK_TRY(sk_note_parse(sk_buf_text(note) + before, note->length - before, &parsed, fault));
	if (sk_note_verify(&parsed, key) != SK_OK)
		return sk_fault_set(fault, SK_ESIGNATURE, "the signature by %s is not over this statement, or not for the namespace %s", key->name, SK_SSHSIG_NAMESPACE);
	return SK_OK;
}

static enum sk_err take_blob(const char *where, const char *statement, size_t length, const struct sk_buf *blob, const struct sk_verify_key *by, struct sk_buf *note,
			     struct sk_fault *fault)
{
	struct sk_verify_key key;
	enum sk_err err = sk_sshsig_key(blob->bytes, blob->length, &key);
	if (err == SK_EUNSUPPORTED)
		return sk_fault_set(fault, err, "%s: signed by an SSH key of a kind that cannot approve; expected ssh-ed25519 or sk-ssh-ed25519 (ssh-keygen -t ed25519)", where);
	if (err != SK_OK)
		return sk_fault_set(fault, err, "%s: not an SSH signature", where);
	if (by != NULL && memcmp(by->public_key, key.public_key, sizeof key.public_key) != 0)
		return sk_fault_set(fault, SK_ESIGNATURE, "%s: signed by %s, expected a signature by %s", where, key.name, by->name);
	return put_together(statement, length, by != NULL ? by : &key, blob, note, fault);
}

enum sk_err sk_signer_sign(const char *key_path, const char *statement, size_t length, struct sk_buf *note, struct sk_fault *fault)
{
	bool ssh, public_half;
	SK_TRY(sk_signer_ssh_is(key_path, &ssh, &public_half, fault));
	if (!ssh) {
		struct sk_sign_key *key = NULL;
		SK_TRY(sk_sign_key_load(key_path, &key, fault));
		sk_note_sign(note, statement, length, key);
		sk_sign_key_free(key);
		return note->failed == SK_OK ? SK_OK : sk_fault_set(fault, note->failed, "the signed note does not fit");
	}
	if (!public_half)
		SK_TRY(sk_file_check_private(key_path, fault));
	struct sk_buf blob;
	sk_buf_init(&blob, BLOB_MAX);
	enum sk_err err = sk_signer_ssh_blob(key_path, statement, length, &blob, fault);
	if (err == SK_OK)
		err = take_blob(key_path, statement, length, &blob, NULL, note, fault);
	sk_buf_fini(&blob);
	return err;
}

enum sk_err sk_signer_public(const char *key_path, struct sk_verify_key *out, struct sk_fault *fault)
{
	bool ssh, public_half;
	SK_TRY(sk_signer_ssh_is(key_path, &ssh, &public_half, fault));
	if (ssh)
		return sk_signer_ssh_public(key_path, public_half, out, fault);
	struct sk_sign_key *key = NULL;
	SK_TRY(sk_sign_key_load(key_path, &key, fault));
	*out = *sk_sign_key_public(key);
	sk_sign_key_free(key);
	return SK_OK;
}

/* Lines of a note, as they stand. */
static enum sk_err take_lines(const char *statement, size_t length, const char *lines, size_t lines_length, const struct sk_verify_key *by, struct sk_buf *note,
			      struct sk_fault *fault)
{
	struct sk_note parsed;
	size_t before = note->length;
	if (by == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "signature: say by which key it is (--by), a note's line does not hold the key");
	sk_buf_add(note, statement, length);
	sk_buf_add_text(note, "\n");
	sk_buf_add(note, lines, lines_length);
	if (note->failed != SK_OK)
		return sk_fault_set(fault, note->failed, "the signed note does not fit");
	SK_TRY(sk_note_parse(sk_buf_text(note) + before, note->length - before, &parsed, fault));
	if (parsed.body_length != length || sk_note_verify(&parsed, by) != SK_OK)
		return sk_fault_set(fault, SK_ESIGNATURE, "no good signature by %s over this statement", by->name);
	return SK_OK;
}

/* A security key's answer, as a browser gives it. It does not hold the key. */
static enum sk_err take_assertion(const char *statement, size_t length, const char *response, size_t response_length, const struct sk_verify_key *by, struct sk_buf *note,
				  struct sk_fault *fault)
{
	struct sk_buf packed;
	if (by == NULL || (by->kind != SK_KEY_WEBAUTHN_ED25519 && by->kind != SK_KEY_WEBAUTHN_ES256))
		return sk_fault_set(fault, SK_EUSAGE, "signature: a security key's answer (JSON); say with --by which key it is (sekisho access factor keys)");
	sk_buf_init(&packed, BLOB_MAX);
	enum sk_err err = sk_webauthn_signature(response, response_length, &packed, fault);
	if (err == SK_OK)
		err = put_together(statement, length, by, &packed, note, fault);
	sk_buf_fini(&packed);
	return err;
}

enum sk_err sk_signer_take(const char *statement, size_t length, const char *signature, size_t signature_length, const struct sk_verify_key *by, struct sk_buf *note,
			   struct sk_fault *fault)
{
	if (signature_length != 0 && *signature == '{')
		return take_assertion(statement, length, signature, signature_length, by, note, fault);
	if (signature_length < sizeof armour_mark - 1 || memcmp(signature, armour_mark, sizeof armour_mark - 1) != 0)
		return take_lines(statement, length, signature, signature_length, by, note, fault);
	struct sk_buf blob;
	sk_buf_init(&blob, BLOB_MAX);
	enum sk_err err = sk_sshsig_unarmour(signature, signature_length, &blob);
	if (err != SK_OK)
		(void)sk_fault_set(fault, err, "signature: expected what ssh-keygen -Y sign wrote, whole");
	else
		err = take_blob("signature", statement, length, &blob, by, note, fault);
	sk_buf_fini(&blob);
	return err;
}
