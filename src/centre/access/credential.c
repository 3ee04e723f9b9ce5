/* SPDX-License-Identifier: Apache-2.0 */
/* Service credentials: made, rotated with an overlap, checked, ended. */
#include "access/credential.h"

#include <stdlib.h>

#include "access/vault_priv.h"
#include "text/text.h"

static const int64_t second_ns = 1000000000;

static enum sk_err put(struct sk_factors *factors, const char *service, const uint8_t hash[SK_HASH_BYTES], int64_t from_ns, int64_t until_ns, struct sk_fault *fault)
{
	struct sk_buf value;
	struct sk_json_writer w;
	sk_buf_init(&value, SK_ITEM_MAX);
	sk_json_begin(&w, &value, true);
	sk_json_object(&w, NULL);
	sk_json_i64(&w, "from_ns", from_ns);
	sk_json_i64(&w, "until_ns", until_ns);
	sk_json_end(&w);
	enum sk_err err = sk_vault_put(factors, "credential", service, hash, SK_HASH_BYTES, &value, fault);
	sk_buf_fini(&value);
	return err;
}

static bool read_times(const struct sk_buf *value, int64_t *from_ns, int64_t *until_ns)
{
	struct sk_json_doc *doc = NULL;
	struct sk_fault ignored;
	bool good = sk_vault_read(value, &doc, &ignored) == SK_OK && sk_json_get_i64(sk_json_top(doc), "from_ns", from_ns) == SK_OK &&
		    sk_json_get_i64(sk_json_top(doc), "until_ns", until_ns) == SK_OK;
	sk_json_free(doc);
	return good;
}

enum { ONES_MAX = 64 };

struct ones {
	size_t count;
	struct {
		uint8_t hash[SK_HASH_BYTES];
		int64_t from_ns, until_ns;
	} one[ONES_MAX];
};

static void collect(void *context, const char *service, const void *name, size_t name_length, const struct sk_buf *value)
{
	struct ones *ones = context;
	(void)service;
	if (ones->count == ONES_MAX || name_length != SK_HASH_BYTES || !read_times(value, &ones->one[ones->count].from_ns, &ones->one[ones->count].until_ns))
		return;
	memcpy(ones->one[ones->count++].hash, name, SK_HASH_BYTES);
}

/* A new secret: its hash among the items, itself in the file. The item first: a secret in a file that counts for nothing is better than one that nobody has. */
static enum sk_err make(struct sk_factors *factors, const char *service, const char *path, int64_t now_ns, struct sk_fault *fault)
{
	uint8_t secret[SK_CREDENTIAL_BYTES], hash[SK_HASH_BYTES];
	char text[SK_CREDENTIAL_TEXT + 2];
	sk_random(secret, sizeof secret);
	sk_sha256(secret, sizeof secret, hash);
	sk_hex_encode(secret, sizeof secret, text);
	sk_wipe(secret, sizeof secret);
	memcpy(text + SK_CREDENTIAL_TEXT, "\n", 2);
	enum sk_err err = put(factors, service, hash, now_ns, INT64_MAX, fault);
	if (err == SK_OK)
		err = sk_file_replace(path, text, SK_CREDENTIAL_TEXT + 1, 0600, fault);
	sk_wipe(text, sizeof text);
	return err;
}

enum sk_err sk_credential_new(struct sk_factors *factors, const char *service, const char *path, int64_t now_ns, struct sk_fault *fault)
{
	struct ones ones = {0};
	if (sk_file_exists(path))
		return sk_fault_set(fault, SK_EEXIST, "%s: exists; a secret is never written over another's file", path);
	SK_TRY(sk_vault_begin(factors, fault));
	enum sk_err err = sk_vault_each(factors, "credential", service, collect, &ones, fault);
	if (err == SK_OK && ones.count != 0)
		err = sk_fault_set(fault, SK_EEXIST, "%s: has a credential; rotate makes a further one", service);
	if (err == SK_OK)
		err = make(factors, service, path, now_ns, fault);
	return sk_vault_end(factors, err, fault);
}

static enum sk_err rotate(struct sk_factors *factors, const char *service, const char *path, int64_t overlap_s, int64_t now_ns, struct sk_fault *fault)
{
	struct ones ones = {0};
	uint64_t gone;
	SK_TRY(sk_vault_each(factors, "credential", service, collect, &ones, fault));
	if (ones.count == 0)
		return sk_fault_set(fault, SK_ENOENT, "%s: no credential to rotate; new makes one", service);
	for (size_t i = 0; i < ones.count; i++) {
		int64_t until_ns = now_ns + overlap_s * second_ns;
		if (until_ns > ones.one[i].until_ns)
			until_ns = ones.one[i].until_ns; /* a rotation prolongs nothing */
		if (until_ns <= now_ns)
			SK_TRY(sk_vault_delete(factors, "credential", service, ones.one[i].hash, SK_HASH_BYTES, &gone, fault));
		else
			SK_TRY(put(factors, service, ones.one[i].hash, ones.one[i].from_ns, until_ns, fault));
	}
	return make(factors, service, path, now_ns, fault);
}

enum sk_err sk_credential_rotate(struct sk_factors *factors, const char *service, const char *path, int64_t overlap_s, int64_t now_ns, struct sk_fault *fault)
{
	if (overlap_s < 0 || overlap_s > SK_CREDENTIAL_OVERLAP_S_MAX)
		return sk_fault_set(fault, SK_EUSAGE, "overlap: expected 0 to %d seconds", SK_CREDENTIAL_OVERLAP_S_MAX);
	SK_TRY(sk_vault_begin(factors, fault));
	return sk_vault_end(factors, rotate(factors, service, path, overlap_s, now_ns, fault), fault);
}

enum sk_err sk_credential_revoke(struct sk_factors *factors, const char *service, uint64_t *count, struct sk_fault *fault)
{
	SK_TRY(sk_vault_begin(factors, fault));
	enum sk_err err = sk_vault_delete(factors, "credential", service, NULL, 0, count, fault);
	if (err == SK_OK && *count == 0)
		err = sk_fault_set(fault, SK_ENOENT, "%s: no credential of that name", service);
	return sk_vault_end(factors, err, fault);
}

enum sk_err sk_credential_check(struct sk_factors *factors, const char *service, const char *path, int64_t now_ns, struct sk_fault *fault)
{
	struct sk_buf text, value;
	uint8_t secret[SK_CREDENTIAL_BYTES], hash[SK_HASH_BYTES];
	int64_t from_ns = 0, until_ns = 0;
	SK_TRY(sk_file_check_private(path, fault));
	sk_buf_init(&text, SK_CREDENTIAL_TEXT + 2);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_OK && text.length == SK_CREDENTIAL_TEXT + 1)
		text.bytes[SK_CREDENTIAL_TEXT] = '\0';
	if (err == SK_OK && sk_hex_decode(sk_buf_text(&text), secret, sizeof secret) != SK_OK)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: expected %d hexadecimal digits", path, SK_CREDENTIAL_TEXT);
	sk_buf_fini(&text);
	SK_TRY(err);
	sk_sha256(secret, sizeof secret, hash);
	sk_wipe(secret, sizeof secret);
	sk_buf_init(&value, SK_ITEM_MAX);
	err = sk_vault_get(factors, "credential", service, hash, sizeof hash, &value, fault);
	if (err == SK_OK && !read_times(&value, &from_ns, &until_ns))
		err = sk_fault_set(fault, SK_EMALFORMED, "credential of %s: the item is damaged", service);
	sk_buf_fini(&value);
	if (err == SK_ENOENT || (err == SK_OK && now_ns >= until_ns))
		return sk_factor_refused(fault, service, "this credential is not in force; it was rotated or revoked");
	return err;
}

struct visitor {
	void (*visit)(void *context, const char *service, int64_t from_ns, int64_t until_ns);
	void *context;
};

static void hand_on(void *context, const char *service, const void *name, size_t name_length, const struct sk_buf *value)
{
	const struct visitor *visitor = context;
	int64_t from_ns, until_ns;
	(void)name, (void)name_length;
	if (read_times(value, &from_ns, &until_ns))
		visitor->visit(visitor->context, service, from_ns, until_ns);
}

enum sk_err sk_credential_each(struct sk_factors *factors, void (*visit)(void *context, const char *service, int64_t from_ns, int64_t until_ns), void *context,
			       struct sk_fault *fault)
{
	struct visitor visitor = {visit, context};
	return sk_vault_each(factors, "credential", NULL, hand_on, &visitor, fault);
}
