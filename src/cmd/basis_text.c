/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/basis_text.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/detectors.h"
#include "text/json.h"
#include "text/text.h"

/* "FD,DF" -> bits. */
bool sk_basis_classes_parse(const char *text, uint32_t *out)
{
	uint32_t bits = 0;
	while (*text != '\0') {
		size_t length = strcspn(text, ",");
		int class_ = 0;
		while (class_ < SK_CLASS_COUNT && (strlen(sk_class_name((enum sk_class)class_)) != length || strncmp(text, sk_class_name((enum sk_class)class_), length) != 0))
			class_++;
		if (class_ == SK_CLASS_COUNT)
			return false;
		bits |= SK_CLASS_BIT(class_);
		text += length + (text[length] == ',');
	}
	*out = bits;
	return bits != 0;
}

/* "address,domain" -> bits. */
bool sk_basis_kinds_parse(const char *text, uint32_t *out)
{
	uint32_t bits = 0;
	while (*text != '\0') {
		size_t length = strcspn(text, ",");
		uint32_t kind = 1;
		for (; kind <= SK_SELECTOR_KINDS_ALL; kind <<= 1) {
			const char *name = sk_selector_kind_name((enum sk_selector_kind)kind);
			if (strlen(name) == length && strncmp(text, name, length) == 0)
				break;
		}
		if (kind > SK_SELECTOR_KINDS_ALL)
			return false;
		bits |= kind;
		text += length + (text[length] == ',');
	}
	*out = bits;
	return bits != 0;
}

bool sk_basis_count_parse(const char *text, uint64_t limit, uint64_t *out)
{
	char *end = NULL;
	unsigned long long value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > limit)
		return false;
	*out = value;
	return true;
}

/* Does it run whatever is given by default? */
static size_t default_detectors(const struct sk_basis *basis)
{
	size_t rows, wanted = 0, there = 0;
	const struct sk_detector_row *row = sk_policy_detectors(&rows);
	for (size_t i = 0; i < rows; i++) {
		wanted += row[i].given == SK_GIVEN_DEFAULT;
		for (size_t j = 0; j < basis->detector_count; j++)
			there += row[i].given == SK_GIVEN_DEFAULT && strcmp(row[i].name, basis->detectors[j].name) == 0;
	}
	return there == wanted ? there : 0;
}

/* "beacon (visits 12)": thresholds that are not what the program would take by itself. True when there are any. */
static bool detector_text(const struct sk_basis_detector *detector, char *text, size_t size)
{
	size_t count, used = (size_t)snprintf(text, size, "%s", detector->name);
	const struct sk_threshold *known = sk_detectors_thresholds(detector->name, &count);
	bool changed = false;
	for (size_t j = 0; j < detector->threshold_count; j++)
		for (size_t k = 0; k < count && used < size; k++)
			if (strcmp(known[k].key, detector->thresholds[j].key) == 0 && known[k].fallback != detector->thresholds[j].value) {
				used += (size_t)snprintf(text + used, size - used, " (%s %llu)", detector->thresholds[j].key, (unsigned long long)detector->thresholds[j].value);
				changed = true;
			}
	return changed;
}

/* The default set in one word, others by name. */
static void print_detectors(FILE *out, const struct sk_basis *basis)
{
	enum { WIDTH = 100 };
	char text[512];
	size_t given = default_detectors(basis);
	int column = fprintf(out, "detectors ");
	if (given != 0)
		column += fprintf(out, " default (%zu: sekisho detectors list)", given);
	for (size_t i = 0; i < basis->detector_count; i++) {
		bool changed = detector_text(&basis->detectors[i], text, sizeof text);
		if (given != 0 && !changed && sk_policy_detector(basis->detectors[i].name)->given == SK_GIVEN_DEFAULT)
			continue;
		if (column + (int)strlen(text) > WIDTH)
			column = fprintf(out, "\n          ");
		column += fprintf(out, " %s", text);
	}
	(void)fprintf(out, "%s\n", basis->detector_count == 0 ? " none" : "");
}

void sk_basis_print(FILE *out, const struct sk_basis *basis)
{
	char from[SK_TIME_TEXT_MAX], until[SK_TIME_TEXT_MAX], number[SK_UNIT_TEXT_MAX];
	(void)fprintf(out, "basis      %s (%s, profile %s, role %s)%s%s\n", basis->id, basis->kind, basis->profile, basis->role,
		      basis->self_approved ? ", SELF-APPROVED" : "", basis->simulated ? ", SIMULATED" : "");
	(void)fprintf(out, "in force   %s to %s\nclasses   ", sk_time_format(basis->from_ns, 0, from), sk_time_format(basis->until_ns, 0, until));
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if ((basis->classes & SK_CLASS_BIT(class_)) != 0)
			(void)fprintf(out, " %s", sk_class_name((enum sk_class)class_));
	(void)fprintf(out, "\nselectors ");
	for (uint32_t kind = 1; kind <= SK_SELECTOR_KINDS_ALL; kind <<= 1)
		if ((basis->rule.kinds & kind) != 0)
			(void)fprintf(out, " %s", sk_selector_kind_name((enum sk_selector_kind)kind));
	(void)fprintf(out, ", at most %s, prefixes no shorter than /%u and /%u%s\n", sk_number_format(basis->rule.max_entries, number), basis->rule.min_prefix_v4,
		      basis->rule.min_prefix_v6, basis->rule.has_exact_set ? ", one exact set only" : "");
	print_detectors(out, basis);
	(void)fprintf(out, "names      %s\n", basis->names ? "full names are kept for selected flows" : "reduced to the matched or registered domain");
}

void sk_basis_print_json(struct sk_cmd *cmd, const struct sk_basis *basis, const char *workspace)
{
	struct sk_buf text;
	struct sk_json_writer json;
	char when[SK_TIME_TEXT_MAX];
	sk_buf_init(&text, SK_BASIS_TEXT_MAX);
	sk_json_begin(&json, &text, false);
	sk_json_object(&json, NULL);
	sk_json_text(&json, "workspace", workspace);
	sk_json_text(&json, "id", basis->id);
	sk_json_text(&json, "kind", basis->kind);
	sk_json_text(&json, "profile", basis->profile);
	sk_json_text(&json, "role", basis->role);
	sk_json_text(&json, "from", sk_time_format(basis->from_ns, 0, when));
	sk_json_text(&json, "until", sk_time_format(basis->until_ns, 0, when));
	sk_json_array(&json, "classes");
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if ((basis->classes & SK_CLASS_BIT(class_)) != 0)
			sk_json_text(&json, NULL, sk_class_name((enum sk_class)class_));
	sk_json_end(&json);
	sk_json_array(&json, "selector_kinds");
	for (uint32_t kind = 1; kind <= SK_SELECTOR_KINDS_ALL; kind <<= 1)
		if ((basis->rule.kinds & kind) != 0)
			sk_json_text(&json, NULL, sk_selector_kind_name((enum sk_selector_kind)kind));
	sk_json_end(&json);
	sk_json_object(&json, "detectors");
	for (size_t i = 0; i < basis->detector_count; i++) {
		sk_json_object(&json, basis->detectors[i].name);
		for (size_t j = 0; j < basis->detectors[i].threshold_count; j++)
			sk_json_u64(&json, basis->detectors[i].thresholds[j].key, basis->detectors[i].thresholds[j].value);
		sk_json_end(&json);
	}
	sk_json_end(&json);
	sk_json_u64(&json, "max_entries", basis->rule.max_entries);
	sk_json_bool(&json, "self_approved", basis->self_approved);
	sk_json_bool(&json, "simulated", basis->simulated);
	sk_json_hex(&json, "digest", basis->digest, sizeof basis->digest);
	sk_json_end(&json);
	(void)fprintf(cmd->out, "%s\n", sk_buf_text(&text));
	sk_buf_fini(&text);
}
