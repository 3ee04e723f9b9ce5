/* SPDX-License-Identifier: Apache-2.0 */
/* The list of breached passwords: a range by five digits of a hash, in a folder of ranges or by halving a sorted file. */
#include "access/breached.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "wire/wire.h"

enum { SHA1_BYTES = 20, WINDOW = 4096, LINE_MAX_BYTES = 128, RANGE_MAX = 8 << 20, SUFFIX = SK_BREACHED_HASH - SK_BREACHED_PREFIX };

bool sk_breached_line(const char *line, size_t length, size_t expected, char digits[SK_BREACHED_HASH + 1], uint64_t *count)
{
	struct sk_cur cur = sk_cur_of(line, length);
	SK_INVARIANT(expected <= SK_BREACHED_HASH);
	for (size_t i = 0; i < expected; i++) {
		int byte = sk_u8(&cur);
		if (!isxdigit(byte))
			return false;
		digits[i] = (char)toupper(byte);
	}
	digits[expected] = '\0';
	*count = 1; /* a list without counts says that it was breached, and not how often */
	if (cur.dead)
		return false;
	bool counted = false, ended = false;
	while (sk_more(&cur)) {
		uint8_t byte = sk_u8(&cur);
		if (byte == ':' && !counted && !ended) {
			counted = true;
			*count = 0;
			if (!sk_more(&cur))
				return false;
		} else if (byte >= '0' && byte <= '9' && counted && !ended && *count < UINT64_MAX / 10 - 1) {
			*count = *count * 10 + (byte - '0');
		} else if (byte == '\r' || byte == ' ' || byte == '\t') {
			ended = true;
		} else {
			return false;
		}
	}
	return true;
}

static bool hash_of(const char *password, size_t length, char hex[SK_BREACHED_HASH + 1])
{
	uint8_t digest[SHA1_BYTES];
	unsigned size = 0;
	if (EVP_Digest(password, length, digest, &size, EVP_sha1(), NULL) != 1 || size != SHA1_BYTES)
		return false;
	for (size_t i = 0; i < SHA1_BYTES; i++)
		(void)snprintf(hex + 2 * i, 3, "%02X", digest[i]);
	sk_wipe(digest, sizeof digest);
	return true;
}

/* ---- a folder of ranges ---- */

static enum sk_err open_range(const char *folder, const char prefix[SK_BREACHED_PREFIX + 1], struct sk_buf *range, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	char lower[SK_BREACHED_PREFIX + 1] = {0};
	for (size_t i = 0; i < SK_BREACHED_PREFIX; i++)
		lower[i] = (char)tolower((unsigned char)prefix[i]);
	for (size_t i = 0; i < 4; i++) {
		const char *name = i < 2 ? prefix : lower;
		int size = i % 2 == 0 ? snprintf(path, SK_PATH_MAX, "%s/%s.txt", folder, name) : snprintf(path, SK_PATH_MAX, "%s/%s", folder, name);
		if (size > 0 && size < SK_PATH_MAX && sk_file_exists(path))
			return sk_file_read(path, range, fault);
	}
	return sk_fault_set(fault, SK_ENOENT, "%s: no range %s in it; a list of breached passwords has all 1,048,576", folder, prefix);
}

static enum sk_err count_in_folder(const char *folder, const char hex[SK_BREACHED_HASH + 1], uint64_t *count, struct sk_fault *fault)
{
	char prefix[SK_BREACHED_PREFIX + 1] = {0}, path[SK_PATH_MAX], digits[SK_BREACHED_HASH + 1];
	struct sk_buf range;
	uint64_t found, lines = 0;
	memcpy(prefix, hex, SK_BREACHED_PREFIX);
	sk_buf_init(&range, RANGE_MAX);
	enum sk_err err = open_range(folder, prefix, &range, path, fault);
	const char *at = sk_buf_text(&range), *end = at + range.length;
	while (err == SK_OK && at != end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		if (line_end == NULL)
			line_end = end;
		if (sk_breached_line(at, (size_t)(line_end - at), SUFFIX, digits, &found)) {
			lines++;
			if (strcmp(digits, hex + SK_BREACHED_PREFIX) == 0)
				*count = found;
		}
		at = line_end == end ? end : line_end + 1;
	}
	if (err == SK_OK && lines == 0)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: no line of the form SUFFIX:COUNT", path);
	sk_buf_fini(&range);
	return err;
}

/* ---- one sorted file ---- */

/* The first whole line at or behind an offset: its start and end. False at the end of the file. */
static bool line_at(int fd, off_t size, off_t offset, char line[LINE_MAX_BYTES + 1], size_t *length, off_t *start, off_t *next)
{
	char window[WINDOW];
	/* A line begins behind a line feed: look from one byte before, so that an offset at a line's own start finds that line. */
	off_t from = offset == 0 ? 0 : offset - 1;
	ssize_t got = pread(fd, window, sizeof window, from);
	if (got <= 0)
		return false;
	const char *at = window, *end = window + got;
	if (offset != 0) {
		at = memchr(window, '\n', (size_t)got);
		if (at == NULL || ++at == end)
			return false;
	}
	*start = from + (at - window);
	if (*start >= size)
		return false;
	const char *stop = memchr(at, '\n', (size_t)(end - at));
	*length = (size_t)((stop != NULL ? stop : end) - at);
	*next = *start + (off_t)*length + 1;
	if (*length > LINE_MAX_BYTES)
		*length = LINE_MAX_BYTES;
	memcpy(line, at, *length);
	return true;
}

/* Where the range of this prefix begins: the smallest offset of a line whose hash is not below it. */
static enum sk_err seek_range(int fd, off_t size, const char *path, const char *prefix, off_t *start, struct sk_fault *fault)
{
	off_t low = 0, high = size;
	char line[LINE_MAX_BYTES + 1], digits[SK_BREACHED_HASH + 1];
	while (low < high) {
		off_t middle = low + (high - low) / 2, at, next;
		size_t length;
		uint64_t count;
		if (!line_at(fd, size, middle, line, &length, &at, &next) || at >= high) {
			high = middle;
			continue;
		}
		if (!sk_breached_line(line, length, SK_BREACHED_HASH, digits, &count))
			return sk_fault_set(fault, SK_EMALFORMED, "%s: at byte %lld: expected SHA1:COUNT, sorted by hash", path, (long long)at);
		if (strncmp(digits, prefix, SK_BREACHED_PREFIX) < 0)
			low = next;
		else
			high = middle;
	}
	*start = low;
	return SK_OK;
}

static enum sk_err count_in_file(int fd, off_t size, const char *path, const char hex[SK_BREACHED_HASH + 1], uint64_t *count, struct sk_fault *fault)
{
	char prefix[SK_BREACHED_PREFIX + 1] = {0}, line[LINE_MAX_BYTES + 1], digits[SK_BREACHED_HASH + 1];
	off_t at = 0, start, next;
	size_t length;
	uint64_t found;
	memcpy(prefix, hex, SK_BREACHED_PREFIX);
	SK_TRY(seek_range(fd, size, path, prefix, &at, fault));
	for (; line_at(fd, size, at, line, &length, &start, &next); at = next) {
		if (!sk_breached_line(line, length, SK_BREACHED_HASH, digits, &found))
			return sk_fault_set(fault, SK_EMALFORMED, "%s: at byte %lld: expected SHA1:COUNT, sorted by hash", path, (long long)start);
		if (strncmp(digits, prefix, SK_BREACHED_PREFIX) != 0)
			return SK_OK;
		/* The whole range is read, wherever in it the password would be. */
		if (strcmp(digits, hex) == 0)
			*count = found;
	}
	return SK_OK;
}

enum sk_err sk_breached_count(const char *path, const char *password, size_t length, uint64_t *count, struct sk_fault *fault)
{
	char hex[SK_BREACHED_HASH + 1];
	struct stat info;
	*count = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) != 0) {
		int errnum = errno;
		if (fd >= 0)
			(void)close(fd);
		if (errnum == ENOENT)
			return sk_fault_set(fault, SK_ENOENT, "%s: no list of breached passwords there", path);
		return sk_fault_errno(fault, errnum, "%s: cannot read", path);
	}
	enum sk_err err;
	if (!hash_of(password, length, hex))
		err = sk_fault_set(fault, SK_EIO, "SHA-1 is not to be had from this OpenSSL");
	else if (S_ISDIR(info.st_mode))
		err = count_in_folder(path, hex, count, fault);
	else if (info.st_size == 0)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: empty; expected lines SHA1:COUNT", path);
	else
		err = count_in_file(fd, info.st_size, path, hex, count, fault);
	(void)close(fd);
	sk_wipe(hex, sizeof hex);
	return err;
}
