/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of a hunt, for people and for machines. */
#include <inttypes.h>
#include <string.h>

#include "cmd/hunt.h"
#include "cmd/query.h"
#include "text/text.h"

enum { VALUE_MAX = 320, RECORD_MAX = 1 << 20, REST_MAX = 64 << 20 };

static const char *kind_name(const struct sk_indicator_hit *indicator)
{
	return sk_selector_kind_name((enum sk_selector_kind)indicator->kind);
}

/* Where one of its records is: file and line, or the stored observation. */
static const char *example_text(const struct sk_hunt *hunt, const struct sk_hunt_hit *hit, unsigned which, struct sk_buf *text)
{
	char id[2 * sizeof hit->evidence + 1];
	const struct sk_hunt_place *place = &hit->examples[which];
	sk_buf_reset(text);
	if (hit->has_evidence) {
		sk_hex_encode(hit->evidence, sizeof hit->evidence, id);
		sk_buf_add_text(text, id);
		return sk_buf_text(text);
	}
	sk_buf_add_text(text, hunt->inputs[place->input].path);
	if (place->line != 0)
		sk_buf_addf(text, ":%" PRIu64, place->line);
	return sk_buf_text(text);
}

static const char *outside_text(const struct sk_hunt_hit *hit, char text[SK_ADDR_TEXT_MAX + 16])
{
	char plain[SK_ADDR_TEXT_MAX];
	sk_addr_format(&hit->outside, plain);
	(void)snprintf(text, SK_ADDR_TEXT_MAX + 16, hit->outside_port == 0 ? "%s" : hit->outside.family == 6 ? "[%s]:%u" : "%s:%u", plain, hit->outside_port);
	return text;
}

/* ---- for people ---- */

static const struct sk_column columns[] = {{"HITS", true},     {"FIRST SEEN", false}, {"LAST SEEN", false}, {"CLASS", false}, {"OWN", false},
					   {"OUTSIDE", false}, {"INDICATOR", false},  {"KIND", false},	    {"LIST", false},  {"EXAMPLE", false}};

static void print_hit(struct sk_rows *rows, const struct sk_hunt *hunt, const struct sk_hunt_hit *hit, struct sk_buf *memory)
{
	char text[SK_ADDR_TEXT_MAX + 64], value[VALUE_MAX];
	sk_rows_cell(rows, sk_number_format(hit->count, text));
	sk_rows_cell(rows, hit->has_time ? sk_time_format(hit->first_ns, 0, text) : "-");
	sk_rows_cell(rows, hit->has_time ? sk_time_format(hit->last_ns, 0, text) : "-");
	sk_rows_cell(rows, sk_class_name((enum sk_class)hit->class_));
	sk_rows_cell(rows, sk_addr_format(&hit->own, text));
	sk_rows_cell(rows, outside_text(hit, text));
	sk_rows_cell(rows, sk_indicator_value(hunt->set, hit->indicator.id, value, sizeof value));
	sk_rows_cell(rows, kind_name(&hit->indicator));
	sk_rows_cell(rows, sk_indicator_origin(hunt->set, hit->indicator.id, value, sizeof value));
	sk_rows_cell(rows, example_text(hunt, hit, 0, memory));
}

static void print_hits(const struct sk_hunt *hunt)
{
	struct sk_query query = {.cmd = hunt->cmd, .form = SK_QUERY_TABLE};
	struct sk_rows rows;
	struct sk_buf memory;
	sk_buf_init(&memory, RECORD_MAX);
	sk_rows_begin(&rows, &query, columns, SK_COUNT(columns));
	uint64_t shown = hunt->limit != 0 && hunt->limit < hunt->hits.count ? hunt->limit : hunt->hits.count;
	for (size_t i = 0; i < shown; i++)
		print_hit(&rows, hunt, &hunt->hits.hit[i], &memory);
	sk_rows_end(&rows, "No hit: none of the selectors stands in an admitted record.");
	if (shown < hunt->hits.count)
		(void)fprintf(hunt->cmd->out, "%zu more rows; --limit 0 and --json show all\n", hunt->hits.count - (size_t)shown);
	sk_buf_fini(&memory);
}

static uint64_t erased_sum(const struct sk_hunt_counts *counts)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < SK_GATE_REASON_COUNT; i++)
		sum += counts->erased[i];
	return sum;
}

static void print_counts(FILE *out, const char *title, const struct sk_hunt_counts *counts)
{
	char all[SK_UNIT_TEXT_MAX], admitted[SK_UNIT_TEXT_MAX], erased[SK_UNIT_TEXT_MAX], no_pair[SK_UNIT_TEXT_MAX], malformed[SK_UNIT_TEXT_MAX];
	if (counts->records == 0)
		return;
	(void)fprintf(out, "%-10s %s = %s admitted + %s erased unread + %s without an address pair + %s malformed\n", title, sk_number_format(counts->records, all),
		      sk_number_format(counts->admitted, admitted), sk_number_format(erased_sum(counts), erased), sk_number_format(counts->no_pair, no_pair),
		      sk_number_format(counts->malformed, malformed));
	for (unsigned i = 1; i < SK_GATE_REASON_COUNT; i++)
		if (counts->erased[i] != 0)
			(void)fprintf(out, "  %12s  %s: %s\n", sk_number_format(counts->erased[i], all), sk_gate_reason_name((enum sk_gate_reason)i),
				      sk_gate_reason_prose((enum sk_gate_reason)i));
}

static void print_notes(const struct sk_hunt *hunt)
{
	struct sk_buf text;
	sk_buf_init(&text, RECORD_MAX);
	for (size_t i = 0; i < hunt->note_count; i++) {
		const char *path = hunt->inputs[hunt->notes[i].input].path;
		sk_buf_reset(&text);
		sk_escape_line(&text, path, strlen(path));
		(void)fprintf(hunt->cmd->out, "  malformed   %s:%" PRIu64 ": %s\n", sk_buf_text(&text), hunt->notes[i].line, hunt->notes[i].what);
	}
	if (hunt->lines.malformed > hunt->note_count)
		(void)fprintf(hunt->cmd->out, "  malformed   and %" PRIu64 " more\n", hunt->lines.malformed - hunt->note_count);
	sk_buf_fini(&text);
}

static void print_effort(const struct sk_hunt *hunt)
{
	char bytes[SK_UNIT_TEXT_MAX], took[SK_UNIT_TEXT_MAX], rate[SK_UNIT_TEXT_MAX];
	double seconds = hunt->wall_ns > 0 ? (double)hunt->wall_ns / 1e9 : 1e-9;
	(void)fprintf(hunt->cmd->out, "Read       %zu %s, %s in %s, %s\n", hunt->input_count, hunt->input_count == 1 ? "file" : "files",
		      sk_bytes_format(hunt->read_bytes, bytes), sk_duration_format(hunt->wall_ns, took),
		      sk_rate_format((double)(hunt->lines.records + hunt->frames.records) / seconds, "records/s", rate));
}

static void print_stored(const struct sk_hunt *hunt)
{
	const struct sk_hunt_stored *stored = hunt->stored;
	char observations[SK_UNIT_TEXT_MAX], flows[SK_UNIT_TEXT_MAX], count[SK_UNIT_TEXT_MAX], took[SK_UNIT_TEXT_MAX];
	(void)fprintf(hunt->cmd->out, "Store      %s observations and %s flows; ", sk_number_format(stored->observations, observations), sk_number_format(stored->flows, flows));
	if (stored->by_selector)
		(void)fprintf(hunt->cmd->out, "asked for each of %s selectors", sk_number_format(stored->asked, count));
	else
		(void)fprintf(hunt->cmd->out, "each of %s records was held against the selectors", sk_number_format(stored->read, count));
	(void)fprintf(hunt->cmd->out, ", in %s\n", sk_duration_format(hunt->wall_ns, took));
	if (stored->erased != 0)
		(void)fprintf(hunt->cmd->out, "           %s records lie under days whose keys were destroyed\n", sk_number_format(stored->erased, count));
}

void sk_hunt_print(struct sk_hunt *hunt)
{
	FILE *out = hunt->cmd->out;
	struct sk_indicator_facts facts;
	char number[SK_UNIT_TEXT_MAX];
	print_hits(hunt);
	(void)fputc('\n', out);
	if (hunt->hits.not_listed != 0)
		(void)fprintf(out, "%s more hits are not listed: more than %d different ones; narrow the selectors or the inputs\n",
			      sk_number_format(hunt->hits.not_listed, number), SK_HUNT_HITS_MAX);
	sk_indicator_facts(hunt->set, &facts);
	(void)fprintf(out, "Selectors  %s\n", sk_number_format(facts.entries, number));
	(void)fprintf(out, "Basis      %s%s%s\n", hunt->basis->id, hunt->basis->simulated ? ", a simulation" : "", hunt->basis->self_approved ? ", approved by nobody but yourself" : "");
	if (hunt->stored != NULL) {
		print_stored(hunt);
		return;
	}
	print_effort(hunt);
	print_counts(out, "Records", &hunt->lines);
	print_notes(hunt);
	print_counts(out, "Frames", &hunt->frames);
}

/* ---- for machines ---- */

static void json_hit(struct sk_json_writer *json, const struct sk_hunt *hunt, const struct sk_hunt_hit *hit, struct sk_buf *memory)
{
	char text[SK_ADDR_TEXT_MAX + 16], value[VALUE_MAX];
	sk_json_object(json, NULL);
	sk_json_text(json, "indicator", sk_indicator_value(hunt->set, hit->indicator.id, value, sizeof value));
	sk_json_text(json, "kind", kind_name(&hit->indicator));
	sk_json_text(json, "origin", sk_indicator_origin(hunt->set, hit->indicator.id, value, sizeof value));
	if (sk_indicator_relay(hunt->set, hit->indicator.id) != SK_RELAY_NONE)
		sk_json_text(json, "relay", sk_relay_name(sk_indicator_relay(hunt->set, hit->indicator.id)));
	sk_json_text(json, "class", sk_class_name((enum sk_class)hit->class_));
	sk_json_text(json, "own", sk_addr_format(&hit->own, text));
	sk_json_text(json, "outside", sk_addr_format(&hit->outside, text));
	if (hit->outside_port != 0)
		sk_json_u64(json, "outside_port", hit->outside_port);
	if (hit->field != SK_LOG_NOTHING)
		sk_json_text(json, "field", sk_log_field_name((enum sk_log_field)hit->field));
	sk_json_u64(json, "count", hit->count);
	if (hit->has_time) {
		sk_json_text(json, "first", sk_time_format(hit->first_ns, 6, text));
		sk_json_text(json, "last", sk_time_format(hit->last_ns, 6, text));
	}
	sk_json_array(json, "examples");
	for (unsigned i = 0; i < hit->example_count + hit->has_evidence; i++)
		sk_json_text(json, NULL, example_text(hunt, hit, i, memory));
	sk_json_end(json);
	sk_json_end(json);
}

static void json_counts(struct sk_json_writer *json, const char *key, const struct sk_hunt_counts *counts)
{
	sk_json_object(json, key);
	sk_json_u64(json, "total", counts->records);
	sk_json_u64(json, "admitted", counts->admitted);
	sk_json_object(json, "erased");
	for (unsigned i = 1; i < SK_GATE_REASON_COUNT; i++)
		if (counts->erased[i] != 0)
			sk_json_u64(json, sk_gate_reason_name((enum sk_gate_reason)i), counts->erased[i]);
	sk_json_end(json);
	sk_json_u64(json, "no_pair", counts->no_pair);
	sk_json_u64(json, "malformed", counts->malformed);
	sk_json_object(json, "classes");
	for (unsigned i = 0; i < SK_CLASS_COUNT; i++)
		sk_json_u64(json, sk_class_name((enum sk_class)i), counts->classes[i]);
	sk_json_end(json);
	sk_json_end(json);
}

static void json_files(struct sk_json_writer *json, const struct sk_hunt *hunt)
{
	sk_json_array(json, "files");
	for (size_t i = 0; i < hunt->input_count; i++) {
		const struct sk_hunt_input *input = &hunt->inputs[i];
		sk_json_object(json, NULL);
		sk_json_text(json, "path", input->path);
		if (input->looked)
			sk_json_text(json, "format", sk_log_format_name(input->format));
		if (input->looked && input->format != SK_LOG_CAPTURE)
			json_counts(json, "records", &input->counts);
		sk_json_u64(json, "read_bytes", input->read_bytes);
		if (input->fault.err != SK_OK)
			sk_json_text(json, "error", input->fault.line);
		sk_json_end(json);
	}
	sk_json_end(json);
}

static void json_stored(struct sk_json_writer *json, const struct sk_hunt_stored *stored)
{
	sk_json_object(json, "stored");
	sk_json_u64(json, "observations", stored->observations);
	sk_json_u64(json, "flows", stored->flows);
	sk_json_text(json, "way", stored->by_selector ? "by_selector" : "by_record");
	sk_json_u64(json, "asked", stored->asked);
	sk_json_u64(json, "read", stored->read);
	sk_json_u64(json, "erased", stored->erased);
	sk_json_end(json);
}

static void json_inputs(struct sk_json_writer *json, const struct sk_hunt *hunt)
{
	json_counts(json, "records", &hunt->lines);
	sk_json_u64(json, "records_hit", hunt->lines.hit);
	json_counts(json, "frames", &hunt->frames);
	sk_json_u64(json, "segments", hunt->segments);
	json_files(json, hunt);
	sk_json_array(json, "malformed");
	for (size_t i = 0; i < hunt->note_count; i++) {
		sk_json_object(json, NULL);
		sk_json_text(json, "file", hunt->inputs[hunt->notes[i].input].path);
		sk_json_u64(json, "line", hunt->notes[i].line);
		sk_json_text(json, "what", hunt->notes[i].what);
		sk_json_end(json);
	}
	sk_json_end(json);
}

static void json_rest(struct sk_json_writer *json, const struct sk_hunt *hunt)
{
	struct sk_indicator_facts facts;
	sk_indicator_facts(hunt->set, &facts);
	sk_json_u64(json, "hits_not_listed", hunt->hits.not_listed);
	if (hunt->stored != NULL)
		json_stored(json, hunt->stored);
	else
		json_inputs(json, hunt);
	sk_json_u64(json, "selectors", facts.entries);
	sk_json_hex(json, "selectors_digest", facts.digest, sizeof facts.digest);
	sk_json_text(json, "profile", hunt->basis->profile);
	sk_json_text(json, "basis", hunt->basis->id);
	sk_json_bool(json, "self_approved", hunt->basis->self_approved);
	sk_json_bool(json, "simulated", hunt->basis->simulated);
	sk_json_bool(json, "interrupted", hunt->interrupted);
	sk_json_double(json, "seconds", (double)hunt->wall_ns / 1e9);
}

void sk_hunt_json(struct sk_hunt *hunt)
{
	FILE *out = hunt->cmd->out;
	struct sk_buf text, memory;
	struct sk_json_writer json;
	sk_buf_init(&text, REST_MAX);
	sk_buf_init(&memory, RECORD_MAX);
	(void)fputs("{\"hits\":[", out);
	for (size_t i = 0; i < hunt->hits.count; i++) {
		sk_buf_reset(&text);
		sk_json_begin(&json, &text, false);
		json_hit(&json, hunt, &hunt->hits.hit[i], &memory);
		(void)fprintf(out, "%s\n%s", i != 0 ? "," : "", sk_buf_text(&text));
	}
	/* The rest is an object of its own, without its first brace. */
	sk_buf_reset(&text);
	sk_json_begin(&json, &text, false);
	sk_json_object(&json, NULL);
	json_rest(&json, hunt);
	sk_json_end(&json);
	(void)fprintf(out, "%s],\n%s\n", hunt->hits.count != 0 ? "\n" : "", sk_buf_text(&text) + 1);
	sk_buf_fini(&memory);
	sk_buf_fini(&text);
}
