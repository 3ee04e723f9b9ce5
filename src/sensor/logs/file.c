/* SPDX-License-Identifier: Apache-2.0 */
/* A file as chunks of whole lines: the format by content, lines counted, Zeek's headers obeyed where they stand. */
#include <stdlib.h>

#include "logs/logs_priv.h"

enum { BUFFER_BYTES = SK_LOG_CHUNK_BYTES + SLACK_BYTES, SCHEMAS_MAX = 65536, MAGIC_BYTES = 4, PIPE_BYTES = 65536 };

struct sk_log_file {
	struct sk_stream *stream;
	char *name;
	enum sk_log_format format;
	char *buffer;              /* [at, end) is read and not handed out */
	size_t at, end;
	bool ended;
	struct sk_fault late;      /* a damage that waits until the lines before it are taken */
	uint64_t line;             /* number of the line at `at` */
	bool skipping;             /* inside a line that is too long */
	uint64_t long_line;
	struct sk_log_schema *schema; /* the one in force; older ones behind it */
	bool schema_lent;          /* a chunk has it: it does not change any more */
	unsigned schemas;
};

const char *sk_log_format_name(enum sk_log_format format)
{
	static const char *const names[] = {"json", "zeek", "csv", "nfdump", "capture", "nfcapd"};
	_Static_assert(SK_COUNT(names) == SK_LOG_FORMAT_COUNT, "a name for each format");
	SK_INVARIANT(format < SK_LOG_FORMAT_COUNT);
	return *(names + format);
}

/* ---- what is it ---- */

static bool is_capture(struct sk_cur head)
{
	uint32_t big = sk_be32(&head), little = __builtin_bswap32(big);
	static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0x0a0d0d0a};
	for (size_t i = 0; i < SK_COUNT(magics); i++)
		if (*(magics + i) == big || *(magics + i) == little)
			return true;
	return false;
}

static bool is_nfcapd(struct sk_cur head)
{
	uint16_t magic = sk_le16(&head);
	return magic == 0xa50c || magic == 0x0ca5;
}

/* The first line that says something, without its end; a comment counts only where it is Zeek's. */
static bool first_line(struct sk_cur text, const char **line, size_t *length)
{
	while (sk_more(&text)) {
		const char *at = (const char *)text.at, *end = memchr(at, '\n', sk_left(&text));
		*length = end != NULL ? (size_t)(end - at) : sk_left(&text);
		*line = at;
		sk_skip(&text, *length + (end != NULL));
		if (*length > 0 && *(at + *length - 1) == '\r')
			--*length;
		bool comment = *length > 0 && *at == '#' && (*length < 8 || (memcmp(at, "#separat", 8) != 0 && memcmp(at, "#fields", 7) != 0));
		if (*length > 0 && !comment)
			return true;
	}
	return false;
}

static const char expected[] = "expected EVE or Zeek JSON (one object a line), a Zeek log, flow CSV with a header, an nfcapd file or a capture (each plain, gz or zst)";

static enum sk_err look_at_text(struct sk_log_file *file, struct sk_cur text, struct sk_fault *fault)
{
	const char *line;
	size_t length;
	if (sk_peek_u8(&text, 0) == 0xef && sk_peek_u8(&text, 1) == 0xbb && sk_peek_u8(&text, 2) == 0xbf)
		sk_skip(&text, 3); /* a byte order mark; sk_log_next passes it over too */
	if (sk_more(&text) && memchr(text.at, '\0', sk_left(&text)) != NULL)
		return sk_fault_set(fault, SK_ENOTCAPTURE, "%s: binary data; %s", file->name, expected);
	file->schema->format = file->format = SK_LOG_JSON;
	if (!first_line(text, &line, &length))
		return SK_OK; /* an empty log is one without records */
	const char *first = line;
	while (first + 1 < line + length && *first == ' ')
		first++;
	if (*first == '{')
		return SK_OK;
	if (*first == '[')
		return sk_fault_set(fault, SK_ENOTCAPTURE, "%s: one JSON array; one object a line was expected: jq -c '.[]' %s | sekisho hunt ... -", file->name, file->name);
	file->format = *line == '#' ? SK_LOG_ZEEK : SK_LOG_CSV;
	if (file->format == SK_LOG_CSV && !table_csv_header(file->schema, line, length, file->name, fault))
		return fault->err;
	file->schema->format = file->format;
	file->schema->separator = file->format == SK_LOG_ZEEK ? '\t' : file->schema->separator;
	return SK_OK;
}

/* Is the first line that says something there to its end? */
static bool whole_line(struct sk_cur text)
{
	const char *line;
	size_t length;
	return first_line(text, &line, &length) && memchr(line, '\n', (size_t)((const char *)text.end - line)) != NULL;
}

static enum sk_err look(struct sk_log_file *file, struct sk_fault *fault)
{
	const uint8_t *bytes;
	size_t length;
	SK_TRY(sk_stream_peek(file->stream, MAGIC_BYTES, &bytes, &length, fault));
	struct sk_cur head = sk_cur_of(bytes, length);
	file->format = SK_LOG_CAPTURE;
	if (is_capture(head))
		return SK_OK;
	file->format = SK_LOG_NFCAPD;
	if (is_nfcapd(head))
		return SK_OK;
	/* No more than the first line that says something: a pipe may stay silent behind it. */
	for (size_t before = 0; !whole_line(head) && length != before && length < SK_STREAM_HEAD_BYTES;) {
		before = length;
		SK_TRY(sk_stream_peek(file->stream, length + 1, &bytes, &length, fault));
		head = sk_cur_of(bytes, length);
	}
	return look_at_text(file, sk_cur_of(bytes, length), fault);
}

/* ---- open and close ---- */

static enum sk_err open_file(const char *path, const char *name, struct sk_log_file **out, struct sk_fault *fault)
{
	*out = NULL;
	struct sk_log_file *file = calloc(1, sizeof *file);
	enum sk_err err = SK_ENOMEM;
	if (file != NULL) {
		file->line = 1;
		file->name = strdup(name != NULL ? name : strcmp(path, "-") == 0 ? "standard input" : path);
		file->buffer = calloc(1, BUFFER_BYTES);
		file->schema = calloc(1, sizeof *file->schema);
	}
	if (file == NULL || file->name == NULL || file->buffer == NULL || file->schema == NULL)
		err = sk_fault_set(fault, SK_ENOMEM, "%s: not enough memory to open it", path);
	else
		err = sk_stream_open(path, file->name, &file->stream, fault);
	if (err != SK_OK) {
		sk_log_close(file);
		return err;
	}
	*out = file;
	return SK_OK;
}

enum sk_err sk_log_open(const char *path, struct sk_log_file **out, struct sk_fault *fault)
{
	SK_TRY(open_file(path, NULL, out, fault));
	enum sk_err err = look(*out, fault);
	if (err != SK_OK) {
		sk_log_close(*out);
		*out = NULL;
	}
	return err;
}

enum sk_err sk_log_open_nfdump(const char *path, const char *name, struct sk_log_file **out, struct sk_fault *fault)
{
	SK_TRY(open_file(path, name, out, fault));
	(*out)->format = SK_LOG_NFDUMP;
	table_nfdump((*out)->schema);
	return SK_OK;
}

void sk_log_close(struct sk_log_file *file)
{
	if (file == NULL)
		return;
	sk_stream_close(file->stream);
	if (file->buffer != NULL)
		sk_wipe(file->buffer, BUFFER_BYTES);
	free(file->buffer);
	for (struct sk_log_schema *schema = file->schema, *next; schema != NULL; schema = next) {
		next = schema->next;
		free(schema);
	}
	free(file->name);
	free(file);
}

enum sk_log_format sk_log_file_format(const struct sk_log_file *file)
{
	return file->format;
}

struct sk_stream *sk_log_file_stream(struct sk_log_file *file)
{
	return file->stream;
}

void sk_log_progress(const struct sk_log_file *file, uint64_t *read_bytes, uint64_t *source_bytes)
{
	sk_stream_progress(file->stream, read_bytes, source_bytes);
}

/* ---- chunks ---- */

enum sk_err sk_log_chunk_init(struct sk_log_chunk *chunk)
{
	*chunk = (struct sk_log_chunk){.bytes = calloc(1, BUFFER_BYTES)};
	return chunk->bytes != NULL ? SK_OK : SK_ENOMEM;
}

void sk_log_chunk_wipe(struct sk_log_chunk *chunk)
{
	sk_wipe(chunk->bytes, chunk->used);
	*chunk = (struct sk_log_chunk){.bytes = chunk->bytes};
}

void sk_log_chunk_fini(struct sk_log_chunk *chunk)
{
	if (chunk->bytes != NULL)
		sk_log_chunk_wipe(chunk);
	free(chunk->bytes);
	*chunk = (struct sk_log_chunk){.bytes = NULL};
}

/* A line feed in what is left, from the front; NULL: none. */
static char *find_feed(const struct sk_log_file *file)
{
	return memchr(file->buffer + file->at, '\n', file->end - file->at);
}

/* Bring what is left to the front and fill up behind it, or as far as a pipe has lines for us: what came through it is not held back until more comes. A
   damage waits until the lines before it are taken. */
static enum sk_err fill(struct sk_log_file *file, struct sk_fault *fault)
{
	size_t left = file->end - file->at;
	if (find_feed(file) != NULL)
		return SK_OK; /* there are lines for another chunk */
	if (file->at != 0) {
		memmove(file->buffer, file->buffer + file->at, left);
		sk_wipe(file->buffer + left, file->at);
		file->at = 0;
		file->end = left;
	}
	while (!file->ended && file->end < SK_LOG_CHUNK_BYTES) {
		size_t got = 0;
		enum sk_err err = sk_stream_read(file->stream, file->buffer + file->end, SK_LOG_CHUNK_BYTES - file->end, &got, fault);
		if (err == SK_EINTR)
			return err;
		if (err != SK_OK && fault != NULL)
			file->late = *fault;
		file->late.err = err;
		file->ended = err != SK_OK || got == 0;
		bool a_line = got != 0 && memchr(file->buffer + file->end, '\n', got) != NULL;
		file->end += got;
		if (got < PIPE_BYTES && a_line)
			break;
	}
	return SK_OK;
}

/* The rest of a line that is longer than the buffer. */
static void skip_long(struct sk_log_file *file)
{
	char *feed = find_feed(file);
	file->skipping = feed == NULL && !file->ended;
	size_t to = feed != NULL ? (size_t)(feed + 1 - file->buffer) : file->end;
	sk_wipe(file->buffer + file->at, to - file->at);
	file->at = to;
	file->line += !file->skipping;
}

/* A schema that no chunk has yet, to be changed by a header line. */
static enum sk_err own_schema(struct sk_log_file *file, struct sk_fault *fault)
{
	if (!file->schema_lent)
		return SK_OK;
	if (file->schemas == SCHEMAS_MAX)
		return sk_fault_set(fault, SK_EINPUT, "%s:%llu: more than %d headers in one log; split it", file->name, (unsigned long long)file->line, SCHEMAS_MAX);
	struct sk_log_schema *schema = malloc(sizeof *schema);
	if (schema == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", file->name);
	*schema = *file->schema;
	schema->next = file->schema;
	file->schema = schema;
	file->schema_lent = false;
	file->schemas++;
	return SK_OK;
}

/* Header lines of a Zeek log that stand here. False: none is left, or only a part of one is there. */
static bool take_header(struct sk_log_file *file, enum sk_err *err, struct sk_fault *fault)
{
	if (file->format != SK_LOG_ZEEK || file->at == file->end || *(file->buffer + file->at) != '#')
		return false;
	char *feed = find_feed(file);
	if (feed == NULL && !file->ended)
		return false;
	const char *line = file->buffer + file->at, *end = feed != NULL ? feed : file->buffer + file->end;
	size_t length = (size_t)(end - line);
	if (length > 0 && *(end - 1) == '\r')
		length--;
	*err = own_schema(file, fault);
	const char *wrong = *err == SK_OK ? table_zeek_header(file->schema, line, length) : NULL;
	if (wrong != NULL)
		*err = sk_fault_set(fault, SK_EINPUT, "%s:%llu: %s; nothing behind it was read", file->name, (unsigned long long)file->line, wrong);
	file->at = feed != NULL ? (size_t)(feed + 1 - file->buffer) : file->end;
	file->line++;
	return *err == SK_OK;
}

/* Hand out `length` bytes of whole lines. When nothing but an unfinished line follows, the buffers change places. */
static void hand_out(struct sk_log_file *file, struct sk_log_chunk *chunk, size_t length, uint64_t lines, bool to_last_line)
{
	if (to_last_line) {
		char *empty = chunk->bytes;
		size_t rest = file->end - file->at - length;
		*chunk = (struct sk_log_chunk){.bytes = file->buffer, .at = file->at, .length = file->at + length, .used = file->end};
		memcpy(empty, file->buffer + file->at + length, rest);
		file->buffer = empty;
		file->at = 0;
		file->end = rest;
	} else {
		memcpy(chunk->bytes, file->buffer + file->at, length);
		chunk->at = 0;
		chunk->length = chunk->used = length;
		file->at += length;
	}
	chunk->next_line = file->line;
	chunk->long_line = file->long_line;
	chunk->schema = file->schema;
	file->long_line = 0;
	file->line += lines;
	file->schema_lent = true;
}

/* How much can be handed out now: up to the last line feed, or to the header of another log. 0: no whole line is there. */
static size_t whole_lines(const struct sk_log_file *file, uint64_t *lines, bool *to_last_line)
{
	const char *start = file->buffer + file->at;
	size_t left = file->end - file->at;
	const char *feed = left != 0 ? memrchr(start, '\n', left) : NULL;
	size_t length = file->ended ? left : feed != NULL ? (size_t)(feed + 1 - start) : 0;
	size_t given = scan_lines(start, length, file->format == SK_LOG_ZEEK, lines);
	*to_last_line = given == length;
	return given;
}

/* Everything that is to be handed out before a damage is told was handed out. */
static enum sk_err end(struct sk_log_file *file, bool *more, struct sk_fault *fault)
{
	*more = false;
	enum sk_err err = file->late.err;
	if (err != SK_OK && fault != NULL)
		*fault = file->late;
	file->late.err = SK_OK;
	return err;
}

enum sk_err sk_log_next(struct sk_log_file *file, struct sk_log_chunk *chunk, bool *more, struct sk_fault *fault)
{
	SK_INVARIANT(chunk->used == 0);
	*more = true;
	for (;;) {
		SK_TRY(fill(file, fault));
		if (file->line == 1 && file->at == 0 && file->end >= 3 && memcmp(file->buffer, "\xef\xbb\xbf", 3) == 0)
			file->at = 3;
		if (file->skipping) {
			skip_long(file);
			continue;
		}
		enum sk_err err = SK_OK;
		while (take_header(file, &err, fault))
			;
		if (err != SK_OK) {
			file->ended = true;
			file->at = file->end;
			return err;
		}
		uint64_t lines;
		bool to_last_line;
		size_t length = whole_lines(file, &lines, &to_last_line);
		if (length != 0 || file->long_line != 0) {
			hand_out(file, chunk, length, lines, to_last_line);
			return SK_OK;
		}
		if (file->ended)
			return end(file, more, fault);
		if (file->end - file->at == SK_LOG_CHUNK_BYTES) {
			file->long_line = file->line;
			file->skipping = true;
		}
	}
}
