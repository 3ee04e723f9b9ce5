/* SPDX-License-Identifier: Apache-2.0 */
/* From a builder to the file that docs/formats/selectors.md draws: sort, derive the look-up sections, write once through, replace atomically. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "indicator/digest.h"
#include "indicator/indicator_priv.h"

enum { WRITE_BUFFER_BYTES = 1 << 16, SET_MODE = 0600 };

struct writer {
	int fd, errnum;
	uint64_t offset;
	size_t used;
	struct sk_sha256 *hash;
	uint8_t buffer[WRITE_BUFFER_BYTES];
};

struct compile {
	const struct sk_indicator_builder *builder;
	uint32_t *order[SK_COLUMN_COUNT];
	uint64_t count[SK_SECTION_COUNT], offset[SK_SECTION_COUNT], length;
	struct sk_segment *segments[2];
	uint64_t key[2];
	uint8_t sip_key[SK_SIP_KEY_BYTES];
	uint8_t digest[SK_HASH_BYTES];
	struct writer writer;
};

/* ---- writing ---- */

static void flush(struct writer *w)
{
	for (size_t at = 0; at < w->used && w->errnum == 0;) {
		ssize_t wrote = write(w->fd, w->buffer + at, w->used - at);
		if (wrote < 0 && errno != EINTR)
			w->errnum = errno;
		at += wrote > 0 ? (size_t)wrote : 0;
	}
	w->used = 0;
}

static void put(struct writer *w, const void *bytes, size_t length)
{
	struct sk_cur c = sk_cur_of(bytes, length);
	while (sk_more(&c)) {
		size_t room = sizeof w->buffer - w->used, left = sk_left(&c), piece = left < room ? left : room;
		sk_copy(&c, w->buffer + w->used, piece);
		w->used += piece;
		w->offset += piece;
		if (w->used == sizeof w->buffer) {
			sk_sha256_add(w->hash, w->buffer, w->used);
			flush(w);
		}
	}
}

static void finish(struct writer *w)
{
	sk_sha256_add(w->hash, w->buffer, w->used);
	flush(w);
}

static void put_le32(struct writer *w, uint32_t value)
{
	uint8_t bytes[4];
	sk_store_le32(bytes, value);
	put(w, bytes, sizeof bytes);
}

static void put_le64(struct writer *w, uint64_t value)
{
	put_le32(w, (uint32_t)value);
	put_le32(w, (uint32_t)(value >> 32));
}

static void pad(struct writer *w)
{
	static const uint8_t zero[SK_SET_ALIGN];
	put(w, zero, (size_t)(-w->offset & (SK_SET_ALIGN - 1)));
}

/* ---- what stands in the sections ---- */

static const uint8_t *value_at(const struct compile *compile, enum sk_column_name column, uint32_t place, size_t *length)
{
	return sk_column_value(&compile->builder->columns[column], compile->order[column][place], length);
}

static void unpack_prefix(const uint8_t *packed, struct sk_prefix *prefix)
{
	struct sk_cur c = sk_cur_of(packed, SK_INDICATOR_PREFIX_WIDTH);
	*prefix = (struct sk_prefix){.addr.family = sk_u8(&c)};
	sk_copy(&c, prefix->addr.bytes, sizeof prefix->addr.bytes);
	prefix->bits = sk_u8(&c);
}

static enum sk_err make_segments(struct compile *compile)
{
	uint32_t count = compile->builder->columns[SK_COLUMN_PREFIX].count, first[3] = {0, 0, count};
	struct sk_prefix *prefixes = calloc((size_t)count + 1, sizeof *prefixes);
	if (prefixes == NULL)
		return SK_ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		size_t length;
		unpack_prefix(value_at(compile, SK_COLUMN_PREFIX, i, &length), &prefixes[i]);
		first[1] += prefixes[i].addr.family == 4;
	}
	for (unsigned six = 0; six < 2; six++) {
		uint32_t here = first[six + 1] - first[six];
		if (here == 0)
			continue;
		compile->segments[six] = malloc(((size_t)here * 2 + 1) * sizeof *compile->segments[six]);
		if (compile->segments[six] == NULL) {
			free(prefixes);
			return SK_ENOMEM;
		}
		compile->count[SK_SECTION_SEGMENT_V4 + six] = sk_segments_make(prefixes + first[six], here, compile->segments[six]);
		compile->count[SK_SECTION_BITMAP_V4 + six] = SK_SET_BITMAP_WORDS;
	}
	free(prefixes);
	return SK_OK;
}

static void lay_out(struct compile *compile)
{
	const struct sk_indicator_builder *builder = compile->builder;
	const struct sk_column *columns = builder->columns;
	uint64_t *count = compile->count, entries = builder->flow_all, names = 0;
	for (size_t i = 0; i < SK_COLUMN_COUNT; i++)
		entries += columns[i].count;
	for (uint32_t i = 0; i < builder->file_count; i++)
		names += strlen(builder->files[i].name);
	count[SK_SECTION_V4] = columns[SK_COLUMN_V4].count;
	count[SK_SECTION_V6] = columns[SK_COLUMN_V6].count;
	count[SK_SECTION_PREFIX] = columns[SK_COLUMN_PREFIX].count;
	count[SK_SECTION_DOMAIN] = columns[SK_COLUMN_DOMAIN].count != 0 ? columns[SK_COLUMN_DOMAIN].count + 1 : 0;
	count[SK_SECTION_DOMAIN_BYTES] = columns[SK_COLUMN_DOMAIN].used - columns[SK_COLUMN_DOMAIN].count;
	count[SK_SECTION_JA3] = columns[SK_COLUMN_JA3].count;
	count[SK_SECTION_JA4] = columns[SK_COLUMN_JA4].count;
	count[SK_SECTION_FILTER_V4] = sk_filter_words(columns[SK_COLUMN_V4].count);
	count[SK_SECTION_FILTER_V6] = sk_filter_words(columns[SK_COLUMN_V6].count);
	count[SK_SECTION_FILTER_DOMAIN] = sk_filter_words(columns[SK_COLUMN_DOMAIN].count);
	count[SK_SECTION_ORIGIN] = entries;
	count[SK_SECTION_FILE] = builder->file_count;
	count[SK_SECTION_FILE_BYTES] = names;
	uint64_t offset = SK_SET_HEADER_BYTES + SK_SECTION_COUNT * SK_SET_SECTION_BYTES;
	for (size_t i = 0; i < SK_SECTION_COUNT; i++) {
		offset = (offset + SK_SET_ALIGN - 1) & ~(uint64_t)(SK_SET_ALIGN - 1);
		compile->offset[i] = offset;
		offset += count[i] * sk_section_width[i];
	}
	compile->length = offset;
}

static enum sk_err digest_entries(struct compile *compile)
{
	struct sk_digest digest;
	SK_TRY(sk_digest_init(&digest));
	for (size_t column = 0; column < SK_COLUMN_COUNT; column++) {
		for (uint32_t i = 0; i < compile->builder->columns[column].count; i++) {
			size_t length;
			const uint8_t *value = value_at(compile, (enum sk_column_name)column, i, &length);
			struct sk_prefix prefix;
			if (column == SK_COLUMN_PREFIX) {
				unpack_prefix(value, &prefix);
				sk_digest_prefix(&digest, &prefix);
			} else {
				static const uint8_t bits[SK_COLUMN_COUNT] = {0, 0, 1, 2, 3, 4};
				sk_digest_add(&digest, bits[column], value, length);
			}
		}
	}
	if (compile->builder->flow_all)
		sk_digest_add(&digest, 5, "", 0);
	sk_digest_take(&digest, compile->digest);
	return SK_OK;
}

/* ---- sections ---- */

static void write_fixed(struct compile *compile, enum sk_column_name column)
{
	for (uint32_t i = 0; i < compile->builder->columns[column].count; i++) {
		size_t length;
		const uint8_t *value = value_at(compile, column, i, &length);
		put(&compile->writer, value, length);
	}
}

static void write_prefixes(struct compile *compile)
{
	static const uint8_t zero[2];
	for (uint32_t i = 0; i < compile->builder->columns[SK_COLUMN_PREFIX].count; i++) {
		size_t length;
		struct sk_prefix prefix;
		unpack_prefix(value_at(compile, SK_COLUMN_PREFIX, i, &length), &prefix);
		put(&compile->writer, prefix.addr.bytes, sizeof prefix.addr.bytes);
		put(&compile->writer, &prefix.addr.family, 1);
		put(&compile->writer, &prefix.bits, 1);
		put(&compile->writer, zero, sizeof zero);
	}
}

static void write_domain_offsets(struct compile *compile)
{
	uint32_t offset = 0, count = compile->builder->columns[SK_COLUMN_DOMAIN].count;
	for (uint32_t i = 0; i < count; i++) {
		size_t length;
		(void)value_at(compile, SK_COLUMN_DOMAIN, i, &length);
		put_le32(&compile->writer, offset);
		offset += (uint32_t)length;
	}
	if (count != 0)
		put_le32(&compile->writer, offset);
}

static enum sk_err write_filter(struct compile *compile, enum sk_column_name name, uint64_t words)
{
	const struct sk_column *column = &compile->builder->columns[name];
	uint64_t *filter = calloc(words != 0 ? words : 1, sizeof *filter);
	if (filter == NULL)
		return SK_ENOMEM;
	for (uint32_t i = 0; i < column->count; i++) {
		size_t length;
		const uint8_t *value = sk_column_value(column, i, &length);
		uint64_t hash = name == SK_COLUMN_V4   ? sk_hash_v4(compile->key, value)
				: name == SK_COLUMN_V6 ? sk_hash_v6(compile->key, value)
						       : sk_siphash13(compile->sip_key, value, length);
		filter[sk_filter_word(hash, words)] |= sk_filter_bits(hash);
	}
	for (uint64_t i = 0; i < words; i++)
		put_le64(&compile->writer, filter[i]);
	free(filter);
	return SK_OK;
}

static void write_bitmap(struct compile *compile, unsigned family)
{
	uint64_t words[SK_SET_BITMAP_WORDS] = {0};
	for (uint32_t i = 0; i < compile->builder->columns[SK_COLUMN_PREFIX].count; i++) {
		size_t length;
		struct sk_prefix prefix;
		unpack_prefix(value_at(compile, SK_COLUMN_PREFIX, i, &length), &prefix);
		if (prefix.addr.family == family)
			sk_bitmap_mark(compile->key, &prefix, words);
	}
	for (size_t i = 0; i < SK_SET_BITMAP_WORDS; i++)
		put_le64(&compile->writer, words[i]);
}

static void write_origins(struct compile *compile)
{
	for (size_t column = 0; column < SK_COLUMN_COUNT; column++)
		for (uint32_t i = 0; i < compile->builder->columns[column].count; i++)
			put_le32(&compile->writer, compile->builder->columns[column].tags[compile->order[column][i]]);
	if (compile->builder->flow_all)
		put_le32(&compile->writer, 0);
}

static void write_files(struct compile *compile)
{
	uint32_t offset = 0;
	for (uint32_t i = 0; i < compile->builder->file_count; i++) {
		const struct sk_origin_file *file = &compile->builder->files[i];
		put_le32(&compile->writer, file->first);
		put_le32(&compile->writer, offset);
		put_le32(&compile->writer, (uint32_t)strlen(file->name));
		offset += (uint32_t)strlen(file->name);
	}
}

static enum sk_err write_section(struct compile *compile, enum sk_section section)
{
	switch (section) {
	case SK_SECTION_V4:
	case SK_SECTION_V6:
		write_fixed(compile, section == SK_SECTION_V4 ? SK_COLUMN_V4 : SK_COLUMN_V6);
		break;
	case SK_SECTION_PREFIX:
		write_prefixes(compile);
		break;
	case SK_SECTION_DOMAIN:
		write_domain_offsets(compile);
		break;
	case SK_SECTION_DOMAIN_BYTES:
		write_fixed(compile, SK_COLUMN_DOMAIN);
		break;
	case SK_SECTION_JA3:
	case SK_SECTION_JA4:
		write_fixed(compile, section == SK_SECTION_JA3 ? SK_COLUMN_JA3 : SK_COLUMN_JA4);
		break;
	case SK_SECTION_FILTER_V4:
		return write_filter(compile, SK_COLUMN_V4, compile->count[section]);
	case SK_SECTION_FILTER_V6:
		return write_filter(compile, SK_COLUMN_V6, compile->count[section]);
	case SK_SECTION_FILTER_DOMAIN:
		return write_filter(compile, SK_COLUMN_DOMAIN, compile->count[section]);
	case SK_SECTION_SEGMENT_V4:
	case SK_SECTION_SEGMENT_V6:
		if (compile->count[section] != 0)
			put(&compile->writer, compile->segments[section - SK_SECTION_SEGMENT_V4],
			    compile->count[section] * sizeof(struct sk_segment));
		break;
	case SK_SECTION_BITMAP_V4:
	case SK_SECTION_BITMAP_V6:
		if (compile->count[section] != 0)
			write_bitmap(compile, section == SK_SECTION_BITMAP_V4 ? 4 : 6);
		break;
	case SK_SECTION_ORIGIN:
		write_origins(compile);
		break;
	case SK_SECTION_FILE:
		write_files(compile);
		break;
	case SK_SECTION_FILE_BYTES:
		for (uint32_t i = 0; i < compile->builder->file_count; i++)
			put(&compile->writer, compile->builder->files[i].name, strlen(compile->builder->files[i].name));
		break;
	case SK_SECTION_COUNT:
		break;
	}
	return SK_OK;
}

static void write_header(struct compile *compile)
{
	struct writer *w = &compile->writer;
	static const uint8_t no_sha[SK_HASH_BYTES];
	put(w, SK_SET_MAGIC, 8);
	put_le32(w, SK_SET_VERSION);
	put_le32(w, SK_SECTION_COUNT);
	put_le64(w, compile->length);
	put_le32(w, compile->builder->flow_all);
	put_le32(w, 0);
	put(w, no_sha, sizeof no_sha); /* written last: the file's SHA-256 is taken with zeros here */
	put(w, compile->digest, sizeof compile->digest);
	put_le64(w, compile->key[0]);
	put_le64(w, compile->key[1]);
	put(w, compile->sip_key, sizeof compile->sip_key);
	for (uint32_t i = 0; i < SK_SECTION_COUNT; i++) {
		put_le32(w, i);
		put_le32(w, sk_section_width[i]);
		put_le64(w, compile->offset[i]);
		put_le64(w, compile->count[i]);
	}
}

static enum sk_err write_all(struct compile *compile, const char *path, struct sk_fault *fault)
{
	struct writer *w = &compile->writer;
	write_header(compile);
	for (size_t i = 0; i < SK_SECTION_COUNT; i++) {
		pad(w);
		SK_INVARIANT(w->offset == compile->offset[i]);
		if (write_section(compile, (enum sk_section)i) != SK_OK)
			return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	}
	finish(w);
	SK_INVARIANT(w->offset == compile->length);
	uint8_t sha[SK_HASH_BYTES];
	sk_sha256_take(w->hash, sha);
	if (w->errnum == 0 && pwrite(w->fd, sha, sizeof sha, SK_SET_SHA_OFFSET) != (ssize_t)sizeof sha)
		w->errnum = errno;
	if (w->errnum == 0 && fsync(w->fd) != 0)
		w->errnum = errno;
	return w->errnum == 0 ? SK_OK : sk_fault_errno(fault, w->errnum, "%s: cannot write", path);
}

/* A temporary file beside path, renamed over it once it is whole. */
static enum sk_err replace_file(struct compile *compile, const char *path, struct sk_fault *fault)
{
	char temporary[SK_PATH_MAX], folder[SK_PATH_MAX];
	if ((size_t)snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= sizeof temporary)
		return sk_fault_set(fault, SK_EUSAGE, "the path of the set is too long");
	struct writer *w = &compile->writer;
	w->fd = mkostemp(temporary, O_CLOEXEC);
	if (w->fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot create", temporary);
	enum sk_err err = write_all(compile, path, fault);
	if (fchmod(w->fd, SET_MODE) != 0 && err == SK_OK)
		err = sk_fault_errno(fault, errno, "%s: cannot set its mode", temporary);
	if (close(w->fd) != 0 && err == SK_OK)
		err = sk_fault_errno(fault, errno, "%s: cannot write", temporary);
	if (err == SK_OK && rename(temporary, path) != 0)
		err = sk_fault_errno(fault, errno, "%s: cannot replace", path);
	if (err != SK_OK) {
		(void)unlink(temporary);
		return err;
	}
	(void)snprintf(folder, sizeof folder, "%s", path);
	char *slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	return sk_file_sync_folder(slash != NULL ? folder : ".", fault);
}

enum sk_err sk_indicator_compile(const struct sk_indicator_builder *builder, const char *path, struct sk_fault *fault)
{
	struct compile *compile = calloc(1, sizeof *compile);
	if (compile == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	compile->builder = builder;
	sk_random(compile->key, sizeof compile->key);
	sk_random(compile->sip_key, sizeof compile->sip_key);
	compile->writer.hash = sk_sha256_new();
	enum sk_err err = compile->writer.hash != NULL ? SK_OK : SK_ENOMEM;
	for (size_t i = 0; err == SK_OK && i < SK_COLUMN_COUNT; i++)
		err = sk_column_order(&builder->columns[i], &compile->order[i]);
	if (err == SK_OK)
		err = make_segments(compile);
	if (err == SK_OK)
		err = digest_entries(compile);
	if (err == SK_OK) {
		lay_out(compile);
		err = replace_file(compile, path, fault);
	} else {
		err = sk_fault_set(fault, err, "%s: out of memory", path);
	}
	for (size_t i = 0; i < SK_COLUMN_COUNT; i++)
		free(compile->order[i]);
	free(compile->segments[0]);
	free(compile->segments[1]);
	sk_sha256_free(compile->writer.hash);
	free(compile);
	return err;
}
