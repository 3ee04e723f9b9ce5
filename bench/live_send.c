/* SPDX-License-Identifier: Apache-2.0 */
/* Send frames out of an interface at a rate, or as fast as it goes, and say how many went. For bench/live, in a namespace of its own making.
   usage: live_send INTERFACE ring|frames RATE SECONDS DOMESTIC-PERCENT FLOWS FRAME-BYTES [OBJECT] */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "live_send.h"

enum { RING_FRAMES = 4096, SLOT_BYTES = 2048, BLOCK_BYTES = 1 << 20, BATCH = 64, REPEAT = 1 << 16, FRAME_MAX = 1514 };

static uint64_t now_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int die(const char *what)
{
	(void)fprintf(stderr, "live_send: %s: %s\n", what, strerror(errno));
	return 1;
}

static void make_frame(uint8_t frame[FRAME_MAX], size_t length)
{
	memset(frame, 0x5a, FRAME_MAX);
	memcpy(frame, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00\x45\x00", 16);
	frame[16] = (uint8_t)((length - 14) >> 8);
	frame[17] = (uint8_t)(length - 14);
	memcpy(frame + 18, "\x00\x01\x00\x00\x40\x11\x00\x00\xcb\x00\x71\x01\xc6\x33\x64\x80\x10\x00\x01\xbb", 20);
	frame[38] = (uint8_t)((length - 34) >> 8);
	frame[39] = (uint8_t)(length - 34);
	frame[40] = frame[41] = 0;
}

/* A ring that the kernel sends from: one system call for a batch. */
static int send_ring(const struct send_config *config, double seconds, const uint8_t *frame, size_t length, struct send_state *state)
{
	const int version = TPACKET_V2, bypass = 1;
	const struct tpacket_req request = {.tp_block_size = BLOCK_BYTES, .tp_block_nr = RING_FRAMES * SLOT_BYTES / BLOCK_BYTES, .tp_frame_size = SLOT_BYTES, .tp_frame_nr = RING_FRAMES};
	const struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_ifindex = (int)config->ifindex};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 || setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &request, sizeof request) != 0 ||
	    bind(fd, (const struct sockaddr *)(const void *)&where, sizeof where) != 0)
		return die("no sending ring");
	(void)setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof bypass);
	uint8_t *ring = mmap(NULL, (size_t)RING_FRAMES * SLOT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		return die("mmap");
	const size_t data = TPACKET2_HDRLEN - sizeof(struct sockaddr_ll);
	for (size_t i = 0; i < RING_FRAMES; i++)
		memcpy(ring + i * SLOT_BYTES + data, frame, length);
	state->from_ns = now_ns();
	state->until_ns = state->from_ns + (uint64_t)(seconds * 1e9);
	unsigned waiting = 0;
	for (size_t at = 0; now_ns() < state->until_ns;) {
		struct tpacket2_hdr *head = (struct tpacket2_hdr *)(void *)(ring + at * SLOT_BYTES);
		bool ahead = config->rate != 0 && (double)state->sent * 1e9 > (double)(now_ns() - state->from_ns) * (double)config->rate;
		bool busy = __atomic_load_n(&head->tp_status, __ATOMIC_ACQUIRE) != TP_STATUS_AVAILABLE;
		if (!ahead && !busy) {
			send_patch(ring + at * SLOT_BYTES + data, state->sent, config);
			state->domestic += (unsigned)send_is_domestic(state->sent, config);
			head->tp_len = (uint32_t)length;
			__atomic_store_n(&head->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
			state->sent++;
			waiting++;
			at = (at + 1) % RING_FRAMES;
		}
		if (waiting >= BATCH || (waiting != 0 && (ahead || busy))) {
			if (send(fd, NULL, 0, MSG_DONTWAIT) < 0 && errno != EAGAIN && errno != ENOBUFS)
				return die("send");
			waiting = 0;
		}
	}
	/* What the ring still holds is sent before the count is told. */
	while (send(fd, NULL, 0, 0) < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == EINTR))
		;
	return 0;
}

/* Frames made in the kernel. */
static int send_live(const struct send_config *config, double seconds, const char *object_path, const uint8_t *frame, size_t length, struct send_state *state)
{
	const uint32_t zero = 0;
	struct bpf_object *object = bpf_object__open(object_path);
	struct bpf_map *constants = object != NULL ? bpf_object__find_map_by_name(object, ".rodata") : NULL;
	if (constants == NULL || bpf_map__set_initial_value(constants, config, sizeof *config) != 0 || bpf_object__load(object) != 0)
		return die("the sending program does not load");
	int program = bpf_program__fd(bpf_object__find_program_by_name(object, "send_frames")), map = bpf_map__fd(bpf_object__find_map_by_name(object, "state"));
	*state = (struct send_state){.from_ns = now_ns()};
	state->until_ns = state->from_ns + (uint64_t)(seconds * 1e9);
	if (bpf_map_update_elem(map, &zero, state, BPF_ANY) != 0)
		return die("map");
	while (now_ns() < state->until_ns) {
		struct bpf_test_run_opts run = {.sz = sizeof run, .data_in = frame, .data_size_in = (uint32_t)length, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH, .repeat = REPEAT};
		if (bpf_prog_test_run_opts(program, &run) != 0 && errno != EAGAIN && errno != EINTR)
			return die("live frames");
	}
	if (bpf_map_lookup_elem(map, &zero, state) != 0)
		return die("map");
	bpf_object__close(object);
	return 0;
}

int main(int argc, char **argv)
{
	struct send_state state = {0};
	uint8_t frame[FRAME_MAX];
	if (argc < 8) {
		(void)fprintf(stderr, "usage: live_send INTERFACE ring|frames RATE SECONDS DOMESTIC-PERCENT FLOWS FRAME-BYTES [OBJECT]\n");
		return 2;
	}
	const struct send_config config = {.rate = strtoull(argv[3], NULL, 10), .ifindex = if_nametoindex(argv[1]), .domestic_percent = (uint32_t)strtoul(argv[5], NULL, 10),
					   .flows = (uint32_t)strtoul(argv[6], NULL, 10)};
	size_t length = strtoul(argv[7], NULL, 10);
	if (config.ifindex == 0 || length < 42 || length > FRAME_MAX)
		return die(argv[1]);
	(void)setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
	make_frame(frame, length);
	int failed = strcmp(argv[2], "ring") == 0 ? send_ring(&config, strtod(argv[4], NULL), frame, length, &state)
						  : send_live(&config, strtod(argv[4], NULL), argc > 8 ? argv[8] : "", frame, length, &state);
	if (failed != 0)
		return failed;
	(void)printf("{\"sent\": %" PRIu64 ", \"domestic\": %" PRIu64 ", \"seconds\": %.3f}\n", (uint64_t)state.sent, (uint64_t)state.domestic, (double)(now_ns() - state.from_ns) / 1e9);
	return 0;
}
