/* SPDX-License-Identifier: Apache-2.0 */
/* The schema against LAW.md 4.2, and documents: one canonical form, whatever the layout; every type taken and refused. rule: FORM-1 FORM-2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/facts.h"

/* Names of LAW.md 4.2, written here a second time (of structures their members). */
static const char *const law[] = {
    "report_id", "case_id", "regime", "form_kind", "report_stage", "version", "supersedes", "submitted_at", "recipients", "also_reported_to", "consent_share_nco", "consent_share_ally", "tlp",
    "handling_opinion", "org", "org.name", "org.id", "org.address", "org.sector", "org.designation", "contact", "contact.role", "contact.phone", "contact.mail", "contact.day_and_night", "agent_of",
    "is_ci_operator", "service_level_deviation", "service_affected", "users_affected", "area", "started_at", "ended_at", "occurred_at", "detected_at", "aware_at", "detection_source", "status",
    "summary", "timeline", "timeline.ts", "timeline.text", "affected_assets", "affected_assets.asset_id", "affected_assets.class", "affected_assets.product", "affected_assets.maker",
    "affected_assets.version", "affected_assets.function", "affected_assets.is_registered", "impact", "impact.confidentiality", "impact.integrity", "impact.availability", "impact.safety",
    "data_types", "personal_data", "personal_data.involved", "personal_data.count_range", "financial_loss_range", "cross_border", "knock_on_sectors", "malicious_suspected", "attribution_hint",
    "attribution_hint.actor", "attribution_hint.confidence", "attribution_hint.basis", "intrusion_vector", "cve", "weakness", "defences_in_place", "ttp", "iocs", "iocs.type", "iocs.value",
    "iocs.first", "iocs.last", "iocs.context", "logs_preserved", "logs_preserved.kind", "logs_preserved.range", "logs_preserved.hash", "samples", "ransom", "ransom.note_text", "ransom.image_hash",
    "ransom.extension", "ransom.family", "ransom.kind", "ransom.demand", "ransom.demand.amount", "ransom.demand.currency", "ransom.payment", "ransom.payment.made", "ransom.payment.at",
    "ransom.payment.amount", "ransom.payment.address", "ransom.payment.instruction", "ransom.negotiator", "backup_state", "recovery_eta", "recovered_at", "ddos", "ddos.kind", "ddos.peak_bps",
    "ddos.peak_pps", "ddos.duration", "ddos.vectors", "ddos.source_asn_top", "ddos.amplifier_list_hash", "ddos.mitigation", "ddos.target_url_ip", "response_actions", "response_actions.ts",
    "response_actions.action", "response_actions.by", "third_party_helpers", "law_enforcement_ref", "public_disclosure_at", "recurrence_prevention", "root_cause", "lessons", "report_trigger",
    "reporter_uncertainty_notes", "evidence_bundle_hash", "ledger_receipt",
};
/* Ours beside them. */
static const char *const own[] = {"consent_share_npa", "handling_opinion.restrict", "handling_opinion.text", "financial_loss_range.amount", "financial_loss_range.currency"};

static void test_schema(void **state)
{
	(void)state;
	const struct sk_report_field *field;
	unsigned items = 0;
	size_t count = 0;
	for (size_t i = 0; i < SK_COUNT(law) + SK_COUNT(own); i++) {
		const char *path = i < SK_COUNT(law) ? law[i] : own[i - SK_COUNT(law)];
		bool found = false;
		for (size_t f = 0; (field = sk_report_field_at(f)) != NULL; f++)
			found = found || strcmp(field->path, path) == 0;
		if (!found)
			print_error("%s is not in the table\n", path);
		assert_true(found);
	}
	for (; (field = sk_report_field_at(count)) != NULL; count++) {
		items |= field->item != 0 ? 1u << field->item : 0;
		assert_true(field->forms != 0 && (field->forms & ~(unsigned)SK_REPORT_FORM_ALL) == 0 && field->item <= 7 && field->label_ja[0] != '\0' && field->help_ja[0] != '\0');
		assert_true((field->set != SK_REPORT_S_NONE) == (field->type == SK_REPORT_ENUM || field->type == SK_REPORT_ENUMS));
		assert_true(field->need != SK_REPORT_FINAL || field->item != 0);
		for (size_t other = 0; other < count; other++)
			assert_string_not_equal(sk_report_field_at(other)->path, field->path);
	}
	assert_int_equal(count, SK_COUNT(law) + SK_COUNT(own));
	assert_int_equal(items, 0xfe); /* each of the seven has a field */
}

static enum sk_err read(const char *text, struct sk_report_document *document)
{
	struct sk_fault fault = {.line = ""};
	enum sk_err err = sk_report_read("f", text, strlen(text), document, &fault);
	if (err != SK_OK)
		assert_true(err == SK_EINPUT && strncmp(fault.line, "f: ", 3) == 0);
	return err;
}

#define HEAD "\"form_kind\":\"other\",\"report_stage\":\"initial\",\"org\":{\"name\":\"A\"},\"contact\":{\"role\":\"unknown\"},\"aware_at\":\"2026-11-22T00:00:00Z\""

static bool good(const char *members)
{
	struct sk_report_document document;
	char text[4096];
	(void)snprintf(text, sizeof text, "{" HEAD "%s%s}", members[0] != '\0' ? "," : "", members);
	bool taken = read(text, &document) == SK_OK;
	if (taken)
		sk_report_document_fini(&document);
	return taken;
}

static void test_values(void **state)
{
	(void)state;
	static const char *const fine[] = {
	    "", "\"users_affected\":5", "\"users_affected\":{\"min\":1}", "\"users_affected\":{\"max\":0}", "\"occurred_at\":\"2026-11-22T06:00Z\"", "\"users_affected\":{\"min\":0,\"max\":9007199254740991}", "\"area\":\"unknown\"", "\"occurred_at\":\"2026-11-22\"", "\"occurred_at\":\"2026-11-22T09:00:00+09:00\"",
	    "\"occurred_at\":{\"latest\":\"2026-11-22\",\"earliest\":\"2026-11-20\"}", "\"ttp\":[\"T1486\",\"T1498.001\"]", "\"cve\":[]", "\"cve\":\"unknown\"", "\"summary\":\"a\\nb\\tc\"",
	    "\"financial_loss_range\":{\"amount\":7,\"currency\":\"JPY\"}", "\"regime\":[\"nis2\"]", "\"consent_share_npa\":true", "\"impact\":\"unknown\"", "\"affected_assets\":[{}]",
	};
	static const char *const wrong[] = {
	    "\"users_affected\":5.0", "\"users_affected\":9007199254740992", "\"users_affected\":99999999999999999999", "\"users_affected\":{}", "\"users_affected\":{\"min\":1,\"most\":2}", "\"area\":\"\"", "\"area\":\"a\\nb\"", "\"area\":null",
	    "\"occurred_at\":\"2026-13-01\"", "\"occurred_at\":\"2026-11-22T25:00Z\"", "\"occurred_at\":{\"earliest\":\"2026-11-20\"}", "\"ttp\":[\"T148\"]", "\"ttp\":[\"unknown\"]", "\"ttp\":\"T1486\"", "\"cve\":[\"cve-2026-1234\"]", "\"regime\":[\"NIS2\"]", "\"regime\":[\"nis2\",1]",
	    "\"consent_share_npa\":\"unknown\"", "\"financial_loss_range\":{\"amount\":7}", "\"financial_loss_range\":{\"amount\":7,\"currency\":\"jpy\"}", "\"affected_assets\":[[]]", "\"affected_assets\":{}",
	    "\"area\":\"x\",\"area\":\"x\"", "\"org\":{\"name\":\"B\"}", "\"ransom\":{}", "\"area\":\"\\u0000\"", "\"org.name\":\"x\"", "\"\":1", "\"submitted_at\":\"2026-11-22\"",
	};
	for (size_t i = 0; i < SK_COUNT(fine); i++) {
		if (!good(fine[i]))
			print_error("refused: %s\n", fine[i]);
		assert_true(good(fine[i]));
	}
	for (size_t i = 0; i < SK_COUNT(wrong); i++) {
		if (good(wrong[i]))
			print_error("taken: %s\n", wrong[i]);
		assert_false(good(wrong[i]));
	}
	static const char *const no_json[] = {"", "{", "[]", "1", "{'a':1}", "{\"a\":1}x", "{/**/}", "\xff", "{\"a\":NaN}"};
	for (size_t i = 0; i < SK_COUNT(no_json); i++) {
		struct sk_report_document document;
		assert_int_equal(read(no_json[i], &document), SK_EINPUT);
	}
}

/* Whatever order and layout, one form is kept; and it is taken again as it stands. */
static void test_canonical(void **state)
{
	(void)state;
	struct sk_report_document a, b, c;
	struct sk_fault fault;
	assert_int_equal(read("{" HEAD ",\"ttp\":[\"T1486\"],\"area\":\"x\"}", &a), SK_OK);
	assert_int_equal(read("{ \"area\" : \"x\",\n" HEAD ", \"ttp\":[\"T1486\"] }", &b), SK_OK);
	assert_string_equal(sk_buf_text(&a.text), sk_buf_text(&b.text));
	assert_int_equal(read(sk_buf_text(&a.text), &c), SK_OK);
	assert_string_equal(sk_buf_text(&a.text), sk_buf_text(&c.text));
	sk_report_document_fini(&b);
	sk_report_document_fini(&c);
	assert_int_equal(sk_report_take(a.text.bytes, a.text.length, &b, &fault), SK_OK);
	assert_string_equal(sk_report_text(b.top, "area"), "x");
	assert_null(sk_report_at(b.top, "contact.role", true));
	assert_non_null(sk_report_at(b.top, "contact.role", false));
	assert_string_equal(sk_report_text(b.top, "nothing.there"), "");
	sk_report_document_fini(&a);
	sk_report_document_fini(&b);
	/* the API's wrapper */
	assert_int_equal(read("{\"id\":\"r-1\",\"stage\":\"initial\",\"fields\":{\"form_kind\":\"other\",\"org\":{\"name\":\"A\"},\"contact\":{\"role\":\"x\"},\"aware_at\":\"2026-11-22\"}}", &a), SK_OK);
	assert_string_equal(sk_report_text(a.top, "report_id"), "r-1");
	sk_report_document_fini(&a);
	assert_int_equal(read("{\"stage\":\"final\",\"fields\":{" HEAD "}}", &a), SK_EINPUT);
	assert_int_equal(read("{\"stage\":\"initial\",\"fields\":{" HEAD "}}", &a), SK_OK);
	sk_report_document_fini(&a);
	assert_int_equal(read("{\"stage\":\"initial\",\"more\":1,\"fields\":{" HEAD "}}", &a), SK_EINPUT);
	assert_int_equal(read("{\"stage\":\"initial\",\"stage\":\"initial\",\"fields\":{" HEAD "}}", &a), SK_EINPUT);
}

static void test_facts(void **state)
{
	(void)state;
	struct sk_report_document document;
	struct sk_report_facts facts, again;
	struct sk_fault fault;
	struct sk_buf text;
	assert_int_equal(read("{\"form_kind\":\"ransomware\",\"report_stage\":\"initial\",\"org\":{\"name\":\"\xe9\x9b\xbb\xe5\x8a\x9b\",\"sector\":\"power\"},\"contact\":{\"role\":\"x\"},\"aware_at\":{\"earliest\":\"2026-11-20T00:00:00Z\",\"latest\":\"2026-11-22\"},"
			      "\"regime\":[\"nis2\",\"jp_act_art5\"],\"recipients\":[\"meti\"],\"consent_share_npa\":true,\"tlp\":\"red\",\"handling_opinion\":{\"restrict\":\"no_statistics\"},"
			      "\"malicious_suspected\":\"yes\",\"ransom\":{\"payment\":{\"made\":\"yes\",\"at\":\"2026-11-23T00:00:00Z\"}}}", &document), SK_OK);
	assert_int_equal(sk_report_facts_of("f", &document, &facts, &fault), SK_OK);
	assert_true(facts.regime_count == 2 && facts.recipient_count == 1 && facts.share_npa && !facts.share_nco && facts.malicious && !facts.deviation && facts.paid_ns > facts.aware_ns);
	assert_string_equal(facts.about, "\xe9\x9b\xbb\xe5\x8a\x9b");
	assert_string_equal(facts.restricted, "no_statistics");
	sk_buf_init(&text, SK_REPORT_FACTS_MAX);
	sk_report_facts_write(&facts, &text);
	assert_int_equal(sk_report_facts_read(text.bytes, text.length, &again, &fault), SK_OK);
	assert_memory_equal(&facts, &again, sizeof facts);
	for (size_t cut = 0; cut < text.length; cut++)
		assert_int_equal(sk_report_facts_read(text.bytes, cut, &again, &fault), SK_EMALFORMED);
	sk_buf_fini(&text);
	sk_report_document_fini(&document);
}

/* A template of each form is a report once the four that must be known are. */
static void test_template(void **state)
{
	(void)state;
	static const unsigned forms[] = {SK_REPORT_FORM_D, SK_REPORT_FORM_R, SK_REPORT_FORM_O};
	for (size_t i = 0; i < SK_COUNT(forms); i++) {
		struct sk_report_document document;
		struct sk_buf text;
		sk_buf_init(&text, SK_REPORT_FILE_MAX);
		sk_report_template(forms[i], "initial", &text);
		assert_int_equal(read(sk_buf_text(&text), &document), SK_EINPUT);
		sk_buf_fini(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_schema), cmocka_unit_test(test_values), cmocka_unit_test(test_canonical), cmocka_unit_test(test_facts), cmocka_unit_test(test_template)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
