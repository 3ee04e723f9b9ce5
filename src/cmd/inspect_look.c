/* SPDX-License-Identifier: Apache-2.0 */
/* What an inspector looks at: counters, selectors, policy, holders, proof, urgent orders. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/inspect.h"
#include "cmd/workspace.h"
#include "custody/custody.h"
#include "indicator/indicator.h"
#include "ledger/record_read.h"
#include "text/text.h"

enum { LINKS_MAX = 256, ORDERS_MAX = 65536 };

/* ---- counters ---- */

struct counters {
	FILE *out;
	struct sk_record *record, *last; /* last: LINKS_MAX */
	size_t count;
	uint64_t leaf[LINKS_MAX];
	bool run_open;
};

static enum sk_err take_interval(void *context, uint64_t index, const uint8_t *entry, size_t length, struct sk_fault *fault)
{
	struct counters *c = context;
	size_t i = 0;
	SK_TRY(sk_record_parse(entry, length, c->record, fault));
	if (c->record->kind == SK_RECORD_RUN_START || c->record->kind == SK_RECORD_RUN_STOP || c->record->kind == SK_RECORD_RECOVERY)
		c->run_open = c->record->kind == SK_RECORD_RUN_START;
	if (c->record->kind != SK_RECORD_INTERVAL)
		return SK_OK;
	while (i < c->count && strcmp(c->last[i].interval.link, c->record->interval.link) != 0)
		i++;
	if (i == LINKS_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "more than %d links", LINKS_MAX);
	c->count += i == c->count;
	c->last[i] = *c->record;
	c->leaf[i] = index;
	return SK_OK;
}

static uint64_t sum(const struct sk_cells *cells)
{
	uint64_t frames = 0;
	for (size_t i = 0; i < cells->count; i++)
		frames += cells->cell[i].frames;
	return frames;
}

static void print_interval(const struct counters *c, size_t link)
{
	const struct sk_interval_record *i = &c->last[link].interval;
	char from[SK_TIME_TEXT_MAX], to[SK_TIME_TEXT_MAX];
	(void)fprintf(c->out, "link %s, interval %" PRIu64 " (leaf %" PRIu64 "), %s to %s\n  received %" PRIu64 ", erased by the gate %" PRIu64 ", erased after admission %" PRIu64 ", selected %" PRIu64
			      ", lost %" PRIu64 ", open %" PRIu64 ", held back as too few %" PRIu64 "\n  classes",
		      i->link, i->number, c->leaf[link], sk_time_format(i->from_ns, 3, from), sk_time_format(i->to_ns, 3, to), i->received.frames, sum(&i->gate_erased), sum(&i->select_erased),
		      i->selected.frames, sum(&i->capture_lost.cells), i->pending_after.frames, i->carried_after.frames);
	for (size_t k = 0; k < SK_CLASS_COUNT; k++)
		(void)fprintf(c->out, " %s %" PRIu64, sk_class_name((enum sk_class)k), i->classes[k].frames);
	(void)fprintf(c->out, "; observations %" PRIu64 ", findings %" PRIu64 "\n", i->observations, i->findings);
}

/* The head of a ledger in a folder, signed by the key of its leaf 0. */
static enum sk_err read_head(const char *folder, struct sk_checkpoint *head, struct sk_buf *text, struct sk_fault *fault)
{
	struct sk_note *note = malloc(sizeof *note);
	if (note == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_checkpoint_read(folder, text, note, head, fault);
	struct sk_buf leaf;
	struct sk_record *record = calloc(1, sizeof *record);
	struct sk_verify_key key;
	sk_buf_init(&leaf, SK_RECORD_MAX_BYTES);
	if (err == SK_OK && record == NULL)
		err = sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK)
		err = sk_ledger_read(folder, head->size, 0, &leaf, fault);
	if (err == SK_OK)
		err = sk_record_parse(leaf.bytes, leaf.length, record, fault);
	if (err == SK_OK && (record->kind != SK_RECORD_OPEN || sk_verify_key_parse(record->open.key, &key) != SK_OK || sk_note_verify(note, &key) != SK_OK))
		err = sk_fault_set(fault, SK_ESIGNATURE, "%s/checkpoint: not signed by the key of its leaf 0", folder);
	sk_buf_fini(&leaf);
	free(record);
	free(note);
	return err;
}

enum sk_err sk_inspect_counters(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault)
{
	struct counters c = {.out = args->cmd->out};
	struct sk_checkpoint head;
	struct sk_buf text;
	char folder[SK_PATH_MAX];
	(void)office;
	if (args->workspace == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "counters needs --workspace DIR");
	SK_TRY(sk_file_join(folder, sizeof folder, args->workspace, "ledger"));
	sk_buf_init(&text, SK_NOTE_MAX);
	c.record = malloc(sizeof *c.record);
	c.last = calloc(LINKS_MAX, sizeof *c.last);
	enum sk_err err = c.record != NULL && c.last != NULL ? read_head(folder, &head, &text, fault) : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK)
		err = sk_ledger_walk(folder, &head, take_interval, &c, fault);
	if (err == SK_OK) {
		(void)fprintf(c.out, "%s: %" PRIu64 " entries, recomputed to the signed root; a run is %s\n", head.origin, head.size, c.run_open ? "open" : "not open");
		for (size_t i = 0; i < c.count; i++)
			print_interval(&c, i);
	}
	sk_buf_fini(&text);
	free(c.last);
	free(c.record);
	return err;
}

/* ---- selectors, policy ---- */

static void print_digest(FILE *out, const char *what, const uint8_t digest[SK_HASH_BYTES])
{
	char hex[2 * SK_HASH_BYTES + 1];
	sk_hex_encode(digest, SK_HASH_BYTES, hex);
	(void)fprintf(out, "%-12s %s\n", what, hex);
}

enum sk_err sk_inspect_selectors(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault)
{
	struct sk_workspace workspace;
	struct sk_indicator_set *set = NULL;
	struct sk_indicator_facts facts;
	char path[SK_PATH_MAX];
	if (args->workspace == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "selectors needs --workspace DIR");
	SK_TRY(sk_office_bases(office, fault));
	SK_TRY(sk_workspace_open(args->workspace, false, &workspace, fault));
	enum sk_err err = sk_indicator_open(sk_workspace_path(&workspace, "selectors.set", path), &set, fault);
	const struct sk_basis_matter *basis = sk_bases_find(office->bases, workspace.basis_id);
	if (err == SK_OK) {
		sk_indicator_facts(set, &facts);
		(void)fprintf(args->cmd->out, "basis        %s%s\nentries      %" PRIu64 "\n", workspace.basis_id, basis == NULL ? " (no matter of this centre)" : "", facts.entries);
		print_digest(args->cmd->out, "runs", facts.digest);
	}
	if (err == SK_OK && basis != NULL && basis->has_set) {
		print_digest(args->cmd->out, "approved", basis->set.digest);
		bool same = memcmp(facts.digest, basis->set.digest, SK_HASH_BYTES) == 0;
		(void)fprintf(args->cmd->out, "verdict      %s\n", same ? "the set that runs is the one on record" : "DIFFERENT: the set that runs is not the one on record");
		if (!same)
			err = sk_fault_set(fault, SK_ESETRULE, "%s: the selectors that run are not those that the centre has on record for basis %s", args->workspace, workspace.basis_id);
	} else if (err == SK_OK) {
		(void)fprintf(args->cmd->out, "approved     no set is on record for this basis; its rule alone bounds what runs\n");
	}
	sk_indicator_close(set);
	sk_workspace_close(&workspace);
	return err;
}

enum sk_err sk_inspect_policy(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault)
{
	const struct sk_law *law = NULL;
	size_t length;
	uint8_t compiled[SK_HASH_BYTES];
	SK_TRY(sk_office_law_in_force(office, &law, fault));
	const char *dump = sk_policy_dump(&length);
	sk_sha256(dump, length, compiled);
	print_digest(args->cmd->out, "compiled in", compiled);
	if (law == NULL) {
		(void)fprintf(args->cmd->out, "in force     none was loaded\n");
		return SK_OK;
	}
	print_digest(args->cmd->out, "in force", office->policy.current);
	(void)fprintf(args->cmd->out, "name         %s\n%s", law->name, office->policy.waiting ? "waiting      another one waits for oversight's acknowledgement\n" : "");
	return SK_OK;
}

/* ---- holders ---- */

struct holders {
	FILE *out;
	uint64_t count, open;
};

static enum sk_err print_holder(void *context, const struct sk_holder *holder)
{
	struct holders *h = context;
	char until[SK_TIME_TEXT_MAX];
	h->count++;
	h->open += !holder->confirmed;
	(void)fprintf(h->out, "%-16s %-12s %s  until %s  %s, %s\n", holder->handing.org, holder->handing.basis, holder->handing.day, sk_time_format(holder->handing.until_ns, 0, until),
		      holder->erased ? "erased here" : "held here", holder->confirmed ? "erased there (confirmed)" : "held there");
	return SK_OK;
}

enum sk_err sk_inspect_holders(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault)
{
	struct holders holders = {.out = args->cmd->out};
	SK_TRY(sk_holders(office->centre.docket, NULL, print_holder, &holders, fault));
	(void)fprintf(args->cmd->out, "%" PRIu64 " provisions, %" PRIu64 " not confirmed as erased\n", holders.count, holders.open);
	return SK_OK;
}

/* ---- proof ---- */

enum sk_err sk_inspect_proof(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault)
{
	char folder[SK_PATH_MAX], hash[SK_BASE64_32_MAX];
	uint8_t proof[SK_PROOF_MAX][SK_HASH_BYTES], leaf_hash[SK_HASH_BYTES];
	struct sk_checkpoint head;
	struct sk_buf text, leaf;
	size_t count;
	(void)sk_centre_path(&office->centre, "ledger", folder);
	sk_buf_init(&text, SK_NOTE_MAX);
	sk_buf_init(&leaf, SK_RECORD_MAX_BYTES);
	enum sk_err err = read_head(folder, &head, &text, fault);
	uint64_t index = args->has_leaf ? args->leaf : head.size - 1;
	if (err == SK_OK)
		err = sk_ledger_read(folder, head.size, index, &leaf, fault);
	if (err == SK_OK)
		err = sk_ledger_prove(folder, head.size, index, proof, &count, fault);
	if (err == SK_OK) {
		sk_leaf_hash(leaf.bytes, leaf.length, leaf_hash);
		if (sk_proof_check(head.size, index, leaf_hash, (const uint8_t(*)[SK_HASH_BYTES])proof, count, head.root) != SK_OK)
			err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: the tiles do not prove leaf %" PRIu64 "; sekisho-verify says where", folder, index);
	}
	if (err == SK_OK) {
		(void)fprintf(args->cmd->out, "c2sp.org/tlog-proof@v1\nindex %" PRIu64 "\n", index);
		for (size_t i = 0; i < count; i++) {
			sk_base64_encode(proof[i], SK_HASH_BYTES, hash);
			(void)fprintf(args->cmd->out, "%s\n", hash);
		}
		(void)fprintf(args->cmd->out, "\n%s", sk_buf_text(&text));
	}
	sk_buf_fini(&leaf);
	sk_buf_fini(&text);
	return err;
}

/* ---- urgent orders ---- */

struct urgent_order {
	char id[SK_MATTER_ID_MAX], state[SK_ACT_WORD_MAX];
	int64_t set_ns;
	bool urgent, reviewed;
};

struct urgent_list {
	size_t count, room;
	struct urgent_order *orders;
};

static enum sk_err take_order(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct urgent_list *list = context;
	size_t i = 0;
	while (i < list->count && strcmp(list->orders[i].id, entry->act.id) != 0)
		i++;
	if (i == list->count) {
		if (list->count == list->room) {
			size_t room = list->room == 0 ? 64 : 2 * list->room;
			void *larger = room > ORDERS_MAX ? NULL : reallocarray(list->orders, room, sizeof *list->orders);
			if (larger == NULL)
				return sk_fault_set(fault, SK_ENOMEM, "out of memory, or more than %d orders", ORDERS_MAX);
			list->orders = larger;
			list->room = room;
		}
		list->orders[list->count++] = (struct urgent_order){.set_ns = 0};
		memcpy(list->orders[i].id, entry->act.id, sizeof list->orders[i].id);
	}
	struct urgent_order *order = &list->orders[i];
	memcpy(order->state, entry->to, sizeof order->state);
	if (strcmp(entry->to, "urgent_active") == 0 && !order->urgent) {
		order->urgent = true;
		order->set_ns = entry->act.time_ns;
	}
	order->reviewed = order->reviewed || strcmp(entry->act.event, "review") == 0;
	return SK_OK;
}

enum sk_err sk_inspect_urgent(struct sk_office *office, const struct sk_inspect_args *args, struct sk_fault *fault)
{
	struct urgent_list list = {.count = 0};
	uint64_t urgent = 0, reviewed = 0;
	char time[SK_TIME_TEXT_MAX];
	enum sk_err err = sk_docket_walk(office->centre.docket, "order", NULL, 0, take_order, &list, fault);
	for (size_t i = 0; err == SK_OK && i < list.count; i++) {
		if (!list.orders[i].urgent)
			continue;
		urgent++;
		reviewed += list.orders[i].reviewed;
		(void)fprintf(args->cmd->out, "%-20s set %s  now %-14s %s\n", list.orders[i].id, sk_time_format(list.orders[i].set_ns, 0, time), list.orders[i].state,
			      list.orders[i].reviewed ? "reviewed" : "NOT REVIEWED");
	}
	free(list.orders);
	if (err == SK_OK)
		(void)fprintf(args->cmd->out, "%" PRIu64 " urgent orders, %" PRIu64 " reviewed, %" PRIu64 " not yet\n", urgent, reviewed, urgent - reviewed);
	return err;
}
