/* SPDX-License-Identifier: Apache-2.0 */
/* An order's document out of the options of a command line: what an order must say, an option each. */
#include "access/list.h"
#include "cmd/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "border/border.h"
#include "campaign/place.h"
#include "indicator/indicator.h"
#include "text/text.h"

static const int64_t ns_per_second = 1000000000, hour_ns = INT64_C(3600) * 1000000000, week_ns = INT64_C(7) * 86400 * 1000000000;

static enum sk_err wrong(struct sk_fault *fault, const char *what)
{
	return sk_fault_set(fault, SK_EUSAGE, "%s", what);
}

static enum sk_err put(char *out, size_t size, const char *text, const char *option, struct sk_fault *fault)
{
	if (text == NULL)
		text = "";
	if (strlen(text) >= size)
		return sk_fault_set(fault, SK_EUSAGE, "%s: longer than %zu bytes", option, size - 1);
	memcpy(out, text, strlen(text) + 1);
	return SK_OK;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In ascending order, each once; addresses with their bits. */
static enum sk_err put_targets(const struct sk_order_args *args, struct sk_order *order, struct sk_fault *fault)
{
	static char texts[SK_ORDER_MANY][SK_ORDER_TARGET_MAX];
	const char *sorted[SK_ORDER_MANY];
	for (size_t i = 0; i < args->target_count; i++) {
		struct sk_prefix prefix;
		if (sk_prefix_parse(args->targets[i], &prefix) == SK_OK)
			(void)sk_prefix_format(&prefix, texts[i]);
		else
			SK_TRY(put(texts[i], sizeof texts[i], args->targets[i], "--target", fault));
		sorted[i] = texts[i];
	}
	qsort(sorted, args->target_count, sizeof *sorted, by_bytes);
	for (size_t i = 0; i < args->target_count; i++)
		if (i == 0 || strcmp(sorted[i - 1], sorted[i]) != 0)
			(void)snprintf(order->targets[order->target_count++], SK_ORDER_TARGET_MAX, "%s", sorted[i]);
	return SK_OK;
}

static enum sk_err put_measure(const struct sk_order_desk *desk, struct sk_order_document *d, struct sk_fault *fault)
{
	const struct sk_order_args *args = desk->args;
	struct sk_order *order = &d->order;
	char *end = NULL;
	if (args->measure == NULL || args->action == NULL || sk_action_parse(args->measure, args->action, &order->action) != SK_OK)
		return wrong(fault, "--measure and --action: expected a measure and its action, such as rpz nxdomain, nftables drop, flowspec discard (docs/formats/warrant.md)");
	order->urgent = args->urgent != NULL;
	order->rate_bytes_per_s = args->rate != NULL ? strtoull(args->rate, &end, 10) : 0;
	if (end != NULL && *end != '\0')
		return wrong(fault, "--rate: expected bytes a second");
	uint64_t longest_s = sk_measure_life_s(sk_action_measure(order->action));
	if (order->urgent && longest_s > SK_URGENT_LIFE_MAX_S)
		longest_s = SK_URGENT_LIFE_MAX_S;
	int64_t span_ns = args->for_ns != 0 ? args->for_ns : (int64_t)longest_s * ns_per_second, life_ns = args->life_ns != 0 ? args->life_ns : span_ns;
	order->not_before_ns = args->from_ns != 0 ? args->from_ns : desk->now_ns;
	order->not_after_ns = order->not_before_ns + span_ns;
	order->life_s = (uint64_t)(life_ns / ns_per_second);
	return put_targets(args, order, fault);
}

/* "NAME" or "NAME:CC". */
static enum sk_err put_addressee(const char *text, struct sk_order_addressee *out, struct sk_fault *fault)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon != NULL && strlen(colon) == 3 ? (size_t)(colon - text) : strlen(text);
	if (length == 0 || length >= sizeof out->name)
		return sk_fault_set(fault, SK_EUSAGE, "--addressee %s: expected NAME or NAME:CC (two capitals, its jurisdiction)", text);
	memcpy(out->name, text, length);
	if (*(text + length) == ':')
		(void)snprintf(out->jurisdiction, sizeof out->jurisdiction, "%.2s", text + length + 1);
	return SK_OK;
}

static enum sk_err put_assets(const struct sk_order_args *args, struct sk_order_document *d, struct sk_fault *fault)
{
	if (args->protect_count + args->important_count > SK_DOCUMENT_LIST_MAX)
		return wrong(fault, "--protect and --important: more than 32");
	for (size_t i = 0; i < args->protect_count + args->important_count; i++) {
		bool important = i >= args->protect_count;
		struct sk_order_asset *asset = &d->assets[d->asset_count++];
		asset->important = important;
		SK_TRY(put(asset->name, sizeof asset->name, important ? args->importants[i - args->protect_count] : args->protects[i], "--protect", fault));
	}
	return SK_OK;
}

/* Something else than a finding: the file's digest stands for it; the file itself stays where it is. */
static enum sk_err put_file(const char *path, struct sk_order_proof *out, struct sk_fault *fault)
{
	struct sk_buf bytes;
	uint8_t digest[SK_HASH_BYTES];
	sk_buf_init(&bytes, (size_t)64 << 20);
	enum sk_err err = sk_file_read(path, &bytes, fault);
	if (err == SK_OK) {
		sk_sha256(bytes.bytes, bytes.length, digest);
		sk_hex_encode(digest, 16, out->finding);
		sk_hex_encode(digest, sizeof digest, out->record);
		(void)snprintf(out->origin, sizeof out->origin, "file");
	}
	sk_buf_fini(&bytes);
	return err;
}

static enum sk_err put_proofs(const struct sk_order_args *args, struct sk_order_document *d, struct sk_fault *fault)
{
	if (args->finding_count + args->file_count > SK_DOCUMENT_LIST_MAX)
		return wrong(fault, "--finding and --evidence-file: more than 32");
	for (size_t i = 0; i < args->finding_count; i++)
		SK_TRY(sk_order_evidence(args, args->findings[i], &d->proofs[d->proof_count++], fault));
	for (size_t i = 0; i < args->file_count; i++)
		SK_TRY(put_file(args->files[i], &d->proofs[d->proof_count++], fault));
	return SK_OK;
}

static enum sk_err put_words(const struct sk_order_desk *desk, struct sk_order_document *d, struct sk_fault *fault)
{
	const struct sk_order_args *args = desk->args;
	SK_TRY(put(d->target_act, sizeof d->target_act, args->target_act, "--against", fault));
	SK_TRY(put(d->plan, sizeof d->plan, args->plan, "--plan", fault));
	SK_TRY(put(d->other, sizeof d->other, args->other, "--other", fault));
	SK_TRY(put(d->narrower, sizeof d->narrower, args->narrower, "--narrower", fault));
	SK_TRY(put(d->refused_because, sizeof d->refused_because, args->refused, "--not-enough", fault));
	SK_TRY(put(d->commander, sizeof d->commander, args->commander != NULL ? args->commander : args->org_count == 1 ? args->orgs[0] : "", "--commander", fault));
	SK_TRY(put(d->extends, sizeof d->extends, args->extends, "--extends", fault));
	SK_TRY(put(d->home, sizeof d->home, args->home != NULL ? args->home : "JP", "--home", fault));
	SK_TRY(put(d->foreign_why, sizeof d->foreign_why, args->foreign != NULL ? args->foreign : args->at_home, "--foreign", fault));
	SK_TRY(put(d->urgent_why, sizeof d->urgent_why, args->urgent, "--urgent", fault));
	d->foreign_effect = args->foreign != NULL;
	d->check_hours = args->check_hours != 0 ? args->check_hours : 24;
	if (args->org_count > SK_DOCUMENT_LIST_MAX || args->addressee_count > SK_DOCUMENT_LIST_MAX)
		return wrong(fault, "--org and --addressee: more than 32");
	for (size_t i = 0; i < args->org_count; i++)
		SK_TRY(put(d->orgs[d->org_count++], sizeof d->orgs[0], args->orgs[i], "--org", fault));
	for (size_t i = 0; i < args->addressee_count; i++)
		SK_TRY(put_addressee(args->addressees[i], &d->addressees[d->addressee_count++], fault));
	return SK_OK;
}

/* The words of a notice, each text out of a file. */
static enum sk_err put_notice(const struct sk_order_args *args, struct sk_order_notice *n, struct sk_fault *fault)
{
	if (args->about_count > SK_DOCUMENT_LIST_MAX)
		return wrong(fault, "--about: more than 32");
	for (size_t i = 0; i < args->about_count; i++)
		SK_TRY(put(n->about[n->about_count++], sizeof n->about[0], args->abouts[i], "--about", fault));
	for (unsigned i = 0; i < 2; i++) {
		struct sk_buf text;
		SK_TRY(put(n->title[i], sizeof n->title[i], args->title[i], i == 0 ? "--title-en" : "--title-ja", fault));
		if (args->text_file[i] == NULL)
			continue;
		sk_buf_init(&text, SK_NOTICE_TEXT_BYTES);
		enum sk_err err = sk_file_read(args->text_file[i], &text, fault);
		if (err == SK_OK)
			err = put(n->text[i], sizeof n->text[i], sk_buf_text(&text), i == 0 ? "--text-en" : "--text-ja", fault);
		sk_buf_fini(&text);
		SK_TRY(err);
	}
	return SK_OK;
}

/* ---- reach ---- */

static enum sk_err read_text(const char *path, struct sk_buf *out, struct sk_fault *fault)
{
	sk_buf_init(out, SK_BLAST_FILE_MAX);
	return sk_file_read(path, out, fault);
}

static enum sk_err check_allowed(const struct sk_order_desk *desk, const struct sk_order *order, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	const char *name = desk->args->allow != NULL ? desk->args->allow : sk_centre_path(&desk->centre, "allow.txt", path);
	struct sk_buf text;
	if (desk->args->allow == NULL && !sk_file_exists(name))
		return SK_OK;
	enum sk_err err = read_text(name, &text, fault);
	if (err == SK_OK)
		err = sk_blast_allowed(sk_buf_text(&text), text.length, name, order, fault);
	sk_buf_fini(&text);
	return err;
}

static void ignore_note(void *context, const char *file, uint64_t line, const char *value, enum sk_indicator_reason reason, const char *detail)
{
	(void)context;
	(void)file;
	(void)line;
	(void)value;
	(void)reason;
	(void)detail;
}

/* Popular names and addresses: they are not refused, but whoever approves reads of it. */
static enum sk_err ask_popular(const struct sk_order_args *args, const struct sk_order *order, struct sk_order_blast *out, struct sk_fault *fault)
{
	const struct sk_indicator_options options = {.max_entries = 1};
	struct sk_indicator_builder *builder = NULL;
	if (args->popular_count == 0)
		return SK_OK;
	enum sk_err err = sk_indicator_builder_new(&options, ignore_note, NULL, &builder);
	for (size_t i = 0; i < args->popular_count && err == SK_OK; i++)
		err = sk_indicator_add_warning_list(builder, args->populars[i], fault);
	for (size_t i = 0; i < order->target_count && err == SK_OK; i++) {
		char value[SK_ORDER_TARGET_MAX];
		(void)snprintf(value, sizeof value, "%s", strncmp(order->targets[i], "*.", 2) == 0 ? order->targets[i] + 2 : order->targets[i]);
		struct sk_prefix prefix;
		if (sk_prefix_parse(value, &prefix) == SK_OK)
			(void)sk_addr_format(&prefix.addr, value);
		const char *list = sk_indicator_warned(builder, value);
		size_t used = strlen(out->warnings);
		if (list != NULL && used + strlen(value) + strlen(list) + 8 < sizeof out->warnings)
			(void)snprintf(out->warnings + used, sizeof out->warnings - used, "%s%s (%s)", used != 0 ? "; " : "", value, list);
	}
	sk_indicator_builder_free(builder);
	return err;
}

struct asked {
	const struct sk_access *access;
	struct sk_verify_key key;
	int64_t since_ns;
	uint64_t count;
};

static enum sk_err count_asked(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct asked *asked = context;
	struct sk_note note;
	(void)fault;
	bool asks = strcmp(entry->act.event, "propose") == 0 || strcmp(entry->act.event, "edit") == 0;
	if (!asks || entry->act.time_ns < asked->since_ns || sk_note_parse(entry->note, entry->note_length, &note, NULL) != SK_OK)
		return SK_OK;
	asked->count += sk_access_same_person(asked->access, &asked->key, note.signatures[0].name, note.signatures[0].id);
	return SK_OK;
}

/* Each question is recorded (in the act of proposal itself, with what it is for) and there are few an hour, so that nobody maps a network with it. */
//= rule: ORDER-9
static enum sk_err may_ask(struct sk_order_desk *desk, struct sk_fault *fault)
{
	struct asked asked = {.access = desk->access, .since_ns = desk->now_ns - hour_ns};
	SK_TRY(sk_order_actor_key(desk->args, &asked.key, fault));
	SK_TRY(sk_docket_walk(desk->centre.docket, "order", NULL, 0, count_asked, &asked, fault));
	if (asked.count < SK_BLAST_PER_HOUR)
		return SK_OK;
	return sk_fault_set(fault, SK_ERATE, "reach: %s asked %d times in an hour; wait, or propose without --workspace", asked.key.name, SK_BLAST_PER_HOUR);
}

static uint32_t owner_of(const void *context, const struct sk_addr *host)
{
	return sk_places_find(context, host);
}

/* Whose networks are whose: a prefix or a range and a word a line. */
static enum sk_err read_owners(const struct sk_order_desk *desk, struct sk_places **out, struct sk_fault *fault)
{
	const struct sk_order_args *args = desk->args;
	char path[SK_PATH_MAX];
	struct sk_buf text;
	*out = NULL;
	const char *name = args->organisations != NULL ? args->organisations : sk_centre_path(&desk->centre, "organisations.txt", path);
	if (args->organisations == NULL && !sk_file_exists(name))
		return SK_OK;
	sk_buf_init(&text, SK_PLACES_BYTES_MAX);
	enum sk_err err = sk_file_read(name, &text, fault);
	if (err == SK_OK)
		err = sk_places_read(name, text.bytes, text.length, SK_PLACES_ORGANISATIONS, out, fault);
	sk_buf_fini(&text);
	return err;
}

enum sk_err sk_order_desk_blast(struct sk_order_desk *desk, const struct sk_order *order, struct sk_order_blast *out, struct sk_fault *fault)
{
	const struct sk_order_args *args = desk->args;
	struct sk_blast_counts counts = {0};
	int64_t until_ns = desk->now_ns, since_ns = args->since_ns != 0 ? args->since_ns : until_ns - week_ns;
	SK_TRY(check_allowed(desk, order, fault));
	if (args->workspace != NULL) {
		struct sk_workspace workspace;
		struct sk_store *store;
		struct sk_places *places;
		SK_TRY(may_ask(desk, fault));
		SK_TRY(read_owners(desk, &places, fault));
		enum sk_err err = sk_order_store_open(args, &workspace, &store, fault);
		if (err == SK_OK) {
			const struct sk_blast_owners owners = {owner_of, places};
			err = store != NULL ? sk_blast_store(store, order, places != NULL ? &owners : NULL, since_ns, until_ns, &counts, fault) : SK_OK;
			sk_store_close(store);
			sk_workspace_close(&workspace);
		}
		sk_places_free(places);
		SK_TRY(err);
	}
	if (args->counters != NULL) {
		struct sk_buf text;
		enum sk_err err = read_text(args->counters, &text, fault);
		if (err == SK_OK)
			err = sk_blast_volunteered(sk_buf_text(&text), text.length, order, since_ns, until_ns, &counts, fault);
		sk_buf_fini(&text);
		SK_TRY(err);
	}
	sk_blast_tell(&counts, since_ns, until_ns, out);
	if (args->count != NULL)
		SK_TRY(sk_order_counted(args, order, out, fault));
	return ask_popular(args, order, out, fault);
}

/* ---- all of it ---- */

static enum sk_err fill(struct sk_order_desk *desk, const char *id, struct sk_order_document *d, struct sk_fault *fault)
{
	SK_TRY(put(d->order.id, sizeof d->order.id, id, "the order's id", fault));
	SK_TRY(put_measure(desk, d, fault));
	SK_TRY(put_words(desk, d, fault));
	SK_TRY(put_assets(desk->args, d, fault));
	SK_TRY(put_proofs(desk->args, d, fault));
	SK_TRY(put_notice(desk->args, &d->notice, fault));
	return sk_order_desk_blast(desk, &d->order, &d->blast, fault);
}

static enum sk_err with_quorums(struct sk_order_desk *desk, struct sk_order_document *d, const struct sk_verify_key *key, struct sk_buf *body, struct sk_fault *fault)
{
	struct sk_buf quorum, ratify;
	sk_buf_init(&quorum, SK_QUORUM_TEXT_MAX);
	sk_buf_init(&ratify, SK_QUORUM_TEXT_MAX);
	d->order.joint = d->org_count > 1; /* whose level is another */
	enum sk_err err = sk_order_quorum(desk->access, desk->centre.profile, desk->law, sk_order_level(&d->order), desk->now_ns, &quorum, fault);
	if (err == SK_OK && d->order.urgent)
		err = sk_order_quorum(desk->access, desk->centre.profile, desk->law, sk_order_base_level(&d->order), desk->now_ns, &ratify, fault);
	if (err == SK_EPERMIT && ratify.length != 0) {
		(void)fprintf(desk->args->cmd->err, "sekisho: nobody could ratify it (%s); it ends by itself\n", fault->line);
		sk_buf_reset(&ratify);
		err = SK_OK;
	}
	if (err == SK_OK)
		err = sk_order_text_make(d, key, sk_buf_text(&quorum), sk_buf_text(&ratify), body, fault);
	sk_buf_fini(&quorum);
	sk_buf_fini(&ratify);
	return err;
}

enum sk_err sk_order_desk_text(struct sk_order_desk *desk, const char *id, struct sk_buf *body, struct sk_fault *fault)
{
	struct sk_verify_key key;
	SK_TRY(sk_order_actor_key(desk->args, &key, fault));
	struct sk_order_document *d = calloc(1, sizeof *d);
	if (d == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = fill(desk, id, d, fault);
	if (err == SK_OK)
		err = with_quorums(desk, d, &key, body, fault);
	free(d);
	return err;
}
