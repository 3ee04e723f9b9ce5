/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which others publish: abuse.ch, Suricata, STIX, MISP feeds. Each with what is taken, and with what must not be. */
#include "lists.h"

#include <sys/stat.h>

#include "indicator/indicator_priv.h"
#include "text/text.h"

static struct sk_indicator_options options = {.min_prefix_v4 = 8, .min_prefix_v6 = 19};

static void expect(const char *name, const char *text, const char *values)
{
	struct lists lists;
	lists_start(&lists, &options);
	enum sk_err err = lists_import(&lists, name, text);
	if (err != SK_OK)
		print_error("%s\n", lists.fault.line);
	assert_int_equal(err, SK_OK);
	lists_expect(&lists, values);
	lists_end(&lists);
}

/* One refusal of the text, with its reason and a word of its detail. */
static void expect_refused(const char *name, const char *text, enum sk_indicator_reason reason, const char *detail)
{
	struct lists lists;
	lists_start(&lists, &options);
	assert_int_equal(lists_import(&lists, name, text), SK_OK);
	if (lists.counts.by_reason[reason] != 1 || strstr(lists.last_detail, detail) == NULL)
		print_error("%s: %s, '%s'\n", text, sk_indicator_reason_name(lists.last_reason), lists.last_detail);
	assert_int_equal(lists.counts.taken, 0);
	assert_int_equal(lists.counts.by_reason[reason], 1);
	assert_non_null(strstr(lists.last_detail, detail));
	lists_end(&lists);
}

/* ---- abuse.ch ---- */

static void test_abuse(void **state)
{
	(void)state;
	expect("feodo.csv", "################\n# Botnet C2 IP Blocklist (CSV) #\n################\n#\n\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\"\n"
			    "\"2022-06-04 21:20:02\",\"45.33.32.156\",\"443\",\"offline\"\n\"2022-06-04 21:20:02\",\"5.5.5.5\",\"8080\",\"online\"\n# END 2 entries\n",
	       "5.5.5.5\n45.33.32.156\n");
	expect("urlhaus.csv", "# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n"
			      "\"1\",\"2023-01-01\",\"http://evil.example/a.bin\",\"online\",\"\",\"malware\",\"a,b\",\"https://urlhaus.example.org/url/1/\",\"x\"\n",
	       "url:69b9033b420d3ffafca55e8720e78d84b382f19cd7f078789597f983b7872a6b\n");
	expect("threatfox.csv", "# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"threat_type\",\"confidence_level\"\n"
				"\"2023-01-01\", \"1\", \"45.33.32.156:443\", \"ip:port\", \"botnet_cc\", \"75\"\n"
				"\"2023-01-01\", \"2\", \"evil.example\", \"domain\", \"botnet_cc\", \"50\"\n"
				"\"2023-01-01\", \"3\", \"e7d705a3286e19ea42f587b344ee6865\", \"md5_hash\", \"payload\", \"100\"\n",
	       "45.33.32.156\nevil.example\n");
	static const char sslbl[] = "# abuse.ch SSLBL SSL Certificate Blacklist (SHA1 Fingerprints) #\n#\n# Listingdate,SHA1,Listingreason\n"
				    "2023-11-08 08:28:21,da39a3ee5e6b4b0d3255bfef95601890afd80709,Vidar C&C\n";
	expect("sslblacklist.csv", sslbl, "cert_sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709\n");
	expect("ja3.csv", "# abuse.ch SSLBL\n# ja3_md5,Firstseen,Lastseen,Listingreason\nb386946a5a44d1ddcc843bc75336dfce,2017-07-14,2019-07-27,Dridex\n",
	       "b386946a5a44d1ddcc843bc75336dfce\n");
	/* Without the word that it is of certificates, forty digits are a file's. */
	expect_refused("samples.txt", "da39a3ee5e6b4b0d3255bfef95601890afd80709\n", SK_INDICATOR_UNSUPPORTED_TYPE, "hash of a file");
	expect("sslbl.txt", "da39a3ee5e6b4b0d3255bfef95601890afd80709\n", "cert_sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709\n");
	/* Columns of files' hashes are refused as such: MD5 is as long as JA3, and a "certificate" in prose makes no SHA-1 one's. */
	expect_refused("samples.csv", "# signed with a stolen certificate\n# date,sha1\n2023,da39a3ee5e6b4b0d3255bfef95601890afd80709\n", SK_INDICATOR_UNSUPPORTED_TYPE,
		       "a file's hash");
	expect_refused("bazaar.csv", "# \"first_seen_utc\",\"md5_hash\",\"reporter\"\n\"2023-01-01\", \"e7d705a3286e19ea42f587b344ee6865\", \"x\"\n",
		       SK_INDICATOR_UNSUPPORTED_TYPE, "a file's hash");
	expect_refused("recent.txt", "# Samples of today (MD5 hashes)\ne7d705a3286e19ea42f587b344ee6865\n", SK_INDICATOR_UNSUPPORTED_TYPE, "MD5");
	expect("recent.txt", "# JA3 fingerprints (MD5 hashes)\ne7d705a3286e19ea42f587b344ee6865\n", "e7d705a3286e19ea42f587b344ee6865\n");
}

/* Headers that nobody foresaw: the column with the values is found, and the header is no refused value. */
static void test_unknown_columns(void **state)
{
	(void)state;
	struct lists lists;
	static const char *const texts[] = {"Malicious IP;First seen;Country\n45.33.32.156;2026-01-01;US\n5.5.5.5;2026-01-02;DE\n",
					    "Timestamp,Attacker Address,Comment\n2026-01-01,45.33.32.156,\"scan, ssh\"\n2026-01-01,5.5.5.5,x\n",
					    "no\tkind\tthe thing\n1\tip\t45.33.32.156\n2\tip\t5.5.5.5\n", "dest_ip,dest_port\n45.33.32.156,443\n5.5.5.5,80\n"};
	for (size_t i = 0; i < SK_COUNT(texts); i++) {
		lists_start(&lists, &options);
		assert_int_equal(lists_import(&lists, "feed.csv", texts[i]), SK_OK);
		lists_expect(&lists, "5.5.5.5\n45.33.32.156\n");
		assert_int_equal(lists.counts.refused, 0);
		assert_int_equal(lists.counts.by_reason[SK_INDICATOR_HEADER], 1);
		lists_end(&lists);
	}
	/* A first row that is as much a value as the others is one, and one that is none among others that are none as well is refused like them. */
	expect("feed.csv", "1.1.1.1,a\n45.33.32.156,b\n", "1.1.1.1\n45.33.32.156\n");
	lists_start(&lists, &options);
	assert_int_equal(lists_import(&lists, "feed.csv", "nothing,a\n45.33.32.156,b\nneither,c\n"), SK_OK);
	assert_int_equal(lists.counts.refused, 2);
	lists_end(&lists);
}

/* ---- Suricata ---- */

static void test_suricata(void **state)
{
	(void)state;
	expect("iprep.list", "45.33.32.156,1,70\n5.5.5.0/24,2,30\n2600:3c01::1,1,127\n", "45.33.32.156\n2600:3c01::1\n5.5.5.0/24\n");
	/* Datasets of strings are base64: evil.example, www.evil2.example, 45.33.32.156. */
	expect("dataset.lst", "ZXZpbC5leGFtcGxl\nd3d3LmV2aWwyLmV4YW1wbGU=\nNDUuMzMuMzIuMTU2\n", "45.33.32.156\nevil.example\nwww.evil2.example\n");
	expect("datarep.lst", "ZXZpbC5leGFtcGxl,10\nd3d3LmV2aWwyLmV4YW1wbGU=,90\n", "evil.example\nwww.evil2.example\n");
	expect("ip.lst", "45.33.32.156\n2600:3c01::1\n", "45.33.32.156\n2600:3c01::1\n");
	options.min_score = 50;
	expect("iprep.list", "45.33.32.156,1,70\n5.5.5.0/24,2,30\n2600:3c01::1,1,127\n", "45.33.32.156\n2600:3c01::1\n");
	expect("datarep.lst", "ZXZpbC5leGFtcGxl,10\nd3d3LmV2aWwyLmV4YW1wbGU=,90\n", "www.evil2.example\n");
	expect_refused("counts.tsv", "45.33.32.156\t3\n", SK_INDICATOR_LOW_SCORE, "");
	expect("scored.csv", "value,confidence\nevil.example,10\nworse.example,90\nodd.example,high\n", "odd.example\nworse.example\n");
	options.min_score = 0;
	/* A list that only looks like base64 in places is none. */
	struct lists lists;
	lists_start(&lists, &options);
	assert_int_equal(lists_import(&lists, "words", "ZXZpbC5leGFtcGxl\nword\nevil.example\n"), SK_OK);
	lists_expect(&lists, "evil.example\n");
	assert_int_equal(lists.counts.by_reason[SK_INDICATOR_SINGLE_LABEL], 2);
	lists_end(&lists);
}

/* ---- STIX ---- */

static const char *bundle(const char *members)
{
	static char text[2048];
	(void)snprintf(text, sizeof text,
		       "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{\"type\":\"malware\"},{\"type\":\"indicator\",\"pattern_type\":\"stix\",%s}]}", members);
	return text;
}

static void expect_pattern(const char *pattern, const char *values)
{
	char members[1024];
	(void)snprintf(members, sizeof members, "\"pattern\":\"%s\"", pattern);
	expect("bundle.json", bundle(members), values);
}

static void expect_complex(const char *pattern, const char *why)
{
	char members[1024];
	(void)snprintf(members, sizeof members, "\"pattern\":\"%s\"", pattern);
	expect_refused("bundle.json", bundle(members), SK_INDICATOR_COMPLEX_PATTERN, why);
}

static void test_stix_patterns(void **state)
{
	(void)state;
	expect_pattern("[ipv4-addr:value = '45.33.32.156']", "45.33.32.156\n");
	expect_pattern("[ipv4-addr:value='45.33.32.0/24' OR ipv6-addr:value = '2600:3c01::1']", "2600:3c01::1\n45.33.32.0/24\n");
	expect_pattern("[domain-name:value = 'evil.example'] OR [domain-name:value IN ('a.example', 'b.example')]", "a.example\nb.example\nevil.example\n");
	expect_pattern("[ipv4-addr:value ISSUBSET '45.33.32.0/24']", "45.33.32.0/24\n");
	expect_pattern("[x509-certificate:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']", "cert_sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709\n");
	expect_pattern("[url:value = 'http://evil.example/x']", "url:bb8173f8adbe1efaebe14095ce5e8b351e24da03fa047e4c99a7f3d2c703acc9\n");
	expect_pattern("[network-traffic:dst_ref.value = 'evil.example']", "evil.example\n");
	/* One alternative that cannot be matched does not take the others with it. */
	expect_pattern("[domain-name:value = 'evil.example' OR file:hashes.'SHA-256' = 'aa']", "evil.example\n");
	expect_complex("[domain-name:value = 'evil.example' AND ipv4-addr:value = '5.5.5.5']", "AND");
	expect_complex("[domain-name:value = 'evil.example'] FOLLOWEDBY [ipv4-addr:value = '5.5.5.5']", "qualifier");
	expect_complex("[domain-name:value = 'evil.example'] WITHIN 5 SECONDS", "qualifier");
	expect_complex("[domain-name:value != 'evil.example']", "other than =");
	expect_complex("[domain-name:value LIKE 'evil%']", "other than =");
	expect_complex("[NOT domain-name:value = 'evil.example']", "NOT");
	expect_complex("[domain-name:value NOT = 'evil.example']", "other than =");
	/* Where all is joined by OR, parentheses change nothing. */
	expect_pattern("([domain-name:value = 'evil.example'] OR ([domain-name:value = 'a.example']))", "a.example\nevil.example\n");
	expect_pattern("[(domain-name:value = 'evil.example' OR (domain-name:value = 'a.example')) OR domain-name:value = 'b.example']", "a.example\nb.example\nevil.example\n");
	expect_complex("([domain-name:value = 'evil.example']", "not closed");
	expect_complex("[domain-name:value = 'evil.example'])", "qualifier");
	expect_complex("[(domain-name:value = 'evil.example']", "OR");
	expect_complex("[domain-name:value = 'evil.example')]", "OR");
	/* As MISP writes an address: the type says nothing that the value does not. Anything else behind AND does. */
	expect_pattern("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '45.33.32.156']", "45.33.32.156\n");
	expect_pattern("[network-traffic:src_ref.type = 'ipv6-addr' AND network-traffic:src_ref.value = '2600:3c01::1' OR domain-name:value = 'evil.example']",
		       "2600:3c01::1\nevil.example\n");
	expect_complex("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '45.33.32.156' AND network-traffic:dst_port = 80]", "AND");
	expect_complex("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:src_ref.value = '45.33.32.156']", "AND");
	expect_complex("[network-traffic:dst_ref.type = 'ipv4-addr']", "type");
	expect_complex("[network-traffic:dst_ref.type = 'mac-addr' AND network-traffic:dst_ref.value = '45.33.32.156']", "type");
	expect_complex("[domain-name:value = 'evil.example", "no text");
	expect_complex("[domain-name:value = 5]", "no text");
	expect_complex("", "[");
}

#define STIX_OBJECT "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern_type\":\"stix\",\"pattern\":\"[domain-name:value = 'evil.example']\"}"

/* Objects without a bundle around them: a list, and what a TAXII server answers. */
static void test_stix_shapes(void **state)
{
	(void)state;
	struct lists lists;
	expect("objects.json", "[" STIX_OBJECT "]", "evil.example\n");
	expect("taxii.json", "{\"more\":false,\"objects\":[{\"type\":\"malware\",\"id\":\"malware--1\"}," STIX_OBJECT "]}", "evil.example\n");
	static const char *const bad[] = {"{\"type\":\"bundle\"}", "{\"type\":\"bundle\",\"objects\":{}}", "{\"objects\":[]}", "{\"objects\":[{\"type\":\"indicator\"}]}",
					  "{\"objects\":[{\"type\":\"malware\",\"id\":\"malware--1\"}]}", "[{\"id\":\"indicator--1\"}]"};
	for (size_t i = 0; i < SK_COUNT(bad); i++) {
		lists_start(&lists, &options);
		assert_int_equal(lists_import(&lists, "bad.json", bad[i]), SK_EINPUT);
		lists_end(&lists);
	}
}

static void test_stix_validity(void **state)
{
	(void)state;
	static const char pattern[] = "\"pattern\":\"[domain-name:value = 'evil.example']\"";
	char members[512];
	assert_int_equal(sk_time_parse("2026-11-22T00:00:00Z", &options.now_ns), SK_OK);
	static const struct {
		const char *said, *why; /* NULL: taken */
	} cases[] = {
		{"\"valid_from\":\"2026-01-01T00:00:00Z\"", NULL},
		{"\"valid_from\":\"2026-11-22T00:00:00.000Z\",\"valid_until\":\"2026-11-22T00:00:01Z\"", NULL},
		{"\"valid_from\":\"2026-11-22T00:00:01Z\"", "yet to come"},
		{"\"valid_from\":\"2020-01-01T00:00:00Z\",\"valid_until\":\"2026-11-22T00:00:00Z\"", "has passed"},
		{"\"revoked\":true", "revoked"},
		{"\"revoked\":false", NULL},
		{"\"valid_until\":\"some day\"", NULL},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		(void)snprintf(members, sizeof members, "%s,%s", pattern, cases[i].said);
		if (cases[i].why == NULL)
			expect("bundle.json", bundle(members), "evil.example\n");
		else
			expect_refused("bundle.json", bundle(members), SK_INDICATOR_NOT_IN_FORCE, cases[i].why);
	}
	options.now_ns = 0; /* without a clock no date is looked at, but what was revoked stays so */
	(void)snprintf(members, sizeof members, "%s,%s", pattern, cases[3].said);
	expect("bundle.json", bundle(members), "evil.example\n");
	(void)snprintf(members, sizeof members, "%s,%s", pattern, cases[4].said);
	expect_refused("bundle.json", bundle(members), SK_INDICATOR_NOT_IN_FORCE, "revoked");
	expect_refused("bundle.json", "{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\",\"pattern_type\":\"snort\",\"pattern\":\"alert tcp\"}]}",
		       SK_INDICATOR_UNSUPPORTED_TYPE, "another language");
}

/* ---- MISP feeds ---- */

#define UUID_A "5bcaa8a9-6d28-4a3c-b3ae-4d1e0a0a0a0a"
#define UUID_B "6bcaa8a9-6d28-4a3c-b3ae-4d1e0a0a0a0b"

static void write_event(const struct lists *lists, const char *uuid, const char *domain)
{
	char name[64], text[256], path[256];
	(void)snprintf(name, sizeof name, "feed/%s.json", uuid);
	(void)snprintf(text, sizeof text, "{\"Event\":{\"Attribute\":[{\"type\":\"domain\",\"value\":\"%s\",\"to_ids\":true}]}}", domain);
	(void)lists_write(lists, name, text, strlen(text), path);
}

static enum sk_err import_feed(struct lists *lists, const char *manifest)
{
	char path[256];
	(void)lists_write(lists, "feed/manifest.json", manifest, strlen(manifest), path);
	return sk_indicator_import(lists->builder, lists_path(lists, "feed", path), &lists->counts, &lists->fault);
}

static void test_feed(void **state)
{
	(void)state;
	struct lists lists;
	char path[256], text[320];
	lists_start(&lists, &options);
	assert_int_equal(mkdir(lists_path(&lists, "feed", path), 0700), 0);
	assert_int_equal(sk_indicator_import(lists.builder, path, &lists.counts, &lists.fault), SK_EINPUT);
	assert_non_null(strstr(lists.fault.line, "manifest.json"));
	write_event(&lists, UUID_A, "a.example");
	/* An event that is not there: nothing of the feed is taken. */
	static const char both[] = "{\"" UUID_B "\":{\"info\":\"b\"},\"" UUID_A "\":{\"info\":\"a\"}}";
	assert_int_equal(import_feed(&lists, both), SK_EINPUT);
	assert_non_null(strstr(lists.fault.line, UUID_B));
	lists_expect(&lists, "");
	write_event(&lists, UUID_B, "b.example");
	assert_int_equal(import_feed(&lists, both), SK_OK);
	assert_int_equal(lists.counts.taken, 2);
	lists_expect(&lists, "a.example\nb.example\n");
	struct sk_indicator_set *set = lists_compile(&lists);
	assert_string_equal(sk_indicator_origin(set, 1, text, sizeof text), UUID_B ".json:1");
	sk_indicator_close(set);
	/* No name in a manifest leads out of its folder. */
	assert_int_equal(import_feed(&lists, "{\"../../../../../../../../../etc/passwd\":{}}"), SK_EINPUT);
	assert_int_equal(import_feed(&lists, "{\"5bcaa8a9-6d28-4a3c-b3ae-4d1e0a0a/../\":{}}"), SK_EINPUT);
	assert_int_equal(import_feed(&lists, "{}"), SK_EINPUT);
	assert_int_equal(import_feed(&lists, "[]"), SK_EINPUT);
	assert_int_equal(import_feed(&lists, "{"), SK_EINPUT);
	lists_end(&lists);
}

/* ---- what the rule does not name ---- */

static void test_kinds(void **state)
{
	(void)state;
	options.kinds = SK_INDICATOR_ADDRESS | SK_INDICATOR_DOMAIN;
	expect("list", "45.33.32.156\nevil.example\n5.5.5.0/24\nhttp://evil.example/x\n", "45.33.32.156\nevil.example\n");
	expect_refused("list", "http://evil.example/x\n", SK_INDICATOR_KIND_NOT_IN_RULE, "");
	options.kinds = 0;
	/* A URL stands and falls with its host. */
	expect_refused("list", "http://192.168.1.1/x\n", SK_INDICATOR_SPECIAL_RANGE, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_abuse), cmocka_unit_test(test_unknown_columns), cmocka_unit_test(test_suricata), cmocka_unit_test(test_stix_patterns),
					   cmocka_unit_test(test_stix_shapes),
					   cmocka_unit_test(test_stix_validity), cmocka_unit_test(test_feed), cmocka_unit_test(test_kinds)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
