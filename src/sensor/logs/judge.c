/* SPDX-License-Identifier: Apache-2.0 */
/* The order of things: the pair, the gate, and only then the line. */
#include <stdlib.h>

#include "logs/logs_priv.h"

const char *sk_log_field_name(enum sk_log_field field)
{
	static const char *const names[] = {
#define SK_LOG_FIELD(name, text, once) text,
#include "logs/field.def"
#undef SK_LOG_FIELD
	};
	SK_INVARIANT(field < SK_LOG_FIELD_COUNT);
	return *(names + field);
}

const struct span *found_get(const struct found *found, enum sk_log_field field)
{
	for (const struct span *span = found->span; span < found->span + found->count; span++)
		if (span->field == field)
			return span;
	return NULL;
}

enum sk_err sk_log_reader_new(const struct sk_border *table, unsigned covered_classes, struct sk_log_reader **out)
{
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return SK_ENOMEM;
	(*out)->table = table;
	(*out)->covered_classes = covered_classes;
	json_index_init(&(*out)->index);
	return SK_OK;
}

void sk_log_reader_free(struct sk_log_reader *reader)
{
	if (reader == NULL)
		return;
	sk_wipe(reader, sizeof *reader);
	free(reader);
}

static uint8_t malformed(struct sk_log_verdict *verdict, const char *what)
{
	verdict->what = what;
	return SK_LOG_MALFORMED;
}

/* Judge the pair in those two fields. NO_PAIR when neither is there. */
static uint8_t judge_pair(struct sk_log_reader *reader, enum sk_log_field source_field, enum sk_log_field destination_field, struct sk_log_verdict *verdict)
{
	struct sk_log_admitted *line = &reader->line;
	const struct span *source = found_get(&line->found, source_field), *destination = found_get(&line->found, destination_field);
	enum sk_class class_;
	if (source == NULL && destination == NULL)
		return SK_LOG_NO_PAIR;
	if (source == NULL || destination == NULL)
		return malformed(verdict, "one address and no other");
	if (!value_addr(source, &line->source) || !value_addr(destination, &line->destination))
		return malformed(verdict, "an address that is none");
	verdict->reason = (uint8_t)sk_gate_judge_pair(reader->table, reader->covered_classes, &line->source, &line->destination, &class_);
	verdict->class_ = (uint8_t)class_;
	return verdict->reason == SK_GATE_ADMITTED ? SK_LOG_ADMITTED : SK_LOG_ERASED;
}

/* A line that names the tunnel around it: the class is the outer pair's, and both must be covered. The inner pair was admitted already. rule: GATE-3 */
static uint8_t judge_tunnel(struct sk_log_reader *reader, struct sk_log_verdict *verdict)
{
	struct sk_addr source = reader->line.source, destination = reader->line.destination;
	uint8_t inner_class = verdict->class_;
	uint8_t outcome = judge_pair(reader, SK_LOG_TUNNEL_SOURCE, SK_LOG_TUNNEL_DESTINATION, verdict);
	reader->line.source = source;
	reader->line.destination = destination;
	if (outcome != SK_LOG_NO_PAIR)
		return outcome;
	verdict->class_ = inner_class;
	return SK_LOG_ADMITTED;
}

static uint8_t judge_json(struct sk_log_reader *reader, const char *at, const char *end, struct sk_log_verdict *verdict)
{
	struct found *found = &reader->line.found;
	const char *wrong = json_cut(&reader->index, at, end, true, found);
	if (wrong == NULL)
		wrong = json_settle(found);
	if (wrong != NULL)
		return malformed(verdict, wrong);
	uint8_t outcome = judge_pair(reader, SK_LOG_SOURCE, SK_LOG_DESTINATION, verdict);
	if (outcome != SK_LOG_ADMITTED)
		return outcome;
	wrong = json_cut(&reader->index, at, end, false, found);
	if (wrong == NULL)
		wrong = json_settle(found);
	return wrong != NULL ? malformed(verdict, wrong) : judge_tunnel(reader, verdict);
}

static uint8_t judge_table(struct sk_log_reader *reader, const struct sk_log_schema *schema, const char *at, const char *end, struct sk_log_verdict *verdict)
{
	struct found *found = &reader->line.found;
	struct cut cut;
	found->count = 0;
	if (schema->format == SK_LOG_ZEEK && !schema->has_fields)
		return malformed(verdict, "a record before the #fields line");
	if (!schema->has_pair)
		return SK_LOG_NO_PAIR;
	cut_begin(&cut, schema, at, end);
	const char *wrong = cut_go(&cut, schema->pair_end, found);
	uint8_t outcome = wrong != NULL ? malformed(verdict, wrong) : judge_pair(reader, SK_LOG_SOURCE, SK_LOG_DESTINATION, verdict);
	if (outcome == SK_LOG_MALFORMED && table_is_no_record(schema, at, (size_t)(end - at))) {
		verdict->what = NULL;
		return SK_LOG_PASSED;
	}
	if (outcome != SK_LOG_ADMITTED)
		return outcome;
	wrong = cut_go(&cut, schema->columns, found);
	return wrong != NULL ? malformed(verdict, wrong) : SK_LOG_ADMITTED;
}

bool sk_log_judge(struct sk_log_reader *reader, struct sk_log_chunk *chunk, struct sk_log_verdict *verdict, const struct sk_log_admitted **admitted)
{
	*verdict = (struct sk_log_verdict){.outcome = SK_LOG_PASSED, .line = chunk->next_line};
	*admitted = NULL;
	if (chunk->long_line != 0) {
		verdict->line = chunk->long_line;
		verdict->outcome = malformed(verdict, "a line longer than 1 MiB");
		chunk->long_line = 0;
		return true;
	}
	if (chunk->at == chunk->length)
		return false;
	const char *at = chunk->bytes + chunk->at, *stop = chunk->bytes + chunk->length;
	const char *end = memchr(at, '\n', (size_t)(stop - at));
	chunk->at = end != NULL ? (size_t)(end + 1 - chunk->bytes) : chunk->length;
	chunk->next_line++;
	end = end != NULL ? end : stop;
	if (end > at && *(end - 1) == '\r')
		end--;
	bool comment = at < end && *at == '#' && chunk->schema->format != SK_LOG_JSON;
	if (at == end || comment)
		return true;
	reader->line.schema = chunk->schema;
	verdict->outcome = chunk->schema->format == SK_LOG_JSON ? judge_json(reader, at, end, verdict) : judge_table(reader, chunk->schema, at, end, verdict);
	if (verdict->outcome == SK_LOG_ADMITTED)
		*admitted = &reader->line;
	return true;
}

void sk_log_details(const struct sk_log_admitted *admitted, struct sk_log_details *out)
{
	const struct span *time = found_get(&admitted->found, SK_LOG_TIME);
	const struct span *source_port = found_get(&admitted->found, SK_LOG_SOURCE_PORT), *destination_port = found_get(&admitted->found, SK_LOG_DESTINATION_PORT);
	*out = (struct sk_log_details){.source = admitted->source, .destination = admitted->destination};
	out->has_time = time != NULL && value_time(time, &out->time_ns);
	out->source_port = source_port != NULL ? value_port(source_port) : 0;
	out->destination_port = destination_port != NULL ? value_port(destination_port) : 0;
}
