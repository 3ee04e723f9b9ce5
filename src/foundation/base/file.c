/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BLOCK = 65536 };

enum sk_err sk_file_read(const char *path, struct sk_buf *buf, struct sk_fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? sk_fault_set(fault, SK_ENOENT, "%s: no such file", path)
				       : sk_fault_errno(fault, errno, "%s: cannot open", path);
	enum sk_err err = SK_OK;
	uint8_t block[READ_BLOCK];
	for (;;) {
		ssize_t got = read(fd, block, sizeof block);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			err = errno == EISDIR ? sk_fault_set(fault, SK_ENOTCAPTURE, "%s: is a directory, a file was expected", path)
					      : sk_fault_errno(fault, errno, "%s: cannot read", path);
			break;
		}
		if (got == 0)
			break;
		sk_buf_add(buf, block, (size_t)got);
		if (buf->failed != SK_OK) {
			err = sk_fault_set(fault, buf->failed, "%s: larger than the limit of %zu bytes", path, buf->limit);
			break;
		}
	}
	sk_wipe(block, sizeof block);
	(void)close(fd);
	return err;
}

static enum sk_err write_all(int fd, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		ssize_t put = write(fd, bytes, length);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return SK_EIO;
		bytes += put;
		length -= (size_t)put;
	}
	return SK_OK;
}

enum sk_err sk_file_sync_folder(const char *path, struct sk_fault *fault)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot open folder", path);
	int failed = fsync(fd) != 0 ? errno : 0;
	(void)close(fd);
	return failed != 0 ? sk_fault_errno(fault, failed, "%s: cannot sync folder", path) : SK_OK;
}

enum sk_err sk_file_replace(const char *path, const void *bytes, size_t length, unsigned mode, struct sk_fault *fault)
{
	char temporary[SK_PATH_MAX], folder[SK_PATH_MAX];
	int used = snprintf(temporary, sizeof temporary, "%s.tmp.%ld", path, (long)getpid());
	if (used < 0 || (size_t)used >= sizeof temporary)
		return sk_fault_set(fault, SK_ETOOBIG, "%s: path too long", path);
	(void)snprintf(folder, sizeof folder, "%s", path);
	char *slash = strrchr(folder, '/');
	if (slash == NULL)
		(void)snprintf(folder, sizeof folder, ".");
	else
		slash[slash == folder ? 1 : 0] = '\0';
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
	if (fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot write", temporary);
	int failed = 0;
	if (write_all(fd, bytes, length) != SK_OK || fsync(fd) != 0)
		failed = errno;
	if (close(fd) != 0 && failed == 0)
		failed = errno;
	if (failed == 0 && rename(temporary, path) != 0)
		failed = errno;
	if (failed != 0) {
		(void)unlink(temporary);
		return sk_fault_errno(fault, failed, "%s: cannot write", path);
	}
	return sk_file_sync_folder(folder, fault);
}

enum sk_err sk_file_make_folder(const char *path, unsigned mode, struct sk_fault *fault)
{
	char part[SK_PATH_MAX];
	size_t length = strlen(path);
	if (length == 0 || length >= sizeof part)
		return sk_fault_set(fault, SK_ETOOBIG, "folder name empty or too long");
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, (mode_t)mode) != 0 && errno != EEXIST)
			return sk_fault_errno(fault, errno, "%s: cannot make folder", part);
	}
	struct stat info;
	if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
		return sk_fault_set(fault, SK_EIO, "%s: exists and is not a folder", path);
	return SK_OK;
}

enum sk_err sk_file_check_private(const char *path, struct sk_fault *fault)
{
	struct stat info;
	if (stat(path, &info) != 0)
		return sk_fault_set(fault, SK_ENOENT, "%s: no such file", path);
	if ((info.st_mode & 077) != 0)
		return sk_fault_set(fault, SK_EPERMS, "%s: mode is %03o, expected 600 (chmod 600 it, and change the key: others could read it)", path,
				    (unsigned)(info.st_mode & 0777));
	return SK_OK;
}

bool sk_file_exists(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0;
}

enum sk_err sk_file_join(char *path, size_t size, const char *folder, const char *name)
{
	int used = snprintf(path, size, "%s/%s", folder, name);
	return used < 0 || (size_t)used >= size ? SK_ETOOBIG : SK_OK;
}
