/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox: warrants and their ends, a file each, left there by the centre. Every file is read once; what a file is, its text says, not its name. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enforcer/enforcer_priv.h"
#include "seal/siphash.h"
#include "text/text.h"

/* So many warrants at a time, so that what runs out in the meantime is not kept waiting by what comes. */
enum { FILES_MAX = 1 << 20, TAKEN_MAX = 1000 };

static const int64_t keep_ended_ns = INT64_C(91) * 86400 * 1000000000;

/* ---- which files were read already ---- */

static uint64_t *slot_of(uint64_t *files, size_t places, uint64_t hash)
{
	size_t at = (size_t)hash & (places - 1);
	while (files[at] != 0 && files[at] != hash)
		at = (at + 1) & (places - 1);
	return &files[at];
}

static enum sk_err grow_files(struct sk_enforcer *e)
{
	if (2 * (e->file_count + 1) < e->file_places)
		return SK_OK;
	/* A folder with more files than this is read anew from time to time; nothing in it counts twice. */
	size_t places = e->file_places == 0 ? 1024 : e->file_places < FILES_MAX ? 2 * e->file_places : e->file_places;
	uint64_t *fresh = calloc(places, sizeof *fresh);
	if (fresh == NULL)
		return SK_ENOMEM;
	size_t kept = 0;
	for (size_t i = 0; places > e->file_places && i < e->file_places; i++) {
		if (e->files[i] == 0)
			continue;
		*slot_of(fresh, places, e->files[i]) = e->files[i];
		kept++;
	}
	free(e->files);
	e->files = fresh;
	e->file_places = places;
	e->file_count = kept;
	return SK_OK;
}

static uint64_t hash_of(const struct sk_enforcer *e, const char *name, const struct stat *info)
{
	char text[512];
	int n = snprintf(text, sizeof text, "%llu %lld %lld.%09ld %s", (unsigned long long)info->st_ino, (long long)info->st_size, (long long)info->st_mtim.tv_sec,
			 info->st_mtim.tv_nsec, name);
	uint64_t hash = sk_siphash13(e->sip, text, n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
	return hash == 0 ? 1 : hash;
}

/* ---- warrants ---- */

static enum sk_err refuse(struct sk_enforcer *e, const uint8_t digest[SK_HASH_BYTES], const struct sk_order *order, const struct sk_fault *why, struct sk_fault *fault)
{
	struct measure m = {.not_after_ns = order == NULL ? 0 : order->not_after_ns};
	struct sk_warrant_receipt receipt;
	memcpy(m.digest, digest, SK_HASH_BYTES);
	if (order != NULL)
		memcpy(m.id, order->id, sizeof m.id);
	m.count = order == NULL ? 0 : order->target_count;
	receipt_begin(e, &m, NULL, SK_STEP_REFUSED, &receipt);
	(void)snprintf(receipt.detail, sizeof receipt.detail, "%s", why->line);
	enforcer_tell(e, "refused: %s", why->line);
	int64_t until_ns = order == NULL ? enforcer_now(e) + keep_ended_ns : order->not_after_ns;
	if (over_add(e, digest, until_ns) != SK_OK)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	journal_over(e, digest, until_ns);
	return receipt_add(e, NULL, &receipt, fault);
}

//= rule: ENFORCE-1 MEASURE-2
static enum sk_err judge(struct sk_enforcer *e, const struct sk_order *order, struct sk_fault *why)
{
	enum sk_measure measure = sk_action_measure(order->action);
	SK_TRY(sk_forbidden_check(sk_measure_name(measure), why));
	SK_TRY(sk_forbidden_check(sk_action_name(order->action), why));
	for (size_t i = 0; i < order->target_count; i++)
		SK_TRY(sk_guard_check(e->conf->guard, measure, order->targets[i], why));
	return SK_OK;
}

static enum sk_err take(struct sk_enforcer *e, const struct sk_warrant *warrant, const char *note, struct sk_fault *why, struct sk_fault *fault)
{
	const struct sk_order *order = &warrant->order;
	int64_t now_ns = enforcer_now(e);
	struct measure fields = {.action = order->action, .rate_bytes_per_s = order->rate_bytes_per_s, .accepted_ns = now_ns, .not_after_ns = order->not_after_ns,
				 .until_ns = sk_warrant_until(warrant, now_ns), .count = order->target_count}, *m = NULL;
	const char *targets[SK_ORDER_TARGETS_MAX];
	struct sk_warrant_receipt receipt;
	memcpy(fields.digest, warrant->digest, SK_HASH_BYTES);
	memcpy(fields.id, order->id, sizeof fields.id);
	memcpy(fields.document, order->document, sizeof fields.document);
	for (size_t i = 0; i < order->target_count; i++)
		targets[i] = order->targets[i];
	enum sk_err err = judge(e, order, why);
	if (err != SK_OK)
		return err;
	err = measure_add(e, &fields, targets, note, &m);
	if (err == SK_ETOOBIG)
		return sk_fault_set(why, SK_EUSAGE, "%s: too much is in force already: %zu measures with %zu targets; expected at most %d and %d", order->id, e->measure_count, e->items,
				    SK_ENFORCER_MEASURES_MAX, SK_ENFORCER_ITEMS_MAX);
	if (err != SK_OK)
		return sk_fault_set(fault, err, "out of memory");
	err = measure_place_out(e, m, why);
	if (err != SK_OK) {
		measure_remove(e, m);
		return err;
	}
	journal_accept(e, m);
	receipt_begin(e, m, NULL, SK_STEP_ACCEPTED, &receipt);
	(void)snprintf(receipt.detail, sizeof receipt.detail, "%s %s, %zu approvals", sk_measure_name(sk_action_measure(order->action)), sk_action_name(order->action), warrant->approvals);
	return receipt_add(e, m, &receipt, fault);
}

/* *again: the file is to be read another time (its warrant is not in force yet). */
static enum sk_err take_warrant(struct sk_enforcer *e, const struct sk_buf *text, struct sk_warrant *warrant, bool *again, struct sk_fault *fault)
{
	const struct sk_warrant_trust trust_of_conf = {.centre = &e->conf->centre};
	struct sk_warrant_trust trust = trust_of_conf;
	struct sk_note note;
	struct sk_fault why;
	uint8_t digest[SK_HASH_BYTES];
	memcpy(trust.quorum, e->conf->quorum, sizeof trust.quorum);
	/* What the digest will be; of what is no note, over all of it. */
	if (sk_note_parse(sk_buf_text(text), text->length, &note, NULL) == SK_OK)
		sk_sha256(note.body, note.body_length, digest);
	else
		sk_sha256(text->bytes, text->length, digest);
	if (measure_find(e, digest) != NULL || over_has(e, digest))
		return SK_OK;
	enum sk_err err = sk_warrant_decode(sk_buf_text(text), text->length, &trust, enforcer_now(e), warrant, &why);
	*again = err == SK_EFUTURE;
	if (*again)
		return SK_OK;
	const struct sk_order *order = err == SK_OK ? &warrant->order : NULL;
	if (err == SK_OK)
		err = take(e, warrant, sk_buf_text(text), &why, fault);
	switch (err) {
	case SK_OK:
		return SK_OK;
	case SK_ENOMEM:
	case SK_EIO:
	case SK_ENOSPC:
		return err;
	default:
		return refuse(e, digest, order, &why, fault);
	}
}

static enum sk_err take_end(struct sk_enforcer *e, const struct sk_buf *text, struct sk_fault *fault)
{
	struct sk_end end;
	struct sk_fault why;
	if (sk_end_decode(sk_buf_text(text), text->length, &e->conf->centre, &end, &why) != SK_OK) {
		enforcer_tell(e, "refused: %s", why.line);
		return SK_OK;
	}
	struct measure *m = measure_find(e, end.warrant);
	if (m != NULL && m->stage < STAGE_ENDING) {
		return measure_end(e, m, "withdrawn by the centre", fault);
	}
	if (m != NULL || over_has(e, end.warrant))
		return SK_OK;
	/* Before its warrant has come: then it is not taken. */
	int64_t until_ns = enforcer_now(e) + keep_ended_ns;
	if (over_add(e, end.warrant, until_ns) != SK_OK)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	journal_over(e, end.warrant, until_ns);
	return SK_OK;
}

/* ---- the folder ---- */

static enum sk_err read_file(struct sk_enforcer *e, int folder, const char *name, bool ends, struct sk_warrant *warrant, struct sk_fault *fault)
{
	struct stat info;
	struct sk_buf text;
	bool again = false;
	if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || (e->file_places > 0 && *slot_of(e->files, e->file_places, hash_of(e, name, &info)) != 0))
		return SK_OK;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return SK_OK; /* gone again, a link, or not for us: the next scan sees */
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || grow_files(e) != SK_OK) {
		(void)close(fd);
		return SK_OK;
	}
	uint64_t hash = hash_of(e, name, &info), *slot = slot_of(e->files, e->file_places, hash);
	if (*slot != 0 || info.st_size > SK_WARRANT_TEXT_MAX) {
		(void)close(fd);
		return SK_OK;
	}
	sk_buf_init(&text, SK_WARRANT_TEXT_MAX + 1);
	char piece[16384];
	ssize_t n;
	while ((n = read(fd, piece, sizeof piece)) > 0)
		sk_buf_add(&text, piece, (size_t)n);
	(void)close(fd);
	enum sk_err err = SK_OK;
	bool is_end = strstr(sk_buf_text(&text), "\"format\":\"sekisho-end/1\"") != NULL && strstr(sk_buf_text(&text), "\"format\":\"sekisho-warrant/") == NULL;
	if (n == 0 && text.failed == SK_OK && is_end == ends) {
		err = ends ? take_end(e, &text, fault) : take_warrant(e, &text, warrant, &again, fault);
		if (!again) {
			*slot = hash;
			e->file_count++;
			e->taken++;
		}
	}
	sk_buf_fini(&text);
	return err;
}

static enum sk_err scan(struct sk_enforcer *e, bool ends, struct sk_warrant *warrant, struct sk_fault *fault)
{
	struct dirent **names = NULL;
	int count = scandir(e->conf->inbox, &names, NULL, alphasort); /* by name: the same order wherever it is read */
	if (count < 0)
		return errno == ENOENT ? SK_OK : sk_fault_errno(fault, errno, "%s: the inbox cannot be read", e->conf->inbox);
	int folder = open(e->conf->inbox, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum sk_err err = folder < 0 ? sk_fault_errno(fault, errno, "%s: the inbox cannot be read", e->conf->inbox) : SK_OK;
	for (int i = 0; i < count; i++) {
		if (err == SK_OK && names[i]->d_name[0] != '.' && (ends || e->taken < TAKEN_MAX))
			err = read_file(e, folder, names[i]->d_name, ends, warrant, fault);
		free(names[i]);
	}
	free(names);
	if (folder >= 0)
		(void)close(folder);
	return err;
}

enum sk_err inbox_scan(struct sk_enforcer *e, struct sk_fault *fault)
{
	struct sk_warrant *warrant = malloc(sizeof *warrant); /* 64 KiB */
	if (warrant == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = scan(e, true, warrant, fault);
	e->taken = 0;
	if (err == SK_OK)
		err = scan(e, false, warrant, fault);
	free(warrant);
	if (e->taken == TAKEN_MAX)
		e->scan_ns = 0; /* there may be more: again in the next turn */
	return err == SK_OK ? receipts_flush(e, fault) : err;
}
