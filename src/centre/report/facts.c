/* SPDX-License-Identifier: Apache-2.0 */
#include "report/facts.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "text/text.h"

/* Members ascending by key, as canonical JSON has them. */
enum kind { TEXT, BOOL, NUMBER, REGIMES, RECIPIENTS, HASH };
static const struct {
	const char *key;
	enum kind kind;
	size_t at, size;
} members[] = {
#define ROW(key, kind, member) {key, kind, offsetof(struct sk_report_facts, member), sizeof(((struct sk_report_facts *)0)->member)}
    ROW("about", TEXT, about),           ROW("aware_ns", NUMBER, aware_ns),     ROW("by", TEXT, by),
    ROW("case", TEXT, case_id),          ROW("detected_ns", NUMBER, detected_ns), ROW("deviation", BOOL, deviation),
    ROW("event", TEXT, event),           ROW("form", TEXT, form),               ROW("hash", HASH, hash),
    ROW("malicious", BOOL, malicious),   ROW("name", TEXT, name),               ROW("org", TEXT, org),
    ROW("paid_ns", NUMBER, paid_ns),     ROW("personal", BOOL, personal),       ROW("recipients", RECIPIENTS, recipients),
    ROW("regimes", REGIMES, regimes),    ROW("restricted", TEXT, restricted),   ROW("sector", TEXT, sector),
    ROW("share_ally", BOOL, share_ally), ROW("share_nco", BOOL, share_nco),     ROW("share_npa", BOOL, share_npa),
    ROW("size", NUMBER, size),           ROW("title", TEXT, title),             ROW("tlp", TEXT, tlp),
    ROW("trigger", TEXT, trigger),
#undef ROW
};

static void write_list(struct sk_json_writer *w, const char *key, const char (*list)[SK_REPORT_WORD_MAX_], size_t count)
{
	sk_json_array(w, key);
	for (size_t i = 0; i < count; i++)
		sk_json_text(w, NULL, list[i]);
	sk_json_end(w);
}

void sk_report_facts_write(const struct sk_report_facts *facts, struct sk_buf *out)
{
	struct sk_json_writer w;
	int64_t number;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	for (size_t i = 0; i < SK_COUNT(members); i++) {
		const char *at = (const char *)facts + members[i].at;
		switch (members[i].kind) {
		case TEXT: sk_json_text(&w, members[i].key, at); break;
		case BOOL: sk_json_bool(&w, members[i].key, *(const bool *)at); break;
		case NUMBER:
			memcpy(&number, at, sizeof number);
			sk_json_i64(&w, members[i].key, number);
			break;
		case REGIMES: write_list(&w, members[i].key, facts->regimes, facts->regime_count); break;
		case RECIPIENTS: write_list(&w, members[i].key, facts->recipients, facts->recipient_count); break;
		case HASH: sk_json_hex(&w, members[i].key, at, SK_HASH_BYTES); break;
		}
	}
	sk_json_end(&w);
}

static bool read_list(const struct sk_json_value *list, char (*out)[SK_REPORT_WORD_MAX_], size_t max, size_t *count)
{
	*count = 0;
	if (list == NULL || list->kind != SK_JSON_ARRAY || list->length > max)
		return false;
	for (const struct sk_json_value *item = list->child; item != NULL; item = item->next) {
		if (item->kind != SK_JSON_TEXT || item->length >= SK_REPORT_WORD_MAX_)
			return false;
		memcpy(out[(*count)++], item->text, item->length + 1);
	}
	return true;
}

static bool read_member(const struct sk_json_value *value, size_t i, struct sk_report_facts *out)
{
	char *at = (char *)out + members[i].at;
	switch (members[i].kind) {
	case TEXT:
		if (value->kind != SK_JSON_TEXT || value->length >= members[i].size)
			return false;
		memcpy(at, value->text, value->length + 1);
		return true;
	case BOOL: *(bool *)at = value->integer != 0; return value->kind == SK_JSON_BOOL;
	case REGIMES: return read_list(value, out->regimes, SK_REPORT_REGIMES_MAX, &out->regime_count);
	case RECIPIENTS: return read_list(value, out->recipients, SK_REPORT_RECIPIENTS_MAX, &out->recipient_count);
	default: return true;
	}
}

enum sk_err sk_report_facts_read(const void *bytes, size_t length, struct sk_report_facts *out, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	int64_t number;
	memset(out, 0, sizeof *out);
	SK_TRY(sk_json_parse(bytes, length, &doc, fault));
	const struct sk_json_value *top = sk_json_top(doc);
	bool good = top->kind == SK_JSON_OBJECT && top->length == SK_COUNT(members);
	const struct sk_json_value *value = good ? top->child : NULL;
	for (size_t i = 0; good && i < SK_COUNT(members); i++, value = value->next) {
		good = strcmp(value->key, members[i].key) == 0 && read_member(value, i, out);
		if (good && members[i].kind == NUMBER) {
			good = sk_json_get_i64(top, members[i].key, &number) == SK_OK;
			memcpy((char *)out + members[i].at, &number, sizeof number);
		} else if (good && members[i].kind == HASH) {
			good = sk_json_get_hex(top, members[i].key, out->hash, SK_HASH_BYTES) == SK_OK;
		}
	}
	sk_json_free(doc);
	return good ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "report: the facts of an entry are not in their form");
}

/* ---- out of a document ---- */

static enum sk_err copy(const char *name, const char *path, const char *text, char *out, size_t size, struct sk_fault *fault)
{
	if (strlen(text) >= size)
		return sk_fault_set(fault, SK_EINPUT, "%s: %s: at most %zu bytes are taken here", name, path, size - 1);
	memcpy(out, text, strlen(text) + 1);
	return SK_OK;
}

static enum sk_err copy_list(const char *name, const struct sk_json_value *top, const char *path, char (*out)[SK_REPORT_WORD_MAX_], size_t max, size_t *count, struct sk_fault *fault)
{
	const struct sk_json_value *list = sk_report_at(top, path, true);
	if (list == NULL)
		return SK_OK;
	if (!read_list(list, out, max, count))
		return sk_fault_set(fault, SK_EINPUT, "%s: %s: at most %zu words are taken", name, path, max);
	for (size_t i = 0; i < *count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(out[i], out[j]) == 0)
				return sk_fault_set(fault, SK_EINPUT, "%s: %s[%zu]: '%s' stands there twice", name, path, i, out[i]);
	return SK_OK;
}

static int64_t earliest(const struct sk_json_value *top, const char *path)
{
	int64_t first, last;
	return sk_report_times(sk_report_at(top, path, true), &first, &last) ? first : 0;
}

enum sk_err sk_report_facts_of(const char *name, const struct sk_report_document *document, struct sk_report_facts *out, struct sk_fault *fault)
{
	const struct sk_json_value *top = document->top;
	const char *about = sk_report_text(top, "org.id"), *form = sk_report_text(top, "form_kind");
	memset(out, 0, sizeof *out);
	if (about[0] == '\0')
		about = sk_report_text(top, "org.name");
	SK_TRY(copy(name, "report_stage", sk_report_text(top, "report_stage"), out->event, sizeof out->event, fault));
	SK_TRY(copy(name, "form_kind", form, out->form, sizeof out->form, fault));
	SK_TRY(copy(name, "org.id", about, out->about, sizeof out->about, fault));
	SK_TRY(copy(name, "tlp", sk_report_text(top, "tlp"), out->tlp, sizeof out->tlp, fault));
	SK_TRY(copy(name, "handling_opinion.restrict", sk_report_text(top, "handling_opinion.restrict"), out->restricted, sizeof out->restricted, fault));
	SK_TRY(copy(name, "org.sector", sk_report_text(top, "org.sector"), out->sector, sizeof out->sector, fault));
	SK_TRY(copy(name, "report_trigger", sk_report_text(top, "report_trigger"), out->trigger, sizeof out->trigger, fault));
	SK_TRY(copy_list(name, top, "regime", out->regimes, SK_REPORT_REGIMES_MAX, &out->regime_count, fault));
	SK_TRY(copy_list(name, top, "recipients", out->recipients, SK_REPORT_RECIPIENTS_MAX, &out->recipient_count, fault));
	(void)snprintf(out->title, sizeof out->title, "%.140s: %s", sk_report_text(top, "org.name"), sk_report_label(SK_REPORT_S_FORM, form, false));
	/* A title cut within a letter is cut before it. */
	for (size_t length = strlen(out->title); length > 0 && !sk_utf8_valid(out->title, length); length--)
		out->title[length - 1] = '\0';
	out->share_nco = sk_report_flag(top, "consent_share_nco");
	out->share_npa = sk_report_flag(top, "consent_share_npa");
	out->share_ally = sk_report_flag(top, "consent_share_ally");
	out->malicious = strcmp(sk_report_text(top, "malicious_suspected"), "yes") == 0;
	out->deviation = strcmp(sk_report_text(top, "service_level_deviation"), "yes") == 0;
	out->personal = strcmp(sk_report_text(top, "personal_data.involved"), "yes") == 0;
	out->aware_ns = earliest(top, "aware_at");
	out->detected_ns = earliest(top, "detected_at");
	if (strcmp(sk_report_text(top, "ransom.payment.made"), "yes") == 0)
		out->paid_ns = earliest(top, "ransom.payment.at") != 0 ? earliest(top, "ransom.payment.at") : out->aware_ns;
	return SK_OK;
}
