/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the seeds of the room's targets below the folder given: small files made up here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "indicator/indicator.h"

static const struct {
	const char *path, *text;
} seeds[] = {
	{"fz_list/plain", "# list\n45.33.32.156\n5.6.7.0/24 # why\n2600:3c01::1\nevil[.]example\nhxxp://x.example/\ne7d705a3286e19ea42f587b344ee6865\n"
			  "t13d1516h2_8daaf6152771_e5627efa2ab1\nm\xc3\xbcnchen.example\n0.0.0.0/0\n10.0.0.1\nco.jp\n"},
	{"fz_list/hosts", "127.0.0.1 evil.example other.example\r\n0.0.0.0\tthird.example\r\n"},
	{"fz_list/tsv", "\xef\xbb\xbfvalue\ttype\tcomment\n45.33.32.156\tip-dst\ta\nevil.example\tdomain\tb\n"},
	{"fz_list/counts", "45.33.32.156\t10\n5.5.5.5\t9\n"},
	{"fz_list/abuse", "# first_seen,dst_ip,dst_port\n2020-01-01,45.33.32.156,443\n"},
	{"fz_list/json", "{\"response\":[{\"Event\":{\"Object\":[{\"Attribute\":[{\"type\":\"domain|ip\",\"value\":\"a.example|5.5.5.5\",\"to_ids\":\"1\"}]}]}}]}"},
	{"fz_list/feodo", "# Botnet C2\n\"first_seen_utc\",\"dst_ip\",\"dst_port\"\n\"2022-06-04 21:20:02\",\"45.33.32.156\",\"443\"\n# END 1 entries\n"},
	{"fz_list/sslbl", "# abuse.ch SSLBL SSL Certificate Blacklist (SHA1 Fingerprints)\n# Listingdate,SHA1,Listingreason\n"
			  "2023-11-08,da39a3ee5e6b4b0d3255bfef95601890afd80709,X\n"},
	{"fz_list/urls", "http://Evil.example:80/A/b?c\nhxxps://[2600:3c01::1]/x\nurl:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"},
	{"fz_list/prints", "hassh:e7d705a3286e19ea42f587b344ee6866\nja3s:e7d705a3286e19ea42f587b344ee6868\ncert_sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709\n"},
	{"fz_list/iprep", "45.33.32.156,1,70\n5.5.5.0/24,2,30\n"},
	{"fz_list/dataset", "ZXZpbC5leGFtcGxl\nNDUuMzMuMzIuMTU2\n"},
	{"fz_list/datarep", "ZXZpbC5leGFtcGxl,10\nd3d3LmV2aWwyLmV4YW1wbGU=,90\n"},
	{"fz_stix/or", "[ipv4-addr:value = '45.33.32.156' OR domain-name:value IN ('a.example', 'b.example')] OR [url:value = 'http://c.example/x']"},
	{"fz_stix/cert", "[x509-certificate:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']"},
	{"fz_stix/subset", "[ipv4-addr:value ISSUBSET '45.33.32.0/24']"},
	{"fz_stix/complex", "[file:name = 'it\\'s' AND domain-name:value LIKE 'evil%'] FOLLOWEDBY [url:value = 'x'] WITHIN 5 SECONDS"},
	{"fz_stix/bundle", "{\"type\":\"indicator\",\"pattern_type\":\"stix\",\"pattern\":\"[domain-name:value = 'evil.example']\",\"valid_from\":\"2020-01-01T00:00:00Z\","
			   "\"valid_until\":\"2021-01-01T00:00:00Z\",\"revoked\":false}]}"},
	{"fz_feed/two", "{\"6bcaa8a9-6d28-4a3c-b3ae-4d1e0a0a0a0b\":{\"info\":\"b\"},\"5bcaa8a9-6d28-4a3c-b3ae-4d1e0a0a0a0a\":{\"info\":\"a\"}}"},
	{"fz_feed/out", "{\"../etc\":{}}"},
	{"fz_plain/v4", "45.33.32.156"},
	{"fz_plain/v6", "2600:3c01::f03c:91ff:fe18:bb2f"},
	{"fz_plain/name", "www.evil-site.example"},
	{"fz_csv/rows", "\"a, \"\"b\"\"\",45.33.32.156,ip-dst,1\n,evil.example,domain,0\nx,45.33.32.156|443,ip-dst|port,1\n\"two\nlines\",a.example|5.5.5.5,domain|ip,\n"},
	{"fz_csv/open", "\"a,b\n"},
	{"fz_misp/attributes", "{\"type\":\"ip-dst\",\"value\":\"45.33.32.156\",\"to_ids\":true},{\"type\":\"domain|ip\",\"value\":\"a.example|5.5.5.5\"},"
			       "{\"type\":\"url\",\"value\":\"http://a.example/x\",\"deleted\":true},7]}}"},
	{"fz_warninglist/cidr", "{\"name\":\"n\",\"type\":\"cidr\",\"list\":[\"5.5.0.0/16\",\"8.8.8.8\",\"2600::/32\"]}"},
	{"fz_warninglist/hostname", "{\"name\":\"n\",\"type\":\"hostname\",\"matching_attributes\":[\"domain\"],\"list\":[\"evil.example\"]}"},
	{"fz_warninglist/string", "{\"type\":\"string\",\"list\":[\".evil.example\",\"5.5.5.5\",\"a.www.evil.example\"]}"},
	{"fz_warninglist/substring", "{\"type\":\"substring\",\"list\":[\"evil\",\"5.5\"]}"},
	{"fz_warninglist/regex", "{\"type\":\"regex\",\"list\":[\"/x/\"]}"},
};

static const char *join(const char *folder, const char *name, char path[SK_PATH_MAX])
{
	if (sk_file_join(path, SK_PATH_MAX, folder, name) != SK_OK)
		abort();
	return path;
}

static int make_set(const char *folder, const char *name, const char *list, bool flow_all, struct sk_fault *fault)
{
	struct sk_indicator_options options = {.min_prefix_v4 = 8, .min_prefix_v6 = 19};
	struct sk_indicator_builder *builder;
	struct sk_indicator_counts counts;
	char path[SK_PATH_MAX], temporary[SK_PATH_MAX];
	if (sk_indicator_builder_new(&options, NULL, NULL, &builder) != SK_OK)
		return 1;
	if (sk_file_replace(join(folder, "list.txt", temporary), list, strlen(list), 0600, fault) != SK_OK ||
	    sk_indicator_import(builder, temporary, &counts, fault) != SK_OK)
		return 1;
	if (flow_all)
		sk_indicator_add_flow_all(builder);
	enum sk_err err = sk_indicator_compile(builder, join(folder, name, path), fault);
	sk_indicator_builder_free(builder);
	(void)remove(temporary);
	return err != SK_OK;
}

int main(int argc, char **argv)
{
	struct sk_fault fault = {.line = "wrong call"};
	char path[SK_PATH_MAX];
	static const char *const folders[] = {"fz_list", "fz_csv", "fz_misp", "fz_warninglist", "fz_set", "fz_stix", "fz_feed", "fz_plain"};
	if (argc != 2 || sk_seal_start() != SK_OK)
		return 1;
	for (size_t i = 0; i < SK_COUNT(folders); i++)
		if (sk_file_make_folder(join(argv[1], folders[i], path), 0755, &fault) != SK_OK)
			return 1;
	for (size_t i = 0; i < SK_COUNT(seeds); i++)
		if (sk_file_replace(join(argv[1], seeds[i].path, path), seeds[i].text, strlen(seeds[i].text), 0644, &fault) != SK_OK)
			return 1;
	int failed = make_set(argv[1], "fz_set/all", seeds[0].text, true, &fault) | make_set(argv[1], "fz_set/names", "a.example\nb.a.example\n", false, &fault) |
		     make_set(argv[1], "fz_set/nested", "5.0.0.0/8\n5.6.0.0/16\n5.6.7.0/24\n5.6.7.8\n2600::/19\n", false, &fault);
	if (failed != 0)
		(void)fprintf(stderr, "%s\n", fault.line);
	return failed;
}
