/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files. What is refused has one printable line that begins with the file's name. What is accepted is written so that it parses to the same law and is
   written the same again, and differs from itself in nothing. */
#include <stdlib.h>
#include <string.h>

#include "law/law.h"

enum { OUT_MAX = 4 << 20 };

static const struct sk_law_bound measures[] = {{"rpz", 7 * 86400}, {"flowspec", 4 * 3600}};
static const struct sk_law_bound levels[] = {{"low", 1}, {"medium", 2}, {"high", 3}};
static const struct sk_law_bounds bounds = {.measure_count = 2, .level_count = 3, .measures = measures, .levels = levels, .oversight_present = 3};

static void check_line(const char *line)
{
	if (strncmp(line, "f:", 2) != 0)
		abort();
	for (const unsigned char *c = (const unsigned char *)line; *c != '\0'; c++)
		if (*c < 0x20 || *c == 0x7f)
			abort();
}

static void ask(const struct sk_law *law)
{
	struct sk_fault fault;
	const struct sk_law_basis *basis;
	for (int64_t at = 0; at < INT64_C(4000000000000000000); at += INT64_C(500000000000000000))
		for (uint32_t i = 0; i < law->bases.count; i++)
			if (sk_law_basis(law, law->bases.rows[i].kind, at, false, &basis, &fault) == SK_OK && strcmp(basis->kind, law->bases.rows[i].kind) != 0)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_law *law, *again;
	struct sk_fault fault = {.line = ""};
	struct sk_buf first, second;
	if (sk_seal_start() != SK_OK)
		abort();
	if (sk_law_parse("f", bytes, length, &bounds, &law, &fault) != SK_OK) {
		check_line(fault.line);
		return 0;
	}
	sk_buf_init(&first, OUT_MAX);
	sk_buf_init(&second, OUT_MAX);
	sk_law_write(law, &first);
	if (sk_law_parse("f", first.bytes, first.length, &bounds, &again, &fault) != SK_OK || sk_law_compare(law, again, NULL, NULL) != 0 || memcmp(law->digest, again->digest, SK_HASH_BYTES) != 0)
		abort();
	sk_law_write(again, &second);
	if (first.length != second.length || memcmp(first.bytes, second.bytes, first.length) != 0)
		abort();
	sk_law_free(again);
	ask(law);
	sk_law_free(law);
	sk_buf_fini(&first);
	sk_buf_fini(&second);
	return 0;
}
