/* SPDX-License-Identifier: Apache-2.0 */
/* Every sequence of STEPS operations over buffers of 0 to BYTES_MAX bytes, against a plain reference with explicit bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/wire.h"

enum { STEPS = 5, OPERATIONS = 9, BYTES_MAX = 6 };

/* The reference: a position and a flag, checked by hand at every step. */
struct reference {
	const uint8_t *bytes;
	size_t at, length;
	bool dead;
};

static uint64_t reference_read(struct reference *r, size_t n)
{
	uint64_t value = 0;
	if (r->dead || n > r->length - r->at) {
		r->dead = true;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		value = value << 8 | r->bytes[r->at + i];
	r->at += n;
	return value;
}

/* One operation on both; false when they differ. The sabotage makes the cursor forget that it died. */
static bool step(unsigned operation, struct sk_cur *c, struct reference *r, bool sabotage)
{
	if (sabotage && c->dead)
		c->dead = false;
	switch (operation) {
	case 0: return sk_u8(c) == reference_read(r, 1);
	case 1: return sk_be16(c) == reference_read(r, 2);
	case 2: return sk_be24(c) == reference_read(r, 3);
	case 3: return sk_be32(c) == reference_read(r, 4);
	case 4: sk_skip(c, 1); (void)reference_read(r, 1); return true;
	case 5: { /* carve two: the child holds exactly them */
		struct sk_cur child = sk_carve(c, 2);
		uint64_t expected = reference_read(r, 2);
		return child.dead == r->dead && sk_left(&child) == (r->dead ? 0u : 2u) && sk_be16(&child) == expected && (r->dead || sk_done(&child) == SK_OK);
	}
	case 6: { /* a child never reads its parent's bytes */
		struct sk_cur child = sk_carve_at_most(c, 1);
		size_t had = r->dead || r->at == r->length ? 0 : 1;
		if (had == 1)
			(void)reference_read(r, 1);
		return sk_left(&child) == had && (sk_be16(&child), child.dead);
	}
	case 7: { /* little endian is the mirror of big endian */
		struct sk_cur copy = *c;
		uint16_t big = sk_be16(&copy), little = sk_le16(c);
		(void)reference_read(r, 2);
		return little == (uint16_t)(big << 8 | big >> 8);
	}
	default: { /* looking does not move */
		uint8_t seen = sk_peek_u8(c, 0);
		return seen == (r->dead || r->at == r->length ? 0 : r->bytes[r->at]);
	}
	}
}

/* How many of all sequences differ from the reference. */
static uint64_t differences(bool sabotage)
{
	uint64_t different = 0;
	unsigned sequences = 1;
	for (int i = 0; i < STEPS; i++)
		sequences *= OPERATIONS;
	for (size_t length = 0; length <= BYTES_MAX; length++) {
		/* An exact allocation, so that a sanitizer sees one byte too many. */
		uint8_t *bytes = malloc(length != 0 ? length : 1);
		assert_non_null(bytes);
		for (size_t i = 0; i < length; i++)
			bytes[i] = (uint8_t)(0xa1 + 17 * i);
		for (unsigned sequence = 0; sequence < sequences; sequence++) {
			struct sk_cur c = sk_cur_of(bytes, length);
			struct reference r = {.bytes = bytes, .length = length};
			bool same = true;
			unsigned rest = sequence;
			for (int i = 0; i < STEPS && same; i++, rest /= OPERATIONS)
				same = step(rest % OPERATIONS, &c, &r, sabotage) && c.dead == r.dead && sk_left(&c) == (r.dead ? 0 : r.length - r.at) &&
				       sk_done(&c) == (r.dead ? SK_ETRUNC : r.at == r.length ? SK_OK : SK_ETRAIL);
			different += !same;
		}
		free(bytes);
	}
	return different;
}

static void cursor_equals_reference(void **state)
{
	(void)state;
	assert_int_equal(differences(false), 0);
}

static void sabotaged_cursor_is_caught(void **state)
{
	(void)state;
	assert_true(differences(true) > 0);
}

static void seek_stays_inside(void **state)
{
	(void)state;
	static const uint8_t bytes[4] = {1, 2, 3, 4};
	struct sk_cur c = sk_cur_of(bytes, sizeof bytes);
	for (size_t offset = 0; offset <= 6; offset++) {
		struct sk_cur there = sk_seek(&c, offset);
		assert_int_equal(there.dead, offset > 4);
		assert_int_equal(sk_left(&there), offset > 4 ? 0 : 4 - offset);
	}
	sk_kill(&c);
	assert_true(sk_seek(&c, 0).dead);
}

static void writer_stops_at_its_end(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity <= 16; capacity++) {
		uint8_t *bytes = malloc(capacity != 0 ? capacity : 1);
		struct sk_out out = sk_out_of(bytes, capacity);
		sk_put_u8(&out, 1);
		sk_put_be16(&out, 0x0203);
		sk_put_le32(&out, 0x07060504);
		sk_put_be64(&out, 0x08090a0b0c0d0e0fu);
		assert_int_equal(sk_out_done(&out), capacity >= 15 ? SK_OK : SK_ETOOBIG);
		for (size_t i = 0; i < sk_out_length(&out); i++)
			assert_int_equal(bytes[i], i + 1);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cursor_equals_reference), cmocka_unit_test(sabotaged_cursor_is_caught), cmocka_unit_test(seek_stays_inside),
		cmocka_unit_test(writer_stops_at_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
