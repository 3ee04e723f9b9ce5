/* SPDX-License-Identifier: Apache-2.0 */
/* A record as text: what its table does not allow is not written. */
#include <string.h>

#include "ledger/record_priv.h"
#include "text/json.h"

static bool text_allowed(const char *text, size_t size, bool (*allowed)(char))
{
	size_t length = strnlen(text, size);
	if (length == size)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!allowed(text[i]))
			return false;
	return true;
}

static void write_tally(struct sk_json_writer *w, const char *key, const struct sk_tally *tally)
{
	sk_json_object(w, key);
	sk_json_u64(w, "bytes", tally->bytes);
	sk_json_u64(w, "frames", tally->frames);
	sk_json_end(w);
}

/* A cell's value: frames and bytes, or of exports the number of records alone. */
static bool write_cell(struct sk_json_writer *w, const char *key, const struct sk_tally *tally, bool count_only)
{
	if (count_only)
		sk_json_u64(w, key, tally->frames);
	else
		write_tally(w, key, tally);
	return !count_only || tally->bytes == 0;
}

static bool write_cells(struct sk_json_writer *w, const char *key, const struct sk_cells *cells, bool count_only)
{
	if (cells->count > SK_CELLS_MAX)
		return false;
	for (size_t i = 0; i < cells->count; i++) {
		const struct sk_cell *cell = &cells->cell[i];
		if (!text_allowed(cell->name, sizeof cell->name, is_cell_name) || cell->name[0] == '\0' || cell->frames == 0 ||
		    (i > 0 && strcmp(cells->cell[i - 1].name, cell->name) >= 0))
			return false;
	}
	bool good = true;
	sk_json_object(w, key);
	for (size_t i = 0; i < cells->count; i++)
		good &= write_cell(w, cells->cell[i].name, &(struct sk_tally){cells->cell[i].frames, cells->cell[i].bytes}, count_only);
	sk_json_end(w);
	return good;
}

static bool is_code(const char code[3])
{
	return code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z' && code[2] == '\0';
}

static bool write_countries(struct sk_json_writer *w, const char *key, const struct sk_countries *countries)
{
	if (countries->count > SK_COUNTRIES_MAX)
		return false;
	for (size_t i = 0; i < countries->count; i++)
		if (!is_code(countries->cell[i].code) || countries->cell[i].frames == 0 || (i > 0 && strcmp(countries->cell[i - 1].code, countries->cell[i].code) >= 0))
			return false;
	sk_json_object(w, key);
	for (size_t i = 0; i < countries->count; i++) {
		const struct sk_country_cell *cell = &countries->cell[i];
		sk_json_object(w, cell->code);
		sk_json_u64(w, "bytes", cell->bytes);
		sk_json_u64(w, "frames", cell->frames);
		sk_json_u64(w, "hosts", cell->hosts);
		sk_json_end(w);
	}
	sk_json_end(w);
	return true;
}

static bool write_losses(struct sk_json_writer *w, const char *key, const struct sk_losses *losses)
{
	if (losses->version != SK_RECORD_VERSION)
		return write_cells(w, key, &losses->cells, false);
	if (losses->cells.count > 1)
		return false;
	struct sk_tally tally = {0, 0};
	if (losses->cells.count == 1)
		tally = (struct sk_tally){losses->cells.cell[0].frames, losses->cells.cell[0].bytes};
	write_tally(w, key, &tally);
	return true;
}

static bool write_class_tallies(struct sk_json_writer *w, const char *key, const struct sk_tally *classes, bool count_only)
{
	bool good = true;
	sk_json_object(w, key);
	for (size_t i = 0; i < SK_CLASS_COUNT; i++) {
		const struct sk_tally *tally = &classes[sk_form_class_order[i]];
		if (tally->frames != 0)
			good &= write_cell(w, sk_form_classes[sk_form_class_order[i]], tally, count_only);
		else if (tally->bytes != 0)
			good = false;
	}
	sk_json_end(w);
	return good;
}

static bool write_bits(struct sk_json_writer *w, const char *key, uint32_t bits, const char *const *names, size_t count)
{
	if (bits >> count != 0)
		return false;
	sk_json_array(w, key);
	for (size_t i = 0; i < count; i++)
		if ((bits >> i & 1) != 0)
			sk_json_text(w, NULL, names[i]);
	sk_json_end(w);
	return true;
}

static bool write_names(struct sk_json_writer *w, const char *key, const struct sk_names *names)
{
	if (names->count > SK_NAMES_MAX)
		return false;
	for (size_t i = 0; i < names->count; i++)
		if (!text_allowed(names->name[i], SK_NAME_TEXT_MAX, is_cell_name) || names->name[i][0] == '\0' || (i > 0 && strcmp(names->name[i - 1], names->name[i]) >= 0))
			return false;
	sk_json_array(w, key);
	for (size_t i = 0; i < names->count; i++)
		sk_json_text(w, NULL, names->name[i]);
	sk_json_end(w);
	return true;
}

static bool write_text(struct sk_json_writer *w, const struct field *field, const char *text)
{
	if (!text_allowed(text, field->limit, field->form == LINK ? is_link : is_word) || (text[0] == '\0' && field->form != WORD_OR_EMPTY) ||
	    (field->form == LINK && is_address(text)))
		return false;
	sk_json_text(w, field->key, text);
	return true;
}

static uint64_t version_of(const struct sk_record *record)
{
	return record->kind == SK_RECORD_INTERVAL ? record->interval.capture_lost.version : record->kind == SK_RECORD_CARRY ? record->carry.capture_lost.version : SK_RECORD_VERSION;
}

static bool is_second(const struct sk_record *record)
{
	return version_of(record) == SK_RECORD_VERSION_NAMED;
}

static bool write_value(struct sk_json_writer *w, const struct field *field, const struct sk_record *record)
{
	const void *at = (const uint8_t *)record + field->offset;
	switch (field->form) {
	case FIXED:
		sk_json_text(w, field->key, field->fixed);
		return true;
	case VERSION:
		sk_json_u64(w, field->key, version_of(record));
		return is_second(record) || version_of(record) == SK_RECORD_VERSION;
	case U64:
		sk_json_u64(w, field->key, *(const uint64_t *)at);
		return *(const uint64_t *)at <= field->limit;
	case I64:
		sk_json_i64(w, field->key, *(const int64_t *)at);
		return true;
	case BOOL:
		sk_json_bool(w, field->key, *(const bool *)at);
		return true;
	case WORD:
	case WORD_OR_EMPTY:
	case LINK:
		return write_text(w, field, at);
	case HASH:
		sk_json_hex(w, field->key, at, SK_HASH_BYTES);
		return true;
	case RUN_ID:
		sk_json_hex(w, field->key, at, 16);
		return true;
	case HASH_OR_NULL: {
		const bool *present = at;
		if (*present)
			sk_json_hex(w, field->key, present + 1, SK_HASH_BYTES);
		else
			sk_json_null(w, field->key);
		return true;
	}
	case CLASS_BITS:
		return write_bits(w, field->key, *(const uint32_t *)at, sk_form_classes, SK_COUNT(sk_form_classes));
	case KIND_BITS:
		return write_bits(w, field->key, *(const uint32_t *)at, sk_form_selectors, SK_COUNT(sk_form_selectors));
	case TALLY:
		write_tally(w, field->key, at);
		return true;
	case CELLS:
	case COUNT_CELLS:
		return write_cells(w, field->key, at, field->form == COUNT_CELLS);
	case CLASS_TALLIES:
	case CLASS_COUNTS:
		return write_class_tallies(w, field->key, at, field->form == CLASS_COUNTS);
	case COUNTRIES:
		return write_countries(w, field->key, at);
	case COUNT:
		return write_cell(w, field->key, at, true);
	case NAMES:
		return write_names(w, field->key, at);
	case LOSSES:
		return write_losses(w, field->key, at);
	case MORE:
		sk_json_u64(w, field->key, *(const uint64_t *)at);
		return is_second(record);
	case SECTION:
		break;
	}
	return false;
}

static bool write_field(struct sk_json_writer *w, const struct field *field, const struct sk_record *record)
{
	if (field->form == MORE && *(const uint64_t *)(const void *)((const uint8_t *)record + field->offset) == 0)
		return true;
	if (field->form != SECTION)
		return write_value(w, field, record);
	if (!*(const bool *)((const uint8_t *)record + field->offset))
		return true;
	bool good = is_second(record);
	sk_json_object(w, field->key);
	for (size_t i = 0; i < field->limit && good; i++)
		good = write_value(w, &field->section[i], record);
	sk_json_end(w);
	return good;
}

void sk_record_write(struct sk_buf *out, const struct sk_record *record)
{
	struct sk_json_writer writer;
	bool good = true;
	sk_json_begin(&writer, out, true);
	sk_json_object(&writer, NULL);
	for (size_t i = 0; i < sk_forms[record->kind].count && good; i++)
		good = write_field(&writer, &sk_forms[record->kind].fields[i], record);
	if (good)
		sk_json_end(&writer);
	else if (out->failed == SK_OK)
		out->failed = SK_EUSAGE;
}
