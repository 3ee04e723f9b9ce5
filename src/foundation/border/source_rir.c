/* SPDX-License-Identifier: Apache-2.0 */
/* RIR statistics exchange format, plain and extended (https://www.apnic.net/about-apnic/corporate-documents/documents/resource-guidelines/rir-statistics-exchange-format/):
     2|apnic|20260622|65000|19830613|20260619|+1000          version line; the sixth field is the last day covered
     apnic|*|ipv4|*|53000|summary
     apnic|JP|ipv4|1.0.16.0|4096|20110412|allocated|A9170D3F  IPv4: number of addresses; IPv6: prefix length
   "available" and "reserved" space has no country. */
#include <stdio.h>

#include "border/build_priv.h"

static int64_t parse_day(const char *text)
{
	uint64_t day;
	if (strlen(text) != 8 || sk_lines_number(text, 22001231, &day) != SK_OK || day < 19700101)
		return 0;
	unsigned month = (unsigned)(day / 100 % 100), of_month = (unsigned)(day % 100);
	return month < 1 || month > 12 || of_month < 1 || of_month > 31 ? 0 : sk_date_ns((int)(day / 10000), month, of_month);
}

static enum sk_err parse_resource(struct sk_border_build *build, unsigned source, struct sk_lines *lines, char **field, struct sk_fault *fault)
{
	struct sk_addr first;
	uint64_t value;
	struct sk_saying saying;
	unsigned family = strcmp(field[2], "ipv4") == 0 ? 4 : 6;
	if (sk_addr_parse(field[3], &first) != SK_OK || first.family != family)
		return sk_lines_fault(lines, fault, "'%.50s' is no IPv%u address", field[3], family);
	sk_u128 from = sk_u128_of(first.bytes, family), span;
	if (family == 4) {
		if (sk_lines_number(field[4], UINT64_C(1) << 32, &value) != SK_OK || value == 0 || value - 1 > UINT32_MAX - (uint64_t)from)
			return sk_lines_fault(lines, fault, "'%.20s' is no number of addresses that fits after %s", field[4], field[3]);
		span = value - 1;
	} else {
		if (sk_lines_number(field[4], 128, &value) != SK_OK || (from & sk_u128_low(128 - (unsigned)value)) != 0)
			return sk_lines_fault(lines, fault, "'%.20s' is no prefix length for %s", field[4], field[3]);
		span = sk_u128_low(128 - (unsigned)value);
	}
	if (sk_source_country(build, field[1], &saying) != SK_OK)
		return sk_lines_fault(lines, fault, "'%.20s' is no country code; two letters or nothing were expected", field[1]);
	bool held = strcmp(field[6], "allocated") == 0 || strcmp(field[6], "assigned") == 0;
	if (!held && strcmp(field[6], "available") != 0 && strcmp(field[6], "reserved") != 0)
		return sk_lines_fault(lines, fault, "status '%.20s'; allocated, assigned, available or reserved was expected", field[6]);
	return sk_source_range(build, source, family, from, from + span, held ? saying : (struct sk_saying){.says = 0}, lines->number, fault);
}

static enum sk_err parse_line(struct sk_border_build *build, unsigned source, struct sk_lines *lines, bool *header, struct sk_fault *fault)
{
	char *field[7];
	if (lines->text[0] == '\0' || lines->text[0] == '#')
		return SK_OK;
	unsigned count = sk_lines_split(lines->text, '|', field, 7);
	if (!*header) {
		if (count != 7 || field[0][0] != '2')
			return sk_lines_fault(lines, fault, "no version line; \"2|registry|serial|records|first|last|offset\" was expected first");
		*header = true;
		int64_t date = parse_day(field[5]);
		if (date != 0)
			build->source[source].facts.date_unix_ns = date;
		return SK_OK;
	}
	if (count == 6 && strcmp(field[5], "summary") == 0)
		return SK_OK;
	if (count < 7)
		return sk_lines_fault(lines, fault, "%u fields; registry|country|type|start|value|date|status was expected", count);
	if (strcmp(field[2], "ipv4") == 0 || strcmp(field[2], "ipv6") == 0)
		return parse_resource(build, source, lines, field, fault);
	if (strcmp(field[2], "asn") == 0)
		return SK_OK;
	return sk_lines_fault(lines, fault, "type '%.20s'; ipv4, ipv6 or asn was expected", field[2]);
}

enum sk_err sk_source_rir_parse(struct sk_border_build *build, unsigned source, const char *label, const void *bytes, size_t length,
				struct sk_fault *fault)
{
	struct sk_lines lines;
	enum sk_err err;
	bool header = false;
	sk_lines_begin(&lines, label, bytes, length);
	while ((err = sk_lines_next(&lines, fault)) == SK_OK)
		SK_TRY(parse_line(build, source, &lines, &header, fault));
	if (err == SK_ENOENT && !header)
		return sk_fault_set(fault, SK_EINPUT, "%s: empty; an RIR statistics file was expected", label);
	return err == SK_ENOENT ? SK_OK : err;
}
