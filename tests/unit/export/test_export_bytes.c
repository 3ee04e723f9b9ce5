/* SPDX-License-Identifier: Apache-2.0 */
/* Every cut and every changed byte of every form: the account closes, the message is overwritten, nothing is read past its end (the sanitizers watch), and no
   memory is asked for after the start. */
#include "export_test.h"
#include "samples.h"

/* ---- no allocation after start: wrapped by the linker for all of our own code ---- */

static volatile bool armed; /* the compiler knows malloc and would not let it look */
static unsigned allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations += armed;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	allocations += armed;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	allocations += armed;
	return __real_realloc(old, size);
}

static void give(struct world *w, const uint8_t *bytes, size_t length)
{
	struct sk_fault fault;
	uint8_t *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	armed = true;
	enum sk_err err = sk_export_message(w->export_, &w->source, exact, length, &fault);
	armed = false;
	assert_int_equal(err, SK_OK);
	assert_int_equal(sk_count_nonzero(exact, length), 0);
	free(exact);
	assert_closes(w);
}

static void cuts(void **state)
{
	(void)state;
	static struct world w;
	static struct msg m;
	world_start(&w, true);
	for (unsigned sample = 0; sample < SAMPLE_COUNT; sample++) {
		sample_message(&m, (enum sample)sample);
		assert_int_equal(sk_out_done(&m.out), SK_OK);
		for (size_t length = 0; length <= msg_length(&m); length++)
			give(&w, m.bytes, length);
	}
	assert_true(w.observations > 0 && w.frames > 0);
	assert_int_equal(allocations, 0);
	world_end(&w);
}

static void changed_bytes(void **state)
{
	(void)state;
	static struct world w;
	static struct msg m;
	world_start(&w, true);
	for (unsigned sample = 0; sample < SAMPLE_COUNT; sample++) {
		sample_message(&m, (enum sample)sample);
		for (size_t at = 0; at < msg_length(&m); at++) {
			static const uint8_t tried[] = {0x00, 0x01, 0x02, 0x7f, 0x80, 0xfe, 0xff};
			uint8_t kept = m.bytes[at];
			for (size_t t = 0; t < sizeof tried; t++) {
				m.bytes[at] = tried[t];
				give(&w, m.bytes, msg_length(&m));
			}
			m.bytes[at] = kept;
		}
	}
	assert_int_equal(allocations, 0);
	world_end(&w);
}

/* Pairs of bytes at random, on one exporter whose templates change under it all the time. */
static void changed_pairs(void **state)
{
	(void)state;
	static struct world w;
	static struct msg m;
	uint64_t random = 7;
	world_start(&w, true);
	for (unsigned round = 0; round < 60000; round++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		sample_message(&m, (enum sample)(random >> 33) % SAMPLE_COUNT);
		for (unsigned i = 0; i < 2; i++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
			m.bytes[(random >> 40) % msg_length(&m)] = (uint8_t)(random >> 32);
		}
		w.source.session = (uint32_t)(random >> 60) % 3;
		give(&w, m.bytes, msg_length(&m));
	}
	assert_int_equal(allocations, 0);
	world_end(&w);
}

/* The twin: what asks for memory is noticed. */
static void twin(void **state)
{
	(void)state;
	armed = true;
	void *volatile memory = malloc(1);
	armed = false;
	free(memory);
	assert_int_equal(allocations, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(cuts), cmocka_unit_test(changed_bytes), cmocka_unit_test(changed_pairs), cmocka_unit_test(twin)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
