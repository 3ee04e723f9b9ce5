/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a set (docs/formats/rules.md): a header, then lines of text, then what was cached. Lines say what the rules are, and the digest is over them alone:
   variables and lists by name, rules by gid and sid. Opening reads the rules again as an import does: what a forger writes is a rule file. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "rules/rules_priv.h"
#include "text/text.h"

enum { HEADER_BYTES = 128, CHECKSUM_AT = 32, DIGEST_AT = 64 };
static const char magic[16] = "sekisho-rules/1\n";
_Static_assert(SK_HASH_BYTES == 32, "sums stand in the header");

/* ---- writing ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct sk_rules_variable *const *)a)->name, (*(const struct sk_rules_variable *const *)b)->name);
}

/* ---- what the rules of a set need: refused ones leave no trace ---- */

static bool is_name_byte(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
}

enum need { NEED_NOT, NEED_FOUND, NEED_LOOKED_INTO };

/* Variables that stand in a text (of a rule: in its header). */
static void find_names(const struct sk_rules *set, const char *text, uint8_t *needs)
{
	struct sk_cur c = sk_cur_of(text, strlen(text));
	while (sk_more(&c) && sk_peek_u8(&c, 0) != '(') {
		size_t length = 0;
		if (sk_u8(&c) != '$')
			continue;
		while (is_name_byte(sk_peek_u8(&c, length)))
			length++;
		struct sk_cur name = sk_carve_at_most(&c, length);
		for (size_t i = 0; i < set->variable_count; i++)
			if (needs[i] == NEED_NOT && sk_word_is(name, set->variables[i].name))
				needs[i] = NEED_FOUND;
	}
}

static void find_variables(const struct sk_rules *set, uint8_t *needs)
{
	for (size_t i = 0; i < set->count; i++)
		find_names(set, set->rules[i].text, needs);
	for (size_t i = 0; i < set->variable_count;) {
		bool fresh = needs[i] == NEED_FOUND;
		if (fresh) {
			needs[i] = NEED_LOOKED_INTO;
			find_names(set, set->variables[i].value, needs);
		}
		i = fresh ? 0 : i + 1;
	}
}

static void need_list(const struct sk_rules *set, const struct sk_rule_list *list, bool *needs)
{
	for (size_t i = 0; i < set->list_count; i++)
		needs[i] |= list == &set->lists[i].list;
}

static void find_lists(const struct sk_rules *set, bool *needs)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct sk_rule *rule = &set->rules[i];
		for (uint16_t j = 0; j < rule->item_count; j++)
			if (rule->items[j].op == SK_OP_LIST)
				need_list(set, rule->items[j].list, needs);
		for (uint8_t j = 0; j < rule->listed_count; j++)
			need_list(set, rule->listed[j].list, needs);
	}
}

static void put_variables(const struct sk_rules *set, struct sk_buf *out)
{
	const struct sk_rules_variable *order[SK_RULES_VARIABLES_MAX];
	uint8_t needs[SK_RULES_VARIABLES_MAX] = {NEED_NOT};
	size_t count = 0;
	find_variables(set, needs);
	for (size_t i = 0; i < set->variable_count; i++)
		if (needs[i] != NEED_NOT)
			order[count++] = &set->variables[i];
	qsort(order, count, sizeof order[0], by_name);
	for (size_t i = 0; i < count; i++)
		sk_buf_addf(out, "variable %s %s\n", order[i]->name, order[i]->value);
}

static void put_addresses(const struct sk_rule_addresses *addresses, struct sk_buf *out)
{
	char from[SK_ADDR_TEXT_MAX], to[SK_ADDR_TEXT_MAX];
	for (uint32_t i = 0; i < addresses->count4 + addresses->count6; i++) {
		struct sk_addr a = {.family = 4}, b = {.family = 4};
		if (i < addresses->count4) {
			const struct sk_rule_range4 *range = &addresses->v4[i];
			for (unsigned byte = 0; byte < 4; byte++) {
				a.bytes[byte] = (uint8_t)(range->from >> (24 - 8 * byte));
				b.bytes[byte] = (uint8_t)(range->to >> (24 - 8 * byte));
			}
		} else {
			a.family = b.family = 6;
			memcpy(a.bytes, addresses->v6[i - addresses->count4].from, 16);
			memcpy(b.bytes, addresses->v6[i - addresses->count4].to, 16);
		}
		sk_buf_addf(out, "%s%s-%s", i != 0 ? "," : "", sk_addr_format(&a, from), sk_addr_format(&b, to));
	}
}

static int lists_by_name(const void *a, const void *b)
{
	return strcmp((*(const struct sk_rules_named_list *const *)a)->name, (*(const struct sk_rules_named_list *const *)b)->name);
}

static void put_lists(const struct sk_rules *set, struct sk_buf *out)
{
	static const char *const kinds[] = {"string", "md5", "sha256", "ip"};
	const struct sk_rules_named_list **order = calloc(set->list_count + 1, sizeof *order);
	bool *needs = calloc(set->list_count + 1, sizeof *needs);
	size_t count = 0;
	if (order == NULL || needs == NULL) {
		free(order);
		free(needs);
		out->failed = SK_ENOMEM;
		return;
	}
	find_lists(set, needs);
	for (size_t i = 0; i < set->list_count; i++)
		if (needs[i])
			order[count++] = &set->lists[i];
	qsort(order, count, sizeof *order, lists_by_name);
	for (size_t i = 0; i < count; i++) {
		const struct sk_rule_list *list = &order[i]->list;
		sk_buf_addf(out, "list %s %s\t", kinds[list->kind], order[i]->name);
		if (list->kind == SK_LIST_IP)
			put_addresses(&list->addresses, out);
		for (uint32_t j = 0; list->kind != SK_LIST_IP && j < list->count; j++) {
			char hex[65];
			sk_hex_encode(list->digests[j], 32, hex);
			sk_buf_add_text(out, hex);
		}
		sk_buf_add_u8(out, '\n');
	}
	free(order);
	free(needs);
}

static int by_number(const void *a, const void *b)
{
	const struct sk_rule *x = *(const struct sk_rule *const *)a, *y = *(const struct sk_rule *const *)b;
	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	return x->sid < y->sid ? -1 : x->sid > y->sid;
}

/* Category and priority of a class are the set's, not the next reader's. The origin is no part of the digest: it stands behind. */
static void put_rules(const struct sk_rules *set, bool origins, struct sk_buf *out)
{
	const struct sk_rule **order = calloc(set->count + 1, sizeof *order);
	if (order == NULL) {
		out->failed = SK_ENOMEM;
		return;
	}
	for (size_t i = 0; i < set->count; i++)
		order[i] = &set->rules[i];
	qsort(order, set->count, sizeof *order, by_number);
	for (size_t i = 0; i < set->count; i++) {
		if (order[i]->classtype[0] != '\0')
			sk_buf_addf(out, "class %s,%s,%u\n", order[i]->classtype, order[i]->category, order[i]->priority);
		if (origins)
			sk_buf_addf(out, "from %s\n", order[i]->origin);
		sk_buf_addf(out, "rule %s\n", order[i]->text);
	}
	free(order);
}

static void put_text(const struct sk_rules *set, bool origins, struct sk_buf *out)
{
	put_variables(set, out);
	put_lists(set, out);
	put_rules(set, origins, out);
}

void sk_rules_digest(const struct sk_rules *rules, uint8_t digest[SK_HASH_BYTES])
{
	struct sk_buf text;
	sk_buf_init(&text, SK_RULES_TEXT_BYTES_MAX);
	sk_buf_add(&text, magic, sizeof magic);
	put_text(rules, false, &text);
	sk_sha256(text.bytes, text.length, digest);
	sk_buf_fini(&text);
}

enum sk_err sk_rules_write(const struct sk_rules *rules, const char *path, const void *cached, size_t cached_length, struct sk_fault *fault)
{
	struct sk_buf out;
	uint8_t header[HEADER_BYTES] = {0};
	struct sk_out o = sk_out_of(header, sizeof header);
	sk_buf_init(&out, (size_t)2 * SK_RULES_TEXT_BYTES_MAX);
	sk_buf_add(&out, header, sizeof header);
	put_text(rules, true, &out);
	size_t text_length = out.length - HEADER_BYTES;
	if (cached_length != 0)
		sk_buf_add(&out, cached, cached_length);
	if (out.failed == SK_OK) {
		sk_put_bytes(&o, magic, sizeof magic);
		sk_put_le64(&o, text_length);
		sk_put_le64(&o, cached_length);
		sk_sha256(out.bytes + HEADER_BYTES, out.length - HEADER_BYTES, header + CHECKSUM_AT);
		sk_rules_digest(rules, header + DIGEST_AT);
		memcpy(out.bytes, header, sizeof header);
	}
	enum sk_err err = out.failed != SK_OK ? sk_fault_set(fault, out.failed, "%s: the set of rules: %s", path, sk_err_text(out.failed))
					      : sk_file_replace(path, out.bytes, out.length, 0600, fault);
	sk_buf_fini(&out);
	return err;
}

/* ---- reading ---- */

struct opening {
	struct sk_rules *set;
	struct sk_rules_counts counts;
	char origin[SK_RULES_NAME_MAX + 24];
};

static bool take_variable(struct sk_rules *set, struct sk_cur line)
{
	bool space;
	char name[SK_RULES_NAME_MAX];
	struct sk_cur word = sk_word_until(&line, ' ', &space);
	size_t length = sk_left(&line);
	char *value = sk_rules_take(set, length + 1, 1);
	struct sk_fault ignored;
	if (value == NULL || !sk_word_text(word, name, sizeof name))
		return false;
	sk_copy(&line, value, length);
	return sk_rules_variable(set, name, value, &ignored) == SK_OK;
}

/* "A-B" ranges, written by put_addresses: they come back as the list of a rule's header would. */
static bool take_ranges(struct opening *opening, const char *name, struct sk_cur line)
{
	struct sk_rules *set = opening->set;
	struct sk_rules_reader *reader = calloc(1, sizeof *reader);
	bool fine = reader != NULL;
	if (fine && sk_more(&line)) {
		reader->set = set;
		const struct sk_rule_addresses *addresses = sk_rules_addresses(reader, line);
		fine = addresses != NULL && sk_rules_put_list(set, name, SK_LIST_IP, NULL, 0, NULL) == SK_OK;
		if (fine)
			set->lists[set->list_count - 1].list.addresses = *addresses;
	} else if (fine) {
		fine = sk_rules_put_list(set, name, SK_LIST_IP, NULL, 0, NULL) == SK_OK;
	}
	free(reader);
	return fine;
}

static bool take_digests(struct sk_rules *set, const char *name, enum sk_rule_list_kind kind, struct sk_cur line)
{
	size_t count = sk_left(&line) / 64;
	uint8_t (*digests)[32] = count <= SK_RULES_LIST_VALUES_MAX ? malloc((count + 1) * 32) : NULL;
	bool fine = digests != NULL && sk_left(&line) % 64 == 0;
	for (size_t i = 0; fine && i < count; i++) {
		char hex[65] = "";
		sk_copy(&line, hex, 64);
		fine = sk_hex_decode(hex, digests[i], 32) == SK_OK;
	}
	fine = fine && sk_rules_put_list(set, name, kind, (const uint8_t(*)[32])digests, count, NULL) == SK_OK;
	free(digests);
	return fine;
}

static bool take_list(struct opening *opening, struct sk_cur line)
{
	static const char *const kinds[] = {"string", "md5", "sha256", "ip"};
	bool space, tab;
	char name[SK_RULES_NAME_MAX];
	struct sk_cur kind = sk_word_until(&line, ' ', &space), word = sk_word_until(&line, '\t', &tab);
	if (!space || !tab || !sk_word_text(word, name, sizeof name))
		return false;
	for (unsigned i = 0; i < SK_COUNT(kinds); i++)
		if (sk_word_is(kind, kinds[i]))
			return i == SK_LIST_IP ? take_ranges(opening, name, line) : take_digests(opening->set, name, (enum sk_rule_list_kind)i, line);
	return false;
}

/* The class as it was at import stands for itself, whatever the table of today says. */
static bool take_class(struct sk_rules *set, struct sk_cur line)
{
	struct sk_rules_class *at = &set->classes[set->class_count];
	bool first, second;
	int64_t priority;
	char name[SK_RULES_NAME_MAX], category[SK_RULES_NAME_MAX];
	struct sk_cur word = sk_word_until(&line, ',', &first), text = sk_word_until(&line, ',', &second);
	if (!first || !second || !sk_word_text(word, name, sizeof name) || !sk_word_text(text, category, sizeof category) || !sk_word_number(line, 1, 255, &priority))
		return false;
	const struct sk_rules_class *known = sk_rules_class_of(set, name);
	if (known != NULL && known->priority == priority && strcmp(known->category, category) == 0)
		return true;
	if (set->class_count == SK_RULES_CLASSES_MAX)
		return false;
	*at = (struct sk_rules_class){.name = sk_rules_keep(set, name), .category = sk_rules_keep(set, category), .priority = (uint8_t)priority};
	set->class_count++;
	return !set->out_of_memory;
}

static bool take_rule(struct opening *opening, struct sk_cur line)
{
	char *colon = strrchr(opening->origin, ':');
	uint64_t refused = opening->counts.refused, number = 0;
	if (colon != NULL) {
		*colon = '\0';
		number = strtoull(colon + 1, NULL, 10);
	}
	sk_rules_line(opening->set, opening->origin, NULL, number, line, &opening->counts);
	return opening->counts.refused == refused;
}

static bool take_text_line(struct opening *opening, struct sk_cur line)
{
	bool space;
	struct sk_cur word = sk_word_until(&line, ' ', &space);
	if (!space)
		return false;
	if (sk_word_is(word, "variable"))
		return take_variable(opening->set, line);
	if (sk_word_is(word, "list"))
		return take_list(opening, line);
	if (sk_word_is(word, "class"))
		return take_class(opening->set, line);
	if (sk_word_is(word, "from"))
		return sk_word_text(line, opening->origin, sizeof opening->origin);
	return sk_word_is(word, "rule") && take_rule(opening, line);
}

static enum sk_err read_text(struct opening *opening, const char *path, struct sk_cur text, struct sk_fault *fault)
{
	while (sk_more(&text)) {
		size_t at = 0, left = sk_left(&text);
		while (at < left && sk_peek_u8(&text, at) != '\n')
			at++;
		struct sk_cur line = sk_carve(&text, at);
		sk_skip(&text, 1);
		if (!sk_more(&line) || !take_text_line(opening, line))
			return sk_fault_set(fault, SK_EMALFORMED, "%s: a line of it is not taken as it was when the set was made; import the rules again", path);
	}
	return opening->set->out_of_memory ? sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path) : SK_OK;
}

enum sk_err sk_rules_read_lines(struct sk_rules *set, const char *path, const void *text, size_t length, struct sk_fault *fault)
{
	struct opening opening = {.set = set};
	return read_text(&opening, path, sk_cur_of(text, length), fault);
}

static enum sk_err read_set(struct sk_rules *set, const char *path, const struct sk_buf *bytes, struct sk_fault *fault)
{
	struct sk_cur c = sk_cur_of(bytes->bytes, bytes->length);
	struct opening opening = {.set = set};
	uint8_t sum[SK_HASH_BYTES], digest[SK_HASH_BYTES], stated_sum[SK_HASH_BYTES], stated[SK_HASH_BYTES];
	if (!sk_word_is(sk_carve(&c, sizeof magic - 1), "sekisho-rules/1") || sk_u8(&c) != '\n')
		return sk_fault_set(fault, SK_EMALFORMED, "%s: not a set of rules of this version; import the rules again", path);
	uint64_t text_length = sk_le64(&c), cached_length = sk_le64(&c);
	sk_copy(&c, stated_sum, sizeof stated_sum);
	sk_copy(&c, stated, sizeof stated);
	bool spare = false;
	for (unsigned i = DIGEST_AT + SK_HASH_BYTES; i < HEADER_BYTES; i++)
		spare |= sk_u8(&c) != 0;
	if (sk_alive(&c) != SK_OK || spare || text_length > sk_left(&c) || sk_left(&c) - text_length != cached_length)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: a set of rules that was cut off; import the rules again", path);
	sk_sha256(bytes->bytes + HEADER_BYTES, bytes->length - HEADER_BYTES, sum);
	if (memcmp(sum, stated_sum, sizeof sum) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: damaged: its checksum does not match; import the rules again", path);
	SK_TRY(read_text(&opening, path, sk_carve(&c, text_length), fault));
	sk_rules_digest(set, digest);
	if (memcmp(digest, stated, sizeof digest) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: it is not what its digest says; import the rules again", path);
	set->cached = cached_length != 0 ? malloc(cached_length) : NULL;
	if (cached_length != 0 && set->cached == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	sk_copy(&c, set->cached, cached_length);
	set->cached_length = cached_length;
	return SK_OK;
}

enum sk_err sk_rules_open(const char *path, struct sk_rules **out, struct sk_fault *fault)
{
	struct sk_buf bytes;
	struct sk_rules *set = NULL;
	struct sk_rules_options options = {.strict = false};
	sk_buf_init(&bytes, (size_t)2 * SK_RULES_TEXT_BYTES_MAX);
	enum sk_err err = sk_file_read(path, &bytes, fault);
	if (err == SK_OK && sk_rules_new(&options, &set) != SK_OK)
		err = sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	if (err == SK_OK)
		err = read_set(set, path, &bytes, fault);
	sk_buf_fini(&bytes);
	if (err != SK_OK) {
		sk_rules_free(set);
		return err;
	}
	*out = set;
	return SK_OK;
}

enum sk_err sk_rules_merge(struct sk_rules *rules, const struct sk_rules *other, struct sk_fault *fault)
{
	struct sk_buf text;
	struct opening opening = {.set = rules};
	struct sk_rules_options options = rules->options;
	/* What was taken once stays, whatever is asked of the new ones; and its notes were told. */
	rules->options.strict = false;
	rules->options.note = NULL;
	sk_buf_init(&text, SK_RULES_TEXT_BYTES_MAX);
	put_text(other, true, &text);
	enum sk_err err = text.failed != SK_OK ? sk_fault_set(fault, text.failed, "the rules that are there: %s", sk_err_text(text.failed))
					       : read_text(&opening, "the rules that are there", sk_cur_of(text.bytes, text.length), fault);
	sk_buf_fini(&text);
	rules->options = options;
	return err;
}
