/* SPDX-License-Identifier: Apache-2.0 */
/* Plain lists, CSV and TSV, told apart by their first lines: a header names the columns; without one the column in which most cells are
   indicators holds the values; without a separator a line is a value (or a line of a hosts file). Suricata's iprep and datarep are tables whose last column
   is a score, its datasets lists of values in base64. */
#include <stdlib.h>
#include <strings.h>

#include "indicator/indicator_priv.h"
#include "text/text.h"

enum { PROGRESS_LINES = 1 << 15, WAITING_MAX = 16 };

struct cell {
	char *text;
	size_t length;
};

struct layout {
	char separator;          /* 0: plain list */
	bool header_line;        /* the first line that is no comment is the header */
	int type_column, ids_column, score_column; /* -1: none */
	bool base64;             /* every value is written so */
	size_t value_count;
	size_t value_columns[SK_INDICATOR_CELLS_MAX];
	enum sk_type types[SK_INDICATOR_CELLS_MAX]; /* of value_columns */
};

static struct cell trim(struct cell cell)
{
	while (cell.length > 0 && sk_space(*cell.text))
		cell.text++, cell.length--;
	while (cell.length > 0 && sk_space(cell.text[cell.length - 1]))
		cell.length--;
	return cell;
}

/* Split a row in place (RFC 4180: quotes around a cell, doubled inside; a tab-separated row has none). *open: a quote is not closed. */
static size_t split(struct cell row, char separator, struct cell cells[SK_INDICATOR_CELLS_MAX], bool *open)
{
	size_t count = 0;
	char *in = row.text, *end = row.text + row.length;
	*open = false;
	for (;;) {
		char *start = in, *out = in;
		while (in < end && sk_space(*in) && *in != separator)
			in++;
		if (separator != '\t' && in < end && *in == '"') {
			start = out = ++in;
			*open = true;
			for (; in < end && *open; in++) {
				if (*in != '"')
					*out++ = *in;
				else if (in + 1 < end && in[1] == '"')
					*out++ = *in++;
				else
					*open = false;
			}
			while (in < end && *in != separator)
				in++;
		} else {
			while (in < end && *in != separator)
				in++;
			out = in;
		}
		if (count < SK_INDICATOR_CELLS_MAX)
			cells[count++] = trim((struct cell){start, (size_t)(out - start)});
		if (in >= end)
			return count;
		in++;
	}
}

static bool is_comment(struct cell line)
{
	return line.length > 0 &&
	       (*line.text == '#' || *line.text == ';' || *line.text == '!' || (line.length > 1 && line.text[0] == '/' && line.text[1] == '/'));
}

/* Cut a comment that follows a space: "198.51.100.7 # why". */
static struct cell cut_comment(struct cell line)
{
	for (size_t i = 1; i < line.length; i++)
		if ((line.text[i] == '#' || line.text[i] == ';' || (line.text[i] == '/' && i + 1 < line.length && line.text[i + 1] == '/')) &&
		    sk_space(line.text[i - 1]))
			line.length = i;
	return trim(line);
}

static bool is_indicator(struct cell cell)
{
	struct sk_value value;
	const char *detail;
	return sk_value_clean(cell.text, cell.length, SK_TYPE_ANY, &value, &detail) == SK_INDICATOR_REASON_COUNT;
}

static bool is_one_of(struct cell cell, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(names[i]) == cell.length && strncasecmp(names[i], cell.text, cell.length) == 0)
			return true;
	return false;
}

/* What a hosts file sends a name to. */
static bool is_sink(struct cell cell)
{
	static const char *const sinks[] = {"0.0.0.0", "127.0.0.1", "::", "::1"};
	return is_one_of(cell, sinks, SK_COUNT(sinks));
}

bool sk_says_certificates(const char *text, size_t length)
{
	static const char *const words[] = {"sslbl", "x509", "certificate", "sha1", "sha-1", "sha256", "sha-256", "fingerprint"};
	unsigned said = 0;
	for (size_t at = 0; at < length; at++)
		for (size_t i = 0; i < SK_COUNT(words); i++)
			if (strlen(words[i]) <= length - at && strncasecmp(text + at, words[i], strlen(words[i])) == 0)
				said |= 1u << i;
	return (said & 3) != 0 || ((said & 4) != 0 && (said & ~7u) != 0);
}

/* A list that speaks of MD5 and never of the fingerprints that are MD5 too. */
void sk_says_md5(const char *text, size_t length, struct sk_import *import)
{
	static const char *const prints[] = {"ja3", "hassh", "fingerprint"};
	for (size_t at = 0; at < length; at++) {
		import->says_md5 |= length - at >= 3 && strncasecmp(text + at, "md5", 3) == 0;
		for (size_t i = 0; i < SK_COUNT(prints); i++)
			import->says_print |= strlen(prints[i]) <= length - at && strncasecmp(text + at, prints[i], strlen(prints[i])) == 0;
	}
}

/* Columns of what can never be matched, though MD5 looks like JA3. */
static bool is_file_hash(struct cell cell)
{
	static const char *const names[] = {"md5", "md5_hash", "md5hash", "file_md5", "filehash-md5", "sha1", "sha-1", "sha1_hash", "filehash-sha1", "sha256", "sha-256",
					    "sha256_hash", "filehash-sha256", "sha512", "sha512_hash", "imphash", "file_hash", "filehash"};
	return is_one_of(cell, names, SK_COUNT(names));
}

/* The type that a column's name means; in a list of certificates a hash is a certificate's. */
static enum sk_type column_type(struct cell cell, bool certificates)
{
	static const char *const sha1[] = {"sha1", "sha-1", "sha1_hash", "fingerprint_sha1"};
	static const char *const sha256[] = {"sha256", "sha-256", "sha256_hash", "fingerprint_sha256"};
	if (certificates && is_one_of(cell, sha1, SK_COUNT(sha1)))
		return SK_TYPE_CERT_SHA1;
	if (certificates && is_one_of(cell, sha256, SK_COUNT(sha256)))
		return SK_TYPE_CERT_SHA256;
	return sk_type_parse(cell.text, cell.length);
}

/* Read a row as a header. False when it is none: it names no column of values, or one of its cells is a value itself. One that names files' hashes alone is
   one, so that they are refused as what they are. */
static bool read_header(struct cell row, char separator, bool certificates, struct layout *layout)
{
	static const char *const values[] = {"value", "indicator", "ioc", "ioc_value", "ioc value", "indicator_value", "observable", "attribute_value",
					     "trail"};
	static const char *const types[] = {"type", "indicator_type", "ioc_type", "ioc type", "attribute_type", "indicator type"};
	static const char *const ids[] = {"to_ids", "ids"};
	static const char *const scores[] = {"score", "confidence", "confidence_level", "reputation"};
	struct cell cells[SK_INDICATOR_CELLS_MAX];
	bool open, generic = false, hashes = false;
	size_t count = split(row, separator, cells, &open), hash_column = 0;
	*layout = (struct layout){.separator = separator, .type_column = -1, .ids_column = -1, .score_column = -1};
	for (size_t i = 0; i < count && !open; i++) {
		if (is_indicator(cells[i]))
			return false;
		enum sk_type type = column_type(cells[i], certificates);
		if (is_one_of(cells[i], values, SK_COUNT(values)) && !generic) {
			/* A column "value" beats all that are named after a kind. */
			generic = true;
			layout->value_count = 1;
			layout->value_columns[0] = i;
			layout->types[0] = SK_TYPE_ANY;
		} else if (is_one_of(cells[i], types, SK_COUNT(types))) {
			layout->type_column = (int)i;
		} else if (is_one_of(cells[i], ids, SK_COUNT(ids))) {
			layout->ids_column = (int)i;
		} else if (is_one_of(cells[i], scores, SK_COUNT(scores))) {
			layout->score_column = (int)i;
		} else if (!generic && type != SK_TYPE_ANY && type != SK_TYPE_UNSUPPORTED) {
			layout->value_columns[layout->value_count] = i;
			layout->types[layout->value_count++] = type;
		} else if (!hashes && is_file_hash(cells[i])) {
			hashes = true;
			hash_column = i;
		}
	}
	if (layout->value_count == 0 && hashes) {
		layout->value_columns[0] = hash_column;
		layout->types[layout->value_count++] = SK_TYPE_UNSUPPORTED;
	}
	return !open && layout->value_count > 0;
}

static bool find_header(struct cell row, bool certificates, struct layout *layout)
{
	static const char separators[] = {'\t', ',', ';', '|'};
	for (size_t i = 0; i < sizeof separators; i++)
		if (row.length != 0 && memchr(row.text, separators[i], row.length) != NULL &&
		    read_header(row, separators[i], certificates, layout))
			return true;
	/* One column: only the name itself is a header. */
	return read_header(row, '\n', certificates, layout);
}

/* Without a header: the first separator that splits more than half of the lines, and the column with the most indicators. */
static void guess_columns(struct cell *lines, size_t count, struct layout *layout)
{
	static const char separators[] = {'\t', ',', ';'};
	*layout = (struct layout){.type_column = -1, .ids_column = -1, .score_column = -1, .value_count = 1};
	for (size_t s = 0; s < sizeof separators; s++) {
		size_t split_lines = 0, best = 0, first = 0, indicators[SK_INDICATOR_CELLS_MAX] = {0}, known[SK_INDICATOR_CELLS_MAX] = {0};
		for (size_t i = 0; i < count; i++) {
			struct cell cells[SK_INDICATOR_CELLS_MAX];
			bool open;
			size_t found = split(lines[i], separators[s], cells, &open);
			split_lines += found > 1;
			for (size_t c = 0; c < found; c++) {
				indicators[c] += is_indicator(cells[c]) && !is_sink(cells[c]);
				enum sk_type type = sk_type_parse(cells[c].text, cells[c].length);
				known[c] += type != SK_TYPE_ANY && type != SK_TYPE_UNSUPPORTED;
				first += i == 0 && (is_indicator(cells[c]) || known[c] != 0);
			}
		}
		if (split_lines * 2 <= count)
			continue;
		layout->separator = separators[s];
		for (size_t c = 0; c < SK_INDICATOR_CELLS_MAX; c++) {
			best = indicators[c] > indicators[best] ? c : best;
			if (known[c] * 2 > count)
				layout->type_column = (int)c;
		}
		layout->value_columns[0] = best;
		/* Names that nobody foresaw ("Attacker Address") over a column in which every other cell is one. */
		layout->header_line = first == 0 && count > 1 && indicators[best] == count - 1;
		return;
	}
}

static bool is_number(struct cell cell, unsigned long most, unsigned long *out)
{
	unsigned long number = 0;
	for (size_t i = 0; i < cell.length; i++) {
		if (cell.text[i] < '0' || cell.text[i] > '9' || number > most)
			return false;
		number = number * 10 + (unsigned long)(cell.text[i] - '0');
	}
	*out = number;
	return cell.length != 0 && number <= most;
}

/* "address,category,score" (iprep) and "value,score" (datarep, and many another list): every row has the same two or three cells, all but the first numbers. */
static void guess_score(struct cell *lines, size_t count, struct layout *layout)
{
	size_t width = 0;
	unsigned long number;
	for (size_t i = 0; i < count; i++) {
		struct cell cells[SK_INDICATOR_CELLS_MAX];
		bool open;
		size_t found = split(lines[i], layout->separator, cells, &open);
		if (i == 0)
			width = found;
		if (found != width || (width != 2 && width != 3))
			return;
		for (size_t c = 1; c < width; c++)
			if (!is_number(cells[c], UINT32_MAX, &number))
				return;
	}
	if (count != 0 && layout->value_columns[0] == 0)
		layout->score_column = (int)width - 1;
}

/* The text in a cell of base64; false when it is none. A dataset's string is bytes: what is no text is refused further on. */
static bool decode(struct cell cell, char text[SK_INDICATOR_VALUE_MAX + 1], size_t *length)
{
	if (cell.length == 0 || sk_base64_decode(cell.text, cell.length, text, SK_INDICATOR_VALUE_MAX, length) != SK_OK || *length == 0)
		return false;
	text[*length] = '\0';
	return true;
}

/* A dataset of strings: no value is an indicator as it stands, every one is base64, and most are indicators then. */
static void guess_base64(struct cell *lines, size_t count, struct layout *layout)
{
	size_t indicators = 0;
	for (size_t i = 0; i < count; i++) {
		struct cell cells[SK_INDICATOR_CELLS_MAX] = {lines[i]};
		char text[SK_INDICATOR_VALUE_MAX + 1];
		bool open;
		size_t length;
		if (layout->separator != '\0')
			(void)split(lines[i], layout->separator, cells, &open);
		if (is_indicator(cells[0]) || !decode(cells[0], text, &length))
			return;
		indicators += is_indicator((struct cell){text, length});
	}
	layout->base64 = indicators * 2 > count;
	if (layout->base64)
		layout->value_columns[0] = 0;
}

/* The columns may be named on the comment right above the first row ("# first_seen,dst_ip,port"). */
static bool find_comment_header(struct cell comment, struct cell line, bool certificates, struct layout *layout)
{
	while (comment.length != 0 && (*comment.text == '#' || sk_space(*comment.text)))
		comment.text++, comment.length--;
	return comment.length != 0 && find_header(comment, certificates, layout) && memchr(line.text, layout->separator, line.length) != NULL;
}

/* Look at the first lines without consuming them. SK_ENOMEM. */
static enum sk_err find_layout(struct sk_import *import, const struct sk_reader *reader, struct layout *layout)
{
	size_t length = reader->end - reader->at, count = 0;
	char *copy = malloc(2 * length + 2);
	if (copy == NULL)
		return SK_ENOMEM;
	char *scratch = copy + length + 1; /* split writes into what it splits */
	memcpy(copy, reader->buffer + reader->at, length);
	struct cell lines[SK_INDICATOR_SAMPLE_LINES], last_comment = {copy, 0};
	bool found = false;
	for (char *at = copy, *end = copy + length; at < end && count < SK_INDICATOR_SAMPLE_LINES && !found;) {
		char *feed = memchr(at, '\n', (size_t)(end - at));
		struct cell line = {at, (size_t)((feed != NULL ? feed : end) - at)};
		at += line.length + 1;
		if (is_comment(trim(line))) {
			last_comment = trim(line);
			import->certificates = import->certificates || sk_says_certificates(line.text, line.length);
			sk_says_md5(line.text, line.length, import);
		} else if (trim(line).length != 0) {
			if (count == 0) {
				memcpy(scratch, line.text, line.length);
				found = layout->header_line = find_header((struct cell){scratch, line.length}, import->certificates, layout);
				found = found || find_comment_header(last_comment, line, import->certificates, layout);
			}
			/* A comment after a value is not a column, a number sign in a column is no comment. */
			struct cell cut = cut_comment(line);
			lines[count++] = is_indicator(cut) ? cut : line;
		}
	}
	if (!found) {
		guess_columns(lines, count, layout);
		guess_base64(lines, count, layout);
		guess_score(lines, count, layout);
	}
	free(copy);
	return SK_OK;
}

/* ---- rows ---- */

/* A line of a plain list: one value, or "0.0.0.0 name [name...]" of a hosts file. */
static enum sk_err import_plain(struct sk_import *import, uint64_t line, struct cell value)
{
	struct cell first = value;
	for (first.length = 0; first.length < value.length && !sk_space(first.text[first.length]);)
		first.length++;
	if (first.length == value.length)
		return sk_import_value(import, line, value.text, value.length, SK_TYPE_ANY);
	if (!is_sink(first)) {
		sk_import_refuse(import, line, value.text, value.length, SK_INDICATOR_NOT_AN_INDICATOR,
				 "more than one word; a comment begins with #");
		return SK_OK;
	}
	for (struct cell rest = trim((struct cell){first.text + first.length, value.length - first.length}); rest.length > 0; rest = trim(rest)) {
		struct cell name = rest;
		for (name.length = 0; name.length < rest.length && !sk_space(name.text[name.length]);)
			name.length++;
		SK_TRY(sk_import_value(import, line, name.text, name.length, SK_TYPE_DOMAIN));
		rest.text += name.length;
		rest.length -= name.length;
	}
	return SK_OK;
}

static bool says_no(struct cell cell)
{
	static const char *const no[] = {"0", "false", "no"};
	return is_one_of(cell, no, SK_COUNT(no));
}

static enum sk_err import_base64(struct sk_import *import, uint64_t line, struct cell cell)
{
	char text[SK_INDICATOR_VALUE_MAX + 1];
	size_t length;
	if (decode(cell, text, &length))
		return sk_import_value(import, line, text, length, SK_TYPE_ANY);
	sk_import_refuse(import, line, cell.text, cell.length, SK_INDICATOR_NOT_AN_INDICATOR, "no base64, as all values before it are");
	return SK_OK;
}

/* A score that cannot be read is none: the value is judged by the rest. */
static bool scores_low(const struct sk_import *import, const struct layout *layout, const struct cell *cells, size_t count)
{
	unsigned long score;
	return import->builder->options.min_score != 0 && layout->score_column >= 0 && (size_t)layout->score_column < count &&
	       is_number(cells[layout->score_column], UINT32_MAX, &score) && score < import->builder->options.min_score;
}

static enum sk_err import_row(struct sk_import *import, uint64_t line, const struct layout *layout, struct cell *cells, size_t count)
{
	enum sk_type row_type = SK_TYPE_ANY;
	const char *type_name = "";
	if (layout->type_column >= 0 && (size_t)layout->type_column < count) {
		struct cell *type = &cells[layout->type_column];
		row_type = sk_type_parse(type->text, type->length);
		type->text[type->length] = '\0'; /* the separator, the quote or the end of the row stood there */
		type_name = type->text;
	}
	bool wanted = import->builder->options.to_ids_ignored || layout->ids_column < 0 || (size_t)layout->ids_column >= count ||
		      !says_no(cells[layout->ids_column]);
	size_t empty = 0;
	for (size_t i = 0; i < layout->value_count; i++) {
		size_t column = layout->value_columns[i];
		if (column >= count || cells[column].length == 0) {
			empty++;
			continue;
		}
		struct cell value = cells[column];
		enum sk_type type = layout->type_column >= 0 ? row_type : layout->types[i];
		if (type == SK_TYPE_UNSUPPORTED)
			sk_import_refuse(import, line, value.text, value.length, SK_INDICATOR_UNSUPPORTED_TYPE, layout->type_column >= 0 ? type_name : "a file's hash");
		else if (!wanted)
			sk_import_refuse(import, line, value.text, value.length, SK_INDICATOR_NOT_FOR_DETECTION, type_name);
		else if (scores_low(import, layout, cells, count))
			sk_import_refuse(import, line, value.text, value.length, SK_INDICATOR_LOW_SCORE, "");
		else if (layout->base64)
			SK_TRY(import_base64(import, line, value));
		else
			SK_TRY(sk_import_value(import, line, value.text, value.length, type));
	}
	if (empty == layout->value_count)
		sk_import_refuse(import, line, "", 0, SK_INDICATOR_EMPTY, "");
	return SK_OK;
}

/* Gather a row whose quotes span lines into row, then split it. */
static enum sk_err import_separated(struct sk_import *import, struct sk_reader *reader, const struct layout *layout, struct sk_buf *row,
				    struct cell line)
{
	uint64_t first_line = reader->line;
	size_t quotes = 0;
	sk_buf_reset(row);
	for (;;) {
		sk_buf_add(row, line.text, line.length);
		if (row->failed != SK_OK)
			return sk_fault_set(import->fault, SK_EINPUT,
					    "%s:%llu: broken CSV: a row of more than %d KiB (a quote that is never closed?)", import->path,
					    (unsigned long long)first_line, SK_INDICATOR_BUFFER_BYTES >> 10);
		for (size_t i = 0; layout->separator != '\t' && i < line.length; i++)
			quotes += line.text[i] == '"';
		if (quotes % 2 == 0)
			break;
		struct sk_line next;
		enum sk_err err = sk_reader_line(reader, &next, import->fault);
		if (err == SK_ENOENT)
			return sk_fault_set(import->fault, SK_EINPUT, "%s:%llu: broken CSV: the quote opened on this line is never closed",
					    import->path, (unsigned long long)first_line);
		SK_TRY(err);
		sk_buf_add_u8(row, '\n');
		line = (struct cell){next.text, next.length};
	}
	struct cell cells[SK_INDICATOR_CELLS_MAX];
	bool open;
	size_t count = split((struct cell){(char *)row->bytes, row->length}, layout->separator, cells, &open);
	return import_row(import, first_line, layout, cells, count);
}

static enum sk_err import_line(struct sk_import *import, struct sk_reader *reader, struct layout *layout, struct sk_buf *row,
			       const struct sk_line *read)
{
	struct cell line = trim((struct cell){read->text, read->length});
	if (read->crlf)
		sk_import_crlf(import, reader->line);
	enum sk_indicator_reason passed = read->too_long     ? SK_INDICATOR_TOO_LONG
					  : line.length == 0 ? SK_INDICATOR_EMPTY
					  : is_comment(line) ? SK_INDICATOR_COMMENT
							     : SK_INDICATOR_REASON_COUNT;
	if (passed == SK_INDICATOR_REASON_COUNT && layout->header_line) {
		layout->header_line = false;
		passed = SK_INDICATOR_HEADER;
	}
	if (passed != SK_INDICATOR_REASON_COUNT) {
		if (passed == SK_INDICATOR_COMMENT)
			sk_import_comment(import, line.text, line.length);
		sk_import_refuse(import, reader->line, line.text, line.length, passed, passed == SK_INDICATOR_TOO_LONG ? "the whole line" : "");
		return SK_OK;
	}
	if (layout->separator != '\0' && layout->separator != '\n')
		return import_separated(import, reader, layout, row, (struct cell){read->text, read->length});
	line = cut_comment(line);
	return layout->base64 ? import_base64(import, reader->line, line) : import_plain(import, reader->line, line);
}

/* Plain values of a plain list, whose places in the hash set are on their way from memory: each alone would wait for its own. */
struct waiting {
	size_t count;
	struct {
		struct sk_line read;
		uint64_t line;
		struct sk_value value;
		struct sk_stored stored;
	} items[WAITING_MAX];
};

static enum sk_err take_waiting(struct sk_import *import, struct waiting *waiting)
{
	size_t count = waiting->count;
	waiting->count = 0;
	for (size_t i = 0; i < count; i++)
		SK_TRY(sk_import_stored(import, waiting->items[i].line, waiting->items[i].read.text, waiting->items[i].read.length, &waiting->items[i].value,
					&waiting->items[i].stored));
	return SK_OK;
}

static bool may_wait(struct sk_import *import, const struct layout *layout, const struct sk_line *read, uint64_t line, struct waiting *waiting)
{
	struct sk_value *value = &waiting->items[waiting->count].value;
	if (layout->separator != '\0' || read->crlf || !sk_value_plain(read->text, read->length, value))
		return false;
	waiting->items[waiting->count].read = *read;
	waiting->items[waiting->count].line = line;
	sk_import_find_place(import, value, &waiting->items[waiting->count].stored);
	waiting->count++;
	return true;
}

/* SK_ENOENT at the end. */
static enum sk_err import_lines(struct sk_import *import, struct sk_reader *reader, struct layout *layout, struct sk_buf *row)
{
	struct waiting waiting;
	struct sk_line line;
	waiting.count = 0;
	for (;;) {
		if (waiting.count == WAITING_MAX || !sk_reader_has_line(reader)) /* their texts stand in the buffer, which moves */
			SK_TRY(take_waiting(import, &waiting));
		SK_TRY(sk_reader_line(reader, &line, import->fault));
		if (reader->line % PROGRESS_LINES == 0)
			SK_TRY(sk_import_progress(import, reader));
		if (may_wait(import, layout, &line, reader->line, &waiting))
			continue;
		SK_TRY(take_waiting(import, &waiting));
		SK_TRY(import_line(import, reader, layout, row, &line));
	}
}

enum sk_err sk_import_table(struct sk_import *import, struct sk_reader *reader)
{
	struct layout layout;
	if (find_layout(import, reader, &layout) != SK_OK)
		return sk_fault_set(import->fault, SK_ENOMEM, "%s: out of memory", import->path);
	struct sk_buf row;
	sk_buf_init(&row, SK_INDICATOR_BUFFER_BYTES);
	enum sk_err err = import_lines(import, reader, &layout, &row);
	sk_buf_fini(&row);
	return err == SK_ENOENT ? SK_OK : err;
}
