/* SPDX-License-Identifier: Apache-2.0 */
/* A set of rules: its memory, its tables, its digest. */
#include "rules/rules_priv.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/text.h"

enum { CHUNK_BYTES = 1 << 18, KNOWN_MAX = 256 };

/* ---- memory ---- */

void *sk_rules_take(struct sk_rules *set, size_t bytes, size_t align)
{
	struct sk_rules_chunk *chunk = set->chunks;
	size_t head = (sizeof *chunk + 15) & ~(size_t)15;
	size_t at = chunk != NULL ? (chunk->used + align - 1) & ~(align - 1) : 0;
	if (chunk == NULL || at + bytes > chunk->size) {
		size_t size = head + (bytes > CHUNK_BYTES ? bytes : (size_t)CHUNK_BYTES);
		if (set->arena_bytes + size > SK_RULES_ARENA_MAX || (chunk = calloc(1, size)) == NULL) {
			set->out_of_memory = true;
			return NULL;
		}
		*chunk = (struct sk_rules_chunk){.next = set->chunks, .used = head, .size = size};
		set->chunks = chunk;
		set->arena_bytes += size;
		at = head;
	}
	chunk->used = at + bytes;
	return (char *)chunk + at;
}

const char *sk_rules_keep(struct sk_rules *set, const char *text)
{
	size_t length = strlen(text) + 1;
	char *copy = sk_rules_take(set, length, 1);
	if (copy != NULL)
		memcpy(copy, text, length);
	return copy;
}

uint64_t sk_rules_hash(const void *bytes, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	struct sk_cur c = sk_cur_of(bytes, length);
	while (sk_more(&c))
		hash = (hash ^ sk_u8(&c)) * UINT64_C(0x100000001b3);
	return hash;
}

enum sk_err sk_rules_new(const struct sk_rules_options *options, struct sk_rules **out)
{
	struct sk_rules *set = calloc(1, sizeof *set);
	*out = NULL;
	if (set == NULL)
		return SK_ENOMEM;
	set->options = *options;
	if (set->options.max_rules == 0 || set->options.max_rules > SK_RULES_MAX)
		set->options.max_rules = SK_RULES_MAX;
	set->known_capacity = KNOWN_MAX;
	set->known = calloc(set->known_capacity, sizeof set->known[0]);
	set->variables = calloc(SK_RULES_VARIABLES_MAX, sizeof set->variables[0]);
	set->classes = calloc(SK_RULES_CLASSES_MAX, sizeof set->classes[0]);
	if (set->known == NULL || set->variables == NULL || set->classes == NULL || sk_rules_default_classes(set) != SK_OK) {
		sk_rules_free(set);
		return SK_ENOMEM;
	}
	*out = set;
	return SK_OK;
}

void sk_rules_free(struct sk_rules *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->rules[i].item_count; j++)
			pcre2_code_free(set->rules[i].items[j].pcre);
	while (set->chunks != NULL) {
		struct sk_rules_chunk *next = set->chunks->next;
		free(set->chunks);
		set->chunks = next;
	}
	free(set->rules);
	free(set->index);
	free(set->variables);
	free(set->known);
	free(set->classes);
	free(set->lists);
	free(set->flowbits);
	free(set->categories);
	free(set->scores);
	free(set->cached);
	free(set);
}

bool sk_rules_refuse(struct sk_rules_reader *reader, enum sk_rule_reason reason, const char *format, ...)
{
	struct sk_rule_verdict *verdict = &reader->verdict;
	va_list args;
	if (verdict->reason != SK_RULE_REASON_NONE)
		return false;
	verdict->reason = reason;
	va_start(args, format);
	(void)vsnprintf(verdict->detail, sizeof verdict->detail, format, args);
	va_end(args);
	for (char *at = verdict->detail; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	return false;
}

/* ---- the table of rules ---- */

static size_t place_of(const struct sk_rules *set, uint32_t gid, uint32_t sid)
{
	uint32_t key[2] = {gid, sid};
	return sk_rules_hash(key, sizeof key) & (set->index_size - 1);
}

static void index_rule(struct sk_rules *set, uint32_t id)
{
	size_t at = place_of(set, set->rules[id].gid, set->rules[id].sid);
	while (set->index[at] != 0)
		at = (at + 1) & (set->index_size - 1);
	set->index[at] = id + 1;
}

static enum sk_err grow(struct sk_rules *set)
{
	size_t capacity = set->capacity != 0 ? set->capacity * 2 : 64;
	struct sk_rule *rules = realloc(set->rules, capacity * sizeof *rules);
	if (rules == NULL)
		return SK_ENOMEM;
	set->rules = rules;
	uint32_t *index = calloc(capacity * 4, sizeof *index);
	if (index == NULL)
		return SK_ENOMEM;
	free(set->index);
	set->index = index;
	set->index_size = capacity * 4;
	set->capacity = capacity;
	for (uint32_t id = 0; id < set->count; id++)
		index_rule(set, id);
	return SK_OK;
}

static struct sk_rule *find(const struct sk_rules *set, uint32_t gid, uint32_t sid)
{
	if (set->index_size == 0)
		return NULL;
	for (size_t at = place_of(set, gid, sid); set->index[at] != 0; at = (at + 1) & (set->index_size - 1)) {
		struct sk_rule *rule = &set->rules[set->index[at] - 1];
		if (rule->gid == gid && rule->sid == sid)
			return rule;
	}
	return NULL;
}

/* A later revision takes the place of an earlier one (line.c has asked). */
enum sk_err sk_rules_add(struct sk_rules *set, const struct sk_rule *rule, const struct sk_rule_item *items)
{
	struct sk_rule_item *kept = sk_rules_take(set, (rule->item_count + 1u) * sizeof *kept, _Alignof(struct sk_rule_item));
	if (kept == NULL)
		return SK_ENOMEM;
	struct sk_rule *at = find(set, rule->gid, rule->sid);
	if (at == NULL && set->count == set->capacity)
		SK_TRY(grow(set));
	bool fresh = at == NULL;
	if (fresh)
		at = &set->rules[set->count];
	else
		for (size_t i = 0; i < at->item_count; i++)
			pcre2_code_free(at->items[i].pcre);
	memcpy(kept, items, rule->item_count * sizeof *kept);
	*at = *rule;
	at->items = kept;
	if (fresh)
		index_rule(set, (uint32_t)set->count++);
	return SK_OK;
}

size_t sk_rules_count(const struct sk_rules *rules)
{
	return rules->count;
}

const struct sk_rule *sk_rules_at(const struct sk_rules *rules, uint32_t id)
{
	SK_INVARIANT(id < rules->count);
	return &rules->rules[id];
}

const struct sk_rule *sk_rules_find(const struct sk_rules *rules, uint32_t gid, uint32_t sid)
{
	return find(rules, gid, sid);
}

size_t sk_rules_flowbits(const struct sk_rules *rules)
{
	return rules->flowbit_count;
}

const void *sk_rules_cached(const struct sk_rules *rules, size_t *length)
{
	*length = rules->cached_length;
	return rules->cached;
}

/* ---- words for reasons ---- */

static const struct {
	const char *name, *prose;
} reasons[] = {
#define SK_RULE_REASON(symbol, name, prose) {name, prose},
#include "rules/reason.def"
#undef SK_RULE_REASON
}, differences[] = {
#define SK_RULE_DIFFERENCE(symbol, name, way, prose) {name, way ": " prose},
#include "rules/difference.def"
#undef SK_RULE_DIFFERENCE
};
_Static_assert(SK_RULE_DIFFERENCE_COUNT <= 32, "differences are bits");

const char *sk_rule_reason_name(enum sk_rule_reason reason)
{
	SK_INVARIANT((size_t)reason < SK_COUNT(reasons));
	return reasons[reason].name;
}

const char *sk_rule_reason_prose(enum sk_rule_reason reason)
{
	SK_INVARIANT((size_t)reason < SK_COUNT(reasons));
	return reasons[reason].prose;
}

const char *sk_rule_difference_name(enum sk_rule_difference difference)
{
	SK_INVARIANT((size_t)difference < SK_COUNT(differences));
	return differences[difference].name;
}

const char *sk_rule_difference_prose(enum sk_rule_difference difference)
{
	SK_INVARIANT((size_t)difference < SK_COUNT(differences));
	return differences[difference].prose;
}

/* ---- buffers ---- */

static const struct {
	const char *name;
	uint8_t source;
} buffers[] = {
#define SK_BUFFER(symbol, name, legacy, side, source, app, note) {name, SK_SOURCE_##source},
#include "rules/buffer.def"
#undef SK_BUFFER
};

const char *sk_buffer_name(enum sk_buffer buffer)
{
	SK_INVARIANT((size_t)buffer < SK_COUNT(buffers));
	return buffers[buffer].name;
}

enum sk_rule_source sk_buffer_source(enum sk_buffer buffer)
{
	SK_INVARIANT((size_t)buffer < SK_COUNT(buffers));
	return (enum sk_rule_source)buffers[buffer].source;
}
