/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho explain: everything about one finding, in plain sentences: what, why, under what, on which evidence, where the ledger has it, what else it could be. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/evidence_leaf.h"
#include "cmd/find_finding.h"
#include "cmd/mute.h"
#include "cmd/query.h"
#include "text/text.h"

enum { EVIDENCE_MAX = 5, OUT_MAX = 1 << 20 };

struct evidence {
	uint8_t id[16];
	uint64_t interval;
	struct sk_observation observation;
};

struct explanation {
	struct sk_query *query;
	struct sk_finding finding;
	struct sk_basis basis;
	bool has_basis;
	const struct sk_mute *mute;
	int64_t set_ns;                 /* the compiled set's file; 0 = there is none */
	uint64_t observation_count, erased;
	size_t evidence_count;          /* the first of them; [0] is the one that the finding names, when it was found */
	struct evidence evidence[EVIDENCE_MAX];
	bool first_found;
	struct sk_evidence_leaf leaf;
};

/* ---- gathering ---- */

static bool belongs(const struct sk_finding *finding, const struct sk_observation *o)
{
	return sk_addr_equal(&o->initiator, &finding->subject) || sk_addr_equal(&o->responder, &finding->subject);
}

static enum sk_err take_evidence(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation)
{
	struct explanation *e = context;
	bool first = memcmp(id, e->finding.evidence, 16) == 0;
	if (!first && !belongs(&e->finding, observation))
		return SK_OK;
	e->observation_count++;
	size_t at = e->evidence_count;
	if (first) {
		/* The one that the finding names stands first. */
		at = 0;
		memmove(&e->evidence[1], &e->evidence[0], (EVIDENCE_MAX - 1) * sizeof e->evidence[0]);
		e->first_found = true;
	} else if (at == EVIDENCE_MAX) {
		return SK_OK;
	}
	memcpy(e->evidence[at].id, id, 16);
	e->evidence[at].interval = interval;
	e->evidence[at].observation = *observation;
	if (e->evidence_count < EVIDENCE_MAX)
		e->evidence_count++;
	return SK_OK;
}

static enum sk_err gather(struct explanation *e, const char *prefix, const struct sk_mutes *mutes, int64_t now_ns, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct stat info;
	SK_TRY(sk_find_finding(e->query->store, prefix, &e->finding, fault));
	e->has_basis = sk_workspace_basis(&e->query->workspace, 0, &e->basis, NULL) == SK_OK;
	e->mute = sk_mutes_find(mutes, &e->finding, now_ns);
	if (stat(sk_workspace_path(&e->query->workspace, "selectors.set", path), &info) == 0)
		e->set_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
	const struct sk_store_filter filter = {.class_ = -1, .value = e->finding.matched};
	SK_TRY(sk_store_observations(e->query->store, &filter, take_evidence, e, &e->erased, fault));
	/* The leaf of the interval in which the evidence was stored. */
	return e->evidence_count != 0 ? sk_evidence_leaf_find(&e->query->workspace, e->query->store, e->evidence[0].interval, &e->leaf, fault) : SK_OK;
}

/* ---- telling ---- */

static bool is_ja(const struct explanation *e)
{
	return e->query->lang == SK_LANG_JA;
}

static const char *severity_name(uint8_t severity)
{
	static const char *const names[] = {"none", "low", "medium", "high"};
	return severity < SK_COUNT(names) ? names[severity] : "unknown";
}

static const char *severity_word(const struct explanation *e)
{
	static const char *const ja[] = {"なし", "低", "中", "高"};
	return is_ja(e) && e->finding.severity < SK_COUNT(ja) ? ja[e->finding.severity] : severity_name(e->finding.severity);
}

static void print_classes(FILE *out, uint32_t classes)
{
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if ((classes & SK_CLASS_BIT(class_)) != 0)
			(void)fprintf(out, " %s", sk_class_name((enum sk_class)class_));
}

/* What a detector counted, as of one time that it told of it. */
static void print_event(FILE *out, const struct explanation *e, const char *id, const struct sk_observation *o, uint64_t interval)
{
	char first[SK_TIME_TEXT_MAX], last[SK_TIME_TEXT_MAX], contacts[SK_UNIT_TEXT_MAX], peers[SK_UNIT_TEXT_MAX];
	bool half = (o->detector_bits & SK_DETECTOR_BIT_HALF) != 0;
	(void)fprintf(out, is_ja(e) ? "  %s  %s から %s、%s：フロー %s、相手 %s、測定値 %" PRIu64 "、しきい値 %" PRIu64 "%s、区間 %" PRIu64 "\n"
				    : "  %s  %s to %s, %s: %s flows, %s counterparts, measured %" PRIu64 " over %" PRIu64 "%s, interval %" PRIu64 "\n",
		      id, sk_time_format(o->first_ns, 0, first), sk_time_format(o->last_ns, 0, last), o->detector, sk_number_format(o->detector_contacts, contacts),
		      sk_number_format(o->detector_peers, peers), o->detector_value, o->detector_limit, !half ? "" : is_ja(e) ? "、片側のみ" : ", half view", interval);
}

static void print_count(FILE *out, const struct explanation *e)
{
	char number[SK_UNIT_TEXT_MAX];
	bool gone = !e->first_found && e->observation_count != 0;
	(void)sk_number_format(e->observation_count, number);
	if (is_ja(e))
		(void)fprintf(out, "\n証拠\n  このアドレスのこの値の観測 %s 件%s%s\n", number,
			      e->observation_count > EVIDENCE_MAX ? "、最初のもの：" : e->observation_count != 0 ? "：" : "：その日は消去されたか、保存庫が空にされた。",
			      gone ? "（検知のもとになった観測はもうこの中にない）" : "");
	else
		(void)fprintf(out, "\nEvidence\n  %s observation%s of this value at this address%s%s\n", number, e->observation_count == 1 ? "" : "s",
			      e->observation_count > EVIDENCE_MAX ? ", the first of them:" : e->observation_count != 0 ? ":" : ": their days were erased, or the store was emptied.",
			      gone ? " (the one that the finding was made from is not among them any more)" : "");
}

static void print_evidence(FILE *out, const struct explanation *e)
{
	print_count(out, e);
	for (size_t i = 0; i < e->evidence_count; i++) {
		const struct sk_observation *o = &e->evidence[i].observation;
		char id[33], first[SK_TIME_TEXT_MAX], from[SK_ADDR_TEXT_MAX + 16], to[SK_ADDR_TEXT_MAX + 16], proto[8], out_bytes[SK_UNIT_TEXT_MAX], in_bytes[SK_UNIT_TEXT_MAX];
		sk_hex_encode(e->evidence[i].id, 16, id);
		if (o->kind == SK_OBSERVATION_EVENT) {
			print_event(out, e, id, o, e->evidence[i].interval);
			continue;
		}
		(void)fprintf(out, is_ja(e) ? "  %s  %s %s %s -> %s、送信 %s、受信 %s、%s、区間 %" PRIu64 "\n" : "  %s  %s %s %s -> %s, %s out, %s in, %s, interval %" PRIu64 "\n", id,
			      sk_time_format(o->first_ns, 3, first), sk_query_proto(o->ip_proto, proto), sk_query_endpoint(o, false, from), sk_query_endpoint(o, true, to),
			      sk_bytes_format(o->ip_bytes[0], out_bytes), sk_bytes_format(o->ip_bytes[1], in_bytes), sk_observation_state_name(o->state), e->evidence[i].interval);
	}
}

static void print_ledger(FILE *out, const struct explanation *e)
{
	const char *folder = e->query->workspace.folder;
	(void)fprintf(out, "%s", is_ja(e) ? "\n台帳\n" : "\nIn the ledger\n");
	if (!e->leaf.found) {
		(void)fprintf(out, is_ja(e) ? "  証拠の区間は %s/ledger に見つからない。\n" : "  No interval of the evidence was found in %s/ledger.\n", folder);
		return;
	}
	(void)fprintf(out,
		      is_ja(e) ? "  葉 %" PRIu64 "（全 %" PRIu64 "）が、証拠を保存した区間 %" PRIu64 "（リンク %s）である。その保存庫の要約値が観測を縛る。\n"
				 "  当時の根拠は葉 %" PRIu64 "、境界表は葉 %" PRIu64 "、選択子は葉 %" PRIu64 "、方針は葉 %" PRIu64 "、実行は葉 %" PRIu64 "。\n"
				 "  検証：sekisho-verify %s/ledger\n"
			       : "  Leaf %" PRIu64 " of %" PRIu64 " is interval %" PRIu64 " of link %s, in which the evidence was stored; its digest of the store binds the observation.\n"
				 "  It stood under basis leaf %" PRIu64 ", border table leaf %" PRIu64 ", selectors leaf %" PRIu64 ", policy leaf %" PRIu64 ", run leaf %" PRIu64 ".\n"
				 "  Check it: sekisho-verify %s/ledger\n",
		      e->leaf.index, e->leaf.ledger_size, e->leaf.interval.number, e->leaf.interval.link, e->leaf.interval.basis, e->leaf.interval.border, e->leaf.interval.selectors, e->leaf.interval.policy,
		      e->leaf.interval.run, folder);
}

static void print_basis(FILE *out, const struct explanation *e)
{
	char from[SK_TIME_TEXT_MAX], until[SK_TIME_TEXT_MAX];
	const struct sk_basis *b = &e->basis;
	if (!e->has_basis) {
		(void)fprintf(out, "%s", is_ja(e) ? "  この作業場の根拠は今は読めない。当時の根拠は台帳が示す。\n"
						  : "  The workspace's basis cannot be read now; the ledger names the one that was in force.\n");
		return;
	}
	(void)sk_time_format(b->from_ns, 0, from);
	(void)sk_time_format(b->until_ns, 0, until);
	if (is_ja(e))
		(void)fprintf(out, "  根拠 %s（%s、プロファイル %s、役割 %s%s）のもとで収集。%s から %s まで有効で、対象は", b->id, b->kind, b->profile, b->role, b->self_approved ? "、自己承認" : "", from, until);
	else
		(void)fprintf(out, "  Collected under basis %s (%s, profile %s, role %s%s), in force %s to %s, which covers", b->id, b->kind, b->profile, b->role, b->self_approved ? ", self-approved" : "", from,
			      until);
	print_classes(out, b->classes);
	(void)fprintf(out, "%s%s\n", is_ja(e) ? "。" : ".", !b->simulated ? "" : is_ja(e) ? "模擬：ここに証拠となるものはない。" : " Simulated: nothing here is evidence.");
}

static void print_what(FILE *out, const struct explanation *e)
{
	const struct sk_finding *f = &e->finding;
	char id[33], first[SK_TIME_TEXT_MAX], last[SK_TIME_TEXT_MAX], number[SK_UNIT_TEXT_MAX], words[SK_WORDS_TEXT_MAX];
	sk_hex_encode(f->id, sizeof f->id, id);
	(void)fprintf(out, is_ja(e) ? "検知 %s\n%s、重大度 %s、確信度 %u %%、区分 %s\n\n何が起きたか\n  %s\n" : "Finding %s\n%s, %s severity, confidence %u %%, class %s\n\nWhat happened\n  %s\n", id, f->kind,
		      severity_word(e), (unsigned)f->confidence_percent, sk_class_name((enum sk_class)f->class_), sk_words_text(&f->sentence, e->query->lang, words));
	(void)sk_number_format(f->count, number);
	(void)sk_time_format(f->first_ns, 0, first);
	(void)sk_time_format(f->last_ns, 0, last);
	if (is_ja(e))
		(void)fprintf(out, "  %s から %s までに %s 回。\n", first, last, number);
	else
		(void)fprintf(out, "  Seen %s time%s, from %s to %s.\n", number, f->count == 1 ? "" : "s", first, last);
}

static void print_why(FILE *out, const struct explanation *e)
{
	const struct sk_finding *f = &e->finding;
	char set[SK_TIME_TEXT_MAX], words[SK_WORDS_TEXT_MAX];
	const char *origin = f->origin[0] != '\0' ? f->origin : is_ja(e) ? "出所を言わないリスト" : "a list that did not say where";
	(void)fprintf(out, is_ja(e) ? "\nなぜ検知したか\n  %s\n  値 %s、出所 %s。" : "\nWhy it was flagged\n  %s\n  Value %s, from %s.", sk_words_text(&f->why, e->query->lang, words), f->matched, origin);
	if (e->set_ns != 0)
		(void)fprintf(out, is_ja(e) ? "使用中の集合の最後の取り込みは %s。" : " The set in use was last imported at %s.", sk_time_format(e->set_ns, 0, set));
	(void)fprintf(out, "\n");
	if (strcmp(f->kind, "indicator.url") == 0)
		(void)fprintf(out, "%s", is_ja(e) ? "  値はページのホストとパスのハッシュである。記録に残るのはホストのドメインだけで、パスも問い合わせも残らない。\n"
						  : "  The value is a hash of the page's host and path; the record keeps the host's domain, and neither path nor query.\n");
}

static void print_muting(FILE *out, const struct explanation *e)
{
	char id[33], last[SK_TIME_TEXT_MAX];
	sk_hex_encode(e->finding.id, sizeof e->finding.id, id);
	if (e->mute != NULL)
		(void)fprintf(out, is_ja(e) ? "%s まで表示を止めている。理由：%s\n" : "It is muted until %s, because: %s\n", sk_time_format(e->mute->until_ns, 0, last), e->mute->why);
	else
		(void)fprintf(out,
			      is_ja(e) ? "誤検知なら\n  sekisho mute %.8s --for 30d --why REASON --workspace %s   （この検知）\n  sekisho mute %s --for 30d --why REASON --workspace %s   （この値、どこでも）\n"
				       : "If it is a false positive\n  sekisho mute %.8s --for 30d --why REASON --workspace %s   (this finding)\n  sekisho mute %s --for 30d --why REASON --workspace %s   (the value, everywhere)\n",
			      id, e->query->folder, e->finding.matched, e->query->folder);
}

static void print_text(FILE *out, const struct explanation *e)
{
	char words[SK_WORDS_TEXT_MAX];
	print_what(out, e);
	print_why(out, e);
	print_basis(out, e);
	print_evidence(out, e);
	print_ledger(out, e);
	(void)sk_words_text(&e->finding.doubt, e->query->lang, words);
	(void)fprintf(out, is_ja(e) ? "\nほかに考えられること\n  %s\n\n" : "\nWhat else it could be\n  %s\n\n", words[0] != '\0' ? words : is_ja(e) ? "知られているものはない。" : "Nothing is known.");
	print_muting(out, e);
}

static void json_evidence(struct sk_json_writer *json, const struct explanation *e)
{
	sk_json_u64(json, "observations", e->observation_count);
	sk_json_array(json, "evidence");
	for (size_t i = 0; i < e->evidence_count; i++) {
		const struct sk_observation *o = &e->evidence[i].observation;
		char text[SK_ADDR_TEXT_MAX + 16], when[SK_TIME_TEXT_MAX];
		sk_json_object(json, NULL);
		sk_json_hex(json, "id", e->evidence[i].id, 16);
		sk_json_u64(json, "interval", e->evidence[i].interval);
		sk_json_text(json, "first", sk_time_format(o->first_ns, 6, when));
		sk_json_text(json, "last", sk_time_format(o->last_ns, 6, when));
		sk_json_u64(json, "ip_proto", o->ip_proto);
		sk_json_text(json, "initiator", sk_query_endpoint(o, false, text));
		sk_json_text(json, "responder", sk_query_endpoint(o, true, text));
		sk_json_u64(json, "ip_bytes_out", o->ip_bytes[0]);
		sk_json_u64(json, "ip_bytes_in", o->ip_bytes[1]);
		sk_json_text(json, "state", sk_observation_state_name(o->state));
		sk_query_heads(json, o);
		sk_json_end(json);
	}
	sk_json_end(json);
}

static void json_finding(struct sk_json_writer *json, const struct explanation *e)
{
	const struct sk_finding *f = &e->finding;
	char text[SK_TIME_TEXT_MAX + SK_ADDR_TEXT_MAX];
	sk_json_hex(json, "id", f->id, sizeof f->id);
	sk_json_text(json, "kind", f->kind);
	sk_json_text(json, "severity", severity_name(f->severity));
	sk_json_u64(json, "confidence_percent", f->confidence_percent);
	sk_json_text(json, "class", sk_class_name((enum sk_class)f->class_));
	sk_json_u64(json, "count", f->count);
	sk_json_text(json, "first", sk_time_format(f->first_ns, 6, text));
	sk_json_text(json, "last", sk_time_format(f->last_ns, 6, text));
	sk_words_json(json, "sentence", &f->sentence, e->query->lang);
	sk_words_json(json, "why", &f->why, e->query->lang);
	sk_words_json(json, "doubt", &f->doubt, e->query->lang);
	sk_json_text(json, "matched", f->matched);
	sk_json_text(json, "origin", f->origin);
	if (e->set_ns != 0)
		sk_json_text(json, "set_imported", sk_time_format(e->set_ns, 0, text));
	if (f->subject.family != 0)
		sk_json_text(json, "subject", sk_addr_format(&f->subject, text));
	if (f->counterpart.family != 0)
		sk_json_text(json, "counterpart", sk_addr_format(&f->counterpart, text));
}

static void print_json(FILE *out, const struct explanation *e)
{
	struct sk_buf text;
	struct sk_json_writer json;
	char when[SK_TIME_TEXT_MAX];
	sk_buf_init(&text, OUT_MAX);
	sk_json_begin(&json, &text, false);
	sk_json_object(&json, NULL);
	json_finding(&json, e);
	if (e->has_basis) {
		sk_json_object(&json, "basis");
		sk_json_text(&json, "id", e->basis.id);
		sk_json_text(&json, "kind", e->basis.kind);
		sk_json_array(&json, "classes");
		for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
			if ((e->basis.classes & SK_CLASS_BIT(class_)) != 0)
				sk_json_text(&json, NULL, sk_class_name((enum sk_class)class_));
		sk_json_end(&json);
		sk_json_bool(&json, "self_approved", e->basis.self_approved);
		sk_json_bool(&json, "simulated", e->basis.simulated);
		sk_json_end(&json);
	}
	json_evidence(&json, e);
	if (e->leaf.found) {
		sk_json_object(&json, "ledger");
		sk_json_u64(&json, "size", e->leaf.ledger_size);
		sk_json_u64(&json, "leaf", e->leaf.index);
		sk_json_text(&json, "link", e->leaf.interval.link);
		sk_json_u64(&json, "interval", e->leaf.interval.number);
		sk_json_u64(&json, "basis", e->leaf.interval.basis);
		sk_json_u64(&json, "border", e->leaf.interval.border);
		sk_json_u64(&json, "selectors", e->leaf.interval.selectors);
		sk_json_u64(&json, "policy", e->leaf.interval.policy);
		sk_json_u64(&json, "run", e->leaf.interval.run);
		sk_json_end(&json);
	}
	if (e->mute != NULL) {
		sk_json_object(&json, "muted");
		sk_json_hex(&json, "id", e->mute->id, sizeof e->mute->id);
		sk_json_text(&json, "until", sk_time_format(e->mute->until_ns, 0, when));
		sk_json_text(&json, "why", e->mute->why);
		sk_json_end(&json);
	}
	sk_json_end(&json);
	(void)fprintf(out, "%s\n", sk_buf_text(&text));
	sk_buf_fini(&text);
}

int sk_cmd_explain(struct sk_cmd *cmd, int argc, char **argv)
{
	struct sk_query query;
	struct sk_fault fault = {.line = ""};
	struct sk_mutes *mutes = NULL;
	int exit_code;
	if (!sk_query_parse(&query, cmd, argc, argv, &exit_code))
		return exit_code;
	if (query.form == SK_QUERY_CSV || query.muted || query.filter.value != NULL || query.filter.kind != NULL || query.filter.limit != 0 ||
	    query.filter.class_ != -1 || query.filter.since_ns != 0 || query.filter.until_ns != 0)
		return sk_cmd_usage(cmd, argv[0], "takes --workspace, --lang and --json alone");
	if (query.first_argument + 1 != argc)
		return sk_cmd_usage(cmd, argv[0], "one finding's id, or the beginning of one, was expected");
	struct explanation *e = calloc(1, sizeof *e);
	enum sk_err err = e != NULL ? sk_query_open(&query, &fault) : sk_fault_set(&fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK && sk_mutes_load(&query.workspace, &mutes, &fault) != SK_OK)
		(void)sk_cmd_fail(cmd, &fault); /* told, and nothing is muted then */
	if (err == SK_OK) {
		e->query = &query;
		err = gather(e, argv[query.first_argument], mutes, cmd->clock.unix_ns(cmd->clock.context), &fault);
	}
	if (err == SK_OK)
		(query.form == SK_QUERY_JSON ? print_json : print_text)(cmd->out, e);
	free(mutes);
	if (e != NULL)
		sk_wipe(e, sizeof *e);
	free(e);
	sk_query_close(&query);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
