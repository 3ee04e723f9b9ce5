/* SPDX-License-Identifier: Apache-2.0 */
/* A STIX 2.1 bundle (OASIS, June 2021): the reporting organisation, the incident, and what it names: techniques, vulnerabilities, indicators, the ransom program. Ids are made of the report's id, so that a second
   export names the same things. */
#include <stdio.h>
#include <string.h>

#include "report/export_priv.h"
#include "seal/seal.h"
#include "text/text.h"

enum { STIX_ID_MAX = 96, PATTERN_MAX = 2048 };

/* STIX 2.1, 7.2.1.4: the four markings of TLP 1.0 have ids of their own. TLP 2.0 has no others there, so AMBER+STRICT is marked RED: never less than was asked for. */
static const char *marking(const char *tlp)
{
	if (strcmp(tlp, "clear") == 0)
		return "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9";
	if (strcmp(tlp, "green") == 0)
		return "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da";
	if (strcmp(tlp, "red") == 0 || strcmp(tlp, "amber_strict") == 0)
		return "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed";
	return "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82";
}

static const char *id_of(const struct sk_report_copy *copy, const char *type, const char *name, char id[STIX_ID_MAX])
{
	uint8_t hash[SK_HASH_BYTES];
	char hex[2 * SK_HASH_BYTES + 1];
	struct sk_buf key;
	sk_buf_init(&key, SK_REPORT_TEXT_MAX);
	sk_buf_addf(&key, "%s %s %s", type, copy->id, name);
	sk_sha256(key.bytes, key.length, hash);
	sk_buf_fini(&key);
	hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x40);
	hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
	sk_hex_encode(hash, sizeof hash, hex);
	(void)snprintf(id, STIX_ID_MAX, "%s--%.8s-%.4s-%.4s-%.4s-%.12s", type, hex, hex + 8, hex + 12, hex + 16, hex + 20);
	return id;
}

struct bundle {
	const struct sk_report_copy *copy;
	struct sk_json_writer w;
	char identity[STIX_ID_MAX], incident[STIX_ID_MAX];
};

/* What every object has. */
static void begin(struct bundle *b, const char *type, const char *id)
{
	char time[SK_TIME_TEXT_MAX];
	sk_json_object(&b->w, NULL);
	sk_json_text(&b->w, "type", type);
	sk_json_text(&b->w, "spec_version", "2.1");
	sk_json_text(&b->w, "id", id);
	if (strcmp(type, "identity") != 0)
		sk_json_text(&b->w, "created_by_ref", b->identity);
	sk_json_text(&b->w, "created", sk_time_format(b->copy->first_ns, 3, time));
	sk_json_text(&b->w, "modified", sk_time_format(b->copy->at_ns, 3, time));
	sk_json_array(&b->w, "object_marking_refs");
	sk_json_text(&b->w, NULL, marking(b->copy->facts->tlp));
	sk_json_end(&b->w);
}

static void relate(struct bundle *b, const char *source)
{
	char id[STIX_ID_MAX];
	begin(b, "relationship", id_of(b->copy, "relationship", source, id));
	sk_json_text(&b->w, "relationship_type", "related-to");
	sk_json_text(&b->w, "source_ref", source);
	sk_json_text(&b->w, "target_ref", b->incident);
	sk_json_end(&b->w);
}

/* A thing that is known under a number elsewhere. */
static void add_known(struct bundle *b, const char *type, const char *source, const char *name)
{
	char id[STIX_ID_MAX];
	begin(b, type, id_of(b->copy, type, name, id));
	sk_json_text(&b->w, "name", name);
	sk_json_array(&b->w, "external_references");
	sk_json_object(&b->w, NULL);
	sk_json_text(&b->w, "source_name", source);
	sk_json_text(&b->w, "external_id", name);
	sk_json_end(&b->w);
	sk_json_end(&b->w);
	sk_json_end(&b->w);
	relate(b, id);
}

static void add_list(struct bundle *b, const char *path, const char *type, const char *source)
{
	const struct sk_json_value *list = sk_report_at(b->copy->top, path, true);
	for (const struct sk_json_value *item = list != NULL && list->kind == SK_JSON_ARRAY ? list->child : NULL; item != NULL; item = item->next)
		if (item->kind == SK_JSON_TEXT && strcmp(item->text, "unknown") != 0)
			add_known(b, type, source, item->text);
}

/* STIX patterning: a text in quotes, quote and backslash escaped. False: this kind has no pattern. */
static bool pattern_of(const char *type, const char *value, struct sk_buf *out)
{
	static const struct { const char *type, *object; } kinds[] = {
	    {"ipv4", "ipv4-addr:value"}, {"ipv6", "ipv6-addr:value"},            {"domain", "domain-name:value"},        {"url", "url:value"},       {"mail", "email-addr:value"},
	    {"sha256", "file:hashes.'SHA-256'"}, {"sha1", "file:hashes.'SHA-1'"}, {"md5", "file:hashes.MD5"}, {"file_name", "file:name"},
	};
	for (size_t i = 0; i < SK_COUNT(kinds); i++) {
		if (strcmp(kinds[i].type, type) != 0)
			continue;
		sk_buf_addf(out, "[%s = '", kinds[i].object);
		for (const char *at = value; *at != '\0'; at++) {
			if (*at == '\'' || *at == '\\')
				sk_buf_add_u8(out, '\\');
			sk_buf_add_u8(out, (uint8_t)*at);
		}
		sk_buf_add_text(out, "']");
		return out->failed == SK_OK;
	}
	return false;
}

static void add_indicator(struct bundle *b, const struct sk_json_value *item)
{
	const char *type = sk_json_get_text(item, "type"), *value = sk_json_get_text(item, "value"), *context = sk_json_get_text(item, "context");
	char id[STIX_ID_MAX], time[SK_TIME_TEXT_MAX];
	struct sk_buf pattern;
	int64_t first = b->copy->at_ns, ignored;
	if (type == NULL || value == NULL || strcmp(value, "unknown") == 0)
		return;
	sk_buf_init(&pattern, PATTERN_MAX);
	if (pattern_of(type, value, &pattern)) {
		(void)sk_report_times(sk_json_get(item, "first"), &first, &ignored);
		begin(b, "indicator", id_of(b->copy, "indicator", sk_buf_text(&pattern), id));
		sk_json_text(&b->w, "name", value);
		if (context != NULL)
			sk_json_text(&b->w, "description", context);
		sk_json_text(&b->w, "pattern", sk_buf_text(&pattern));
		sk_json_text(&b->w, "pattern_type", "stix");
		sk_json_text(&b->w, "valid_from", sk_time_format(first, 3, time));
		sk_json_end(&b->w);
		relate(b, id);
	}
	sk_buf_fini(&pattern);
}

static void add_ransom(struct bundle *b)
{
	const char *family = sk_report_text(b->copy->top, "ransom.family");
	char id[STIX_ID_MAX];
	if (family[0] == '\0')
		return;
	begin(b, "malware", id_of(b->copy, "malware", family, id));
	sk_json_text(&b->w, "name", family);
	sk_json_array(&b->w, "malware_types");
	sk_json_text(&b->w, NULL, "ransomware");
	sk_json_end(&b->w);
	sk_json_bool(&b->w, "is_family", true);
	sk_json_end(&b->w);
	relate(b, id);
}

void sk_report_stix(const struct sk_report_copy *copy, struct sk_buf *out)
{
	struct bundle b = {.copy = copy};
	char id[STIX_ID_MAX], name[SK_MATTER_ID_MAX + 32];
	const char *summary = sk_report_text(copy->top, "summary");
	const struct sk_json_value *iocs = sk_report_at(copy->top, "iocs", true);
	(void)id_of(copy, "identity", copy->facts->about, b.identity);
	(void)id_of(copy, "incident", "", b.incident);
	sk_json_begin(&b.w, out, false);
	sk_json_object(&b.w, NULL);
	sk_json_text(&b.w, "type", "bundle");
	(void)snprintf(name, sizeof name, "%llu", (unsigned long long)copy->version);
	sk_json_text(&b.w, "id", id_of(copy, "bundle", name, id));
	sk_json_array(&b.w, "objects");
	begin(&b, "identity", b.identity);
	sk_json_text(&b.w, "name", sk_report_text(copy->top, "org.name"));
	sk_json_text(&b.w, "identity_class", "organization");
	sk_json_end(&b.w);
	begin(&b, "incident", b.incident);
	sk_json_text(&b.w, "name", copy->facts->title);
	if (summary[0] != '\0')
		sk_json_text(&b.w, "description", summary);
	(void)snprintf(name, sizeof name, "%s", copy->case_id[0] != '\0' ? copy->case_id : copy->id);
	sk_json_array(&b.w, "external_references");
	sk_json_object(&b.w, NULL);
	sk_json_text(&b.w, "source_name", copy->origin);
	sk_json_text(&b.w, "external_id", name);
	sk_json_end(&b.w);
	sk_json_end(&b.w);
	sk_json_end(&b.w);
	add_list(&b, "ttp", "attack-pattern", "mitre-attack");
	add_list(&b, "cve", "vulnerability", "cve");
	for (const struct sk_json_value *item = iocs != NULL && iocs->kind == SK_JSON_ARRAY ? iocs->child : NULL; item != NULL; item = item->next)
		add_indicator(&b, item);
	add_ransom(&b);
	sk_json_end(&b.w);
	sk_json_end(&b.w);
}
