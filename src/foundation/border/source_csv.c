/* SPDX-License-Identifier: Apache-2.0 */
/* ip-location-db CSV: first,last,country. No comments, no header, no date. */
#include "border/build_priv.h"

/* An address as text, or the decimal value of an IPv4 address. */
static enum sk_err parse_end(const char *text, struct sk_addr *out)
{
	uint64_t value;
	if (sk_lines_number(text, UINT32_MAX, &value) != SK_OK)
		return sk_addr_parse(text, out);
	*out = sk_u128_addr(value, 4);
	return SK_OK;
}

enum sk_err sk_source_country_line(struct sk_border_build *build, unsigned source, struct sk_lines *lines, struct sk_fault *fault)
{
	char *field[3];
	struct sk_addr first, last;
	struct sk_saying saying;
	unsigned count = sk_lines_split(lines->text, ',', field, 3);
	if (count != 3)
		return sk_lines_fault(lines, fault, "%u fields; first,last,country were expected", count);
	if (parse_end(field[0], &first) != SK_OK || parse_end(field[1], &last) != SK_OK || first.family != last.family)
		return sk_lines_fault(lines, fault, "'%.50s,%.50s': two addresses of one family were expected", field[0], field[1]);
	sk_u128 from = sk_u128_of(first.bytes, first.family), to = sk_u128_of(last.bytes, last.family);
	if (to < from)
		return sk_lines_fault(lines, fault, "'%.50s,%.50s' ends before it begins; the lower address was expected first", field[0], field[1]);
	if (sk_source_country(build, field[2], &saying) != SK_OK)
		return sk_lines_fault(lines, fault, "'%.20s' is no country code; two letters, ?? or nothing were expected", field[2]);
	return sk_source_range(build, source, first.family, from, to, saying, lines->number, fault);
}

enum sk_err sk_source_csv_parse(struct sk_border_build *build, unsigned source, const char *label, const void *bytes, size_t length,
				struct sk_fault *fault)
{
	struct sk_lines lines;
	enum sk_err err;
	sk_lines_begin(&lines, label, bytes, length);
	while ((err = sk_lines_next(&lines, fault)) == SK_OK)
		if (lines.text[0] != '\0')
			SK_TRY(sk_source_country_line(build, source, &lines, fault));
	return err == SK_ENOENT ? SK_OK : err;
}
