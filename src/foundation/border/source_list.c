/* SPDX-License-Identifier: Apache-2.0 */
/* Plain lists: an address, a prefix or "first - last" a line. */
#include <stdio.h>

#include "border/build_priv.h"

/* The prefix as it should have been written when only its host bits are wrong. */
static bool corrected(const char *text, char right[SK_PREFIX_TEXT_MAX])
{
	char head[SK_ADDR_TEXT_MAX];
	struct sk_prefix prefix;
	uint64_t bits;
	const char *slash = strchr(text, '/');
	if (slash == NULL || (size_t)(slash - text) >= sizeof head)
		return false;
	memcpy(head, text, (size_t)(slash - text));
	head[slash - text] = '\0';
	if (sk_addr_parse(head, &prefix.addr) != SK_OK || sk_lines_number(slash + 1, sk_family_bits(prefix.addr.family), &bits) != SK_OK)
		return false;
	unsigned family = prefix.addr.family;
	sk_u128 value = sk_u128_of(prefix.addr.bytes, family) & ~sk_u128_low(sk_family_bits(family) - (unsigned)bits);
	prefix.addr = sk_u128_addr(value, family);
	prefix.bits = (uint8_t)bits;
	(void)sk_prefix_format(&prefix, right);
	return true;
}

static enum sk_err parse_range(struct sk_border_build *build, unsigned source, struct sk_lines *lines, struct sk_saying saying, struct sk_fault *fault)
{
	char *ends[2];
	struct sk_addr first, last;
	char written[SK_LINE_MAX];
	memcpy(written, lines->text, sizeof written);
	if (sk_lines_split(lines->text, '-', ends, 2) != 2 || sk_addr_parse(ends[0], &first) != SK_OK || sk_addr_parse(ends[1], &last) != SK_OK ||
	    first.family != last.family)
		return sk_lines_fault(lines, fault, "'%.80s' is no range; \"first - last\" with two addresses of one family was expected", written);
	sk_u128 from = sk_u128_of(first.bytes, first.family), to = sk_u128_of(last.bytes, last.family);
	if (to < from)
		return sk_lines_fault(lines, fault, "'%.80s' ends before it begins; write the lower address first", written);
	return sk_source_range(build, source, first.family, from, to, saying, lines->number, fault);
}

static enum sk_err parse_line(struct sk_border_build *build, unsigned source, struct sk_lines *lines, struct sk_saying saying, struct sk_fault *fault)
{
	char *field;
	char *hash = strchr(lines->text, '#');
	if (hash != NULL)
		*hash = '\0';
	(void)sk_lines_split(lines->text, '#', &field, 1);
	if (*field == '\0')
		return SK_OK;
	if (strchr(field, '-') != NULL)
		return parse_range(build, source, lines, saying, fault);
	struct sk_prefix prefix;
	char right[SK_PREFIX_TEXT_MAX];
	if (sk_prefix_parse(field, &prefix) != SK_OK) {
		if (corrected(field, right))
			return sk_lines_fault(lines, fault, "'%.80s' has bits set after its length; write %s", field, right);
		return sk_lines_fault(lines, fault, "'%.80s' is no address, prefix or \"first - last\" range", field);
	}
	unsigned family = prefix.addr.family;
	sk_u128 first = sk_u128_of(prefix.addr.bytes, family);
	return sk_source_range(build, source, family, first, first | sk_u128_low(sk_family_bits(family) - prefix.bits), saying, lines->number, fault);
}

enum sk_err sk_source_list_parse(struct sk_border_build *build, unsigned source, const char *label, const void *bytes, size_t length,
				 struct sk_fault *fault)
{
	static const uint8_t says[] = {
		[SK_SIDE_UNKNOWN] = SK_SAYS_UNKNOWN, [SK_SIDE_DOMESTIC] = SK_SAYS_DOMESTIC, [SK_SIDE_FOREIGN] = SK_SAYS_FOREIGN};
	struct sk_lines lines;
	enum sk_err err;
	const struct sk_build_source *of = &build->source[source];
	const struct sk_saying saying = {.says = of->facts.kind == SK_BORDER_COUNTRIES ? 0 : says[of->facts.side], .country = of->country};
	sk_lines_begin(&lines, label, bytes, length);
	while ((err = sk_lines_next(&lines, fault)) == SK_OK)
		SK_TRY(parse_line(build, source, &lines, saying, fault));
	return err == SK_ENOENT ? SK_OK : err;
}
