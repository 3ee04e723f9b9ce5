/* SPDX-License-Identifier: Apache-2.0 */
/* What rules need besides themselves: variables, classes, datasets, reputation. All read once, at import, into the set. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "rules/rules_priv.h"
#include "text/text.h"

enum { VALUE_LINE_MAX = 4096, MD5_DIGITS = 32, SHA256_DIGITS = 64 };

/* ---- lines of a file ---- */

/* Each line without comment and spaces; false stops. */
typedef bool (*take_line)(void *context, struct sk_cur line, uint64_t number);

static enum sk_err read_lines(const char *path, take_line take, void *context, struct sk_fault *fault)
{
	struct sk_buf text;
	uint64_t number = 0;
	sk_buf_init(&text, SK_RULES_FILE_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	struct sk_cur rest = sk_cur_of(text.bytes, err == SK_OK ? text.length : 0);
	while (err == SK_OK && sk_more(&rest)) {
		size_t at = 0, left = sk_left(&rest);
		while (at < left && sk_peek_u8(&rest, at) != '\n')
			at++;
		struct sk_cur line = sk_word_trim(sk_carve(&rest, at));
		if (sk_more(&rest))
			sk_skip(&rest, 1);
		number++;
		if (sk_more(&line) && sk_peek_u8(&line, 0) != '#' && !take(context, line, number))
			err = sk_fault_set(fault, SK_EINPUT, "%s:%llu: this line cannot be read", path, (unsigned long long)number);
	}
	sk_buf_fini(&text);
	return err;
}

/* ---- variables ---- */

static bool is_name(const char *name)
{
	for (const char *at = name; *at != '\0'; at++)
		if (!isalnum((unsigned char)*at) && *at != '_')
			return false;
	return name[0] != '\0';
}

enum sk_err sk_rules_variable(struct sk_rules *rules, const char *name, const char *value, struct sk_fault *fault)
{
	struct sk_rules_variable *at = NULL;
	char clean[VALUE_LINE_MAX];
	name += name[0] == '$';
	/* It stands on one line of the set's file. */
	if (strpbrk(value, "\n\r\t") != NULL || (strlen(value) < sizeof clean && !sk_word_text(sk_cur_of(value, strlen(value)), clean, sizeof clean)))
		return sk_fault_set(fault, SK_EINPUT, "variable '%.64s': expected one line", name);
	if (!is_name(name) || strlen(name) >= sizeof at->name || value[0] == '\0' || strlen(value) >= SK_RULES_VALUE_MAX)
		return sk_fault_set(fault, SK_EINPUT, "variable '%.64s': expected NAME=VALUE, e.g. HOME_NET=[192.0.2.0/24,2001:db8::/32]", name);
	for (size_t i = 0; i < rules->variable_count; i++)
		if (strcmp(rules->variables[i].name, name) == 0)
			at = &rules->variables[i];
	if (at != NULL && at->used && strcmp(at->value, value) != 0)
		return sk_fault_set(fault, SK_EINPUT, "variable %.64s: rules were read with another value already; a set holds one value of each variable (--replace starts a new one)", name);
	if (at == NULL && rules->variable_count == SK_RULES_VARIABLES_MAX)
		return sk_fault_set(fault, SK_EINPUT, "more than %d variables", SK_RULES_VARIABLES_MAX);
	if (at == NULL)
		at = &rules->variables[rules->variable_count++];
	(void)snprintf(at->name, sizeof at->name, "%s", name);
	at->value = sk_rules_keep(rules, value);
	rules->known_count = 0; /* texts that named it meant something else */
	return at->value != NULL ? SK_OK : sk_fault_set(fault, SK_ENOMEM, "out of memory");
}

static const char *given(const struct sk_rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->variable_count; i++)
		if (strcmp(rules->variables[i].name, name) == 0)
			return rules->variables[i].value;
	return NULL;
}

enum sk_err sk_rules_default_variables(struct sk_rules *rules, const char *home, struct sk_fault *fault)
{
	static const struct {
		const char *name, *value;
	} defaults[] = {
#define SK_RULE_VARIABLE(name, value) {name, value},
#include "rules/variable.def"
#undef SK_RULE_VARIABLE
	};
	if (given(rules, "HOME_NET") == NULL)
		SK_TRY(sk_rules_variable(rules, "HOME_NET", home, fault));
	bool any = strcmp(given(rules, "HOME_NET"), "any") == 0;
	if (given(rules, "EXTERNAL_NET") == NULL)
		SK_TRY(sk_rules_variable(rules, "EXTERNAL_NET", any ? "any" : "!$HOME_NET", fault));
	for (size_t i = 0; i < SK_COUNT(defaults); i++)
		if (given(rules, defaults[i].name) == NULL)
			SK_TRY(sk_rules_variable(rules, defaults[i].name, defaults[i].value, fault));
	return SK_OK;
}

struct variables {
	struct sk_rules *rules;
	struct sk_fault *fault;
};

/* "NAME: value" or "NAME = value". Lines that begin groups ("vars:", "address-groups:") have no value. */
static bool variable_line(void *context, struct sk_cur line, uint64_t number)
{
	struct variables *variables = context;
	char name[SK_RULES_NAME_MAX], value[VALUE_LINE_MAX];
	size_t at = 0, left = sk_left(&line);
	struct sk_fault ignored;
	(void)number;
	while (at < left && sk_peek_u8(&line, at) != ':' && sk_peek_u8(&line, at) != '=')
		at++;
	struct sk_cur key = sk_word_trim(sk_carve(&line, at));
	if (sk_more(&line))
		sk_skip(&line, 1);
	line = sk_word_trim(line);
	(void)sk_word_unquote(&line);
	if (!sk_word_text(key, name, sizeof name) || !is_name(name))
		return at < left || !sk_more(&line) ? !sk_more(&line) : false;
	if (!sk_more(&line))
		return true;
	return sk_word_text(line, value, sizeof value) && sk_rules_variable(variables->rules, name, value, &ignored) == SK_OK;
}

enum sk_err sk_rules_variables(struct sk_rules *rules, const char *path, struct sk_fault *fault)
{
	struct variables variables = {.rules = rules, .fault = fault};
	return read_lines(path, variable_line, &variables, fault);
}

/* ---- classes ---- */

enum sk_err sk_rules_default_classes(struct sk_rules *set)
{
	static const struct sk_rules_class classes[] = {
#define SK_CLASSTYPE(name, category, priority) {name, category, priority},
#include "rules/classtype.def"
#undef SK_CLASSTYPE
	};
	_Static_assert(SK_COUNT(classes) <= SK_RULES_CLASSES_MAX, "the classes fit");
	memcpy(set->classes, classes, sizeof classes);
	set->class_count = SK_COUNT(classes);
	return SK_OK;
}

const struct sk_rules_class *sk_rules_class_of(const struct sk_rules *set, const char *name)
{
	for (size_t i = set->class_count; i-- > 0;)
		if (strcmp(set->classes[i].name, name) == 0)
			return &set->classes[i];
	return NULL;
}

/* "config classification: short-name,Long text,2" */
static bool class_line(void *context, struct sk_cur line, uint64_t number)
{
	static const char head[] = "config classification:";
	struct sk_rules *set = context;
	bool first, second;
	int64_t priority;
	char name[SK_RULES_NAME_MAX], category[SK_RULES_NAME_MAX];
	(void)number;
	if (sk_left(&line) < sizeof head || !sk_word_is(sk_carve(&line, sizeof head - 1), head))
		return false;
	struct sk_cur short_name = sk_word_trim(sk_word_until(&line, ',', &first)), text = sk_word_trim(sk_word_until(&line, ',', &second));
	if (!first || !second || !sk_word_text(short_name, name, sizeof name) || !sk_word_text(text, category, sizeof category) || !sk_word_number(line, 1, 255, &priority) ||
	    set->class_count == SK_RULES_CLASSES_MAX)
		return false;
	struct sk_rules_class *at = &set->classes[set->class_count];
	*at = (struct sk_rules_class){.name = sk_rules_keep(set, name), .category = sk_rules_keep(set, category), .priority = (uint8_t)priority};
	set->class_count += at->name != NULL && at->category != NULL;
	return !set->out_of_memory;
}

enum sk_err sk_rules_classification(struct sk_rules *rules, const char *path, struct sk_fault *fault)
{
	return read_lines(path, class_line, rules, fault);
}

/* ---- datasets ---- */

struct values {
	enum sk_rule_list_kind kind;
	uint8_t (*digests)[32];
	size_t count, capacity, most;
	bool full;
};

static bool put_digest(struct values *values, const uint8_t digest[32])
{
	if (values->count == values->capacity) {
		size_t capacity = values->capacity != 0 ? values->capacity * 2 : 256;
		void *grown = values->count < values->most ? realloc(values->digests, capacity * 32) : NULL;
		if (grown == NULL) {
			values->full = true;
			return false;
		}
		values->digests = grown;
		values->capacity = capacity;
	}
	memcpy(values->digests[values->count++], digest, 32);
	return true;
}

static bool value_line(void *context, struct sk_cur line, uint64_t number)
{
	struct values *values = context;
	uint8_t digest[32] = {0}, bytes[VALUE_LINE_MAX];
	char text[VALUE_LINE_MAX];
	size_t length = 0;
	bool comma;
	(void)number;
	if (!sk_word_text(sk_word_trim(sk_word_until(&line, ',', &comma)), text, sizeof text))
		return false;
	if (values->kind == SK_LIST_STRING) {
		if (sk_base64_decode(text, strlen(text), bytes, sizeof bytes, &length) != SK_OK)
			return false;
		sk_sha256(bytes, length, digest);
	} else {
		size_t digits = values->kind == SK_LIST_MD5 ? MD5_DIGITS : SHA256_DIGITS;
		if (strlen(text) != digits || sk_hex_decode(text, digest, digits / 2) != SK_OK)
			return false;
	}
	return put_digest(values, digest);
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

enum sk_err sk_rules_put_list(struct sk_rules *set, const char *name, enum sk_rule_list_kind kind, const uint8_t (*digests)[32], size_t count, struct sk_prefix *prefixes)
{
	if (set->lists == NULL)
		set->lists = calloc(SK_RULES_LISTS_MAX, sizeof set->lists[0]);
	if (set->lists == NULL)
		return SK_ENOMEM;
	if (set->list_count == SK_RULES_LISTS_MAX || set->value_count + count > SK_RULES_LIST_VALUES_MAX)
		return SK_ETOOBIG;
	struct sk_rules_named_list *at = &set->lists[set->list_count];
	(void)snprintf(at->name, sizeof at->name, "%s", name);
	at->list = (struct sk_rule_list){.kind = (uint8_t)kind, .count = (uint32_t)count};
	if (kind == SK_LIST_IP) {
		if (!sk_rules_prefixes(set, prefixes, count, &at->list.addresses))
			return SK_ENOMEM;
	} else {
		uint8_t (*kept)[32] = sk_rules_take(set, (count + 1) * 32, 1);
		if (kept == NULL)
			return SK_ENOMEM;
		if (count != 0)
			memcpy(kept, digests, count * 32);
		qsort(kept, count, 32, by_bytes);
		at->list.digests = (const uint8_t(*)[32])kept;
	}
	set->list_count++;
	set->value_count += count;
	return SK_OK;
}

static struct sk_rules_named_list *find_list(struct sk_rules *set, const char *name)
{
	for (size_t i = 0; i < set->list_count; i++)
		if (strcmp(set->lists[i].name, name) == 0)
			return &set->lists[i];
	return NULL;
}

/* A list lies beside the rules that name it, or below: a rule file chooses no other place of the machine. */
static bool list_path(const struct sk_rules_reader *reader, const char *path, char out[SK_PATH_MAX])
{
	if (path[0] == '\0' || path[0] == '/' || strstr(path, "..") != NULL)
		return false;
	return sk_file_join(out, SK_PATH_MAX, reader->folder, path) == SK_OK;
}

const struct sk_rule_list *sk_rules_list(struct sk_rules_reader *reader, const char *name, enum sk_rule_list_kind kind, const char *path)
{
	struct sk_rules *set = reader->set;
	struct sk_rules_named_list *found = find_list(set, name);
	char full[SK_PATH_MAX];
	struct sk_fault fault;
	if (found != NULL && found->list.kind != kind) {
		(void)sk_rules_refuse(reader, SK_RULE_REASON_VALUE, "dataset %s has another type elsewhere", name);
		return NULL;
	}
	if (found == NULL && (reader->folder == NULL || !list_path(reader, path, full))) {
		(void)sk_rules_refuse(reader, SK_RULE_REASON_NO_DATA, "dataset %s: expected load and a path beside the rule file", name);
		return NULL;
	}
	if (found == NULL) {
		struct values values = {.kind = kind, .most = SK_RULES_LIST_VALUES_MAX - set->value_count};
		enum sk_err err = read_lines(full, value_line, &values, &fault);
		if (err == SK_OK)
			err = sk_rules_put_list(set, name, kind, (const uint8_t(*)[32])values.digests, values.count, NULL);
		free(values.digests);
		if (err != SK_OK) {
			(void)sk_rules_refuse(reader, values.full || err == SK_ETOOBIG ? SK_RULE_REASON_TOO_LARGE : SK_RULE_REASON_NO_DATA, "dataset %s: %s", name, sk_err_text(err));
			return NULL;
		}
		found = &set->lists[set->list_count - 1];
	}
	return &found->list;
}

/* ---- reputation ---- */

/* "1,BadHosts,Known bad hosts" */
static bool category_line(void *context, struct sk_cur line, uint64_t number)
{
	struct sk_rules *set = context;
	bool first, second;
	int64_t id;
	(void)number;
	struct sk_cur digits = sk_word_until(&line, ',', &first), name = sk_word_trim(sk_word_until(&line, ',', &second));
	if (!first || set->category_count == SK_RULES_CATEGORIES_MAX || !sk_word_number(digits, 1, SK_RULES_CATEGORIES_MAX, &id))
		return false;
	struct sk_rules_category *at = &set->categories[set->category_count++];
	at->number = (uint32_t)id;
	return sk_word_text(name, at->name, sizeof at->name) && at->name[0] != '\0';
}

/* "192.0.2.1,1,120", also a prefix. */
static bool score_line(void *context, struct sk_cur line, uint64_t number)
{
	struct sk_rules *set = context;
	bool first, second;
	int64_t category, score;
	char text[SK_PREFIX_TEXT_MAX];
	struct sk_rules_score at;
	(void)number;
	struct sk_cur address = sk_word_trim(sk_word_until(&line, ',', &first)), digits = sk_word_until(&line, ',', &second);
	if (!second || !sk_word_text(address, text, sizeof text) || sk_prefix_parse(text, &at.prefix) != SK_OK ||
	    !sk_word_number(digits, 1, SK_RULES_CATEGORIES_MAX, &category) || !sk_word_number(line, 0, 127, &score))
		return false;
	if ((set->score_count & (set->score_count - 1)) == 0) {
		size_t capacity = set->score_count != 0 ? set->score_count * 2 : 1;
		void *grown = capacity <= SK_RULES_LIST_VALUES_MAX ? realloc(set->scores, capacity * sizeof set->scores[0]) : NULL;
		if (grown == NULL)
			return false;
		set->scores = grown;
	}
	at.category = (uint8_t)category;
	at.score = (uint8_t)score;
	set->scores[set->score_count++] = at;
	return true;
}

enum sk_err sk_rules_reputation(struct sk_rules *rules, const char *categories, const char *values, struct sk_fault *fault)
{
	if (rules->categories == NULL)
		rules->categories = calloc(SK_RULES_CATEGORIES_MAX, sizeof rules->categories[0]);
	if (rules->categories == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	SK_TRY(read_lines(categories, category_line, rules, fault));
	return read_lines(values, score_line, rules, fault);
}

const struct sk_rule_list *sk_rules_scored(struct sk_rules_reader *reader, struct sk_cur category, const struct sk_rule_number *score)
{
	struct sk_rules *set = reader->set;
	char name[SK_RULES_NAME_MAX], full[SK_RULES_NAME_MAX];
	uint32_t number = 0;
	(void)sk_word_text(category, name, sizeof name);
	(void)snprintf(full, sizeof full, "iprep %.64s %u-%u", name, (unsigned)score->from, (unsigned)(score->to > 127 ? 127 : score->to));
	struct sk_rules_named_list *found = find_list(set, full);
	if (found != NULL) {
		return &found->list;
	}
	for (size_t i = 0; i < set->category_count; i++)
		if (strcmp(set->categories[i].name, name) == 0)
			number = set->categories[i].number;
	struct sk_prefix *prefixes = number != 0 && reader->folder != NULL ? calloc(set->score_count + 1, sizeof *prefixes) : NULL;
	if (prefixes == NULL) {
		(void)sk_rules_refuse(reader, SK_RULE_REASON_NO_DATA, "iprep %s: no such category was given (--reputation)", name);
		return NULL;
	}
	size_t count = 0;
	for (size_t i = 0; i < set->score_count; i++)
		if (set->scores[i].category == number && sk_rule_number_fits(score, set->scores[i].score))
			prefixes[count++] = set->scores[i].prefix;
	enum sk_err err = sk_rules_put_list(set, full, SK_LIST_IP, NULL, count, prefixes);
	free(prefixes);
	if (err != SK_OK) {
		(void)sk_rules_refuse(reader, SK_RULE_REASON_TOO_LARGE, "iprep %s: %s", name, sk_err_text(err));
		return NULL;
	}
	found = &set->lists[set->list_count - 1];
	return &found->list;
}
