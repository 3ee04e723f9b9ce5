/* SPDX-License-Identifier: Apache-2.0 */
/* The centre's folder: made whole or not at all; opened with its ledger recomputed to the root. */
#include "cmd/centre.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text/json.h"
#include "text/text.h"

enum { FILE_MAX = 65536, LEAVES_MAX = 1 << 30, FOLDER_MODE = 0700, LOCK_TRIES = 100, LOCK_WAIT_MS = 50 };

/* All leaves, one after the other, and where each ends. */
struct sk_centre_leaves {
	struct sk_buf bytes;
	size_t *ends;
	size_t count, capacity;
};

const char *sk_centre_path(const struct sk_centre *centre, const char *name, char path[SK_PATH_MAX])
{
	SK_INVARIANT(sk_file_join(path, SK_PATH_MAX, centre->folder, name) == SK_OK);
	return path;
}

/* ---- reading ---- */

static enum sk_err read_facts(struct sk_centre *centre, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	struct sk_json_doc *doc = NULL;
	sk_buf_init(&text, FILE_MAX);
	enum sk_err err = sk_file_read(sk_centre_path(centre, "centre.json", path), &text, fault);
	if (err == SK_ENOENT)
		err = sk_fault_set(fault, SK_ENOENT, "%s: no centre is there; sekisho centre init makes one", centre->folder);
	if (err == SK_OK && (text.length == 0 || text.bytes[text.length - 1] != '\n'))
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: expected one line of JSON", path);
	if (err == SK_OK)
		err = sk_json_parse(sk_buf_text(&text), text.length - 1, &doc, fault);
	if (err == SK_OK) {
		const char *origin = sk_json_get_text(sk_json_top(doc), "origin"), *profile = sk_json_get_text(sk_json_top(doc), "profile");
		if (origin == NULL || strlen(origin) >= sizeof centre->origin || profile == NULL || sk_profile_parse(profile, &centre->profile) != SK_OK)
			err = sk_fault_set(fault, SK_EMALFORMED, "%s: expected origin and profile", path);
		else
			memcpy(centre->origin, origin, strlen(origin) + 1);
	}
	centre->simulated = centre->profile == SK_PROFILE_LAB;
	sk_json_free(doc);
	sk_buf_fini(&text);
	return err;
}

static enum sk_err read_policy_digest(struct sk_centre *centre, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], hex[2 * SK_HASH_BYTES + 1];
	struct sk_buf text;
	sk_buf_init(&text, 256);
	if (!sk_file_exists(sk_centre_path(centre, "policy/current", path)))
		return SK_OK;
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_OK && text.length == sizeof hex) {
		memcpy(hex, text.bytes, sizeof hex - 1);
		hex[sizeof hex - 1] = '\0';
	}
	if (err == SK_OK && (text.length != sizeof hex || sk_hex_decode(hex, centre->policy, SK_HASH_BYTES) != SK_OK))
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: expected 64 hexadecimal digits and a line feed", path);
	sk_buf_fini(&text);
	return err;
}

static enum sk_err leaves_new(struct sk_centre *centre, struct sk_fault *fault)
{
	centre->leaves = calloc(1, sizeof *centre->leaves);
	if (centre->leaves == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_buf_init(&centre->leaves->bytes, LEAVES_MAX);
	return SK_OK;
}

static enum sk_err add_leaf(void *context, uint64_t index, const uint8_t *entry, size_t length, struct sk_fault *fault)
{
	struct sk_centre_leaves *leaves = context;
	(void)index;
	if (leaves->count == leaves->capacity) {
		size_t capacity = leaves->capacity != 0 ? 2 * leaves->capacity : 256;
		size_t *ends = realloc(leaves->ends, capacity * sizeof *ends);
		if (ends == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "out of memory");
		leaves->ends = ends;
		leaves->capacity = capacity;
	}
	sk_buf_add(&leaves->bytes, entry, length);
	if (leaves->bytes.failed != SK_OK)
		return sk_fault_set(fault, leaves->bytes.failed, "the centre's ledger does not fit into memory");
	leaves->ends[leaves->count++] = leaves->bytes.length;
	return SK_OK;
}

/* The head must be signed by the centre's key, as its key file or, for whoever reads without it, leaf 0 and centre.json name it. */
static enum sk_err read_ledger(struct sk_centre *centre, struct sk_fault *fault)
{
	char folder[SK_PATH_MAX];
	struct sk_buf text;
	struct sk_note note;
	sk_buf_init(&text, SK_NOTE_MAX);
	(void)sk_centre_path(centre, "ledger", folder);
	enum sk_err err = centre->reader != NULL ? SK_OK : sk_ledger_reader_new(folder, &centre->reader, fault);
	if (err == SK_OK)
		err = sk_checkpoint_read(folder, &text, &note, &centre->head, fault);
	if (err == SK_OK && (strcmp(centre->head.origin, centre->origin) != 0 || sk_note_verify(&note, &centre->public_key) != SK_OK))
		err = sk_fault_set(fault, SK_ESIGNATURE, "%s/checkpoint: not signed by this centre's key", folder);
	if (err == SK_OK)
		err = sk_ledger_follow(centre->reader, &centre->head, add_leaf, centre->leaves, fault);
	sk_buf_fini(&text);
	return err;
}

static enum sk_err lock_ledger(struct sk_centre *centre, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	uint64_t dropped;
	enum sk_err err = SK_ELOCKED;
	for (unsigned i = 0; i < LOCK_TRIES && err == SK_ELOCKED; i++) {
		if (i != 0)
			(void)usleep(LOCK_WAIT_MS * 1000);
		err = sk_ledger_open(sk_centre_path(centre, "ledger", path), centre->origin, centre->key, &centre->ledger, &dropped, fault);
	}
	return err == SK_ELOCKED ? sk_fault_set(fault, SK_ELOCKED, "%s: another command holds the centre's ledger", centre->folder) : err;
}

/* ---- what the docket is given ---- */

static enum sk_err log_append(void *context, const char *record, size_t length, struct sk_receipt *receipt, struct sk_fault *fault)
{
	struct sk_centre *centre = context;
	enum sk_err err = sk_ledger_append(centre->ledger, record, length, receipt);
	if (err != SK_OK)
		return sk_fault_set(fault, err, "%s: the ledger does not take the record", centre->folder);
	return add_leaf(centre->leaves, receipt->index, (const uint8_t *)record, length, fault);
}

static enum sk_err log_commit(void *context, struct sk_fault *fault)
{
	return sk_ledger_commit(((struct sk_centre *)context)->ledger, fault);
}

static uint64_t log_size(void *context)
{
	return ((struct sk_centre *)context)->leaves->count;
}

static enum sk_err log_leaf(void *context, uint64_t index, struct sk_buf *out, struct sk_fault *fault)
{
	const struct sk_centre_leaves *leaves = ((struct sk_centre *)context)->leaves;
	if (index >= leaves->count)
		return sk_fault_set(fault, SK_ENOENT, "leaf %llu: the ledger has %zu", (unsigned long long)index, leaves->count);
	size_t from = index == 0 ? 0 : leaves->ends[index - 1];
	sk_buf_add(out, leaves->bytes.bytes + from, leaves->ends[index] - from);
	return out->failed;
}

static enum sk_err open_docket(struct sk_centre *centre, bool write, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_docket_log log = {.context = centre, .append = write ? log_append : NULL, .commit = log_commit, .size = log_size, .leaf = log_leaf};
	(void)sk_centre_path(centre, "acts.db", path);
	return sk_docket_open(path, &log, &centre->docket, &centre->rolled_back, fault);
}

enum sk_err sk_centre_open(const char *folder, bool write, struct sk_centre *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_sign_key *key = NULL;
	memset(out, 0, sizeof *out);
	if (sk_seal_start() != SK_OK)
		return sk_fault_set(fault, SK_EIO, "the cryptographic libraries do not start");
	if (sk_file_join(out->folder, sizeof out->folder, folder, "centre") != SK_OK || strlen(out->folder) + 128 >= sizeof out->folder)
		return sk_fault_set(fault, SK_EUSAGE, "the folder's path is too long");
	enum sk_err err = read_facts(out, fault);
	if (err == SK_OK)
		err = read_policy_digest(out, fault);
	if (err == SK_OK)
		err = sk_sign_key_load(sk_centre_path(out, "keys/centre.key", path), &key, fault);
	if (err == SK_OK) {
		out->public_key = *sk_sign_key_public(key);
		out->key = key;
		err = leaves_new(out, fault);
	}
	if (err == SK_OK && write)
		err = lock_ledger(out, fault);
	if (err == SK_OK)
		err = read_ledger(out, fault);
	if (err == SK_OK)
		err = open_docket(out, write, fault);
	if (!write) {
		sk_sign_key_free(out->key);
		out->key = NULL;
	}
	if (err != SK_OK)
		sk_centre_close(out);
	return err;
}

enum sk_err sk_centre_follow(struct sk_centre *centre, uint64_t *from, struct sk_fault *fault)
{
	*from = centre->leaves->count;
	SK_TRY(read_policy_digest(centre, fault));
	SK_TRY(read_ledger(centre, fault));
	return sk_docket_grown(centre->docket, *from, fault);
}

void sk_centre_close(struct sk_centre *centre)
{
	sk_docket_close(centre->docket);
	sk_ledger_close(centre->ledger);
	sk_ledger_reader_free(centre->reader);
	sk_sign_key_free(centre->key);
	if (centre->leaves != NULL) {
		sk_buf_fini(&centre->leaves->bytes);
		free(centre->leaves->ends);
		free(centre->leaves);
	}
	*centre = (struct sk_centre){.docket = NULL};
}

/* ---- making ---- */

static const char *const folders[] = {"keys", "policy", "out", "out/warrants", "out/bases", "in", "sealed"};

static enum sk_err write_facts(const struct sk_centre *centre, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	struct sk_json_writer w;
	sk_buf_init(&text, FILE_MAX);
	sk_json_begin(&w, &text, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "format", "sekisho-centre/1");
	sk_json_text(&w, "origin", centre->origin);
	sk_json_text(&w, "profile", sk_profile_name(centre->profile));
	sk_json_end(&w);
	sk_buf_add_text(&text, "\n");
	enum sk_err err = text.failed != SK_OK ? sk_fault_set(fault, text.failed, "centre.json: too large")
					       : sk_file_replace(sk_centre_path(centre, "centre.json", path), text.bytes, text.length, 0600, fault);
	sk_buf_fini(&text);
	return err;
}

/* The opening leaf, and a docket without acts. */
static enum sk_err open_log(struct sk_centre *centre, int64_t now_ns, struct sk_fault *fault)
{
	struct sk_buf leaf;
	struct sk_receipt receipt;
	sk_buf_init(&leaf, SK_RECORD_MAX_BYTES);
	/* A centre that guards a network of its own is a party; the statutory one and the laboratory have no role. */
	sk_record_open(&leaf, centre->origin, sk_sign_key_public(centre->key), sk_policy_small_cell(), sk_profile_name(centre->profile),
		       sk_role_name(centre->profile == SK_PROFILE_OWN_NETWORK ? SK_ROLE_PARTY : SK_ROLE_NONE), centre->profile == SK_PROFILE_LAB, now_ns);
	enum sk_err err = leaf.failed != SK_OK ? sk_fault_set(fault, leaf.failed, "the centre's origin '%s' is not one", centre->origin)
					       : log_append(centre, sk_buf_text(&leaf), leaf.length, &receipt, fault);
	if (err == SK_OK)
		err = log_commit(centre, fault);
	sk_buf_fini(&leaf);
	return err == SK_OK ? open_docket(centre, true, fault) : err;
}

static enum sk_err fill(struct sk_centre *centre, int64_t now_ns, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	uint64_t dropped;
	for (size_t i = 0; i < SK_COUNT(folders); i++)
		SK_TRY(sk_file_make_folder(sk_centre_path(centre, folders[i], path), FOLDER_MODE, fault));
	SK_TRY(sk_sign_key_new(centre->origin, &centre->key));
	SK_TRY(sk_sign_key_save(centre->key, sk_centre_path(centre, "keys/centre.key", path), fault));
	SK_TRY(write_facts(centre, fault));
	SK_TRY(leaves_new(centre, fault));
	SK_TRY(sk_ledger_open(sk_centre_path(centre, "ledger", path), centre->origin, centre->key, &centre->ledger, &dropped, fault));
	return open_log(centre, now_ns, fault);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info, (void)kind, (void)where;
	return remove(path);
}

enum sk_err sk_centre_create(const char *folder, enum sk_profile profile, const char *origin, int64_t now_ns, struct sk_fault *fault)
{
	struct sk_centre centre = {.profile = profile};
	char parent[SK_PATH_MAX], final_folder[SK_PATH_MAX], random_hex[17];
	uint8_t random[8];
	if (sk_seal_start() != SK_OK)
		return sk_fault_set(fault, SK_EIO, "the cryptographic libraries do not start");
	if (strlen(folder) == 0 || strlen(folder) + 64 >= sizeof parent)
		return sk_fault_set(fault, SK_EUSAGE, "the folder's path is empty or too long");
	(void)snprintf(parent, sizeof parent, "%s", folder);
	SK_TRY(sk_file_join(final_folder, sizeof final_folder, parent, "centre"));
	if (sk_file_exists(final_folder))
		return sk_fault_set(fault, SK_EEXIST, "%s: a centre is there already; its key and its ledger are never overwritten", final_folder);
	SK_TRY(sk_file_make_folder(parent, FOLDER_MODE, fault));
	sk_random(random, sizeof random);
	sk_hex_encode(random, sizeof random, random_hex);
	if (origin != NULL && strlen(origin) >= sizeof centre.origin)
		return sk_fault_set(fault, SK_EUSAGE, "--origin: at most %zu characters", sizeof centre.origin - 1);
	(void)snprintf(centre.origin, sizeof centre.origin, "%s%s", origin != NULL ? origin : "sekisho.invalid/centre-", origin != NULL ? "" : random_hex);
	(void)snprintf(centre.folder, sizeof centre.folder, "%.4000s.new.%s", final_folder, random_hex);
	enum sk_err err = fill(&centre, now_ns, fault);
	memcpy(parent, centre.folder, sizeof parent);
	sk_centre_close(&centre);
	if (err == SK_OK && rename(parent, final_folder) != 0)
		err = sk_fault_errno(fault, errno, "%s: cannot be made", final_folder);
	if (err != SK_OK)
		(void)nftw(parent, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return err;
}
