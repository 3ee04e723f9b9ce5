/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho border diff: which addresses changed sides between two tables. Prefixes that embed IPv4 follow the IPv4 part and are not listed again. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd_border.h"
#include "text/json.h"
#include "text/text.h"

enum { EXAMPLES_MAX = 5 };

/* Addresses that go from one side to another. */
struct change {
	uint64_t count; /* addresses; IPv6 in /64s, a part of one counts whole */
	unsigned example_count;
	struct sk_addr first[EXAMPLES_MAX], last[EXAMPLES_MAX];
};

struct family {
	unsigned number;
	struct change change[3][3];
};

/* The address after addr, or false at the end of the family. */
static bool next_addr(struct sk_addr *addr)
{
	for (unsigned i = addr->family == 4 ? 4 : 16; i-- > 0;)
		if (++addr->bytes[i] != 0)
			return true;
	return false;
}

static uint64_t be_value(const uint8_t *bytes, unsigned length)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < length; i++)
		value = value << 8 | bytes[i];
	return value;
}

static uint64_t range_count(const struct sk_addr *first, const struct sk_addr *last)
{
	unsigned length = first->family == 4 ? 4 : 8;
	uint64_t steps = be_value(last->bytes, length) - be_value(first->bytes, length);
	return steps == UINT64_MAX ? steps : steps + 1;
}

static void note(struct family *family, enum sk_side from, enum sk_side to, const struct sk_addr *first, const struct sk_addr *last)
{
	struct change *change = &family->change[from][to];
	change->count += range_count(first, last);
	unsigned i = change->example_count;
	struct sk_addr after;
	if (i != 0 && (after = change->last[i - 1], next_addr(&after)) && sk_addr_equal(&after, first)) {
		change->last[i - 1] = *last;
	} else if (i < EXAMPLES_MAX) {
		change->first[i] = *first;
		change->last[i] = *last;
		change->example_count++;
	}
}

static void compare(const struct sk_border *a, const struct sk_border *b, struct family *family)
{
	struct sk_addr at = {.family = (uint8_t)family->number}, last_a, last_b;
	for (;;) {
		enum sk_side from = sk_border_span(a, &at, &last_a), to = sk_border_span(b, &at, &last_b);
		const struct sk_addr *last = sk_addr_compare(&last_a, &last_b) < 0 ? &last_a : &last_b;
		note(family, from, to, &at, last);
		at = *last;
		if (!next_addr(&at))
			return;
	}
}

static void print_family(struct sk_buf *out, const struct family *family)
{
	const char *unit = family->number == 4 ? "addresses" : "/64s";
	char number[SK_UNIT_TEXT_MAX], first[SK_ADDR_TEXT_MAX], last[SK_ADDR_TEXT_MAX];
	uint64_t same = 0;
	for (unsigned side = 0; side < 3; side++)
		same += family->change[side][side].count;
	sk_buf_addf(out, "IPv%u: %s %s unchanged\n", family->number, sk_number_format(same, number), unit);
	for (unsigned from = 0; from < 3; from++) {
		for (unsigned to = 0; to < 3; to++) {
			const struct change *change = &family->change[from][to];
			if (from == to || change->count == 0)
				continue;
			sk_buf_addf(out, "  %-8s -> %-8s %s %s\n", sk_side_name((enum sk_side)from), sk_side_name((enum sk_side)to),
				    sk_number_format(change->count, number), unit);
			for (unsigned i = 0; i < change->example_count; i++)
				sk_buf_addf(out, "      %s - %s\n", sk_addr_format(&change->first[i], first), sk_addr_format(&change->last[i], last));
		}
	}
}

static void print_family_json(struct sk_json_writer *w, const struct family *family)
{
	char first[SK_ADDR_TEXT_MAX], last[SK_ADDR_TEXT_MAX];
	sk_json_array(w, family->number == 4 ? "v4" : "v6");
	for (unsigned from = 0; from < 3; from++) {
		for (unsigned to = 0; to < 3; to++) {
			const struct change *change = &family->change[from][to];
			if (from == to || change->count == 0)
				continue;
			sk_json_object(w, NULL);
			sk_json_text(w, "from", sk_side_name((enum sk_side)from));
			sk_json_text(w, "to", sk_side_name((enum sk_side)to));
			sk_json_u64(w, family->number == 4 ? "addresses" : "slash64", change->count);
			sk_json_array(w, "examples");
			for (unsigned i = 0; i < change->example_count; i++) {
				sk_json_object(w, NULL);
				sk_json_text(w, "first", sk_addr_format(&change->first[i], first));
				sk_json_text(w, "last", sk_addr_format(&change->last[i], last));
				sk_json_end(w);
			}
			sk_json_end(w);
			sk_json_end(w);
		}
	}
	sk_json_end(w);
}

int sk_cmd_border_diff(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct sk_border *table[2] = {NULL, NULL};
	struct family family[2] = {{.number = 4}, {.number = 6}};
	struct sk_fault fault;
	struct sk_buf out;
	bool json = false;
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option != 'j')
			return sk_cmd_usage(cmd, "border", "'%s' is no option of border diff", argv[optind - 1]);
		json = true;
	}
	if (argc - optind != 2)
		return sk_cmd_usage(cmd, "border", "border diff takes two tables");
	for (unsigned i = 0; i < 2; i++) {
		if (sk_border_open(argv[optind + (int)i], &table[i], &fault) == SK_OK)
			continue;
		sk_border_close(table[0]);
		return sk_cmd_fail(cmd, &fault);
	}
	sk_buf_init(&out, SK_BORDER_OUTPUT_MAX);
	for (unsigned f = 0; f < 2; f++)
		compare(table[0], table[1], &family[f]);
	if (json) {
		struct sk_json_writer w;
		sk_json_begin(&w, &out, false);
		sk_json_object(&w, NULL);
		print_family_json(&w, &family[0]);
		print_family_json(&w, &family[1]);
		sk_json_end(&w);
		sk_buf_add_u8(&out, '\n');
	} else {
		print_family(&out, &family[0]);
		print_family(&out, &family[1]);
	}
	sk_cmd_border_flush(cmd, &out);
	sk_border_close(table[0]);
	sk_border_close(table[1]);
	return 0;
}
