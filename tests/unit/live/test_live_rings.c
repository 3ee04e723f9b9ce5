/* SPDX-License-Identifier: Apache-2.0 */
/* Rings on a veth pair in a network namespace of this process's own: what is handed out, what is counted, what is overwritten, what happens on reload and when the
   interface goes. Needs root. */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "differ.h"
#include "live/live.h"
#include "live/selftest_priv.h"

enum { FRAMES = 50000 /* three times round the rings */, ALL_CLASSES = 7, ONLY_FD = 2, WAIT_MS = 30 };

static const struct {
	const char *name;
	enum sk_live_mode mode;
} modes[] = {{"XDP native", SK_LIVE_XDP_NATIVE}, {"XDP generic", SK_LIVE_XDP_GENERIC}, {"AF_PACKET", SK_LIVE_PACKET}};

static int sender = -1;
static struct sk_border *border;

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void open_sender(void)
{
	struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("out")};
	sender = socket(AF_PACKET, SOCK_RAW, 0);
	assert_true(sender >= 0);
	assert_int_equal(bind(sender, (struct sockaddr *)&where, sizeof where), 0);
}

/* A fresh pair for each test: "in" is read, frames are put into "out". */
static int make_pair(void **state)
{
	(void)state;
	run("ip link add in type veth peer name out && sysctl -qw net.ipv6.conf.in.disable_ipv6=1 net.ipv6.conf.out.disable_ipv6=1 && ip link set in up && ip link set out up");
	open_sender();
	return 0;
}

/* The same with two queues in each direction. */
static int make_queues(void **state)
{
	run("ip link add in numrxqueues 2 numtxqueues 2 type veth peer name out numrxqueues 2 numtxqueues 2 && sysctl -qw net.ipv6.conf.in.disable_ipv6=1 net.ipv6.conf.out.disable_ipv6=1 && "
	    "ethtool -L in rx 2 tx 2 && ethtool -L out rx 2 tx 2 && ip link set in up && ip link set out up");
	(void)state;
	open_sender();
	return 0;
}

static int remove_pair(void **state)
{
	(void)state;
	(void)close(sender);
	run("ip link del out 2>/dev/null || true");
	return 0;
}

static void put(const void *bytes, size_t length)
{
	while (send(sender, bytes, length, 0) < 0)
		assert_true(errno == ENOBUFS);
}

static void check(enum sk_err err, const struct sk_fault *fault)
{
	if (err != SK_OK)
		fail_msg("%s", fault->line);
}

static struct sk_live *open_live(enum sk_live_mode mode, unsigned ports, unsigned covered)
{
	struct sk_live *live = NULL;
	struct sk_fault fault = {.line = ""};
	const struct sk_live_options options = {.interface = "in", .mode = mode, .ports = ports, .border = border, .covered_classes = covered, .clock = sk_clock_system()};
	check(sk_live_open(&options, &live, &fault), &fault);
	return live;
}

/* An Ethernet frame of a class, as the lists of differ.c have it, with a canary that is made here and stands nowhere in this program's text. */
static size_t make_frame(enum sk_class class_, const char *recipe, uint8_t *out)
{
	static const uint8_t sides[SK_CLASS_COUNT][2] = {{2, 2}, {2, 1}, {1, 2}, {1, 1}, {2, 0}};
	struct live_pair pairs[LIVE_PAIRS_MAX];
	struct live_frame frame;
	for (unsigned i = 0; i < live_recipe_pairs(recipe); i++) {
		bool four = live_recipe_family(recipe, i) == 4;
		const uint8_t *side = sides[i + 1 == live_recipe_pairs(recipe) ? class_ : SK_CLASS_FD];
		pairs[i] = (struct live_pair){.source.family = four ? 4 : 6, .destination.family = four ? 4 : 6};
		if (four) {
			memcpy(pairs[i].source.bytes, (uint8_t[]){203, 0, 113, (uint8_t)(3 + side[0])}, 4);
			memcpy(pairs[i].destination.bytes, (uint8_t[]){198, 51, 100, (uint8_t)(6 + side[1])}, 4);
		} else {
			memcpy(pairs[i].source.bytes, "\x20\x01\x0d\xb8", 4);
			memcpy(pairs[i].destination.bytes, "\x20\x01\x0d\xb8", 4);
			pairs[i].source.bytes[15] = (uint8_t)(3 + side[0]);
			pairs[i].destination.bytes[15] = (uint8_t)(6 + side[1]);
		}
	}
	live_recipe_build(recipe, 0, pairs, &frame);
	memcpy(out, frame.room + frame.start, frame.length);
	memset(out + frame.length - LIVE_FRAME_PAYLOAD_BYTES, class_ == SK_CLASS_DD ? 0xd7 : 0xf3, LIVE_FRAME_PAYLOAD_BYTES);
	return frame.length;
}

/* Take everything that is there from all ports; frames of each class by the canary in their payload. */
static size_t drain(struct sk_live *live, unsigned ports, size_t *domestic, size_t per_port[SK_LIVE_PORTS_MAX])
{
	size_t all = 0;
	for (unsigned port = 0; port < ports; port++)
		for (size_t count = 1; count != 0;) {
			struct sk_frame frames[SK_BATCH_MAX];
			struct sk_fault fault = {.line = ""};
			check(sk_live_next(live, port, frames, &count, WAIT_MS, &fault), &fault);
			for (size_t i = 0; i < count; i++)
				*domestic += frames[i].bytes[frames[i].captured_bytes - 1] == 0xd7;
			all += count;
			if (per_port != NULL)
				per_port[port] += count;
		}
	return all;
}

static struct sk_live_counters counters(struct sk_live *live)
{
	struct sk_live_counters now;
	struct sk_fault fault = {.line = ""};
	check(sk_live_counters(live, &now, &fault), &fault);
	return now;
}

static uint64_t erased(const struct sk_live_counters *c, uint64_t *bytes)
{
	uint64_t frames = 0;
	*bytes = 0;
	for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		for (unsigned reason = 0; reason < SK_GATE_REASON_COUNT; reason++) {
			frames += c->erased[class_][reason].frames;
			*bytes += c->erased[class_][reason].bytes;
		}
	return frames;
}

/* ---- what comes and what is counted ---- */

static void test_counts(void **state)
{
	(void)state;
	static const char *const recipes[] = {"E4T", "E6U", "EV4T", "E44T", "E4XE4T", "EL6T", "EP4T"};
	for (size_t m = 0; m < SK_COUNT(modes); m++) {
		struct sk_live *live = open_live(modes[m].mode, 1, ALL_CLASSES);
		struct sk_fault fault = {.line = ""};
		struct sk_live_facts facts;
		uint8_t frame[512];
		size_t domestic = 0, sent[SK_CLASS_COUNT] = {0}, sent_bytes[SK_CLASS_COUNT] = {0}, length;
		/* Before the gate opens nothing passes and nothing counts. */
		length = make_frame(SK_CLASS_FD, "E4T", frame);
		for (unsigned i = 0; i < 50; i++)
			put(frame, length);
		assert_int_equal(drain(live, 1, &domestic, NULL), 0);
		check(sk_live_start(live, &fault), &fault);
		sk_live_facts(live, &facts);
		print_message("%s: driver %s, xdp %d native %d zero-copy %d, queues %u, %u vectors\n", modes[m].name, facts.driver, facts.xdp, facts.native, facts.zero_copy, facts.queues, facts.vectors);
		assert_int_equal(facts.xdp, modes[m].mode != SK_LIVE_PACKET);
		assert_int_equal(facts.native, modes[m].mode == SK_LIVE_XDP_NATIVE);
		assert_false(facts.zero_copy);
		size_t got = 0;
		for (unsigned i = 0; i < FRAMES; i++) {
			enum sk_class class_ = (enum sk_class)(i % SK_CLASS_COUNT);
			length = make_frame(class_, recipes[i / SK_CLASS_COUNT % SK_COUNT(recipes)], frame);
			put(frame, length);
			sent[class_]++;
			sent_bytes[class_] += length;
			if (i % 500 == 499)
				got += drain(live, 1, &domestic, NULL);
		}
		got += drain(live, 1, &domestic, NULL);
		check(sk_live_shut(live, &fault), &fault);
		got += drain(live, 1, &domestic, NULL);
		struct sk_live_counters now = counters(live);
		uint64_t bytes, frames = erased(&now, &bytes), passing = sent[SK_CLASS_FF] + sent[SK_CLASS_FD] + sent[SK_CLASS_DF];
		assert_int_equal(domestic, 0);
		assert_int_equal(got, passing);
		assert_int_equal(now.in.frames, FRAMES);
		assert_int_equal(frames, sent[SK_CLASS_DD] + sent[SK_CLASS_UNKNOWN]);
		assert_int_equal(bytes, sent_bytes[SK_CLASS_DD] + sent_bytes[SK_CLASS_UNKNOWN]);
		assert_int_equal(now.delivered.frames, passing);
		assert_int_equal(now.delivered.bytes, now.passed.bytes);
		assert_int_equal(now.in.bytes, now.delivered.bytes + bytes);
		assert_int_equal(now.pending, 0);
		assert_int_equal(now.ring_lost, 0);
		assert_int_equal(now.unfinished.frames, 0);
		/* A frame behind the shut gate is no longer counted. */
		put(frame, length);
		usleep(20000);
		assert_int_equal(counters(live).in.frames, FRAMES);
		/* rule: LIVE-3 */
		assert_int_equal(sk_live_residue(live), 0);
		sk_live_close(live);
	}
}

/* What comes is the frame as it was sent: a tag that the kernel takes off is put back, and its bytes count. */
static void test_bytes(void **state)
{
	(void)state;
	static const char *const recipes[] = {"E4T", "EV4T", "ESV6T", "EVVV4U", "ENN6T", "E4w6T"};
	for (size_t m = 0; m < SK_COUNT(modes); m++) {
		struct sk_live *live = open_live(modes[m].mode, 1, ALL_CLASSES);
		struct sk_fault fault = {.line = ""};
		check(sk_live_start(live, &fault), &fault);
		for (size_t r = 0; r < SK_COUNT(recipes); r++) {
			uint8_t frame[512];
			struct sk_frame frames[SK_BATCH_MAX];
			size_t length = make_frame(SK_CLASS_FD, recipes[r], frame), count = 0;
			int64_t before = sk_clock_system().unix_ns(NULL);
			put(frame, length);
			check(sk_live_next(live, 0, frames, &count, 1000, &fault), &fault);
			assert_int_equal(count, 1);
			assert_int_equal(frames[0].captured_bytes, length);
			assert_int_equal(frames[0].wire_bytes, length);
			assert_memory_equal(frames[0].bytes, frame, length);
			assert_true(frames[0].time_ns >= before - 1000000 && frames[0].time_ns < before + INT64_C(1000000000));
		}
		check(sk_live_shut(live, &fault), &fault);
		size_t domestic = 0;
		assert_int_equal(drain(live, 1, &domestic, NULL), 0);
		struct sk_live_counters now = counters(live);
		assert_int_equal(now.in.bytes, now.delivered.bytes);
		assert_int_equal(sk_live_residue(live), 0);
		sk_live_close(live);
	}
}

/* A slow reader: what the ring has no room for is counted as lost, and everything closes to the frame and to the byte. */
static void test_losses_close(void **state)
{
	(void)state;
	enum { FLOOD = 60000, BIG = 1400 };
	for (size_t m = 0; m < SK_COUNT(modes); m++) {
		struct sk_live *live = open_live(modes[m].mode, 1, ALL_CLASSES);
		struct sk_fault fault = {.line = ""};
		struct sk_source source = sk_live_source(live, 0);
		struct sk_source_counts told = {0}, before = {0};
		uint8_t frame[BIG];
		size_t domestic = 0, got = 0, count_of_last = 0;
		check(sk_live_start(live, &fault), &fault);
		for (unsigned i = 0; i < FLOOD; i++) {
			size_t length = make_frame(i % 4 == 0 ? SK_CLASS_DD : SK_CLASS_FD, "E4T", frame);
			memset(frame + length, i % 4 == 0 ? 0xd7 : 0xf3, BIG - length);
			put(frame, i % 2 == 0 ? BIG : BIG - 100);
			if (i % 10000 == 9999) {
				struct sk_frame frames[SK_BATCH_MAX];
				size_t count;
				check(sk_live_next(live, 0, frames, &count, 0, &fault), &fault);
				got += count;
				source.counts(source.context, &told);
				/* Only ever more, and never bytes without a frame. */
				assert_true(told.lost[0].frames > before.lost[0].frames ? told.lost[0].bytes > before.lost[0].bytes : told.lost[0].bytes == before.lost[0].bytes);
				before = told;
			}
		}
		check(sk_live_shut(live, &fault), &fault);
		/* To its end, as a worker would. */
		for (enum sk_err err = SK_EMORE; err != SK_OK || count_of_last != 0;) {
			struct sk_frame frames[SK_BATCH_MAX];
			err = source.next(source.context, frames, &count_of_last, &fault);
			for (size_t i = 0; i < count_of_last; i++)
				domestic += frames[i].bytes[frames[i].captured_bytes - 1] == 0xd7;
			got += count_of_last;
		}
		source.counts(source.context, &told);
		struct sk_live_counters now = counters(live);
		uint64_t bytes, frames = erased(&now, &bytes);
		print_message("%s: in %lu = erased %lu + delivered %lu + lost %lu, before %lu\n", modes[m].name, (unsigned long)now.in.frames, (unsigned long)frames,
			      (unsigned long)now.delivered.frames, (unsigned long)now.ring_lost, (unsigned long)now.before_lost);
		assert_int_equal(domestic, 0);
		assert_int_equal(now.in.frames + now.before_lost, FLOOD);
		assert_true(now.ring_lost > 0);
		assert_int_equal(now.in.frames, frames + now.delivered.frames + now.ring_lost);
		assert_int_equal(now.pending, 0);
		assert_int_equal(got, now.delivered.frames);
		assert_int_equal(told.lost[0].frames, now.ring_lost);
		assert_int_equal(told.lost[0].bytes, now.in.bytes - bytes - now.delivered.bytes);
		assert_int_equal(told.classes[SK_CLASS_DD].frames, frames);
		assert_int_equal(told.erased[SK_GATE_DOMESTIC - 1].bytes, bytes);
		assert_int_equal(sk_live_residue(live), 0);
		sk_live_close(live);
	}
}

/* ---- several readers ---- */

/* Two readers of an AF_PACKET group: both directions of a pair, its fragments and its tagged frames go to the same one, and both get some. */
static void test_steering(void **state)
{
	(void)state;
	enum { PORTS = 2, PAIRS = 64 };
	struct sk_live *live = open_live(SK_LIVE_PACKET, PORTS, ALL_CLASSES);
	struct sk_fault fault = {.line = ""};
	size_t domestic = 0, all[SK_LIVE_PORTS_MAX] = {0};
	check(sk_live_start(live, &fault), &fault);
	static const char *const recipes[] = {"E4T", "EfT", "EV4T", "ESV4T", "E6U", "ErT", "EV6U"};
	for (unsigned pair = 0; pair < PAIRS; pair++)
		for (unsigned six = 0; six < 2; six++) {
			size_t per_port[SK_LIVE_PORTS_MAX] = {0};
			unsigned sent = 0;
			for (size_t r = six ? 4 : 0; r < (six ? SK_COUNT(recipes) : 4); r++)
				for (unsigned back = 0; back < 2; back++) {
					/* Foreign addresses that no list names: 192.0.2.128/26 and everything outside special ranges. */
					struct live_pair pairs[1] = {{.source = {.family = six ? 6 : 4}, .destination = {.family = six ? 6 : 4}}};
					struct live_frame frame;
					uint8_t *from = back ? pairs[0].destination.bytes : pairs[0].source.bytes, *to = back ? pairs[0].source.bytes : pairs[0].destination.bytes;
					memcpy(from, six ? (uint8_t[]){0x2a, 0, 1, (uint8_t)pair} : (uint8_t[]){8, 8, 4, (uint8_t)pair}, 4);
					memcpy(to, six ? (uint8_t[]){0x2a, 1, (uint8_t)pair, 7} : (uint8_t[]){9, (uint8_t)(pair * 3), 9, 9}, 4);
					live_recipe_build(recipes[r], 0, pairs, &frame);
					put(frame.room + frame.start, frame.length);
					sent++;
				}
			assert_int_equal(drain(live, PORTS, &domestic, per_port), sent);
			assert_true(per_port[0] == 0 || per_port[1] == 0);
			all[0] += per_port[0];
			all[1] += per_port[1];
		}
	print_message("steered: %lu and %lu\n", (unsigned long)all[0], (unsigned long)all[1]);
	assert_true(all[0] > PAIRS && all[1] > PAIRS);
	struct sk_live_counters now = counters(live);
	assert_int_equal(now.in.frames, all[0] + all[1]);
	sk_live_close(live);
}

/* Two queues, by one reader or by one each: everything comes once. A queue that appears later has no socket: its frames are counted as lost, and the sum closes. */
static void test_queues(void **state)
{
	(void)state;
	for (unsigned ports = 1; ports <= 3; ports++) {
		bool appears = ports == 3;
		if (appears) /* the kernel gives the memory of the sockets before back a little later */
			run("for i in 1 2 3 4 5 6 7 8 9 10; do ethtool -L out tx 1 2>/dev/null; ethtool -L in rx 1 2>/dev/null && exit 0; sleep 0.2; done; exit 1");
		struct sk_live *live = open_live(SK_LIVE_XDP_NATIVE, appears ? 1 : ports, ALL_CLASSES);
		struct sk_fault fault = {.line = ""};
		size_t domestic = 0, per_port[SK_LIVE_PORTS_MAX] = {0}, length;
		uint8_t frame[512];
		check(sk_live_start(live, &fault), &fault);
		if (appears)
			run("ethtool -L in rx 2 && ethtool -L out tx 2 && ip link set in down && ip link set in up && sleep 0.2");
		length = make_frame(SK_CLASS_FD, "E4T", frame);
		/* The kernel picks a queue by a hash over addresses and ports. */
		for (unsigned i = 0; i < 200; i++) {
			frame[34] = (uint8_t)i;
			frame[35] = (uint8_t)(i * 7);
			put(frame, length);
		}
		size_t got = drain(live, appears ? 1 : ports, &domestic, per_port);
		check(sk_live_shut(live, &fault), &fault);
		struct sk_live_counters now = counters(live);
		print_message("%u reader%s: %lu and %lu, without a socket %lu\n", appears ? 1 : ports, ports == 2 ? "s" : "", (unsigned long)per_port[0], (unsigned long)per_port[1],
			      (unsigned long)now.no_socket.frames);
		assert_int_equal(now.in.frames, 200);
		assert_int_equal(now.in.frames, got + now.no_socket.frames);
		assert_int_equal(now.in.bytes, now.delivered.bytes + now.no_socket.bytes);
		assert_true(appears ? now.no_socket.frames > 20 && got > 20 : now.no_socket.frames == 0);
		assert_true(ports != 2 || (per_port[0] > 20 && per_port[1] > 20));
		assert_int_equal(sk_live_residue(live), 0);
		sk_live_close(live);
	}
}

/* ---- reload ---- */

/* Another table and other classes while frames come: none is lost, each is judged by one of the two. */
static void test_reload(void **state)
{
	(void)state;
	struct sk_border *other = differ_table(DIFFER_RANDOM);
	for (size_t m = 0; m < SK_COUNT(modes); m++) {
		struct sk_live *live = open_live(modes[m].mode, 1, ALL_CLASSES);
		struct sk_fault fault = {.line = ""};
		struct sk_live_facts before, after;
		size_t domestic = 0, length, got = 0, sent = 0;
		uint8_t frame[512];
		check(sk_live_start(live, &fault), &fault);
		sk_live_facts(live, &before);
		for (unsigned round = 0; round < 10; round++) {
			length = make_frame(SK_CLASS_FF, "E4T", frame);
			for (unsigned i = 0; i < 100; i++, sent++)
				put(frame, length);
			check(sk_live_swap(live, round % 2 == 0 ? other : border, round % 3 == 0 ? ONLY_FD : ALL_CLASSES, &fault), &fault);
			got += drain(live, 1, &domestic, NULL);
		}
		check(sk_live_swap(live, border, ONLY_FD, &fault), &fault);
		sk_live_facts(live, &after);
		assert_memory_not_equal(before.table_digest, after.table_digest, SK_HASH_BYTES);
		assert_memory_equal(before.program_digest, after.program_digest, SK_HASH_BYTES);
		/* Under the new classes nothing of it passes. */
		struct sk_live_counters mark = counters(live);
		length = make_frame(SK_CLASS_FF, "E4T", frame);
		for (unsigned i = 0; i < 100; i++, sent++)
			put(frame, length);
		assert_int_equal(drain(live, 1, &domestic, NULL), 0);
		struct sk_live_counters now = counters(live);
		assert_int_equal(now.erased[SK_CLASS_FF][SK_GATE_NOT_COVERED].frames - mark.erased[SK_CLASS_FF][SK_GATE_NOT_COVERED].frames, 100);
		assert_int_equal(now.in.frames, sent);
		assert_int_equal(now.delivered.frames, got);
		check(sk_live_swap(live, border, ALL_CLASSES, &fault), &fault);
		sk_live_facts(live, &after);
		assert_memory_equal(before.table_digest, after.table_digest, SK_HASH_BYTES);
		sk_live_close(live);
	}
	sk_border_close(other);
}

/* ---- the interface goes ---- */

static void test_interface_down_up_gone(void **state)
{
	(void)state;
	for (size_t m = 0; m < SK_COUNT(modes); m++) {
		struct sk_live *live = open_live(modes[m].mode, 1, ALL_CLASSES);
		struct sk_fault fault = {.line = ""};
		struct sk_live_counters now;
		size_t domestic = 0, length, count;
		struct sk_frame frames[SK_BATCH_MAX];
		uint8_t frame[512];
		check(sk_live_start(live, &fault), &fault);
		length = make_frame(SK_CLASS_FD, "E4T", frame);
		put(frame, length);
		assert_int_equal(drain(live, 1, &domestic, NULL), 1);
		run("ip link set in down");
		check(sk_live_next(live, 0, frames, &count, 10, &fault), &fault);
		assert_int_equal(count, 0);
		run("ip link set in up");
		usleep(100000);
		put(frame, length);
		assert_int_equal(drain(live, 1, &domestic, NULL), 1);
		now = counters(live);
		assert_int_equal(now.in.frames, 2);
		run("ip link del out");
		assert_int_equal(sk_live_counters(live, &now, &fault), SK_EIO);
		print_message("%s\n", fault.line);
		if (sk_live_next(live, 0, frames, &count, 10, &fault) == SK_OK)
			assert_int_equal(count, 0);
		sk_live_close(live);
		(void)close(sender);
		(void)make_pair(NULL);
	}
}

/* ---- refusals ---- */

static enum sk_err try_open(const char *interface, enum sk_live_mode mode, bool zero_copy, struct sk_fault *fault)
{
	struct sk_live *live = NULL;
	const struct sk_live_options options = {.interface = interface, .mode = mode, .zero_copy = zero_copy, .border = border, .covered_classes = ALL_CLASSES, .clock = sk_clock_system()};
	enum sk_err err = sk_live_open(&options, &live, fault);
	sk_live_close(live);
	print_message("%s\n", err == SK_OK ? "opened" : fault->line);
	return err;
}

static void test_refusals(void **state)
{
	(void)state;
	struct sk_fault fault = {.line = ""};
	assert_int_equal(try_open("no-such-if", SK_LIVE_AUTO, false, &fault), SK_EUSAGE);
	assert_int_equal(try_open("in", SK_LIVE_XDP_NATIVE, true, &fault), SK_EUNSUPPORTED);
	assert_int_equal(try_open("in", SK_LIVE_PACKET, true, &fault), SK_EUSAGE);
	run("ip link set in down");
	assert_int_equal(try_open("in", SK_LIVE_AUTO, false, &fault), SK_EUSAGE);
	/* The host's own traffic is not taken away: AUTO takes the other way and says why. */
	run("ip link set in up && ip addr add 192.0.2.1/24 dev in");
	assert_int_equal(try_open("in", SK_LIVE_XDP, false, &fault), SK_EUNSUPPORTED);
	struct sk_live *live = open_live(SK_LIVE_AUTO, 1, ALL_CLASSES);
	struct sk_live_facts facts;
	sk_live_facts(live, &facts);
	assert_false(facts.xdp);
	print_message("not XDP: %s\n", facts.why);
	assert_non_null(strstr(facts.why, "address of this host"));
	sk_live_close(live);
	run("ip addr flush dev in");
	live = open_live(SK_LIVE_AUTO, 1, ALL_CLASSES);
	sk_live_facts(live, &facts);
	assert_true(facts.xdp && facts.native && facts.why[0] == '\0');
	sk_live_close(live);
	/* The same for an interface that stands upon it, and for a port of a bridge. */
	run("ip link add link in name upper type macvlan mode bridge");
	assert_int_equal(try_open("in", SK_LIVE_XDP, false, &fault), SK_EUNSUPPORTED);
	assert_non_null(strstr(fault.line, "stands upon it"));
	run("ip link del upper && ip link add bridge type bridge && ip link set in master bridge");
	assert_int_equal(try_open("in", SK_LIVE_XDP, false, &fault), SK_EUNSUPPORTED);
	assert_non_null(strstr(fault.line, "bridge or bond"));
	run("ip link set in nomaster && ip link del bridge");
	live = open_live(SK_LIVE_AUTO, 1, ALL_CLASSES);
	/* Two at once: the second is told. */
	assert_int_equal(try_open("in", SK_LIVE_XDP, false, &fault), SK_EUNSUPPORTED);
	sk_live_close(live);
}

/* ---- without rights ---- */

/* What a sensor does after it gave up its rights: frames, counters, another table with its self-test, the end. In a child, which has none left. */
static int live_without_rights(enum sk_live_mode mode)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	struct sk_live *live = open_live(mode, 1, ALL_CLASSES), *second = NULL;
	struct sk_fault fault = {.line = ""};
	struct sk_live_counters now;
	uint8_t frame[512];
	size_t domestic = 0, length = make_frame(SK_CLASS_FD, "E4T", frame);
	check(sk_live_start(live, &fault), &fault);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_capset, &head, none) != 0)
		return 2;
	put(frame, length);
	if (drain(live, 1, &domestic, NULL) != 1)
		return 3;
	if (sk_live_swap(live, border, ONLY_FD, &fault) != SK_OK || sk_live_swap(live, border, ALL_CLASSES, &fault) != SK_OK) {
		print_message("%s\n", fault.line);
		return 4;
	}
	put(frame, length);
	if (drain(live, 1, &domestic, NULL) != 1 || sk_live_counters(live, &now, &fault) != SK_OK || now.in.frames != 2)
		return 5;
	if (sk_live_shut(live, &fault) != SK_OK || sk_live_residue(live) != 0)
		return 6;
	/* The twin: it really has no rights left. */
	const struct sk_live_options options = {.interface = "in", .mode = SK_LIVE_PACKET, .border = border, .covered_classes = ALL_CLASSES, .clock = sk_clock_system()};
	if (sk_live_open(&options, &second, &fault) == SK_OK)
		return 7;
	print_message("%s\n", fault.line);
	sk_live_close(live);
	return 0;
}

static void test_without_rights(void **state)
{
	(void)state;
	for (size_t m = 0; m < SK_COUNT(modes); m++) {
		int status;
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0)
			_exit(live_without_rights(modes[m].mode));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

/* ---- sending on ---- */

static void test_pass(void **state)
{
	(void)state;
	struct sk_live *live = open_live(SK_LIVE_XDP_NATIVE, 1, ALL_CLASSES);
	struct sk_fault fault = {.line = ""};
	struct sk_live_pass *pass = NULL;
	struct sk_frame frames[SK_BATCH_MAX];
	uint8_t bytes[512], big[2000] = {0};
	size_t count = 0;
	check(sk_live_start(live, &fault), &fault);
	check(sk_live_pass_open("out", &pass, &fault), &fault);
	struct sk_frame frame = {.bytes = bytes, .captured_bytes = (uint32_t)make_frame(SK_CLASS_FD, "ESV4T", bytes)};
	check(sk_live_pass_put(pass, &frame, &fault), &fault);
	check(sk_live_next(live, 0, frames, &count, 1000, &fault), &fault);
	assert_int_equal(count, 1);
	assert_memory_equal(frames[0].bytes, bytes, frame.captured_bytes);
	frame = (struct sk_frame){.bytes = big, .captured_bytes = sizeof big};
	assert_int_equal(sk_live_pass_put(pass, &frame, &fault), SK_ETOOBIG);
	run("ip link set out down");
	frame.captured_bytes = 100;
	assert_int_equal(sk_live_pass_put(pass, &frame, &fault), SK_EIO);
	sk_live_pass_close(pass);
	assert_int_equal(sk_live_pass_open("lo", &pass, &fault), SK_EUSAGE);
	assert_int_equal(sk_live_pass_open("out", &pass, &fault), SK_EUSAGE);
	sk_live_close(live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_counts, make_pair, remove_pair), cmocka_unit_test_setup_teardown(test_bytes, make_pair, remove_pair),
		cmocka_unit_test_setup_teardown(test_losses_close, make_pair, remove_pair), cmocka_unit_test_setup_teardown(test_steering, make_pair, remove_pair),
		cmocka_unit_test_setup_teardown(test_queues, make_queues, remove_pair),
		cmocka_unit_test_setup_teardown(test_reload, make_pair, remove_pair), cmocka_unit_test_setup_teardown(test_interface_down_up_gone, make_pair, remove_pair),
		cmocka_unit_test_setup_teardown(test_without_rights, make_pair, remove_pair), cmocka_unit_test_setup_teardown(test_refusals, make_pair, remove_pair), cmocka_unit_test_setup_teardown(test_pass, make_pair, remove_pair)};
	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
		print_message("no network namespace can be made (root is needed): skipped\n");
		return 77;
	}
	border = differ_table(DIFFER_LISTS);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	sk_border_close(border);
	return failed;
}
