/* SPDX-License-Identifier: Apache-2.0 */
/* The text files of Debian's tor-geoipdb: "first,last,CC", IPv4 as decimal numbers, IPv6 as addresses, # comments, one of which dates the file:
   "# Generated: Thu, 25 Jun 2026 04:33:59 GMT". */
#include <stdio.h>

#include "border/build_priv.h"

static int64_t parse_generated(const char *text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char name[4];
	unsigned day, year, hour, minute, second;
	if (sscanf(text, "# Generated: %*3[A-Za-z], %2u %3[A-Za-z] %4u %2u:%2u:%2u", &day, name, &year, &hour, &minute, &second) != 6)
		return 0;
	const char *month = strstr(months, name);
	if (month == NULL || strlen(name) != 3 || (month - months) % 3 != 0 || day < 1 || day > 31 || year < 1970 || year > 2200 || hour > 23 ||
	    minute > 59 || second > 60)
		return 0;
	return sk_date_ns((int)year, (unsigned)(month - months) / 3 + 1, day) + (int64_t)(hour * 3600 + minute * 60 + second) * 1000000000;
}

enum sk_err sk_source_geoipdb_parse(struct sk_border_build *build, unsigned source, const char *label, const void *bytes, size_t length,
				    struct sk_fault *fault)
{
	struct sk_lines lines;
	enum sk_err err;
	sk_lines_begin(&lines, label, bytes, length);
	while ((err = sk_lines_next(&lines, fault)) == SK_OK) {
		if (lines.text[0] == '#') {
			int64_t date = parse_generated(lines.text);
			if (date != 0)
				build->source[source].facts.date_unix_ns = date;
		} else if (lines.text[0] != '\0') {
			SK_TRY(sk_source_country_line(build, source, &lines, fault));
		}
	}
	return err == SK_ENOENT ? SK_OK : err;
}
