/* SPDX-License-Identifier: Apache-2.0 */
/* Security keys on their way into the register, and out of it: what was enrolled for somebody signs him in once an act has put its key into the register, and no longer
   once an act has revoked it. */
#include <stdlib.h>

#include "access/access_priv.h"
#include "access/vault_priv.h"
#include "access/webauthn_priv.h"

enum { ENROLLED_MAX = 64 };
static const int64_t forgotten_ns = INT64_C(86400000000000);

/* Items that are to be moved or taken away. A visit must not write, so they are noted first. */
struct notes {
	const struct sk_access *access;
	int64_t now_ns;
	bool revoked;          /* which of the register's keys are meant: revoked ones, or those in force */
	enum sk_err err;
	size_t count, room, seen;
	struct item {
		char account[SK_MATTER_ID_MAX];
		uint8_t id[SK_CREDENTIAL_ID_MAX];
		size_t id_length;
		struct sk_buf value; /* owned */
	} *items;              /* owned */
};

static void notes_free(struct notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		sk_buf_fini(&notes->items[i].value);
	free(notes->items);
}

static void note(struct notes *notes, const char *account, const void *id, size_t id_length, const struct sk_buf *value)
{
	if (notes->count == notes->room) {
		struct item *grown = reallocarray(notes->items, notes->room + ENROLLED_MAX, sizeof *grown);
		if (grown == NULL) {
			notes->err = SK_ENOMEM;
			return;
		}
		notes->items = grown;
		notes->room += ENROLLED_MAX;
	}
	struct item *item = &notes->items[notes->count];
	*item = (struct item){.id_length = id_length};
	if (id_length > sizeof item->id || strlen(account) >= sizeof item->account)
		return;
	memcpy(item->account, account, strlen(account) + 1);
	memcpy(item->id, id, id_length);
	sk_buf_init(&item->value, SK_ITEM_MAX);
	sk_buf_add(&item->value, value->bytes, value->length);
	notes->count++;
}

/* ---- forgetting ---- */

static void note_old(void *context, const char *account, const void *id, size_t id_length, const struct sk_buf *value)
{
	struct notes *notes = context;
	struct sk_json_doc *doc = NULL;
	struct sk_fault ignored;
	int64_t since_ns = 0;
	notes->seen++;
	bool known = sk_vault_read(value, &doc, &ignored) == SK_OK && sk_json_get_i64(sk_json_top(doc), "since_ns", &since_ns) == SK_OK;
	sk_json_free(doc);
	if (!known || notes->now_ns - since_ns >= forgotten_ns)
		note(notes, account, id, id_length, value);
}

enum sk_err sk_enrolled_prune(struct sk_factors *factors, int64_t now_ns, struct sk_fault *fault)
{
	struct notes notes = {.now_ns = now_ns};
	uint64_t gone;
	enum sk_err err = sk_vault_each(factors, "enrolled", NULL, note_old, &notes, fault);
	for (size_t i = 0; err == SK_OK && i < notes.count; i++)
		err = sk_vault_delete(factors, "enrolled", notes.items[i].account, notes.items[i].id, notes.items[i].id_length, &gone, fault);
	if (err == SK_OK && notes.seen - notes.count >= ENROLLED_MAX)
		err = sk_fault_set(fault, SK_ETOOBIG, "%d security keys wait to be put into the register; each is forgotten after a day", ENROLLED_MAX);
	notes_free(&notes);
	return err;
}

/* ---- what the register says of a credential ---- */

/* Whether this account has the key of this item: in force, or revoked. One that the register never had is neither. */
static bool is_meant(const struct notes *notes, const char *account, const struct sk_buf *value)
{
	struct sk_json_doc *doc = NULL;
	struct sk_fault ignored;
	struct sk_verify_key key;
	size_t index = sk_access_account(notes->access, account);
	/* The bytes of the key are compared, so its name and the page that it is for do not matter. */
	bool good = index != SK_NOBODY && sk_vault_read(value, &doc, &ignored) == SK_OK && sk_webauthn_key_of(sk_json_top(doc), "key", "-", &key);
	sk_json_free(doc);
	const struct sk_holder *holder = good ? &notes->access->accounts[index] : NULL;
	for (size_t i = 0; good && i < holder->key_count; i++)
		if (holder->keys[i].key.kind == key.kind && memcmp(holder->keys[i].key.public_key, key.public_key, sizeof key.public_key) == 0)
			return notes->revoked == (holder->keys[i].until_ns != INT64_MAX || holder->until_ns != INT64_MAX);
	return false;
}

static void note_meant(void *context, const char *account, const void *id, size_t id_length, const struct sk_buf *value)
{
	struct notes *notes = context;
	if (is_meant(notes, account, value))
		note(notes, account, id, id_length, value);
}

/* In the register: its holder signs in with it. */
static enum sk_err admit(struct sk_factors *factors, const struct sk_access *access, uint64_t *count, struct sk_fault *fault)
{
	struct notes notes = {.access = access};
	uint64_t gone;
	enum sk_err err = sk_vault_each(factors, "enrolled", NULL, note_meant, &notes, fault);
	if (err == SK_OK && notes.err != SK_OK)
		err = sk_fault_set(fault, notes.err, "out of memory");
	for (size_t i = 0; err == SK_OK && i < notes.count; i++) {
		const struct item *item = &notes.items[i];
		err = sk_vault_put(factors, "webauthn", item->account, item->id, item->id_length, &item->value, fault);
		if (err == SK_OK)
			err = sk_vault_delete(factors, "enrolled", item->account, item->id, item->id_length, &gone, fault);
		++*count;
	}
	notes_free(&notes);
	return err;
}

/* Out of the register: nobody signs in with it, and who did is signed out. */
static enum sk_err drop(struct sk_factors *factors, const struct sk_access *access, uint64_t *count, struct sk_fault *fault)
{
	struct notes notes = {.access = access, .revoked = true};
	uint64_t gone;
	enum sk_err err = sk_vault_each(factors, "webauthn", NULL, note_meant, &notes, fault);
	if (err == SK_OK && notes.err != SK_OK)
		err = sk_fault_set(fault, notes.err, "out of memory");
	for (size_t i = 0; err == SK_OK && i < notes.count; i++) {
		const struct item *item = &notes.items[i];
		err = sk_vault_delete(factors, "webauthn", item->account, item->id, item->id_length, &gone, fault);
		if (err == SK_OK)
			err = sk_vault_delete(factors, "session", item->account, NULL, 0, &gone, fault);
		++*count;
	}
	notes_free(&notes);
	return err;
}

//= rule: ACCESS-13
enum sk_err sk_webauthn_settle(struct sk_factors *factors, const struct sk_access *access, uint64_t *admitted, uint64_t *dropped, struct sk_fault *fault)
{
	*admitted = *dropped = 0;
	SK_TRY(sk_vault_begin(factors, fault));
	enum sk_err err = admit(factors, access, admitted, fault);
	if (err == SK_OK)
		err = drop(factors, access, dropped, fault);
	return sk_vault_end(factors, err, fault);
}
