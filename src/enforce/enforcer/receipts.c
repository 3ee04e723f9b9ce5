/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts into the folder out/: written beside, synced once for many, then renamed to where they are seen. A name says warrant, number and step, so that the same receipt is never there twice. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "enforcer/enforcer_priv.h"
#include "text/text.h"

enum { NAME_MAX_ = 160 };

struct receipt_file {
	char name[NAME_MAX_];
};

void receipt_begin(struct sk_enforcer *e, const struct measure *m, const struct place *place, enum sk_step step, struct sk_warrant_receipt *out)
{
	*out = (struct sk_warrant_receipt){.step = step, .at_ns = enforcer_now(e), .until_ns = m->until_ns, .items = m->count, .text = ""};
	memcpy(out->warrant, m->digest, sizeof out->warrant);
	memcpy(out->order, m->id, sizeof out->order);
	if (place != NULL) {
		(void)snprintf(out->target, sizeof out->target, "%s", place->target->conf->name);
		memcpy(out->before, place->before, sizeof out->before);
		memcpy(out->after, place->after, sizeof out->after);
	}
}

static enum sk_err write_beside(struct sk_enforcer *e, const char *name, const struct sk_buf *note, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/.%s", e->out, name);
	int fd = n < 0 || n >= SK_PATH_MAX ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return sk_fault_errno(fault, errno, "%s: a receipt cannot be written", e->out);
	size_t at = 0;
	while (at < note->length) {
		ssize_t wrote = write(fd, note->bytes + at, note->length - at);
		if (wrote <= 0) {
			enum sk_err err = sk_fault_errno(fault, errno, "%s: a receipt cannot be written", e->out);
			(void)close(fd);
			return err;
		}
		at += (size_t)wrote;
	}
	(void)close(fd);
	return SK_OK;
}

static enum sk_err remember(struct sk_enforcer *e, const char *name)
{
	if (e->receipt_count == e->receipt_places) {
		size_t places = e->receipt_places == 0 ? 256 : 2 * e->receipt_places;
		struct receipt_file *fresh = realloc(e->receipts, places * sizeof *fresh);
		if (fresh == NULL)
			return SK_ENOMEM;
		e->receipts = fresh;
		e->receipt_places = places;
	}
	(void)snprintf(e->receipts[e->receipt_count++].name, NAME_MAX_, "%s", name);
	return SK_OK;
}

enum sk_err receipt_add(struct sk_enforcer *e, struct measure *m, struct sk_warrant_receipt *receipt, struct sk_fault *fault)
{
	struct sk_buf note;
	char digest[DIGEST_TEXT], name[NAME_MAX_];
	if (m != NULL) {
		receipt->number = m->receipts;
		memcpy(receipt->previous, m->previous, sizeof receipt->previous);
	}
	sk_buf_init(&note, SK_RECEIPT_NOTE_MAX);
	enum sk_err err = sk_receipt_encode(receipt, e->key, &note, fault);
	sk_hex_encode(receipt->warrant, SK_HASH_BYTES, digest);
	(void)snprintf(name, sizeof name, "%s-%06llu-%s.receipt", digest, (unsigned long long)receipt->number, sk_step_name(receipt->step));
	if (err == SK_OK)
		err = write_beside(e, name, &note, fault);
	sk_buf_fini(&note);
	if (err == SK_OK && remember(e, name) != SK_OK)
		err = sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK && m != NULL) {
		m->receipts++;
		memcpy(m->previous, receipt->digest, sizeof m->previous);
		journal_measure(e, "receipt", m, "");
	}
	return err;
}

static enum sk_err sync_files(const struct sk_enforcer *e, struct sk_fault *fault)
{
	int fd = open(e->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum sk_err err = fd < 0 || syncfs(fd) != 0 ? sk_fault_errno(fault, errno, "%s: cannot be synced", e->out) : SK_OK;
	if (fd >= 0)
		(void)close(fd);
	return err;
}

static enum sk_err show(const struct sk_enforcer *e, const char *name, struct sk_fault *fault)
{
	char from[SK_PATH_MAX], to[SK_PATH_MAX];
	int a = snprintf(from, sizeof from, "%s/.%s", e->out, name), b = snprintf(to, sizeof to, "%s/%s", e->out, name);
	if (a < 0 || b < 0 || a >= SK_PATH_MAX || b >= SK_PATH_MAX || rename(from, to) != 0)
		return sk_fault_errno(fault, errno, "%s: a receipt cannot be put in its place", e->out);
	return SK_OK;
}

enum sk_err receipts_flush(struct sk_enforcer *e, struct sk_fault *fault)
{
	if (e->receipt_count == 0)
		return journal_sync(e, fault);
	/* The files first: a number that the journal knows is a receipt that is there, if only beside. */
	SK_TRY(sync_files(e, fault));
	sk_enforcer_point("receipts beside");
	SK_TRY(journal_sync(e, fault));
	for (size_t i = 0; i < e->receipt_count; i++)
		SK_TRY(show(e, e->receipts[i].name, fault));
	e->receipt_count = 0;
	sk_enforcer_point("receipts");
	return sk_file_sync_folder(e->out, fault);
}

/* ---- after a start ---- */

static bool digest_of(const char *name, uint8_t digest[SK_HASH_BYTES], unsigned long long *number)
{
	char hex[DIGEST_TEXT];
	if (strlen(name) < sizeof hex || sscanf(name + sizeof hex - 1, "-%6llu-", number) != 1)
		return false;
	memcpy(hex, name, sizeof hex - 1);
	hex[sizeof hex - 1] = '\0';
	return sk_hex_decode(hex, digest, SK_HASH_BYTES) == SK_OK;
}

/* Is the file a whole receipt of ours? Its digest and number count when the journal does not know them. */
static bool adopt(struct sk_enforcer *e, const char *file)
{
	char path[SK_PATH_MAX];
	struct sk_buf note;
	struct sk_warrant_receipt receipt;
	if (sk_file_join(path, sizeof path, e->out, file) != SK_OK)
		return false;
	sk_buf_init(&note, SK_RECEIPT_NOTE_MAX);
	bool good = sk_file_read(path, &note, NULL) == SK_OK &&
		    sk_receipt_decode(sk_buf_text(&note), note.length, sk_sign_key_public(e->key), &receipt, NULL) == SK_OK;
	sk_buf_fini(&note);
	if (!good)
		return false;
	struct measure *m = measure_find(e, receipt.warrant);
	if (m != NULL && receipt.number >= m->receipts) {
		m->receipts = receipt.number + 1;
		memcpy(m->previous, receipt.digest, sizeof m->previous);
		m->closed_told = receipt.step == SK_STEP_CLOSED;
	}
	sk_receipt_fini(&receipt);
	return true;
}

/* What lies beside was written before a crash: whole, it is shown; torn, it is nothing. What is shown and not in the journal counts. */
enum sk_err receipts_adopt(struct sk_enforcer *e, struct sk_fault *fault)
{
	DIR *folder = opendir(e->out);
	enum sk_err err = SK_OK;
	uint8_t digest[SK_HASH_BYTES];
	unsigned long long number;
	if (folder == NULL)
		return sk_fault_errno(fault, errno, "%s: cannot be read", e->out);
	for (const struct dirent *entry; err == SK_OK && (entry = readdir(folder)) != NULL;) {
		bool beside = entry->d_name[0] == '.';
		if (!digest_of(entry->d_name + beside, digest, &number))
			continue;
		const struct measure *m = measure_find(e, digest);
		if (!beside && (m == NULL || number < m->receipts))
			continue;
		bool whole = adopt(e, entry->d_name);
		if (beside && whole)
			err = show(e, entry->d_name + 1, fault);
		else if (beside)
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	}
	(void)closedir(folder);
	return err;
}
