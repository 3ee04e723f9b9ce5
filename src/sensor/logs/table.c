/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of columns: Zeek's own format (its # lines say how it is written), CSV with a header, nfdump's output. */
#include <stdio.h>

#include "logs/logs_priv.h"

enum { NAME_MAX_BYTES = 48 };

static const struct {
	const char *name;
	uint8_t field;
} columns[] = {
#define SK_LOG_COLUMN(name, field) {name, SK_LOG_##field},
#include "logs/column.def"
#undef SK_LOG_COLUMN
};

/* ---- headers ---- */

static uint64_t digest_of(const char *line, size_t length)
{
	uint64_t digest = UINT64_C(0xcbf29ce484222325); /* FNV-1a: a header is known again, nothing rests on it */
	for (const char *at = line; at < line + length; at++)
		digest = (digest ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	return digest;
}

static bool schema_has(const struct sk_log_schema *schema, uint8_t field)
{
	return memchr(schema->field, field, schema->columns) != NULL;
}

static void settle_pair(struct sk_log_schema *schema)
{
	schema->has_pair = schema_has(schema, SK_LOG_SOURCE) && schema_has(schema, SK_LOG_DESTINATION);
	schema->pair_end = 0;
	unsigned column = 0;
	for (const uint8_t *field = schema->field; field < schema->field + schema->columns; field++, column++)
		if (*field == SK_LOG_SOURCE || *field == SK_LOG_DESTINATION)
			schema->pair_end = column + 1;
}

/* "Source IP", src_ip, id.orig_h: letters and digits, lower case. */
static void plain_name(const char *name, size_t length, char plain[NAME_MAX_BYTES])
{
	char *out = plain;
	for (const char *at = name; at < name + length && out < plain + NAME_MAX_BYTES - 1; at++) {
		if ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9'))
			*out++ = *at;
		else if (*at >= 'A' && *at <= 'Z')
			*out++ = (char)(*at - 'A' + 'a');
	}
	*out = '\0';
}

static uint8_t csv_column(const char *name, size_t length)
{
	char plain[NAME_MAX_BYTES];
	plain_name(name, length, plain);
	for (size_t i = 0; i < SK_COUNT(columns); i++)
		if (strcmp(columns[i].name, plain) == 0)
			return columns[i].field;
	return SK_LOG_NOTHING;
}

/* The separator is the one of four that stands most often in the header. */
static char find_separator(const char *line, size_t length)
{
	static const char candidates[] = ",\t;|";
	char best = ',';
	size_t most = 0;
	for (const char *candidate = candidates; *candidate != '\0'; candidate++) {
		size_t count = 0;
		for (const char *at = line; at < line + length; at++)
			count += *at == *candidate;
		if (count > most) {
			most = count;
			best = *candidate;
		}
	}
	return best;
}

static bool add_column(struct sk_log_schema *schema, uint8_t field, bool set)
{
	if (schema->columns == SK_LOG_COLUMNS_MAX)
		return false;
	*(schema->field + schema->columns) = field;
	*(schema->set + schema->columns++) = set;
	return true;
}

bool table_csv_header(struct sk_log_schema *schema, const char *line, size_t length, const char *name, struct sk_fault *fault)
{
	*schema = (struct sk_log_schema){.next = schema->next, .format = SK_LOG_CSV, .separator = find_separator(line, length), .padded = true,
					 .digest = digest_of(line, length)};
	const char *end = line + length;
	for (const char *at = line; at <= end;) {
		const char *stop = memchr(at, schema->separator, (size_t)(end - at));
		stop = stop != NULL ? stop : end;
		uint8_t field = csv_column(at, (size_t)(stop - at));
		bool address = field == SK_LOG_SOURCE || field == SK_LOG_DESTINATION;
		if (address && schema_has(schema, field)) {
			(void)sk_fault_set(fault, SK_EINPUT, "%s: two columns of its header name a %s; rename the one that is not meant", name,
					   sk_log_field_name((enum sk_log_field)field));
			return false;
		}
		if (!add_column(schema, schema_has(schema, field) ? (uint8_t)SK_LOG_NOTHING : field, false)) {
			(void)sk_fault_set(fault, SK_EINPUT, "%s: more than %d columns", name, SK_LOG_COLUMNS_MAX);
			return false;
		}
		schema->trailer |= stop - at == 2 && memcmp(at, "sa", 2) == 0;
		at = stop + 1;
	}
	settle_pair(schema);
	if (!schema->has_pair)
		(void)sk_fault_set(fault, SK_EINPUT,
				   "%s: no log that hunt knows: its first line is no JSON object, no Zeek header, and as a CSV header it names no source and destination address "
				   "(src_ip and dest_ip, sa and da, srcaddr and dstaddr; sekisho-hunt(1) lists all)", name);
	return schema->has_pair;
}

void table_nfdump(struct sk_log_schema *schema)
{
	static const uint8_t fields[] = {SK_LOG_SOURCE, SK_LOG_DESTINATION, SK_LOG_SOURCE_PORT, SK_LOG_DESTINATION_PORT, SK_LOG_NOTHING, SK_LOG_TIME};
	*schema = (struct sk_log_schema){.next = schema->next, .format = SK_LOG_NFDUMP, .separator = ',', .padded = true, .columns = SK_COUNT(fields)};
	memcpy(schema->field, fields, sizeof fields);
	settle_pair(schema);
}

/* The value of "#name<separator>value". */
static bool header_value(const struct sk_log_schema *schema, const char *line, size_t length, const char *name, const char **value, size_t *value_length)
{
	size_t skip = strlen(name);
	if (length <= skip || memcmp(line, name, skip) != 0 || (*(line + skip) != schema->separator && *(line + skip) != ' '))
		return false;
	*value = line + skip + 1;
	*value_length = length - skip - 1;
	return true;
}

static void take_mark(char mark[MARK_MAX], const char *value, size_t length)
{
	(void)snprintf(mark, MARK_MAX, "%.*s", length < MARK_MAX ? (int)length : 0, value);
}

static const char *take_fields(struct sk_log_schema *schema, const char *value, size_t length)
{
	const char *end = value + length;
	schema->columns = 0;
	for (const char *at = value; at <= end;) {
		const char *stop = memchr(at, schema->separator, (size_t)(end - at));
		stop = stop != NULL ? stop : end;
		enum sk_log_field field = json_zeek_column(at, (size_t)(stop - at));
		if (!add_column(schema, schema_has(schema, (uint8_t)field) ? (uint8_t)SK_LOG_NOTHING : (uint8_t)field, field == SK_LOG_CERTIFICATE))
			return "more columns than a log has";
		at = stop + 1;
	}
	schema->has_fields = true;
	settle_pair(schema);
	return NULL;
}

const char *table_zeek_header(struct sk_log_schema *schema, const char *line, size_t length)
{
	static const char separator[] = "#separator ";
	const char *value;
	size_t value_length;
	schema->format = SK_LOG_ZEEK;
	if (length > sizeof separator - 1 && memcmp(line, separator, sizeof separator - 1) == 0) {
		struct span span = {.at = line + sizeof separator - 1, .length = (uint32_t)(length - sizeof separator + 1), .coding = CODING_ZEEK};
		char text[MARK_MAX];
		if (!table_unescape(&span, text, sizeof text, &value_length) || value_length != 1 || *text == '\n' || *text == '#')
			return "a #separator of other than one byte";
		/* A new log begins: what the last one said holds no longer. */
		*schema = (struct sk_log_schema){.next = schema->next, .format = SK_LOG_ZEEK, .separator = *text, .set_separator = ',', .unset = "-", .empty = "(empty)"};
		return NULL;
	}
	if (header_value(schema, line, length, "#set_separator", &value, &value_length)) {
		schema->set_separator = value_length == 1 ? *value : ',';
		return NULL;
	}
	if (header_value(schema, line, length, "#unset_field", &value, &value_length))
		take_mark(schema->unset, value, value_length);
	else if (header_value(schema, line, length, "#empty_field", &value, &value_length))
		take_mark(schema->empty, value, value_length);
	else if (header_value(schema, line, length, "#fields", &value, &value_length))
		return take_fields(schema, value, value_length);
	return NULL;
}

/* What nfdump -o csv puts behind the records: "Summary", names of sums, sums. */
static bool is_trailer(const char *line, size_t length)
{
	static const char title[] = "Summary", sums[] = "flows,bytes,";
	if ((length == sizeof title - 1 && memcmp(line, title, length) == 0) || (length >= sizeof sums - 1 && memcmp(line, sums, sizeof sums - 1) == 0))
		return true;
	for (const char *at = line; at < line + length; at++)
		if (*at != ',' && (*at < '0' || *at > '9'))
			return false;
	return true;
}

bool table_is_no_record(const struct sk_log_schema *schema, const char *line, size_t length)
{
	return schema->format == SK_LOG_CSV && (digest_of(line, length) == schema->digest || (schema->trailer && is_trailer(line, length)));
}

/* ---- lines ---- */

void cut_begin(struct cut *cut, const struct sk_log_schema *schema, const char *line, const char *end)
{
	*cut = (struct cut){.schema = schema, .line = line, .end = end, .start = line, .block = line, .separators = scan_equal(line, schema->separator)};
	cut->quoted = schema->format == SK_LOG_CSV && memchr(line, '"', (size_t)(end - line)) != NULL;
}

static bool is_mark(const char *mark, const char *at, size_t length)
{
	return *mark != '\0' && length == strlen(mark) && memcmp(at, mark, length) == 0;
}

/* A value without the blanks around it; what stands for "none" is not added. */
static const char *add_value(const struct cut *cut, const char *at, const char *stop, enum coding coding, struct found *found)
{
	const struct sk_log_schema *schema = cut->schema;
	uint8_t field = *(schema->field + cut->column);
	if (field == SK_LOG_NOTHING)
		return NULL;
	while (schema->padded && at < stop && *at == ' ')
		at++;
	while (schema->padded && at < stop && *(stop - 1) == ' ')
		stop--;
	size_t length = (size_t)(stop - at);
	if (length == 0 || is_mark(schema->unset, at, length) || is_mark(schema->empty, at, length))
		return NULL;
	if (schema->format == SK_LOG_ZEEK && memchr(at, '\\', length) != NULL)
		coding = CODING_ZEEK;
	struct span span = {.at = at, .length = (uint32_t)length, .field = field, .coding = (uint8_t)coding, .set = *(schema->set + cut->column)};
	return found_add(found, span) ? NULL : "more values than one record has";
}

/* The next separator at or after cut->start, or the end of the line. */
static const char *next_separator(struct cut *cut)
{
	while (cut->separators == 0) {
		cut->block += 64;
		if (cut->block >= cut->end)
			return cut->end;
		cut->separators = scan_equal(cut->block, cut->schema->separator);
	}
	const char *at = cut->block + __builtin_ctzll(cut->separators);
	cut->separators &= cut->separators - 1;
	return at < cut->end ? at : cut->end;
}

/* RFC 4180: a value in quotes may hold separators and, doubled, quotes. */
static const char *quoted_value(struct cut *cut, struct found *found)
{
	const char *at = cut->start, *stop;
	while (at < cut->end && *at == ' ')
		at++;
	if (at == cut->end || *at != '"') {
		stop = memchr(cut->start, cut->schema->separator, (size_t)(cut->end - cut->start));
		stop = stop != NULL ? stop : cut->end;
		const char *wrong = add_value(cut, cut->start, stop, CODING_PLAIN, found);
		cut->start = stop + 1;
		return wrong;
	}
	enum coding coding = CODING_PLAIN;
	for (stop = at + 1; stop < cut->end && (*stop != '"' || (stop + 1 < cut->end && *(stop + 1) == '"')); stop++)
		if (*stop == '"') {
			coding = CODING_CSV;
			stop++;
		}
	if (stop >= cut->end)
		return "a quote is not closed";
	const char *wrong = add_value(cut, at + 1, stop, coding, found);
	for (stop++; stop < cut->end && *stop == ' ';)
		stop++;
	if (stop < cut->end && *stop != cut->schema->separator)
		return "something follows a closed quote";
	cut->start = stop + 1;
	return wrong;
}

const char *cut_go(struct cut *cut, unsigned upto, struct found *found)
{
	while (cut->column < upto) {
		const char *wrong;
		if (cut->start > cut->end)
			return "fewer columns than the header has";
		if (cut->quoted) {
			wrong = quoted_value(cut, found);
		} else {
			const char *stop = next_separator(cut);
			wrong = add_value(cut, cut->start, stop, CODING_PLAIN, found);
			cut->start = stop + 1;
		}
		if (wrong != NULL)
			return wrong;
		cut->column++;
	}
	return upto == cut->schema->columns && cut->start <= cut->end ? "more columns than the header has" : NULL;
}

/* ---- escapes ---- */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool table_unescape(const struct span *span, char *text, size_t size, size_t *length)
{
	char *out = text, *last = text + size - 1;
	const char *at = span->at, *end = at + span->length;
	for (; at < end; at++) {
		if (out == last)
			return false;
		*out = *at;
		if (span->coding == CODING_CSV && *at == '"')
			at++;
		if (span->coding == CODING_ZEEK && *at == '\\' && end - at >= 4 && *(at + 1) == 'x' && hex_digit(*(at + 2)) >= 0 && hex_digit(*(at + 3)) >= 0) {
			*out = (char)(hex_digit(*(at + 2)) << 4 | hex_digit(*(at + 3)));
			at += 3;
		}
		out++;
	}
	*out = '\0';
	*length = (size_t)(out - text);
	return true;
}
