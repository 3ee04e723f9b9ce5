/* SPDX-License-Identifier: Apache-2.0 */
/* From a builder to the file that docs/formats/selectors.md draws: sort, lay out one image in memory, derive the look-up sections, sum, replace the file. */
#include <stdlib.h>

#include "base/file.h"
#include "indicator/view_priv.h"

enum { SET_MODE = 0600 };

struct compile {
	const struct sk_indicator_builder *builder;
	uint64_t count[SK_SECTION_COUNT], offset[SK_SECTION_COUNT], length;
	struct sk_segment *segments[2];
	uint32_t v4_prefixes;
	uint8_t shortest[2], max_labels;
	uint64_t key[2];
	uint8_t *image;
};

/* ---- layout ---- */

static void unpack_prefix(const uint8_t *packed, struct sk_prefix *prefix)
{
	struct sk_cur c = sk_cur_of(packed, SK_INDICATOR_PREFIX_WIDTH);
	*prefix = (struct sk_prefix){.addr.family = sk_u8(&c)};
	sk_copy(&c, prefix->addr.bytes, sizeof prefix->addr.bytes);
	prefix->bits = sk_u8(&c);
}

static enum sk_err make_segments(struct compile *compile, const struct sk_order *order)
{
	const struct sk_column *column = &compile->builder->columns[SK_COLUMN_PREFIX];
	uint32_t first[3] = {0, 0, column->count};
	struct sk_prefix *prefixes = calloc((size_t)column->count + 1, sizeof *prefixes);
	if (prefixes == NULL)
		return SK_ENOMEM;
	for (uint32_t i = 0; i < column->count; i++) {
		size_t length;
		unpack_prefix(sk_column_at(column, order[i], &length), &prefixes[i]);
		first[1] += prefixes[i].addr.family == 4;
		uint8_t *shortest = &compile->shortest[prefixes[i].addr.family == 6];
		*shortest = prefixes[i].bits < *shortest ? prefixes[i].bits : *shortest;
	}
	compile->v4_prefixes = first[1];
	enum sk_err err = SK_OK;
	for (unsigned six = 0; six < 2 && err == SK_OK; six++) {
		uint32_t here = first[six + 1] - first[six];
		if (here == 0)
			continue;
		compile->segments[six] = malloc(((size_t)here * 2 + 1) * sizeof *compile->segments[six]);
		if (compile->segments[six] == NULL) {
			err = SK_ENOMEM;
			break;
		}
		compile->count[SK_SECTION_SEGMENT_V4 + six] = sk_segments_make(prefixes + first[six], here, compile->segments[six]);
		compile->count[SK_SECTION_BITMAP_V4 + six] = SK_SET_BITMAP_WORDS;
	}
	compile->count[SK_SECTION_DIRECTORY] = compile->count[SK_SECTION_SEGMENT_V4] >= SK_SET_DIRECTORY_FROM ? SK_SET_DIRECTORY_ITEMS : 0;
	free(prefixes);
	return err;
}

static void lay_out(struct compile *compile)
{
	const struct sk_indicator_builder *builder = compile->builder;
	uint64_t *count = compile->count;
	count[SK_SECTION_ORIGIN] = builder->flow_all;
	for (unsigned i = 0; i < SK_COLUMN_COUNT; i++) {
		enum sk_section filter = sk_column_filter((enum sk_column_name)i);
		count[sk_column_section((enum sk_column_name)i)] = builder->columns[i].count;
		if (filter != SK_SECTION_COUNT)
			count[filter] = sk_filter_words(builder->columns[i].count);
		count[SK_SECTION_ORIGIN] += builder->columns[i].count;
	}
	const struct sk_column *names = &builder->columns[SK_COLUMN_DOMAIN];
	count[SK_SECTION_DOMAIN] = names->count != 0 ? names->count + 1 : 0;
	count[SK_SECTION_DOMAIN_BYTES] = names->used - names->count;
	count[SK_SECTION_FILE] = builder->file_count;
	for (uint32_t i = 0; i < builder->file_count; i++)
		count[SK_SECTION_FILE_BYTES] += strlen(builder->files[i].name);
	uint64_t offset = SK_SET_HEADER_BYTES + SK_SECTION_COUNT * SK_SET_SECTION_BYTES;
	for (size_t i = 0; i < SK_SECTION_COUNT; i++) {
		offset = (offset + SK_SET_ALIGN - 1) & ~(uint64_t)(SK_SET_ALIGN - 1);
		compile->offset[i] = offset;
		offset += count[i] * sk_section_width[i];
	}
	compile->length = offset;
}

/* ---- filling ---- */

/* Values are gathered in their order from where they stand in the order of the lists: what comes next is fetched ahead. */
enum { AHEAD = 12 };

static void fetch_ahead(const struct sk_column *column, const struct sk_order *order, uint32_t i)
{
	if (i + AHEAD < column->count)
		__builtin_prefetch(column->bytes + order[i + AHEAD].place);
}

/* One store where wire's would be four: a set of a million entries has some millions of them. */
static void put_le32(struct sk_out *out, uint32_t value)
{
	uint8_t *place = sk_put(out, sizeof value);
	SK_INVARIANT(place != NULL);
	sk_store_le32(place, value);
}

static void put_le64(struct sk_out *out, uint64_t value)
{
	uint8_t *place = sk_put(out, sizeof value);
	SK_INVARIANT(place != NULL);
	sk_store_le64(place, value);
}

static struct sk_out section(const struct compile *compile, enum sk_section section)
{
	return sk_out_of(compile->image + compile->offset[section], compile->count[section] * sk_section_width[section]);
}

/* A filter being filled: each word is fetched some values before it is written. */
struct filling {
	uint8_t *words;
	uint64_t mask, hashes[AHEAD];
	unsigned count;
};

static struct filling filling_of(const struct compile *compile, enum sk_section filter)
{
	return (struct filling){.words = compile->image + compile->offset[filter], .mask = compile->count[filter] - 1};
}

static void finish_filter(struct filling *filling)
{
	for (unsigned i = 0; i < filling->count; i++) {
		uint8_t *word = filling->words + (filling->hashes[i] & filling->mask) * 8;
		sk_store_le64(word, sk_load_le64(word) | sk_filter_bits(filling->hashes[i]));
	}
	filling->count = 0;
}

static void add_to_filter(struct filling *filling, uint64_t hash)
{
	if (filling->count == AHEAD)
		finish_filter(filling);
	__builtin_prefetch(filling->words + (hash & filling->mask) * 8, 1);
	filling->hashes[filling->count++] = hash;
}

static void fill_fixed(struct compile *compile, enum sk_column_name name, const struct sk_order *order)
{
	const struct sk_column *column = &compile->builder->columns[name];
	struct filling filling = filling_of(compile, sk_column_filter(name));
	struct sk_out out = section(compile, sk_column_section(name));
	for (uint32_t i = 0; i < column->count; i++) {
		size_t length;
		fetch_ahead(column, order, i);
		const uint8_t *value = sk_column_at(column, order[i], &length);
		sk_put_bytes(&out, value, length);
		add_to_filter(&filling, name == SK_COLUMN_V4   ? sk_hash_v4(compile->key, value)
					: name == SK_COLUMN_V6 ? sk_hash_v6(compile->key, value)
							       : sk_hash_print(compile->key, value, length));
	}
	finish_filter(&filling);
}

static void fill_prefixes(struct compile *compile, const struct sk_order *order)
{
	const struct sk_column *column = &compile->builder->columns[SK_COLUMN_PREFIX];
	struct sk_out out = section(compile, SK_SECTION_PREFIX);
	uint64_t words[2][SK_SET_BITMAP_WORDS] = {{0}};
	for (uint32_t i = 0; i < column->count; i++) {
		size_t length;
		struct sk_prefix prefix;
		unpack_prefix(sk_column_at(column, order[i], &length), &prefix);
		sk_put_bytes(&out, prefix.addr.bytes, sizeof prefix.addr.bytes);
		sk_put_u8(&out, prefix.addr.family);
		sk_put_u8(&out, prefix.bits);
		sk_put_le16(&out, 0);
		sk_bitmap_mark(compile->key, &prefix, words[prefix.addr.family == 6]);
	}
	for (unsigned six = 0; six < 2; six++) {
		struct sk_out segments = section(compile, (enum sk_section)(SK_SECTION_SEGMENT_V4 + six)),
			      bitmap = section(compile, (enum sk_section)(SK_SECTION_BITMAP_V4 + six));
		if (compile->segments[six] != NULL)
			sk_put_bytes(&segments, compile->segments[six], compile->count[SK_SECTION_SEGMENT_V4 + six] * sizeof(struct sk_segment));
		for (size_t i = 0; i < compile->count[SK_SECTION_BITMAP_V4 + six]; i++)
			put_le64(&bitmap, words[six][i]);
	}
	struct sk_out directory = section(compile, SK_SECTION_DIRECTORY);
	uint32_t at = 0;
	for (uint32_t block = 0; block < compile->count[SK_SECTION_DIRECTORY]; block++) {
		at = sk_directory_next(compile->segments[0], (uint32_t)compile->count[SK_SECTION_SEGMENT_V4], at, block);
		put_le32(&directory, at);
	}
}

static unsigned count_labels(const uint8_t *name, size_t length)
{
	unsigned labels = 1;
	for (const uint8_t *end = name + length; name < end; name++)
		labels += *name == '.';
	return labels;
}

static void fill_domains(struct compile *compile, const struct sk_order *order)
{
	const struct sk_column *column = &compile->builder->columns[SK_COLUMN_DOMAIN];
	struct filling filling = filling_of(compile, SK_SECTION_FILTER_DOMAIN);
	struct sk_out offsets = section(compile, SK_SECTION_DOMAIN), out = section(compile, SK_SECTION_DOMAIN_BYTES);
	for (uint32_t i = 0; i < column->count; i++) {
		size_t length;
		fetch_ahead(column, order, i);
		const uint8_t *name = sk_column_at(column, order[i], &length);
		unsigned labels = count_labels(name, length);
		put_le32(&offsets, (uint32_t)sk_out_length(&out));
		sk_put_bytes(&out, name, length);
		add_to_filter(&filling, sk_hash_name(compile->key, name, length));
		compile->max_labels = labels > compile->max_labels ? (uint8_t)labels : compile->max_labels;
	}
	finish_filter(&filling);
	if (column->count != 0)
		put_le32(&offsets, (uint32_t)sk_out_length(&out));
}

static void fill_files(struct compile *compile)
{
	struct sk_out files = section(compile, SK_SECTION_FILE), names = section(compile, SK_SECTION_FILE_BYTES);
	for (uint32_t i = 0; i < compile->builder->file_count; i++) {
		const struct sk_origin_file *file = &compile->builder->files[i];
		put_le32(&files, file->first);
		put_le32(&files, (uint32_t)sk_out_length(&names));
		put_le32(&files, (uint32_t)strlen(file->name) | (uint32_t)file->relay << SK_SET_FILE_RELAY_SHIFT);
		sk_put_bytes(&names, file->name, strlen(file->name));
	}
}

/* All but the digest, which is taken of what stands here, and the checksum, which is taken last. */
static void fill_header(const struct compile *compile)
{
	struct sk_out out = sk_out_of(compile->image, SK_SET_HEADER_BYTES + SK_SECTION_COUNT * SK_SET_SECTION_BYTES);
	sk_put_bytes(&out, SK_SET_MAGIC, 8);
	put_le32(&out, SK_SET_VERSION);
	put_le32(&out, SK_SECTION_COUNT);
	put_le64(&out, compile->length);
	put_le32(&out, compile->builder->flow_all);
	sk_put_u8(&out, compile->shortest[0]);
	sk_put_u8(&out, compile->shortest[1]);
	sk_put_u8(&out, compile->max_labels);
	(void)sk_put(&out, 1 + sizeof(uint64_t));
	put_le32(&out, compile->v4_prefixes);
	(void)sk_put(&out, 4);
	put_le64(&out, compile->key[0]);
	put_le64(&out, compile->key[1]);
	(void)sk_put(&out, SK_SET_HEADER_BYTES - SK_SET_DIGEST_OFFSET);
	for (uint32_t i = 0; i < SK_SECTION_COUNT; i++) {
		put_le32(&out, i);
		put_le32(&out, sk_section_width[i]);
		put_le64(&out, compile->offset[i]);
		put_le64(&out, compile->count[i]);
	}
	SK_INVARIANT(sk_out_done(&out) == SK_OK);
}

static void fill_origins(struct compile *compile, struct sk_order *const order[SK_COLUMN_COUNT])
{
	struct sk_out out = section(compile, SK_SECTION_ORIGIN);
	for (unsigned name = 0; name < SK_COLUMN_COUNT; name++) {
		const struct sk_column *column = &compile->builder->columns[name];
		for (uint32_t i = 0; i < column->count; i++) {
			if (i + AHEAD < column->count)
				__builtin_prefetch(column->tags + order[name][i + AHEAD].index);
			put_le32(&out, column->tags[order[name][i].index]);
		}
	}
}

static void fill(struct compile *compile, struct sk_order *const order[SK_COLUMN_COUNT])
{
	for (unsigned column = 0; column < SK_COLUMN_COUNT; column++)
		if (column != SK_COLUMN_PREFIX && column != SK_COLUMN_DOMAIN)
			fill_fixed(compile, (enum sk_column_name)column, order[column]);
	fill_prefixes(compile, order[SK_COLUMN_PREFIX]);
	fill_domains(compile, order[SK_COLUMN_DOMAIN]);
	fill_origins(compile, order);
	fill_files(compile);
	fill_header(compile);
}

/* ---- the whole ---- */

static enum sk_err make_image(struct compile *compile, struct sk_indicator_set *set, struct sk_fault *fault)
{
	struct sk_order *order[SK_COLUMN_COUNT] = {NULL};
	uint8_t digest[SK_HASH_BYTES];
	enum sk_err err = SK_OK;
	for (unsigned i = 0; err == SK_OK && i < SK_COLUMN_COUNT; i++)
		err = sk_column_order(&compile->builder->columns[i], &order[i]);
	if (err == SK_OK)
		err = make_segments(compile, order[SK_COLUMN_PREFIX]);
	if (err == SK_OK) {
		lay_out(compile);
		/* From the kernel, so that it is zero and begins on a page. */
		compile->image = calloc(1, compile->length);
		err = compile->image != NULL ? SK_OK : SK_ENOMEM;
		if (err == SK_OK)
			sk_large_pages(compile->image, compile->length);
	}
	if (err == SK_OK) {
		fill(compile, order);
		err = sk_set_view("a new set", compile->image, compile->length, set, fault);
		SK_INVARIANT(err == SK_OK);
		err = sk_set_digest(set, digest);
	}
	if (err == SK_OK) {
		memcpy(compile->image + SK_SET_DIGEST_OFFSET, digest, sizeof digest);
		memcpy(set->facts.digest, digest, sizeof digest);
		sk_store_le64(compile->image + SK_SET_CHECKSUM_OFFSET, sk_set_checksum(compile->image, compile->length));
	}
	for (unsigned i = 0; i < SK_COLUMN_COUNT; i++)
		free(order[i]);
	free(compile->segments[0]);
	free(compile->segments[1]);
	return err;
}

static enum sk_err build(const struct sk_indicator_builder *builder, struct sk_indicator_set **out, struct sk_fault *fault)
{
	struct compile *compile = calloc(1, sizeof *compile);
	struct sk_indicator_set *set = malloc(sizeof *set);
	enum sk_err err = compile != NULL && set != NULL ? SK_OK : SK_ENOMEM;
	if (err == SK_OK) {
		*compile = (struct compile){.builder = builder, .shortest = {32, 128}};
		sk_random(compile->key, sizeof compile->key);
		err = make_image(compile, set, fault);
	}
	if (err == SK_OK) {
		set->storage = SK_SET_OWNED;
		*out = set;
	} else {
		err = sk_fault_set(fault, err, "the set of selectors: out of memory");
		free(compile != NULL ? compile->image : NULL);
		free(set);
	}
	free(compile);
	return err;
}

enum sk_err sk_indicator_build(const struct sk_indicator_builder *builder, struct sk_indicator_set **out, struct sk_fault *fault)
{
	SK_TRY(build(builder, out, fault));
	sk_set_warm(*out);
	return SK_OK;
}

enum sk_err sk_indicator_compile(const struct sk_indicator_builder *builder, const char *path, struct sk_fault *fault)
{
	struct sk_indicator_set *set;
	SK_TRY(build(builder, &set, fault));
	enum sk_err err = sk_file_replace(path, set->bytes, set->length, SET_MODE, fault);
	sk_indicator_close(set);
	return err;
}
