/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a rule: pieces of its text, cut out with cursors. */
#include "rules/rules_priv.h"

static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static uint8_t last_of(struct sk_cur word)
{
	return sk_left(&word) != 0 ? sk_peek_u8(&word, sk_left(&word) - 1) : 0;
}

struct sk_cur sk_word_trim(struct sk_cur word)
{
	while (sk_more(&word) && is_space(sk_peek_u8(&word, 0)))
		sk_skip(&word, 1);
	while (sk_more(&word) && is_space(last_of(word)))
		word = sk_carve(&word, sk_left(&word) - 1);
	return word;
}

bool sk_word_is(struct sk_cur word, const char *text)
{
	size_t length = strlen(text);
	if (sk_left(&word) != length)
		return false;
	const uint8_t *bytes = sk_take(&word, length);
	return bytes != NULL && (length == 0 || memcmp(bytes, text, length) == 0);
}

struct sk_cur sk_word_until(struct sk_cur *rest, char end, bool *found)
{
	size_t left = sk_left(rest), at = 0;
	bool escaped = false;
	for (; at < left; at++) {
		uint8_t byte = sk_peek_u8(rest, at);
		if (byte == (uint8_t)end && !escaped)
			break;
		escaped = byte == '\\';
	}
	*found = at < left;
	struct sk_cur word = sk_carve(rest, at);
	if (*found)
		sk_skip(rest, 1);
	return word;
}

bool sk_word_number(struct sk_cur word, int64_t least, int64_t most, int64_t *out)
{
	int64_t value = 0;
	word = sk_word_trim(word);
	bool minus = sk_word_take(&word, '-');
	int base = sk_peek_u8(&word, 0) == '0' && (sk_peek_u8(&word, 1) | 0x20) == 'x' ? 16 : 10;
	if (base == 16)
		sk_skip(&word, 2);
	if (!sk_more(&word))
		return false;
	while (sk_more(&word)) {
		uint8_t byte = sk_u8(&word), low = byte | 0x20;
		int digit = byte >= '0' && byte <= '9' ? byte - '0' : base == 16 && low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
		if (digit < 0 || __builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*out = minus ? -value : value;
	return *out >= least && *out <= most;
}

bool sk_word_text(struct sk_cur word, char *text, size_t size)
{
	size_t used = 0;
	while (sk_more(&word) && used + 1 < size) {
		uint8_t byte = sk_u8(&word);
		text[used++] = byte >= 0x20 && byte != 0x7f ? (char)byte : '?';
	}
	text[used] = '\0';
	return !sk_more(&word);
}

bool sk_word_take(struct sk_cur *word, char byte)
{
	if (!sk_more(word) || sk_peek_u8(word, 0) != (uint8_t)byte)
		return false;
	sk_skip(word, 1);
	return true;
}

bool sk_word_unquote(struct sk_cur *word)
{
	struct sk_cur inner = sk_word_trim(*word);
	if (sk_left(&inner) < 2 || sk_peek_u8(&inner, 0) != '"' || last_of(inner) != '"')
		return false;
	sk_skip(&inner, 1);
	*word = sk_carve(&inner, sk_left(&inner) - 1);
	return true;
}

/* "A<>B" or "A-B": where the middle is. 0: nowhere. */
static size_t find_middle(struct sk_cur word, bool *brackets)
{
	for (size_t i = 1; i + 1 < sk_left(&word); i++) {
		*brackets = sk_peek_u8(&word, i) == '<' && sk_peek_u8(&word, i + 1) == '>';
		if (*brackets || sk_peek_u8(&word, i) == '-')
			return i;
	}
	return 0;
}

static bool set_range(struct sk_rule_number *out, uint64_t from, uint64_t to)
{
	out->from = from;
	out->to = to;
	out->asked = true;
	return from <= to;
}

bool sk_word_range(struct sk_cur word, uint64_t most, bool open, struct sk_rule_number *out)
{
	int64_t low, high, limit = most > INT64_MAX ? INT64_MAX : (int64_t)most;
	bool brackets;
	*out = (struct sk_rule_number){.asked = false};
	word = sk_word_trim(word);
	if (sk_word_take(&word, '!'))
		out->negated = true;
	bool less = sk_word_take(&word, '<'), greater = !less && sk_word_take(&word, '>'), equal = (less || greater) && sk_word_take(&word, '=');
	if (!less && !greater)
		(void)sk_word_take(&word, '=');
	size_t middle = less || greater ? 0 : find_middle(word, &brackets);
	if (middle != 0) {
		struct sk_cur first = sk_carve(&word, middle);
		sk_skip(&word, brackets ? 2 : 1);
		if (!sk_word_number(first, 0, limit, &low) || !sk_word_number(word, 0, limit, &high))
			return false;
		bool apart = open && brackets;
		return low + 2 * apart <= high && set_range(out, (uint64_t)(low + apart), (uint64_t)(high - apart));
	}
	if (!sk_word_number(word, 0, limit, &low))
		return false;
	if (less)
		return (equal || low > 0) && set_range(out, 0, (uint64_t)(equal ? low : low - 1));
	if (greater)
		return set_range(out, (uint64_t)(equal ? low : low + 1), UINT64_MAX);
	return set_range(out, (uint64_t)low, (uint64_t)low);
}
