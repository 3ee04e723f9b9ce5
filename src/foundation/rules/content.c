/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords about bytes: contents and where they may stand, numbers in bytes, regular expressions, sizes, and which buffer they ask. */
#include "rules/rules_priv.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

enum { NAME_BYTES = 32, BINARY_MAX = 8, DIGITS_MAX = 23, PLACE_MAX = 65535 };

static const struct {
	uint8_t side, source, app;
} buffers[] = {
#define SK_BUFFER(symbol, name, legacy, side, source, app, note) {SK_RULE_##side, SK_SOURCE_##source, SK_APP_##app},
#include "rules/buffer.def"
#undef SK_BUFFER
};

/* ---- parts and items ---- */

static bool is_empty(const struct sk_rules_reader *reader, uint8_t part)
{
	for (size_t i = 0; i < reader->rule.item_count; i++)
		if (reader->part_of[i] == part)
			return false;
	return true;
}

static bool new_part(struct sk_rules_reader *reader, enum sk_buffer buffer)
{
	if (reader->rule.part_count == SK_RULE_PARTS_MAX)
		return sk_rules_refuse(reader, SK_RULE_REASON_TOO_LARGE, "more than %d buffers", SK_RULE_PARTS_MAX);
	reader->sticky = reader->rule.part_count++;
	reader->rule.parts[reader->sticky] = (struct sk_rule_part){.buffer = (uint8_t)buffer};
	return true;
}

/* The part of a buffer as it is. */
static bool plain_part(struct sk_rules_reader *reader, enum sk_buffer buffer)
{
	for (uint8_t i = 0; i < reader->rule.part_count; i++)
		if (reader->rule.parts[i].buffer == buffer && reader->rule.parts[i].transform_count == 0) {
			reader->sticky = i;
			return true;
		}
	return new_part(reader, buffer);
}

bool sk_rules_sticky(struct sk_rules_reader *reader, enum sk_buffer buffer)
{
	reader->last_content = -1;
	reader->fresh = true;
	return plain_part(reader, buffer);
}

bool sk_rules_move(struct sk_rules_reader *reader, enum sk_buffer buffer)
{
	uint8_t before = reader->sticky;
	if (reader->last_content < 0)
		return sk_rules_refuse(reader, SK_RULE_REASON_SYNTAX, "%s without a content", sk_buffer_name(buffer));
	if (!plain_part(reader, buffer))
		return false;
	reader->part_of[reader->last_content] = reader->sticky;
	reader->sticky = before;
	return true;
}

struct sk_rule_item *sk_rules_item(struct sk_rules_reader *reader, enum sk_rule_op op)
{
	if (reader->rule.part_count == 0 && !new_part(reader, SK_BUFFER_PAYLOAD))
		return NULL;
	if (reader->rule.item_count == SK_RULE_ITEMS_MAX) {
		(void)sk_rules_refuse(reader, SK_RULE_REASON_TOO_LARGE, "more than %d questions about bytes", SK_RULE_ITEMS_MAX);
		return NULL;
	}
	reader->part_of[reader->rule.item_count] = reader->sticky;
	reader->fresh = false;
	struct sk_rule_item *item = &reader->items[reader->rule.item_count++];
	*item = (struct sk_rule_item){.op = (uint8_t)op, .multiplier = 1};
	memset(item->variable, SK_RULE_VARIABLE_NONE, sizeof item->variable);
	return item;
}

/* ---- variables of byte_extract and byte_math ---- */

static uint8_t variable_of(const struct sk_rules_reader *reader, struct sk_cur word)
{
	for (uint8_t i = 0; i < reader->variable_count; i++)
		if (sk_word_is(word, reader->variables[i]))
			return i;
	return SK_RULE_VARIABLE_NONE;
}

static bool new_variable(struct sk_rules_reader *reader, struct sk_cur word, uint8_t *out)
{
	*out = variable_of(reader, word);
	if (*out != SK_RULE_VARIABLE_NONE)
		return true;
	if (reader->variable_count == SK_RULE_VARIABLES_MAX)
		return sk_rules_refuse(reader, SK_RULE_REASON_TOO_LARGE, "more than %d variables", SK_RULE_VARIABLES_MAX);
	if (!sk_more(&word) || !sk_word_text(word, reader->variables[reader->variable_count], NAME_BYTES))
		return false;
	*out = reader->variable_count++;
	return true;
}

/* A number, or the name of a variable that was set before. */
static bool place(struct sk_rules_reader *reader, struct sk_cur word, int64_t least, int64_t most, int32_t *out, uint8_t *variable)
{
	int64_t number;
	word = sk_word_trim(word);
	if (sk_word_number(word, least, most, &number)) {
		*out = (int32_t)number;
		return true;
	}
	*variable = variable_of(reader, word);
	return *variable != SK_RULE_VARIABLE_NONE;
}

/* ---- content ---- */

static int nibble(uint8_t byte)
{
	uint8_t low = byte | 0x20;
	return byte >= '0' && byte <= '9' ? byte - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* |41 42| is bytes, \ escapes one of " ; : \ and | */
static bool decode(struct sk_cur word, uint8_t *out, size_t *length)
{
	bool hex = false;
	int high = -1;
	*length = 0;
	while (sk_more(&word)) {
		uint8_t byte = sk_u8(&word);
		if (byte == '|') {
			if (high >= 0)
				return false;
			hex = !hex;
			continue;
		}
		if (hex) {
			int digit = nibble(byte);
			if (byte == ' ')
				continue;
			if (digit < 0)
				return false;
			if (high < 0) {
				high = digit;
				continue;
			}
			byte = (uint8_t)(high << 4 | digit);
			high = -1;
		} else if (byte == '"') {
			return false;
		} else if (byte == '\\') {
			byte = sk_u8(&word);
			if (byte != '"' && byte != ';' && byte != ':' && byte != '\\' && byte != '|')
				return false;
		}
		if (*length == SK_RULE_CONTENT_MAX)
			return false;
		out[(*length)++] = byte;
	}
	return !hex && *length != 0;
}

bool sk_take_content(struct sk_rules_reader *reader, struct sk_cur value)
{
	uint8_t bytes[SK_RULE_CONTENT_MAX];
	size_t length;
	bool negated = sk_word_take(&value, '!');
	if (!sk_word_unquote(&value) || !decode(value, bytes, &length))
		return false;
	struct sk_rule_item *item = sk_rules_item(reader, SK_OP_CONTENT);
	uint8_t *kept = sk_rules_take(reader->set, length, 1);
	if (item == NULL || kept == NULL)
		return false;
	memcpy(kept, bytes, length);
	item->bytes = kept;
	item->length = (uint16_t)length;
	item->bits = negated ? SK_ITEM_NEGATED : 0;
	reader->last_content = reader->rule.item_count - 1;
	return true;
}

/* A content of that buffer alone; items go on to where they went before. */
static bool take_content_of(struct sk_rules_reader *reader, enum sk_buffer buffer, struct sk_cur value)
{
	if (reader->rule.part_count == 0 && !new_part(reader, SK_BUFFER_PAYLOAD))
		return false;
	uint8_t before = reader->sticky;
	bool fine = plain_part(reader, buffer) && sk_take_content(reader, value);
	reader->sticky = before;
	reader->last_content = -1;
	return fine;
}

bool sk_take_tls_subject(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_content_of(reader, SK_BUFFER_CERT_SUBJECT, value);
}

bool sk_take_tls_issuerdn(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_content_of(reader, SK_BUFFER_CERT_ISSUER, value);
}

bool sk_take_tls_fingerprint(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_content_of(reader, SK_BUFFER_CERT_FINGERPRINT, value);
}

static struct sk_rule_item *last_content(struct sk_rules_reader *reader)
{
	if (reader->last_content >= 0)
		return &reader->items[reader->last_content];
	(void)sk_rules_refuse(reader, SK_RULE_REASON_SYNTAX, "a modifier without a content");
	return NULL;
}

bool sk_take_nocase(struct sk_rules_reader *reader, struct sk_cur value)
{
	struct sk_rule_item *item = last_content(reader);
	if (item == NULL || sk_more(&value))
		return false;
	item->bits |= SK_ITEM_NOCASE;
	return true;
}

static bool take_place(struct sk_rules_reader *reader, struct sk_cur value, enum sk_rule_bit bit, enum sk_rule_place which, int64_t least, int32_t *(*member)(struct sk_rule_item *))
{
	struct sk_rule_item *item = last_content(reader);
	if (item == NULL)
		return false;
	item->bits |= (uint16_t)bit;
	return place(reader, value, least, PLACE_MAX, member(item), &item->variable[which]);
}

static int32_t *offset_of(struct sk_rule_item *item)
{
	return &item->offset;
}

static int32_t *depth_of(struct sk_rule_item *item)
{
	return &item->depth;
}

static int32_t *distance_of(struct sk_rule_item *item)
{
	return &item->distance;
}

static int32_t *within_of(struct sk_rule_item *item)
{
	return &item->within;
}

bool sk_take_offset(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_place(reader, value, SK_ITEM_OFFSET, SK_PLACE_OFFSET, 0, offset_of);
}

bool sk_take_depth(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_place(reader, value, SK_ITEM_DEPTH, SK_PLACE_DEPTH, 1, depth_of);
}

bool sk_take_distance(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_place(reader, value, SK_ITEM_DISTANCE, SK_PLACE_DISTANCE, -PLACE_MAX, distance_of);
}

bool sk_take_within(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_place(reader, value, SK_ITEM_WITHIN, SK_PLACE_WITHIN, 1, within_of);
}

bool sk_take_startswith(struct sk_rules_reader *reader, struct sk_cur value)
{
	struct sk_rule_item *item = last_content(reader);
	if (item == NULL || sk_more(&value))
		return false;
	item->bits |= SK_ITEM_STARTS;
	return true;
}

bool sk_take_endswith(struct sk_rules_reader *reader, struct sk_cur value)
{
	struct sk_rule_item *item = last_content(reader);
	if (item == NULL || sk_more(&value))
		return false;
	item->bits |= SK_ITEM_ENDS;
	return true;
}

bool sk_take_fast_pattern(struct sk_rules_reader *reader, struct sk_cur value)
{
	struct sk_rule_item *item = last_content(reader);
	(void)value; /* "only" and cuts of it are hints as well */
	if (item == NULL)
		return false;
	item->bits |= SK_ITEM_FAST;
	return true;
}

/* ---- sizes ---- */

bool sk_take_isdataat(struct sk_rules_reader *reader, struct sk_cur value)
{
	bool comma, negated = sk_word_take(&value, '!');
	struct sk_cur number = sk_word_until(&value, ',', &comma);
	struct sk_rule_item *item = sk_rules_item(reader, SK_OP_ISDATAAT);
	if (item == NULL || !place(reader, number, 0, PLACE_MAX, &item->offset, &item->variable[SK_PLACE_OFFSET]))
		return false;
	item->bits = negated ? SK_ITEM_NEGATED : 0;
	while (sk_more(&value)) {
		struct sk_cur word = sk_word_trim(sk_word_until(&value, ',', &comma));
		if (sk_word_is(word, "relative"))
			item->bits |= SK_ITEM_RELATIVE;
		else if (!sk_word_is(word, "rawbytes"))
			return false;
	}
	return true;
}

bool sk_take_bsize(struct sk_rules_reader *reader, struct sk_cur value)
{
	struct sk_rule_item *item = sk_rules_item(reader, SK_OP_SIZE);
	return item != NULL && sk_word_range(value, UINT32_MAX, true, &item->size);
}

bool sk_take_urilen(struct sk_rules_reader *reader, struct sk_cur value)
{
	bool comma;
	uint8_t before = reader->sticky, had = reader->rule.part_count;
	struct sk_cur number = sk_word_until(&value, ',', &comma);
	bool decoded = comma && sk_word_is(sk_word_trim(value), "norm");
	if (comma && !decoded && !sk_word_is(sk_word_trim(value), "raw"))
		return false;
	/* What stands in front of the first buffer is asked of the payload. */
	if (had == 0 && !new_part(reader, SK_BUFFER_PAYLOAD))
		return false;
	before = had == 0 ? reader->sticky : before;
	if (!plain_part(reader, decoded ? SK_BUFFER_HTTP_URI : SK_BUFFER_HTTP_URI_RAW))
		return false;
	struct sk_rule_item *item = sk_rules_item(reader, SK_OP_SIZE);
	reader->sticky = before;
	return item != NULL && sk_word_range(number, UINT16_MAX, true, &item->size);
}

/* ---- numbers in bytes ---- */

static bool take_base(struct sk_rule_item *item, struct sk_cur word)
{
	item->base = sk_word_is(word, "hex") ? 16 : sk_word_is(word, "oct") ? 8 : sk_word_is(word, "dec") ? 10 : item->base;
	return sk_word_is(word, "hex") || sk_word_is(word, "oct") || sk_word_is(word, "dec");
}

/* Words that all four know; a number may stand behind some. */
static bool byte_word(struct sk_rules_reader *reader, struct sk_rule_item *item, struct sk_cur word)
{
	static const struct {
		const char *word;
		uint16_t bit;
	} words[] = {{"relative", SK_ITEM_RELATIVE}, {"little", SK_ITEM_LITTLE}, {"big", 0}, {"string", SK_ITEM_STRING}, {"align", SK_ITEM_ALIGN},
		     {"from_beginning", SK_ITEM_FROM_BEGINNING}, {"from_end", SK_ITEM_FROM_END}};
	bool space;
	int64_t number;
	struct sk_cur key = sk_word_until(&word, ' ', &space);
	word = sk_word_trim(word);
	for (size_t i = 0; i < SK_COUNT(words); i++)
		if (sk_word_is(key, words[i].word)) {
			item->bits |= words[i].bit;
			if (words[i].bit == SK_ITEM_STRING && sk_more(&word))
				return take_base(item, word);
			if (words[i].bit == SK_ITEM_ALIGN && sk_more(&word)) {
				if (!sk_word_number(word, 2, 4, &number) || number == 3)
					return false;
				item->multiplier = item->multiplier != 0 ? item->multiplier : 1;
				item->within = (int32_t)number;
				return true;
			}
			return !sk_more(&word);
		}
	if (take_base(item, key))
		return !sk_more(&word);
	if (sk_word_is(key, "endian")) {
		item->bits |= sk_word_is(word, "little") ? SK_ITEM_LITTLE : 0;
		return sk_word_is(word, "little") || sk_word_is(word, "big");
	}
	if (sk_word_is(key, "dce"))
		return sk_rules_refuse(reader, SK_RULE_REASON_KEYWORD, "dce");
	if (sk_word_is(key, "multiplier") && sk_word_number(word, 1, PLACE_MAX, &number)) {
		item->multiplier = (uint32_t)number;
		return true;
	}
	if (sk_word_is(key, "post_offset") && sk_word_number(word, -PLACE_MAX, PLACE_MAX, &number)) {
		item->post_offset = (int32_t)number;
		return true;
	}
	if (sk_word_is(key, "bitmask") && sk_word_number(word, 1, UINT32_MAX, &number)) {
		item->mask = (uint64_t)number;
		return true;
	}
	return false;
}

static bool byte_words(struct sk_rules_reader *reader, struct sk_rule_item *item, struct sk_cur rest)
{
	while (sk_more(&rest)) {
		bool comma;
		if (!byte_word(reader, item, sk_word_trim(sk_word_until(&rest, ',', &comma))))
			return false;
	}
	if ((item->bits & SK_ITEM_STRING) != 0 && item->base == 0)
		item->base = 10;
	return item->width <= ((item->bits & SK_ITEM_STRING) != 0 ? DIGITS_MAX : BINARY_MAX);
}

static struct sk_cur next_word(struct sk_cur *rest)
{
	bool comma;
	return sk_word_trim(sk_word_until(rest, ',', &comma));
}

static bool take_width(struct sk_rule_item *item, struct sk_cur word, int64_t least)
{
	int64_t number;
	if (!sk_word_number(word, least, DIGITS_MAX, &number))
		return false;
	item->width = (uint8_t)number;
	return true;
}

static bool take_value(struct sk_rules_reader *reader, struct sk_rule_item *item, struct sk_cur word)
{
	int64_t number;
	if (sk_word_number(word, 0, INT64_MAX, &number)) {
		item->value = (uint64_t)number;
		return true;
	}
	item->variable[SK_PLACE_VALUE] = variable_of(reader, word);
	return item->variable[SK_PLACE_VALUE] != SK_RULE_VARIABLE_NONE;
}

bool sk_take_byte_test(struct sk_rules_reader *reader, struct sk_cur value)
{
	static const struct {
		const char *word;
		uint8_t compare;
	} compares[] = {{"<", SK_COMPARE_LESS}, {">", SK_COMPARE_GREATER}, {"=", SK_COMPARE_EQUAL}, {"<=", SK_COMPARE_LESS_EQUAL}, {">=", SK_COMPARE_GREATER_EQUAL}, {"&", SK_COMPARE_AND},
			{"^", SK_COMPARE_XOR}, {"", SK_COMPARE_EQUAL}};
	struct sk_rule_item *item = sk_rules_item(reader, SK_OP_BYTE_TEST);
	if (item == NULL || !take_width(item, next_word(&value), 1))
		return false;
	struct sk_cur word = next_word(&value);
	item->bits = sk_word_take(&word, '!') ? SK_ITEM_NEGATED : 0;
	bool known = false;
	for (size_t i = 0; i < SK_COUNT(compares) && !known; i++)
		if (sk_word_is(word, compares[i].word)) {
			item->compare = compares[i].compare;
			known = sk_more(&word) || (item->bits & SK_ITEM_NEGATED) != 0;
		}
	if (!known || !take_value(reader, item, next_word(&value)) || !place(reader, next_word(&value), -PLACE_MAX, PLACE_MAX, &item->offset, &item->variable[SK_PLACE_OFFSET]))
		return false;
	return byte_words(reader, item, value);
}

bool sk_take_byte_jump(struct sk_rules_reader *reader, struct sk_cur value)
{
	struct sk_rule_item *item = sk_rules_item(reader, SK_OP_BYTE_JUMP);
	return item != NULL && take_width(item, next_word(&value), 0) &&
	       place(reader, next_word(&value), -PLACE_MAX, PLACE_MAX, &item->offset, &item->variable[SK_PLACE_OFFSET]) && byte_words(reader, item, value);
}

bool sk_take_byte_extract(struct sk_rules_reader *reader, struct sk_cur value)
{
	struct sk_rule_item *item = sk_rules_item(reader, SK_OP_BYTE_EXTRACT);
	return item != NULL && take_width(item, next_word(&value), 1) &&
	       place(reader, next_word(&value), -PLACE_MAX, PLACE_MAX, &item->offset, &item->variable[SK_PLACE_OFFSET]) && new_variable(reader, next_word(&value), &item->result) &&
	       byte_words(reader, item, value);
}

bool sk_take_byte_math(struct sk_rules_reader *reader, struct sk_cur value)
{
	static const char *const operators[] = {"+", "-", "*", "/", "<<", ">>"};
	struct sk_rule_item *item = sk_rules_item(reader, SK_OP_BYTE_MATH);
	bool has_result = false, has_operator = false, has_value = false;
	while (item != NULL && sk_more(&value)) {
		bool space;
		struct sk_cur word = next_word(&value), all = word, key = sk_word_until(&word, ' ', &space);
		word = sk_word_trim(word);
		bool fine = true;
		if (sk_word_is(key, "bytes"))
			fine = take_width(item, word, 1);
		else if (sk_word_is(key, "offset"))
			fine = place(reader, word, -PLACE_MAX, PLACE_MAX, &item->offset, &item->variable[SK_PLACE_OFFSET]);
		else if (sk_word_is(key, "rvalue"))
			fine = has_value = take_value(reader, item, word);
		else if (sk_word_is(key, "result"))
			fine = has_result = new_variable(reader, word, &item->result);
		else if (sk_word_is(key, "oper")) {
			for (size_t i = 0; i < SK_COUNT(operators); i++)
				if (sk_word_is(word, operators[i])) {
					item->compare = (uint8_t)i;
					has_operator = true;
				}
			fine = has_operator;
		} else
			fine = byte_words(reader, item, all);
		if (!fine)
			return false;
	}
	return item != NULL && has_result && has_operator && has_value && item->width != 0 && item->width <= ((item->bits & SK_ITEM_STRING) != 0 ? DIGITS_MAX : BINARY_MAX);
}

/* ---- regular expressions ---- */

/* Letters that name a buffer. */
static int pcre_buffer(uint8_t letter)
{
	switch (letter) {
	case 'U': return SK_BUFFER_HTTP_URI;
	case 'I': return SK_BUFFER_HTTP_URI_RAW;
	case 'P': return SK_BUFFER_HTTP_REQUEST_BODY;
	case 'Q': return SK_BUFFER_HTTP_RESPONSE_BODY;
	case 'H': return SK_BUFFER_HTTP_HEADER;
	case 'D': return SK_BUFFER_HTTP_HEADER_RAW;
	case 'M': return SK_BUFFER_HTTP_METHOD;
	case 'C': return SK_BUFFER_HTTP_COOKIE;
	case 'S': return SK_BUFFER_HTTP_STAT_CODE;
	case 'Y': return SK_BUFFER_HTTP_STAT_MSG;
	case 'V': return SK_BUFFER_HTTP_USER_AGENT;
	case 'W': return SK_BUFFER_HTTP_HOST;
	case 'Z': return SK_BUFFER_HTTP_HOST_RAW;
	default: return -1;
	}
}

static bool pcre_letters(struct sk_rules_reader *reader, struct sk_cur letters, uint32_t *options, bool *relative, int *buffer)
{
	while (sk_more(&letters)) {
		uint8_t letter = sk_u8(&letters);
		int named = pcre_buffer(letter);
		if (named >= 0) {
			*buffer = named;
			continue;
		}
		switch (letter) {
		case 'i': *options |= PCRE2_CASELESS; break;
		case 'm': *options |= PCRE2_MULTILINE; break;
		case 's': *options |= PCRE2_DOTALL; break;
		case 'x': *options |= PCRE2_EXTENDED; break;
		case 'A': *options |= PCRE2_ANCHORED; break;
		case 'E': *options |= PCRE2_DOLLAR_ENDONLY; break;
		case 'G': *options |= PCRE2_UNGREEDY; break;
		case 'R': *relative = true; break;
		case 'B': case 'O': break;
		default: return sk_rules_refuse(reader, SK_RULE_REASON_PCRE, "letter %c behind the expression", letter >= ' ' && letter < 0x7f ? letter : '?');
		}
	}
	return true;
}

/* Nested quantifiers and long alternations are refused by their size, and what is left is matched under limits on steps and memory (sensor/signature). */
static bool pcre_compile(struct sk_rules_reader *reader, struct sk_rule_item *item, struct sk_cur expression, uint32_t options)
{
	int code = 0;
	PCRE2_SIZE at = 0;
	size_t bytes = 0, length = sk_left(&expression);
	PCRE2_UCHAR why[120] = "out of memory";
	const uint8_t *text = sk_take(&expression, length);
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	if (context == NULL || text == NULL) {
		pcre2_compile_context_free(context);
		return sk_rules_refuse(reader, SK_RULE_REASON_PCRE, "%s", (const char *)why);
	}
	(void)pcre2_set_max_pattern_length(context, SK_RULES_PCRE_MAX);
	(void)pcre2_set_parens_nest_limit(context, SK_RULES_PARENS_MAX);
	item->pcre = pcre2_compile(text, length, options | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C, &code, &at, context);
	pcre2_compile_context_free(context);
	if (item->pcre == NULL) {
		(void)pcre2_get_error_message(code, why, sizeof why);
		return sk_rules_refuse(reader, SK_RULE_REASON_PCRE, "at %zu: %s", at, (const char *)why);
	}
	uint32_t names = 0;
	(void)pcre2_pattern_info(item->pcre, PCRE2_INFO_NAMECOUNT, &names);
	(void)pcre2_pattern_info(item->pcre, PCRE2_INFO_SIZE, &bytes);
	if (bytes > SK_RULES_PCRE_BYTES_MAX)
		return sk_rules_refuse(reader, SK_RULE_REASON_TOO_LARGE, "a regular expression of %zu bytes, compiled", bytes);
	if (names != 0)
		return sk_rules_refuse(reader, SK_RULE_REASON_PCRE, "named groups, which set variables");
	return true;
}

bool sk_take_pcre(struct sk_rules_reader *reader, struct sk_cur value)
{
	bool negated = sk_word_take(&value, '!'), relative = false;
	uint32_t options = 0;
	int buffer = -1;
	if (!sk_word_unquote(&value) || !sk_word_take(&value, '/'))
		return false;
	size_t end = sk_left(&value);
	while (end > 0 && sk_peek_u8(&value, end - 1) != '/')
		end--;
	if (end == 0)
		return false;
	struct sk_cur expression = sk_carve(&value, end - 1);
	sk_skip(&value, 1);
	if (!pcre_letters(reader, value, &options, &relative, &buffer))
		return false;
	uint8_t before = reader->sticky, had = reader->rule.part_count;
	if (buffer >= 0 && had == 0 && !new_part(reader, SK_BUFFER_PAYLOAD))
		return false;
	before = had == 0 ? 0 : before;
	if (buffer >= 0 && !plain_part(reader, (enum sk_buffer)buffer))
		return false;
	struct sk_rule_item *item = sk_rules_item(reader, SK_OP_PCRE);
	reader->sticky = before;
	if (item == NULL)
		return false;
	item->bits = (uint16_t)((negated ? SK_ITEM_NEGATED : 0) | (relative ? SK_ITEM_RELATIVE : 0));
	if (sk_rules_is_folded((enum sk_buffer)reader->rule.parts[reader->part_of[reader->rule.item_count - 1]].buffer) && (options & PCRE2_CASELESS) == 0) {
		options |= PCRE2_CASELESS;
		reader->rule.differences |= 1u << SK_RULE_DIFFERENCE_CASE;
	}
	return pcre_compile(reader, item, expression, options);
}

/* ---- transformations ---- */

static bool transform(struct sk_rules_reader *reader, struct sk_cur value, enum sk_rule_transform what)
{
	if (sk_more(&value))
		return false;
	/* Behind a question it would not be clear what that one asks. */
	if (reader->rule.part_count == 0 || !reader->fresh)
		return sk_rules_refuse(reader, SK_RULE_REASON_SYNTAX, "a transformation that does not stand right behind its buffer");
	if (!is_empty(reader, reader->sticky) && !new_part(reader, (enum sk_buffer)reader->rule.parts[reader->sticky].buffer))
		return false;
	struct sk_rule_part *part = &reader->rule.parts[reader->sticky];
	if (part->transform_count == SK_RULE_TRANSFORMS_MAX)
		return sk_rules_refuse(reader, SK_RULE_REASON_TOO_LARGE, "more than %d transformations", SK_RULE_TRANSFORMS_MAX);
	part->transforms[part->transform_count++] = (uint8_t)what;
	return true;
}

#define TRANSFORM(name, what) \
	bool sk_take_##name(struct sk_rules_reader *reader, struct sk_cur value) \
	{ \
		return transform(reader, value, SK_TRANSFORM_##what); \
	}
TRANSFORM(dotprefix, DOTPREFIX)
TRANSFORM(to_lowercase, LOWER)
TRANSFORM(to_uppercase, UPPER)
TRANSFORM(strip_whitespace, STRIP)
TRANSFORM(compress_whitespace, COMPRESS)
TRANSFORM(url_decode, URL)
TRANSFORM(to_md5, MD5)
TRANSFORM(to_sha1, SHA1)
TRANSFORM(to_sha256, SHA256)

/* ---- lists ---- */

static bool take_listed(struct sk_rules_reader *reader, const struct sk_rule_list *list, bool negated, enum sk_rule_end end)
{
	if (list == NULL)
		return false;
	if (reader->rule.listed_count == SK_COUNT(reader->rule.listed))
		return sk_rules_refuse(reader, SK_RULE_REASON_TOO_LARGE, "more than %zu lists of addresses", SK_COUNT(reader->rule.listed));
	reader->rule.listed[reader->rule.listed_count++] = (struct sk_rule_listed){.list = list, .negated = negated, .end = (uint8_t)end};
	return true;
}

static int list_kind(struct sk_cur word)
{
	static const char *const kinds[] = {"string", "md5", "sha256"};
	for (size_t i = 0; i < SK_COUNT(kinds); i++)
		if (sk_word_is(word, kinds[i]))
			return (int)i;
	return -1;
}

bool sk_take_dataset(struct sk_rules_reader *reader, struct sk_cur value)
{
	char name[SK_RULES_NAME_MAX], path[512] = "";
	int kind = SK_LIST_STRING;
	struct sk_cur act = next_word(&value);
	bool isset = sk_word_is(act, "isset"), isnotset = sk_word_is(act, "isnotset");
	if (!isset && !isnotset)
		return sk_rules_refuse(reader, SK_RULE_REASON_MEMORY, "dataset: it would keep what it sees");
	if (!sk_word_text(next_word(&value), name, sizeof name) || name[0] == '\0')
		return false;
	while (sk_more(&value)) {
		bool space;
		struct sk_cur word = next_word(&value), key = sk_word_until(&word, ' ', &space);
		word = sk_word_trim(word);
		if (sk_word_is(key, "type") && list_kind(word) >= 0)
			kind = list_kind(word);
		else if (sk_word_is(key, "load") && !sk_word_text(word, path, sizeof path))
			return false;
		else if (sk_word_is(key, "state") || sk_word_is(key, "save"))
			return sk_rules_refuse(reader, SK_RULE_REASON_MEMORY, "dataset: it would keep what it sees");
		else if (!sk_word_is(key, "load") && !sk_word_is(key, "type") && !sk_word_is(key, "memcap") && !sk_word_is(key, "hashsize"))
			return false;
	}
	const struct sk_rule_list *list = sk_rules_list(reader, name, (enum sk_rule_list_kind)kind, path);
	struct sk_rule_item *item = list != NULL ? sk_rules_item(reader, SK_OP_LIST) : NULL;
	if (item == NULL)
		return false;
	item->list = list;
	item->bits = isnotset ? SK_ITEM_NEGATED : 0;
	return true;
}

bool sk_take_iprep(struct sk_rules_reader *reader, struct sk_cur value)
{
	static const struct {
		const char *word;
		uint8_t end;
	} ends[] = {{"src", SK_END_SOURCE}, {"dst", SK_END_DESTINATION}, {"any", SK_END_ANY}, {"both", SK_END_BOTH}};
	struct sk_cur end = next_word(&value), category = next_word(&value), op = next_word(&value), number = next_word(&value);
	struct sk_rule_number score;
	char text[16];
	size_t which = 0;
	while (which < SK_COUNT(ends) && !sk_word_is(end, ends[which].word))
		which++;
	char op_text[8], number_text[8];
	(void)sk_word_text(op, op_text, sizeof op_text);
	(void)sk_word_text(number, number_text, sizeof number_text);
	(void)snprintf(text, sizeof text, "%.7s%.7s", op_text, number_text);
	if (which == SK_COUNT(ends) || sk_more(&value))
		return false;
	if (sk_word_is(op, "isset") || sk_word_is(op, "isnotset"))
		score = (struct sk_rule_number){.from = 0, .to = 127, .asked = true};
	else if (!sk_word_range(sk_cur_of(text, strlen(text)), 127, false, &score))
		return false;
	return take_listed(reader, sk_rules_scored(reader, category, &score), sk_word_is(op, "isnotset"), (enum sk_rule_end)ends[which].end);
}

/* ---- for check.c ---- */

bool sk_rules_is_folded(enum sk_buffer buffer)
{
	return buffer == SK_BUFFER_DNS_QUERY || buffer == SK_BUFFER_DNS_RRNAME || buffer == SK_BUFFER_TLS_SNI || buffer == SK_BUFFER_QUIC_SNI;
}

enum sk_rule_side sk_rules_side(enum sk_buffer buffer)
{
	return (enum sk_rule_side)buffers[buffer].side;
}

enum sk_app sk_rules_buffer_app(enum sk_buffer buffer)
{
	return (enum sk_app)buffers[buffer].app;
}
