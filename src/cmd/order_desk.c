/* SPDX-License-Identifier: Apache-2.0 */
/* The centre's desk for orders: registers, acts, and what is owed after each. */
#include "cmd/order.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/signer.h"
#include "text/text.h"

enum { NOTE_MAX = SK_ACT_TEXT_MAX + 65536, KEY_TEXT_MAX = 4096 };

/* Which policy is in force, as the docket says; acts are made under it. */
static enum sk_err find_policy(struct sk_order_desk *desk, struct sk_fault *fault)
{
	const struct sk_bases_options options = {.docket = desk->centre.docket, .access = desk->access, .centre = &desk->centre.public_key, .profile = desk->centre.profile, .law = sk_laws_of,
						 .context = &desk->laws};
	struct sk_policy_state state;
	SK_TRY(sk_policy_fold(&options, &state, fault));
	memset(desk->centre.policy, 0, sizeof desk->centre.policy);
	if (!state.in_force)
		return SK_OK;
	memcpy(desk->centre.policy, state.current, sizeof desk->centre.policy);
	return sk_laws_of(&desk->laws, state.current, &desk->law, fault);
}

enum sk_err sk_order_desk_open(const struct sk_order_args *args, bool write, struct sk_order_desk *out, struct sk_fault *fault)
{
	*out = (struct sk_order_desk){.args = args, .laws = {.centre = &out->centre}};
	SK_TRY(sk_centre_open(args->folder, write, &out->centre, fault));
	enum sk_err err = sk_access_open(out->centre.docket, &out->access, fault);
	if (err == SK_OK)
		err = find_policy(out, fault);
	if (err == SK_OK) {
		out->now_ns = sk_access_now(out->access, args->cmd->clock.unix_ns(args->cmd->clock.context));
		const struct sk_orders_options options = {.docket = out->centre.docket, .access = out->access, .centre = &out->centre.public_key, .profile = out->centre.profile,
							  .law = sk_laws_of, .context = &out->laws};
		err = sk_orders_open(&options, &out->orders, fault);
	}
	if (err != SK_OK) {
		sk_order_desk_close(out);
		return err;
	}
	const char *why;
	uint64_t none = sk_orders_void(out->orders, &why);
	if (none != 0)
		(void)fprintf(args->cmd->err, "sekisho: %" PRIu64 " acts in the docket were not allowed and have no effect; the first: %s\n", none, why);
	return SK_OK;
}

void sk_order_desk_close(struct sk_order_desk *desk)
{
	sk_orders_close(desk->orders);
	sk_laws_free(&desk->laws);
	sk_access_close(desk->access);
	sk_centre_close(&desk->centre);
	desk->orders = NULL;
	desk->access = NULL;
}

enum sk_err sk_order_desk_find(const struct sk_order_desk *desk, const char *id, const struct sk_order_matter **out, struct sk_fault *fault)
{
	*out = sk_orders_find(desk->orders, id);
	return *out != NULL ? SK_OK : sk_fault_set(fault, SK_ENOENT, "order %s: there is none (sekisho order list)", id);
}

enum sk_err sk_order_desk_act(struct sk_order_desk *desk, const char *id, const char *event, const char *body, bool *written, uint64_t *leaf, struct sk_fault *fault)
{
	struct sk_buf note;
	struct sk_act act;
	struct sk_act_facts facts;
	struct sk_receipt receipt;
	SK_TRY(sk_centre_statement(&desk->centre, &desk->args->actor, "order", id, event, body, desk->now_ns, &note, &act, written, fault));
	if (*written)
		return SK_OK;
	enum sk_err err = sk_orders_add(desk->orders, sk_buf_text(&note), note.length, &act, desk->now_ns, &facts, &receipt, fault);
	*leaf = receipt.index;
	sk_buf_fini(&note);
	return err;
}

enum sk_err sk_order_desk_own(struct sk_order_desk *desk, const char *id, enum sk_order_event event, const char *body, struct sk_fault *fault)
{
	struct sk_act act = {.time_ns = desk->now_ns, .body = body, .body_length = strlen(body)};
	struct sk_act_facts facts;
	struct sk_receipt receipt;
	struct sk_buf line, note;
	char state[SK_ACT_WORD_MAX];
	bool found;
	(void)snprintf(act.matter, sizeof act.matter, "order");
	(void)snprintf(act.id, sizeof act.id, "%s", id);
	(void)snprintf(act.event, sizeof act.event, "%s", sk_order_event_name(event));
	memcpy(act.policy, desk->centre.policy, SK_HASH_BYTES);
	SK_TRY(sk_docket_last(desk->centre.docket, "order", id, act.previous, state, &found, fault));
	sk_buf_init(&line, SK_ACT_TEXT_MAX);
	sk_buf_init(&note, NOTE_MAX);
	sk_act_write(&act, &line);
	enum sk_err err = line.failed;
	if (err == SK_OK) {
		sk_note_sign(&note, sk_buf_text(&line), line.length, desk->centre.key);
		err = note.failed;
	}
	if (err != SK_OK)
		(void)sk_fault_set(fault, err, "order %s: %s cannot be written: %s", id, act.event, sk_err_text(err));
	else
		err = sk_orders_add(desk->orders, sk_buf_text(&note), note.length, &act, desk->now_ns, &facts, &receipt, fault);
	sk_buf_fini(&line);
	sk_buf_fini(&note);
	return err;
}

enum sk_err sk_order_actor_key(const struct sk_order_args *args, struct sk_verify_key *out, struct sk_fault *fault)
{
	const char *key = args->actor.key != NULL ? args->actor.key : getenv("SEKISHO_KEY");
	if (args->actor.by != NULL)
		return sk_verify_key_parse(args->actor.by, out) == SK_OK ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "--by: expected a verifier key name+id+base64");
	if (key == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "who acts? --key FILE (or SEKISHO_KEY) names the key; with --to-sign, --by says whose key will sign");
	return sk_signer_public(key, out, fault);
}

/* ---- what the centre owes ---- */

static enum sk_err due_acts(struct sk_order_desk *desk, const struct sk_order_matter *m, struct sk_fault *fault)
{
	enum sk_order_event due;
	while (m->text.document != NULL && (due = sk_order_due(m, desk->now_ns)) != SK_ORDER_EVENT_COUNT) {
		struct sk_buf body;
		sk_buf_init(&body, SK_ACT_BODY_MAX);
		sk_order_why_body(m->text.document->order.digest, "", &body);
		enum sk_err err = sk_order_desk_own(desk, m->id, due, sk_buf_text(&body), fault);
		sk_buf_fini(&body);
		SK_TRY(err);
		(void)fprintf(desk->args->cmd->err, "sekisho: order %s: %s; it is %s now\n", m->id, sk_order_event_name(due), sk_order_state_name(m->state));
	}
	return SK_OK;
}

static enum sk_err out_path(const struct sk_order_desk *desk, const char *kind, const char *id, const char *ending, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	char folder[SK_PATH_MAX], name[2 * SK_HASH_BYTES + 16];
	(void)snprintf(name, sizeof name, "out/%s", kind);
	(void)sk_centre_path(&desk->centre, name, folder);
	(void)snprintf(name, sizeof name, "%s%s", id, ending);
	for (char *at = name; *at != '\0'; at++)
		if (*at == '/')
			*at = '_';
	return sk_file_join(path, SK_PATH_MAX, folder, name) == SK_OK ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "%s: the path is too long", folder);
}

static enum sk_err make_folders(const struct sk_order_desk *desk, struct sk_fault *fault)
{
	static const char *const folders[] = {"out", "out/warrants", "out/documents", "out/oversight", "in"};
	char path[SK_PATH_MAX];
	for (size_t i = 0; i < SK_COUNT(folders); i++)
		if (!sk_file_exists(sk_centre_path(&desk->centre, folders[i], path)))
			SK_TRY(sk_file_make_folder(path, i == 1 || i == 2 ? 0755 : 0700, fault));
	return SK_OK;
}

/* The warrant's digest, as the enforcer names it. */
static enum sk_err warrant_digest(const struct sk_buf *text, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct sk_note *note = malloc(sizeof *note);
	if (note == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_note_parse(sk_buf_text(text), text->length, note, fault);
	if (err == SK_OK)
		sk_sha256(note->body, note->body_length, digest);
	free(note);
	return err;
}

const struct sk_order_matter *sk_order_desk_by_warrant(struct sk_order_desk *desk, const uint8_t digest[SK_HASH_BYTES])
{
	const struct sk_order_matter *m, *found = NULL;
	for (size_t i = 0; found == NULL && (m = sk_orders_at(desk->orders, i)) != NULL; i++) {
		struct sk_fault ignored;
		struct sk_buf warrant;
		uint8_t own[SK_HASH_BYTES];
		if (!sk_order_state_stands(m->state))
			continue;
		sk_buf_init(&warrant, SK_WARRANT_TEXT_MAX);
		if (sk_order_mint(m, desk->centre.key, &warrant, &ignored) == SK_OK && warrant_digest(&warrant, own, &ignored) == SK_OK && memcmp(own, digest, sizeof own) == 0)
			found = m;
		sk_buf_fini(&warrant);
	}
	return found;
}

/* What a notice says stands in the order's document; the enforcer looks it up by its digest (docs/notices.md). */
static enum sk_err write_document(struct sk_order_desk *desk, const struct sk_order_matter *m, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], hex[2 * SK_HASH_BYTES + 1];
	struct sk_buf text;
	if (m->text.document->notice.about_count == 0)
		return SK_OK;
	sk_hex_encode(m->text.document->order.document, SK_HASH_BYTES, hex);
	SK_TRY(out_path(desk, "documents", hex, ".json", path, fault));
	if (sk_file_exists(path))
		return SK_OK;
	sk_buf_init(&text, SK_ACT_BODY_MAX);
	sk_order_document_write(&m->text, &text);
	enum sk_err err = text.failed != SK_OK ? sk_fault_set(fault, text.failed, "%s: %s", path, sk_err_text(text.failed)) : sk_file_replace(path, text.bytes, text.length, 0644, fault);
	sk_buf_fini(&text);
	return err;
}

static enum sk_err write_warrant(struct sk_order_desk *desk, const struct sk_order_matter *m, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], ended[SK_PATH_MAX];
	struct sk_buf warrant, note;
	bool stands = sk_order_state_stands(m->state);
	SK_TRY(out_path(desk, "warrants", m->id, ".warrant", path, fault));
	SK_TRY(out_path(desk, "warrants", m->id, ".end", ended, fault));
	if (sk_file_exists(stands ? path : ended) || (!stands && !sk_file_exists(path)))
		return SK_OK;
	sk_buf_init(&warrant, SK_WARRANT_TEXT_MAX);
	sk_buf_init(&note, 65536);
	enum sk_err err = sk_order_mint(m, desk->centre.key, &warrant, fault);
	if (err == SK_OK && stands) {
		err = write_document(desk, m, fault); /* before the warrant that needs it */
		if (err == SK_OK)
			err = sk_file_replace(path, warrant.bytes, warrant.length, 0644, fault);
	} else if (err == SK_OK) {
		struct sk_end end = {.time_ns = desk->now_ns};
		(void)snprintf(end.id, sizeof end.id, "%s", m->id);
		err = warrant_digest(&warrant, end.warrant, fault);
		sk_end_encode(&end, desk->centre.key, &note);
		if (err == SK_OK)
			err = note.failed;
		if (err == SK_OK)
			err = sk_file_replace(ended, note.bytes, note.length, 0644, fault);
	}
	if (err == SK_OK)
		(void)fprintf(desk->args->cmd->err, "sekisho: order %s: %s %s\n", m->id, stands ? "its warrant is in" : "the enforcer is told to undo it:", stands ? path : ended);
	sk_buf_fini(&warrant);
	sk_buf_fini(&note);
	return err;
}

/* What oversight reads within the hour (LAW.md I3): the act that set it, and the text that it is about. */
static enum sk_err write_urgent(struct sk_order_desk *desk, const struct sk_order_matter *m, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	SK_TRY(out_path(desk, "oversight", m->id, ".urgent", path, fault));
	if (m->urgent_ns == 0 || sk_file_exists(path))
		return SK_OK;
	struct sk_buf out;
	sk_buf_init(&out, NOTE_MAX);
	for (size_t i = 0; i < m->voice_count; i++)
		if (m->voices[i].event == SK_ORDER_EVENT_URGENT)
			sk_buf_add_text(&out, m->voices[i].note);
	sk_buf_add_text(&out, m->text.line);
	enum sk_err err = out.failed != SK_OK ? sk_fault_set(fault, out.failed, "%s: %s", path, sk_err_text(out.failed)) : sk_file_replace(path, out.bytes, out.length, 0600, fault);
	sk_buf_fini(&out);
	return err;
}

enum sk_err sk_order_desk_settle(struct sk_order_desk *desk, struct sk_fault *fault)
{
	const struct sk_order_matter *m;
	SK_TRY(make_folders(desk, fault));
	for (size_t i = 0; (m = sk_orders_at(desk->orders, i)) != NULL; i++) {
		if (m->staged_ns + m->urgent_ns == 0 && !sk_order_allows(m->state, SK_ORDER_EVENT_EXPIRE))
			continue;
		SK_TRY(write_urgent(desk, m, fault));
		SK_TRY(due_acts(desk, m, fault));
		if (m->staged_ns + m->urgent_ns != 0)
			SK_TRY(write_warrant(desk, m, fault));
	}
	return SK_OK;
}
