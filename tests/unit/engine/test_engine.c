/* SPDX-License-Identifier: Apache-2.0 */
/* The engine as a whole: the equation under random traffic, the end of the basis, and the memory of this very process searched for canaries. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/crew.h"
#include "harness.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHADOWED 1
#else
#define SHADOWED 0
#endif

/* Linked in place of the project's sk_wipe: the sabotage twin switches erasing off. */
static bool wiping = true;
void __wrap_sk_wipe(void *bytes, size_t length);
void __wrap_sk_wipe(void *bytes, size_t length)
{
	if (wiping)
		explicit_bzero(bytes, length);
}

/* ---- a writer of frames; the canary exists in clear only in the child that writes the file ---- */

enum { CANARY_BYTES = 24, MASK = 0x5a };

/* "SEKISHO-CANARY-..." masked, so that the search does not find its own needle. */
static const uint8_t masked[CANARY_BYTES] = {0x09, 0x1f, 0x11, 0x13, 0x09, 0x12, 0x15, 0x77, 0x19, 0x1b, 0x14, 0x1b, 0x08, 0x03, 0x77, 0x6b,
					     0x62, 0x63, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f};

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* One Ethernet, IPv4, UDP frame with the canary all through its payload. Returns its length. */
static size_t udp_frame(uint8_t *out, const uint8_t source[4], const uint8_t destination[4], unsigned port, unsigned fragment, size_t payload)
{
	memset(out, 0, 42);
	put16(out + 12, 0x0800);
	out[14] = 0x45;
	put16(out + 16, (unsigned)(28 + payload));
	put16(out + 18, 7);
	put16(out + 20, fragment);
	out[22] = 64;
	out[23] = 17;
	memcpy(out + 26, source, 4);
	memcpy(out + 30, destination, 4);
	put16(out + 34, 4000);
	put16(out + 36, port);
	put16(out + 38, (unsigned)(8 + payload));
	for (size_t i = 0; i < payload; i++)
		out[42 + i] = masked[i % CANARY_BYTES] ^ MASK;
	return 42 + payload;
}

static void put_record(FILE *file, const uint8_t *frame, size_t length, uint32_t second)
{
	uint32_t head[4] = {second, 0, (uint32_t)length, (uint32_t)length};
	(void)fwrite(head, sizeof head, 1, file);
	(void)fwrite(frame, length, 1, file);
}

static void write_canaries(const char *path)
{
	static const uint32_t head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1};
	static const uint8_t inside[4] = {192, 0, 2, 5}, neighbour[4] = {192, 0, 2, 9}, nowhere[4] = {10, 9, 8, 7};
	uint8_t frame[2048];
	FILE *file = fopen(path, "wb");
	if (file == NULL)
		_exit(1);
	(void)fwrite(head, sizeof head, 1, file);
	for (uint32_t i = 0; i < 300; i++) {
		const uint8_t outside[4] = {198, 51, 100, (uint8_t)(9 + i % 20)};
		put_record(file, frame, udp_frame(frame, inside, neighbour, 9, 0, 600), 1000 + i);            /* domestic */
		put_record(file, frame, udp_frame(frame, inside, nowhere, 9, 0, 600), 1000 + i);              /* unknown */
		put_record(file, frame, udp_frame(frame, inside, outside, 1000 + i % 50, 0, 900), 1000 + i);   /* admitted, unselected */
		put_record(file, frame, udp_frame(frame, outside, inside, 53, 0, 300), 1000 + i);              /* looks like DNS */
		put_record(file, frame, udp_frame(frame, inside, outside, 9, 0x2000, 960), 1000 + i);          /* a fragment whose rest never comes */
	}
	_exit(fclose(file) == 0 ? 0 : 1);
}

/* Occurrences of the canary in this process's writable memory. */
static size_t search_memory(void)
{
	char line[512];
	size_t found = 0;
	FILE *maps = fopen("/proc/self/maps", "re");
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	enum { BLOCK = 1 << 20 };
	uint8_t *block = malloc(BLOCK + CANARY_BYTES);
	assert_non_null(maps);
	assert_non_null(block);
	assert_true(memory >= 0);
	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long long from, to;
		char mode[5];
		if (sscanf(line, "%llx-%llx %4s", &from, &to, mode) != 3 || mode[1] != 'w')
			continue;
		for (unsigned long long at = from; at < to; at += BLOCK) {
			size_t want = to - at < BLOCK + CANARY_BYTES ? (size_t)(to - at) : BLOCK + CANARY_BYTES;
			ssize_t got = pread(memory, block, want, (off_t)at);
			for (ssize_t i = 0; got >= CANARY_BYTES && i + CANARY_BYTES <= got; i++) {
				size_t same = 0;
				while (same < CANARY_BYTES && block[i + (ssize_t)same] == (masked[same] ^ MASK))
					same++;
				/* The search's own block holds what it reads: count what lies elsewhere. */
				unsigned long long where = at + (unsigned long long)i;
				if (same == CANARY_BYTES && (where < (uintptr_t)block || where > (uintptr_t)block + BLOCK + CANARY_BYTES))
					found++;
			}
		}
	}
	explicit_bzero(block, BLOCK + CANARY_BYTES);
	free(block);
	(void)close(memory);
	(void)fclose(maps);
	return found;
}

/* The canary exists in clear in the child alone. */
static void make_canaries(char *path)
{
	int fd = mkstemp(path), status = -1;
	assert_true(fd >= 0);
	(void)close(fd);
	pid_t child = fork();
	if (child == 0)
		write_canaries(path);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Run over the canary capture; the number found in memory afterwards, while engine and decoder still stand. */
static size_t canaries_after_run(bool erase)
{
	char path[] = "/tmp/sk-canary-XXXXXX";
	struct harness h;
	make_canaries(path);
	assert_true(harness_start(&h));
	struct sk_engine *engine = harness_engine(&h, NULL, 0);
	assert_non_null(engine);
	wiping = erase;
	assert_int_equal(harness_run(&h, engine, path), SK_OK);
	assert_int_equal(h.frames, 1500);
	assert_int_equal(h.selected, 0);
	size_t found = search_memory();
	size_t residue = sk_engine_residue(engine);
	wiping = true;
	sk_engine_free(engine);
	harness_stop(&h);
	(void)unlink(path);
	if (erase)
		assert_int_equal(residue, 0);
	return found;
}

static enum sk_err count_interval(void *context, struct sk_account *account, const struct sk_snapshot *snapshot, struct sk_fault *fault)
{
	struct harness *h = context;
	(void)snapshot, (void)fault;
	h->frames += account->received.frames;
	h->selected += account->selected.frames;
	return SK_OK;
}

/* The same with three workers: what lies in rings, in their engines, on the stacks of their threads. */
static size_t canaries_after_crew(bool erase)
{
	char path[] = "/tmp/sk-canary-XXXXXX";
	struct harness h;
	struct sk_fault fault;
	struct sk_crew *crew = NULL;
	struct sk_capture_source capture = {.interface_base = 0};
	struct sk_engine_totals totals;
	make_canaries(path);
	assert_true(harness_start(&h));
	struct sk_snapshot snapshot = sk_snapshot_of(1, h.border, &h.basis, NULL);
	struct sk_crew_config config = {.workers = 3, .sources = 1, .threads = true, .flow = sk_flow_default_limits(), .decoder = sk_decoder_default_limits(), .link = "test",
					.clock = sk_clock_of_fake(&h.time), .sink = &h.sink, .context = &h, .interval = count_interval};
	config.flow.flows = 4096;
	config.flow.facts = 256;
	config.flow.streams = 64;
	assert_int_equal(sk_capture_open(path, &capture.capture, &fault), SK_OK);
	struct sk_source source = sk_source_of_capture(&capture);
	assert_int_equal(sk_crew_new(&config, &snapshot, &crew, &fault), SK_OK);
	wiping = erase;
	assert_int_equal(sk_crew_run(crew, &source, &fault), SK_OK);
	sk_capture_close(capture.capture);
	assert_int_equal(sk_crew_finish(crew, SK_FLOW_END_STOP, &fault), SK_OK);
	assert_int_equal(h.frames, 1500);
	assert_int_equal(h.selected, 0);
	sk_crew_totals(crew, &totals);
	assert_true(totals.passed.frames > 100);
	size_t found = search_memory();
	size_t residue = sk_crew_residue(crew);
	wiping = true;
	sk_crew_free(crew);
	harness_stop(&h);
	(void)unlink(path);
	assert_true(erase ? residue == 0 : residue > 0);
	return found;
}

static void no_canary_stays_in_memory(void **state)
{
	(void)state;
	if (SHADOWED)
		skip();
	assert_int_equal(canaries_after_run(true), 0);
	assert_int_equal(canaries_after_crew(true), 0);
}

static void sabotaged_erasure_is_found(void **state)
{
	(void)state;
	if (SHADOWED)
		skip();
	assert_true(canaries_after_run(false) > 0);
	assert_true(canaries_after_crew(false) > 0);
}

/* ---- the equation ---- */

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Random IPv4 traffic of all classes, protocols and fragments. */
static void write_random(const char *path, uint32_t seed, unsigned count)
{
	static const uint32_t head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1};
	static const uint8_t nets[5][3] = {{192, 0, 2}, {198, 51, 100}, {203, 0, 113}, {10, 1, 1}, {192, 0, 2}};
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	(void)fwrite(head, sizeof head, 1, file);
	for (unsigned i = 0; i < count; i++) {
		uint8_t frame[2048], ends[2][4];
		for (int end = 0; end < 2; end++) {
			memcpy(ends[end], nets[next_random(&seed) % 5], 3);
			ends[end][3] = (uint8_t)(next_random(&seed) % 16);
		}
		unsigned fragment = next_random(&seed) % 4 == 0 ? (next_random(&seed) % 3) * 3 | (next_random(&seed) % 2) << 13 : 0;
		size_t length = udp_frame(frame, ends[0], ends[1], next_random(&seed) % 100 == 0 ? 53 : 1000 + next_random(&seed) % 3, fragment, 24);
		static const uint8_t protocols[] = {6, 17, 1, 47, 4, 132, 50, 17};
		frame[23] = protocols[next_random(&seed) % 8];
		for (unsigned flips = next_random(&seed) % 4; flips > 2; flips--)
			frame[next_random(&seed) % length] ^= (uint8_t)next_random(&seed);
		put_record(file, frame, length - next_random(&seed) % 20 * (next_random(&seed) % 8 == 0), 1000 + (next_random(&seed) % 5 == 0 ? next_random(&seed) % 4000 : i));
	}
	assert_int_equal(fclose(file), 0);
}

/* Whatever the traffic and the interval: every frame has one fate. sk_account_check would stop the run; this adds the sums over all intervals.
   //= rule: ACCOUNT-1 */
static void equation_closes(void **state)
{
	(void)state;
	static const uint64_t interval_frames[] = {1, 7, 64, 1000, 0};
	char path[] = "/tmp/sk-random-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	(void)close(fd);
	for (uint32_t seed = 1; seed <= 20; seed++) {
		write_random(path, seed, 3000);
		for (size_t i = 0; i < SK_COUNT(interval_frames); i++) {
			struct harness h;
			assert_true(harness_start(&h));
			struct sk_engine *engine = harness_engine(&h, NULL, interval_frames[i]);
			assert_non_null(engine);
			assert_int_equal(harness_run(&h, engine, path), SK_OK);
			assert_int_equal(h.frames, 3000);
			assert_int_equal(h.frames, h.gate + h.select + h.selected);
			assert_int_equal(h.pending, 0);
			assert_true(h.gate > 0 && h.select > 0);
			sk_engine_free(engine);
			harness_stop(&h);
		}
	}
	(void)unlink(path);
}

/* The twin: an account with one frame more on one side is refused. */
static void doctored_account_is_refused(void **state)
{
	(void)state;
	struct sk_account account = {.received = {.frames = 10, .bytes = 100}, .selected = {.frames = 10, .bytes = 100}, .classes = {{.frames = 10, .bytes = 100}}};
	struct sk_fault fault;
	assert_int_equal(sk_account_check(&account, &fault), SK_OK);
	account.selected.frames--;
	assert_int_equal(sk_account_check(&account, &fault), SK_EINCONSISTENT);
	account.selected.frames++;
	account.selected.bytes++;
	assert_int_equal(sk_account_check(&account, &fault), SK_EINCONSISTENT);
	account.selected.bytes--;
	account.classes[0].frames--;
	assert_int_equal(sk_account_check(&account, &fault), SK_EINCONSISTENT);
}

/* ---- the basis and the ledger end collection ---- */

static enum sk_err run_random(struct harness *h, uint64_t interval_frames, int64_t now_ns)
{
	char path[] = "/tmp/sk-random-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	(void)close(fd);
	write_random(path, 3, 500);
	h->time.now_unix_ns = now_ns;
	struct sk_engine *engine = harness_engine(h, NULL, interval_frames);
	assert_non_null(engine);
	enum sk_err err = harness_run(h, engine, path);
	sk_engine_free(engine);
	(void)unlink(path);
	return err;
}

/* //= rule: BASIS-2 */
static void nothing_is_collected_after_the_basis(void **state)
{
	(void)state;
	struct harness h;
	assert_true(harness_start(&h));
	assert_int_equal(run_random(&h, 0, h.basis.until_ns), SK_EEXPIRED);
	assert_int_equal(h.frames, 0);
	assert_int_equal(run_random(&h, 0, h.basis.until_ns - 1), SK_OK);
	assert_int_equal(h.frames, 500);
	harness_stop(&h);
}

static void nothing_is_collected_without_a_ledger(void **state)
{
	(void)state;
	struct harness h;
	assert_true(harness_start(&h));
	h.interval_answer = SK_ELEDGER;
	assert_int_equal(run_random(&h, 100, 1500), SK_ELEDGER);
	assert_int_equal(h.intervals, 1);
	harness_stop(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_canary_stays_in_memory), cmocka_unit_test(sabotaged_erasure_is_found), cmocka_unit_test(equation_closes),
		cmocka_unit_test(doctored_account_is_refused), cmocka_unit_test(nothing_is_collected_after_the_basis),
		cmocka_unit_test(nothing_is_collected_without_a_ledger),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
