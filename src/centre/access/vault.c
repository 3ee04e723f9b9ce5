/* SPDX-License-Identifier: Apache-2.0 */
/* access.db: one table of sealed items. What is in a row is bound to its kind, account and name, so rows can be neither read, changed nor exchanged without the
   key file; what an older copy of the whole file would revive is told in docs/access.md. */
#include "access/vault_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <oath.h>
#include <stdlib.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x534b4143 /* "SKAC" */, BUSY_MS = 5000, AAD_MAX = 256 + SK_ITEM_NAME_MAX };

static const char schema[] =
	"PRAGMA application_id = 1397440835;"
	"CREATE TABLE IF NOT EXISTS item(kind TEXT NOT NULL, account TEXT NOT NULL, name BLOB NOT NULL, sealed BLOB NOT NULL,"
	" PRIMARY KEY(kind, account, name)) STRICT, WITHOUT ROWID";

enum sk_err sk_factor_refused(struct sk_fault *fault, const char *account, const char *why)
{
	return sk_fault_set(fault, SK_EFACTOR, "%s: %s", account, why);
}

static enum sk_err db_fault(const struct sk_factors *factors, int code, struct sk_fault *fault)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return sk_fault_set(fault, SK_ELOCKED, "%s: another process is writing", factors->path);
	case SQLITE_FULL: return sk_fault_set(fault, SK_ENOSPC, "%s: disk full", factors->path);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT: return sk_fault_set(fault, SK_EMALFORMED, "%s: damaged, or no database of accounts", factors->path);
	default: return sk_fault_set(fault, SK_EIO, "%s: %s", factors->path, sqlite3_errstr(code));
	}
}

/* ---- the database ---- */

static enum sk_err exec(struct sk_factors *factors, const char *sql, struct sk_fault *fault)
{
	int code = sqlite3_exec(factors->db, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? SK_OK : db_fault(factors, code, fault);
}

static enum sk_err open_db(struct sk_factors *factors, struct sk_fault *fault)
{
	/* Made here, so that neither it nor SQLite's files beside it are ever readable to others. */
	int fd = open(factors->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot open", factors->path);
	(void)close(fd);
	SK_TRY(sk_file_check_private(factors->path, fault));
	int code = sqlite3_open_v2(factors->path, &factors->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (code != SQLITE_OK)
		return db_fault(factors, code, fault);
	(void)sqlite3_busy_timeout(factors->db, BUSY_MS);
	(void)sqlite3_db_config(factors->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* secure_delete: what was taken away is overwritten in the file. */
	return exec(factors, "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA journal_mode = DELETE", fault);
}

/* An item that only the right key opens, so that a key of another database is told at once and not factor by factor. */
static enum sk_err prove_key(struct sk_factors *factors, struct sk_fault *fault)
{
	struct sk_buf value;
	sk_buf_init(&value, SK_ITEM_MAX);
	SK_TRY(sk_vault_begin(factors, fault));
	enum sk_err err = exec(factors, schema, fault);
	if (err == SK_OK)
		err = sk_vault_get(factors, "key", "", "proof", 5, &value, fault);
	if (err == SK_ENOENT) {
		sk_buf_add_text(&value, "{}");
		err = sk_vault_put(factors, "key", "", "proof", 5, &value, fault);
	}
	sk_buf_fini(&value);
	if (err == SK_ESIGNATURE)
		(void)sk_fault_set(fault, err, "%s: its values are under another key than the key file has", factors->path);
	return sk_vault_end(factors, err, fault);
}

enum sk_err sk_factors_open(const char *db_path, const char *key_path, struct sk_factors **out, struct sk_fault *fault)
{
	struct sk_factors *factors = calloc(1, sizeof *factors);
	*out = NULL;
	if (factors == NULL || sk_seal_start() != SK_OK || oath_init() != OATH_OK) {
		free(factors);
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	enum sk_err err = strlen(db_path) < sizeof factors->path ? SK_OK : sk_fault_set(fault, SK_ETOOBIG, "path too long");
	if (err == SK_OK) {
		memcpy(factors->path, db_path, strlen(db_path) + 1);
		/* A database without its key is not given a new one: its values would be lost without a word. */
		if (!sk_file_exists(key_path) && sk_file_exists(db_path))
			err = sk_fault_set(fault, SK_ENOENT, "%s: the key of %s is not there", key_path, db_path);
		else
			err = sk_secret_make(key_path, fault);
	}
	if (err == SK_OK)
		err = sk_secret_load(key_path, &factors->key, fault);
	if (err == SK_OK)
		err = open_db(factors, fault);
	if (err == SK_OK)
		err = prove_key(factors, fault);
	if (err != SK_OK) {
		sk_factors_close(factors);
		return err;
	}
	*out = factors;
	return SK_OK;
}

void sk_factors_close(struct sk_factors *factors)
{
	if (factors == NULL)
		return;
	(void)sqlite3_close_v2(factors->db);
	sk_secret_free(factors->key);
	free(factors);
	(void)oath_done();
}

enum sk_err sk_vault_begin(struct sk_factors *factors, struct sk_fault *fault)
{
	return exec(factors, "BEGIN IMMEDIATE", fault);
}

enum sk_err sk_vault_end(struct sk_factors *factors, enum sk_err err, struct sk_fault *fault)
{
	if (err != SK_OK && err != SK_EFACTOR) {
		(void)sqlite3_exec(factors->db, "ROLLBACK", NULL, NULL, NULL);
		return err;
	}
	enum sk_err committed = exec(factors, "COMMIT", err == SK_OK ? fault : NULL);
	if (committed == SK_OK)
		return err;
	(void)sqlite3_exec(factors->db, "ROLLBACK", NULL, NULL, NULL);
	return err != SK_OK ? err : committed;
}

/* ---- items ---- */

static size_t aad_of(uint8_t aad[AAD_MAX], const char *kind, const char *account, const void *name, size_t name_length)
{
	size_t kind_size = strlen(kind) + 1, account_size = strlen(account) + 1;
	SK_INVARIANT(kind_size + account_size <= AAD_MAX - SK_ITEM_NAME_MAX && name_length <= SK_ITEM_NAME_MAX);
	memcpy(aad, kind, kind_size);
	memcpy(aad + kind_size, account, account_size);
	memcpy(aad + kind_size + account_size, name, name_length);
	return kind_size + account_size + name_length;
}

/* Names from outside come as long as they like; an account's and a service's are of an act's length. */
static enum sk_err check_owner(const char *account, struct sk_fault *fault)
{
	return account == NULL || strlen(account) < SK_MATTER_ID_MAX ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "'%.40s...': a name has at most %d characters", account,
											      SK_MATTER_ID_MAX - 1);
}

static int bind_item(sqlite3_stmt *statement, const char *kind, const char *account, const void *name, size_t name_length)
{
	int code = sqlite3_bind_text(statement, 1, kind, -1, SQLITE_STATIC);
	if (code == SQLITE_OK && account != NULL)
		code = sqlite3_bind_text(statement, 2, account, -1, SQLITE_STATIC);
	if (code == SQLITE_OK && name != NULL)
		code = sqlite3_bind_blob(statement, 3, name, (int)name_length, SQLITE_STATIC);
	return code;
}

enum sk_err sk_vault_put(struct sk_factors *factors, const char *kind, const char *account, const void *name, size_t name_length, const struct sk_buf *value,
			 struct sk_fault *fault)
{
	uint8_t aad[AAD_MAX], sealed[SK_ITEM_MAX + SK_SEAL_OVERHEAD_BYTES];
	sqlite3_stmt *statement = NULL;
	SK_TRY(check_owner(account, fault));
	if (value->failed != SK_OK || value->length > SK_ITEM_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: an item of more than %d bytes", kind, SK_ITEM_MAX);
	sk_seal(factors->key, aad, aad_of(aad, kind, account, name, name_length), value->bytes, value->length, sealed);
	int code = sqlite3_prepare_v2(factors->db, "INSERT OR REPLACE INTO item(kind, account, name, sealed) VALUES (?1, ?2, ?3, ?4)", -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = bind_item(statement, kind, account, name, name_length);
	if (code == SQLITE_OK)
		code = sqlite3_bind_blob(statement, 4, sealed, (int)(value->length + SK_SEAL_OVERHEAD_BYTES), SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_DONE ? SK_OK : db_fault(factors, code, fault);
}

static enum sk_err unseal_row(struct sk_factors *factors, sqlite3_stmt *statement, int column, const char *kind, const char *account, const void *name,
			      size_t name_length, struct sk_buf *value, struct sk_fault *fault)
{
	uint8_t aad[AAD_MAX], plain[SK_ITEM_MAX];
	const void *sealed = sqlite3_column_blob(statement, column);
	size_t length = (size_t)sqlite3_column_bytes(statement, column);
	if (sealed == NULL || length < SK_SEAL_OVERHEAD_BYTES || length > SK_ITEM_MAX + SK_SEAL_OVERHEAD_BYTES || name_length > SK_ITEM_NAME_MAX ||
	    strlen(account) >= SK_MATTER_ID_MAX ||
	    sk_unseal(factors->key, aad, aad_of(aad, kind, account, name, name_length), sealed, length, plain) != SK_OK)
		return sk_fault_set(fault, SK_ESIGNATURE, "%s: somebody changed the %s of %s", factors->path, kind, account[0] != '\0' ? account : "the centre");
	sk_buf_add(value, plain, length - SK_SEAL_OVERHEAD_BYTES);
	sk_wipe(plain, sizeof plain);
	return value->failed == SK_OK ? SK_OK : sk_fault_set(fault, value->failed, "out of memory");
}

enum sk_err sk_vault_get(struct sk_factors *factors, const char *kind, const char *account, const void *name, size_t name_length, struct sk_buf *value,
			 struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	SK_TRY(check_owner(account, fault));
	int code = sqlite3_prepare_v2(factors->db, "SELECT sealed FROM item WHERE kind = ?1 AND account = ?2 AND name = ?3", -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = bind_item(statement, kind, account, name, name_length);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	enum sk_err err = code == SQLITE_ROW    ? unseal_row(factors, statement, 0, kind, account, name, name_length, value, fault)
			  : code == SQLITE_DONE ? sk_fault_set(fault, SK_ENOENT, "%s: none", kind)
						: db_fault(factors, code, fault);
	(void)sqlite3_finalize(statement);
	return err;
}

enum sk_err sk_vault_delete(struct sk_factors *factors, const char *kind, const char *account, const void *name, size_t name_length, uint64_t *count,
			    struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(factors->db, "DELETE FROM item WHERE kind = ?1 AND (?2 IS NULL OR account = ?2) AND (?3 IS NULL OR name = ?3)", -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = bind_item(statement, kind, account, name, name_length);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	if (code != SQLITE_DONE)
		return db_fault(factors, code, fault);
	*count = (uint64_t)sqlite3_changes(factors->db);
	return SK_OK;
}

enum sk_err sk_vault_each(struct sk_factors *factors, const char *kind, const char *account, sk_vault_visit visit, void *context, struct sk_fault *fault)
{
	sqlite3_stmt *statement = NULL;
	struct sk_buf value;
	enum sk_err err = SK_OK;
	sk_buf_init(&value, SK_ITEM_MAX);
	int code = sqlite3_prepare_v2(factors->db, "SELECT account, name, sealed FROM item WHERE kind = ?1 AND (?2 IS NULL OR account = ?2) ORDER BY account, name", -1,
				      &statement, NULL);
	if (code == SQLITE_OK)
		code = bind_item(statement, kind, account, NULL, 0);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(statement);
		if (code != SQLITE_ROW)
			break;
		const char *owner = (const char *)sqlite3_column_text(statement, 0);
		const void *name = sqlite3_column_blob(statement, 1);
		size_t name_length = (size_t)sqlite3_column_bytes(statement, 1);
		sk_buf_reset(&value);
		err = unseal_row(factors, statement, 2, kind, owner != NULL ? owner : "", name != NULL ? name : "", name_length, &value, fault);
		if (err != SK_OK)
			break;
		visit(context, owner, name, name_length, &value);
	}
	(void)sqlite3_finalize(statement);
	sk_buf_fini(&value);
	return err != SK_OK ? err : code == SQLITE_DONE ? SK_OK : db_fault(factors, code, fault);
}

enum sk_err sk_vault_read(const struct sk_buf *value, struct sk_json_doc **doc, struct sk_fault *fault)
{
	SK_TRY(sk_json_parse(sk_buf_text(value), value->length, doc, fault));
	if (sk_json_top(*doc)->kind == SK_JSON_OBJECT)
		return SK_OK;
	sk_json_free(*doc);
	*doc = NULL;
	return sk_fault_set(fault, SK_EMALFORMED, "an item is no object");
}

/* ---- the time, and what there is ---- */

static enum sk_err move_time(struct sk_factors *factors, int64_t clock_ns, int64_t *now_ns, struct sk_fault *fault)
{
	struct sk_buf value;
	struct sk_json_doc *doc = NULL;
	int64_t latest_ns = 0;
	sk_buf_init(&value, SK_ITEM_MAX);
	enum sk_err err = sk_vault_get(factors, "time", "", "latest", 6, &value, fault);
	if (err == SK_OK)
		err = sk_vault_read(&value, &doc, fault);
	if (err == SK_OK)
		err = sk_json_get_i64(sk_json_top(doc), "ns", &latest_ns);
	sk_json_free(doc);
	*now_ns = clock_ns > latest_ns ? clock_ns : latest_ns;
	if (err == SK_ENOENT || (err == SK_OK && clock_ns > latest_ns)) {
		struct sk_json_writer w;
		sk_buf_reset(&value);
		sk_json_begin(&w, &value, true);
		sk_json_object(&w, NULL);
		sk_json_i64(&w, "ns", *now_ns);
		sk_json_end(&w);
		err = sk_vault_put(factors, "time", "", "latest", 6, &value, fault);
	}
	sk_buf_fini(&value);
	return err;
}

enum sk_err sk_factors_now(struct sk_factors *factors, int64_t clock_ns, int64_t *now_ns, struct sk_fault *fault)
{
	SK_TRY(sk_vault_begin(factors, fault));
	return sk_vault_end(factors, move_time(factors, clock_ns, now_ns, fault), fault);
}

static const char *const kinds[] = {"password", "totp", "webauthn"};

struct listing {
	void (*visit)(void *context, const char *account, const char *kind, int64_t since_ns);
	void *context;
	const char *kind;
};

static void list_item(void *context, const char *account, const void *name, size_t name_length, const struct sk_buf *value)
{
	const struct listing *listing = context;
	struct sk_json_doc *doc = NULL;
	struct sk_fault ignored;
	int64_t since_ns = 0;
	(void)name, (void)name_length;
	if (sk_vault_read(value, &doc, &ignored) != SK_OK || sk_json_get_i64(sk_json_top(doc), "since_ns", &since_ns) != SK_OK)
		since_ns = 0;
	sk_json_free(doc);
	listing->visit(listing->context, account, listing->kind, since_ns);
}

enum sk_err sk_factors_each(struct sk_factors *factors, const char *account, void (*visit)(void *context, const char *account, const char *kind, int64_t since_ns),
			    void *context, struct sk_fault *fault)
{
	for (size_t i = 0; i < SK_COUNT(kinds); i++) {
		struct listing listing = {visit, context, kinds[i]};
		SK_TRY(sk_vault_each(factors, kinds[i], account, list_item, &listing, fault));
	}
	return SK_OK;
}

static void note_item(void *context, const char *account, const void *name, size_t name_length, const struct sk_buf *value)
{
	(void)account, (void)name, (void)name_length, (void)value;
	*(bool *)context = true;
}

enum sk_err sk_factors_has(struct sk_factors *factors, const char *account, const char *kind, bool *has, struct sk_fault *fault)
{
	*has = false;
	return sk_vault_each(factors, kind, account, note_item, has, fault);
}

enum sk_err sk_factors_remove(struct sk_factors *factors, const char *account, const char *kind, uint64_t *count, struct sk_fault *fault)
{
	uint64_t gone = 0;
	enum sk_err err = SK_OK;
	*count = 0;
	SK_TRY(sk_vault_begin(factors, fault));
	for (size_t i = 0; err == SK_OK && i < SK_COUNT(kinds); i++) {
		if (kind != NULL && strcmp(kind, kinds[i]) != 0)
			continue;
		err = sk_vault_delete(factors, kinds[i], account, NULL, 0, &gone, fault);
		*count += gone;
	}
	/* A new secret of one-time codes that waits goes with the old one. */
	if (err == SK_OK && (kind == NULL || strcmp(kind, "totp") == 0))
		err = sk_vault_delete(factors, "totp.new", account, NULL, 0, &gone, fault);
	/* Sessions are under their token's hash, with the account as owner. */
	if (err == SK_OK)
		err = sk_vault_delete(factors, "session", account, NULL, 0, &gone, fault);
	return sk_vault_end(factors, err, fault);
}
