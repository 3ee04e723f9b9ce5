/* SPDX-License-Identifier: Apache-2.0 */
/* The records of erasures beside a workspace's ledger. Their order is what makes a certificate true: the request and the names of the keys first, then the keys go, then the certificate. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "custody/custody.h"
#include "text/text.h"

enum { NOTE_MAX = SK_NOTE_MAX, NAME_SIZE = 128, RECORDS_MAX = 1 << 20 };

static enum sk_err path_of(const char *folder, const char *name, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	return sk_file_join(path, SK_PATH_MAX, folder, name) == SK_OK ? SK_OK : sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", folder);
}

static void gone_name(const uint8_t id[SK_KEY_ID_BYTES], char name[NAME_SIZE])
{
	char hex[2 * SK_KEY_ID_BYTES + 1];
	sk_hex_encode(id, SK_KEY_ID_BYTES, hex);
	(void)snprintf(name, NAME_SIZE, "%s.gone", hex);
}

//= rule: CUSTODY-3
enum sk_err sk_retention_mark(const char *folder, const char *id, const struct sk_erasure *erasure, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], name[NAME_SIZE], line[NAME_SIZE];
	SK_TRY(sk_file_make_folder(folder, 0700, fault));
	int length = snprintf(line, sizeof line, "%s\n", id);
	for (size_t i = 0; i < erasure->key_count; i++) {
		gone_name(erasure->keys[i], name);
		SK_TRY(path_of(folder, name, path, fault));
		if (!sk_file_exists(path))
			SK_TRY(sk_file_replace(path, line, (size_t)length, 0600, fault));
	}
	return SK_OK;
}

enum sk_err sk_retention_begin(const char *folder, const char *id, const char *note, size_t length, const struct sk_erasure *erasure, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], name[NAME_SIZE];
	SK_TRY(sk_file_make_folder(folder, 0700, fault));
	(void)snprintf(name, sizeof name, "%s.begun", id);
	SK_TRY(path_of(folder, name, path, fault));
	if (!sk_file_exists(path))
		SK_TRY(sk_file_replace(path, note, length, 0600, fault));
	return sk_retention_mark(folder, id, erasure, fault);
}

enum sk_err sk_retention_covers(const char *folder, const struct sk_erasure *erasure, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], name[NAME_SIZE];
	for (size_t i = 0; i < erasure->key_count; i++) {
		gone_name(erasure->keys[i], name);
		SK_TRY(path_of(folder, name, path, fault));
		if (!sk_file_exists(path))
			return sk_fault_set(fault, SK_EINCONSISTENT, "%s: a certificate says that this key is gone, and the record that would refuse it is missing", path);
	}
	return SK_OK;
}

enum sk_err sk_retention_opened(const char *folder, const char *id, int64_t time_ns, const char *note, size_t length, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], name[NAME_SIZE];
	SK_TRY(sk_file_make_folder(folder, 0700, fault));
	(void)snprintf(name, sizeof name, "%s.%lld.open", id, (long long)time_ns);
	SK_TRY(path_of(folder, name, path, fault));
	return sk_file_replace(path, note, length, 0600, fault);
}

/* ---- the certificate ---- */

struct still {
	const struct sk_store_day *wanted;
	bool there;
};

static enum sk_err is_still_there(void *context, const struct sk_store_day *day)
{
	struct still *still = context;
	if (strcmp(day->basis, still->wanted->basis) == 0 && strcmp(day->day, still->wanted->day) == 0)
		still->there = still->there || day->returned + day->opened != 0;
	return SK_OK;
}

static enum sk_err number_of_next(const char *folder, const char *id, unsigned *number, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], name[NAME_SIZE];
	for (*number = 1; *number < RECORDS_MAX; ++*number) {
		(void)snprintf(name, sizeof name, "%s.%u.request", id, *number);
		SK_TRY(path_of(folder, name, path, fault));
		if (!sk_file_exists(path))
			return SK_OK;
	}
	return sk_fault_set(fault, SK_ETOOBIG, "%s: too many records of %s", folder, id);
}

enum sk_err sk_retention_end(const char *folder, struct sk_store *store, const struct sk_erasure *erasure, const char *id, const char *note, size_t length, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], begun[SK_PATH_MAX], name[NAME_SIZE];
	struct still still = {.wanted = &erasure->day};
	unsigned number;
	SK_TRY(sk_retention_covers(folder, erasure, fault));
	SK_TRY(sk_store_days(store, is_still_there, &still, fault));
	if (still.there)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s of basis %s: a key is still there; nothing is certified", erasure->day.day, erasure->day.basis);
	SK_TRY(number_of_next(folder, id, &number, fault));
	(void)snprintf(name, sizeof name, "%s.%u.certificate", id, number);
	SK_TRY(path_of(folder, name, path, fault));
	if (!sk_file_exists(path))
		SK_TRY(sk_file_replace(path, note, length, 0600, fault));
	(void)snprintf(name, sizeof name, "%s.begun", id);
	SK_TRY(path_of(folder, name, begun, fault));
	(void)snprintf(name, sizeof name, "%s.%u.request", id, number);
	SK_TRY(path_of(folder, name, path, fault));
	if (rename(begun, path) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot be renamed", begun);
	return sk_file_sync_folder(folder, fault);
}

/* ---- reading ---- */

static bool kind_of(const char *name, enum sk_retention_kind *kind)
{
	static const char *const endings[] = {[SK_RETENTION_BEGUN] = ".begun", [SK_RETENTION_REQUEST] = ".request", [SK_RETENTION_CERTIFICATE] = ".certificate", [SK_RETENTION_OPENED] = ".open"};
	size_t length = strlen(name);
	for (size_t i = 0; i < SK_COUNT(endings); i++) {
		size_t width = strlen(endings[i]);
		*kind = (enum sk_retention_kind)i;
		if (length > width && length < NAME_SIZE && strcmp(name + length - width, endings[i]) == 0)
			return true;
	}
	return false;
}

static int wanted(const struct dirent *entry)
{
	enum sk_retention_kind kind;
	return kind_of(entry->d_name, &kind);
}

static enum sk_err visit_one(const char *folder, const char *name, enum sk_retention_kind kind, sk_retention_visit visit, void *context, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf note;
	SK_TRY(path_of(folder, name, path, fault));
	sk_buf_init(&note, NOTE_MAX);
	enum sk_err err = sk_file_read(path, &note, fault);
	if (err == SK_OK)
		err = visit(context, kind, name, sk_buf_text(&note), note.length, fault);
	sk_buf_fini(&note);
	return err;
}

enum sk_err sk_retention_records(const char *folder, unsigned kinds, sk_retention_visit visit, void *context, struct sk_fault *fault)
{
	struct dirent **entries = NULL;
	enum sk_err err = SK_OK;
	int count = scandir(folder, &entries, wanted, versionsort);
	if (count < 0)
		return errno == ENOENT ? SK_OK : sk_fault_errno(fault, errno, "%s: cannot be read", folder);
	for (int i = 0; i < count; i++) {
		enum sk_retention_kind kind;
		if (err == SK_OK && kind_of(entries[i]->d_name, &kind) && (kinds & 1u << kind) != 0)
			err = visit_one(folder, entries[i]->d_name, kind, visit, context, fault);
		free(entries[i]);
	}
	free(entries);
	return err;
}

struct last {
	const char *id;
	uint8_t *digest;
};

/* Names of one matter ascend with their numbers, and ".begun" is behind the certificates that were before it: the last one visited is the last act. */
static enum sk_err take_last(void *context, enum sk_retention_kind kind, const char *name, const char *text, size_t length, struct sk_fault *fault)
{
	struct last *last = context;
	struct sk_note note;
	struct sk_act act;
	(void)kind;
	if (strncmp(name, last->id, strlen(last->id)) != 0 || name[strlen(last->id)] != '.')
		return SK_OK;
	SK_TRY(sk_note_parse(text, length, &note, fault));
	SK_TRY(sk_act_read(note.body, note.body_length, &act, fault));
	memcpy(last->digest, act.digest, SK_HASH_BYTES);
	return SK_OK;
}

enum sk_err sk_retention_last(const char *folder, const char *id, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct last last = {.id = id, .digest = digest};
	memset(digest, 0, SK_HASH_BYTES);
	SK_TRY(sk_retention_records(folder, 1u << SK_RETENTION_CERTIFICATE, take_last, &last, fault));
	return sk_retention_records(folder, 1u << SK_RETENTION_BEGUN, take_last, &last, fault);
}
