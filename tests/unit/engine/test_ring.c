/* SPDX-License-Identifier: Apache-2.0 */
/* The ring against a plain list: every order of a few steps of both sides, then long random ones; then two threads that sleep and wake each other. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "engine/ring_priv.h"

/* ---- one thread: the ring and a list ---- */

enum { LIST_MAX = 256, URGENT_KEPT = 64 };

struct pair {
	struct sk_ring ring;
	struct sk_bell bell[2];
	/* the list */
	uint32_t length[LIST_MAX];
	uint64_t written, published, taken, released; /* records */
	uint64_t serial;
};

static void pair_start(struct pair *p, size_t bytes)
{
	struct sk_fault fault;
	memset(p, 0, sizeof *p);
	assert_int_equal(sk_bell_init(&p->bell[0], &fault), SK_OK);
	assert_int_equal(sk_bell_init(&p->bell[1], &fault), SK_OK);
	assert_int_equal(sk_ring_init(&p->ring, bytes, URGENT_KEPT, &p->bell[0], &p->bell[1]), SK_OK);
}

static void pair_stop(struct pair *p)
{
	sk_ring_fini(&p->ring);
	sk_bell_fini(&p->bell[0]);
	sk_bell_fini(&p->bell[1]);
}

/* What byte i of record n holds; never zero, so that residue can be told. */
static uint8_t content(uint64_t n, uint32_t i)
{
	return (uint8_t)(n * 31 + i * 7) | 1;
}

static bool write_one(struct pair *p, uint32_t length, bool urgent)
{
	bool room = sk_ring_has_room(&p->ring, length, urgent);
	uint8_t *bytes = sk_ring_reserve(&p->ring, 5, length, urgent);
	assert_int_equal(bytes != NULL, room);
	/* Nothing may be refused that an empty ring takes; what is kept stays for urgent ones. */
	if (bytes == NULL) {
		assert_true(p->written != p->released);
		return false;
	}
	for (uint32_t i = 0; i < length; i++) {
		assert_int_equal(bytes[i], 0); /* was overwritten before */
		bytes[i] = content(p->written, i);
	}
	p->length[p->written % LIST_MAX] = length;
	p->written++;
	return true;
}

static void publish(struct pair *p)
{
	sk_ring_publish(&p->ring);
	p->published = p->written;
}

static void take_one(struct pair *p, bool again)
{
	struct sk_ring_record record;
	assert_int_equal(sk_ring_has_more(&p->ring), p->taken != p->published);
	bool got = sk_ring_take(&p->ring, &record);
	assert_int_equal(got, p->taken != p->published);
	if (!got)
		return;
	if (again) {
		sk_ring_untake(&p->ring, &record);
		assert_true(sk_ring_take(&p->ring, &record));
	}
	assert_int_equal(record.kind, 5);
	assert_int_equal(record.length, p->length[p->taken % LIST_MAX]);
	assert_int_equal((uintptr_t)record.bytes % 8, 0);
	for (uint32_t i = 0; i < record.length; i++)
		assert_int_equal(record.bytes[i], content(p->taken, i));
	p->taken++;
}

static void release(struct pair *p)
{
	sk_ring_release(&p->ring);
	p->released = p->taken;
	assert_int_equal(sk_ring_residue(&p->ring), 0);
	if (p->released == p->written)
		assert_int_equal(sk_ring_fill(&p->ring), 0);
}

enum { STEPS = 7, DEPTH = 8, ORDERS = 5764801 /* 7^8 */ };

static void step(struct pair *p, unsigned what)
{
	switch (what) {
	case 0: (void)write_one(p, 0, false); break;
	case 1: (void)write_one(p, 33, false); break;
	case 2: (void)write_one(p, 80, false); break;
	case 3: (void)write_one(p, 8, true); break;
	case 4: publish(p); break;
	case 5: take_one(p, false); break;
	default: release(p); break;
	}
}

/* Every order of eight steps, from four places in the smallest ring. */
static void every_order_of_a_few_steps(void **state)
{
	(void)state;
	struct pair p;
	pair_start(&p, SK_RING_MIN_BYTES);
	for (unsigned start = 0; start < 4; start++) {
		for (unsigned order = start; order < ORDERS; order += 4) {
			for (unsigned rest = order, i = 0; i < DEPTH; i++, rest /= STEPS)
				step(&p, rest % STEPS);
			/* Drained, it is empty, and moved on by what was written. */
			publish(&p);
			while (p.taken != p.published)
				take_one(&p, false);
			release(&p);
		}
	}
	assert_int_equal(sk_ring_residue(&p.ring), 0);
	pair_stop(&p);
}

static void random_orders(void **state)
{
	(void)state;
	static const size_t sizes[] = {256, 512, 4096, 1 << 16};
	for (size_t s = 0; s < SK_COUNT(sizes); s++) {
		struct pair p;
		unsigned refused = 0;
		srand((unsigned)s + 1);
		pair_start(&p, sizes[s]);
		uint32_t largest = 0;
		while (sk_ring_fits(&p.ring, largest + 8))
			largest += 8;
		assert_true(largest >= 64 && !sk_ring_fits(&p.ring, (size_t)sizes[s]));
		for (unsigned i = 0; i < 200000; i++) {
			unsigned what = (unsigned)rand() % 16;
			if (what < 7)
				refused += p.written - p.released < LIST_MAX && !write_one(&p, (uint32_t)rand() % (rand() % 4 == 0 ? largest + 1 : 40), false);
			else if (what < 8)
				refused += p.written - p.released < LIST_MAX && !write_one(&p, 8, true);
			else if (what < 10)
				publish(&p);
			else if (what < 15)
				take_one(&p, rand() % 2 == 0);
			else
				release(&p);
		}
		assert_true(sizes[s] > 4096 || refused > 0);
		pair_stop(&p);
	}
}

/* What ordinary records may not use is there for urgent ones, however full it is. */
static void urgent_records_find_room(void **state)
{
	(void)state;
	for (uint32_t length = 0; length < 80; length++) {
		struct pair p;
		pair_start(&p, 1024);
		while (write_one(&p, length, false))
			;
		assert_true(write_one(&p, 8, true));
		publish(&p);
		assert_true(sk_ring_fill(&p.ring) > SK_RING_FULL / 2);
		while (p.taken != p.published)
			take_one(&p, false);
		release(&p);
		pair_stop(&p);
	}
}

/* ---- two threads ---- */

enum { RECORDS = 400000 };

struct talk {
	struct pair p;
	unsigned seed;
	bool slow_writer, slow_reader;
	uint64_t sleeps[2], bytes;
	bool wrong;
};

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void dawdle(uint32_t random)
{
	if (random % 4096 == 0)
		(void)nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

static void *write_all(void *context)
{
	struct talk *talk = context;
	struct sk_ring *ring = &talk->p.ring;
	uint32_t seed = talk->seed;
	for (uint64_t n = 0; n < RECORDS; n++) {
		uint32_t length = next_random(&seed) % 200;
		uint8_t *bytes;
		while ((bytes = sk_ring_reserve(ring, 1 + (uint32_t)(n % 7), length, false)) == NULL) {
			sk_ring_publish(ring);
			sk_bell_doze(ring->writer);
			if (sk_ring_has_room(ring, length, false)) {
				sk_bell_stay(ring->writer);
				continue;
			}
			talk->sleeps[0]++;
			sk_bell_sleep(ring->writer, -1, 20000);
		}
		for (uint32_t i = 0; i < length; i++)
			bytes[i] = content(n, i);
		if (next_random(&seed) % 8 == 0)
			sk_ring_publish(ring);
		if (talk->slow_writer)
			dawdle(next_random(&seed));
	}
	sk_ring_publish(ring);
	return NULL;
}

static void *read_all(void *context)
{
	struct talk *talk = context;
	struct sk_ring *ring = &talk->p.ring;
	uint32_t seed = talk->seed, slowness = 1;
	for (uint64_t n = 0; n < RECORDS;) {
		struct sk_ring_record record;
		if (!sk_ring_take(ring, &record)) {
			sk_ring_release(ring);
			sk_bell_doze(ring->reader);
			if (sk_ring_has_more(ring)) {
				sk_bell_stay(ring->reader);
				continue;
			}
			talk->sleeps[1]++;
			sk_bell_sleep(ring->reader, -1, 20000);
			continue;
		}
		uint32_t length = next_random(&seed) % 200;
		bool good = record.length == length && record.kind == 1 + (uint32_t)(n % 7);
		for (uint32_t i = 0; good && i < length; i++)
			good = record.bytes[i] == content(n, i);
		talk->wrong |= !good;
		(void)next_random(&seed);
		if (talk->slow_writer)
			(void)next_random(&seed);
		talk->bytes += length;
		n++;
		if (next_random(&slowness) % 16 == 0)
			sk_ring_release(ring);
		if (talk->slow_reader)
			dawdle(next_random(&slowness));
	}
	sk_ring_release(ring);
	return NULL;
}

static void two_threads(void **state)
{
	(void)state;
	static const size_t sizes[] = {512, 4096, 1 << 20};
	struct timespec start, end;
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	for (size_t s = 0; s < SK_COUNT(sizes); s++) {
		for (unsigned slow = 0; slow < 3; slow++) {
			struct talk talk = {.seed = (uint32_t)(s * 3 + slow + 1), .slow_writer = slow == 1, .slow_reader = slow == 2};
			pthread_t writer, reader;
			pair_start(&talk.p, sizes[s]);
			assert_int_equal(pthread_create(&writer, NULL, write_all, &talk), 0);
			assert_int_equal(pthread_create(&reader, NULL, read_all, &talk), 0);
			assert_int_equal(pthread_join(writer, NULL), 0);
			assert_int_equal(pthread_join(reader, NULL), 0);
			assert_false(talk.wrong);
			assert_int_equal(sk_ring_residue(&talk.p.ring), 0);
			assert_int_equal(sk_ring_fill(&talk.p.ring), 0);
			print_message("ring of %zu: %lu bytes, the writer slept %lu times, the reader %lu\n", sizes[s], talk.bytes, talk.sleeps[0], talk.sleeps[1]);
			pair_stop(&talk.p);
		}
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	/* A wake-up that is lost shows as a sleep of 20 s. */
	assert_true(end.tv_sec - start.tv_sec < 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_of_a_few_steps),
		cmocka_unit_test(random_orders),
		cmocka_unit_test(urgent_records_find_room),
		cmocka_unit_test(two_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
