/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a plain or gzip file through one fixed buffer, with a hard limit on what a small compressed file may become. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "indicator/indicator_priv.h"

static enum sk_err fill(struct sk_reader *reader, struct sk_fault *fault)
{
	size_t kept = reader->end - reader->at;
	memmove(reader->buffer, reader->buffer + reader->at, kept);
	reader->at = 0;
	reader->end = kept;
	reader->feed = NULL;
	while (!reader->eof && reader->end < SK_INDICATOR_BUFFER_BYTES) {
		int got = gzread(reader->gz, reader->buffer + reader->end, (unsigned)(SK_INDICATOR_BUFFER_BYTES - reader->end));
		int state = Z_OK;
		const char *message = gzerror(reader->gz, &state);
		if (got < 0 && state == Z_ERRNO)
			return sk_fault_errno(fault, errno, "%s: cannot read", reader->path);
		/* zlib says "unexpected end of file" with what it could still read. */
		if (got < 0 || (got == 0 && state != Z_OK && state != Z_STREAM_END))
			return sk_fault_set(fault, SK_EINPUT, "%s: damaged gzip data after %llu decompressed bytes (%s)", reader->path,
					    (unsigned long long)reader->total, message);
		reader->eof = got == 0;
		reader->end += (size_t)got;
		reader->total += (uint64_t)got;
		if (reader->total > SK_INDICATOR_TEXT_MAX_BYTES)
			return sk_fault_set(fault, SK_ETOOBIG, "%s: more than %d MiB of text; split the list", reader->path,
					    SK_INDICATOR_TEXT_MAX_BYTES >> 20);
	}
	return SK_OK;
}

/* A byte order mark of UTF-8 is skipped by the caller, who counts it; UTF-16 and binary files are named here. */
static enum sk_err check_text(const struct sk_reader *reader, struct sk_fault *fault)
{
	struct sk_cur c = sk_cur_of(reader->buffer, reader->end);
	uint8_t first = sk_peek_u8(&c, 0), second = sk_peek_u8(&c, 1);
	if ((first == 0xff && second == 0xfe) || (first == 0xfe && second == 0xff))
		return sk_fault_set(fault, SK_EINPUT, "%s: UTF-16 text; save it as UTF-8", reader->path);
	size_t looked = reader->end < 4096 ? reader->end : 4096;
	const char *zero = memchr(reader->buffer, '\0', looked);
	if (zero != NULL)
		return sk_fault_set(fault, SK_EINPUT, "%s: a binary file (zero byte at offset %zu); a list, CSV, MISP or STIX was expected",
				    reader->path, (size_t)(zero - reader->buffer));
	return SK_OK;
}

enum sk_err sk_reader_open(struct sk_reader *reader, const char *path, struct sk_fault *fault)
{
	*reader = (struct sk_reader){.path = path};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? sk_fault_set(fault, SK_ENOENT, "%s: no such file", path)
				       : sk_fault_errno(fault, errno, "%s: cannot open", path);
	struct stat info;
	if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
		(void)close(fd);
		return sk_fault_set(fault, SK_EINPUT, "%s: a folder; name the files in it", path);
	}
	uint64_t file_bytes = S_ISREG(info.st_mode) && info.st_size > 0 ? (uint64_t)info.st_size : 0;
	reader->gz = gzdopen(fd, "rb");
	if (reader->gz == NULL) {
		(void)close(fd);
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	}
	reader->buffer = malloc(SK_INDICATOR_BUFFER_BYTES + 1);
	enum sk_err err = reader->buffer == NULL ? sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path) : SK_OK;
	if (err == SK_OK)
		err = fill(reader, fault);
	reader->file_bytes = reader->gz != NULL && gzdirect(reader->gz) == 1 ? file_bytes : 0;
	if (err == SK_OK)
		err = check_text(reader, fault);
	if (err != SK_OK)
		sk_reader_close(reader);
	return err;
}

void sk_reader_close(struct sk_reader *reader)
{
	if (reader->gz != NULL)
		(void)gzclose(reader->gz);
	free(reader->buffer);
	*reader = (struct sk_reader){.path = NULL};
}

bool sk_reader_has_line(struct sk_reader *reader)
{
	if (reader->feed == NULL)
		reader->feed = memchr(reader->buffer + reader->at, '\n', reader->end - reader->at);
	return reader->feed != NULL;
}

/* Where the next line ends: the LF, or the end of what is there. NULL with *err set when more could not be read. */
static char *line_end(struct sk_reader *reader, enum sk_err *err, struct sk_fault *fault)
{
	if (!sk_reader_has_line(reader) && !reader->eof) {
		*err = fill(reader, fault);
		if (*err != SK_OK)
			return NULL;
		(void)sk_reader_has_line(reader);
	}
	char *feed = reader->feed;
	reader->feed = NULL;
	return feed != NULL ? feed : reader->buffer + reader->end;
}

/* Pass over what is left of a line that is longer than the buffer. */
static enum sk_err skip_long(struct sk_reader *reader, struct sk_fault *fault)
{
	for (;;) {
		char *feed = memchr(reader->buffer + reader->at, '\n', reader->end - reader->at);
		reader->at = feed != NULL ? (size_t)(feed + 1 - reader->buffer) : reader->end;
		if (feed != NULL || reader->eof)
			return SK_OK;
		SK_TRY(fill(reader, fault));
	}
}

enum sk_err sk_reader_line(struct sk_reader *reader, struct sk_line *line, struct sk_fault *fault)
{
	enum sk_err err = SK_OK;
	*line = (struct sk_line){.text = NULL};
	char *end = line_end(reader, &err, fault);
	if (end == NULL)
		return err;
	bool fed = end < reader->buffer + reader->end;
	if (!fed && reader->at == reader->end)
		return SK_ENOENT;
	reader->line++;
	if (!fed && !reader->eof) {
		line->text = reader->buffer + SK_INDICATOR_BUFFER_BYTES;
		line->text[0] = '\0';
		line->too_long = true;
		return skip_long(reader, fault);
	}
	line->text = reader->buffer + reader->at;
	line->length = (size_t)(end - line->text);
	reader->at += line->length + (fed ? 1 : 0);
	*end = '\0'; /* the buffer has one byte more */
	if (line->length > 0 && line->text[line->length - 1] == '\r') {
		line->text[--line->length] = '\0';
		line->crlf = true;
	}
	return SK_OK;
}

enum sk_err sk_reader_rest(struct sk_reader *reader, struct sk_buf *out, struct sk_fault *fault)
{
	do {
		sk_buf_add(out, reader->buffer + reader->at, reader->end - reader->at);
		reader->at = reader->end;
		if (out->failed == SK_ETOOBIG)
			return sk_fault_set(fault, SK_ETOOBIG, "%s: more than %d MiB of JSON; split it", reader->path,
					    SK_INDICATOR_JSON_MAX_BYTES >> 20);
		if (out->failed != SK_OK)
			return sk_fault_set(fault, out->failed, "%s: %s", reader->path, sk_err_text(out->failed));
		SK_TRY(fill(reader, fault));
	} while (reader->end > 0);
	return SK_OK;
}
