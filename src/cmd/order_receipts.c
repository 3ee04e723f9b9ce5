/* SPDX-License-Identifier: Apache-2.0 */
/* The enforcer's receipts into the docket, each verified under the enforcer's key, in the order that they were made. A receipt that was taken is moved to centre/in, and
   the acts say how many there were, so a crash in between takes none twice. */
#include "cmd/order.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/signer.h"
#include "text/text.h"
#include "warrant/receipt.h"

enum { KEY_TEXT_MAX = 4096 };

/* Which act a receipt makes of an order in that state. */
static enum sk_order_event event_of(const struct sk_order_matter *m, const struct sk_warrant_receipt *receipt)
{
	bool stands = sk_order_state_stands(m->state);
	switch (receipt->step) {
	case SK_STEP_ACTIVE:
		return stands ? SK_ORDER_EVENT_SET : SK_ORDER_EVENT_RECEIPT;
	case SK_STEP_REFUSED:
		return stands ? SK_ORDER_EVENT_FAIL : SK_ORDER_EVENT_RECEIPT;
	case SK_STEP_ENDING:
		/* on time, or on our word, it is no failure */
		return stands && strncmp(receipt->detail, "expired", 7) != 0 && strncmp(receipt->detail, "withdrawn", 9) != 0 ? SK_ORDER_EVENT_FAIL : SK_ORDER_EVENT_RECEIPT;
	case SK_STEP_CLOSED:
		return sk_order_allows(m->state, SK_ORDER_EVENT_UNDONE) ? SK_ORDER_EVENT_UNDONE : SK_ORDER_EVENT_RECEIPT;
	default:
		return SK_ORDER_EVENT_RECEIPT;
	}
}

/* The enforcer's key: --enforcer KEY, else centre/enforcer.vkey, which the first use of --enforcer writes. */
static enum sk_err enforcer_key(const struct sk_order_desk *desk, struct sk_verify_key *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], text[SK_VKEY_TEXT_MAX + 2];
	struct sk_buf file;
	(void)sk_centre_path(&desk->centre, "enforcer.vkey", path);
	sk_buf_init(&file, KEY_TEXT_MAX);
	const char *given = desk->args->enforcer;
	enum sk_err err = SK_OK;
	if (given != NULL && sk_verify_key_parse(given, out) == SK_OK) {
		(void)snprintf(text, sizeof text, "%s", given);
	} else {
		err = sk_file_read(given != NULL ? given : path, &file, fault);
		if (err == SK_OK) {
			(void)snprintf(text, sizeof text, "%s", sk_buf_text(&file));
			text[strcspn(text, "\n")] = '\0';
			err = sk_verify_key_parse(text, out);
		}
	}
	sk_buf_fini(&file);
	if (err == SK_ENOENT)
		return sk_fault_set(fault, SK_ENOENT, "whose receipts? --enforcer KEY names the enforcer's key (once; it is kept in %s)", path);
	if (err != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "--enforcer: expected a verifier key name+id+base64, or a file with one");
	return given == NULL || sk_file_exists(path) ? SK_OK : sk_file_replace(path, text, strlen(text), 0600, fault);
}

static enum sk_err own_receipt(struct sk_order_desk *desk, const struct sk_order_matter *m, const struct sk_warrant_receipt *receipt, const struct sk_buf *note,
			       struct sk_fault *fault)
{
	struct sk_buf body;
	/* what is over by the clock is over before the enforcer's word that it is gone */
	if (receipt->step == SK_STEP_CLOSED)
		SK_TRY(sk_order_desk_settle(desk, fault));
	enum sk_order_event event = event_of(m, receipt);
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	sk_order_receipt_body(m->text.document->order.digest, m->receipts, sk_buf_text(note), &body);
	enum sk_err err = body.failed != SK_OK ? sk_fault_set(fault, body.failed, "receipt: %s", sk_err_text(body.failed))
					       : sk_order_desk_own(desk, m->id, event, sk_buf_text(&body), fault);
	sk_buf_fini(&body);
	return err;
}

static enum sk_err take_file(struct sk_order_desk *desk, const struct sk_verify_key *key, const char *folder, const char *name, uint64_t *taken, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], kept[SK_PATH_MAX], in[SK_PATH_MAX];
	struct sk_buf note;
	struct sk_warrant_receipt *receipt = calloc(1, sizeof *receipt);
	if (receipt == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (sk_file_join(path, sizeof path, folder, name) != SK_OK || sk_file_join(kept, sizeof kept, sk_centre_path(&desk->centre, "in", in), name) != SK_OK ||
	    sk_file_exists(kept)) {
		free(receipt);
		return SK_OK; /* taken before */
	}
	sk_buf_init(&note, SK_RECEIPT_NOTE_MAX);
	enum sk_err err = sk_file_read(path, &note, fault);
	if (err == SK_OK)
		err = sk_receipt_decode(sk_buf_text(&note), note.length, key, receipt, fault);
	/* a warrant that was refused before it was read has no order's id in its receipt */
	const struct sk_order_matter *m = err != SK_OK ? NULL : receipt->order[0] != '\0' ? sk_orders_find(desk->orders, receipt->order)
											   : sk_order_desk_by_warrant(desk, receipt->warrant);
	if (err == SK_OK && m == NULL) {
		(void)fprintf(desk->args->cmd->err, "sekisho: %s: a receipt of order '%s', which is not known here; left where it is\n", path, receipt->order);
	} else if (err == SK_OK && m->staged_ns + m->urgent_ns == 0) {
		(void)fprintf(desk->args->cmd->err, "sekisho: %s: a receipt of order '%s', which was never handed to the enforcer; left where it is\n", path, receipt->order);
	} else if (err == SK_OK) {
		err = own_receipt(desk, m, receipt, &note, fault);
		if (err == SK_OK)
			err = sk_file_replace(kept, note.bytes, note.length, 0600, fault);
		if (err == SK_OK) {
			(*taken)++;
			if (receipt->step == SK_STEP_CONFLICT || receipt->step == SK_STEP_REFUSED || receipt->step == SK_STEP_UNREACHABLE)
				(void)fprintf(desk->args->cmd->err, "sekisho: order %s: the enforcer says %s: %s\n", m->id, sk_step_name(receipt->step), receipt->detail);
		}
		sk_receipt_fini(receipt);
	} else if (err == SK_ESIGNATURE || err == SK_EMALFORMED) {
		(void)fprintf(desk->args->cmd->err, "sekisho: %s: %s; left where it is\n", path, fault->line);
		err = SK_OK;
	}
	sk_buf_fini(&note);
	free(receipt);
	return err;
}

/* Of one warrant by their numbers (the name says both); warrants in any order. */
static int is_receipt(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return entry->d_name[0] != '.' && length > 8 && strcmp(entry->d_name + length - 8, ".receipt") == 0;
}

static enum sk_err take_all(struct sk_order_desk *desk, uint64_t *taken, struct sk_fault *fault)
{
	char folder[SK_PATH_MAX];
	struct sk_verify_key key;
	struct dirent **names = NULL;
	if (desk->args->from_folder != NULL)
		(void)snprintf(folder, sizeof folder, "%s", desk->args->from_folder);
	else
		(void)snprintf(folder, sizeof folder, "%s/enforcer/out", desk->args->folder);
	int count = scandir(folder, &names, is_receipt, alphasort);
	if (count < 0 && errno == ENOENT && desk->args->from_folder == NULL)
		return SK_OK;
	if (count < 0)
		return sk_fault_errno(fault, errno, "%s: the receipts cannot be read", folder);
	/* Whose they will be may be said before there is one. */
	enum sk_err err = count > 0 || desk->args->enforcer != NULL ? enforcer_key(desk, &key, fault) : SK_OK;
	for (int i = 0; i < count; i++) {
		if (err == SK_OK)
			err = take_file(desk, &key, folder, names[i]->d_name, taken, fault);
		free(names[i]);
	}
	free(names);
	return err;
}

int sk_order_receipts(const struct sk_order_args *args)
{
	struct sk_order_desk desk;
	struct sk_fault fault;
	uint64_t taken = 0;
	if (sk_order_desk_open(args, true, &desk, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	enum sk_err err = sk_order_desk_settle(&desk, &fault);
	if (err == SK_OK)
		err = take_all(&desk, &taken, &fault);
	if (err == SK_OK)
		err = sk_order_desk_settle(&desk, &fault);
	sk_order_desk_close(&desk);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	(void)fprintf(args->cmd->out, args->json ? "{\"receipts\":%" PRIu64 "}\n" : "%" PRIu64 " receipts taken\n", taken);
	return 0;
}
