/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that every value must pass, and the builder that holds what passed. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "indicator/indicator_priv.h"
#include "name/name.h"
#include "text/text.h"

enum { ENTRIES_DEFAULT = 20000000, NOTE_VALUE_MAX = 200 };

static const struct {
	const char *name, *prose;
} reasons[SK_INDICATOR_REASON_COUNT] = {
#define SK_INDICATOR_REASON(name, text, prose) {text, prose},
#include "indicator/reason.def"
#undef SK_INDICATOR_REASON
};

const char *sk_indicator_reason_name(enum sk_indicator_reason reason)
{
	SK_INVARIANT((unsigned)reason < SK_INDICATOR_REASON_COUNT);
	return reasons[reason].name;
}

const char *sk_indicator_reason_prose(enum sk_indicator_reason reason)
{
	SK_INVARIANT((unsigned)reason < SK_INDICATOR_REASON_COUNT);
	return reasons[reason].prose;
}

static bool load_special(struct sk_indicator_builder *builder)
{
	static const char *const texts[] = {
#define SK_INDICATOR_SPECIAL(prefix, name) prefix,
#include "indicator/special.def"
#undef SK_INDICATOR_SPECIAL
	};
	builder->special = calloc(SK_COUNT(texts), sizeof *builder->special);
	for (size_t i = 0; builder->special != NULL && i < SK_COUNT(texts); i++) {
		struct sk_prefix prefix;
		enum sk_err parsed = sk_prefix_parse(texts[i], &prefix);
		SK_INVARIANT(parsed == SK_OK);
		builder->special[i] =
			(struct sk_range){.family = prefix.addr.family, .start = sk_number_of(prefix.addr.bytes), .last = sk_prefix_last(&prefix)};
	}
	builder->special_count = SK_COUNT(texts);
	if (builder->special == NULL)
		return false;
	/* Most addresses begin with a byte that no special range touches: one look says so. */
	for (size_t i = 0; i < SK_COUNT(texts); i++)
		for (unsigned byte = (unsigned)(builder->special[i].start >> 120); byte <= (unsigned)(builder->special[i].last >> 120); byte++)
			builder->special_first[builder->special[i].family == 6][byte] = true;
	return true;
}

enum sk_err sk_indicator_builder_new(const struct sk_indicator_options *options, sk_indicator_note note, void *context,
				     struct sk_indicator_builder **out)
{
	static const size_t widths[SK_COLUMN_COUNT] = {
		4, 16, SK_INDICATOR_PREFIX_WIDTH, 0,
#define SK_PRINT(symbol, name, width) width,
#include "indicator/print.def"
#undef SK_PRINT
	};
	struct sk_indicator_builder *builder = calloc(1, sizeof *builder);
	if (builder == NULL)
		return SK_ENOMEM;
	builder->options = *options;
	if (builder->options.max_entries == 0)
		builder->options.max_entries = ENTRIES_DEFAULT;
	if (builder->options.max_entries > SK_INDICATOR_ENTRIES_MAX)
		builder->options.max_entries = SK_INDICATOR_ENTRIES_MAX;
	builder->note = note;
	builder->context = context;
	builder->next_tag = 1;
	uint8_t key[SK_SIP_KEY_BYTES];
	sk_random(key, sizeof key);
	for (size_t i = 0; i < SK_COLUMN_COUNT; i++)
		sk_column_init(&builder->columns[i], widths[i], key);
	builder->warnings = sk_warnings_new();
	if (!load_special(builder) || builder->warnings == NULL || sk_suffixes_open(&builder->suffixes) != SK_OK) {
		sk_indicator_builder_free(builder);
		return SK_ENOMEM;
	}
	*out = builder;
	return SK_OK;
}

void sk_indicator_builder_free(struct sk_indicator_builder *builder)
{
	if (builder == NULL)
		return;
	for (size_t i = 0; i < SK_COLUMN_COUNT; i++)
		sk_column_fini(&builder->columns[i]);
	sk_warnings_free(builder->warnings);
	sk_suffixes_close(builder->suffixes);
	free(builder->special);
	free(builder->files);
	free(builder);
}

enum sk_err sk_indicator_add_warning_list(struct sk_indicator_builder *builder, const char *path, struct sk_fault *fault)
{
	if (builder->sealed)
		return sk_fault_set(fault, SK_EUSAGE, "%s: a warning list must be loaded before any list", path);
	return sk_warnings_add(builder->warnings, path, fault);
}

const char *sk_indicator_warned(struct sk_indicator_builder *builder, const char *text)
{
	struct sk_value value;
	const char *detail;
	if (!builder->sealed && sk_warnings_ready(builder->warnings) != SK_OK)
		return NULL;
	builder->sealed = true;
	return sk_value_clean(text, strlen(text), SK_TYPE_ANY, &value, &detail) == SK_INDICATOR_REASON_COUNT ? sk_warnings_match(builder->warnings, &value) : NULL;
}

void sk_indicator_add_flow_all(struct sk_indicator_builder *builder)
{
	builder->flow_all = true;
}

/* ---- rules ---- */

static bool overlaps_special(const struct sk_indicator_builder *builder, const struct sk_prefix *prefix)
{
	if (prefix->bits >= 8 && !builder->special_first[prefix->addr.family == 6][prefix->addr.bytes[0]])
		return false;
	sk_u128 start = sk_number_of(prefix->addr.bytes), last = sk_prefix_last(prefix);
	for (size_t i = 0; i < builder->special_count; i++)
		if (builder->special[i].family == prefix->addr.family && builder->special[i].start <= last && builder->special[i].last >= start)
			return true;
	return false;
}

/* Every end of a prefix is asked of the border table; a prefix with own addresses in its middle only is one for own_prefixes. */
static bool overlaps_own(const struct sk_indicator_options *options, const struct sk_prefix *prefix)
{
	for (size_t i = 0; i < options->own_prefix_count; i++) {
		const struct sk_prefix *own = &options->own_prefixes[i];
		if (sk_prefix_holds(own, &prefix->addr) || (own->addr.family == prefix->addr.family && sk_prefix_holds(prefix, &own->addr)))
			return true;
	}
	if (options->own == NULL)
		return false;
	struct sk_addr last = {.family = prefix->addr.family};
	uint8_t bytes[16];
	struct sk_out out = sk_out_of(bytes, sizeof bytes);
	sk_put_be64(&out, (uint64_t)(sk_prefix_last(prefix) >> 64));
	sk_put_be64(&out, (uint64_t)sk_prefix_last(prefix));
	memcpy(last.bytes, bytes, last.family == 4 ? 4 : 16);
	return sk_border_side(options->own, &prefix->addr) == SK_SIDE_DOMESTIC || sk_border_side(options->own, &last) == SK_SIDE_DOMESTIC;
}

/* SK_INDICATOR_REASON_COUNT when the value may be a selector. */
static enum sk_indicator_reason judge_prefix(const struct sk_indicator_builder *builder, const struct sk_prefix *prefix, const char **detail)
{
	const struct sk_indicator_options *options = &builder->options;
	if (prefix->bits == 0)
		return SK_INDICATOR_WHOLE_INTERNET;
	if (!options->special_ranges_allowed && overlaps_special(builder, prefix))
		return SK_INDICATOR_SPECIAL_RANGE;
	if (overlaps_own(options, prefix))
		return SK_INDICATOR_OWN_PREFIX;
	if (prefix->bits < (prefix->addr.family == 4 ? options->min_prefix_v4 : options->min_prefix_v6)) {
		*detail = "the basis' rule sets the shortest length";
		return SK_INDICATOR_TOO_SHORT_PREFIX;
	}
	return SK_INDICATOR_REASON_COUNT;
}

static enum sk_indicator_reason judge(const struct sk_indicator_builder *builder, const struct sk_value *value, const char **detail)
{
	enum sk_indicator_reason reason = SK_INDICATOR_REASON_COUNT;
	if (builder->options.kinds != 0 && (builder->options.kinds & value->kind) == 0)
		return SK_INDICATOR_KIND_NOT_IN_RULE;
	/* A URL with an address for its host stands and falls with the address. */
	if (value->prefix.addr.family != 0)
		reason = judge_prefix(builder, &value->prefix, detail);
	else if (value->kind == SK_INDICATOR_DOMAIN && sk_suffixes_hold(builder->suffixes, value->name))
		reason = SK_INDICATOR_PUBLIC_SUFFIX;
	if (reason != SK_INDICATOR_REASON_COUNT)
		return reason;
	const char *list = sk_warnings_match(builder->warnings, value);
	if (list == NULL)
		return SK_INDICATOR_REASON_COUNT;
	*detail = list;
	return SK_INDICATOR_WARNING_LIST;
}

/* ---- taking ---- */

static uint64_t entry_count(const struct sk_indicator_builder *builder)
{
	uint64_t count = builder->flow_all;
	for (size_t i = 0; i < SK_COLUMN_COUNT; i++)
		count += builder->columns[i].count;
	return count;
}

/* Where the value goes; the place in the hash set is fetched while the value is judged. */
static void find_place(struct sk_indicator_builder *builder, const struct sk_value *value, struct sk_stored *stored)
{
	const struct sk_addr *addr = &value->prefix.addr;
	struct sk_out out = sk_out_of(stored->packed, sizeof stored->packed);
	enum sk_column_name column = SK_COLUMN_COUNT;
	switch (value->kind) {
	case SK_INDICATOR_ADDRESS:
		column = addr->family == 4 ? SK_COLUMN_V4 : SK_COLUMN_V6;
		stored->bytes = addr->bytes;
		stored->length = addr->family == 4 ? 4 : 16;
		break;
	case SK_INDICATOR_PREFIX:
		column = SK_COLUMN_PREFIX;
		sk_put_u8(&out, addr->family);
		sk_put_bytes(&out, addr->bytes, sizeof addr->bytes);
		sk_put_u8(&out, value->prefix.bits);
		stored->bytes = stored->packed;
		stored->length = sizeof stored->packed;
		break;
	case SK_INDICATOR_DOMAIN:
		column = SK_COLUMN_DOMAIN;
		stored->bytes = value->name;
		stored->length = value->length;
		break;
	case SK_INDICATOR_FLOW_ALL:
		stored->column = NULL;
		return;
	default:
		column = sk_print_column(value->kind);
		stored->bytes = value->print;
		stored->length = value->length;
		break;
	}
	stored->column = &builder->columns[column];
	stored->hash = sk_column_hash(stored->column, stored->bytes, stored->length);
}

static enum sk_err put_value(struct sk_indicator_builder *builder, const struct sk_stored *stored, uint32_t tag)
{
	if (stored->column != NULL)
		return sk_column_add_hashed(stored->column, stored->bytes, stored->length, stored->hash, tag);
	builder->flow_all = true;
	return SK_OK;
}

static void note(struct sk_import *import, uint64_t line, const char *text, size_t length, enum sk_indicator_reason reason, const char *detail)
{
	if (import->builder->note == NULL)
		return;
	struct sk_buf safe;
	sk_buf_init(&safe, (size_t)4 * NOTE_VALUE_MAX + 1);
	sk_escape_line(&safe, text, length < NOTE_VALUE_MAX ? length : NOTE_VALUE_MAX);
	import->builder->note(import->builder->context, import->name, line, sk_buf_text(&safe), reason, detail);
	sk_buf_fini(&safe);
}

void sk_import_refuse(struct sk_import *import, uint64_t line, const char *text, size_t length, enum sk_indicator_reason reason, const char *detail)
{
	import->counts->lines++;
	import->counts->by_reason[reason]++;
	if (reason == SK_INDICATOR_COMMENT || reason == SK_INDICATOR_EMPTY || reason == SK_INDICATOR_HEADER)
		return;
	import->counts->refused++;
	note(import, line, text, length, reason, detail);
}

void sk_import_say(struct sk_import *import, uint64_t line, enum sk_indicator_reason reason)
{
	import->counts->by_reason[reason]++;
	note(import, line, "", 0, reason, "");
}

void sk_import_crlf(struct sk_import *import, uint64_t line)
{
	import->counts->by_reason[SK_INDICATOR_CRLF]++;
	if (!import->crlf_noted)
		note(import, line, "", 0, SK_INDICATOR_CRLF, "");
	import->crlf_noted = true;
}

static void count_taken(struct sk_import *import, uint64_t line, const char *text, size_t length, uint64_t changes)
{
	import->counts->lines++;
	import->counts->taken++;
	import->counts->cleaned += changes != 0;
	for (unsigned reason = 0; changes != 0; reason++, changes >>= 1) {
		if ((changes & 1) == 0)
			continue;
		import->counts->by_reason[reason]++;
		note(import, line, text, length, (enum sk_indicator_reason)reason, "");
	}
}

/* ---- relays ---- */

static const char *const relay_names[SK_RELAY_COUNT] = {"", "tor", "proxy", "vpn"};

const char *sk_relay_name(enum sk_relay relay)
{
	return relay < SK_RELAY_COUNT ? relay_names[relay] : "";
}

enum sk_err sk_relay_parse(const char *text, size_t length, enum sk_relay *relay)
{
	for (unsigned i = 1; i < SK_RELAY_COUNT; i++)
		if (strlen(relay_names[i]) == length && strncasecmp(relay_names[i], text, length) == 0) {
			*relay = (enum sk_relay)i;
			return SK_OK;
		}
	return SK_EMALFORMED;
}

void sk_import_comment(struct sk_import *import, const char *text, size_t length)
{
	static const char word[] = "relay:";
	enum sk_relay relay;
	while (length != 0 && (*text == '#' || *text == ';' || *text == '/' || sk_space(*text))) {
		text++;
		length--;
	}
	if (length <= sizeof word - 1 || strncasecmp(text, word, sizeof word - 1) != 0)
		return;
	text += sizeof word - 1;
	length -= sizeof word - 1;
	for (; length != 0 && sk_space(*text); length--)
		text++;
	while (length != 0 && sk_space(text[length - 1]))
		length--;
	if (sk_relay_parse(text, length, &relay) == SK_OK)
		import->builder->files[import->builder->file_count - 1].relay = relay;
}

/* The file of a tag; tags grow with files. */
static enum sk_relay relay_of_tag(const struct sk_indicator_builder *builder, uint32_t tag)
{
	uint32_t low = 0;
	if (tag == 0 || builder->file_count == 0 || builder->files[0].first > tag)
		return SK_RELAY_NONE;
	for (uint32_t high = builder->file_count; high - low > 1;) {
		uint32_t middle = low + (high - low) / 2;
		if (builder->files[middle].first <= tag)
			low = middle;
		else
			high = middle;
	}
	return builder->files[low].relay;
}

/* A value is there already. Is it known as a relay's alone, and this list says that it is worse? */
static bool is_heavier(const struct sk_indicator_builder *builder, const struct sk_stored *stored, uint32_t tag, uint32_t *index)
{
	return stored->column != NULL && sk_column_find(stored->column, stored->bytes, stored->length, index) && relay_of_tag(builder, tag) == SK_RELAY_NONE &&
	       relay_of_tag(builder, stored->column->tags[*index]) != SK_RELAY_NONE;
}

/* Origins change when the whole file was taken, so that an import which fails leaves them as they were. */
static enum sk_err note_heavier(struct sk_import *import, const struct sk_stored *stored, uint32_t tag)
{
	uint32_t index;
	if (!is_heavier(import->builder, stored, tag, &index))
		return SK_OK;
	if (import->heavier_count == import->heavier_room) {
		size_t room = import->heavier_room != 0 ? import->heavier_room * 2 : 64;
		void *grown = realloc(import->heavier, room * sizeof import->heavier[0]);
		if (grown == NULL)
			return SK_ENOMEM;
		import->heavier = grown;
		import->heavier_room = room;
	}
	import->heavier[import->heavier_count++] = (struct sk_heavier){.column = stored->column, .index = index, .tag = tag};
	return SK_OK;
}

void sk_import_find_place(struct sk_import *import, const struct sk_value *value, struct sk_stored *stored)
{
	find_place(import->builder, value, stored);
}

enum sk_err sk_import_stored(struct sk_import *import, uint64_t line, const char *text, size_t length, const struct sk_value *value,
			     const struct sk_stored *stored)
{
	struct sk_indicator_builder *builder = import->builder;
	const char *detail = "";
	enum sk_indicator_reason reason = judge(builder, value, &detail);
	if (reason != SK_INDICATOR_REASON_COUNT) {
		sk_import_refuse(import, line, text, length, reason, detail);
		return SK_OK;
	}
	uint64_t tag = import->first_tag + line - 1;
	if (entry_count(builder) >= builder->options.max_entries || tag > UINT32_MAX)
		return sk_fault_set(import->fault, SK_ETOOBIG, "%s:%llu: more than %llu entries; nothing of this file was taken", import->path,
				    (unsigned long long)line, (unsigned long long)builder->options.max_entries);
	enum sk_err err = put_value(builder, stored, (uint32_t)tag);
	if (err == SK_EEXIST && (err = note_heavier(import, stored, (uint32_t)tag)) == SK_OK) {
		sk_import_refuse(import, line, text, length, SK_INDICATOR_DUPLICATE, "");
		return SK_OK;
	}
	if (err != SK_OK)
		return sk_fault_set(import->fault, err, "%s:%llu: %s; nothing of this file was taken", import->path, (unsigned long long)line,
				    sk_err_text(err));
	count_taken(import, line, text, length, value->changes);
	return SK_OK;
}

static enum sk_err import_one(struct sk_import *import, uint64_t line, const char *text, size_t length, enum sk_type type)
{
	struct sk_value value;
	const char *detail;
	enum sk_indicator_reason reason = sk_value_clean(text, length, type, &value, &detail);
	if (reason == SK_INDICATOR_UNSUPPORTED_TYPE && type == SK_TYPE_ANY && import->certificates && (length == 40 || length == 64))
		reason = sk_value_clean(text, length, length == 40 ? SK_TYPE_CERT_SHA1 : SK_TYPE_CERT_SHA256, &value, &detail);
	if (reason == SK_INDICATOR_REASON_COUNT && value.kind == SK_INDICATOR_JA3 && length == 32 && type == SK_TYPE_ANY && import->says_md5 && !import->says_print) {
		reason = SK_INDICATOR_UNSUPPORTED_TYPE;
		detail = "the file's name, or a comment, says that these are MD5 hashes of files, not JA3";
	}
	if (reason == SK_INDICATOR_REASON_COUNT) {
		struct sk_stored stored;
		find_place(import->builder, &value, &stored);
		return sk_import_stored(import, line, text, length, &value, &stored);
	}
	sk_import_refuse(import, line, text, length, reason, detail);
	return SK_OK;
}

enum sk_err sk_import_value(struct sk_import *import, uint64_t line, const char *text, size_t length, enum sk_type type)
{
	const char *bar = type == SK_TYPE_DOMAIN_ADDRESS && length != 0 ? memchr(text, '|', length) : NULL;
	if (bar == NULL)
		return import_one(import, line, text, length, type == SK_TYPE_DOMAIN_ADDRESS ? SK_TYPE_DOMAIN : type);
	SK_TRY(import_one(import, line, text, (size_t)(bar - text), SK_TYPE_DOMAIN));
	return import_one(import, line, bar + 1, length - (size_t)(bar + 1 - text), SK_TYPE_ADDRESS);
}

/* ---- one file ---- */

/* Tell of the way so far, and guess from it how many values the whole file has. */
enum sk_err sk_import_progress(struct sk_import *import, const struct sk_reader *reader)
{
	struct sk_indicator_builder *builder = import->builder;
	if (builder->options.progress != NULL)
		builder->options.progress(import->builder->context, import->path, reader->line);
	uint64_t done = reader->total - (reader->end - reader->at);
	if (reader->file_bytes <= done || done == 0)
		return SK_OK;
	for (size_t i = 0; i < SK_COLUMN_COUNT; i++) {
		uint64_t here = builder->columns[i].count - import->marks[i], more = (uint64_t)((double)here / (double)done * (double)(reader->file_bytes - done));
		if (here == 0)
			continue;
		if (sk_column_expect(&builder->columns[i], builder->columns[i].count + more) != SK_OK)
			return sk_fault_set(import->fault, SK_ENOMEM, "%s: out of memory", import->path);
	}
	return SK_OK;
}

static enum sk_err add_file(struct sk_indicator_builder *builder, const char *name, uint64_t first, enum sk_relay relay)
{
	if (builder->file_count >= SK_INDICATOR_FILES_MAX || first > UINT32_MAX)
		return SK_ETOOBIG;
	if (builder->file_count == builder->file_room) {
		uint32_t room = builder->file_room != 0 ? builder->file_room * 2 : 16;
		void *grown = realloc(builder->files, room * sizeof *builder->files);
		if (grown == NULL)
			return SK_ENOMEM;
		builder->files = grown;
		builder->file_room = room;
	}
	struct sk_origin_file *file = &builder->files[builder->file_count++];
	file->first = (uint32_t)first;
	file->relay = relay;
	(void)snprintf(file->name, sizeof file->name, "%s", name);
	return SK_OK;
}

static bool looks_like_json(const struct sk_reader *reader)
{
	struct sk_cur c = sk_cur_of(reader->buffer + reader->at, reader->end - reader->at);
	uint8_t first = sk_u8(&c);
	while (first == ' ' || first == '\t' || first == '\r' || first == '\n')
		first = sk_u8(&c);
	if (first != '[')
		return first == '{';
	/* "[2001:db8::1]:443" is a list's line, "[ {" is not. */
	uint8_t next = sk_u8(&c);
	while (next == ' ' || next == '\t' || next == '\r' || next == '\n')
		next = sk_u8(&c);
	return next == '{' || next == '"' || next == ']' || next == '[';
}

static enum sk_err import_json(struct sk_import *import, struct sk_reader *reader)
{
	struct sk_buf text;
	sk_buf_init(&text, SK_INDICATOR_JSON_MAX_BYTES);
	enum sk_err err = sk_reader_rest(reader, &text, import->fault);
	if (err == SK_OK)
		err = sk_import_json(import, sk_buf_text(&text), text.length);
	sk_buf_fini(&text);
	return err;
}

/* A list in which not one value looks like any indicator is the wrong file. */
static enum sk_err check_usable(const struct sk_import *import)
{
	const struct sk_indicator_counts *counts = import->counts;
	uint64_t strangers = counts->by_reason[SK_INDICATOR_NOT_AN_INDICATOR] + counts->by_reason[SK_INDICATOR_SINGLE_LABEL] +
			     counts->by_reason[SK_INDICATOR_BAD_UTF8] + counts->by_reason[SK_INDICATOR_TOO_LONG];
	if (counts->taken != 0 || counts->refused == 0 || strangers != counts->refused)
		return SK_OK;
	return sk_fault_set(import->fault, SK_EINPUT,
			    "%s: none of its %llu values is an address, prefix, domain, URL or fingerprint; a list, CSV, MISP or STIX was expected",
			    import->path, (unsigned long long)counts->refused);
}

static enum sk_err import_reader(struct sk_import *import, struct sk_reader *reader)
{
	struct sk_cur c = sk_cur_of(reader->buffer, reader->end);
	if (!sk_more(&c))
		return sk_fault_set(import->fault, SK_EINPUT, "%s: an empty file", import->path);
	if (sk_be24(&c) == 0xefbbbf) {
		reader->at += 3;
		import->counts->by_reason[SK_INDICATOR_BOM]++;
		note(import, 1, "", 0, SK_INDICATOR_BOM, "");
	}
	SK_TRY(looks_like_json(reader) ? import_json(import, reader) : sk_import_table(import, reader));
	return check_usable(import);
}

/* One file, into counts that go on from file to file of a feed. */
static enum sk_err import_file(struct sk_import *import, const char *path)
{
	struct sk_indicator_builder *builder = import->builder;
	struct sk_reader reader;
	SK_TRY(sk_reader_open(&reader, path, import->fault));
	const char *slash = strrchr(path, '/');
	uint64_t before = import->counts->lines;
	import->path = path;
	import->name = slash != NULL ? slash + 1 : path;
	import->first_tag = builder->next_tag;
	import->crlf_noted = false;
	import->says_md5 = import->says_print = false;
	sk_says_md5(import->name, strlen(import->name), import);
	import->certificates = sk_says_certificates(import->name, strlen(import->name));
	enum sk_err err = add_file(builder, import->name, import->first_tag, builder->options.relay);
	if (err != SK_OK)
		err = sk_fault_set(import->fault, err, "%s: %s: at most %d files", path, sk_err_text(err), SK_INDICATOR_FILES_MAX);
	else
		err = import_reader(import, &reader);
	uint64_t lines = import->counts->lines - before;
	builder->next_tag += reader.line > lines ? reader.line : lines;
	sk_reader_close(&reader);
	return err;
}

static enum sk_err import_feed(struct sk_import *import, const char *folder)
{
	struct sk_feed feed;
	SK_TRY(sk_feed_open(folder, &feed, import->fault));
	enum sk_err err = SK_OK;
	for (size_t i = 0; err == SK_OK && i < feed.count; i++) {
		char path[SK_PATH_MAX];
		if ((size_t)snprintf(path, sizeof path, "%s/%s.json", folder, feed.events[i]) >= sizeof path)
			err = sk_fault_set(import->fault, SK_ETOOBIG, "%s: the path is too long", folder);
		else
			err = import_file(import, path);
		if (err == SK_ENOENT)
			err = sk_fault_set(import->fault, SK_EINPUT, "%s: the manifest names this event, but it is not there; nothing of the feed was taken", path);
	}
	sk_feed_fini(&feed);
	return err;
}

static bool is_folder(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum sk_err sk_indicator_import(struct sk_indicator_builder *builder, const char *path, struct sk_indicator_counts *counts, struct sk_fault *fault)
{
	*counts = (struct sk_indicator_counts){0};
	if (!builder->sealed)
		SK_TRY(sk_warnings_ready(builder->warnings));
	builder->sealed = true;
	struct sk_import import = {.builder = builder, .counts = counts, .fault = fault};
	uint32_t file_mark = builder->file_count;
	uint64_t tag_mark = builder->next_tag;
	for (size_t i = 0; i < SK_COLUMN_COUNT; i++)
		import.marks[i] = builder->columns[i].count;
	enum sk_err err = is_folder(path) ? import_feed(&import, path) : import_file(&import, path);
	for (size_t i = 0; err == SK_OK && i < import.heavier_count; i++)
		import.heavier[i].column->tags[import.heavier[i].index] = import.heavier[i].tag;
	free(import.heavier);
	if (err == SK_OK)
		return SK_OK;
	for (size_t i = 0; i < SK_COLUMN_COUNT; i++)
		sk_column_truncate(&builder->columns[i], import.marks[i]);
	builder->file_count = file_mark;
	builder->next_tag = tag_mark;
	return err;
}

/* ---- a compiled set back into the builder ---- */

static enum sk_err merge_value(struct sk_indicator_builder *builder, const struct sk_value *value, uint64_t tag, struct sk_fault *fault)
{
	if (entry_count(builder) >= builder->options.max_entries)
		return sk_fault_set(fault, SK_ETOOBIG, "the set in use and the new lists hold more than %llu entries",
				    (unsigned long long)builder->options.max_entries);
	struct sk_stored stored;
	find_place(builder, value, &stored);
	uint32_t index, at = tag <= UINT32_MAX ? (uint32_t)tag : 0;
	enum sk_err err = put_value(builder, &stored, at);
	if (err == SK_EEXIST && is_heavier(builder, &stored, at, &index))
		stored.column->tags[index] = at;
	return err == SK_OK || err == SK_EEXIST ? SK_OK : sk_fault_set(fault, err, "merging sets: %s", sk_err_text(err));
}

enum sk_err sk_indicator_merge(struct sk_indicator_builder *builder, const struct sk_indicator_set *set, struct sk_fault *fault)
{
	uint64_t shift = builder->next_tag - 1, last = 0;
	for (uint64_t i = 0; i < set->section[SK_SECTION_FILE].count; i++) {
		char name[SK_INDICATOR_FILE_NAME_MAX + 1];
		enum sk_relay relay;
		uint32_t first = sk_set_file(set, (uint32_t)i, name, &relay);
		enum sk_err err = add_file(builder, name, first + shift, relay);
		if (err != SK_OK)
			return sk_fault_set(fault, err, "merging sets: %s: at most %d files", sk_err_text(err), SK_INDICATOR_FILES_MAX);
	}
	for (uint32_t id = 0; id < set->facts.entries; id++) {
		struct sk_value value;
		uint32_t tag = sk_set_entry(set, id, &value);
		last = tag > last ? tag : last;
		SK_TRY(merge_value(builder, &value, tag != 0 ? tag + shift : 0, fault));
	}
	builder->next_tag += last;
	return SK_OK;
}
