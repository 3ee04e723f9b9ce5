/* SPDX-License-Identifier: Apache-2.0 */
/* The note's body is one line of canonical JSON. Decoding ends by writing the line again and comparing: so a basis has exactly one text, nothing
   unknown can hide in it, and the digest of the text is a digest of the meaning. */
#include "basis/basis.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/json.h"
#include "text/text.h"

static const char format_name[] = "sekisho-basis/1";

enum { KIND_COUNT = SK_SELECTOR_KIND_COUNT, CLASS_BITS_ALL = (1 << SK_CLASS_COUNT) - 1, PREFIX_V4_MAX = 32, PREFIX_V6_MAX = 128 };

static const char *const kind_names[KIND_COUNT] = {"address", "prefix", "domain", "ja3", "ja4", "flow.all", "url", "hassh", "hassh_server", "ja3s", "cert_sha1",
						   "cert_sha256", "command"};

const char *sk_selector_kind_name(enum sk_selector_kind kind)
{
	for (unsigned bit = 0; bit < KIND_COUNT; bit++)
		if ((unsigned)kind == 1u << bit)
			return kind_names[bit];
	sk_bug(__FILE__, __LINE__, "one known selector kind");
}

/* ---- ranges ---- */

/* One word of printable ASCII that needs no escape and is no address or prefix: a basis names neither a person nor an address. */
static bool is_word(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	struct sk_prefix prefix;
	if (length == 0 || length == size)
		return false;
	for (const char *at = text; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || *at == '"' || *at == '\\')
			return false;
	return sk_prefix_parse(text, &prefix) != SK_OK;
}

static enum sk_err check_word(const char *field, const char *text, size_t size, enum sk_err err, struct sk_fault *fault)
{
	if (is_word(text, size))
		return SK_OK;
	return sk_fault_set(fault, err, "basis: field '%s': expected one word of 1 to %zu printable ASCII characters, no quote, no backslash, no address", field,
			    size - 1);
}

static enum sk_err check_words(const char *field, const char (*words)[SK_BASIS_NAME_MAX], size_t count, size_t most, enum sk_err err, struct sk_fault *fault)
{
	if (count == 0 || count > most)
		return sk_fault_set(fault, err, "basis: field '%s': %zu entries, expected 1 to %zu", field, count, most);
	for (size_t i = 0; i < count; i++) {
		SK_TRY(check_word(field, words[i], SK_BASIS_NAME_MAX, err, fault));
		for (size_t j = 0; j < i; j++)
			if (strcmp(words[i], words[j]) == 0)
				return sk_fault_set(fault, err, "basis: field '%s': '%s' stands there twice; expected each once", field, words[i]);
	}
	return SK_OK;
}

static enum sk_err check_rule(const struct sk_basis_rule *rule, enum sk_err err, struct sk_fault *fault)
{
	if (rule->kinds == 0 || (rule->kinds & ~(uint32_t)SK_SELECTOR_KINDS_ALL) != 0)
		return sk_fault_set(fault, err, "basis: field 'rule.kinds': expected at least one known kind of selector");
	if (rule->min_prefix_v4 > PREFIX_V4_MAX)
		return sk_fault_set(fault, err, "basis: field 'rule.min_prefix_v4': %u, expected 0 to 32", rule->min_prefix_v4);
	if (rule->min_prefix_v6 > PREFIX_V6_MAX)
		return sk_fault_set(fault, err, "basis: field 'rule.min_prefix_v6': %u, expected 0 to 128", rule->min_prefix_v6);
	return SK_OK;
}

static bool is_name(const char *text, bool dots)
{
	size_t length = strnlen(text, SK_BASIS_DETECTOR_NAME_MAX);
	for (size_t i = 0; i < length; i++)
		if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '_' || (dots && text[i] == '.')))
			return false;
	return length != 0 && length < SK_BASIS_DETECTOR_NAME_MAX;
}

static enum sk_err check_detectors(const struct sk_basis_detector *detectors, size_t count, enum sk_err err, struct sk_fault *fault)
{
	if (count > SK_BASIS_DETECTORS_MAX)
		return sk_fault_set(fault, err, "basis: field 'detectors': %zu of them, expected at most %d", count, SK_BASIS_DETECTORS_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct sk_basis_detector *detector = &detectors[i];
		if (!is_name(detector->name, true) || (i > 0 && strcmp(detectors[i - 1].name, detector->name) >= 0))
			return sk_fault_set(fault, err, "basis: field 'detectors': entry %zu: expected names of a-z 0-9 _ . in ascending order, each once", i);
		if (detector->threshold_count > SK_BASIS_THRESHOLDS_MAX)
			return sk_fault_set(fault, err, "basis: detector '%s': %zu thresholds, expected at most %d", detector->name, detector->threshold_count,
					    SK_BASIS_THRESHOLDS_MAX);
		for (size_t j = 0; j < detector->threshold_count; j++)
			if (!is_name(detector->thresholds[j].key, false) || (j > 0 && strcmp(detector->thresholds[j - 1].key, detector->thresholds[j].key) >= 0))
				return sk_fault_set(fault, err, "basis: detector '%s': threshold %zu: expected keys of a-z 0-9 _ in ascending order, each once",
						    detector->name, j);
	}
	return SK_OK;
}

/* Is every field in its range? err is what a field out of range means: a wrong call when encoding, a malformed note when decoding. */
static enum sk_err check_ranges(const struct sk_basis *basis, enum sk_err err, struct sk_fault *fault)
{
	SK_TRY(check_word("id", basis->id, sizeof basis->id, err, fault));
	SK_TRY(check_word("kind", basis->kind, sizeof basis->kind, err, fault));
	SK_TRY(check_word("profile", basis->profile, sizeof basis->profile, err, fault));
	SK_TRY(check_word("role", basis->role, sizeof basis->role, err, fault));
	SK_TRY(check_words("links", basis->links, basis->link_count, SK_BASIS_LINKS_MAX, err, fault));
	SK_TRY(check_words("target_acts", basis->target_acts, basis->act_count, SK_BASIS_ACTS_MAX, err, fault));
	if (basis->classes == 0 || (basis->classes & ~(uint32_t)CLASS_BITS_ALL) != 0)
		return sk_fault_set(fault, err, "basis: field 'classes': expected at least one of FF FD DF DD UNKNOWN");
	if (basis->link_count > 1)
		for (size_t i = 0; i < basis->link_count; i++)
			if (strcmp(basis->links[i], "*") == 0)
				return sk_fault_set(fault, err, "basis: field 'links': '*' means every link; expected it alone");
	if (basis->from_ns < 0)
		return sk_fault_set(fault, err, "basis: field 'from': expected a time from 1970 on");
	if (basis->from_ns >= basis->until_ns) {
		char from[SK_TIME_TEXT_MAX], until[SK_TIME_TEXT_MAX];
		return sk_fault_set(fault, err, "basis: field 'until': %s is not after 'from' %s", sk_time_format(basis->until_ns, 0, until),
				    sk_time_format(basis->from_ns, 0, from));
	}
	SK_TRY(check_detectors(basis->detectors, basis->detector_count, err, fault));
	if (basis->simulated != (strcmp(basis->profile, "lab") == 0))
		return sk_fault_set(fault, err, "basis: field 'simulated': expected true under profile lab and false under every other");
	return check_rule(&basis->rule, err, fault);
}

/* ---- writing ---- */

static void write_words(struct sk_json_writer *w, const char *key, const char (*words)[SK_BASIS_NAME_MAX], size_t count)
{
	sk_json_array(w, key);
	for (size_t i = 0; i < count; i++)
		sk_json_text(w, NULL, words[i]);
	sk_json_end(w);
}

static void write_time(struct sk_json_writer *w, const char *key, int64_t unix_ns)
{
	char text[SK_TIME_TEXT_MAX];
	sk_json_text(w, key, sk_time_format(unix_ns, 9, text));
}

static void write_rule(struct sk_json_writer *w, const struct sk_basis_rule *rule)
{
	sk_json_object(w, "rule");
	if (rule->has_exact_set)
		sk_json_hex(w, "exact_set", rule->exact_set, sizeof rule->exact_set);
	sk_json_array(w, "kinds");
	for (unsigned bit = 0; bit < KIND_COUNT; bit++)
		if ((rule->kinds & 1u << bit) != 0)
			sk_json_text(w, NULL, kind_names[bit]);
	sk_json_end(w);
	sk_json_u64(w, "max_entries", rule->max_entries);
	sk_json_u64(w, "min_prefix_v4", rule->min_prefix_v4);
	sk_json_u64(w, "min_prefix_v6", rule->min_prefix_v6);
	sk_json_end(w);
}

static void write_detectors(struct sk_json_writer *w, const char *key, const struct sk_basis_detector *detectors, size_t count)
{
	sk_json_object(w, key);
	for (size_t i = 0; i < count; i++) {
		sk_json_object(w, detectors[i].name);
		for (size_t j = 0; j < detectors[i].threshold_count; j++)
			sk_json_u64(w, detectors[i].thresholds[j].key, detectors[i].thresholds[j].value);
		sk_json_end(w);
	}
	sk_json_end(w);
}

void sk_basis_detectors_text(const struct sk_basis_detector *detectors, size_t count, struct sk_buf *out)
{
	struct sk_json_writer w;
	if (check_detectors(detectors, count, SK_EUSAGE, NULL) != SK_OK) {
		out->failed = out->failed == SK_OK ? SK_EUSAGE : out->failed;
		return;
	}
	sk_json_begin(&w, out, true);
	write_detectors(&w, NULL, detectors, count);
}

/* The one line, LF included. */
static void write_body(const struct sk_basis *basis, struct sk_buf *body)
{
	struct sk_json_writer w;
	sk_json_begin(&w, body, true);
	sk_json_object(&w, NULL);
	sk_json_array(&w, "classes");
	for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if ((basis->classes & SK_CLASS_BIT(class_)) != 0)
			sk_json_text(&w, NULL, sk_class_name((enum sk_class)class_));
	sk_json_end(&w);
	/* Bases from before there were detectors name none, and stay as they are. */
	if (basis->detector_count != 0)
		write_detectors(&w, "detectors", basis->detectors, basis->detector_count);
	sk_json_text(&w, "format", format_name);
	write_time(&w, "from", basis->from_ns);
	sk_json_text(&w, "id", basis->id);
	sk_json_text(&w, "kind", basis->kind);
	write_words(&w, "links", basis->links, basis->link_count);
	sk_json_bool(&w, "names", basis->names);
	sk_json_text(&w, "profile", basis->profile);
	sk_json_text(&w, "role", basis->role);
	write_rule(&w, &basis->rule);
	sk_json_bool(&w, "self_approved", basis->self_approved);
	sk_json_bool(&w, "simulated", basis->simulated);
	write_words(&w, "target_acts", basis->target_acts, basis->act_count);
	write_time(&w, "until", basis->until_ns);
	sk_json_end(&w);
	sk_buf_add_u8(body, '\n');
}

enum sk_err sk_basis_body_write(struct sk_basis *basis, struct sk_buf *out, struct sk_fault *fault)
{
	SK_TRY(check_ranges(basis, SK_EUSAGE, fault));
	size_t before = out->length;
	write_body(basis, out);
	if (out->failed != SK_OK)
		return sk_fault_set(fault, out->failed, "basis: cannot write it: %s", sk_err_text(out->failed));
	sk_sha256(out->bytes + before, out->length - before, basis->digest);
	return SK_OK;
}

enum sk_err sk_basis_encode(struct sk_basis *basis, const struct sk_sign_key *key, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_buf body;
	sk_buf_init(&body, SK_BASIS_TEXT_MAX);
	enum sk_err err = sk_basis_body_write(basis, &body, fault);
	bool written = err == SK_OK;
	if (written) {
		sk_note_sign(out, sk_buf_text(&body), body.length, key);
		err = out->failed;
	}
	sk_buf_fini(&body);
	return err == SK_OK || !written ? err : sk_fault_set(fault, err, "basis: cannot write the note: %s", sk_err_text(err));
}

/* ---- reading ---- */

static enum sk_err refuse_field(struct sk_fault *fault, const char *field, const char *expected)
{
	return sk_fault_set(fault, SK_EMALFORMED, "basis: field '%s': expected %s", field, expected);
}

static enum sk_err read_text(const struct sk_json_value *object, const char *field, char *out, size_t size, struct sk_fault *fault)
{
	const char *text = sk_json_get_text(object, field);
	if (text == NULL || strlen(text) >= size)
		return refuse_field(fault, field, "a short text");
	(void)snprintf(out, size, "%s", text);
	return SK_OK;
}

static enum sk_err read_bool(const struct sk_json_value *object, const char *field, bool *out, struct sk_fault *fault)
{
	const struct sk_json_value *value = sk_json_get(object, field);
	if (value == NULL || value->kind != SK_JSON_BOOL)
		return refuse_field(fault, field, "true or false");
	*out = value->integer != 0;
	return SK_OK;
}

static enum sk_err read_number(const struct sk_json_value *object, const char *field, uint64_t most, uint64_t *out, struct sk_fault *fault)
{
	if (sk_json_get_u64(object, field, out) != SK_OK || *out > most)
		return sk_fault_set(fault, SK_EMALFORMED, "basis: field '%s': expected a number from 0 to %llu", field, (unsigned long long)most);
	return SK_OK;
}

static enum sk_err read_time(const struct sk_json_value *object, const char *field, int64_t *out, struct sk_fault *fault)
{
	const char *text = sk_json_get_text(object, field);
	if (text == NULL || sk_time_parse(text, out) != SK_OK)
		return refuse_field(fault, field, "a time like 2026-11-22T00:00:00.000000000Z");
	return SK_OK;
}

static enum sk_err read_words(const struct sk_json_value *object, const char *field, char (*words)[SK_BASIS_NAME_MAX], size_t most, size_t *count,
			      struct sk_fault *fault)
{
	const struct sk_json_value *array = sk_json_get(object, field);
	if (array == NULL || array->kind != SK_JSON_ARRAY || array->length > most)
		return refuse_field(fault, field, "a list of at most 16 words");
	*count = 0;
	for (const struct sk_json_value *value = array->child; value != NULL; value = value->next) {
		if (value->kind != SK_JSON_TEXT || value->length >= SK_BASIS_NAME_MAX)
			return refuse_field(fault, field, "words of at most 63 characters");
		memcpy(words[(*count)++], value->text, value->length + 1);
	}
	return SK_OK;
}

/* A list of names as bits: each name is looked up in names[count]. */
static enum sk_err read_bits(const struct sk_json_value *object, const char *field, const char *const *names, unsigned count, uint32_t *bits,
			     struct sk_fault *fault)
{
	const struct sk_json_value *array = sk_json_get(object, field);
	if (array == NULL || array->kind != SK_JSON_ARRAY)
		return refuse_field(fault, field, "a list of names");
	*bits = 0;
	for (const struct sk_json_value *value = array->child; value != NULL; value = value->next) {
		unsigned bit = 0;
		while (bit < count && (value->kind != SK_JSON_TEXT || strcmp(value->text, names[bit]) != 0))
			bit++;
		if (bit == count)
			return refuse_field(fault, field, "only known names");
		*bits |= 1u << bit;
	}
	return SK_OK;
}

static enum sk_err read_rule(const struct sk_json_value *top, struct sk_basis_rule *rule, struct sk_fault *fault)
{
	const struct sk_json_value *object = sk_json_get(top, "rule");
	uint64_t number;
	if (object == NULL || object->kind != SK_JSON_OBJECT)
		return refuse_field(fault, "rule", "an object");
	SK_TRY(read_bits(object, "kinds", kind_names, KIND_COUNT, &rule->kinds, fault));
	SK_TRY(read_number(object, "max_entries", UINT64_MAX, &rule->max_entries, fault));
	SK_TRY(read_number(object, "min_prefix_v4", PREFIX_V4_MAX, &number, fault));
	rule->min_prefix_v4 = (uint8_t)number;
	SK_TRY(read_number(object, "min_prefix_v6", PREFIX_V6_MAX, &number, fault));
	rule->min_prefix_v6 = (uint8_t)number;
	rule->has_exact_set = sk_json_get(object, "exact_set") != NULL;
	if (rule->has_exact_set && sk_json_get_hex(object, "exact_set", rule->exact_set, sizeof rule->exact_set) != SK_OK)
		return refuse_field(fault, "rule.exact_set", "64 hexadecimal digits");
	return SK_OK;
}

static enum sk_err read_thresholds(const struct sk_json_value *object, struct sk_basis_detector *out, struct sk_fault *fault)
{
	if (object->kind != SK_JSON_OBJECT || object->length > SK_BASIS_THRESHOLDS_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "basis: detector '%s': expected an object of at most %d thresholds", out->name, SK_BASIS_THRESHOLDS_MAX);
	for (const struct sk_json_value *value = object->child; value != NULL; value = value->next) {
		struct sk_basis_threshold *threshold = &out->thresholds[out->threshold_count++];
		if (strlen(value->key) >= sizeof threshold->key || sk_json_get_u64(object, value->key, &threshold->value) != SK_OK)
			return sk_fault_set(fault, SK_EMALFORMED, "basis: detector '%s': expected thresholds with keys of at most 31 characters and whole numbers", out->name);
		memcpy(threshold->key, value->key, strlen(value->key) + 1);
	}
	return SK_OK;
}

/* May be absent. */
static enum sk_err read_detectors(const struct sk_json_value *top, struct sk_basis *basis, struct sk_fault *fault)
{
	const struct sk_json_value *object = sk_json_get(top, "detectors");
	if (object == NULL)
		return SK_OK;
	if (object->kind != SK_JSON_OBJECT || object->length == 0 || object->length > SK_BASIS_DETECTORS_MAX)
		return refuse_field(fault, "detectors", "an object of 1 to 64 detectors");
	for (const struct sk_json_value *value = object->child; value != NULL; value = value->next) {
		struct sk_basis_detector *detector = &basis->detectors[basis->detector_count++];
		if (strlen(value->key) >= sizeof detector->name)
			return refuse_field(fault, "detectors", "names of at most 31 characters");
		memcpy(detector->name, value->key, strlen(value->key) + 1);
		SK_TRY(read_thresholds(value, detector, fault));
	}
	return SK_OK;
}

static enum sk_err read_fields(const struct sk_json_value *top, struct sk_basis *basis, struct sk_fault *fault)
{
	const char *class_names[SK_CLASS_COUNT];
	for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		class_names[class_] = sk_class_name((enum sk_class)class_);
	const char *format = sk_json_get_text(top, "format");
	if (format == NULL || strcmp(format, format_name) != 0)
		return refuse_field(fault, "format", "sekisho-basis/1; this note is something else");
	SK_TRY(read_text(top, "id", basis->id, sizeof basis->id, fault));
	SK_TRY(read_text(top, "kind", basis->kind, sizeof basis->kind, fault));
	SK_TRY(read_text(top, "profile", basis->profile, sizeof basis->profile, fault));
	SK_TRY(read_text(top, "role", basis->role, sizeof basis->role, fault));
	SK_TRY(read_bits(top, "classes", class_names, SK_CLASS_COUNT, &basis->classes, fault));
	SK_TRY(read_time(top, "from", &basis->from_ns, fault));
	SK_TRY(read_time(top, "until", &basis->until_ns, fault));
	SK_TRY(read_words(top, "links", basis->links, SK_BASIS_LINKS_MAX, &basis->link_count, fault));
	SK_TRY(read_words(top, "target_acts", basis->target_acts, SK_BASIS_ACTS_MAX, &basis->act_count, fault));
	SK_TRY(read_bool(top, "names", &basis->names, fault));
	SK_TRY(read_bool(top, "self_approved", &basis->self_approved, fault));
	SK_TRY(read_bool(top, "simulated", &basis->simulated, fault));
	SK_TRY(read_rule(top, &basis->rule, fault));
	SK_TRY(read_detectors(top, basis, fault));
	return check_ranges(basis, SK_EMALFORMED, fault);
}

/* Would this basis have been written with these very bytes? */
static enum sk_err check_canonical(const struct sk_basis *basis, const char *body, size_t length, struct sk_fault *fault)
{
	struct sk_buf again;
	sk_buf_init(&again, SK_BASIS_TEXT_MAX);
	write_body(basis, &again);
	enum sk_err err = again.failed;
	size_t same = 0;
	while (err == SK_OK && same < length && same < again.length && memcmp(body + same, again.bytes + same, 1) == 0)
		same++;
	bool equal = err == SK_OK && length == again.length && same == length;
	sk_buf_fini(&again);
	if (err != SK_OK)
		return sk_fault_set(fault, err, "basis: %s", sk_err_text(err));
	if (!equal)
		return sk_fault_set(fault, SK_EMALFORMED, "basis: byte %zu of the body: not the canonical form, or a field that is not known here", same);
	return SK_OK;
}

static enum sk_err decode_body(const char *body, size_t length, struct sk_basis *basis, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	enum sk_err err = sk_json_parse(body, length - 1, &doc, fault); /* all but the last LF; a further LF is no canonical JSON */
	if (err != SK_OK)
		return err == SK_ENOMEM ? err : SK_EMALFORMED;
	err = read_fields(sk_json_top(doc), basis, fault);
	sk_json_free(doc);
	SK_TRY(err);
	return check_canonical(basis, body, length, fault);
}

enum sk_err sk_basis_body_read(const char *body, size_t length, struct sk_basis *out, struct sk_fault *fault)
{
	struct sk_basis basis = {0};
	if (length == 0 || length > SK_BASIS_TEXT_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "basis: %zu bytes, expected 1 to %d", length, SK_BASIS_TEXT_MAX);
	SK_TRY(decode_body(body, length, &basis, fault));
	sk_sha256(body, length, basis.digest);
	*out = basis;
	return SK_OK;
}

enum sk_err sk_basis_decode(const char *text, size_t length, const struct sk_verify_key *key, struct sk_basis *out, struct sk_fault *fault)
{
	if (length > SK_BASIS_TEXT_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "basis: %zu bytes, expected at most %d", length, SK_BASIS_TEXT_MAX);
	struct sk_note note;
	SK_TRY(sk_note_parse(text, length, &note, fault));
	enum sk_err err = sk_note_verify(&note, key);
	if (err == SK_ENOENT)
		return sk_fault_set(fault, SK_ESIGNATURE, "basis: no signature by the key %s (id %08x); expected one under the text", key->name, key->id);
	if (err != SK_OK)
		return sk_fault_set(fault, SK_ESIGNATURE, "basis: the signature by the key %s does not verify; the text was changed after it was signed", key->name);
	return sk_basis_body_read(note.body, note.body_length, out, fault);
}

/* ---- asking ---- */

//= rule: BASIS-2
enum sk_err sk_basis_in_force(const struct sk_basis *basis, int64_t now_ns, struct sk_fault *fault)
{
	char from[SK_TIME_TEXT_MAX], until[SK_TIME_TEXT_MAX], now[SK_TIME_TEXT_MAX];
	if (now_ns >= basis->from_ns && now_ns < basis->until_ns)
		return SK_OK;
	(void)sk_time_format(basis->from_ns, 0, from);
	(void)sk_time_format(basis->until_ns, 0, until);
	(void)sk_time_format(now_ns, 0, now);
	if (now_ns < basis->from_ns)
		return sk_fault_set(fault, SK_EFUTURE, "basis %s: in force from %s to %s, now it is %s; wait, or have one approved that begins earlier", basis->id, from,
				    until, now);
	return sk_fault_set(fault, SK_EEXPIRED, "basis %s: was in force from %s to %s, now it is %s; nothing may be collected until it is renewed", basis->id, from,
			    until, now);
}

//= rule: BASIS-3
enum sk_err sk_basis_covers(const struct sk_basis *basis, const struct sk_set_facts *set, struct sk_fault *fault)
{
	const struct sk_basis_rule *rule = &basis->rule;
	for (unsigned bit = 0; bit < 32; bit++)
		if ((set->kinds & ~rule->kinds & 1u << bit) != 0)
			return sk_fault_set(fault, SK_ESETRULE, "basis %s: the set holds selectors of kind %s, which its rule does not name; remove them or have the rule widened",
					    basis->id, bit < KIND_COUNT ? kind_names[bit] : "unknown");
	if (set->entries > rule->max_entries)
		return sk_fault_set(fault, SK_ESETRULE, "basis %s: the set has %llu entries, its rule allows %llu; import fewer or have the rule widened", basis->id,
				    (unsigned long long)set->entries, (unsigned long long)rule->max_entries);
	if (set->shortest_v4 < rule->min_prefix_v4)
		return sk_fault_set(fault, SK_ESETRULE, "basis %s: the set holds an IPv4 prefix of /%u, its rule allows none shorter than /%u; remove it or split it",
				    basis->id, set->shortest_v4, rule->min_prefix_v4);
	if (set->shortest_v6 < rule->min_prefix_v6)
		return sk_fault_set(fault, SK_ESETRULE, "basis %s: the set holds an IPv6 prefix of /%u, its rule allows none shorter than /%u; remove it or split it",
				    basis->id, set->shortest_v6, rule->min_prefix_v6);
	if (rule->has_exact_set && memcmp(rule->exact_set, set->digest, sizeof rule->exact_set) != 0)
		return sk_fault_set(fault, SK_ESETRULE, "basis %s: the set is not the one set that its rule names by digest; load that set or have this one approved",
				    basis->id);
	return SK_OK;
}
