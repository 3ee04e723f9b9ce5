/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>

#include "cmd/countries.h"
#include "cmd/exports.h"
#include "cmd/link_health.h"
#include "text/json.h"
#include "text/text.h"

enum { TOP_FINDINGS = 5, TOP_COUNTRIES = 8, LINE_COLUMNS = 110, JSON_MAX_BYTES = 64 << 20 };

static uint64_t sum_frames(const struct sk_cell *cells, size_t first, size_t count)
{
	uint64_t sum = 0;
	for (size_t i = first; i < count; i++)
		sum += cells[i].frames;
	return sum;
}

static uint64_t sum_bytes(const struct sk_cell *cells, size_t first, size_t count)
{
	uint64_t sum = 0;
	for (size_t i = first; i < count; i++)
		sum += cells[i].bytes;
	return sum;
}

const char *sk_summary_class_words(enum sk_class class_)
{
	static const char *const words[SK_CLASS_COUNT] = {"foreign to foreign (transit)", "foreign to domestic (inbound)", "domestic to foreign (outbound)",
							  "domestic to domestic", "unknown, treated as domestic"};
	return words[class_];
}

static const char *select_words(int reason)
{
	static const char *const words[SK_SELECT_REASON_COUNT] = {"no selector matched the flow", "the flow was evicted from a full table", "shed under load",
								  "a fragment whose datagram never became whole", "not decodable", "collection was stopped"};
	return words[reason];
}

static double seconds_of(const struct sk_run_result *result)
{
	return result->wall_ns > 0 ? (double)result->wall_ns / 1e9 : 0;
}

/* ---- for a machine ---- */

static void json_terms(struct sk_json_writer *json, const char *key, const struct sk_engine_totals *totals, bool bytes)
{
	uint64_t (*sum)(const struct sk_cell *, size_t, size_t) = bytes ? sum_bytes : sum_frames;
	sk_json_object(json, key);
	sk_json_u64(json, "received", sum(&totals->received, 0, 1));
	sk_json_u64(json, "gate_erased", sum(totals->gate, 1, SK_GATE_REASON_COUNT));
	sk_json_u64(json, "select_erased", sum(totals->select, 0, SK_SELECT_REASON_COUNT));
	sk_json_u64(json, "selected", sum(&totals->selected, 0, 1));
	sk_json_u64(json, "capture_lost", sum(&totals->capture_lost, 0, 1));
	sk_json_u64(json, "pending", bytes ? totals->pending_bytes : totals->pending_frames);
	sk_json_end(json);
}

static void json_erased(struct sk_json_writer *json, const struct sk_engine_totals *totals)
{
	sk_json_object(json, "erased");
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		sk_json_u64(json, sk_gate_reason_name((enum sk_gate_reason)reason), totals->gate[reason].frames);
	for (int reason = 0; reason < SK_SELECT_REASON_COUNT; reason++)
		sk_json_u64(json, sk_select_reason_name((enum sk_select_reason)reason), totals->select[reason].frames);
	sk_json_end(json);
}

static void json_lost(struct sk_json_writer *json, const struct sk_engine_totals *totals)
{
	sk_json_object(json, "lost");
	for (size_t i = 0; i < totals->lost_count; i++)
		if (totals->lost[i].frames != 0)
			sk_json_u64(json, totals->lost[i].name, totals->lost[i].frames);
	sk_json_end(json);
	sk_json_object(json, "shed");
	sk_json_u64(json, "heads", totals->heads_shed);
	sk_json_u64(json, "facts", totals->facts_shed);
	sk_json_u64(json, "flows", totals->flows_shed);
	sk_json_u64(json, "spool_full", totals->spool_full);
	sk_json_u64(json, "events_lost", totals->events_lost);
	sk_json_end(json);
}

static void json_flows(struct sk_json_writer *json, const struct sk_engine_totals *totals)
{
	sk_json_object(json, "flows");
	sk_json_u64(json, "total", totals->flow.flows);
	for (int class_ = SK_CLASS_FF; class_ <= SK_CLASS_DF; class_++)
		sk_json_u64(json, sk_class_name((enum sk_class)class_), totals->flow.flows_by_class[class_]);
	sk_json_u64(json, "segments", totals->flow.created);
	sk_json_u64(json, "ended", totals->flow.ended);
	sk_json_u64(json, "evicted", totals->flow.evicted);
	sk_json_u64(json, "live", totals->flow.live);
	sk_json_end(json);
}

static const char *protocol_name(int protocol)
{
	switch (protocol) {
	case 1: return "icmp";
	case 6: return "tcp";
	case 17: return "udp";
	case 47: return "gre";
	case 50: return "esp";
	case 51: return "ah";
	case 58: return "icmp6";
	case 132: return "sctp";
	default: return NULL;
	}
}

static void json_protocols(struct sk_json_writer *json, const struct sk_engine_totals *totals)
{
	char name[16];
	sk_json_object(json, "protocols");
	for (int protocol = 0; protocol < SK_ENGINE_PROTOCOLS; protocol++) {
		const char *known = protocol_name(protocol);
		(void)snprintf(name, sizeof name, "ip%d", protocol);
		if (totals->protocols[protocol] != 0)
			sk_json_u64(json, known != NULL ? known : name, totals->protocols[protocol]);
	}
	for (int app = 1; app < SK_APP_COUNT; app++)
		if (totals->apps[app] != 0)
			sk_json_u64(json, sk_app_name((unsigned)app), totals->apps[app]);
	sk_json_end(json);
}

static void json_finding(struct sk_json_writer *json, const struct sk_finding *finding)
{
	static const char *const severities[] = {"", "low", "medium", "high"};
	char text[SK_ADDR_TEXT_MAX], when[SK_TIME_TEXT_MAX];
	sk_json_object(json, NULL);
	sk_json_hex(json, "id", finding->id, sizeof finding->id);
	sk_json_text(json, "kind", finding->kind);
	sk_json_text(json, "severity", severities[finding->severity <= 3 ? finding->severity : 0]);
	sk_json_u64(json, "confidence_percent", finding->confidence_percent);
	sk_json_text(json, "class", sk_finding_class_name(finding));
	sk_json_text(json, "matched", finding->matched);
	sk_json_text(json, "origin", finding->origin);
	sk_json_text(json, "subject", sk_addr_format(&finding->subject, text));
	sk_json_text(json, "counterpart", sk_addr_format(&finding->counterpart, text));
	sk_json_text(json, "first", sk_time_format(finding->first_ns, 6, when));
	sk_json_text(json, "last", sk_time_format(finding->last_ns, 6, when));
	sk_json_u64(json, "count", finding->count);
	sk_words_json(json, "sentence", &finding->sentence, SK_LANG_EN);
	sk_words_json(json, "why", &finding->why, SK_LANG_EN);
	sk_words_json(json, "doubt", &finding->doubt, SK_LANG_EN);
	sk_json_hex(json, "evidence", finding->evidence, sizeof finding->evidence);
	sk_json_end(json);
}

static void json_interfaces(struct sk_json_writer *json, const struct sk_run_result *result)
{
	sk_json_array(json, "interfaces");
	for (unsigned i = 0; i < result->interface_count; i++) {
		sk_json_object(json, NULL);
		sk_json_text(json, "name", result->interface_names[i]);
		sk_json_object(json, "classes");
		for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
			sk_json_u64(json, sk_class_name((enum sk_class)class_), result->totals.interface_classes[i][class_]);
		sk_json_end(json);
		sk_json_object(json, "erased");
		for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
			if (result->totals.interface_erased[i][reason] != 0)
				sk_json_u64(json, sk_gate_reason_name((enum sk_gate_reason)reason), result->totals.interface_erased[i][reason]);
		sk_json_end(json);
		sk_json_end(json);
	}
	sk_json_end(json);
}

static void json_rate(struct sk_json_writer *json, const struct sk_run_result *result)
{
	double seconds = seconds_of(result);
	sk_json_object(json, "rate");
	sk_json_double(json, "seconds", seconds);
	sk_json_double(json, "cpu_seconds", (double)result->cpu_ns / 1e9);
	sk_json_double(json, "start_cpu_seconds", (double)result->start_cpu_ns / 1e9);
	sk_json_double(json, "packets_per_s", seconds > 0 ? (double)result->totals.received.frames / seconds : 0);
	sk_json_double(json, "bits_per_s", seconds > 0 ? (double)result->totals.received.bytes * 8 / seconds : 0);
	sk_json_end(json);
}

static void json_basis(struct sk_json_writer *json, const struct sk_run_result *result)
{
	sk_json_object(json, "basis");
	sk_json_text(json, "id", result->basis.id);
	sk_json_text(json, "kind", result->basis.kind);
	sk_json_text(json, "profile", result->basis.profile);
	sk_json_text(json, "role", result->basis.role);
	sk_json_bool(json, "self_approved", result->basis.self_approved);
	sk_json_bool(json, "simulated", result->basis.simulated);
	sk_json_end(json);
}

void sk_summary_json(struct sk_cmd *cmd, const struct sk_workspace *workspace, const struct sk_run_result *result)
{
	const struct sk_engine_totals *totals = &result->totals;
	struct sk_buf out;
	struct sk_json_writer json;
	sk_buf_init(&out, JSON_MAX_BYTES);
	sk_json_begin(&json, &out, false);
	sk_json_object(&json, NULL);
	sk_json_text(&json, "workspace", workspace->folder);
	json_basis(&json, result);
	json_terms(&json, "account", totals, false);
	json_terms(&json, "account_bytes", totals, true);
	sk_json_object(&json, "classes");
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++) {
		sk_json_object(&json, sk_class_name((enum sk_class)class_));
		sk_json_u64(&json, "packets", totals->classes[class_].frames);
		sk_json_u64(&json, "bytes", totals->classes[class_].bytes);
		sk_json_end(&json);
	}
	sk_json_end(&json);
	if (result->has_countries)
		sk_countries_json(&result->countries, &json);
	json_erased(&json, totals);
	json_lost(&json, totals);
	json_flows(&json, totals);
	sk_json_array(&json, "findings");
	for (size_t i = 0; i < result->finding_count; i++)
		json_finding(&json, &result->findings[i]);
	sk_json_end(&json);
	sk_json_u64(&json, "findings_not_listed", result->findings_not_kept);
	sk_json_u64(&json, "findings_muted", result->muted_count);
	json_protocols(&json, totals);
	json_interfaces(&json, result);
	if (result->live.used)
		sk_live_json(&json, &result->live);
	if (result->has_health)
		sk_link_health_json(&json, &result->health);
	sk_json_object(&json, "beside");
	sk_json_u64(&json, "sliced", result->sliced);
	sk_json_u64(&json, "odd_length", result->odd_length);
	sk_json_u64(&json, "time_backwards", result->time_backwards);
	sk_json_u64(&json, "upstream_lost", result->upstream_lost + result->exports.listener.kernel_dropped);
	sk_json_u64(&json, "heads_shed", totals->flow.heads_shed);
	sk_json_u64(&json, "facts_shed", totals->flow.facts_shed);
	sk_json_u64(&json, "lost_in_crash", result->frames_lost_in_crash);
	sk_json_end(&json);
	sk_json_object(&json, "ledger");
	sk_json_u64(&json, "size", result->ledger_size);
	sk_json_hex(&json, "root", result->ledger_root, sizeof result->ledger_root);
	sk_json_text(&json, "origin", result->origin);
	sk_json_u64(&json, "intervals", totals->intervals);
	sk_json_end(&json);
	sk_json_object(&json, "workers");
	sk_json_u64(&json, "count", result->workers);
	sk_json_u64(&json, "exchanged", totals->passed.frames);
	sk_json_end(&json);
	sk_exports_json(&json, &result->exports);
	json_rate(&json, result);
	sk_json_array(&json, "errors");
	for (size_t i = 0; i < result->error_count; i++)
		sk_json_text(&json, NULL, result->errors[i].line);
	sk_json_end(&json);
	sk_json_end(&json);
	(void)fprintf(cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
}

/* ---- for a person ---- */

static void print_cell(FILE *out, const char *name, const struct sk_cell *cell, const char *words)
{
	char frames[SK_UNIT_TEXT_MAX], bytes[SK_UNIT_TEXT_MAX];
	(void)fprintf(out, "  %-20s %14s frames %12s   %s\n", name, sk_number_format(cell->frames, frames), sk_bytes_format(cell->bytes, bytes), words);
}

static void print_classes(FILE *out, const struct sk_engine_totals *totals)
{
	(void)fprintf(out, "\nWhat crossed (by the outermost address pair of each frame)\n");
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if (totals->classes[class_].frames != 0)
			print_cell(out, sk_class_name((enum sk_class)class_), &totals->classes[class_], sk_summary_class_words((enum sk_class)class_));
}

static void print_tally(FILE *out, const char *name, const struct sk_tally *tally, const char *words)
{
	const struct sk_cell cell = {.frames = tally->frames, .bytes = tally->bytes};
	if (cell.frames != 0)
		print_cell(out, name, &cell, words);
}

static void print_countries(FILE *out, const struct sk_run_result *result)
{
	const struct sk_countries_record *countries = &result->countries;
	struct sk_countries cells = countries->cells;
	char words[80], hosts[SK_UNIT_TEXT_MAX];
	if (!result->has_countries)
		return;
	(void)fprintf(out, "\nCounterparts by country (of what was admitted, by the end abroad)\n");
	sk_countries_sort(&cells);
	for (size_t i = 0; i < cells.count && i < TOP_COUNTRIES; i++) {
		const struct sk_country_cell *cell = &cells.cell[i];
		(void)snprintf(words, sizeof words, "about %s hosts%s", sk_number_format(cell->hosts, hosts), result->totals.intervals > 1 ? " in an interval" : "");
		print_tally(out, cell->code, &(struct sk_tally){cell->frames, cell->bytes}, words);
	}
	if (cells.count > TOP_COUNTRIES)
		(void)fprintf(out, "  and %zu more: --json\n", cells.count - TOP_COUNTRIES);
	print_tally(out, "few", &countries->few, "countries of too few hosts to be named");
	print_tally(out, "none", &countries->unnamed, "in no country that the border table names");
}

static void print_erased(FILE *out, const struct sk_engine_totals *totals)
{
	(void)fprintf(out, "\nErased at the gate, unread\n");
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		if (totals->gate[reason].frames != 0)
			print_cell(out, sk_gate_reason_name((enum sk_gate_reason)reason), &totals->gate[reason], sk_gate_reason_prose((enum sk_gate_reason)reason));
	if (sum_frames(totals->gate, 1, SK_GATE_REASON_COUNT) == 0)
		(void)fprintf(out, "  nothing\n");
	(void)fprintf(out, "\nErased after judgement\n");
	for (int reason = 0; reason < SK_SELECT_REASON_COUNT; reason++)
		if (totals->select[reason].frames != 0)
			print_cell(out, sk_select_reason_name((enum sk_select_reason)reason), &totals->select[reason], select_words(reason));
	if (sum_frames(totals->select, 0, SK_SELECT_REASON_COUNT) == 0)
		(void)fprintf(out, "  nothing\n");
}

/* Where frames were lost that nobody judged, and what load cost those that were. */
static void print_lost(FILE *out, const struct sk_engine_totals *totals)
{
	if (totals->capture_lost.frames != 0)
		(void)fprintf(out, "\nLost, judged by nobody\n");
	for (size_t i = 0; i < totals->lost_count; i++)
		if (totals->lost[i].frames != 0)
			print_cell(out, totals->lost[i].name, &totals->lost[i], "");
	if (totals->events_lost != 0)
		(void)fprintf(out, "\nThe detectors missed %" PRIu64 " events for want of room: what they count is too low\n", totals->events_lost);
	if ((totals->heads_shed | totals->facts_shed | totals->flows_shed | totals->spool_full) == 0)
		return;
	(void)fprintf(out, "\nLeft out under load: heads of %" PRIu64 " packets, selectors of %" PRIu64 " segments, %" PRIu64 " frames of new flows, %" PRIu64 " observations\n",
		      totals->heads_shed, totals->facts_shed, totals->flows_shed, totals->spool_full);
}

static void print_equation(FILE *out, const struct sk_engine_totals *totals)
{
	char number[5][SK_UNIT_TEXT_MAX];
	uint64_t gate = sum_frames(totals->gate, 1, SK_GATE_REASON_COUNT), select = sum_frames(totals->select, 0, SK_SELECT_REASON_COUNT);
	bool closes = totals->received.frames == gate + select + totals->selected.frames + totals->capture_lost.frames + totals->pending_frames;
	(void)fprintf(out, "\nThe equation %s\n  received %s = gate erased %s + select erased %s + selected %s + lost %" PRIu64 " + pending %" PRIu64 "   (%" PRIu64 " interval%s)\n",
		      closes ? "closes" : "DOES NOT CLOSE", sk_number_format(totals->received.frames, number[0]), sk_number_format(gate, number[1]),
		      sk_number_format(select, number[2]), sk_number_format(totals->selected.frames, number[3]), totals->capture_lost.frames,
		      totals->pending_frames, totals->intervals, totals->intervals == 1 ? "" : "s");
}

/* Print text wrapped at LINE_COLUMNS, later lines indented. */
static void print_wrapped(FILE *out, const char *text, unsigned indent)
{
	unsigned column = indent;
	while (*text != '\0') {
		size_t word = strcspn(text, " ");
		bool first = column == indent;
		if (!first && column + 1 + word > LINE_COLUMNS) {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		(void)fprintf(out, "%s%.*s", first ? "" : " ", (int)word, text);
		column += (unsigned)word + !first;
		text += word + (text[word] == ' ');
	}
	(void)fputc('\n', out);
}

static int by_weight(const void *left, const void *right)
{
	const struct sk_finding *a = *(const struct sk_finding *const *)left, *b = *(const struct sk_finding *const *)right;
	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	return a->count == b->count ? 0 : a->count > b->count ? -1 : 1;
}

/* Why nothing matched, in the order in which a person would look. */
static void print_no_findings(FILE *out, const struct sk_run_result *result)
{
	const struct sk_engine_totals *totals = &result->totals;
	char number[SK_UNIT_TEXT_MAX];
	bool lists = result->has_set && (result->set.kinds & ~(uint32_t)SK_SELECTOR_FLOW_ALL) != 0;
	const struct sk_export_totals *exports = &result->exports.totals;
	uint64_t admitted = totals->received.frames - sum_frames(totals->gate, 1, SK_GATE_REASON_COUNT) + exports->selected + exports->select[SK_EXPORT_NO_HIT];
	(void)fprintf(out, "\nFindings: none\n  ");
	if (totals->received.frames == 0 && exports->received == 0)
		(void)fprintf(out, "There were no frames to look at.\n");
	else if (admitted == 0)
		(void)fprintf(out, "Everything was erased at the gate: nothing in this input crosses the border as the basis covers it. Is it the right border table?\n");
	else if (!lists)
		(void)fprintf(out, "No list of indicators is loaded, so nothing could match: sekisho selectors import --workspace DIR LIST...\n");
	else
		(void)fprintf(out, "%s selectors were compared with every admitted flow, and none of them was there.\n", sk_number_format(result->set.entries, number));
}

static void print_muted(FILE *out, const struct sk_run_result *result)
{
	if (result->muted_count != 0)
		(void)fprintf(out, "  %zu finding%s muted (sekisho mute list), stored and counted all the same; --muted shows them\n", result->muted_count,
			      result->muted_count == 1 ? " is" : "s are");
}

static void print_findings(FILE *out, const struct sk_run_result *result)
{
	char text[SK_WORDS_TEXT_MAX];
	static const char *const severities[] = {"-", "low", "medium", "HIGH"};
	const struct sk_finding *order[SK_RUN_FINDINGS_MAX];
	if (result->finding_count == 0) {
		if (result->findings_not_kept != 0)
			(void)fprintf(out, "\nFindings: there are, and this workspace belongs to a centre: sekisho findings --purpose damage_prevention --key FILE shows them\n");
		else if (result->muted_count == 0)
			print_no_findings(out, result);
		else
			(void)fprintf(out, "\nFindings: none that is not muted\n");
		print_muted(out, result);
		return;
	}
	for (size_t i = 0; i < result->finding_count; i++)
		order[i] = &result->findings[i];
	qsort(order, result->finding_count, sizeof order[0], by_weight);
	(void)fprintf(out, "\nFindings: %zu%s\n", result->finding_count, result->findings_not_kept != 0 ? " and more, see sekisho findings" : "");
	for (size_t i = 0; i < result->finding_count && i < TOP_FINDINGS; i++) {
		(void)fprintf(out, "  %-7s", severities[order[i]->severity <= 3 ? order[i]->severity : 0]);
		print_wrapped(out, sk_words_text(&order[i]->sentence, SK_LANG_EN, text), 9);
		if (order[i]->count > 1)
			(void)fprintf(out, "         and %" PRIu64 " more flow%s of the same kind\n", order[i]->count - 1, order[i]->count == 2 ? "" : "s");
	}
	if (result->finding_count > TOP_FINDINGS)
		(void)fprintf(out, "  ... %zu more: sekisho findings --workspace DIR\n", result->finding_count - TOP_FINDINGS);
	print_muted(out, result);
}

static void print_beside(FILE *out, const struct sk_run_result *result)
{
	char number[SK_UNIT_TEXT_MAX];
	if (result->upstream_lost != 0)
		(void)fprintf(out, "Beside it: %s reports %s frames lost before %s.\n", result->live.used ? "the interface" : "the capture itself",
			      sk_number_format(result->upstream_lost, number), result->live.used ? "they came to the gate" : "it was written");
	if (result->sliced != 0)
		(void)fprintf(out, "Beside it: %s frame%s sliced by the capture; heads beyond the cut were not seen.\n", sk_number_format(result->sliced, number),
			      result->sliced == 1 ? " was" : "s were");
	if (result->totals.flow.heads_shed != 0)
		(void)fprintf(out, "Beside it: %s heads or fingerprints were left out, as more came at once than is read; flows and addresses are whole.\n",
			      sk_number_format(result->totals.flow.heads_shed, number));
	if (result->totals.flow.facts_shed != 0)
		(void)fprintf(out, "Beside it: %s flow%s with a hit closed early, for want of room.\n", sk_number_format(result->totals.flow.facts_shed, number),
			      result->totals.flow.facts_shed == 1 ? " was" : "s were");
	if (result->recovered)
		(void)fprintf(out, "Before it: an earlier run died; %s frames that were pending then are stated as lost in the ledger.\n",
			      sk_number_format(result->frames_lost_in_crash, number));
}

void sk_summary_print(struct sk_cmd *cmd, const struct sk_workspace *workspace, const struct sk_run_options *options, const struct sk_run_result *result)
{
	FILE *out = cmd->out;
	const struct sk_engine_totals *totals = &result->totals;
	char first[SK_TIME_TEXT_MAX], last[SK_TIME_TEXT_MAX], text[SK_UNIT_TEXT_MAX], more[SK_UNIT_TEXT_MAX], root[2 * SK_HASH_BYTES + 1];
	size_t places = options->exports.listen_count;
	if (result->live.used)
		(void)fprintf(out, "Sekisho watched %s: ", result->live.facts.interface);
	else
		(void)fprintf(out, "Sekisho %s %zu %s%s: ", places != 0 ? "listened at" : "watched", places != 0 ? places : options->capture_count,
			      places != 0 ? "place" : options->exports.read ? "input" : "capture", (places != 0 ? places : options->capture_count) == 1 ? "" : "s");
	(void)fprintf(out, "%s frames, %s on the wire", sk_number_format(totals->received.frames, text), sk_bytes_format(totals->received.bytes, more));
	if (totals->received.frames != 0)
		(void)fprintf(out, ",\n%s to %s", sk_time_format(totals->first_ns, 0, first), sk_time_format(totals->last_ns, 0, last));
	(void)fprintf(out, "\nunder basis %s (%s%s%s)\n", result->basis.id, result->basis.kind, result->basis.self_approved ? ", self-approved" : "",
		      result->basis.simulated ? ", simulated: nothing here is evidence" : "");
	print_classes(out, totals);
	print_countries(out, result);
	print_erased(out, totals);
	print_lost(out, totals);
	print_equation(out, totals);
	print_beside(out, result);
	sk_exports_print(out, &result->exports);
	(void)fprintf(out, "\nFlows: %s (inbound %" PRIu64 ", outbound %" PRIu64 ", transit %" PRIu64 "), observations stored: %" PRIu64 "\n", sk_number_format(totals->flow.flows, text),
		      totals->flow.flows_by_class[SK_CLASS_FD], totals->flow.flows_by_class[SK_CLASS_DF], totals->flow.flows_by_class[SK_CLASS_FF], totals->observations);
	print_findings(out, result);
	if (result->live.used)
		sk_live_print(out, &result->live);
	if (result->has_health)
		sk_link_health_print(out, result->live.used ? result->live.link : "file", &result->health);
	sk_hex_encode(result->ledger_root, sizeof result->ledger_root, root);
	(void)fprintf(out, "\nStored     %s/store (sealed; sekisho findings, observations, flows, lookup)\nLedger     %s records, root %.16s..., origin %s\n           check it: sekisho-verify %s/ledger\n",
		      workspace->folder, sk_number_format(result->ledger_size, text), root, result->origin, workspace->folder);
	double seconds = seconds_of(result);
	if (seconds > 0)
		(void)fprintf(out, "Time       %s, %s, %s\n", sk_duration_format(result->wall_ns, first), sk_rate_format((double)totals->received.frames / seconds, "frames/s", text),
			      sk_rate_format((double)totals->received.bytes * 8 / seconds, "bit/s", more));
}
