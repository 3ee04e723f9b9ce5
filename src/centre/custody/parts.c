/* SPDX-License-Identifier: Apache-2.0 */
/* The officers' parts of a request: FOLDER/ID/ACCOUNT.parts, one line of canonical JSON: of each envelope its token, its tag, and the officer's part in a box for the requester. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "custody/reident.h"
#include "seal/share.h"
#include "text/json.h"
#include "text/text.h"

enum { PARTS_MAX = 65536, ENVELOPES_MAX = 32, BOX_MAX = SK_PART_MAX + SK_BOX_OVERHEAD_BYTES };

static enum sk_err folder_of(const char *folder, const char *id, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	return sk_file_join(path, SK_PATH_MAX, folder, id) == SK_OK ? SK_OK : sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", folder);
}

static enum sk_err file_of(const char *folder, const char *id, const char *account, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	int used = snprintf(path, SK_PATH_MAX, "%s/%s/%s.parts", folder, id, account);
	return used > 0 && used < SK_PATH_MAX && strchr(account, '/') == NULL && strchr(id, '/') == NULL ? SK_OK
													 : sk_fault_set(fault, SK_EUSAGE, "'%.60s' cannot name a file of parts", account);
}

/* ---- giving ---- */

struct giving {
	const struct sk_sign_key *officer;
	const struct sk_verify_key *requester;
	const char *token;
	struct sk_json_writer *w;
	struct sk_fault *fault;
	unsigned count;
};

static enum sk_err give_one(void *context, const uint8_t tag[SK_TAG_BYTES], const uint8_t *envelope, size_t length)
{
	struct giving *giving = context;
	struct sk_original_part part;
	uint8_t box[BOX_MAX];
	SK_TRY(sk_original_part(envelope, length, giving->officer, &part, giving->fault));
	enum sk_err err = sk_box_seal(giving->requester, part.bytes, part.length, box);
	if (err == SK_OK) {
		sk_json_object(giving->w, NULL);
		sk_json_hex(giving->w, "box", box, (size_t)part.length + SK_BOX_OVERHEAD_BYTES);
		sk_json_hex(giving->w, "tag", tag, SK_TAG_BYTES);
		sk_json_text(giving->w, "token", giving->token);
		sk_json_end(giving->w);
		giving->count++;
	}
	sk_wipe(&part, sizeof part);
	return err == SK_OK ? SK_OK : sk_fault_set(giving->fault, err, "the requester's key cannot open what is sealed to it");
}

enum sk_err sk_parts_give(const char *folder, const struct sk_reident *request, struct sk_store *store, const struct sk_sign_key *officer, const char *account, uint8_t digest[SK_HASH_BYTES],
			  struct sk_fault *fault)
{
	char path[SK_PATH_MAX], own[SK_PATH_MAX];
	struct sk_buf text;
	struct sk_json_writer w;
	struct giving giving = {.officer = officer, .requester = &request->requester_key, .w = &w, .fault = fault};
	SK_TRY(folder_of(folder, request->id, own, fault));
	SK_TRY(file_of(folder, request->id, account, path, fault));
	sk_buf_init(&text, PARTS_MAX);
	sk_json_begin(&w, &text, true);
	sk_json_array(&w, NULL);
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < request->token_count && err == SK_OK; i++) {
		giving.token = request->tokens[i].token;
		err = sk_store_originals(store, request->observed_ns, giving.token, give_one, &giving, fault);
	}
	sk_json_end(&w);
	if (err == SK_OK && text.failed != SK_OK)
		err = sk_fault_set(fault, text.failed, "the parts do not fit");
	if (err == SK_OK)
		err = sk_file_make_folder(own, 0700, fault);
	if (err == SK_OK)
		err = sk_file_replace(path, text.bytes, text.length, 0600, fault);
	if (err == SK_OK)
		sk_sha256(text.bytes, text.length, digest);
	sk_buf_fini(&text);
	return err;
}

/* ---- opening ---- */

struct held {
	char token[SK_ORIGINAL_MAX];
	uint8_t tag[SK_TAG_BYTES];
	size_t count;
	struct sk_original_part parts[SK_REIDENT_OFFICERS_MAX];
};
struct holding {
	const char *folder;
	const struct sk_reident *request;
	const struct sk_sign_key *requester;
	size_t count;
	struct held held[ENVELOPES_MAX];
	/* while telling */
	const struct sk_reident_token *token;
	sk_reident_told told;
	void *context;
	struct sk_fault *fault;
	unsigned number, of;
};

static struct held *held_of(struct holding *holding, const char *token, const uint8_t tag[SK_TAG_BYTES])
{
	for (size_t i = 0; i < holding->count; i++)
		if (strcmp(holding->held[i].token, token) == 0 && memcmp(holding->held[i].tag, tag, SK_TAG_BYTES) == 0)
			return &holding->held[i];
	if (holding->count == ENVELOPES_MAX || strlen(token) >= SK_ORIGINAL_MAX)
		return NULL;
	struct held *fresh = &holding->held[holding->count++];
	memcpy(fresh->token, token, strlen(token) + 1);
	memcpy(fresh->tag, tag, SK_TAG_BYTES);
	return fresh;
}

static bool take_part(struct holding *holding, const struct sk_json_value *one)
{
	const char *token = sk_json_get_text(one, "token"), *box = sk_json_get_text(one, "box");
	uint8_t tag[SK_TAG_BYTES], bytes[BOX_MAX];
	if (token == NULL || box == NULL || sk_json_get_hex(one, "tag", tag, sizeof tag) != SK_OK || strlen(box) % 2 != 0 || strlen(box) / 2 > sizeof bytes ||
	    strlen(box) / 2 <= SK_BOX_OVERHEAD_BYTES)
		return false;
	struct held *held = held_of(holding, token, tag);
	if (held == NULL || held->count == SK_REIDENT_OFFICERS_MAX || sk_hex_decode(box, bytes, strlen(box) / 2) != SK_OK)
		return false;
	struct sk_original_part *part = &held->parts[held->count];
	part->length = (uint8_t)(strlen(box) / 2 - SK_BOX_OVERHEAD_BYTES);
	if (sk_box_open(holding->requester, bytes, strlen(box) / 2, part->bytes) != SK_OK)
		return false;
	held->count++;
	return true;
}

/* One officer's file, which must be the one that the approval named. */
static enum sk_err take_file(struct holding *holding, const struct sk_reident_approval *approval)
{
	char path[SK_PATH_MAX];
	uint8_t digest[SK_HASH_BYTES];
	struct sk_buf text;
	struct sk_json_doc *doc = NULL;
	SK_TRY(file_of(holding->folder, holding->request->id, approval->account, path, holding->fault));
	sk_buf_init(&text, PARTS_MAX);
	enum sk_err err = sk_file_read(path, &text, holding->fault);
	sk_sha256(text.bytes, text.length, digest);
	bool good = err == SK_OK && memcmp(digest, approval->parts, sizeof digest) == 0 && sk_json_parse(sk_buf_text(&text), text.length, &doc, holding->fault) == SK_OK;
	const struct sk_json_value *list = good ? sk_json_top(doc) : NULL;
	good = good && list->kind == SK_JSON_ARRAY;
	for (const struct sk_json_value *one = good ? list->child : NULL; one != NULL && good; one = one->next)
		good = take_part(holding, one);
	sk_json_free(doc);
	sk_buf_fini(&text);
	return good ? SK_OK : sk_fault_set(holding->fault, SK_EREIDENT, "%s: the parts of %s are not there, or not those that were approved, or not for this key", holding->request->id, approval->account);
}

static enum sk_err tell_one(void *context, const uint8_t tag[SK_TAG_BYTES], const uint8_t *envelope, size_t length)
{
	struct holding *holding = context;
	char value[SK_ORIGINAL_MAX];
	if (holding->told == NULL) {
		holding->of++;
		return SK_OK;
	}
	struct held *held = held_of(holding, holding->token->token, tag);
	if (held == NULL)
		return sk_fault_set(holding->fault, SK_ETOOBIG, "too many originals");
	SK_TRY(sk_original_open(envelope, length, held->parts, held->count, value, holding->fault));
	holding->told(holding->context, holding->token, value, ++holding->number, holding->of);
	sk_wipe(value, sizeof value);
	return SK_OK;
}

enum sk_err sk_parts_open(const char *folder, const struct sk_reident *request, struct sk_store *store, const struct sk_sign_key *requester, sk_reident_told told, void *context,
			  struct sk_fault *fault)
{
	struct holding *holding = calloc(1, sizeof *holding);
	if (holding == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	holding->folder = folder;
	holding->request = request;
	holding->requester = requester;
	holding->context = context;
	holding->fault = fault;
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < request->approval_count && err == SK_OK; i++)
		err = take_file(holding, &request->approvals[i]);
	for (size_t i = 0; i < request->token_count && err == SK_OK; i++) {
		holding->token = &request->tokens[i];
		holding->number = holding->of = 0;
		holding->told = NULL; /* count them first: "one of two" must be said with the first */
		err = sk_store_originals(store, request->observed_ns, holding->token->token, tell_one, holding, fault);
		holding->told = told;
		if (err == SK_OK)
			err = sk_store_originals(store, request->observed_ns, holding->token->token, tell_one, holding, fault);
	}
	sk_wipe(holding, sizeof *holding);
	free(holding);
	return err;
}

/* ---- the end ---- */

static enum sk_err destroy(const char *path, struct sk_fault *fault)
{
	uint8_t noise[4096];
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot open", path);
	off_t left = lseek(fd, 0, SEEK_END), at = 0;
	bool failed = false;
	while (left > 0 && !failed) {
		size_t length = left < (off_t)sizeof noise ? (size_t)left : sizeof noise;
		sk_random(noise, length);
		failed = pwrite(fd, noise, length, at) != (ssize_t)length;
		at += (off_t)length;
		left -= (off_t)length;
	}
	failed = failed || fsync(fd) != 0;
	int errnum = errno;
	(void)close(fd);
	if (failed)
		return sk_fault_errno(fault, errnum, "%s: cannot overwrite", path);
	return unlink(path) == 0 ? SK_OK : sk_fault_errno(fault, errno, "%s: cannot remove", path);
}

enum sk_err sk_parts_destroy(const char *folder, const char *id, struct sk_fault *fault)
{
	char own[SK_PATH_MAX], path[SK_PATH_MAX];
	enum sk_err err = SK_OK;
	SK_TRY(folder_of(folder, id, own, fault));
	DIR *at = opendir(own);
	if (at == NULL)
		return SK_OK;
	for (struct dirent *entry; err == SK_OK && (entry = readdir(at)) != NULL;)
		if (entry->d_name[0] != '.')
			err = sk_file_join(path, sizeof path, own, entry->d_name) == SK_OK ? destroy(path, fault) : sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", own);
	(void)closedir(at);
	SK_TRY(err);
	return rmdir(own) == 0 ? sk_file_sync_folder(folder, fault) : sk_fault_errno(fault, errno, "%s: cannot be removed", own);
}
