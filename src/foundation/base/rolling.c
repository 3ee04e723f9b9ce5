/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rolling.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { SUFFIX_MAX = 16 };

struct sk_rolling {
	char path[SK_PATH_MAX - SUFFIX_MAX], folder[SK_PATH_MAX];
	unsigned mode;
	struct sk_rolling_limits limits;
	int fd;
	bool regular;
	uint64_t size;        /* of the file */
	int64_t begun_ns;     /* of the file */
	int64_t waits_since_ns; /* of the first line in the buffer */
	bool refused;         /* the last write did not take all */
	size_t length;        /* of the buffer's content: whole lines */
	struct sk_rolling_stats stats;
	uint8_t buffer[SK_ROLLING_BUFFER_BYTES];
};

/* ---- writing ---- */

static uint64_t count_lines(const uint8_t *bytes, size_t length)
{
	uint64_t lines = 0;
	for (size_t i = 0; i < length; i++)
		lines += bytes[i] == '\n';
	return lines;
}

/* After a write that took `put` bytes of the buffer: how many of them are whole lines. The others are taken back from the file, so that none is half there. */
static size_t take_back(struct sk_rolling *rolling, size_t put)
{
	struct stat info;
	size_t whole = put;
	while (whole > 0 && rolling->buffer[whole - 1] != '\n')
		whole--;
	/* The file may have been emptied by another hand since: what we wrote last is at its end, wherever that is. */
	if (whole < put && rolling->regular && fstat(rolling->fd, &info) == 0 && info.st_size >= (off_t)(put - whole))
		(void)!ftruncate(rolling->fd, info.st_size - (off_t)(put - whole));
	return whole;
}

/* Write the buffer. What could not be written stays in it. */
static void flush(struct sk_rolling *rolling)
{
	size_t put = 0;
	int failed = 0;
	while (put < rolling->length && failed == 0) {
		ssize_t got = write(rolling->fd, rolling->buffer + put, rolling->length - put);
		if (got > 0)
			put += (size_t)got;
		else if (got == 0 || errno != EINTR)
			failed = got == 0 ? ENOSPC : errno;
	}
	size_t whole = put == rolling->length ? put : take_back(rolling, put);
	rolling->stats.errnum = failed;
	rolling->stats.lines += count_lines(rolling->buffer, whole);
	rolling->stats.bytes += whole;
	rolling->size += whole;
	rolling->length -= whole;
	rolling->refused = failed != 0;
	memmove(rolling->buffer, rolling->buffer + whole, rolling->length);
}

/* ---- putting aside ---- */

static const char *numbered(const struct sk_rolling *rolling, unsigned number, char path[SK_PATH_MAX])
{
	(void)snprintf(path, SK_PATH_MAX, "%s.%u", rolling->path, number);
	return path;
}

/* path.1 becomes path.2 and so on; the oldest goes. A gap (a file that somebody removed) ends the move: what is behind it has its place already. */
static void shift(const struct sk_rolling *rolling)
{
	char from[SK_PATH_MAX], to[SK_PATH_MAX];
	unsigned last = 1;
	while (last < rolling->limits.keep && access(numbered(rolling, last, from), F_OK) == 0)
		last++;
	for (unsigned number = last; number > 1; number--)
		(void)rename(numbered(rolling, number - 1, from), numbered(rolling, number, to));
	/* Fewer are kept than before. */
	for (unsigned number = rolling->limits.keep + 1; number <= SK_ROLLING_KEEP_MAX && unlink(numbered(rolling, number, to)) == 0;)
		number++;
}

static void take_file(struct sk_rolling *rolling, int fd, int64_t now_unix_ns)
{
	struct stat info;
	struct statx more;
	bool known = fstat(fd, &info) == 0;
	rolling->fd = fd;
	rolling->regular = known && S_ISREG(info.st_mode);
	rolling->size = rolling->regular ? (uint64_t)info.st_size : 0;
	rolling->begun_ns = now_unix_ns;
	/* A restart does not make the file younger, where the file system tells when it was made. */
	if (rolling->size != 0 && statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &more) == 0 && (more.stx_mask & STATX_BTIME) != 0)
		rolling->begun_ns = more.stx_btime.tv_sec * INT64_C(1000000000) + more.stx_btime.tv_nsec;
}

/* The new file is made under another name first: when that fails, nothing has changed. */
static int put_aside(struct sk_rolling *rolling, int64_t now_unix_ns)
{
	char fresh[SK_PATH_MAX], aside[SK_PATH_MAX];
	(void)snprintf(fresh, sizeof fresh, "%s.new", rolling->path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, (mode_t)rolling->mode);
	if (fd < 0)
		return errno;
	int failed = fdatasync(rolling->fd) != 0 ? errno : 0;
	if (failed == 0)
		shift(rolling);
	if (failed == 0 && rolling->limits.keep != 0 && rename(rolling->path, numbered(rolling, 1, aside)) != 0 && errno != ENOENT)
		failed = errno;
	if (failed == 0 && rename(fresh, rolling->path) != 0)
		failed = errno;
	if (failed != 0) {
		(void)close(fd);
		(void)unlink(fresh);
		return failed;
	}
	(void)close(rolling->fd);
	take_file(rolling, fd, now_unix_ns);
	rolling->stats.rolled++;
	return sk_file_sync_folder(rolling->folder, NULL) == SK_OK ? 0 : EIO;
}

static void roll(struct sk_rolling *rolling, int64_t now_unix_ns)
{
	int failed = put_aside(rolling, now_unix_ns);
	if (failed != 0)
		rolling->stats.errnum = failed;
}

static bool is_old(const struct sk_rolling *rolling, int64_t now_unix_ns)
{
	return rolling->limits.age_ns != 0 && rolling->size + rolling->length != 0 && now_unix_ns - rolling->begun_ns >= rolling->limits.age_ns;
}

/* ---- the calls ---- */

static bool ends_in_half_a_line(int fd)
{
	struct stat info;
	char last = '\n';
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0)
		return false;
	return pread(fd, &last, 1, info.st_size - 1) == 1 && last != '\n';
}

static int open_file(const struct sk_rolling *rolling)
{
	int fd = open(rolling->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, (mode_t)rolling->mode);
	if (fd < 0 && (errno == EINVAL || errno == EACCES || errno == ENXIO)) /* a terminal's or logger's file that cannot be read */
		fd = open(rolling->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, (mode_t)rolling->mode);
	return fd;
}

enum sk_err sk_rolling_open(const char *path, unsigned mode, const struct sk_rolling_limits *limits, int64_t now_unix_ns, struct sk_rolling **out, struct sk_fault *fault)
{
	struct sk_rolling *rolling = calloc(1, sizeof *rolling);
	*out = NULL;
	if (rolling == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	if (strlen(path) >= sizeof rolling->path) {
		free(rolling);
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", path);
	}
	memcpy(rolling->path, path, strlen(path));
	memcpy(rolling->folder, path, strlen(path));
	char *slash = strrchr(rolling->folder, '/');
	if (slash == NULL)
		memcpy(rolling->folder, ".", 2);
	else
		slash[slash == rolling->folder] = '\0';
	rolling->mode = mode;
	rolling->limits = *limits;
	int fd = open_file(rolling);
	if (fd < 0) {
		int failed = errno;
		free(rolling);
		return sk_fault_errno(fault, failed, "%s: cannot write", path);
	}
	take_file(rolling, fd, now_unix_ns);
	if (ends_in_half_a_line(fd))
		roll(rolling, now_unix_ns);
	*out = rolling;
	return SK_OK;
}

void sk_rolling_set(struct sk_rolling *rolling, const struct sk_rolling_limits *limits)
{
	rolling->limits = *limits;
}

void sk_rolling_add(struct sk_rolling *rolling, const void *line, size_t length, int64_t now_unix_ns)
{
	SK_INVARIANT(length != 0 && length <= sizeof rolling->buffer / 2 && ((const char *)line)[length - 1] == '\n');
	bool full = rolling->length + length > sizeof rolling->buffer;
	bool grown = rolling->limits.size_bytes != 0 && rolling->regular && rolling->size + rolling->length + length > rolling->limits.size_bytes;
	if ((full || grown) && rolling->length != 0)
		flush(rolling);
	if (grown && rolling->length == 0 && rolling->size != 0)
		roll(rolling, now_unix_ns);
	if (rolling->length + length > sizeof rolling->buffer) {
		rolling->stats.lost++;
		return;
	}
	if (rolling->length == 0)
		rolling->waits_since_ns = now_unix_ns;
	memcpy(rolling->buffer + rolling->length, line, length);
	rolling->length += length;
	/* After a refusal the next try is the tick's: a full disk is not asked for every line. */
	if (rolling->limits.flush_ns == 0 && !rolling->refused)
		flush(rolling);
}

void sk_rolling_tick(struct sk_rolling *rolling, int64_t now_unix_ns)
{
	int64_t waited_ns = now_unix_ns - rolling->waits_since_ns;
	/* A clock that ran back must not keep lines. */
	if (rolling->length != 0 && (waited_ns >= rolling->limits.flush_ns || waited_ns < 0))
		flush(rolling);
	if (rolling->regular && rolling->length == 0 && is_old(rolling, now_unix_ns))
		roll(rolling, now_unix_ns);
}

enum sk_err sk_rolling_sync(struct sk_rolling *rolling, struct sk_fault *fault)
{
	if (rolling->length != 0)
		flush(rolling);
	if (rolling->length == 0 && rolling->regular && fdatasync(rolling->fd) != 0)
		rolling->stats.errnum = errno;
	if (rolling->stats.errnum != 0)
		return sk_fault_errno(fault, rolling->stats.errnum, "%s: cannot write", rolling->path);
	return SK_OK;
}

enum sk_err sk_rolling_reopen(struct sk_rolling *rolling, int64_t now_unix_ns, struct sk_fault *fault)
{
	/* A failure here is kept in the stats; what waits then goes into the new file. */
	(void)!sk_rolling_sync(rolling, NULL);
	int fd = open_file(rolling);
	if (fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot be opened anew; the old file stays in use", rolling->path);
	(void)close(rolling->fd);
	take_file(rolling, fd, now_unix_ns);
	if (ends_in_half_a_line(fd))
		roll(rolling, now_unix_ns);
	return SK_OK;
}

void sk_rolling_stats(const struct sk_rolling *rolling, struct sk_rolling_stats *out)
{
	*out = rolling->stats;
}

enum sk_err sk_rolling_close(struct sk_rolling *rolling, struct sk_fault *fault)
{
	enum sk_err err = sk_rolling_sync(rolling, fault);
	uint64_t lost = rolling->stats.lost + count_lines(rolling->buffer, rolling->length);
	if (lost != 0)
		err = sk_fault_errno(fault, rolling->stats.errnum != 0 ? rolling->stats.errnum : EIO, "%s: %" PRIu64 " lines could not be written and are lost", rolling->path, lost);
	(void)close(rolling->fd);
	sk_wipe(rolling, sizeof *rolling);
	free(rolling);
	return err;
}
