/* SPDX-License-Identifier: Apache-2.0 */
/* The form: phrases, each a number (16 bit), how many values, and the values, each a type and what follows from it. So it can be walked without the table, and a phrase of a newer
   program is told as such. */
#include "observe/words_priv.h"

static const struct sk_words_row phrases[] = {
#define SK_PHRASE(number, name, en, ja) {number, #name, {en, ja}},
#include "observe/words.def"
#undef SK_PHRASE
};
static const struct sk_words_row vocabulary[] = {
#define SK_WORD(number, name, en, ja) {number, #name, {en, ja}},
#include "observe/words.def"
#undef SK_WORD
};
static const char *const types[SK_ARG_COUNT] = {
	[SK_ARG_ADDR] = "addr", [SK_ARG_WORD] = "word", [SK_ARG_INT] = "int", [SK_ARG_NUMBER] = "number", [SK_ARG_BYTES] = "bytes", [SK_ARG_SPAN] = "span", [SK_ARG_SERVICE] = "service",
	[SK_ARG_PORT] = "port", [SK_ARG_APP] = "app", [SK_ARG_TEXT] = "text", [SK_ARG_DURATION] = "duration", [SK_ARG_TIME] = "time", [SK_ARG_REAL] = "real", [SK_ARG_SIGNED] = "signed",
	[SK_ARG_VOLUME] = "volume", [SK_ARG_ANSWERS] = "answers", [SK_ARG_HEX] = "hex", [SK_ARG_COUNTRIES] = "countries"};

/* ---- tables ---- */

const struct sk_words_row *sk_words_phrases(size_t *count)
{
	*count = SK_COUNT(phrases);
	return phrases;
}

const struct sk_words_row *sk_words_vocabulary(size_t *count)
{
	*count = SK_COUNT(vocabulary);
	return vocabulary;
}

/* Rows stand in order of their numbers. */
static const struct sk_words_row *find(const struct sk_words_row *rows, size_t count, unsigned number)
{
	size_t low = 0;
	while (count > 1) {
		size_t half = count / 2;
		low += rows[low + half].number <= number ? half : 0;
		count -= half;
	}
	return rows[low].number == number ? &rows[low] : NULL;
}

enum sk_lang sk_lang_find(const char *name)
{
	return strcmp(name, "en") == 0 ? SK_LANG_EN : strcmp(name, "ja") == 0 ? SK_LANG_JA : SK_LANG_COUNT;
}

enum sk_arg_type sk_arg_type_find(const char *name, size_t length)
{
	for (int i = 0; i < SK_ARG_COUNT; i++)
		if (types[i] != NULL && strlen(types[i]) == length && memcmp(types[i], name, length) == 0)
			return (enum sk_arg_type)i;
	return SK_ARG_COUNT;
}

/* ---- places of a phrase: "{" what "}" ---- */

bool sk_words_place(const char **at, const char **text, size_t *text_length, const char **place, size_t *place_length)
{
	const char *open = strchr(*at, '{'), *close = open != NULL ? strchr(open, '}') : NULL;
	*text = *at;
	*text_length = close != NULL ? (size_t)(open - *at) : strlen(*at);
	if (close == NULL)
		return false;
	*place = open + 1;
	*place_length = (size_t)(close - open - 1);
	*at = close + 1;
	return true;
}

bool sk_words_is_plural(const char *place, size_t length)
{
	return place[0] == 's' && (length == 1 || (length == 2 && place[1] == '1'));
}

static bool fits(enum sk_arg_type place, enum sk_arg_type value)
{
	return place == value || (place == SK_ARG_TEXT && value == SK_ARG_WORD);
}

/* Are these the types of the English phrase, in order? */
static bool types_fit(const struct sk_words_row *row, const struct sk_arg *args, size_t count)
{
	const char *at = row->text[SK_LANG_EN], *text, *place;
	size_t text_length, length, i = 0;
	while (sk_words_place(&at, &text, &text_length, &place, &length)) {
		if (sk_words_is_plural(place, length))
			continue;
		if (i == count || !fits(sk_arg_type_find(place, length), args[i].type))
			return false;
		i++;
	}
	return i == count;
}

/* ---- the form ---- */

static void put_addr(struct sk_out *o, const struct sk_addr *addr)
{
	sk_put_u8(o, addr->family);
	sk_put_bytes(o, addr->bytes, addr->family == 4 ? 4 : addr->family == 6 ? 16 : 0);
}

static uint64_t bits_of(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static void put_volume(struct sk_out *o, const struct sk_words_volume *v)
{
	sk_put_u8(o, (uint8_t)(v->metered | v->one_way << 1 | v->transit << 2));
	sk_put_be32(o, v->sampling);
	sk_put_be64(o, v->out);
	sk_put_be64(o, v->in);
}

static void put_answers(struct sk_out *o, const struct sk_words_answers *a)
{
	sk_put_u8(o, a->one_way);
	sk_put_be32(o, a->queries);
	sk_put_be32(o, a->responses);
	sk_put_be32(o, a->nxdomain);
}

static void put_countries(struct sk_out *o, const struct sk_words_countries *c)
{
	sk_put_u8(o, c->named);
	sk_put_u8(o, c->more);
	for (unsigned i = 0; i < c->named; i++)
		sk_put_be16(o, c->codes[i]);
}

static void put_arg(struct sk_out *o, const struct sk_arg *arg)
{
	sk_put_u8(o, (uint8_t)arg->type);
	switch (arg->type) {
	case SK_ARG_ADDR: put_addr(o, arg->addr); break;
	case SK_ARG_WORD: sk_put_be16(o, (uint16_t)arg->word); break;
	case SK_ARG_SPAN:
		sk_put_be64(o, (uint64_t)arg->span.first_ns);
		sk_put_be64(o, (uint64_t)arg->span.last_ns);
		break;
	case SK_ARG_SERVICE:
	case SK_ARG_PORT:
		sk_put_u8(o, arg->service.ip_proto);
		sk_put_be16(o, arg->service.port);
		break;
	case SK_ARG_TEXT:
		sk_put_be16(o, (uint16_t)arg->text.length);
		sk_put_bytes(o, arg->text.at, arg->text.length);
		break;
	case SK_ARG_REAL:
		sk_put_u8(o, arg->real.decimals);
		sk_put_be64(o, bits_of(arg->real.value));
		break;
	case SK_ARG_VOLUME: put_volume(o, &arg->volume); break;
	case SK_ARG_ANSWERS: put_answers(o, &arg->answers); break;
	case SK_ARG_COUNTRIES: put_countries(o, &arg->countries); break;
	default: sk_put_be64(o, arg->number); break;
	}
}

void sk_words_add(struct sk_words *words, const struct sk_arg *args, size_t count)
{
	SK_INVARIANT(count >= 1 && count <= SK_WORDS_ARGS_MAX + 1 && args[0].type == SK_ARG_PHRASE);
	const struct sk_words_row *row = find(phrases, SK_COUNT(phrases), args[0].phrase);
	SK_INVARIANT(row != NULL && types_fit(row, args + 1, count - 1));
	struct sk_out o = sk_out_of(words->bytes + words->length, sizeof words->bytes - words->length);
	sk_put_be16(&o, (uint16_t)row->number);
	sk_put_u8(&o, (uint8_t)(count - 1));
	for (size_t i = 1; i < count; i++)
		put_arg(&o, &args[i]);
	if (sk_out_done(&o) == SK_OK)
		words->length = (uint16_t)(words->length + sk_out_length(&o));
	else
		memset(words->bytes + words->length, 0, sizeof words->bytes - words->length);
}

struct sk_arg sk_arg_text(const char *text, size_t most)
{
	return (struct sk_arg){.type = SK_ARG_TEXT, .text = {text, strnlen(text, most < SK_WORDS_LINE_MAX ? most : SK_WORDS_LINE_MAX)}};
}

struct sk_arg sk_arg_text_or(const char *text, size_t most, enum sk_word word)
{
	return text != NULL && *text != '\0' ? sk_arg_text(text, most) : sk_arg_word(word);
}

void sk_words_set(struct sk_words *words, const char *text)
{
	*words = (struct sk_words){.length = 0};
	if (*text != '\0')
		sk_say(words, SK_SAY(PLAIN), sk_arg_text(text, SK_WORDS_LINE_MAX));
}

static bool take_addr(struct sk_cur *c, struct sk_addr *addr)
{
	*addr = (struct sk_addr){.family = sk_u8(c)};
	sk_copy(c, addr->bytes, addr->family == 4 ? 4 : addr->family == 6 ? 16 : 0);
	return addr->family == 0 || addr->family == 4 || addr->family == 6;
}

static bool take_volume(struct sk_cur *c, struct sk_words_volume *v)
{
	uint8_t bits = sk_u8(c);
	*v = (struct sk_words_volume){.metered = (bits & 1) != 0, .one_way = (bits & 2) != 0, .transit = (bits & 4) != 0, .sampling = sk_be32(c)};
	v->out = sk_be64(c);
	v->in = sk_be64(c);
	return bits < 8;
}

static bool take_answers(struct sk_cur *c, struct sk_words_answers *a)
{
	uint8_t one_way = sk_u8(c);
	*a = (struct sk_words_answers){.one_way = one_way == 1, .queries = sk_be32(c)};
	a->responses = sk_be32(c);
	a->nxdomain = sk_be32(c);
	return one_way <= 1;
}

static bool take_countries(struct sk_cur *c, struct sk_words_countries *out)
{
	*out = (struct sk_words_countries){.named = sk_u8(c)};
	out->more = sk_u8(c);
	for (unsigned i = 0; i < out->named && i < SK_WORDS_COUNTRIES_MAX; i++)
		out->codes[i] = sk_be16(c);
	return out->named <= SK_WORDS_COUNTRIES_MAX;
}

/* One value; an address lies in *addr, a text stays where it is. */
static bool take_arg(struct sk_cur *c, struct sk_arg *arg, struct sk_addr *addr)
{
	uint8_t type = sk_u8(c);
	uint64_t bits;
	*arg = (struct sk_arg){.type = type < SK_ARG_COUNT ? (enum sk_arg_type)type : SK_ARG_COUNT};
	switch (arg->type) {
	case SK_ARG_PHRASE:
	case SK_ARG_COUNT: return false;
	case SK_ARG_ADDR: arg->addr = addr; return take_addr(c, addr);
	case SK_ARG_WORD: arg->word = (enum sk_word)sk_be16(c); return true;
	case SK_ARG_SPAN:
		arg->span.first_ns = (int64_t)sk_be64(c);
		arg->span.last_ns = (int64_t)sk_be64(c);
		return true;
	case SK_ARG_SERVICE:
	case SK_ARG_PORT:
		arg->service.ip_proto = sk_u8(c);
		arg->service.port = sk_be16(c);
		return true;
	case SK_ARG_TEXT:
		arg->text.length = sk_be16(c);
		arg->text.at = (const char *)sk_take(c, arg->text.length);
		/* As every text of a finding: a NUL in it would be a second form of a shorter one. */
		return arg->text.at != NULL && arg->text.length <= SK_WORDS_LINE_MAX && memchr(arg->text.at, '\0', arg->text.length) == NULL;
	case SK_ARG_REAL:
		arg->real.decimals = sk_u8(c);
		bits = sk_be64(c);
		memcpy(&arg->real.value, &bits, sizeof arg->real.value);
		return arg->real.decimals <= 3;
	case SK_ARG_VOLUME: return take_volume(c, &arg->volume);
	case SK_ARG_ANSWERS: return take_answers(c, &arg->answers);
	case SK_ARG_COUNTRIES: return take_countries(c, &arg->countries);
	default: arg->number = sk_be64(c); return true;
	}
}

bool sk_words_take_phrase(struct sk_cur *c, struct sk_said *out)
{
	bool good = true;
	out->number = sk_be16(c);
	out->count = sk_u8(c);
	if (out->count > SK_WORDS_ARGS_MAX)
		return false;
	for (size_t i = 0; i < out->count && good; i++)
		good = take_arg(c, &out->args[i], &out->addrs[i]);
	return good && sk_alive(c) == SK_OK;
}

const struct sk_words_row *sk_words_row_of(const struct sk_said *said)
{
	const struct sk_words_row *row = find(phrases, SK_COUNT(phrases), said->number);
	return row != NULL && types_fit(row, said->args, said->count) ? row : NULL;
}

const char *sk_words_word(unsigned number, enum sk_lang lang)
{
	const struct sk_words_row *row = find(vocabulary, SK_COUNT(vocabulary), number);
	return row != NULL ? row->text[lang] : "?";
}

bool sk_words_take(struct sk_cur *from, size_t length, struct sk_words *out)
{
	struct sk_said said;
	*out = (struct sk_words){.length = 0};
	if (length > sizeof out->bytes)
		return false;
	struct sk_cur c = sk_carve(from, length), copy = c;
	while (sk_more(&c))
		if (!sk_words_take_phrase(&c, &said))
			return false;
	sk_copy(&copy, out->bytes, length);
	out->length = (uint16_t)length;
	return sk_done(&copy) == SK_OK;
}

bool sk_words_plain(const struct sk_words *words)
{
	struct sk_said said;
	struct sk_cur c = sk_cur_of(words->bytes, words->length);
	return words->length == 0 || (sk_words_take_phrase(&c, &said) && said.number == SK_PHRASE_PLAIN && said.count == 1 && said.args[0].type == SK_ARG_TEXT && said.args[0].text.length != 0 && !sk_more(&c));
}

int sk_words_compare(const struct sk_words *a, const struct sk_words *b)
{
	char left[SK_WORDS_TEXT_MAX], right[SK_WORDS_TEXT_MAX];
	if (sk_words_plain(a) && sk_words_plain(b))
		return strcmp(sk_words_text(a, SK_LANG_EN, left), sk_words_text(b, SK_LANG_EN, right));
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return memcmp(a->bytes, b->bytes, a->length);
}
