/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "text/json.h"
#include "text/text.h"
#include "verify.h"

enum { JSON_MAX = 65536 };

static void tally_line(const char *name, const struct sk_tally *tally)
{
	char frames[SK_UNIT_TEXT_MAX], bytes[SK_UNIT_TEXT_MAX];
	(void)printf("  %-28s %20s frames %26s bytes\n", name, sk_number_format(tally->frames, frames), sk_number_format(tally->bytes, bytes));
}

static void print_equation(const struct sk_check_totals *t)
{
	(void)printf("\nWhat became of every frame (all links, all intervals):\n");
	tally_line("received", &t->received);
	tally_line("= erased by the gate", &t->gate_erased);
	tally_line("+ erased after admission", &t->select_erased);
	tally_line("+ selected (kept)", &t->selected);
	tally_line("+ lost by capture", &t->capture_lost);
	tally_line("+ fate still open", &t->pending);
	tally_line("+ held back as too few", &t->carried);
	tally_line("+ lost in a crash", &t->lost);
	if (t->events_lost != 0) {
		char text[SK_UNIT_TEXT_MAX];
		(void)printf("Beside them %s events of detectors were lost: what they would have counted is not known.\n", sk_number_format(t->events_lost, text));
	}
	(void)printf("\nBy border class (F foreign, D domestic; source, then destination):\n");
	for (size_t i = 0; i < SK_CLASS_COUNT; i++)
		tally_line(sk_class_name((enum sk_class)i), &t->classes[i]);
	tally_line("held back as too few", &t->classes_carried);
}

static void count_line(const char *name, uint64_t count)
{
	char text[SK_UNIT_TEXT_MAX];
	(void)printf("  %-28s %20s records\n", name, sk_number_format(count, text));
}

static void print_exports(const struct sk_check_totals *t)
{
	(void)printf("\nWhat became of every record of a flow export (beside the frames):\n");
	count_line("received", t->exports.received.frames);
	count_line("= erased by the gate", t->exports.gate_erased.frames);
	count_line("+ erased after admission", t->exports.select_erased.frames);
	count_line("+ selected (kept)", t->exports.selected.frames);
	count_line("+ not readable", t->exports.malformed.frames);
	count_line("+ held back as too few", t->exports.carried.frames);
}

static uint64_t found_of(const struct sk_drill_record *drill)
{
	uint64_t found = 0;
	const uint64_t parts[] = {drill->found_files, drill->found_memory, drill->found_rows};
	for (size_t i = 0; i < SK_COUNT(parts); i++)
		if (__builtin_add_overflow(found, parts[i], &found))
			return UINT64_MAX;
	return found;
}

static void print_drill(const struct sk_verify_result *r)
{
	char from[SK_TIME_TEXT_MAX], to[SK_TIME_TEXT_MAX];
	const struct sk_drill_record *drill = &r->drill;
	(void)printf("  drill      link %s, %s to %s: %s; its counts are those of intervals %" PRIu64 " to %" PRIu64 " of this ledger%s; marks found: %" PRIu64 " (its signer's word)\n", drill->link,
		     sk_time_format(drill->from_ns, 0, from), sk_time_format(drill->to_ns, 0, to), drill->passed ? "PASSED" : "NOT PASSED", drill->first, drill->last,
		     drill->exact ? ", exactly" : ", with other frames besides", found_of(drill));
}

/* What was recomputed of what a centre decided. */
static void print_opened(const struct sk_opened_summary *s)
{
	(void)printf("\nRecomputed from the openings (%" PRIu64 " acts of %" PRIu64 " matters, %" PRIu64 " signatures, %" PRIu64 " accounts of %" PRIu64 " organisations):\n", s->acts, s->matters,
		     s->signatures, s->accounts, s->organisations);
	for (size_t i = 0; i < s->kind_count; i++)
		(void)printf("  %-28s %8" PRIu64 " matters %8" PRIu64 " acts: %s\n", s->kinds[i].name, s->kinds[i].matters, s->kinds[i].acts,
			     s->kinds[i].judged ? "each step follows from the acts before it and from who signed" : "chain, time, commitments and signatures; its steps are not judged here");
	(void)printf("  quorums counted again        %8" PRIu64 "%s\n", s->quorums, s->stricter != 0 ? " (some votes were held open beyond what the law asks: a stricter policy)" : "");
	if (s->receipts != 0)
		(void)printf("  the enforcer's receipts      %8" PRIu64 ", each of the warrant that follows from the approvals\n", s->receipts);
	if (s->receipts_unread != 0)
		(void)printf("  the enforcer's receipts      %8" PRIu64 " NOT READ: name its key (--enforcer)\n", s->receipts_unread);
	if (s->looks != 0)
		(void)printf("  looks by page               %8" PRIu64 ", rows of the centre's book\n", s->looks);
	if (s->certificates != 0)
		(void)printf("  certificates of erasure      %8" PRIu64 ", each of what was to be erased\n", s->certificates);
}

static void print_people(const struct sk_verify_options *options, const struct sk_verify_result *r)
{
	char root[SK_BASE64_32_MAX], number[SK_UNIT_TEXT_MAX], from[SK_TIME_TEXT_MAX], to[SK_TIME_TEXT_MAX];
	const struct sk_check_summary *s = &r->summary;
	if (r->exit_code != SK_VERIFY_OK) {
		(void)printf("%s: %s\n  %s\n", r->exit_code == SK_VERIFY_REFUSED ? "REFUSED" : "NOT VERIFIED", options->folder, r->fault.line);
		return;
	}
	sk_base64_encode(r->checkpoint.root, sizeof r->checkpoint.root, root);
	(void)printf("VERIFIED: %s\n", options->folder);
	(void)printf("  origin     %s\n  records    %s\n  root       %s\n", r->checkpoint.origin, sk_number_format(r->checkpoint.size, number), root);
	(void)printf("  key        %s+%08" PRIx32 " %s\n", r->key.name, r->key.id,
		     options->key != NULL ? "(the one that you gave)"
					  : "(taken from the ledger itself on first use: compare it with one from another source, --key)");
	(void)printf("  profile    %s, role %s%s\n", s->open.profile, s->open.role,
		     s->open.simulated ? ", SIMULATED: this is a laboratory, nothing here is real" : "");
	if (s->any_time)
		(void)printf("  operated   %s to %s (as the operator's clock says)\n", sk_time_format(s->first_ns, 0, from), sk_time_format(s->last_ns, 0, to));
	if (s->any_capture)
		(void)printf("  captured   %s to %s\n", sk_time_format(s->capture_from_ns, 0, from), sk_time_format(s->capture_to_ns, 0, to));
	(void)printf("  runs       %" PRIu64 " (%" PRIu64 " ended by a crash%s), intervals %" PRIu64 ", links %zu\n", s->by_kind[SK_RECORD_RUN_START],
		     s->by_kind[SK_RECORD_RECOVERY], s->run_open ? ", the last one still open" : "", s->by_kind[SK_RECORD_INTERVAL], s->links);
	(void)printf("  under      %" PRIu64 " records of bases, %" PRIu64 " of selector sets, %" PRIu64 " of border tables, %" PRIu64
		     " of policies\n",
		     s->by_kind[SK_RECORD_BASIS], s->by_kind[SK_RECORD_SELECTORS], s->by_kind[SK_RECORD_BORDER], s->by_kind[SK_RECORD_POLICY]);
	if (s->by_kind[SK_RECORD_ACT] != 0)
		(void)printf("  acts       %" PRIu64 ", each going on from the one before it in its matter\n", s->by_kind[SK_RECORD_ACT]);
	if (options->old != NULL)
		(void)printf("  continuity the older checkpoint of %" PRIu64 " records is a prefix of this ledger\n", r->old_size);
	if (options->policy != NULL)
		(void)printf("  witnesses  the policy is met, %zu have signed\n", r->witnesses_signed);
	if (r->any_drill)
		print_drill(r);
	if (r->any_openings)
		print_opened(&r->opened);
	if (s->by_kind[SK_RECORD_INTERVAL] != 0)
		print_equation(&s->totals);
	if (s->any_exports)
		print_exports(&s->totals);
	if (r->any_openings)
		(void)printf("\nProved: each opening is what the ledger commits to; each matter is one chain of signed statements; each signature is by a key that was in force, which earlier acts "
			     "established;\neach step of those kinds is one that its table allows, by somebody who may, and nothing was approved without its quorum.\n");
	(void)printf("\nProved: every record is in its place under the signed root; every sum closes in every interval; each interval follows the "
		     "one before; every\n"
		     "set lies within the rule of its basis and every run within its dates; no more was admitted than arrived in classes that the "
		     "basis covers.\n"
		     "Not proved: that the counters match the wire, that no copy was kept elsewhere, that other links were not tapped%s%s.\n",
		     options->old == NULL ? ", that nobody was shown another\nhistory (keep this checkpoint and give it as --old next time)" : "",
		     options->policy == NULL ? ", that a witness has seen this one (--policy)" : "");
}

static void json_tally(struct sk_json_writer *w, const char *key, const struct sk_tally *tally)
{
	sk_json_object(w, key);
	sk_json_u64(w, "bytes", tally->bytes);
	sk_json_u64(w, "frames", tally->frames);
	sk_json_end(w);
}

static void json_opened(struct sk_json_writer *w, const struct sk_opened_summary *s)
{
	sk_json_object(w, "opened");
	sk_json_u64(w, "acts", s->acts);
	sk_json_u64(w, "matters", s->matters);
	sk_json_u64(w, "signatures", s->signatures);
	sk_json_u64(w, "accounts", s->accounts);
	sk_json_u64(w, "organisations", s->organisations);
	sk_json_u64(w, "quorums", s->quorums);
	sk_json_u64(w, "certificates", s->certificates);
	sk_json_u64(w, "looks", s->looks);
	sk_json_u64(w, "receipts", s->receipts);
	sk_json_u64(w, "receipts_unread", s->receipts_unread);
	sk_json_u64(w, "held_open", s->stricter);
	sk_json_array(w, "kinds");
	for (size_t i = 0; i < s->kind_count; i++) {
		sk_json_object(w, NULL);
		sk_json_text(w, "kind", s->kinds[i].name);
		sk_json_u64(w, "matters", s->kinds[i].matters);
		sk_json_u64(w, "acts", s->kinds[i].acts);
		sk_json_bool(w, "judged", s->kinds[i].judged);
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_end(w);
}

static void json_verified(struct sk_json_writer *w, const struct sk_verify_options *options, const struct sk_verify_result *r)
{
	char root[SK_BASE64_32_MAX], key[SK_VKEY_TEXT_MAX];
	const struct sk_check_totals *t = &r->summary.totals;
	sk_base64_encode(r->checkpoint.root, sizeof r->checkpoint.root, root);
	sk_json_text(w, "origin", r->checkpoint.origin);
	sk_json_u64(w, "size", r->checkpoint.size);
	sk_json_text(w, "root", root);
	sk_json_text(w, "key", sk_verify_key_format(&r->key, key));
	sk_json_bool(w, "key_pinned", options->key != NULL);
	sk_json_text(w, "profile", r->summary.open.profile);
	sk_json_text(w, "role", r->summary.open.role);
	sk_json_bool(w, "simulated", r->summary.open.simulated);
	sk_json_u64(w, "links", r->summary.links);
	sk_json_bool(w, "run_open", r->summary.run_open);
	sk_json_object(w, "records");
	for (int kind = 0; kind < SK_RECORD_CARRY; kind++)
		sk_json_u64(w, sk_record_kind_name((enum sk_record_kind)kind), r->summary.by_kind[kind]);
	sk_json_end(w);
	if (r->any_drill) {
		sk_json_object(w, "drill");
		sk_json_bool(w, "passed", r->drill.passed);
		sk_json_bool(w, "exact", r->drill.exact);
		sk_json_u64(w, "found", found_of(&r->drill));
		sk_json_text(w, "key", r->drill.key);
		sk_json_end(w);
	}
	if (r->any_openings)
		json_opened(w, &r->opened);
	sk_json_object(w, "account");
	json_tally(w, "received", &t->received);
	json_tally(w, "gate_erased", &t->gate_erased);
	json_tally(w, "select_erased", &t->select_erased);
	json_tally(w, "selected", &t->selected);
	json_tally(w, "capture_lost", &t->capture_lost);
	json_tally(w, "pending", &t->pending);
	json_tally(w, "held_back", &t->carried);
	json_tally(w, "lost_in_crash", &t->lost);
	sk_json_end(w);
	sk_json_u64(w, "events_lost", t->events_lost);
	sk_json_object(w, "classes");
	for (size_t i = 0; i < SK_CLASS_COUNT; i++)
		json_tally(w, sk_class_name((enum sk_class)i), &t->classes[i]);
	json_tally(w, "held_back", &t->classes_carried);
	sk_json_end(w);
	if (r->summary.any_exports) {
		sk_json_object(w, "exports");
		sk_json_u64(w, "received", t->exports.received.frames);
		sk_json_u64(w, "gate_erased", t->exports.gate_erased.frames);
		sk_json_u64(w, "select_erased", t->exports.select_erased.frames);
		sk_json_u64(w, "selected", t->exports.selected.frames);
		sk_json_u64(w, "malformed", t->exports.malformed.frames);
		sk_json_u64(w, "held_back", t->exports.carried.frames);
		sk_json_u64(w, "lost_messages", t->exports.lost_messages);
		sk_json_u64(w, "lost_records", t->exports.lost_records);
		sk_json_end(w);
	}
}

static void print_json(const struct sk_verify_options *options, const struct sk_verify_result *r)
{
	struct sk_buf out;
	struct sk_json_writer w;
	sk_buf_init(&out, JSON_MAX);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_bool(&w, "verified", r->exit_code == SK_VERIFY_OK);
	sk_json_i64(&w, "exit", r->exit_code);
	if (r->exit_code == SK_VERIFY_OK)
		json_verified(&w, options, r);
	else
		sk_json_text(&w, "reason", r->fault.line);
	sk_json_end(&w);
	(void)printf("%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
}

void sk_verify_print(const struct sk_verify_options *options, const struct sk_verify_result *result)
{
	if (options->json)
		print_json(options, result);
	else
		print_people(options, result);
}
