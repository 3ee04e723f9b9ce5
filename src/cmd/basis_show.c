/* SPDX-License-Identifier: Apache-2.0 */
/* The bases of a centre, and one of them with everything that was done about it. */
#include <string.h>

#include "cmd/basis.h"
#include "cmd/basis_text.h"
#include "text/json.h"
#include "text/text.h"

enum { OUT_MAX = 1 << 24 };

static void write_matter(struct sk_json_writer *w, const struct sk_basis_matter *matter)
{
	char when[SK_TIME_TEXT_MAX];
	sk_json_text(w, "id", matter->id);
	sk_json_text(w, "stage", sk_stage_name(matter->stage));
	sk_json_text(w, "kind", matter->basis.kind);
	sk_json_text(w, "asker", matter->asker);
	sk_json_text(w, "asker_org", matter->asker_org);
	sk_json_text(w, "partner", matter->partner);
	sk_json_text(w, "from", sk_time_format(matter->basis.from_ns, 0, when));
	sk_json_text(w, "until", sk_time_format(matter->basis.until_ns, 0, when));
	sk_json_u64(w, "extensions", matter->extensions);
	sk_json_bool(w, "collects", sk_stage_collects(matter->stage));
	sk_json_bool(w, "simulated", matter->basis.simulated);
	sk_json_bool(w, "may_provide", matter->may_provide);
	sk_json_hex(w, "text", matter->text, SK_HASH_BYTES);
	sk_json_hex(w, "digest", matter->basis.digest, SK_HASH_BYTES);
	sk_json_array(w, "suspended_by");
	for (unsigned i = 0; i < SK_SUSPENDER_COUNT; i++)
		if ((matter->suspended_by & 1u << i) != 0)
			sk_json_text(w, NULL, sk_suspender_name((enum sk_suspender)(1u << i)));
	sk_json_end(w);
	sk_json_array(w, "votes");
	for (size_t i = 0; i < matter->vote_count; i++) {
		sk_json_object(w, NULL);
		sk_json_text(w, "account", matter->votes[i].account);
		sk_json_text(w, "seat", matter->votes[i].vote.seat == SK_SEAT_CHAIR ? "chair" : matter->votes[i].vote.seat == SK_SEAT_DEPUTY ? "deputy" : "member");
		sk_json_bool(w, "aye", matter->votes[i].vote.aye);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static enum sk_err open_bases(struct sk_cmd *cmd, const struct sk_office_args *args, struct sk_office *office, struct sk_fault *fault)
{
	const char *why;
	SK_TRY(sk_office_open(cmd, args->folder, false, office, fault));
	enum sk_err err = sk_office_bases(office, fault);
	if (err != SK_OK) {
		sk_office_close(office);
		return err;
	}
	uint64_t void_acts = sk_bases_void(office->bases, &why);
	if (void_acts != 0)
		(void)fprintf(cmd->err, "sekisho: %llu act%s in the docket had no effect, for they were not allowed; the first: %s\n", (unsigned long long)void_acts, void_acts == 1 ? "" : "s", why);
	return SK_OK;
}

int sk_basis_list(struct sk_cmd *cmd, const struct sk_office_args *args)
{
	struct sk_office office;
	struct sk_fault fault;
	struct sk_buf out;
	struct sk_json_writer w;
	const struct sk_basis_matter *matter;
	char until[SK_TIME_TEXT_MAX];
	if (open_bases(cmd, args, &office, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	sk_buf_init(&out, OUT_MAX);
	sk_json_begin(&w, &out, false);
	sk_json_array(&w, NULL);
	if (!args->json && sk_bases_at(office.bases, 0) != NULL)
		(void)fprintf(cmd->out, "%-24s %-12s %-11s %-16s %s\n", "ID", "KIND", "STAGE", "ASKED BY", "UNTIL");
	for (size_t i = 0; (matter = sk_bases_at(office.bases, i)) != NULL; i++) {
		if (args->json) {
			sk_json_object(&w, NULL);
			write_matter(&w, matter);
			sk_json_end(&w);
			continue;
		}
		bool late = !sk_stage_over(matter->stage) && office.now_ns >= matter->basis.until_ns;
		(void)fprintf(cmd->out, "%-24s %-12s %-11s %-16s %s%s%s\n", matter->id, matter->basis.kind, sk_stage_name(matter->stage), matter->asker, sk_time_format(matter->basis.until_ns, 0, until),
			      late ? "  over: sekisho basis settle" : "", matter->basis.simulated ? "  SIMULATED" : "");
	}
	sk_json_end(&w);
	if (args->json)
		(void)fprintf(cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
	sk_office_close(&office);
	return 0;
}

struct history {
	FILE *out;
	struct sk_json_writer *w;
	struct sk_office *office;
};

static enum sk_err tell_act(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct history *history = context;
	char when[SK_TIME_TEXT_MAX], hex[2 * SK_HASH_BYTES + 1];
	struct sk_person who;
	struct sk_fault ignored;
	(void)fault;
	const char *account = sk_access_who(history->office->access, entry->note, entry->note_length, entry->act.time_ns, &who, &ignored) == SK_OK ? who.account : "the centre";
	(void)sk_time_format(entry->act.time_ns, history->w != NULL ? 9 : 0, when);
	if (history->w != NULL) {
		sk_json_object(history->w, NULL);
		sk_json_text(history->w, "time", when);
		sk_json_text(history->w, "event", entry->act.event);
		sk_json_text(history->w, "by", account);
		sk_json_text(history->w, "to", entry->to);
		sk_json_u64(history->w, "leaf", entry->leaf);
		sk_json_hex(history->w, "policy", entry->act.policy, SK_HASH_BYTES);
		sk_json_raw(history->w, "said", entry->act.body, entry->act.body_length);
		sk_json_end(history->w);
		return SK_OK;
	}
	sk_hex_encode(entry->act.policy, SK_HASH_BYTES, hex);
	(void)fprintf(history->out, "  %s  %-10s %-16s -> %-11s leaf %llu, policy %.12s\n", when, entry->act.event, account, entry->to, (unsigned long long)entry->leaf, hex);
	return SK_OK;
}

static void print_matter(FILE *out, const struct sk_basis_matter *matter)
{
	char text[2 * SK_HASH_BYTES + 1];
	(void)fprintf(out, "stage      %s: %s\n", sk_stage_name(matter->stage), sk_stage_prose(matter->stage));
	sk_basis_print(out, &matter->basis);
	(void)fprintf(out, "asked by   %s of %s%s%s\n", matter->asker, matter->asker_org, matter->partner[0] != '\0' ? ", of partner " : "", matter->partner);
	if (matter->partner[0] != '\0')
		(void)fprintf(out, "provision  %s\n", matter->may_provide ? "the partner consents" : "not without the partner's consent");
	if (matter->extensions != 0)
		(void)fprintf(out, "extended   %u time%s\n", matter->extensions, matter->extensions == 1 ? "" : "s");
	sk_hex_encode(matter->text, SK_HASH_BYTES, text);
	(void)fprintf(out, "votes over %s:\n", text);
	for (size_t i = 0; i < matter->vote_count; i++)
		(void)fprintf(out, "  %-16s %-7s %s\n", matter->votes[i].account, matter->votes[i].vote.seat == SK_SEAT_CHAIR ? "chair" : matter->votes[i].vote.seat == SK_SEAT_DEPUTY ? "deputy" : "",
			      matter->votes[i].vote.aye ? "for" : "against");
}

int sk_basis_show(struct sk_cmd *cmd, const struct sk_office_args *args, const char *id)
{
	struct sk_office office;
	struct sk_fault fault;
	struct sk_buf out;
	struct sk_json_writer w;
	if (open_bases(cmd, args, &office, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	const struct sk_basis_matter *matter = sk_bases_find(office.bases, id);
	enum sk_err err = matter != NULL ? SK_OK : sk_fault_set(&fault, SK_ENOENT, "basis %s: there is none; sekisho basis list lists them", id);
	struct history history = {.out = cmd->out, .office = &office};
	sk_buf_init(&out, OUT_MAX);
	if (err == SK_OK && args->json) {
		sk_json_begin(&w, &out, false);
		sk_json_object(&w, NULL);
		write_matter(&w, matter);
		sk_json_array(&w, "acts");
		history.w = &w;
	} else if (err == SK_OK) {
		print_matter(cmd->out, matter);
		(void)fprintf(cmd->out, "acts\n");
	}
	if (err == SK_OK)
		err = sk_docket_walk(office.centre.docket, "basis", id, 0, tell_act, &history, &fault);
	if (err == SK_OK && args->json) {
		sk_json_end(&w);
		sk_json_end(&w);
		(void)fprintf(cmd->out, "%s\n", sk_buf_text(&out));
	}
	sk_buf_fini(&out);
	sk_office_close(&office);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
