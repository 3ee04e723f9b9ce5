/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

#include "case/tar_priv.h"

/* A folder of ours and a name in it, or a name: nothing else is read or written. */
static bool good_name(const char *name)
{
	size_t length = strlen(name);
	const char *slash = strchr(name, '/');
	return length != 0 && length < SK_BUNDLE_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789./-") == length && strstr(name, "..") == NULL && name[0] != '/' && name[0] != '.' &&
	       (slash == NULL || (slash[1] != '\0' && slash[1] != '.' && strchr(slash + 1, '/') == NULL));
}

void sk_tar_fini(struct sk_tar *tar)
{
	for (size_t i = 0; i < tar->count; i++)
		free(tar->files[i].bytes);
	free(tar->files);
	*tar = (struct sk_tar){0};
}

const struct sk_tar_file *sk_tar_find(const struct sk_tar *tar, const char *name)
{
	for (size_t i = 0; i < tar->count; i++)
		if (strcmp(tar->files[i].name, name) == 0)
			return &tar->files[i];
	return NULL;
}

enum sk_err sk_tar_add(struct sk_tar *tar, const char *name, const void *bytes, size_t length, struct sk_fault *fault)
{
	if (!good_name(name))
		return sk_fault_set(fault, SK_EMALFORMED, "bundle: '%.80s' is no name of a file in a bundle", name);
	if (tar->count == SK_BUNDLE_FILES_MAX || tar->total + length > SK_BUNDLE_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "bundle: more than %d files or %d bytes", SK_BUNDLE_FILES_MAX, SK_BUNDLE_MAX);
	if (tar->count == tar->room) {
		size_t room = tar->room == 0 ? 64 : 2 * tar->room;
		struct sk_tar_file *larger = reallocarray(tar->files, room, sizeof *larger);
		if (larger == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "out of memory");
		tar->files = larger;
		tar->room = room;
	}
	struct sk_tar_file *file = &tar->files[tar->count];
	*file = (struct sk_tar_file){.length = length, .bytes = malloc(length + 1)};
	if (file->bytes == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	memcpy(file->name, name, strlen(name) + 1);
	if (length != 0)
		memcpy(file->bytes, bytes, length);
	file->bytes[length] = '\0';
	tar->total += length;
	tar->count++;
	return SK_OK;
}

/* ---- writing ---- */

static la_ssize_t take_bytes(struct archive *archive, void *context, const void *bytes, size_t length)
{
	struct sk_buf *out = context;
	sk_buf_add(out, bytes, length);
	if (out->failed == SK_OK)
		return (la_ssize_t)length;
	archive_set_error(archive, ENOMEM, "does not fit");
	return -1;
}

static bool write_file(struct archive *archive, const struct sk_tar_file *file)
{
	struct archive_entry *entry = archive_entry_new();
	if (entry == NULL)
		return false;
	archive_entry_set_pathname(entry, file->name);
	archive_entry_set_size(entry, (la_int64_t)file->length);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, 0, 0);
	bool good = archive_write_header(archive, entry) == ARCHIVE_OK && (file->length == 0 || archive_write_data(archive, file->bytes, file->length) == (la_ssize_t)file->length);
	archive_entry_free(entry);
	return good;
}

enum sk_err sk_tar_write(const struct sk_tar *tar, struct sk_buf *out, struct sk_fault *fault)
{
	struct archive *archive = archive_write_new();
	bool good = archive != NULL && archive_write_set_format_ustar(archive) == ARCHIVE_OK && archive_write_add_filter_none(archive) == ARCHIVE_OK &&
		    archive_write_open(archive, out, NULL, take_bytes, NULL) == ARCHIVE_OK;
	for (size_t i = 0; good && i < tar->count; i++)
		good = write_file(archive, &tar->files[i]);
	good = archive != NULL && archive_write_close(archive) == ARCHIVE_OK && good;
	(void)archive_write_free(archive);
	return good ? SK_OK : sk_fault_set(fault, out->failed != SK_OK ? out->failed : SK_ENOMEM, "bundle: cannot be written");
}

/* ---- reading ---- */

static enum sk_err read_file(struct archive *archive, struct archive_entry *entry, struct sk_tar *out, struct sk_fault *fault)
{
	const char *name = archive_entry_pathname(entry);
	la_int64_t size = archive_entry_size(entry);
	if (name == NULL || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != NULL || archive_entry_symlink(entry) != NULL || archive_entry_sparse_count(entry) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "bundle: '%.80s' is no regular file", name != NULL ? name : "");
	if (sk_tar_find(out, name) != NULL)
		return sk_fault_set(fault, SK_EMALFORMED, "bundle: '%.80s' stands twice", name);
	if (size < 0 || size > SK_BUNDLE_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "bundle: '%.80s' is too large", name);
	uint8_t *bytes = malloc((size_t)size + 1);
	if (bytes == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	la_ssize_t got = size == 0 ? 0 : archive_read_data(archive, bytes, (size_t)size);
	enum sk_err err = got == size ? sk_tar_add(out, name, bytes, (size_t)size, fault) : sk_fault_set(fault, SK_EMALFORMED, "bundle: '%.80s' is cut off", name);
	free(bytes);
	return err;
}

enum sk_err sk_tar_read(const void *bytes, size_t length, struct sk_tar *out, struct sk_fault *fault)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	enum sk_err err = SK_OK;
	int code = ARCHIVE_FATAL;
	*out = (struct sk_tar){0};
	if (length > SK_BUNDLE_MAX) {
		(void)archive_read_free(archive);
		return sk_fault_set(fault, SK_ETOOBIG, "bundle: %zu bytes; at most %d are read", length, SK_BUNDLE_MAX);
	}
	if (archive == NULL || archive_read_support_format_tar(archive) != ARCHIVE_OK || archive_read_open_memory(archive, bytes, length) != ARCHIVE_OK)
		err = sk_fault_set(fault, SK_EMALFORMED, "bundle: not a tar file");
	while (err == SK_OK && (code = archive_read_next_header(archive, &entry)) == ARCHIVE_OK)
		err = read_file(archive, entry, out, fault);
	if (err == SK_OK && code != ARCHIVE_EOF)
		err = sk_fault_set(fault, SK_EMALFORMED, "bundle: not a tar file, or cut off");
	(void)archive_read_free(archive);
	if (err != SK_OK)
		sk_tar_fini(out);
	return err;
}
