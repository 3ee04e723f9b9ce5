/* SPDX-License-Identifier: Apache-2.0 */
/* One AF_PACKET ring (TPACKET_V3) with the gate as its filter. The kernel fills blocks; a block is ours until all of its frames were handed out and the caller has come
   for more; then it is overwritten and given back. */
#include "live/live_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BLOCK_BYTES = 1 << 18, BLOCKS_MIN = 4, PLACE_BYTES = 2048, /* of an AF_XDP frame: 16384 of them are 128 blocks */
	RETIRE_MS = 10,                      /* a block that is not full is handed over after so long */
	MACS_BYTES = 12, TAG_BYTES = 4,
	RESERVE_BYTES = 8                    /* in front of each frame: a tag that the kernel took off goes back to its place */
};

struct live_ring {
	int fd;
	uint8_t *map;
	uint32_t blocks;
	unsigned block;                /* that is read now, or next */
	bool open;                     /* it is ours, frames left in it */
	uint32_t left, offset;         /* frames to hand out, where the next begins */
	bool done;                     /* all handed out: give it back when the caller comes for more */
	struct live_ring_counts counts; /* reading them resets them in the kernel */
};

static enum sk_err set(int fd, int option, const void *value, size_t length, const char *what, const struct live_nic *nic, struct sk_fault *fault)
{
	if (setsockopt(fd, SOL_PACKET, option, value, (socklen_t)length) != 0)
		return sk_fault_errno(fault, errno, "%s: %s", nic->name, what);
	return SK_OK;
}

/* The filter is on before the socket is bound: no frame gets in without it. rule: LIVE-2 */
static enum sk_err make(struct live_ring *ring, const struct live_nic *nic, int filter_fd, struct sk_fault *fault)
{
	const int version = TPACKET_V3, reserve = RESERVE_BYTES, one = 1;
	const struct tpacket_req3 request = {.tp_block_size = BLOCK_BYTES, .tp_block_nr = ring->blocks, .tp_frame_size = TPACKET_ALIGNMENT << 7,
					     .tp_frame_nr = BLOCK_BYTES / (TPACKET_ALIGNMENT << 7) * ring->blocks, .tp_retire_blk_tov = RETIRE_MS};
	const struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)nic->index};
	ring->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (ring->fd < 0)
		return sk_fault_errno(fault, errno, "%s: no AF_PACKET socket (root, or CAP_NET_RAW, is needed)", nic->name);
	if (setsockopt(ring->fd, SOL_SOCKET, SO_ATTACH_BPF, &filter_fd, sizeof filter_fd) != 0)
		return sk_fault_errno(fault, errno, "%s: the gate cannot be made the socket's filter", nic->name);
	SK_TRY(set(ring->fd, PACKET_VERSION, &version, sizeof version, "no TPACKET_V3", nic, fault));
	SK_TRY(set(ring->fd, PACKET_RESERVE, &reserve, sizeof reserve, "no room in front of frames", nic, fault));
	/* On the loopback interface every frame goes out and comes in: once is enough. */
	if (strcmp(nic->name, "lo") == 0)
		SK_TRY(set(ring->fd, PACKET_IGNORE_OUTGOING, &one, sizeof one, "frames going out cannot be left aside", nic, fault));
	SK_TRY(set(ring->fd, PACKET_RX_RING, &request, sizeof request, "no ring", nic, fault));
	void *map = mmap(NULL, (size_t)BLOCK_BYTES * ring->blocks, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_LOCKED, ring->fd, 0);
	if (map == MAP_FAILED)
		return sk_fault_errno(fault, errno, "%s: the ring cannot be mapped and locked", nic->name);
	ring->map = map;
	if (madvise(map, (size_t)BLOCK_BYTES * ring->blocks, MADV_DONTDUMP) != 0 || madvise(map, (size_t)BLOCK_BYTES * ring->blocks, MADV_DONTFORK) != 0)
		return sk_fault_errno(fault, errno, "%s: the ring cannot be kept out of core files", nic->name);
	if (bind(ring->fd, (const struct sockaddr *)(const void *)&where, sizeof where) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot bind", nic->name);
	return SK_OK;
}

enum sk_err live_ring_open(const struct live_nic *nic, int filter_fd, uint32_t frames, struct live_ring **out, struct sk_fault *fault)
{
	struct live_ring *ring = calloc(1, sizeof *ring);
	if (ring == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	ring->fd = -1;
	ring->blocks = frames / (BLOCK_BYTES / PLACE_BYTES) > BLOCKS_MIN ? frames / (BLOCK_BYTES / PLACE_BYTES) : BLOCKS_MIN;
	enum sk_err err = make(ring, nic, filter_fd, fault);
	if (err != SK_OK) {
		live_ring_close(ring);
		return err;
	}
	*out = ring;
	return SK_OK;
}

enum sk_err live_ring_join(struct live_ring *ring, unsigned group, int steer_fd, struct sk_fault *fault)
{
	const uint32_t how = (group & 0xffff) | (uint32_t)PACKET_FANOUT_EBPF << 16;
	if (setsockopt(ring->fd, SOL_PACKET, PACKET_FANOUT, &how, sizeof how) != 0 || setsockopt(ring->fd, SOL_PACKET, PACKET_FANOUT_DATA, &steer_fd, sizeof steer_fd) != 0)
		return sk_fault_errno(fault, errno, "the rings cannot share the interface");
	return SK_OK;
}

enum sk_err live_ring_lock(struct live_ring *ring, struct sk_fault *fault)
{
	const int one = 1;
	if (setsockopt(ring->fd, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof one) != 0)
		return sk_fault_errno(fault, errno, "the gate cannot be locked to its socket");
	return SK_OK;
}

void live_ring_close(struct live_ring *ring)
{
	if (ring == NULL)
		return;
	if (ring->map != NULL) {
		sk_wipe(ring->map, (size_t)BLOCK_BYTES * ring->blocks);
		(void)munmap(ring->map, (size_t)BLOCK_BYTES * ring->blocks);
	}
	if (ring->fd >= 0)
		(void)close(ring->fd);
	free(ring);
}

int live_ring_fd(const struct live_ring *ring)
{
	return ring->fd;
}

static struct tpacket_block_desc *block_of(const struct live_ring *ring)
{
	return (struct tpacket_block_desc *)(void *)(ring->map + (size_t)ring->block * BLOCK_BYTES);
}

/* All that the kernel wrote into the block but its own head. rule: LIVE-3 */
static void give_back(struct live_ring *ring)
{
	struct tpacket_block_desc *block = block_of(ring);
	uint32_t length = block->hdr.bh1.blk_len;
	SK_INVARIANT(length <= BLOCK_BYTES);
	if (length > sizeof *block)
		sk_wipe((uint8_t *)block + sizeof *block, length - sizeof *block);
	__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	ring->block = (ring->block + 1) % ring->blocks;
	ring->open = ring->done = false;
}

/* A tag that the kernel took off is put back between the addresses and the type: the frame is again what was on the wire. */
static void put_tag_back(struct sk_frame *frame, const struct tpacket3_hdr *head)
{
	if ((head->tp_status & TP_STATUS_VLAN_VALID) == 0 || frame->captured_bytes < MACS_BYTES)
		return;
	uint16_t type = htons((head->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 && head->hv1.tp_vlan_tpid != 0 ? head->hv1.tp_vlan_tpid : ETH_P_8021Q);
	uint16_t tag = htons((uint16_t)head->hv1.tp_vlan_tci);
	memmove(frame->bytes - TAG_BYTES, frame->bytes, MACS_BYTES);
	frame->bytes -= TAG_BYTES;
	memcpy(frame->bytes + MACS_BYTES, &type, sizeof type);
	memcpy(frame->bytes + MACS_BYTES + sizeof type, &tag, sizeof tag);
	frame->captured_bytes += TAG_BYTES;
	frame->wire_bytes += TAG_BYTES;
}

static void take_frame(struct live_ring *ring, struct sk_frame *frame)
{
	uint8_t *block = (uint8_t *)block_of(ring);
	SK_INVARIANT(ring->offset <= BLOCK_BYTES - sizeof(struct tpacket3_hdr));
	const struct tpacket3_hdr *head = (const struct tpacket3_hdr *)(const void *)(block + ring->offset);
	SK_INVARIANT(head->tp_mac >= RESERVE_BYTES && head->tp_mac <= BLOCK_BYTES - ring->offset && head->tp_snaplen <= BLOCK_BYTES - ring->offset - head->tp_mac);
	*frame = (struct sk_frame){.bytes = block + ring->offset + head->tp_mac, .captured_bytes = head->tp_snaplen, .wire_bytes = head->tp_len,
				   .time_ns = (int64_t)head->tp_sec * 1000000000 + head->tp_nsec, .link = SK_LINK_ETHERNET};
	put_tag_back(frame, head);
	ring->offset += head->tp_next_offset;
	ring->left--;
}

void live_ring_release(struct live_ring *ring)
{
	if (ring->done)
		give_back(ring);
}

size_t live_ring_take(struct live_ring *ring, struct sk_frame frames[SK_BATCH_MAX])
{
	size_t count = 0;
	live_ring_release(ring);
	/* Frames of one block at a time: the next block may not be ours yet, and a batch that is not full costs little. */
	while (count == 0) {
		struct tpacket_block_desc *block = block_of(ring);
		if (!ring->open) {
			if ((__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0)
				return 0;
			ring->open = true;
			ring->left = block->hdr.bh1.num_pkts;
			ring->offset = block->hdr.bh1.offset_to_first_pkt;
		}
		while (count < SK_BATCH_MAX && ring->left > 0)
			take_frame(ring, &frames[count++]);
		ring->done = ring->left == 0;
		if (ring->done && count == 0)
			give_back(ring);
	}
	return count;
}

enum sk_err live_ring_counts(struct live_ring *ring, struct live_ring_counts *out, struct sk_fault *fault)
{
	struct tpacket_stats_v3 said = {0};
	socklen_t length = sizeof said;
	if (getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &said, &length) != 0)
		return sk_fault_errno(fault, errno, "an AF_PACKET ring does not tell its losses");
	ring->counts.lost += said.tp_drops;
	ring->counts.freezes += said.tp_freeze_q_cnt;
	*out = ring->counts;
	return SK_OK;
}

size_t live_ring_residue(const struct live_ring *ring)
{
	size_t found = 0;
	for (size_t i = 0; i < ring->blocks; i++)
		found += sk_count_nonzero(ring->map + i * BLOCK_BYTES + sizeof(struct tpacket_block_desc), BLOCK_BYTES - sizeof(struct tpacket_block_desc));
	return found;
}

unsigned live_ring_fill(const struct live_ring *ring)
{
	unsigned waiting = 0;
	/* Blocks that are ours stand in a row from the one that is read now. */
	while (waiting < ring->blocks) {
		const struct tpacket_block_desc *block = (const struct tpacket_block_desc *)(const void *)(ring->map + (size_t)((ring->block + waiting) % ring->blocks) * BLOCK_BYTES);
		if ((__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_RELAXED) & TP_STATUS_USER) == 0)
			break;
		waiting++;
	}
	return waiting * SK_SOURCE_FULL / ring->blocks;
}
