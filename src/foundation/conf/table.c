/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of conf.def as data: look-ups, what is near to a misspelt key, what is told of a key. */
#include <string.h>

#include "conf/conf_priv.h"

#define ROW(scope_, owner, member_, key_, type_, unit_, least_, most_, standard_, since_, reload_, choices_, sentence_, prose_) \
	{.key = key_, .type = SK_CONF_V_##type_, .scope = SK_CONF_SCOPE_##scope_, .reloadable = IS_##reload_, \
	 .at = offsetof(owner, member_), .size = sizeof(((owner *)NULL)->member_), .unit = unit_, .least = least_, .most = most_, .standard = standard_, \
	 .since = since_, .choices = choices_, .sentence = sentence_, .prose = prose_},
#define LIST_ROW(scope_, owner, member_, key_, type_, places_, unit_, least_, most_, standard_, since_, reload_, choices_, sentence_, prose_) \
	{.key = key_, .type = SK_CONF_V_##type_, .scope = SK_CONF_SCOPE_##scope_, .reloadable = IS_##reload_, .places = places_, \
	 .count_at = offsetof(owner, member_.count), .at = offsetof(owner, member_.items), .size = sizeof(((owner *)NULL)->member_.items[0]), .unit = unit_, \
	 .least = least_, .most = most_, .standard = standard_, .since = since_, .choices = choices_, .sentence = sentence_, .prose = prose_},
#define IS_RELOAD true
#define IS_RESTART false

static const struct sk_conf_row rows[] = {
#define SK_CONF_KEY(...) ROW(FILE, struct sk_conf, __VA_ARGS__)
#define SK_CONF_KEY_LIST(...) LIST_ROW(FILE, struct sk_conf, __VA_ARGS__)
#define SK_CONF_MAPS(member_, key_, places_, element_, since_, reload_, sentence_, prose_) \
	{.key = key_, .type = SK_CONF_V_MAPS, .scope = SK_CONF_SCOPE_FILE, .element = SK_CONF_SCOPE_##element_, .reloadable = IS_##reload_, \
	 .places = places_, .count_at = offsetof(struct sk_conf, member_.count), .at = offsetof(struct sk_conf, member_.items), \
	 .size = sizeof(((struct sk_conf *)NULL)->member_.items[0]), .unit = "", .least = "", .most = "", .standard = "[]", .since = since_, .choices = "", \
	 .sentence = sentence_, .prose = prose_},
#define SK_CONF_LINK(...) ROW(LINK, struct sk_conf_link, __VA_ARGS__)
#define SK_CONF_EXPORT(...) ROW(EXPORT, struct sk_conf_export, __VA_ARGS__)
#define SK_CONF_EXPORT_LIST(...) LIST_ROW(EXPORT, struct sk_conf_export, __VA_ARGS__)
#include "conf/conf.def"
};
_Static_assert(SK_COUNT(rows) <= SK_CONF_ROWS_MAX, "marks have a place for each row");

const struct sk_conf_row *sk_conf_rows(size_t *count)
{
	*count = SK_COUNT(rows);
	return rows;
}

/* A row's key as it stands in a map: that of an element without its list. */
const char *sk_conf_row_key(const struct sk_conf_row *row)
{
	const char *behind = strstr(row->key, "[].");
	return behind != NULL ? behind + 3 : row->key;
}

const struct sk_conf_row *sk_conf_row(enum sk_conf_scope scope, const char *key)
{
	for (size_t i = 0; i < SK_COUNT(rows); i++)
		if (rows[i].scope == scope && strcmp(sk_conf_row_key(&rows[i]), key) == 0)
			return &rows[i];
	return NULL;
}

bool sk_conf_is_section(enum sk_conf_scope scope, const char *section)
{
	size_t length = strlen(section);
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		const char *key = sk_conf_row_key(&rows[i]);
		if (rows[i].scope == scope && strncmp(key, section, length) == 0 && key[length] == '.')
			return true;
	}
	return false;
}

/* ---- what was meant ---- */

static unsigned least_of(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;
	return least < c ? least : c;
}

/* Letters left out, put in, exchanged, or two that changed places (optimal string alignment); UINT_MAX for texts too long to be a slip. */
static unsigned distance(const char *a, const char *b)
{
	enum { LONGEST = SK_CONF_NEAR_MAX };
	unsigned line[3][LONGEST + 1];
	size_t a_length = strlen(a), b_length = strlen(b);
	if (a_length > LONGEST || b_length > LONGEST)
		return UINT32_MAX;
	unsigned *before = line[0], *last = line[1], *now = line[2];
	for (size_t j = 0; j <= b_length; j++)
		last[j] = before[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			now[j] = least_of(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		unsigned *free_line = before;
		before = last;
		last = now;
		now = free_line;
	}
	return last[b_length];
}

/* A slip in every third letter is the most that is still a slip. */
static unsigned slips(const char *text)
{
	size_t length = strlen(text);
	return length < 3 ? 1 : (unsigned)(length / 3);
}

/* The part of a key that follows section, up to the next dot; false when the key lies elsewhere. */
static bool part_behind(const char *key, const char *section, char part[SK_CONF_NEAR_MAX])
{
	size_t length = strlen(section);
	if (strncmp(key, section, length) != 0)
		return false;
	size_t part_length = strcspn(key + length, ".");
	if (part_length == 0 || part_length >= SK_CONF_NEAR_MAX)
		return false;
	memcpy(part, key + length, part_length);
	part[part_length] = '\0';
	return true;
}

static const char *last_part(const char *key)
{
	const char *dot = strrchr(key, '.');
	return dot != NULL ? dot + 1 : key;
}

void sk_conf_meant(enum sk_conf_scope scope, const char *section, const char *text, char near[SK_CONF_NEAR_MAX])
{
	char part[SK_CONF_NEAR_MAX];
	unsigned best = slips(text) + 1;
	near[0] = '\0';
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		const char *key = sk_conf_row_key(&rows[i]);
		if (rows[i].scope != scope || !part_behind(key, section, part))
			continue;
		unsigned far = distance(text, part);
		if (far >= best)
			continue;
		best = far;
		/* The key with its section, and what leads to the section. */
		size_t length = (size_t)(key - rows[i].key) + strlen(section) + strlen(part);
		SK_INVARIANT(length < SK_CONF_NEAR_MAX);
		memcpy(near, rows[i].key, length);
		near[length] = '\0';
	}
	for (size_t i = 0; i < SK_COUNT(rows) && near[0] == '\0'; i++)
		if (strcmp(last_part(rows[i].key), text) == 0 || strcmp(rows[i].key, text) == 0) {
			size_t length = strlen(rows[i].key);
			SK_INVARIANT(length < SK_CONF_NEAR_MAX);
			memcpy(near, rows[i].key, length + 1);
		}
}

const char *sk_conf_nearest(const char *text)
{
	const char *near = NULL;
	unsigned best = slips(text) + 1;
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		unsigned far = distance(text, rows[i].key), far_last = distance(text, last_part(rows[i].key));
		far = far_last < far ? far_last : far;
		if (far < best) {
			best = far;
			near = rows[i].key;
		}
	}
	return near;
}

/* ---- what is told of a key ---- */

struct choice {
	const char *group, *word, *prose;
};
static const struct choice choices[] = {
	{"", "", ""},
#define SK_CONF_CHOICE(group_, symbol_, word_, prose_) {#group_, word_, prose_},
#include "conf/choice.def"
};

uint16_t sk_conf_choice_find(const char *group, const char *word)
{
	for (uint16_t i = 1; i < SK_COUNT(choices); i++)
		if (strcmp(choices[i].group, group) == 0 && strcmp(choices[i].word, word) == 0)
			return i;
	return SK_CONF_CHOICE_NONE;
}

const char *sk_conf_choice_word(uint16_t choice)
{
	SK_INVARIANT(choice < SK_COUNT(choices));
	return choices[choice].word;
}

bool sk_conf_facts(size_t i, struct sk_conf_facts *out)
{
	static const char *const types[SK_CONF_V_TYPES] = {
		[SK_CONF_V_BOOL] = "bool", [SK_CONF_V_COUNT] = "integer", [SK_CONF_V_BYTES] = "bytes", [SK_CONF_V_TIME] = "duration", [SK_CONF_V_RATE] = "rate",
		[SK_CONF_V_SHARE] = "share", [SK_CONF_V_CHOICE] = "enum", [SK_CONF_V_WORD] = "word", [SK_CONF_V_LABEL] = "label",
		[SK_CONF_V_INTERFACE] = "interface", [SK_CONF_V_PATH] = "path", [SK_CONF_V_SOCKET] = "socket", [SK_CONF_V_PREFIX] = "prefix",
		[SK_CONF_V_ENDPOINT] = "address:port", [SK_CONF_V_MAPS] = "map"};
	if (i >= SK_COUNT(rows))
		return false;
	const struct sk_conf_row *row = &rows[i];
	*out = (struct sk_conf_facts){.key = row->key, .type = types[row->type], .unit = row->unit, .least = row->least, .most = row->most, .standard = row->standard,
				      .since = row->since, .sentence = row->sentence, .prose = row->prose, .reloadable = row->reloadable, .places = row->places};
	if (row->choices[0] == '\0')
		return true;
	for (size_t c = 1; c < SK_COUNT(choices); c++) {
		if (strcmp(choices[c].group, row->choices) != 0)
			continue;
		SK_INVARIANT(out->choice_count < SK_COUNT(out->choices));
		out->choices[out->choice_count] = choices[c].word;
		out->choice_prose[out->choice_count++] = choices[c].prose;
	}
	return true;
}

void sk_conf_scope_defaults(enum sk_conf_scope scope, void *base)
{
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		const struct sk_conf_row *row = &rows[i];
		if (row->scope != scope)
			continue;
		if (row->places != 0)
			memset((uint8_t *)base + row->count_at, 0, sizeof(uint32_t));
		else
			sk_conf_value_default(row, (uint8_t *)base + row->at);
	}
}
