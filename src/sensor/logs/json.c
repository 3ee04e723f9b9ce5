/* SPDX-License-Identifier: Apache-2.0 */
/* A line of JSON, walked once: known keys at their places, everything else stepped over. Whatever is no JSON object is malformed, also where nothing is read. */
#include "logs/logs_priv.h"

/* Places: a key is known only in one. */
enum place { NONE, TOP, TUNNEL, DNS, QUERY, TLS, JA3, JA3S, QUIC, HTTP, SSH, SSH_CLIENT, SSH_SERVER, HASSH, HASSH_SERVER };
enum { S = WHOSE_S, Z = WHOSE_Z };

struct key {
	const char *name;
	uint8_t length, place, below, field, whose;
};

static const struct key keys[] = {
#define SK_LOG_KEY(whose, place, key, field, below) {key, sizeof key - 1, place, below, SK_LOG_##field, whose},
#include "logs/key.def"
#undef SK_LOG_KEY
};

struct level {
	const struct key *key; /* array: of its elements */
	uint8_t place;         /* object */
	bool array, any;
};

struct walk {
	const struct json_index *index;
	const char *at, *end;
	struct found *found;
	uint32_t once[2];      /* by writer: bits of fields that were seen and may stand once */
	unsigned depth;
	struct level level[SK_LOG_DEPTH_MAX];
};

static bool only_once(uint8_t field)
{
	static const bool once[] = {
#define SK_LOG_FIELD(name, text, once) once,
#include "logs/field.def"
#undef SK_LOG_FIELD
	};
	return once[field];
}

static const char *blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
		at++;
	return at;
}

_Static_assert(SK_COUNT(keys) <= 64, "a key is a bit of a word");

void json_index_init(struct json_index *index)
{
	*index = (struct json_index){.by_length = {0}};
	for (size_t i = 0; i < SK_COUNT(keys); i++) {
		SK_INVARIANT(keys[i].length < JSON_KEY_MAX && keys[i].place < JSON_PLACES);
		index->by_length[keys[i].length] |= UINT64_C(1) << i;
		index->by_place[keys[i].place] |= UINT64_C(1) << i;
	}
}

static const struct key *known_key(const struct json_index *index, uint8_t place, const char *name, size_t length)
{
	if (length >= JSON_KEY_MAX)
		return NULL;
	for (uint64_t left = index->by_length[length] & index->by_place[place]; left != 0; left &= left - 1) {
		const struct key *key = &keys[__builtin_ctzll(left)];
		if (memcmp(key->name, name, length) == 0)
			return key;
	}
	return NULL;
}

/* The key at walk->at (behind its quote), the colon passed. *key is NULL when it is not known here. */
static const char *take_key(struct walk *walk, uint8_t place, const struct key **key)
{
	bool escaped;
	const char *close = scan_string_end(walk->at, walk->end, &escaped);
	if (close == NULL)
		return "a key has no end";
	struct span span = {.at = walk->at, .length = (uint32_t)(close - walk->at), .coding = CODING_JSON};
	char text[JSON_KEY_MAX];
	size_t length;
	*key = NULL;
	if (place != NONE && !escaped)
		*key = known_key(walk->index, place, span.at, span.length);
	/* Nobody hides an address behind an escaped key. */
	else if (place != NONE && json_unescape(&span, text, sizeof text, &length))
		*key = known_key(walk->index, place, text, length);
	walk->at = blanks(close + 1, walk->end);
	if (walk->at == walk->end || *walk->at != ':')
		return "no colon after a key";
	walk->at = blanks(walk->at + 1, walk->end);
	return NULL;
}

static const char *keep(struct walk *walk, const struct key *key, struct span span)
{
	unsigned bit = 1u << key->field, writer = key->whose == S ? 0 : 1;
	if (only_once(key->field) && (walk->once[writer] & bit) != 0)
		return "a field that may stand once stands twice";
	walk->once[writer] |= bit;
	span.field = key->field;
	span.whose = key->whose;
	return found_add(walk->found, span) ? NULL : "more values than one record has";
}

static const char *take_string(struct walk *walk, const struct key *key)
{
	bool escaped;
	const char *close = scan_string_end(walk->at + 1, walk->end, &escaped);
	if (close == NULL)
		return "a string has no end";
	struct span span = {.at = walk->at + 1, .length = (uint32_t)(close - walk->at - 1), .coding = escaped ? CODING_JSON : CODING_PLAIN};
	walk->at = close + 1;
	return key != NULL && key->field != SK_LOG_NOTHING ? keep(walk, key, span) : NULL;
}

/* A number, true, false or null. */
static const char *take_word(struct walk *walk, const struct key *key)
{
	const char *start = walk->at;
	while (walk->at < walk->end && ((*walk->at >= '0' && *walk->at <= '9') || (*walk->at >= 'a' && *walk->at <= 'z') || *walk->at == '.' || *walk->at == '-' ||
					*walk->at == '+' || *walk->at == 'E'))
		walk->at++;
	if (walk->at == start)
		return "a value was expected";
	struct span span = {.at = start, .length = (uint32_t)(walk->at - start)};
	bool wanted = key != NULL && key->field != SK_LOG_NOTHING && (*start == '-' || (*start >= '0' && *start <= '9'));
	return wanted ? keep(walk, key, span) : NULL;
}

static const char *take_value(struct walk *walk, const struct key *key)
{
	if (walk->at == walk->end)
		return "the line is cut";
	if (*walk->at == '"')
		return take_string(walk, key);
	if (*walk->at != '{' && *walk->at != '[')
		return take_word(walk, key);
	if (walk->depth == SK_LOG_DEPTH_MAX)
		return "nested too deep";
	bool array = *walk->at == '[';
	walk->level[walk->depth++] = (struct level){.key = array ? key : NULL, .array = array, .place = !array && key != NULL ? key->below : (uint8_t)NONE};
	walk->at++;
	return NULL;
}

static bool has_pair(const struct walk *walk)
{
	uint32_t pair = 1u << SK_LOG_SOURCE | 1u << SK_LOG_DESTINATION;
	return (walk->once[0] & pair) == pair || (walk->once[1] & pair) == pair;
}

/* One member or element, or the end of the innermost level. */
static const char *step(struct walk *walk)
{
	struct level *level = &walk->level[walk->depth - 1];
	const struct key *key = level->key;
	walk->at = blanks(walk->at, walk->end);
	if (walk->at == walk->end)
		return "the line is cut";
	if (*walk->at == (level->array ? ']' : '}')) {
		walk->at++;
		walk->depth--;
		return NULL;
	}
	if (level->any && *walk->at != ',')
		return "a comma was expected";
	if (level->any)
		walk->at = blanks(walk->at + 1, walk->end);
	level->any = true;
	if (!level->array) {
		if (walk->at == walk->end || *walk->at != '"')
			return "a key was expected";
		walk->at++;
		const char *wrong = take_key(walk, level->place, &key);
		if (wrong != NULL)
			return wrong;
	}
	return take_value(walk, key);
}

const char *json_cut(const struct json_index *index, const char *at, const char *end, bool pair_only, struct found *found)
{
	struct walk walk; /* levels are set as they are entered */
	walk.index = index;
	walk.at = blanks(at, end);
	walk.end = end;
	walk.found = found;
	walk.once[0] = walk.once[1] = 0;
	found->count = 0;
	if (walk.at == end || *walk.at != '{')
		return "no JSON object";
	walk.level[0] = (struct level){.place = TOP};
	walk.depth = 1;
	walk.at++;
	while (walk.depth > 0) {
		const char *wrong = step(&walk);
		if (wrong != NULL)
			return wrong;
		if (pair_only && has_pair(&walk))
			return NULL;
	}
	return blanks(walk.at, end) == end ? NULL : "something follows the object";
}

const char *json_settle(struct found *found)
{
	unsigned whose = 0;
	for (size_t i = 0; i < found->count; i++)
		if (found->span[i].field == SK_LOG_SOURCE || found->span[i].field == SK_LOG_DESTINATION)
			whose |= found->span[i].whose;
	if (whose == (S | Z))
		return "addresses of EVE and of Zeek in one line";
	size_t kept = 0;
	for (size_t i = 0; i < found->count; i++)
		if (found->span[i].whose == whose)
			found->span[kept++] = found->span[i];
	found->count = kept;
	return NULL;
}

/* ---- escapes ---- */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One \uXXXX; only what is ASCII is turned into a byte, the rest can equal no indicator that this room looks for, and becomes '?'. */
static bool take_unicode(const char **at, const char *end, char *out)
{
	unsigned code = 0;
	if (end - *at < 4)
		return false;
	for (unsigned i = 0; i < 4; i++, ++*at) {
		int digit = hex_digit(**at);
		if (digit < 0)
			return false;
		code = code << 4 | (unsigned)digit;
	}
	*out = code != 0 && code < 0x80 ? (char)code : '?';
	return true;
}

bool json_unescape(const struct span *span, char *text, size_t size, size_t *length)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = span->at, *end = at + span->length;
	char *out = text, *last = text + size - 1;
	while (at < end) {
		if (out == last)
			return false;
		if (*at != '\\') {
			*out++ = *at++;
			continue;
		}
		if (++at == end)
			return false;
		char letter = *at++;
		const char *place = letter != '\0' ? strchr(from, letter) : NULL;
		if (letter == 'u') {
			if (!take_unicode(&at, end, out++))
				return false;
		} else if (place != NULL) {
			*out++ = *(to + (place - from));
		} else {
			return false;
		}
	}
	*out = '\0';
	*length = (size_t)(out - text);
	return true;
}

enum sk_log_field json_zeek_column(const char *name, size_t length)
{
	for (size_t i = 0; i < SK_COUNT(keys); i++)
		if (keys[i].whose == Z && keys[i].length == length && memcmp(keys[i].name, name, length) == 0)
			return (enum sk_log_field)keys[i].field;
	return SK_LOG_NOTHING;
}
