/* SPDX-License-Identifier: Apache-2.0 */
/* A record out of text: the table is walked, and the first byte that differs is refused. */
#include <string.h>

#include "ledger/record_priv.h"
#include "text/json.h"
#include "text/text.h"
#include "wire/wire.h"

static const uint64_t first_unsafe = (uint64_t)1 << 53; /* from here on integers are written as strings */

struct reading {
	struct sk_cur cur;
	struct sk_fault *fault;
	const char *kind, *key; /* where we are, for messages */
	unsigned version;       /* that the record's end announces */
};

/* What stands at the cursor, in a few printable bytes. */
static const char *found_text(const struct reading *r, char text[24])
{
	size_t length = 0;
	if (!sk_more(&r->cur))
		return "the end";
	for (; length < 16 && length < sk_left(&r->cur); length++) {
		char c = (char)sk_peek_u8(&r->cur, length);
		if (c <= 0x20 || c >= 0x7f) {
			/* A control byte or white space: say so by its number when it is the first. */
			if (length == 0)
				text[length++] = c == ' ' ? '_' : '?';
			break;
		}
		text[length] = c;
	}
	text[length] = '\0';
	return text;
}

static enum sk_err wrong(const struct reading *r, const char *expected)
{
	char text[24];
	return sk_fault_set(r->fault, SK_EMALFORMED, "%s record, byte %zu, field %s: expected %s, found %s", r->kind, sk_offset(&r->cur), r->key, expected,
			    found_text(r, text));
}

/* Move past `length` bytes if they are there. Inline: with a literal the compiler compares words, and a record has some 150 of them. */
static inline bool accept_n(struct reading *r, const char *literal, size_t length)
{
	struct sk_cur ahead = r->cur;
	const uint8_t *found = sk_take(&ahead, length);
	if (found == NULL || memcmp(found, literal, length) != 0)
		return false;
	r->cur = ahead;
	return true;
}
#define accept(r, literal) accept_n(r, literal, sizeof(literal) - 1)

static bool accept_quoted(struct reading *r, const char *text)
{
	struct sk_cur before = r->cur;
	if (accept(r, "\"") && accept_n(r, text, strlen(text)) && accept(r, "\""))
		return true;
	r->cur = before;
	return false;
}

/* Digits without leading zero; in quotes exactly from 2^53 on. Magnitude and sign. */
static bool read_integer(struct reading *r, uint64_t *magnitude, bool *negative)
{
	struct sk_cur c = r->cur;
	bool quoted = sk_peek_u8(&c, 0) == '"';
	uint64_t value = 0;
	size_t digits = 0;
	if (quoted)
		sk_skip(&c, 1);
	*negative = sk_peek_u8(&c, 0) == '-';
	if (*negative)
		sk_skip(&c, 1);
	bool leading_zero = sk_peek_u8(&c, 0) == '0';
	for (uint8_t d; (d = (uint8_t)(sk_peek_u8(&c, 0) - '0')) <= 9; digits++) {
		if (__builtin_mul_overflow(value, 10u, &value) || __builtin_add_overflow(value, d, &value))
			return false;
		sk_skip(&c, 1);
	}
	if (digits == 0 || (leading_zero && digits > 1) || (*negative && value == 0) || quoted != (value >= first_unsafe))
		return false;
	if (quoted && sk_u8(&c) != '"')
		return false;
	uint8_t next = sk_peek_u8(&c, 0);
	if (sk_alive(&c) != SK_OK || next == '.' || next == 'e' || next == 'E')
		return false;
	*magnitude = value;
	r->cur = c;
	return true;
}

static enum sk_err read_u64(struct reading *r, uint64_t limit, uint64_t *out)
{
	struct sk_cur before = r->cur;
	bool negative;
	if (!read_integer(r, out, &negative) || negative || *out > limit) {
		r->cur = before;
		return wrong(r, "a whole number in range and canonical form");
	}
	return SK_OK;
}

static enum sk_err read_i64(struct reading *r, int64_t *out)
{
	struct sk_cur before = r->cur;
	uint64_t magnitude;
	bool negative;
	if (!read_integer(r, &magnitude, &negative) || magnitude > (uint64_t)INT64_MAX + negative) {
		r->cur = before;
		return wrong(r, "an integer in canonical form");
	}
	*out = (int64_t)(negative ? -magnitude : magnitude);
	return SK_OK;
}

static enum sk_err read_text(struct reading *r, bool (*allowed)(char), size_t minimum, size_t size, char *out)
{
	struct sk_cur c = r->cur;
	size_t length = 0;
	bool good = sk_u8(&c) == '"';
	for (; good && sk_more(&c) && sk_peek_u8(&c, 0) != '"'; length++) {
		char byte = (char)sk_u8(&c);
		good = allowed(byte) && length + 1 < size;
		if (good)
			out[length] = byte;
	}
	if (!good || sk_u8(&c) != '"' || sk_alive(&c) != SK_OK || length < minimum)
		return wrong(r, "a text of the allowed characters and length");
	out[length] = '\0';
	r->cur = c;
	return SK_OK;
}

static enum sk_err read_hex(struct reading *r, uint8_t *out, size_t count)
{
	struct sk_cur c = r->cur;
	bool good = sk_u8(&c) == '"';
	for (size_t i = 0; i < 2 * count && good; i++) {
		uint8_t digit = sk_u8(&c);
		good = (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
		uint8_t value = (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
		out[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : out[i / 2] | value);
	}
	if (!good || sk_u8(&c) != '"')
		return wrong(r, count == SK_HASH_BYTES ? "64 lower-case hexadecimal digits" : "32 lower-case hexadecimal digits");
	r->cur = c;
	return SK_OK;
}

static enum sk_err read_tally(struct reading *r, struct sk_tally *out)
{
	if (!accept(r, "{\"bytes\":"))
		return wrong(r, "{\"bytes\":");
	SK_TRY(read_u64(r, UINT64_MAX, &out->bytes));
	if (!accept(r, ",\"frames\":"))
		return wrong(r, ",\"frames\":");
	SK_TRY(read_u64(r, UINT64_MAX, &out->frames));
	return accept(r, "}") ? SK_OK : wrong(r, "}");
}

/* A cell's value, as write_cell writes it. */
static enum sk_err read_cell(struct reading *r, struct sk_tally *out, bool count_only)
{
	out->bytes = 0;
	return count_only ? read_u64(r, UINT64_MAX, &out->frames) : read_tally(r, out);
}

static enum sk_err read_cells(struct reading *r, struct sk_cells *out, bool count_only)
{
	out->count = 0;
	if (accept(r, "{}"))
		return SK_OK;
	do {
		if (out->count == SK_CELLS_MAX)
			return wrong(r, "at most 32 cells");
		if (!accept_n(r, out->count == 0 ? "{" : ",", 1))
			return wrong(r, out->count == 0 ? "{" : ", or }");
		struct sk_cell *cell = &out->cell[out->count];
		struct sk_tally tally;
		SK_TRY(read_text(r, is_cell_name, 1, sizeof cell->name, cell->name));
		if (out->count > 0 && strcmp(out->cell[out->count - 1].name, cell->name) >= 0)
			return wrong(r, "names in ascending order, each once");
		if (!accept(r, ":"))
			return wrong(r, ":");
		SK_TRY(read_cell(r, &tally, count_only));
		if (tally.frames == 0)
			return wrong(r, "only cells that hold frames");
		cell->frames = tally.frames;
		cell->bytes = tally.bytes;
		out->count++;
	} while (!accept(r, "}"));
	return SK_OK;
}

static bool is_letter(char c)
{
	return c >= 'A' && c <= 'Z';
}

static enum sk_err read_country(struct reading *r, struct sk_country_cell *cell)
{
	SK_TRY(read_text(r, is_letter, 2, sizeof cell->code, cell->code));
	if (!accept(r, ":{\"bytes\":"))
		return wrong(r, ":{\"bytes\":");
	SK_TRY(read_u64(r, UINT64_MAX, &cell->bytes));
	if (!accept(r, ",\"frames\":"))
		return wrong(r, ",\"frames\":");
	SK_TRY(read_u64(r, UINT64_MAX, &cell->frames));
	if (!accept(r, ",\"hosts\":"))
		return wrong(r, ",\"hosts\":");
	SK_TRY(read_u64(r, UINT64_MAX, &cell->hosts));
	if (cell->frames == 0)
		return wrong(r, "only countries that hold frames");
	return accept(r, "}") ? SK_OK : wrong(r, "}");
}

static enum sk_err read_countries(struct reading *r, struct sk_countries *out)
{
	out->count = 0;
	if (accept(r, "{}"))
		return SK_OK;
	do {
		if (out->count == SK_COUNTRIES_MAX)
			return wrong(r, "at most 256 countries");
		if (!accept_n(r, out->count == 0 ? "{" : ",", 1))
			return wrong(r, out->count == 0 ? "{" : ", or }");
		SK_TRY(read_country(r, &out->cell[out->count]));
		if (out->count > 0 && strcmp(out->cell[out->count - 1].code, out->cell[out->count].code) >= 0)
			return wrong(r, "codes in ascending order, each once");
		out->count++;
	} while (!accept(r, "}"));
	return SK_OK;
}

static enum sk_err read_losses(struct reading *r, struct sk_losses *out)
{
	out->version = r->version;
	if (r->version != SK_RECORD_VERSION)
		return read_cells(r, &out->cells, false);
	struct sk_tally tally;
	SK_TRY(read_tally(r, &tally));
	out->cells.count = (tally.frames | tally.bytes) != 0;
	out->cells.cell[0] = (struct sk_cell){.frames = tally.frames, .bytes = tally.bytes};
	return SK_OK;
}

static enum sk_err read_class_tallies(struct reading *r, struct sk_tally *classes, bool count_only)
{
	bool any = false;
	memset(classes, 0, SK_CLASS_COUNT * sizeof *classes);
	if (!accept(r, "{"))
		return wrong(r, "{");
	for (size_t i = 0; i < SK_CLASS_COUNT; i++) {
		struct sk_cur before = r->cur;
		struct sk_tally *tally = &classes[sk_form_class_order[i]];
		if ((any && !accept(r, ",")) || !accept_quoted(r, sk_form_classes[sk_form_class_order[i]])) {
			r->cur = before;
			continue;
		}
		if (!accept(r, ":"))
			return wrong(r, ":");
		SK_TRY(read_cell(r, tally, count_only));
		if (tally->frames == 0)
			return wrong(r, "only classes that hold frames");
		any = true;
	}
	return accept(r, "}") ? SK_OK : wrong(r, "DD, DF, FD, FF, UNKNOWN in this order, each at most once");
}

static enum sk_err read_bits(struct reading *r, const char *const *names, size_t count, uint32_t *bits)
{
	*bits = 0;
	if (!accept(r, "["))
		return wrong(r, "[");
	for (size_t i = 0; i < count; i++) {
		struct sk_cur before = r->cur;
		if ((*bits == 0 || accept(r, ",")) && accept_quoted(r, names[i]))
			*bits |= 1u << i;
		else
			r->cur = before;
	}
	return accept(r, "]") ? SK_OK : wrong(r, "known names in their order, each at most once");
}

static enum sk_err read_names(struct reading *r, struct sk_names *out)
{
	out->count = 0;
	if (accept(r, "[]"))
		return SK_OK;
	do {
		if (out->count == SK_NAMES_MAX)
			return wrong(r, "at most 64 names");
		if (!accept_n(r, out->count == 0 ? "[" : ",", 1))
			return wrong(r, out->count == 0 ? "[" : ", or ]");
		SK_TRY(read_text(r, is_cell_name, 1, SK_NAME_TEXT_MAX, out->name[out->count]));
		if (out->count > 0 && strcmp(out->name[out->count - 1], out->name[out->count]) >= 0)
			return wrong(r, "names in ascending order, each once");
		out->count++;
	} while (!accept(r, "]"));
	return SK_OK;
}

static enum sk_err read_value(struct reading *r, const struct field *field, struct sk_record *record)
{
	void *at = (uint8_t *)record + field->offset;
	switch (field->form) {
	case FIXED:
		return accept_quoted(r, field->fixed) ? SK_OK : wrong(r, field->fixed);
	case VERSION: {
		uint64_t version;
		SK_TRY(read_u64(r, UINT64_MAX, &version));
		return version == r->version ? SK_OK : sk_fault_set(r->fault, SK_EMALFORMED, "%s record: version %llu is not known, expected %u", r->kind,
								    (unsigned long long)version, r->version);
	}
	case U64:
		return read_u64(r, field->limit, at);
	case I64:
		return read_i64(r, at);
	case BOOL:
		*(bool *)at = sk_peek_u8(&r->cur, 0) == 't';
		return accept(r, "true") || accept(r, "false") ? SK_OK : wrong(r, "true or false");
	case WORD:
	case WORD_OR_EMPTY:
		return read_text(r, is_word, field->form == WORD, field->limit, at);
	case LINK:
		SK_TRY(read_text(r, is_link, 1, field->limit, at));
		return is_address(at) ? wrong(r, "a label, not an address") : SK_OK;
	case HASH:
		return read_hex(r, at, SK_HASH_BYTES);
	case RUN_ID:
		return read_hex(r, at, 16);
	case HASH_OR_NULL: {
		bool *present = at;
		*present = !accept(r, "null");
		memset(present + 1, 0, SK_HASH_BYTES);
		return *present ? read_hex(r, (uint8_t *)(present + 1), SK_HASH_BYTES) : SK_OK;
	}
	case CLASS_BITS:
		return read_bits(r, sk_form_classes, SK_COUNT(sk_form_classes), at);
	case KIND_BITS:
		return read_bits(r, sk_form_selectors, SK_COUNT(sk_form_selectors), at);
	case TALLY:
		return read_tally(r, at);
	case CELLS:
	case COUNT_CELLS:
		return read_cells(r, at, field->form == COUNT_CELLS);
	case CLASS_TALLIES:
	case CLASS_COUNTS:
		return read_class_tallies(r, at, field->form == CLASS_COUNTS);
	case COUNTRIES:
		return read_countries(r, at);
	case COUNT:
		return read_cell(r, at, true);
	case NAMES:
		return read_names(r, at);
	case LOSSES:
		return read_losses(r, at);
	case MORE:
		SK_TRY(read_u64(r, UINT64_MAX, at));
		return *(uint64_t *)at != 0 ? SK_OK : wrong(r, "at least 1, or no such field");
	case SECTION:
		break;
	}
	return SK_EBUG;
}

/* The key at the cursor is not the one that the table wants next: say what that means. */
static enum sk_err wrong_key(struct reading *r, const struct field *fields, size_t count, size_t wanted, bool first)
{
	char found[SK_JSON_KEY_MAX];
	struct reading ahead = *r;
	ahead.fault = NULL;
	r->key = fields[wanted].key;
	if (!accept_n(&ahead, first ? "{" : ",", 1) || read_text(&ahead, is_word, 0, sizeof found, found) != SK_OK)
		return wrong(r, first ? "{ and the key" : ", and the key");
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].key, found) == 0)
			return i > wanted
				   ? sk_fault_set(r->fault, SK_EMALFORMED, "%s record, byte %zu: field %s is missing (found %s)", r->kind,
						  sk_offset(&r->cur), r->key, found)
				   : sk_fault_set(r->fault, SK_EMALFORMED, "%s record, byte %zu: field %s stands twice or out of order (expected %s)",
						  r->kind, sk_offset(&r->cur), found, r->key);
	return sk_fault_set(r->fault, SK_EMALFORMED, "%s record, byte %zu: unknown field %s (expected %s)", r->kind, sk_offset(&r->cur), found, r->key);
}

static enum sk_err read_key(struct reading *r, const struct field *fields, size_t count, size_t at, bool first)
{
	struct sk_cur before = r->cur;
	const struct field *field = &fields[at];
	if (!accept_n(r, first ? "{" : ",", 1) || !accept_n(r, field->lead, field->lead_length)) {
		r->cur = before;
		return wrong_key(r, fields, count, at, first);
	}
	r->key = field->key;
	return SK_OK;
}

static enum sk_err read_section(struct reading *r, const struct field *section, struct sk_record *record)
{
	for (size_t i = 0; i < section->limit; i++) {
		SK_TRY(read_key(r, section->section, section->limit, i, i == 0));
		SK_TRY(read_value(r, &section->section[i], record));
	}
	return accept(r, "}") ? SK_OK : wrong(r, "} at the end of a section");
}

/* Interval and carry have a second version, which says how the rest must look; v stands last. */
static enum sk_err announced_version(enum sk_record_kind kind, const void *bytes, size_t length, unsigned *version, struct sk_fault *fault)
{
	static const char lead[] = "\"v\":";
	size_t tail = sizeof lead - 1 + 2; /* one digit, and the end */
	const char *text = (const char *)bytes + (length < tail ? 0 : length - tail);
	*version = SK_RECORD_VERSION;
	if ((kind != SK_RECORD_INTERVAL && kind != SK_RECORD_CARRY) || length < tail || memcmp(text, lead, sizeof lead - 1) != 0 || text[tail - 1] != '}')
		return SK_OK; /* the walk will say what is wrong */
	unsigned digit = (unsigned)(uint8_t)text[tail - 2] - '0';
	if (digit > 9)
		return SK_OK;
	*version = digit;
	return digit == SK_RECORD_VERSION || digit == SK_RECORD_VERSION_NAMED
		       ? SK_OK
		       : sk_fault_set(fault, SK_EMALFORMED, "%s record: version %u is not known, expected 1 or 2", sk_forms[kind].name, digit);
}

/* Is a field that may be left out there, and may it be? */
static bool is_there(const struct reading *r, const struct field *field, struct sk_record *record)
{
	struct reading ahead = *r;
	void *at = (uint8_t *)record + field->offset;
	bool there = r->version == SK_RECORD_VERSION_NAMED && accept(&ahead, ",") && accept_n(&ahead, field->lead, field->lead_length);
	if (field->form == SECTION)
		*(bool *)at = there;
	else if (!there)
		*(uint64_t *)at = 0;
	return there;
}

enum sk_err sk_record_parse(const void *bytes, size_t length, struct sk_record *out, struct sk_fault *fault)
{
	static const char kind_key[] = "\"kind\":\"";
	struct reading r = {.cur = sk_cur_of(bytes, length), .fault = fault, .kind = "a", .key = "kind"};
	size_t kind = SK_COUNT(sk_forms);
	if (length > SK_RECORD_MAX_BYTES)
		return sk_fault_set(fault, SK_ETOOBIG, "record: %zu bytes, at most %d are allowed", length, SK_RECORD_MAX_BYTES);
	/* No text of a record can hold a quote, so this can only be the key; the walk below checks its place. */
	const uint8_t *found = length != 0 ? memmem(bytes, length, kind_key, sizeof kind_key - 1) : NULL;
	if (found == NULL)
		return wrong(&r, "an object with a kind");
	struct reading at_kind = r;
	at_kind.cur = sk_seek(&r.cur, (size_t)(found - (const uint8_t *)bytes) + sizeof kind_key - 2);
	for (size_t i = 0; i < SK_COUNT(sk_forms) && kind == SK_COUNT(sk_forms); i++)
		if (accept_quoted(&at_kind, sk_forms[i].name))
			kind = i;
	if (kind == SK_COUNT(sk_forms))
		return wrong(&at_kind, "a known kind");
	out->kind = (enum sk_record_kind)kind;
	r.kind = sk_forms[kind].name;
	SK_TRY(announced_version(out->kind, bytes, length, &r.version, fault));
	for (size_t i = 0; i < sk_forms[kind].count; i++) {
		const struct field *field = &sk_forms[kind].fields[i];
		if ((field->form == SECTION || field->form == MORE) && !is_there(&r, field, out))
			continue;
		SK_TRY(read_key(&r, sk_forms[kind].fields, sk_forms[kind].count, i, i == 0));
		SK_TRY(field->form == SECTION ? read_section(&r, field, out) : read_value(&r, field, out));
	}
	r.key = "after v";
	if (sk_peek_u8(&r.cur, 0) == ',') {
		char more[SK_JSON_KEY_MAX] = "";
		struct reading ahead = r;
		ahead.fault = NULL;
		if (accept(&ahead, ",") && read_text(&ahead, is_word, 0, sizeof more, more) == SK_OK)
			return sk_fault_set(fault, SK_EMALFORMED, "%s record, byte %zu: unknown field %s (expected the end)", r.kind, sk_offset(&r.cur), more);
	}
	if (!accept(&r, "}") || sk_more(&r.cur))
		return wrong(&r, "} and the end");
	return SK_OK;
}
